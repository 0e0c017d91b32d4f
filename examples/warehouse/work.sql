-- Work: weekly availability, contact mix and volumes, and the potential (uncoached) result of every agent, week and contact type.

CREATE TABLE dw.workforce_week (employee_id text NOT NULL, week_start date NOT NULL, available_minutes int NOT NULL,
	occupancy numeric NOT NULL, coaching_minutes_planned int NOT NULL DEFAULT 0, PRIMARY KEY (employee_id, week_start));
INSERT INTO dw.workforce_week
SELECT agent_id, pg_temp.monday(week), round(2100 * (.85 + .2 * pg_temp.u(concat_ws('|', 'hours', agent_id, week)))),
	round(pg_temp.clamp(.82 + .03 * cosd(360.0 * (week - 50) / 52) + .02 * pg_temp.z(concat_ws('|', 'busy', team, week)), .7, .95)::numeric, 3)
FROM duty;
ANALYZE dw.workforce_week;

-- Chronic part of every agent on each metric: level, deficit, and the room that coaching can give back.
CREATE TEMP TABLE trait AS
SELECT s.agent_id, m.metric,
	coalesce(m.level_sd, p.agent_sd) * pg_temp.z(concat_ws('|', 'level', m.metric, s.agent_id)) AS level, d.deficit,
	greatest(d.deficit, m.room) AS room, coalesce(b.gain, m.gain) AS gain, 0.5 ^ (1 / coalesce(b.half_life, m.half_life)) AS keep
FROM staff s JOIN plan_team p USING (team) CROSS JOIN plan_metric m LEFT JOIN plan_behavioural b USING (team, metric),
	LATERAL (SELECT CASE WHEN pg_temp.u(concat_ws('|', 'has', m.metric, s.agent_id)) < b.share
		THEN b.deficit + b.deficit_sd * pg_temp.z(concat_ws('|', 'deficit', m.metric, s.agent_id)) ELSE 0 END) d (deficit);
ANALYZE trait;

-- Where an agent stands in a week before contact type, noise and coaching. Shocks: AR(1) with phi 0.45, seven terms.
CREATE TEMP TABLE standing AS
SELECT d.agent_id, d.team, d.week, m.metric,
	m.base + CASE WHEN m.metric = 'handle_time' THEN p.base + .02 * cosd(360.0 * (d.week - 50) / 52) ELSE 0 END
	+ t.level + t.deficit + m.learning * exp(-d.tenure / 9.0)
	+ m.ar_sd * sqrt(1 - .45 ^ 2) * (SELECT sum(.45 ^ k * pg_temp.z(concat_ws('|', 'shock', m.metric, d.agent_id, d.week - k)) ORDER BY k)
		FROM generate_series(0, 6) k)
	+ m.shock_sd * pg_temp.z(concat_ws('|', 'team shock', m.metric, d.team, d.week)) AS gap
FROM duty d JOIN plan_team p USING (team) CROSS JOIN plan_metric m JOIN trait t USING (agent_id, metric);
ANALYZE standing;

-- Share of each contact type in an agent's work; Network A routes the faults to about one agent in four.
CREATE TEMP TABLE mix AS
SELECT agent_id, team, contact_type, weight / sum(weight) OVER (PARTITION BY agent_id, team) AS share
FROM (SELECT s.agent_id, s.team, r.contact_reason AS contact_type,
		CASE r.contact_reason WHEN p.lead_type THEN 4 WHEN p.second_type THEN 1.6 WHEN 'complaint' THEN .5 ELSE 1 END
		* CASE WHEN s.team = 'Network A' AND r.contact_reason = 'network_fault'
			THEN CASE WHEN pg_temp.u('routing|' || s.agent_id) < .28 THEN 15 ELSE .5 END ELSE 1 END
		* exp(.25 * pg_temp.z(concat_ws('|', 'mix', s.agent_id, r.contact_reason))) AS weight
	FROM (SELECT DISTINCT agent_id, team FROM stint) s JOIN plan_team p USING (team)
	JOIN dw.reason_target r USING (program)) w;
ANALYZE mix;

