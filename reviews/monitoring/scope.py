"""What a page counts: the period, the prompt and the environment that stand in its address."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from feedback.accounts.models import Project
from feedback.prompts.models import PromptVersion
from feedback.responses.models import Origin, Response
from reviews.monitoring.measures import MEASURES

PERIODS = {"7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days", "all": "All time"}
COUNTED = (Origin.PRODUCTION, Origin.IMPORT)  # a replay or a test says nothing about what people were answered
RECENT = 1000  # newest responses that are looked at for what is served now
VERSIONS = 12  # shown at most, the newest

Pick = tuple[str, int | None, str | None]  # environment, prompt version, prompt


PLACES = {"environment": 0, "prompt": 2}


class ScopeForm(forms.Form):
    """Prompt and environment take any name, and offer those that the newest responses have."""

    days = forms.ChoiceField(label="Period", choices=list(PERIODS.items()), required=False)
    prompt = forms.ChoiceField(label="Prompt", required=False)
    environment = forms.ChoiceField(label="Environment", required=False)
    measure = forms.ChoiceField(
        label="Rate", choices=[(key, measure.title) for key, measure in MEASURES.items()], required=False
    )

    def __init__(self, data: QueryDict, *, prompts: list[str], environments: list[str]) -> None:
        given = {name: value for name, value in data.items() if value}
        super().__init__({"days": "30", "measure": "hallucination", **given}, label_suffix="")
        self.fields["prompt"].choices = [("", "The one in use"), *((name, name) for name in prompts)]  # type: ignore[attr-defined]
        self.fields["environment"].choices = [("", "All"), *((name, name) for name in environments)]  # type: ignore[attr-defined]
        for name in ("days", "measure"):
            self.fields[name].widget.attrs["autocomplete"] = "off"


@dataclass(frozen=True)
class Scope:
    project: Project
    days: str
    prompt: str
    environment: str
    measure: str
    recent: tuple[Pick, ...]

    @property
    def since(self) -> datetime | None:
        """Midnight, in UTC: so many whole days, and today."""
        if self.days == "all":
            return None
        today = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return today - timedelta(days=int(self.days))

    @property
    def period(self) -> str:
        return PERIODS[self.days].lower()

    def conditions(self) -> dict[str, Any]:
        """Lookups on responses: period, environment, and what was really served."""
        found: dict[str, Any] = {"origin__in": COUNTED}
        if self.since:
            found["responded_at__gte"] = self.since
        if self.environment:
            found["environment"] = self.environment
        return found

    def of_prompt(self) -> dict[str, Any]:
        """The lookup on responses to the chosen prompt; none when none was chosen."""
        return {"prompt_version__in": self.ids_of_prompt()} if self.prompt else {}

    def responses(self) -> QuerySet[Response]:
        """All that came in, of every prompt or of the one that was chosen."""
        return Response.objects.filter(project=self.project, **self.conditions(), **self.of_prompt())

    def ids_of_prompt(self) -> list[int]:
        """Versions of the chosen prompt; as numbers, because the planner knows how rare those are."""
        found = PromptVersion.objects.filter(project=self.project, prompt__name=self.prompt)
        return list(found.order_by("-pk").values_list("pk", flat=True)[:RECENT])

    def versions(self) -> list[PromptVersion]:
        """Of the prompt that was chosen, or is in use: its newest versions, the newest first."""
        rows = PromptVersion.objects.filter(project=self.project).select_related("prompt", "project").order_by("-pk")
        if self.prompt:
            return list(rows.filter(prompt__name=self.prompt)[:VERSIONS])
        in_use = Counter(prompt for _, _, prompt in self.recent if prompt is not None)
        if not in_use:
            return []
        return list(rows.filter(prompt__name=in_use.most_common(1)[0][0])[:VERSIONS])


def form_of(project: Project, data: QueryDict) -> tuple[ScopeForm, tuple[Pick, ...]]:
    """The form with the names of the newest responses, and those responses. One query."""
    rows = Response.objects.filter(project=project, origin__in=COUNTED).order_by("-responded_at", "-id")
    recent = tuple(rows.values_list("environment", "prompt_version_id", "prompt_version__prompt__name")[:RECENT])
    names = {name: sorted({str(row[place]) for row in recent if row[place]}) for name, place in PLACES.items()}
    for name in names:
        names[name] = sorted({*names[name], data.get(name, "")} - {""})
    return ScopeForm(data, prompts=names["prompt"], environments=names["environment"]), recent


def scope_of(project: Project, form: ScopeForm, recent: tuple[Pick, ...]) -> Scope:
    """What was asked for; a value that cannot be read counts as not given."""
    form.is_valid()
    given = {name: form.cleaned_data.get(name) or "" for name in form.fields}
    served = tuple(row for row in recent if not given["environment"] or row[0] == given["environment"])
    return Scope(
        project=project,
        days=given["days"] or "30",
        prompt=given["prompt"],
        environment=given["environment"],
        measure=given["measure"] or "hallucination",
        recent=served,
    )
