"""What the clients saw: one JSON line an operation, written when it ended, acknowledged or given up."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Op:
    """One operation of one client, however often it was sent.

    `key` is what makes it the same operation when it is sent again. `status` is that of the answer that ended it; None
    when none came, and then nobody knows whether it happened. `sent` and `answer` hold what the checker compares.
    """

    client: str
    kind: str
    key: str
    began: float = 0.0
    ended: float = 0.0
    attempts: int = 0
    status: int | None = None
    sent: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)  # of the attempts that got no answer: the error, or 5xx

    @property
    def is_done(self) -> bool:
        """Acknowledged: the server said that it happened."""
        return self.status is not None and (self.status < 300 or self.status == 303)

    @property
    def is_refused(self) -> bool:
        """Answered, at the first attempt, that it did not happen. (An earlier attempt without an answer may have.)"""
        return self.status is not None and self.status >= 400 and self.attempts == 1


class History:
    def __init__(self, path: Path) -> None:
        self.ops: list[Op] = []
        self.begin()
        self.lock = threading.Lock()
        self.file = path.open("w", encoding="utf-8")

    def begin(self) -> None:
        """Its clock starts now."""
        self.started = time.monotonic()

    def now(self) -> float:
        return round(time.monotonic() - self.started, 3)

    def add(self, op: Op) -> None:
        with self.lock:
            self.ops.append(op)
            self.write(asdict(op))

    def note(self, **fact: Any) -> None:
        """A line that is no operation: a fault begins or ends, the run enters its next part."""
        with self.lock:
            self.write({"at": self.now(), **fact})

    def write(self, line: dict[str, Any]) -> None:
        self.file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.file.flush()


def read(lines: Iterable[str]) -> list[Op]:
    """The operations of a stored history."""
    found = (json.loads(line) for line in lines)
    return [Op(**line) for line in found if "kind" in line]


def digest(value: Any) -> str:
    """SHA-256 of the value as JSON, the same however its keys were ordered."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
