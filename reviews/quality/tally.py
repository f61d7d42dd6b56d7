"""From the answers of several reviewers to one settled answer per criterion. The rules are written in README.md."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from feedback.rubrics.conditions import meets
from feedback.rubrics.models import RANKED, Criterion
from feedback.statistics.rankings import Said, Tiers, agreeing, median, said_of_pairs
from feedback.statistics.stretches import Mark, merged
from feedback.statistics.votes import majority

Kind = Criterion.Kind
Answer = dict[str, Any]
VOTED = {Kind.YES_NO, Kind.CHOICE, Kind.MULTI_CHOICE, Kind.PER_TURN, Kind.SPANS, Kind.COMPARISON, *RANKED}
Decided = tuple[str | None, Answer]  # the winner, if there is one, and what else the answer says
Decide = Callable[
    [Criterion, list[int], list[str]], Decided
]  # of a question: who answered (places in the list), and what
DECISIONS = ("value", "outcome", "preferred", "strength", "mean", "median", "sd", "share")


def by_majority(criterion: Criterion, voters: list[int], outcomes: list[str]) -> Decided:
    return majority(outcomes), {}


def tally(
    criteria: Sequence[Criterion],
    reviews: Sequence[dict[str, Any]],
    response_ids: Sequence[int],
    decide: Decide = by_majority,
) -> Answer:
    """The settled answers by criterion key, from each reviewer's answers and the responses of the subject."""
    settled: Answer = {}
    for criterion in criteria:
        voters = [place for place, answers in enumerate(reviews) if criterion.key in answers]
        given = [reviews[place][criterion.key] for place in voters]
        win = partial(decide, criterion, voters)
        answer = {"kind": criterion.kind} | settle_one(criterion, given, response_ids, win)
        settled[criterion.key] = answer if is_asked(criterion, settled) is not False else moot(answer)
    return settled


def is_asked(criterion: Criterion, settled: Answer) -> bool | None:
    """Whether the question follows from what was settled before it; None while that is not settled."""
    condition = criterion.asked_when
    if not condition:
        return True
    earlier = settled[condition["criterion"]]
    if earlier.get("asked") is False:
        return False
    if earlier["kind"] in {Kind.TEXT, Kind.CORRECTION}:
        return bool(earlier["n"])
    value = decided(earlier)
    if value is None:
        return None
    return value == "yes" if condition.get("any") else meets(condition, value)


def moot(answer: Answer) -> Answer:
    """What was said, but nothing decided: by the settled answers the question was not to be asked."""
    return answer | {name: None for name in DECISIONS if name in answer} | {"asked": False}


Win = Callable[[list[str]], Decided]


def settle_one(criterion: Criterion, given: list[Any], response_ids: Sequence[int], win: Win) -> Answer:
    kind = criterion.kind
    if kind == Kind.SCALE:
        return settle_scale(given)
    if kind == Kind.COMPARISON:
        return settle_comparison(given, response_ids, win)
    if kind == Kind.RANKING:
        return settle_ranking(criterion.options, given, response_ids)
    if kind == Kind.BEST_WORST:
        return settle_best_worst(given, response_ids)
    if kind == Kind.SPANS:
        return settle_spans(given, win)
    if kind == Kind.MULTI_CHOICE:
        return settle_sets(criterion.options, given)
    if kind == Kind.PER_TURN:
        return settle_turns(given)
    if kind in {Kind.YES_NO, Kind.CHOICE}:
        return settle_values(given, win)
    return {"n": len(given)}


def settle_values(given: list[str], win: Win) -> Answer:
    votes = Counter(given)
    winner, more = win(given)
    counted = {"votes": dict(sorted(votes.items())), "n": len(given)}
    return {"value": winner, "share": share_of(votes, winner), **counted, **more}


def settle_sets(options: dict[str, Any], given: list[list[str]]) -> Answer:
    """Each option apart: in with more than half of the reviewers, out with less. A draw on one leaves the whole
    undecided, and so does a set that no reviewer could have sent.
    """
    values = [choice["value"] for choice in options.get("choices", [])]
    votes = Counter(value for chosen in given for value in chosen)
    chosen = [value for value in values if votes[value] * 2 > len(given)]
    is_drawn = any(votes[value] * 2 == len(given) for value in values)
    fits = options.get("min_chosen", 1) <= len(chosen) <= options.get("max_chosen", len(values))
    return {
        "value": chosen if given and fits and not is_drawn else None,
        "share": share_of_set(votes, len(given), values, chosen),
        "votes": {value: votes[value] for value in values},
        "n": len(given),
    }


