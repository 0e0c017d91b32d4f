-- coaching_effect: what coaching did, beside what "improved afterwards" would claim.

CREATE TYPE coachdiag.coaching_effect_result AS (
	unit text,
	improvement double precision,
	ci_low double precision,
	ci_high double precision,
	p_value double precision,
	naive_improvement double precision,
	naive_share_improved double precision,
	null_improvement double precision,
	null_share_improved double precision,
	smallest_detectable double precision,
	n_agents integer,
	n_coached integer,
	n_control integer,
	sessions double precision,
	horizon integer,
	conclusion text,
	pooled boolean,
	probability_improved double precision,
	sd double precision,
	doubt double precision,
	raw_improvement double precision,
	raw_se double precision,
	raw_df double precision,
	placebo double precision,
	placebo_p double precision,
	overlap double precision,
	allowance double precision,
	shortfall double precision,
	own boolean,
	reason text
);
COMMENT ON TYPE coachdiag.coaching_effect_result IS
'Result of coachdiag.coaching_effect; metric units (scale log: at the mean of the agents who were coached, by their sessions), positive is better. improvement (ci_low, ci_high: 95 %): per session, the mean change of the metric over the horizon periods after it, for the sessions that were given, against the same agents not having had that session then. p_value: two-sided, of raw_improvement, doubt included. '
'naive_improvement, naive_share_improved: what before against after shows (mean after minus the period before; share of sessions whose next period was better). null_improvement, null_share_improved: what the same sessions would have shown had coaching done nothing: regression to the mean. '
'smallest_detectable: effect that raw_improvement would have shown with 80 % probability, doubt included. n_agents, n_coached, n_control (uncoached in a period in which a team mate was coached), sessions, horizon (periods). '
'conclusion: effective (interval above zero), harmful (below by more than allowance), no_effect (90 % interval within smallest_effect: two one-sided tests; its upper end with shortfall added), otherwise cannot_tell. pooled: strength was borrowed from the other units; probability_improved: of an effect above zero. sd: of what remains unknown about improvement (ci_low and ci_high allow for 10 % of the effect that each stands for, too); doubt: the part of it that is about what was removed as regression to the mean and, where teams are fitted together, about how new hires learn; more sessions of the team would hardly make it smaller (40 % of what was removed instead of 6 where values carry over from period to period, as rolling means do; reason says so). raw_improvement, raw_se, raw_df: from this units sessions; where pooled, how large the noise is, how effects fade, what new hires learn and how far robust standard errors exceed those of the model were learned from all units, raw_df counts 15 agents for that, and coachdiag.coaching_effect(panel) gives the figures of the unit alone. '
'placebo, placebo_p: apparent effect of sessions that still lie ahead; a small p says that the coach selects on what the data don''t show. overlap: share of sessions with a team mate to compare with. allowance: how far below zero sessions may come out that do nothing and go to who is weak for good: what their past had not told of the agents'' levels when they were coached, mean over sessions, of an agent one standard deviation weak. shortfall: the same of those who were coached, as weak as they usually are beside their team mates once what sessions gave is taken off, as if each gave smallest_effect (NULL: what is shown), 0 or above: by so much improvement may be too low if coaches know who is weak for good. own: false where they are fewer than one in ten, or none can be followed, so that improvement is what sessions do in the other units (not pooled: a figure that nobody was compared for) and the conclusion cannot_tell. NULL: not available.';

CREATE FUNCTION coachdiag.coaching_effect(units text[], panels coachdiag.panel[], higher_is_better boolean, scale text DEFAULT 'identity',
		smallest_effect double precision DEFAULT NULL, horizon integer DEFAULT 4)
	RETURNS SETOF coachdiag.coaching_effect_result AS 'MODULE_PATHNAME', 'cd_coaching_effect_panels' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000 ROWS 100;
