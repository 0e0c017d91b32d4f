-- exact_sum and exact_avg: what results add up with, so that the order of rows makes no difference.

CREATE FUNCTION coachdiag.exact_sum_accum(state double precision[], value double precision)
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_exact_sum_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.exact_sum_accum(double precision[], double precision) IS
'Transition function of the aggregates coachdiag.exact_sum and exact_avg. Not to be called on its own; any array that is not a state is refused (22023).';

CREATE FUNCTION coachdiag.exact_sum_combine(state double precision[], other double precision[])
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_exact_sum_combine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.exact_sum_combine(double precision[], double precision[]) IS
'Combine function of the aggregates coachdiag.exact_sum and exact_avg. Not to be called on its own; any array that is not a state is refused (22023).';

CREATE FUNCTION coachdiag.exact_sum_final(state double precision[])
	RETURNS double precision AS 'MODULE_PATHNAME', 'cd_exact_sum_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.exact_sum_final(double precision[]) IS
'Final function of the aggregate coachdiag.exact_sum; any array that is not a state is refused (22023).';

CREATE FUNCTION coachdiag.exact_avg_final(state double precision[])
	RETURNS double precision AS 'MODULE_PATHNAME', 'cd_exact_avg_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.exact_avg_final(double precision[]) IS
'Final function of the aggregate coachdiag.exact_avg; any array that is not a state is refused (22023).';

CREATE AGGREGATE coachdiag.exact_sum(value double precision) (
	SFUNC = coachdiag.exact_sum_accum, STYPE = double precision[], SSPACE = 128,
	FINALFUNC = coachdiag.exact_sum_final, COMBINEFUNC = coachdiag.exact_sum_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE coachdiag.exact_sum(double precision) IS
'The sum of numbers, rounded once and not at each row (Shewchuk 1997): it is the same to the last digit whatever the order of rows, the plan and the number of workers. '
'As sum(value): NULL is not counted, NULL without any number; NaN and infinity as there. Error: overflow (22003), also of a partial sum.';

CREATE AGGREGATE coachdiag.exact_avg(value double precision) (
	SFUNC = coachdiag.exact_sum_accum, STYPE = double precision[], SSPACE = 128,
	FINALFUNC = coachdiag.exact_avg_final, COMBINEFUNC = coachdiag.exact_sum_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE coachdiag.exact_avg(double precision) IS
'The mean of numbers: coachdiag.exact_sum(value) divided by their count, the same whatever the order of rows.';
