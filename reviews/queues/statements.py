"""The statements of the hot path, in SQL because the ORM cannot say them. Every value is a parameter.

What they promise, and why the fronts are never wrong, is told in this room's README.
"""
# ruff: noqa: S608 - the texts are put together from constants of this file only

from django.db import connection

HAS_TAG = {
    "postgresql": "jsonb_exists(r.tags, o.tag)",
    "sqlite": "o.tag IN (SELECT value FROM json_each(r.tags))",
}[connection.vendor]

# Nothing that this reviewer asked not to see (OptOut). Who asked for nothing pays one look a statement; the texts' tags
# are read for the others only.
WANTED = f"""(NOT EXISTS (SELECT 1 FROM queues_optout u WHERE u.member_id = %(reviewer)s) OR NOT EXISTS (
    SELECT 1 FROM queues_item i JOIN responses_subjectresponse s ON s.subject_id = i.subject_id
    JOIN responses_response r ON r.id = s.response_id
    JOIN queues_optout o ON o.member_id = %(reviewer)s AND {HAS_TAG}
    WHERE i.id = p.item_id LIMIT 1 OFFSET 0))"""
# No place on an item this reviewer has had a turn at. OFFSET 0 is a fence: without it PostgreSQL joins, and reads the
# reviewer's whole history for one place.
UNSEEN = """NOT EXISTS (SELECT 1 FROM queues_assignment a
    WHERE a.item_id = p.item_id AND a.reviewer_id = %(reviewer)s LIMIT 1 OFFSET 0)"""
# The same of a place that is kept for somebody, which may be of a later round: nothing of this round or after it yet.
UNSEEN_IN_ROUND = UNSEEN.replace("LIMIT 1", "AND a.round >= p.round LIMIT 1")
FREE_FOR_ALL = f"p.state = 'open' AND p.reserved_for_id IS NULL AND p.hidden_until IS NULL AND {UNSEEN} AND {WANTED}"
ADMITS = """(NOT q.is_restricted OR EXISTS (
    SELECT 1 FROM queues_admission d WHERE d.queue_id = q.id AND d.member_id = %(reviewer)s))
    AND (q.skill = '' OR EXISTS (
    SELECT 1 FROM queues_memberskill k WHERE k.member_id = %(reviewer)s AND k.tag = q.skill))
    AND (q.training_id IS NULL OR EXISTS (
    SELECT 1 FROM queues_qualification z WHERE z.queue_id = q.training_id AND z.member_id = %(reviewer)s))
    AND NOT EXISTS (SELECT 1 FROM queues_restriction x WHERE x.member_id = %(reviewer)s AND x.lifted_at IS NULL
    AND (x.queue_id IS NULL OR x.queue_id = q.id))"""
AGO = {
    "postgresql": "statement_timestamp() - interval '{}'",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-{}')",
}[connection.vendor]
SENT_WITHIN = """(SELECT count(*) FROM queues_assignment c
    WHERE c.reviewer_id = %(reviewer)s AND c.queue_id = q.id AND c.submitted_at > {})"""
# What is new is not given to who has sent as many reviews here within an hour, or a day, as the queue wants of one.
UNDER_CAP = f"""(q.hourly_cap IS NULL OR q.hourly_cap > {SENT_WITHIN.format(AGO.format("1 hour"))})
    AND (q.daily_cap IS NULL OR q.daily_cap > {SENT_WITHIN.format(AGO.format("24 hours"))})"""
HANDS_OUT = f"q.state = 'open' AND NOT q.takes_imports AND {ADMITS}"
# Who holds something here takes nothing new: their other tab may have claimed while this one waited for the front.
HAS_FREE_HANDS = """NOT EXISTS (
    SELECT 1 FROM queues_assignment a JOIN queues_place p ON p.assignment_id = a.id AND p.state = 'claimed'
    WHERE a.queue_id = %(queue)s AND a.reviewer_id = %(reviewer)s AND a.state = 'claimed')"""

# Each lane with this reviewer's front and the first open place after it that they could take.
LANES = f"""
SELECT l.number, l.next_pos, COALESCE(f.pos, 0) AS front,
       (SELECT p.id FROM queues_place p
        WHERE p.queue_id = l.queue_id AND p.lane = l.number AND p.pos > -START- AND {FREE_FOR_ALL}
        ORDER BY p.pos LIMIT 1) AS place_id
FROM queues_lane l
JOIN queues_queue q ON q.id = l.queue_id AND {HANDS_OUT} AND {UNDER_CAP}
LEFT JOIN queues_front f ON f.queue_id = l.queue_id AND f.lane = l.number AND f.reviewer_id = %(reviewer)s
WHERE l.queue_id = %(queue)s AND l.number >= %(lane)s AND {HAS_FREE_HANDS}
ORDER BY l.number
"""
WALK = LANES.replace("-START-", "COALESCE(f.pos, 0)")
FULL_LOOK = LANES.replace("-START-", "0").replace("LIMIT 1 OFFSET 0", "")  # one join instead of a million probes

