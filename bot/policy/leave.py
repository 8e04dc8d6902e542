"""Whether a clause gives leave, on what it hangs, and whether a question says that it does not hold.

Leave is given on the clause's own words alone. Whatever the words allow, a question that names what they
leave out (another network, one's own telephone, an age not yet reached) gets none from them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.policy.lexicon import lexicon, words
from bot.policy.model import Clause, Strength
from bot.policy.question import Question

_BAN = (Strength.MUST_NOT, Strength.SHOULD_NOT)
_DUTY = (Strength.MUST, Strength.SHOULD)
CONDITION = re.compile(
    r"\b(unless|except|apart from|save (?:that|if|in|for|where)|other than|provided(?! (?:by|to|with|for|in|at)\b)|providing(?! (?:a|an|the)\b)|"
    r"only (?:if|when|after|with|once|where|for|in|on|by)|as long as|so long as|"
    r"but (?:may|can|only)|(?<!even )without)\b(.*)"
)
WORDS_OF_LEAVE = re.compile(
    r"\b(may|can|could|allowed|permitted|free to|welcome|encouraged|need not|not (?:apply|prevent|banned|need))\b"
)
# What "may" befall somebody is no leave.
_THREAT = re.compile(
    r"\bmay (?:also |then )?(?:be|lead|result|face|amount|constitute)\b[^.;]*"
    r"\b(?:disciplin|dismiss|misconduct|prosecut|referred|sanction)"
)
# A rule that says of whom or what it does not hold.
EXEMPTS = re.compile(
    r"\b(?:exceptions? to|not (?:caught|covered|affected|bound|stopped|prevented) by|free to|encouraged to|welcome to|"
    r"nothing (?:here|in this \w+) (?:\w+ ){0,3}?(?:stops?|prevents?|prevent|bans?|forbids?)|(?:does|do|is) not (?:apply|intended to))\b"
)
# A duty to go to somebody before the act: the act is left to what they say.
ASKS_FIRST = re.compile(
    r"\b(?:contact|ask|consult|speak to|talk to|check with|seek)\b[^.;]*\b(?:first|before\w*|let you)\b"
    r"|\bbefore\b[^.;]*\b(?:ask|consult|speak|talk|check with|seek)\b"
)
# A ban that goes on to what is allowed for all that.
_APART = re.compile(
    r"(?:[;.,] |\b)(?:although|though|but|however|they|these|it|views?)\b[^.;]*\b(?:may|can)\b(?! (?:not|also lead|lead|result))[^.;]*"
)
# Leave that says when, how or for whom: "if the phone locks itself", "having told the office", "in aeroplane mode".
_QUALIFIED = re.compile(
    r"\b(if|having|subject to|on (?:the )?condition|on the same terms|once|until|in (?:\w+ )?mode|"
    r"(?:turned|switched) (?:off|on)|has been told|have been told|with (?:the|a|an|their|his|her|your) (?:\w+ ){0,2}"
    r"(?:agreement|approval|knowledge|permission|consent|leave)|but|although|though|however|only|so that|must|should)\b"
)
_BUT = re.compile(r"\b(?:but|however|though|although|nor|yet)\b|; ?")
_DENIED = re.compile(r"\b(?:not|never|no|nobody|none|nothing|without)\b")
_LEAVE_ASKED = r"(?:permission|consent\w*|agree\w*|approv\w*|authoris\w*|clearance|slip|form|the go ahead|signed|said yes)"
_WAIVES = re.compile(
    rf"\b(?:need not|(?:does|do|is|are) not (?:need|require|required|have)\w*)\b(?: \w+){{0,6}} {_LEAVE_ASKED}\b"
    rf"|\bneed not ask\b|\bno {_LEAVE_ASKED} (?:is|are) (?:needed|required|necessary)\b"
)
_UNMET = re.compile(
    # Not yet asked for, or never come back: without asking, never returned the form, havent got it signed.
    rf"\b(?:without|never|not|no|havent|hasnt|hadnt|didnt|dont|doesnt|wont|isnt|refus\w+|declin\w+|withdr\w+|"
    rf"withh\w+|n t|lack\w*|objected to)\b(?: [\w'’]+){{0,5}} {_LEAVE_ASKED}\b(?! of\b)"
    # The other way round: the form never came back, they said no.
    rf"|\b{_LEAVE_ASKED}\b(?: [\w'’]+){{0,4}} (?:refused|missing|never|withdrawn|withheld|not|denied|lost|outstanding|"
    r"hasnt|wasnt|isnt|didnt)\b"
    r"|\bsaid no\b|\b(?:parents?|mum|dad|mother|father|family|carers?|head\w*|they|she|he) (?:has |have |had )?"
    r"(?:objected|refused|declined|withdrawn|opted out)\b"
)

_OWN = re.compile(
    r"\b(?:own|my (?:phone|mobile|fone|camera|device|account|page|profile)|personal|private)\b"
)
_SCHOOLS = re.compile(
    r"\b(?:school|official|college|nursery|trust|work|house|academy)s? (?:\w+ )?"
    r"(?:mobile|phone|telephone|camera|device|tablet|account|page|email|equipment|ipad)s?\b|\bfrom the [\w ]*?(?:mobile|phone|telephone)\b|\bno other\b"
)
_DENIES = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|without|neither|nor|dont|doesnt|wont|isnt|arent|cant|avoid\w*|only|general\w*)\b"
)
_BREAK = re.compile(
    r"[.;]\s|,? (?=(?:but|although|though|except|save|unless|provided|providing|as long as|so long as|and from no|on condition)\b)"
)
_NUMBERS = {
    w: n
    for n, w in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
        "nineteen twenty".split(),
        1,
    )
} | {"a": 1, "an": 1}
_NUMBER = rf"(\d\d?|{'|'.join(_NUMBERS)})"
_AGE_NEEDED = re.compile(
    rf"\b(?:over|above|aged?|age of|reached|turned|turn|least|are|is) {_NUMBER}\b(?! (?:years?|months?|terms?|days?|weeks?)\b(?! (?:old|of age)))"
    rf"|\b{_NUMBER} (?:or|and) (?:over|older|above)\b"
)
_AGE_TOLD = re.compile(
    rf"\b(?:aged?|is|only|just|nearly|almost|now|still|turned|hes|shes|under|theyre|are|of) {_NUMBER}\b(?! (?:of|pupils|children|kids|months?|terms?|days?|weeks?|times)\b)(?! years? (?:ago|since))"
)
_UNDER = re.compile(r"\b(?:under|below|younger|until|up to)\b")
_LENGTH = {"year": 1.0, "month": 1 / 12, "term": 1 / 3, "week": 1 / 52, "day": 1 / 365}
_TIME_NEEDED = re.compile(
    rf"\b{_NUMBER} (?:full |whole |clear |academic |school )*(year|month|term|week|day)s?\b"
)
_TIME_TOLD = re.compile(rf"\b{_NUMBER} (?:\w+ )?(year|month|term|week|day)s? (?:ago|since|back)\b")
_LATELY = re.compile(
    r"\b(?:(?:last|this|in|since) (?:week|month|term|summer|easter|christmas|autumn|spring|july|june|august|year|friday)|just left|yesterday|"
    r"recently|recent leaver)\b"
)
# "My son's best friend" is no relative.
_THEIRS = re.compile(
    r"\b(?:his|her|their|\w+s|child|son|daughter|niece|nephew) (?:\w+ )?(?:friends?|mates?|classmates?|pals?|teammates?|girlfriend|boyfriend)\b"
)
_TURNS_AWAY = re.compile(
    r"\b(?:turn(?:ing)? (?:\w+ ){0,3}?(?:down|away)|declin(?:e|ing)|reject(?:ing)?|refus(?:e|ing)|block(?:ing)?|unfriend(?:ing)?|"
    r"ignor(?:e|ing)) (?:\w+ ){0,6}?(?:requests?|invitations?|invites?|friend\w*|follows?|followers?|connection|messages?|him|her|them)\b"
    r"|\b(?:stay|staying|keep|keeping) (?:silent|quiet|out of|off|away from|clear of)\b"
)
# Turned away, and yet let in: "accept it and then block her".
_NOT_DONE = re.compile(
    r"\b(?:refus\w+|declin\w+|stop\w*|avoid\w*|not|block\w*|ignor\w+|reject\w*)(?: (?:\w+ ){0,6}?from)?(?: to)?(?: be)? "
    r"(?:accept\w*|add\w*|follow\w*|friends?|befriend\w*|repl\w+|messag\w+)\b"
    r"|\b(?:friend|follow\w*) requests?\b|\bfollowers?\b|\bfriend requests?\b"
)
_LETS_IN = re.compile(
    r"\b(?:accept(?:ed|ing|s)?|add(?:ed|ing|s)?|befriend\w*|follow(?:ing|s)?|unblock\w*|repl(?:y|ies|ying)|message|messaging|chat\w*|send\w*|then|"
    r"let (?:him|her|them|it|\w+) (?:in|follow|stay)|be friends|friends with|answer(?:ing)?)\b"
)
# Nobody gets leave to keep to themselves what may have to be told.
_LEAVES_IT = re.compile(
    r"\b(?:leave it|that s it|thats it|say nothing|not (?:tell|report|mention)|dont (?:tell|report|mention)|without (?:telling|reporting)|"
    r"keep (?:it|this|quiet about)|instead|rather than|head\w*|dsl|manager|inspector|police|asked me to|told me to)\b"
)
_PROTECTS = re.compile(
    r"\b(?:(?:can|may|could) (?:i|we|staff)|allowed to|ok to|okay to|fine to|right to|free to) (?:also |still |just |safely )?"
    r"(?:report|flag|raise|log|screenshot|screen ?grab|(?:keep|take|save) (?:\w+ )?(?:screen\w*|copy|copies|evidence|proof|record)s?)\b"
)
_DELAYS = re.compile(
    r"\b(?:later|tonight|tomorrow|next|monday|weekend|wait|first|after\w*|before|when i|once i|instead|rather|myself|anonym\w+|"
    r"(?:post|share|put|send) (?:it|them|this|that|about|on)|on (?:the |our |my )?(?:facebook|group|page|chat)|own phone|my phone|nude\w*|naked|indecent|explicit)\b"
)
_NEGATED = re.compile(r"\b(?:not|never|unless|except|only|nobody|without)\b")
# To whom something may be told depends on who they are: the clause must name them.
_LISTENERS = frozenset(
    {
        "~parent",
        "~pupil",
        "~colleague",
        "~press",
        "~outsider",
        "~governor",
        "~police",
        "~formerpupil",
    }
)
_LEFT = re.compile(r"\b(?:left|leav\w+|finished|ago|elapsed|since)\b")
_YEAR_GROUPS = re.compile(
    r"\b(?:years?|yrs?|y)(?: groups?)? ?\d{1,2}s?\b(?! (?:ago|old|of age))(?: (?:and|or|to) (?:(?:years?|yrs?|y) ?)?\d{1,2}s?\b)*"
)
LAST_YEAR = 13  # of school
_SAME = {
    "fb": "facebook", "facey": "facebook", "insta": "instagram", "ig": "instagram", "gram": "instagram",
    "snap": "snapchat", "x": "twitter", "wapp": "whatsapp", "whatsap": "whatsapp", "watsapp": "whatsapp", "yt": "youtube",
    "linked": "linkedin",
}  # fmt: skip
_ANY_NETWORK = re.compile(
    r"\b(?:social media|social network\w*|similar|any (?:network|site|platform)|other (?:networks?|sites?|platforms?))\b"
)


def gives_leave(clause: Clause) -> bool:
    """Whether a clause has words of leave, outright or as an exception to a ban."""
    reading, text = clause.reading, " ".join(words(clause.text))
    if reading.strength in _BAN:
        return bool(
            reading.condition or CONDITION.search(text) or _APART.search(clause.text.lower())
        )
    if reading.strength in _DUTY:
        return bool(reading.condition or EXEMPTS.search(text) or ASKS_FIRST.search(text))
    if _THREAT.search(text):
        return False
    return (
        reading.strength in (Strength.MAY, Strength.NEEDS_APPROVAL)
        or bool(reading.condition)
        or bool(WORDS_OF_LEAVE.search(text))
        or bool(EXEMPTS.search(text))
    )


def conditional(clause: Clause) -> bool:
    """Whether the leave a clause gives hangs on something."""
    reading, text = clause.reading, " ".join(words(clause.text))
    return (
        reading.strength is Strength.NEEDS_APPROVAL
        or reading.strength in _BAN
        or bool(reading.condition)
        or bool(CONDITION.search(text))
        or (reading.strength in _DUTY and bool(ASKS_FIRST.search(text)))
    )


def qualified(clause: Clause) -> bool:
    """Whether a clause says of its leave when, how or by whom it may be used: then it is no plain yes."""
    return bool(_QUALIFIED.search(" ".join(words(clause.text))))


def denies(question: str, clause: Clause) -> bool:
    """Whether a question speaks of what the second half of a clause takes out of its leave: "…, but never …"."""
    parts = _BUT.split(clause.text.lower(), maxsplit=1)
    if len(parts) < 2 or not _DENIED.search(" ".join(words(parts[1]))):
        return False
    lex = lexicon()
    allowed, taken = (frozenset(lex.units(lex.expand(p))) for p in parts)
    return bool((taken - allowed) & frozenset(lex.units(lex.expand(question))))


def waives(clause: Clause) -> bool:
    """Whether a clause says that nobody need be asked."""
    return bool(_WAIVES.search(" ".join(words(clause.text))))


def condition_unmet(text: str) -> bool:
    """Whether a question itself says that the leave a clause asks for is not there: "she never sent the form back"."""
    return bool(_UNMET.search(" ".join(words(text))))


def in_exception(units: Sequence[str], clause: Clause) -> frozenset[str]:
    """The units of a question that stand in a clause's exception or condition alone."""
    text = " ".join(words(clause.text))
    found = CONDITION.search(text)
    if not found:
        return frozenset()
    lex = lexicon()
    apart = lex.units(lex.expand(found.group(2)))
    return (
        frozenset(units)
        .intersection(apart)
        .difference(lex.units(lex.expand(text[: found.start()])))
    )


