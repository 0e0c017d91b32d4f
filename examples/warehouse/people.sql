-- People: seats filled by a chain of agents who join, stay and leave; team moves; coaches.

-- Leaving is 60 % a year in the first half-year of tenure and 28 % a year after it; e is a unit exponential draw.
CREATE FUNCTION pg_temp.weeks_to_leaving(tenure float8, e float8) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN CASE WHEN tenure < 26 AND e < (26 - tenure) * .60 / 52 THEN e * 52 / .60
	WHEN tenure < 26 THEN 26 - tenure + (e - (26 - tenure) * .60 / 52) * 52 / .28
	ELSE e * 52 / .28 END;

CREATE TEMP TABLE staff AS
WITH RECURSIVE chain AS (
	SELECT p.team, seat, 1 AS k, p.opened AS start_week, t.tenure,
		p.opened + 1 + floor(pg_temp.weeks_to_leaving(t.tenure, -ln(pg_temp.u(concat_ws('|', 'stay', p.team, seat, 1))) / p.attrition))::int AS leave_week
	FROM plan_team p, generate_series(1, p.seats) seat,
		LATERAL (SELECT CASE WHEN p.opened > 1 THEN 0
			ELSE floor(3 + 180 * pg_temp.u(concat_ws('|', 'tenure', p.team, seat)) ^ 1.3) END) t (tenure)
	UNION ALL
	SELECT c.team, c.seat, c.k + 1, n.start_week, 0,
		n.start_week + 1 + floor(pg_temp.weeks_to_leaving(0, -ln(pg_temp.u(concat_ws('|', 'stay', c.team, c.seat, c.k + 1))) / p.attrition))::int
	FROM chain c JOIN plan_team p USING (team),
		LATERAL (SELECT c.leave_week + floor(3 * pg_temp.u(concat_ws('|', 'vacant', c.team, c.seat, c.k)))::int) n (start_week)
	WHERE n.start_week <= 52
)
SELECT 'A' || lpad((row_number() OVER (ORDER BY start_week - tenure, team, seat))::text, 4, '0') AS agent_id,
	team, start_week, (start_week - tenure)::int AS hire_week, leave_week
FROM chain;

CREATE TABLE dw.hr_roster (employee_id text PRIMARY KEY, program text NOT NULL, hire_date date NOT NULL, termination_date date);
INSERT INTO dw.hr_roster
SELECT agent_id, program, pg_temp.monday(hire_week), CASE WHEN leave_week <= 52 THEN pg_temp.monday(leave_week) - 3 END
FROM staff JOIN plan_team USING (team);

-- Eight long-serving agents change teams inside their programme.
CREATE TEMP TABLE move AS
SELECT agent_id, team AS from_team, 12 + floor(30 * pg_temp.u('week of move|' || agent_id))::int AS week,
	CASE team WHEN 'Billing B' THEN 'Moves B' WHEN 'Moves B' THEN 'Payments A' WHEN 'Payments A' THEN 'Billing A'
		WHEN 'Devices B' THEN 'Plans A' WHEN 'Plans A' THEN 'Devices A' ELSE 'Devices B' END AS to_team
FROM (SELECT *, row_number() OVER (ORDER BY pg_temp.u('move|' || agent_id)) AS n FROM staff
	WHERE leave_week > 53 AND start_week = 1
		AND team IN ('Billing B', 'Moves B', 'Payments A', 'Devices B', 'Plans A', 'Devices A')) s
WHERE n <= 8;

CREATE TEMP TABLE stint AS
SELECT s.agent_id, s.team, s.hire_week, s.start_week, coalesce(m.week, s.leave_week) AS end_week,
	CASE WHEN m.week IS NULL AND s.leave_week > 52 THEN NULL ELSE coalesce(m.week, s.leave_week) END AS closed_week
FROM staff s LEFT JOIN move m USING (agent_id)
UNION ALL
SELECT s.agent_id, m.to_team, s.hire_week, m.week, s.leave_week, CASE WHEN s.leave_week <= 52 THEN s.leave_week END
FROM staff s JOIN move m USING (agent_id);

CREATE TABLE dw.team_history (employee_id text NOT NULL, team_name text NOT NULL, site text NOT NULL, program text NOT NULL,
	supervisor_id text NOT NULL, start_date date NOT NULL, end_date date, PRIMARY KEY (employee_id, start_date));
INSERT INTO dw.team_history
SELECT s.agent_id, s.team, p.site, p.program, p.coach,
	pg_temp.monday(CASE WHEN s.start_week <= 1 THEN s.hire_week ELSE s.start_week END), pg_temp.monday(s.closed_week)
FROM stint s JOIN plan_team p USING (team);

-- Weeks at work: an agent is away one week in twelve.
CREATE TEMP TABLE duty AS
SELECT s.agent_id, s.team, w AS week, w - s.hire_week AS tenure
FROM stint s, generate_series(greatest(s.start_week, 1), least(s.end_week - 1, 52)) w
WHERE pg_temp.u(concat_ws('|', 'away', s.agent_id, w)) > .08;
CREATE UNIQUE INDEX ON duty (agent_id, week);
ANALYZE staff, stint, duty;

-- Coaches: one per team, a second one in Plans A, one floating coach per site. multiplier scales what a session gives.
CREATE TEMP TABLE coach AS
SELECT coach AS coach_id, site, seats AS reports, round(exp(.2 * pg_temp.z('coach|' || coach))::numeric, 3)::float8 AS multiplier FROM plan_team
UNION ALL SELECT 'COACH15', 'North', 0, 0
UNION ALL SELECT 'COACH2' || row_number() OVER (ORDER BY site), site, 0, 1 FROM (SELECT DISTINCT site FROM plan_team) s;

CREATE TABLE dw.coach_roster (coach_employee_id text PRIMARY KEY, site text NOT NULL, promoted_on date, trained_on date);
INSERT INTO dw.coach_roster
SELECT coach_id, site, p.on_date, CASE WHEN pg_temp.u('trained|' || coach_id) < .6 THEN p.on_date + 30 + floor(200 * pg_temp.u('lag|' || coach_id))::int END
FROM coach, LATERAL (SELECT date '2025-02-01' - floor(1500 * pg_temp.u('promoted|' || coach_id) ^ 1.5)::int) p (on_date);
