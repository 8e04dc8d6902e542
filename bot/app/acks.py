"""`mayi acks`: who has confirmed what, as a table, a list and a report; and whether the records of it hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from bot.app.acks_list import as_csv, check_list, listed
from bot.app.front import Reception
from bot.app.governors import governors_html
from bot.app.site import Site
from bot.config import Home
from bot.errors import BadUse, CannotDo
from bot.policy.readable import policies_of, readable, text_of
from bot.records import acks, audit, proofs
from bot.records.acks import Ack, Kind
from bot.records.store import Store
from bot.schedule.keep import keep_of
from bot.schedule.rounds import Asking, asking_of
from handlers.acks import certificate
from handlers.acks.outstanding import Picture, picture
from handlers.progress.figures import figures
from handlers.progress.governors import sheet_of
from handlers.progress.governors_pdf import governors_pdf
from handlers.progress.tally import Row, apart_of, grouped, numbers, rows_of
from handlers.services import Services

A_DAY = timedelta(days=1)
TABLE = ("roll", "confirmed", "exceptions", "questions", "outstanding")


@dataclass(frozen=True, slots=True)
class Told:
    """What `mayi acks` shows: a table with its headings, a closing line, the list and the report."""

    headings: tuple[str, ...]
    table: tuple[tuple[str, ...], ...]
    text: str
    csv: str
    html: str
    pdf: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """One acknowledgement, proved or not: what is printed, its certificate as PDF, the text it is about."""

    text: str
    holds: bool
    pdf: bytes = b""
    wording: str = ""


async def standing(home: Home, school: str | None, policy: str = "") -> Told:
    """How everybody stands now; raises CannotDo where the school asks nobody, BadUse for another's policy."""
    async with _at(home, school) as (services, store):
        async with store.writing() as tx:
            found = await picture(tx, services)
            if found is None:
                raise CannotDo(
                    f"{services.school.name} asks nobody to confirm a policy: write "
                    "[acknowledgements] on a line of its school.toml"
                )
            found = _only(found, policy)
            rows = await rows_of(tx, found, services)
            apart = [
                a for a in await apart_of(tx, found, services) if policy in ("", a.signed.policy)
            ]
            f = await figures(tx, found, services)
            said = await acks.all_of(tx.conn, tx.sealer, services.school.id, policy=policy)
        whole = {a.reference: a for a in said}
        sheet, words = sheet_of(f, services.wording), services.wording
        own = services.school.folder / "templates"
        return Told(
            headings=tuple(
                words.text("acks_counted", part="heading", name=name)
                for name in ("policy", "team", *TABLE)
            ),
            table=tuple(_table(rows, services)),
            text=words.text(
                "acks_counted",
                part="text",
                people=f.people,
                t=f.total,
                school=services.school.name,
                opens=f.opens,
                left=f.left,
                discussions=f.discussions,
            ),
            csv=as_csv(listed(rows, apart, whole, words)),
            html=governors_html(sheet, (own,) if own.is_dir() else ()),
            pdf=governors_pdf(sheet),
        )


async def verify(home: Home, school: str | None, list_: str | None = None) -> tuple[str, bool]:
    """What a check of all acknowledgements found, in words, and whether nothing was.

    `list_` is the text of a list that was made before, to be checked against the records.
    """
    async with _at(home, school) as (services, store):
        asking = asking_of(services.school) or Asking()
        # A day less: what goes first goes by the day, which begins elsewhere than in UTC.
        kept_since = services.now - keep_of(services.school).acknowledgements + A_DAY
        checked = await proofs.check(store, services.school.id, kept_since=kept_since)
        findings, count = list(checked.findings), None
        if list_ is not None:
            names = {p.id: p.name for p in services.people().persons}
            count, wrong = check_list(list_, await _openable(store, services), names)
            findings += wrong
        text = services.wording.text(
            "acks_verified",
            checked=checked,
            findings=findings,
            listed=count,
            policies=await _policies(store, services, asking),
        )
        return text, not findings


