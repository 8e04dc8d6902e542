"""Whether a policy names something as what is over, such as "formerly Twitter" or "replaces the 1998 Act"."""

from __future__ import annotations

import re

_FAR = 90  # characters about a name in which it can be said to be over
# Up to the name: what went before it, with a few words between
_BEFORE = re.compile(
    r"(?:\b(?:(?:formerly|previously|originally|used to be|until (?:19|20)\d\d)"
    r"(?: (?:known|called|named|published|issued|titled|entitled))?|once (?:known|called|named))"
    r"(?: (?:as|on|the|under|in|by))*"
    r"|\b(?:replac|supersed|repeal)\w*(?: \w+(?:['’]s)?){0,5}"
    r"|\b(?:in place of|instead of|took over from|takes over from|took the place of|takes the place of|"
    r"successors? (?:to|of)|in succession to|preceded by|no longer (?:\w+ ){0,3}?|moved (?:away |over )?from|"
    r"predecessors?,?)(?: \w+(?:['’]s)?){0,4})"
    r"[\s,:(\"'“‘*]*(?:the |an? )?[\s\"'“‘(*]*$",
    re.IGNORECASE,
)
# After the name: it was replaced, is now called otherwise, has closed
_AFTER = re.compile(
    r"^[\s\"'”’)*]*(?:\([^)]{0,40}\)|,? ?(?:19|20)\d\d\b)?[\s,;:–(-]*(?:which |that |who |and )?"
    r"(?:(?:was|were|is|are|has|have|had|been|being|since|then|itself|now)\s+)*"
    r"(?:replaced by|superseded|repealed|abolished|renamed|withdrawn|revoked|retired|discontinued|shut down|"
    r"closed (?:in|on|down|its)|no longer|now (?:known|called|named|the|part|under|[A-Z])|"
    r"(?:became|become) (?:the |an? |part of )?[A-Z]|"
    r"merged (?:with|into)|ceased|(?:has|have) (?:since )?closed|no more|defunct|as it (?:then )?was|turned into)",
)
_A_DATE = r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|(?:\d{1,2}(?:st|nd|rd|th)? )?(?:[A-Z][a-z]{2,8}\.? )?(?:19|20)\d\d)"
_DID = (
    r"\b(?:[Uu]pdated?|[Aa]mend\w*|[Aa]dded|[Rr]evised|[Cc]hanged|[Rr]ewritten|[Nn]ew (?:section|policy|clause)|"
    r"[Ff]irst (?:issued?|version|draft|adopted|approved)|[Ii]ncorporated|[Rr]emoved|[Ii]nserted|[Cc]reated)\b"
)
# A line of a document's history: a version or a date, then what was changed in it
_HISTORY = re.compile(
    rf"^\W*(?:[Vv](?:ersion|er)?\.?\s*\d[\w.]*|{_A_DATE})\s*\W.{{0,60}}?{_DID}"
    rf"|^\W*(?:(?:[Ff]irst|[Ll]ast|[Oo]riginally) )?(?:[Aa]mended|[Uu]pdated|[Rr]evised|[Aa]dded) (?:by [\w ]{{3,40}} )?(?:in |on )?{_A_DATE}"
)


def is_over(text: str, start: int, end: int) -> bool:
    """Know what is named between `start` and `end` as the past of something else.

    A line of the document's own history is of the past as a whole.
    """
    before = re.split(r"[.;!?]\s", text[max(start - _FAR, 0) : start])[-1]
    after = re.split(r"[.;!?]\s", text[end : end + _FAR])[0]
    return bool(_BEFORE.search(before) or _AFTER.search(after)) or is_history(text)


def is_history(text: str) -> bool:
    """Know a line that tells how the document itself was changed."""
    return len(text) < 250 and bool(_HISTORY.search(text))
