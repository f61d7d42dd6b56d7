"""A pupil's pages: the training of a queue, and what was expected after each review of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.htmx import see_other, wants_fragment
from reviews.quality import gold_training
from reviews.quality.gold_models import TrainingCourse
from reviews.quality.gold_page import said
from reviews.queues import claim as claiming


@require_http_methods(["GET", "HEAD", "POST"])
def training(request: MemberRequest, pk: int) -> HttpResponse:
    """How far this person is; beginning keeps the items for them and puts the first on their desk."""
    course = own_course(request, pk)
    if request.method == "POST":
        gold_training.begin(course, request.member)
        claiming.claim(course.queue, request.member)
        return see_other("queues:review", project=request.project.slug, key=course.queue.key)
    opens = list(course.queue.opens.order_by("name"))
    names = ", ".join(queue.name for queue in opens)
    context = {**lesson_of(request, course), "opens": opens, "opens_named": names}
    return render(request, "reviews/quality/training.html", context)


@require_GET
def lesson(request: MemberRequest, pk: int) -> HttpResponse:
    """What was expected of the review they sent last: loaded by the desk beside the next item."""
    course = own_course(request, pk)
    if not wants_fragment(request):
        return see_other("gold:training", project=request.project.slug, pk=course.pk)
    return render(request, "reviews/quality/training.html#lesson", lesson_of(request, course))


def own_course(request: MemberRequest, pk: int) -> TrainingCourse:
    courses = request.project.trainingcourses.select_related("queue__rubric_version")
    found: TrainingCourse = get_object_or_404(courses, pk=pk)
    return found


def lesson_of(request: MemberRequest, course: TrainingCourse) -> dict[str, Any]:
    check = gold_training.check_last(course, request.member)
    rows = []
    if check is not None:
        shown = check.assignment.item.subject.shown(check.assignment.shown_order or None)
        for row in gold_training.lesson(check):
            words = {name: said(row["criterion"], row[name], shown) for name in ("expected", "given")}
            rows.append({**row, **words})
    return {"course": course, "check": check, "rows": rows, "standing": gold_training.standing(course, request.member)}
