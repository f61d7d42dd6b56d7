"""What the curator's pages of a queue show, as numbers: its overlap, its silent repeats, its gold.

Nothing here is for reviewers: a queue's repeats and gold are told from other items by nobody who reviews them.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramView
from feedback.accounts.models import Member
from feedback.rubrics.models import Criterion
from feedback.statistics import gold as screen
from feedback.statistics.intervals import wilson
from reviews.quality import examples, overlap_replay, repeat_compare
from reviews.quality.gold_models import GoldCheck, GoldItem, GoldSetting, TrainingCourse
from reviews.quality.models import LabelModel, OverlapPolicy
from reviews.quality.repeat_models import RepeatSetting
from reviews.queues.models import Queue

Line = dict[str, Any]


class PolicySerializer(serializers.ModelSerializer[OverlapPolicy]):
    class Meta:
        model = OverlapPolicy
        fields = ["is_on", "target", "most", "decides"]


class ReplaySerializer(serializers.Serializer[Any]):
    target = serializers.FloatField(help_text="Sure enough at this chance that the leading answer is right.")
    items = serializers.IntegerField()
    labels = serializers.IntegerField(help_text="All answers that there are.")
    used = serializers.IntegerField(help_text="Of them, how many stopping at the target would have needed.")
    saved = serializers.FloatField(help_text="Share of the answers that were not needed.")
    decided = serializers.IntegerField(help_text="Items where all answers have one winner.")
    same = serializers.IntegerField(help_text="Of them, those where the answers used name the same one.")
    expected = serializers.FloatField(help_text="Mean chance of the answer to be right where it stopped.")


class WeighedSerializer(serializers.ModelSerializer[LabelModel]):
    class Meta:
        model = LabelModel
        fields = ["n_items", "n_labels", "computed_at"]


class CriterionSerializer(serializers.Serializer[Any]):
    criterion = serializers.CharField(source="criterion.key", help_text="Its key in the rubric.")
    label = serializers.CharField(source="criterion.label")  # type: ignore[assignment]  # taken off the class
    kind = serializers.ChoiceField(source="criterion.kind", choices=Criterion.Kind.choices)


class OverlapQuestionSerializer(CriterionSerializer):
    weighed = WeighedSerializer(
        source="model", allow_null=True, help_text="From how much it is known how often reviewers are right."
    )
    n_items = serializers.IntegerField(help_text="Of the newest items, those with the answers of two people or more.")
    replays = ReplaySerializer(many=True, allow_null=True, help_text="Null with fewer than `fewest` such items.")


@extend_schema_serializer(examples=[examples.OVERLAP])
class QueueOverlapSerializer(serializers.Serializer[Any]):
    k = serializers.IntegerField(help_text="Reviews of each item, at least.")
    policy = PolicySerializer(allow_null=True, help_text="Null where nobody has made one: it is off.")
    fewest = serializers.IntegerField(help_text="Items from which on there are replays.")
    questions = OverlapQuestionSerializer(many=True, help_text="Those that can be weighed.")


class RepeatSettingSerializer(serializers.ModelSerializer[RepeatSetting]):
    rate = serializers.FloatField(help_text="Of a person's reviews.")

    class Meta:
        model = RepeatSetting
        fields = ["is_on", "rate", "least_days"]


class RepeatQuestionSerializer(CriterionSerializer):
    n = serializers.IntegerField(help_text="Answers given twice.")
    same = serializers.IntegerField(help_text="Of them, those that were the same again.")
    share = serializers.FloatField(allow_null=True, help_text="Null with fewer than `fewest`.")
    low = serializers.FloatField(allow_null=True, help_text="95 % interval (Wilson).")
    high = serializers.FloatField(allow_null=True)


@extend_schema_serializer(examples=[examples.REPEATS])
class QueueRepeatsSerializer(serializers.Serializer[Any]):
    setting = RepeatSettingSerializer(allow_null=True, help_text="Null where nobody has made one: it is off.")
    n_waiting = serializers.IntegerField()
    n_answered = serializers.IntegerField()
    n_people = serializers.IntegerField(help_text="Who answered.")
    fewest = serializers.IntegerField(help_text="Answers from which on there is a share.")
    questions = RepeatQuestionSerializer(many=True)


class GoldSettingSerializer(serializers.ModelSerializer[GoldSetting]):
    rate = serializers.FloatField(help_text="Of a person's reviews.")

    class Meta:
        model = GoldSetting
        fields = ["is_on", "rate"]


class GoldCountsSerializer(serializers.Serializer[Any]):
    active = serializers.IntegerField()
    questioned = serializers.IntegerField(help_text="Good reviewers fail it: somebody should read it again.")
    retired = serializers.IntegerField()


class GoldReviewerSerializer(serializers.Serializer[Any]):
    reviewer = serializers.CharField(help_text="Pseudonym.")
    n = serializers.IntegerField(help_text="Checks that count.")
    right = serializers.IntegerField(help_text="Of them, those that were right throughout.")
    share = serializers.FloatField(allow_null=True, help_text="Null with fewer than `fewest`.")
    low = serializers.FloatField(allow_null=True, help_text="95 % interval (Wilson).")
    high = serializers.FloatField(allow_null=True)
    is_low = serializers.BooleanField(allow_null=True, help_text="An honest reviewer would hardly have so few right.")


class CourseSerializer(serializers.ModelSerializer[TrainingCourse]):
    n_passed = serializers.IntegerField(help_text="People who have.")

    class Meta:
        model = TrainingCourse
        fields = ["n_right", "n_last", "n_passed"]


@extend_schema_serializer(examples=[examples.GOLD])
class QueueGoldSerializer(serializers.Serializer[Any]):
    setting = GoldSettingSerializer(allow_null=True, help_text="Null where nobody has made one: no gold is given.")
    items = GoldCountsSerializer()
    fewest = serializers.IntegerField(help_text="Checks from which on something is said of a person.")
    reviewers = GoldReviewerSerializer(many=True)
    training = serializers.CharField(allow_null=True, help_text="Key of the queue that must be passed before this one.")
    course = CourseSerializer(allow_null=True, help_text="Of a training queue: so many right among the last so many.")


class QueueView(ProgramView):
    def queue_of(self, key: str, **only: bool) -> Queue:
        queues: QuerySet[Queue] = self.project.queues.select_related("rubric_version", "training")
        found: Queue = get_object_or_404(queues, key=key, takes_imports=False, **only)
        return found


class QueueOverlap(QueueView):
    @extend_schema(responses=QueueOverlapSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Read a queue's overlap.

        How sure the queue wants to be and what it pays for that at most; and, of each question that can be weighed,
        what other targets would have come to on its newest items.
        """
        queue = self.queue_of(key)
        found = {
            "k": queue.k,
            "policy": getattr(queue, "overlap_policy", None),
            "fewest": overlap_replay.FEWEST,
            "questions": overlap_replay.questions(queue),
        }
        return Response(QueueOverlapSerializer(found).data)


