"""The audit log's pages: who did what in words, filters, files, the trail of one object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from feedback.accounts.models import Member, Project
from feedback.audit.chain import check_chain, seal_batch
from feedback.audit.log import record
from feedback.audit.models import AuditEvent
from tests import make

pytestmark = pytest.mark.once


def url(project: Project, name: str, **kwargs: Any) -> str:
    return reverse(f"audit:{name}", kwargs={"project": project.slug, **kwargs})


@pytest.fixture
def events(project: Project, moderator: Member, admin: Member) -> None:
    queue = make.queue(project)
    record("queue-created", queue, actor=moderator, fields=["name", "k"])
    record("queue-changed", queue, actor=admin, note="=1+1")
    record("item-settled", make.items(queue)[0], method="consensus")


def test_events_are_told_in_words(events: None, project: Project, moderator: Member, client_of: Any) -> None:
    page = client_of(moderator).get(url(project, "event-list"))
    for words in ("Queue created", "Mo Moderator", "Ada Admin", "The system", "fields: name, k", "method: consensus"):
        assert words in page.text
    assert page.text.index("Item settled") < page.text.index("Queue changed") < page.text.index("Queue created")
    item = project.items.get()
    assert reverse("moderation:item-detail", kwargs={"project": project.slug, "pk": item.pk}) in page.text


def test_a_person_who_is_no_member_is_a_key(
    project: Project, moderator: Member, outsider: Member, client_of: Any
) -> None:
    record("queue-created", make.queue(project), actor=outsider)
    page = client_of(moderator).get(url(project, "event-list"))
    assert f"{str(outsider.key)[:8]} (no longer a member)" in page.text
    assert "Ona Outsider" not in page.text


@pytest.mark.parametrize(
    ("query", "count"),
    [("verb=queue changed", 1), ("verb=item-settled", 1), ("object_type=queues.queue", 2), ("actor=system", 1),
     ("since=2000-01-01", 3), ("until=2000-01-01", 0), ("object_type=queues.queue&object_id=0", 0)],
)  # fmt: skip
def test_filters_are_in_the_address(
    events: None, project: Project, moderator: Member, client_of: Any, query: str, count: int
) -> None:
    page = client_of(moderator).get(f"{url(project, 'event-list')}?{query}", headers={"HX-Request": "true"})
    assert page.text.count('<th scope="row">') == count
    assert "<html" not in page.text


def test_a_filter_that_cannot_be_read_says_so(project: Project, moderator: Member, client_of: Any) -> None:
    client = client_of(moderator)
    assert client.get(f"{url(project, 'event-list')}?since=soon").status_code == 422
    assert client.get(f"{url(project, 'event-download')}?since=soon").status_code == 404
    assert client.get(url(project, "event-download") + "?shape=exe").status_code == 404


def test_the_list_is_paged_and_bounded_in_queries(
    events: None, project: Project, moderator: Member, client_of: Any, monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr("feedback.audit.views.PAGE", 2)
    client = client_of(moderator)
    client.get(url(project, "event-list"))
    with django_assert_max_num_queries(10):
        page = client.get(url(project, "event-list"))
    assert page.text.count('<th scope="row">') == 2
    rest = client.get(url(project, "event-list") + page.context["next_url"])
    assert rest.text.count('<th scope="row">') == 1


def test_the_state_of_the_chain_is_said(events: None, project: Project, moderator: Member, client_of: Any) -> None:
    client = client_of(moderator)
    assert "Nothing is sealed yet" in client.get(url(project, "event-list")).text
    seal_batch()
    assert "Not checked so far" in client.get(url(project, "event-list")).text
    assert check_chain() == 0
    assert "unbroken" in client.get(url(project, "event-list")).text
    record("audit-checked", project, wrong=2)  # about another object: no check of the chain
    assert "unbroken" in client.get(url(project, "event-list")).text


def test_a_check_of_nothing_notes_nothing(db: None) -> None:
    assert check_chain() == 0
    assert not AuditEvent.objects.exists()


def test_files_hold_what_the_filters_show(events: None, project: Project, moderator: Member, client_of: Any) -> None:
    client = client_of(moderator)
    answer = client.get(url(project, "event-download") + "?shape=jsonl&object_type=queues.queue")
    rows = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]
    assert [row["verb"] for row in rows] == ["queue-created", "queue-changed"]
    assert rows[1]["facts"] == {"note": "=1+1"}
    assert AuditEvent.objects.filter(verb="audit-exported", actor=str(moderator.key)).count() == 1


def test_a_spreadsheet_runs_nothing(project: Project, moderator: Member, client_of: Any) -> None:
    AuditEvent.objects.create(project=project, verb="=cmd()", object_type="@x", object_id="-1", actor="+a")
    answer = client_of(moderator).get(url(project, "event-download") + "?shape=csv&actor=%2Ba")
    text = b"".join(answer.streaming_content).decode()
    for cell in ("'=cmd()", "'@x", "'-1", "'+a"):
        assert f",{cell}," in text
    assert answer["Content-Disposition"].startswith("attachment")


def test_the_trail_of_an_object_is_a_part_of_its_page(
    events: None, project: Project, moderator: Member, client_of: Any, django_assert_max_num_queries: Any
) -> None:
    client, queue = client_of(moderator), project.queues.get()
    where = f"{url(project, 'object-trail')}?object_type=queues.queue&object_id={queue.pk}"
    with django_assert_max_num_queries(6):
        part = client.get(where, headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert part.text.count("<li") == 2
    page = client.get(reverse("queues:queue-detail", kwargs={"project": project.slug, "key": queue.key}))
    assert where.replace("&", "&amp;") in page.text


def test_who_may_not_see_the_log_sees_no_trail(project: Project, curator: Member, client_of: Any) -> None:
    client, queue = client_of(curator), make.queue(project)
    page = client.get(reverse("queues:queue-detail", kwargs={"project": project.slug, "key": queue.key}))
    assert "/audit/" not in page.text
    assert client.get(url(project, "object-trail")).status_code == 403
    assert client.get(url(project, "event-list")).status_code == 403


def test_other_projects_events_are_not_there(events: None, project: Project, outsider: Member, client_of: Any) -> None:
    client = client_of(outsider)
    assert client.get(url(project, "event-list")).status_code == 404
    theirs = client.get(f"{url(outsider.project, 'object-trail')}?object_type=queues.queue")
    assert "Queue created" not in theirs.text
