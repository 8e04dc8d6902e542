"""Which clauses answer a question, best first: what speaks for a clause, weighed by fitted weights.

The weights stand in `policy_text/fitted/weights.toml`, one a feature, fitted by `make fit` on labelled
questions; nothing here is tuned to one policy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import mul

from rapidfuzz.fuzz import token_set_ratio

from bot.policy import encoder, near_words, topics
from bot.policy.index import PEOPLE, Entry, Index
from bot.policy.lexicon import Speller, lexicon
from bot.policy.model import Strength
from bot.policy.question import Form, Question, core, understand
from bot.policy.topics import Subject

BY_WORDS = 30  # candidates taken for their words
BY_TOPIC = 20  # candidates taken for their topics
BY_MEANING = 30  # candidates taken because they point where the question does
TOPICS_TRIED = 5
_PEOPLE_OF_THE_SCHOOL = frozenset({"staff", "all", "governors", "volunteers", "leaders"})
_BAN = (Strength.MUST_NOT, Strength.SHOULD_NOT)
_DUTY = (Strength.MUST, Strength.SHOULD)
_LEAVE = (Strength.MAY, Strength.NEEDS_APPROVAL)
_TIME = re.compile(
    r"\b(annual|yearly|year|term|weeks?|days?|immediately|at once|soon|earliest|before|first|date|review|regular|"
    r"once|when|until|at all times|beginning|20\d\d|daily|monthly?|without delay|advance|age|under \d+)"
)
_SANCTION = re.compile(
    r"\b(disciplin|dismiss|misconduct|terminat|sanction|breach|consequence|action|ban|prosecut|criminal|barred|offence)"
)
_EXCEPTION = re.compile(
    r"\b(unless|except|exception|apart from|other than|providing|provided|only if|save)\b"
)
_MEANING = re.compile(
    r"\b(means?|defined|definition|includes?|including|such as|examples?|refers? to|covers?|applies)\b"
)


_OFFICIAL = re.compile(
    r"\b(official|school s account|school account|school(?:'s|’s) (?:\w+ )?account)\b"
)
_OWN = re.compile(r"\b(my|own|personal)\b")
# "18", "eighteen": the age of majority; a clause on past pupils often turns on it.
_GROWN = re.compile(
    r"\b(over|above|aged|turned|is|now|least|of) (18|eighteen)\b|\b(18|eighteen) (or|and) (over|older|above)\b"
    r"|\b(uni|university|grown up|adult now)\b"
)
_YOUNG = re.compile(
    r"\b(under|below|younger than|not yet|until they (?:are|turn)|reach(?:ed)?)(?: the age of)? (18|eighteen|sixteen|16)\b"
)
_AGED = re.compile(r"\b(?:aged|age|is|are|now|turned|hes|shes|just|only) (\d\d)\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question made ready for matching."""

    question: Question
    text: str  # its words, mended and with brand names folded
    units: tuple[str, ...]
    topics: Mapping[str, float]  # the chief ones
    subject: Subject
    direction: encoder.Floats  # where it points, read whole
    near: Sequence[near_words.Near]  # its words, each with others that mean much the same


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clause that might answer, and what speaks for it."""

    entry: Entry
    features: tuple[float, ...]
    score: float
    matched: tuple[str, ...]


def prepare(text: str, speller: Speller) -> Asked:
    """Read a question: its grammar, its units and its topics."""
    lex, text = lexicon(), core(text)
    typed = lex.expand(text)
    mended = speller.mend(typed)
    expanded = lex.expand(" ".join(mended))  # a mended word may be a name or an abbreviation
    read = encoder.read(
        " ".join(t if encoder.knows(t) else m for t, m in zip(typed, mended, strict=True))
    )
    subject = topics.of_question(expanded, read)
    return Asked(
        understand(text),
        " ".join(expanded),
        tuple(lex.units(expanded)),
        subject.chief,
        subject,
        read.direction,
        near_words.near(expanded),
    )


def candidates(asked: Asked, index: Index, weights: Mapping[str, float]) -> list[Candidate]:
    """The clauses that might answer, best first."""
    by_words = index.matching(asked.units, BY_WORDS)
    likely = list(asked.topics)[:TOPICS_TRIED]
    like = index.likenesses(asked.direction)
    nearest = nlargest(BY_MEANING, like, key=like.__getitem__)
    rows = dict.fromkeys([*by_words, *index.about(likely, BY_TOPIC), *nearest])
    entries = index.entries(rows)
    if not entries:
        return []
    rarity = _rarity(asked.units, index)
    vectors = _vectors(asked, entries, by_words, like, rarity)
    by_feature = [weights.get(name, 0.0) for name in FEATURES]
    found = [
        Candidate(e, v, sum(map(mul, by_feature, v)), _matched(asked, e, rarity))
        for e, v in zip(entries, vectors, strict=True)
    ]
    return sorted(found, key=lambda c: -c.score)


FEATURES = (
    "topic", "topic_relative", "topic_root", "topic_root_relative", "topic_log", "topic_first", "topic_any",
    "meaning", "meaning_relative", "words", "words_relative", "coverage", "coverage_concepts", "coverage_words", "coverage_back",
    "coverage_around", "coverage_before", "coverage_near", "rarest", "weight", "wording", "length", "breadth",
    "for_others", "for_asker", "not_for_asker", "school_only", "parents_only", "pupils_only",
    "age_fits", "age_clashes", "own_for_schools", "people_hit", "people_missed",
    "may_ban", "may_leave", "may_duty", "may_information", "what_duty", "what_information", "what_ban",
    "duty_duty", "duty_information", "who_route", "who_role", "who_information", "when_time", "outcome_sanction",
    "role_unasked", "exception", "what_meaning", "skip_duty", "sanction_unasked",
)  # fmt: skip


def _rarity(units: Sequence[str], index: Index) -> dict[str, float]:
    """How telling each unit is in this school's policies (inverse document frequency)."""
    counts, total = index.commonness(units), len(index)
    return {
        u: math.log(1 + (total - n + 0.5) / (n + 0.5)) for u in units for n in (counts.get(u, 0),)
    }


