"""Whether a question goes beyond the leave a clause gives: another time or place, purpose, device, person, page or act.

Every rule here only ever withholds leave. Words are general English in tables; what a clause allows is read
from its own words, and whatever a question adds to them is not allowed by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.policy.leave import CONDITION
from bot.policy.lexicon import lexicon, words
from bot.policy.model import Clause, Strength
from bot.policy.question import Question

_BAN = (Strength.MUST_NOT, Strength.SHOULD_NOT)
Table = Mapping[str, re.Pattern[str]]


def _table(rows: Mapping[str, str]) -> Table:
    return {name: re.compile(rf"\b(?:{row})\b") for name, row in rows.items()}


_PEOPLE = r"(?:pupils?|students?|child|childs|children|childrens|kids?|class|classes|boys?|girls?|learners?|year \d+s?|tutor group|form)"

# --- when, where, among whom -----------------------------------------------------------------------------------

_TIMES = _table({
    "lunch": r"lunch(?:times?|es)?|dinner ?(?:time|hour|break)|midday",
    "break": r"(?:morning |afternoon |coffee |tea )?break ?(?:times?)?|breaks|play ?times?|recess|snack time",
    "free period": r"ppa|free periods?|frees|non contact|planning time",
    "lesson": r"lessons?|in class|during class|class time|class ?rooms?|while (?:i |im )?teach\w*|teaching|contact time",
    "gathering": r"registration|assembly|assemblies",
    "duty": r"on (?:\w+ )?duty|(?:lunch|break|playground|bus|gate) ?(?:time )?duty|supervis\w+|club|clubs|detention",
    "around": r"(?:before|after|until|outside|between) (?:the |my |our )?(?:lunch\w*|break\w*|class|lessons?|school|work)\b(?! (?:begins?|starts?|is|can|may)\b)|after hours|before \d+|after \d+",
    "part of day": r"(?:in|during|all|every) (?:the |this )?(?:mornings?|afternoons?)|home ?time|golden time|story ?time|form time|tutor time|register",
    "own time": r"(?:personal|own|free|private) times?|out of hours|off duty|evenings?|weekends?|holidays?|half term",
})  # fmt: skip
_PLACES = _table({
    "staff room": r"staff ?rooms?|(?:rooms?|areas?) (?:\w+ ){0,2}for staff|staff (?:areas?|only areas?)",
    "office": r"(?:in|from|at|inside) (?:the |an? |my |our )?(?:\w+ )?offices?|an office",
    "corridor": r"corridors?|hallways?|stairs",
    "playground": r"playgrounds?|yard|field|outside with",
    "hall": r"(?:dining |dinner |lunch |school |sports )?hall|canteen",
    "car": r"car ?park|my car",
    "visit": r"trips?|visits?|residentials?|outings?|excursions?",
    "toilets": r"toilets?|changing rooms?|pool",
    "on me": r"(?:in )?(?:my|his|her|a|their) pockets?",
})  # fmt: skip
_SITUATIONS = _table({
    "emergency": r"emergenc\w+|urgent\w*|999|112|ambulance",
    "exceptional": r"exceptional",
})  # fmt: skip
_AMONG = re.compile(
    rf"\b(?:with|near|around|in front of|beside|next to|among|amongst|supervising|watch(?= the| my)|watching|mind|minding|looking after|look after|in view of|in sight of) "
    rf"(?:\w+ ){{0,2}}?{_PEOPLE}\b(?! (?:phone|ipad|laptop)s?)|\b{_PEOPLE} (?:are |all )?(?:around|about|present|there|watching|near|can see)\b"
)
_WHILE = re.compile(rf"\b(?:while|whilst) (?:the |my |our )?{_PEOPLE}\b")
# Some other room or vehicle, whatever it is called.
_SOMEWHERE = re.compile(
    r"\b(?:in|on|inside) (?:the|a|my|our) (?!(?:staff|office|phone|mobile|wifi|net|internet|web|school|same|end)\b)(\w+)\b"
)
_AWAY = re.compile(
    rf"\b(?:away from|out of (?:the )?(?:sight|view|reach)(?: of)?|not in front of|no|without(?: any)?|where no) (?:\w+ )?{_PEOPLE}\b"
)
_WITH_PUPILS = frozenset(
    {"lesson", "gathering", "duty", "corridor", "playground", "hall", "toilets", "pupils"}
)
_DENIED = r"\b(?:not|no|never|without|isnt|arent|wasnt|except|apart from)\b(?: (?:an?|the|in|at|on|my|really|during|for|any)){0,3} "
_SAMPLE = re.compile(r"\b(?:for instance|for example|such as|including|eg)\b")
_EITHER = re.compile(r"\bwhether\b[^,.;]*")

# --- what for --------------------------------------------------------------------------------------------------

_PURPOSE = re.compile(
    r"\b(?:to (?:stay|keep|be|remain) in (?:contact|touch)|to (?:contact|ensure|ring|reach|call|communicate)|"
    r"for (?:an? |any )?(?:\w+ )?(?:emergenc\w+|purposes?|reasons?)|(?:only|solely|just) (?:to|for)|about) "
)
_ASKS_TO = re.compile(
    r"^.*?\b(?:ok|okay|fine|allowed|wrong|alright|right|safe|problem|able|permitted|free|cool|bad) (?:for (?:\w+ ){1,3}?)?to\b"
)
_FOR_WHAT = re.compile(
    r"\b(?:to (?!(?:my|the|an?|our|his|her|their|be|school|work|class|pupils?|parents?|home|him|them|staff|facebook|us|you|me|it|this|that)\b)"
    r"|for (?!(?:it|them|me|us|now|once|sure)\b)|about (?!(?:it|that|this)\b))((?:(?!\b(?:if|provided|once|as|when|with)\b)[^,.;])+)"
)
_FOR_WHOM = re.compile(r"\b(?:teachers|staff|leaders|heads|tas|assistants|governors)\s*$")
_BECAUSE = re.compile(r"\b(?:because|cause|cos|since) ((?!school\b).+)")
_LISTENERS = _table({
    "family": r"wife|husband|partner|family|boyfriend|girlfriend|fianc\w+|kids|mum|dad|mother|father|sister|brother|son|daughter|nan|gran|relatives?",
    "friend": r"friends?|mates?",
    "parent": r"parents?",
    "pupil": r"pupils?|students?",
    "agent": r"bank|doctors?|estate agent|babysitter|childminder|gym|garage|plumber",
})  # fmt: skip

# --- on what ---------------------------------------------------------------------------------------------------

_GADGETS = _table({
    "phone": r"phones?|mobiles?|smart ?phones?|iphones?|fones?|handsets?|telephones?",
    "watch": r"(?:smart ?)?watch(?:es)?|fitbits?|wearables?",
    "computer": r"laptops?|computers?|chromebooks?|pcs?|macbooks?",
    "tablet": r"tablets?|ipads?|kindles?",
    "camera": r"cameras?|gopros?",
})  # fmt: skip
_GADGET = (
    r"(?:phones?|mobiles?|smart ?phones?|iphones?|fones?|handsets?|telephones?|(?:smart ?)?watch(?:es)?|fitbits?|laptops?|"
    r"computers?|chromebooks?|pcs?|macbooks?|tablets?|ipads?|kindles?|cameras?|gopros?|devices?|equipment|technology)"
)
_ANY_GADGET = re.compile(r"\b(?:devices?|equipment|technolog\w+|gadgets?)\b")
_SCHOOLS_ONE = re.compile(
    rf"\b(?:schools?|works?|class|classroom|office|nursery|trust|college|academy|department|official) (?:\w+ )?{_GADGET}\b"
)
_OWN_ONE = re.compile(
    rf"\b(?:my|own|personal|private|personally owned)(?! (?:schools?|works?|class|office)\b) (?:\w+ )?{_GADGET}\b|\b(?:on|with|use) mine\b"
)
_THEIR_OWN_ONE = re.compile(rf"\b(?:own|personal|private|their|mine) (?:\w+ )?{_GADGET}\b")
_PUPILS_ONE = re.compile(
    rf"\b(?:pupils|childs|childrens|students|kids|boys|girls|learners) (?:\w+ )?{_GADGET}\b"
)

# --- who -------------------------------------------------------------------------------------------------------

_I_ASK = re.compile(r"\b(?:can|could|may|might|am|should|if|do) i\b|\bok(?:ay)? (?:for me )?to\b")
_NOT_ONE = re.compile(
    r"\b(?:im|i am|shes|hes|am i|is|are|we are) (?:not|no longer) (?:one of the |an? |the )?(\w+)"
)
_IS_ONE = re.compile(
    r"\b(?:im|i am|as) (?:only |just )?(?:an? |the )(?:\w+ )?(moderator|admin\w*|governor|volunteer|helper|visitor|contractor|trainee|ta|member)\b"
)
_POWERS = re.compile(
    r"\b(?:school|headteacher|head|principal|governing body|governors?|trust|leadership team|management|trustees?|council) "
    r"(?:may|can|could|might|will consider|reserves)\b(?! (?:agree|allow|approve|permit|authorise|give|let))"
)
_NAMED_FEW = re.compile(
    r"\b((?:administrator|moderator|manager|leader|governor|officer|lead|owner|holder)s?|authorised (?:\w+ )?(?:staff|users?)) (?:may|can|could)\b"
)
_PARENTS_MAY = re.compile(
    r"\b(?:parents?|carers?|families|relatives|guardians?) (?:may|can|could|are (?:allowed|welcome))\b"
)
_KIN = (
    r"(?:son|sons|daughter|daughters|child|childs|kid|kids|boy|girl|stepson|stepdaughter|stepchild)"
)
_PARENT_ASKS = re.compile(
    rf"\b(?:(?:grand)?parents?|mums?|dads?|mothers?|fathers?|carers?|families|famil\w+)\b|\bmy (?:own )?(?:\w+ )?{_KIN}\b"
)
_ADULTS = re.compile(
    r"\b(?:staff|teachers?|employees?|adults?|parents?|carers?|colleagues?|governors?|volunteers?)\b"
)
_YOUNG = re.compile(
    rf"\b(?:{_PEOPLE}|son|sons|daughter|daughters|minors?|young (?:person|people)|relatives?|famil\w+)\b"
)

# --- whom --------------------------------------------------------------------------------------------------------

_OWN_CHILD = re.compile(rf"\bown (?:{_KIN}|children)\b")
_ONES_CHILD = re.compile(
    rf"\b(?:my|our|his|her|their) (?:own )?(?:\w+ )?(?:{_KIN}|children)\b|\bown (?:{_KIN}|children)\b"
)
_OTHERS_TOO = re.compile(
    r"\b(?:other|others|another|everyones?|whole|all (?:of|the)|staff|teachers|(?<!my )(?<!own )(?:pupils|children|kids)|and (?:\w+ )?class|classmates?|"
    r"friends?|mates?|neighbours?|someone|somebody|team)\b"
)
_KIN_FURTHER = re.compile(
    r"\b(?:nephews?|nieces?|cousins?|godsons?|goddaughters?|god ?child|grand ?(?:sons?|daughters?|child|children))\b"
)
_FRIENDSHIP = re.compile(
    r"\b(?:be|being|stay|become|remain|still|am|im|weve|were|been|make|made|online|fb|facebook|insta\w*|snapchat|as) "
    r"(?:(?:an?|good|fb|facebook|online) ){0,2}?friends?\b(?: (?:online|on \w+))?(?: (?:with|of))?|\bfriend(?:s|ship)? (?:request\w*|with)\b|\bfriends (?:online )?with\b|\bfriend (?:an?|the|my|her|him|them)\b"
)
_FRIEND_OF = re.compile(
    r"\b(?:friends?|mates?|classmates?|teammates?|pals?|girlfriends?|boyfriends?|partners?|godsons?|goddaughters?|godchild|"
    r"(?:pupils|kids|children|boys|girls|others|lads|rest|everyone) (?:in|from|of) (?:his|her|their|the same) (?:\w+ )?(?:class|form|year|team|school)|form group|tutor group|neighbours?|"
    r"(?:like|as good as|practically|almost|honorary|sort of|kind of) (?:an? |my |one of the )?(?:uncle|aunt\w*|famil\w+|mum|dad|mother|father|parent|brother|sister|relative)|"
    r"(?:pupil|student|boy|girl|lad|child|kid) (?:who|that) (?!is\b|s\b|are\b|was\b)\w+ (?:\w+ )?my)\b"
)
_THEIR_KIN = re.compile(
    r"\b(?:his|her|their|\w{3,}s) (?:own |little |big |older |younger |twin )*(?:sisters?|brothers?|siblings?|sons?|daughters?|child|children|kids?|"
    r"partners?|husband|wife|friends?|mates?|cousins?|nephews?|nieces?)\b"
    r"|\b(?:sister|brother|sibling|son|daughter|child|kid|partner|friend)s? of\b"
)
_WIDER_KIN = re.compile(
    r"\b(?:relatives?|close family|family members?|parent of|that pupils parent|related|nieces?|nephews?|grandchild\w*)\b"
)
_KIN_NAMED = re.compile(rf"\b(?:relatives?|famil\w+|{_KIN}|kin|siblings?|related|{_PEOPLE})\b")
_PARENT_OF = re.compile(
    rf"\b(?:parents?|mums?|dads?|mothers?|fathers?|carers?|famil\w+) (?:of|to|in|from|whose|with) (?:\w+ ){{0,3}}?(?:{_PEOPLE}|son|daughter)\b"
    r"|\bex pupils?\b|\bold (?:boys?|girls?)\b|\b(?:former|past|old) (?:pupils?|students?)\b"
)

# --- on whose page ---------------------------------------------------------------------------------------------

_PAGE = r"(?:web ?sites?|web ?pages?|sites?|pages?|accounts?|profiles?|blogs?|channels?|feeds?|story|stories|facebook|fb|instagram|insta|ig|twitter|x|tiktok|snapchat|snap|youtube|linkedin|whatsapp|social media|social network\w*)"
_OWN_PAGE = re.compile(
    rf"(?<!our )\b(?:my|own|personal|private)(?! (?:school|class|department|form)\b) (?:\w+ )?{_PAGE}\b|\bon my own$"
)
_OFFICIAL = re.compile(
    rf"\b(?:schools?|official|its|our|approved|college|trust|academy)s? (?:\w+ )?(?:channels?|service|networking service|{_PAGE})\b|\bschool produce\w*|\bwhat the school produces\b"
)
_SITES = re.compile(
    r"\b(?P<whose>schools?|official|our|approved|department|the schools) (?:\w+ )?(?P<ours>facebook|fb|instagram|insta|ig|twitter|tiktok|snapchat|snap|youtube|linkedin|whatsapp|channel|website)\b"
    r"|\b(?P<site>facebook|fb|instagram|insta|ig|twitter|tiktok|snapchat|snap|youtube|linkedin|whatsapp|telegram|discord|class blog|group chat)\b"
)
_PICTURES = re.compile(
    r"\b(?:pics?|pictures?|photos?|photographs?|images?|videos?|clips?|footage)\b"
)
_OF_PUPILS = re.compile(
    r"\b(?:pupils?|students?|child|childs|children|childrens|kids?|class|team|boys?|girls?|year \d+s?)\b"
)

# --- what is done ----------------------------------------------------------------------------------------------

_NOUN = r"(?:posts?|shares?|films?|records?|uploads?|messages?|texts?|replies|reply|copies|copy)"
_NOUNS = re.compile(
    rf"\b(?:an?|any|the|this|that|my|our|his|her|their|your|each|every|some|of|threatening|abusive|nasty|racist|bullying|offensive|or|comments? and) {_NOUN}\b"
    rf"|\b\w+s {_NOUN}\b(?! (?:it|them|him|her|a|an|the)\b)|\b(?:that|which|it) shows?\b|\bused to \w+"
    r"|\b(?:friend|follow\w*) requests?\b|\bfollowers?\b|\bblog(?:s)?\b|\bschool record\w*"
)
_ACTS = _table({
    "take": r"tak(?:e|en|ing) (?:\w+ ){0,4}?(?:pics?|pictures?|photos?|photographs?|videos?|images?|selfies?)|(?:photographs?|videos?|pictures?) (?:\w+ ){0,10}?taken|film|filming|record|recorded|recording|to photograph",
    "publish": r"posts?|posting|posted|upload\w*|publish\w*|tweet\w*|repost\w*|shar(?:e|ed|ing)|put (?:(?:it|them|this|that|up|the|a|an|childs?|her|his|my|pics?|pictures?|photos?|photographs?|of|class|football|team|pupils?|childrens?) ){0,6}?(?:on|online|up)|stick (?:\w+ ){0,2}on|mention\w*|used?|may be used",
    "show": r"show|showing|shown|forward|forwarding",
    "reply": r"reply|replying|answer back|respond|retaliate|comment back",
    "keep": r"keep(?:ing)? (?:it|them|this|\w+ (?:at|on my)|his|her|copies|a copy|the (?:pics?|pictures?|photos?|videos?))|save|saving|stor(?:e|ing)",
    "befriend": r"accept|accepting|befriend\w*|add|adding|follow|following|let (?:him|her|them|pupils?) in|friends?|friend",
    "make": r"mak(?:e|ing) (?:a |an |it |them |into )*(?:memes?|gifs?|jokes?|stickers?|edits?|videos?)|memes?|edit\w* (?:it|them|the|his|her|a) |photoshop|deepfake",
    "attack": r"argu(?:e|ing)|critici[sz]\w+|slag\w*|moan\w*|insult\w*|mock\w*|bad ?mouth\w*|bitch\w*|rant\w*|name and shame|confront\w*|threaten\w*|tak(?:e|ing) the mick|gossip\w*",
    "date": r"date|dating|flirt\w*",
})  # fmt: skip
_WHERE_ASKED = re.compile(
    r"\b(?:can|cant|could|may|might|is it|would it|am|are|ok|okay|fine) (?:i|we|staff|my|an?|the|they|he|she|it|to|not|if|be|parents?|pupils?|year)\b"
)
_JOINED = re.compile(r"\b(?:and then|and also|and|then|but also|but|as well as|plus)\b")
_USES = re.compile(
    r"\b(?:us(?:e|es|ed|ing)|connect|wear(?:ing)?|play(?:ing)? on|scroll\w*|access\w*|answer(?:ing)? (?:it|them|calls?))\b"
)
_HAS = re.compile(
    r"\b(?:bring|bringing|left on|leave on|left switched|carry|carried|within reach|switched on)\b"
)
_REACHES = re.compile(
    rf"\b(?:message|messaging|text|texting|ring|call|dm|snap|snapchat|insta|whatsapp|facetime|contact|email|chat to|talk to|tell)(?: (?:to|with))? (?:a |an |the |my |our |some |one of (?:my|the) )?(?:\w+ )?(?:{_PEOPLE}|him|parents?|mums?)\b"
)
_MAY_REACH = re.compile(
    r"\b(?:messag\w+|text|texts|texting|contact\w*|call|calls|ring|telephon\w*|communicat\w+|engag\w+|talk\w*|speak|"
    r"e?mail\w*(?: \w+){0,3} (?:parents?|pupils?|students?|famil\w+))\b"
)
_BY_NAME = re.compile(
    r"\bby name\b|\bname (?:an?|the|my|our)\b|\bnamed\b|\bwho (?:bullied|hit|hurt|did)\b|\bnames? of\b"
)
_CONTENT = re.compile(
    r"\b(?:about|discuss\w*|concerning|regarding|mention\w*|name|naming|identify\w*|expose|gossip about|chat about|talk about) (?:\w+ ){0,2}?"
    r"(pupils?|students?|child|children|kids?|class|school|work|head|headteacher|parents?|colleagues?|staff|teachers?|governors?|boss)\b"
)

# Clauses that are about speaking of something, or to somebody.
_SPEECH = re.compile(
    r"\b(?:views?|express\w*|mention\w*|discuss\w*|say|speak\w*|talk\w*|tell\w*|comment\w*|posts?|posted|shares?|sharing|in contact|contact (?:an?|the|them|us|with)|communicat\w+|report\w*|"
    r"inform\w*|write\w*|written|message\w*|concerns?|complain\w*|advice|police|state|name)\b"
)


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
    limits = _marks(part, _TIMES) | _marks(part, _PLACES) | _marks(part, _SITUATIONS)
    if limits and not limits & _everywhere(asked):
        return True
    few = _NAMED_FEW.search(text)
    if few and few.group(1).rstrip("s") not in asked:
        return True
    if clause.lead_in and re.match(r"(?:if|when|where|unless|once)\b", clause.lead_in.lower()):
        return not _overlap(asked, _plain(clause.lead_in))
    return bool(_CONTENT.search(asked) and not set(_CONTENT.findall(asked)) & set(text.split()))


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
    return _marks(plain, _TIMES) | _marks(plain, _PLACES) | _marks(plain, _SITUATIONS)


def _company(plain: str) -> frozenset[str]:
    bare = _AWAY.sub(" ", plain)
    return frozenset({"pupils"} if _AMONG.search(bare) or _WHILE.search(bare) else ())


def _named(asked: str) -> tuple[frozenset[str], frozenset[str]]:
    """The circumstances a question says hold, and those it says do not."""
    tables = {**_TIMES, **_PLACES, **_SITUATIONS}
    denied = {n for n, p in tables.items() if re.search(_DENIED + f"(?:{p.pattern})", asked)}
    return (_everywhere(asked) | _company(asked)) - denied, frozenset(denied)


def _outside(asked: str, part: str) -> bool:
    """Whether a question stands outside the time, place, situation or company that leave is limited to."""
    if _SAMPLE.search(part):
        return False
    part = _EITHER.sub(" ", part)
    times, places, rare = _marks(part, _TIMES), _marks(part, _PLACES), _marks(part, _SITUATIONS)
    away = bool(_AWAY.search(part))
    holds, denied = _named(asked)
    if denied & (times | places | rare):
        return True
    if times and (holds & frozenset(_TIMES)) - times:
        return True
    if places and (holds & frozenset(_PLACES)) - places:
        return True
    if times and away and set(_SOMEWHERE.findall(asked)) - set(part.split()):
        return True
    if times or away or places - {"visit"}:
        return bool((holds & _WITH_PUPILS) - times - places)
    return bool(places and (holds & _WITH_PUPILS) - places - {"pupils", "duty"})


def _overlap(one: str, other: str) -> bool:
    return bool(set(_units(one)) & set(_units(other)))


def _another_purpose(asked: str, text: str) -> bool:
    """Whether leave for one purpose is asked for another."""
    reason = _BECAUSE.search(asked)
    if reason and not _overlap(
        re.sub(r"\b(?:parents?|pupils?|staff|i|we)\b", " ", reason[1]), text
    ):
        return True
    purpose = _PURPOSE.search(text)
    if not purpose:
        return False
    rest = _ASKS_TO.sub(" ", asked)
    named = [m.strip() for m in _FOR_WHAT.findall(rest) if not _FOR_WHOM.search(m)]
    if "emergenc" in text:
        text = f"{text} 999 112 ambulance"
    if re.search(r"\bsocial (?:network|media)", text):
        text = f"{text} facebook"
    if any(not _overlap(what, text) for what in named if len(what) > 1):
        return True
    return bool(_marks(asked, _LISTENERS) - _marks(text, _LISTENERS)) and bool(
        re.search(r"\b(?:contact|touch|communicat\w+|emergenc\w+)\b", text)
    )


def _another_gadget(asked: str, text: str, about: str) -> bool:
    """Whether it is another kind of device, or another's, than the one leave is given for."""
    theirs = _marks(text, _GADGETS)
    if theirs and not _ANY_GADGET.search(text) and _marks(asked, _GADGETS) - theirs:
        return True
    of_school, of_own = bool(_SCHOOLS_ONE.search(text)), bool(_THEIR_OWN_ONE.search(text))
    if _SCHOOLS_ONE.search(asked) and of_own and not of_school:
        return True
    if _OWN_ONE.search(asked) and of_school and not of_own:
        return True
    return bool(about != "pupils" and _PUPILS_ONE.search(asked) and not _PUPILS_ONE.search(text))


