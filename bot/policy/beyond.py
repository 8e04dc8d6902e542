"""Whether a question goes beyond the leave a clause gives: another time or place, purpose, device, person, page or act.

Every rule here only ever withholds leave. Words are general English in tables; what a clause allows is read
from its own words, and whatever a question adds to them is not allowed by them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.policy.leave import CONDITION
from bot.policy.lexicon import lexicon, words
from bot.policy.model import Clause, Strength
from bot.policy.question import Question
from bot.policy.surroundings import (
    ACTS,
    ADULTS,
    AMONG,
    ANY_GADGET,
    ASKS_TO,
    AWAY,
    BECAUSE,
    BY_NAME,
    CONTENT,
    DENIED,
    EITHER,
    FOR_WHAT,
    FOR_WHOM,
    FRIEND_OF,
    FRIENDSHIP,
    GADGETS,
    HAS,
    I_ASK,
    IS_ONE,
    JOINED,
    KIN_FURTHER,
    KIN_NAMED,
    LISTENERS,
    MAY_REACH,
    NAMED_FEW,
    NOT_ONE,
    NOUNS,
    OF_PUPILS,
    OFFICIAL,
    ONES_CHILD,
    OTHERS_TOO,
    OWN_CHILD,
    OWN_ONE,
    OWN_PAGE,
    PARENT_ASKS,
    PARENT_OF,
    PARENTS_MAY,
    PEOPLE,
    PICTURES,
    PLACES,
    POWERS,
    PUPILS_ONE,
    PURPOSE,
    REACHES,
    SAMPLE,
    SCHOOLS_ONE,
    SITES,
    SITUATIONS,
    SOMEWHERE,
    SPEECH,
    THEIR_KIN,
    THEIR_OWN_ONE,
    TIMES,
    USES,
    WHERE_ASKED,
    WHILE,
    WIDER_KIN,
    WITH_PUPILS,
    YOUNG,
    Table,
)

_BAN = (Strength.MUST_NOT, Strength.SHOULD_NOT)


def beyond(question: Question, clause: Clause, rivals: Sequence[Clause] = ()) -> str:
    """Why a question goes beyond a clause's leave; empty where it does not.

    `rivals` are the other clauses that come near the question: a ban among them on what the leave does not
    name forbids it.
    """
    asked, text = _plain(question.text), _plain(f"{clause.lead_in or ''} {clause.text}")
    raw, part = f"{clause.lead_in or ''} {clause.text}".lower(), leave_part(clause)
    for why, goes in (
        ("limit", _outside(asked, part)),
        ("purpose", _another_purpose(asked, text)),
        ("device", _another_gadget(asked, text, question.about)),
        ("actor", _another_actor(question.about, asked, text, raw, part)),
        ("subject", _another_subject(asked, text, part)),
        ("page", _another_page(asked, text)),
        ("act", _another_act(asked, text) or _more_besides(question.text, text)),
        ("content", _content(asked, text, rivals)),
        ("rival", _forbidden_elsewhere(asked, text, rivals)),
    ):
        if goes:
            return why
    return ""


def silent(question: Question, clause: Clause) -> bool:
    """Whether a question says nothing of what a clause limits its leave to: then it is no plain yes."""
    asked, part = _plain(question.text), leave_part(clause)
    text = _plain(f"{clause.lead_in or ''} {clause.text}")
    limits = _marks(part, TIMES) | _marks(part, PLACES) | _marks(part, SITUATIONS)
    if limits and not limits & _everywhere(asked):
        return True
    few = NAMED_FEW.search(text)
    if few and few.group(1).rstrip("s") not in asked:
        return True
    if clause.lead_in and re.match(r"(?:if|when|where|unless|once)\b", clause.lead_in.lower()):
        return not _overlap(asked, _plain(clause.lead_in))
    return bool(CONTENT.search(asked) and not set(CONTENT.findall(asked)) & set(text.split()))


_APART_FROM = re.compile(
    r"\b(with the exception of|the only exceptions? (?:is|are)|excluding)\b(.*)"
)


def leave_part(clause: Clause) -> str:
    """The words that give leave, plain: of a ban its exception, else all but what it denies."""
    low = clause.text.lower()
    found = _APART_FROM.search(low) or CONDITION.search(low)
    if clause.reading.strength in _BAN and found:
        rest = found.group(2)
        first = not low[: found.start()].strip()
        return _plain(re.split(r", " if first else r"[.;]", rest, maxsplit=1)[0])
    parts = re.split(r"[.;]\s", low)
    kept = [p for p in parts if not re.search(r"\b(?:must|may|should|can)(?: ?not| never)\b", p)]
    return _plain(" ".join((clause.lead_in or "", *(kept or parts))))


def _plain(text: str) -> str:
    plain = " ".join(words(text.replace("-", " ")))
    return re.sub(r"\by(?:r )?(\d{1,2}s?)\b", r"year \1", plain)


def _marks(plain: str, table: Table) -> frozenset[str]:
    return frozenset(name for name, pattern in table.items() if pattern.search(plain))


def _everywhere(plain: str) -> frozenset[str]:
    return _marks(plain, TIMES) | _marks(plain, PLACES) | _marks(plain, SITUATIONS)


def _company(plain: str) -> frozenset[str]:
    bare = AWAY.sub(" ", plain)
    return frozenset({"pupils"} if AMONG.search(bare) or WHILE.search(bare) else ())


def _named(asked: str) -> tuple[frozenset[str], frozenset[str]]:
    """The circumstances a question says hold, and those it says do not."""
    tables = {**TIMES, **PLACES, **SITUATIONS}
    denied = {n for n, p in tables.items() if re.search(DENIED + f"(?:{p.pattern})", asked)}
    return (_everywhere(asked) | _company(asked)) - denied, frozenset(denied)


def _outside(asked: str, part: str) -> bool:
    """Whether a question stands outside the time, place, situation or company that leave is limited to."""
    if SAMPLE.search(part):
        return False
    part = EITHER.sub(" ", part)
    times, places, rare = _marks(part, TIMES), _marks(part, PLACES), _marks(part, SITUATIONS)
    away = bool(AWAY.search(part))
    holds, denied = _named(asked)
    if denied & (times | places | rare):
        return True
    if times and (holds & frozenset(TIMES)) - times:
        return True
    if places and (holds & frozenset(PLACES)) - places:
        return True
    if times and away and set(SOMEWHERE.findall(asked)) - set(part.split()):
        return True
    if times or away or places - {"visit"}:
        return bool((holds & WITH_PUPILS) - times - places)
    return bool(places and (holds & WITH_PUPILS) - places - {"pupils", "duty"})


def _overlap(one: str, other: str) -> bool:
    return bool(set(_units(one)) & set(_units(other)))


def _another_purpose(asked: str, text: str) -> bool:
    """Whether leave for one purpose is asked for another."""
    reason = BECAUSE.search(asked)
    if reason and not _overlap(
        re.sub(r"\b(?:parents?|pupils?|staff|i|we)\b", " ", reason[1]), text
    ):
        return True
    purpose = PURPOSE.search(text)
    if not purpose:
        return False
    rest = ASKS_TO.sub(" ", asked)
    named = [m.strip() for m in FOR_WHAT.findall(rest) if not FOR_WHOM.search(m)]
    if "emergenc" in text:
        text = f"{text} 999 112 ambulance"
    if re.search(r"\bsocial (?:network|media)", text):
        text = f"{text} facebook"
    if any(not _overlap(what, text) for what in named if len(what) > 1):
        return True
    return bool(_marks(asked, LISTENERS) - _marks(text, LISTENERS)) and bool(
        re.search(r"\b(?:contact|touch|communicat\w+|emergenc\w+)\b", text)
    )


def _another_gadget(asked: str, text: str, about: str) -> bool:
    """Whether it is another kind of device, or another's, than the one leave is given for."""
    theirs = _marks(text, GADGETS)
    if theirs and not ANY_GADGET.search(text) and _marks(asked, GADGETS) - theirs:
        return True
    of_school, of_own = bool(SCHOOLS_ONE.search(text)), bool(THEIR_OWN_ONE.search(text))
    if SCHOOLS_ONE.search(asked) and of_own and not of_school:
        return True
    if OWN_ONE.search(asked) and of_school and not of_own:
        return True
    return bool(about != "pupils" and PUPILS_ONE.search(asked) and not PUPILS_ONE.search(text))


