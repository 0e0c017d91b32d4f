-- structural_score: is a gap structural or behavioural? Five tests, a verdict by rule, and a probability.

CREATE TYPE coachdiag.structural_test AS (
	test text,
	estimate double precision,
	ci_low double precision,
	ci_high double precision,
	state text,
	n integer,
	reason text,
	more_weeks integer,
	more_agents integer,
	more_sessions integer
);
COMMENT ON TYPE coachdiag.structural_test IS
'One test of a structural gap, contact mix taken out. When it is which: doc/verdict.md. state: structural, behavioural or unknown; unknown never counts as present. estimate (ci_low, ci_high: 95 %), by test: '
'consistent_gap: standard deviation of the agents'' true gaps over the mean gap (at least the smallest effect), 0 is perfectly alike. experienced_same_gap: mean gap of agents with a year of tenure, metric units, positive is worse. contact_type_or_step: part of the gap that would go if the contact types to blame were like the others. coaching_without_effect: improvement per session, metric units, positive is better. decide_or_wait: part of the gap that lies where the agent can only wait, as given; not one of the four indicators. '
'n: agents, contact types (contact_type_or_step) or sessions (coaching_without_effect). reason: in words. more_weeks, more_agents, more_sessions: at least as many more it would take to settle an unknown test, were the estimates to stay; NULL: it is settled, or no such number within a year, twice the agents or twelve sessions for each coached agent. The tests are those of the coaching paradox (Colville).';

CREATE TYPE coachdiag.structural_score_result AS (
	verdict text,
	p_structural double precision,
	indicators_present integer,
	unknown text[],
	agents integer,
	mean_gap double precision,
	mean_low double precision,
	mean_high double precision,
	settled_gap double precision,
	settled_low double precision,
	settled_high double precision,
	changed_on date,
	gap_before double precision,
	gap_after double precision,
	tests coachdiag.structural_test[],
	next_step text,
	reason text
);
COMMENT ON TYPE coachdiag.structural_score_result IS
'Result of coachdiag.structural_score; metric units, positive is worse than target. The rule: doc/verdict.md. verdict: no_gap, structural, mixed, behavioural or cannot_tell. p_structural: probability that an existing gap is structural and not behavioural (coachdiag.p_structural); NULL where the verdict is no_gap; it is of a gap that is there, also where none is shown yet; where the verdict is mixed it is of the gap as if it had one cause, and tells nothing of the two. indicators_present: of the four indicators, how many are structural; unknown: tests that can''t be answered. '
'agents, mean_gap (mean_low, mean_high: 95 %): contact mix taken out. settled_gap (settled_low, settled_high): the same, with what new hires usually lack and what the mix of contact types usually adds (argument usual) taken out too. changed_on, gap_before, gap_after: first week and mean gaps where the weekly mean gap suddenly changed level. Where one of the two is no more than smallest_effect, and they are more than twice that apart, everything else here is of the time since, sessions included, as this panel alone shows them; else of both times together. NULL: not seen. tests: see type coachdiag.structural_test. next_step, reason: in plain words.';

CREATE FUNCTION coachdiag.learning_curve(panels coachdiag.panel[], higher_is_better boolean DEFAULT true) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'cd_learning_curve' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION coachdiag.learning_curve(coachdiag.panel[], boolean) IS
'How far new hires usually are from what they will settle at: {quick, slow}, after w weeks of tenure quick exp(-w / 6) + slow exp(-w / 20), on the panels'' own scale (log: of ln(value)), above zero is better. panels: of one metric, a team each. '
'Weighted least squares on agents'' weeks, freed of contact mix, of agents and of each team''s weeks (two-way fixed effects), and of sessions, one effect for all, for new hires are coached more; pulled towards {0, 0} by its F over agents as clusters (positive-part James-Stein); {0, 0} as well where fewer than three agents were seen in their first year, or hired_on is not known. NULL panels are left out; none, or NULL: NULL.';

CREATE FUNCTION coachdiag.structural_score(panel coachdiag.panel, higher_is_better boolean DEFAULT true, scale text DEFAULT 'identity',
		smallest_effect double precision DEFAULT NULL, usual jsonb DEFAULT NULL,
		learning double precision[] DEFAULT NULL)
	RETURNS coachdiag.structural_score_result AS 'MODULE_PATHNAME', 'cd_structural_score_panel' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20000;
