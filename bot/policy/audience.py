"""Whom a clause binds, who gives leave, and on what condition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.policy.forces import TRAILS
from bot.policy.roles_in_text import Mention, mentions
from bot.policy.route import PASSIVE_TELL
from bot.policy.sentences import sentences
from bot.policy.strength import commanded, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

# --- whom it binds -----------------------------------------------------------------------------

_READER = "reader"  # "you", "please": whoever the lead-in, heading or policy speaks to
_SOMEONE = "someone"  # "users", "individuals": the heading says which

_GROUPS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (group, re.compile(rf"\b(?:{words})\b"))
    for group, words in (
        (
            "all",
            (
                r"everyone|everybody|anyone|anybody|no ?one|no-one|nobody|all users|any user|"
                r"all (?:members of the school community|adults|those|stakeholders|parties|"
                r"individuals)|"
                r"(?:school |trust |academy )?representatives|stakeholders|any person|"
                r"adults|all who"
            ),
        ),
        (_SOMEONE, r"individuals|users|people"),
        (
            "staff",
            (
                r"(?:members?|member) of (?:the )?(?:\w+ )?staff|staff|employees?|employers?|"
                r"teachers?|"
                r"teaching assistants?|practitioners?|professionals|workers?|colleagues|tutors|"
                r"lecturers|supply teachers|agency staff|educators|support staff|personnel|"
                r"new starters|staff members?|authorised users"
            ),
        ),
        ("governors", r"governors?|trustees?|governing (?:body|board)|directors"),
        ("volunteers", r"volunteers?|helpers"),
        ("parents", r"parents?|carers?|guardians?|families|family members?|parents?/carers?"),
        ("pupils", r"pupils?|students?|children|child|learners?|young people|minors"),
        (
            "leaders",
            (
                r"leaders|(?:senior )?leadership(?: team)?|senior (?:managers?|leaders?|staff)|"
                r"slt|smt|(?:line )?managers?|heads? of (?:department|year|faculty)"
            ),
        ),
        ("visitors", r"visitors?|contractors?|guests"),
        ("headteacher", r"head ?teacher|head-teacher|principal|executive head|the head"),
        (
            "school",
            (
                r"(?:the|our|this|your) (?:[\w'-]+ ){0,4}?(?:school|academy|trust|college|"
                r"nursery|"
                r"setting|federation)|schools|we|us|school(?= will| must| should| has| may| can)|"
                r"\w+ (?:school|academy|college|nursery)(?= will| must| should| has| recognises|"
                r" understands| expects| regularly| believes)|policy (?=(?:will|is to|should|"
                r"must) be "
                r"(?:reviewed|updated|monitored|ratified|approved|revised))|"
                r"policy (?=(?:was|is) (?:last )?(?:reviewed|adopted|approved))"
            ),
        ),
    )
)
_OFFICES_BOUND = frozenset(
    word
    for line in (
        "dpo dsl deputy-dsl deputy chair-of-governors safeguarding-governor hr office it-",
        "support e-safety-coordinator administrator moderator class-teacher line-manager",
        "business-manager lado local-authority police",
    )
    for word in line.split()
)
_MODAL = re.compile(
    r"\b(?:must|should|shall|may|can|cannot|will|are|is|have|has|need|needs|ought|do not|does|"
    r"recogni[sz]e|understands?|expects?|agree|who|which|that)\b"
)
_OBJECT_BEFORE = re.compile(
    r"(?:\b(?:of|with|about|to|from|between|for|on|regarding|concerning|than|and/or|against|"
    r"towards|affecting|near|around|our|their|his|her|(?<!and )its)(?: an?)?(?: \w+)?(?: (?:and|or|,) )?|['/]|"
    r"\b(?!including)\w+ing(?: our| all| the)?)\s*$"
)
_AGENT_BEFORE = re.compile(r"\b(?:by)(?: all| any| our| the)?\s*$")
_THINGS = re.compile(
    r" (?:names?|initials|work|data|photographs?|photos|pictures|images?|records?|details|"
    r"information|accounts?|passwords?|privacy|consent|evenings?|phones?|devices?|numbers?)\b"
)
_POSSESSIVE = re.compile(r"'s?\b|s'")
_HEADED = re.compile(r"\b(?:for|by|to|of)\b[^,;–]*$")


def binds(
    text: str, lead: str | None, section: tuple[str, ...], audience: tuple[str, ...]
) -> tuple[str, ...]:
    """Tell whom the clause binds: its subject, its lead-in's, its headings', or the audience."""
    reader = False
    fragment = text[:1].islower() and lead is not None and _named_in_lead(lead, section)
    for sentence in sentences(text)[:3]:
        if fragment and not _opens_with_a_group(text):
            return _tidy(fragment)
        if commanded(sentence) is not None and not _opens_with_a_group(sentence):
            reader = True
            break
        found = _named(sentence, section)
        if found == [_READER]:
            reader = True
            break
        if found:
            return _tidy(found)
    if found := _named_in_lead(lead or "", section):
        return _tidy(found)
    found = _of_headings(section)
    if found and not (reader and _third_person(text, found)):
        return _tidy(found)
    if not reader and (found := _agents(plain(text))):
        return _tidy(found)
    return audience or ("staff",)


def _opens_with_a_group(sentence: str) -> bool:
    """Tell whether it begins with a group and what they must or may do."""
    text = plain(sentence)
    return any(at <= 12 and _MODAL.match(text[end:].lstrip()) for _, at, end in _groups(text))


def _named_in_lead(lead: str, section: tuple[str, ...]) -> list[str]:
    for sentence in reversed(sentences(lead)):
        found = _named(sentence, section)
        if found and found != [_READER]:
            return found
    return []


def _third_person(text: str, groups: Sequence[str]) -> bool:
    """Know a command that speaks of "a child" under the heading "Children": it is not to them."""
    told = any(commanded(sentence) is not None for sentence in sentences(text))
    return told and any(group in groups for group, _, _ in _groups(plain(text)))


def _named(sentence: str, section: tuple[str, ...]) -> list[str]:
    """Find the sentence's subject; "users" are those that the headings speak of."""
    found = _subjects(sentence)
    return (_of_headings(section) or ["all"]) if found == [_SOMEONE] else found


