"""How far each reviewer's answers can be relied on: answers are read, figures computed. For workers only.

Gold is measured by checks of gold alone, silent repeats by the two answers alone; every other figure leaves out reviews
of extra places, so that no figure moves because an item was gold (README, "Reliability").
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from feedback.accounts.models import Member
from feedback.judgements.models import Comparison, Rating, Review, Verdict
from feedback.responses.models import SubjectResponse
from feedback.rubrics.models import RANKED, Criterion
from feedback.statistics import reviewers
from feedback.statistics.aggregation import Votes
from feedback.statistics.reviewers import Choices, Figure, Sheet, Told
from feedback.statistics.screens import repeats
from feedback.text.hashes import fold
from reviews.quality.agreement import (
    Question,
    Turn,
    chunks,
    lengths_of,
    positions_of,
    questions_of,
    read_answers,
    read_spans,
    turns_of,
)
from reviews.quality.gold_models import GoldCheck
from reviews.quality.repeat_compare import counted
from reviews.quality.repeat_models import RepeatTurn

Kind = Criterion.Kind
Heartbeat = Callable[[], None]

STEPS = 5  # into which a scale of very many points is cut
SHORTEST = 15  # characters of a text that somebody would hardly write twice


@dataclass
class Columns:
    """Answers to one question with whom they are of, numbered as `people`."""

    question: Question
    people: Mapping[int, int]
    unit: Any = None
    rater: Any = None
    units: list[int] = field(default_factory=list)
    times: Any = None
    values: Any = None

    def __post_init__(self) -> None:
        """Of one person's answers on one item only the first counts."""
        if self.question.kind == Kind.SPANS:
            units, raters, values = marked(self.question)
            times = None
        else:
            units, raters = np.array(self.question.units), np.array(self.question.raters)
            values, times = np.array(self.question.values), np.array(self.question.times)
        known, unit = np.unique(units, return_inverse=True)
        rater = np.array([self.people[pk] for pk in raters.tolist()], dtype=np.int64)
        once = np.sort(np.unique(unit.astype(np.int64) * max(1, len(self.people)) + rater, return_index=True)[1])
        self.units, self.unit, self.rater, self.values = known.tolist(), unit[once], rater[once], values[once]
        self.times = None if times is None else times[once]

    def labelled(self) -> tuple[Any, list[str]]:
        """Each answer's class, and what the classes are called."""
        if self.question.kind == Kind.SPANS:
            return self.values.astype(np.int64), ["nothing marked", "marked"]
        if self.question.kind != Kind.SCALE:
            words = sorted(self.question.codes, key=self.question.codes.__getitem__)
            return self.values.astype(np.int64), [called(self.question.kind, word) for word in words]
        points = np.unique(np.concatenate([self.values, np.array(self.question.categories)]))
        if len(points) <= reviewers.CLASSES:
            return np.searchsorted(points, self.values), [f"{point:g}" for point in points]
        edges = np.linspace(points[0], points[-1], STEPS + 1)
        names = [f"{low:g} to {high:g}" for low, high in zip(edges, edges[1:], strict=False)]
        return np.clip(np.digitize(self.values, edges[1:-1]), 0, STEPS - 1), names

    def sheet(self, decided: Mapping[int, str]) -> tuple[Sheet, list[str]]:
        label, names = self.labelled()
        votes = Votes(self.unit, self.rater, label, len(self.units), len(self.people), len(names))
        place = {name: number for number, name in enumerate(names)}
        settled = np.array([place.get(decided.get(unit, ""), -1) for unit in self.units])
        score = self.values if self.question.kind == Kind.SCALE else None
        return Sheet(votes, self.times, score, settled), names


def marked(question: Question) -> tuple[Any, Any, Any]:
    """Whether each reviewer marked anything, by response."""
    rows = [
        (response, rater, float(bool(marks)))
        for (_, response), hands in question.texts.items()
        for rater, marks in hands.items()
    ]
    units, raters, values = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(units, dtype=np.int64), np.array(raters, dtype=np.int64), np.array(values)


def called(kind: str, word: str) -> str:
    """Of a comparison the responses by their place in the subject, whatever side they stood on."""
    return f"response {int(word) + 1}" if kind == Kind.COMPARISON and word.isdecimal() else word.replace("_", " ")


