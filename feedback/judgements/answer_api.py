"""Reading the answers of reviews one by one: votes (ratings, choices, comparisons) and marked spans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db.models import Prefetch, Q, QuerySet
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.pagination import Cursor
from rest_framework.request import Request

from feedback.accounts.api import ProgramList
from feedback.accounts.api_auth import KeysetPagination
from feedback.accounts.models import Project
from feedback.accounts.sparse import Reads, SparseSerializer
from feedback.judgements import examples
from feedback.judgements.api import PARTS, ResponsesField, RubricField
from feedback.judgements.filters import SpanFilter, VoteFilter
from feedback.judgements.models import Comparison, Rating, Span
from feedback.judgements.record import compared, rated
from feedback.rubrics.models import RANKED, Criterion

Vote = Rating | Comparison
RATED, COMPARED = (
    ("number", "value", "chosen", "text"),
    ("outcome", "preferred", "strength", "ranking"),
)  # what a value is made of
OUTCOMES = [value for value in Comparison.Outcome.values if value != Comparison.Outcome.RANKED]  # of a comparison
RUBRIC = Reads(("review__rubric_version__number", "review__rubric_version__rubric__name"))


@extend_schema_field({"oneOf": [
    {"type": "number", "description": "Of a scale."},
    {"type": "string", "description": "Of yes or no, one choice, a text."},
    {"type": "array", "items": {"type": "string"}, "description": "Several choices, in the rubric's order."},
    {"type": "object", "additionalProperties": {"type": "string"},
     "description": "Of each turn or step: its number and the choice."},
    {"type": "array", "items": {"type": "array", "items": {"type": "integer"}},
     "description": "Of a ranking: tiers of response ids, the best first. Of the best and the worst: the best, "
     "the others, the worst."},
    {"type": "object", "description": "Of a comparison: outcome (preferred, tie, both_bad), and with preferred the "
     "response's id and how strongly.", "required": ["outcome"], "properties": {
         "outcome": {"enum": OUTCOMES}, "preferred": {"type": "integer"},
         "strength": {"type": "integer"}}},
]})  # fmt: skip
class ValueField(serializers.Field[Vote, Any, Any, Any]):
    """The answer in the shape in which it was submitted."""

    def to_representation(self, vote: Vote) -> Any:
        return compared(vote) if isinstance(vote, Comparison) else rated(vote, vote.criterion.kind)


class AnswerSerializer(SparseSerializer):
    """What votes and spans say of their review."""

    review = serializers.IntegerField(source="review_id")
    criterion = serializers.CharField(source="criterion.key", help_text="Its key in the rubric.")
    subject = serializers.IntegerField(source="review.subject_id")
    queue = serializers.CharField(source="review.origin")
    rubric_version = RubricField(source="review.rubric_version")
    reviewer = serializers.CharField(source="review.reviewer.pseudonym", help_text="Pseudonym.")
    imported_from = serializers.CharField(source="review.reviewer.source", help_text="Empty for our own.")
    submitted_at = serializers.DateTimeField(source="review.submitted_at")
    withdrawn_at = serializers.DateTimeField(source="review.withdrawn_at", allow_null=True)
    invalidated_at = serializers.DateTimeField(source="review.invalidated_at", allow_null=True)


@extend_schema_serializer(examples=[examples.VOTE])
class VoteSerializer(AnswerSerializer, serializers.ModelSerializer[Rating]):
    """Of ratings and comparisons alike: its sources are what both have."""

    reads: ClassVar[Mapping[str, Reads]] = {
        "value": Reads(("criterion__kind",)),
        "responses": Reads(("review__subject__id",), (Prefetch("review__subject__parts", PARTS),)),
        "rubric_version": RUBRIC,
    }
    kind = serializers.CharField(source="criterion.kind", help_text="Of the criterion; says what the value is.")
    value = ValueField(source="*", read_only=True)
    responses = ResponsesField(source="review.subject", read_only=True)
    shown_order = serializers.ListField(
        source="review.shown_order", child=serializers.IntegerField(), help_text="Response ids in the order shown."
    )
    round = serializers.IntegerField(source="review.round")
    revision = serializers.IntegerField(source="review.revision")
    active_ms = serializers.IntegerField(source="review.active_ms", allow_null=True)

    class Meta:
        model = Rating
        fields = [
            "review", "criterion", "kind", "value", "subject", "responses", "shown_order", "queue", "rubric_version",
            "reviewer", "imported_from", "round", "revision", "active_ms", "submitted_at", "withdrawn_at",
            "invalidated_at",
        ]  # fmt: skip


class SpanResponseSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    external_id = serializers.CharField()


class EvidenceSerializer(serializers.Serializer[Any]):
    passage = serializers.IntegerField()
    start = serializers.IntegerField(allow_null=True, help_text="Null when the whole passage shows it.")
    end = serializers.IntegerField(allow_null=True)
    quote = serializers.CharField()


@extend_schema_serializer(examples=[examples.SPAN])
class SpanSerializer(AnswerSerializer, serializers.ModelSerializer[Span]):
    reads: ClassVar[Mapping[str, Reads]] = {
        "response": Reads(("response__external_id",)),
        "rubric_version": RUBRIC,
        "evidence": Reads(("evidence", "evidence_start", "evidence_end", "evidence_quote")),
    }
    response = SpanResponseSerializer()
    passage = serializers.IntegerField(
        source="marked_passage_id", allow_null=True, help_text="Set when the mark is in a source text."
    )
    start = serializers.IntegerField(help_text="In code points, from 0; half open.")
    evidence = serializers.SerializerMethodField(help_text="The source text that shows it, or null.")

    class Meta:
        model = Span
        fields = [
            "id", "review", "criterion", "subject", "response", "passage", "start", "end", "quote", "prefix", "suffix",
            "text_hash", "kind", "severity", "note", "evidence", "queue", "rubric_version", "reviewer",
            "imported_from", "submitted_at", "withdrawn_at", "invalidated_at",
        ]  # fmt: skip

    @extend_schema_field(EvidenceSerializer(allow_null=True))
    def get_evidence(self, span: Span) -> dict[str, Any] | None:
        if span.evidence_id is None:
            return None
        at = {"start": span.evidence_start, "end": span.evidence_end, "quote": span.evidence_quote}
        return {"passage": span.evidence_id, **at}


class VotePagination(KeysetPagination):
    """Two tables along one key: the newest review first, its votes in the order of its rubric.

    The key (review, criterion, id) is that of the tables' indexes. A review's votes never change, so that neither new
    reviews nor withdrawn ones move a page.
    """

    ordering = ("-review_id", "criterion_id", "id")
    position: ClassVar[re.Pattern[str]] = re.compile(r"\d{1,18}\.\d{1,18}\.\d{1,18}", re.ASCII)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.base_url = request.build_absolute_uri()
        size = self.get_page_size(request) or 0
        cursor = self.decode_cursor(request)
        is_back = bool(cursor and cursor.reverse)
        order = ("review_id", "-criterion_id", "-id") if is_back else self.ordering
        found: list[tuple[int, int, int, QuerySet[Any]]] = []
        for rows in queryset:  # keys first, from the index alone: with rows to join, deep pages would walk to them
            keys = rows.prefetch_related(None).filter(beyond(cursor) if cursor else Q()).order_by(*order)
            found += ((*key, rows) for key in keys.values_list("review_id", "criterion_id", "pk")[: size + 1])
        found.sort(key=lambda key: (-key[0], *key[1:3]), reverse=is_back)
        is_more, held = len(found) > size, found[:size]
        self.votes = sorted(whole(held), key=lambda vote: (-vote.review_id, vote.criterion_id, vote.pk))
        self.is_before = bool(self.votes) and (is_more if is_back else cursor is not None)
        self.is_after = bool(self.votes) and (is_back or is_more)
        return self.votes

    def link(self, vote: Vote, *, reverse: bool) -> str:
        at: Any = f"{vote.review_id}.{vote.criterion_id}.{vote.pk}"
        return str(self.encode_cursor(Cursor(offset=0, reverse=reverse, position=at)))

    def get_next_link(self) -> str | None:
        return self.link(self.votes[-1], reverse=False) if self.is_after else None

    def get_previous_link(self) -> str | None:
        return self.link(self.votes[0], reverse=True) if self.is_before else None


def whole(keys: list[tuple[int, int, int, QuerySet[Any]]]) -> Iterator[Vote]:
    """The rows behind the keys, one statement a table."""
    wanted: dict[int, tuple[QuerySet[Any], list[int]]] = {}
    for *_, pk, rows in keys:
        wanted.setdefault(id(rows), (rows, []))[1].append(pk)
    for rows, pks in wanted.values():
        yield from rows.filter(pk__in=pks)


def beyond(cursor: Any) -> Q:
    """What comes after the cursor's vote, or before it; the bound on the review is where the index begins."""
    review, criterion, pk = map(int, cursor.position.split("."))
    older, later = ("gt", "lt") if cursor.reverse else ("lt", "gt")
    same = Q(review=review)
    return Q(**{f"review_id__{older}e": review}) & (
        Q(**{f"review_id__{older}": review})
        | same & Q(**{f"criterion_id__{later}": criterion})
        | same & Q(criterion=criterion, **{f"id__{later}": pk})
    )


