"""The pages and the API of gold: for curators and moderators, never for reviewers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member
from feedback.audit.models import AuditEvent
from reviews.quality import gold_make
from reviews.quality.gold_models import GoldItem, GoldSetting
from reviews.queues.models import Queue
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def curate(gold: Any) -> Any:
    client: Any = make.SignedIn(gold.curator)

    def url(route: str, **where: Any) -> str:
        return reverse(f"gold:{route}", kwargs={"project": gold.project.slug, **where})

    client.to = url
    return client


def test_the_lists_are_empty_in_words_at_first(gold: Any, curate: Any) -> None:
    assert gold.queue.name in curate.get(curate.to("gold-list")).text
    page = curate.get(curate.to("gold-queue", key=gold.queue.key)).text
    assert "No gold yet" in page
    assert "Nobody was checked yet" in page


def test_the_rate_is_set_and_written_down(gold: Any, curate: Any) -> None:
    GoldSetting.objects.all().delete()
    url = curate.to("gold-queue", key=gold.queue.key)
    assert curate.post(url, {"is_on": "on", "percent": "8"}).status_code == 303
    assert GoldSetting.objects.get().rate == pytest.approx(0.08)
    assert AuditEvent.objects.get(verb="gold-setting-changed").facts["rate"] == pytest.approx(0.08)
    assert curate.post(url, {"is_on": "on", "percent": "90"}).status_code == 422


def test_it_is_made_and_revised_by_hand(gold: Any, curate: Any) -> None:
    item = gold.ordinary(1)[0]
    url = curate.to("gold-item", pk=item.pk)
    assert "Make item" in curate.get(url).text
    expected = {"q-grounded": "no", "q-helpful": "2", "room-helpful": "2", "q-flags": "none", "why": "Sixty."}
    assert curate.post(url, expected).status_code == 303
    revision = GoldItem.objects.get().revision
    assert revision.answers == {"grounded": "no", "helpful": 2, "flags": []}
    assert (revision.tolerance["helpful"], revision.explanation) == (2.0, "Sixty.")
    output = item.subject.shown()[0].body.output
    marked = {"q-flags": "these", "marks-flags": output[:4]}
    assert curate.post(url, marked).status_code == 303
    assert GoldItem.objects.get().revision.answers["flags"][0]["quote"] == output[:4].strip()
    page = curate.get(url).text
    assert "Revision 2" in page
    assert curate.post(url, {"q-flags": "these", "marks-flags": "nowhere"}).status_code == 422
    assert curate.post(url, {}).status_code == 422


def test_a_questioned_item_stands_before_the_moderator(gold: Any, curate: Any, moderator: Member) -> None:
    doubtful = gold.items(1)[0]
    gold_make.question(doubtful)
    panel = reverse("moderation:panel", kwargs={"project": gold.project.slug})
    fragment = make.SignedIn(moderator).get(f"{panel}?region=doubtful", headers={"HX-Request": "true"}).text
    url = curate.to("gold-item", pk=doubtful.item_id)
    assert url in fragment
    assert url in curate.get(curate.to("gold-list")).text
    assert "fail this item too often for chance" in curate.get(url).text
    assert curate.post(url, {"act": "confirm"}).status_code == 303
    assert GoldItem.objects.get().state == "active"
    assert curate.post(url, {"act": "retire"}).status_code == 303
    assert GoldItem.objects.get().state == "retired"
    assert {"gold-confirmed", "gold-retired"} <= set(AuditEvent.objects.values_list("verb", flat=True))


def test_rows_are_tried_out_first(gold: Any, curate: Any) -> None:
    for name in ("r-1", "r-2"):
        make.response(gold.project, external_id=name)
    rows = [
        {"external_id": "r-1", "answers": {"grounded": "no"}},
        {"external_id": "r-2", "answers": {"grounded": "maybe"}},
        {"external_id": "r-9", "answers": {"grounded": "no"}},
        "no object",
    ]
    text = "\n".join(json.dumps(row) for row in rows) + "\n{broken"
    url = curate.to("import", key=gold.queue.key)
    page = curate.post(url, {"text": text})
    assert (page.status_code, page.context["n_made"], page.context["n_refused"]) == (200, 1, 4)
    assert "no response" in page.text
    assert not GoldItem.objects.exists()
    assert curate.post(url, {"text": text, "go": "1"}).status_code == 303
    assert GoldItem.objects.get().origin == "import"
    assert curate.post(url, {"text": text, "go": "1"}).status_code == 422


def test_a_table_is_read_too(gold: Any, curate: Any) -> None:
    make.response(gold.project, external_id="r-1")
    text = "external_id,grounded,helpful,flags,explanation\nr-1,no,2,none,Because.\n"
    assert curate.post(curate.to("import", key=gold.queue.key), {"text": text, "go": "1"}).status_code == 303
    assert GoldItem.objects.get().revision.answers == {"grounded": "no", "helpful": 2, "flags": []}


def test_a_training_is_opened_once(gold: Any, curate: Any) -> None:
    url = curate.to("open-training", key=gold.queue.key)
    assert curate.post(url, {"n_right": "9", "n_last": "3"}).status_code == 303
    assert not Queue.objects.filter(is_training=True).exists()
    assert curate.post(url, {"n_right": "2", "n_last": "3"}).status_code == 303
    training = Queue.objects.get(is_training=True)
    assert Queue.objects.get(pk=gold.queue.pk).training == training
    curate.post(url, {"n_right": "2", "n_last": "3"})
    assert Queue.objects.filter(is_training=True).count() == 1


def test_reviewers_find_none_of_it(gold: Any, curate: Any, reviewer: Member) -> None:
    known = gold.items(1)[0]
    person = make.SignedIn(reviewer)
    for url in (
        curate.to("gold-list"),
        curate.to("gold-queue", key=gold.queue.key),
        curate.to("gold-item", pk=known.item_id),
        curate.to("import", key=gold.queue.key),
    ):
        assert person.get(url).status_code in {403, 404}
    key = make.api_key(gold.project, "review", member=reviewer)
    assert person.get("/api/v1/gold/", headers={"Authorization": f"Bearer {key}"}).status_code == 403


def test_other_projects_find_none_of_it(gold: Any, curate: Any, outsider: Member) -> None:
    known = gold.items(1)[0]
    Member.objects.filter(pk=outsider.pk).update(role="curator")
    stranger = make.SignedIn(outsider)
    theirs = reverse("gold:gold-item", kwargs={"project": outsider.project.slug, "pk": known.item_id})
    assert stranger.get(theirs).status_code == 404
    key = make.api_key(outsider.project, "gold", member=Member.objects.get(pk=outsider.pk))
    auth: Any = {"headers": {"Authorization": f"Bearer {key}"}}
    assert stranger.get("/api/v1/gold/", **auth).json()["results"] == []
    assert stranger.get(f"/api/v1/gold/{known.pk}/", **auth).status_code == 404


def test_programs_list_read_and_make_gold(gold: Any, client: Any) -> None:
    make.response(gold.project, external_id="r-1")
    key = make.api_key(gold.project, "gold", member=gold.curator)
    auth: dict[str, Any] = {"headers": {"Authorization": f"Bearer {key}"}}
    body = {"queue": gold.queue.key, "responses": ["r-1"], "answers": {"grounded": "no", "helpful": 2}}
    made = client.post("/api/v1/gold/", json.dumps(body), content_type="application/json", **auth)
    assert made.status_code == 201
    assert client.get(made["Location"], **auth).json()["tolerance"] == {"helpful": 1.0}
    listed = client.get(f"/api/v1/gold/?queue={gold.queue.key}&state=active", **auth).json()["results"]
    assert [row["responses"] for row in listed] == [["r-1"]]
    again = client.post("/api/v1/gold/", json.dumps(body), content_type="application/json", **auth)
    assert (again.status_code, again.json()["code"]) == (422, "gold-refused")
    wrong = {**body, "answers": {"grounded": "maybe"}}
    refused = client.post("/api/v1/gold/", json.dumps(wrong), content_type="application/json", **auth)
    assert (refused.status_code, refused.json()["code"]) == (422, "answers-refused")
