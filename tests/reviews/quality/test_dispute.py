"""The sheet of an item: what differs is marked, rewrites show what changed, marks say whose they are."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Project
from reviews.quality.dispute import changed, sheet
from reviews.quality.settle import counted_reviews
from reviews.queues.models import Item
from tests import make

TEXT = "Claims end after 30 days."


def flag(words: str, kind: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words), "quote": words, "kind": kind, "severity": "minor"}


def sheet_of(
    project: Project, *answers: dict[str, Any], criteria: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    queue = make.queue(project, criteria=criteria)
    subject = make.subject(make.response(project, TEXT, passages=["After 14 days.", "After 14 days."]))
    for number, answer in enumerate(answers):
        make.counted(queue, subject, make.member(project, name=f"P{number}"), answer)
    item = Item.objects.select_related("project", "queue__rubric_version", "subject").get(queue=queue)
    return sheet(item, subject.shown(), list(counted_reviews([item.pk])), ["grounded"])


def row_of(shown: dict[str, Any], key: str) -> dict[str, Any]:
    return next(row for row in shown["rows"] if row["criterion"].key == key)


@pytest.mark.parametrize(("given", "odd"), [(["yes", "yes", "no"], 1), (["yes", "no"], 2), (["yes", "yes"], 0)])
def test_what_is_not_the_majority_stands_out(project: Project, given: list[str], odd: int) -> None:
    row = row_of(sheet_of(project, *({"grounded": value, "helpful": 4} for value in given)), "grounded")
    assert sum(cell["stands_out"] for cell in row["cells"]) == odd
    assert row["differs"] == (odd > 0)


def test_a_rewrite_is_shown_against_the_response(project: Project) -> None:
    answers = {"grounded": "no", "helpful": 2, "rewrite": "Claims end after 14 days."}
    cell = row_of(sheet_of(project, answers), "rewrite")["cells"][0]
    assert '<mark class="span gone" data-spans="0">30</mark>' in cell["diff"]
    assert '<mark class="span new" data-spans="1">14</mark>' in cell["diff"]


def test_texts_are_shown_against_the_first(project: Project) -> None:
    criteria = [{"key": "grounded", "kind": "text", "label": "Why?"}]
    cells = row_of(
        sheet_of(project, {"grounded": "Too long"}, {"grounded": "Too short"}, criteria=criteria), "grounded"
    )
    assert [bool(cell["diff"]) for cell in cells["cells"]] == [False, True]


def test_everybodys_marks_lie_over_the_text(project: Project) -> None:
    one = {"grounded": "no", "helpful": 2, "flags": [flag("after 30 days", "contradicted")]}
    two = {"grounded": "no", "helpful": 2, "flags": [flag("30", "unsupported")]}
    marked = sheet_of(project, one, two)["answers"][0]["marked"]
    assert 'overlap" data-spans="A B">30</mark>' in marked


def test_of_a_pair_the_words_that_differ_are_marked(project: Project) -> None:
    queue = make.queue(project, subject_size=2)
    pair = make.subject(make.response(project, "After 30 days."), make.response(project, "After 14 days."))
    make.counted(queue, pair, make.member(project), {"better": {"outcome": "tie"}, "why": ""})
    item = Item.objects.select_related("project", "queue__rubric_version", "subject").get(queue=queue)
    left, right = sheet(item, pair.shown(), list(counted_reviews([item.pk])), [])["answers"]
    assert ">30</mark>" in left["diff"]
    assert ">14</mark>" in right["diff"]


def test_equal_sources_are_shown_once(project: Project) -> None:
    assert len(sheet_of(project, make.ANSWERS)["passages"]) == 1


def test_hostile_texts_stay_texts() -> None:
    shown = changed("<script>1</script>", "<script>2</script>\u202e")
    assert "<script>" not in shown
    assert "hidden-char" in shown
