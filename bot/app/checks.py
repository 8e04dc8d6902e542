"""Proving that what is set up can work, before anyone relies on it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.app.answers import Engine
from bot.config import Home, School, data
from bot.errors import MayIError
from bot.policy.index import Index


def check(home: Home) -> list[str]:
    """What stands in the way of relying on this home, a line each."""
    findings: list[str] = []
    for name in home.own_schools():
        try:
            findings.extend(_check_school(home, home.school(name)))
        except MayIError as e:
            findings.append(f"{name}: {e}")
    if not home.own_schools():
        findings.append(f"{home.root}: no school is set up; make one with: mayi init SCHOOL")
    return findings


def _check_school(home: Home, school: School) -> Iterator[str]:
    if not school.policies:
        yield f"{school.id}: no policy; add one with: mayi policy import FILE --school {school.id}"
    for role in (school.contact, school.safeguarding_contact):
        if not school.role(role).holder:
            yield f"{school.id}: nobody holds the role {role}; add a holder under [roles.{role}] in school.toml"
    index = Engine(home).index(school)
    for broken in index.broken:
        yield f"{school.id}: {broken.why}"
    for link in sorted(p for p in school.folder.glob("policies/*.md") if not p.is_file()):
        yield f"{link}: not a file; remove it or mend the link"
    yield from _check_reports(school, index)
    for role, clause in _roles_told(index).items():
        if role in (school.contact, school.safeguarding_contact) or school.role(role).holder:
            continue
        yield (
            f"{school.id}: {clause} sends staff to {school.role(role)}, and nobody holds that role; "
            f"add a holder under [roles.{role}] in school.toml"
        )


def _roles_told(index: Index) -> dict[str, str]:
    """Roles of the school that clauses send staff to, each with the first such clause."""
    kinds = data("roles.toml")
    told: dict[str, str] = {}
    for entry in index.all():
        for role in (entry.clause.reading.route, entry.clause.reading.approver):
            if role and kinds.get(role, {}).get("kind") == "school":
                told.setdefault(role, entry.clause.id)
    return told


def _check_reports(school: School, index: Index) -> Iterator[str]:
    """Whether every report would reach somebody, and what the school's table says exists."""
    from bot.people.reading import people_of
    from bot.people.roles import CHOICE, GUIDANCE
    from bot.people.roster import LADO
    from bot.schedule.calendar import working_time
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
