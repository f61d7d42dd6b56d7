"""Files of single answers: for KTO, for ratings by attribute, for detectors of hallucinations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.datasets import exports, writing
from feedback.datasets.models import Dataset, DatasetVersion
from feedback.datasets.shapes import attributes, cases
from feedback.jobs import JobRefused
from feedback.responses.models import Response
from feedback.rubrics.models import RubricVersion
from tests import make
from tests.feedback.datasets.conftest import Built, Rated
from tests.feedback.datasets.test_exports import content, made, records

pytestmark = pytest.mark.once

SHAPES = ["kto", "attributes", "spans"]
CALL = {"id": "c1", "type": "function", "function": {"name": "light", "arguments": "{}"}}


@pytest.fixture(autouse=True)
def training(dataset: Dataset) -> None:
    dataset.shares = {"train": 1.0, "validation": 0.0, "test": 0.0}


def marked(response: Response, **fields: Any) -> list[dict[str, Any]]:
    return [
        {
            "response": response.pk,
            "start": 0,
            "end": 1,
            "quote": "A",
            "kind": "unsupported",
            "severity": "minor",
            **fields,
        }
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_what_no_trainer_should_see_is_left_out_and_counted(
    project: Project, rated: Rated, built: Built, shape: str
) -> None:
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}]
    closed = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello."}]
    for fields in (
        {"consent": True},
        {"consent": False},
        {"consent": True, "messages": image},
        {"consent": True, "messages": closed},
        {"consent": True, "body": {"tool_calls": [CALL]}},
    ):
        rated(make.response(project, "Answer.", **fields), 4)
    rated(make.response(project, " \n", consent=True), 4)
    export = made(built(requires_consent=True), shape)
    expected = dict.fromkeys(("blank_turn", "no_consent", "not_only_text", "prompt_not_open", "tools"), 1)
    assert (export.n_rows, export.manifest["left_out"]) == (1, expected)
    assert made(built(), shape).n_rows == 2


@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_between_two_splits_is_in_none(
    project: Project, rated: Rated, built: Built, dataset: Dataset, shape: str
) -> None:
    dataset.shares = {"train": 0.5, "validation": 0.5, "test": 0.0}
    for n in range(12):
        rated(make.response(project, f"{n}", conversation_id=f"c-{n}", question=f"Q {n}?"), 4)
    version = built()
    found = dict(version.dataset.group_splits.filter(kind="conversation").values_list("split", "group"))
    rated(make.response(project, "x", conversation_id=found["train"], question="Seen?"), 4)
    built()
    rated(make.response(project, "y", conversation_id=found["validation"], question="Seen?"), 4)
    export = made(built(), shape)
    assert (export.n_rows, export.manifest["left_out"]) == (13, {"joins_two_splits": 1})
    alone = [made(export.version, shape, split) for split in ("train", "validation")]
    assert sum(file.n_rows for file in alone) == 13
    assert {row["split"] for row in records(alone[0])} == {"train"}


@pytest.fixture
def asked_often(project: Project, rated: Rated, built: Built) -> DatasetVersion:
    """Eight questions with four answers each, of which every second fails."""
    for question in range(8):
        for n in range(4):
            rated(make.response(project, f"{question}-{n}", question=f"Q {question}?"), 2 if n % 2 else 4)
    return built()


def test_labels_are_absolute_and_counted(asked_often: DatasetVersion) -> None:
    export = made(asked_often, "kto")
    rows = records(export)
    assert {row["completion"][0]["content"][-1]: row["label"] for row in rows} == {
        "0": True, "1": False, "2": True, "3": False
    }  # fmt: skip
    assert export.manifest["label"] == {"false": 16, "true": 16}


def test_answers_to_one_prompt_are_kept_apart(asked_often: DatasetVersion) -> None:
    prompts = [row["prompt"][0]["content"] for row in records(made(asked_often, "kto"))]
    assert len(prompts) == 32
    assert all(one != next_one for one, next_one in pairwise(prompts))


def test_an_answer_judged_twice_is_written_once_or_not_at_all(
    project: Project, rated: Rated, built: Built, reviewers: list[Member], rating_rubric: RubricVersion
) -> None:
    agreed, torn = [make.response(project, text) for text in ("Agreed.", "Torn.")]
    for response, point in ((agreed, 4), (torn, 2)):
        rated(response, 4)
        subject, given = make.subject(response), {"grounded": "yes", "helpful": point}
        review = make.review(subject, rating_rubric, reviewers[1], given, origin="second")
        make.verdict(subject, rating_rubric, [review], origin="second")
    export = made(built(), "kto")
    assert [row["completion"][0]["content"] for row in records(export)] == ["Agreed."]
    assert export.manifest["left_out"] == {"contradicted": 2, "repeated": 1}
    alone = made(built(queues=["second"]), "kto")  # what another version has says nothing here
    assert alone.manifest["label"] == {"false": 1, "true": 1}


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 7)])
def test_the_order_does_not_follow_the_size_of_steps(
    asked_often: DatasetVersion, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    export = made(asked_often, "kto")
    chunk, batch = size
    monkeypatch.setattr(writing, "CHUNK", chunk)
    monkeypatch.setattr(cases, "BATCH", batch)
    assert b"".join(exports.rewritten(export)) == content(export)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 10, 32, 89, 1000])
def test_a_stride_comes_by_each_place_once(n: int) -> None:
    assert sorted(k * cases.stride(n) % n for k in range(n)) == list(range(n))


def test_ratings_are_integers_of_one_rubric(
    project: Project, rated: Rated, built: Built, reviewers: list[Member]
) -> None:
    for points in ((2, 3), (1, 1, 5), (4, 4)):
        rated(make.response(project), *points)
    rated(make.response(project), fields={"is_failure": True})  # a moderator failed it, and nobody rated it
    scales = [
        {"key": key, "kind": "scale", "label": key, "options": {"min": 0, "max": 10}} for key in ("tone", "votes")
    ]
    other = make.rubric_version(project, scales)
    subject = make.subject(make.response(project))
    make.verdict(subject, other, [make.review(subject, other, reviewers[0], {"tone": 9, "votes": 8})], is_failure=False)
    export = made(built(), "attributes")
    rows = records(export)
    found = sorted((row["helpful"], row["votes"]["helpful"]) for row in rows)
    assert found == [(2, [1, 1, 5]), (3, [2, 3]), (4, [4, 4])]
    assert all(type(row["helpful"]) is int for row in rows)
    assert export.manifest["left_out"] == {"another_rubric": 1, "not_rated": 1}


def test_a_criterion_never_takes_the_place_of_a_column(project: Project, built: Built, reviewers: list[Member]) -> None:
    rubric = make.rubric_version(
        project, [{"key": "response", "kind": "scale", "label": "Response", "options": {"min": 0, "max": 10}}]
    )
    subject = make.subject(make.response(project, "Answer."))
    make.verdict(subject, rubric, [make.review(subject, rubric, reviewers[0], {"response": 9})], is_failure=False)
    (row,) = records(made(built(), "attributes"))
    assert (row["response"], row["rating_response"]) == ("Answer.", 9)


def test_ratings_of_a_version_that_did_not_count_them_are_refused(asked_often: DatasetVersion) -> None:
    del asked_often.cursor["rated"]
    with pytest.raises(JobRefused, match="build the dataset again"):
        attributes.facts(asked_often)


def test_a_text_counts_as_sound_only_when_those_asked_agree(
    project: Project, rated: Rated, built: Built, reviewers: list[Member], rating_rubric: RubricVersion
) -> None:
    sound, wrong, torn = [make.response(project, "A.", passages=["A source."]) for _ in range(3)]
    elsewhere, unasked = [make.response(project, "A.", passages=["A source."]) for _ in range(2)]
    rated(sound, 5, 5)
    rated(wrong, 2, 2, flags=marked(wrong))
    rated(elsewhere, 2, 2, flags=marked(elsewhere, passage=elsewhere.passages.get().pk))
    subject = make.subject(torn)
    given = {"grounded": "yes", "helpful": 4}
    reviews = [
        make.review(subject, rating_rubric, member, {**given, **flags})
        for member, flags in zip(reviewers, ({"flags": marked(torn)}, {}, {}), strict=False)
    ]
    make.verdict(subject, rating_rubric, reviews)
    plain = make.rubric_version(
        project, [{"key": "ok", "kind": "yes_no", "label": "Fine?", "fails_when": {"values": ["no"]}}]
    )
    subject = make.subject(unasked)
    make.verdict(subject, plain, [make.review(subject, plain, reviewers[0], {"ok": "yes"})])
    export = made(built(), "spans")
    found = {row["response_id"]: [span["quote"] for span in row["spans"]] for row in records(export)}
    assert found == {sound.external_id: [], wrong.external_id: ["A", "A"]}
    assert export.manifest["left_out"] == {"contested": 1, "marked_elsewhere": 1, "not_marked": 1}


def test_offsets_count_code_points(project: Project, rated: Rated, built: Built) -> None:
    text = "🙂\r\né́ it is 90 days"
    start = text.index("90")
    response = make.response(project, text)
    rated(response, 2, flags=marked(response, start=start, end=start + 2, quote="90"))
    (row,) = records(made(built(), "spans"))
    (span,) = row["spans"]
    assert row["text"][span["start"] : span["end"]] == span["quote"] == "90"
    assert span["evidence"] is None
