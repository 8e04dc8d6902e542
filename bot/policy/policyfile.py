"""The editable policy: one Markdown file with the text, its permanent ids and what the owner set.

    ---
    title: Social Media Policy
    ...
    ---

    # A heading

    Staff are advised:

    - One list item is one clause. {#SM-1}
    - A lead-in has no id and its clauses stand under it:

      - a clause under two lead-ins. {#SM-2 strength=should_not route=chair-of-governors}

    One paragraph is one clause. {#SM-3}

`{#SM-4 alone}` is a clause in a list that stands without the list's lead-in.
A lead-in that does not end in a colon ends in `{lead-in}`. Comments (`<!-- ... -->`) are not read.
A clause added by hand needs no id: it gets a provisional one from its words.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any, NoReturn

from bot.errors import BadPolicy
from bot.policy.clauses import read
from bot.policy.model import Clause, Cut, Front, Policy, Reading, Strength
from bot.policy.roles_in_text import roles

WHO = (
    "all",
    "school",
    "staff",
    "governors",
    "volunteers",
    "parents",
    "pupils",
    "leaders",
    "visitors",
    "headteacher",
)
"""Whom a clause can bind."""

OWNER_FIELDS = ("strength", "binds", "approver", "condition", "route", "topics")
"""What an owner can set on a clause."""


def read_policy(path: Path, *, audience: Sequence[str] | None = None) -> Policy:
    """The policy in the file at `path`, its clauses read for `audience` (default: the file's own).

    Raises BadPolicy, one line that names the file and the line number.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as e:
        raise BadPolicy(f"{path} is not there: check the name, or import the policy first") from e
    except (OSError, ValueError) as e:
        raise BadPolicy(
            f"{path} cannot be read ({getattr(e, 'strerror', None) or e}): check who may open it"
        ) from e
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = data[: e.start].count(b"\n") + 1
        raise BadPolicy(
            f"{path}, line {line}: this is not UTF-8: save the file as UTF-8 text"
        ) from e
    return parse_policy(text, str(path), audience=audience)


def parse_policy(
    text: str, name: str = "policy", *, audience: Sequence[str] | None = None
) -> Policy:
    """As `read_policy`, from the text of a file called `name`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    where = _Where(" ".join(name.split()))
    front, start = _front(lines, where)
    readers = tuple(audience) if audience is not None else front.audience
    found: list[Clause] = []
    seen: dict[str, int] = {}
    raw = list(_with_lead_ins(_blocks(lines, start, where), where))
    for block, _ in raw:
        if block.mark is None:
            continue
        identity = block.mark.id
        if identity in seen:
            where.bad(
                block.line,
                f"{identity} is also on line {seen[identity]}: give one of them another id",
            )
        seen[identity] = block.line
    for block, lead_in in raw:
        identity = block.mark.id if block.mark else _provisional(front.code, block.text, seen)
        seen.setdefault(identity, block.line)
        cut = Cut(block.section, lead_in, block.text, (block.line,), block.level)
        reading = read(cut, readers)
        if block.mark and block.mark.owner:
            reading = replace(reading, **block.mark.owner, by_owner=frozenset(block.mark.owner))
        found.append(Clause(identity, block.section, lead_in, block.text, reading))
    return Policy(front, tuple(found))


def write_policy(
    front: Front,
    clauses: Sequence[Clause],
    remainder: Iterable[tuple[str, str]] = (),
    *,
    items: Collection[str] = (),
) -> str:
    """The text of a policy file; reading it gives the same sections, lead-ins, texts and ids.

    Of each reading the fields in `by_owner` are written and no others. `remainder` is what of the
    source is no clause, as (name, text), and goes into a closing comment. `items` are the ids of
    clauses that stood in a list.
    """
    out = ["---", *_front_lines(front), "---", ""]
    section: tuple[str, ...] = ()
    run: list[Clause] = []
    for clause in clauses:
        if clause.section != section:
            out += _run_lines(run, items)
            out += _heading_lines(section, clause.section)
            section, run = clause.section, []
        run.append(clause)
    out += _run_lines(run, items)
    kept = [f"{_fold(name)}: {_fold(text)}" for name, text in remainder]
    if kept:
        out += ["<!--", "From the document, and no clause:", ""]
        out += [line.replace("-->", "-- >") for line in kept]
        out += ["-->", ""]
    while out[-1] == "":
        out.pop()
    return "\n".join(out) + "\n"


# Private functions and names: words for both directions


def _fold(text: str) -> str:
    return " ".join(text.split())


_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_KEY_VALUE = r'[^{}"\s]|"(?:[^"\\]|\\.)*"'
# A backslash before the brace makes it a part of the text
_MARK = re.compile(r'(?<!\\)\{#((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}\s*$')
_LEAD_MARK = re.compile(r"(?<!\\)\{lead-in\}\s*$")
_ALONE = "alone"
_STRAY = re.compile(r"(?<!\\)\{#")
_HEADING = re.compile(r"(#+)(?:\s+(.*))?$")
_BULLET = re.compile(r"([-*+•·]|\d{1,3}[.)])(?:\s+(.*)|$)")
_RULE = re.compile(r"(?:-[ \t]*){3,}$|(?:\*[ \t]*){3,}$|(?:_[ \t]*){3,}$")
# What can be escaped at the start of a block, and what must be
_FIRST = r"[-#*+•·<_]"
_MUST_ESCAPE = re.compile(r"#|[-*+•·](?:\s|$)|<!--|(?:-\s*){3,}$|(?:\*\s*){3,}$|(?:_\s*){3,}$")


def _escape(text: str) -> str:
    """`text` so that it reads as the text of one block."""
    # Backslashes before what can be escaped are doubled, so that there is one way to read them
    text = re.sub(
        r"(\\*)\{(#|lead-in\})?",
        lambda m: m[1] * 2 + ("\\" if m[2] else "") + "{" + (m[2] or ""),
        text,
    )
    text = re.sub(r"^(\d{1,3})(\\*)([.)])(?=\s|$)", lambda m: f"{m[1]}{m[2] * 2}\\{m[3]}", text)
    must = "\\" if _MUST_ESCAPE.match(text) else ""
    return re.sub(rf"^(\\*)(?={_FIRST})", lambda m: m[1] * 2 + must, text)


def _unescape(text: str) -> str:
    text = re.sub(rf"^(\\+)(?={_FIRST})", _halved, text)
    text = re.sub(
        r"^(\d{1,3})(\\+)([.)])(?=\s|$)", lambda m: m[1] + "\\" * (len(m[2]) // 2) + m[3], text
    )
    return re.sub(r"(\\+)(?=\{)", _halved, text)


def _halved(found: re.Match[str]) -> str:
    return "\\" * (len(found[1]) // 2)


def _provisional(code: str, text: str, taken: Mapping[str, int]) -> str:
    for extra in range(1000):
        words = f"{text}\n{extra}" if extra else text
        digest = (
            base64.b32encode(hashlib.sha256(words.encode("utf-8", "replace")).digest())
            .decode()
            .lower()
        )
        identity = f"{code}-x{digest[:4]}"
        if identity not in taken:
            return identity
    return f"{code}-x{digest}"


# Private functions: reading


@dataclass(frozen=True)
class _Where:
    """A file to complain about."""

    name: str

    def bad(self, line: int, words: str) -> NoReturn:
        raise BadPolicy(f"{self.name}, line {line}: {words}")

    def unknown(self, line: int, what: str, value: str, known: Sequence[str]) -> NoReturn:
        near = difflib.get_close_matches(value, known, n=1) or known[: len(known) == 1]
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
        self.bad(line, f"{what} {_fold(value)!r} is not known: {hint}")


@dataclass(frozen=True, slots=True)
class _Mark:
    id: str
    owner: dict[str, Any]
    alone: bool = False  # without the lead-in of the list it stands in


@dataclass(slots=True)
class _Block:
    level: int  # 0 for a paragraph, else the depth of the list item
    line: int
    section: tuple[str, ...]
    parts: list[str]
    text: str = ""
    mark: _Mark | None = None
    lead: bool = False


def _visible(lines: Sequence[str], start: int, where: _Where) -> Iterable[tuple[int, str, str]]:
    """Each line's number, margin and words; no words where a block ends. Comments are left out."""
    comment = 0
    for number, raw in enumerate(lines[start:], start=start + 1):
        body = raw.strip()
        if comment:
            if "-->" not in body:
                continue
            comment, body = 0, body.split("-->", 1)[1].strip()
        while body.startswith("<!--"):
            yield number, "", ""
            if "-->" not in body[4:]:
                comment, body = number, ""
            else:
                body = body[4:].split("-->", 1)[1].strip()
        yield number, raw[: len(raw) - len(raw.lstrip())], "" if _RULE.match(body) else body
    if comment:
        where.bad(comment, "this comment is never closed: put --> at its end")


def _blocks(lines: Sequence[str], start: int, where: _Where) -> list[_Block]:
    blocks: list[_Block] = []
    headings: list[tuple[int, str]] = []
    section: tuple[str, ...] = ()
    indents: list[int] = []
    open_block: _Block | None = None
    for number, margin, body in _visible(lines, start, where):
        if not body:
            open_block = None
            continue
        if body[0] == "#" and (heading := _HEADING.match(body)):
            level, title = len(heading[1]), _fold(heading[2] or "")
            while headings and headings[-1][0] >= level:
                headings.pop()
            if title:
                headings.append((level, title))
            section = tuple(words for _, words in headings)
            open_block, indents = None, []
            continue
        indent = len(margin.expandtabs(4))
        bullet = _BULLET.match(body)
        if bullet:
            while indents and indent < indents[-1] - 1:
                indents.pop()
            if not indents or indent > indents[-1] + 1:
                indents.append(indent)
            open_block = _Block(len(indents), number, section, [bullet[2] or ""])
            blocks.append(open_block)
        elif open_block is not None:
            open_block.parts.append(body)
        else:
            if indent < 2:
                indents = []
            while indents and indent <= indents[-1]:
                indents.pop()
            open_block = _Block(len(indents), number, section, [body])
            blocks.append(open_block)
        if body[-1] == "}" and _MARK.search(" ".join(open_block.parts)):
            # A clause ends at its mark, even where someone left no empty line after it
            open_block = None
    for block in blocks:
        _finish(block, where)
    return [block for block in blocks if block.text]


def _finish(block: _Block, where: _Where) -> None:
    """Take the mark off the end of a block and read it."""
    text = " ".join(part for part in block.parts if part)
    if "{" in text:
        if found := _MARK.search(text):
            block.mark = _mark(found[1], block.line, where)
            text = text[: found.start()]
        elif found := _LEAD_MARK.search(text):
            block.lead = True
            text = text[: found.start()]
        if _STRAY.search(text):
            where.bad(
                block.line, "a {#...} mark must be closed and stand at the very end of its clause"
            )
        if (block.mark or block.lead) and not text.strip():
            where.bad(
                block.line, "this mark has no text before it: put it at the end of its clause"
            )
    block.text = _fold(_unescape(text.strip()))


def _with_lead_ins(blocks: Sequence[_Block], where: _Where) -> Iterable[tuple[_Block, str | None]]:
    """Each clause with its lead-in, the outermost words first."""
    leads: list[tuple[int, str]] = []
    section: tuple[str, ...] | None = None
    for block, following in zip_longest(blocks, blocks[1:]):
        if block.section != section:
            leads, section = [], block.section
        while leads and leads[-1][0] >= block.level:
            leads.pop()
        over = (
            following is not None
            and following.level > block.level
            and following.section == block.section
        )
        if block.lead and not over:
            where.bad(
                block.line,
                "this lead-in has no list under it: add its clauses or take {lead-in} away",
            )
        colon = block.text.endswith(":")
        if over and block.mark is None and (block.level or colon or block.lead):
            leads.append((block.level, block.text))
            continue
        alone = block.mark is not None and block.mark.alone
        yield block, None if alone else " ".join(words for _, words in leads) or None
        if over and colon:
            # Someone gave an id to a lead-in: it is a clause, and still what its list hangs on
            leads.append((block.level, block.text))


def _mark(inside: str, line: int, where: _Where) -> _Mark:
    words = re.findall(rf"(?:{_KEY_VALUE})+", inside)
    if not words or not _ID.fullmatch(words[0]):
        where.bad(line, "a mark begins with the clause's id, such as {#SM-12}")
    owner: dict[str, Any] = {}
    for word in words[1:]:
        if word == _ALONE:
            continue
        key, equals, value = word.partition("=")
        if key not in OWNER_FIELDS:
            where.unknown(line, "the key", key, OWNER_FIELDS)
        if not equals:
            where.bad(line, f"{key} needs a value, such as {key}=...")
        if key in owner:
            where.bad(line, f"{key} is set twice: keep one")
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        owner[key] = _owner_value(key, value, line, where)
    return _Mark(words[0], owner, _ALONE in words[1:])


def _owner_value(key: str, value: str, line: int, where: _Where) -> object:
    several = tuple(part.strip() for part in value.split(",") if part.strip())
    if key == "strength":
        if value not in tuple(Strength):
            where.unknown(line, "the strength", value, [str(each) for each in Strength])
        return Strength(value)
    if key == "binds":
        for each in several:
            if each not in WHO:
                where.unknown(line, "in binds,", each, WHO)
        if not several:
            where.bad(line, f"binds needs at least one of {', '.join(WHO)}")
        return several
    if key == "topics":
        several = () if several == ("none",) else several
        for each in several:
            if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", each):
                where.bad(line, f"the topic {each!r} is not a topic's name, such as friend-parent")
        return several
    if value in ("", "none"):
        return None
    if key in ("approver", "route"):
        return _role(value, f"the role in {key},", line, where)
    return _fold(value)


def _role(value: str, what: str, line: int, where: _Where) -> str:
    known = tuple(roles())
    if value in known:
        return value
    near = [each for each in known if each.startswith(value) or value.startswith(each)]
    if near:
        where.unknown(line, what, value, near)
    if difflib.get_close_matches(value, known, n=1, cutoff=0.7) or not re.fullmatch(
        r"[a-z][a-z0-9-]*", value
    ):
        where.unknown(line, what, value, known)
    # a role of the school's own, which school.toml names
    return value


# Private functions: front matter

_FRONT_KEYS = tuple(each.name for each in fields(Front))
_DATES = ("adopted", "reviewed", "next_review")
_LISTS = ("audience", "withdrawn")


def _front(lines: Sequence[str], where: _Where) -> tuple[Front, int]:
    """The front matter and the index of the first line after it."""
    import yaml

    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].rstrip() != "---":
        where.bad(first + 1, "a policy file begins with --- and its title, school and dates")
    end = next((i for i in range(first + 1, len(lines)) if lines[i].rstrip() == "---"), None)
    if end is None:
        where.bad(first + 1, "the front matter is never closed: put a line --- after it")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # Nodes know their line, and a version of 1.10 stays what was typed
        node = yaml.compose("\n".join(lines[first + 1 : end]), Loader=loader)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark
        line = first + 2 + (mark.line if mark else 0)
        where.bad(
            min(line, end + 1),
            f"{_fold(e.problem or 'this cannot be read')}: write it as key: value",
        )
    except (yaml.YAMLError, ValueError, RecursionError):
        where.bad(first + 2, "the front matter cannot be read: write each line as key: value")
    if not isinstance(node, yaml.MappingNode):
        where.bad(
            first + 1, "the front matter needs at least a title, as title: Social Media Policy"
        )
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = first + 2 + key_node.start_mark.line
        key = str(key_node.value)
        if key not in _FRONT_KEYS:
            where.unknown(line, "the key", key, _FRONT_KEYS)
        if key in values:
            where.bad(line, f"{key} is set twice: keep one")
        values[key] = _front_value(key, value_node, line, where)
    if not values.get("title"):
        where.bad(
            first + 1, "the policy has no title: add a line such as title: Social Media Policy"
        )
    return Front(**{key: value for key, value in values.items() if value is not None}), end + 1


