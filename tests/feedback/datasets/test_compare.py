"""Two versions side by side: what came, what went, what was judged otherwise, and why."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.datasets import compare, version_views
from feedback.datasets.models import Dataset, DatasetVersion
from feedback.judgements.models import Verdict
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated


def url(project: Project, query: str = "") -> str:
    return reverse("datasets:version-compare", args=[project.slug, "answers"]) + query


def reasons(kind: str, older: DatasetVersion, newer: DatasetVersion) -> set[str]:
    pairs = list(compare.pairs_of_kind(kind, older, newer).select_related("verdict"))
    return set(compare.why(pairs, newer if kind == "removed" else older).values())


def counts(older: DatasetVersion, newer: DatasetVersion) -> dict[str, int]:
    return {kind: total["count"] for kind, total in compare.totals(older, newer).items()}


def test_equal_versions_have_no_difference(compared: Compared, built: Built) -> None:
    compared("AAA")
    assert counts(built(), built()) == {"added": 0, "removed": 0, "changed": 0}


def test_what_was_settled_since_is_added(compared: Compared, built: Built) -> None:
    compared("AAA")
    older = built()
    compared("AAB")
    newer = built()
    assert counts(older, newer) == {"added": 1, "removed": 0, "changed": 0}
    assert reasons("added", older, newer) == {"settled only afterwards"}
    assert counts(newer, older) == {"added": 0, "removed": 1, "changed": 0}


def test_a_stricter_rule_says_why_each_went(project: Project, compared: Compared, rated: Rated, built: Built) -> None:
    for votes in ("AAA", "AAB", "A"):
        compared(votes)
    for points, text in ((5, "Good."), (1, "Bad.")):
        rated(make.response(project, text, question="How?"), points, rewrite=f"{text} And more.")
    older = built(rating_criterion="helpful", min_rating_difference=2)
    newer = built(rating_criterion="helpful", min_rating_difference=5, min_votes=2, corrections=False)
    assert counts(older, newer) == {"added": 0, "removed": 4, "changed": 0}
    assert reasons("removed", older, newer) == {
        "left out: fewer votes than the rule asks",
        "its rule did not take corrections of “rewrite”",
    }
    assert reasons("added", newer, older) == reasons("removed", older, newer)
    changes = compare.rule_changes(older, newer)
    assert any("2 points higher" in line for line in changes["before"])
    assert any("2 votes or more" in line for line in changes["after"])


def test_a_correction_finds_its_reason_too(project: Project, rated: Rated, built: Built) -> None:
    rated(make.response(project, "Short."), 4, rewrite="Longer than before.")
    older, newer = built(), built(requires_consent=True)
    assert reasons("removed", older, newer) == {
        "left out: consent for training is not recorded for both responses",
    }


def test_other_queues_and_replaced_verdicts_are_told_apart(compared: Compared, built: Built) -> None:
    compared("AAA", origin="pilot")
    gone = compared("AAA")
    older = built()
    Verdict.objects.filter(pk=gone.pk).update(is_current=False, superseded_at=Now())
    newer = built(queues=["helpdesk"])
    assert reasons("removed", older, newer) == {
        "its queue was not part of the rule",
        "its verdict was replaced by another one",
    }


def settled_again(verdict: Verdict, reviewers: list[Member], compared: Compared) -> Verdict:
    """The same two responses, judged once more by a further person."""
    Verdict.objects.filter(pk=verdict.pk).update(is_current=False, superseded_at=Now())
    responses = verdict.subject.shown()
    return compared("AAAB", pair=(responses[0], responses[1]), origin="again")


def test_a_pair_with_other_votes_is_changed(
    curator: Member, project: Project, reviewers: list[Member], compared: Compared, built: Built
) -> None:
    verdict = compared("AAA")
    older = built()
    settled_again(verdict, reviewers, compared)
    assert counts(older, built()) == {"added": 0, "removed": 0, "changed": 1}
    page = make.SignedIn(curator).get(url(project, "?show=changed")).text
    assert "Was 3 of 3 votes, is 3 of 4 votes" in page


def test_the_page_compares_the_newest_two_unless_told(
    curator: Member, project: Project, compared: Compared, built: Built
) -> None:
    built()
    compared("AAA")
    built()
    built(min_votes=2)
    browser = make.SignedIn(curator)
    page = browser.get(url(project)).text
    assert "No pair was added" in page
    assert "Comparisons: the response with the most votes over the other; 2 votes or more" in page
    page = browser.get(url(project, "?older=1&newer=3")).text
    assert "Settled only afterwards" in page
    assert reverse("datasets:pair-list", args=[project.slug, "answers", 3]) in page
    assert "Count them" in page
    whole = browser.get(url(project, "?older=1&newer=3&totals=1"))
    assert whole.context["totals"]["added"]["count"] == 1


def test_htmx_gets_totals_or_the_list(curator: Member, project: Project, compared: Compared, built: Built) -> None:
    built()
    compared("AAA")
    built()
    browser, htmx = make.SignedIn(curator), {"HX-Request": "true"}
    assert browser.get(url(project, "?totals=1"), headers=htmx).text.lstrip().startswith('<section id="totals"')
    part = browser.get(url(project, "?show=removed"), headers=htmx).text
    assert part.lstrip().startswith('<section id="compared"')
    assert "No pair was removed" in part


def test_pages_follow_each_other(
    curator: Member, project: Project, compared: Compared, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version_views, "PAIRS", 2)
    built()
    for _ in range(5):
        compared("AAA")
    built()
    browser, query, seen = make.SignedIn(curator), "?show=added", set()
    for _ in range(3):
        response = browser.get(url(project, query))
        seen |= {one["pair"].pair_id for one in response.context["pairs"]}
        query = response.context["next_url"]
    assert (len(seen), query) == (5, "")


def test_counts_stop_where_they_are_long_enough(
    compared: Compared, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = built()
    for _ in range(4):
        compared("AAA")
    monkeypatch.setattr(compare, "COUNTED", 2)
    monkeypatch.setattr(compare, "EXPLAINED", 1)
    total = compare.totals(older, built())["added"]
    assert (total["count"], total["is_more"], total["is_partial"]) == (2, True, True)
    assert total["reasons"] == [{"words": "settled only afterwards", "count": 1}]


def test_one_version_is_nothing_to_compare(curator: Member, project: Project, dataset: Dataset, built: Built) -> None:
    built()
    assert "There is nothing to compare yet" in make.SignedIn(curator).get(url(project)).text


def test_unknown_versions_are_said_beside_their_field(curator: Member, project: Project, built: Built) -> None:
    built()
    built()
    for query in ("?older=9", "?newer=x", "?older=1&newer=99999999999999999999"):
        response = make.SignedIn(curator).get(url(project, query))
        assert response.status_code == 422
        assert "Select a valid choice" in response.text
    assert make.SignedIn(curator).get(url(project, "?show=x&after=~")).status_code == 200


def test_another_project_finds_nothing(outsider: Member, project: Project, built: Built) -> None:
    built()
    assert make.SignedIn(outsider).get(url(project)).status_code == 404
    assert make.SignedIn(outsider).get(url(outsider.project)).status_code == 404


def test_it_asks_the_database_little(
    curator: Member, project: Project, compared: Compared, rated: Rated, built: Built, django_assert_num_queries: Any
) -> None:
    built()
    for _ in range(4):
        compared("AAA")
        rated(make.response(project), 4, rewrite="Quite another text.")
    built()
    browser = make.SignedIn(curator)
    with django_assert_num_queries(9):
        assert len(browser.get(url(project)).context["pairs"]) == 8