COMMENT ON FUNCTION coachdiag.coaching_effect(text[], coachdiag.panel[], boolean, text, double precision, integer) IS
'What coaching did in each of several teams that share a metric (units[i] names panels[i]; NULL panels are skipped), with partial pooling: the teams'' effects have a common distribution, learned without assuming its shape, so that a small team borrows strength; with smallest_effect and targets most from teams whose agents differ as much beside their gap. '
'Panels need periods and sessions (full form of coachdiag.panel). higher_is_better: NULL = true; scale: identity, log (panels hold ln(value)), proportion; smallest_effect: smallest change worth having, metric units, for no_effect and whom to borrow from; horizon: 1 to 26 periods. '
'Each agent''s period is compared with what its team''s period and its own past led to expect, so that neither the bad spell that brought a session about nor what the whole team went through counts as an effect; values are freed of contact mix. units or panels NULL: no rows. Values that are all the same, and values or sessions beyond about 1e150, give no improvement, and a reason that says so. '
'Errors: arrays of different length (2202E); unknown scale, smallest_effect negative or not finite, horizon out of range, more than 100000 periods from the first to the last (22023).';

CREATE FUNCTION coachdiag.coaching_effect(panel coachdiag.panel, higher_is_better boolean DEFAULT true, scale text DEFAULT 'identity',
		smallest_effect double precision DEFAULT NULL, horizon integer DEFAULT 4)
	RETURNS coachdiag.coaching_effect_result AS 'MODULE_PATHNAME', 'cd_coaching_effect_panel' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION coachdiag.coaching_effect(coachdiag.panel, boolean, text, double precision, integer) IS
'What coaching did in one team, from its panel alone (no pooling; unit is NULL). Arguments and errors as for several panels. NULL panel: NULL.';

CREATE FUNCTION coachdiag.values_carry_over(panel coachdiag.panel) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cd_values_carry_over' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION coachdiag.values_carry_over(coachdiag.panel) IS
'Whether values hold what earlier periods brought, as a rolling mean does, or a month''s value beside each of its weeks: by the statistic and the thresholds of coachdiag.coaching_effect, which asks it of what sessions and tenure don''t explain. '
'Contact mix and the median of each period are taken out; days count by weeks. True where an agent''s changes in periods that follow each other hardly go against each other (correlation above -0.2), and those 2 to 13 periods apart do (one below -0.25), each agent by the number of changes. False as well where that can''t be told: fewer than 100 changes, no periods. NULL panel: NULL. Error 22023: more than 100000 periods from the first to the last.';

