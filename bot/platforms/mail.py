"""Mail: one short message to one address, over the school's own mail server."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, parseaddr
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP

from bot.errors import BadSettings
from bot.records.messages import NotSent

SECONDS = 20.0  # for the whole of one message
Tls = Literal["starttls", "tls", "none"]

# One address and nothing else: no name, no list, no comment, no quotes, nothing beyond ASCII.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
)
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# 7bit: what is not ASCII is encoded, for servers that pass nothing else on.
_POLICY = WIRE.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server that takes messages for others, and who they come from.

    `sender` may carry a name ("MayI <mayi@example.org>"). A password is sent over an encrypted line or
    not at all, and a server that offers no encryption where it is asked for gets nothing.
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = "starttls"
    trust: ssl.SSLContext | None = field(default=None, repr=False)  # None: the system's authorities
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        if _CONTROL.search(self.sender) or not _ADDRESS.fullmatch(parseaddr(self.sender)[1]):
            raise BadSettings(
                'the sender of mail is not an address; write "MayI <mayi@your-school>" or only the address'
            )
        if self.tls not in ("starttls", "tls", "none"):
            raise BadSettings("the encryption of mail is starttls, tls or none")
        if self.password and self.tls == "none" and self.host not in _LOOPBACK:
            raise BadSettings(
                "a mail password would cross the network readable; set the encryption to starttls or tls"
            )

    async def send(
        self, to: str, subject: str, text: str, *, message_id: str, at: datetime
    ) -> None:
        """Hand one message to the server, or raise NotSent.

        `message_id` is the message's own: a repeat carries the same Message-ID, so that a mailbox can tell.
        For good: the address is none, or the server refuses the recipient or the message. Anything
        else (no connection, "later", a wrong password) is mended by time or by the administrator.
        """
        raw = self._written(to, subject, text, message_id, at)
        handed_over = False
        smtp = SMTP(
            hostname=self.host,
            port=self.port,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            tls_context=self.trust,
            username=self.user or None,
            password=self.password or None,
            local_hostname=self._domain,  # else the name of this machine is looked up and told
            timeout=self.seconds,
        )
        try:
            async with asyncio.timeout(self.seconds):
                await smtp.connect()
                await smtp.mail(parseaddr(self.sender)[1])
                await smtp.rcpt(to)
                handed_over = True  # from here on it may arrive whatever we hear
                await smtp.data(raw)
        except aiosmtplib.SMTPResponseException as e:
            about_it = isinstance(e, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
            raise NotSent(f"mail: {e.code}", for_good=about_it and 500 <= e.code < 600) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as e:
            raise NotSent(f"mail: {type(e).__name__}", perhaps=handed_over) from None
        else:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await smtp.quit(timeout=2)  # it has the message, whatever it says now
        finally:
            smtp.close()

    @property
    def _domain(self) -> str:
        return parseaddr(self.sender)[1].rpartition("@")[2]

    def _written(self, to: str, subject: str, text: str, message_id: str, at: datetime) -> bytes:
        if len(to) > 254 or not _ADDRESS.fullmatch(to) or ".." in to:
            raise NotSent("mail: not an address", for_good=True)
        if _CONTROL.search(subject) or not _ID.fullmatch(message_id):
            raise NotSent("mail: not a subject or an id", for_good=True)
        try:
            mail = EmailMessage(policy=_POLICY)
            mail["From"] = self.sender
            mail["To"] = to
            mail["Subject"] = subject
            mail["Date"] = format_datetime(at)
            mail["Message-ID"] = f"<{message_id}@{self._domain}>"
            mail["Auto-Submitted"] = "auto-generated"
            mail["X-Auto-Response-Suppress"] = "All"  # Exchange: no absence notes to a machine
            mail.set_content(text)
            return mail.as_bytes()
        except (MessageError, ValueError, UnicodeError):  # a lone surrogate, for one
            raise NotSent("mail: cannot be written", for_good=True) from None