def compute(project_id: int, filters: Mapping[str, Any], heartbeat: Heartbeat) -> dict[str, Any]:
    """The result as it is stored; its shape is in README.md."""
    turns = turns_of(project_id, filters)
    found = questions_of(project_id, {turn.version for turn in turns.values()})
    wanted = filters.get("criterion")
    asked = [(question, ids) for question, ids in found if not wanted or question.key == wanted]
    found = [one for one in asked if one[0].kind not in RANKED]  # one order is no many answers
    by_criterion = {pk: question for question, ids in found for pk in ids}
    read_answers(project_id, turns, by_criterion, heartbeat)
    read_spans(project_id, turns, by_criterion, heartbeat)
    checks, twice = gold_checks(project_id, filters), said_again(project_id, filters)
    members = sorted({turn.reviewer for turn in turns.values()} | {reviewer for reviewer, _ in [*checks, *twice]})
    people = {pk: number for number, pk in enumerate(members)}
    told: dict[tuple[str, str], list[Told]] = {}
    classes: dict[tuple[str, str], list[str]] = {}
    for question, ids in found:
        heartbeat()
        place = (question.key, question.kind)
        told[place], classes[place] = measured(project_id, question, ids, people, turns)
        add_shares(told[place], question.key, people, checks, reviewers.gold)
        add_shares(told[place], question.key, people, twice, reviewers.again)
    if not wanted:
        told["", ""] = at_large(project_id, turns, people, list(told.values()), heartbeat)
    for question in (question for question, _ in asked if question.kind in RANKED):
        told[question.key, question.kind] = [Told() for _ in people]
        add_shares(told[question.key, question.kind], question.key, people, checks, reviewers.gold)
        add_shares(told[question.key, question.kind], question.key, people, twice, reviewers.again)
    labels = {(question.key, question.kind): question.label for question, _ in asked} | {("", ""): "All questions"}
    names = dict(Member.objects.filter(pk__in=members).values_list("pk", "pseudonym"))
    return {
        "n_reviews": len(turns),
        "n_reviewers": len(people),
        "classes": [{"key": key, "kind": kind, "names": named} for (key, kind), named in classes.items()],
        "rows": [
            row_of(names[pk], place, labels[place], one)
            for place, rows in told.items()
            for pk, one in zip(members, rows, strict=True)
            if any(figure.n for figure in one.figures)
        ],
    }


def row_of(name: str, place: tuple[str, str], label: str, told: Told) -> dict[str, Any]:
    row: dict[str, Any] = {
        "reviewer": name, "key": place[0], "kind": place[1], "label": label,
        "figures": [asdict(one) | {"is_sure": one.is_sure} for one in told.figures if one.n],
    }  # fmt: skip
    return row | ({"confusion": asdict(told.confusion)} if told.confusion else {})


def measured(
    project_id: int, question: Question, ids: Sequence[int], people: Mapping[int, int], turns: Mapping[int, Turn]
) -> tuple[list[Told], list[str]]:
    """One question's figures by reviewer, and its classes."""
    columns = Columns(question, people)
    if not len(columns.unit):
        return [Told() for _ in people], []
    sheet, names = columns.sheet(decided_by_moderators(project_id, question, columns.units))
    found = reviewers.told_of(sheet)
    if question.kind == Kind.COMPARISON:
        habits = reviewers.habits(choices_of(project_id, ids, people, turns), len(people))
        for told, figures in zip(found, habits, strict=True):
            told.figures += figures
    return found, names


def decided_by_moderators(project_id: int, question: Question, units: Sequence[int]) -> dict[int, str]:
    """Subject: the class that a moderator settled, as `labelled` calls it."""
    if question.kind in {Kind.SCALE, Kind.SPANS, Kind.MULTI_CHOICE, Kind.PER_TURN}:
        return {}
    rows = Verdict.objects.current().filter(project=project_id, method=Verdict.Method.ADJUDICATED)
    known, found = set(units), {}
    answers = {pk: said.get(question.key) for pk, said in rows.values_list("subject_id", "answers") if pk in known}
    places = positions_of(set(answers)) if question.kind == Kind.COMPARISON else {}
    for subject, answer in answers.items():
        if answer and answer.get("adjudicated"):
            value = answer.get("value") or answer.get("outcome")
            if value == "preferred":
                value = str(places.get((subject, answer["preferred"]), ""))
            found[subject] = called(question.kind, str(value or ""))
    return found


def choices_of(project_id: int, ids: Sequence[int], people: Mapping[int, int], turns: Mapping[int, Turn]) -> Choices:
    """Comparisons of two with a winner: who, whether it stood first, whether it was the longer one."""
    raters, firsts, longers = array("q"), array("d"), array("d")
    rows = Comparison.objects.filter(project=project_id, criterion__in=list(ids), preferred__isnull=False)
    for chunk in chunks(rows, ("review_id", "preferred_id", "review__shown_order"), lambda: None):
        kept = [(turns[review], preferred, order) for _, review, preferred, order in chunk if review in turns]
        pairs = pairs_of({turn.subject for turn, _, _ in kept})
        sizes = lengths_of([response for pair in pairs.values() for response in pair])
        for turn, preferred, order in kept:
            pair = pairs[turn.subject]
            if len(pair) != 2:
                continue
            mine, other = (sizes.get(pk, 0) for pk in sorted(pair, key=lambda pk: pk != preferred))
            raters.append(people[turn.reviewer])
            firsts.append(float(order[0] == preferred) if len(order) == 2 else np.nan)
            longers.append(float(mine > other) if mine != other else np.nan)
    return Choices(np.array(raters, dtype=np.int64), np.array(firsts), np.array(longers))


