-- Where the process holds the gap, in a workspace: constraint map, other outcomes, observation plan, failure demand, deciding or waiting.

CREATE FUNCTION coachdiag.refresh_step_by_agent(ws text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_sort = off
SET work_mem = '64MB'
AS $$
DECLARE
	written bigint;
BEGIN
	-- Hashing is several times as fast as sorting paths by three texts.
	PERFORM set_config('work_mem', current_setting('maintenance_work_mem'), true);
	EXECUTE format('DELETE FROM %I.step_by_agent', ws);
	EXECUTE format($query$
		INSERT INTO %1$I.step_by_agent
		SELECT t.contact_type, s.step, t.team, t.agent_id, s.contacts, s.visits, s.timed, s.working_seconds, s.rework_seconds, s.waiting_seconds, s.waiting_s1, s.waiting_s2,
			s.of_kind, s.latency_s1, s.latency_s2, s.latencies, s.transferred, s.escalated, s.followed, s.repeated
		FROM (
			SELECT c.contact_type, c.team, c.agent_id,
				coachdiag.step_totals(c.path, CASE WHEN c.customer_id IS NOT NULL AND c.started_at <= l.until THEN r.earlier_contact IS NOT NULL END) AS totals
			FROM %1$I.recent_contact c
			CROSS JOIN (SELECT max(x.started_at) - (SELECT w.repeat_days * interval '24 hours' FROM %1$I.settings w) AS until FROM %1$I.stored_contact x) l
			LEFT JOIN %1$I.repeat_contact r ON r.earlier_contact = c.contact_id
			WHERE c.events > 0
			GROUP BY c.contact_type, c.team, c.agent_id
		) t
		CROSS JOIN LATERAL coachdiag.step_rows(t.totals) s
	$query$, ws);
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$$;
COMMENT ON FUNCTION coachdiag.refresh_step_by_agent(text) IS
'Internal: fills step_by_agent from stored_contact in one pass, within maintenance_work_mem. Returns the rows written.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(530, 'repeat_contact', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.repeat_contact AS
	SELECT r.contact_id, r.earlier_contact, extract(epoch FROM r.started_at - r.earlier_at)::double precision / 86400 AS days
	FROM (
		SELECT c.contact_id, c.started_at, lag(c.contact_id) OVER earlier AS earlier_contact, lag(c.started_at) OVER earlier AS earlier_at
		FROM @.stored_contact c
		WHERE c.customer_id IS NOT NULL
		WINDOW earlier AS (PARTITION BY c.customer_id, c.contact_type ORDER BY c.started_at, c.contact_id)
	) r
	WHERE r.started_at - r.earlier_at <= (SELECT s.repeat_days * interval '24 hours' FROM @.settings s);
	CREATE UNIQUE INDEX ON @.repeat_contact (contact_id);
	CREATE UNIQUE INDEX ON @.repeat_contact (earlier_contact);
	COMMENT ON MATERIALIZED VIEW @.repeat_contact IS 'Contacts that follow another one of the same customer and contact type within settings.repeat_days.';
	COMMENT ON COLUMN @.repeat_contact.contact_id IS 'The later contact.';
	COMMENT ON COLUMN @.repeat_contact.earlier_contact IS 'The last one before it.';
	COMMENT ON COLUMN @.repeat_contact.days IS 'Days between their starts.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES
(540, 'step_by_agent', 'table', $part$
	CREATE TABLE @.step_by_agent (
		contact_type text, step text NOT NULL, team text, agent_id text, contacts bigint NOT NULL, visits bigint NOT NULL,
		timed bigint NOT NULL, working_seconds double precision, rework_seconds double precision, waiting_seconds double precision,
		waiting_s1 double precision, waiting_s2 double precision,
		of_kind bigint NOT NULL, latency_s1 double precision, latency_s2 double precision, latencies real[], transferred bigint NOT NULL, escalated bigint NOT NULL,
		followed bigint NOT NULL, repeated bigint NOT NULL);
	CREATE UNIQUE INDEX ON @.step_by_agent (contact_type, step, team, agent_id) NULLS NOT DISTINCT;
	COMMENT ON TABLE @.step_by_agent IS 'What each step took, by contact type, step, team and agent of the contact, over the months that the diagnosis looks at: sums that constraint_map and others are made of. See function coachdiag.path_steps.';
	COMMENT ON COLUMN @.step_by_agent.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.step_by_agent.step IS 'Step.';
	COMMENT ON COLUMN @.step_by_agent.team IS 'Team of the agent on the day of the contact; null: in none.';
	COMMENT ON COLUMN @.step_by_agent.agent_id IS 'Agent of the contact; null: nobody.';
	COMMENT ON COLUMN @.step_by_agent.contacts IS 'Contacts with the step.';
	COMMENT ON COLUMN @.step_by_agent.visits IS 'Events of it.';
	COMMENT ON COLUMN @.step_by_agent.timed IS 'Contacts whose times are known; times are sums over them.';
	COMMENT ON COLUMN @.step_by_agent.working_seconds IS 'At work in it.';
	COMMENT ON COLUMN @.step_by_agent.rework_seconds IS 'At work in it again, after another step or over again.';
	COMMENT ON COLUMN @.step_by_agent.waiting_seconds IS 'Waiting in it and before it.';
	COMMENT ON COLUMN @.step_by_agent.waiting_s1 IS 'Sum of ln(1 + waiting seconds).';
	COMMENT ON COLUMN @.step_by_agent.waiting_s2 IS 'Sum of its square.';
	COMMENT ON COLUMN @.step_by_agent.of_kind IS 'Contacts whose events have kinds: for latency, transfers and escalations.';
	COMMENT ON COLUMN @.step_by_agent.latency_s1 IS 'Sum of ln(1 + latency seconds).';
	COMMENT ON COLUMN @.step_by_agent.latency_s2 IS 'Sum of its square.';
	COMMENT ON COLUMN @.step_by_agent.latencies IS 'Decision latencies above zero, seconds.';
	COMMENT ON COLUMN @.step_by_agent.transferred IS 'Contacts transferred while in the step.';
	COMMENT ON COLUMN @.step_by_agent.escalated IS 'Contacts escalated while in the step.';
	COMMENT ON COLUMN @.step_by_agent.followed IS 'Contacts with a customer and settings.repeat_days of data after them.';
	COMMENT ON COLUMN @.step_by_agent.repeated IS 'Those of them that the customer repeated.';
$part$, 'SELECT coachdiag.refresh_step_by_agent($1)',
	'{recent_contact,repeat_contact,settings,stored_contact}');

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(545, 'handle_target', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.handle_target AS
	WITH type AS (
		SELECT c.contact_type, count(*) AS contacts, count(c.handle_seconds) AS handled, coachdiag.exact_avg(c.handle_seconds) AS handle_seconds,
			count(*) FILTER (WHERE c.events > 0) AS traced
		FROM @.recent_contact c GROUP BY c.contact_type
	), metric AS (
		SELECT m.metric, m.scale, m.target, CASE WHEN m.unit ~* '^m' THEN 60 ELSE 1 END AS seconds
		FROM @.stored_metric m WHERE NOT m.higher_is_better AND m.scale <> 'proportion' AND m.unit ~* '^(s|secs?|seconds?|mins?|minutes?)\.?$'
	), level AS MATERIALIZED (
		SELECT p.metric, c.contact_type, coachdiag.exact_sum(c.weight) AS weight, coachdiag.exact_sum(c.weight * coachdiag.metric_units(c.mean, m.scale)) AS total,
			coachdiag.exact_sum(c.targeted_weight * c.target) / coachdiag.exact_sum(c.targeted_weight) FILTER (WHERE c.target IS NOT NULL) AS target
		FROM metric m JOIN @.team_panel p USING (metric) CROSS JOIN LATERAL coachdiag.type_means(p.panel) c
		GROUP BY p.metric, c.contact_type
	), chosen AS (
		SELECT m.* FROM metric m
		JOIN (SELECT l.metric, coachdiag.exact_sum(l.total) / coachdiag.exact_sum(l.weight) AS mean FROM level l GROUP BY l.metric) l USING (metric)
		CROSS JOIN (SELECT coachdiag.exact_sum(t.handled * t.handle_seconds) / nullif(sum(t.handled), 0) AS handle FROM type t) h
		CROSS JOIN LATERAL (SELECT abs(ln(nullif(greatest(l.mean, 0), 0)) + ln(m.seconds) - ln(nullif(h.handle, 0))) AS apart) a
		WHERE a.apart < 0.25
		ORDER BY a.apart, m.metric LIMIT 1
	)
	SELECT t.*, h.metric, h.seconds * coalesce(coachdiag.metric_units(l.target, h.scale), h.target) AS target_seconds
	FROM type t LEFT JOIN chosen h ON true LEFT JOIN level l ON l.metric = h.metric AND l.contact_type IS NOT DISTINCT FROM t.contact_type;
	CREATE UNIQUE INDEX ON @.handle_target (contact_type) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.handle_target IS 'Contact types with their mean handle time and its target. The metric is the one in seconds or minutes, lower better, whose mean is nearest to that of contact.handle_seconds, within 25 %.';
	COMMENT ON COLUMN @.handle_target.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.handle_target.contacts IS 'Contacts.';
	COMMENT ON COLUMN @.handle_target.handled IS 'Those with a handle time.';
	COMMENT ON COLUMN @.handle_target.handle_seconds IS 'Their mean handle time.';
	COMMENT ON COLUMN @.handle_target.traced IS 'Contacts with events.';
	COMMENT ON COLUMN @.handle_target.metric IS 'Metric whose target it is; null: none is a handle time.';
	COMMENT ON COLUMN @.handle_target.target_seconds IS 'Target of the contact type (agent_metric.target), else of the metric.';
$part$),

(580, 'decide_or_wait', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.decide_or_wait AS
	WITH contact AS MATERIALIZED (
		SELECT c.team, c.agent_id, c.contact_type, t.metric, c.waiting_seconds, c.handle_seconds - t.target_seconds AS over,
			c.breakdown IS NOT NULL AND (c.transfers > 0 OR c.escalations > 0) AS handed_on, c.breakdown IS NOT NULL OR c.latency_seconds IS NOT NULL AS traced, (c.breakdown = 'waiting' OR c.latency_seconds >= 0.1 * c.duration_seconds AND c.latency_seconds > 0)::integer::double precision AS waiting
		FROM @.recent_contact c JOIN @.handle_target t ON t.contact_type IS NOT DISTINCT FROM c.contact_type
		WHERE c.team IS NOT NULL
	), on_target AS MATERIALIZED (
		SELECT g.team, g.metric FROM @.gap_dispersion g JOIN @.stored_metric m USING (metric) WHERE g.mean_gap <= coalesce(m.smallest_effect, 0)
	), room AS (
		SELECT c.metric, c.contact_type, coachdiag.exact_avg(c.waiting_seconds) AS seconds
		FROM contact c JOIN on_target o ON o.team = c.team AND o.metric = c.metric
		WHERE c.over IS NOT NULL AND c.waiting_seconds IS NOT NULL
		GROUP BY c.metric, c.contact_type HAVING count(DISTINCT c.team) >= 3 AND count(*) >= 20
	), timed AS (
		SELECT c.team, c.agent_id, c.metric, c.over, c.waiting_seconds - coalesce(r.seconds, 0) AS waiting
		FROM contact c LEFT JOIN room r ON r.metric = c.metric AND r.contact_type IS NOT DISTINCT FROM c.contact_type
		WHERE c.over IS NOT NULL AND c.waiting_seconds IS NOT NULL
	), agent AS (
		SELECT c.team, c.agent_id, c.metric AS handle_metric, count(*)::double precision AS n, coachdiag.exact_sum(c.waiting) AS waiting, coachdiag.exact_sum(c.waiting ^ 2) AS squares, coachdiag.exact_sum(c.over) AS whole
		FROM timed c GROUP BY c.team, c.agent_id, c.metric
		UNION ALL
		SELECT c.team, c.agent_id, NULL, count(*), sum(c.waiting), sum(c.waiting), count(*) FROM contact c WHERE c.handed_on GROUP BY c.team, c.agent_id
	), usual AS (
		SELECT o.metric, sum(a.waiting) / sum(a.n) AS share
		FROM agent a JOIN on_target o ON o.team = a.team
		WHERE a.handle_metric IS NULL
		GROUP BY o.metric HAVING count(DISTINCT a.team) >= 3 AND sum(a.n) >= 20
	), kept AS (
		-- Where the others wait as much, waiting is not why contacts are handed on.
		SELECT c.team, sum(coalesce(c.waiting, 0)) / count(*) AS share FROM contact c WHERE NOT c.handed_on AND c.traced GROUP BY c.team HAVING count(*) >= 20
	), volume AS (
		SELECT c.team, count(*) AS contacts, max(c.metric) AS handle_metric FROM contact c GROUP BY c.team
	), share AS (
		SELECT a.team, a.handle_metric, count(*)::integer AS agents, sum(a.n) AS n, coachdiag.exact_sum(a.waiting) / nullif(greatest(coachdiag.exact_sum(a.whole), 0), 0) AS share, coachdiag.exact_sum(a.whole) AS whole,
			CASE WHEN a.handle_metric IS NULL THEN (coachdiag.exact_sum(a.waiting) + 1) * (sum(a.n) - coachdiag.exact_sum(a.waiting) + 1) / (sum(a.n) + 2) ^ 2 / sum(a.n) ELSE 0 END AS binomial,
			coachdiag.exact_sum(a.squares - a.waiting ^ 2 / a.n) / nullif(sum(a.n) - count(*), 0) AS within
		FROM agent a GROUP BY a.team, a.handle_metric
	), team AS (
		SELECT s.team, s.handle_metric, s.agents, s.n, s.share, s.within,
			nullif(sqrt(greatest(s.binomial, coachdiag.exact_sum((a.waiting - s.share * a.whole) ^ 2) / nullif(s.whole, 0) ^ 2 * s.agents / nullif(s.agents - 1, 0))), 0) AS se,
			coachdiag.heterogeneity(a.waiting / a.n, CASE WHEN s.within > 1e-12 THEN sqrt(s.within / a.n) END) AS between
		FROM share s JOIN agent a ON a.team = s.team AND a.handle_metric IS NOT DISTINCT FROM s.handle_metric
		GROUP BY s.team, s.handle_metric, s.agents, s.n, s.share, s.whole, s.binomial, s.within
	)
	SELECT g.program, g.site, g.team, g.metric, CASE WHEN v.handle_metric = g.metric THEN 'time beyond target' ELSE 'handed on' END AS basis,
		v.contacts, t.agents, coalesce(t.n, 0)::bigint AS breakdowns,
		CASE WHEN x.share IS NOT NULL THEN least(greatest(x.share, 0), 1) END AS waiting_share, x.low AS waiting_low, x.high AS waiting_high, b.share AS usual_share,
		CASE WHEN t.agents >= 3 THEN (t.between).between_variance / ((t.between).between_variance + t.within) END AS waiting_icc,
		CASE WHEN t.agents >= 3 THEN (t.between).between_high / ((t.between).between_high + t.within) END AS waiting_icc_high,
		f.agents AS frontier_agents, f.best_agent, f.best_gap, f.best_low, f.best_high, f.reach_probability, e.state, e.reason
	FROM @.gap_dispersion g
	JOIN @.team_panel p ON p.team = g.team AND p.metric = g.metric
	LEFT JOIN volume v ON v.team = g.team
	LEFT JOIN team t ON t.team = g.team AND t.handle_metric IS NOT DISTINCT FROM CASE WHEN v.handle_metric = g.metric THEN g.metric END
	LEFT JOIN usual u ON u.metric = g.metric AND v.handle_metric IS DISTINCT FROM g.metric
	CROSS JOIN LATERAL coachdiag.t_interval(t.share, t.se, nullif(t.agents - 1, 0)::double precision) i
	LEFT JOIN kept k ON k.team = g.team AND v.handle_metric IS DISTINCT FROM g.metric
	CROSS JOIN LATERAL (SELECT greatest(u.share, k.share) AS share) b
	CROSS JOIN LATERAL (SELECT (t.share - n.share) / (1 - n.share) AS share, (i.low - n.share) / (1 - n.share) AS low, (i.high - n.share) / (1 - n.share) AS high
		FROM (SELECT nullif(coalesce(b.share, 0), 1) AS share) n) x
	CROSS JOIN LATERAL coachdiag.frontier(p.panel, p.higher_is_better, p.scale, coalesce(p.smallest_effect, 0)) f
	CROSS JOIN LATERAL coachdiag.decide_or_wait(v.handle_metric IS DISTINCT FROM g.metric, t.agents, t.n::bigint, x.share, x.low, x.high, f.reach_probability, g.mean_low, b.share) d
	CROSS JOIN LATERAL (SELECT p.scale <> 'proportion' AND v.handle_metric IS DISTINCT FROM g.metric AND d.state <> 'unknown' AS other) o
	CROSS JOIN LATERAL (SELECT CASE WHEN o.other THEN 'unknown' ELSE d.state END AS state,
		CASE WHEN o.other THEN d.reason || '; but that says little of a metric that is no rate of contacts' ELSE d.reason END AS reason) e;
	CREATE UNIQUE INDEX ON @.decide_or_wait (team, metric);
	COMMENT ON MATERIALIZED VIEW @.decide_or_wait IS 'Where contacts of a team break down, was the agent deciding or waiting, and does anyone reach the target inside the system? A row per team and metric. For the handle time metric (see handle_target) the time beyond target is held against the time waiting; '
		'for any other metric the contacts that were transferred or escalated tell, if it is a rate of contacts: waiting, where the agent was waiting then or a tenth and more of the contact was decision latency. See functions coachdiag.decide_or_wait (the rule) and coachdiag.frontier.';
	COMMENT ON COLUMN @.decide_or_wait.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.decide_or_wait.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.decide_or_wait.team IS 'Team.';
	COMMENT ON COLUMN @.decide_or_wait.metric IS 'Metric.';
	COMMENT ON COLUMN @.decide_or_wait.basis IS 'time beyond target, or handed on: what waiting_share is a share of.';
	COMMENT ON COLUMN @.decide_or_wait.contacts IS 'Contacts of the team in the months of the diagnosis.';
	COMMENT ON COLUMN @.decide_or_wait.agents IS 'Agents whose contacts tell.';
	COMMENT ON COLUMN @.decide_or_wait.breakdowns IS 'Contacts that tell: with waiting, handle time and target known; or transferred or escalated, with what the agent was doing then.';
	COMMENT ON COLUMN @.decide_or_wait.waiting_share IS 'Waiting, less what contacts of the type wait in teams on target (three at least, else all of it), over all time beyond target; or share of the contacts in which the agent was in wait, hold or approval, or not yet authorised, beyond usual_share: (share - usual_share) / (1 - usual_share). 0: always deciding, or waiting no more than usual; 1 also where there is more waiting than time beyond target. Null: no time beyond target.';
	COMMENT ON COLUMN @.decide_or_wait.waiting_low IS 'Lower end of its 95 % interval, from the agents (ratio estimate, t; what is usual taken as known); for contacts never narrower than the binomial one; below 0 or above 1 where the data leave that open.';
	COMMENT ON COLUMN @.decide_or_wait.waiting_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.decide_or_wait.usual_share IS 'Share of the contacts handed on in which the agent was waiting, in the teams that are on target in this metric (at most one smallest_effect short; three at least, with 20 such contacts), or of this team''s contacts that were not handed on (20 at least), whichever is more: waiting that is no reason to hand on. Null: neither is known, or the handle time metric.';
	COMMENT ON COLUMN @.decide_or_wait.waiting_icc IS 'Share of the variance of waiting that lies between the agents of the team: near zero, it is not a matter of the person. Null: nothing varies.';
	COMMENT ON COLUMN @.decide_or_wait.waiting_icc_high IS 'Upper end of its 95 % interval.';
	COMMENT ON COLUMN @.decide_or_wait.frontier_agents IS 'Agents whose gap is known.';
	COMMENT ON COLUMN @.decide_or_wait.best_agent IS 'The best of them on the metric, luck and contact mix taken out.';
	COMMENT ON COLUMN @.decide_or_wait.best_gap IS 'Gap of the best agent, metric units, positive is worse: the best that this process allows.';
	COMMENT ON COLUMN @.decide_or_wait.best_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.decide_or_wait.best_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.decide_or_wait.reach_probability IS 'Probability that at least one agent truly is within metric.smallest_effect of the target.';
	COMMENT ON COLUMN @.decide_or_wait.state IS 'structural, behavioural or unknown.';
	COMMENT ON COLUMN @.decide_or_wait.reason IS 'Why, or what is missing.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(1590, 'constraint_measure', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.constraint_measure AS
	WITH agent AS MATERIALIZED (
		SELECT s.contact_type, s.step, s.team, s.agent_id, x.measure, x.n::double precision AS n, x.s1::double precision AS s1, x.s2::double precision AS s2,
			coachdiag.exact_sum(x.s1) OVER team / sum(x.n) OVER team AS team_mean, count(*) OVER team AS mates
		FROM @.step_by_agent s
		CROSS JOIN LATERAL (VALUES ('waiting', s.timed, s.waiting_s1, s.waiting_s2), ('latency', s.of_kind, s.latency_s1, s.latency_s2),
			('transfer', s.of_kind, s.transferred, s.transferred), ('escalation', s.of_kind, s.escalated, s.escalated),
			('repeat', s.followed, s.repeated, s.repeated)) x (measure, n, s1, s2)
		WHERE s.agent_id IS NOT NULL AND x.n > 0
		WINDOW team AS (PARTITION BY s.contact_type, s.step, s.team, x.measure)
	), within AS (
		SELECT a.contact_type, a.step, a.measure, count(DISTINCT a.agent_id) AS agents, sum(a.n) AS n, coachdiag.exact_sum(a.s1) / sum(a.n) AS mean,
			greatest(coachdiag.exact_sum(a.s2 - a.s1 ^ 2 / a.n), 0) / nullif(sum(a.n) - count(*), 0) AS v
		FROM agent a GROUP BY a.contact_type, a.step, a.measure
	), spread AS (
		SELECT w.contact_type, w.step, w.measure, coachdiag.heterogeneity((a.s1 / a.n - a.team_mean) * sqrt(a.mates / (a.mates - 1.0)::double precision), sqrt(w.v / a.n)) AS between
		FROM within w JOIN agent a ON a.contact_type IS NOT DISTINCT FROM w.contact_type AND a.step = w.step AND a.measure = w.measure
		WHERE w.v > 1e-12 AND w.agents >= 3 AND a.mates > 1
		GROUP BY w.contact_type, w.step, w.measure
	)
	SELECT w.contact_type, w.step, w.measure, w.agents, w.n::bigint AS contacts,
		CASE WHEN w.measure IN ('waiting', 'latency') THEN exp(w.mean) - 1 ELSE w.mean END AS mean,
		(s.between).between_variance / ((s.between).between_variance + w.v) AS icc,
		(s.between).between_low / ((s.between).between_low + w.v) AS icc_low,
		(s.between).between_high / ((s.between).between_high + w.v) AS icc_high
	FROM within w
	LEFT JOIN spread s ON s.contact_type IS NOT DISTINCT FROM w.contact_type AND s.step = w.step AND s.measure = w.measure;
	CREATE UNIQUE INDEX ON @.constraint_measure (contact_type, step, measure) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.constraint_measure IS 'Is it the person? How much of what happens at each step lies between agents of a team, by contact type, step and measure. Times are compared as ln(1 + seconds). Random effects by REML on agents'' means less their team''s, with the pooled variance within agents; see coachdiag.heterogeneity.';
	COMMENT ON COLUMN @.constraint_measure.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.constraint_measure.step IS 'Step.';
	COMMENT ON COLUMN @.constraint_measure.measure IS 'waiting, latency (seconds at the step), transfer, escalation (share of contacts, while in the step) or repeat (share of contacts that the customer repeats).';
	COMMENT ON COLUMN @.constraint_measure.agents IS 'Agents whose contacts had the step.';
	COMMENT ON COLUMN @.constraint_measure.contacts IS 'Their contacts with it of which the measure is known.';
	COMMENT ON COLUMN @.constraint_measure.mean IS 'Mean over contacts; of seconds the geometric mean of 1 + seconds, less 1.';
	COMMENT ON COLUMN @.constraint_measure.icc IS 'Share of the variance within teams that lies between agents (intraclass correlation), 0 to 1; near zero: not a person problem. Null: fewer than three agents, or nothing varies within them.';
	COMMENT ON COLUMN @.constraint_measure.icc_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.constraint_measure.icc_high IS 'Upper end of it: what cannot be ruled out.';
$part$),

(1595, 'escalation_floor', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.escalation_floor AS
	WITH last AS (
		SELECT max(c.day) AS day FROM @.stored_contact c
	), agent AS (
		SELECT s.contact_type, s.step, s.agent_id, sum(s.of_kind)::double precision AS n, sum(s.escalated)::double precision AS x
		FROM @.step_by_agent s JOIN @.stored_agent a USING (agent_id) CROSS JOIN last l
		WHERE a.hired_on <= l.day - 365 AND s.of_kind > 0
		GROUP BY s.contact_type, s.step, s.agent_id
	), rate AS (
		SELECT a.contact_type, a.step, count(*)::integer AS agents, sum(a.x) / sum(a.n) AS rate, (sum(a.x) + 0.5) / (sum(a.n) + 1) AS smooth
		FROM agent a GROUP BY a.contact_type, a.step
	), shrunken AS (
		SELECT r.*, coachdiag.shrink(a.x / a.n, sqrt(r.smooth * (1 - r.smooth) / a.n)) OVER (PARTITION BY r.contact_type, r.step) AS s, a.agent_id
		FROM rate r JOIN agent a ON a.contact_type IS NOT DISTINCT FROM r.contact_type AND a.step = r.step
		WHERE r.agents >= 4
	), ranked AS (
		SELECT s.*, row_number() OVER (PARTITION BY s.contact_type, s.step ORDER BY (s.s).estimate, s.agent_id) AS n FROM shrunken s
	)
	SELECT r.contact_type, r.step, r.agents, r.rate, greatest(coachdiag.exact_avg((r.s).estimate), 0) AS floor,
		greatest(coachdiag.exact_avg((r.s).estimate) - 1.959963984540054 * coachdiag.exact_avg((r.s).se), 0) AS floor_low
	FROM ranked r
	WHERE r.n <= ceil(r.agents / 4.0)
	GROUP BY r.contact_type, r.step, r.agents, r.rate;
	CREATE UNIQUE INDEX ON @.escalation_floor (contact_type, step) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.escalation_floor IS 'The escalations that even the best tenured agents cannot avoid, by contact type and step: an authority gap. Agents with a year of tenure, at least four of them; rates shrunken, so that luck is no floor.';
	COMMENT ON COLUMN @.escalation_floor.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.escalation_floor.step IS 'Step.';
	COMMENT ON COLUMN @.escalation_floor.agents IS 'Agents with a year of tenure whose contacts had the step.';
	COMMENT ON COLUMN @.escalation_floor.rate IS 'Share of their contacts escalated while in it.';
	COMMENT ON COLUMN @.escalation_floor.floor IS 'The same for the quarter of them who escalate least.';
	COMMENT ON COLUMN @.escalation_floor.floor_low IS 'Lower end of its 95 % interval.';
$part$),

(1600, 'constraint_map', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.constraint_map AS
	WITH cell AS MATERIALIZED (
		SELECT s.contact_type, s.step, sum(s.contacts)::bigint AS contacts, sum(s.timed)::double precision AS timed, sum(s.of_kind)::double precision AS of_kind,
			coachdiag.exact_sum(s.working_seconds) AS working, coachdiag.exact_sum(s.rework_seconds) AS rework, coachdiag.exact_sum(s.waiting_seconds) AS waiting, coachdiag.exact_sum(s.waiting_seconds + s.rework_seconds) AS lost,
			sum(s.transferred) AS transferred, sum(s.escalated) AS escalated, sum(s.followed)::double precision AS followed, sum(s.repeated) AS repeated,
			count(DISTINCT s.team) FILTER (WHERE s.waiting_seconds + s.rework_seconds > 0) AS teams
		FROM @.step_by_agent s GROUP BY s.contact_type, s.step
	), usual AS (
		SELECT c.step, percentile_cont(0.5) WITHIN GROUP (ORDER BY c.lost / c.timed) AS lost, percentile_cont(0.5) WITHIN GROUP (ORDER BY c.working / c.timed) AS working
		FROM cell c WHERE c.timed > 0 GROUP BY c.step HAVING count(*) >= 3
	), document AS (
		SELECT d.contact_type, d.step FROM @.stored_documented_step d UNION SELECT d.contact_type, d.next_step FROM @.stored_documented_step d WHERE d.next_step IS NOT NULL
	), coverage AS (
		SELECT c.contact_type, sum(c.contacts) FILTER (WHERE d.step IS NOT NULL) >= sum(c.contacts) / 2 AS documented
		FROM cell c LEFT JOIN document d ON d.contact_type = c.contact_type AND d.step = c.step GROUP BY c.contact_type
	), excess AS (
		SELECT c.*, greatest(c.lost - coalesce(u.lost * c.timed, 0), 0) AS beyond, least(c.lost, coalesce(u.lost * c.timed, 0)) AS usual,
			CASE WHEN k.documented AND d.step IS NULL THEN c.working ELSE greatest(c.working - u.working * c.timed, 0) END AS unusual
		FROM cell c LEFT JOIN usual u USING (step) LEFT JOIN coverage k ON k.contact_type IS NOT DISTINCT FROM c.contact_type
		LEFT JOIN document d ON d.contact_type = c.contact_type AND d.step = c.step
	), type AS (
		SELECT h.contact_type, h.contacts, h.traced, h.metric, h.target_seconds, x.lost, x.beyond, x.unusual, x.usual,
			greatest(CASE WHEN h.target_seconds IS NULL OR h.handled = 0 THEN x.lost ELSE h.traced * (h.handle_seconds - h.target_seconds) END, 0) AS gap
		FROM @.handle_target h
		LEFT JOIN (SELECT e.contact_type, coachdiag.exact_sum(e.lost) AS lost, coachdiag.exact_sum(e.beyond) AS beyond, coalesce(coachdiag.exact_sum(e.unusual), 0) AS unusual, coachdiag.exact_sum(e.usual) AS usual FROM excess e GROUP BY e.contact_type) x
			ON x.contact_type IS NOT DISTINCT FROM h.contact_type
		WHERE h.traced > 0
	), summed AS (
		SELECT e.*, t.gap AS type_gap, t.gap - t.beyond AS after_beyond, t.gap - t.beyond - t.unusual AS after_unusual, t.usual AS all_usual,
			sum(e.beyond) OVER by_beyond AS beyond_sum, row_number() OVER by_beyond AS beyond_n, sum(e.unusual) OVER by_unusual AS unusual_sum, row_number() OVER by_unusual AS unusual_n
		FROM excess e JOIN type t ON t.contact_type IS NOT DISTINCT FROM e.contact_type
		WINDOW by_beyond AS (PARTITION BY e.contact_type ORDER BY e.beyond DESC NULLS LAST, e.step ROWS UNBOUNDED PRECEDING),
			by_unusual AS (PARTITION BY e.contact_type ORDER BY e.unusual DESC NULLS LAST, e.step ROWS UNBOUNDED PRECEDING)
	), allowed AS (
		-- The same allowance for each step of a type, so large that the rest adds up to the gap that is left.
		SELECT s.*, greatest(max((s.beyond_sum - s.type_gap) / s.beyond_n) OVER type, 0) AS beyond_allowed,
			greatest(max((s.unusual_sum - greatest(s.after_beyond, 0)) / s.unusual_n) OVER type, 0) AS unusual_allowed
		FROM summed s
		WINDOW type AS (PARTITION BY s.contact_type)
	), shared AS (
		SELECT a.contact_type, a.step, a.lost, coalesce(greatest(a.beyond - a.beyond_allowed, 0), 0) + coalesce(greatest(a.unusual - a.unusual_allowed, 0), 0)
			+ coalesce(a.usual * least(greatest(a.after_unusual, 0) / nullif(a.all_usual, 0), 1), 0) AS gap
		FROM allowed a
	), listed AS (
		SELECT s.contact_type, s.step, greatest(s.gap, 0) AS gap, s.lost FROM shared s
		UNION ALL
		SELECT t.contact_type, NULL, greatest(t.gap - coalesce(coachdiag.exact_sum(s.gap), 0), 0), NULL
		FROM type t LEFT JOIN shared s ON s.contact_type IS NOT DISTINCT FROM t.contact_type
		WHERE t.lost IS NOT NULL
		GROUP BY t.contact_type, t.gap HAVING t.gap - coalesce(coachdiag.exact_sum(s.gap), 0) > 1e-9 * t.gap
	), ranked AS (
		SELECT l.*, l.gap / nullif(coachdiag.exact_sum(l.gap) OVER (), 0) AS share,
			CASE WHEN l.step IS NOT NULL AND l.lost IS NOT NULL THEN row_number() OVER (PARTITION BY l.step IS NOT NULL AND l.lost IS NOT NULL ORDER BY l.gap DESC, l.lost DESC, l.contact_type, l.step) END AS rank
		FROM listed l
	), latency AS (
		SELECT s.contact_type, s.step, sum(cardinality(s.latencies))::bigint AS n, coachdiag.quantiles(coachdiag.concatenated(s.latencies), ARRAY[0.5, 0.9]) AS p
		FROM @.step_by_agent s WHERE s.latencies IS NOT NULL GROUP BY s.contact_type, s.step
	), team AS (
		SELECT DISTINCT ON (s.contact_type, s.step) s.contact_type, s.step, s.team, s.lost / nullif(coachdiag.exact_sum(s.lost) OVER (PARTITION BY s.contact_type, s.step), 0) AS share
		FROM (SELECT s.contact_type, s.step, s.team, coachdiag.exact_sum(s.waiting_seconds + s.rework_seconds) AS lost FROM @.step_by_agent s GROUP BY s.contact_type, s.step, s.team) s
		WHERE s.lost > 0
		ORDER BY s.contact_type, s.step, s.lost DESC, s.team
	), icc AS (
		SELECT m.contact_type, m.step, jsonb_object_agg(m.measure, m.icc) AS icc, jsonb_object_agg(m.measure, m.icc_high) AS high
		FROM @.constraint_measure m GROUP BY m.contact_type, m.step
	), source AS (
		SELECT bool_or(p.present AND p.column_name = 'customer_id') AS customer, (SELECT count(a.hired_on) > 0 FROM @.stored_agent a) AS tenure
		FROM @.stored_source_column p WHERE p.relation = 'contact'
	)
	SELECT r.rank, r.contact_type, r.step, c.contacts, t.contacts AS of_contacts,
		c.waiting / nullif(c.working + c.rework + c.waiting, 0) AS waiting_share, c.waiting / nullif(c.timed, 0) AS waiting_seconds, c.rework / nullif(c.timed, 0) AS rework_seconds,
		l.n AS latency_contacts, l.p[1] AS latency_p50, l.p[2] AS latency_p90,
		c.transferred / nullif(c.of_kind, 0) AS transfer_share, c.escalated / nullif(c.of_kind, 0) AS escalation_share, c.repeated / nullif(c.followed, 0) AS repeat_share,
		(i.icc ->> 'waiting')::double precision AS waiting_icc, (i.high ->> 'waiting')::double precision AS waiting_icc_high,
		(i.icc ->> 'latency')::double precision AS latency_icc, (i.high ->> 'latency')::double precision AS latency_icc_high,
		(i.icc ->> 'transfer')::double precision AS transfer_icc, (i.high ->> 'transfer')::double precision AS transfer_icc_high,
		(i.icc ->> 'escalation')::double precision AS escalation_icc, (i.high ->> 'escalation')::double precision AS escalation_icc_high,
		(i.icc ->> 'repeat')::double precision AS repeat_icc, (i.high ->> 'repeat')::double precision AS repeat_icc_high,
		f.floor AS escalation_floor, f.floor >= f.rate / 2 AND f.floor_low > 0 AS authority_gap,
		r.gap / t.traced AS gap_seconds, r.gap / 3600 AS gap_hours, r.share,
		CASE WHEN r.rank IS NOT NULL THEN sum(r.share) OVER (PARTITION BY r.rank IS NOT NULL ORDER BY r.rank) END AS cumulative_share,
		m.team AS most_in, m.share AS most_in_share, t.metric,
		CASE WHEN r.step IS NULL THEN 'assessed: what no step explains, the work itself'
			WHEN c.lost IS NULL THEN 'not assessed: needs contact_event.kind or ended_at'
			ELSE concat_ws('; ', 'assessed', CASE WHEN t.metric IS NULL THEN 'no metric in seconds is the handle time, so all waiting and rework counts as gap' END,
				CASE WHEN c.of_kind = 0 THEN 'not assessed: latency, transfers and escalations need contact_event.kind' END,
				CASE WHEN c.followed = 0 THEN 'not assessed: repeats need ' || CASE WHEN s.customer THEN 'contacts with a customer, and settings.repeat_days after them' ELSE 'contact.customer_id' END END,
				CASE WHEN NOT s.tenure THEN 'not assessed: escalation_floor needs agent.hired_on'
					WHEN f.agents IS NULL AND c.of_kind > 0 THEN 'not assessed: escalation_floor needs four agents with a year of tenure' END) END AS status
	FROM ranked r
	JOIN type t ON t.contact_type IS NOT DISTINCT FROM r.contact_type
	CROSS JOIN source s
	LEFT JOIN cell c ON c.contact_type IS NOT DISTINCT FROM r.contact_type AND c.step = r.step
	LEFT JOIN latency l ON l.contact_type IS NOT DISTINCT FROM r.contact_type AND l.step = r.step
	LEFT JOIN team m ON m.contact_type IS NOT DISTINCT FROM r.contact_type AND m.step = r.step
	LEFT JOIN icc i ON i.contact_type IS NOT DISTINCT FROM r.contact_type AND i.step = r.step
	LEFT JOIN @.escalation_floor f ON f.contact_type IS NOT DISTINCT FROM r.contact_type AND f.step = r.step
	UNION ALL
	SELECT NULL, h.contact_type, NULL, NULL, h.contacts, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, h.metric, 'not assessed: needs contact_event for this contact type'
	FROM @.handle_target h WHERE h.traced = 0
	UNION ALL
	SELECT NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'not assessed: needs contact'
	WHERE NOT EXISTS (SELECT FROM @.handle_target);
	CREATE UNIQUE INDEX ON @.constraint_map (contact_type, step) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.constraint_map IS 'Where the process holds the handle time gap (constraint_outcome: that of other metrics): a row per contact type and step, ranked by gap times volume: ORDER BY rank, the first rows are the ones to fix. '
		'The gap of a contact type (handle time less target, over its contacts with events; never below zero) goes to its steps. First waiting and rework beyond what the step usually takes (median over contact types, where three have it); '
		'then work at steps that the document does not know, or that takes longer than usual; then usual waiting and rework, in proportion. Where one of these is more than the gap left, the target has room for some: as many seconds at each step; what is left is a row without step. The shares of all rows add up to 1.';
	COMMENT ON COLUMN @.constraint_map.rank IS 'By gap_hours, from 1; null: not a step, or its times are not known.';
	COMMENT ON COLUMN @.constraint_map.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.constraint_map.step IS 'Step; null: what no step explains, or not assessed (see status).';
	COMMENT ON COLUMN @.constraint_map.contacts IS 'Contacts with the step.';
	COMMENT ON COLUMN @.constraint_map.of_contacts IS 'Contacts of the type.';
	COMMENT ON COLUMN @.constraint_map.waiting_share IS 'Part of the time at the step that is waiting, 0 to 1.';
	COMMENT ON COLUMN @.constraint_map.waiting_seconds IS 'Mean waiting in a contact with the step.';
	COMMENT ON COLUMN @.constraint_map.rework_seconds IS 'Mean rework in a contact with the step.';
	COMMENT ON COLUMN @.constraint_map.latency_contacts IS 'Contacts with decision latency at the step.';
	COMMENT ON COLUMN @.constraint_map.latency_p50 IS 'Median of it, seconds.';
	COMMENT ON COLUMN @.constraint_map.latency_p90 IS 'Its 90th percentile.';
	COMMENT ON COLUMN @.constraint_map.transfer_share IS 'Part of contacts transferred while in the step.';
	COMMENT ON COLUMN @.constraint_map.escalation_share IS 'Part of contacts escalated while in the step.';
	COMMENT ON COLUMN @.constraint_map.repeat_share IS 'Part of contacts with the step that the same customer repeats, with the same contact type, within settings.repeat_days.';
	COMMENT ON COLUMN @.constraint_map.waiting_icc IS 'Share of the variance of waiting that lies between agents: near zero, it is not a person problem. Of this and the other four see constraint_measure.';
	COMMENT ON COLUMN @.constraint_map.waiting_icc_high IS 'Upper end of its 95 % interval.';
	COMMENT ON COLUMN @.constraint_map.latency_icc IS 'Share of the variance of decision latency that lies between agents.';
	COMMENT ON COLUMN @.constraint_map.latency_icc_high IS 'Upper end of its 95 % interval.';
	COMMENT ON COLUMN @.constraint_map.transfer_icc IS 'Share of the variance of transfers that lies between agents.';
	COMMENT ON COLUMN @.constraint_map.transfer_icc_high IS 'Upper end of its 95 % interval.';
	COMMENT ON COLUMN @.constraint_map.escalation_icc IS 'Share of the variance of escalations that lies between agents.';
	COMMENT ON COLUMN @.constraint_map.escalation_icc_high IS 'Upper end of its 95 % interval.';
	COMMENT ON COLUMN @.constraint_map.repeat_icc IS 'Share of the variance of repeats that lies between agents.';
	COMMENT ON COLUMN @.constraint_map.repeat_icc_high IS 'Upper end of its 95 % interval.';
	COMMENT ON COLUMN @.constraint_map.escalation_floor IS 'Share of contacts that the best quarter of tenured agents escalate there: see escalation_floor.';
	COMMENT ON COLUMN @.constraint_map.authority_gap IS 'Whether that floor is surely above zero and at least half of what tenured agents escalate: nobody gets below it.';
	COMMENT ON COLUMN @.constraint_map.gap_seconds IS 'Gap that sits there, seconds per contact of the type, positive is worse.';
	COMMENT ON COLUMN @.constraint_map.gap_hours IS 'The same over all its contacts with events, hours.';
	COMMENT ON COLUMN @.constraint_map.share IS 'Of the gap of all contact types, 0 to 1.';
	COMMENT ON COLUMN @.constraint_map.cumulative_share IS 'Share of this and all steps ranked before.';
	COMMENT ON COLUMN @.constraint_map.most_in IS 'Team whose contacts lose most time there.';
	COMMENT ON COLUMN @.constraint_map.most_in_share IS 'Its part of the time lost there.';
	COMMENT ON COLUMN @.constraint_map.metric IS 'Metric whose target the gap is measured from; null: none, all waiting and rework counts.';
	COMMENT ON COLUMN @.constraint_map.status IS 'assessed, and what is missing: not assessed, with the column needed.';
$part$),

(1610, 'constraint_outcome', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.constraint_outcome AS
	WITH cell AS MATERIALIZED (
		-- Metric units from here on: each type's gap at its own target.
		SELECT p.metric, c.contact_type, coachdiag.exact_sum(c.targeted_weight) AS volume,
			coachdiag.metric_units(coachdiag.exact_sum(c.targeted_weight * c.targeted_mean) / coachdiag.exact_sum(c.targeted_weight), p.scale) AS mean,
			coachdiag.metric_units(coachdiag.exact_sum(c.targeted_weight * c.target) / coachdiag.exact_sum(c.targeted_weight), p.scale) AS target
		FROM @.team_panel p CROSS JOIN LATERAL coachdiag.type_means(p.panel) c
		WHERE c.target IS NOT NULL AND NOT EXISTS (SELECT FROM @.handle_target h WHERE h.metric = p.metric)
		GROUP BY p.metric, p.scale, c.contact_type
	), metric AS (
		SELECT m.metric, m.higher_is_better, m.scale, m.target, coachdiag.exact_sum(c.volume * c.mean) / coachdiag.exact_sum(c.volume) AS mean,
			count(c.contact_type) > 0 AS typed,
			m.higher_is_better AND m.scale = 'proportion' AND m.metric ~* 'fcr|resol|first.?(call|contact)' AS resolution
		FROM @.stored_metric m LEFT JOIN cell c USING (metric)
		WHERE NOT EXISTS (SELECT FROM @.handle_target h WHERE h.metric = m.metric)
		GROUP BY m.metric, m.higher_is_better, m.scale, m.target
	), variant AS MATERIALIZED (
		SELECT row_number() OVER () AS way, c.contact_type, min(c.contact_id) AS example, count(*)::double precision AS n, sum(c.resolved::integer)::double precision AS resolved,
			count(*) FILTER (WHERE NOT c.resolved AND c.breakdown = 'waiting')::double precision AS waiting
		FROM @.recent_contact c WHERE c.resolved IS NOT NULL
		GROUP BY c.contact_type, c.variant
	), level AS (
		SELECT sum(v.resolved) / sum(v.n) AS resolved FROM variant v
	), followed AS (
		SELECT m.metric, m.target FROM metric m CROSS JOIN level l WHERE m.resolution AND abs(m.mean - l.resolved) < 0.1 ORDER BY abs(m.mean - l.resolved), m.metric LIMIT 1
	), event AS (
		-- Contacts of a variant share their steps; kinds are those of one of them.
		SELECT v.way, e.n, e.step, e.kind, min(e.n) FILTER (WHERE e.kind IN ('transfer', 'escalation')) OVER (PARTITION BY v.way) AS handed_on
		FROM variant v JOIN @.stored_contact s ON s.contact_id = v.example CROSS JOIN LATERAL coachdiag.path_events(s.path) e
	), step AS MATERIALIZED (
		SELECT e.way, e.step, max(e.n) FILTER (WHERE e.n < coalesce(e.handed_on, e.n + 1)) AS n
		FROM event e WHERE e.kind IN ('work', 'wait', 'hold', 'approval') OR e.kind IS NULL
		GROUP BY e.way, e.step
	), ended AS MATERIALIZED (
		SELECT v.*, l.step AS last
		FROM variant v LEFT JOIN (SELECT DISTINCT ON (s.way) s.way, s.step FROM step s WHERE s.n IS NOT NULL ORDER BY s.way, s.n DESC) l USING (way)
	), usual_end AS (
		SELECT DISTINCT ON (w.contact_type) w.contact_type, w.last
		FROM (SELECT w.contact_type, w.last, sum(w.resolved) AS resolved FROM ended w WHERE w.last IS NOT NULL GROUP BY w.contact_type, w.last) w
		ORDER BY w.contact_type, w.resolved DESC, w.last
	), counted AS MATERIALIZED (
		SELECT e.*, u.last AS usual_end, e.last = u.last AS came_through FROM ended e LEFT JOIN usual_end u ON u.contact_type IS NOT DISTINCT FROM e.contact_type
	), type AS (
		SELECT w.contact_type, sum(w.n) AS n, sum(w.resolved) AS resolved, sum(w.waiting) AS waiting, sum(w.n) FILTER (WHERE w.came_through) AS through_n,
			sum(w.resolved) FILTER (WHERE w.came_through) AS through_resolved, w.usual_end IS NOT NULL AS traced
		FROM counted w GROUP BY w.contact_type, w.usual_end
	), passed AS (
		SELECT w.contact_type, s.step, sum(w.n) AS n, sum(w.resolved) AS resolved, sum(w.waiting) AS waiting,
			coalesce(sum(w.n) FILTER (WHERE s.step = w.last AND NOT w.came_through), 0) AS broken_n, coalesce(sum(w.resolved) FILTER (WHERE s.step = w.last AND NOT w.came_through), 0) AS broken_resolved,
			coalesce(sum(w.n) FILTER (WHERE w.came_through), 0) AS with_n, coalesce(sum(w.resolved) FILTER (WHERE w.came_through), 0) AS with_resolved
		FROM step s JOIN counted w USING (way)
		GROUP BY w.contact_type, s.step
	), short AS (
		-- Three standard errors, since many steps are compared.
		SELECT p.*, f.metric, g.target, t.n * g.target - t.resolved AS type_short,
			greatest(p.broken_n * g.target - p.broken_resolved, 0) + CASE WHEN b.rate - a.rate > 3 * sqrt(a.v + b.v) THEN p.with_n * (b.rate - a.rate) ELSE 0 END AS short
		FROM followed f CROSS JOIN passed p
		JOIN type t ON t.contact_type IS NOT DISTINCT FROM p.contact_type
		LEFT JOIN cell c ON c.metric = f.metric AND c.contact_type IS NOT DISTINCT FROM p.contact_type
		CROSS JOIN LATERAL (SELECT coalesce(c.target, f.target) AS target, t.through_n - p.with_n AS without_n, t.through_resolved - p.with_resolved AS without_resolved) g
		CROSS JOIN LATERAL (SELECT p.with_resolved / nullif(p.with_n, 0) AS rate, (p.with_resolved + 0.5) * (p.with_n - p.with_resolved + 0.5) / (p.with_n + 1) ^ 3 AS v) a
		CROSS JOIN LATERAL (SELECT g.without_resolved / nullif(g.without_n, 0) AS rate, (g.without_resolved + 0.5) * (g.without_n - g.without_resolved + 0.5) / (g.without_n + 1) ^ 3 AS v) b
	), place AS (
		SELECT s.metric, s.contact_type, s.step, s.n AS volume, s.resolved / s.n AS mean, s.target, s.broken_n AS broken_off, s.waiting / nullif(s.n - s.resolved, 0) AS waiting_share,
			s.short * coalesce(least(greatest(s.type_short, 0) / nullif(coachdiag.exact_sum(s.short) OVER (PARTITION BY s.contact_type), 0), 1), 0) AS gap, true AS traced
		FROM short s
		UNION ALL
		SELECT f.metric, t.contact_type, NULL, t.n, t.resolved / t.n, g.target, NULL, t.waiting / nullif(t.n - t.resolved, 0),
			greatest(t.n * g.target - t.resolved - coalesce(x.short, 0), 0), t.traced
		FROM followed f CROSS JOIN type t
		LEFT JOIN cell c ON c.metric = f.metric AND c.contact_type IS NOT DISTINCT FROM t.contact_type
		LEFT JOIN (SELECT s.contact_type, coachdiag.exact_sum(s.short) AS short FROM short s GROUP BY s.contact_type) x ON x.contact_type IS NOT DISTINCT FROM t.contact_type
		CROSS JOIN LATERAL (SELECT coalesce(c.target, f.target) AS target) g
		UNION ALL
		SELECT c.metric, c.contact_type, NULL, c.volume, c.mean, c.target, NULL, NULL, greatest(CASE WHEN m.higher_is_better THEN c.target - c.mean ELSE c.mean - c.target END, 0) * c.volume, NULL
		FROM cell c JOIN metric m USING (metric)
		WHERE c.metric NOT IN (SELECT f.metric FROM followed f)
	), ranked AS (
		SELECT p.*, p.gap / nullif(coachdiag.exact_sum(p.gap) OVER metric, 0) AS share, coachdiag.exact_sum(p.volume) FILTER (WHERE p.step IS NULL) OVER metric AS all_volume,
			CASE WHEN p.step IS NOT NULL OR p.traced IS NULL THEN
				row_number() OVER (PARTITION BY p.metric, p.step IS NOT NULL OR p.traced IS NULL ORDER BY p.gap DESC, p.volume DESC, p.contact_type, p.step) END AS rank
		FROM place p WHERE p.target IS NOT NULL
		WINDOW metric AS (PARTITION BY p.metric)
	)
	SELECT m.metric, r.rank, r.contact_type, r.step, r.volume, r.mean, r.target, r.broken_off, r.waiting_share, r.gap / r.all_volume AS gap, r.share,
		CASE WHEN r.rank IS NOT NULL THEN sum(r.share) OVER (PARTITION BY m.metric, r.rank IS NOT NULL ORDER BY r.rank) END AS cumulative_share,
		CASE WHEN r.metric IS NULL THEN 'not assessed: needs agent_metric and a target'
			WHEN r.step IS NOT NULL THEN 'assessed'
			WHEN r.traced THEN 'assessed: what no step explains'
			WHEN NOT r.traced THEN 'assessed by contact type; not assessed by step: needs contact_event for this contact type'
			ELSE concat_ws('; ', CASE WHEN m.typed THEN 'assessed by contact type' ELSE 'not assessed by contact type: needs agent_metric.contact_type' END,
				'not assessed by step: ' || CASE WHEN NOT m.resolution THEN 'only handle time (constraint_map) and resolution can be followed to steps'
					WHEN l.resolved IS NULL THEN 'needs contact.resolved'
					WHEN abs(m.mean - l.resolved) < 0.1 THEN format('metric %s is nearer to contact.resolved', f.metric)
					ELSE format('contact.resolved says %s %%, the metric %s %%', round(100 * l.resolved::numeric), round(100 * m.mean::numeric)) END) END AS status
	FROM metric m CROSS JOIN level l LEFT JOIN followed f ON true LEFT JOIN ranked r ON r.metric = m.metric;
	CREATE UNIQUE INDEX ON @.constraint_outcome (metric, contact_type, step) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.constraint_outcome IS 'Where the gap of every metric but the handle time (constraint_map) sits, a row per metric, contact type and, for resolution, step: ORDER BY metric, rank. '
		'Resolution is the metric in proportions, higher better, whose name says so (fcr, resol, first call, first contact) and whose mean is within 0.1 of that of contact.resolved, nearest first. The gap of a type, target less resolved, goes to its steps: '
		'contacts that broke off there (first transfer or escalation, else the last state, elsewhere than most resolved contacts), and, of those that came to that usual end, what contacts with the step are resolved less than those without it, where that is beyond three standard errors; in proportion where it is more than the gap. '
		'What is left is a row without step. Of any other metric the contact type is all that is known. A lead, not an effect: contacts with a step may be others.';
	COMMENT ON COLUMN @.constraint_outcome.metric IS 'Metric.';
	COMMENT ON COLUMN @.constraint_outcome.rank IS 'By gap within the metric, from 1; null: what no step explains, or not assessed (see status).';
	COMMENT ON COLUMN @.constraint_outcome.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.constraint_outcome.step IS 'Step; null: what no step explains, or not assessed by step.';
	COMMENT ON COLUMN @.constraint_outcome.volume IS 'Contacts with the step (of the type, where step is null), or the weight of the metric''s values.';
	COMMENT ON COLUMN @.constraint_outcome.mean IS 'Their mean, metric units: of resolution the share resolved.';
	COMMENT ON COLUMN @.constraint_outcome.target IS 'Target of the contact type (agent_metric.target), else of the metric.';
	COMMENT ON COLUMN @.constraint_outcome.broken_off IS 'Contacts that broke off at the step.';
	COMMENT ON COLUMN @.constraint_outcome.waiting_share IS 'Part of the unresolved contacts among them in which the agent was waiting when it left their hands or ended, 0 to 1; null: not resolution, or all resolved.';
	COMMENT ON COLUMN @.constraint_outcome.gap IS 'Gap that sits there, metric units over the whole volume (scale log: each type at its own target), positive is worse: rows add up to the gap of the types that are short.';
	COMMENT ON COLUMN @.constraint_outcome.share IS 'Of the gap of all contact types of the metric, 0 to 1; null: no gap.';
	COMMENT ON COLUMN @.constraint_outcome.cumulative_share IS 'Share of this and all rows of the metric ranked before.';
	COMMENT ON COLUMN @.constraint_outcome.status IS 'assessed, and what is missing: not assessed, with the column needed.';
$part$),

(1620, 'observation_plan', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.observation_plan AS
	WITH worst AS (
		SELECT DISTINCT ON (m.contact_type) m.contact_type, m.step, coachdiag.exact_sum(m.gap_hours) OVER (PARTITION BY m.contact_type) AS gap_hours
		FROM @.constraint_map m WHERE m.rank IS NOT NULL AND m.gap_hours > 0 ORDER BY m.contact_type, m.rank
	), type AS (
		SELECT w.*, row_number() OVER (ORDER BY w.gap_hours DESC, w.contact_type) AS rank FROM worst w
	), candidate AS (
		SELECT t.rank, t.contact_type, t.step, c.contact_id, c.agent_id, c.team, c.started_at, p.lost,
			extract(hour FROM c.started_at AT TIME ZONE (SELECT s.time_zone FROM @.settings s))::integer / 3 AS hours
		FROM (
			SELECT s.contact_id, row_number() OVER (PARTITION BY s.contact_type ORDER BY s.started_at DESC, s.contact_id) AS age
			FROM @.recent_contact s WHERE s.events > 0 AND s.agent_id IS NOT NULL
		) l
		JOIN @.stored_contact c USING (contact_id)
		JOIN type t ON t.contact_type IS NOT DISTINCT FROM c.contact_type
		CROSS JOIN LATERAL (
			SELECT CASE WHEN x.waiting_seconds + x.rework_seconds > 0 THEN x.waiting_seconds + x.rework_seconds ELSE x.working_seconds END AS lost
			FROM coachdiag.path_steps(c.path) x WHERE x.step = t.step
		) p
		WHERE l.age <= 2000 AND p.lost > 0
	), bounds AS (
		SELECT c.rank, percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY c.lost) AS p, count(DISTINCT c.agent_id) AS agents FROM candidate c GROUP BY c.rank
	), near AS (
		SELECT c.*, b.p, row_number() OVER (PARTITION BY c.rank ORDER BY abs(c.lost - b.p[2]), c.started_at DESC, c.contact_id) AS nearness
		FROM candidate c JOIN bounds b USING (rank) WHERE b.agents > 1
	), turn AS (
		SELECT n.*, row_number() OVER (PARTITION BY n.rank, n.agent_id ORDER BY n.started_at DESC, n.contact_id) AS agent_turn
		FROM near n WHERE n.lost BETWEEN n.p[1] AND n.p[3] OR n.nearness <= 5
	), spread AS (
		SELECT t.*, row_number() OVER (PARTITION BY t.rank, t.agent_turn, t.hours ORDER BY t.started_at DESC, t.contact_id) AS hour_turn FROM turn t WHERE t.agent_turn <= 5
	), chosen AS (
		SELECT s.*, row_number() OVER (PARTITION BY s.rank ORDER BY s.agent_turn, s.hour_turn, s.started_at DESC, s.contact_id) AS n FROM spread s
	), several AS (
		SELECT c.rank FROM chosen c WHERE c.n <= 10 GROUP BY c.rank HAVING count(DISTINCT c.agent_id) > 1
	)
	SELECT t.rank, t.contact_type, t.step AS watch_step, t.gap_hours, c.n, c.contact_id, c.agent_id, c.team, c.started_at, c.lost AS seconds_at_step, c.p[2] AS typical_seconds,
		(SELECT array_agg(e.note ORDER BY e.n) FROM (
			SELECT format('%s: %s', x.step, coachdiag.note_at(x.kind)) AS note, min(x.n) AS n
			FROM @.stored_contact s CROSS JOIN LATERAL coachdiag.path_events(s.path) x WHERE s.contact_id = c.contact_id GROUP BY x.step, x.kind) e) AS note,
		CASE WHEN c.n IS NOT NULL THEN 'planned' ELSE 'not planned: fewer than two agents had a contact that lost the usual time there' END AS status
	FROM type t
	LEFT JOIN (SELECT c.* FROM chosen c JOIN several v USING (rank) WHERE c.n <= 10) c ON c.rank = t.rank;
	CREATE UNIQUE INDEX ON @.observation_plan (rank, n) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.observation_plan IS 'What to watch: contact types by the gap in their steps (rank 1 first), and for each up to ten recent contacts typical of its worst step, spread over agents and hours. Sit beside these agents at these hours on this contact type, compare with coachdiag.compare_observation. '
		'Typical: of the last 2000 contacts those whose time lost at the step is within the middle half, or is one of the five nearest to the median. Never all of one agent.';
	COMMENT ON COLUMN @.observation_plan.rank IS 'Contact type to watch first: 1.';
	COMMENT ON COLUMN @.observation_plan.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.observation_plan.watch_step IS 'Its step with the largest gap (constraint_map).';
	COMMENT ON COLUMN @.observation_plan.gap_hours IS 'Gap in its steps, hours over the months of the diagnosis.';
	COMMENT ON COLUMN @.observation_plan.n IS 'Number of the contact within the type; null: none can be proposed.';
	COMMENT ON COLUMN @.observation_plan.contact_id IS 'Contact; null: none can be proposed.';
	COMMENT ON COLUMN @.observation_plan.agent_id IS 'Agent who handled it.';
	COMMENT ON COLUMN @.observation_plan.team IS 'Team of that agent on the day; null: in none.';
	COMMENT ON COLUMN @.observation_plan.started_at IS 'When it started.';
	COMMENT ON COLUMN @.observation_plan.seconds_at_step IS 'Seconds lost at the step in this contact.';
	COMMENT ON COLUMN @.observation_plan.typical_seconds IS 'Median of that over recent contacts that lose any.';
	COMMENT ON COLUMN @.observation_plan.note IS 'What to note at each point of it, in order.';
	COMMENT ON COLUMN @.observation_plan.status IS 'planned, or why not.';
$part$),

