-- Contacts: one in ten of the last eight weeks, with their events; the constraint shows where an agent waits.

CREATE TABLE dw.contact_fact (contact_id bigint PRIMARY KEY, employee_id text NOT NULL, start_ts timestamptz NOT NULL, contact_reason text NOT NULL,
	customer_no text NOT NULL, handle_seconds numeric NOT NULL, resolved bool NOT NULL, transferred bool NOT NULL, escalated bool NOT NULL,
	csat int, complaint bool NOT NULL);

CREATE TEMP TABLE sampled_contact AS
SELECT row_number() OVER (ORDER BY t.at, k.key) AS contact_id, c.agent_id, c.team, c.contact_type, t.at, k.key,
	round((f.avg_handle_s * exp(.70 * pg_temp.z('length|' || k.key) - .70 ^ 2 / 2)::numeric), 1) AS seconds,
	pg_temp.u('resolved|' || k.key) < c.p_resolved AS resolved,
	pg_temp.u('transferred|' || k.key) < CASE WHEN c.team = 'Network A' AND c.contact_type = 'network_fault' THEN .30 ELSE .03 END AS transferred,
	pg_temp.u('escalated|' || k.key) < CASE WHEN c.team = 'Retention A' AND c.contact_type = 'cancellation' THEN .12 ELSE .03 END AS escalated
FROM cell c JOIN dw.agent_week_fact f ON f.employee_id = c.agent_id AND f.week_start = pg_temp.monday(c.week) AND f.contact_reason = c.contact_type,
	generate_series(1, round(.1 * c.contacts)::int) n,
	LATERAL (SELECT c.key || '|' || n) k (key),
	LATERAL (SELECT pg_temp.monday(c.week)::timestamp AT TIME ZONE 'UTC' + make_interval(days => floor(5 * pg_temp.u('day|' || k.key))::int,
		secs => 28800 + floor(32400 * pg_temp.u('second|' || k.key))::int)) t (at)
WHERE c.week >= 45;
ANALYZE sampled_contact;

-- An unresolved customer comes back within days to whoever answers: some contacts take over the number of an earlier one.
INSERT INTO dw.contact_fact
SELECT s.contact_id, s.agent_id, s.at, s.contact_type,
	'K' || CASE WHEN NOT p.resolved AND p.at < s.at - interval '2 hours' AND pg_temp.u('again|' || s.key) < .7 THEN p.contact_id ELSE s.contact_id END,
	s.seconds, s.resolved, s.transferred, s.escalated,
	CASE WHEN pg_temp.u('csat|' || s.key) < .15
		THEN round(pg_temp.clamp(CASE WHEN s.resolved THEN 4.3 ELSE 3.0 END + .9 * pg_temp.z('stars|' || s.key), 1, 5))::int END,
	pg_temp.u('complaint|' || s.key) < CASE WHEN s.resolved THEN .005 ELSE .04 END
FROM (SELECT *, row_number() OVER w - 40 - floor(80 * pg_temp.u('lag|' || key))::int AS earlier FROM sampled_contact
	WINDOW w AS (PARTITION BY contact_type ORDER BY contact_id)) s
LEFT JOIN (SELECT *, row_number() OVER w AS n FROM sampled_contact WINDOW w AS (PARTITION BY contact_type ORDER BY contact_id)) p
	ON p.contact_type = s.contact_type AND p.n = s.earlier;

CREATE TABLE dw.process_document (contact_reason text NOT NULL, step text NOT NULL, next_step text, PRIMARY KEY (contact_reason, step));
INSERT INTO dw.process_document
SELECT contact_reason, step, lead(step) OVER (PARTITION BY contact_reason ORDER BY n)
FROM dw.reason_target, (VALUES (1, 'identify'), (2, 'diagnose'), (3, 'retention_offer'), (4, 'apply'), (5, 'confirm'), (6, 'wrap_up')) d (n, step)
WHERE step <> 'retention_offer' OR contact_reason = 'cancellation';

-- Steps as they are walked: ordinary work with its share of the friction-free time and how often it happens.
CREATE TEMP TABLE walk (n int, step text, kind text, share float8, often float8, team text, contact_type text);
INSERT INTO walk VALUES
	(10, 'identify', 'work', .12, 1, NULL, NULL), (20, 'diagnose', 'work', .30, 1, NULL, NULL),
	(30, 'resolution known', 'resolution_identified', 0, 1, NULL, NULL),
	(40, 'ask_colleague', 'hold', .20, .06, NULL, NULL), (41, 'supervisor_approval', 'approval', .25, .04, NULL, NULL),
	(42, 'supervisor_approval', 'approval', .58, .9, 'Retention A', 'cancellation'),
	(42, 'wait_for_legacy_system', 'wait', .20, .9, 'Billing A', 'billing_question'),
	(43, 'rekey_in_legacy_system', 'work', .35, .9, 'Billing A', 'billing_question'),
	(42, 'wait_for_legacy_system', 'wait', .20, .9, 'Billing A', 'payment_plan'),
	(43, 'rekey_in_legacy_system', 'work', .35, .9, 'Billing A', 'payment_plan'),
	(42, 'back_office_address_check', 'hold', .45, .9, 'Moves A', 'moving_house'),
	(42, 'wait_for_field_service', 'wait', .62, .9, 'Meters A', 'meter_fault'),
	(42, 'call_network_desk', 'hold', .75, .9, 'Network A', 'network_fault'),
	(50, 'resolution allowed', 'resolution_authorised', 0, 1, NULL, NULL),
	(55, 'retention_offer', 'work', .10, .35, NULL, 'cancellation'),
	(60, 'apply', 'work', .38, 1, NULL, NULL), (70, 'confirm', 'work', .08, .65, NULL, NULL), (80, 'wrap_up', 'work', .12, 1, NULL, NULL),
	(85, 'transfer', 'transfer', 0, 1, NULL, NULL), (86, 'escalate', 'escalation', 0, 1, NULL, NULL), (90, 'resolved', 'resolved', 0, 1, NULL, NULL);

CREATE TABLE dw.contact_event_log (contact_id bigint NOT NULL, step text NOT NULL, start_ts timestamptz NOT NULL, end_ts timestamptz NOT NULL,
	employee_id text NOT NULL, kind text NOT NULL);
INSERT INTO dw.contact_event_log
SELECT contact_id, step, at + make_interval(secs => round(before::numeric, 1)::float8),
	at + make_interval(secs => round((before + share / total * seconds)::numeric, 1)::float8), agent_id, kind
FROM (SELECT s.contact_id, s.agent_id, s.at, s.seconds::float8, w.n, w.step, w.kind, w.share, sum(w.share) OVER c AS total,
		(sum(w.share) OVER (c ORDER BY w.n) - w.share) / sum(w.share) OVER c * s.seconds::float8 AS before
	FROM sampled_contact s JOIN walk w ON (w.contact_type IS NULL OR w.contact_type = s.contact_type) AND (w.team IS NULL OR w.team = s.team)
	WHERE (w.often = 1 OR pg_temp.u(concat_ws('|', w.step, w.n, s.key)) < w.often)
		AND CASE w.kind WHEN 'transfer' THEN s.transferred WHEN 'escalation' THEN s.escalated WHEN 'resolved' THEN s.resolved ELSE true END
	WINDOW c AS (PARTITION BY s.contact_id)) e
ORDER BY contact_id, before, n;
