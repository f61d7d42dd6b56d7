"""How the queues are, for programs that tell somebody when one needs them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramView
from reviews.moderation.health import health
from reviews.queues.models import Queue

SLOW = OpenApiExample("One that waits long", value={"queues": [{
    "queue": "answers", "state": "open", "items_open": 41, "items_unresolved": 3, "places_open": 60, "places_held": 2,
    "stuck": 0, "oldest_at": "2026-03-02T09:15:00Z", "reviews_in_seven_days": 118, "trouble": "Waits long",
}]})  # fmt: skip


class QueueHealthSerializer(serializers.Serializer[Any]):
    queue = serializers.CharField(source="queue.key", help_text="Its key.")
    state = serializers.ChoiceField(source="queue.state", choices=Queue.State.choices)
    items_open = serializers.IntegerField(source="open")
    items_unresolved = serializers.IntegerField(source="disputes", help_text="Waiting for a moderator.")
    places_open = serializers.IntegerField(source="places")
    places_held = serializers.IntegerField(source="held", help_text="Claimed by somebody now.")
    stuck = serializers.IntegerField(help_text="Items that everybody who may claim has had a turn at already.")
    oldest_at = serializers.DateTimeField(
        source="oldest", allow_null=True, help_text="When the item was added whose open place has waited longest."
    )
    reviews_in_seven_days = serializers.IntegerField(source="lately")
    trouble = serializers.CharField(allow_blank=True, help_text="What most needs somebody, in words; empty: nothing.")


@extend_schema_serializer(examples=[SLOW])
class QueuesHealthSerializer(serializers.Serializer[Any]):
    queues = QueueHealthSerializer(many=True, help_text="Those that need somebody first; 100 at most.")


class QueueHealth(ProgramView):
    @extend_schema(responses=QueuesHealthSerializer)
    def get(self, request: Request) -> Response:
        """Read how the queues are.

        Of every queue that gives out items: what waits and since when, what nobody can take, what was done lately.
        """
        return Response(QueuesHealthSerializer({"queues": health(self.project)}).data)
