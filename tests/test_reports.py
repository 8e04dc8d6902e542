"""Reports from the first page to the last entry, through the front door, on a real database."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdf
import pytest

from bot.app.talk import Conversation, Delivered
from bot.chat.model import Event, FieldKind, Form, Reply
from bot.config import MODEL_SCHOOLS, Home, data, model_folder
from bot.records import reports
from handlers.dates.digest import DIGEST
from tests.stores import fresh_url

ROBIN, BOBBY = "robin-practice", "bobby-figment"  # a teaching assistant, and whom they answer to
HEAD, DEPUTY_HEAD = "pat-example", "kim-standin"
CHAIR, VICE_CHAIR = "sam-sample", "jo-proxy"
DSL, DEPUTY_DSL = "alex-specimen", "chris-placeholder"
LEE, DPO, OUTSIDE = "lee-template", "val-mockup", "(outside)"

MONDAY = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)  # half past nine in London, in winter
REFERENCE = re.compile(r"R-[0-9A-Z]{4}-[0-9A-Z]{2}")
NOBODY = ("nobody",)
KINDS = data("incidents.toml")
ABOUTS = tuple(data("report.toml")["about"])


class Practice:
    """A school whose clock we set: anybody can be spoken for, and what reaches them is kept."""

    dates = False

    def __init__(self, home: Path, school: str) -> None:
        self.home, self.school, self.now = home, school, MONDAY
        self.forms: dict[str, Form | None] = {}
        self.missing: dict[tuple, str] = {}  # what is heard of a report that is not there
        self.reply = Reply()
        self.open()

    def open(self) -> None:
        """Start the process, as after a crash: nothing is left but what is on the disk."""
        self.conversation = Conversation(Home(self.home), self.school)
        self.conversation.site.clock = lambda: self.now

    @property
    def delivered(self) -> list[Delivered]:
        """Every message that reached somebody; of reports alone, unless dates are what it is about."""
        every = self.conversation.delivered
        return [d for d in every if self.dates or d.template != DIGEST]

    def restart(self) -> None:
        self.conversation.close()
        self.open()

    def say(self, line: str, person: str = ROBIN, /, *, private: bool = True, **values) -> str:
        """Say a line, or send a form; all the words of the reply."""
        event = Event(line, person, conversation=person, values=values, private=private)
        self.reply = self.conversation.handle(event)
        self.forms[person] = form = self.reply.form
        if form:  # Slack takes no more in a dialog's heading and on its button
            assert max(len(form.title), len(form.submit)) <= 24
        return words(self.reply)

    def fill(self, person: str = ROBIN, /, **values) -> str:
        """Fill in the form that this person sees: what they leave alone is sent as it stands."""
        form = self.forms[person]
        assert form, words(self.reply)
        standing = {f.name: f.value for f in form.fields if f.value}
        if not form.fields:  # the last page of a report that nobody in the school can have
            values = {}
        assert set(values) <= {f.name for f in form.fields}
        return self.say(form.says, person, **(standing | values))

    def page(self, person: str = ROBIN, /) -> str:
        """Which page of the dialog this person sees."""
        form = self.forms[person]
        return form.says.split()[-1] if form else ""

    def offered(self, field: str, person: str = ROBIN, /) -> tuple[str, ...]:
        """What can be chosen on the page that this person sees."""
        form = self.forms[person]
        assert form
        return tuple(o.value for f in form.fields if f.name == field for o in f.options)

    def to_the_last_page(
        self, person: str = ROBIN, /, *, about="pupil", kind="pupil-bullying", what="It.", who=""
    ) -> str:
        self.say("/report-incident", person)
        heard = self.fill(person, about=about, who=who)
        if self.page(person) == "kind":
            heard = self.fill(person, kind=kind)
        if self.page(person) == "what":
            heard = self.fill(person, what=what)
        return heard

    def send(self, person: str = ROBIN, /, *, close=NOBODY, **report) -> str:
        """Report something; its reference."""
        self.to_the_last_page(person, **report)
        heard = self.fill(person, close=close)
        if self.page(person) == "sure":
            heard = self.fill(person, sure=NOBODY)
        assert "is kept" in heard, heard
        found = REFERENCE.search(heard)
        assert found
        return found.group()

    def told(self, person: str) -> list[str]:
        """Every message that reached this person."""
        return [words(d.card) for d in self.delivered if d.person == person]

    def has(self, reference: str) -> list[str]:
        """Whom the clock gave a report to, first to last."""
        return [p or OUTSIDE for (p,) in self.rows(f"""SELECT d.person FROM deliveries d JOIN reports r
            ON r.id = d.report WHERE r.reference = '{reference}' ORDER BY d.n""")]  # fmt: skip

    def status(self, reference: str, person: str = ROBIN) -> str:
        return self.say(f"/my-reports {reference}", person)

    def do(self, done: str, reference: str, person: str, /, **values) -> str:
        """What a recipient does with a report they have open."""
        self.say(f"/open {reference}", person)
        return self.say(f"/handle {reference}", person, do=done, **values)

    def wait(self, **time: float) -> None:
        """Let time go by, and let the clock look once."""
        self.now += timedelta(**time)
        self.conversation.tick()

    def rows(self, query: str) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(self.home / "data" / "mayi.db")) as conn:
            return conn.execute(query).fetchall()

    def audit(self) -> list[tuple[str, str, str]]:
        """The audit trail: who did what to which report."""
        store = self.conversation.site.opened
        assert store
        found = [store.sealer.open(s) for (s,) in self.rows("SELECT sealed FROM audit ORDER BY n")]
        return [(said["actor"], said["action"], said["about"]) for said in found]


def words(shown: object) -> str:
    """All that can be read in a reply, a card or a form."""
    if isinstance(shown, str):
        return shown
    if isinstance(shown, tuple):
        return " ".join(filter(None, map(words, shown)))
    if is_dataclass(shown):
        return words(tuple(getattr(shown, f.name) for f in fields(shown)))
    return ""


def goes_to(name: str, heard: str) -> bool:
    """Whether a receipt says that it goes to this person."""
    return bool(re.search(rf"It goes to [^.]*{name}", heard))


@contextlib.contextmanager
def practices(home: Path) -> Iterator[Callable[..., Practice]]:
    """Opens schools of this home: a model school, or one of our own with changed settings."""
    opened: list[Practice] = []
    (home / "data").mkdir(parents=True, exist_ok=True)
    fresh_url("sqlite", home / "data")
    next((home / "data").glob("records-*.db")).rename(home / "data" / "mayi.db")

    def open_(school: str = "model-primary") -> Practice:
        opened.append(Practice(home, school))
        return opened[-1]

    try:
        yield open_
    finally:
        for practice in opened:
            practice.conversation.close()


@pytest.fixture
def practice(home) -> Iterator[Callable[..., Practice]]:
    with practices(home) as open_:
        yield open_


@pytest.fixture
def primary(practice) -> Practice:
    return practice("model-primary")


# --- the dialog ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("about", ABOUTS)
def test_every_kind_has_its_place_in_five_pages_and_two_typed_fields(primary, about):
    """Counted for each kind that the form offers for this choice; danger comes first on each page."""
    primary.say("/report-incident")
    primary.fill(about=about)
    offered = primary.offered("kind")
    assert set(offered) == {kind for kind, entry in KINDS.items() if about in entry["about"]}

    first_here = [k for k in offered if KINDS[k]["about"][0] == about]
    for kind in first_here or offered[:1]:
        pages: list[Form] = []
        primary.say("/report-incident")
        for values in (
            {"about": about},
            {"kind": kind},
            {"what": "It happened."},
            {"close": NOBODY},
        ):
            while primary.page() not in ("", *(_PAGE_OF[name] for name in values)):
                primary.say(primary.forms[ROBIN].buttons[0].says)  # a page that was skipped
            pages.append(primary.forms[ROBIN])
            heard = primary.fill(**values)
        typed = [f for p in pages for f in p.fields if f.kind in (FieldKind.LINE, FieldKind.TEXT)]

        assert "is kept: R-" in heard
        assert len(pages) <= 5
        assert len(typed) <= 2
        for page in pages:
            assert page.urgent.startswith("Is anyone in danger now? Ring 999 first.")
            assert "The school office, extension 100" in page.urgent


_PAGE_OF = {"about": "about", "kind": "kind", "what": "what", "close": "who"}


def test_every_kind_is_offered_for_something():
    assert {k for k, entry in KINDS.items() if set(entry["about"]) & set(ABOUTS)} == set(KINDS)


def test_contact_by_a_pupil_is_one_choice_from_the_command(primary):
    primary.say("/report-incident")
    assert primary.offered("about")[0] == "pupil-contact"

    heard = primary.fill(about="pupil-contact")

    assert primary.page() == "what"
    assert "do not reply" in heard


def test_a_kind_named_in_the_command_needs_no_choosing(primary):
    assert "do not reply" in primary.say("/report-incident pupil-contact")
    assert primary.page() == "what"


def test_the_form_says_who_sees_the_name_and_promises_no_secrecy(primary):
    first = primary.say("/report-incident")
    last = primary.to_the_last_page()

    assert "will see your name" in first
    assert "cannot promise to keep a secret" in first
    assert "sees your name and what you wrote" in last
    for words_ in ("anonymous", "nobody will know", "stays secret"):
        assert words_ not in (first + last).lower()


def test_the_last_page_names_everybody_who_could_get_it_in_order(primary):
    primary.to_the_last_page(about="pupil", kind="pupil-bullying")
    lines = " ".join(primary.forms[ROBIN].lines)
    places = [lines.index(name) for name in (
        "Alex Specimen", "Chris Placeholder", "Pat Example", "Kim Standin", "Sam Sample", "Jo Proxy",
        "7. Outside the school", "01632 960001",
    )]  # fmt: skip

    assert places == sorted(places)
    assert primary.offered("close") == (
        "nobody", DSL, DEPUTY_DSL, HEAD, DEPUTY_HEAD, CHAIR, VICE_CHAIR,
    )  # fmt: skip


def test_somebody_away_is_named_and_marked(home, practice):
    own_school(home, "model-primary", away={DSL: ["2026-11-16/2026-11-27"]})
    oak = practice("model-primary")
    heard = oak.to_the_last_page()

    assert re.search(r"1\. [^.]*Alex Specimen[^.]* away until 27 November", heard)
    assert goes_to("Chris Placeholder", oak.fill(close=NOBODY))


def test_a_yes_skips_that_person_and_whoever_answers_to_them(primary):
    """Somebody close to the Headteacher: all staff answer to the Headteacher, so it goes to the Chair."""
    reference = primary.send(close=(HEAD,))

    assert primary.has(reference) == [CHAIR]
    assert "There is no report" in primary.say(f"/open {reference}", DEPUTY_DSL)


def test_a_yes_to_everybody_ends_at_the_local_authoritys_number(primary):
    primary.to_the_last_page()
    heard = primary.fill(close=(HEAD, CHAIR))

    assert "Nobody in the school can be given this one" in heard
    assert "01632 960001" in heard
    # Half past nine on Monday and one working day: eight hours of nine, up to half past eight.
    assert "17:30" not in heard
    assert "Monday 16 November" in heard or "Tuesday 17 November" in heard


def test_new_names_are_shown_before_it_goes(home, practice):
    """The roster changed between the last page and its sending."""
    own_school(home, "model-primary")
    oak = practice("model-primary")
    oak.to_the_last_page()
    own_school(home, "model-primary", instead={"Alex Specimen": "Quinn Successor"})
    heard = oak.fill(close=NOBODY)

    assert oak.page() == "sure"
    assert re.search(r"1\. [^.]*Quinn Successor", heard)
    assert oak.rows("SELECT count(*) FROM reports") == [(0,)]
    assert goes_to("Quinn Successor", oak.fill(sure=NOBODY))


def test_a_new_name_that_is_marked_is_passed_over_and_stays_so(home, practice):
    own_school(home, "model-primary")
    oak = practice("model-primary")
    oak.to_the_last_page()
    own_school(home, "model-primary", instead={"Alex Specimen": "Quinn Successor"})
    oak.fill(close=NOBODY)
    heard = oak.fill(sure=("quinn-successor",))
    if oak.page() == "sure":
        heard = oak.fill(sure=NOBODY)

    assert goes_to("Chris Placeholder", heard)


def test_a_full_name_keeps_that_person_out(primary):
    reference = primary.send(about="pupil", kind="pupil-bullying", who="Alex Specimen")

    assert DSL not in primary.has(reference)
    assert "There is no report" in primary.say(f"/open {reference}", DSL)


def test_a_first_name_is_asked_about_and_chosen_already(primary):
    primary.to_the_last_page(about="colleague", kind="low-level-concern", who="Pat")
    (field,) = primary.forms[ROBIN].fields
    assert field.value == (HEAD,)

    assert goes_to("Sam Sample", primary.fill())


def test_nobody_is_told_to_speak_to_whom_it_may_be_about(primary):
    """The account page advises whom to tell; "Pat" may be Pat Example, the Headteacher."""
    primary.say("/report-incident")
    primary.fill(about="colleague", who="Pat")
    for kind in ("low-level-concern", "colleague-misuse", "indecent-images", "grooming"):
        heard = primary.say(primary.forms[ROBIN].says.rpartition(" ")[0] + " kind", kind=kind)
        assert primary.page() == "what"
        assert "Pat Example" not in heard


def test_the_last_page_of_a_report_for_nobody_in_the_school_says_so(primary):
    heard = primary.to_the_last_page(about="chair-of-governors", kind="head-misuse")

    assert "01632 960001" in heard
    assert "It goes to the first" not in heard


def test_whoever_is_to_ring_can_read_what_they_wrote(primary):
    """ "Give them the facts as you wrote them.": one press away, and nobody else's to press."""
    primary.to_the_last_page(
        about="chair-of-governors", kind="head-misuse", what="On Monday at nine."
    )
    primary.fill()
    (card,) = primary.reply.cards
    shown = (b.says for b in card.buttons if not b.says.startswith("/rang"))
    read = [says for says in shown if "On Monday at nine." in primary.say(says)]

    assert read
    assert "On Monday at nine." not in primary.say(read[0], CHAIR)
    assert "On Monday at nine." not in primary.say(read[0], private=False)


