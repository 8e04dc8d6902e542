"""What the owner of a policy does: bring it in, see how it was read, decide on what staff asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.app.answers import Engine
from bot.app.schools import wording_of, write_school
from bot.config import Home, valid_school_id
from bot.errors import BadUse

if TYPE_CHECKING:
    from bot.policy.asked import Listed
    from bot.policy.importer import Account

SHOWN_TOPIC = 0.2  # a topic at least this likely is shown as one of a clause's topics


def import_policy(
    home: Home,
    file: str,
    school: str,
    title: str | None,
    *,
    minor: bool = False,
    write: bool = True,
) -> tuple[Account, bool]:
    """Import a document into a school's policies, unless not to `write`; says whether the school was new."""
    from bot.policy.importer import import_policy as bring_in

    if not valid_school_id(school):
        raise BadUse(
            f"'{school[:60]}' cannot name a school: use lower-case letters, digits and hyphens"
        )
    folder = home.root / "schools" / school
    created = not (folder / "school.toml").is_file()
    account = bring_in(
        Path(file),
        folder / "policies",
        title=title,
        school="" if created else home.school(school).name,
        minor=minor,
        write=write,
    )
    if created and write:
        write_school(folder, account.front.school or school)
    return account, created


def account_text(
    home: Home, account: Account, school: str, *, created: bool, written: bool = True
) -> str:
    """What became of every line of an imported document, and what it does to confirmations, to print."""
    from collections import Counter

    from bot.chat.render import Wording

    fates = Counter(line.name or line.fate.value for line in account.lines)
    void = 0
    if account.differs:
        from bot.app.signatures import signatures_at_stake
        from bot.policy.model import Policy

        policy = Policy(account.front, account.clauses)
        void = signatures_at_stake(home, home.school(school), account.path.stem, policy)
    return Wording().text(
        "import_account",
        account=account,
        fates=fates,
        school=school,
        created=created,
        written=written,
        void=void,
    )


def readings(home: Home, school: str | None) -> list[dict[str, Any]]:
    """How each clause of a school was read."""
    rows = []
    for entry in Engine(home).index(home.school(school)).all():
        reading = entry.clause.reading
        rows.append(
            {
                "id": entry.clause.id,
                "policy": entry.policy.title,
                "section": " › ".join(entry.clause.section),
                "lead_in": entry.clause.lead_in,
                "text": entry.clause.text,
                "strength": reading.strength.value,
                "binds": list(reading.binds),
                "approver": reading.approver,
                "condition": reading.condition,
                "route": reading.route,
                "topics": [t for t, weight in entry.topics.items() if weight >= SHOWN_TOPIC],
                "by_owner": sorted(reading.by_owner),
            }
        )
    return rows


def reading(home: Home, school: str | None) -> tuple[str, Callable[[], object]]:
    """What to show while a school's policies are read for the first time, and what reads them."""
    found = home.school(school)
    text = wording_of(found).text("progress", school=found.name)
    return text, lambda: Engine(home).index(found)


def questions(home: Home, school: str | None) -> list[Listed]:
    """What staff of a school asked and got no answer to."""
    from bot.policy.asked import Asked

    return Asked(home.questions_file(home.school(school).id)).listed()


def decide(home: Home, school: str | None, number: int, *, clause: str, answer: str) -> None:
    """Point a question on the list to a clause, or give it the school's own answer."""
    from bot.policy.asked import Asked

    found = home.school(school)
    if clause and Engine(home).index(found).by_id(clause) is None:
        raise BadUse(f"there is no clause {clause} here; see: mayi policy show --school {found.id}")
    Asked(home.questions_file(found.id)).decide(number, clause=clause, answer=answer)


def forget(home: Home, school: str | None, number: int) -> None:
    """Take a question off the list."""
    from bot.policy.asked import Asked

    Asked(home.questions_file(home.school(school).id)).forget(number)
