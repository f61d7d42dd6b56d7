"""Items for programs: what is asked about, how far it is, and what chance it had of being drawn."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from feedback.accounts.api import ProgramList
from feedback.accounts.models import Project
from feedback.responses.models import SubjectResponse
from reviews.queues import examples
from reviews.queues.filters import ItemFilter
from reviews.queues.models import Item


@extend_schema_serializer(examples=[examples.ITEM])
class ListedItemSerializer(serializers.ModelSerializer[Item]):
    queue = serializers.CharField(source="queue.key", help_text="Key of the queue.")
    responses = serializers.SerializerMethodField(help_text="External ids, in the subject's order.")
    rubric_version = serializers.IntegerField(source="rubric_version.pk", help_text="What it is judged under.")
    reviews_wanted = serializers.IntegerField(source="k")
    reviews_in = serializers.IntegerField(source="n_filled")
    earlier = serializers.IntegerField(source="earlier_id", allow_null=True, help_text="The item that it asks again.")

    class Meta:
        model = Item
        fields = [
            "id", "queue", "responses", "rubric_version", "state", "reviews_wanted", "reviews_in", "earlier",
            "rule_label", "stratum", "inclusion_probability", "created_at", "completed_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_responses(self, item: Item) -> list[str]:
        return [part.response.external_id for part in item.subject.parts.all()]


class ItemList(ProgramList):
    """List the items of queues.

    How far each is, what it was drawn by and with what chance, and which responses it asks about. Its reviews are in
    `votes`, its verdict in `verdicts`.
    """

    serializer_class = ListedItemSerializer
    filterset_class = ItemFilter

    def rows(self, project: Project) -> QuerySet[Item]:
        parts = SubjectResponse.objects.select_related("response").order_by("position")
        needed = ("queue__rubric_version", "kept_version", "subject")
        return project.items.select_related(*needed).prefetch_related(Prefetch("subject__parts", queryset=parts))
