-- Where the time for coaching goes, and what an hour of it is worth.

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (1110, 'coaching_time', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coaching_time AS
	WITH week AS MATERIALIZED (
		SELECT m.team, a.period, coachdiag.exact_avg(a.occupancy) FILTER (WHERE a.occupancy BETWEEN 0 AND 1) AS occupancy,
			coachdiag.exact_sum(a.coaching_minutes_planned) FILTER (WHERE a.coaching_minutes_planned >= 0 AND a.coaching_minutes_planned < 1e100) AS minutes
		FROM @.stored_agent_week a
		JOIN @.stored_membership m ON m.agent_id = a.agent_id AND m.valid_from <= a.period AND a.period < m.valid_to
		GROUP BY m.team, a.period
	), peak AS (
		SELECT w.team, w.period, w.occupancy > q.high AS peak
		FROM week w
		JOIN (SELECT x.team, percentile_cont(0.75) WITHIN GROUP (ORDER BY x.occupancy) AS high FROM week x GROUP BY x.team HAVING count(x.occupancy) >= 8) q USING (team)
	), grid AS (
		SELECT mode() WITHIN GROUP (ORDER BY extract(isodow FROM w.period)::int) AS starts_on FROM week w
	), log AS (
		SELECT l.team, l.month, l.day - (extract(isodow FROM l.day)::int - g.starts_on + 7) % 7 AS week, l.outcome, l.kind, l.held, l.first_row, l.kind = 'real_time' AS real_time,
			l.length, l.minutes, l.coach_minutes, l.days_moved
		FROM @.coaching_log l CROSS JOIN grid g
	), month AS (
		SELECT l.team, l.month,
			count(*) FILTER (WHERE l.first_row AND NOT l.real_time AND l.outcome <> 'ahead') AS planned,
			count(*) FILTER (WHERE l.first_row AND NOT l.real_time AND l.held) AS held,
			count(*) FILTER (WHERE l.first_row AND NOT l.real_time AND l.outcome = 'cancelled') AS cancelled,
			count(*) FILTER (WHERE l.first_row AND NOT l.real_time AND l.outcome = 'rescheduled') AS rescheduled,
			count(*) FILTER (WHERE l.first_row AND NOT l.real_time AND l.outcome = 'no_show') AS no_show,
			count(*) FILTER (WHERE l.first_row AND NOT l.real_time AND l.outcome = 'lapsed') AS lapsed,
			count(*) FILTER (WHERE l.first_row AND NOT l.real_time AND l.outcome = 'ahead') AS ahead,
			count(*) FILTER (WHERE l.first_row AND l.real_time AND l.held) AS real_time,
			count(*) FILTER (WHERE l.first_row AND l.kind = 'group' AND l.held) AS in_groups,
			avg(l.days_moved) FILTER (WHERE l.first_row AND NOT l.real_time) AS days_moved,
			count(p.peak) FILTER (WHERE l.first_row AND NOT l.real_time AND l.outcome <> 'ahead') AS with_occupancy,
			count(*) FILTER (WHERE l.first_row AND NOT l.real_time AND l.outcome <> 'ahead' AND p.peak) AS planned_in_peaks,
			count(*) FILTER (WHERE l.first_row AND NOT l.real_time AND l.outcome <> 'ahead' AND p.peak AND NOT l.held) AS lost_in_peaks,
			coachdiag.exact_sum(l.minutes) FILTER (WHERE l.held) AS minutes_held, coachdiag.exact_sum(l.coach_minutes) AS coach_minutes,
			coachdiag.exact_avg(l.length) FILTER (WHERE l.first_row AND l.held) AS mean_length,
			count(*) FILTER (WHERE l.first_row AND l.held AND l.length IS NULL) AS without_length
		FROM log l LEFT JOIN peak p ON p.team = l.team AND p.period = l.week
		GROUP BY l.team, l.month
	), booked AS (
		SELECT w.team, date_trunc('month', w.period::timestamp)::date AS month, coachdiag.exact_sum(w.minutes) AS minutes
		FROM week w GROUP BY w.team, date_trunc('month', w.period::timestamp)::date
	)
	SELECT t.program, t.site, team, month, coalesce(m.planned, 0) AS planned, coalesce(m.held, 0) AS held, coalesce(m.cancelled, 0) AS cancelled,
		coalesce(m.rescheduled, 0) AS rescheduled, coalesce(m.no_show, 0) AS no_show, coalesce(m.lapsed, 0) AS lapsed, coalesce(m.ahead, 0) AS ahead,
		m.held::double precision / nullif(m.planned, 0) AS kept_share,
		coalesce(m.real_time, 0) AS real_time, m.real_time::double precision / nullif(m.held + m.real_time, 0) AS real_time_share, coalesce(m.in_groups, 0) AS in_groups,
		m.days_moved::double precision AS days_moved,
		CASE WHEN m.with_occupancy > 0 THEN m.planned_in_peaks END AS planned_in_peaks, CASE WHEN m.with_occupancy > 0 THEN m.lost_in_peaks END AS lost_in_peaks,
		b.minutes AS minutes_booked, m.minutes_held, m.coach_minutes, m.mean_length, coalesce(m.without_length, 0) AS without_length
	FROM month m
	FULL JOIN (SELECT * FROM booked WHERE minutes IS NOT NULL) b USING (team, month)
	LEFT JOIN @.stored_team t USING (team);
	CREATE UNIQUE INDEX ON @.coaching_time (team, month);
	COMMENT ON MATERIALIZED VIEW @.coaching_time IS 'Where the time for coaching goes, by team and month (of the day in the time zone of the workspace). Sessions are counted once per agent who was to take part; those of agents in no team, or who had left, are left out.';
	COMMENT ON COLUMN @.coaching_time.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.coaching_time.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.coaching_time.team IS 'Team.';
	COMMENT ON COLUMN @.coaching_time.month IS 'First day of the month.';
	COMMENT ON COLUMN @.coaching_time.planned IS 'Sessions that were due, real-time ones apart: held, cancelled, rescheduled, no_show and lapsed.';
	COMMENT ON COLUMN @.coaching_time.held IS 'Of these, held.';
	COMMENT ON COLUMN @.coaching_time.cancelled IS 'Of these, cancelled.';
	COMMENT ON COLUMN @.coaching_time.rescheduled IS 'Of these, moved; the session at its new time is a row of its own in the log.';
	COMMENT ON COLUMN @.coaching_time.no_show IS 'Of these, with status no_show.';
	COMMENT ON COLUMN @.coaching_time.lapsed IS 'Of these, with nothing recorded by the day of the last session held.';
	COMMENT ON COLUMN @.coaching_time.ahead IS 'Planned for a later day.';
	COMMENT ON COLUMN @.coaching_time.kept_share IS 'held / planned, 0 to 1.';
	COMMENT ON COLUMN @.coaching_time.real_time IS 'Sessions held on the spot.';
	COMMENT ON COLUMN @.coaching_time.real_time_share IS 'real_time / (held + real_time), 0 to 1.';
	COMMENT ON COLUMN @.coaching_time.in_groups IS 'Agents who took part in group sessions; each is in held too.';
	COMMENT ON COLUMN @.coaching_time.days_moved IS 'Mean days from the day scheduled to the day held; null: needs coaching_session.scheduled_at.';
	COMMENT ON COLUMN @.coaching_time.planned_in_peaks IS 'planned in weeks of peak load: mean occupancy of the team above its own upper quartile; null: needs agent_week.occupancy, eight weeks of it.';
	COMMENT ON COLUMN @.coaching_time.lost_in_peaks IS 'Of these, not held. Compare with what is lost in other weeks.';
	COMMENT ON COLUMN @.coaching_time.minutes_booked IS 'agent_week.coaching_minutes_planned of the weeks that start in the month; null: not given.';
	COMMENT ON COLUMN @.coaching_time.minutes_held IS 'Minutes that agents were coached, real-time included; null: no length given.';
	COMMENT ON COLUMN @.coaching_time.coach_minutes IS 'Minutes that coaches gave: a group session counts once, shared by who took part.';
	COMMENT ON COLUMN @.coaching_time.mean_length IS 'Mean length of what was held, in minutes.';
	COMMENT ON COLUMN @.coaching_time.without_length IS 'Held, length not given: missing from the minutes.';
$part$), (1115, 'coaching_time_by_level', 'view', $part$
	CREATE VIEW @.coaching_time_by_level AS
	SELECT l.level, l.name, t.month, sum(t.planned)::bigint AS planned, sum(t.held)::bigint AS held, sum(t.cancelled)::bigint AS cancelled, sum(t.rescheduled)::bigint AS rescheduled,
		sum(t.no_show)::bigint AS no_show, sum(t.lapsed)::bigint AS lapsed, sum(t.ahead)::bigint AS ahead, sum(t.held)::double precision / nullif(sum(t.planned), 0) AS kept_share,
		sum(t.real_time)::bigint AS real_time, sum(t.real_time)::double precision / nullif(sum(t.held + t.real_time), 0) AS real_time_share, sum(t.in_groups)::bigint AS in_groups,
		sum(t.planned_in_peaks)::bigint AS planned_in_peaks, sum(t.lost_in_peaks)::bigint AS lost_in_peaks,
		coachdiag.exact_sum(t.minutes_booked) AS minutes_booked, coachdiag.exact_sum(t.minutes_held) AS minutes_held, coachdiag.exact_sum(t.coach_minutes) AS coach_minutes, sum(t.without_length)::bigint AS without_length
	FROM @.coaching_time t
	CROSS JOIN LATERAL (VALUES ('site', t.site), ('program', t.program), ('all', NULL)) l (level, name)
	WHERE l.level = 'all' OR l.name IS NOT NULL
	GROUP BY l.level, l.name, t.month;
	COMMENT ON VIEW @.coaching_time_by_level IS 'Where the time for coaching goes, by site, program and all together, and month: coaching_time added up.';
	COMMENT ON COLUMN @.coaching_time_by_level.level IS 'site, program or all.';
	COMMENT ON COLUMN @.coaching_time_by_level.name IS 'Site or program; null on level all.';
	COMMENT ON COLUMN @.coaching_time_by_level.month IS 'First day of the month.';
	COMMENT ON COLUMN @.coaching_time_by_level.planned IS 'Sessions that were due, real-time ones apart: held, cancelled, rescheduled, no_show and lapsed.';
	COMMENT ON COLUMN @.coaching_time_by_level.held IS 'Of these, held.';
	COMMENT ON COLUMN @.coaching_time_by_level.cancelled IS 'Of these, cancelled.';
	COMMENT ON COLUMN @.coaching_time_by_level.rescheduled IS 'Of these, moved; the session at its new time is a row of its own in the log.';
	COMMENT ON COLUMN @.coaching_time_by_level.no_show IS 'Of these, with status no_show.';
	COMMENT ON COLUMN @.coaching_time_by_level.lapsed IS 'Of these, with nothing recorded by the day of the last session held.';
	COMMENT ON COLUMN @.coaching_time_by_level.ahead IS 'Planned for a later day.';
	COMMENT ON COLUMN @.coaching_time_by_level.kept_share IS 'held / planned, 0 to 1.';
	COMMENT ON COLUMN @.coaching_time_by_level.real_time IS 'Sessions held on the spot.';
	COMMENT ON COLUMN @.coaching_time_by_level.real_time_share IS 'real_time / (held + real_time), 0 to 1.';
	COMMENT ON COLUMN @.coaching_time_by_level.in_groups IS 'Agents who took part in group sessions; each is in held too.';
	COMMENT ON COLUMN @.coaching_time_by_level.planned_in_peaks IS 'Of the teams whose occupancy is known; null: of none.';
	COMMENT ON COLUMN @.coaching_time_by_level.lost_in_peaks IS 'Of these, not held. Compare with what is lost in other weeks.';
	COMMENT ON COLUMN @.coaching_time_by_level.minutes_booked IS 'agent_week.coaching_minutes_planned of the weeks that start in the month; null: not given.';
	COMMENT ON COLUMN @.coaching_time_by_level.minutes_held IS 'Minutes that agents were coached, real-time included; null: no length given.';
	COMMENT ON COLUMN @.coaching_time_by_level.coach_minutes IS 'Minutes that coaches gave: a group session counts once, shared by who took part.';
	COMMENT ON COLUMN @.coaching_time_by_level.without_length IS 'Held, length not given: missing from the minutes.';
$part$);

