"""The pages of gold, for curators and moderators: never for reviewers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.htmx import see_other
from feedback.judgements.record import criteria_of
from feedback.judgements.refusal import AnswersRefused
from reviews.quality import gold_along, gold_import, gold_make, gold_page, gold_training
from reviews.quality.dispute import answers_of_subject, passage, passages_of
from reviews.quality.gold_forms import CourseForm, ExpectedForm, ImportForm, SettingForm
from reviews.quality.gold_models import GoldItem, GoldSetting, TrainingCourse
from reviews.queues.desk import conversation, names_of
from reviews.queues.history import titles_of
from reviews.queues.models import Item, Queue
from reviews.queues.versions import MoveRefused

PREVIEWED = 50


@require_GET
def gold_list(request: MemberRequest) -> HttpResponse:
    context = {"rows": gold_page.queues_of(request.project), "questioned": gold_page.questioned(request.project)}
    return render(request, "reviews/quality/gold_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def gold_queue(request: MemberRequest, key: str) -> HttpResponse:
    """A queue's gold: how often it is given, each item's use, how reviewers fare, what could become gold."""
    queue = own_queue(request, key)
    setting = request.project.goldsettings.filter(queue=queue).first()
    form = SettingForm(request.POST or None, instance=setting or GoldSetting(project=request.project, queue=queue))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save()
            record("gold-setting-changed", queue, request=request, is_on=saved.is_on, rate=saved.rate)
        messages.success(request, "Saved.")
        return see_other("gold:gold-queue", project=request.project.slug, key=key)
    before = request.GET.get("before", "")
    rows, following = gold_page.gold_of(queue, int(before) if before.isdecimal() and len(before) < 19 else 0)
    context = {
        "queue": queue,
        "form": form,
        "setting": setting,
        "rows": rows,
        "next_url": f"{request.path}?before={following}" if following else "",
        "first_url": request.path if before else "",
        "reviewers": gold_page.reviewers_of(queue, request.member),
        "candidates": candidates(queue),
        "course": getattr(queue, "course", None),
        "trip": gold_along.behind(its) if (its := course_of(request, queue)) else None,
        "course_form": CourseForm(label_suffix=""),
    }
    return render(request, "reviews/quality/gold_queue.html", context, status=422 if form.errors else 200)


def candidates(queue: Queue) -> list[dict[str, Any]]:
    found = gold_make.recommended(queue)
    titles = titles_of([Item(subject_id=verdict.subject_id) for verdict in found])
    return [{"verdict": row, "title": titles.get(row.subject_id) or f"Verdict {row.pk}"} for row in found]


@require_POST
def from_verdicts(request: MemberRequest, key: str) -> HttpResponse:
    queue = own_queue(request, key)
    chosen = [int(pk) for pk in request.POST.getlist("verdict") if pk.isdecimal() and len(pk) < 19]
    made = gold_make.make_from_verdicts(queue, chosen, request.member)
    if made:
        messages.success(request, f"{made} item{'' if made == 1 else 's'} made gold.")
    else:
        messages.warning(request, "Tick at least one of the verdicts that are recommended now.")
    return see_other("gold:gold-queue", project=request.project.slug, key=key)


@require_http_methods(["GET", "HEAD", "POST"])
def import_gold(request: MemberRequest, key: str) -> HttpResponse:
    """Rows are tried out first; the same rows with `go` are made gold."""
    queue = own_queue(request, key)
    form = ImportForm(request.POST or None, request.FILES or None, label_suffix="")
    context: dict[str, Any] = {"queue": queue, "form": form, "criteria": criteria_of(queue.rubric_version)}
    if request.method != "POST":
        return render(request, "reviews/quality/gold_import.html", context)
    if not form.is_valid():
        return render(request, "reviews/quality/gold_import.html", context, status=422)
    text = form.cleaned_data["text"]
    found = gold_import.take(queue, text, request.member, is_trial="go" not in request.POST)
    made = [row for row in found if row.gold]
    if "go" in request.POST and made:
        left = len(found) - len(made)
        messages.success(request, f"{len(made)} made gold{f', {left} left out' if left else ''}.")
        return see_other("gold:gold-queue", project=request.project.slug, key=key)
    context |= {"text": text, "found": found[:PREVIEWED], "n_found": len(found), "n_made": len(made)}
    context["n_refused"] = len(found) - len(made)
    return render(request, "reviews/quality/gold_import.html", context, status=200 if made else 422)


@require_POST
def open_training(request: MemberRequest, key: str) -> HttpResponse:
    queue = own_queue(request, key)
    form = CourseForm(request.POST)
    if queue.is_training or queue.training_id is not None:
        messages.warning(request, "This queue has its training already.")
    elif not form.is_valid():
        messages.warning(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    else:
        course = gold_training.open_course(queue, request.member, **form.cleaned_data)
        messages.success(request, "The training is made. Nobody gets items of the queue before passing it.")
        return see_other("gold:gold-queue", project=request.project.slug, key=course.queue.key)
    return see_other("gold:gold-queue", project=request.project.slug, key=key)


@require_POST
def move_training(request: MemberRequest, key: str) -> HttpResponse:
    """The training of a live queue, or this training, to the version that the live queue asks."""
    queue = own_queue(request, key)
    course = course_of(request, queue)
    try:
        trip = gold_along.move_along(course, request.member, request) if course else None
    except MoveRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        words = f"The training asks version {trip.version.number} now." if trip else "There is nothing to move."
        messages.success(request, words)
    return see_other("gold:gold-queue", project=request.project.slug, key=key)


def course_of(request: MemberRequest, queue: Queue) -> TrainingCourse | None:
    """Of a training queue its own, of a live one that of the training that opens it."""
    courses = request.project.trainingcourses.select_related("queue__rubric_version")
    found: TrainingCourse | None = courses.filter(queue=queue.pk if queue.is_training else queue.training_id).first()
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def gold_item(request: MemberRequest, pk: int) -> HttpResponse:
    """One item: what is expected of it, what was answered; made gold, revised, confirmed or retired here."""
    items = request.project.items.select_related("queue__rubric_version", "subject", "gold")
    item: Item = get_object_or_404(items, pk=pk)
    gold: GoldItem | None = getattr(item, "gold", None)
    criteria, shown = criteria_of(item.rubric_version), item.subject.shown()
    is_expected = "act" not in request.POST
    data = request.POST if request.method == "POST" and is_expected else None
    form = ExpectedForm(criteria, shown, data, revision=gold.revision if gold else None)
    if request.method == "POST" and (keep(request, item, gold, form) if is_expected else act(request, gold)):
        return see_other("gold:gold-item", project=request.project.slug, pk=pk)
    revision = gold.revision if gold else None
    context: dict[str, Any] = {
        "item": item,
        "gold": gold,
        "revision": revision,
        "form": form,
        "expected": gold_page.expected_lines(criteria, revision.answers, revision.tolerance, shown) if revision else [],
        "given": gold_page.given_lines(gold, shown) if gold else [],
        "line": gold_page.lines([gold])[0] if gold else None,
        "answers": answers_of_subject(shown, names_of(shown), []),
        "passages": [passage(row, []) for row in passages_of(shown)],
        **conversation(shown),
    }
    return render(request, "reviews/quality/gold_item.html", context, status=422 if request.method == "POST" else 200)


def keep(request: MemberRequest, item: Item, gold: GoldItem | None, form: ExpectedForm) -> bool:
    """Make or revise; False with the reasons on the form when it cannot be."""
    if not form.is_valid():
        return False
    answers, how = form.answers(), {"tolerance": form.tolerance(), "why": form.cleaned_data["why"]}
    if form.errors:
        return False
    try:
        if gold:
            gold_make.revise(gold, answers, request.member, **how)
        else:
            gold_make.make(item, answers, request.member, **how)
    except AnswersRefused as refusal:
        form.refuse(refusal.errors)
    except gold_make.GoldRefused as refusal:
        form.add_error(None, str(refusal))
    else:
        messages.success(request, "Saved: this is expected from now on.")
    return form.is_valid()


def act(request: MemberRequest, gold: GoldItem | None) -> bool:
    """Confirm or retire, said in a notice either way."""
    acts = {"confirm": (gold_make.confirm, "Confirmed."), "retire": (gold_make.retire, "Retired.")}
    verb, words = acts.get(request.POST["act"], (None, ""))
    if gold is None or verb is None:
        messages.warning(request, "There is nothing to do that to.")
        return True
    try:
        verb(gold, request.member)
        messages.success(request, words)
    except gold_make.GoldRefused as refusal:
        messages.warning(request, str(refusal))
    return True


def own_queue(request: MemberRequest, key: str) -> Queue:
    queues = request.project.queues.filter(takes_imports=False).select_related("rubric_version", "course", "project")
    found: Queue = get_object_or_404(queues, key=key)
    return found
