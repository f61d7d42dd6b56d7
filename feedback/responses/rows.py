"""What a row of ingest may say: its fields, their limits, and how a row is refused (docs/reference/ingest.md).

A row is a whole response (messages or prompt, and output) or late parts of one that is known (its external id and
nothing of the body). Unknown keys are refused by name: `metadata` is the free place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

Text60 = Annotated[str, Meta(max_length=60)]
Text100 = Annotated[str, Meta(max_length=100)]
Text120 = Annotated[str, Meta(max_length=120)]
Text200 = Annotated[str, Meta(max_length=200)]
Named = Annotated[str, Meta(min_length=1, max_length=100)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Instant = Annotated[datetime, Meta(tz=True)]
Objects = list[dict[str, Any]]

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
DEAREST = Decimal(1_000_000)  # with nine decimals this is what a double, and so SQLite, holds exactly
YEARS = range(2000, 2101)


class RowRefused(Exception):
    """A row that cannot be taken: a stable reason, where (JSON pointer), and a sentence."""

    def __init__(self, reason: str, pointer: str, detail: str) -> None:
        super().__init__(reason, pointer, detail)
        self.reason, self.pointer, self.detail = reason, pointer, detail


class PromptVersionPart(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    version: Named | int
    template: str | None = None
    system: str | None = None
    parameters: dict[str, Any] | None = None


class PassagePart(Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1)]
    id: Text200 | None = None
    title: Annotated[str, Meta(max_length=300)] | None = None
    url: Annotated[str, Meta(max_length=2000)] | None = None
    store: Text100 | None = None
    score: float | None = None


class UsagePart(Struct, forbid_unknown_fields=True):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cached_tokens: Count | None = None
    reasoning_tokens: Count | None = None


class FeedbackPart(Struct, forbid_unknown_fields=True):
    kind: Annotated[str, Meta(min_length=1, max_length=40)] = "rating"
    score: float | None = None
    comment: str | None = None
    at: Instant | None = None


class Row(Struct, forbid_unknown_fields=True, kw_only=True):
    external_id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    # the body: another one under the same external id is refused
    messages: Objects | None = None
    prompt: str | None = None
    tools: Objects | None = None
    variables: dict[str, Any] | None = None
    input_key: Text200 | None = None
    output: str | dict[str, Any] | None = None
    model: Text120 | None = None
    provider: Text60 | None = None
    parameters: dict[str, Any] | None = None
    prompt_version: PromptVersionPart | None = None
    metadata: dict[str, Any] | None = None
    # parts: they may come late, and fill what is still empty
    passages: Annotated[list[PassagePart], Meta(max_length=1000)] | None = None
    usage: UsagePart | None = None
    cost: Decimal | None = None
    latency_ms: Annotated[float, Meta(ge=0, le=2**31 - 1)] | None = None
    conversation_id: Text200 | None = None
    trace_id: Annotated[str, Meta(max_length=64)] | None = None
    span_id: Annotated[str, Meta(max_length=32)] | None = None
    subject_key: Text200 | None = None
    origin: Literal["production", "replay", "import", "test"] | None = None
    environment: Text60 | None = None
    segment: Text100 | None = None
    consent: bool | None = None
    licence: Text100 | None = None
    feedback: Annotated[list[FeedbackPart], Meta(max_length=40)] | None = None
    tags: Annotated[list[Named], Meta(max_length=50)] | None = None
    responded_at: Instant | None = None

    @property
    def is_part(self) -> bool:
        """Whether it says nothing of the body: late parts of a response that is known."""
        return all(getattr(self, name) is None for name in BODY)


BODY = ("messages", "prompt", "tools", "variables", "input_key", "output", "model", "provider", "parameters",
        "prompt_version", "metadata")  # fmt: skip

HINTS = {"/id": "the application's own is external_id", "": "metadata is free"}
_WHERE = re.compile(r" - at `\$(.*)`\Z", re.DOTALL)
_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(.*)`\Z", re.DOTALL)


def read(value: Any, *, strict: bool = True) -> Row:
    """A row from a canonical JSON value, or `RowRefused`. Not strict: numbers and truth values may be strings (CSV)."""
    try:
        row = msgspec.convert(value, Row, strict=strict)
    except msgspec.ValidationError as error:
        raise explained(str(error)) from None
    if row.external_id is not None and not row.external_id.strip():
        raise RowRefused("invalid", "/external_id", "An external id cannot be blank.")
    _check_numbers(row)
    if row.is_part:
        if row.external_id is None:
            raise RowRefused("invalid", "/output", "A response needs its output, and messages or a prompt.")
    else:
        _check_body(row)
    return row


def explained(message: str, hints: Mapping[str, str] = HINTS) -> RowRefused:
    """msgspec's sentence with its path as a JSON pointer; `hints` say what there is instead of an unknown field."""
    where = _WHERE.search(message)
    pointer = ""
    if where:
        message = message[: where.start()]
        pointer = re.sub(r"\[(\d+)\]", r"/\1", where[1]).replace(".", "/")
    field = _FIELD.search(message)
    if field:
        pointer += "/" + field[1].replace("~", "~0").replace("/", "~1")
    if field and "unknown" in message[: field.start(1)]:
        hint = hints.get(pointer, hints[""])
        return RowRefused("unknown-key", pointer[:300], f"There is no field {field[1][:100]!r}; {hint}.")
    return RowRefused("invalid", pointer[:300], message[:300].replace("`", "") + ".")


