"""The API of datasets: build a version, ask for a file, download it, page through pairs."""

from __future__ import annotations

import base64
from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedback.accounts.api_auth import KeysetPagination
from feedback.accounts.problems import Problem
from feedback.audit.log import record
from feedback.datasets import exports
from feedback.datasets.filters import PreferencePairFilter
from feedback.datasets.models import Dataset, DatasetVersion, Export, PreferencePair, Split
from feedback.jobs import Job


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    newest_version = serializers.SerializerMethodField(help_text="Id of the newest complete version.")

    class Meta:
        model = Dataset
        fields = ["key", "name", "rule", "shares", "created_at", "newest_version"]

    def get_newest_version(self, dataset: Dataset) -> int | None:
        newest = dataset.newest()
        return newest.pk if newest else None


class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    dataset = serializers.SlugRelatedField(slug_field="key", read_only=True)

    class Meta:
        model = DatasetVersion
        fields = [
            "id", "dataset", "number", "state", "done", "total", "error", "created_at", "finished_at",
            "rule", "counts", "statistics", "rows_sha256",
        ]  # fmt: skip


class ExportSerializer(serializers.ModelSerializer[Export]):
    class Meta:
        model = Export
        fields = [
            "id",
            "version",
            "shape",
            "split",
            "state",
            "done",
            "error",
            "n_rows",
            "n_bytes",
            "sha256",
            "manifest",
        ]
        read_only_fields = [name for name in fields if name not in {"shape", "split"}]


class ExportRequestSerializer(serializers.Serializer[Any]):
    shape = serializers.ChoiceField(choices=Export.Shape.choices)
    split = serializers.ChoiceField(choices=Split.choices, required=False, allow_blank=True, default="")


class PreferencePairSerializer(serializers.ModelSerializer[PreferencePair]):
    class Meta:
        model = PreferencePair
        fields = [
            "pair_id", "group_id", "split", "source", "criterion", "prompt", "chosen", "rejected", "tools",
            "n_votes", "votes_for", "votes_against", "votes_tied", "vote_share", "strength", "provenance",
        ]  # fmt: skip


class DatasetList(generics.ListAPIView[Dataset]):
    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        return self.request.project.datasets.all()  # type: ignore[attr-defined]


class DatasetBuild(APIView):
    @extend_schema(request=None, responses={202: DatasetVersionSerializer})
    def post(self, request: Request, key: str) -> Response:
        dataset = get_object_or_404(request.project.datasets, key=key)  # type: ignore[attr-defined]
        version = dataset.build(by=request.member)  # type: ignore[attr-defined]
        record("version-requested", version, request=request, number=version.number)
        return Response(DatasetVersionSerializer(version).data, status=status.HTTP_202_ACCEPTED)


class VersionDetail(generics.RetrieveAPIView[DatasetVersion]):
    serializer_class = DatasetVersionSerializer
    queryset = DatasetVersion.objects.none()

    def get_queryset(self) -> Any:
        return self.request.project.datasetversions.select_related("dataset")  # type: ignore[attr-defined]


class VersionExport(APIView):
    @extend_schema(request=ExportRequestSerializer, responses={202: ExportSerializer})
    def post(self, request: Request, pk: int) -> Response:
        version = get_object_or_404(request.project.datasetversions, pk=pk)  # type: ignore[attr-defined]
        wanted = ExportRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if version.state != Job.State.DONE:
            raise Problem(
                409, "version-not-complete", "The version is not complete yet; ask again when its state is done."
            )
        export = exports.request(
            version, wanted.validated_data["shape"], wanted.validated_data["split"], request.member
        )  # type: ignore[attr-defined]
        record("export-requested", export, request=request, shape=export.shape)
        return Response(ExportSerializer(export).data, status=status.HTTP_202_ACCEPTED)


class ExportDetail(generics.RetrieveAPIView[Export]):
    serializer_class = ExportSerializer
    queryset = Export.objects.none()

    def get_queryset(self) -> Any:
        return self.request.project.exports.all()  # type: ignore[attr-defined]


class ExportDownload(APIView):
    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> FileResponse:
        export = get_object_or_404(request.project.exports.select_related("version__dataset"), pk=pk)  # type: ignore[attr-defined]
        return download(export)


def download(export: Export) -> FileResponse:
    """The file, streamed, with its checksum in the headers (RFC 9530 and as plain hex)."""
    if export.state != Job.State.DONE or not default_storage.exists(export.file):
        raise Http404("There is no file.")
    response = FileResponse(
        default_storage.open(export.file),
        as_attachment=True,
        filename=exports.file_name(export),
        content_type="application/x-ndjson",
    )
    response["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(export.sha256)).decode()}:"
    response["X-Checksum-Sha256"] = export.sha256
    response["ETag"] = f'"{export.sha256}"'
    response["Content-Security-Policy"] = "sandbox"
    return response


class PairPagination(KeysetPagination):
    ordering = "position"


@extend_schema(
    parameters=[
        OpenApiParameter("dataset", str, required=True, description="Key of the dataset."),
        OpenApiParameter("version", int, description="Number of the version; the newest complete one when left out."),
    ]
)
class PreferencePairList(generics.ListAPIView[PreferencePair]):
    serializer_class = PreferencePairSerializer
    filterset_class = PreferencePairFilter
    pagination_class = PairPagination
    queryset = PreferencePair.objects.none()

    def get_queryset(self) -> Any:
        key, number = self.request.query_params.get("dataset"), self.request.query_params.get("version")
        if not key:
            raise Problem(400, "dataset-needed", "Name the dataset: ?dataset=<key>.")
        dataset = get_object_or_404(self.request.project.datasets, key=key)  # type: ignore[attr-defined]
        if number and not number.isdecimal():
            raise Problem(400, "invalid", "version is the number of a version.")
        complete = dataset.versions.filter(state=Job.State.DONE)
        version = complete.filter(number=number).first() if number else dataset.newest()
        if version is None:
            raise Problem(404, "no-version", "The dataset has no such complete version; build one first.")
        return version.pairs.all()
