"""What a policy cites that has been replaced, repealed, closed or renamed, by `policy_text/stale.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from bot.config import data
from bot.policy.bygone import is_over
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.sheet import Passage, Sheet, in_order, shortened

FILE = "stale.toml"
_KINDS = {
    "guidance": (Kind.STALE_GUIDANCE, Weight.PUT_RIGHT),
    "law": (Kind.STALE_LAW, Weight.PUT_RIGHT),
    "service": (Kind.STALE_SERVICE, Weight.PUT_RIGHT),
    "name": (Kind.STALE_NAME, Weight.CONSIDER),
    "link": (Kind.LINK, Weight.CONSIDER),
}
_YEAR = re.compile(r"(?:19|20)\d\d")
_NEAR = 45  # characters after a title in which its year stands
_BEFORE = 22
_YEAR_OF = re.compile(
    r"\b((?:19|20)\d\d)(?: (?:edition|version) of)?[ ,]*(?:the |DfE'?s? )?['\"]?$"
)
# What stands between a title and a year that is not the title's: another law, or when somebody read it
_NOT_ITS = re.compile(
    r"\b(?:Acts?|Regulations?|Order|Code|Convention|Standards|[Pp]olicy|since|before|until|reviewed|approved|adopted|"
    r"read|trained|training)\b"
)
_READ_IN = re.compile(
    r"(?<!issued )(?<!published )(?<!updated )(?<!revised )(?<!force )\b(?:in(?! force)|by|on)\b"
)
_AT_ONCE = re.compile(r"[\s,:'\"*–-]*\(?(?:[A-Za-z]{3,9}\.? )?(?:19|20)\d\d\b")
_NUMBERED = re.compile(
    r"\b(?:para(?:graph|s|graphs)?s?|page|pp?\.|annex|section)\.? \d+", re.IGNORECASE
)
_PLAINLY = 2  # names of a nation's bodies and guidance more than of the one that is set
# Somebody else's guidance, spoken of as such
_THEIRS = re.compile(
    r"\b(?:in|of|for|from|to) (?:both )?(?:England|Scotland|Wales|Northern Ireland)\b|\((?:England|Scotland|Wales|Northern Ireland)\)"
    r"|\b(?:English|Scottish|Welsh|equivalent|cross[- ]border|across the border)\b"
)
_PLAIN_HTTP = re.compile(r"\bhttp://\S+", re.IGNORECASE)
_CLAIM = re.compile(
    r"\b(?P<name>Facebook|Instagram|TikTok|Snapchat|WhatsApp|YouTube|X|LinkedIn|Twitter|Discord)(?:['’]s)? "
    r"(?:(?:currently|also|now) )?(?:has an?|is (?:targeted|aimed|designed)|works (?:closely )?with|"
    r"will (?:review|remove|delete|respond)|(?:strongly )?recommends?|deletes|removes|reviews|provides? "
    r"(?:an?|robust|tools)|(?:privacy|data) policy)\b"
)


def stale(sheet: Sheet, nation: str, today: date) -> Iterator[Finding]:
    """Find superseded guidance, repealed law, services and names of the past, and old addresses.

    `nation` is the one whose guidance applies, by `nation_of`.
    """
    for entry in data(FILE)["stale"].values():
        nations = entry.get("nations", (entry.get("nation", nation),))
        if nation in nations and entry.get("since", today) <= today:
            yield from _cited(sheet, entry)
    for entry in data(FILE)["editions"].values():
        yield from _editions(sheet, entry, today)
    yield from _of_the_nation(sheet, nation)
    yield from _plain_links(sheet)
    yield from _claims(sheet)


def nation_of(sheet: Sheet, nation: str) -> str:
    """The nation whose guidance applies: as set, unless the policy's own words are plainly another's."""
    text = _plain(sheet.everything())
    told = {name: _count(text, entry["words"]) for name, entry in data(FILE)["nation"].items()}
    most = max(told, key=lambda name: told[name])
    own = told.get(nation, 0)
    return most if told[most] > own and (not own or told[most] >= own + _PLAINLY) else nation


def _count(text: str, words: Sequence[str]) -> int:
    """How many different of the words the text has."""
    return len({m[0].lower() for p in _patterns(tuple(words), ()) for m in p.finditer(text)})


def _found(text: str, words: Sequence[str]) -> bool:
    return any(p.search(_plain(text)) for p in _patterns(tuple(words), ()))


def _cited(sheet: Sheet, entry: Mapping[str, Any]) -> Iterator[Finding]:
    patterns = _patterns(tuple(entry["words"]), tuple(entry.get("exact", ())))
    hits: dict[str, list[Passage]] = {}
    for passage in sheet.passages:
        text = _plain(passage.text)
        if "unless" in entry and _found(text, entry["unless"]):
            continue
        for pattern in patterns:
            for found in pattern.finditer(text):
                if not is_over(text, *found.span()):
                    hits.setdefault(passage.text[found.start() : found.end()], []).append(passage)
    if not hits:
        return
    kind, weight = _KINDS[entry["kind"]]
    since = entry.get("since")
    yield Finding(
        kind,
        weight,
        _ids(sheet, (p for found in hits.values() for p in found)),
        tuple(hits),
        (("now", entry["now"]), ("since", _day(since) if since else "")),
        entry["source"],
    )


def _editions(sheet: Sheet, entry: Mapping[str, Any], today: date) -> Iterator[Finding]:
    known = {int(year): day for year, day in entry["in_force"].items()}
    newest = max(year for year, day in known.items() if day <= today)
    old: dict[str, Passage] = {}
    loose: dict[str, Passage] = {}
    for passage in sheet.passages:
        text = _plain(passage.text)
        for found in _titles(text, entry):
            year = _year_of(text, found)
            if year is not None and year < newest and not _is_over(text, found):
                old[shortened(passage.text, found)] = passage
            elif year is None and entry.get("numbered") and _NUMBERED.search(text):
                loose[shortened(passage.text, found)] = passage
    said = (("title", entry["title"]), ("newest", str(newest)), ("since", _day(known[newest])))
    for kind, hits in ((Kind.EDITION, old), (Kind.EDITION_NUMBERS, loose)):
        if hits:
            yield Finding(
                kind,
                Weight.PUT_RIGHT,
                _ids(sheet, hits.values()),
                tuple(hits),
                said,
                entry["source"],
            )


def _titles(text: str, entry: Mapping[str, Any]) -> Iterator[re.Match[str]]:
    """Where the guidance is named: by its title, or by a short name of it with the year at once."""
    for pattern in _patterns(tuple(entry["words"]), ()):
        for found in pattern.finditer(text):
            if not any(
                other.start() <= found.start() < found.end() <= other.end()
                and len(other[0]) > len(found[0])
                for longer in _longer(tuple(entry["words"]))
                for other in longer.finditer(text)
            ):
                yield found
    for pattern in _patterns(tuple(entry.get("short", ())), ()):
        for found in pattern.finditer(text):
            if _AT_ONCE.match(text, found.end()):
                yield found


@lru_cache(maxsize=256)
def _longer(words: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The titles of other guidance that hold one of these ("Mental health and behaviour in schools")."""
    others = [
        w
        for entry in data(FILE)["editions"].values()
        for w in entry["words"]
        if w not in words and any(own.rstrip("*").lower() in w.lower() for own in words)
    ]
    return _patterns(tuple(others), ())


