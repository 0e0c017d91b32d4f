-- session_effect and effect_by_length: what sessions of one kind did against those of another: by length, by setting, by the coach's training, by time as coach.

CREATE FUNCTION coachdiag.session_label_sql(ws text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		SELECT d.team, d.metric, d.period, d.agent_id, d.minutes, d.hired_on, l.by_what, l.label
		FROM (%s) d
			LEFT JOIN %I.stored_coach c ON c.coach_id = d.coach
			CROSS JOIN LATERAL (VALUES
				('setting', CASE WHEN d.kind IN ('scheduled', 'real_time', 'group') THEN d.kind END),
				('length', CASE WHEN d.minutes > 30 THEN 'over 30 minutes' WHEN d.minutes > 15 THEN '15 to 30 minutes' WHEN d.minutes > 0 THEN 'up to 15 minutes' END),
				('training', CASE WHEN c.trained_on <= d.period THEN 'trained' WHEN c.coach_id IS NOT NULL THEN 'not trained' END),
				('tenure', CASE WHEN c.promoted_on > d.period - 365 THEN 'first year' WHEN c.promoted_on IS NOT NULL THEN 'later years' END)
			) l (by_what, label)
	$query$, coachdiag.dose_row_sql(ws), ws)
$$;
COMMENT ON FUNCTION coachdiag.session_label_sql(text) IS
'Internal: a query for the sessions that count as coaching, once for each way of telling them apart (by_what: length, setting, training, tenure), with the label they then have; null: not known.';

