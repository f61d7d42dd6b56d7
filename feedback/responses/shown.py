"""What the pages show of responses: first words in the list; turns, price and facts on a response's own page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Left, Length
from django.urls import reverse

from feedback.responses.columns import last_spoken
from feedback.responses.models import Response, ResponseBody
from feedback.responses.prepared import message_text

WORDS = 160  # characters of a text in the list
LARGE = 100_000  # a conversation longer than this is not read for its first words
LONG, LINES = 1500, 24  # characters or lines of a turn beyond which it is folded
EARLIER = 6  # so many turns stand open, the ones before them are folded together
SPEAKERS = {"user": "Person", "assistant": "Assistant, earlier", "tool": "Tool answer", "function": "Tool answer",
            "system": "System", "developer": "Developer"}  # fmt: skip


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
    return " ".join(message_text(last_spoken(messages))[: 2 * WORDS].split())[:WORDS]


def turns(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A conversation as the page shows it. Parts that are no text are named, never loaded."""
    return [
        {
            "role": message["role"],
            "who": str(message.get("name") or SPEAKERS.get(message["role"], message["role"])),
            "text": (text := message_text(message)),
            "first_words": " ".join(text[:WORDS].split()) if is_long(text) else "",
            "is_last": index == len(messages) - 1,
            "others": other_parts(message.get("content")),
            "calls": calls(message.get("tool_calls") or []),
        }
        for index, message in enumerate(messages)
    ]


def is_long(text: str) -> bool:
    return len(text) > LONG or text.count("\n") > LINES


def other_parts(content: Any) -> list[str]:
    parts = content if isinstance(content, list) else []
    return [str(part.get("type", "part"))[:40] for part in parts if isinstance(part, dict) and not part.get("text")]


def calls(tool_calls: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    found = []
    for call in tool_calls:
        function = call.get("function", call)
        found.append({"name": str(function.get("name", "")), "arguments": readable(function.get("arguments", ""))})
    return found


def readable(value: Any) -> str:
    """Arguments of a call: JSON inside a text is laid out, anything else stays as it is."""
    if isinstance(value, str) and value[:1] in {"{", "["} and len(value) < LARGE:
        try:
            return as_text(json.loads(value))
        except (ValueError, RecursionError):
            return value
    return as_text(value)


def as_text(value: Any) -> str:
    """JSON for people; text stays as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def cost_words(response: Response) -> str:
    """How its cost was found, in a sentence."""
    if response.cost is not None and response.cost_is_given:
        return "Sent by the application."
    tokens = (response.input_tokens, response.output_tokens, response.cached_tokens or 0)
    if tokens[0] is None or tokens[1] is None:
        return "Unknown: it came without a cost and without both token counts."
    prices = response.project.prices.filter(model=response.model_id, valid_from__lte=response.responded_at.date())
    price = prices.order_by("-valid_from").first() if response.model_id else None
    if response.cost is None:
        return "Unknown: its model had no price on that day."
    if price is None or price.of(tokens[0], tokens[1], tokens[2]) != response.cost:
        return "By the price table as it was when the response came in; the table has changed since."
    cached = min(tokens[2], tokens[0])
    cached_price = price.input if price.cached_input is None else price.cached_input
    parts = [f"{tokens[0] - cached:,} input × {money(price.input)}"]
    parts += [f"{cached:,} cached × {money(cached_price)}"] if cached else []
    parts += [f"{tokens[1]:,} output × {money(price.output)}"]
    return f"{' + '.join(parts)} {price.currency} per million tokens, by the price from {price.valid_from:%-d %B %Y}."


def money(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def first_call() -> str:
    """A command that sends a first response here."""
    row = {
        "external_id": "first-1",
        "prompt": "How long do I have to claim?",
        "output": "Thirty days.",
        "model": "my-model",
    }
    return (
        f"curl {settings.BASE_URL}{reverse('api:response-list')} \\\n"
        '  -H "Authorization: Bearer $KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{json.dumps(row)}'"
    )
