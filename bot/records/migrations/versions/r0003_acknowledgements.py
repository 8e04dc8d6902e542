"""Acknowledgements: the texts that were read, the rounds of asking, and what each person said.

A later step that makes SQLite's acks table anew has to make its triggers anew as well.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

# Everything but `sealed`, which is written anew when the keys are. Rows are deleted when their time is over.
FIXED = "id, once, school, reference, person, policy, digest, epoch, year, kind, at"
SQLITE = (
    """CREATE TRIGGER acks_add_only BEFORE INSERT ON acks
    WHEN EXISTS (SELECT 1 FROM acks WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what somebody confirmed is never changed'); END""",
    f"""CREATE TRIGGER acks_stay BEFORE UPDATE OF {FIXED} ON acks
    BEGIN SELECT RAISE(ABORT, 'what somebody confirmed is never changed'); END""",
)
POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION acks_stay() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'what somebody confirmed is never changed'; END $$""",
    f"""CREATE TRIGGER acks_stay BEFORE UPDATE OF {FIXED} ON acks
    FOR EACH ROW EXECUTE FUNCTION acks_stay()""",
)


def upgrade() -> None:
    op.create_table(
        "wordings",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("policy", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("first_seen", INSTANT, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wordings"),
        sa.UniqueConstraint("school", "policy", "digest", name="uq_wordings_school_policy_digest"),
    )
    op.create_table(
        "rounds",
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("policy", sa.String(255), nullable=False),
        sa.Column("cause", sa.String(12), nullable=False),
        sa.Column("opens", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("made", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("school", "policy", "cause", name="pk_rounds"),
    )
    op.create_table(
        "acks",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("once", sa.String(64), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("reference", sa.String(12), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("policy", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acks"),
        sa.UniqueConstraint("school", "once", name="uq_acks_school_once"),
        sa.UniqueConstraint("school", "reference", name="uq_acks_school_reference"),
    )
    op.create_index("ix_acks_school_person", "acks", ["school", "person"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in POSTGRESQL if postgresql else SQLITE:
        op.execute(statement)
