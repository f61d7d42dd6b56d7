"""How text and JSON are refused: a code, a place and a sentence."""

from typing import Any

_MAX_POINTER = 300


class CanonicalError(ValueError):
    """A refusal: a stable code, a JSON pointer to the place ("" for the whole), and a sentence for people.

    Pointer and message are themselves safe to store and to send: no NUL, no lone surrogate, bounded length.
    """

    def __init__(self, code: str, pointer: str, message: str) -> None:
        super().__init__(code, pointer, message)
        self.code = code
        self.pointer = pointer
        self.message = message

    def __str__(self) -> str:
        return self.message


class Given(str):
    """A pointer handed in by the caller, taken as it is."""


Path = tuple[Any, str | int] | None  # (path of the parent, key or index); turned into a pointer only for a refusal


def pointer(path: Path) -> str:
    """RFC 6901. Cut short when keys are absurdly long: it goes into answers and job rows."""
    parts: list[str] = []
    while path is not None:
        parent, key = path
        parts.append(key if isinstance(key, Given) else "/" + str(key).replace("~", "~0").replace("/", "~1"))
        path = parent
    whole = "".join(reversed(parts))
    return whole if len(whole) <= _MAX_POINTER else whole[:_MAX_POINTER] + "…"


def too_deep(place: str, max_depth: int) -> CanonicalError:
    return CanonicalError("too-deep", place, f"Nested deeper than {max_depth} levels.")
