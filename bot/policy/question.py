"""What is asked: the form of a question, whose act it is about, and whether it is turned round.

Only grammar is here; the words of the subject are in `policy_text/lexicon.toml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 2_000  # characters read of a message; what staff type is far shorter
MOST_QUESTIONS = 5  # answered one by one; the rest of a longer list is named as not read


class Form(StrEnum):
    """What kind of answer is wanted."""

    MAY = "may"  # may I do it?
    SKIP = "skip"  # may I leave it undone?
    DUTY = "duty"  # do I have to?
    WHO = "who"
    WHEN = "when"
    OUTCOME = "outcome"  # what happens if?
    WHAT = "what"  # what, which, where, how, why


@dataclass(frozen=True, slots=True)
class Question:
    """One question, in the asker's words, and what its grammar says."""

    text: str
    form: Form
    about: str  # whose act: staff, parents, pupils, visitors, governors, volunteers, headteacher, school


_GREETING = re.compile(
    r"^(?:(?:hi+|hiya|hello|hey+|dear|good (?:morning|afternoon|evening)|morning|afternoon|evening)\b"
    r"(?: (?:all|team|there|everyone|folks|mayi|both))?[\s,!.:;–-]+)+",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"[\s,.!;–-]*\b(?:(?:many |lots of |kind )?thanks(?: (?:a lot|so much|in advance|very much|again))?|"
    r"thank you(?: (?:so much|very much|in advance))?|thx|cheers|please|pls|plz|kind regards|regards)"
    r"(?:[\s,.!–-]+[A-Z][a-z]+)?[\s.!x]*$",
    re.IGNORECASE,
)
# A tale with no question in it asks what to do.
_TELLS = re.compile(
    r"(?:so |ok |just |hi |help |um )*(?:i|we|my|our|a|an|the|one of|some|someone|somebody|he|she|they|two|three|"
    r"parent|mum|dad|pupil|kid|student|colleague)\b(?: \w+){0,6}? "
    r"(?:has|have|had|keeps?|kept|was|were|is|are|been|found|saw|got|received|posted|sent|called|messaged|added|"
    r"clicked|accidentally|just|told|showed|shared|gave|think)\b(?: \w+){2}"
)
# "a pupil who added me" asks for nobody.
_RELATIVE = re.compile(
    r"\b(pupils?|students?|child|children|kids?|parents?|mums?|dads?|boys?|girls?|lads?|someone|somebody|anyone|"
    r"anybody|everyone|people|person|persons|those|ones?|man|woman|lady|gentleman|teachers?|staff|colleagues?|friends?|member|"
    r"volunteers?|governors?|families|family|nan|carers?|adults?|tas?|assistants?|outsider|stranger|leaver|guy|"
    r"him|her|them|year \d+s?|(?:an?|my|our) (?:\w+ ){0,2}?\w+(?= who (?!do|should|must|can))) who(?:se)?\b"
)
# Short forms that hide a question word.
_WRITTEN_OUT = {
    "whos": "who is",
    "whats": "what is",
    "whens": "when is",
    "wheres": "where is",
    "hows": "how is",
    "whove": "who have",
    "wot": "what",
    "wat": "what",
    "wots": "what is",
    "wats": "what is",
    "wen": "when",
    "hav": "have",
    "hafta": "have to",
    "gotta": "have to",
    "shud": "should",
    "cud": "could",
    "wud": "would",
    "u": "you",
    "r": "are",
}
_SKIP = re.compile(
    r"\b(can|could|may|might|ok(ay)?|alright|fine|allowed|problem|trouble|matter|bad|wrong|harm|happens?)\b"
    r"[^?.]{0,40}\b(not|dont|don t|without|skip|ignore|leave out|avoid|never|opt out of|get out of|miss)\b"
    r"(?! (just|only|even|allowed|a problem))"
    r"|\bdo i really (have|need) to\b|\bcan i (skip|ignore|avoid|get out of|opt out|refuse|leave)\b"
    r"|\bdo(es)? (it|that) matter if i (do not|dont|never)\b|\bwhat if i (do not|dont|never|refuse)\b"
)
_DUTY = re.compile(
    r"\b(do|does|did) (i|we|you|staff|they|he|she|teachers|tas?|governors|volunteers|parents|the \w+) "
    r"(\w+ )?(have|need|ought) to\b"
    r"|\b(must|should|shall) (i|we|staff|teachers|they|parents|governors|pupils|it)\b"
    r"|\bam i (required|obliged|expected|supposed|meant|bound)\b"
    r"|\bare we (required|obliged|expected|supposed|meant)\b|\bis it (compulsory|mandatory|a must)\b"
    r"|\b(required|obliged|compulsory|mandatory) (to|that|for)\b"
    r"|\b(have|has) (i|we|he|she) got to\b|\bneed to i\b"
    r"|\bought (?!to\b)\w+ (?:\w+ ){0,2}to\b|\bam i (?:\w+ )?(?:responsible|answerable|accountable)\b"
    r"|\bis there (?:any|some)\w*(?: \w+){0,3} (?:i|we|he|she|they) (?:should|must|ought|need|have to|am|are)\b"
)
_WHO = re.compile(
    r"\bwhom\b|\bwho(se)?\b(?!$| (?:knows|not)\b| (is|are|was|were|has|have|had|left|used|works?|keeps?|wants?|i|he|she|they|attends?|teach)\b"
    r"(?! (allowed|responsible|the|in charge|meant|supposed|to|going|decides)))"
    r"|\bwho (is|are) (allowed|responsible|the|in charge|meant|supposed|going|to)\b"
    r"|\bwhich (person|member of|governor|leader|teacher)\b|\bwhose (job|responsibility|permission)\b"
    r"|\bwho (do|does|should|must|can|could|would|may|will|decides|looks|gets|needs) "
    r"|^(?:(?:so|and|but|then|ok|well) )*who\b"
    r"|\bis it (?:still )?(?:the |our |my )?(?:\w+ ){1,6}?(?:that )?(?:i|we) (?:should |must |need to |have to |ought to )?"
    r"(?:be )?(?:tell|telling|ask|asking|go to|report|inform|see|contact|contacting)\b"
)
_WHEN = re.compile(
    r"\b(when (is|are|was|were|do|does|did|should|must|will|can|would|was)|how (often|long|soon|frequently|quick|quickly)|"
    r"how many times|what (date|time|day|year|age)|which (date|day|year)|by when|until when|how old|"
    r"what s the deadline|deadline|how (?:early|fast|late)|(?:at|by|from|to) what (?:point|time|age|stage|date)|"
    r"for (?:what|how) (?:length|long)|when (?:may|might))\b"
)
_OUTCOME = re.compile(
    r"\bwhat (will |would |could |might |can )?(happen|happens|could happen|would happen)\b|\bconsequences?\b"
    r"|\b(sacked|fired|dismissed|dismissal|disciplined|disciplinary|lose my job|in trouble|told off|"
    r"gross misconduct|punish(ed|ment)?|penalt(y|ies)|sanctions?|suspended|"
    r"(?:get|gets|given|receive|face|risk|earn) (?:a |an )?(?:\w+ )?warning)\b"
    r"|\b(could|can|might|may|will|would) (i|we|they|he|she|it|this|that|a \w+|my \w+) (face|cost|lose)\b"
)
_WHAT = re.compile(
    r"^(so |and |but |hi |hello |hey |please |well |um )*"
    r"(what|whats|which|where|wheres|how|hows|why|whys|explain|define|meaning|tell me|describe|list|name the)\b"
    r"|\b(what|which|where|how|why) (do|does|did|is|are|was|were|should|shall|must|counts?|about the|would|will|kind|sort|"
    r"am|can|steps|exactly|else|policy|policies|laws?|settings?|platforms?|training)\b"
    r"|\bwhat (do|should|must|am|shall|can|now|next|first|may|might|has|makes|ought)\b|\b(in|under) what\b|^(and )?now$"
    # Whether a rule covers a thing: a meaning is asked for.
    r"|\b(do|does|is|are|would) (?:[\w]+ ){1,6}?(counts?|counted|covers?|covered|means?|mean|apply|applies|included?|"
    r"class(?:ed)? as|fall (?:to|under|within)|binds?|frees? (?:me|us|you) from|social (?:media|network\w*))(?: too| for this| here)?$"
    r"|\b(do|does|is|are|would) (?:[\w]+ ){1,6}?(counts?|counted|covers?|covered|means?|mean|apply|applies|included?|"
    r"class(?:ed)? as|fall (?:to|under|within)|binds?|frees? (?:me|us|you) from)\b"
    # Whether somebody looks on: what is done is asked for.
    r"|\b(do|does|is|are|would|will|can) (?:anyone|anybody|someone|somebody|they|it|the school|the head)(?: \w+){0,2} "
    r"(?:see|check\w*|monitor\w*|look\w*|read|track\w*|watch\w*|record\w*)\b"
)
_MAY = re.compile(
    r"\b(can|could|may|might) (i|we|you|staff|teachers|tas?|a |an |the |my |our|anyone|someone|parents?|pupils?|"
    r"children|kids|governors?|volunteers?|visitors?|they|he|she|it|supply|support)"
    r"|\b(am|are|is|was|be|being) (i |we |it |that |this |there |staff |they |he |she |you )?(not )?"
    r"(allowed|permitted|ok|okay|alright|all right|fine|acceptable|banned|barred|forbidden|prohibited|"
    r"safe|wrong|appropriate|against|a problem|any problem|an issue|legit|frowned|free|cool|bad)\b"
    r"|\b(ok|okay|alright|all right|fine|allowed|permitted|acceptable|cool|legit|safe|good idea) (to|if|for|with|or)\b"
    r"|\b(any|a) (problem|issue|harm|objection|reason)\b|\bmind if\b|\bwould it be\b|\bdoes (the )?policy (let|allow|stop|ban)\b"
    r"|\b(banned|barred|forbidden|prohibited|stopped) from\b|\bthat (ok|okay|alright|allowed|fine|a problem)\b"
    r"|\b(breaking|against|break) (the |any )?(rules?|policy)\b|\bget away with\b"
)

