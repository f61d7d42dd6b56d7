"""What is stored in the end, read by plain SQL: the checker must not believe the code that it checks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.faults.chaos.history import digest

Row = dict[str, Any]

REVIEWS = """
SELECT r.id, r.submission_id::text, r.reviewer_id, r.subject_id, r.origin, r.round, r.note, a.id AS assignment_id,
       r.withdrawn_at IS NOT NULL AS is_withdrawn, r.invalidated_at IS NOT NULL AS is_invalidated
FROM judgements_review r LEFT JOIN queues_assignment a ON a.review_id = r.id
"""
ANSWERS = """
SELECT a.review_id, c.key, c.kind,
       coalesce(to_jsonb(a.number), to_jsonb(nullif(a.value, '')), to_jsonb(a.text)) AS value
FROM judgements_rating a JOIN rubrics_criterion c ON c.id = a.criterion_id
UNION ALL
SELECT a.review_id, c.key, c.kind, jsonb_strip_nulls(jsonb_build_object(
       'outcome', a.outcome, 'preferred', a.preferred_id, 'strength', a.strength))
FROM judgements_comparison a JOIN rubrics_criterion c ON c.id = a.criterion_id
UNION ALL
SELECT a.review_id, c.key, c.kind, jsonb_build_object('response', a.response_id, 'text', a.text)
FROM judgements_correction a JOIN rubrics_criterion c ON c.id = a.criterion_id
UNION ALL
SELECT r.id, c.key, c.kind, coalesce((
       SELECT jsonb_agg(jsonb_build_object('response', s.response_id, 'start', s.start, 'end', s."end",
              'quote', s.quote, 'kind', s.kind, 'severity', s.severity) ORDER BY s.id)
       FROM judgements_span s WHERE s.review_id = r.id AND s.criterion_id = c.id), '[]')
FROM judgements_review r JOIN rubrics_criterion c ON c.rubric_version_id = r.rubric_version_id AND c.kind = 'spans'
"""
ASSIGNMENTS = """
SELECT a.id, a.token::text, a.item_id, a.reviewer_id, a.round, a.state, a.draft, a.review_id,
       r.submission_id::text AS submission_id, r.withdrawn_at IS NOT NULL AS is_withdrawn
FROM queues_assignment a LEFT JOIN judgements_review r ON r.id = a.review_id
"""
PLACES = "SELECT id, item_id, state, assignment_id FROM queues_place"
ITEMS = """
SELECT i.id, i.queue_id, q.key AS queue, i.state, i.k, i.n_filled, i.run_id,
       (SELECT array_agg(s.response_id ORDER BY s.response_id) FROM responses_subjectresponse s
        WHERE s.subject_id = i.subject_id) AS responses
FROM queues_item i JOIN queues_queue q ON q.id = i.queue_id
"""
RESPONSES = """
SELECT r.id, r.external_id, r.draw_key, r.input_hash, b.output
FROM responses_response r JOIN responses_responsebody b ON b.response_id = r.id
"""
RUNS = """
SELECT r.id, u.key AS rule, r.state, r.tick, r.error, r.lowest_id, r.highest_id, r.n_drawn, v.rate, v.size, v.seed,
       v.queue_id, x.subject_size