def _of_headings(section: tuple[str, ...]) -> list[str]:
    return next((found for heading in reversed(section) if (found := _heading_groups(heading))), [])


def _subjects(sentence: str) -> list[str]:
    text = plain(sentence)
    main = _LABEL.sub("", text, count=1)
    for _ in range(3):
        shorter = _SUBORDINATE.sub("", main, count=1)
        if shorter == main or not shorter or TRAILS.match(shorter):
            break
        main = shorter
    if _SECOND_PERSON.match(main):
        return [_READER]
    modal = _MODAL.search(main)
    if main is not text and _POINTS_BACK.search(main[: modal.end()] if modal else ""):
        return [_READER]
    if modal:
        until = modal.start()
    else:
        until = _end_of_first(main) if main == text else 0
        until = len(main) if main.endswith(":") and not until else until
    found = _subjects_before(main, until)
    if modal and found and set(found) <= _DONE_TO and _DONE.match(main[modal.start() :]):
        return _agents(text)
    if found and modal and PASSIVE_TELL.match(main[modal.start() - 1 :]):
        return _agents(text)
    if not found and (impersonal := _IMPERSONAL.match(main)):
        found = _first_named(main[impersonal.end() : impersonal.end() + 80])
    asked = _asked(main)
    if found in ([], ["school"]) or _IMPERSONAL.match(main):
        found = asked or found
    return found


_WORKERS = frozenset({"all", "staff", "governors", "volunteers", "leaders"})
_DONE_TO = frozenset({"pupils", "parents", "visitors"})
_DONE = re.compile(
    r"(?:must|should|shall|may|can|cannot|will|is|are)(?: (?:not|never|only|also|to|ever))* "
    r"(?:be )?(?:photographed|filmed|pictured|named|tagged|identified|identifiable|added|contacted|"
    r"messaged|admitted|recorded|discussed|invited|befriended|followed|shown|"
    r"left alone)\b(?! by)"
)


def _end_of_first(main: str) -> int:
    """End of a group that the sentence opens with; 0 where it does not."""
    return next(
        (end for _, at, end in _groups(main) if at <= 4 and not _THINKS.match(main[end:])), 0
    )


