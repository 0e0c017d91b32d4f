-- The workspace's result views: what dashboards and the report read.

CREATE FUNCTION coachdiag.coaching_test(
		effect double precision, effect_low double precision, effect_high double precision, sessions double precision, coached integer, smallest_effect double precision,
		OUT test text, OUT estimate double precision, OUT ci_low double precision, OUT ci_high double precision,
		OUT state text, OUT n integer, OUT reason text)
	RETURNS record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	worth constant double precision := 0.4;
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
	ELSIF effect_high < worth * smallest_effect THEN
		state := 'structural'; reason := 'several cycles of coaching, and a session moves the metric by less than is worth having';
	ELSIF effect_low > 0 AND effect > worth * smallest_effect THEN
		state := 'behavioural'; reason := 'coaching moves the metric';
	ELSE
		reason := 'the effect of coaching is not known precisely enough';
	END IF;
END
$function$;
COMMENT ON FUNCTION coachdiag.coaching_test(double precision, double precision, double precision, double precision, integer, double precision) IS
'Whether coaching has run several cycles without result (structural), moves the metric (behavioural), or can''t be told (unknown), from coachdiag.coaching_effect. Several cycles: three sessions and more per coached agent. '
'Without result: the 95 % interval of the effect of one session lies below 0.4 of smallest_effect. estimate: improvement per session, metric units, positive is better; n: sessions.';

CREATE FUNCTION coachdiag.indicator_tests(
		panel coachdiag.panel, higher_is_better boolean, scale text, smallest_effect double precision,
		effect double precision, effect_low double precision, effect_high double precision, sessions double precision, coached integer,
		OUT test text, OUT estimate double precision, OUT ci_low double precision, OUT ci_high double precision,
		OUT state text, OUT n integer, OUT reason text)
	RETURNS SETOF record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	margin constant double precision := coalesce(smallest_effect, 0);
	fair constant coachdiag.panel := coachdiag.without_mix(panel);
	whole constant coachdiag.gap_dispersion_result := coachdiag.gap_dispersion(fair, higher_is_better, scale, margin);
	part coachdiag.gap_dispersion_result;
	bar double precision;
	untold constant text := 'no gap that could be told from zero';
BEGIN
	IF whole.agents IS NULL THEN
		RETURN;
	END IF;

	-- Is the gap consistent across the team?
	test := 'consistent_gap';
	estimate := whole.share_short; ci_low := whole.share_low; ci_high := whole.share_high; n := whole.agents;
	IF ci_low IS NULL THEN
		state := 'unknown'; reason := format('spread between agents not available: %s', whole.method);
	ELSIF whole.mean_high <= margin AND ci_high < 0.5 THEN
		state := 'unknown'; reason := 'no gap to explain';
	ELSIF n < 5 THEN
		state := 'unknown'; reason := format('only %s agents', n);
	ELSIF ci_low >= 0.8 THEN
		state := 'structural'; reason := 'at least 80 % of the agents are truly short';
	ELSIF ci_high < 0.8 AND ci_low >= 0.1 THEN
		state := 'behavioural'; reason := 'some agents are truly short, and a sizeable share is not, under the same process';
	ELSE
		state := 'unknown'; reason := format('between %s and %s %% of the agents may be short: more weeks or agents needed', round(100 * ci_low), round(100 * ci_high));
	END IF;
	RETURN NEXT;

	RETURN QUERY SELECT * FROM coachdiag.coaching_test(effect, effect_low, effect_high, sessions, coached, smallest_effect);

	-- Do experienced agents produce the same gap?
	test := 'experienced_same_gap';
	part := coachdiag.gap_dispersion(coachdiag.tenure_range(fair, 365, NULL), higher_is_better, scale, margin);
	bar := greatest(margin, whole.mean_gap / 2);
	estimate := part.mean_gap; ci_low := part.mean_low; ci_high := part.mean_high; n := coalesce(part.agents, 0);
	IF n = 0 THEN
		state := 'unknown'; reason := 'not assessed: needs agent.hired_on, or agents with a year of tenure';
	ELSIF n < 4 THEN
		state := 'unknown'; reason := format('only %s agents with a year of tenure', n);
	ELSIF whole.mean_low IS NULL OR whole.mean_low <= 0 OR ci_low IS NULL THEN
		state := 'unknown'; reason := untold;
	ELSIF ci_low > bar THEN
		state := 'structural'; reason := 'agents with a year of tenure show the gap too';
	ELSIF ci_high < bar THEN
		state := 'behavioural'; reason := 'agents with a year of tenure don''t show the gap';
	ELSE
		state := 'unknown'; reason := 'the gap of agents with a year of tenure is not known precisely enough';
	END IF;
	RETURN NEXT;

	RETURN QUERY SELECT * FROM coachdiag.contact_type_test(panel, higher_is_better, scale, margin, whole.mean_gap, whole.mean_low);

	-- Does the agent decide or wait, and does anyone reach the target inside the system?
	test := 'decide_or_wait';
	estimate := NULL; ci_low := NULL; ci_high := NULL; state := 'unknown'; n := NULL;
	reason := 'not assessed: needs constraint_map';
	RETURN NEXT;
