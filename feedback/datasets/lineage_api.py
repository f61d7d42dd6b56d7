"""The API of lineage, both ways, and of what changed since a version."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.accounts.api import ProgramView
from feedback.accounts.problems import Problem
from feedback.datasets import changes, examples, lineage
from feedback.datasets.api import MANY_VERSIONS, is_version
from feedback.datasets.models import PreferencePair
from feedback.jobs import Job

TEXT, WHOLE, TIME = {"type": "string"}, {"type": "integer"}, {"type": ["string", "null"], "format": "date-time"}
MAYBE = {"type": ["integer", "null"]}


def record(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def many(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": record(**properties)}


CHANGES = record(
    since=WHOLE,
    version=WHOLE,
    next={"type": ["string", "null"], "description": "The cursor of the next page; null after the last one."},
    results={
        "type": "array",
        "items": {
            "type": "object",
            "required": ["change", "pair_id"],
            "properties": {"change": {"enum": ["added", "changed", "removed"]}, "pair_id": TEXT, "reason": TEXT},
            "additionalProperties": True,
        },
    },
)
USES = record(
    results=many(version=WHOLE, dataset=TEXT, number=WHOLE, pairs=WHOLE, superseded_at=TIME, superseded_by=MAYBE)
)
ORIGINS = record(
    pair_id=TEXT,
    verdict=record(id=WHOLE, method=TEXT, is_current={"type": "boolean"}, settled_at=TIME,
                   other={"type": "array", "items": WHOLE}),
    queue=TEXT,
    reviews=many(id=WHOLE, reviewer=TEXT, submitted_at=TIME, withdrawn_at=TIME, invalidated_at=TIME),
    rubric=record(rubric=WHOLE, name=TEXT, version=WHOLE),
    guideline={**record(name=TEXT, version=WHOLE), "type": ["object", "null"]},
    sampling=record(rule=TEXT, inclusion_probability={"type": ["number", "null"]}),
    responses=many(side={"enum": ["chosen", "rejected"]}, id=WHOLE, external_id=TEXT, model=TEXT,
                   prompt={**record(id=WHOLE, name=TEXT, label=TEXT), "type": ["object", "null"]},
                   passages=many(position=WHOLE, title=TEXT, sha256=TEXT), erased_at=TIME),
    versions=many(id=WHOLE, number=WHOLE),
)  # fmt: skip


class VersionChanges(ProgramView):
    @extend_schema(
        parameters=[
            OpenApiParameter(
                "since",
                {"type": "integer", "minimum": 1, "maximum": MANY_VERSIONS},
                required=True,
                description="Number of the version that you have.",
            ),
            OpenApiParameter(
                "cursor", {"type": "string", "pattern": changes.CURSOR.pattern}, description="`next` of another page."
            ),
        ],
        responses={200: CHANGES},
        examples=[examples.CHANGES],
    )
    def get(self, request: Request, pk: int) -> Response:
        """List what changed since a version.

        Pairs that were added or judged otherwise, whole, then those that were removed, by id and with the reason. Apply
        a page as it comes: a page may be empty and still have a next one.
        """
        newer = get_object_or_404(self.project.datasetversions, pk=pk, state=Job.State.DONE)
        since, cursor = request.query_params.get("since", ""), request.query_params.get("cursor", "")
        if not is_version(since):
            raise Problem(400, "invalid", "since is the number of a version.")
        older = get_object_or_404(
            self.project.datasetversions, dataset=newer.dataset_id, number=since, state=Job.State.DONE
        )
        try:
            results, following = changes.page_of(older, newer, cursor)
        except changes.NoCursor as error:
            raise Problem(400, "cursor", "This cursor is not one of ours: take next as it comes.") from error
        return Response({"since": older.number, "version": newer.number, "next": following or None, "results": results})


class PairOrigins(ProgramView):
    @extend_schema(responses={200: ORIGINS}, examples=[examples.ORIGINS])
    def get(self, request: Request, pk: int, pair_id: str) -> Response:
        """Read where a pair came from.

        Its verdict, reviews by pseudonym, guideline and rubric, how it was drawn, its responses with prompt version and
        passages, and the versions that have it.
        """
        version = get_object_or_404(self.project.datasetversions, pk=pk)
        pair = get_object_or_404(version.pairs, pair_id=pair_id)
        return Response(lineage.origins(pair))


class UseList(ProgramView):
    @extend_schema(
        parameters=[
            OpenApiParameter("response", str, description="External id of a response."),
            OpenApiParameter("reviewer", str, description="Pseudonym of a reviewer."),
        ],
        responses={200: USES},
        examples=[examples.USES],
    )
    def get(self, request: Request) -> Response:
        """List the versions that used something.

        Of a response, or of a reviewer: every complete version with the number of its pairs, the newest 1,000.
        """
        rows = lineage.by_version(self.asked(request))[:1000]
        return Response({"results": [
            {"version": row["version"], "dataset": row["version__dataset__key"], "number": row["version__number"],
             "pairs": row["pairs"], "superseded_at": row["version__superseded_at"],
             "superseded_by": row["version__superseded_by__number"]}
            for row in rows
        ]})  # fmt: skip

    def asked(self, request: Request) -> QuerySet[PreferencePair]:
        response, reviewer = (request.query_params.get(name) for name in ("response", "reviewer"))
        if bool(response) == bool(reviewer) or "\0" in (response or reviewer or ""):
            raise Problem(400, "invalid", "Name either a response or a reviewer.")
        if response:
            found = get_object_or_404(self.project.responses, external_id=response)
            return lineage.pairs_of_response(found)
        return lineage.pairs_of_reviewer(get_object_or_404(self.project.members, pseudonym=reviewer))
