"""How gunicorn serves; it reads this file where it is started: `gunicorn feedback.wsgi`, or `manage.py serve`.

Threads, because a slow upload must not hold a whole process. Workers are renewed before they grow.
"""

import gc
import os
from pathlib import Path
from typing import Any

from django.urls import get_resolver

from feedback import settings

bind = f"127.0.0.1:{settings.PORT}"
workers = settings.WEB_WORKERS
worker_class = "gthread"
threads = 4
keepalive = 15
timeout = 60
graceful_timeout = 30
max_requests = 5000
max_requests_jitter = 500
control_socket_disable = True
loglevel = "warning"  # each request has a line of its own, see LOG_REQUESTS
if settings.LOG_FORMAT == "json":
    logconfig_dict = {
        "formatters": {"json": {"()": "feedback.logs.json_formatter"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {"gunicorn.error": {"handlers": [], "level": "WARNING", "propagate": True}},
    }


def on_starting(server: Any) -> None:
    """Counts of an earlier life's processes are no counts of this one's, whose ids may be the same."""
    for path in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db") if settings.METRICS_TOKEN else ():
        path.unlink(missing_ok=True)


def post_worker_init(worker: Any) -> None:
    """Load every room before the first request, and keep what is loaded from the garbage collector, which would look
    through all of it again and again: 0.1 s each time, in somebody's request. Then tell `manage.py serve`, which lets
    the old processes go when the new ones can answer.
    """
    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    gc.freeze()
    if "WEB_READY" in os.environ:
        Path(os.environ["WEB_READY"]).touch()
