-- Template: Amazon Connect analytics data lake -> workspace ops. Assumes its tables copied as schema connect, same column
-- names, map columns as jsonb. Adjust: team level, contact type, repeat window (7 days), time zone, metric names.
-- Traps: delivery is at least once, so the latest copy of a row counts; durations are milliseconds; calibration and deleted
-- evaluations are not results; agent_id here is user_id in agent tables; rows go after 25 months; there is no coaching table
-- (time may hide in a custom_state_time_NN): leave ops.coaching_session a table or map the log you keep, see ecoaching.sql.
DROP TABLE ops.agent_metric, ops.assignment, ops.contact, ops.contact_event;

CREATE VIEW connect.latest_contact AS
SELECT DISTINCT ON (instance_id, contact_id) *
FROM connect.contact_record
ORDER BY instance_id, contact_id, data_lake_last_processed_timestamp DESC;

-- resolved: no inbound contact from the same endpoint within seven days; null while those are not over. Endpoint hashed.
CREATE VIEW ops.contact AS
SELECT c.contact_id, c.agent_id, c.initiation_timestamp AS started_at,
	coalesce(c.attributes ->> 'contact_reason', c.queue_name) AS contact_type,
	md5(c.customer_endpoint_address) AS customer_id,
	(coalesce(c.agent_interaction_duration_ms, 0) + coalesce(c.agent_customer_hold_duration_ms, 0)
		+ coalesce(c.agent_after_contact_work_duration_ms, 0)) / 1000::float8 AS handle_seconds,
	CASE WHEN c.next_inbound <= c.initiation_timestamp + interval '7 days' THEN false
		WHEN max(c.initiation_timestamp) OVER () > c.initiation_timestamp + interval '7 days' THEN true END AS resolved,
	n.initiation_method IN ('TRANSFER', 'QUEUE_TRANSFER') IS TRUE AS transferred
FROM (SELECT *, min(initiation_timestamp) FILTER (WHERE initiation_method = 'INBOUND')
		OVER (PARTITION BY customer_endpoint_address ORDER BY initiation_timestamp
			ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_inbound
	FROM connect.latest_contact) c
LEFT JOIN connect.latest_contact n ON n.instance_id = c.instance_id AND n.contact_id = c.next_contact_id
WHERE c.agent_id IS NOT NULL AND c.initiation_method <> 'MONITOR';

-- The record has the total of the holds, not their times: one event at the start of the talk.
CREATE VIEW ops.contact_event AS
SELECT contact_id, 'customer on hold' AS step, agent_connected_to_agent_timestamp AS started_at,
	agent_connected_to_agent_timestamp + agent_customer_hold_duration_ms * interval '1 millisecond' AS ended_at,
	agent_id, 'hold' AS kind
FROM connect.latest_contact
WHERE agent_customer_hold_duration_ms > 0 AND agent_id IS NOT NULL;

CREATE VIEW ops.agent_metric AS
WITH week_of AS (
	SELECT *, date_trunc('week', started_at AT TIME ZONE 'UTC')::date AS period FROM ops.contact
), form AS (
	SELECT DISTINCT ON (e.evaluation_id) e.contact_id, e.evaluation_submitted_timestamp, e.score
	FROM connect.contact_evaluation_record e
	WHERE e.item_type = 'Form' AND NOT e.to_delete AND e.evaluation_type IS DISTINCT FROM 'calibration'
	ORDER BY e.evaluation_id, e.data_lake_last_processed_timestamp DESC
)
SELECT agent_id, 'handle_time' AS metric, period, avg(handle_seconds)::float8 AS value, count(*)::float8 AS volume, contact_type
FROM week_of WHERE handle_seconds > 0 GROUP BY agent_id, period, contact_type
UNION ALL
SELECT agent_id, 'fcr', period, avg(resolved::int)::float8, count(*)::float8, contact_type
FROM week_of WHERE resolved IS NOT NULL GROUP BY agent_id, period, contact_type
UNION ALL
SELECT c.agent_id, 'quality', date_trunc('week', f.evaluation_submitted_timestamp AT TIME ZONE 'UTC')::date, avg(f.score), count(*)::float8,
	c.contact_type
FROM form f JOIN ops.contact c USING (contact_id) GROUP BY 1, 3, c.contact_type;

-- Teams: the hierarchy group on the agent's contacts; a new stay starts in the week where it changes, so that its rows have a team.
CREATE VIEW ops.assignment AS
SELECT agent_id, team, valid_from, lead(valid_from) OVER (PARTITION BY agent_id ORDER BY valid_from) AS valid_to
FROM (SELECT DISTINCT ON (agent_id, valid_from) * FROM (SELECT agent_id, agent_hierarchy_groups_level_2_name AS team, date_trunc('week', initiation_timestamp AT TIME ZONE 'UTC')::date AS valid_from,
		lag(agent_hierarchy_groups_level_2_name) OVER (PARTITION BY agent_id ORDER BY initiation_timestamp, contact_id) AS before
	FROM connect.latest_contact WHERE agent_id IS NOT NULL AND agent_hierarchy_groups_level_2_name IS NOT NULL) t
	WHERE team IS DISTINCT FROM before ORDER BY agent_id, valid_from, team) c;
