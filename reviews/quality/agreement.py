"""How far reviewers agree on each question: answers are read, coefficients computed. For workers only."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Case, QuerySet, When
from django.db.models.functions import Length
from scipy.sparse import csr_array

from feedback.accounts.models import Member
from feedback.judgements.models import Comparison, Rating, Review, Span
from feedback.responses.models import ResponseBody, SubjectResponse
from feedback.rubrics.definition import MOST_RANKED
from feedback.rubrics.models import RANKED, Criterion
from feedback.statistics.agreement import (
    Answers,
    Level,
    Weights,
    alpha,
    alpha_interval,
    coarse,
    cohen,
    fleiss,
    gwet,
    percent,
)
from feedback.statistics.agreement import tabulate as tabulated
from feedback.statistics.rankings import places
from feedback.statistics.spans import Text, compare
from reviews.quality.filters import AGREEMENT_KINDS, reviews_of
from reviews.sampling.suspects import rules_for_suspects

Kind = Criterion.Kind
CHUNK = 5_000
COMPARED = ("review_id", "criterion_id", "outcome", "preferred_id", "ranking")
GROUPS = 200  # rows of a breakdown at most, those with most in common
TURNS = 1_000_000  # so is each turn or step of a response; more than any has
PAIRS = MOST_RANKED * (MOST_RANKED - 1) // 2  # of a ranking, each two of its responses are an answer
ENOUGH = 30  # items with two answers, below which no coefficient is told

Heartbeat = Callable[[], None]
# How many reviews of each item the queue asks for: None of one that takes in what others asked for.
ASKED = Case(When(assignment__queue__takes_imports=False, then="assignment__queue__k"))


class Turn(NamedTuple):
    """Whose review it was, of what, and where it belongs."""

    subject: int
    reviewer: int
    version: int
    group: str
    at: float  # seconds


@dataclass
class Question:
    """One question's answers as columns: item, person, code or number; the group that each belongs to."""

    key: str
    label: str
    kind: str
    categories: list[float] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    units: array[int] = field(default_factory=lambda: array("q"))
    raters: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))
    groups: list[str] = field(default_factory=list)
    texts: dict[tuple[str, int], dict[int, list[tuple[int, int]]]] = field(default_factory=dict)

    def add(self, turn: Turn, value: float) -> None:
        self.units.append(turn.subject)
        self.raters.append(turn.reviewer)
        self.values.append(value)
        self.times.append(turn.at)
        self.groups.append(turn.group)

    def add_ranking(self, turn: Turn, place: Mapping[int, int]) -> None:
        """Each two of the responses, by their ids, are an item of their own, and belong to the subject. Of two that
        are neither the best nor the worst nothing was said.
        """
        for number, (one, other) in enumerate(combinations(sorted(place), 2)):
            gap = place[one] - place[other]
            if not gap and self.kind == Kind.BEST_WORST:
                continue
            word = "before" if gap < 0 else "after" if gap else "tie"
            self.add(turn._replace(subject=turn.subject * PAIRS + number), self.code(word))

    @property
    def counted(self) -> Any:
        """The values as they are counted: of typed numbers, which may all differ, in groups."""
        return coarse(self.values) if self.kind == Kind.SCALE else np.array(self.values)

    def clusters(self, units: Any) -> Any:
        """What these items belong to; None where each is on its own."""
        if self.kind == Kind.PER_TURN:
            return units // TURNS
        return units // PAIRS if self.kind in RANKED else None

    def add_turns(self, turn: Turn, said: Sequence[str]) -> None:
        """What was said of each turn ("3=good") is an item of its own, and belongs to the subject."""
        for number, _, word in (entry.partition("=") for entry in said):
            self.add(turn._replace(subject=turn.subject * TURNS + int(number)), self.code(word))

    def code(self, word: str) -> float:
        return self.codes.setdefault(word, len(self.codes))

    @property
    def levels(self) -> tuple[Level, Weights]:
        return ("ordinal", "ordinal") if self.kind == Kind.SCALE else ("nominal", "identity")


