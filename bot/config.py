"""The one reader of settings: the home, its schools, and what each school.toml says."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from bot.errors import BadSettings, BadUse

DEFAULT_HOME = Path("~/.local/share/mayi")
DEFAULT_SCHOOL = "model-primary"
MODEL_SCHOOLS = (
    "model-infant",
    "model-secondary",
    "model-primary",
    "model-primary-wales",
    "model-special",
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}  # what each is usually found at


@dataclass(frozen=True, slots=True)
class RoleHolder:
    """A role of the school: its title there, and who holds it now (may be empty)."""

    title: str
    holder: str = ""

    article: bool = True  # "the Headteacher", but "Human Resources"

    def __str__(self) -> str:
        spoken = f"the {self.title}" if self.article else self.title
        return f"{spoken} ({self.holder})" if self.holder else spoken


@dataclass(frozen=True, slots=True)
class School:
    """One school: where its files are and what its school.toml says."""

    id: str
    folder: Path
    name: str
    nation: str = "England"
    roles: Mapping[str, RoleHolder] = field(default_factory=dict)
    contact: str = "headteacher"  # the role to ask where the policy is silent
    safeguarding_contact: str = "dsl"  # the role for a worry about a child
    keep_questions: int = (
        365  # days an unanswered question is kept for the policy's owner; 0 is off
    )
    emergency: str = ""  # the school's own emergency contact, shown with 999
    # The whole of school.toml, for the rooms that own its other tables: people, outside, reports, hours.
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def policies(self) -> tuple[Path, ...]:
        """The policy files of this school, in name order."""
        return tuple(sorted(p for p in self.folder.glob("policies/*.md") if p.is_file()))

    def role(self, role: str) -> RoleHolder:
        """Who holds `role`: by this school's own title where it has one."""
        return self.roles.get(role) or RoleHolder(
            role_titles().get(role, role), article=_article(role)
        )


@dataclass(frozen=True, slots=True)
class Home:
    """Where one installation keeps its schools and its data."""

    root: Path
    default_school: str | None = None
    database: str = ""  # MAYI_DATABASE_URL: PostgreSQL in place of the file in the home
    keys: str | None = field(default=None, repr=False)  # MAYI_KEYS: in place of the key file

    @property
    def database_url(self) -> str:
        """Where the records are: an SQLAlchemy URL."""
        return self.database or f"sqlite+aiosqlite:///{self.root.absolute() / 'data' / 'mayi.db'}"

    @property
    def keys_file(self) -> Path:
        """The keys that the records are sealed with: outside the data, so that a copy of one is not both."""
        return self.root / "keys" / "records.keys"

    @property
    def backup_folder(self) -> Path:
        """Where a backup goes that is made before the records change their shape."""
        return self.root / "backups"

    @property
    def index_folder(self) -> Path:
        """Disposable search indexes: one file a school."""
        return self.root / "data" / "index"

    def questions_file(self, school: str) -> Path:
        """The list of what staff of a school asked and got no answer to."""
        return self.root / "data" / "questions" / f"{school}.db"

    def own_schools(self) -> tuple[str, ...]:
        """The schools set up in this home, by id."""
        return tuple(sorted(p.parent.name for p in self.root.glob("schools/*/school.toml")))

    def school(self, school: str | None = None) -> School:
        """Return the school asked for, else the default one.

        Raises BadUse when it does not exist, or when several do and none was named.
        """
        return _load(self._folder(school or self._default()))

    def _default(self) -> str:
        own = self.own_schools()
        if len(own) == 1:
            return own[0]
        if self.default_school:
            return self.default_school
        if own:
            raise BadUse(f"which school? Name one with --school: {', '.join(own)}")
        return DEFAULT_SCHOOL

    def _folder(self, school: str) -> Path:
        own = self.root / "schools" / school
        if valid_school_id(school) and (own / "school.toml").is_file():
            return own
        if school in MODEL_SCHOOLS:
            return model_folder(school)
        known = ", ".join((*self.own_schools(), *MODEL_SCHOOLS))
        raise BadUse(f"there is no school '{school[:60]}' here; there are: {known}")


def home(option: str | None = None, environ: Mapping[str, str] | None = None) -> Home:
    """Return the home named on the command line, else by MAYI_HOME, else the usual place."""
    env = os.environ if environ is None else environ
    root = Path(option or env.get("MAYI_HOME") or DEFAULT_HOME).expanduser()
    if root.exists() and not root.is_dir():
        raise BadSettings(f"{root} is a file; give a folder with --home or MAYI_HOME")
    database = env.get("MAYI_DATABASE_URL", "").strip()
    if database and not database.startswith(("postgresql://", "postgres://")):
        raise BadSettings(
            "MAYI_DATABASE_URL: write it as postgresql://user:password@host/database, "
            "or leave it out for a file in the home"
        )
    # One driver for both: psycopg speaks to PostgreSQL from a loop and from DBOS's threads.
    database = database.replace("postgres://", "postgresql://", 1)
    database = database.replace("postgresql://", "postgresql+psycopg://", 1)
    return Home(root, env.get("MAYI_SCHOOL") or None, database, env.get("MAYI_KEYS") or None)


