"""The house is as it is drawn: imports run one way, templates and data hang together, prose names what is."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import jinja2
import pytest

from bot.cli import cli
from bot.config import MODEL_SCHOOLS, data, model_folder, role_titles
from bot.policy.lexicon import stem, words
from bot.policy.policyfile import read_policy

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TEMPLATES = sorted(p.stem for p in (ROOT / "templates").glob("*.j2"))
SOURCES = sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")])


# --- imports ---------------------------------------------------------------------------------------------


ROOMS_OF_HANDLERS = (
    "", "chat", "people", "policy", "records", "schedule", "config", "errors",
)  # fmt: skip


def layers() -> list[str]:
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    (contract,) = [c for c in contracts if c.get("containers") == ["bot"]]
    assert contract["type"] == "layers"
    assert contract["exhaustive"]
    return [name.strip() for layer in contract["layers"] for name in layer.split("|")]


def test_every_room_of_the_house_has_its_layer():
    rooms = {
        p.stem
        for p in (ROOT / "bot").iterdir()
        if p.suffix == ".py" or (p / "__init__.py").exists()
    }

    assert rooms - {"__init__"} == set(layers())


def imported(file: Path) -> set[str]:
    """The modules of ours that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: write imports out in full"
            found.add(node.module)
            found.update(f"{node.module}.{a.name}" for a in node.names)
    return found


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(ROOT)))
def test_no_module_imports_upwards(file):
    order = layers()
    room = file.relative_to(ROOT).parts
    for name in imported(file):
        package, _, rest = name.partition(".")
        if room[0] == "bot" and len(room) > 1:
            here = Path(room[1]).stem
            if package == "bot" and rest and here != "__init__":
                there = rest.split(".")[0]
                if there in order:
                    assert order.index(there) >= order.index(here), f"{here} imports {there}"
            if package == "handlers":
                assert here == "app", f"{here} imports {name}"
        if room[0] == "handlers" and package == "bot":
            assert rest.split(".")[0] in ROOMS_OF_HANDLERS, name


