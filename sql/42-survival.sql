-- kaplan_meier, log_rank and cox: how long agents stay, and what goes with leaving.

CREATE TYPE coachdiag.survival_step AS (
	"time" double precision,
	at_risk double precision,
	events double precision,
	censored double precision,
	survival double precision,
	se double precision,
	low double precision,
	high double precision
);
COMMENT ON TYPE coachdiag.survival_step IS
'A step of coachdiag.kaplan_meier, one for each distinct time. at_risk: spells at risk just before it; events, censored: spells that end at it with and without event. survival: share still there from this time on; se: Greenwood (1926); low, high: 95 % interval by the logarithm of survival, cut at 1. se and interval are NULL where survival is 0.';

CREATE TYPE coachdiag.log_rank_result AS (
	chi2 double precision,
	df double precision,
	p_value double precision,
	group_no integer[],
	observed double precision[],
	expected double precision[]
);
COMMENT ON TYPE coachdiag.log_rank_result IS
'Result of coachdiag.log_rank. chi2 with df degrees of freedom and p_value: of equal hazards (Mantel 1966); NULL when no event saw two groups at risk. group_no: the groups in order; observed, expected: their events, and those that equal hazards would have brought.';

CREATE TYPE coachdiag.cox_result AS (
	spells integer,
	events integer,
	coefficient double precision[],
	se double precision[],
	robust_se double precision[],
	null_loglik double precision,
	loglik double precision,
	status text
);
COMMENT ON TYPE coachdiag.cox_result IS
'Result of coachdiag.cox. coefficient: logarithm of the hazard ratio for one more of each covariate; above 0 is leaving sooner. se: from the model; robust_se: by cluster (Lin & Wei 1989), NULL unless every row has a cluster. null_loglik, loglik: partial log likelihoods without and with the covariates; twice their difference is chi-squared with one degree of freedom for each covariate. '
'status: ok; otherwise the numbers are NULL and it says why: no event, a covariate that does not vary among those at risk or follows from the others, no finite answer (as when everybody who left had a covariate that nobody else had).';

CREATE FUNCTION coachdiag.survival_combine(state double precision[], other double precision[])
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_survival_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION coachdiag.survival_combine(double precision[], double precision[]) IS
'Combine function of coachdiag.kaplan_meier, log_rank and cox. Not to be called on its own; any array that is not a state is refused (22023).';

CREATE FUNCTION coachdiag.kaplan_meier_accum(state double precision[], "time" double precision, event boolean)
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_kaplan_meier_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
CREATE FUNCTION coachdiag.kaplan_meier_accum(state double precision[], "time" double precision, event boolean, entry double precision)
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_kaplan_meier_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
CREATE FUNCTION coachdiag.kaplan_meier_final(state double precision[])
	RETURNS coachdiag.survival_step[] AS 'MODULE_PATHNAME', 'cd_kaplan_meier_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;