-- One row per agent, week and contact type with work; gap_* is the uncoached distance from target, sampling noise included.
CREATE TEMP TABLE cell AS
WITH pace AS (
	SELECT d.agent_id, d.week, w.available_minutes * 60 * w.occupancy::float8
		/ sum(m.share * r.handle_target_s::float8 * exp(coalesce(x.shift, 0) + .45 * exp(-d.tenure / 9.0)) ORDER BY m.contact_type) AS contacts
	FROM duty d JOIN dw.workforce_week w ON w.employee_id = d.agent_id AND w.week_start = pg_temp.monday(d.week)
	JOIN mix m USING (agent_id, team) JOIN dw.reason_target r ON r.contact_reason = m.contact_type
	LEFT JOIN plan_structural x ON x.team = d.team AND x.contact_type = m.contact_type AND x.metric = 'handle_time'
		AND d.week >= x.from_week AND d.week < x.until_week
	GROUP BY d.agent_id, d.week, d.tenure, w.available_minutes, w.occupancy
), volume AS (
	SELECT d.agent_id, d.team, d.week, m.contact_type, concat_ws('|', d.agent_id, d.week, m.contact_type) AS key,
		round(pc.contacts * m.share + sqrt(pc.contacts * m.share)
			* pg_temp.z(concat_ws('|', 'contacts', d.agent_id, d.week, m.contact_type)))::int AS contacts
	FROM duty d JOIN pace pc USING (agent_id, week) JOIN mix m USING (agent_id, team)
), sampled AS (
	SELECT v.*, greatest(0, round(.15 * contacts + .36 * sqrt(contacts) * pg_temp.z('surveys|' || key)))::int AS surveys,
		CASE WHEN row_number() OVER (PARTITION BY agent_id, week ORDER BY -ln(pg_temp.u('evaluated|' || key)) / contacts) = 1
			THEN floor(3.5 * pg_temp.u(concat_ws('|', 'evaluations', agent_id, week)) ^ 1.2)::int ELSE 0 END AS evaluations
	FROM volume v WHERE contacts > 0
)
SELECT s.agent_id, s.team, s.week, s.contact_type, s.contacts, s.surveys, s.evaluations, s.key,
	r.handle_target_s::float8 AS handle_target, r.fcr_target::float8 AS fcr_target,
	h.gap + coalesce(xh.shift, 0) * CASE WHEN xh.until_week < 53 THEN 1 + .35 * pg_temp.z('workaround|' || s.agent_id) ELSE 1 END
		+ .03 * pg_temp.z(concat_ws('|', 'handle type', s.agent_id, s.contact_type))
		+ n.sd * pg_temp.z('handle noise|' || s.key) - n.sd ^ 2 / 2 AS gap_handle,
	pg_temp.clamp(r.fcr_target::float8 - f.gap - coalesce(xf.shift, 0)
		+ .015 * pg_temp.z(concat_ws('|', 'fcr type', s.agent_id, s.contact_type)), .05, .97) AS p_resolved,
	q.gap + 12 * pg_temp.z('quality noise|' || s.key) / sqrt(greatest(s.evaluations, 1)) AS gap_quality
FROM sampled s JOIN dw.reason_target r ON r.contact_reason = s.contact_type
JOIN standing h ON h.agent_id = s.agent_id AND h.week = s.week AND h.metric = 'handle_time'
JOIN standing f ON f.agent_id = s.agent_id AND f.week = s.week AND f.metric = 'fcr'
JOIN standing q ON q.agent_id = s.agent_id AND q.week = s.week AND q.metric = 'quality'
LEFT JOIN plan_structural xh ON xh.team = s.team AND xh.contact_type = s.contact_type AND xh.metric = 'handle_time'
	AND s.week >= xh.from_week AND s.week < xh.until_week
LEFT JOIN plan_structural xf ON xf.team = s.team AND xf.contact_type = s.contact_type AND xf.metric = 'fcr'
	AND s.week >= xf.from_week AND s.week < xf.until_week,
	LATERAL (SELECT sqrt(ln(1 + .64 / s.contacts))) n (sd);
ANALYZE cell;

-- Surveys resolved: normal approximation to the binomial, lift added to the probability.
CREATE FUNCTION pg_temp.resolved(surveys int, p float8, key text) RETURNS int LANGUAGE sql IMMUTABLE
RETURN pg_temp.clamp(round(surveys * p + sqrt(surveys * p * (1 - p)) * pg_temp.z('fcr noise|' || key)), 0, surveys)::int;