def _subjects_before(main: str, until: int) -> list[str]:
    """Find the groups before the verb; those listed beside an object are objects too."""
    found: list[str] = []
    last, was_object = 0, False
    for group, at, end in _groups(main):
        if end > until:
            continue
        beside = was_object and _BESIDE.fullmatch(main[last:at]) is not None
        by_others = group not in _WORKERS and _AGENT_BEFORE.search(main[:at]) is not None
        was_object = beside or by_others or not _is_subject(main, at, end)
        last = end
        if not was_object:
            found.append(group)
    return found


_THINKS = re.compile(r" (?:considers?|regards?|views?|uses? the (?:word|term))\b")
_BESIDE = re.compile(r"(?:, (?:and |or )?| (?:and|or|and/or) |/)(?:any |the |our |a |its |other )*")


def _first_named(text: str) -> list[str]:
    """Find the first named after "It is expected that"; none where a pronoun comes before."""
    pronoun = re.search(r"\b(?:they|you|he|she|to)\b", text)
    until = pronoun.start() if pronoun else len(text)
    return [g for g, at, end in _groups(text) if end <= until and _is_subject(text, at, end)][:1]


_SUBORDINATE = re.compile(
    r"^(?:if|where|when|whenever|whilst|while|although|in the event|once|unless|as|since|after|"
    r"before|in|at|during|on|with|by|outside|within|even if|until|other than|likewise|however|"
    r"therefore|also|furthermore|similarly|under|for|through|should|to)\b[^,]*,\s*"
)
_LABEL = re.compile(r"^[\w ]{2,24} [–-] ")
_SECOND_PERSON = re.compile(r"(?:please |do not |never |always )?(?:you|your)\b")
_POINTS_BACK = re.compile(r"(?:^|, )(?:this|it|you|these|such \w+) \w+$")
_IMPERSONAL = re.compile(
    r"(?:it is|it's|there (?:is|are)|this means|we (?:expect|ask|advise|encourage|"
    r"recommend|require|request|strongly)|[\w ]{1,40} (?:expects?|asks?|requires?|"
    r"encourages?|recognises? that|discourages?))\b"
)
_ASKED = re.compile(
    r"\b(?:expects|asks|requires|advises|encourages|reminds|allows|permits|discourages?|"
    r"we (?:\w+ )?(?:expect|ask|require|advise|encourage|remind|allow|permit|request|"
    r"recommend that)|"
    r"is important for|is essential that|under no circumstances (?:should|may|must|will)|"
    r"nor should|"
    r"neither should|responsibility of|duty of|expected (?:of|by)|illegal for|by(?= (?:a |"
    r"any |all |our |the )?"
    r"(?:staff|employee|teacher|pupil|student|parent|governor|volunteer|visitor|member))|"
    r"(?:recogni[sz]es?|believes?|expects?|requires?|expected|essential|important|"
    r"agrees?)\b[^.;]{0,80}?"
    r"\bthat(?= (?:all|every|any|our|each) ))(?: any| all| our| both| a| every| each)? "
)


def _asked(main: str) -> list[str]:
    """Those asked by "the school expects staff ...", "the responsibility of all staff"."""
    found: list[str] = []
    for match in _ASKED.finditer(main):
        tail = main[match.end() : match.end() + 60]
        found += [
            group
            for group, at, end in _groups(tail)
            if (at <= 12 or _listed(tail[:at])) and not _POSSESSIVE.match(tail[end : end + 2])
        ]
    return found


def _listed(before: str) -> bool:
    return not re.search(r"\b(?:to|that|of|with|from|must|should|will|is|are|on|about)\b", before)


def _groups(text: str) -> list[tuple[str, int, int]]:
    found = [
        (group, match.start(), match.end())
        for group, pattern in _GROUPS
        for match in pattern.finditer(text)
    ]
    found += [
        (mention.role, mention.start, mention.end)
        for mention in mentions(text)
        if mention.role in _OFFICES_BOUND
    ]
    return sorted(found, key=lambda each: each[1])


def _is_subject(text: str, at: int, end: int) -> bool:
    if _POSSESSIVE.match(text[end : end + 2]) or _THINGS.match(text[end:]):
        return False
    before = text[:at]
    return _AGENT_BEFORE.search(before) is not None or _OBJECT_BEFORE.search(before) is None


def _agents(text: str) -> list[str]:
    return [
        group
        for group, at, _ in _groups(text)
        if group in _CROWDS and _AGENT_BEFORE.search(text[:at]) is not None
    ]


