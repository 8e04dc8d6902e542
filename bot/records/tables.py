"""The tables of the records: what is kept, and which of it is sealed.

A column named `sealed` holds encrypted JSON (`crypto.Sealer`). Beside it stands only what the clock and
the routes need to find a row: ids, references, states and times, never a word that somebody typed.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Column
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A moment: aware going in and coming out, kept as UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without its time zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> Column[str]:
    return Column("id", sa.String(32), primary_key=True)


def _of_report() -> Column[str]:
    # Deleting a report takes with it all that was said of it; the audit trail is not among that.
    return Column(
        "report", sa.ForeignKey("reports.id", ondelete="CASCADE"), nullable=False, index=True
    )


reports = sa.Table(
    "reports",
    metadata,
    _id(),
    Column("draft", sa.String(32), nullable=False, unique=True),  # what a second submit is known by
    Column("school", sa.String(60), nullable=False),
    Column("reference", sa.String(12), nullable=False),
    Column("state", sa.String(16), nullable=False),
    Column("created", Instant, nullable=False),
    Column("due", Instant, nullable=True, index=True),  # when the clock looks at it again
    Column("keep_until", sa.Date, nullable=False),
    Column(
        "held", sa.Boolean, nullable=False, default=False
    ),  # a legal hold: kept beyond keep_until
    Column("sealed", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("school", "reference"),
    sa.Index("ix_reports_school_state", "school", "state"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    _id(),
    _of_report(),
    Column("n", sa.Integer, nullable=False),  # 1 is the first who got it
    Column("person", sa.String(80), nullable=False),  # empty: an office outside the school
    Column("role", sa.String(40), nullable=False),
    Column("created", Instant, nullable=False),
    Column("sent", Instant),  # a message about it reached the person's chat or mail server
    Column("opened", Instant),
    Column("acknowledged", Instant),
    Column("reminded", Instant),
    Column("failed", Instant),  # no channel took the message
    Column("declined", Instant),  # the person said that they are too close to it
    sa.UniqueConstraint("report", "person"),
    sa.UniqueConstraint("report", "n"),
    sa.Index("ix_deliveries_person", "person"),
)

entries = sa.Table(
    "entries",
    metadata,
    _id(),
    _of_report(),
    Column("at", Instant, nullable=False),
    Column("kind", sa.String(16), nullable=False),
    Column("sealed", sa.LargeBinary, nullable=False),  # who, and what they wrote
)

drafts = sa.Table(
    "drafts",
    metadata,
    _id(),
    Column("school", sa.String(60), nullable=False),
    Column("person", sa.String(80), nullable=False),
    Column("changed", Instant, nullable=False),
    Column("sealed", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("school", "person"),
)

messages = sa.Table(
    "messages",
    metadata,
    _id(),
    # What it is about, said once: a second message of the same occasion is refused.
    Column("occasion", sa.String(120), nullable=False, unique=True),
    Column("school", sa.String(60), nullable=False),
    Column("person", sa.String(80), nullable=False),
    Column("template", sa.String(60), nullable=False),
    Column("filled", sa.JSON, nullable=False),  # references and titles; never what was reported
    Column("delivery", sa.String(32), index=True),
    Column("created", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("state", sa.String(16), nullable=False),
    Column("attempts", sa.Integer, nullable=False, default=0),
    Column("changed", Instant, nullable=False),
    Column("channel", sa.String(16)),  # what carried it
    sa.Index("ix_messages_state", "state", "not_before"),
)

audit = sa.Table(
    "audit",
    metadata,
    Column("n", sa.Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("sealed", sa.LargeBinary, nullable=False),
    Column("hash", sa.String(64), nullable=False),
)

# One row: the last line of the trail. Whoever appends holds its lock.
audit_head = sa.Table(
    "audit_head",
    metadata,
    Column("id", sa.Integer, primary_key=True, autoincrement=False),
    Column("n", sa.Integer, nullable=False),
    Column("hash", sa.String(64), nullable=False),
)

# Events that were handled: the same one arriving again is not handled twice.
seen = sa.Table(
    "seen",
    metadata,
    Column("id", sa.String(200), primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("done", sa.Boolean, nullable=False, default=True),  # its answer was shown
)

# Who works where, as a chat platform says; joined to the school's own roster by mail address.
roster = sa.Table(
    "roster",
    metadata,
    Column("account", sa.String(160), primary_key=True),
    Column("workspace", sa.String(80), nullable=False, index=True),
    Column("active", sa.Boolean, nullable=False),
    Column("sealed", sa.LargeBinary, nullable=False),  # name and mail address
)

# Small things an adapter keeps with an account: where to write to it, a token.
keepsakes = sa.Table(
    "keepsakes",
    metadata,
    Column("id", sa.String(210), primary_key=True),  # the account, and what it is
    Column("sealed", sa.LargeBinary, nullable=False),
)

# One-time sign-ins by mail. Only a digest of the token is kept.
visits = sa.Table(
    "visits",
    metadata,
    Column("digest", sa.String(64), primary_key=True),
    Column("kind", sa.String(8), nullable=False),  # link or session
    Column("school", sa.String(60), nullable=False),
    Column("person", sa.String(80), nullable=False),
    Column("made", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("used", Instant),
)

# The roll: who is at a school and who was. Whoever is on the roster of today has left null.
members = sa.Table(
    "members",
    metadata,
    Column("school", sa.String(60), primary_key=True),
    Column("person", sa.String(80), primary_key=True),
    Column("seen", sa.Date, nullable=False),  # the first day MayI knew of them
    Column("joined", sa.Date),  # null: they were there before MayI
    Column("left", sa.Date),  # the first day on which they were gone
    Column("team", sa.String(200), nullable=False),
    Column("group", sa.String(16), nullable=False),
)

# Decided once: a row for each occurrence of a reminder, whatever came of it.
occurrences = sa.Table(
    "occurrences",
    metadata,
    Column("id", sa.String(200), primary_key=True),  # begins with the school
    Column("school", sa.String(60), nullable=False),
    Column("reminder", sa.String(60), nullable=False),
    Column("due", Instant, nullable=False),
    Column("decided", Instant, nullable=False),
    Column("outcome", sa.String(12), nullable=False),
    Column("people", sa.Integer, nullable=False),  # how many it was for
    sa.Index("ix_occurrences_school_decided", "school", "decided"),
)

# What one person is to be told in a digest, or was told.
items = sa.Table(
    "items",
    metadata,
    _id(),
    Column("school", sa.String(60), nullable=False),
    Column("person", sa.String(80), nullable=False),
    Column("occurrence", sa.String(200), nullable=False),
    Column("reminder", sa.String(60), nullable=False),
    Column("filled", sa.JSON, nullable=False),  # ids and dates; never what somebody typed
    Column("duty", sa.Boolean, nullable=False),
    Column("due", Instant, nullable=False),  # not told before
    Column("until", Instant),  # of no use afterwards
    Column("state", sa.String(12), nullable=False),
    Column("told", Instant),
    Column("message", sa.String(32), index=True),  # the digest it was told in
    Column("hidden_until", sa.Date),  # snoozed by the person
    Column("changed", Instant, nullable=False),
    sa.UniqueConstraint("school", "person", "occurrence"),
    sa.Index("ix_items_school_state", "school", "state", "person"),
)

# Reminders that somebody does not want. A duty is sent all the same.
switched_off = sa.Table(
    "switched_off",
    metadata,
    Column("school", sa.String(60), primary_key=True),
    Column("person", sa.String(80), primary_key=True),
    Column("reminder", sa.String(60), primary_key=True),
)

# A trip, a performance, a closure: days that somebody told MayI of.
occasions = sa.Table(
    "occasions",
    metadata,
    _id(),
    Column("school", sa.String(60), nullable=False),
    Column("kind", sa.String(40), nullable=False),
    Column("first", sa.Date, nullable=False),
    Column("last", sa.Date, nullable=False),
    Column("person", sa.String(80), nullable=False),  # who told MayI
    Column("made", Instant, nullable=False),
    Column("cancelled", Instant),
    Column("to", sa.JSON, nullable=False),  # whom to remind: roles, people, teams
    sa.Index("ix_occasions_school_first", "school", "first"),
)

# Each text of a policy that was put before anybody, as it was to be read. A text keeps its row: come back to, it
# counts as the same again.
wordings = sa.Table(
    "wordings",
    metadata,
    _id(),
    Column("school", sa.String(60), nullable=False),
    Column("policy", sa.String(255), nullable=False),  # its file's name without .md
    Column("digest", sa.String(64), nullable=False),  # SHA-256 of the text, in UTF-8
    Column("version", sa.Text, nullable=False),
    Column("title", sa.Text, nullable=False),
    Column("epoch", sa.Integer, nullable=False),  # a change that keeps signatures keeps it
    Column("first_seen", Instant, nullable=False),
    Column("since", Instant, nullable=False),  # the newest is the one that holds
    Column("text", sa.LargeBinary, nullable=False),  # compressed; a policy is no secret
    sa.UniqueConstraint("school", "policy", "digest"),
)

# When everybody was asked to confirm a policy, and by when.
rounds = sa.Table(
    "rounds",
    metadata,
    Column("school", sa.String(60), primary_key=True),
    Column("policy", sa.String(255), primary_key=True),
    Column("cause", sa.String(12), primary_key=True),  # "2026" for a year, "e3" for a new text
    Column("opens", sa.Date, nullable=False),
    Column("due", sa.Date, nullable=False),
    Column("made", Instant, nullable=False),
)

# What somebody said of a policy that they were to read. Never changed.
acks = sa.Table(
    "acks",
    metadata,
    _id(),
    Column("once", sa.String(64), nullable=False),  # the same said twice is kept once
    Column("school", sa.String(60), nullable=False),
    Column("reference", sa.String(12), nullable=False),
    Column("person", sa.String(80), nullable=False),
    Column("policy", sa.String(255), nullable=False),
    Column("digest", sa.String(64), nullable=False),
    Column("epoch", sa.Integer, nullable=False),
    Column("year", sa.Integer, nullable=False),  # the school's year of asking that it counts for
    Column("kind", sa.String(12), nullable=False),
    Column("at", Instant, nullable=False),
    Column("sealed", sa.LargeBinary, nullable=False),  # who they were then, and what they wrote
    sa.UniqueConstraint("school", "once"),
    sa.UniqueConstraint("school", "reference"),
    sa.Index("ix_acks_school_person", "school", "person"),
)

# That a policy was read and discussed by several people together. Never changed.
discussions = sa.Table(
    "discussions",
    metadata,
    _id(),
    Column("once", sa.String(64), nullable=False),  # the same form sent twice is kept once
    Column("school", sa.String(60), nullable=False),
    Column("reference", sa.String(12), nullable=False),
    Column("policy", sa.String(255), nullable=False),
    Column("digest", sa.String(64), nullable=False),
    Column("on", sa.Date, nullable=False),
    Column("person", sa.String(80), nullable=False),  # who recorded it
    Column("made", Instant, nullable=False),
    Column("sealed", sa.LargeBinary, nullable=False),  # who was there, and what they agreed
    sa.UniqueConstraint("school", "once"),
    sa.UniqueConstraint("school", "reference"),
)
