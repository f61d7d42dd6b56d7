"""What an act would do, said before it is done. Nothing here locks: the act itself decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    if assignment.is_extra:
        effects.say("It was asked beside the reviews that the item needs: no state and no verdict changes.")
        return effects
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
    open_places = Place.objects.filter(item=item, state=Place.State.OPEN, is_extra=False)
    mine = Q(reserved_for__isnull=True) | Q(reserved_for=assignment.reviewer_id)
    if assignment.is_extra:
        effects.say("It was asked beside the reviews that the item needs: no state and no verdict changes.")
    elif open_places.filter(mine).exists():
        effects.say("A place of the item is open, so the review counts again.")
        effects.say("When that completes the item, it is settled anew; a decision of a moderator is asked for again.")
    else:
        effects.say("No place of the item is open, so the review is kept beside the others and does not count for now.")
    return effects


def of_withdrawal(item: Item) -> Effects:
    effects = Effects()
    states = Place.objects.filter(item=item, is_extra=False).values_list("state", flat=True)
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


def of_moving(item: Item) -> Effects:
    n = Place.objects.filter(item=item, state=Place.State.OPEN, is_extra=False).count()
    if not n:
        return Effects(["No place of it is open: nobody waits to be asked."])
    words = f"{number(n, 'open review')} of it {'changes' if n == 1 else 'change'} places in the line."
    return Effects([words, "Who is at the item now goes on."])


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


def of_invalidations(turns: Sequence[Assignment]) -> Effects:
    """The same for many reviews of one person, of one queue or several, counted."""
    effects, counted = Effects(), [turn for turn in turns if turn.state == State.SUBMITTED and not turn.is_extra]
    items = {turn.item_id: turn.item for turn in counted}
    others = oldest_surplus(items).exclude(pk__in=[turn.pk for turn in turns])
    kept = set(others.values_list("item_id", flat=True))
    gone = {pk for pk, item in items.items() if item.state == Item.State.WITHDRAWN}
    n_open = len(items.keys() - kept - gone)
    effects.say(
        f"{number(n_open, 'item')} to open again: somebody new is asked for each." if n_open else "No item opens again."
    )
    if n_kept := len(items.keys() & kept - gone):
        effects.say(f"In {number(n_kept, 'item')} a review that came too late and was kept counts in its place.")
    if n_left := len(turns) - len(counted):
        effects.say(
            f"{number(n_left, 'review')} did not count: nothing changes with {'it' if n_left == 1 else 'them'}."
        )
    verdicts = counting(turns)
    current = [verdict for verdict in verdicts if verdict.is_current]
    n_decided = sum(verdict.method == Verdict.Method.ADJUDICATED for verdict in current)
    if current:
        effects.say(f"{number(len(current), 'verdict')} to end at once; settled anew when the reviews are in again.")
    else:
        effects.say("No verdict stands on them, so none changes.")
    if n_decided:
        effects.say(f"A moderator decided {n_decided} of them: the same disputes may have to be decided again.")
    found = versions_of(turns[0].project_id, [verdict.pk for verdict in verdicts], keys_of(verdicts))
    say_found(effects, found, "them")
    return effects


def of_restorings(turns: Sequence[Assignment]) -> Effects:
    """How many of the reviews find an open place of their item, and how many are kept beside."""
    mine = Q(reserved_for__isnull=True) | Q(reserved_for__in={turn.reviewer_id for turn in turns})
    opened = Place.objects.filter(mine, item__in=[turn.item_id for turn in turns], state=Place.State.OPEN)
    found = set(opened.filter(is_extra=False).values_list("item_id", flat=True))
    n = sum(turn.item_id in found and not turn.is_extra for turn in turns)
    effects = Effects([f"{number(n, 'review')} to count again: a place of the item is open."])
    if n:
        effects.say("Items that this completes are settled anew; a decision of a moderator is asked for again.")
    if len(turns) > n:
        effects.say(f"{number(len(turns) - n, 'review')} to be kept beside the others, and not counted for now.")
    return effects


def counting(turns: Sequence[Assignment]) -> list[Verdict]:
    """Every verdict, standing or ended, that counted one of the reviews."""
    ids = {turn.review_id for turn in turns}
    queues = {(turn.item.queue.key, turn.item.rubric_version.pk) for turn in turns}
    rows = Verdict.objects.filter(
        project=turns[0].project_id,
        subject__in={turn.item.subject_id for turn in turns},
        origin__in={key for key, _ in queues},
    ).select_related("rubric_version")
    return [one for one in rows if ids & set(one.review_ids) and (one.origin, one.rubric_version_id) in queues]


def keys_of(verdicts: Iterable[Verdict]) -> list[str]:
    return [f"{one.pk}:{criterion.key}" for one in verdicts for criterion in criteria_of(one.rubric_version)]


def say_versions(effects: Effects, item: Item, verdicts: Iterable[Verdict]) -> None:
    say_found(effects, versions_with(item, list(verdicts)), "it")


def say_found(effects: Effects, versions: list[DatasetVersion], what: str) -> None:
    effects.versions = versions[: VERSIONS + 1]
    n = len(effects.versions)
    if n:
        many = f"More than {VERSIONS}" if n > VERSIONS else str(n)
        effects.say(
            f"{many} dataset version{'s were' if n > 1 else ' was'} built with {what} and will not change:"
            " build new ones."
        )
    effects.versions = effects.versions[:VERSIONS]


def versions_with(item: Item, verdicts: list[Verdict]) -> list[DatasetVersion]:
    """Versions with a pair, a case or votes from one of these verdicts, the newest first."""
    return versions_of(item.project_id, [verdict.pk for verdict in verdicts], keys_of(verdicts))


def versions_of(project_id: int, ids: list[int], keys: list[str]) -> list[DatasetVersion]:
    if not ids:
        return []
    rows = VersionRow.objects.filter(version=OuterRef("pk"))
    used = (
        Exists(PreferencePair.objects.filter(version=OuterRef("pk"), verdict__in=ids))
        | Exists(rows.filter(kind=VersionRow.Kind.CASE, key__in=[str(pk) for pk in ids]))
        | Exists(rows.filter(kind=VersionRow.Kind.VOTES, key__in=keys))
    )
    found = DatasetVersion.objects.filter(used, project=project_id).select_related("dataset").order_by("-pk")
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