CREATE AGGREGATE coachdiag.kaplan_meier("time" double precision, event boolean) (
	SFUNC = coachdiag.kaplan_meier_accum, STYPE = double precision[], SSPACE = 2048,
	FINALFUNC = coachdiag.kaplan_meier_final, COMBINEFUNC = coachdiag.survival_combine, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.kaplan_meier("time" double precision, event boolean, entry double precision) (
	SFUNC = coachdiag.kaplan_meier_accum, STYPE = double precision[], SSPACE = 2048,
	FINALFUNC = coachdiag.kaplan_meier_final, COMBINEFUNC = coachdiag.survival_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE coachdiag.kaplan_meier(double precision, boolean) IS
'How many stay how long: the Kaplan-Meier (1958) curve, one step for each distinct time; unnest() makes rows of it. time: length of a spell, any unit; event: whether it ended in leaving (false: not seen further). '
'A row with a NULL is not used; no row used: NULL. Errors: NaN or infinity (22003). Does not depend on the order of rows. Agrees with R''s survival (Therneau).';
COMMENT ON AGGREGATE coachdiag.kaplan_meier(double precision, boolean, double precision) IS
'As coachdiag.kaplan_meier(time, event) for spells that come under observation late (left truncation): at risk after entry, up to time; entry NULL: from the start. While few are at risk the curve can fall far, or to 0 for good. Error 22023 unless entry is before time.';

CREATE FUNCTION coachdiag.log_rank_accum(state double precision[], "time" double precision, event boolean, group_no integer)
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_log_rank_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
CREATE FUNCTION coachdiag.log_rank_accum(state double precision[], "time" double precision, event boolean, group_no integer, entry double precision)
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_log_rank_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
CREATE FUNCTION coachdiag.log_rank_final(state double precision[])
	RETURNS coachdiag.log_rank_result AS 'MODULE_PATHNAME', 'cd_log_rank_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;

CREATE AGGREGATE coachdiag.log_rank("time" double precision, event boolean, group_no integer) (
	SFUNC = coachdiag.log_rank_accum, STYPE = double precision[], SSPACE = 2048,
	FINALFUNC = coachdiag.log_rank_final, COMBINEFUNC = coachdiag.survival_combine, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.log_rank("time" double precision, event boolean, group_no integer, entry double precision) (
	SFUNC = coachdiag.log_rank_accum, STYPE = double precision[], SSPACE = 2048,
	FINALFUNC = coachdiag.log_rank_final, COMBINEFUNC = coachdiag.survival_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE coachdiag.log_rank(double precision, boolean, integer) IS
'Do groups leave at the same pace (log-rank test, Mantel 1966)? time, event: as for coachdiag.kaplan_meier; group_no: number of the group, up to 1000 different ones. A row with a NULL is not used; no row used: NULL. Errors: NaN or infinity (22003), more groups (54000). Does not depend on the order of rows.';
COMMENT ON AGGREGATE coachdiag.log_rank(double precision, boolean, integer, double precision) IS
'As coachdiag.log_rank(time, event, group_no) for spells at risk after entry only; entry NULL: from the start.';

CREATE FUNCTION coachdiag.cox_accum(state double precision[], "time" double precision, event boolean, covariates double precision[])
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_cox_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3;
CREATE FUNCTION coachdiag.cox_accum(state double precision[], "time" double precision, event boolean, covariates double precision[],
		entry double precision, stratum integer, cluster integer, ties text)
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_cox_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 4;
CREATE FUNCTION coachdiag.cox_final(state double precision[])
	RETURNS coachdiag.cox_result AS 'MODULE_PATHNAME', 'cd_cox_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2000;

CREATE AGGREGATE coachdiag.cox("time" double precision, event boolean, covariates double precision[]) (
	SFUNC = coachdiag.cox_accum, STYPE = double precision[], SSPACE = 2048,
	FINALFUNC = coachdiag.cox_final, COMBINEFUNC = coachdiag.survival_combine, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.cox("time" double precision, event boolean, covariates double precision[],
		entry double precision, stratum integer, cluster integer, ties text) (
	SFUNC = coachdiag.cox_accum, STYPE = double precision[], SSPACE = 2048,
	FINALFUNC = coachdiag.cox_final, COMBINEFUNC = coachdiag.survival_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE coachdiag.cox(double precision, boolean, double precision[]) IS
'What goes with leaving sooner: proportional hazards (Cox 1972), ties by Efron (1977). time, event: as for coachdiag.kaplan_meier; covariates: 1 to 16 numbers, as many on each row. '
'A row with a NULL, one of the covariates included, is not used; no row used: NULL. Errors: NaN or infinity (22003), another number of covariates (2202E). Does not depend on the order of rows. Agrees with R''s survival (Therneau).';
COMMENT ON AGGREGATE coachdiag.cox(double precision, boolean, double precision[], double precision, integer, integer, text) IS
'As coachdiag.cox(time, event, covariates), of spells at risk after entry, up to time (NULL: from the start): several rows of an agent, one after the other, make covariates that change over time. stratum: only spells of the same stratum are compared (NULL: 0); '
'cluster: rows with the same number go together in robust_se (NULL on any row: none); ties: efron (NULL) or breslow, the same on all rows.';

DO $comments$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::pg_catalog.regprocedure AS name, pg_catalog.regexp_replace(p.proname, '_(accum|final)$', '') AS aggregate, p.proname LIKE '%\_final' AS final
		FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'coachdiag'::pg_catalog.regnamespace AND p.proname ~ '^(kaplan_meier|log_rank|cox)_(accum|final)$'
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON FUNCTION %s IS %L', f.name, pg_catalog.format(
			'%s function of the aggregates coachdiag.%s. Not to be called on its own; any array that is not a state is refused (22023).',
			CASE WHEN f.final THEN 'Final' ELSE 'Transition' END, f.aggregate));
	END LOOP;
END
$comments$;