_CROWDS = frozenset({"staff", "governors", "volunteers", "parents", "pupils", "visitors"})


_BESIDE_GROUPS = re.compile(
    r"\b(?:the|all|our|and|of|other|roles?|responsibilit(?:y|ies)|school|i{1,3}|iv|v)\b|[\W\d_]+"
)


def _without(text: str, named: list[tuple[str, int, int]]) -> str:
    kept = list(text)
    for _, at, end in named:
        kept[at:end] = " " * (end - at)
    return "".join(kept)


def _heading_groups(heading: str) -> list[str]:
    text = plain(heading)
    named = _groups(text)
    if named and not _BESIDE_GROUPS.sub("", _without(text, named)):
        return [group for group, _, _ in named]
    tail = _HEADED.search(text)
    if tail is None:
        return []
    return [
        group
        for group, at, end in _groups(text)
        if at > tail.start()
        and group != "school"
        and not _POSSESSIVE.match(text[end : end + 2])
        and not re.search(
            r"\b(?:references to|images of|photographs (?:taken )?of|on behalf of|"
            r"comments (?:about|on)|welfare of|safety of|behaviour of)[^,]*$",
            text[:at],
        )
    ]


_ORDER = (
    "all",
    "staff",
    "governors",
    "volunteers",
    "parents",
    "pupils",
    "leaders",
    "visitors",
    "headteacher",
    "school",
)


def _tidy(groups: Sequence[str]) -> tuple[str, ...]:
    found = {"all" if group == _SOMEONE else group for group in groups}
    if _SOMEONE in groups and len(found) > 1:
        found.discard("all")
    if len(found) > 1:
        found.discard("school")
    ranked = [group for group in _ORDER if group in found]
    return tuple(ranked + sorted(found - set(ranked)))


# --- leave and condition -----------------------------------------------------------------------

_ASKING = re.compile(
    r"\b(?:permission|consent|approval|approved|authori[sz]ation|authori[sz]ed|agreement|agreed|"
    r"authority|clearance|cleared|signed off|sanctioned|discretion|ask\b|consent(?:ed|s)|agrees|"
    r"(?:written|express) leave|(?<=may )(?:allow|agree|permit|authori[sz]e|grant)\b)",
    re.IGNORECASE,
)
_PARENTAL = re.compile(
    r"\b(?:parental|parents?['’]?|carers?['’]?) (?:or carers? |and carers? |"
    r"/ ?carers? )?(?:\w+ )?"
    r"(?:permission|consent|agreement|approval)"
    r"|\b(?:parents?|carers?|family|families)\b[^.;,]{0,30}?\b(?:has|have) (?:\w+ )?(?:agreed|"
    r"consented|signed|ticked|given (?:\w+ ){0,2}(?:permission|consent))\b"
    r"|\b(?:parents?|family|families) (?:agrees?|consents?)\b",
    re.IGNORECASE,
)
_HAS = re.compile(r" (?:(?:has|have|may|can|must|also|first|already|both) )*", re.IGNORECASE)
_CONDITION = re.compile(
    r"\b(?:unless|only,? (?:if|with|when|where|after|following|for|in|by|once|as|on|under|during|"
    r"while|until)\b|"
    r"provided(?: that)? (?=they|the|you|it|staff|no|there|all|any|this|these|a\b|an\b|each|"
    r"permission|consent)|providing(?: that)? (?=they|the|you|it|staff|no|there|all|any|"
    r"permission|consent)|"
    r"prov(?:ided|iding) that\b|(?:as|so) long as|on condition that|"
    r"subject to(?! disciplin| action| legal| copyright| sanction| prosecution)|"
    r"except(?:ing)?(?: for| in| when| where| with)?\b|with the exception of|apart from|"
    r"(?<=, )save\b|save (?:that|for|where|when)\b|^save (?:in|with|for)\b|"
    r"but only\b|"
    r"without (?:\w+ ){0,4}(?:permission|consent|approval|"
    r"authori[sz]ation|agreement)|in exceptional circumstances|following (?:\w+ ){0,3}consent|"
    r"(?<!even )with the (?:[\w'’]+ ){0,4}(?:permission|consent|approval|agreement|leave)|in advance of|"
    r"(?<!even )with (?:\w+ ){0,2}(?:permission|consent|approval))(?:[^.;]|\.(?=\w))*",
    re.IGNORECASE,
)
# of a ban only: "places other than the office", "wait until it is settled" are no exceptions
_EXCEPTION = re.compile(
    r"(?i:\b(?:not|never|no|nobody|nothing|any|anyone|cannot|nor)\b|n['’]t\b)[^.;]*?"
    r"\b(?P<rest>(?:other than|until (?=(?:[\w'’]+ ){1,8}?(?:has|have|is|are|been|agrees)\b))"
    r"(?:[^.;]|\.(?=\w))*)"
    r"|^(?P<first>Other than [^,;]*)"
)
_LEAVE = (
    r"\b(?:may|can|(?<!not )(?:allowed|permitted|welcome|free to)|(?:is|are) fine|at liberty)\b"
    r"(?! (?:not|never)\b)"
)
# "You may ... if ...", "If ..., you may ...", "may only ... when ..."
_IF = re.compile(
    rf"(?:(?:\bmay only\b|\bcan only\b)[^.;]*?\b(?P<only>(?:if|when|where|with|for|in|during|"
    rf"at|on|after|once)\b(?:[^.;]|\.(?=\w))*))"
    rf"|(?:{_LEAVE}[^.;]*?\b(?P<then>(?<!even )(?<!what )(?<!as )(?:if\b|once\b|"
    rf"after (?=\w+ing\b|(?:[\w'’]+ ){{1,6}}?(?:has|have|been)\b))"
    rf"(?:[^.;]|\.(?=\w))*))"
    rf"|(?:^(?P<first>(?:if|once|after)\b[^.;,]*),[^.;]*?{_LEAVE})"
    rf"|(?:^(?P<bare>if\b(?: [\w'’-]+){{3,}}?) (?:you|they|staff) {_LEAVE})",
    re.IGNORECASE,
)
_FEWEST_WORDS = 2  # "provided that:" alone is no condition
_LONGEST_CONDITION = 220


