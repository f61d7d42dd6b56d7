"""What figures are computed from: the filters that stand in the address of their page, and in the body of the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import django_filters as df
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from feedback.accounts.models import Project
from feedback.judgements.models import Review
from feedback.rubrics.models import RANKED, Criterion
from reviews.quality.models import Adjudication
from reviews.quality.reliability_models import ReviewerMeasure, ReviewerNotice

PERIODS = {"": "All time", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}
PEOPLE = {"": "Everybody", "members": "People of this project", "imported": "Imported people"}
DRAWN = {"": "First reviews, no suspects", "all": "All reviews of all items"}
RATED = {"": "Models", "version": "Prompt versions"}
HELD = {
    "": "By question",
    "queue": "By queue",
    "rubric_version": "By rubric version",
    "stratum": "By stratum",
    "pair": "By two reviewers",
    "week": "By week",
}
SPENT = {"": "By queue", "week": "By week", "month": "By month"}
AGREEMENT_KINDS = [kind for kind in Criterion.Kind if kind not in {"text", "correction"}]
CHOICES = 200  # offered in a list at most


class AnalysisForm(forms.Form):
    """Filters of all analyses. Values that a list does not offer are refused: nothing is silently unfiltered."""

    first: ClassVar[tuple[str, ...]] = ()  # shown at once

    queue = forms.ChoiceField(label="Queue", required=False)
    rubric_version = forms.IntegerField(label="Rubric version", required=False, min_value=1, max_value=2**63 - 1)
    days = forms.ChoiceField(label="Reviewed", choices=list(PERIODS.items()), required=False)
    people = forms.ChoiceField(label="Reviewers", choices=list(PEOPLE.items()), required=False)
    source = forms.CharField(label="Imported from", required=False, max_length=60)

    def __init__(self, project: Project, data: Mapping[str, Any]) -> None:
        super().__init__(data, label_suffix="")
        queues = project.queues.order_by("name").values_list("key", "name")[:CHOICES]
        self.offer("queue", [("", "All"), *queues])

    @property
    def main(self) -> list[forms.BoundField]:
        return [self[name] for name in self.first]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in self.first]

    @property
    def has_more(self) -> bool:
        return any(name not in self.first for name in self.filters)

    def offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def filters(self) -> dict[str, Any]:
        """What was given, in one form whatever the order; what is left to its default is not in it."""
        self.is_valid()
        return {name: value for name, value in sorted(self.cleaned_data.items()) if value not in ("", None, [])}


class LeaderboardForm(AnalysisForm):
    """Who is rated, from which question, on which responses."""

    criterion = forms.ChoiceField(label="Question", required=False)
    by = forms.ChoiceField(label="Rated", choices=list(RATED.items()), required=False)
    baseline = forms.CharField(label="Against", required=False, max_length=200)
    prompt = forms.CharField(label="Prompt", required=False, max_length=120)
    environment = forms.CharField(label="Environment", required=False, max_length=60)
    segment = forms.CharField(label="Segment", required=False, max_length=100)
    tag = forms.CharField(label="Tag", required=False, max_length=100)

    first = field_order = ("by", "criterion", "queue", "days")

    def __init__(self, project: Project, data: Mapping[str, Any]) -> None:
        super().__init__(project, data)
        self.offer(
            "criterion",
            [("", "All comparisons"), *questions(project, [Criterion.Kind.COMPARISON, *RANKED])],
        )


class AgreementForm(AnalysisForm):
    """Whose answers are held against each other."""

    by = forms.ChoiceField(label="Rows", choices=list(HELD.items()), required=False)
    stratum = forms.CharField(label="Stratum", required=False, max_length=100)
    drawn = forms.ChoiceField(label="Items", choices=list(DRAWN.items()), required=False)

    first = field_order = ("by", "queue", "days", "drawn")


class EffortForm(AnalysisForm):
    """Whose time is counted: of people of the project alone, by queue or by when they reviewed."""

    by = forms.ChoiceField(label="Rows", choices=list(SPENT.items()), required=False)
    rubric_version = people = source = None  # type: ignore[assignment]  # takes the fields away

    first = field_order = ("by", "queue", "days")


class ProposalsForm(AnalysisForm):
    """Whose answers to critics' proposals are counted."""

    rubric_version = people = source = None  # type: ignore[assignment]  # takes the fields away

    first = field_order = ("queue", "days")