def _another_actor(about: str, asked: str, text: str, raw: str, part: str) -> bool:
    """Whether leave for some is asked by, or for, somebody else."""
    if any(w.rstrip("s") in text for w in _NOT_ONE.findall(asked) if len(w) > 3):
        return True
    few, says = _NAMED_FEW.search(text), _IS_ONE.search(asked)
    if few and says and says.group(1)[:5] not in text:
        return True
    if _POWERS.search(raw) and _I_ASK.search(asked) and about == "staff":
        return True
    of_parents = _PARENTS_MAY.search(text) and about not in ("parents", "all")
    if of_parents and not _PARENT_ASKS.search(asked):
        return True
    return about == "pupils" and bool(_ADULTS.search(part)) and not _YOUNG.search(part)


def _another_subject(asked: str, text: str, part: str) -> bool:
    """Whether leave for some people is asked for others: a friend of a relative, the child of a parent."""
    rest = _FRIENDSHIP.sub(" ", asked)
    if _OWN_CHILD.search(part) and not _WIDER_KIN.search(part):
        if _OTHERS_TOO.search(rest) or _KIN_FURTHER.search(rest):
            return True
        return not _ONES_CHILD.search(asked)
    if _OWN_CHILD.search(part) or _WIDER_KIN.search(part):
        close = re.search(r"\b(?:close (?:relatives?|family)|related)\b", part)
        if close and not re.search(r"\b(?:my|our|own|relat\w+|famil\w+|parent|mum|dad)\b", asked):
            return True
        if _FRIEND_OF.search(rest) and not _FRIEND_OF.search(_FRIENDSHIP.sub(" ", part)):
            return True
    if not _ACTS["befriend"].search(text) and not re.search(r"\bformer|\bcontact|\bengag", text):
        return False
    if re.search(r"\bformer (?:pupil|student)", text):
        return bool(_THEIR_KIN.search(rest) or re.search(r"\bin year \d", asked))
    if _KIN_NAMED.search(text):
        return False
    # A clause on grown people says nothing of children.
    rest = _PARENT_OF.sub(" ", asked)
    return bool(_THEIR_KIN.search(rest)) or bool(
        re.search(rf"\b(?!class\b|form\b){_PEOPLE}\b|\b(?:sons?|daughters?)\b", rest)
    )


