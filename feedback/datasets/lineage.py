"""Lineage both ways: from a pair to all that it came from, from a response or a reviewer to every version that used it.

What lower rooms know is read from their rows; what higher rooms know (queue, sampling rule, probability) was stamped on
the verdict when it was settled.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from feedback.accounts.access import MemberRequest
from feedback.accounts.models import Member, Project
from feedback.among import Among
from feedback.datasets.models import DatasetVersion, PreferencePair
from feedback.htmx import page
from feedback.jobs import Job
from feedback.judgements.models import Review, Verdict
from feedback.responses.models import Response

MOST = 50
VERDICTS = 50_000  # of a reviewer's, that are followed


@require_safe
def response_uses(request: MemberRequest, pk: int) -> HttpResponse:
    response = get_object_or_404(request.project.responses, pk=pk)
    found = request.project.preferencepairs.filter(
        Q(chosen_response=pk) | Q(rejected_response=pk), version__state=Job.State.DONE
    ).select_related("version__dataset", "version__superseded_by", "chosen_response", "rejected_response")
    pairs = list(found.order_by("-pk")[: MOST + 1])
    context = {
        "response": response,
        "pairs": [(pair, pair.chosen_response_id == pk, pair.vote_share * 100) for pair in pairs[:MOST]],
        "is_more": len(pairs) > MOST,
    }
    return page(request, "feedback/datasets/response_uses.html", context, partial="uses")


@require_safe
def reviewer_uses(request: MemberRequest, pseudonym: str) -> HttpResponse:
    """One's own, or anybody's for those who see datasets; by the name that blind pages and files show."""
    if request.member.pseudonym != pseudonym and not request.member.may("see_datasets"):
        raise Http404("No such reviewer.")
    person: Member = get_object_or_404(request.project.members, pseudonym=pseudonym)
    uses = list(by_version(pairs_of_reviewer(person))[: MOST + 1])
    context = {
        "person": person,
        "is_own": person == request.member,
        "uses": uses[:MOST],
        "is_more": len(uses) > MOST,
        "sees": request.member.may("see_datasets"),
    }
    return page(request, "feedback/datasets/reviewer_uses.html", context, partial="uses")


def pairs_of_response(response: Response) -> QuerySet[PreferencePair]:
    theirs = Q(chosen_response=response.pk) | Q(rejected_response=response.pk)
    return PreferencePair.objects.filter(theirs, project=response.project_id)


def pairs_of_reviewer(person: Member) -> QuerySet[PreferencePair]:
    """Of verdicts that counted a review of theirs. The newest VERDICTS are followed."""
    about = Verdict.objects.filter(project=person.project_id, subject__reviews__reviewer=person)
    rows = about.order_by("-pk").values_list("pk", "review_ids").distinct()[:VERDICTS]
    mine = set(Review.objects.filter(reviewer=person).values_list("pk", flat=True))
    counted = [pk for pk, reviews in rows if not mine.isdisjoint(reviews)]
    return PreferencePair.objects.filter(Among("verdict", counted), project=person.project_id)


def by_version(pairs: QuerySet[PreferencePair]) -> QuerySet[Any, Any]:
    """Complete versions with the number of these pairs in each, the newest first."""
    found = pairs.filter(version__state=Job.State.DONE).order_by().values(
        "version", "version__number", "version__dataset__key", "version__dataset__name",
        "version__superseded_at", "version__superseded_by__number",
    )  # fmt: skip
    return found.annotate(pairs=Count("pk")).order_by("-version")


def origins(pair: PreferencePair) -> dict[str, Any]:
    """All that a pair came from, down to the passages that its responses were given."""
    verdict = Verdict.objects.select_related("rubric_version__rubric", "rubric_version__guideline__guideline").get(
        pk=pair.verdict_id
    )
    version = verdict.rubric_version
    guideline = version.guideline
    others = [pk for pk in [pair.provenance.get("rejected_verdict")] if pk]
    reviews = list(verdict.review_ids)
    for ids in Verdict.objects.filter(pk__in=others).values_list("review_ids", flat=True):
        reviews += ids
    return {
        "pair_id": pair.pair_id,
        "verdict": {
            "id": verdict.pk,
            "method": verdict.method,
            "is_current": verdict.is_current,
            "settled_at": verdict.created_at,
            "other": others,
        },
        "queue": verdict.origin,
        "reviews": [told(review) for review in counted_reviews(reviews)],
        "rubric": {"rubric": version.rubric_id, "name": version.rubric.name, "version": version.number},
        "guideline": {"name": guideline.guideline.name, "version": guideline.number} if guideline else None,
        "sampling": {"rule": verdict.rule_label, "inclusion_probability": verdict.inclusion_probability},
        "responses": [*answers(pair)],
        "versions": [*also_in(pair)],
    }


def counted_reviews(ids: Iterable[int]) -> QuerySet[Review]:
    return Review.objects.filter(Among("pk", ids)).select_related("reviewer").order_by("pk")


def told(review: Review) -> dict[str, Any]:
    return {
        "id": review.pk,
        "reviewer": review.reviewer.pseudonym,
        "submitted_at": review.submitted_at,
        "withdrawn_at": review.withdrawn_at,
        "invalidated_at": review.invalidated_at,
    }


def answers(pair: PreferencePair) -> Iterable[dict[str, Any]]:
    """A rewrite has no response of its own: it comes from the rejected one."""
    rows = Response.objects.select_related("model", "prompt_version__prompt").prefetch_related("passages")
    found = rows.in_bulk([pk for pk in (pair.chosen_response_id, pair.rejected_response_id) if pk])
    for side, pk in (("chosen", pair.chosen_response_id), ("rejected", pair.rejected_response_id)):
        if pk is None:
            continue
        response = found[pk]
        prompt = response.prompt_version
        yield {
            "side": side,
            "id": response.pk,
            "external_id": response.external_id,
            "model": str(response.model or ""),
            "prompt": {"id": prompt.pk, "name": prompt.prompt.name, "label": prompt.label} if prompt else None,
            "passages": [{"position": p.position, "title": p.title, "sha256": p.text_hash} for p in passages(response)],
            "erased_at": response.erased_at,
        }


def passages(response: Response) -> list[Any]:
    return list(response.passages.all())


def also_in(pair: PreferencePair) -> Iterable[dict[str, Any]]:
    dataset = DatasetVersion.objects.filter(pk=pair.version_id).values("dataset")
    rows = PreferencePair.objects.filter(
        version__dataset__in=dataset, version__state=Job.State.DONE, pair_id=pair.pair_id
    ).order_by("version__number")
    return ({"id": pk, "number": n} for pk, n in rows.values_list("version", "version__number")[:MOST])


def linked(found: dict[str, Any], project: Project) -> dict[str, Any]:
    """For the page: with the address of each thing, rooms above by the names of their pages."""
    slug = project.slug
    chance = found["sampling"]["inclusion_probability"]
    found["sampling"]["chance"] = "" if chance is None else f"{chance:.6g}"
    found["queue_url"] = reverse("queues:queue-detail", args=[slug, found["queue"]]) if found["queue"] else ""
    found["rubric_url"] = reverse("rubrics:rubric-detail", args=[slug, found["rubric"]["rubric"]])
    for review in found["reviews"]:
        review["url"] = reverse("datasets:reviewer-uses", args=[slug, review["reviewer"]])
    for response in found["responses"]:
        response["url"] = reverse("responses:response-detail", args=[slug, response["id"]])
        if response["prompt"]:
            response["prompt"]["url"] = reverse("prompts:version-detail", args=[slug, response["prompt"]["id"]])
    return found
