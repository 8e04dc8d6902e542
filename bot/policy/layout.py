"""How a line of plain text looks: a bullet, a heading, a date line, the start of a list."""

from __future__ import annotations

import re
from dataclasses import dataclass

DETAILS = frozenset({"review date", "signatures", "table of signatures"})


@dataclass(frozen=True, slots=True)
class Marker:
    """What stands before an item or a numbered paragraph."""

    printed: str
    style: str  # the symbol itself, or decimal, alpha, roman, bracket, dotted

    @property
    def is_symbol(self) -> bool:
        return self.style.startswith("symbol")

    @property
    def is_paragraph_number(self) -> bool:
        return self.style == "dotted"

    @property
    def is_first(self) -> bool:
        return self.printed.strip(" ().").lower() in ("1", "a", "i")

    @property
    def depth(self) -> int:
        return len(re.findall(r"\d+", self.printed))


_SYMBOL = re.compile(
    r"[·•●○▪◦■□➢➤►✓✔☑☐✗✘❖◆‣⁃∙\uf0b7\uf0a7\uf0d8\uf0fc\uf076]\s*|(?:[-–—*+>]|o)(?:\s+|$)"
)
_NUMBERED = (
    ("dotted", re.compile(r"\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+(?=\S)")),
    ("decimal", re.compile(r"\d{1,2}[.)]\s+(?=\S)")),
    ("roman", re.compile(r"(?:[ivx]{1,4}|[IVX]{2,4})[.)]\s+(?=\S)")),
    ("alpha", re.compile(r"(?:[a-z][.)]|[A-Z]\))\s+(?=\S)")),
    ("bracket", re.compile(r"\((?:\d{1,2}|[ivx]{1,4}|[a-zA-Z])\)\s+(?=\S)")),
)

_FURNITURE = re.compile(
    r"(?:-\s*)?(?:page\s*)?\d{1,3}(?:\s*(?:of|/)\s*\d{1,3})?(?:\s*-)?"
    r"|p(?:age|\.)?\s*\|?\s*\d{1,3}|\d{1,3}\s*\|\s*p\s*a\s*g\s*e",
    re.IGNORECASE,
)
_CONTENTS = re.compile(r".{2,90}?(?:\.\s?){4,}\s*\d{1,3}|(?:table of )?contents:?", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_RULE = re.compile(r"[\W_]+")
_BLANK_TO_FILL = re.compile(r"_{3,}|\.{6,}|…{2,}")
_SIGNED = re.compile(r"\b(?:signed|signature|signatures|print name)\b", re.IGNORECASE)
_FORM_FIELD = re.compile(
    r"(?:(?:policy|document) )?(?:date|name|position|role|status|author|owner|version|ref|"
    r"reference|number|lead|holder|signed|signature)\s*(?:no\.?)?"
    r"\s*:\s*(?P<value>.{0,60})",
    re.IGNORECASE,
)
_DATES = re.compile(
    r"(?:(?:date|last|next|policy|document|version|this policy|to be|"
    r"frequency)\b[\w\s/&'’-]{0,30}?)?"
    r"\b(?:review|reviewed|approved|adopted|ratified|agreed|updated|issued|amended|effective|"
    r"implementation|implemented|published|written|produced|prepared|date|owner|author|number)\b"
    r"(?:\s+(?:date|on|by|of|from|cycle|period|due|approved|next|last|policy|review|reviewed|"
    r"approval|issue|adoption)\b)*"
    r"(?P<colon>\s*[:–-]\s*|\s+)(?P<value>.{2,})",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december|autumn|spring|summer|term|annual|annually|yearly)\b",
    re.IGNORECASE,
)
_SIGNATURE_TABLE = re.compile(
    r"\b(?:signature|signed|position|reviewed by|approved by|author|governor|headteacher|"
    r"co-?ordinator|manager|officer|version|date)\b",
    re.IGNORECASE,
)

