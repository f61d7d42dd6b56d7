"""Asking a moderator over REST: a reviewer's question about the item of their assignment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import Words
from feedback.accounts.idempotency import idempotent
from feedback.accounts.problems import Problem
from feedback.accounts.schema import IDEMPOTENCY_KEY, refuses
from reviews.queues import escalate as escalating
from reviews.queues import submit as submitting
from reviews.queues.api import ReviewerView, problems
from reviews.queues.models import Assignment

QUESTION = OpenApiExample(
    "A question", value={"text": "Is this ours to judge?", "skill": "medicine", "skip": False}, request_only=True
)
ASKED = OpenApiExample("Asked", value={"id": 7, "item": 138, "state": "claimed"})


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