# Whose act it is, where the question says that it is not the asker's.
_SUBJECT = re.compile(
    r"\b(?:can|could|may|might|should|must|are|do|does|is|will|would|if|whether|when|that|what|how) "
    r"(?:the |a |an |our |my |any |other |some |all )?"
    r"(parents?|carers?|mums?|dads?|families|family|grandparents?|nan|pupils?|students?|children|child|kids?|"
    r"visitors?|contractors?|governors?|volunteers?|head|headteacher|head teacher|school|chair of governors|"
    r"year \d+s?|class)\b"
    r"(?! (of|friend|page|account|group|website|policy|ipad|ipads|phone|phones|device|devices|laptop|mobile|trip|photo|photos|"
    r"facebook|insta|instagram|logo|name|twitter|socialnetwork|uniform|camera|event|play|whatsapp|chat|computers?|wifi|network|kit|tablet|equipment))"
)
_ASKED_BY = re.compile(
    r"\b(?:as an?|im an?|i am an?|i am one of the|speaking as an?) (?:\w+ ){0,2}(parent|governor|volunteer|visitor|helper|trustee)\b"
)
_KIND = {
    "parents": ("parent", "carer", "mum", "dad", "mother", "father", "famil", "gran", "nan"),
    "pupils": ("pupil", "student", "child", "kid", "year", "class", "boy", "girl", "lad"),
    "visitors": ("visitor", "contractor"),
    "governors": ("governor", "trustee", "chair"),
    "volunteers": ("volunteer", "helper"),
    "headteacher": ("head",),
    "school": ("school",),
}
# "Some parents want a group. May they have one?": whose act it is stands in the tale.
_THEY = re.compile(
    r"\b(?:can|could|may|might|should|must|are|do|does|is|will|would) (?:they|he|she)\b|"
    r"\b(?:policy|rules?|school) (?:lets?|allows?) (?:them|him|her)\b"
)
_IN_TALE = re.compile(
    r"\b(parents?|carers?|mums?|dads?|mother|father|families|family|grandparents?|nan|gran|pupils?|students?|children|child|"
    r"kids?|boys?|girls?|lads?|visitors?|contractors?|governors?|volunteers?|helpers?|head|headteacher|year \d+s?|"
    r"colleagues?|teachers?|tas?|assistants?|staff|tutors?|leavers?|friends?|sister|brother|husband|wife|partner)\b"
)
_YEAR = re.compile(r"\by(?:r ?)?(\d{1,2}s?)\b")  # "y9s", "yr 4"
_MAY_I = re.compile(r"\b(?:can|could|may|might|should|must|do|am|are) (?:i|we)\b")
_FIRST_PERSON = re.compile(r"\b(i|we|me|my|im|ive)\b")
_SENTENCE = re.compile(r"[^?!\n.]+(?:[?!.]+(?=\s|$)|\n|$)|\S+")
_ASKS = re.compile(r"\?\s*$")
_BREAK = re.compile(r"[;:]\s+|\s+[-–—]+\s+")


