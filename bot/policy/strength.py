"""How strongly a sentence speaks, by the tables of `forces`.

A sentence's force is the first match in it (the main clause comes first once a leading "if ...," is
set aside); patterns that match at the same place are taken in the order of the table. Permission
that someone must give counts wherever it stands. What has no force at all is information.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.policy import forces
from bot.policy.model import Strength
from bot.policy.sentences import sentences

_MN, _SN = Strength.MUST_NOT, Strength.SHOULD_NOT
_M, _S, _MAY = Strength.MUST, Strength.SHOULD, Strength.MAY
_INFO = Strength.INFORMATION


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Lower case, straight quotes, and the short forms of "not" written out."""
    straight = text.replace("’", "'").replace("‘", "'").lower()
    for short, full in (("won't", "will not"), ("can't", "cannot"), ("can not", "cannot")):
        straight = straight.replace(short, full)
    return straight.replace("n't", " not").replace("dont ", "do not ").replace('"', "")


def stated(sentence: str) -> Strength | None:
    """Find the force that the sentence states in a main clause of its own; None if none."""
    text = plain(sentence)
    if forces.NO_NEED.search(text):
        return _MAY
    if any(pattern.search(text) for pattern in forces.APPROVALS):
        return Strength.NEEDS_APPROVAL
    main = _main_clause(text)
    if forces.BREAKERS.match(main):
        return _INFO
    consequence = forces.CONSEQUENCE.search(main)
    if consequence is not None and forces.BREACH.match(main):
        return _INFO
    if implied := forces.IMPLIED_BAN.match(forces.TOLD_THAT.sub("", main, count=1)):
        return _MN if implied["what"] == "prosecution" else _SN
    found = _earliest(main, forces.FORCES) or _earliest(main, forces.FAINT)
    if consequence is not None and (found is None or consequence.start() <= found[1]):
        return _INFO
    return None if found is None else found[0]


def commanded(sentence: str) -> Strength | None:
    """Find the force of a command ("Do not ...", "Report ..."); None if it is not one."""
    text = plain(sentence)
    if forces.DEFINES.match(text):
        return None
    for start in _starts(text):
        if forces.PLEASE.match(start):
            return _SN
        if forces.FORBIDS.match(start):
            return _MN
        if forces.LEAVES.match(start):
            return _SN
        if start.startswith("please "):
            return _S
        if forces.AWARENESS.match(start):
            return _S
        first = start.split(" ", 1)[0].strip(",.;'")
        if first in forces.COMMANDS and not forces.NOUN_NEXT.match(start) and " " in start:
            return _M
    return None


def of_sentence(sentence: str) -> Strength | None:
    """Weigh what the sentence says by itself; a command is read before the modals inside it."""
    said, command = stated(sentence), commanded(sentence)
    if said is Strength.NEEDS_APPROVAL or (command is _S and _tells_consequence(sentence)):
        return said
    return said if command is None else command


def _tells_consequence(sentence: str) -> bool:
    """Know "Be aware that a breach will lead to ...": the awareness is of a sanction."""
    text = plain(sentence)
    return forces.BREACH.match(text) is not None and forces.CONSEQUENCE.search(text) is not None


def of_lead(lead: str) -> Strength | None:
    """Find the force that a lead-in lends its items, the inner parts of a nested one weighed last.

    A part left open ("You may:") is read as if it ended in "do so".
    """
    force: Strength | None = None
    for part in _lead_parts(lead):
        inner = stated(part)
        if inner is None or inner is _INFO:
            inner = commanded(part) or inner or (_MAY if practised(part) is _MAY else None)
        force = combined(force, inner)
    if force is None and forces.AIMS.search(plain(lead)):
        return _INFO
    return force


def lends_nothing(lead: str) -> bool:
    """Know "These rules should be followed": the rules then speak for themselves."""
    return forces.RULES_FOLLOW.search(plain(lead)) is not None


