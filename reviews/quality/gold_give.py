"""Giving gold: a sweep keeps a few extra places ahead for every reviewer of a queue, on gold that they have not seen.

The n-th of a person comes up at a random one of the n-th 1/rate of their reviews, drawn by the setting's seed: after
any number of reviews the share is the rate, to within one item, and nobody can tell when the next is due.
"""

from __future__ import annotations

import hashlib
import logging
import math
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q

from feedback.accounts.models import Member
from feedback.permissions import VERBS
from reviews.quality.gold_models import GoldItem, GoldSetting, GoldTurn
from reviews.quality.repeat_models import RepeatSetting, RepeatTurn
from reviews.queues.extra import add_extra, database_time, overtaken, submits_since, withdraw_extra
from reviews.queues.models import Assignment, Front, Place, Queue

log = logging.getLogger(__name__)

AHEAD = 3  # places kept for a person beyond where they are: enough between two sweeps


def position(number: int, rate: float, seed: str, reviewer: int) -> int:
    """Before which of a person's reviews, counted from 0, the number-th gold item comes (numbers from 1)."""
    first, following = (math.floor(n / rate + 1e-9) for n in (number - 1, number))
    return first + math.floor(uniform(f"{seed}:{reviewer}:{number}") * max(following - first, 1))


def uniform(text: str) -> float:
    """In [0, 1), the same on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


def top_up_all() -> int:
    """The sweep: whoever has begun to review in a queue that gives gold; how many places were made."""
    made = 0
    settings = GoldSetting.objects.filter(is_on=True, queue__state=Queue.State.OPEN, project__archived_at__isnull=True)
    for setting in settings.select_related("queue"):
        for reviewer in reviewers_of(setting.queue):
            made += top_up(setting, reviewer)
    return made


def reviewers_of(queue: Queue) -> list[Member]:
    begun = Front.objects.filter(queue=queue, reviewer=OuterRef("pk"))
    rows = Member.objects.active().filter(Exists(begun), project=queue.project_id, role__in=VERBS["review"])
    return [member for member in rows.order_by("pk") if queue.admits(member)]


def top_up(setting: GoldSetting, reviewer: Member) -> int:
    """Keep AHEAD places for this person, as far as there is gold that they have not seen; how many were made."""
    kept = Place.objects.filter(queue=setting.queue_id, reserved_for=reviewer)
    withdraw_extra(Place.objects.filter(pk__in=overtaken(kept).values("pk")))
    waiting = kept.filter(is_extra=True, state=Place.State.OPEN, round=1).count()
    made = 0
    try:
        while waiting + made < AHEAD and keep_one(setting, reviewer):
            made += 1
    except IntegrityError:  # another sweep was here at the same moment: its places are as good
        log.info("queue %s: gold for member %s was kept by another sweep", setting.queue_id, reviewer.pk)
    return made


@transaction.atomic
def keep_one(setting: GoldSetting, reviewer: Member) -> GoldTurn | None:
    gold = next_gold(setting, reviewer)
    if gold is None:
        return None
    last = GoldTurn.objects.filter(queue=setting.queue_id, reviewer=reviewer).order_by("-number").first()
    number = last.number + 1 if last else 1
    after, since = due(setting, reviewer, last)
    place = add_extra(gold.item, reviewer, after_submits=after, since=since)
    if place is None:
        return None
    return GoldTurn.objects.create(
        project_id=setting.project_id,
        queue_id=setting.queue_id,
        gold=gold,
        reviewer=reviewer,
        number=number,
        place=place,
        after=after,
        since=since,
    )


def due(
    setting: GoldSetting | RepeatSetting, reviewer: Member, last: GoldTurn | RepeatTurn | None
) -> tuple[int, datetime]:
    """After how many submits from now the next one comes. Who was without for long does not get several at once."""
    now = database_time(reviewer)
    number = last.number + 1 if last else 1
    here = position(number, setting.rate, setting.seed, reviewer.pk)
    if last is None or last.since is None:
        return here, now
    gap = here - position(number - 1, setting.rate, setting.seed, reviewer.pk)
    after = last.after - submits_since(setting.queue_id, reviewer, last.since) + gap
    return (after if after >= 0 else gap), now


def next_gold(setting: GoldSetting, reviewer: Member) -> GoldItem | None:
    """The least used that this person has not seen and did not make; ties by the seed."""
    seen = Assignment.objects.filter(item=OuterRef("item"), reviewer=reviewer)
    kept = Place.objects.filter(item=OuterRef("item"), reserved_for=reviewer, is_extra=True)
    rows = GoldItem.objects.usable().filter(~Exists(seen), ~Exists(kept), queue=setting.queue_id)
    # Known under the version that everybody else is asked under: another form would tell it.
    rows = rows.filter(Q(item__kept_version=None) | Q(item__kept_version=F("queue__rubric_version")))
    uses: list[tuple[int, int]] = list(rows.exclude(made_by=reviewer).with_uses().values_list("n_uses", "pk"))  # type: ignore[misc]
    drawn = min(((n, uniform(f"{setting.seed}:{reviewer.pk}:{pk}"), pk) for n, pk in uses), default=None)
    return GoldItem.objects.select_related("item").get(pk=drawn[2]) if drawn else None
