"""The whole path by keyboard: a rule is run, items are reviewed, a dataset is built and downloaded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from feedback.accounts.models import Member
from feedback.datasets.models import DatasetVersion, Export
from feedback.judgements.models import Comparison, Correction, Rating, Review, Span
from reviews.queues.claim import claim
from reviews.queues.models import Assignment, Item
from reviews.queues.submit import submit
from reviews.sampling.models import SamplingRun
from tests.browser.conftest import link_of
from tests.browser.keys import drag_over, press, tab_to, until, until_focused
from tests.browser.world import OUTPUT, SOURCE, World, build, let_the_grace_pass, make_first, work

Shot = Callable[[Page, str], None]


@pytest.fixture
def world(transactional_db: None) -> World:
    return build()


def sign_in(page: Page, member: Member) -> None:
    page.goto(link_of(member))
    press(page, page.get_by_role("button", name="Sign in"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_url(re.compile("(work|overview)/$"))


def fill_queues(world: World) -> None:
    for rule in world.rules:
        rule.start()
    work(SamplingRun)


def to_the_desk(page: Page, queue: str) -> None:
    press(page, page.get_by_role("listitem").filter(has_text=queue).get_by_role("button"))
    expect(page.get_by_role("heading", name=queue)).to_be_visible()
    page.wait_for_load_state("load")  # htmx listens by then; before, a form is sent the plain way
    expect(page.locator("#review-form .q.active")).to_be_visible()


def test_a_curator_runs_a_rule(world: World, open_browser: Any, screenshot: Shot) -> None:
    page = open_browser()
    sign_in(page, world.curator)
    press(page, page.get_by_role("navigation", name="Main").get_by_text("More"))
    press(page, page.get_by_role("link", name="Sampling"))
    press(page, page.get_by_role("link", name=world.rules[0].name, exact=True))
    press(page, page.get_by_role("button", name="Run now"))
    expect(page.locator("#runs tbody tr")).to_have_count(1)
    work(SamplingRun)
    expect(page.locator("#runs")).to_contain_text("Done")  # the page asks again by itself
    assert Item.objects.filter(queue=world.single).count() == 4
    screenshot(page, "path-rule")


def test_a_reviewer_judges_marks_and_goes_on(world: World, open_browser: Any, screenshot: Shot) -> None:
    fill_queues(world)
    make_first(world)
    page = open_browser()
    sign_in(page, world.reviewer)
    to_the_desk(page, "Groundedness")
    expect(page.locator("[data-layer][data-response]")).to_have_text(OUTPUT)
    page.keyboard.press("2")  # not grounded; the focus goes on
    until_focused(page, "How well does it answer")
    page.keyboard.press("3")
    page.keyboard.press("2")
    page.keyboard.press("2")
    mark_by_keyboard(page)
    mark_by_mouse(page)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    screenshot(page, "path-marked")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".today")).to_contain_text("1 done today")
    expect(page.locator("[data-layer][data-response]")).not_to_have_text(OUTPUT)
    assert page.url.endswith("/queues/groundedness/review/")  # in place
    until_focused(page, "Is everything it states")
    check_stored(world)


def mark_by_keyboard(page: Page) -> None:
    """`f`, then arrows by word: the family at the beginning is one of them."""
    page.keyboard.press("f")
    page.keyboard.press("ArrowRight")
    until(page, "getSelection().toString() === '👩‍👩‍👧‍👦'")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="Contradicted").first).to_be_focused()
    tab_to(page, page.get_by_role("textbox", name="Why"))
    page.keyboard.type("Nobody asked for the family 🙂.")
    page.keyboard.press("Enter")
    expect(page.locator(".flags")).to_contain_text("Nobody asked for the family 🙂.")


def mark_by_mouse(page: Page) -> None:
    """Drag over emoji, choose a kind, drag over the source that shows it."""
    drag_over(page, page.locator("[data-layer][data-response]"), "€5,000 👍🏽")
    page.get_by_role("toolbar").get_by_role("button", name="Contradicted").click()
    page.locator(".editing:not([hidden])").get_by_label("How bad").select_option("major")
    drag_over(page, page.locator("[data-layer][data-passage]"), "🧥 is insured up to €500")
    page.get_by_role("button", name="This shows it").click()
    expect(page.locator(".proof:visible")).to_contain_text("🧥 is insured up to €500")
    page.get_by_role("button", name="Done").click()


def check_stored(world: World) -> None:
    review = Review.objects.get()
    assert dict(Rating.objects.values_list("criterion__key", "number")) | dict(
        Rating.objects.exclude(value="").values_list("criterion__key", "value")
    ) == {"grounded": "no", "helpfulness": 3.0, "toxic": "no", "biased": "no"}
    family, sum_ = Span.objects.filter(review=review).order_by("start")
    for span in (family, sum_):
        assert OUTPUT[span.start : span.end] == span.quote
    assert family.quote.startswith("👩‍👩‍👧‍👦")
    assert (family.severity, family.note) == ("minor", "Nobody asked for the family 🙂.")
    assert (sum_.quote, sum_.kind, sum_.severity) == ("€5,000 👍🏽", "contradicted", "major")
    assert SOURCE[sum_.evidence_start : sum_.evidence_end] == sum_.evidence_quote == "🧥 is insured up to €500"
    assert not Correction.objects.exists()
    assert review.active_ms is not None


def test_a_reviewer_compares_takes_back_and_skips(world: World, open_browser: Any, screenshot: Shot) -> None:
    fill_queues(world)
    page = open_browser()
    sign_in(page, world.reviewer)
    to_the_desk(page, "Which is better")
    left, right = (page.locator("[data-layer][data-response]").nth(side).inner_text() for side in (0, 1))
    page.keyboard.press("d")
    expect(page.locator(".diffed mark").first).to_be_visible()
    page.keyboard.press("1")
    screenshot(page, "path-pair")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-layer][data-response]").first).not_to_have_text(left)
    chosen = Comparison.objects.get().preferred
    assert chosen is not None
    assert chosen.body.output == left
    page.keyboard.press("u")
    expect(page.locator("[data-layer][data-response]").nth(1)).to_have_text(right)
    expect(page.locator("#review-form [data-digit='1'] input")).to_be_checked()
    page.keyboard.press("0")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-layer][data-response]").first).not_to_have_text(left)
    assert Comparison.objects.get(review__withdrawn_at=None).outcome == "both_bad"
    page.keyboard.press("s")
    page.get_by_label("Why skip it?").select_option("unclear")
    press(page, page.get_by_role("button", name="Skip this item"))
    expect(page.get_by_role("heading", name="Nothing is waiting for you here")).to_be_visible()
    assert Assignment.objects.get(state="skipped").skip_reason == "unclear"


def test_a_curator_builds_a_version_and_downloads_it(world: World, open_browser: Any, screenshot: Shot) -> None:
    fill_queues(world)
    judge_all_pairs(world)
    page = open_browser()
    sign_in(page, world.curator)
    press(page, page.get_by_role("link", name="Datasets"))
    press(page, page.get_by_role("link", name="Better answers"))
    press(page, page.get_by_role("button", name="Build version"))
    page.wait_for_url("**/versions/1/")
    work(DatasetVersion)
    expect(page.get_by_text("What went in, and what came out")).to_be_visible()
    page.reload()
    press(page, page.get_by_role("button", name="Make the file"))
    expect(page.locator("#files li")).to_have_count(1)
    work(Export)
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    screenshot(page, "path-version")
    with page.expect_download() as download:
        press(page, page.get_by_role("link", name="Download"))
    rows = [json.loads(line) for line in download.value.path().read_text("utf-8").splitlines()]
    assert len(rows) == Export.objects.get().n_rows == 2
    assert {row["chosen"][0]["role"] for row in rows} == {"assistant"}


def judge_all_pairs(world: World) -> None:
    """The reviewer prefers the left one of each pair; then the time to undo passes."""
    while (held := claim(world.pairs, world.reviewer)) is not None:
        better = {"outcome": "preferred", "preferred": held.shown_order[0], "strength": 2}
        key = world.pairs.rubric_version.criteria.get(kind="comparison").key
        submit(held.token, world.reviewer, {key: better}, submission_id=held.token)
    let_the_grace_pass()
