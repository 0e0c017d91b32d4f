-- crossed_variance and crossed_effects: what belongs to agents, and what to contact types.

CREATE FUNCTION coachdiag.crossed_variance(panel coachdiag.panel, interaction boolean DEFAULT true,
		OUT source text, OUT levels integer, OUT variance double precision, OUT variance_low double precision, OUT variance_high double precision,
		OUT share double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_crossed_variance' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000 ROWS 4;
COMMENT ON FUNCTION coachdiag.crossed_variance(coachdiag.panel, boolean) IS
'Whether gaps differ by agent or by contact type: the variance of value less target split between the two as crossed random factors (exact REML), so that routing is not taken for skill. One row each: agent; contact type (contacts of none given count as one type); agent on contact type, what an agent does differently on one type only; rest: a value of weight 1 around all that. '
'levels: agents, types, and pairs of them with values. variance: 0 means not shown to differ. variance_low, variance_high: 95 % interval, from chi-square with Satterthwaite degrees of freedom, too narrow for a variance hardly above 0; NULL for the rest and where the variance is 0 or next to it. share: of all four variances. '
'On the scale of the panel, cells without a target left out. interaction false: agent on contact type is part of the rest, without a row; so it is where no pair has two values. '
'Fewer than two agents or contact types, all values equal, or a NULL panel: no row. Error 54000: more than 2000 agents and as many contact types.';

CREATE FUNCTION coachdiag.crossed_effects(panel coachdiag.panel, interaction boolean DEFAULT true,
		OUT kind text, OUT item text, OUT effect double precision, OUT se double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_crossed_effects' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000 ROWS 20;
COMMENT ON FUNCTION coachdiag.crossed_effects(coachdiag.panel, boolean) IS
'What each agent and each contact type adds to value less target, given the other: best linear unbiased predictions of the model of coachdiag.crossed_variance, drawn towards 0 as far as noise calls for. kind all: the mean of agents and types with its standard error; agent; contact type (item NULL: none given). '
'effect: on the scale of the panel, beside the mean. se: its standard error, the variances taken as known. No row where coachdiag.crossed_variance has none.';
