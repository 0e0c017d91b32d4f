-- Template: Zendesk as Fivetran lays it down -> workspace ops. Assumes schema zendesk with ticket, ticket_field_history and
-- ticket_comment. Adjust: contact type (form, tag or custom field), time zone, which group is a team.
-- Traps: values of the field history are text and a change, not a state; deleted and merged tickets are still there; no handle
-- time (call_duration is there for voice only); the assignee at the end is not who did all the work; no coaching and
-- no verified quality export: leave ops.coaching_session a table or map the log you keep, see ecoaching.sql.
DROP TABLE ops.agent_metric, ops.assignment, ops.contact, ops.contact_event;

CREATE VIEW zendesk.kept_ticket AS
SELECT * FROM zendesk.ticket
WHERE NOT coalesce(_fivetran_deleted, false) AND status <> 'deleted' AND assignee_id IS NOT NULL
	AND NOT EXISTS (SELECT FROM zendesk.ticket m WHERE m.merged_ticket_ids ~ ('\y' || ticket.id || '\y'));

-- What each status change led to, and until when.
CREATE VIEW zendesk.status_spell AS
SELECT ticket_id, value AS status, updated AS started_at, lead(updated) OVER w AS ended_at, lag(value) OVER w AS status_before, user_id
FROM zendesk.ticket_field_history
WHERE field_name = 'status'
WINDOW w AS (PARTITION BY ticket_id ORDER BY updated);

-- resolved: solved and never opened again; null while it is not solved.
CREATE VIEW ops.contact AS
SELECT t.id AS contact_id, t.assignee_id AS agent_id, t.created_at AS started_at, coalesce(t.ticket_form_id::text, t.type) AS contact_type,
	t.requester_id::text AS customer_id,
	(SELECT sum(c.call_duration)::float8 FROM zendesk.ticket_comment c WHERE c.ticket_id = t.id) AS handle_seconds,
	CASE WHEN s.reopened THEN false WHEN t.status IN ('solved', 'closed') THEN true END AS resolved,
	h.groups > 1 AS transferred
FROM zendesk.kept_ticket t,
	LATERAL (SELECT bool_or(status_before = 'solved' AND status IN ('new', 'open', 'pending', 'hold')) FROM zendesk.status_spell
		WHERE ticket_id = t.id) s (reopened),
	LATERAL (SELECT count(*) FROM zendesk.ticket_field_history WHERE ticket_id = t.id AND field_name = 'group_id'
		AND value IS NOT NULL) h (groups);

-- Waiting shows as status: pending waits for the customer, hold for somebody else inside.
CREATE VIEW ops.contact_event AS
SELECT ticket_id AS contact_id, 'status ' || status AS step, started_at, ended_at, user_id AS agent_id,
	CASE status WHEN 'pending' THEN 'wait' WHEN 'hold' THEN 'hold' WHEN 'solved' THEN 'resolved' ELSE 'work' END AS kind
FROM zendesk.status_spell WHERE status <> 'closed'
UNION ALL
SELECT ticket_id, 'group changed', updated, updated, user_id, 'transfer'
FROM (SELECT *, lag(value) OVER (PARTITION BY ticket_id ORDER BY updated) AS value_before FROM zendesk.ticket_field_history
	WHERE field_name = 'group_id') g
WHERE value_before IS NOT NULL AND value IS DISTINCT FROM value_before;

CREATE VIEW ops.agent_metric AS
SELECT agent_id, 'fcr' AS metric, date_trunc('week', started_at AT TIME ZONE 'UTC')::date AS period, avg(resolved::int)::float8 AS value,
	count(*)::float8 AS volume, contact_type
FROM ops.contact WHERE resolved IS NOT NULL GROUP BY 1, 3, contact_type
UNION ALL
SELECT agent_id, 'handle_time', date_trunc('week', started_at AT TIME ZONE 'UTC')::date, avg(handle_seconds), count(*)::float8, contact_type
FROM ops.contact WHERE handle_seconds > 0 GROUP BY 1, 3, contact_type;

-- Teams: the group of the agent's tickets; a new stay starts in the week where it changes, so that its rows have a team.
CREATE VIEW ops.assignment AS
SELECT agent_id, team, valid_from, lead(valid_from) OVER (PARTITION BY agent_id ORDER BY valid_from) AS valid_to
FROM (SELECT DISTINCT ON (agent_id, valid_from) * FROM (SELECT assignee_id AS agent_id, group_id::text AS team, date_trunc('week', created_at AT TIME ZONE 'UTC')::date AS valid_from,
			lag(group_id::text) OVER (PARTITION BY assignee_id ORDER BY created_at, id) AS before
		FROM zendesk.kept_ticket WHERE group_id IS NOT NULL) t
	WHERE team IS DISTINCT FROM before ORDER BY agent_id, valid_from, team) c;
