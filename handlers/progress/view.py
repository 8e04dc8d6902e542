"""How the acknowledgements of a school stand: names for whoever leads people, numbers for governors, one's own for all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.model import Attachment, Button, Card, Event, Reply, Tone
from bot.errors import MayIError
from bot.records import acks, discussions
from bot.records.acks import Kind
from bot.records.discussions import Discussion
from bot.records.store import Transaction
from bot.schedule.rounds import Standing, asking_of
from handlers.acks.leading import Sight, sight
from handlers.acks.outstanding import Picture, may_except, picture
from handlers.progress.figures import began, figures, small
from handlers.progress.governors import sheet_of
from handlers.progress.governors_pdf import governors_pdf
from handlers.progress.tally import Column, Numbers, Row, bar, grouped, numbers, rows_of
from handlers.services import Services

FEW = 12  # names in a card of several teams
MOST = 60  # names in a card of one team
_SETTLED = frozenset({Column.CONFIRMED, Column.EXCEPTION})
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Team:
    """A line with a bar. `name` is empty for teams shown together, and for people without a team."""

    name: str
    n: Numbers
    bar: str


@dataclass(frozen=True, slots=True)
class View:
    """What one person sees of the roll."""

    found: Picture
    sees: Sight
    rows: tuple[Row, ...]  # of those whose numbers they see
    held: tuple[Discussion, ...]  # this year's

    def of(self, policy: str) -> tuple[Row, ...]:
        """The rows of a policy."""
        return tuple(r for r in self.rows if r.stand.policy == policy)

    def outstanding(self, policy: str) -> tuple[Row, ...]:
        """Those among them whose names they see and who have not settled the policy."""
        return tuple(
            r
            for r in self.of(policy)
            if r.stand.person.id in self.sees.named and r.column not in _SETTLED
        )


async def show_acks(event: Event, rest: str, services: Services) -> Reply:
    """See who has confirmed the policies: your team, and yourself."""
    if services.person is None:
        return services.refuse()
    words, typed = services.wording, rest.strip()
    store = await services.records()
    async with store.writing() as tx:
        view = await _view(tx, services)
        if view is None:
            return Reply((Card(words.text("acknowledge_off", school=services.school.name)),))
        own = await _own(tx, view.found, services)
    if typed and view.sees.leads:
        if typed not in view.found.texts:
            text = words.text("acks_names", part="which", typed=typed[:60])
            return Reply((Card(text),))
        return Reply(_names(typed, view, services))
    cards = []
    if view.sees.leads:
        cards = [_progress(p, view, services) for p in view.found.texts if view.of(p)]
        if cards:
            last = cards[-1]
            cards[-1] = _with(last, _next(view, services))
    return Reply((*cards, own))


async def acks_report(event: Event, rest: str, services: Services) -> Reply:
    """Get the report on acknowledgements for governors, as PDF."""
    if services.person is None:
        return services.refuse()
    words = services.wording
    if not sight(services.person, services.people()).report:
        return Reply((Card(words.text("acks_report_refused")),))
    store = await services.records()
    async with store.writing() as tx:
        found = await picture(tx, services)
        if found is None:
            return Reply((Card(words.text("acknowledge_off", school=services.school.name)),))
        sheet = sheet_of(await figures(tx, found, services), words)
    name = f"acknowledgements-{services.school.id}-{services.today}.pdf"
    return Reply(
        (Card(words.text("acks_report_made"), Tone.DO),),
        files=(Attachment(name, governors_pdf(sheet)),),
    )


async def home_progress(services: Services) -> Card | None:
    """What stands at home for somebody who leads people; None where they do not, or nothing is asked."""
    try:
        if (
            services.person is None
            or asking_of(services.school) is None
            or not sight(services.person, services.people()).leads
        ):
            return None
        store = await services.records()
        async with store.writing() as tx:
            view = await _view(tx, services)
    except MayIError as e:  # home shows the rest
        log.warning("%s", e)
        return None
    if view is None or not view.rows:
        return None
    policies = [
        Team(view.found.texts[p].shown.title, n := numbers(view.of(p)), bar(n.confirmed, n.roll))
        for p in view.found.texts
        if view.of(p)
    ]
    lines = services.wording.lines("home_acks", policies=policies)
    button = Button(services.wording.text("home_acks_button"), "/acks")
    return Card(lines[0], lines=lines[1:], buttons=(button,))


async def _view(tx: Transaction, services: Services) -> View | None:
    """What whoever is talking sees; None where the school asks nobody."""
    assert services.person is not None
    found = await picture(tx, services)
    if found is None:
        return None
    sees = sight(services.person, services.people())
    rows: tuple[Row, ...] = ()
    held: list[Discussion] = []
    if sees.leads:
        rows = await rows_of(tx, found, services)
        if not sees.numbers:
            rows = tuple(r for r in rows if r.stand.person.id in sees.named)
        first = began(found, services)
        held = await discussions.since(tx.conn, tx.sealer, services.school.id, first)
    return View(found, sees, rows, tuple(held))


def _progress(policy: str, view: View, services: Services) -> Card:
    """How one policy stands, with a bar a team, and who is outstanding where they are few."""
    words, rows = services.wording, view.of(policy)
    there = {t.id for d in view.held if d.policy == policy for t in d.told.there}
    asks = policy in view.found.asking.discussions
    due = max((r.stand.due for r in rows if r.stand.due), default=None)
    merged, teams = _teams(rows, view)
    lines = words.lines(
        "acks_card",
        title=view.found.texts[policy].shown.title,
        n=numbers(rows),
        due=due,
        today=services.today,
        teams=teams,
        merged=merged,
        together=words.text("acks_team", which="together"),
        without=words.text("acks_team", which="without"),
        discussed=sum(r.stand.person.id in there for r in rows) if there or asks else None,
    )
    open_ = view.outstanding(policy)
    shown = [_person(r, services) for r in open_[:FEW]]
    buttons = []
    if len(open_) > FEW:
        shown.append(words.text("acks_names", part="more", more=len(open_) - FEW))
        label = words.text("acks_names", part="all_button", number=len(open_))
        buttons.append(Button(label, f"/acks {policy}"))
    tone = Tone.YES if not numbers(rows).outstanding else Tone.PLAIN
    return Card(lines[0], tone, lines=(*lines[1:], *shown), buttons=tuple(buttons))


def _names(policy: str, view: View, services: Services) -> tuple[Card, ...]:
    """Everybody outstanding, a card a team."""
    words, title = services.wording, view.found.texts[policy].shown.title
    open_ = view.outstanding(policy)
    if not open_:
        return (Card(words.text("acks_names", part="nobody", title=title)),)
    cards = [Card(words.text("acks_names", part="heading", title=title, number=len(open_)))]
    for name, rows in grouped(open_, lambda r: r.team).items():
        team = name or words.text("acks_team", which="without")
        for n in range(0, len(rows), MOST):
            lines = tuple(_person(r, services) for r in rows[n : n + MOST])
            cards.append(Card(team, lines=lines))
    return (*cards[:-1], _with(cards[-1], _next(view, services)))


def _person(row: Row, services: Services) -> str:
    stand = row.stand
    return services.wording.text(
        "acks_person",
        name=stand.person.name,
        column=row.column.value,
        asked=services.local(stand.asked) if stand.asked else None,
        sent=services.local(row.sent) if row.sent else None,
        reminded=row.reminded,
        away=stand.standing is Standing.ABSENT,
    )


def _teams(rows: Sequence[Row], view: View) -> tuple[bool, list[Team]]:
    """A line a team; for who sees numbers only, small teams together. Whether any are shown together."""
    teams = grouped(rows, lambda r: r.team)
    everybody = {r.stand.person.id for r in rows} <= view.sees.named
    together = [] if everybody else small(teams)
    found = [(name, numbers(mine)) for name, mine in teams.items() if name not in together]
    if together:
        found.append(("", numbers(r for name in together for r in teams[name])))
    return bool(together), [Team(name, n, bar(n.confirmed, n.roll)) for name, n in found]


def _next(view: View, services: Services) -> tuple[Button, ...]:
    """What somebody who leads people can do from here."""
    assert services.person is not None
    words, me, people = services.wording, services.person.id, services.people()
    buttons = []
    owing = {r.stand.person.id for r in view.rows if r.stand.owed} & view.sees.named
    if any(may_except(me, p, people) for p in owing):
        buttons.append(Button(words.text("except_button"), "/acknowledge-except"))
    if view.sees.named:
        buttons.append(Button(words.text("discussion_button"), "/discussion"))
    if view.sees.report:
        buttons.append(Button(words.text("acks_report_button"), "/acks-report"))
    return tuple(buttons)


async def _own(tx: Transaction, found: Picture, services: Services) -> Card:
    """What whoever is talking has confirmed, the latest of each policy, and what awaits them."""
    assert services.person is not None
    words, me = services.wording, services.person.id
    said = await acks.all_of(tx.conn, tx.sealer, services.school.id, person=me)
    mine = {a.policy: a for a in said if a.kind is Kind.CONFIRMED}
    own = [s for s in found.stands if s.person.id == me]
    lines = words.lines(
        "acks_own",
        mine=[
            {
                "title": a.said.title,
                "version": a.said.version,
                "at": services.local(a.at),
                "reference": a.reference,
            }
            for a in mine.values()
        ],
        excepted=[s.title for s in own if s.standing is Standing.EXCEPTED],
        owed=[s.title for s in own if s.owed],
    )
    several = len(mine) > 1
    buttons = [
        Button(
            words.text("certificate_button", title=a.said.title if several else ""),
            f"/certificate {a.reference}",
        )
        for a in mine.values()
    ]
    if any(s.owed for s in own):
        buttons.insert(0, Button(words.text("acknowledge_button"), "/acknowledge"))
    return Card(lines[0], lines=lines[1:], buttons=tuple(buttons))


def _with(card: Card, buttons: Sequence[Button]) -> Card:
    return Card(card.headline, card.tone, lines=card.lines, buttons=(*card.buttons, *buttons))