def test_the_contracts_hold():
    """What `make check` runs, so that a broken contract also fails the tests."""
    # In a process of its own: it turns off every logger that is there.
    lint = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))"
    ran = subprocess.run(
        [sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout


def test_nothing_happens_on_import_that_needs_the_environment():
    for file in SOURCES:
        text = file.read_text("utf-8")
        if file.name != "config.py":
            assert "os.environ" not in text, file
            assert "getenv" not in text, file


# --- templates -------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def named_in_code() -> set[str]:
    """Every string in the code that could name a template, and every message that the data name."""
    strings = {
        node.value
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return strings | {e["advice"] for e in data("incidents.toml").values() if "advice" in e}


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_used(template):
    included = {
        name
        for file in (ROOT / "templates").glob("*.j2")
        for name in re.findall(
            r"(?:include|import|extends) ['\"]([\w.]+)\.j2", file.read_text("utf-8")
        )
    }

    assert template in named_in_code() | included


def test_every_template_named_in_code_exists():
    called = set()
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("text", "lines")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                called.add(node.args[0].value)

    assert len(called) > 10
    assert called <= set(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_can_be_read(template):
    environment = jinja2.Environment(autoescape=True)

    environment.parse((ROOT / "templates" / f"{template}.j2").read_text("utf-8"))


def test_the_new_schools_settings_name_only_roles_there_are():
    text = (ROOT / "templates" / "school.toml.j2").read_text("utf-8").replace("{{ name }}", "X")
    settings = tomllib.loads(text)
    named = {*settings["roles"], *settings["answers"].values()}

    assert named <= set(role_titles())
    assert set(settings["answers"].values()) <= set(settings["roles"])


# --- data ------------------------------------------------------------------------------------------------

INCIDENTS = data("incidents.toml")
TOPICS = data("topics.toml")


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_says_what_it_is_about(topic):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", topic)
    assert list(TOPICS[topic]) == ["about"]
    assert TOPICS[topic]["about"].strip()


@pytest.mark.parametrize("kind", INCIDENTS)
def test_an_incident_kind_is_well_formed(kind):
    entry = INCIDENTS[kind]

    assert set(entry) <= {
        "title", "label", "about", "topics", "words", "urgent", "advice", "safeguarding", "guidance",
        "keep_years", "sensitive", "evidence",
    }  # fmt: skip
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind)
    assert entry["title"].strip()
    assert set(entry["topics"]) <= set(TOPICS)
    assert entry.get("advice", "now_report") in TEMPLATES
    concepts = set(data("lexicon.toml")["concepts"])
    for unit in (u for group in entry.get("words", ()) for u in group.split("+")):
        if unit.startswith("~"):
            assert unit[1:] in concepts, unit
        else:
            assert unit == stem(unit), f"{unit}: a stem is meant"


def test_a_topic_tells_of_at_most_one_kind_of_incident():
    topics = [t for e in INCIDENTS.values() for t in e["topics"]]

    assert sorted(t for t in set(topics) if topics.count(t) > 1) == []


def test_a_kind_of_incident_can_be_recognised_somehow():
    """A kind with neither topics nor words is never disclosed by a question."""
    silent = [k for k, e in INCIDENTS.items() if not e["topics"] and not e.get("words")]

    assert silent in ([], ["low-level-concern"])


def test_a_brand_is_of_one_kind():
    names = [
        tuple(words(n)) for row in data("lexicon.toml")["names"].values() for n in row.split(",")
    ]

    assert sorted(n for n in set(names) if names.count(n) > 1) == []
    assert all(1 <= len(n) <= 3 for n in names)


@pytest.mark.parametrize("role", data("roles.toml"))
def test_a_role_is_well_formed(role):
    entry = data("roles.toml")[role]

    assert {"title", "kind", "words"} <= set(entry) <= {"title", "kind", "words", "article"}
    assert entry["kind"] in ("school", "outside", "people", "unnamed")
    assert entry["title"].strip()


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_a_model_school_is_whole(school):
    settings = tomllib.loads((model_folder(school) / "school.toml").read_text("utf-8"))

    assert set(settings["roles"]) <= set(role_titles())
    assert settings["nation"] in data("guidance.toml")
    assert settings["answers"]["contact"] in settings["roles"]
    assert settings["answers"]["safeguarding_contact"] in settings["roles"]
    assert list(model_folder(school).glob("policies/*.md"))


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_every_role_a_model_policy_sends_staff_to_is_known_and_held(school):
    settings = tomllib.loads((model_folder(school) / "school.toml").read_text("utf-8"))
    kinds = {r: e["kind"] for r, e in data("roles.toml").items()}
    for file in model_folder(school).glob("policies/*.md"):
        for clause in read_policy(file).clauses:
            for role in filter(None, (clause.reading.route, clause.reading.approver)):
                assert role in kinds, f"{clause.id}: {role}"
                if kinds[role] == "school":
                    assert settings["roles"].get(role, {}).get("holder"), f"{clause.id}: {role}"


def test_guidance_says_the_same_things_for_every_nation():
    for nation, told in data("guidance.toml").items():
        assert set(told) == {"images", "safeguarding", "allegations"}, nation
        assert all(set(g) == {"title", "by", "edition"} for g in told.values()), nation


# --- prose -----------------------------------------------------------------------------------------------


def commands(group: click.Group, before: str = "mayi") -> list[str]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found.extend(commands(command, f"{before} {name}"))
        else:
            found.append(f"{before} {name}")
    return found


def prose() -> str:
    return "\n".join(
        f.read_text("utf-8") for f in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    )


@pytest.mark.parametrize("command", commands(cli))
def test_every_command_stands_in_the_readme_or_the_docs(command):
    assert re.search(rf"`?{command}\b", prose())


@pytest.mark.parametrize("command", commands(cli))
def test_every_command_says_what_it_does(command):
    found: click.Command = cli
    for name in command.split()[1:]:
        found = found.commands[name]

    assert found.help.strip().endswith(".")
    assert all(p.help for p in found.params if isinstance(p, click.Option))


def test_every_command_takes_home_before_and_after():
    for command in commands(cli):
        found: click.Command = cli
        for name in command.split()[1:]:
            found = found.commands[name]
            assert "--home" in {o for p in found.params for o in p.opts}, command


def test_no_command_in_the_prose_is_made_up():
    known = {c.split()[1] for c in commands(cli)} | {"policy"}
    told = set(re.findall(r"`mayi ([a-z]+)", prose()))

    assert told <= known


def test_the_changelogs_newest_version_is_this_one():
    file = ROOT / "CHANGELOG.md"
    if not file.exists():
        pytest.skip("no CHANGELOG.md yet")
    newest = re.search(r"^## \[?v?(\d+\.\d+\.\d+)", file.read_text("utf-8"), re.MULTILINE)

    assert newest
    assert newest.group(1) == PYPROJECT["project"]["version"]
