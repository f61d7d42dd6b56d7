"""The review API, for front ends of one's own: claim, look, draft, submit (with the next item), skip, undo.

A claim's token is its address, and only its reviewer finds it. What a payload shows is what the page shows: no model
unless the queue shows it, nobody else's answers, responses in the order drawn for this reviewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramDetail, ProgramList, ProgramView, refuse_lost_update
from feedback.accounts.idempotency import idempotent
from feedback.accounts.models import Member, Project
from feedback.accounts.problems import Problem
from feedback.accounts.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION, refuses
from feedback.hot import HotQuery
from feedback.judgements.record import AnswersRefused
from reviews.queues import claim as claiming
from reviews.queues import examples
from reviews.queues import submit as submitting
from reviews.queues.care import goes_on_at
from reviews.queues.counts import counts_of
from reviews.queues.models import Assignment, Item, Queue
from reviews.queues.payload import AssignmentSerializer, payload, tag_of_draft


@extend_schema_serializer(examples=[examples.DRAFT])
class DraftSerializer(serializers.Serializer[Any]):
    answers = serializers.DictField(help_text="As far as they are given; nothing is checked but the shape.")


@extend_schema_serializer(examples=[examples.SAVED])
class SavedDraftSerializer(serializers.Serializer[Any]):
    answers = serializers.DictField()
    draft_saved_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(examples=[examples.SUBMISSION])
class SubmissionSerializer(serializers.Serializer[Any]):
    submission_id = serializers.UUIDField(help_text="Chosen by the client; the same one is stored once.")
    answers = serializers.DictField(help_text="{criterion key: value}")
    active_ms = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    note = serializers.CharField(required=False, allow_blank=True, default="", trim_whitespace=False)
    next = serializers.BooleanField(required=False, default=False, help_text="Answer with the next claim.")


@extend_schema_serializer(examples=[examples.SUBMITTED])
class SubmittedSerializer(serializers.ModelSerializer[Assignment]):
    """`state` is submitted (counted) or surplus (kept, and counted when a place frees)."""

    next = AssignmentSerializer(required=False, allow_null=True, help_text="Null when nothing waits.")

    class Meta:
        model = Assignment
        fields = ["token", "state", "submitted_at", "next"]


@extend_schema_serializer(examples=[examples.SKIP])
class SkipSerializer(serializers.Serializer[Any]):
    reason = serializers.RegexField(r"\S", max_length=60, trim_whitespace=False)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2_000, trim_whitespace=False)


@extend_schema_serializer(examples=[examples.STATE])
class StateSerializer(serializers.ModelSerializer[Assignment]):
    class Meta:
        model = Assignment
        fields = ["token", "state"]


@extend_schema_serializer(examples=[examples.LEASE])
class LeaseSerializer(serializers.Serializer[Any]):
    lease_until = serializers.DateTimeField()


@extend_schema_serializer(examples=[examples.QUEUE])
class QueueSerializer(serializers.ModelSerializer[Queue]):
    rubric = serializers.CharField(source="rubric_version.rubric.name")
    rubric_version = serializers.IntegerField(source="rubric_version.number")

    class Meta:
        model = Queue
        fields = [
            "key", "name", "state", "rubric", "rubric_version", "k", "order", "lease_seconds", "lease_cap_seconds",
            "grace_seconds", "shows_model", "shows_critic", "takes_imports", "is_restricted", "skill",
            "hourly_cap", "daily_cap", "due_on", "created_at",
        ]  # fmt: skip


class ItemCountsSerializer(serializers.Serializer[Any]):
    open = serializers.IntegerField()
    complete = serializers.IntegerField(help_text="All reviews in, not settled yet.")
    settled = serializers.IntegerField()
    unresolved = serializers.IntegerField(help_text="Waiting for a moderator.")
    withdrawn = serializers.IntegerField()


class ProgressSerializer(serializers.Serializer[Any]):
    items = ItemCountsSerializer()
    reviews_wanted = serializers.IntegerField(help_text="Places of all items that are not withdrawn.")
    reviews_in = serializers.IntegerField(help_text="Filled places.")
    counted_at = serializers.DateTimeField(
        allow_null=True, help_text="When, for a long queue, which is counted four times a minute; null is now."
    )


@extend_schema_serializer(examples=[examples.QUEUE_DETAIL])
class QueueDetailSerializer(QueueSerializer):
    progress = serializers.SerializerMethodField(help_text="How far the work is.")

    class Meta(QueueSerializer.Meta):
        fields = [*QueueSerializer.Meta.fields, "progress"]

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, queue: Queue) -> dict[str, Any]:
        counts = counts_of([queue])[queue.pk]
        asked = [sums for state, sums in counts.by_state.items() if state != Item.State.WITHDRAWN]
        return {
            "items": {state: counts.items(state) for state in Item.State.values},
            "reviews_wanted": sum(wanted for _, wanted, _ in asked),
            "reviews_in": sum(filled for _, _, filled in asked),
            "counted_at": counts.counted_at,
        }


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


class ReviewerView(ProgramView):
    """A view behind the verb `review`: its request has a member."""

    @property
    def reviewer(self) -> Member:
        return cast(Member, self.member)

    def mine(self, token: UUID) -> Assignment:
        rows = self.reviewer.assignments.select_related("queue__rubric_version__rubric", "item__subject", "place")
        with problems():
            return rows.get(token=token)

    def given_to(self, token: UUID, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The body. What is wrong with it is nobody's business who has no such assignment: 404 for them."""
        try:
            return self.given(serializer)
        except APIException:
            if not self.reviewer.assignments.filter(token=token).exists():
                raise NotFound("You have no such assignment.") from None
            raise


