-- The workspace's result views: what dashboards and the report read.

CREATE FUNCTION coachdiag.coaching_test(
		effect double precision, effect_low double precision, effect_high double precision, sessions double precision, coached integer, smallest_effect double precision,
		OUT test text, OUT estimate double precision, OUT ci_low double precision, OUT ci_high double precision,
		OUT state text, OUT n integer, OUT reason text)
	RETURNS record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	unit constant double precision := smallest_effect;
BEGIN
	test := 'coaching_without_effect';
	estimate := effect; ci_low := effect_low; ci_high := effect_high; n := sessions; state := 'unknown';
	IF coalesce(sessions, 0) = 0 THEN
		n := 0; reason := 'not assessed: no coaching session for this metric';
	ELSIF effect_low IS NULL THEN
		reason := 'not assessed: nobody to compare the coached agents with, or too few periods';
	ELSIF smallest_effect IS NULL THEN
		reason := 'not assessed: needs metric.smallest_effect, to say what would be too little';
	ELSIF sessions < 3 * coached THEN
		reason := format('%s sessions for %s agents are too few cycles to judge by', round(sessions::numeric), coached);
	ELSIF effect_high < 0.4 * unit OR (effect < 0.15 * unit AND effect_high < 0.75 * unit) THEN
		state := 'structural'; reason := 'several cycles of coaching, and a session moves the metric by less than is worth having';
	ELSIF (effect_low > 0 AND effect > 0.25 * unit) OR (effect > 0.4 * unit AND effect_low > -0.1 * unit) THEN
		state := 'behavioural'; reason := 'coaching moves the metric';
	ELSE
		reason := 'the effect of coaching is not known precisely enough';
	END IF;
END
$function$;
COMMENT ON FUNCTION coachdiag.coaching_test(double precision, double precision, double precision, double precision, integer, double precision) IS
'Whether coaching has run several cycles without result (structural), moves the metric (behavioural), or can''t be told (unknown), from coachdiag.coaching_effect. Several cycles: three sessions and more per coached agent. '
'Without result: the effect of one session is below 0.15 of smallest_effect and its 95 % interval below 0.75, or the interval alone below 0.4. Moves the metric: above 0.25 with the interval above zero, or above 0.4 with the interval above -0.1. estimate: improvement per session, metric units, positive is better; n: sessions.';

CREATE FUNCTION coachdiag.type_gaps(
		panel coachdiag.panel, higher_is_better boolean, scale text,
		OUT agent text, OUT contact_type text, OUT weight double precision, OUT gap double precision, OUT target double precision)
	RETURNS SETOF record LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT c.agent, c.contact_type, c.weight,
		CASE WHEN higher_is_better THEN -1 ELSE 1 END * (c.mean - c.target) * CASE WHEN scale = 'log' THEN pg_catalog.exp(c.target) ELSE 1 END, c.target
	FROM (
		SELECT x.agent, x.contact_type, pg_catalog.sum(x.weight) AS weight,
			pg_catalog.sum(x.weight * x.mean) / pg_catalog.sum(x.weight) AS mean, pg_catalog.sum(x.weight * x.target) / pg_catalog.sum(x.weight) AS target
		FROM coachdiag.cells(panel) x
		WHERE x.contact_type IS NOT NULL AND x.target IS NOT NULL AND x.weight > 0
		GROUP BY x.agent, x.contact_type
	) c;
END;
COMMENT ON FUNCTION coachdiag.type_gaps(coachdiag.panel, boolean, text) IS
'Mean gap of each agent in each contact type, metric units, positive is worse; weight: contacts behind it; target: on the scale of the panel. Cells without type or target are left out.';

CREATE FUNCTION coachdiag.contact_type_test(
		panel coachdiag.panel, higher_is_better boolean, scale text, margin double precision, mean_gap double precision, usual jsonb,
		OUT test text, OUT estimate double precision, OUT ci_low double precision, OUT ci_high double precision,
		OUT state text, OUT n integer, OUT reason text)
	RETURNS record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	targets integer;
	worst text[];
	apart boolean;
	alike boolean;
