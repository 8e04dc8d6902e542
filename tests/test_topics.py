"""What a text is about, and which words are near each other: from tables anybody can read, alike each time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy import encoder, topics
from bot.policy.lexicon import lexicon
from bot.policy.near_words import near as near_words


def about(question: str) -> topics.Subject:
    return topics.of_question(lexicon().expand(question), encoder.read(question))


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("may I accept a friend request from a pupil?", "friend-pupil"),
        ("can I wear my smart watch in class?", "smart-watch"),
        ("may I park my caravan behind the gym?", "off-topic"),
    ],
)
def test_the_chief_topic_of_a_question_comes_first(question, topic):
    assert next(iter(about(question).chief)) == topic


@pytest.mark.parametrize("text", ["", "xyzzy", "may I add a pupil?", "🙂"])
def test_the_topics_of_any_text_share_the_whole_probability(text):
    found = about(text)

    assert math.isclose(sum(found.spread), 1.0, abs_tol=1e-3)
    assert len(found.spread) == len(found.roots)


def test_topics_the_owner_gives_are_all_it_is_about():
    found = topics.given(["smart-watch", "phone-breaks"])

    assert dict(found.chief) == {"smart-watch": 1.0, "phone-breaks": 1.0}
    assert sum(found.spread) == 2.0


def test_a_word_is_near_itself_and_others_of_its_kind_but_not_words_of_grammar():
    near = near_words(lexicon().expand("may the youngster dance"))

    assert len(near) == 2
    assert all(1.0 in n.stems.values() for n in near)
    assert all(0 < likeness <= 1 for n in near for likeness in n.stems.values())


def test_texts_that_mean_much_the_same_point_nearly_the_same_way_whatever_their_words():
    asked, same, other = (
        encoder.read(text).direction
        for text in (
            "can I wear my smart watch in lessons?",
            "Wearable technology is put away while pupils are taught.",
            "Governors review this policy every two years.",
        )
    )

    assert encoder.likeness(asked, same) > encoder.likeness(asked, other) + 0.2


@given(st.one_of(st.text(max_size=200), st.sampled_from(["x" * 400, "the photo " * 300])))
def test_any_text_can_be_read_and_points_somewhere(text):
    read = encoder.read(text)

    assert math.isclose(encoder.likeness(read.direction, read.direction), 1.0, abs_tol=1e-3)


def test_a_direction_that_was_kept_is_nearly_the_same():
    direction = encoder.read("may I add a pupil?").direction

    assert encoder.likeness(direction, encoder.unkept(encoder.kept(direction))) > 0.99
