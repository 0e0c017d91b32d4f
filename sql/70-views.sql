-- The workspace's result views: what dashboards and the report read.

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (98, 'diagnosed_since', 'view', $part$
	CREATE VIEW @.diagnosed_since AS
	SELECT d.since, (d.since - interval '3 months')::date AS coached_since
	FROM (SELECT (max(l.month) - ((SELECT g.diagnosis_months FROM @.settings g) - 1) * interval '1 month')::date AS since FROM @.stored_panel l WHERE l.rows > 0) d;
	COMMENT ON VIEW @.diagnosed_since IS 'From which day on the verdict looks at the gap and at what coaching did: settings.diagnosis_months, up to the last month with data.';
	COMMENT ON COLUMN @.diagnosed_since.since IS 'First day of these months; null: no data.';
	COMMENT ON COLUMN @.diagnosed_since.coached_since IS 'From which day on sessions count: a quarter earlier, since what they gave shows against agents'' past, and the gap of these months is what they left.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (102, 'coached_panel', 'view', $part$
	CREATE VIEW @.coached_panel AS
	SELECT t.program, p.team, p.metric, m.higher_is_better, m.scale, m.smallest_effect, coachdiag.period_range(p.panel, s.coached_since, NULL) AS panel
	FROM @.stored_history p
	JOIN @.stored_metric m USING (metric)
	LEFT JOIN @.stored_team t USING (team)
	CROSS JOIN @.diagnosed_since s
	WHERE p.last_period >= s.since;
	COMMENT ON VIEW @.coached_panel IS 'One panel per team and metric over the months in which sessions count for the verdict (diagnosed_since.coached_since), days gathered into weeks.';
	COMMENT ON COLUMN @.coached_panel.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.coached_panel.team IS 'Team.';
	COMMENT ON COLUMN @.coached_panel.metric IS 'Metric.';
	COMMENT ON COLUMN @.coached_panel.higher_is_better IS 'Direction: true where more is better; null: not given.';
	COMMENT ON COLUMN @.coached_panel.scale IS 'identity, log (the panel holds ln of value and target) or proportion.';
	COMMENT ON COLUMN @.coached_panel.smallest_effect IS 'Smallest change worth having in the unit of the metric; null: not given, or not above 0.';
	COMMENT ON COLUMN @.coached_panel.panel IS 'Values and targets on the scale of the metric, weighted by volume, and the coaching dose.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (100, 'team_panel', 'view', $part$
	CREATE VIEW @.team_panel AS
	SELECT t.program, t.site, p.team, p.metric, m.higher_is_better, m.scale, m.target, m.smallest_effect,
		coachdiag.period_range(p.panel, s.since, NULL) AS panel
	FROM @.stored_history p
	JOIN @.stored_metric m USING (metric)
	LEFT JOIN @.stored_team t USING (team)
	CROSS JOIN @.diagnosed_since s
	WHERE p.last_period >= s.since;
	COMMENT ON VIEW @.team_panel IS 'One panel per team and metric over the months that the diagnosis looks at (settings.diagnosis_months), days gathered into weeks. A week belongs to the month in which it begins.';
	COMMENT ON COLUMN @.team_panel.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.team_panel.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.team_panel.team IS 'Team.';
	COMMENT ON COLUMN @.team_panel.metric IS 'Metric.';
	COMMENT ON COLUMN @.team_panel.higher_is_better IS 'Direction: true where more is better; null: not given.';
	COMMENT ON COLUMN @.team_panel.scale IS 'identity, log (the panel holds ln of value and target) or proportion.';
	COMMENT ON COLUMN @.team_panel.target IS 'Target of the metric in its unit (not on its scale); null: not given.';
	COMMENT ON COLUMN @.team_panel.smallest_effect IS 'Smallest change worth having in the unit of the metric; null: not given, or not above 0.';
	COMMENT ON COLUMN @.team_panel.panel IS 'Values and targets on the scale of the metric, weighted by volume, and the coaching dose.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (200, 'gap_dispersion', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.gap_dispersion AS
	SELECT p.program, p.site, p.team, p.metric, d.*
	FROM @.team_panel p
	CROSS JOIN LATERAL coachdiag.gap_dispersion(p.panel, p.higher_is_better, p.scale) d
	WHERE d.agents IS NOT NULL;
	CREATE UNIQUE INDEX ON @.gap_dispersion (team, metric);
	COMMENT ON MATERIALIZED VIEW @.gap_dispersion IS 'How large each team''s gap is and how consistent, sampling noise removed; metric units, positive is worse than target. See function coachdiag.gap_dispersion.';
	COMMENT ON COLUMN @.gap_dispersion.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.gap_dispersion.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.gap_dispersion.team IS 'Team.';
	COMMENT ON COLUMN @.gap_dispersion.metric IS 'Metric.';
	COMMENT ON COLUMN @.gap_dispersion.agents IS 'Agents with values that have a target.';
	COMMENT ON COLUMN @.gap_dispersion.observations IS 'Values that went in.';
	COMMENT ON COLUMN @.gap_dispersion.mean_gap IS 'Gap of the average agent, metric units, positive is worse than target (value less target where the metric has no direction). Agents count by how precisely they are known, not by volume.';
	COMMENT ON COLUMN @.gap_dispersion.mean_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.gap_dispersion.mean_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.gap_dispersion.within_sd IS 'Standard deviation of one value of weight 1 around its agent''s mean, metric units: the noise. Null, here and below: not available, method says why.';
	COMMENT ON COLUMN @.gap_dispersion.between_sd IS 'Standard deviation of the agents'' true gaps, sampling noise removed, metric units; 0: not shown to differ, read between_high.';
	COMMENT ON COLUMN @.gap_dispersion.between_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.gap_dispersion.between_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.gap_dispersion.between_variance IS 'Square of between_sd.';
	COMMENT ON COLUMN @.gap_dispersion.icc IS 'Share of the variance of a value of weight 1 that lies between agents, 0 to 1.';
	COMMENT ON COLUMN @.gap_dispersion.i_squared IS 'Share of the variance of the agents'' means that is not noise, 0 to 1.';
	COMMENT ON COLUMN @.gap_dispersion.reliability IS 'Of one value of average weight, 0 to 1: how far this period tells the next.';
	COMMENT ON COLUMN @.gap_dispersion.consistency IS '|mean_gap| / between_sd: above 2 nearly everybody shares the gap; infinity: no spread is left.';
	COMMENT ON COLUMN @.gap_dispersion.share_short IS 'Share of the agents who truly are short of target, 0 to 1.';
	COMMENT ON COLUMN @.gap_dispersion.share_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.gap_dispersion.share_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.gap_dispersion.predict_low IS 'Lower end of the 95 % interval for the true gap of a new agent.';
	COMMENT ON COLUMN @.gap_dispersion.predict_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.gap_dispersion.f IS 'F of the one-way analysis of variance over agents.';
	COMMENT ON COLUMN @.gap_dispersion.f_p IS 'Its p value; small: the agents differ.';
	COMMENT ON COLUMN @.gap_dispersion.method IS 'How it was estimated, or why something is missing.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (300, 'gap_sources', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.gap_sources AS
	SELECT p.program, p.site, p.team, p.metric, s.*
	FROM @.team_panel p
	CROSS JOIN LATERAL coachdiag.gap_sources(p.panel, p.higher_is_better, p.scale, coalesce(p.smallest_effect, 0)) s;
	CREATE UNIQUE INDEX ON @.gap_sources (team, metric, kind, item);
	COMMENT ON MATERIALIZED VIEW @.gap_sources IS 'Whose or what''s gap it is: agents (own against contact mix), contact types, tenure; the contributions of a kind add up to the team''s mean gap. Metric units, positive is worse. See function coachdiag.gap_sources.';
	COMMENT ON COLUMN @.gap_sources.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.gap_sources.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.gap_sources.team IS 'Team.';
	COMMENT ON COLUMN @.gap_sources.metric IS 'Metric.';
	COMMENT ON COLUMN @.gap_sources.kind IS 'agent, contact type or tenure.';
	COMMENT ON COLUMN @.gap_sources.item IS 'Agent; contact type (null: none given); or tenure at the start of the period: under 3 months, 3 to 6 months, 6 to 12 months, over a year, unknown.';
	COMMENT ON COLUMN @.gap_sources.volume_share IS 'Its share of the team''s volume, 0 to 1.';
	COMMENT ON COLUMN @.gap_sources.gap IS 'Its mean gap, metric units (scale log: at the targets of its own contacts), positive is worse; noisy where contacts are few.';
	COMMENT ON COLUMN @.gap_sources.contribution IS 'volume_share times gap: those of a kind add up to the mean gap of the team.';
	COMMENT ON COLUMN @.gap_sources.own IS 'What the agent does otherwise than the others of the team on the contacts that the agent takes, times their share of the volume (own / (1 - volume_share): beside them in full), so that gap = mean gap of the team + own + mix + unmatched. Null: not an agent, or one who takes only contact types that nobody else takes.';
	COMMENT ON COLUMN @.gap_sources.mix IS 'What the others'' gaps make of being routed other contacts than they are. Null: as own.';
	COMMENT ON COLUMN @.gap_sources.unmatched IS 'What comes from contact types that nobody else takes, where the agent can''t be told from the type. Null: not an agent.';
	COMMENT ON COLUMN @.gap_sources.agents IS 'Agents behind it.';
	COMMENT ON COLUMN @.gap_sources.share_short IS 'Share of the agents who truly are short of target on this contact type by more than smallest_effect, 0 to 1; near 1: it is everybody. Null: not a contact type, or not available.';
	COMMENT ON COLUMN @.gap_sources.share_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.gap_sources.share_high IS 'Upper end of it.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (400, 'coaching_effect', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coaching_effect AS
	WITH team AS (
		SELECT t.program, t.site, m.metric, m.smallest_effect, e.*, greatest(e.raw_se / nullif(max(e.raw_se) OVER (PARTITION BY m.metric), 0), 1e-6) AS share_of_se
		FROM @.stored_metric m
		CROSS JOIN LATERAL (
			SELECT array_agg(h.team ORDER BY h.team) AS teams, array_agg(h.panel ORDER BY h.team) AS panels FROM @.stored_history h WHERE h.metric = m.metric
		) a
		CROSS JOIN LATERAL coachdiag.coaching_effect(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
		LEFT JOIN @.stored_team t ON t.team = e.unit
	), many AS (
		SELECT t.program, t.site, t.metric, min(t.smallest_effect) AS smallest_effect,
			coachdiag.exact_sum(t.sessions * t.raw_improvement) / coachdiag.exact_sum(t.sessions) AS improvement,
			sqrt(coachdiag.exact_sum((t.sessions * t.raw_se) ^ 2)) / coachdiag.exact_sum(t.sessions) AS se, coachdiag.exact_sum(t.sessions * t.doubt) / coachdiag.exact_sum(t.sessions) AS doubt,
			coachdiag.exact_sum((t.sessions * t.share_of_se) ^ 2) ^ 2 / coachdiag.exact_sum((t.sessions * t.share_of_se) ^ 4 / t.raw_df) AS df,
			coachdiag.exact_sum(t.sessions * t.allowance) / coachdiag.exact_sum(t.sessions) AS allowance, coachdiag.exact_sum(t.sessions * t.shortfall) / coachdiag.exact_sum(t.sessions) AS shortfall,
			coachdiag.exact_sum(t.sessions * t.naive_improvement) / coachdiag.exact_sum(t.sessions) AS naive_improvement, coachdiag.exact_sum(t.sessions * t.naive_share_improved) / coachdiag.exact_sum(t.sessions) AS naive_share_improved,
			coachdiag.exact_sum(t.sessions * t.null_improvement) / coachdiag.exact_sum(t.sessions) AS null_improvement, coachdiag.exact_sum(t.sessions * t.null_share_improved) / coachdiag.exact_sum(t.sessions) AS null_share_improved,
			sum(t.n_coached) AS n_coached, sum(t.n_control) AS n_control, coachdiag.exact_sum(t.sessions) AS sessions, min(t.horizon) AS horizon, count(*) AS teams
		FROM team t
		-- What a team borrows from the others would count once for each that does, so each team's own estimate stands here.
		WHERE t.own AND t.sessions > 0
		GROUP BY GROUPING SETS ((t.metric), (t.metric, t.program), (t.metric, t.site))
		HAVING (grouping(t.program) = 1 OR t.program IS NOT NULL) AND (grouping(t.site) = 1 OR t.site IS NOT NULL)
	)
	SELECT 'team'::text AS level, t.program, t.site, t.unit AS team, t.metric, t.improvement, t.ci_low, t.ci_high, t.p_value,
		t.naive_improvement, t.naive_share_improved, t.null_improvement, t.null_share_improved, t.smallest_detectable,
		t.n_coached, t.n_control, t.sessions, t.horizon, t.conclusion, t.pooled, t.placebo, t.placebo_p, t.overlap, t.own, t.raw_improvement AS own_improvement, t.raw_se AS own_se, t.doubt AS own_doubt, t.shortfall, t.reason
	FROM team t
	UNION ALL
	SELECT CASE WHEN m.program IS NOT NULL THEN 'program' WHEN m.site IS NOT NULL THEN 'site' ELSE 'metric' END, m.program, m.site, NULL, m.metric,
		m.improvement, i.low, i.high, i.p_value,
		m.naive_improvement, m.naive_share_improved, m.null_improvement, m.null_share_improved, n.high + w.high,
		m.n_coached::integer, m.n_control::integer, m.sessions, m.horizon,
		CASE WHEN i.low > 0 THEN 'effective' WHEN i.high < -m.allowance THEN 'harmful'
			WHEN o.low > -m.smallest_effect AND o.high + m.shortfall < m.smallest_effect THEN 'no_effect' ELSE 'cannot_tell' END,
		true, NULL, NULL, NULL, true, NULL, NULL, NULL, m.shortfall, format('mean over %s teams, weighted by their sessions', m.teams)
	FROM many m
	CROSS JOIN LATERAL coachdiag.effect_interval(m.improvement, m.se, m.doubt, m.df) i
	CROSS JOIN LATERAL coachdiag.effect_interval(m.improvement, m.se, m.doubt, m.df, 0.9) o
	CROSS JOIN LATERAL coachdiag.t_interval(0, sqrt(m.se ^ 2 + m.doubt ^ 2), m.df) n
	CROSS JOIN LATERAL coachdiag.t_interval(0, sqrt(m.se ^ 2 + m.doubt ^ 2), m.df, 0.6) w;
	CREATE UNIQUE INDEX ON @.coaching_effect (team, metric, level, program, site);
	COMMENT ON MATERIALIZED VIEW @.coaching_effect IS 'What coaching did over the whole history, per session over the following horizon periods, metric units, positive is better: by team (level team, with strength borrowed from the other teams of the metric), program, site and metric (team null: mean over teams of what each shows by itself, weighted by sessions). Beside it what before against after would claim (naive) and what it would claim had coaching done nothing (null). See function coachdiag.coaching_effect.';
	COMMENT ON COLUMN @.coaching_effect.level IS 'team, program, site or metric (all of its teams).';
	COMMENT ON COLUMN @.coaching_effect.program IS 'Program of the team, or that the row is about; null: not given, or level site or metric.';
	COMMENT ON COLUMN @.coaching_effect.site IS 'Site of the team, or that the row is about; null: not given, or level program or metric.';
	COMMENT ON COLUMN @.coaching_effect.team IS 'Team; null above level team.';
	COMMENT ON COLUMN @.coaching_effect.metric IS 'Metric.';
	COMMENT ON COLUMN @.coaching_effect.improvement IS 'Per session: mean change of the metric over the horizon periods after it, for the sessions that were given, against the same agents not having had that session then; metric units, positive is better. Null: not assessed, see reason.';
	COMMENT ON COLUMN @.coaching_effect.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.coaching_effect.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coaching_effect.p_value IS 'Two-sided p value of no effect. Of a team from its own sessions, nothing borrowed: to decide, read the interval.';
	COMMENT ON COLUMN @.coaching_effect.naive_improvement IS 'What before against after shows: mean of the horizon periods after a session less the period before, metric units, positive is better.';
	COMMENT ON COLUMN @.coaching_effect.naive_share_improved IS 'Share of sessions after which the next period was better than the one they follow (its own or the one before, as all teams of the metric together tell; naive_improvement starts from the same): what the field calls coaching effectiveness.';
	COMMENT ON COLUMN @.coaching_effect.null_improvement IS 'What naive_improvement would have been had coaching done nothing: regression to the mean.';
	COMMENT ON COLUMN @.coaching_effect.null_share_improved IS 'What naive_share_improved would have been had coaching done nothing.';
	COMMENT ON COLUMN @.coaching_effect.smallest_detectable IS 'Effect that these data would show with 80 % probability, metric units; of a team from its own sessions, nothing borrowed.';
	COMMENT ON COLUMN @.coaching_effect.n_coached IS 'Agents with a session.';
	COMMENT ON COLUMN @.coaching_effect.n_control IS 'Agents seen uncoached in a period in which a team mate was coached.';
	COMMENT ON COLUMN @.coaching_effect.sessions IS 'Sessions that count as coaching for the metric.';
	COMMENT ON COLUMN @.coaching_effect.horizon IS 'Periods after a session that improvement is the mean of.';
	COMMENT ON COLUMN @.coaching_effect.conclusion IS 'effective (interval above zero), harmful (below by more than lasting weakness of who is coached could do alone), no_effect (90 % interval within smallest_effect), otherwise cannot_tell.';
	COMMENT ON COLUMN @.coaching_effect.pooled IS 'Whether strength was borrowed from other teams; true above level team.';
	COMMENT ON COLUMN @.coaching_effect.placebo IS 'Apparent effect of sessions that still lie ahead, metric units; null above level team.';
	COMMENT ON COLUMN @.coaching_effect.placebo_p IS 'Its p value; small: the coach selects on what the data don''t show.';
	COMMENT ON COLUMN @.coaching_effect.overlap IS 'Share of sessions with a team mate to compare with, 0 to 1; null above level team.';
	COMMENT ON COLUMN @.coaching_effect.own IS 'Whether the team''s own sessions could be compared with somebody; false: improvement is what sessions do in the other teams (of fewer than eight coached ones a figure that nobody was compared for), and nothing is concluded about this one. Such teams are left out above level team.';
	COMMENT ON COLUMN @.coaching_effect.own_improvement IS 'Improvement by the team''s own sessions, nothing borrowed; null above level team.';
	COMMENT ON COLUMN @.coaching_effect.own_se IS 'Its standard error.';
	COMMENT ON COLUMN @.coaching_effect.own_doubt IS 'And its doubt about what was removed as regression to the mean and about how new hires learn, as a standard error: more sessions of the team would hardly make that smaller.';
	COMMENT ON COLUMN @.coaching_effect.shortfall IS 'By how much improvement may be too low if the coaches know who is weak for good, asked as if a session gave smallest_effect; no_effect is said only where that much more would be too little, too.';
	COMMENT ON COLUMN @.coaching_effect.reason IS 'Why, in words; above level team over how many teams.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (405, 'recent_coaching_effect', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.recent_coaching_effect AS
	WITH history AS (
		SELECT h.metric, bool_and(h.first_period >= (SELECT s.coached_since FROM @.diagnosed_since s)) AS recent FROM @.stored_history h GROUP BY h.metric
	)
	SELECT e.program, e.site, e.team, e.metric, e.improvement, e.ci_low, e.ci_high, e.n_coached, e.sessions, e.conclusion, e.placebo_p, e.overlap,
		e.own, e.own_improvement, e.own_se, e.own_doubt, e.shortfall, e.reason
	FROM @.coaching_effect e
	JOIN history h ON h.metric = e.metric AND h.recent
	WHERE e.level = 'team'
	UNION ALL
	SELECT t.program, t.site, e.unit, a.metric, e.improvement, e.ci_low, e.ci_high, e.n_coached, e.sessions, e.conclusion, e.placebo_p, e.overlap,
		e.own, e.raw_improvement, e.raw_se, e.doubt, e.shortfall, e.reason
	FROM (
		SELECT p.metric, p.higher_is_better, p.scale, p.smallest_effect, array_agg(p.team ORDER BY p.team) AS teams, array_agg(p.panel ORDER BY p.team) AS panels
		FROM @.coached_panel p JOIN history h ON h.metric = p.metric AND NOT h.recent
		GROUP BY p.metric, p.higher_is_better, p.scale, p.smallest_effect
	) a
	CROSS JOIN LATERAL coachdiag.coaching_effect(a.teams, a.panels, a.higher_is_better, a.scale, a.smallest_effect) e
	LEFT JOIN @.stored_team t ON t.team = e.unit;
	CREATE UNIQUE INDEX ON @.recent_coaching_effect (team, metric);
	COMMENT ON MATERIALIZED VIEW @.recent_coaching_effect IS 'What coaching did in each team in the months that the diagnosis looks at and the quarter before them (diagnosed_since.coached_since): by which it is judged whether the gap of these months is structural. Otherwise as coaching_effect, which is of the whole history; metric units, positive is better.';
	COMMENT ON COLUMN @.recent_coaching_effect.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.recent_coaching_effect.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.recent_coaching_effect.team IS 'Team.';
	COMMENT ON COLUMN @.recent_coaching_effect.metric IS 'Metric.';
	COMMENT ON COLUMN @.recent_coaching_effect.improvement IS 'Per session, as coaching_effect.improvement.';
	COMMENT ON COLUMN @.recent_coaching_effect.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.recent_coaching_effect.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.recent_coaching_effect.n_coached IS 'Agents with a session in these months.';
	COMMENT ON COLUMN @.recent_coaching_effect.sessions IS 'Sessions in these months that count as coaching for the metric.';
	COMMENT ON COLUMN @.recent_coaching_effect.conclusion IS 'effective, harmful, no_effect or cannot_tell, as in coaching_effect.';
	COMMENT ON COLUMN @.recent_coaching_effect.placebo_p IS 'p value of an apparent effect of sessions that still lie ahead; small: the coach selects on what the data don''t show.';
	COMMENT ON COLUMN @.recent_coaching_effect.overlap IS 'Share of sessions with a team mate to compare with, 0 to 1.';
	COMMENT ON COLUMN @.recent_coaching_effect.own IS 'Whether the team''s own sessions could be compared with somebody; false: improvement is what sessions do in the other teams (of fewer than eight coached ones a figure that nobody was compared for).';
	COMMENT ON COLUMN @.recent_coaching_effect.own_improvement IS 'Improvement by the team''s own sessions, nothing borrowed: what p_structural is made of.';
	COMMENT ON COLUMN @.recent_coaching_effect.own_se IS 'Its standard error.';
	COMMENT ON COLUMN @.recent_coaching_effect.own_doubt IS 'And its doubt about what was removed as regression to the mean and about how new hires learn, as a standard error: more sessions of the team would hardly make that smaller.';
	COMMENT ON COLUMN @.recent_coaching_effect.shortfall IS 'By how much improvement may be too low if the coaches know who is weak for good, as coaching_effect.shortfall.';
	COMMENT ON COLUMN @.recent_coaching_effect.reason IS 'Why, in words.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (410, 'coaching_effect_by_period', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coaching_effect_by_period AS
	SELECT t.program, t.site, e.unit AS team, m.metric, e.periods_since, e.seen, e.sessions, e.improvement, e.ci_low, e.ci_high, e.band_low, e.band_high, e.half_life, e.half_life_low, e.half_life_high, e.phase
	FROM @.stored_metric m
	CROSS JOIN LATERAL (
		SELECT array_agg(h.team ORDER BY h.team) AS teams, array_agg(h.panel ORDER BY h.team) AS panels FROM @.stored_history h WHERE h.metric = m.metric
	) a
	CROSS JOIN LATERAL coachdiag.coaching_effect_by_period(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e
	LEFT JOIN @.stored_team t ON t.team = e.unit;
	CREATE UNIQUE INDEX ON @.coaching_effect_by_period (metric, team, periods_since);
	COMMENT ON MATERIALIZED VIEW @.coaching_effect_by_period IS 'Before and after a session, period by period, over the whole history; metric units, positive is better: the dip that led to it, onset, fade, reversion. See function coachdiag.coaching_effect_by_period.';
	COMMENT ON COLUMN @.coaching_effect_by_period.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.coaching_effect_by_period.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.coaching_effect_by_period.team IS 'Team.';
	COMMENT ON COLUMN @.coaching_effect_by_period.metric IS 'Metric.';
	COMMENT ON COLUMN @.coaching_effect_by_period.periods_since IS 'Periods since the session, -8 to 12; 0 is its own.';
	COMMENT ON COLUMN @.coaching_effect_by_period.seen IS 'Mean over sessions of the metric against team mates and the agent''s own mean, metric units, positive is better; before a session it shows the dip that led to it.';
	COMMENT ON COLUMN @.coaching_effect_by_period.sessions IS 'Sessions behind seen.';
	COMMENT ON COLUMN @.coaching_effect_by_period.improvement IS 'What the session does in that period, metric units, positive is better; null up to its own.';
	COMMENT ON COLUMN @.coaching_effect_by_period.ci_low IS 'Lower end of its 95 % interval, for that period alone.';
	COMMENT ON COLUMN @.coaching_effect_by_period.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coaching_effect_by_period.band_low IS 'Lower end of the band that holds the improvements of all periods at once with 95 %, for whoever looks for a period that stands out.';
	COMMENT ON COLUMN @.coaching_effect_by_period.band_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coaching_effect_by_period.half_life IS 'Periods until half of an effect is gone, from when it is there in full (within four), the same on each row of a team and metric; infinity: no fading seen; null: no effect is established that could fade, or fewer than two periods after a session are known.';
	COMMENT ON COLUMN @.coaching_effect_by_period.half_life_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.coaching_effect_by_period.half_life_high IS 'Upper end of it; infinity: it may not fade at all.';
	COMMENT ON COLUMN @.coaching_effect_by_period.phase IS 'before, session or after.';
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
	COMMENT ON MATERIALIZED VIEW @.coach_effect IS 'What each coach''s sessions did over the whole history, over all teams of a program (what coach_scorecard shows) and in each team alone; metric units, positive is better. See function coachdiag.coach_effect.';
	COMMENT ON COLUMN @.coach_effect.metric IS 'Metric.';
	COMMENT ON COLUMN @.coach_effect.program IS 'Program; null: teams without one.';
	COMMENT ON COLUMN @.coach_effect.coach_id IS 'Coach.';
	COMMENT ON COLUMN @.coach_effect.sessions IS 'Sessions that count as coaching for this metric.';
	COMMENT ON COLUMN @.coach_effect.agents IS 'Agents coached; one coached in two teams counts in each.';
	COMMENT ON COLUMN @.coach_effect.teams IS 'Teams coached in.';
	COMMENT ON COLUMN @.coach_effect.teams_shared IS 'Those of them in which others coach, too.';
	COMMENT ON COLUMN @.coach_effect.naive_improvement IS 'What before against after shows: mean of the four periods after a session less the period before, metric units, positive is better.';
	COMMENT ON COLUMN @.coach_effect.naive_share_improved IS 'Share of sessions whose next period was better than the period before: what the field calls coaching effectiveness.';
	COMMENT ON COLUMN @.coach_effect.null_improvement IS 'What naive_improvement would have been had coaching done nothing: regression to the mean.';
	COMMENT ON COLUMN @.coach_effect.null_share_improved IS 'What naive_share_improved would have been had coaching done nothing.';
	COMMENT ON COLUMN @.coach_effect.raw_improvement IS 'Per session over the following four periods, from this coach''s sessions alone, metric units, positive is better; null: they can''t be told from those of others.';
	COMMENT ON COLUMN @.coach_effect.raw_se IS 'Its standard error.';
	COMMENT ON COLUMN @.coach_effect.improvement IS 'Per session over the following four periods, drawn towards the program''s coaches as far as the data leave it open; metric units, positive is better.';
	COMMENT ON COLUMN @.coach_effect.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.coach_effect.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coach_effect.sd IS 'Standard deviation of what remains unknown about improvement.';
	COMMENT ON COLUMN @.coach_effect.doubt IS 'The part of sd that more sessions would not make smaller.';
	COMMENT ON COLUMN @.coach_effect.probability_improved IS 'Probability of an effect above zero.';
	COMMENT ON COLUMN @.coach_effect.conclusion IS 'effective, harmful, no_effect or cannot_tell, as in coaching_effect.';
	COMMENT ON COLUMN @.coach_effect.program_improvement IS 'Mean of the program''s coaches.';
	COMMENT ON COLUMN @.coach_effect.program_spread IS 'Standard deviation between the true effects of the program''s coaches: near 0 it hardly matters who coaches.';
	COMMENT ON COLUMN @.coach_effect.peers IS 'Ranked coaches of the program; null: not ranked.';
	COMMENT ON COLUMN @.coach_effect.rank IS 'Place among the peers, 1 is best; null: not ranked.';
	COMMENT ON COLUMN @.coach_effect.rank_low IS 'Best place that the data leave open, 95 % interval with rank_high.';
	COMMENT ON COLUMN @.coach_effect.rank_high IS 'Worst place that the data leave open.';
	COMMENT ON COLUMN @.coach_effect.expected_rank IS 'Mean of the places that the data leave open, which rank goes by.';
	COMMENT ON COLUMN @.coach_effect.probability_above IS 'Probability to be better than the mean of the peers.';
	COMMENT ON COLUMN @.coach_effect.outlier IS 'above or below the mean of the peers; all outliers of a program together hold with probability 97.5 %. Null: not established.';
	COMMENT ON COLUMN @.coach_effect.status IS 'ranked; not told apart (could have any place); too few to rank; not assessed.';
	COMMENT ON COLUMN @.coach_effect.reason IS 'Why, in words.';
	COMMENT ON COLUMN @.coach_effect.apart IS 'improvement less the mean of the other ranked coaches, drawn towards 0 as far as the data leave it open.';
	COMMENT ON COLUMN @.coach_effect.apart_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.coach_effect.apart_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coach_effect.in_panel IS 'Teams in which this coach is told apart, by their place among the metric''s teams in order of name.';
	COMMENT ON COLUMN @.coach_effect.in_panel_sessions IS 'Sessions in each of these.';
	COMMENT ON COLUMN @.coach_effect.in_panel_improvement IS 'Improvement per session from each of these alone.';
	COMMENT ON COLUMN @.coach_effect.in_panel_se IS 'Its standard error.';
	COMMENT ON COLUMN @.coach_effect.in_team IS 'Names of these teams.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (425, 'coach_in_team', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coach_in_team AS
	WITH history AS (
		SELECT h.metric, bool_and(h.first_period >= (SELECT s.coached_since FROM @.diagnosed_since s)) AS recent FROM @.stored_history h GROUP BY h.metric
	)
	SELECT c.metric, u.team, c.coach_id, u.sessions, u.improvement, u.se
	FROM @.coach_effect c
	JOIN history h ON h.metric = c.metric AND h.recent
	CROSS JOIN LATERAL unnest(c.in_team, c.in_panel_sessions, c.in_panel_improvement, c.in_panel_se) u (team, sessions, improvement, se)
	UNION ALL
	SELECT a.metric, a.teams[u.place], e.coach_id, u.sessions, u.improvement, u.se
	FROM (
		SELECT p.metric, p.higher_is_better, p.scale, p.smallest_effect, array_agg(p.team ORDER BY p.team) AS teams,
			array_agg(p.program ORDER BY p.team) AS programs, array_agg(p.panel ORDER BY p.team) AS panels
		FROM @.coached_panel p JOIN history h ON h.metric = p.metric AND NOT h.recent
		GROUP BY p.metric, p.higher_is_better, p.scale, p.smallest_effect
	) a
	CROSS JOIN LATERAL coachdiag.coach_effect(a.programs, a.panels, a.higher_is_better, a.scale, a.smallest_effect) e
	CROSS JOIN LATERAL unnest(e.in_panel, e.in_panel_sessions, e.in_panel_improvement, e.in_panel_se) u (place, sessions, improvement, se);
	CREATE UNIQUE INDEX ON @.coach_in_team (metric, team, coach_id);
	COMMENT ON MATERIALIZED VIEW @.coach_in_team IS 'What each coach''s sessions did in each team alone, in the months of recent_coaching_effect: by which idle coaches are told (coachdiag.idle_coaches). Metric units, positive is better.';
	COMMENT ON COLUMN @.coach_in_team.metric IS 'Metric.';
	COMMENT ON COLUMN @.coach_in_team.team IS 'Team in which the coach is told apart.';
	COMMENT ON COLUMN @.coach_in_team.coach_id IS 'Coach.';
	COMMENT ON COLUMN @.coach_in_team.sessions IS 'Sessions there that count as coaching for the metric.';
	COMMENT ON COLUMN @.coach_in_team.improvement IS 'Per session over the following four periods, from this team''s data alone.';
	COMMENT ON COLUMN @.coach_in_team.se IS 'Its standard error.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (595, 'structural_score', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.structural_score AS
	WITH team AS MATERIALIZED (
		SELECT * FROM @.team_panel
	), type AS (
		SELECT p.metric, p.team, p.program, g.*, g.target_of IS NOT NULL AS shares, CASE WHEN g.target_of IS NULL THEN 0 ELSE g.gap - coachdiag.exact_avg(g.gap) OVER types END AS apart
		FROM team p CROSS JOIN LATERAL coachdiag.contact_type_gaps(p.panel, p.higher_is_better, p.scale) g
		WINDOW types AS (PARTITION BY p.metric, p.team, g.target_of)
	), peer AS (
		-- Whose types a team's own are held against, where types share a target: those of its program, or of all where it has few teams.
		SELECT t.metric, t.team, CASE WHEN count(*) OVER (PARTITION BY t.metric, t.program) >= 5 THEN t.program END AS peers
		FROM (SELECT DISTINCT x.metric, x.team, x.program FROM type x WHERE x.shares) t
	), compared AS (
		SELECT g.peers, t.*
		FROM (SELECT DISTINCT p.metric, p.peers FROM peer p) g
		JOIN peer q ON q.metric = g.metric
		JOIN type t ON t.metric = g.metric AND t.team = q.team AND (t.program = g.peers OR g.peers IS NULL)
	), norm AS (
		-- A type with a target of its own is held against that alone. The standard error of a median is 1.25 times that of the mean.
		SELECT t.metric, t.peers, t.contact_type, t.shares, percentile_cont(0.5) WITHIN GROUP (ORDER BY t.apart) AS gap, 1.25 * stddev_samp(t.apart ORDER BY t.apart) / sqrt(count(*)) AS se, count(*) AS teams,
			coachdiag.exact_sum(t.weight) AS weight
		FROM compared t GROUP BY t.metric, t.peers, t.contact_type, t.shares
	), mix AS (
		-- What its contacts are in the median team. Where teams have types of their own, means over them are not of the same, and no mix is told.
		SELECT m.metric, m.peers, percentile_cont(0.5) WITHIN GROUP (ORDER BY m.gap) AS gap, coachdiag.exact_sum(m.weight) AS weight,
			coachdiag.exact_sum(m.common) >= 0.95 * coachdiag.exact_sum(m.weight) AS told
		FROM (
			SELECT t.metric, t.peers, coachdiag.exact_sum(t.weight * n.gap) / coachdiag.exact_sum(t.weight) AS gap, coachdiag.exact_sum(t.weight) AS weight,
				coachdiag.exact_sum(t.weight) FILTER (WHERE n.teams >= 5 AND n.teams >= 0.8 * a.teams) AS common
			FROM compared t
				JOIN norm n ON n.metric = t.metric AND n.peers IS NOT DISTINCT FROM t.peers AND n.contact_type = t.contact_type AND n.shares = t.shares
				JOIN (SELECT x.metric, x.peers, count(DISTINCT x.team) AS teams FROM compared x GROUP BY x.metric, x.peers) a ON a.metric = t.metric AND a.peers IS NOT DISTINCT FROM t.peers
			GROUP BY t.metric, t.peers, t.team
		) m
		GROUP BY m.metric, m.peers
	), usual AS MATERIALIZED (
		SELECT p.metric, p.team, jsonb_object_agg(n.contact_type, CASE WHEN m.told THEN jsonb_build_array(n.gap - m.gap, coalesce(n.se, 0), n.weight / m.weight) ELSE to_jsonb(n.gap) END)
			FILTER (WHERE n.teams >= 5 OR NOT n.shares) AS usual
		FROM peer p
		JOIN type t ON t.metric = p.metric AND t.team = p.team
		JOIN norm n ON n.metric = p.metric AND n.peers IS NOT DISTINCT FROM p.peers AND n.contact_type = t.contact_type AND n.shares = t.shares
		JOIN mix m ON m.metric = p.metric AND m.peers IS NOT DISTINCT FROM p.peers
		GROUP BY p.metric, p.team
		HAVING bool_or(n.teams >= 5 AND n.shares)
	), learning AS MATERIALIZED (
		SELECT p.metric, coachdiag.learning_curve(array_agg(p.panel ORDER BY p.team), bool_and(p.higher_is_better)) AS learning
		FROM team p GROUP BY p.metric
	), spread AS (
		-- By how much agents differ where there is no gap to explain, and no more than in most teams that have one.
		SELECT g.metric, least(percentile_cont(0.5) WITHIN GROUP (ORDER BY g.between_sd) FILTER (WHERE g.mean_gap < m.smallest_effect / 2),
			percentile_cont(0.25) WITHIN GROUP (ORDER BY g.between_sd)) AS usual
		FROM @.gap_dispersion g JOIN @.stored_metric m USING (metric)
		GROUP BY g.metric
		HAVING count(g.between_sd) FILTER (WHERE g.mean_gap < m.smallest_effect / 2) >= 3 AND count(g.between_sd) >= 8
	), able AS (
		-- Whether coaching can work in a team, by how its agents differ.
		SELECT g.team, g.metric, m.smallest_effect, CASE WHEN g.between_sd IS NOT NULL THEN 1 - coachdiag.p_structural(g.between_sd / greatest(g.mean_gap, m.smallest_effect), NULL, NULL, NULL, NULL, m.smallest_effect,
			spread_high => g.between_high / greatest(g.mean_gap, m.smallest_effect), gap => g.mean_gap, usual_spread => u.usual) END AS can_work
		FROM @.gap_dispersion g JOIN @.stored_metric m USING (metric) LEFT JOIN spread u USING (metric) WHERE m.smallest_effect BETWEEN 1e-100 AND 1e100
	), session AS (
		-- A subquery of its own, or that is asked again for each session.
		SELECT s.team, s.metric, count(*) FILTER (WHERE s.day >= (SELECT d.coached_since FROM @.diagnosed_since d)) AS counted, count(*) FILTER (WHERE s.day < (SELECT d.coached_since FROM @.diagnosed_since d)) AS earlier
		FROM @.stored_coaching_session s WHERE s.dose GROUP BY s.team, s.metric
	), named AS (
		-- Sessions that name no metric count in each: what they move nothing in may not be what they were about.
		SELECT s.metric, sum(s.counted) >= 3 * (SELECT coalesce(sum(n.counted), 0) FROM session n WHERE n.metric IS NULL) AS named
		FROM session s WHERE s.metric IS NOT NULL GROUP BY s.metric
	), about AS (
		-- Those that name none were about the team's metrics as those that do, one more counted for each metric.
		SELECT p.team, p.metric, coalesce(n.counted / nullif(n.counted + coalesce(s.counted, 0), 0)::double precision
				* (1 - (coalesce(s.counted, 0) + 1) / (sum(coalesce(s.counted, 0)) OVER each + count(*) OVER each)::double precision), 0) AS other_metric,
			n.earlier > 0 OR s.earlier > 0 AS earlier
		FROM team p
		LEFT JOIN session n ON n.team = p.team AND n.metric IS NULL
		LEFT JOIN session s ON s.team = p.team AND s.metric = p.metric
		WINDOW each AS (PARTITION BY p.team)
	), coach AS MATERIALIZED (
		-- Over all metrics that sessions name: who moves nothing in one is likelier to in another.
		SELECT i.*
		FROM (
			SELECT array_agg(jsonb_build_array(c.team, c.metric)::text) AS teams, array_agg(c.coach_id) AS coaches, array_agg(c.sessions) AS sessions,
				array_agg(c.improvement / (a.smallest_effect * (1 - b.other_metric))) AS improvement, array_agg(c.se / (a.smallest_effect * (1 - b.other_metric))) AS se, array_agg(a.can_work) AS can_work
			FROM @.coach_in_team c
			JOIN able a ON a.team = c.team AND a.metric = c.metric
			JOIN about b ON b.team = c.team AND b.metric = c.metric
			LEFT JOIN named n ON n.metric = c.metric
			GROUP BY CASE WHEN n.named THEN NULL ELSE c.metric END
		) a
		CROSS JOIN LATERAL coachdiag.idle_coaches(a.teams, a.coaches, a.sessions, a.improvement, a.se, 1, a.can_work) i
	)
	SELECT p.program, p.site, p.team, p.metric, s.verdict, s.p_structural, s.indicators_present, s.unknown,
		s.agents, s.mean_gap, s.mean_low, s.mean_high, s.settled_gap, s.settled_low, s.settled_high, s.changed_on, s.gap_before, s.gap_after,
		to_jsonb(s.tests) AS tests, s.next_step,
		s.reason || CASE WHEN b.earlier THEN format(' Coaching is judged from %s on: sessions before that are not counted (view coaching_effect counts them).', to_char((SELECT f.coached_since FROM @.diagnosed_since f), 'YYYY-MM-DD')) ELSE '' END AS reason, d.usual AS usual_spread,
		k.idle_coach, b.other_metric
	FROM team p
	JOIN about b ON b.team = p.team AND b.metric = p.metric
	LEFT JOIN @.recent_coaching_effect e ON e.team = p.team AND e.metric = p.metric
	LEFT JOIN usual u ON u.metric = p.metric AND u.team = p.team
	LEFT JOIN learning l ON l.metric = p.metric
	LEFT JOIN spread d ON d.metric = p.metric
	LEFT JOIN @.decide_or_wait w ON w.team = p.team AND w.metric = p.metric
	LEFT JOIN LATERAL (SELECT w.waiting_share AS share, w.waiting_low AS low, w.waiting_high AS high
		WHERE w.state <> 'unknown') waits ON true
	LEFT JOIN coach c ON c.team = jsonb_build_array(p.team, p.metric)::text
	CROSS JOIN LATERAL (SELECT CASE WHEN c.told >= 0.75 * e.sessions THEN c.idle_coach END AS idle_coach) k
	CROSS JOIN LATERAL coachdiag.structural_score(p.panel, p.higher_is_better, p.scale, p.smallest_effect,
		CASE WHEN e.own THEN e.improvement END, CASE WHEN e.own THEN e.ci_low END, CASE WHEN e.own THEN e.ci_high END, e.sessions, e.n_coached, u.usual, waits.share, waits.low, waits.high, l.learning,
		k.idle_coach, w.reason,
		CASE WHEN e.own THEN e.own_improvement END, CASE WHEN e.own THEN e.own_se END, CASE WHEN e.own THEN e.own_doubt END, d.usual,
		CASE WHEN e.own THEN e.shortfall END, b.other_metric) s
	WHERE s.verdict IS NOT NULL;
	CREATE UNIQUE INDEX ON @.structural_score (team, metric);
	COMMENT ON MATERIALIZED VIEW @.structural_score IS 'Structural or behavioural: the five tests, the verdict and its probability, of each team and metric; what indicators and diagnosis show. See function coachdiag.structural_score.';
	COMMENT ON COLUMN @.structural_score.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.structural_score.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.structural_score.team IS 'Team.';
	COMMENT ON COLUMN @.structural_score.metric IS 'Metric.';
	COMMENT ON COLUMN @.structural_score.verdict IS 'structural, behavioural, mixed, no_gap or cannot_tell. By which rules: type coachdiag.structural_score_result.';
	COMMENT ON COLUMN @.structural_score.p_structural IS 'Probability from 0 to 1 that the gap is structural and not behavioural (coachdiag.p_structural); null: verdict no_gap. It is of a gap that is there, also where none is shown yet. Where the verdict is mixed it is of the gap as if it had one cause, and tells nothing.';
	COMMENT ON COLUMN @.structural_score.indicators_present IS 'How many of the four indicators are structural.';
	COMMENT ON COLUMN @.structural_score.unknown IS 'Tests whose state is unknown.';
	COMMENT ON COLUMN @.structural_score.agents IS 'Agents with values that have a target.';
	COMMENT ON COLUMN @.structural_score.mean_gap IS 'Gap of the average agent, contact mix taken out, metric units, positive is worse than target.';
	COMMENT ON COLUMN @.structural_score.mean_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.structural_score.mean_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.structural_score.settled_gap IS 'mean_gap with what new hires usually lack taken out, too, and what its mix of contact types adds beside the median team, where all types share one target.';
	COMMENT ON COLUMN @.structural_score.settled_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.structural_score.settled_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.structural_score.changed_on IS 'Week from which on the weekly mean gap was suddenly on another level. Where gap_before or gap_after is no more than smallest_effect, and they are more than twice that apart, verdict and tests are of the time since, with what sessions did then in this team alone; else of both times together. Null: not seen.';
	COMMENT ON COLUMN @.structural_score.gap_before IS 'Mean gap before that week, metric units, positive is worse.';
	COMMENT ON COLUMN @.structural_score.gap_after IS 'Mean gap since.';
	COMMENT ON COLUMN @.structural_score.tests IS 'The five tests; view indicators shows them as rows.';
	COMMENT ON COLUMN @.structural_score.next_step IS 'What to do next, in plain words.';
	COMMENT ON COLUMN @.structural_score.usual_spread IS 'By how much agents of the metric differ where there is no gap to explain: the median of gap_dispersion.between_sd over teams short by less than half a smallest effect (three at least), or the lower quartile over all teams (eight at least), whichever is less; metric units, what is beyond 1.5 smallest effects counts as natural. Null: fewer teams.';
	COMMENT ON COLUMN @.structural_score.idle_coach IS 'Probability from 0 to 1 that the coaches of these sessions move nothing whatever the gap, as coachdiag.idle_coaches tells; null: not known of those who held three quarters of the sessions.';
	COMMENT ON COLUMN @.structural_score.other_metric IS 'Probability from 0 to 1 that one of these sessions was about another metric: of those that name none.';
	COMMENT ON COLUMN @.structural_score.reason IS 'What decided; whether the gap changed midway, and what new hires usually lack; every test, with its answer and why; and from which day on sessions count, where there are earlier ones.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (600, 'indicators', 'view', $part$
	CREATE VIEW @.indicators AS
	SELECT s.program, s.site, s.team, s.metric, t.*
	FROM @.structural_score s CROSS JOIN LATERAL jsonb_populate_recordset(NULL::coachdiag.structural_test, s.tests) t;
	COMMENT ON VIEW @.indicators IS 'Each test of a structural gap: estimate, 95 % interval, state (structural, behavioural, unknown), n, why, and how much more it would take at least to settle it. By which thresholds: type coachdiag.structural_test.';
	COMMENT ON COLUMN @.indicators.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.indicators.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.indicators.team IS 'Team.';
	COMMENT ON COLUMN @.indicators.metric IS 'Metric.';
	COMMENT ON COLUMN @.indicators.test IS 'consistent_gap, experienced_same_gap, contact_type_or_step and coaching_without_effect, the four indicators; decide_or_wait, which never counts among them.';
	COMMENT ON COLUMN @.indicators.estimate IS 'consistent_gap: spread of the agents'' true gaps over the mean gap, 0 is perfectly alike. experienced_same_gap: mean gap of agents with a year of tenure, metric units, positive is worse. contact_type_or_step: part of the gap that would go if the contact types to blame were like the others. coaching_without_effect: improvement per session, metric units, positive is better. decide_or_wait: part of the gap that lies where the agent can only wait. Null: not known.';
	COMMENT ON COLUMN @.indicators.ci_low IS 'Lower end of its 95 % interval; null: none.';
	COMMENT ON COLUMN @.indicators.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.indicators.state IS 'structural, behavioural or unknown; unknown never counts as present.';
	COMMENT ON COLUMN @.indicators.n IS 'Agents that it rests on; of contact_type_or_step contact types, of coaching_without_effect sessions; null: of decide_or_wait.';
	COMMENT ON COLUMN @.indicators.reason IS 'Why, in words.';
	COMMENT ON COLUMN @.indicators.more_weeks IS 'At least so many more weeks would settle it, were the estimates to stay. Null, here and below: it is settled, or that would not settle it within a year, twice the agents or twelve sessions for each coached agent.';
	COMMENT ON COLUMN @.indicators.more_agents IS 'At least as many more agents.';
	COMMENT ON COLUMN @.indicators.more_sessions IS 'At least as many more sessions.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (900, 'diagnosis', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.diagnosis AS
	SELECT s.program, s.site, s.team, s.metric, g.agents, g.mean_gap, s.verdict, s.p_structural, s.indicators_present,
		q.paradox, concat_ws(' ',
			CASE WHEN h.last_period + CASE h.period_step WHEN 'month' THEN interval '3 months' ELSE interval '35 days' END <= n.day
				THEN format('There are no values since %s, while others go on to %s: this is of the time before.', to_char(h.last_period, 'YYYY-MM-DD'), to_char(n.day, 'YYYY-MM-DD')) END,
			CASE WHEN s.changed_on IS NOT NULL AND o.changed >= 5 AND o.changed > o.teams / 2.0
				THEN format('Around %s the gaps of %s of %s teams %s at once: see first whether the metric, its target or how it is measured changed then.',
					to_char(s.changed_on, 'YYYY-MM-DD'), o.changed, o.teams, CASE WHEN s.gap_after > s.gap_before THEN 'grew' ELSE 'fell' END) END,
			c.next_step, s.next_step) AS next_step, s.reason, h.last_period
	FROM @.structural_score s
	JOIN @.gap_dispersion g USING (team, metric)
	JOIN @.stored_history h USING (team, metric)
	CROSS JOIN (SELECT max(last_period) AS day FROM @.stored_history) n
	JOIN (
		-- Teams of the metric whose gap changed the same way within a week.
		SELECT team, metric, count(*) OVER (PARTITION BY metric) AS teams,
			count(*) OVER (PARTITION BY metric, gap_after > gap_before ORDER BY changed_on RANGE BETWEEN interval '7 days' PRECEDING AND interval '7 days' FOLLOWING) AS changed
		FROM @.structural_score
	) o USING (team, metric)
	LEFT JOIN (
		SELECT DISTINCT ON (i.team, i.metric) i.team, i.metric, coachdiag.after_change(i.started_on, i.contact_type,
			(i.started_on + 8 * CASE h.period_step WHEN 'month' THEN interval '1 month' ELSE interval '1 week' END)::date, h.last_period, i.improvement, i.signature, i.recurrence) AS next_step
		FROM @.intervention_effect i JOIN @.stored_history h USING (team, metric)
		WHERE i.started_on > h.last_period - (SELECT w.diagnosis_months FROM @.settings w) * interval '1 month'
		ORDER BY i.team, i.metric, i.started_on DESC, i.intervention_id
	) c ON c.team = s.team AND c.metric = s.metric
	LEFT JOIN (
		SELECT DISTINCT ON (p.team, p.metric) p.team, p.metric, p.paradox FROM @.paradox p ORDER BY p.team, p.metric, p.quarter DESC
	) q ON q.team = s.team AND q.metric = s.metric;
	CREATE UNIQUE INDEX ON @.diagnosis (team, metric);
	COMMENT ON MATERIALIZED VIEW @.diagnosis IS 'One row per team and metric: verdict (structural, behavioural, mixed, no_gap, cannot_tell), indicators present of four, what to do next and why.';
	COMMENT ON COLUMN @.diagnosis.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.diagnosis.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.diagnosis.team IS 'Team.';
	COMMENT ON COLUMN @.diagnosis.metric IS 'Metric.';
	COMMENT ON COLUMN @.diagnosis.agents IS 'Agents with values that have a target.';
	COMMENT ON COLUMN @.diagnosis.mean_gap IS 'Gap of the average agent (gap_dispersion), metric units, positive is worse than target.';
	COMMENT ON COLUMN @.diagnosis.verdict IS 'structural, behavioural, mixed, no_gap or cannot_tell.';
	COMMENT ON COLUMN @.diagnosis.p_structural IS 'Probability from 0 to 1 that the gap is structural and not behavioural (coachdiag.p_structural); null: verdict no_gap. It is of a gap that is there, also where none is shown yet. Where the verdict is mixed it is of the gap as if it had one cause, and tells nothing.';
	COMMENT ON COLUMN @.diagnosis.indicators_present IS 'How many of the four indicators are structural.';
	COMMENT ON COLUMN @.diagnosis.paradox IS 'Whether coaching is invested while the metric does not move and the gap does not close, in the latest quarter of view paradox; null: cannot tell, or not assessed.';
	COMMENT ON COLUMN @.diagnosis.next_step IS 'What to do next, in plain words. First, where its values ended (five weeks or three months before the last of the workspace), since when; where the gap changed as those of most teams of the metric did within a week (five at least), that the metric may have changed and not the teams; and what the latest change of process there in these months asks for (view intervention_effect).';
	COMMENT ON COLUMN @.diagnosis.reason IS 'What decided; whether the gap changed midway, and what new hires usually lack; every test, with its answer and why; and from which day on sessions count, where there are earlier ones.';
	COMMENT ON COLUMN @.diagnosis.last_period IS 'Last period with values.';
$part$);
