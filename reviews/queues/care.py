"""Looking after reviewers: what they are never given, and how fast a queue gives out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from feedback.accounts.models import Member, Project
from feedback.audit.log import record
from feedback.responses.models import Response
from reviews.queues.models import Front, OptOut, Queue
from reviews.queues.take import lock_front

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@transaction.atomic
def opt_out(member: Member, tags: Collection[str], **audited: Any) -> bool:
    """From here on the person is given nothing that has one of these tags; False when it was so already.

    Their claims wait for this and this waits for them, so none that did not know is under way when it returns. What
    they passed by because of a tag that is not among them any more lies behind their fronts: those begin anew.
    """
    for queue in member.project.queues.filter(takes_imports=False).order_by("pk"):
        lock_front(queue, member)
    known, wanted = set(member.opt_outs.values_list("tag", flat=True)), set(tags)
    if known == wanted:
        return False
    ended = member.opt_outs.exclude(tag__in=wanted)
    if ended.delete()[0]:
        Front.objects.filter(reviewer=member).update(pos=0, looked_at=None)
    made = [OptOut(project_id=member.project_id, member=member, tag=tag) for tag in sorted(wanted - known)]
    OptOut.objects.bulk_create(made, ignore_conflicts=True)
    record("opt-outs-changed", member, project=member.project, n=len(wanted), **audited)
    return True


def offered(member: Member) -> list[str]:
    """The tags that may be opted out of: the project's, and those the person asked for while they were among them."""
    own = member.opt_outs.order_by("tag").values_list("tag", flat=True)
    return list(dict.fromkeys([*member.project.sensitive_tags, *own]))


def sensitive(shown: list[Response], project: Project) -> list[str]:
    """The tags for which the texts are covered until they are asked for; of a set together, so that none stands out."""
    tags = {tag for response in shown for tag in response.tags}
    return [tag for tag in project.sensitive_tags if tag in tags]


def goes_on_at(queue: Queue, member: Member) -> datetime | None:
    """When the queue gives this person something again, if they have reached its cap for an hour or a day."""
    times = [over(queue, member, cap, span) for cap, span in ((queue.hourly_cap, HOUR), (queue.daily_cap, DAY)) if cap]
    return max((time for time in times if time), default=None)


def over(queue: Queue, member: Member, cap: int, span: timedelta) -> datetime | None:
    """When fewer than `cap` reviews lie within the span again; None when they do now."""
    lately = member.assignments.filter(queue=queue, submitted_at__gt=Now() - span).order_by("-submitted_at")
    times = list(lately.values_list("submitted_at", flat=True)[:cap])
    first = times[-1] if len(times) == cap else None
    return first + span if first else None
