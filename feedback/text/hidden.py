"""Characters that are there and cannot be seen: direction overrides, zero-width characters, tags, fillers, controls.

They can reverse what a reviewer reads, hide instructions to a model, or make two texts look alike. We never remove them
(spans count them); we show them. Joiners and selectors that emoji and scripts need are left alone.
"""

import re
import unicodedata
from collections.abc import Iterator

# Every character of general category Cf but the visible Arabic, Syriac and Kaithi signs; controls but tab and line
# feed; line and paragraph separators; blank letters, marks and patterns; variation selectors; tags.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

_ZWNJ, _ZWJ, _TEXT_STYLE, _EMOJI_STYLE = "\u200c\u200d\ufe0e\ufe0f"
_ALIASES = {"\r": "CARRIAGE RETURN", "\x0b": "LINE TABULATION", "\x0c": "FORM FEED", "\x1b": "ESCAPE", "\x7f": "DELETE"}
# The three flags spelled in tags that Unicode recommends: England, Scotland, Wales.
_TAG_FLAG = re.compile(
    "\U0001f3f4(?:{})\U000e007f".format(
        "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls"))
    )
)
_TAGS = range(0xE0020, 0xE0080)
# Scripts that shape their letters with joiners: Arabic and kin, the scripts of India and South-East Asia, Mongolian.
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0e00-\u0fff\u1000-\u109f\u1780-\u18af\ua840-\uabff]")


def code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


def title(character: str) -> str:
    """Such as "U+202E RIGHT-TO-LEFT OVERRIDE"."""
    name = _ALIASES.get(character) or unicodedata.name(character, "CONTROL" if ord(character) < 0xA0 else "UNNAMED")
    return f"{code_point(character)} {name}"


def find_hidden(text: str) -> Iterator[int]:
    """Offsets of hidden characters, each judged by what surrounds it."""
    flags: set[int] | None = None
    for match in HIDDEN.finditer(text):
        position = match.start()
        if ord(text[position]) in _TAGS:
            flags = _tags_of_flags(text) if flags is None else flags
            if position in flags:
                continue
        elif _is_needed(text, position):
            continue
        yield position


def _tags_of_flags(text: str) -> set[int]:
    return {offset for match in _TAG_FLAG.finditer(text) for offset in range(match.start() + 1, match.end())}


def _is_needed(text: str, position: int) -> bool:
    character = text[position]
    before, after = text[position - 1 : position], text[position + 1 : position + 2]
    if character == "\r":
        return after == "\n"
    if character in (_EMOJI_STYLE, _TEXT_STYLE):
        return _takes_style(before)
    if character == _ZWJ and _is_pictograph(after):
        return _is_pictograph(before) or before == _EMOJI_STYLE or _is_skin_tone(before)
    if character in (_ZWJ, _ZWNJ):
        # Persian ends a syllable with it, Devanagari asks for a form with it: between, or after, letters that join.
        return bool(_JOINING.match(before)) and not HIDDEN.match(after or " ")
    return False


def _is_pictograph(character: str) -> bool:
    return bool(character) and (0x1F000 <= ord(character) <= 0x1FAFF or _takes_style(character))


def _takes_style(character: str) -> bool:
    """Symbols that exist as text and as emoji, and the bases of keycaps."""
    return bool(character) and (
        character in "#*0123456789©®‼⁉™ℹ"
        or 0x2190 <= ord(character) <= 0x2BFF
        or 0x1F000 <= ord(character) <= 0x1FAFF
        or character in "〰〽㊗㊙"
    )


def _is_skin_tone(character: str) -> bool:
    return bool(character) and 0x1F3FB <= ord(character) <= 0x1F3FF
