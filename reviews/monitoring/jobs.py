"""The jobs page: what runs in the background, what waits for a worker, what failed, and whether anybody works."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import get_script_prefix, resolve, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member
from feedback.audit.log import record
from feedback.htmx import page, wants_fragment
from feedback.jobs import Job, JobRefused
from feedback.permissions import verb_of
from reviews.monitoring import backlog
from reviews.monitoring.backlog import Place, error_words, kind_words, span_words

PAGE = 50
LIST = "reviews/monitoring/job_list.html"
WORKERS = "reviews/monitoring/job_workers.html"
STATES = [
    ("queued", "Waiting for a worker"), ("running", "Running"), ("done", "Done"), ("failed", "Failed"),
    ("cancelled", "Cancelled"),
]  # fmt: skip


class JobFilterForm(forms.Form):
    state = forms.ChoiceField(required=False, choices=[("", "Any"), *STATES])
    kind = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(label, kind_words(model)) for label, model in backlog.kinds().items()]
        self.fields["kind"].choices = [("", "Any"), *choices]  # type: ignore[attr-defined]


@require_GET
def job_list(request: MemberRequest) -> HttpResponse:
    form = JobFilterForm(request.GET)
    chosen = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    after = Place.parse(request.GET.get("after", ""))
    found = backlog.jobs_of(request.project, **chosen, after=after, limit=PAGE + 1) if form.is_valid() else []
    rows = [row_of(request, job) for job in found[:PAGE]]
    following = {**chosen, "after": str(Place.of(found[PAGE - 1]))} if len(found) > PAGE else {}
    context = {
        "form": form,
        "rows": rows,
        "is_filtered": bool(chosen),
        "is_moving": any(not row["job"].is_finished for row in rows),
        "first_url": f"?{urlencode(chosen)}" if after else "",
        "next_url": f"?{urlencode(following)}" if following else "",
        "can_manage": request.member.may("manage_jobs"),
    }
    return page(request, LIST, context, partial="jobs", status=200 if form.is_valid() else 422)


@require_GET
def job_workers(request: MemberRequest) -> HttpResponse:
    """The workers and what waits for them; any page may load it, with `?only=alarm` just the sentence."""
    workers = backlog.workers()
    bells = backlog.bells(workers)
    for worker in workers:
        worker.is_alive, worker.silence_words = backlog.is_alive(worker), span_words(worker.silence)
    context = {
        "workers": workers,
        "bells": [{"bell": bell, "oldest": span_words(bell.oldest)} for bell in bells],
        "alarm": backlog.alarm(workers, bells),
    }
    partial = "alarm" if request.GET.get("only") == "alarm" else "workers"
    return page(request, WORKERS, context, partial=partial)


@require_POST
def job_cancel(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    job = the_job(request, kind, pk)
    with transaction.atomic():
        is_cancelled = job.cancel()
        if is_cancelled:
            record("job-cancelled", job, request=request, kind=kind)
    return answer(request, job, "" if is_cancelled else "It had ended before it could be cancelled.")


@require_POST
def job_retry(request: MemberRequest, kind: str, pk: int) -> HttpResponse:
    job, refusal = the_job(request, kind, pk), ""
    try:
        with transaction.atomic():
            if job.retry():
                record("job-retried", job, request=request, kind=kind)
            else:
                refusal = "It has not failed, so there is nothing to try again."
    except JobRefused as error:
        refusal = str(error)
    return answer(request, job, refusal)


def the_job(request: MemberRequest, kind: str, pk: int) -> Job:
    model = backlog.kinds().get(kind)
    if model is None:
        raise Http404("No such kind of job.")
    found: Job = get_object_or_404(backlog.of_kind(model, request.project), pk=pk)
    return found


def answer(request: MemberRequest, job: Job, refusal: str) -> HttpResponse:
    """The job's row as it is now, with what was refused; without scripts the list, with the same sentence above it."""
    if wants_fragment(request):
        job = the_job(request, job._meta.label_lower, job.pk)
        row = row_of(request, job) | {"refusal": refusal}
        context = {"row": row, "can_manage": True}
        response: HttpResponse = render(request, f"{LIST}#job", context, status=409 if refusal else 200)
        return response if refusal else trigger_client_event(response, "job-changed")
    if refusal:
        messages.error(request, refusal)
    response = HttpResponseRedirect(reverse("monitoring:job-list", args=[request.project.slug]))
    response.status_code = 303
    return response


def page_of(member: Member, job: Job) -> str:
    """Where the job is at home; none for whom that page does not open."""
    if not hasattr(job, "get_absolute_url"):
        return ""
    address: str = job.get_absolute_url()
    path = urlsplit(address).path.removeprefix(get_script_prefix().rstrip("/"))
    verb = verb_of(resolve(path).view_name, "GET")
    return address if verb and member.may(verb) else ""


def row_of(request: MemberRequest, job: Job) -> dict[str, Any]:
    """A job as it is read."""
    job.project = request.project  # type: ignore[attr-defined]
    now = timezone.now()
    words, details = error_words(job.error)
    place = [request.project.slug, job._meta.label_lower, job.pk]
    return {
        "job": job,
        "id": f"job-{job._meta.model_name}-{job.pk}",
        "name": getattr(job, "name", "") or capfirst(str(job)),  # a file keeps its own
        "kind": kind_words(type(job)),
        "url": page_of(request.member, job),
        "age": span_words(now - job.created_at),
        "duration": span_words((job.finished_at or now) - job.started_at) if job.started_at else "",
        "error": words,
        "details": details,
        "tries": backlog.tries(job),
        "cancel_url": "" if job.is_finished else reverse("monitoring:job-cancel", args=place),
        "retry_url": reverse("monitoring:job-retry", args=place)
        if job.may_retry and job.state == Job.State.FAILED
        else "",
    }
