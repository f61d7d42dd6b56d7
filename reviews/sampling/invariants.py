"""I8: a finished run's items are those that its rule version draws when asked again between the same bounds."""

from __future__ import annotations

from feedback.checks import Invariant
from feedback.jobs import Job
from feedback.responses.models import Subject
from reviews.queues.models import Item
from reviews.sampling.models import SamplingRun

# Filters over facts that change after a response came in: what matched then need not match now.
CHANGING = frozenset(
    {"verdict", "is_queued", "has_feedback", "feedback_below", "feedback_above", "consent", "tag"}
    | {"critic", "critic_version", "critic_label", "critic_below", "critic_above"}
    | {"min_cost", "max_cost", "min_latency_ms", "max_latency_ms"}
    | {"min_input_tokens", "max_input_tokens", "min_output_tokens", "max_output_tokens"}
)


def differing_runs() -> list[str]:
    """A sentence for each finished run that a second draw contradicts; rules over changing facts are left out."""
    runs = SamplingRun.objects.filter(state=Job.State.DONE).select_related(
        "rule_version__queue__rubric_version", "project"
    )
    return [sentence for run in runs.order_by("pk") if (sentence := difference(run))]


def difference(run: SamplingRun) -> str:
    if CHANGING & run.rule_version.filter.keys():
        return ""
    missing = own = 0
    for groups in run.population_draw().groups():
        keys = [Subject.key_of(group) for group in groups]
        found = Item.objects.filter(queue=run.rule_version.queue_id, subject__key__in=keys, earlier=None).values_list(
            "run_id", flat=True
        )
        missing += len(keys) - len(found)
        own += sum(run_id == run.pk for run_id in found)
    extra = Item.objects.filter(run_id=run.pk, earlier=None).count() - own
    return f"{run}: {missing} drawn responses have no item, {extra} items were not drawn." if missing or extra else ""


INVARIANTS = [
    Invariant("I8", "A sampling run with the same rule, seed and bounds draws the same items.", differing_runs),
]