def compute(project_id: int, filters: Mapping[str, Any], heartbeat: Heartbeat) -> dict[str, Any]:
    """The result as it is stored; its shape is in README.md."""
    turns = turns_of(project_id, filters)
    found = questions_of(project_id, {turn.version for turn in turns.values()})
    by_criterion = {pk: question for question, ids in found for pk in ids}
    read_answers(project_id, turns, by_criterion, heartbeat)
    read_spans(project_id, turns, by_criterion, heartbeat)
    rows: list[dict[str, Any]] = []
    for question, _ in found:
        heartbeat()
        rows += by_pair(question) if filters.get("by") == "pair" else by_group(question)
    names = people(rows) if filters.get("by") == "pair" else {}
    for row in rows:
        row["group"] = " and ".join(names[int(pk)] for pk in row["group"].split("+")) if names else row["group"]
    return {
        "n_reviews": len(turns),
        "n_reviewers": len({turn.reviewer for turn in turns.values()}),
        "rows": rows,
    }


def turns_of(project_id: int, filters: Mapping[str, Any]) -> dict[int, Turn]:
    """Reviews that count, by id. Of an item that was given more reviews than its queue asks for, only as many as that:
    the others were asked for because the first disagreed. A queue for imports asks for nothing: there all count.
    """
    reviews = narrowed(reviews_of(project_id, filters), project_id, filters)
    group = {"queue": "origin", "rubric_version": "rubric_version_id", "stratum": "assignment__item__stratum"}
    names: list[Any] = ["pk", "subject_id", "reviewer_id", "rubric_version_id", "origin", ASKED, "submitted_at"]
    columns = [*names, group.get(str(filters.get("by")), "pk")]
    seen: Counter[tuple[int, str]] = Counter()
    weeks: dict[tuple[int, str], str] = {}
    turns: dict[int, Turn] = {}
    is_all = filters.get("drawn") == "all"
    for pk, subject, reviewer, version, origin, k, at, of in reviews.order_by("pk").values_list(*columns).iterator():
        seen[subject, origin] += 1
        of = weeks.setdefault((subject, origin), monday(at)) if filters.get("by") == "week" else of
        if is_all or k is None or seen[subject, origin] <= k:
            name = str(of) if filters.get("by") in {*group, "week"} else ""
            turns[pk] = Turn(subject, reviewer, version, name, at.timestamp())
    return turns


def monday(at: datetime) -> str:
    """The day on which the week of an item's first review began, in UTC."""
    day = at.astimezone(UTC).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def narrowed(reviews: QuerySet[Review], project_id: int, filters: Mapping[str, Any]) -> QuerySet[Review]:
    if filters.get("stratum"):
        reviews = reviews.filter(assignment__item__stratum=filters["stratum"])
    if filters.get("drawn") != "all":
        reviews = reviews.exclude(assignment__item__rule_label__in=rules_for_suspects(project_id))
        reviews = reviews.filter(assignment__is_extra=False)
    return reviews


def questions_of(project_id: int, versions: set[int]) -> list[tuple[Question, list[int]]]:
    """The questions of these rubric versions, and their rows: one question keeps its key over versions."""
    rows = Criterion.objects.filter(project=project_id, rubric_version__in=versions, kind__in=AGREEMENT_KINDS)
    found: dict[tuple[str, str], tuple[Question, list[int]]] = {}
    for row in rows.order_by("rubric_version_id", "position"):
        question, ids = found.setdefault((row.key, row.kind), (Question(row.key, row.label, row.kind), []))
        question.label = row.label
        ids.append(row.pk)
        prepare(question, row)
    return list(found.values())


def prepare(question: Question, row: Criterion) -> None:
    """All values that could be given, so that one that nobody chose counts too."""
    words = [choice["value"] for choice in row.options.get("choices", [])]
    if row.kind == Kind.YES_NO:
        words = ["yes", "no"]
    elif row.kind == Kind.COMPARISON:
        words = ["0", "1", "tie"]
    elif row.kind in RANKED:
        words = ["before", "after", *(["tie"] if row.options.get("ties") else [])]
    elif row.kind == Kind.SCALE:
        low, high = row.options.get("min", 1), row.options.get("max", 5)
        question.categories = [float(step) for step in range(int(low), int(high) + 1)] if high - low <= 20 else []
        return
    if row.kind != Kind.MULTI_CHOICE:
        question.categories = sorted({*question.categories, *(question.code(word) for word in words)})


