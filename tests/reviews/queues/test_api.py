"""The review API: a front end of one's own can do all that the page does, and sees no more."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from feedback.accounts.models import IdempotencyKey, Member, Project
from feedback.rubrics.models import RubricVersion
from reviews.queues.claim import claim
from reviews.queues.items import add_items
from reviews.queues.models import Assignment, Escalation, Queue
from tests import make

pytestmark = pytest.mark.django_db


class Program(Client):
    """A front end with a member's own key."""

    def __init__(self, member: Member, *scopes: str) -> None:
        key = make.api_key(member.project, *(scopes or ("review",)), member=member)
        super().__init__(headers={"Authorization": f"Bearer {key}"})

    def call(self, route: str, data: Any = None, *, method: str = "post", **where: Any) -> Any:
        address = reverse(f"api:{route}", kwargs=where)
        return self.generic(method.upper(), address, json.dumps(data or {}), content_type="application/json")

    def claim(self, queue: Queue) -> dict[str, Any]:
        answer = self.call("queue-claim", key=queue.key)
        assert answer.status_code == 201, answer.content
        return dict(answer.json())


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project, k=1, grace_seconds=60)


@pytest.fixture
def program(reviewer: Member) -> Program:
    return Program(reviewer)


def submission(**fields: Any) -> dict[str, Any]:
    return {"submission_id": str(uuid.uuid4()), "answers": make.ANSWERS, **fields}


def test_a_claim_shows_all_that_is_needed_to_review(queue: Queue, project: Project, program: Program) -> None:
    response = make.response(project, "Within 30 days.", question="How long?", passages=["Claims: 30 days."])
    add_items(queue, [make.subject(response).pk])
    claimed = program.claim(queue)
    item = claimed["item"]
    assert (claimed["queue"], claimed["state"], claimed["draft"]) == (queue.key, "claimed", {})
    assert claimed["lease_until"] > claimed["claimed_at"]
    assert item["conversation"] == [{"role": "user", "content": "How long?"}]
    (shown,) = item["responses"]
    assert (shown["id"], shown["label"], shown["output"]) == (response.pk, "A", "Within 30 days.")
    assert [passage["text"] for passage in shown["passages"]] == ["Claims: 30 days."]
    assert [criterion["key"] for criterion in item["criteria"]] == ["grounded", "helpful", "flags", "rewrite"]


def test_a_claim_says_for_what_its_texts_are_to_be_covered(queue: Queue, project: Project, program: Program) -> None:
    responses = [make.response(project, tags=tags) for tags in (["graphic", "v7"], ["v7"])]
    add_items(queue, [make.subject(response).pk for response in responses])
    first = program.claim(queue)
    done = program.call("assignment-submit", submission(next=True), token=first["token"]).json()
    said = {item["responses"][0]["id"]: item["sensitive"] for item in (first["item"], done["next"]["item"])}
    assert said == {responses[0].pk: ["graphic"], responses[1].pk: []}  # the project's word, and no other tag


@pytest.mark.parametrize("shows_model", [True, False])
def test_the_model_is_shown_only_where_the_queue_says_so(project: Project, program: Program, shows_model: bool) -> None:
    queue = make.queue(project, subject_size=2, shows_model=shows_model)
    models = ("secret-model-1", "secret-model-2")
    pair = [
        make.response(
            project, model_name=name, input_hash="f" * 64, prompt_version=make.prompt_version(project, f"{name} v1"),
            messages=[
                {"role": "system", "content": f"secret {name}"},
                {"role": "user", "content": "How long?", "model": name},
            ],
        )
        for name in models
    ]  # fmt: skip
    add_items(queue, [make.subject(*pair).pk])
    claimed = program.claim(queue)
    stored = Assignment.objects.get(token=claimed["token"])
    assert [shown["id"] for shown in claimed["item"]["responses"]] == stored.shown_order
    assert [shown["label"] for shown in claimed["item"]["responses"]] == ["A", "B"]
    assert claimed["item"]["conversation"] == [{"role": "user", "content": "How long?"}]
    assert ("secret" in json.dumps(claimed)) is shows_model


def test_nothing_to_claim_is_no_content(queue: Queue, program: Program) -> None:
    assert program.call("queue-claim", key=queue.key).status_code == 204
    assert program.call("queue-claim", key="nowhere").status_code == 404


def test_submit_answers_with_the_next_item(queue: Queue, program: Program) -> None:
    make.items(queue, 2)
    first = program.claim(queue)
    done = program.call("assignment-submit", submission(next=True), token=first["token"])
    assert done.status_code == 200
    body = done.json()
    assert (body["state"], body["next"]["state"]) == ("submitted", "claimed")
    last = program.call("assignment-submit", submission(next=True), token=body["next"]["token"]).json()
    assert last["next"] is None


