"""The pages: a neutral reply as plain HTML that needs no script, for a phone as for a screen reader."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from bot.chat.model import Reply

TEMPLATES = Path(str(files("templates")))
STYLE = (TEMPLATES / "pages" / "style.css").read_text("utf-8")

# Nothing but this very style: no script, no picture, no frame, no form to elsewhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

Values = Mapping[str, str | tuple[str, ...]]


class Pages:
    """Draws pages, in the words of a school's own copies of the templates where it has any.

    `idle` minutes and `longest` hours are what people are told of how long they stay signed in.
    """

    def __init__(self, overrides: Sequence[Path] = (), *, idle: int = 30, longest: int = 4) -> None:
        self._overrides = tuple(str(o) for o in overrides)
        self._always = {"idle": idle, "longest": longest}

    def reply(
        self,
        reply: Reply,
        *,
        school: str,
        name: str,
        csrf: str,
        once: str,
        heading: str = "",
        at: str = "",
        said: str = "",
        values: Values | None = None,
    ) -> str:
        """A reply to somebody who is signed in.

        `csrf` and `once` go with every form. `said` and `values` are what was sent: each file of the
        reply has a button that sends them again, with the file's name. Without a `heading` the form's
        title or the first card's headline is it.
        """
        form = reply.form
        if not heading:
            heading = form.title if form else next((c.headline for c in reply.cards), "MayI")
        return self._draw(
            "reply",
            cards=reply.cards,
            form=form,
            files=reply.files,
            wrong=[f for f in form.fields if f.error] if form else [],
            heading=heading,
            school=school,
            name=name,
            csrf=csrf,
            once=once,
            at=at,
            said=said,
            values=list(pairs(values or {})),
        )

    def sign_in(self, *, school: str, action: str, page: str) -> str:
        """The page a link leads to: one button, so that a scanner that fetches links opens nothing."""
        return self._draw("sign_in", school=school, action=action, page=page)

    def notice(
        self,
        kind: str,
        *,
        school: str = "",
        name: str = "",
        csrf: str = "",
        action: str = "",
        kept: str = "",
    ) -> str:
        """A page that says one thing; `kept` is text that somebody typed and would lose."""
        return self._draw(
            "notice", kind=kind, school=school, name=name, csrf=csrf, action=action, kept=kept
        )

    def _draw(self, template: str, **values: Any) -> str:
        filled = {"wrong": [], "name": "", "csrf": "", "at": ""} | self._always | values
        try:
            return _render(self._overrides, template, filled)
        except TemplateError:
            if not self._overrides:
                raise
            return _render((), template, filled)  # a school's broken copy keeps nobody out


def pairs(values: Values) -> Iterable[tuple[str, str]]:
    """Each name with each of its values."""
    for name, value in values.items():
        for one in (value,) if isinstance(value, str) else value:
            yield name, one


def _render(overrides: tuple[str, ...], template: str, values: Mapping[str, Any]) -> str:
    return _environment(overrides).get_template(f"pages/{template}.html.j2").render(values)


@lru_cache(maxsize=64)
def _environment(overrides: tuple[str, ...]) -> Environment:
    made = Environment(
        loader=FileSystemLoader([*overrides, str(TEMPLATES)]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["style"] = Markup(STYLE)  # noqa: S704  # ours, and the policy names its hash
    return made
