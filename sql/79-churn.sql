-- churn: how much of a flat average is people coming and going; attrition: whether much coaching goes with leaving.

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(1230, 'churn', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.churn AS
	WITH month AS (
		SELECT m.month, row_number() OVER (ORDER BY m.month) AS place, count(*) OVER () AS months
		FROM (SELECT DISTINCT p.month FROM @.stored_panel p
			WHERE p.rows > 0 AND p.month > (SELECT max(l.month) FROM @.stored_panel l WHERE l.rows > 0) - (SELECT s.diagnosis_months FROM @.settings s) * interval '1 month') m
	), half AS (
		-- Halves of as many months: with an odd number the one in the middle belongs to neither.
		SELECT m.month, m.place <= m.months / 2 AS earlier, min(m.month) OVER (PARTITION BY m.place <= m.months / 2) AS first_month
		FROM month m WHERE 2 * m.place <> m.months + 1
	), part AS (
		SELECT p.agent_id, p.metric, p.team, h.earlier, coachdiag.exact_sum(p.weight) AS weight, coachdiag.exact_sum(p.total) AS total, coachdiag.exact_sum(p.all_sessions) AS sessions, sum(p.measured) AS periods
		FROM @.stored_agent_period p JOIN half h USING (month)
		GROUP BY 1, 2, 3, 4
	), agent AS (
		SELECT l.level, l.program, l.site, l.team, p.metric, p.agent_id,
			coalesce(coachdiag.exact_sum(p.weight) FILTER (WHERE p.earlier), 0) AS w1, coalesce(coachdiag.exact_sum(p.weight) FILTER (WHERE NOT p.earlier), 0) AS w2,
			coachdiag.exact_sum(p.total) FILTER (WHERE p.earlier) AS t1, coachdiag.exact_sum(p.total) FILTER (WHERE NOT p.earlier) AS t2,
			coachdiag.exact_sum(p.sessions) FILTER (WHERE p.earlier) AS s1, coachdiag.exact_sum(p.sessions) FILTER (WHERE NOT p.earlier) AS s2,
			sum(p.periods) FILTER (WHERE p.earlier) AS n1, sum(p.periods) FILTER (WHERE NOT p.earlier) AS n2
		FROM part p
		LEFT JOIN @.stored_team t ON t.team = p.team
		CROSS JOIN LATERAL (VALUES ('metric', NULL, NULL, NULL), ('program', t.program, NULL, NULL), ('site', NULL, t.site, NULL), ('team', t.program, t.site, p.team))
			l (level, program, site, team)
		WHERE l.level IN ('metric', 'team') OR l.program IS NOT NULL OR l.site IS NOT NULL
		GROUP BY 1, 2, 3, 4, 5, 6
	), unit AS (
		SELECT a.level, a.program, a.site, a.team, a.metric,
			coachdiag.turnover(array_agg(a.w1 ORDER BY a.agent_id), array_agg(a.t1 / nullif(a.w1, 0) ORDER BY a.agent_id),
				array_agg(a.w2 ORDER BY a.agent_id), array_agg(a.t2 / nullif(a.w2, 0) ORDER BY a.agent_id)) AS c,
			coalesce(coachdiag.exact_sum(a.s1) FILTER (WHERE k.stayed) / nullif(sum(a.n1) FILTER (WHERE k.stayed), 0), 0) AS rate1,
			coalesce(coachdiag.exact_sum(a.s2) FILTER (WHERE k.stayed) / nullif(sum(a.n2) FILTER (WHERE k.stayed), 0), 0) AS rate2
		FROM agent a CROSS JOIN LATERAL (SELECT a.w1 > 0 AND a.w2 > 0 AS stayed) k
		GROUP BY 1, 2, 3, 4, 5
	), part_of AS (
		SELECT u.*, m.smallest_effect, CASE WHEN m.higher_is_better THEN 1 ELSE -1 END AS sign,
			e.improvement * e.horizon AS lift, e.ci_low * e.horizon AS lift_low, e.ci_high * e.horizon AS lift_high, e.conclusion AS coaching_conclusion
		FROM unit u
		JOIN @.stored_metric m ON m.metric = u.metric AND m.higher_is_better IS NOT NULL
		LEFT JOIN @.coaching_effect e ON e.own AND e.level = u.level AND e.metric = u.metric AND (u.level = 'metric' OR u.level = 'program' AND e.program = u.program
			OR u.level = 'site' AND e.site = u.site OR u.level = 'team' AND e.team = u.team)
		WHERE u.c IS NOT NULL
	), signed AS (
		SELECT p.*, p.sign * (p.c).change AS improvement, p.sign * (p.c).within AS within,
			least(p.sign * (p.c).within_low, p.sign * (p.c).within_high) AS within_low, greatest(p.sign * (p.c).within_low, p.sign * (p.c).within_high) AS within_high,
			p.sign * (p.c).mix AS mix, p.sign * (p.c).joined AS joined, p.sign * (p.c).left AS gone, 1.645 / 1.96 * ((p.c).within_high - (p.c).within_low) / 2 AS half_90,
			p.rate2 - p.rate1 AS more
		FROM part_of p
	)
	SELECT s.level, s.program, s.site, s.team, s.metric, (SELECT min(h.first_month) FROM half h) AS first_month, (SELECT max(h.first_month) FROM half h) AS second_month,
		(s.c).n_stayed, (s.c).n_joined, (s.c).n_left, (s.c).before, (s.c).after, s.improvement, s.within, s.within_low, s.within_high, s.mix, s.joined, s.gone AS "left",
		s.rate1 AS sessions_before, s.rate2 AS sessions_after,
		s.more * s.lift AS coaching, least(s.more * s.lift_low, s.more * s.lift_high) AS coaching_low, greatest(s.more * s.lift_low, s.more * s.lift_high) AS coaching_high,
		s.rate2 * s.lift AS coaching_lift, s.rate2 * s.lift_low AS coaching_lift_low, s.rate2 * s.lift_high AS coaching_lift_high,
		CASE WHEN s.within IS NULL OR s.within_low IS NULL THEN 'cannot_tell' WHEN s.within_low > 0 AND s.joined + s.gone <= -s.within / 2 THEN 'diluted' WHEN s.within_low > 0 THEN 'improved'
			WHEN s.within_high < 0 THEN 'worse' WHEN abs(s.within) + s.half_90 < s.smallest_effect THEN 'flat' ELSE 'cannot_tell' END AS conclusion,
		CASE WHEN s.within IS NULL THEN 'not assessed: nobody was there in both halves' WHEN s.within_low IS NULL THEN 'only one agent was there in both halves'
			WHEN s.lift IS NULL THEN 'coaching''s part not assessed: see view coaching_effect' END AS reason
	FROM signed s;
	CREATE UNIQUE INDEX ON @.churn (metric, level, program, site, team);
	COMMENT ON MATERIALIZED VIEW @.churn IS 'Why an average moved, or didn''t, from the earlier half of the diagnosis window to the later one: improvement = within + mix + joined + left, exactly. By metric (all agents), program, site and team; metric units, positive is better. Function coachdiag.turnover; an agent who moves between units leaves the one and joins the other.';
	COMMENT ON COLUMN @.churn.level IS 'metric, program, site or team.';
	COMMENT ON COLUMN @.churn.program IS 'Program; null: not given, or level metric or site.';
	COMMENT ON COLUMN @.churn.site IS 'Site; null: not given, or level metric or program.';
	COMMENT ON COLUMN @.churn.team IS 'Team; null above level team.';
	COMMENT ON COLUMN @.churn.metric IS 'Metric.';
	COMMENT ON COLUMN @.churn.first_month IS 'First month of the earlier half; both have as many months, so that with an odd number the one in the middle is left out.';
	COMMENT ON COLUMN @.churn.second_month IS 'First month of the later half.';
	COMMENT ON COLUMN @.churn.n_stayed IS 'Agents there in both halves.';
	COMMENT ON COLUMN @.churn.n_joined IS 'Agents there in the later half only.';
	COMMENT ON COLUMN @.churn.n_left IS 'Agents there in the earlier half only.';
	COMMENT ON COLUMN @.churn.before IS 'Mean of the earlier half by volume, metric units; after: of the later.';
	COMMENT ON COLUMN @.churn.after IS 'The same of the later half.';
	COMMENT ON COLUMN @.churn.improvement IS 'After less before, turned so that positive is better.';
	COMMENT ON COLUMN @.churn.within IS 'What those there in both halves changed (within_low, within_high: 95 %): learning, coaching, process, season.';
	COMMENT ON COLUMN @.churn.within_low IS 'Lower end of its 95 % interval; null: fewer than two agents stayed.';
	COMMENT ON COLUMN @.churn.within_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.churn.mix IS 'Volume that shifted between those who stayed.';
	COMMENT ON COLUMN @.churn.joined IS 'Those who came: below zero, they are worse than those who stayed.';
	COMMENT ON COLUMN @.churn."left" IS 'Those who went: below zero, they were better than those who stayed.';
	COMMENT ON COLUMN @.churn.sessions_before IS 'Sessions per period of those who stayed, earlier half; sessions_after: later.';
	COMMENT ON COLUMN @.churn.sessions_after IS 'The same in the later half.';
	COMMENT ON COLUMN @.churn.coaching IS 'Part of within that comes from more or less coaching than before: change in sessions per period times what a session adds over its horizon (view coaching_effect of the same level), with the interval of that effect. Nothing is counted beyond the horizon.';
	COMMENT ON COLUMN @.churn.coaching_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.churn.coaching_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.churn.coaching_lift IS 'What the coaching of the later half added to its mean: without it within would have been less by so much.';
	COMMENT ON COLUMN @.churn.coaching_lift_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.churn.coaching_lift_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.churn.conclusion IS 'diluted: stayers surely improved, and joiners and leavers took away half of it or more. improved, worse: stayers surely did. flat: their change surely is below smallest_effect (90 % interval). Otherwise cannot_tell.';
	COMMENT ON COLUMN @.churn.reason IS 'What could not be assessed, and why.';
$part$);

