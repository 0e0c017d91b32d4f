-- One page for the leader: which gaps to fix, which to coach, which cannot be told, and why.
-- psql -f report.sql [-v ws=ops]
\set ON_ERROR_STOP on
\set QUIET on
\if :{?ws}
\else
\set ws ops
\endif
\pset pager off
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION pg_temp.wrap(line text, indent text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN rtrim(regexp_replace(line, '(.{1,' || 116 - length(indent) || '})(\s+|$)', indent || E'\\1\n', 'g'), E'\n');
COMMENT ON FUNCTION pg_temp.wrap(text, text) IS 'Text broken at blanks into lines of at most 116 characters, each indented';

-- What the sections below share. gap: in the unit of the metric, positive is worse than target.
CREATE TEMP VIEW page AS
SELECT d.*, d.verdict = 'structural' AND i.n = 0 AS untried, array_position('{structural,mixed,behavioural,cannot_tell,no_gap}', d.verdict) AS place,
	d.mean_gap / nullif(abs(m.target), 0) AS relative_gap, d.team || ' ' || d.metric AS name,
	round((x.times * d.mean_gap)::numeric, 1) || ' ' || x.unit AS gap,
	round((x.times * g.mean_low)::numeric, 1) || ' to ' || round((x.times * g.mean_high)::numeric, 1) AS gap_interval,
	round(100 * g.share_low::numeric) || ' to ' || round(100 * g.share_high::numeric) || ' %' AS share_short
FROM :"ws".diagnosis d JOIN :"ws".metric m USING (metric) JOIN :"ws".gap_dispersion g USING (team, metric)
	JOIN :"ws".indicators i ON i.team = d.team AND i.metric = d.metric AND i.test = 'coaching_without_effect',
	LATERAL (SELECT CASE m.scale WHEN 'proportion' THEN 100 ELSE 1 END,
		CASE m.scale WHEN 'proportion' THEN '% points' ELSE coalesce(m.unit, '') END) x (times, unit);

\echo
SELECT format('WHERE TO ACT: %s teams, %s metrics, %s gaps looked at since %s', count(DISTINCT team), count(DISTINCT metric), count(*),
	(SELECT to_char(s.since, 'YYYY-MM-DD') FROM :"ws".diagnosed_since s)) FROM page;
SELECT pg_temp.wrap(CASE verdict WHEN 'structural' THEN CASE WHEN untried THEN 'Fix the process (coaching was not tried): ' ELSE 'Fix the process, coaching will not close it: ' END WHEN 'mixed' THEN 'Fix the process and coach some agents: '
		WHEN 'behavioural' THEN 'Coach, the process allows better: ' WHEN 'cannot_tell' THEN 'Cannot be told yet: ' ELSE 'No gap worth acting on: ' END
	|| CASE WHEN place < 4 THEN string_agg(name, ', ' ORDER BY relative_gap DESC, name) ELSE count(*)::text END || '.'
	|| coalesce(' Coached on without result: ' || string_agg(name, ', ' ORDER BY name) FILTER (WHERE paradox) || '.', ''), '  ')
FROM page GROUP BY verdict, place, untried ORDER BY place, untried;

\echo
\echo 'WHAT TO DO: largest gap first; how far short of target (95 % interval), truly short agents, signs of a structural gap'
SELECT E'\n' || pg_temp.wrap(upper(replace(verdict, '_', ' ')) || '. ' || next_step, '  ') || E'\n'
	|| string_agg(format('    %s %s %s %s %s%s', rpad(name, widest), lpad(gap, 16), rpad('(' || coalesce(gap_interval, 'unknown') || ')', 18),
		lpad(coalesce(share_short, 'unknown'), 11) || ' of agents ', indicators_present || ' of 4 signs',
		CASE WHEN verdict = 'mixed' THEN '' ELSE coalesce(', p = ' || round(p_structural::numeric, 2), '') END), E'\n' ORDER BY relative_gap DESC, name)
FROM page, (SELECT least(max(length(name)), 40) FROM page WHERE place < 4) w (widest)
WHERE place < 4 GROUP BY verdict, place, next_step ORDER BY place, max(relative_gap) DESC;

\echo
\echo 'WHAT COACHING DID: a session, against the same agents not having had it then (95 % interval); positive is better'
WITH team AS (
	SELECT e.*, e.improvement + 0.84 * (e.ci_high - e.improvement) < m.smallest_effect AS little,
		e.placebo_p * count(e.placebo_p) OVER (PARTITION BY e.metric) < 0.05 AS foreseen
	FROM :"ws".recent_coaching_effect e JOIN :"ws".metric m USING (metric)
), teams AS (
	SELECT metric, string_agg(team, ', ' ORDER BY improvement DESC) FILTER (WHERE conclusion = 'effective' AND little IS NOT TRUE) AS works,
		string_agg(team, ', ' ORDER BY improvement DESC) FILTER (WHERE conclusion = 'effective' AND little) AS little,
		string_agg(team, ', ' ORDER BY team) FILTER (WHERE conclusion = 'no_effect') AS idle,
		string_agg(team, ', ' ORDER BY improvement) FILTER (WHERE conclusion = 'harmful') AS harms,
		string_agg(team, ', ' ORDER BY team) FILTER (WHERE foreseen) AS foreseen,
		string_agg(team, ', ' ORDER BY team) FILTER (WHERE overlap < 0.5) AS alone
	FROM team GROUP BY metric
)
SELECT pg_temp.wrap(format('%s: %s %% of the sessions were followed by improvement, and %s %% would have been had coaching done nothing. '
		'What a session really gave over the %s %s after it: %s %s (%s to %s).',
	e.metric, round(100 * e.naive_share_improved::numeric), round(100 * e.null_share_improved::numeric), e.horizon, CASE s.period_step WHEN 'month' THEN 'months' ELSE 'weeks' END,
	round((x.times * e.improvement)::numeric, 1), x.unit, round((x.times * e.ci_low)::numeric, 1), round((x.times * e.ci_high)::numeric, 1))
	|| CASE WHEN h.before THEN format(' Since %s, by team:', to_char(h.since, 'YYYY-MM-DD')) ELSE '' END
	|| coalesce(' It works in ' || t.works || '.', '') || coalesce(' It helps, by less than is worth having, in ' || t.little || '.', '')
	|| coalesce(' It does nothing worth having in ' || t.idle || '.', '') || coalesce(' It makes it worse in ' || t.harms || '.', '')
	|| coalesce(' Not to be trusted in ' || t.foreseen || ': agents changed before their sessions, too.', '')
	|| coalesce(' Most sessions had no team mate to compare with in ' || t.alone || '.', ''), '  ')
FROM :"ws".coaching_effect e JOIN :"ws".metric m USING (metric) JOIN :"ws".stored_metric s USING (metric) JOIN teams t USING (metric)
	JOIN (SELECT h.metric, d.coached_since AS since, bool_or(h.first_period < d.coached_since) AS before FROM :"ws".stored_history h CROSS JOIN :"ws".diagnosed_since d GROUP BY h.metric, d.coached_since) h USING (metric),
	LATERAL (SELECT CASE m.scale WHEN 'proportion' THEN 100 ELSE 1 END,
		CASE m.scale WHEN 'proportion' THEN '% points' ELSE coalesce(m.unit, '') END) x (times, unit)
WHERE e.level = 'metric' ORDER BY e.metric;

\echo
\echo 'COACHING THAT GOES ON WITHOUT RESULT: coaching up or kept high, metric flat, gap not closing'
WITH latest AS (
	SELECT p.*, format('%s %s', p.team, p.metric) AS name FROM :"ws".paradox p WHERE p.quarter = (SELECT max(q.quarter) FROM :"ws".paradox q)
)
SELECT pg_temp.wrap(coalesce(string_agg(format('%s (%s%s)', name, stage, coalesce(format('; %s sessions since %s', sessions_since, clear_since), '')), ', '
		ORDER BY sessions_since DESC NULLS LAST, name) FILTER (WHERE paradox), 'None shown') || '.'
	|| coalesce(' Coaching rises, and whether the metric moves cannot be told: ' || string_agg(name, ', ' ORDER BY name) FILTER (WHERE paradox IS NULL AND dose_trend = 'rising') || '.', ''), '  ')
FROM latest;

\echo
\echo 'WHERE THE PROCESS HOLDS IT: the first steps to fix'
SELECT pg_temp.wrap(coalesce(string_agg(format('%s of %s (%s %% of the time beyond target)', step, contact_type, round(100 * share::numeric)), ', ' ORDER BY rank), 'not assessed') || '.', '  ')
FROM (SELECT * FROM :"ws".constraint_map c WHERE c.share > 0 AND c.step IS NOT NULL ORDER BY c.rank LIMIT 5) c;

\echo
\echo 'WHAT CANNOT BE TOLD, and why'
WITH why AS (
	SELECT p.name, p.relative_gap, p.gap, coalesce(string_agg(DISTINCT i.reason, '; '), 'the signs that could be read do not agree') AS why
	FROM page p LEFT JOIN :"ws".indicators i
		ON i.team = p.team AND i.metric = p.metric AND i.state = 'unknown' AND i.reason NOT LIKE 'not assessed%'
	WHERE p.place = 4 GROUP BY p.name, p.relative_gap, p.gap
)
SELECT pg_temp.wrap(string_agg(name || ' (' || gap || ')', ', ' ORDER BY relative_gap DESC, name) || ': ' || why || '.', '  ')
FROM why GROUP BY why ORDER BY max(relative_gap) DESC, why;
WITH asked (test, question) AS (
	VALUES ('consistent_gap', 'whether the agents share the gap'), ('contact_type_or_step', 'whether it sits in some contact types'),
		('decide_or_wait', 'whether the agents decide or wait'), ('experienced_same_gap', 'whether experienced agents have it'),
		('coaching_without_effect', 'whether coaching moves it')
)
SELECT pg_temp.wrap(format('Not assessed for %s: %s (%s).',
	CASE count(*) WHEN (SELECT count(*) FROM page) THEN 'any gap' ELSE count(*) || ' gaps' END,
	question, regexp_replace(reason, '^not assessed: ', '')), '  ')
FROM :"ws".indicators JOIN asked USING (test)
WHERE state = 'unknown' AND reason LIKE 'not assessed%' GROUP BY question, reason ORDER BY count(*) DESC, question;

\echo
\echo 'NO GAP WORTH ACTING ON'
SELECT pg_temp.wrap(coalesce(string_agg(team || ' (' || metrics || ')', ', ' ORDER BY team), 'none'), '  ')
FROM (SELECT team, string_agg(metric, ', ' ORDER BY metric) AS metrics FROM page WHERE place = 5 GROUP BY team) t;

\echo
\echo 'LOOK FURTHER'
SELECT format(E'  every test of a team     SELECT * FROM %1$I.indicators WHERE team = ''…'';\n'
	'  why this verdict         SELECT reason FROM %1$I.diagnosis WHERE team = ''…'';\n'
	'  who coaches well         SELECT * FROM %1$I.coach_scorecard ORDER BY metric, program, rank;\n'
	'  why coaching fails       SELECT * FROM %1$I.program_health WHERE state = ''problem'';\n'
	'  where the process holds  SELECT * FROM %1$I.constraint_map ORDER BY rank;\n'
	'  what a change did        SELECT * FROM %1$I.intervention_effect;\n'
	'  trouble in the sources   SELECT * FROM coachdiag.check_sources(%2$L);\n'
	'  what a column means      \\d+ %1$I.diagnosis', :'ws', :'ws');
DROP VIEW page;