def _another_page(asked: str, text: str) -> bool:
    """Whether leave for the school's own page or account is asked for another."""
    if _OWN_PAGE.search(asked):
        if _OFFICIAL.search(text) and not re.search(r"\b(?:own|personal|private)\b", text):
            return True
        if _PICTURES.search(asked) and _OF_PUPILS.search(asked):
            return not _OWN_PAGE.search(text)
    if not _OFFICIAL.search(text):
        return False
    sites = [m["site"] for m in _SITES.finditer(asked) if m["site"]]
    return any(site not in text for site in sites) and bool(
        _marks(_NOUNS.sub(" ", asked), _ACTS) & {"publish", "take"} or _CONTENT.search(asked)
    )


def _acts(plain: str) -> frozenset[str]:
    return _marks(_NOUNS.sub(" ", plain), _ACTS)


def _another_act(asked: str, text: str) -> bool:
    """Whether a question names an act that the clause does not: "… and then put it on my page"."""
    plain = re.sub(r"\bkeep (?:\w+ ){0,3}?on\b", "leave on", asked)
    theirs = _acts(text)
    if re.search(r"\b(?:express\w*|views?|state|contribut\w+|discuss\w*)\b", text):
        theirs |= {"publish"}
    if _PICTURES.search(text) and (_marks(text, _GADGETS) or _ANY_GADGET.search(text)):
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
    if _USES.search(asked) and _HAS.search(text) and not _USES.search(text):
        return True
    return bool(_REACHES.search(asked)) and not _MAY_REACH.search(text) and "befriend" not in theirs


