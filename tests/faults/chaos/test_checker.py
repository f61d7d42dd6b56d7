"""A checker that cannot fail proves nothing: a sound history passes, and every rule finds what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from feedback.statistics.draws import interval_draw, offset
from tests.faults.chaos.campaign import gaps
from tests.faults.chaos.checker import RULES, Breach, check
from tests.faults.chaos.facts import Facts, unexplained
from tests.faults.chaos.history import History, Op, digest, read

IN, OUT = (0.1, 0.9)  # draw keys: the first in the interval of the rule, the second not
SEED = next(
    str(n) for n in range(99) if interval_draw(IN, offset(str(n)), 0.5) and not interval_draw(OUT, offset(str(n)), 0.5)
)
Break = Callable[[list[Op], Facts], object]


def op(client: str, kind: str, key: str, status: int | None = 200, attempts: int = 1, **fields: Any) -> Op:
    return Op(client, kind, key, status=status, attempts=attempts, **fields)


def sound_history() -> list[Op]:
    """Ada submits and is counted, Ben submits, takes it back and submits again, Cem skips, Dot leaves a draft."""
    history = [
        op("program", "ingest", "b1", sent={"rows": [["r1", "d1"], ["r2", "d2"], ["r1", "other"]]},
           answer={"refused": [{"index": 2}]}),
        op("curator", "run", "k1", 202, answer={"id": 5}),
        op("ada", "claim", "c1", 201, answer={"token": "t-ada", "item": 1}),
        op("ben", "claim", "c2", 201, answer={"token": "t-ben", "item": 1}),
        op("cem", "skip", "", sent={"token": "t-cem"}),
        op("dot", "draft", "", sent={"token": "t-dot", "digest": digest({"helpful": 2})}),
        op("ada", "submit", "s-ada", sent={"token": "t-ada", "digest": "A"}),
        op("ben", "submit", "s-ben", sent={"token": "t-ben", "digest": "B"}),
        op("ben", "undo", "", sent={"token": "t-ben", "submission": "s-ben"}),
        op("ben", "submit", "s-ben-2", attempts=3, sent={"token": "t-ben", "digest": "B2"}),
        op("eve", "submit", "s-eve", None, sent={"token": "t-eve", "digest": "E"}),
        op("curator", "build", "k2", 202, answer={"id": 7}),
        op("curator", "export", "k3", 202, answer={"id": 8}),
        op("curator", "download", "8", sent={"sha256": "F"}, answer={"sha256": "F", "promised": "F"}),
        op("moderator", "withdraw", "m1", 303),
    ]  # fmt: skip
    for moment, one in enumerate(history):
        one.began, one.ended = moment, moment + 0.5
    return history


def review(submission: str, member: int, value: str, **fields: Any) -> dict[str, Any]:
    about = {"subject_id": 1, "origin": "single", "round": 1, "is_withdrawn": False}
    return {"id": submission, "submission_id": submission, "reviewer_id": member, "digest": value, **about, **fields}


def turn(pk: int, token: str, state: str, submission: str | None = None) -> dict[str, Any]:
    about = {"item_id": 1, "reviewer_id": pk, "round": 1, "is_withdrawn": False, "draft_digest": digest({})}
    return {"id": pk, "token": token, "state": state, "submission_id": submission, **about}


def sound_facts() -> Facts:
    dot = {**turn(4, "t-dot", "claimed"), "draft_digest": digest({"helpful": 2})}
    done = {"state": "done", "error": ""}
    run = {"id": 5, "rule": "half", "tick": "hand-1", "lowest_id": 1, "highest_id": 9, "n_drawn": 1, **done}
    return Facts(
        reviews=[review("s-ada", 1, "A"), review("s-ben", 2, "B", is_withdrawn=True), review("s-ben-2", 2, "B2")],
        assignments=[turn(1, "t-ada", "submitted", "s-ada"), turn(2, "t-ben", "submitted", "s-ben-2"),
                     turn(3, "t-cem", "skipped"), dot],
        places=[{"id": n, "item_id": 1, "state": "filled", "assignment_id": n} for n in (1, 2)],
        items=[{"id": 1, "queue_id": 1, "state": "settled", "k": 2, "n_filled": 2, "run_id": 5, "responses": [1]}],
        responses=[{"id": 1, "external_id": "r1", "draw_key": IN, "digest": "d1"},
                   {"id": 2, "external_id": "r2", "draw_key": OUT, "digest": "d2"}],
        runs=[{**run, "rate": 0.5, "size": None, "seed": SEED, "queue_id": 1, "subject_size": 1}],
        versions=[{"id": 7, **done}],
        exports=[{"id": 8, "sha256": "F", "file_sha256": "F", "n_rows": 3, "file_rows": 3,
                  "manifest": {"sha256": "F", "rows": 3}, **done}],
        actions=[{"reason": "Chaos m1"}],
        promises=[{"code": "I11", "promise": "The chain is whole.", "violations": 0, "examples": []}],
    )  # fmt: skip


def found(break_it: Break) -> list[Breach]:
    history, facts = sound_history(), sound_facts()
    break_it(history, facts)
    return check(history, facts)


def test_a_sound_history_passes() -> None:
    assert found(lambda history, facts: None) == []


def submitted(history: list[Op], key: str) -> Op:
    return next(one for one in history if one.key == key)


BREAKS: dict[str, tuple[str, str, Break]] = {
    "a submit is lost": ("I1", "lost", lambda h, f: f.reviews.pop(0)),
    "a submit is stored twice": ("I1", "doubled", lambda h, f: f.reviews.append(review("s-ada", 9, "A"))),
    "a submit is stored otherwise": ("I1", "changed", lambda h, f: f.reviews[0].update(digest="?")),
    "a refused submit is stored": ("I1", "broken", lambda h, f: vars(submitted(h, "s-ada")).update(status=422)),
    "a review that nobody sent is stored": ("I1", "broken", lambda h, f: f.reviews.append(review("s-x", 9, "X"))),
    "a review is withdrawn by nobody": ("I1", "lost", lambda h, f: f.reviews[0].update(is_withdrawn=True)),
    "an undo wakes up late": ("I1", "lost", lambda h, f: f.assignments[1].update(is_withdrawn=True)),
    "a claim forgets its review": ("I1", "lost", lambda h, f: f.assignments[0].update(submission_id=None)),
    "an undo takes back another review": ("I1", "lost", lambda h, f: f.reviews[2].update(is_withdrawn=True)),
    "two reviews of one person stand": ("I1", "doubled", lambda h, f: f.reviews[1].update(is_withdrawn=False)),
    "a draft is lost": ("I1", "lost", lambda h, f: f.assignments[3].update(draft_digest=digest({}))),
    "a skip is forgotten": ("skip", "lost", lambda h, f: f.assignments[2].update(state="claimed")),
    "an item has one review too many": (
        "I2", "broken", lambda h, f: f.assignments.append(turn(6, "t-6", "submitted")),
    ),
    "a place is filled beyond k": ("I2", "broken", lambda h, f: f.places[0].update(state="withdrawn")),
    "a person is counted twice": ("I2", "doubled", lambda h, f: f.assignments[1].update(reviewer_id=1)),
    "an item's counter is wrong": ("I10", "broken", lambda h, f: f.items[0].update(n_filled=1)),
    "a token is given to two": ("I3", "doubled", lambda h, f: h[3].answer.update(token="t-ada")),
    "a person gets an item twice": ("I3", "doubled", lambda h, f: vars(h[3]).update(client="ada")),
    "a claim is lost": ("I3", "lost", lambda h, f: f.assignments[0].update(token="t-other")),
    "a person holds an item twice": (
        "I3", "doubled",
        lambda h, f: f.places.extend({"id": n, "item_id": 1, "state": "claimed", "assignment_id": 4} for n in (8, 9)),
    ),
    "a place is held for ever": ("I4", "broken", lambda h, f: f.places[0].update(state="claimed")),
    "an item starves": ("I5", "broken", lambda h, f: f.items[0].update(state="open")),
    "a response is lost": ("I6", "lost", lambda h, f: f.responses.pop()),
    "a response is stored twice": ("I6", "doubled", lambda h, f: f.responses.append(dict(f.responses[0]))),
    "a response is overwritten": ("I6", "changed", lambda h, f: f.responses[0].update(digest="other")),
    "a response that nobody sent is stored": (
        "I6", "broken", lambda h, f: f.responses.append({"id": 99, "external_id": "x", "draw_key": OUT, "digest": "x"}),
    ),
    "an export has no file": ("I7", "changed", lambda h, f: f.exports[0].update(file_sha256=None)),
    "a manifest counts wrongly": ("I7", "changed", lambda h, f: f.exports[0]["manifest"].update(rows=4)),
    "a download differs": ("I7", "changed", lambda h, f: submitted(h, "8").answer.update(sha256="G")),
    "a drawn response has no item": ("I8", "lost", lambda h, f: f.responses[1].update(draw_key=IN)),
    "a response was not to be drawn": ("I8", "broken", lambda h, f: f.responses[0].update(draw_key=OUT)),
    "a subject is queued twice": ("I8", "doubled", lambda h, f: f.items.append({**f.items[0], "id": 2})),
    "a run is lost": ("job", "lost", lambda h, f: f.runs.clear()),
    "a build was started twice": ("job", "doubled", lambda h, f: f.versions.append({**f.versions[0], "id": 70})),
    "an export has failed": ("job", "broken", lambda h, f: f.exports[0].update(state="failed", error="no space")),
    "an act is lost": ("act", "lost", lambda h, f: f.actions.clear()),
    "an act is done twice": ("act", "doubled", lambda h, f: f.actions.append({"reason": "Chaos m1"})),
    "a promise of verify is broken": ("I11", "broken", lambda h, f: f.promises[0].update(violations=1)),
    "the product fails by itself": ("log", "broken", lambda h, f: f.failures.append("Traceback\nKeyError: 'x'")),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_it_finds(name: str) -> None:
    rule, kind, break_it = BREAKS[name]
    assert (rule, kind) in {(breach.rule, breach.kind) for breach in found(break_it)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_is_broken_by_something(rule: Any) -> None:
    histories = [(sound_history(), sound_facts()) for _ in BREAKS]
    for (history, facts), (_, _, break_it) in zip(histories, BREAKS.values(), strict=True):
        break_it(history, facts)
    assert any(list(rule(history, facts)) for history, facts in histories)


def test_what_got_no_answer_may_have_happened_once() -> None:
    assert found(lambda h, f: f.reviews.append(review("s-eve", 5, "E"))) == []
    assert [
        b.kind for b in found(lambda h, f: f.reviews.extend([review("s-eve", 5, "E"), review("s-eve", 6, "E")]))
    ] == ["doubled"]


def test_it_tells_a_defect_from_a_lost_server() -> None:
    trace = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    g()\n'
    lost = f"{trace}psycopg.OperationalError: gone\n"
    chained = f"{lost}\nThe above exception was the direct cause of the following exception:\n\n{trace}KeyError: 'a'\n"
    assert unexplained(f"fine\n{lost}fine\n{chained}fine\n") == []
    assert [text.splitlines()[-1] for text in unexplained(f"{lost}then\n{trace}KeyError: 'b'\n")] == ["KeyError: 'b'"]


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    for one in sound_history():
        history.add(one)
        history.note(fault="kill-web")
    assert read((tmp_path / "history.jsonl").read_text().splitlines()) == sound_history()


def test_only_long_silence_is_unavailability() -> None:
    ops = [op("ada", "claim", "", ended=moment) for moment in (0.5, 1.0, 4.0, 4.5, 4.9)]
    assert gaps(ops, 5) == 3.0
    assert gaps([*ops, op("ada", "claim", "", None, ended=2.5)], 5) == 3.0