def excepted(question: str, units: Sequence[str], clause: Clause) -> bool:
    """Whether a question is plainly of what a ban excepts: "may I add my sister?" where relatives are excepted."""
    plain = " ".join(words(question))
    return (
        clause.reading.strength in _BAN
        and any(u[0] == "~" for u in in_exception(units, clause))
        and not _DENIES.search(plain)
        and not _THEIRS.search(plain)
    )


def refrains(question: str, clause: Clause) -> bool:
    """Whether it is asked to turn away or keep out of what the clause forbids: "may I decline her request?"."""
    plain, text = " ".join(words(question)), " ".join(words(clause.text))
    found = _TURNS_AWAY.search(plain)
    return (
        clause.reading.strength in _BAN
        and found is not None
        and not _LEAVES_IT.search(plain)
        and not _LETS_IN.search(_NOT_DONE.sub(" ", plain))
        and not _TURNS_AWAY.search(text)
    )


def complies(question: str, clause: Clause) -> bool:
    """Whether it is asked to do what the clause wants done to keep people safe: to report, to keep a record."""
    plain, text = " ".join(words(question)), " ".join(words(clause.text))
    if clause.reading.strength not in _DUTY or _DENIES.search(plain) or _DELAYS.search(plain):
        return False
    if _NEGATED.search(text) or not _PROTECTS.search(plain):
        return False
    lex = lexicon()
    asked, theirs = set(lex.units(lex.expand(question))), set(lex.units(lex.expand(clause.text)))
    return bool({"~report", "~screenshot"} & asked & theirs) and not (asked & _LISTENERS) - theirs