END
$function$;
COMMENT ON FUNCTION coachdiag.indicator_tests(coachdiag.panel, boolean, text, double precision, double precision, double precision, double precision, double precision, integer) IS
'The five tests of a structural gap on one panel: test, estimate with its 95 % interval, state (structural, behavioural, unknown), n and the reason in words. '
'consistent_gap: share of agents truly short of target by more than smallest_effect. experienced_same_gap: mean gap of agents with a year of tenure, in metric units, positive is worse. '
'contact_type_or_step: how much of the gap the short contact types carry. coaching_without_effect: improvement per session; effect, effect_low, effect_high, sessions, coached are those of coachdiag.coaching_effect (NULL: not assessed). Agents are compared with contact mix taken out. decide_or_wait: unknown in this release. Unknown never counts as present. '
'smallest_effect: smallest shortfall that matters, metric units, NULL = 0. A panel without values that have a target: no rows. The tests are those of the coaching paradox (Colville).';

CREATE FUNCTION coachdiag.contact_type_test(
		panel coachdiag.panel, higher_is_better boolean, scale text, margin double precision, mean_gap double precision, mean_low double precision,
		OUT test text, OUT estimate double precision, OUT ci_low double precision, OUT ci_high double precision,
		OUT state text, OUT n integer, OUT reason text)
	RETURNS record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	targets integer;
	short_types integer;
	fine_types integer;
	fine_share double precision;
BEGIN
	test := 'contact_type_or_step';
	state := 'unknown';
	SELECT count(DISTINCT c.target) INTO targets FROM coachdiag.cells(panel) c WHERE c.contact_type IS NOT NULL AND c.target IS NOT NULL;
	n := cardinality(coachdiag.contact_types(panel));
	IF n < 2 THEN
		reason := 'not assessed: needs agent_metric.contact_type with at least two types';
		RETURN;
	ELSIF targets < 2 THEN
		reason := 'not assessed: all contact types share one target, so a longer type is no evidence; needs agent_metric.target by contact type';
		RETURN;
	ELSIF mean_low IS NULL OR mean_low <= 0 THEN
		reason := 'no gap that could be told from zero';
		RETURN;
	END IF;

	-- A type is short when its gap is surely above the margin, fine when surely below it.
	WITH by_type AS (
		SELECT (SELECT sum(c.weight) FROM coachdiag.cells(panel) c WHERE c.contact_type = t AND c.target IS NOT NULL) AS weight, d.*
		FROM unnest(coachdiag.contact_types(panel)) t
		CROSS JOIN LATERAL coachdiag.gap_dispersion(coachdiag.contact_type(panel, t), higher_is_better, scale, margin) d
		WHERE d.agents >= 4
	)
	SELECT count(*) FILTER (WHERE b.mean_low > margin),
		count(*) FILTER (WHERE b.mean_high < margin),
		sum(b.weight) FILTER (WHERE b.mean_high < margin) / sum(b.weight),
		sum(b.weight * greatest(b.mean_gap, 0)) FILTER (WHERE b.mean_low > margin) / nullif(sum(b.weight * greatest(b.mean_gap, 0)), 0)
	INTO short_types, fine_types, fine_share, estimate FROM by_type b;

	IF short_types > 0 AND fine_types > 0 AND fine_share >= 0.2 THEN
		state := 'structural';
		reason := format('the gap sits in %s of %s contact types; on target: %s', short_types, n, fine_types);
	ELSIF short_types = n THEN
		state := 'behavioural';
		reason := 'every contact type shows the gap: it follows the agent, not the type';
	ELSE
		reason := 'the gaps of the contact types are not known precisely enough';
	END IF;
