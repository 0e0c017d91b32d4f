-- decide_or_wait: waiting that teams on target have, too, is no cause of a gap.
BEGIN;
SELECT plan(9);
\set QUIET on
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.uniform(name text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (('x' || left(md5(name), 8))::bit(32)::bigint + 0.5) / 4294967296 $$;

-- Six teams of six: all hold for about a minute; "works" works 100 s longer, "waits" waits so much longer, the others are on target.
SELECT coachdiag.create_workspace('w');
UPDATE w.settings SET time_zone = 'UTC';
INSERT INTO w.metric VALUES ('aht', false, 400, 15, 's', 'identity'), ('fcr', true, 0.9, 0.05, 'share', 'proportion');
CREATE TEMP TABLE team (team text, work float8, wait float8, first int);
INSERT INTO team VALUES ('fine 1', 340, 60, 0), ('fine 2', 335, 60, 6), ('fine 3', 345, 60, 12), ('fine 4', 340, 60, 18), ('works', 440, 60, 24), ('waits', 340, 160, 30);
INSERT INTO w.assignment (agent_id, team, valid_from) SELECT first + a, team, '2024-01-01' FROM team, generate_series(1, 6) a;
CREATE TEMP TABLE call AS
SELECT row_number() OVER () AS id, t.team, first + a AS agent, timestamptz '2025-01-06 09:00+00' + w * interval '7 days' + c * interval '1 hour' AS at, 'type ' || c % 2 AS type,
	work * (0.8 + 0.4 * pg_temp.uniform(format('a %s %s %s %s', t.team, a, w, c))) AS work, wait * (0.5 + pg_temp.uniform(format('b %s %s %s %s', t.team, a, w, c))) AS wait,
	pg_temp.uniform(format('c %s %s %s %s', t.team, a, w, c)) < 0.2 AS handed_on
FROM team t, generate_series(1, 6) a, generate_series(0, 25) w, generate_series(1, 4) c;
INSERT INTO w.contact (contact_id, agent_id, started_at, contact_type, handle_seconds, resolved) SELECT id, agent, at, type, work + wait, NOT handed_on FROM call;
-- The customer is on hold in each call; six of ten calls that are handed on are handed on from hold, in "waits" nearly all.
INSERT INTO w.contact_event (contact_id, step, started_at, ended_at, agent_id, kind)
SELECT id, 'talk', at, at + work * interval '1 s', agent, 'work' FROM call
UNION ALL SELECT id, 'hold', at + work * interval '1 s', at + (work + wait) * interval '1 s', agent, 'hold' FROM call
UNION ALL SELECT id, 'pass on', at + (work + wait) * interval '1 s' + interval '1 ms', NULL, agent, 'transfer' FROM call WHERE handed_on;
INSERT INTO w.agent_metric (agent_id, metric, period, value, volume, contact_type)
SELECT agent, 'aht', at::date, avg(work + wait), count(*), type FROM call GROUP BY agent, at::date, type;
CALL coachdiag.refresh('w');
SELECT results_eq($$SELECT team, state FROM w.decide_or_wait WHERE metric = 'aht' AND team IN ('waits', 'works') ORDER BY team$$, $$VALUES ('waits', 'structural'), ('works', 'unknown')$$, 'who waits longer than others, and who only works longer');
SELECT ok(waiting_share < 0.15 AND waiting_high < 0.5, format('the usual hold is no cause: %s', waiting_share)) FROM w.decide_or_wait WHERE metric = 'aht' AND team = 'works';
SELECT ok(waiting_share > 0.85, format('a longer one is: %s', waiting_share)) FROM w.decide_or_wait WHERE metric = 'aht' AND team = 'waits';
SELECT ok(p.works < 0.75 AND p.waits > 0.8, format('the verdict hears it: %s and %s', p.works, p.waits)) FROM (
	SELECT min(p_structural) FILTER (WHERE team = 'works') AS works, min(p_structural) FILTER (WHERE team = 'waits') AS waits FROM w.diagnosis WHERE metric = 'aht') p;
DELETE FROM w.assignment WHERE team IN ('fine 1', 'fine 2');
CALL coachdiag.refresh('w');
SELECT ok(waiting_share > 0.5, format('two teams on target don''t say what is usual: %s', waiting_share)) FROM w.decide_or_wait WHERE metric = 'aht' AND team = 'works';

-- Contacts handed on, and a metric that says nothing of time
SELECT results_eq($$SELECT state, reason FROM coachdiag.decide_or_wait(true, 10, 60, 0.1, -0.2, 0.4, 0.1, 1, 0.6)$$,
	$$VALUES ('unknown', 'the agent was waiting in 64 % of 60 contacts handed on (60 % is usual): no more than usual, as far as can be told')$$, 'no more than usual is no evidence');
SELECT is((SELECT state FROM coachdiag.decide_or_wait(true, 10, 60, 0.8, 0.6, 1, 0.1, 1, 0.6)), 'structural', 'surely more than usual is');
INSERT INTO w.assignment (agent_id, team, valid_from) SELECT first + a, team, '2024-01-01' FROM team, generate_series(1, 6) a WHERE team IN ('fine 1', 'fine 2');
INSERT INTO w.agent_metric (agent_id, metric, period, value, volume)
SELECT agent, 'fcr', at::date, CASE WHEN team ^@ 'fine' THEN least(avg((NOT handed_on)::int) + 0.15, 1) ELSE greatest(avg((NOT handed_on)::int) - 0.1, 0) END, count(*) FROM call GROUP BY agent, team, at::date;
CALL coachdiag.refresh('w');
SELECT is((SELECT count(*) FROM w.decide_or_wait WHERE metric = 'fcr' AND usual_share = 1 AND waiting_share IS NULL), 6::bigint, 'all were waiting when they handed on: that tells nothing of who does worse');
SELECT is((SELECT count(*) FROM w.indicators WHERE metric = 'fcr' AND test = 'decide_or_wait' AND state <> 'unknown'), 0::bigint, 'and is no evidence');
SELECT * FROM finish();
ROLLBACK;
