"""The reviewer's desk for a school: its policies reviewed with what the school knows, and the report of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.app.calendars import calendar_of
from bot.app.schools import wording_of
from bot.config import Home, School, data
from bot.errors import BadUse, CannotDo

if TYPE_CHECKING:
    from bot.chat.render import Wording
    from bot.policy.model import Policy
    from bot.policy.review import Facts, Finding, Sheet
    from bot.schedule.terms import SchoolCalendar


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words: what is wrong, where, and what to do about it."""

    kind: str
    weight: int  # 1 act now, 2 put right, 3 consider
    wrong: str
    do: str
    clauses: tuple[str, ...]
    section: str  # of the first clause
    quotes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A policy and what was found in it, weightiest first."""

    title: str
    code: str
    version: str
    dated: str
    found: tuple[Told, ...]


def review_policies(
    home: Home, school: str | None, policy: str | None = None, *, today: date | None = None
) -> tuple[Reviewed, ...]:
    """Review a school's policies, or the one whose code, title or file name `policy` is.

    `today` is the day it is done on; by default the day it is at the school.
    """
    from bot.policy.policyfile import read_policy
    from bot.policy.review import lay_out, review

    found = home.school(school)
    if not found.policies:
        raise CannotDo(
            f"{found.id} has no policy; add one with: mayi policy import FILE --school {found.id}"
        )
    read = [(path, read_policy(path)) for path in found.policies]
    wanted = [(path, p) for path, p in read if policy is None or _is(policy, path, p)]
    if not wanted:
        codes = ", ".join(p.front.code for _, p in read)
        raise BadUse(f"{found.id} has no policy '{policy}'; its policies are: {codes}")
    wording = wording_of(found)
    asked = _asked(home, found)
    day = today or datetime.now(ZoneInfo("Europe/London")).date()
    calendar = calendar_of(home, found)
    sheets = [(p, lay_out(p, path.read_text("utf-8-sig"))) for path, p in wanted]
    return tuple(
        _reviewed(
            p,
            review(
                sheet,
                # What staff ask in vain concerns the school's policies together: it is said once
                _facts(found, sheet, asked if at == 0 else (), day, calendar),
            ),
            wording,
        )
        for at, (p, sheet) in enumerate(sheets)
    )


def rows(reviewed: Sequence[Reviewed]) -> Iterator[dict[str, Any]]:
    """A JSON object a finding."""
    for policy in reviewed:
        for told in policy.found:
            yield {
                "policy": policy.title,
                "kind": told.kind,
                "weight": told.weight,
                "wrong": told.wrong,
                "do": told.do,
                "clauses": list(told.clauses),
                "quotes": list(told.quotes),
                "source": told.source,
            }


def summary(home: Home, school: str | None, reviewed: Reviewed) -> str:
    """How much was found in a policy, in a line."""
    wording = wording_of(home.school(school))
    counts = Counter(told.weight for told in reviewed.found)
    parts = [
        f"{n} {wording.text('review_weight', weight=w).lower()}" for w, n in sorted(counts.items())
    ]
    return wording.text(
        "review_summary", title=reviewed.title, count=len(reviewed.found), counts=", ".join(parts)
    )


def weights(home: Home, school: str | None) -> dict[int, str]:
    """The weights of findings and what they are called."""
    wording = wording_of(home.school(school))
    return {w: wording.text("review_weight", weight=w) for w in (1, 2, 3)}


def write_page(home: Home, school: str | None, reviewed: Sequence[Reviewed], file: Path) -> None:
    """Write the review as one HTML page that needs nothing else, to read or to print."""
    page = _page(home, home.school(school), reviewed)
    try:
        file.write_text(page, "utf-8")
    except OSError as e:
        raise CannotDo(f"{file} cannot be written ({e.strerror}); check the folder") from e


def _page(home: Home, school: School, reviewed: Sequence[Reviewed]) -> str:
    from importlib.resources import files

    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([str(school.folder / "templates"), str(files("templates"))]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    today = datetime.now(ZoneInfo("Europe/London")).date()
    return environment.get_template("review/page.html.j2").render(
        school=school.name,
        policies=reviewed,
        weights=list(weights(home, school.id).items()),
        today=f"{today.day} {today:%B %Y}",
        newest=max(data("stale.toml")["editions"]["kcsie"]["in_force"]),
    )


def _is(wanted: str, path: Path, policy: Policy) -> bool:
    names = (policy.front.code, policy.front.title, path.stem, path.name)
    return wanted.casefold().strip() in (n.casefold() for n in names)


def _asked(home: Home, school: School) -> tuple[str, ...]:
    """What staff asked and got no answer to, and nobody has decided on."""
    from bot.policy.asked import Asked

    listed = Asked(home.questions_file(school.id)).listed()
    return tuple(q.text for q in listed if not q.clause and not q.answer)


def _facts(
    school: School, sheet: Sheet, asked: Sequence[str], today: date, calendar: SchoolCalendar
) -> Facts:
    from bot.people.reading import people_of
    from bot.policy.review import Dates, Facts, due_as_printed
    from bot.schedule.words import when_due

    def last_day(day: date | None, printed: str) -> date | None:
        return day or (when_due(printed, calendar) if printed else None)

    front = sheet.policy.front
    return Facts(
        today=today,
        nation=school.nation,
        dates=Dates(
            reviewed=last_day(front.reviewed or front.adopted, front.reviewed_as_printed),
            next_review=last_day(
                front.next_review, front.next_review_as_printed or due_as_printed(sheet)
            ),
        ),
        holders=tuple(p.name for p in people_of(school).persons if " " in p.name),
        asked=tuple(asked),
    )


def _reviewed(policy: Policy, found: Sequence[Finding], wording: Wording) -> Reviewed:
    front = policy.front
    day = front.reviewed or front.adopted
    sections = {c.id: " › ".join(c.section) for c in policy.clauses}
    return Reviewed(
        front.title,
        front.code,
        front.version,
        f"{day.day} {day:%B %Y}" if day else front.reviewed_as_printed,
        tuple(_told(finding, sections, wording) for finding in found),
    )


def _told(finding: Finding, sections: dict[str, str], wording: Wording) -> Told:
    wrong, *do = wording.lines(
        f"review/{finding.kind}",
        quotes=finding.quotes,
        clauses=finding.clauses,
        **dict(finding.said),
    )
    return Told(
        str(finding.kind),
        int(finding.weight),
        wrong,
        " ".join(do),
        finding.clauses,
        sections[finding.clauses[0]] if finding.clauses else "",
        finding.quotes,
        finding.source,
    )