# How much of its person's work a place that is kept for them still waits for. Few rows: what keeps such places ahead
# counts from lately.
SUBMITS = """(SELECT count(*) FROM queues_assignment s
    WHERE s.reviewer_id = p.reserved_for_id AND s.queue_id = p.queue_id AND s.submitted_at > p.submits_since)"""
IS_DUE = f"(p.after_submits IS NULL OR {SUBMITS} >= p.after_submits)"

# Places kept for this reviewer, or hidden until a time that has come: they are in no walk, so behind no front.
APART = f"""
SELECT p.id FROM queues_place p JOIN queues_queue q ON q.id = p.queue_id AND {HANDS_OUT} AND {UNDER_CAP}
WHERE p.queue_id = %(queue)s AND p.state = 'open' AND {UNSEEN_IN_ROUND} AND {WANTED}
  AND (p.reserved_for_id = %(reviewer)s OR (p.reserved_for_id IS NULL AND p.hidden_until IS NOT NULL))
  AND (p.hidden_until IS NULL OR p.hidden_until <= %(now)s) AND {IS_DUE} AND {HAS_FREE_HANDS}
ORDER BY p.lane, p.pos LIMIT 1
"""

# Claim the picked place. The order shown is drawn by a hash of the token, as `take.shown_order` does.
CLAIM = """
made AS (
    INSERT INTO queues_assignment (project_id, queue_id, item_id, reviewer_id, round, state, token, claimed_at,
                                   shown_order, visible, draft, skip_reason, skip_note, is_extra)
    SELECT i.project_id, i.queue_id, i.id, %(reviewer)s, pick.round, 'claimed', %(token)s, statement_timestamp(),
           (SELECT jsonb_agg(part::bigint ORDER BY sha256(convert_to(%(token)s::text || ':' || part, 'UTF8')))
            FROM unnest(string_to_array(s.key, '+')) AS part),
           jsonb_build_object('model', q.shows_model, 'critic', q.shows_critic), '{}', '', '', pick.is_extra
    FROM pick JOIN queues_item i ON i.id = pick.item_id JOIN responses_subject s ON s.id = i.subject_id
    JOIN queues_queue q ON q.id = i.queue_id
    RETURNING id, item_id, claimed_at, shown_order, visible, is_extra, round
), taken AS (
    UPDATE queues_place p
    SET state = 'claimed', assignment_id = made.id, claimed_at = made.claimed_at, hidden_until = NULL,
        lease_until = made.claimed_at + make_interval(secs => q.lease_seconds)
    FROM pick, made, queues_queue q WHERE p.id = pick.id AND p.state = 'open' AND q.id = p.queue_id
    RETURNING p.id, p.number, p.lane, p.pos, p.lease_until
)"""
# What `take.claimed` makes the two rows of, without reading them again.
CLAIMED = """made.id, made.item_id, made.claimed_at, made.shown_order::text, made.visible::text, made.is_extra,
       made.round, (SELECT i.kept_version_id FROM queues_item i WHERE i.id = made.item_id),
       taken.id, taken.number, taken.lane, taken.pos, taken.lease_until"""

TAKE = f"""
WITH lanes AS MATERIALIZED (-LANES-),
look AS MATERIALIZED (
    SELECT lanes.number, p.id, p.pos FROM lanes JOIN queues_place p ON p.id = lanes.place_id
    ORDER BY lanes.number LIMIT 1
), pick AS MATERIALIZED (
    SELECT p.id, p.item_id, p.pos, p.is_extra, p.round FROM queues_place p
    WHERE p.queue_id = %(queue)s AND p.lane = (SELECT number FROM look) AND p.pos >= (SELECT pos FROM look)
      AND {FREE_FOR_ALL}
    ORDER BY p.pos LIMIT 1 FOR UPDATE SKIP LOCKED
), {CLAIM}, moved AS (
    INSERT INTO queues_front (queue_id, lane, reviewer_id, pos)
    SELECT %(queue)s, lanes.number, %(reviewer)s,
           CASE WHEN look.number IS NULL OR lanes.number < look.number THEN lanes.next_pos - 1
                WHEN look.id = pick.id AND look.pos = pick.pos THEN look.pos ELSE look.pos - 1 END
    FROM lanes LEFT JOIN look ON true LEFT JOIN pick ON true
    WHERE look.number IS NULL OR lanes.number <= look.number
    ON CONFLICT (queue_id, lane, reviewer_id) DO UPDATE SET pos = EXCLUDED.pos WHERE queues_front.pos < EXCLUDED.pos
)
SELECT look.number, {CLAIMED}
FROM (SELECT 1) AS one LEFT JOIN look ON true LEFT JOIN made ON true LEFT JOIN taken ON true
"""
TAKE_NEXT, TAKE_ANY = TAKE.replace("-LANES-", WALK), TAKE.replace("-LANES-", FULL_LOOK)

