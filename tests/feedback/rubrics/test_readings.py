"""Who has read which guideline, and what changed for them since."""

from __future__ import annotations

from functools import partial

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.rubrics.models import Reading, Rubric, RubricVersion
from feedback.rubrics.publish import publish
from feedback.rubrics.readings import acknowledge, newest_read, read_before
from tests import make
from tests.make import SignedIn
from tests.races import at_once

pytestmark = pytest.mark.django_db
ASKED = [{"key": "grounded", "kind": "yes_no", "label": "Grounded?"}]


@pytest.fixture
def versions(project: Project) -> list[RubricVersion]:
    rubric = Rubric.objects.create(project=project, name="Groundedness")
    texts = ["Read one source.", "Read every source.", "Read every source."]
    return [publish(rubric, ASKED, text) for text in texts]


def address(route: str, version: RubricVersion) -> str:
    return reverse(f"rubrics:version-{route}", args=[version.project.slug, version.pk])


def test_it_is_kept_once_and_audited(versions: list[RubricVersion], reviewer: Member) -> None:
    assert acknowledge(versions[0], reviewer)
    assert not acknowledge(versions[0], reviewer)
    event = AuditEvent.objects.get(verb="guideline-read")
    assert (event.actor, event.facts["number"]) == (str(reviewer.key), 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_keep_one(versions: list[RubricVersion], reviewer: Member) -> None:
    assert sorted(at_once(*[partial(acknowledge, versions[0], reviewer)] * 4)) == [False, False, False, True]
    assert AuditEvent.objects.filter(verb="guideline-read").count() == Reading.objects.count() == 1


def test_the_newest_guideline_that_was_read(versions: list[RubricVersion], reviewer: Member) -> None:
    other = make.member(versions[0].project)
    acknowledge(versions[0], reviewer)
    acknowledge(versions[2], reviewer)
    assert newest_read(versions[0].rubric_id, [reviewer.pk, other.pk]) == {reviewer.pk: 2}
    assert read_before(versions[2], reviewer) == versions[0]
    assert read_before(versions[0], reviewer) is None


def test_the_page_says_what_changed_and_keeps_that_it_was_read(versions: list[RubricVersion], reviewer: Member) -> None:
    client, newer = SignedIn(reviewer), versions[1]
    assert "What changed since" not in client.get(address("news", newer)).text
    acknowledge(versions[0], reviewer)
    page = client.get(address("news", newer)).text
    assert "<del>one</del><ins>every</ins>" in page
    assert client.post(address("read", newer)).status_code == 303
    assert "You have read version 2." in client.get(address("news", newer)).text
    assert Reading.objects.filter(member=reviewer, rubric_version=newer).exists()


def test_the_desk_gets_a_part_and_lets_go_of_its_notice(versions: list[RubricVersion], reviewer: Member) -> None:
    client, htmx = SignedIn(reviewer), {"HX-Request": "true"}
    assert client.get(address("news", versions[0]), headers=htmx).text.startswith('<div id="news"')
    answer = client.post(address("read", versions[0]), headers={**htmx, "HX-Target": "news"}).text
    assert '<div id="guideline-changed" hx-swap-oob="delete">' in answer
    assert client.post(address("read", versions[0]), headers=htmx).status_code == 204  # the guideline was opened


def test_only_of_their_own_project(versions: list[RubricVersion], outsider: Member) -> None:
    slug = outsider.project.slug
    for route, method in (("news", "get"), ("read", "post")):
        client = SignedIn(outsider)
        url = reverse(f"rubrics:version-{route}", args=[slug, versions[0].pk])
        assert getattr(client, method)(url).status_code == 404
    assert not Reading.objects.exists()
