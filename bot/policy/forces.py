"""The English of rules as tables of patterns: what forbids, asks, allows, and needs leave.

Every pattern is matched against `strength.plain` text: lower case, straight quotes, "not" in full.
No word of any one policy is here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.policy.model import Strength

_PEOPLE = (
    r"staff|teachers?|teaching assistants|employees?|pupils?|students?|children|learners|parents?|"
    r"carers?|parents?/carers?|governors?|trustees|volunteers?|visitors?|contractors?|you|we|they|"
    r"users?|school|academy|headteacher|head teacher|principal|individuals?|adults?|members?|"
    r"representatives|colleagues|leaders?|managers?|practitioners|anyone|everyone|workers?|trust|"
    r"i(?= (?:will|must|may|can|should|shall)\b)|guests|administrators?|moderators?|"
    r"families|nobody|no one|no-one|governing body"
)
_DONE = (
    r"used|taken|kept|worn|brought|shared|posted|published|deleted|removed|accessed|carried|made|"
    r"sent|given|reported|referred|displayed|stored|recorded|switched on|left|downloaded|"
    r"installed|uploaded|contacted by|set up|created|worked on|viewed|borrowed|opened|locked|"
    r"restricted|blocked|arranged|requested"
)
_ADVERBS = r"(?:also |then |still |therefore |however |always |normally |only |now |never )*"
_PERMISSION = (
    r"(?:permission|consent|approval|authori[sz]ation|agreement|authority|clearance|sign-off)"
)
_QUALIFIED = (
    r"(?:the |a |their |his |her |your |prior |written |signed |appropriate |express |explicit |"
    r"necessary |parental |parents?['] |verbal |informed |full |relevant |formal |specific |"
    r"advance )*"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, and how strongly a sentence that has it speaks."""

    strength: Strength
    pattern: re.Pattern[str]


def _table(*rows: tuple[Strength, str]) -> tuple[Rule, ...]:
    return tuple(Rule(strength, re.compile(pattern)) for strength, pattern in rows)


# Freedom from asking: looked for before permission.
NO_NEED = re.compile(
    r"\b(?:do(?:es)?|need|needs) not (?:need|require|have|to)\b.{0,20}"
    rf"(?:approv|authori[sz]|{_PERMISSION})|\bno (?:prior |further )?{_PERMISSION} (?:is|are) "
    r"(?:needed|required|necessary)|\bwithout (?:needing|having to (?:seek|ask))"
)

# Permission that someone must give: looked for in the whole sentence.
APPROVALS = tuple(
    re.compile(pattern)
    for pattern in (
        (
            r"\b(?<!policy )(?:must|should|needs? to|ha(?:s|ve) to|required to|are to|is to|"
            r"will|unless|"
            r"only|until|if)\b(?: \S+){0,8}? (?:pre-)?(?:approved|authori[sz]ed|agreed|cleared|"
            r"sanctioned|signed off)(?: \S+){0,3}? (?:by|with)\b"
        ),
        (
            rf"\b(?:unless|without|only (?:with|after|following|if|when|where|once)|subject to|"
            rf"except with|other than with|until)\b[^.;]{{0,70}}?\b{_PERMISSION}\b"
        ),
        (
            rf"\b{_PERMISSION}\b[^.;]{{0,50}}?\b(?:must|should|will|needs? to|ha(?:s|ve) to|is to|"
            r"are to)\b (?:always |first |also |be |have been |strictly )*(?:sought|"
            r"obtained|gained|"
            r"given|granted|required|needed|secured|agreed|in place|adhered to|requested)"
        ),
        (
            rf"\b{_PERMISSION} (?:from [^.;]{{0,40}}?|of [^.;]{{0,40}}?)?(?:is|are) (?:always |"
            rf"first |"
            r"also )*(?:required|needed)"
        ),
        (
            rf"\b(?:seek|obtain|gain|get|ask for|request|secured?|obtained|sought|need|"
            rf"needs|require|"
            rf"requires) {_QUALIFIED}{_PERMISSION}\b(?! (?:form|slip|letter)s? (?:is|are))"
        ),
        rf"\bmust (?:first )?(?:give|have|provide) {_QUALIFIED}(?:permission|consent|approval)",
        rf"\bwith the {_QUALIFIED}{_PERMISSION} of\b",
        rf"\bwith {_QUALIFIED}(?:written|prior|express) {_QUALIFIED}{_PERMISSION}\b",
        r"\bcircumstances\b[^.;]{0,60}\b(?:agreed|approved|authori[sz]ed) (?:with|by)\b",
        (
            rf"\bonly (?:be \w+ )?[^.;]{{0,40}}?\b(?:following|after|with|once|when|if|"
            rf"where)\b[^.;]{{0,40}}?\b{_PERMISSION}\b"
        ),
        r"\bask (?:the )?[^.;,]{0,40}? (?:before|first\b)",
        r"\bat the discretion of\b",
    )
)

