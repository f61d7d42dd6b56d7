"""A reviewer at the keyboard: from the press of Ctrl and Enter to the next item painted, in a real browser.

    DATABASE_URL=postgres://… python bench/desk.py [--items 50] [--people 8] [--each 5]

Chromium before gunicorn as `manage.py serve` starts it, on the same machine. One person judges items of three kinds
(questions and flags, a pair, a ranking of four) without a mouse; then several do at once, each in a browser context of
their own. At the end every review that a page was told is counted in the database.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import uuid
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")
os.environ |= {"RATE_LIMIT": "1000000/minute", "LOG_LEVEL": "ERROR"}

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.models import F  # noqa: E402
from django.urls import reverse  # noqa: E402
from playwright.async_api import Browser, Page, async_playwright  # noqa: E402

from bench.measured.process import Web  # noqa: E402
from bench.table import Line, Size, add, asked  # noqa: E402
from bench.turns.seed import TEXT  # noqa: E402
from feedback.accounts.models import Member, Project, User  # noqa: E402
from feedback.judgements.models import Review  # noqa: E402
from feedback.management.commands import serve  # noqa: E402
from feedback.rubrics.ready import helpfulness_rubric, pairwise_rubric, ranked_rubric  # noqa: E402
from reviews.queues.items import add_items  # noqa: E402
from reviews.queues.models import Item  # noqa: E402
from tests import make  # noqa: E402
from tests.browser.conftest import ARGS, CHROMIUM  # noqa: E402

PATIENCE = 120  # seconds for one turn, on a machine that does much else
KINDS = {
    "questions": (helpfulness_rubric, 1, "1422"),
    "pair": (pairwise_rubric, 2, "3"),
    "ranking": (ranked_rubric, 4, "2143"),
}
# From the key's own time to the first task after the frame in which the next item stands.
CLOCK = """
let pressedAt = 0;
let tell = null;
addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.ctrlKey) return;
  pressedAt = event.timeStamp;
  globalThis.painted = new Promise((resolve) => { tell = resolve; });
}, true);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "item") return;
  const answer = performance.getEntriesByType("resource").findLast(({ name }) => name.endsWith("/submit/"));
  requestAnimationFrame(() => setTimeout(() => tell([
    performance.now() - pressedAt, answer.duration, document.querySelector("#item [data-announce]").dataset.announce,
  ])));
});
"""
STANDS_ON = "(name) => document.activeElement.matches('button') && document.activeElement.textContent.includes(name)"


class Turn(NamedTuple):
    """Milliseconds from the key press until the next item was painted, and those of them until the server's answer."""

    painted: float
    answered: float


Turns = dict[str, list[Turn]]


def filled(n: int) -> Project:
    """A queue of each kind with n items, which two people review."""
    project = make.project(f"bench-{uuid.uuid4().hex[:8]}")
    for kind, (rubric, size, _) in KINDS.items():
        queue = make.queue(project, rubric_version=rubric(project), k=2, grace_seconds=60, key=kind, name=f"By {kind}")
        subjects = []
        for number in range(n):
            texts = [TEXT[number * 7 + part * 400 :][:1200] for part in range(size)]
            shown = [
                make.response(project, text, question=f"{kind} {number}?", passages=[TEXT[:900]]) for text in texts
            ]
            subjects.append(make.subject(*shown).pk)
        add_items(queue, subjects)
    return project


async def begin(page: Page, project: str, kind: str) -> None:
    """From My work to the first item of a queue, by Tab and Enter."""
    await page.goto(reverse("queues:work", args=[project]))
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate(STANDS_ON, f": By {kind}"):
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/review/")
    await page.wait_for_load_state("load")
    await page.locator("#review-form .q.active").wait_for()


async def judge(page: Page, keys: str) -> Turn:
    """Answer, send, and wait for what comes next."""
    for key in keys:
        await page.keyboard.press(key)
    await page.keyboard.press("Control+Enter")
    painted, answered, said = await asyncio.wait_for(page.evaluate("painted"), PATIENCE)
    if not said.startswith("Next item"):
        raise SystemExit(f"The page said: {said}")
    return Turn(painted, answered)


