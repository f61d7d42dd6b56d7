"""Starting a fine-tune: what a page, the API or a command asks for, checked once."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction

from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.datasets.models import DatasetVersion
from feedback.jobs import Job
from feedback.training import local
from feedback.training.material import ask_for_files
from feedback.training.models import FineTuneJob, Trainer
from feedback.training.options import METHODS, Options, OptionsError, parse, shape_of


def methods_of(trainer: Trainer) -> list[str]:
    """What it can do; on this machine, what is installed."""
    able = METHODS[trainer.kind]
    return [method for method in able if method in local.methods()] if trainer.kind == Trainer.Kind.LOCAL else able


def refuse_unfit(trainer: Trainer, version: DatasetVersion, method: str, base_model: str) -> None:
    """OptionsError with the field that is to blame."""
    if not trainer.is_enabled:
        raise OptionsError("trainer", "Nothing new is started there: an admin has switched it off.")
    if version.state != Job.State.DONE:
        raise OptionsError("version", "The version is not complete; start when its state is done.")
    if method not in methods_of(trainer):
        raise OptionsError("method", "This trainer cannot train by this method.")
    if not base_model.strip() or not base_model.isprintable():
        raise OptionsError("base_model", "Name the model to begin with.")
    if trainer.kind == Trainer.Kind.LOCAL and not local.MODEL.fullmatch(base_model):
        raise OptionsError("base_model", f"Name a model as its hub does, such as org/model-0.5B, or {local.TINY}.")


@transaction.atomic
def start(
    trainer: Trainer,
    version: DatasetVersion,
    *,
    method: str,
    base_model: str,
    suffix: str = "",
    options: dict[str, Any] | None = None,
    form: UUID | None = None,
    by: Member | None = None,
    http: Any = None,
) -> FineTuneJob:
    """The job, and its files begun; the same job when a form is sent twice as it was. Raises OptionsError."""
    refuse_unfit(trainer, version, method, base_model)
    chosen: Options = parse(options or {}, trainer.kind, method)
    wanted = {"method": method, "base_model": base_model, "suffix": suffix, "options": chosen.as_json()}
    key = uuid5(form, json.dumps([trainer.pk, version.pk, wanted], sort_keys=True)) if form else uuid4()
    Trainer.objects.select_for_update(no_key=True).get(pk=trainer.pk)  # of two at once the second finds the first
    if known := FineTuneJob.objects.filter(key=key).first():
        return known
    about: dict[str, Any] = {"project_id": trainer.project_id, "trainer": trainer, "version": version}
    job = FineTuneJob(key=key, requested_by=by, **about, **wanted)
    ask_for_files(job, shape_of(trainer.kind, method), http=http)
    job.save()
    facts: dict[str, Any] = {
        "trainer": trainer.key,
        "dataset": version.dataset.key,
        "version": version.number,
        "method": method,
    }
    record("fine-tune-started", job, request=http, actor=by or "system", model=base_model, **facts)
    job.ring()
    return job
