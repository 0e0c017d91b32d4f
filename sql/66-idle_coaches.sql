-- idle_coaches: do sessions move nothing because of who gives them? What the same coaches' sessions did in other teams.

CREATE FUNCTION coachdiag.idle_coaches(teams text[], coaches text[], sessions double precision[], improvement double precision[], se double precision[],
		smallest_effect double precision, OUT team text, OUT told double precision, OUT idle_coach double precision)
	RETURNS SETOF record LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
	-- works, nothing: logarithm of how much likelier the estimate, and an estimate of 0, would be from sessions that work than from idle ones.
	WITH part AS (
		SELECT p.team, p.coach, p.sessions, (e.x ^ 2 / v.idle - (e.x - 0.8) ^ 2 / v.works + pg_catalog.ln(v.idle / v.works)) / 2 AS works,
			(-0.64 / v.works + pg_catalog.ln(v.idle / v.works)) / 2 AS nothing
		FROM ROWS FROM (pg_catalog.unnest(teams), pg_catalog.unnest(coaches), pg_catalog.unnest(sessions), pg_catalog.unnest(improvement), pg_catalog.unnest(se))
				p (team, coach, sessions, improvement, se)
			CROSS JOIN LATERAL (SELECT least(greatest(p.improvement / smallest_effect, 0), 0.8) AS x, (p.se / smallest_effect) ^ 2 AS variance) e
			CROSS JOIN LATERAL (SELECT 0.15 ^ 2 + e.variance AS idle, 0.4 ^ 2 + e.variance AS works) v
		WHERE smallest_effect > 0 AND p.se > 0 AND p.se < 'Infinity' AND p.improvement > '-Infinity' AND p.improvement < 'Infinity'
	), beside AS (
		SELECT p.*, coachdiag.exact_sum(o.said) OVER (PARTITION BY p.team) - o.said AS others
		FROM part p CROSS JOIN LATERAL (SELECT pg_catalog.ln(0.1 + 0.9 * pg_catalog.exp(p.works)) AS said) o
	), elsewhere AS (
		-- Whether coaching can work in a team is even odds, but for what the others' sessions did there.
		SELECT b.*, pg_catalog.count(*) OVER (PARTITION BY b.coach) - 1 AS other_teams, coachdiag.exact_sum(h.here) OVER (PARTITION BY b.coach) AS everywhere, h.here
		FROM beside b CROSS JOIN LATERAL (SELECT least(greatest(b.others, -50), 50) AS others) o
			CROSS JOIN LATERAL (SELECT pg_catalog.ln((1 + pg_catalog.exp(o.others + b.works)) / (1 + pg_catalog.exp(o.others))) AS here) h
	), coach AS (
		SELECT e.coach, 1 / (1 + 9 * pg_catalog.exp(least(pg_catalog.max(e.everywhere), 50))) AS idle FROM elsewhere e WHERE e.other_teams > 0 GROUP BY e.coach
	), usual AS (
		SELECT (coalesce(coachdiag.exact_sum(c.idle), 0) + 1) / (pg_catalog.count(*) + 10) AS idle FROM coach c
	), known AS (
		-- Beyond the coach in ten of whom p_structural's figures know.
		SELECT e.team, e.sessions, e.nothing,
			greatest((CASE WHEN e.other_teams > 0 THEN 1 / (1 + 9 * pg_catalog.exp(least(e.everywhere - e.here, 50))) ELSE u.idle END - 0.1) / 0.9, 0) AS idle
		FROM elsewhere e CROSS JOIN usual u
	), told AS (
		SELECT k.team, coachdiag.exact_sum(k.sessions) AS sessions, pg_catalog.exp(greatest(coachdiag.exact_sum(k.nothing), -50)) AS sure,
			pg_catalog.exp(greatest(coachdiag.exact_sum(pg_catalog.ln(k.idle + (1 - k.idle) * pg_catalog.exp(k.nothing))), -50)) AS expected
		FROM known k GROUP BY k.team
	)
	SELECT t.team, t.sessions, least(greatest((t.expected - t.sure) / nullif(1 - t.sure, 0), 0), 1) FROM told t;
END;
COMMENT ON FUNCTION coachdiag.idle_coaches(text[], text[], double precision[], double precision[], double precision[], double precision) IS
'Where sessions move nothing, is it because of who gives them? One row per team: idle_coach, probability from 0 to 1 that its coaches would move nothing whatever the gap, judged from their sessions in other teams alone, as far as it is beyond the usual one in ten, which the figures of coachdiag.p_structural contain; told: sessions of this team behind it. '
'Arguments side by side, of one metric, a team and a coach each: sessions, improvement per session from that team''s data alone (metric units, positive is better) and its standard error, as coachdiag.coach_effect has them by panel; smallest_effect: smallest change worth having, metric units. An improvement or error that is NULL, NaN or infinite, or an error not above 0, is left out; smallest_effect NULL or 0: no rows. '
'Bayes'' rule: one coach in ten is idle, coaching can work in every second team unless the other coaches'' sessions there say more; a session that works moves 0.8 smallest effects (sd 0.4), any other none (sd 0.15), the standard error added. So idle sessions count against a coach most where others'' work, by two to one where nobody else coached, and hardly where nobody''s work. '
'A coach with no other team is as likely idle as coaches with several turn out to be, ten more taken for usual: idle_coach is 0 where there are none. Coaches of one team count by how much each one''s sessions there would tell: a good coach whose sessions are idle, too, speaks for the process.';