def chunks(rows: QuerySet[Any], columns: Sequence[str], heartbeat: Heartbeat) -> Iterator[list[tuple[Any, ...]]]:
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", *columns)[:CHUNK]):
        last = chunk[-1][0]
        heartbeat()
        yield chunk


def read_answers(
    project_id: int, turns: Mapping[int, Turn], questions: Mapping[int, Question], heartbeat: Heartbeat
) -> None:
    ratings = Rating.objects.filter(project=project_id, criterion__in=list(questions))
    for chunk in chunks(ratings, ("review_id", "criterion_id", "value", "number", "chosen"), heartbeat):
        for _, review, criterion, value, number, chosen in chunk:
            if turn := turns.get(review):
                question = questions[criterion]
                if question.kind == Kind.SCALE:
                    question.add(turn, number)
                elif question.kind == Kind.PER_TURN:
                    question.add_turns(turn, chosen)
                else:
                    question.add(turn, question.code("+".join(chosen) if chosen is not None else value))
    comparisons = Comparison.objects.filter(project=project_id, criterion__in=list(questions))
    for chunk in chunks(comparisons, COMPARED, heartbeat):
        kept = [row for row in chunk if row[1] in turns]
        positions = positions_of({turns[row[1]].subject for row in kept})
        for _, review, criterion, outcome, preferred, ranking in kept:
            question, turn = questions[criterion], turns[review]
            if ranking:
                question.add_ranking(turn, places(ranking))
            else:
                question.add(turn, question.code(str(positions[turn.subject, preferred]) if preferred else outcome))


def positions_of(subjects: set[int]) -> dict[tuple[int, int], int]:
    rows = SubjectResponse.objects.filter(subject__in=subjects).values_list("subject_id", "response_id", "position")
    return {(subject, response): position for subject, response, position in rows}


def read_spans(
    project_id: int, turns: Mapping[int, Turn], questions: Mapping[int, Question], heartbeat: Heartbeat
) -> None:
    """Everybody who reviewed has looked, also who marked nothing. Marks in source texts are no part of this."""
    asked = {pk: question for pk, question in questions.items() if question.kind == Kind.SPANS}
    if not asked:
        return
    versions: dict[int, list[int]] = defaultdict(list)
    for version, pk in Criterion.objects.filter(pk__in=list(asked)).values_list("rubric_version_id", "pk"):
        versions[version].append(pk)
    responses = responses_of({turn.subject for turn in turns.values() if turn.version in versions})
    for turn in turns.values():
        for pk in versions.get(turn.version, []):
            for response in responses[turn.subject]:
                asked[pk].texts.setdefault((turn.group, response), {}).setdefault(turn.reviewer, [])
    spans = Span.objects.filter(project=project_id, criterion__in=list(asked), marked_passage=None)
    for chunk in chunks(spans, ("review_id", "criterion_id", "response_id", "start", "end"), heartbeat):
        for _, review, criterion, response, start, end in chunk:
            if review in turns:
                turn = turns[review]
                asked[criterion].texts[turn.group, response][turn.reviewer].append((start, end))


