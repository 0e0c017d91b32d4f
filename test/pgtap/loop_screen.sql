-- loop_screen: look-alikes of the paradox, planted one a programme.
\set QUIET on
SET client_min_messages = error;
SELECT plan(19);

-- movement
SELECT results_eq($$SELECT direction, round(change::numeric, 6) FROM coachdiag.movement(ARRAY(SELECT i + (i * 7 % 5) / 10.0 FROM generate_series(1, 30) i)::float8[], ARRAY(SELECT date '2025-01-06' + 7 * i FROM generate_series(1, 30) i), 1)$$,
	$$VALUES ('rising', 29.0)$$, 'movement: change from the first date to the last');
SELECT is((SELECT direction FROM coachdiag.movement(ARRAY(SELECT (i * 7 % 5) / 10.0 FROM generate_series(1, 30) i)::float8[], ARRAY(SELECT date '2025-01-06' + 7 * i FROM generate_series(1, 30) i), 1)),
	'flat', 'flat is an equivalence');
SELECT is((SELECT direction FROM coachdiag.movement(ARRAY(SELECT (i * 7 % 5) / 10.0 FROM generate_series(1, 30) i)::float8[], ARRAY(SELECT date '2025-01-06' + 7 * i FROM generate_series(1, 30) i), 0.01)),
	'cannot_tell', 'not the lack of a trend');
SELECT is((SELECT direction FROM coachdiag.movement(ARRAY[1, 2, 3]::float8[], ARRAY['2025-01-06', '2025-01-13', '2025-01-20']::date[], 1)), 'cannot_tell', 'few values tell nothing');
SELECT is((SELECT direction FROM coachdiag.movement(NULL, NULL, 1)), 'cannot_tell', 'nor does NULL');
-- Noise of which 0.6 carries over from week to week, and no trend.
CREATE FUNCTION draw(x text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || substr(md5(x), 1, 7))::bit(28)::int / 2 ^ 28 $$;
CREATE TABLE carried AS
SELECT k, array_agg(date '2025-01-06' + 7 * i ORDER BY i) AS week, array_agg((SELECT sum((draw(concat_ws(' ', 'carried', k, j)) - 0.5) * 0.6 ^ (i - j)) FROM generate_series(i - 20, i) j) ORDER BY i)::float8[] AS value
FROM generate_series(1, 400) k, generate_series(1, 26) i GROUP BY k;
SELECT ok(count(*) BETWEEN 8 AND 32, format('%s of 400 series without a trend are said to move', count(*))) FROM carried, coachdiag.movement(value, week, 1) m WHERE m.direction IN ('rising', 'falling');

SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric VALUES ('quality', true, 80, 1, 'points');
INSERT INTO ops.assignment SELECT 10 * p + a, 'team ' || p, '2024-01-01', NULL, NULL, NULL, 'program ' || p FROM generate_series(1, 5) p, generate_series(1, 4) a;
-- 1: handle time falls, repeats rise. 2: satisfaction holds, complaints rise. 3: quality rises, outcomes don't. 4: nothing moves. 5: nothing but the contacts is known.
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume)
SELECT 10 * p + a, 'quality', date '2025-01-06' + 7 * w, 75 + CASE WHEN p = 3 THEN 8 * w / 39.0 ELSE 0 END + 2 * draw(p || 'q' || a || 'w' || w), 5
FROM generate_series(1, 4) p, generate_series(1, 4) a, generate_series(0, 39) w;
-- Each week and programme 120 customers call, some of them again three days later.
WITH first AS (
	SELECT p, w, i, draw(concat_ws(' ', p, w, i, 'repeat')) < CASE WHEN p = 1 THEN 0.1 + 0.25 * w / 39 ELSE 0.15 END AS again
	FROM generate_series(1, 5) p, generate_series(0, 39) w, generate_series(1, 120) i
), contact AS (
	SELECT p, w, i, n, date '2025-01-06' + 7 * w + i % 3 + 3 * n + interval '10 hours' AS at FROM first CROSS JOIN LATERAL generate_series(0, again::int) n
)
INSERT INTO ops.contact (contact_id, agent_id, started_at, contact_type, customer_id, handle_seconds, resolved, escalated, csat, complaint)
SELECT row_number() OVER (), 10 * p + 1 + i % 4, at, CASE i % 2 WHEN 0 THEN 'bill' ELSE 'move' END, CASE WHEN p <> 5 THEN concat(p, '-', w, '-', i) END,
	CASE WHEN p <> 5 THEN 300 - CASE WHEN p = 1 THEN 80.0 * w / 39 ELSE 0 END + 60 * draw(concat_ws(' ', p, w, i, n, 'handle')) END,
	CASE WHEN p <> 5 THEN draw(concat_ws(' ', p, w, i, n, 'resolved')) < 0.8 END, CASE WHEN p <> 5 THEN draw(concat_ws(' ', p, w, i, n, 'escalated')) < 0.1 END,
	CASE WHEN p <> 5 THEN 4 + draw(concat_ws(' ', p, w, i, n, 'csat')) END, CASE WHEN p <> 5 THEN draw(concat_ws(' ', p, w, i, n, 'complaint')) < CASE WHEN p = 2 THEN 0.02 + 0.15 * w / 39 ELSE 0.05 END END
