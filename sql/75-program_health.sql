-- Is the programme run so that coaching could work at all? The ten reasons why coaching fails, each measured against a benchmark.

CREATE FUNCTION coachdiag.shown(value double precision, percent boolean) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN percent AND value = 0 THEN '0 %' WHEN NOT percent THEN pg_catalog.round(value::numeric, 1)::text
		WHEN pg_catalog.abs(value) < 0.0995 THEN pg_catalog.round((100 * value)::numeric, CASE WHEN pg_catalog.abs(value) < 0.00995 THEN 2 ELSE 1 END) || ' %'
		ELSE pg_catalog.round((100 * value)::numeric) || ' %' END;
END;
COMMENT ON FUNCTION coachdiag.shown(double precision, boolean) IS 'A number in words: as percent (a fraction times 100) or with one decimal. NULL: NULL. Error 22003 for infinity.';

-- What is measured

CREATE FUNCTION coachdiag.health_measure()
RETURNS TABLE (measure text, reason_no int, reason text, kind text, description text, at_most boolean, benchmark double precision, percent boolean,
	counted text, units text, offender text, needs text, source text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT m.measure, m.reason_no, r.reason, m.kind, m.description, m.at_most, m.benchmark, m.percent, m.counted, m.units, m.offender, m.needs, m.source
	FROM (VALUES
		(1, 'no agent availability'), (2, 'overtasked coaches'), (3, 'inconsistent coaching model'), (4, 'no standard process'), (5, 'onboarding of coaches'),
		(6, 'limited visibility'), (7, 'interpersonal skill'), (8, 'positive reinforcement'), (9, 'follow-through'), (10, 'unknown efficiency')
	) AS r(reason_no, reason)
	JOIN (VALUES
		('agents_unseen', 1, 'share', 'months in which an agent had no session', true, 0.5, true, 'agent-months', 'agents', 'team', 'coaching_session.held_at',
			'guides ask for a session a month even for established agents; half of that is our choice'),
		('time_planned', 1, 'ratio', 'working time planned for being coached', false, 0.005, true, 'minutes', 'agents', 'team', 'agent_week.available_minutes, agent_week.coaching_minutes_planned',
			'our choice: 25 minutes a fortnight, what guides ask for in the first year'),
		('occupancy', 1, 'ratio', 'occupancy of agents', true, 0.85, true, 'agent-weeks', 'agents', 'team', 'agent_week.occupancy',
			'the ceiling of workforce planners (Call Centre Helper, Don''t push occupancy beyond 85 %)'),
		('span', 2, 'ratio', 'direct reports of a coach', true, 15, false, 'coach-weeks', 'coach-months', 'coach', 'coach_week.direct_reports',
			'most centres have 8 to 12 agents per supervisor (ICMI 2022), larger ones 10 to 14 (ICMI 2019); 15 is our choice'),
		('time_coaching', 2, 'ratio', 'working time of coaches spent coaching', false, 0.05, true, 'minutes', 'coach-months', 'coach', 'coach_week.available_minutes, coach_week.coaching_minutes',
			'our choice: five or six sessions of 20 minutes in a week'),
		('escalations', 2, 'ratio', 'escalations as part of the time coaches give to escalations and coaching', true, 0.5, true, 'minutes', 'coach-months', 'coach',
			'contact_event with kind escalation, ended_at and the coach as agent_id; coach_week.coaching_minutes', 'our choice: more time for escalations than for coaching'),
		('frequency', 3, 'spread', 'spread between coaches of sessions per agent and month, against their mean', true, 0.25, true, 'agent-months', 'coaches', 'coach', 'coaching_session.coach_id',
			'our choice: coaches differ by a quarter'),
		('length', 3, 'spread', 'spread between coaches of the length of a session, against its mean', true, 0.25, true, 'sessions', 'coaches', 'coach', 'coaching_session.duration_minutes',
			'our choice: coaches differ by a quarter'),
		('approach', 3, 'spread', 'spread between coaches of the share of sessions by the main approach', true, 0.25, true, 'sessions', 'coaches', 'coach', 'coaching_session.approach',
			'our choice: a quarter of sessions'),
		('subject', 4, 'share', 'sessions with a subject', false, 0.2, true, 'log rows', 'agents', 'coach', 'coaching_session.metric or coaching_session.behaviour', 'our choice: below one in five a field is not in use'),
		('behaviour', 4, 'share', 'sessions with a behaviour', false, 0.2, true, 'log rows', 'agents', 'coach', 'coaching_session.behaviour', 'our choice, as above'),
		('action', 4, 'share', 'sessions with an agreed action', false, 0.2, true, 'log rows', 'agents', 'coach', 'coaching_session.action', 'our choice, as above'),
		('follow_up_date', 4, 'share', 'sessions with a follow-up date', false, 0.2, true, 'log rows', 'agents', 'coach', 'coaching_session.follow_up_due', 'our choice, as above'),
		('outcome', 4, 'share', 'sessions with an outcome (followed up, rated, or recognised)', false, 0.2, true, 'log rows', 'agents', 'coach',
			'coaching_session.followed_up_at, coaching_session.agent_rating or coaching_session.recognition', 'our choice, as above'),
		('untrained', 5, 'share', 'sessions by coaches not trained by then', true, 0.25, true, 'log rows', 'agents', 'coach', 'coach.trained_on', 'our choice: one in four'),
		('new_coaches', 5, 'difference', 'promises broken by coaches in their first half-year, more than by others', true, 0.15, true, 'promises', 'agents', 'coach',
			'coach.promoted_on, coaching_session.follow_up_due, coaching_session.followed_up_at', 'peers: the experienced coaches of the programme; 15 points are our choice'),
		('training_effect', 5, 'effect', 'what a session of an untrained coach does less than one of a trained coach', true, 0, false, 'sessions', 'agents', 'coach',
			'coach.trained_on, with sessions by trained and by untrained coaches', 'peers: the trained coaches of the programme; any sure difference'),
		('tenure_effect', 5, 'effect', 'what a session of a coach in the first year does less than one of others', true, 0, false, 'sessions', 'agents', 'coach',
			'coach.promoted_on, with sessions by coaches in their first year and by others', 'peers: the coaches of the programme with more than a year; any sure difference'),
		('outcome_only', 6, 'share', 'sessions about a number alone: metric, but neither behaviour nor action', true, 0.5, true, 'log rows', 'agents', 'coach',
			'coaching_session.metric, and behaviour, sub_behaviour or action', 'our choice: every second'),
		('rating', 7, 'ratio', 'agents'' rating of sessions', false, NULL, false, 'ratings', 'agents', 'coach', 'coaching_session.agent_rating',
			'peers: the median of the programmes, less half a standard deviation of all ratings (our choice)'),
		('rating_spread', 7, 'spread', 'spread between coaches of agents'' ratings, in standard deviations', true, 0.5, false, 'ratings', 'coaches', 'coach', 'coaching_session.agent_rating',
			'our choice: half a standard deviation of all ratings'),
		('attrition', 7, 'excess', 'leavers under one coach, times as many as under the others', true, 1.5, false, 'leavers', 'coaches', 'coach', 'agent.left_on, and coaching_session.coach_id or assignment.supervisor',
			'peers: the other coaches of the programme; half as many again is our choice'),
		('recognition', 8, 'share', 'sessions that recognise progress', false, 0.1, true, 'log rows', 'agents', 'coach', 'coaching_session.recognition', 'our choice: one in ten'),
		('never_told', 8, 'share', 'agents who truly improved and were not told', true, 0.5, true, 'agents who improved', 'agents', 'team', 'coaching_session.recognition, and agent_metric over four months',
			'our choice: every second'),
		('broken_promises', 9, 'share', 'follow-ups a month late or never', true, 0.2, true, 'promises', 'agents', 'coach', 'coaching_session.follow_up_due, coaching_session.followed_up_at', 'our choice: one in five'),
		('measurable', 10, 'share', 'sessions whose metric is measured before and after', false, 0.5, true, 'log rows', 'agents', 'team', 'coaching_session.metric, and agent_metric', 'our choice: every second')
	) AS m(measure, reason_no, kind, description, at_most, benchmark, percent, counted, units, offender, needs, source) USING (reason_no)
$$;
COMMENT ON FUNCTION coachdiag.health_measure() IS
'What the view program_health measures, as data: a row per measure. kind: share (a part of what is counted), ratio (a mean), spread (standard deviation between coaches, noise removed), difference (new coaches against experienced), effect (of one kind of sessions against another, of the metric coached most; metric units), excess (the worst coach against the others). '
'at_most: the benchmark is a ceiling, else a floor; null: taken from the programmes themselves. percent: a fraction. counted, units: what is counted, and whose counts vary independently. needs: source columns without which it is not assessed. source: where the benchmark comes from. A workspace overrides benchmarks in its table health_benchmark.';

-- Escalations that coaches took

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (1050, 'stored_coach_escalation', 'table', $part$
	CREATE TABLE @.stored_coach_escalation (coach_id text, month date, escalations bigint NOT NULL, minutes double precision, PRIMARY KEY (coach_id, month));
	COMMENT ON TABLE @.stored_coach_escalation IS 'Escalations that coaches took: contact events of kind escalation with a coach as agent_id.';
	COMMENT ON COLUMN @.stored_coach_escalation.coach_id IS 'Coach.';
	COMMENT ON COLUMN @.stored_coach_escalation.month IS 'First day of the month in which they started.';
	COMMENT ON COLUMN @.stored_coach_escalation.escalations IS 'How many.';
	COMMENT ON COLUMN @.stored_coach_escalation.minutes IS 'Minutes they took, where the end is known (up to a day each); null: of none.';
$part$, 'SELECT coachdiag.refresh_stored_coach_escalation($1, $2)', '{contact_event,settings,stored_coach,stored_coach_week}');

CREATE FUNCTION coachdiag.refresh_stored_coach_escalation(ws text, from_month date) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	zone constant text := coachdiag.time_zone(ws);
	written bigint;
BEGIN
	EXECUTE format('DELETE FROM %I.stored_coach_escalation WHERE $1 IS NULL OR month >= $1', ws) USING from_month;
	EXECUTE format($query$
		INSERT INTO %1$I.stored_coach_escalation
		SELECT e.agent_id::text, date_trunc('month', e.started_at AT TIME ZONE %2$L)::date, count(*),
			coachdiag.exact_sum(extract(epoch FROM e.ended_at - e.started_at) / 60) FILTER (WHERE e.ended_at >= e.started_at AND e.ended_at <= e.started_at + interval '1 day')
		FROM (%3$s) e
		WHERE e.kind = 'escalation' AND e.started_at >= '0001-01-02 00:00+00' AND e.started_at < '9999-12-31 00:00+00' AND ($1 IS NULL OR e.started_at >= $1::timestamp AT TIME ZONE %2$L)
			AND e.started_at < %4$L::timestamp AT TIME ZONE %2$L
			AND e.agent_id::text IN (SELECT coach_id FROM %1$I.stored_coach_week UNION SELECT coach_id FROM %1$I.stored_coach)
		GROUP BY 1, 2
	$query$, ws, zone, coachdiag.source(ws, 'contact_event'), coachdiag.waits_from(ws)) USING from_month;
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$$;
COMMENT ON FUNCTION coachdiag.refresh_stored_coach_escalation(text, date) IS
'Internal: fills stored_coach_escalation from from_month on (null: all). Returns the rows written.';

INSERT INTO coachdiag.workspace_part (position, name, kind, owner_fills, ddl) VALUES (1092, 'health_benchmark', 'table', true, $part$
	CREATE TABLE @.health_benchmark (measure text PRIMARY KEY, benchmark double precision NOT NULL CHECK (benchmark BETWEEN -1e30 AND 1e30), source text);
	COMMENT ON TABLE @.health_benchmark IS 'Benchmarks of your own for program_health, over those of coachdiag.health_measure(); fill it as you like, refresh leaves it alone.';
	COMMENT ON COLUMN @.health_benchmark.measure IS 'A measure of coachdiag.health_measure().';
	COMMENT ON COLUMN @.health_benchmark.benchmark IS 'Benchmark, in the same unit; shares as fractions.';
	COMMENT ON COLUMN @.health_benchmark.source IS 'Where it comes from.';
$part$);

-- The measures

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (1094, 'program_unit', 'table', $part$
	CREATE TABLE @.program_unit (program text, measure text, offender text, unit text, hits double precision NOT NULL, trials double precision NOT NULL,
		PRIMARY KEY (program, measure, unit, offender));
	COMMENT ON TABLE @.program_unit IS 'What program_health counts: hits of trials for each measure, by the units that vary independently, over the months that the diagnosis looks at.';
	COMMENT ON COLUMN @.program_unit.program IS 'Program; empty: teams without one.';
	COMMENT ON COLUMN @.program_unit.measure IS 'Measure of coachdiag.health_measure(); on_time, days_late (of promises) and rating_sd (of all ratings) stand beside them.';
	COMMENT ON COLUMN @.program_unit.offender IS 'Coach or team that it is counted for; empty: not known. Of new_coaches: new (first half-year) or experienced.';
	COMMENT ON COLUMN @.program_unit.unit IS 'Agent; of a coach''s load, coach and month.';
	COMMENT ON COLUMN @.program_unit.hits IS 'What counts (sessions with an action, minutes spent coaching, ...).';
	COMMENT ON COLUMN @.program_unit.trials IS 'Of how many (sessions, minutes available, ...).';
$part$, $fill$SELECT coachdiag.fill_part($1, 'program_unit', coachdiag.in_workspace($1, $query$
	WITH span AS MATERIALIZED (
		SELECT (date_trunc('month', d.until::timestamp) - (d.months - 1) * interval '1 month')::date AS since, d.until, d.until - 31 AS promises_until
		FROM (
			SELECT coalesce((SELECT max(l.day) FROM @.stored_coaching_session l WHERE l.held),
				(SELECT (max(p.month) + interval '1 month')::date - 1 FROM @.stored_panel p WHERE p.rows > 0), current_date) AS until,
				(SELECT max(s.diagnosis_months) FROM @.settings s) AS months
		) d
	), measured AS (
		SELECT m.agent_id, m.metric, min(m.first_period) AS first_period, max(m.last_period) AS last_period FROM @.agent_month_mean m GROUP BY m.agent_id, m.metric
	), cell AS MATERIALIZED (
		-- All that the log says, in one pass: counts by agent, coach, month and approach.
		SELECT coalesce(l.program, '') AS program, l.team, l.agent_id, l.coach_id, l.month, l.approach,
			count(*) AS rows,
			count(*) FILTER (WHERE l.held) AS held,
			count(*) FILTER (WHERE l.held AND l.first_row) AS sessions,
			count(l.length) FILTER (WHERE l.held AND l.first_row) AS timed,
			coachdiag.exact_sum(l.length) FILTER (WHERE l.held AND l.first_row) AS minutes,
			count(*) FILTER (WHERE l.held AND coalesce(l.metric, l.behaviour, l.sub_behaviour) IS NOT NULL) AS subject,
			count(*) FILTER (WHERE l.held AND coalesce(l.behaviour, l.sub_behaviour) IS NOT NULL) AS behaviour,
			count(l.action) FILTER (WHERE l.held) AS action,
			count(l.follow_up_due) FILTER (WHERE l.held) AS follow_up_date,
			count(l.followed_up_on) AS followed_up,
			count(*) FILTER (WHERE l.held AND (l.followed_up_on IS NOT NULL OR l.agent_rating IS NOT NULL OR l.recognition)) AS outcome,
			count(*) FILTER (WHERE l.held AND c.coach_id IS NOT NULL) AS known_coach,
			count(*) FILTER (WHERE l.held AND c.coach_id IS NOT NULL AND c.trained_on <= l.day) AS trained,
			count(*) FILTER (WHERE l.held AND l.follow_up_due <= s.promises_until) AS promised,
			count(*) FILTER (WHERE l.held AND l.follow_up_due <= s.promises_until AND l.followed_up_on <= l.follow_up_due + 31) AS kept,
			count(*) FILTER (WHERE l.held AND l.follow_up_due <= s.promises_until AND l.followed_up_on <= l.follow_up_due) AS on_time,
			sum(greatest(l.followed_up_on - l.follow_up_due, 0)) FILTER (WHERE l.held AND l.follow_up_due <= s.promises_until AND l.followed_up_on <= l.follow_up_due + 31) AS days_late,
			count(*) FILTER (WHERE l.held AND l.follow_up_due <= s.promises_until AND c.promoted_on > l.day - 182) AS promised_new,
			count(*) FILTER (WHERE l.held AND l.follow_up_due <= s.promises_until AND c.promoted_on > l.day - 182 AND l.followed_up_on <= l.follow_up_due + 31) AS kept_new,
			count(*) FILTER (WHERE l.held AND l.follow_up_due <= s.promises_until AND c.promoted_on <= l.day - 182) AS promised_old,
			count(*) FILTER (WHERE l.held AND l.follow_up_due <= s.promises_until AND c.promoted_on <= l.day - 182 AND l.followed_up_on <= l.follow_up_due + 31) AS kept_old,
			count(*) FILTER (WHERE l.dose AND l.metric IS NOT NULL) AS on_metric,
			count(*) FILTER (WHERE l.dose AND l.metric IS NOT NULL AND coalesce(l.behaviour, l.sub_behaviour, l.action) IS NULL) AS number_alone,
			count(l.agent_rating) FILTER (WHERE l.held AND l.agent_rating > -1e100 AND l.agent_rating < 1e100) AS rated,
			coachdiag.exact_sum(l.agent_rating) FILTER (WHERE l.held AND l.agent_rating > -1e100 AND l.agent_rating < 1e100) AS rating,
			coachdiag.exact_sum(l.agent_rating ^ 2) FILTER (WHERE l.held AND l.agent_rating > -1e100 AND l.agent_rating < 1e100) AS rating_squared,
			count(*) FILTER (WHERE l.held AND l.recognition) AS recognised,
			count(l.recognition) AS recognition_given,
			count(*) FILTER (WHERE l.dose AND l.day < e.last_period - 27) AS to_measure,
			count(*) FILTER (WHERE l.dose AND l.day < e.last_period - 27 AND m.first_period <= l.day AND m.last_period > l.day) AS measurable
		FROM @.coaching_log l
		CROSS JOIN span s
		LEFT JOIN @.stored_coach c ON c.coach_id = l.coach_id
		LEFT JOIN measured m ON m.agent_id = l.agent_id AND m.metric = l.metric
		CROSS JOIN (SELECT max(x.last_period) AS last_period FROM measured x) e
		WHERE l.day >= s.since AND l.outcome <> 'ahead'
		GROUP BY coalesce(l.program, ''), l.team, l.agent_id, l.coach_id, l.month, l.approach
	), given AS MATERIALIZED (
		SELECT coalesce(sum(c.held), 0) > 0 AS held,
			coalesce(sum(c.behaviour + c.action + c.follow_up_date + c.followed_up), 0) > 0 AS form,
			coalesce(sum(c.behaviour + c.action), 0) > 0 AS detail,
			coalesce(sum(c.followed_up), 0) > 0 AS followed_up,
			coalesce(sum(c.recognition_given), 0) > 0 AS recognition,
			sqrt(greatest(coachdiag.exact_sum(c.rating_squared) - coachdiag.exact_sum(c.rating) ^ 2 / nullif(sum(c.rated), 0), 0) / nullif(sum(c.rated) - 1, 0)) AS rating_sd,
			(SELECT count(k.trained_on) > 0 FROM @.stored_coach k) AS trained,
			(SELECT count(a.left_on) > 0 FROM @.stored_agent a) AS left_on,
			(SELECT coalesce(bool_or(e.minutes > 0), false) FROM @.stored_coach_escalation e) AS escalations
		FROM cell c
	), present AS (
		SELECT coalesce(bool_or(x.column_name = 'behaviour' AND x.present), false) AS behaviour, coalesce(bool_or(x.column_name = 'action' AND x.present), false) AS action,
			coalesce(bool_or(x.column_name = 'follow_up_due' AND x.present), false) AS follow_up_due,
			coalesce(bool_or(x.column_name IN ('followed_up_at', 'agent_rating', 'recognition') AND x.present), false) AS outcome
		FROM @.stored_source_column x WHERE x.relation = 'coaching_session'
	), stay AS MATERIALIZED (
		SELECT coalesce(t.program, '') AS program, b.team, b.agent_id, b.from_day, b.to_day, b.left_on
		FROM (
			SELECT m.team, m.agent_id, greatest(m.valid_from, s.since, a.hired_on) AS from_day, least(m.valid_to, s.until + 1, a.left_on + 1) AS to_day,
				CASE WHEN a.left_on >= m.valid_from AND a.left_on < m.valid_to AND a.left_on BETWEEN s.since AND s.until THEN a.left_on END AS left_on
			FROM @.stored_membership m CROSS JOIN span s LEFT JOIN @.stored_agent a ON a.agent_id = m.agent_id
		) b
		JOIN @.stored_team t ON t.team = b.team
		WHERE b.from_day < b.to_day
	), agent AS (
		SELECT s.program, s.agent_id, sum(s.to_day - s.from_day) / 30.4375 AS months, count(s.left_on) > 0 AS has_left FROM stay s GROUP BY s.program, s.agent_id
	), full_month AS (
		SELECT s.program, s.team, s.agent_id, m.month::date AS month
		FROM stay s
		CROSS JOIN LATERAL generate_series(date_trunc('month', s.from_day::timestamp), date_trunc('month', s.to_day::timestamp) - interval '1 month', interval '1 month') m(month)
		WHERE m.month >= s.from_day
	), team_coach AS (
		SELECT DISTINCT ON (c.team) c.team, c.coach_id
		FROM (
			SELECT x.team, x.coach_id, sum(x.rows) AS rows FROM cell x WHERE x.coach_id IS NOT NULL GROUP BY x.team, x.coach_id
			UNION ALL SELECT t.team, t.supervisor, 0 FROM @.stored_team t WHERE t.supervisor IS NOT NULL
		) c ORDER BY c.team, c.rows DESC, c.coach_id
	), agent_coach AS (
		-- An agent's coach: who saw them most; of agents nobody saw, who sees their team most.
		SELECT DISTINCT ON (c.program, c.agent_id) c.program, c.agent_id, c.coach_id, sum(c.sessions) OVER (PARTITION BY c.program, c.agent_id) AS sessions
		FROM (
			SELECT x.program, x.agent_id, x.coach_id, sum(x.sessions) AS sessions FROM cell x WHERE x.coach_id IS NOT NULL GROUP BY x.program, x.agent_id, x.coach_id
			UNION ALL SELECT s.program, s.agent_id, t.coach_id, 0 FROM stay s JOIN team_coach t USING (team)
		) c ORDER BY c.program, c.agent_id, c.sessions DESC, c.coach_id
	), coach AS (
		SELECT DISTINCT ON (c.coach_id) c.coach_id, c.program
		FROM (
			SELECT x.coach_id, x.program, sum(x.rows) AS rows FROM cell x GROUP BY x.coach_id, x.program
			UNION ALL SELECT t.supervisor, coalesce(t.program, ''), 0 FROM @.stored_team t
		) c WHERE c.coach_id IS NOT NULL ORDER BY c.coach_id, c.rows DESC, c.program
	), approach AS (
		SELECT DISTINCT ON (c.program) c.program, c.approach FROM (
			SELECT x.program, x.approach, sum(x.sessions) AS sessions FROM cell x WHERE x.approach IS NOT NULL GROUP BY x.program, x.approach
		) c ORDER BY c.program, c.sessions DESC, c.approach
	), coach_month AS (
		SELECT k.program, w.coach_id, date_trunc('month', w.period::timestamp)::date AS month, coachdiag.exact_sum(w.direct_reports) AS reports, count(w.direct_reports) AS weeks,
			coachdiag.exact_sum(w.coaching_minutes) FILTER (WHERE w.available_minutes > 0) AS coaching, coachdiag.exact_sum(w.available_minutes) FILTER (WHERE w.available_minutes > 0 AND w.coaching_minutes IS NOT NULL) AS available,
			coachdiag.exact_sum(w.coaching_minutes) AS all_coaching
		FROM @.stored_coach_week w JOIN coach k USING (coach_id) CROSS JOIN span s
		WHERE w.period BETWEEN s.since AND s.until
		GROUP BY k.program, w.coach_id, date_trunc('month', w.period::timestamp)::date
	), unit (program, measure, offender, unit, hits, trials) AS (
		SELECT c.program, v.measure, c.coach_id, c.agent_id, v.hits, v.trials
		FROM (
			SELECT x.program, x.coach_id, x.agent_id, sum(x.held) AS held, sum(x.timed) AS timed, coachdiag.exact_sum(x.minutes) AS minutes, sum(x.subject) AS subject, sum(x.behaviour) AS behaviour, sum(x.action) AS action,
				sum(x.follow_up_date) AS follow_up_date, sum(x.outcome) AS outcome, sum(x.known_coach) AS known_coach, sum(x.trained) AS trained, sum(x.promised) AS promised, sum(x.kept) AS kept, sum(x.on_time) AS on_time, sum(x.days_late) AS days_late,
				sum(x.on_metric) AS on_metric, sum(x.number_alone) AS number_alone, sum(x.rated) AS rated, coachdiag.exact_sum(x.rating) AS rating, sum(x.recognised) AS recognised,
				sum(x.sessions) FILTER (WHERE x.approach IS NOT NULL) AS approached, sum(x.sessions) FILTER (WHERE x.approach = a.approach) AS by_main
			FROM cell x LEFT JOIN approach a USING (program)
			GROUP BY x.program, x.coach_id, x.agent_id
		) c
		CROSS JOIN given g CROSS JOIN present p
		CROSS JOIN LATERAL (VALUES
			('length', c.minutes, c.timed::double precision),
			('approach', c.by_main::double precision, c.approached::double precision),
			('subject', c.subject, CASE WHEN g.form THEN c.held END),
			('behaviour', c.behaviour, CASE WHEN g.form AND p.behaviour THEN c.held END),
			('action', c.action, CASE WHEN g.form AND p.action THEN c.held END),
			('follow_up_date', c.follow_up_date, CASE WHEN g.form AND p.follow_up_due THEN c.held END),
			('outcome', c.outcome, CASE WHEN g.form AND p.outcome THEN c.held END),
			('untrained', c.known_coach - c.trained, CASE WHEN g.trained THEN c.known_coach END),
			('outcome_only', c.number_alone, CASE WHEN g.detail THEN c.on_metric END),
			('rating', c.rating, c.rated), ('rating_spread', c.rating / nullif(g.rating_sd, 0), CASE WHEN g.rating_sd > 0 THEN c.rated END),
			('recognition', c.recognised, CASE WHEN g.recognition THEN c.held END),
			('broken_promises', c.promised - c.kept, CASE WHEN g.followed_up THEN c.promised END),
			('on_time', c.on_time, c.promised), ('days_late', c.days_late, c.kept - c.on_time), ('rating_sd', g.rating_sd * c.rated, c.rated)
		) v (measure, hits, trials)
		UNION ALL
		SELECT c.program, 'new_coaches', v.offender, c.agent_id, v.hits, v.trials
		FROM cell c CROSS JOIN given g
		CROSS JOIN LATERAL (VALUES ('new', c.promised_new - c.kept_new, c.promised_new), ('experienced', c.promised_old - c.kept_old, c.promised_old)) v (offender, hits, trials)
		WHERE g.followed_up
		UNION ALL
		SELECT c.program, 'measurable', c.team, c.agent_id, c.measurable, c.to_measure FROM cell c
		UNION ALL
		SELECT f.program, 'agents_unseen', f.team, f.agent_id, (c.agent_id IS NULL)::int, 1
		FROM full_month f CROSS JOIN given g
		LEFT JOIN (SELECT DISTINCT x.program, x.agent_id, x.month FROM cell x WHERE x.sessions > 0) c ON c.program = f.program AND c.agent_id = f.agent_id AND c.month = f.month
		WHERE g.held
		UNION ALL
		SELECT coalesce(t.program, ''), v.measure, m.team, w.agent_id, v.hits, v.trials
		FROM @.stored_agent_week w CROSS JOIN span s
		JOIN @.stored_membership m ON m.agent_id = w.agent_id AND m.valid_from <= w.period AND w.period < m.valid_to
		JOIN @.stored_team t ON t.team = m.team
		CROSS JOIN LATERAL (VALUES
			('time_planned', w.coaching_minutes_planned, CASE WHEN w.coaching_minutes_planned >= 0 THEN w.available_minutes END),
			('occupancy', w.occupancy, CASE WHEN w.occupancy BETWEEN 0 AND 1 THEN 1 END)
		) v (measure, hits, trials)
		WHERE w.period BETWEEN s.since AND s.until
		UNION ALL
		SELECT k.program, v.measure, k.coach_id, k.coach_id || to_char(k.month, ' YYYY-MM-DD'), v.hits, v.trials
		FROM coach_month k
		CROSS JOIN given g
		LEFT JOIN @.stored_coach_escalation e ON e.coach_id = k.coach_id AND e.month = k.month
		CROSS JOIN LATERAL (VALUES
			('span', k.reports, k.weeks::double precision), ('time_coaching', k.coaching, k.available),
			('escalations', coalesce(e.minutes, 0), CASE WHEN g.escalations THEN k.all_coaching + coalesce(e.minutes, 0) END)
		) v (measure, hits, trials)
		UNION ALL
		SELECT a.program, v.measure, k.coach_id, a.agent_id, v.hits, v.trials
		FROM agent a
		JOIN agent_coach k USING (program, agent_id)
		CROSS JOIN given g
		CROSS JOIN LATERAL (VALUES
			('frequency', k.sessions, CASE WHEN g.held AND a.months >= 1 THEN a.months END),
			('attrition', a.has_left::int, CASE WHEN g.left_on THEN a.months END)
		) v (measure, hits, trials)
		UNION ALL
		SELECT i.program, 'never_told', i.team, i.agent_id, CASE WHEN r.agent_id IS NULL THEN 1 ELSE 0 END, 1
		FROM (SELECT coalesce(t.program, '') AS program, c.agent_id, min(c.team) AS team FROM @.agent_improvement c JOIN @.stored_team t USING (team) WHERE c.improved GROUP BY coalesce(t.program, ''), c.agent_id) i
		CROSS JOIN given g
		LEFT JOIN (
			SELECT DISTINCT x.agent_id FROM cell x CROSS JOIN span s CROSS JOIN @.settings z
			WHERE x.recognised > 0 AND x.month > date_trunc('month', s.until::timestamp) - z.diagnosis_months / 2 * interval '1 month'
		) r USING (agent_id)
		WHERE g.recognition
	)
	SELECT u.program, u.measure, coalesce(u.offender, ''), u.unit, coachdiag.exact_sum(coalesce(u.hits, 0)), coachdiag.exact_sum(u.trials)
	FROM unit u WHERE u.trials > 0 AND u.trials < 1e100
	GROUP BY u.program, u.measure, coalesce(u.offender, ''), u.unit
$query$))$fill$,
	'{agent_improvement,agent_month_mean,coaching_log,settings,stored_agent,stored_agent_week,stored_coach,stored_coach_escalation,stored_coach_week,stored_coaching_session,stored_membership,stored_panel,stored_source_column,stored_team}');

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (1095, 'program_measure', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.program_measure AS
	WITH measure AS MATERIALIZED (
		SELECT h.*, coalesce(b.benchmark, h.benchmark) AS bar, coalesce(b.source, h.source) AS comparison
		FROM coachdiag.health_measure() h LEFT JOIN @.health_benchmark b USING (measure)
	), tally AS MATERIALIZED (
		-- Per offender, and (offender null) per programme.
		SELECT u.program, u.measure, u.offender, coachdiag.exact_sum(u.hits) AS hits, coachdiag.exact_sum(u.trials) AS trials, count(*) AS units, coachdiag.exact_sum(u.hits) / coachdiag.exact_sum(u.trials) AS value,
			coachdiag.exact_sum(u.hits ^ 2) AS hits_squared, coachdiag.exact_sum(u.hits * u.trials) AS cross_product, coachdiag.exact_sum(u.trials ^ 2) AS trials_squared
		FROM (
			SELECT x.program, x.measure, x.offender, x.hits, x.trials FROM @.program_unit x WHERE x.offender <> ''
			UNION ALL
			SELECT x.program, x.measure, NULL, coachdiag.exact_sum(x.hits), coachdiag.exact_sum(x.trials) FROM @.program_unit x GROUP BY x.program, x.measure, x.unit
		) u GROUP BY u.program, u.measure, u.offender
	), ranged AS MATERIALIZED (
		SELECT t.*, m.kind, i.low, i.high
		FROM tally t JOIN measure m USING (measure)
		CROSS JOIN LATERAL coachdiag.ratio_interval(t.hits, t.trials, t.hits_squared, t.cross_product, t.trials_squared, t.units, m.kind IN ('share', 'difference')) i
		WHERE m.kind IN ('share', 'ratio', 'difference')
	), peer AS (
		SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t.value) FILTER (WHERE t.measure = 'rating' AND t.trials >= 10)
			- 0.5 * coachdiag.exact_sum(t.hits) FILTER (WHERE t.measure = 'rating_sd') / coachdiag.exact_sum(t.trials) FILTER (WHERE t.measure = 'rating_sd') AS bar
		FROM tally t WHERE t.measure IN ('rating', 'rating_sd') AND t.offender IS NULL
		HAVING count(*) FILTER (WHERE t.measure = 'rating' AND t.trials >= 10) >= 3
	), own AS MATERIALIZED (
		-- Coaches with ten counts from three agents; noise within coaches is pooled over the programme.
		SELECT s.*, coachdiag.heterogeneity(s.value, s.se) OVER (PARTITION BY s.program, s.measure) AS h, row_number() OVER (PARTITION BY s.program, s.measure) AS no,
			coachdiag.exact_sum(s.trials) OVER (PARTITION BY s.program, s.measure) AS all_trials, count(*) OVER (PARTITION BY s.program, s.measure) AS coaches
		FROM (
			SELECT t.program, t.measure, t.offender, t.trials, t.value / x.scale AS value,
				sqrt(coachdiag.exact_sum(greatest(t.hits_squared - 2 * t.value * t.cross_product + t.value ^ 2 * t.trials_squared, 0)) OVER m / coachdiag.exact_sum(t.trials * (t.units - 1) / t.units) OVER m / t.trials / x.scale ^ 2
					+ 0.05 ^ 2) AS se
			FROM (SELECT y.*, coachdiag.exact_sum(y.hits) FILTER (WHERE y.offender IS NULL) OVER w / coachdiag.exact_sum(y.trials) FILTER (WHERE y.offender IS NULL) OVER w AS mean
				FROM tally y JOIN measure k USING (measure) WHERE k.kind = 'spread' WINDOW w AS (PARTITION BY y.program, y.measure)) t
			CROSS JOIN LATERAL (SELECT CASE WHEN t.measure IN ('frequency', 'length') THEN nullif(t.mean, 0) ELSE 1 END AS scale) x
			WHERE t.offender IS NOT NULL AND t.units >= 3 AND t.trials >= 10
			WINDOW m AS (PARTITION BY t.program, t.measure)
		) s
	), excess AS MATERIALIZED (
		-- Given all leavers, those of one coach are binomial: the exact interval of their share, Bonferroni over coaches, as a ratio of rates.
		SELECT t.program, t.measure, t.offender, w.hits AS trials, t.coaches AS units,
			t.value / nullif((w.hits - t.hits) / (w.trials - t.trials), 0) AS value, i.low / (1 - i.low) * (w.trials - t.trials) / t.trials AS low
		FROM (SELECT x.*, count(*) OVER (PARTITION BY x.program) AS coaches FROM tally x WHERE x.measure = 'attrition' AND x.offender IS NOT NULL) t
		JOIN tally w ON w.program = t.program AND w.measure = t.measure AND w.offender IS NULL
		CROSS JOIN LATERAL coachdiag.binomial_interval(t.hits, w.hits, 1 - 0.05 / t.coaches) i
		WHERE w.hits > 0 AND w.trials > t.trials
	), effect AS MATERIALIZED (
		SELECT DISTINCT ON (e.program, e.by_what) coalesce(e.program, '') AS program, e.by_what || '_effect' AS measure, -e.apart AS value, -e.apart_high AS low, -e.apart_low AS high,
			e.sessions AS trials, e.agents AS units, e.metric, coalesce(k.smallest_effect, 0) AS margin, e.status = 'less' AS less
		FROM @.session_effect e
		JOIN @.stored_metric k USING (metric)
		JOIN (SELECT x.program, x.metric, x.by_what, sum(x.sessions) AS sessions FROM @.session_effect x GROUP BY x.program, x.metric, x.by_what) a
			ON a.program IS NOT DISTINCT FROM e.program AND a.metric = e.metric AND a.by_what = e.by_what
		WHERE e.kind IN ('not trained', 'first year') AND e.apart IS NOT NULL
		ORDER BY e.program, e.by_what, a.sessions DESC, e.metric
	), found AS (
		SELECT r.program, r.measure, r.value, r.low, r.high, r.trials, r.units FROM ranged r WHERE r.offender IS NULL AND r.kind <> 'difference'
		UNION ALL SELECT o.program, o.measure, sqrt((o.h).between_variance), sqrt((o.h).between_low), sqrt((o.h).between_high), o.all_trials, o.coaches FROM own o WHERE o.no = 1
		UNION ALL
		-- Difference of two shares, with Newcombe's interval (1998, method 10).
		SELECT n.program, n.measure, n.value - o.value, n.value - o.value - sqrt((n.value - n.low) ^ 2 + (o.high - o.value) ^ 2),
			n.value - o.value + sqrt((n.high - n.value) ^ 2 + (o.value - o.low) ^ 2), least(n.trials, o.trials), least(n.units, o.units)
		FROM ranged n JOIN ranged o ON o.program = n.program AND o.measure = n.measure AND o.offender = 'experienced'
		WHERE n.kind = 'difference' AND n.offender = 'new'
		UNION ALL SELECT e.program, e.measure, e.value, e.low, e.high, e.trials, e.units FROM effect e
		UNION ALL (SELECT DISTINCT ON (e.program) e.program, e.measure, e.value, e.low, NULL, e.trials, e.units FROM excess e ORDER BY e.program, e.low DESC, e.offender)
	), judged AS MATERIALIZED (
		SELECT b.*, f.value, f.low, f.high, x.metric, coalesce(f.trials, 0) AS trials, coalesce(f.units, 0) AS n_units,
			CASE WHEN f.low IS NULL OR b.bar IS NULL OR f.units < CASE b.kind WHEN 'excess' THEN 2 ELSE 3 END
					OR f.trials < CASE WHEN b.kind = 'excess' OR b.measure = 'never_told' THEN 5 ELSE 10 END THEN 'not_assessed'
				WHEN b.kind = 'effect' THEN CASE WHEN f.low > b.bar AND x.less THEN 'problem' WHEN f.high < greatest(b.bar, x.margin) THEN 'ok' ELSE 'not_assessed' END
				WHEN b.kind = 'excess' THEN CASE WHEN f.low > b.bar THEN 'problem' WHEN f.low > 1 AND f.value > b.bar THEN 'watch' ELSE 'ok' END
				WHEN b.at_most AND f.low > b.bar OR NOT b.at_most AND f.high < b.bar THEN 'problem'
				WHEN b.at_most AND f.value > b.bar OR NOT b.at_most AND f.value < b.bar THEN 'watch'
				ELSE 'ok' END AS state
		FROM (
			SELECT p.program, m.measure, m.reason_no, m.reason, m.kind, m.description, m.at_most, m.percent, m.counted, m.units AS units_are, m.offender AS offender_is,
				m.needs, m.comparison, coalesce(m.bar, r.bar) AS bar, a.measure IS NOT NULL AS available
			FROM measure m
			CROSS JOIN (SELECT DISTINCT coalesce(t.program, '') AS program FROM @.stored_team t) p
			LEFT JOIN peer r ON m.measure = 'rating'
			LEFT JOIN (SELECT t.measure FROM tally t UNION SELECT e.measure FROM effect e) a ON a.measure = m.measure
		) b
		LEFT JOIN found f ON f.program = b.program AND f.measure = b.measure
		LEFT JOIN effect x ON x.program = b.program AND x.measure = b.measure
	), flaw AS MATERIALIZED (
		SELECT j.program, j.measure, j.bar, j.at_most FROM judged j WHERE j.state = 'problem'
	), offence AS (
		SELECT r.program, r.measure, r.offender, abs(r.value - j.bar) AS by_how_much
		FROM flaw j JOIN ranged r ON r.program = j.program AND r.measure = j.measure
		WHERE r.kind <> 'difference' AND r.offender IS NOT NULL AND r.units >= 3 AND r.trials >= CASE j.measure WHEN 'never_told' THEN 3 ELSE 10 END
			AND CASE WHEN j.at_most THEN r.low > j.bar ELSE r.high < j.bar END
		UNION ALL
		SELECT o.program, o.measure, o.offender, abs(o.value - (o.h).mean)
		FROM flaw j JOIN own o ON o.program = j.program AND o.measure = j.measure
		WHERE CASE j.measure WHEN 'rating_spread' THEN (o.h).mean - o.value ELSE abs(o.value - (o.h).mean) END > j.bar + 2 * o.se
		UNION ALL
		SELECT e.program, e.measure, e.offender, e.low FROM flaw j JOIN excess e ON e.program = j.program AND e.measure = j.measure WHERE e.low > j.bar
	), named AS (
		SELECT o.program, o.measure, array_agg(o.offender ORDER BY o.rank) AS offenders
		FROM (SELECT x.*, row_number() OVER (PARTITION BY x.program, x.measure ORDER BY x.by_how_much DESC, x.offender) AS rank FROM offence x) o
		WHERE o.rank <= 5 GROUP BY o.program, o.measure
	)
	SELECT nullif(j.program, '') AS program, j.reason_no, j.reason, j.measure, j.description, j.value, j.low AS ci_low, j.high AS ci_high,
		j.bar AS benchmark, j.comparison, j.state, j.trials, j.n_units AS units,
		CASE
			WHEN NOT j.available THEN format('%s: not assessed, needs %s', j.description, j.needs)
			WHEN j.bar IS NULL THEN format('%s: not assessed, needs three programmes to compare', j.description)
			WHEN j.state = 'not_assessed' AND j.kind = 'effect' AND j.value IS NOT NULL THEN format('%s: cannot tell on %s (95 %% interval %s to %s; %s %s, %s %s)', j.description, j.metric,
				coachdiag.shown(j.low, false), coachdiag.shown(j.high, false), round(j.trials::numeric), j.counted, j.n_units, j.units_are)
			WHEN j.state = 'not_assessed' THEN format('%s: not assessed, too few (%s %s, %s %s)', j.description, round(j.trials::numeric), j.counted, j.n_units, j.units_are)
			ELSE format('%s: %s (95 %% interval %s), benchmark at %s %s; %s %s, %s %s%s', concat_ws(' on ', j.description, j.metric), coalesce(coachdiag.shown(j.value, j.percent), 'all'),
				CASE WHEN j.high IS NULL THEN 'from ' || coachdiag.shown(j.low, j.percent) ELSE coachdiag.shown(j.low, j.percent) || ' to ' || coachdiag.shown(j.high, j.percent) END,
				CASE WHEN j.at_most THEN 'most' ELSE 'least' END, coachdiag.shown(j.bar, j.percent), round(j.trials::numeric), j.counted, j.n_units, j.units_are,
				'; ' || coachdiag.shown(p.value, true) || ' on time, what was late by ' || coalesce(coachdiag.shown(l.value, false), '0') || ' days on average')
		END AS evidence,
		coalesce(ARRAY(SELECT j.offender_is || ' ' || o.offender FROM unnest(n.offenders) WITH ORDINALITY AS o(offender, rank) ORDER BY o.rank), '{}') AS worst_offenders
	FROM judged j
	LEFT JOIN named n ON n.program = j.program AND n.measure = j.measure
	LEFT JOIN tally p ON p.program = j.program AND p.measure = 'on_time' AND p.offender IS NULL AND j.measure = 'broken_promises'
	LEFT JOIN tally l ON l.program = j.program AND l.measure = 'days_late' AND l.offender IS NULL AND j.measure = 'broken_promises';
	CREATE UNIQUE INDEX ON @.program_measure (program, measure);
	COMMENT ON MATERIALIZED VIEW @.program_measure IS 'Each measure behind program_health, over the months that the diagnosis looks at: value with its 95 % interval, benchmark and state. See coachdiag.health_measure() for what is measured and where benchmarks come from.';
	COMMENT ON COLUMN @.program_measure.program IS 'Program; null: teams without one.';
	COMMENT ON COLUMN @.program_measure.reason_no IS 'Number of the reason why coaching fails, 1 to 10.';
	COMMENT ON COLUMN @.program_measure.reason IS 'The reason, in words.';
	COMMENT ON COLUMN @.program_measure.measure IS 'Name of the measure, as in coachdiag.health_measure().';
	COMMENT ON COLUMN @.program_measure.description IS 'What the value is.';
	COMMENT ON COLUMN @.program_measure.value IS 'What was measured; shares as fractions.';
	COMMENT ON COLUMN @.program_measure.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.program_measure.ci_high IS 'Upper end of it; null where ci_low is given: open.';
	COMMENT ON COLUMN @.program_measure.benchmark IS 'What it is held against; at most or at least, as evidence says.';
	COMMENT ON COLUMN @.program_measure.comparison IS 'Where the benchmark comes from.';
	COMMENT ON COLUMN @.program_measure.state IS 'problem: the whole interval lies beyond the benchmark; watch: the value does; ok; not_assessed: the data can''t carry it.';
	COMMENT ON COLUMN @.program_measure.trials IS 'What was counted (sessions, minutes, ...).';
	COMMENT ON COLUMN @.program_measure.units IS 'Whose counts vary independently (agents, coaches, ...).';
	COMMENT ON COLUMN @.program_measure.evidence IS 'The measure with its numbers, in words, or what is missing.';
	COMMENT ON COLUMN @.program_measure.worst_offenders IS 'Coaches or teams that are surely beyond the benchmark themselves, worst first, up to five; only of a problem.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (1100, 'program_health', 'view', $part$
	CREATE VIEW @.program_health AS
	SELECT DISTINCT ON (m.program, m.reason_no) m.program, m.reason_no, m.reason, m.description AS measure, m.value, m.ci_low, m.ci_high, m.benchmark, m.comparison, m.state,
		string_agg(m.evidence, '. ') OVER (PARTITION BY m.program, m.reason_no ORDER BY o.rank, m.measure ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS evidence,
		m.worst_offenders
	FROM @.program_measure m
	CROSS JOIN LATERAL (SELECT array_position('{problem,watch,ok,not_assessed}', m.state) AS rank) o
	ORDER BY m.program, m.reason_no, o.rank, m.measure;
	COMMENT ON VIEW @.program_health IS 'The ten reasons why coaching fails, one row per programme and reason: the measure that decides (the worst state counts; of several in it the first by name), its value against the benchmark, state, the evidence of all measures of the reason in words, and who stands out.';
	COMMENT ON COLUMN @.program_health.program IS 'Program; null: teams without one.';
	COMMENT ON COLUMN @.program_health.reason_no IS 'Number of the reason why coaching fails, 1 to 10.';
	COMMENT ON COLUMN @.program_health.reason IS 'The reason, in words.';
	COMMENT ON COLUMN @.program_health.measure IS 'What the value is.';
	COMMENT ON COLUMN @.program_health.value IS 'What was measured; shares as fractions.';
	COMMENT ON COLUMN @.program_health.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.program_health.ci_high IS 'Upper end of it; null where ci_low is given: open.';
	COMMENT ON COLUMN @.program_health.benchmark IS 'What it is held against; at most or at least, as evidence says.';
	COMMENT ON COLUMN @.program_health.comparison IS 'Where the benchmark comes from: a source, our choice, or peers.';
	COMMENT ON COLUMN @.program_health.state IS 'problem: surely beyond the benchmark (the whole 95 % interval); watch: beyond it, but it may be noise; ok; not_assessed: no source, or too few.';
	COMMENT ON COLUMN @.program_health.evidence IS 'All measures of the reason with their numbers, the deciding one first; what is missing for those not assessed.';
	COMMENT ON COLUMN @.program_health.worst_offenders IS 'Coaches or teams that are surely beyond the benchmark themselves, worst first; only of a problem.';
$part$);
