-- The contract with the sources, as data.

CREATE FUNCTION coachdiag.contract()
RETURNS TABLE (relation text, column_no int, column_name text, type text, required boolean, not_null boolean,
	key boolean, allowed text[], refers_to text, comment text, needed_by text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- plpgsql keeps its plans: this is asked dozens of times a refresh.
	RETURN QUERY WITH listed (relation_no, relation, needed_by, comment) AS (VALUES
		-- needed_by: what cannot be assessed without it; null: it is required
		(1, 'metric', NULL, 'What is measured: one row per metric.'),
		(2, 'agent_metric', NULL, 'What was measured: one row per agent, metric and period, and contact type where known.'),
		(3, 'assignment', NULL, 'Who was in which team when.'),
		(4, 'agent', 'the gap by tenure, experienced agents against new ones, leavers', 'Agents: one row each.'),
		(5, 'coaching_session', 'what coaching did, cycles of coaching without result, the paradox', 'The coaching log: one row per session, agent and metric it was about; a group session has a row per participant.'),
		(6, 'coach', 'promotion and training of coaches', 'Coaches: one row each.'),
		(7, 'coach_week', 'load of coaches, time left for coaching', 'Load of coaches: one row per coach and week.'),
		(8, 'agent_week', 'availability of agents for coaching', 'Availability of agents: one row per agent and week.'),
		(9, 'contact', 'repeat contacts, look-alikes of the paradox', 'Customer contacts: one row each.'),
		(10, 'contact_event', 'waits, transfers, approvals, decision latency, the real process', 'What happened inside contacts: one row per step.'),
		(11, 'documented_step', 'the documented process against the real one', 'The process as documented: one row per step, and per successor where there are several.'),
		(12, 'intervention', 'what a change of process or authority did', 'Changes to process, authority, systems or information: one row each.')
	), of_relation (relation, column_no, column_name, type, presence, key, allowed, refers_to, comment) AS (VALUES
		-- presence: required (there and filled), nullable (there, may be null), optional
		('metric', 1, 'metric', 'text', 'required', true, NULL::text[], NULL::text, 'Name of the metric, the key that the other relations use.'),
		('metric', 2, 'higher_is_better', 'boolean', 'required', false, NULL, NULL, 'Direction: true where more is better (first contact resolution), false where less is (handle time).'),
		('metric', 3, 'target', 'double precision', 'required', false, NULL, NULL, 'Target in the unit of the metric; a target in agent_metric overrides it.'),
		('metric', 4, 'smallest_effect', 'double precision', 'optional', false, NULL, NULL, 'Smallest change worth having, in the unit of the metric, above 0. Without it "no effect" cannot be said.'),
		('metric', 5, 'unit', 'text', 'optional', false, NULL, NULL, 'Unit, for reports (s, min, %).'),
		('metric', 6, 'scale', 'text', 'optional', false, '{identity,log,proportion}', NULL, 'How values are compared: identity (default), log (times: ratios matter; above 0), proportion (rates: 0 to 1, volume is the number of trials).'),

		('agent_metric', 1, 'agent_id', 'id', 'required', true, NULL, 'assignment', 'Agent.'),
		('agent_metric', 2, 'metric', 'text', 'required', true, NULL, 'metric', 'Metric.'),
		('agent_metric', 3, 'period', 'date', 'required', true, NULL, NULL, 'The day, or the first day of the week; one grid per metric.'),
		('agent_metric', 4, 'value', 'double precision', 'required', false, NULL, NULL, 'Mean of the period in the unit of the metric; a fraction from 0 to 1 on scale proportion.'),
		('agent_metric', 5, 'volume', 'double precision', 'optional', false, NULL, NULL, 'What the value rests on: contacts, evaluations. The weight; null counts as 1, 0 as nothing measured.'),
		('agent_metric', 6, 'contact_type', 'text', 'optional', true, NULL, NULL, 'Contact type that the row is about; null: all together.'),
		('agent_metric', 7, 'target', 'double precision', 'optional', false, NULL, NULL, 'Target of this row, over that of the metric.'),

		('assignment', 1, 'agent_id', 'id', 'required', true, NULL, 'agent', 'Agent.'),
		('assignment', 2, 'team', 'text', 'required', false, NULL, NULL, 'Team.'),
		('assignment', 3, 'valid_from', 'date', 'required', true, NULL, NULL, 'First day in the team.'),
		('assignment', 4, 'valid_to', 'date', 'optional', false, NULL, NULL, 'First day no longer in the team; null: still there.'),
		('assignment', 5, 'supervisor', 'text', 'optional', false, NULL, NULL, 'Supervisor of the team.'),
		('assignment', 6, 'site', 'text', 'optional', false, NULL, NULL, 'Site of the team.'),
		('assignment', 7, 'program', 'text', 'optional', false, NULL, NULL, 'Program, client or line of business of the team.'),

		('agent', 1, 'agent_id', 'id', 'required', true, NULL, NULL, 'Agent.'),
		('agent', 2, 'hired_on', 'date', 'optional', false, NULL, NULL, 'First day of work: where tenure starts. Where it is missing, the first assignment of an agent who began later than the others.'),
		('agent', 3, 'left_on', 'date', 'optional', false, NULL, NULL, 'Last day of work; null: still there.'),

		('coaching_session', 1, 'session_id', 'id', 'required', true, NULL, NULL, 'Session.'),
		('coaching_session', 2, 'agent_id', 'id', 'required', true, NULL, 'assignment', 'Agent who was coached.'),
		('coaching_session', 3, 'coach_id', 'id', 'required', false, NULL, 'coach', 'Coach.'),
		('coaching_session', 4, 'held_at', 'timestamptz', 'nullable', false, NULL, NULL, 'When it took place; null: not held.'),
		('coaching_session', 5, 'scheduled_at', 'timestamptz', 'optional', false, NULL, NULL, 'When it was to take place.'),
		('coaching_session', 6, 'status', 'text', 'optional', false, '{planned,held,cancelled,rescheduled,no_show}', NULL, 'What became of it; null counts as held where held_at is given.'),
		('coaching_session', 7, 'metric', 'text', 'optional', true, NULL, 'metric', 'Metric that it was about; null: not said, counts for each of the team''s.'),
		('coaching_session', 8, 'duration_minutes', 'double precision', 'optional', false, NULL, NULL, 'Length in minutes.'),
		('coaching_session', 9, 'kind', 'text', 'optional', false, '{scheduled,real_time,group}', NULL, 'Kind of session.'),
		('coaching_session', 10, 'trigger', 'text', 'optional', false, '{metric_outlier,quality_fail,routine,request}', NULL, 'Why it was given.'),
		('coaching_session', 11, 'behaviour', 'text', 'optional', false, NULL, NULL, 'Behaviour worked on.'),
		('coaching_session', 12, 'sub_behaviour', 'text', 'optional', false, NULL, NULL, 'Part of the behaviour.'),
		('coaching_session', 13, 'approach', 'text', 'optional', false, NULL, NULL, 'Coaching model used (GROW, ...).'),
		('coaching_session', 14, 'action', 'text', 'optional', false, NULL, NULL, 'Action agreed.'),
		('coaching_session', 15, 'follow_up_due', 'date', 'optional', false, NULL, NULL, 'Day by which the action is to be followed up.'),
		('coaching_session', 16, 'followed_up_at', 'timestamptz', 'optional', false, NULL, NULL, 'When it was followed up; null: not yet.'),
		('coaching_session', 17, 'recognition', 'boolean', 'optional', false, NULL, NULL, 'Whether progress was recognised; with nothing worked on or agreed, the session is no coaching dose.'),
		('coaching_session', 18, 'agent_rating', 'double precision', 'optional', false, NULL, NULL, 'Rating that the agent gave the session.'),
		('coaching_session', 19, 'not_coachable_reason', 'text', 'optional', false, NULL, NULL, 'Why the coach found nothing to coach (system issue, ...); given, the session is no coaching dose.'),

		('coach', 1, 'coach_id', 'id', 'required', true, NULL, NULL, 'Coach.'),
		('coach', 2, 'promoted_on', 'date', 'optional', false, NULL, NULL, 'Since when a coach.'),
		('coach', 3, 'trained_on', 'date', 'optional', false, NULL, NULL, 'When trained as a coach; null: not.'),

		('coach_week', 1, 'coach_id', 'id', 'required', true, NULL, 'coach', 'Coach.'),
		('coach_week', 2, 'period', 'date', 'required', true, NULL, NULL, 'First day of the week.'),
		('coach_week', 3, 'direct_reports', 'double precision', 'optional', false, NULL, NULL, 'Agents who report to the coach.'),
		('coach_week', 4, 'available_minutes', 'double precision', 'optional', false, NULL, NULL, 'Working minutes.'),
		('coach_week', 5, 'coaching_minutes', 'double precision', 'optional', false, NULL, NULL, 'Minutes of them spent coaching.'),

		('agent_week', 1, 'agent_id', 'id', 'required', true, NULL, 'assignment', 'Agent.'),
		('agent_week', 2, 'period', 'date', 'required', true, NULL, NULL, 'First day of the week.'),
		('agent_week', 3, 'available_minutes', 'double precision', 'optional', false, NULL, NULL, 'Working minutes.'),
		('agent_week', 4, 'occupancy', 'double precision', 'optional', false, NULL, NULL, 'Share of them on contacts, 0 to 1.'),
		('agent_week', 5, 'coaching_minutes_planned', 'double precision', 'optional', false, NULL, NULL, 'Minutes planned for being coached.'),

		('contact', 1, 'contact_id', 'id', 'required', true, NULL, NULL, 'Contact.'),
		('contact', 2, 'agent_id', 'id', 'nullable', false, NULL, 'assignment', 'Agent who handled it; null: nobody.'),
		('contact', 3, 'started_at', 'timestamptz', 'required', false, NULL, NULL, 'When it started.'),
		('contact', 4, 'contact_type', 'text', 'optional', false, NULL, NULL, 'Contact type.'),
		('contact', 5, 'customer_id', 'text', 'optional', false, NULL, NULL, 'Customer, to find repeat contacts.'),
		('contact', 6, 'handle_seconds', 'double precision', 'optional', false, NULL, NULL, 'Handle time in seconds.'),
		('contact', 7, 'resolved', 'boolean', 'optional', false, NULL, NULL, 'Whether it was resolved.'),
		('contact', 8, 'transferred', 'boolean', 'optional', false, NULL, NULL, 'Whether it was transferred.'),
		('contact', 9, 'escalated', 'boolean', 'optional', false, NULL, NULL, 'Whether it was escalated.'),
		('contact', 10, 'csat', 'double precision', 'optional', false, NULL, NULL, 'Satisfaction that the customer gave.'),
		('contact', 11, 'complaint', 'boolean', 'optional', false, NULL, NULL, 'Whether a complaint followed.'),

		('contact_event', 1, 'contact_id', 'id', 'required', false, NULL, 'contact', 'Contact.'),
		('contact_event', 2, 'step', 'text', 'required', false, NULL, NULL, 'Step of the process.'),
		('contact_event', 3, 'started_at', 'timestamptz', 'required', false, NULL, NULL, 'When the step started.'),
		('contact_event', 4, 'ended_at', 'timestamptz', 'optional', false, NULL, NULL, 'When it ended.'),
		('contact_event', 5, 'agent_id', 'id', 'optional', false, NULL, 'assignment', 'Who did it.'),
		('contact_event', 6, 'kind', 'text', 'optional', false, '{work,wait,hold,approval,transfer,escalation,resolution_identified,resolution_authorised,resolved}', NULL, 'Kind of step.'),

		('documented_step', 1, 'contact_type', 'text', 'required', true, NULL, NULL, 'Contact type.'),
		('documented_step', 2, 'step', 'text', 'required', true, NULL, NULL, 'Step.'),
		('documented_step', 3, 'next_step', 'text', 'optional', true, NULL, NULL, 'Step that follows; null: the last.'),

		('intervention', 1, 'intervention_id', 'text', 'required', true, NULL, NULL, 'Intervention.'),
		('intervention', 2, 'started_on', 'date', 'required', false, NULL, NULL, 'First day in force.'),
		('intervention', 3, 'kind', 'text', 'optional', false, '{process_redesign,authority_extension,system_improvement,information_flow,other}', NULL, 'Kind of change.'),
		('intervention', 4, 'metric', 'text', 'optional', false, NULL, 'metric', 'Metric that it was to move; null: all.'),
		('intervention', 5, 'program', 'text', 'optional', false, NULL, NULL, 'Program it applied to; null: all.'),
		('intervention', 6, 'site', 'text', 'optional', false, NULL, NULL, 'Site it applied to; null: all.'),
		('intervention', 7, 'team', 'text', 'optional', false, NULL, NULL, 'Team it applied to; null: all.'),
		('intervention', 8, 'contact_type', 'text', 'optional', false, NULL, NULL, 'Contact type it applied to; null: all.'),
		('intervention', 9, 'description', 'text', 'optional', false, NULL, NULL, 'What was changed.')
	)
	SELECT c.relation, c.column_no, c.column_name, c.type, c.presence <> 'optional', c.presence = 'required',
		c.key, c.allowed, c.refers_to, c.comment, c.needed_by
	FROM (
		SELECT l.relation_no, l.relation, 0 AS column_no, NULL::text AS column_name, NULL::text AS type, CASE WHEN l.needed_by IS NULL THEN 'required' ELSE 'optional' END AS presence,
			false AS key, NULL::text[] AS allowed, NULL::text AS refers_to, l.comment, l.needed_by
		FROM listed l
		UNION ALL
		SELECT l.relation_no, o.*, NULL
		FROM of_relation o JOIN listed l USING (relation)
	) c
	ORDER BY c.relation_no, c.column_no;
END
$$;

COMMENT ON FUNCTION coachdiag.contract() IS
'The source relations of a workspace, as data: create_workspace makes them, check_sources checks them, refresh reads them by it. '
'column_no 0 is the relation itself. type id: any integer type, text or uuid. required: must exist (optional ones read as null). '
'not_null: must be filled. key: columns that identify a row. allowed: the values known. refers_to: relation in which an id or metric must occur. needed_by: what cannot be assessed without an optional relation, in words.';

CREATE FUNCTION coachdiag.needed_by(relation text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT c.needed_by FROM coachdiag.contract() c WHERE c.relation = needed_by.relation AND c.column_no = 0
$$;

COMMENT ON FUNCTION coachdiag.needed_by(text) IS
'What cannot be assessed without an optional source relation, in words; null for a required relation.';