def combined(outer: Strength | None, inner: Strength | None) -> Strength | None:
    """Combine the force of words with their lead-in's: its "not" stays, and its should or must."""
    if outer is None or outer is _INFO:
        return outer if inner is None else inner
    if inner is None or inner is _INFO:
        return outer
    if outer is _MAY and inner in (_MN, _SN):
        return inner
    if outer in (_MN, _SN, _MAY, Strength.NEEDS_APPROVAL) or inner is Strength.NEEDS_APPROVAL:
        return inner if inner is Strength.NEEDS_APPROVAL else outer
    negative = inner in (_MN, _SN)
    if outer is _M:
        return _MN if negative else (inner if inner is _S else _M)
    return _SN if negative else _S


def of_text(text: str, lead: str | None, heading: str = "") -> Strength:
    """How strongly a clause speaks, its lead-in considered; under "Our vision" nothing commands."""
    if lead is not None and forces.LAWS.match(plain(lead)) and of_lead(lead) in (None, _INFO):
        return _INFO
    if (told := _in_a_cell(text)) is not None:
        return told
    outer = None if lead is None or lends_nothing(lead) else of_lead(lead)
    if outer is None and forces.VISION.search(plain(heading)):
        outer = _INFO
    said = [_under(outer, part) for part in sentences(text)]
    spoken = [force for force in said if force not in (None, _INFO)]
    if not spoken and outer is None:
        spoken = [force for force in map(practised, sentences(text)) if force is not None]
    if Strength.NEEDS_APPROVAL in spoken:
        return Strength.NEEDS_APPROVAL
    return spoken[0] if spoken and spoken[0] is not None else _INFO


def _in_a_cell(text: str) -> Strength | None:
    """Find the force that a row of a table has in a cell of its own ("… | MAY | …"); None if none."""
    cells = [plain(cell).strip(" .*") for cell in text.split(" | ")]
    return next((forces.CELLS[c] for c in cells[1:] if c in forces.CELLS), None)


def practised(sentence: str) -> Strength | None:
    """Find the rule that the present tense tells ("Phones stay in lockers"); None if none."""
    if stated(sentence) is not None or forces.DEFINES.match(plain(sentence)):
        return None
    found = _earliest(_main_clause(plain(sentence)), forces.PRACTICE)
    return None if found is None else found[0]


def _under(outer: Strength | None, sentence: str) -> Strength | None:
    said, command = stated(sentence), commanded(sentence)
    if outer is None:
        return of_sentence(sentence)
    if said is Strength.NEEDS_APPROVAL:
        return said
    if command is not None and not _tells_consequence(sentence):
        return outer if outer is _INFO else combined(outer, command)
    if forces.FRAGMENT.match(sentence) and outer in (_MN, _SN, _INFO):
        return outer
    if said is None or (said is _INFO and not forces.BREACH.match(plain(sentence))):
        return outer
    return said


def _main_clause(text: str) -> str:
    main = forces.OPENING.sub("", text, count=1) if text[:1] in "'(\"–-" else text
    for _ in range(3):
        shorter = forces.CONDITION.sub("", main, count=1)
        if shorter == main or not shorter or forces.TRAILS.match(shorter):
            break
        if forces.MODAL.match(main[: -len(shorter)]) and not _earliest(shorter, forces.FORCES):
            break
        main = shorter
    return main


def _earliest(main: str, table: tuple[forces.Rule, ...]) -> tuple[Strength, int] | None:
    best: tuple[Strength, int] | None = None
    for rule in table:
        found = rule.pattern.search(main)
        if found is not None and (best is None or found.start() < best[1]):
            best = (rule.strength, found.start())
    return best


def _starts(text: str) -> tuple[str, ...]:
    """Where a command may begin: at the start, after "If ...,", after "Label –"."""
    bare = text.lstrip("'(\"–- ")
    found = [bare, _main_clause(bare)]
    if label := forces.LABEL.match(bare):
        found.append(bare[label.end() :])
    if forces.CONDITION.match(bare):
        found += [bare[comma.end() :] for comma in re.finditer(r", ", bare)]
    return tuple(dict.fromkeys(found))


def _lead_parts(lead: str) -> list[str]:
    parts = [part for part in re.split(r":\s+|:$", lead) if part.strip()]
    return [f"{sentence} do so" for part in parts for sentence in sentences(part)]
