"""`/api/v1/responses/`: send responses (one, an array, a stream), list and read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from feedback.accounts.api import ProgramDetail, ProgramList, ProgramView
from feedback.accounts.idempotency import Call, HashedStream, again, fingerprint
from feedback.accounts.models import Project
from feedback.accounts.problems import Problem
from feedback.accounts.schema import IDEMPOTENCY_KEY
from feedback.responses import examples, schema
from feedback.responses.filters import StrictResponseFilter
from feedback.responses.ingest import Delivery, Incoming, IngestResult, Refusal
from feedback.responses.models import IngestBatch, Passage, Response, UserFeedback
from feedback.responses.reading import WholeStream, from_array, from_json, from_ndjson, whole
from feedback.text.canonical import CanonicalError

JSON = "application/json"
NDJSON = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
STATUS = {"conflict": 409, "too-large": 413, "malformed": 400, "utf8": 400}  # of a single row; 422 for the rest


class VersionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="prompt.name")
    version = serializers.CharField(source="label")


class UsageSerializer(serializers.Serializer[Any]):
    input_tokens = serializers.IntegerField(allow_null=True)
    output_tokens = serializers.IntegerField(allow_null=True)
    cached_tokens = serializers.IntegerField(allow_null=True)
    reasoning_tokens = serializers.IntegerField(allow_null=True)


class PassageSerializer(serializers.ModelSerializer[Passage]):
    class Meta:
        model = Passage
        fields = ("id", "external_id", "position", "title", "text", "text_hash", "url", "store", "score")


class FeedbackSerializer(serializers.ModelSerializer[UserFeedback]):
    class Meta:
        model = UserFeedback
        fields = ("kind", "score", "comment", "at")


FACTS = (
    "id", "external_id", "batch", "prompt_version", "model", "provider", "conversation_id", "trace_id", "span_id",
    "subject_key", "origin", "environment", "segment", "licence", "consent", "tags", "usage", "cost", "cost_is_given",
    "latency_ms", "responded_at", "created_at", "is_queued", "has_feedback", "verdict", "input_hash", "output_hash",
)  # fmt: skip
TEXTS = ("messages", "tools", "variables", "input_key", "output", "tool_calls", "parameters", "metadata")


@extend_schema_serializer(examples=[examples.RESPONSE])
class ResponseSerializer(serializers.ModelSerializer[Response]):
    """The facts of a response, without its texts."""

    prompt_version = VersionSerializer(allow_null=True)
    model = serializers.CharField(source="model.name", allow_null=True, default=None)
    provider = serializers.CharField(source="model.provider", default="")
    usage = UsageSerializer(source="*")

    class Meta:
        model = Response
        fields: tuple[str, ...] = FACTS


@extend_schema_serializer(examples=[examples.RESPONSE_DETAIL])
class ResponseDetailSerializer(ResponseSerializer):
    """A response with everything that is stored of it."""

    messages = serializers.JSONField(source="body.messages")
    tools = serializers.JSONField(source="body.tools")
    variables = serializers.JSONField(source="body.variables", help_text="Null when none were sent.")
    input_key = serializers.CharField(source="body.input_key")
    output = serializers.CharField(source="body.output")
    tool_calls = serializers.JSONField(source="body.tool_calls")
    parameters = serializers.JSONField(source="body.parameters")
    metadata = serializers.JSONField(source="body.metadata")
    passages = PassageSerializer(many=True)
    feedback = FeedbackSerializer(source="user_feedback", many=True)

    class Meta(ResponseSerializer.Meta):
        fields = (*FACTS, *TEXTS, "passages", "feedback")


class ResponseDetail(ProgramDetail):
    """Read a response.

    With everything that is stored of it: messages, output, passages, user feedback.
    """

    serializer_class = ResponseDetailSerializer

    def rows(self, project: Project) -> QuerySet[Response]:
        rows = project.responses.select_related("model", "prompt_version__prompt", "body")
        return rows.prefetch_related("passages", "user_feedback")


class DeliveryView(ProgramView):
    """Takes one object, an array, or a stream of lines: `one` and `many` say what becomes of them."""

    parser_classes = ()  # the body is read as a stream

    def one(self, data: bytes) -> Answer:
        raise NotImplementedError

    def many(self, incoming: Iterable[Incoming]) -> Answer:
        raise NotImplementedError

    def take(self, request: Request) -> Answer:
        """Under an Idempotency-Key the answer is kept once all is in: a delivery is many transactions, and its rows
        have keys of their own, so that what a crash cut off is sent again without harm.
        """
        kind, gzip = content(request)
        stream, call = HashedStream(body(request)), Call.of(request)
        known = call and call.known()
        try:
            if call and known:
                call.fingerprint = fingerprint(request, stream.rest())
                return again(self, call, known)
            answer = self.delivered(kind, stream, gzip=gzip)
            if call:
                call.fingerprint = fingerprint(request, stream.rest())
                call.keep(self, answer)
            return answer
        except CanonicalError as error:
            raise Problem(413 if error.code == "too-large" else 400, error.code, str(error)) from error

    def delivered(self, kind: str, stream: HashedStream, *, gzip: bool) -> Answer:
        if kind != JSON:
            return self.many(from_ndjson(stream, gzip=gzip, max_bytes=settings.INGEST_MAX_BYTES))
        data = whole(stream, gzip=gzip).strip()
        return self.many(from_array(data)) if data[:1] == b"[" else self.one(data)


def refused(why: Refusal) -> Problem:
    """A row that came alone and cannot be taken."""
    status_code = STATUS.get(why.reason, 422)
    return Problem(status_code, why.reason, why.detail, pointer=why.pointer, external_id=why.external_id)


class ResponseList(DeliveryView, ProgramList):
    """List responses.

    Newest first, without their texts. The filters are those of the page; a parameter that is not known is refused.
    """

    serializer_class = ResponseSerializer
    filterset_class = StrictResponseFilter

    def rows(self, project: Project) -> QuerySet[Response]:
        return project.responses.select_related("model", "prompt_version__prompt")

    @extend_schema(
        request=schema.REQUEST,
        responses=schema.ANSWERS,
        filters=False,
        parameters=[IDEMPOTENCY_KEY],
        examples=examples.INGEST,
    )
    def post(self, request: Request) -> Answer:
        return self.take(request)

    post.__doc__ = schema.DESCRIPTION

    def one(self, data: bytes) -> Answer:
        delivery = Delivery(self.project, None)
        [[outcome]] = delivery.take([from_json(0, data)])
        if outcome.refusal:
            raise refused(outcome.refusal)
        url = reverse("api:response-detail", kwargs={"pk": outcome.pk})
        is_new = outcome.state == "accepted"
        return Answer(
            {"id": outcome.pk, "external_id": outcome.external_id, "result": outcome.state, "url": url},
            status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK,
            headers={"Location": url} if is_new else None,
        )

    def many(self, incoming: Iterable[Incoming]) -> Answer:
        key = getattr(self.request, "api_key", None)
        batch: IngestBatch = self.project.ingestbatchs.create(source="api", name=key.name if key else "")
        delivery = Delivery(self.project, batch)
        try:
            for _ in delivery.take(incoming):
                pass
        except CanonicalError as error:
            code = 413 if error.code == "too-large" else 400
            raise Problem(code, error.code, str(error), result=summary(delivery.result, batch)) from error
        return Answer(summary(delivery.result, batch))


def content(request: Request) -> tuple[str, bool]:
    """The body's type and whether it is packed, or 415."""
    kind, _, options = (request.content_type or "").lower().partition(";")
    kind = kind.strip()
    charset = options.replace(" ", "").replace('"', "").removeprefix("charset=")
    if (kind != JSON and kind not in NDJSON) or charset not in {"", "utf-8", "utf8"}:
        raise Problem(415, "media-type", "Send application/json or application/x-ndjson, in UTF-8.")
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in {"identity", "gzip"}:
        raise Problem(415, "encoding", "A body is packed with gzip or not at all.")
    return kind, packing == "gzip"


def body(request: Request) -> WholeStream:
    """The body as it arrives. A chunked one has no length; the server then marks its own end of it."""
    meta = request.META
    if "chunked" in meta.get("HTTP_TRANSFER_ENCODING", "").lower() and meta.get("wsgi.input_terminated"):
        return WholeStream(meta["wsgi.input"], None)
    length = int(meta.get("CONTENT_LENGTH") or 0)
    if length > settings.INGEST_MAX_BYTES:
        raise Problem(413, "too-large", f"The upload is larger than {settings.INGEST_MAX_BYTES} bytes.")
    return WholeStream(request._request, length)


def summary(result: IngestResult, batch: IngestBatch) -> dict[str, Any]:
    return {
        "batch": batch.pk,
        "accepted": result.accepted,
        "repeated": result.repeated,
        "filled": result.filled,
        "refused_total": result.n_refused,
        "refused": list(listed(result.refused)),
    }


def listed(refusals: Iterable[Refusal]) -> Iterator[dict[str, Any]]:
    for refusal in refusals:
        yield {name: getattr(refusal, name) for name in ("index", "external_id", "pointer", "reason", "detail")}
