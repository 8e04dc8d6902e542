"""How long things are kept: what a school.toml says under [keep], else the product's own terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.config import School
from bot.errors import BadSettings

YEAR = timedelta(days=366)  # never a day too short
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Term:
    """One setting under [keep]: what it is by default, within which bounds, and why."""

    name: str
    default: int
    unit: timedelta
    least: int
    most: int
    why: str  # as docs/privacy.md has it
    usual: int = 0  # what law or guidance usually asks for, at the least
    because: str = ""  # and why that


# Bounds: a message is what keeps one from being sent twice, and a reminder what is looked back on, so neither
# goes before its purpose is over.
TERMS = (
    Term(
        "acknowledgements_years", 7, YEAR, 1, 50,
        "claims under a contract can be brought for six years, and one more",
        usual=6, because="a claim under a contract can be brought for six years",
    ),
    Term("reminders_days", 400, DAY, 100, 3650, "one school year can be compared with the one before"),
    Term("messages_days", 400, DAY, 100, 3650, "whether something was sent can be shown for a school year"),
    Term("leavers_days", 365, DAY, 28, 3650, "who comes back within a year is known again"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keep:
    """How long each is kept: after it was given, closed, sent; after somebody left."""

    acknowledgements: timedelta  # discussions of a policy as well
    reminders: timedelta  # and the trips and events that people told of, after they are over
    messages: timedelta
    leavers: timedelta


def keep_of(school: School) -> Keep:
    """What a school keeps, and how long; raises BadSettings, in one line."""
    said = _said(school)
    terms = {t.name.partition("_")[0]: said[t.name] * t.unit for t in TERMS}
    return Keep(**terms)


def short_terms(school: School) -> Iterator[str]:
    """The terms that are shorter than law or guidance usually asks for, a line each."""
    said = _said(school)
    for term in TERMS:
        if said[term.name] < term.usual:
            yield (
                f"keep.{term.name} is {said[term.name]}, and usually it is {term.usual} or more: "
                f"{term.because}"
            )


def _said(school: School) -> dict[str, int]:
    table = school.settings.get("keep", {})
    key = f"{school.folder / 'school.toml'}: keep"
    if not isinstance(table, Mapping):
        raise BadSettings(f"{key}: is not a table; write [keep] on a line")
    names = [t.name for t in TERMS]
    for name in table:
        if name not in names:
            raise BadSettings(f"{key}: has no setting '{name}'; use {', '.join(names)}")
    found = {}
    for term in TERMS:
        value = table.get(term.name, term.default)
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or not term.least <= value <= term.most
        ):
            raise BadSettings(
                f"{key}.{term.name}: write a whole number from {term.least} to {term.most}"
            )
        found[term.name] = value
    return found
