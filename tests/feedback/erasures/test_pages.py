"""The pages of an erasure: whom, what would go, the typed word; and what others see afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback import jobs
from feedback.accounts.models import Member
from feedback.audit.models import AuditEvent
from feedback.datasets import exports
from feedback.datasets.models import DatasetVersion, Export
from feedback.erasures.models import Erasure, digest_of
from feedback.jobs import JobRefused
from reviews.quality.models import GoldItem
from tests import make
from tests.feedback.erasures.world import KEY, TOKEN, Person

pytestmark = pytest.mark.once

LIST = "/p/travel/erasures/"


def test_it_shows_what_would_go_and_wants_the_key_again(person: Person, admin: Member) -> None:
    browser = make.SignedIn(admin)
    assert browser.get(LIST).status_code == 200
    told = browser.post(f"{LIST}preview/", {"subject_key": KEY}).content.decode()
    assert "Texts of responses" in told
    assert "to the same conversations" in told
    refused = browser.post(f"{LIST}new/", {"subject_key": KEY, "confirm": "user"})
    assert refused.status_code == 422
    assert not Erasure.objects.exists()
    begun = browser.post(f"{LIST}new/", {"subject_key": KEY, "confirm": KEY})
    erasure = Erasure.objects.get()
    assert begun["Location"] == erasure.get_absolute_url()
    assert browser.post(f"{LIST}new/", {"subject_key": KEY, "confirm": KEY})["Location"] == begun["Location"]
    jobs.run(Erasure, erasure.pk)
    page = browser.get(begun["Location"]).content.decode()
    assert "Erased" in page
    assert TOKEN not in page


def test_an_unknown_key_finds_nobody(admin: Member) -> None:
    page = make.SignedIn(admin).post(f"{LIST}preview/", {"subject_key": "nobody"}).content.decode()
    assert "No response of this person" in page


@pytest.mark.parametrize("given", ["", "a\0b", "x" * 201])
def test_a_key_that_is_none_is_refused(admin: Member, given: str) -> None:
    assert make.SignedIn(admin).post(f"{LIST}preview/", {"subject_key": given}).status_code == 422


def test_only_admins_erase(curator: Member, moderator: Member, outsider: Member) -> None:
    for member in (curator, moderator):
        assert make.SignedIn(member).post(f"{LIST}new/", {"subject_key": "a", "confirm": "a"}).status_code == 403
    assert make.SignedIn(outsider).get(LIST).status_code == 404


def erased(person: Person) -> Erasure:
    erasure = Erasure.ask(person.project, KEY)
    jobs.run(Erasure, erasure.pk)
    erasure.refresh_from_db()
    assert erasure.state == "done", erasure.error
    for heir in DatasetVersion.objects.filter(state="queued"):
        jobs.run(DatasetVersion, heir.pk)
    return erasure


def test_its_row_and_the_audit_log_know_only_a_digest(person: Person) -> None:
    erasure = erased(person)
    assert erasure.subject_key == ""
    assert erasure.subject_digest == digest_of(person.project, KEY)
    events = AuditEvent.objects.filter(object_type="erasures.erasure").order_by("pk")
    assert [event.verb for event in events] == ["erasure-requested", "subject-erased"]
    assert {event.facts["subject"] for event in events} == {erasure.subject_digest}


def test_versions_are_marked_and_the_newest_is_followed(person: Person) -> None:
    erased(person)
    first, second, heir = person.dataset.versions.order_by("number")
    assert heir.state == "done"
    assert (first.superseded_by_id, second.superseded_by_id) == (heir.pk, heir.pk)
    assert first.is_redacted
    assert heir.counts["gone"] == {"erased": first.counts["pairs"]}
    assert set(heir.rows.filter(kind="gone").values_list("reason", flat=True)) == {"erased"}


def test_their_files_are_gone_and_say_why(person: Person, admin: Member) -> None:
    file = Export.objects.filter(version=person.versions[0], shape="preference").get()
    erased(person)
    browser = make.SignedIn(admin)
    place = f"/p/travel/datasets/set/versions/1/exports/{file.pk}/"
    answer = browser.get(place)
    assert answer.status_code == 410
    assert "Version 3 is without these rows" in answer.content.decode()
    rest = browser.get(f"/api/v1/exports/{file.pk}/download/", headers={"X-Project": "travel"})
    assert rest.status_code in {400, 403, 410}
    with pytest.raises(JobRefused):
        exports.request(DatasetVersion.objects.get(pk=person.versions[0].pk), "sft")


def test_pages_of_what_was_erased_still_answer(
    person: Person, admin: Member, django_assert_max_num_queries: Any
) -> None:
    pair = person.versions[0].pairs.order_by("position")[0]
    erased(person)
    browser = make.SignedIn(admin)
    version = "/p/travel/datasets/set/versions/1/"
    for address in (
        version, f"{version}pairs/", f"{version}pairs/{pair.pair_id}/", f"{version}left-out/",
        "/p/travel/datasets/set/compare/?older=1&newer=3&show=removed", f"/p/travel/responses/{person.alone.pk}/",
        f"/p/travel/datasets/of-response/{person.alone.pk}/", "/p/travel/responses/", "/p/travel/erasures/",
        f"/p/travel/moderation/items/{person.queue.items.earliest('pk').pk}/", "/p/travel/moderation/escalations/",
        reverse("gold:gold-item", args=["travel", GoldItem.objects.get().item_id]), person.tune.get_absolute_url(),
    ):  # fmt: skip
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert TOKEN not in answer.content.decode()
    assert "erased at the request of a person" in browser.get(version).content.decode()


def test_nobody_is_asked_about_it_any_more(person: Person) -> None:
    erased(person)
    turn = type(person.held).objects.get(pk=person.held.pk)
    assert (turn.state, turn.skip_reason, turn.draft) == ("skipped", "erased", {})
    assert set(turn.item.places.values_list("state", flat=True)) == {"withdrawn"}


def test_somebody_elses_answers_stay(person: Person) -> None:
    output = person.stranger.body.output
    erased(person)
    person.stranger.refresh_from_db()
    assert person.stranger.body.output == output
    assert person.stranger.subject_key == "somebody-else"


def test_killed_at_each_chunk_it_ends_the_same(person: Person) -> None:
    """A worker is lost after every chunk; the next one goes on, to the same end."""
    erasure = Erasure.ask(person.project, KEY)
    for _ in range(300):
        attempt = jobs.claim(Erasure, erasure.pk)
        if attempt is None:
            break
        jobs.run_chunk(Erasure, erasure.pk, attempt)
        Erasure.objects.filter(pk=erasure.pk, state="running").update(lease_until=None, state="queued")
    erasure.refresh_from_db()
    assert erasure.state == "done"
    assert erasure.counts["responses"] == 5
