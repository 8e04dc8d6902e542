"""One ASGI app for all that comes by HTTP: the pages of one-time sign-ins, and whether all is well.

Chat platforms that are called by HTTP hand their routes to `app`. Nothing that came in is ever logged: of
a path only that it is one of ours, of a failure only its type.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.app.door import Door, NoVisit, Visitor, new_word
from bot.app.theirs import ACKS, DESK, KEPT, MINE, READ
from bot.config import School
from bot.errors import MayIError
from bot.platforms.pages import CONTENT_SECURITY_POLICY, Pages
from bot.records.visits import IDLE, LONGEST
from bot.work.sending import said

log = logging.getLogger(__name__)

LARGEST = (
    256 * 1024
)  # bytes of a form: the longest text that is taken, in any script, and some more
MOST_FIELDS = 200
SHOWN = {
    DESK: "/desk",
    MINE: "/my-reports",
    READ: "/acknowledge",
    ACKS: "/acks",
    KEPT: "/my-data",
}  # pages, and what is said to show them
HEADINGS = {
    DESK: "What waits for you",
    MINE: "What you reported",
    READ: "Policies to read and confirm",
    ACKS: "Policies read and confirmed",
    KEPT: "What is kept about you",
}
STATUS = {404: "missing", 405: "missing", 403: "stale", 413: "large"}
FIELD = "f."  # before the name of a field, so that none is taken for one of ours
_OURS = re.compile(r"/(?:healthz|desk|mine|acknowledge|acks|my-data|do|out)?")


def app(door: Door, routes: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The whole of what answers HTTP. `routes` are those of chat platforms, each with its own checks."""
    web = _Web(door)
    inside = Starlette(
        routes=[
            Route("/healthz", web.health),
            Route("/", web.home),
            Route("/in/{token}", web.knock),
            Route("/in/{token}", web.enter, methods=["POST"]),
            Route("/in/{token}/again", web.ask_again, methods=["POST"]),
            *(Route(path, web.show) for path in SHOWN),
            Route("/do", web.do, methods=["POST"]),
            Route("/out", web.leave, methods=["POST"]),
            *routes,
        ],
        exception_handlers={
            NoVisit: web.not_in,
            HTTPException: web.refused,
            MayIError: web.unavailable,
            Exception: web.broken,
        },
    )
    inside.router.redirect_slashes = False
    return _Guard(inside, https=door.settings.https)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form that was sent: our own fields, and the values of the form's."""

    ours: dict[str, str]
    values: dict[str, str | tuple[str, ...]]


class _Lost(NoVisit):
    """A visit ended before what somebody typed was kept."""

    def __init__(self, kind: str, kept: str) -> None:
        super().__init__(kind)
        self.kept = kept