def _another_actor(about: str, asked: str, text: str, raw: str, part: str) -> bool:
    """Whether leave for some is asked by, or for, somebody else."""
    if any(w.rstrip("s") in text for w in NOT_ONE.findall(asked) if len(w) > 3):
        return True
    few, says = NAMED_FEW.search(text), IS_ONE.search(asked)
    if few and says and says.group(1)[:5] not in text:
        return True
    if POWERS.search(raw) and I_ASK.search(asked) and about == "staff":
        return True
    of_parents = PARENTS_MAY.search(text) and about not in ("parents", "all")
    if of_parents and not PARENT_ASKS.search(asked):
        return True
    return about == "pupils" and bool(ADULTS.search(part)) and not YOUNG.search(part)


def _another_subject(asked: str, text: str, part: str) -> bool:
    """Whether leave for some people is asked for others: a friend of a relative, the child of a parent."""
    rest = FRIENDSHIP.sub(" ", asked)
    if OWN_CHILD.search(part) and not WIDER_KIN.search(part):
        if OTHERS_TOO.search(rest) or KIN_FURTHER.search(rest):
            return True
        return not ONES_CHILD.search(asked)
    if OWN_CHILD.search(part) or WIDER_KIN.search(part):
        close = re.search(r"\b(?:close (?:relatives?|family)|related)\b", part)
        if close and not re.search(r"\b(?:my|our|own|relat\w+|famil\w+|parent|mum|dad)\b", asked):
            return True
        if FRIEND_OF.search(rest) and not FRIEND_OF.search(FRIENDSHIP.sub(" ", part)):
            return True
    if not ACTS["befriend"].search(text) and not re.search(r"\bformer|\bcontact|\bengag", text):
        return False
    if re.search(r"\bformer (?:pupil|student)", text):
        return bool(THEIR_KIN.search(rest) or re.search(r"\bin year \d", asked))
    if KIN_NAMED.search(text):
        return False
    # A clause on grown people says nothing of children.
    rest = PARENT_OF.sub(" ", asked)
    return bool(THEIR_KIN.search(rest)) or bool(
        re.search(rf"\b(?!class\b|form\b){PEOPLE}\b|\b(?:sons?|daughters?)\b", rest)
    )


