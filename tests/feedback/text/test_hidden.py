"""Which characters count as hidden, and which are needed where they stand."""

import sys
import unicodedata

import pytest

from feedback.text.hidden import HIDDEN, code_point, find_hidden, title

# Signs of category Cf that a reader can see.
VISIBLE = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}


def test_every_format_control_and_separator_of_unicode_is_known() -> None:
    missed = [
        code_point(character)
        for number in range(sys.maxunicode + 1)
        if unicodedata.category(character := chr(number)) in {"Cf", "Cc", "Zl", "Zp"}
        and number not in VISIBLE
        and character not in "\t\n"
        and not HIDDEN.match(character)
    ]
    assert missed == []


def test_no_letter_or_space_counts_as_hidden() -> None:
    found = {
        character
        for number in range(sys.maxunicode + 1)
        if unicodedata.category(character := chr(number)) in {"Lu", "Ll", "Lt", "Nd", "Po", "Sc", "Sm", "Zs"}
        and HIDDEN.match(character)
    }
    assert found == set()


@pytest.mark.parametrize(
    "text",
    [
        "👨‍👩‍👧",
        "👩🏽‍🚀",
        "❤️‍🔥",
        "1️⃣ #️⃣",
        "☎︎ ☎️",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
        "می‌خواهم",
        "क्‍ष",
        "line\r\nline\tcolumn\n",
        "naïve café",
    ],
)
def test_what_emoji_and_scripts_need_is_left_alone(text: str) -> None:
    assert list(find_hidden(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pay\u200bpal", ["U+200B ZERO WIDTH SPACE"]),
        ("a\u200db", ["U+200D ZERO WIDTH JOINER"]),
        ("\u202eabc\u202c", ["U+202E RIGHT-TO-LEFT OVERRIDE", "U+202C POP DIRECTIONAL FORMATTING"]),
        ("\u2066x\u2069", ["U+2066 LEFT-TO-RIGHT ISOLATE", "U+2069 POP DIRECTIONAL ISOLATE"]),
        ("x\U000e0041", ["U+E0041 TAG LATIN CAPITAL LETTER A"]),
        ("🏴\U000e0041\U000e007f", ["U+E0041 TAG LATIN CAPITAL LETTER A", "U+E007F CANCEL TAG"]),
        ("a\ufe0f", ["U+FE0F VARIATION SELECTOR-16"]),
        ("😀\U000e0101", ["U+E0101 VARIATION SELECTOR-18"]),
        ("a\rb", ["U+000D CARRIAGE RETURN"]),
        ("\x1b[31m", ["U+001B ESCAPE"]),
        ("\x85", ["U+0085 CONTROL"]),
        ("\u3164\u2800\xad\ufeff", ["U+3164 HANGUL FILLER", "U+2800 BRAILLE PATTERN BLANK", "U+00AD SOFT HYPHEN"]),
    ],
)
def test_what_could_deceive_is_found_and_named(text: str, expected: list[str]) -> None:
    assert [title(text[position]) for position in find_hidden(text)][: len(expected)] == expected


def test_a_run_of_joiners_is_hidden_even_where_one_is_needed() -> None:
    assert len(list(find_hidden("م\u200c\u200c\u200cی"))) >= 2
