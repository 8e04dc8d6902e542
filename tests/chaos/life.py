"""What people do: report something page by page, be told, read, take on, pass on; and take up what a kill cut short.

Everything somebody does is noted before (`do`) and, once they have seen the reply, after it (`done`). After
a kill they do what people do: look whether what they typed is still there, and press again.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.chat.model import Reply
from tests.chaos.child import Process, shown, values

REFERENCE = re.compile(r"R-[0-9A-Z]{4}-[0-9A-Z]{2}")
TWICE = 0.2  # how often somebody presses the last button twice at once
SUBMITS = ("who", "sure")  # the pages that may send a report
PEOPLE = ("robin-practice", "bobby-figment", "fran-fictional", "ash-draft", "lee-template")
HEAD, DEPUTY_HEAD = "pat-example", "kim-standin"
CHAIR, VICE_CHAIR = "sam-sample", "jo-proxy"
DSL, DEPUTY_DSL = "alex-specimen", "chris-placeholder"


@dataclass(frozen=True)
class Case:
    """A report, and who may get it: written down here by hand, not asked of the program."""

    about: str
    kind: str
    may: frozenset[str]
    who: str = ""


CASES = {
    "pupil": Case(
        "pupil",
        "pupil-bullying",
        frozenset({DSL, DEPUTY_DSL, HEAD, DEPUTY_HEAD, CHAIR, VICE_CHAIR}),
    ),
    "headteacher": Case("headteacher", "head-misuse", frozenset({CHAIR, VICE_CHAIR})),
    "colleague": Case(
        "colleague",
        "colleague-misuse",
        frozenset({HEAD, DEPUTY_HEAD, CHAIR, VICE_CHAIR}),
        "Alex Specimen",
    ),
    # It would go to the DSL first, and names the DSL.
    "names the DSL": Case(
        "pupil",
        "pupil-bullying",
        frozenset({DEPUTY_DSL, HEAD, DEPUTY_HEAD, CHAIR, VICE_CHAIR}),
        "Alex Specimen",
    ),
    "chair": Case("chair-of-governors", "head-misuse", frozenset()),
}


class Broken(Exception):
    """A promise was broken in front of somebody."""


class Refused(Broken):
    """Neither a page nor a receipt came back: one line that says what is wrong."""


class Story:
    """One person's n-th report, from the first page to the last thing done about it."""

    def __init__(self, process: Process, person: str, n: int, case: str) -> None:
        self.process, self.journal = process, process.journal
        self.person, self.n, self.case_name = person, n, case
        self.case = CASES[case]
        self.token = f"gooseberry-{person}-{n}-x"
        self._draft = ""
        self.reference = ""
        self.form = ""
        self._done: dict[str, dict[str, Any]] = {}
        self._begun: dict[str, dict[str, Any]] = {}
        for e in self.journal.look():
            if e.get("token") != self.token:
                continue
            if e["e"] == "do":
                self._begun[e["step"]] = e
            elif e["e"] == "done":
                self._remember(e)

    def _remember(self, e: dict[str, Any]) -> None:
        self._done[e["step"]] = e
        if e["step"].startswith("page"):
            self.form = e["form"]
            self.reference = e["reference"] or self.reference
            if self.form:
                self._draft = self.form.split()[1]

    @property
    def begun(self) -> bool:
        return bool(self._begun)

    @property
    def ended(self) -> bool:
        return "end" in self._done

    async def do(self, step: str, person: str, says: str, **filled: Any) -> Reply | None:
        """Do something once; None where it was done and seen before."""
        if step in self._done:
            return None
        said = {"token": self.token, "case": self.case_name, "step": step}
        self.journal.note("do", **said, says=says, filled=filled)
        reply = await self.process.handle(person, says, **filled)
        text = shown(reply)
        if "went wrong" in text:
            raise Broken(f"{step}: an apology in place of an answer")
        found = REFERENCE.search(text)
        event = {
            **said,
            "form": reply.form.says if reply.form else "",
            "filled": filled,
            "reference": found.group() if found and "is kept" in text else "",
            "text": text[:200],
        }
        if step.startswith("page") and not event["form"] and not event["reference"]:
            raise Refused(text)
        self.journal.note("done", **event)
        self._remember(event)
        return reply

    # --- the reporter ---------------------------------------------------------------------------------

    def answers(self, page: str) -> dict[str, str | tuple[str, ...]]:
        """What this reporter fills in on a page."""
        return {
            "about": {"about": self.case.about, "who": self.case.who},
            "kind": {"kind": self.case.kind},
            "what": {"what": f"{self.token} was seen", "when": "today", "where": ("whatsapp",)},
            "who": {"close": ("nobody",)},
            "sure": {"sure": ("nobody",)},
        }[page]

    async def report(self, *, twice: bool = False, pages: int = 9) -> None:
        """Fill in the pages and send them; after a kill, first see that what was typed is there."""
        cut = [s for s in self._begun if s not in self._done]
        if cut and not self.reference:
            await self._offered_again()
        n = 0
        await self.do("page-0", self.person, "/report-incident")
        while not self.reference and n < pages:
            n += 1
            page = self._page_of(n)
            if f"page-{n}" in self._done:
                continue
            says = self._says_of(n)
            filled = self.answers(page)
            if twice and page in SUBMITS:
                await self.press_at_once(says, filled)
            await self.do(f"page-{n}", self.person, says, **filled)

    async def press_at_once(self, says: str, filled: dict[str, Any]) -> None:
        """Press a button several times within milliseconds."""

        async def press(wait: float) -> str:
            await asyncio.sleep(wait)
            return shown(await self.process.handle(self.person, says, **filled))

        for text in await asyncio.gather(*(press(n / 250) for n in range(4))):
            if "went wrong" in text:
                raise Broken("the last button pressed twice: an apology in place of a receipt")

    def _says_of(self, n: int) -> str:
        return str(self._done[f"page-{n - 1}"]["form"])

    def _page_of(self, n: int) -> str:
        return self._says_of(n).split()[-1]

    async def _offered_again(self) -> None:
        """After a kill: the form that opens holds every page that was confirmed."""
        confirmed = {
            e["says_page"]: e["filled"]
            for s in self._done
            if s.startswith("page-") and s != "page-0"
            for e in [{"says_page": self._page_of(int(s[5:])), "filled": self._done[s]["filled"]}]
        }
        cut = [s for s in self._begun if s not in self._done and s.startswith("page-")]
        submitting = any(s != "page-0" and self._page_of(int(s[5:])) in SUBMITS for s in cut)
        reply = await self.process.handle(self.person, "/report-incident")
        if reply.form is None:
            raise Broken("no form after a kill")
        draft = reply.form.says.split()[1]
        if draft != self._draft:
            if self._draft and not submitting:
                raise Broken(f"the draft is not offered again (confirmed: {sorted(confirmed)})")
            if self._draft or not cut:
                return  # it was sent: pressing again shows the receipt
        for _ in range(5):
            form = reply.form
            assert form is not None
            page = form.says.split()[-1]
            for name, value in confirmed.get(page, {}).items():
                there = values(form).get(name, "")
                wanted = tuple(value) if isinstance(value, list | tuple) else value
                if page not in SUBMITS and there != wanted:
                    raise Broken(f"page {page}: {name} does not hold what was typed")
            if page == "about":
                break
            confirmed.pop(page, None)
            reply = await self.process.handle(self.person, f"/report-back {draft} {page}")
        left = set(confirmed) - {"about", *SUBMITS}
        if left:
            raise Broken(f"pages {sorted(left)} are not offered again")
        self.journal.note("offered", token=self.token, pages=len(confirmed))

    # --- those who get it -----------------------------------------------------------------------------

    def sent(self, template: str) -> list[str]:
        """Whom messages of this kind about this report have reached."""
        return [
            e["person"]
            for e in self.journal.of("send")
            if e["template"] == template and e["reference"] == self.reference
        ]

    async def told(self, template: str, count: int = 1, seconds: float = 60) -> str:
        """Wait until as many people have been told; the last of them."""
        for _ in range(int(seconds * 100)):
            people = list(dict.fromkeys(self.sent(template)))
            if len(people) >= count:
                return people[count - 1]
            await asyncio.sleep(0.01)
        raise Broken(f"{template} of {self.case_name} reached {len(people)} people, not {count}")

    async def desk(self, choice: int) -> None:
        """What becomes of it: one of a few ways."""
        ref, do = self.reference, self.do
        if not self.case.may:
            await self.told("report_outside")
            await do("rang", self.person, f"/rang {ref}")
        elif choice == 0:
            reader = await self.told("report_new")
            await do("open", reader, f"/open {ref}")
            await do("ack", reader, f"/handle {ref}", do="acknowledge")
            await do("outcome", reader, f"/handle {ref}", do="outcome", text=f"{self.token} done")
        elif choice == 1:
            first = await self.told("report_new")
            await do("conflict", first, f"/too-close {ref}")
            if first == CHAIR:  # the governors answer to the Chair, the staff to the Headteacher
                await self.told("report_outside")
            else:
                second = await self.told("report_new", 2)
                await do("open-2", second, f"/open {ref}")
                await do("ack-2", second, f"/handle {ref}", do="acknowledge")
        elif choice == 2:
            await do("add", self.person, f"/add-to-report {ref}", text=f"{self.token} more")
            reader = await self.told("report_new")
            await do("open", reader, f"/open {ref}")
            await do("note", reader, f"/handle {ref}", do="note", text=f"{self.token} noted")
        else:
            await self.told("report_new")
        self.journal.note(
            "done",
            token=self.token,
            case=self.case_name,
            step="end",
            form="",
            reference="",
            filled={},
        )


