"""From a school's document to its editable policy file, with an account of every line.

Importing the same policy again makes a new version of it: a clause whose words are nearly the same
keeps its id and what the owner set on it, a number once used is never used again, and what vanished
is withdrawn and listed.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from bot.errors import BadDocument, BadUse, CannotDo
from bot.policy import document as documents
from bot.policy.clauses import cut as cut_clauses
from bot.policy.model import (
    Block,
    BlockKind,
    Clause,
    Cut,
    Document,
    Front,
    Policy,
    Reading,
    Strength,
)
from bot.policy.numbering import kept_breaks
from bot.policy.policyfile import parse_policy, read_policy, write_policy
from bot.policy.printed import Printed, When, printed_in

NEARLY_THE_SAME = 90
"""From this likeness (0 to 100) on, two texts are versions of one clause."""


class Fate(StrEnum):
    """What became of a line of the document."""

    CLAUSE = "clause"
    LEAD_IN = "lead-in"
    HEADING = "heading"
    REMAINDER = "remainder"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the document and what became of it."""

    number: int
    text: str
    fate: Fate
    clauses: tuple[str, ...] = ()  # ids, where it is a clause or the lead-in of some
    name: str = ""  # a remainder's name


@dataclass(frozen=True, slots=True)
class Change:
    """A clause that kept its id and changed its words, its lead-in or its place."""

    id: str
    before: Clause
    after: Clause


@dataclass(frozen=True, slots=True)
class Account:
    """What an import did: the fate of every line that is not blank, and of every clause."""

    source: Path
    path: Path
    front: Front
    lines: tuple[Line, ...]
    clauses: tuple[Clause, ...]
    kept: tuple[str, ...]
    new: tuple[str, ...]
    changed: tuple[Change, ...]
    withdrawn: tuple[Clause, ...]
    again: bool  # the policy was there before
    differs: bool  # this is a new version of it

    @property
    def totals(self) -> Mapping[str, int]:
        """How many lines had each fate, remainders by their name; in order of first appearance."""
        return dict(
            Counter(
                f"{line.fate}: {line.name}" if line.name else str(line.fate) for line in self.lines
            )
        )


def import_policy(
    source: Path,
    policies_dir: Path,
    *,
    title: str | None = None,
    school: str = "",
    minor: bool = False,
    write: bool = True,
) -> Account:
    """Read the document at `source` and write its policy file into `policies_dir`, unless not to `write`.

    The title is the one given, else the document's own, else the file's name; the same title means
    the same policy. `minor`: the new version changes wording only. The file is replaced whole or not at
    all. Raises CannotDo if a line were lost, BadUse where there is no version to be a minor change of.
    """
    if _inside(source, policies_dir):
        raise CannotDo(f"{source} is already a policy of this school: edit it where it is")
    document = documents.load(source)
    cuts = cut_clauses(document)
    if not cuts:
        raise BadDocument(f"{source} has text but no rule in it: check that it is the right file")
    title = _title(title, document, source)
    path = policies_dir / f"{_slug(title)}.md"
    old = read_policy(path) if path.exists() else None
    if minor and old is None:
        raise BadUse(
            f"there is no {title} yet, so nothing is a minor change of it: leave out --minor"
        )
    derived = printed_in(document)
    front = _front(title, school, derived, old, policies_dir, path)
    identities, front, matched = _identify(cuts, front, old)
    clauses = tuple(
        Clause(identity, cut.section, cut.lead_in, cut.text, _owners(matched.get(identity)))
        for identity, cut in zip(identities, cuts, strict=True)
    )
    lines = _fates(document, cuts, identities, source)
    gone = _gone(old, identities)
    front = replace(front, withdrawn=_withdrawn(front, gone))
    differs = old is not None and _differs(old, front, clauses)
    if old is not None and differs:
        version = _next_version(old.front.version)
        front = replace(front, version=version, minor=version if minor else "")
    in_lists = {identity for identity, cut in zip(identities, cuts, strict=True) if cut.depth}
    text = write_policy(front, clauses, _remainder(document, cuts), items=in_lists)
    clauses = _read_back(text, front, clauses, source)
    if write:
        _write(path, text)
    changed = tuple(
        Change(clause.id, before, clause)
        for clause in clauses
        if (before := matched.get(clause.id)) is not None and _words_of(before) != _words_of(clause)
    )
    altered = {change.id for change in changed}
    return Account(
        source=source,
        path=path,
        front=front,
        lines=lines,
        clauses=clauses,
        kept=tuple(i for i in identities if i in matched and i not in altered),
        new=tuple(i for i in identities if i not in matched),
        changed=changed,
        withdrawn=gone,
        again=old is not None,
        differs=differs,
    )


