"""The invariants of imported labels."""

from __future__ import annotations

from feedback.accounts.models import Member, Project
from reviews.imports import invariants
from reviews.imports.labels import import_labels
from reviews.imports.models import ImportedReview
from tests import make


def test_they_are_silent_on_good_rows_and_find_broken_ones(project: Project, reviewer: Member) -> None:
    make.response(project, external_id="r-1")
    queue = make.queue(project, key="q", takes_imports=True)
    answers = {"grounded": "yes", "helpful": 4}
    label = {"source": "s", "external_id": "1", "reviewer": "A", "queue": "q", "responses": ["r-1"], "answers": answers}
    import_labels(project, [label])
    assert [invariant.violations().count() for invariant in invariants.INVARIANTS] == [0, 0]  # type: ignore[union-attr, call-arg]
    review = make.counted(queue, make.subject(make.response(project)), reviewer, answers)
    ImportedReview.objects.create(project=project, source="s", external_id="2", body_hash="x", review=review)
    assert invariants.unsourced_labels().count() == 1