def test_what_is_typed_beside_the_form_is_not_put_on_a_list(primary):
    """A frightened person types the account as a plain line: it is no question for the policy's owner."""
    primary.say("/report-incident")
    primary.fill(about="colleague")
    primary.say("He keeps writing to a girl in my class at night and she is frightened")
    files = list((primary.home / "data" / "questions").glob("*"))

    assert not [f for f in files if b"frightened" in f.read_bytes()]


def test_a_first_name_that_means_somebody_else_can_be_said_so(primary):
    primary.to_the_last_page(about="colleague", kind="low-level-concern", who="Pat")

    assert goes_to("Pat Example", primary.fill(close=NOBODY))


def test_somebody_who_may_be_meant_does_not_get_it_later_either(home, practice):
    """Lee may be Lee Template, who is nobody in the line today, and the safeguarding lead tomorrow."""
    own_school(home, "model-primary")
    oak = practice("model-primary")
    reference = oak.send(about="pupil", kind="pupil-bullying", who="Lee")
    own_school(home, "model-primary", instead={"Alex Specimen": "Lee Template"})
    for _ in range(30):
        oak.wait(days=1)

    assert LEE not in oak.has(reference)


def test_the_receipt_and_the_status_say_who_has_it(primary):
    primary.to_the_last_page()
    receipt = primary.fill(close=NOBODY)
    reference = REFERENCE.search(receipt).group()

    assert re.search(r"It goes to the Designated Safeguarding Lead \(Alex Specimen\)", receipt)
    assert "It is with the Designated Safeguarding Lead (Alex Specimen)" in primary.status(
        reference
    )
    assert "no report with this reference" in primary.status("R-0000-00")


