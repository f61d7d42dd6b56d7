"""The API of datasets: build a version, ask for a file, download it, page through pairs."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedback.accounts.api_auth import KeysetPagination
from feedback.accounts.problems import Problem
from feedback.datasets import exports
from feedback.datasets.download import download
from feedback.datasets.filters import PreferencePairFilter
from feedback.datasets.models import Dataset, DatasetVersion, Export, PreferencePair, Split
from feedback.jobs import Job


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    newest_version = serializers.IntegerField(
        source="newest_id", read_only=True, allow_null=True, help_text="Id of the newest complete version."
    )

    class Meta:
        model = Dataset
        fields = ["key", "name", "rule", "shares", "created_at", "newest_version"]


class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    dataset: serializers.SlugRelatedField[Dataset] = serializers.SlugRelatedField(slug_field="key", read_only=True)

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
            "id", "version", "shape", "split", "state", "done", "error", "n_rows", "n_bytes", "sha256", "manifest"
        ]  # fmt: skip
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
        return self.request.project.datasets.with_newest()  # type: ignore[attr-defined]


class DatasetBuild(APIView):
    @extend_schema(request=None, responses={202: DatasetVersionSerializer})
    def post(self, request: Request, key: str) -> Response:
        dataset = get_object_or_404(request.project.datasets, key=key)  # type: ignore[attr-defined]
        version = dataset.build(by=request.member, request=request)  # type: ignore[attr-defined]
        return Response(DatasetVersionSerializer(version).data, status=status.HTTP_202_ACCEPTED)


class VersionDetail(generics.RetrieveAPIView[DatasetVersion]):
    serializer_class = DatasetVersionSerializer
    queryset = DatasetVersion.objects.none()

    def get_queryset(self) -> Any:
        return self.request.project.datasetversions.select_related("dataset")  # type: ignore[attr-defined]


class VersionExport(APIView):
    @extend_schema(request=ExportRequestSerializer, responses={200: ExportSerializer, 202: ExportSerializer})
    def post(self, request: Request, pk: int) -> Response:
        version = get_object_or_404(request.project.datasetversions, pk=pk)  # type: ignore[attr-defined]
        wanted = ExportRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if version.state != Job.State.DONE:
            raise Problem(409, "version-not-complete", "The version is not complete; ask again when its state is done.")
        export = exports.request(version, **wanted.validated_data, by=request.member, http=request)  # type: ignore[attr-defined]
        code = status.HTTP_200_OK if export.is_finished else status.HTTP_202_ACCEPTED
        return Response(ExportSerializer(export).data, status=code)


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
        if number and not (number.isdecimal() and len(number) < 100):
            raise Problem(400, "invalid", "version is the number of a version.")
        complete = dataset.versions.filter(state=Job.State.DONE)
        version = complete.filter(number=number).first() if number else dataset.newest()
        if version is None:
            raise Problem(404, "no-version", "The dataset has no such complete version; build one first.")
        return version.pairs.all()
