"""How alike two texts are, and that alike ones are found."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from feedback.text.hashes import fold
from feedback.text.likeness import BANDS, ROWS, buckets, is_near, likeness, packed, shingles, signature, unpacked

WORDS = [f"word{n}" for n in range(3000)]


def text(seed: int, words: int = 80) -> list[str]:
    return random.Random(seed).choices(WORDS, k=words)


def changed(words: list[str], at: int) -> list[str]:
    return [*words[:at], "another", *words[at + 1 :]]


def test_runs_of_five_words_are_counted_once() -> None:
    assert len(shingles("a b c d e f")) == 2
    assert len(shingles("a a a a a a a a")) == 1


@pytest.mark.parametrize("short", ["", "one", "one two three four"])
def test_a_short_text_is_like_none(short: str) -> None:
    assert shingles(short) == frozenset()
    assert likeness(shingles(short), shingles(short)) == 0
    assert buckets(shingles(short)) == []


def test_likeness_is_the_share_of_all_runs_that_both_have() -> None:
    one, other = shingles("a b c d e f g"), shingles("a b c d e f h")
    assert likeness(one, other) == 2 / 4
    assert not is_near(one, other)


def test_one_word_of_eighty_is_near_and_found() -> None:
    found = near = 0
    for seed in range(400):
        words = text(seed)
        one, other = shingles(" ".join(words)), shingles(" ".join(changed(words, 1 + seed % 78)))
        near += is_near(one, other)
        found += bool(set(buckets(one)) & set(buckets(other)))
    assert (near, found) == (400, 400)


def test_texts_that_differ_share_no_bucket() -> None:
    seen: set[int] = set()
    for seed in range(300):
        mine = set(buckets(shingles(" ".join(text(seed)))))
        assert not mine & seen
        seen |= mine


def test_case_spaces_and_unicode_forms_are_the_same_text() -> None:
    assert shingles(fold("May I  cancel the Ⅳ contract, please?")) == shingles(
        fold("may i cancel the IV contract, please?")
    )


def test_the_numbers_stay_what_they_were() -> None:
    """Sketches are kept: another release of a library must not give others."""
    found = shingles(" ".join(text(1)))
    told = sha256(f"{packed(found)} {signature(found).tobytes().hex()} {buckets(found)}".encode()).hexdigest()
    assert told[:16] == "119be1d4652a2954"
    assert len(buckets(found)) == BANDS
    assert BANDS * ROWS <= 128


def test_the_signature_estimates_the_likeness() -> None:
    words = text(7, 400)
    one, other = shingles(" ".join(words)), shingles(" ".join(words[:300] + text(8, 100)))
    sketches = [MinHash(hashvalues=signature(found), scheme="affine32") for found in (one, other)]
    assert sketches[0].jaccard(sketches[1]) == pytest.approx(likeness(one, other), abs=0.13)


@given(st.frozensets(st.integers(0, 2**32 - 1), max_size=50))
def test_packing_loses_nothing(found: frozenset[int]) -> None:
    assert unpacked(packed(found)) == found