def test_there_is_no_place_for_a_file_and_the_form_says_why(primary):
    primary.say("/report-incident")
    heard = primary.fill(about="pupil-contact")

    assert {k.value for k in FieldKind} == {"choice", "choices", "line", "text"}
    assert re.search(r"no place for (files|pictures)", heard)


@pytest.mark.parametrize(
    "template", ["report_opening", "report_who", "report_receipt", "report_new", "now_report"]
)
def test_a_spoilt_template_of_the_school_stops_no_report(home, practice, template):
    """A school may word every message itself; its mistake must not come between a reporter and the recipient."""
    own_school(home, "model-primary")
    folder = home / "schools" / "model-primary" / "templates"
    folder.mkdir()
    (folder / f"{template}.j2").write_text("{{ nothing.like.this }}")
    here = practice("model-primary")
    reference = here.send(about="pupil", kind="pupil-bullying")

    assert here.told(DSL)
    assert "It." in here.say(f"/open {reference}", DSL)


# --- what was typed is not lost ------------------------------------------------------------------------


def test_what_was_typed_survives_an_error(primary):
    primary.say("/report-incident pupil-contact")
    long = "x" * 10_001
    heard = primary.fill(what=long, where=("facebook",))

    assert "10,000 characters at most" in heard
    assert primary.forms[ROBIN].fields[0].value == long
    assert primary.page() == "what"
    primary.fill(what="x" * 10_000)
    assert primary.page() == "who"


