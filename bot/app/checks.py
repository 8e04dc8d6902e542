"""Proving that what is set up can work, before anyone relies on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bot.app.answers import Engine
from bot.config import Home, School, data
from bot.errors import MayIError
from bot.people.reading import list_findings, people_of
from bot.people.roster import SERVICE, TEAM, as_of
from bot.people.staff_list import Both
from bot.policy.index import Index
from bot.policy.reviewed import fronts_of
from bot.schedule.calendar import working_time
from bot.schedule.rules import OF_ONE
from handlers.reviews import review_day


def check(home: Home, now: datetime | None = None) -> list[str]:
    """What stands in the way of relying on this home, a line each."""
    from bot.app.site import the_time

    now = now or the_time()
    findings: list[str] = []
    for name in home.own_schools():
        try:
            findings.extend(_check_school(home, home.school(name), now))
        except MayIError as e:
            findings.append(f"{name}: {e}")
    if not home.own_schools():
        findings.append(f"{home.root}: no school is set up; make one with: mayi init SCHOOL")
    return findings


def _check_school(home: Home, school: School, now: datetime) -> Iterator[str]:
    if not school.policies:
        yield f"{school.id}: no policy; add one with: mayi policy import FILE --school {school.id}"
    listed = list_findings(school)
    held = _held(school, listed)
    for role in (school.contact, school.safeguarding_contact):
        if role not in held:
            yield f"{school.id}: nobody holds the role {role}; add a holder under [roles.{role}] in school.toml"
    index = Engine(home).index(school)
    for broken in index.broken:
        yield f"{school.id}: {broken.why}"
    for link in sorted(p for p in school.folder.glob("policies/*.md") if not p.is_file()):
        yield f"{link}: not a file; remove it or mend the link"
    if listed is not None:
        yield from (f"{school.id}: {line}" for line in (*listed.wrong, *listed.notes))
    if listed is None or not listed.wrong:
        yield from _check_people(school, now)
        yield from _check_reports(school, index)
        yield from _check_reminders(home, school, index, now)
        yield from _check_acknowledgements(school, index)
    for role, clause in _roles_told(index).items():
        if role in (school.contact, school.safeguarding_contact) or role in held:
            continue
        yield (
            f"{school.id}: {clause} sends staff to {school.role(role)}, and nobody holds that role; "
            f"add a holder under [roles.{role}] in school.toml"
        )
    yield from _check_calendar(home, school, now)
    yield from _check_keeping(school)


def _roles_told(index: Index) -> dict[str, str]:
    """Roles of the school that clauses send staff to, each with the first such clause."""
    kinds = data("roles.toml")
    told: dict[str, str] = {}
    for entry in index.all():
        for role in (entry.clause.reading.route, entry.clause.reading.approver):
            if role and kinds.get(role, {}).get("kind") == "school":
                told.setdefault(role, entry.clause.id)
    return told


def _held(school: School, listed: Both | None) -> set[str]:
    """The roles that school.toml or the staff list names a holder for."""
    by_list = {r for r, t in listed.roles.items() if t.get("holders")} if listed else set()
    return by_list | {role for role in school.roles if school.role(role).holder}


def _check_people(school: School, now: datetime) -> Iterator[str]:
    """Whether everybody can be reached, roles are held by people who are there, and lists mean somebody."""
    whole = people_of(school)
    people = as_of(whole, working_time(school).today(now))
    lost = [p.name for p in people.persons if p.group != SERVICE and not (p.email or p.accounts)]
    # Where nobody is listed at all, holders are names that answers show, and nothing is sent yet.
    if lost and ("people" in school.settings or "roster" in school.settings):
        yield (
            f"{school.id}: there is no way to reach {', '.join(lost)}: no mail address and no chat account; "
            "add one, or they hear of nothing"
        )
    for person in people.left:
        for role in whole.roles_of(person.id):
            yield (
                f"{school.id}: {person.name} left on {person.leaves} and is named as "
                f"{school.role(role).title}; name whoever came after"
            )
    for key, names in _lists(school):
        for name in people.unknown_members(names):
            yield (
                f"{school.id}: {key}: '{name[:60]}' is nobody here; use staff, governors, volunteers, "
                f"a role, a person's id or {TEAM}NAME"
            )


def _lists(school: School) -> Iterator[tuple[str, list[str]]]:
    """Every list in a school.toml of whom something is for, with its key."""
    found: list[tuple[str, Any]] = [
        (f"reminders.{name}.to", table.get("to"))
        for name, table in _table(school.settings.get("reminders")).items()
        if isinstance(table, dict)
    ]
    who = _table(school.settings.get("acknowledgements")).get("who")
    found += [(f"acknowledgements.who.{policy}", names) for policy, names in _table(who).items()]
    found.append(("acknowledgements.who", who))
    for key, names in found:
        if isinstance(names, list):
            yield key, [str(n) for n in names if n not in OF_ONE]


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _check_reports(school: School, index: Index) -> Iterator[str]:
    """Whether every report would reach somebody, and what the school's table says exists."""
    from bot.people.roles import CHOICE, GUIDANCE
    from bot.people.roster import LADO
    from bot.schedule.handover import patience_of

    people = people_of(school)
    working_time(school)
    patience_of(school)
    office = people.office(LADO)
    if office is None or not office.phone:
        yield (
            f"{school.id}: no number for the local authority's officer, where a report about the Chair "
            "ends; add phone under [outside.lado] in school.toml"
        )
    own = "routes" in school.settings.get("reports", {})
    for n, route in enumerate(people.routes if own else (), 1):
        if not any(people.holders(role) for role in route.to):
            yield f"{school.id}: reports.routes[{n}] leads to nobody; add a holder of {' or '.join(route.to)}"
        if route.source not in (CHOICE, GUIDANCE) and index.by_id(route.source) is None:
            yield (
                f"{school.id}: reports.routes[{n}] names clause {route.source}, which no policy has; "
                'correct it, or write source = "choice"'
            )
    for kind, table in school.settings.get("reports", {}).get("kinds", {}).items():
        if kind not in data("incidents.toml"):
            yield f"{school.id}: there is no kind of report '{kind}'; see policy_text/incidents.toml"
            continue
        for clause in (*table.get("now", ()), *table.get("checklist", ())):
            if index.by_id(clause) is None:
                yield f"{school.id}: reports.kinds.{kind} names clause {clause}, which no policy has"


