"""Word diffs: lossless, small, and quick on anything."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.text.diff import MAX_TOKENS, word_diff

texts = st.lists(
    st.sampled_from(["plan", "pays", " ", "\r\n", "12", ",", "é", "e\u0301", "東京", "👩🏽‍🚀"]), max_size=25
).map("".join)


@given(texts | st.text(), texts | st.text())
def test_the_steps_give_back_both_texts(a: str, b: str) -> None:
    steps = word_diff(a, b)
    assert "".join(part for _, part, _ in steps) == a
    assert "".join(part for _, _, part in steps) == b
    for op, part_a, part_b in steps:
        assert (op == "equal") == (part_a == part_b)
        assert (op == "delete") == (part_b == "")
        assert (op == "insert") == (part_a == "")


@given(texts)
def test_equal_texts_have_one_equal_step(text: str) -> None:
    assert word_diff(text, text) == ([("equal", text, text)] if text else [])


def test_only_the_changed_words_are_marked() -> None:
    assert word_diff("It pays after 6 hours, up to €250.", "It pays after 12 hours up to €250.") == [
        ("equal", "It pays after ", "It pays after "),
        ("replace", "6", "12"),
        ("equal", " hours", " hours"),
        ("delete", ",", ""),
        ("equal", " up to €250.", " up to €250."),
    ]


def test_text_without_spaces_is_compared_by_ideograph_and_emoji_stay_whole() -> None:
    assert ("replace", "高", "低") in word_diff("東京タワーは高い", "東京タワーは低い")
    assert ("replace", "👩🏽‍🚀", "👨🏽‍🚀") in word_diff("a 👩🏽‍🚀 b", "a 👨🏽‍🚀 b")


@pytest.mark.parametrize("words", [1, 2, 50, 10**9])
def test_long_and_repetitive_texts_are_no_trap(words: int) -> None:
    source = random.Random(1)
    a, b = (" ".join(str(source.randrange(words)) for _ in range(MAX_TOKENS // 4)) for _ in range(2))
    started = time.thread_time()
    steps = word_diff(a, b)
    assert time.thread_time() - started < 10  # processor seconds; difflib takes 40
    assert "".join(part for _, part, _ in steps) == a


def test_beyond_the_cap_the_whole_is_one_replacement() -> None:
    a, b = "a " * MAX_TOKENS, "b " * MAX_TOKENS
    assert word_diff(a, b) == [("replace", a, b)]
    assert word_diff(a, a) == [("equal", a, a)]
