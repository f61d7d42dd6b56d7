"""The turns and steps of a response that people judge one by one, by numbers that stay: a body never changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from feedback.responses.prepared import message_text

ASSISTANT, STEP = "assistant", "step"
WORDS = 80  # characters of a turn's first words


class Turn(NamedTuple):
    """What is judged: its number, the place of the message that it is or stands in, and its first words.

    Places count the messages from 1 and end with the output. The number of what the assistant says is its place; steps
    are the tool calls, counted from 1 in their order.
    """

    number: int
    place: int
    words: str


def turns_of(messages: Sequence[dict[str, Any]], output: str, tool_calls: Any, of: str) -> list[Turn]:
    """What the assistant said before, and the output (`of` is assistant), or every tool call (step)."""
    spoken: list[tuple[int, str, Any]] = [
        (place, message_text(message), message.get("tool_calls"))
        for place, message in enumerate(messages, 1)
        if message.get("role") == "assistant"
    ]
    spoken.append((len(messages) + 1, output, tool_calls))
    if of == ASSISTANT:
        return [Turn(place, place, first_words(text) or ", ".join(names(calls))) for place, text, calls in spoken]
    steps = [(place, name) for place, _, calls in spoken for name in names(calls)]
    return [Turn(number, place, name) for number, (place, name) in enumerate(steps, 1)]


def first_words(text: str) -> str:
    words = " ".join(text[: 4 * WORDS].split())
    return words if len(words) <= WORDS else f"{words[: WORDS - 1]}…"


def names(tool_calls: Iterable[Mapping[str, Any]] | None) -> list[str]:
    return [str(call.get("function", call).get("name", "")) for call in tool_calls or []]