FROM contact;
CALL coachdiag.refresh('ops');

SELECT results_eq($$SELECT loop, program FROM ops.loop_screen WHERE contact_type IS NULL AND state = 'present' ORDER BY program$$,
	$$VALUES ('handle_time_repeats', 'program 1'), ('satisfaction_complaints', 'program 1'), ('satisfaction_complaints', 'program 2'), ('quality_outcomes', 'program 3')$$, 'each loop is found where it was planted');
SELECT is_empty($$SELECT * FROM ops.loop_screen WHERE program = 'program 4' AND state = 'present'$$, 'and not where nothing moves');
SELECT is((SELECT state FROM ops.loop_screen WHERE program = 'program 4' AND loop = 'handle_time_repeats' AND contact_type IS NULL), 'absent', 'there it is ruled out');
SELECT is((SELECT count(*) FROM ops.loop_screen WHERE program = 'program 1' AND loop = 'handle_time_repeats' AND state = 'present' AND contact_type IS NOT NULL), 2::bigint, 'also by contact type');
SELECT ok((SELECT first_change BETWEEN -95 AND -65 AND first_high < 0 AND contradiction = 'repeat contacts' AND contradiction_change BETWEEN 0.15 AND 0.35 AND contradiction_low > 0
	FROM ops.loop_screen WHERE program = 'program 1' AND loop = 'handle_time_repeats' AND contact_type IS NULL), 'with how much each has moved');
SELECT results_eq($$SELECT contradiction FROM ops.loop_screen WHERE program = 'program 2' AND loop = 'satisfaction_complaints' AND contact_type IS NULL$$, ARRAY['complaints'], 'and what contradicts');
SELECT alike(reason, 'handle time falling, repeat contacts rising%', 'in words') FROM ops.loop_screen WHERE program = 'program 1' AND loop = 'handle_time_repeats' AND contact_type IS NULL;
SELECT results_eq($$SELECT DISTINCT state, reason FROM ops.loop_screen WHERE program = 'program 5' AND loop IN ('handle_time_repeats', 'satisfaction_complaints') ORDER BY 2$$,
	$$VALUES ('not_assessed', 'not assessed: needs contact.csat'), ('not_assessed', 'not assessed: needs contact.handle_seconds')$$, 'what is missing is named');
SELECT results_eq($$SELECT state, reason FROM ops.loop_screen WHERE program = 'program 5' AND loop = 'quality_outcomes'$$,
	$$VALUES ('not_assessed', 'not assessed: needs a metric called quality (qa, evaluation)')$$, 'as is a metric');
SELECT is((SELECT state FROM ops.loop_screen WHERE loop = 'containment_contacts'), 'absent', 'without self-service nothing is contained');

-- Self-service grows, and customers call as often as before.
INSERT INTO ops.contact (contact_id, agent_id, started_at, contact_type, customer_id)
SELECT 1000000 + row_number() OVER (), NULL, date '2025-01-06' + 7 * w + interval '9 hours', 'bot', concat('1-', w, '-', i)
FROM generate_series(0, 39) w, generate_series(1, 120) i WHERE i <= 2.5 * w;
CALL coachdiag.refresh('ops');
SELECT is((SELECT state FROM ops.loop_screen WHERE loop = 'containment_contacts'), 'present', 'self-service that does not reduce contacts is found');

-- No contacts at all.
SELECT coachdiag.create_workspace('none');
CALL coachdiag.refresh('none');
SELECT is_empty('SELECT * FROM none.loop_screen', 'no contacts: no row');
SELECT is_empty('SELECT * FROM none.weekly_outcome', 'nor a week');
SELECT * FROM finish();
