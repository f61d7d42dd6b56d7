"""Celery's bell without a server: kombu's file-system transport, made safe for several processes.

Kombu's own writes a message under its final name, and reads one while it is being written: the reader then dies of half
a message (kombu 5.7: JSONDecodeError out of `drain_events`, which ends the worker). Here files come and go whole, by
renaming inside one folder, and the table of bindings changes under a lock of its own.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

log = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # the bases disagree
        """Messages sort by their time of writing, oldest first."""
        name = f"{time.time_ns()}_{uuid.uuid4().hex}.{queue}.msg"
        write_whole(os.path.join(self.data_folder_out, name), dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the oldest message: whoever renames the file has it, the others see it gone."""
        ending = f".{queue}.msg"
        for name in sorted(entry for entry in os.listdir(self.data_folder_in) if entry.endswith(ending)):
            taken = os.path.join(self.data_folder_in, f"{name}.{uuid.uuid4().hex}.taken")
            try:
                os.rename(os.path.join(self.data_folder_in, name), taken)
                with open(taken, encoding="utf-8") as file:
                    message = loads(file.read())
                os.remove(taken)
            except FileNotFoundError:
                continue
            except ValueError:
                log.warning("dropped a message that cannot be read: %s; the sweep rings again", taken)
                continue
            return message
        raise Empty

    def table_of(self, exchange: str) -> Path:
        return self._exchange_file(exchange)  # type: ignore[attr-defined]  # which checks the name

    def get_table(self, exchange: str) -> list[Any]:
        try:
            text = self.table_of(exchange).read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [filesystem.exchange_queue_t(*row) for row in loads(text)]

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self.table_locked():
            table = self.get_table(exchange)
            if row not in table:
                write_whole(str(self.table_of(exchange)), dumps([row, *table]))

    @contextmanager
    def table_locked(self) -> Iterator[None]:
        self.control_folder.mkdir(exist_ok=True)
        with open(self.control_folder / "lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # given back when the file is closed, also by a process that dies
            yield


def write_whole(path: str, text: str) -> None:
    part = f"{path}.{uuid.uuid4().hex}.part"
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(part, path)


class Transport(filesystem.Transport):
    Channel = Channel
