"""Fine-tuning on this machine: a real process of its own, its limits, and workers that come and go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from feedback import jobs
from feedback.accounts.models import Project
from feedback.training import local, supervise
from feedback.training.models import FineTuneJob, Trainer
from feedback.training.options import OptionsError
from tests.feedback.training.conftest import Begun, one_turn, trainer, until

pytestmark = pytest.mark.once

# What an operator may have installed: no torch, but the same words. It waits for a file where a test says so.
SCRIPT = """
import json, os, sys, time
from pathlib import Path
words = sys.argv[1:]
given = dict(zip(words[1::1], words[2::1]))
folder = Path(given["--output"]).parent
with (folder / "starts").open("a") as file:
    file.write("x")
print("read", len(Path(words[0]).read_text().splitlines()), "rows of", Path(words[0]).name, flush=True)
print("secret", os.environ.get("SECRET_KEY"), os.environ.get("DATABASE_URL"), os.environ.get("WANDB_MODE"), flush=True)
with open(given["--metrics"], "a") as file:
    for step in (1, 2):
        file.write(json.dumps({"step": step, "total_steps": 2, "loss": 1 / step, "num_tokens": 10.0 * step}) + chr(10))
behave = folder.parent.parent / "behave"
what = behave.read_text() if behave.exists() else ""
if what == "wait":
    while behave.exists():
        time.sleep(0.02)
if what == "fail":
    sys.exit("out of luck")
if what == "shout":
    for _ in range(3000):
        print("loud " * 800)
