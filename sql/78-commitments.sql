-- commitments, tasks and coaching_history: what was promised, what is due now, and what happened to an agent.

CREATE FUNCTION coachdiag.agent_periods(panel coachdiag.panel, scale text DEFAULT 'identity',
		OUT agent text, OUT periods date[], OUT weights double precision[], OUT means double precision[], OUT over_targets double precision[], OUT sessions double precision[],
		OUT measured integer, OUT weight double precision, OUT total double precision, OUT weight_targeted double precision, OUT total_over double precision, OUT all_sessions double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_agent_periods' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION coachdiag.agent_periods(coachdiag.panel, text) IS
'What each agent of a panel did in each period, contact types together: one row per agent, periods in order. weights: volume (0: only sessions); means: mean value by volume; over_targets: mean of value less target over what has a target, whatever the direction (NULL: none); sessions: received. '
'Sums over the periods: measured: periods with a value; weight; total: weight times mean; weight_targeted and total_over: weight, and weight times over_target, of periods with a target; all_sessions. scale: identity, log (panels hold ln; means are of the values themselves), proportion; metric units. '
'Cells without a period are left out. NULL panel: no row. Error 22023: unknown scale.';

CREATE FUNCTION coachdiag.refresh_stored_agent_period(ws text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	written bigint;
BEGIN
	EXECUTE format($query$
		DELETE FROM %1$I.stored_agent_period a
		WHERE NOT EXISTS (SELECT FROM %1$I.stored_panel p WHERE p.team = a.team AND p.metric = a.metric AND p.month = a.month AND p.refreshed_at = a.refreshed_at)
	$query$, ws);
	EXECUTE format($query$
		INSERT INTO %1$I.stored_agent_period (agent_id, metric, month, team, periods, weights, means, over_targets, sessions, measured, weight, total, weight_targeted, total_over, all_sessions, refreshed_at)
		SELECT a.agent, p.metric, p.month, p.team, a.periods, a.weights, a.means, a.over_targets, a.sessions, a.measured, a.weight, a.total, a.weight_targeted, a.total_over, a.all_sessions, p.refreshed_at
		FROM %1$I.stored_panel p
			JOIN %1$I.stored_metric m USING (metric)
			CROSS JOIN LATERAL coachdiag.agent_periods(p.panel, m.scale) a
		WHERE (p.team, p.metric, p.month) NOT IN (SELECT x.team, x.metric, x.month FROM %1$I.stored_agent_period x)
	$query$, ws);
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$$;
COMMENT ON FUNCTION coachdiag.refresh_stored_agent_period(text) IS
'Internal: brings stored_agent_period up to date with the stored panels: only of those that were built again since. Returns the rows written.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (1190, 'stored_agent_period', 'table', $part$
	CREATE TABLE @.stored_agent_period (agent_id text, metric text, month date, team text, periods date[] NOT NULL, weights double precision[] NOT NULL,
		means double precision[] NOT NULL, over_targets double precision[] NOT NULL, sessions double precision[] NOT NULL,
		measured integer NOT NULL, weight double precision NOT NULL, total double precision NOT NULL, weight_targeted double precision NOT NULL, total_over double precision NOT NULL,
		all_sessions double precision NOT NULL, refreshed_at timestamptz NOT NULL,
		PRIMARY KEY (agent_id, metric, month, team));
	-- Statistics of array elements take longer than filling the table, and no query asks for one.
	ALTER TABLE @.stored_agent_period ALTER periods SET STATISTICS 0, ALTER weights SET STATISTICS 0, ALTER means SET STATISTICS 0, ALTER over_targets SET STATISTICS 0, ALTER sessions SET STATISTICS 0;
	COMMENT ON TABLE @.stored_agent_period IS 'What each agent did in each period, contact types together: the stored panels by agent, a row per month, its periods in arrays; read them by the view agent_period. Columns: see function coachdiag.agent_periods.';
	COMMENT ON COLUMN @.stored_agent_period.agent_id IS 'The agent.';
	COMMENT ON COLUMN @.stored_agent_period.metric IS 'What was measured.';
	COMMENT ON COLUMN @.stored_agent_period.periods IS 'When the periods of the month begin, in order.';
	COMMENT ON COLUMN @.stored_agent_period.weights IS 'Volume of each period; 0: nothing measured.';
	COMMENT ON COLUMN @.stored_agent_period.means IS 'Mean value of each period; null: nothing measured.';
	COMMENT ON COLUMN @.stored_agent_period.over_targets IS 'Mean of value less target of each period; null: no target.';
	COMMENT ON COLUMN @.stored_agent_period.sessions IS 'Coaching sessions of each period.';
	COMMENT ON COLUMN @.stored_agent_period.measured IS 'Periods with a value.';
	COMMENT ON COLUMN @.stored_agent_period.weight IS 'Volume of the month.';
	COMMENT ON COLUMN @.stored_agent_period.total IS 'Sum of volume times value.';
	COMMENT ON COLUMN @.stored_agent_period.weight_targeted IS 'Volume that has a target.';
	COMMENT ON COLUMN @.stored_agent_period.total_over IS 'Sum of volume times value less target.';
	COMMENT ON COLUMN @.stored_agent_period.all_sessions IS 'Coaching sessions of the month.';
	COMMENT ON COLUMN @.stored_agent_period.month IS 'Month of the stored panel that it is from; a period belongs to the month in which it begins.';
	COMMENT ON COLUMN @.stored_agent_period.team IS 'Team in force at the periods, or at the sessions.';
	COMMENT ON COLUMN @.stored_agent_period.refreshed_at IS 'When that panel was built.';
$part$, 'SELECT coachdiag.refresh_stored_agent_period($1)',
	'{stored_metric,stored_panel}');

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(1192, 'agent_period', 'view', $part$
	CREATE VIEW @.agent_period AS
	SELECT p.agent_id, p.metric, u.period, p.team, u.weight, u.value, u.over_target, u.sessions, p.month
	FROM @.stored_agent_period p
	CROSS JOIN LATERAL unnest(p.periods, p.weights, p.means, p.over_targets, p.sessions) u (period, weight, value, over_target, sessions);
	COMMENT ON VIEW @.agent_period IS 'What each agent did in each period, contact types together: a row per agent, metric, period and team.';
	COMMENT ON COLUMN @.agent_period.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.agent_period.metric IS 'Metric.';
	COMMENT ON COLUMN @.agent_period.period IS 'First day of the period.';
	COMMENT ON COLUMN @.agent_period.team IS 'Team in force at the period, or at the session.';
	COMMENT ON COLUMN @.agent_period.weight IS 'Volume; 0: nothing measured, only sessions.';
	COMMENT ON COLUMN @.agent_period.value IS 'Mean by volume, metric units.';
	COMMENT ON COLUMN @.agent_period.over_target IS 'Mean of value less target by volume, metric units, whatever the direction; null: no target.';
	COMMENT ON COLUMN @.agent_period.sessions IS 'Sessions received that count as coaching dose for the metric.';
	COMMENT ON COLUMN @.agent_period.month IS 'Month of the period; give a range of it when you look for periods of one agent.';
$part$),
(1195, 'data_until', 'view', $part$
	CREATE VIEW @.data_until AS
	SELECT greatest(
		(SELECT max(coachdiag.last_period(p.panel)) FROM @.stored_panel p
			WHERE p.month = (SELECT max(l.month) FROM @.stored_panel l WHERE l.rows > 0)),
		(SELECT max(s.day) FROM @.stored_coaching_session s WHERE s.held)) AS day;
	COMMENT ON VIEW @.data_until IS 'The last day with data, one row: what is due or overdue is so on this day, not on the day somebody looks.';
	COMMENT ON COLUMN @.data_until.day IS 'Day of the last session held, or start of the last period measured, whichever is later; null: no data.';
$part$),
(1198, 'agent_now', 'view', $part$
	CREATE VIEW @.agent_now AS
	WITH u AS MATERIALIZED (SELECT d.day FROM @.data_until d)
	SELECT DISTINCT ON (m.agent_id) m.agent_id, m.team, t.program, t.site, coalesce(a.left_on <= u.day, false) OR m.valid_to <= u.day AS gone
	FROM @.stored_membership m
	CROSS JOIN u
	LEFT JOIN @.stored_team t ON t.team = m.team
	LEFT JOIN @.stored_agent a ON a.agent_id = m.agent_id
	WHERE m.valid_from <= u.day
	ORDER BY m.agent_id, m.valid_from DESC;
	COMMENT ON VIEW @.agent_now IS 'Where each agent is on the last day with data: what is due follows the agent there.';
	COMMENT ON COLUMN @.agent_now.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.agent_now.team IS 'Team in force, or else the last one.';
	COMMENT ON COLUMN @.agent_now.program IS 'Its program.';
	COMMENT ON COLUMN @.agent_now.site IS 'Its site.';
	COMMENT ON COLUMN @.agent_now.gone IS 'Whether the agent has left, or is in no team any more.';
$part$),
(1200, 'commitments', 'view', $part$
	CREATE VIEW @.commitments AS
	WITH u AS MATERIALIZED (SELECT d.day, (SELECT z.time_zone FROM @.settings z) AS time_zone FROM @.data_until d), source AS (
		SELECT bool_or(c.present AND c.column_name IN ('action', 'follow_up_due')) AS promises, bool_or(c.present AND c.column_name = 'followed_up_at') AS follow_ups
		FROM @.stored_source_column c WHERE c.relation = 'coaching_session'
	), agreed AS (
		SELECT s.*, (s.followed_up_at AT TIME ZONE u.time_zone)::date AS followed_up_on
		FROM @.stored_coaching_session s CROSS JOIN u
		WHERE s.held AND (s.action IS NOT NULL OR s.follow_up_due IS NOT NULL)
	)
	SELECT a.agent_id, n.program, n.site, n.team, a.coach_id, a.session_id, a.metric, a.action, a.day AS agreed_on, a.team AS agreed_in_team, a.follow_up_due, a.followed_up_on,
		u.day AS as_of, CASE WHEN k.status IN ('overdue', 'kept_late') THEN coalesce(a.followed_up_on, u.day) - a.follow_up_due END AS days_overdue,
		k.status, CASE k.status WHEN 'not_assessed' THEN 'needs coaching_session.followed_up_at, to know what was kept' WHEN 'agent_left' THEN 'the agent left before it was followed up' END AS reason
	FROM agreed a
	CROSS JOIN u
	CROSS JOIN source o
	LEFT JOIN @.agent_now n ON n.agent_id = a.agent_id
	CROSS JOIN LATERAL (SELECT CASE
		WHEN NOT o.follow_ups THEN 'not_assessed'
		WHEN a.followed_up_on > a.follow_up_due THEN 'kept_late'
		WHEN a.followed_up_on IS NOT NULL THEN 'kept'
		WHEN n.gone THEN 'agent_left'
		WHEN a.follow_up_due IS NULL THEN 'no_due_date'
		WHEN a.follow_up_due < u.day THEN 'overdue'
		ELSE 'open' END AS status) k
	UNION ALL
	SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, u.day, NULL, 'not_assessed', 'needs coaching_session.action or coaching_session.follow_up_due'
	FROM source o CROSS JOIN u WHERE NOT o.promises;
	COMMENT ON VIEW @.commitments IS 'What was agreed in sessions, and what became of it: a row per session, agent and metric with an action or a follow-up date. It follows the agent: team is where the agent is now.';
	COMMENT ON COLUMN @.commitments.agent_id IS 'Agent; null: nothing could be assessed.';
	COMMENT ON COLUMN @.commitments.program IS 'Program of the team where the agent is now; null: not given.';
	COMMENT ON COLUMN @.commitments.site IS 'Site of that team; null: not given.';
	COMMENT ON COLUMN @.commitments.team IS 'Team of the agent on the last day with data; agreed_in_team: when it was agreed.';
	COMMENT ON COLUMN @.commitments.coach_id IS 'Coach.';
	COMMENT ON COLUMN @.commitments.session_id IS 'Session.';
	COMMENT ON COLUMN @.commitments.metric IS 'Metric that it was about; null: all of them.';
	COMMENT ON COLUMN @.commitments.action IS 'What was agreed; null: only a day for the follow-up.';
	COMMENT ON COLUMN @.commitments.agreed_on IS 'Day of the session.';
	COMMENT ON COLUMN @.commitments.agreed_in_team IS 'Team of the agent on that day; null: in none.';
	COMMENT ON COLUMN @.commitments.follow_up_due IS 'Day by which it is to be followed up; null: none was set.';
	COMMENT ON COLUMN @.commitments.followed_up_on IS 'Day it was followed up; null: not yet.';
	COMMENT ON COLUMN @.commitments.as_of IS 'Last day with data (view data_until), which status is of.';
	COMMENT ON COLUMN @.commitments.days_overdue IS 'From the day it was due to its follow-up, or to as_of while there was none.';
	COMMENT ON COLUMN @.commitments.status IS 'open, overdue (due before as_of), kept, kept_late, no_due_date (not followed up, no day was set), agent_left (not followed up, nobody to follow up with), not_assessed.';
	COMMENT ON COLUMN @.commitments.reason IS 'Why not assessed, or why it is closed.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (1205, 'agent_change', 'table', $part$
	CREATE TABLE @.agent_change (metric text, team text, agent_id text, period date, sessions double precision, periods_before integer, periods_after integer,
		observed double precision, expected double precision, improvement double precision, ci_low double precision, ci_high double precision, p_value double precision,
		conclusion text, cycles integer, cycles_improvement double precision, cycles_low double precision, cycles_high double precision, reason text,
		PRIMARY KEY (agent_id, metric, period, team));
	COMMENT ON TABLE @.agent_change IS 'Whether each agent really changed after each session, against the agent''s own past and the team mates'' same periods: metric units, positive is better. Judged within the team of the session. See function coachdiag.agent_change.';
	COMMENT ON COLUMN @.agent_change.metric IS 'Metric.';
	COMMENT ON COLUMN @.agent_change.team IS 'Team of the agent in that period.';
	COMMENT ON COLUMN @.agent_change.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.agent_change.period IS 'Period of the session: its first day.';
	COMMENT ON COLUMN @.agent_change.sessions IS 'Sessions in it that count as coaching for the metric.';
	COMMENT ON COLUMN @.agent_change.periods_before IS 'Periods observed in this team up to then; below 3 nothing is said.';
	COMMENT ON COLUMN @.agent_change.periods_after IS 'Periods observed in this team of the four that follow; below 2 nothing is said.';
	COMMENT ON COLUMN @.agent_change.observed IS 'Mean of these four, freed of contact mix, metric units.';
	COMMENT ON COLUMN @.agent_change.expected IS 'What the agent''s own past (up to and with the period of the session) and the team mates'' same periods led to expect.';
	COMMENT ON COLUMN @.agent_change.improvement IS 'By how much observed beats expected, metric units, positive is better. Null: not assessed, see reason.';
	COMMENT ON COLUMN @.agent_change.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.agent_change.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.agent_change.p_value IS 'Two-sided p value of no change.';
	COMMENT ON COLUMN @.agent_change.conclusion IS 'improved (interval above zero), worse (below), same (90 % interval within smallest_effect), otherwise cannot_tell.';
	COMMENT ON COLUMN @.agent_change.cycles IS 'How many of the latest sessions, three at most, have horizons that do not overlap.';
	COMMENT ON COLUMN @.agent_change.cycles_improvement IS 'Mean improvement over these.';
	COMMENT ON COLUMN @.agent_change.cycles_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.agent_change.cycles_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.agent_change.reason IS 'Why, in words.';
$part$, $fill$SELECT coachdiag.fill_part($1, 'agent_change', coachdiag.in_workspace($1, $query$
	SELECT m.metric, e.unit, e.agent, e.period, e.sessions, e.periods_before, e.periods_after, e.observed, e.expected,
		e.improvement, e.ci_low, e.ci_high, e.p_value, e.conclusion, e.cycles, e.cycles_improvement, e.cycles_low, e.cycles_high, e.reason
	FROM @.stored_metric m
	CROSS JOIN LATERAL (
		SELECT array_agg(h.team ORDER BY h.team) AS teams, array_agg(h.panel ORDER BY h.team) AS panels FROM @.stored_history h WHERE h.metric = m.metric
	) a
	CROSS JOIN LATERAL coachdiag.agent_change(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
	WHERE m.higher_is_better IS NOT NULL AND m.metric IN (
		SELECT x.metric FROM @.stored_metric x JOIN @.stored_coaching_session s ON s.dose AND coalesce(s.metric, x.metric) = x.metric)
$query$))$fill$, '{stored_coaching_session,stored_history,stored_metric}');

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(1210, 'tasks', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.tasks AS
	WITH source AS (
		SELECT bool_or(c.present) AS recognition FROM @.stored_source_column c WHERE c.relation = 'coaching_session' AND c.column_name = 'recognition'
	), ranked AS (
		SELECT c.*, m.smallest_effect, m.higher_is_better, CASE m.period_step WHEN 'month' THEN (c.period + interval '1 month')::date ELSE c.period + 7 END AS period_end,
			row_number() OVER (PARTITION BY c.agent_id, c.metric ORDER BY c.period DESC, c.team) AS latest,
			row_number() OVER (PARTITION BY c.agent_id, c.metric ORDER BY c.improvement IS NULL, c.period DESC, c.team) AS latest_judged
		FROM @.agent_change c JOIN @.stored_metric m USING (metric)
	), judged AS (
		-- Only what was judged lately: a change of a year ago asks for nothing today.
		SELECT r.*, n.program, n.site, n.team AS team_now, d.verdict, s.session_id, s.coach_id, s.day
		FROM ranked r
		CROSS JOIN (SELECT d.day FROM @.data_until d OFFSET 0) u
		JOIN @.agent_now n ON n.agent_id = r.agent_id AND NOT n.gone
		LEFT JOIN @.diagnosis d ON d.team = n.team AND d.metric = r.metric
		LEFT JOIN LATERAL (
			SELECT x.session_id, x.coach_id, x.day FROM @.stored_coaching_session x
			WHERE x.agent_id = r.agent_id AND x.dose AND coalesce(x.metric, r.metric) = r.metric AND x.day >= r.period AND x.day < r.period_end
			ORDER BY x.day DESC, x.session_id LIMIT 1
		) s ON true
		WHERE r.latest_judged = 1 AND r.improvement IS NOT NULL AND r.period >= u.day - 91
	)
	SELECT c.agent_id, c.program, c.site, c.team, c.metric, 'follow_up'::text AS task, c.coach_id, c.session_id, c.agreed_on AS session_on, c.follow_up_due AS due_on,
		c.days_overdue, NULL::double precision AS improvement, NULL::double precision AS ci_low, NULL::double precision AS ci_high, NULL::text AS conclusion,
		CASE c.status WHEN 'overdue' THEN format('promised for %s, %s days ago', to_char(c.follow_up_due, 'YYYY-MM-DD'), c.days_overdue)
			WHEN 'open' THEN 'due within a week' ELSE 'agreed more than 30 days ago without a day for the follow-up' END AS reason
	FROM @.commitments c
	WHERE c.agreed_on >= c.as_of - 91
		AND (c.status = 'overdue' OR (c.status = 'open' AND c.follow_up_due <= c.as_of + 7) OR (c.status = 'no_due_date' AND c.agreed_on < c.as_of - 30))
	UNION ALL
	SELECT j.agent_id, j.program, j.site, j.team_now, j.metric, 'recognition', j.coach_id, j.session_id, j.day, NULL, NULL, j.improvement, j.ci_low, j.ci_high, j.conclusion,
		CASE WHEN o.recognition THEN 'improved beyond noise since the session, and nobody said so'
			ELSE 'improved beyond noise since the session; whether anybody said so needs coaching_session.recognition' END
	FROM judged j CROSS JOIN source o
	WHERE j.conclusion = 'improved' AND NOT EXISTS (
		SELECT FROM @.stored_coaching_session s WHERE s.agent_id = j.agent_id AND s.held AND s.recognition AND s.day > j.day AND coalesce(s.metric, j.metric) = j.metric)
	UNION ALL
	SELECT j.agent_id, j.program, j.site, j.team_now, j.metric, k.task, j.coach_id, j.session_id, j.day, NULL, NULL, j.improvement, j.ci_low, j.ci_high, j.conclusion, k.reason
	FROM judged j
	CROSS JOIN LATERAL (SELECT coalesce(j.cycles = 3 AND j.cycles_high < j.smallest_effect, false) AS exhausted) e
	CROSS JOIN LATERAL (
		SELECT 'stop_coaching' AS task, CASE WHEN j.verdict = 'structural' THEN 'the gap of the team is structural: look at the process instead'
			ELSE 'three cycles of coaching moved the metric by less than is worth having: look for another cause' END AS reason
		WHERE j.verdict = 'structural' OR e.exhausted
		UNION ALL
		SELECT 're_coach', CASE j.conclusion WHEN 'worse' THEN 'got worse beyond noise since the session, and is truly short of target'
			ELSE 'no improvement beyond noise since the session, and truly short of target' END
		WHERE j.latest = 1 AND j.periods_after >= 4 AND NOT e.exhausted AND coalesce(j.verdict, '') <> 'structural' AND (
			SELECT i.low > 0
			FROM (SELECT CASE WHEN j.higher_is_better THEN -1 ELSE 1 END * coachdiag.exact_avg(l.over_target) AS gap, stddev_samp(l.over_target ORDER BY l.over_target) / sqrt(count(*)) AS se, count(*) AS n
				FROM (
					SELECT u.over_target
					FROM (SELECT p.* FROM @.stored_agent_period p WHERE p.agent_id = j.agent_id AND p.metric = j.metric AND p.weight_targeted > 0 ORDER BY p.month DESC LIMIT 8) p
					CROSS JOIN LATERAL unnest(p.periods, p.over_targets) u (period, over_target)
					WHERE u.over_target IS NOT NULL ORDER BY u.period DESC LIMIT 8
				) l) k
			CROSS JOIN LATERAL coachdiag.t_interval(k.gap, CASE WHEN k.n >= 4 AND k.se > 0 THEN k.se END, (k.n - 1)::double precision) i)
	) k
	WHERE j.conclusion <> 'improved';
	CREATE UNIQUE INDEX ON @.tasks (agent_id, metric, task, session_id);
	COMMENT ON MATERIALIZED VIEW @.tasks IS 'Who needs what next, on the last day with data: a row per agent, metric and task, for agents who are still there, in the team where they are now. Whether an agent improved is judged beyond noise (view agent_change), where the data leave it open there is no task. Of sessions of the last 91 days: what is older asks for nothing today (view commitments still lists it).';
	COMMENT ON COLUMN @.tasks.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.tasks.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.tasks.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.tasks.team IS 'Team where the agent is now.';
	COMMENT ON COLUMN @.tasks.task IS 'follow_up: promised and not done. recognition: improved, and not told so since. re_coach: at least four periods on, no improvement (or worse), and short of target beyond noise over the last eight periods. stop_coaching: the team''s gap is structural, or the mean improvement over three cycles surely is below smallest_effect.';
	COMMENT ON COLUMN @.tasks.metric IS 'Metric; null: a commitment on none.';
	COMMENT ON COLUMN @.tasks.coach_id IS 'Coach of the session.';
	COMMENT ON COLUMN @.tasks.session_id IS 'Session that it is about.';
	COMMENT ON COLUMN @.tasks.session_on IS 'Day of that session.';
	COMMENT ON COLUMN @.tasks.due_on IS 'Day promised, for follow_up.';
	COMMENT ON COLUMN @.tasks.days_overdue IS 'Days from due_on to the last day with data; null: not overdue.';
	COMMENT ON COLUMN @.tasks.improvement IS 'Beyond what was expected, metric units, positive is better, with its 95 % interval; null for follow_up.';
	COMMENT ON COLUMN @.tasks.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.tasks.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.tasks.conclusion IS 'improved, worse, same or cannot_tell: see view agent_change.';
	COMMENT ON COLUMN @.tasks.reason IS 'Why, in words.';
$part$),
(1220, 'coaching_history', 'view', $part$
	CREATE VIEW @.coaching_history AS
	WITH event AS (
		SELECT a.agent_id, a.hired_on AS day, 'hired' AS event, NULL::text AS team, NULL::text AS coach_id, NULL::text AS session_id, NULL::text AS metric, false AS dose, NULL::text AS detail
		FROM @.stored_agent a WHERE a.hired_on IS NOT NULL
		UNION ALL
		SELECT m.agent_id, m.valid_from, CASE WHEN m.last_team IS NULL THEN 'joined' ELSE 'moved' END, m.team, NULL, NULL, NULL, false, 'from ' || m.last_team
		FROM (SELECT x.*, lag(x.team) OVER (PARTITION BY x.agent_id ORDER BY x.valid_from) AS last_team FROM @.stored_membership x) m
		UNION ALL
		SELECT s.agent_id, s.day, CASE WHEN NOT s.held THEN 'session_not_held' WHEN s.recognition AND NOT s.dose AND s.not_coachable_reason IS NULL THEN 'recognition' ELSE 'session' END,
			s.team, s.coach_id, s.session_id, s.metric, s.dose,
			concat_ws('; ', CASE WHEN NOT s.held THEN coalesce(s.status, 'planned') END, s.kind, CASE WHEN s.held AND s.team IS NULL THEN 'agent in no team' END, s.behaviour, s.sub_behaviour,
				'agreed: ' || s.action, 'not coachable: ' || s.not_coachable_reason, CASE WHEN s.recognition THEN 'recognised' END)
		FROM @.stored_coaching_session s WHERE s.day IS NOT NULL
		UNION ALL
		SELECT s.agent_id, (s.followed_up_at AT TIME ZONE (SELECT z.time_zone FROM @.settings z))::date, 'follow_up', NULL, s.coach_id, s.session_id, s.metric, false, 'of: ' || s.action
		FROM @.stored_coaching_session s WHERE s.followed_up_at IS NOT NULL
		UNION ALL
		SELECT a.agent_id, a.left_on, 'left', NULL, NULL, NULL, NULL, false, NULL FROM @.stored_agent a WHERE a.left_on IS NOT NULL
	), measured AS (
		SELECT DISTINCT p.agent_id, p.metric FROM @.stored_agent_period p WHERE p.measured > 0
	)
	SELECT e.agent_id, e.day, e.event, coalesce(e.team, t.team) AS team, e.coach_id, e.session_id, coalesce(e.metric, a.metric) AS metric, e.detail,
		b.value AS before, b.periods AS periods_before, f.value AS after, f.periods AS periods_after,
		c.expected, c.improvement, c.ci_low, c.ci_high, c.conclusion
	FROM event e
	LEFT JOIN measured a ON a.agent_id = e.agent_id AND e.metric IS NULL
	LEFT JOIN @.stored_metric m ON m.metric = coalesce(e.metric, a.metric)
	LEFT JOIN @.stored_membership t ON t.agent_id = e.agent_id AND t.valid_from <= e.day AND e.day < t.valid_to
	CROSS JOIN LATERAL (SELECT coachdiag.period_start(e.day, m.period_step, m.week_start) AS own,
		CASE m.period_step WHEN 'month' THEN interval '4 months' ELSE interval '28 days' END AS span,
		CASE m.period_step WHEN 'month' THEN interval '1 month' ELSE interval '7 days' END AS step) d
	CROSS JOIN LATERAL (
		SELECT coachdiag.exact_sum(p.weight * p.value) / coachdiag.exact_sum(p.weight) AS value, count(*)::integer AS periods FROM @.agent_period p
		WHERE p.agent_id = e.agent_id AND p.metric = m.metric AND p.month BETWEEN date_trunc('month', d.own - d.span) AND d.own
			AND p.period > (d.own - d.span)::date AND p.period <= d.own AND p.weight > 0
	) b
	CROSS JOIN LATERAL (
		SELECT coachdiag.exact_sum(p.weight * p.value) / coachdiag.exact_sum(p.weight) AS value, count(*)::integer AS periods FROM @.agent_period p
		WHERE p.agent_id = e.agent_id AND p.metric = m.metric AND p.month BETWEEN date_trunc('month', d.own::timestamp) AND (d.own + d.span)::date
			AND p.period > d.own AND p.period <= (d.own + d.span)::date AND p.weight > 0
	) f
	LEFT JOIN @.agent_change c ON e.dose AND c.agent_id = e.agent_id AND c.metric = m.metric AND c.team = e.team
		AND c.period <= e.day AND e.day < (c.period + d.step)::date;
	COMMENT ON VIEW @.coaching_history IS 'Everything that happened to an agent, whatever the team: sort by day. A row per event and metric: a session on a metric has one row, whatever is about no metric one for each that the agent has been measured on.';
	COMMENT ON COLUMN @.coaching_history.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.coaching_history.day IS 'Day.';
	COMMENT ON COLUMN @.coaching_history.event IS 'hired, joined (first team), moved, session, session_not_held, recognition (nothing else in the session), follow_up, left.';
	COMMENT ON COLUMN @.coaching_history.team IS 'Team on that day; null: in none (before joining, after leaving).';
	COMMENT ON COLUMN @.coaching_history.coach_id IS 'Coach; null: not given, or not a session.';
	COMMENT ON COLUMN @.coaching_history.session_id IS 'Session; null: not about one.';
	COMMENT ON COLUMN @.coaching_history.metric IS 'Metric that the row is about; null: the agent has been measured on none.';
	COMMENT ON COLUMN @.coaching_history.detail IS 'What it was about.';
	COMMENT ON COLUMN @.coaching_history.before IS 'Mean of the metric by volume over the four periods (28 days where periods are days) up to and with that of the event, in whatever team; periods_before: how many of them were measured.';
	COMMENT ON COLUMN @.coaching_history.periods_before IS 'How many of these periods were measured.';
	COMMENT ON COLUMN @.coaching_history.after IS 'The same over the four that follow. After less before holds regression to the mean: read improvement.';
	COMMENT ON COLUMN @.coaching_history.periods_after IS 'How many of these periods were measured.';
	COMMENT ON COLUMN @.coaching_history.expected IS 'For sessions that count as coaching: what was expected after it from the agent''s own past and the team mates, freed of contact mix (view agent_change).';
	COMMENT ON COLUMN @.coaching_history.improvement IS 'By how much the agent beat that while in the same team, metric units, positive is better, with its 95 % interval.';
	COMMENT ON COLUMN @.coaching_history.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.coaching_history.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coaching_history.conclusion IS 'improved, worse, same or cannot_tell.';
$part$);