CREATE FUNCTION coachdiag.effect_accum(coachdiag.panel, value double precision, agent bigint, period date, sessions double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_effect_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.effect_accum(coachdiag.panel, value double precision, agent text, period date, sessions double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_effect_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.effect_accum(coachdiag.panel, value double precision, agent bigint, period date, sessions double precision, weight double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_effect_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.effect_accum(coachdiag.panel, value double precision, agent text, period date, sessions double precision, weight double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_effect_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.coaching_effect_final(coachdiag.panel)
	RETURNS coachdiag.coaching_effect_result AS 'MODULE_PATHNAME', 'cd_coaching_effect_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION coachdiag.coaching_effect_final(coachdiag.panel) IS
'Final function of the aggregates coachdiag.coaching_effect(value, agent, period, sessions [, weight]).';

CREATE AGGREGATE coachdiag.coaching_effect(value double precision, agent bigint, period date, sessions double precision) (
	SFUNC = coachdiag.effect_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.coaching_effect_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.coaching_effect(value double precision, agent text, period date, sessions double precision) (
	SFUNC = coachdiag.effect_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.coaching_effect_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.coaching_effect(value double precision, agent bigint, period date, sessions double precision, weight double precision) (
	SFUNC = coachdiag.effect_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.coaching_effect_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.coaching_effect(value double precision, agent text, period date, sessions double precision, weight double precision) (
	SFUNC = coachdiag.effect_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.coaching_effect_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);

DO $comments$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::pg_catalog.regprocedure AS name, p.prokind FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'coachdiag'::pg_catalog.regnamespace
			AND (p.proname = 'effect_accum' OR p.proname = 'coaching_effect' AND p.prokind = 'a')
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON %s %s IS %L',
			CASE f.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, f.name,
			CASE f.prokind WHEN 'a' THEN
				'What coaching did in one team, straight over rows; higher values are better (negate value otherwise; for times pass -ln(value)). value: NULL where only sessions are known; agent: bigint or text; period: day or week start; sessions: coaching sessions received in the period, NULL = 0; weight: volume behind value. '
				'A row with NULL agent or period is not used. Errors: NaN, infinity, negative sessions or weight (22003), a period outside the years 1 to 9999 (22008), an agent longer than 1024 bytes (22001), more than 100000 periods from the first to the last (22023). No row that counts: NULL. Estimand and columns: type coachdiag.coaching_effect_result.'
			ELSE 'Transition function of coachdiag.coaching_effect(value, agent, period, sessions [, weight]). Not to be called on its own.' END);
	END LOOP;
END
$comments$;

CREATE FUNCTION coachdiag.t_interval(estimate double precision, se double precision, df double precision, level double precision DEFAULT 0.95,
		OUT low double precision, OUT high double precision, OUT p_value double precision)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_t_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.t_interval(double precision, double precision, double precision, double precision) IS
'Two-sided interval estimate -+ t se with df degrees of freedom, and the p value of zero. NULL in any argument: NULL. Error 22023: se or df not positive, level not between 0 and 1, estimate not finite.';

CREATE FUNCTION coachdiag.effect_interval(improvement double precision, se double precision, doubt double precision, df double precision, level double precision DEFAULT 0.95,
		OUT low double precision, OUT high double precision, OUT p_value double precision)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_effect_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.effect_interval(double precision, double precision, double precision, double precision, double precision) IS
'Interval and p value of no effect as coachdiag.coaching_effect gives them, for an improvement of one unit or a mean over units (metric units, positive is better): t with df degrees of freedom, se and doubt (as in type coachdiag.coaching_effect_result) added in squares, and 10 % of the effect that a limit stands for, as an sd, since sessions differ in what they do (doc/coaching_effect.md, step 4). '
'NULL in any argument: NULL. Error 22023: se or df not positive, doubt negative, level not between 0 and 1, improvement not finite.';

CREATE FUNCTION coachdiag.coaching_effect_by_period(units text[], panels coachdiag.panel[], higher_is_better boolean, scale text DEFAULT 'identity',
		smallest_effect double precision DEFAULT NULL, horizon integer DEFAULT 4,
		OUT unit text, OUT periods_since integer, OUT seen double precision, OUT sessions double precision,
		OUT improvement double precision, OUT ci_low double precision, OUT ci_high double precision, OUT band_low double precision, OUT band_high double precision,
		OUT half_life double precision, OUT half_life_low double precision, OUT half_life_high double precision, OUT phase text)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_coaching_effect_by_period' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000 ROWS 1000;
COMMENT ON FUNCTION coachdiag.coaching_effect_by_period(text[], coachdiag.panel[], boolean, text, double precision, integer) IS
'Before and after a session, period by period (arguments and errors as for coachdiag.coaching_effect): onset, fade, reversion. periods_since: from -8 to 12, 0 is the session''s own; phase: before, session, after. '
'seen: mean over sessions of the metric against team mates and the agent''s own mean, metric units, positive is better; before a session it shows the dip that led to it. improvement (ci_low, ci_high: 95 %, that period alone): of the session in that period; NULL up to its own, and where fewer than four periods are known of the unit. band_low, band_high: hold the improvements of all periods at once with 95 % (Sidak 1967), for whoever looks for a period that stands out. '
'half_life (half_life_low, half_life_high: 95 %): periods until half of an effect is gone, from when it is there in full (within four), the same on each row of a unit; Infinity: no fading seen; NULL: no effect is established that could fade (coachdiag.coaching_effect neither effective nor harmful), or fewer than two periods after a session are known. Units without sessions have no rows.';