def understand(text: str) -> Question:
    """Read the grammar of one question: what is asked last says its form, the tale before it does not."""
    plain = _plain(text)
    form = next((f for part in _asking(text) if (f := _form(part))), None)
    if form is None:
        form = Form.WHAT if "?" not in text and _TELLS.match(plain) else Form.MAY
    return Question(text, form, _about(plain))


def _plain(text: str) -> str:
    letters = re.sub(r"[^a-z0-9 ]+", " ", text.lower().replace("’", "").replace("'", ""))
    plain = " ".join(_WRITTEN_OUT.get(word, word) for word in letters.split())
    return _YEAR.sub(r"year \1", plain)


def _asking(text: str) -> Iterator[str]:
    """What asks, plain: the end of the last sentence that asks, that sentence, the whole text."""
    asks = [s for s in _SENTENCE.findall(text) if _ASKS.search(s)]
    wholes = [asks[-1], text] if asks else [text]
    for part in [_BREAK.split(wholes[0])[-1], *wholes]:
        yield _RELATIVE.sub(r"\1 that", _plain(part))


def clean(text: str) -> str:
    """Text as it can be stored and shown: no control characters, no halves of characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in whole)


def core(text: str) -> str:
    """The question without a greeting before it and thanks after it."""
    bare = _THANKS.sub("", _GREETING.sub("", text.strip()))
    return bare if len(bare.split()) >= 2 else text


def questions(message: str) -> list[str]:
    """Split a message into its questions, at most MOST_QUESTIONS, in order.

    A sentence that tells the situation goes with the question that follows it; a greeting or thanks goes
    with its neighbour. A message with one question, or none, comes back whole.
    """
    message = " ".join(message[:LONGEST].split())
    parts: list[str] = []
    pending = ""
    for sentence in re.findall(r".+?(?:\?+(?=\s|$)|$)", message):
        pending += sentence
        if _ASKS.search(sentence) and len(re.findall(r"\w+", sentence)) >= 3:
            parts.append(pending.strip())
            pending = ""
    if not parts:
        return [message]
    if pending.strip():
        parts[-1] = f"{parts[-1]} {pending.strip()}"
    return parts


def _form(plain: str) -> Form | None:
    """The form that the words show; None where they show none."""
    if _WHO.search(plain):
        return Form.WHO
    if _SKIP.search(plain) and not re.search(r"\b(why|how) (can|could|am|are|is)\b", plain):
        return Form.SKIP
    if _WHEN.search(plain):
        return Form.WHEN
    if _OUTCOME.search(plain):
        return Form.OUTCOME
    if _DUTY.search(plain) and not re.match(r"(what|which|how|where|why)\b", plain):
        return Form.DUTY
    may, what = _MAY.search(plain), _WHAT.search(plain)
    about = re.match(r"(?:so |and |but |ok )*what (?:about|if)\b", plain)  # "what about X, can I?"
    if what and (not may or (what.start() < may.start() and not about)):
        return Form.WHAT
    return Form.MAY if may else None


def _about(plain: str) -> str:
    asked_by = _ASKED_BY.search(plain)
    if asked_by:
        return _kind_of(asked_by.group(1))
    subject = _SUBJECT.search(plain)
    if subject:
        first = _FIRST_PERSON.search(plain)
        if first is None or subject.start() <= first.start():
            return _kind_of(subject.group(1))
    they = _THEY.search(plain)
    if they is None or _MAY_I.search(plain[: they.start()]):
        return "staff"
    tale = _IN_TALE.search(plain[: they.start()])
    return _kind_of(tale.group(1)) if tale else "staff"


def _kind_of(word: str) -> str:
    return next((k for k, starts in _KIND.items() if word.startswith(starts)), "staff")
