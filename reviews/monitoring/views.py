"""The overview and its parts. Each part is a page of its own too; the overview loads the slow ones after itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from feedback.accounts.access import MemberRequest
from feedback.htmx import page
from feedback.permissions import verb_of
from feedback.responses.prices import currency_of
from feedback.tables import Table, as_csv
from reviews.monitoring import figures
from reviews.monitoring.facts import Settled
from reviews.monitoring.measures import MEASURES
from reviews.monitoring.progress import pairs_ready, progress_of, waiting_of
from reviews.monitoring.quality import quality_of
from reviews.monitoring.question import question_of
from reviews.monitoring.scope import Scope, ScopeForm, form_of, scope_of
from reviews.monitoring.sidebyside import compared, overviewed
from reviews.monitoring.traffic import traffic_of


def asked(request: MemberRequest) -> tuple[ScopeForm, Scope]:
    form, recent = form_of(request.project, request.GET)
    return form, scope_of(request.project, form, recent)


@require_GET
def overview(request: MemberRequest) -> HttpResponse:
    form, scope = asked(request)
    versions, settled = scope.versions(), Settled(request.project)
    quality = quality_of(settled, [v.pk for v in versions], scope.conditions())
    question = question_of(scope, versions, quality)
    rates = figures.rates_table(scope, versions, quality)
    context = {
        "form": form,
        "scope": scope,
        "query": query_of(scope),
        "question": question,
        "tiles": figures.tiles(question, quality, pairs_ready(settled), currency_of(request.project)),
        "rates": rates,
        "is_weighted": any((rate := q.rate(scope.measure)) and rate.is_weighted for q in quality.values()),
        "is_empty": not scope.recent and not form.errors,
        "measures": [(key, measure.title, query_of(scope, measure=key)) for key, measure in MEASURES.items()],
        "missing": bool(scope.prompt) and not versions,
    }
    status = 422 if form.errors else 200
    return page(request, "reviews/monitoring/overview.html", context, partial="overview", status=status)


def query_of(scope: Scope, **changed: str) -> str:
    """The address's question mark and what follows it, without what is given by default."""
    given = {"days": scope.days, "prompt": scope.prompt, "environment": scope.environment, "measure": scope.measure}
    return "?" + urlencode({name: value for name, value in {**given, **changed}.items() if value})


@require_GET
def overview_traffic(request: MemberRequest) -> HttpResponse:
    _, scope = asked(request)
    context = {"tables": traffic_tables(scope), "query": query_of(scope), "scope": scope}
    return page(request, "reviews/monitoring/overview_traffic.html", context, partial="traffic")


def traffic_tables(scope: Scope) -> list[Table]:
    traffic, currency = traffic_of(scope), currency_of(scope.project)
    timed = figures.versions_table(traffic.versions, traffic.volumes, currency)
    return [figures.work_table(traffic), timed, figures.tokens_table(traffic), figures.cost_table(traffic, currency)]


@require_GET
def overview_queues(request: MemberRequest) -> HttpResponse:
    context = {"queues": figures.queues_table(request.project, progress_of(request.project))}
    return page(request, "reviews/monitoring/overview_queues.html", context, partial="queues")


@require_GET
def overview_waiting(request: MemberRequest) -> HttpResponse:
    """What needs someone, with links to the pages that this member may open."""
    rows = [{"what": row, "url": url_for(request, row.route)} for row in waiting_of(request.project)]
    return page(request, "reviews/monitoring/overview_waiting.html", {"rows": rows}, partial="waiting")


def url_for(request: MemberRequest, route: str) -> str:
    verb = verb_of(route, "GET")
    return reverse(route, kwargs={"project": request.project.slug}) if verb and request.member.may(verb) else ""


@require_GET
def overview_csv(request: MemberRequest) -> HttpResponse:
    """One of the tables as a file, under the filters of the address: `?table=`, the rates when none is named."""
    _, scope = asked(request)
    name = request.GET.get("table") or "rates"
    if name == "rates":
        made = [rates_table(scope)]
    elif name == "queues":
        made = [figures.queues_table(request.project, progress_of(request.project))]
    else:
        made = traffic_tables(scope)
    found = next((table for table in made if table.key == name), None)
    if found is None:
        raise Http404("There is no such table.")
    return as_csv(found, f"{scope.measure}-rate" if name == "rates" else name)


def rates_table(scope: Scope) -> Table:
    versions = scope.versions()
    quality = quality_of(Settled(scope.project), [version.pk for version in versions], scope.conditions())
    return figures.rates_table(scope, versions, quality)


@require_GET
def prompt_quality(request: MemberRequest, pk: int) -> HttpResponse:
    """A prompt's versions beside each other: all of them, or two with what lies between them."""
    prompt = get_object_or_404(request.project.prompts, pk=pk)
    chosen = [int(value) for value in request.GET.getlist("version") if value.isdecimal() and len(value) < 19]
    context: dict[str, Any] = {"prompt": prompt}
    if len(chosen) == 2:
        rows = {version.pk: version for version in prompt.versions.select_related("prompt").filter(pk__in=chosen)}
        if not rows.keys() >= set(chosen):
            raise Http404("There is no such version of this prompt.")
        context |= compared(request.project, *(rows[each] for each in chosen))
    else:
        context |= overviewed(request.project, prompt)
    return page(request, "reviews/monitoring/prompt_quality.html", context, partial="quality")
