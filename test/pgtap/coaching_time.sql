-- coaching_time, value_of_coaching, session_topics, coaching_activity: what is counted, once, in which month.
\set QUIET on
SET client_min_messages = error;
SET jit = off;
SELECT plan(53);

SELECT coachdiag.create_workspace('ops'), coachdiag.create_workspace('full'), coachdiag.create_workspace('bare');
UPDATE ops.settings SET time_zone = 'America/New_York';
INSERT INTO ops.metric (metric, higher_is_better, target) VALUES ('aht', false, 300), ('qa', true, 85);
INSERT INTO ops.assignment (agent_id, team, valid_from, valid_to, site, program) VALUES
	(1, 'A', '2024-01-01', NULL, 'north', 'retail'), (2, 'A', '2024-01-01', '2024-02-10', 'north', 'retail'), (3, 'A', '2024-01-01', NULL, 'north', 'retail'), (4, 'A', '2024-01-01', NULL, 'north', 'retail'),
	(2, 'B', '2024-02-10', NULL, 'south', NULL), (5, 'B', '2024-01-01', NULL, 'south', NULL);
INSERT INTO ops.agent (agent_id, left_on) VALUES (4, '2024-02-09'), (1, NULL);
INSERT INTO ops.agent_metric (agent_id, metric, period, value) SELECT a, 'aht', date '2024-01-01' + 7 * w, 290 + a FROM generate_series(1, 5) a, generate_series(0, 12) w;
-- Ten weeks with occupancy, the sixth and seventh (from 5 February) busy; 30 minutes are booked for agent 1 each week.
INSERT INTO ops.agent_week (agent_id, period, available_minutes, occupancy, coaching_minutes_planned)
SELECT a, date '2024-01-01' + 7 * w, 2250, CASE WHEN w IN (5, 6) THEN 0.95 ELSE 0.7 END, CASE a WHEN 1 THEN 30 END FROM generate_series(1, 4) a, generate_series(0, 9) w;

INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, scheduled_at, held_at, status, metric, duration_minutes, kind, behaviour, sub_behaviour, action, not_coachable_reason, trigger) VALUES
	-- The evening of 31 January in New York
	(1, 1, 90, '2024-02-01 03:00+00', '2024-02-01 03:00+00', 'held', 'aht', 20, 'scheduled', 'hold time', NULL, 'practise', NULL, NULL),
	-- One session about two metrics, held two days late
	(2, 1, 90, '2024-02-12 15:00+00', '2024-02-14 15:00+00', 'held', 'aht', 30, 'scheduled', 'hold time', NULL, NULL, NULL, NULL),
	(2, 1, 90, '2024-02-12 15:00+00', '2024-02-14 15:00+00', 'held', 'qa', 30, 'scheduled', 'Script adherence', NULL, NULL, NULL, NULL),
	-- A group session of two teams, which one agent missed
	(3, 1, 91, '2024-02-20 15:00+00', '2024-02-20 15:00+00', NULL, 'qa', 40, 'group', NULL, NULL, NULL, NULL, NULL),
	(3, 2, 91, '2024-02-20 15:00+00', '2024-02-20 15:00+00', NULL, 'qa', 40, 'group', NULL, NULL, NULL, NULL, NULL),
	(3, 3, 91, '2024-02-20 15:00+00', '2024-02-20 15:00+00', NULL, 'qa', 40, 'group', NULL, NULL, NULL, NULL, NULL),
	(3, 5, 91, '2024-02-20 15:00+00', NULL, 'no_show', 'qa', 40, 'group', NULL, NULL, NULL, NULL, NULL),
	-- Not held: one cancelled though a time is given, moved, missed, forgotten, still ahead; the first two in the busy weeks
	(4, 3, 90, '2024-02-07 15:00+00', '2024-02-07 15:00+00', 'cancelled', 'aht', 30, NULL, NULL, NULL, NULL, NULL, NULL),
	(5, 3, 90, '2024-02-13 15:00+00', NULL, 'rescheduled', 'aht', 30, 'scheduled', NULL, NULL, NULL, NULL, NULL),
	(6, 3, 90, '2024-02-21 15:00+00', NULL, 'no_show', 'aht', 30, 'scheduled', NULL, NULL, NULL, NULL, NULL),
	(7, 3, 90, '2024-02-22 15:00+00', NULL, 'planned', 'aht', 30, 'scheduled', NULL, NULL, NULL, NULL, NULL),
	(8, 3, 90, '2024-03-21 15:00+00', NULL, 'planned', 'aht', 30, 'scheduled', NULL, NULL, NULL, NULL, NULL),
	-- On the spot: no length, lengths that can't be
	(9, 3, 90, NULL, '2024-02-26 15:00+00', 'held', 'aht', NULL, 'real_time', NULL, 'hold time', NULL, 'System outage', NULL),
	(10, 3, 90, NULL, '2024-02-27 15:00+00', 'held', NULL, -5, 'real_time', 'waiting for approval', NULL, NULL, NULL, NULL),
	(11, 3, 90, NULL, '2024-02-28 15:00+00', 'held', NULL, 'NaN', 'real_time', NULL, NULL, 'call back', NULL, NULL),
	(12, 3, 90, NULL, '2024-02-28 16:00+00', 'held', NULL, 'Infinity', 'real_time', NULL, NULL, NULL, 'Agent on leave', 'quality_fail'),
	-- After leaving, and in no team: left out
	(13, 4, 90, '2024-02-15 15:00+00', '2024-02-15 15:00+00', 'held', 'aht', 30, 'scheduled', 'hold time', NULL, NULL, NULL, NULL),
	(14, 6, 90, '2024-02-15 15:00+00', '2024-02-15 15:00+00', 'held', 'aht', 30, 'scheduled', 'hold time', NULL, NULL, NULL, NULL),
	-- The last day of work still counts; neither time given has no month
	(15, 4, 90, '2024-02-09 15:00+00', '2024-02-09 15:00+00', 'held', 'aht', 10, 'scheduled', 'hold time', NULL, NULL, NULL, NULL),
	(16, 1, 90, NULL, NULL, 'planned', 'aht', 10, 'scheduled', NULL, NULL, NULL, NULL, NULL);
