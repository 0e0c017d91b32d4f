-- p_structural: how likely a gap is to be structural, from the evidence of the indicator tests.

CREATE FUNCTION coachdiag.p_structural(
		spread double precision, type_share double precision,
		effect double precision, effect_low double precision, effect_high double precision, smallest_effect double precision)
	RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 1 / (1 + pg_catalog.exp(-(-0.5
		+ (1 - e.type) * (2.3 * LEAST(e.alike, 0) + 1.3 * GREATEST(e.alike, 0))
		+ 2.1 * LEAST(e.idle, 0) + 4.4 * (1 - e.type) * GREATEST(e.alike, 0) * GREATEST(e.idle, 0)
		+ 4.8 * e.type)))
	FROM (
		SELECT GREATEST(-1, LEAST(1, coalesce(-pg_catalog.ln(GREATEST(spread, 0.02) / 0.5), 0))) AS alike,
			GREATEST(0, LEAST(1, coalesce(type_share / 0.5, 0))) AS type,
			GREATEST(-2, LEAST(1, coalesce((0.2 * smallest_effect - effect) / ((effect_high - effect_low) / 3.92 + 0.1 * smallest_effect), 0))) AS idle
	) e;
END;
COMMENT ON FUNCTION coachdiag.p_structural(double precision, double precision, double precision, double precision, double precision, double precision) IS
'Probability from 0 to 1 that an existing gap is structural and not behavioural. spread: standard deviation of the agents'' true gaps over the mean gap (0: all alike); type_share: part of the gap that contact types to blame carry; effect (effect_low, effect_high: 95 %): improvement per session of coaching, metric units; smallest_effect: smallest change worth having. '
'A NULL is missing evidence and moves nothing; all missing: 0.38. A logistic in three bounded scores: how alike the agents are (log of 0.5 over spread), how little coaching moves (0.2 smallest_effect less the effect, in standard errors), and the type''s share (1 from one half on). Falls with spread and effect, rises with type_share. '
'That agents are alike says little by itself and much once coaching has been idle. Coefficients: ridge logistic regression, signs held to theory, on 900 simulated teams × metrics (bench/validate/gaps.py: seeds 1, 2, 5, and 3, 4 of small noisy teams; undecidable teams with weight on both sides), rounded; the gap of experienced agents earned no weight beside these. How well it is calibrated on other worlds: doc/validity.md.';
