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
    r"families|nobody|no one|no-one|governing body|colleague|tutors?|relatives|boarders?|starters"
)
_DONE = (
    r"used|taken|kept|worn|brought|shared|posted|published|deleted|removed|accessed|carried|made|"
    r"sent|given|reported|referred|displayed|stored|recorded|switched on|left|downloaded|"
    r"installed|uploaded|contacted by|set up|created|worked on|viewed|borrowed|opened|locked|"
    r"restricted|blocked|arranged|requested|added|offered|filmed|photographed|pictured|named|"
    r"printed|admitted|lent|copied|charged|connected|shown|played|tagged|swapped|accepted|answered|joined"
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
    r"(?:needed|required|necessary)|\bneed not (?:ask|seek|obtain|get)\b|\bwithout (?:needing|having to (?:seek|ask))"
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
            r"(?! (?:must|should)\b)"
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
        rf"(?<!even )\bwith the {_QUALIFIED}{_PERMISSION} of\b",
        rf"(?<!even )\bwith {_QUALIFIED}(?:written|prior|express) {_QUALIFIED}{_PERMISSION}\b",
        r"\bcircumstances\b[^.;]{0,60}\b(?:agreed|approved|authori[sz]ed) (?:with|by)\b",
        (
            rf"\bonly (?:be \w+ )?[^.;]{{0,40}}?\b(?:following|after|with|once|when|if|"
            rf"where)\b[^.;]{{0,40}}?\b{_PERMISSION}\b"
        ),
        (
            r"^(?!.*\b(?:not sure|unsure|in (?:any )?doubt|not understand|uncertain)\b).*"
            r"\bask (?:the )?[^.;,]{0,40}? (?:before|first\b)"
        ),
        r"\bat the discretion of\b",
        # someone else's yes, in other words
        (
            r"\w[^.;]*?\b(?<!even )(?:once|if|unless|after|until|when|where|provided(?: that)?)\b"
            r"(?: (?!(?:you|he|she|it|they|i|policy|wording|terms)\b)[\w'/-]+,?){1,20}? "
            r"(?:(?:has|have) (?:first |also |already |both )?(?:agreed|approved|authori[sz]ed|"
            r"consented|signed|ticked|given leave|said yes|cleared it|allowed it)|agrees?|"
            r"consents?|approves?)\b(?! to (?:this|the) (?:policy|terms))"
        ),
        (
            rf"\b(?:needs?|requires?|with) (?:[\w-]+ ){{0,4}}?[\w-]+'s? (?:\w+ ){{0,2}}?"
            rf"{_PERMISSION}\b"
        ),
        r"\b(?:written|express|prior|special) leave (?:of|from)\b",
        (
            r"\b(?:head|headteacher|head teacher|principal|manager|director|leader|deputy|"
            r"department|governors|trust board|bursar|dsl|lead) (?:may|can) (?:\w+ ){0,2}?"
            r"(?:agree|allow|authori[sz]e|permit|approve|grant|give (?:leave|permission|consent)|"
            r"make (?:an )?exceptions?)\b"
        ),
        (
            r"\b(?:who|that|which) (?:wish|wishes|want|wants|need|needs|would like)\b[^.;]*?"
            r"\b(?:(?:must|should|shall) (?:first )?(?:apply to|ask|seek)|(?:complete|fill in) "
            r"(?:the|a) request)\b"
        ),
        r"^requests? (?:to|for) [^.;]*?\b(?:go|goes|(?:must|should) (?:go|be made)) to\b",
        (
            r"\b(?:may|can) ask (?:the|your|their) (?:[\w-]+ ){0,2}?(?:manager|headteacher|"
            r"head teacher|head|principal|governors|director|leader|deputy|office) "
            r"(?:to|for|if|whether)\b"
        ),
    )
)