async def sit(browser: Browser, port: int, project: str, session: str, each: dict[str, int]) -> Turns:
    """One person in a browser of their own: so many items of each kind."""
    address = f"http://127.0.0.1:{port}"
    context = await browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    await context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
    await context.add_init_script(CLOCK)
    page = await context.new_page()
    turns: Turns = {}
    for kind, n in each.items():
        await begin(page, project, kind)
        turns[kind] = [await judge(page, KINDS[kind][2]) for _ in range(n)]
    await context.close()
    return turns


async def crowd(port: int, project: str, sessions: list[str], each: dict[str, int]) -> Turns:
    """All of them at once; their turns together."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        found = await asyncio.gather(*(sit(browser, port, project, session, each) for session in sessions))
        await browser.close()
    return {kind: [turn for turns in found for turn in turns[kind]] for kind in each}


def run(port: int, project: Project, people: int, each: dict[str, int]) -> Turns:
    sessions = [session(project) for _ in range(people)]
    connections.close_all()
    return asyncio.run(crowd(port, project.slug, sessions, each))


def session(project: Project) -> str:
    """Of a new reviewer, signed in."""
    user = User.objects.create_user(f"{uuid.uuid4().hex}@bench.invalid", name="Bench")
    member = Member.objects.create(project=project, user=user, role="reviewer")
    return str(make.SignedIn(member).cookies[settings.SESSION_COOKIE_NAME].value)


def told(times: list[float]) -> str:
    return f"p50 {statistics.median(times):.0f}, p95 {statistics.quantiles(times, n=20)[-1]:.0f} ms"


def measure(options: argparse.Namespace) -> list[Line]:
    alone = {kind: options.items // 3 + (number < options.items % 3) for number, kind in enumerate(KINDS)}
    project = filled(max(alone.values()) + options.people * options.each)
    with Web() as web:
        run(web.port, project, 1, dict.fromkeys(KINDS, 1))  # so that every template is compiled
        one = run(web.port, project, 1, alone)
        many = run(web.port, project, options.people, dict.fromkeys(KINDS, options.each))
    all_of_one, all_of_many = (sum(turns.values(), []) for turns in (one, many))
    alone_ms, at_once_ms = ([turn.painted for turn in turns] for turns in (all_of_one, all_of_many))
    what = "from the key press to the next item painted"
    lost, doubled = counted(project, len(KINDS) + len(all_of_one) + len(all_of_many))
    ratio = statistics.median(at_once_ms) / statistics.median(alone_ms)
    answers = [turn.answered for turn in all_of_one]
    share = statistics.median(answers) / statistics.median(alone_ms)
    return [
        Line(f"{what}, one reviewer, {len(all_of_one)} items of mixed kinds", told(alone_ms), aim="p95 < 100 ms"),
        *(
            Line(f"the same, only items of kind {kind}", told([turn.painted for turn in turns]))
            for kind, turns in one.items()
        ),
        Line("of it until the answer: the most that fetching ahead could save", told(answers), "all of it", share),
        Line(f"{what}, {options.people} at once", told(at_once_ms), f"one, {told(alone_ms)}", ratio),
        Line("reviews that a page was told and that are not there", str(lost), aim="0"),
        Line("reviews that are there twice, or on an item that was full", str(doubled), aim="0"),
    ]


def counted(project: Project, sent: int) -> tuple[int, int]:
    """How many reviews are missing, and how many are too many."""
    reviews = Review.objects.filter(project=project)
    once = reviews.values("subject", "reviewer").distinct().count()
    overfull = Item.objects.filter(project=project, n_filled__gt=F("k")).count()
    return max(0, sent - once), reviews.count() - once + overfull


def main() -> None:
    options = asked(
        __doc__,
        items=Size(50, 9, "that one person judges"),
        people=Size(8, 2, "at once"),
        each=Size(5, 2, "items of each kind, for each of them"),
    )
    serve.prepare()
    add("desk", "A reviewer at the keyboard", measure(options))


if __name__ == "__main__":
    main()
