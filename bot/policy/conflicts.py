"""Clauses of one policy that cannot both be kept, by the matters of `policy_text/matters.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

from bot.config import data
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.kinship import Kinship
from bot.policy.lexicon import lexicon
from bot.policy.opposites import apart
from bot.policy.roles_in_text import mentions, roles
from bot.policy.sheet import Sheet, in_order, shortened
from bot.policy.stances import Rule, Stance, rule_of

FILE = "matters.toml"
_ABSOLUTE = re.compile(
    r"\b(?:under no circumstances|never|at any (?:time|point)|completely|in all cases|strictly|any hour|no circumstances|including (?:at|on|during)|all day|"
    r"not permitted at all|at all|all [^.;]{0,70}\b(?:must|should)\b(?=.*\bwith (?:the )?(?:pupils|children)\b)|in any circumstances|absolutely|without exception|only (?:the )?school(?:’s)?)\b"
)
_RARE = re.compile(
    r"\b(?:exceptional\w*|emergenc\w+|urgent|however|as an exception|the (?:one|only) exception|notwithstanding|"
    r"if (?:no|a) school|unavailable|do(?:es)? not apply)\b"
)
_IF = re.compile(
    r"^(?:where|if|when)\b|\b(?:provided|providing|on condition|as long as|so long as|only (?:where|if|when|after|for))\b"
)
_LEANS = re.compile(r"\bfor (?:this|that|these|such|any such) purposes?\b")
_ASKED_NOT_TO = re.compile(r"\bask(?:s|ed)? (?:[\w’-]+ ){0,7}?not to\b")
_UNLESS = re.compile(
    r"\b(?:unless|except|other than|apart from|save (?:for|where|that))\b(?P<what>[^.;]*)"
)
_APART = (("contact", "break"), ("contact", "out"), ("day", "out"), ("contact", "trips"), ("own", "official"), ("break", "out"), ("public", "break"))  # fmt: skip
_WITHIN = (("day", "contact"), ("day", "break"))
_AGES = re.compile(
    r"\b(?:under|over|above|below|aged?|turned|reached) (?:the age of )?(\d\d|eighteen|sixteen)\b"
)
_HEAD_IS_IT = re.compile(
    r"\b(?:about|concern\w*|regarding|against|involv\w+|conduct of|by|of) the (?:head\w*|principal)\b|"
    r"\b(?:head\w*|head teacher|principal)’s (?:use|conduct|own|behaviour)\b|\babsence\b|\babsent\b|\bunavailable\b"
)
_AND_ALSO = re.compile(r"\b(?:or|and|also|as well as|together with)\b")


NEAR = 1.08  # nearness (see `kinship`) from which a ban and a leave on one matter are of one thing
NEAR_ROUTES = 1.1  # … and two reports


def conflicts(sheet: Sheet, kin: Kinship) -> Iterator[Finding]:
    """Find clauses that forbid and allow the same, or send to two people."""
    rules = [rule_of(c) for c in sheet.clauses]
    yield from _bans_and_leaves(sheet, kin, rules)
    yield from _two_routes(sheet, kin, rules)
    yield from _two_numbers(sheet, rules)
    yield from _consent(sheet, rules)
    yield from _act_yourself(sheet, rules)


# --- a ban and a leave ---------------------------------------------------------------------------------------


def _bans_and_leaves(sheet: Sheet, kin: Kinship, rules: Sequence[Rule]) -> Iterator[Finding]:
    for matter in data(FILE)["matters"].values():
        on_it = [r for r in rules if r.stance and _is_on(r, matter)]
        pairs = [
            (a, b) for a in on_it for b in on_it if _opposed(a, b) and _of_one_thing(a, b, kin)
        ]
        if pairs:
            bans = {a.clause.id: a.clause for a, _ in pairs}
            leaves = {b.clause.id: b.clause for _, b in pairs}
            ids = in_order(sheet.clauses, (*bans, *leaves))
            yield Finding(
                Kind.BAN_AND_LEAVE,
                Weight.PUT_RIGHT,
                ids,
                tuple(
                    shortened(c.text)
                    for c in (*list(bans.values())[:2], *list(leaves.values())[:2])
                ),
                (
                    ("what", matter["what"]),
                    ("bans", ", ".join(bans)),
                    ("leaves", ", ".join(leaves)),
                ),
            )


# A ban that stands against whatever touches it
_UTTER = re.compile(r"\b(?:under no circumstances|completely|no (?:members? of )?staff|no staff)\b")


def _of_one_thing(ban: Rule, leave: Rule, kin: Kinship) -> bool:
    if _UTTER.search(ban.text):
        return True
    near = kin.near(ban.clause, leave.clause).all
    return near >= NEAR and not apart(ban.clause, leave.clause, kin)


def _opposed(ban: Rule, leave: Rule) -> bool:
    if _LEANS.search(ban.text) or _ASKED_NOT_TO.search(leave.text) or _lets_through(ban, leave):
        return False
    if "official" in ban.when and "own" not in ban.when and "official" not in leave.when:
        return False
    if (ban.stance, leave.stance) == (Stance.ASK, Stance.FREE):
        return _same_people(ban, leave) and ban.clause.section != leave.clause.section
    if ban.stance is not Stance.BAN or leave.stance in (None, Stance.BAN):
        return False
    if not _same_people(ban, leave) or _RARE.search(leave.text):
        return False
    absolute = bool(_ABSOLUTE.search(ban.text))
    # A writer sees what stands under one heading: there the leave is the ban's exception, unless the ban has none
    listed = ban.clause.lead_in is not None or leave.clause.lead_in is not None
    together = ban.clause.section == leave.clause.section and (listed or ban.when != leave.when)
    if not absolute and (together or _IF.search(leave.text)):
        return False
    if len(ban.clause.text) < 15 or set(_AGES.findall(ban.text)) != set(_AGES.findall(leave.text)):
        return False
    if ban.excepted & leave.when or (ban.excepted and not leave.when and not leave.excepted):
        return False
    if any(
        (a in ban.when and b in leave.when) or (b in ban.when and a in leave.when)
        for a, b in _APART
    ):
        return False
    places = ban.when - {"own", "official"}
    if not places or absolute:
        return not (ban.when & {"own"} and not leave.when & {"own"})
    return bool(places & leave.when) or any(a in places and b in leave.when for a, b in _WITHIN)


def _lets_through(ban: Rule, leave: Rule) -> bool:
    """Whether the leave is what the ban's own "unless" lets through: it speaks of most of it."""
    exception = _UNLESS.search(ban.text)
    if exception is None:
        return False
    lex = lexicon()
    through = set(lex.units(lex.expand(exception["what"])))
    return len(through & set(lex.units(lex.expand(leave.text)))) * 2 > len(through) > 0


