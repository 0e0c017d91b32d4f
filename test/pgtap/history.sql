-- Days gathered into weeks, and the stored history that results are estimated from.
\set QUIET on
SET client_min_messages = error;
SELECT plan(25);

CREATE TEMP TABLE work AS
SELECT a AS agent, date '2024-12-30' + d AS day, 'type ' || t AS contact_type, CASE WHEN (7 * a + d) % 23 = 0 AND t = 1 THEN 'coach ' || a % 2 END AS coach,
	100 + 5 * sin(17.0 * a + 3.7 * d + t) + 3 * sin(a) AS value, 90 + (a % 2) AS target, 1 + (a + d + t) % 4 AS weight, date '2023-05-01' + 40 * a AS hired_on
FROM generate_series(1, 10) a, generate_series(0, 181) d, generate_series(1, 2) t WHERE d % 7 = 0 OR (3 * a + d) % 7 < 6;
CREATE TEMP TABLE unit AS
SELECT p AS days, coachdiag.weeks(p) AS weeks
FROM (SELECT coachdiag.panel(value, target, agent::bigint, day, weight, contact_type, (coach IS NOT NULL)::int, 20 * (coach IS NOT NULL)::int, coach, hired_on) AS p FROM work) w;

SELECT is_empty($$SELECT FROM unit, coachdiag.cells(weeks) WHERE extract(isodow FROM period) <> 1$$, 'weeks begin on Monday');
SELECT is_empty($$
	SELECT FROM (
		SELECT agent::text, date_trunc('week', day)::date AS week, contact_type, coach, count(*) AS n, sum(weight) AS weight, sum(weight * value) / sum(weight) AS mean,
			sum(weight * (value - target) ^ 2) - sum(weight * (value - target)) ^ 2 / sum(weight) AS m2, count(coach) AS sessions, 20 * count(coach) AS minutes, min(hired_on) AS hired_on
		FROM work GROUP BY 1, 2, 3, 4) w
	FULL JOIN (SELECT c.* FROM unit, coachdiag.cells(weeks) c) c ON c.agent = w.agent AND c.period = w.week AND c.contact_type = w.contact_type AND c.coach IS NOT DISTINCT FROM w.coach
	WHERE (w.n = c.observations AND abs(w.weight - c.weight) < 1e-9 AND abs(w.mean - c.mean) < 1e-9 AND abs(w.m2 - c.m2) < 1e-6
		AND w.sessions = c.sessions AND w.minutes = c.minutes AND w.hired_on = c.hired_on) IS NOT TRUE
$$, 'a cell is what the rows of its week are together');
SELECT ok(coachdiag.weeks(weeks) OPERATOR(coachdiag.=) weeks, 'weeks are gathered already') FROM unit;
SELECT results_eq($$SELECT c.period, c.observations FROM (SELECT coachdiag.panel(1, 0, 'a', d) AS p FROM unnest('{1970-01-01,1999-12-31,2000-01-02,2000-01-03,NULL}'::date[]) d) x, coachdiag.cells(coachdiag.weeks(p)) c ORDER BY 1$$,
	$$VALUES ('1969-12-29'::date, 1::bigint), ('1999-12-27', 2), ('2000-01-03', 1), (NULL, 1)$$, 'before 2000 as well; no period stays none');
SELECT ok(coachdiag.weeks(NULL) IS NULL, 'NULL: NULL');
SELECT is(coachdiag.agents(coachdiag.weeks(coachdiag.period_range(days, '{}'))), 0, 'no cell: none') FROM unit;

-- What looks at weeks gives the same for days and for weeks

SELECT ok(abs(d.improvement - w.improvement) < 1e-9 AND abs(d.ci_low - w.ci_low) < 1e-9 AND d.sessions = w.sessions, format('the effect of coaching: %s, %s', d.improvement, w.improvement))
FROM unit, coachdiag.coaching_effect(days, false) d, coachdiag.coaching_effect(weeks, false) w;
SELECT ok(count(*) > 10 AND bool_and(abs(d.improvement - w.improvement) < 1e-9 OR d.improvement IS NULL AND w.improvement IS NULL), 'how each agent changed')
FROM unit, coachdiag.agent_change('{a}', ARRAY[days], false) d JOIN LATERAL coachdiag.agent_change('{a}', ARRAY[weeks], false) w USING (agent, period);
SELECT ok(abs(d.mean_gap - w.mean_gap) < 1e-9 AND abs(d.between_sd - w.between_sd) < 1e-9, 'how consistent the gap is') FROM unit, coachdiag.gap_dispersion(days, false) d, coachdiag.gap_dispersion(weeks, false) w;
SELECT ok(count(*) = 10 AND bool_and(abs(d.own - w.own) < 1e-9 AND abs(d.own_se - w.own_se) < 1e-9 AND d.blocks = w.blocks), 'agents against their team')
FROM unit, coachdiag.agent_gaps(days, false) d JOIN LATERAL coachdiag.agent_gaps(weeks, false) w USING (agent);

-- In a workspace: a metric by day beside one by week

SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric VALUES ('daily', false, 100, 2, 's', 'identity'), ('weekly', false, 100, 2, 's', 'identity');
INSERT INTO ops.assignment SELECT a, 'team ' || a % 3, '2024-01-01' FROM generate_series(1, 12) a;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume)
SELECT a, m, p::date, 100 + 3 * sin(17.0 * a + 3.7 * extract(epoch FROM p) / 86400), 1 + a % 3
FROM generate_series(1, 12) a, (VALUES ('daily', '1 day'), ('weekly', '7 days')) m (m, step), generate_series(timestamp '2025-01-01', '2025-05-20', step::interval) p
WHERE m = 'weekly' OR p < '2025-03-01' OR p >= '2025-04-01' OR extract(isodow FROM p) = 3;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes)
SELECT 100 * a + w, a, a % 3, timestamptz '2025-01-14 10:00Z' + interval '1 week' * w + interval '1 day' * (a % 7), CASE WHEN a % 2 = 0 THEN 'daily' END, 20 FROM generate_series(1, 12) a, generate_series(0, 12) w WHERE (a + w) % 4 = 0;
SELECT coachdiag.track_changes('ops');
CALL coachdiag.refresh('ops');

SELECT is((SELECT count(*) FROM ops.stored_history), 6::bigint, 'a history of each team and metric');
SELECT is_empty($$SELECT FROM ops.stored_history h JOIN (SELECT team, metric, coachdiag.rollup(panel) AS panel FROM ops.stored_panel GROUP BY team, metric) p USING (team, metric)
	WHERE metric = 'weekly' AND NOT h.panel OPERATOR(coachdiag.=) p.panel$$, 'of weeks as they are');
SELECT is_empty($$SELECT FROM ops.stored_history h, coachdiag.cells(h.panel) c WHERE metric = 'daily' AND extract(isodow FROM period) <> 1$$, 'of days in weeks');
SELECT is((SELECT sum(coachdiag.observations(panel)) FROM ops.stored_history), (SELECT sum(rows) FROM ops.stored_panel), 'with all that was measured');
SELECT is((SELECT sum(c.sessions) FROM ops.stored_history, coachdiag.cells(panel) c), (SELECT sum(c.sessions) FROM ops.stored_panel, coachdiag.cells(panel) c), 'and all sessions');

CREATE FUNCTION history() RETURNS SETOF text LANGUAGE sql AS $$SELECT to_jsonb(h)::text FROM ops.stored_history h$$;
CREATE FUNCTION anew() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	CREATE TEMP TABLE kept AS SELECT * FROM ops.stored_history;
	DELETE FROM ops.stored_history;
	PERFORM coachdiag.refresh_stored_history('ops');
	RETURN QUERY SELECT history();
	DELETE FROM ops.stored_history;
	INSERT INTO ops.stored_history SELECT * FROM kept;
	DROP TABLE kept;
END
$$;
CREATE FUNCTION written() RETURNS bigint LANGUAGE sql AS $$SELECT rows FROM ops.refresh_log WHERE step = 'stored_history' ORDER BY run DESC LIMIT 1$$;

UPDATE ops.agent_metric SET value = value + 1 WHERE agent_id = 4 AND period = '2025-01-31' AND metric = 'daily';
CALL coachdiag.refresh('ops');
SELECT is(written(), 1::bigint, 'a value corrected in a week of two months: one history is written');
SELECT bag_eq('SELECT history()', 'SELECT anew()', 'and all are as if made anew, to the last digit');
DELETE FROM ops.agent_metric WHERE period < '2025-02-01' AND agent_id % 3 = 1;
DELETE FROM ops.coaching_session WHERE held_at < '2025-02-01' AND agent_id % 3 = 1;
CALL coachdiag.refresh('ops');
SELECT is((SELECT array_agg(first_period ORDER BY metric) FROM ops.stored_history WHERE team = 'team 1'), '{2025-01-27,2025-02-05}'::date[], 'a month that is gone is gone');
INSERT INTO ops.agent_metric (agent_id, metric, period, value) SELECT a, 'daily', '2025-05-21', 90 + a FROM generate_series(1, 12) a;
CALL coachdiag.refresh('ops');
SELECT is(written(), 3::bigint, 'a new day: those of its metric');
SELECT bag_eq('SELECT history()', 'SELECT anew()', 'again as if made anew');
DELETE FROM ops.agent_metric WHERE metric = 'daily' AND extract(isodow FROM period) <> 3;
CALL coachdiag.refresh('ops');
SELECT is_empty($$SELECT FROM ops.stored_history h, coachdiag.cells(h.panel) c WHERE period_step <> 'week' OR c.weight > 0 AND extract(isodow FROM period) <> 3$$, 'where days turn out to be weeks, they begin when the metric''s do');
SELECT bag_eq('SELECT history()', 'SELECT anew()', 'also of months that did not change');

UPDATE ops.settings SET diagnosis_months = 2;
SELECT is((SELECT array_agg(DISTINCT coachdiag.first_period(panel)) FROM ops.team_panel), '{2025-04-02}'::date[], 'a diagnosis of two months looks at the weeks that begin in them');
DELETE FROM ops.agent_metric WHERE agent_id % 3 = 2 AND period >= '2025-04-01';
DELETE FROM ops.coaching_session WHERE agent_id % 3 = 2 AND held_at >= '2025-04-01';
CALL coachdiag.refresh('ops');
SELECT is((SELECT array_agg(DISTINCT team ORDER BY team) FROM ops.team_panel), '{team 0,team 1}', 'and at teams that did something then');
CALL coachdiag.refresh('ops', rebuild => true);
SELECT bag_eq('SELECT history()', 'SELECT anew()', 'a rebuild gives the same');
SELECT * FROM finish();
