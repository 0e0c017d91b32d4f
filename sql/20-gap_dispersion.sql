-- gap_dispersion: how large a gap to target is, and how alike it is over the agents.

CREATE TYPE coachdiag.gap_dispersion_result AS (
	agents integer,
	observations bigint,
	mean_gap double precision,
	mean_low double precision,
	mean_high double precision,
	within_sd double precision,
	between_sd double precision,
	between_low double precision,
	between_high double precision,
	between_variance double precision,
	icc double precision,
	i_squared double precision,
	reliability double precision,
	consistency double precision,
	share_short double precision,
	share_low double precision,
	share_high double precision,
	predict_low double precision,
	predict_high double precision,
	f double precision,
	f_p double precision,
	method text
);
COMMENT ON TYPE coachdiag.gap_dispersion_result IS
'Result of coachdiag.gap_dispersion, in the units of the gap. agents, observations: how many went in. mean_gap (mean_low, mean_high): gap of the average agent with its 95 % interval (t on Satterthwaite''s degrees of freedom from the agents'' own residuals, Bell & McCaffrey 2002; exact for balanced data; never narrower than the sampling noise alone). '
'within_sd: standard deviation of one value of weight 1 around its agent''s mean. between_sd (between_low, between_high): standard deviation of the agents'' true gaps, sampling noise removed (exact REML; generalised interval, Weerahandi 1993); between_variance: its square. '
'icc: share of the variance of a value of weight 1 that is between agents. i_squared: share of the variance of the agents'' means that is not noise (Higgins & Thompson 2002). reliability: of one value of average weight. consistency: |mean_gap| / between_sd; above 2 nearly everybody shares the gap; infinite when no spread is left. '
'share_short (share_low, share_high): share of agents truly short of target with its 95 % posterior interval, true levels being roughly normal. predict_low, predict_high: 95 % interval for the true gap of a new agent (the wider at each end of Higgins, Thompson & Spiegelhalter 2009 and the posterior predictive). f, f_p: one-way analysis of variance. method: how, or why something is missing. NULL: not available from these data.';

CREATE FUNCTION coachdiag.gap_accum(coachdiag.panel, value double precision, target double precision, agent bigint)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_gap_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;
CREATE FUNCTION coachdiag.gap_accum(coachdiag.panel, value double precision, target double precision, agent text)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_gap_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;
CREATE FUNCTION coachdiag.gap_accum(coachdiag.panel, value double precision, target double precision, agent bigint, weight double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_gap_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;
CREATE FUNCTION coachdiag.gap_accum(coachdiag.panel, value double precision, target double precision, agent text, weight double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_gap_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;
CREATE FUNCTION coachdiag.gap_dispersion_final(coachdiag.panel)
	RETURNS coachdiag.gap_dispersion_result AS 'MODULE_PATHNAME', 'cd_gap_dispersion_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION coachdiag.gap_dispersion_final(coachdiag.panel) IS
'Final function of the aggregates coachdiag.gap_dispersion(value, target, agent [, weight]).';

CREATE AGGREGATE coachdiag.gap_dispersion(value double precision, target double precision, agent bigint) (
	SFUNC = coachdiag.gap_accum, STYPE = coachdiag.panel, SSPACE = 2048,
	FINALFUNC = coachdiag.gap_dispersion_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.gap_dispersion(value double precision, target double precision, agent text) (
	SFUNC = coachdiag.gap_accum, STYPE = coachdiag.panel, SSPACE = 2048,
	FINALFUNC = coachdiag.gap_dispersion_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.gap_dispersion(value double precision, target double precision, agent bigint, weight double precision) (
	SFUNC = coachdiag.gap_accum, STYPE = coachdiag.panel, SSPACE = 2048,
	FINALFUNC = coachdiag.gap_dispersion_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.gap_dispersion(value double precision, target double precision, agent text, weight double precision) (
	SFUNC = coachdiag.gap_accum, STYPE = coachdiag.panel, SSPACE = 2048,
	FINALFUNC = coachdiag.gap_dispersion_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);

DO $comments$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::pg_catalog.regprocedure AS name, p.prokind FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'coachdiag'::pg_catalog.regnamespace AND p.proname IN ('gap_accum', 'gap_dispersion')
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON %s %s IS %L',
			CASE f.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, f.name,
			CASE f.prokind WHEN 'a' THEN
				'How large the gap to target is over agents, and how alike, with sampling noise removed. gap = value - target, so negative is below target; share_short counts agents whose true gap is negative '
				'(where lower is better, pass target as value and value as target, or use coachdiag.gap_dispersion(panel, higher_is_better)). value, target: same units; agent: bigint or text; weight: contacts or evaluations behind value (the variance of a value goes with 1/weight). '
				'A row with NULL anywhere, or weight 0, is not used. Errors: NaN, infinity, negative weight (22003). No row that counts: NULL. One agent, one value each, all values equal: see method. Times: pass ln(value), ln(target). '
				'Exact REML of the one-way random model; the same from stored panels.'
			ELSE 'Transition function of coachdiag.gap_dispersion(value, target, agent [, weight]). Not to be called on its own.' END);
	END LOOP;
END
$comments$;

CREATE FUNCTION coachdiag.gap_dispersion(panel coachdiag.panel, higher_is_better boolean DEFAULT NULL, scale text DEFAULT 'identity', margin double precision DEFAULT 0)
	RETURNS coachdiag.gap_dispersion_result AS 'MODULE_PATHNAME', 'cd_gap_dispersion_panel' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION coachdiag.gap_dispersion(coachdiag.panel, boolean, text, double precision) IS
'coachdiag.gap_dispersion of a stored panel, pooled over periods and contact types. higher_is_better: when given, the gap is oriented so that positive is worse than target; when NULL it is value - target, as in the aggregates. '
'scale: identity; log (the panel holds ln(value) and ln(target); estimated on the log scale, returned in the metric''s own units: gaps and margin at the mean of the targets, by volume, spreads at the value that the mean gap makes of it); proportion (the panel holds rates weighted by their trials: binomial-normal model, adaptive Gauss-Hermite, extra-binomial noise allowed for; the result is in rates). '
'margin: share_short counts agents short by more than this, in the metric''s own units (default 0; not negative). Cells without target are left out; nothing left: NULL. Error 22023 for an unknown scale or a bad margin.';
