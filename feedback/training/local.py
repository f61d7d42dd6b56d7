"""Fine-tuning on this machine: a script that an operator installed, in a process of its own.

Off unless TRAINING_TEMPLATES names a folder; nothing that is typed into a page is ever run. The process is detached and
kept by supervise.py, so that it outlives its worker; whoever looks next knows it by number and start. It is never
started twice: `started.json` appears once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from feedback.datasets.models import Split
from feedback.files import BLOCK
from feedback.jobs import Job, JobRefused
from feedback.training import supervise
from feedback.training.material import opened
from feedback.training.models import FineTuneJob
from feedback.training.seen import LONGEST_LINE, Seen, line, metrics_of

Phase, State = FineTuneJob.Phase, Job.State
TINY = "tiny-random"  # instead of a model's name: a random one, to see that everything works
MODEL = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
# What the process inherits of the worker's environment; our own secrets are none of its business.
PASSED = ("WANDB_", "MLFLOW_", "HF_", "CUDA_", "NVIDIA_", "HIP_", "OMP_", "TOKENIZERS_", "TRANSFORMERS_")
PASSED_NAMES = {
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
}
LOG_BYTES = 8 * 1024 * 1024
READ = 512 * 1024  # of each file, at one look
STARTING = 60.0  # seconds within which it shows itself
KILL_AFTER = timedelta(seconds=supervise.GRACE + 5)
FLAGS = {
    "epochs": "--epochs", "steps": "--steps", "batch_size": "--batch", "learning_rate": "--learning-rate",
    "beta": "--beta", "max_length": "--max-length", "seed": "--seed",
}  # fmt: skip


def template_of(method: str) -> Path | None:
    """The script of a method, if the operator has installed one."""
    folder = settings.TRAINING_TEMPLATES
    path = Path(folder) / f"train_{method}.py" if folder else None
    return path if path and path.is_file() else None


def methods() -> list[str]:
    return [method for method in FineTuneJob.Method.values if template_of(method)]


def folder_of(job: FineTuneJob) -> Path:
    return Path(settings.VAR_DIR) / "training" / job.key.hex


def is_elsewhere(job: FineTuneJob) -> bool:
    """Whether another machine's worker has to go on."""
    return bool(job.process) and job.process["host"] != platform.node()


def send(job: FineTuneJob) -> Seen:
    """Copies of the files, checked; the script never sees ours."""
    folder = folder_of(job)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for split, export in job.files.items():
        digest = hashlib.sha256()
        with opened(export) as source, (folder / f"{split}.jsonl").open("wb") as target:
            while block := source.read(BLOCK):
                digest.update(block)
                target.write(block)
                job.heartbeat()
        if digest.hexdigest() != export.sha256:
            raise JobRefused(f"The {split} file is not what was written. Make it again on the version's page.")
    return Seen(phase=Phase.CREATE, columns={"process": {"host": platform.node()}})


def create(job: FineTuneJob) -> Seen:
    """Start it, unless it has been, and wait a moment until it shows itself."""
    if is_elsewhere(job):
        return Seen(pause=timedelta(seconds=2))
    folder = folder_of(job)
    if not (folder / "started.json").exists():
        plan = plan_of(job, folder)
        (folder / "run.json").write_text(json.dumps(plan))
        begin(folder)
    until = time.monotonic() + STARTING
    while (identity := told(folder / "started.json")) is None:
        if time.monotonic() > until:
            raise JobRefused("The process did not start. The worker's machine may be out of memory or of disk.")
        time.sleep(0.02)
    return Seen(phase=Phase.WATCH, columns={"process": identity, "status": "running"}, cursor={"began": time.time()})


