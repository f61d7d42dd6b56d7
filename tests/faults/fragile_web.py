"""The web process, except that a request says where it dies: `gunicorn --config python:tests.faults.fragile_web`.

X-Fatal is the number of the point, X-Happens what happens there (points.py). Each answer tells in X-Points which it
passed, up to the last one, when the answer is written. The parent has everything imported, so that a new child is
there at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

wsgi_app = "tests.faults.fragile_web:application"
preload_app = True
workers, threads, worker_class = 1, 4, "gthread"
control_socket_disable, loglevel = True, "warning"
ANSWERED = "answered"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    from feedback.wsgi import application as product
    from tests.faults.points import Points

    points = Points(int(environ.get("HTTP_X_FATAL", "0")), environ.get("HTTP_X_HAPPENS", "kill"))
    environ["points"] = points

    def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start_response(status, [*headers, ("X-Points", json.dumps([*points.passed, ANSWERED]))], *rest)

    with points.armed():
        return product(environ, started)


def on_starting(server: Any) -> None:
    """Import every page before the first child is forked."""
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    from tests.faults import clock
    from tests.faults.scenes import small_chunks

    clock.put_off()
    small_chunks()
    # Nothing was collected for this instance, and its pages of errors name files too.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    assert Client().get("/healthz", headers={"host": "127.0.0.1"}).status_code == 200


def post_request(worker: Any, request: Any, environ: dict[str, Any], response: Any) -> None:
    if "points" in environ:
        environ["points"].reach(ANSWERED)
