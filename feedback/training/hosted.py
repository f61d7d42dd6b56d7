"""Fine-tuning by an OpenAI-compatible service: files, jobs, events, checkpoints, result files.

Uploads carry the job's key in their names, and the job is known by its training file. So an upload or a creation whose
answer was lost is found again and not paid for twice.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from feedback.datasets.models import Split
from feedback.jobs import Job, JobRefused
from feedback.training.asking import NotThere, Service, multipart
from feedback.training.material import opened
from feedback.training.models import FineTuneJob
from feedback.training.seen import Metric, Seen, line, metrics_of

Method, Phase, State = FineTuneJob.Method, FineTuneJob.Phase, Job.State
PAGES = 50  # of a list, at most
POLLS = [5, 5, 10, 10, 20, 30]  # seconds between looks; then a minute
MARK = "touchstone_job"
ENDS = {"succeeded": State.DONE, "failed": State.FAILED, "cancelled": State.CANCELLED}


def send(job: FineTuneJob) -> Seen:
    """One file, the next that is not there."""
    service, files = Service(job.trainer), job.files
    missing = [split for split in files if split not in job.remote_files]
    if not missing:
        return Seen(phase=Phase.CREATE)
    split = missing[0]
    export, name = files[split], f"touchstone-{job.key.hex}-{split}.jsonl"
    known = next((row for row in listed(service, "/files", purpose="fine-tune") if is_file(row, name, export)), None)
    if known is None:
        body, kind = multipart({"purpose": "fine-tune"}, name, export.n_bytes, opened(export), job.heartbeat)
        known = service.ask("POST", "/files", body=body, kind=kind, timeout=900)
    return Seen(columns={"remote_files": {**job.remote_files, split: id_of(known)}})


def is_file(row: dict[str, Any], name: str, export: Any) -> bool:
    return row.get("filename") == name and row.get("bytes") in {None, export.n_bytes}


def create(job: FineTuneJob) -> Seen:
    service = Service(job.trainer)
    found = of_job(service, job) or service.ask("POST", "/fine_tuning/jobs", json=wanted(job))
    return Seen(phase=Phase.WATCH, columns={"remote_id": id_of(found), "status": word(found.get("status"))})


def of_job(service: Service, job: FineTuneJob) -> dict[str, Any] | None:
    """The job there that trains on our file: nobody else knows it."""
    file = job.remote_files.get(Split.TRAIN)
    rows = listed(service, "/fine_tuning/jobs") if file else []
    return next((row for row in rows if row.get("training_file") == file or mark_of(row) == str(job.key)), None)


def mark_of(row: dict[str, Any]) -> Any:
    return (row.get("metadata") or {}).get(MARK)


def wanted(job: FineTuneJob) -> dict[str, Any]:
    options = dict(job.options)
    seed = options.pop("seed", None)
    names = {"epochs": "n_epochs"}
    numbers = {names.get(name, name): value for name, value in options.items()}
    kind = "dpo" if job.method == Method.DPO else "supervised"
    body: dict[str, Any] = {
        "model": job.base_model,
        "training_file": job.remote_files[Split.TRAIN],
        "method": {"type": kind, kind: {"hyperparameters": numbers} if numbers else {}},
        "metadata": {MARK: str(job.key)},
    }
    optional = {"validation_file": job.remote_files.get(Split.VALIDATION), "suffix": job.suffix, "seed": seed}
    body |= {name: value for name, value in optional.items() if value not in {None, ""}}
    if job.trainer.wandb_project:
        body["integrations"] = [{"type": "wandb", "wandb": {"project": job.trainer.wandb_project}}]
    return body


def watch(job: FineTuneJob) -> Seen:
    """How it stands, with the events since the last look; at its end with result files and checkpoints too."""
    service, path = Service(job.trainer, is_patient=True), f"/fine_tuning/jobs/{job.remote_id}"
    told = service.ask("GET", path)
    status = word(told.get("status"))
    looks = int(job.cursor.get("looks", 0))
    pause = timedelta(seconds=POLLS[looks] if looks < len(POLLS) else 60)
    seen = Seen(columns={"status": status}, cursor={"looks": looks + 1}, pause=pause)
    events(service, path, job, seen)
    if tokens := number(told.get("trained_tokens")):
        seen.columns["trained_tokens"] = tokens
    if status in ENDS:
        seen.ended = ENDS[status]
        seen.columns["checkpoints"] = checkpoints(service, path)
        seen.metrics += results(service, told)
        conclude(told, seen)
    return seen


def conclude(told: dict[str, Any], seen: Seen) -> None:
    if seen.ended == State.DONE:
        name = str(told.get("fine_tuned_model") or "")[:120]
        if not name:
            raise JobRefused("The service says that it succeeded and names no model.")
        seen.columns["result_name"] = name
    elif seen.ended == State.FAILED:
        words = word((told.get("error") or {}).get("message"), 300)
        seen.error = f"The service says: {words}" if words else "The service says that it failed, and not why."


def cancel(job: FineTuneJob) -> Seen:
    """Stop it there if it was begun. What was done before the word came is kept as what it is."""
    service = Service(job.trainer)
    told = service.ask("GET", f"/fine_tuning/jobs/{job.remote_id}") if job.remote_id else of_job(service, job)
    if told is None:
        return Seen(ended=State.CANCELLED)
    columns = {"remote_id": id_of(told), "status": word(told.get("status"))}
    if told.get("status") not in ENDS:
        told = service.ask("POST", f"/fine_tuning/jobs/{columns['remote_id']}/cancel")
        columns["status"] = word(told.get("status"))
    if columns["status"] not in ENDS:
        return Seen(phase=Phase.WATCH, columns=columns, pause=timedelta(seconds=5))
    job.remote_id = columns["remote_id"]
    seen = watch(job)  # the last events, and the model if it was done before
    seen.columns = columns | seen.columns
    return seen


def events(service: Service, path: str, job: FineTuneJob, seen: Seen) -> None:
    """Newest first there; read until the newest that we knew."""
    known, lines = job.cursor.get("event"), []
    for number_of_row, row in enumerate(listed(service, f"{path}/events")):
        if row.get("id") == known:
            break
        if number_of_row == 0:
            seen.cursor["event"] = row.get("id")
        at = moment(row.get("created_at"))
        lines.append(line(str(row.get("id") or f"{at}"), at, row.get("message", ""), row.get("level")))
        data = row.get("data") if isinstance(row.get("data"), dict) else {}
        if row.get("type") == "metrics" and data:
            at_step = data.get("step")
            seen.metrics += metrics_of(at_step, {k: v for k, v in data.items() if k not in {"step", "total_steps"}})
            seen.step = max(seen.step or 0, number(at_step) or 0)
            seen.total = number(data.get("total_steps")) or seen.total
    seen.lines += reversed(lines)


def results(service: Service, told: dict[str, Any]) -> list[Metric]:
    """The curves of the result files, which have more than the events; missing ones are not missed."""
    found: list[Metric] = []
    for name in [name for name in told.get("result_files") or [] if isinstance(name, str)][:5]:
        try:
            data = service.read(f"/files/{name}/content")
        except NotThere:
            continue
        found += curve(data)
    return found


def curve(data: bytes) -> Iterator[Metric]:
    """CSV with a column `step`; some services wrap it in base64."""
    if b"," not in data[:4096]:
        try:
            data = base64.b64decode(data, validate=False)
        except binascii.Error:
            return
    for row in csv.DictReader(io.StringIO(data.decode("utf-8", "replace"))):
        numbers = floats(row)
        step = numbers.pop("step", -1.0)
        yield from metrics_of(int(step) if step.is_integer() else None, numbers)


def floats(row: dict[Any, Any]) -> dict[str, float]:
    found = {}
    for name, value in row.items():
        try:
            found[str(name)] = float(value)
        except (TypeError, ValueError):
            continue
    return found


def checkpoints(service: Service, path: str) -> list[dict[str, Any]]:
    try:
        rows = list(listed(service, f"{path}/checkpoints"))[:100]
    except NotThere:
        return []
    named = [(row, row.get("fine_tuned_model_checkpoint")) for row in rows]
    found = [{"name": str(name)[:200], "step": number(row.get("step_number"))} for row, name in named if name]
    return sorted(found, key=lambda one: one["step"] or 0)


def listed(service: Service, path: str, **query: str) -> Iterator[dict[str, Any]]:
    """All rows of a list, page by page, as the service orders them."""
    after = ""
    for _ in range(PAGES):
        told = service.ask("GET", path, query={**query, "limit": "100", **({"after": after} if after else {})})
        rows = [row for row in told.get("data") or [] if isinstance(row, dict)]
        yield from rows
        last = rows[-1].get("id") if rows else None
        if not told.get("has_more") or not isinstance(last, str) or last == after:
            return
        after = last


def id_of(row: dict[str, Any]) -> str:
    found = row.get("id")
    if not isinstance(found, str) or not found or len(found) > 200 or "/" in found or not found.isprintable():
        raise JobRefused("The service answered without an id that can be used. Is it an OpenAI-compatible one?")
    return found


def word(value: Any, length: int = 60) -> str:
    return " ".join(str(value or "").replace("\0", "").split())[:length]


def number(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**62 else None


def moment(value: Any) -> datetime:
    try:
        return datetime.fromtimestamp(float(value), tz=UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return timezone.now()
