"""Setting a school up, and its wording."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from bot.chat.render import Wording
from bot.config import (
    MODEL_SCHOOLS,
    Home,
    School,
    model_folder,
    serving,
    teams_settings,
    valid_school_id,
)
from bot.errors import BadUse, CannotDo

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"  # beside the packages, installed or not


def wording_of(school: School) -> Wording:
    """What MayI says at a school: its own templates before those of the package."""
    own = school.folder / "templates"
    return Wording((own,) if own.is_dir() else ())


def mark_reviewed(
    home: Home, school: School, policy: str, reviewed: date, next_review: date, version: str
) -> None:
    """Write into a policy file that it was reviewed; raises CannotDo where the file is not the school's."""
    from bot.policy import reviewed as file

    path = school.folder / "policies" / f"{policy}.md"
    if not path.is_relative_to(home.root):
        raise CannotDo(f"{school.name} is a model school: its policy stays as it is")
    file.mark_reviewed(path, reviewed=reviewed, next_review=next_review, version=version)


def init(home: Home, school: str, like: str | None) -> str:
    """Set up a school; never over one that is there."""
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
            write_school(folder, school)
    except OSError as e:
        raise CannotDo(f"{folder}: {e.strerror}; check the path and its permissions") from e
    return Wording().text("school_made", folder=folder, school=school, like=like)


def teams_package(home: Home, school: str | None, version: str, out: Path) -> str:
    """Write the zip file that is uploaded to Teams; says where it is."""
    from bot.platforms.teams.package import package

    found, settings = home.school(school), teams_settings()
    content = package(
        DEPLOY / "teams",
        client_id=settings.client_id if settings else "",
        url=serving().url,
        school=found.name,
        version=version,
    )
    try:
        out.write_bytes(content)
    except OSError as e:
        raise CannotDo(f"{out}: {e.strerror}; check the path and its permissions") from e
    return Wording().text("teams_packaged", out=out)


def write_school(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    quoted = name.replace("\\", "").replace('"', "'")
    (folder / "school.toml").write_text(Wording().text("school.toml", name=quoted) + "\n", "utf-8")
