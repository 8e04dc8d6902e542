"""Lists that do not hold what their first line says: none at all, too few or too many, or the opposite of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.model import Clause
from bot.policy.sheet import Sheet, in_order, shortened

_NUMBERS = {
    w: n
    for n, w in enumerate("two three four five six seven eight nine ten eleven twelve".split(), 2)
}
_COUNTED = re.compile(
    rf"\b(?P<n>{'|'.join(_NUMBERS)}|[2-9]|1[0-2])(?: (?!years?|days?|weeks?|months?|hours?|terms?|minutes?|of\b)[a-z-]+){{0,3}} "
    r"(?:things|rules|steps|ways|points|conditions|principles|questions|reasons|exceptions|parts|groups|duties|tests|types|kinds|"
    r"accounts|people|places|stages|requirements|aims|responsibilities|times|cases|examples|documents|policies|promises|circumstances|areas|apps|forms|roles)\b"
    r"[^.;]{0,60}:$",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:at least|one of|any of|up to|more than|either|no fewer|among|or more|first)\b",
    re.IGNORECASE,
)

List = tuple[str, tuple[Clause, ...]]


def lists(sheet: Sheet) -> Iterator[Finding]:
    """Find lists whose count is another than was said, and lines that open a list that is not there."""
    by_lead = lists_of(sheet)
    for lead, items in by_lead.values():
        said = _COUNTED.search(lead.strip())
        if said is None or _OPEN.search(lead):
            continue
        many = _NUMBERS.get(said["n"].lower()) or int(said["n"])
        if many != len(items) and len(items) > 1:
            yield Finding(
                Kind.LIST_COUNT,
                Weight.PUT_RIGHT,
                in_order(sheet.clauses, (c.id for c in items)),
                (shortened(lead),),
                (("what", said["n"]), ("count", str(len(items)))),
            )
    leads = {c.lead_in.strip() for c in sheet.clauses if c.lead_in}
    last = len(sheet.clauses) - 1
    for at, clause in enumerate(sheet.clauses):
        empty = re.search(r"\w:$", clause.text) and clause.text.strip() not in leads
        # What follows under the same heading may be the list, its marks lost on the way in
        beside = at < last and sheet.clauses[at + 1].section == clause.section
        if empty and not beside and len(clause.text.split()) >= 4:
            yield Finding(
                Kind.LIST_COUNT,
                Weight.PUT_RIGHT,
                (clause.id,),
                (shortened(clause.text),),
                (("what", ""), ("count", "0")),
            )


def lists_of(sheet: Sheet) -> Mapping[tuple[tuple[str, ...], str], List]:
    """The lists of a policy by their section and first line."""
    found: dict[tuple[tuple[str, ...], str], List] = {}
    for clause in sheet.clauses:
        if clause.lead_in:
            key = (clause.section, clause.lead_in)
            found[key] = (clause.lead_in, (*found.get(key, ("", ()))[1], clause))
    return found
