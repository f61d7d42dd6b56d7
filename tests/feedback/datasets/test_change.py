"""Changing a dataset: its words and its rule, for the next version only."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.datasets.forms import DatasetForm
from feedback.datasets.models import Dataset
from feedback.datasets.rule import parse
from tests import make
from tests.feedback.datasets.conftest import Built, Compared

FORM = {
    "name": "Answers", "comparisons": "on", "corrections": "on", "moderators_decide": "on", "min_votes": "1",
    "min_share": "1/2", "min_strength": "0", "min_rating_difference": "1", "system_prompts": "same",
    "train": "60", "validation": "20", "test": "20",
}  # fmt: skip


def url(project: Project) -> str:
    return reverse("datasets:dataset-change", args=[project.slug, "answers"])


def test_a_change_is_for_the_next_version_and_audited(
    curator: Member, project: Project, compared: Compared, built: Built
) -> None:
    compared("AAA")
    version = built()
    given = {**FORM, "name": "Clear answers", "description": "For DPO.", "min_votes": "3"}
    response = make.SignedIn(curator).post(url(project), given)
    assert response.status_code == 303
    dataset = project.datasets.get()
    assert (dataset.key, dataset.name, dataset.description) == ("answers", "Clear answers", "For DPO.")
    assert dataset.rule["min_votes"] == 3
    version.refresh_from_db()
    assert version.rule["rule"] == {}
    event = AuditEvent.objects.get(verb="dataset-changed")
    assert set(event.facts["fields"].split(",")) >= {"name", "description", "min_votes"}
    page = make.SignedIn(curator).get(response["Location"]).text
    assert "The rule has changed since version 1." in page
    assert "For DPO." in page


def test_the_form_opens_with_what_is_there_and_saving_it_changes_nothing(
    curator: Member, project: Project, dataset: Dataset, compared: Compared
) -> None:
    compared("AAA", queue_label="Help desk")
    rule = parse({"min_share": 0.6, "min_strength": 1.2, "queues": ["closed-queue"], "rating_criterion": "charm"})
    Dataset.objects.update(rule=rule.as_json(), shares={"train": 0.6, "validation": 0.2, "test": 0.2})
    page = make.SignedIn(curator).get(url(project)).text
    assert "At least 3 of 5" in page
    assert "closed-queue" in page
    assert "Help desk (helpdesk)" in page
    assert 'name="key"' not in page
    dataset.refresh_from_db()
    initial = DatasetForm(project, dataset=dataset).initial
    given = {name: value for name, value in initial.items() if value not in (False, None)}
    assert make.SignedIn(curator).post(url(project), given).status_code == 303
    after = project.datasets.get()
    assert (after.rule, after.shares) == (dataset.rule, dataset.shares)
    assert not AuditEvent.objects.filter(verb="dataset-changed").exists()


def test_two_who_change_at_once_hear_of_each_other(curator: Member, project: Project, dataset: Dataset) -> None:
    browser = make.SignedIn(curator)
    seen = DatasetForm(project, dataset=dataset).initial["seen"]
    Dataset.objects.update(description="Theirs.")
    response = browser.post(url(project), {**FORM, "seen": seen, "description": "Mine.", "queues": []})
    assert response.status_code == 422
    assert "Somebody else changed this dataset" in response.text
    assert "Mine." in response.text
    assert project.datasets.get().description == "Theirs."
    again: Any = response.context["form"]["seen"].value()
    assert browser.post(url(project), {**FORM, "seen": again, "description": "Mine."}).status_code == 303
    assert project.datasets.get().description == "Mine."


def test_what_cannot_be_meant_keeps_what_was_typed(curator: Member, project: Project, dataset: Dataset) -> None:
    response = make.SignedIn(curator).post(url(project), {**FORM, "name": "", "description": "Kept."})
    assert response.status_code == 422
    assert "Kept." in response.text
    assert project.datasets.get().name == "Answers"


def test_a_rule_that_cannot_be_read_any_more_is_begun_anew(curator: Member, project: Project, dataset: Dataset) -> None:
    Dataset.objects.update(rule={"colour": "red"})
    assert make.SignedIn(curator).get(url(project)).status_code == 200


def test_its_preview_saves_nothing(curator: Member, project: Project, dataset: Dataset, compared: Compared) -> None:
    compared("AAA")
    response = make.SignedIn(curator).post(url(project), {**FORM, "name": "Other", "preview": "1"})
    assert response.context["preview"].pairs == 1
    assert project.datasets.get().name == "Answers"


def test_only_those_who_publish_and_only_their_own(
    moderator: Member, outsider: Member, project: Project, dataset: Dataset
) -> None:
    assert make.SignedIn(moderator).get(url(project)).status_code == 403
    assert make.SignedIn(outsider).get(url(project)).status_code == 404
    assert make.SignedIn(outsider).get(url(outsider.project)).status_code == 404


def test_the_form_asks_the_database_little(
    curator: Member, project: Project, dataset: Dataset, compared: Compared, django_assert_num_queries: Any
) -> None:
    for n in range(3):
        compared("AAA", origin=f"queue-{n}")
    browser = make.SignedIn(curator)
    with django_assert_num_queries(5):
        browser.get(url(project))