def _year_of(text: str, found: re.Match[str]) -> int | None:
    """The year that is printed with a title."""
    after = text[found.end() : found.end() + _NEAR]
    bracketed = re.match(r"[\s\"'*]*[(\[]", after)
    after = re.split(r"[.;]\s" if bracketed else r"[.;]\s| and | & ", after)[0]
    if year := _YEAR.search(after):
        between = after[: year.start()]
        other = _NOT_ITS.search(between) or (not bracketed and _READ_IN.search(between))
        if not other and not _title_in(between):
            return int(year[0])
    before = _YEAR_OF.search(text[max(found.start() - _BEFORE, 0) : found.start()])
    return int(before[1]) if before else None


def _title_in(text: str) -> bool:
    """Whether other guidance is named, whose the year is."""
    titles = tuple(w for entry in data(FILE)["editions"].values() for w in entry["words"])
    return any(pattern.search(text) for pattern in _patterns(titles, ()))


def _is_over(text: str, found: re.Match[str]) -> bool:
    """Whether a title is named as what was replaced; its year belongs to it."""
    year = re.match(r"[^.;]{0,45}?(?:19|20)\d\d\b\)?", text[found.end() :])
    return is_over(text, *found.span()) or bool(
        year and is_over(text, found.start(), found.end() + year.end())
    )


