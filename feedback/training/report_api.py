"""What a scheduler calls: how a fine-tune goes on, and the files it trains on.

An API key with the scope `training:report` opens it; the one that came with a job opens that job only.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramView, Words
from feedback.accounts.digests import digest_of
from feedback.accounts.models import LinkOver
from feedback.accounts.problems import Problem
from feedback.accounts.schema import refuses
from feedback.datasets.models import Split
from feedback.jobs import Job
from feedback.training import examples, scheduler
from feedback.training.acts import keep
from feedback.training.material import opened
from feedback.training.models import FineTuneJob, Trainer
from feedback.training.seen import LEVELS, LONGEST_LINE, Line, Metric, line, metrics_of

AT_ONCE = 1000
STATUSES = ["accepted", "queued", "running", "succeeded", "failed", "cancelled"]


class ReportedMetricSerializer(serializers.Serializer[Any]):
    step = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    name = Words(max_length=60)
    value = serializers.FloatField()


class ReportedLineSerializer(serializers.Serializer[Any]):
    text = Words(max_length=LONGEST_LINE)
    level = serializers.ChoiceField(choices=sorted(LEVELS), required=False, default="info")
    key = Words(max_length=60, required=False, help_text="Lines with one key are one line, sent again.")
    at = serializers.DateTimeField(required=False)


class ReportedCheckpointSerializer(serializers.Serializer[Any]):
    name = Words(max_length=200)
    step = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, allow_null=True, default=None)


@extend_schema_serializer(examples=[examples.REPORT])
class ReportSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    step = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    total_steps = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    metrics = serializers.ListField(child=ReportedMetricSerializer(), max_length=AT_ONCE, required=False)
    log = serializers.ListField(child=ReportedLineSerializer(), max_length=AT_ONCE, required=False)
    checkpoints = serializers.ListField(child=ReportedCheckpointSerializer(), max_length=100, required=False)
    result_model = Words(max_length=120, required=False, help_text="Its name; with `succeeded`.")
    error = Words(max_length=300, required=False, help_text="Why; with `failed`.")
    trained_tokens = serializers.IntegerField(min_value=0, max_value=2**53, required=False)
    cost = serializers.DecimalField(max_digits=18, decimal_places=6, min_value=0, required=False)


@extend_schema_serializer(examples=[examples.REPORTED])
class ReportedSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=Job.State.choices)
    is_cancelling = serializers.BooleanField(help_text="Whether it should be stopped.")


class LinkSerializer(serializers.Serializer[Any]):
    split = serializers.ChoiceField(choices=Split.choices)
    url = serializers.CharField(help_text="Opens once, with the same key, within two days.")
    shape = serializers.CharField()
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


@extend_schema_serializer(examples=[examples.LINKS])
class LinksSerializer(serializers.Serializer[Any]):
    files = serializers.ListField(child=LinkSerializer())


class ReportView(ProgramView):
    """Of a job that its scheduler's key may know."""

    def the_job(self, pk: int, *, is_locked: bool = False) -> FineTuneJob:
        rows: Any = self.project.finetunejobs.filter(trainer__kind=Trainer.Kind.SCHEDULER)
        job: FineTuneJob = get_object_or_404(rows.select_for_update() if is_locked else rows, pk=pk)
        if not scheduler.opens(getattr(self.request, "api_key", None), job):
            raise Http404
        return job


class FineTuneReport(ReportView):
    @extend_schema(
        request=ReportSerializer, responses={200: ReportedSerializer}, extensions=refuses({409: ["fine-tune-over"]})
    )
    def post(self, request: Request, pk: int) -> Response:
        """Report on a fine-tune.

        For the scheduler that runs it: status, numbers, log lines, checkpoints, cost, and the model's name at the end.
        What is told twice is kept once. The answer says whether it should be stopped.
        """
        self.the_job(pk)
        told = self.given(ReportSerializer)
        with transaction.atomic():
            job = self.the_job(pk, is_locked=True)
            if job.is_finished or job.status in scheduler.ENDS:
                raise Problem(409, "fine-tune-over", "It has ended; nothing more is written down.")
            write_down(job, told)
        return Response({"state": job.state, "is_cancelling": job.is_cancelling})


def write_down(job: FineTuneJob, told: dict[str, Any]) -> None:
    """On the locked row. A word that ends it brings a worker, who concludes."""
    lines = [line_of(row) for row in told.get("log", [])]
    metrics: list[Metric] = []
    for row in told.get("metrics", []):
        metrics += metrics_of(row["step"], {row["name"]: row["value"]})
    keep(job, lines, metrics)
    columns: dict[str, Any] = {"heard_at": Now()}
    for name, column in (("status", "status"), ("result_model", "result_name"), ("checkpoints", "checkpoints")):
        if name in told:
            columns[column] = told[name]
    columns |= {name: told[name] for name in ("trained_tokens", "cost") if name in told}
    columns |= {"done": max(job.done, told["step"])} if "step" in told else {}
    columns |= {"total": told["total_steps"]} if "total_steps" in told else {}
    if "error" in told:
        columns["cursor"] = job.cursor | {"said": " ".join(told["error"].split())}
    if told.get("status") in scheduler.ENDS and job.is_left_alone:
        columns["lease_until"] = Now()
        job.ring()
    FineTuneJob.objects.filter(pk=job.pk).update(**columns)


def line_of(row: dict[str, Any]) -> Line:
    at = row.get("at") or timezone.now()
    key = row.get("key") or hashlib.sha256(f"{row.get('at')} {row['text']}".encode()).hexdigest()[:32]
    return line(f"told-{key}", at, row["text"], row["level"])


class FineTuneLinks(ReportView):
    @extend_schema(request=None, responses={200: LinksSerializer}, extensions=refuses({409: ["fine-tune-over"]}))
    def post(self, request: Request, pk: int) -> Response:
        """Ask for addresses of its files.

        New ones for a scheduler whose download broke off: each opens once.
        """
        job = self.the_job(pk)
        if job.is_finished or job.phase in {FineTuneJob.Phase.FILES, FineTuneJob.Phase.SEND}:
            raise Problem(409, "fine-tune-over", "It has ended, or its files are not ready.")
        return Response({"files": scheduler.links(job)})


class TrainingFile(ProgramView):
    @extend_schema(
        responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY}, extensions=refuses({410: ["link-over"]})
    )
    def get(self, request: Request, secret: str) -> HttpResponseBase:
        """Fetch a training file.

        Under an address that came with the job. It opens once.
        """
        rows = self.project.traininglinks.select_related("job__train_export", "job__validation_export")
        link = get_object_or_404(rows, digest=digest_of(secret))
        if not scheduler.opens(getattr(request, "api_key", None), link.job):
            raise Http404
        export = link.job.files.get(link.split)
        if export is None:
            raise Http404
        try:
            link.use()
        except LinkOver as over:
            raise Problem(410, "link-over", "This address was used or is too old; ask for another one.") from over
        response = FileResponse(opened(export), as_attachment=True, filename=f"{link.split}.jsonl")
        response["Content-Type"] = "application/x-ndjson"
        response["X-Checksum-Sha256"] = export.sha256
        response["Content-Security-Policy"] = "sandbox"
        return response