def responses_of(subjects: set[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    ids = sorted(subjects)
    for start in range(0, len(ids), CHUNK):
        rows = SubjectResponse.objects.filter(subject__in=ids[start : start + CHUNK])
        for subject, response in rows.values_list("subject_id", "response_id"):
            found[subject].append(response)
    return found


def by_group(question: Question) -> list[dict[str, Any]]:
    if question.kind == Kind.SPANS:
        return spans_rows(question)
    units, raters, values = np.array(question.units), np.array(question.raters), question.counted
    names, group = np.unique(np.array(question.groups, dtype=str), return_inverse=True)
    rows = []
    for number, name in enumerate(names[:GROUPS]):
        of = group == number
        answers = tabulated(units[of], raters[of], values[of], question.categories, question.clusters(units[of]))
        rows.append(row_of(question, str(name), answers))
    return rows


def row_of(question: Question, group: str, answers: Answers) -> dict[str, Any]:
    """All coefficients of one question in one group; None where there is none, and why."""
    both, (level, weights) = answers.pairable, question.levels
    row: dict[str, Any] = {
        "key": question.key, "label": question.label, "kind": question.kind, "group": group,
        "n_items": both.n_clusters, "n_answers": both.n_answers, "n_raters": answers.n_raters,
        "n_repeated": answers.n_repeated, "undefined": answers.undefined, "percent": percent(answers),
        "level": level,
    }  # fmt: skip
    if not row["undefined"] and both.n_clusters < ENOUGH:
        row["undefined"] = "few"
    value = None if row["undefined"] else alpha(answers, level)
    interval = None if row["undefined"] else alpha_interval(answers, level)
    corrected = gwet(answers, weights) if row["undefined"] in {"", "all_same"} else None
    kappa = None if row["undefined"] else fleiss(answers, weights)
    return row | {
        "alpha": value,
        "low": interval and interval.low,
        "high": interval and interval.high,
        "alpha_interval": alpha(answers, "interval") if question.kind == Kind.SCALE and value is not None else None,
        "ac": corrected and corrected.value,
        "kappa": kappa and kappa.value,
    }


def spans_rows(question: Question) -> list[dict[str, Any]]:
    """Whether anything was marked, as any yes or no, and what, by characters and stretches."""
    groups: dict[str, list[tuple[int, dict[int, list[tuple[int, int]]]]]] = defaultdict(list)
    for (group, response), marks in question.texts.items():
        groups[group].append((response, marks))
    return [spans_row(question, group, texts) for group, texts in sorted(groups.items())[:GROUPS]]


def spans_row(
    question: Question, group: str, texts: Sequence[tuple[int, Mapping[int, list[tuple[int, int]]]]]
) -> dict[str, Any]:
    cells = [(response, rater, float(bool(marks))) for response, hands in texts for rater, marks in hands.items()]
    units, raters, values = zip(*cells, strict=True)
    row = row_of(question, group, tabulated(units, raters, values, [0, 1]))
    lengths = lengths_of([response for response, hands in texts if len(hands) > 1])
    found = compare([Text(lengths.get(response, 0), list(hands.values())) for response, hands in texts])
    interval = found.interval() if row["n_items"] >= ENOUGH else None
    return row | {
        "characters": found.alpha if interval else None,
        "characters_low": interval and interval.low,
        "characters_high": interval and interval.high,
        "f1": found.f1._asdict() if found.f1 else None,
    }


def lengths_of(responses: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(responses), CHUNK):
        rows = ResponseBody.objects.filter(pk__in=responses[start : start + CHUNK])
        found |= dict(rows.annotate(size=Length("output")).values_list("pk", "size"))
    return found


def by_pair(question: Question) -> list[dict[str, Any]]:
    """Two people at a time over what both answered, with Cohen's kappa; the pairs with most in common."""
    if not len(question.units):
        return []
    units, unit = np.unique(np.array(question.units), return_inverse=True)
    raters, rater = np.unique(np.array(question.raters), return_inverse=True)
    values = np.full((len(units), len(raters)), np.nan) if len(units) * len(raters) <= 50_000_000 else None
    if values is None:
        return []
    values[unit[::-1], rater[::-1]] = question.counted[::-1]
    answered = csr_array(~np.isnan(values)).astype(float)
    common = np.triu((answered.T @ answered).toarray(), k=1)
    rows = []
    for place in np.argsort(-common, axis=None, kind="stable")[:GROUPS]:
        one, other = divmod(int(place), len(raters))
        if common[one, other] < 1:
            break
        both = ~np.isnan(values[:, one]) & ~np.isnan(values[:, other])
        pair = np.concatenate([values[both, one], values[both, other]])
        n = int(both.sum())
        items, clusters = np.tile(np.arange(n), 2), question.clusters(np.tile(units[both], 2))
        answers = tabulated(items, np.repeat([0, 1], n), pair, question.categories, clusters)
        row = row_of(question, f"{raters[one]}+{raters[other]}", answers)
        rows.append(row | {"kappa": None if row["undefined"] else cohen(pair[:n], pair[n:])})
    return rows


def people(rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Pseudonyms: who they are is told on the pages of reviewers."""
    ids = {int(pk) for row in rows for pk in row["group"].split("+")}
    return dict(Member.objects.filter(pk__in=ids).values_list("pk", "pseudonym"))