def settle_turns(given: list[dict[str, str]]) -> Answer:
    """Each turn or step apart, by most of those who judged it. One that is drawn leaves the whole undecided."""
    said: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for turn, value in (entry for answers in given for entry in answers.items()):
        said[turn][value] += 1
    votes = {turn: said[turn] for turn in sorted(said, key=int)}
    won = {turn: majority(counts.elements()) for turn, counts in votes.items()}
    return {
        "value": won if None not in won.values() else None,
        "share": share_of_turns(votes, won),
        "turns": {turn: {"value": won[turn], "votes": dict(sorted(votes[turn].items()))} for turn in votes},
        "n": len(given),
    }


def share_of_turns(votes: Mapping[str, Mapping[str, int]], value: Mapping[str, str | None]) -> float | None:
    """The share of the turn that they agree on least."""
    shares = (share_of(Counter(counts), value[turn]) for turn, counts in votes.items())
    return min((share for share in shares if share is not None), default=None)


def share_of_set(votes: Mapping[str, int], n: int, values: Sequence[str], chosen: Sequence[str]) -> float | None:
    """How many agree with the set on the option they agree on least, by all."""
    agreeing = [votes.get(value, 0) if value in chosen else n - votes.get(value, 0) for value in values]
    return min(agreeing) / n if n and agreeing else None


def settle_scale(given: list[float]) -> Answer:
    points = Counter(str(int(value)) if float(value).is_integer() else repr(value) for value in given)
    return {
        "mean": statistics.fmean(given) if given else None,
        "median": float(statistics.median(given)) if given else None,
        "sd": statistics.stdev(given) if len(given) > 1 else None,
        "distribution": dict(sorted(points.items(), key=lambda entry: float(entry[0]))),
        "n": len(given),
    }


def settle_spans(given: list[list[dict[str, Any]]], win: Win) -> Answer:
    kinds = Counter(kind for marks in given for kind in {mark["kind"] for mark in marks})
    settled = settle_values(["yes" if marks else "no" for marks in given], win)
    counted = {"n_spans": sum(map(len, given)), "kinds": dict(sorted(kinds.items()))}
    return settled | counted | {"stretches": stretches(given)}


def stretches(given: list[list[dict[str, Any]]]) -> list[Answer]:
    """What was marked, whoever drew its edges a little wider, with votes; text by text, in its order."""
    texts = {(mark["response"], mark.get("passage")) for marks in given for mark in marks}
    return [
        {"response": response, **({"passage": passage} if passage else {}), **asdict(stretch)}
        for response, passage in sorted(texts, key=lambda text: (text[0], text[1] or 0))
        for stretch in merged([marks_in(marks, response, passage) for marks in given])
    ]


def marks_in(marks: list[dict[str, Any]], response: int, passage: int | None) -> list[Mark]:
    here = [mark for mark in marks if (mark["response"], mark.get("passage")) == (response, passage)]
    return [Mark(mark["start"], mark["end"], mark["kind"], mark.get("severity", "")) for mark in here]


def settle_comparison(given: list[Answer], response_ids: Sequence[int], win: Win) -> Answer:
    outcomes = [str(answer.get("preferred") or answer["outcome"]) for answer in given]
    votes = Counter({str(pk): 0 for pk in response_ids} | {"tie": 0, "both_bad": 0})
    votes.update(outcomes)
    winner, more = win(outcomes)
    strengths = Counter(answer["strength"] for answer in given if str(answer.get("preferred")) == winner)
    is_response = winner is not None and winner not in {"tie", "both_bad"}
    return {
        "outcome": "preferred" if is_response else winner,
        "preferred": int(winner) if is_response and winner else None,
        "share": share_of(votes, winner),
        "votes": dict(votes),
        "n": len(given),
        "strength": statistics.fmean(strengths.elements()) if strengths else None,
        "strengths": {str(strength): n for strength, n in sorted(strengths.items())},
        **more,
    }


