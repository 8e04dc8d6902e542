"""Mail against a real server on this machine: what it takes, refuses, delays and drops."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import ssl
from datetime import UTC, datetime
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from bot.errors import BadSettings
from bot.platforms.mail import Mail
from bot.records.messages import NotSent

pytestmark = pytest.mark.asyncio

AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SENDER = "MayI <mayi@example.org>"


class Box:
    """A mailbox that answers as it is told to."""

    def __init__(self, rcpt="250 OK", data="250 OK", sender="250 OK"):
        self.rcpt, self.data, self.sender = rcpt, data, sender
        self.got = []

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        if self.rcpt == "drop":
            server.transport.abort()
            await asyncio.sleep(1)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.data == "slow":
            await asyncio.sleep(1)
        if self.data == "drop":
            server.transport.abort()
            await asyncio.sleep(1)
        if self.data.startswith("250"):
            self.got.append((tuple(envelope.rcpt_tos), envelope.content))
        return self.data


@pytest.fixture
def serve():
    running = []

    def start(box, **more):
        controller = Controller(box, hostname="127.0.0.1", port=0, **more)
        controller.start()
        running.append(controller)
        return controller.server.sockets[0].getsockname()[1]

    # Controller connects to itself to see that it runs; with port 0 it must be told the real one.
    original = Controller._trigger_server

    def trigger(self):
        self.port = self.server.sockets[0].getsockname()[1]
        return original(self)

    Controller._trigger_server = trigger
    yield start
    Controller._trigger_server = original
    for controller in running:
        controller.stop()


def plain(port, **more):
    return Mail("127.0.0.1", port, SENDER, tls="none", **more)


async def sent(mail, to="pat@example.org", subject="A notice", text="Hello", message="abc123"):
    await mail.send(to, subject, text, message_id=message, at=AT)


async def refused(mail, **more):
    with pytest.raises(NotSent) as e:
        await sent(mail, **more)
    return e.value


async def test_a_message_arrives_whole_and_says_that_a_machine_wrote_it(serve):
    box = Box()
    await sent(
        plain(serve(box)),
        subject="Häd’s notice — R-1",
        text="Grüße\n.\n..dots\nFrom here\n" + "x" * 2000,
    )
    ((to, raw),) = box.got
    assert to == ("pat@example.org",)
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 998
    mail = email.message_from_bytes(raw, policy=default)
    assert (
        mail.get_content().replace("\r\n", "\n")
        == "Grüße\n.\n..dots\nFrom here\n" + "x" * 2000 + "\n"
    )
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "Häd’s notice — R-1",
        SENDER,
        "pat@example.org",
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == AT


async def test_a_repeat_has_the_same_message_id_and_another_message_has_not(serve):
    box = Box()
    mail = plain(serve(box))
    for message in ("abc123", "abc123", "def456"):
        await sent(mail, message=message)
    ids = [email.message_from_bytes(raw)["Message-ID"] for _, raw in box.got]
    assert ids == ["<abc123@example.org>", "<abc123@example.org>", "<def456@example.org>"]


@pytest.mark.parametrize(
    ("box", "for_good", "code"),
    [
        (Box(rcpt="550 5.1.1 no such user gooseberry"), True, "550"),
        (Box(rcpt="553 5.1.3 bad address"), True, "553"),
        (Box(data="554 5.7.1 refused"), True, "554"),
        (Box(rcpt="451 4.7.1 greylisted"), False, "451"),
        (Box(rcpt="452 4.2.2 mailbox full"), False, "452"),
        (Box(data="451 4.3.0 try later"), False, "451"),
        (Box(sender="550 5.7.1 you may not"), False, "550"),  # ours to mend, not the recipient's
        (Box(sender="421 4.3.2 closing"), False, "421"),
    ],
)
async def test_a_refusal_says_whether_to_try_again(serve, box, for_good, code):
    e = await refused(plain(serve(box)))
    assert (e.for_good, e.perhaps, str(e)) == (for_good, False, f"mail: {code}")
    assert e.__cause__ is None
    assert box.got == []


async def test_a_line_that_breaks_before_the_message_was_handed_over_broke_nothing(serve):
    e = await refused(plain(serve(Box(rcpt="drop"))))
    assert (e.for_good, e.perhaps) == (False, False)


async def test_a_line_that_breaks_afterwards_leaves_open_whether_it_arrived(serve):
    e = await refused(plain(serve(Box(data="drop"))))
    assert (e.for_good, e.perhaps) == (False, True)


async def test_a_slow_server_is_not_waited_for(serve):
    e = await refused(plain(serve(Box(data="slow")), seconds=0.2))
    assert (e.for_good, e.perhaps) == (False, True)


async def test_a_server_that_says_nothing_is_not_waited_for():
    async def nothing(reader, writer):
        await asyncio.sleep(1)
        writer.close()

    async with await asyncio.start_server(nothing, "127.0.0.1", 0) as silent:
        e = await refused(plain(silent.sockets[0].getsockname()[1], seconds=0.2))
    assert (e.for_good, e.perhaps) == (False, False)


async def test_no_server_at_all_is_tried_again_later():
    async with await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0) as gone:
        port = gone.sockets[0].getsockname()[1]
    e = await refused(plain(port))
    assert (e.for_good, e.perhaps) == (False, False)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "pat",
        "pat@",
        "@example.org",
        "pat@example.org\r\nBcc: sam@example.org",
        "pat@example.org\n",
        "pat@example.org, sam@example.org",
        "Pat <pat@example.org>",
        "pat@example.org> SIZE=1",
        "pat@exämple.org",
        "p" * 65 + "@example.org",
        "pat@" + "a" * 252,
    ],
)
async def test_what_is_not_one_address_is_not_written_to(serve, to):
    box = Box()
    assert (await refused(plain(serve(box)), to=to)).for_good
    assert box.got == []


@pytest.mark.parametrize("bad", ["\r\nBcc: sam@example.org", "\n", "\x00", "\u2028", "\x85"])
async def test_a_subject_or_id_cannot_bring_a_header_of_its_own(serve, bad):
    box = Box()
    mail = plain(serve(box))
    assert (await refused(mail, subject="A notice" + bad)).for_good
    assert (await refused(mail, message="abc" + bad)).for_good
    assert box.got == []


async def test_a_text_that_cannot_be_written_is_refused_for_good(serve):
    assert (await refused(plain(serve(Box())), text="a lone \ud800")).for_good


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=file)


def only_pat(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"pat", b"secret")
    return AuthResult(success=right, handled=False)


async def test_the_password_goes_over_an_encrypted_line(serve, certificate):
    theirs, ours = certificate
    box = Box()
    port = serve(
        box, tls_context=theirs, require_starttls=True, authenticator=only_pat, auth_required=True
    )
    await sent(Mail("localhost", port, SENDER, "pat", "secret", "starttls", ours))
    assert len(box.got) == 1
    e = await refused(Mail("localhost", port, SENDER, "pat", "wrong", "starttls", ours))
    assert (e.for_good, str(e)) == (False, "mail: 535")


async def test_a_line_can_be_encrypted_from_the_start(serve, certificate):
    theirs, ours = certificate
    box = Box()
    port = serve(box, ssl_context=theirs)
    await sent(Mail("localhost", port, SENDER, tls="tls", trust=ours))
    assert len(box.got) == 1


async def test_a_server_without_encryption_gets_nothing_where_it_is_asked_for(serve):
    box = Box()
    e = await refused(Mail("127.0.0.1", serve(box), SENDER, "pat", "secret", "starttls"))
    assert not e.for_good
    assert box.got == []


async def test_a_server_nobody_vouches_for_gets_nothing(serve, certificate):
    box = Box()
    port = serve(box, tls_context=certificate[0], require_starttls=True)
    e = await refused(Mail("localhost", port, SENDER, tls="starttls"))
    assert not e.for_good
    assert box.got == []


async def test_the_settings_of_mail_are_checked_before_it_is_needed():
    for sender in ("", "MayI", "MayI <mayi@example.org>\r\nBcc: sam@example.org"):
        with pytest.raises(BadSettings):
            Mail("localhost", 25, sender)
    with pytest.raises(BadSettings, match="password"):
        Mail("mail.example.org", 25, SENDER, "pat", "secret", "none")
    with pytest.raises(BadSettings, match="starttls"):
        Mail("localhost", 25, SENDER, tls="ssl")
    assert "secret" not in repr(Mail("localhost", 25, SENDER, "pat", "secret"))