class SubgroupsForm(AnalysisForm):
    """By what people are grouped. No period: two that differ by a day would tell of who came between."""

    attribute = forms.ChoiceField(label="Grouped by", required=False)
    rubric_version = days = people = source = None  # type: ignore[assignment]  # takes the fields away

    first = field_order = ("attribute", "queue")

    def __init__(self, project: Project, data: Mapping[str, Any]) -> None:
        super().__init__(project, data)
        offered = list(project.reviewerattributes.order_by("pk").values_list("key", "label"))
        self.offer("attribute", [("", offered[0][1] if offered else "Nothing offered"), *offered[1:]])


class ReliabilityForm(AnalysisForm):
    """Which answers of reviewers are looked at."""

    criterion = forms.ChoiceField(label="Question", required=False)

    first = field_order = ("criterion", "queue", "days")

    def __init__(self, project: Project, data: Mapping[str, Any]) -> None:
        super().__init__(project, data)
        self.offer("criterion", [("", "All questions"), *questions(project, AGREEMENT_KINDS)])


def questions(project: Project, kinds: list[Any]) -> list[tuple[str, str]]:
    """Keys of the project's questions with their newest label; keys stay the same where the question does."""
    rows = Criterion.objects.filter(project=project, kind__in=kinds).order_by("pk").values_list("key", "label")
    return sorted(dict(rows).items(), key=lambda row: row[1])[:CHOICES]


def reviews_of(project_id: int, filters: Mapping[str, Any]) -> QuerySet[Review]:
    """The counted reviews under the filters: standing ones of submitted assignments, and no silent repeats."""
    rows = Review.objects.standing().filter(project=project_id, assignment__state="submitted")
    rows = rows.filter(Q(assignment__is_extra=False) | Q(assignment__round=1))
    if filters.get("queue"):
        rows = rows.filter(origin=filters["queue"])
    if filters.get("rubric_version"):
        rows = rows.filter(rubric_version=filters["rubric_version"])
    if filters.get("days"):
        rows = rows.filter(submitted_at__gte=timezone.now() - timedelta(days=int(filters["days"])))
    if filters.get("people"):
        rows = rows.filter(~Q(reviewer__source="") if filters["people"] == "imported" else Q(reviewer__source=""))
    if filters.get("source"):
        rows = rows.filter(reviewer__source=filters["source"])
    return rows


class ReviewerMeasureFilter(df.FilterSet):
    reviewer = df.CharFilter("reviewer__pseudonym", max_length=20, help_text="Pseudonym.")
    criterion = df.CharFilter(max_length=60, help_text="Its key in the rubric.")
    measure = df.ChoiceFilter(choices=ReviewerMeasure.Measure.choices)

    class Meta:
        model = ReviewerMeasure
        fields: list[str] = []


class ReviewerNoticeFilter(df.FilterSet):
    reviewer = df.CharFilter("reviewer__pseudonym", max_length=20, help_text="Pseudonym.")
    is_open = df.BooleanFilter("closed_at", "isnull", help_text="Not dismissed yet.")

    class Meta:
        model = ReviewerNotice
        fields: list[str] = []


class DisputeFilter(df.FilterSet):
    queue = df.CharFilter("item__queue__key", max_length=60, help_text="Its key.")
    is_settled = df.BooleanFilter("settled_at", "isnull", exclude=True, help_text="Ended by a verdict.")

    class Meta:
        model = Adjudication
        fields: list[str] = []
