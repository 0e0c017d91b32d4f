-- loop_screen: look-alikes of the coaching paradox, to rule out first.

CREATE TYPE coachdiag.movement_result AS (change double precision, ci_low double precision, ci_high double precision, direction text);
COMMENT ON TYPE coachdiag.movement_result IS 'Result of coachdiag.movement.';

CREATE FUNCTION coachdiag.movement(value double precision[], at date[], margin double precision)
	RETURNS coachdiag.movement_result LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT m.change, m.change - m.half, m.change + m.half,
		CASE WHEN m.n IS NULL OR m.n < 12 OR m.half IS NULL THEN 'cannot_tell'
			WHEN m.change - m.half > 0 THEN 'rising' WHEN m.change + m.half < 0 THEN 'falling'
			WHEN m.half + pg_catalog.abs(m.change) < margin THEN 'flat' ELSE 'cannot_tell' END
	FROM (
		SELECT c.n, c.slope * c.days AS change, c.half * c.days * pg_catalog.sqrt(c.inflation) * (coachdiag.t_interval(0, 1, GREATEST(c.n / c.inflation - 2, 2))).high / 1.959964 AS half
		FROM (
			SELECT r.*, (1 + r.carried) / (1 - r.carried) AS inflation
			FROM (
				-- The autocorrelation of what a line leaves over comes out too low by (2 + 4 carried) / n.
				SELECT t.n, t.slope, (t.slope_high - t.slope_low) / 2 AS half, s.days,
					CASE WHEN t.n > 4 THEN LEAST(GREATEST((t.n * (y.inflation - 1) / 2 / (1 - 1.0 / t.n) + 2) / (t.n - 4), 0), 0.95) END AS carried
				FROM coachdiag.trend(value, at) t
				CROSS JOIN coachdiag.trend(value, at, 'yue_wang') y
				CROSS JOIN (SELECT (pg_catalog.max(d) - pg_catalog.min(d))::double precision AS days FROM pg_catalog.unnest(at) d) s
			) r
		) c
	) m;
END;
COMMENT ON FUNCTION coachdiag.movement(double precision[], date[], double precision) IS
'How much a series moved from its first date to its last: change by Sen''s slope, with a 95 % interval widened for noise that carries over from one date to the next (AR(1), its autocorrelation freed of the bias of short series: Marriott & Pope 1954), in the unit of value. Where more than half carries over, rising or falling is still said somewhat too easily. direction: rising or falling (interval beyond zero), flat (interval within margin: an equivalence), else cannot_tell, also below 12 values; no interval up to 4. '
'NULL values are left out. NULL arrays: cannot_tell. margin NULL: never flat. Errors as in coachdiag.trend.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(1690, 'weekly_outcome', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.weekly_outcome AS
	WITH last AS (
		SELECT max(c.started_at) AS at, (SELECT s.repeat_days * interval '24 hours' FROM @.settings s) AS within FROM @.recent_contact c
	), contact AS (
		SELECT t.program, c.contact_type, c.agent_id IS NULL AS contained, c.customer_id, c.handle_seconds, c.resolved, c.csat, c.complaint,
			coalesce(c.escalated, c.escalations > 0) AS escalated, date_trunc('week', c.day::timestamp)::date AS week,
			-- So shortly before the last contact nobody has had the time to come back.
			CASE WHEN c.customer_id IS NOT NULL AND c.started_at <= l.at - l.within THEN r.contact_id IS NOT NULL END AS repeated
		FROM @.recent_contact c CROSS JOIN last l
			LEFT JOIN @.repeat_contact r ON r.earlier_contact = c.contact_id
			LEFT JOIN @.stored_team t ON t.team = c.team
	)
	SELECT CASE WHEN grouping(c.program) = 0 THEN 'program' ELSE 'all' END AS level, c.program, c.contact_type, c.week, count(*) AS contacts,
		coachdiag.exact_avg(c.handle_seconds) AS handle_seconds, avg(c.repeated::int) AS repeat_share, coachdiag.exact_avg(c.csat) AS csat, stddev_samp(c.csat ORDER BY c.csat) AS csat_sd, avg(c.complaint::int) AS complaint_share,
		avg(c.escalated::int) AS escalated_share, avg(c.resolved::int) AS resolved_share,
		avg(c.contained::int) AS contained_share, count(c.customer_id)::double precision / nullif(count(DISTINCT c.customer_id), 0) AS contacts_per_customer
	FROM contact c
	GROUP BY GROUPING SETS ((c.program, c.contact_type, c.week), (c.program, c.week), (c.week))
	HAVING (grouping(c.program) = 1 OR c.program IS NOT NULL) AND (grouping(c.contact_type) = 1 OR c.contact_type IS NOT NULL);
	CREATE UNIQUE INDEX ON @.weekly_outcome (level, program, contact_type, week);
	COMMENT ON MATERIALIZED VIEW @.weekly_outcome IS 'Outcomes of contacts by week: per program and contact type, per program (contact_type null) and all together (level all), over the months of the diagnosis. What loop_screen reads.';
	COMMENT ON COLUMN @.weekly_outcome.level IS 'program, or all.';
	COMMENT ON COLUMN @.weekly_outcome.program IS 'Program; null on level all.';
	COMMENT ON COLUMN @.weekly_outcome.contact_type IS 'Contact type; null: all together.';
	COMMENT ON COLUMN @.weekly_outcome.week IS 'First day of the week, a Monday.';
	COMMENT ON COLUMN @.weekly_outcome.contacts IS 'Contacts.';
	COMMENT ON COLUMN @.weekly_outcome.handle_seconds IS 'Mean handle time.';
	COMMENT ON COLUMN @.weekly_outcome.repeat_share IS 'Share of contacts after which the same customer was back with the same type within settings.repeat_days; null: no customer_id, or too recent to know.';
	COMMENT ON COLUMN @.weekly_outcome.csat IS 'Mean satisfaction.';
	COMMENT ON COLUMN @.weekly_outcome.csat_sd IS 'Standard deviation of satisfaction between contacts.';
	COMMENT ON COLUMN @.weekly_outcome.complaint_share IS 'Share of contacts after which a complaint followed; null: needs contact.complaint.';
	COMMENT ON COLUMN @.weekly_outcome.escalated_share IS 'Share of contacts escalated; null: needs contact.escalated, or events with kinds.';
	COMMENT ON COLUMN @.weekly_outcome.resolved_share IS 'Share of contacts resolved; null: needs contact.resolved.';
	COMMENT ON COLUMN @.weekly_outcome.contained_share IS 'Share of contacts that nobody handled: self-service.';
	COMMENT ON COLUMN @.weekly_outcome.contacts_per_customer IS 'Contacts over customers who made them, in that week.';