CREATE FUNCTION coachdiag.session_effect_sql(ws text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		WITH label AS MATERIALIZED (
			%2$s
		), compared AS MATERIALIZED (
			-- Where all sessions are of one kind there is nothing to compare.
			SELECT l.metric, l.by_what FROM label l GROUP BY l.metric, l.by_what HAVING min(l.label) <> max(l.label)
		), kind AS MATERIALIZED (
			SELECT g.program, l.metric, l.by_what, l.label, coachdiag.exact_avg(l.minutes) AS minutes FROM label l LEFT JOIN %1$I.stored_team g USING (team) GROUP BY g.program, l.metric, l.by_what, l.label
		)
		SELECT e.program, m.metric, c.by_what, e.coach_id, e.sessions, e.agents, k.minutes, e.naive_share_improved, e.null_share_improved, e.improvement, e.ci_low, e.ci_high, e.conclusion,
			e.apart, e.apart_low, e.apart_high, v.status,
			CASE v.status WHEN 'not assessed' THEN e.reason
				WHEN 'too few' THEN format('sessions: %%s, agents: %%s; a comparison needs 10 and 3, of another kind too', e.sessions, e.agents)
				WHEN 'more' THEN 'a session of this kind surely does more than one of the others'
				WHEN 'less' THEN 'a session of this kind surely does less than one of the others'
				WHEN 'alike' THEN 'whatever the difference from the others, it is below the smallest worth having'
				ELSE 'the difference from the others may be nothing, or worth having' END
		FROM compared c
		JOIN %1$I.stored_metric m USING (metric)
		CROSS JOIN LATERAL (
			SELECT array_agg(g.program ORDER BY t.team) AS programs, array_agg(t.panel ORDER BY t.team) AS panels
			FROM (
				SELECT u.team, coachdiag.rollup(u.panel) AS panel
				FROM (
					SELECT h.team, coachdiag.without_sessions(h.panel) AS panel FROM %1$I.stored_history h WHERE h.metric = c.metric
					UNION ALL
					SELECT l.team, CASE m.period_step WHEN 'day' THEN coachdiag.weeks(l.panel) ELSE l.panel END
					FROM (SELECT l.team, coachdiag.panel(NULL, NULL, l.agent_id, l.period, NULL, NULL, 1, l.minutes, l.label, l.hired_on) AS panel
						FROM label l WHERE l.metric = c.metric AND l.by_what = c.by_what GROUP BY l.team) l
				) u GROUP BY u.team
			) t LEFT JOIN %1$I.stored_team g USING (team)
		) a
		CROSS JOIN LATERAL coachdiag.coach_effect(a.programs, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
		CROSS JOIN LATERAL (SELECT CASE
			WHEN e.status = 'not assessed' THEN 'not assessed'
			WHEN e.peers IS NULL THEN 'too few'
			WHEN e.outlier = 'above' THEN 'more'
			WHEN e.outlier = 'below' THEN 'less'
			WHEN e.apart_low > -m.smallest_effect AND e.apart_high < m.smallest_effect THEN 'alike'
			ELSE 'cannot_tell' END AS status) v
		LEFT JOIN kind k ON k.program IS NOT DISTINCT FROM e.program AND k.metric = c.metric AND k.by_what = c.by_what AND k.label = e.coach_id
	$query$, ws, coachdiag.session_label_sql(ws))
$$;
COMMENT ON FUNCTION coachdiag.session_effect_sql(text) IS
'Internal: a query for what session_effect is to hold.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (1086, 'session_effect', 'table', $part$
	CREATE TABLE @.session_effect (program text, metric text NOT NULL, by_what text NOT NULL, kind text NOT NULL, sessions double precision, agents integer, minutes double precision,
		naive_share_improved double precision, null_share_improved double precision, improvement double precision, ci_low double precision, ci_high double precision, conclusion text,
		apart double precision, apart_low double precision, apart_high double precision, status text NOT NULL, reason text);
	COMMENT ON TABLE @.session_effect IS 'What sessions of one kind did against those of another: one row per program, metric and kind of session, over the whole history; metric units, positive is better. Sessions of all kinds in one comparison, as coach_scorecard compares coaches (coachdiag.coach_effect); sessions whose kind is not known count as coaching, and for none. A metric whose sessions are all of one kind has no row.';
	COMMENT ON COLUMN @.session_effect.program IS 'Program; null: teams without one.';
	COMMENT ON COLUMN @.session_effect.metric IS 'What the sessions were to move.';
	COMMENT ON COLUMN @.session_effect.by_what IS 'length (needs coaching_session.duration_minutes), setting (needs coaching_session.kind), training (of the coach by then: needs coach.trained_on), tenure (as coach: needs coach.promoted_on).';
	COMMENT ON COLUMN @.session_effect.kind IS 'up to 15 minutes, 15 to 30 minutes (15 excluded, 30 included), over 30 minutes; scheduled (also where not given), real_time, group; trained, not trained; first year, later years.';
	COMMENT ON COLUMN @.session_effect.sessions IS 'Sessions of this kind that count as coaching for the metric.';
	COMMENT ON COLUMN @.session_effect.agents IS 'Agents who had one.';
	COMMENT ON COLUMN @.session_effect.minutes IS 'Mean length; null: not given.';
	COMMENT ON COLUMN @.session_effect.naive_share_improved IS 'Share of sessions whose next period was better than the period before; null_share_improved: what it would have been had coaching done nothing.';
	COMMENT ON COLUMN @.session_effect.null_share_improved IS 'The share that would have been better had coaching done nothing.';
	COMMENT ON COLUMN @.session_effect.improvement IS 'Per session over the following four periods, drawn towards the other kinds as far as the data leave it open; 95 % interval ci_low to ci_high.';
	COMMENT ON COLUMN @.session_effect.ci_low IS 'Lower end of the 95 % interval of improvement.';
	COMMENT ON COLUMN @.session_effect.ci_high IS 'Upper end of the 95 % interval of improvement.';
	COMMENT ON COLUMN @.session_effect.conclusion IS 'effective, harmful, no_effect or cannot_tell, as in coaching_effect.';
	COMMENT ON COLUMN @.session_effect.apart IS 'improvement less the mean of the other kinds; 95 % interval apart_low to apart_high.';
	COMMENT ON COLUMN @.session_effect.apart_low IS 'Lower end of the 95 % interval of apart.';
	COMMENT ON COLUMN @.session_effect.apart_high IS 'Upper end of the 95 % interval of apart.';
	COMMENT ON COLUMN @.session_effect.status IS 'more or less: a session of this kind surely does more (less) than the mean of all kinds, all such statements of a program and metric together with probability 97.5 %; alike: the difference from the others surely is below smallest_effect; cannot_tell; too few (10 sessions of 3 agents, and another kind with as many); not assessed.';
	COMMENT ON COLUMN @.session_effect.reason IS 'Why, in words.';
$part$, $fill$SELECT coachdiag.fill_part($1, 'session_effect', coachdiag.session_effect_sql($1))$fill$,
	'{stored_agent,stored_coach,stored_coaching_session,stored_history,stored_membership,stored_metric,stored_team}');

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (1120, 'effect_by_length', 'view', $part$
	CREATE VIEW @.effect_by_length AS
	WITH given AS (
		SELECT coalesce(bool_or(l.held AND l.length IS NOT NULL), false) AS length FROM @.coaching_log l
	)
	SELECT e.program, e.metric, e.kind AS length, e.sessions, e.agents, e.minutes, e.improvement, e.ci_low, e.ci_high, e.conclusion,
		e.apart, e.apart_low, e.apart_high,
		e.improvement * 60 / e.minutes AS hour_improvement, e.ci_low * 60 / e.minutes AS hour_low, e.ci_high * 60 / e.minutes AS hour_high, e.status, e.reason
	FROM @.session_effect e WHERE e.by_what = 'length'
	UNION ALL
	SELECT DISTINCT t.program, m.metric, NULL, NULL::double precision, NULL::integer, NULL::double precision, NULL::double precision, NULL::double precision, NULL::double precision, NULL,
		NULL::double precision, NULL::double precision, NULL::double precision, NULL::double precision, NULL::double precision, NULL::double precision, 'not assessed',
		CASE WHEN g.length THEN 'sessions of this metric are all of about the same length' ELSE 'needs coaching_session.duration_minutes' END
	FROM @.stored_metric m CROSS JOIN given g CROSS JOIN (SELECT DISTINCT x.program FROM @.stored_team x) t
	WHERE NOT EXISTS (SELECT FROM @.session_effect e WHERE e.by_what = 'length' AND e.metric = m.metric AND e.program IS NOT DISTINCT FROM t.program);
	COMMENT ON VIEW @.effect_by_length IS 'Are ten focused minutes worth thirty? What sessions of each length did: a row per program, metric and length; metric units, positive is better.';
	COMMENT ON COLUMN @.effect_by_length.program IS 'Program; null: teams without one.';
	COMMENT ON COLUMN @.effect_by_length.metric IS 'What the sessions were to move.';
	COMMENT ON COLUMN @.effect_by_length.length IS 'up to 15 minutes; 15 to 30 minutes; over 30 minutes. Null: not assessed.';
	COMMENT ON COLUMN @.effect_by_length.sessions IS 'Sessions of this length that count as coaching for the metric.';
	COMMENT ON COLUMN @.effect_by_length.agents IS 'Agents who had one.';
	COMMENT ON COLUMN @.effect_by_length.minutes IS 'Mean length of these sessions.';
	COMMENT ON COLUMN @.effect_by_length.improvement IS 'Per session over the following four periods, with its 95 % interval; drawn towards the other lengths as far as the data leave it open.';
	COMMENT ON COLUMN @.effect_by_length.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.effect_by_length.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.effect_by_length.conclusion IS 'effective, harmful, no_effect or cannot_tell, as in coaching_effect.';
	COMMENT ON COLUMN @.effect_by_length.apart IS 'improvement less the mean of the other lengths; 95 % interval apart_low to apart_high.';
	COMMENT ON COLUMN @.effect_by_length.apart_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.effect_by_length.apart_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.effect_by_length.hour_improvement IS 'improvement for 60 minutes spent in sessions of this length, minutes taken as known; 95 % interval hour_low to hour_high.';
	COMMENT ON COLUMN @.effect_by_length.hour_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.effect_by_length.hour_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.effect_by_length.status IS 'more, less, alike (per session, against the other lengths), cannot_tell, too few, not assessed: see session_effect.';
	COMMENT ON COLUMN @.effect_by_length.reason IS 'Why, in words.';
$part$);