class VoteList(ProgramList):
    """List votes.

    One row for each review and criterion: what was answered, by whom (a pseudonym), in which order the responses
    stood. Newest review first, also those that were withdrawn or invalidated.
    """

    serializer_class = VoteSerializer
    filterset_class = VoteFilter
    pagination_class = VotePagination

    def rows(self, project: Project) -> QuerySet[Rating]:
        return Rating.objects.filter(project=project)

    def filter_queryset(self, queryset: Any) -> Any:
        """Both tables, or the one that holds the kind that is asked for, with the columns that values are made of."""
        narrow, found = super().filter_queryset, []
        kind, is_valued = self.request.query_params.get("kind"), "value" in (self.wanted() or ())
        tables: tuple[tuple[Any, tuple[str, ...]], ...] = ((Rating, RATED), (Comparison, COMPARED))
        for table, columns in tables:
            rows = narrow(self.narrowed(table.objects.filter(project=self.project), *(columns if is_valued else ())))
            if kind is None or (kind in {Criterion.Kind.COMPARISON, *RANKED}) == (table is Comparison):
                found.append(rows)
        return found


class SpanList(ProgramList):
    """List spans.

    The stretches of text that reviewers marked, with their evidence. `start` and `end` count code points of the
    response's output, or of the passage when `passage` is given. Newest first.
    """

    serializer_class = SpanSerializer
    filterset_class = SpanFilter

    def rows(self, project: Project) -> QuerySet[Span]:
        return Span.objects.filter(project=project)