class QueueRepeats(QueueView):
    @extend_schema(responses=QueueRepeatsSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Read a queue's silent repeats.

        How often people are asked again, and how often they said the same, all people together. Each person's share
        is the measure `again` of `reviewer-measures`.
        """
        queue = self.queue_of(key, is_training=False)
        setting = getattr(queue, "repeat_setting", None)
        found = {"setting": setting, "fewest": repeat_compare.FEWEST, **repeat_compare.told(queue)}
        return Response(QueueRepeatsSerializer(found).data)


class QueueGold(QueueView):
    courses = TrainingCourse.objects.annotate(n_passed=Count("queue__qualifications"))

    @extend_schema(responses=QueueGoldSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Read how a queue's gold is.

        How often it is given, how many items there are, and how people fare on it, under their pseudonyms. The items
        themselves are in `gold`.
        """
        queue = self.queue_of(key)
        states = dict(queue.gold.order_by().values_list("state").annotate(n=Count("pk")))
        found = {
            "setting": getattr(queue, "gold_setting", None),
            "items": {state: states.get(state, 0) for state in GoldItem.State.values},
            "fewest": screen.FEWEST,
            "reviewers": checked(queue),
            "training": queue.training.key if queue.training else None,
            "course": self.courses.filter(queue=queue).first(),
        }
        return Response(QueueGoldSerializer(found).data)


def checked(queue: Queue) -> list[Line]:
    """Whoever's reviews of the queue's gold count, by pseudonym; with too few checks nothing is said of anybody."""
    counts = GoldCheck.objects.counted().filter(gold__queue=queue).by_reviewer()
    people = Member.objects.filter(pk__in=counts).order_by("pseudonym").values_list("pk", "pseudonym")
    return [{"reviewer": pseudonym, **fared(*counts[pk])} for pk, pseudonym in people]


def fared(right: int, n: int) -> Line:
    if n < screen.FEWEST:
        return {"n": n, "right": right, "share": None, "low": None, "high": None, "is_low": None}
    low, high = wilson(right, n)
    is_low = screen.is_too_low(right, n)
    return {"n": n, "right": right, "share": right / n, "low": low, "high": high, "is_low": is_low}
