-- intervention_effect in the workspace: every change of process, metric and team that it touched.

CREATE FUNCTION coachdiag.intervention_note(
		started_on date, earlier date, later date, span interval, together text, signature text, improvement double precision, coaching double precision, reason text,
		OUT final_signature text, OUT final_reason text)
	RETURNS record LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT
		CASE WHEN together IS NOT NULL THEN 'cannot_tell'
			WHEN signature = 'structural_fix' AND coaching >= improvement THEN 'partial' ELSE signature END,
		pg_catalog.concat_ws('; ',
			CASE WHEN together IS NOT NULL THEN 'began on the same day as ' || together || ': they cannot be told apart' END,
			reason,
			CASE WHEN signature IN ('structural_fix', 'partial') AND coaching >= improvement THEN 'a coaching session had achieved as much before'
				WHEN signature IN ('structural_fix', 'partial') AND coaching IS NOT NULL THEN 'more than a coaching session had achieved before' END,
			CASE WHEN earlier > started_on - span THEN 'values before ' || pg_catalog.to_char(earlier, 'YYYY-MM-DD') || ' are left out: another change touched the same work then' END,
			CASE WHEN later < started_on + 2 * span THEN 'values from ' || pg_catalog.to_char(later, 'YYYY-MM-DD') || ' on are left out: another change touched the same work then' END);
END;
COMMENT ON FUNCTION coachdiag.intervention_note(date, date, date, interval, text, text, double precision, double precision, text) IS
'Internal: the signature and reason of a change of process in the light of other changes and of coaching. together: other changes on the same day, then cannot_tell; earlier, later: the nearest others, within span before and twice span after; coaching: improvement per session before it: a structural fix that achieved no more is partial.';

CREATE FUNCTION coachdiag.after_change(started_on date, contact_type text, measurable_on date, last_period date, improvement double precision, signature text, recurrence text)
	RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'The change of process of ' || pg_catalog.to_char(started_on, 'YYYY-MM-DD') || coalesce(' for ' || contact_type, '') || CASE
	WHEN improvement IS NULL THEN CASE WHEN last_period < measurable_on
		THEN ' is too young to be measured, until ' || pg_catalog.to_char(measurable_on, 'YYYY-MM-DD') || ' at most: change nothing else there meanwhile.' END
	WHEN signature = 'none' THEN ' brought nothing worth having: look again at what holds the work up.'
	WHEN signature = 'cannot_tell' THEN ': what it brought can''t be told (view intervention_effect says why); keep measuring.'
	WHEN recurrence = 'recurred' THEN ' helped, and came undone: find out what undid it, and redesign.'
	WHEN recurrence = 'held' THEN ' helped, and holds: reinforce it, and keep measuring.'
	ELSE ' helped: reinforce it, and measure whether it holds.' END;
