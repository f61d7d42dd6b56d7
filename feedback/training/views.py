"""Fine-tunes for people: start one, follow it, stop it; and the trainers."""

from __future__ import annotations

import csv
import io
import secrets
from base64 import b64encode
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.audit.log import record
from feedback.htmx import page, see_other
from feedback.text.spreadsheet import harmless
from feedback.training import curves, local
from feedback.training.filters import FineTuneFilter
from feedback.training.forms import FineTuneForm, TrainerForm
from feedback.training.models import FineTuneJob, Trainer
from feedback.training.options import OptionsError
from feedback.training.start import methods_of, start

PAGE, TAIL = 50, 200
JOB = "feedback/training/job_detail.html"
form_page = require_http_methods(["GET", "HEAD", "POST"])


def powers(request: MemberRequest) -> dict[str, bool]:
    return {"train": request.member.may("train"), "manage": request.member.may("manage_trainers")}


@require_GET
def job_list(request: MemberRequest) -> HttpResponse:
    about = ("trainer", "version__dataset", "requested_by__user", "result")
    filterset = FineTuneFilter(request.GET, queryset=request.project.finetunejobs.select_related(*about))
    is_valid, given = filterset.is_valid(), request.GET.get("before", "")
    rows = filterset.qs if is_valid else request.project.finetunejobs.none()
    if before := int(given) if given.isascii() and given.isdecimal() and len(given) < 18 else None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    chosen = {name: value for name, value in filterset.form.cleaned_data.items() if value} if is_valid else {}
    context = {
        "form": filterset.form,
        "rows": found[:PAGE],
        "is_filtered": bool(chosen),
        "is_moving": any(not job.is_finished for job in found),
        "first_url": f"?{urlencode(chosen)}" if before else "",
        "next_url": f"?{urlencode({**chosen, 'before': found[PAGE - 1].pk})}" if len(found) > PAGE else "",
        "has_trainers": request.project.trainers.exists(),
        "can": powers(request),
    }
    return page(request, "feedback/training/job_list.html", context, partial="jobs", status=200 if is_valid else 422)


@form_page
def job_create(request: MemberRequest) -> HttpResponse:
    """For a version (`?version=`), or as an earlier job was (`?like=`)."""
    initial = like(request) or {"version": request.GET.get("version", ""), "method": FineTuneJob.Method.DPO}
    posted = request.POST if request.method == "POST" else None
    form = FineTuneForm(request.project, posted, initial=initial)
    if form.is_bound and form.is_valid():
        trainer, version = form.cleaned_data["trainer"], form.cleaned_data["version"]
        try:
            job = start(trainer, version, **form.wanted(), by=request.member, http=request)
        except OptionsError as error:
            form.blame(error)
        else:
            messages.success(request, "Started. You may leave this page; it goes on without you.")
            return see_other("training:job-detail", project=request.project.slug, pk=job.pk)
    trainers = request.project.trainers.filter(is_enabled=True).order_by("name")
    context = {"form": form, "trainers": [described(trainer) for trainer in trainers], "can": powers(request)}
    context["tiny"] = local.TINY
    return render(request, "feedback/training/job_create.html", context, status=422 if form.is_bound else 200)


def like(request: MemberRequest) -> dict[str, Any]:
    given = request.GET.get("like", "")
    if not (given.isascii() and given.isdecimal() and len(given) < 18):
        return {}
    job: FineTuneJob = get_object_or_404(request.project.finetunejobs.select_related("trainer"), pk=int(given))
    about = {"version": job.version_id, "trainer": job.trainer.key, "method": job.method}
    return {**about, "base_model": job.base_model, "suffix": job.suffix, **job.options}


def described(trainer: Trainer) -> dict[str, Any]:
    names = dict(FineTuneJob.Method.choices)
    return {"trainer": trainer, "methods": [names[method] for method in methods_of(trainer)]}


def the_job(request: MemberRequest, pk: int) -> FineTuneJob:
    about = ("trainer", "version__dataset", "train_export", "validation_export", "result", "requested_by__user")
    job: FineTuneJob = get_object_or_404(request.project.finetunejobs.select_related(*about), pk=pk)
    job.project = job.version.project = request.project
    return job