def begin(folder: Path) -> None:
    """A session of its own: what ends the worker does not end it."""
    kept = {name: value for name, value in os.environ.items() if name in PASSED_NAMES or name.startswith(PASSED)}
    subprocess.Popen(
        [sys.executable, "-I", supervise.__file__, str(folder)],
        env=kept, cwd=folder, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def plan_of(job: FineTuneJob, folder: Path) -> dict[str, Any]:
    script = template_of(job.method)
    if script is None:
        raise JobRefused(
            "No script is installed for this method. The operator names their folder in TRAINING_TEMPLATES."
        )
    model = ["--tiny"] if job.base_model == TINY else ["--model", job.base_model]
    words = [str(settings.TRAINING_PYTHON), str(script.resolve()), str(folder / "train.jsonl"), *model]
    if Split.VALIDATION in job.files:
        words += ["--validation", str(folder / "validation.jsonl")]
    words += ["--output", str(folder / "out"), "--metrics", str(folder / "metrics.jsonl")]
    for name, value in sorted(job.options.items()):
        words += [FLAGS[name], str(value)]
    if settings.TRAINING_REPORT_TO:
        words += ["--report-to", ",".join(settings.TRAINING_REPORT_TO), "--run-name", f"touchstone-{job.short_key}"]
    return {
        "command": words,
        "seconds": settings.TRAINING_SECONDS,
        "memory": settings.TRAINING_MEMORY_MB * 1024 * 1024,
        "nice": 10,
        "log_bytes": LOG_BYTES,
    }


def told(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def is_alive(process: dict[str, Any]) -> bool:
    return process.get("boot") == supervise.boot() and supervise.start_of(process["pid"]) == process["start"]


def watch(job: FineTuneJob) -> Seen:
    if is_elsewhere(job):
        return elsewhere(job)
    folder = folder_of(job)
    was_alive = is_alive(job.process)  # asked first: what it wrote before its end is read below
    seen = Seen(pause=timedelta(seconds=2 if job.cursor.get("looks", 0) < 15 else 10))
    seen.cursor["looks"] = job.cursor.get("looks", 0) + 1
    seen.cursor["seconds"] = max(0.0, round(time.time() - job.cursor.get("began", time.time()), 1))
    more = read_log(job, folder, seen) | read_metrics(job, folder, seen)
    seen.columns["checkpoints"] = checkpoints(folder)
    if more:
        seen.pause = None
    elif not was_alive:
        ended(job, told(folder / "ended.json"), seen)
    return seen


def elsewhere(job: FineTuneJob) -> Seen:
    """Its own machine's workers get their turn; when none comes for longer than it may run, it is over."""
    began = job.cursor.get("began", time.time())
    if time.time() - began > settings.TRAINING_SECONDS + 3600:
        return Seen(ended=State.FAILED, error=f"No worker of the machine {job.process['host']} came back to it.")
    return Seen(pause=timedelta(seconds=3))


def ended(job: FineTuneJob, end: Any, seen: Seen) -> None:
    words = {"time": "It ran longer than TRAINING_SECONDS allows.", "stopped": "Somebody stopped its process."}
    if end is None:
        seen.ended, seen.error = State.FAILED, "Its process is gone without a word: killed, or its machine went down."
    elif end["code"] == 0 and not end["why"]:
        seen.ended = State.DONE
        seen.columns["status"] = "succeeded"
        seen.columns["result_name"] = result_name(job)
    else:
        last = f" Its last words: {seen_last(job, seen)}" if seen_last(job, seen) else ""
        why = words.get(end["why"], end["why"]) or f"The script ended with code {end['code']}."
        seen.ended, seen.error = State.FAILED, f"{why}{last}"


def seen_last(job: FineTuneJob, seen: Seen) -> str:
    if seen.lines:
        return seen.lines[-1].text[:300]
    stored = job.lines.order_by("-pk").first()
    return stored.text[:300] if stored else ""


def result_name(job: FineTuneJob) -> str:
    """A name of its own, under which whoever serves the model sends its responses."""
    stem = job.suffix or job.version.dataset.key
    return f"{stem[:60]}-v{job.version.number}-{job.method}-{job.short_key}"


def cancel(job: FineTuneJob) -> Seen:
    """Ask its process to end, then make it; a model that was done before that is kept."""
    if is_elsewhere(job):
        return elsewhere(job)
    if not job.process:  # nothing was begun
        return Seen(ended=State.CANCELLED)
    if not job.process.get("pid"):
        # A start whose worker died may be under way: whoever writes this file first decides.
        path = folder_of(job) / "started.json"
        job.process = {} if supervise.write_once(path, {}) else told(path)
        if not job.process:
            return Seen(ended=State.CANCELLED)
    if is_alive(job.process):
        asked = job.cursor.get("asked_to_end")
        is_late = asked is not None and time.time() - asked > KILL_AFTER.total_seconds()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job.process["pid"], signal.SIGKILL) if is_late else os.kill(job.process["pid"], signal.SIGTERM)
        columns = {"process": job.process, "status": "stopping"}
        return Seen(columns=columns, cursor={"asked_to_end": asked or time.time()}, pause=timedelta(seconds=1))
    seen = watch(job)
    seen.columns["process"] = job.process
    if seen.ended == State.FAILED:
        seen.ended, seen.error = State.CANCELLED, ""
    return seen


def read_log(job: FineTuneJob, folder: Path, seen: Seen) -> bool:
    """New whole lines; True when there is more."""
    at = int(job.cursor.get("log", 0))
    now = timezone.now()
    for text, place in new_lines(folder / "log.txt", at, seen, "log"):
        seen.lines.append(line(f"log-{place}", now, text[:LONGEST_LINE]))
    return bool(seen.cursor["log"] - at >= READ // 2)


def read_metrics(job: FineTuneJob, folder: Path, seen: Seen) -> bool:
    at = int(job.cursor.get("metrics", 0))
    for text, _ in new_lines(folder / "metrics.jsonl", at, seen, "metrics"):
        try:
            values = json.loads(text)
        except ValueError:
            continue
        if isinstance(values, dict):
            step = values.pop("step", None)
            total = values.pop("total_steps", None)
            seen.metrics += metrics_of(step, values)
            tokens = values.get("num_tokens")
            if isinstance(tokens, int | float) and 0 <= tokens < 2**53:
                seen.columns["trained_tokens"] = int(tokens)
            seen.step = step if isinstance(step, int) and 0 <= step < 2**31 else seen.step
            seen.total = total if isinstance(total, int) and 0 < total < 2**31 else seen.total
    return bool(seen.cursor["metrics"] - at >= READ // 2)


def new_lines(path: Path, at: int, seen: Seen, name: str) -> list[tuple[str, int]]:
    """(text, where it begins) of what was added; a line without an end is left for later unless it is endless."""
    found: list[tuple[str, int]] = []
    try:
        with path.open("rb") as file:
            file.seek(at)
            block = file.read(READ)
    except FileNotFoundError:
        block = b""
    cut = block.rfind(b"\n") + 1 or (len(block) if len(block) == READ else 0)
    for piece in block[:cut].splitlines(keepends=True):
        if text := piece.decode("utf-8", "replace").rsplit("\r", 1)[-1].strip():
            found.append((text, at))
        at += len(piece)
    seen.cursor[name] = at
    return found


def checkpoints(folder: Path) -> list[dict[str, Any]]:
    """Folders of checkpoints, and of the model at the end, below VAR_DIR of this machine."""
    out = folder / "out"
    found = []
    for path in out.glob("checkpoint-*") if out.is_dir() else []:
        step = path.name.removeprefix("checkpoint-")
        if step.isdecimal():
            found.append({"name": f"training/{folder.name}/out/{path.name}", "step": int(step)})
    if (out / "model").is_dir():
        found.append({"name": f"training/{folder.name}/out/model", "step": None})
    return sorted(found, key=lambda one: (one["step"] is None, one["step"] or 0))


def copies(job: FineTuneJob) -> list[Path]:
    return [folder_of(job) / f"{split}.jsonl" for split in Split.values]


def clear(job: FineTuneJob) -> None:
    """The copies of the files; logs and checkpoints stay."""
    for path in copies(job):
        path.unlink(missing_ok=True)


def holds_texts(job: FineTuneJob) -> bool:
    """Whether a copy of its files or its log lies on this machine."""
    return any(path.exists() for path in (*copies(job), folder_of(job) / "log.txt"))


def forget(job: FineTuneJob) -> None:
    clear(job)
    (folder_of(job) / "log.txt").unlink(missing_ok=True)