@dataclass(frozen=True, slots=True)
class Smtp:
    """The mail server that takes MayI's mail."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Literal["starttls", "tls", "none"] = "starttls"


@dataclass(frozen=True, slots=True)
class Serving:
    """What `mayi serve` is told by the environment."""

    url: str = (
        ""  # where people reach the pages: scheme and host, no slash at the end; empty: nowhere
    )
    host: str = "127.0.0.1"  # where this process listens
    port: int = 8080
    smtp: Smtp | None = None

    @property
    def https(self) -> bool:
        """Whether the pages travel encrypted."""
        return self.url.startswith("https://")


def serving(environ: Mapping[str, str] | None = None) -> Serving:
    """Return what the environment says of serving; raises BadSettings, naming what to mend."""
    env = os.environ if environ is None else environ
    host, port = _listen(env.get("MAYI_LISTEN", "").strip() or "127.0.0.1:8080")
    return Serving(_public(env.get("MAYI_URL", "").strip()), host, port, _smtp(env))


def _listen(value: str) -> tuple[str, int]:
    try:
        split = urlsplit(f"//{value}")
        host, port = split.hostname, split.port
    except ValueError:
        host, port = None, None
    if not host or port is None or split.netloc != value or "@" in value:
        raise BadSettings("MAYI_LISTEN: write it as host:port, such as 127.0.0.1:8080")
    return host, port


def _public(value: str) -> str:
    if not value:
        return ""
    try:
        split = urlsplit(value)
        host, _ = split.hostname, split.port
    except ValueError:
        host = None
    if not host or split.path not in ("", "/") or split.query or split.fragment or "@" in value:
        raise BadSettings(
            "MAYI_URL: write the address of the pages without a path, such as https://mayi.your-school.example"
        )
    if split.scheme != "https" and not (split.scheme == "http" and host in LOOPBACK):
        raise BadSettings(
            "MAYI_URL: the pages show reports, so their address begins with https:// "
            "(http:// only for 127.0.0.1 or localhost)"
        )
    return f"{split.scheme}://{split.netloc}"


def _smtp(env: Mapping[str, str]) -> Smtp | None:
    host = env.get("MAYI_SMTP_HOST", "").strip()
    if not host:
        return None
    tls = env.get("MAYI_SMTP_TLS", "").strip() or "starttls"
    if tls not in SMTP_PORTS:
        raise BadSettings("MAYI_SMTP_TLS: write starttls, tls or none")
    port = env.get("MAYI_SMTP_PORT", "").strip() or str(SMTP_PORTS[tls])
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise BadSettings("MAYI_SMTP_PORT: write a port number, such as 587")
    sender = env.get("MAYI_SMTP_FROM", "").strip()
    if not sender:
        raise BadSettings(
            'MAYI_SMTP_FROM: say who mail comes from, such as "MayI <mayi@your-school.example>"'
        )
    return Smtp(
        host,
        int(port),
        sender,
        env.get("MAYI_SMTP_USER", "").strip(),
        env.get("MAYI_SMTP_PASSWORD", ""),
        cast('Literal["starttls", "tls", "none"]', tls),
    )


def model_folder(school: str) -> Path:
    """Where a model school's files are inside the package."""
    return Path(str(files("policy_text"))) / "schools" / school


def valid_school_id(school: str) -> bool:
    """Whether `school` may name a folder: lower-case letters, digits and hyphens."""
    return 0 < len(school) <= 60 and all(c.isdigit() or "a" <= c <= "z" or c == "-" for c in school)


def _article(role: str) -> bool:
    return bool(data("roles.toml").get(role, {}).get("article", True))


@lru_cache(maxsize=1)
def role_titles() -> dict[str, str]:
    """Every role MayI knows, with the title it is shown by."""
    return {role: str(entry["title"]) for role, entry in data("roles.toml").items()}


@lru_cache
def data(name: str) -> dict[str, Any]:
    """Return a data file of policy_text, parsed."""
    return tomllib.loads((files("policy_text") / name).read_text("utf-8"))


@lru_cache(maxsize=256)
def _read(path: Path, mtime_ns: int) -> School:
    del mtime_ns  # part of the key: a changed file is read again
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise BadSettings(f"{path}: not valid TOML ({e}); mend that line") from e
    answers = settings.get("answers", {})
    for name in ("answers", "roles"):
        if not isinstance(settings.get(name, {}), dict):
            raise BadSettings(f"{path}: write [{name}] on a line of its own, not {name} = …")
    roles = dict(_roles(settings.get("roles", {}), path))
    school = School(
        id=path.parent.name,
        folder=path.parent,
        name=str(settings.get("name", path.parent.name)),
        nation=str(settings.get("nation", "England")),
        roles=roles,
        contact=str(answers.get("contact", "headteacher")),
        safeguarding_contact=str(answers.get("safeguarding_contact", "dsl")),
        keep_questions=_days(answers.get("keep_questions", 365), path),
        emergency=str(settings.get("emergency", "")),
        settings=settings,
    )
    for key in (school.contact, school.safeguarding_contact):
        if key not in role_titles() and key not in roles:
            raise BadSettings(
                f"{path}: '{key}' under [answers] is not a role; see policy_text/roles.toml"
            )
    return school


def _roles(table: Mapping[str, Any], path: Path) -> Iterable[tuple[str, RoleHolder]]:
    for role, entry in table.items():
        if not isinstance(entry, dict):
            raise BadSettings(f"{path}: write [roles.{role}] with a title and a holder")
        title = str(entry.get("title") or role_titles().get(role, role))
        yield role, RoleHolder(title, _holders(entry), _article(role))


def _holders(entry: Mapping[str, Any]) -> str:
    """Who holds a role, as it is shown: one name, or several."""
    several = entry.get("holders")
    return (
        ", ".join(map(str, several)) if isinstance(several, list) else str(entry.get("holder", ""))
    )


def _days(value: object, path: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 3650:
        raise BadSettings(f"{path}: keep_questions is a number of days from 0 (off) to 3650")
    return value


def _load(folder: Path) -> School:
    path = folder / "school.toml"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as e:
        raise BadSettings(f"{path}: cannot be read ({e.strerror}); check its permissions") from e