TAKE_APART = f"""
WITH pick AS MATERIALIZED (
    SELECT p.id, p.item_id, p.pos, p.is_extra, p.round FROM queues_place p
    WHERE p.state = 'open' AND p.id = ({APART.replace("%(now)s", "statement_timestamp()")}) FOR UPDATE SKIP LOCKED
), {CLAIM}
SELECT {CLAIMED} FROM made, taken
"""

# Waits for the reviewer's other tab, makes their first front on first use, and says what else there is to do. What it
# says is as old as the wait is long, so the walk looks again at whether their hands are free. The queue is shared with
# all claims: who moves it to another rubric version waits for them, and they for the move.
LOCK_FRONT = f"""
WITH moved AS MATERIALIZED (SELECT rubric_version_id FROM queues_queue WHERE id = %(queue)s FOR KEY SHARE)
INSERT INTO queues_front AS f (queue_id, lane, reviewer_id, pos) VALUES (%(queue)s, 0, %(reviewer)s, 0)
ON CONFLICT (queue_id, lane, reviewer_id) DO UPDATE SET pos = f.pos
RETURNING
    EXISTS (SELECT 1 FROM queues_place p WHERE p.queue_id = %(queue)s AND p.state = 'claimed'
            AND p.lease_until <= statement_timestamp()),
    EXISTS (SELECT 1 FROM queues_place p WHERE p.queue_id = %(queue)s AND p.state = 'open'
            AND (p.reserved_for_id IS NOT NULL OR p.hidden_until IS NOT NULL)
            AND (p.reserved_for_id = %(reviewer)s OR p.reserved_for_id IS NULL) AND {IS_DUE}),
    EXISTS (SELECT 1 FROM queues_assignment a
            WHERE a.queue_id = %(queue)s AND a.reviewer_id = %(reviewer)s AND a.state = 'claimed'),
    (SELECT rubric_version_id FROM moved)
"""

# What this person has begun and not ended, oldest first: the place it holds, or whether its item has an open one.
OWN = f"""
SELECT a.id, h.id, EXISTS (
    SELECT 1 FROM queues_place p WHERE p.item_id = a.item_id AND p.state = 'open'
    AND p.is_extra = a.is_extra AND p.round = a.round
    AND (p.reserved_for_id IS NULL OR p.reserved_for_id = a.reviewer_id) AND {WANTED})
FROM queues_assignment a LEFT JOIN queues_place h ON h.assignment_id = a.id
WHERE a.queue_id = %(queue)s AND a.reviewer_id = %(reviewer)s AND a.state = 'claimed'
ORDER BY a.claimed_at, a.id
"""

# A due place whose item has no surplus review opens again at a fresh position of lane 0. The others are for the sweep,
# which gives them to the surplus.
FREE_DUE = """
WITH due AS (
    SELECT p.id FROM queues_place p JOIN queues_item i ON i.id = p.item_id
    WHERE p.queue_id = %(queue)s AND p.state = 'claimed' AND p.lease_until <= statement_timestamp()
      AND (p.is_extra OR i.state <> 'withdrawn'
           AND NOT EXISTS (SELECT 1 FROM queues_assignment a WHERE a.item_id = p.item_id AND a.state = 'surplus'))
      AND NOT EXISTS (SELECT 1 FROM queues_assignment a WHERE a.id = p.assignment_id AND a.reviewer_id = %(but_not)s)
    ORDER BY p.lease_until LIMIT %(limit)s FOR NO KEY UPDATE OF i, p SKIP LOCKED
), numbered AS (
    SELECT id, row_number() OVER (ORDER BY id) AS number, count(*) OVER () AS n FROM due
), lane AS (
    UPDATE queues_lane SET next_pos = next_pos + (SELECT count(*) FROM due)
    WHERE queue_id = %(queue)s AND number = 0 AND EXISTS (SELECT 1 FROM due) RETURNING next_pos
)
UPDATE queues_place p
SET state = 'open', assignment_id = NULL, claimed_at = NULL, lease_until = NULL, lane = 0,
    pos = lane.next_pos - numbered.n + numbered.number - 1
FROM numbered, lane WHERE p.id = numbered.id
"""

