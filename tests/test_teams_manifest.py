"""The manifest names what the code answers, and no more; the package is what Teams takes."""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from bot.chat.router import Router
from bot.errors import BadSettings
from bot.platforms.teams.app import COMMANDS, DIALOGS, ENDPOINT
from bot.platforms.teams.package import COLOUR, OUTLINE, package
from handlers.routes import ROUTES

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "teams"
CLIENT = "11111111-1111-4111-8111-111111111111"
DOCS = (ROOT / "docs" / "teams.md").read_text("utf-8")


def made(**changes) -> dict[str, bytes]:
    values = {
        "client_id": CLIENT,
        "url": "https://mayi.oak.example",
        "school": 'St "Oak"',
    } | changes
    with zipfile.ZipFile(io.BytesIO(package(FOLDER, **values))) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name) for name in zipped.namelist()}


@pytest.fixture
def manifest() -> dict:
    return json.loads(made()["manifest.json"])


def test_the_package_is_filled_in(manifest):
    text = made()["manifest.json"].decode()

    assert "{{" not in text
    assert manifest["bots"][0]["botId"] == manifest["id"] == CLIENT
    assert manifest["developer"]["name"] == 'St "Oak"'
    assert manifest["validDomains"] == ["mayi.oak.example"]
    assert manifest["webApplicationInfo"]["id"] == CLIENT
    assert set(made()) == {"manifest.json", "color.png", "outline.png"}
    assert package(FOLDER, client_id=CLIENT, url="https://a.b", school="x") == package(
        FOLDER, client_id=CLIENT, url="https://a.b", school="x"
    )


def test_every_command_is_a_route_and_says_what_its_route_says(manifest):
    router = Router(ROUTES, lambda s: s)
    for commands in manifest["bots"][0]["commandLists"]:
        assert len(commands["commands"]) <= 12
        for command in commands["commands"]:
            route, rest = router._find(command["title"])
            assert route.words, f"{command['title']} is taken for a question"
            assert route.shown
            assert rest == ""
            assert len(command["title"]) <= 32
            if command["title"] not in ("help", "policies"):
                assert command["description"] == route.help


def test_every_shown_route_is_a_command_in_the_personal_chat(manifest):
    personal, others = manifest["bots"][0]["commandLists"]
    listed = {c["title"] for c in personal["commands"]}
    for route in ROUTES:
        if route.shown and route.words:
            assert listed & set(route.words), f"{route.words[0]} is not in the manifest"
    assert personal["scopes"] == ["personal"]
    by_word = {w: r for r in ROUTES for w in r.words}
    assert not [c for c in others["commands"] if by_word[c["title"]].private]


def test_every_command_of_the_message_extension_opens_a_dialog(manifest):
    (extension,) = manifest["composeExtensions"]
    assert {c["id"] for c in extension["commands"]} == set(COMMANDS)
    for command in extension["commands"]:
        assert command["type"] == "action"
        assert command["fetchTask"]
        assert COMMANDS[command["id"]].lstrip("/") in DIALOGS
        assert set(command["context"]) == {"compose", "commandBox"}


def test_lengths_that_teams_allows(manifest):
    assert len(manifest["name"]["short"]) <= 30
    assert len(manifest["name"]["full"]) <= 100
    assert len(manifest["description"]["short"]) <= 80
    assert len(manifest["description"]["full"]) <= 4000
    assert len(manifest["developer"]["name"]) <= 32
    assert re.fullmatch(r"#[0-9A-F]{6}", manifest["accentColor"])


@pytest.mark.parametrize(("name", "size"), [("color.png", COLOUR), ("outline.png", OUTLINE)])
def test_icons(name, size):
    png = made()[name]
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    length = struct.unpack(">I", png[33:37])[0]
    rows = zlib.decompress(png[41 : 41 + length])
    row = size * 4 + 1
    pixels = {
        rows[y * row + 1 + x * 4 : y * row + 5 + x * 4] for y in range(size) for x in range(size)
    }

    assert (width, height, depth, kind) == (size, size, 8, 6)
    if name == "outline.png":  # white and nothing else
        assert {p[:3] for p in pixels} == {b"\xff\xff\xff"}
        assert {p[3] for p in pixels} >= {0, 255}
    else:
        assert {p[3] for p in pixels} == {255}


def test_a_schools_own_icon_is_taken(tmp_path):
    (tmp_path / "manifest.json").write_bytes((FOLDER / "manifest.json").read_bytes())
    (tmp_path / "color.png").write_bytes(b"own")
    zipped = package(tmp_path, client_id=CLIENT, url="https://a.b", school="x")

    assert zipfile.ZipFile(io.BytesIO(zipped)).read("color.png") == b"own"


@pytest.mark.parametrize(
    "changes", [{"client_id": ""}, {"url": "http://oak.example"}, {"url": ""}, {"version": "1"}]
)
def test_what_teams_would_refuse(changes):
    with pytest.raises(BadSettings):
        made(**changes)


def test_a_package_needs_no_sdk():
    code = (
        "import sys; from bot.platforms.teams.package import package; "
        "sys.exit(any(m.split('.')[0] in ('microsoft_teams', 'msgraph', 'fastapi') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


# --- what docs/teams.md says -------------------------------------------------------------------------------

PERMISSIONS = {
    "GroupMember.Read.All": "transitive_members",
    "User.Read.All": "users.delta",
    "TeamsAppInstallation.ReadWriteSelfForUser.All": "installed_apps",
    "Mail.Send": "send_mail",
}


def test_permissions_are_those_that_the_code_needs():
    graph = (ROOT / "bot" / "people" / "graph.py").read_text("utf-8")
    named = set(re.findall(r"^\| `([A-Za-z.]+)` \|", DOCS, re.MULTILINE))

    assert named == set(PERMISSIONS)
    for permission, used in PERMISSIONS.items():
        assert used in graph, permission


def test_every_setting_is_explained():
    config = (ROOT / "bot" / "config.py").read_text("utf-8")
    names = set(re.findall(r'\bof\("([A-Z_]+)"\)', config))

    assert names
    for name in names:
        assert name in DOCS
    assert ENDPOINT in DOCS
