-- Between-agent components of the same work items, beside reference values from R. After load.sql.
\set ON_ERROR_STOP on
\set QUIET on
\pset pager off
\pset footer off
\pset null ''

-- Every row of log seconds goes in; one-way model: agents random, no other factor. The target is immaterial to the spread.
CREATE TEMP TABLE component AS
SELECT 'offer calls, one-way REML' AS model, v.quantity, v.value
FROM (SELECT * FROM (SELECT coachdiag.gap_dispersion(log_seconds, 0, resource) AS g FROM bpic2012.item WHERE activity = 'call about offer') o) d,
	LATERAL (VALUES ('rows', (g).observations::float8), ('agents', (g).agents), ('between-agent variance', (g).between_variance),
		('residual variance', (g).within_sd ^ 2), ('mean log seconds', abs((g).mean_gap))) v (quantity, value)
UNION ALL
SELECT 'all work items, one-way REML', v.quantity, v.value
FROM (SELECT coachdiag.gap_dispersion(log_seconds, 0, resource) AS g FROM bpic2012.item) d,
	LATERAL (VALUES ('rows', (g).observations::float8), ('agents', (g).agents), ('between-agent variance', (g).between_variance),
		('residual variance', (g).within_sd ^ 2)) v (quantity, value);

-- Facts: lme4 1.1-31 gives the same to 7e-6; its optimiser stops early, so the optimum was polished by Newton steps.
CREATE TEMP TABLE reference (model text, quantity text, value float8, source text);
INSERT INTO reference VALUES
	('offer calls, one-way REML', 'rows', 18473, 'count'),
	('offer calls, one-way REML', 'agents', 51, 'count'),
	('offer calls, one-way REML', 'between-agent variance', .4198236073, 'R 4.2.2, REML of y ~ 1 + (1 | resource), Newton'),
	('offer calls, one-way REML', 'residual variance', .9191114951, 'the same fit'),
	('offer calls, one-way REML', 'mean log seconds', 4.5841449046, 'the same fit'),
	('all work items, one-way REML', 'rows', 59692, 'count'),
	('all work items, one-way REML', 'agents', 56, 'count'),
	('all work items, one-way REML', 'between-agent variance', .4595877867, 'R 4.2.2, REML of y ~ 1 + (1 | resource), Newton'),
	('all work items, one-way REML', 'residual variance', 1.4525394660, 'the same fit');

\echo
\echo 'One-way components: what gap_dispersion answers'
SELECT model, quantity, round(c.value::numeric, 7) AS coachdiag, round(r.value::numeric, 7) AS reference,
	CASE WHEN r.value <> 0 THEN to_char(abs(c.value / r.value - 1), '0.0EEEE') END AS relative_difference, r.source
FROM reference r LEFT JOIN component c USING (model, quantity) ORDER BY model DESC, r.ctid;

-- Agent means with their own sampling variance (agents with 30 calls and more): a meta-analysis of agents.
CREATE TEMP TABLE agent_mean AS
SELECT resource, avg(log_seconds) AS estimate, stddev_samp(log_seconds) / sqrt(count(*)) AS se
FROM bpic2012.item WHERE activity = 'call about offer' GROUP BY resource HAVING count(*) >= 30;

SELECT to_regprocedure('coachdiag.heterogeneity(float8, float8)') IS NOT NULL AS has_heterogeneity \gset
\if :has_heterogeneity
\echo
\echo 'Agent means of the offer calls, heterogeneity(estimate, se); the columns it returns:'
\x on
SELECT (h).* FROM (SELECT coachdiag.heterogeneity(estimate, se) AS h FROM agent_mean) x;
\x off
\endif
\echo 'Reference, metafor 3.8-1, rma(yi, vi), 43 agents with 30 calls and more'
SELECT * FROM (VALUES
	('agents', 43), ('REML mean', 4.60037686955487), ('REML se of the mean', .0979668597807733),
	('Q-profile lower limit of tau2', .275909008462881), ('Q-profile upper limit of tau2', .666671885990175),
	('Paule-Mandel mean', 4.60036887405093), ('Paule-Mandel se of the mean', .098262254587142),
	('DerSimonian-Laird tau2', .524780175371711), ('DerSimonian-Laird I2 (%)', 99.6182032032706),
	('ML tau2', .397375977684473), ('ML I2 (%)', 99.4964103455899)) r (quantity, reference);

\echo
\echo 'Not answered by a one-way model (crossed and nested models: a later release); reference, lme4 1.1-31'
SELECT * FROM (VALUES
	('y ~ 1 + (1|resource) + (1|activity) + (1|resource:activity)', 'variance of resource:activity', .284573040650427),
	('y ~ 1 + (1|resource) + (1|activity) + (1|resource:activity)', 'variance of activity', .304776421715026),
	('y ~ 1 + (1|resource) + (1|activity) + (1|resource:activity)', 'share of resource in the total variance', .0326947673022606),
	('y ~ 1 + (1|resource) + (1|activity) + (1|resource:activity)', 'share of the residual in the total variance', .667136753703837),
	('offer calls: y ~ 1 + (1|resource) + (1|resource:week)', 'variance of resource', .414127865765991)) r (model, quantity, reference);
\echo 'Most of what looks like "agents" in the one-way model of all items is which activity an agent does: compare the shares.'
