"""Acknowledging a policy as people meet it: asked, read in place, confirmed by oneself, followed up at a pace."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.model import Event, Reply
from tests.conftest import unframed
from tests.stores import python

REFERENCE = re.compile(r"A-[0-9A-Z]{4}-[0-9A-Z]{2}")
FIRST_DAY = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)  # a Tuesday, and an INSET day
SCHOOL = """name = "Oak School"
[roles.headteacher]
holder = "Robin Head"
[roles.chair-of-governors]
holder = "Chris Chair"
[roles.dsl]
holder = "Lee Lead"
[people.robin-head]
name = "Robin Head"
[people.chris-chair]
name = "Chris Chair"
staff = false
[people.lee-lead]
name = "Lee Lead"
[people.sam-sample]
name = "Sam Sample"
team = "Year 3"
answers_to = ["lee-lead"]
[people.robot]
name = "Office Robot"
group = "service"
[people.jo-away]
name = "Jo Away"
away = ["2026-08-20/2026-12-18"]
[people.ny-new]
name = "Ny New"
starts = 2026-11-02
[people.ex-staff]
name = "Ex Staff"
leaves = 2026-08-31
[outside.lado]
phone = "01632 960001"
[calendar]
inset = [2026-09-01]
terms = [
  { name = "Autumn Term 2026", first = 2026-09-02, last = 2026-12-18, half_term = "2026-10-26/2026-10-30" },
  { name = "Spring Term 2027", first = 2027-01-04, last = 2027-03-25, half_term = "2027-02-15/2027-02-19" },
  { name = "Summer Term 2027", first = 2027-04-12, last = 2027-07-21, half_term = "2027-05-31/2027-06-04" },
]
[acknowledgements]
"""
PHONES = """Staff must not keep a personal phone switched on in a classroom. {#PH-1}
Staff should keep their own devices in a locker during lessons. {#PH-2}
Staff may use their own phones in the staff room at any time. {#PH-3}
Staff must read this policy each year. {#PH-4}"""


class Oak:
    """A conversation with a school on a day of our choosing."""

    def __init__(self, talk, folder) -> None:
        self.talk, self.folder = talk, folder
        self.now = FIRST_DAY
        talk.conversation.site.clock = lambda: self.now

    def __call__(self, text: str, who: str = "sam-sample", /, **values) -> str:
        return self.talk(text, who, **values)

    def fill(self, who: str = "sam-sample", /, **values) -> str:
        return self.talk.fill(who, **values)

    def form(self, who: str = "sam-sample"):
        return self.talk.forms[who]

    def read(self, who: str = "sam-sample", policy: str = "phones") -> str:
        """Open a policy as the button of the list does."""
        reply = self.talk.conversation.handle(Event("/acknowledge", who))
        return self.talk(button(reply, policy), who)

    def confirm(self, who: str = "sam-sample", policy: str = "phones", **values) -> str:
        """Read a policy page by page and confirm it."""
        heard = self.read(who, policy)
        while self.form(who):
            last = self.form(who).submit.startswith("I have read")
            heard = self.fill(who, **(values if last else {}))
            if last:
                break
        return heard

    def told(self, who: str = "sam-sample") -> list[str]:
        """Every message that reached them."""
        return [
            unframed(" ".join((d.card.headline, *d.card.lines, *(q.text for q in d.card.quotes))))
            for d in self.talk.conversation.delivered
            if d.person == who
        ]

    def days(self, number: int) -> None:
        """Let days go by; the clock looks twice on each, as two processes would."""
        for _ in range(number):
            self.now += timedelta(days=1)
            self.talk.conversation.tick()
            self.talk.conversation.tick()

    def rows(self, query: str) -> list[tuple]:
        file = self.folder.parents[1] / "data" / "mayi.db"
        with contextlib.closing(sqlite3.connect(file)) as conn:
            return conn.execute(query).fetchall()

    def kept(self) -> list[tuple]:
        return self.rows("SELECT person, policy, kind, epoch, year FROM acks ORDER BY at, kind")

    def said(self) -> list[dict]:
        """What is sealed of every acknowledgement."""
        store = self.talk.conversation.site.opened
        return [store.sealer.open(s) for (s,) in self.rows("SELECT sealed FROM acks ORDER BY at")]

    def audit(self) -> list[tuple[str, str, str]]:
        store = self.talk.conversation.site.opened
        found = [store.sealer.open(s) for (s,) in self.rows("SELECT sealed FROM audit ORDER BY n")]
        return [(s["actor"], s["action"], s["about"]) for s in found]


def button(reply: Reply, words: str) -> str:
    """What the button whose words hold these says."""
    found = [b.says for c in reply.cards for b in c.buttons if words in b.says]
    assert found, reply
    return found[0]


@pytest.fixture
def oak(home, make_school, talk):
    def open_(settings: str = "", **policies: str) -> Oak:
        folder = make_school(home, "oak", SCHOOL + settings, **(policies or {"phones": PHONES}))
        return Oak(talk(home, "oak"), folder)

    return open_


# --- reading and confirming ----------------------------------------------------------------------------


def test_a_policy_is_read_in_place_and_confirmed(oak):
    says = oak()
    heard = says("/acknowledge")
    assert (
        heard.startswith("➡ 1 policy to read and confirm")
        or "1 policy to read and confirm" in heard
    )
    page = says.read()

    assert "Phones Policy, version 3 · page 1 of 1" in page
    assert "Staff must not keep a personal phone switched on in a classroom." in page
    assert "I have read Phones Policy, version 3, and confirm it" in page

    heard = says.fill()
    assert "It is recorded that you have read and confirmed Phones Policy, version 3" in heard
    assert REFERENCE.search(heard)
    assert says.kept() == [("sam-sample", "phones", "confirmed", 1, 2026)]
    assert "Nothing awaits you" in says("/acknowledge")


def test_what_is_kept_names_person_text_and_way_and_stands_in_the_trail(oak):
    says = oak()
    reference = REFERENCE.search(says.confirm("lee-lead"))[0]
    (said,) = says.said()

    assert said["name"] == "Lee Lead"
    assert said["roles"] == ["Designated Safeguarding Lead"]
    assert (said["title"], said["version"]) == ("Phones Policy", "3")
    assert (said["language"], said["channel"]) == ("en-GB", "terminal")
    assert ("lee-lead", "confirmed", reference) in says.audit()


def test_twice_is_once(oak):
    says = oak()
    says.read()
    page = says.form().says
    says.fill()

    assert "You confirmed Phones Policy on 1 September 2026" in says(page)
    assert len(says.kept()) == 1


def test_nobody_confirms_for_somebody_else(oak):
    says = oak()
    says.read("lee-lead")
    page = says.form("lee-lead").says

    assert "made for somebody else, so nothing was recorded" in says(page, "sam-sample")
    assert says.kept() == []


def test_somebody_who_has_left_is_refused(oak):
    says = oak()
    says.read()
    page = says.form().says.replace("sam-sample", "ex-staff")

    assert "staff roster" in says(page, "ex-staff")
    assert "staff roster" in says("/acknowledge", "ex-staff")
    assert says.kept() == []


def test_a_text_that_changed_while_it_was_read_is_not_confirmed(oak, rewrite):
    says = oak()
    says.read()
    rewrite(says.folder, "phones", PHONES.replace("in a classroom", "in any classroom"))
    heard = says.fill()

    assert "The policy changed while you were reading. Nothing was recorded" in heard
    assert "in any classroom" in heard
    assert says.kept() == []
    assert "It is recorded" in says.fill()
    assert says.kept() == [("sam-sample", "phones", "confirmed", 2, 2026)]


def test_after_the_date_it_still_counts_and_says_so(oak):
    says = oak()
    says.talk.conversation.tick()
    says.now += timedelta(days=60)

    assert "which is past; you can still confirm it" in says("/acknowledge")
    assert "It was due by 29 September 2026. It counts, with today's date." in says.confirm()


def test_pages_go_forward_and_back_and_hold_every_clause(oak):
    clauses = "\n".join(
        f"Staff must keep rule number {n} in mind. {{#PH-{n}}}" for n in range(1, 31)
    )
    says = oak(phones=clauses)
    heard = [says.read()]
    while not says.form().submit.startswith("I have read"):
        heard.append(says.fill())

    assert len(heard) == 3
    assert [f"rule number {n} in" in " ".join(heard) for n in range(1, 31)] == [True] * 30
    back = next(b.says for b in says.form().buttons if b.label == "Back")
    assert "page 2 of 3" in says(back)


@pytest.mark.parametrize("name", ["phones and watches", "Phone policy autumn 2026 version 2"])
def test_a_policy_whose_file_has_spaces_in_its_name_is_read_and_confirmed_like_any_other(oak, name):
    clauses = "\n".join(
        f"Staff must keep rule number {n} in mind. {{#PH-{n}}}" for n in range(1, 16)
    )
    says = oak(**{name: clauses})
    assert "page 1 of 2" in says.read(policy=name)
    assert "page 2 of 2" in says.fill()
    assert "page 1 of 2" in says(next(b.says for b in says.form().buttons if b.label == "Back"))
    assert "page 2 of 2" in says.fill()
    says(next(b.says for b in says.form().buttons if "question" in b.says))
    assert "Robin Head is told" in says.fill(kind="question", text="And at lunch?")
    assert "It is recorded that you have read and confirmed" in says.confirm(policy=name)

    assert says.kept() == [
        ("sam-sample", name, "confirmed", 1, 2026),
        ("sam-sample", name, "question", 1, 2026),
    ]


def test_a_question_on_the_way_is_answered_above_the_same_page(oak):
    says = oak()
    says.read()
    heard = says.fill(ask="may I keep my phone switched on in a classroom?")

    assert "No. The policy says this must not be done." in heard
    assert "page 1 of 1" in heard
    assert says.kept() == []
    assert "It is recorded" in says.fill()


def test_what_changed_comes_first_with_the_old_beside_the_new(oak, rewrite):
    says = oak()
    says.confirm()
    changed = PHONES.replace("a locker", "the office").replace(
        "Staff may use their own phones in the staff room at any time. {#PH-3}",
        "Staff must charge phones at home. {#PH-5}",
    )
    rewrite(says.folder, "phones", changed)
    assert "It has changed since you confirmed it." in says("/acknowledge")
    heard = says.read()

    assert "First, what changed since you confirmed it last" in heard
    assert "Before · PH-2" in heard
    assert "in a locker during" in heard
    assert "Now · PH-2" in heard
    assert "in the office during" in heard
    assert "New · PH-5" in heard
    assert "Withdrawn · PH-3" in heard
    assert "PH-1" not in heard
    assert "PH-1" in says.fill()


def test_check_questions_come_from_the_clauses_and_a_wrong_answer_shows_the_clause(oak):
    says = oak("questions = 2\n")
    says.read()
    fields = [f for f in says.form().fields if f.name.startswith("check-")]
    assert len(fields) == 2
    right = {"…": ""}
    for field in fields:
        kind = (
            "do-not"
            if "switched on" in field.label
            else "may"
            if "staff room" in field.label
            else "do"
        )
        right[field.name] = kind
    del right["…"]
    wrong = {name: "may" if kind != "may" else "do" for name, kind in right.items()}
    heard = says.fill(**wrong)

    assert "Look at the clause again" in heard
    assert says.kept() == []
    assert "It is recorded" in says.fill(**right)


# --- questions, exceptions -----------------------------------------------------------------------------


def test_whoever_cannot_agree_is_heard_by_the_owner_and_stays_on_the_list(oak):
    says = oak()
    says.read()
    form = next(b.says for b in says.form().buttons if "question" in b.says)
    says(form)
    assert "Write something" in says.fill(kind="declined")
    heard = says.fill(kind="declined", text="I carry a phone for a\nmedical reason.")
    reference = REFERENCE.search(heard)[0]

    assert "That you cannot agree is recorded" in heard
    assert "Robin Head is told" in heard
    assert says.kept() == [("sam-sample", "phones", "declined", 1, 2026)]
    (message,) = says.told("robin-head")
    assert "cannot agree to Phones Policy" in message
    assert "medical" not in message
    assert "> medical reason." in says(f"/acknowledge-asked {reference}", "robin-head")
    assert "no such question" in says(f"/acknowledge-asked {reference}", "lee-lead")
    assert ("lee-lead", "refused", reference) in says.audit()
    assert "Your question about it has gone to its owner." in says("/acknowledge")


def test_an_owners_own_question_goes_to_whoever_they_answer_to(oak):
    says = oak()
    says.read("robin-head")
    says(
        next(b.says for b in says.form("robin-head").buttons if "question" in b.says), "robin-head"
    )
    says.fill("robin-head", kind="question", text="Who decides?")

    assert len(says.told("chris-chair")) == 1


def test_an_exception_is_declared_by_a_leader_marked_as_that_and_not_read(oak):
    says = oak()
    says("/acknowledge-except", "lee-lead")
    assert [o.value for o in says.form("lee-lead").fields[0].options] == ["sam-sample"]
    says.fill("lee-lead", person="sam-sample")
    assert "Give the day on the paper" in says.fill(
        "lee-lead", policies=("phones",), reason="paper"
    )
    heard = says.fill("lee-lead", policies=("phones",), reason="paper", on="31 August 2026")

    assert "marked as declared by Lee Lead" in heard
    assert "Not read." in heard
    (said,) = says.said()
    assert (said["by"], said["reason"], said["on"]) == ("lee-lead", "paper", "2026-08-31")
    assert says.kept() == [("sam-sample", "phones", "excepted", 1, 2026)]
    assert "You have not confirmed it." in says("/acknowledge")


def test_only_whoever_somebody_answers_to_declares_an_exception(oak):
    says = oak()
    for leader in ("sam-sample", "jo-away", "chris-chair"):
        heard = says("/acknowledge-except lee-lead", leader)
        if leader != "chris-chair":
            assert "only for somebody who answers to you" in heard
    assert "only for somebody who answers to you" in says(
        "/acknowledge-except lee-lead", "lee-lead"
    )
    assert says.form("lee-lead") is None
    assert "only for somebody" in says("/acknowledge-except robin-head", "robin-head")
    says("/acknowledge-except lee-lead", "robin-head")
    assert says.form("robin-head").says == "/acknowledge-except lee-lead"


# --- being asked ---------------------------------------------------------------------------------------


def test_everybody_at_work_is_asked_on_the_first_staff_day_and_nobody_else(oak):
    says = oak()
    says.now = datetime(2026, 8, 31, 8, 30, tzinfo=UTC)
    says.talk.conversation.tick()
    assert not says.talk.conversation.delivered
    says.days(1)

    for person in ("sam-sample", "lee-lead", "robin-head"):
        (message,) = says.told(person)
        assert "Phones Policy: read and confirm by 29 September" in message
        assert "Your school asks for this each year." in message
    for person in ("robot", "jo-away", "ny-new", "ex-staff", "chris-chair"):
        assert says.told(person) == []
    assert says.rows("SELECT policy, cause, opens, due FROM rounds") == [
        ("phones", "2026", "2026-09-01", "2026-09-29")
    ]


def test_a_message_says_that_the_policy_asks_only_where_a_clause_does(oak):
    says = oak('clause = { phones = "PH-4" }\n')
    says.days(0)
    says.talk.conversation.tick()
    (message,) = says.told()

    assert "Your policy asks for this each year" in message
    assert "Staff must read this policy each year." in message


def test_reminders_come_after_a_week_each_and_then_the_leader_hears(oak):
    says = oak()
    says.talk.conversation.tick()
    counts = []
    for _ in range(5):
        says.days(7)
        counts.append(len(says.told()))

    assert counts == [2, 3, 4, 4, 4]
    assert [("This is a reminder" in m) for m in says.told()] == [False, True, True, True]
    leaders = [m for m in says.told("lee-lead") if "of your colleagues" in m]
    assert len(leaders) == 2
    open_ = says.rows("SELECT person FROM items WHERE state = 'open' AND reminder = 'acknowledge'")
    assert open_.count(("sam-sample",)) == 1
    assert "Sam Sample" in leaders[0]


def test_whoever_confirms_hears_no_more(oak):
    says = oak()
    says.talk.conversation.tick()
    says.confirm()
    says.days(40)

    assert len(says.told()) == 1
    assert not [m for m in says.told("lee-lead") if "Sam Sample" in m]


def test_whoever_confirms_before_the_digest_goes_gets_none(oak):
    says = oak()
    says.now = datetime(
        2026, 9, 1, 7, 5, tzinfo=UTC
    )  # open since 8:00 there; the digest goes at 8:15
    says.talk.conversation.tick()
    says.confirm()
    assert ("sam-sample", "done") in says.rows("SELECT person, state FROM items")
    says.now = FIRST_DAY
    says.talk.conversation.tick()

    assert says.told() == []
    assert len(says.told("lee-lead")) == 1


def test_nobody_is_reminded_in_the_holidays_or_at_a_weekend(oak):
    says = oak()
    says.now = datetime(2026, 10, 22, 8, 30, tzinfo=UTC)  # the last Thursday before half term
    says.talk.conversation.tick()
    assert len(says.told()) == 1
    says.days(12)
    assert len(says.told()) == 1
    says.days(3)
    assert says.now.date().isoformat() == "2026-11-06"
    assert len(says.told()) == 2


def test_a_new_starter_is_asked_on_arrival_and_somebody_back_when_they_are_back(oak):
    says = oak()
    says.now = datetime(2026, 10, 30, 8, 30, tzinfo=UTC)
    says.talk.conversation.tick()
    says.days(2)
    assert says.told("ny-new") == []
    says.days(1)
    assert "by 30 November" in says.told("ny-new")[0]
    says.now = datetime(2026, 12, 18, 8, 30, tzinfo=UTC)
    says.days(20)
    (message,) = says.told("jo-away")
    assert "by 1 February" in message
    assert "This is a reminder" not in message


def test_a_change_of_rules_asks_everybody_again_once_and_a_minor_one_nobody(oak, rewrite):
    says = oak()
    says.talk.conversation.tick()
    says.confirm()
    file = rewrite(says.folder, "phones", PHONES.replace("a locker", "a cupboard"))
    text = file.read_text("utf-8")
    file.write_text(text.replace('version: "3"', 'version: "3.1"\nminor: "3.1"'), "utf-8")
    says.days(1)
    assert len(says.told()) == 1
    assert "Nothing awaits you" in says("/acknowledge")

    for place in ("a drawer", "a bag", "the office"):  # several edits within a day
        rewrite(says.folder, "phones", PHONES.replace("a locker", place))
        says("/acknowledge")
    says.days(1)
    assert len(says.told()) == 2
    assert "It has changed since you confirmed it." in says.told()[1]
    assert [r[1] for r in says.rows("SELECT policy, cause FROM rounds ORDER BY opens")] == [
        "2026",
        "e4",
    ]


def test_dates_in_the_front_matter_change_nothing(oak):
    says = oak()
    says.confirm()
    file = says.folder / "policies" / "phones.md"
    text = file.read_text("utf-8").replace("2026-09-01", "2026-09-02")
    file.write_text(text.replace('version: "3"', 'version: "4"'), "utf-8")

    assert "Nothing awaits you" in says("/acknowledge")


def test_the_round_opens_anew_each_year_and_can_be_renewed_early(oak):
    says = oak()
    says.confirm()
    says.now = datetime(2027, 7, 1, 8, 30, tzinfo=UTC)
    assert "already" not in says("/acknowledge")
    says.now = datetime(2027, 7, 10, 8, 30, tzinfo=UTC)
    assert "early for the round of 2027" in says("/acknowledge")
    assert "It counts for the round of 2027" in says.confirm()
    assert says.kept() == [
        ("sam-sample", "phones", "confirmed", 1, 2026),
        ("sam-sample", "phones", "confirmed", 1, 2027),
    ]
    says.now = datetime(2027, 9, 2, 8, 30, tzinfo=UTC)
    says.talk.conversation.tick()
    assert says.told() == []
    assert "1 policy to read" in says("/acknowledge", "lee-lead")


def test_two_policies_are_one_message_and_one_line_at_home(oak):
    says = oak(phones=PHONES, email="Staff must use the school email address. {#EM-1}")
    says.talk.conversation.tick()
    (message,) = says.told()

    assert "2 policies to read and confirm by 29 September" in message
    assert "Email Policy, Phones Policy" in message
    assert "2 policies to read and confirm by 29 September" in says("/home")
    says.confirm(policy="email")
    says.confirm(policy="phones")
    assert "to read and confirm" not in says("/home")


def test_a_policy_is_asked_of_whom_the_school_names(oak):
    says = oak(
        'who = { phones = ["team:Year 3", "governors"] }\n',
        phones=PHONES,
        email="Staff must write. {#EM-1}",
    )

    assert "Phones" in says("/acknowledge", "sam-sample")
    assert "Phones" not in says("/acknowledge", "lee-lead")
    heard = says("/acknowledge", "chris-chair")
    assert "Phones" in heard
    assert "Email" not in heard


def test_a_school_that_asks_nobody_says_so(home, make_school, talk):
    make_school(home, "ash", phones=PHONES)

    assert "does not ask anybody" in talk(home, "ash")("/acknowledge", "robin-head")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("within_days = 0", "from 1 to 200"),
        ('from = "first of September"', 'such as "1 September"'),
        ('policies = ["phone"]', "no policy 'phone' here; its policies are phones"),
        ('who = "staff"', "write a list"),
        ("questions = 9", "from 0 to 3"),
        ("fequency = 1", "has no setting 'fequency'"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line_and_home_still_opens(oak, line, says):
    school = oak(f"{line}\n")

    assert says in school("/acknowledge")
    assert "went wrong" not in school("/home")
    assert "to read and confirm" not in school("/home")


# --- before a change is published ----------------------------------------------------------------------

LEAVE = """Phones Policy

Staff must not keep a personal phone switched on in a classroom.

Staff should keep their own devices in a cupboard during lessons.
"""


@pytest.fixture
def published(oak, mayi, tmp_path):
    """A school whose policy came from a document, and what imports the document with other words."""
    says = oak()
    home = says.folder.parents[1]
    document = tmp_path / "phones.txt"

    def bring_in(text: str, *options: str) -> str:
        document.write_text(text, "utf-8")
        ran = mayi("--home", home, "policy", "import", document, "--school", "oak", *options)
        return ran.out + ran.err

    bring_in(LEAVE)
    return says, bring_in


CHANGED = LEAVE.replace("a cupboard", "the office")
ASKED_AGAIN = "2 people have confirmed this policy this year and will be asked again."


def test_the_owner_hears_how_many_confirmations_a_change_voids_before_it_is_made(published):
    says, bring_in = published
    for person in ("sam-sample", "lee-lead"):
        says.confirm(person, "phones-policy")
    file = says.folder / "policies" / "phones-policy.md"
    before = file.read_text("utf-8")

    heard = bring_in(CHANGED, "--dry-run")
    assert "Nothing is written." in heard
    assert ASKED_AGAIN in heard
    assert file.read_text("utf-8") == before
    assert ASKED_AGAIN in bring_in(CHANGED)
    assert file.read_text("utf-8") != before
    assert "Phones Policy, version 2" in says("/acknowledge")


def test_a_minor_change_voids_none_and_the_next_one_does(published):
    says, bring_in = published
    says.confirm(policy="phones-policy")
    heard = bring_in(CHANGED, "--minor")
    assert "A minor change" in heard
    assert "asked again." not in heard.replace("is not asked again.", "")
    assert "Phones Policy, version 2" not in says("/acknowledge")

    assert "1 person has confirmed" in bring_in(LEAVE.replace("a cupboard", "a drawer"))
    assert "Phones Policy, version 3. It has changed" in says("/acknowledge")


def test_a_first_version_is_no_minor_change(oak, mayi, tmp_path):
    says = oak()
    (tmp_path / "new.txt").write_text(LEAVE.replace("Phones", "Tablets"), "utf-8")
    home = says.folder.parents[1]
    ran = mayi(
        "--home", home, "policy", "import", tmp_path / "new.txt", "--school", "oak", "--minor"
    )

    assert ran.status == 2
    assert "nothing is a minor change of it" in ran.err


@pytest.mark.parametrize("word", ["true", "yes"])
def test_minor_in_a_file_names_a_version(oak, mayi, word):
    says = oak()
    file = says.folder / "policies" / "phones.md"
    file.write_text(file.read_text("utf-8").replace("code:", f"minor: {word}\ncode:"), "utf-8")
    ran = mayi("--home", says.folder.parents[1], "check")

    assert "minor names the version" in ran.out + ran.err


@pytest.mark.parametrize("key", ["clause", "discussion"])
def test_check_names_a_clause_that_is_said_to_ask_for_it_and_that_no_policy_has(oak, mayi, key):
    home = oak(f'{key} = {{ phones = "PH-4" }}\n').folder.parents[1]
    assert "acknowledgements" not in mayi("--home", home, "check").out

    oak(f'{key} = {{ phones = "PH-9" }}\n')
    ran = mayi("--home", home, "check")

    assert ran.status == 1
    assert (
        f"oak: acknowledgements.{key}: phones names clause PH-9, which no policy has; correct it, or take it out"
    ) in " ".join(ran.out.split())


# --- two processes, and one that dies ------------------------------------------------------------------

TICK = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from bot.app.talk import Conversation
from bot.config import Home
conversation = Conversation(Home(Path(sys.argv[1])), "oak")
conversation.site.clock = lambda: datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
conversation.tick()
conversation.close()
"""
STAFF = [f"member-{n}" for n in range(60)]


@pytest.fixture
def crowd(oak):
    """A school with sixty more people, and who was asked how often."""
    said = "".join(f'[people.{p}]\nname = "{p.title()}"\n' for p in STAFF)
    says = oak(said)
    says("/acknowledge")  # the records are there

    def asked() -> dict[str, tuple[int, int]]:
        """Of each person: items, and messages that tell them."""
        items = says.rows(
            "SELECT person, COUNT(*) FROM items WHERE reminder = 'acknowledge' GROUP BY person"
        )
        messages = dict(says.rows("SELECT person, COUNT(*) FROM messages GROUP BY person"))
        return {person: (number, messages.get(person, 0)) for person, number in items}

    return says, asked


def everybody_once(asked: dict[str, tuple[int, int]]) -> bool:
    once = {"sam-sample", "lee-lead", "robin-head", *STAFF}
    return {p: n for p, n in asked.items() if p in once} == dict.fromkeys(once, (1, 1))


def test_two_processes_ask_everybody_once(crowd):
    says, asked = crowd
    home = says.folder.parents[1]
    for process in [python(TICK, home) for _ in range(3)]:
        assert process.wait() == 0, process.stdout.read()

    assert everybody_once(asked())


def test_a_process_that_dies_while_it_asks_leaves_nobody_out_and_nobody_twice(crowd):
    says, asked = crowd
    process = python(TICK, says.folder.parents[1])
    while not asked() and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    says.talk.conversation.tick()

    assert everybody_once(asked())
