"""The pages on which a policy is read and confirmed: what changed first, then every clause, then the statement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.chat.model import Button, Field, FieldKind, Form, Option, Quote
from bot.policy.quiz import Question, Says, questions
from bot.policy.readable import Changed, Passage, Readable, changes, pages
from handlers.acks.outstanding import Picture, Stand, Text
from handlers.fields import one
from handlers.services import Services

SHOWN = 24  # hex digits of a text's hash that a page carries
_DIGEST = re.compile(f"[0-9a-f]{{{SHOWN}}}")
ASK = "ask"
_CHANGES_ON_A_PAGE = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is in a policy: what a page or its buttons say after their word."""

    policy: str
    digest: str  # the beginning of the hash of the text that was shown
    page: int
    person: str
    asked: int = 0  # questions asked from this page: a field asked from is empty again

    def __str__(self) -> str:
        return f"{self.policy} {self.digest} {self.page} {self.person} {self.asked}"

    @classmethod
    def of(cls, said: str) -> Place | None:
        """A place as it was said; None where it is none."""
        parts = said.rsplit(maxsplit=4)  # a policy's file name may hold spaces, and numbers
        numbers = [p for p in (*parts[2:3], *parts[4:5]) if p.isascii() and p.isdigit()]
        if len(parts) != 5 or len(numbers) != 2 or max(map(len, numbers)) > 6:
            return None
        if not _DIGEST.fullmatch(parts[1]):
            return None
        return cls(parts[0], parts[1], int(parts[2]), parts[3], int(parts[4]))


@dataclass(frozen=True, slots=True)
class Reading:
    """A policy before one person: in pages, against the text that they confirmed last."""

    stand: Stand
    text: Text
    before: Readable | None  # what they confirmed last, where that was another text
    known: bool  # they have confirmed this text or an earlier one before
    checks: tuple[Question, ...]
    year: int  # of asking, for which it will count
    found: Picture  # how this person stands with everything

    @property
    def changed(self) -> tuple[tuple[Changed, ...], ...]:
        """What changed, in pages; none where they read it for the first time or nothing did."""
        found = changes(self.before, self.text.shown) if self.before else ()
        return tuple(
            found[n : n + _CHANGES_ON_A_PAGE] for n in range(0, len(found), _CHANGES_ON_A_PAGE)
        )

    @property
    def whole(self) -> tuple[tuple[Passage, ...], ...]:
        """Every clause of it, in pages."""
        return pages(self.text.shown.passages)

    @property
    def last(self) -> int:
        """The number of the last page, on which it is confirmed."""
        return len(self.changed) + len(self.whole) - 1

    @property
    def digest(self) -> str:
        """What a page carries to tell the text it shows from every other."""
        return self.text.wording.digest[:SHOWN]


def checks_of(text: Text, number: int, person: str, year: int) -> tuple[Question, ...]:
    """The check questions that somebody gets with a text in a year: other ones than their colleagues."""
    return questions(text.policy.clauses, number, f"{text.wording.digest}:{person}:{year}")


def page_form(
    reading: Reading,
    page: int,
    services: Services,
    *,
    asked: int = 0,
    filled: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    moved: bool = False,
) -> Form:
    """One page of a policy. `moved`: the text changed while it was read, and this is the new one."""
    words = services.wording
    page = min(max(page, 0), reading.last)
    person = reading.stand.person.id
    here = Place(reading.stand.policy, reading.digest, page, person, asked)
    changed = reading.changed
    in_changes = page < len(changed)
    last = page == reading.last
    lines = list(
        words.lines(
            "acknowledge_page",
            title=reading.text.shown.title,
            version=reading.text.shown.version,
            page=page + 1,
            pages=reading.last + 1,
            changes=in_changes,
            known=reading.known,
            differs=bool(changed),
            last=last,
            moved=moved,
            today=services.today,
            due=reading.stand.due,
        )
    )
    if in_changes:
        quotes = _changes(changed[page], services)
    else:
        quotes = tuple(map(_quote, reading.whole[page - len(changed)]))
    fields = [
        *(_check(q, n, services, filled or {}, errors or {}) for n, q in enumerate(reading.checks, 1) if last),
        Field(ASK, words.text("acknowledge_field", field=ASK), FieldKind.LINE, optional=True),
    ]  # fmt: skip
    buttons = []
    if page:
        back = Place(here.policy, here.digest, page - 1, person)
        buttons.append(Button(words.text("report_back_button"), f"/acknowledge-read {back}"))
    elif reading.known and reading.last:
        end = Place(here.policy, here.digest, reading.last, person)
        buttons.append(Button(words.text("acknowledge_end_button"), f"/acknowledge-read {end}"))
    buttons.append(
        Button(words.text("acknowledge_question_button"), f"/acknowledge-question {here}")
    )
    return Form(
        title=words.text("acknowledge_title"),
        says=f"/acknowledge-page {here}",
        fields=tuple(fields),
        submit=words.text("acknowledge_submit", last=last),
        quotes=quotes,
        lines=tuple(lines),
        buttons=tuple(buttons),
    )


def wrong_answers(
    checks: Sequence[Question], values: Mapping[str, str | tuple[str, ...]], services: Services
) -> dict[str, str]:
    """What is wrong with the answers to the check questions, by field: the clause itself says what is right."""
    return {
        f"check-{n}": services.wording.text("acknowledge_wrong", text=q.clause.text, id=q.clause.id)
        for n, q in enumerate(checks, 1)
        if one(values.get(f"check-{n}", "")) != q.right
    }


def _check(
    question: Question,
    n: int,
    services: Services,
    filled: Mapping[str, str],
    errors: Mapping[str, str],
) -> Field:
    words, name = services.wording, f"check-{n}"
    options = tuple(Option(s, words.text("acknowledge_option", says=s)) for s in Says)
    label = words.text("acknowledge_check", text=question.text)
    return Field(
        name, label, FieldKind.CHOICE, options, filled.get(name, ""), error=errors.get(name, "")
    )


def _quote(passage: Passage) -> Quote:
    where = " · ".join(filter(None, (passage.id, " › ".join(passage.section))))
    return Quote(passage.text, where, passage.lead_in)


def _changes(found: Sequence[Changed], services: Services) -> tuple[Quote, ...]:
    """Each clause that changed, with what it said before beside it."""
    quotes = []
    for change in found:
        kind = "withdrawn" if change.after is None else "changed" if change.before else "new"
        both = [("before", change.before)] if kind == "changed" else []
        for what, passage in [*both, (kind, change.after or change.before)]:
            if passage is None:
                continue
            said = _quote(passage)
            source = services.wording.text("acknowledge_change", what=what, source=said.source)
            quotes.append(Quote(said.text, source, said.lead_in))
    return tuple(quotes)
