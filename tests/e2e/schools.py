"""The school of the chat clients with dates of its own: whatever the day and the hour, something is due."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

HOURS = """
[hours]
zone = "{zone}"
opens = "00:00"
closes = "23:59"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
bank_holidays = "open"
"""
# Seconds until a digest: one minute's tick decides what is due, the next one tells of it, and where the chat was
# not there yet, another one sends it again.
NEXT_TICKS = 300.0
REMINDERS = """
[reminders]
at = "00:00"
[reminders.phones-away]
clause = "SM-47"
when = "{day}"
to = {phones}
[reminders.own-privacy]
clause = "SM-35"
source = "choice"
when = "{day}"
to = {privacy}
[reminders.before-posting]
clause = "SM-52"
"""
ROUND = """
[reminders]
at = "00:00"
[acknowledgements]
from = "{opened}"
questions = {questions}
"""


def zone() -> ZoneInfo:
    """Where the school stands: near midnight, when nothing goes out, where it is noon."""
    london = ZoneInfo("Europe/London")
    return london if 1 <= datetime.now(london).hour < 22 else ZoneInfo("Pacific/Auckland")


def today() -> date:
    return datetime.now(zone()).date()


def written(day: date) -> str:
    """A day as school.toml takes one that comes each year."""
    return f"{day.day} {day:%B}"


def open_now(home: Path, more: str) -> None:
    """Have the school open every day and hour, with `more` in place of its own dates."""
    toml = home / "schools" / "oak" / "school.toml"
    text, dates, _ = toml.read_text("utf-8").partition("\n[reminders.")
    assert dates, "the model school has no reminders any more: nothing was taken out"
    toml.write_text(text + HOURS.format(zone=zone().key) + more, "utf-8")


def due_now(home: Path, *, phones: str, privacy: str) -> None:
    """A review three weeks overdue, and a rule on phones and a nudge that have been due since yesterday.

    `phones` and `privacy` are whom the rule and the nudge go to, each a list as in school.toml.
    """
    day = written(today() - timedelta(days=1))
    open_now(home, REMINDERS.format(day=day, phones=phones, privacy=privacy))
    due = today() - timedelta(weeks=3)
    before = due - timedelta(days=365)
    policy = policy_of(home)
    text = policy.read_text("utf-8")
    for name, value in {"adopted": before, "reviewed": before, "next_review": due}.items():
        text, found = re.subn(rf"(?m)^{name}: .*$", f"{name}: {value}", text)
        assert found == 1, name
    policy.write_text(text, "utf-8")


def round_open(home: Path, *, questions: int = 0) -> None:
    """A round of acknowledgements that opened three days ago, for all staff."""
    opened = written(today() - timedelta(days=3))
    open_now(home, ROUND.format(opened=opened, questions=questions))


def policy_of(home: Path) -> Path:
    (policy,) = (home / "schools" / "oak" / "policies").glob("*.md")
    return policy


def make_head(home: Path, name: str) -> None:
    """Give somebody the Headteacher's role; they answer to nobody of the school then."""
    toml = home / "schools" / "oak" / "school.toml"
    text = toml.read_text("utf-8")
    text, found = re.subn(r'(\[roles\.headteacher\]\nholder = )".*"', rf'\1"{name}"', text)
    assert found == 1
    text = re.sub(rf'(?m)(^name = "{name}"(?:\n.+)*?)\nanswers_to = .*$', r"\1", text)
    toml.write_text(text, "utf-8")
