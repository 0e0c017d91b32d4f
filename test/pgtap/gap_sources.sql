-- gap_sources: the parts add up, and routing is told from skill.
BEGIN;
SELECT plan(28);

-- Four equally able agents; A1 is fed the hard type. B4 is slower than the others on everything.
CREATE TEMP TABLE work AS
SELECT a.agent, t.contact_type, date '2025-01-06' + 7 * w AS week, t.target + t.excess + a.own + (w % 2) AS value, t.target,
	CASE WHEN a.agent = 'A1' THEN t.hard_volume ELSE t.volume END AS volume, date '2024-12-01' - a.days AS hired_on
FROM (VALUES ('A1', 0, 400), ('A2', 0, 150), ('A3', 0, 100), ('B4', 12, 0)) a(agent, own, days),
	(VALUES ('easy', 200.0, 0.0, 9.0, 1.0), ('hard', 500.0, 60.0, 1.0, 9.0)) t(contact_type, target, excess, volume, hard_volume),
	generate_series(0, 7) w;
CREATE TEMP TABLE unit AS SELECT coachdiag.panel(value, target, agent, week, volume, contact_type, NULL, NULL, NULL, hired_on) AS p FROM work;
CREATE TEMP TABLE source AS SELECT s.* FROM unit, coachdiag.gap_sources(p, false) s;
CREATE TEMP TABLE whole AS SELECT sum(volume * (value - target)) / sum(volume) AS gap FROM work;

SELECT ok(abs(sum(contribution) - (SELECT gap FROM whole)) < 1e-9, kind || ': contributions add up to the mean gap') FROM source GROUP BY kind ORDER BY kind;
SELECT ok(bool_and(abs(gap - (SELECT gap FROM whole) - own - mix) < 1e-9 AND unmatched = 0), 'an agent''s gap is the mean gap, own and mix') FROM source WHERE kind = 'agent';
SELECT ok((SELECT gap FROM source WHERE item = 'A1') > (SELECT gap FROM source WHERE item = 'B4'), 'the raw gap of the agent who is fed the hard contacts is the largest');
SELECT ok(abs(a.own - b.own) < 3 AND a.gap - b.gap > 30 AND a.mix > 20, format('the routing is mix, not the agent: own %s against %s of an equal', round(a.own::numeric, 2), round(b.own::numeric, 2)))
FROM source a, source b WHERE a.item = 'A1' AND b.item = 'A2';
SELECT ok(abs(b.own - 0.75 * 12) < 1e-9 AND a.own < 0, 'who is slower on the same contacts shows it as own, as far as the team is others') FROM source a, source b WHERE a.item = 'A2' AND b.item = 'B4';
SELECT ok(h.share_short > 0.9 AND e.share_short < h.share_short, 'on the hard type it is everybody') FROM source h, source e WHERE h.item = 'hard' AND e.item = 'easy';
SELECT results_eq($$SELECT item, agents FROM source WHERE kind = 'tenure' ORDER BY item$$,
	$$VALUES ('3 to 6 months', 1), ('6 to 12 months', 2), ('over a year', 1), ('under 3 months', 1)$$, 'tenure bands, agents moving up');