BEGIN
	test := 'contact_type_or_step';
	state := 'unknown';
	n := cardinality(coachdiag.contact_types(panel));
	IF n < 2 THEN
		reason := 'not assessed: needs agent_metric.contact_type with at least two types';
		RETURN;
	ELSIF mean_gap IS NULL OR mean_gap <= 0 THEN
		reason := 'no gap';
		RETURN;
	END IF;

	-- Each type is compared with the agent's own other types, so that good and bad agents cancel out.
	WITH cell AS MATERIALIZED (
		SELECT g.agent, g.contact_type, g.weight, g.gap - coalesce((usual ->> g.contact_type)::double precision, 0) AS gap, g.target
		FROM coachdiag.type_gaps(panel, higher_is_better, scale) g
	), own AS (
		SELECT c.contact_type, c.weight * o.weight / (c.weight + o.weight) AS w, c.gap - o.gap AS apart
		FROM cell c
		CROSS JOIN LATERAL (
			SELECT sum(x.weight) AS weight, sum(x.weight * x.gap) / sum(x.weight) AS gap
			FROM cell x WHERE x.agent = c.agent AND x.contact_type <> c.contact_type
		) o
		WHERE o.weight > 0
	), mean AS (
		SELECT o.contact_type, count(*) AS agents, sum(o.w * o.apart) / sum(o.w) AS apart FROM own o GROUP BY o.contact_type HAVING count(*) >= 4
	), known AS (
		SELECT m.contact_type, m.apart, i.low, i.high
		FROM mean m
		CROSS JOIN LATERAL (SELECT sum(o.w ^ 2 * (o.apart - m.apart) ^ 2) / sum(o.w) ^ 2 * m.agents / (m.agents - 1) AS v FROM own o WHERE o.contact_type = m.contact_type) e
		CROSS JOIN LATERAL coachdiag.t_interval(m.apart, greatest(sqrt(e.v), 1e-9 * mean_gap), (m.agents - 1)::double precision) i
	), level AS (
		SELECT c.contact_type, sum(c.weight) AS weight, sum(c.weight * c.gap) / sum(c.weight) AS gap, coalesce(min(k.low) > greatest(margin, mean_gap / 3), false) AS worse
		FROM cell c LEFT JOIN known k ON k.contact_type = c.contact_type GROUP BY c.contact_type
	)
	SELECT (SELECT count(DISTINCT c.target) FROM cell c),
		array_agg(l.contact_type ORDER BY l.gap DESC) FILTER (WHERE l.worse),
		bool_or(l.worse) AND sum(l.weight) FILTER (WHERE NOT l.worse) >= 0.2 * sum(l.weight),
		(SELECT bool_and(k.high < greatest(margin, mean_gap / 2)) FROM known k),
		sum(l.weight * (l.gap - r.gap)) FILTER (WHERE l.worse) / sum(l.weight) / mean_gap
	INTO targets, worst, apart, alike, estimate
	FROM level l
	CROSS JOIN (SELECT sum(x.weight * x.gap) FILTER (WHERE NOT x.worse) / sum(x.weight) FILTER (WHERE NOT x.worse) AS gap FROM level x) r;

	IF targets < 2 AND usual IS NULL THEN
		estimate := NULL;
		reason := 'not assessed: all contact types share one target, so a longer type is no evidence; needs agent_metric.target by contact type, or five teams to compare with';
	ELSIF apart AND estimate >= 0.2 THEN
		state := 'structural';
		estimate := least(estimate, 1);
		reason := format('%s %% of the gap would go if %s were like the other contact types', round(100 * estimate), array_to_string(worst, ', '));
	ELSIF alike THEN
		state := 'behavioural'; estimate := coalesce(estimate, 0);
		reason := 'every contact type shows the gap alike: it does not follow the type';
	ELSE
		reason := 'the gaps of the contact types are not known precisely enough';
	END IF;
END
$function$;
COMMENT ON FUNCTION coachdiag.contact_type_test(coachdiag.panel, boolean, text, double precision, double precision, jsonb) IS
'Whether the gap sits in some contact types (structural), in all of them alike (behavioural), or can''t be told (unknown). A type is to blame when the same agents are worse in it than in their other types by more than smallest_effect and a third of the mean gap (95 % interval), and a fifth of the gap sits there. '
'estimate: part of the gap that would go if the types to blame were like the others. n: contact types. usual: contact type -> by how much its gap usually (median over the teams of the metric) exceeds the mean over types, metric units, for types that share one target, where a type that takes longer by nature is no evidence; NULL: the targets are by type, or nothing to compare with.';

