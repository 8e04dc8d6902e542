"""Who stands how with which policy: the roster, the policy files and what was confirmed, laid together.

Nobody whom a policy is asked of is missing from it. Whether somebody was asked, was sent something and has
read it are three things; only a confirmation of their own is the last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial

from bot.config import School
from bot.people.roster import HEAD, SERVICE, People, Person
from bot.policy.model import Policy
from bot.policy.readable import (
    Readable,
    policies_of,
    read_text,
    readable,
    same_rules,
    text_of,
)
from bot.records import acks, items
from bot.records.acks import SETTLES, Kind, Round, Signed, Wording
from bot.records.store import Transaction
from bot.schedule.rounds import (
    Asking,
    Given,
    Reader,
    Standing,
    asking_of,
    deadline,
    early_for,
    standings,
    year_on,
)
from handlers.services import Services

_ASKS = frozenset({Kind.QUESTION, Kind.DECLINED})
LONGEST_ID = 200  # of an occurrence, in the records


@dataclass(frozen=True, slots=True)
class Text:
    """A policy as it is at this moment, and the record of its text."""

    policy: Policy
    shown: Readable
    wording: Wording


@dataclass(frozen=True, slots=True)
class Stand:
    """How one person stands with one policy that is asked of them."""

    person: Person
    policy: str  # its file's stem
    title: str
    standing: Standing
    wording: Wording  # the text that is to be confirmed
    signed: Signed | None  # the confirmation, else the exception, that holds
    asked: datetime | None  # when it was decided to ask them: neither sent nor read
    due: date | None
    question: bool  # they asked its owner, or cannot agree, and have not confirmed since
    again: bool  # they confirmed another text of it this year, which has changed since

    @property
    def owed(self) -> bool:
        """Whether it is still to be confirmed, whether or not they are there to do so."""
        return self.standing in (Standing.OUTSTANDING, Standing.ABSENT)


@dataclass(frozen=True, slots=True)
class Picture:
    """How everybody of a school, or one person, stands at one moment."""

    asking: Asking
    year: int  # of asking
    early: int | None  # the next one, where it is near enough to confirm for it already
    texts: Mapping[str, Text]
    stands: tuple[Stand, ...]
    rounds: tuple[Round, ...]

    def owed_by(self, person: str) -> tuple[Stand, ...]:
        """What somebody has still to confirm."""
        return tuple(s for s in self.stands if s.person.id == person and s.owed)


async def picture(tx: Transaction, services: Services, person: str = "") -> Picture | None:
    """How everybody stands, or one person; None where the school asks nobody.

    A text that was not seen before is written down. A policy file that cannot be read is left out.
    """
    school = services.school
    asking = asking_of(school)
    if asking is None:
        return None
    calendar, today = services.calendar(), services.today
    year = year_on(asking, calendar, today)
    texts = await _texts(tx, services, asking)
    readers = _readers(services, asking, tuple(texts), person)
    signed = await acks.signed(tx.conn, school.id, person=person, since=year)
    epochs = {policy: text.wording.epoch for policy, text in texts.items()}
    found = standings(
        (r for _, r in readers),
        epochs,
        [Given(s.person, s.policy, s.epoch, s.year, s.kind is Kind.CONFIRMED)
         for s in signed if s.kind in SETTLES],
        year,
    )  # fmt: skip
    holds = _holding(signed, epochs, year)
    said = {(s.person, s.policy, s.epoch): s.kind for s in signed}  # the last of each
    confirmed: dict[tuple[str, str], set[int]] = {}
    for s in signed:
        if s.kind is Kind.CONFIRMED:
            confirmed.setdefault((s.person, s.policy), set()).add(s.epoch)
    rounds = tuple(await acks.rounds_of(tx.conn, school.id))
    ids = {pair: asking_id(school, pair[0], pair[1], year, epochs[pair[1]]) for pair in found}
    asked = await items.decided(tx.conn, school.id, ids.values())
    by_id = {p.id: p for p, _ in readers}
    by_when = cache(partial(deadline, asking, calendar))  # most were asked on the same day
    stands = []
    for (who, policy), standing in found.items():
        text, when = texts[policy], asked.get(ids[who, policy])
        due = _latest(rounds, policy, year, text.wording.epoch)
        if when is not None:
            own = by_when(services.local(when).date())
            due = max(due, own) if due else own
        stands.append(
            Stand(
                person=by_id[who],
                policy=policy,
                title=text.shown.title,
                standing=standing,
                wording=text.wording,
                signed=holds.get((who, policy)),
                asked=when,
                due=due,
                question=said.get((who, policy, text.wording.epoch)) in _ASKS,
                again=bool(confirmed.get((who, policy), set()) - {text.wording.epoch}),
            )
        )
    early = early_for(asking, calendar, today)
    return Picture(asking, year, early, texts, tuple(stands), rounds)


def asking_id(school: School, person: str, policy: str, year: int, epoch: int) -> str:
    """What it is known by that somebody is asked for a policy, in a year and for an epoch of its text."""
    return _fitting(f"{school.id}:ack:{policy}:{year}:e{epoch}:{person}", school)


def step_id(school: School, person: str, policy: str, year: int, epoch: int, step: int) -> str:
    """The same of one of the reminders after it."""
    return _fitting(f"{asking_id(school, person, policy, year, epoch)}:{step}d", school)


def leader_of(person: str, people: People) -> str:
    """The id of whoever hears that somebody has not confirmed: the first they answer to, else the Headteacher."""
    heads = tuple(i for i in people.in_charge(HEAD) if i != person)
    return next(iter((*people.leaders(person), *heads)), "")


def may_except(leader: str, person: str, people: People) -> bool:
    """Whether somebody may declare an exception for another: they are in their line, or the Headteacher."""
    if leader == person:
        return False
    return leader in people.lines(person) or leader in people.in_charge(HEAD)


# --- the parts of it -----------------------------------------------------------------------------------


async def _texts(tx: Transaction, services: Services, asking: Asking) -> dict[str, Text]:
    """Every policy that is to be confirmed, as its file is now; in name order."""
    known = await acks.current(tx.conn, services.school.id)
    found = {}
    for slug, policy in policies_of(services.school.policies).items():
        if not asking.wants(slug) or not policy.clauses:
            continue
        shown = readable(policy)
        text = text_of(shown)
        wording = known.get(slug)
        if wording is None or wording.digest != acks.digest_of(text):
            wording = await acks.see(
                tx,
                school=services.school.id,
                policy=slug,
                title=shown.title,
                version=shown.version,
                text=text,
                keeps=partial(keeps_signatures, policy=policy),
                now=services.now,
            )
        found[slug] = Text(policy, shown, wording)
    return found


def keeps_signatures(before: str, policy: Policy) -> bool:
    """Whether who confirmed the text `before` need not confirm this version: it says the same, or is minor."""
    front = policy.front
    return (bool(front.minor) and front.minor == front.version) or same_rules(
        read_text(before), readable(policy)
    )


def _readers(
    services: Services, asking: Asking, policies: Sequence[str], only: str
) -> list[tuple[Person, Reader]]:
    people, today = services.people(), services.today
    lists: dict[tuple[str, ...], set[str]] = {}
    for policy in policies:
        lists.setdefault(asking.whom(policy), set()).add(policy)
    asked_of: dict[str, set[str]] = {}
    for who, of in lists.items():
        for person in people.members(who):
            asked_of.setdefault(person.id, set()).update(of)
    return [
        (
            p,
            Reader(
                id=p.id,
                policies=frozenset(asked_of[p.id]),
                here=p.at_work(today),
                away=p.away_until(today) is not None,
                account=p.group == SERVICE,
            ),
        )
        for p in people.persons
        if p.id in asked_of and only in ("", p.id)
    ]


def _holding(
    signed: Sequence[Signed], epochs: Mapping[str, int], year: int
) -> dict[tuple[str, str], Signed]:
    """What each person stands by: their own confirmation before any exception."""
    found: dict[tuple[str, str], Signed] = {}
    for s in signed:
        if s.kind not in SETTLES or s.year < year or epochs.get(s.policy) != s.epoch:
            continue
        before = found.get((s.person, s.policy))
        if before is None or before.kind is Kind.EXCEPTED:
            found[s.person, s.policy] = s
    return found


def _latest(rounds: Sequence[Round], policy: str, year: int, epoch: int) -> date | None:
    return max(
        (r.due for r in rounds if r.policy == policy and r.cause in (str(year), f"e{epoch}")),
        default=None,
    )


def _fitting(id_: str, school: School) -> str:
    if len(id_) <= LONGEST_ID:
        return id_
    return f"{school.id}:ack:{hashlib.sha256(id_.encode('utf-8', 'replace')).hexdigest()}"
