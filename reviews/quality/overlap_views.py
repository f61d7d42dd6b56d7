"""The curator's page of a queue's overlap: how sure it wants to be, and what other targets would have come to."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.htmx import page, see_other
from feedback.judgements.record import criteria_of
from feedback.rubrics.models import Criterion
from feedback.statistics.consensus import Label, Replay, replay
from reviews.quality.estimate import Row, labels
from reviews.quality.models import LabelModel, OverlapPolicy
from reviews.quality.overlap import WEIGHED, accuracy_of, classes_of
from reviews.queues.models import Queue

TARGETS = (0.8, 0.9, 0.95, 0.99)
REPLAYED, FEWEST = 1_000, 30  # items, the newest; and how many there must be


class OverlapForm(forms.ModelForm):
    target = forms.IntegerField(
        min_value=51, max_value=99, label="Sure enough at (%)",
        help_text="The chance that the leading answer is right. Below it another reviewer is asked.",
    )  # fmt: skip

    class Meta:
        model = OverlapPolicy
        fields = ["is_on", "target", "most", "decides"]
        labels = {
            "is_on": "Ask for more reviews where an answer is not clear",
            "most": "Reviews of one item, at most",
            "decides": "Who decides",
        }
        help_texts = {
            "most": "Items that are still not clear then go to a moderator, or to what most reviewers said.",
            "decides": "Weighed: the leading answer wins when it is sure enough, else a moderator decides.",
        }
        widgets = {"decides": forms.RadioSelect}

    def __init__(self, queue: Queue, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = queue
        self.initial["target"] = round(100 * self.instance.target)

    def clean_target(self) -> float:
        return float(self.cleaned_data["target"]) / 100

    def clean_most(self) -> int:
        most: int = self.cleaned_data["most"]
        if most < self.queue.k:
            raise forms.ValidationError(f"The queue asks for {self.queue.k} reviews of each item as it is.")
        return most


@require_http_methods(["GET", "HEAD", "POST"])
def queue_overlap(request: MemberRequest, key: str) -> HttpResponse:
    queue = get_object_or_404(request.project.queues.select_related("rubric_version"), key=key, takes_imports=False)
    policy = getattr(queue, "overlap_policy", None)
    blank = OverlapPolicy(project=request.project, queue=queue, is_on=False, most=queue.k + 2)
    form = OverlapForm(queue, request.POST if request.method == "POST" else None, instance=policy or blank)
    if request.method == "POST" and form.is_valid():
        save(request, form)
        messages.success(request, "Saved. It holds for items that are settled from now on.")
        return see_other(reverse("queues:queue-detail", args=[request.project.slug, queue.key]))
    context = {"queue": queue, "form": form, "questions": questions(queue), "fewest": FEWEST}
    status = 422 if form.errors else 200
    return page(request, "reviews/quality/queue_overlap.html", context, partial="form", status=status)


@transaction.atomic
def save(request: MemberRequest, form: OverlapForm) -> None:
    policy = form.save()
    said = {name: getattr(policy, name) for name in ("is_on", "target", "most", "decides")}
    record("overlap-changed", policy.queue, request=request, **said)


def questions(queue: Queue) -> list[dict[str, Any]]:
    """Each question that can be weighed, with what other targets would have come to on its newest items."""
    models = {model.criterion: model for model in queue.label_models.all()}
    weighed = [criterion for criterion in criteria_of(queue.rubric_version) if criterion.kind in WEIGHED]
    return [question(queue, criterion, models.get(criterion.key)) for criterion in weighed]


def question(queue: Queue, criterion: Criterion, model: LabelModel | None) -> dict[str, Any]:
    items: dict[int, list[Row]] = defaultdict(list)
    for row in labels(queue, criterion, newest=REPLAYED * (queue.k + 2)):
        items[row[0]].append(row)
    known = [rows for rows in items.values() if len(rows) > 1]
    return {
        "criterion": criterion,
        "model": model,
        "n_items": len(known),
        "replays": [told(row) for row in replays(queue, criterion, model, known)] if len(known) >= FEWEST else [],
    }


def told(row: Replay) -> dict[str, str]:
    return {
        "target": f"{row.target:.0%}",
        "used": f"{row.used:,} of {row.labels:,}",
        "saved": f"{row.saved:.0%}",
        "same": f"{row.same:,} of {row.decided:,}",
        "expected": f"{row.expected:.1%}",
    }


def replays(queue: Queue, criterion: Criterion, model: LabelModel | None, items: list[list[Row]]) -> list[Replay]:
    classes = classes_of(criterion, queue.rubric_version.subject_size)
    shares = model.shares if model else dict.fromkeys(classes, 1.0)
    asked = [[Label(answer, accuracy_of(model, reviewer)) for _, reviewer, answer in rows] for rows in items]
    return [replay(asked, classes, shares, target, 1) for target in TARGETS]