def _front_value(key: str, node: Any, line: int, where: _Where) -> object:
    if key in _LISTS:
        if isinstance(node.value, list):
            several = tuple(_fold(str(each.value)) for each in node.value)
        else:
            several = tuple(_fold(part) for part in str(node.value).split(","))
        several = tuple(each for each in several if each)
        if key == "audience":
            for each in several:
                if each not in WHO:
                    where.unknown(line, "in audience,", each, WHO)
            return several or None
        return several
    if not isinstance(node.value, str):
        where.bad(line, f"{key} takes one value on its line")
    value = _fold(node.value)
    if node.tag == "tag:yaml.org,2002:null" or not value:
        return None
    if key in _DATES:
        try:
            return date.fromisoformat(value)
        except ValueError:
            where.bad(line, f"{key} should be a date such as 2027-09-01, not {value!r}")
    if key == "next_id":
        if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < 1:
            where.bad(line, f"next_id should be a whole number from 1, not {value!r}")
        return int(value)
    if key == "code" and not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", value):
        where.bad(line, f"code should be a few letters such as SM, not {value!r}")
    return value


# Private functions: writing


def _front_lines(front: Front) -> list[str]:
    out = []
    for key in _FRONT_KEYS:
        value = getattr(front, key)
        if key in _LISTS:
            out.append(f"{key}: [{', '.join(_scalar(each, listed=True) for each in value)}]")
        elif key.endswith("_as_printed"):
            if value:
                out.append(f"{key}: {_scalar(value)}")
        elif value is None or value == "":
            out.append(f"{key}:")
        else:
            out.append(f"{key}: {_scalar(value) if isinstance(value, str) else value}")
    return out


