"""The curator's page of a queue's rubric versions: move to a newer one, and ask again about what was settled before."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other
from feedback.judgements.record import criteria_of
from feedback.rubrics.changes import changes, differing
from feedback.rubrics.drafts import definitions_of
from feedback.rubrics.models import Criterion
from reviews.queues import again, versions
from reviews.queues.forms import choices_of
from reviews.queues.models import Queue

Kind = Criterion.Kind
SPANS = [("yes", "Something is marked"), ("no", "Nothing is marked")]
OUTCOMES = [("preferred", "One is better"), ("tie", "Equal"), ("both_bad", "Both unacceptable")]
USUAL = "Any verdict"


class AgainForm(forms.Form):
    """Which of the items that were settled under an older version."""

    said = forms.ChoiceField(label="Whose verdict is", required=False)
    since = forms.DateField(label="Settled from", required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="until", required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, queue: Queue, data: Any) -> None:
        super().__init__(data, label_suffix="")
        self.fields["said"].choices = [("", USUAL), *verdicts_of(queue)]  # type: ignore[attr-defined]

    def choice(self) -> again.Choice:
        criterion, _, answer = self.cleaned_data["said"].partition("=")
        return again.Choice(criterion, answer, self.cleaned_data["since"], self.cleaned_data["until"])


def verdicts_of(queue: Queue) -> list[tuple[str, str]]:
    """The answers that older versions could be settled to, in words; of questions that changed since come first."""
    now = definitions_of(queue.rubric_version)
    found: dict[str, tuple[bool, str]] = {}
    for version in versions.older_versions(queue):
        changed = {change.key for change in changes(definitions_of(version), now)}
        for criterion in criteria_of(version):
            is_changed = criterion.key in changed
            for value, label in settled_to(criterion):
                words = f"{criterion.label} {label}{' (changed since)' if is_changed else ''}"
                found.setdefault(f"{criterion.key}={value}", (is_changed, words))
    return [(value, words) for value, (_, words) in sorted(found.items(), key=lambda entry: not entry[1][0])]


def settled_to(criterion: Criterion) -> list[tuple[str, str]]:
    if criterion.kind in {Kind.YES_NO, Kind.CHOICE}:
        return [(str(value), str(label)) for value, label in choices_of(criterion)]
    return {Kind.SPANS: SPANS, Kind.COMPARISON: OUTCOMES}.get(Kind(criterion.kind), [])


@require_http_methods(["GET", "HEAD", "POST"])
def queue_versions(request: MemberRequest, key: str) -> HttpResponse:
    """What changed and what would happen; a POST does it."""
    rows = request.project.queues.filter(takes_imports=False, is_training=False)
    queue: Queue = get_object_or_404(
        rows.select_related("rubric_version__rubric", "rubric_version__guideline", "training__rubric_version"), key=key
    )
    form = AgainForm(queue, request.POST if request.POST.get("do") == "ask" else request.GET)
    if request.method != "POST":
        return show(request, queue, form, status=200 if form.is_valid() else 422)
    do = {"move": move, "back": back, "ask": ask, "take-back": take_back}.get(request.POST.get("do", ""))
    if do is None:
        raise Http404("There is no such act.")
    try:
        said = do(request, queue, form)
    except versions.MoveRefused as refusal:
        messages.error(request, str(refusal))
        return show(request, queue, form, status=409)
    except again.SetChanged:
        return show(request, queue, form, status=409, has_changed=True, was=request.POST.get("n", "")[:9])
    if said is None:
        return show(request, queue, form, status=422)
    messages.success(request, said)
    return see_other("queues:queue-versions", project=request.project.slug, key=key)


def move(request: MemberRequest, queue: Queue, form: AgainForm) -> str:
    """To the version that was on the page, which may not be the newest any more."""
    newer = versions.newer_version(queue)
    if newer is None or str(newer.number) != request.POST.get("version"):
        raise versions.MoveRefused("Another version was published meanwhile. Look at what changed and move then.")
    kept = versions.move(queue, newer, request.member, request)
    return (
        f"The queue asks version {newer.number} now. {kept} begun item{' stays' if kept == 1 else 's stay'} as before."
    )


def back(request: MemberRequest, queue: Queue, form: AgainForm) -> str:
    versions.move_back(queue, request.member, request)
    return f"The queue asks version {queue.rubric_version.number} again."


def ask(request: MemberRequest, queue: Queue, form: AgainForm) -> str | None:
    if not form.is_valid():
        return None
    n = again.ask_again(queue, form.choice(), request.POST.get("digest", ""), request.member, request)
    return f"{n} item{' is' if n == 1 else 's are'} before reviewers again."


def take_back(request: MemberRequest, queue: Queue, form: AgainForm) -> str:
    n = again.take_back(queue, request.member, request)
    return f"{n} item{' is' if n == 1 else 's are'} not asked again. What somebody had begun goes on."


def is_left_behind(queue: Queue) -> bool:
    """Whether its training asks an older version of the rubric."""
    here, training = queue.rubric_version, queue.training
    there = training.rubric_version if training else here
    return there.rubric_id == here.rubric_id and there.number < here.number


def show(request: MemberRequest, queue: Queue, form: AgainForm, *, status: int, **extra: Any) -> HttpResponse:
    newer, before = versions.newer_version(queue), versions.version_before(queue)
    chosen = [item.pk for item in again.affected(queue, form.choice())[: again.MOST]] if form.is_valid() else []
    n_begun = queue.items.begun().count() if newer else 0
    context = {
        "queue": queue,
        "newer": newer,
        "before": before,
        "trails": is_left_behind(queue),
        "n_begun": n_begun,
        "n_moved": queue.items.count() - n_begun if newer else 0,
        "form": form,
        "n_affected": again.affected(queue).count(),
        "n_chosen": len(chosen),
        "n_reviews": len(chosen) * queue.k,
        "digest": again.digest_of(queue, chosen),
        "is_full": len(chosen) >= again.MOST,
        **again.how_far(queue),
        **(differing(queue.rubric_version, newer) if newer else {}),
        **extra,
    }
    return page(request, "reviews/queues/queue_versions.html", context, partial="again", status=status)
