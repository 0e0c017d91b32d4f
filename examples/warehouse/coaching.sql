-- Coaching: week by week, those who just did badly are seen more often; what works lifts the following weeks and fades.

-- What the coach's report shows for a week (gap, positive is worse, before lift) and the lift that coaching gave.
CREATE TEMP TABLE result AS
SELECT agent_id, team, week, metric, round(gap::numeric, 9)::float8 AS gap, 0::float8 AS stock, 0::float8 AS lift
FROM (SELECT agent_id, team, week, 'handle_time' AS metric, sum(contacts * gap_handle) / sum(contacts) AS gap
		FROM cell GROUP BY agent_id, team, week
	UNION ALL
	SELECT agent_id, team, week, 'fcr', sum(surveys * fcr_target - pg_temp.resolved(surveys, p_resolved, key)) / sum(surveys)
		FROM cell WHERE surveys > 0 GROUP BY agent_id, team, week
	UNION ALL
	SELECT agent_id, team, week, 'quality', gap_quality FROM cell WHERE evaluations > 0) r;
CREATE UNIQUE INDEX ON result (week, metric, agent_id);
ANALYZE result;

CREATE TEMP TABLE skill AS SELECT agent_id, metric, room, gain, keep, 0::float8 AS stock FROM trait;
CREATE UNIQUE INDEX ON skill (agent_id, metric);
ANALYZE skill;

CREATE TEMP TABLE session (agent_id text, team text, week int, metric text, coach_id text, status text, badness float8,
	gain float8, key text PRIMARY KEY);

-- Planned sessions per agent and week for a metric.
CREATE FUNCTION pg_temp.dose(t plan_team, m plan_metric, week int) RETURNS float8 LANGUAGE sql STABLE
RETURN CASE WHEN week < t.coached_from THEN 0 WHEN m.dose IS NOT NULL THEN m.dose
	ELSE t.dose_from + (t.dose_to - t.dose_from) * week / 52.0 END;

DO $loop$
BEGIN
	FOR w IN 1..53 LOOP
		UPDATE skill k SET stock = k.stock * k.keep + coalesce(s.gain, 0)
		FROM skill k2 LEFT JOIN (SELECT agent_id, metric, sum(gain ORDER BY key) AS gain FROM session
				WHERE week = w - 1 AND status = 'held' GROUP BY agent_id, metric) s USING (agent_id, metric)
		WHERE k.agent_id = k2.agent_id AND k.metric = k2.metric AND (k.stock > 0 OR s.gain > 0);

		UPDATE result r SET stock = k.stock, lift = k.room * (1 - exp(-k.stock / k.room))
		FROM skill k WHERE r.week = w AND k.agent_id = r.agent_id AND k.metric = r.metric AND k.stock > 0;

		-- The slope of 1.2 per standard deviation flattens the mean of the logistic by 1.224 (Zeger, Liang and Albert 1988).
		INSERT INTO session
		SELECT c.agent_id, c.team, w, c.metric, o.coach_id,
			CASE WHEN w = 53 THEN 'planned' WHEN x.u < x.held THEN 'held' WHEN x.u < x.held + .5 * (1 - x.held) THEN 'cancelled'
				WHEN x.u < x.held + .75 * (1 - x.held) THEN 'rescheduled' ELSE 'no_show' END,
			c.badness, k.gain * o.multiplier * CASE WHEN c.tenure < 13 THEN 1.5 ELSE 1 END, c.key
		FROM (
			SELECT r.agent_id, r.team, r.metric, st.week - 1 - s.hire_week AS tenure, pg_temp.dose(p, m, w) AS dose,
				concat_ws('|', r.metric, r.agent_id, w) AS key,
				round(((r.gap - r.lift - avg(r.gap - r.lift) OVER t) / nullif(stddev_samp(r.gap - r.lift) OVER t, 0))::numeric, 6)::float8 AS badness
			FROM result r JOIN plan_team p USING (team) JOIN plan_metric m USING (metric) JOIN staff s USING (agent_id)
			CROSS JOIN (SELECT w AS week) st
			WHERE r.week = w - 1
			WINDOW t AS (PARTITION BY r.team, r.metric)
		) c
		JOIN skill k USING (agent_id, metric)
		JOIN plan_team p USING (team)
		JOIN coach o ON o.coach_id = CASE WHEN pg_temp.u('floating|' || c.key) < .2
				THEN (SELECT coach_id FROM coach f WHERE f.site = p.site AND f.coach_id LIKE 'COACH2_')
			WHEN c.team = 'Plans A' AND pg_temp.u('second|' || c.key) < .7 THEN 'COACH15' ELSE p.coach END,
		LATERAL (SELECT pg_temp.u('kept|' || c.key), CASE WHEN w BETWEEN 46 AND 52 THEN .72 ELSE .84 END) x (u, held)
		WHERE c.dose > 0
			AND pg_temp.u('session|' || c.key) < pg_temp.logistic(1.224 * ln(c.dose / (1 - c.dose))
				+ 1.2 * coalesce(c.badness, 0) + CASE WHEN c.tenure < 13 THEN .5 ELSE 0 END)
			AND (w = 53 OR EXISTS (SELECT FROM duty d WHERE d.agent_id = c.agent_id AND d.week = w))
			AND NOT EXISTS (SELECT FROM staff f WHERE f.agent_id = c.agent_id AND f.leave_week <= w);
	END LOOP;
