"""Settled comparisons and frozen pairs by the hundred thousand, made by SQL in seconds; PostgreSQL only.

Texts are of words in an order of their own, so that they compress as prose does: a prompt of about 500 characters and
two answers of about 700 each; three reviews of each comparison, one of them with a reason.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from feedback import jobs
from feedback.accounts.models import Member, Project, User
from feedback.datasets.models import Dataset, DatasetVersion
from feedback.judgements.record import criteria_of
from feedback.responses.models import LanguageModel
from feedback.rubrics.models import RubricVersion
from tests import make

WORDS = 400  # of the vocabulary that texts are drawn from
ANSWERS = """
CREATE TEMP TABLE vocabulary AS
SELECT array_agg(substr(md5('w' || n), 1, 3 + n %% 7)) AS words FROM generate_series(1, 400) n;

CREATE OR REPLACE FUNCTION pg_temp.prose(seed bigint, length int) RETURNS text LANGUAGE sql STABLE AS $$
SELECT string_agg(words[1 + abs(hashint8(seed * 1000 + n)) %% 400], ' ')
FROM vocabulary, generate_series(1, length) n $$;

CREATE TEMP TABLE prose AS
SELECT n, pg_temp.prose(n, 80) AS asked, pg_temp.prose(-n, 110) AS said FROM generate_series(0, 1023) n;
"""
JUDGED = """
INSERT INTO responses_response (project_id, model_id, external_id, body_hash, prompt_hash, input_hash, fold_hash,
    output_hash, draw_key, conversation_id, trace_id, span_id, subject_key, origin, environment, segment, licence, tags,
    cost_is_given, responded_at, created_at, is_queued, has_feedback, verdict)
SELECT %(project)s, %(model)s + side, n || '-' || side, md5('b' || n || side) || md5('c' || n || side),
    md5('p' || n) || md5('q' || n), md5('i' || n) || md5('j' || n), md5('f' || n) || md5('g' || n),
    md5('o' || n || side) || md5('u' || n || side), 0.5, 'talk-' || n, '', '', '', 'production', '', '', '', '[]',
    false, now(), now(), true, false, ''
FROM generate_series(1, %(n)s) n, generate_series(0, 1) side;

INSERT INTO responses_responsebody (response_id, messages, tools, input_key, output, tool_calls, parameters, metadata)
SELECT r.id, jsonb_build_array(jsonb_build_object('role', 'system', 'content', 'Answer from the policy.'),
        jsonb_build_object('role', 'user', 'content', 'Case ' || r.n || ': ' || p.asked)),
    '[]', '', r.external_id || ' ' || s.said, '[]', '{}', '{}'
FROM (SELECT id, external_id, split_part(external_id, '-', 1)::int AS n, split_part(external_id, '-', 2)::int AS side
      FROM responses_response WHERE project_id = %(project)s) r
JOIN prose p ON p.n = r.n %% 1024 JOIN prose s ON s.n = (r.n * 31 + r.side * 511) %% 1024;

INSERT INTO responses_subject (project_id, key, size, input_hash, created_at)
SELECT %(project)s, a.id || '+' || b.id, 2, a.input_hash, now()
FROM responses_response a JOIN responses_response b ON b.project_id = a.project_id
    AND b.external_id = split_part(a.external_id, '-', 1) || '-1'
WHERE a.project_id = %(project)s AND a.external_id LIKE '%%-0';

INSERT INTO responses_subjectresponse (subject_id, response_id, position)
SELECT id, split_part(key, '+', 1 + side)::bigint, side FROM responses_subject, generate_series(0, 1) side
WHERE project_id = %(project)s;

INSERT INTO judgements_review (project_id, subject_id, rubric_version_id, reviewer_id, origin, round, revision,
    submission_id, digest, shown_order, visible, active_ms, note, submitted_at, created_at)
SELECT %(project)s, s.id, %(version)s, member, 'bench', 1, 1, gen_random_uuid(), '',
    jsonb_build_array(split_part(key, '+', 1)::bigint, split_part(key, '+', 2)::bigint), '{}', 30000, '', now(), now()
FROM responses_subject s, unnest(%(members)s) member WHERE project_id = %(project)s;

INSERT INTO judgements_comparison (project_id, review_id, criterion_id, outcome, preferred_id, strength, ranking)
SELECT %(project)s, id, %(better)s, 'preferred', (shown_order -> (subject_id %% 2)::int)::bigint, 2, '[]'
FROM judgements_review WHERE project_id = %(project)s;

INSERT INTO judgements_rating (project_id, review_id, criterion_id, value, text, part)
SELECT %(project)s, id, %(why)s, '', 'It names the clause that decides the case.', ''
FROM judgements_review WHERE project_id = %(project)s AND reviewer_id = %(first)s;

INSERT INTO judgements_verdict (project_id, subject_id, rubric_version_id, origin, method, answers, n_reviews,
    review_ids, reason, queue_label, rule_label, inclusion_probability, is_current, created_at)
