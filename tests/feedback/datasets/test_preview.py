"""The preview of a rule: what the build would give, with nothing written, on the form as it stands."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.datasets import preview as previewing
from feedback.datasets.models import Dataset, GroupSplit, PreferencePair, VersionRow
from feedback.datasets.preview import preview
from feedback.datasets.rule import parse
from feedback.judgements.models import Verdict
from tests import make
from tests.feedback.datasets.conftest import Built, Compared, Rated

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}
FORM = {
    "comparisons": "on", "corrections": "on", "moderators_decide": "on", "min_votes": "2", "min_share": "2/3",
    "min_strength": "0", "min_rating_difference": "1", "system_prompts": "same",
    "train": "60", "validation": "20", "test": "20", "preview": "1",
}  # fmt: skip
HTMX = {"HX-Request": "true", "HX-Target": "preview"}


@pytest.fixture
def judged(project: Project, compared: Compared, rated: Rated) -> None:
    """Verdicts of every kind: pairs, ties, few votes, ratings, a contradiction and a duplicate."""
    for votes in ("AAA", "AAB", "BBB", "A", "TT", "XX", "ABT", "BB"):
        compared(votes)
    texts = [make.response(project, text, question="Again?") for text in ("One way.", "Another way.")]
    twins = [make.response(project, text, question="Again?") for text in ("Another way.", "One way.")]
    compared("AAA", pair=(texts[0], texts[1]))
    compared("AAA", pair=(twins[0], twins[1]))
    for points, text in ((5, "Good."), (1, "Bad."), (4, "Fair.")):
        rated(make.response(project, text, question="How?"), points, points, rewrite=f"{text} And more.")


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"min_votes": 2, "min_share": 2 / 3},
        {"rating_criterion": "helpful", "comparisons": False},
        {"rating_criterion": "helpful", "min_votes": 2, "requires_consent": True},
        {"queues": ["helpdesk"], "corrections": False},
        {"queues": ["elsewhere"]},
    ],
)
def test_it_says_what_a_build_then_gives(
    project: Project, built: Built, partly_sealed: Dataset, rule: dict[str, Any]
) -> None:
    found = preview(project, parse(rule), SHARES, partly_sealed)
    assert not PreferencePair.objects.exists()
    version = built(**rule)
    excluded = {row["reason"]: row["count"] for row in found.left_out}
    assert (found.verdicts, found.candidates, found.pairs) == tuple(
        version.counts[name] for name in ("verdicts", "candidates", "pairs")
    )
    assert excluded == version.counts["excluded"]
    assert {k: v for k, v in found.splits.items() if v} == version.statistics["by_split"]
    assert found.sources == version.statistics["by_source"]
    stored = version.pairs.order_by("position").values_list("pair_id", flat=True)[:3]
    assert [pair.pair_id for pair in found.samples] == list(stored)
    assert not found.is_capped


@pytest.mark.usefixtures("judged")
def test_it_keeps_the_splits_that_were_published(project: Project, built: Built, dataset: Dataset) -> None:
    version = built()
    found = preview(project, parse({}), {"train": 0.0, "validation": 0.0, "test": 1.0}, dataset)
    assert found.pairs == version.counts["pairs"]
    assert found.splits == {"test": version.statistics["by_split"].get("test", 0)}


@pytest.mark.usefixtures("judged")
def test_it_writes_nothing(project: Project, dataset: Dataset) -> None:
    events = AuditEvent.objects.count()
    preview(project, parse({"rating_criterion": "helpful"}), SHARES, dataset)
    preview(project, parse({}), SHARES)
    counts = [model.objects.count() for model in (PreferencePair, VersionRow, GroupSplit, AuditEvent)]
    assert counts == [0, 0, 0, events]


def test_it_reads_only_the_newest_and_says_so(
    curator: Member, project: Project, compared: Compared, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [compared("AAA") for _ in range(4)]
    monkeypatch.setattr(previewing, "NEWEST", 3)
    found = preview(project, parse({}), SHARES)
    assert (found.verdicts, found.pairs, found.is_capped) == (3, 3, True)
    assert {pair.verdict_id for pair in found.samples} == {verdict.pk for verdict in old[1:]}
    url = reverse("datasets:dataset-create", args=[project.slug])
    assert "Of the newest 3 verdicts" in make.SignedIn(curator).post(url, FORM, headers=HTMX).text
    Verdict.objects.filter(pk=old[0].pk).update(is_current=False)
    assert not preview(project, parse({}), SHARES).is_capped


def test_its_statements_do_not_grow_with_the_verdicts(
    project: Project, compared: Compared, dataset: Dataset, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        compared("AAA")
    with django_assert_max_num_queries(18):
        preview(project, parse({}), SHARES, dataset)


@pytest.mark.usefixtures("judged")
def test_the_form_shows_it_without_a_name_and_saves_nothing(curator: Member, project: Project) -> None:
    browser, url = make.SignedIn(curator), reverse("datasets:dataset-create", args=[project.slug])
    part = browser.post(url, FORM, headers=HTMX)
    assert part.status_code == 200
    assert "<form" not in part.text
    assert "No response had the most votes" in part.text
    whole = browser.post(url, {**FORM, "name": "Half writ"})
    assert whole.context["preview"].pairs > 3
    assert 'value="Half writ"' in whole.text
    assert "Of 13 verdicts, all there are." in whole.text
    assert 'min="1" max="1000"' in whole.text
    assert not project.datasets.exists()


def test_what_is_not_right_yet_is_said_in_its_place(curator: Member, project: Project) -> None:
    url = reverse("datasets:dataset-create", args=[project.slug])
    browser, wrong = make.SignedIn(curator), {**FORM, "train": "70"}
    part, whole = browser.post(url, wrong, headers=HTMX), browser.post(url, wrong)
    assert (part.status_code, whole.status_code) == (200, 422)
    for answer in (part, whole):
        assert "The three shares must add up to 100." in answer.text


def test_nothing_settled_is_said(curator: Member, project: Project) -> None:
    url = reverse("datasets:dataset-create", args=[project.slug])
    assert "Nothing is settled yet" in make.SignedIn(curator).post(url, FORM, headers=HTMX).text


def test_hostile_text_stays_text(curator: Member, project: Project, compared: Compared) -> None:
    compared("AAA", texts=("<script>alert(1)</script>", "<img src=x onerror=alert(2)>"))
    url = reverse("datasets:dataset-create", args=[project.slug])
    part = make.SignedIn(curator).post(url, FORM, headers=HTMX).text
    assert "&lt;script&gt;" in part
    assert "<script>alert" not in part
    assert "<img" not in part