def _more_besides(question: str, text: str) -> bool:
    """Whether what follows "and", "then" or "but" in the sentence that asks shares no word with the clause."""
    asks = [
        s for s in re.split(r"(?<=[?.!])\s+", question.strip()) if _WHERE_ASKED.search(_plain(s))
    ]
    if not asks:
        return False
    plain = _plain(asks[-1])
    begun = _WHERE_ASKED.search(plain)
    parts = _JOINED.split(plain[begun.end() :] if begun else plain)[1:]
    return any(_units(part) and not _overlap(part, text) for part in parts)


def _units(plain: str) -> list[str]:
    lex = lexicon()
    return lex.units(lex.expand(plain))


def _content(asked: str, text: str, rivals: Sequence[Clause]) -> bool:
    """Whether what is to be said there is named, and forbidden by another clause."""
    if _BY_NAME.search(asked) and not _BY_NAME.search(text):
        return True
    if _CONTENT.search(asked) and not _SPEECH.search(text):
        return True
    about = {w.rstrip("s") for w in _CONTENT.findall(asked)} - {w.rstrip("s") for w in text.split()}
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
    if _OWN_ONE.search(plain) or _THEIR_OWN_ONE.search(plain):
        found.add("own device")
    if _OWN_PAGE.search(plain) and _PICTURES.search(plain):
        found.add("own page")
    return frozenset(found)
