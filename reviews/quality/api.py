"""The API of computed figures: ask for them, and read them when they are there."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramDetail, ProgramList, ProgramView
from feedback.accounts.idempotency import idempotent
from feedback.accounts.models import Project
from feedback.accounts.schema import IDEMPOTENCY_KEY, LOCATION
from reviews.quality import examples
from reviews.quality.analysis_views import FORMS
from reviews.quality.critics import seeing
from reviews.quality.filters import DisputeFilter, ReviewerMeasureFilter, ReviewerNoticeFilter
from reviews.quality.models import Adjudication, Analysis, ReviewerMeasure, ReviewerNotice
from reviews.queues.models import Item


@extend_schema_serializer(examples=[examples.WANTED])
class AnalysisWantedSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=Analysis.Kind.choices)
    filters = serializers.DictField(
        required=False, help_text="As in the address of the page; names and values are those of its filters."
    )


@extend_schema_serializer(examples=[examples.ANALYSIS])
class AnalysisSerializer(serializers.ModelSerializer[Analysis]):
    result = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = Analysis
        fields = ["id", "kind", "filters", "state", "error", "created_at", "finished_at", "result"]
        read_only_fields = fields


LONGEST_WAIT, PAUSE = 5, 0.1  # seconds
WAITING = threading.BoundedSemaphore(1)  # of the few threads of a web process, only one stands still at a time
WAIT = OpenApiParameter(
    "wait",
    {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT},
    description="Answer 200 with the figures when they are there within so many seconds; 0: when they are there now.",
)


class AnalysisList(ProgramView):
    @extend_schema(
        request=AnalysisWantedSerializer,
        responses={200: AnalysisSerializer, 202: AnalysisSerializer},
        parameters=[WAIT, IDEMPOTENCY_KEY, LOCATION],
    )
    def post(self, request: Request) -> Response:
        """Compute a leaderboard, agreement, reliability, effort, votes by group or what became of critics' proposals.

        Figures of the reviews as they are now are answered if they exist, or begun: 202. Follow them at `Location`
        until their state is `done`; the figures are in `result`. With `wait` one call may do: figures that are there
        in time are answered with 200, else it is 202 as ever. A busy instance may answer before the time is over.
        """
        seconds = self.seconds()
        answer = self.ask(request)
        return answer if seconds is None else self.with_figures(answer, seconds)

    def seconds(self) -> int | None:
        given = self.request.query_params.get("wait")
        if given is not None and given not in {str(seconds) for seconds in range(LONGEST_WAIT + 1)}:
            raise ValidationError({"wait": [f"Whole seconds, from 0 to {LONGEST_WAIT}."]})
        return None if given is None else int(given)

    @idempotent
    def ask(self, request: Request) -> Response:
        wanted = self.given(AnalysisWantedSerializer)
        filters = wanted.get("filters") or {}
        form = FORMS[wanted["kind"]](self.project, filters)
        errors: dict[str, Any] = {name: ["There is no such filter."] for name in filters if name not in form.fields}
        errors.update(form.errors)
        if errors:
            raise ValidationError({"filters": errors})
        found = Analysis.ask(self.project, wanted["kind"], form.filters)
        headers = {"Location": reverse("api:analysis-detail", args=[found.pk])}
        return Response(AnalysisSerializer(found).data, status=status.HTTP_202_ACCEPTED, headers=headers)

    def with_figures(self, answer: Response, seconds: int) -> Response:
        """The answer with the figures as they are now, or at the end of the wait. Call it outside any transaction: the
        worker hears of what was begun when that is committed. What newer figures replaced is told as it was.
        """
        rows = self.project.analyses.filter(pk=answer.data["id"])
        found = rows.first()
        if found and not found.is_finished and seconds and WAITING.acquire(blocking=False):
            try:
                found = finished(rows, time.monotonic() + seconds)
            finally:
                WAITING.release()
        if found:
            answer.data = AnalysisSerializer(found).data
        if answer.data["state"] == Analysis.State.DONE:
            answer.status_code = status.HTTP_200_OK
        return answer


def finished(rows: QuerySet[Analysis], until: float) -> Analysis | None:
    """The one row when it has ended, or as it is at that time of the monotonic clock; None when it is gone."""
    found = rows.first()
    while found and not found.is_finished and time.monotonic() < until:
        time.sleep(PAUSE)
        found = rows.first()
    return found


class AnalysisDetail(ProgramDetail):
    """Read computed figures.

    Their state, and `result` once it is `done`. They are kept until newer ones under the same filters replace them,
    30 days at most.
    """

    serializer_class = AnalysisSerializer

    def rows(self, project: Project) -> QuerySet[Analysis]:
        return project.analyses.all()


@extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
class Confusion(serializers.JSONField):
    """An object, or null: what REST framework calls JSON is described as anything at all."""


@extend_schema_serializer(examples=[examples.MEASURE])
class ReviewerMeasureSerializer(serializers.ModelSerializer[ReviewerMeasure]):
    reviewer = serializers.CharField(source="reviewer.pseudonym", help_text="Pseudonym.")
    confusion = Confusion(
        read_only=True, help_text="With `accuracy`: names of the classes, and a row for each true one."
    )

    class Meta:
        model = ReviewerMeasure
        fields = [
            "id", "reviewer", "criterion", "kind", "measure", "n", "value", "low", "high", "expected", "is_notable",
            "confusion", "measured_at",
        ]  # fmt: skip


class ReviewerMeasureList(ProgramList):
    """List measures of reviewers.

    One row for each reviewer, criterion and measure, as the last daily measurement found it; `value` is null, and
    `is_notable` too, where there is too little to tell. People appear under their pseudonyms.
    """

    serializer_class = ReviewerMeasureSerializer
    filterset_class = ReviewerMeasureFilter

    def rows(self, project: Project) -> QuerySet[ReviewerMeasure]:
        return project.reviewermeasures.select_related("reviewer")


@extend_schema_serializer(examples=[examples.DISPUTE])
class DisputeSerializer(serializers.ModelSerializer[Adjudication]):
    queue = serializers.CharField(source="item.queue.key")
    criteria = serializers.ListField(
        source="disputed", child=serializers.CharField(), help_text="Keys of the questions without a winner."
    )
    is_open = serializers.SerializerMethodField(help_text="Whether it waits for a moderator now.")
    saw_critic = serializers.BooleanField(
        read_only=True, help_text="Whether who settled it had asked what critics say; false while it is open."
    )

    class Meta:
        model = Adjudication
        fields = [
            "id",
            "item",
            "queue",
            "criteria",
            "value",
            "is_open",
            "opened_at",
            "settled_at",
            "saw_critic",
            "verdict",
        ]
        read_only_fields = fields

    def get_is_open(self, row: Adjudication) -> bool:
        return row.settled_at is None and row.item.state == Item.State.UNRESOLVED


class DisputeList(ProgramList):
    """List disputes.

    What reviewers did not agree on, and by which verdict it was ended. `value` is what settling it is worth: how many
    responses it stands for, twice that where a failure hangs on it, by how far the reviewers are apart.
    """

    serializer_class = DisputeSerializer
    filterset_class = DisputeFilter

    def rows(self, project: Project) -> QuerySet[Adjudication]:
        return seeing(project.adjudications.select_related("item__queue"))


@extend_schema_serializer(examples=[examples.NOTICE])
class ReviewerNoticeSerializer(serializers.ModelSerializer[ReviewerNotice]):
    reviewer = serializers.CharField(source="reviewer.pseudonym", help_text="Pseudonym.")

    class Meta:
        model = ReviewerNotice
        fields = [
            "id", "reviewer", "criterion", "kind", "measure", "n", "value", "low", "high", "expected", "threshold",
            "opened_at", "closed_at",
        ]  # fmt: skip
        read_only_fields = fields


class ReviewerNoticeList(ProgramList):
    """List notices about reviewers.

    What opened each, as it was then, and when a moderator dismissed it. People appear under their pseudonyms; nobody is
    restricted by a notice.
    """

    serializer_class = ReviewerNoticeSerializer
    filterset_class = ReviewerNoticeFilter

    def rows(self, project: Project) -> QuerySet[ReviewerNotice]:
        return project.reviewernotices.select_related("reviewer")