class _Web:
    """What each address does."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._pages = _pages(())
        https = door.settings.https
        # With this prefix a browser takes it from this very host only, and encrypted only.
        self._cookie = "__Host-mayi" if https else "mayi"
        self._secure = https

    async def health(self, _: Request) -> Response:
        healthy = await self._door.healthy()
        return PlainTextResponse("ok\n" if healthy else "not ok\n", 200 if healthy else 503)

    async def home(self, _: Request) -> Response:
        return RedirectResponse(DESK, 303)

    async def knock(self, request: Request) -> Response:
        """Show what a link leads to. Uses nothing up: mail scanners follow links."""
        token = request.path_params["token"]
        school = await self._door.knock(token)
        if school is None:
            return self._gone(token)
        page = self._of(school).sign_in(school=school.name, action=f"/in/{token}", page=new_word())
        return HTMLResponse(page)

    async def enter(self, request: Request) -> Response:
        """Use a link up and sign in."""
        token = request.path_params["token"]
        sent = await _sent(request)
        entered = await self._door.enter(token, sent.ours.get("page") or new_word())
        if entered is None:
            return self._gone(token)
        session, place = entered
        response = RedirectResponse(place, 303)
        response.set_cookie(
            self._cookie, session, path="/", secure=self._secure, httponly=True, samesite="strict"
        )
        return response

    async def ask_again(self, request: Request) -> Response:
        """Ask for a new link; the same words whatever comes of it."""
        await _sent(request)
        await self._door.ask_again(request.path_params["token"])
        return HTMLResponse(self._pages.notice("asked"))

    async def show(self, request: Request) -> Response:
        """Show what waits, or what somebody reported."""
        path = request.url.path
        visitor = await self._door.visitor(self._token(request))
        return await self._say(visitor, SHOWN[path], _Sent({}, {}), at=path)

    async def do(self, request: Request) -> Response:
        """Do what a button or a form says."""
        sent = await _sent(request)
        visitor = await self._sender(request, sent)
        return await self._say(visitor, sent.ours.get("says", ""), sent)

    async def leave(self, request: Request) -> Response:
        """Sign out."""
        visitor = await self._sender(request, await _sent(request))
        await self._door.leave(visitor)
        page = self._of(visitor.school).notice("out", school=visitor.school.name)
        return self._signed_out(HTMLResponse(page))

    async def not_in(self, _: Request, e: Exception) -> Response:
        assert isinstance(e, NoVisit)
        kept = e.kept if isinstance(e, _Lost) else ""
        return self._signed_out(HTMLResponse(self._pages.notice(e.kind, kept=kept), 403))

    async def refused(self, _: Request, e: Exception) -> Response:
        assert isinstance(e, HTTPException)
        kind = STATUS.get(e.status_code, "stale")
        return HTMLResponse(self._pages.notice(kind), e.status_code, headers=e.headers)

    async def unavailable(self, _: Request, e: Exception) -> Response:
        log.warning("a page could not be shown: %s", e)  # its line is safe to show to anyone
        return HTMLResponse(self._pages.notice("unavailable"), 503, headers={"Retry-After": "60"})

    async def broken(self, _: Request, __: Exception) -> Response:
        return HTMLResponse(self._pages.notice("broken"), 500)

    async def _say(self, visitor: Visitor, says: str, sent: _Sent, at: str = "") -> Response:
        reply = await self._door.say(visitor, says, sent.values, once=sent.ours.get("once", ""))
        about = {
            "school": visitor.school.name,
            "name": visitor.person.name,
            "csrf": _csrf(visitor.token),
        }
        if reply is None:
            return HTMLResponse(self._of(visitor.school).notice("again", **about))
        for file in reply.files:
            if file.name == sent.ours.get("file"):
                return _download(file.name, file.content)
        page = self._of(visitor.school).reply(
            reply,
            **about,
            once=new_word(),
            heading=HEADINGS.get(at, ""),
            at=at,
            said=says,
            values=sent.values,
        )
        return HTMLResponse(page)

    async def _sender(self, request: Request, sent: _Sent) -> Visitor:
        """Who sent a form, if it is one that we gave them in this session."""
        token, csrf = self._token(request), sent.ours.get("csrf", "")
        ours = bool(token) and hmac.compare_digest(_csrf(token).encode(), csrf.encode())
        try:
            visitor = await self._door.visitor(token)
        except NoVisit as e:
            typed = [v for v in sent.values.values() if isinstance(v, str) and " " in v.strip()]
            # Shown to nobody but who held the session that the form belongs to.
            raise _Lost(e.kind, "\n\n".join(typed) if ours and e.kind == "sign-in" else "") from e
        if not ours:
            await self._door.forged(visitor)
            raise HTTPException(403)
        return visitor

    def _token(self, request: Request) -> str:
        return request.cookies.get(self._cookie, "")[:200]

    def _signed_out(self, response: Response) -> Response:
        response.delete_cookie(
            self._cookie, path="/", secure=self._secure, httponly=True, samesite="strict"
        )
        return response

    def _gone(self, token: str) -> Response:
        """Used, expired or never given to anyone: the same page."""
        return HTMLResponse(self._pages.notice("gone", action=f"/in/{token}/again"), 410)

    @staticmethod
    def _of(school: School) -> Pages:
        own = school.folder / "templates"
        return _pages((own,) if own.is_dir() else ())


def _pages(overrides: tuple[Path, ...]) -> Pages:
    idle, longest = IDLE.total_seconds() // 60, LONGEST.total_seconds() // 3600
    return Pages(overrides, idle=int(idle), longest=int(longest))


def _csrf(token: str) -> str:
    """The word that every form of a session carries: nobody without the session's token has it."""
    return hmac.new(token.encode("utf-8", "replace"), b"form", hashlib.sha256).hexdigest()


async def _sent(request: Request) -> _Sent:
    """A form, read up to a size; raises HTTPException for anything else."""
    # Browsers say where a request was made; no page but ours has a form for us.
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _body(request)
    if body and kind != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=False, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise HTTPException(400) from None
    ours: dict[str, str] = {}
    values: dict[str, str | tuple[str, ...]] = {}
    for name, value in pairs:
        if not name.startswith(FIELD):
            ours[name] = value
            continue
        name = name.removeprefix(FIELD)  # noqa: PLW2901
        before = values.get(name, ())
        values[name] = (*((before,) if isinstance(before, str) else before), value)
    single = {n: v[0] if isinstance(v, tuple) and len(v) == 1 else v for n, v in values.items()}
    return _Sent(ours, single)


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:12]) > LARGEST:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413)
    return bytes(body)


def _download(name: str, content: bytes) -> Response:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    shown = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{shown}"'}
    )


class _Guard:
    """Around everything: headers on each answer, a line in the log, and no traceback for anyone."""

    def __init__(self, inside: ASGIApp, *, https: bool) -> None:
        self._inside = inside
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "X-Robots-Tag": "noindex, nofollow",
        }
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        self._headers = [(k.lower().encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status = 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        try:
            await self._inside(scope, receive, guarded)
        except ClientDisconnect:
            pass
        except Exception as e:  # noqa: BLE001  # what it says may be what somebody typed
            log.error("a page failed: %s", said(e))  # noqa: TRY400
        level = logging.DEBUG if scope["path"] == "/healthz" else logging.INFO
        log.log(level, "%s %s %s", scope["method"], _path(scope["path"]), status or "-")


def _path(path: str) -> str:
    """A path as it may be logged: whatever else was asked for may be a link, mistyped."""
    if path.startswith("/in/"):
        return "/in/…"
    return path if _OURS.fullmatch(path) else "(another path)"
