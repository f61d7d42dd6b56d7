"""The canonical rules, checked on a parsed value."""

import math
from typing import Any

from feedback.text.refusal import CanonicalError, Path, pointer, too_deep

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1


class Repeated(dict[str, Any]):
    """An object in which `key` came twice."""

    key = ""


def check(value: Any, path: Path, depth: int, max_depth: int) -> None:
    kind = type(value)
    if kind is str:
        check_text(value, path)
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise CanonicalError("integer-range", pointer(path), "Integer beyond 2**53 - 1; send it as a string.")
    elif kind is float:
        if not math.isfinite(value):
            raise CanonicalError("not-finite", pointer(path), "NaN and infinite numbers are not accepted.")
    elif isinstance(value, dict):
        _check_object(value, path, depth + 1, max_depth)
    elif isinstance(value, list):
        if depth >= max_depth:
            raise too_deep(pointer(path), max_depth)
        for index, item in enumerate(value):
            check(item, (path, index), depth + 1, max_depth)
    elif value is not None and kind is not bool:
        _check_odd(value, path, depth, max_depth)


def _check_object(value: dict[Any, Any], path: Path, depth: int, max_depth: int) -> None:
    if depth > max_depth:
        raise too_deep(pointer(path), max_depth)
    if isinstance(value, Repeated):
        # The other rules first, on the key: a pointer must not carry a NUL.
        _check_key(value.key, path)
        raise CanonicalError("duplicate-key", pointer((path, value.key)), "The same key appears twice.")
    for key, item in value.items():
        _check_key(key, path)
        check(item, (path, key), depth, max_depth)


def _check_odd(value: Any, path: Path, depth: int, max_depth: int) -> None:
    """Subclasses (Django's SafeString, enums) count as what they extend; everything else is no JSON value."""
    for base in (str, int, float):
        if isinstance(value, base):
            plain = str.__str__(value) if base is str else base(value)
            return check(plain, path, depth, max_depth)
    raise CanonicalError("type", pointer(path), f"A {type(value).__name__} is not a JSON value.")


def check_text(text: str, path: Path) -> None:
    if "\0" in text:
        raise CanonicalError("nul", pointer(path), f"NUL character at offset {text.index(chr(0))}.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise CanonicalError("surrogate", pointer(path), f"Lone surrogate at offset {error.start}.") from None


def _check_key(key: Any, path: Path) -> None:
    if not isinstance(key, str):
        raise CanonicalError("type", pointer(path), f"An object key is a {type(key).__name__}, not a string.")
    try:
        check_text(key, path)
    except CanonicalError as error:
        raise CanonicalError(error.code, error.pointer, f"In a key: {error.message}") from None
