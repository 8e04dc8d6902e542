"""The composition root: the only module that sees everything.

What is not always needed is imported inside the function that needs it, so that one question from the
command line starts fast.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.config import MODEL_SCHOOLS, Home, School, data, model_folder, valid_school_id
from bot.errors import BadUse, CannotDo, MayIError
from bot.policy.answer import Answer, Answerer, as_object
from bot.policy.index import Index, PolicyInfo, open_index, stamp

if TYPE_CHECKING:
    from bot.chat.model import Event, Reply
    from bot.policy.asked import Asked, Listed, Why
    from bot.policy.importer import Account

log = logging.getLogger(__name__)
SHOWN_TOPIC = 0.2  # a topic at least this likely is shown as one of a clause's topics
MOST_OPEN = 64  # schools whose index is kept open; the least lately asked closes first


@dataclass(slots=True)
class _Open:
    index: Index
    answerer: Answerer
    stamps: tuple[str, ...]


@dataclass(slots=True)
class Engine:
    """Answers for any school of a home; keeps the indexes lately used open and up to date."""

    home: Home
    _open: OrderedDict[str, _Open] = field(default_factory=OrderedDict)

    def answer(self, school: School, question: str) -> Answer:
        """Answer a question from the policies of one school."""
        return self._for(school).answerer.answer(question)

    def index(self, school: School) -> Index:
        """The school's index, up to date with its policy files."""
        return self._for(school).index

    def policies(self, school: School) -> tuple[PolicyInfo, ...]:
        return self._for(school).index.policies

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].index.close()

    def _for(self, school: School) -> _Open:
        key = str(school.folder)
        stamps = tuple(f"{p.name} {stamp(p)}" for p in school.policies)
        kept = self._open.get(key)
        if kept is None or kept.stamps != stamps:
            if kept:
                kept.index.close()
            file = self.home.index_folder / f"{school.id}.db"
            index = open_index(file, school.policies, engine_version())
            answerer = Answerer(index, school.contact, school.safeguarding_contact)
            kept = self._open[key] = _Open(index, answerer, stamps)
        self._open.move_to_end(key)
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].index.close()
        return kept


@lru_cache(maxsize=1)
def engine_version() -> str:
    """A name for the code and data that read a policy: when it changes, indexes are made anew."""
    digest = hashlib.blake2b(digest_size=8)
    for package, folder, suffixes in (
        ("bot", "policy", (".py",)),
        ("policy_text", "", (".toml",)),
        ("policy_text", "fitted", (".db",)),
    ):
        for file in _files(files(package) / folder if folder else files(package), suffixes):
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(folder: Traversable, suffixes: tuple[str, ...]) -> list[Traversable]:
    return sorted((f for f in folder.iterdir() if f.name.endswith(suffixes)), key=lambda f: f.name)


def conversation(home: Home, school: str | None) -> tuple[Callable[[Event], Reply], School, Reply]:
    """What takes an event and gives a reply for one school, that school, and what to say first."""
    from bot.chat.memory import Memory
    from bot.chat.model import Card, Reply
    from bot.chat.render import Wording
    from bot.chat.router import Router
    from bot.policy.asked import Asked
    from handlers.routes import ROUTES
    from handlers.services import Services

    found = home.school(school)
    engine = Engine(home)
    wording = Wording(_overrides(found))
    asked = Asked(home.questions_file(found.id))
    services = Services(
        school=found,
        wording=wording,
        memory=Memory(),
        answer=lambda text: engine.answer(found, text),
        policies=lambda: engine.policies(found),
        clause=lambda clause: engine.index(found).by_id(clause),
        note=lambda text, why: _note(asked, found, text, why),
        decided=lambda text: _decided(asked, text),
        guidance=data("guidance.toml").get(found.nation, data("guidance.toml")["England"]),
        routes=tuple((r.words[0] if r.words else "anything else", r.help) for r in ROUTES),
    )
    router = Router(ROUTES, lambda s: s.wording)
    welcome = wording.lines("welcome", school=found.name)
    return (
        lambda event: router.handle(event, services),
        found,
        Reply((Card(headline=welcome[0], lines=welcome[1:]),)),
    )


def reading(home: Home, school: str | None) -> tuple[str, Callable[[], object]]:
    """What to show while a school's policies are read for the first time, and what reads them."""
    from bot.chat.render import Wording

    found = home.school(school)
    text = Wording(_overrides(found)).text("progress", school=found.name)
    return text, lambda: Engine(home).index(found)


def _decided(asked: Asked, text: str) -> Listed | None:
    """What the school decided on a question; a list that cannot be read stops no answer."""
    try:
        return asked.own_answer(text)
    except MayIError as e:
        log.warning("%s", e)
        return None


def _note(asked: Asked, school: School, text: str, why: Why) -> None:
    if not school.keep_questions:
        return
    with contextlib.suppress(CannotDo):  # the list is a convenience: the answer goes out
        asked.note(text, why, datetime.now(tz=UTC), timedelta(days=school.keep_questions))


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


def answer_object(home: Home, school: str | None, question: str) -> dict[str, Any]:
    """The answer object for one question."""
    found = home.school(school)
    return as_object(Engine(home).answer(found, question), school=found.id)


