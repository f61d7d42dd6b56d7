"""A curator's pages of sampling rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from reviews.queues.models import Queue
from reviews.sampling.models import SamplingRule, SamplingRun
from tests import make

pytestmark = pytest.mark.once


def url(project: Project, name: str, **kwargs: Any) -> str:
    return reverse(f"sampling:{name}", kwargs={"project": project.slug, **kwargs})


@pytest.fixture
def queue(project: Project) -> Queue:
    return make.queue(project)


def posted(into: Queue, **changes: Any) -> dict[str, Any]:
    return {"name": "Weekly look", "queue": into.pk, "method": "rate", "percent": "20", **changes}


def test_an_empty_list_says_what_to_do_next(client_of: Any, curator: Member) -> None:
    page = client_of(curator).get(url(curator.project, "rule-list"))
    assert page.status_code == 200
    assert b"No rules yet" in page.content
    assert url(curator.project, "rule-create") in page.content.decode()


def test_a_curator_makes_a_rule(client_of: Any, curator: Member, queue: Queue) -> None:
    client = client_of(curator)
    assert client.get(url(curator.project, "rule-create")).status_code == 200
    sent = posted(queue, interval_minutes="60", **{"filter-model": "small-1"})
    page = client.post(url(curator.project, "rule-create"), sent, follow=True)
    rule = SamplingRule.objects.get()
    assert (rule.key, rule.interval_minutes) == ("weekly-look", 60)
    version = rule.current
    assert (version.rate, version.seed, version.filter) == (0.2, "weekly-look", {"model": "small-1"})
    assert b"Model: small-1" in page.content
    assert b"It has not run yet" in page.content


def test_an_estimate_tells_how_much_and_saves_nothing(client_of: Any, curator: Member, queue: Queue) -> None:
    for _ in range(12):
        make.response(curator.project)
    sent = posted(queue, method="size", size="5", estimate="1")
    page = client_of(curator).post(url(curator.project, "rule-create"), sent)
    assert page.status_code == 200
    assert (page.context["trial"].drawn, page.context["trial"].population) == (5, 12)
    assert b"Nothing was drawn or saved" in page.content
    assert not SamplingRule.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"percent": ""}, "Say which share"),
        ({"percent": "120"}, "less than or equal to 100"),
        ({"method": "size"}, "Say how many"),
        ({"name": "!!"}, "at least one letter"),
        ({"name": "New"}, "with this name already"),
        ({"filter-min_cost": "much"}, "Enter a number"),
        ({"queue": "0"}, "Select a valid choice"),
    ],
)
def test_bad_input_is_explained_and_kept(
    client_of: Any, curator: Member, queue: Queue, changes: dict[str, str], said: str
) -> None:
    page = client_of(curator).post(url(curator.project, "rule-create"), posted(queue, seed="kept", **changes))
    assert page.status_code == 422
    assert said in page.content.decode()
    assert 'value="kept"' in page.content.decode()
    assert not SamplingRule.objects.exists()


def test_a_change_makes_a_new_version_and_no_change_makes_none(client_of: Any, curator: Member, queue: Queue) -> None:
    client = client_of(curator)
    client.post(url(curator.project, "rule-create"), posted(queue))
    change = url(curator.project, "rule-change", key="weekly-look")
    assert b'value="20.0"' in client.get(change).content
    client.post(change, posted(queue, name="Weekly", seed="weekly-look"))
    rule = SamplingRule.objects.get()
    assert (rule.name, rule.key, rule.versions.count()) == ("Weekly", "weekly-look", 1)
    client.post(change, posted(queue, percent="30"))
    assert (rule.versions.count(), rule.current.rate) == (2, 0.3)


def test_run_now_starts_one_run_and_shows_it(client_of: Any, curator: Member, queue: Queue) -> None:
    rule = make.sampling_rule(queue)
    client = client_of(curator)
    answer = client.post(url(curator.project, "rule-run", key=rule.key))
    assert answer.status_code == 303
    client.post(url(curator.project, "rule-run", key=rule.key))
    assert SamplingRun.objects.get().requested_by == curator
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Waiting for a worker" in page
    assert 'hx-trigger="every 2s"' in page


def test_htmx_gets_only_the_runs(client_of: Any, curator: Member, queue: Queue) -> None:
    rule = make.sampling_rule(queue)
    page = client_of(curator).get(url(curator.project, "rule-detail", key=rule.key), headers={"HX-Request": "true"})
    assert page.content.strip().startswith(b"<section")
    assert b"Versions" not in page.content


def test_the_dry_run_is_told_anew_after_the_last_run(client_of: Any, curator: Member, queue: Queue) -> None:
    rule = make.sampling_rule(queue)
    browser, here = client_of(curator), url(curator.project, "rule-detail", key=rule.key)
    rule.start()
    page = browser.get(here).text
    assert "What the next would draw is told when it is done." in page
    assert 'hx-trigger="runs-finished from:body"' in page
    assert "HX-Trigger" not in browser.get(here, headers={"HX-Request": "true"})
    SamplingRun.objects.update(state="done")
    assert browser.get(here, headers={"HX-Request": "true"})["HX-Trigger"] == '{"runs-finished": {}}'
    again = browser.get(url(curator.project, "rule-trial", key=rule.key), headers={"HX-Request": "true"}).text
    assert 'hx-trigger="runs-finished from:body"' in again


@pytest.mark.parametrize("name", ["rule-detail", "rule-change", "rule-trial", "rule-run"])
def test_another_projects_rule_is_not_found(client_of: Any, curator: Member, outsider: Member, name: str) -> None:
    rule = make.sampling_rule(make.queue(outsider.project))
    client = client_of(curator)
    ask = client.post if name == "rule-run" else client.get
    assert ask(url(curator.project, name, key=rule.key)).status_code == 404
    assert ask(url(outsider.project, name, key=rule.key)).status_code == 404


def test_a_reviewer_is_refused(client_of: Any, reviewer: Member) -> None:
    assert client_of(reviewer).get(url(reviewer.project, "rule-list")).status_code == 403


def test_run_now_is_a_post(client_of: Any, curator: Member, queue: Queue) -> None:
    rule = make.sampling_rule(queue)
    assert client_of(curator).get(url(curator.project, "rule-run", key=rule.key)).status_code == 405


def test_the_pages_ask_a_bounded_number_of_queries(
    client_of: Any, curator: Member, queue: Queue, django_assert_max_num_queries: Any
) -> None:
    rules = [make.sampling_rule(queue) for _ in range(5)]
    for rule in rules:
        rule.start(by=curator)
    client = client_of(curator)
    with django_assert_max_num_queries(10):
        assert client.get(url(curator.project, "rule-list")).status_code == 200
    with django_assert_max_num_queries(10):
        client.get(url(curator.project, "rule-detail", key=rules[0].key))


def test_while_it_is_filled_in_htmx_gets_the_dry_run_alone(client_of: Any, curator: Member, queue: Queue) -> None:
    make.response(curator.project)
    client, create = client_of(curator), url(curator.project, "rule-create")
    half = client.post(create, posted(queue, name="", estimate="1"), headers={"HX-Request": "true"})
    assert (half.status_code, "When the rule is filled in" in half.text) == (200, True)
    assert half.text.strip().startswith('<div id="trial"')
    whole = client.post(create, posted(queue, percent="100", estimate="1"), headers={"HX-Request": "true"})
    assert "None of them is in the queue yet." in whole.text


def test_the_rule_page_loads_its_dry_run(client_of: Any, curator: Member, queue: Queue) -> None:
    make.response(curator.project, question="Is it insured?")
    rule = make.sampling_rule(queue, rate=1.0)
    client, trial = client_of(curator), url(curator.project, "rule-trial", key=rule.key)
    assert f'hx-get="{trial}"' in client.get(url(curator.project, "rule-detail", key=rule.key)).text
    assert "Is it insured?" in client.get(trial, headers={"HX-Request": "true"}).text
    assert "<html" in client.get(trial).text


def test_a_version_says_what_it_changed(client_of: Any, curator: Member, queue: Queue) -> None:
    rule = make.sampling_rule(queue, rate=0.1, filter={"model": "small-1"})
    other = make.queue(curator.project, name="Harms")
    rule.revise(queue=other, method="size", size=20, k=3, seed="s", filter={"is_queued": "false"})
    page = client_of(curator).get(url(curator.project, "rule-detail", key=rule.key)).text
    for words in (
        "Draws 20 instead of 10 %.",
        "Into Harms instead of",
        "Asks for 3 reviews each instead of",
        "Queued: No",
    ):
        assert words in page
    assert "Model does not matter any more; it was small-1." in page


def test_a_schedule_can_be_paused(client_of: Any, curator: Member, queue: Queue) -> None:
    rule = make.sampling_rule(queue, interval_minutes=60, rate=0.2, seed="weekly-look")
    client, change = client_of(curator), url(curator.project, "rule-change", key=rule.key)
    client.post(change, posted(queue, interval_minutes="60", seed="weekly-look", is_paused="on"))
    rule.refresh_from_db()
    assert (rule.is_active, rule.versions.count()) == (False, 1)
    assert "60 minutes, paused" in client.get(url(curator.project, "rule-detail", key=rule.key)).text
    assert AuditEvent.objects.filter(verb="rule-rescheduled").count() == 1


def test_the_history_of_runs_is_paged_and_timed(client_of: Any, curator: Member, queue: Queue) -> None:
    rule = make.sampling_rule(queue)
    now = timezone.now()
    for number in range(21):
        SamplingRun.objects.create(
            project=curator.project, rule_version=rule.current, tick=f"t{number}", state="failed", error="Worker lost.",
            started_at=now, finished_at=now + timedelta(seconds=2.5),
        )  # fmt: skip
    client = client_of(curator)
    first = client.get(url(curator.project, "rule-detail", key=rule.key))
    assert (len(first.context["runs"]), "2.5 s" in first.text, "Worker lost." in first.text) == (20, True, True)
    second = client.get(first.context["next_url"])
    assert (len(second.context["runs"]), second.context["next_url"]) == (1, "")