# What a breach brings, what the law says, what the school will not answer for: no rule in itself.
CONSEQUENCE = re.compile(
    r"\b(?:subject to|face|lead to|result in|leading to|resulting in|liable to)\b[^.;]{0,60}"
    r"\b(?:disciplin|dismissal|sanction|prosecution|action|proceedings|misconduct|\bban\b|"
    r"termination)"
    r"|\b(?:(?:may|will|could|can|would) (?:normally |usually |also )*be )?"
    r"(?:considered|treated|regarded|viewed|seen)\b.{0,20}\b(?:gross|serious|misconduct|"
    r"offence|breach)"
    r"|\bcounts? as (?:gross|serious|misconduct)|\bmay (?:also )?take disciplinary"
    r"|\bentitled to take (?:disciplinary )?action|\bconstitutes?\b.{0,30}(?:misconduct|"
    r"offence|breach)|\b(?:may|could|can|will) (?:also )?be disciplined"
    r"|\b(?:is|are) (?:a )?(?:illegal|unlawful|criminal offence|against the law)\b"
    r"|\bdisciplinary (?:action|procedures?|measures|proceedings) (?:may|will|could|can) be"
    r"|\baccepts? no (?:liab|respons)"
    r"|\b(?:cannot|can not|will not|does not) (?:accept|be held|be) (?:any )?(?:liab|respons)"
)
BREACH = re.compile(
    r"^(?:any |a |an |all |such |serious |repeated |deliberate )*(?:breach|violation|"
    r"failure|failing|conduct that|breaking|ignoring|disregarding|"
    r"non-?compliance|contravention|infringement|anyone|(?:those|staff|employees|pupils) who|"
    r"(?:a )?member of staff who|the following (?:will|may)|the (?:school|trust|college|"
    r"academy|nursery) may|this (?:may|will|could)|be aware|staff should be aware)"
)
# Those who break a rule, and what will be done to them.
BREAKERS = re.compile(
    r"^(?:any |a |an |all |the )*(?:\w+ ){0,3}?(?:who|that) (?:do(?:es)? not |fails? to |"
    r"persistently |repeatedly )?(?:break|breach|ignore|disregard|abuse|follow|comply|flout|"
    r"disobey|misuse)\w*\b[^.;]*?\b(?:may|will|could|can|might) (?:then |also )?"
    r"(?:be|lose|face|find)\b"
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
    (
        _INFO,
        (
            r"\b(?<!to )(?<!of )(?<!by )(?:others?|other (?:[\w-]+ )?(?:members|people|users|readers|contacts|friends)|"
            r"strangers|someone(?: else)?|somebody(?: else)?) (?:may|might|could|can)\b(?! not)"
        ),
    ),
    (_INFO, r"\bwhether [\w' ]{1,40}? (?:may|can)\b|\bentitled to (?:a|their) private\b"),
    (
        _INFO,
        (
            r"\b(?:may|can|could) (?:also )?be (?:referred|reported) to (?:the )?(?:police|"
            r"teaching|disclosure|dbs|tra|lado|local authority)\b"
        ),
    ),
    (_INFO, r"\bnothing can be\b|\bno (?:policy|system|filter|document|code|list) can\b"),
    (_INFO, r"\b(?:should (?:have|expect) )?no (?:reasonable )?expectation of privacy\b"),
    (_INFO, r"\b(?:may|will|can|could) be (?:regarded|viewed|seen) as\b"),
    (
        _INFO,
        (
            r"\b(?:is|are) responsible for (?:approving |reviewing |the review of |monitoring |keeping )?"
            r"this policy\b(?!,? (?:and|which) (?:must|should|will))"
        ),
    ),
    (_INFO, r"\bpolicy (?:does not form|is there to)\b|\bwas (?:adopted|agreed|approved) by\b"),
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
    (
        _MN,
        (
            r"^it is (?:also )?(?:illegal|unlawful|against the law|an? (?:criminal )?offence|"
            r"a crime) (?:for [\w ]{1,30}? )?to\b"
            r"|^to [^.;]{3,80}? (?:is|are) (?:illegal|unlawful|against the law|an? (?:criminal )?"
            r"offence|a crime)\b"
        ),
    ),
    (_MN, r"\bunder no circumstances?\b|\bat no (?:time|point)\b|\bon no account\b"),
    (_MN, r"\b(?:must|shall) (?:also )?(?:not|never)\b|\bmust (?:refrain|avoid|neither)\b"),
    (
        _MN,
        (
            r"\bmust (?:nonetheless |therefore |also )?(?!ensure|be |make sure|have )\w+ "
            r"(?:nothing|no (?!later|longer|less|more|fewer))\b"
        ),
    ),
    (_MAY, r"\b(?:is|are) not (?:\w+ )?(?:banned|forbidden|prohibited)\b"),
    (_MAY, r"\b(?:do|does|shall|will) not (?:prevent|stop)s? [\w ]{1,40}? from\b"),
    (_MAY, r"\bnothing in (?:this|the) \w+ (?:prevents|stops)\b"),
    (
        _MAY,
        (
            r"\b(?:paragraphs?|sections?|rules?|bans?|restrictions?|prohibitions?)\b[\w. ,]{0,30}"
            r"\b(?:do|does) not apply\b"
        ),
    ),
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
            r"(?<!with )(?<!have )(?<!has )\bno (?:[\w/'-]+,? ){1,6}?"
            r"(?:may|must|shall|can|will|is to|are to|(?:is|"
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
    (_SN, r"\b(?:try not to|do your best not to|best avoided)\b|\b(?:is|are) to be avoided\b"),
    (_SN, r"\bshould (?:also |always )?be (?:slow to|turned down|declined|refused)\b"),
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
            r"(?<!that )(?<!which )(?<!who )\b(?:have|has|need|needs) to\b(?! (?:be (?:sought|told)|the|a|our|their|"
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
            rf"\b(?:{_PEOPLE})(?: \([^)]*\))?(?: (?:in|from|at|on|under) [\w ]{{1,25}}?)?"
            rf"(?: (?:who|whose) [^,.;]{{0,60}}(?:, [^,.;]{{0,40}}(?=,))?)?,? {_ADVERBS}(?:may|can),? "
            rf"{_ADVERBS}(?!(?:also |then |still |only |always |now )*(?:be|have|not|feel|find|"
            rf"wish|result|"
            r"cause|lead|become|need|want|experience|suffer|see|face) )"
        ),
    ),
    (
        _MAY,
        (
            r"\b(?:may|can) (?:also )?be (?:in (?:touch|contact)|(?:online )?friends|"
            r"members? of)\b"
        ),
    ),
    (
        _MAY,
        (
            rf"(?<!what )(?<!which )(?<!who )(?<!how )(?<!whether )\b(?:may|can) {_ADVERBS}be "
            rf"(?:{_DONE})\b"
        ),
    ),
    (
        _MAY,
        (
            r"\b(?:is|are|be) (?:also |therefore |now )?(?:free|able|welcome|permitted|allowed|"
            r"entitled(?! to (?:an? |their |his |her )?(?:private|privacy|opinions?|views?))|"
            r"encouraged|acceptable|at liberty)\b|\b(?:have|has|reserves?) the (?:option|right|"
            r"opportunity)\b|\bwithin their rights\b|\b(?:need|do(?:es)? not (?:need|have)) not\b"
            r"|\bdo(?:es)? not (?:need|have) to\b|\b(?:is|are) not (?:expected|required|obliged) to\b"
            rf"|\b(?:allows|lets|permits) (?:{_PEOPLE})\b"
        ),
    ),
    (
        _M,
        (
            rf"\b(?:{_PEOPLE}|phones|devices|accounts|incidents|breaches|policy|concerns|"
            rf"cameras|images|photographs|lessons|services|rules|checks|comments|administrators?|"
            rf"head)\)?(?: \([^)]*\))?(?: (?:and|in|from|on|at|of|with) [\w -]{{1,25}}?)? "
            r"will\b(?! (?:also |then |still |always )*(?:be (?:able|aware|liable|easily|"
            r"considered|viewed|regarded|seen|"
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
    dress fetch fill mute pick point ring unfollow unmatch
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
    r"^(?:that )?(?:they |you |we |staff |employees |pupils |and |or |to )?(?:do not(?! (?:need|have) )|never|"
    r"refrain from|not to|must not|not(?! only)|cease|stop)\b"
)
LEAVES = re.compile(r"^(?:avoid|beware|try not to)\b")
PLEASE = re.compile(r"^please (?:do not|never|refrain)\b")
AWARENESS = re.compile(
    r"^(?:always |also |please )?(?:be|are|remain|stay|make yourself|make yourselves|become) "
    r"(?:\w+ly )?(?:aware|careful|cautious|mindful|familiar|wary|alert|vigilant)\b"
    r"|^(?:keep an eye on|have a (?:look|think)|take a moment)\b"
    r"|^(?:remember|bear in mind|note|think|beware|take care|try)\b"
)
NOUN_NEXT = re.compile(
    r"^(?:use|report|contact|record|change|access|set|post|review|support|help|"
    r"respect|work|search|share|view|watch|request|display|place|check|sign|"
    r"register|act|call|challenge|file|log|note|copy|block|look|hold|return) "
    r"(?:of|by|for|in which|is|are|made|must|should|will|may|can)\b"
    r"|^(?:contact|access|work) with [^.;]*?\b(?:is|are|must|should|may)\b"
    r"|^save (?:in|that|where|when|with)\b"
)
CONDITION = re.compile(
    r"^(?!(?:under|in|at|on) no\b)(?:if|where|when|whenever|whilst|while|although|though|"
    r"in the event|should (?:an?|any|the|you|your|they|it|he|she|this|there|someone|anyone|"
    r"another|such|staff|pupils?|parents?|employees?|colleagues)\b|once|unless|as|"
    r"save (?:in|for|where|when|that)\b|"
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

# What is said for its own sake: meanings, and laws in a list.
DEFINES = re.compile(r"^(?:for the purposes? of [^,]{0,40}? )?[^,.;]{1,40}? means? (?!that\b)")
LAWS = re.compile(r"^[^:]*\b(?:laws?|acts|legislation|statutes)\b[^:]*:?$")
MODAL = re.compile(r"\w.*\b(?:must|should|shall|(?:is|are) to be)\b")
FRAGMENT = re.compile(r"^to [a-z]")
TRAILS = re.compile(
    r"^(?:even|unless|where|when|if|whether|to|as|so|which|including|such|not|but|after|before|"
    r"only|except|apart|other than|save)\b[^,]*$"
)

LABEL = re.compile(r"^[\w ]{2,24} ?[–:-] ")

# The present tense as a rule ("Phones stay in lockers", "Nobody takes pictures"): heard last.
_DOERS = (
    r"(?:(?:all|every|each|any|our|new|the|both) )*(?:[\w-]+ ){0,2}?(?:staff|teachers?|"
    r"employees|colleagues|everyone|everybody|starters|leaders?|tutors|boarders|pupils|"
    r"students|children|visitors|volunteers|governors|contractors|members?|departments|person)"
)
_HANDLED = (
    r"kept(?! for)|locked|left (?:behind|in|at|with)|stored|handed|signed|collected|counted|shredded|"
    r"deleted|wiped|cleared|removed|moved|written|answered|reported|held (?:in|on|by|at)|"
    r"taken (?:on|with|only|to)|chosen|checked|returned|recorded|charged|done|worn|"
    r"numbered|turned off|put away|erased|passed to|asked"
)
_SPREAD = (
    r"used|taken|kept|worn|brought|shared|posted|published|accessed|carried|sent|given|stored|"
    r"displayed|left|downloaded|installed|uploaded|photographed|filmed|pictured|named|printed|"
    r"tagged|copied|added|charged|lent|recorded|discussed|connected|put|placed"
)
PRACTICE = _table(
    (
        _MN,
        (
            rf"(?<!that )(?<!which )(?<!who )\b(?:is|are) (?:not|never) (?:ever )?"
            rf"(?:{_SPREAD}|for (?:staff|pupils|parents|visitors|children))\b"
        ),
    ),
    (_MN, rf"(?:^|[,;] )no [\w' -]{{1,40}}? (?:is|are) (?:ever )?(?:{_SPREAD})\b"),
    (
        _MN,
        (
            r"\b(?:nobody|no one|no-one)(?: else)? (?:takes|posts|uses|brings|shares|sends|adds|"
            r"films|opens|keeps|runs|copies)\b"
        ),
    ),
    (
        _MN,
        (
            r"^no (?!one\b|longer\b|doubt\b|matter\b)(?:[\w'/-]+ )?(?:[\w'/-]+ing|"
            r"[\w'/-]+(?: (?:of|about|with|on|to|from|in|or)\b|[.;,]|$))"
        ),
    ),
    (_MN, r"^nothing (?:about|that (?:is|could|might|would)|which|to do with)\b"),
    (_MN, r"\bagree not to\b|\b(?:is|are) (?:strictly )?(?:off limits|out of bounds)\b"),
    (_MN, r"\bonly,? and never\b"),
    (
        _M,
        (
            rf"(?<!that )(?<!which )(?<!who )\b(?:is|are) (?:also |then |always |only )*"
            rf"(?:{_HANDLED})\b"
        ),
    ),
    (
        _M,
        (
            rf"^{_DOERS}(?: (?:in|on|at|from|with|to) [^,.;]{{1,40}}?)? "
            r"(?:also |always |then )*(?:completes?|reads?|signs?|hands?|leaves?|keeps?|wears?|"
            r"tells?|reports?|informs?|carry|carries|locks?|checks?|switch(?:es)?|deletes?|"
            r"returns?|attends?|does|do|reminds?|logs?|collects?|submits?|refresh(?:es)?|"
            r"follows?|takes?|sends?)\b"
            r"|^we (?:all )?(?:do|complete|hold ourselves|sign)\b"
            r"|^the [\w -]{1,25}? (?:informs|notifies|refers|reports)\b"
        ),
    ),
    (
        _M,
        (
            r"\b(?:concerns?|anything|worr(?:y|ies)|allegations?|complaints?|reports?|"
            r"questions?|disclosures?)\b[^.;]{0,60}? (?:go|goes) (?:straight |first )?to\b"
        ),
    ),
    (
        _M,
        (
            r"\b(?:phones?|devices?|tablets?|laptops?|cameras?|watches|equipment|files?|images|"
            r"pictures|photos|photographs)\b[^.;,]{0,30}? (?:stays?|remains?|lives?|goes|go) "
            r"(?:in|on|at|off|with|only)\b"
        ),
    ),
    (_M, r"\b(?:is|are) the (?:only )?(?:\w+ ){0,2}?(?:channels?|ways?|places?|means|accounts?)\b"),
    (
        _MAY,
        (
            r"\b(?:is|are) (?:perfectly |also |always |absolutely |quite )?(?:fine|all right|"
            r"alright|ok|okay|up to you|your own (?:time|affair|business|choice|decision)|"
            r"their own (?:affair|business|choice|decision)|a matter for)\b"
        ),
    ),
)

# A cell of a table that says nothing but how strongly its row speaks.
CELLS = {
    **dict.fromkeys(("must not", "may not", "never", "no", "not allowed", "not permitted"), _MN),
    **dict.fromkeys(("should not", "not advised", "best avoided"), _SN),
    **dict.fromkeys(("may", "yes", "allowed", "permitted", "fine"), _MAY),
    **dict.fromkeys(("must", "always", "required"), _M),
    **dict.fromkeys(("should", "advised", "recommended"), _S),
    **dict.fromkeys(
        ("with permission", "only with permission", "with approval", "ask first"),
        Strength.NEEDS_APPROVAL,
    ),
}
