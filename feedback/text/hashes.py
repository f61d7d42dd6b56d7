"""The four hashes kept apart (body, prompt, input, fold) and the draw key. All hex SHA-256 unless said otherwise.

Every kind starts with its own label, so that an `input_key` can never equal a set of variables or a conversation.
"""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from feedback.text.canonical import canonical_json

Message = Mapping[str, Any]

_FOLDED = bytes(0x20 if chr(byte).isspace() else byte for byte in range(128)).lower() + bytes(range(128, 256))
_INSTRUCTIONS = {"system", "developer"}
# Where providers keep the id that ties a tool's answer to its call.
_CALL_IDS = ("tool_call_id", "tool_use_id", "call_id")
_PLAIN_TURN = {"role", "content"}
_CALLS = {"tool_use", "function_call", "tool_call"}


def sha256_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def digest(value: Any) -> str:
    """Of a canonical value: equal values, whatever the order of their keys, have equal digests."""
    return sha256_text(canonical_json(value))


def fold(text: str) -> str:
    """What makes two texts the same for duplicates and splits: NFKC, case folded, white space runs to one space.

    Case folding can leave what NFKC would change again, so both run twice: folding a folded text changes nothing.
    """
    if text.isascii():  # the same, at a tenth of the time; ingest folds every row
        text = text.encode().translate(_FOLDED).decode().strip(" ")
        while "  " in text:
            text = text.replace("  ", " ")
        return text
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", text).split())


def fold_hash(text: str) -> str:
    return sha256_text(fold(text))


def prompt_hash(messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] | None) -> str:
    """Of exactly what the model was shown: every rendered message, system text included, and the tools."""
    return _labelled("prompt", [list(messages), list(tools or [])])


def input_hash(
    *, input_key: str | None, variables: Mapping[str, Any] | None, messages: Sequence[Message] | None
) -> str:
    """What makes responses comparable: the caller's key, else the variables, else the conversation before the answer.

    The conversation leaves out system and developer turns and renumbers tool call ids, so that two prompt versions,
    or two runs of the same tools, share their input. Passages, model, parameters and times never enter.
    An empty key and empty variables count as absent.
    """
    if input_key:
        return _labelled("input key", input_key)
    if variables:
        return _labelled("variables", dict(variables))
    return _labelled("turns", _renumbered([m for m in messages or [] if m.get("role") not in _INSTRUCTIONS]))


def draw_key(salt: str, external_id: str) -> float:
    """A uniform number in [0, 1) that depends on nothing else: the first 13 hex digits of md5("salt:id") / 2**52.

    The same to the bit in PostgreSQL: ('x'||substr(md5(:salt||':'||id),1,13))::bit(52)::bigint / 4503599627370496.0
    """
    name = f"{salt}:{external_id}".encode()
    return int(hashlib.md5(name, usedforsecurity=False).hexdigest()[:13], 16) / 2**52


def _labelled(label: str, value: Any) -> str:
    return sha256_text(f"{label}\n{canonical_json(value)}")


def _renumbered(messages: list[Message]) -> list[Message]:
    """The messages without empty fields, and with call ids replaced by the order in which they first appear."""
    names: dict[str, str] = {}
    return [message if _is_plain_turn(message) else _renumber(message, names) for message in messages]


def _is_plain_turn(message: Message) -> bool:
    """Only words, as nearly all are: there is nothing to leave out and no call to number."""
    return message.keys() == _PLAIN_TURN and type(message["content"]) is str and message["role"] is not None


def _renumber(part: Message, names: dict[str, str]) -> dict[str, Any]:
    result = {key: value for key, value in part.items() if value is not None}
    for key in _CALL_IDS:
        _rename(result, key, names)
    if part.get("type") in _CALLS:
        _rename(result, "id", names)
    for key in ("tool_calls", "content"):
        if isinstance(result.get(key), list):
            result[key] = [_renumber_item(item, names, is_call=key == "tool_calls") for item in result[key]]
    return result


def _renumber_item(item: Any, names: dict[str, str], *, is_call: bool) -> Any:
    if not isinstance(item, Mapping):
        return item
    result = _renumber(item, names)
    if is_call and item.get("type") not in _CALLS:  # those were renamed already
        _rename(result, "id", names)
    return result


def _rename(part: dict[str, Any], key: str, names: dict[str, str]) -> None:
    if isinstance(part.get(key), str):
        part[key] = names.setdefault(part[key], f"call-{len(names) + 1}")