CREATE FUNCTION coachdiag.value_of_coaching(ws text, price_per_unit double precision DEFAULT NULL, metric text DEFAULT NULL)
RETURNS TABLE (level text, program text, site text, team text, metric_name text, unit text, sessions double precision, minutes_per_session double precision,
	improvement double precision, ci_low double precision, ci_high double precision, horizon integer, volume double precision,
	hour_gain double precision, hour_gain_low double precision, hour_gain_high double precision,
	hour_value double precision, hour_value_low double precision, hour_value_high double precision, reason text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM coachdiag.workspace_oid(ws);
	IF NOT (price_per_unit >= 0 AND price_per_unit < 'Infinity') THEN
		RAISE EXCEPTION 'price_per_unit must be a number from 0 on, not %', price_per_unit
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is what one unit of the metric in one contact is worth, such as the cost of a second of handling; null leaves money out.';
	END IF;
	RETURN QUERY EXECUTE format($query$
		WITH minutes AS (
			SELECT l.metric, l.program, l.site, l.team, coachdiag.exact_sum(l.minutes) AS minutes, count(l.minutes) AS sessions
			FROM %1$I.coaching_log l WHERE l.dose AND l.metric IS NOT NULL GROUP BY l.metric, l.program, l.site, l.team
		), volume AS (
			SELECT m.metric, t.program, t.site, m.team, coachdiag.exact_sum(m.weight) AS weight, sum(m.periods) AS periods
			FROM %1$I.agent_month_mean m LEFT JOIN %1$I.stored_team t USING (team) GROUP BY m.metric, t.program, t.site, m.team
		)
		SELECT e.level, e.program, e.site, e.team, e.metric, k.unit, e.sessions, m.minutes, e.improvement, e.ci_low, e.ci_high, e.horizon, v.volume,
			e.improvement * f.per_hour, e.ci_low * f.per_hour, e.ci_high * f.per_hour,
			e.improvement * f.per_hour * $1, e.ci_low * f.per_hour * $1, e.ci_high * f.per_hour * $1,
			CASE WHEN e.improvement IS NULL THEN coalesce(e.reason, 'no effect could be estimated')
				WHEN m.minutes IS NULL THEN 'not assessed: needs coaching_session.duration_minutes'
				WHEN v.volume IS NULL THEN 'not assessed: no values in the months that the diagnosis looks at'
				WHEN NOT e.own THEN e.reason
				WHEN e.conclusion = 'effective' THEN 'coaching moves the metric: the interval lies above zero'
				WHEN e.conclusion = 'harmful' THEN 'coaching made the metric worse'
				WHEN e.conclusion = 'no_effect' THEN 'no effect worth having: a session moves the metric by less than the smallest change that counts'
				WHEN e.ci_high < 0 THEN 'cannot tell: so far below zero sessions come out, too, that do nothing and go to who is weak for long'
				ELSE 'cannot tell: the interval covers zero' END
		FROM %1$I.coaching_effect e
		JOIN %1$I.stored_metric k USING (metric)
		CROSS JOIN LATERAL (
			SELECT coachdiag.exact_sum(x.minutes) / nullif(sum(x.sessions), 0) AS minutes FROM minutes x
			WHERE x.metric = e.metric AND (e.level = 'metric' OR e.level = 'team' AND x.team = e.team OR e.level = 'program' AND x.program = e.program OR e.level = 'site' AND x.site = e.site)
		) m
		CROSS JOIN LATERAL (
			SELECT coachdiag.exact_sum(x.weight) / nullif(sum(x.periods), 0) AS volume FROM volume x
			WHERE x.metric = e.metric AND (e.level = 'metric' OR e.level = 'team' AND x.team = e.team OR e.level = 'program' AND x.program = e.program OR e.level = 'site' AND x.site = e.site)
		) v
		CROSS JOIN LATERAL (SELECT e.horizon * v.volume * 60 / m.minutes AS per_hour) f
		WHERE e.sessions > 0 AND ($2 IS NULL OR e.metric = $2)
		ORDER BY e.metric, array_position('{metric,program,site,team}', e.level), e.program, e.site, e.team
	$query$, ws) USING price_per_unit, metric;
END
$$;
COMMENT ON FUNCTION coachdiag.value_of_coaching(text, double precision, text) IS
'What an hour of being coached is worth, by metric, programme, site and team, from the view coaching_effect: hour_gain = improvement per session (mean over the horizon periods after it) x horizon x volume (contacts per agent and period) x 60 / minutes_per_session, '
'in units of the metric summed over contacts (seconds saved, contacts resolved); positive is better. hour_value = hour_gain x price_per_unit: money for one unit of the metric in one contact, NULL: no money. ..._low, ..._high: 95 %, those of the effect; minutes and volume count as known. What lasts beyond the horizon is not counted. '
'metric: only this one (a price belongs to one metric); NULL: all. reason: what the interval says, or why a value is NULL. Errors: no such workspace (3F000), price negative or not finite (22023).';
