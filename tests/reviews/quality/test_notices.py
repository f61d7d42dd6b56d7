"""The daily measurement: kept once a day, told to moderators once, dismissed with a reason; nothing more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from time_machine import travel

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.jobs import run
from reviews.quality import notices
from reviews.quality.models import Analysis, ReviewerMeasure, ReviewerNotice
from tests import make

ODD = {"measure": "position", "n": 40, "value": 1.0, "low": 0.9, "high": 1.0, "expected": 0.5, "z": 6.3}


def result(*people: Member, **figure: Any) -> dict[str, Any]:
    """Figures of one question in which these people stand out."""
    shown = {**ODD, "notable": True, "is_sure": True, **figure}
    about = {"key": "better", "kind": "comparison", "label": "Better"}
    return {"classes": [], "rows": [{"reviewer": one.pseudonym, **about, "figures": [shown]} for one in people]}


def measured(project: Project, found: dict[str, Any]) -> None:
    """On a day of its own: what was measured before is of yesterday."""
    ReviewerMeasure.objects.update(measured_at=timezone.now() - timedelta(days=1))
    notices.keep(project, found)


def test_who_surely_stands_out_is_told_once(project: Project, reviewer: Member, other_reviewer: Member) -> None:
    measured(project, result(reviewer))
    measured(project, result(reviewer))
    notice = ReviewerNotice.objects.get()
    assert (notice.reviewer, notice.criterion, notice.value, notice.n) == (reviewer, "better", 1.0, 40)
    assert ReviewerMeasure.objects.get().is_notable
    event = AuditEvent.objects.get(verb="reviewer-noticed")
    assert event.facts["reviewer"] == str(reviewer.key)
    measured(project, result(other_reviewer, is_sure=False))
    assert ReviewerNotice.objects.count() == 1


def test_nothing_else_happens_to_the_person(project: Project, reviewer: Member) -> None:
    queue = make.queue(project)
    measured(project, result(reviewer))
    reviewer.refresh_from_db()
    assert reviewer.is_active
    assert queue.admits(reviewer)
    assert set(AuditEvent.objects.values_list("verb", flat=True)) == {"reviewer-noticed"}


def test_people_of_imports_are_measured_and_not_told_of(project: Project) -> None:
    rater = Member.objects.create(project=project, source="elsewhere", source_name="7", role="reviewer")
    measured(project, result(rater))
    assert ReviewerMeasure.objects.count() == 1
    assert not ReviewerNotice.objects.exists()


def test_it_is_measured_once_a_day(project: Project, reviewer: Member) -> None:
    measured(project, result(reviewer, value=0.9))
    notices.keep(project, result(reviewer, value=0.8))
    assert ReviewerMeasure.objects.get().value == 0.9


def test_the_sweep_asks_where_reviews_came_in_and_was_not_asked_today(
    project: Project, other_project: Project, reviewer: Member
) -> None:
    queue, subject = make.queue(project), make.subject(make.response(project))
    make.counted(queue, subject, reviewer, make.ANSWERS)
    assert notices.measure_due() == 1
    run(Analysis, Analysis.objects.get(kind="reliability").pk)
    assert ReviewerMeasure.objects.filter(project=project, reviewer=reviewer).exists()
    assert notices.measure_due() == 0
    now = timezone.now()
    ReviewerMeasure.objects.update(measured_at=now - timedelta(days=1))
    assert notices.measure_due() == 1
    ReviewerMeasure.objects.update(measured_at=now + timedelta(hours=1))
    with travel(now + timedelta(days=2)):
        assert notices.measure_due() == 0


def test_dismissing_says_why_and_is_not_told_again_for_little_more(
    project: Project, reviewer: Member, moderator: Member
) -> None:
    measured(project, result(reviewer))
    notice = ReviewerNotice.objects.get()
    with pytest.raises(notices.Refused, match="Say why"):
        notices.dismiss(notice, moderator, " ")
    notices.dismiss(notice, moderator, "Left ones were better by chance.")
    with pytest.raises(notices.Refused, match="already"):
        notices.dismiss(notice, moderator, "Again.")
    assert AuditEvent.objects.get(verb="reviewer-notice-dismissed").actor == str(moderator.key)
    measured(project, result(reviewer, n=59))
    assert ReviewerNotice.objects.count() == 1
    measured(project, result(reviewer, n=60))
    assert ReviewerNotice.objects.open().count() == 1


def test_nobody_dismisses_a_notice_about_themselves(project: Project, moderator: Member) -> None:
    measured(project, result(moderator))
    with pytest.raises(notices.Refused, match="about you"):
        notices.dismiss(ReviewerNotice.objects.get(), moderator, "I am fine.")


def test_its_facts_are_frozen_and_a_dismissed_one_has_a_reason(project: Project, reviewer: Member) -> None:
    measured(project, result(reviewer))
    for change in ({"value": 0.5}, {"threshold": "None."}, {"closed_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReviewerNotice.objects.update(**change)
