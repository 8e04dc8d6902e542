"""Documents against code: what the documents name exists, and what exists is named.

    python -m tests.bench.docs

Prints a line a finding and exits 1 where there is one.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import click
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.cli import cli
from bot.config import MODEL_SCHOOLS
from bot.policy.document import SUFFIXES
from bot.policy.model import Front, Strength
from bot.policy.policyfile import OWNER_FIELDS, WHO
from bot.policy.verdict import Verdict
from tests.bench.sets import ROOT

README = ROOT / "README.md"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
# Options every command has; they are explained once.
EVERYWHERE = frozenset({"--home", "--help", "--version", "-h"})
_HTML_LINK = re.compile(r"""\b(?:src|href)=["']([^"']+)["']""")
_TARGET = re.compile(r"^([a-z][a-z0-9-]*):(?!=)", re.MULTILINE)
_SETTING = re.compile(r"\bMAYI_[A-Z_]+\b")
_PYTHON_M = re.compile(r"\bpython3? -m ([a-z_]+(?:\.[a-z_]+)+)")
_ROOM = re.compile(r"^([a-z_]+(?:/[a-z_]+)*)/(?:\s|$)")
_MODULE = re.compile(r"\b([a-z0-9_]+)\.py\b")


@dataclass(frozen=True, slots=True)
class Code:
    """A stretch of code in a document: a span, or a line of a fence."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Page:
    """A document: its code, where its links go, and the anchors of its headings."""

    path: Path
    text: str
    code: tuple[Code, ...]
    links: tuple[tuple[str, int], ...]
    anchors: frozenset[str]

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def spans(self) -> frozenset[str]:
        return frozenset(c.text.strip() for c in self.code)


def pages() -> list[Page]:
    """Every document of the project."""
    return [read(p) for p in [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]]


@lru_cache
def read(path: Path) -> Page:
    text = path.read_text("utf-8")
    code: list[Code] = []
    links: list[tuple[str, int]] = []
    anchors: list[str] = []
    line = 1
    tokens = MarkdownIt().enable("table").parse(text)
    for at, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else line
        if token.type in ("fence", "code_block"):
            code.extend(Code(t, line + n) for n, t in enumerate(token.content.splitlines(), 1))
        elif token.type == "html_block":
            links.extend((to, line) for to in _HTML_LINK.findall(token.content))
        for child in token.children or ():
            code.extend([Code(child.content, line)] if child.type == "code_inline" else [])
            links.extend((to, line) for to in _links(child))
        if token.type == "heading_open":
            anchors.append(_anchor(tokens[at + 1]))
    return Page(path, text, tuple(code), tuple(links), frozenset(anchors))


def _links(token: Token) -> list[str]:
    if token.type == "html_inline":
        return _HTML_LINK.findall(token.content)
    to = token.attrGet({"link_open": "href", "image": "src"}.get(token.type, ""))
    return [str(to)] if to else []


def _anchor(heading: Token) -> str:
    words = "".join(c.content for c in heading.children or () if c.type in ("text", "code_inline"))
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


# Commands and their options