-- Promised by and kept after the day, broken twice, not due yet; told once
UPDATE ops.coaching_session SET follow_up_due = '2024-02-20', followed_up_at = '2024-02-25 15:00+00' WHERE session_id = 1;
UPDATE ops.coaching_session SET follow_up_due = '2024-02-25' WHERE session_id = 2;
UPDATE ops.coaching_session SET follow_up_due = '2024-03-25' WHERE session_id = 15;
UPDATE ops.coaching_session SET recognition = session_id = 9;
CALL coachdiag.refresh('ops');

CREATE FUNCTION february(col text, of_team text DEFAULT 'A') RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	result numeric;
BEGIN
	EXECUTE format('SELECT round(%I::numeric, 6) FROM ops.coaching_time WHERE team = $1 AND month = ''2024-02-01''', col) INTO result USING of_team;
	RETURN result;
END
$$;

-- Team and month

SELECT is((SELECT (held, planned, minutes_held)::text FROM ops.coaching_time WHERE team = 'A' AND month = '2024-01-01'), '(1,1,20)', 'the month is that of the workspace''s time zone');
SELECT is(february('planned'), 8::numeric, 'planned: what was due, once per agent');
SELECT is(february('held'), 4::numeric, 'held: two metrics are one session, a group one per agent of the team');
SELECT is(february('cancelled'), 1::numeric, 'cancelled, though a time is given');
SELECT is(february('rescheduled'), 1::numeric, 'rescheduled');
SELECT is(february('no_show'), 1::numeric, 'no-show');
SELECT is(february('lapsed'), 1::numeric, 'planned, and nothing recorded since');
SELECT is((SELECT ahead FROM ops.coaching_time WHERE team = 'A' AND month = '2024-03-01'), 1::bigint, 'planned after the last session held is still ahead');
SELECT is((SELECT kept_share FROM ops.coaching_time WHERE team = 'A' AND month = '2024-03-01'), NULL, 'and not yet kept or broken');
SELECT is(february('kept_share'), 0.5, 'half of them kept');
SELECT is(february('real_time'), 4::numeric, 'on the spot');
SELECT is(february('real_time_share'), 0.5, 'as a share of what was held');
SELECT is(february('in_groups'), 2::numeric, 'two of the team in a group');
SELECT is(february('in_groups', 'B'), 1::numeric, 'the agent who had moved counts for the team of that day');
SELECT is(february('no_show', 'B'), 1::numeric, 'one missed it');
SELECT is(february('days_moved'), 0.5, 'one of four was two days late');
SELECT is(february('planned_in_peaks'), 4::numeric, 'weeks above the team''s own upper quartile');
SELECT is(february('lost_in_peaks'), 2::numeric, 'what was lost in them');
SELECT is(february('planned_in_peaks', 'B'), NULL, 'unknown without eight weeks of occupancy');
SELECT is(february('minutes_booked'), 120::numeric, 'booked in the weeks that start in the month');
SELECT is(february('minutes_booked', 'B'), NULL, 'nothing given is not zero');
SELECT is(february('minutes_held'), 120::numeric, 'agents'' minutes: 30, twice 40, 10');
SELECT is(february('coach_minutes'), round(30 + 2 * 40 / 3.0 + 10, 6), 'the coach''s minutes of a group session are shared by who came');
SELECT is((SELECT round(sum(coach_minutes)::numeric, 6) FROM ops.coaching_time), 100::numeric, 'and add up over teams');
SELECT is(february('mean_length'), 30::numeric, 'mean length of four sessions');
SELECT is(february('without_length'), 4::numeric, 'missing, negative, NaN and infinite lengths are said to be missing');
SELECT is((SELECT count(*) FROM ops.coaching_time WHERE team IS NULL OR month IS NULL), 0::bigint, 'no team, no month: left out');

