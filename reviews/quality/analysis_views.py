"""Pages of computed figures: what a worker stored is shown at once, and computed anew where reviews came in since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, see_other
from feedback.tables import as_csv
from reviews.quality import accord, standings
from reviews.quality.filters import (
    AgreementForm,
    AnalysisForm,
    EffortForm,
    LeaderboardForm,
    ProposalsForm,
    ReliabilityForm,
    SubgroupsForm,
)
from reviews.quality.models import Analysis

PATIENCE = timedelta(minutes=5)  # figures younger than this are not computed anew unasked

Kind = Analysis.Kind
FORMS: dict[str, type[AnalysisForm]] = {
    Kind.LEADERBOARD: LeaderboardForm,
    Kind.AGREEMENT: AgreementForm,
    Kind.RELIABILITY: ReliabilityForm,
    Kind.EFFORT: EffortForm,
    Kind.SUBGROUPS: SubgroupsForm,
    Kind.PROPOSALS: ProposalsForm,
}


@dataclass(frozen=True)
class Shown:
    """What there is under some filters: the newest figures, and the run that is under way or failed last."""

    kind: str
    filters: dict[str, Any]
    done: Analysis | None
    newest: Analysis | None

    @property
    def result(self) -> dict[str, Any] | None:
        return self.done.result if self.done else None

    @property
    def is_running(self) -> bool:
        return self.newest is not None and not self.newest.is_finished

    @property
    def has_failed(self) -> bool:
        return self.newest is not None and self.newest.state == "failed"

    @property
    def is_stale(self) -> bool:
        return self.done is None or not self.done.is_newest

    @property
    def starts_itself(self) -> bool:
        """Whether the page asks for figures by itself: where there are none, or old ones."""
        if self.is_running or self.has_failed or not self.is_stale:
            return False
        return self.done is None or self.done.created_at < timezone.now() - PATIENCE

    @property
    def query(self) -> str:
        return urlencode(self.filters)


def look(request: MemberRequest, kind: str) -> tuple[AnalysisForm, Shown]:
    form = FORMS[kind](request.project, request.GET)  # a form that has figures computed has them in its address too
    filters = form.filters if form.is_valid() else {}
    rows = Analysis.under(request.project, kind, filters)
    return form, Shown(kind, filters, rows.filter(state="done").first(), rows.first())


def shown_page(
    request: MemberRequest, kind: str, words: Callable[[Shown], dict[str, Any]], **beside: Any
) -> HttpResponse:
    form, shown = look(request, kind)
    context = {"form": form, "shown": shown, "kind": kind, **(words(shown) if shown.result else {}), **beside}
    is_wrong = form.errors or any(getattr(value, "errors", None) for value in beside.values())
    status = 422 if is_wrong else 200
    return page(request, f"reviews/quality/{kind}.html", context, partial="analysis", status=status)


@require_GET
def leaderboard(request: MemberRequest) -> HttpResponse:
    """Models or prompt versions rated from comparisons."""
    return shown_page(request, Kind.LEADERBOARD, ranking_words)


def ranking_words(shown: Shown) -> dict[str, Any]:
    result = shown.result or {}
    text, tone = standings.answer(result)
    return {
        "result": result,
        "answer": text,
        "tone": tone,
        "table": standings.table(result, noun_of(shown)),
        "warnings": standings.warnings(result),
        "remarks": standings.remarks(result),
    }


def noun_of(shown: Shown) -> str:
    return "prompt versions" if shown.filters.get("by") else "models"


@require_GET
def agreement(request: MemberRequest) -> HttpResponse:
    """How far reviewers agree on each question."""
    return shown_page(request, Kind.AGREEMENT, agreement_words)


def agreement_words(shown: Shown) -> dict[str, Any]:
    result, by = shown.result or {}, shown.filters.get("by", "")
    text, tone = accord.answer(result)
    return {
        "result": result,
        "answer": text,
        "tone": tone,
        "table": accord.table(result, by),
        "marks": accord.marks_table(result, by),
        "explanations": accord.explanations(result),
    }


@require_POST
def compute(request: MemberRequest, kind: str) -> HttpResponse:
    """Compute the figures under these filters, unless they are those of the reviews as they are."""
    form, shown = look(request, kind)
    if form.is_valid():
        Analysis.ask(request.project, kind, shown.filters)
    here = reverse(f"quality:{kind}", kwargs={"project": request.project.slug})
    return see_other(f"{here}?{shown.query}" if shown.query else here)


@require_GET
def leaderboard_file(request: MemberRequest, form: str) -> HttpResponse:
    return file_of(request, Kind.LEADERBOARD, form, ranking_words)


@require_GET
def agreement_file(request: MemberRequest, form: str) -> HttpResponse:
    return file_of(request, Kind.AGREEMENT, form, agreement_words)


def file_of(request: MemberRequest, kind: str, form: str, words: Callable[[Shown], dict[str, Any]]) -> HttpResponse:
    """The shown figures as a file: the table as CSV, or all of them as JSON."""
    _, shown = look(request, kind)
    if form not in {"csv", "json"}:
        raise Http404("There is no such file.")
    if shown.result is None:
        raise Http404("These figures are not computed yet.")
    return as_csv(words(shown)["table"], kind) if form == "csv" else as_json(shown)


def as_json(shown: Shown) -> JsonResponse:
    assert shown.done is not None
    body = {"kind": shown.kind, "filters": shown.filters, "computed_at": shown.done.finished_at, "result": shown.result}
    headers = {"Content-Disposition": f'attachment; filename="{shown.kind}.json"'}
    return JsonResponse(body, headers=headers, json_dumps_params={"indent": 1, "ensure_ascii": False})
