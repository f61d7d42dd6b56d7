"""What a line of the log is made of, and what never stands in one: secrets, and values in the words of errors.

Secrets are those of addresses (Django logs the path of a request that it refuses) and of programs' keys.

Imports no model: logging is set up before the apps are. A line names the request or the job it belongs to; whoever does
one piece of work calls `belongs` at its beginning. The texts that people and models wrote are in no line: other
people's exceptions quote them ("Failing row contains …"), so only their type and where they were raised is kept.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

SLASH = r"(?:/|%2F)"
LINK = re.compile(rf"({SLASH}(?:link|invitation|key|end){SLASH})[\w:-]{{20,}}", re.I)
KEY = re.compile(r"(\btsk_[0-9a-f]{10}_)[\w-]{20,}")
# PostgreSQL tells the whole row that breaks a constraint: prompts, answers, hashes.
DETAIL = re.compile(r"(DETAIL:\s+)(?:Failing row contains|Key) .*?(?=\nCONTEXT:|\n\n(?:The above|During) |\Z)", re.S)
OURS = ("feedback.", "reviews.")
FRAMES = 30  # of a traceback: the innermost
REQUEST_FACTS = ("method", "route", "status", "ms", "member", "project", "key")  # what `extra` may add to a line


def redacted(text: str) -> str:
    for pattern in (LINK, KEY, DETAIL):
        text = pattern.sub(r"\1…", text)
    return text


class WithoutSecrets(logging.Filter):
    """Cuts secrets out of a record's message and of its traceback; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if message != (plain := redacted(message)):
            record.msg, record.args = plain, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        return True


@contextmanager
def belongs(**names: Any) -> Iterator[None]:
    """Every line inside carries these names: the request's id, or the job's table, row and attempt."""
    with structlog.contextvars.bound_contextvars(**names):
        yield


def words_of(error: BaseException) -> str:
    """An exception as a log may show it: its type, with its words when we wrote them or the system did."""
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    is_known = kind.__module__.startswith(OURS) or isinstance(error, OSError)
    return f"{name}: {error}" if is_known and str(error) else name


def frames_of(trace: TracebackType | None) -> list[str]:
    found = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in found]


def without_values(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The exception of a record as type and places; those it came from after it."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else None
    chain: list[dict[str, Any]] = []
    while error is not None and len(chain) < 5:
        chain.append({"error": words_of(error), "at": frames_of(error.__traceback__)})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if chain:
        event["exception"] = chain
    return event


def without_results(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Celery writes the exception of a task into its sentence: only the task and what became of it are kept."""
    data = getattr(event["_record"], "data", None)
    if event["_record"].name == "celery.app.trace" and isinstance(data, dict):
        event["event"] = f"task {data.get('name')} {data.get('description')}"
    return event


def json_formatter() -> structlog.stdlib.ProcessorFormatter:
    """One JSON object a line: time, level, logger, event, the names bound by `belongs`, what `extra` gave."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.stdlib.ExtraAdder(allow=REQUEST_FACTS),
            without_results,
            without_values,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
