"""Queues of any length in one go, by SQL: items, places, texts where the runs will read them, people far ahead."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.db import connection

from feedback.accounts.models import Member, User
from reviews.queues.models import Queue
from tests import make

REACH = 10_000  # items with texts from each place where somebody begins
PROSE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "newcomers-walk.md"
TEXT = " ".join(PROSE.read_text().split())[:6_000]
ITEMS = """
INSERT INTO responses_subject (project_id, key, size, input_hash, created_at)
SELECT %(project)s, (%(base)s + n)::text, 1, '', now() FROM generate_series(1, %(n)s) n;
INSERT INTO queues_item (project_id, queue_id, subject_id, k, lane, state, n_filled, rule_label, stratum, created_at)
SELECT %(project)s, %(queue)s, id, %(k)s, 1, 'open', 0, '', '', now() FROM responses_subject
WHERE project_id = %(project)s ORDER BY id;
INSERT INTO queues_place (project_id, queue_id, item_id, number, lane, pos, state)
SELECT %(project)s, %(queue)s, i.id, p, 1, (i.rank - 1) * %(k)s + p, 'open'
FROM (SELECT id, row_number() OVER (ORDER BY id) AS rank FROM queues_item WHERE queue_id = %(queue)s) i,
     generate_series(1, %(k)s) p;
INSERT INTO queues_lane (queue_id, number, next_pos) VALUES (%(queue)s, 0, 1), (%(queue)s, 1, %(n)s * %(k)s + 1)
"""
TEXTS = """
INSERT INTO responses_response (
    id, project_id, external_id, body_hash, prompt_hash, input_hash, fold_hash, output_hash, draw_key, conversation_id,
    trace_id, span_id, subject_key, origin, environment, segment, licence, tags, cost_is_given, responded_at,
    created_at, is_queued, has_feedback, verdict)
SELECT %(base)s + n, %(project)s, n::text, '', '', '', '', '', 0, '', '', '', '', 'production', '', '', '', '[]', false,
       now(), now(), true, false, '' FROM generate_series(%(first)s, %(last)s) n ON CONFLICT DO NOTHING;
INSERT INTO responses_responsebody (response_id, messages, tools, input_key, output, tool_calls, parameters, metadata)
SELECT %(base)s + n,
       jsonb_build_array(jsonb_build_object('role', 'user', 'content', substr(%(text)s, n %% 600 + 1, 600))), '[]',
       '', substr(%(text)s, n %% 600 + 1, 1200), '[]', '{}', '{}' FROM generate_series(%(first)s, %(last)s) n
ON CONFLICT DO NOTHING;
INSERT INTO responses_passage (project_id, response_id, position, external_id, title, text, text_hash, url, store)
SELECT %(project)s, %(base)s + n, p, '', 'Source ' || p, substr(%(text)s, n %% 400 + p * 900, 1000), n || '-' || p,
       '', ''
FROM generate_series(%(first)s, %(last)s) n, generate_series(1, 2) p ON CONFLICT DO NOTHING;
INSERT INTO responses_subjectresponse (subject_id, response_id, position)
SELECT s.id, %(base)s + n, 0 FROM generate_series(%(first)s, %(last)s) n
JOIN responses_subject s ON s.project_id = %(project)s AND s.key = (%(base)s + n)::text ON CONFLICT DO NOTHING
"""
TURNS = """
INSERT INTO queues_assignment (project_id, queue_id, item_id, reviewer_id, round, state, token, claimed_at, shown_order,
                               visible, draft, skip_reason, skip_note)
SELECT %(project)s, %(queue)s, id, %(reviewer)s, 1, %(state)s, gen_random_uuid(), now(), '[]', '{}', '{}', '', ''
FROM (SELECT id FROM queues_item WHERE queue_id = %(queue)s ORDER BY id OFFSET %(skip)s LIMIT %(n)s) AS had
"""
PASSED = "INSERT INTO queues_front (queue_id, lane, reviewer_id, pos) VALUES (%(queue)s, 1, %(reviewer)s, %(pos)s)"
GIVEN_BACK = """
UPDATE queues_place p SET lane = 0, pos = a.number FROM (
    SELECT item_id, row_number() OVER (ORDER BY id) AS number FROM queues_assignment
    WHERE queue_id = %(queue)s AND reviewer_id = %(reviewer)s) a
WHERE p.queue_id = %(queue)s AND p.item_id = a.item_id AND p.number = 1;
UPDATE queues_lane SET next_pos = %(n)s + 1 WHERE queue_id = %(queue)s AND number = 0
"""
EXPIRED = """
UPDATE queues_place p
SET state = 'claimed', assignment_id = a.id, claimed_at = now(), lease_until = now() - interval '1 h'
FROM queues_assignment a
WHERE a.queue_id = %(queue)s AND a.reviewer_id = %(reviewer)s AND p.item_id = a.item_id AND p.number = 1
"""


def execute(sql: str, **values: Any) -> list[Any]:
    """Statement by statement, as the driver sends parameters with one only; the rows of the last."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # our foreign keys are right: do not check a million
        for statement in filter(str.strip, sql.split(";")):
            cursor.execute(statement, values)
        rows = cursor.fetchall() if cursor.description else []
        cursor.execute("SET session_replication_role = origin")
        return rows


class Seeded:
    """A queue of n items with k places each, in a project of its own, and the verbs that age it."""

    def __init__(self, n: int, k: int) -> None:
        self.n, self.k = n, k
        self.queue: Queue = make.queue(make.project(f"bench-{uuid.uuid4().hex[:8]}"), k=k, grace_seconds=60)
        ((top,),) = execute("SELECT GREATEST(max(id), 0) FROM responses_response")
        self.base = (top or 0) + 1_000_000
        self.run(ITEMS, n=n, k=k)
        execute("ANALYZE")
        self.write_texts(1)

    def run(self, sql: str, **values: Any) -> None:
        queue = self.queue
        execute(sql, project=queue.project_id, queue=queue.pk, base=self.base, text=TEXT, **values)

    def write_texts(self, first: int) -> None:
        self.run(TEXTS, first=first, last=min(first + REACH - 1, self.n))
        execute("ANALYZE")

    def person(self) -> Member:
        user = User.objects.create_user(f"{uuid.uuid4().hex}@bench.invalid", name="Bench")
        return Member.objects.create(project=self.queue.project, user=user, role="reviewer")

    def had(self, member: Member, n: int, *, skip: int = 0, state: str = "skipped") -> Member:
        """A person who had a turn at n items, from the one after `skip`."""
        self.run(TURNS, reviewer=member.pk, n=n, skip=skip, state=state)
        execute("ANALYZE queues_assignment")
        return member

    def ahead(self, n: int) -> Member:
        """A person who has judged the first n items, whose places are all still open."""
        member = self.had(self.person(), n)
        self.run(PASSED, reviewer=member.pk, pos=n * self.k)
        if n < self.n:
            self.write_texts(n + 1)
        return member

    def given_back(self, n: int, *, skip: int) -> None:
        """n items that somebody skipped: their first places stand in lane 0."""
        self.run(GIVEN_BACK, reviewer=self.had(self.person(), n, skip=skip).pk, n=n)
        self.write_texts(skip + 1)

    def expired(self, n: int, *, skip: int) -> None:
        """n items that somebody left: their leases are over and nobody has freed them yet."""
        self.run(EXPIRED, reviewer=self.had(self.person(), n, skip=skip, state="claimed").pk)
        self.write_texts(skip + 1)
