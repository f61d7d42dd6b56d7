"""What a version tells about its pairs: agreement, flips, length, position, labels, models and prompt versions."""

from __future__ import annotations

import math
from typing import Any

import pytest

from feedback.accounts.models import Member, Project
from feedback.datasets.models import DatasetVersion
from feedback.statistics.intervals import wilson
from tests import make
from tests.feedback.datasets.conftest import Built, Compared

pytestmark = pytest.mark.once


@pytest.fixture
def version(project: Project, compared: Compared, built: Built) -> DatasetVersion:
    """Three pairs: AAA, AAB and BBA; the second response is always shown first, and the first one is longer."""
    for votes in ("AAA", "AAB", "BBA", "TT"):
        pair = tuple(
            make.response(project, text, question=f"Which {votes}?", model_name=name, prompt_version=prompt)
            for text, name, prompt in (
                ("123456789", "large", make.prompt_version(project, "v1")),
                ("1234", "small", make.prompt_version(project, "v2")),
            )
        )
        compared(votes, pair=pair)
    return built()


def test_votes_that_agree_and_votes_that_contradict(version: DatasetVersion) -> None:
    told = version.statistics
    assert told["agreement"]["pairs_with_votes"] == 3
    assert told["agreement"]["unanimous"] == pytest.approx(1 / 3, abs=1e-6)
    assert told["agreement"]["two_votes_agree"] == pytest.approx((1 + 1 / 3 + 1 / 3) / 3, abs=1e-6)
    low, high = wilson(2, 9)
    assert told["flip_rate"] == {"rate": 0.222222, "low": round(low, 6), "high": round(high, 6), "n": 9}


def test_length_and_position(version: DatasetVersion) -> None:
    told = version.statistics
    assert (told["length_bias"]["rate"], told["length_bias"]["n"]) == (0.666667, 3)
    assert told["length_bias"]["mean_log_ratio"] == pytest.approx(math.log(10 / 5) / 3, abs=1e-6)
    assert (told["position_bias"]["rate"], told["position_bias"]["n"]) == (0.333333, 9)


def test_labels_models_and_prompt_versions(version: DatasetVersion) -> None:
    told = version.statistics
    assert told["labels"] == {"preferred": 9, "tie": 2}
    won = {row["name"]: (row["chosen"], row["rejected"], row["rate"]) for row in told["by_model"]}
    assert won == {"large": (2, 1, 0.666667), "small": (1, 2, 0.333333)}
    assert [row["name"] for row in told["by_prompt_version"]] == ["answer v1", "answer v2"]


def test_nothing_is_known_of_an_empty_version(built: Built) -> None:
    told = built().statistics
    assert told["flip_rate"] == {"rate": None, "low": None, "high": None, "n": 0}
    assert told["by_model"] == []


def test_its_page_has_the_tables(version: DatasetVersion, curator: Member, client_of: Any) -> None:
    page = client_of(curator).get(version.get_absolute_url()).content.decode()
    assert "Flip rate" in page
    assert 'id="by_model-title"' in page
    assert 'id="by_prompt_version-title"' in page
    assert "Two votes on the same pair" in page
