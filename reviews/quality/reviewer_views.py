"""Reliability: the figures of all reviewers, and the page of one, who may be the reader."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member
from feedback.htmx import page
from reviews.quality import trust
from reviews.quality.analysis_views import Shown, file_of, shown_page
from reviews.quality.models import Analysis

KIND = Analysis.Kind.RELIABILITY


@require_GET
def reliability(request: MemberRequest) -> HttpResponse:
    """One measure of everybody as a forest, and what stands out of whom."""
    return shown_page(request, KIND, lambda shown: words(request, shown))


@require_GET
def reliability_file(request: MemberRequest, form: str) -> HttpResponse:
    """The chosen measure, all of the figures, or with `?table=confusion` every confusion matrix."""
    if form == "csv" and request.GET.get("table") == "confusion":
        return file_of(request, KIND, form, lambda shown: {"table": trust.confusion_table(shown.result or {})})
    return file_of(request, KIND, form, lambda shown: words(request, shown))


def words(request: MemberRequest, shown: Shown) -> dict[str, Any]:
    result = shown.result or {}
    project = request.project
    measures = trust.measures_in(result)
    asked = request.GET.get("measure", "")
    measure = asked if asked in measures else next(iter(measures), trust.Measure.VERDICTS)
    everybody = {row["reviewer"] for row in result["rows"]}
    names = trust.names_for(project, request.member, everybody)
    urls = {who: reverse("quality:reliability-reviewer", args=[project.slug, who]) for who in everybody}
    text, tone = trust.answer(result)
    return {
        "result": result,
        "answer": text,
        "tone": tone,
        "measure": measure,
        "measures": [(one, trust.Measure(one).label) for one in measures],
        "table": trust.table(result, measure, names, urls),
        "heats": trust.heats_of(result, names) if measure == trust.Measure.ACCURACY else [],
        "outstanding": trust.outstanding(result, names, urls),
        "explained": [(trust.Measure(one).label, trust.EXPLAINED[one]) for one in measures],
    }


@require_GET
def reviewer(request: MemberRequest, pseudonym: str) -> HttpResponse:
    """What was measured of one reviewer: to themselves, and to who sees reviews."""
    is_own = request.member.pseudonym == pseudonym
    sees_all = request.member.may("see_reviews")
    if not is_own and not sees_all:
        raise Http404("No such reviewer.")
    person: Member = get_object_or_404(request.project.members.select_related("user"), pseudonym=pseudonym)
    rows = trust.measures_of(person)
    shown = rows if sees_all else [row for row in rows if row.measure != trust.Measure.GOLD]
    notices = person.notices_about.select_related("closed_by__user").order_by("-pk")
    context = {
        "person": person,
        "is_own": is_own,
        "sees_all": sees_all,
        "title": title_of(request.member, person),
        "measured_at": rows[0].measured_at if rows else None,
        "tables": trust.person_tables(shown, counts=sees_all),
        "gold": None if sees_all else trust.own_gold(person),
        "heats": trust.heats(shown),
        "notices": notices if request.member.may("settle") and not is_own else None,
        "may_act": request.member.may("settle") and not is_own and person.user_id is not None,
        "restrictions": person.restrictions.standing().select_related("queue").order_by("pk"),
        "explained": [(row.get_measure_display(), trust.EXPLAINED[row.measure]) for row in once(shown)],
    }
    return page(request, "reviews/quality/reviewer.html", context, partial="figures")


def title_of(reader: Member, person: Member) -> str:
    if reader.pk == person.pk:
        return gettext("Your reliability")
    return f"Reliability of {person if reader.may('manage_members') else person.pseudonym}"


def once(rows: list[Any]) -> list[Any]:
    """The first row of each measure."""
    return list({row.measure: row for row in reversed(rows)}.values())[::-1]