END
$loop$;
ANALYZE result, session;

-- What a session really gave: lift with it less lift without it, mean of the four weeks after.
UPDATE dw.story s SET true_effect = e.effect
FROM (SELECT r.team, r.metric, round(avg(k.room * (exp(-(r.stock - o.own) / k.room) - exp(-r.stock / k.room)))::numeric, 4) AS effect
	FROM session n JOIN skill k USING (agent_id, metric)
	JOIN result r ON r.agent_id = n.agent_id AND r.metric = n.metric AND r.week BETWEEN n.week + 1 AND n.week + 4,
		LATERAL (SELECT n.gain * k.keep ^ (r.week - n.week - 1)) o (own)
	WHERE n.status = 'held' GROUP BY r.team, r.metric) e
WHERE s.team = e.team AND s.metric = e.metric;

CREATE TABLE dw.agent_week_fact (employee_id text NOT NULL, week_start date NOT NULL, contact_reason text NOT NULL, contacts int NOT NULL,
	avg_handle_s numeric NOT NULL, surveys int NOT NULL, surveys_resolved int NOT NULL, evaluations int NOT NULL, evaluation_score numeric,
	PRIMARY KEY (employee_id, week_start, contact_reason));
INSERT INTO dw.agent_week_fact
SELECT c.agent_id, pg_temp.monday(c.week), c.contact_type, c.contacts,
	round((c.handle_target * exp(c.gap_handle - coalesce(h.lift, 0)))::numeric, 1), c.surveys,
	pg_temp.resolved(c.surveys, least(c.p_resolved + coalesce(f.lift, 0), .98), c.key), c.evaluations,
	CASE WHEN c.evaluations > 0 THEN round(pg_temp.clamp(82 - c.gap_quality + coalesce(q.lift, 0), 0, 100)::numeric, 1) END
FROM cell c
LEFT JOIN result h ON h.agent_id = c.agent_id AND h.week = c.week AND h.metric = 'handle_time'
LEFT JOIN result f ON f.agent_id = c.agent_id AND f.week = c.week AND f.metric = 'fcr'
LEFT JOIN result q ON q.agent_id = c.agent_id AND q.week = c.week AND q.metric = 'quality';

CREATE TABLE dw.coaching_log (log_id bigint PRIMARY KEY, employee_id text NOT NULL, coach_employee_id text NOT NULL,
	scheduled_ts timestamptz NOT NULL, held_ts timestamptz, state text NOT NULL, metric_code text, minutes int NOT NULL, kind text NOT NULL,
	reason text NOT NULL, behaviour text, sub_behaviour text, model text, action text, follow_up_due date, followed_up_ts timestamptz,
	recognition bool NOT NULL, rating int, not_coachable text);
INSERT INTO dw.coaching_log
SELECT row_number() OVER (ORDER BY t.at, s.key), s.agent_id, s.coach_id, t.at,
	CASE WHEN h.held THEN t.at END, s.status, CASE WHEN pg_temp.u('named|' || s.key) < .96 THEN s.metric END,
	x.minutes, x.kind,
	CASE WHEN pg_temp.u('asked|' || s.key) < .05 THEN 'request' WHEN s.metric = 'quality' AND s.badness > .8 THEN 'quality_fail'
		WHEN s.badness > .4 THEN 'metric_outlier' ELSE 'routine' END,
	b.behaviour, b.sub_behaviour,
	CASE WHEN s.coach_id IN ('COACH15', 'COACH08') THEN NULL WHEN pg_temp.u('model|' || s.coach_id) < .7 THEN 'GROW'
		WHEN pg_temp.u('model|' || s.key) < .5 THEN 'OSCAR' END,
	CASE WHEN h.held AND pg_temp.u('action|' || s.key) < .85 THEN 'Practise ' || b.sub_behaviour END,
	CASE WHEN f.due THEN t.at::date + 14 END,
	CASE WHEN f.due AND f.done AND t.at + f.after < timestamptz '2026-01-02 18:00+00' THEN t.at + f.after END,
	h.held AND pg_temp.u('praise|' || s.key) < .18,
	CASE WHEN h.held AND pg_temp.u('rated|' || s.key) < .4
		THEN round(pg_temp.clamp(CASE WHEN s.gain > 0 THEN 3.8 ELSE 3.0 END + .9 * pg_temp.z('rating|' || s.key), 1, 5))::int END,
	CASE WHEN h.held AND s.metric = 'handle_time' AND pg_temp.u('cause|' || s.key) < CASE WHEN x.structural THEN .25 ELSE .02 END
		THEN (ARRAY['System issue', 'Multiple complex contacts', 'Approval needed'])[1 + floor(3 * pg_temp.u('which|' || s.key))::int] END
