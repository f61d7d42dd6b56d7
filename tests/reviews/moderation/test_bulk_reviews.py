"""A stretch of one person's reviews is counted, taken out, and put back as a whole."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.judgements.models import Verdict
from reviews.moderation.models import Action, BulkAction
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Assignment, Item, Queue
from tests import make

pytestmark = pytest.mark.django_db

WHY = {"reason": "They misread the guideline."}


@pytest.fixture
def worked(project: Project, reviewer: Member, of: Any) -> Queue:
    """Three settled items that `reviewer` and somebody else reviewed."""
    queue, other = make.queue(project, k=2), make.member(project)
    for _ in range(3):
        subject = make.subject(make.response(project))
        for person in (reviewer, other):
            make.counted(queue, subject, person, of.good)
    settle_complete_items()
    return queue


def fields(page: Any) -> dict[str, Any]:
    """What the confirmation would send."""
    context = page.context
    return {name: context[name] for name in ("kind", "digest", "n", "filters", "of", "reviewer")} | WHY


def run(bulk: BulkAction) -> None:
    while not bulk.step():
        pass
    BulkAction.objects.filter(pk=bulk.pk).update(state="done", finished_at=timezone.now())


def test_the_preview_counts_what_happens(pages: Any, reviewer: Member, worked: Queue) -> None:
    asked = {"kind": "invalidate", "reviewer": reviewer.pseudonym, "filters": f"queue={worked.key}"}
    page = pages.post("bulk-confirm", asked)
    assert page.context["title"] == "Invalidate 3 reviews?"
    assert "3 items to open again" in page.text
    assert "3 verdicts to end at once" in page.text
    assert not Action.objects.exists()


def test_they_are_invalidated_and_restored_as_a_whole(pages: Any, reviewer: Member, worked: Queue) -> None:
    asked = {"kind": "invalidate", "reviewer": reviewer.pseudonym, "filters": ""}
    begun = pages.post("bulk-start", fields(pages.post("bulk-confirm", asked)))
    assert begun.status_code == 303
    bulk = BulkAction.objects.get()
    run(bulk)
    assert set(Assignment.objects.filter(reviewer=reviewer).values_list("state", flat=True)) == {"invalidated"}
    assert set(Item.objects.values_list("state", flat=True)) == {"open"}
    assert not Verdict.objects.current().exists()
    page = pages.get("bulk-detail", pk=bulk.pk)
    assert "Undo for all 3" in page.text
    back = {"kind": "restore", "reviewer": reviewer.pseudonym, "of": bulk.pk}
    confirmed = pages.post("bulk-confirm", back)
    assert "3 reviews to count again" in confirmed.text
    pages.post("bulk-start", fields(confirmed))
    run(BulkAction.objects.latest("pk"))
    settle_complete_items()
    assert set(Item.objects.values_list("state", flat=True)) == {"settled"}
    assert Verdict.objects.current().count() == 3


def test_only_the_chosen_queue_and_days_are_meant(
    pages: Any, project: Project, reviewer: Member, worked: Queue
) -> None:
    other = make.queue(project)
    make.counted(other, make.subject(make.response(project)), reviewer, make.ANSWERS)
    Assignment.objects.filter(queue=worked, reviewer=reviewer).update(submitted_at="2024-05-05T12:00:00Z")
    whose = {"pseudonym": reviewer.pseudonym}
    for query, n in (("", 4), (f"?queue={other.key}", 1), ("?until=2024-05-05", 3), ("?since=2024-05-06", 1)):
        assert pages.get("reviewer-reviews", query, **whose).context["count"] == n
    assert pages.get("reviewer-reviews", "?since=never", **whose).status_code == 422
    asked = {"kind": "invalidate", "reviewer": reviewer.pseudonym, "filters": "since=2024-05-05&until=2024-05-05"}
    assert pages.post("bulk-confirm", asked).context["n"] == 3


def test_another_set_than_the_one_counted_is_refused(pages: Any, reviewer: Member, worked: Queue, of: Any) -> None:
    asked = {"kind": "invalidate", "reviewer": reviewer.pseudonym, "filters": ""}
    confirmed = fields(pages.post("bulk-confirm", asked))
    make.counted(worked, make.subject(make.response(worked.project)), reviewer, of.good)
    assert pages.post("bulk-start", confirmed).status_code == 409
    assert not BulkAction.objects.exists()


def test_a_person_of_another_project_is_not_found(pages: Any, outsider: Member) -> None:
    asked = {"kind": "invalidate", "reviewer": outsider.pseudonym, "filters": ""}
    assert pages.post("bulk-confirm", asked).status_code == 404
    assert pages.get("reviewer-reviews", pseudonym=outsider.pseudonym).status_code == 404


def test_it_is_audited_by_the_opaque_key_of_the_person(pages: Any, reviewer: Member, worked: Queue) -> None:
    asked = {"kind": "invalidate", "reviewer": reviewer.pseudonym, "filters": ""}
    pages.post("bulk-start", fields(pages.post("bulk-confirm", asked)))
    event = AuditEvent.objects.get(verb="bulk-confirmed")
    assert (event.facts["reviewer"], event.facts["reviews"]) == (str(reviewer.key), 3)
    assert WHY["reason"] not in str(event.facts)
