"""What a reviewer sees of an assignment, as a program gets it: what the page shows, and nothing more.

No model unless the queue shows it, nobody else's answers, responses in the order drawn for this reviewer.
"""

from __future__ import annotations

from functools import cache
from string import ascii_uppercase
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from feedback.accounts.api import tag_of
from feedback.accounts.models import Project
from feedback.judgements.record import criteria_of
from feedback.responses.models import Passage
from feedback.responses.models import Response as ModelResponse
from feedback.rubrics.models import Criterion
from feedback.text.canonical import canonical_json
from reviews.queues import examples
from reviews.queues.care import sensitive
from reviews.queues.models import Assignment
from reviews.queues.proposals import proposals_of

INSTRUCTIONS = {"system", "developer"}
SPOKEN = ("role", "name", "content", "tool_calls", "tool_call_id")


class ShownPassageSerializer(serializers.ModelSerializer[Passage]):
    class Meta:
        model = Passage
        fields = ["id", "title", "text", "url", "store", "score"]


class CriterionSerializer(serializers.ModelSerializer[Criterion]):
    class Meta:
        model = Criterion
        fields = ["key", "kind", "label", "help_text", "is_required", "options", "asked_when"]


class ProposalSerializer(serializers.Serializer[Any]):
    response = serializers.IntegerField()
    critic = serializers.CharField(help_text="Its name and version.")
    start = serializers.IntegerField(help_text="In code points of the output; a mark right there accepts it.")
    end = serializers.IntegerField()
    quote = serializers.CharField()
    kind = serializers.CharField()
    severity = serializers.CharField()
    note = serializers.CharField()


class ShownResponseSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="What answers name; says nothing about the model.")
    label = serializers.CharField(help_text="A, B, … in the order drawn.")  # type: ignore[assignment]
    output = serializers.CharField(help_text="Offsets of spans count its code points.")
    tool_calls = serializers.JSONField()
    passages = ShownPassageSerializer(many=True)
    model = serializers.CharField(required=False, help_text="Only where the queue shows it.")


class ItemSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="Of this turn: what number the item has is not told.")
    conversation = serializers.JSONField(help_text="The messages up to the answer.")
    responses = ShownResponseSerializer(many=True)
    sensitive = serializers.ListField(
        child=serializers.CharField(),
        help_text="The tags for which the page covers all texts until they are asked for. Cover them too.",
    )
    rubric = serializers.CharField()
    criteria = CriterionSerializer(many=True)
    proposals = ProposalSerializer(
        many=True, required=False, help_text="What critics propose to mark, where the queue shows it."
    )


@extend_schema_serializer(examples=[examples.ASSIGNMENT])
class AssignmentSerializer(serializers.Serializer[Any]):
    token = serializers.UUIDField(help_text="The claim's address; it survives the lease.")
    queue = serializers.CharField()
    state = serializers.ChoiceField(choices=Assignment.State.choices)
    claimed_at = serializers.DateTimeField()
    lease_until = serializers.DateTimeField(allow_null=True, help_text="Null when the place is not held any more.")
    draft = serializers.DictField()
    draft_saved_at = serializers.DateTimeField(allow_null=True)
    draft_etag = serializers.CharField(help_text="For `If-Match` when the draft is saved.")
    submitted_at = serializers.DateTimeField(allow_null=True)
    item = ItemSerializer()


def conversation_of(shown: list[ModelResponse]) -> list[dict[str, Any]]:
    """The messages, with the keys of a conversation only: a sender's own keys may name the model.

    Instructions that differ between two responses would tell them apart, so they are left out.
    """
    messages = [{key: message[key] for key in SPOKEN if key in message} for message in shown[0].body.messages]
    if any(response.body.messages != shown[0].body.messages for response in shown):
        return [message for message in messages if message.get("role") not in INSTRUCTIONS]
    return messages


def payload(assignment: Assignment, project: Project) -> dict[str, Any]:
    """What this reviewer sees of the assignment, in their project."""
    place = getattr(assignment, "place", None)
    shown, shows_model = assignment.shown(), assignment.visible.get("model", False)
    responses = [
        {
            "id": response.pk,
            "label": label,
            "output": response.body.output,
            "tool_calls": response.body.tool_calls,
            "passages": response.passages.all(),
            **({"model": str(response.model or "")} if shows_model else {}),
        }
        for label, response in zip(ascii_uppercase, shown, strict=False)
    ]
    version = assignment.rubric_version
    item = {
        "id": assignment.pk,
        "conversation": conversation_of(shown),
        "responses": responses,
        "sensitive": sensitive(shown, project),
        "rubric": str(version),
        "criteria": criteria_of(version),
    }
    if assignment.visible.get("critic"):
        item["proposals"] = proposals_of(assignment, shown, criteria_of(version))
    plain = ("token", "state", "claimed_at", "draft", "draft_saved_at", "submitted_at")
    row = {name: getattr(assignment, name) for name in plain}
    lease_until = place.lease_until if place else None
    row["draft_etag"] = tag_of_draft(assignment)
    return shape().to_representation({**row, "queue": assignment.queue.key, "lease_until": lease_until, "item": item})


@cache
def shape() -> AssignmentSerializer:
    """One for all requests: it keeps nothing, and making its fields anew takes a third of a claim."""
    return AssignmentSerializer()


def tag_of_draft(assignment: Assignment) -> str:
    saved_at = assignment.draft_saved_at.isoformat() if assignment.draft_saved_at else ""
    return tag_of(f"{saved_at} {canonical_json(assignment.draft)}".encode())