def pairs_of(subjects: set[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for subject, response in SubjectResponse.objects.filter(subject__in=subjects).values_list("subject", "response"):
        found[subject].append(response)
    return found


def gold_checks(project_id: int, filters: Mapping[str, Any]) -> Counter[tuple[int, str]]:
    """(Reviewer, criterion key) of every answer that was checked, and (reviewer, key + "+") of every right one."""
    rows = GoldCheck.objects.counted().filter(project=project_id)
    narrowing = {"queue": "gold__queue__key", "rubric_version": "gold__queue__rubric_version"}
    rows = rows.filter(**{lookup: filters[name] for name, lookup in narrowing.items() if filters.get(name)})
    if filters.get("days"):
        rows = rows.filter(created_at__gte=timezone.now() - timedelta(days=int(filters["days"])))
    if filters.get("people") == "imported" or filters.get("source"):
        return Counter()  # nobody gives gold to people of imports
    found: Counter[tuple[int, str]] = Counter()
    for reviewer, right in rows.values_list("reviewer_id", "right").iterator():
        for key, is_right in right.items():
            found[reviewer, key] += 1
            found[reviewer, f"{key}+"] += is_right
    return found


def said_again(project_id: int, filters: Mapping[str, Any]) -> Counter[tuple[int, str]]:
    """Every answer that was given twice, as `gold_checks` counts them."""
    rows = RepeatTurn.objects.answered().filter(project=project_id)
    narrowing = {"queue": "queue__key", "rubric_version": "first__review__rubric_version"}
    rows = rows.filter(**{lookup: filters[name] for name, lookup in narrowing.items() if filters.get(name)})
    if filters.get("days"):
        rows = rows.filter(place__assignment__submitted_at__gte=timezone.now() - timedelta(days=int(filters["days"])))
    if filters.get("people") == "imported" or filters.get("source"):
        return Counter()
    return counted(rows)


def add_shares(
    told: Sequence[Told], key: str, people: Mapping[int, int], counts: Mapping[tuple[int, str], int],
    figure: Callable[[int, int], Figure],
) -> None:  # fmt: skip
    """A share of one question by person: of gold that was right, of answers that were the same again."""
    for pk, number in people.items():
        if n := counts.get((pk, key), 0):
            told[number].figures.append(figure(counts.get((pk, f"{key}+"), 0), n))


def at_large(
    project_id: int, turns: Mapping[int, Turn], people: Mapping[int, int], told: Sequence[Sequence[Told]],
    heartbeat: Heartbeat,
) -> list[Told]:  # fmt: skip
    """What is not of one question: pace, and texts written again."""
    agreements = [[one.figures[0] for one in rows] for rows in told if rows and rows[0].figures]
    by_person = [Told() for _ in people]
    items, raters, times, stamps = array("q"), array("q"), array("d"), array("d")
    for chunk in chunks(Review.objects.filter(project=project_id, active_ms__gt=0), ("active_ms",), heartbeat):
        for pk, active in chunk:
            if turn := turns.get(pk):
                items.append(turn.subject)
                raters.append(people[turn.reviewer])
                times.append(active)
                stamps.append(turn.at)
    if items:
        agreed = reviewers.pooled(agreements, len(people))
        found = reviewers.paces(np.array(items), np.array(raters), np.array(times), np.array(stamps), agreed)
        for one, figures in zip(by_person, found, strict=True):
            one.figures += figures
    for person, figure in zip(by_person, written_again(project_id, turns, people, heartbeat), strict=True):
        person.figures.append(figure)
    return by_person


def written_again(
    project_id: int, turns: Mapping[int, Turn], people: Mapping[int, int], heartbeat: Heartbeat
) -> list[Figure]:
    """Texts and notes that the same person had written before, of those that are long enough to be their own words."""
    raters, again = array("q"), array("b")
    seen: set[tuple[int, int]] = set()

    def note(review: int, text: str) -> None:
        if (turn := turns.get(review)) and len(text) >= SHORTEST:
            words = (turn.reviewer, hash(fold(text)))
            raters.append(people[turn.reviewer])
            again.append(words in seen)
            seen.add(words)

    ratings = Rating.objects.filter(project=project_id, criterion__kind=Kind.TEXT).exclude(text="")
    for chunk in chunks(ratings, ("review_id", "text"), heartbeat):
        for _, review, text in chunk:
            note(review, text)
    for chunk in chunks(Review.objects.filter(project=project_id).exclude(note=""), ("note",), heartbeat):
        for review, text in chunk:
            note(review, text)
    found = repeats(np.array(raters, dtype=np.int64), np.array(again, dtype=bool), len(people))
    return [reviewers.share(one) for one in found]
