"""What tools were called with, as people read it."""

from __future__ import annotations

import pytest

from feedback.text.fields import LONGEST, fields_of


def test_texts_are_plain_and_parts_are_indented() -> None:
    text = '{"train": "8:15", "late": 95, "far": null, "stops": ["Lyon", {"at": 1.5}], "long": ["%s"]}' % ("x" * 60)
    assert fields_of(text) == [
        ("train", "8:15"),
        ("late", "95"),
        ("far", "null"),
        ("stops", '["Lyon", {"at": 1.5}]'),
        ("long", '[\n  "%s"\n]' % ("x" * 60)),
    ]


@pytest.mark.parametrize(
    "text", ["", "Policy 7", "[1, 2]", '{"a": 1', "{" * 5_000, '{"a":' * 5_000, '{"n": ' + "9" * 9_000 + "}", "{}",
             '{"a": "' + "x" * LONGEST + '"}'],
)  # fmt: skip
def test_what_is_no_object_stays_as_it_was_sent(text: str) -> None:
    assert fields_of(text) == []