COMMENT ON FUNCTION coachdiag.structural_score(coachdiag.panel, boolean, text, double precision, jsonb, double precision[]) IS
'Structural or behavioural, from one panel alone; what coaching did is estimated from the panel as well, without strength from other teams. higher_is_better: NULL = true; scale: identity, log (the panel holds ln(value) and ln(target)) or proportion; smallest_effect: smallest change worth having, metric units, NULL: not known, a fifth of the standard deviation of agents'' periods instead. '
'usual: for types that share one target, where a type that takes longer by nature is no evidence: contact type -> by how much its gap usually exceeds that of others, metric units; or an array of that (beside the mean contact of the median team), its standard error and the type''s usual share of contacts, all numbers: then what the panel''s mix of types adds to its gap is not held against it, either; types left out count as 0. NULL: targets are by type, or nothing to compare with. learning: what tenure adds, from coachdiag.learning_curve over the teams of the metric; NULL: as this panel alone shows it. '
'Full form of coachdiag.panel; without periods, types, sessions or hiring dates the tests that need them are unknown. NULL panel, or no value with a target: NULL. Errors (22023): unknown scale, smallest_effect negative or not finite, usual not an object of numbers, learning not two finite numbers.';

CREATE FUNCTION coachdiag.structural_score(panel coachdiag.panel, higher_is_better boolean, scale text, smallest_effect double precision,
		effect double precision, effect_low double precision, effect_high double precision, sessions double precision, coached integer,
		usual jsonb DEFAULT NULL,
		waiting_share double precision DEFAULT NULL, waiting_low double precision DEFAULT NULL, waiting_high double precision DEFAULT NULL,
		learning double precision[] DEFAULT NULL, idle_coach double precision DEFAULT NULL, waiting_missing text DEFAULT NULL,
		own_effect double precision DEFAULT NULL, own_se double precision DEFAULT NULL, own_doubt double precision DEFAULT NULL,
		usual_spread double precision DEFAULT NULL, shortfall double precision DEFAULT NULL, other_metric double precision DEFAULT NULL)
	RETURNS coachdiag.structural_score_result AS 'MODULE_PATHNAME', 'cd_structural_score_effect' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5000;
COMMENT ON FUNCTION coachdiag.structural_score(coachdiag.panel, boolean, text, double precision, double precision, double precision, double precision, double precision, integer, jsonb, double precision, double precision, double precision, double precision[], double precision, text, double precision, double precision, double precision, double precision, double precision, double precision) IS
'The same with what is known of coaching: effect (effect_low, effect_high: 95 %), sessions and coached agents as coachdiag.coaching_effect gives them (improvement, ci_low, ci_high, sessions, n_coached), which over many teams borrows strength; NULL: not assessed. '
'waiting_share (waiting_low, waiting_high: 95 %): part of the gap, 0 to 1, that lies in steps where the agent can only wait, for the test decide_or_wait; NULL: not assessed; waiting_missing: why, as that test''s reason (NULL: needs contact_event). '
'idle_coach: probability, 0 to 1, that the coaches of these sessions move nothing whatever the gap, as coachdiag.idle_coaches gives it; idle sessions then say so much less about the gap, and from 0.5 on coaching_without_effect is unknown and coaching counts as not tried; NULL: not known, as 0. other_metric: probability, 0 to 1, that one of these sessions was about another metric (of sessions that name none, where M metrics could be meant, of which k of n named ones name this one: 1 - (k + 1) / (n + M)); one that was about this one then moves more by 1 / (1 - other_metric), by which coaching_without_effect and p_structural go, both from ten sessions on that were about this one; NULL: as 0. own_effect, own_se, own_doubt: the effect by this panel''s own data, its standard error, and the doubt about what was removed as regression to the mean (raw_improvement, raw_se, doubt): what p_structural is made of; NULL: of effect and its interval. usual_spread: standard deviation between the agents of teams on target, metric units, so that agents who differ by nature are no sign of skills that are lacking: what is beyond 1.5 smallest effects of it is expected in every story of p_structural, and taken off this team''s where mixed is asked; NULL: not known, as 0. shortfall: by how much effect may be too low if the coaches know who is weak for good (coachdiag.coaching_effect); coaching_without_effect is structural only if that much more were idle, too; NULL: not known, as 0. Errors (22023): a number that is not finite, or is negative or above 1 where it can''t be, an interval whose low is above its high, usual without a number for a contact type.';

CREATE FUNCTION coachdiag.structural_tests(panel coachdiag.panel, higher_is_better boolean DEFAULT true, scale text DEFAULT 'identity',
		smallest_effect double precision DEFAULT NULL, usual jsonb DEFAULT NULL,
		learning double precision[] DEFAULT NULL)
	RETURNS SETOF coachdiag.structural_test LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 5
