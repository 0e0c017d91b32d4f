-- heterogeneity and shrink: estimates that come with standard errors, pooled and shrunken.

CREATE TYPE coachdiag.heterogeneity_result AS (
	k integer,
	mean double precision,
	se double precision,
	mean_low double precision,
	mean_high double precision,
	between_variance double precision,
	between_low double precision,
	between_high double precision,
	q double precision,
	q_p double precision,
	i_squared double precision,
	predict_low double precision,
	predict_high double precision,
	method text
);
COMMENT ON TYPE coachdiag.heterogeneity_result IS
'Result of coachdiag.heterogeneity, in the units of the estimates. k: units used. mean, se (mean_low, mean_high): random-effects mean with the standard error and 95 % interval of Knapp & Hartung (2003), t with k - 1 degrees of freedom; with one unit its own estimate, se and normal interval. '
'between_variance (between_low, between_high): variance of the true values between units with its 95 % Q-profile interval (Viechtbauer 2007); 0 is a legitimate answer, then read between_high. q, q_p: Cochran''s test that all true values are equal. i_squared: share (0 to 1) of the variance of the estimates that is not sampling error (Higgins & Thompson 2002). '
'predict_low, predict_high: 95 % interval for the true value of a new unit, t with k - 2 degrees of freedom (Higgins, Thompson & Spiegelhalter 2009), 3 units on. method: estimator of between_variance. NULL: not available from these data.';

CREATE FUNCTION coachdiag.heterogeneity_accum(state double precision[], estimate double precision, se double precision)
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_heterogeneity_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION coachdiag.heterogeneity_accum(double precision[], double precision, double precision) IS
'Transition function of coachdiag.heterogeneity(estimate, se). Not to be called on its own; any array that is not a state is refused (22023).';

CREATE FUNCTION coachdiag.heterogeneity_accum(state double precision[], estimate double precision, se double precision, method text)
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_heterogeneity_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION coachdiag.heterogeneity_accum(double precision[], double precision, double precision, text) IS
'Transition function of coachdiag.heterogeneity(estimate, se, method). Not to be called on its own; any array that is not a state is refused (22023).';

CREATE FUNCTION coachdiag.heterogeneity_combine(state double precision[], other double precision[])
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_heterogeneity_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION coachdiag.heterogeneity_combine(double precision[], double precision[]) IS
'Combine function of the aggregates coachdiag.heterogeneity. Not to be called on its own; any array that is not a state is refused (22023).';

CREATE FUNCTION coachdiag.heterogeneity_final(state double precision[])
	RETURNS coachdiag.heterogeneity_result AS 'MODULE_PATHNAME', 'cd_heterogeneity_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;
COMMENT ON FUNCTION coachdiag.heterogeneity_final(double precision[]) IS
'Final function of the aggregates coachdiag.heterogeneity. Not to be called on its own; any array that is not a state is refused (22023).';

CREATE AGGREGATE coachdiag.heterogeneity(estimate double precision, se double precision) (
	SFUNC = coachdiag.heterogeneity_accum, STYPE = double precision[], SSPACE = 512,
	FINALFUNC = coachdiag.heterogeneity_final, COMBINEFUNC = coachdiag.heterogeneity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE coachdiag.heterogeneity(double precision, double precision) IS
'Do units (agents, teams, coaches, sites) truly differ, given one estimate with its standard error each? Random-effects analysis by REML. estimate: any unit of measurement; se: its standard error in the same unit. '
'A row with NULL estimate or se is not used; no row used: NULL. Errors: NaN or infinity (22003), se not above 0 (22023). The result does not depend on the order of rows. Agrees with R''s metafor (Viechtbauer 2010).';

CREATE AGGREGATE coachdiag.heterogeneity(estimate double precision, se double precision, method text) (
	SFUNC = coachdiag.heterogeneity_accum, STYPE = double precision[], SSPACE = 512,
	FINALFUNC = coachdiag.heterogeneity_final, COMBINEFUNC = coachdiag.heterogeneity_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE coachdiag.heterogeneity(double precision, double precision, text) IS
'As coachdiag.heterogeneity(estimate, se), with the estimator of the between-unit variance: REML (also when NULL), PM (Paule & Mandel), DL (DerSimonian & Laird), ML, HE (Hedges), SJ (Sidik & Jonkman) or FE (no variance assumed), in any case. '
'Error 22023 for another method, or when it is not the same for all rows.';

CREATE TYPE coachdiag.shrunken AS (
	estimate double precision,
	se double precision,
	weight double precision
);
COMMENT ON TYPE coachdiag.shrunken IS
'Result of coachdiag.shrink. estimate: weight times the unit''s own estimate plus (1 - weight) times the mean of all. se: its standard error, with the uncertainty of the mean and of the between-unit variance (Morris 1983). weight: 0 (nothing of its own is left) to 1.';

CREATE FUNCTION coachdiag.shrink(estimate double precision, se double precision)
	RETURNS coachdiag.shrunken AS 'MODULE_PATHNAME', 'cd_shrink' LANGUAGE C IMMUTABLE PARALLEL SAFE WINDOW COST 20;
COMMENT ON FUNCTION coachdiag.shrink(double precision, double precision) IS
'Window function: the empirical Bayes estimate of each unit of the partition (REML), drawn towards the mean of all units as far as its standard error calls for. Rank agents or coaches by this, not by the raw estimate. '
'Uses the whole partition whatever the frame and the order. A row with NULL estimate or se gets NULL and is not used; a unit alone in its partition is returned as it is. Errors: NaN or infinity (22003), se not above 0 (22023).';
