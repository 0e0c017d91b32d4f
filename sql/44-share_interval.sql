-- Intervals of shares and ratios, counted over units inside which things are alike.

CREATE FUNCTION coachdiag.binomial_interval(hits double precision, trials double precision, level double precision DEFAULT 0.95,
		OUT low double precision, OUT high double precision)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_binomial_interval_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.binomial_interval(double precision, double precision, double precision) IS
'Exact interval of a share, hits of trials (Clopper & Pearson 1934): covers at least level, however small the numbers. Neither needs to be whole (effective numbers). NULL in any argument: NULL. '
'Error 22023: trials not above 0, hits not between 0 and trials, level not between 0 and 1.';

CREATE FUNCTION coachdiag.ratio_interval(hits double precision, trials double precision, hits_squared double precision, cross_product double precision,
		trials_squared double precision, units bigint, is_share boolean, OUT low double precision, OUT high double precision)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_ratio_interval_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.ratio_interval(double precision, double precision, double precision, double precision, double precision, bigint, boolean) IS
'95 % interval of hits / trials, summed over units (agents, say) inside which trials are alike; hits_squared, cross_product, trials_squared: sums over units of hits squared, hits times trials, trials squared. '
'is_share: hits are a part of trials; the exact binomial interval at the effective number of trials (Korn & Graubard 1998); where none or all are hits, trials of a unit are taken as correlated by 0.1. Otherwise a ratio of any size: variance between units by linearisation, t with units - 1 degrees of freedom. Fewer than two units, or NULL in any argument: NULL. Error 22023: no trials, sums not finite, or is_share and hits not between 0 and trials.';