_DUTY_WORDS = r"must|should|shall|may|will|can|cannot|can't|won't|mustn't|shouldn't|ought"
_DUTY = re.compile(rf"\b(?:{_DUTY_WORDS})\b")
_STARTS_WITH_DUTY = re.compile(
    r"(?:must|should|shall|may|will|can|cannot|are|is|do not)\b", re.IGNORECASE
)
_WHO = (
    r"staff|teachers?|teaching assistants|employees?|pupils?|students?|children|child|parents?|"
    r"carers?|governors?|trustees?|volunteers?|visitors?|school|schools|academy|trust|college|"
    r"nursery|headteacher|head teacher|principal|members?|adults?|users?|leaders|managers?|"
    r"individuals|anyone|everyone|colleagues|personal|phones?|devices?|photographs|images|policy"
)
_SENTENCE = re.compile(
    rf"(?:(?:[Aa]ll|[Aa]ny|[Nn]o|[Ee]very|[Ee]ach|[Tt]he|[Oo]ur|[Tt]hese|[Tt]his|[Tt]hose|"
    rf"[Aa]n?)\s)?"
    rf"(?:(?:(?!(?:the|that|which|how|what|when|where|why|"
    rf"who)\b)[\w'’/-]+\s){{0,3}}?(?:(?i:{_WHO})\b)|[Tt]hey|[Ww]e|[Yy]ou|I|[Ii]t|[Tt]here|"
    rf"[Tt]his|[Tt]hese)\b.{{0,60}}?"
    rf"\b(?:{_DUTY_WORDS}|is|are|has|have|was|were|does|do)\b"
)
_ANNOUNCES = re.compile(r"(?:the following|these|below|in order to|for example)\b", re.IGNORECASE)
_COMMAND = re.compile(
    r"(?:do not|don[’']t|never|always|please|ensure|make sure|remember|if|avoid)\b", re.IGNORECASE
)
_OPENS_SENTENCE = re.compile(
    rf"\b(?:{_DUTY_WORDS}|are|is|be|to|that|they|we|you|who|which|if|when|following|follows|not|"
    r"never|ensure|have|has|include|includes|including|do|don[’']ts?|expect|expects|by|"
    r"need|needs|agree)\W*$|\b(?:must|should|shall|will|may|can|cannot|are|is|following|do not|"
    r"don[’']t|expected|advised|required|have|has|include|includes)\b",
    re.IGNORECASE,
)
_LEFT_OPEN = re.compile(
    r"\b(?:must|should|shall|may|will|can|cannot|not|never|to|that|following|follows|are|is|"
    r"include|"
    r"includes|including)\s*:$",
    re.IGNORECASE,
)
_LEAD_END = re.compile(r":[\s\-–—]*$|\b(?:following|as follows)[\s\-–—]*$", re.IGNORECASE)
_WHOLE_END = re.compile(r"""[.!?:;…][)\]"'”’»]*$""")
_QUESTION_PARTS = re.compile(r"[^.?!:;]+\?(?:\s+|$)")
_LITTLE_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "of",
        "off",
        "on",
        "or",
        "out",
        "over",
        "the",
        "to",
        "up",
        "via",
        "with",
        "within",
        "using",
        "their",
        "our",
        "your",
        "not",
    ]
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SCHOOL_NAME = re.compile(
    r"\b(?:schools?|academy|academies|college|nursery|trust|federation|pre-?school|"
    r"kindergarten|sixth form|partnership)\W*$",
    re.IGNORECASE,
)
_DOCUMENT_NAME = re.compile(
    r"\b(?:policy|policies|handbook|code of conduct|guidelines|guidance|procedures?|protocol|"
    r"agreement|statement)\b(?:\s*[\W\d]*(?:\d{4}|version.*)?)\W*$",
    re.IGNORECASE,
)
_ANNEX = re.compile(r"(?:appendix|annex|schedule)\b", re.IGNORECASE)
_NUMBER_THEN_TITLE = re.compile(r"\d{1,2}\s+[A-Z]")


def marker_of(text: str) -> Marker | None:
    """Find the bullet or number that `text` begins with, if any."""
    if symbol := _SYMBOL.match(text):
        return Marker(symbol.group(), "symbol " + symbol.group().strip())
    for style, pattern in _NUMBERED:
        if found := pattern.match(text):
            return Marker(found.group(), style)
    return None


def has_columns(raw: str) -> bool:
    """Tell whether the line is a row of a table whose cells are parted by tabs."""
    cells = [cell.strip() for cell in raw.strip().split("\t") if cell.strip()]
    if len(cells) < 2 or (_marker_alone(cells[0]) and len(cells) == 2):
        return False
    return not any(_is_rule(cell) for cell in cells)


def _marker_alone(cell: str) -> bool:
    found = marker_of(cell + " x")
    return found is not None and found.printed.strip() == cell


def _is_rule(cell: str) -> bool:
    return len(cell.split()) >= 6 and _DUTY.search(cell) is not None


def is_page_furniture(text: str) -> bool:
    """Know a page number, alone on its line."""
    return _FURNITURE.fullmatch(text) is not None