# What a breach brings, what the law says, what the school will not answer for: no rule in itself.
CONSEQUENCE = re.compile(
    r"\b(?:subject to|face|lead to|result in|leading to|resulting in|liable to)\b[^.;]{0,60}"
    r"\b(?:disciplin|dismissal|sanction|prosecution|action|proceedings|misconduct|\bban\b|"
    r"termination)"
    r"|\b(?:considered|treated|regarded|viewed|seen)\b.{0,20}\b(?:gross|serious|misconduct|"
    r"offence|breach)"
    r"|\bentitled to take (?:disciplinary )?action|\bconstitutes?\b.{0,30}(?:misconduct|"
    r"offence|breach)|\b(?:may|could|can|will) (?:also )?be disciplined"
    r"|\b(?:is|are) (?:a )?(?:illegal|unlawful|criminal offence|against the law)\b"
    r"|\bdisciplinary (?:action|procedures?|measures|proceedings) (?:may|will|could|can) be"
    r"|\b(?:cannot|can not|will not|does not) (?:accept|be held|be) (?:any )?(?:liab|respons)"
)
BREACH = re.compile(
    r"^(?:any |a |an |all |such |serious |repeated |deliberate )*(?:breach|violation|"
    r"failure|failing|"
    r"non-?compliance|contravention|infringement|anyone|(?:those|staff|employees|pupils) who|"
    r"(?:a )?member of staff who|this (?:may|will|could)|be aware|staff should be aware)"
)
TOLD_THAT = re.compile(r"^[^.;]{0,60}?\b(?:informed|reminded|warned|advised|aware) that ")
IMPLIED_BAN = re.compile(
    r"^(?!failing|failure|according|depending|during|following)(?:any )?(?:\w+ing\b|\w+ation\b|"
    r"(?:manipulation|distribution|use|misuse|posting)\b)[^.;]*?"
    r"\b(?:may|could|can|will|might) (?:also )?(?:result in|lead to)\b[^.;]*?"
    r"\b(?P<what>action|disciplin\w+|dismissal|proceedings|prosecution)"
)

_MN, _SN, _M, _S = Strength.MUST_NOT, Strength.SHOULD_NOT, Strength.MUST, Strength.SHOULD
_MAY, _INFO = Strength.MAY, Strength.INFORMATION

