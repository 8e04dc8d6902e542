"""The English of what a question adds to a leave: times, places, purposes, devices, people, pages and acts, as tables.

General words only, none of any one policy; `beyond` says what they mean together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Table = Mapping[str, re.Pattern[str]]


def _table(rows: Mapping[str, str]) -> Table:
    return {name: re.compile(rf"\b(?:{row})\b") for name, row in rows.items()}


PEOPLE = r"(?:pupils?|students?|child|childs|children|childrens|kids?|class|classes|boys?|girls?|learners?|year \d+s?|tutor group|form)"

# --- when, where, among whom -----------------------------------------------------------------------------------

TIMES = _table({
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
PLACES = _table({
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
SITUATIONS = _table({
    "emergency": r"emergenc\w+|urgent\w*|999|112|ambulance",
    "exceptional": r"exceptional",
})  # fmt: skip
AMONG = re.compile(
    rf"\b(?:with|near|around|in front of|beside|next to|among|amongst|supervising|watch(?= the| my)|watching|mind|minding|looking after|look after|in view of|in sight of) "
    rf"(?:\w+ ){{0,2}}?{PEOPLE}\b(?! (?:phone|ipad|laptop)s?)|\b{PEOPLE} (?:are |all )?(?:around|about|present|there|watching|near|can see)\b"
)
WHILE = re.compile(rf"\b(?:while|whilst) (?:the |my |our )?{PEOPLE}\b")
# Some other room or vehicle, whatever it is called.
SOMEWHERE = re.compile(
    r"\b(?:in|on|inside) (?:the|a|my|our) (?!(?:staff|office|phone|mobile|wifi|net|internet|web|school|same|end)\b)(\w+)\b"
)
AWAY = re.compile(
    rf"\b(?:away from|out of (?:the )?(?:sight|view|reach)(?: of)?|not in front of|no|without(?: any)?|where no) (?:\w+ )?{PEOPLE}\b"
)
WITH_PUPILS = frozenset(
    {"lesson", "gathering", "duty", "corridor", "playground", "hall", "toilets", "pupils"}
)
DENIED = r"\b(?:not|no|never|without|isnt|arent|wasnt|except|apart from)\b(?: (?:an?|the|in|at|on|my|really|during|for|any)){0,3} "
SAMPLE = re.compile(r"\b(?:for instance|for example|such as|including|eg)\b")
EITHER = re.compile(r"\bwhether\b[^,.;]*")

# --- what for --------------------------------------------------------------------------------------------------

PURPOSE = re.compile(
    r"\b(?:to (?:stay|keep|be|remain) in (?:contact|touch)|to (?:contact|ensure|ring|reach|call|communicate)|"
    r"for (?:an? |any )?(?:\w+ )?(?:emergenc\w+|purposes?|reasons?)|(?:only|solely|just) (?:to|for)|about) "
)
ASKS_TO = re.compile(
    r"^.*?\b(?:ok|okay|fine|allowed|wrong|alright|right|safe|problem|able|permitted|free|cool|bad) (?:for (?:\w+ ){1,3}?)?to\b"
)
FOR_WHAT = re.compile(
    r"\b(?:to (?!(?:my|the|an?|our|his|her|their|be|school|work|class|pupils?|parents?|home|him|them|staff|facebook|us|you|me|it|this|that)\b)"
    r"|for (?!(?:it|them|me|us|now|once|sure)\b)|about (?!(?:it|that|this)\b))((?:(?!\b(?:if|provided|once|as|when|with)\b)[^,.;])+)"
)
FOR_WHOM = re.compile(r"\b(?:teachers|staff|leaders|heads|tas|assistants|governors)\s*$")
BECAUSE = re.compile(r"\b(?:because|cause|cos|since) ((?!school\b).+)")
LISTENERS = _table({
    "family": r"wife|husband|partner|family|boyfriend|girlfriend|fianc\w+|kids|mum|dad|mother|father|sister|brother|son|daughter|nan|gran|relatives?",
    "friend": r"friends?|mates?",
    "parent": r"parents?",
    "pupil": r"pupils?|students?",
    "agent": r"bank|doctors?|estate agent|babysitter|childminder|gym|garage|plumber",
})  # fmt: skip

# --- on what ---------------------------------------------------------------------------------------------------

GADGETS = _table({
    "phone": r"phones?|mobiles?|smart ?phones?|iphones?|fones?|handsets?|telephones?",
    "watch": r"(?:smart ?)?watch(?:es)?|fitbits?|wearables?",
    "computer": r"laptops?|computers?|chromebooks?|pcs?|macbooks?",
    "tablet": r"tablets?|ipads?|kindles?",
    "camera": r"cameras?|gopros?",
})  # fmt: skip
GADGET = (
    r"(?:phones?|mobiles?|smart ?phones?|iphones?|fones?|handsets?|telephones?|(?:smart ?)?watch(?:es)?|fitbits?|laptops?|"
    r"computers?|chromebooks?|pcs?|macbooks?|tablets?|ipads?|kindles?|cameras?|gopros?|devices?|equipment|technology)"
)
ANY_GADGET = re.compile(r"\b(?:devices?|equipment|technolog\w+|gadgets?)\b")
SCHOOLS_ONE = re.compile(
    rf"\b(?:schools?|works?|class|classroom|office|nursery|trust|college|academy|department|official) (?:\w+ )?{GADGET}\b"
)
OWN_ONE = re.compile(
    rf"\b(?:my|own|personal|private|personally owned)(?! (?:schools?|works?|class|office)\b) (?:\w+ )?{GADGET}\b|\b(?:on|with|use) mine\b"
)
THEIR_OWN_ONE = re.compile(rf"\b(?:own|personal|private|their|mine) (?:\w+ )?{GADGET}\b")
PUPILS_ONE = re.compile(
    rf"\b(?:pupils|childs|childrens|students|kids|boys|girls|learners) (?:\w+ )?{GADGET}\b"
)

# --- who -------------------------------------------------------------------------------------------------------

I_ASK = re.compile(r"\b(?:can|could|may|might|am|should|if|do) i\b|\bok(?:ay)? (?:for me )?to\b")
NOT_ONE = re.compile(
    r"\b(?:im|i am|shes|hes|am i|is|are|we are) (?:not|no longer) (?:one of the |an? |the )?(\w+)"
)
IS_ONE = re.compile(
    r"\b(?:im|i am|as) (?:only |just )?(?:an? |the )(?:\w+ )?(moderator|admin\w*|governor|volunteer|helper|visitor|contractor|trainee|ta|member)\b"
)
POWERS = re.compile(
    r"\b(?:school|headteacher|head|principal|governing body|governors?|trust|leadership team|management|trustees?|council) "
    r"(?:may|can|could|might|will consider|reserves)\b(?! (?:agree|allow|approve|permit|authorise|give|let))"
)
NAMED_FEW = re.compile(
    r"\b((?:administrator|moderator|manager|leader|governor|officer|lead|owner|holder)s?|authorised (?:\w+ )?(?:staff|users?)) (?:may|can|could)\b"
)
PARENTS_MAY = re.compile(
    r"\b(?:parents?|carers?|families|relatives|guardians?) (?:may|can|could|are (?:allowed|welcome))\b"
)
KIN = (
    r"(?:son|sons|daughter|daughters|child|childs|kid|kids|boy|girl|stepson|stepdaughter|stepchild)"
)
PARENT_ASKS = re.compile(
    rf"\b(?:(?:grand)?parents?|mums?|dads?|mothers?|fathers?|carers?|families|famil\w+)\b|\bmy (?:own )?(?:\w+ )?{KIN}\b"
)
ADULTS = re.compile(
    r"\b(?:staff|teachers?|employees?|adults?|parents?|carers?|colleagues?|governors?|volunteers?)\b"
)
YOUNG = re.compile(
    rf"\b(?:{PEOPLE}|son|sons|daughter|daughters|minors?|young (?:person|people)|relatives?|famil\w+)\b"
)

# --- whom --------------------------------------------------------------------------------------------------------

OWN_CHILD = re.compile(rf"\bown (?:{KIN}|children)\b")
ONES_CHILD = re.compile(
    rf"\b(?:my|our|his|her|their) (?:own )?(?:\w+ )?(?:{KIN}|children)\b|\bown (?:{KIN}|children)\b"
)
OTHERS_TOO = re.compile(
    r"\b(?:other|others|another|everyones?|whole|all (?:of|the)|staff|teachers|(?<!my )(?<!own )(?:pupils|children|kids)|and (?:\w+ )?class|classmates?|"
    r"friends?|mates?|neighbours?|someone|somebody|team)\b"
)
KIN_FURTHER = re.compile(
    r"\b(?:nephews?|nieces?|cousins?|godsons?|goddaughters?|god ?child|grand ?(?:sons?|daughters?|child|children))\b"
)
FRIENDSHIP = re.compile(
    r"\b(?:be|being|stay|become|remain|still|am|im|weve|were|been|make|made|online|fb|facebook|insta\w*|snapchat|as) "
    r"(?:(?:an?|good|fb|facebook|online) ){0,2}?friends?\b(?: (?:online|on \w+))?(?: (?:with|of))?|\bfriend(?:s|ship)? (?:request\w*|with)\b|\bfriends (?:online )?with\b|\bfriend (?:an?|the|my|her|him|them)\b"
)
FRIEND_OF = re.compile(
    r"\b(?:friends?|mates?|classmates?|teammates?|pals?|girlfriends?|boyfriends?|partners?|godsons?|goddaughters?|godchild|"
    r"(?:pupils|kids|children|boys|girls|others|lads|rest|everyone) (?:in|from|of) (?:his|her|their|the same) (?:\w+ )?(?:class|form|year|team|school)|form group|tutor group|neighbours?|"
    r"(?:like|as good as|practically|almost|honorary|sort of|kind of) (?:an? |my |one of the )?(?:uncle|aunt\w*|famil\w+|mum|dad|mother|father|parent|brother|sister|relative)|"
    r"(?:pupil|student|boy|girl|lad|child|kid) (?:who|that) (?!is\b|s\b|are\b|was\b)\w+ (?:\w+ )?my)\b"
)
THEIR_KIN = re.compile(
    r"\b(?:his|her|their|\w{3,}s) (?:own |little |big |older |younger |twin )*(?:sisters?|brothers?|siblings?|sons?|daughters?|child|children|kids?|"
    r"partners?|husband|wife|friends?|mates?|cousins?|nephews?|nieces?)\b"
    r"|\b(?:sister|brother|sibling|son|daughter|child|kid|partner|friend)s? of\b"
)
WIDER_KIN = re.compile(
    r"\b(?:relatives?|close family|family members?|parent of|that pupils parent|related|nieces?|nephews?|grandchild\w*)\b"
)
KIN_NAMED = re.compile(rf"\b(?:relatives?|famil\w+|{KIN}|kin|siblings?|related|{PEOPLE})\b")
PARENT_OF = re.compile(
    rf"\b(?:parents?|mums?|dads?|mothers?|fathers?|carers?|famil\w+) (?:of|to|in|from|whose|with) (?:\w+ ){{0,3}}?(?:{PEOPLE}|son|daughter)\b"
    r"|\bex pupils?\b|\bold (?:boys?|girls?)\b|\b(?:former|past|old) (?:pupils?|students?)\b"
)

# --- on whose page ---------------------------------------------------------------------------------------------

PAGE = r"(?:web ?sites?|web ?pages?|sites?|pages?|accounts?|profiles?|blogs?|channels?|feeds?|story|stories|facebook|fb|instagram|insta|ig|twitter|x|tiktok|snapchat|snap|youtube|linkedin|whatsapp|social media|social network\w*)"
OWN_PAGE = re.compile(
    rf"(?<!our )\b(?:my|own|personal|private)(?! (?:school|class|department|form)\b) (?:\w+ )?{PAGE}\b|\bon my own$"
)
OFFICIAL = re.compile(
    rf"\b(?:schools?|official|its|our|approved|college|trust|academy)s? (?:\w+ )?(?:channels?|service|networking service|{PAGE})\b|\bschool produce\w*|\bwhat the school produces\b"
)
SITES = re.compile(
    r"\b(?P<whose>schools?|official|our|approved|department|the schools) (?:\w+ )?(?P<ours>facebook|fb|instagram|insta|ig|twitter|tiktok|snapchat|snap|youtube|linkedin|whatsapp|channel|website)\b"
    r"|\b(?P<site>facebook|fb|instagram|insta|ig|twitter|tiktok|snapchat|snap|youtube|linkedin|whatsapp|telegram|discord|class blog|group chat)\b"
)
PICTURES = re.compile(
    r"\b(?:pics?|pictures?|photos?|photographs?|images?|videos?|clips?|footage)\b"
)
OF_PUPILS = re.compile(
    r"\b(?:pupils?|students?|child|childs|children|childrens|kids?|class|team|boys?|girls?|year \d+s?)\b"
)

# --- what is done ----------------------------------------------------------------------------------------------

NOUN = r"(?:posts?|shares?|films?|records?|uploads?|messages?|texts?|replies|reply|copies|copy)"
NOUNS = re.compile(
    rf"\b(?:an?|any|the|this|that|my|our|his|her|their|your|each|every|some|of|threatening|abusive|nasty|racist|bullying|offensive|or|comments? and) {NOUN}\b"
    rf"|\b\w+s {NOUN}\b(?! (?:it|them|him|her|a|an|the)\b)|\b(?:that|which|it) shows?\b|\bused to \w+"
    r"|\b(?:friend|follow\w*) requests?\b|\bfollowers?\b|\bblog(?:s)?\b|\bschool record\w*"
)
ACTS = _table({
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
WHERE_ASKED = re.compile(
    r"\b(?:can|cant|could|may|might|is it|would it|am|are|ok|okay|fine) (?:i|we|staff|my|an?|the|they|he|she|it|to|not|if|be|parents?|pupils?|year)\b"
)
JOINED = re.compile(r"\b(?:and then|and also|and|then|but also|but|as well as|plus)\b")
USES = re.compile(
    r"\b(?:us(?:e|es|ed|ing)|connect|wear(?:ing)?|play(?:ing)? on|scroll\w*|access\w*|answer(?:ing)? (?:it|them|calls?))\b"
)
HAS = re.compile(
    r"\b(?:bring|bringing|left on|leave on|left switched|carry|carried|within reach|switched on)\b"
)
REACHES = re.compile(
    rf"\b(?:message|messaging|text|texting|ring|call|dm|snap|snapchat|insta|whatsapp|facetime|contact|email|chat to|talk to|tell)(?: (?:to|with))? (?:a |an |the |my |our |some |one of (?:my|the) )?(?:\w+ )?(?:{PEOPLE}|him|parents?|mums?)\b"
)
MAY_REACH = re.compile(
    r"\b(?:messag\w+|text|texts|texting|contact\w*|call|calls|ring|telephon\w*|communicat\w+|engag\w+|talk\w*|speak|"
    r"e?mail\w*(?: \w+){0,3} (?:parents?|pupils?|students?|famil\w+))\b"
)
BY_NAME = re.compile(
    r"\bby name\b|\bname (?:an?|the|my|our)\b|\bnamed\b|\bwho (?:bullied|hit|hurt|did)\b|\bnames? of\b"
)
CONTENT = re.compile(
    r"\b(?:about|discuss\w*|concerning|regarding|mention\w*|name|naming|identify\w*|expose|gossip about|chat about|talk about) (?:\w+ ){0,2}?"
    r"(pupils?|students?|child|children|kids?|class|school|work|head|headteacher|parents?|colleagues?|staff|teachers?|governors?|boss)\b"
)

# Clauses that are about speaking of something, or to somebody.
SPEECH = re.compile(
    r"\b(?:views?|express\w*|mention\w*|discuss\w*|say|speak\w*|talk\w*|tell\w*|comment\w*|posts?|posted|shares?|sharing|in contact|contact (?:an?|the|them|us|with)|communicat\w+|report\w*|"
    r"inform\w*|write\w*|written|message\w*|concerns?|complain\w*|advice|police|state|name)\b"
)