FROM sampling_samplingrun r JOIN sampling_samplingruleversion v ON v.id = r.rule_version_id
JOIN sampling_samplingrule u ON u.id = v.rule_id JOIN queues_queue q ON q.id = v.queue_id
JOIN rubrics_rubricversion x ON x.id = q.rubric_version_id
"""
VERSIONS = "SELECT id, state, error FROM datasets_datasetversion"
EXPORTS = (
    "SELECT id, version_id, shape, split, state, error, sha256, n_rows, n_bytes, manifest, file FROM datasets_export"
)
ACTIONS = "SELECT reason, kind, item_id FROM moderation_action ORDER BY id"


@dataclass
class Facts:
    reviews: list[Row] = field(default_factory=list)  # each with `digest` of its answers and note
    assignments: list[Row] = field(default_factory=list)
    places: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    responses: list[Row] = field(default_factory=list)  # each with `digest` of its output
    runs: list[Row] = field(default_factory=list)
    versions: list[Row] = field(default_factory=list)
    exports: list[Row] = field(default_factory=list)  # each with `file_sha256` and `file_rows`, None without a file
    actions: list[Row] = field(default_factory=list)
    promises: list[Row] = field(default_factory=list)  # findings of `manage.py verify`
    failures: list[str] = field(default_factory=list)  # of the product, in its logs, that no fault explains


def read(address: str, files: Path, promises: list[Row], logs: Iterable[Path]) -> Facts:
    with psycopg.connect(address, row_factory=dict_row) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        facts = Facts(
            reviews=connection.execute(REVIEWS).fetchall(),
            assignments=connection.execute(ASSIGNMENTS).fetchall(),
            places=connection.execute(PLACES).fetchall(),
            items=connection.execute(ITEMS).fetchall(),
            responses=connection.execute(RESPONSES).fetchall(),
            runs=connection.execute(RUNS).fetchall(),
            versions=connection.execute(VERSIONS).fetchall(),
            exports=connection.execute(EXPORTS).fetchall(),
            actions=connection.execute(ACTIONS).fetchall(),
            promises=promises,
            failures=[failure for log in logs for failure in unexplained(log.read_text(errors="replace"))],
        )
        answers: dict[int, Row] = {}
        for row in connection.execute(ANSWERS):
            value = int(row["value"]) if row["kind"] == "scale" else row["value"]
            answers.setdefault(row["review_id"], {})[row["key"]] = value
    for review in facts.reviews:
        review["digest"] = digest([answers.get(review["id"], {}), review["note"]])
    for row in facts.assignments:
        row["draft_digest"] = digest(row.pop("draft"))
    for response in facts.responses:
        response["digest"] = digest(response.pop("output"))
    for export in facts.exports:
        path = files / export["file"]
        content = path.read_bytes() if export["file"] and path.exists() else None
        export["file_sha256"] = None if content is None else hashlib.sha256(content).hexdigest()
        export["file_rows"] = None if content is None else content.count(b"\n")
    return facts


# What a lost database or broker, or a process that was told to end, may leave in a log.
EXPLAINED = (
    "OperationalError", "InterfaceError", "AdminShutdown", "CrashShutdown", "CannotConnectNow", "ConnectionError",
    "ConnectionResetError", "ConnectionRefusedError", "BrokenPipeError", "TimeoutError", "InvalidResponse",
    "WorkerLostError", "SystemExit", "IdleInTransactionSessionTimeout", "WorkerShutdown", "BusyLoadingError",
    "UnreadablePostError", "StorageError", "RateLimitStorageError",
)  # fmt: skip
TRACE = re.compile(r"^Traceback \(most recent call last\):\n(?:(?:[ \t].*)?\n)+?(\S.*)$", re.M)
CHAINED = ("During handling of the above exception", "The above exception was the direct cause")


def unexplained(log: str) -> list[str]:
    """The tracebacks that no fault explains; one that followed from an explained error is explained."""
    chains: list[list[re.Match[str]]] = []
    for match in TRACE.finditer(log):
        is_chained = chains and log[chains[-1][-1].end() : match.start()].strip().startswith(CHAINED)
        if is_chained:
            chains[-1].append(match)
        else:
            chains.append([match])
    return [chain[-1][0][-2000:] for chain in chains if not any(map(is_explained, chain))]


def is_explained(trace: re.Match[str]) -> bool:
    error = trace[1].split(":")[0].split(".")[-1].strip()
    return error in EXPLAINED or (error == "ExceptionWithTraceback" and "raise WorkerLostError" in trace[0])
