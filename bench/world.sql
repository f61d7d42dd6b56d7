-- What bench/world.py fills one project with. Each statement stands alone; its parameters are sizes, and ids to reckon from.

CREATE OR REPLACE FUNCTION pg_temp.u(i bigint, seed int) RETURNS float8 LANGUAGE sql IMMUTABLE
AS 'SELECT (hashint8extended(i, seed) & 1073741823) / 1073741824.0::float8';

CREATE OR REPLACE FUNCTION pg_temp.hex(i bigint, seed text) RETURNS text LANGUAGE sql IMMUTABLE
AS 'SELECT encode(sha256((i || seed)::bytea), ''hex'')';

-- Texts are put together from a pool of a thousand paragraphs, and each holds one word of its own.
CREATE TEMP TABLE pool ON COMMIT DROP AS
SELECT k, string_agg(
    (ARRAY['The hotel', 'Your policy', 'The delayed flight', 'A lost suitcase', 'The rental car', 'Medical care abroad',
           'The cancelled tour', 'Your travel companion', 'A stolen passport', 'The insurer'])[1 + (k * 7 + s * 3) %% 10]
    || ' is ' ||
    (ARRAY['covered from the first day', 'not covered before departure', 'paid back within thirty days',
           'limited to five hundred euros', 'subject to a written claim', 'excluded in the basic plan'])[1 + (k * 5 + s) %% 6]
    || ' when ' ||
    (ARRAY['the airline confirms it in writing', 'the delay lasts more than twelve hours', 'a doctor was consulted on the spot',
           'the loss was reported to the police', 'the receipts are kept and sent in'])[1 + (k / 10 + s) %% 5]
    || '. ', '') AS words
FROM generate_series(0, 999) k, generate_series(1, 3) s GROUP BY k;

ANALYZE pool;

INSERT INTO responses_response (id, project_id, batch_id, external_id, prompt_version_id, model_id, body_hash,
    prompt_hash, input_hash, fold_hash, output_hash, draw_key, conversation_id, trace_id, span_id, subject_key, origin,
    environment, segment, licence, consent, tags, input_tokens, output_tokens, cost, cost_is_given, latency_ms,
    responded_at, created_at, is_queued, has_feedback, verdict)
SELECT %(responses_response)s + i, %(project)s, %(batch)s, 'r-' || i,
    %(version)s + p * 10 + greatest(0, (i - 1) * 10 / %(n)s - (pg_temp.u(i, 3) < 0.3)::int),
    %(model)s + p %% 3 * 2 + (pg_temp.u(i, 4) < 0.2)::int, pg_temp.hex(i, 'b'), pg_temp.hex(i, 'p'),
    pg_temp.hex(i * 9 / 10, 'i'), pg_temp.hex(i * 9 / 10, 'f'), pg_temp.hex(i, 'o'), pg_temp.u(i, 1),
    CASE WHEN pg_temp.u(i, 5) < 0.4 THEN 'conversation-' || i / 3 ELSE '' END, substr(pg_temp.hex(i, 't'), 1, 32), '',
    'user-' || i %% 50000, CASE WHEN o < 0.9 THEN 'production' WHEN o < 0.95 THEN 'replay' WHEN o < 0.98 THEN 'test' ELSE 'import' END,
    CASE WHEN pg_temp.u(i, 7) < 0.85 THEN 'production' ELSE 'staging' END,
    (ARRAY['private', 'business', 'family'])[1 + i %% 3], '', NULL,
    CASE WHEN pg_temp.u(i, 8) < 0.01 THEN '["refund"]'::jsonb ELSE '[]' END, 200 + (800 * pg_temp.u(i, 9))::int,
    50 + (400 * pg_temp.u(i, 10))::int, round((0.0002 + 0.01 * pg_temp.u(i, 11))::numeric, 9), false,
    exp(5.5 + pg_temp.u(i, 12) + pg_temp.u(i, 13) + pg_temp.u(i, 14))::int,
    now() - interval '60 days' * (1 - i / %(n)s::float8), now() - interval '60 days' * (1 - i / %(n)s::float8), true,
    pg_temp.u(i, 15) < 0.02, ''