def test_what_was_typed_survives_a_failing_handler_and_a_restart(primary, monkeypatch):
    primary.say("/report-incident pupil-contact")
    primary.fill(what="A long story")
    with monkeypatch.context() as m:
        m.setattr(reports, "create", None)
        assert "went wrong" in primary.fill(close=NOBODY)
    primary.restart()
    heard = primary.say("/report-incident")

    assert "You began this at 09:30 on 16 November. Nothing has been sent yet." in heard
    assert primary.page() == "who"
    primary.say(primary.forms[ROBIN].buttons[0].says)
    assert primary.forms[ROBIN].fields[0].value == "A long story"
    primary.fill()
    assert "is kept" in primary.fill(close=NOBODY)


@pytest.mark.parametrize("said", [{"about": "teacher"}, {"about": ""}, {"about": "0"}])
def test_a_choice_that_was_never_offered_locks_nobody_out(primary, said):
    primary.say("/report-incident")
    assert "Choose one of these" in primary.fill(**said, who="Pat")
    heard = primary.say("/report-incident")

    assert "went wrong" not in heard
    assert primary.page() == "about"
    assert primary.send()


def test_a_kind_that_was_never_offered_locks_nobody_out(primary):
    primary.say("/report-incident")
    primary.fill(about="colleague")
    assert "Choose one of these" in primary.fill(kind="pupil-contact")
    assert "went wrong" not in primary.say("/report-incident")
    assert primary.page() == "kind"
    primary.fill(kind="low-level-concern")

    assert primary.page() == "what"


def test_a_page_out_of_turn_sends_nothing(primary):
    primary.say("/report-incident")
    draft = primary.forms[ROBIN].says.split()[1]
    for page, values in (
        ("what", {"what": "x"}),
        ("who", {"close": NOBODY}),
        ("sure", {"sure": NOBODY}),
    ):
        heard = primary.say(f"/report-page {draft} {page}", **values)
        assert "went wrong" not in heard
        assert "is kept: R-" not in heard

    assert primary.rows("SELECT count(*) FROM reports") == [(0,)]


def test_a_page_of_another_tab_sends_no_kind_that_does_not_fit(primary):
    """One tab is at the account, the other has gone back and chosen whom it is about anew."""
    primary.say("/report-incident")
    primary.fill(about="parent")
    primary.fill(kind="parent-post")
    account = primary.forms[ROBIN]
    primary.say(account.buttons[0].says)
    primary.say(primary.forms[ROBIN].buttons[0].says)
    primary.fill(about="colleague")
    primary.say(account.says, what="He wrote.")
    primary.say(account.says.replace(" what", " who"), close=NOBODY)

    assert primary.rows("SELECT count(*) FROM reports") == [(0,)]


def test_a_second_form_does_not_void_the_first(primary):
    """The command was sent twice; the first of the two forms is filled in."""
    primary.say("/report-incident")
    first = primary.forms[ROBIN]
    primary.say("/report-incident")
    heard = primary.say(first.says, about="colleague", who="Lee")

    assert "What is it?" in heard


def test_back_shows_the_page_before_and_what_was_chosen(primary):
    primary.to_the_last_page(about="colleague", kind="low-level-concern", what="Odd.")
    seen = []
    while primary.forms[ROBIN].buttons and len(seen) < 6:
        primary.say(primary.forms[ROBIN].buttons[0].says)
        seen.append((primary.page(), primary.forms[ROBIN].fields[0].value))

    assert seen == [("what", "Odd."), ("kind", "low-level-concern"), ("about", "colleague")]


def test_back_keeps_what_was_typed_on_the_page(primary):
    primary.say("/report-incident pupil-contact")
    primary.say(primary.forms[ROBIN].buttons[0].says, what="half a sentence")
    primary.fill()

    assert "half a sentence" in words(primary.forms[ROBIN])


def test_back_to_a_pupil_offers_every_kind_again(primary):
    """Contact by a pupil was chosen by mistake."""
    primary.say("/report-incident")
    primary.fill(about="pupil-contact")
    primary.say(primary.forms[ROBIN].buttons[0].says)
    primary.fill(about="pupil")

    assert "pupil-bullying" in primary.offered("kind")


def test_beginning_again_forgets_what_was_begun(primary):
    primary.to_the_last_page(what="PLANTED")
    primary.say("/report-incident")
    again = next(b for b in primary.forms[ROBIN].buttons if "again" in b.label)
    heard = primary.say(again.says)

    assert primary.page() == "about"
    assert "You began this" not in heard
    primary.fill(about="pupil-contact")
    assert "PLANTED" not in words(primary.forms[ROBIN])


def test_a_double_click_is_one_report(primary):
    primary.to_the_last_page()
    last = primary.forms[ROBIN]
    first = primary.say(last.says, close=NOBODY)
    second = primary.say(last.says, close=NOBODY)

    assert REFERENCE.search(first).group() == REFERENCE.search(second).group()
    assert primary.rows("SELECT count(*) FROM reports") == [(1,)]
    assert len(primary.told(DSL)) == 1


def test_two_clicks_at_the_same_moment_are_one_report(primary):
    primary.to_the_last_page()
    last = primary.forms[ROBIN]
    with ThreadPoolExecutor(4) as clicks:
        event = Event(last.says, ROBIN, conversation=ROBIN, values={"close": NOBODY})
        replies = list(clicks.map(primary.conversation.handle, [event] * 4))

    assert len({REFERENCE.search(words(reply)).group() for reply in replies}) == 1
    assert primary.rows("SELECT count(*) FROM reports") == [(1,)]
    assert len(primary.told(DSL)) == 1


