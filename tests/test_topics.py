"""What a text is about, and which words are near each other: from tables anybody can read, alike each time."""

from __future__ import annotations

import math

import pytest

from bot.policy import network, topics
from bot.policy.lexicon import lexicon


def about(question: str) -> topics.Subject:
    return topics.of_question(lexicon().expand(question))


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
    near = network.near(lexicon().expand("may the youngster dance"))

    assert len(near) == 2
    assert all(1.0 in n.stems.values() for n in near)
    assert all(0 < likeness <= 1 for n in near for likeness in n.stems.values())


def test_a_text_of_unknown_words_points_nowhere():
    assert not any(network.direction(network.tokens(["qzxqzx"])))
