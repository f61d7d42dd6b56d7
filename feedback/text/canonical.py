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

from feedback.text.ndjson import Line, iter_ndjson
from feedback.text.refusal import CanonicalError

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

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1

_MAX_POINTER = 300
_MAX_DIGITS = 17  # more characters than "-9007199254740991" cannot be in range; avoids a quadratic int()
# Possessive and with an optional closing quote: linear even when the last string never ends.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class _Suspect(Exception):
    """The quick parse met something to refuse; the slow one will say where."""


class _Given(str):
    """A pointer handed in by the caller, taken as it is."""


class _Repeated(dict[str, Any]):
    """An object in which `key` came twice."""

    key = ""


def parse_json(data: bytes | str, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:
    """The canonical value of one JSON text, or `CanonicalError`.

    The quick path never leaves C for strings. Only a refusal pays for finding its pointer.
    """
    raw, text = _decode(data, max_bytes)
    _refuse_depth(raw, max_depth)
    try:
        value = _QUICK.decode(text)
    except _Suspect:
        _explain(text, max_depth)
    except json.JSONDecodeError as error:
        raise _malformed(error) from None
    except RecursionError:  # the caller's own stack was nearly full
        raise _too_deep("", max_depth) from None
    if b"\\u" in raw and (b"\\u0000" in raw or b"\\ud" in raw or b"\\uD" in raw):
        _walk(value, None, 0, max_depth)
    return value


def canonicalise(value: Any, *, pointer: str = "") -> Any:
    """The same value, once every rule has been checked: for rows that came as CSV, forms or Python objects."""
    _walk(value, (None, _Given(pointer)), 0, MAX_DEPTH)
    return value


def canonical_text(text: str, pointer: str = "") -> str:
    """The same text, or a refusal of NUL and lone surrogates."""
    _check_text(text, (None, _Given(pointer)))
    return text


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces, Unicode unescaped, shortest float that reads back the same.

    A number of 2**53 or more is written as a float and negative zero as zero, because PostgreSQL's jsonb returns
    1e16 as an integer and -0.0 as 0.0: the hash of a row must not depend on the database it went through.
    """
    if _is_plain(value):
        return _FAST.encode(value).decode()  # the same bytes five times sooner: ingest hashes every row
    return _ENCODER.encode(_settle_numbers(value))


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
            raise _too_deep("", max_depth)
        if depth < 0:
            return  # malformed; the parser will say where


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
    result = _Repeated(pairs)
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
        _walk(_SLOW.decode(text), None, 0, max_depth)
    except json.JSONDecodeError as error:
        raise _malformed(error) from None
    raise AssertionError("the quick parser refused what the slow one accepts")


# -- walking ---------------------------------------------------------------------------------------------------------

_Path = tuple[Any, str | int] | None  # (path of the parent, key or index); turned into a pointer only for a refusal


def _walk(value: Any, path: _Path, depth: int, max_depth: int) -> None:
    kind = type(value)
    if kind is str:
        _check_text(value, path)
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise CanonicalError("integer-range", _pointer(path), "Integer beyond 2**53 - 1; send it as a string.")
    elif kind is float:
        if not math.isfinite(value):
            raise CanonicalError("not-finite", _pointer(path), "NaN and infinite numbers are not accepted.")
    elif isinstance(value, dict):
        _walk_object(value, path, depth + 1, max_depth)
    elif isinstance(value, list):
        if depth >= max_depth:
            raise _too_deep(_pointer(path), max_depth)
        for index, item in enumerate(value):
            _walk(item, (path, index), depth + 1, max_depth)
    elif value is not None and kind is not bool:
        _walk_odd(value, path, depth, max_depth)


def _walk_object(value: dict[Any, Any], path: _Path, depth: int, max_depth: int) -> None:
    if depth > max_depth:
        raise _too_deep(_pointer(path), max_depth)
    if isinstance(value, _Repeated):
        # The other rules first, on the key: a pointer must not carry a NUL.
        _check_key(value.key, path)
        raise CanonicalError("duplicate-key", _pointer((path, value.key)), "The same key appears twice.")
    for key, item in value.items():
        _check_key(key, path)
        _walk(item, (path, key), depth, max_depth)


def _walk_odd(value: Any, path: _Path, depth: int, max_depth: int) -> None:
    """Subclasses (Django's SafeString, enums) count as what they extend; everything else is no JSON value."""
    for base in (str, int, float):
        if isinstance(value, base):
            plain = str.__str__(value) if base is str else base(value)
            return _walk(plain, path, depth, max_depth)
    raise CanonicalError("type", _pointer(path), f"A {type(value).__name__} is not a JSON value.")


def _check_text(text: str, path: _Path) -> None:
    if "\0" in text:
        raise CanonicalError("nul", _pointer(path), f"NUL character at offset {text.index(chr(0))}.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise CanonicalError("surrogate", _pointer(path), f"Lone surrogate at offset {error.start}.") from None


def _check_key(key: Any, path: _Path) -> None:
    if not isinstance(key, str):
        raise CanonicalError("type", _pointer(path), f"An object key is a {type(key).__name__}, not a string.")
    try:
        _check_text(key, path)
    except CanonicalError as error:
        raise CanonicalError(error.code, error.pointer, f"In a key: {error.message}") from None


def _pointer(path: _Path) -> str:
    """RFC 6901. Cut short when keys are absurdly long: it goes into answers and job rows."""
    parts: list[str] = []
    while path is not None:
        parent, key = path
        parts.append(key if isinstance(key, _Given) else "/" + str(key).replace("~", "~0").replace("/", "~1"))
        path = parent
    whole = "".join(reversed(parts))
    return whole if len(whole) <= _MAX_POINTER else whole[:_MAX_POINTER] + "…"


def _malformed(error: json.JSONDecodeError) -> CanonicalError:
    return CanonicalError("malformed", "", f"Not valid JSON: {error.msg} at character {error.pos}.")


def _too_deep(pointer: str, max_depth: int) -> CanonicalError:
    return CanonicalError("too-deep", pointer, f"Nested deeper than {max_depth} levels.")


def _too_large(max_bytes: int) -> CanonicalError:
    return CanonicalError("too-large", "", f"More than {max_bytes} bytes.")


# -- writing ---------------------------------------------------------------------------------------------------------

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_FAST = msgspec.json.Encoder(order="deterministic")


def _is_plain(value: Any) -> bool:
    """True when msgspec writes what `_ENCODER` would: the two differ in floats with an exponent and in odd types."""
    kind = type(value)
    if kind is dict:
        return all(type(item) is str or _is_plain(item) for item in value.values())
    if kind is list:
        return all(type(item) is str or _is_plain(item) for item in value)
    if kind is int:
        return bool(-MAX_INTEGER <= value <= MAX_INTEGER)
    if kind is float:
        return 1e-4 <= value < 1e15 or -1e15 < value <= -1e-4
    return kind is str or kind is bool or value is None


def _settle_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _settle_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_settle_numbers(item) for item in value]
    if isinstance(value, int | float) and abs(value) > MAX_INTEGER:
        return float(value)
    return 0.0 if type(value) is float and value == 0 else value
