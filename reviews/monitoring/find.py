"""The command box: pages and things by name. Each kind is looked for only when the member may open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from feedback.accounts.access import MemberRequest, navigation
from feedback.accounts.models import Member
from feedback.datasets.models import Dataset
from feedback.htmx import page
from feedback.permissions import verb_of
from feedback.prompts.models import Prompt
from feedback.responses.models import Response
from feedback.rubrics.models import Rubric
from feedback.text.canonical import CanonicalError, canonicalise
from reviews.queues.models import Queue
from reviews.sampling.models import SamplingRule

SHOWN = 5  # of each kind
LONGEST = 200


class Kind(NamedTuple):
    """One kind of thing: how it is found among the project's rows, and which page shows it."""

    heading: str
    route: str
    rows: Callable[[Member, str], QuerySet[Any]]
    kwargs: Callable[[Any], dict[str, Any]]
    label: Callable[[Any], str] = str


def named(model: Any, *columns: str) -> Callable[[Member, str], QuerySet[Any]]:
    """Rows of the member's project with the words in one of the columns; for tables of at most some thousand rows."""

    def rows(member: Member, words: str) -> QuerySet[Any]:
        matches = Q(*((f"{column}__icontains", words) for column in columns), _connector=Q.OR)
        found: QuerySet[Any] = model.objects.filter(matches, project=member.project).order_by(columns[0], "pk")
        return found

    return rows


def responses(member: Member, words: str) -> QuerySet[Any]:
    """A response is found by its whole id: the list page searches in texts."""
    return Response.objects.filter(project=member.project, external_id=words).only("pk", "external_id")


def key(row: Any) -> dict[str, Any]:
    return {"key": row.key}


def pk(row: Any) -> dict[str, Any]:
    return {"pk": row.pk}


KINDS = (
    Kind("Responses", "responses:response-detail", responses, pk, lambda row: row.external_id),
    Kind("Queues", "queues:queue-detail", named(Queue, "name", "key"), key),
    Kind("Datasets", "datasets:dataset-detail", named(Dataset, "name", "key"), key),
    Kind("Prompts", "prompts:prompt-detail", named(Prompt, "name"), pk),
    Kind("Rubrics", "rubrics:rubric-detail", named(Rubric, "name"), pk),
    Kind("Sampling rules", "sampling:rule-detail", named(SamplingRule, "name", "key"), key),
)


def found(member: Member, words: str) -> Iterator[dict[str, Any]]:
    """Groups of links, without empty ones: pages first, then things."""
    pages = [entry for entry in navigation(member, "") if words.lower() in entry["label"].lower()]
    if pages:
        yield {"heading": "Pages", "links": pages}
    if not words:
        return
    for kind in KINDS:
        if not member.may(verb_of(kind.route, "GET") or ""):
            continue
        rows = kind.rows(member, words)[:SHOWN]
        links = [{"label": kind.label(row), "url": address(kind, member, row)} for row in rows]
        if links:
            yield {"heading": kind.heading, "links": links}


def address(kind: Kind, member: Member, row: Any) -> str:
    return reverse(kind.route, kwargs={"project": member.project.slug, **kind.kwargs(row)})


@require_GET
def find(request: MemberRequest) -> HttpResponse:
    words = plain(request.GET.get("q", ""))
    context = {"words": words, "groups": list(found(request.member, words))}
    return page(request, "reviews/monitoring/find.html", context, partial="found")


def plain(given: str) -> str:
    """The words to look for; what no database can hold matches nothing, like any other nonsense."""
    try:
        canonicalise(given)
    except CanonicalError:
        return "\N{REPLACEMENT CHARACTER}"
    return given.strip()[:LONGEST]