FORCES = _table(
    # --- facts that borrow the words of rules
    (_INFO, r"\bthere (?:may|might|will|can) be\b"),
    (_INFO, r"\b(?:it|this|which|that|these) (?:may|might|could|can) (?:be|have|also be)\b"),
    (_INFO, r"\b(?:purpose|aims?|objectives?|intention|goal)\b[^.;]{0,60}\b(?:is|are) to\b"),
    (
        _INFO,
        (
            r"\b(?:policy|document|guidance|procedure|code) (?:also )?(?:sets? out|explains?|"
            r"describes?|outlines?|covers?|applies|apply|relates?|refers?|provides?|aims?|"
            r"is to)\b(?![^.;]*\b(?:must|expected|required|should)\b)"
        ),
    ),
    (_INFO, r"\bshould (?:also )?be (?:noted|remembered|stressed|emphasised)\b"),
    (_INFO, r"\b(?:it|this|which|that) cannot be\b"),
    (_INFO, r"\bschools? (?:will not|cannot) (?:accept|be (?:held )?(?:liable|responsible))"),
    # --- flat prohibitions
    (_MN, r"\bunder no circumstances?\b|\bat no (?:time|point)\b|\bon no account\b"),
    (_MN, r"\b(?:must|shall) (?:also )?(?:not|never)\b|\bmust (?:refrain|avoid|neither)\b"),
    (
        _MN,
        (
            rf"\b(?:{_PEOPLE})(?: \([^)]*\))? (?:may not|cannot)\b(?! (?:always|be (?:held|"
            r"liable)|respect|reali[sz]e|understand|have|know|want|wish|see|agree|like|stop|"
            r"control|guarantee|accept|police|cover))"
        ),
    ),
    (
        _MN,
        rf"\b(?:may|can|will|shall) (?:not|never) (?:ever )?be (?:{_DONE}|permitted|allowed|"
        r"tolerated|accepted|acceptable)\b|\bcannot be (?:" + _DONE + r")\b",
    ),
    (
        _MN,
        (
            r"\bno (?:[\w/'-]+ ){1,6}?(?:may|must|shall|can|will|is to|are to|(?:is|"
            r"are) (?:allowed|permitted))\b(?! not)"
        ),
    ),
    (_MN, r"\b(?:strictly |absolutely |expressly )?(?:prohibited|forbidden|banned|outlawed)\b"),
    (
        _MN,
        (
            r"\b(?:not|never) (?:be )?(?:permitted|allowed|acceptable|tolerated|"
            r"appropriate to do)\b"
            r"|\bnot (?:be )?considered (?:to be )?(?:acceptable|appropriate)\b"
        ),
    ),
    (
        _MN,
        (
            r"\b(?:is|are|be|completely|wholly|totally|considered) (?:\w+ )?unacceptable\b|"
            r"\bnever (?:appropriate|acceptable|permissible)\b|\bzero[- ]tolerance\b|"
            r"\bexpressly excluded\b"
            r"|\b(?:to be|following|examples of|considers?) inappropriate (?:use|conduct|"
            r"behaviour)"
        ),
    ),
    (
        _MN,
        (
            r"\b(?:is|are) (?:strictly )?(?:to be )?not to\b|\bare (?:not|never) to\b|\bno "
            r"circumstances (?:that|in which|where|under which)\b"
        ),
    ),
    (
        _MN,
        (
            rf"\b(?:{_PEOPLE}|devices|phones|cameras|accounts) will (?:not|"
            rf"never) (?!be (?:held|able|"
            r"liable|responsible|asked|expected|required)|accept|always|necessarily|only)"
        ),
    ),
    (_MN, r"\b(?:have|has) (?:a|an) (?:legal )?(?:duty|responsibility|obligation) not to\b"),
    # --- advice against
    (_SN, r"\bshould (?:also |therefore |normally |generally |ideally )?(?:not|never)\b"),
    (
        _SN,
        (
            r"\bshould (?:always |also )?(?:be avoided|avoid|refrain|resist|steer clear|neither|"
            r"at no)\b"
        ),
    ),
    (_SN, r"\bno (?:[\w/'-]+ ){1,6}?should\b|\bneither should\b|\bnor should\b"),
    (
        _SN,
        (
            r"\b(?:advised|asked|recommended|encouraged|reminded|requested|urged|expected|warned) "
            r"(?:not to|against|never to|that they (?:do|should) not|that \w+ should not)\b"
        ),
    ),
    (
        _SN,
        (
            r"\b(?:strongly )?(?:discourages?|discouraged)\b|\b(?:not|neither) (?:recommended|"
            r"advisable|advised|wise|desirable|considered good practice)\b|\b(?:inadvisable|"
            r"unwise)\b"
        ),
    ),
    (
        _SN,
        (
            r"\bnot (?:be |normally be )?(?:appropriate|professional|good practice|suitable)\b"
            r"|\bought not\b|\b(?:would|is|are) (?:be )?inappropriate (?:to|for)\b"
        ),
    ),
    (_SN, r"\b(?:try not to|do your best not to|best avoided)\b"),
    # --- awareness and care: softer than other commands
    (
        _S,
        (
            r"\b(?:need|needs|have|has) to (?:also )?(?:be (?:aware|careful|mindful|cautious)|"
            r"consider|think|remember|bear in mind)\b"
        ),
    ),
    (_S, r"\bis (?:also |very |therefore )?important (?:to|for|that)\b|\bimportant that\b"),
    (
        _S,
        (
            r"\bexpect(?:s|ed|ation)?\b(?! to (?:comply|adhere|abide|"
            r"sign))(?![^.;]{0,60}\balways\b)"
        ),
    ),
    # --- flat duties
    (_M, r"\b(?:must|shall)\b"),
    (
        _M,
        (
            r"\bexpect(?:s|ed|ation)?\b|\b(?:is|are|be) (?:required|obliged|bound|"
            r"contractually \w+|compelled|responsible|duty[- ]bound)\b"
        ),
    ),
    (
        _M,
        (
            r"\b(?:ha(?:s|ve)|hold|bear)s? (?:(?:a|an|the|legal|statutory|key|clear|"
            r"professional|shared|collective|"
            r"personal|full|contractual|overall|particular|special|moral|"
            r"individual) ){0,3}(?:responsibility|duty|obligation)\b"
            r"|\bowes? a duty\b|\bresponsibility of\b|\b(?:part|role) to play\b"
        ),
    ),
    (
        _M,
        (
            r"\b(?:have|has|need|needs) to\b(?! (?:be (?:sought|told)|the|a|our|their|"
            r"school|pupils|students|staff|do with))|\b(?:essential|vital|imperative|"
            r"compulsory|mandatory|crucial|obligatory|a requirement)\b"
        ),
    ),
    (
        _M,
        r"\b(?:can|may|will|is to|are to) only be (?:\w+)|\bonly (?:[\w/-]+ ){1,5}(?:can|may) be "
        r"(?:" + _DONE + r")",
    ),
    (_M, r"\b(?:is|are) to (?:be|\w+)\b(?! (?:date|day))"),
    (
        _M,
        (
            rf"\b(?:{_PEOPLE}|staff) to (?:be (?:aware|responsible)|ensure|report|inform|keep|"
            rf"check)\b"
        ),
    ),
    # --- what will be done
    (
        _MAY,
        (
            r"\bwill (?:also |then |still |always )*(?:consider|be able to|"
            r"have the option|have the right)\b"
        ),
    ),
    (
        _S,
        (
            r"\bwill (?:always )?(?:usually|normally|generally|try|endeavour|aim|where possible|"
            r"seek)\b"
        ),
    ),
    # --- advice
    (_S, r"\b(?:should|ought to)\b"),
    (
        _S,
        (
            r"\b(?:advised?|advises|recommended?|recommends|reminded|asked|urged?|"
            r"requested) (?:to|"
            r"that|as follows|the following|of|do so)\b|\b(?:advised|recommended|recommends|"
            r"advise|recommend|good practice (?:to|is))\b"
        ),
    ),
    (
        _S,
        (
            rf"\b(?:encourage|encourages) (?:all |our )?(?:{_PEOPLE})|\b(?:{_PEOPLE}) (?:are|is) "
            r"(?:\w+ )?encouraged\b|\bthink (?:carefully|twice|before)\b"
        ),
    ),
    # --- leave
    (
        _MAY,
        (
            rf"\b(?:{_PEOPLE})(?: \([^)]*\))?(?: (?:who|"
            rf"whose) [^,.;]{{0,60}})? {_ADVERBS}(?:may|can) "
            rf"{_ADVERBS}(?!(?:also |then |still |only |always |now )*(?:be|have|not|feel|find|"
            rf"wish|result|"
            r"cause|lead|become|need|want|experience|suffer|see|face) )"
        ),
    ),
    (_MAY, rf"\b(?:may|can) {_ADVERBS}be (?:{_DONE})\b"),
    (
        _MAY,
        (
            r"\b(?:is|are|be) (?:also |therefore |now )?(?:free|able|welcome|permitted|allowed|"
            r"entitled|encouraged|acceptable)\b|\b(?:have|has|reserves?) the (?:option|right|"
            r"opportunity)\b|\bwithin their rights\b|\b(?:need|do(?:es)? not (?:need|have)) not\b"
        ),
    ),
    (
        _M,
        (
            rf"\b(?:{_PEOPLE}|phones|devices|accounts|incidents|breaches|policy|concerns|"
            rf"cameras|images|photographs|lessons|services|rules|checks|comments|administrators?|"
            rf"head)\)?(?: \([^)]*\))?(?: (?:and|in|from|on|at|of|with) [\w -]{{1,25}}?)? "
            r"will\b(?! (?:also |then |still |always )*(?:be (?:able|aware|liable|easily|"
            r"considered|viewed|"
            r"treated|subject)|have|find|lead|result|usually|normally|generally|try|endeavour|"
            r"aim|seek|consider|where|not|never)\b)"
        ),
    ),
)

