"""A row made ready to be stored: its texts, its four hashes and the values of its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from feedback.responses import rows
from feedback.responses.rows import Row
from feedback.text.hashes import digest, fold_hash, input_hash, prompt_hash, sha256_text

NANO = Decimal("0.000000001")


@dataclass(slots=True)
class Prepared:
    """A whole response, or late parts only, when `body_hash` is empty."""

    index: int
    row: Row
    external_id: str
    body_hash: str = ""
    messages: rows.Objects | None = None
    output: str = ""
    tool_calls: rows.Objects | None = None
    hashes: dict[str, str] | None = None
    model_id: int | None = None
    prompt_version_id: int | None = None


def prepare(index: int, row: Row) -> Prepared:
    if row.is_part:
        assert row.external_id is not None
        return Prepared(index, row, row.external_id)
    messages = rows.conversation(row)
    output, calls = rows.answer(row)
    hashes = {
        "prompt_hash": prompt_hash(messages, row.tools),
        "input_hash": input_hash(input_key=row.input_key, variables=row.variables, messages=messages),
        "output_hash": sha256_text(output),
    }
    folded = "\n".join(input_texts(row.variables, messages))
    hashes["fold_hash"] = fold_hash(folded) if folded.strip() else hashes["input_hash"]
    hashes["body_hash"] = body_hash(row, calls, hashes)
    external_id = row.external_id or external_id_of(row, hashes["body_hash"])
    return Prepared(index, row, external_id, hashes["body_hash"], messages, output, calls, hashes)


def body_hash(row: Row, calls: rows.Objects, hashes: dict[str, str]) -> str:
    """Of what was asked, what was answered and by what. Parts that may come late, and times, are not in it."""
    version = row.prompt_version
    return digest(
        [
            hashes["prompt_hash"], row.variables or {}, row.input_key or "", hashes["output_hash"], calls,
            row.model or "", row.provider or "", row.parameters or {},
            [version.name, str(version.version)] if version else [], row.metadata or {},
        ]
    )  # fmt: skip


def external_id_of(row: Row, body: str) -> str:
    """Where the caller gives none: the same response, at the same time in the same place, gets the same id."""
    place = [row.conversation_id or "", row.trace_id or "", row.span_id or ""]
    time = row.responded_at.timestamp() if row.responded_at else 0
    return f"auto-{digest([body, *place, time])[:40]}"


def input_texts(variables: dict[str, Any] | None, messages: rows.Objects) -> Iterator[str]:
    """The texts of an input: its variables, else its turns without system and developer turns."""
    if variables:
        yield from _leaves(variables)
        return
    for message in messages:
        if message["role"] not in {"system", "developer"}:
            yield message_text(message)


def message_text(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part if isinstance(part, str) else part.get("text") or "" for part in content)
    return content or ""


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _leaves(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value)


def parts(row: Row) -> dict[str, Any]:
    """The columns of a response that may come late, as far as the row gives them."""
    usage = row.usage
    given = {
        "conversation_id": row.conversation_id,
        "trace_id": row.trace_id,
        "span_id": row.span_id,
        "subject_key": row.subject_key,
        "environment": row.environment,
        "segment": row.segment,
        "licence": row.licence,
        "consent": row.consent,
        "tags": list(dict.fromkeys(row.tags)) if row.tags else None,
        "latency_ms": None if row.latency_ms is None else round(row.latency_ms),
        "cost": None if row.cost is None else nano(row.cost),
        "input_tokens": usage and usage.input_tokens,
        "output_tokens": usage and usage.output_tokens,
        "cached_tokens": usage and usage.cached_tokens,
        "reasoning_tokens": usage and usage.reasoning_tokens,
    }
    return {name: value for name, value in given.items() if value is not None and value != ""}


def nano(cost: Decimal) -> Decimal:
    """To nine decimals, ties to even."""
    return cost.quantize(NANO, rounding=ROUND_HALF_EVEN)