def _check_keeping(school: School) -> Iterator[str]:
    """Whether anything is kept for a shorter time than law or guidance usually asks for."""
    from bot.schedule.keep import short_terms

    for line in short_terms(school):
        yield f"{school.id}: {line}"
    for kind, table in school.settings.get("reports", {}).get("kinds", {}).items():
        usual = data("incidents.toml").get(kind, {}).get("keep_years", 0)
        if table.get("keep_years", usual) < usual:
            yield (
                f"{school.id}: reports.kinds.{kind}.keep_years is {table['keep_years']}, and usually it is "
                f"{usual} or more; see policy_text/incidents.toml for why"
            )


def _check_calendar(home: Home, school: School, now: datetime) -> Iterator[str]:
    """Whether the calendar can be read, the feed reached, and whether it goes on."""
    from bot.app.calendars import calendar_of, wrong_with

    wrong = wrong_with(home, school, now)
    if wrong:
        yield f"{school.id}: {wrong}"
    try:
        calendar = calendar_of(home, school)
    except MayIError:  # named above
        return
    if calendar.ends is not None and calendar.ends < calendar.hours.today(now):
        yield (
            f"{school.id}: the calendar ends on {calendar.ends:%-d %B %Y}, and from then on MayI takes terms to be "
            "when they usually are; add the next school year's terms under [calendar] in school.toml"
        )


def _check_reminders(home: Home, school: School, index: Index, now: datetime) -> Iterator[str]:
    """Whether every reminder quotes a clause that exists and reaches somebody, and every review has a day."""
    from bot.app.calendars import calendar_of
    from bot.schedule.rules import reminders_of

    whole = people_of(school)
    people = as_of(whole, working_time(school).today(now))
    for rule in reminders_of(school).rules:
        key = f"{school.id}: reminders.{rule.name}"
        if rule.clause and index.by_id(rule.clause) is None:
            yield f"{key} quotes clause {rule.clause}, which no policy has; correct it"
        names = [name for name in rule.to if name not in OF_ONE]
        if names and not people.unknown_members(names) and not people.members(names):
            yield f"{key} is for nobody: there is no {' or '.join(names)}; change its to, or write off = true"
    try:
        calendar = calendar_of(home, school)
    except MayIError:  # named by _check_calendar
        return
    for slug, front in fronts_of(school.policies).items():
        if review_day(front, calendar) is None:
            yield (
                f"{school.id}: policies/{slug}.md says nowhere when it is to be reviewed; write next_review: and "
                "a date in it"
            )
        if not front.owner:
            yield (
                f"{school.id}: policies/{slug}.md has no owner, so {school.role(school.contact)} is reminded of "
                "its review; write owner: and a role in it"
            )
        elif not people.in_charge(front.owner):
            yield (
                f"{school.id}: policies/{slug}.md is owned by {school.role(front.owner)}, and nobody holds that "
                f"role; add a holder under [roles.{front.owner}] in school.toml"
            )


def _check_acknowledgements(school: School, index: Index) -> Iterator[str]:
    """Whether what is said to ask for reading and discussing stands in a policy."""
    from bot.schedule.rounds import asking_of

    asking = asking_of(school)
    if asking is None:
        return
    for key, clauses in (("clause", asking.clauses), ("discussion", asking.discussions)):
        for policy, clause in clauses.items():
            if index.by_id(clause) is None:
                yield (
                    f"{school.id}: acknowledgements.{key}: {policy} names clause {clause}, which no policy has; "
                    "correct it, or take it out"
                )