def left_out(question: Question, clause: Clause) -> str:
    """Why a clause's leave does not reach what a question names; empty where nothing speaks against it."""
    asked, text = " ".join(words(question.text)), " ".join(words(clause.text))
    if _about_others(question.about, clause):
        return "people"
    if _another_network(asked, text):
        return "network"
    if _another_year(asked, text):
        return "year"
    if _OWN.search(asked) and _SCHOOLS.search(text) and not _OWN.search(text):
        return "own"
    if _too_young(asked, text):
        return "age"
    if _too_soon(asked, text):
        return "time"
    if clause.reading.strength in _BAN or _DENIES.search(asked):
        return ""
    return "denied" if _in_denied_part(question.text, clause.text) else ""


def _about_others(about: str, clause: Clause) -> bool:
    """Whether it is the act of people whom the clause neither binds nor names."""
    if about in ("staff", "school") or {about, "all"} & set(clause.reading.binds):
        return False
    lex = lexicon()
    named = lex.units(lex.expand(f"{clause.lead_in or ''} {clause.text}"))
    return f"~{about.rstrip('s')}" not in named


def _another_network(asked: str, text: str) -> bool:
    named, theirs = _networks(asked), _networks(text)
    return bool(named and theirs and not named & theirs and not _ANY_NETWORK.search(text))