def test_an_old_page_of_a_sent_report_shows_its_receipt(primary):
    primary.say("/report-incident pupil-contact")
    account = primary.forms[ROBIN]
    primary.fill(what="one")
    primary.fill(close=NOBODY)

    assert "is kept: R-" in primary.say(account.says, what="two")
    assert "two" not in primary.say(
        f"/open {primary.rows('SELECT reference FROM reports')[0][0]}", DSL
    )


def test_a_page_of_somebody_elses_draft_is_a_page_that_is_gone(primary):
    primary.to_the_last_page(what="PLANTED")
    last = primary.forms[ROBIN]
    unknown = primary.say("/report-page 0123 who", BOBBY, close=NOBODY)

    assert primary.say(last.says, BOBBY, close=NOBODY) == unknown
    assert primary.say(last.buttons[0].says, BOBBY) == unknown
    primary.fill(close=NOBODY)
    assert primary.say(last.says, BOBBY, close=NOBODY) == unknown
    assert "no longer open" in unknown


def test_a_page_that_does_not_exist_gets_a_plain_line(primary):
    for says in ("/report-page", "/report-page x", "/report-page x y z", "/report-back", "/report-again",
                 "/report-again x", "/report-incident nonsense"):  # fmt: skip
        assert "went wrong" not in primary.say(says), says


HOSTILE = (
    "👍🏽 he sent 🙈🙉 and ❤️",
    "{{ 7 * 7 }} {% raw %} ${x} {{ services.school }}",
    "'); DROP TABLE reports; --",
    "<b>bold</b> [red]x[/red] *a* _b_ <@U1> &amp;",
    "Gŵyl ŷd â llŷr",
    "قال لي",
    '{"what": null, "x": "\\u0000"}',
    "0",
)


def test_what_was_typed_reaches_the_recipient_as_it_was_typed(primary):
    for text in HOSTILE:
        reference = primary.send(what=text, who=text)
        assert text in primary.say(f"/open {reference}", DSL)


def test_control_characters_are_dropped_and_blanks_stay_blanks(primary):
    reference = primary.send(what="he\u00a0said\tthis\x00\x1b[31m\r\nand\u3000that")
    heard = primary.say(f"/open {reference}", DSL)

    assert "\x00" not in heard
    assert "\x1b" not in heard
    assert re.search(r"he\s+said\s+this", heard)
    assert re.search(r"and\s+that", heard)


def test_an_account_without_a_word_is_asked_for_again(primary):
    primary.say("/report-incident pupil-contact")
    for text in ("", " ", "\n", "\x00", "\u00a0\t"):
        assert "Write a sentence or two" in primary.fill(what=text)


def test_a_last_page_that_is_not_answered_is_not_sent(primary):
    primary.to_the_last_page()
    last = primary.forms[ROBIN].says
    for values in (
        {},
        {"close": "x"},
        {"close": ("nobody", HEAD)},
        {"what": "late"},
        {"about": "dsl"},
    ):
        heard = primary.say(last, **values)
        assert "went wrong" not in heard
        assert primary.page() == "who", values
    assert primary.rows("SELECT count(*) FROM reports") == [(0,)]


def test_any_value_in_any_field_gets_a_page(primary):
    primary.say("/report-incident pupil-contact")
    draft = primary.forms[ROBIN].says.rpartition(" ")[0]
    for value in ("", "x", "\x00", "{{x}}", (), ("x", "y"), ("nobody",), "a" * 20_000):
        for page in ("about", "kind", "what", "who", "sure", "nonsense"):
            names = ("about", "who", "kind", "what", "when", "where", "done", "close", "sure")
            heard = primary.say(f"{draft} {page}", **dict.fromkeys(names, value))
            assert "went wrong" not in heard, (page, value)


# --- advice --------------------------------------------------------------------------------------------

KEEPS = re.compile(
    r"\b(keep|save|take|make)\b[^.]{0,40}\b(copy|copies|capture|screenshot|picture|photo|what you have)",
    re.IGNORECASE,
)
DO_NOT = re.compile(r"[^.]*\b(do not|don't|never|must not|no picture)\b[^.]*\.", re.IGNORECASE)


MAY_SHOW_A_CHILD = (
    "indecent-images", "grooming", "child-danger", "online-safety", "unsuitable-material", "pupil-tells",
)  # fmt: skip


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_nobody_is_told_to_keep_an_indecent_image(practice, school):
    """On no page of the dialog, in no school, whomever it is about; nor where such an image is likely."""
    here = practice(school)
    here.say("/report-incident")
    draft = here.forms[ROBIN].says.rpartition(" ")[0]
    for kind in MAY_SHOW_A_CHILD if school == "model-primary" else MAY_SHOW_A_CHILD[:1]:
        for about in KINDS[kind]["about"]:
            here.say(f"{draft} about", about=about)
            here.say(f"{draft} kind", kind=kind)
            assert here.page() == "what"
            told = " ".join((*here.forms[ROBIN].lines, *(q.text for q in here.forms[ROBIN].quotes)))
            assert not KEEPS.search(DO_NOT.sub(" ", told)), (kind, about)
            if kind == "indecent-images":
                for never in (
                    "do not view, copy, print, forward",
                    "screenshot",
                    "investigate",
                    "picture",
                ):
                    assert never in told


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_abused_staff_are_told_to_keep_a_capture_and_not_to_reply(practice, school):
    here = practice(school)
    here.say("/report-incident")
    here.fill(about="parent")
    heard = here.fill(kind="staff-abused")

    assert "do not reply" in heard
    assert "Keep a capture with the time, date and address" in heard


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_a_child_who_tells_is_listened_to(practice, school):
    here = practice(school)
    here.say("/report-incident")
    here.fill(about="pupil")
    heard = here.fill(kind="pupil-tells")

    assert "listen" in heard
    assert "do not promise to keep it secret" in heard