FROM (SELECT i, (20 * power(pg_temp.u(i, 2), 2))::int %% 20 AS p, pg_temp.u(i, 6) AS o FROM generate_series(1::bigint, %(n)s) i) AS numbered;

INSERT INTO responses_responsebody (response_id, messages, tools, variables, input_key, output, tool_calls, parameters, metadata)
SELECT %(responses_response)s + i, jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'Question ' || i * 9 / 10 || ': ' || c.words)),
    '[]', NULL, '', 'Case ' || i || ': ' || a.words || b.words, '[]', '{}', '{}'
FROM generate_series(1::bigint, %(n)s) i JOIN pool a ON a.k = i * 7 %% 1000 JOIN pool b ON b.k = i * 31 %% 997 JOIN pool c ON c.k = i * 9 / 10 %% 991;

INSERT INTO responses_passage (project_id, response_id, position, external_id, title, text, text_hash, url, store, score)
SELECT %(project)s, %(responses_response)s + i, 0, '', 'Comfort plan', 'Clause ' || i || ': ' || a.words || b.words, pg_temp.hex(i, 's'), '', 'plans', 0.8
FROM generate_series(1::bigint, %(n)s) i JOIN pool a ON a.k = i * 11 %% 1000 JOIN pool b ON b.k = i * 17 %% 997;

INSERT INTO responses_userfeedback (project_id, response_id, kind, score, comment, at)
SELECT project_id, id, 'rating', (pg_temp.u(id, 16) < 0.7)::int, '', responded_at FROM responses_response
WHERE project_id = %(project)s AND has_feedback;

-- Subjects: of one response each, in a shuffled order (7919 is prime to the size), then of two.
INSERT INTO responses_subject (id, project_id, key, size, input_hash, created_at)
SELECT %(responses_subject)s + j, %(project)s, (%(responses_response)s + 1 + j * 7919 %% %(n)s)::text, 1, pg_temp.hex(j, 'i'), now()
FROM generate_series(1::bigint, %(n)s) j;

INSERT INTO responses_subject (id, project_id, key, size, input_hash, created_at)
SELECT %(responses_subject)s + %(n)s + j, %(project)s, (%(responses_response)s + j) || '+' || (%(responses_response)s + j + %(n)s / 2), 2, pg_temp.hex(j, 'i'), now()
FROM generate_series(1::bigint, %(n)s / 50) j;

INSERT INTO responses_subjectresponse (subject_id, response_id, position)
SELECT %(responses_subject)s + j, %(responses_response)s + 1 + j * 7919 %% %(n)s, 0 FROM generate_series(1::bigint, %(n)s) j;

INSERT INTO responses_subjectresponse (subject_id, response_id, position)
SELECT %(responses_subject)s + %(n)s + j, %(responses_response)s + j + side * (%(n)s / 2), side
FROM generate_series(1::bigint, %(n)s / 50) j, generate_series(0, 1) side;