SELECT ok(abs(u.gap + d.gap) < 1e-9, 'where higher is better the gap turns its sign')
FROM source u, unit, coachdiag.gap_sources(p, true) d WHERE u.item = 'hard' AND d.item = 'hard';
-- C3 alone takes the chats, and nothing else; C2 shares the calls and takes a few letters alone.
CREATE TEMP TABLE apart AS SELECT coachdiag.panel(value + (w % 2 * 2 - 1) * 0.1, 100, agent, date '2025-01-06' + 7 * w, volume, contact_type, NULL, NULL, NULL, NULL) AS p
FROM (VALUES ('C1', 'call', 105, 10), ('C2', 'call', 107, 8), ('C2', 'letter', 140, 2), ('C3', 'chat', 125, 10)) v (agent, contact_type, value, volume), generate_series(0, 3) w;
CREATE TEMP TABLE lone AS SELECT s.*, sum(contribution) OVER () AS mean_gap FROM apart, coachdiag.gap_sources(p, false) s WHERE kind = 'agent';
SELECT ok(own IS NULL AND mix IS NULL AND abs(unmatched - (gap - mean_gap)) < 1e-9 AND unmatched > 9, 'who takes a type alone, and no other, is not comparable') FROM lone WHERE item = 'C3';
SELECT ok(abs(own - 2 / 3.0 * 0.8 * (7 - 5)) < 1e-9 AND abs(unmatched - 2 / 3.0 * 0.2 * (40 - 15)) < 1e-9, 'what is taken alone is not comparable, the rest is') FROM lone WHERE item = 'C2';
SELECT ok(unmatched = 0 AND own < 0, 'who takes nothing alone is comparable') FROM lone WHERE item = 'C1';
SELECT ok(bool_and(abs(gap - mean_gap - coalesce(own + mix, 0) - unmatched) < 1e-9), 'and the parts add up to the gap') FROM lone;
SELECT ok(share_low <= share_short AND share_short <= share_high, 'the share short of one agent lies in its interval') FROM apart, coachdiag.gap_sources(p, false) WHERE item = 'chat';
-- D1 takes most of the hard contacts, and is the only one slow on them: the others would not be.
CREATE TEMP TABLE slow AS SELECT s.* FROM (
	SELECT coachdiag.panel(100 + CASE WHEN agent = 'D1' AND contact_type = 'hard' THEN slower ELSE 0 END, 100, agent, date '2025-01-06' + 7 * w,
		CASE WHEN (agent = 'D1') = (contact_type = 'hard') THEN 16 ELSE 4 END, contact_type, NULL, NULL, NULL, NULL) AS p
	FROM unnest(ARRAY['D1', 'D2', 'D3', 'D4', 'D5']) agent, unnest(ARRAY['easy', 'hard']) contact_type, generate_series(0, 3) w, (VALUES (100)) v (slower)) u, coachdiag.gap_sources(p, false) s;
SELECT ok(abs(own - 0.8 * 80) < 1e-9 AND abs(mix) < 1e-9, 'who is slow on what is mostly theirs is not taken for one of a slow type') FROM slow WHERE item = 'D1';
-- Beside E1 all others are lost in the last digit.
SELECT results_eq($$SELECT s.own, s.mix, s.unmatched FROM (SELECT coachdiag.panel(value, 100, agent, date '2025-01-06', volume, contact_type, NULL, NULL, NULL, NULL) AS p
	FROM (VALUES ('E1', 'x', 110, 1e20), ('E1', 'y', 120, 1), ('E2', 'y', 130, 1)) v (agent, contact_type, value, volume)) u, coachdiag.gap_sources(p, false) s WHERE item = 'E1'$$,
	$$VALUES (NULL::float8, NULL::float8, 0::float8)$$, 'whose volume is all that counts is not comparable');
SELECT is_empty($$SELECT coachdiag.gap_sources(coachdiag.panel(1, NULL, 1::bigint, date '2025-01-06'))$$, 'no target: no rows');

