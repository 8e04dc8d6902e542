"""Fetching an iCalendar feed: over https, for so long, so large, and no more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.config import LOOPBACK
from bot.schedule.ical import LARGEST
from bot.schedule.terms import BadCalendar, allowed

if TYPE_CHECKING:
    import httpx

LONGEST = 20.0  # seconds for the whole of it
REDIRECTS = 3


def fetch(address: str, where: str, *, seconds: float = LONGEST) -> str:
    """The text at an address; `where` is what an error calls it, for the address may be a secret.

    Waits, so it is called in a thread of its own where others wait too. Raises BadCalendar, one line,
    whatever goes wrong.
    """
    return asyncio.run(_within(address, where, seconds))


async def _within(address: str, where: str, seconds: float) -> str:
    import httpx  # heavy, and needed only where a school has a feed

    try:
        async with asyncio.timeout(seconds):
            return await _fetch(address, where)
    except (TimeoutError, httpx.TimeoutException) as e:
        raise BadCalendar(
            f"{where}: did not answer within {seconds:g} seconds; try its address in a browser"
        ) from e
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as e:
        # Only what sort of failure it was: its words may hold the address.
        raise BadCalendar(
            f"{where}: could not be reached ({type(e).__name__}); check calendar.feed in school.toml and "
            "this machine's way to the internet"
        ) from e


async def _fetch(address: str, where: str) -> str:
    import httpx

    here = urlsplit(address).hostname in LOOPBACK
    asked = {"Accept": "text/calendar", "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(timeout=LONGEST, trust_env=not here) as client:
        for _ in range(REDIRECTS + 1):
            async with client.stream("GET", address, headers=asked) as response:
                if response.next_request is None:
                    return await _text(response, where)
                address = str(response.next_request.url)
            # A page on the internet may not send us to what only this machine can reach.
            if not allowed(address) or (urlsplit(address).hostname in LOOPBACK and not here):
                raise BadCalendar(
                    f"{where}: sends MayI on to an address that does not begin with https://; "
                    "write the calendar's own address"
                )
    raise BadCalendar(
        f"{where}: sends MayI on more than {REDIRECTS} times; write the calendar's own address"
    )


async def _text(response: httpx.Response, where: str) -> str:
    if response.status_code in (401, 403):
        raise BadCalendar(
            f"{where}: refused ({response.status_code}); publish the calendar, or write its secret address"
        )
    if response.status_code != 200:
        raise BadCalendar(
            f"{where}: answered {response.status_code} in place of a calendar; check its address"
        )
    found = bytearray()
    async for part in response.aiter_bytes():
        found += part
        if len(found) > LARGEST:
            raise BadCalendar(
                f"{where}: is larger than {LARGEST // 1_000_000} MB; "
                "publish a calendar of the school's own dates only"
            )
    text = found.decode("utf-8", "replace")
    if text.lstrip()[:1] == "<":
        raise BadCalendar(
            f"{where}: answered with a web page in place of a calendar; write the address that ends in .ics, "
            "and see that nobody has to sign in to it"
        )
    return text
