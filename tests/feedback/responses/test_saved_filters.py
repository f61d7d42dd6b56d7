"""Saved and shared filters of the response list."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.responses.models import SavedFilter
from tests import make

LIST = "/p/travel/responses/"
URL = LIST + "filters/"


@pytest.fixture
def browser(curator: Member) -> Client:
    return make.SignedIn(curator)


def saved(owner: Member, name: str = "Dear ones", **fields: Any) -> SavedFilter:
    return SavedFilter.objects.create(
        project=owner.project, owner=owner, name=name, **{"query": "min_cost=1", **fields}
    )


def test_a_filter_is_saved_with_its_columns_in_the_usual_order(browser: Client, curator: Member) -> None:
    typed = {"name": "Failed", "query": "verdict=failed&columns=model&columns=id&model=a+b&before=7"}
    answer = browser.post(URL + "save/", typed)
    assert (answer.status_code, answer["Location"]) == (303, LIST + "?model=a+b&verdict=failed&columns=id%2Cmodel")
    stored = SavedFilter.objects.get()
    assert (stored.owner, stored.query, stored.is_shared) == (
        curator,
        "model=a+b&verdict=failed&columns=id%2Cmodel",
        False,
    )
    assert 'aria-current="page"><span class="cut" dir="auto">Failed' in browser.get(answer["Location"]).text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("owner__user__password=x", "There is no filter"),
        ("min_cost=much", "Cost from: Enter a number."),
        ("x" * 5000, "at most"),
    ],
)
def test_only_known_filters_that_can_be_read_are_stored(browser: Client, query: str, words: str) -> None:
    answer = browser.post(URL + "save/", {"name": "Odd", "query": query})
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Odd"' in answer.text
    assert not SavedFilter.objects.exists()


def test_a_name_is_used_once_by_a_member(browser: Client, curator: Member, admin: Member) -> None:
    saved(admin, "Failed", is_shared=True)
    assert browser.post(URL + "save/", {"name": "Failed", "query": ""}).status_code == 303
    again = browser.post(URL + "save/", {"name": "Failed", "query": "verdict=failed"})
    assert again.status_code == 422
    assert "choose another one" in again.text
    assert SavedFilter.objects.filter(owner=curator).count() == 1


def test_a_member_keeps_a_bounded_number(browser: Client, curator: Member) -> None:
    for number in range(SavedFilter.MOST):
        saved(curator, f"Filter {number}")
    assert "delete one first" in browser.post(URL + "save/", {"name": "More", "query": ""}).text
    assert browser.get(LIST).status_code == browser.get(URL).status_code == 200


def test_own_and_shared_ones_are_listed_with_few_queries(
    browser: Client, curator: Member, admin: Member, outsider: Member, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        saved(curator, f"Mine {number}")
        saved(admin, f"Ours {number}", is_shared=True)
    saved(admin, "Secret")
    saved(outsider, "Theirs", is_shared=True)
    with django_assert_max_num_queries(10):
        text = browser.get(URL).text
    assert text.index("Mine 3") < text.index("Ours 0") < text.index("Ours 3")
    assert "shared by Ada Admin" in text
    assert "Secret" not in text
    assert "Theirs" not in text


def test_one_that_no_longer_fits_says_what_is_wrong(browser: Client, curator: Member) -> None:
    saved(curator, query="min_cost=much&language=de")
    text = browser.get(URL).text
    assert "Cost from: Enter a number." in text
    assert "There is no filter &#x27;language&#x27;" in text
    assert browser.get(LIST + "?min_cost=much&language=de").status_code == 422


def test_the_owner_renames_and_shares(browser: Client, curator: Member) -> None:
    row = saved(curator)
    answer = browser.post(f"{URL}{row.pk}/change/", {"name": "Costly", "is_shared": "on", "query": "verdict=failed"})
    assert answer.status_code == 303
    row.refresh_from_db()
    assert (row.name, row.is_shared, row.query) == ("Costly", True, "min_cost=1")
    assert AuditEvent.objects.filter(verb="filter-shared", object_id=str(row.pk)).exists()
    refused = browser.post(f"{URL}{row.pk}/change/", {"name": ""})
    assert refused.status_code == 422
    assert "This field is required." in refused.text


def test_only_the_owner_changes_and_only_an_admin_clears_away_what_is_shared(
    browser: Client, curator: Member, moderator: Member, admin: Member
) -> None:
    own, shared = saved(curator, "Own"), saved(curator, "Shared", is_shared=True)
    for member, row, status in (
        (moderator, shared, 404),
        (moderator, own, 404),
        (admin, own, 404),
        (admin, shared, 303),
    ):
        other = make.SignedIn(member)
        assert other.post(f"{URL}{row.pk}/change/", {"name": "Taken"}).status_code == 404
        assert other.post(f"{URL}{row.pk}/delete/").status_code == status
    assert AuditEvent.objects.filter(verb="filter-deleted").count() == 1
    assert browser.post(f"{URL}{own.pk}/delete/").status_code == 303
    assert not SavedFilter.objects.exists()


def test_another_project_a_reviewer_and_other_methods_are_refused(
    browser: Client, reviewer: Member, outsider: Member, project: Project
) -> None:
    theirs = saved(outsider, is_shared=True)
    assert browser.post(f"{URL}{theirs.pk}/delete/").status_code == 404
    assert make.SignedIn(reviewer).get(URL).status_code == 403
    assert browser.get(URL + "save/").status_code == 405
