"""The one canonicaliser: what we accept as text and JSON, with the same answer on every database.

A value is canonical when every string is valid Unicode without NUL, every integer fits a double exactly
(within ±(2**53 - 1)), every float is finite, no object repeats a key, and nothing nests deeper than 64.
Anything else is refused. Nothing is repaired: text is never stripped, normalised or re-wrapped, because
spans are offsets into exactly the text that was accepted.
"""

import json
import math
import re
from typing import Any, NoReturn

import msgspec

from feedback.text.encoding import canonical_json
from feedback.text.ndjson import Line, iter_ndjson
from feedback.text.refusal import CanonicalError, Given, too_deep
from feedback.text.rules import MAX_DEPTH, MAX_INTEGER, Repeated, check, check_text

__all__ = [
    "MAX_DEPTH",
    "MAX_INTEGER",
    "CanonicalError",
    "Line",
    "canonical_json",
    "canonical_text",
    "canonicalise",
    "iter_ndjson",
    "parse_json",
]

_MAX_DIGITS = 17  # more characters than "-9007199254740991" cannot be in range; avoids a quadratic int()
# Possessive and with an optional closing quote: linear even when the last string never ends.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class _Suspect(Exception):
    """The quick parse met something to refuse; the slow one will say where."""


def parse_json(data: bytes | str, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:
    """The canonical value of one JSON text, or `CanonicalError`.

    The quick paths never leave C for strings. Only a refusal pays for finding its pointer.
    """
    raw, text = _decode(data, max_bytes)
    try:
        return _quickest(raw, max_depth)
    except (_Suspect, msgspec.DecodeError, RecursionError):
        _refuse_depth(raw, max_depth)
    try:
        value = _QUICK.decode(text)
    except _Suspect:
        _explain(text, max_depth)
    except json.JSONDecodeError as error:
        raise _malformed(error) from None
    except RecursionError:  # the caller's own stack was nearly full
        raise too_deep("", max_depth) from None
    if b"\\u" in raw and (b"\\u0000" in raw or b"\\ud" in raw or b"\\uD" in raw):
        check(value, None, 0, max_depth)
    return value


def canonicalise(value: Any, *, pointer: str = "") -> Any:
    """The same value, once every rule has been checked: for rows that came as CSV, forms or Python objects."""
    check(value, (None, Given(pointer)), 0, MAX_DEPTH)
    return value


def canonical_text(text: str, pointer: str = "") -> str:
    """The same text, or a refusal of NUL and lone surrogates."""
    check_text(text, (None, Given(pointer)))
    return text


# -- parsing ---------------------------------------------------------------------------------------------------------


def _decode(data: bytes | str, max_bytes: int) -> tuple[bytes, str]:
    # A str is never shorter in bytes than in characters, so this also bounds the encoding below.
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    if isinstance(data, str):
        try:
            raw, text = data.encode(), data
        except UnicodeEncodeError as error:
            raise CanonicalError("surrogate", "", f"Lone surrogate at character {error.start}.") from None
        if len(raw) > max_bytes:
            raise _too_large(max_bytes)
    else:
        try:
            raw, text = data, data.decode()
        except UnicodeDecodeError as error:
            raise CanonicalError("utf8", "", f"Not valid UTF-8 at byte {error.start}.") from None
    if text.startswith("\ufeff"):
        raise CanonicalError("malformed", "", "Starts with a byte order mark; send UTF-8 without one.")
    return raw, text


def _refuse_depth(raw: bytes, max_depth: int) -> None:
    """Refuse deep nesting before any parser recurses into it."""
    if raw.count(b"[") + raw.count(b"{") <= max_depth:
        return
    brackets = _STRING.sub(b"", raw).translate(_ONE_KIND, _NOT_BRACKETS)
    left = brackets
    for _ in range(max_depth):  # each round removes exactly the innermost layer
        left = left.replace(b"[]", b"")
        if not left:
            return
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket == 0x5B else -1
        if depth > max_depth:
            raise too_deep("", max_depth)
        if depth < 0:
            return  # malformed; the parser will say where


def _quickest(raw: bytes, max_depth: int) -> Any:
    """The value of a text that is plainly in order, as nearly all are; `_Suspect` when that takes a closer look.

    The decoder takes the last of two equal keys without a word. So every quote is accounted for: two around each text
    and key that arrived, and those within. A key that was dropped leaves some over. Numbers must read alike everywhere.
    """
    if b"\\u0000" in raw or b"\\u0022" in raw:  # NUL; and a quote that is not written as one
        raise _Suspect
    value = msgspec.json.decode(raw)
    quotes, depth, level = 0, 0, [value]
    while level:
        deeper: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                quotes += 2 + item.count('"')
            elif kind is dict:
                quotes += 2 * len(item) + "".join(item).count('"')
                deeper += item.values()
            elif kind is list:
                deeper += item
            elif (kind is int or kind is float) and not -MAX_INTEGER <= item <= MAX_INTEGER:
                raise _Suspect
        level, depth = deeper, depth + 1
    if quotes != raw.count(b'"') or depth > max_depth:
        raise _Suspect
    return value


def _quick_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _Suspect
    return result


def _quick_integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS or not -MAX_INTEGER <= (number := int(digits)) <= MAX_INTEGER:
        raise _Suspect
    return number


def _quick_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _Suspect
    return number


def _quick_constant(name: str) -> NoReturn:
    raise _Suspect


def _slow_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = Repeated(pairs)
    if len(result) == len(pairs):
        return dict(result)
    seen: set[str] = set()
    result.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return result


def _slow_integer(digits: str) -> int:
    return int(digits) if len(digits) <= _MAX_DIGITS else MAX_INTEGER + 1


_QUICK = json.JSONDecoder(
    object_pairs_hook=_quick_object,
    parse_int=_quick_integer,
    parse_float=_quick_float,
    parse_constant=_quick_constant,
)
_SLOW = json.JSONDecoder(object_pairs_hook=_slow_object, parse_int=_slow_integer)


def _explain(text: str, max_depth: int) -> NoReturn:
    """Parse again, tolerating everything, and refuse with the pointer of the first fault."""
    try:
        check(_SLOW.decode(text), None, 0, max_depth)
    except json.JSONDecodeError as error:
        raise _malformed(error) from None
    raise AssertionError("the quick parser refused what the slow one accepts")


def _malformed(error: json.JSONDecodeError) -> CanonicalError:
    return CanonicalError("malformed", "", f"Not valid JSON: {error.msg.removesuffix(' at')} at character {error.pos}.")


def _too_large(max_bytes: int) -> CanonicalError:
    return CanonicalError("too-large", "", f"More than {max_bytes} bytes.")