def _same_people(one: Rule, other: Rule) -> bool:
    """Whether both bind the same people; a clause about the school's view of somebody is about them."""
    a, b = (
        {"school", "parents"}
        if r.clause.reading.binds == ("school",)
        and "parent" in r.clause.text
        and not r.clause.lead_in
        else set(r.clause.reading.binds)
        for r in (one, other)
    )
    return bool(a & b) or "all" in a | b


def _is_on(rule: Rule, matter: Mapping[str, Any]) -> bool:
    yes, no = _patterns(tuple(matter["is"])), _patterns(tuple(matter["not"]))
    return any(p.search(rule.text) for p in yes) and not any(p.search(rule.text) for p in no)


@lru_cache(maxsize=256)
def _patterns(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(p) for p in patterns)


# --- two routes ----------------------------------------------------------------------------------------------


def _two_routes(sheet: Sheet, kin: Kinship, rules: Sequence[Rule]) -> Iterator[Finding]:
    kinds = roles()
    for matter in data(FILE)["reports"].values():
        on_it = [
            (r, role)
            for r in rules
            if (role := _role(r, matter))
            and role in kinds
            and role != "parents"
            and kinds[role].kind != "outside"
            and not _HEAD_IS_IT.search(r.text)
            and _is_on(r, matter)
        ]
        found = {
            i.clause.id: (i.clause, role)
            for (a, first), (b, second) in combinations(on_it, 2)
            if first != second
            and not _named_together(a, b, first, second)
            and kin.near(a.clause, b.clause).all >= NEAR_ROUTES
            for i, role in ((a, first), (b, second))
        }
        if found:
            titles = dict.fromkeys(kinds[role].title for _, role in found.values())
            yield Finding(
                Kind.TWO_ROUTES,
                Weight.ACT,
                in_order(sheet.clauses, found),
                tuple(shortened(c.text) for c, _ in found.values()),
                (("what", matter["what"]), ("roles", ", ".join(titles))),
            )


