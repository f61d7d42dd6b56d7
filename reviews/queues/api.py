"""The review API, for front ends of one's own: claim, look, draft, submit (with the next item), skip, undo.

A claim's token is its address, and only its reviewer finds it. What a payload shows is what the page shows: no model
unless the queue shows it, nobody else's answers, responses in the order drawn for this reviewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from string import ascii_uppercase
from typing import Any, cast
from uuid import UUID

from django.db.models import Count
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from feedback.accounts.models import Member
from feedback.accounts.problems import Problem
from feedback.judgements.record import AnswersRefused, criteria_of
from feedback.responses.models import Passage
from feedback.responses.models import Response as ModelResponse
from feedback.rubrics.models import Criterion
from reviews.queues import claim as claiming
from reviews.queues import submit as submitting
from reviews.queues.models import Assignment, Queue

INSTRUCTIONS = {"system", "developer"}
SPOKEN = ("role", "name", "content", "tool_calls", "tool_call_id")


class ShownPassageSerializer(serializers.ModelSerializer[Passage]):
    class Meta:
        model = Passage
        fields = ["id", "title", "text", "url", "store", "score"]


class CriterionSerializer(serializers.ModelSerializer[Criterion]):
    class Meta:
        model = Criterion
        fields = ["key", "kind", "label", "help_text", "is_required", "options"]


class ShownResponseSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="What answers name; says nothing about the model.")
    label = serializers.CharField(help_text="A, B, … in the order drawn.")  # type: ignore[assignment]
    output = serializers.CharField(help_text="Offsets of spans count its code points.")
    tool_calls = serializers.JSONField()
    passages = ShownPassageSerializer(many=True)
    model = serializers.CharField(required=False, help_text="Only where the queue shows it.")


class ItemSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    conversation = serializers.JSONField(help_text="The messages up to the answer.")
    responses = ShownResponseSerializer(many=True)
    rubric = serializers.CharField()
    criteria = CriterionSerializer(many=True)


class AssignmentSerializer(serializers.Serializer[Any]):
    token = serializers.UUIDField(help_text="The claim's address; it survives the lease.")
    queue = serializers.CharField()
    state = serializers.ChoiceField(choices=Assignment.State.choices)
    claimed_at = serializers.DateTimeField()
    lease_until = serializers.DateTimeField(allow_null=True, help_text="Null when the place is not held any more.")
    draft = serializers.DictField()
    draft_saved_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    item = ItemSerializer()


class DraftSerializer(serializers.Serializer[Any]):
    answers = serializers.DictField(help_text="As far as they are given; nothing is checked but the shape.")


class SavedSerializer(serializers.Serializer[Any]):
    draft_saved_at = serializers.DateTimeField()


class SubmissionSerializer(serializers.Serializer[Any]):
    submission_id = serializers.UUIDField(help_text="Chosen by the client; the same one is stored once.")
    answers = serializers.DictField(help_text="{criterion key: value}")
    active_ms = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    note = serializers.CharField(required=False, allow_blank=True, default="", trim_whitespace=False)
    next = serializers.BooleanField(required=False, default=False, help_text="Answer with the next claim.")


class SubmittedSerializer(serializers.ModelSerializer[Assignment]):
    """`state` is submitted (counted) or surplus (kept, and counted when a place frees)."""

    next = AssignmentSerializer(required=False, allow_null=True, help_text="Null when nothing waits.")

    class Meta:
        model = Assignment
        fields = ["token", "state", "submitted_at", "next"]


class SkipSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=60)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000)


class StateSerializer(serializers.ModelSerializer[Assignment]):
    class Meta:
        model = Assignment
        fields = ["token", "state"]


class LeaseSerializer(serializers.Serializer[Any]):
    lease_until = serializers.DateTimeField()


class QueueSerializer(serializers.ModelSerializer[Queue]):
    rubric = serializers.CharField(source="rubric_version.rubric.name")
    rubric_version = serializers.IntegerField(source="rubric_version.number")

    class Meta:
        model = Queue
        fields = [
            "key", "name", "state", "rubric", "rubric_version", "k", "order", "lease_seconds", "lease_cap_seconds",
            "grace_seconds", "shows_model", "shows_critic", "takes_imports", "created_at",
        ]  # fmt: skip


class QueueDetailSerializer(QueueSerializer):
    items = serializers.SerializerMethodField(help_text="How many items are in which state.")

    class Meta(QueueSerializer.Meta):
        fields = [*QueueSerializer.Meta.fields, "items"]

    def get_items(self, queue: Queue) -> dict[str, int]:
        rows = queue.items.order_by().values_list("state").annotate(n=Count("pk"))
        return dict(rows)


def conversation_of(shown: list[ModelResponse]) -> list[dict[str, Any]]:
    """The messages, with the keys of a conversation only: a sender's own keys may name the model.

    Instructions that differ between two responses would tell them apart, so they are left out.
    """
    messages = [{key: message[key] for key in SPOKEN if key in message} for message in shown[0].body.messages]
    if any(response.body.messages != shown[0].body.messages for response in shown):
        return [message for message in messages if message.get("role") not in INSTRUCTIONS]
    return messages


def payload(assignment: Assignment) -> dict[str, Any]:
    """What this reviewer sees of the assignment."""
    place = getattr(assignment, "place", None)
    subject, shows_model = assignment.item.subject, assignment.visible.get("model", False)
    shown = subject.shown(assignment.shown_order)
    passages: dict[int, list[Passage]] = {response.pk: [] for response in shown}
    for passage in Passage.objects.filter(response__subject_parts__subject=subject):
        passages[passage.response_id].append(passage)
    responses = [
        {
            "id": response.pk,
            "label": label,
            "output": response.body.output,
            "tool_calls": response.body.tool_calls,
            "passages": passages[response.pk],
            **({"model": str(response.model or "")} if shows_model else {}),
        }
        for label, response in zip(ascii_uppercase, shown, strict=False)
    ]
    version = assignment.queue.rubric_version
    item = {
        "id": assignment.item_id,
        "conversation": conversation_of(shown),
        "responses": responses,
        "rubric": str(version),
        "criteria": criteria_of(version),
    }
    plain = ("token", "state", "claimed_at", "draft", "draft_saved_at", "submitted_at")
    row = {name: getattr(assignment, name) for name in plain}
    lease_until = place.lease_until if place else None
    return AssignmentSerializer({**row, "queue": assignment.queue.key, "lease_until": lease_until, "item": item}).data


@contextmanager
def problems() -> Iterator[None]:
    """Refusals in HTTP's words: 422 what to mend (pointers into the answers), 409 lost, 404 not yours."""
    try:
        yield
    except AnswersRefused as refusal:
        detail = "Some answers cannot be accepted; see errors."
        raise Problem(422, "answers-refused", detail, errors=refusal.errors) from refusal
    except submitting.ClaimLost as lost:
        raise Problem(409, lost.code, str(lost)) from lost
    except Assignment.DoesNotExist as missing:
        raise NotFound("You have no such assignment.") from missing


