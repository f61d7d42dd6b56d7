"""Two at the same moment: people who press Start twice, and workers who follow one fine-tune."""

from __future__ import annotations

import re

import pytest

from feedback import jobs
from feedback.accounts.models import Member, Project
from feedback.audit.models import AuditEvent
from feedback.datasets.models import DatasetVersion, Export
from feedback.training import invariants
from feedback.training.models import FineTuneJob, Trainer
from tests import make
from tests.feedback.training.conftest import Begun, one_turn, until
from tests.feedback.training.stand_in import Service
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
FIELDS = {"method": "dpo", "base_model": "small-1"}


def form_of(member: Member, version: DatasetVersion, hosted: Trainer) -> dict[str, str]:
    """The form as its page gives it, filled in."""
    page = make.SignedIn(member).get("/p/travel/training/new/").content.decode()
    found = re.search(r'name="form" value="([0-9a-f-]{36})"', page)
    assert found
    return {**FIELDS, "version": str(version.pk), "trainer": hosted.key, "form": found[1]}


def test_a_form_sent_twice_is_one_job_and_a_changed_one_another(
    curator: Member, version: DatasetVersion, hosted: Trainer
) -> None:
    browser, data = make.SignedIn(curator), form_of(curator, version, hosted)
    first, second = (browser.post("/p/travel/training/new/", data) for _ in range(2))
    assert first["Location"] == second["Location"]
    other = browser.post("/p/travel/training/new/", {**data, "epochs": "3"})
    assert other["Location"] != first["Location"]
    assert FineTuneJob.objects.count() == 2
    assert AuditEvent.objects.filter(verb="fine-tune-started").count() == 2


@pytest.mark.postgres
def test_two_presses_of_start_at_once_make_one_remote_job(
    curator: Member, version: DatasetVersion, hosted: Trainer, service: Service
) -> None:
    data = form_of(curator, version, hosted)
    browsers = [make.SignedIn(curator) for _ in range(4)]
    places = at_once(*[lambda one=one: one.post("/p/travel/training/new/", data)["Location"] for one in browsers])
    assert len(set(places)) == 1
    job = FineTuneJob.objects.get()
    for export in (job.train_export, job.validation_export):
        jobs.run(Export, export.pk)
    job = one_turn(job)
    assert (len(service.files), list(service.jobs)) == (2, [job.remote_id])


@pytest.mark.postgres
def test_workers_who_are_rung_together_make_one_remote_job(hosted: Trainer, service: Service, begun: Begun) -> None:
    job = begun(hosted)
    for _ in range(3):
        FineTuneJob.objects.filter(pk=job.pk).unfinished().update(lease_until=None, state="queued")
        at_once(*[lambda: jobs.run(FineTuneJob, job.pk)] * 4)
    name = FineTuneJob.objects.get(pk=job.pk).remote_id
    assert (len(service.files), list(service.jobs)) == (2, [name])
    creations = [one for one in service.asked if one.startswith("POST")]
    assert creations == ["POST /files", "POST /files", "POST /fine_tuning/jobs"]
    service.succeed(name)
    job = until(job, "done")
    assert job.lines.count() == len(service.events[name])


def test_verify_finds_a_fine_tune_on_the_test_split(hosted: Trainer, begun: Begun, project: Project) -> None:
    job = begun(hosted)
    assert not invariants.unsealed().exists()
    test = Export.objects.create(project=project, version=job.version, shape="preference", split="test", state="done")
    FineTuneJob.objects.filter(pk=job.pk).update(validation_export=test)
    assert list(invariants.unsealed()) == [job]
