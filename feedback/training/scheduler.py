"""Fine-tuning on a cluster: its scheduler is told by a signed request, and tells how it goes on by calling back.

The request is signed as Standard Webhooks are, under the job's key as its id, so that one which is sent again is known.
Files are fetched under addresses that open once; both need an API key that is made for this job and ends with it.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from feedback.accounts.models import ApiKey
from feedback.audit.log import record
from feedback.jobs import Job, JobRefused
from feedback.training.asking import AGAIN, retry_after, sent
from feedback.training.models import FineTuneJob, TrainingLink
from feedback.training.seen import Seen, Trouble

Phase, State = FineTuneJob.Phase, Job.State
LINK_LIFE, KEY_LIFE = timedelta(days=2), timedelta(days=30)
SCOPE = "training:report"
SILENCE = timedelta(days=7)  # without a report: it is given up
ENDS = {"succeeded": State.DONE, "failed": State.FAILED, "cancelled": State.CANCELLED}


def key_name(job: FineTuneJob) -> str:
    return f"fine-tune {job.key}"


def issue_key(job: FineTuneJob) -> str:
    """For this job's reports alone; `forget_keys` ends it with the job."""
    until = timezone.now() + KEY_LIFE
    with transaction.atomic():
        key, secret = ApiKey.issue(job.project, key_name(job), [SCOPE], expires_at=until, created_by=job.requested_by)
        record("key-created", key, scopes=[SCOPE], prefix=key.prefix)
    return secret


def forget_keys(job: FineTuneJob) -> None:
    ApiKey.objects.live().filter(project_id=job.project_id, name=key_name(job)).update(revoked_at=Now())


def opens(key: ApiKey | None, job: FineTuneJob) -> bool:
    """The key of one job opens no other; a key that an admin made opens all of the project."""
    return key is None or not key.name.startswith("fine-tune ") or key.name == key_name(job)


def links(job: FineTuneJob) -> list[dict[str, Any]]:
    """A new address for each file, which opens once."""
    found = []
    for split, export in job.files.items():
        _, url = TrainingLink.make(LINK_LIFE, project_id=job.project_id, job=job, split=split)
        about = {"rows": export.n_rows, "bytes": export.n_bytes, "sha256": export.sha256}
        found.append({"split": split, "url": url, "shape": export.shape, **about})
    return found


def send(job: FineTuneJob) -> Seen:
    """It fetches them itself."""
    return Seen(phase=Phase.CREATE)


def create(job: FineTuneJob) -> Seen:
    report = settings.BASE_URL + reverse("api:fine-tune-report", args=[job.pk])
    told = post(
        job,
        str(job.key),
        {
            "type": "fine-tune.requested",
            "timestamp": timezone.now().isoformat(),
            "data": {
                "job": str(job.key),
                "id": job.pk,
                "project": job.project.slug,
                "dataset": job.version.dataset.key,
                "version": job.version.number,
                "method": job.method,
                "base_model": job.base_model,
                "suffix": job.suffix,
                "options": job.options,
                "files": links(job),
                "report": {"url": report, "key": issue_key(job)},
            },
        },
    )
    columns = {"remote_id": str(told.get("id") or "")[:200], "status": job.status or "accepted"}
    return Seen(phase=Phase.WATCH, columns=columns, cursor={"began": time.time()})


def post(job: FineTuneJob, name: str, content: dict[str, Any]) -> dict[str, Any]:
    """A JSON answer may say more, such as an id; none is needed."""
    from standardwebhooks.webhooks import Webhook

    body, now = json.dumps(content), datetime.now(tz=UTC)
    try:
        signature = Webhook(job.trainer.secret).sign(name, now, body)
    except ValueError:
        raise JobRefused("The trainer's signing secret is no base64. Enter another one, such as whsec_….") from None
    headers = {"Content-Type": "application/json", "webhook-id": name, "webhook-signature": signature}
    headers["webhook-timestamp"] = str(int(now.timestamp()))
    answer = sent("POST", job.trainer.base_url, headers=headers, body=body.encode(), timeout=30, max_bytes=65536)
    if answer.status in AGAIN or answer.status >= 500:
        raise Trouble(f"The scheduler answered {answer.status}.", retry_after(answer))
    if answer.status >= 300:
        raise JobRefused(f"The scheduler answered {answer.status}.")
    try:
        told = json.loads(answer.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def watch(job: FineTuneJob) -> Seen:
    """Reports have written down what there is; this only concludes."""
    seen = Seen(pause=timedelta(seconds=60), cursor={"seconds": round(time.time() - job.cursor["began"], 1)})
    seen.columns["heard_at"] = job.heard_at
    if job.status in ENDS:
        conclude(job, seen)
    elif timezone.now() - (job.heard_at or job.created_at) > SILENCE:
        seen.ended, seen.error = State.FAILED, f"The scheduler has not reported for {SILENCE.days} days."
    return seen


def conclude(job: FineTuneJob, seen: Seen) -> None:
    seen.ended = ENDS[job.status]
    if seen.ended == State.FAILED:
        said = job.cursor.get("said", "")
        seen.error = f"The scheduler says: {said}" if said else "The scheduler says that it failed, and not why."
    elif seen.ended == State.DONE and not job.result_name:
        seen.ended, seen.error = State.FAILED, "The scheduler says that it succeeded and names no model."


def cancel(job: FineTuneJob) -> Seen:
    """It is told, whether or not the request came through; a model that is done by then is kept."""
    if job.status in ENDS:
        seen = Seen()
        conclude(job, seen)
        return seen
    if job.phase != Phase.SEND:
        content = {
            "type": "fine-tune.cancelled",
            "timestamp": timezone.now().isoformat(),
            "data": {"job": str(job.key)},
        }
        post(job, f"{job.key}-cancel", content)
    return Seen(ended=State.CANCELLED)