# Private functions: the file's name and front matter


def _inside(source: Path, folder: Path) -> bool:
    try:
        return source.suffix == ".md" and source.resolve().parent == folder.resolve()
    except (OSError, ValueError):
        return False


def _title(given: str | None, document: Document, source: Path) -> str:
    for words in (given, document.title, re.sub(r"[-_\s]+", " ", source.stem)):
        folded = " ".join((words or "").split())
        if any(c.isalnum() for c in folded):
            return folded
    return "Policy"


def _plain(words: str) -> str:
    decomposed = unicodedata.normalize("NFKD", words.replace("’", "").replace("'", ""))
    return decomposed.encode("ascii", "ignore").decode()


def _slug(title: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", _plain(title).lower()).strip("-")
    return slug[:80].rstrip("-") or "policy"


_STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "by",
        "for",
        "from",
        "in",
        "of",
        "on",
        "or",
        "our",
        "the",
        "to",
        "with",
        "policy",
        "policies",
    ]
)


def _code(title: str, taken: set[str]) -> str:
    words = re.findall(r"[A-Za-z][A-Za-z0-9]*", _plain(title))
    initials = (
        "".join(word[0].upper() for word in words if word.lower() not in _STOP_WORDS)[:6] or "P"
    )
    code, number = initials, 2
    while code.lower() in taken:
        code, number = f"{initials}{number}", number + 1
    return code


def _codes(folder: Path, but: Path) -> set[str]:
    """The codes of the folder's other policies; one that cannot be read does not stop an import."""
    found: set[str] = set()
    for path in sorted(folder.glob("*.md")):
        if path == but:
            continue
        with contextlib.suppress(OSError):
            head = path.read_text("utf-8", errors="replace")[:5000]
            found.update(
                m.lower() for m in re.findall(r"^code:\s*[\"']?(\w+)", head, re.MULTILINE)[:1]
            )
    return found


def _front(
    title: str, school: str, derived: Printed, old: Policy | None, folder: Path, path: Path
) -> Front:
    if old is None:
        return Front(
            title=title,
            school=" ".join(school.split()) or derived.school,
            adopted=derived.adopted,
            reviewed=derived.reviewed.day,
            next_review=derived.next_review.day,
            review_cycle=derived.cycle,
            owner=derived.owner,
            code=_code(title, _codes(folder, path)),
            reviewed_as_printed=derived.reviewed.words,
            next_review_as_printed=derived.next_review.words,
        )
    was = old.front
    reviewed, reviewed_words = _newer(derived.reviewed, was.reviewed, was.reviewed_as_printed)
    following, following_words = _newer(
        derived.next_review, was.next_review, was.next_review_as_printed
    )
    return replace(
        was,
        title=title,
        school=" ".join(school.split()) or was.school or derived.school,
        adopted=derived.adopted or was.adopted,
        reviewed=reviewed,
        next_review=following,
        review_cycle=was.review_cycle or derived.cycle,
        owner=was.owner or derived.owner,
        reviewed_as_printed=reviewed_words,
        next_review_as_printed=following_words,
    )


def _newer(found: When, day: date | None, words: str) -> tuple[date | None, str]:
    if found.day is not None:
        return found.day, ""
    if found.words and found.words != words:
        return None, found.words  # a date set by hand belonged to the words printed before
    return day, words