def _matched(asked: Asked, entry: Entry, rarity: Mapping[str, float]) -> tuple[str, ...]:
    shared = [u for u in asked.units if u in entry.units or u in entry.around]
    return tuple(sorted(shared, key=lambda u: -rarity[u]))


def _vectors(
    asked: Asked,
    entries: Sequence[Entry],
    by_words: Mapping[int, float],
    likenesses: Mapping[int, float],
    rarity: Mapping[str, float],
) -> list[tuple[float, ...]]:
    subject = asked.subject
    topic = [sum(map(mul, subject.spread, e.spread)) for e in entries]
    root = [sum(map(mul, subject.roots, e.roots)) for e in entries]
    like = [likenesses[e.rowid] for e in entries]
    most_like = max(like)
    best_topic, best_root = max(topic) or 1.0, max(root) or 1.0
    best_words = max(by_words.values(), default=0.0) or 1.0
    three = list(asked.topics)[:3]
    question = _QuestionSide(asked, rarity)
    return [
        (
            topic[i],
            topic[i] / best_topic,
            root[i],
            root[i] / best_root,
            math.log(topic[i] + 1e-3),
            e.topics.get(three[0], 0.0),
            max((e.topics.get(t, 0.0) for t in three), default=0.0),
            like[i],
            like[i] - most_like,
            by_words.get(e.rowid, 0.0) / 10,
            by_words.get(e.rowid, 0.0) / best_words,
            *question.words(e),
            *question.audience(e),
            *question.form(e),
        )
        for i, e in enumerate(entries)
    ]


def _age_of(text: str) -> tuple[bool, bool]:
    """Whether a text speaks of somebody 18 or over, and of somebody under 18."""
    ages = [int(n) for n in _AGED.findall(text)]
    grown = bool(_GROWN.search(text)) or any(18 <= a < 100 for a in ages)
    young = bool(_YOUNG.search(text)) or any(10 < a < 18 for a in ages)
    return grown, young