def _networks(plain: str) -> frozenset[str]:
    names = lexicon().names
    return frozenset(_SAME.get(w, w) for w in plain.split() if (w,) in names)


def _another_year(asked: str, text: str) -> bool:
    named, theirs = _years(asked), _years(text)
    return bool(named and theirs and not named & theirs)


def _years(plain: str) -> frozenset[int]:
    """The year groups a text names; "years 7 to 9" names three."""
    found: set[int] = set()
    for run in _YEAR_GROUPS.findall(plain):
        numbers = [int(n) for n in re.findall(r"\d+", run)]
        found.update(numbers)
        for first, last in re.findall(r"(\d+)s? to (?:\w*\D)?(\d+)", run):
            found.update(range(int(first), int(last) + 1))
    return frozenset(n for n in found if n <= LAST_YEAR)


def _number(word: str) -> int:
    return _NUMBERS.get(word) or int(word)


def _too_young(asked: str, text: str) -> bool:
    needed = [_number(n) for pair in _AGE_NEEDED.findall(text) for n in pair if n]
    told = [_number(n) for n in _AGE_TOLD.findall(asked)]
    needed, told = [n for n in needed if 12 < n < 26], [n for n in told if 2 < n < 26]
    return bool(needed and told and max(told) < min(needed) and not _UNDER.search(text))


def _too_soon(asked: str, text: str) -> bool:
    if not _LEFT.search(text) or not _LEFT.search(asked):
        return False
    needed = [_number(n) * _LENGTH[unit] for n, unit in _TIME_NEEDED.findall(text)]
    told = [_number(n) * _LENGTH[unit] for n, unit in _TIME_TOLD.findall(asked)]
    if not told and _LATELY.search(asked):
        told = [0.0]
    return bool(needed and told and max(told) < min(needed))


def _in_denied_part(question: str, clause: str) -> bool:
    """Whether a question names what only a denying part of the clause names: "…, but not at lunch"."""
    parts = [p for p in _BREAK.split(clause) if p.strip()]
    denying = [
        p
        for p in parts
        if re.search(r"\b(?:not|never|nobody|no other|off limits)\b", p.lower())
        and not re.search(
            r"\b(?:need not|not need|not only|not apply|not required|not prevent)\b", p.lower()
        )
    ]
    if not denying or len(denying) == len(parts):
        return False
    lex = lexicon()
    asked = set(lex.units(lex.expand(question)))
    rest = set(lex.units(lex.expand(" ".join(p for p in parts if p not in denying))))
    only = set(lex.units(lex.expand(" ".join(denying)))) - rest
    return bool(asked & only)
