-- The workspace's result views: what dashboards and the report read.

CREATE FUNCTION coachdiag.indicator_tests(
		panel coachdiag.panel, higher_is_better boolean, scale text, smallest_effect double precision,
		OUT test text, OUT estimate double precision, OUT ci_low double precision, OUT ci_high double precision,
		OUT state text, OUT n integer, OUT reason text)
	RETURNS SETOF record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	margin constant double precision := coalesce(smallest_effect, 0);
	whole coachdiag.gap_dispersion_result := coachdiag.gap_dispersion(panel, higher_is_better, scale, margin);
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

	-- Has coaching run several cycles without result?
	test := 'coaching_without_effect';
	estimate := NULL; ci_low := NULL; ci_high := NULL; state := 'unknown'; n := NULL;
	reason := 'not assessed: needs coaching_effect';
	RETURN NEXT;

	-- Do experienced agents produce the same gap?
	test := 'experienced_same_gap';
	part := coachdiag.gap_dispersion(coachdiag.tenure_range(panel, 365, NULL), higher_is_better, scale, margin);
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
COMMENT ON FUNCTION coachdiag.indicator_tests(coachdiag.panel, boolean, text, double precision) IS
'The five tests of a structural gap on one panel: test, estimate with its 95 % interval, state (structural, behavioural, unknown), n and the reason in words. '
'consistent_gap: share of agents truly short of target by more than smallest_effect. experienced_same_gap: mean gap of agents with a year of tenure, in metric units, positive is worse. '
'contact_type_or_step: how much of the gap the short contact types carry. coaching_without_effect, decide_or_wait: unknown in this release. Unknown never counts as present. '
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
		reason := format('the gap sits in %s of %s contact types; %s are on target', short_types, n, fine_types);
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

CREATE FUNCTION coachdiag.verdict(mean_high double precision, share_high double precision, margin double precision, structural integer, behavioural integer, variable_gap boolean)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE
		WHEN mean_high <= margin AND share_high < 0.5 THEN 'no_gap'
		WHEN structural > 2 THEN 'structural'
		WHEN structural > 0 AND variable_gap THEN 'mixed'
		WHEN variable_gap AND behavioural > 0 THEN 'behavioural'
		ELSE 'cannot_tell'
	END;
END;
COMMENT ON FUNCTION coachdiag.verdict(double precision, double precision, double precision, integer, integer, boolean) IS
'The default verdict, by a transparent rule: no_gap when the mean gap is surely within margin and fewer than half the agents can be short; structural when more than two of the four indicators are present; mixed when some are, and yet agents truly differ; behavioural when agents truly differ and none is; otherwise cannot_tell.';

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

CREATE FUNCTION coachdiag.create_views(ws text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	EXECUTE format($sql$
		CREATE VIEW %1$I.team_panel AS
		SELECT t.program, t.site, p.team, p.metric, m.higher_is_better, m.scale, m.target, m.smallest_effect,
			coachdiag.rollup(p.panel) AS panel
		FROM %1$I.stored_panel p
		JOIN %1$I.stored_metric m USING (metric)
		LEFT JOIN %1$I.stored_team t USING (team)
		WHERE p.month > (SELECT max(l.month) FROM %1$I.stored_panel l) - (SELECT s.diagnosis_months FROM %1$I.settings s) * interval '1 month'
		GROUP BY t.program, t.site, p.team, p.metric, m.higher_is_better, m.scale, m.target, m.smallest_effect;
		COMMENT ON VIEW %1$I.team_panel IS 'One panel per team and metric over the months that the diagnosis looks at (settings.diagnosis_months).';

		CREATE MATERIALIZED VIEW %1$I.gap_dispersion AS
		SELECT p.program, p.site, p.team, p.metric, d.*
		FROM %1$I.team_panel p
		CROSS JOIN LATERAL coachdiag.gap_dispersion(p.panel, p.higher_is_better, p.scale) d
		WHERE d.agents IS NOT NULL;
		CREATE UNIQUE INDEX ON %1$I.gap_dispersion (team, metric);
		COMMENT ON MATERIALIZED VIEW %1$I.gap_dispersion IS 'How large each team''s gap is and how consistent, sampling noise removed; metric units, positive is worse than target. Columns: see type coachdiag.gap_dispersion_result.';

		CREATE MATERIALIZED VIEW %1$I.indicators AS
		SELECT p.program, p.site, p.team, p.metric, i.*
		FROM %1$I.team_panel p
		CROSS JOIN LATERAL coachdiag.indicator_tests(p.panel, p.higher_is_better, p.scale, p.smallest_effect) i;
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
				coachdiag.verdict(g.mean_high, g.share_high, coalesce(m.smallest_effect, 0), i.structural, i.behavioural, i.variable_gap) AS verdict
			FROM %1$I.gap_dispersion g
			JOIN %1$I.stored_metric m USING (metric)
			JOIN (
				SELECT t.team, t.metric,
					(count(*) FILTER (WHERE t.state = 'structural' AND t.test <> 'decide_or_wait'))::integer AS structural,
					(count(*) FILTER (WHERE t.state = 'behavioural' AND t.test <> 'decide_or_wait'))::integer AS behavioural,
					coalesce(bool_or(t.state = 'behavioural') FILTER (WHERE t.test = 'consistent_gap'), false) AS variable_gap,
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

CREATE FUNCTION coachdiag.refresh_views(ws text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	result text;
BEGIN
	FOREACH result IN ARRAY ARRAY['gap_dispersion', 'indicators', 'diagnosis'] LOOP
		EXECUTE format('REFRESH MATERIALIZED VIEW CONCURRENTLY %I.%I', ws, result);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION coachdiag.refresh_views(text) IS
'Brings the materialised result views of a workspace up to date from its stored tables; readers are not blocked. Called by coachdiag.refresh.';
