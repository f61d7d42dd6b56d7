"""Judged responses without the work before: a version, a chance of being drawn, what was settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from feedback.prompts.models import PromptVersion
from feedback.rubrics.models import RubricVersion
from feedback.rubrics.ready import helpfulness_rubric
from tests import make

Judge = Callable[..., Verdict]


@pytest.fixture
def browser(curator: Member) -> make.SignedIn:
    return make.SignedIn(curator)


@pytest.fixture
def rubric(project: Project) -> RubricVersion:
    return helpfulness_rubric(project)


@pytest.fixture
def v6(project: Project) -> PromptVersion:
    return make.prompt_version(project, "v6", name="claims")


@pytest.fixture
def v7(v6: PromptVersion) -> PromptVersion:
    return make.prompt_version(v6.project, "v7", name="claims")


def said(value: str, kind: str = "yes_no") -> dict[str, Any]:
    return {"kind": kind, "value": value, "share": 1.0, "votes": {value: 2}, "n": 2}


def settled(**changed: Any) -> dict[str, Any]:
    """Answers of the ready rubric, nothing wrong unless `changed` says so."""
    answers = {
        "grounded": said("yes"), "toxic": said("no"), "biased": said("no"), "hallucinations": said("no", "spans"),
        "helpfulness": {"kind": "scale", "mean": 4.0, "n": 2}, "correction": {"kind": "correction", "n": 0},
    }  # fmt: skip
    return {**answers, **changed}


@pytest.fixture
def judge(project: Project, rubric: RubricVersion) -> Judge:
    """`judge(version, wrong=True, pi=0.1)`: a response of the version and its verdict."""

    def judged(version: PromptVersion | None, *, wrong: bool = False, pi: float | None = 0.5, **fields: Any) -> Verdict:
        about = {name: fields.pop(name) for name in ("cost", "origin", "environment", "responded_at") if name in fields}
        response = make.response(project, prompt_version=version, **about)
        answers = fields.pop("answers", settled(grounded=said("no")) if wrong else settled())
        return Verdict.objects.create(
            project=project, subject=make.subject(response), rubric_version=rubric, method="consensus", n_reviews=2,
            answers=answers, inclusion_probability=pi,
            **{"origin": "queue", "is_failure": wrong, "rule_label": "rule v1", **fields},
        )  # fmt: skip

    return judged