-- Sites, programs and all together

SELECT results_eq($$SELECT level, name, planned, held, no_show, ahead, kept_share, real_time, planned_in_peaks, lost_in_peaks, minutes_booked, minutes_held, round(coach_minutes::numeric, 3) FROM ops.coaching_time_by_level WHERE month = '2024-02-01' ORDER BY level, name$$, $$VALUES
	('all', NULL, 10::bigint, 5::bigint, 2::bigint, 0::bigint, 0.5::float8, 4::bigint, 4::bigint, 2::bigint, 120::float8, 160::float8, 80.000), ('program', 'retail', 8, 4, 1, 0, 0.5, 4, 4, 2, 120, 120, 66.667),
	('site', 'north', 8, 4, 1, 0, 0.5, 4, 4, 2, 120, 120, 66.667), ('site', 'south', 2, 1, 1, 0, 0.5, 0, NULL, NULL, NULL, 40, 13.333)$$, 'teams add up to sites, programs and all');
SELECT is((SELECT (sum(planned), sum(held), sum(minutes_held))::text FROM ops.coaching_time_by_level WHERE level = 'all'), (SELECT (sum(planned), sum(held), sum(minutes_held))::text FROM ops.coaching_time), 'over all months');

-- What it was about

CREATE FUNCTION topic(of_team text, of_topic text) RETURNS text LANGUAGE sql AS $$
	SELECT (sessions, agent_skill, system_constraint, quality_artefact, unclear, not_coachable)::text FROM ops.session_topics WHERE team = of_team AND topic IS NOT DISTINCT FROM of_topic
$$;
SELECT is(topic('A', 'hold time'), '(3,3,0,0,0,0)', 'a behaviour is agent skill');
SELECT is(topic('A', 'Script adherence'), '(1,0,0,1,0,0)', 'a word of the scoring is an artefact');
SELECT is(topic('A', 'waiting for approval'), '(1,0,1,0,0,0)', 'approval is a constraint');
SELECT is(topic('A', 'aht'), '(1,0,1,0,0,1)', 'a reason why not is evidence against the system');
SELECT is(topic('A', 'qa'), '(2,0,0,0,2,0)', 'a metric alone is unclear');
SELECT is(topic('A', 'not given'), '(2,1,1,0,0,1)', 'an action is agent skill');
SELECT is(topic('A', NULL), '(10,4,3,1,2,2)', 'the total is the sum');
SELECT is((SELECT (minutes_outside, outside_share)::text FROM ops.session_topics WHERE team = 'A' AND topic IS NULL), (SELECT (15::float8, 15 / 60.0::float8)::text), 'minutes outside the agents'' control, of those that are clear');
SELECT is((SELECT outside_sessions_share FROM ops.session_topics WHERE team = 'A' AND topic IS NULL), 0.5::float8, 'the same of sessions');
INSERT INTO ops.topic_keyword VALUES ('agent on leave', 'agent_skill'), ('.*[', 'quality_artefact'), ('', 'quality_artefact'), ('HOLD', 'system_constraint'), ('time', 'agent_skill');
REFRESH MATERIALIZED VIEW ops.session_topics;
SELECT is(topic('A', NULL), '(10,2,5,1,2,2)', 'words of one''s own go before, the longest first, whatever is in them');

