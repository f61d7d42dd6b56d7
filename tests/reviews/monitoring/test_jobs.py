"""The jobs page: every job of the project, what each may be asked, and whether anybody works."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.datasets import exports
from feedback.datasets.models import Dataset, DatasetVersion, Export
from feedback.jobs import Job
from feedback.responses.models import ResponseUpload
from reviews.monitoring.models import WorkerBeat
from reviews.sampling.models import SamplingRun
from tests import make, world


def at(project: Project, name: str = "job-list", job: Job | None = None) -> str:
    named = [] if job is None else [job._meta.label_lower, job.pk]
    return reverse(f"monitoring:{name}", args=[project.slug, *named])


@pytest.fixture
def run(project: Project) -> SamplingRun:
    return world.run(make.queue(project))


@pytest.fixture
def version(project: Project) -> DatasetVersion:
    dataset = Dataset.objects.create(project=project, key="answers", name="Answers", shares={"train": 1.0})
    return dataset.build()


def failed(job: Job, error: str = "The queue is closed.") -> Any:
    type(job).objects.filter(pk=job.pk).update(state="failed", error=error, finished_at=Now(), cursor={"tries": 3})
    return type(job).objects.get(pk=job.pk)


HTMX = {"HX-Request": "true"}


def test_an_empty_page_says_when_a_job_appears(curator: Member, project: Project) -> None:
    assert "No job yet" in make.SignedIn(curator).get(at(project)).text


def test_it_lists_every_kind_newest_first_with_where_it_belongs(
    curator: Member, project: Project, run: SamplingRun, version: DatasetVersion
) -> None:
    page = make.SignedIn(curator).get(at(project)).text
    assert page.index("Answers 1") < page.index(f"Run {run.pk} of")
    assert f'href="{version.get_absolute_url()}"' in page
    assert f'href="{run.get_absolute_url()}"' in page
    assert "every 2s" in page


def test_a_running_job_has_its_bar_and_a_finished_page_is_still(
    curator: Member, project: Project, version: DatasetVersion
) -> None:
    DatasetVersion.objects.filter(pk=version.pk).update(state="running", done=40, total=100)
    browser = make.SignedIn(curator)
    page = browser.get(at(project)).text
    assert "40 of 100" in page
    assert 'value="40" max="100"' in page
    DatasetVersion.objects.filter(pk=version.pk).update(state="cancelled")
    assert "every 2s" not in browser.get(at(project)).text


def test_other_projects_jobs_are_not_shown(outsider: Member, project: Project, version: DatasetVersion) -> None:
    browser = make.SignedIn(outsider)
    assert "Answers 1" not in browser.get(at(outsider.project)).text
    assert browser.post(at(outsider.project, "job-cancel", version)).status_code == 404
    assert browser.post(at(project, "job-cancel", version)).status_code == 404


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("?kind=sampling.samplingrun", "Run ", "Answers 1"),
        ("?kind=datasets.datasetversion", "Answers 1", "Run "),
        ("?state=failed", "Run ", "Answers 1"),
        ("?state=failed&kind=datasets.export", "Nothing matches", "Answers 1"),
    ],
)
def test_it_is_narrowed_by_state_and_kind(
    curator: Member, project: Project, run: SamplingRun, version: DatasetVersion, query: str, shown: str, hidden: str
) -> None:
    failed(run)
    part = make.SignedIn(curator).get(at(project) + query, headers=HTMX).text
    assert part.lstrip().startswith('<div id="jobs"')
    assert shown in part
    assert hidden not in part


def test_an_unknown_filter_is_said(curator: Member, project: Project) -> None:
    response = make.SignedIn(curator).get(at(project) + "?kind=auth.user")
    assert response.status_code == 422
    assert "This filter is not known" in response.text


def test_pages_follow_each_other_without_gap_or_repeat(
    curator: Member, project: Project, run: SamplingRun, version: DatasetVersion
) -> None:
    about: dict[str, Any] = {"project": project, "rule_version": run.rule_version, "state": "done"}
    SamplingRun.objects.bulk_create(SamplingRun(**about, tick=str(n)) for n in range(60))
    SamplingRun.objects.update(created_at=timezone.now())  # all at one moment: the place must tell them apart
    DatasetVersion.objects.update(created_at=SamplingRun.objects.latest("pk").created_at)
    browser, url, seen = make.SignedIn(curator), at(project), []
    while url:
        response = browser.get(url)
        seen += [(row["kind"], row["job"].pk) for row in response.context["rows"]]
        url = at(project) + response.context["next_url"] if response.context["next_url"] else ""
    assert len(seen) == len(set(seen)) == 62
    for nonsense in ("x", "2026-13-45~a~b", f"{timezone.now().isoformat()}~datasets.export~x", "~~"):
        assert browser.get(at(project), {"after": nonsense}).status_code == 200


def test_a_refusal_is_read_as_it_is_and_an_error_is_put_into_words(
    curator: Member, project: Project, run: SamplingRun, version: DatasetVersion
) -> None:
    failed(run)
    failed(version, "ValueError: no such column <b>")
    page = make.SignedIn(curator).get(at(project)).text
    assert "The queue is closed." in page
    assert "It met an error nobody foresaw." in page
    assert "ValueError: no such column &lt;b&gt;" in page


def test_cancelling_stops_it_and_is_audited(curator: Member, project: Project, version: DatasetVersion) -> None:
    browser, url = make.SignedIn(curator), at(project, "job-cancel", version)
    assert browser.get(url).status_code == 405
    response = browser.post(url)
    assert (response.status_code, response["Location"]) == (303, at(project))
    version.refresh_from_db()
    assert version.state == Job.State.CANCELLED
    assert AuditEvent.objects.get(verb="job-cancelled").object_id == str(version.pk)
    late = browser.post(url, headers=HTMX)
    assert (late.status_code, "It had ended before" in late.text) == (409, True)
    assert AuditEvent.objects.filter(verb="job-cancelled").count() == 1


def test_a_failed_job_is_tried_again(curator: Member, project: Project, run: SamplingRun) -> None:
    failed(run)
    response = make.SignedIn(curator).post(at(project, "job-retry", run), headers=HTMX)
    assert response.status_code == 200
    assert response["HX-Trigger"] == '{"job-changed": {}}'
    assert "Waiting for a worker" in response.text
    run.refresh_from_db()
    assert (run.state, run.error, run.cursor, run.finished_at) == ("queued", "", {}, None)
    assert AuditEvent.objects.filter(verb="job-retried").count() == 1


def test_what_cannot_be_tried_again_says_why(curator: Member, project: Project, version: DatasetVersion) -> None:
    failed(version)
    version.dataset.build()
    browser, url = make.SignedIn(curator), at(project, "job-retry", version)
    part = browser.post(url, headers=HTMX)
    assert (part.status_code, "A later version has been begun." in part.text) == (409, True)
    assert "A later version has been begun." in browser.post(url, follow=True).text
    version.refresh_from_db()
    assert version.state == Job.State.FAILED
    assert not AuditEvent.objects.filter(verb="job-retried").exists()


def test_moderators_look_and_do_not_touch(
    moderator: Member, project: Project, run: SamplingRun, version: DatasetVersion
) -> None:
    browser = make.SignedIn(moderator)
    page = browser.get(at(project)).text
    assert f'href="{version.get_absolute_url()}"' in page
    assert f"Run {run.pk} of" in page
    assert f'href="{run.get_absolute_url()}"' not in page  # their role does not open it
    assert "/cancel/" not in page
    assert browser.post(at(project, "job-cancel", version)).status_code == 403


def test_unknown_kinds_are_not_there(curator: Member, project: Project, version: DatasetVersion) -> None:
    for kind in ("auth.user", "accounts.member", "x"):
        url = reverse("monitoring:job-retry", args=[project.slug, kind, version.pk])
        assert make.SignedIn(curator).post(url).status_code == 404


def test_without_a_worker_it_says_that_jobs_wait(curator: Member, project: Project, version: DatasetVersion) -> None:
    browser, url = make.SignedIn(curator), at(project, "job-workers")
    assert "No worker has been heard of yet: jobs wait." in browser.get(url).text
    WorkerBeat.objects.mark("celery@a", 1, bells=["default", "bulk", "stats"], processes=2, busy=1)
    page = browser.get(url).text
    assert "jobs wait" not in page.lower().replace("what waits", "")
    assert "1 of 2 busy" in page
    WorkerBeat.objects.update(seen_at=Now() - timedelta(seconds=90))
    alarm = browser.get(url + "?only=alarm", headers=HTMX).text
    assert "No worker has been heard of for 90 s: jobs wait." in alarm
    assert "<table" not in alarm
    WorkerBeat.objects.mark("celery@b", 2, bells=["default"])
    assert "Jobs wait for the queue “bulk”, and no worker listens to it." in browser.get(url).text


def test_queues_say_how_long_the_oldest_waits(curator: Member, project: Project, version: DatasetVersion) -> None:
    DatasetVersion.objects.update(created_at=Now() - timedelta(minutes=5))
    response = make.SignedIn(curator).get(at(project, "job-workers"))
    rows = {row["bell"].name: (row["bell"].waiting, row["oldest"]) for row in response.context["bells"]}
    assert rows == {"default": (0, ""), "bulk": (1, "5 min"), "stats": (0, "")}


def test_the_pages_ask_the_database_little(
    curator: Member, project: Project, run: SamplingRun, version: DatasetVersion, django_assert_num_queries: Any
) -> None:
    jobs.run(DatasetVersion, version.pk)
    for shape in Export.Shape.values:
        exports.request(DatasetVersion.objects.get(pk=version.pk), shape)
    for _ in range(3):
        world.run(run.rule_version.queue)
    WorkerBeat.objects.mark("celery@a", 1, bells=["bulk"])
    browser = make.SignedIn(curator)
    tables = len(jobs.job_models())
    listed = sum(model.is_listed for model in jobs.job_models())
    with django_assert_num_queries(listed + 2):
        assert browser.get(at(project)).status_code == 200
    with django_assert_num_queries(tables + 3):
        assert browser.get(at(project, "job-workers")).status_code == 200


def test_a_file_that_waits_for_a_word_says_so_under_its_own_name(curator: Member, project: Project) -> None:
    upload = ResponseUpload.objects.create(project=project, by=curator, name="march.ndjson")
    content = make.SignedIn(curator).get(reverse("monitoring:job-list", args=[project.slug])).content
    assert f'href="{upload.get_absolute_url()}">march.ndjson<' in content.decode()
    assert b"Waiting for its go-ahead" in content
