"""Canonical JSON: one text per value."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.text.canonical import canonical_json

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53 - 1), 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def by_the_standard_library(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@given(values)
def test_it_reads_back_as_the_same_value(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(values)
def test_it_is_what_the_standard_library_writes_but_for_negative_zero(value: object) -> None:
    expected = by_the_standard_library(json.loads(by_the_standard_library(value), parse_float=lambda t: float(t) + 0.0))
    assert canonical_json(value) == expected


@given(st.dictionaries(texts, st.integers(0, 9), max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


def test_it_has_one_known_form() -> None:
    value = {"b": [1, 1.0, 0.1, 1e-7, True, None], "é": "\u2028\n\x7f</", "a": {}}
    assert canonical_json(value) == '{"a":{},"b":[1,1.0,0.1,1e-07,true,null],"é":"\u2028\\n\x7f</"}'


@pytest.mark.parametrize(("sent", "returned"), [(1e16, 10**16), (1e22, 10**22), (-0.0, 0.0), (-1e300, -(10**300))])
def test_what_a_database_returns_has_the_same_form(sent: float, returned: float) -> None:
    """jsonb of PostgreSQL gives large floats back as integers, and zero without its sign."""
    assert canonical_json({"a": [sent]}) == canonical_json({"a": [returned]})


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": [-math.inf]}])
def test_it_refuses_numbers_that_json_does_not_have(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)


@pytest.mark.parametrize("value", [b"x", {"a": object()}, [{1, 2}]])
def test_it_refuses_what_is_no_json_value(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)