# The places after a reviewer's front in a lane. PostgreSQL must be told to walk along the index and stop: it would read
# the whole table. SQLite walks anyway, and has no lateral joins.
AFTER = f"p.queue_id = l.queue_id AND p.lane = l.number AND p.pos > COALESCE(f.pos, 0) AND {FREE_FOR_ALL}"
WAITING = {
    "postgresql": f"""CROSS JOIN LATERAL (
        SELECT p.item_id FROM queues_place p WHERE {AFTER} ORDER BY p.pos LIMIT %(most)s) AS p""",
    "sqlite": f"JOIN queues_place p ON {AFTER}",
}
# Of the places kept for this reviewer, those they will come to before nothing else waits: so that what is left falls by
# one with each review, whichever place it was in.
KEPT = f"""(SELECT count(*) FROM (
    SELECT COALESCE(p.after_submits - {SUBMITS}, 0) - row_number() OVER (ORDER BY p.lane, p.pos) + 1 AS comes
    FROM queues_place p WHERE p.queue_id = -QUEUE- AND p.state = 'open' AND p.reserved_for_id = %(reviewer)s
      AND (p.hidden_until IS NULL) AND {UNSEEN_IN_ROUND} AND {WANTED}) AS kept
    WHERE kept.comes <= waiting.n + (
        SELECT count(*) FROM queues_assignment h
        WHERE h.queue_id = -QUEUE- AND h.reviewer_id = %(reviewer)s AND h.state = 'claimed'))"""
FRONTS = "LEFT JOIN queues_front f ON f.queue_id = l.queue_id AND f.lane = l.number AND f.reviewer_id = %(reviewer)s"

# The number of the newest guideline of the queue's rubric that this person has read (feedback/rubrics/readings.py).
HAS_READ = """(SELECT max(g.number) FROM rubrics_reading r JOIN rubrics_rubricversion v ON v.id = r.rubric_version_id
    JOIN rubrics_guidelineversion g ON g.id = v.guideline_id
    WHERE r.member_id = %(reviewer)s AND v.rubric_id = %(rubric)s)"""

REMAINING = {
    vendor: f"""
SELECT (SELECT count(*) FROM queues_assignment a WHERE a.reviewer_id = %(reviewer)s
        AND a.state IN ('submitted', 'surplus') AND a.submitted_at >= %(since)s),
    waiting.n + {KEPT.replace("-QUEUE-", "%(queue)s")}, {HAS_READ}
FROM (SELECT count(DISTINCT item_id) AS n FROM (
    SELECT p.item_id FROM queues_lane l JOIN queues_queue q ON q.id = l.queue_id AND {ADMITS} {FRONTS} {waiting}
    WHERE l.queue_id = %(queue)s LIMIT %(most)s
) AS places) AS waiting
"""
    for vendor, waiting in WAITING.items()
}

# The same for every queue of a project that gives out items, in one statement.
REMAINING_BY_QUEUE = {
    vendor: f"""
SELECT waiting.id, waiting.n + {KEPT.replace("-QUEUE-", "waiting.id")}
FROM (SELECT q.id, (SELECT count(DISTINCT item_id) FROM (
    SELECT p.item_id FROM queues_lane l {FRONTS} {waiting} WHERE l.queue_id = q.id LIMIT %(most)s
) AS places) AS n
FROM queues_queue q WHERE q.project_id = %(project)s AND {HANDS_OUT}) AS waiting
"""
    for vendor, waiting in WAITING.items()
}

# Count a review in the place that its assignment holds: place, item and assignment in one go. The item is locked, so
# its counters are what its places say. No row comes back when the place is lost.
COUNT_HELD = """
WITH filled AS (
    UPDATE queues_place SET state = 'filled', lease_until = NULL
    WHERE assignment_id = %(assignment)s AND state = 'claimed' RETURNING id, is_extra
), item AS (
    UPDATE queues_item i
    SET n_filled = i.n_filled + 1,
        state = CASE WHEN i.state = 'open' AND i.n_filled + 1 >= i.k THEN 'complete' ELSE i.state END,
        completed_at = CASE WHEN i.state = 'open' AND i.n_filled + 1 >= i.k THEN statement_timestamp()
                            ELSE i.completed_at END,
        settle_after = CASE WHEN i.state = 'open' AND i.n_filled + 1 >= i.k
                            THEN statement_timestamp() + make_interval(secs => q.grace_seconds) ELSE i.settle_after END
    FROM filled, queues_queue q WHERE i.id = %(item)s AND q.id = i.queue_id AND NOT filled.is_extra
)
UPDATE queues_assignment
SET state = 'submitted', review_id = %(review)s, submitted_at = %(at)s, draft = '{}', draft_saved_at = NULL
FROM filled WHERE queues_assignment.id = %(assignment)s RETURNING queues_assignment.id
"""