CREATE FUNCTION coachdiag.consistent_test(
		whole coachdiag.gap_dispersion_result, margin double precision, type_share double precision,
		OUT test text, OUT estimate double precision, OUT ci_low double precision, OUT ci_high double precision,
		OUT state text, OUT n integer, OUT reason text)
	RETURNS record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	gap constant double precision := nullif(greatest(whole.mean_gap, margin), 0);
	left_over constant double precision := whole.mean_gap * (1 - coalesce(type_share, 0));
	-- Where contact types leave a gap, agents are held against that; where they carry it all, against the whole.
	own constant double precision := CASE WHEN left_over > margin THEN left_over ELSE greatest(whole.mean_gap, margin) END;
BEGIN
	test := 'consistent_gap'; state := 'unknown'; n := whole.agents;
	estimate := whole.between_sd / gap; ci_low := whole.between_low / gap; ci_high := whole.between_high / gap;
	IF whole.mean_low IS NULL OR whole.between_sd IS NULL THEN
		reason := format('spread between agents not available: %s', whole.method);
	ELSIF whole.mean_high <= margin AND whole.share_high < 0.5 THEN
		reason := 'no gap to explain';
	ELSIF n < 5 THEN
		reason := format('only %s agents', n);
	ELSIF whole.between_low > 0 AND whole.between_sd > 1.6 * margin AND whole.between_sd > 0.55 * own THEN
		state := 'behavioural'; reason := 'agents differ about as much as their gap is large: some reach the target under the same process';
	ELSIF whole.mean_low > 0 AND estimate < 0.45 THEN
		state := 'structural'; reason := format('agents differ by %s %% of the gap: nearly everybody is short', round(100 * estimate));
	ELSE
		reason := 'the spread between agents against the gap is not known precisely enough: more weeks or agents needed';
	END IF;
END
$function$;
COMMENT ON FUNCTION coachdiag.consistent_test(coachdiag.gap_dispersion_result, double precision, double precision) IS
'Whether the agents share the gap (structural: they differ by less than 0.45 of it), differ about as much as it is large (behavioural: by more than 0.55 of it and 1.6 of margin), or can''t be told (unknown). estimate: standard deviation of the agents'' true gaps over the mean gap (at least margin), 0 is perfectly alike; the interval is that of the standard deviation. n: agents. '
'type_share: part of the gap that contact types explain, not held against the agents (NULL: none). whole: of a panel without mix. Spread against gap, not the share short of one hump: where good agents sit at the target and the others far off, a normal curve would call nearly all of them short.';

CREATE FUNCTION coachdiag.indicator_tests(
		panel coachdiag.panel, higher_is_better boolean, scale text, smallest_effect double precision,
		effect double precision, effect_low double precision, effect_high double precision, sessions double precision, coached integer,
		usual jsonb DEFAULT NULL,
		OUT test text, OUT estimate double precision, OUT ci_low double precision, OUT ci_high double precision,
		OUT state text, OUT n integer, OUT reason text)
	RETURNS SETOF record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	margin constant double precision := coalesce(smallest_effect, 0);
	fair constant coachdiag.panel := coachdiag.without_mix(panel);
	whole constant coachdiag.gap_dispersion_result := coachdiag.gap_dispersion(fair, higher_is_better, scale, margin);
	part coachdiag.gap_dispersion_result;
	type record;
	bar double precision;
BEGIN
	IF whole.agents IS NULL THEN
		RETURN;
	END IF;
	SELECT * INTO type FROM coachdiag.contact_type_test(panel, higher_is_better, scale, margin, whole.mean_gap, usual);
	RETURN QUERY SELECT * FROM coachdiag.consistent_test(whole, margin, CASE type.state WHEN 'structural' THEN type.estimate END);
	RETURN QUERY SELECT * FROM coachdiag.coaching_test(effect, effect_low, effect_high, sessions, coached, smallest_effect);

	-- Do experienced agents produce the same gap?
	test := 'experienced_same_gap';
	part := coachdiag.gap_dispersion(coachdiag.tenure_range(fair, 365, NULL), higher_is_better, scale, margin);
	bar := whole.mean_gap / 2;
	estimate := part.mean_gap; ci_low := part.mean_low; ci_high := part.mean_high; n := coalesce(part.agents, 0);
	IF n = 0 THEN
		state := 'unknown'; reason := 'not assessed: needs agent.hired_on, or agents with a year of tenure';
	ELSIF n < 3 THEN
		state := 'unknown'; reason := format('only %s agents with a year of tenure', n);
	ELSIF whole.mean_low IS NULL OR whole.mean_low <= 0 OR ci_low IS NULL THEN
		state := 'unknown'; reason := 'no gap that could be told from zero';
	ELSIF estimate > bar AND ci_low > 0 THEN
		state := 'structural'; reason := 'agents with a year of tenure show the gap too';
	ELSIF ci_high < bar THEN
		state := 'behavioural'; reason := 'agents with a year of tenure don''t show the gap';
	ELSE
		state := 'unknown'; reason := 'the gap of agents with a year of tenure is not known precisely enough';
	END IF;
	RETURN NEXT;

	RETURN QUERY SELECT type.test, type.estimate, type.ci_low, type.ci_high, type.state, type.n, type.reason;

	-- Does the agent decide or wait, and does anyone reach the target inside the system?
	test := 'decide_or_wait';
	estimate := NULL; ci_low := NULL; ci_high := NULL; state := 'unknown'; n := NULL;
	reason := 'not assessed: needs constraint_map';
	RETURN NEXT;
