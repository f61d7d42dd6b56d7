"""Silent repeats: a sweep keeps a place ahead for reviewers on an item that they judged some time ago.

It is an extra place of the next round, so that one person still reviews an item once a round and nothing that was
settled moves. Spacing and pace are those of gold (gold_give.py).
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from feedback.accounts.models import Member
from reviews.quality.gold_give import due, reviewers_of, uniform
from reviews.quality.repeat_models import RepeatSetting, RepeatTurn
from reviews.queues.extra import add_again, database_time
from reviews.queues.models import Assignment, Item, Place, Queue

log = logging.getLogger(__name__)

AHEAD = 2  # places kept for a person: at small rates they last for long
DRAWN_FROM = 500  # turns of a person, the newest of those that are old enough


def top_up_all() -> int:
    """The sweep: whoever has begun to review in a queue that asks again; how many places were made."""
    made = 0
    settings = RepeatSetting.objects.filter(
        is_on=True, queue__state=Queue.State.OPEN, project__archived_at__isnull=True
    )
    for setting in settings.select_related("queue"):
        for reviewer in reviewers_of(setting.queue):
            made += top_up(setting, reviewer)
    return made


def top_up(setting: RepeatSetting, reviewer: Member) -> int:
    """Keep AHEAD places for this person, as far as they have judged items long enough ago; how many were made."""
    waiting = RepeatTurn.objects.filter(
        queue=setting.queue_id, reviewer=reviewer, place__state=Place.State.OPEN
    ).count()
    made = 0
    try:
        while waiting + made < AHEAD and keep_one(setting, reviewer):
            made += 1
    except IntegrityError:  # another sweep was here at the same moment: its places are as good
        log.info("queue %s: a repeat for member %s was kept by another sweep", setting.queue_id, reviewer.pk)
    return made


@transaction.atomic
def keep_one(setting: RepeatSetting, reviewer: Member) -> RepeatTurn | None:
    first = next_turn(setting, reviewer)
    if first is None:
        return None
    last = RepeatTurn.objects.filter(queue=setting.queue_id, reviewer=reviewer).order_by("-number").first()
    after, since = due(setting, reviewer, last)
    place = add_again(first, after_submits=after, since=since)
    if place is None:
        return None
    return RepeatTurn.objects.create(
        project_id=setting.project_id,
        queue_id=setting.queue_id,
        reviewer=reviewer,
        first=first,
        number=last.number + 1 if last else 1,
        place=place,
        after=after,
        since=since,
    )


def next_turn(setting: RepeatSetting, reviewer: Member) -> Assignment | None:
    """One of the person's counted turns that is old enough and was never asked again, drawn by the seed. None of gold,
    which has a measure of its own, and none of an item that was taken out.
    """
    before = database_time(reviewer) - timedelta(days=setting.least_days)
    turns = Assignment.objects.filter(
        queue=setting.queue_id, reviewer=reviewer, state=Assignment.State.SUBMITTED, round=1, is_extra=False
    )
    turns = turns.filter(submitted_at__lt=before, repeat__isnull=True, item__gold__isnull=True)
    turns = turns.filter(review__rubric_version=F("queue__rubric_version"))  # another form would tell it
    turns = turns.exclude(item__state=Item.State.WITHDRAWN).order_by("-submitted_at")
    drawn = min(
        turns.values_list("pk", flat=True)[:DRAWN_FROM], key=lambda pk: uniform(f"{setting.seed}:{pk}"), default=None
    )
    # Another sweep may have taken it since it was drawn: then there is nothing to do this time.
    return turns.filter(pk=drawn).select_related("reviewer").first() if drawn else None
