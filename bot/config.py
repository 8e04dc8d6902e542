"""The one reader of settings: the home, its schools, and what each school.toml says."""

from __future__ import annotations

import os
import re
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
SLACK_API = "https://slack.com/api/"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
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


@dataclass(frozen=True, slots=True)
class TeamsSettings:
    """What the environment says of Microsoft Teams and Graph."""

    client_id: str  # of the app registration, which is the bot's as well
    client_secret: str = field(default="", repr=False)
    managed_identity: str = ""  # in place of a secret, on Azure: "system" or a client id
    tenant: str = ""  # where the app is registered
    tenants: frozenset[str] = frozenset()  # whose people come in
    unauthenticated: bool = False  # for trying things out: nobody's token is checked
    host: str = "127.0.0.1"  # where this process listens
    published: bool = False  # whether it has an address on other machines
    targeted: bool = True  # whether to answer in a channel with messages that one member alone sees
    service_url: str = "https://smba.trafficmanager.net/teams"
    app: str = ""  # the id of the app in the school's Teams catalogue, to install it by
    group: str = ""  # the Entra group that holds the staff
    mail_from: str = ""  # the mailbox that Graph sends mail from

    @property
    def graph(self) -> bool:
        """Whether anything is set up that Graph is needed for."""
        return bool(self.app or self.group or self.mail_from)


def teams_settings(environ: Mapping[str, str] | None = None) -> TeamsSettings | None:
    """Return what the environment says of Teams; None where it is not set up. Raises BadSettings."""
    env = os.environ if environ is None else environ

    def of(name: str) -> str:
        return env.get(name, "").strip()

    client, tenant = of("MAYI_TEAMS_CLIENT_ID").lower(), of("MAYI_TEAMS_TENANT").lower()
    if of("MAYI_TEAMS_UNAUTHENTICATED") not in ("", "development"):
        raise BadSettings(
            "MAYI_TEAMS_UNAUTHENTICATED: write development, or leave it out: it lets anybody in"
        )
    unauthenticated = bool(of("MAYI_TEAMS_UNAUTHENTICATED"))
    if not client and not unauthenticated:
        return None
    tenants = [t.lower() for t in of("MAYI_TEAMS_TENANTS").replace(",", " ").split()]
    ids = {
        "MAYI_TEAMS_CLIENT_ID": client,
        "MAYI_TEAMS_TENANT": tenant,
        "MAYI_TEAMS_APP": of("MAYI_TEAMS_APP"),
        "MAYI_TEAMS_GROUP": of("MAYI_TEAMS_GROUP"),
    }
    for name, value in (*ids.items(), *(("MAYI_TEAMS_TENANTS", t) for t in tenants)):
        if value and not unauthenticated and not _GUID.fullmatch(value):
            raise BadSettings(f"{name}: write an id such as 01234567-89ab-cdef-0123-456789abcdef")
    told = serving(env)
    public = urlsplit(told.url).hostname if told.url else ""
    return TeamsSettings(
        client_id=client or "00000000-0000-0000-0000-000000000000",
        client_secret=of("MAYI_TEAMS_CLIENT_SECRET"),
        managed_identity=of("MAYI_TEAMS_MANAGED_IDENTITY"),
        tenant=tenant,
        tenants=frozenset({tenant, *tenants} - {""}),
        unauthenticated=unauthenticated,
        host=told.host,
        published=bool(public) and public not in LOOPBACK,
        targeted=of("MAYI_TEAMS_TARGETED") != "no",
        app=of("MAYI_TEAMS_APP").lower(),
        group=of("MAYI_TEAMS_GROUP").lower(),
        mail_from=of("MAYI_TEAMS_MAIL_FROM"),
    )


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """What the environment says of Slack."""

    bot_token: str = field(default="", repr=False)  # of one workspace
    app_token: str = field(default="", repr=False)  # for Socket Mode
    signing_secret: str = field(default="", repr=False)  # for HTTP
    api_url: str = SLACK_API
    client_id: str = ""  # for workspaces that install MayI themselves
    client_secret: str = field(default="", repr=False)

    @property
    def mode(self) -> Literal["socket", "http"]:
        """How Slack reaches MayI: over a connection of ours where there is a token for it, else by HTTP."""
        return "socket" if self.app_token or not self.signing_secret else "http"

    @property
    def many(self) -> bool:
        """Whether other workspaces can install MayI."""
        return bool(self.client_id and self.client_secret)

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not set and is needed."""
        found = []
        if not self.app_token and not self.signing_secret:
            found.append("SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET, for HTTP)")
        if not self.bot_token and not self.many:
            found.append("SLACK_BOT_TOKEN")
        if bool(self.client_id) != bool(self.client_secret):
            found.append("SLACK_CLIENT_SECRET" if self.client_id else "SLACK_CLIENT_ID")
        return tuple(found)


def slack_settings(environ: Mapping[str, str] | None = None) -> SlackSettings | None:
    """Return what the environment says of Slack; None where it says nothing. Raises BadSettings."""
    env = os.environ if environ is None else environ
    named = {
        key: env.get(f"SLACK_{key}", "").strip()
        for key in (
            "BOT_TOKEN", "APP_TOKEN", "SIGNING_SECRET", "CLIENT_ID", "CLIENT_SECRET",
        )
    }  # fmt: skip
    if not any(named.values()):
        return None
    for key, begins, other in (("BOT_TOKEN", "xoxb-", "xapp-"), ("APP_TOKEN", "xapp-", "xoxb-")):
        if named[key].startswith(other):
            raise BadSettings(
                f"SLACK_{key}: this is the other token; the right one begins with {begins}"
            )
    return SlackSettings(
        **{key.lower(): value for key, value in named.items()},
        api_url=_slack_api(env.get("SLACK_API_URL", "").strip()),
    )


def _slack_api(value: str) -> str:
    if not value:
        return SLACK_API
    try:
        split = urlsplit(value)
        host, _ = split.hostname, split.port
    except ValueError:
        host = None
    if not host or split.query or split.fragment or "@" in value:
        raise BadSettings(
            "SLACK_API_URL: write the address of an API, such as https://slack.com/api/"
        )
    if split.scheme != "https" and not (split.scheme == "http" and host in LOOPBACK):
        raise BadSettings(
            "SLACK_API_URL: tokens are sent there, so it begins with https:// "
            "(http:// only for 127.0.0.1 or localhost)"
        )
    return value.rstrip("/") + "/"


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