def _scalar(value: str, *, listed: bool = False) -> str:
    value = _fold(value)
    plain = r"[A-Za-z][\w .()&'/-]*" if listed else r"[A-Za-z][\w ,.()&'/-]*"
    if re.fullmatch(plain, value) and value.lower() not in (
        "null",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
    ):
        return value
    return '"' + "".join(_quoted(c) for c in value) + '"'


def _quoted(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    if c.isprintable():
        return c
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def _heading_lines(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    shared = _shared(old, new)
    if shared == len(new):
        # Back to a heading that is already open: say it again, or its last part would not close
        shared -= 1
    out: list[str] = []
    if not new:
        return ["#", ""]
    for depth in range(shared, len(new)):
        out += [f"{'#' * (depth + 1)} {_fold(new[depth])}", ""]
    return out


def _run_lines(run: Sequence[Clause], items: Collection[str]) -> list[str]:
    """The clauses of one section, under lead-ins that are paragraphs or items over their list."""
    out: list[str] = []
    parents = _lead_in_chains({clause.lead_in for clause in run if clause.lead_in})
    opened: list[str] = []
    hangs = False  # whether a list here would hang on what stands above it
    chains = [parents[clause.lead_in] if clause.lead_in else [] for clause in run]
    for at, (clause, chain) in enumerate(zip(run, chains, strict=True)):
        if not chain:
            # Where the list goes on after it, it stays in the list
            following = next(filter(None, chains[at:]), [])
            level = _shared(opened, following) if clause.id in items else 0
            if level:
                out += [_clause_line(clause, "  " * (level - 1) + "- ", alone=True), ""]
                opened = opened[:level]
                continue
            alone = clause.id in items and not opened and not hangs
            out += [_clause_line(clause, "- " if alone else ""), ""]
            hangs = not alone and clause.text.endswith(":")
            opened = []
            continue
        shared = _shared(opened, chain)
        before = len(chain[shared - 1]) + 1 if shared else 0
        for depth in range(shared, len(chain)):
            words = chain[depth][before:]
            before = len(chain[depth]) + 1
            lead = _escape(words)
            if depth == 0:
                mark = "" if lead.endswith(":") else " {lead-in}"
                out += [f"{lead}{mark}", ""]
            else:
                out += [f"{'  ' * (depth - 1)}- {lead}", ""]
        opened, hangs = chain, False
        out += [_clause_line(clause, "  " * (len(chain) - 1) + "- "), ""]
    return _tight(out)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of their first members are the same."""
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _tight(lines: list[str]) -> list[str]:
    """Without the empty lines between neighbours of one list."""
    out: list[str] = []
    for line in lines:
        if out and out[-1] == "" and len(out) > 1 and re.match(r" *- ", line):
            above = out[-2]
            indent = len(line) - len(line.lstrip())
            if re.match(rf" {{{indent}}}- ", above) and _MARK.search(above):
                out.pop()
        out.append(line)
    return out


def _lead_in_chains(leads: Collection[str]) -> dict[str, list[str]]:
    """For each lead-in the lead-ins it is nested under, outermost first and itself last."""
    chains: dict[str, list[str]] = {}
    for lead in sorted(leads, key=len):
        over = [other for other in chains if lead.startswith(other + " ")]
        chains[lead] = [*(chains[max(over, key=len)] if over else []), lead]
    return chains


def _clause_line(clause: Clause, before: str, *, alone: bool = False) -> str:
    words = (f" {_ALONE}" if alone else "") + _owner_words(clause.reading)
    return f"{before}{_escape(_fold(clause.text))} {{#{clause.id}{words}}}"


def _owner_words(reading: Reading) -> str:
    out = ""
    for key in OWNER_FIELDS:
        if key not in reading.by_owner:
            continue
        value = getattr(reading, key)
        if isinstance(value, tuple):
            value = ",".join(value)
        if value is None or value == "":
            out += f" {key}=none"
        elif key == "condition":
            escaped = _fold(value).replace("\\", "\\\\").replace('"', '\\"')
            out += f' {key}="{escaped}"'
        else:
            out += f" {key}={value}"
    return out
