"""Goes through a scene's points one by one: something happens there, the same is tried again, and what there is in the
end must be what there is without any disturbance.

Runs inside an instance; its answers are plain values: the points passed, and what went wrong at which.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models.functions import Now

from feedback.jobs import job_models
from tests.faults import scenes
from tests.faults.points import Points
from tests.faults.scenes import Asked, Begun, Case, everything

Found = dict[str, Any]


def web(scene: str, every: int = 1, happens: str = "kill") -> Found:
    """A request dies at each point (or loses its database there), and is sent again as it was."""
    begin: Callable[[], Asked] = getattr(scenes, scene)
    asked = begin()
    status, points = send(asked)
    assert status is not None
    assert status < 400, status
    expected, wrong = everything(asked), list[str]()
    for number in chosen(points, every):
        asked = begin()
        first, _ = send(asked, number, happens)
        if first is not None and first >= 400 and first != 503:
            wrong.append(f"{number} ({points[number - 1]}): answered {first}")
        if happens == "kill" and (first is None) == (number == len(points)):
            wrong.append(f"{number} ({points[number - 1]}): answered {first} where it was to die")
        again = patiently(asked)
        if again is None or again >= 400:
            wrong.append(f"{number} ({points[number - 1]}): sent again, answered {again}")
        wrong += differences(asked, expected, number, points)
    return {"points": points, "wrong": wrong + broken()}


def patiently(asked: Asked) -> int | None:
    """A client asks again when the connection breaks: the dying process may have taken the next one too."""
    return next((status for status, _ in (send(asked) for _ in range(3)) if status is not None), None)


def plainly(*scenes_by_name: str) -> list[int | None]:
    """Each scene asked of the web once, with nothing happening: the answers' statuses."""
    return [send(getattr(scenes, name)())[0] for name in scenes_by_name]


def at_once(scene: str, times: int) -> Found:
    """The same request from many threads together, beside one that was sent once: the statuses, and what differs."""
    begin: Callable[[], Asked] = getattr(scenes, scene)
    once, often = begin(), begin()
    _, points = send(once)
    with ThreadPoolExecutor(times) as pool:
        statuses = list(pool.map(lambda _: send(often)[0], range(times)))
    return {"statuses": statuses, "wrong": differences(often, everything(once), len(points), points) + broken()}


def held(scene: str, name: str) -> int | None:
    """A request that waits at the first point of this name until it is let go; its status then."""
    begin: Callable[[], Asked] = getattr(scenes, scene)
    _, points = send(begin())
    return send(begin(), points.index(name) + 1, "hold")[0]


def send(asked: Asked, fatal: int = 0, happens: str = "kill") -> tuple[int | None, list[str]]:
    """The answer's status and the points passed; None when the server died before it had answered."""
    server = http.client.HTTPConnection("127.0.0.1", settings.PORT, timeout=60)
    headers = {**asked.headers, "Connection": "close", "X-Fatal": str(fatal), "X-Happens": happens}
    try:
        server.request("POST", asked.path, asked.body.encode(), headers)
        answer = server.getresponse()
        answer.read()
    except (ConnectionError, http.client.HTTPException):
        return None, []
    finally:
        server.close()
    return answer.status, json.loads(answer.headers.get("X-Points", "[]"))


def work(scene: str, every: int = 1) -> Found:
    """A worker dies at each point; when its lease is over another one goes on."""
    scenes.small_chunks()
    begin: Callable[[], Begun] = getattr(scenes, scene)
    begun = begin()
    points = forked(begun.work)
    assert points is not None
    expected, wrong = everything(begun), list[str]()
    for number in chosen(points, every):
        begun = begin()
        if forked(begun.work, number) is not None:
            wrong.append(f"{number} ({points[number - 1]}): the worker lived on")
        sweep(begun)
        if forked(begun.work) is None:
            wrong.append(f"{number} ({points[number - 1]}): the second worker died too")
        wrong += differences(begun, expected, number, points)
    return {"points": points, "wrong": wrong + broken()}


def forked(work: Callable[[], Any], fatal: int = 0) -> list[str] | None:
    """Do it in a process of its own, with connections of its own; the points passed, or None when it was killed."""
    connections.close_all()
    inward, outward = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            points = Points(fatal)
            with points.armed():
                work()
            os.write(outward, json.dumps(points.passed).encode())
            code = 0
        except BaseException:
            traceback.print_exc()
        os._exit(code)
    os.close(outward)
    with os.fdopen(inward, "rb") as pipe:
        passed = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    assert status == 0, "the worker raised an error; it is printed above"
    answer: list[str] = json.loads(passed)
    return answer


def sweep(begun: Begun) -> None:
    """What the sweep finds when the dead worker's leases are over."""
    for model in job_models():
        rows: Any = model._default_manager
        rows.filter(project=begun.project, state="running").update(lease_until=Now() - timedelta(seconds=1))
    if begun.job is None:
        return
    mine = type(begun.job).objects.filter(pk=begun.job.pk)
    row = mine.get()
    assert row.is_finished or mine.claimable().exists(), f"{row} waits for nobody: {row.state}"


LAST = 8  # points around the last commit: what is left lying about, and what was answered


def chosen(points: list[str], every: int) -> list[int]:
    """One point in so many, and the last ones."""
    return [n for n in range(1, len(points) + 1) if n % every == 0 or n > len(points) - LAST]


def differences(case: Case, expected: Found, number: int, points: list[str]) -> list[str]:
    found = json.loads(json.dumps(everything(case), default=str))
    wanted = json.loads(json.dumps(expected, default=str))
    at = f"{number} ({points[number - 1]})"
    return [f"{at}: {name}: {found[name]} for {wanted[name]}" for name in wanted if found[name] != wanted[name]]


def broken() -> list[str]:
    """The promises of `manage.py verify` that do not hold."""
    out = io.StringIO()
    try:
        call_command("verify", json=True, stdout=out)
    except CommandError:
        rows = json.loads(out.getvalue())["invariants"]
        return [f"{row['code']} {row['promise']}: {row['examples']}" for row in rows if row["violations"]]
    return []