@pytest.mark.parametrize(("school", "cited", "not_cited"), [
    ("model-primary", "UK Council|advice for education settings", "Wales|Keeping learners safe"),
    ("model-primary-wales", "responding to incidents", "Keeping Children Safe in Education"),
])  # fmt: skip
def test_guidance_of_the_schools_own_nation_is_cited(practice, school, cited, not_cited):
    here = practice(school)
    heard = ""
    for kind in ("indecent-images", "child-danger", "low-level-concern"):
        here.say("/report-incident")
        here.fill(about="colleague")
        heard += here.fill(kind=kind)
        here.say("/report-incident")
        here.say(here.forms[ROBIN].buttons[-1].says)

    assert re.search(cited, heard)
    assert not re.search(not_cited, heard)


@pytest.mark.parametrize(("school", "about", "kind", "clause"), [
    ("model-infant", "parent", "parent-post", "SM-32"),
    ("model-primary", "pupil", "pupil-contact", "SM-25"),
    ("model-primary", "unsure", "indecent-images", "SM-68"),
    ("model-primary-wales", "pupil", "pupil-contact", "SN-45"),
    ("model-secondary", "pupil", "pupil-contact", "SM-56"),
    ("model-special", "parent", "parent-post", "SM-75"),
])  # fmt: skip
def test_the_policys_own_words_stand_with_their_source(practice, school, about, kind, clause):
    here = practice(school)
    here.say("/report-incident")
    here.fill(about=about)
    here.fill(kind=kind)

    assert any(clause in q.source for q in here.forms[ROBIN].quotes)


# --- where it goes, school by school -------------------------------------------------------------------

# (kind, about, who reports) -> who has it first. What holds in every school, then what its policy prints.
EVERYWHERE = {
    ("head-misuse", "headteacher", ROBIN): CHAIR,
    ("low-level-concern", "headteacher", DSL): CHAIR,
    ("indecent-images", "headteacher", DEPUTY_HEAD): CHAIR,
    ("head-misuse", "chair-of-governors", ROBIN): OUTSIDE,
    ("head-misuse", "chair-of-governors", HEAD): OUTSIDE,
    ("child-danger", "headteacher-and-chair", ROBIN): OUTSIDE,
    ("self-report", "myself", ROBIN): HEAD,
    ("self-report", "myself", HEAD): CHAIR,
    ("self-report", "myself", CHAIR): OUTSIDE,
    ("low-level-concern", "colleague", ROBIN): HEAD,
    ("low-level-concern", "dsl", ROBIN): HEAD,
    ("low-level-concern", "colleague", HEAD): DEPUTY_HEAD,
    ("child-danger", "pupil", ROBIN): DSL,
    ("child-danger", "pupil", DSL): DEPUTY_DSL,
    ("press", "unsure", ROBIN): HEAD,
}
PRINTED = {
    "model-infant": {
        ("colleague-misuse", "colleague", ROBIN): HEAD,
        ("outsider-post", "parent", ROBIN): HEAD,
        ("indecent-images", "pupil", ROBIN): DSL,
        ("pupil-contact", "pupil", ROBIN): DSL,
        ("data-security", "unsure", ROBIN): DPO,
    },
    "model-primary": {
        ("unsuitable-material", "colleague", ROBIN): HEAD,
        ("adult-material", "colleague", ROBIN): HEAD,
        ("policy-departure", "myself", ROBIN): HEAD,
        ("indecent-images", "unsure", ROBIN): DSL,
        ("data-security", "myself", ROBIN): DPO,
    },
    "model-primary-wales": {
        ("allegation-received", "colleague", ROBIN): HEAD,
        ("working-day-use", "colleague", ROBIN): DSL,
        ("working-day-use", "dsl", ROBIN): HEAD,
        ("pupil-contact", "pupil", ROBIN): HEAD,
        ("former-pupil-contact", "pupil", ROBIN): DEPUTY_HEAD,
    },
    "model-secondary": {
        ("pupil-contact", "pupil", ROBIN): DSL,
        ("staff-abused", "parent", ROBIN): HEAD,
        ("friends-post", "myself", ROBIN): HEAD,
        ("colleague-misuse", "colleague", ROBIN): DSL,
        ("colleague-misuse", "dsl", ROBIN): HEAD,
        ("no-consent", "unsure", ROBIN): DPO,
    },
    "model-special": {
        ("staff-abused", "parent", "morgan-makebelieve"): "max-pretend",
        ("pupil-bullying", "pupil", "morgan-makebelieve"): "max-pretend",
        ("staff-abused", "parent", ROBIN): HEAD,
        ("pupil-bullying", "pupil", ROBIN): HEAD,
        ("grooming", "parent", ROBIN): DSL,
    },
}  # fmt: skip


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_each_report_goes_first_where_the_policy_says(practice, school):
    here = practice(school)
    wrong = {}
    general = EVERYWHERE if school == "model-primary" else dict(list(EVERYWHERE.items())[:7])
    for (kind, about, reporter), first in (general | PRINTED[school]).items():
        found = here.has(here.send(reporter, about=about, kind=kind))
        if found != [first]:
            wrong[kind, about, reporter] = found

    assert not wrong


def test_with_the_head_away_unsuitable_material_goes_to_the_senior_leadership(home, practice):
    away = ["2026-11-16/2026-11-20"]
    own_school(home, "model-primary", away={HEAD: away, DEPUTY_HEAD: away})
    oak = practice("model-primary")

    assert oak.has(oak.send(about="colleague", kind="unsuitable-material")) == [LEE]


def test_where_the_head_is_the_proprietor_it_goes_outside(home, practice):
    own_school(
        home, "model-primary", instead={"head_is_proprietor = false": "head_is_proprietor = true"}
    )
    oak = practice("model-primary")

    assert oak.has(oak.send(about="headteacher", kind="head-misuse")) == [OUTSIDE]


