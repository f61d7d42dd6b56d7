"""`POST /api/v1/imported-reviews/`: human labels from elsewhere, one, an array, or a stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response as Answer
from rest_framework.views import APIView

from feedback.accounts.problems import Problem
from feedback.audit.log import record
from feedback.responses.api import JSON, STATUS, body, content, listed
from feedback.responses.ingest import Incoming
from feedback.responses.reading import from_array, from_json, from_ndjson, whole
from feedback.text.canonical import CanonicalError
from reviews.imports import schema
from reviews.imports.labels import ImportResult, LabelImport


class ImportedReviewList(APIView):
    parser_classes = ()  # the body is read as a stream

    @extend_schema(request=schema.REQUEST, responses=schema.ANSWERS, description=schema.DESCRIPTION)
    def post(self, request: Request) -> Answer:
        kind, gzip = content(request)
        stream = body(request)
        try:
            if kind != JSON:
                return self.many(request, from_ndjson(stream, gzip=gzip, max_bytes=settings.INGEST_MAX_BYTES))
            data = whole(stream, gzip=gzip).strip()
            return self.many(request, from_array(data)) if data[:1] == b"[" else self.one(request, data)
        except CanonicalError as error:
            raise Problem(413 if error.code == "too-large" else 400, error.code, str(error)) from error

    def one(self, request: Request, data: bytes) -> Answer:
        result = taken(request, [from_json(0, data)])
        if result.refused:
            why = result.refused[0]
            raise Problem(
                STATUS.get(why.reason, 422), why.reason, why.detail, pointer=why.pointer, external_id=why.external_id
            )
        is_new = result.accepted == 1
        return Answer(
            {"result": "accepted" if is_new else "repeated"},
            status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK,
        )

    def many(self, request: Request, incoming: Iterable[Incoming]) -> Answer:
        return Answer(summary(taken(request, incoming)))


def taken(request: Request, incoming: Iterable[Incoming]) -> ImportResult:
    """Import, and note in the audit log who brought how many, also when the stream broke in the middle."""
    delivery = LabelImport(request.project, request.member)  # type: ignore[attr-defined]
    try:
        return delivery.take(incoming)
    finally:
        if delivery.result.accepted:
            with transaction.atomic():
                record("reviews-imported", delivery.project, project=delivery.project, request=request,
                       accepted=delivery.result.accepted)  # fmt: skip


def summary(result: ImportResult) -> dict[str, Any]:
    return {
        "accepted": result.accepted,
        "repeated": result.repeated,
        "refused_total": result.n_refused,
        "refused": list(listed(result.refused)),
    }
