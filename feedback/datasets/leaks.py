"""Pairs that stand apart from their like (I14): for `manage.py verify`, and once more when a file is written."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Max

from feedback.datasets.models import DatasetVersion, GroupSplit, PreferencePair, PromptSketch
from feedback.jobs import Job
from feedback.responses.models import Response

STEP = 5_000  # pairs whose groups are looked up at once

# What is looked up for each row is a subquery, so that no planner reads whole tables for some thousand pairs. None of
# them has an index of a first column alone, which would be taken while there are no statistics of rows just written.
APART = """
WITH side AS (
    SELECT pair_id, split, chosen_response_id AS response FROM {pairs}
    WHERE version_id = %(version)s AND position BETWEEN %(first)s AND %(last)s AND erased_at IS NULL
    UNION ALL
    SELECT pair_id, split, rejected_response_id FROM {pairs}
    WHERE version_id = %(version)s AND position BETWEEN %(first)s AND %(last)s AND erased_at IS NULL
), said AS (
    SELECT DISTINCT side.pair_id, side.split, r.fold_hash, r.prompt_hash, r.conversation_id
    FROM side {response_of}
), named AS (
    SELECT pair_id, split, 'fold' AS kind, fold_hash AS name FROM said
    UNION ALL SELECT pair_id, split, 'prompt', prompt_hash FROM said
    UNION ALL SELECT pair_id, split, 'conversation', conversation_id FROM said
    UNION ALL SELECT pair_id, split, 'fold', anchor.value FROM said
        CROSS JOIN {each}((SELECT s.anchors FROM {sketches} s
                           WHERE s.project_id = %(near_project)s AND s.fold_hash = said.fold_hash)) AS anchor
)
SELECT DISTINCT pair_id, split FROM named WHERE name <> '' AND split <> COALESCE(
    (SELECT g.split FROM {groups} g
     WHERE g.dataset_id = %(dataset)s AND g.kind = named.kind AND g."group" = named.name), '')
"""
DIALECT = {
    "postgresql": {
        "each": "jsonb_array_elements_text",
        "response_of": "CROSS JOIN LATERAL (SELECT * FROM {responses} WHERE id = side.response OFFSET 0) r",
    },
    "sqlite": {"each": "json_each", "response_of": "JOIN {responses} r ON r.id = side.response"},
}


def pairs_across_splits() -> list[str]:
    """Pairs with a conversation, a question, a prompt or, where the build of the version looked for such, a question
    that says nearly the same, which their dataset has put into another split.

    A group has one split in a dataset (unique), so a pair that agrees with it shares no group with a pair elsewhere.
    """
    found: list[str] = []
    for version in DatasetVersion.objects.filter(state=Job.State.DONE).select_related("dataset").order_by("pk"):
        end = version.pairs.aggregate(end=Max("position"))["end"]
        for start in range(0, -1 if end is None else end + 1, STEP):
            found += apart(version, start, start + STEP - 1)
    return found


def apart(version: DatasetVersion, first: int, last: int, splits: Iterable[str] | None = None) -> list[str]:
    """Those of them among the pairs at these positions, both ends included; of these splits only, where some are named.

    One statement, whatever the number of pairs.
    """
    given = {
        "version": version.pk,
        "dataset": version.dataset_id,
        "near_project": version.project_id if version.cursor.get("near") else None,
        "first": first,
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement(), given)
        found = [(name, split) for name, split in cursor.fetchall() if splits is None or split in splits]
    return [f"pair {name} is in {split}, apart from its like" for name, split in sorted(found)]


def statement() -> str:
    tables = {"pairs": PreferencePair, "responses": Response, "sketches": PromptSketch, "groups": GroupSplit}
    names = {name: f'"{model._meta.db_table}"' for name, model in tables.items()}
    return APART.format(**{name: sql.format(**names) for name, sql in DIALECT[connection.vendor].items()}, **names)
