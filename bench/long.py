"""A text of 100,000 characters with 500 marks on the desk, in a real browser: open, mark, type, scroll, send.

    DATABASE_URL=postgres://… python bench/long.py [--characters 100000] [--marks 500]

Chromium before gunicorn, as in desk.py. The same is done to a text of 1,200 characters without marks, in the same run.
Times begin with the event's own time and end in the first task after the frame that shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
os.environ |= {"RATE_LIMIT": "1000000/minute", "LOG_LEVEL": "ERROR"}

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from playwright.async_api import Page, async_playwright  # noqa: E402

from bench.desk import CLOCK, begin  # noqa: E402
from bench.measured.process import Web  # noqa: E402
from bench.table import Line, Size, add, asked  # noqa: E402
from bench.turns.seed import TEXT  # noqa: E402
from feedback.accounts.models import Member, Project  # noqa: E402
from feedback.management.commands import serve  # noqa: E402
from feedback.rubrics.ready import helpfulness_rubric  # noqa: E402
from reviews.queues.claim import claim  # noqa: E402
from reviews.queues.items import add_items  # noqa: E402
from reviews.queues.submit import save_draft  # noqa: E402
from tests import make  # noqa: E402
from tests.browser.conftest import ARGS, CHROMIUM  # noqa: E402

SHORT = 1_200
KEYS = 40
SELECT = """(layer) => {
  const words = document.createTreeWalker(layer, NodeFilter.SHOW_TEXT).nextNode();
  getSelection().setBaseAndExtent(words, 20, words, 60);
}"""
# How long it took from an event to the frame after it, and the gaps between frames while they are counted.
WATCH = """
globalThis.took = { keydown: [], input: [] };
for (const kind of Object.keys(took)) {
  addEventListener(kind, (event) => {
    requestAnimationFrame(() => setTimeout(() => took[kind].push(performance.now() - event.timeStamp)));
  }, true);
}
globalThis.opened = new Promise((resolve) => addEventListener("load", () => {
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
}));
globalThis.frames = (milliseconds) => new Promise((resolve) => {
  const gaps = [];
  let last = performance.now();
  const end = last + milliseconds;
  const next = (now) => {
    gaps.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(next); else resolve(gaps.slice(1));
  };
  requestAnimationFrame(next);
});
"""


def seeded(characters: int, marks: int, key: str) -> tuple[Project, str]:
    """A reviewer who has begun the first of two such items; their session."""
    project = make.project(f"bench-{key}")
    queue = make.queue(
        project, rubric_version=helpfulness_rubric(project), k=1, grace_seconds=0, key="one", name="By one"
    )
    text = (TEXT * (characters // len(TEXT) + 1))[:characters]
    parts = [make.response(project, text, question=f"{number}?", passages=[TEXT[:900]]) for number in range(2)]
    add_items(queue, [make.subject(part).pk for part in parts])
    member: Member = make.member(project, name="Bench")
    turn = claim(queue, member)
    assert turn is not None
    if marks:
        save_draft(turn.token, member, {"hallucinations": list(marked(turn.shown_order[0], text, marks))})
    return project, str(make.SignedIn(member).cookies[settings.SESSION_COOKIE_NAME].value)


def marked(response: int, text: str, n: int) -> list[dict[str, Any]]:
    """So many marks, spread over all of the text but its beginning, where one more is made."""
    step = (len(text) - 400) // n
    places = [(400 + number * step, 400 + number * step + min(40, step - 2)) for number in range(n)]
    return [
        {"response": response, "start": start, "end": end, "quote": text[start:end], "kind": "unsupported",
         "severity": "minor", "note": ""}
        for start, end in places
    ]  # fmt: skip


async def work(page: Page, project: Project) -> dict[str, list[float]]:
    """Open, scroll, mark some words, type a note, send."""
    await begin(page, project.slug, "one")
    found = {"opened": [await page.evaluate("opened")]}
    await page.mouse.move(500, 500)
    frames = asyncio.ensure_future(page.evaluate("frames(3000)"))
    for _ in range(40):
        await page.mouse.wheel(0, 300)
        await asyncio.sleep(0.05)
    found["frame while scrolling"] = await frames
    await page.evaluate("scrollTo(0, 0)")
    layer = page.locator("[data-layer][data-response]").first
    await layer.evaluate(SELECT)
    await page.keyboard.press("f")
    await page.locator(".flag .editing").wait_for()
    found["selected words flagged"] = await page.evaluate("took.keydown.slice(-1)")
    await page.locator(".flag .editing [data-done]").press("Enter")
    note = page.locator("#review-form textarea:visible").last
    await note.focus()
    await page.evaluate("took.input.length = 0")
    await page.keyboard.type("x" * KEYS, delay=30)
    await page.wait_for_timeout(500)
    found["a letter typed"] = await page.evaluate("took.input")
    await page.locator("#review-form .q").first.focus()
    for key in "1422":
        await page.keyboard.press(key)
    await page.keyboard.press("Control+Enter")
    painted, _, said = await asyncio.wait_for(page.evaluate("painted"), 120)
    found["sent, to the next item"] = [painted]
    if not said.startswith("Next item"):
        raise SystemExit(f"The page said: {said}")
    return found


async def browse(port: int, project: Project, session: str) -> dict[str, list[float]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        address = f"http://127.0.0.1:{port}"
        context = await browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
        await context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
        await context.add_init_script(CLOCK + WATCH)
        try:
            return await work(await context.new_page(), project)
        finally:
            await browser.close()


def main() -> None:
    options: argparse.Namespace = asked(__doc__, characters=Size(100_000, 20_000), marks=Size(500, 50))
    sizes = {"short": (SHORT, 0), "long": (options.characters, options.marks - 1)}
    serve.prepare()
    people = {name: seeded(*size, f"{name}-{os.getpid()}") for name, size in sizes.items()}
    connections.close_all()
    with Web() as web:
        found = {name: asyncio.run(browse(web.port, *person)) for name, person in people.items()}
    lines = []
    for what in found["long"]:
        short, long = (sorted(found[name][what]) for name in ("short", "long"))
        lines.append(
            Line(
                what,
                f"{statistics.median(long):.0f} ms, the longest {long[-1]:.0f}",
                f"{SHORT:,} characters without marks, {statistics.median(short):.0f}, the longest {short[-1]:.0f}",
                statistics.median(long) / max(1.0, statistics.median(short)),
            )
        )
    add("long", f"A text of {options.characters:,} characters with {options.marks} marks on the desk", lines)


if __name__ == "__main__":
    main()
