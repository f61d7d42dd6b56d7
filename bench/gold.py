"""Whether gold can be told by the clock: claim, page and submit of gold items and of others, in one run, side by side.

    DATABASE_URL=postgres://… python bench/gold.py [--turns 400]

One person works through a queue in which every second item is a gold one on average, drawn as the product draws them,
through the pages as a browser asks for them. Beside the medians stand their difference with its 95 % interval
(bootstrap) and how likely two samples of one distribution are to differ so much (Kolmogorov-Smirnov).
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

sys.path[0] = str(Path(__file__).resolve().parent.parent)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "feedback.settings")

import django  # noqa: E402

django.setup()

import numpy as np  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402
from scipy.stats import ks_2samp  # noqa: E402

from bench.table import Line, Size, add, asked  # noqa: E402
from feedback.accounts.models import Member  # noqa: E402
from reviews.quality.gold_give import top_up  # noqa: E402
from reviews.quality.gold_make import make as make_gold  # noqa: E402
from reviews.quality.gold_models import GoldSetting  # noqa: E402
from reviews.queues.models import Assignment  # noqa: E402
from tests import make  # noqa: E402

AIM = "0.9 to 1.1; 0 in the interval"
STEPS = ("claim", "review", "submit")
FORM = {
    "spans": "[]",
    "active_ms": "4000",
    "q-grounded": "yes",
    "q-helpful": "4",
}  # make.ANSWERS, as the page sends them
WARM = 20  # turns that are not counted: plans are made, caches filled

Times = dict[bool, list[float]]


def furnished(turns: int) -> tuple[GoldSetting, Member]:
    """A queue with as many ordinary items as gold ones that the past has settled."""
    project = make.project(f"bench-{uuid4().hex[:8]}")
    queue = make.queue(project, k=1, grace_seconds=60)
    curator, past = make.member(project, "curator"), make.member(project, name="Past")
    for _ in range(turns // 2):
        subject = make.subject(make.response(project))
        make.counted(queue, subject, past, make.ANSWERS)
        make_gold(queue.items.get(subject=subject), make.ANSWERS, curator)
    make.items(queue, turns)
    return GoldSetting.objects.create(project=project, queue=queue, rate=0.5), make.member(project)


def work(setting: GoldSetting, person: Member, turns: int) -> dict[str, Times]:
    """Milliseconds of each request, by whether the item was gold."""
    desk = {name: reverse(f"queues:{name}", args=[setting.project.slug, setting.queue.key]) for name in STEPS}
    found: dict[str, Times] = {name: defaultdict(list) for name in STEPS}
    browser, key = make.SignedIn(person, SERVER_NAME="localhost"), setting.queue.key
    for number in range(turns):
        top_up(setting, person)
        times = [timed(partial(browser.post, desk["claim"]))]
        times.append(timed(partial(browser.get, desk["review"])))
        held = Assignment.objects.live().get(reviewer=person, queue__key=key)
        form = {"token": str(held.token), "submission_id": str(uuid4()), **FORM}
        times.append(timed(partial(browser.post, desk["submit"], form)))
        held.refresh_from_db()
        assert held.state == Assignment.State.SUBMITTED
        if number >= WARM:
            for name, spent in zip(STEPS, times, strict=True):
                found[name][held.is_extra].append(spent)
    return found


def timed(ask: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    response = ask()
    spent = 1000 * (time.perf_counter() - begun)
    assert response.status_code < 400, response.status_code
    return spent


def difference(gold: list[float], other: list[float]) -> tuple[float, float, float]:
    """Of the medians, and its interval: both samples drawn anew."""
    random, draws = np.random.default_rng(0), 4_000
    one, two = (np.median(random.choice(times, (draws, len(times))), axis=1) for times in (gold, other))
    low, high = np.quantile(one - two, [0.025, 0.975])
    return median(gold) - median(other), float(low), float(high)


def main() -> None:
    options = asked(__doc__, turns=Size(400, 60, "turns of one person"))
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", verbosity=0)
    setting, person = furnished(options.turns)
    lines = []
    for name, times in work(setting, person, options.turns).items():
        gold, other = times[True], times[False]
        chance = ks_2samp(gold, other).pvalue
        what = f"{name} of a gold item, {len(gold)} against {len(other)} others (same distribution: p = {chance:.2f})"
        figure = "{:.1f} ms, {:+.2f} ({:+.2f} to {:+.2f})".format(median(gold), *difference(gold, other))
        lines.append(Line(what, figure, f"of another, {median(other):.1f} ms", median(gold) / median(other), AIM))
    add("gold", "Gold by the clock", lines)


if __name__ == "__main__":
    main()
