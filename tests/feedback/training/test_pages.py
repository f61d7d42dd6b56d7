"""Pages of trainers and fine-tunes: rights, words, secrets, and what they lead to."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.accounts.models import Member
from feedback.audit.models import AuditEvent
from feedback.datasets.models import DatasetVersion
from feedback.jobs import JobRefused
from feedback.training.models import FineTuneJob, Trainer
from tests import make, world
from tests.feedback.training.conftest import Begun, one_turn, trainer
from tests.feedback.training.stand_in import KEY, Service

pytestmark = pytest.mark.once

URL = "https://tuner.example/v1"
FORM = {"name": "Our tuner", "kind": "openai", "base_url": URL, "secret": KEY, "currency": "USD", "is_enabled": "on"}


def post(who: Member, path: str, data: dict[str, Any], **options: Any) -> Any:
    return make.SignedIn(who).post(f"/p/travel/training/{path}", data, **options)


def test_an_admin_adds_a_trainer_whose_key_is_never_seen_again(admin: Member) -> None:
    assert post(admin, "trainers/new/", FORM).status_code == 303
    row = Trainer.objects.get()
    assert (row.key, row.kind, row.secret) == ("our-tuner", "openai", KEY)
    assert KEY not in row.sealed_key
    browser = make.SignedIn(admin)
    for path in ("trainers/", "trainers/our-tuner/"):
        assert KEY not in browser.get(f"/p/travel/training/{path}").content.decode()
    assert KEY not in str(list(AuditEvent.objects.values_list("facts", flat=True)))


def test_a_new_address_needs_the_key_again(admin: Member) -> None:
    post(admin, "trainers/new/", FORM)
    elsewhere = {**FORM, "base_url": "https://thief.example/v1", "secret": ""}
    answer = post(admin, "trainers/our-tuner/", elsewhere)
    assert (answer.status_code, Trainer.objects.get().base_url) == (422, URL)
    assert "Enter the key again" in answer.content.decode()
    assert post(admin, "trainers/our-tuner/", {**elsewhere, "base_url": URL, "name": "Tuner"}).status_code == 303
    assert Trainer.objects.get().secret == KEY
    assert post(admin, "trainers/our-tuner/", {**elsewhere, "secret": "new"}).status_code == 303
    assert Trainer.objects.get().secret == "new"


def test_a_key_goes_nowhere_else_even_when_the_row_says_so(admin: Member) -> None:
    row = trainer(admin.project, "openai", URL, KEY)
    Trainer.objects.filter(pk=row.pk).update(base_url="https://thief.example/v1")
    with pytest.raises(JobRefused, match="entered for another address"):
        _ = Trainer.objects.get(pk=row.pk).secret


@pytest.mark.parametrize(
    "url",
    ["http://tuner.example/v1", "ftp://a.example", "https://u:p@a.example", "nonsense", "https://a.example/?q=1", ""],
)
def test_an_address_is_whole_and_encrypted(admin: Member, url: str) -> None:
    assert post(admin, "trainers/new/", {**FORM, "base_url": url}).status_code == 422
    assert not Trainer.objects.exists()


def test_a_schedulers_secret_is_made_and_shown_once(admin: Member) -> None:
    page = post(admin, "trainers/new/", {**FORM, "kind": "scheduler", "secret": ""}).content.decode()
    row = Trainer.objects.get()
    assert row.secret.startswith("whsec_")
    assert row.secret in page


def test_a_curator_starts_one_from_a_versions_page(curator: Member, version: DatasetVersion) -> None:
    where = trainer(curator.project, "openai", URL, KEY)
    browser = make.SignedIn(curator)
    page = browser.get(f"/p/travel/datasets/answers/versions/{version.number}/").content.decode()
    link = f"/p/travel/training/new/?version={version.pk}"
    assert link in page
    assert "selected" in browser.get(link).content.decode()
    data = {"version": version.pk, "trainer": where.key, "method": "dpo", "base_model": "small-1", "epochs": "2"}
    answer = browser.post(link, data)
    job = FineTuneJob.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/p/travel/training/{job.pk}/")
    assert (job.options, job.requested_by, job.train_export.split) == ({"epochs": 2}, curator, "train")
    again = browser.get(f"/p/travel/training/new/?like={job.pk}").content.decode()
    assert 'value="small-1"' in again


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("method", "kto", "cannot train by this method"),
        ("learning_rate", "0.1", "do not take it"),
        ("epochs", "0", "greater than or equal to 1"),
        ("suffix", "a/b", "valid value"),
        ("base_model", "", "required"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(
    curator: Member, version: DatasetVersion, field: str, value: str, words: str
) -> None:
    where = trainer(curator.project, "openai", URL, KEY)
    data = {"version": version.pk, "trainer": where.key, "method": "dpo", "base_model": "small-1", field: value}
    answer = post(curator, "new/", data)
    assert (answer.status_code, FineTuneJob.objects.count()) == (422, 0)
    assert words in answer.content.decode()


def test_only_admins_touch_trainers_and_only_curators_start(
    reviewer: Member, curator: Member, moderator: Member
) -> None:
    assert post(curator, "trainers/new/", FORM).status_code == 403
    assert post(moderator, "new/", {}).status_code == 403
    assert make.SignedIn(reviewer).get("/p/travel/training/").status_code == 403


def test_the_page_follows_the_job_and_leads_to_measuring(
    curator: Member, hosted: Trainer, service: Service, begun: Begun
) -> None:
    job = one_turn(begun(hosted))
    browser, path = make.SignedIn(curator), f"/p/travel/training/{job.pk}/"
    for step, loss in ((1, 0.69), (2, 0.6)):
        service.train(job.remote_id, step, loss)
    job = one_turn(job)
    running = browser.get(path).content.decode()
    assert 'hx-trigger="every 3s"' in running
    assert 'data-value="0.69"' in running
    assert "Step 1/3: training loss=0.69" in running
    service.succeed(job.remote_id)
    one_turn(job)
    fragment = browser.get(path, headers={"HX-Request": "true"})
    assert fragment["HX-Refresh"] == "true"
    done = browser.get(path).content.decode()
    assert "ft:small-1:claims" in done
    preset = "/p/travel/sampling/new/?filter-model=ft%3Asmall-1%3Aclaims&amp;filter-provider=acme"
    assert preset in done
    rule = make.SignedIn(curator).get(preset.replace("&amp;", "&")).content.decode()
    assert 'value="ft:small-1:claims"' in rule
    assert "1,train_loss,0.69" in browser.get(f"{path}metrics.csv").content.decode()


def test_it_is_cancelled_by_a_button(curator: Member) -> None:
    job = world.fine_tune(curator.project)
    assert post(curator, f"{job.pk}/cancel/", {}).status_code == 303
    job.refresh_from_db()
    assert job.is_cancelling
    assert "being stopped" in make.SignedIn(curator).get(f"/p/travel/training/{job.pk}/").content.decode()


def test_a_list_asks_the_same_however_long(curator: Member) -> None:
    browser, path = make.SignedIn(curator), reverse("training:job-list", args=["travel"])
    counts = []
    for _ in range(2):
        for _ in range(2):
            world.fine_tune(curator.project)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert browser.get(path).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 10
