"""A curator's pages of sampling rules: the list, the form with its dry run, the rule with its runs and versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, wants_fragment
from reviews.sampling.forms import RuleForm
from reviews.sampling.models import SamplingRule, SamplingRun
from reviews.sampling.trial import trial
from reviews.sampling.wording import differences, filter_lines, reviews_each

RUNS_SHOWN = 20


@require_GET
def rule_list(request: MemberRequest) -> HttpResponse:
    runs = request.project.samplingruns.filter(rule_version__rule=OuterRef("pk")).order_by("-pk")
    rules = list(request.project.samplingrules.order_by("name").annotate(last_run=Subquery(runs.values("pk")[:1])))
    newest = {run.pk: run for run in request.project.samplingruns.filter(pk__in=[rule.last_run for rule in rules])}
    versions = request.project.samplingruleversions.select_related("queue").order_by("number")
    current = {version.rule_id: version for version in versions}
    rows = [{"rule": rule, "version": current.get(rule.pk), "run": newest.get(rule.last_run)} for rule in rules]
    return page(request, "reviews/sampling/rule_list.html", {"rows": rows}, partial="rules")


@require_http_methods(["GET", "POST"])
def rule_create(request: MemberRequest) -> HttpResponse:
    """The address may bring a filter, its names behind `filter-`."""
    return edit(
        request, RuleForm(request.project, request.POST or None, preset=request.GET or None), "New sampling rule"
    )


@require_http_methods(["GET", "POST"])
def rule_change(request: MemberRequest, key: str) -> HttpResponse:
    rule = get_object_or_404(request.project.samplingrules, key=key)
    return edit(request, RuleForm(request.project, request.POST or None, rule=rule), f"Change {rule.name}")


def edit(request: MemberRequest, form: RuleForm, title: str) -> HttpResponse:
    """The button `estimate` tells what would be drawn and saves nothing; htmx asks so while the form is filled in."""
    context: dict[str, Any] = {"form": form, "title": title}
    status, is_trial = 200, "estimate" in request.POST
    if request.method == "POST":
        if not form.is_valid():
            status = 422
        elif is_trial:
            context["trial"] = trial(form.version(), is_scheduled=bool(form.cleaned_data["interval_minutes"]))
        else:
            with transaction.atomic():
                rule = form.save(by=request.member)
            if form.cleaned_data["interval_minutes"] and rule.is_active:
                messages.success(request, "Saved. Run it now, or wait for its next turn.")
            else:
                messages.success(request, "Saved. It draws when somebody runs it.")
            return redirect("sampling:rule-detail", project=request.project.slug, key=rule.key)
    if is_trial and wants_fragment(request):  # beside what is being typed: half a form is no error yet
        return page(request, "reviews/sampling/rule_form.html", context, partial="trial")
    return page(request, "reviews/sampling/rule_form.html", context, partial="form", status=status)


@require_GET
def rule_detail(request: MemberRequest, key: str) -> HttpResponse:
    """The rule with its runs, newest first; `?before=` goes on below a run."""
    rule: SamplingRule = get_object_or_404(request.project.samplingrules, key=key)
    versions = list(rule.versions.select_related("queue").order_by("-number"))
    runs = SamplingRun.of(rule).select_related("rule_version", "requested_by__user").order_by("-pk")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        runs = runs.filter(pk__lt=int(before))
    found = list(runs[: RUNS_SHOWN + 1])
    context = {
        "rule": rule,
        "version": versions[0],
        "versions": [
            {
                "version": version,
                "reviews": reviews_each(version),
                "filter": filter_lines(version.filter),
                "changes": differences(older, version) if older else [],
            }
            for version, older in zip(versions, [*versions[1:], None], strict=True)
        ],
        "runs": found[:RUNS_SHOWN],
        "is_running": any(not run.is_finished for run in found),
        "first_url": request.path if before else "",
        "next_url": f"{request.path}?before={found[RUNS_SHOWN - 1].pk}" if len(found) > RUNS_SHOWN else "",
    }
    answer = page(request, "reviews/sampling/rule_detail.html", context, partial="runs")
    if wants_fragment(request) and not context["is_running"]:  # what a run would draw has changed with the last one
        return trigger_client_event(answer, "runs-finished")
    return answer


@require_GET
def rule_trial(request: MemberRequest, key: str) -> HttpResponse:
    """What a run of the rule would draw if it began now."""
    rule: SamplingRule = get_object_or_404(request.project.samplingrules, key=key)
    version = rule.versions.select_related("queue__rubric_version").order_by("-number")[0]
    found = trial(version, is_scheduled=rule.interval_minutes is not None)
    return page(request, "reviews/sampling/rule_trial.html", {"rule": rule, "trial": found}, partial="trial")


@require_POST
def rule_run(request: MemberRequest, key: str) -> HttpResponse:
    rule: SamplingRule = get_object_or_404(request.project.samplingrules, key=key)
    rule.start(by=request.member)
    response = redirect("sampling:rule-detail", project=request.project.slug, key=rule.key)
    response.status_code = 303
    return response
