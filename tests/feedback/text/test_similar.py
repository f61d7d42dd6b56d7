"""Likeness of texts by TF-IDF and cosine, against numbers worked by hand."""

from __future__ import annotations

from math import log, sqrt

import pytest

from feedback.text.similar import similarities


def test_it_is_the_cosine_of_weighted_words() -> None:
    """Texts "a a b" and "a c": N = 2; a is in both, b and c in one each."""
    rare, shared = log(1 + 2 / 1), log(1 + 2 / 2)
    mine, theirs = ((1 + log(2)) * shared, rare), (shared, rare)
    lengths = sqrt(sum(w * w for w in mine)) * sqrt(sum(w * w for w in theirs))
    assert similarities("a a b", ["a c"]) == [pytest.approx(mine[0] * theirs[0] / lengths)]


def test_the_same_words_are_one_and_no_word_in_common_is_zero() -> None:
    found = similarities("Claims end after 30 days.", ["claims END after 30 days", "Hello there", "", "***"])
    assert found == [pytest.approx(1.0), 0.0, 0.0, 0.0]


def test_a_rare_word_in_common_says_more_than_one_of_all_texts() -> None:
    rare, common, *_ = similarities("sorry but", ["sorry sir", "but sir", *["but what"] * 5])
    assert rare > common > 0


def test_texts_without_spaces_are_compared_by_their_characters() -> None:
    one = "保険の請求は三十日以内に行ってください。" * 4
    near, far = similarities(one, [one.replace("三十", "六十"), "今日は天気がとても良いので散歩に行きましょう。" * 4])
    assert near > 0.8 > far