def test_the_reporter_says_when_they_have_rung(primary):
    reference = primary.send(about="chair-of-governors", kind="head-misuse")
    assert "Please ring" in primary.status(reference)
    heard = primary.say(f"/rang {reference}")

    assert "You said that you told" in heard
    assert "Please ring" not in heard
    assert "has reached its recipient" not in heard  # nobody was sent anything
    told = len(primary.told(ROBIN))
    for _ in range(10):
        primary.wait(days=1)
    assert len(primary.told(ROBIN)) == told


def test_the_working_day_to_ring_in_does_not_hang_on_the_schools_patience(home, practice):
    own_school(home, "model-primary", instead={
        "[reports]\n": "[reports.clock]\nremind_after_hours = 40\npass_on_after_hours = 90\n\n[reports]\n",
    })  # fmt: skip
    oak = practice("model-primary")
    oak.to_the_last_page(about="chair-of-governors", kind="head-misuse")

    assert re.search("(Monday 16|Tuesday 17) November", oak.fill(close=NOBODY))


# --- the desk ------------------------------------------------------------------------------------------


def test_the_desk_lists_without_contents_and_opens_on_request(primary):
    reference = primary.send(what="PLANTED", who="Morgan Nobody")
    listed = primary.say("/desk", DSL)

    assert reference in listed
    assert "PLANTED" not in listed
    assert "Morgan" not in listed
    assert "bullied" not in listed
    assert "PLANTED" in primary.say(f"/open {reference}", DSL)


def test_only_recipients_see_anything_on_their_desk(primary):
    reference = primary.send()
    for person in (ROBIN, BOBBY, HEAD, DEPUTY_HEAD, CHAIR, VICE_CHAIR, DEPUTY_DSL, DPO):
        assert primary.say("/desk", person) == "No report waits for you. plain"
        assert reference not in primary.say(f"/open {reference}", person)


def test_each_state_is_shown_as_what_it_is(primary):
    primary.to_the_last_page()
    carry = primary.conversation._carry
    primary.conversation._carry = _refuse  # nothing is carried just now
    reference = REFERENCE.search(primary.fill(close=NOBODY)).group()
    assert "on its way" in primary.status(reference)
    primary.conversation._carry = carry
    primary.wait(minutes=10)
    assert "a message that it waits has reached its recipient" in primary.status(reference)
    primary.say(f"/open {reference}", DSL)
    assert "it has been opened" in primary.status(reference)
    primary.do("acknowledge", reference, DSL)
    assert "it has been taken on" in primary.status(reference)
    primary.do("outcome", reference, DSL, text="Done.")
    assert "it is closed" in primary.status(reference)
    outside = primary.send(about="chair-of-governors", kind="head-misuse")
    assert "nobody in the school can be given it" in primary.status(outside)


async def _refuse(message):
    from bot.records.messages import NotSent

    raise NotSent("down")


def test_looking_at_the_desk_opens_nothing(primary):
    reference = primary.send()
    primary.say("/desk", DSL)

    assert "has reached its recipient" in primary.status(reference)


@pytest.mark.parametrize(
    "values", [{}, {"do": "nonsense"}, {"do": "note"}, {"do": "export"}], ids=str
)
def test_contents_are_never_shown_without_being_opened(primary, values):
    """Whatever shows them marks the report as opened and leaves a line in the trail."""
    reference = primary.send(what="PLANTED")
    heard = primary.say(f"/handle {reference}", DSL, **values)
    shown = "PLANTED" in heard or primary.reply.files
    opened = "has been opened" in primary.status(reference)

    assert opened or not shown
    assert (DSL, "opened", reference) in primary.audit() or not shown


def test_notes_referral_and_outcome_are_added_and_the_report_stays_as_it_was(primary):
    reference = primary.send(about="colleague", kind="unsuitable-material", what="As it was.")
    sealed = primary.rows("SELECT sealed FROM reports")
    primary.do("note", reference, HEAD, text="First note.")
    primary.say(f"/open {reference}", HEAD)
    heard = primary.say(f"/handle {reference}", HEAD, do="refer")
    assert any("SM-72" in q.source for q in primary.reply.form.quotes)  # the policy's checklist
    assert "before you act" in heard
    primary.now += timedelta(minutes=5)
    primary.fill(HEAD, to="lado", text="Spoke to the duty officer.")
    primary.now += timedelta(minutes=5)
    primary.do("outcome", reference, HEAD, text="Dealt with.")
    heard = primary.say(f"/open {reference}", HEAD)

    for expected in ("As it was.", "First note.", "referred to The local authority", "Spoke to the duty officer.",
                     "09:35 on 16 November", "outcome", "Dealt with."):  # fmt: skip
        assert expected in heard
    assert primary.rows("SELECT sealed FROM reports") == sealed
    actions = [
        action for actor, action, about in primary.audit() if about == reference and actor == HEAD
    ]
    assert {"opened", "acknowledged", "noted", "referred", "outcome", "closed"} <= set(actions)


def test_what_the_referral_form_asks_is_checked(primary):
    reference = primary.send()
    primary.say(f"/open {reference}", DSL)
    assert "Choose one of these" in primary.say(
        f"/refer {reference}", DSL, to="nonsense", text="kept"
    )
    assert "kept" in words(primary.forms[DSL])
    assert "10,000" in primary.say(f"/refer {reference}", DSL, to="lado", text="x" * 10_001)
    assert primary.rows("SELECT count(*) FROM entries") == [(0,)]


@pytest.mark.parametrize("done", ["note", "outcome"])
def test_a_note_and_an_outcome_need_words_and_what_was_typed_stays(primary, done):
    reference = primary.send()
    assert "Write a sentence or two" in primary.do(done, reference, DSL)
    long = "x" * 10_001
    assert "10,000 characters at most" in primary.do(done, reference, DSL, text=long)
    assert long in words(primary.forms[DSL])
    assert "closed" not in primary.status(reference)


