"""The app package that a school uploads to Teams: the manifest, filled in, and two icons.

Needs no SDK: `mayi teams package` starts at once.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import BadSettings, CannotDo

COLOUR, OUTLINE = 192, 32  # pixels, as Teams wants them
INK, PAPER = (0x1F, 0x4E, 0x5F, 255), (255, 255, 255, 255)
CLEAR = (0, 0, 0, 0)
MOST_NAME = 32  # characters of a developer's name
_VERSION = re.compile(r"\d{1,5}(\.\d{1,5}){2}")
# The files of a package are dated alike: the same settings give the same bytes.
_DATED = (2026, 1, 1, 0, 0, 0)

Pixel = tuple[int, int, int, int]


def package(
    folder: Path, *, client_id: str, url: str, school: str, version: str = "1.0.0"
) -> bytes:
    """The zip file to upload. `folder` holds `manifest.json`; `url` is where the pages of this MayI are.

    Raises BadSettings for what Teams would refuse, CannotDo where the template cannot be read.
    """
    if not client_id:
        raise BadSettings("MAYI_TEAMS_CLIENT_ID: set the client id of the app registration")
    if not url.startswith("https://"):
        raise BadSettings("MAYI_URL: Teams wants an address that begins with https://")
    if not _VERSION.fullmatch(version):
        raise BadSettings("write the version of the app as three numbers, such as 1.0.1")
    try:
        manifest = (folder / "manifest.json").read_text("utf-8")
    except OSError as e:
        raise CannotDo(f"{folder / 'manifest.json'}: cannot be read ({e.strerror})") from e
    values = {
        "client_id": client_id,
        "url": url,
        "domain": urlsplit(url).hostname or "",
        "school": school.strip()[:MOST_NAME] or "School",
        "version": version,
    }
    for name, value in values.items():
        # As inside a JSON string: a school's name may hold a quotation mark.
        manifest = manifest.replace(f"{{{{{name}}}}}", json.dumps(value, ensure_ascii=False)[1:-1])
    json.loads(manifest)
    files = {
        "manifest.json": manifest.encode(),
        "color.png": icon(folder, "color.png", COLOUR, _colour),
        "outline.png": icon(folder, "outline.png", OUTLINE, _outline),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _DATED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, content)
    return made.getvalue()


def icon(folder: Path, name: str, size: int, pixel: Callable[[float, float], bool | None]) -> bytes:
    """A school's own icon where the folder has one, else ours."""
    own = folder / name
    return own.read_bytes() if own.is_file() else draw(size, pixel, outline=size == OUTLINE)


def draw(size: int, pixel: Callable[[float, float], bool | None], *, outline: bool) -> bytes:
    """A PNG: `pixel` says of a place from 0 to 1 whether it is drawn, left, or outside (None)."""
    rows = bytearray()
    for y in range(size):
        rows.append(0)  # the row's filter: none
        for x in range(size):
            rows += bytes(_mixed(x, y, size, pixel, outline=outline))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + _chunk(b"IEND", b"")
    )


def _mixed(
    x: int, y: int, size: int, pixel: Callable[[float, float], bool | None], *, outline: bool
) -> Pixel:
    """A pixel's colour, from sixteen places in it."""
    fine = [(n + 0.5) / 4 for n in range(4)]
    found = [pixel((x + dx) / size, (y + dy) / size) for dy in fine for dx in fine]
    drawn = found.count(True) / len(found)
    if outline:  # white on nothing
        return (255, 255, 255, round(255 * drawn))
    red, green, blue, _ = (round(i + (p - i) * drawn) for i, p in zip(INK, PAPER, strict=True))
    return (red, green, blue, 255)


def _question(x: float, y: float) -> bool:
    """A question mark: a hook, its stem and a dot."""
    from_middle = ((x - 0.5) ** 2 + (y - 0.36) ** 2) ** 0.5
    hook = 0.13 <= from_middle <= 0.21 and not (x < 0.5 and y > 0.36)
    stem = 0.46 <= x <= 0.54 and 0.49 <= y <= 0.66
    dot = (x - 0.5) ** 2 + (y - 0.76) ** 2 <= 0.05**2
    return hook or stem or dot


def _colour(x: float, y: float) -> bool | None:
    return _question(x, y)


def _outline(x: float, y: float) -> bool | None:
    """The question mark in a ring, drawn thick enough for 32 pixels."""
    ring = 0.42 <= ((x - 0.5) ** 2 + (y - 0.5) ** 2) ** 0.5 <= 0.49
    return ring or _question(x, y)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
