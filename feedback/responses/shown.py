"""What the pages show of responses: first words in the list, turns and facts on a response's own page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Left, Length

from feedback.responses.models import Response, ResponseBody
from feedback.responses.prepared import message_text

WORDS = 160  # characters of a text in the list
LARGE = 100_000  # a conversation longer than this is not read for its first words


def listed(rows: QuerySet[Response]) -> QuerySet[Response]:
    """Rows of the list, newest first, each with the beginning of its output and without other texts."""
    return (
        rows.select_related("model", "prompt_version__prompt")
        .annotate(output_words=Left("body__output", WORDS))
        .order_by("-id")
    )


def add_input_words(rows: Sequence[Response]) -> None:
    """Puts `input_words` on each row: the beginning of the last turn that is not the model's own."""
    size = Length(Cast("messages", TextField()))
    bodies = ResponseBody.objects.annotate(size=size).filter(response__in=[row.pk for row in rows], size__lte=LARGE)
    found = dict(bodies.values_list("response_id", "messages"))
    for row in rows:
        row.input_words = last_words(found[row.pk]) if row.pk in found else "…"  # type: ignore[attr-defined]


def last_words(messages: list[dict[str, Any]]) -> str:
    spoken = [message for message in messages if message["role"] not in {"assistant", "system", "developer"}]
    return " ".join(message_text((spoken or messages)[-1])[: 2 * WORDS].split())[:WORDS]


def turns(messages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A conversation as the page shows it. Parts that are no text are named, never loaded."""
    return [
        {
            "role": message["role"],
            "who": message.get("name") or message["role"],
            "text": message_text(message),
            "others": other_parts(message.get("content")),
            "calls": calls(message.get("tool_calls") or []),
        }
        for message in messages
    ]


def other_parts(content: Any) -> list[str]:
    parts = content if isinstance(content, list) else []
    return [str(part.get("type", "part"))[:40] for part in parts if isinstance(part, dict) and not part.get("text")]


def calls(tool_calls: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    found = []
    for call in tool_calls:
        function = call.get("function", call)
        arguments = function.get("arguments", "")
        found.append({"name": str(function.get("name", "")), "arguments": as_text(arguments)})
    return found


def as_text(value: Any) -> str:
    """JSON for people; text stays as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