class QueueList(ProgramList):
    """List queues."""

    serializer_class = QueueSerializer
    filter_backends = ()

    def rows(self, project: Project) -> QuerySet[Queue]:
        return project.queues.select_related("rubric_version__rubric")


class QueueDetail(ProgramDetail):
    """Read a queue.

    With its progress: items by state, reviews wanted and reviews in.
    """

    serializer_class, lookup_field = QueueDetailSerializer, "key"

    def rows(self, project: Project) -> QuerySet[Queue]:
        return project.queues.select_related("rubric_version__rubric")


@HotQuery
def queue_by_key(project: Any, key: Any) -> QuerySet[Queue]:
    return Queue.objects.filter(project=project, key=key).select_related("rubric_version__rubric")


def retry_after(queue: Queue, reviewer: Member) -> dict[str, str]:
    """In how many seconds the queue's cap for an hour lets this person go on."""
    at = goes_on_at(queue, reviewer)
    return {"Retry-After": str(max(1, ceil((at - timezone.now()).total_seconds())))} if at else {}


class QueueClaim(ReviewerView):
    @extend_schema(
        request=None,
        responses={
            201: AssignmentSerializer,
            204: OpenApiResponse(
                description="Nothing waits; `Retry-After` where the queue's cap for an hour is reached."
            ),
        },
        parameters=[IDEMPOTENCY_KEY, LOCATION],
    )
    @idempotent
    def post(self, request: Request, key: str) -> Response:
        """Claim an item.

        Hands out the next item. Who holds a claim in the queue gets that one again, so that a repeat is harmless. The
        token is the claim's address and survives its lease.
        """
        queue = queue_by_key.first(project=self.project.pk, key=key)
        if queue is None:
            raise NotFound("No such queue.")
        assignment = claiming.claim(queue, self.reviewer)
        if assignment is None and queue.keeps_out(self.reviewer):
            raise Problem(403, "restricted", "A moderator restricted your work here.")
        if assignment is None and queue.wants_training_of(self.reviewer):
            where = reverse("gold:training", args=[self.project.slug, queue.training_id])
            raise Problem(403, "not-qualified", "A training comes first.", training=where)
        if assignment is None and not queue.admits(self.reviewer):
            raise Problem(403, "not-admitted", "This queue is for other people.")
        if assignment is None:
            return Response(status=204, headers=retry_after(queue, self.reviewer))
        headers = {"Location": reverse("api:assignment-detail", args=[assignment.token])}
        return Response(payload(assignment, self.project), 201, headers=headers)

    def memo(self, data: Any) -> Any:
        return {"token": data["token"]}  # its texts belong to the record, where they can be erased

    def recall(self, memo: Any) -> Any:
        return payload(self.mine(UUID(memo["token"])), self.project)


class AssignmentDetail(ReviewerView):
    @extend_schema(responses=AssignmentSerializer)
    def get(self, request: Request, token: UUID) -> Response:
        """Read an assignment.

        What its reviewer may see of the item, their draft, and until when the place is held.
        """
        return Response(payload(self.mine(token), self.project))


