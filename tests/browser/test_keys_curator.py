"""A curator's work without a mouse: find, filter, compare, ask, sample, build, bring in, and see to the jobs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.responses.models import Response, ResponseUpload, SavedFilter
from feedback.rubrics.models import Criterion, RubricVersion
from reviews.queues.claim import claim
from reviews.queues.items import add_items
from reviews.queues.models import Item, Queue
from reviews.queues.submit import submit
from reviews.sampling.models import SamplingRule, SamplingRun
from tests import make
from tests.browser.conftest import SitDown
from tests.browser.keys import Hands, until
from tests.browser.watch import Watch
from tests.browser.world import World, build, let_the_grace_pass, work


@pytest.fixture
def world(transactional_db: None, settings: Settings, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path
    return build()


def begin_new(sit_down: SitDown, world: World, kind: str, name: str) -> Hands:
    """The curator has opened the list and the form of a new thing, and named it."""
    hands = sit_down(world.curator)
    hands.open("Sampling" if kind == "rule" else f"{kind}s".capitalize())
    hands.press("link", f"New {kind}")
    hands.write("Name", name)
    return hands


def test_control_k_finds_a_page_and_a_thing(world: World, sit_down: SitDown) -> None:
    hands = sit_down(world.curator)
    found = hands.page.locator("#found")
    hands.key("Control+k")
    hands.type("rubri")
    expect(found.get_by_role("link", name="Rubrics", exact=True)).to_be_visible()
    hands.key("Escape")
    expect(found).to_be_hidden()
    hands.key("Control+k")
    hands.type("groundedn")
    expect(found.get_by_role("link").first).to_contain_text("Groundedness")
    hands.key("ArrowDown", "ArrowUp", "Enter")
    expect(hands.page.get_by_role("heading", level=1)).to_contain_text("Groundedness")


def test_responses_are_filtered_the_filter_saved_columns_chosen_and_the_list_downloaded(
    world: World, sit_down: SitDown
) -> None:
    hands = sit_down(world.curator)
    page = hands.page
    hands.open("Responses")
    hands.write("Model", "large-1")
    hands.key("Enter")
    expect(page.get_by_role("link", name="Remove Model: large-1")).to_be_visible()
    hands.fold("Columns")
    hands.tick("External id")
    expect(page.get_by_role("columnheader", name="External id")).to_be_visible()
    hands.fold("Saved filters")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    hands.type("Large ones")
    hands.tick("Share with the project")
    hands.press("button", "Save this filter")
    expect(page.get_by_text("Large ones").first).to_be_attached()
    saved = SavedFilter.objects.get()
    assert saved.is_shared
    assert "model=large-1" in saved.query
    hands.fold("Download")
    hands.reach("link", re.compile("^CSV"))
    with page.expect_download() as download:
        hands.key("Enter")
    lines = download.value.path().read_text("utf-8").splitlines()
    assert len(lines) == 1 + Response.objects.filter(model__name="large-1").count() == 3
    hands.press("link", "Remove Model: large-1")
    expect(page.get_by_role("link", name="Remove Model: large-1")).to_have_count(0)


def test_a_response_is_read_raw_and_its_lineage_followed(world: World, sit_down: SitDown) -> None:
    response = make.response(world.project, "It **is** covered.", question="Is it covered?", external_id="covered-1")
    add_items(world.single, [make.subject(response).pk])
    hands = sit_down(world.curator)
    page = hands.page
    hands.open("Responses")
    hands.press("link", re.compile("Is it covered"))
    expect(page.locator(".answer strong")).to_have_text("is")
    hands.press("link", "Exactly as stored")
    expect(page.locator(".answer")).to_contain_text("It **is** covered.")
    hands.press("button", "Copy the id")
    until(page, "navigator.clipboard.readText().then((text) => text === 'covered-1')")
    hands.press("link", "Groundedness", within=page.get_by_role("region", name="Items in queues"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Groundedness")


def test_two_versions_of_a_prompt_are_compared(world: World, sit_down: SitDown) -> None:
    for label, text in (("v1", "Be brief."), ("v2", "Be brief and kind."), ("v3", "Be kind.")):
        version = make.prompt_version(world.project, label, name="claims")
        version.write(text, "", {})
        make.response(world.project, prompt_version=version)
    hands = sit_down(world.curator)
    page = hands.page
    hands.open("Prompts")
    hands.press("link", "claims")
    hands.go_to(page.get_by_label("From", exact=True))
    hands.type("v1")
    hands.press("button", "Compare")
    expect(page.get_by_role("heading", level=1)).to_have_text("What changed from v1 to v3?")
    expect(page.locator("mark.gone").filter(has_text="brief").last).to_be_visible()


def test_a_rubric_is_drafted_previewed_and_published(world: World, sit_down: SitDown) -> None:
    hands = begin_new(sit_down, world, "rubric", "Tone")
    page = hands.page
    hands.press("button", "Open the editor")
    hands.press("button", re.compile("^Choice One of several"))
    question = page.get_by_role("region", name="Question 1")
    hands.go_to(question.get_by_label("Question", exact=True).or_(question.locator("[name$=-label]").first))
    hands.type("Which tone has it?")
    for number, words in enumerate(("Kind", "Curt"), start=1):
        label = question.get_by_label(f"Answers to choose from, {number}")
        if not label.count():
            hands.press("button", "Add an answer")
        hands.go_to(label)
        hands.type(words)
    hands.press("button", "Save the draft", within=page.get_by_role("region", name="Version 1"))
    beside = page.locator(".beside")
    expect(beside.get_by_text("Curt")).to_be_visible()
    hands.press("button", "Publish version 1")
    page.wait_for_url(re.compile(r"/rubrics/\d+/$"))
    version = RubricVersion.objects.get(rubric__name="Tone")
    choices = Criterion.objects.get(rubric_version=version).options["choices"]
    assert [choice["label"] for choice in choices] == ["Kind", "Curt"]


def test_a_queue_is_made_paused_and_opened_again(world: World, sit_down: SitDown) -> None:
    hands = begin_new(sit_down, world, "queue", "Second look")
    page = hands.page
    hands.go_to(page.get_by_label("Rubric version").or_(page.locator("[name=rubric_version]")).first)
    hands.key("ArrowDown")
    hands.press("button", "Save")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Second look")
    queue = Queue.objects.get(name="Second look")
    for name, state in (("Pause", "paused"), ("Open", "open")):
        hands.press("button", name)
        expect(page.get_by_role("button", name={"paused": "Open", "open": "Pause"}[state])).to_be_visible()
        queue.refresh_from_db()
        assert queue.state == state


def test_a_sampling_rule_is_tried_saved_and_run(world: World, sit_down: SitDown) -> None:
    hands = begin_new(sit_down, world, "rule", "Every small one")
    page = hands.page
    hands.go_to(page.get_by_label("Into which queue"))
    hands.type("Ground")
    hands.write("Share in percent", "100")
    hands.write("Model", "small-1")
    hands.press("button", "Dry run")
    expect(page.locator("#trial")).to_contain_text("A run now would draw 4 of 4")
    assert not SamplingRule.objects.filter(name="Every small one").exists()
    hands.press("button", "Save")
    expect(page.get_by_role("heading", level=1)).to_have_text("Every small one")
    hands.press("button", "Run now")
    expect(page.locator("#runs tbody tr")).to_have_count(1)
    work(SamplingRun)
    expect(page.locator("#runs")).to_contain_text("Done")
    assert Item.objects.filter(queue=world.single).count() == 4


def compared(world: World) -> None:
    """The reviewer prefers the left one of each pair; then the time to undo passes."""
    world.rules[1].start()
    work(SamplingRun)
    while (held := claim(world.pairs, world.reviewer)) is not None:
        better = {"outcome": "preferred", "preferred": held.shown_order[0], "strength": 2}
        key = world.pairs.rubric_version.criteria.get(kind="comparison").key
        submit(held.token, world.reviewer, {key: better}, submission_id=held.token)
    let_the_grace_pass()


def test_a_dataset_is_ruled_previewed_built_and_used(world: World, sit_down: SitDown) -> None:
    compared(world)
    hands = begin_new(sit_down, world, "dataset", "Kinder answers")
    page = hands.page
    for split, percent in (("Training", "100"), ("Validation", "0"), ("Test", "0")):  # the test split is sealed
        hands.write(f"{split}, %", percent)
    hands.press("button", "Preview")
    expect(page.locator("#preview .sum")).to_contain_text("2")
    assert Dataset.objects.count() == 1
    hands.press("button", "Make the dataset")
    hands.press("button", "Build version")
    page.wait_for_url("**/versions/1/")
    work(DatasetVersion)
    expect(page.get_by_text("What went in, and what came out")).to_be_visible()
    page.reload()
    hands.press("button", "Make the file")
    expect(page.locator("#files li")).to_have_count(1)
    work(Export)
    hands.reach("link", "Download", within=page.locator("#files"))
    with page.expect_download() as download:
        hands.key("Enter")
    assert len(download.value.path().read_text("utf-8").splitlines()) == 2
    hands.fold("Use it in a program")
    hands.press("button", re.compile("Fetch and check"))
    expect(page.get_by_text("Copied.")).to_be_visible()
    until(page, "navigator.clipboard.readText().then((text) => text.toLowerCase().includes('sha256'))")


def test_a_file_is_looked_at_and_stored(world: World, sit_down: SitDown, tmp_path: Path) -> None:
    rows = [{"external_id": f"file-{n}", "prompt": f"How long, {n}?", "output": "30 days."} for n in range(2)]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    hands = sit_down(world.curator)
    page = hands.page
    hands.open("Responses")
    hands.press("link", "Import")
    hands.go_to(page.get_by_label("File", exact=True)).set_input_files(file)  # no driver types into the chooser
    hands.press("button", "Look at it first")
    expect(page.get_by_text("All 2 rows were tried out, and nothing was stored")).to_be_visible()
    assert not Response.objects.filter(external_id__startswith="file-").exists()
    hands.press("button", "Store them")
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    work(ResponseUpload)
    expect(page.locator("#upload footer").get_by_role("link").first).to_be_visible()
    assert Response.objects.filter(external_id__startswith="file-").count() == 2


def test_a_failed_job_is_found_and_tried_again(world: World, sit_down: SitDown) -> None:
    world.rules[0].start()
    SamplingRun.objects.update(state="failed", error="The machine stopped.")
    hands = sit_down(world.curator)
    page = hands.page
    hands.open("Jobs")
    hands.go_to(page.get_by_label("State", exact=True))
    hands.type("Failed")
    expect(page).to_have_url(re.compile("state=failed"))
    hands.press("button", re.compile("Try again"))
    expect(page.locator("#jobs")).not_to_contain_text("The machine stopped.")
    assert SamplingRun.objects.get().state == "queued"


def test_a_waiting_job_is_cancelled(world: World, sit_down: SitDown, watch: Watch) -> None:
    world.rules[0].start()
    hands = sit_down(world.curator)
    hands.open("Jobs")
    cancel = re.compile("^Cancel")
    for watch.says_yes, state in ((False, "queued"), (True, "cancelled")):
        hands.press("button", cancel)
        expect(hands.page.get_by_role("button", name=cancel)).to_have_count(0 if watch.says_yes else 1)
        assert SamplingRun.objects.get().state == state
    assert watch.dialogs == ["Cancel this job? What it has done so far may be thrown away."] * 2
