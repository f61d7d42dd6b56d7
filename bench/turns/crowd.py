"""People and programs who ask a server on this machine: as light as can be, since they share its processors."""

from __future__ import annotations

import multiprocessing
import os
import re
import socket
import statistics
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
Turn = Callable[[], str | None]  # does one thing and gives what it got, None when there is no more
After = Callable[[str], None]  # what has to follow, outside of the measured time
Ready = Callable[[], tuple[Turn, After]]  # opens somebody's connections, in a process of their own


class Wire:
    """One kept-alive HTTP connection, spoken by hand."""

    def __init__(self, port: int, **headers: str) -> None:
        self.port = port
        self.head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": f"127.0.0.1:{port}", **headers}.items())
        self.socket: socket.socket | None = None

    def ask(self, method: str, path: str, body: str = "", kind: str = "application/x-www-form-urlencoded") -> bytes:
        """The answer's body; a status of 400 or more ends the run."""
        about = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
        request = f"{method} {path} HTTP/1.1\r\n{self.head}{about}\r\n{body}".encode()
        try:
            head, answer = self.exchange(request)
        except ConnectionError:  # the worker was renewed, or has let go of an idle connection
            self.socket = None
            head, answer = self.exchange(request)
        if int(head[9:12]) >= 400:
            raise SystemExit(f"{method} {path} answered {head[9:12].decode()}: {answer[:500]!r}")
        if b"connection: close" in head.lower():
            self.socket = None
        return answer

    def exchange(self, request: bytes) -> tuple[bytes, bytes]:
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.more()
        head, _, answer = data.partition(b"\r\n\r\n")
        found = LENGTH.search(head)
        length = int(found[1]) if found else 0
        while len(answer) < length:
            answer += self.more()
        return head, answer

    def more(self) -> bytes:
        assert self.socket is not None
        block = self.socket.recv(1 << 16)
        if not block:
            raise ConnectionResetError
        return block


@dataclass
class Run:
    """What a crowd did: how long each turn took, their own processor time, and what they got."""

    people: int
    times: list[float]
    cpu: float
    got: list[str]

    @property
    def pace(self) -> float:
        """Turns a second of all together: nobody pauses between two of theirs."""
        return self.people / statistics.mean(self.times)

    @property
    def p50(self) -> float:
        return statistics.median(self.times) * 1000

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.times, n=20)[-1] * 1000

    @property
    def duplicates(self) -> int:
        return len(self.got) - len(set(self.got))


def crowd(people: list[Ready], turns: int) -> Run:
    """Each in a process of its own: make ready, wait for the others, then `turns` times without a pause."""
    context = multiprocessing.get_context("fork")
    gate, results = context.Barrier(len(people)), context.Queue()
    children = [context.Process(target=one, args=(ready, turns, gate, results)) for ready in people]
    for child in children:
        child.start()
    found = [results.get(timeout=900) for _ in children]
    for child in children:
        child.join()
    if any(isinstance(result, str) for result in found):
        raise SystemExit(next(result for result in found if isinstance(result, str)))
    times, cpu, got = zip(*found, strict=True)
    return Run(len(people), list(chain(*times)), sum(cpu), list(chain(*got)))


def one(ready: Ready, turns: int, gate: Any, results: Any) -> None:
    try:
        turn, after = ready()
        gate.wait(300)
        times, got, cpu = [], [], time.process_time()
        for _ in range(turns):
            since = time.perf_counter()
            name = turn()
            if name is None:
                break
            times.append(time.perf_counter() - since)
            got.append(name)
            after(name)
        results.put((times, time.process_time() - cpu, got))
    except BaseException as error:
        gate.abort()
        results.put(f"{type(error).__name__}: {error}")


def processor_seconds(pids: Iterable[int]) -> dict[int, float]:
    """What each of these processes has used so far, by the kernel's account."""
    used = {}
    for pid in pids:
        with suppress(FileNotFoundError):  # it has ended
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            used[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used