-- Items: of the first tenth most are settled, some complete, unresolved or withdrawn.
CREATE OR REPLACE FUNCTION pg_temp.state_of(j bigint, reviewed bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN j > reviewed THEN 'open' WHEN j %% 50 = 0 THEN 'unresolved' WHEN j %% 97 = 0 THEN 'complete' ELSE 'settled' END $$;

INSERT INTO queues_item (id, project_id, queue_id, subject_id, k, lane, state, n_filled, completed_at, settle_after,
    inclusion_probability, rule_label, rule_version_id, stratum, created_at)
SELECT %(queues_item)s + j, %(project)s, CASE WHEN j > %(n)s THEN %(pair_queue)s ELSE %(queue)s END, %(responses_subject)s + j, 2, 1, state,
    CASE WHEN state = 'open' THEN 0 ELSE 2 END, CASE WHEN state <> 'open' THEN now() END, CASE WHEN state <> 'open' THEN now() END,
    CASE WHEN j %% 3 = 0 THEN 0.8 ELSE 0.2 END, 'sample v1', %(rule)s, '', now() - interval '20 days'
FROM (SELECT j, CASE WHEN j > %(n)s THEN pg_temp.state_of(j - %(n)s, %(n)s / 60) ELSE pg_temp.state_of(j, %(n)s / 10) END AS state
      FROM generate_series(1::bigint, %(n)s + %(n)s / 50) j) AS states;

INSERT INTO queues_lane (queue_id, number, next_pos) VALUES (%(queue)s, 0, 1), (%(queue)s, 1, 2 * %(n)s + 1),
    (%(pair_queue)s, 0, 1), (%(pair_queue)s, 1, 2 * (%(n)s / 50) + 1);

-- Reviews: two of each reviewed item, spread over twenty days and all reviewers.
CREATE TEMP TABLE turn ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY i.id, number) AS t, i.id AS item, i.subject_id AS subject, i.queue_id AS queue, number,
    %(reviewer)s + (i.id * 2 + number * 7) %% 20 AS reviewer,
    now() - interval '20 days' * (1 - pg_temp.u(i.id, 50)) AS at, i.queue_id = %(queue)s AS is_single
FROM queues_item i, generate_series(1, 2) number WHERE i.project_id = %(project)s AND i.state <> 'open';

INSERT INTO judgements_review (id, project_id, subject_id, rubric_version_id, reviewer_id, origin, round, revision, submission_id,
    digest, shown_order, visible, active_ms, note, submitted_at, created_at)
SELECT %(judgements_review)s + t, %(project)s, subject, CASE WHEN is_single THEN %(rubric)s ELSE %(pair_rubric)s END, reviewer,
    CASE WHEN is_single THEN 'answers' ELSE 'pairs' END, 1, 1, gen_random_uuid(), pg_temp.hex(t, 'd'), '[]', '{}', 30000, '', at, at
FROM turn;

INSERT INTO queues_assignment (id, project_id, queue_id, item_id, reviewer_id, round, state, token, claimed_at, shown_order,
    visible, draft, submitted_at, review_id, skip_reason, skip_note)
SELECT %(queues_assignment)s + t, %(project)s, queue, item, reviewer, 1, 'submitted', gen_random_uuid(), at - interval '1 minute', '[]',
    '{}', '{}', at, %(judgements_review)s + t, '', '' FROM turn;

INSERT INTO queues_place (project_id, queue_id, item_id, number, lane, pos, state, assignment_id, claimed_at)
SELECT %(project)s, i.queue_id, i.id, places.number, 1,
    (i.id - %(queues_item)s - CASE WHEN i.queue_id = %(queue)s THEN 1 ELSE %(n)s + 1 END) * 2 + places.number,
    CASE WHEN turn.t IS NULL THEN 'open' ELSE 'filled' END, %(queues_assignment)s + turn.t, turn.at
FROM queues_item i CROSS JOIN generate_series(1, 2) AS places(number)
LEFT JOIN turn ON turn.item = i.id AND turn.number = places.number
WHERE i.project_id = %(project)s;

INSERT INTO queues_front (queue_id, lane, reviewer_id, pos)
SELECT %(queue)s, 1, %(reviewer)s + r, %(n)s / 5 FROM generate_series(0, 19) r;

INSERT INTO judgements_rating (project_id, review_id, criterion_id, number, value, text, part)
SELECT %(project)s, %(judgements_review)s + t, %(criterion)s + c, CASE WHEN c = 1 THEN 1 + (t + item) %% 5 END,
    CASE c WHEN 0 THEN CASE WHEN item %% 7 = 0 THEN 'no' ELSE 'yes' END WHEN 2 THEN CASE WHEN item %% 41 = 0 THEN 'yes' ELSE 'no' END ELSE '' END, '', ''
