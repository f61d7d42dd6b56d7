"""Public sets of many raters an item, imported as their people: what is said of them is what other libraries say.

The values are frozen by `make oracles` (.ci/real_oracles.py): krippendorff, irrCAC and crowd-kit read the same files.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import kendalltau

from bench.real import told
from bench.real.sets import SETS, Set
from feedback.accounts.models import Project
from feedback.judgements.models import Review
from feedback.responses.ingest import ingest_rows
from reviews.imports.labels import import_labels
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Queue
from tests.real import DATA, rows_of

FROZEN = json.loads((Path(__file__).parent / "oracles.json").read_text())
# Of which question the values of a name are; sets whose raters are places and not people have no ranking of them.
ALSO = {"convabuse": {"severity": "convabuse", "abusive": "convabuse_abusive"}}
SLOTS = {"xsum"}
SPARSE = {"llmfao"}  # many people of few labels: chances near 0, which crowd-kit holds above another smallest number
APART = 0.05  # in the chance to be right
LONG = {"convabuse", "llmfao", "xsum"}  # for `make proof`
pytestmark = [pytest.mark.slow, pytest.mark.once]


@dataclass
class Replayed:
    """A set in a project: the verdicts after the first labels of each item, and after all."""

    one: Set
    project: Project
    queue: Queue
    early: dict[str, str]
    full: dict[str, str]

    @property
    def oracles(self) -> dict[str, dict[str, Any]]:
        """By question."""
        key = told.voted_key(self.one)
        return {question: FROZEN[name] for question, name in ALSO.get(self.one.name, {key: self.one.name}).items()}

    @property
    def voted(self) -> dict[str, Any]:
        return self.oracles[told.voted_key(self.one)]


def replayed(one: Set, project: Project) -> Replayed:
    if missing := [name for name in one.files if not (DATA / name).exists()]:
        pytest.skip(f"{', '.join(missing)} not found; set DATA_DIR to where it lies")
    queue, key = told.queue_for(project, one), told.voted_key(one)
    ingested = ingest_rows(project, one.responses(rows_of), batch=None)
    assert not ingested.refused
    verdicts = []
    for wave in one.waves(rows_of):
        taken = import_labels(project, wave)
        assert (taken.accepted, taken.n_refused) == (len(wave), 0)
        while settle_complete_items():
            pass
        verdicts.append(told.consensus(project, key))
    return Replayed(one, project, queue, *verdicts)


@pytest.mark.django_db
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.proof if name in LONG else ()) for name in sorted(SETS)]
)
def test_a_set_imported_as_its_people_has_the_frozen_values(name: str, project: Project) -> None:
    found = replayed(SETS[name], project)
    labels = SETS[name].labels(rows_of)
    assert Review.objects.filter(project=project).count() == len(labels)
    assert set(people(project)) == {row["reviewer"] for row in labels}
    assert_agreement(found)
    assert_consensus(found)
    if name not in SLOTS:
        assert_accuracy(found)


def people(project: Project) -> list[str]:
    return list(project.members.filter(source__in=SETS).values_list("source_name", flat=True))


def assert_agreement(found: Replayed) -> None:
    rows = told.agreements(found.project)
    for key, oracle in found.oracles.items():
        row = rows[key]
        assert row["alpha"] == pytest.approx(oracle["alpha"][row["level"]], abs=1e-6), key
        assert row["low"] < row["alpha"] < row["high"]
        if "interval" in oracle["alpha"]:
            assert row["alpha_interval"] == pytest.approx(oracle["alpha"]["interval"], abs=1e-6)
        assert (row["ac"], row["kappa"]) == pytest.approx((oracle["ac"], oracle["kappa"]), abs=1e-6), key
        if "characters" in oracle:
            assert row["characters"] == pytest.approx(oracle["characters"], abs=1e-6)


def assert_consensus(found: Replayed) -> None:
    """Each item has the answer that most people gave, none where two lead; and so it was when few had answered."""
    oracle, full = found.voted, found.full
    assert found.queue.items.count() == oracle["items"]
    assert found.queue.items.filter(state="settled").count() == len(full) == oracle["settled"]
    assert found.queue.items.filter(state="unresolved").count() == oracle["items"] - oracle["settled"]
    assert dict(Counter(full.values())) == oracle["labels"]
    lines = "".join(f"{item}\t{full[item]}\n" for item in sorted(full))
    assert sha256(lines.encode()).hexdigest()[:16] == oracle["digest"]
    assert len(found.early) == oracle["early"]
    assert told.early_right(found.early, full) == (oracle["early_right"], oracle["early_with_full_vote"])


def assert_accuracy(found: Replayed) -> None:
    """Dawid and Skene on the stored reviews is crowd-kit's, and ranks people alike. The page's figures have
    pseudo-counts, which draw people of few answers together: whoever is apart by crowd-kit stands in its order.
    """
    key, oracle = told.voted_key(found.one), found.voted["accuracy"]
    estimate, raters, _ = told.plain_model(found.project, key)
    own = dict(zip(raters, estimate.accuracy().tolist(), strict=True))
    enough = sorted(rater for rater, (_, n) in oracle.items() if n >= 20)
    expected = [oracle[rater][0] for rater in enough]
    near = 1e-2 if found.one.name in SPARSE else 2e-3
    assert [own[rater] for rater in enough] == pytest.approx(expected, abs=near)
    assert kendalltau([own[rater] for rater in enough], expected).statistic == pytest.approx(1, abs=0.01)
    shown = told.accuracies(found.project, key)
    assert sorted(shown) == enough
    assert kendalltau([shown[rater] for rater in enough], expected).statistic > 0.75
    apart = [(one, other) for one in enough for other in enough if oracle[one][0] > oracle[other][0] + APART]
    wrong = [(one, other) for one, other in apart if shown[one] <= shown[other]]
    assert len(wrong) <= 0.01 * len(apart)
