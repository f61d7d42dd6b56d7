"""Labels from elsewhere become counted reviews, once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review, Span, Verdict
from feedback.judgements.record import answers_of
from reviews.imports.labels import import_labels
from reviews.imports.models import ImportedReview
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Assignment, Item, Place
from tests import make

SOURCE = "Claims 🧾 are paid within 14 days."
OUTPUT = "We pay 👩‍👩‍👧 within 30 days."


@pytest.fixture
def single(project: Project) -> Any:
    make.response(project, OUTPUT, external_id="r-1", passages=["Other.", SOURCE])
    return make.queue(project, key="singles", takes_imports=True)


@pytest.fixture
def pairs(project: Project) -> Any:
    for name, text in (("r-left", "In May."), ("r-right", "In June.")):
        make.response(project, text, question="When?", external_id=name)
    return make.queue(project, key="pairs", subject_size=2, takes_imports=True)


def label(external_id: str = "l-1", **fields: Any) -> dict[str, Any]:
    return {
        "source": "survey",
        "external_id": external_id,
        "reviewer": "Rater 7",
        "queue": "singles",
        "responses": ["r-1"],
        "answers": {"grounded": "no", "helpful": 2},
        "reviewed_at": "2024-05-01T10:00:00Z",
        "active_ms": 4200,
        **fields,
    }


def vote(external_id: str, reviewer: str, preferred: str | None, **fields: Any) -> dict[str, Any]:
    better = {"outcome": "preferred", "preferred": preferred, "strength": 1} if preferred else {"outcome": "tie"}
    shown = fields.pop("responses", ["r-left", "r-right"])
    return label(external_id, reviewer=reviewer, queue="pairs", responses=shown, answers={"better": better}, **fields)


def test_a_label_becomes_a_counted_review_of_a_named_person(single: Any, project: Project) -> None:
    result = import_labels(project, [label(note="Off by days.")])
    assert (result.accepted, result.repeated, result.n_refused) == (1, 0, 0)
    review = Review.objects.get()
    assert (review.origin, review.active_ms, review.note) == ("singles", 4200, "Off by days.")
    assert review.submitted_at.isoformat() == "2024-05-01T10:00:00+00:00"
    assert (review.reviewer.source, review.reviewer.source_name, review.reviewer.user) == ("survey", "Rater 7", None)
    assert review.reviewer.pseudonym.startswith("r-")
    assert not review.reviewer.may("review")
    assert answers_of(review)["helpful"] == 2


def test_k_grows_as_labels_come_and_they_are_settled(single: Any, project: Project) -> None:
    import_labels(project, [label("a", reviewer="A")])
    settle_complete_items()
    import_labels(project, [label("b", reviewer="B"), label("c", reviewer="C")])
    item = Item.objects.get()
    assert (item.k, item.n_filled, item.state) == (3, 3, "complete")
    assert Place.objects.filter(state="filled").values("number").distinct().count() == 3
    settle_complete_items()
    verdict = Verdict.objects.current().get()
    assert (verdict.method, verdict.n_reviews, verdict.is_failure) == ("imported", 3, True)


def test_the_same_again_changes_nothing(single: Any, project: Project) -> None:
    rows = [label("a"), label("b", reviewer="B")]
    import_labels(project, rows)
    result = import_labels(project, [*rows, rows[0]])
    assert (result.accepted, result.repeated, result.n_refused) == (0, 3, 0)
    assert Review.objects.count() == ImportedReview.objects.count() == Place.objects.count() == 2


def test_another_body_under_the_same_key_is_refused(single: Any, project: Project) -> None:
    import_labels(project, [label()])
    result = import_labels(project, [label(active_ms=1), label("l-2", reviewer="B")])
    assert (result.accepted, result.repeated) == (1, 0)
    assert [(r.index, r.reason, r.external_id) for r in result.refused] == [(0, "conflict", "l-1")]


def test_repeated_rows_of_one_file_are_taken_once(single: Any, project: Project) -> None:
    bad = label("bad", answers={})
    result = import_labels(project, [label(), label(), label(active_ms=1), bad, bad])
    assert (result.accepted, result.repeated, result.n_refused) == (1, 1, 3)


def test_left_and_right_are_the_order_shown(pairs: Any, project: Project) -> None:
    rows = [
        vote("a", "A", "left"),
        vote("b", "B", "left", responses=["r-right", "r-left"]),
        vote("c", "C", "r-left"),
        vote("d", "D", None),
    ]
    import_labels(project, rows)
    by_name = {response.external_id: response.pk for response in project.responses.all()}
    chosen = [answers_of(review)["better"].get("preferred") for review in Review.objects.order_by("pk")]
    assert chosen == [by_name["r-left"], by_name["r-right"], by_name["r-left"], None]
    orders = [review.shown_order for review in Review.objects.order_by("pk")[:2]]
    assert orders == [[by_name["r-left"], by_name["r-right"]], [by_name["r-right"], by_name["r-left"]]]
    assert Item.objects.count() == 1
    settle_complete_items()
    assert Verdict.objects.get().answers["better"]["votes"][str(by_name["r-left"])] == 2


def test_a_ranking_names_responses_by_their_external_ids(project: Project) -> None:
    ids = {name: make.response(project, f"{name}.", question="When?", external_id=name).pk for name in ("x", "y", "z")}
    criteria = make.ranking_criteria(3)
    make.queue(project, key="ranks", subject_size=3, criteria=criteria, takes_imports=True)
    about: dict[str, Any] = {"queue": "ranks", "responses": ["z", "x", "y"]}
    rows = [
        label("a", answers={"order": [["y"], ["z", "x"]]}, **about),
        label("b", reviewer="Rater 8", answers={"order": [["y"], ["left", "x"]]}, **about),
    ]
    result = import_labels(project, rows)
    assert [(row.index, row.pointer) for row in result.refused] == [(1, "/answers/order/1/0")]
    assert answers_of(Review.objects.get())["order"] == [[ids["y"]], sorted([ids["x"], ids["z"]])]


def test_a_repeated_turn_is_the_next_round(single: Any, project: Project) -> None:
    import_labels(project, [label("a"), label("b")])
    import_labels(project, [label("c"), label("d", round=7)])
    rounds = Assignment.objects.order_by("pk").values_list("round", flat=True)
    assert list(rounds) == [1, 2, 3, 7]
    taken = import_labels(project, [label("e", round=2)])
    assert [(r.pointer, r.reason) for r in taken.refused] == [("/round", "conflict")]


def test_spans_name_passages_by_position(single: Any, project: Project) -> None:
    start, shown = OUTPUT.index("30 days"), SOURCE.index("14 days")
    evidence = {"passage": 1, "start": shown, "end": shown + 7, "quote": "14 days"}
    flag = {"start": start, "end": start + 7, "quote": "30 days", "kind": "contradicted", "severity": "major"}
    in_source = {"start": 0, "end": 8, "quote": "Claims 🧾", "kind": "unsupported", "severity": "minor", "passage": 1}
    answers = {"grounded": "no", "helpful": 2, "flags": [flag | {"evidence": evidence}, in_source]}
    assert import_labels(project, [label(answers=answers)]).accepted == 1
    first, second = Span.objects.order_by("pk")
    assert first.evidence and first.evidence.position == 1  # noqa: PT018
    assert (first.evidence_quote, second.marked_passage) == ("14 days", first.evidence)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"queue": "nowhere"}, "/queue"),
        ({"responses": ["r-9"]}, "/responses/0"),
        ({"responses": ["r-1", "r-1"]}, "/responses"),
        ({"responses": []}, "/responses"),
        ({"reviewer": " "}, "/reviewer"),
        ({"round": 0}, "/round"),
        ({"reviewed_at": "yesterday"}, "/reviewed_at"),
        ({"reviewed_at": "0001-01-01T00:00:00Z"}, "/reviewed_at"),
        ({"mood": "good"}, "/mood"),
        ({"answers": {"grounded": "maybe", "helpful": 2}}, "/answers/grounded"),
        ({"answers": {"helpful": 2}}, "/answers/grounded"),
        ({"answers": {"grounded": "no", "helpful": 2, "flags": [{"passage": 5}]}}, "/answers/flags/0/passage"),
        ({"answers": {"grounded": "no", "helpful": 2, "rewrite": {"response": "x"}}}, "/answers/rewrite/response"),
        ({"answers": {"grounded": "no", "helpful": 2, "rewrite": OUTPUT}}, "/answers/rewrite/text"),
        ({"note": "NUL \0"}, "/note"),
        ({"active_ms": -1}, "/active_ms"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_where_it_is_bad_and_loses_no_other(
    single: Any, project: Project, change: dict[str, Any], pointer: str
) -> None:
    result = import_labels(project, [label("bad", **change), label("good", reviewer="B")])
    assert [(refusal.index, refusal.pointer) for refusal in result.refused] == [(0, pointer)]
    assert result.accepted == 1
    assert Review.objects.get().reviewer.source_name == "B"


def test_a_queue_for_people_takes_no_imports(project: Project) -> None:
    make.response(project, external_id="r-1")
    make.queue(project, key="singles")
    assert import_labels(project, [label()]).refused[0].pointer == "/queue"


def test_responses_of_another_project_do_not_exist(single: Any, project: Project, other_project: Project) -> None:
    make.response(other_project, external_id="theirs")
    assert import_labels(project, [label(responses=["theirs"])]).refused[0].pointer == "/responses/0"


def test_responses_to_different_inputs_are_no_pair(pairs: Any, project: Project) -> None:
    make.response(project, external_id="stray")
    refused = import_labels(project, [vote("a", "A", "left", responses=["r-left", "stray"])]).refused
    assert (refused[0].pointer, refused[0].reason) == ("/responses", "invalid")


def test_a_person_of_a_source_is_one_member(single: Any, project: Project) -> None:
    import_labels(project, [label("a"), label("b", source="other survey")])
    import_labels(project, [label("c")])
    assert Member.objects.filter(project=project, user=None).count() == 2


def test_the_statements_do_not_grow_with_the_labels_of_an_item(single: Any, project: Project) -> None:
    rows = [label(str(number), reviewer=f"Rater {number}") for number in range(40)]
    with CaptureQueriesContext(connection) as few:
        import_labels(project, rows[:2])
    with CaptureQueriesContext(connection) as many:
        import_labels(project, rows[2:])
    assert len(many) <= len(few)
