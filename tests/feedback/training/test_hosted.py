"""Fine-tuning by a service: the whole way, errors, lost answers, and workers that die between two acts."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from feedback import jobs
from feedback.datasets.models import Export, PreferencePair
from feedback.responses.models import LanguageModel
from feedback.training.models import FineTuneJob, Trainer
from tests.feedback.training.conftest import Begun, one_turn, until
from tests.feedback.training.stand_in import KEY, Service

pytestmark = pytest.mark.once


def the_job(service: Service) -> str:
    assert len(service.jobs) == 1
    return next(iter(service.jobs))


def test_it_goes_the_whole_way(hosted: Trainer, service: Service, begun: Begun) -> None:
    job = one_turn(begun(hosted, suffix="claims", options={"epochs": 2, "beta": 0.1, "seed": 7}))
    name = the_job(service)
    assert (job.state, job.phase, job.status) == ("running", "watch", "validating_files")
    service.train(name, 1, 0.69)
    service.train(name, 2, 0.61)
    job = one_turn(job)
    assert (job.status, job.done, job.total) == ("running", 2, 3)
    service.succeed(name)
    job = until(job, "done")
    assert (job.result_name, job.trained_tokens, job.cost) == ("ft:small-1:claims", 2_000_000, Decimal(6))
    assert job.result == LanguageModel.objects.get(provider="acme", name="ft:small-1:claims")
    assert job.checkpoints == [{"name": "ft:small-1:ckpt-2", "step": 2}]
    points = set(job.metrics.values_list("name", "step", "value"))
    assert {("train_loss", 1, 0.69), ("train_loss", 3, 0.52), ("valid_loss", 3, 0.58)} <= points
    assert len(points) == 5  # what events and the result file both tell is there once
    said = list(job.lines.order_by("at").values_list("text", flat=True))
    assert said[0] == "Created fine-tuning job"
    assert said[-1] == "The job has successfully completed"
    wanted = service.jobs[name]
    numbers = {"n_epochs": 2, "beta": 0.1}
    assert wanted["method"] == {"type": "dpo", "dpo": {"hyperparameters": numbers}}
    assert (wanted["model"], wanted["suffix"], wanted["seed"]) == ("small-1", "claims", 7)


def test_only_training_and_validation_are_sent(hosted: Trainer, service: Service, begun: Begun) -> None:
    job = one_turn(begun(hosted))
    sent = {row["filename"].rsplit("-", 1)[1]: row["content"].decode() for row in service.files.values()}
    assert set(sent) == {"train.jsonl", "validation.jsonl"}
    for split in ("train", "validation"):
        pairs = PreferencePair.objects.filter(version=job.version, split=split)
        asked = {json.loads(line)["input"]["messages"][0]["content"] for line in sent[f"{split}.jsonl"].splitlines()}
        assert asked == {pair.prompt[0]["content"] for pair in pairs}
    secret = PreferencePair.objects.filter(version=job.version, split="test")
    assert secret
    assert not any(pair.prompt[0]["content"] in text for pair in secret for text in sent.values())


def test_examples_close_with_what_is_learnt(hosted: Trainer, service: Service, begun: Begun) -> None:
    one_turn(begun(hosted, method="sft", options={"learning_rate_multiplier": 0.5}))
    train = next(row for row in service.files.values() if row["filename"].endswith("train.jsonl"))
    rows = [json.loads(line) for line in train["content"].splitlines()]
    assert all([turn["role"] for turn in row["messages"]] == ["user", "assistant"] for row in rows)
    wanted = service.jobs[the_job(service)]
    assert wanted["method"] == {
        "type": "supervised",
        "supervised": {"hyperparameters": {"learning_rate_multiplier": 0.5}},
    }


@pytest.mark.parametrize("fault", ["lost", 500, 503, 429])
def test_nothing_is_paid_twice_when_an_answer_is_lost(
    hosted: Trainer, service: Service, begun: Begun, fault: int | str
) -> None:
    service.faults = [("POST", "/files", fault), ("POST", "/files", fault), ("POST", "/fine_tuning/jobs", fault)]
    job = begun(hosted)
    for _ in range(5):
        job = one_turn(job)
    assert job.phase == "watch"
    assert len(service.files) == 2
    assert the_job(service) == job.remote_id


def test_a_worker_that_dies_after_each_act_repeats_none(hosted: Trainer, service: Service, begun: Begun) -> None:
    """Every act is done and forgotten once, as by a worker who is killed before it can say so."""
    job, service.n_per_page = begun(hosted), 1
    seen = set()
    for _ in range(12):
        attempt = jobs.claim(FineTuneJob, job.pk)
        assert attempt
        current = FineTuneJob.objects.get(pk=job.pk)
        seen.add(current.phase)
        current.prepare()
        jobs.run_chunk(FineTuneJob, job.pk, attempt)
        FineTuneJob.objects.filter(pk=job.pk).update(lease_until=None, state="queued")
    assert seen == {"files", "send", "create", "watch"}
    assert len(service.files) == 2
    name = the_job(service)
    service.train(name, 1, 0.7)
    service.succeed(name)
    FineTuneJob.objects.get(pk=job.pk).prepare()
    job = until(job, "done")
    assert job.lines.count() == len(service.events[name])


def test_a_refused_key_fails_before_anything_is_paid(hosted: Trainer, service: Service, begun: Begun) -> None:
    service.key = "another"
    job = until(begun(hosted), "failed")
    assert job.error == "The service refuses the key (401). Enter the right one in the trainer."
    assert service.files == {}


def test_a_key_that_is_refused_later_is_waited_for(hosted: Trainer, service: Service, begun: Begun) -> None:
    job = one_turn(begun(hosted))
    service.key = "new"
    job = one_turn(job)
    assert (job.state, job.error[:32]) == ("running", "The service refuses the key (401")
    hosted.aim(service.url, "new")
    hosted.save()
    service.succeed(job.remote_id)
    assert until(job, "done").error == ""


def test_trouble_is_told_without_the_key_and_waits_as_asked(hosted: Trainer, service: Service, begun: Begun) -> None:
    service.faults = [("GET", "/files", 429)]
    job = one_turn(begun(hosted))
    assert job.error == "The service answered 429: fault 429 for …"
    assert KEY not in job.error
    assert job.lease_until is not None
    assert job.cursor["trouble"]["n"] == 1


def test_a_request_that_is_wrong_fails_with_the_services_words(hosted: Trainer, service: Service, begun: Begun) -> None:
    service.faults = [("POST", "/fine_tuning/jobs", 400)]
    assert until(begun(hosted), "failed").error == "The service answered 400: fault 400 for …"


def test_what_fails_there_fails_here_with_its_reason(hosted: Trainer, service: Service, begun: Begun) -> None:
    job = one_turn(begun(hosted))
    service.jobs[job.remote_id] |= {"status": "failed", "error": {"message": "The file has too few rows."}}
    job = until(job, "failed")
    assert job.error == "The service says: The file has too few rows."
    assert job.lines.exists()


def test_cancelling_stops_it_there(hosted: Trainer, service: Service, begun: Begun) -> None:
    job = one_turn(begun(hosted))
    assert job.cancel()
    assert until(job, "cancelled").status == "cancelled"
    assert service.jobs[job.remote_id]["status"] == "cancelled"
    assert not job.cancel()


def test_cancelling_finds_what_was_created_without_an_answer(hosted: Trainer, service: Service, begun: Begun) -> None:
    service.faults = [("POST", "/fine_tuning/jobs", "lost")]
    job = one_turn(begun(hosted))
    assert (job.phase, job.remote_id, len(service.jobs)) == ("create", "", 1)
    job.cancel()
    assert until(job, "cancelled").remote_id == the_job(service)
    assert service.jobs[the_job(service)]["status"] == "cancelled"


def test_a_cancellation_that_comes_too_late_keeps_the_model(hosted: Trainer, service: Service, begun: Begun) -> None:
    job = one_turn(begun(hosted))
    service.succeed(job.remote_id)
    job.cancel()
    assert until(job).result_name == "ft:small-1:claims"


def test_nothing_to_learn_from_is_refused(hosted: Trainer, service: Service, begun: Begun) -> None:
    job = begun(hosted)
    Export.objects.filter(pk=job.train_export_id).update(n_rows=0)
    assert "no row that this method can learn from" in until(job, "failed").error
    assert service.asked == []


def test_cancelling_leaves_the_row_to_a_worker_in_the_middle_of_an_act(
    hosted: Trainer, service: Service, begun: Begun
) -> None:
    """Else a creation under way would be paid for, and nobody would know of it."""
    job = one_turn(begun(hosted))
    rows = FineTuneJob.objects.filter(pk=job.pk)
    rows.update(lease_until=job.created_at)
    attempt = jobs.claim(FineTuneJob, job.pk)
    held = rows.get().lease_until
    assert job.cancel()
    assert rows.get().lease_until == held
    assert jobs.claim(FineTuneJob, job.pk) is None
    jobs.run_chunk(FineTuneJob, job.pk, attempt or 0)
    assert until(job).state == "cancelled"