END
$function$;
COMMENT ON FUNCTION coachdiag.contact_type_test(coachdiag.panel, boolean, text, double precision, double precision, double precision) IS
'Whether the gap sits in some contact types while others are on target (structural), in all of them alike (behavioural), or can''t be told (unknown). estimate: share of the gap that the short types carry. n: contact types. '
'Needs targets by contact type: against one common target a type that takes longer by nature would look like a gap.';

CREATE FUNCTION coachdiag.verdict(mean_high double precision, share_high double precision, margin double precision, states jsonb)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE
		WHEN mean_high <= margin AND share_high < 0.5 THEN 'no_gap'
		WHEN s.structural > 2 THEN 'structural'
		WHEN s.coaching = 'behavioural' AND s.type = 'structural' THEN 'mixed'
		WHEN s.coaching = 'behavioural' THEN 'behavioural'
		WHEN s.consistent = 'behavioural' AND s.structural > 0 THEN 'mixed'
		WHEN s.consistent = 'behavioural' THEN 'behavioural'
		ELSE 'cannot_tell'
	END
	FROM (
		SELECT states ->> 'consistent_gap' AS consistent, states ->> 'coaching_without_effect' AS coaching, states ->> 'contact_type_or_step' AS type,
			(SELECT pg_catalog.count(*) FROM pg_catalog.jsonb_each_text(states) t WHERE t.key <> 'decide_or_wait' AND t.value = 'structural') AS structural
	) s;
END;
COMMENT ON FUNCTION coachdiag.verdict(double precision, double precision, double precision, jsonb) IS
'The default verdict, by a transparent rule on the states of the tests (states: test -> state): no_gap when the mean gap is surely within margin and fewer than half the agents can be short; structural when more than two of the four indicators are present; '
'otherwise, where coaching moves the metric or agents truly differ: mixed when the gap also sits in some contact types only (or, agents differing, any indicator is present), else behavioural; otherwise cannot_tell.';