# Heard only where nothing else is.
FAINT = _table(
    (_M, r"\bcommitted to\b|\bfirm commitment to\b"),
    (
        _M,
        (
            r"(?<!\bit )(?<!\bthis )(?<!\bwhich )(?<!\bthat )\bwill (?:also |always |"
            r"only )?be (?:\w+ly )?"
            r"(?!(?:easily )?(?:considered|viewed|recognised|treated|regarded|affected|involved|"
            r"required|called)\b)(?:\w+ed|"
            r"kept|made|sent|given|held|taken|done|shown|visible|available|in place|clear)\b"
        ),
    ),
)

COMMANDS = _words(
    """
    accept acknowledge act adhere adopt agree alert allow always apply arrange ask assume
    attend be bear block bring call carry challenge change check choose clear close
    communicate complete comply conduct confirm consider consult contact continue copy create
    declare delete demonstrate deny destroy disable discuss dispose distinguish do download
    encourage end ensure establish exercise explain familiarise file follow forward get give
    go guard hand have help hide hold identify ignore include inform install investigate
    invite join keep know learn leave let limit listen lock log look maintain make manage
    mention model monitor never note notify obey observe obtain only open pass password pay
    place post prevent promote protect prove provide publish put raise read record redirect
    refer regard register remain remember remind remove replace report request require respect
    respond restrict retain return review save search secure seek select send set share show
    sign speak stay stop store submit supervise support switch take talk teach tell think tidy
    treat try turn understand update upload use verify view wait watch wear work write
    """
)
FORBIDS = re.compile(
    r"^(?:that )?(?:they |you |we |staff |employees |pupils |and |or |to )?(?:do not|never|"
    r"refrain from|not to|must not|not(?! only)|cease|stop)\b"
)
LEAVES = re.compile(r"^(?:avoid|beware|try not to)\b")
PLEASE = re.compile(r"^please (?:do not|never|refrain)\b")
AWARENESS = re.compile(
    r"^(?:always |also |please )?(?:be|are|remain|stay|make yourself|make yourselves|become) "
    r"(?:\w+ly )?(?:aware|careful|cautious|mindful|familiar|wary|alert|vigilant)\b"
    r"|^(?:remember|bear in mind|note|think|beware|take care|try)\b"
)
NOUN_NEXT = re.compile(
    r"^(?:use|report|contact|record|change|access|set|post|review|support|help|"
    r"respect|work|search|share|view|watch|request|display|place|check|sign|"
    r"register|act|call|challenge|file|log|note|copy|block|look|hold|return) "
    r"(?:of|by|for|in which|is|are|made|must|should|will|may|can)\b"
)
CONDITION = re.compile(
    r"^(?!(?:under|in|at|on) no\b)(?:if|where|when|whenever|whilst|while|although|though|"
    r"in the event|should|once|unless|as|"
    r"since|for|after|before|in (?:order|addition|line|any|all|some|exceptional|such|other|this|"
    r"these|their|our|your|the|accordance|applying|an)|at|during|on|with|by|to|outside|within|"
    r"even if|until|other than|wherever|therefore|however|likewise|also|furthermore|in particular|"
    r"finally|similarly|under|through|as such|instead)\b[^,]*,\s*"
)
OPENING = re.compile(
    r"^(?:[\w ]{1,20} [–-] |\W+|(?:and|but|or|also|then|however|therefore|just) )+"
)


AIMS = re.compile(
    r"\b(?:purpose|aims?|objectives?|areas?|examples?|includes?|including|extracts|means|"
    r"defined)\b"
)

VISION = re.compile(
    r"\b(?:vision|mission|values|ethos|statement of intent|aims?|objectives|rationale|beliefs)\b"
)

RULES_FOLLOW = re.compile(
    r"\b(?:rules?|guidelines|guidance|principles|steps|points|procedures?|requirements|terms)\b"
    r"[^.;]{0,40}\bbe (?:followed|observed|adhered to|kept|complied with)"
)

LABEL = re.compile(r"^[\w ]{2,24} ?[–:-] ")
