"""A staff question -> the clause, the verdict at the clause's strength, and whom to ask."""

from __future__ import annotations

from bot.chat.model import Card, Event, Quote, Reply, Tone
from bot.policy.answer import Answer, Found, Verdict
from bot.policy.question import LONGEST
from handlers.services import Services

SHOWN_BESIDE = 2  # other clauses shown under the first


def ask(event: Event, rest: str, services: Services) -> Reply:
    """Ask whether you may do something, and see the clause of your own school's policy."""
    del event
    if not any(c.isalnum() for c in rest):
        return Reply((Card(services.wording.text("empty")),))
    if len(rest) > LONGEST:
        return Reply((Card(services.wording.text("too_long")),))
    answer = services.answer(rest)
    several = (answer, *answer.also)
    if len(several) == 1:
        return Reply((_card(answer, services),))
    opening = Card(services.wording.text("several", count=len(several)))
    in_order = sorted(several, key=lambda a: a.position)
    return Reply((opening, *(_card(a, services) for a in in_order)))


def _card(answer: Answer, services: Services) -> Card:
    if answer.verdict is Verdict.NOT_COVERED:
        return _not_covered(answer, services)
    words, best = services.wording, answer.found[0]
    reading = best.entry.clause.reading
    lines: list[str] = []
    if answer.conflict:
        lines.append(words.text("conflict", role=services.role(services.school.contact)))
    if answer.tell:
        lines.append(words.text("whom_to_tell", role=services.role(answer.tell)))
    else:
        lines.append(words.text("ask_if_unsure", role=services.role(services.school.contact)))
    headline = words.text(
        "headline",
        verdict=answer.verdict,
        strength=answer.strength,
        approver=services.role(reading.approver) if reading.approver else "",
    )
    return Card(
        headline=_asked(answer, headline),
        tone=Tone(answer.verdict.value),
        quotes=tuple(_quote(f, services) for f in answer.found[: 1 + SHOWN_BESIDE]),
        lines=tuple(lines),
        details=words.lines("why", words=_readable(best.matched)),
    )


def _not_covered(answer: Answer, services: Services) -> Card:
    words = services.wording
    role = services.role(answer.tell or services.school.contact)
    headline = words.text("not_covered", school=services.school.name)
    return Card(
        headline=_asked(answer, headline),
        tone=Tone.NOT_COVERED,
        lines=(words.text("whom_to_ask", role=role),),
    )


def _asked(answer: Answer, headline: str) -> str:
    """The headline, under its question where several were asked at once."""
    return f"{answer.question}\n{headline}" if answer.position else headline


def _quote(found: Found, services: Services) -> Quote:
    clause, policy = found.entry.clause, found.entry.policy
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
