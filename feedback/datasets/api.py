"""The API of datasets: build a version, ask for a file, download it, page through pairs."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramDetail, ProgramList, ProgramView, not_modified
from feedback.accounts.api_auth import KeysetPagination
from feedback.accounts.idempotency import idempotent
from feedback.accounts.models import Project
from feedback.accounts.problems import Problem
from feedback.accounts.schema import IDEMPOTENCY_KEY, LOCATION, refuses
from feedback.accounts.sparse import SparseSerializer
from feedback.datasets import examples, exports, succession
from feedback.datasets.download import FOR_DOWNLOAD, OutOfRange, Withdrawn, download
from feedback.datasets.filters import DatasetVersionFilter, PreferencePairFilter
from feedback.datasets.models import Dataset, DatasetVersion, Export, PreferencePair, Split
from feedback.datasets.sealed import Sealed
from feedback.jobs import Job

MANY_VERSIONS = 2**31 - 1
KINDS = [
    "application/x-ndjson",
    "text/csv",
    "application/vnd.apache.parquet",
    "application/gzip",
    "application/zstd",
    "application/zip",
]
RANGE = OpenApiParameter(
    "Range",
    {"type": "string"},  # what is no range of bytes is passed over, as RFC 9110 asks
    OpenApiParameter.HEADER,
    description="One range of bytes, such as `bytes=1000-`: 206 with that part. Several ranges get the whole file.",
)
IF_RANGE = OpenApiParameter(
    "If-Range",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The entity tag of the part that you have. When the file is another one, all of it is sent: 200.",
)
CONTENT_RANGE = OpenApiParameter("Content-Range", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[206])


@extend_schema_serializer(examples=[examples.DATASET])
class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    newest_version = serializers.IntegerField(
        source="newest_id", read_only=True, allow_null=True, help_text="Id of the newest complete version."
    )

    class Meta:
        model = Dataset
        fields = ["key", "name", "rule", "shares", "created_at", "newest_version"]


@extend_schema_serializer(examples=[examples.DATASET_VERSION])
class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    dataset: serializers.SlugRelatedField[Dataset] = serializers.SlugRelatedField(slug_field="key", read_only=True)

    class Meta:
        model = DatasetVersion
        fields = [
            "id", "dataset", "number", "parent", "state", "done", "total", "error", "created_at", "finished_at",
            "rule", "counts", "statistics", "rows_sha256", "superseded_at", "superseded_by", "superseded_for",
        ]  # fmt: skip


@extend_schema_serializer(examples=[examples.DATASET_VERSION_DETAIL])
class DatasetVersionDetailSerializer(DatasetVersionSerializer):
    ended = serializers.SerializerMethodField(
        help_text="How many rows stand no more by now, by reason, of a version that is not marked as superseded."
    )

    class Meta(DatasetVersionSerializer.Meta):
        fields = [*DatasetVersionSerializer.Meta.fields, "ended"]

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_ended(self, version: DatasetVersion) -> dict[str, int]:
        return succession.ended(version)


@extend_schema_serializer(examples=[examples.EXPORT])
class ExportSerializer(serializers.ModelSerializer[Export]):
    class Meta:
        model = Export
        fields = [
            "id", "version", "shape", "split", "format", "packing", "state", "done", "total", "error", "n_rows",
            "n_bytes", "sha256", "manifest", "withdrawn_at",
        ]  # fmt: skip
        read_only_fields = [name for name in fields if name not in {"shape", "split"}]


@extend_schema_serializer(examples=[examples.EXPORT_REQUEST])
class ExportRequestSerializer(serializers.Serializer[Any]):
    shape = serializers.ChoiceField(choices=Export.MADE_AS)
    split = serializers.ChoiceField(choices=Split.choices, required=False, allow_blank=True, default="")
    format = serializers.ChoiceField(choices=Export.Format.choices, required=False, default=Export.Format.JSONL)
    packing = serializers.ChoiceField(
        choices=Export.Packing.choices, required=False, default=Export.Packing.NONE, help_text="Empty is not packed."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if why := exports.refused(attrs["shape"], attrs["format"], attrs["packing"]):
            raise serializers.ValidationError({"format": why})
        return attrs


@extend_schema_serializer(examples=[examples.PREFERENCE_PAIR])
class PreferencePairSerializer(SparseSerializer, serializers.ModelSerializer[PreferencePair]):
    class Meta:
        model = PreferencePair
        fields = [
            "pair_id", "group_id", "split", "source", "criterion", "prompt", "chosen", "rejected", "tools",
            "n_votes", "votes_for", "votes_against", "votes_tied", "vote_share", "strength", "provenance", "erased_at",
        ]  # fmt: skip


class DatasetList(ProgramList):
    """List datasets.

    Each with its rule and the id of its newest complete version.
    """

    serializer_class = DatasetSerializer
    filter_backends = ()

    def rows(self, project: Project) -> QuerySet[Dataset]:
        return project.datasets.with_newest()


class DatasetBuild(ProgramView):
    @extend_schema(request=None, responses={202: DatasetVersionSerializer}, parameters=[IDEMPOTENCY_KEY, LOCATION])
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        """Build a version.

        Begins the dataset's next version under its rule as it stands. A build under way is answered instead of a second
        one. Follow it at `Location` until its state is `done`.
        """
        dataset = get_object_or_404(self.project.datasets, key=key)
        version = dataset.build(by=self.member, request=request)
        headers = {"Location": reverse("api:version-detail", args=[version.pk])}
        return Response(DatasetVersionSerializer(version).data, status=status.HTTP_202_ACCEPTED, headers=headers)


class VersionList(ProgramList):
    """List dataset versions.

    Newest first, with their state, counts and hash.
    """

    serializer_class = DatasetVersionSerializer
    filterset_class = DatasetVersionFilter

    def rows(self, project: Project) -> QuerySet[DatasetVersion]:
        return project.datasetversions.select_related("dataset")


class VersionDetail(ProgramDetail):
    """Read a dataset version.

    Its state while it is built; counts, statistics and hash once it is done. `ended` counts rows whose verdict ended
    since: a review was invalidated or withdrawn, or another verdict took its place.
    """

    serializer_class = DatasetVersionDetailSerializer

    def rows(self, project: Project) -> QuerySet[DatasetVersion]:
        return project.datasetversions.select_related("dataset")


class VersionExport(ProgramView):
    @extend_schema(
        request=ExportRequestSerializer,
        responses={200: ExportSerializer, 202: ExportSerializer},
        parameters=[IDEMPOTENCY_KEY, LOCATION],
        extensions=refuses({409: ["version-not-complete", "version-redacted", "split-sealed"]}),
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Make a file.

        There is one file for each shape, split, format and packing of a version: 202 while it is written, with its
        progress at `Location`, and 200 when it is there already. The test split is sealed: shapes to learn from are
        refused for it, and leave it out when no split is named.
        """
        version = get_object_or_404(self.project.datasetversions, pk=pk)
        wanted = self.given(ExportRequestSerializer)
        if version.state != Job.State.DONE:
            raise Problem(409, "version-not-complete", "The version is not complete; ask again when its state is done.")
        if version.is_redacted:
            raise Problem(409, "version-redacted", exports.REDACTED)
        try:
            export = exports.request(version, **wanted, by=self.member, http=request)
        except Sealed as refused:
            raise Problem(409, "split-sealed", str(refused)) from refused
        code = status.HTTP_200_OK if export.is_finished else status.HTTP_202_ACCEPTED
        headers = {"Location": reverse("api:export-detail", args=[export.pk])}
        return Response(ExportSerializer(export).data, status=code, headers=headers)