FROM session s,
	LATERAL (SELECT (pg_temp.monday(s.week) + 1 + floor(4 * pg_temp.u('day|' || s.key))::int)::timestamp AT TIME ZONE 'UTC'
		+ make_interval(hours => 9 + floor(8 * pg_temp.u('hour|' || s.key))::int, mins => 15 * floor(4 * pg_temp.u('quarter|' || s.key))::int)) t (at),
	LATERAL (SELECT CASE WHEN pg_temp.u(concat_ws('|', 'group', s.team, s.week)) < .05 THEN 'group'
			WHEN pg_temp.u('live|' || s.key) < .18 THEN 'real_time' ELSE 'scheduled' END,
		s.team IN ('Billing A', 'Network A', 'Retention A', 'Moves A') OR s.team = 'Devices A' AND s.week < 25,
		(ARRAY[10, 15, 20, 20, 30, 30, 45])[1 + floor(7 * pg_temp.u('length|' || s.key))::int]) x (kind, structural, minutes),
	LATERAL (SELECT s.status = 'held') h (held),
	LATERAL (SELECT h.held AND pg_temp.u('due|' || s.key) < .7, pg_temp.u('done|' || s.key) < .62,
		make_interval(days => 8 + floor(30 * pg_temp.u('after|' || s.key) ^ 2)::int)) f (due, done, after),
	LATERAL (SELECT (ARRAY['call control', 'system navigation', 'wrap-up'])[i], (ARRAY['summarising', 'search shortcuts', 'notes during the call'])[i]
			FROM (SELECT 1 + floor(3 * pg_temp.u('behaviour|' || s.key))::int AS i) n WHERE s.metric = 'handle_time'
		UNION ALL SELECT 'ownership', 'checking for the next question' WHERE s.metric = 'fcr'
		UNION ALL SELECT 'empathy', 'naming the customer''s concern' WHERE s.metric = 'quality') b (behaviour, sub_behaviour);

UPDATE dw.workforce_week w SET coaching_minutes_planned = p.minutes
FROM (SELECT employee_id, date_trunc('week', scheduled_ts)::date AS week_start, sum(minutes) AS minutes FROM dw.coaching_log GROUP BY 1, 2) p
WHERE p.employee_id = w.employee_id AND p.week_start = w.week_start;

CREATE TABLE dw.coach_week_fact (coach_employee_id text NOT NULL, week_start date NOT NULL, direct_reports int NOT NULL,
	available_minutes int NOT NULL, coaching_minutes int NOT NULL, PRIMARY KEY (coach_employee_id, week_start));
INSERT INTO dw.coach_week_fact
SELECT c.coach_id, pg_temp.monday(w), coalesce(r.reports, 0), 2250, coalesce(m.minutes, 0)
FROM coach c CROSS JOIN generate_series(1, 52) w
LEFT JOIN (SELECT p.coach, d.week, count(*) AS reports FROM duty d JOIN plan_team p USING (team) GROUP BY 1, 2) r ON r.coach = c.coach_id AND r.week = w
LEFT JOIN (SELECT coach_employee_id, date_trunc('week', held_ts)::date AS week_start, sum(minutes) AS minutes
		FROM dw.coaching_log WHERE held_ts IS NOT NULL GROUP BY 1, 2) m
	ON m.coach_employee_id = c.coach_id AND m.week_start = pg_temp.monday(w)
WHERE c.coach_id <> 'COACH12' OR w >= 46;

CREATE TABLE dw.change_log (change_id int PRIMARY KEY, live_date date NOT NULL, change_kind text NOT NULL, metric_code text, program text,
	site text, team_name text, contact_reason text, note text);
INSERT INTO dw.change_log VALUES
	(1, '2025-06-16', 'process_redesign', 'handle_time', 'Mobile', 'Harbour', 'Devices A', 'device_help', 'Remote diagnosis started by the agent instead of a request to the device desk'),
	(2, '2025-07-28', 'information_flow', 'handle_time', 'Energy', 'North', 'Billing A', 'billing_question', 'New knowledge article on billing questions; the double entry stayed');
