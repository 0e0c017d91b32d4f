-- Handle times on scale log: the gap is that of the recorded means, whether rows are weeks, contact types or days.
\set QUIET on
SET client_min_messages = error;
SELECT plan(9);

\ir noise.psql
-- Contacts of 6 teams of 8 over 20 weeks, lognormal around their agent's level with a coefficient of variation of about 0.8, some weeks with more of them.
CREATE TABLE contact AS
SELECT 100 * t + a AS agent, t AS team, date '2024-01-01' + 7 * w AS week, d AS day, (a + w + c) % 3 AS type,
	(100 + 3 * t) * exp(0.04 * noise(t, a, 7) + 0.7 * noise(100 * t + a, w, 10 * d + c) - 0.245) AS seconds
FROM generate_series(1, 6) t, generate_series(1, 8) a, generate_series(0, 19) w, generate_series(0, 4) d, LATERAL generate_series(1, 1 + (a * w + d * d + t) % 4) c;

SELECT coachdiag.create_workspace('ops');
UPDATE ops.settings SET as_of = 'infinity';
INSERT INTO ops.metric (metric, higher_is_better, target, smallest_effect, unit, scale) SELECT m, false, 100, 3, 's', 'log' FROM unnest('{weeks,types,days,even}'::text[]) m;
INSERT INTO ops.assignment (agent_id, team, valid_from) SELECT DISTINCT agent, 'team ' || team, date '2023-01-01' FROM contact;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume) SELECT agent, 'weeks', week, avg(seconds), count(*) FROM contact GROUP BY agent, week;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume, contact_type) SELECT agent, 'types', week, avg(seconds), count(*), 'type ' || type FROM contact GROUP BY agent, week, type;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume) SELECT agent, 'days', week + day, avg(seconds), count(*) FROM contact GROUP BY agent, week, day;
-- Values whose logarithms scatter evenly: as the first ones, but without the half of their variance.
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume, contact_type)
SELECT agent, 'even', week, 110 * exp(0.04 * noise(team, agent, 7) + 0.7 * noise(agent, week - date '2024-01-01', type) / sqrt(count(*))), count(*), 'type ' || type FROM contact GROUP BY team, agent, week, type;
CALL coachdiag.refresh('ops');

CREATE TABLE recorded AS SELECT 'team ' || team AS team, avg(seconds) - 100 AS gap FROM contact GROUP BY team;
SELECT cmp_ok(max(abs(g.mean_gap - r.gap)), '<', 2.5::float8, 'rows of weeks: the gap is that of the mean of all contacts') FROM ops.gap_dispersion g JOIN recorded r USING (team) WHERE g.metric = 'weeks';
SELECT cmp_ok(max(abs(g.mean_gap - r.gap)), '<', 3::float8, 'of contact types too') FROM ops.gap_dispersion g JOIN recorded r USING (team) WHERE g.metric = 'types';
SELECT cmp_ok(max(abs(g.mean_gap - r.gap)), '<', 5::float8, 'and of days, of two contacts or three each') FROM ops.gap_dispersion g JOIN recorded r USING (team) WHERE g.metric = 'days';
SELECT cmp_ok(avg(r.gap - (coachdiag.gap_dispersion(h.as_logs, false, 'log', 3)).mean_gap), '>', 8::float8, 'their logarithms alone would hide a tenth') FROM ops.stored_history h JOIN recorded r USING (team) WHERE h.metric = 'days';
SELECT cmp_ok(abs(avg(g.mean_gap) - 10), '<', 3::float8, 'where logarithms scatter evenly, little is added, of the 6 that half their variance comes to') FROM ops.gap_dispersion g WHERE g.metric = 'even';

-- It is what all teams show, whatever the order in which rows came in.

CREATE TABLE before AS SELECT team, metric, panel FROM ops.stored_history;
UPDATE ops.agent_metric SET value = value + 1 WHERE agent_id = 101 AND metric = 'days' AND period = '2024-01-03';
CALL coachdiag.refresh('ops');
SELECT isnt_empty($$SELECT FROM ops.stored_history h JOIN before b USING (team, metric) WHERE team = 'team 2' AND metric = 'days' AND NOT h.panel OPERATOR(coachdiag.=) b.panel$$, 'one value is a little of the bias of all teams');
CREATE TABLE after AS SELECT team, metric, panel FROM ops.stored_history;
CALL coachdiag.refresh('ops', rebuild => true);
SELECT is_empty($$SELECT FROM ops.stored_history h JOIN after b USING (team, metric) WHERE NOT h.panel OPERATOR(coachdiag.=) b.panel$$, 'as a rebuild would have it');

SELECT throws_ok('SELECT coachdiag.without_log_bias(panel, -1) FROM ops.stored_history', '22023', 'bias must be 0 or more, and finite', 'a bias below 0 is none');
SELECT is(coachdiag.log_bias(ARRAY[NULL::coachdiag.panel]), NULL, 'no panel, no bias');
SELECT finish();