-- Levels

SELECT results_eq($$SELECT level, name, sessions, agents, round(minutes::numeric, 3), topics FROM ops.coaching_activity WHERE month = '2024-02-01' ORDER BY level, name$$, $$VALUES
	('all', NULL, 9::bigint, 4::bigint, 160.0, '{qa,"hold time","Script adherence"}'::text[]), ('coach', '90', 6, 3, 40, '{"hold time","Script adherence",aht}'), ('coach', '91', 3, 3, 120, '{qa}'),
	('program', 'retail', 8, 3, 120, '{"hold time",qa,"Script adherence"}'), ('site', 'north', 8, 3, 120, '{"hold time",qa,"Script adherence"}'), ('site', 'south', 1, 1, 40, '{qa}'),
	('team', 'A', 8, 3, 120, '{"hold time",qa,"Script adherence"}'), ('team', 'B', 1, 1, 40, '{qa}')$$, 'each level and month: sessions, agents, minutes, topics');

SELECT results_eq($$SELECT month, round(action_share::numeric, 4), round(recognition_share::numeric, 4), follow_ups_due, follow_through FROM ops.coaching_activity WHERE level = 'program' AND name = 'retail' ORDER BY month$$,
	$$VALUES (date '2024-01-01', 1.0000, 0.0000, 1::bigint, 1::float8), ('2024-02-01', 0.1111, 0.1111, 2, 0)$$, 'month by month: actions agreed, progress recognised, promises due and kept');

-- The value of an hour

CREATE FUNCTION u(a int, b int, c int) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
	SELECT (hashint8(((a * 1000003::bigint + b) * 1000003 + c)) / 4294967296.0 + 0.5)::double precision
$$;
INSERT INTO "full".metric (metric, higher_is_better, target, smallest_effect) VALUES ('aht', false, 300, 10), ('qa', true, 80, 2);
INSERT INTO "full".assignment (agent_id, team, valid_from, site, program) SELECT 100 * t + a, 'team ' || t, '2023-01-02', 'north', 'retail' FROM generate_series(1, 3) t, generate_series(1, 8) a;
INSERT INTO "full".coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes)
SELECT 100 * agent_id + w, agent_id, 9, timestamptz '2024-01-03 10:00+00' + w * interval '7 days', 'aht', 20 + 20 * (w % 2) FROM "full".assignment, generate_series(0, 29) w WHERE u(agent_id::int, w, 1) < 0.2;
INSERT INTO "full".agent_metric (agent_id, metric, period, value, volume, contact_type)
SELECT agent_id, m, date '2024-01-01' + 7 * w, 300 + 40 * u(agent_id::int, w, 2) - 8 * (SELECT count(*) FROM "full".coaching_session s WHERE s.agent_id = a.agent_id AND s.session_id BETWEEN 100 * a.agent_id + w - 4 AND 100 * a.agent_id + w - 1),
	k.volume, k.type
FROM "full".assignment a, generate_series(0, 29) w, unnest('{aht,qa}'::text[]) m, (VALUES ('bill', 10), ('move', 5)) k (type, volume);
CALL coachdiag.refresh('full');
SELECT is_empty($$SELECT * FROM coachdiag.value_of_coaching('full', 0.02) v JOIN "full".coaching_effect e ON e.level = v.level AND e.metric = v.metric_name AND e.team IS NOT DISTINCT FROM v.team
	AND e.program IS NOT DISTINCT FROM v.program AND e.site IS NOT DISTINCT FROM v.site
	WHERE e.metric = 'aht' AND ((abs(hour_value - e.improvement * 4 * 15 * (60 / minutes_per_session) * 0.02) <= 1e-9 * abs(hour_value)) IS NOT TRUE OR (hour_value_low < hour_value AND hour_value < hour_value_high) IS NOT TRUE)$$,
	'an hour: improvement x horizon x volume x sessions in an hour x price');
