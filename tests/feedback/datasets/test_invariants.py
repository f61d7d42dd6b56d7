"""Each promise holds after a build, and each kind of damage is found. Frozen rows are harmed by deleting and adding."""

from __future__ import annotations

from collections.abc import Sized

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets import exports
from feedback.datasets.invariants import INVARIANTS
from feedback.datasets.models import DatasetVersion, Export
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated


def broken() -> dict[str, int]:
    """How many violations each broken promise has."""
    found: dict[str, int] = {}
    for invariant in INVARIANTS:
        violations = invariant.violations()
        assert isinstance(violations, Sized)
        if len(violations):
            found[invariant.violations.__name__] = len(violations)
    return found


@pytest.fixture
def version(project: Project, compared: Compared, rated: Rated, built: Built) -> DatasetVersion:
    for n, votes in enumerate(("AAA", "AAB", "TT", "AAA")):
        compared(votes, conversation_id=f"c-{n}")
    for n in range(3):
        response = make.response(project, f"Answer {n}")
        rated(response, 2, rewrite={"response": response.pk, "text": f"A much better answer {n}"})
    version = built()
    written(version, ["preference", "votes", "revision", "promptfoo"])
    return version


def written(version: DatasetVersion, shapes: list[str]) -> None:
    for shape in shapes:
        jobs.run(Export, exports.request(version, shape).pk)


def test_they_hold_after_builds_and_exports(version: DatasetVersion, built: Built) -> None:
    built()
    built(min_votes=0)
    version.dataset.build()
    written(version, Export.Shape.values)
    assert version.exports.filter(state="done").count() == len(Export.Shape.values)
    assert broken() == {}


def test_a_lost_row_is_found(version: DatasetVersion) -> None:
    version.pairs.order_by("position").last().delete()  # type: ignore[union-attr]
    assert broken() == {"broken_exports": 1, "changed_versions": 1, "miscounted_versions": 1}


def test_a_row_too_many_left_out_is_found(version: DatasetVersion) -> None:
    version.rows.filter(kind="excluded").delete()
    assert broken() == {"miscounted_versions": 1}


def test_a_changed_row_is_found(version: DatasetVersion) -> None:
    pair = version.pairs.order_by("position")[0]
    version.pairs.filter(pk=pair.pk).delete()
    pair.pk, pair.rejected = None, [{"role": "assistant", "content": "Changed"}]
    pair.save(force_insert=True)
    assert broken() == {"broken_exports": 1, "changed_versions": 1}


def test_a_changed_or_lost_file_is_found(version: DatasetVersion) -> None:
    first, second = version.exports.order_by("pk")[:2]
    default_storage.delete(first.file)
    default_storage.delete(second.file)
    default_storage.save(second.file, ContentFile(b"{}\n"))
    assert broken() == {"broken_exports": 2}


@pytest.mark.parametrize("kind", ["fold", "prompt", "conversation"])
def test_a_group_in_two_splits_is_found(version: DatasetVersion, kind: str) -> None:
    pair = version.pairs.filter(source="comparison").order_by("position")[0]
    response = pair.chosen_response
    assert response is not None
    names = {"fold": response.fold_hash, "prompt": response.prompt_hash, "conversation": response.conversation_id}
    group = version.dataset.group_splits.get(kind=kind, group=names[kind])
    group.delete()
    group.pk, group.split = None, next(split for split in ("train", "test") if split != pair.split)
    group.save(force_insert=True)
    assert broken() == {"pairs_across_splits": 1}
