"""Votes by group: who states what is theirs alone, and nothing is told of fewer than five people."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.jobs import run
from feedback.takeouts.tables import Table
from reviews.quality import subgroup_words
from reviews.quality.models import Analysis, ReviewerAttribute, StatedAttribute, data_state
from reviews.quality.subgroup_views import state
from reviews.quality.subgroups import REST, compute, share
from reviews.queues.models import Queue
from tests import make

pytestmark = pytest.mark.django_db
N = 12


@pytest.fixture
def region(project: Project) -> ReviewerAttribute:
    made: ReviewerAttribute = ReviewerAttribute.objects.create(
        project=project, key="region", label="Region", choices=["North", "South"]
    )
    return made


@pytest.fixture
def people(project: Project) -> list[Member]:
    return [make.member(project) for _ in range(11)]


def stated(region: ReviewerAttribute, people: list[Member], value: str) -> None:
    for person in people:
        state(person, {region: value}, {})


def judged(project: Project, people: list[Member], yes: Any) -> Queue:
    queue = make.queue(project, k=len(people))
    for number in range(N):
        subject = make.subject(make.response(project))
        for place, person in enumerate(people):
            make.counted(queue, subject, person, {"grounded": "yes" if yes(number, place) else "no", "helpful": 3})
    return queue


def groups(project: Project, key: str = "grounded", **filters: Any) -> dict[str, dict[str, Any]]:
    found = compute(project.pk, filters, lambda: None)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return {row["group"]: row for row in found["rows"] if row["key"] == key}


def test_a_group_of_five_is_told_and_one_of_four_is_not(
    project: Project, region: ReviewerAttribute, people: list[Member]
) -> None:
    stated(region, people[:5], "North")
    stated(region, people[5:9], "South")
    judged(project, people, lambda number, place: place >= 5 or number < 3)
    found = groups(project)
    assert list(found) == ["North", REST]
    assert (found["North"]["n_people"], found[REST]["n_people"]) == (5, 6)
    shares = {one["answer"]: one["value"] for one in found["North"]["shares"]}
    assert shares == {"yes": pytest.approx(0.25), "no": pytest.approx(0.75)}


def test_who_is_left_over_is_not_told_when_they_are_few(
    project: Project, region: ReviewerAttribute, people: list[Member]
) -> None:
    stated(region, people[:9], "North")
    judged(project, people, lambda number, place: True)
    assert list(groups(project)) == ["North"]


def test_only_people_who_answered_count_towards_five(
    project: Project, region: ReviewerAttribute, people: list[Member]
) -> None:
    stated(region, people[:5], "North")
    judged(project, people[1:], lambda number, place: True)
    assert groups(project) == {}


def test_two_groups_that_differ_are_said_to(project: Project, region: ReviewerAttribute, people: list[Member]) -> None:
    stated(region, people[:5], "North")
    stated(region, people[5:], "South")
    judged(project, people, lambda number, place: number >= place if place < 5 else number < place - 5)
    result = compute(project.pk, {"attribute": "region"}, lambda: None)
    text, tone = subgroup_words.answer(result)
    assert tone == "warn"
    assert text.startswith("Groups answer differently to “")
    assert text.count(",") == 0
    assert {table.first for table in subgroup_words.tables(result)} == {"Region"}
    assert {row["mean"]["value"] for row in result["rows"] if row["kind"] == "scale"} == {3.0}


def test_the_interval_is_over_people() -> None:
    """One person's thousand answers are one person's."""
    rater = np.repeat(np.arange(5), [1000, 4, 4, 4, 4])
    given = np.concatenate([np.ones(1000), np.tile([1, 0], 8)]).astype(bool)
    found = share(rater, given)
    assert found["high"] - found["low"] > 0.02
    alike = share(np.repeat(np.arange(5), 100), np.ones(500, dtype=bool))
    assert (alike["value"], alike["high"]) == (1.0, 1.0)
    assert alike["low"] == pytest.approx(0.566, abs=0.01)


def test_a_ratio_over_people_is_that_of_the_book() -> None:
    """Two yes of four each, three, one, two, two: p = 10/20, s² by hand."""
    rater = np.repeat(np.arange(5), 4)
    given = np.array([1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0], dtype=bool)
    found = share(rater, given)
    error = (5 / 4 * 2) ** 0.5 / 20
    assert found["value"] == 0.5
    assert found["high"] - 0.5 == pytest.approx(2.776 * error, abs=1e-3)


def test_a_person_states_changes_and_takes_back(project: Project, region: ReviewerAttribute, reviewer: Member) -> None:
    signed_in, here = make.SignedIn(reviewer), reverse("quality:about-me", args=[project.slug])
    assert "Region" in signed_in.get(here).text
    states = [data_state(project, "subgroups")]
    for value in ("North", "South", ""):
        assert signed_in.post(here, {f"a-{region.pk}": value}).status_code == 303
        assert list(StatedAttribute.objects.values_list("value", flat=True)) == ([value] if value else [])
        states.append(data_state(project, "subgroups"))
    assert len(set(states)) == 3  # as it was before, once it is taken back
    signed_in.post(here, {f"a-{region.pk}": "The moon"})
    assert not StatedAttribute.objects.exists()
    said = AuditEvent.objects.filter(verb__in=["attribute-stated", "attribute-withdrawn"])
    assert said.count() == 3
    assert "North" not in str(list(said.values()))


def test_nobody_else_reads_a_value(
    project: Project, region: ReviewerAttribute, reviewer: Member, admin: Member
) -> None:
    state(reviewer, {region: "North"}, {})
    signed_in = make.SignedIn(admin)
    region.refresh_from_db()
    ReviewerAttribute.objects.update(choices=["East", "West"])
    for name in ("about-me", "attributes", "subgroups"):
        assert "North" not in signed_in.get(reverse(f"quality:{name}", args=[project.slug])).text
    taken = Table(StatedAttribute, "project")
    assert "value" not in taken.columns
    assert "value" in taken.left_out


def test_it_goes_with_the_person(project: Project, region: ReviewerAttribute, reviewer: Member) -> None:
    state(reviewer, {region: "North"}, {})
    assert reviewer.user is not None
    reviewer.user.delete()
    assert not StatedAttribute.objects.exists()


def test_an_admin_offers_and_takes_away(project: Project, admin: Member, moderator: Member, reviewer: Member) -> None:
    signed_in, here = make.SignedIn(admin), reverse("quality:attributes", args=[project.slug])
    form = {"label": "First language", "choices": "English\n\nAmharic \nEnglish"}
    assert signed_in.post(here, form).status_code == 303
    made = ReviewerAttribute.objects.get()
    assert (made.key, made.choices) == ("first-language", ["English", "Amharic"])
    assert signed_in.post(here, form).status_code == 422
    assert signed_in.post(here, {"label": "One", "choices": "alone"}).status_code == 422
    assert make.SignedIn(moderator).get(here).status_code in {403, 404}
    state(reviewer, {made: "English"}, {})
    Analysis.ask(project, "subgroups", {})
    assert signed_in.post(reverse("quality:attribute-remove", args=[project.slug, made.pk])).status_code == 303
    assert not StatedAttribute.objects.exists()
    assert not Analysis.objects.filter(kind="subgroups").exists()


def test_the_page_and_its_files(project: Project, region: ReviewerAttribute, people: list[Member]) -> None:
    moderator = make.SignedIn(make.member(project, "moderator"))
    stated(region, people[:6], "North")
    judged(project, people, lambda number, place: place < 6)
    run(Analysis, Analysis.ask(project, "subgroups", {}).pk)
    shown = moderator.get(reverse("quality:subgroups", args=[project.slug])).text
    assert "North" in shown
    assert REST in shown
    assert "North" in moderator.get(reverse("quality:subgroups-file", args=[project.slug, "csv"])).text
    body = moderator.get(reverse("quality:subgroups-file", args=[project.slug, "json"])).json()
    assert {row["group"] for row in body["result"]["rows"]} == {"North", REST}
