"""The API of fine-tunes: where one may train, start, follow, cancel, and the curves."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramDetail, ProgramList, ProgramView, Words
from feedback.accounts.idempotency import idempotent
from feedback.accounts.models import Project
from feedback.accounts.schema import IDEMPOTENCY_KEY, LOCATION
from feedback.audit.log import record
from feedback.training import examples
from feedback.training.filters import FineTuneFilter, MetricFilter
from feedback.training.models import FineTuneJob, Trainer, TrainingLine, TrainingMetric
from feedback.training.options import OptionsError
from feedback.training.start import methods_of, start


@extend_schema_serializer(examples=[examples.TRAINER])
class TrainerSerializer(serializers.ModelSerializer[Trainer]):
    methods = serializers.SerializerMethodField(help_text="By which it trains now.")

    class Meta:
        model = Trainer
        fields = ["key", "name", "kind", "provider", "is_enabled", "methods"]

    def get_methods(self, trainer: Trainer) -> list[str]:
        return [str(method) for method in methods_of(trainer)]


class OptionsSerializer(serializers.Serializer[Any]):
    """What is left out is the trainer's to choose. Which of them a trainer and a method take: the how-to."""

    epochs = serializers.IntegerField(required=False, min_value=1, max_value=100)
    steps = serializers.IntegerField(required=False, min_value=1, max_value=1_000_000)
    batch_size = serializers.IntegerField(required=False, min_value=1, max_value=1024)
    learning_rate = serializers.FloatField(required=False, min_value=0, max_value=1)
    learning_rate_multiplier = serializers.FloatField(required=False, min_value=0, max_value=100)
    beta = serializers.FloatField(required=False, min_value=0, max_value=10)
    max_length = serializers.IntegerField(required=False, min_value=16, max_value=1_000_000)
    seed = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


@extend_schema_serializer(examples=[examples.FINE_TUNE_REQUEST])
class FineTuneRequestSerializer(serializers.Serializer[Any]):
    trainer = Words(max_length=60, help_text="Key of the trainer.")
    version = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="Id of a complete dataset version.")
    method = serializers.ChoiceField(choices=FineTuneJob.Method.choices)
    base_model = Words(max_length=200, help_text="The model to begin with.")
    suffix = serializers.RegexField(
        r"^[A-Za-z0-9._-]*$", max_length=40, required=False, default="", allow_blank=True,
        help_text="Becomes part of the new model's name.",
    )  # fmt: skip
    options = OptionsSerializer(required=False)


@extend_schema_serializer(examples=[examples.FINE_TUNE])
class FineTuneSerializer(serializers.ModelSerializer[FineTuneJob]):
    trainer: serializers.SlugRelatedField[Trainer] = serializers.SlugRelatedField(slug_field="key", read_only=True)
    currency = serializers.CharField(source="trainer.currency", read_only=True)

    class Meta:
        model = FineTuneJob
        fields = [
            "id", "key", "trainer", "version", "method", "base_model", "suffix", "options", "state", "phase", "status",
            "remote_id", "done", "total", "error", "is_cancelling", "checkpoints", "trained_tokens", "cost",
            "currency", "result_name", "created_at", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


@extend_schema_serializer(examples=[examples.METRIC])
class MetricSerializer(serializers.ModelSerializer[TrainingMetric]):
    class Meta:
        model = TrainingMetric
        fields = ["step", "name", "value"]


@extend_schema_serializer(examples=[examples.LINE])
class LineSerializer(serializers.ModelSerializer[TrainingLine]):
    class Meta:
        model = TrainingLine
        fields = ["at", "level", "text"]


class TrainerList(ProgramList):
    """List trainers.

    Where this project may fine-tune, and by which methods.
    """

    serializer_class = TrainerSerializer
    filter_backends = ()

    def rows(self, project: Project) -> QuerySet[Trainer]:
        return project.trainers.all()


class FineTuneList(ProgramList):
    """List fine-tunes."""

    serializer_class = FineTuneSerializer
    filterset_class = FineTuneFilter

    def rows(self, project: Project) -> QuerySet[FineTuneJob]:
        return project.finetunejobs.select_related("trainer")

    @extend_schema(
        request=FineTuneRequestSerializer,
        responses={202: FineTuneSerializer},
        parameters=[IDEMPOTENCY_KEY, LOCATION],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Start a fine-tune.

        Of a complete dataset version, by one of the trainers: its training split is learnt from, its validation split
        is watched, its test split is not sent. Follow it at `Location` until its state is `done`; then responses that
        name `result_name` as their model are the new model's.
        """
        wanted = self.given(FineTuneRequestSerializer)
        trainer = get_object_or_404(self.project.trainers, key=wanted.pop("trainer"))
        version = get_object_or_404(self.project.datasetversions.select_related("dataset"), pk=wanted.pop("version"))
        options = dict(wanted.pop("options", {}))
        try:
            job = start(trainer, version, **wanted, options=options, by=self.member, http=request)
        except OptionsError as error:
            is_outer = error.name in {"trainer", "version", "method", "base_model"}
            told: Any = {error.name: [str(error)]}
            raise ValidationError(told if is_outer else {"options": told}) from error
        headers = {"Location": reverse("api:fine-tune-detail", args=[job.pk])}
        return Response(FineTuneSerializer(job).data, status=status.HTTP_202_ACCEPTED, headers=headers)


class FineTuneDetail(ProgramDetail):
    """Read a fine-tune.

    How far it is, what it made, what it cost.
    """

    serializer_class = FineTuneSerializer

    def rows(self, project: Project) -> QuerySet[FineTuneJob]:
        return project.finetunejobs.select_related("trainer")


class FineTuneCancel(ProgramView):
    @extend_schema(request=None, responses={200: FineTuneSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Cancel a fine-tune.

        It is stopped where it runs, and its state is `cancelled` once it has ended there. One that has ended is
        answered as it is.
        """
        job = get_object_or_404(self.project.finetunejobs.select_related("trainer"), pk=pk)
        with transaction.atomic():
            if job.cancel():
                record("fine-tune-cancelled", job, request=request)
        job.refresh_from_db()
        return Response(FineTuneSerializer(job).data)


class MetricList(ProgramList):
    """List a fine-tune's numbers.

    The newest first; `name` narrows them to one curve.
    """

    serializer_class = MetricSerializer
    filterset_class = MetricFilter

    def rows(self, project: Project) -> QuerySet[TrainingMetric]:
        job = get_object_or_404(project.finetunejobs, pk=self.kwargs["pk"])
        return job.metrics.all()


class LineList(ProgramList):
    """List a fine-tune's log.

    Its lines or its service's events, the newest first.
    """

    serializer_class = LineSerializer
    filter_backends = ()

    def rows(self, project: Project) -> QuerySet[TrainingLine]:
        job = get_object_or_404(project.finetunejobs, pk=self.kwargs["pk"])
        return job.lines.all()