FROM turn, generate_series(0, 2) c WHERE is_single;

INSERT INTO judgements_span (project_id, review_id, criterion_id, response_id, start, "end", quote, prefix, suffix, text_hash, kind,
    severity, note, evidence_quote)
SELECT %(project)s, %(judgements_review)s + t, %(criterion)s + 3, p.response_id, 0, 4, 'Case', '', '', '', 'unsupported', '', '', ''
FROM turn JOIN responses_subjectresponse p ON p.subject_id = turn.subject WHERE is_single AND item %% 7 = 0;

INSERT INTO judgements_comparison (project_id, review_id, criterion_id, outcome, preferred_id, strength, ranking)
SELECT %(project)s, %(judgements_review)s + t, %(pair_criterion)s, 'preferred', p.response_id, 1, '[]'
FROM turn JOIN responses_subjectresponse p ON p.subject_id = turn.subject AND p.position = item %% 2 WHERE NOT is_single;

-- Verdicts: one of each settled item.
CREATE TEMP TABLE settled ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY id) AS v, id AS item, subject_id AS subject, queue_id = %(queue)s AS is_single,
    inclusion_probability AS p, id %% 7 = 0 OR id %% 41 = 0 OR id %% 11 = 0 AS is_failure, now() - interval '20 days' * (1 - pg_temp.u(id, 50)) AS at
FROM queues_item WHERE project_id = %(project)s AND state = 'settled';

INSERT INTO judgements_verdict (id, project_id, subject_id, rubric_version_id, origin, method, answers, is_failure, n_reviews, review_ids,
    reason, queue_label, rule_label, inclusion_probability, is_current, created_at)
SELECT %(judgements_verdict)s + v, %(project)s, subject, %(rubric)s, 'answers', 'consensus', jsonb_build_object(
    'grounded', jsonb_build_object('kind', 'yes_no', 'value', CASE WHEN item %% 7 = 0 THEN 'no' ELSE 'yes' END, 'share', 1.0,
        'votes', jsonb_build_object(CASE WHEN item %% 7 = 0 THEN 'no' ELSE 'yes' END, 2), 'n', 2),
    'helpful', jsonb_build_object('kind', 'scale', 'mean', CASE WHEN item %% 11 = 0 THEN 2 ELSE 4.5 END, 'median', 4.5, 'sd', 0.71,
        'distribution', '{"4": 1, "5": 1}'::jsonb, 'n', 2),
    'toxic', jsonb_build_object('kind', 'yes_no', 'value', CASE WHEN item %% 41 = 0 THEN 'yes' ELSE 'no' END, 'share',
        CASE WHEN item %% 5 = 0 THEN 0.67 ELSE 1.0 END, 'votes', '{"no": 2}'::jsonb, 'n', 2),
    'flags', jsonb_build_object('kind', 'spans', 'value', CASE WHEN item %% 7 = 0 THEN 'yes' ELSE 'no' END, 'share', 1.0,
        'votes', '{"no": 2}'::jsonb, 'n', 2, 'n_spans', 0, 'kinds', '{}'::jsonb)),
    is_failure, 2, '[]', '', 'Answers', 'sample v1', p, true, at
FROM settled WHERE is_single;

INSERT INTO judgements_verdict (id, project_id, subject_id, rubric_version_id, origin, method, answers, is_failure, n_reviews, review_ids,
    reason, queue_label, rule_label, inclusion_probability, is_current, created_at)
SELECT %(judgements_verdict)s + v, %(project)s, subject, %(pair_rubric)s, 'pairs', 'consensus', jsonb_build_object('better', jsonb_build_object(
    'kind', 'comparison', 'outcome', 'preferred', 'preferred', (SELECT response_id FROM responses_subjectresponse p WHERE p.subject_id = subject
    AND p.position = item %% 2), 'share', CASE WHEN item %% 4 = 0 THEN 0.5 ELSE 1.0 END, 'n', 2, 'votes', '{}'::jsonb, 'strength', 1.5)),
    NULL, 2, '[]', '', 'Pairs', 'sample v1', p, true, at