class ReviewerView(APIView):
    """A view behind the verb `review`: its request has a member."""

    def member(self) -> Member:
        return cast(Member, self.request.member)  # type: ignore[attr-defined]

    def mine(self, token: UUID) -> Assignment:
        rows = self.member().assignments.select_related("queue__rubric_version__rubric", "item__subject", "place")
        with problems():
            return rows.get(token=token)


class QueueList(generics.ListAPIView[Queue]):
    serializer_class = QueueSerializer
    queryset = Queue.objects.none()  # the API's description has no member

    def get_queryset(self) -> Any:
        return self.request.project.queues.select_related("rubric_version__rubric")  # type: ignore[attr-defined]


class QueueDetail(generics.RetrieveAPIView[Queue]):
    serializer_class, lookup_field, lookup_url_kwarg = QueueDetailSerializer, "key", "key"

    def get_queryset(self) -> Any:
        return self.request.project.queues.select_related("rubric_version__rubric")  # type: ignore[attr-defined]


class QueueClaim(ReviewerView):
    @extend_schema(
        request=None, responses={201: AssignmentSerializer, 204: OpenApiResponse(description="Nothing waits.")}
    )
    def post(self, request: Request, key: str) -> Response:
        """Hand out the next item. Who holds a claim in the queue gets that one again, so a repeat is harmless."""
        queue = self.member().project.queues.filter(key=key).first()
        if queue is None:
            raise NotFound("No such queue.")
        assignment = claiming.claim(queue, self.member())
        return Response(payload(self.mine(assignment.token)), 201) if assignment else Response(status=204)


class AssignmentDetail(ReviewerView):
    @extend_schema(responses=AssignmentSerializer)
    def get(self, request: Request, token: UUID) -> Response:
        return Response(payload(self.mine(token)))


class AssignmentDraft(ReviewerView):
    @extend_schema(request=DraftSerializer, responses=SavedSerializer)
    def put(self, request: Request, token: UUID) -> Response:
        """Keep unfinished answers with the claim, also after its lease."""
        given = DraftSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with problems():
            saved = submitting.save_draft(token, self.member(), given.validated_data["answers"])
        return Response(SavedSerializer(saved).data)


class AssignmentSubmit(ReviewerView):
    @extend_schema(request=SubmissionSerializer, responses=SubmittedSerializer)
    def post(self, request: Request, token: UUID) -> Response:
        """Submit the answers; with `next`, claim the next item in the same request."""
        given = SubmissionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        with problems():
            done = submitting.submit(
                token,
                self.member(),
                values["answers"],
                submission_id=values["submission_id"],
                active_ms=values.get("active_ms"),
                note=values["note"],
            )
        data = dict(StateSerializer(done).data) | {"submitted_at": done.submitted_at}
        if values["next"]:
            following = claiming.claim(done.queue, self.member())
            data["next"] = payload(self.mine(following.token)) if following else None
        return Response(data)


class AssignmentSkip(ReviewerView):
    @extend_schema(request=SkipSerializer, responses=StateSerializer)
    def post(self, request: Request, token: UUID) -> Response:
        """Pass the item on, for good."""
        given = SkipSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with problems():
            skipped = submitting.skip(token, self.member(), **given.validated_data)
        return Response(StateSerializer(skipped).data)


class AssignmentUndo(ReviewerView):
    @extend_schema(request=None, responses=AssignmentSerializer)
    def post(self, request: Request, token: UUID) -> Response:
        """Take a submitted review back, while its grace lasts; its answers are the draft."""
        with problems():
            submitting.undo(self.mine(token))
        return Response(payload(self.mine(token)))


class AssignmentHeartbeat(ReviewerView):
    @extend_schema(request=None, responses=LeaseSerializer)
    def post(self, request: Request, token: UUID) -> Response:
        """Extend the lease to a full one, up to the queue's cap."""
        until = claiming.heartbeat(self.mine(token))
        if until is None:
            raise Problem(409, "lease-lost", "The place is not held any more. A submit is still welcome.")
        return Response({"lease_until": until})


class AssignmentRelease(ReviewerView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, token: UUID) -> Response:
        """Give the place back at once; the draft stays."""
        claiming.release(self.mine(token), soon=False)
        return Response(status=204)
