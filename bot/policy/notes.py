"""Notes of whoever wrote a policy, left in what is published: questions among colleagues, orders to the typist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.policy.sheet import Part, Passage, Sheet, shortened

Hit = tuple[Passage, str]

_WORKING = re.compile(
    r"\b(?:excited|delighted|keen|happy) to be (?:part|trying|running|starting|launching|working)\b|\bhas agreed to help\b"
    r"|\b(?:to be (?:discussed|agreed|decided|confirmed) (?:at the (?:next|meeting)|by (?:SLT|governors at)|with (?:SLT|HR|the union))|"
    r"we need to (?:check|ask|discuss|decide|decide whether)|we could (?:also|maybe)|do we (?:want|need)|"
    r"(?:I am|I'm|I’m|we are|we're|we’re) not sure (?:if|whether)|note to self|draft only|"
    r"(?:needs?|still) (?:checking|updating|rewriting|rewording|to be (?:written|checked|updated|confirmed|agreed))|"
    r"(?:will|to) (?:be )?(?:add(?:ed)?|insert(?:ed)?|complete[d]?|confirm(?:ed)?) (?:this |here )?(?:later|once|when we))\b"
    r"|\b(?:NOTE|Note|N\.?B\.?|TODO|To do|ACTION|Action|Comment|QUERY|Query)(?: (?:for|to) [A-Z]\w+| from [A-Z]\w+)? ?(?:[:–—-]) ?(?=[a-z]*\b(?:check|add|ask|insert|update|remove|delete|confirm|amend|is|do|can|should we|need)\b)"
    r"|\b(?:NOTE|Note|Comment) (?:for|to|from) (?!staff|parents|pupils|all|the|users|governors|readers|carers|families|students|managers)[A-Z]\w+\b|\bNOTE (?:FOR|TO|FROM) [A-Z]+\b",
)
# What only somebody still at work writes between brackets
_AT_WORK = re.compile(
    r"\?|^(?:check|ask|insert|add|delete|remove|update|confirm|amend|move|reword|rewrite|tbc|todo|draft|needs?|still|do we|can we|should we|"
    r"is this|are we|note to|note:|nb|query|[A-Z]{2,3} to (?:confirm|check|add|ask)|[A-Z][a-z]+ to (?:confirm|check|add|ask|update|advise|decide|write|finish))\b"
    r"|\b(?:before (?:publishing|it goes|this goes|we publish)|wording|typo|this (?:bit|para|paragraph|section|line)|last year[’']s version|old version|to be (?:confirmed|agreed|checked|added|updated|inserted|completed)|"
    r"(?:not|wasn[’']t|isn[’']t) sure|I (?:think|have|am|don|will|can|would)|highlighted|track(?:ed)? changes|copied from|template)\b",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[(\[]{1,2}(?P<said>[^()\[\]]{6,300})(?:[)\]]|(?<=\?)$)")
_CALLED = re.compile(r"^[A-Z][a-z]+ ?[–—-] (?=[a-z])|^[A-Z]{2,3}: ")
# A bracket may hold what a reader asks himself, or an alternative for the reader
_ASKED_OF_READERS = re.compile(
    r"\b(?:you|your|yourself|the pupil|the child|is it|would)\b.*\?", re.IGNORECASE
)
_QUESTION = re.compile(r"\?\s*$")
_PLANS = re.compile(
    r"\b(?:are we (?:going|putting|ready|happy)|what are we|why (?:are|do|should) we|should we|how will we|will we be|"
    r"will (?:it|this) (?:take|put|cost|mean|work)|could this be|do we (?:need|want)|who (?:will|is going to) (?:do|run|look after))\b",
    re.IGNORECASE,
)


def notes(sheet: Sheet) -> Iterator[Hit]:
    """Find notes left in, with the words to quote."""
    for passage in sheet.passages:
        text = passage.text
        if passage.part is Part.HEADING:
            if _QUESTION.search(text) and _PLANS.search(text):
                yield passage, shortened(text)
            continue
        if found := _note(text):
            bracketed = found[0][0] in "(["
            yield passage, shortened(found[0]) if bracketed else shortened(text, found)


def _note(text: str) -> re.Match[str] | None:
    for found in _BRACKETED.finditer(text):
        said = found["said"].strip()
        readers = _ASKED_OF_READERS.search(said)
        if (_AT_WORK.search(said) or _CALLED.match(said)) and not readers and '"' not in said:
            return found
    return _WORKING.search(text)