def test_a_repeated_submit_gives_the_same_and_another_body_is_refused(queue: Queue, program: Program) -> None:
    make.items(queue)
    token, sent = program.claim(queue)["token"], submission(note=" as it is ", active_ms=1500)
    answers = [program.call("assignment-submit", sent, token=token) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    other = {**sent, "answers": {**make.ANSWERS, "helpful": 1}}
    refused = program.call("assignment-submit", other, token=token)
    assert (refused.status_code, refused.json()["code"]) == (409, "submission-reused")
    assert refused["Content-Type"] == "application/problem+json"
    stale = program.call("assignment-submit", submission(), token=token)
    assert (stale.status_code, stale.json()["code"]) == (409, "lease-lost")


def test_refused_answers_come_with_pointers(queue: Queue, program: Program) -> None:
    make.items(queue)
    token = program.claim(queue)["token"]
    refused = program.call("assignment-submit", submission(answers={"helpful": 9}), token=token)
    assert (refused.status_code, refused.json()["code"]) == (422, "answers-refused")
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/grounded", "/helpful"}
    assert program.call("assignment-submit", {"answers": {}}, token=token).status_code == 400


def test_a_draft_is_kept_and_shown_again(queue: Queue, program: Program) -> None:
    make.items(queue)
    token = program.claim(queue)["token"]
    saved = program.call("assignment-draft", {"answers": {"helpful": 2}}, method="put", token=token)
    assert (saved.status_code, bool(saved.json()["draft_saved_at"])) == (200, True)
    assert program.call("assignment-detail", method="get", token=token).json()["draft"] == {"helpful": 2}
    assert program.claim(queue)["draft"] == {"helpful": 2}


def test_undo_gives_the_answers_back(queue: Queue, program: Program) -> None:
    make.items(queue)
    token = program.claim(queue)["token"]
    program.call("assignment-submit", submission(), token=token)
    undone = program.call("assignment-undo", token=token)
    assert (undone.status_code, undone.json()["state"], undone.json()["draft"]["helpful"]) == (200, "claimed", 4)
    again = program.call("assignment-undo", token=token)
    assert (again.status_code, again.json()["state"]) == (200, "claimed")


def test_undo_ends_with_the_grace(queue: Queue, program: Program) -> None:
    make.items(queue)
    Queue.objects.update(grace_seconds=0)
    token = program.claim(queue)["token"]
    program.call("assignment-submit", submission(), token=token)
    too_late = program.call("assignment-undo", token=token)
    assert (too_late.status_code, too_late.json()["code"]) == (409, "too-late")


def test_skip_heartbeat_and_release(queue: Queue, program: Program) -> None:
    make.items(queue, 2)
    first = program.claim(queue)["token"]
    assert program.call("assignment-heartbeat", token=first).json()["lease_until"]
    assert program.call("assignment-skip", {"reason": "not-sure"}, token=first).json()["state"] == "skipped"
    assert program.call("assignment-skip", token=first).status_code == 400
    lost = program.call("assignment-heartbeat", token=first)
    assert (lost.status_code, lost.json()["code"]) == (409, "lease-lost")
    second = program.claim(queue)["token"]
    assert program.call("assignment-release", token=second).status_code == 204
    assert program.call("assignment-detail", method="get", token=second).json()["lease_until"] is None


@pytest.mark.parametrize(
    ("route", "method"),
    [("detail", "get"), ("draft", "put"), ("submit", "post"), ("skip", "post"), ("undo", "post"), ("heartbeat", "post"),
     ("release", "post")],
)  # fmt: skip
def test_somebody_elses_assignment_is_not_found(
    queue: Queue, program: Program, other_reviewer: Member, outsider: Member, route: str, method: str
) -> None:
    make.items(queue)
    token = program.claim(queue)["token"]
    data = submission(reason="x")
    for stranger in (other_reviewer, outsider):
        answer = Program(stranger).call(f"assignment-{route}", data, method=method, token=token)
        assert answer.status_code == 404
    assert Assignment.objects.get().state == "claimed"


def test_a_foreign_queue_is_not_found(queue: Queue, outsider: Member) -> None:
    make.items(queue)
    assert Program(outsider).call("queue-claim", key=queue.key).status_code == 404
    reader = Program(outsider, "reviews:read")
    assert reader.call("queue-detail", method="get", key=queue.key).status_code == 404


def test_reviewing_needs_the_scope_and_a_member(queue: Queue, reviewer: Member, project: Project) -> None:
    make.items(queue)
    assert Program(reviewer, "ingest").call("queue-claim", key=queue.key).status_code == 403
    nobody = make.api_key(project, "review")
    answer = Client(headers={"Authorization": f"Bearer {nobody}"}).post(reverse("api:queue-claim", args=[queue.key]))
    assert answer.status_code == 403


def test_a_session_works_as_well(queue: Queue, reviewer: Member, client_of: type[make.SignedIn]) -> None:
    make.items(queue)
    answer = client_of(reviewer).post(reverse("api:queue-claim", args=[queue.key]))
    assert answer.status_code == 201


def test_curators_see_queues_and_reviewers_do_not(
    queue: Queue, curator: Member, reviewer: Member, client_of: type[make.SignedIn]
) -> None:
    make.items(queue, 3)
    claim(queue, reviewer)
    listed = client_of(curator).get(reverse("api:queue-list")).json()["results"]
    assert [row["key"] for row in listed] == [queue.key]
    detail = client_of(curator).get(reverse("api:queue-detail", args=[queue.key])).json()
    none = dict.fromkeys(("complete", "settled", "unresolved", "withdrawn"), 0)
    said = {"items": {"open": 3, **none}, "reviews_wanted": 3, "reviews_in": 0, "counted_at": None}
    assert detail["progress"] == said
    assert detail["rubric"] == RubricVersion.objects.get().rubric.name
    assert client_of(reviewer).get(reverse("api:queue-list")).status_code == 403


def test_a_draft_of_another_tab_is_not_overwritten(queue: Queue, program: Program) -> None:
    make.items(queue)
    claimed = program.claim(queue)
    address = reverse("api:assignment-draft", args=[claimed["token"]])

    def save(helpful: int, tag: str) -> Any:
        data = {"answers": {"helpful": helpful}}
        return program.put(address, data, content_type="application/json", headers={"If-Match": tag})

    saved = save(1, claimed["draft_etag"])
    assert (saved.status_code, program.get(address)["ETag"]) == (200, saved["ETag"])
    lost = save(2, claimed["draft_etag"])
    assert (lost.status_code, lost.json()["code"]) == (412, "changed")
    assert (lost.json()["current"], lost["ETag"]) == ({"answers": {"helpful": 1}}, saved["ETag"])
    assert save(3, lost["ETag"]).status_code == 200
    assert save(4, "*").status_code == 200
    assert save(5, f"W/{saved['ETag']}").status_code == save(5, "nonsense").status_code == 412
    assert program.get(address).json()["answers"] == {"helpful": 4}


def test_a_claim_under_a_key_is_the_same_claim_as_it_is_now(queue: Queue, program: Program) -> None:
    make.items(queue, 2)
    address = reverse("api:queue-claim", args=[queue.key])
    first = program.post(address, headers={"Idempotency-Key": "a"})
    token = first.json()["token"]
    program.call("assignment-submit", submission(), token=token)
    again = program.post(address, headers={"Idempotency-Key": "a"})
    assert (again.status_code, again["Location"], again["Idempotency-Replayed"]) == (201, first["Location"], "true")
    assert (again.json()["token"], again.json()["state"]) == (token, "submitted")
    assert "Answer" not in IdempotencyKey.objects.get().body
    assert program.post(address, headers={"Idempotency-Key": "b"}).json()["token"] != token


def test_what_is_not_there_is_not_found_whatever_is_sent(queue: Queue, program: Program, reviewer: Member) -> None:
    for route, method in (("draft", "put"), ("submit", "post"), ("skip", "post")):
        address = reverse(f"api:assignment-{route}", args=[uuid.uuid4()])
        for body, kind in ((b"{", "application/json"), (b"<a/>", "text/xml"), (b"{}", "application/json")):
            assert program.generic(method.upper(), address, body, content_type=kind).status_code == 404


def test_a_question_goes_to_a_moderator(queue: Queue, program: Program, reviewer: Member) -> None:
    make.items(queue, 2)
    token = program.claim(queue)["token"]
    asked = program.call("assignment-escalate", {"text": "Is this ours?"}, token=token)
    assert (asked.status_code, asked.json()["state"]) == (201, "claimed")
    again = program.call("assignment-escalate", {"text": "Please say.", "skip": True}, token=token)
    assert (again.json()["id"], again.json()["state"]) == (asked.json()["id"], "skipped")
    assert [said.text for said in Escalation.objects.get().messages.all()] == ["Is this ours?", "Please say."]
    assert Assignment.objects.get(token=token).skip_reason == "escalated"


def test_a_question_that_cannot_be_taken_changes_nothing(
    queue: Queue, program: Program, other_reviewer: Member
) -> None:
    make.items(queue)
    token = program.claim(queue)["token"]
    for body in ({}, {"text": " "}, {"text": "x" * 2001}, {"text": "a\u0000", "skip": True}):
        assert program.call("assignment-escalate", body, token=token).status_code in {400, 422}
    assert Program(other_reviewer).call("assignment-escalate", {"text": "Hm?"}, token=token).status_code == 404
    assert not Escalation.objects.exists()
    assert Assignment.objects.get(token=token).state == "claimed"


WRONG_TYPES = [{"note": 1}, {"active_ms": "5"}, {"active_ms": 1.5}, {"active_ms": True}, {"next": "yes"}, {"next": 1},
               {"submission_id": 1}]  # fmt: skip


@pytest.mark.parametrize("fields", WRONG_TYPES)
def test_a_value_of_another_type_is_refused(queue: Queue, program: Program, fields: dict[str, Any]) -> None:
    make.items(queue)
    refused = program.call("assignment-submit", submission(**fields), token=program.claim(queue)["token"])
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, f"/{next(iter(fields))}")