def _next_version(version: str) -> str:
    dotted = re.fullmatch(r"((?:\d+\.)*)(\d+)", version)
    return f"{dotted[1]}{int(dotted[2]) + 1}" if dotted else f"{version} (2)"


# Private functions: ids


def _normal(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _identify(
    cuts: Sequence[Cut], front: Front, old: Policy | None
) -> tuple[list[str], Front, dict[str, Clause]]:
    """An id for each cut, the front matter with its next number, the old clauses by kept id."""
    before = old.clauses if old else ()
    pairs = _pairs(cuts, before)
    number = max([front.next_id, *(n + 1 for n in _numbers(front, before))])
    identities: list[str] = []
    for index in range(len(cuts)):
        if index in pairs:
            identities.append(before[pairs[index]].id)
        else:
            identities.append(f"{front.code}-{number}")
            number += 1
    matched = {before[at].id: before[at] for at in pairs.values()}
    return identities, replace(front, next_id=number), matched


def _numbers(front: Front, before: Iterable[Clause]) -> Iterable[int]:
    for identity in (*front.withdrawn, *(clause.id for clause in before)):
        if (found := re.fullmatch(r"(.+)-(\d{1,9})", identity)) and found[1] == front.code:
            yield int(found[2])


def _pairs(cuts: Sequence[Cut], before: Sequence[Clause]) -> dict[int, int]:
    """Each cut's old clause: the nearest in words, then in place; one to one."""
    from rapidfuzz import fuzz, process

    pairs: dict[int, int] = {}
    new_words = [_normal(cut.text) for cut in cuts]
    old_words = [_normal(clause.text) for clause in before]
    left: dict[str, list[int]] = defaultdict(list)
    for at, words in enumerate(old_words):
        left[words].append(at)
    # The same words in the same place first, so that two clauses of the same words do not swap ids
    for same_place in (True, False):
        for index, words in enumerate(new_words):
            if index in pairs:
                continue
            for at in left.get(words, ()):
                if not same_place or _place(before[at]) == _place(cuts[index]):
                    pairs[index] = at
                    left[words].remove(at)
                    break
    free_new = [index for index in range(len(cuts)) if index not in pairs]
    free_old = {at: old_words[at] for rest in left.values() for at in rest}
    candidates = []
    for index in free_new:
        for _, score, at in process.extract(
            new_words[index], free_old, scorer=fuzz.ratio, score_cutoff=NEARLY_THE_SAME, limit=None
        ):
            elsewhere = _place(before[at]) != _place(cuts[index])
            candidates.append((-score, elsewhere, abs(index - at), index, at))
    used: set[int] = set()
    for *_, index, at in sorted(candidates):
        if index not in pairs and at not in used:
            pairs[index] = at
            used.add(at)
    return pairs


def _place(clause: Clause | Cut) -> tuple[tuple[str, ...], str | None]:
    return clause.section, clause.lead_in


def _words_of(clause: Clause) -> tuple[tuple[str, ...], str | None, str]:
    return clause.section, clause.lead_in, clause.text


_UNREAD = Reading(Strength.INFORMATION, ())


def _owners(clause: Clause | None) -> Reading:
    """The owner's settings of the clause before; the rest is derived again from the new words."""
    return clause.reading if clause is not None else _UNREAD


def _gone(old: Policy | None, identities: Iterable[str]) -> tuple[Clause, ...]:
    kept = set(identities)
    return tuple(clause for clause in (old.clauses if old else ()) if clause.id not in kept)


def _withdrawn(front: Front, gone: Iterable[Clause]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*front.withdrawn, *(clause.id for clause in gone)]))


def _differs(old: Policy, front: Front, clauses: Sequence[Clause]) -> bool:
    then = [(clause.id, *_words_of(clause)) for clause in old.clauses]
    now = [(clause.id, *_words_of(clause)) for clause in clauses]
    return then != now or replace(front, next_id=old.front.next_id) != old.front


