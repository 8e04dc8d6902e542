"""Recording that a policy was read and discussed: by whoever leads people, of those who were there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from bot.chat.model import Card, Event, Field, FieldKind, Form, Option, Quote, Reply, Tone
from bot.people.roster import GOVERNORS, Person
from bot.records import discussions
from bot.records.discussions import There, Told
from bot.schedule.words import when_due
from handlers.acks.leading import sight
from handlers.acks.outstanding import Picture, Text, picture
from handlers.ask import quote
from handlers.fields import many, one, text_of
from handlers.services import Services

OLDEST = timedelta(days=365)  # a discussion of longer ago is none of this year
LONGEST = 2_000  # characters of what was agreed
ALL = "all"
MOST_AT_ONCE = 100  # people that can be chosen from in one field


async def discussion(event: Event, rest: str, services: Services) -> Reply:
    """Record that a policy was read and discussed."""
    found, people = await _surroundings(services)
    if isinstance(found, Reply):
        return found
    policy, team = one(event.values.get("policy", "")), one(event.values.get("team", ""))
    policies, teams = list(found.texts), _teams(people)
    policy = policy or (policies[0] if len(policies) == 1 else rest.strip())
    team = team or (next(iter(teams)) if len(teams) == 1 else "")
    if policy in found.texts and team in teams:
        return Reply(form=_form(found.texts[policy], team, teams[team], found, services))
    wrong = {n for n, v in (("policy", policy), ("team", team)) if v and event.values}
    return Reply(form=_choose(policy, team, teams, wrong, found, services))


async def keep_discussion(event: Event, rest: str, services: Services) -> Reply:
    """Keep that a policy was read and discussed."""
    found, people = await _surroundings(services)
    if isinstance(found, Reply):
        return found
    policy, _, team = rest.rpartition(" ")  # a policy's file name may hold spaces
    teams = _teams(people)
    if policy not in found.texts or team not in teams:
        return await discussion(event, "", services)
    assert services.person is not None
    text, words = found.texts[policy], services.wording
    chosen = set(many(event.values.get("there", ())))
    there = [p for p in teams[team] if p.id in chosen]
    points, typed = text_of(event.values.get("points", "")), text_of(event.values.get("on", ""))
    on = _day(typed, services.today)
    first = services.today - OLDEST
    wrong = set()
    if on is None or not first <= on <= services.today:
        wrong.add("on")
    if not there:
        wrong.add("there")
    if len(points) > LONGEST:
        wrong.add("points")
    if wrong or on is None:
        filled: dict[str, str | tuple[str, ...]] = {
            "on": typed,
            "there": tuple(p.id for p in there),
            "points": points[:LONGEST],
        }
        return Reply(form=_form(text, team, teams[team], found, services, filled, wrong))
    told = Told(
        title=text.wording.title,
        version=text.wording.version,
        by_name=services.person.name,
        there=tuple(There(p.id, p.name, p.team) for p in there),
        clause=found.asking.discussions.get(policy, ""),
        points=points,
    )
    store = await services.records()
    async with store.writing() as tx:
        kept, made = await discussions.add(
            tx,
            school=services.school.id,
            policy=policy,
            digest=text.wording.digest,
            on=on,
            person=services.person.id,
            told=told,
            once=_once(policy, on, services.person, told),
            now=services.now,
        )
    owing = {s.person.id for s in found.stands if s.policy == policy and s.owed}
    lines = words.lines(
        "discussion_kept",
        made=made,
        title=text.wording.title,
        on=kept.on,
        number=len(kept.told.there),
        reference=kept.reference,
        owing=len(owing.intersection(p.id for p in there)),
    )
    return Reply((Card(lines[0], Tone.DO, lines=lines[1:]),))


async def _surroundings(services: Services) -> tuple[Picture | Reply, tuple[Person, ...]]:
    """How everybody stands, and whom whoever is talking leads; what they are told where that is nobody."""
    if services.person is None:
        return services.refuse(), ()
    words, people = services.wording, services.people()
    named = sight(services.person, people).named - {services.person.id}
    if not named:
        return Reply((Card(words.text("discussion_refused")),)), ()
    store = await services.records()
    async with store.writing() as tx:
        found = await picture(tx, services)
    if found is None or not found.texts:
        return Reply((Card(words.text("acknowledge_off", school=services.school.name)),)), ()
    ours, me = named | {services.person.id}, services.person
    there = (
        p
        for p in people.persons
        if p.id in ours
        and p.at_work(services.today)
        and (p.group != GOVERNORS or me.group == GOVERNORS)  # governors are not their team
    )
    return found, tuple(there)


def _teams(people: Sequence[Person]) -> dict[str, tuple[Person, ...]]:
    """Whom a discussion can have been with, by a key that a form carries: everybody first, then a team each."""
    teams: dict[str, list[Person]] = {}
    for person in people:
        teams.setdefault(person.team, []).append(person)
    found = {_key(name): tuple(teams[name]) for name in sorted(teams, key=str.casefold)}
    if len(people) <= MOST_AT_ONCE:
        return {ALL: tuple(people)} | (found if len(found) > 1 else {})
    return found


def _choose(
    policy: str,
    team: str,
    teams: Mapping[str, Sequence[Person]],
    wrong: set[str],
    found: Picture,
    services: Services,
) -> Form:
    """Which policy, and whom it was discussed with."""
    words = services.wording

    def label(key: str) -> str:
        if key == ALL:
            return words.text("discussion_field", field="everybody", number=len(teams[key]))
        return teams[key][0].team or words.text("discussion_field", field="without")

    policies = tuple(Option(p, t.shown.title) for p, t in found.texts.items())
    fields = []
    if len(policies) > 1:
        fields.append(_field("policy", FieldKind.CHOICE, services, policies, policy, wrong))
    if len(teams) > 1:
        options = tuple(Option(key, label(key)) for key in teams)
        fields.append(_field("team", FieldKind.CHOICE, services, options, team, wrong))
    return Form(
        title=words.text("discussion_field", field="title"),
        says=f"/discussion {policy}".strip(),
        fields=tuple(fields),
        submit=words.text("discussion_field", field="next"),
    )


def _form(
    text: Text,
    team: str,
    people: Sequence[Person],
    found: Picture,
    services: Services,
    filled: Mapping[str, str | tuple[str, ...]] | None = None,
    wrong: set[str] | frozenset[str] = frozenset(),
) -> Form:
    """When it was, and who was there: everybody who is at work, unless somebody takes them out."""
    words, policy = services.wording, text.wording.policy
    held = filled or {
        "on": services.today.isoformat(),
        "there": tuple(p.id for p in people if p.away_until(services.today) is None),
    }
    options = tuple(Option(p.id, p.name) for p in people)
    clause = _clause(policy, found, services)
    return Form(
        title=words.text("discussion_field", field="title"),
        says=f"/keep-discussion {policy} {team}",
        fields=(
            _field("on", FieldKind.LINE, services, (), held.get("on", ""), wrong),
            _field("there", FieldKind.CHOICES, services, options, held.get("there", ()), wrong),
            _field("points", FieldKind.TEXT, services, (), held.get("points", ""), wrong),
        ),
        submit=words.text("discussion_field", field="submit"),
        quotes=(clause,) if clause else (),
        lines=words.lines(
            "discussion_opening",
            title=text.shown.title,
            version=text.shown.version,
            clause=clause is not None,
        ),
    )


def _field(
    name: str,
    kind: FieldKind,
    services: Services,
    options: tuple[Option, ...],
    value: str | tuple[str, ...],
    wrong: set[str] | frozenset[str],
) -> Field:
    label, *hint = services.wording.lines("discussion_field", field=name)
    error = ""
    if name in wrong:
        first = services.today - OLDEST
        error = services.wording.text("discussion_wrong", field=name, first=first, most=LONGEST)
    return Field(
        name, label, kind, options, value, " ".join(hint), optional=name == "points", error=error
    )


def _clause(policy: str, found: Picture, services: Services) -> Quote | None:
    """The clause by which the policy itself asks for it; None where the school's own records do."""
    entry = services.clause(found.asking.discussions.get(policy, ""))
    return quote(entry, services) if entry else None


def _key(team: str) -> str:
    return hashlib.blake2b(team.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _once(policy: str, on: date, person: Person, told: Told) -> str:
    """What the same form sent twice is known by."""
    said = (policy, on.isoformat(), person.id, told.points, *sorted(t.id for t in told.there))
    return hashlib.sha256("\0".join(said).encode("utf-8", "replace")).hexdigest()


def _day(text: str, today: date) -> date | None:
    """A day gone by, as people type it: today, yesterday, 3 November, 03/11/2026."""
    said = text.strip().casefold()
    if said in ("today", "yesterday"):
        return today - timedelta(days=said == "yesterday")
    if not re.search(r"\b[0-3]?\d(st|nd|rd|th)?\b", said):  # a month alone is no day
        return None
    found = when_due(said)
    if found is None and (with_year := when_due(f"{said} {today.year}")) is not None:
        return with_year if with_year <= today else when_due(f"{said} {today.year - 1}")
    return found
