"""Models or prompt versions rated from comparisons: the votes are read, the figures computed. For workers only."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Length

from feedback.judgements.models import Comparison
from feedback.prompts.models import PromptVersion
from feedback.responses.models import LanguageModel, ResponseBody, SubjectResponse
from feedback.responses.tags import HasTag
from feedback.rubrics.models import Criterion
from feedback.statistics.preference import Control, Effect, Ratings, Votes, expected_share, islands, length_ratio, rate
from feedback.statistics.rankings import places
from feedback.statistics.ranks import rank_intervals, triads
from reviews.quality.filters import reviews_of

CHUNK = 2_000  # comparisons
KIND = "criterion__kind"
CAST = ("outcome", "preferred_id", "ranking", KIND)
MOST = 200  # contestants that are rated, those with the most votes
Z = 1.959964


class Contestant(NamedTuple):
    """Who stands behind a response, and how long that is."""

    of: int
    length: int


class Bout(NamedTuple):
    """One side against the other: 1 when the first won, ½ for a tie. All bouts of one comparison weigh 1 together."""

    first: int
    second: int
    outcome: float
    weight: float


@dataclass
class Collected:
    """Votes as columns, which stay small whatever their number."""

    columns: dict[str, array[Any]] = field(
        default_factory=lambda: {
            **{name: array("q") for name in ("left", "right", "subject", "reviewer")},
            **{name: array("d") for name in ("outcome", "weight", "length", "shown")},
        }
    )
    n_comparisons: int = 0
    n_same: int = 0
    n_unnamed: int = 0

    def add(self, **values: float) -> None:
        for name, value in values.items():
            self.columns[name].append(value)

    def column(self, name: str) -> Any:
        return np.array(self.columns[name])


def compute(project_id: int, filters: Mapping[str, Any], heartbeat: Callable[[], None]) -> dict[str, Any]:
    """The result as it is stored; its shape is in README.md."""
    collected = collect(project_id, filters, heartbeat)
    ids, places = np.unique(
        np.concatenate([collected.column("left"), collected.column("right")]).astype(np.int64), return_inverse=True
    )
    rows = len(collected.columns["left"])
    votes = Votes.of(
        places[:rows], places[rows:], collected.column("outcome"), collected.column("subject"),
        collected.column("weight"), collected.column("length"), collected.column("shown"),
    )  # fmt: skip
    found: dict[str, Any] = {
        "n_comparisons": collected.n_comparisons,
        "n_same": collected.n_same,
        "n_unnamed": collected.n_unnamed,
        "rows": [],
    }
    if not rows:
        return found
    reviewer = collected.column("reviewer")
    kept, left_out = rated_of(votes, len(ids))
    inside = np.isin(votes.left, kept) & np.isin(votes.right, kept)
    votes, reviewer = votes.only(inside), reviewer[inside]
    renumbered = np.full(len(ids), -1)
    renumbered[kept] = np.arange(len(kept))
    votes = replace(votes, left=renumbered[votes.left], right=renumbered[votes.right])
    names = names_of(filters, [int(ids[place]) for place in range(len(ids))])
    heartbeat()
    return found | {
        "n_votes": len(votes),
        "n_subjects": votes.subjects,
        "n_reviewers": len(np.unique(reviewer)),
        "left_out": sorted(names[int(ids[place])] for place in left_out),
        **rated(votes, reviewer, [names[int(ids[place])] for place in kept], str(filters.get("baseline", ""))),
    }


def rated_of(votes: Votes, n: int) -> tuple[Any, Any]:
    """The contestants that can be held against one another, and the others."""
    counts = np.bincount(np.concatenate([votes.left, votes.right]), minlength=n)
    busiest = np.sort(np.argsort(-counts, kind="stable")[:MOST])
    among = votes.only(np.isin(votes.left, busiest) & np.isin(votes.right, busiest))
    kept = islands(among, n)[0]
    return kept, np.setdiff1d(np.arange(n), kept)


def rated(votes: Votes, reviewer: Any, names: Sequence[str], baseline: str) -> dict[str, Any]:
    n = len(names)
    controls: list[Control] = ["position"] if votes.shown.any() else []
    main, plain = rate(votes, n, controls=controls), rate(votes, n)
    long = rate(votes, n, controls=[*controls, "length"])
    effects = dict(long.controls) | dict(main.controls)
    if "position" in main.controls:  # leaning to one side is a habit of people: its error is over them
        by_person = rate(replace(votes, subject=reviewer), n, controls=controls).controls
        effects["position"] = by_person.get("position", effects["position"])
    counted = triads(votes, n)
    start = names.index(baseline) if baseline in names else None
    return {
        "tie": main.tie,
        "is_ridged": main.is_ridged,
        "not_told_apart": sorted({*main.not_told_apart, *long.not_told_apart}),
        "has_position": bool(controls),
        "effects": {name: told(effect) for name, effect in sorted(effects.items())},
        "triads": {"complete": counted.complete, "circular": counted.circular},
        "baseline": baseline if start is not None else "",
        "rows": rows_of(votes, names, main, plain, long, start),
    }


def told(effect: Effect) -> dict[str, float | None]:
    """As numbers that JSON has."""
    return {name: value if np.isfinite(value) else None for name, value in effect._asdict().items()}


def rows_of(
    votes: Votes, names: Sequence[str], main: Ratings, plain: Ratings, long: Ratings, start: int | None
) -> list[dict[str, Any]]:
    """One a contestant, the best first."""
    places, errors = rank_intervals(main), main.errors
    against = main.against(start) if start is not None else None
    records = zip(*(tallied(votes, len(names), outcome) for outcome in (1.0, 0.5, 0.0)), strict=True)
    rows = []
    for number, (name, (won, tied, lost)) in enumerate(zip(names, records, strict=True)):
        score, error = float(main.scores[number]), None if errors is None else float(errors[number])
        row: dict[str, Any] = {
            "name": name,
            "votes": int(((votes.left == number) | (votes.right == number)).sum()),
            "won": round(won, 3),
            "tied": round(tied, 3),
            "lost": round(lost, 3),
            "score": score,
            "low": None if error is None else score - Z * error,
            "high": None if error is None else score + Z * error,
            "expected": expected_share(score, main.tie),
            "best": places[number].best,
            "worst": places[number].worst,
            "uncontrolled": float(plain.scores[number]),
            "with_length": float(long.scores[number]),
        }
        if against is not None:
            row["difference"] = told(against[number])
        rows.append(row)
    return sorted(rows, key=lambda row: (-row["score"], row["name"]))


def tallied(votes: Votes, n: int, outcome: float) -> list[float]:
    """What each contestant has of wins (1), ties (½) or losses (0), by weight."""
    left, right = votes.outcome == outcome, votes.outcome == 1 - outcome
    counts = np.bincount(votes.left[left], votes.weight[left], n) + np.bincount(
        votes.right[right], votes.weight[right], n
    )
    return [float(count) for count in counts]


def names_of(filters: Mapping[str, Any], ids: Iterable[int]) -> dict[int, str]:
    """What people read. Models of one name by several providers are told apart by those."""
    ids = list(ids)
    if filters.get("by") == "version":
        return {row.pk: str(row) for row in PromptVersion.objects.filter(pk__in=ids).select_related("prompt")}
    rows = list(LanguageModel.objects.filter(pk__in=ids))
    often = Counter(row.name for row in rows)
    return {row.pk: row.name if often[row.name] == 1 else f"{row.name} ({row.provider})" for row in rows}


def collect(project_id: int, filters: Mapping[str, Any], heartbeat: Callable[[], None]) -> Collected:
    collected = Collected()
    for chunk in chunks(project_id, filters):
        heartbeat()
        standing = contestants(filters, [row["review__subject_id"] for row in chunk])
        for row in chunk:
            take(collected, row, standing.get(row["review__subject_id"], {}))
    return collected


def chunks(project_id: int, filters: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    rows = Comparison.objects.filter(project=project_id, review__in=reviews_of(project_id, filters)).order_by("pk")
    if filters.get("criterion"):
        rows = rows.filter(criterion__key=filters["criterion"])
    columns = ("review__subject_id", "review__reviewer_id", "review__shown_order", *CAST)
    last = 0
    while chunk := list(rows.filter(pk__gt=last).values("pk", *columns)[:CHUNK]):
        last = chunk[-1]["pk"]
        yield chunk


def contestants(filters: Mapping[str, Any], subjects: Sequence[int]) -> dict[int, dict[int, Contestant | None]]:
    """By subject and response, in the subject's order: who is rated by it; None where nobody is named."""
    who = "response__prompt_version_id" if filters.get("by") == "version" else "response__model_id"
    parts = narrowed(SubjectResponse.objects.filter(subject__in=subjects), filters).order_by("subject_id", "position")
    rows = list(parts.values_list("subject_id", "response_id", who))
    bodies = ResponseBody.objects.filter(pk__in={row[1] for row in rows})
    lengths = dict(bodies.annotate(size=Length("output")).values_list("pk", "size"))
    found: dict[int, dict[int, Contestant | None]] = {}
    for subject, response, of in rows:
        found.setdefault(subject, {})[response] = None if of is None else Contestant(of, lengths.get(response) or 0)
    return found