def remainder_of(text: str, *, tabbed: bool) -> str:
    """Name what a line that is no part of the policy's body is; else nothing."""
    if tabbed:
        return "table of signatures" if _SIGNATURE_TABLE.search(text) else "table"
    if _RULE.fullmatch(text) and marker_of(text) is None:
        return "marks"
    if _CONTENTS.fullmatch(text):
        return "contents"
    if _LINK.fullmatch(text):
        return "link"
    if _is_signature(text):
        return "signatures"
    return "review date" if _is_dates(text) else ""


def _is_signature(text: str) -> bool:
    if len(text) > 160 or _DUTY.search(text) or text.endswith("."):
        return bool(_BLANK_TO_FILL.search(text)) and len(text) <= 160 and not _DUTY.search(text)
    if _BLANK_TO_FILL.search(text) or (_SIGNED.search(text) and len(text.split()) <= 20):
        return True
    field = _FORM_FIELD.fullmatch(text)
    return field is not None and len(field["value"].split()) <= 6


def _is_dates(text: str) -> bool:
    if len(text) > 120 or _DUTY.search(text.replace("May", "")) or text.endswith((".", ":", ";")):
        return False
    found = _DATES.fullmatch(text)
    return found is not None and (
        _WHEN.search(found["value"]) is not None
        or (":" in found["colon"] and len(found["value"].split()) <= 6)
        or re.match(r".*\bby\b", text[: found.start("value")], re.IGNORECASE) is not None
    )


def starts_lower(text: str) -> bool:
    return text[:1].islower() and not text.startswith(("http", "www"))


def starts_with_duty(text: str) -> bool:
    return _STARTS_WITH_DUTY.match(text) is not None


def ends_whole(text: str) -> bool:
    """Tell whether the text ends as a sentence, a lead-in or a line of a list ends."""
    return _WHOLE_END.search(text) is not None


def ends_lead(text: str) -> bool:
    """Tell whether the text ends by announcing a list."""
    return _LEAD_END.search(text) is not None


def ends_with_hyphen(text: str) -> bool:
    return len(text) > 1 and text.endswith("-") and text[-2].isalpha()


def has_duty(text: str) -> bool:
    return _DUTY.search(text) is not None


def reads_as_sentence(text: str) -> bool:
    """Tell a statement or a command from a name for what follows."""
    return _SENTENCE.match(text) is not None or _COMMAND.match(text) is not None


def opens_sentence(text: str) -> bool:
    """Tell whether the line begins a sentence that its list completes."""
    return len(text.split()) > 6 or _OPENS_SENTENCE.search(text) is not None


def is_left_open(text: str) -> bool:
    """Know a line such as "Swimmers must not:", which nothing but a list can follow."""
    return _LEFT_OPEN.search(text) is not None


def announces(text: str) -> bool:
    """Tell whether the line announces what follows, whatever that is."""
    return text.endswith(":") and _ANNOUNCES.match(text) is not None


def could_head(text: str) -> bool:
    """Short enough for a heading, and not closed as a sentence is."""
    return (
        len(text) <= 120
        and len(text.split()) <= 16
        and not text.endswith((".", ";", ","))
        and _WORD.search(text) is not None
    )


def is_bare_heading(text: str, marker: Marker | None) -> bool:
    """Know a heading beyond doubt: numbered, in capitals, or two or three titles."""
    if not could_head(text) or reads_as_sentence(text):
        return False
    if marker is not None:
        return marker.style == "dotted" and is_title_case(text)
    return text.isupper() or (len(text.split()) <= 4 and is_title_case(text))


def is_title_case(text: str) -> bool:
    """In capitals, or with its weighty words capitalised; one lone word counts."""
    words = [word for word in _WORD.findall(text) if word.lower() not in _LITTLE_WORDS]
    if not words:
        return False
    capitals = sum(word[0].isupper() for word in words)
    return capitals / len(words) >= 0.7 and (len(words) > 1 or words[0][0].isupper())


def is_question(text: str) -> bool:
    """One question or several and nothing else: how a list of questions heads its answers."""
    return (
        len(text) <= 160
        and text[:1].isupper()
        and "".join(_QUESTION_PARTS.findall(text)).strip() == text
    )


def is_short_label(text: str) -> bool:
    return len(text) <= 60 and is_title_case(text) and not ends_whole(text)


def names_school(text: str) -> bool:
    return _SCHOOL_NAME.search(text) is not None and not names_document(text)


def names_document(text: str) -> bool:
    return _DOCUMENT_NAME.search(text) is not None


def names_annex(text: str) -> bool:
    return _ANNEX.match(text) is not None
