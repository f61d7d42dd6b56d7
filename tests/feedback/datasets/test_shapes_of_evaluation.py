"""Files for tools that test prompts and models: the same cases under other names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from feedback.accounts.models import Project
from feedback.datasets.models import Dataset
from feedback.datasets.sealed import Sealed
from tests import make
from tests.feedback.datasets.conftest import Built, Rated
from tests.feedback.datasets.test_exports import made, records

pytestmark = pytest.mark.once

SHAPES = ["dspy", "opik", "langfuse", "langsmith", "inspect_ai", "openai_evals"]
CALL = {"id": "c1", "type": "function", "function": {"name": "light", "arguments": "{}"}}


@pytest.fixture(autouse=True)
def training(dataset: Dataset) -> None:
    dataset.shares = {"train": 1.0, "validation": 0.0, "test": 0.0}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_they_cannot_hold_is_left_out_and_counted(
    project: Project, rated: Rated, built: Built, shape: str
) -> None:
    image = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}]
    tool = [{"role": "user", "content": "On"}, {"role": "tool", "tool_call_id": "c1", "content": "ok"}]
    for fields in ({"messages": image}, {"messages": tool}, {"body": {"tool_calls": [CALL]}}, {}):
        rated(make.response(project, "Answer.", **fields), 4)
    export = made(built(), shape)
    assert (export.n_rows, export.manifest["left_out"]) == (1, {"not_only_text": 1, "prompt_not_open": 1, "tools": 1})


def test_without_a_reference_nothing_is_compared(project: Project, rated: Rated, built: Built) -> None:
    rated(make.response(project, "Wrong."), 2)
    version = built()
    for shape in ("inspect_ai", "openai_evals"):
        export = made(version, shape)
        assert (export.n_rows, export.manifest["left_out"]) == (0, {"no_reference": 1})
    assert records(made(version, "langsmith"))[0]["outputs"] == {}
    assert records(made(version, "langfuse"))[0]["expectedOutput"] is None
    assert records(made(version, "dspy"))[0]["rejected_answer"] == "Wrong."


def test_an_accepted_answer_is_the_reference_unless_somebody_wrote_a_better_one(
    project: Project, rated: Rated, built: Built
) -> None:
    good, better = make.response(project, "Good."), make.response(project, "Fair.")
    rated(good, 5)
    rated(better, 4, rewrite={"response": better.pk, "text": "Better."})
    rows = records(made(built(), "inspect_ai"))
    assert sorted(row["target"] for row in rows) == ["Better.", "Good."]


def test_variables_are_the_keys_in_opik_and_never_take_the_place_of_ours(
    project: Project, rated: Rated, built: Built
) -> None:
    for variables in ({"topic": "tides", "audience": "pilots"}, {"metadata": "x"}):
        rated(make.response(project, "Answer.", body={"variables": variables}), 4)
    export = made(built(), "opik")
    (row,) = records(export)
    assert list(row) == ["audience", "topic", "expected_answer", "metadata"]
    assert export.manifest["left_out"] == {"reserved_name": 1}


HOSTILE = ["file:///etc/passwd", "package:x:y", "{{env.SECRET}}", "{% include 'x' %}", "a {# b", "c #} d"]


@pytest.mark.parametrize("text", HOSTILE)
def test_promptfoo_is_given_no_text_that_it_would_run(project: Project, rated: Rated, built: Built, text: str) -> None:
    rated(make.response(project, "Answer.", body={"variables": {"topic": text}}), 4)
    rated(make.response(project, text, body={"variables": {"topic": ["a", "b"], "deep": {"file": text}}}), 4)
    export = made(built(), "promptfoo")
    (row,) = records(export)
    assert row["vars"] == {"topic": ["a", "b"], "deep": {"file": text}}
    assert row["options"] == {"disableVarExpansion": True}
    assert export.manifest["left_out"] == {"reads_as_code": 1}


def test_promptfoo_shows_marks_in_a_rubric_as_they_are(project: Project, rated: Rated, built: Built) -> None:
    rated(make.response(project, "Write {{{% #} }} literally."), 4)
    (row,) = records(made(built(), "promptfoo"))
    assert row["assert"][0]["value"].endswith("Write {{ '{{' }}{{ '{%' }} {{ '#}' }} }} literally.")


def ids(shape: str, rows: list[dict[str, Any]]) -> set[str]:
    return {row["metadata"]["id"] if shape == "opik" else row.get("item", row)["id"] for row in rows}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_item_has_one_id_in_every_version(project: Project, rated: Rated, built: Built, shape: str) -> None:
    for n in range(3):
        rated(make.response(project, f"Answer {n}"), 4)
    first = ids(shape, records(made(built(), shape)))
    rated(make.response(project, "One more"), 4)
    second = ids(shape, records(made(built(), shape)))
    assert (len(first), len(second), len(second - first)) == (3, 4, 1)
    assert all(str(UUID(one)) == one for one in second)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_test_split_is_held_back_unless_named(
    project: Project, rated: Rated, built: Built, dataset: Dataset, shape: str
) -> None:
    dataset.shares = {"train": 0.5, "validation": 0.0, "test": 0.5}
    for n in range(10):
        rated(make.response(project, f"Answer {n}"), 4)
    version = built()
    n_test = version.rows.filter(kind="case", data__split="test").count()
    assert 0 < n_test < 10
    assert made(version, shape).n_rows == 10 - n_test
    if shape == "dspy":  # which is learnt from
        with pytest.raises(Sealed):
            made(version, shape, "test")
        return
    assert made(version, shape, "test").n_rows == n_test


def test_an_item_obeys_the_schema_beside_it(project: Project, rated: Rated, built: Built) -> None:
    rated(make.response(project, "Answer."), 4)
    export = made(built(), "openai_evals")
    schema = export.manifest["beside"]["item_schema.json"]
    types = {"string": str, "array": list, "object": dict}
    (row,) = records(export)
    assert list(row["item"]) == schema["required"]
    assert set(row["item"]) == set(schema["properties"])
    assert all(type(row["item"][name]) is types[about["type"]] for name, about in schema["properties"].items())
