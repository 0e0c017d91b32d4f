-- kitagawa, turnover and shapley: where a difference of means comes from. Parts that add up.

CREATE FUNCTION coachdiag.kitagawa(weight_a double precision[], mean_a double precision[], weight_b double precision[], mean_b double precision[],
		OUT gap double precision, OUT mix double precision, OUT rate double precision, OUT unmatched double precision)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_kitagawa_arrays' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION coachdiag.kitagawa(double precision[], double precision[], double precision[], double precision[]) IS
'Why the mean of a differs from that of b, over categories (element i of each array is category i): gap = a less b = mix + rate + unmatched. mix: another composition, at the mean of both rates; rate: other rates, at the mean composition (Kitagawa 1955); '
'unmatched: categories that only one side has; mix and rate compare the others, shares within them. Weight NULL or 0, or mean NULL: the side doesn''t have the category. Nothing in common: gap and unmatched only. A side without any, or NULL: NULL. Errors: arrays of different length (2202E), NaN, infinity, negative weight (22003).';

CREATE FUNCTION coachdiag.turnover(weight_before double precision[], mean_before double precision[], weight_after double precision[], mean_after double precision[],
		OUT before double precision, OUT after double precision, OUT change double precision,
		OUT within double precision, OUT within_low double precision, OUT within_high double precision, OUT within_se double precision,
		OUT mix double precision, OUT joined double precision, OUT "left" double precision,
		OUT n_stayed integer, OUT n_joined integer, OUT n_left integer)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_turnover_arrays' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.turnover(double precision[], double precision[], double precision[], double precision[]) IS
'How far a mean moved because of those who stayed, joined and left (element i of each array is agent i; weight NULL or 0, or mean NULL: not there): change = within + mix + joined + left. within (within_low, within_high: 95 %, t with n_stayed - 1 degrees of freedom): stayers changed, at their mean share of the volume; mix: volume shifted between stayers; '
'joined: those who came are better or worse than the stayers after; left: those who went were better or worse than the stayers before (the dynamic decomposition of Melitz & Polanec 2015, stayers by Kitagawa 1955). Units and direction of the means. Nobody stayed: the parts are NULL. Nobody before or after, or NULL: NULL. Errors: as coachdiag.kitagawa.';

CREATE FUNCTION coachdiag.shapley(value double precision[])
	RETURNS double precision[] AS 'MODULE_PATHNAME', 'cd_shapley_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.shapley(double precision[]) IS
'A whole shared fairly between its causes: what each adds, averaged over all orders (Shapley 1953). value: of every set of causes, 1 to 16 of them, in the order none, {1}, {2}, {1,2}, {3}, {1,3}, {2,3}, {1,2,3}, ... The shares add up to the last value less the first. A NULL value: NULL. Errors: a number of values that is no power of 2 (2202E), NaN, infinity (22003).';
