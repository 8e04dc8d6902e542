"""Whether a question says itself that what a clause's leave hangs on is not so: the wrong person agreed, or not yet."""

from __future__ import annotations

import re

from bot.policy.lexicon import words
from bot.policy.model import Clause, Strength

# Who can give what a clause asks for, by the role it names; whoever else said yes has not given it.
_GIVERS = {
    "head": r"head|heads|headteacher\w*|headmaster|headmistress|principal",
    "leaders": r"slt|smt|leaders?|leadership|management|team|deput\w+|assistant head|head|heads|headteacher\w*",
    "parents": r"parents?|parental|mums?|dads?|mothers?|fathers?|carers?|guardians?|famil\w+",
    "governors": r"governors?|chair|governing",
    "administrators": r"admin\w*",
    "person": r"he|she|they|him|her|them|person|colleagues?|staff|teachers?|ta|parents?|mums?|dads?|pupils?|everyone|owner|photographer|artist|author",
}  # fmt: skip
_NAMES_GIVER = {
    "head": re.compile(r"\b(?:headteacher|head teacher|principal|head)\b"),
    "leaders": re.compile(r"\b(?:slt|smt|(?:senior )?(?:leadership|management) team|leaders)\b"),
    "parents": re.compile(
        r"\b(?:parents?|parental|carers?|guardians?)\b(?: \w+){0,5} (?:permission|consent\w*|agree\w*)"
        r"|\b(?:permission|consent\w*|agree\w*)\b(?: \w+){0,4} (?:parents?|carers?|guardians?)\b"
    ),
    "governors": re.compile(r"\b(?:governors?|governing body)\b(?: \w+){0,3} (?:approv\w*|agree\w*|permission)"),
    "administrators": re.compile(r"\badministrators? (?:\w+ )?permission\b"),
    "person": re.compile(
        r"\bthat person(?:s)?\b|\bpersons permission\b|\bstaff must give permission\b|\btheir (?:own )?(?:permission|consent)\b|\bpeoples permission\b"
    ),
}  # fmt: skip
_SOMEBODY = (
    r"(?:grandad|grandpa|granddad|grandma|grandparents?|nan|nana|nanny|gran|granny|aunt\w*|uncle|sister|sisters|brother|brothers|sibling\w*|cousin|"
    r"friends?|mates?|boyfriend|girlfriend|partner|teachers?|tutor|deputy|deputies|deputy head|assistant head|governors?|chair|secretary|receptionist|caretaker|"
    r"site manager|site staff|business manager|line manager|managers?|colleagues?|ta|tas|assistant|helper|cleaner|cook|librarian|technician|"
    r"head of (?:year|department|faculty|house)|phase leader|subject leader|key stage leader|pupils?|students?|child|children|kids?|boy|girl|class|neighbour|husband|wife|son|daughter|boss|tutor|"
    r"childminder|social worker|coach|volunteer|office|admin team|head boy|head girl|councillor|headteacher|head|slt|smt|parents?|mum|dad|mother|father|"
    r"mums|dads|carers?|guardian|admin\w*|moderator|dsl|everyone|nobody)"
)
_SAYS_YES = (
    r"(?:gave|gives?|given|agreed|agrees?|approved|approves?|authoris(?:ed|es?)|consented|consents?|permitted|permits?|allowed|signed|okayed|oks?|"
    r"said (?:yes|ok|okay|it|its|i|that|we|so|fine|sure)|says? (?:yes|ok|okay|its|it|i|we|so)|is (?:ok|fine|happy)|are (?:ok|fine|happy)|doesnt mind|dont mind|permission|consent|approval|agreement)"
)
_YES_FROM = re.compile(
    rf"\b({_SOMEBODY})s? (?:(?:has|have|had|already|just|all|who|written|verbal|verbally|kindly|himself|herself) ){{0,2}}{_SAYS_YES}\b"
    rf"|\b(?:permission|consent|approval|agreement|ok|okay|authoris\w+|go ahead) (?:of|from|by) (?:(?:the|a|an|my|our|her|his|their|one|class|\w+) ){{0,3}}?({_SOMEBODY})\b"
    rf"|\b(?:approved|agreed|authorised|signed|okayed) by (?:(?:the|a|an|my|our|her|his|their) )?({_SOMEBODY})\b"
)
# What the clause asks for (first), and what a question may say that denies it (second).
_OPPOSITES = tuple(
    (re.compile(one), re.compile(other))
    for one, other in (
        (
            r"\b(?:beforehand|before|prior|first|in advance|only after|only once|only if|only when|once|after|unless|without|permission|consent\w*|approv\w+)\b",
            (r"\b(?:ask|asking|tell|telling|told|inform\w*|get|getting|seek|asked)\b(?: \w+){0,4} (?:after|afterwards|later|retrospectively)\b"
            r"|\bafter the (?:fact|event)\b|\b(?:until|till|before)\b(?: \w+){0,4} (?:gets? (?:round|back)|comes? (?:back|in|through)|approv\w+|agrees?|"
            r"permission|consent|repl(?:y|ies)|returned)\b|\b(?:permission|consent|approval|form|slip|ok)s?\b(?: (?:is|are|still|now|all|just))* "
            r"(?:coming|pending|on (?:its|the) way|to follow|in the post|outstanding|expected|being sorted)\b"
            r"|\b(?:no|without an?|without any) (?:answer|reply|response)\b|\bnot heard\b|\bhavent heard\b|\bnothing back\b"
            r"|\b(?:awaiting|waiting (?:for|on)|chasing|pending)\b|\b(?:havent|hasnt|not|didnt|never|yet to) (?:yet )?(?:repl\w+|respond\w*|answer\w*|come back|come through|been asked|asked|ask)\b"
            r"|\bbefore (?:i |we )?(?:ask|asking|get|getting|the (?:permission|consent|approval))\b|\bnot? ask\w*\b|\b(?:will|would|later) (?:ask|approve|sign)\b"),
        ),
        (
            r"\b(?:permission|consent\w*|agreed|approv\w+|authoris\w+)\b",
            (r"\b(?:most|some|half|nearly all|almost all|a few|all but|majority) (?:of )?(?:\w+ ){0,3}?(?:parents?|mums|dads|them|consent\w*|famil\w+|people|permissions?)\b"
            r"|\b(?:only|just) for\b|\bfor (?:the )?(?:\w+ )?only\b|\b(?:consent\w*|permission|agreed|approv\w+) (?:was |is |were )?(?:given )?(?:for|to) (?!use\b|post\b|be\b|do\b|it\b|this\b|that\b|put\b|take\b|share\b)(?:\w+ )*?(?:but|can|could|may)\b"
            r"|\bfor something else\b|\b(?:secretly|in secret|behind (?:his|her|their|the)|on the quiet)\b|\b(?:objects?|objected|disagree\w*)\b|\bwithout (?:ask|tell|permission|consent)\w*"),
        ),
        (  # To credit somebody is not to ask.
            r"\bpermission\b",
            r"^(?!.*\b(?:permission|consent\w*|agree\w*|said yes|approv\w*)\b).*\b(?:acknowledg\w*|credit(?:ed|ing)?)\b",
        ),
        (r"\b(?:in writing|written)\b", r"\b(?:verbal\w*|orally|out loud|by word of mouth|over the phone|in passing|by phone)\b"),
        (
            r"\b(?:open|openly|acknowledg\w+|declar\w+|transparent|knows? of|told|known to)\b",
            r"\b(?:secret\w*|quiet|hid(?:e|den|ing)|nobody knows?|no one knows?|dont (?:tell|know)|doesnt (?:know|need to know)|not tell\w*|without (?:telling|anyone))\b",
        ),
        (
            r"\b(?:socially|shared friends|already friends|existing|outside (?:of )?(?:school|work))\b",
            (r"\bstrangers?\b|\b(?:never|not|havent|dont) (?:really )?(?:met|know|known)\b|\bonly (?:know|known|met|through|from|know (?:him|her|them|each other))\b(?: \w+){0,4} (?:school|work|class|events?)\b"
            r"|\bonly (?:through|from|at|via) (?:school|work)\b|\b(?:only|just) know\b"),
        ),
        (
            r"\b(?:alone|unaccompanied|without (?:an? )?adult|no adult)\b",
            (r"\b(?:picked up|collected|dropped off|driven|lifts?|by car|on the bus)\b|\b(?:walks?|takes?|drives?|brings?|drops?|collects?|fetch\w*|meets?) (?:him|her|them|us)\b"
            r"|\b(?:walks?|goes|go|comes?|going|walking) (?:\w+ )?with (?:him|her|them)\b"
            r"|\bwith (?:his|her|their|a|an|my) (?:\w+ )?(?:mum|dad|parents?|brother|sister|nan|gran\w*|friends?|adult|childminder)\b"),
        ),
        (
            r"\b(?:no|not|un)\b ?(?:\w+ ){0,3}available\b",
            r"\b(?:even though|although|though|but) (?:we|i|there|they|school|the school) (?:\w+ )?(?:have|has|got|is|are)\b|\b(?:one|it|phone|mobile|ipad|device) is (?:slow|old|rubbish|fine|ok|working|charged|here|busy|a pain)\b|\b(?:forgot|left) (?:it|the|my|our|to)\b",
        ),
        (r"\b(?:emergenc\w+|exceptional|urgent\w*)\b", r"\b(?:not|no|isnt|wasnt|hardly) (?:an? |really |that )*(?:emergency|exceptional|urgent)\b|\ball (?:day|the time|week)\b|\bevery ?day\b|\bjust in case\b"),
    )
)  # fmt: skip


