"""A typed number at the desk, settled, as gold, in agreement: the same scale, other bounds."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Rating, Verdict
from feedback.judgements.record import criteria_of
from feedback.statistics.agreement import coarse
from reviews.quality import agreement, subgroups
from reviews.quality.gold_match import compare, default_tolerance
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Queue
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(project: Project) -> Queue:
    queue = make.queue(project, criteria=make.typed_criteria(), k=1, grace_seconds=600)
    make.items(queue)
    return queue


def test_it_is_typed_and_stored_as_a_number(queue: Queue, desk: Any) -> None:
    held = desk.take(queue)
    page = desk.get("review", key=queue.key).text
    assert 'type="number" name="q-cost" min="0" max="1000000" step="0.01"' in page
    assert "A number from 0 to 1,000,000, in steps of 0.01." in page
    assert desk.submit(held, **{"q-cost": "123456.78"}).status_code == 303
    assert Rating.objects.get().number == pytest.approx(123456.78)
    assert "123,456.78 of 1,000,000" in desk.get("turn", token=held.token).text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("1000001", "The scale goes from 0 to 1,000,000."),
        ("-1", "The scale goes from 0 to 1,000,000."),
        ("0.005", "The scale goes in steps of 0.01."),
        ("many", "Enter a number."),
        ("", "This question needs an answer."),
    ],
)
def test_what_is_out_of_bounds_is_refused_beside_it(queue: Queue, desk: Any, given: str, words: str) -> None:
    page = desk.submit(desk.take(queue), **{"q-cost": given})
    assert (page.status_code, words in page.text) == (422, True)
    assert page.context["form"]["q-cost"].errors == [words]
    assert f'value="{given}"' in page.text or not given


def test_a_draft_keeps_what_is_out_of_bounds(queue: Queue, desk: Any) -> None:
    held = desk.take(queue)
    fields = {"token": held.token, "submission_id": uuid.uuid4(), "q-cost": "2000000"}
    assert desk.post("draft", fields, key=queue.key).status_code == 200
    assert 'value="2000000"' in desk.get("review", key=queue.key).text


def test_gold_has_room_as_wide_as_the_scale(queue: Queue, curator: Member, client_of: Any) -> None:
    item = queue.items.get()
    url = reverse("gold:gold-item", args=[queue.project.slug, item.pk])
    browser = client_of(curator)
    assert browser.post(url, {"q-cost": "0", "room-cost": "50000"}).status_code == 303
    assert browser.post(url, {"q-cost": "0", "room-cost": "2000000"}).status_code == 422
    criteria = criteria_of(queue.rubric_version)
    assert default_tolerance(criteria) == {"cost": 0.01}
    assert compare(criteria, {"cost": 0}, {"cost": 49_999.5}, {"cost": 50_000}) == {"cost": True}


def test_it_is_settled_by_its_mean_and_may_fail(project: Project, moderator: Member, client_of: Any) -> None:
    queue = make.queue(project, criteria=make.typed_criteria())
    response = make.response(project)
    for number in (100_000, 250_000.5):
        make.counted(queue, make.subject(response), make.member(project), {"cost": number})
    settle_complete_items()
    verdict = Verdict.objects.get()
    assert (verdict.answers["cost"]["mean"], verdict.is_failure) == (175_000.25, False)
    page = client_of(moderator).get(reverse("judgements:response-verdicts", args=[project.slug, response.pk]))
    assert "175,000.25 of 1,000,000" in page.text


def test_numbers_that_all_differ_are_counted_in_groups(project: Project) -> None:
    spread = np.arange(5_000) * 1.5
    grouped = coarse(spread)
    assert len(np.unique(grouped)) <= 101
    assert abs(grouped - spread).max() <= 100 * 1.5
    assert coarse([1.0, 2.0, 2.0]).tolist() == [1.0, 2.0, 2.0]
    assert len(np.unique(coarse([0.0] * 400 + list(range(300))))) <= 101


def test_agreement_of_typed_numbers_is_ordinal(project: Project) -> None:
    queue = make.queue(project, criteria=make.typed_criteria())
    people = [make.member(project) for _ in range(2)]
    for n in range(120):
        subject = make.subject(make.response(project))
        for person in people:
            make.counted(queue, subject, person, {"cost": n * 1_000})
    (row,) = agreement.compute(project.pk, {}, lambda: None)["rows"]
    assert (row["level"], row["percent"], row["alpha"]) == ("ordinal", 1.0, pytest.approx(1.0))
    assert subgroups.compute(project.pk, {}, lambda: None)["rows"] == []
