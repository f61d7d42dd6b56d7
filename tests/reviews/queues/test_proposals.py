"""What critics propose to mark: shown where the queue says so, answered one by one, and kept with the review."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.critics.assess import assess
from feedback.critics.models import Assessment
from feedback.judgements.models import Review, Span
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Queue
from reviews.queues.submit import undo
from tests import make

TEXT = "You can claim within 30 days."
FIRST = {"start": 0, "end": 7, "quote": "You can", "kind": "unsupported", "severity": "major", "note": "Not said."}
SECOND = {"start": 14, "end": 28, "quote": "within 30 days", "kind": "contradicted", "severity": "awful"}
FOREIGN = {"start": 8, "end": 13, "quote": "claim", "kind": "rude"}
SECRETS = ("Grounding check", "Not said.", "proposal", "proposes", 'name="rejected"')


def judged(project: Project, version: str = "1", *spans: dict[str, Any]) -> None:
    critic = {"slug": "grounding", "name": "Grounding check", "version": version}
    spans = spans or (FIRST, SECOND, FOREIGN)
    assert assess(project, [{"response": "r-1", "critic": critic, "score": 0.2, "spans": list(spans)}]).accepted == 1


def on_desk(project: Project, desk: Any, *, shows: bool = True) -> Assignment:
    queue = make.queue(project, shows_critic=shows, grace_seconds=600)
    response = make.response(project, TEXT, external_id="r-1", question="How long?")
    add_items(queue, [make.subject(response).pk])
    judged(project)
    held: Assignment = desk.take(queue)
    return held


def page_of(desk: Any, held: Assignment) -> str:
    text: str = desk.get("review", key=held.queue.key).text
    return text


def keys(held: Assignment) -> list[str]:
    held.refresh_from_db()
    return [f"{one['assessment']}.{one['span']}" for one in held.visible["proposals"]]


def mark(held: Assignment, span: dict[str, Any]) -> dict[str, Any]:
    response = held.shown_order[0]
    return {**{name: span[name] for name in ("start", "end", "quote", "kind")}, "response": response,
            "severity": "minor"}  # fmt: skip


def answers(review: Review) -> list[str | None]:
    return [one["answer"] for one in review.visible["proposals"]]


def test_proposals_stand_below_the_response(project: Project, desk: Any) -> None:
    held = on_desk(project, desk)
    text = page_of(desk, held)
    assert text.count("data-proposal=") == 2
    for words in ("Grounding check 1", "Not said.", "within 30 days", "Contradicted"):
        assert words in text
    assert 'data-severity="major"' in text
    assert 'data-severity="minor"' in text  # what the rubric does not know becomes its first


def test_a_queue_that_hides_the_critic_sends_nothing_of_it(project: Project, desk: Any) -> None:
    held = on_desk(project, desk, shows=False)
    text = page_of(desk, held)
    assert TEXT in text
    assert [secret for secret in SECRETS if secret in text] == []
    held.refresh_from_db()
    assert held.visible == {"model": False, "critic": False}


def test_a_hidden_critic_changes_no_byte_of_the_page(project: Project, desk: Any) -> None:
    held = on_desk(project, desk, shows=False)
    names = ("csrfmiddlewaretoken", "submission_id", "X-CSRFToken", "nonce", "Held for you")

    def lines() -> list[str]:
        return [line for line in page_of(desk, held).splitlines() if not any(name in line for name in names)]

    before = lines()
    Assessment.objects.all().delete()
    assert lines() == before


def test_what_was_shown_accepted_and_rejected_is_kept_with_the_review(project: Project, desk: Any) -> None:
    held = on_desk(project, desk)
    page_of(desk, held)
    first, second = keys(held)
    desk.submit(held, spans=json.dumps([mark(held, SECOND)]), rejected=first)
    review = Review.objects.get()
    assert answers(review) == ["rejected", "accepted"]
    shown = {"assessment": Assessment.objects.get().pk, "span": 1, "response": held.shown_order[0]}
    assert review.visible["proposals"][1] == {**shown, "start": 14, "end": 28, "answer": "accepted"}
    assert Span.objects.get().quote == "within 30 days"
    assert second.endswith(".1")


def test_what_was_left_open_is_neither(project: Project, desk: Any) -> None:
    held = on_desk(project, desk)
    page_of(desk, held)
    desk.submit(held, rejected="999.9 nonsense")
    assert answers(Review.objects.get()) == [None, None]


def test_a_turn_keeps_what_it_was_shown_whatever_critics_send(project: Project, desk: Any) -> None:
    held = on_desk(project, desk)
    before = (page_of(desk, held).count("data-proposal="), keys(held))
    judged(project, "2", FIRST)
    assert (page_of(desk, held).count("data-proposal="), keys(held)) == before


def test_only_the_newest_version_of_a_critic_proposes(project: Project, desk: Any) -> None:
    held = on_desk(project, desk)
    judged(project, "2", SECOND)
    assert "Grounding check 2" in page_of(desk, held)
    assert len(keys(held)) == 1


def test_a_draft_keeps_the_answers(project: Project, desk: Any, form_data: Any) -> None:
    held = on_desk(project, desk)
    page_of(desk, held)
    first, _ = keys(held)
    data = form_data(held, spans=json.dumps([mark(held, SECOND)]), rejected=first)
    assert desk.post("draft", data, key=held.queue.key).status_code == 200
    assert f'name="rejected" value="{first}"' in page_of(desk, held)


def test_an_undone_review_comes_back_with_its_answers(project: Project, desk: Any) -> None:
    held = on_desk(project, desk)
    page_of(desk, held)
    first, _ = keys(held)
    desk.submit(held, rejected=first)
    undo(Assignment.objects.get(pk=held.pk))
    assert f'name="rejected" value="{first}"' in page_of(desk, held)
    held.refresh_from_db()
    desk.submit(held, spans=json.dumps([mark(held, FIRST)]), rejected="")
    assert answers(Review.objects.latest("pk")) == ["accepted", None]


def test_a_program_gets_them_and_accepts_by_marking(project: Project, reviewer: Member, desk: Any) -> None:
    held = on_desk(project, desk)
    key = make.api_key(project, "review", member=reviewer)
    program = Client(headers={"Authorization": f"Bearer {key}"})
    address = {name: reverse(f"api:assignment-{name}", args=[held.token]) for name in ("detail", "submit")}
    item = program.get(address["detail"]).json()["item"]
    assert [one["quote"] for one in item["proposals"]] == ["You can", "within 30 days"]
    answer = {"grounded": "no", "helpful": 2, "flags": [mark(held, FIRST)]}
    body = json.dumps({"submission_id": "5b0f6d2e-6a0e-4d7e-9a30-0a4c5f1f4a11", "answers": answer})
    assert program.post(address["submit"], body, content_type="application/json").status_code == 200
    assert answers(Review.objects.get()) == ["accepted", None]


def test_a_program_of_a_queue_that_hides_the_critic_gets_none(project: Project, reviewer: Member, desk: Any) -> None:
    held = on_desk(project, desk, shows=False)
    key = make.api_key(project, "review", member=reviewer)
    program = Client(headers={"Authorization": f"Bearer {key}"})
    assert "proposals" not in program.get(reverse("api:assignment-detail", args=[held.token])).text


def test_a_curator_turns_it_on(project: Project, curator: Member, client_of: Any) -> None:
    queue: Queue = make.queue(project)
    url = reverse("queues:queue-change", args=[project.slug, queue.key])
    browser = client_of(curator)
    assert 'name="shows_critic"' in browser.get(url).text
    data = {"name": queue.name, "k": 1, "audience": "everyone", "order": queue.order, "lease_minutes": 10,
            "grace_minutes": 1, "shows_critic": "on"}  # fmt: skip
    assert browser.post(url, data).status_code in {302, 303}
    queue.refresh_from_db()
    assert queue.shows_critic
