"""Plain text into blocks, in made-up documents of the shapes that schools publish."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.model import Block, BlockKind
from bot.policy.plaintext import blocks

H, P, ITEM, R = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ITEM, BlockKind.REMAINDER


def of(text: str) -> tuple[Block, ...]:
    return blocks(text.split("\n"))


def shape(text: str) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.text) for block in of(text)]


@pytest.mark.parametrize("bullet", ["·", "-", "•", "o", "*", "✓", "–", "➢", "\uf0b7"])
def test_a_bullet_makes_an_item(bullet: str) -> None:
    found = of(f"Leaders should:\n{bullet} carry a whistle\n{bullet} count heads")

    assert [(b.kind, b.text, b.marker) for b in found[1:]] == [
        (ITEM, "carry a whistle", bullet),
        (ITEM, "count heads", bullet),
    ]


@pytest.mark.parametrize("markers", ["1. 2.", "(a) (b)", "a) b)", "iv. v.", "(i) (ii)", "1) 2)"])
def test_a_number_or_letter_makes_an_item(markers: str) -> None:
    first, second = markers.split()
    found = of(f"Leaders should:\n\n{first} carry a whistle;\n{second} count heads.")

    assert [(b.kind, b.marker) for b in found] == [(P, ""), (ITEM, first), (ITEM, second)]


def test_headings_without_mark_up_touch_the_next_line() -> None:
    assert shape(
        "The minibus is kept at the back gate.\n"
        "4.2 Use of the Minibus\n"
        "Only trained staff may drive.\n"
        "4.3 Fuel\n"
        "The bursar holds the card.\n"
        "ii. Be safe:\n"
        "· Wear a belt."
    ) == [
        (P, "The minibus is kept at the back gate."),
        (H, "4.2 Use of the Minibus"),
        (P, "Only trained staff may drive."),
        (H, "4.3 Fuel"),
        (P, "The bursar holds the card."),
        (H, "ii. Be safe:"),
        (ITEM, "Wear a belt."),
    ]


def test_numbered_paragraphs_are_paragraphs_and_their_titles_headings() -> None:
    found = of(
        "3 Lettings\n3.1 The hall may be hired.\n3.2 Hirers must:\n(a) pay first\n(b) tidy up"
    )

    assert [(b.kind, b.marker) for b in found[1:]] == [
        (P, "3.1"),
        (P, "3.2"),
        (ITEM, "(a)"),
        (ITEM, "(b)"),
    ]


def test_a_numbered_title_is_a_heading_and_a_numbered_list_is_not() -> None:
    assert [
        kind
        for kind, _ in shape(
            "1. Introduction\n\nThe pool opened last year.\n\n2. Rules\n\nSwimmers must:\n\n"
            "1. shower\n2. tie back hair\n"
        )
    ] == [H, P, H, P, ITEM, ITEM]


def test_a_question_heads_its_answers() -> None:
    assert [kind for kind, _ in shape("Who may swim? When?\n\n- Anyone in Year 5.\n")] == [H, ITEM]


def test_a_short_statement_is_no_heading() -> None:
    assert [
        kind
        for kind, _ in shape(
            "Staff must sign in\n\nThe pool is heated.\n\nThis code is reviewed yearly\n\nEnd of page.\n"
        )
    ] == [P, P, P, P]


def test_a_line_that_its_items_complete_is_a_lead_in_not_a_heading() -> None:
    assert [
        kind
        for kind, _ in shape(
            "Pool Rules\n\nSwimming lanes and diving boards\n- Must not be used alone\n"
        )
    ] == [H, P, ITEM]


def test_a_sentence_broken_by_a_page_is_one_block() -> None:
    found = of(
        "- Lifeguards must watch the deep end whenever anyone is in\n\n"
        "Page 2 of 9\n\n"
        "the water. They must not read.\n- Be kind.\n"
    )

    assert [(b.kind, b.text, b.lines) for b in found] == [
        (ITEM, "Lifeguards must watch the deep end whenever anyone is in the water. They must not read.",
         (1, 5)),
        (R, "Page 2 of 9", (3,)),
        (ITEM, "Be kind.", (6,)),
    ]  # fmt: skip


def test_a_line_that_starts_lower_case_after_a_full_stop_is_left_alone() -> None:
    assert [kind for kind, _ in shape("The pool is open.\n are all heated in winter")] == [P, P]


def test_lines_wrapped_at_a_margin_are_one_paragraph() -> None:
    found = of(
        "The swimming pool is open to all pupils from the start of the\n"
        "summer term until the end of July each year, except on Fridays.\n"
        "Lifeguards are on duty at all times and wear yellow so that all\n"
        "swimmers can find them.\n"
        "\n"
        "  • Swimmers must shower before they enter the water and must\n"
        "    tie back long hair.\n"
        "  • Outdoor shoes are left by the door.\n"
        "\n"
        "Goggles may be hired.\n"
    )

    assert [(b.kind, b.lines) for b in found] == [
        (P, (1, 2, 3, 4)),
        (ITEM, (6, 7)),
        (ITEM, (8,)),
        (P, (10,)),
    ]


def test_a_bullet_alone_on_its_line_takes_the_next_line() -> None:
    assert shape("Swimmers must bring:\n•\na towel\n•\na coin") == [
        (P, "Swimmers must bring:"),
        (ITEM, "a towel"),
        (ITEM, "a coin"),
    ]


def test_a_word_hyphenated_at_a_line_s_end_is_not_torn_apart() -> None:
    assert (
        of("Lanes are for pre-\nbooked swimmers.")[0].text == "Lanes are for pre-booked swimmers."
    )


def test_deeper_marks_make_deeper_items() -> None:
    found = of("Swimmers must bring:\n1. kit\n   a. towel\n      - clean\n   b. cap\n2. coin")

    assert [(b.marker, b.level) for b in found[1:]] == [
        ("1.", 1), ("a.", 2), ("-", 3), ("b.", 2), ("2.", 1),
    ]  # fmt: skip


def test_a_list_that_lost_its_bullets_is_still_a_list() -> None:
    assert [kind for kind, _ in shape("Swimmers must not:\nrun on the side;\ndive;\npush others.")] == [
        P, ITEM, ITEM, ITEM,
    ]  # fmt: skip


def test_a_duplicated_paragraph_is_kept_twice() -> None:
    rule = "Anyone who breaks these rules will be asked to leave the pool for the day."

    assert shape(f"{rule}\n\nThe cafe is open.\n\n{rule}").count((P, rule)) == 2


def test_what_is_not_the_policy_s_body_is_named() -> None:
    found = of(
        "SWIMMING POLICY\n"
        "\n"
        "Lakeside Academy\n"
        "\n"
        "Reviewed: May 2024   Next review date: May 2025\n"
        "Premises Committee\n"
        "\n"
        "Contents\n"
        "Scope ........ 3\n"
        "\n"
        "Scope\n"
        "\n"
        "The code covers the pool. It will be reviewed each May.\n"
        "\n"
        "https://lakeside.example/policies\n"
        "\n"
        "Name\tPosition\tSignature\n"
        "R. Vale\tPool Manager\tRV\n"
        "Signed: ____________ Chair\n"
        "Date:\n"
    )

    assert [(b.kind, b.why) for b in found] == [
        (R, "title"),
        (R, "school name"),
        (R, "review date"),
        (R, "review date"),
        (R, "contents"),
        (R, "contents"),
        (H, ""),
        (P, ""),
        (R, "link"),
        (R, "table of signatures"),
        (R, "table of signatures"),
        (R, "signatures"),
        (R, "signatures"),
    ]


def test_a_table_row_that_states_a_rule_is_kept_as_a_paragraph() -> None:
    assert shape("Phones\tStaff must keep phones in a locker all day.") == [
        (P, "Phones Staff must keep phones in a locker all day.")
    ]


def test_a_running_header_is_page_furniture() -> None:
    body = "\n\n".join(
        f"Acme Pool Handbook\n\nRule number {n} is that all must sign in." for n in "1234"
    )

    assert Counter(b.why for b in of(body)) == {"": 4, "page furniture": 4}


_TYPICAL = """
    Staff must not The Rules · - • o * 1. 2. (a) iv. 5.1 Scope : ; . Date: Signed ____
    Reviewed 2024 page 3 Contents the and Policy School
"""
_WORDS = st.sampled_from([*_TYPICAL.split(), "\t", "\f", "\x1f", ""])
_LINES = st.lists(
    st.one_of(st.text(max_size=50), st.lists(_WORDS, max_size=12).map(" ".join)), max_size=20
)


@settings(max_examples=200, deadline=None)
@given(_LINES)
def test_every_line_that_is_not_blank_is_in_exactly_one_block(lines: list[str]) -> None:
    found = blocks(lines)

    held = Counter(number for block in found for number in block.lines)
    wanted = Counter(n for n, line in enumerate(lines, start=1) if line.strip())
    assert held == wanted


@settings(max_examples=150, deadline=None)
@given(_LINES)
def test_a_block_s_words_are_its_lines_words(lines: list[str]) -> None:
    for block in blocks(lines):
        source = "".join("".join(lines[n - 1].split()) for n in block.lines)
        assert "".join(f"{block.marker}{block.text}".split()) == source