CREATE FUNCTION coachdiag.refresh_stored_agent_month(ws text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
	RETURN coachdiag.fill_part(ws, 'stored_agent_month', format($query$
		WITH source AS (
			SELECT coalesce(bool_or(c.present) FILTER (WHERE c.relation = 'agent' AND c.column_name = 'left_on'), false)
				AND EXISTS (SELECT FROM %1$I.stored_agent) AS left_on FROM %1$I.stored_source_column c
		), span AS (
			SELECT (SELECT min(p.month) FROM %1$I.stored_panel p WHERE p.rows > 0) AS first_day, u.day AS last_day FROM %1$I.data_until u
		), seen AS (
			SELECT p.agent_id, max(p.periods[cardinality(p.periods)]) AS last_period FROM %1$I.stored_agent_period p GROUP BY p.agent_id
		), stay AS (
			SELECT m.agent_id, min(m.valid_from) AS first_day, max(m.valid_to) AS last_day FROM %1$I.stored_membership m GROUP BY m.agent_id
		), person AS (
			-- Without left_on: gone is who is in no team any more, or has had no rows for eight weeks.
			SELECT t.agent_id, coalesce(a.hired_on, t.first_day) AS hired_on, row_number() OVER (ORDER BY t.agent_id)::integer AS agent_no, CASE
				WHEN o.left_on THEN CASE WHEN a.left_on <= s.last_day THEN least(a.left_on, t.last_day - 1) END
				WHEN t.last_day <= s.last_day THEN t.last_day - 1
				WHEN n.last_period < s.last_day - 56 THEN n.last_period + 6 END AS left_on
			FROM stay t CROSS JOIN source o CROSS JOIN span s
			LEFT JOIN %1$I.stored_agent a ON a.agent_id = t.agent_id
			LEFT JOIN seen n ON n.agent_id = t.agent_id
		), spell AS (
			SELECT p.agent_id, p.agent_no, p.hired_on, m.team, g.month::date AS month,
				greatest(g.month::date, m.valid_from, p.hired_on + 30) AS first_day,
				least((g.month + interval '1 month')::date, m.valid_to, s.last_day + 1, p.left_on + 1) - 1 AS last_day, p.left_on
			FROM person p
			JOIN %1$I.stored_membership m ON m.agent_id = p.agent_id
			CROSS JOIN span s
			CROSS JOIN LATERAL generate_series(greatest(date_trunc('month', m.valid_from::timestamp), s.first_day), CASE WHEN s.first_day IS NOT NULL THEN least(m.valid_to, s.last_day) END::timestamp, '1 month') g (month)
		), dose AS (
			SELECT x.agent_id, x.month, count(DISTINCT s.session_id) AS sessions
			FROM spell x JOIN %1$I.stored_coaching_session s ON s.agent_id = x.agent_id AND s.dose AND s.day >= x.month - 91 AND s.day < x.month
			GROUP BY x.agent_id, x.month
		), gap AS (
			SELECT p.agent_id, p.metric, p.month, coachdiag.exact_sum(p.weight_targeted) AS weight,
				coachdiag.exact_sum(p.total_over) * CASE WHEN bool_and(m.higher_is_better) THEN -1 ELSE 1 END AS total
			FROM %1$I.stored_agent_period p JOIN %1$I.stored_metric m ON m.metric = p.metric AND m.higher_is_better IS NOT NULL
			WHERE p.weight_targeted > 0 GROUP BY 1, 2, 3
		), recent AS (
			SELECT x.agent_id, x.month, g.metric, coachdiag.exact_sum(g.total) / coachdiag.exact_sum(g.weight) AS gap
			FROM (SELECT DISTINCT agent_id, month FROM spell) x
			JOIN gap g ON g.agent_id = x.agent_id AND g.month >= x.month - interval '3 months' AND g.month < x.month
			GROUP BY 1, 2, 3
		), scaled AS (
			SELECT r.agent_id, r.month, coachdiag.exact_avg(r.gap / r.sd) AS gap
			FROM (SELECT x.*, stddev_samp(x.gap) OVER (PARTITION BY x.metric ORDER BY x.gap ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS sd FROM recent x) r WHERE r.sd > 0
			GROUP BY r.agent_id, r.month
		), dosed AS (
			SELECT x.agent_id, x.agent_no, x.team, x.month, x.first_day, x.last_day, coalesce(x.left_on = x.last_day, false) AS left_then, x.hired_on, c.gap,
				coalesce(d.sessions, 0) * 30.4 / least(91, x.month - greatest(x.hired_on, (SELECT s.first_day FROM span s))) AS sessions_a_month
			FROM spell x
			LEFT JOIN dose d USING (agent_id, month)
			LEFT JOIN scaled c USING (agent_id, month)
			WHERE x.first_day <= x.last_day AND x.month >= x.hired_on + 30 AND x.month >= (SELECT s.first_day FROM span s) + 30
		)
		SELECT d.agent_id, d.agent_no, t.program, t.site, d.team, d.month, d.first_day, d.last_day, d.left_then, d.sessions_a_month,
			d.sessions_a_month >= avg(d.sessions_a_month) OVER (PARTITION BY d.team, d.month) + 0.5 AS much, coalesce(d.gap, 0) AS gap, d.hired_on > d.month - 182 AS new
		FROM dosed d LEFT JOIN %1$I.stored_team t ON t.team = d.team
	$query$, ws));
END
$$;
COMMENT ON FUNCTION coachdiag.refresh_stored_agent_month(text) IS
'Internal: fills stored_agent_month: agents at risk of leaving. Returns the rows written.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (1235, 'stored_agent_month', 'table', $part$
	CREATE TABLE @.stored_agent_month (agent_id text, agent_no integer NOT NULL, program text, site text, team text, month date, first_day date, last_day date NOT NULL,
		left_then boolean NOT NULL, sessions_a_month double precision NOT NULL, much boolean NOT NULL, gap double precision NOT NULL, new boolean NOT NULL,
		PRIMARY KEY (agent_id, month, team, first_day));
	COMMENT ON TABLE @.stored_agent_month IS 'Agents at risk of leaving, by month and team: what view attrition is made of. At risk from a month after hiring, or a month after the first data, whichever is later; what is said of an agent is known when the month begins.';
	COMMENT ON COLUMN @.stored_agent_month.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.stored_agent_month.agent_no IS 'Number of the agent.';
	COMMENT ON COLUMN @.stored_agent_month.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.stored_agent_month.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.stored_agent_month.team IS 'Team.';
	COMMENT ON COLUMN @.stored_agent_month.month IS 'Month.';
	COMMENT ON COLUMN @.stored_agent_month.first_day IS 'First day at risk in this month and team.';
	COMMENT ON COLUMN @.stored_agent_month.last_day IS 'Last day at risk in this month and team.';
	COMMENT ON COLUMN @.stored_agent_month.left_then IS 'Whether last_day was the last day of work.';
	COMMENT ON COLUMN @.stored_agent_month.sessions_a_month IS 'Sessions that count as coaching over the 91 days before the month, per month at work (and in the data) in these.';
	COMMENT ON COLUMN @.stored_agent_month.much IS 'Whether that is at least half a session a month more than the mean of the team in this month.';
	COMMENT ON COLUMN @.stored_agent_month.gap IS 'Gap to target over the three months before, in standard deviations between agents, mean over the metrics, positive is worse; 0: not known.';
	COMMENT ON COLUMN @.stored_agent_month.new IS 'Hired less than half a year before the month.';
$part$, 'SELECT coachdiag.refresh_stored_agent_month($1)',
	'{data_until,stored_agent,stored_agent_period,stored_coaching_session,stored_membership,stored_metric,stored_panel,stored_source_column,stored_team}');

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(1240, 'attrition', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.attrition AS
	WITH spell AS (
		SELECT l.level, l.program, l.site, m.agent_id, m.agent_no, m.much, m.left_then, m.last_day - m.first_day + 1 AS days,
			m.first_day - date '2000-01-01' - 1 AS entry, m.last_day - date '2000-01-01' AS until, m.gap, m.new::int AS new, dense_rank() OVER (ORDER BY m.team)::integer AS stratum
		FROM @.stored_agent_month m
		CROSS JOIN LATERAL (VALUES ('all', NULL, NULL), ('program', m.program, NULL), ('site', NULL, m.site)) l (level, program, site)
		WHERE l.level = 'all' OR l.program IS NOT NULL OR l.site IS NOT NULL
	), unit AS (
		SELECT s.level, s.program, s.site, count(DISTINCT s.agent_id)::integer AS agents,
			count(*) FILTER (WHERE s.left_then AND s.much)::integer AS leavers_much, count(*) FILTER (WHERE s.left_then AND NOT s.much)::integer AS leavers_other,
			coalesce(sum(s.days) FILTER (WHERE s.much), 0) / 365.25 AS years_much, coalesce(sum(s.days) FILTER (WHERE NOT s.much), 0) / 365.25 AS years_other,
			coachdiag.cox(s.until, s.left_then, ARRAY[s.much::int, s.gap, s.new], s.entry, s.stratum, s.agent_no, NULL) AS by_all,
			coachdiag.cox(s.until, s.left_then, ARRAY[s.much::int, s.gap], s.entry, s.stratum, s.agent_no, NULL) AS by_gap,
			coachdiag.cox(s.until, s.left_then, ARRAY[s.much::int, s.new], s.entry, s.stratum, s.agent_no, NULL) AS by_new,
			coachdiag.cox(s.until, s.left_then, ARRAY[s.much::int]::double precision[], s.entry, s.stratum, s.agent_no, NULL) AS alone
		FROM spell s
		GROUP BY 1, 2, 3
	), fitted AS (
		SELECT u.*, k.adjusted_for, k.fit, (k.fit).coefficient[1] AS b, greatest((k.fit).se[1], (k.fit).robust_se[1]) AS se,
			u.leavers_much + u.leavers_other >= 10 AND u.leavers_much > 0 AND u.leavers_other > 0 AS enough
		FROM unit u
		LEFT JOIN LATERAL (
			SELECT v.adjusted_for, v.fit
			FROM (VALUES (1, 'performance, new hires', u.by_all), (2, 'performance', u.by_gap), (3, 'new hires', u.by_new), (4, 'nothing', u.alone)) v (place, adjusted_for, fit)
			WHERE (v.fit).status = 'ok' ORDER BY v.place LIMIT 1
		) k ON true
	)
	SELECT f.level, f.program, f.site, f.agents, f.leavers_much, f.leavers_other, f.years_much, f.years_other,
		f.leavers_much / nullif(f.years_much, 0) AS yearly_rate_much, f.leavers_other / nullif(f.years_other, 0) AS yearly_rate_other,
		CASE WHEN f.enough THEN exp(f.b) END AS hazard_ratio, CASE WHEN f.enough THEN exp(f.b - 1.959964 * f.se) END AS ci_low, CASE WHEN f.enough THEN exp(f.b + 1.959964 * f.se) END AS ci_high,
		CASE WHEN f.enough AND f.b IS NOT NULL THEN f.adjusted_for END AS adjusted_for,
		CASE WHEN NOT f.enough OR f.b IS NULL THEN 'not_assessed' WHEN f.b - 1.959964 * f.se > 0 THEN 'leave_sooner' WHEN f.b + 1.959964 * f.se < 0 THEN 'stay_longer' ELSE 'cannot_tell' END AS conclusion,
		CASE WHEN f.years_much = 0 THEN 'nobody was coached much more than team mates'
			WHEN NOT f.enough THEN format('too few leavers: %s much coached and %s others; needs 10 together, some of both', f.leavers_much, f.leavers_other)
			WHEN f.b IS NULL THEN 'no team had leavers with team mates coached otherwise'
			WHEN NOT EXISTS (SELECT FROM @.stored_source_column c WHERE c.relation = 'agent' AND c.column_name = 'left_on' AND c.present) OR NOT EXISTS (SELECT FROM @.stored_agent)
				THEN 'agent.left_on is missing: gone is who is in no team any more, or without rows for eight weeks' END AS reason
	FROM fitted f;
	CREATE UNIQUE INDEX ON @.attrition (level, program, site);
	COMMENT ON MATERIALIZED VIEW @.attrition IS 'Does much coaching go with leaving? Agents coached at least half a session a month more than their team mates, against the others of the same team at the same time, alike in performance and as hires: proportional hazards (Cox 1972) with what each agent had been given when each month began. All agents, by program and by site.';
	COMMENT ON COLUMN @.attrition.level IS 'all, program or site.';
	COMMENT ON COLUMN @.attrition.program IS 'Program; null on other levels.';
	COMMENT ON COLUMN @.attrition.site IS 'Site; null on other levels.';
	COMMENT ON COLUMN @.attrition.agents IS 'Agents at risk of leaving.';
	COMMENT ON COLUMN @.attrition.leavers_much IS 'Who left in a month that began with much coaching; leavers_other: without.';
	COMMENT ON COLUMN @.attrition.leavers_other IS 'Who left in a month that began without much coaching.';
	COMMENT ON COLUMN @.attrition.years_much IS 'Agent-years at risk with much coaching; years_other: without.';
	COMMENT ON COLUMN @.attrition.years_other IS 'Agent-years at risk without much coaching.';
	COMMENT ON COLUMN @.attrition.yearly_rate_much IS 'Leavers per agent-year, not adjusted for anything; yearly_rate_other likewise.';
	COMMENT ON COLUMN @.attrition.yearly_rate_other IS 'The same without much coaching.';
	COMMENT ON COLUMN @.attrition.hazard_ratio IS 'Above 1: the much coached leave sooner than matched team mates; with its 95 % interval (the wider one of the model''s and the one robust by agent).';
	COMMENT ON COLUMN @.attrition.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.attrition.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.attrition.adjusted_for IS 'What the comparison holds equal beside team and time: performance over the three months before, being new.';
	COMMENT ON COLUMN @.attrition.conclusion IS 'leave_sooner, stay_longer, cannot_tell or not_assessed. A hazard ratio is no proof of a cause: whom the coach sees coming to leave may be coached for it.';
	COMMENT ON COLUMN @.attrition.reason IS 'Why not assessed, or what it rests on.';
$part$);