def answer_lines(
    home: Home, school: str | None, lines: Iterable[bytes]
) -> Iterator[dict[str, Any]]:
    """An answer object a line, in order; a bad line or unknown school gives {"id", "error"}."""
    engine = Engine(home)
    for line in lines:
        if line.strip():
            yield _answer_line(engine, school, line)


def _answer_line(engine: Engine, school: str | None, line: bytes) -> dict[str, Any]:
    number = None
    try:
        asked = json.loads(
            line.decode("utf-8-sig"), parse_constant=_no_such_number, parse_float=_number
        )
        if not isinstance(asked, dict):
            raise BadUse("give a JSON object with id, school and question")
        number = asked.get("id")
        question = asked.get("question")
        if not isinstance(question, str):
            raise BadUse("give the question as text")
        named = asked.get("school") or school
        if named is not None and not isinstance(named, str):
            raise BadUse("give the school as text")
        found = engine.home.school(named)
        return as_object(engine.answer(found, question), school=found.id, number=number)
    except (ValueError, RecursionError):  # not JSON, or not UTF-8
        return {"id": number, "error": 'not a line of JSON; give {"id", "school", "question"}'}
    except MayIError as e:
        return {"id": number, "error": str(e)}


def _number(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        _no_such_number(digits)
    return number


def _no_such_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def import_policy(home: Home, file: str, school: str, title: str | None) -> tuple[Account, bool]:
    """Import a document into a school's policies; says whether the school was new."""
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
    )
    if created:
        _write_school(folder, account.front.school or school)
    return account, created


def account_text(account: Account, school: str, *, created: bool) -> str:
    """What became of every line of an imported document, to print."""
    from collections import Counter

    from bot.chat.render import Wording

    fates = Counter(line.name or line.fate.value for line in account.lines)
    return Wording().text(
        "import_account", account=account, fates=fates, school=school, created=created
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


def init(home: Home, school: str, like: str | None) -> str:
    """Set up a school; never over one that is there."""
    import shutil

    from bot.chat.render import Wording

    if not valid_school_id(school):
        raise BadUse(
            f"'{school[:60]}' cannot name a school: use lower-case letters, digits and hyphens"
        )
    if like is not None and like not in MODEL_SCHOOLS:
        raise BadUse(f"'{like[:60]}' is not a model school; there are: {', '.join(MODEL_SCHOOLS)}")
    folder = home.root / "schools" / school
    if folder.exists():
        raise BadUse(f"{folder} is there already; nothing was changed")
    try:
        if like:
            shutil.copytree(model_folder(like), folder)
        else:
            (folder / "policies").mkdir(parents=True)
            _write_school(folder, school)
    except OSError as e:
        raise CannotDo(f"{folder}: {e.strerror}; check the path and its permissions") from e
    return Wording().text("school_made", folder=folder, school=school, like=like)


def _write_school(folder: Path, name: str) -> None:
    from bot.chat.render import Wording

    folder.mkdir(parents=True, exist_ok=True)
    quoted = name.replace("\\", "").replace('"', "'")
    (folder / "school.toml").write_text(Wording().text("school.toml", name=quoted) + "\n", "utf-8")


def check(home: Home) -> list[str]:
    """What stands in the way of relying on this home, a line each."""
    findings: list[str] = []
    for name in home.own_schools():
        try:
            findings.extend(_check_school(home, home.school(name)))
        except MayIError as e:
            findings.append(f"{name}: {e}")
    if not home.own_schools():
        findings.append(f"{home.root}: no school is set up; make one with: mayi init SCHOOL")
    return findings


def _check_school(home: Home, school: School) -> Iterator[str]:
    if not school.policies:
        yield f"{school.id}: no policy; add one with: mayi policy import FILE --school {school.id}"
    for role in (school.contact, school.safeguarding_contact):
        if not school.role(role).holder:
            yield f"{school.id}: nobody holds the role {role}; add a holder under [roles.{role}] in school.toml"
    index = Engine(home).index(school)
    for broken in index.broken:
        yield f"{school.id}: {broken.why}"
    for link in sorted(p for p in school.folder.glob("policies/*.md") if not p.is_file()):
        yield f"{link}: not a file; remove it or mend the link"
    for role, clause in _roles_told(index).items():
        if role in (school.contact, school.safeguarding_contact) or school.role(role).holder:
            continue
        yield (
            f"{school.id}: {clause} sends staff to {school.role(role)}, and nobody holds that role; "
            f"add a holder under [roles.{role}] in school.toml"
        )


def _roles_told(index: Index) -> dict[str, str]:
    """Roles of the school that clauses send staff to, each with the first such clause."""
    kinds = data("roles.toml")
    told: dict[str, str] = {}
    for entry in index.all():
        for role in (entry.clause.reading.route, entry.clause.reading.approver):
            if role and kinds.get(role, {}).get("kind") == "school":
                told.setdefault(role, entry.clause.id)
    return told


def _overrides(school: School) -> tuple[Path, ...]:
    own = school.folder / "templates"
    return (own,) if own.is_dir() else ()
