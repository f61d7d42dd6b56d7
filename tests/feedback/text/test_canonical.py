"""What parse_json, canonicalise and canonical_text accept, and how they refuse the rest."""

import json
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.text import canonical
from feedback.text.canonical import CanonicalError, canonical_text, canonicalise, parse_json

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
integers = st.integers(-(2**53 - 1), 2**53 - 1)
numbers = integers | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def refusal(data: bytes | str, **limits: int) -> CanonicalError:
    with pytest.raises(CanonicalError) as caught:
        parse_json(data, **{"max_bytes": 10_000_000, **limits})
    return caught.value


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        (b'{"a": ["x", "y\\u0000z"]}', "nul", "/a/1"),
        (b'{"a": {"k\\u0000": 1}}', "nul", "/a"),
        (b'{"a": "\x00"}', "malformed", ""),
        (b'["\\ud800"]', "surrogate", "/0"),
        (b'{"\\udfff": 1}', "surrogate", ""),
        (b'["\\ud83d x"]', "surrogate", "/0"),
        ('["\ud800"]', "surrogate", ""),
        (b'["\xed\xa0\x80"]', "utf8", ""),
        (b'["\xff"]', "utf8", ""),
        ('["é"]'.encode("utf-16"), "utf8", ""),
        (b"\xef\xbb\xbf[]", "malformed", ""),
        (b'{"a": NaN}', "not-finite", "/a"),
        (b"[-Infinity]", "not-finite", "/0"),
        (b'{"a": [0, 1e999]}', "not-finite", "/a/1"),
        (b"9007199254740992", "integer-range", ""),
        (b'{"a": -9007199254740992}', "integer-range", "/a"),
        (b'{"a": 123456789012345678901234567890}', "integer-range", "/a"),
        (b"[" + b"9" * 5000 + b"]", "integer-range", "/0"),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "duplicate-key", "/a/b"),
        (b'[{"a/b~c": 1, "a/b~c": 1}]', "duplicate-key", "/0/a~1b~0c"),
        (b'{"a\\u0000": 1, "a\\u0000": 2}', "nul", ""),
        (b"[" * 100_000, "too-deep", ""),
        (b'{"a":' * 100_000, "too-deep", ""),
        (b"[" * 65 + b"]" * 65, "too-deep", ""),
        (b'[{"a":' * 33 + b"1" + b"}]" * 33, "too-deep", ""),
        (b"[1,]", "malformed", ""),
        (b"[1] 2", "malformed", ""),
        (b"{'a': 1}", "malformed", ""),
        (b"", "malformed", ""),
        (b"]" * 1000, "malformed", ""),
        (b'"' + b'\\"' * 100_000, "malformed", ""),
    ],
)
def test_it_refuses_hostile_json_with_a_code_and_a_pointer(data: bytes | str, code: str, pointer: str) -> None:
    error = refusal(data)
    assert (error.code, error.pointer) == (code, pointer)
    assert "\0" not in error.message


def test_it_refuses_more_bytes_than_allowed_also_when_given_as_text() -> None:
    assert refusal(b'"aaaa"', max_bytes=5).code == "too-large"
    assert refusal('"éé"', max_bytes=5).code == "too-large"
    assert parse_json('"éé"', max_bytes=6) == "éé"


def test_it_says_where_malformed_json_breaks() -> None:
    assert refusal(b'{"a": 1,, }').message.endswith("at character 8.")


def test_it_accepts_what_is_at_the_edge() -> None:
    assert parse_json(b"[" * 64 + b"]" * 64, max_bytes=200) == json.loads("[" * 64 + "]" * 64)
    assert parse_json(b"[9007199254740991, -9007199254740991]", max_bytes=99) == [2**53 - 1, 1 - 2**53]
    assert parse_json(b'["\\ud83d\\ude00", "\\\\u0000", "\\\\ud800"]', max_bytes=99) == ["😀", "\\u0000", "\\ud800"]


def test_brackets_inside_text_are_not_depth() -> None:
    value = ["[" * 1000, '\\"{{{' * 50, {"{[" * 100: []}]
    assert parse_json(json.dumps(value), max_bytes=10_000) == value


def test_wide_is_not_deep() -> None:
    value: list[list[list[int]]] = [[[] for _ in range(5)] for _ in range(500)]
    assert parse_json(json.dumps(value), max_bytes=100_000) == value


