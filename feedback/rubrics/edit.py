"""The rubric editor: begin a rubric, write its next version as a draft, publish it or throw it away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, wants_fragment
from feedback.rubrics import arrange, drafts, editor
from feedback.rubrics.changes import changes
from feedback.rubrics.definition import RubricRefused, sorted_out
from feedback.rubrics.forms import RubricForm
from feedback.rubrics.models import Criterion, RubricDraft

TEMPLATE = "feedback/rubrics/rubric_edit.html"
WHAT = {
    Criterion.Kind.YES_NO: "One fact about the response",
    Criterion.Kind.SCALE: "How much, in points with words",
    Criterion.Kind.CHOICE: "One of several answers",
    Criterion.Kind.MULTI_CHOICE: "All answers that apply",
    Criterion.Kind.PER_TURN: "One of several answers about each turn or step",
    Criterion.Kind.COMPARISON: "Which of two responses is better",
    Criterion.Kind.RANKING: "Several responses, from the best to the worst",
    Criterion.Kind.BEST_WORST: "The best and the worst of several responses",
    Criterion.Kind.SPANS: "Stretches of the text, flagged",
    Criterion.Kind.CORRECTION: "The response rewritten",
    Criterion.Kind.TEXT: "In the reviewer's words",
}
MOVED = (
    "Not saved: this draft was changed in another tab after this page was loaded. What you typed is still here; "
    "saving once more puts it in place of the other tab's."
)
KINDS = [(kind, kind.label, what) for kind, what in WHAT.items()]


@require_http_methods(["GET", "POST"])
def rubric_create(request: MemberRequest) -> HttpResponse:
    form = RubricForm(request.project, request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                draft = drafts.create(
                    request.project,
                    request.member,
                    form.cleaned_data["name"],
                    form.definitions,
                    form.guideline,
                    request,
                )
            except IntegrityError:  # somebody took the name in this very moment
                form.add_error("name", "There is a rubric with this name already.")
            else:
                return redirect("rubrics:rubric-edit", project=request.project.slug, pk=draft.rubric_id)
        status = 422
    return page(request, "feedback/rubrics/rubric_create.html", {"form": form}, partial="form", status=status)


@require_http_methods(["GET", "POST"])
def rubric_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """The draft as it is. Every button of the page posts all of it; `do` says what else is wanted."""
    rubric = get_object_or_404(request.project.rubrics, pk=pk)
    draft = drafts.draft_of(rubric, request.member)
    if request.method == "GET":
        return show(request, draft)
    action = request.POST.get("do", "save")
    if action == "discard":
        return discard(request, draft)
    definitions = editor.read(request.POST)
    if definitions is None:
        return show(request, draft, errors=[{"pointer": "", "detail": "Nothing was sent."}], status=422)
    if action != "autosave":  # while somebody types, half a label must not become a key
        definitions = arrange.with_keys(definitions)
    at = arrange.change(definitions, action)
    seen, guideline = request.POST.get("seen"), request.POST.get("guideline", "").replace("\r\n", "\n")
    try:
        drafts.keep(draft, definitions, guideline, seen)
    except drafts.DraftMoved:
        if action == "autosave":  # whoever has not read the warning has still seen what this page saw
            return render(
                request, f"{TEMPLATE}#state", {**state_of(draft), "seen": seen, "has_moved": True}, status=409
            )
        return show(request, draft, errors=[{"pointer": "", "detail": MOVED}], status=409)
    if action == "publish":
        return publish(request, draft)
    if action == "autosave":
        return saved(render(request, f"{TEMPLATE}#state", state_of(draft)))
    if wants_fragment(request):
        return saved(show(request, draft, at=at))
    response = redirect(here(draft) + (f"#question-{at}" if at is not None else ""))
    response.status_code = 303
    return response


def publish(request: MemberRequest, draft: RubricDraft) -> HttpResponse:
    newest = drafts.newest_of(draft.rubric)
    if drafts.is_outdated(draft, newest) and "all_the_same" not in request.POST:
        detail = "Somebody published a version since you began. Look at it first, then tick the box and publish."
        return show(request, draft, errors=[{"pointer": "", "detail": detail}], status=422)
    try:
        version = drafts.publish_draft(draft)
    except RubricRefused as refusal:
        return show(request, draft, errors=refusal.errors, status=422)
    messages.success(request, f"Version {version.number} is published. Queues that are made from now on can ask it.")
    return go(
        request, reverse("rubrics:rubric-detail", kwargs={"project": request.project.slug, "pk": draft.rubric_id})
    )


def discard(request: MemberRequest, draft: RubricDraft) -> HttpResponse:
    is_left = drafts.discard(draft)
    messages.info(request, "The draft was thrown away.")
    names = {"project": request.project.slug} | ({"pk": draft.rubric_id} if is_left else {})
    return go(request, reverse("rubrics:rubric-detail" if is_left else "rubrics:rubric-list", kwargs=names))


def go(request: MemberRequest, url: str) -> HttpResponse:
    """To another page: whole for htmx, since a followed redirect would land inside the editor."""
    if wants_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    response = redirect(url)
    response.status_code = 303
    return response


def saved(response: HttpResponse) -> HttpResponse:
    """The preview looks at the draft again."""
    return trigger_client_event(response, "draft-saved")


def here(draft: RubricDraft) -> str:
    return reverse("rubrics:rubric-edit", kwargs={"project": draft.rubric.project.slug, "pk": draft.rubric_id})


def state_of(draft: RubricDraft) -> dict[str, Any]:
    """What stands beside the title: when it was saved, and how much is still to mend."""
    _, errors = sorted_out(arrange.with_keys(draft.definitions))
    return {"draft": draft, "n_errors": len(errors), "seen": drafts.seen_of(draft)}


def show(
    request: MemberRequest,
    draft: RubricDraft,
    *,
    errors: list[dict[str, str]] | None = None,
    at: int | None = None,
    status: int = 200,
) -> HttpResponse:
    draft.rubric.project = request.project
    questions, loose = editor.question_forms(draft.definitions, errors or [])
    editor.focus(questions, at, request.POST.get("do", ""))
    newest = drafts.newest_of(draft.rubric)
    rows, _ = sorted_out(arrange.with_keys(draft.definitions))
    context = {
        **state_of(draft),
        "rubric": draft.rubric,
        "questions": questions,
        "errors": loose,
        "has_errors": bool(errors),
        "at": at,
        "newest": newest,
        "next_number": newest.number + 1 if newest else 1,
        "is_outdated": draft.pk is not None and drafts.is_outdated(draft, newest),
        "changes": changes(drafts.definitions_of(newest), rows) if newest and draft.pk else [],
        "kinds": KINDS,
        "edit_url": here(draft),
    }
    return page(request, TEMPLATE, context, partial="editor", status=status)
