"""The documented format of a rubric is what is written and read."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from feedback.accounts.models import Project
from feedback.rubrics.definition import OPTIONS, RubricRefused
from feedback.rubrics.exchange import document, read_document
from feedback.rubrics.models import Criterion
from tests import make

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"
BEST = {"key": "b", "kind": "best_worst", "label": "Best and worst?", "options": {"responses": 4}}
NEW = [*make.turns_criteria("step", required_turns="any"), make.typed_criteria()[0]]
FAULTY: list[dict[str, Any]] = [
    {"key": "A b", "kind": "text", "label": "Why?"},
    {"key": "a", "kind": "essay", "label": "Why?"},
    {"key": "a", "kind": "text", "label": ""},
    {"key": "a", "kind": "text", "label": "Why?", "weight": 2},
    {"key": "a", "kind": "scale", "label": "How?"},
    {"key": "a", "kind": "scale", "label": "How?", "options": {"min": 1, "max": 5, "step": 0}},
    {"key": "a", "kind": "choice", "label": "Which?", "options": {"choices": [{"value": "x", "label": "X"}]}},
    {"key": "a", "kind": "best_worst", "label": "Which?", "options": {"responses": 2}},
    {"key": "a", "kind": "scale", "label": "How?", "options": {"min": 1, "max": 5, "typed": "yes"}},
    {**make.turns_criteria("message")[0], "fails_when": {}},
]


@cache
def schema() -> Draft202012Validator:
    found = json.loads((REFERENCE / "rubric.schema.json").read_text())
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def test_the_schema_is_well_formed_and_knows_every_kind() -> None:
    definitions = schema().schema["$defs"]
    assert set(definitions["criterion"]["properties"]["kind"]["enum"]) == set(Criterion.Kind.values) == set(OPTIONS)
    assert set(Criterion.Kind.values) <= set(definitions)


@pytest.mark.django_db
@pytest.mark.parametrize("criteria", [make.DEFAULT_CRITERIA, make.PAIR_CRITERIA, make.ranking_criteria(), [BEST], NEW])
def test_what_is_written_follows_the_schema_and_is_read_again(project: Project, criteria: list[dict[str, Any]]) -> None:
    version = make.rubric_version(project, criteria)
    written = document(version)
    schema().validate(json.loads(written))
    assert [row["key"] for row in read_document(written)[0]] == [row["key"] for row in criteria]


def test_the_documented_example_is_read_and_follows_the_schema() -> None:
    match = re.search(r"```json\n(.*?)```", (REFERENCE / "rubrics.md").read_text(), re.S)
    assert match is not None
    schema().validate(json.loads(match[1]))
    criteria, guideline = read_document(match[1])
    assert [row["key"] for row in criteria] == ["grounded", "how-bad", "claims"]
    assert "**Bad:**" in guideline


@pytest.mark.parametrize("row", FAULTY)
def test_what_the_schema_refuses_is_refused_when_read(row: dict[str, Any]) -> None:
    assert not schema().is_valid({"criteria": [row]})
    with pytest.raises(RubricRefused):
        read_document(json.dumps([row]))