# Private functions: the account


def _fates(
    document: Document, cuts: Sequence[Cut], identities: Sequence[str], source: Path
) -> tuple[Line, ...]:
    by_line: dict[int, list[int]] = defaultdict(list)
    for index, cut in enumerate(cuts):
        for number in cut.lines:
            by_line[number].append(index)
    fates: dict[int, Line] = {}
    for block in document.blocks:
        for number in block.lines:
            if number in fates or not 1 <= number <= len(document.lines):
                raise _lost(source, number, "is in two places")
            fates[number] = _fate(
                document.lines[number - 1].strip(), number, block, by_line, cuts, identities, source
            )
    for number, text in enumerate(document.lines, start=1):
        if text.strip() and number not in fates:
            raise _lost(source, number, "is in no block")
    return tuple(fates[number] for number in sorted(fates) if fates[number].text)


def _fate(
    text: str,
    number: int,
    block: Block,
    by_line: Mapping[int, Sequence[int]],
    cuts: Sequence[Cut],
    identities: Sequence[str],
    source: Path,
) -> Line:
    if block.kind is BlockKind.REMAINDER:
        return Line(number, text, Fate.REMAINDER, name=block.why or "other")
    if block.kind is BlockKind.HEADING:
        return Line(number, text, Fate.HEADING)
    claimed = sorted({index for at in block.lines for index in by_line.get(at, ())})
    needed = Counter(_normal(block.text).split())
    words = Counter(_normal(" ".join(cuts[index].text for index in claimed)).split())
    if claimed and needed <= words:
        own = [index for index in claimed if number in cuts[index].lines]
        return Line(number, text, Fate.CLAUSE, tuple(identities[index] for index in own or claimed))
    whole = f" {_normal(block.text)} "
    under = [
        index
        for index, cut in enumerate(cuts)
        if cut.lead_in and whole in f" {_normal(cut.lead_in)} "
    ]
    if under:
        return Line(number, text, Fate.LEAD_IN, tuple(identities[index] for index in under))
    if claimed:
        # a paragraph whose last sentence became the lead-in of the list after it
        leads = Counter(_normal(" ".join({cut.lead_in for cut in cuts if cut.lead_in})).split())
        if needed - words <= leads:
            return Line(number, text, Fate.CLAUSE, tuple(identities[index] for index in claimed))
    raise _lost(source, number, "is in no clause")


def _lost(source: Path, number: int, how: str) -> CannotDo:
    return CannotDo(
        f"{source}, line {number} {how}: nothing was written; please report this as a defect"
    )


def _remainder(document: Document, cuts: Sequence[Cut]) -> Iterable[tuple[str, str]]:
    """What of the document stands in no clause, lead-in or section of the file."""
    sections = {_normal(heading) for cut in cuts for heading in cut.section}
    for block in document.blocks:
        if block.kind is BlockKind.REMAINDER:
            yield block.why or "other", block.text
        elif block.kind is BlockKind.HEADING and _normal(block.text) not in sections:
            yield "heading", block.text
    yield from kept_breaks(document)


def _read_back(
    text: str, front: Front, clauses: Sequence[Clause], source: Path
) -> tuple[Clause, ...]:
    """The clauses of what is about to be written, read as they will be.

    A file that does not read back is a defect, and must not be silent.
    """
    back = parse_policy(text, str(source))
    same = [(c.id, *_words_of(c)) for c in back.clauses] == [(c.id, *_words_of(c)) for c in clauses]
    if back.front != front or not same:
        raise CannotDo(
            f"{source} would not read back as it was written: "
            "nothing was written; please report this as a defect"
        )
    return back.clauses


def _write(path: Path, text: str) -> None:
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp"
        )
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)  # mkstemp gives the owner alone the right to read
        Path(temporary).replace(path)
    except OSError as e:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise CannotDo(
            f"{path} cannot be written ({e.strerror}): check the folder and the space on the disk"
        ) from e
