-- The coaching log as coaches and programmes are judged by it: one definition for all that reads it.

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES (1080, 'coaching_log', 'table', $part$
	CREATE TABLE @.coaching_log (program text, site text, team text NOT NULL, agent_id text NOT NULL, coach_id text, session_id text NOT NULL, metric text, day date NOT NULL, month date NOT NULL,
		outcome text NOT NULL, held boolean NOT NULL, dose boolean NOT NULL, kind text NOT NULL, first_row boolean NOT NULL, length double precision, minutes double precision, coach_minutes double precision,
		days_moved integer, trigger text, behaviour text, sub_behaviour text, approach text, action text, follow_up_due date, followed_up_on date, recognition boolean, agent_rating double precision,
		not_coachable_reason text);
	COMMENT ON TABLE @.coaching_log IS 'The coaching log as coaches and programmes are judged by it, as of the last refresh: a row per session, agent and metric, of agents who were in a team on that day and had not left. Count sessions by first_row; sums of minutes count nothing twice.';
	COMMENT ON COLUMN @.coaching_log.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.coaching_log.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.coaching_log.team IS 'Team of the agent on that day.';
	COMMENT ON COLUMN @.coaching_log.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.coaching_log.coach_id IS 'Coach; null: not given.';
	COMMENT ON COLUMN @.coaching_log.session_id IS 'Session.';
	COMMENT ON COLUMN @.coaching_log.metric IS 'Metric that it was about; null: all of them.';
	COMMENT ON COLUMN @.coaching_log.day IS 'Day it was held, or else was to be held.';
	COMMENT ON COLUMN @.coaching_log.month IS 'First day of the month of day, in the time zone of the workspace.';
	COMMENT ON COLUMN @.coaching_log.outcome IS 'held, cancelled, rescheduled, no_show; ahead: planned for a day after the last session held; lapsed: planned before it, and nothing recorded since.';
	COMMENT ON COLUMN @.coaching_log.kind IS 'scheduled (also where not given), real_time or group.';
	COMMENT ON COLUMN @.coaching_log.first_row IS 'One row of each agent''s part in a session, one that was held if any was, to count sessions by.';
	COMMENT ON COLUMN @.coaching_log.length IS 'Length of the session in minutes, held or booked; null: not given, or not above 0.';
	COMMENT ON COLUMN @.coaching_log.minutes IS 'The agent''s minutes, shared by the metrics that the session was about.';
	COMMENT ON COLUMN @.coaching_log.coach_minutes IS 'The coach''s minutes: those of a group session are shared by who took part; null: not held.';
	COMMENT ON COLUMN @.coaching_log.days_moved IS 'Days from the day it was scheduled for to the day it was held.';
	COMMENT ON COLUMN @.coaching_log.held IS 'Whether it was held.';
	COMMENT ON COLUMN @.coaching_log.dose IS 'Whether it counts as coaching dose: held, something to coach, not recognition alone.';
	COMMENT ON COLUMN @.coaching_log.trigger IS 'Why it was given.';
	COMMENT ON COLUMN @.coaching_log.behaviour IS 'Behaviour worked on.';
	COMMENT ON COLUMN @.coaching_log.sub_behaviour IS 'Part of the behaviour.';
	COMMENT ON COLUMN @.coaching_log.approach IS 'Coaching model used.';
	COMMENT ON COLUMN @.coaching_log.action IS 'Action agreed.';
	COMMENT ON COLUMN @.coaching_log.follow_up_due IS 'Day by which it is to be followed up.';
	COMMENT ON COLUMN @.coaching_log.followed_up_on IS 'Day it was followed up; null: not yet.';
	COMMENT ON COLUMN @.coaching_log.recognition IS 'Whether progress was recognised.';
	COMMENT ON COLUMN @.coaching_log.agent_rating IS 'Rating that the agent gave the session.';
	COMMENT ON COLUMN @.coaching_log.not_coachable_reason IS 'Why the coach found nothing to coach.';
$part$, $fill$SELECT coachdiag.fill_part($1, 'coaching_log', coachdiag.in_workspace($1, $query$
	WITH shared AS MATERIALIZED (
		SELECT s.session_id FROM @.stored_coaching_session s GROUP BY s.session_id HAVING count(*) > 1
	), log AS NOT MATERIALIZED (
		SELECT t.program, t.site, s.*,
			CASE WHEN s.held THEN 'held' WHEN s.status IN ('cancelled', 'rescheduled', 'no_show') THEN s.status
				WHEN s.day > (SELECT max(l.day) FROM @.stored_coaching_session l WHERE l.held) THEN 'ahead' ELSE 'lapsed' END AS outcome,
			CASE WHEN s.duration_minutes > 0 AND s.duration_minutes < 1e100 THEN s.duration_minutes END AS own_length,
			CASE WHEN s.held THEN s.day - (s.scheduled_at AT TIME ZONE z.time_zone)::date END AS days_moved,
			(s.followed_up_at AT TIME ZONE z.time_zone)::date AS followed_up_on
		FROM @.stored_coaching_session s
		JOIN @.stored_team t ON t.team = s.team
		CROSS JOIN (SELECT coalesce(max(x.time_zone), 'UTC') AS time_zone FROM @.settings x) z
		LEFT JOIN @.stored_agent a ON a.agent_id = s.agent_id
		WHERE s.session_id IS NOT NULL AND (a.left_on IS NULL OR s.day <= a.left_on)
	), counted AS (
		-- Nearly all sessions are one row: only the others need to be held against each other.
		SELECT l.*, true AS first_row, 1 AS rows, l.own_length AS length, 1 AS participants
		FROM log l WHERE l.session_id NOT IN (SELECT x.session_id FROM shared x WHERE x.session_id IS NOT NULL)
		UNION ALL
		SELECT p.*, count(*) FILTER (WHERE p.first_row AND p.held) OVER (PARTITION BY p.session_id COLLATE "C")
		FROM (
			SELECT l.*, lag(l.agent_id) OVER ordered IS DISTINCT FROM l.agent_id AS first_row, count(*) OVER participant AS rows, max(l.own_length) OVER participant AS length
			FROM log l WHERE l.session_id IN (SELECT x.session_id FROM shared x)
			WINDOW ordered AS (PARTITION BY l.session_id COLLATE "C" ORDER BY l.agent_id COLLATE "C", l.held DESC, l.metric COLLATE "C"),
				participant AS (PARTITION BY l.session_id COLLATE "C", l.agent_id COLLATE "C")
		) p
	)
	SELECT c.program, c.site, c.team, c.agent_id, c.coach_id, c.session_id, c.metric, c.day, date_trunc('month', c.day::timestamp)::date AS month,
		c.outcome, c.held, c.dose, coalesce(c.kind, 'scheduled') AS kind, c.first_row,
		c.length, c.length / c.rows AS minutes, CASE WHEN c.held THEN c.length / c.rows / c.participants END AS coach_minutes,
		c.days_moved, c.trigger, c.behaviour, c.sub_behaviour, c.approach, c.action, c.follow_up_due, c.followed_up_on, c.recognition, c.agent_rating, c.not_coachable_reason
	FROM counted c
$query$))$fill$,
	'{settings,stored_agent,stored_coaching_session,stored_team}');