-- easy has 1 + 3 * 9 = 28 of 40 contacts.
SELECT ok(abs(max(volume_share) FILTER (WHERE item = 'easy') - 0.7) < 1e-9 AND abs(max(volume_share) FILTER (WHERE item = 'B4') - 0.25) < 1e-9 AND bool_and(abs(volume_share * gap - contribution) < 1e-9), 'a contribution is the gap times the share of the volume') FROM source;
SELECT ok(bool_and(abs(shares - 1) < 1e-9), 'and the shares of a kind are the whole') FROM (SELECT sum(volume_share) AS shares FROM source GROUP BY kind) s;
SELECT is(array_agg(DISTINCT agents), '{4}', 'four agents are behind each contact type') FROM source WHERE kind = 'contact type';
SELECT ok(n.gap > 60 AND n.share_short > 0.9 AND n.share_short = s.share_short, 'without a direction short is who is above target, as the gap is value - target')
FROM source s, unit, coachdiag.gap_sources(p) n WHERE s.item = 'hard' AND n.item = 'hard';
-- On hard all are 60.5 above target, B4 72.5.
SELECT ok(m.share_short > 0.9 AND l.share_short < 0.1, 'nearly all are short by more than 40, hardly any by more than 90')
FROM unit, coachdiag.gap_sources(p, false, 'identity', 40) m, coachdiag.gap_sources(p, false, 'identity', 90) l WHERE m.item = 'hard' AND l.item = 'hard';
-- 10 and 20 above target on contacts that have no type: own is half of the difference, the other agent being half of the volume.
SELECT results_eq($$SELECT item, own, mix, unmatched FROM (SELECT coachdiag.panel(value, 100, agent, date '2025-01-06') AS p FROM (VALUES ('F1', 110), ('F2', 120)) v (agent, value)) u, coachdiag.gap_sources(p, false) WHERE kind = 'agent' ORDER BY item$$,
	$$VALUES ('F1', -5::float8, 0::float8, 0::float8), ('F2', 5, 0, 0)$$, 'contacts without a type are of one type');

-- Scale log. A contact of 100 s that takes exp(0.2) times as long, three of 300 s that take exp(0.4) times: (20 + 3 * 120) / (100 + 3 * 300) = 0.38 of the target.
CREATE FUNCTION pg_temp.shares(first float8, second float8, second_target float8 DEFAULT 300, second_volume float8 DEFAULT 3) RETURNS TABLE (item text, gap float8) LANGUAGE sql AS $$
	SELECT s.item, s.gap FROM (SELECT coachdiag.panel(ln(target) + share, ln(target), agent, date '2025-01-06', volume) AS p
		FROM (VALUES ('G1', first, 100.0::float8, 1.0::float8), ('G2', second, second_target, second_volume)) v (agent, share, target, volume)) u, coachdiag.gap_sources(p, false, 'log') s WHERE s.kind = 'agent'
$$;
SELECT ok(bool_and(abs(gap - (exp(0.38) - 1) / 0.38 * CASE item WHEN 'G1' THEN 20 ELSE 120 END) < 1e-9), 'log: shares of each own target, along the straight line to what the mean share is in seconds') FROM pg_temp.shares(0.2, 0.4);
SELECT ok(bool_and(abs(gap - CASE item WHEN 'G1' THEN 10 ELSE -10 END) < 1e-9), 'log: where the mean is on target a tenth of 100 s is 10 s') FROM pg_temp.shares(0.1, -0.1, 100, 1);
SELECT ok(abs(min(t.gap) / (-8 * 100) - 1) < 1e-9 AND abs(max(h.gap) / ((exp(100.0::float8) - 1) * 8 * 100) - 1) < 1e-9, 'log: shares of 800, as of values that are no logarithms, are turned as those of 100, and no error')
FROM pg_temp.shares(-800, -800) t, pg_temp.shares(800, 800) h WHERE t.item = 'G1' AND h.item = 'G1';
-- exp(0.2) times 100 s is 22 s too long: more than 15 s.
SELECT ok(share_short > 0.9, 'log: the margin of a type is in seconds, too')
FROM (SELECT coachdiag.panel(ln(100) + 0.2 + 0.01 * (w % 2), ln(100), agent, date '2025-01-06' + 7 * w) AS p FROM generate_series(1, 4) agent, generate_series(0, 7) w) u, coachdiag.gap_sources(p, false, 'log', 15) WHERE kind = 'contact type';

SELECT * FROM finish();
ROLLBACK;
