"""What critics say of a dispute is shown when a moderator asks, and that they asked is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.critics.assess import assess
from feedback.critics.models import Assessment
from feedback.responses.models import Response
from reviews.quality.adjudicate import adjudicate
from reviews.quality.models import Adjudication, CriticLook
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item
from tests import make

HTMX = {"HX-Request": "true"}
SPAN = {"start": 14, "end": 28, "quote": "within 30 days", "kind": "contradicted", "note": "<i>It says 60.</i>"}
SAID = {"critic": {"slug": "grounding", "name": "Grounding check", "version": "4"}, "score": 0.2,
        "label": "not grounded", "reason": "A figure is wrong."}  # fmt: skip
WORDS = ("Grounding check 4", "not grounded", "A figure is wrong.", "within 30 days")


@pytest.fixture
def item(project: Project, reviewer: Member, other_reviewer: Member) -> Item:
    queue, response = make.queue(project), make.response(project, external_id="r-1")
    for member, answer in ((reviewer, "yes"), (other_reviewer, "no")):
        make.counted(queue, make.subject(response), member, {"grounded": answer, "helpful": 4})
    settle_complete_items()
    return Item.objects.select_related("queue", "project").get()


@pytest.fixture
def said(project: Project, item: Item) -> Assessment:
    assess(project, [{"response": "r-1", "spans": [SPAN], **SAID}])
    return Assessment.objects.get()


def settling(item: Item) -> str:
    return reverse("quality:settle", args=[item.project.slug, item.pk])


def asking(item: Item) -> str:
    return reverse("quality:critics", args=[item.project.slug, item.pk])


def test_nothing_of_it_is_sent_until_somebody_asks(
    item: Item, said: Assessment, moderator: Member, client_of: Any
) -> None:
    page = client_of(moderator).get(settling(item))
    assert asking(item) in page.text
    for words in ("Grounding check", "not grounded", "A figure is wrong.", "It says 60"):
        assert words not in page.text
    assert not CriticLook.objects.exists()


def test_a_page_without_assessments_offers_nothing(item: Item, moderator: Member, client_of: Any) -> None:
    assert asking(item) not in client_of(moderator).get(settling(item)).text


def test_it_is_loaded_and_that_is_kept(item: Item, said: Assessment, moderator: Member, client_of: Any) -> None:
    answer = client_of(moderator).post(asking(item), headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    for words in WORDS:
        assert words in answer.text
    assert "<i>It says" not in answer.text
    look = CriticLook.objects.get()
    assert (look.member, look.shown) == (moderator, [said.pk])


def test_without_scripts_the_page_comes_back_with_it(
    item: Item, said: Assessment, moderator: Member, client_of: Any
) -> None:
    browser = client_of(moderator)
    answer = browser.post(asking(item) + "?order=oldest")
    assert (answer.status_code, answer.headers["Location"]) == (303, settling(item) + "?order=oldest")
    page = browser.get(settling(item))
    for words in WORDS:
        assert words in page.text


def test_what_came_since_is_added_to_what_was_shown(
    item: Item, said: Assessment, moderator: Member, admin: Member, client_of: Any
) -> None:
    browser = client_of(moderator)
    browser.post(asking(item), headers=HTMX)
    assess(item.project, [{"response": "r-1", **SAID, "critic": {"slug": "tone", "version": "1"}}])
    browser.get(settling(item))
    assert len(CriticLook.objects.get().shown) == 2
    client_of(admin).get(settling(item))
    assert CriticLook.objects.count() == 1


@pytest.mark.parametrize("looks", [True, False])
def test_the_settlement_says_whether_its_moderator_had_looked(
    item: Item, said: Assessment, moderator: Member, admin: Member, client_of: Any, looks: bool
) -> None:
    client_of(moderator if looks else admin).post(asking(item), headers=HTMX)
    adjudicate(item, moderator, {"grounded": "no"}, "It is not.")
    assert AuditEvent.objects.get(verb="item-adjudicated").facts["saw_critic"] is looks
    key = make.api_key(item.project, "reviews:read")
    [row] = Client().get("/api/v1/disputes/", headers={"Authorization": f"Bearer {key}"}).json()["results"]
    assert row["saw_critic"] is looks


def test_of_two_responses_each_is_named(
    project: Project, reviewer: Member, other_reviewer: Member, moderator: Member, client_of: Any
) -> None:
    pair: list[Response] = [make.response(project, text, question="When?") for text in ("30 days.", "60 days.")]
    queue = make.queue(project, subject_size=2)
    for member, response in zip((reviewer, other_reviewer), pair, strict=True):
        chosen = {"outcome": "preferred", "preferred": response.pk, "strength": 1}
        make.counted(queue, make.subject(*pair), member, {"better": chosen})
    settle_complete_items()
    assess(project, [{"response": response.external_id, **SAID} for response in reversed(pair)])
    text = client_of(moderator).post(asking(Item.objects.get()), headers=HTMX).text
    assert text.index("on Left") < text.index("on Right")


def test_a_settled_item_shows_nothing_more(item: Item, said: Assessment, moderator: Member, client_of: Any) -> None:
    adjudicate(item, moderator, {"grounded": "no"}, "It is not.")
    answer = client_of(moderator).post(asking(item), headers=HTMX)
    assert answer.status_code == 204
    assert not CriticLook.objects.exists()


def test_who_may_not_settle_may_not_ask(
    item: Item, said: Assessment, curator: Member, outsider: Member, client_of: Any
) -> None:
    assert client_of(curator).post(asking(item)).status_code == 403
    assert client_of(outsider).post(asking(item)).status_code == 404
    assert Adjudication.objects.get().critic_looks.count() == 0