FROM settled WHERE NOT is_single;

UPDATE responses_response r SET verdict = CASE WHEN s.is_failure THEN 'failed' ELSE 'passed' END
FROM settled s JOIN responses_subjectresponse p ON p.subject_id = s.subject WHERE s.is_single AND r.id = p.response_id;

INSERT INTO quality_adjudication (project_id, item_id, disputed, opened_at)
SELECT project_id, id, '["grounded"]', now() - interval '5 days' FROM queues_item WHERE project_id = %(project)s AND state = 'unresolved';

INSERT INTO quality_adjudication (project_id, item_id, disputed, opened_at, settled_at, settled_by_id, verdict_id)
SELECT %(project)s, item, '["grounded"]', at, at, %(moderator)s, %(judgements_verdict)s + v FROM settled WHERE v %% 20 = 0;

INSERT INTO queues_escalation (project_id, item_id, raised_by_id, created_at, closed_at, closed_by_id)
SELECT %(project)s, item, %(reviewer)s + v %% 20, at, CASE WHEN v %% 80 > 1 THEN at END, CASE WHEN v %% 80 > 1 THEN %(moderator)s END
FROM settled WHERE v %% 20 = 1;

INSERT INTO queues_escalationmessage (project_id, escalation_id, author_id, text, created_at)
SELECT e.project_id, e.id, CASE WHEN m = 0 THEN e.raised_by_id ELSE %(moderator)s END, 'What does the policy say here?', e.created_at
FROM queues_escalation e, generate_series(0, 1) m WHERE e.project_id = %(project)s AND (m = 0 OR e.id %% 3 > 0);

INSERT INTO moderation_action (project_id, kind, item_id, by_id, reason, k_before, at)
SELECT %(project)s, CASE WHEN v %% 2 = 0 THEN 'withdraw' ELSE 'put-back' END, item, %(moderator)s, 'Not ours', 2, at FROM settled WHERE v %% 20 = 2;

-- The dataset: a smaller version and one of a tenth of the size, what was left out, and the splits.
INSERT INTO datasets_preferencepair (project_id, version_id, position, pair_id, group_id, split, source, criterion, prompt, chosen, rejected,
    tools, n_votes, votes_for, votes_against, votes_tied, vote_share, strength, provenance, chosen_response_id, rejected_response_id, verdict_id)
SELECT %(project)s, version, x - 1, substr(pg_temp.hex(x, 'pair'), 1, 40), substr(pg_temp.hex(x, 'group'), 1, 40),
    CASE WHEN x %% 10 = 0 THEN 'test' ELSE 'train' END, CASE WHEN x %% 5 = 0 THEN 'rating' ELSE 'comparison' END, 'better',
    b.messages, jsonb_build_array(jsonb_build_object('role', 'assistant', 'content', b.output)),
    jsonb_build_array(jsonb_build_object('role', 'assistant', 'content', 'Case ' || x || ': ' || w.words)), '[]', 2, 2, 0, 0, 1.0, 1.5, '{}',
    %(responses_response)s + x, %(responses_response)s + x + 1, %(judgements_verdict)s + 1 + x %% (SELECT count(*) FROM settled)
FROM (VALUES (%(older_version)s, %(n)s / 20), (%(newer_version)s, %(n)s / 10)) AS sizes(version, size)
CROSS JOIN LATERAL generate_series(1, size) x JOIN responses_responsebody b ON b.response_id = %(responses_response)s + x JOIN pool w ON w.k = x %% 1000;

UPDATE datasets_datasetversion SET counts = jsonb_build_object('pairs', CASE WHEN number = 2 THEN %(n)s / 10 ELSE %(n)s / 20 END,
    'excluded', CASE WHEN number = 2 THEN jsonb_build_object('tie', %(n)s / 50, 'too-few-votes', %(n)s / 50) ELSE '{}'::jsonb END),
    cursor = jsonb_build_object('newest', %(judgements_verdict)s + 1000)