(1640, 'failure_demand', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.failure_demand AS
	WITH whole AS (
		SELECT count(*) FILTER (WHERE c.customer_id IS NOT NULL) AS contacts, max(c.started_at) - (SELECT s.repeat_days * interval '24 hours' FROM @.settings s) AS until,
			count(*) FILTER (WHERE c.resolved IS NOT NULL OR c.transferred IS NOT NULL) AS known, count(*) AS rows
		FROM @.recent_contact c
	), followed AS (
		SELECT c.contact_type, f.failed, r.contact_id IS NOT NULL AS returned, n.handle_seconds,
			CASE WHEN f.failed THEN coalesce(c.breakdown_step, (coachdiag.variant(c.path))[c.events]) END AS step
		FROM @.recent_contact c
		CROSS JOIN whole w
		CROSS JOIN LATERAL (SELECT c.resolved IS FALSE OR c.transferred IS TRUE AS failed) f
		LEFT JOIN @.repeat_contact r ON r.earlier_contact = c.contact_id
		LEFT JOIN @.stored_contact n ON n.contact_id = r.contact_id
		WHERE c.customer_id IS NOT NULL AND c.started_at <= w.until AND (c.resolved IS NOT NULL OR c.transferred IS NOT NULL)
	), usual AS (
		SELECT f.contact_type, avg(f.returned::integer)::double precision AS share FROM followed f WHERE NOT f.failed GROUP BY f.contact_type
	), origin AS (
		SELECT f.contact_type, f.step, count(*) AS failed, count(*) FILTER (WHERE f.returned) AS returned,
			coalesce(coachdiag.exact_sum(f.handle_seconds), 0) / 3600 AS hours, count(f.handle_seconds) AS timed
		FROM followed f WHERE f.failed GROUP BY f.contact_type, f.step
	)
	SELECT row_number() OVER (ORDER BY o.returned DESC, o.contact_type, o.step) AS rank, o.contact_type, o.step, o.failed, o.returned, o.returned / o.failed::double precision AS returned_share,
		u.share AS usual_share, greatest(o.returned - u.share * o.failed, 0) AS excess, o.returned / nullif(w.contacts, 0)::double precision AS share_of_contacts,
		CASE WHEN o.timed > 0 OR o.returned = 0 THEN o.hours END AS hours,
		CASE WHEN o.timed > 0 OR o.returned = 0 THEN o.hours * greatest(1 - u.share * o.failed / nullif(o.returned, 0), 0) END AS excess_hours,
		concat_ws('; ', 'assessed', CASE WHEN o.timed = 0 AND o.returned > 0 THEN 'not assessed: hours need contact.handle_seconds' END,
			CASE WHEN o.step IS NULL THEN 'not assessed: step needs contact_event' END, CASE WHEN u.share IS NULL THEN 'not assessed: excess needs resolved contacts of the type' END) AS status
	FROM origin o CROSS JOIN whole w LEFT JOIN usual u ON u.contact_type IS NOT DISTINCT FROM o.contact_type
	UNION ALL
	SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, CASE WHEN w.rows = 0 THEN 'not assessed: needs contact' WHEN w.contacts = 0 THEN 'not assessed: needs contact.customer_id'
		WHEN w.known = 0 THEN 'not assessed: needs contact.resolved or contact.transferred' ELSE 'no contact failed, with settings.repeat_days of data after it' END
	FROM whole w WHERE NOT EXISTS (SELECT FROM origin);
	CREATE UNIQUE INDEX ON @.failure_demand (contact_type, step) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.failure_demand IS 'Contacts that exist because an earlier one was not resolved: of the same customer and contact type, within settings.repeat_days after one that was not resolved or was transferred; by where that one failed. Earlier contacts that have these days of data after them.';
	COMMENT ON COLUMN @.failure_demand.rank IS 'By returned, from 1.';
	COMMENT ON COLUMN @.failure_demand.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.failure_demand.step IS 'Step that the earlier contact was in where it broke down, else its last; null: it has no events.';
	COMMENT ON COLUMN @.failure_demand.failed IS 'Contacts that were not resolved, or transferred, there.';
	COMMENT ON COLUMN @.failure_demand.returned IS 'Those of them whose customer came back: the failure demand.';
	COMMENT ON COLUMN @.failure_demand.returned_share IS 'Their part, 0 to 1.';
	COMMENT ON COLUMN @.failure_demand.usual_share IS 'The same after contacts of the type that were resolved and not transferred: customers who would come back anyway.';
	COMMENT ON COLUMN @.failure_demand.excess IS 'Returned beyond that; not below 0.';
	COMMENT ON COLUMN @.failure_demand.share_of_contacts IS 'Returned, over all contacts with a customer.';
	COMMENT ON COLUMN @.failure_demand.hours IS 'Handle time of the contacts that came back, hours.';
	COMMENT ON COLUMN @.failure_demand.excess_hours IS 'The part of it for the excess.';
	COMMENT ON COLUMN @.failure_demand.status IS 'assessed, and what is missing: not assessed, with the column needed.';
$part$);