def _another_page(asked: str, text: str) -> bool:
    """Whether leave for the school's own page or account is asked for another."""
    if OWN_PAGE.search(asked):
        if OFFICIAL.search(text) and not re.search(r"\b(?:own|personal|private)\b", text):
            return True
        if PICTURES.search(asked) and OF_PUPILS.search(asked):
            return not OWN_PAGE.search(text)
    if not OFFICIAL.search(text):
        return False
    sites = [m["site"] for m in SITES.finditer(asked) if m["site"]]
    return any(site not in text for site in sites) and bool(
        _marks(NOUNS.sub(" ", asked), ACTS) & {"publish", "take"} or CONTENT.search(asked)
    )


def _acts(plain: str) -> frozenset[str]:
    return _marks(NOUNS.sub(" ", plain), ACTS)


def _another_act(asked: str, text: str) -> bool:
    """Whether a question names an act that the clause does not: "… and then put it on my page"."""
    plain = re.sub(r"\bkeep (?:\w+ ){0,3}?on\b", "leave on", asked)
    theirs = _acts(text)
    if re.search(r"\b(?:express\w*|views?|state|contribut\w+|discuss\w*)\b", text):
        theirs |= {"publish"}
    if PICTURES.search(text) and (_marks(text, GADGETS) or ANY_GADGET.search(text)):
        theirs |= {"take"}
    if re.search(r"\b(?:contact\w*|engag\w+|connect\w*|requests?|related|chats?)\b", text):
        theirs |= {"befriend"}
    named = _acts(re.sub(r"\b(?:use|used|using|mention\w*)\b", " ", plain))
    if "befriend" in named and not re.search(
        r"\b(?:accept|accepting|befriend\w*|add|adding|follow|following|friends (?:online )?with|let \w+ in)\b",
        plain,
    ):
        named -= {"befriend"}
    if named - theirs:
        return True
    if USES.search(asked) and HAS.search(text) and not USES.search(text):
        return True
    return bool(REACHES.search(asked)) and not MAY_REACH.search(text) and "befriend" not in theirs


def _more_besides(question: str, text: str) -> bool:
    """Whether what follows "and", "then" or "but" in the sentence that asks shares no word with the clause."""
    asks = [
        s for s in re.split(r"(?<=[?.!])\s+", question.strip()) if WHERE_ASKED.search(_plain(s))
    ]
    if not asks:
        return False
    plain = _plain(asks[-1])
    begun = WHERE_ASKED.search(plain)
    parts = JOINED.split(plain[begun.end() :] if begun else plain)[1:]
    return any(_units(part) and not _overlap(part, text) for part in parts)


def _units(plain: str) -> list[str]:
    lex = lexicon()
    return lex.units(lex.expand(plain))


def _content(asked: str, text: str, rivals: Sequence[Clause]) -> bool:
    """Whether what is to be said there is named, and forbidden by another clause."""
    if BY_NAME.search(asked) and not BY_NAME.search(text):
        return True
    if CONTENT.search(asked) and not SPEECH.search(text):
        return True
    about = {w.rstrip("s") for w in CONTENT.findall(asked)} - {w.rstrip("s") for w in text.split()}
    if not about:
        return False
    return any(
        about & {w.rstrip("s") for w in words(f"{r.lead_in or ''} {r.text}")}
        for r in rivals
        if r.reading.strength in _BAN
    )


def _forbidden_elsewhere(asked: str, text: str, rivals: Sequence[Clause]) -> bool:
    """Whether another clause forbids it where, or on what, it is asked for, and this one does not name that."""
    named = _particular(asked) - _particular(text)
    return bool(named) and any(
        named & _particular(_banned(r)) for r in rivals if r.reading.strength in _BAN
    )


def _banned(clause: Clause) -> str:
    """The words of a ban before what it excepts."""
    low = clause.text.lower()
    found = CONDITION.search(low)
    if found and low[: found.start()].strip():
        low = low[: found.start()]
    return _plain(f"{clause.lead_in or ''} {low}")


def _particular(plain: str) -> frozenset[str]:
    found = set(_everywhere(plain) | _company(plain))
    if OWN_ONE.search(plain) or THEIR_OWN_ONE.search(plain):
        found.add("own device")
    if OWN_PAGE.search(plain) and PICTURES.search(plain):
        found.add("own page")
    return frozenset(found)