def _role(rule: Rule, matter: Mapping[str, Any]) -> str | None:
    if matter.get("named"):
        return next((m.role for m in mentions(rule.clause.text)), None)
    return rule.clause.reading.route or rule.clause.reading.approver


def _named_together(a: Rule, b: Rule, first: str, second: str) -> bool:
    """Whether one of the two names both roles, so that it settles who comes when."""
    for rule in (a, b):
        named = {m.role for m in mentions(rule.clause.text)}
        if {first, second} <= named and _AND_ALSO.search(rule.text):
            return True
    return False


# --- two numbers ---------------------------------------------------------------------------------------------

_NUMBERS = {
    w: str(n)
    for n, w in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(), 1
    )
}
_QUANTITY = re.compile(
    r"\b(?P<before>within|for|after|every|until|under|aged?|over|least) (?:the age of |a (?:minimum|period|maximum) of |at least )?"
    r"(?P<n>\d{1,3}|"
    + "|".join(_NUMBERS)
    + r")\b (?P<unit>hours?|(?:working |school )?days?|weeks?|months?|years?)?"
)
_KEEPS = re.compile(r"\b(?:kept|keep|retain\w*|stored|held|delet\w+|destroy\w+)\b")
_SHORT = 24  # units of two clauses that say little but how long something is kept
_SHARED = 0.5  # of the units of the shorter clause, from which two clauses speak of one thing
_LEAST_SHARED = 4


def _two_numbers(sheet: Sheet, rules: Sequence[Rule]) -> Iterator[Finding]:
    """One thing with two periods or two ages: "within 24 hours" here, "within 48 hours" there."""
    lex = lexicon()
    counted = []
    for rule in rules:
        if (found := _QUANTITY.search(rule.text)) and (
            found["unit"] or found["before"] in ("under", "over", "age", "aged")
        ):
            rest = rule.text[: found.start()] + rule.text[found.end() :]
            unit = "time" if (found["unit"] or "year")[0] != "y" else "year"
            counted.append((rule, found, unit, set(lex.units(lex.expand(rest)))))
    for (a, one, unit, mine), (b, other, same, theirs) in combinations(counted, 2):
        n, m = (_NUMBERS.get(f["n"], f["n"]) + (f["unit"] or "").rstrip("s") for f in (one, other))
        common = len(mine & theirs)
        about_one = common >= _LEAST_SHARED and common / min(len(mine), len(theirs)) >= _SHARED
        kept = all(_KEEPS.search(r.text) for r in (a, b)) and common >= 1
        if kept and unit == same and n != m and len(mine) + len(theirs) < _SHORT:
            about_one, one_way = True, True
        else:
            one_way = one["before"] == other["before"]
        bound = a.clause.reading.binds == b.clause.reading.binds
        if bound and unit == same and one_way and n != m and about_one:
            yield Finding(
                Kind.TWO_NUMBERS,
                Weight.PUT_RIGHT,
                in_order(sheet.clauses, (a.clause.id, b.clause.id)),
                (shortened(a.clause.text), shortened(b.clause.text)),
                (("one", one[0].strip()), ("other", other[0].strip())),
            )


# --- consent, and dealing with it oneself --------------------------------------------------------------------

