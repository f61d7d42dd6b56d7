"""What webhooks are told of datasets."""

from __future__ import annotations

import pytest

from feedback import jobs
from feedback.accounts.models import Project
from feedback.datasets import exports
from feedback.datasets.announce import version_superseded
from feedback.datasets.models import Export
from feedback.outbox.catalogue import TYPES
from feedback.outbox.models import Endpoint, Event
from tests.feedback.datasets.conftest import Built, Compared
from tests.feedback.outbox.conftest import fits

pytestmark = pytest.mark.usefixtures("hears_all")


@pytest.fixture
def hears_all(project: Project) -> Endpoint:
    return Endpoint.add(project, "https://hooks.example.org/", list(TYPES))


def told_of(type: str) -> list[Event]:
    return list(Event.objects.filter(type=type).order_by("pk"))


def test_versions_and_files_are_told(compared: Compared, built: Built) -> None:
    compared("AAA")
    first = built()
    export = exports.request(first, "preference", "train")
    jobs.run(Export, export.pk)
    second = first.dataset.build()
    jobs.run(type(second), second.pk)
    ready, (file,) = told_of("dataset.version.ready"), told_of("export.ready")
    assert [event.data["version"] for event in ready] == [first.pk, second.pk]
    assert (file.data["export"], file.data["split"]) == (export.pk, "train")
    (over,) = told_of("dataset.version.superseded")
    assert (over.data["version"], over.data["reason"], over.data["by"]) == (first.pk, "newer", second.pk)
    assert {event.about for event in (*ready, file, over)} == {f"dataset/{first.dataset.key}"}
    for event in (*ready, file, over):
        fits(event)


def test_a_version_that_is_marked_is_told_without_a_newer_one(compared: Compared, built: Built) -> None:
    compared("AAA")
    version_superseded(built(), "erased")
    (event,) = told_of("dataset.version.superseded")
    assert (event.data["reason"], event.data["by"]) == ("erased", None)
    assert "30 days" not in str(event.body)


def test_a_build_that_fails_tells_nothing(compared: Compared, built: Built) -> None:
    compared("AAA")
    version = built().dataset.build()
    version.cancel()
    assert len(told_of("dataset.version.ready")) == 1
