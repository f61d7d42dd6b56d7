"""What critics propose to mark, in queues that show the critic: what was shown, and what became of it.

The turn keeps what it was first shown (`Assignment.visible`), so that a reload shows the same and the review says so,
whatever critics send meanwhile. A proposal is accepted when a mark of the review stands exactly there, rejected when
its reviewer said so, and else left open.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from feedback.critics.models import Assessment
from feedback.responses.models import Response
from feedback.rubrics.models import Criterion
from reviews.queues.models import Assignment

PROPOSALS = "proposals"
ACCEPTED, REJECTED = "accepted", "rejected"
PLACE = ("response", "start", "end")
Proposal = dict[str, Any]


def key_of(proposal: Proposal) -> str:
    """Its name on the page."""
    return f"{proposal['assessment']}.{proposal['span']}"


def proposals_of(
    assignment: Assignment, shown: list[Response], criteria: tuple[Criterion, ...]
) -> list[dict[str, Any]]:
    """The proposals of the turn with their words, in the order of the text; none where the queue hides the critic."""
    spans = next((criterion for criterion in criteria if criterion.kind == Criterion.Kind.SPANS), None)
    if not assignment.visible.get("critic") or spans is None:
        return []
    said = {row.pk: row for row in Assessment.objects.of(shown)}
    if PROPOSALS not in assignment.visible:
        keep(assignment, fresh(said.values(), kinds_of(spans)))
    found = [worded(proposal, said.get(proposal["assessment"]), spans) for proposal in assignment.visible[PROPOSALS]]
    return [proposal for proposal in found if proposal]


def fresh(said: Collection[Assessment], kinds: set[str]) -> list[Proposal]:
    """Of each critic the newest version that judged the response, and only kinds that the rubric knows."""
    newest: dict[tuple[int, int], Assessment] = {}
    for row in said:
        newest.setdefault((row.version.critic_id, row.response_id), row)
    found = [
        {"assessment": row.pk, "span": number, "response": row.response_id, "start": span["start"], "end": span["end"],
         "answer": None}
        for row in newest.values()
        for number, span in enumerate(row.spans)
        if span["kind"] in kinds
    ]  # fmt: skip
    return sorted(found, key=lambda one: [one[name] for name in PLACE])


def keep(assignment: Assignment, proposals: list[Proposal]) -> None:
    """Write down what is shown, unless another tab was first."""
    wanted = {**assignment.visible, PROPOSALS: proposals}
    mine = Assignment.objects.filter(pk=assignment.pk)
    if not mine.exclude(visible__has_key=PROPOSALS).update(visible=wanted):
        wanted = mine.values_list("visible", flat=True).get()
    assignment.visible = wanted


def worded(proposal: Proposal, said: Assessment | None, spans: Criterion) -> dict[str, Any] | None:
    """With what its critic says of it; None once the words are erased."""
    if said is None or proposal["span"] >= len(said.spans):
        return None
    span = said.spans[proposal["span"]]
    severities = [entry["value"] for entry in spans.options.get("severities", [])]
    severity = span.get("severity", "")
    return {
        **proposal,
        "key": key_of(proposal),
        "critic": str(said.version),
        "quote": span["quote"],
        "kind": span["kind"],
        "kind_label": next(kind["label"] for kind in spans.options["kinds"] if kind["value"] == span["kind"]),
        "severity": severity if severity in severities else next(iter(severities), ""),
        "note": span.get("note", ""),
    }


def kinds_of(spans: Criterion) -> set[str]:
    return {kind["value"] for kind in spans.options["kinds"]}


def decided(visible: dict[str, Any], marks: list[Any], rejected: Collection[str]) -> dict[str, Any]:
    """What was visible, with an answer to each proposal."""
    if PROPOSALS not in visible:
        return visible
    return {**visible, PROPOSALS: [answered(proposal, marks, rejected) for proposal in visible[PROPOSALS]]}


def answered(proposal: Proposal, marks: list[Any], rejected: Collection[str]) -> Proposal:
    place = [proposal[name] for name in PLACE]
    if any([mark.get(name) for name in PLACE] == place for mark in marks if not mark.get("passage")):
        return {**proposal, "answer": ACCEPTED}
    return {**proposal, "answer": REJECTED if key_of(proposal) in rejected else None}


def rejected_of(visible: dict[str, Any]) -> str:
    """As the page's form keeps them."""
    return " ".join(key_of(one) for one in visible.get(PROPOSALS, ()) if one["answer"] == REJECTED)