def _check_numbers(row: Row) -> None:
    if row.cost is not None and not (row.cost.is_finite() and 0 <= row.cost < DEAREST):
        raise RowRefused("invalid", "/cost", f"A cost lies between 0 and {DEAREST}.")
    row.responded_at = _in_utc(row.responded_at, "/responded_at")
    kinds: set[str] = set()
    for index, part in enumerate(row.feedback or ()):
        part.at = _in_utc(part.at, f"/feedback/{index}/at")
        if part.kind in kinds:
            raise RowRefused("invalid", f"/feedback/{index}/kind", "One feedback of a kind is kept; this one repeats.")
        kinds.add(part.kind)


def _in_utc(time: datetime | None, pointer: str) -> datetime | None:
    """The same moment in UTC: a database need not know every offset that can be written."""
    if time is not None and time.year not in YEARS:
        raise RowRefused("invalid", pointer, f"A time lies between the years {YEARS[0]} and {YEARS[-1]}.")
    return time and time.astimezone(UTC)


def _check_body(row: Row) -> None:
    if row.output is None:
        raise RowRefused("invalid", "/output", "A response needs its output.")
    if (row.messages is None) == (row.prompt is None):
        raise RowRefused("invalid", "/messages", "A response needs either messages or a prompt.")
    if row.provider and not row.model:
        raise RowRefused("invalid", "/model", "A provider needs its model.")
    if row.messages is not None:
        _check_messages(row.messages)


def _check_messages(messages: Objects) -> None:
    if not messages:
        raise RowRefused("invalid", "/messages", "A conversation has at least one message.")
    for index, message in enumerate(messages):
        if message.get("role") not in ROLES:
            raise RowRefused("invalid", f"/messages/{index}/role", f"A role is one of {', '.join(sorted(ROLES))}.")
        if not isinstance(message.get("name", ""), str | None):
            raise RowRefused("invalid", f"/messages/{index}/name", "A name is text.")
        _check_content(message.get("content"), f"/messages/{index}/content")
        calls = message.get("tool_calls")
        if calls is not None:
            _check_calls(calls, f"/messages/{index}/tool_calls")


def _check_content(content: Any, pointer: str) -> None:
    if content is None or isinstance(content, str):
        return
    if not isinstance(content, list):
        raise RowRefused("invalid", pointer, "Content is text or a list of parts.")
    for index, part in enumerate(content):
        if not isinstance(part, str | dict):
            raise RowRefused("invalid", f"{pointer}/{index}", "A part of the content is text or an object.")
        if isinstance(part, dict) and not isinstance(part.get("text"), str | None):
            raise RowRefused("invalid", f"{pointer}/{index}/text", "The text of a part is text.")


def _check_calls(calls: Any, pointer: str) -> None:
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise RowRefused("invalid", pointer, "Tool calls are a list of objects.")
    for index, call in enumerate(calls):
        if not isinstance(call.get("function", {}), dict):
            raise RowRefused("invalid", f"{pointer}/{index}/function", "The function of a call is an object.")


def conversation(row: Row) -> Objects:
    return row.messages if row.messages is not None else [{"role": "user", "content": row.prompt}]


def answer(row: Row) -> tuple[str, Objects]:
    """The output's text, exactly as sent, and the calls it makes. An assistant message is taken apart."""
    if not isinstance(row.output, dict):
        return row.output or "", []
    message = {key: value for key, value in row.output.items() if value not in (None, [], {})}
    unknown = sorted(set(message) - {"role", "content", "tool_calls", "refusal", "name"})
    if unknown:
        raise RowRefused("unknown-key", f"/output/{unknown[0]}"[:300], f"An output has no field {unknown[0][:100]!r}.")
    if message.get("role", "assistant") != "assistant":
        raise RowRefused("invalid", "/output/role", "The output is a message of the assistant.")
    calls = message.get("tool_calls", [])
    _check_calls(calls, "/output/tool_calls")
    content = message.get("content", message.get("refusal"))
    if content is None and not calls:
        if not isinstance(row.output.get("content"), str):
            raise RowRefused("invalid", "/output/content", "The output has neither text nor tool calls.")
        content = ""
    return _text(content), calls


def _text(content: Any) -> str:
    """The text of a message's content; parts are joined without a separator, as they were streamed."""
    if content is None or isinstance(content, str):
        return content or ""
    _check_content(content, "/output/content")
    pieces = [part if isinstance(part, str) else part.get("text") for part in content]
    for index, piece in enumerate(pieces):
        if not isinstance(piece, str):
            raise RowRefused("invalid", f"/output/content/{index}", "Only parts of text can be judged.")
    return "".join(pieces)