def narrowed(parts: QuerySet[SubjectResponse], filters: Mapping[str, Any]) -> QuerySet[SubjectResponse]:
    """Only responses under the filters: a comparison counts for the pairs of which both are."""
    lookups = {
        "prompt": "response__prompt_version__prompt__name",
        "environment": "response__environment",
        "segment": "response__segment",
    }
    parts = parts.filter(**{lookup: filters[name] for name, lookup in lookups.items() if filters.get(name)})
    if not filters.get("tag"):
        return parts
    return parts.filter(HasTag(F("response__tags"), Value(filters["tag"], output_field=CharField())))


def take(collected: Collected, row: Mapping[str, Any], standing: Mapping[int, Contestant | None]) -> None:
    """Add the votes of one comparison."""
    order = row["review__shown_order"]
    collected.n_comparisons += 1
    for bout in bouts(row, list(standing)):
        first, second = standing.get(bout.first), standing.get(bout.second)
        if first is None or second is None:
            collected.n_unnamed += bout.first in standing and bout.second in standing
            continue
        if first.of == second.of:
            collected.n_same += 1
            continue
        is_known = bout.first in order and bout.second in order
        is_turned = is_known and order.index(bout.second) < order.index(bout.first)
        left, right = (second, first) if is_turned else (first, second)
        collected.add(
            left=left.of,
            right=right.of,
            subject=row["review__subject_id"],
            reviewer=row["review__reviewer_id"],
            outcome=1 - bout.outcome if is_turned else bout.outcome,
            weight=bout.weight,
            length=length_ratio(left.length, right.length),
            shown=float(is_known),
        )


def bouts(row: Mapping[str, Any], responses: Sequence[int]) -> list[Bout]:
    """A ranking is all its pairs, ties among them; a preference each pair with the preferred, a tie (or "all bad")
    every pair. Where only the best and the worst were named, nothing is said of the others among them.
    """
    ranking, preferred = row["ranking"], row["preferred_id"]
    if ranking:
        place = places(ranking)  # the best first
        pairs = [(one, other, 0.5 if place[one] == place[other] else 1.0) for one, other in combinations(place, 2)]
        if row.get(KIND) == Criterion.Kind.BEST_WORST:
            pairs = [pair for pair in pairs if pair[2] == 1.0]
    elif preferred is not None:
        pairs = [(preferred, other, 1.0) for other in responses if other != preferred]
    else:
        pairs = [(first, second, 0.5) for first, second in combinations(responses, 2)]
    return [Bout(first, second, outcome, 1 / len(pairs)) for first, second, outcome in pairs]
