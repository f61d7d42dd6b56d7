"""Prompts for people: the list, a prompt with its versions, a version, and two versions beside each other."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from feedback.accounts.access import MemberRequest
from feedback.htmx import page, wants_fragment
from feedback.prompts import compare
from feedback.prompts.filters import PromptFilter
from feedback.prompts.models import Prompt, PromptVersion

PAGE = 50
OFFERED = 200  # versions in the form that compares two
LARGEST = 2**63 - 1


def number(text: str) -> int | None:
    """A row's number from an address; None when it cannot be one."""
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    return found if found is not None and found <= LARGEST else None


def paged(request: MemberRequest, rows: QuerySet[Any]) -> dict[str, Any]:
    """Some rows, the newest first, with the addresses of the first and the next page."""
    filters = QueryDict(mutable=True)
    for name, values in request.GET.lists():
        if name != "before" and any(values):
            filters.setlist(name, values)
    before = number(request.GET.get("before", ""))
    found = list((rows.filter(pk__lt=before) if before is not None else rows).order_by("-pk")[: PAGE + 1])
    following = filters.copy()
    if len(found) > PAGE:
        following["before"] = str(found[PAGE - 1].pk)
    return {
        "rows": found[:PAGE],
        "filters": filters,
        "first_url": f"?{filters.urlencode()}" if before is not None else "",
        "next_url": f"?{following.urlencode()}" if len(found) > PAGE else "",
    }


@require_GET
def prompt_list(request: MemberRequest) -> HttpResponse:
    filterset = PromptFilter(request.GET, queryset=request.project.prompts.all())
    is_valid = filterset.is_valid()
    found = filterset.qs if is_valid else filterset.queryset.none()
    context = paged(request, found)
    add_versions(request, context["rows"])
    count = found.order_by().count()
    context |= {"form": filterset.form, "count": count, "noun": "prompt" if count == 1 else "prompts"}
    status = 200 if is_valid else 422
    answer = page(request, "feedback/prompts/prompt_list.html", context, partial="prompts", status=status)
    if wants_fragment(request) and "before" not in request.GET:
        answer["HX-Push-Url"] = f"{request.path}?{context['filters'].urlencode()}"  # without an empty search
    return answer


def add_versions(request: MemberRequest, prompts: list[Prompt]) -> None:
    """Puts `n_versions` and `newest` on each prompt."""
    versions = request.project.promptversions.filter(prompt__in=prompts)
    counted = dict(versions.order_by().values_list("prompt").annotate(n=Count("pk")))
    newest: dict[int, PromptVersion] = {}
    for version in versions.filter(pk__in=newest_ids(versions)).defer("template", "system"):
        newest[version.prompt_id] = version
    for prompt in prompts:
        prompt.n_versions = counted.get(prompt.pk, 0)  # type: ignore[attr-defined]
        prompt.newest = newest.get(prompt.pk)  # type: ignore[attr-defined]


def newest_ids(versions: QuerySet[PromptVersion]) -> QuerySet[Any, Any]:
    return versions.order_by().values("prompt").annotate(last=Max("pk")).values("last")


@require_GET
def prompt_detail(request: MemberRequest, pk: int) -> HttpResponse:
    prompt = get_object_or_404(request.project.prompts, pk=pk)
    context = paged(request, prompt.versions.all())
    context |= {"prompt": prompt, "offered": offered(prompt), "count": prompt.versions.count()}
    return page(request, "feedback/prompts/prompt_detail.html", context, partial="versions")


def offered(prompt: Prompt) -> list[tuple[int, str]]:
    return list(prompt.versions.order_by("-pk").values_list("pk", "label")[:OFFERED])


@require_GET
def version_detail(request: MemberRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(request.project.promptversions.select_related("prompt"), pk=pk)
    siblings = version.prompt.versions.defer("template", "system", "parameters")
    context = {
        "version": version,
        "prompt": version.prompt,
        "parameters": compare.listed(version),
        "older": siblings.filter(pk__lt=pk).order_by("-pk").first(),
        "newer": siblings.filter(pk__gt=pk).order_by("pk").first(),
        "permalink": request.build_absolute_uri(request.path),
    }
    return page(request, "feedback/prompts/version_detail.html", context, partial="version")


@require_GET
def version_compare(request: MemberRequest, pk: int) -> HttpResponse:
    """Two versions of a prompt, `?older=` and `?newer=`; the newest and the one before it when none is named."""
    prompt = get_object_or_404(request.project.prompts, pk=pk)
    choices = offered(prompt)
    context: dict[str, Any] = {"prompt": prompt, "offered": choices, "permalink": request.build_absolute_uri()}
    newest = [each for each, _ in choices[:2]]
    if len(newest) == 2:
        asked = zip(("newer", "older"), newest, strict=True)
        newer, older = (
            get_object_or_404(prompt.versions, pk=number(request.GET.get(name, "")) or default)
            for name, default in asked
        )
        context |= {"older": older, "newer": newer, "texts": compare.texts(older, newer)}
        context |= {"parameters": compare.parameters(older, newer)}
    return page(request, "feedback/prompts/version_compare.html", context, partial="compared")
