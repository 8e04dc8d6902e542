"""Wording: a template's name and values -> text. Everything MayI says lives in `templates/`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.errors import BadSettings

log = logging.getLogger(__name__)
# What is said to somebody who reports, or has a report.
MUST_NOT_FAIL = ("report", "desk", "role", "now_", "unless_", "in_private", "only_staff", "home")


class Wording:
    """Renders messages; a school's own `templates/` folder overrides any of them."""

    def __init__(self, overrides: Sequence[Path] = ()) -> None:
        self._own = bool(overrides)
        self._environment = _environment(tuple(str(o) for o in overrides))

    def text(self, template: str, /, **values: Any) -> str:
        """Return the message of this template, filled in.

        A school's own copy that fails stops no report: there the built-in words step in. Elsewhere it
        raises BadSettings, naming the template, where one uses a value that does not exist.
        """
        try:
            return self._environment.get_template(f"{template}.j2").render(values).strip()
        except Exception as e:  # a school's own copy can fail in any way
            if self._own and template.startswith(MUST_NOT_FAIL):
                log.error("template %s.j2 of the school fails: %s", template, type(e).__name__)  # noqa: TRY400
                return Wording().text(template, **values)
            raise BadSettings(
                f"template {template}.j2: {e}; mend or remove the school's own copy"
            ) from e

    def lines(self, template: str, /, **values: Any) -> tuple[str, ...]:
        """Return the message of this template as its non-blank lines."""
        return tuple(
            s for line in self.text(template, **values).splitlines() if (s := line.strip())
        )


@lru_cache(maxsize=64)
def _environment(overrides: tuple[str, ...]) -> Environment:
    # Autoescape is off: this is text for chat, and every adapter escapes for its own platform.
    return Environment(
        loader=FileSystemLoader([*overrides, str(files("templates"))]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