@given(values)
def test_it_gives_back_every_canonical_value(value: object) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        assert parse_json(text, max_bytes=10_000_000) == value
        assert parse_json(text.encode(), max_bytes=10_000_000) == value
    assert canonicalise(value) is value


@given(st.text(st.sampled_from('[]{}":,\\u0a1 \n'), max_size=60))
def test_it_accepts_nothing_that_the_standard_library_refuses(text: str) -> None:
    try:
        value = parse_json(text, max_bytes=1000)
    except CanonicalError:
        return
    assert json.loads(text) == value


@pytest.mark.parametrize("text", [" a \r\n b\t", "é", "e\u0301", "\ufeffx", "👩🏽‍🚀", "\u2028\u202e", "\ufffe"])
def test_text_is_never_changed(text: str) -> None:
    assert canonical_text(text) == text
    assert parse_json(json.dumps(text), max_bytes=100) == text


@pytest.mark.parametrize(
    ("value", "code", "pointer"),
    [
        ({"a": ["ok", "\0"]}, "nul", "/row/a/1"),
        ({"a\0": 1}, "nul", "/row"),
        (["\udc00"], "surrogate", "/row/0"),
        ({"a": math.nan}, "not-finite", "/row/a"),
        ([math.inf], "not-finite", "/row/0"),
        ({"a": 2**53}, "integer-range", "/row/a"),
        ({1: "a"}, "type", "/row"),
        ({"a": b"bytes"}, "type", "/row/a"),
        ({"a": {1, 2}}, "type", "/row/a"),
    ],
)
def test_parsed_values_meet_the_same_rules(value: object, code: str, pointer: str) -> None:
    with pytest.raises(CanonicalError) as caught:
        canonicalise(value, pointer="/row")
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_parsed_values_may_nest_as_deep_as_json_may() -> None:
    value: list[object] = []
    for _ in range(63):
        value = [value]
    assert canonicalise(value) is value
    with pytest.raises(CanonicalError, match="deeper than 64"):
        canonicalise([value])


def test_a_pointer_is_safe_to_store_and_bounded() -> None:
    error = refusal(json.dumps({"k" * 5000: {"a": "\0"}}))
    assert error.code == "nul"
    assert len(error.pointer) <= 301


WRITTEN = ('"a"', '"a":', '"a" :', '"a"  :', '"a"\t:', '"\\":', '"\\"', '"\\\\":', '"\\\\"', '"b":', ":", "{", "}", "[",
           "]", ",", " ", "1", "-0", "1.5", "1e3", "-0.0", "1e16", "9007199254740993", "123456789012345678901", "null",
           '"x\\u0022:"', '"\\u0000"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\u0061":', '" :"', '"é"', '"\x01"',
           "NaN")  # fmt: skip
pieces = st.lists(st.sampled_from(WRITTEN), max_size=14).map("".join)
objects = st.lists(
    st.tuples(st.sampled_from(WRITTEN[:10]), st.sampled_from(WRITTEN[17:])).map("".join), max_size=5
).map(lambda members: "{" + ",".join(members) + "}")


def suspect(*given: Any) -> None:
    raise canonical._Suspect


@given(pieces | objects | objects.map(lambda text: f"[{text},{text}]"))
def test_the_quickest_way_refuses_and_reads_as_the_slow_one(text: str) -> None:
    def read(way: Callable[[bytes], Any]) -> str | None:
        try:
            return repr(way(text.encode()))
        except (CanonicalError, canonical._Suspect, msgspec.DecodeError):
            return None

    quick = read(lambda data: canonical._quickest(data, 64))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(canonical, "_quickest", suspect)
        slow = read(lambda data: parse_json(data, max_bytes=10_000))
    assert quick in {None, slow}
    assert read(lambda data: parse_json(data, max_bytes=10_000)) == slow


def test_the_quickest_way_is_taken() -> None:
    said = 'The "{"a": 1}": a\n "\\\\": b'
    row = {"messages": [{"role": "user", "content": said}], "score": -0.5, "tags": ["é", None]}
    for escaped in (True, False):
        assert canonical._quickest(json.dumps(row, ensure_ascii=escaped).encode(), 64) == row
    with pytest.raises(canonical._Suspect):
        canonical._quickest(b'{"a": 1, "a": 1}', 64)
