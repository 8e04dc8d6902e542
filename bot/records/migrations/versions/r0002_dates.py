"""Reminders: what was decided, what each person is to be told, what they switched off; occasions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "occurrences",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("reminder", sa.String(60), nullable=False),
        sa.Column("due", INSTANT, nullable=False),
        sa.Column("decided", INSTANT, nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_occurrences"),
    )
    op.create_index("ix_occurrences_school_decided", "occurrences", ["school", "decided"])
    op.create_table(
        "items",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("occurrence", sa.String(200), nullable=False),
        sa.Column("reminder", sa.String(60), nullable=False),
        sa.Column("filled", sa.JSON(), nullable=False),
        sa.Column("duty", sa.Boolean(), nullable=False),
        sa.Column("due", INSTANT, nullable=False),
        sa.Column("until", INSTANT),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("told", INSTANT),
        sa.Column("message", sa.String(32)),
        sa.Column("hidden_until", sa.Date()),
        sa.Column("changed", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.UniqueConstraint(
            "school", "person", "occurrence", name="uq_items_school_person_occurrence"
        ),
    )
    op.create_index("ix_items_message", "items", ["message"])
    op.create_index("ix_items_school_state", "items", ["school", "state", "person"])
    op.create_table(
        "switched_off",
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("reminder", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("school", "person", "reminder", name="pk_switched_off"),
    )
    op.create_table(
        "occasions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("made", INSTANT, nullable=False),
        sa.Column("cancelled", INSTANT),
        sa.Column("to", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_occasions"),
    )
    op.create_index("ix_occasions_school_first", "occasions", ["school", "first"])
    op.create_table(
        "members",
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("seen", sa.Date(), nullable=False),
        sa.Column("joined", sa.Date()),
        sa.Column("left", sa.Date()),
        sa.Column("team", sa.String(200), nullable=False),
        sa.Column("group", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("school", "person", name="pk_members"),
    )
