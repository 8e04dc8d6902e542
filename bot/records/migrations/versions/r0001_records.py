"""Reports and all that belongs to them, drafts, messages, the audit trail.

A later step that makes SQLite's audit table anew has to make its triggers anew as well.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

# The application never does these things; these see to it that nothing else does by mistake, or quietly.
SQLITE = (
    """CREATE TRIGGER audit_adds_only BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE n = NEW.n)
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END""",
    """CREATE TRIGGER audit_stays BEFORE UPDATE OF n, at, hash ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END""",
    """CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END""",
    """CREATE TRIGGER audit_head_goes_up BEFORE UPDATE ON audit_head WHEN NEW.n <= OLD.n
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END""",
    """CREATE TRIGGER audit_head_is_kept BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END""",
)
POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION audit_adds_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit trail is only added to'; END $$""",
    """CREATE TRIGGER audit_stays BEFORE UPDATE OF n, at, hash ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_adds_only()""",
    """CREATE TRIGGER audit_is_kept BEFORE DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_adds_only()""",
    """CREATE TRIGGER audit_head_goes_up BEFORE UPDATE ON audit_head
    FOR EACH ROW WHEN (NEW.n <= OLD.n) EXECUTE FUNCTION audit_adds_only()""",
    """CREATE TRIGGER audit_head_is_kept BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_adds_only()""",
)


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("draft", sa.String(32), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("reference", sa.String(12), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("due", INSTANT),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.UniqueConstraint("draft", name="uq_reports_draft"),
        sa.UniqueConstraint("school", "reference", name="uq_reports_school_reference"),
    )
    op.create_index("ix_reports_due", "reports", ["due"])
    op.create_index("ix_reports_school_state", "reports", ["school", "state"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("report", sa.String(32), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("sent", INSTANT),
        sa.Column("opened", INSTANT),
        sa.Column("acknowledged", INSTANT),
        sa.Column("reminded", INSTANT),
        sa.Column("failed", INSTANT),
        sa.Column("declined", INSTANT),
        sa.ForeignKeyConstraint(
            ["report"], ["reports.id"], name="fk_deliveries_report", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("report", "n", name="uq_deliveries_report_n"),
        sa.UniqueConstraint("report", "person", name="uq_deliveries_report_person"),
    )
    op.create_index("ix_deliveries_person", "deliveries", ["person"])
    op.create_index("ix_deliveries_report", "deliveries", ["report"])
    op.create_table(
        "entries",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("report", sa.String(32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report"], ["reports.id"], name="fk_entries_report", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    op.create_index("ix_entries_report", "entries", ["report"])
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("changed", INSTANT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.UniqueConstraint("school", "person", name="uq_drafts_school_person"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("occasion", sa.String(120), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("template", sa.String(60), nullable=False),
        sa.Column("filled", sa.JSON(), nullable=False),
        sa.Column("delivery", sa.String(32)),
        sa.Column("created", INSTANT, nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("changed", INSTANT, nullable=False),
        sa.Column("channel", sa.String(16)),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("occasion", name="uq_messages_occasion"),
    )
    op.create_index("ix_messages_delivery", "messages", ["delivery"])
    op.create_index("ix_messages_state", "messages", ["state", "not_before"])
    op.create_table(
        "seen",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seen"),
    )
    op.create_table(
        "roster",
        sa.Column("account", sa.String(160), nullable=False),
        sa.Column("workspace", sa.String(80), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_roster"),
    )
    op.create_index("ix_roster_workspace", "roster", ["workspace"])
    op.create_table(
        "keepsakes",
        sa.Column("id", sa.String(210), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keepsakes"),
    )
    op.create_index("ix_seen_at", "seen", ["at"])
    op.create_table(
        "visits",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("school", sa.String(60), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("made", INSTANT, nullable=False),
        sa.Column("expires", INSTANT, nullable=False),
        sa.Column("used", INSTANT),
        sa.PrimaryKeyConstraint("digest", name="pk_visits"),
    )
    op.create_table(
        "audit",
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_audit"),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "n": 0, "hash": "0" * 64}])
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in POSTGRESQL if postgresql else SQLITE:
        op.execute(statement)