BEGIN ATOMIC
	SELECT t.* FROM coachdiag.structural_score(panel, higher_is_better, scale, smallest_effect, usual, learning) s, pg_catalog.unnest(s.tests) t;
END;
COMMENT ON FUNCTION coachdiag.structural_tests(coachdiag.panel, boolean, text, double precision, jsonb, double precision[]) IS
'The five tests of coachdiag.structural_score with the same arguments, a row each. NULL panel, or no value with a target: no rows.';

CREATE FUNCTION coachdiag.structural_tests(panel coachdiag.panel, higher_is_better boolean, scale text, smallest_effect double precision,
		effect double precision, effect_low double precision, effect_high double precision, sessions double precision, coached integer,
		usual jsonb DEFAULT NULL,
		waiting_share double precision DEFAULT NULL, waiting_low double precision DEFAULT NULL, waiting_high double precision DEFAULT NULL,
		learning double precision[] DEFAULT NULL, idle_coach double precision DEFAULT NULL, waiting_missing text DEFAULT NULL,
		own_effect double precision DEFAULT NULL, own_se double precision DEFAULT NULL, own_doubt double precision DEFAULT NULL,
		usual_spread double precision DEFAULT NULL, shortfall double precision DEFAULT NULL, other_metric double precision DEFAULT NULL)
	RETURNS SETOF coachdiag.structural_test LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 5
BEGIN ATOMIC
	SELECT t.* FROM coachdiag.structural_score(panel, higher_is_better, scale, smallest_effect, effect, effect_low, effect_high, sessions, coached,
		usual, waiting_share, waiting_low, waiting_high, learning, idle_coach, waiting_missing, own_effect, own_se, own_doubt, usual_spread, shortfall, other_metric) s, pg_catalog.unnest(s.tests) t;
END;
COMMENT ON FUNCTION coachdiag.structural_tests(coachdiag.panel, boolean, text, double precision, double precision, double precision, double precision, double precision, integer, jsonb, double precision, double precision, double precision, double precision[], double precision, text, double precision, double precision, double precision, double precision, double precision, double precision) IS
'The five tests of coachdiag.structural_score with the same arguments, a row each. NULL panel, or no value with a target: no rows.';

-- One step, over rows