def fails(question: str, clause: Clause) -> bool:
    """Whether a question says that a condition of the clause is not met, or is met by somebody who cannot."""
    asked, text = _plain(question), _plain(f"{clause.lead_in or ''} {clause.text}")
    if any(one.search(text) and other.search(asked) for one, other in _OPPOSITES):
        return True
    return _wrong_giver(asked, text, clause)


def _plain(text: str) -> str:
    return " ".join(words(text.replace("-", " ")))


def _wrong_giver(asked: str, text: str, clause: Clause) -> bool:
    """Whether somebody other than those whom the clause names has said yes, and none of those."""
    said = [next(g for g in m if g) for m in _YES_FROM.findall(asked)]
    if not said or not _hangs(clause, text):
        return False
    named = {name for name, pattern in _NAMES_GIVER.items() if pattern.search(text)}
    if clause.reading.approver == "headteacher":
        named.add("head")
    elif clause.reading.approver == "slt":
        named.add("leaders")
    if "leaders" not in named and any(re.search(r"\bhead of\b", s) for s in said):
        return True
    if not named:
        named = {"parents", "person", "head", "leaders"}
    allowed = re.compile("|".join(rf"(?:{_GIVERS[n]})" for n in named))
    return not any(allowed.fullmatch(s) for s in said)


def _hangs(clause: Clause, text: str) -> bool:
    return clause.reading.strength is Strength.NEEDS_APPROVAL or bool(
        re.search(r"\b(?:permission|consent\w*|agree\w*|approv\w+|authoris\w+)\b", text)
    )
