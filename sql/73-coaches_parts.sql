-- Coaches and whom to coach, in the workspace: coach_scorecard, coaching_targets, coach_the_coach.

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (1000, 'coach_scorecard', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coach_scorecard AS
	WITH session AS MATERIALIZED (
		SELECT s.coach_id, t.program, t.site, s.team, s.agent_id, s.metric, s.day, s.dose, s.follow_up_due <= l.day AS due, s.followed_up_at IS NOT NULL AS followed_up,
			s.day > l.day - (SELECT g.diagnosis_months FROM @.settings g) * interval '1 month' AS recent
		FROM @.stored_coaching_session s
		CROSS JOIN (SELECT max(h.day) AS day FROM @.stored_coaching_session h WHERE h.held) l
		LEFT JOIN @.stored_team t USING (team)
		WHERE s.held AND s.coach_id IS NOT NULL AND s.team IS NOT NULL
	), card AS (
		SELECT s.coach_id, s.program, m.metric, mode() WITHIN GROUP (ORDER BY s.site) AS site, count(*) AS held, count(DISTINCT s.agent_id) FILTER (WHERE s.dose) AS agents,
			count(*) FILTER (WHERE s.due) AS due, count(*) FILTER (WHERE s.due AND s.followed_up) AS followed_up,
			avg((d.verdict = 'structural')::int) FILTER (WHERE s.dose) AS structural_share
		FROM session s
		JOIN @.stored_metric m ON m.metric = coalesce(s.metric, m.metric)
		LEFT JOIN @.diagnosis d ON d.team = s.team AND d.metric = m.metric
		GROUP BY s.coach_id, s.program, m.metric
	), main AS (
		SELECT c.coach_id, c.program, c.team
		FROM (SELECT s.coach_id, s.program, s.team, rank() OVER (PARTITION BY s.team ORDER BY count(*) DESC) AS place
			FROM session s WHERE s.dose AND s.recent GROUP BY s.coach_id, s.program, s.team) c
		WHERE c.place = 1
	), coverage AS (
		SELECT m.coach_id, m.program, count(DISTINCT a.agent_id) FILTER (WHERE k.agent_id IS NOT NULL)::double precision / count(DISTINCT a.agent_id) AS share
		FROM main m
		JOIN @.stored_membership a USING (team)
		CROSS JOIN (SELECT min(s.day) AS first_day, max(s.day) AS last_day FROM session s WHERE s.recent) w
		LEFT JOIN (SELECT DISTINCT s.coach_id, s.agent_id FROM session s WHERE s.dose AND s.recent) k ON k.coach_id = m.coach_id AND k.agent_id = a.agent_id
		WHERE a.valid_from <= w.last_day AND a.valid_to > w.first_day
		GROUP BY m.coach_id, m.program
	), has AS (
		SELECT bool_or(c.present) FILTER (WHERE c.column_name = 'follow_up_due') AND bool_or(c.present) FILTER (WHERE c.column_name = 'followed_up_at') AS follow_up
		FROM @.stored_source_column c WHERE c.relation = 'coaching_session'
	)
	SELECT c.coach_id, c.program, c.site, c.metric, coalesce(e.sessions, 0) AS sessions, c.agents::integer AS agents, e.teams,
		e.naive_share_improved, e.null_share_improved, e.naive_improvement, e.null_improvement,
		e.improvement, e.ci_low, e.ci_high, e.sd, e.conclusion, e.program_improvement, e.program_spread,
		e.rank, e.rank_low, e.rank_high, e.peers, CASE WHEN e.outlier = 'above' OR coalesce(c.structural_share, 0) < 0.5 THEN e.outlier END AS outlier, e.probability_above,
		c.due::integer AS follow_ups_due, c.followed_up::double precision / nullif(c.due, 0) AS follow_through, v.share AS coverage, c.structural_share::double precision AS structural_share,
		coalesce(e.status, 'not assessed') AS status,
		concat_ws('; ', coalesce(e.reason, 'not assessed: no session that counts as coaching and no period of the metric to judge by'),
			CASE WHEN c.structural_share >= 0.5 THEN round(100 * c.structural_share) || ' % of these sessions met a gap that is diagnosed as structural, which is not the coach''s to close' END,
			CASE WHEN NOT h.follow_up THEN 'follow-through not assessed: needs coaching_session.follow_up_due and followed_up_at' END) AS reason
	FROM card c
	CROSS JOIN has h
	LEFT JOIN @.coach_effect e ON e.coach_id = c.coach_id AND e.metric = c.metric AND e.program IS NOT DISTINCT FROM c.program
	LEFT JOIN coverage v ON v.coach_id = c.coach_id AND v.program IS NOT DISTINCT FROM c.program;
	CREATE UNIQUE INDEX ON @.coach_scorecard (coach_id, metric, program);
	COMMENT ON MATERIALIZED VIEW @.coach_scorecard IS 'Who coaches well: one row per coach, program and metric, over the whole history. What coaching did, drawn towards the program''s other coaches, beside what before against after would claim (naive) and what it would claim had coaching done nothing (null); metric units, positive is better. See coachdiag.coach_effect.';
	COMMENT ON COLUMN @.coach_scorecard.coach_id IS 'Coach.';
	COMMENT ON COLUMN @.coach_scorecard.program IS 'Program; NULL: teams without one.';
	COMMENT ON COLUMN @.coach_scorecard.site IS 'Site where most of the coach''s sessions were held; NULL: not given. Places are among all coaches of the program, whatever the site.';
	COMMENT ON COLUMN @.coach_scorecard.metric IS 'Metric.';
	COMMENT ON COLUMN @.coach_scorecard.sessions IS 'Sessions that count as coaching for this metric; a session about no metric in particular counts for each.';
	COMMENT ON COLUMN @.coach_scorecard.agents IS 'Different agents coached.';
	COMMENT ON COLUMN @.coach_scorecard.teams IS 'Teams coached in.';
	COMMENT ON COLUMN @.coach_scorecard.naive_share_improved IS 'Share of sessions whose next period was better than the period before: what the field calls coaching effectiveness.';
	COMMENT ON COLUMN @.coach_scorecard.null_share_improved IS 'What that share would have been had coaching done nothing.';
	COMMENT ON COLUMN @.coach_scorecard.naive_improvement IS 'What before against after shows: mean of the four periods after a session less the period before, metric units, positive is better.';
	COMMENT ON COLUMN @.coach_scorecard.null_improvement IS 'What naive_improvement would have been had coaching done nothing: regression to the mean.';
	COMMENT ON COLUMN @.coach_scorecard.improvement IS 'Per session over the following four periods, drawn towards the program''s coaches as far as the data leave it open; 95 % interval ci_low to ci_high.';
	COMMENT ON COLUMN @.coach_scorecard.ci_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.coach_scorecard.ci_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coach_scorecard.sd IS 'Standard deviation of what remains unknown about improvement.';
	COMMENT ON COLUMN @.coach_scorecard.conclusion IS 'effective, harmful, no_effect or cannot_tell, as in coaching_effect.';
	COMMENT ON COLUMN @.coach_scorecard.program_improvement IS 'Mean of the program''s coaches.';
	COMMENT ON COLUMN @.coach_scorecard.program_spread IS 'Standard deviation between the true effects of the program''s coaches: near 0 it hardly matters who coaches.';
	COMMENT ON COLUMN @.coach_scorecard.rank IS 'Place among the peers (ranked coaches of the program), 1 is best; NULL: too few to rank.';
	COMMENT ON COLUMN @.coach_scorecard.rank_low IS 'Best place that the data leave open, 95 % interval with rank_high.';
	COMMENT ON COLUMN @.coach_scorecard.rank_high IS 'Worst place that the data leave open.';
	COMMENT ON COLUMN @.coach_scorecard.peers IS 'Ranked coaches of the program; NULL: not ranked.';
	COMMENT ON COLUMN @.coach_scorecard.outlier IS 'above or below the mean of the peers; all outliers of a program together hold with probability 97.5 %. NULL: not established, or below with half and more of the sessions on structural gaps.';
	COMMENT ON COLUMN @.coach_scorecard.probability_above IS 'Probability to be better than the mean of the peers.';
	COMMENT ON COLUMN @.coach_scorecard.follow_ups_due IS 'Follow-ups due by the last day with a session.';
	COMMENT ON COLUMN @.coach_scorecard.follow_through IS 'Share of them that took place; NULL: none due.';
	COMMENT ON COLUMN @.coach_scorecard.coverage IS 'Of the agents in teams where nobody coaches more often, the share that this coach saw in the months of the diagnosis, whatever the metric; NULL: nowhere the main coach.';
	COMMENT ON COLUMN @.coach_scorecard.structural_share IS 'Share of the sessions in teams whose gap in this metric is diagnosed as structural.';
	COMMENT ON COLUMN @.coach_scorecard.status IS 'ranked; not told apart (could have any place); too few to rank; not assessed.';
	COMMENT ON COLUMN @.coach_scorecard.reason IS 'Why, in words.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (1010, 'coaching_targets', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coaching_targets AS
	WITH latest AS (
		SELECT p.metric, max(coachdiag.last_period(p.panel)) AS last_period
		FROM @.stored_panel p
		WHERE (p.metric, p.month) IN (SELECT x.metric, max(x.month) FROM @.stored_panel x GROUP BY x.metric)
		GROUP BY p.metric
	), team AS MATERIALIZED (
		SELECT p.program, p.site, p.team, p.metric, p.higher_is_better, p.scale, coalesce(p.smallest_effect, 0) AS margin, l.last_period,
			coachdiag.period_range(p.panel, l.last_period - 181, NULL) AS panel, p.panel AS history
		FROM @.team_panel p
		JOIN latest l USING (metric)
	), agent AS (
		SELECT t.program, t.site, t.team, t.metric, t.margin, t.last_period, g.agent, g.sessions, g.gap, g.own, coachdiag.shrink(g.own, g.own_se) OVER (PARTITION BY t.metric, t.team) AS shrunken
		FROM team t
		CROSS JOIN LATERAL coachdiag.agent_gaps(t.panel, t.higher_is_better, t.scale) g
	), pace AS (
		SELECT a.team, a.metric, greatest(1, coachdiag.exact_sum(a.sessions) / nullif(count(*) FILTER (WHERE a.sessions > 0), 0) * 28 / 182) AS sessions FROM agent a GROUP BY a.team, a.metric
	), judged AS (
		SELECT a.*, (a.shrunken).estimate AS shrunken_own, (a.shrunken).se AS se, a.gap - a.own + (a.shrunken).estimate AS shrunken_gap, o.*
		FROM agent a
		CROSS JOIN LATERAL coachdiag.own_gap(a.gap - a.own + (a.shrunken).estimate, (a.shrunken).estimate, (a.shrunken).se, a.margin, a.sessions) o
	), began AS MATERIALIZED (
		-- Coaching that closed an agent's own gap leaves none behind: whose gap it was is asked of the weeks before it.
		SELECT t.team, t.metric, c.agent, min(c.period) AS first_session
		FROM team t
		CROSS JOIN LATERAL coachdiag.cells(t.panel) c
		WHERE c.sessions > 0
		GROUP BY t.team, t.metric, c.agent
	), before AS MATERIALIZED (
		SELECT s.team, s.metric, s.first_session, g.agent, g.gap - g.own AS shared,
			coachdiag.shrink(g.own, g.own_se) OVER (PARTITION BY s.metric, s.team, s.first_session) AS shrunken
		FROM (SELECT DISTINCT b.team, b.metric, b.first_session FROM began b JOIN judged j USING (team, metric, agent) WHERE j.finding = 'coached for a gap that is not theirs') s
		JOIN team t USING (team, metric)
		CROSS JOIN LATERAL coachdiag.agent_gaps(coachdiag.period_range(t.history, s.first_session - 182, s.first_session), t.higher_is_better, t.scale) g
	), not_theirs AS MATERIALIZED (
		SELECT j.team, j.metric, j.agent
		FROM judged j
		JOIN began USING (team, metric, agent)
		JOIN before b USING (team, metric, first_session, agent)
		CROSS JOIN LATERAL coachdiag.own_gap(b.shared + (b.shrunken).estimate, (b.shrunken).estimate, (b.shrunken).se, j.margin, j.sessions) o
		WHERE o.probability <= 0.05
	), named AS (
		SELECT j.*, CASE WHEN j.finding = 'coached for a gap that is not theirs' AND n.agent IS NULL THEN NULL ELSE j.finding END AS established
		FROM judged j
		LEFT JOIN not_theirs n USING (team, metric, agent)
	)
	SELECT j.program, j.site, j.team, j.agent AS agent_id, j.metric, j.shrunken_gap AS gap, j.shrunken_gap - 1.96 * j.se AS gap_low, j.shrunken_gap + 1.96 * j.se AS gap_high,
		j.shrunken_own AS own, j.shrunken_own - 1.96 * j.se AS own_low, j.shrunken_own + 1.96 * j.se AS own_high, j.probability AS probability_own, j.sessions,
		CASE WHEN s.hired_on IS NULL THEN 'unknown' WHEN j.last_period - s.hired_on < 91 THEN 'new' ELSE 'tenured' END AS tenure,
		CASE WHEN j.shrunken_own > 1.2816 * j.se THEN 'bottom' WHEN j.shrunken_own < -1.2816 * j.se THEN 'top' WHEN j.se IS NOT NULL THEN 'middle' END AS standing,
		CASE WHEN e.improvement IS NOT NULL THEN least(e.improvement * p.sessions, greatest(j.coachable, 0)) END AS expected_gain,
		CASE WHEN e.improvement IS NOT NULL THEN least(e.ci_low * p.sessions, greatest(j.coachable - 1.96 * j.se, 0)) END AS gain_low,
		CASE WHEN e.improvement IS NOT NULL THEN least(e.ci_high * p.sessions, greatest(j.coachable + 1.96 * j.se, 0)) END AS gain_high,
		j.established AS finding, CASE WHEN j.se IS NULL THEN 'not assessed' ELSE 'assessed' END AS status,
		CASE WHEN j.se IS NULL THEN 'not assessed: too few agents or weeks in the team to tell an agent''s own part from chance'
			WHEN j.established IS NULL THEN 'nothing is established about this agent''s own part of the gap'
			WHEN e.improvement IS NULL THEN 'no expected gain: the effect of coaching is not known in this team'
			ELSE format('probability %s that the agent''s own part exceeds %s', round(j.probability::numeric, 2), j.margin) END AS reason
	FROM named j
	JOIN pace p USING (team, metric)
	JOIN @.stored_membership m ON m.agent_id = j.agent AND m.team = j.team AND m.valid_from <= j.last_period AND j.last_period < m.valid_to
	LEFT JOIN @.stored_agent s ON s.agent_id = j.agent
	LEFT JOIN @.coaching_effect e ON e.level = 'team' AND e.team = j.team AND e.metric = j.metric;
	CREATE UNIQUE INDEX ON @.coaching_targets (agent_id, metric, team);
	COMMENT ON MATERIALIZED VIEW @.coaching_targets IS 'Who would gain from coaching: one row per agent now in a team, and metric, from the last 26 weeks. Metric units; gaps: positive is worse; gains: positive is better. Nobody is named (finding) on noise alone: see coachdiag.agent_gaps and coachdiag.own_gap.';
	COMMENT ON COLUMN @.coaching_targets.program IS 'Program of the team; NULL: not given.';
	COMMENT ON COLUMN @.coaching_targets.site IS 'Site of the team; NULL: not given.';
	COMMENT ON COLUMN @.coaching_targets.team IS 'Team where the agent is now.';
	COMMENT ON COLUMN @.coaching_targets.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.coaching_targets.metric IS 'Metric.';
	COMMENT ON COLUMN @.coaching_targets.gap IS 'Gap to the target, the agent''s own part of it drawn towards the team as far as chance could explain it; 95 % interval gap_low to gap_high.';
	COMMENT ON COLUMN @.coaching_targets.gap_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.coaching_targets.gap_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coaching_targets.own IS 'The part that sets the agent apart from the team mates on the same contacts in the same weeks, drawn towards 0 likewise; the rest is contact mix and what the whole team has in common. 95 % interval own_low to own_high.';
	COMMENT ON COLUMN @.coaching_targets.own_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.coaching_targets.own_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coaching_targets.probability_own IS 'Probability that the agent''s own part, as far as short of the target, exceeds smallest_effect (0 where not given).';
	COMMENT ON COLUMN @.coaching_targets.sessions IS 'Coaching received for this metric in the 26 weeks.';
	COMMENT ON COLUMN @.coaching_targets.tenure IS 'new (under 91 days), tenured, unknown: needs agent.hired_on.';
	COMMENT ON COLUMN @.coaching_targets.standing IS 'bottom or top of the team where that is 90 % sure, else middle.';
	COMMENT ON COLUMN @.coaching_targets.expected_gain IS 'What coaching at the team''s pace (sessions per coached agent in four weeks, at least one) would bring, at the team''s effect per session and no more than the agent''s own part; 95 % interval gain_low to gain_high. NULL: not known.';
	COMMENT ON COLUMN @.coaching_targets.gain_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.coaching_targets.gain_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.coaching_targets.finding IS 'own gap, coached; own gap, nobody coaches it; coached for a gap that is not theirs: neither in the 26 weeks nor in those before their first session, so that whose gap coaching closed is not meant; NULL: nothing is established.';
	COMMENT ON COLUMN @.coaching_targets.status IS 'assessed or not assessed.';
	COMMENT ON COLUMN @.coaching_targets.reason IS 'Why, in words.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (1020, 'coach_the_coach', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coach_the_coach AS
	WITH card AS (
		SELECT c.program, c.coach_id, c.metric, c.sessions, c.improvement, c.program_improvement, c.conclusion, c.outlier, u.sessions AS usual_sessions
		FROM @.coach_scorecard c
		JOIN (SELECT s.program, s.metric, percentile_cont(0.5) WITHIN GROUP (ORDER BY s.sessions) AS sessions
			FROM @.coach_scorecard s WHERE s.improvement IS NOT NULL GROUP BY s.program, s.metric) u
			ON u.program IS NOT DISTINCT FROM c.program AND u.metric = c.metric
	), session AS (
		SELECT DISTINCT ON (s.session_id, s.agent_id) t.program, s.coach_id, s.agent_id, s.agent_rating, s.follow_up_due <= l.day AS due, s.followed_up_at IS NOT NULL AS kept
		FROM @.stored_coaching_session s
		CROSS JOIN (SELECT max(h.day) AS day FROM @.stored_coaching_session h WHERE h.held) l
		LEFT JOIN @.stored_team t USING (team)
		WHERE s.held AND s.coach_id IS NOT NULL AND s.team IS NOT NULL
		ORDER BY s.session_id, s.agent_id, s.metric
	), agent AS (
		SELECT s.program, s.coach_id, s.agent_id, 'follow-through' AS why, count(*) FILTER (WHERE s.due)::double precision AS n, (count(*) FILTER (WHERE s.due AND s.kept))::double precision AS total,
			(count(*) FILTER (WHERE s.due AND s.kept))::double precision AS square
		FROM session s GROUP BY s.program, s.coach_id, s.agent_id
		UNION ALL
		SELECT s.program, s.coach_id, s.agent_id, 'agent ratings', count(s.agent_rating), coachdiag.exact_sum(s.agent_rating), coachdiag.exact_sum(s.agent_rating ^ 2)
		FROM session s WHERE s.agent_rating > -1e100 AND s.agent_rating < 1e100 GROUP BY s.program, s.coach_id, s.agent_id
	), habit AS (
		SELECT a.program, a.coach_id, a.why, sum(a.n) AS n, count(*) FILTER (WHERE a.n > 0) AS agents, coachdiag.exact_sum(a.total) AS total, coachdiag.exact_sum(a.square) AS square,
			coachdiag.exact_sum(a.total ^ 2 / nullif(a.n, 0)) AS agent_square, sum(a.n ^ 2) AS crowd
		FROM agent a GROUP BY a.program, a.coach_id, a.why
	), rest AS (
		SELECT h.*, sum(h.n) OVER w - h.n AS other_n, coachdiag.exact_sum(h.total) OVER w - h.total AS other_total, sum(h.crowd) OVER w - h.crowd AS other_crowd,
			sum(h.n) OVER w AS all_n, coachdiag.exact_sum(h.total) OVER w AS all_total, coachdiag.exact_sum(h.square) OVER w AS all_square, coachdiag.exact_sum(h.agent_square) OVER w AS agent_squares,
			coachdiag.exact_sum(h.total ^ 2 / nullif(h.n, 0)) OVER w AS coach_squares, coachdiag.exact_sum(h.crowd / nullif(h.n, 0)) OVER w AS all_per_agent, sum(h.agents) OVER w AS agents_all, count(*) FILTER (WHERE h.n > 0) OVER w AS coaches
		FROM habit h
		WINDOW w AS (PARTITION BY h.program, h.why)
	), noise AS (
		-- What one agent's sessions have in common beside what sets them apart: analysis of variance, agents within coaches.
		SELECT s.*, greatest(s.agent_squares - s.coach_squares - s.of_session * s.df, 0) / nullif(s.all_n - s.all_per_agent, 0) AS of_agent
		FROM (
			SELECT r.*, r.agents_all - r.coaches AS df, greatest(r.all_square / r.all_n - (r.all_total / r.all_n) ^ 2, 0) AS of_all,
				coalesce(greatest(r.all_square - r.agent_squares, 0) / nullif(r.all_n - r.agents_all, 0), 0) AS of_session
			FROM rest r WHERE r.n > 0 AND r.other_n > 0
		) s
	), compared AS (
		SELECT d.program, d.coach_id, d.why, d.n, d.mean, d.others, (coachdiag.t_interval(d.mean - d.others, d.error, nullif(d.df, 0)::double precision)).p_value < 0.01 AS apart
		FROM (
			SELECT m.*, m.total / m.n AS mean, m.other_total / m.other_n AS others,
				nullif(sqrt(greatest(m.of_all * (1 / m.n + 1 / m.other_n), m.of_session * (1 / m.n + 1 / m.other_n) + m.of_agent * (m.crowd / m.n ^ 2 + m.other_crowd / m.other_n ^ 2))), 0) AS error
			FROM noise m
		) d
	), found AS (
		SELECT c.program, c.coach_id, c.metric, 1 AS class, 'watch' AS status, 'low outlier' AS why, c.improvement AS value, c.program_improvement AS peers,
			format('%s sessions; clearly below the mean of the program''s coaches', c.sessions) AS evidence, c.sessions
		FROM card c WHERE c.outlier = 'below'
		UNION ALL
		SELECT c.program, c.coach_id, NULL, 2, CASE WHEN c.mean < c.others THEN 'watch' ELSE 'learn from' END, c.why, c.mean, c.others,
			format('%s follow-ups due, %s %% took place; %s %% with the other coaches', c.n, round((100 * c.mean)::numeric), round((100 * c.others)::numeric)), c.n
		FROM compared c WHERE c.why = 'follow-through' AND c.apart AND abs(c.mean - c.others) > 0.2
		UNION ALL
		SELECT c.program, c.coach_id, NULL, 3, 'watch', c.why, c.mean, c.others,
			format('%s sessions rated %s on average; %s with the other coaches', c.n, round(c.mean::numeric, 2), round(c.others::numeric, 2)), c.n
		FROM compared c WHERE c.why = 'agent ratings' AND c.n >= 5 AND c.apart AND c.mean < c.others
		UNION ALL
		SELECT c.program, c.coach_id, c.metric, 4, 'watch', 'much coaching, effect not known', c.improvement, c.program_improvement,
			format('%s sessions, where %s are usual, and still no telling whether they help', c.sessions, c.usual_sessions), c.sessions
		FROM card c WHERE c.conclusion = 'cannot_tell' AND c.sessions >= 10 AND c.sessions >= 1.5 * c.usual_sessions
		UNION ALL
		SELECT c.program, c.coach_id, c.metric, 5, 'learn from', 'high outlier', c.improvement, c.program_improvement,
			format('%s sessions; clearly above the mean of the program''s coaches', c.sessions), c.sessions
		FROM card c WHERE c.outlier = 'above'
		UNION ALL
		SELECT DISTINCT r.program, NULL, NULL, 6, 'not assessed', n.why, NULL::double precision, NULL::double precision, 'needs coaching_session.' || n.needs, 0
		FROM habit r CROSS JOIN (VALUES ('follow-through', 'follow_up_due and followed_up_at'), ('agent ratings', 'agent_rating')) n (why, needs)
		WHERE NOT EXISTS (SELECT FROM habit h WHERE h.why = n.why AND h.n > 0 AND h.program IS NOT DISTINCT FROM r.program)
	)
	SELECT f.program, CASE WHEN f.coach_id IS NOT NULL THEN row_number() OVER (PARTITION BY f.program ORDER BY f.class, f.sessions DESC, f.coach_id, f.metric) END AS priority,
		f.coach_id, f.status, f.why, f.metric, f.evidence, f.value, f.peers
	FROM found f;
	CREATE UNIQUE INDEX ON @.coach_the_coach (program, why, coach_id, metric);
	COMMENT ON MATERIALIZED VIEW @.coach_the_coach IS 'Whose sessions to sit in on next, and why: one row per program, coach and reason. A coach most of whose sessions met a structural gap is not listed as low outlier.';
	COMMENT ON COLUMN @.coach_the_coach.program IS 'Program; NULL: teams without one.';
	COMMENT ON COLUMN @.coach_the_coach.priority IS 'Order within the program, 1 first.';
	COMMENT ON COLUMN @.coach_the_coach.coach_id IS 'Coach; NULL: what could not be assessed in the program.';
	COMMENT ON COLUMN @.coach_the_coach.status IS 'watch; learn from; not assessed.';
	COMMENT ON COLUMN @.coach_the_coach.why IS 'low outlier, high outlier (coach_scorecard.outlier); follow-through or agent ratings far from those of the program''s other coaches (p below 0.01 with the agents, whose sessions resemble each other, as what varies; follow-through also by 20 points); much coaching, effect not known (1.5 times the usual sessions and more).';
	COMMENT ON COLUMN @.coach_the_coach.metric IS 'Metric; NULL: all.';
	COMMENT ON COLUMN @.coach_the_coach.evidence IS 'In words, or the columns needed.';
	COMMENT ON COLUMN @.coach_the_coach.value IS 'The coach''s improvement per session, share of follow-ups kept, or mean rating.';
	COMMENT ON COLUMN @.coach_the_coach.peers IS 'The same of the program''s coaches, or of its other coaches.';
$part$);