@require_GET
def job_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """The page; while it runs, the region that polls itself, or the curves, which do so less often."""
    job = the_job(request, pk)
    lines = list(job.lines.order_by("-pk")[:TAIL])
    query = urlencode(
        {"model": job.result_name, **({"provider": job.trainer.provider} if job.trainer.provider else {})}
    )
    rule = urlencode({f"filter-{name}": value for name, value in
                      {"model": job.result_name, "provider": job.trainer.provider}.items() if value})  # fmt: skip
    context = {
        "job": job,
        "figures": curves.figures(job),
        "lines": lines,
        "is_tail": len(lines) == TAIL,
        "files": [{"split": split, "export": export} for split, export in job.files.items()],
        "trouble": job.error if not job.is_finished else "",
        "responses_url": f"{reverse('responses:response-list', args=[request.project.slug])}?{query}",
        "rule_query": rule,
        "can": powers(request),
    }
    wants_curves = getattr(request, "htmx", None) and request.htmx.target == "curves"  # type: ignore[attr-defined]
    response = page(request, JOB, context, partial="curves" if wants_curves else "run")
    if job.is_finished and getattr(request, "htmx", None):
        response["HX-Refresh"] = "true"  # the head of the page has other buttons now
    return response


@require_POST
def job_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    job = the_job(request, pk)
    with transaction.atomic():
        is_asked = job.cancel()
        if is_asked:
            record("fine-tune-cancelled", job, request=request)
    if not is_asked:
        messages.error(request, "It had ended before it could be cancelled.")
    return see_other("training:job-detail", project=request.project.slug, pk=job.pk)


@require_GET
def job_metrics(request: MemberRequest, pk: int) -> HttpResponse:
    """All numbers as CSV."""
    job = the_job(request, pk)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["step", "name", "value"])
    rows = job.metrics.order_by("step", "name").values_list("step", "name", "value")
    writer.writerows([step, harmless(name), value] for step, name, value in rows)
    headers = {"Content-Disposition": f'attachment; filename="fine-tune-{job.pk}.csv"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


@require_GET
def trainer_list(request: MemberRequest) -> HttpResponse:
    rows = [described(trainer) for trainer in request.project.trainers.order_by("name")]
    context = {"rows": rows, "can": powers(request), "can_run_here": bool(local.methods())}
    return render(request, "feedback/training/trainer_list.html", context)


@sensitive_post_parameters("secret")
@form_page
def trainer_create(request: MemberRequest) -> HttpResponse:
    form = TrainerForm(request.project, request.POST if request.method == "POST" else None)
    if not (form.is_bound and form.is_valid()):
        return trainer_form(request, form)
    made = ""
    if form.kind_chosen == Trainer.Kind.SCHEDULER and not form.cleaned_data["secret"]:
        made = form.cleaned_data["secret"] = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
    with transaction.atomic():
        trainer = form.save(request.member)
        record("trainer-created", trainer, request=request, kind=trainer.kind, key=trainer.key)
    if made:
        return render(request, "feedback/training/trainer_created.html", {"trainer": trainer, "secret": made})
    messages.success(request, f"{trainer.name} is there. Fine-tunes can be started now.")
    return see_other("training:trainer-list", project=request.project.slug)


@sensitive_post_parameters("secret")
@form_page
def trainer_change(request: MemberRequest, key: str) -> HttpResponse:
    trainer = get_object_or_404(request.project.trainers, key=key)
    before = trainer.base_url
    form = TrainerForm(request.project, request.POST if request.method == "POST" else None, trainer=trainer)
    if not (form.is_bound and form.is_valid()):
        return trainer_form(request, form)
    with transaction.atomic():
        trainer = form.save(request.member)
        facts: dict[str, Any] = {
            "is_readdressed": trainer.base_url != before,
            "has_new_key": bool(form.cleaned_data["secret"]),
        }
        record("trainer-changed", trainer, request=request, key=trainer.key, **facts)
    messages.success(request, "Saved.")
    return see_other("training:trainer-list", project=request.project.slug)


def trainer_form(request: MemberRequest, form: TrainerForm) -> HttpResponse:
    context = {"form": form, "trainer": form.trainer, "can_run_here": bool(local.methods())}
    status = 422 if form.is_bound else 200
    return render(request, "feedback/training/trainer_form.html", context, status=status)
