-- The workspace's view of the coaching paradox: by team, metric and quarter.

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (700, 'paradox', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.paradox AS
	WITH trend AS (
		SELECT t.program, t.site, p.team, p.metric, r.*, m.unmoved
		FROM @.stored_history p
		JOIN @.stored_metric d USING (metric)
		LEFT JOIN @.stored_team t USING (team)
		CROSS JOIN LATERAL coachdiag.coaching_paradox_by_quarter(p.panel, d.higher_is_better, d.scale, d.smallest_effect, 1,
			(SELECT least(greatest(w.diagnosis_months, 6), 120) FROM @.settings w)) r
		CROSS JOIN LATERAL (SELECT CASE WHEN r.metric_trend IN ('flat', 'worsening', 'flat_or_worsening') THEN true WHEN r.metric_trend = 'improving' THEN false END AS unmoved) m
	), known AS (
		SELECT bool_or(c.present) FILTER (WHERE c.column_name IN ('behaviour', 'sub_behaviour')) AS topic, bool_or(c.present) FILTER (WHERE c.column_name = 'action') AS action
		FROM @.stored_source_column c WHERE c.relation = 'coaching_session'
	), session AS (
		SELECT d.team, m.metric, d.agent_id, date_trunc('quarter', d.day::timestamp)::date AS quarter, d.action, d.duration_minutes,
			CASE WHEN d.behaviour IS NOT NULL OR d.sub_behaviour IS NOT NULL
				THEN row_number() OVER (PARTITION BY d.agent_id, m.metric, d.behaviour, d.sub_behaviour ORDER BY d.day, d.session_id) END AS turn
		FROM @.stored_coaching_session d
		CROSS JOIN LATERAL unnest(CASE WHEN d.metric IS NULL THEN (SELECT array_agg(a.metric) FROM @.stored_metric a) ELSE ARRAY[d.metric] END) AS m (metric)
		WHERE d.dose
	), log AS (
		SELECT s.team, s.metric, s.quarter, count(s.turn) AS topics, count(*) FILTER (WHERE s.turn > 2) AS repeats, avg(s.turn) AS depth,
			(sum(count(s.duration_minutes)) OVER looked_at / sum(count(*)) OVER looked_at)::double precision AS timed
		FROM session s WHERE s.team IS NOT NULL
		GROUP BY s.team, s.metric, s.quarter
		WINDOW looked_at AS (PARTITION BY s.team, s.metric ORDER BY s.quarter
				RANGE BETWEEN (SELECT (least(greatest(w.diagnosis_months, 6), 120) - 3) * interval '1 month' FROM @.settings w) PRECEDING AND CURRENT ROW)
	), noted AS (
		-- Sessions of one agent are alike: sums over agents, of the quarter and of the three before.
		SELECT a.team, a.metric, a.quarter, sum(a.hits) AS hits, sum(a.trials) AS trials, sum(a.hits ^ 2) AS hh, sum(a.hits * a.trials) AS ht, sum(a.trials ^ 2) AS tt, count(*) AS units,
			sum(sum(a.hits)) OVER earlier AS hits_before, sum(sum(a.trials)) OVER earlier AS trials_before, sum(sum(a.hits ^ 2)) OVER earlier AS hh_before,
			sum(sum(a.hits * a.trials)) OVER earlier AS ht_before, sum(sum(a.trials ^ 2)) OVER earlier AS tt_before, (sum(count(*)) OVER earlier)::bigint AS units_before
		FROM (
			SELECT s.team, s.metric, s.quarter, count(s.action)::double precision AS hits, count(*)::double precision AS trials
			FROM session s WHERE s.team IS NOT NULL GROUP BY s.team, s.metric, s.quarter, s.agent_id
		) a
		GROUP BY a.team, a.metric, a.quarter
		WINDOW earlier AS (PARTITION BY a.team, a.metric ORDER BY a.quarter RANGE BETWEEN '9 months' PRECEDING AND '1 month' PRECEDING)
	), record AS (
		-- Difference of two shares, each with its interval (Newcombe 1998).
		SELECT o.team, o.metric, o.quarter, n.share, n.share - b.share AS change,
			n.share - b.share - sqrt((n.share - n.low) ^ 2 + (b.high - b.share) ^ 2) AS low, n.share - b.share + sqrt((n.high - n.share) ^ 2 + (b.share - b.low) ^ 2) AS high
		FROM noted o
		CROSS JOIN LATERAL (SELECT o.hits / o.trials AS share, i.* FROM coachdiag.ratio_interval(o.hits, o.trials, o.hh, o.ht, o.tt, o.units, true) i) n
		CROSS JOIN LATERAL (SELECT o.hits_before / o.trials_before AS share, i.*
			FROM coachdiag.ratio_interval(o.hits_before, o.trials_before, o.hh_before, o.ht_before, o.tt_before, o.units_before, true) i) b
	)
	SELECT r.program, r.site, r.team, r.metric, r.quarter, r.first_period, r.last_period, r.periods, r.agents,
		r.dose, r.dose_change, r.dose_low, r.dose_high, r.dose_trend,
		r.metric_change, r.metric_low, r.metric_high, r.metric_trend, r.mean_change,
		r.gap, r.gap_change, r.gap_low, r.gap_high, r.gap_trend, r.target_change,
		CASE WHEN r.paradox AND e.works THEN false ELSE r.paradox END AS paradox, CASE WHEN r.paradox AND e.works THEN 'none' ELSE r.stage END AS stage,
		r.clear_since, r.sessions, r.minutes, l.timed AS timed_share, r.sessions_since, r.minutes_since,
		CASE WHEN k.topic THEN coalesce(l.topics, 0) END AS topic_sessions,
		CASE WHEN k.topic THEN l.depth::double precision END AS repeat_depth,
		CASE WHEN k.topic THEN coalesce(l.repeats, 0) END AS repeat_sessions,
		CASE WHEN k.topic AND (e.works OR NOT r.unmoved) THEN 0 WHEN k.topic AND r.unmoved THEN coalesce(l.repeats, 0) END AS repeats_without_result,
		CASE WHEN k.action THEN o.share END AS documented_share,
		CASE WHEN k.action THEN o.change END AS documented_change,
		CASE WHEN k.action THEN o.low END AS documented_low,
		CASE WHEN k.action THEN o.high END AS documented_high,
		CASE WHEN k.action THEN CASE WHEN o.change >= 0.05 AND o.low > 0 THEN true WHEN o.high < 0.05 THEN false END AND r.unmoved AND NOT e.works END AS documentation_without_result,
		CASE WHEN r.paradox AND e.works THEN 'coaching moves the metric (view indicators), which would fall without it, though ' ELSE '' END || r.reason AS reason
	FROM trend r
	CROSS JOIN known k
	LEFT JOIN log l USING (team, metric, quarter)
	LEFT JOIN record o USING (team, metric, quarter)
	LEFT JOIN @.indicators i ON i.team = r.team AND i.metric = r.metric AND i.test = 'coaching_without_effect'
	CROSS JOIN LATERAL (SELECT coalesce(i.state = 'behavioural', false) AS works) e;
	CREATE UNIQUE INDEX ON @.paradox (team, metric, quarter);
	COMMENT ON MATERIALIZED VIEW @.paradox IS 'Coaching up, metric flat, gap not closing: one row per team, metric and quarter, looking back settings.diagnosis_months (6 at least) from the quarter''s end; the last quarter of a team is its current state. See function coachdiag.coaching_paradox.';
	COMMENT ON COLUMN @.paradox.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.paradox.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.paradox.team IS 'Team.';
	COMMENT ON COLUMN @.paradox.metric IS 'Metric.';
	COMMENT ON COLUMN @.paradox.quarter IS 'First day of the quarter that the window ends with.';
	COMMENT ON COLUMN @.paradox.first_period IS 'First period compared.';
	COMMENT ON COLUMN @.paradox.last_period IS 'Last period compared.';
	COMMENT ON COLUMN @.paradox.periods IS 'Periods compared.';
	COMMENT ON COLUMN @.paradox.agents IS 'Agents compared.';
	COMMENT ON COLUMN @.paradox.dose IS 'Sessions per agent and month in the last three months of the window.';
	COMMENT ON COLUMN @.paradox.dose_change IS 'Change of sessions per agent and month over the window, by a straight line.';
	COMMENT ON COLUMN @.paradox.dose_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.paradox.dose_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.paradox.dose_trend IS 'rising, falling, steady (surely within half a session a month), steady_or_falling, steady_or_rising, cannot_tell.';
	COMMENT ON COLUMN @.paradox.metric_change IS 'Change of the metric over the window within agents, by a straight line, metric units, positive is better: who came or left moves nothing.';
	COMMENT ON COLUMN @.paradox.metric_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.paradox.metric_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.paradox.metric_trend IS 'improving, worsening, flat (surely within smallest_effect), flat_or_worsening (surely no improvement worth having), flat_or_improving, cannot_tell.';
	COMMENT ON COLUMN @.paradox.mean_change IS 'Change of the team''s plain mean over the window, comers and leavers included, metric units, positive is better.';
	COMMENT ON COLUMN @.paradox.gap IS 'Mean distance to the target in the window, metric units, positive is worse.';
	COMMENT ON COLUMN @.paradox.gap_change IS 'Change of the gap over the window: target_change less metric_change; positive is widening.';
	COMMENT ON COLUMN @.paradox.gap_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.paradox.gap_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.paradox.gap_trend IS 'widening, closing, stable (surely within smallest_effect), stable_or_closing, stable_or_widening, cannot_tell.';
	COMMENT ON COLUMN @.paradox.target_change IS 'Change of the target over the window, metric units, positive is harder.';
	COMMENT ON COLUMN @.paradox.paradox IS 'True, false, or null: cannot tell. Never true where the view indicators shows that coaching moves the metric (test coaching_without_effect behavioural).';
	COMMENT ON COLUMN @.paradox.stage IS 'none (no paradox); early (clear for less than a quarter that the metric does not improve); continuing (longer, coaching as before); escalating (longer, coaching grows); entrenched (two quarters and more). Null: cannot tell.';
	COMMENT ON COLUMN @.paradox.clear_since IS 'Period since which the data have said, month by month up to now, that the metric does not improve by smallest_effect; null: they don''t.';
	COMMENT ON COLUMN @.paradox.sessions IS 'Coaching sessions in the window (windows of successive quarters overlap).';
	COMMENT ON COLUMN @.paradox.minutes IS 'Minutes of coaching in the window; null: none noted.';
	COMMENT ON COLUMN @.paradox.timed_share IS 'Share of the window''s sessions whose minutes are noted, 0 to 1: below 1 there were more minutes than are shown. Null: no session in the quarter.';
	COMMENT ON COLUMN @.paradox.sessions_since IS 'Sessions after clear_since: what coaching has cost since.';
	COMMENT ON COLUMN @.paradox.minutes_since IS 'Minutes of them; null: none noted.';
	COMMENT ON COLUMN @.paradox.topic_sessions IS 'Sessions of the quarter with a topic (behaviour, sub_behaviour). Null: not assessed, needs coaching_session.behaviour or sub_behaviour; so too the next three.';
	COMMENT ON COLUMN @.paradox.repeat_depth IS 'How often the agents had been coached on the topic, this session included: mean over the quarter''s sessions with a topic.';
	COMMENT ON COLUMN @.paradox.repeat_sessions IS 'Sessions of the quarter on a topic on which the same agent had been coached twice or more before.';
	COMMENT ON COLUMN @.paradox.repeats_without_result IS 'The same where the team''s metric is flat or worse; 0 where it improves or coaching is seen to move it today (as in paradox), null where that cannot be told.';
	COMMENT ON COLUMN @.paradox.documented_share IS 'Share of the quarter''s sessions with an agreed action on record. Null: no session, or not assessed, needs coaching_session.action; so too the next four.';
	COMMENT ON COLUMN @.paradox.documented_change IS 'Documented share less that of the three quarters before; null: no session in them.';
	COMMENT ON COLUMN @.paradox.documented_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.paradox.documented_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.paradox.documentation_without_result IS 'Whether the share on record surely grew (interval above zero), by 0.05 or more, while the metric is flat or worse and coaching is not seen to move it today: the record grows, the result does not. Null: cannot tell.';
	COMMENT ON COLUMN @.paradox.reason IS 'What decided, in words.';
$part$);