END
$function$;
COMMENT ON FUNCTION coachdiag.indicator_tests(coachdiag.panel, boolean, text, double precision, double precision, double precision, double precision, double precision, integer, jsonb) IS
'The five tests of a structural gap on one panel: test, estimate with its 95 % interval, state (structural, behavioural, unknown), n and the reason in words. '
'consistent_gap: spread of the agents'' true gaps over the mean gap. experienced_same_gap: mean gap of agents with a year of tenure, metric units, positive is worse; structural when above zero (95 % interval) and at least half of the team''s. '
'contact_type_or_step: part of the gap that the contact types to blame carry. coaching_without_effect: improvement per session; effect, effect_low, effect_high, sessions, coached are those of coachdiag.coaching_effect (NULL: not assessed). Agents are compared with contact mix taken out. decide_or_wait: unknown in this release. Unknown never counts as present. '
'smallest_effect: smallest shortfall that matters, metric units, NULL = 0. usual: see coachdiag.contact_type_test. A panel without values that have a target: no rows. The tests are those of the coaching paradox (Colville).';

CREATE FUNCTION coachdiag.verdict(mean_low double precision, mean_high double precision, share_high double precision, margin double precision, states jsonb, p_structural double precision)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE
		WHEN mean_high <= margin AND (share_high < 0.5 OR s.consistent <> 'behavioural') THEN 'no_gap'
		WHEN s.structural > 2 THEN 'structural'
		WHEN s.type = 'structural' AND 'behavioural' IN (s.coaching, s.consistent) THEN 'mixed'
		WHEN 'behavioural' IN (s.coaching, s.consistent) THEN 'behavioural'
		WHEN mean_low > 0 AND p_structural >= 0.7 THEN 'structural'
		WHEN mean_low > 0 AND p_structural <= 0.25 THEN 'behavioural'
		ELSE 'cannot_tell'
	END
	FROM (
		SELECT states ->> 'consistent_gap' AS consistent, states ->> 'coaching_without_effect' AS coaching, states ->> 'contact_type_or_step' AS type,
			(SELECT pg_catalog.count(*) FROM pg_catalog.jsonb_each_text(states) t WHERE t.key <> 'decide_or_wait' AND t.value = 'structural') AS structural
	) s;
END;
COMMENT ON FUNCTION coachdiag.verdict(double precision, double precision, double precision, double precision, jsonb, double precision) IS
'The default verdict, by a transparent rule on the states of the tests (states: test -> state), the first that holds: no_gap when the mean gap is surely within margin, unless agents truly differ and half of them can be short; structural when more than two of the four indicators are present; where coaching moves the metric or agents truly differ, mixed when contact types carry a part of the gap and else behavioural; '
'where they don''t settle it and the gap is surely above zero, structural from p_structural 0.7 on and behavioural up to 0.25; otherwise cannot_tell.';

CREATE FUNCTION coachdiag.next_step(verdict text, unknown text[], sessions double precision DEFAULT NULL) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE verdict
		WHEN 'no_gap' THEN 'Leave it: no gap worth acting on. Keep measuring.'
		WHEN 'structural' THEN 'Stop coaching this. Observe five to ten contacts of the worst contact type and map where the agent waits.'
		WHEN 'mixed' THEN 'Observe the process where everybody is short; coach only the agents who are short where others are not.'
		WHEN 'behavioural' THEN 'Coach the agents who are truly short; let those on target show how.'
		ELSE CASE WHEN sessions = 0 THEN 'Coach a few of them, three sessions each, leave the others as they are, and look again after eight weeks.'
			ELSE 'Don''t act on this yet.' END || ' Missing: ' || coalesce(pg_catalog.array_to_string(unknown, '; '), 'data') || '.'
	END;