def settle_ranking(options: dict[str, Any], given: list[list[list[int]]], response_ids: Sequence[int]) -> Answer:
    """The ranking that most votes on two responses agree with, and those votes; undecided where several do."""
    said = said_of_pairs(given, response_ids)
    found = median(said, response_ids, has_ties=bool(options.get("ties")))
    return {
        "value": found.tiers and [sorted(tier) for tier in found.tiers],
        "share": found.agreeing / (len(given) * len(said)) if given else None,
        "pairs": pairs_of(said),
        "n": len(given),
    }


def pairs_of(said: Mapping[tuple[int, int], Said]) -> list[Answer]:
    """The votes on each two responses."""
    return [
        {"responses": [one, other], "votes": {str(one): votes.before, str(other): votes.after, "tie": votes.beside}}
        for (one, other), votes in said.items()
    ]


def settle_best_worst(given: list[list[list[int]]], response_ids: Sequence[int]) -> Answer:
    """The best and the worst, each the one named most often; undecided unless both are, and are two responses.

    Who named neither of two responses has said nothing of them: no vote, and no tie.
    """
    best, worst = (Counter(tiers[at][0] for tiers in given) for at in (0, -1))
    top, low = (majority(votes.elements()) for votes in (best, worst))
    pairs = pairs_of({two: said._replace(beside=0) for two, said in said_of_pairs(given, response_ids).items()})
    tiers = None
    if top is not None and low is not None and top != low:
        tiers = [[top], sorted(pk for pk in response_ids if pk not in (top, low)), [low]]
    return {
        "value": tiers,
        "share": share_of_ranking(pairs, tiers) if tiers else None,
        "best": {str(pk): best[pk] for pk in response_ids},
        "worst": {str(pk): worst[pk] for pk in response_ids},
        "pairs": pairs,
        "n": len(given),
    }


def share_of_ranking(pairs: Sequence[Answer], tiers: Tiers) -> float | None:
    """How many of the votes on two responses say what this ranking says, by all."""
    said = {}
    for pair in pairs:
        one, other = pair["responses"]
        said[one, other] = Said(*(pair["votes"][name] for name in (str(one), str(other), "tie")))
    total = sum(map(sum, said.values()))
    return agreeing(tiers, said) / total if total else None


def share_of(votes: Counter[str], winner: str | None) -> float | None:
    """Votes for the winner, or the most votes for anything when there is none, by all votes."""
    total = votes.total()
    return (votes[winner] if winner is not None else max(votes.values())) / total if total else None


def decided(answer: Answer) -> Any:
    """The settled value: an outcome, a word, a mean; None when there is none."""
    return answer.get({Kind.SCALE: "mean", Kind.COMPARISON: "outcome"}.get(answer["kind"], "value"))


def disputed(criteria: Sequence[Criterion], settled: Answer) -> list[str]:
    """Keys of the required criteria that are voted on and have no winner, though they were to be asked."""
    return [
        c.key
        for c in criteria
        if c.is_required and c.kind in VOTED and decided(settled[c.key]) is None and was_asked(c, settled[c.key])
    ]


def was_asked(criterion: Criterion, answer: Answer) -> bool:
    """A question with a condition may have been asked of nobody, or turn out not to have been one."""
    return not criterion.asked_when or bool(answer["n"]) and answer.get("asked") is not False


def is_failure(criteria: Sequence[Criterion], settled: Answer) -> bool | None:
    """By each criterion's `fails_when`. None: nothing fails, and what could was left unsettled, or nothing can."""
    judged: list[bool | None] = []
    for criterion in criteria:
        answer = settled[criterion.key]
        if criterion.fails_when and answer["n"] and answer.get("asked") is not False:
            judged.append((fails_apart if "turns" in answer else fails_whole)(criterion.fails_when, answer))
    if any(judged):
        return True
    return None if None in judged or not judged else False


def fails_whole(fails_when: dict[str, Any], answer: Answer) -> bool | None:
    return None if decided(answer) is None else fails(fails_when, answer)


def fails_apart(fails_when: dict[str, Any], answer: Answer) -> bool | None:
    """One turn that is settled so is enough, whatever is left open of others."""
    settled = {turn["value"] for turn in answer["turns"].values()}
    return not settled.isdisjoint(fails_when["values"]) or (None if decided(answer) is None else False)


def fails(fails_when: dict[str, Any], answer: Answer) -> bool:
    value = decided(answer)
    if "below" in fails_when:
        return bool(value < fails_when["below"])
    if "values" in fails_when:
        return meets(fails_when, value)
    return bool(fails_when.get("any")) and value == "yes"
