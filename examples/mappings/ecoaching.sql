-- Template: a coaching log of the eCoaching type (log, reasons, dimension tables) -> workspace ops. Assumes schema ec with the
-- tables coaching_log, coaching_log_reason, dim_coaching_reason, dim_sub_coaching_reason and dim_status.
-- Adjust: which reason is about which metric, the words of the statuses, the time zone of the local times.
-- Traps: one log has many reasons (a row per session and metric is wanted, not per reason); reinforcement and kudos are
-- recognition, not coaching; "not coachable" logs say what is wrong with the system, keep the reason; a log opened by an
-- outlier report was triggered by the metric; EventDate is the contact, SubmittedDate the paper, CoachingDate the session.
DROP TABLE ops.coaching_session;

-- Which metric a reason is about: yours to fill. Logs about anything else (attendance, …) coach none of your metrics: left out.
CREATE TABLE ec.reason_metric (coaching_reason text PRIMARY KEY, metric text NOT NULL);
INSERT INTO ec.reason_metric VALUES ('AHT', 'handle_time'), ('Call Efficiency', 'handle_time'), ('Quality', 'quality'), ('Quality Now', 'quality');

-- held: local time of a completed log; recognition: all its reasons about the metric were praise.
CREATE VIEW ops.coaching_session AS
SELECT l.coachingid AS session_id, l.empid AS agent_id, coalesce(l.supid, l.submitterid) AS coach_id,
	CASE WHEN s.status = 'Completed' THEN l.coachingdate AT TIME ZONE 'America/New_York' END AS held_at,
	l.submitteddate AT TIME ZONE 'America/New_York' AS scheduled_at,
	CASE WHEN s.status = 'Completed' THEN 'held' WHEN s.status = 'Inactive' THEN 'cancelled' ELSE 'planned' END AS status,
	r.metric, NULL::float8 AS duration_minutes, NULL::text AS kind,
	CASE WHEN r.sub_reasons LIKE '%OMR:%' THEN 'metric_outlier' WHEN r.metric = 'quality' THEN 'quality_fail' ELSE 'routine' END AS "trigger",
	l.behavior AS behaviour, r.sub_reasons AS sub_behaviour, NULL::text AS approach, l.coachingnotes AS action,
	CASE WHEN l.isfollowuprequired THEN l.followupduedate::date END AS follow_up_due,
	l.followupactualdate AT TIME ZONE 'America/New_York' AS followed_up_at,
	r.praise AS recognition, NULL::float8 AS agent_rating,
	CASE WHEN NOT l.iscoachingrequired OR r.not_coachable THEN coalesce(l.strreasonnotcoachable, 'not coachable') END AS not_coachable_reason
FROM ec.coaching_log l
JOIN ec.dim_status s ON s.statusid = l.statusid
JOIN (SELECT c.coachingid, m.metric, string_agg(DISTINCT b.subcoachingreason, ', ') AS sub_reasons,
		bool_and(c.value IN ('Reinforcement', 'Met Goal')) AS praise, bool_or(c.value = 'Not Coachable') AS not_coachable
	FROM ec.coaching_log_reason c
	JOIN ec.dim_coaching_reason d ON d.coachingreasonid = c.coachingreasonid
	LEFT JOIN ec.dim_sub_coaching_reason b ON b.subcoachingreasonid = c.subcoachingreasonid
	JOIN ec.reason_metric m ON m.coaching_reason = d.coachingreason
	GROUP BY c.coachingid, m.metric) r ON r.coachingid = l.coachingid;