SELECT %(project)s, subject_id, %(version)s, 'bench', 'consensus',
    jsonb_build_object('better', jsonb_build_object('kind', 'comparison', 'outcome', 'preferred',
        'preferred', min(shown_order -> (subject_id %% 2)::int #>> '{}')::bigint, 'share', 1.0, 'n', 3, 'strength', 2.0,
        'votes', jsonb_build_object(min(shown_order -> (subject_id %% 2)::int #>> '{}'), 3))),
    3, jsonb_agg(id ORDER BY id), '', 'Bench', 'bench v1', 0.5, true, now()
FROM judgements_review WHERE project_id = %(project)s GROUP BY subject_id;
"""
PAIRS = """
INSERT INTO datasets_preferencepair (project_id, version_id, position, pair_id, group_id, split, source, criterion,
    prompt, chosen, rejected, tools, n_votes, votes_for, votes_against, votes_tied, vote_share, strength, provenance,
    chosen_response_id, rejected_response_id, verdict_id)
SELECT %(project)s, %(version)s, i, md5('p' || i), substr(md5('g' || i), 1, 24),
    'train', 'comparison', 'better',
    jsonb_build_array(jsonb_build_object('role', 'system', 'content', 'Answer from the policy.'),
        jsonb_build_object('role', 'user', 'content', 'Case ' || i || ': ' || p.asked)),
    jsonb_build_array(jsonb_build_object('role', 'assistant', 'content', i || ' ' || a.said)),
    jsonb_build_array(jsonb_build_object('role', 'assistant', 'content', i || ' ' || b.said)),
    '[]', 3, 3, 0, 0, 1.0, 2.0, %(provenance)s, o.chosen_response_id, o.rejected_response_id, o.verdict_id
FROM generate_series(0, %(n)s - 1) i JOIN prose p ON p.n = i %% 1024
JOIN datasets_preferencepair o ON o.version_id = %(built)s AND o.position = i %% %(many)s
JOIN prose a ON a.n = i * 31::bigint %% 1024 JOIN prose b ON b.n = (i * 17 + 5) %% 1024 ORDER BY i;
"""


def execute(sql: str, **values: Any) -> None:
    """Statement by statement, as the driver sends parameters with one only."""
    with connection.cursor() as cursor:
        for statement in filter(str.strip, sql.split(";\n")):
            cursor.execute(statement, values)


@dataclass
class World:
    project: Project
    dataset: Dataset
    rubric: RubricVersion
    members: list[Member]


def small() -> World:
    """A project with a dataset, a rubric for pairs and three reviewers."""
    execute("DROP TABLE IF EXISTS vocabulary, prose;\n" + ANSWERS)
    project = make.project(f"bench-{uuid.uuid4().hex[:8]}")
    shares = {"train": 0.8, "validation": 0.1, "test": 0.1}
    dataset = Dataset.objects.create(project=project, key="bench", name="Bench", shares=shares)
    users = [User.objects.create_user(f"{uuid.uuid4().hex}@bench.invalid") for _ in range(3)]
    members = [Member.objects.create(project=project, user=user, role="reviewer") for user in users]
    return World(project, dataset, make.rubric_version(project, subject_size=2), members)


def settled(n: int) -> World:
    """n verdicts on two responses each, every one of which becomes a pair."""
    world = small()
    models = [LanguageModel.objects.create(project=world.project, name=f"bench-{side}") for side in range(2)]
    better, why = criteria_of(world.rubric)
    members = [member.pk for member in world.members]
    with transaction.atomic():
        execute("SET LOCAL session_replication_role = replica")  # references are right by the statements
        execute(
            JUDGED, project=world.project.pk, model=models[0].pk, n=n, version=world.rubric.pk, members=members,
            first=members[0], better=better.pk, why=why.pk,
        )  # fmt: skip
    execute("ANALYZE")
    return world


def frozen(n: int) -> DatasetVersion:
    """A complete version of n pairs: some thousand were built, the others are made like them by SQL."""
    world = settled(min(n, 10_000))
    world.dataset.shares = {"train": 1.0}
    world.dataset.save()
    version = world.dataset.build()
    jobs.run(DatasetVersion, version.pk)
    version.refresh_from_db()
    pair = version.pairs.get(position=0)
    copy = DatasetVersion.objects.create(
        project=world.project, dataset=world.dataset, number=2, rule=version.rule, state="done", counts=version.counts,
        statistics={**version.statistics, "by_split": {"train": n}}, cursor=version.cursor, rows_sha256="0" * 64,
    )  # fmt: skip
    with transaction.atomic():
        execute("SET LOCAL session_replication_role = replica")
        execute(
            PAIRS, project=world.project.pk, version=copy.pk, n=n, provenance=json.dumps(pair.provenance),
            built=version.pk, many=version.pairs.count(),
        )  # fmt: skip
    execute("VACUUM ANALYZE datasets_preferencepair")
    return copy


def forget(version: DatasetVersion) -> None:
    """The pairs of a version, which are most of a database."""
    execute("TRUNCATE datasets_preferencepair") if version.pairs.count() > 100_000 else version.pairs.all().delete()