END;
COMMENT ON FUNCTION coachdiag.next_step(text, text[], double precision) IS
'What to do next about a verdict, in plain words. unknown: what is missing, sessions: coaching sessions so far (0: a few would settle it; NULL: not known), both for cannot_tell.';

-- The views

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (100, 'team_panel', 'view', $part$
	CREATE VIEW @.team_panel AS
	SELECT t.program, t.site, p.team, p.metric, m.higher_is_better, m.scale, m.target, m.smallest_effect,
		coachdiag.rollup(p.panel) AS panel
	FROM @.stored_panel p
	JOIN @.stored_metric m USING (metric)
	LEFT JOIN @.stored_team t USING (team)
	WHERE p.month > (SELECT max(l.month) FROM @.stored_panel l WHERE l.rows > 0) - (SELECT s.diagnosis_months FROM @.settings s) * interval '1 month'
	GROUP BY t.program, t.site, p.team, p.metric, m.higher_is_better, m.scale, m.target, m.smallest_effect;
	COMMENT ON VIEW @.team_panel IS 'One panel per team and metric over the months that the diagnosis looks at (settings.diagnosis_months).';
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
			SELECT array_agg(u.team ORDER BY u.team) AS teams, array_agg(u.panel ORDER BY u.team) AS panels
			FROM (SELECT p.team, coachdiag.rollup(p.panel) AS panel FROM @.stored_panel p WHERE p.metric = m.metric GROUP BY p.team) u
		) a
		CROSS JOIN LATERAL coachdiag.coaching_effect(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
		LEFT JOIN @.stored_team t ON t.team = e.unit
	), many AS (
		SELECT t.program, t.site, t.metric, min(t.smallest_effect) AS smallest_effect,
			sum(t.sessions * t.improvement) / sum(t.sessions) AS improvement,
			sqrt(sum(t.sessions ^ 2 * greatest(t.sd ^ 2 - t.doubt ^ 2, 0)) + sum(t.sessions * t.doubt) ^ 2) / sum(t.sessions) AS se, sum(t.raw_df) AS df,
			sum(t.sessions * t.naive_improvement) / sum(t.sessions) AS naive_improvement, sum(t.sessions * t.naive_share_improved) / sum(t.sessions) AS naive_share_improved,
			sum(t.sessions * t.null_improvement) / sum(t.sessions) AS null_improvement, sum(t.sessions * t.null_share_improved) / sum(t.sessions) AS null_share_improved,
			sum(t.n_coached) AS n_coached, sum(t.n_control) AS n_control, sum(t.sessions) AS sessions, min(t.horizon) AS horizon, count(*) AS teams
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
	SELECT t.program, t.site, e.unit AS team, m.metric, e.periods_since, e.seen, e.sessions, e.improvement, e.ci_low, e.ci_high, e.half_life, e.phase
	FROM @.stored_metric m
	CROSS JOIN LATERAL (
		SELECT array_agg(u.team ORDER BY u.team) AS teams, array_agg(u.panel ORDER BY u.team) AS panels
		FROM (SELECT p.team, coachdiag.rollup(p.panel) AS panel FROM @.stored_panel p WHERE p.metric = m.metric GROUP BY p.team) u
	) a
	CROSS JOIN LATERAL coachdiag.coaching_effect_by_period(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
	LEFT JOIN @.stored_team t ON t.team = e.unit;
	CREATE UNIQUE INDEX ON @.coaching_effect_by_period (metric, team, periods_since);
	COMMENT ON MATERIALIZED VIEW @.coaching_effect_by_period IS 'Before and after a session, period by period, metric units, positive is better: the dip that led to it, onset, fade, reversion. See function coachdiag.coaching_effect_by_period.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (600, 'indicators', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.indicators AS
	WITH team AS MATERIALIZED (
		SELECT * FROM @.team_panel
	), type AS (
		SELECT p.metric, p.team, g.contact_type, sum(g.weight * g.gap) / sum(g.weight) AS gap, min(g.target) AS low, max(g.target) AS high
		FROM team p CROSS JOIN LATERAL coachdiag.type_gaps(p.panel, p.higher_is_better, p.scale) g
		GROUP BY p.metric, p.team, g.contact_type
	), norm AS (
		SELECT t.metric, t.contact_type, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.gap - t.team_gap) AS gap, count(*) AS teams, min(t.low) AS low, max(t.high) AS high
		FROM (SELECT t.*, avg(t.gap) OVER (PARTITION BY t.metric, t.team) AS team_gap FROM type t) t
		GROUP BY t.metric, t.contact_type
	), usual AS (
		SELECT n.metric, jsonb_object_agg(n.contact_type, n.gap) FILTER (WHERE n.teams >= 5) AS usual
		FROM norm n GROUP BY n.metric HAVING max(n.high) - min(n.low) <= 1e-9 * abs(max(n.high))
	)
	SELECT p.program, p.site, p.team, p.metric, i.*
	FROM team p
	LEFT JOIN @.coaching_effect e ON e.level = 'team' AND e.team = p.team AND e.metric = p.metric
	LEFT JOIN usual u ON u.metric = p.metric
	CROSS JOIN LATERAL coachdiag.indicator_tests(p.panel, p.higher_is_better, p.scale, p.smallest_effect,
		e.improvement, e.ci_low, e.ci_high, e.sessions, e.n_coached, u.usual) i;
	CREATE UNIQUE INDEX ON @.indicators (team, metric, test);
	COMMENT ON MATERIALIZED VIEW @.indicators IS 'Each test of a structural gap: estimate, 95 % interval, state (structural, behavioural, unknown), n and why. See coachdiag.indicator_tests.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (900, 'diagnosis', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.diagnosis AS
	SELECT s.program, s.site, s.team, s.metric, s.agents, s.mean_gap, s.verdict,
		CASE WHEN s.verdict <> 'no_gap' THEN s.p_structural END AS p_structural,
		s.structural AS indicators_present,
		NULL::boolean AS paradox,
		coachdiag.next_step(s.verdict, s.unknown, s.sessions) AS next_step,
		s.reason
	FROM (
		SELECT g.program, g.site, g.team, g.metric, g.agents, g.mean_gap, i.structural, i.unknown, i.sessions, i.reason, p.p_structural,
			coachdiag.verdict(g.mean_low, g.mean_high, g.share_high, coalesce(m.smallest_effect, 0), i.states, p.p_structural) AS verdict
		FROM @.gap_dispersion g
		JOIN @.stored_metric m USING (metric)
		JOIN (
			SELECT t.team, t.metric,
				(count(*) FILTER (WHERE t.state = 'structural' AND t.test <> 'decide_or_wait'))::integer AS structural,
				max(t.estimate) FILTER (WHERE t.test = 'consistent_gap') AS spread,
				max(t.estimate) FILTER (WHERE t.test = 'contact_type_or_step' AND t.state = 'structural') AS type_share,
				max(t.estimate) FILTER (WHERE t.test = 'coaching_without_effect') AS effect,
				max(t.ci_low) FILTER (WHERE t.test = 'coaching_without_effect') AS effect_low,
				max(t.ci_high) FILTER (WHERE t.test = 'coaching_without_effect') AS effect_high,
				max(t.n) FILTER (WHERE t.test = 'coaching_without_effect') AS sessions,
				jsonb_object_agg(t.test, t.state) AS states,
				array_agg(t.test || ' (' || t.reason || ')' ORDER BY t.test) FILTER (WHERE t.state = 'unknown') AS unknown,
				string_agg(t.test || ': ' || t.state || ' (' || t.reason || ')', '; ' ORDER BY t.test) AS reason
			FROM @.indicators t GROUP BY t.team, t.metric
		) i USING (team, metric)
		CROSS JOIN LATERAL coachdiag.p_structural(i.spread, i.type_share, i.effect, i.effect_low, i.effect_high, m.smallest_effect) AS p (p_structural)
	) s;
	CREATE UNIQUE INDEX ON @.diagnosis (team, metric);
	COMMENT ON MATERIALIZED VIEW @.diagnosis IS 'One row per team and metric: verdict (structural, behavioural, mixed, no_gap, cannot_tell), indicators present of four, what to do next and why. mean_gap: metric units, positive is worse. p_structural: see coachdiag.p_structural; NULL where there is no gap to explain. paradox: NULL, not assessed in this release.';
$part$);