def _of_the_nation(sheet: Sheet, nation: str) -> Iterator[Finding]:
    """Guidance that must be cited and is not, or is another nation's."""
    entry = data(FILE)["nation"].get(nation)
    if entry is None:
        return
    own = data(FILE)["editions"][entry["must_cite"]]
    foreign: dict[str, Passage] = {}
    for passage in sheet.passages:
        text = _plain(passage.text)
        for pattern in _patterns(tuple(entry["foreign"]), ()):
            for found in pattern.finditer(text):
                around = text[max(found.start() - 60, 0) : found.end() + 60]
                if not _THEIRS.search(around.replace(found[0], "")):
                    foreign.setdefault(shortened(passage.text, found), passage)
    if not foreign and (not entry["required"] or _found(sheet.everything(), own["words"])):
        return
    names = dict.fromkeys(
        m[0]
        for q in foreign
        for p in _patterns(tuple(entry["foreign"]), ())
        for m in p.finditer(_plain(q))
    )
    yield Finding(
        Kind.NATION_GUIDANCE,
        Weight.PUT_RIGHT,
        _ids(sheet, foreign.values()),
        tuple(foreign),
        (("nation", nation), ("title", own["title"]), ("foreign", ", ".join(names))),
        own["source"],
    )


def _plain_links(sheet: Sheet) -> Iterator[Finding]:
    old = _patterns(tuple(data(FILE)["stale"]["old-link"]["words"]), ())
    hits = {
        m[0]: p
        for p in sheet.passages
        for m in _PLAIN_HTTP.finditer(p.text)
        if not any(pattern.search(m[0]) for pattern in old)
    }
    if hits:
        said = (("now", ""), ("since", ""))
        yield Finding(Kind.LINK, Weight.CONSIDER, _ids(sheet, hits.values()), tuple(hits), said)


def _claims(sheet: Sheet) -> Iterator[Finding]:
    """What a policy states of a service it has no say in, with no date."""
    hits = {
        shortened(p.text, m): p
        for p in sheet.passages
        if (m := _CLAIM.search(p.text)) and not _YEAR.search(p.text)
    }
    if hits:
        names = sorted({m["name"] for p in hits.values() if (m := _CLAIM.search(p.text))})
        yield Finding(
            Kind.PLATFORM_CLAIM,
            Weight.CONSIDER,
            _ids(sheet, hits.values()),
            tuple(hits),
            (("names", ", ".join(names)),),
        )


def _ids(sheet: Sheet, passages: Iterable[Passage]) -> tuple[str, ...]:
    return in_order(sheet.clauses, (i for p in passages for i in p.clauses))


def _plain(text: str) -> str:
    """The text with its quote marks made alike, letter for letter."""
    return text.translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"'})


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


@lru_cache(maxsize=2048)
def _patterns(words: tuple[str, ...], exact: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The patterns of words in any case, of those in capitals, and of those written just so."""
    if exact:
        return (re.compile(rf"(?<!\w)(?:{'|'.join(map(_spaced, exact))})(?!\w)"),)
    capitals = [w for w in words if re.sub(r"\W", "", w)[:4].isupper() or w[:1].isupper()]
    others = [w for w in words if w not in capitals]
    made = []
    for some, flags in ((others, re.IGNORECASE), (capitals, 0)):
        if some:
            longest = sorted(some, key=len, reverse=True)
            made.append(re.compile(rf"(?<!\w)(?:{'|'.join(map(_word, longest))})", flags))
    return tuple(made)


def _word(word: str) -> str:
    ending = r"(?!\w)" if not word.endswith("*") else r"\w*"
    if "/" in word:
        ending = ""
    return _spaced(word.rstrip("*")) + ending


def _spaced(words: str) -> str:
    """A pattern of the words. Of a name in capitals the words that have none are found in any case."""
    parts = [re.escape(w).replace(r"\*", r"[^.;]{0,25}") for w in words.split(" ")]
    return r"\s+".join(f"(?i:{part})" if part.islower() else part for part in parts)
