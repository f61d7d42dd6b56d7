"""A curator's pages of sampling rules: the list, the form with its estimate, the rule with its runs."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from reviews.sampling.forms import RuleForm
from reviews.sampling.models import SamplingRule, SamplingRun

RUNS_SHOWN = 50


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
    return edit(request, RuleForm(request.project, request.POST or None), "New sampling rule")


@require_http_methods(["GET", "POST"])
def rule_change(request: MemberRequest, key: str) -> HttpResponse:
    rule = get_object_or_404(request.project.samplingrules, key=key)
    return edit(request, RuleForm(request.project, request.POST or None, rule=rule), f"Change {rule.name}")


def edit(request: MemberRequest, form: RuleForm, title: str) -> HttpResponse:
    """The button `estimate` tells what would be drawn and saves nothing."""
    context = {"form": form, "title": title}
    status = 200
    if request.method == "POST":
        if not form.is_valid():
            status = 422
        elif "estimate" in request.POST:
            context["estimate"] = form.version().estimate()
        else:
            with transaction.atomic():
                rule = form.save(by=request.member)
            messages.success(request, "Saved. Run it now, or wait for its next turn.")
            return redirect("sampling:rule-detail", project=request.project.slug, key=rule.key)
    return page(request, "reviews/sampling/rule_form.html", context, partial="form", status=status)


@require_GET
def rule_detail(request: MemberRequest, key: str) -> HttpResponse:
    rule: SamplingRule = get_object_or_404(request.project.samplingrules, key=key)
    versions = list(rule.versions.select_related("queue").order_by("-number"))
    runs = list(SamplingRun.of(rule).select_related("rule_version", "requested_by__user").order_by("-pk")[:RUNS_SHOWN])
    context = {
        "rule": rule,
        "version": versions[0],
        "versions": versions,
        "runs": runs,
        "is_running": any(not run.is_finished for run in runs),
    }
    return page(request, "reviews/sampling/rule_detail.html", context, partial="runs")


@require_POST
def rule_run(request: MemberRequest, key: str) -> HttpResponse:
    rule: SamplingRule = get_object_or_404(request.project.samplingrules, key=key)
    rule.start(by=request.member)
    response = redirect("sampling:rule-detail", project=request.project.slug, key=rule.key)
    response.status_code = 303
    return response
