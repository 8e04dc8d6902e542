"""What an answer is: the verdict from the clause's own strength, the right clause however it is asked."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from bot.app.answers import Engine, answer_object
from bot.config import Home
from bot.policy.verdict import Verdict

# --- a verdict is about the act, at the clause's strength ------------------------------------------

RULES = """Staff must not accept a pupil as a friend on social media. {#PH-1}
Staff should not give their personal phone number to a parent. {#PH-2}
Staff may use a personal phone in the staffroom at lunchtime. {#PH-3}
Staff must ask the Headteacher for permission before they open a social media account for the school. {#PH-4}
Staff must set the privacy settings of their own social media accounts to the highest level. {#PH-5}
Staff should report an abusive post to the Designated Safeguarding Lead. {#PH-6}
The Headteacher reviews this policy each September. {#PH-7}"""


@pytest.fixture(scope="module")
def oak(tmp_path_factory):
    """A school with one short policy."""
    root = tmp_path_factory.mktemp("oak")
    folder = root / "schools" / "oak"
    (folder / "policies").mkdir(parents=True)
    (folder / "school.toml").write_text(
        'name = "Oak"\n[answers]\ncontact = "slt"\n[roles.slt]\ntitle = "Leaders"\n', "utf-8"
    )
    (folder / "policies" / "social-media.md").write_text(
        '---\ntitle: Social Media Policy\nversion: "1"\ncode: PH\nnext_id: 9\n---\n\n# Rules\n\n'
        + RULES.replace("\n", "\n\n"),
        "utf-8",
    )
    engine = Engine(Home(root))
    return lambda q: engine.answer(engine.home.school("oak"), q)


@pytest.mark.parametrize(
    ("asked", "clause", "verdict", "strength"),
    [
        ("may I accept a pupil as a friend on Facebook?", "PH-1", "no", "must_not"),
        ("am I banned from adding pupils as friends on Instagram?", "PH-1", "no", "must_not"),
        ("can I give a parent my personal phone number?", "PH-2", "no", "should_not"),
        ("may I use my phone in the staffroom at lunchtime?", "PH-3", "yes", "may"),
        ("can I open a Facebook account for the school?", "PH-4", "only_if", "needs_approval"),
        ("do I have to set my Facebook privacy settings to high?", "PH-5", "do", "must"),
        ("may I skip setting my privacy settings on Facebook?", "PH-5", "no", "must"),
        ("who do I report an abusive post to?", "PH-6", "do", "should"),
        ("how often is this policy reviewed?", "PH-7", "do", "information"),
    ],
)
def test_the_verdict_is_about_the_act_at_the_clauses_strength(
    oak, asked, clause, verdict, strength
):
    found = oak(asked)

    assert found.found
    assert found.found[0].entry.clause.id == clause
    assert (found.verdict, found.strength) == (verdict, strength)


@pytest.mark.parametrize("message", ["/nonsense", "blah", "qzx wvk"])
def test_what_says_nothing_is_not_covered(oak, message):
    assert oak(message).verdict == "not_covered"


def test_a_word_the_clause_lacks_is_read_by_its_meaning(oak):
    assert oak("may I befriend a schoolboy on Instagram?").found[0].entry.clause.id == "PH-1"


def test_an_approval_names_who_gives_it(oak):
    assert oak("can I open a Facebook account for the school?").tell == "headteacher"


def test_a_route_names_whom_to_tell(oak):
    assert oak("who do I report an abusive post to?").tell == "dsl"


def test_where_the_policy_is_silent_the_schools_own_contact_is_named(oak):
    found = oak("may I park my caravan in the playground?")

    assert (found.verdict, found.found, found.strength, found.tell) == (
        "not_covered",
        (),
        None,
        "slt",
    )


def test_an_incident_that_no_clause_covers_goes_to_the_safeguarding_contact(oak):
    found = oak("A child told me she was sent a nude picture by another pupil")

    assert found.incident == "indecent-images"
    assert found.tell == "dsl"


def test_a_question_that_only_wonders_discloses_nothing(oak):
    assert oak("what counts as an indecent image of a pupil?").incident is None
    assert oak("may I message a pupil?").incident is None


def test_the_best_clause_comes_first_and_scores_fall(oak, engine):
    for found in [oak("may I accept a pupil as a friend on Facebook?"), *everything(engine)]:
        scores = [f.score for f in found.found]
        assert all(0 <= s <= 1 for s in scores)
        assert len(scores) <= 5
        if not found.conflict:
            assert scores == sorted(scores, reverse=True), found.question


def test_several_questions_are_answered_strictest_first(oak):
    found = oak(
        "may I use my phone in the staffroom at lunchtime? may I park my caravan in the playground? "
        "can I accept a pupil as a friend on TikTok? do I have to set my Facebook privacy settings to high?"
    )

    assert [a.verdict for a in (found, *found.also)] == ["no", "do", "not_covered", "yes"]
    assert [a.position for a in (found, *found.also)] == [3, 4, 2, 1]


def test_the_same_question_is_answered_the_same_every_time(built):
    asked = "may I message a pupil on Instagram?"
    objects = [answer_object(built, "model-secondary", asked) for _ in range(3)]

    assert objects[0] == objects[1] == objects[2]


# --- nobody is told to look at, keep or send an indecent image ---------------------------------------

IMAGES = (
    "a pupil has shown me a nude photo of another pupil, should I screenshot it?",
    "may I forward an indecent image of a child to the headteacher as evidence?",
    "can I save a naked picture of a pupil so that I can report it?",
    "I found a sexual image of a student on a school laptop, what do I do?",
    "should I keep a copy of the nudes a pupil sent me?",
)


@pytest.mark.parametrize("asked", IMAGES)
@pytest.mark.parametrize("school", ["model-infant", "model-secondary", "model-special"])
def test_no_leave_is_ever_given_to_handle_an_indecent_image(engine, school, asked):
    found = engine.answer(engine.home.school(school), asked)

    assert found.careful
    assert found.verdict not in ("yes", "only_if")
    for f in found.found:
        text = f.entry.clause.text.lower()
        assert "screenshot" not in text or re.search(r"\b(not|never|unless|except)\b", text), text


UNSAFE = """Staff must keep a screenshot of any abusive or indecent post as evidence. {#IM-1}

Staff may store an indecent image of a pupil on the school drive if the Headteacher agrees. {#IM-2}

Staff must report an indecent image of a pupil to the Designated Safeguarding Lead. {#IM-3}
"""


@pytest.fixture
def unsafe(tmp_path, make_school):
    """A school whose policy tells staff what nobody may be told."""
    folder = make_school(tmp_path, "ash")
    head = '---\ntitle: Images\nversion: "1"\ncode: IM\nnext_id: 9\n---\n\n# Images\n\n'
    (folder / "policies" / "images.md").write_text(head + UNSAFE, "utf-8")
    engine = Engine(Home(tmp_path))
    return lambda q: engine.answer(engine.home.school("ash"), q)


def test_a_clause_to_keep_evidence_is_not_shown_where_it_would_mean_such_an_image(unsafe):
    images = unsafe("should I keep a screenshot of an indecent image of a pupil as evidence?")
    abuse = unsafe("should I keep a screenshot of an abusive post as evidence?")

    assert "IM-1" not in [f.entry.clause.id for f in images.found]
    assert "IM-1" in [f.entry.clause.id for f in abuse.found]


def test_a_policy_that_gives_leave_to_store_one_gets_no_yes(unsafe):
    for asked in (
        "may I store an indecent image of a pupil on the school drive?",
        "may I store an indecent image of a pupil on the school drive if the Headteacher agrees?",
        "is it allowed to store an indecent image of a pupil?",
    ):
        assert unsafe(asked).verdict not in ("yes", "only_if"), asked


# --- however it is asked ------------------------------------------------------------------------------

SCHOOLS = ("model-secondary", "model-primary")
PLAIN = """can I accept a friend request from a pupil on Facebook?
may I message a pupil on Facebook?
Can I post photos of the class trip on my own Facebook page?
am I allowed to check Facebook during lessons?
Can I give pupils my personal mobile number?
can I add a parent as a friend on Facebook?
A parent has written something nasty about me on Facebook, what should I do?
What should I do if a colleague is misusing social media?
who do I tell if the headteacher is posting about pupils?
How often is this policy reviewed?
May I say on Facebook which school I work at?
Can I be friends with a former pupil on Facebook?
can I use my school email address to open a Facebook account?
What happens if I break this policy?
do I have to set my Facebook profile to private?
Can I moan about my class on Facebook?
can I post a picture of a colleague without asking?
Can I use the school logo on my own Facebook page?
do I have to sign to say I have read this policy?
may I take photos of children on my own phone?
can I set up a Facebook page for my class?
Who approves a new school Facebook account?
can I use my phone in the classroom?
Can I share my school password with a colleague?
am I allowed to join a parents' group on Facebook?
how old must a child be to use Facebook?
Can parents take photos at the school play?
can I post confidential information about the school on Facebook?
A pupil has sent me a friend request on Facebook, what do I do?
Can I swear on Facebook?
May I use a fake name on Facebook?
Can I play online games with pupils?
can I write on Facebook that I disagree with the headteacher?
What should I do if a child tells me they are being bullied on Facebook?
Can I use the school laptop to look at Facebook?
may I reply to a parent's complaint on Facebook?
who does this policy apply to?
can I browse social media for fun in lesson time on the school computer?
Can I talk to journalists about an incident at school?
Can I upload a video of pupils to Facebook?""".splitlines()


def everything(engine: Engine) -> list:
    return [engine.answer(engine.home.school(s), q) for s in SCHOOLS for q in PLAIN]


def longest_word(question: str) -> str:
    return max(re.findall(r"[A-Za-z]{6,}", question), key=len, default="")


def swapped(question: str) -> str:
    """Two letters in the middle of the longest word change places."""
    word = longest_word(question)
    at = len(word) // 2
    return (
        question.replace(word, word[:at] + word[at + 1] + word[at] + word[at + 2 :], 1)
        if word
        else question
    )


def dropped(question: str) -> str:
    """A letter in the middle of the longest word is left out."""
    word = longest_word(question)
    at = len(word) // 2
    return question.replace(word, word[:at] + word[at + 1 :], 1) if word else question


def brand(name: str) -> Callable[[str], str]:
    return lambda question: question.replace("Facebook", name)


def changed(engine: Engine, retold: Callable[[str], str]) -> list[str]:
    """The questions whose first clause is another one when they are told in this way."""
    found = []
    for school in map(engine.home.school, SCHOOLS):
        for question in PLAIN:
            other = retold(question)
            if other != question:
                a, b = engine.answer(school, question), engine.answer(school, other)
                if [f.entry.clause.id for f in a.found[:1]] != [
                    f.entry.clause.id for f in b.found[:1]
                ]:
                    found.append(f"{school.id}: {other}")
    return found


@pytest.mark.parametrize(
    ("retold", "at_most"),
    [
        # At most: of 80 (two schools, forty questions), measured. It may fall; it may not rise.
        pytest.param(str.upper, 0, id="in capitals"),
        pytest.param(str.lower, 0, id="in small letters"),
        pytest.param(lambda q: q.rstrip("?"), 0, id="without a question mark"),
        pytest.param(lambda q: f"  {q.replace(' ', '  ')} ", 0, id="with spaces to spare"),
        pytest.param(brand("Instagram"), 0, id="of Instagram"),
        pytest.param(brand("TikTok"), 0, id="of TikTok"),
        pytest.param(swapped, 0, id="with two letters swapped"),
        pytest.param(dropped, 0, id="with a letter left out"),
        pytest.param("Hi, {}".format, 0, id="after a greeting"),
        pytest.param("Good morning! {}".format, 0, id="after a longer greeting"),
        pytest.param("{} Thanks".format, 0, id="with thanks"),
        pytest.param("{} Many thanks, Sam".format, 0, id="with thanks and a name"),
    ],
)
def test_how_it_is_put_does_not_change_the_first_clause(engine, retold, at_most):
    other = changed(engine, retold)

    assert len(other) <= at_most, "\n".join(other)


@pytest.mark.parametrize(
    "question",
    [
        "One boy's mum never gave the consent form back. Can his photo go on the school website?",
        "can I put a child on the website if the parents said no",
        "May I put up her picture without her parents' permission?",
        "The carers withdrew consent last week, is it ok to keep her picture on our website?",
    ],
)
def test_a_condition_that_the_question_says_is_unmet_gives_no_leave(engine, question):
    found = engine.answer(engine.home.school("model-infant"), question)

    assert found.verdict in (Verdict.NO, Verdict.NOT_COVERED, Verdict.DO)


def test_a_condition_that_the_question_says_is_met_is_named(engine):
    asked = (
        "Parents have given written permission. Can I put the child's photo on the school website?"
    )
    found = engine.answer(engine.home.school("model-infant"), asked)

    assert found.verdict is Verdict.ONLY_IF
