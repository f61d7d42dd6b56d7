"""Offsets in code points, through every kind of text that broke them elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.text.spans import SpanError, check_span, code_points_to_utf16, context, segments, utf16_to_code_points

AWKWARD = ["👩🏽‍🚀", "e\u0301", "𝒳", "\r\n", "\n", "שלום", "مرحبا", "\u2028", "क्षि", "a", " ", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "\u202e", "<&>"]
texts = st.lists(st.sampled_from(AWKWARD) | st.text(max_size=3), max_size=12).map("".join)


@st.composite
def text_with_range(draw: st.DrawFn) -> tuple[str, int, int]:
    text = draw(texts.filter(bool))
    start = draw(st.integers(0, len(text) - 1))
    return text, start, draw(st.integers(start + 1, len(text)))


def why(text: str, start: int, end: int, quote: str) -> str:
    with pytest.raises(SpanError) as caught:
        check_span(text, start, end, quote)
    return caught.value.code


@given(text_with_range())
def test_the_text_at_the_offsets_is_accepted_and_nothing_else(case: tuple[str, int, int]) -> None:
    text, start, end = case
    check_span(text, start, end, text[start:end])
    assert why(text, start, end, text[start:end] + "x") == "quote-mismatch"


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [(-1, 2, "before-start"), (2, 2, "empty"), (3, 2, "empty"), (0, 6, "after-end"), (5, 6, "after-end")],
)
def test_offsets_outside_the_text_are_refused(start: int, end: int, code: str) -> None:
    assert why("hello", start, end, "hello"[max(0, start) : end]) == code


@pytest.mark.parametrize("offset", [True, 1.0, "1", None])
def test_offsets_that_are_no_whole_numbers_are_refused(offset: object) -> None:
    assert why("hello", offset, 3, "el") == "offset-type"  # type: ignore[arg-type]


def test_a_client_that_counts_utf16_units_is_told_so() -> None:
    text = "😀😀 twelve hours"
    with pytest.raises(SpanError, match="UTF-16"):
        check_span(text, 5, 11, "twelve")
    check_span(text, 3, 9, "twelve")


@given(text_with_range(), st.integers(0, 40))
def test_context_and_quote_join_to_a_stretch_of_the_text(case: tuple[str, int, int], width: int) -> None:
    text, start, end = case
    prefix, suffix = context(text, start, end, width)
    assert text[max(0, start - width) : end + width] == prefix + text[start:end] + suffix


@given(texts, st.data())
def test_utf16_offsets_go_there_and_back(text: str, data: st.DataObject) -> None:
    point = data.draw(st.integers(0, len(text)))
    units = code_points_to_utf16(text, point)
    assert units == len(text[:point].encode("utf-16-le", "surrogatepass")) // 2
    assert utf16_to_code_points(text, units) == point


@pytest.mark.parametrize(("index", "code"), [(1, "inside-character"), (3, "inside-character"), (6, "after-end")])
def test_an_offset_that_is_no_place_in_the_text_is_refused(index: int, code: str) -> None:
    with pytest.raises(SpanError) as caught:
        utf16_to_code_points("😀😀a", index)
    assert caught.value.code == code


def test_overlapping_spans_become_flat_pieces() -> None:
    assert segments(10, [("a", 2, 6), ("b", 4, 8), ("c", 4, 6)]) == [
        (0, 2, []),
        (2, 4, ["a"]),
        (4, 6, ["a", "b", "c"]),
        (6, 8, ["b"]),
        (8, 10, []),
    ]


@given(st.integers(0, 30), st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40)), max_size=8))
def test_pieces_cover_the_text_once_and_name_exactly_their_spans(length: int, ranges: list[tuple[int, int]]) -> None:
    spans = [(number, start, end) for number, (start, end) in enumerate(ranges)]
    pieces = segments(length, spans)
    assert [position for start, end, _ in pieces for position in range(start, end)] == list(range(length))
    for start, end, ids in pieces:
        assert start < end
        for position in range(start, end):
            assert ids == [name for name, first, last in spans if first <= position < last]
