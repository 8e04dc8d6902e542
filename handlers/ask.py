"""A staff question -> the clause, the verdict at the clause's strength, and whom to ask."""

from __future__ import annotations

from bot.chat.model import Button, Card, Event, Quote, Reply, Tone
from bot.config import data
from bot.policy.answer import ABOVE_THE_HEAD, Answer, Found, Verdict
from bot.policy.asked import Why
from bot.policy.index import Entry
from bot.policy.question import LONGEST, clean
from handlers.services import Services

SHOWN_BESIDE = 2  # other clauses shown under the first …
NEAR = 0.4  # … where they score at least this share of it
NOT_THAT = "/not-that"


async def ask(event: Event, rest: str, services: Services) -> Reply:
    """Ask whether you may do something, and see the clause of your own school's policy."""
    rest = clean(rest)
    if not any(c.isalnum() for c in rest):
        return Reply((Card(services.wording.text("empty")),))
    if len(rest) > LONGEST:
        return Reply((Card(services.wording.text("too_long")),))
    text = services.memory.complete(event.conversation, rest)
    services.memory.keep(event.conversation, text)
    decided = _decided(text, services)
    if decided:
        return Reply((decided,))
    answer = services.answer(text)
    several = sorted((answer, *answer.also), key=lambda a: a.position)
    for one in several:
        # What tells of an incident is not kept: the list is read for the policy's sake.
        listed = one.verdict is Verdict.NOT_COVERED and not _discloses(one)
        if listed and not services.memory.reporting(event.person):
            services.note(one.question, Why.UNANSWERED)
    cards = tuple(card for one in several for card in _cards(one, services))
    if services.memory.reporting(
        event.person
    ):  # what was meant for the report may have landed here
        go_on = Button(services.wording.text("home_draft_button"), "/report-incident")
        cards = (Card(services.wording.text("report_open"), buttons=(go_on,)), *cards)
    if len(several) > 1:
        opening = services.wording.lines("several", count=len(several), unread=answer.unread)
        return Reply((Card(opening[0], lines=opening[1:]), *cards))
    return Reply(cards)


async def not_that(event: Event, rest: str, services: Services) -> Reply:
    """Say that the last answer was not what you asked."""
    last = rest or services.memory.last(event.conversation)
    if not last:
        return Reply((Card(services.wording.text("nothing_asked")),))
    kept = bool(services.school.keep_questions) and not _discloses(services.answer(last))
    if kept:
        services.note(last, Why.NOT_THAT)
    role = services.role(services.school.contact)
    return Reply((Card(services.wording.text("not_that", role=role, kept=kept)),))


def _decided(text: str, services: Services) -> Card | None:
    """The answer the school wrote itself, or the clause it points such a question to."""
    decided = services.decided(text)
    if decided is None:
        return None
    words = services.wording
    if decided.answer:
        return Card(words.text("own_answer", answer=decided.answer), Tone.DO)
    entry = services.clause(decided.clause)
    if entry is None:  # withdrawn since: the engine answers again
        return None
    return Card(words.text("own_clause"), Tone.DO, quotes=(quote(entry, services),))


def _cards(answer: Answer, services: Services) -> tuple[Card, ...]:
    card = (
        _not_covered(answer, services)
        if answer.verdict is Verdict.NOT_COVERED
        else _covered(answer, services)
    )
    now = _now(answer, services)
    return (now, card) if now else (card,)


def _covered(answer: Answer, services: Services) -> Card:
    words, best = services.wording, answer.found[0]
    reading = best.entry.clause.reading
    contact = services.role(_contact(answer, services))
    lines: list[str] = []
    if answer.conflict:
        lines.append(words.text("conflict", role=contact))
    if answer.tell and answer.verdict is Verdict.ONLY_IF:
        lines.append(words.text("whom_to_ask", role=services.role(answer.tell)))
    elif answer.tell:
        lines.append(words.text("whom_to_tell", role=services.role(answer.tell)))
    else:
        lines.append(words.text("ask_if_unsure", role=contact))
    headline = words.text(
        "headline",
        verdict=answer.verdict,
        strength=answer.strength,
        skips=answer.skips,
        approver=services.role(reading.approver) if reading.approver else "",
    )
    return Card(
        headline=_asked(answer, headline),
        tone=Tone(answer.verdict.value),
        quotes=tuple(quote(f.entry, services) for f in _shown(answer)),
        lines=tuple(lines),
        details=words.lines("why", words=_readable(best.matched)),
        buttons=(Button(words.text("not_that_button"), f"{NOT_THAT} {answer.question}"),),
    )


def _shown(answer: Answer) -> list[Found]:
    """The first clause, and those beside it that come near: a stray one would only confuse."""
    best = answer.found[0]
    beside = [f for f in answer.found[1:] if f.score >= NEAR * best.score]
    return [best, *beside[:SHOWN_BESIDE]]


def _discloses(answer: Answer) -> bool:
    """Whether a question tells of something that belongs in a report, not on a list."""
    return bool(answer.incident or answer.careful or answer.of_head)


def _contact(answer: Answer, services: Services) -> str:
    """Whom to ask in doubt: the school's contact, never the person the question is about."""
    return ABOVE_THE_HEAD if answer.of_head else services.school.contact


def _not_covered(answer: Answer, services: Services) -> Card:
    words = services.wording
    role = services.role(answer.tell or _contact(answer, services))
    headline = words.text("not_covered", school=services.school.name)
    lines = [words.text("whom_to_ask", role=role)]
    if answer.elsewhere:
        lines.append(words.text("elsewhere", documents=answer.elsewhere))
    reporting = services.person is not None and services.memory.reporting(services.person.id)
    if services.school.keep_questions and not _discloses(answer) and not reporting:
        lines.append(words.text("passed_on"))
    return Card(_asked(answer, headline), Tone.NOT_COVERED, lines=tuple(lines))


def _now(answer: Answer, services: Services) -> Card | None:
    """What to do now, before any clause, where the question is really an incident."""
    kinds = data("incidents.toml")
    kind = "indecent-images" if answer.careful else answer.incident
    if kind is None:
        return None
    urgent = kinds[kind].get("urgent") or not answer.tell
    role = services.school.safeguarding_contact if urgent and not answer.of_head else answer.tell
    text = services.wording.text(
        kinds[kind].get("advice", "now_report"),
        role=services.role(role or _contact(answer, services)),
        guidance=services.guidance[kinds[kind].get("guidance", "safeguarding")],
    )
    report = Button(services.wording.text("report_it_button"), f"/report-incident {kind}")
    return Card(text, Tone.URGENT, buttons=(report,))


def _asked(answer: Answer, headline: str) -> str:
    """The headline, under its question where several were asked at once."""
    return f"{answer.question}\n{headline}" if answer.position else headline


def quote(entry: Entry, services: Services) -> Quote:
    clause, policy = entry.clause, entry.policy
    source = services.wording.text(
        "source",
        policy=policy.title,
        section=" › ".join(clause.section),
        id=clause.id,
        version=policy.version,
        dated=policy.dated,
    )
    return Quote(clause.text, source, clause.lead_in or "")


def _readable(matched: tuple[str, ...]) -> list[str]:
    """The words an answer was found by: concepts by their names, everything once."""
    return list(dict.fromkeys(m.lstrip("~") for m in matched))
