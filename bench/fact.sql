-- The rows of the benches: 300 teams x 3 metrics x 12 agents x 52 weeks, and their stored monthly panels. Variable: rows.
CREATE EXTENSION IF NOT EXISTS coachdiag;
CREATE UNLOGGED TABLE fact AS
SELECT (i / 12 % 300)::integer AS team, (i / 3600 % 3)::integer AS metric, (i / 12 % 300 * 100 + i % 12)::bigint AS agent,
	date '2025-01-06' + 7 * (i * 52 / :rows)::integer AS week,
	300 + 10 * sin(i / 12 % 300 * 100 + i % 12) + (hashint8(i) % 1000) / 20.0::float8 AS value, 300::float8 AS target
FROM generate_series(0, :rows::bigint - 1) i;
VACUUM ANALYZE fact;
SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals);
CREATE TABLE stored AS
SELECT team, metric, date_trunc('month', week)::date AS month, coachdiag.panel(value, target, agent, week) AS panel FROM fact GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
VACUUM ANALYZE stored;
