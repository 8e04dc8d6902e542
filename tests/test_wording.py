"""An answer speaks at the strength its clause has, in the school's own words where it has some."""

from __future__ import annotations

import itertools

import pytest

from bot.chat.render import Wording
from bot.errors import BadSettings
from bot.policy.model import Strength
from bot.policy.verdict import JUDGED, Verdict


def headline(verdict: str, strength: str, approver: str = "", *, skips: bool = False) -> str:
    return Wording().text(
        "headline", verdict=verdict, strength=strength, approver=approver, skips=skips
    )


EVERY = list(itertools.product(JUDGED, Strength, ("", "Headteacher (Pat Example)")))


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize(("verdict", "strength", "approver"), EVERY)
def test_every_verdict_at_every_strength_has_a_headline_of_one_line(
    verdict, strength, approver, skips
):
    said = headline(verdict, strength, approver, skips=skips)

    assert said
    assert "\n" not in said
    assert said.endswith(".")


@pytest.mark.parametrize(("verdict", "strength", "approver"), EVERY)
def test_a_headline_never_says_more_than_the_clause(verdict, strength, approver):
    said = headline(verdict, strength, approver).lower()

    if strength not in (Strength.MUST_NOT, Strength.MUST):
        assert "must" not in said
    if strength is not Strength.MUST_NOT:
        assert "must not" not in said
    if strength is not Strength.SHOULD_NOT:
        assert "advise" not in said
    if strength is not Strength.SHOULD:
        assert "should" not in said
    if verdict is not Verdict.YES:
        assert not said.startswith(("yes.", "yes the"))
    if verdict is Verdict.ONLY_IF:
        assert not said.startswith("no")
    if verdict is Verdict.NO:
        assert not said.startswith(("yes", "only"))


@pytest.mark.parametrize(
    ("verdict", "strength", "says"),
    [
        ("no", "must_not", "No. The policy says this must not be done."),
        ("no", "should_not", "You are advised not to."),
        ("no", "must", "the policy says what must be done instead"),
        ("no", "should", "the policy says what should be done instead"),
        ("no", "needs_approval", "ask before you act"),
        ("no", "may", "Do not take this as a yes."),
        ("yes", "may", "Yes. The policy allows this."),
        ("only_if", "may", "only under the condition in this clause"),
        ("only_if", "must_not", "Otherwise no: the policy says it must not be done."),
        ("only_if", "should_not", "Otherwise you are advised not to."),
        ("do", "must", "The policy says this must be done."),
        ("do", "should", "The policy says this should be done."),
        ("do", "may", "The policy says this may be done."),
        ("do", "must_not", "The policy says this must not be done."),
        ("do", "should_not", "The policy advises against this."),
        ("do", "information", "This is what the policy says."),
    ],
)
def test_the_headline_says_it_at_the_clauses_strength(verdict, strength, says):
    assert says in headline(verdict, strength)


def test_a_duty_that_is_to_be_skipped_is_named_as_one():
    assert "it must be done" in headline("no", "must", skips=True)
    assert "it should be done" in headline("no", "should", skips=True)


@pytest.mark.parametrize("verdict", ["only_if", "do"])
def test_who_approves_is_named_in_the_headline(verdict):
    assert "Pat Example" in headline(verdict, "needs_approval", "Headteacher (Pat Example)")


CLAUSES = """Staff must not keep a personal phone in a classroom. {{#PH-1{mark}}}"""
ASKED = "may I keep my phone in a classroom?"


@pytest.mark.parametrize(
    ("strength", "begins"),
    [
        ("must_not", "No. The policy says this must not be done."),
        ("should_not", "You are advised not to."),
    ],
)
def test_the_owners_strength_is_the_one_that_is_said(home, make_school, talk, strength, begins):
    make_school(home, "oak", phones=CLAUSES.format(mark=f" strength={strength}"))

    assert talk(home, "oak")(ASKED).startswith(begins)


def test_a_lead_in_is_shown_with_its_clause(home, make_school, talk):
    make_school(
        home,
        "oak",
        phones="Staff must not:\n- keep a personal phone in a classroom. {#PH-1}\n- lend it. {#PH-2}",
    )

    assert "Staff must not: “keep a personal phone in a classroom.” Phones Policy, “Rules” · PH-1 · version 3, 2026-09-01" in talk(home, "oak")(ASKED)  # fmt: skip


# --- a school's own wording -----------------------------------------------------------------------------


@pytest.fixture
def oak(home, make_school):
    folder = make_school(home, "oak", phones=CLAUSES.format(mark=""))
    (folder / "templates").mkdir()
    return folder / "templates"


def test_a_schools_own_template_takes_the_place_of_ours_and_the_others_stay(home, oak, talk):
    (oak / "headline.j2").write_text("Computer says {{ verdict }}.\n", "utf-8")
    heard = talk(home, "oak")(ASKED)

    assert heard.startswith("Computer says no.")
    assert "If your case is different, ask" in heard
    assert "Headteacher (Robin Head)" in heard


def test_another_school_keeps_our_wording(home, oak, talk, make_school):
    (oak / "headline.j2").write_text("Computer says {{ verdict }}.\n", "utf-8")
    make_school(home, "ash", phones=CLAUSES.format(mark=""))

    assert talk(home, "ash")(ASKED).startswith("No. The policy says")


@pytest.mark.parametrize(
    "text",
    ["{{ nobody_knows }}", "{% if %}", "{{ verdict.a.b }}", "{% include 'gone.j2' %}", "{{ 1 / 0 }}", "{{ verdict + 1 }}"],
)  # fmt: skip
def test_a_mistake_in_a_template_is_a_plain_line_that_names_it(home, oak, talk, text):
    (oak / "headline.j2").write_text(text, "utf-8")
    heard = talk(home, "oak")(ASKED)

    assert "headline.j2" in heard
    assert "the school's own copy" in heard


def test_a_template_that_is_not_utf_8_is_a_plain_line_that_names_it(home, oak, talk):
    (oak / "headline.j2").write_bytes(b"caf\xe9")

    assert "headline.j2" in talk(home, "oak")(ASKED)


def test_a_mistake_in_the_welcome_could_not_be_done(home, oak, mayi):
    (oak / "welcome.j2").write_text("{{ nobody_knows }}", "utf-8")
    ran = mayi("--home", home, "try", stdin=ASKED)

    assert ran.status == 3
    assert "welcome.j2" in ran.err
    assert ran.err.count("\n") == 1


def test_a_template_that_does_not_exist_is_our_error_and_says_its_name():
    with pytest.raises(BadSettings, match=r"no_such_message\.j2"):
        Wording().text("no_such_message")


def test_a_policys_words_are_values_and_never_templates(home, make_school, talk):
    make_school(
        home,
        "oak",
        phones="Staff must not keep a phone in a {{ 7 * 7 }} {% raw %} classroom. {#PH-1}",
    )

    assert "in a {{ 7 * 7 }} {% raw %} classroom." in talk(home, "oak")(ASKED)


def test_a_schools_name_and_holders_are_shown_as_written(home, make_school, talk):
    toml = 'name = "St <b>Anne\'s</b> [red] {{ 1 }}"\n[roles.headteacher]\nholder = "Zoë O\'Brien & Co"\n'
    make_school(home, "oak", toml, phones=CLAUSES.format(mark=""))
    heard = talk(home, "oak")("may I park my caravan in the playground?")

    assert "St <b>Anne's</b> [red] {{ 1 }}" in heard
    assert "Headteacher (Zoë O'Brien & Co)" in heard
