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
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from bot.errors import BadPolicy
from bot.policy.clauses import read
from bot.policy.frontmatter import front_lines, read_front
from bot.policy.marks import MARK, OWNER_FIELDS, WHO, Mark, mark_of, read_mark
from bot.policy.model import Clause, Cut, Front, Policy
from bot.policy.sentences import fold
from bot.policy.where import Where

__all__ = ["KEPT", "OWNER_FIELDS", "WHO", "parse_policy", "read_policy", "write_policy"]


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
    where = Where(" ".join(name.split()))
    front, start = read_front(lines, where)
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
    out = ["---", *front_lines(front), "---", ""]
    section: tuple[str, ...] = ()
    run: list[Clause] = []
    for clause in clauses:
        if clause.section != section:
            out += _run_lines(run, items)
            out += _heading_lines(section, clause.section)
            section, run = clause.section, []
        run.append(clause)
    out += _run_lines(run, items)
    kept = [f"{fold(name)}: {fold(text)}" for name, text in remainder]
    if kept:
        out += ["<!--", KEPT, ""]
        out += [line.replace("-->", "-- >") for line in kept]
        out += ["-->", ""]
    while out[-1] == "":
        out.pop()
    return "\n".join(out) + "\n"


KEPT = "From the document, and no clause:"  # opens the closing comment


# Private functions and names: words for both directions


_LEAD_MARK = re.compile(r"(?<!\\)\{lead-in\}\s*$")
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


@dataclass(slots=True)
class _Block:
    level: int  # 0 for a paragraph, else the depth of the list item
    line: int
    section: tuple[str, ...]
    parts: list[str]
    text: str = ""
    mark: Mark | None = None
    lead: bool = False


def _visible(lines: Sequence[str], start: int, where: Where) -> Iterable[tuple[int, str, str]]:
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


def _blocks(lines: Sequence[str], start: int, where: Where) -> list[_Block]:
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
            level, title = len(heading[1]), fold(heading[2] or "")
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
        if body[-1] == "}" and MARK.search(" ".join(open_block.parts)):
            # A clause ends at its mark, even where someone left no empty line after it
            open_block = None
    for block in blocks:
        _finish(block, where)
    return [block for block in blocks if block.text]


def _finish(block: _Block, where: Where) -> None:
    """Take the mark off the end of a block and read it."""
    text = " ".join(part for part in block.parts if part)
    if "{" in text:
        if found := MARK.search(text):
            block.mark = read_mark(found[1], block.line, where)
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
    block.text = fold(_unescape(text.strip()))


def _with_lead_ins(blocks: Sequence[_Block], where: Where) -> Iterable[tuple[_Block, str | None]]:
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


# Private functions: writing


def _heading_lines(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    shared = _shared(old, new)
    if shared == len(new):
        # Back to a heading that is already open: say it again, or its last part would not close
        shared -= 1
    out: list[str] = []
    if not new:
        return ["#", ""]
    for depth in range(shared, len(new)):
        out += [f"{'#' * (depth + 1)} {fold(new[depth])}", ""]
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
            if re.match(rf" {{{indent}}}- ", above) and MARK.search(above):
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
    return f"{before}{_escape(fold(clause.text))} {mark_of(clause, alone=alone)}"
