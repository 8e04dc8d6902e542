"""How a message reaches somebody: their chat accounts in turn, else their mail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app.chats import Mailer
from bot.app.site import Site
from bot.app.theirs import policies_at, reports_at
from bot.chat.front import Channel
from bot.chat.model import Card
from bot.config import Serving
from bot.errors import MayIError
from bot.people.roster import Person
from bot.records import visits
from bot.records.messages import Message, NotSent
from bot.records.store import Store, Transaction
from bot.work.sending import Carry
from handlers.notices import OPEN, asks_to_confirm, notice, open_mail
from handlers.notices import mail as waiting_mail
from handlers.services import Services

NEW_LINK = "mail_link"  # the message that somebody asked for, in place of a link that is used up
_CHANNEL_UNFIT = "no-channel"


def carrier(
    site: Site, settings: Serving, mail: Mailer | None, channels: Mapping[str, Channel]
) -> Carry:
    """What carries a message: the person's chat accounts in their order, else their mail.

    `channels` is by what an account begins with: "slack" carries to "slack:T1/U1".
    """

    async def carry(message: Message) -> str:
        try:
            services = site.services(message.school, message.person)
            if services.person is None:
                raise NotSent("not-on-roster", for_good=True)
            return await _carry(message, services)
        except MayIError as e:  # a school.toml or a template being mended, or records out of reach
            raise NotSent(type(e).__name__) from None

    async def _carry(message: Message, services: Services) -> str:
        assert services.person is not None
        failed: list[NotSent] = []
        for name, attempt in _ways(services.person, message):
            try:
                await attempt(message, services)
            except NotSent as e:
                failed.append(e)
                if e.perhaps:  # the next way may be the second
                    message = replace(message, repeat=True)
            else:
                return name
        raise _all_of(failed)

    def _ways(
        person: Person, message: Message
    ) -> Iterator[tuple[str, Callable[[Message, Services], Awaitable[None]]]]:
        for account in person.accounts:
            name = account.partition(":")[0]
            channel = channels.get(name)
            if channel is not None and message.template != NEW_LINK:
                yield name, partial(_by_chat, channel, account)
        linked = settings.url or message.template in OPEN
        if mail is not None and linked and person.email:
            yield "mail", partial(_by_mail, mail, person)

    async def _by_chat(
        channel: Channel, account: str, message: Message, services: Services
    ) -> None:
        await channel.send(account, await _card(message, services))

    async def _by_mail(mail: Mailer, person: Person, message: Message, services: Services) -> None:
        now = site.clock()
        if message.template in OPEN:
            card = await _card(message, services)
            link = await _to_confirm(site, settings, card, message, services)
            subject, body = open_mail(card, services, link)
            await mail.send(person.email, subject, body, message_id=message.id, at=now)
            return
        if message.template != NEW_LINK:
            await _card(message, services)
        store = await site.records()
        async with store.writing() as tx:
            if not await _waits(tx.conn, store, message, services):
                raise NotSent("holds-nothing", for_good=True)
            link = await _link(tx, settings, message, now)
        if message.template == NEW_LINK:
            subject, *text = services.wording.text(
                NEW_LINK, school=services.school.name, link=link, repeat=message.repeat
            ).splitlines()
            body = "\n".join(text).strip() + "\n"
        else:
            subject, body = waiting_mail(message, services, link)
        await mail.send(person.email, subject, body, message_id=message.id, at=now)

    return carry


async def _waits(conn: AsyncConnection, store: Store, message: Message, services: Services) -> bool:
    """Whether something is there for whoever opens the link of a message."""
    if await reports_at(conn, store, services):
        return True
    return message.template == NEW_LINK and bool(await policies_at(conn, services))


async def _to_confirm(
    site: Site, settings: Serving, card: Card, message: Message, services: Services
) -> str:
    """A link for a card that asks to confirm policies; empty without pages, or where none is theirs."""
    if not settings.url or not asks_to_confirm(card):
        return ""
    store = await site.records()
    async with store.writing() as tx:
        if not await policies_at(tx.conn, services):
            return ""
        return await _link(tx, settings, message, site.clock())


async def _link(tx: Transaction, settings: Serving, message: Message, now: datetime) -> str:
    """A one-time link for whoever a message is to."""
    # Kept before it is sent: a link that arrives is a link that works.
    token = await visits.make_link(
        tx,
        school=message.school,
        person=message.person,
        now=now,
        about=str(message.filled.get("reference", "")),
    )
    return f"{settings.url}/in/{token}"


async def _card(message: Message, services: Services) -> Card:
    """What its reader is shown; raises NotSent where they are to be shown nothing any more."""
    card = await notice(message, services)
    if card is None:
        raise NotSent("no-longer-theirs", for_good=True)
    return card


def _all_of(failed: Sequence[NotSent]) -> NotSent:
    """Several ways that failed, as one: final only if each of them was."""
    if not failed:
        return NotSent(_CHANNEL_UNFIT, for_good=True)
    waits = [e.retry_after for e in failed if e.retry_after is not None and not e.for_good]
    return NotSent(
        ", ".join(str(e) for e in failed),
        for_good=all(e.for_good for e in failed),
        retry_after=min(waits, default=None),
        perhaps=any(e.perhaps for e in failed),
    )
