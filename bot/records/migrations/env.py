"""Runs the steps on the connection that `bot.records.migrate` gives, in its transaction."""

from __future__ import annotations

from alembic import context

from bot.records import tables

context.configure(
    connection=context.config.attributes["connection"], target_metadata=tables.metadata
)
context.run_migrations()
