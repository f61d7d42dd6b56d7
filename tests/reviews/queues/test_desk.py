"""What is on the desk, and what must never be: models, external ids, other people's answers."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.accounts.models import Project
from feedback.responses.models import Passage, Response
from feedback.text.hashes import sha256_text
from reviews.queues.desk import LATEST_TURNS, differences
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Queue
from tests import make

pytestmark = pytest.mark.django_db
SECRETS = ("giga-9000", "acme", "v7-secret-label", "trace-77", "chat-giga", "staging-east", "9.99")


def telling(project: Project, output: str, **fields: Any) -> Response:
    """A response whose every other column names its maker."""
    return make.response(
        project,
        output,
        model_name="giga-9000",
        external_id=f"chat-giga-{output}",
        prompt_version=make.prompt_version(project, "v7-secret-label"),
        trace_id="trace-77",
        segment="staging-east",
        cost="9.99",
        tags=["giga-9000"],
        body={"metadata": {"model": "giga-9000"}},
        **fields,
    )


def shown(queue: Queue, desk: Any, *responses: Response) -> Any:
    """The desk with the item of these responses."""
    add_items(queue, [make.subject(*responses).pk])
    desk.take(queue)
    return desk.get("review", key=queue.key)


def test_a_blind_desk_never_names_who_wrote_a_response(project: Project, desk: Any) -> None:
    single = make.queue(project, k=2)
    pair = make.queue(project, subject_size=2, k=2)
    question = [{"role": "user", "content": "How long?"}]
    two = [telling(project, output, messages=question) for output in ("Ten days.", "Thirty days.")]
    for page in (shown(single, desk, telling(project, "A week.")), shown(pair, desk, *two)):
        html = page.content.decode()
        assert "days." in html or "week." in html
        assert [secret for secret in SECRETS if secret in html] == []


def test_a_queue_may_show_the_model(project: Project, desk: Any) -> None:
    queue = make.queue(project, shows_model=True)
    page = shown(queue, desk, telling(project, "A week."))
    assert "giga-9000" in page.content.decode()
    assert "chat-giga" not in page.content.decode()


def test_nobody_sees_what_others_answered(project: Project, desk: Any, desk_of: Any, other_reviewer: Any) -> None:
    queue = make.queue(project, k=2)
    make.items(queue)
    theirs = desk_of(other_reviewer)
    theirs.submit(theirs.take(queue), **{"q-rewrite": "Heard from Otto."})
    mine = desk.take(queue)
    html = desk.get("review", key=queue.key).content.decode()
    assert mine.item.assignments.count() == 2
    assert "Otto" not in html
    assert "checked" not in html.split('id="review-form"')[1].split("</form>")[0]


def test_a_pair_stands_in_the_order_drawn_for_the_reviewer(project: Project, desk: Any) -> None:
    queue = make.queue(project, subject_size=2)
    make.items(queue)
    assignment = desk.take(queue)
    for order in (assignment.shown_order, assignment.shown_order[::-1]):
        Assignment.objects.filter(pk=assignment.pk).update(shown_order=order)
        answers = desk.get("review", key=queue.key).context["answers"]
        assert [answer["response"] for answer in answers] == order
        assert [answer["label"] for answer in answers] == ["Left", "Right"]


def test_instructions_that_differ_would_tell_two_responses_apart(project: Project, desk: Any) -> None:
    queue = make.queue(project, subject_size=2)
    asked = {"role": "user", "content": "How long?"}
    responses = [
        make.response(project, f"{name} days.", messages=[{"role": "system", "content": name}, asked])
        for name in ("Ten", "Thirty")
    ]
    page = shown(queue, desk, *responses)
    assert [turn["role"] for turn in page.context["turns"]] == ["user"]


def test_a_long_conversation_is_folded(project: Project, desk: Any) -> None:
    spoken = [{"role": "user" if n % 2 == 0 else "assistant", "content": f"Turn {n}"} for n in range(9)]
    messages = [{"role": "system", "content": "Be kind."}, *spoken]
    page = shown(make.queue(project), desk, make.response(project, messages=messages))
    assert [turn["text"] for turn in page.context["turns"]] == ["Be kind.", "Turn 6", "Turn 7", "Turn 8"]
    assert len(page.context["earlier_turns"]) == 9 - LATEST_TURNS


def test_tool_calls_and_parts_are_shown_as_text(project: Project, desk: Any) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "find_policy", "arguments": '{"id": 7}'}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Am I covered?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "Policy 7", "name": "find_policy"},
        {"role": "tool", "content": '{"cover": "<b>all</b>", "days": [3]}'},
    ]
    html = shown(make.queue(project), desk, make.response(project, messages=messages)).content.decode()
    for words in ("Am I covered?", "find_policy", "{&quot;id&quot;: 7}", "Policy 7"):
        assert words in html
    for name, value in (("id", "7"), ("cover", "&lt;b&gt;all&lt;/b&gt;"), ("days", "[3]")):
        assert f'<dt dir="auto">{name}</dt>' in html
        assert value in html
    assert html.count("As it was sent") == 2


def test_sources_of_a_pair_are_shown_once_and_lead_only_to_the_web(project: Project, desk: Any) -> None:
    queue = make.queue(project, subject_size=2)
    question = [{"role": "user", "content": "How long?"}]
    responses = [make.response(project, f"{n} days.", messages=question, passages=["Thirty."]) for n in (1, 2)]
    text = "Another."
    Passage.objects.create(
        project=project,
        response=responses[0],
        position=1,
        title="Link",
        url="javascript:alert(1)",
        text=text,
        text_hash=sha256_text(text),
    )
    page = shown(queue, desk, *responses)
    assert sorted(passage["text"] for passage in page.context["passages"]) == ["Another.", "Thirty."]
    assert "javascript:" not in page.content.decode()


def test_hostile_text_stays_text(project: Project, desk: Any) -> None:
    attack = '<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) "><svg onload=alert(1)>'
    response = make.response(project, attack, question=attack, passages=[attack])
    html = shown(make.queue(project), desk, response).content.decode()
    for markup in ("<script>alert", "<img src=x", "<svg onload", 'href="javascript:'):
        assert markup not in html


def test_each_text_of_a_pair_marks_the_words_the_other_has_not() -> None:
    left, right = differences("You have 30 days 🙂.", "You have ten days.")
    assert '<mark class="span differs" data-spans="0">30</mark>' in left
    assert "🙂" in left.split("<mark")[2]
    assert right.count("<mark") == 1
    assert differences("Same.", "Same.") == ["", ""]


def test_a_pair_of_equal_texts_offers_no_differences(project: Project, desk: Any) -> None:
    queue = make.queue(project, subject_size=2)
    question = [{"role": "user", "content": "How long?"}]
    page = shown(queue, desk, *(make.response(project, "Ten days.", messages=question) for _ in range(2)))
    assert b"data-diff" not in page.content


def test_the_desk_shows_the_model_as_the_claim_recorded_it(project: Project, desk: Any) -> None:
    queue = make.queue(project)
    shown(queue, desk, telling(project, "A week."))
    Queue.objects.filter(pk=queue.pk).update(shows_model=True)
    assert "giga-9000" not in desk.get("review", key=queue.key).content.decode()
    assert Assignment.objects.get().visible["model"] is False


def test_parts_of_a_message_may_be_plain_text_or_hold_none(project: Project, desk: Any) -> None:
    content = ["Am I covered", {"type": "text", "text": "abroad?"}, {"type": "image_url", "text": None}]
    messages = [{"role": "user", "content": content}]
    page = shown(make.queue(project), desk, make.response(project, messages=messages))
    assert page.context["turns"][0]["text"] == "Am I covered\nabroad?\n"
