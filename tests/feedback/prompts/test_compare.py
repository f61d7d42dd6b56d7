"""What changed between two versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.prompts.compare import changed, parameters, texts
from feedback.prompts.models import PromptVersion

WORDS = st.lists(st.sampled_from(["be", "warm", " ", "\n", "use", ",", "👩‍👩‍👧"]), max_size=20).map("".join)


@given(WORDS, WORDS)
def test_what_is_not_gone_is_the_newer_text_and_what_is_not_added_the_older(older: str, newer: str) -> None:
    found = changed("System text", older, newer)
    kept = {"gone": found.text, "added": found.text}
    for mark in reversed(found.marks):
        kept[mark.kind] = kept[mark.kind][: mark.start] + kept[mark.kind][mark.end :]
    assert kept["gone"] == newer
    assert kept["added"] == older
    assert found.is_same == (older == newer)


def test_a_rewritten_phrase_reads_as_one_change() -> None:
    found = changed("System text", "Answer briefly and warmly.", "Answer in full detail.")
    assert [found.text[mark.start : mark.end] for mark in found.marks] == ["briefly and warmly", "in full detail"]


def test_texts_that_neither_has_are_left_out() -> None:
    older, newer = PromptVersion(system="Be brief."), PromptVersion(system="Be warm.")
    assert [part.name for part in texts(older, newer)] == ["System text"]
    assert texts(PromptVersion(), PromptVersion()) == []


@pytest.mark.parametrize(("value", "words"), [(0.2, "0.2"), ("auto", "auto"), ([1, "ü"], '[1, "ü"]'), (None, "")])
def test_parameters_side_by_side(value: object, words: str) -> None:
    older, newer = PromptVersion(parameters={"a": value, "b": 1}), PromptVersion(parameters={"a": value, "c": 2})
    assert parameters(older, newer) == [
        {"name": "a", "older": words, "newer": words, "is_same": True},
        {"name": "b", "older": "1", "newer": "", "is_same": False},
        {"name": "c", "older": "", "newer": "2", "is_same": False},
    ]
