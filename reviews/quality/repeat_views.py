"""The curator's page of a queue's silent repeats: how often people are asked again, and what they said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.htmx import page, see_other
from reviews.quality.repeat_compare import told
from reviews.quality.repeat_models import RepeatSetting


class RepeatForm(forms.ModelForm):
    percent = forms.FloatField(
        min_value=0.5, max_value=20, initial=2, label="Repeats among a person's reviews, in percent",
        help_text="2 is usual: ten repeats of a person then take 500 reviews.",
        widget=forms.NumberInput({"step": "any"}),
    )  # fmt: skip

    class Meta:
        model = RepeatSetting
        fields = ["is_on", "least_days"]
        labels = {"is_on": "Ask people again about items of this queue", "least_days": "After how many days"}
        help_texts = {"least_days": "Since their own review: long enough that nobody answers from memory."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields["least_days"].min_value = 1  # type: ignore[attr-defined]
        self.fields["percent"].initial = round(self.instance.rate * 100, 3)

    def clean_least_days(self) -> int:
        days: int = self.cleaned_data["least_days"]
        if not 1 <= days <= 365:
            raise forms.ValidationError("From 1 to 365 days.")
        return days

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.instance.rate = data.get("percent", 2) / 100
        return data


@require_http_methods(["GET", "HEAD", "POST"])
def queue_repeats(request: MemberRequest, key: str) -> HttpResponse:
    queues = request.project.queues.select_related("rubric_version")
    queue = get_object_or_404(queues, key=key, takes_imports=False, is_training=False)
    setting = getattr(queue, "repeat_setting", None)
    form = RepeatForm(request.POST or None, instance=setting or RepeatSetting(project=request.project, queue=queue))
    if request.method == "POST" and form.is_valid():
        save(request, form)
        messages.success(request, "Saved.")
        return see_other("quality:queue-repeats", project=request.project.slug, key=key)
    found = told(queue)
    context = {"queue": queue, "form": form, **found, "questions": [shown(line) for line in found["questions"]]}
    status = 422 if form.errors else 200
    return page(request, "reviews/quality/queue_repeats.html", context, partial="form", status=status)


@transaction.atomic
def save(request: MemberRequest, form: RepeatForm) -> None:
    setting = form.save()
    said = {name: getattr(setting, name) for name in ("is_on", "rate", "least_days")}
    record("repeats-changed", setting.queue, request=request, **said)


def shown(line: dict[str, Any]) -> dict[str, Any]:
    """In whole percents."""
    words = {"label": line["criterion"].label, "same": line["same"], "n": line["n"]}
    if line["share"] is None:
        return {**words, "is_few": True}
    return {**words, **{name: round(100 * line[name]) for name in ("share", "low", "high")}}
