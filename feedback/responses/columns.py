"""The columns of the response list and of its CSV: one registry, chosen by `columns=` in the address.

The list shows the first words of long texts; the CSV has them whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedback.responses.models import Response
from feedback.responses.prepared import message_text

YES_NO_UNKNOWN = {True: "Yes", False: "No", None: "Unknown"}
VERDICTS = {"passed": "Passed", "failed": "Failed"}


@dataclass(frozen=True, slots=True)
class Column:
    """`value` is what the file has; `kind` is how the page shows it: text, number, time, verdict, tags or plain."""

    key: str
    label: str
    value: Callable[[Response], Any]
    kind: str = "plain"
    words: str = ""  # attribute of a listed row that holds the beginning of a long text

    @property
    def is_number(self) -> bool:
        return self.kind == "number"

    def shown(self, row: Response) -> Any:
        return getattr(row, self.words) if self.words else self.value(row)


def fact(key: str, label: str, kind: str = "plain") -> Column:
    """A column of the thin row, as it is."""
    return Column(key, label, lambda row: getattr(row, key), kind)


def asked(row: Response) -> str:
    return message_text(last_spoken(row.body.messages))


def last_spoken(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The last turn that is not the model's own; else the last one."""
    spoken = [message for message in messages if message["role"] not in {"assistant", "system", "developer"}]
    return (spoken or messages or [{"role": "user", "content": ""}])[-1]  # none: it was erased


COLUMNS = {
    column.key: column
    for column in (
        fact("created_at", "Came in", "time"),
        fact("responded_at", "Answered at", "time"),
        Column("asked", "Asked", asked, "text", "input_words"),
        Column("answered", "Answered", lambda row: row.body.output, "text", "output_words"),
        fact("id", "Number", "number"),
        fact("external_id", "External id"),
        Column("prompt", "Prompt", lambda row: str(row.prompt_version or "")),
        Column("model", "Model", lambda row: row.model.name if row.model else ""),
        Column("provider", "Provider", lambda row: row.model.provider if row.model else ""),
        Column("verdict", "Verdict", lambda row: VERDICTS.get(row.verdict, ""), "verdict"),
        Column("is_queued", "Queued", lambda row: YES_NO_UNKNOWN[row.is_queued]),
        Column("has_feedback", "User feedback", lambda row: YES_NO_UNKNOWN[row.has_feedback]),
        fact("environment", "Environment"),
        fact("segment", "Segment"),
        Column("tags", "Tags", lambda row: ", ".join(row.tags), "tags"),
        Column("origin", "Origin", lambda row: row.get_origin_display()),
        Column("consent", "Consent", lambda row: YES_NO_UNKNOWN[row.consent]),
        fact("licence", "Licence"),
        fact("subject_key", "End user"),
        fact("conversation_id", "Conversation"),
        fact("trace_id", "Trace"),
        fact("input_tokens", "Input tokens", "number"),
        fact("output_tokens", "Output tokens", "number"),
        fact("cached_tokens", "Cached tokens", "number"),
        fact("reasoning_tokens", "Reasoning tokens", "number"),
        fact("latency_ms", "Latency (ms)", "number"),
        fact("cost", "Cost", "number"),
        Column("batch", "Batch", lambda row: row.batch_id, "number"),
    )
}
DEFAULT = ("created_at", "asked", "answered", "prompt", "model", "verdict", "cost")
LINKS = ("asked", "external_id", "id")  # the first of these that is shown leads to the response's page


def chosen(values: Iterable[str]) -> list[Column]:
    """The columns that are named, in their usual order, from `columns=a,b` or `columns=a&columns=b`."""
    names = {name.strip() for value in values for name in value.split(",")}
    return [column for key, column in COLUMNS.items() if key in names] or [COLUMNS[key] for key in DEFAULT]


def as_parameter(columns: Sequence[Column]) -> str:
    """What stands in the address; empty for the usual columns."""
    keys = tuple(column.key for column in columns)
    return "" if keys == DEFAULT else ",".join(keys)


def link_of(columns: Sequence[Column]) -> str:
    keys = [column.key for column in columns]
    return next((key for key in LINKS if key in keys), keys[0])


def cells(row: Response, columns: Sequence[Column]) -> list[dict[str, Any]]:
    link = link_of(columns)
    return [{"column": column, "value": column.shown(row), "is_link": column.key == link} for column in columns]


def as_text(value: Any) -> str:
    """A cell of a file or of a preview: times in ISO 8601, nothing for nothing."""
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)