async def one(home: Home, school: str | None, typed: str) -> Shown:
    """One acknowledgement, printed anew from the records; raises BadUse where there is none."""
    async with _at(home, school) as (services, store):
        school_id, reference = services.school.id, acks.as_reference(typed)
        async with store.reading() as conn:
            try:
                ack = await acks.by_reference(conn, store.sealer, school_id, reference)
            except proofs.BROKEN:
                return Shown(services.wording.text("acks_unopened", reference=reference), False)
            if ack is None:
                raise BadUse(
                    f"there is no acknowledgement '{typed[:20]}' at {services.school.name}"
                )
            try:
                wording = await acks.text_of(conn, school_id, ack.policy, ack.digest)
            except Exception:  # noqa: BLE001  # an altered text need not even be one
                wording = ""
            current = await acks.current(conn, school_id, ack.policy)
        trail = await audit.verify(store)
        lines = (await audit.lines(store, school=school_id, about=reference)).lines
        wrong = proofs.wrong_with(ack, wording, lines)
        newer = ack.policy in current and current[ack.policy].digest != ack.digest
        words = services.wording
        title, said = certificate.words_of(
            ack, services.school.name, words, services.hours().zone, newer=newer
        )
        verdict = words.text(
            "acks_reference",
            wrong=wrong,
            line=lines[0].n if lines else None,
            trail=bool(trail.findings),
        )
        return Shown(
            text="\n".join((title, *said, verdict)),
            holds=not wrong and not trail.findings,
            pdf=certificate.drawn(title, said, words),
            wording=wording or "",
        )


@asynccontextmanager
async def _at(home: Home, school: str | None) -> AsyncIterator[tuple[Services, Store]]:
    """A school, with what the chat platforms have told of who works there, and the records."""
    site = Site(home)
    try:
        found = home.school(school)
        await Reception(site).load()
        yield site.services(found.id), await site.records()
    finally:
        await site.close()


def _only(found: Picture, policy: str) -> Picture:
    """The picture of one policy, where one is named."""
    if not policy:
        return found
    if policy not in found.texts:
        raise BadUse(
            f"there is no policy '{policy[:60]}' to confirm here; there are: {', '.join(found.texts)}"
        )
    return replace(
        found,
        texts={policy: found.texts[policy]},
        stands=tuple(s for s in found.stands if s.policy == policy),
    )


def _table(rows: tuple[Row, ...], services: Services) -> list[tuple[str, ...]]:
    words, lines = services.wording, []
    for of_policy in grouped(rows, lambda r: r.stand.policy).values():
        teams = grouped(of_policy, lambda r: r.team)
        named = [
            (name or words.text("acks_counted", part="without"), mine)
            for name, mine in teams.items()
        ]
        for team, mine in (*named, (words.text("acks_counted", part="all"), of_policy)):
            n = numbers(mine)
            lines.append(
                (of_policy[0].stand.title, team, *(str(getattr(n, name)) for name in TABLE))
            )
    return lines


async def _openable(store: Store, services: Services) -> dict[str, Ack]:
    """Every acknowledgement that can be opened, by its reference."""
    found = {}
    async with store.reading() as conn:
        for head in await proofs.references(conn, services.school.id):
            try:
                ack = await acks.by_reference(conn, store.sealer, services.school.id, head)
            except proofs.BROKEN:
                continue
            if ack is not None:
                found[head] = ack
    return found


async def _policies(store: Store, services: Services, asking: Asking) -> list[dict[str, object]]:
    """The policies as their files are now, and whether their text is kept."""
    whole = (await _openable(store, services)).values()
    found: list[dict[str, object]] = []
    async with store.reading() as conn:
        for slug, policy in policies_of(services.school.policies).items():
            if not asking.wants(slug):
                continue
            shown = readable(policy)
            digest = acks.digest_of(text_of(shown))
            known = {w.digest for w in await acks.held(conn, services.school.id, slug)}
            confirmed = {a.person for a in whole if a.digest == digest and a.kind is Kind.CONFIRMED}
            found.append(
                {
                    "title": shown.title,
                    "version": shown.version,
                    "known": digest in known,
                    "confirmed": len(confirmed),
                }
            )
    return found


def write(out: str, content: bytes) -> None:
    """Write a file; raises CannotDo where that cannot be."""
    try:
        Path(out).write_bytes(content)
    except OSError as e:
        raise CannotDo(f"{out}: {e.strerror}; check the path and its permissions") from e


def read(name: str) -> str:
    """The text of a file; raises CannotDo where it cannot be read."""
    try:
        return Path(name).read_bytes().decode("utf-8-sig", "replace")
    except OSError as e:
        raise CannotDo(f"{name}: {e.strerror}; check the path and its permissions") from e
