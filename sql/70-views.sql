-- The workspace's result views: what dashboards and the report read.

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (100, 'team_panel', 'view', $part$
	CREATE VIEW @.team_panel AS
	SELECT t.program, t.site, p.team, p.metric, m.higher_is_better, m.scale, m.target, m.smallest_effect,
		coachdiag.period_range(p.panel, s.since, NULL) AS panel
	FROM @.stored_history p
	JOIN @.stored_metric m USING (metric)
	LEFT JOIN @.stored_team t USING (team)
	CROSS JOIN (
		SELECT (max(l.month) - ((SELECT g.diagnosis_months FROM @.settings g) - 1) * interval '1 month')::date AS since
		FROM @.stored_panel l WHERE l.rows > 0
	) s
	WHERE p.last_period >= s.since;
	COMMENT ON VIEW @.team_panel IS 'One panel per team and metric over the months that the diagnosis looks at (settings.diagnosis_months), days gathered into weeks. A week belongs to the month in which it begins.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (200, 'gap_dispersion', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.gap_dispersion AS
	SELECT p.program, p.site, p.team, p.metric, d.*
	FROM @.team_panel p
	CROSS JOIN LATERAL coachdiag.gap_dispersion(p.panel, p.higher_is_better, p.scale) d
	WHERE d.agents IS NOT NULL;
	CREATE UNIQUE INDEX ON @.gap_dispersion (team, metric);
	COMMENT ON MATERIALIZED VIEW @.gap_dispersion IS 'How large each team''s gap is and how consistent, sampling noise removed; metric units, positive is worse than target. Columns: see type coachdiag.gap_dispersion_result.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (300, 'gap_sources', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.gap_sources AS
	SELECT p.program, p.site, p.team, p.metric, s.*
	FROM @.team_panel p
	CROSS JOIN LATERAL coachdiag.gap_sources(p.panel, p.higher_is_better, p.scale, coalesce(p.smallest_effect, 0)) s;
	CREATE UNIQUE INDEX ON @.gap_sources (team, metric, kind, item);
	COMMENT ON MATERIALIZED VIEW @.gap_sources IS 'Whose or what''s gap it is: agents (own against contact mix), contact types, tenure; the contributions of a kind add up to the team''s mean gap. Metric units, positive is worse. See function coachdiag.gap_sources.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (400, 'coaching_effect', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coaching_effect AS
	WITH team AS (
		SELECT t.program, t.site, m.metric, m.smallest_effect, e.*
		FROM @.stored_metric m
		CROSS JOIN LATERAL (
			SELECT array_agg(h.team ORDER BY h.team) AS teams, array_agg(h.panel ORDER BY h.team) AS panels FROM @.stored_history h WHERE h.metric = m.metric
		) a
		CROSS JOIN LATERAL coachdiag.coaching_effect(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
		LEFT JOIN @.stored_team t ON t.team = e.unit
	), many AS (
		SELECT t.program, t.site, t.metric, min(t.smallest_effect) AS smallest_effect,
			coachdiag.exact_sum(t.sessions * t.improvement) / coachdiag.exact_sum(t.sessions) AS improvement,
			sqrt(coachdiag.exact_sum(t.sessions ^ 2 * greatest(t.sd ^ 2 - t.doubt ^ 2, 0)) + coachdiag.exact_sum(t.sessions * t.doubt) ^ 2) / coachdiag.exact_sum(t.sessions) AS se, coachdiag.exact_sum(t.raw_df) AS df,
			coachdiag.exact_sum(t.sessions * t.naive_improvement) / coachdiag.exact_sum(t.sessions) AS naive_improvement, coachdiag.exact_sum(t.sessions * t.naive_share_improved) / coachdiag.exact_sum(t.sessions) AS naive_share_improved,
			coachdiag.exact_sum(t.sessions * t.null_improvement) / coachdiag.exact_sum(t.sessions) AS null_improvement, coachdiag.exact_sum(t.sessions * t.null_share_improved) / coachdiag.exact_sum(t.sessions) AS null_share_improved,
			sum(t.n_coached) AS n_coached, sum(t.n_control) AS n_control, coachdiag.exact_sum(t.sessions) AS sessions, min(t.horizon) AS horizon, count(*) AS teams
		FROM team t
		WHERE t.sd > 0 AND t.sessions > 0
		GROUP BY GROUPING SETS ((t.metric), (t.metric, t.program), (t.metric, t.site))
		HAVING (grouping(t.program) = 1 OR t.program IS NOT NULL) AND (grouping(t.site) = 1 OR t.site IS NOT NULL)
	)
	SELECT 'team'::text AS level, t.program, t.site, t.unit AS team, t.metric, t.improvement, t.ci_low, t.ci_high, t.p_value,
		t.naive_improvement, t.naive_share_improved, t.null_improvement, t.null_share_improved, t.smallest_detectable,
		t.n_coached, t.n_control, t.sessions, t.horizon, t.conclusion, t.pooled, t.placebo, t.placebo_p, t.overlap, t.reason
	FROM team t
	UNION ALL
	SELECT CASE WHEN m.program IS NOT NULL THEN 'program' WHEN m.site IS NOT NULL THEN 'site' ELSE 'metric' END, m.program, m.site, NULL, m.metric,
		m.improvement, i.low, i.high, i.p_value,
		m.naive_improvement, m.naive_share_improved, m.null_improvement, m.null_share_improved, (i.high - i.low) / 2 + 0.85 * m.se,
		m.n_coached::integer, m.n_control::integer, m.sessions, m.horizon,
		CASE WHEN i.low > 0 THEN 'effective' WHEN i.high < 0 THEN 'harmful'
			WHEN o.low > -m.smallest_effect AND o.high < m.smallest_effect THEN 'no_effect' ELSE 'cannot_tell' END,
		true, NULL, NULL, NULL, format('mean over %s teams, weighted by their sessions', m.teams)
	FROM many m
	CROSS JOIN LATERAL coachdiag.t_interval(m.improvement, m.se, m.df) i
	CROSS JOIN LATERAL coachdiag.t_interval(m.improvement, m.se, m.df, 0.9) o;
	CREATE UNIQUE INDEX ON @.coaching_effect (metric, level, program, site, team);
	COMMENT ON MATERIALIZED VIEW @.coaching_effect IS 'What coaching did, per session over the following horizon periods, metric units, positive is better: by team (level team, with strength borrowed from the other teams of the metric), program, site and metric (team null: mean over teams, weighted by sessions). Beside it what before against after would claim (naive) and what it would claim had coaching done nothing (null). Columns: see type coachdiag.coaching_effect_result.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (410, 'coaching_effect_by_period', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coaching_effect_by_period AS
	SELECT t.program, t.site, e.unit AS team, m.metric, e.periods_since, e.seen, e.sessions, e.improvement, e.ci_low, e.ci_high, e.band_low, e.band_high, e.half_life, e.phase
	FROM @.stored_metric m
	CROSS JOIN LATERAL (
		SELECT array_agg(h.team ORDER BY h.team) AS teams, array_agg(h.panel ORDER BY h.team) AS panels FROM @.stored_history h WHERE h.metric = m.metric
	) a
	CROSS JOIN LATERAL coachdiag.coaching_effect_by_period(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
	LEFT JOIN @.stored_team t ON t.team = e.unit;
	CREATE UNIQUE INDEX ON @.coaching_effect_by_period (metric, team, periods_since);
	COMMENT ON MATERIALIZED VIEW @.coaching_effect_by_period IS 'Before and after a session, period by period, metric units, positive is better: the dip that led to it, onset, fade, reversion. See function coachdiag.coaching_effect_by_period.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (420, 'coach_effect', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coach_effect AS
	SELECT m.metric, e.*, ARRAY(SELECT a.teams[i.place] FROM unnest(e.in_panel) WITH ORDINALITY i (place, n) ORDER BY i.n) AS in_team
	FROM @.stored_metric m
	CROSS JOIN LATERAL (
		SELECT array_agg(h.team ORDER BY h.team) AS teams, array_agg(t.program ORDER BY h.team) AS programs, array_agg(h.panel ORDER BY h.team) AS panels
		FROM @.stored_history h LEFT JOIN @.stored_team t USING (team) WHERE h.metric = m.metric
	) a
	CROSS JOIN LATERAL coachdiag.coach_effect(a.programs, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e;
	CREATE UNIQUE INDEX ON @.coach_effect (metric, coach_id, program);
	COMMENT ON MATERIALIZED VIEW @.coach_effect IS 'What each coach''s sessions did, over all teams of a program (what coach_scorecard shows) and in each team alone; metric units, positive is better. in_team: the teams that in_panel stands for. Columns: see type coachdiag.coach_effect_result.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (595, 'structural_score', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.structural_score AS
	WITH team AS MATERIALIZED (
		SELECT * FROM @.team_panel
	), type AS (
		SELECT p.metric, p.team, g.*, g.gap - coachdiag.exact_avg(g.gap) OVER (PARTITION BY p.metric, p.team) AS apart
		FROM team p CROSS JOIN LATERAL coachdiag.contact_type_gaps(p.panel, p.higher_is_better, p.scale) g
	), norm AS (
		SELECT t.metric, t.contact_type, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.apart) AS gap, count(*) AS teams,
			min(t.target_low) AS low, max(t.target_high) AS high
		FROM type t GROUP BY t.metric, t.contact_type
	), usual AS (
		SELECT n.metric, jsonb_object_agg(n.contact_type, n.gap) FILTER (WHERE n.teams >= 5) AS usual
		FROM norm n GROUP BY n.metric HAVING max(n.high) - min(n.low) <= 1e-9 * abs(max(n.high))
	), learning AS (
		SELECT p.metric, coachdiag.learning_curve(array_agg(p.panel ORDER BY p.team), bool_and(p.higher_is_better)) AS learning
		FROM team p GROUP BY p.metric
	), coach AS (
		SELECT m.metric, i.*
		FROM @.stored_metric m
		CROSS JOIN LATERAL (
			SELECT array_agg(u.team) AS teams, array_agg(c.coach_id) AS coaches, array_agg(u.sessions) AS sessions, array_agg(u.improvement) AS improvement, array_agg(u.se) AS se
			FROM @.coach_effect c CROSS JOIN LATERAL unnest(c.in_team, c.in_panel_sessions, c.in_panel_improvement, c.in_panel_se) u (team, sessions, improvement, se)
			WHERE c.metric = m.metric
		) a
		CROSS JOIN LATERAL coachdiag.idle_coaches(a.teams, a.coaches, a.sessions, a.improvement, a.se, m.smallest_effect) i
	)
	SELECT p.program, p.site, p.team, p.metric, s.verdict, s.p_structural, s.indicators_present, s.unknown,
		s.agents, s.mean_gap, s.mean_low, s.mean_high, s.settled_gap, s.settled_low, s.settled_high, s.changed_on, s.gap_before, s.gap_after,
		to_jsonb(s.tests) AS tests, s.next_step, s.reason
	FROM team p
	LEFT JOIN @.coaching_effect e ON e.level = 'team' AND e.team = p.team AND e.metric = p.metric
	LEFT JOIN usual u ON u.metric = p.metric
	LEFT JOIN learning l ON l.metric = p.metric
	LEFT JOIN @.decide_or_wait w ON w.team = p.team AND w.metric = p.metric
	LEFT JOIN coach c ON c.team = p.team AND c.metric = p.metric
	CROSS JOIN LATERAL coachdiag.structural_score(p.panel, p.higher_is_better, p.scale, p.smallest_effect,
		e.improvement, e.ci_low, e.ci_high, e.sessions, e.n_coached, u.usual, w.waiting_share, w.waiting_low, w.waiting_high, l.learning,
		CASE WHEN c.told >= 0.75 * e.sessions THEN c.idle_coach END, w.reason) s
	WHERE s.verdict IS NOT NULL;
	CREATE UNIQUE INDEX ON @.structural_score (team, metric);
	COMMENT ON MATERIALIZED VIEW @.structural_score IS 'Structural or behavioural: the five tests, the verdict and its probability, of each team and metric; what indicators and diagnosis show. Metric units; mean_gap: contact mix taken out, positive is worse. Columns: see type coachdiag.structural_score_result.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (600, 'indicators', 'view', $part$
	CREATE VIEW @.indicators AS
	SELECT s.program, s.site, s.team, s.metric, t.*
	FROM @.structural_score s CROSS JOIN LATERAL jsonb_populate_recordset(NULL::coachdiag.structural_test, s.tests) t;
	COMMENT ON VIEW @.indicators IS 'Each test of a structural gap: estimate, 95 % interval, state (structural, behavioural, unknown), n, why, and about how much more would settle it. Columns: see type coachdiag.structural_test.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (900, 'diagnosis', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.diagnosis AS
	SELECT s.program, s.site, s.team, s.metric, g.agents, g.mean_gap, s.verdict, s.p_structural, s.indicators_present,
		q.paradox, s.next_step, s.reason
	FROM @.structural_score s
	JOIN @.gap_dispersion g USING (team, metric)
	LEFT JOIN (
		SELECT DISTINCT ON (p.team, p.metric) p.team, p.metric, p.paradox FROM @.paradox p ORDER BY p.team, p.metric, p.quarter DESC
	) q ON q.team = s.team AND q.metric = s.metric;
	CREATE UNIQUE INDEX ON @.diagnosis (team, metric);
	COMMENT ON MATERIALIZED VIEW @.diagnosis IS 'One row per team and metric: verdict (structural, behavioural, mixed, no_gap, cannot_tell), indicators present of four, what to do next and why. mean_gap: metric units, positive is worse. p_structural: see coachdiag.p_structural; NULL where there is no gap to explain. paradox: whether coaching is invested while the metric does not move and the gap does not close, in the latest quarter of view paradox; NULL: cannot tell, or not assessed.';
$part$);