def _leaves(
    command: click.Command = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _leaves(child, (*path, name))
    if not isinstance(command, click.Group) or (command.invoke_without_command and path):
        yield path, command


def _options(command: click.Command) -> frozenset[str]:
    return frozenset(o for p in command.params for o in p.opts if o.startswith("--"))


def _words(code: str) -> list[str] | None:
    """The words of a `mayi` command line, or None where it is none; brackets and bars left out."""
    found = re.search(r"(?:^|[\s/|])mayi\s+(?=[a-z-])(.*)", f" {code}")
    if found is None:
        return None
    line = re.sub(r"[\[\]|]", " ", found[1].split(" #")[0])
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _called(words: Sequence[str]) -> tuple[tuple[str, ...], click.Command | None, str]:
    """Which command these words call, and the word that calls none."""
    command: click.Command = cli
    path: tuple[str, ...] = ()
    rest = list(words)
    while isinstance(command, click.Group) and rest:
        word = rest.pop(0)
        if word == "--home":
            rest = rest[1:]
        elif word.startswith("-"):
            if command.invoke_without_command and command is not cli:
                return path, command, ""  # the group itself does something, with options of its own
        else:
            child = command.commands.get(word)
            if child is None:
                return path, None, word
            command, path = child, (*path, word)
    return path, command, ""


def commands(documents: Iterable[Page]) -> Iterator[str]:
    """Every `mayi` command and option that is named exists, and every one there is is named."""
    told: dict[tuple[str, ...], set[str]] = {}
    for page in documents:
        for code in page.code:
            words = _words(code.text)
            if words is None:
                continue
            where = f"{page.name}:{code.line}"
            path, command, stray = _called(words)
            if command is None:
                yield f"{where}: there is no command 'mayi {' '.join((*path, stray))}'"
                continue
            options = {w.split("=")[0] for w in words if w.startswith("--")} - EVERYWHERE
            for option in sorted(options - _options(command)):
                yield f"{where}: 'mayi {' '.join(path)}' has no option {option}"
            told.setdefault(path, set()).update(options)
            # A row or a sentence may explain the rest of its command's options
            line = page.text.splitlines()[code.line - 1]
            told[path].update(o for o in _options(command) if f"`{o}" in line)
    everything = frozenset().union(*(_options(c) for _, c in _leaves())) | EVERYWHERE
    for page in documents:
        for code in page.code:
            option = re.match(r"--[a-z][a-z-]*", code.text)
            if option and option[0] not in everything | {"--markdown"}:
                yield f"{page.name}:{code.line}: no command has the option {option[0]}"
    readme = read(README)
    for path, command in _leaves():
        name = f"mayi {' '.join(path)}"
        if not any(name in c.text for c in readme.code):
            yield f"README.md: the command '{name}' is not named"
        for option in sorted(_options(command) - EVERYWHERE - told.get(path, set())):
            yield f"README.md: '{name}' has the option {option}, which no document names"


# Links, targets, modules


def links(documents: Iterable[Page]) -> Iterator[str]:
    """Every relative link and image leads somewhere, to a heading that is there."""
    for page in documents:
        for to, line in page.links:
            if re.match(r"[a-z]+:", to):
                continue
            file, _, anchor = to.partition("#")
            target = (page.path.parent / file).resolve() if file else page.path
            if not target.exists() or not target.is_relative_to(ROOT):
                yield f"{page.name}:{line}: {file} is not there"
            elif anchor and target.suffix == ".md" and anchor not in read(target).anchors:
                yield f"{page.name}:{line}: {to} names no heading"


def targets(documents: Iterable[Page]) -> Iterator[str]:
    """Every make target that is named exists, and the README or CONTRIBUTING names every one."""
    there = set(_TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    told: set[str] = set()
    for page in documents:
        for code in page.code:
            for found in re.finditer(r"(?:^|[\s|;&])make((?: [\w=.-]+)+)", code.text):
                named = [w for w in found[1].split() if "=" not in w and w[0] != "-"][:1]
                for target in named:
                    if target not in there:
                        yield f"{page.name}:{code.line}: there is no 'make {target}'"
                    if page.path in (README, CONTRIBUTING):
                        told.add(target)
    for target in sorted(there - told):
        yield f"CONTRIBUTING.md: 'make {target}' is not named"


def rooms(_: Iterable[Page]) -> Iterator[str]:
    """The codemap names every package and module of bot and handlers, and none that is not there."""
    told: dict[str, set[str]] = {}
    room = ""
    for code in read(ARCHITECTURE).code:
        found = _ROOM.match(code.text)
        if found:
            room = found[1]
            told.setdefault(room, set())
            if not (ROOT / room).is_dir():
                yield f"ARCHITECTURE.md:{code.line}: there is no {room}/"
        elif not code.text.startswith(" "):
            room = ""
        if room:
            told[room].update(_MODULE.findall(code.text))
    there = {
        folder.relative_to(ROOT).as_posix(): {m.stem for m in folder.glob("*.py")} - {"__init__"}
        for top in ("bot", "handlers")
        for folder in (ROOT / top, *sorted(p.parent for p in (ROOT / top).rglob("*/__init__.py")))
    }
    for folder, modules in there.items():
        if folder not in told:
            yield f"ARCHITECTURE.md: {folder}/ is not in the codemap"
            continue
        for module in sorted(modules - told[folder]):
            yield f"ARCHITECTURE.md: {folder}/{module}.py is not in the codemap"
        for module in sorted(told[folder] - modules):
            yield f"ARCHITECTURE.md: there is no {folder}/{module}.py"


def paths(documents: Iterable[Page]) -> Iterator[str]:
    """A file or folder of the project that a document names is there; so is a module to run."""
    tops = {p.name for p in ROOT.iterdir()} - {"data"}
    for page in documents:
        for code in page.code:
            text = code.text.strip()
            for module in _PYTHON_M.findall(text):
                file = ROOT / module.replace(".", "/")
                if not file.is_dir() and not file.with_suffix(".py").exists():
                    yield f"{page.name}:{code.line}: there is no module {module}"
            if not re.fullmatch(r"[\w.-]+(?:/[\w.*<>-]+)+/?", text):
                continue
            if text.split("/")[0] in tops and not any(
                ROOT.glob(re.sub(r"<\w+>", "*", text.rstrip("/")))
            ):
                yield f"{page.name}:{code.line}: there is no {text}"


# Words the program knows


def words(_: Iterable[Page]) -> Iterator[str]:
    """The pages that explain a set of names name every one of it."""
    policies, answers = ROOT / "docs" / "policies.md", ROOT / "docs" / "answers.md"
    known: list[tuple[Path, str, Iterable[str]]] = [
        (README, "model school", MODEL_SCHOOLS),
        (policies, "front matter key", (f.name for f in fields(Front))),
        (policies, "attribute", OWNER_FIELDS),
        (policies, "strength", (s.value for s in Strength)),
        (policies, "value of binds", WHO),
        (policies, "kind of document", (s for s in SUFFIXES if s not in (".htm", ".markdown"))),
        (answers, "verdict", (v.value for v in Verdict)),
        (answers, "strength", (s.value for s in Strength)),
    ]
    for path, what, names in known:
        page = read(path)
        for name in names:
            if name not in page.spans():
                yield f"{page.name}: the {what} `{name}` is not explained"


def settings(documents: Iterable[Page]) -> Iterator[str]:
    """Every environment variable that is named is read, and every one that is read is named."""
    code = "\n".join(p.read_text("utf-8") for p in sorted((ROOT / "bot").rglob("*.py")))
    read_there = set(_SETTING.findall(code))
    told = {s for page in documents for s in _SETTING.findall(page.text)}
    yield from (f"documents: {s} is named and nothing reads it" for s in sorted(told - read_there))
    yield from (f"README.md: the setting {s} is not named" for s in sorted(read_there - told))


CHECKS: tuple[Callable[[Iterable[Page]], Iterator[str]], ...] = (
    commands,
    links,
    targets,
    rooms,
    paths,
    words,
    settings,
)


def findings() -> list[str]:
    """Everything the documents say that is not so, and everything they leave out."""
    documents = pages()
    return list(dict.fromkeys(f for check in CHECKS for f in check(documents)))


def main() -> int:
    found = findings()
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