def test_the_reporter_corrects_and_whoever_has_it_is_told(primary):
    reference = primary.send(what="On Tuesday.")
    primary.say(f"/add-to-report {reference}")
    assert "Added to" in primary.fill(text="It was Monday.")
    heard = primary.say(f"/open {reference}", DSL)

    assert "On Tuesday." in heard
    assert re.search("added by the reporter.{0,5}It was Monday", heard)
    assert "Something was added" in primary.told(DSL)[-1]
    assert "Monday" not in primary.told(DSL)[-1]


def test_what_is_added_is_checked_and_stays_typed(primary):
    reference = primary.send()
    long = "x" * 10_001
    assert "10,000" in primary.say(f"/add-to-report {reference}", text=long)
    assert long in words(primary.forms[ROBIN])
    assert primary.say(f"/add-to-report {reference}", text="  ")
    assert primary.rows("SELECT count(*) FROM entries") == [(0,)]


def test_a_report_under_a_hold_outlasts_its_time(primary):
    reference = primary.send()
    primary.do("outcome", reference, DSL, text="Done.")
    primary.do("hold", reference, DSL)
    assert "while the legal hold lasts" in primary.say(f"/open {reference}", DSL)
    primary.wait(days=365 * 30)
    assert primary.rows("SELECT count(*) FROM reports") == [(1,)]
    primary.do("release", reference, DSL)
    primary.wait(days=1)

    assert primary.rows("SELECT count(*) FROM reports") == [(0,)]
    assert primary.rows("SELECT count(*) FROM entries") == [(0,)]
    assert ("", "deleted", reference) in primary.audit()


def test_an_open_report_is_never_deleted(primary):
    primary.send()
    primary.wait(days=365 * 40)

    assert primary.rows("SELECT count(*) FROM reports") == [(1,)]


def test_a_report_of_a_child_is_kept_for_whole_years(primary):
    primary.send(about="pupil", kind="pupil-bullying")

    assert primary.rows("SELECT keep_until FROM reports")[0][0] >= "2051-11-16"


def test_an_export_holds_the_report_and_is_on_record(primary):
    reference = primary.send(what="Exactly this.\nAnd <that> & more.")
    primary.do("note", reference, DSL, text="My note.")
    primary.say(f"/open {reference}", DSL)
    primary.say(f"/handle {reference}", DSL, do="export")
    pdf, record = primary.reply.files
    text = " ".join(
        " ".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(pdf.content)).pages).split()
    )
    kept = json.loads(record.content)

    for expected in ("Exactly this.", "And <that> & more.", "My note.", "Robin Practice"):
        assert expected in text
    assert kept["report"]["content"]["what"] == "Exactly this.\nAnd <that> & more."
    assert kept["entries"][0]["text"] == "My note."
    assert kept["report"]["state"] == "acknowledged"
    assert (pdf.name, record.name) == (f"{reference}.pdf", f"{reference}.json")
    assert (DSL, "exported", reference) in primary.audit()


def test_anything_can_be_exported(primary):
    for text in ("\n".join((*HOSTILE, "x\x0by\x01", "<para>", "<", "&")), "a" * 9_999):
        reference = primary.send(what=text)
        primary.do("note", reference, DSL, text=text)
        assert "went wrong" not in primary.do("export", reference, DSL), text[:20]
        assert len(primary.reply.files) == 2


def test_a_welsh_letter_is_a_letter_in_the_pdf(primary):
    reference = primary.send(what="Gŵyl yn yr ŷd")
    primary.do("export", reference, DSL)
    (page,) = pypdf.PdfReader(io.BytesIO(primary.reply.files[0].content)).pages

    assert "Gŵyl yn yr ŷd" in page.extract_text()


def test_a_conflict_declared_unread_passes_it_on(primary):
    reference = primary.send()
    heard = primary.say(f"/too-close {reference}", DSL)

    assert "you will not see it again" in heard
    assert primary.has(reference) == [DSL, DEPUTY_DSL]
    assert "There is no report" in primary.say(f"/open {reference}", DSL)
    assert (DSL, "opened", reference) not in primary.audit()
    assert "next person" in " ".join(primary.told(ROBIN))


def test_a_conflict_declared_after_reading_passes_it_on(primary):
    reference = primary.send(about="colleague", kind="low-level-concern")
    primary.do("conflict", reference, HEAD)

    assert primary.has(reference) == [HEAD, CHAIR]  # everybody else answers to the Headteacher
    assert "There is no report" in primary.say(f"/open {reference}", HEAD)
    assert "No report waits" in primary.say("/desk", HEAD)
    assert re.search("It is with [^.]*Sam Sample", primary.status(reference))


def test_whom_the_reporter_marked_is_told_to_the_recipient(primary):
    """Or the Chair would talk it over with the very person."""
    reference = primary.send(close=(HEAD,))

    assert "Pat Example" in primary.say(f"/open {reference}", CHAIR)


# --- schools of our own --------------------------------------------------------------------------------


def own_school(
    home: Path,
    like: str,
    *,
    instead: Mapping[str, str] | None = None,
    away: Mapping[str, list[str]] | None = None,
) -> None:
    """Write a school that is like a model school but for its settings; its policy stays where it is read."""
    text = (model_folder(like) / "school.toml").read_text("utf-8")
    for old, new in (instead or {}).items():
        if old == "Alex Specimen":  # somebody has gone, and somebody else has their role
            text = re.sub(r"\[people\.alex-specimen\]\n(.+\n)*", "", text)
        assert old in text
        text = text.replace(old, new)
    for person, days in (away or {}).items():
        text = text.replace(
            f"[people.{person}]\n", f"[people.{person}]\naway = {json.dumps(days)}\n"
        )
    folder = home / "schools" / like
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    file = folder / "school.toml"
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text, "utf-8")
    assert file.stat().st_mtime_ns != before
