"""Personal data and secrets: what is found by its form, what is left alone, and where marks stand afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.text.personal import Scrub, found_in, has_any, is_card, is_iban


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("write to max.m+x@mail.example.org.", "email", "max.m+x@mail.example.org"),
        ("call +49 (0)30 1234567 now", "phone", "+49 (0)30 1234567"),
        ("call 030/1234567", "phone", "030/1234567"),
        ("call (415) 555-2671", "phone", "(415) 555-2671"),
        ("pay DE89 3704 0044 0532 0130 00 today", "iban", "DE89 3704 0044 0532 0130 00"),
        ("pay GB82WEST12345698765432", "iban", "GB82WEST12345698765432"),
        ("card 4111 1111 1111 1111.", "card", "4111 1111 1111 1111"),
        ("card 5500-0000-0000-0004", "card", "5500-0000-0000-0004"),
        ("from 192.168.0.17, at night", "ip", "192.168.0.17"),
        ("from 2001:db8::1 too", "ip", "2001:db8::1"),
        ("use ghp_" + "a1" * 18, "key", "ghp_" + "a1" * 18),
        ("use AKIA" + "ABCD" * 4, "key", "AKIA" + "ABCD" * 4),
    ],
)
def test_it_finds_what_has_the_form(text: str, kind: str, found: str) -> None:
    assert [(one.kind, text[one.start : one.end]) for one in found_in(text)] == [(kind, found)]


@pytest.mark.parametrize(
    "text",
    [
        "on 2024-05-06 or 06.05.2024 at 12:30:45",
        "order 0123456789012345678901",
        "DE88 3704 0044 0532 0130 00 has other check digits",
        "card 4111 1111 1111 1112 has another last digit",
        "0000 0000 0000 0000",
        "version 1.2.3.4.5, or 300.1.1.1",
        "std::string and mod::name::x, a::b",
        "me@home and @handle",
        "sk-short and AKIA only",
        "7 of 10, 3.14159265, -12345678",
    ],
)
def test_it_leaves_alone_what_only_looks_alike(text: str) -> None:
    assert found_in(text) == []


@given(st.integers(0, 10**15 - 1))
def test_one_wrong_digit_breaks_a_card(number: int) -> None:
    body = f"4{number:015}"[:15]
    cards = [body + str(digit) for digit in range(10)]
    assert sum(map(is_card, cards)) == 1


@given(st.integers(0, 10**18 - 1), st.integers(4, 21), st.integers(1, 9))
def test_one_wrong_digit_breaks_an_account(number: int, at: int, by: int) -> None:
    body = f"{number:018}"
    check = 98 - int(f"{body}131400") % 97
    account = f"DE{check:02}{body}"
    assert is_iban(account)
    assert not is_iban(account[:at] + str((int(account[at]) + by) % 10) + account[at + 1 :])


def test_the_same_datum_has_the_same_placeholder() -> None:
    scrub = Scrub()
    told = scrub.value({"a": ["x@example.org wrote to y@example.org", 7], "b": "X@example.org, +1 415 555 2671"})
    assert told == {"a": ["[EMAIL_1] wrote to [EMAIL_2]", 7], "b": "[EMAIL_1], [PHONE_1]"}
    assert has_any({"deep": [{"text": "x@example.org"}]})
    assert not has_any(told)


def test_marks_move_along_and_grow_over_what_they_cut() -> None:
    text = "Ask max@example.org, who knows."
    new = Scrub().text(text)
    moved = [Scrub().stretch(text, *place) for place in ((0, 3), (4, 19), (6, 24), (21, 31))]
    assert [new[start:end] for start, end in moved] == ["Ask", "[EMAIL_1]", "[EMAIL_1], who", "who knows."]


@given(st.text(alphabet="a1@. +-:()DE89", max_size=80))
def test_nothing_is_left_after_scrubbing_once(text: str) -> None:
    found = found_in(text)
    assert all(text[one.start : one.end] for one in found)
    assert found == sorted(found)
    assert all(one.end <= other.start for one, other in zip(found, found[1:], strict=False))
    assert len(Scrub().text(text).split("[")) - 1 == len(found)


@pytest.mark.parametrize("bad", ["0", "a.", "1 ", "+1 ", "a:", "x@a.", "sk-ant-", "(0 1", "DE89 ab "])
def test_long_texts_made_to_be_slow_are_not(bad: str) -> None:
    found_in(bad * 50_000)