SELECT cmp_ok((SELECT count(*) FROM coachdiag.value_of_coaching('full', NULL, 'aht') WHERE hour_gain IS NOT NULL AND hour_value IS NULL), '>', 0::bigint, 'no price, no money');
SELECT is((SELECT string_agg(DISTINCT metric_name, ' ') FROM coachdiag.value_of_coaching('full', NULL, 'aht')), 'aht', 'one metric if asked');
SELECT is((SELECT (count(*), min(round(volume::numeric, 6)), max(round(volume::numeric, 6)))::text FROM coachdiag.value_of_coaching('full', 1, 'aht')), '(6,15.000000,15.000000)', 'a row per level; volume is per agent and period, over contact types');
SELECT is((SELECT round(minutes_per_session::numeric, 9) FROM coachdiag.value_of_coaching('full', 1, 'aht') WHERE level = 'metric'), (SELECT round(avg(duration_minutes)::numeric, 9) FROM "full".coaching_session), 'minutes per session are those given');
INSERT INTO "full".coaching_session (session_id, agent_id, coach_id, held_at, metric, duration_minutes)
SELECT 1000000 + 100 * agent_id + w, agent_id, 9, timestamptz '2024-01-03 10:00+00' + w * interval '7 days', 'qa', 30 FROM "full".assignment, generate_series(0, 29) w WHERE u(agent_id::int, w, 3) < 0.2;
UPDATE "full".metric SET smallest_effect = 1e6 WHERE metric = 'qa';
CALL coachdiag.refresh('full');
SELECT is((SELECT string_agg(DISTINCT v.reason, '; ') FROM coachdiag.value_of_coaching('full', NULL, 'qa') v JOIN "full".coaching_effect e ON e.level = v.level AND e.metric = v.metric_name AND e.team IS NOT DISTINCT FROM v.team
	AND e.program IS NOT DISTINCT FROM v.program AND e.site IS NOT DISTINCT FROM v.site WHERE e.own AND e.conclusion = 'no_effect'),
	'no effect worth having: a session moves the metric by less than the smallest change that counts', 'no effect is said to be none');
SELECT throws_ok($$SELECT coachdiag.value_of_coaching('full', -1)$$, '22023', NULL, 'a price below 0 is refused');
SELECT throws_ok($$SELECT coachdiag.value_of_coaching('full', 'NaN')$$, '22023', NULL, 'so is NaN');
SELECT throws_ok($$SELECT coachdiag.value_of_coaching('nowhere')$$, '3F000', NULL, 'there must be a workspace');

-- Nothing there

INSERT INTO bare.metric SELECT * FROM ops.metric;
INSERT INTO bare.assignment SELECT * FROM ops.assignment;
DROP TABLE bare.coaching_session, bare.agent_week;
CALL coachdiag.refresh('bare');
SELECT is((SELECT (SELECT count(*) FROM bare.coaching_time) + (SELECT count(*) FROM bare.session_topics) + (SELECT count(*) FROM bare.coaching_activity)), 0::bigint, 'no log, no rows, no error');

CREATE VIEW bare.coaching_session AS SELECT session_id, agent_id, coach_id, held_at FROM ops.coaching_session;
CALL coachdiag.refresh('bare');
SELECT results_eq($$SELECT DISTINCT action_share, recognition_share, follow_ups_due, follow_through FROM bare.coaching_activity$$, $$VALUES (NULL::float8, NULL::float8, NULL::bigint, NULL::float8)$$, 'columns that are not there are not zero');

-- Intervals

SELECT throws_ok($$SELECT coachdiag.binomial_interval(3, 2)$$, '22023', NULL, 'more hits than trials are refused');

SELECT * FROM finish();
