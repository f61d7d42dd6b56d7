"""Making gold: by hand, from verdicts, from an import; revising what is expected; taking an item out of use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.judgements.answers import check_answers
from feedback.judgements.material import cited_passages, material_of, with_turns
from feedback.judgements.models import Verdict
from feedback.judgements.record import criteria_of
from feedback.judgements.refusal import AnswersRefused
from feedback.rubrics.models import Criterion
from reviews.quality.gold_match import UNCHECKED, default_tolerance, most_room
from reviews.quality.gold_models import GoldItem, GoldRevision
from reviews.quality.tally import VOTED
from reviews.queues.extra import withdraw_extra
from reviews.queues.models import Item, Place, Queue

Kind, State = Criterion.Kind, GoldItem.State
ENOUGH = 3  # reviewers who all said the same


class GoldRefused(ValueError):
    """The item cannot be gold, or cannot become what was asked; the message says why."""


def checked_answers(item: Item, answers: Any) -> dict[str, Any]:
    """The expected answers in canonical shape; any criterion may be left out. AnswersRefused says what is wrong."""
    if not isinstance(answers, dict):
        raise AnswersRefused([{"pointer": "", "detail": "Give the expected answers by question."}])
    criteria = criteria_of(item.rubric_version)
    known = {criterion.key for criterion in criteria}
    given = [c for c in criteria if c.key in answers and c.kind not in UNCHECKED]
    kept = {key: value for key, value in answers.items() if key not in known or key in {c.key for c in given}}
    material = with_turns(material_of(item.subject, cited_passages(kept)), given)
    found = check_answers(material, given, kept).answers
    if not found:
        raise AnswersRefused([{"pointer": "", "detail": "Give at least one expected answer that can be compared."}])
    return found


def checked_tolerance(item: Item, given: Any) -> dict[str, float]:
    """By criterion; what is not said is the default of its kind."""
    criteria = criteria_of(item.rubric_version)
    default, most = default_tolerance(criteria), {criterion.key: most_room(criterion) for criterion in criteria}
    errors = []
    for key, value in (given or {}).items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if key not in default or not is_number or not 0 <= value <= max(1_000, most[key]):
            errors.append(
                {"pointer": f"/tolerance/{key}", "detail": "Give a number, of a scale, a set, a ranking or marks."}
            )
    if errors:
        raise AnswersRefused(errors)
    return default | {key: float(value) for key, value in (given or {}).items()}


@transaction.atomic
def make(
    item: Item, answers: Any, by: Member, *, origin: str = GoldItem.Origin.HAND, tolerance: Any = None, why: str = ""
) -> GoldItem:
    """Make the item gold. Raises AnswersRefused, and GoldRefused when it is gold already."""
    expected, room = checked_answers(item, answers), checked_tolerance(item, tolerance)
    gold, is_new = GoldItem.objects.get_or_create(
        item=item, defaults={"project_id": item.project_id, "queue": item.queue, "origin": origin, "made_by": by}
    )
    if not is_new:
        raise GoldRefused("This item is gold already: revise what is expected of it.")
    Item.objects.filter(pk=item.pk, kept_version=None).update(
        kept_version=item.rubric_version
    )  # what it is known under
    write(gold, 1, expected, room, by, why)
    record("gold-made", gold, actor=by, origin=origin, item=item.pk)
    return gold


def write(gold: GoldItem, number: int, answers: dict[str, Any], tolerance: Any, by: Member, why: str) -> GoldRevision:
    return GoldRevision.objects.create(
        project_id=gold.project_id,
        gold=gold,
        number=number,
        answers=answers,
        tolerance={key: value for key, value in tolerance.items() if key in answers},
        explanation=why,
        made_by=by,
    )


@transaction.atomic
def revise(gold: GoldItem, answers: Any, by: Member, *, tolerance: Any = None, why: str = "") -> GoldRevision:
    """Expect something else from now on. Earlier checks stay as they were made, and count against nobody any more."""
    gold = locked(gold)
    expected, room = checked_answers(gold.item, answers), checked_tolerance(gold.item, tolerance)
    found = write(gold, gold.revision.number + 1, expected, room, by, why)
    change(gold, State.ACTIVE, by, "gold-revised")
    return found


@transaction.atomic
def confirm(gold: GoldItem, by: Member) -> None:
    """The expected answer was right: it is given again, and what it says of reviewers counts."""
    gold = locked(gold)
    if gold.state != State.QUESTIONED:
        raise GoldRefused("Only a questioned item can be confirmed.")
    change(gold, State.ACTIVE, by, "gold-confirmed")


@transaction.atomic
def retire(gold: GoldItem, by: Member | str) -> None:
    """Out of use for good. Its checks stay, and count against nobody any more."""
    gold = locked(gold)
    if gold.state != State.RETIRED:
        change(gold, State.RETIRED, by, "gold-retired")
        stop_giving(gold)


@transaction.atomic
def question(gold: GoldItem) -> bool:
    """Out of use until a moderator has looked; False when it is not in use."""
    gold = locked(gold)
    if gold.state != State.ACTIVE:
        return False
    change(gold, State.QUESTIONED, "system", "gold-questioned")
    stop_giving(gold)
    return True


def locked(gold: GoldItem) -> GoldItem:
    rows = GoldItem.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("item__queue__rubric_version", "item__subject").get(pk=gold.pk)


def change(gold: GoldItem, state: str, by: Member | str, verb: str) -> None:
    trusted = {"trusted_at": Now()} if state == State.ACTIVE else {}
    GoldItem.objects.filter(pk=gold.pk).update(state=state, **trusted)
    record(verb, gold, actor=by, before=gold.state, after=state)


def stop_giving(gold: GoldItem) -> None:
    withdraw_extra(Place.objects.filter(gold_turn__gold=gold))


def recommended(queue: Queue, most: int = 100) -> list[Verdict]:
    """Verdicts that are safe enough to expect from others, newest first: settled by a moderator, or three and more
    reviewers of one mind on every question that is voted on.
    """
    gold = GoldItem.objects.filter(item__subject=OuterRef("subject"), queue=queue)
    rows: QuerySet[Verdict] = Verdict.objects.current().filter(
        ~Exists(gold), project=queue.project_id, origin=queue.key, rubric_version=queue.rubric_version_id
    )
    found = rows.select_related("subject").order_by("-pk")[: 10 * most]
    return [verdict for verdict in found if is_safe(verdict) and expected_of(queue, verdict)][:most]


def is_safe(verdict: Verdict) -> bool:
    if verdict.method == Verdict.Method.ADJUDICATED:
        return True
    voted = [answer for answer in verdict.answers.values() if answer["kind"] in VOTED and answer["n"]]
    return verdict.n_reviews >= ENOUGH and bool(voted) and all(answer["share"] == 1 for answer in voted)


def expected_of(queue: Queue, verdict: Verdict) -> dict[str, Any]:
    """What a verdict lets us expect: the settled values, the nearest point of a scale; of marks only their absence."""
    found: dict[str, Any] = {}
    for criterion in criteria_of(queue.rubric_version):
        answer = verdict.answers.get(criterion.key, {})
        if answer.get("asked") is False:
            continue
        value = expected_value(criterion, answer)
        if value is not None:
            found[criterion.key] = value
    return found


def expected_value(criterion: Criterion, answer: dict[str, Any]) -> Any:
    if criterion.kind in UNCHECKED:
        return None
    if criterion.kind == Kind.SCALE:
        return nearest(criterion.options, answer["mean"]) if answer.get("mean") is not None else None
    if criterion.kind == Kind.SPANS:
        return [] if answer.get("value") == "no" else None
    if criterion.kind != Kind.COMPARISON:
        return answer.get("value")
    if answer.get("outcome") == "preferred":
        strength = min(max(round(answer.get("strength") or 1), 1), int(criterion.options.get("strengths", 1)))
        return {"outcome": "preferred", "preferred": answer["preferred"], "strength": strength}
    return {"outcome": answer["outcome"]} if answer.get("outcome") else None


def nearest(options: dict[str, Any], mean: float) -> float:
    step = options.get("step", 1)
    point = round(options["min"] + round((mean - options["min"]) / step) * step, 9)
    return int(point) if float(point).is_integer() else point


def make_from_verdicts(queue: Queue, verdict_ids: Iterable[int], by: Member) -> int:
    """Make the items of these recommended verdicts gold; how many were."""
    wanted, made = set(verdict_ids), 0
    for verdict in recommended(queue):
        if verdict.pk in wanted:
            item = (
                queue.items.newest().select_related("queue__rubric_version", "subject").get(subject=verdict.subject_id)
            )
            make(item, expected_of(queue, verdict), by, origin=GoldItem.Origin.VERDICT)
            made += 1
    return made