$part$),
(1695, 'loop_screen', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.loop_screen AS
	WITH series AS MATERIALIZED (
		SELECT w.level, w.program, w.contact_type, sum(w.contacts) AS contacts, array_agg(w.week ORDER BY w.week) AS week,
			array_agg(w.handle_seconds ORDER BY w.week) AS handle_seconds, array_agg(w.repeat_share::double precision ORDER BY w.week) AS repeat_share,
			array_agg(w.csat ORDER BY w.week) AS csat, array_agg(w.complaint_share::double precision ORDER BY w.week) AS complaint_share,
			array_agg(w.escalated_share::double precision ORDER BY w.week) AS escalated_share, array_agg(w.resolved_share::double precision ORDER BY w.week) AS resolved_share,
			array_agg(w.contained_share::double precision ORDER BY w.week) AS contained_share, array_agg(w.contacts_per_customer ORDER BY w.week) AS contacts_per_customer,
			coachdiag.exact_avg(w.handle_seconds) AS mean_handle, coachdiag.exact_avg(w.csat_sd) AS csat_sd, coachdiag.exact_avg(w.contacts_per_customer) AS mean_contacts
		FROM @.weekly_outcome w
		WHERE w.contacts >= 20 AND w.week > (SELECT min(x.week) FROM @.weekly_outcome x) AND w.week < (SELECT max(x.week) FROM @.weekly_outcome x)
		GROUP BY w.level, w.program, w.contact_type
	), quality AS MATERIALIZED (
		SELECT p.program, array_agg(p.week ORDER BY p.week) AS week, array_agg(p.value ORDER BY p.week) AS value, max(p.margin) AS margin
		FROM (
			SELECT t.program, c.period AS week, m.smallest_effect AS margin,
				CASE WHEN m.higher_is_better THEN 1 ELSE -1 END * coachdiag.exact_sum(c.weight * c.mean) / coachdiag.exact_sum(c.weight) AS value
			FROM @.team_panel t JOIN @.stored_metric m USING (metric) CROSS JOIN LATERAL coachdiag.cells(t.panel) c
			WHERE m.metric ~* '(quality|\mq[am]\M|evaluation)' AND c.weight > 0 AND t.program IS NOT NULL AND m.period_step <> 'month'
			GROUP BY t.program, c.period, m.smallest_effect, m.higher_is_better, m.metric
			HAVING m.metric = (SELECT min(x.metric) FROM @.stored_metric x WHERE x.metric ~* '(quality|\mq[am]\M|evaluation)')
		) p
		GROUP BY p.program
	), moved AS MATERIALIZED (
		SELECT s.level, s.program, s.contact_type, s.contacts, h AS handle, r AS repeats, c AS csat, k AS complaints, e AS escalations, f AS resolved, b AS contained, n AS per_customer, q AS quality
		FROM series s
		LEFT JOIN quality u ON u.program = s.program AND s.contact_type IS NULL
		CROSS JOIN LATERAL coachdiag.movement(s.handle_seconds, s.week, 0.05 * s.mean_handle) h
		CROSS JOIN LATERAL coachdiag.movement(s.repeat_share, s.week, 0.02) r
		CROSS JOIN LATERAL coachdiag.movement(s.csat, s.week, 0.2 * s.csat_sd) c
		CROSS JOIN LATERAL coachdiag.movement(s.complaint_share, s.week, 0.02) k
		CROSS JOIN LATERAL coachdiag.movement(s.escalated_share, s.week, 0.02) e
		CROSS JOIN LATERAL coachdiag.movement(s.resolved_share, s.week, 0.02) f
		CROSS JOIN LATERAL coachdiag.movement(s.contained_share, s.week, 0.02) b
		CROSS JOIN LATERAL coachdiag.movement(s.contacts_per_customer, s.week, 0.05 * s.mean_contacts) n
		CROSS JOIN LATERAL coachdiag.movement(u.value, u.week, u.margin) q
	), loop AS (
		SELECT m.level, m.program, m.contact_type, m.contacts, 'handle_time_repeats' AS loop,
			CASE WHEN (m.handle).direction = 'falling' AND (m.repeats).direction = 'rising' THEN 'present'
				WHEN (m.handle).direction IN ('rising', 'flat') OR (m.repeats).direction IN ('falling', 'flat') THEN 'absent'
				ELSE 'cannot_tell' END AS state,
			ARRAY['handle time', 'repeat contacts'] AS measure, ARRAY[m.handle, m.repeats] AS movement,
			ARRAY['contact.handle_seconds', 'contact.customer_id'] AS needs
		FROM moved m WHERE m.level = 'program'
		UNION ALL
		SELECT m.level, m.program, m.contact_type, m.contacts, 'satisfaction_complaints',
			CASE WHEN (m.csat).direction IN ('rising', 'flat') AND 'rising' IN ((m.complaints).direction, (m.escalations).direction, (m.repeats).direction) THEN 'present'
				WHEN (m.csat).direction = 'falling' THEN 'absent'
				WHEN 'cannot_tell' NOT IN ((m.complaints).direction, (m.escalations).direction, (m.repeats).direction)
					AND 'rising' NOT IN ((m.complaints).direction, (m.escalations).direction, (m.repeats).direction) THEN 'absent'
				ELSE 'cannot_tell' END,
			ARRAY['satisfaction', 'complaints', 'escalations', 'repeat contacts'], ARRAY[m.csat, m.complaints, m.escalations, m.repeats],
			ARRAY['contact.csat', 'contact.complaint', 'contact.escalated', 'contact.customer_id']
		FROM moved m WHERE m.level = 'program'
		UNION ALL
		SELECT m.level, m.program, m.contact_type, m.contacts, 'quality_outcomes',
			CASE WHEN (m.quality).direction IN ('falling', 'flat') OR (m.csat).direction = 'rising' OR (m.resolved).direction = 'rising' OR (m.repeats).direction = 'falling' THEN 'absent'
				WHEN (m.quality).direction = 'rising' AND ((m.csat).direction IN ('flat', 'falling') OR (m.resolved).direction IN ('flat', 'falling') OR (m.repeats).direction IN ('flat', 'rising')) THEN 'present'
				ELSE 'cannot_tell' END,
			ARRAY['quality score', 'satisfaction', 'resolved', 'repeat contacts'], ARRAY[m.quality, m.csat, m.resolved, m.repeats],
			ARRAY['a metric called quality (qa, evaluation)', 'contact.csat', 'contact.resolved', 'contact.customer_id']
		FROM moved m WHERE m.level = 'program' AND m.contact_type IS NULL
		UNION ALL
		SELECT m.level, m.program, m.contact_type, m.contacts, 'containment_contacts',
			CASE WHEN (m.contained).direction = 'rising' AND (m.per_customer).direction IN ('flat', 'rising') THEN 'present'
				WHEN (m.contained).direction IN ('flat', 'falling') OR (m.per_customer).direction = 'falling' THEN 'absent'
				ELSE 'cannot_tell' END,
			ARRAY['containment', 'contacts per customer'], ARRAY[m.contained, m.per_customer],
			ARRAY['contacts without agent_id (self-service)', 'contact.customer_id']
		FROM moved m WHERE m.level = 'all'
	)
	SELECT l.program, l.contact_type, l.loop,
		CASE WHEN l.state = 'cannot_tell' AND n.first IS NOT NULL THEN 'not_assessed' ELSE l.state END AS state,
		(l.movement[1]).change AS first_change, (l.movement[1]).ci_low AS first_low, (l.movement[1]).ci_high AS first_high,
		n.contradiction, n.contradiction_change, n.contradiction_low, n.contradiction_high, l.contacts::bigint,
		CASE WHEN l.state = 'cannot_tell' AND n.first IS NOT NULL THEN 'not assessed: needs ' || n.first
			ELSE n.words || CASE l.state WHEN 'present' THEN ': rule this out before coaching' ELSE '' END END AS reason
	FROM loop l
	CROSS JOIN LATERAL (
		SELECT string_agg(l.measure[i] || ' ' || replace((l.movement[i]).direction, 'cannot_tell', 'cannot be told'), ', ' ORDER BY i) FILTER (WHERE (l.movement[i]).change IS NOT NULL) AS words,
			CASE WHEN (l.movement[1]).change IS NULL THEN l.needs[1] WHEN bool_and((l.movement[i]).change IS NULL) FILTER (WHERE i > 1) THEN l.needs[2] END AS first,
			(array_agg(l.measure[i] ORDER BY (l.movement[i]).direction = 'rising' DESC, i) FILTER (WHERE i > 1 AND (l.movement[i]).change IS NOT NULL))[1] AS contradiction,
			(array_agg((l.movement[i]).change ORDER BY (l.movement[i]).direction = 'rising' DESC, i) FILTER (WHERE i > 1 AND (l.movement[i]).change IS NOT NULL))[1] AS contradiction_change,
			(array_agg((l.movement[i]).ci_low ORDER BY (l.movement[i]).direction = 'rising' DESC, i) FILTER (WHERE i > 1 AND (l.movement[i]).change IS NOT NULL))[1] AS contradiction_low,
			(array_agg((l.movement[i]).ci_high ORDER BY (l.movement[i]).direction = 'rising' DESC, i) FILTER (WHERE i > 1 AND (l.movement[i]).change IS NOT NULL))[1] AS contradiction_high
		FROM generate_subscripts(l.measure, 1) i
	) n;
	CREATE UNIQUE INDEX ON @.loop_screen (loop, program, contact_type);
	COMMENT ON MATERIALIZED VIEW @.loop_screen IS 'Loops that look like the coaching paradox, to rule out first, per program and contact type (null: all of the program; both null: all programs). Changes are those over the months of the diagnosis, by weeks of 20 contacts and more. No contacts: no row.';
	COMMENT ON COLUMN @.loop_screen.program IS 'Program; null: all programs.';
	COMMENT ON COLUMN @.loop_screen.contact_type IS 'Contact type; null: all together.';
	COMMENT ON COLUMN @.loop_screen.loop IS 'handle_time_repeats: handle time falls while repeat contacts rise. satisfaction_complaints: satisfaction holds while complaints, escalations or repeats rise. quality_outcomes: the quality score rises while satisfaction, resolution or repeats surely do not improve, and none of them does. containment_contacts: more self-service while contacts per customer don''t fall.';
	COMMENT ON COLUMN @.loop_screen.state IS 'present, absent, cannot_tell (moves are not known precisely enough) or not_assessed (a source is missing, see reason).';
	COMMENT ON COLUMN @.loop_screen.first_change IS 'Change of what seems to go well (seconds, satisfaction, quality with positive better, share), 95 % interval first_low to first_high.';
	COMMENT ON COLUMN @.loop_screen.first_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.loop_screen.first_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.loop_screen.contradiction IS 'What contradicts it: the first measure that rises, else the first that is known; its change and 95 % interval beside it.';
	COMMENT ON COLUMN @.loop_screen.contradiction_change IS 'Change of that measure over the months of the diagnosis.';
	COMMENT ON COLUMN @.loop_screen.contradiction_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.loop_screen.contradiction_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.loop_screen.contacts IS 'Contacts behind it.';
	COMMENT ON COLUMN @.loop_screen.reason IS 'What moved which way, in words, or what is missing.';
$part$);
