-- The workspace ops: contract relations replaced by views over the warehouse: plain SQL, no mapping dialect.

SELECT coachdiag.create_workspace('ops') \gset

-- Two ways to fill a contract relation: rows in the table it comes with …
INSERT INTO ops.metric (metric, higher_is_better, target, smallest_effect, unit, scale) VALUES
	('handle_time', false, 420, 15, 'seconds', 'log'),
	('fcr', true, .70, .02, 'share', 'proportion'),
	('quality', true, 82, 2, 'points', 'identity');

-- … or a view of the same name.
DROP TABLE ops.agent_metric, ops.assignment, ops.agent, ops.coaching_session, ops.coach, ops.coach_week, ops.agent_week,
	ops.contact, ops.contact_event, ops.documented_step, ops.intervention;

CREATE VIEW ops.agent_metric AS
SELECT employee_id AS agent_id, v.metric, week_start AS period, v.value, v.volume, contact_reason AS contact_type, v.target
FROM dw.agent_week_fact JOIN dw.reason_target USING (contact_reason),
	LATERAL (VALUES
		('handle_time', avg_handle_s::float8, contacts::float8, handle_target_s::float8),
		('fcr', surveys_resolved::float8 / nullif(surveys, 0), surveys::float8, fcr_target::float8),
		('quality', evaluation_score::float8, evaluations::float8, NULL)) v (metric, value, volume, target)
WHERE v.volume > 0;
COMMENT ON VIEW ops.agent_metric IS 'Weekly result by agent, metric and contact type; handle time and fcr have a target for each contact type';

CREATE VIEW ops.assignment AS
SELECT employee_id AS agent_id, team_name AS team, start_date AS valid_from, end_date AS valid_to, supervisor_id AS supervisor, site, program
FROM dw.team_history;

CREATE VIEW ops.agent AS
SELECT employee_id AS agent_id, hire_date AS hired_on, termination_date AS left_on
FROM dw.hr_roster;

CREATE VIEW ops.coaching_session AS
SELECT log_id AS session_id, employee_id AS agent_id, coach_employee_id AS coach_id, held_ts AS held_at, scheduled_ts AS scheduled_at,
	state AS status, metric_code AS metric, minutes::float8 AS duration_minutes, kind, reason AS "trigger", behaviour, sub_behaviour,
	model AS approach, action, follow_up_due, followed_up_ts AS followed_up_at, recognition, rating::float8 AS agent_rating,
	not_coachable AS not_coachable_reason
FROM dw.coaching_log;

CREATE VIEW ops.coach AS
SELECT coach_employee_id AS coach_id, promoted_on, trained_on
FROM dw.coach_roster;

CREATE VIEW ops.coach_week AS
SELECT coach_employee_id AS coach_id, week_start AS period, direct_reports, available_minutes::float8, coaching_minutes::float8
FROM dw.coach_week_fact;

CREATE VIEW ops.agent_week AS
SELECT employee_id AS agent_id, week_start AS period, available_minutes::float8, occupancy::float8, coaching_minutes_planned::float8
FROM dw.workforce_week;

CREATE VIEW ops.contact AS
SELECT contact_id, employee_id AS agent_id, start_ts AS started_at, contact_reason AS contact_type, customer_no AS customer_id,
	handle_seconds::float8, resolved, transferred, escalated, csat::float8, complaint
FROM dw.contact_fact;

CREATE VIEW ops.contact_event AS
SELECT contact_id, step, start_ts AS started_at, end_ts AS ended_at, employee_id AS agent_id, kind
FROM dw.contact_event_log;

CREATE VIEW ops.documented_step AS
SELECT contact_reason AS contact_type, step, next_step
FROM dw.process_document;

CREATE VIEW ops.intervention AS
SELECT change_id AS intervention_id, live_date AS started_on, change_kind AS kind, metric_code AS metric, program, site, team_name AS team,
	contact_reason AS contact_type, note AS description
FROM dw.change_log;