def approver(text: str) -> str | None:
    """Find the role whose leave the clause asks for."""
    for sentence in sentences(text):
        if _PARENTAL.search(sentence):
            return "parents"
        named = mentions(sentence)
        for asking in _ASKING.finditer(sentence):
            before = [m for m in named if _HAS.fullmatch(sentence[m.end : asking.start()])]
            after = [m for m in named if 0 <= m.start - asking.end() <= 70]
            for mention in (*before, *after):
                if _gives_leave(sentence, mention):
                    return mention.role
        if re.search(r"\bask (?:the )?", sentence, re.IGNORECASE) and named:
            return named[0].role
    return None


def _gives_leave(sentence: str, mention: Mention) -> bool:
    before = sentence[: mention.start].lower()
    return (
        re.search(
            r"\b(?:by|from|of|with|to|ask|the|their|your)(?: \w+){0,3} ?$|[(,/] ?$|or $|and $|"
            r"^$",
            before,
        )
        is not None
    )


def condition(text: str, *, leave: bool = True) -> str | None:
    """Find the clause's own words for "only if" or "unless"; "may ... if ..." where it gives leave."""
    for sentence in sentences(text):
        if (words := _condition_in(sentence, leave=leave)) is not None:
            return words
    return None


def _condition_in(sentence: str, *, leave: bool) -> str | None:
    if (found := _CONDITION.search(sentence)) is not None:
        words = found.group()
        if found.start() == 0 and (comma := _FIRST_COMMA.match(words)):  # before the rule
            words = comma["before"]
    elif found := (_EXCEPTION.search(sentence) or (_IF.search(sentence) if leave else None)):
        words = next(group for group in found.groups() if group is not None)
    else:
        return None
    opens_a_list = words.rstrip().endswith(":")
    words = _NEXT_RULE.sub("", words).strip(" ,;:")
    if opens_a_list or len(words.split()) < _FEWEST_WORDS:
        return None
    return (
        words if len(words) <= _LONGEST_CONDITION else words[:_LONGEST_CONDITION].rsplit(" ", 1)[0]
    )


_NEXT_RULE = re.compile(
    r", (?:(?:and|but|or) )?(?:[\w'’]+ ){0,3}?(?:must|should|shall|may|can)\b.*$", re.IGNORECASE
)
_FIRST_COMMA = re.compile(r"(?P<before>[^,]+(?:, (?:which|who|whose)\b[^,]*)?),")
