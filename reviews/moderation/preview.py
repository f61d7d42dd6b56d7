"""What an act would do, said before it is done. Nothing here locks: the act itself decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q

from feedback.accounts.models import Member
from feedback.datasets.models import DatasetVersion, PreferencePair, VersionRow
from feedback.judgements.models import Verdict
from feedback.judgements.record import criteria_of
from feedback.permissions import VERBS
from reviews.moderation.act import verdicts_of
from reviews.moderation.models import Action
from reviews.queues.models import Assignment, Item, Place
from reviews.queues.places import oldest_surplus

State = Assignment.State
VERSIONS = 20  # named; more are counted only


@dataclass
class Effects:
    """Sentences in the order in which things happen, and the dataset versions that were built with it."""

    sentences: list[str] = field(default_factory=list)
    versions: list[DatasetVersion] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


def of_invalidation(assignment: Assignment) -> Effects:
    """Which place opens or who fills it, which verdict ends, which datasets used it."""
    item, effects = assignment.item, Effects()
    if assignment.state == State.SURPLUS:
        effects.say("It was kept and never counted, so no place opens and no verdict changes.")
    elif item.state == Item.State.WITHDRAWN:
        effects.say("The item is withdrawn: its place closes and nobody else is asked.")
    elif oldest_surplus([item.pk]).exists():
        effects.say("A review that came too late and was kept counts in its place; nobody else is asked.")
    else:
        effects.say(f"One place of the item opens again: somebody new is asked. {willing_sentence(item)}")
    verdicts = [verdict for verdict in verdicts_of(item) if assignment.review_id in verdict.review_ids]
    if assignment.state == State.SUBMITTED:
        say_verdict(effects, verdicts)
    if item.state == Item.State.UNRESOLVED and assignment.state == State.SUBMITTED:
        effects.say("The open dispute waits until all reviews are in again.")
    say_versions(effects, item, verdicts)
    return effects


def of_restoring(assignment: Assignment) -> Effects:
    effects, item = Effects(), assignment.item
    open_places = Place.objects.filter(item=item, state=Place.State.OPEN)
    mine = Q(reserved_for__isnull=True) | Q(reserved_for=assignment.reviewer_id)
    if open_places.filter(mine).exists():
        effects.say("A place of the item is open, so the review counts again.")
        effects.say("When that completes the item, it is settled anew; a decision of a moderator is asked for again.")
    else:
        effects.say("No place of the item is open, so the review is kept beside the others and does not count for now.")
    return effects


def of_withdrawal(item: Item) -> Effects:
    effects = Effects()
    states = Place.objects.filter(item=item).values_list("state", flat=True)
    n_open, n_held = (list(states).count(state) for state in (Place.State.OPEN, Place.State.CLAIMED))
    effects.say(
        f"{number(n_open, 'open place')} closed; nobody else is asked." if n_open else "No place of it is open."
    )
    if n_held:
        effects.say(f"{number(n_held, 'person', 'people')} reviewing it right now may finish, and that counts.")
    say_kept(effects, item)
    return effects


def of_putting_back(item: Item) -> Effects:
    last = Action.objects.filter(item=item, kind=Action.Kind.WITHDRAW).order_by("-pk").first()
    k = last.k_before if last else item.queue.k
    effects = Effects([f"The item asks for {number(k, 'review')} again; it has {item.n_filled}."])
    if item.n_filled >= k:
        effects.say("All of them are in, so it is settled at the next sweep; the same reviews leave its verdict alone.")
    return effects


def of_asking_more(item: Item) -> Effects:
    effects = Effects(
        [f"The item asks for {number(item.k + 1, 'review')} instead of {item.k}. {willing_sentence(item)}"]
    )
    if oldest_surplus([item.pk]).exists():
        effects.say("A review that came too late and was kept counts at once.")
    else:
        say_verdict(effects, list(verdicts_of(item)))
    if item.state == Item.State.UNRESOLVED:
        effects.say("The dispute waits until the new review is in.")
    return effects


def of_reopening(item: Item) -> Effects:
    effects, verdicts = Effects(), list(verdicts_of(item))
    say_verdict(effects, verdicts)
    say_versions(effects, item, verdicts)
    return effects


def say_verdict(effects: Effects, verdicts: list[Verdict]) -> None:
    current = next((verdict for verdict in verdicts if verdict.is_current), None)
    if current is None:
        effects.say("No verdict stands on it, so none changes.")
    else:
        made = f"by {number(current.n_reviews, 'review')}, {current.get_method_display().lower()}"
        effects.say(f"The verdict of {current.created_at:%-d %B %Y} ({made}) ends at once and stays in the history.")
    if current is not None and current.method == Verdict.Method.ADJUDICATED:
        effects.say("A moderator decided it: the same dispute may have to be decided again.")


def say_kept(effects: Effects, item: Item) -> None:
    if any(verdict.is_current for verdict in verdicts_of(item)):
        effects.say("Its verdict stays: what was settled stays settled.")


def say_versions(effects: Effects, item: Item, verdicts: Iterable[Verdict]) -> None:
    effects.versions = list(versions_with(item, list(verdicts))[: VERSIONS + 1])
    n = len(effects.versions)
    if n:
        many = f"More than {VERSIONS}" if n > VERSIONS else str(n)
        effects.say(
            f"{many} dataset version{'s were' if n > 1 else ' was'} built with it and will not change: build new ones."
        )
    effects.versions = effects.versions[:VERSIONS]


def versions_with(item: Item, verdicts: list[Verdict]) -> list[DatasetVersion]:
    """Versions with a pair, a case or votes from one of these verdicts, the newest first."""
    ids = [verdict.pk for verdict in verdicts]
    if not ids:
        return []
    keys = [f"{pk}:{criterion.key}" for pk in ids for criterion in criteria_of(item.queue.rubric_version)]
    rows = VersionRow.objects.filter(version=OuterRef("pk"))
    used = (
        Exists(PreferencePair.objects.filter(version=OuterRef("pk"), verdict__in=ids))
        | Exists(rows.filter(kind=VersionRow.Kind.CASE, key__in=[str(pk) for pk in ids]))
        | Exists(rows.filter(kind=VersionRow.Kind.VOTES, key__in=keys))
    )
    found = DatasetVersion.objects.filter(used, project=item.project_id).select_related("dataset").order_by("-pk")
    return list(found[: VERSIONS + 1])


def willing(item: Item) -> int:
    """How many people could still take a place of the item."""
    turns = Assignment.objects.filter(item=item, reviewer=OuterRef("pk"))
    people = Member.objects.active().filter(project=item.project_id, role__in=VERBS["review"], user__isnull=False)
    return people.filter(~Exists(turns)).count()


def willing_sentence(item: Item) -> str:
    n = willing(item)
    return f"{number(n, 'person', 'people')} could take it." if n else "Nobody is left who has not had a turn at it."


def number(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
