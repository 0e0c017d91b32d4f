-- Template: Genesys Cloud -> workspace ops. Assumes the API documents stored as they come, one jsonb column doc, in
-- genesys.coaching_appointment, genesys.conversation (details jobs) and genesys.evaluation. Adjust: contact type, time zone.
-- Traps: an appointment has several attendees, one row each; it counts from dateCompleted and only when Completed; segmentType
-- and tCoaching "coaching" are listening in on a call, not a session; metrics are milliseconds; calibrations, deleted and
-- superseded evaluations are not results; wrapUpCode is chosen by the agent; no topic field: the metric comes from the name.
DROP TABLE ops.agent_metric, ops.coaching_session, ops.contact, ops.contact_event;

CREATE VIEW ops.coaching_session AS
SELECT a.doc ->> 'id' AS session_id, attendee ->> 'id' AS agent_id, a.doc #>> '{facilitator,id}' AS coach_id,
	CASE WHEN a.doc ->> 'status' = 'Completed' THEN (a.doc ->> 'dateCompleted')::timestamptz END AS held_at,
	(a.doc ->> 'dateStart')::timestamptz AS scheduled_at,
	CASE a.doc ->> 'status' WHEN 'Completed' THEN 'held' WHEN 'InvalidSchedule' THEN 'cancelled' ELSE 'planned' END AS status,
	CASE WHEN a.doc ->> 'name' ILIKE '%handle time%' THEN 'handle_time' WHEN a.doc ->> 'name' ILIKE '%quality%' THEN 'quality' END AS metric,
	(a.doc ->> 'lengthInMinutes')::float8 AS duration_minutes,
	CASE WHEN jsonb_array_length(a.doc -> 'attendees') > 1 THEN 'group' ELSE 'scheduled' END AS kind
FROM (SELECT DISTINCT ON (doc ->> 'id') doc FROM genesys.coaching_appointment
		ORDER BY doc ->> 'id', (doc ->> 'dateModified')::timestamptz DESC NULLS LAST) a,
	jsonb_array_elements(a.doc -> 'attendees') attendee;

-- One row per agent session on a conversation, with its segments.
CREATE VIEW genesys.agent_session AS
SELECT c.doc ->> 'conversationId' AS conversation_id, (c.doc ->> 'conversationStart')::timestamptz AS started_at,
	p ->> 'userId' AS agent_id, p ->> 'externalContactId' AS customer_id, s -> 'metrics' AS metrics, s -> 'segments' AS segments,
	c.doc -> 'resolutions' AS resolutions
FROM genesys.conversation c, jsonb_array_elements(c.doc -> 'participants') p, jsonb_array_elements(p -> 'sessions') s
WHERE p ->> 'purpose' = 'agent' AND p ->> 'userId' IS NOT NULL;

CREATE VIEW ops.contact AS
SELECT conversation_id || '/' || agent_id AS contact_id, agent_id, min(started_at) AS started_at, max(w.code) AS contact_type,
	max(customer_id) AS customer_id, sum(h.seconds) AS handle_seconds, bool_and(r.avoided) AS resolved,
	coalesce(bool_or(w.transferred), false) AS transferred
FROM genesys.agent_session s,
	LATERAL (SELECT sum((m ->> 'value')::float8) / 1000 FROM jsonb_array_elements(s.metrics) m WHERE m ->> 'name' = 'tHandle') h (seconds),
	LATERAL (SELECT max(g ->> 'wrapUpCode'), bool_or(g ->> 'disconnectType' ILIKE '%transfer')
		FROM jsonb_array_elements(s.segments) g) w (code, transferred),
	LATERAL (SELECT bool_and((r ->> 'nNextContactAvoided')::int > 0) FROM jsonb_array_elements(s.resolutions) r
		WHERE r ->> 'userId' = s.agent_id) r (avoided)
GROUP BY conversation_id, agent_id;

CREATE VIEW ops.contact_event AS
SELECT conversation_id || '/' || agent_id AS contact_id, g ->> 'segmentType' AS step, (g ->> 'segmentStart')::timestamptz AS started_at,
	(g ->> 'segmentEnd')::timestamptz AS ended_at, agent_id, CASE g ->> 'segmentType' WHEN 'hold' THEN 'hold' ELSE 'work' END AS kind
FROM genesys.agent_session, jsonb_array_elements(segments) g
WHERE g ->> 'segmentType' IN ('interact', 'hold', 'wrapup');

CREATE VIEW ops.agent_metric AS
SELECT agent_id, 'handle_time' AS metric, date_trunc('week', started_at AT TIME ZONE 'UTC')::date AS period,
	avg(handle_seconds) AS value, count(*)::float8 AS volume, contact_type
FROM ops.contact WHERE handle_seconds > 0 GROUP BY 1, 3, contact_type
UNION ALL
SELECT agent_id, 'fcr', date_trunc('week', started_at AT TIME ZONE 'UTC')::date, avg(resolved::int)::float8, count(*)::float8, contact_type
FROM ops.contact WHERE resolved IS NOT NULL GROUP BY 1, 3, contact_type
UNION ALL
SELECT doc #>> '{agent,id}', 'quality', date_trunc('week', (doc ->> 'conversationDate')::timestamptz AT TIME ZONE 'UTC')::date,
	avg((doc #>> '{answers,totalScore}')::float8), count(*)::float8, NULL
FROM (SELECT DISTINCT ON (doc ->> 'id') doc FROM genesys.evaluation ORDER BY doc ->> 'id', (doc ->> 'version')::int DESC NULLS LAST) e
WHERE doc ->> 'status' = 'FINISHED' AND doc -> 'calibration' IS NULL GROUP BY 1, 3;