class ExportDetail(ProgramDetail):
    """Read a file's state.

    Its manifest says what is in it, under which rule, with which hash.
    """

    serializer_class = ExportSerializer

    def rows(self, project: Project) -> QuerySet[Export]:
        return project.exports.all()


class ExportDownload(ProgramView):
    @extend_schema(
        responses={(status, kind): OpenApiTypes.BINARY for status in (200, 206) for kind in KINDS},
        parameters=[RANGE, IF_RANGE, CONTENT_RANGE],
        extensions=refuses({410: ["file-withdrawn"], 416: ["range-not-satisfiable"]}),
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Download a file.

        Streamed, with its SHA-256 in `Repr-Digest`, in hex in `X-Checksum-Sha256`, and as its entity tag. 404 until it
        is complete. A download that broke off goes on with `Range`.
        """
        export = get_object_or_404(self.project.exports.select_related(*FOR_DOWNLOAD), pk=pk)
        fresh = None if export.withdrawn_at else not_modified(request, f'"{export.sha256}"')
        try:
            return fresh or download(export, request._request)
        except Withdrawn as why:
            raise Problem(410, "file-withdrawn", str(why)) from why
        except OutOfRange as beyond:
            raise Problem(416, "range-not-satisfiable", str(beyond), headers=beyond.headers) from beyond


class PairPagination(KeysetPagination):
    ordering = "position"


class PreferencePairList(ProgramList):
    """List preference pairs.

    Of one dataset version, in their frozen order; the newest complete version when none is named. Those of the test
    split only when it is asked for by name: never train on them.
    """

    serializer_class = PreferencePairSerializer
    filterset_class = PreferencePairFilter
    asks = frozenset({"dataset", "version"})
    pagination_class = PairPagination

    @extend_schema(
        parameters=[
            OpenApiParameter("dataset", str, required=True, description="Key of the dataset."),
            OpenApiParameter(
                "version",
                {"type": "integer", "minimum": 1, "maximum": MANY_VERSIONS},
                description="Number of the version; the newest complete one when left out.",
            ),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def rows(self, project: Project) -> QuerySet[PreferencePair]:
        key, number = self.request.query_params.get("dataset"), self.request.query_params.get("version")
        if not key:
            raise Problem(400, "dataset-needed", "Name the dataset: ?dataset=<key>.")
        if number is not None and not is_version(number):
            raise Problem(400, "invalid", "version is the number of a version.")
        dataset = get_object_or_404(project.datasets, key=key)
        complete = dataset.versions.filter(state=Job.State.DONE)
        version = complete.filter(number=number).first() if number else dataset.newest()
        if version is None:
            raise Problem(404, "no-version", "The dataset has no such complete version; build one first.")
        rows = PreferencePair.objects.filter(version=version)
        return rows if "split" in self.request.query_params else rows.exclude(split=Split.TEST)


def is_version(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) <= 10 and 1 <= int(number) <= MANY_VERSIONS