CREATE FUNCTION coachdiag.structural_accum(coachdiag.panel, value double precision, target double precision, agent bigint, period date,
		weight double precision, contact_type text, sessions double precision, minutes double precision, coach text, hired_on date,
		higher_is_better boolean, smallest_effect double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_structural_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.structural_accum(coachdiag.panel, value double precision, target double precision, agent text, period date,
		weight double precision, contact_type text, sessions double precision, minutes double precision, coach text, hired_on date,
		higher_is_better boolean, smallest_effect double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_structural_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.structural_score_final(coachdiag.panel)
	RETURNS coachdiag.structural_score_result AS 'MODULE_PATHNAME', 'cd_structural_score_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20000;
CREATE FUNCTION coachdiag.structural_score_units_final(coachdiag.panel)
	RETURNS coachdiag.structural_score_result AS 'MODULE_PATHNAME', 'cd_structural_score_units_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20000;

CREATE AGGREGATE coachdiag.structural_score(value double precision, target double precision, agent bigint, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date) (
	SFUNC = coachdiag.panel_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.structural_score_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.structural_score(value double precision, target double precision, agent text, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date) (
	SFUNC = coachdiag.panel_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.structural_score_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.structural_score(value double precision, target double precision, agent bigint, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date,
		higher_is_better boolean, smallest_effect double precision) (
	SFUNC = coachdiag.structural_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.structural_score_units_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.structural_score(value double precision, target double precision, agent text, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date,
		higher_is_better boolean, smallest_effect double precision) (
	SFUNC = coachdiag.structural_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.structural_score_units_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);

DO $comments$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::pg_catalog.regprocedure AS name, p.prokind, p.proname, p.pronargs FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'coachdiag'::pg_catalog.regnamespace
			AND (p.proname IN ('structural_accum', 'structural_score_final', 'structural_score_units_final') OR p.proname = 'structural_score' AND p.prokind = 'a')
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON %s %s IS %L',
			CASE f.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, f.name,
			CASE WHEN f.proname = 'structural_accum' THEN 'Transition function of coachdiag.structural_score(..., higher_is_better, smallest_effect). Not to be called on its own.'
				WHEN f.prokind = 'f' THEN 'Final function of the aggregates coachdiag.structural_score.'
				ELSE 'Structural or behavioural, straight over the rows of one team and metric; the same as coachdiag.structural_score over coachdiag.panel of the same rows, whose arguments these are (NULL: not known), and in one pass as well. '
					|| CASE f.pronargs WHEN 10 THEN 'Higher is better; no smallest effect: a fifth of the standard deviation of agents'' periods instead. '
						ELSE 'higher_is_better (NULL: true) and smallest_effect (above 0): to be the same in each row of a group, which is not checked; each row is taken by its own. Gaps and effects in the result are in units of smallest_effect. Rates and times are treated as any measure; better: coachdiag.structural_score(coachdiag.panel(...), higher_is_better, scale, smallest_effect). ' END
					|| 'Errors: NaN, infinity, negative weight, sessions or minutes (22003), a date outside the years 1 to 9999 (22008), an agent, type or coach longer than 1024 bytes (22001), smallest_effect not above 0 (22023). No row that counts: NULL.' END);
	END LOOP;
END
$comments$;

-- Parts of it

CREATE FUNCTION coachdiag.contact_type_gaps(panel coachdiag.panel, higher_is_better boolean DEFAULT true, scale text DEFAULT 'identity',
		OUT contact_type text, OUT weight double precision, OUT gap double precision, OUT target_low double precision, OUT target_high double precision,
		OUT target_of text)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_contact_type_gaps' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION coachdiag.contact_type_gaps(coachdiag.panel, boolean, text) IS
'Mean gap of each contact type, metric units (log: all at the mean of the panel''s targets, by volume, so that types compare by shares), positive is worse; weight: volume behind it; target_low, target_high: lowest and highest target of the panel, on its own scale. target_of: the first, in order of name, of the types that share its target, the same agent in the same period looked at, so that a target may change with time or tenure; a type that is alone: itself; NULL: a target of its own. Cells without type or target are left out; NULL panel: no rows. Error 22023 for an unknown scale.';

CREATE FUNCTION coachdiag.p_structural(
		spread double precision, type_share double precision,
		effect double precision, effect_low double precision, effect_high double precision, smallest_effect double precision,
		new_agents boolean DEFAULT false, spread_high double precision DEFAULT NULL, gap double precision DEFAULT NULL,
		waiting_share double precision DEFAULT NULL, waiting_low double precision DEFAULT NULL, waiting_high double precision DEFAULT NULL,
		idle_coach double precision DEFAULT NULL, usual_spread double precision DEFAULT NULL)
	RETURNS double precision AS 'MODULE_PATHNAME', 'cd_p_structural' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.p_structural(double precision, double precision, double precision, double precision, double precision, double precision, boolean, double precision, double precision, double precision, double precision, double precision, double precision, double precision) IS
'Probability from 0 to 1 that an existing gap is structural and not behavioural. spread (spread_high: upper end of its 95 % interval; NULL: an error of 0.3 on the log scale): standard deviation of the agents'' true gaps over the mean gap (0: all alike); type_share: part of the gap that contact types to blame carry, for all agents alike; effect (effect_low, effect_high: 95 %): improvement per session of coaching, metric units; smallest_effect: smallest change worth having; gap: the mean gap, metric units, positive is worse (NULL: twice the smallest effect). '
'new_agents: hardly anybody has a year of tenure, so that learning may explain the gap: being alike is not counted, and the rest counts half. waiting_share (waiting_low, waiting_high: 95 %): part of the gap that lies where the agent can only wait. idle_coach: probability that the coaches move nothing whatever the gap, so that idle sessions are to be expected with that probability where coaching could work, too (NULL: 0). usual_spread: standard deviation between agents of teams on target, metric units; what is beyond 1.5 smallest effects of it, by squares, is expected in every story (NULL: nothing). A NULL is missing evidence and moves nothing; without an effect the spread counts half. '
'Bayes'' rule over three stories: all held back alike and coaching idle (structural); all short of a skill alike and coaching works; some can and some can''t, whatever coaching does (behavioural). The log of the spread over the geometric mean of gap and smallest effect, and the effect in smallest effects, are normal in each, with their own errors added. The types'' share raises that, from one half on all the way, to a logit of 4.2 less the log likelihood ratio of coaching that works to coaching that doesn''t (where it is above zero); waiting adds up to 2.3 or takes up to 0.9 away. Falls with spread and effect, rises with type_share and waiting_share. '
'Fitted by maximum likelihood on centres of five simulators, four of them written without knowledge of this function (bench/validate.sh fit); how well it is calibrated on other worlds: doc/validity.md. Errors (22023): a number that is not finite, or negative where it can''t be, an interval whose low is above its high.';
