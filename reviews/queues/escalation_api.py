"""Asking a moderator over REST: a reviewer's question about the item of their assignment; and what was asked, for
programs of moderators.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramDetail, ProgramList, Words
from feedback.accounts.idempotency import idempotent
from feedback.accounts.models import Project
from feedback.accounts.problems import Problem
from feedback.accounts.schema import IDEMPOTENCY_KEY, refuses
from reviews.queues import escalate as escalating
from reviews.queues import submit as submitting
from reviews.queues.api import ReviewerView, problems
from reviews.queues.filters import EscalationFilter
from reviews.queues.models import Assignment, Escalation, EscalationMessage

QUESTION = OpenApiExample(
    "A question", value={"text": "Is this ours to judge?", "skill": "medicine", "skip": False}, request_only=True
)
ASKED = OpenApiExample("Asked", value={"id": 7, "item": 138, "state": "claimed"})
AT, LATER = "2026-03-02T09:15:00Z", "2026-03-02T09:45:00Z"
asked: dict[str, Any] = {
    "id": 7, "item": 138, "queue": "answers", "reviewer": "r-5b1f0c", "skill": "medicine", "state": "answered",
    "created_at": AT, "last_said_at": LATER, "closed_at": None, "closed_by": None,
}  # fmt: skip
said = [
    {"author": "r-5b1f0c", "is_reviewer": True, "text": "Is this ours to judge?", "created_at": AT},
    {"author": "r-90ae11", "is_reviewer": False, "text": "Yes, by the sources alone.", "created_at": LATER},
]
ESCALATION = OpenApiExample("An answered one", value=asked)
CONVERSATION = OpenApiExample("With its conversation", value={**asked, "messages": said})


@extend_schema_serializer(examples=[QUESTION])
class QuestionSerializer(serializers.Serializer[Any]):
    text = Words(max_length=escalating.LONGEST, help_text="What a moderator should look at.")
    skill = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=40,
        help_text="Those who carry it are asked; everybody, where nobody does.",
    )  # fmt: skip
    skip = serializers.BooleanField(required=False, default=False, help_text="Pass the item on in the same step.")


@extend_schema_serializer(examples=[ASKED])
class AskedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="Of the conversation; asking again adds to an open one.")
    item = serializers.IntegerField(help_text="As the assignment calls it.")
    state = serializers.ChoiceField(choices=Assignment.State.choices, help_text="Of the assignment afterwards.")


class AssignmentEscalate(ReviewerView):
    @extend_schema(
        request=QuestionSerializer,
        responses={201: AskedSerializer},
        parameters=[IDEMPOTENCY_KEY],
        extensions=refuses({409: ["lease-lost"], 422: ["question-refused"]}),
    )
    @idempotent
    def post(self, request: Request, token: UUID) -> Response:
        """Ask a moderator.

        Opens a conversation about the item, or adds to the one that is open. The item stays with its reviewer unless
        `skip` is true. The answer stands in My work.
        """
        assignment = self.mine(token)
        given = self.given(QuestionSerializer)
        try:
            with problems(), transaction.atomic():
                asked = escalating.raise_escalation(assignment, given["text"], given["skill"])
                if given["skip"]:
                    assignment = submitting.skip(token, self.reviewer, "escalated")
        except escalating.EscalationRefused as refusal:
            raise Problem(422, "question-refused", str(refusal)) from refusal
        row = {"id": asked.pk, "item": assignment.pk, "state": assignment.state}
        return Response(AskedSerializer(row).data, 201)


@extend_schema_serializer(examples=[ESCALATION])
class EscalationSerializer(serializers.ModelSerializer[Escalation]):
    queue = serializers.CharField(source="item.queue.key", help_text="Key of the queue.")
    reviewer = serializers.CharField(source="raised_by.pseudonym", help_text="Pseudonym of who asked.")
    state = serializers.SerializerMethodField(
        help_text="Open: the reviewer had the last word. Answered: a moderator had it."
    )
    last_said_at = serializers.DateTimeField()
    closed_by = serializers.CharField(source="closed_by.pseudonym", allow_null=True, help_text="Pseudonym.")

    class Meta:
        model = Escalation
        fields = [
            "id", "item", "queue", "reviewer", "skill", "state", "created_at", "last_said_at", "closed_at", "closed_by",
        ]  # fmt: skip
        read_only_fields = fields

    def get_state(self, row: Any) -> Escalation.State:
        if row.closed_at is not None:
            return Escalation.State.CLOSED
        waits = row.last_author_id == row.raised_by_id
        return Escalation.State.OPEN if waits else Escalation.State.ANSWERED


class EscalationMessageSerializer(serializers.ModelSerializer[EscalationMessage]):
    author = serializers.CharField(source="author.pseudonym", help_text="Pseudonym.")
    is_reviewer = serializers.SerializerMethodField(help_text="Whether it is from who asked.")

    class Meta:
        model = EscalationMessage
        fields = ["author", "is_reviewer", "text", "created_at"]

    def get_is_reviewer(self, row: EscalationMessage) -> bool:
        return row.author_id == row.escalation.raised_by_id


@extend_schema_serializer(examples=[CONVERSATION])
class EscalationDetailSerializer(EscalationSerializer):
    messages = EscalationMessageSerializer(many=True, read_only=True, help_text="The oldest first.")

    class Meta(EscalationSerializer.Meta):
        fields = [*EscalationSerializer.Meta.fields, "messages"]
        read_only_fields = fields


def escalations_of(project: Project) -> QuerySet[Escalation]:
    rows: QuerySet[Escalation] = project.escalations.with_last_word()
    return rows.select_related("item__queue", "raised_by", "closed_by")


class EscalationList(ProgramList):
    """List escalations.

    What reviewers asked about items, whose turn it is, and whom it is for. People appear under their pseudonyms; the
    conversation of one is at its own address.
    """

    serializer_class = EscalationSerializer
    filterset_class = EscalationFilter

    def rows(self, project: Project) -> QuerySet[Escalation]:
        return escalations_of(project)


class EscalationDetail(ProgramDetail):
    """Read an escalation.

    With what was said, the oldest first.
    """

    serializer_class = EscalationDetailSerializer

    def rows(self, project: Project) -> QuerySet[Escalation]:
        return escalations_of(project).prefetch_related("messages__author")