# --- many people at once, without end ------------------------------------------------------------------


async def people_at_work(
    process: Process,
    people: tuple[str, ...],
    seed: str,
    *,
    finish: bool,
    seconds: float = 1000,
) -> None:
    """These people report one thing after the other; with `finish` they only end what they began."""
    end = time.monotonic() + seconds

    async def one(person: str) -> None:
        for n in range(10_000):
            dice = random.Random(f"{seed}-{person}-{n}")
            case, choice, twice = dice.choice([*CASES]), dice.randrange(4), dice.random() < TWICE
            story = Story(process, person, n, case)
            if story.ended:
                continue
            if (finish and not story.begun) or time.monotonic() > end:
                return
            await story.report(twice=twice)
            await asyncio.sleep(dice.random() * 0.05)
            await story.desk(choice)

    try:
        await asyncio.gather(*(one(p) for p in people))
    except Broken as e:
        process.journal.note("broken", why=str(e))
        raise
    if finish:
        await process.settled()


# --- one report's life, step by step -------------------------------------------------------------------

Step = Callable[[Process], Awaitable[None]]


def life(person: str = "robin-practice") -> dict[str, Step]:
    """Every step of one report's life; each ends when all that it caused was sent."""

    def step(work: Callable[[Story], Awaitable[Any]]) -> Step:
        async def run(process: Process) -> None:
            try:
                await work(Story(process, person, 0, "pupil"))
                await process.settled()
            except Broken as e:
                process.journal.note("broken", why=str(e))
                raise

        return run

    def clock(ahead: timedelta) -> Callable[[Story], Awaitable[Any]]:
        async def run(story: Story) -> None:
            world = story.process.world
            if world.ahead < ahead:
                world.ahead = ahead
                await story.process.tick()
            await story.process.idle()

        return run

    def did(name: str, who: str, says: str, **filled: str) -> Callable[[Story], Awaitable[Any]]:
        return lambda s: s.do(name, who, f"{says} {s.reference}", **filled)

    pages = {
        f"page {n}" if n < 4 else "submit and deliver": step(lambda s, n=n: s.report(pages=n))
        for n in range(5)
    }
    return pages | {
        "remind": step(clock(timedelta(hours=4, minutes=5))),
        "pass on when nobody opens it": step(clock(timedelta(hours=23, minutes=10))),
        "pass on unread": step(did("conflict", DEPUTY_DSL, "/too-close")),
        "open": step(did("open", HEAD, "/open")),
        "acknowledge": step(did("ack", HEAD, "/handle", do="acknowledge")),
        "correct": step(did("add", person, "/add-to-report", text="gooseberry more")),
        "close": step(did("outcome", HEAD, "/handle", do="outcome", text="gooseberry done")),
    }