_PICTURES = re.compile(
    r"\b(?:photograph\w*|photos?|pictures?|images?|videos?|film\w*|any of the above)\b"
)
_OPT_OUT = re.compile(
    r"\b(?:do not|don’t|does not|not) (?:wish|want)\b.{0,90}\b(?:inform|tell|write|notify|contact|let)\b|\bopt(?:ed|ing)?[ -]out\b|"
    r"\bunless (?:a |the )?(?:parents?|carers?|families|we)\b.{0,40}\b(?:object|tell|inform|asked?|told|notif|withdraw|opt|say)|"
    r"\bconsent (?:is|will be) (?:assumed|implied|taken as given)\b|\b(?:assumed?|deemed|taken) (?:that )?(?:\w+ ){0,4}consent"
)
_OPT_IN = re.compile(
    r"\b(?:parental|parents?’?|written|signed|explicit|prior|appropriate) (?:\w+ )?(?:consent|permission)\b|\b(?:consent|permission) "
    r"(?:of|from) (?:the |their |a )?(?:parents?|carers?)\b|\bparents? (?:have|has) (?:given|signed)\b|\bwhere (?:\w+ )?permission (?:is|has been) (?:sought|given)"
)


def _consent(sheet: Sheet, rules: Sequence[Rule]) -> Iterator[Finding]:
    """Pictures taken unless parents object, and only where parents agreed."""
    about = [
        r
        for at, r in enumerate(rules)
        if _PICTURES.search(r.text)
        or (at and _PICTURES.search(rules[at - 1].text) and _OPT_OUT.search(r.text))
    ]
    out = [r for r in about if _OPT_OUT.search(r.text)]
    into = [
        r
        for r in about
        if _OPT_IN.search(r.text)
        and r not in out
        and "own child" not in r.text
        and "other children" not in r.text
    ]
    if out and into:
        ids = in_order(sheet.clauses, (r.clause.id for r in (*out, *into)))
        quotes = tuple(shortened(r.clause.text) for r in (*out[:2], *into[:2]))
        yield Finding(Kind.CONSENT_BOTH_WAYS, Weight.PUT_RIGHT, ids, quotes)


_ASK_THEM = re.compile(
    r"\b(?:should|must|may|can|please|are advised to|are asked to) (?:\w+ ){0,3}?(?:ask (?:them|the (?:person|friend|poster|author)|their friends?|whoever)|"
    r"contact the (?:person|poster|author|parent)|(?:begin|start) by (?:messag|contact|ask|speak|writ)ing (?:to )?|message the (?:person|poster|author)|speak to the (?:person|parent|poster|colleague)|reply|respond to (?:the|such|any)|challenge|approach the|post a (?:reply|correction))\b"
)
_LEAVE_IT = re.compile(
    r"\b(?:do not|don’t|never|must not|should not|not) (?:\w+ ){0,3}?(?:attempt to deal|try to deal|deal with|respond|reply|retaliate|engage|approach|contact the|challenge|take (?:any )?action|investigate)\b"
)
_ONLINE = re.compile(
    r"\b(?:post\w*|comment\w*|online|references?|situation|material|messages?|incident\w*|abus\w*|bully\w*)\b"
)
_BUT = re.compile(r"\b(?:beyond|other than|except|apart from|unless|without)\b")
_OF_CHILD_HARM = re.compile(
    r"\b(?:indecent|disclos\w+|illegal|friend requests?|schools should|official page|moderat\w+)\b"
)


def _act_yourself(sheet: Sheet, rules: Sequence[Rule]) -> Iterator[Finding]:
    """Staff told to take it up with whoever posted, and told to leave it to others."""
    of_staff = [
        r
        for r in rules
        if _ONLINE.search(r.text)
        and not _OF_CHILD_HARM.search(r.text)
        and set(r.clause.reading.binds) & {"staff", "all"}
    ]
    do = [r for r in of_staff if _ASK_THEM.search(r.text) and not _LEAVE_IT.search(r.text)]
    leave = [r for r in of_staff if _LEAVE_IT.search(r.text) and not _BUT.search(r.text)]
    if do and leave:
        ids = in_order(sheet.clauses, (r.clause.id for r in (*do, *leave)))
        quotes = tuple(shortened(r.clause.text) for r in (*do[:2], *leave[:2]))
        yield Finding(Kind.ACT_YOURSELF, Weight.PUT_RIGHT, ids, quotes)
