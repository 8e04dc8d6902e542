"""The shape of the database, step by step; `bot.records.migrate` takes the steps."""
