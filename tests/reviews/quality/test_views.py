"""The moderator's pages: the list of disputes, and settling one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Verdict
from reviews.quality.adjudicate import adjudicate
from reviews.quality.settle import settle_complete_items
from reviews.queues.models import Item
from tests import make

pytestmark = pytest.mark.once

OUTPUT = "Pay <b>👩‍👩‍👧</b> in 30 days."
GOOD: dict[str, Any] = {"grounded": "yes", "helpful": 4}
FLAG = {
    "start": OUTPUT.index("30"),
    "end": OUTPUT.index("30") + 2,
    "quote": "30",
    "kind": "contradicted",
    "severity": "major",
}
BAD: dict[str, Any] = {"grounded": "no", "helpful": 2, "flags": [FLAG], "rewrite": "Pay in 14 days."}


@pytest.fixture
def item(project: Project, reviewer: Member, other_reviewer: Member) -> Item:
    subject = make.subject(make.response(project, OUTPUT, passages=["Pay in 14 days."], question="When?"))
    queue = make.queue(project, name="Week 47")
    make.counted(queue, subject, reviewer, GOOD)
    make.counted(queue, subject, other_reviewer, BAD, note="See the policy.")
    settle_complete_items()
    return Item.objects.select_related("queue", "project").get()


def listed(project: Project) -> str:
    return reverse("quality:unsettled", kwargs={"project": project.slug})


def following(project: Project) -> str:
    return reverse("quality:next", kwargs={"project": project.slug})


def address(item: Item) -> str:
    return reverse("quality:settle", kwargs={"project": item.project.slug, "pk": item.pk})


def test_the_list_shows_what_is_in_dispute(item: Item, moderator: Member, client_of: Any) -> None:
    page = client_of(moderator).get(listed(item.project))
    assert page.status_code == 200
    for words in (address(item), "Week 47", "Grounded in the sources?"):
        assert words in page.text


def test_an_empty_list_says_so(project: Project, moderator: Member, client_of: Any) -> None:
    assert "Nothing is in dispute" in client_of(moderator).get(listed(project)).text


def test_the_list_is_paged_and_bounded_in_queries(
    project: Project, moderator: Member, reviewer: Member, other_reviewer: Member, client_of: Any,
    django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("reviews.quality.views.ROWS", 2)
    queue = make.queue(project)
    for _ in range(3):
        subject = make.subject(make.response(project))
        make.counted(queue, subject, reviewer, GOOD)
        make.counted(queue, subject, other_reviewer, BAD | {"flags": []})
    settle_complete_items()
    client = client_of(moderator)
    client.get(listed(project))
    with django_assert_max_num_queries(8):
        first = client.get(listed(project))
    assert first.text.count('<th scope="row">') == 2
    second = client.get(first.context["next_url"])
    assert second.text.count('<th scope="row">') == 1
    assert client.get(listed(project) + "?after=x").status_code == 200


def test_answers_stand_side_by_side_under_blind_names(
    item: Item, moderator: Member, reviewer: Member, other_reviewer: Member, client_of: Any
) -> None:
    page = client_of(moderator).get(address(item))
    assert page.status_code == 200
    for words in ("Reviewer A", "Reviewer B", "See the policy.", "contradicted, major", "Pay in 14 days.", "When?"):
        assert words in page.text
    for person in (reviewer, other_reviewer):
        assert str(person.user) not in page.text
        assert person.pseudonym not in page.text
    assert "<b>" not in page.text


def test_settling_writes_the_verdict_and_goes_back_to_the_list(item: Item, moderator: Member, client_of: Any) -> None:
    client = client_of(moderator)
    page = client.post(address(item), {"q-grounded": "no", "why-grounded": "The policy says 14."})
    assert (page.status_code, page["Location"].split("?")[0]) == (303, following(item.project))
    verdict = Verdict.objects.get()
    assert (verdict.answers["grounded"]["value"], verdict.reason) == ("no", "The policy says 14.")
    assert verdict.answers["grounded"]["reason"] == "The policy says 14."
    assert "Settled." in client.get(page["Location"], follow=True).text


def test_what_is_missing_is_said_and_what_was_typed_is_kept(item: Item, moderator: Member, client_of: Any) -> None:
    page = client_of(moderator).post(address(item), {"why-grounded": "The policy says 14."})
    assert page.status_code == 422
    assert "This question needs an answer." in page.text
    assert "The policy says 14.</textarea>" in page.text
    again = client_of(moderator).post(address(item), {"q-grounded": "no", "why-grounded": ""})
    assert again.status_code == 422
    assert "Say why" in again.text


def test_whoever_reviewed_it_is_told_so(item: Item, reviewer: Member, client_of: Any) -> None:
    reviewer.role = "moderator"
    reviewer.save(update_fields=["role"])
    seen = client_of(reviewer).get(address(item))
    refused = client_of(reviewer).post(address(item), {"q-grounded": "no", "why-grounded": "x"})
    assert (seen.status_code, refused.status_code) == (200, 403)
    for page in (seen, refused):
        assert "You reviewed this item yourself" in page.text
        assert following(item.project) in page.text
        assert 'name="q-grounded"' not in page.text
    assert not Verdict.objects.exists()


def test_a_settled_item_sends_back_to_the_list(item: Item, moderator: Member, admin: Member, client_of: Any) -> None:
    adjudicate(item, admin, {"grounded": "no"}, "It is not.")
    page = client_of(moderator).post(address(item), {"q-grounded": "no", "why-grounded": "x"}, follow=True)
    assert "no longer in dispute" in page.text
    assert Verdict.objects.count() == 1


def test_a_pair_is_settled_by_side(
    project: Project, reviewer: Member, other_reviewer: Member, moderator: Member, client_of: Any
) -> None:
    left, right = (make.response(project, text, question="When?") for text in ("In May.", "In June."))
    queue, subject = make.queue(project, subject_size=2), make.subject(left, right)
    for person, pick in ((reviewer, left), (other_reviewer, right)):
        make.counted(queue, subject, person, {"better": {"outcome": "preferred", "preferred": pick.pk, "strength": 2}})
    settle_complete_items()
    item = Item.objects.select_related("project").get()
    page = client_of(moderator).get(address(item))
    assert "Left, much" in page.text
    client_of(moderator).post(address(item), {"q-better": "right_2", "why-better": "June is right."})
    assert Verdict.objects.get().answers["better"]["preferred"] == right.pk


def test_htmx_gets_the_sheet_alone(item: Item, moderator: Member, client_of: Any) -> None:
    page = client_of(moderator).get(address(item), headers={"HX-Request": "true"})
    assert "<html" not in page.text
    assert 'id="sheet"' in page.text


def test_others_do_not_get_in(
    item: Item,
    reviewer: Member,
    curator: Member,
    outsider: Member,
    other_project: Project,
    anonymous: Client,
    client_of: Any,
) -> None:
    for person in (reviewer, curator):
        assert client_of(person).get(address(item)).status_code == 403
        assert client_of(person).get(listed(item.project)).status_code == 403
    assert client_of(outsider).get(address(item)).status_code == 404
    foreign = reverse("quality:settle", kwargs={"project": other_project.slug, "pk": item.pk})
    assert client_of(outsider).get(foreign).status_code == 404
    assert anonymous.get(address(item)).status_code == 302
    assert client_of(make.member(item.project, "moderator")).delete(address(item)).status_code == 405


def more(item: Item, *people: Member) -> Item:
    """Another dispute in the same queue."""
    subject = make.subject(make.response(item.project))
    for person, answers in zip(people, (GOOD, {**GOOD, "grounded": "no"}), strict=True):
        make.counted(item.queue, subject, person, answers)
    settle_complete_items()
    return Item.objects.select_related("project").get(queue=item.queue, subject=subject)


def test_the_next_dispute_comes_in_place(
    item: Item, moderator: Member, reviewer: Member, other_reviewer: Member, client_of: Any
) -> None:
    other, client = more(item, reviewer, other_reviewer), client_of(moderator)
    data = {"q-grounded": "no", "why-grounded": "The policy says 14."}
    page = client.post(address(item), data, headers={"HX-Request": "true"})
    arrived = client.get(page["Location"], headers={"HX-Request": "true"}, follow=True)
    assert 'id="sheet"' in arrived.text
    assert "<html" not in arrived.text
    assert arrived["HX-Push-Url"] == address(other)
    assert arrived.text.startswith(f"<title>Settle item {other.pk} · Touchstone</title>")
    assert "Settled." in arrived["HX-Trigger"]
    client.post(address(other), data)
    last = client.get(following(item.project), headers={"HX-Request": "true"})
    assert (last.status_code, last["HX-Redirect"]) == (204, listed(item.project))


def test_next_goes_round_and_passes_over_own_items(
    item: Item, reviewer: Member, other_reviewer: Member, client_of: Any
) -> None:
    third = make.member(item.project)
    other = more(item, other_reviewer, third)
    reviewer.change(role="moderator")
    client = client_of(reviewer)
    for after in ("", "?after=1", f"?after={item.pk}", "?after=x"):
        assert client.get(following(item.project) + after)["Location"] == address(other)
    third.change(role="moderator")
    assert client_of(third).get(following(item.project))["Location"] == address(item)


def test_a_settling_page_is_bounded_in_queries(
    item: Item, moderator: Member, client_of: Any, django_assert_max_num_queries: Any
) -> None:
    client = client_of(moderator)
    client.get(address(item))
    with django_assert_max_num_queries(22):
        client.get(address(item))
