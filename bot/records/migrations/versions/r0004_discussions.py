"""Discussions of a policy: who read it together, and when.

A later step that makes SQLite's discussions table anew has to make its triggers anew as well.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

# Everything but `sealed`, which is written anew when the keys are. Rows are deleted when their time is over.
FIXED = 'id, once, school, reference, policy, digest, "on", person, made'
SQLITE = (
    """CREATE TRIGGER discussions_add_only BEFORE INSERT ON discussions
    WHEN EXISTS (SELECT 1 FROM discussions WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what was recorded is never changed'); END""",
    f"""CREATE TRIGGER discussions_stay BEFORE UPDATE OF {FIXED} ON discussions
    BEGIN SELECT RAISE(ABORT, 'what was recorded is never changed'); END""",
)
POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION discussions_stay() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'what was recorded is never changed'; END $$""",
    f"""CREATE TRIGGER discussions_stay BEFORE UPDATE OF {FIXED} ON discussions
    FOR EACH ROW EXECUTE FUNCTION discussions_stay()""",
)


def upgrade() -> None:
    op.create_table(
        "discussions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("once", sa.String(64), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("reference", sa.String(12), nullable=False),
        sa.Column("policy", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("made", INSTANT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_discussions"),
        sa.UniqueConstraint("school", "once", name="uq_discussions_school_once"),
        sa.UniqueConstraint("school", "reference", name="uq_discussions_school_reference"),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in POSTGRESQL if postgresql else SQLITE:
        op.execute(statement)