Path(given["--output"], "checkpoint-2").mkdir(parents=True)
print("done", *[word for word in words if word.startswith("--")], flush=True)
"""


@pytest.fixture
def here(project: Project, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainer:
    folder = tmp_path / "installed"
    folder.mkdir()
    (folder / "train_dpo.py").write_text(SCRIPT)
    settings.TRAINING_TEMPLATES, settings.TRAINING_PYTHON = str(folder), sys.executable
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("SECRET_KEY", "zqsecret")
    monkeypatch.setenv("WANDB_MODE", "offline")
    return trainer(project, "local", price_per_hour=1)


@pytest.fixture
def behave(here: Trainer, settings: Settings) -> Callable[[str], None]:
    def say(what: str) -> None:
        (Path(settings.VAR_DIR) / "behave").write_text(what)

    return say


def starts(job: FineTuneJob) -> str:
    path = local.folder_of(job) / "starts"
    return path.read_text() if path.exists() else ""


def said(job: FineTuneJob) -> list[str]:
    return list(job.lines.order_by("pk").values_list("text", flat=True))


def finished(job: FineTuneJob) -> FineTuneJob:
    """Its process decides how long it takes; no turn waits."""
    for _ in range(2000):
        job = one_turn(job)
        if job.is_finished:
            return job
        time.sleep(0.02)
    raise AssertionError(f"still {job.state}: {said(job)}")


def test_a_script_trains_and_is_followed(here: Trainer, begun: Begun) -> None:
    job = finished(begun(here, options={"steps": 2, "beta": 0.2}))
    assert (job.state, job.error, job.done, job.total, job.trained_tokens) == ("done", "", 2, 2, 20)
    assert list(job.metrics.filter(name="loss").order_by("step").values_list("step", "value")) == [(1, 1.0), (2, 0.5)]
    assert job.checkpoints == [{"name": f"training/{job.key.hex}/out/checkpoint-2", "step": 2}]
    assert job.result_name == f"answers-v1-dpo-{job.short_key}"
    assert (job.result and job.result.provider, job.cost is not None) == ("acme", True)
    lines = said(job)
    assert lines[0] == f"read {job.train_export.n_rows} rows of train.jsonl"
    assert lines[1] == "secret None None offline"  # our secrets stay with us
    assert lines[2] == "done --model --validation --output --metrics --beta --steps"
    assert starts(job) == "x"


def test_it_is_off_until_an_operator_installs_a_script(here: Trainer, begun: Begun, settings: Settings) -> None:
    with pytest.raises(OptionsError, match="cannot train by this method"):
        begun(here, method="kto")
    settings.TRAINING_TEMPLATES = ""
    with pytest.raises(OptionsError, match="cannot train by this method"):
        begun(here)


@pytest.mark.parametrize("name", ["--help", "/etc/passwd", "../model", "a/b/c", "a b", "$(id)", ""])
def test_no_word_of_a_page_becomes_an_option_or_a_path(here: Trainer, begun: Begun, name: str) -> None:
    with pytest.raises(OptionsError, match="model"):
        begun(here, base_model=name)


def test_it_outlives_its_worker_and_is_started_once(here: Trainer, begun: Begun, behave: Any) -> None:
    """Each act is done twice, as by a worker who died before it could say so, and starts compete."""
    behave("wait")
    job = begun(here)
    for _ in range(4):
        attempt = jobs.claim(FineTuneJob, job.pk)
        assert attempt
        current = FineTuneJob.objects.get(pk=job.pk)
        current.prepare()
        if current.phase == "create":
            for _ in range(2):
                local.begin(local.folder_of(job))
        jobs.run_chunk(FineTuneJob, job.pk, attempt)
        FineTuneJob.objects.filter(pk=job.pk).update(lease_until=None, state="queued")
    job.refresh_from_db()
    assert job.phase == "watch"
    assert os.getsid(job.process["pid"]) == job.process["pid"] != os.getsid(0)
    behave_file = local.folder_of(job).parent.parent / "behave"
    behave_file.unlink()
    job = finished(job)
    assert (job.state, starts(job)) == ("done", "x")
    assert len(said(job)) == 3


def test_a_failure_says_the_last_words(here: Trainer, begun: Begun, behave: Any) -> None:
    behave("fail")
    job = finished(begun(here))
    assert (job.state, job.error) == ("failed", "The script ended with code 1. Its last words: out of luck")


def test_it_may_run_so_long_and_no_longer(here: Trainer, begun: Begun, behave: Any, settings: Settings) -> None:
    behave("wait")
    settings.TRAINING_SECONDS = 1
    assert finished(begun(here)).error.startswith("It ran longer than TRAINING_SECONDS allows.")


def test_a_log_has_an_end(here: Trainer, begun: Begun, behave: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    behave("shout")
    monkeypatch.setattr(local, "LOG_BYTES", 100_000)
    job = finished(begun(here))
    assert (local.folder_of(job) / "log.txt").stat().st_size < 101_000
    assert (job.state, said(job)[-1]) == ("done", "The log is full; the rest is dropped.")


def test_cancelling_ends_the_process(here: Trainer, begun: Begun, behave: Any) -> None:
    behave("wait")
    job = one_turn(begun(here))
    assert (job.phase, local.is_alive(job.process)) == ("watch", True)
    assert job.cancel()
    job = finished(job)
    assert (job.state, local.is_alive(job.process)) == ("cancelled", False)


def test_cancelling_before_it_shows_itself_lets_none_start(here: Trainer, begun: Begun) -> None:
    job = begun(here)
    attempt = jobs.claim(FineTuneJob, job.pk) or 0
    for _ in range(2):
        jobs.run_chunk(FineTuneJob, job.pk, attempt)
    job.refresh_from_db()
    assert job.phase == "create"
    job.cancel()
    assert until(job).state == "cancelled"
    local.begin(local.folder_of(job))  # a late start of a worker that died
    subprocess.run([sys.executable, supervise.__file__, str(local.folder_of(job))], check=False)
    assert starts(job) == ""


def test_a_process_that_vanished_is_told(here: Trainer, begun: Begun, behave: Any) -> None:
    behave("wait")
    job = one_turn(begun(here))
    os.killpg(job.process["pid"], signal.SIGKILL)
    assert "gone without a word" in finished(job).error


def test_a_number_that_another_process_has_by_now_is_not_taken_for_it(here: Trainer) -> None:
    mine = supervise.identity(os.getpid())
    assert local.is_alive(mine)
    assert not local.is_alive({**mine, "start": "1"})
    assert not local.is_alive({**mine, "boot": "before"})


def test_another_machine_leaves_it_alone(here: Trainer, begun: Begun, behave: Any) -> None:
    behave("wait")
    job = one_turn(begun(here))
    FineTuneJob.objects.filter(pk=job.pk).update(process={**job.process, "host": "elsewhere"})
    job = one_turn(job)
    assert (job.state, job.phase) == ("running", "watch")
    FineTuneJob.objects.filter(pk=job.pk).update(process={**job.process, "host": supervise.identity(1)["host"]})
    job.refresh_from_db()
    job.cancel()
    assert finished(job).state == "cancelled"


def test_the_plan_holds_no_secret(here: Trainer, begun: Begun) -> None:
    job = finished(begun(here))
    plan = json.loads((local.folder_of(job) / "run.json").read_text())
    assert set(plan) == {"command", "seconds", "memory", "nice", "log_bytes"}
    assert "zqsecret" not in json.dumps(plan)
