"""How soon the web process is ready, what it holds, and what a reviewer's page weighs.

    DATABASE_URL=postgres://… python bench/start.py [--rounds 3]

Ready is the first answer of a gunicorn with one worker that was just started. The page is that of a claimed item in a
small world, as a browser fetches it in production: compressed, with its style sheets, scripts and what these import.
"""

from __future__ import annotations

import http.client
import os
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
os.environ |= {"ALLOWED_HOSTS": "testserver,127.0.0.1", "LOG_LEVEL": "ERROR", "WEB_WORKERS": "1"}

import brotli  # noqa: E402
import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench.measured.process import Web, memory  # noqa: E402
from bench.table import Line, Size, add, asked  # noqa: E402
from feedback.accounts.models import Member, User  # noqa: E402
from feedback.management.commands import serve  # noqa: E402
from feedback.responses.models import Passage  # noqa: E402
from reviews.queues.items import add_items  # noqa: E402
from tests import make  # noqa: E402

LINKED = re.compile(
    r"""(?:src|href)="([^"]+\.(?:css|js|svg|ico|woff2)[^"]*)"|import[^"';]*["']([^"']+)["']|url\("?([^)"]+)"?\)"""
)
PROSE = " ".join((ROOT / "docs" / "explanation" / "newcomers-walk.md").read_text().split())


@dataclass
class Weight:
    """Bytes as they were sent, by address; a browser fetches each once."""

    sent: dict[str, int] = field(default_factory=dict)

    @property
    def static(self) -> int:
        return sum(size for path, size in self.sent.items() if path.startswith(settings.STATIC_URL))


def ask(web: Web, path: str, headers: dict[str, str]) -> tuple[int, http.client.HTTPMessage, bytes]:
    client = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    client.request("GET", path, headers=headers)
    answer = client.getresponse()
    data = answer.read()
    client.close()
    return answer.status, answer.headers, data


def unpacked(data: bytes, encoding: str | None) -> str:
    return (brotli.decompress(data) if encoding == "br" else data).decode(errors="replace")


def fetch(web: Web, path: str, headers: dict[str, str], weight: Weight) -> None:
    """The page or file, and what it names, and what that names."""
    if path in weight.sent:
        return
    status, about, data = ask(web, path, {**headers, "Accept-Encoding": "br"})
    assert status == 200, (path, status)
    weight.sent[path] = len(data)
    if not path.endswith((".svg", ".ico", ".woff2")):
        for names in LINKED.findall(unpacked(data, about["Content-Encoding"])):
            name = urljoin(path, next(filter(None, names)))
            if name.startswith(settings.STATIC_URL) and "#" not in name:
                fetch(web, name, headers, weight)


def reviewer() -> tuple[str, str]:
    """A claimed item of believable length: the address of its page, and the reviewer's cookie."""
    queue = make.queue(make.project(f"bench-{time.time():.0f}"))
    response = make.response(queue.project, PROSE[:1_200], question=PROSE[:600])
    Passage.objects.bulk_create(
        Passage(project=queue.project, response=response, position=at, title="Source", text=PROSE[at * 900 :][:1_000])
        for at in range(2)
    )
    add_items(queue, [make.subject(response).pk])
    user = User.objects.create_user(f"{time.time()}@bench.invalid", name="Bench")
    member = Member.objects.create(project=queue.project, user=user, role="reviewer")
    browser = make.SignedIn(member)
    where = {"project": queue.project.slug, "key": queue.key}
    browser.post(reverse("queues:claim", kwargs=where))
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    return reverse("queues:review", kwargs=where), cookie


def main() -> None:
    rounds = asked(__doc__, rounds=Size(3, 1)).rounds
    serve.prepare()
    path, cookie = reviewer()
    connections.close_all()
    ready, idle, used = [], [], []
    for _ in range(rounds):
        with Web() as web:
            ask(web, "/", {})  # the port is open from the beginning: this waits until a worker takes it
            ready.append(time.perf_counter() - web.begun)
            idle.append(sum(memory(pid) for pid in web.pids))
            for _ in range(20):
                assert ask(web, path, {"Cookie": cookie})[0] == 200
            used.append(max(memory(pid) for pid in web.pids))
            weight = Weight()
            fetch(web, path, {"Cookie": cookie}, weight)
    add("start", "Start, memory, weight of a page", [
        Line("web process ready", f"{min(ready):.2f} s", aim="≤ 2 s"),
        Line("gunicorn and one worker after the first answer, resident", f"{min(idle):.0f} MB"),
        Line("the web process after 20 review pages, resident", f"{max(used):.0f} MB", aim="≤ 150 MB"),
        Line("reviewer's page with all it loads, as sent", f"{sum(weight.sent.values()) / 1000:.0f} kB",
             f"the page alone, {weight.sent[path] / 1000:.0f} kB; {len(weight.sent)} requests", aim="≤ 150 kB"),
    ])  # fmt: skip


if __name__ == "__main__":
    main()