COMMENT ON FUNCTION coachdiag.after_change(date, text, date, date, double precision, text, text) IS
'Internal: what to do after a change of process, in words, by what intervention_effect says of it. measurable_on: by when enough will have been seen, whatever there is to compare with; last_period: seen so far. NULL: it can''t be measured.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (890, 'intervention_effect', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.intervention_effect AS
	WITH question AS MATERIALIZED (
		SELECT i.intervention_id, i.started_on, i.kind, i.program, i.site, i.team, i.contact_type,
			m.metric, m.higher_is_better, m.scale, m.smallest_effect,
			CASE WHEN m.period_step = 'month' THEN interval '26 months' ELSE interval '26 weeks' END AS span
		FROM @.stored_intervention i
		JOIN @.stored_metric m ON i.metric IS NULL OR i.metric = m.metric
		WHERE isfinite(i.started_on)
	), measured AS MATERIALIZED (
		SELECT p.metric, p.team, t.program, t.site
		FROM (SELECT DISTINCT p.metric, p.team FROM @.stored_panel p) p LEFT JOIN @.stored_team t USING (team)
	), touch AS MATERIALIZED (
		SELECT q.intervention_id, q.started_on, q.contact_type, q.span, q.metric, t.team
		FROM question q
		JOIN measured t ON t.metric = q.metric AND (q.team IS NULL OR q.team = t.team)
			AND (q.program IS NULL OR q.program = t.program) AND (q.site IS NULL OR q.site = t.site)
	), rival AS MATERIALIZED (
		SELECT a.intervention_id, a.metric, a.team, max(b.started_on) FILTER (WHERE b.started_on < a.started_on) AS earlier,
			min(b.started_on) FILTER (WHERE b.started_on > a.started_on) AS later,
			string_agg(b.intervention_id, ', ' ORDER BY b.intervention_id) FILTER (WHERE b.started_on = a.started_on) AS together
		FROM touch a
		LEFT JOIN touch b ON b.metric = a.metric AND b.team = a.team AND b.intervention_id <> a.intervention_id
			AND (a.contact_type IS NULL OR b.contact_type IS NULL OR a.contact_type = b.contact_type)
		GROUP BY a.intervention_id, a.metric, a.team
	), busy AS MATERIALIZED (
		SELECT DISTINCT q.intervention_id, b.metric, b.team
		FROM question q
		JOIN touch b ON b.metric = q.metric AND b.intervention_id <> q.intervention_id
			AND b.started_on > q.started_on - q.span AND b.started_on < q.started_on + q.span
			AND (q.contact_type IS NULL OR b.contact_type IS NULL OR q.contact_type = b.contact_type)
	), answer AS MATERIALIZED (
		SELECT q.*, e.*, c.improvement AS coaching
		FROM question q
		CROSS JOIN LATERAL (
			SELECT array_agg(u.team ORDER BY u.team) AS teams, array_agg(u.panel ORDER BY u.team) AS panels, array_agg(u.touched ORDER BY u.team) AS touched,
				array_agg(u.team ORDER BY u.team) FILTER (WHERE u.touched) AS touched_teams,
				array_agg(coachdiag.period_range(u.panel, NULL, q.started_on) ORDER BY u.team) FILTER (WHERE u.touched) AS panels_before
			FROM (
				SELECT p.team, r.team IS NOT NULL AS touched,
					coachdiag.period_range(CASE WHEN q.contact_type IS NULL THEN p.panel ELSE coachdiag.contact_type(p.panel, q.contact_type) END,
						r.earlier, r.later) AS panel
				FROM (
					SELECT s.team, coachdiag.rollup(s.panel) AS panel
					FROM @.stored_panel s
					WHERE s.metric = q.metric AND s.month > q.started_on - 2 * q.span - interval '1 month' AND s.month < q.started_on + 2 * q.span
					GROUP BY s.team
				) p
				LEFT JOIN rival r ON r.intervention_id = q.intervention_id AND r.metric = q.metric AND r.team = p.team
				WHERE r.team IS NOT NULL
					OR NOT EXISTS (SELECT FROM busy b WHERE b.intervention_id = q.intervention_id AND b.metric = q.metric AND b.team = p.team)
			) u
		) a
		CROSS JOIN LATERAL coachdiag.intervention_effect(coalesce(a.teams, '{}'), coalesce(a.panels, '{}'), coalesce(a.touched, '{}'),
			q.started_on, q.higher_is_better, q.scale, q.smallest_effect) e
		LEFT JOIN LATERAL (
			SELECT x.unit, coachdiag.exact_sum(x.sessions * x.improvement) / nullif(coachdiag.exact_sum(x.sessions) FILTER (WHERE x.improvement IS NOT NULL), 0) AS improvement
			FROM coachdiag.coaching_effect(a.touched_teams, a.panels_before, q.higher_is_better, q.scale, q.smallest_effect) x
			GROUP BY GROUPING SETS ((x.unit), ())
		) c ON c.unit IS NOT DISTINCT FROM e.unit
	), shared AS (
		SELECT r.intervention_id, r.metric, max(r.earlier) AS earlier, min(r.later) AS later, max(r.together) AS together
		FROM rival r GROUP BY r.intervention_id, r.metric
	)
	SELECT a.intervention_id, a.metric, a.unit AS team, a.kind, a.started_on, a.contact_type, coalesce(t.program, a.program) AS program, coalesce(t.site, a.site) AS site,
		a.improvement, a.ci_low, a.ci_high, a.p_value, a.periods_to_80, a.share_improved, a.share_low, a.share_high, a.variation_ratio, a.variation_p,
		n.final_signature AS signature, a.recurrence, n.final_reason AS reason, a.placebo_p, a.n_agents, a.n_before, a.n_after, a.n_controls, a.comparison,
		a.mean_before, a.coaching AS coaching_before, a.level_change, a.level_low, a.level_high, a.slope_change, a.slope_low, a.slope_high,
		a.autocorrelation, a.sessions_before, a.sessions_after, a.placebo_dates
	FROM answer a
	LEFT JOIN @.stored_team t ON t.team = a.unit
	LEFT JOIN rival r ON r.intervention_id = a.intervention_id AND r.metric = a.metric AND r.team = a.unit
	LEFT JOIN shared s ON a.unit IS NULL AND s.intervention_id = a.intervention_id AND s.metric = a.metric
	CROSS JOIN LATERAL coachdiag.intervention_note(a.started_on, coalesce(r.earlier, s.earlier), coalesce(r.later, s.later), a.span,
		coalesce(r.together, s.together), a.signature, a.improvement, a.coaching, a.reason) n;
	CREATE UNIQUE INDEX ON @.intervention_effect (intervention_id, metric, team) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.intervention_effect IS 'What each change of process did, by metric and team that it touched (team null: all of them together), against teams that it did not touch where there are any; metric units, positive is better. See function coachdiag.intervention_effect; here signature and reason also weigh other changes at the time and what coaching had achieved.';
	COMMENT ON COLUMN @.intervention_effect.intervention_id IS 'Intervention.';
	COMMENT ON COLUMN @.intervention_effect.metric IS 'Metric.';
	COMMENT ON COLUMN @.intervention_effect.team IS 'Team that it touched; null: all of them together, each counting alike.';
	COMMENT ON COLUMN @.intervention_effect.kind IS 'Kind of change.';
	COMMENT ON COLUMN @.intervention_effect.started_on IS 'First day in force.';
	COMMENT ON COLUMN @.intervention_effect.contact_type IS 'Contact type it applied to; null: all.';
	COMMENT ON COLUMN @.intervention_effect.program IS 'Program of the team, or of the change.';
	COMMENT ON COLUMN @.intervention_effect.site IS 'Site of the team, or of the change.';
	COMMENT ON COLUMN @.intervention_effect.improvement IS 'Mean of the periods after the change (26 at most) against what was to be expected without it, metric units, positive is better. Null: not assessed, see reason.';
	COMMENT ON COLUMN @.intervention_effect.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.intervention_effect.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.intervention_effect.p_value IS 'Two-sided p value of no effect.';
	COMMENT ON COLUMN @.intervention_effect.periods_to_80 IS 'Periods until 80 % of the improvement was there; null: none is shown.';
	COMMENT ON COLUMN @.intervention_effect.share_improved IS 'Share of agents whose true change is at least half of improvement, luck removed, 0 to 1; where nothing happened about one half.';
	COMMENT ON COLUMN @.intervention_effect.share_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.intervention_effect.share_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.intervention_effect.variation_ratio IS 'True spread between the same agents, after over before; below 1: they became more alike.';
	COMMENT ON COLUMN @.intervention_effect.variation_p IS 'Two-sided p value of no change in that spread.';
	COMMENT ON COLUMN @.intervention_effect.signature IS 'structural_fix (80 % of the improvement within 4 weeks or 1 month, share_improved at least 0.8, variation_ratio below 1 with variation_p below 0.1, not recurred, and more than a coaching session had achieved), partial (improved, but not all of these), none (no improvement, or none worth having), cannot_tell.';
	COMMENT ON COLUMN @.intervention_effect.recurrence IS 'held (at least half of the improvement is still there in the last third of what follows), recurred (more than half was lost), cannot_tell; null: no improvement is shown.';
	COMMENT ON COLUMN @.intervention_effect.reason IS 'Why, in words.';
	COMMENT ON COLUMN @.intervention_effect.placebo_p IS 'Share of the placebo_dates, the date itself counted, that show as large a change.';
	COMMENT ON COLUMN @.intervention_effect.n_agents IS 'Agents seen at least 3 periods before and after the change.';
	COMMENT ON COLUMN @.intervention_effect.n_before IS 'Periods compared before the change.';
	COMMENT ON COLUMN @.intervention_effect.n_after IS 'Periods compared after the change.';
	COMMENT ON COLUMN @.intervention_effect.n_controls IS 'Teams compared with.';
	COMMENT ON COLUMN @.intervention_effect.comparison IS 'What is to be expected without the change comes from: teams (how much at least 4 other teams changed meanwhile), difference (1 to 3 other teams, period by period), past (own level and trend before).';
	COMMENT ON COLUMN @.intervention_effect.mean_before IS 'Mean before the change, metric units.';
	COMMENT ON COLUMN @.intervention_effect.coaching_before IS 'Improvement per coaching session before the change (coachdiag.coaching_effect over the 52 periods before it), metric units; null: no coaching to judge by.';
	COMMENT ON COLUMN @.intervention_effect.level_change IS 'Change of level in a segmented regression with a slope on each side, metric units, positive is better; null: fewer than 8 periods after.';
	COMMENT ON COLUMN @.intervention_effect.level_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.intervention_effect.level_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.intervention_effect.slope_change IS 'Change of slope per period in the same regression, positive is better.';
	COMMENT ON COLUMN @.intervention_effect.slope_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.intervention_effect.slope_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.intervention_effect.autocorrelation IS 'Of the errors of that regression, one period apart.';
	COMMENT ON COLUMN @.intervention_effect.sessions_before IS 'Coaching sessions per agent and period before the change.';
	COMMENT ON COLUMN @.intervention_effect.sessions_after IS 'The same after the change.';
	COMMENT ON COLUMN @.intervention_effect.placebo_dates IS 'How many earlier dates were tried as if the change had begun then.';
$part$);
