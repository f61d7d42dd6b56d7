"""What reviewers made of what critics proposed: counted by critic version and kind, shown, filtered and taken away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.critics.assess import assess
from feedback.critics.models import Assessment
from feedback.jobs import run
from feedback.judgements.models import Review
from feedback.statistics.intervals import wilson
from reviews.quality.models import Analysis
from reviews.quality.proposals import compute
from reviews.queues.models import Queue
from tests import make

KINDS = ("unsupported", "unsupported", "contradicted")


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, key="answers", name="Answers", shows_critic=True)


def proposed(project: Project, version: str = "4") -> Assessment:
    """A critic version's three spans of a response of their own."""
    response = make.response(project)
    spans = [{"start": n, "end": n + 1, "quote": response.body.output[n], "kind": kind} for n, kind in enumerate(KINDS)]
    critic = {"slug": "grounding", "name": "Grounding check", "version": version}
    assess(project, [{"response": response.external_id, "critic": critic, "spans": spans}])
    return Assessment.objects.get(response=response)


def reviewed(queue: Queue, said: Assessment, person: Member, answers: list[str | None], **fields: Any) -> Review:
    shown = [{"assessment": said.pk, "span": n, "answer": answer} for n, answer in enumerate(answers)]
    visible = {"critic": True, "proposals": shown}
    about = {"origin": queue.key, "visible": visible, **fields}
    return make.review(make.subject(said.response), queue.rubric_version, person, make.ANSWERS, **about)


def figures(project: Project, **filters: Any) -> dict[str, Any]:
    return compute(project.pk, filters, lambda: None)


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(row[name] for name in ("proposed", "accepted", "rejected", "left"))


def test_each_is_counted_by_version_and_kind(queue: Queue, reviewer: Member, other_reviewer: Member) -> None:
    old, new = proposed(queue.project), proposed(queue.project, "5")
    reviewed(queue, old, reviewer, ["accepted", "rejected", None])
    reviewed(queue, old, other_reviewer, ["accepted", "accepted", None])
    reviewed(queue, new, reviewer, [None, None, "rejected"])
    found = figures(queue.project)
    rows = {(row["version"], row["kind"]): row for row in found["rows"]}
    assert list(rows) == [(version, kind) for version in "54" for kind in ("contradicted", "unsupported")]
    assert counts(rows["4", "unsupported"]) == (4, 3, 1, 0)
    assert (rows["4", "unsupported"]["low"], rows["4", "unsupported"]["high"]) == tuple(wilson(3, 4))
    assert rows["4", "unsupported"]["label"] == "Grounding check 4"
    assert (counts(rows["4", "contradicted"]), rows["4", "contradicted"]["share"]) == ((2, 0, 0, 2), None)
    assert (counts(found["all"]), found["all"]["share"]) == ((9, 3, 2, 4), 0.6)


def test_what_was_taken_back_erased_or_never_shown_does_not_count(
    queue: Queue, reviewer: Member, other_reviewer: Member, moderator: Member
) -> None:
    said, erased = proposed(queue.project), proposed(queue.project)
    back = reviewed(queue, said, reviewer, ["accepted"] * 3)
    Review.objects.filter(pk=back.pk).update(withdrawn_at=timezone.now())
    reviewed(queue, erased, other_reviewer, ["accepted"] * 3)
    Assessment.objects.filter(pk=erased.pk).update(**Assessment.ERASED, erased_at=timezone.now())
    make.review(make.subject(said.response), queue.rubric_version, moderator, make.ANSWERS)
    assert figures(queue.project)["rows"] == []


def test_a_queue_and_days_narrow_it_and_other_projects_are_apart(
    queue: Queue, reviewer: Member, other_reviewer: Member, other_project: Project
) -> None:
    said = proposed(queue.project)
    reviewed(queue, said, reviewer, ["accepted"] * 3, submitted_at=timezone.now() - timedelta(days=60))
    reviewed(queue, said, other_reviewer, ["rejected"] * 3)
    assert figures(queue.project, days="30")["all"]["rejected"] == 3
    assert figures(queue.project, days="30")["all"]["accepted"] == 0
    assert figures(queue.project, queue="answers")["all"]["proposed"] == 6
    assert figures(queue.project, queue="other")["rows"] == figures(other_project)["rows"] == []


def test_the_page_and_its_files(
    queue: Queue, reviewer: Member, client_of: Any, curator: Member, django_assert_max_num_queries: Any
) -> None:
    project, browser = queue.project, client_of(curator)
    here = reverse("quality:proposals", args=[project.slug])
    run(Analysis, Analysis.ask(project, "proposals", {}).pk)
    assert "Nothing was proposed yet" in browser.get(here).text
    reviewed(queue, proposed(project), reviewer, ["accepted", "rejected", None])
    run(Analysis, Analysis.ask(project, "proposals", {}).pk)
    with django_assert_max_num_queries(10):
        shown = browser.get(here).text
    assert "Reviewers accept 50 % of the proposals they decide" in shown
    assert 'data-chart="stacked"' in shown
    for form in ("csv", "json"):
        assert "Grounding check 4" in browser.get(reverse("quality:proposals-file", args=[project.slug, form])).text
    assert browser.get(f"{here}?queue=nowhere").status_code == 422


def test_programs_ask_for_it(queue: Queue, reviewer: Member) -> None:
    reviewed(queue, proposed(queue.project), reviewer, ["accepted", "rejected", None])
    client = Client(headers={"Authorization": f"Bearer {make.api_key(queue.project, 'reviews:read')}"})
    body = {"kind": "proposals", "filters": {"queue": "answers"}}
    begun = client.post("/api/v1/analyses/", body, content_type="application/json")
    assert begun.status_code == 202, begun.text
    run(Analysis, begun.json()["id"])
    assert counts(client.get(begun.headers["Location"]).json()["result"]["all"]) == (3, 1, 1, 1)


def test_a_reviewer_does_not_see_it(project: Project, reviewer: Member, client_of: Any) -> None:
    assert client_of(reviewer).get(reverse("quality:proposals", args=[project.slug])).status_code in {403, 404}