CREATE FUNCTION coachdiag.next_step(verdict text, unknown text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE verdict
		WHEN 'no_gap' THEN 'Leave it: no gap worth acting on. Keep measuring.'
		WHEN 'structural' THEN 'Stop coaching this. Observe five to ten contacts of the worst contact type and map where the agent waits.'
		WHEN 'mixed' THEN 'Observe the process where everybody is short; coach only the agents who are short where others are not.'
		WHEN 'behavioural' THEN 'Coach the agents who are truly short; let those on target show how.'
		ELSE 'Don''t act on this yet. Missing: ' || coalesce(pg_catalog.array_to_string(unknown, '; '), 'data') || '.'
	END;
END;
COMMENT ON FUNCTION coachdiag.next_step(text, text[]) IS
'What to do next about a verdict, in plain words. unknown: what is missing, for cannot_tell.';

CREATE FUNCTION coachdiag.create_views(ws text) RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	EXECUTE format($sql$
		CREATE VIEW %1$I.team_panel AS
		SELECT t.program, t.site, p.team, p.metric, m.higher_is_better, m.scale, m.target, m.smallest_effect,
			coachdiag.rollup(p.panel) AS panel
		FROM %1$I.stored_panel p
		JOIN %1$I.stored_metric m USING (metric)
		LEFT JOIN %1$I.stored_team t USING (team)
		WHERE p.month > (SELECT max(l.month) FROM %1$I.stored_panel l WHERE l.rows > 0) - (SELECT s.diagnosis_months FROM %1$I.settings s) * interval '1 month'
		GROUP BY t.program, t.site, p.team, p.metric, m.higher_is_better, m.scale, m.target, m.smallest_effect;
		COMMENT ON VIEW %1$I.team_panel IS 'One panel per team and metric over the months that the diagnosis looks at (settings.diagnosis_months).';

		CREATE MATERIALIZED VIEW %1$I.gap_dispersion AS
		SELECT p.program, p.site, p.team, p.metric, d.*
		FROM %1$I.team_panel p
		CROSS JOIN LATERAL coachdiag.gap_dispersion(p.panel, p.higher_is_better, p.scale) d
		WHERE d.agents IS NOT NULL;
		CREATE UNIQUE INDEX ON %1$I.gap_dispersion (team, metric);
		COMMENT ON MATERIALIZED VIEW %1$I.gap_dispersion IS 'How large each team''s gap is and how consistent, sampling noise removed; metric units, positive is worse than target. Columns: see type coachdiag.gap_dispersion_result.';

		CREATE MATERIALIZED VIEW %1$I.coaching_effect AS
		WITH team AS (
			SELECT t.program, t.site, m.metric, m.smallest_effect, e.*
			FROM %1$I.stored_metric m
			CROSS JOIN LATERAL (
				SELECT array_agg(u.team ORDER BY u.team) AS teams, array_agg(u.panel ORDER BY u.team) AS panels
				FROM (SELECT p.team, coachdiag.rollup(p.panel) AS panel FROM %1$I.stored_panel p WHERE p.metric = m.metric GROUP BY p.team) u
			) a
			CROSS JOIN LATERAL coachdiag.coaching_effect(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
			LEFT JOIN %1$I.stored_team t ON t.team = e.unit
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
			true, NULL, NULL, NULL, format('mean over %%s teams, weighted by their sessions', m.teams)
		FROM many m
		CROSS JOIN LATERAL coachdiag.t_interval(m.improvement, m.se, m.df) i
		CROSS JOIN LATERAL coachdiag.t_interval(m.improvement, m.se, m.df, 0.9) o;
		CREATE UNIQUE INDEX ON %1$I.coaching_effect (metric, level, program, site, team);
		COMMENT ON MATERIALIZED VIEW %1$I.coaching_effect IS 'What coaching did, per session over the following horizon periods, metric units, positive is better: by team (level team, with strength borrowed from the other teams of the metric), program, site and metric (team null: mean over teams, weighted by sessions). Beside it what before against after would claim (naive) and what it would claim had coaching done nothing (null). Columns: see type coachdiag.coaching_effect_result.';

		CREATE MATERIALIZED VIEW %1$I.coaching_effect_by_period AS
		SELECT t.program, t.site, e.unit AS team, m.metric, e.periods_since, e.seen, e.sessions, e.improvement, e.ci_low, e.ci_high, e.half_life, e.phase
		FROM %1$I.stored_metric m
		CROSS JOIN LATERAL (
			SELECT array_agg(u.team ORDER BY u.team) AS teams, array_agg(u.panel ORDER BY u.team) AS panels
			FROM (SELECT p.team, coachdiag.rollup(p.panel) AS panel FROM %1$I.stored_panel p WHERE p.metric = m.metric GROUP BY p.team) u
		) a
		CROSS JOIN LATERAL coachdiag.coaching_effect_by_period(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
		LEFT JOIN %1$I.stored_team t ON t.team = e.unit;
		CREATE UNIQUE INDEX ON %1$I.coaching_effect_by_period (metric, team, periods_since);
		COMMENT ON MATERIALIZED VIEW %1$I.coaching_effect_by_period IS 'Before and after a session, period by period, metric units, positive is better: the dip that led to it, onset, fade, reversion. See function coachdiag.coaching_effect_by_period.';

		CREATE MATERIALIZED VIEW %1$I.indicators AS
		SELECT p.program, p.site, p.team, p.metric, i.*
		FROM %1$I.team_panel p
		LEFT JOIN %1$I.coaching_effect e ON e.level = 'team' AND e.team = p.team AND e.metric = p.metric
		CROSS JOIN LATERAL coachdiag.indicator_tests(p.panel, p.higher_is_better, p.scale, p.smallest_effect,
			e.improvement, e.ci_low, e.ci_high, e.sessions, e.n_coached) i;
		CREATE UNIQUE INDEX ON %1$I.indicators (team, metric, test);
		COMMENT ON MATERIALIZED VIEW %1$I.indicators IS 'Each test of a structural gap: estimate, 95 %% interval, state (structural, behavioural, unknown), n and why. See coachdiag.indicator_tests.';

		CREATE MATERIALIZED VIEW %1$I.diagnosis AS
		SELECT s.program, s.site, s.team, s.metric, s.agents, s.mean_gap, s.verdict,
			NULL::double precision AS p_structural,
			s.structural AS indicators_present,
			NULL::boolean AS paradox,
			coachdiag.next_step(s.verdict, s.unknown) AS next_step,
			s.reason
		FROM (
			SELECT g.program, g.site, g.team, g.metric, g.agents, g.mean_gap, i.structural, i.unknown, i.reason,
				coachdiag.verdict(g.mean_high, g.share_high, coalesce(m.smallest_effect, 0), i.states) AS verdict
			FROM %1$I.gap_dispersion g
			JOIN %1$I.stored_metric m USING (metric)
			JOIN (
				SELECT t.team, t.metric,
					(count(*) FILTER (WHERE t.state = 'structural' AND t.test <> 'decide_or_wait'))::integer AS structural,
					jsonb_object_agg(t.test, t.state) AS states,
					array_agg(t.test || ' (' || t.reason || ')' ORDER BY t.test) FILTER (WHERE t.state = 'unknown') AS unknown,
					string_agg(t.test || ': ' || t.state || ' (' || t.reason || ')', '; ' ORDER BY t.test) AS reason
				FROM %1$I.indicators t GROUP BY t.team, t.metric
			) i USING (team, metric)
		) s;
		CREATE UNIQUE INDEX ON %1$I.diagnosis (team, metric);
		COMMENT ON MATERIALIZED VIEW %1$I.diagnosis IS 'One row per team and metric: verdict (structural, behavioural, mixed, no_gap, cannot_tell), indicators present of four, what to do next and why. mean_gap: metric units, positive is worse. p_structural, paradox: NULL, not assessed in this release.';
	$sql$, ws);
END
$function$;
COMMENT ON FUNCTION coachdiag.create_views(text) IS
'Creates the result views of a workspace over its stored tables. Called by coachdiag.create_workspace.';

CREATE FUNCTION coachdiag.refresh_views(ws text) RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	result text;
BEGIN
	FOREACH result IN ARRAY ARRAY['gap_dispersion', 'coaching_effect', 'coaching_effect_by_period', 'indicators', 'diagnosis'] LOOP
		EXECUTE format('REFRESH MATERIALIZED VIEW CONCURRENTLY %I.%I', ws, result);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION coachdiag.refresh_views(text) IS
'Brings the materialised result views of a workspace up to date from its stored tables; readers are not blocked. Called by coachdiag.refresh.';