class AssignmentDraft(ReviewerView):
    @extend_schema(responses=SavedDraftSerializer)
    def get(self, request: Request, token: UUID) -> Response:
        """Read a draft.

        Its entity tag is what `If-Match` needs when it is saved.
        """
        return self.answer(self.mine(token))

    @extend_schema(
        request=DraftSerializer,
        responses=SavedDraftSerializer,
        parameters=[IF_MATCH, ETAG],
        extensions=refuses({409: ["lease-lost"]}),
    )
    def put(self, request: Request, token: UUID) -> Response:
        """Save a draft.

        Keeps unfinished answers with the claim, also after its lease. With `If-Match`, a draft that another tab has
        saved meanwhile is not overwritten: 412 tells what it is now. Without, the last one stays.
        """
        answers = self.given_to(token, DraftSerializer)["answers"]
        with problems(), transaction.atomic():
            rows = self.reviewer.assignments.select_for_update(of=("self",), no_key=True)
            held = rows.get(token=token)
            refuse_lost_update(request, tag_of_draft(held), {"answers": held.draft})
            submitting.save_draft(token, self.reviewer, answers)
        return self.answer(self.mine(token))

    def answer(self, assignment: Assignment) -> Response:
        row = {"answers": assignment.draft, "draft_saved_at": assignment.draft_saved_at}
        return Response(SavedDraftSerializer(row).data, headers={"ETag": tag_of_draft(assignment)})


class AssignmentSubmit(ReviewerView):
    @extend_schema(
        request=SubmissionSerializer,
        responses=SubmittedSerializer,
        extensions=refuses({409: ["lease-lost", "submission-reused"], 422: ["answers-refused"]}),
    )
    def post(self, request: Request, token: UUID) -> Response:
        """Submit a review.

        `submission_id` makes a repeat harmless: the same one gives the same answer, and is refused with other answers.
        With `next`, the next item is claimed in the same request.
        """
        values = self.given_to(token, SubmissionSerializer)
        with problems():
            done = submitting.submit(
                token,
                self.reviewer,
                values["answers"],
                submission_id=values["submission_id"],
                active_ms=values.get("active_ms"),
                note=values["note"],
            )
        data = dict(StateSerializer(done).data) | {"submitted_at": done.submitted_at}
        if values["next"]:
            following = claiming.claim(done.queue, self.reviewer)
            data["next"] = payload(following, self.project) if following else None
        return Response(data)


class AssignmentSkip(ReviewerView):
    @extend_schema(request=SkipSerializer, responses=StateSerializer, extensions=refuses({409: ["lease-lost"]}))
    def post(self, request: Request, token: UUID) -> Response:
        """Skip an item.

        Passes it on to somebody else, for good. Skipping twice is skipping once. The reason `not_qualified` says
        something of the person and nothing of the item: `state` is then `not_qualified`.
        """
        why = self.given_to(token, SkipSerializer)
        with problems():
            skipped = submitting.skip(token, self.reviewer, **why)
        return Response(StateSerializer(skipped).data)


class AssignmentUndo(ReviewerView):
    @extend_schema(request=None, responses=AssignmentSerializer, extensions=refuses({409: ["too-late"]}))
    def post(self, request: Request, token: UUID) -> Response:
        """Undo a submit.

        Takes a submitted review back while its grace lasts; its answers become the draft.
        """
        with problems():
            submitting.undo(self.mine(token))
        return Response(payload(self.mine(token), self.project))


class AssignmentHeartbeat(ReviewerView):
    @extend_schema(request=None, responses=LeaseSerializer, extensions=refuses({409: ["lease-lost"]}))
    def post(self, request: Request, token: UUID) -> Response:
        """Extend a lease.

        To a full one from now, up to the queue's cap.
        """
        until = claiming.heartbeat(self.mine(token))
        if until is None:
            raise Problem(409, "lease-lost", "The place is not held any more. A submit is still welcome.")
        return Response({"lease_until": until})


class AssignmentRelease(ReviewerView):
    @extend_schema(request=None, responses={204: OpenApiResponse(description="Given back.")})
    def post(self, request: Request, token: UUID) -> Response:
        """Give a place back.

        At once; the draft stays with the claim.
        """
        claiming.release(self.mine(token), soon=False)
        return Response(status=204)
