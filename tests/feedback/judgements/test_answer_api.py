"""Programs read the answers of reviews one by one: votes and spans, in pages that stand still."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.judgements.models import Review
from tests import make

API = "/api/v1"
EVIDENCE = {"start": 0, "end": 6, "quote": "Claims"}


@pytest.fixture
def program(project: Project) -> Client:
    return Client(headers={"Authorization": f"Bearer {make.api_key(project, 'reviews:read')}"})


@pytest.fixture
def flagged(project: Project, reviewer: Member) -> Review:
    """A review of one response: two ratings, two marks, the second with evidence."""
    response = make.response(project, external_id="chat-1", passages=["Claims end after 60 days."])
    passage = response.passages.get().pk
    marks = [
        {"start": 0, "end": 3, "quote": "You", "kind": "unsupported", "severity": "minor"},
        {"start": 22, "end": 29, "quote": "0 days.", "kind": "contradicted", "severity": "major", "note": "60 days.",
         "evidence": {"passage": passage, **EVIDENCE}},
    ]  # fmt: skip
    answers = {"grounded": "no", "helpful": 2, "flags": marks}
    return make.review(make.subject(response), make.rubric_version(project), reviewer, answers, origin="grounding")


@pytest.fixture
def chosen(project: Project, other_reviewer: Member) -> Review:
    """A review of two responses: a comparison and a text."""
    pair = [make.response(project, text, question="How long?") for text in ("30 days.", "60 days.")]
    answers = {"better": {"outcome": "preferred", "preferred": pair[1].pk, "strength": 2}, "why": "It is right."}
    order = [pair[1].pk, pair[0].pk]
    version = make.rubric_version(project, subject_size=2)
    return make.review(make.subject(*pair), version, other_reviewer, answers, shown_order=order, active_ms=900)


def rows(program: Client, what: str, **query: Any) -> list[dict[str, Any]]:
    answer = program.get(f"{API}/{what}/", query)
    assert answer.status_code == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_a_vote_is_one_answer_with_the_order_shown(
    program: Client, flagged: Review, chosen: Review, other_reviewer: Member
) -> None:
    better, why, grounded, helpful = rows(program, "votes")
    preferred = chosen.shown_order[0]
    assert better["value"] == {"outcome": "preferred", "preferred": preferred, "strength": 2}
    assert (better["kind"], better["criterion"], better["review"]) == ("comparison", "better", chosen.pk)
    assert (better["shown_order"], better["active_ms"]) == (chosen.shown_order, 900)
    assert [part["id"] for part in better["responses"]] == sorted(chosen.shown_order)
    assert better["reviewer"] == other_reviewer.pseudonym
    assert [row["value"] for row in (why, grounded, helpful)] == ["It is right.", "no", 2]
    assert (helpful["queue"], helpful["subject"]) == ("grounding", flagged.subject_id)
    assert helpful["rubric_version"]["id"] == flagged.rubric_version_id


def test_a_span_is_one_mark_with_its_evidence(program: Client, flagged: Review, reviewer: Member) -> None:
    second, first = rows(program, "spans")
    assert (first["start"], first["end"], first["quote"], first["kind"]) == (0, 3, "You", "unsupported")
    assert (first["evidence"], first["passage"]) == (None, None)
    assert second["response"] == {"id": flagged.subject.shown()[0].pk, "external_id": "chat-1"}
    assert second["evidence"] | EVIDENCE == second["evidence"]
    assert (second["severity"], second["note"]) == ("major", "60 days.")
    assert (second["review"], second["reviewer"]) == (flagged.pk, reviewer.pseudonym)


@pytest.mark.usefixtures("flagged", "chosen")
def test_people_appear_under_pseudonyms_only(program: Client, reviewer: Member, other_reviewer: Member) -> None:
    for what in ("votes", "spans"):
        text = program.get(f"{API}/{what}/").text
        assert "@" not in text
        for member in (reviewer, other_reviewer):
            assert str(member.user) not in text


@pytest.mark.usefixtures("flagged", "chosen")
@pytest.mark.parametrize(
    ("what", "query", "count"),
    [
        ("votes", {"kind": "comparison"}, 1),
        ("votes", {"kind": "scale"}, 1),
        ("votes", {"criterion": "grounded"}, 1),
        ("votes", {"queue": "grounding"}, 2),
        ("votes", {"response": "chat-1"}, 2),
        ("votes", {"response": "chat-2"}, 0),
        ("votes", {"source": "csv"}, 0),
        ("votes", {"standing": "false"}, 0),
        ("votes", {"standing": "true"}, 4),
        ("votes", {"submitted_before": "2000-01-01T00:00:00Z"}, 0),
        ("spans", {"kind": "contradicted"}, 1),
        ("spans", {"severity": "minor"}, 1),
        ("spans", {"has_evidence": "true"}, 1),
        ("spans", {"has_evidence": "false"}, 1),
        ("spans", {"in_passage": "true"}, 0),
        ("spans", {"response": "chat-1"}, 2),
        ("spans", {"criterion": "flags", "queue": "grounding"}, 2),
    ],
)
def test_votes_and_spans_are_narrowed(program: Client, what: str, query: dict[str, Any], count: int) -> None:
    assert len(rows(program, what, **query)) == count


def test_they_are_narrowed_to_a_review_and_to_a_person(
    program: Client, flagged: Review, chosen: Review, reviewer: Member
) -> None:
    assert len(rows(program, "votes", review=chosen.pk)) == 2
    assert len(rows(program, "votes", subject=flagged.subject_id)) == 2
    assert len(rows(program, "votes", rubric_version=chosen.rubric_version_id)) == 2
    assert len(rows(program, "votes", rubric=flagged.rubric_version.rubric.name)) == 2
    assert len(rows(program, "spans", reviewer=reviewer.pseudonym)) == 2
    Review.objects.filter(pk=flagged.pk).update(withdrawn_at=timezone.now())
    assert len(rows(program, "votes", standing="true")) == 2
    assert rows(program, "spans", standing="true") == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("what", "query"),
    [("votes", {"kind": "spans"}), ("votes", {"review": "x"}), ("spans", {"has_evidence": "1"}),
     ("spans", {"serverity": "major"}), ("votes", {"cursor": "cD0x"}), ("votes", {"fields": "value,votes"})],
)  # fmt: skip
def test_what_cannot_be_meant_is_explained(program: Client, what: str, query: dict[str, Any]) -> None:
    answer = program.get(f"{API}/{what}/", query)
    assert answer.status_code == 400
    assert answer.json()["code"] in {"invalid", "cursor"}


@pytest.mark.usefixtures("flagged", "chosen")
def test_another_projects_rows_are_not_there(other_project: Project) -> None:
    stranger = Client(headers={"Authorization": f"Bearer {make.api_key(other_project, 'reviews:read')}"})
    for what in ("votes", "spans"):
        assert rows(stranger, what) == []
        assert rows(stranger, what, response="chat-1") == []


def test_it_needs_the_scope(project: Project, anonymous: Client) -> None:
    other = Client(headers={"Authorization": f"Bearer {make.api_key(project, 'datasets:read')}"})
    for what in ("votes", "spans"):
        assert other.get(f"{API}/{what}/").status_code == 403
        assert anonymous.get(f"{API}/{what}/").status_code == 401


def judge(project: Project, n: int) -> None:
    """n reviews, in turn of one response and of two."""
    single, double = make.rubric_version(project), make.rubric_version(project, subject_size=2)
    for number in range(n):
        pair = [make.response(project, f"{text} {number}", question=f"Q{number}?") for text in ("You may", "No")]
        if number % 2:
            better = {"outcome": "preferred", "preferred": pair[0].pk, "strength": 1}
            make.review(make.subject(*pair), double, make.member(project), {"better": better, "why": "So."})
        else:
            mark = {"start": 0, "end": 3, "quote": "You", "kind": "fabricated", "severity": "minor"}
            answers = {"grounded": "no", "helpful": number % 5 + 1, "flags": [mark]}
            make.review(make.subject(pair[0]), single, make.member(project), answers)


def walk(program: Client, url: str, step: str = "next", between: Any = None) -> list[list[Any]]:
    """What each page holds, following the cursors as they come."""
    pages: list[list[Any]] = []
    while url:
        page = program.get(url).json()
        pages.append(page["results"])
        url = page[step]
        if between and len(pages) == 1:
            between()
    return pages


def keys(pages: list[list[Any]]) -> list[Any]:
    return [(row["review"], row["criterion"], row.get("id")) for page in pages for row in page]


@pytest.mark.parametrize("what", ["votes", "spans"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages_stand_still_while_reviews_come_in(project: Project, program: Client, what: str, size: int) -> None:
    judge(project, 6)
    whole = keys([rows(program, what)])
    url = f"{API}/{what}/?page_size={size}"
    assert keys(walk(program, url, between=lambda: judge(project, 3))) == whole
    assert len(whole) == len(set(whole)) == (12 if what == "votes" else 3)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages_lead_back_the_way_they_came(project: Project, program: Client, size: int) -> None:
    judge(project, 6)
    url, last = f"{API}/votes/?page_size={size}&fields=review,criterion", ""
    there = walk(program, url)
    while url:
        last, url = url, program.get(url).json()["next"]
    back = walk(program, last, "previous")
    assert keys(back[::-1]) == keys(there)
    assert program.get(f"{API}/votes/?page_size={size}").json()["previous"] is None


def test_a_review_that_is_withdrawn_meanwhile_shifts_no_row(project: Project, program: Client) -> None:
    judge(project, 6)
    after = timezone.now() + timedelta(seconds=1)

    def withdraw() -> None:
        Review.objects.filter(pk=Review.objects.latest("pk").pk).update(withdrawn_at=after)

    whole = keys([rows(program, "votes", standing="true")])
    assert keys(walk(program, f"{API}/votes/?standing=true&page_size=1", between=withdraw))[1:] == whole[2:]


@pytest.mark.parametrize("what", ["votes", "spans", "reviews", "verdicts"])
def test_statements_do_not_grow_with_the_rows(project: Project, program: Client, what: str) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            rows(program, what)
        return len(found)

    judge(project, 4)
    rows(program, what)  # criteria are read once per process
    few = asked()
    judge(project, 12)
    rows(program, what)
    assert asked() == few <= 10
