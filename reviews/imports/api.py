"""`POST /api/v1/imported-reviews/`: human labels from elsewhere, one, an array, or a stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from feedback.accounts.schema import IDEMPOTENCY_KEY
from feedback.audit.log import record
from feedback.responses.api import DeliveryView, listed, refused
from feedback.responses.ingest import Incoming
from feedback.responses.reading import from_json
from reviews.imports import examples, schema
from reviews.imports.labels import ImportResult, LabelImport


class ImportedReviewList(DeliveryView):
    @extend_schema(
        request=schema.REQUEST, responses=schema.ANSWERS, parameters=[IDEMPOTENCY_KEY], examples=examples.IMPORT
    )
    def post(self, request: Request) -> Answer:
        return self.take(request)

    post.__doc__ = schema.DESCRIPTION

    def one(self, data: bytes) -> Answer:
        result = taken(self.request, [from_json(0, data)])
        if result.refused:
            raise refused(result.refused[0])
        is_new = result.accepted == 1
        return Answer(
            {"result": "accepted" if is_new else "repeated"},
            status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK,
        )

    def many(self, incoming: Iterable[Incoming]) -> Answer:
        return Answer(summary(taken(self.request, incoming)))


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