WHERE dataset_id = %(dataset)s;

INSERT INTO datasets_versionrow (project_id, version_id, kind, position, key, reason, data)
SELECT %(project)s, %(newer_version)s, 'excluded', x - 1, substr(pg_temp.hex(x, 'out'), 1, 40), CASE WHEN x %% 2 = 0 THEN 'tie' ELSE 'too-few-votes' END,
    jsonb_build_object('chosen', 'r-' || x, 'rejected', 'r-' || x + 1, 'source', 'comparison', 'votes', '[1, 1, 0]'::jsonb)
FROM generate_series(1::bigint, %(n)s / 25) x;

INSERT INTO datasets_groupsplit (project_id, dataset_id, kind, "group", split, first_version_id)
SELECT %(project)s, %(dataset)s, 'fold', pg_temp.hex(x, 'f'), 'train', %(older_version)s FROM generate_series(1::bigint, %(n)s / 10) x;

INSERT INTO datasets_export (project_id, version_id, shape, split, file, n_rows, n_bytes, sha256, manifest, state, attempt, cursor, done,
    error, created_at, finished_at)
SELECT %(project)s, version, shape, '', '', 10, 10, '', '{}', 'done', 1, '{}', 10, '', now() - interval '1 day', now()
FROM unnest(ARRAY[%(older_version)s, %(newer_version)s]) version, unnest(ARRAY['preference', 'votes', 'revision']) shape;

INSERT INTO sampling_samplingrun (project_id, rule_version_id, tick, n_drawn, n_added, state, attempt, cursor, done, error, created_at,
    started_at, finished_at, lowest_id, highest_id)
SELECT %(project)s, %(rule)s, 'tick-' || x, 100, 100, CASE WHEN x %% 100 = 0 THEN 'failed' ELSE 'done' END, 1, '{}', 100, '', at, at, at,
    %(responses_response)s, %(responses_response)s FROM (SELECT x, now() - interval '20 days' * x / 5000.0 AS at FROM generate_series(1::bigint, %(n)s / 200) x) AS ticks;

INSERT INTO audit_auditevent (project_id, at, actor, api_key, ip, request_id, verb, object_type, object_id, before, after, facts)
SELECT %(project)s, now() - interval '60 days' * (1 - x * 5.0 / %(n)s), %(actor)s, '', NULL, '', CASE WHEN x %% 4 = 0 THEN 'responses-exported' ELSE 'queue-changed' END,
    CASE WHEN x %% 4 = 0 THEN 'accounts.project' ELSE 'queues.queue' END, (x %% 100)::text, '', '', '{}'
FROM generate_series(1::bigint, %(n)s / 5) x;

INSERT INTO audit_auditseal (seq, event_id, hash, sealed_at) SELECT id, id, '', now() FROM audit_auditevent WHERE project_id = %(project)s;

INSERT INTO django_session (session_key, session_data, expire_date)
SELECT substr(pg_temp.hex(x, 'session' || %(project)s), 1, 32), repeat('x', 200), now() + interval '14 days' FROM generate_series(1::bigint, %(n)s / 50) x;

SELECT setval(pg_get_serial_sequence(t, 'id'), m) FROM (
    SELECT 'responses_response' AS t, max(id) AS m FROM responses_response UNION ALL SELECT 'responses_subject', max(id) FROM responses_subject
    UNION ALL SELECT 'queues_item', max(id) FROM queues_item UNION ALL SELECT 'queues_assignment', max(id) FROM queues_assignment
    UNION ALL SELECT 'judgements_review', max(id) FROM judgements_review UNION ALL SELECT 'judgements_verdict', max(id) FROM judgements_verdict) AS tops;

DROP TABLE turn, settled, pool;
