"""The pages of reliability: everybody's figures, one person's, one's own; and the API's list."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.jobs import run
from reviews.quality import trust
from reviews.quality.gold_models import GoldCheck, GoldItem
from reviews.quality.models import Analysis, ReviewerMeasure
from reviews.queues.models import Assignment
from tests import make, world
from tests.reviews.quality.conftest import Gold

pytestmark = pytest.mark.once


def test_the_page_shows_what_a_worker_computed(project: Project, curator: Member, admin: Member) -> None:
    queue = make.queue(project, k=3)
    people = [make.member(project, name=f"Pat {number}") for number in range(3)]
    for number in range(20):
        subject = make.subject(make.response(project))
        for place, member in enumerate(people):
            says = "no" if place == 2 or number % 4 == 0 else "yes"
            make.counted(queue, subject, member, {"grounded": says, "helpful": 3})
    run(Analysis, Analysis.ask(project, "reliability", {}).pk)
    here = reverse("quality:reliability", args=[project.slug])
    text = make.SignedIn(curator).get(here).text
    assert "1 of 3 reviewers stands out" in text
    assert people[2].pseudonym in text
    assert "Pat 2" not in text
    assert "Pat 2" in make.SignedIn(admin).get(here).text
    shown = make.SignedIn(curator).get(f"{here}?measure=severity").text
    assert "Harsh or lenient, by reviewer" in shown
    file = reverse("quality:reliability-file", args=[project.slug, "csv"])
    lines = make.SignedIn(curator).get(f"{file}?measure=verdicts").text.splitlines()
    assert lines[0].startswith("Reviewer and question,Agreement with verdicts,")
    assert f"{people[2].pseudonym}: grounded" in lines[1]
    fragment = make.SignedIn(curator).get(here, headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<div id="analysis"')


def test_an_empty_project_is_told_what_to_do(project: Project, curator: Member) -> None:
    run(Analysis, Analysis.ask(project, "reliability", {}).pk)
    text = make.SignedIn(curator).get(reverse("quality:reliability", args=[project.slug])).text
    assert "Nobody has reviewed yet" in text


def kept(reviewer: Member, **fields: Any) -> ReviewerMeasure:
    about = {"criterion": "grounded", "kind": "yes_no", "label": "Grounded?", "measure": "verdicts", "n": 4321}
    about |= {"value": 0.8, "low": 0.7, "high": 0.9, "is_notable": False, "measured_at": timezone.now(), **fields}
    return ReviewerMeasure.objects.create(project=reviewer.project, reviewer=reviewer, **about)


def page_of(reader: Member, person: Member) -> Any:
    return make.SignedIn(reader).get(
        reverse("quality:reliability-reviewer", args=[person.project.slug, person.pseudonym])
    )


def test_a_reviewer_sees_their_own_figures_and_nobody_elses(
    reviewer: Member, other_reviewer: Member, curator: Member, outsider: Member
) -> None:
    kept(reviewer, confusion={"classes": ["yes", "no"], "rows": [[0.9, 0.1], [0.2, 0.8]], "n": 40}, measure="accuracy")
    own = page_of(reviewer, reviewer).text
    assert "Your reliability" in own
    assert "70 % to 90 %" in own
    assert "shade-9" in own
    assert page_of(other_reviewer, reviewer).status_code == 404
    assert page_of(outsider, reviewer).status_code == 404
    theirs = page_of(curator, reviewer).text
    assert f"Reliability of {reviewer.pseudonym}" in theirs
    assert "4,321" in theirs
    assert "4,321" not in own


def checks(gold: Gold, reviewer: Member, rights: list[bool]) -> None:
    """Of gold items of their own, as the sweep would write them."""
    for is_right in rights:
        item: GoldItem = gold.of(gold.ordinary(1)[0])
        turn = Assignment.objects.create(
            project=gold.project, queue=gold.queue, item=item.item, reviewer=reviewer, state="surplus",
            submitted_at=timezone.now(), is_extra=True,
            review=make.review(item.item.subject, gold.queue.rubric_version, reviewer, make.ANSWERS),
        )  # fmt: skip
        GoldCheck.objects.create(
            project=gold.project, gold=item, revision=item.revision, assignment=turn, reviewer=reviewer,
            right={"grounded": is_right}, is_right=is_right,
        )  # fmt: skip


def test_gold_is_told_to_the_person_in_whole_tens(gold: Gold, reviewer: Member) -> None:
    """What they read never changes by one item, so that no item is given away by it."""
    kept(reviewer, measure="gold", n=12, value=0.5)
    checks(gold, reviewer, [True] * 8 + [False])
    assert "known answer" not in page_of(reviewer, reviewer).text.split("<main")[1]
    checks(gold, reviewer, [False])
    first = page_of(reviewer, reviewer).text
    assert "<strong>80 %</strong> right" in first
    checks(gold, reviewer, [False] * 3)
    main = [
        text.split('id="gold-title"')[1].split("</section>")[0] for text in (first, page_of(reviewer, reviewer).text)
    ]
    assert main[0] == main[1]


def test_programs_read_measures(project: Project, reviewer: Member, client: Client) -> None:
    row = kept(reviewer)
    kept(reviewer, measure="severity", value=None, low=None, high=None, is_notable=None)
    key = {"Authorization": f"Bearer {make.api_key(project, 'reviews:read')}"}
    found = client.get(reverse("api:reviewer-measure-list"), {"measure": "verdicts"}, headers=key).json()["results"]
    assert [(one["id"], one["reviewer"], one["value"]) for one in found] == [(row.pk, reviewer.pseudonym, 0.8)]
    assert len(client.get(reverse("api:reviewer-measure-list"), headers=key).json()["results"]) == 2
    other = {"Authorization": f"Bearer {make.api_key(project, 'ingest')}"}
    assert client.get(reverse("api:reviewer-measure-list"), headers=other).status_code == 403


def test_a_notice_is_read_and_dismissed_on_its_page(project: Project, moderator: Member, curator: Member) -> None:
    notice = world.notice(project)
    browser = make.SignedIn(moderator)
    panel = browser.get(reverse("moderation:panel", args=[project.slug]) + "?region=noticed").text
    here = reverse("moderation:notice-detail", args=[project.slug, notice.pk])
    assert here in panel
    text = browser.get(here).text
    assert "100 %" in text
    assert notice.threshold in text
    assert browser.post(here, {"reason": ""}).status_code == 422
    assert browser.post(here, {"reason": "Talked to them."}).status_code == 303
    assert "Talked to them." in browser.get(here).text
    assert browser.post(here, {"reason": "Once more."}).status_code == 422
    assert make.SignedIn(curator).get(here).status_code == 403
    assert here not in browser.get(reverse("moderation:panel", args=[project.slug]) + "?region=noticed").text


def test_a_person_of_whom_nothing_is_known_is_told_so(reviewer: Member) -> None:
    assert "Nothing is measured yet" in page_of(reviewer, reviewer).text


def test_the_page_of_everybody_draws_confusion_and_position_under_its_filters(
    project: Project, curator: Member
) -> None:
    queue = make.queue(project, k=3)
    people = [make.member(project) for _ in range(3)]
    for number in range(24):
        subject = make.subject(make.response(project))
        for place, member in enumerate(people):
            says = "no" if number % 3 == 0 or (place == 2 and number % 4 == 0) else "yes"
            make.counted(queue, subject, member, {"grounded": says, "helpful": 3})
    run(Analysis, Analysis.ask(project, "reliability", {"queue": queue.key}).pk)
    here = reverse("quality:reliability", args=[project.slug]) + f"?queue={queue.key}&measure=accuracy"
    text = make.SignedIn(curator).get(here).text
    assert text.count("what was answered when") >= 3
    assert 'table class="ts heat"' in text
    file = reverse("quality:reliability-file", args=[project.slug, "csv"])
    lines = make.SignedIn(curator).get(f"{file}?queue={queue.key}&table=confusion").text.splitlines()
    assert lines[0] == "Reviewer,Question,Probably right,Given,Share,Answers"
    cells = [line.split(",") for line in lines[1:]]
    assert {cell[0] for cell in cells} == {person.pseudonym for person in people}
    assert sum(float(cell[4]) for cell in cells if cell[:3] == cells[0][:3]) == pytest.approx(1, abs=0.001)


def test_position_is_drawn_as_bars_against_one_half() -> None:
    figure = {"measure": "position", "value": 0.8, "low": 0.6, "high": 0.95, "n": 40, "expected": 0.5, "notable": True}
    row = {"reviewer": "fox", "key": "better", "kind": "comparison", "label": "Better", "figures": [figure]}
    table = trust.table({"rows": [row]}, "position", {}, {})
    assert (table.chart, table.unit) == ("lean", " %")
    assert (table.rows[0].cells[0].value, table.rows[0].cells[1].text) == (80.0, "50 %")
