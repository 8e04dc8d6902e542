"""What a review of a policy finds: its kinds, how much each weighs, and one finding as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Weight(IntEnum):
    """How soon a finding wants attention; the weightiest comes first."""

    ACT = 1  # somebody may be harmed, or the policy has no force today
    PUT_RIGHT = 2  # wrong, and to be mended at the next opportunity
    CONSIDER = 3  # a careful reader would ask


class Kind(StrEnum):
    """What a finding is about. Each has its words in `templates/review/`."""

    OVERDUE = "overdue"
    UNDATED = "undated"
    CYCLE = "cycle"
    BAD_DATE = "bad_date"
    DATES_DISAGREE = "dates_disagree"
    PAST_DATE = "past_date"
    UNSIGNED = "unsigned"
    SIGNATURE = "signature"
    PLACEHOLDER = "placeholder"
    EDITION = "edition"
    EDITION_NUMBERS = "edition_numbers"
    NATION_GUIDANCE = "nation_guidance"
    STALE_GUIDANCE = "stale_guidance"
    STALE_LAW = "stale_law"
    STALE_SERVICE = "stale_service"
    STALE_NAME = "stale_name"
    LINK = "link"
    PLATFORM_CLAIM = "platform_claim"
    OTHER_SCHOOL = "other_school"
    OTHER_PHASE = "other_phase"
    NAMED_PEOPLE = "named_people"
    MIXED_TITLES = "mixed_titles"
    TWO_TITLES = "two_titles"
    CALLED_OTHERWISE = "called_otherwise"
    DUPLICATE = "duplicate"
    NUMBERING = "numbering"
    REFERENCE = "reference"
    CONTENTS = "contents"
    LIST_COUNT = "list_count"
    REVERSED = "reversed"
    LOST_NOT = "lost_not"
    DOUBLE_NEGATIVE = "double_negative"
    FRAGMENT = "fragment"
    TWO_IN_ONE = "two_in_one"
    DANGLING = "dangling"
    QUOTES = "quotes"
    SLIPS = "slips"
    PLANNING_NOTES = "planning_notes"
    NO_ROUTE = "no_route"
    NO_HEAD_ROUTE = "no_head_route"
    NO_ABSENCE_RULE = "no_absence_rule"
    EVIDENCE = "evidence"
    UNANSWERED = "unanswered"
    BAN_AND_LEAVE = "ban_and_leave"
    TWO_ROUTES = "two_routes"
    TWO_NUMBERS = "two_numbers"
    CONSENT_BOTH_WAYS = "consent_both_ways"
    ACT_YOURSELF = "act_yourself"
    RULE_AND_OPPOSITE = "rule_and_opposite"
    PENALTIES = "penalties"
    SCOPE_WHO = "scope_who"
    SCOPE_WHERE = "scope_where"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, where, and what its words need.

    `clauses` are the ids it names, in the policy's order; none where it concerns the policy as a whole.
    `quotes` are the policy's own words, short. `said` goes into the finding's template.
    """

    kind: Kind
    weight: Weight
    clauses: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    said: tuple[tuple[str, str], ...] = ()
    source: str = ""
