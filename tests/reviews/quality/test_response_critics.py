"""What critics say, on the page of a response: for those who may see it, and not before their own judgement."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.critics.assess import assess
from feedback.critics.models import Assessment
from feedback.responses.models import Response
from reviews.quality.models import Adjudication, CriticLook
from reviews.quality.settle import settle_complete_items
from reviews.queues.claim import claim
from reviews.queues.items import add_items
from tests import make

HTMX = {"HX-Request": "true"}
FIRST = {"start": 14, "end": 28, "quote": "within 30 days", "kind": "contradicted", "note": "<i>It says 60.</i>"}
SECOND = {"start": 0, "end": 7, "quote": "You can", "kind": "invented-kind"}
WORDS = ("Grounding check 4", "not grounded", "score 0.20 of 1", "A figure is wrong.", "within 30 days", "Tone 1")
SECRETS = ("Grounding check", "not grounded", "A figure is wrong.")


def say(project: Project, slug: str, name: str, version: str, **said: Any) -> None:
    critic = {"slug": slug, "name": name, "version": version}
    assert assess(project, [{"response": "r-1", "critic": critic, **said}]).accepted == 1


@pytest.fixture
def response(project: Project) -> Response:
    found = make.response(project, external_id="r-1")
    said: dict[str, Any] = {"score": 0.2, "label": "not grounded", "reason": "A figure is wrong."}
    say(project, "grounding", "Grounding check", "4", **said, spans=[FIRST, SECOND])
    say(project, "tone", "Tone", "1", score=0.9)
    return found


def here(response: Response) -> str:
    return reverse("quality:response-critics", args=[response.project.slug, response.pk])


def test_who_may_see_assessments_reads_each(
    response: Response, curator: Member, client_of: Any, django_assert_max_num_queries: Any
) -> None:
    browser = client_of(curator)
    assert here(response) in browser.get(reverse("responses:response-detail", args=["travel", response.pk])).text
    with django_assert_max_num_queries(5):
        text = browser.get(here(response)).text
    assert "<h1>What critics said</h1>" in text
    for words in WORDS:
        assert words in text
    assert "<i>It says" not in text
    assert "<mark" not in text


def test_the_region_alone_for_htmx(response: Response, curator: Member, client_of: Any) -> None:
    text = client_of(curator).get(here(response), headers=HTMX).text
    assert "Grounding check 4" in text
    assert "<h1>" not in text


def test_marks_stand_in_the_answer_on_demand(response: Response, curator: Member, client_of: Any) -> None:
    said = Assessment.objects.get(label="not grounded")
    text = client_of(curator).get(f"{here(response)}?marks={said.pk}").text
    assert '<mark class="span contradicted" data-spans="1">within 30 days</mark>' in text
    assert '<mark class="span invented-kind" data-spans="2">You can</mark>' in text
    assert "<mark" not in client_of(curator).get(f"{here(response)}?marks=x").text


def test_the_number_of_critics_changes_no_number_of_statements(
    response: Response, curator: Member, client_of: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(35):
        say(response.project, "grounding", "Grounding check", f"n{number}", score=0.5, spans=[FIRST])
    browser = client_of(curator)
    with django_assert_max_num_queries(5):
        text = browser.get(here(response)).text
    assert text.count('class="assessment"') == 30
    assert "More than these are not listed" in text


def test_nobody_has_said_anything(project: Project, curator: Member, client_of: Any) -> None:
    assert "No critic has said anything" in client_of(curator).get(here(make.response(project))).text


def test_who_may_not_another_project_and_another_method(
    response: Response, reviewer: Member, curator: Member, other_project: Project, client_of: Any
) -> None:
    assert client_of(reviewer).get(here(response)).status_code == 403
    foreign = reverse("quality:response-critics", args=["travel", make.response(other_project).pk])
    assert client_of(curator).get(foreign).status_code == 404
    assert client_of(curator).post(here(response)).status_code == 405


@pytest.mark.parametrize(("shows", "is_told"), [(False, False), (True, True)])
def test_who_reviews_it_is_not_told_before_their_own_answer(
    response: Response, curator: Member, client_of: Any, *, shows: bool, is_told: bool
) -> None:
    queue = make.queue(response.project, shows_critic=shows)
    add_items(queue, [make.subject(response).pk])
    assert claim(queue, curator)
    text = client_of(curator).get(here(response)).text
    assert ("You are reviewing this response" in text) is not is_told
    assert [secret in text for secret in SECRETS] == [is_told] * 3


def test_a_moderator_is_told_on_the_page_of_the_dispute(
    response: Response, reviewer: Member, other_reviewer: Member, moderator: Member, curator: Member, client_of: Any,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    queue = make.queue(response.project)
    for member, answer in ((reviewer, "yes"), (other_reviewer, "no")):
        make.counted(queue, make.subject(response), member, {"grounded": answer, "helpful": 4})
    settle_complete_items()
    browser = client_of(moderator)
    with django_assert_max_num_queries(6):
        text = browser.get(here(response)).text
    assert "This response is in dispute" in text
    assert not any(secret in text for secret in SECRETS)
    assert "Grounding check 4" in client_of(curator).get(here(response)).text
    CriticLook.objects.create(project=response.project, adjudication=Adjudication.objects.get(), member=moderator)
    assert "Grounding check 4" in browser.get(here(response)).text
