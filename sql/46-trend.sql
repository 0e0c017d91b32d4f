-- trend: is a series moving; tost: is an estimate too small to matter; smallest_detectable: what could it have shown.

CREATE TYPE coachdiag.trend_result AS (
	n integer,
	s double precision,
	tau double precision,
	z double precision,
	p_value double precision,
	slope double precision,
	slope_low double precision,
	slope_high double precision,
	intercept double precision,
	inflation double precision,
	method text
);
COMMENT ON TYPE coachdiag.trend_result IS
'Result of coachdiag.trend. n: values used. s: rising less falling pairs of values (Mann 1945, Kendall 1975); tau: s over the number of pairs, -1 to 1. z: with continuity correction; p_value: two-sided. slope: median of all pairwise slopes (Sen 1968), metric units per unit of at (per day for dates), slope_low, slope_high: its 95 % interval by ranks, from the same variance as p_value. '
'intercept: median value less slope times median time: the line''s value at 0, for dates at the first date. inflation: of the variance of s by autocorrelation; 1 where independent; not above 0 (short series that turn back each time): no variance is left, and z, p_value, slope_low and slope_high are NULL. method: exact (p_value by permutations: 10 values at most, no ties), normal, hamed_rao or yue_wang. NULL: fewer than 3 values, or not available.';

CREATE FUNCTION coachdiag.trend(value double precision[], at date[], method text DEFAULT 'independent', lags integer DEFAULT NULL, season integer[] DEFAULT NULL)
	RETURNS coachdiag.trend_result AS 'MODULE_PATHNAME', 'cd_trend_date' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION coachdiag.trend(double precision[], date[], text, integer, integer[]) IS
'Is a series moving up or down, whatever its shape or outliers: Mann-Kendall test and Sen slope. value[i] belongs to at[i] (array_agg over the same rows, in any order); slope per day; a pair with a NULL is left out, gaps in time count in the slope. '
'method: independent, or with allowance for autocorrelation hamed_rao (Hamed & Rao 1998) or yue_wang (Yue & Wang 2004): weekly values of an agent are rarely independent. lags: autocorrelations used; NULL: all for hamed_rao, the first for yue_wang. season: compare only values of the same season (Hirsch, Slack & Smith 1982), NULL: one season. '
'NULL value or at: NULL. Errors: NaN or infinity (22003); arrays of different length (2202E); two values at one time and season, unknown method, lags below 1, season with another method than independent (22023); more than 3000 values (54000).';

CREATE FUNCTION coachdiag.trend(value double precision[], at double precision[], method text DEFAULT 'independent', lags integer DEFAULT NULL, season integer[] DEFAULT NULL)
	RETURNS coachdiag.trend_result AS 'MODULE_PATHNAME', 'cd_trend_number' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION coachdiag.trend(double precision[], double precision[], text, integer, integer[]) IS
'As coachdiag.trend(value, at date[]) with times as numbers, such as the number of the week; slope per unit of at, intercept at 0.';

CREATE FUNCTION coachdiag.tost(estimate double precision, se double precision, df double precision, margin double precision, alpha double precision DEFAULT 0.05,
		OUT p_value double precision, OUT equivalent boolean, OUT conclusion text, OUT low double precision, OUT high double precision,
		OUT p_low double precision, OUT p_high double precision)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_tost_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.tost(double precision, double precision, double precision, double precision, double precision) IS
'Is an effect shown to be too small to matter: two one-sided t tests (Schuirmann 1987) of -margin and margin, the smallest effect worth having, in the unit of the estimate. se: standard error; df: degrees of freedom, Infinity: normal; alpha: 0.05, below 0.5. '
'p_value: the larger of p_low (true value at or below -margin) and p_high (at or above margin). equivalent: p_value below alpha; the same as low, high (level 1 - 2 alpha) lying within the margins. '
'conclusion: effect (interval at level 1 - alpha leaves out zero), negligible (leaves out zero, yet equivalent), no_effect (equivalent), cannot_tell (neither). Not significant alone is cannot_tell, never no_effect. NULL in any argument: NULL. Error 22023: se, df or margin not positive, alpha outside 0 to 0.5, not finite.';

CREATE FUNCTION coachdiag.smallest_detectable(se double precision, df double precision, alpha double precision DEFAULT 0.05, power double precision DEFAULT 0.8)
	RETURNS double precision AS 'MODULE_PATHNAME', 'cd_smallest_detectable_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.smallest_detectable(double precision, double precision, double precision, double precision) IS
'What could these data have shown: the smallest true effect that a two-sided t test at alpha finds with probability power, in the unit of the standard error se; by the noncentral t distribution. df: degrees of freedom, Infinity: normal. '
'Needs no estimate: also for a plan, from the standard error that it would have. NULL in any argument: NULL. Error 22023: se or df not positive, alpha outside 0 to 0.5, power outside alpha / 2 to 1, not finite.';