class _QuestionSide:
    """Features that compare one question with one clause after another."""

    def __init__(self, asked: Asked, rarity: Mapping[str, float]) -> None:
        self._asked = asked
        self._rarity = rarity
        self._total = sum(rarity.values()) or 1.0
        self._near_total = sum(near.weight for near in asked.near) or 1.0
        self._concepts = [u for u in asked.units if u[0] == "~"]
        self._words = [u for u in asked.units if u[0] != "~"]
        self._age_asked = _age_of(asked.text)
        self._people = PEOPLE & frozenset(asked.units)
        self._own = bool(_OWN.search(asked.text))

    def words(self, entry: Entry) -> tuple[float, ...]:
        own, around, rarity = entry.units, entry.around, self._rarity
        in_own = [u for u in self._asked.units if u in own]
        in_around = [u for u in self._asked.units if u in around and u not in own]
        text = entry.clause.text
        return (
            (sum(rarity[u] for u in in_own) + sum(rarity[u] for u in in_around)) / self._total,
            sum(u in own for u in self._concepts) / (len(self._concepts) or 1),
            sum(u in own for u in self._words) / (len(self._words) or 1),
            len(in_own) / (len(own) or 1),
            sum(rarity[u] for u in in_around) / self._total,
            sum(rarity[u] for u in self._asked.units if u in entry.before and u not in own)
            / self._total,
            self._near(own | around),
            max((rarity[u] for u in in_own), default=0.0) / 5,
            sum(rarity[u] for u in in_own) / 10,
            token_set_ratio(self._asked.text, text.lower()) / 100,
            len(text) / 300,
            len(own) / 30,
        )

    def _near(self, units: frozenset[str]) -> float:
        """How much of the question stands in a clause, in its own words or in others near in meaning."""
        return (
            sum(
                near.weight * max((near.stems[s] for s in near.stems.keys() & units), default=0.0)
                for near in self._asked.near
            )
            / self._near_total
        )

    def audience(self, entry: Entry) -> tuple[float, ...]:
        binds, about = frozenset(entry.clause.reading.binds), self._asked.question.about
        by_staff = about == "staff"
        for_staff = bool(binds & _PEOPLE_OF_THE_SCHOOL)
        text = entry.clause.text.lower()
        return (
            float(by_staff and not for_staff and binds != {"school"}),
            float(not by_staff and about in binds),
            float(not by_staff and about not in binds and "all" not in binds),
            float(by_staff and binds == {"school"}),
            float(by_staff and "parents" in binds and not for_staff),
            float(by_staff and "pupils" in binds and not for_staff),
            *self._age(entry),
            float(self._own and "own" not in text and bool(_OFFICIAL.search(text))),
            *self._people_fit(entry),
        )

    def _people_fit(self, entry: Entry) -> tuple[float, float]:
        """How far a clause speaks of the people the question names, and whether of others only."""
        named = self._people
        if not named or not entry.people:
            return 0.0, 0.0
        return len(named & entry.people) / len(named), float(not named & entry.people)

    def _age(self, entry: Entry) -> tuple[float, float]:
        """Whether a clause for under or over eighteens fits the age the question names."""
        grown, young = self._age_asked
        for_grown, for_young = _age_of(entry.clause.text.lower())
        fits = (grown and for_grown) or (young and for_young)
        clashes = (grown and for_young and not for_grown) or (young and for_grown and not for_young)
        return float(fits), float(clashes)

    def form(self, entry: Entry) -> tuple[float, ...]:
        form, reading = self._asked.question.form, entry.clause.reading
        strength, text = reading.strength, entry.clause.text.lower()
        may = form in (Form.MAY, Form.SKIP)
        what = form is Form.WHAT
        information = strength is Strength.INFORMATION
        sanction = bool(_SANCTION.search(text))
        return (
            float(may and strength in _BAN),
            float(may and strength in _LEAVE),
            float(may and strength in _DUTY),
            float(may and information),
            float(what and strength in _DUTY),
            float(what and information),
            float(what and strength in _BAN),
            float(form is Form.DUTY and strength in _DUTY),
            float(form is Form.DUTY and information),
            float(form is Form.WHO and bool(reading.route or reading.approver)),
            float(form is Form.WHO and entry.names_role),
            float(form is Form.WHO and information),
            float(form is Form.WHEN and bool(_TIME.search(text))),
            float(form is Form.OUTCOME and sanction),
            float(form is not Form.WHO and reading.route is not None),
            float(may and bool(_EXCEPTION.search(text))),
            float(what and bool(_MEANING.search(text))),
            float(form is Form.SKIP and strength in _DUTY),
            float(form is not Form.OUTCOME and information and sanction),
        )
