-- coach_effect and rank_interval: what each coach's sessions did, and the places that chance leaves open.

CREATE TYPE coachdiag.coach_effect_result AS (
	program text,
	coach_id text,
	sessions double precision,
	agents integer,
	teams integer,
	teams_shared integer,
	naive_improvement double precision,
	naive_share_improved double precision,
	null_improvement double precision,
	null_share_improved double precision,
	raw_improvement double precision,
	raw_se double precision,
	improvement double precision,
	ci_low double precision,
	ci_high double precision,
	sd double precision,
	doubt double precision,
	probability_improved double precision,
	conclusion text,
	program_improvement double precision,
	program_spread double precision,
	peers integer,
	rank integer,
	rank_low integer,
	rank_high integer,
	expected_rank double precision,
	probability_above double precision,
	outlier text,
	status text,
	reason text,
	apart double precision,
	apart_low double precision,
	apart_high double precision,
	in_panel integer[],
	in_panel_sessions double precision[],
	in_panel_improvement double precision[],
	in_panel_se double precision[]
);
COMMENT ON TYPE coachdiag.coach_effect_result IS
'Result of coachdiag.coach_effect; metric units, positive is better. How it is estimated: doc/coaches.md. sessions, agents, teams: of this coach; teams_shared: teams in which others coach too. '
'naive_improvement, naive_share_improved: before against after; null_improvement, null_share_improved: the same had coaching done nothing. raw_improvement, raw_se: per session, from this coach''s sessions alone; improvement (ci_low, ci_high: 95 %; sd): the same drawn towards the coaches of the program; doubt: the part of sd that more sessions would not make smaller. '
'probability_improved: of an effect above zero; conclusion: effective, harmful, no_effect or cannot_tell. program_improvement, program_spread: mean of the program''s coaches, and standard deviation between their true effects. '
'rank (rank_low, rank_high: 95 %): place by expected_rank among the peers (number of ranked coaches), 1 is best; probability_above: to be better than their mean; outlier: above or below it, where established. status: ranked, not told apart, too few to rank or not assessed; reason: in words. '
'apart (apart_low, apart_high: 95 %): improvement less the mean of the other ranked coaches. in_panel, in_panel_sessions, in_panel_improvement, in_panel_se: of the panels in which this coach is told apart, place, sessions, improvement per session from that panel alone and its standard error; side by side. NULL: not available.';

CREATE FUNCTION coachdiag.coach_effect(programs text[], panels coachdiag.panel[], higher_is_better boolean, scale text DEFAULT 'identity',
		smallest_effect double precision DEFAULT NULL, horizon integer DEFAULT 4)
	RETURNS SETOF coachdiag.coach_effect_result AS 'MODULE_PATHNAME', 'cd_coach_effect' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000 ROWS 100;
COMMENT ON FUNCTION coachdiag.coach_effect(text[], coachdiag.panel[], boolean, text, double precision, integer) IS
'What each coach''s sessions did: one row per program and coach that the panels know. panels: one per team, all of one metric, with periods, sessions and coaches (full form of coachdiag.panel); programs[i]: whose coaches those of panels[i] are compared with; NULL is a program of its own. NULL panels are skipped. '
'higher_is_better: NULL = true; scale: identity, log (panels hold ln(value)), proportion; smallest_effect: smallest change worth having, metric units, for no_effect; horizon: 1 to 26 periods. '
'The effect of coaching is estimated as in coachdiag.coaching_effect, the sessions of a team split by coach, so that neither the bad spell that brought a session about nor a weak team, new hires or contact mix count for or against a coach; then partially pooled within the program (normal effects, the spread between coaches integrated over; Gelman 2006), and ranked by draws from the joint posterior with a fixed seed. '
'Sessions without a coach count as coaching, but are nobody''s; in a team with more than 24 coaches so do those of the coaches with the fewest sessions there. No coach: no rows. Errors: arrays of different length (2202E), unknown scale, horizon out of range, more than 100000 periods from the first to the last (22023).';

CREATE TYPE coachdiag.rank_interval_result AS (
	rank integer,
	rank_low integer,
	rank_high integer,
	expected_rank double precision,
	probability_above double precision,
	outlier text
);
COMMENT ON TYPE coachdiag.rank_interval_result IS
'Result of coachdiag.rank_interval; 1 is the highest value. rank: place by expected_rank, equals share one. rank_low, rank_high: equal-tailed interval of the true rank. expected_rank: one plus the probabilities of all others to lie above. probability_above: to lie above the mean of all. '
'outlier: above or below that mean, all outliers of a partition together with probability (1 + level) / 2; NULL: not established.';

CREATE FUNCTION coachdiag.rank_interval(estimate double precision, se double precision, level double precision DEFAULT 0.95)
	RETURNS coachdiag.rank_interval_result AS 'MODULE_PATHNAME', 'cd_rank_interval' LANGUAGE C IMMUTABLE PARALLEL SAFE WINDOW COST 100;
COMMENT ON FUNCTION coachdiag.rank_interval(double precision, double precision, double precision) IS
'Window function: the place of each unit of the partition when each value is known up to its standard error, values independent and normal. Give shrunken estimates (coachdiag.shrink), or units with little data end up at both ends of the table. '
'Uses the whole partition whatever the frame and the order; the interval is found by simulation with a fixed seed, the same for the same estimates in any order. A row with NULL estimate or se gets NULL and is not ranked; a unit alone has rank 1. '
'Errors: NaN or infinity (22003); se not above 0, level not between 0 and 1 (22023); more than 10,000 units in a partition (54000).';

CREATE FUNCTION coachdiag.without_sessions(panel coachdiag.panel) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_without_sessions' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION coachdiag.without_sessions(coachdiag.panel) IS
'The panel with its measurements alone: without sessions and their minutes. Merged (coachdiag.rollup) with a panel of sessions whose coach is another label (the length of the session, the training of who gave it), it makes coachdiag.coach_effect tell the effects of these apart. NULL: NULL.';

-- Whose gap: agents against their team

CREATE FUNCTION coachdiag.agent_gaps(panel coachdiag.panel, higher_is_better boolean DEFAULT true, scale text DEFAULT 'identity',
		OUT agent text, OUT sessions double precision, OUT gap double precision, OUT own double precision, OUT own_se double precision, OUT blocks integer)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_agent_gaps' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20000 ROWS 20;
COMMENT ON FUNCTION coachdiag.agent_gaps(coachdiag.panel, boolean, text) IS
'How far each agent of a team is from the target, and from the team mates on the same contacts; metric units, positive is worse. gap: mean gap; own: of it, what sets the agent apart from the team, contact mix taken away (coachdiag.without_mix) and weeks compared with the same weeks; own_se: its standard error; blocks: four-week blocks with values; sessions: received. '
'The noise is that of an agent''s four-week means around the agent''s own, pooled over the team, so that spells of bad luck of a few weeks count as noise and not as evidence. own_se is NULL below six degrees of freedom (agents times blocks, less agents and blocks). '
'higher_is_better: NULL = true; scale: identity, log (panels hold ln(value)), proportion. An agent without a value that has a target has no row. Shrink own before use (coachdiag.shrink). Error 22023: unknown scale.';

CREATE FUNCTION coachdiag.own_gap(gap double precision, own double precision, own_se double precision, margin double precision, sessions double precision,
		OUT coachable double precision, OUT probability double precision, OUT finding text)
	RETURNS record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	p double precision;
BEGIN
	-- What others have in common with the agent, where it is to the good, makes up for part of the agent's own gap.
	coachable := own + least(gap - own, 0);
	IF own_se > 0 THEN
		p := (coachdiag.t_interval(coachable - margin, own_se, 1e9)).p_value / 2;
		probability := CASE WHEN coachable > margin THEN 1 - p ELSE p END;
	END IF;
	finding := CASE
		WHEN probability >= 0.95 AND sessions > 0 THEN 'own gap, coached'
		WHEN probability >= 0.95 THEN 'own gap, nobody coaches it'
		WHEN probability <= 0.05 AND sessions >= 2 AND gap > margin THEN 'coached for a gap that is not theirs' END;
END
$function$;
COMMENT ON FUNCTION coachdiag.own_gap(double precision, double precision, double precision, double precision, double precision) IS
'What to make of one agent''s gap. gap: to the target; own, own_se: the shrunken part that sets the agent apart from the team, and its standard error; margin: smallest gap worth a session, not negative; sessions: received. Metric units, positive is worse. '
'coachable: the agent''s own part, as far as the agent is short of the target at all; probability: that it exceeds margin. finding: own gap (coached, or nobody coaches it) from a probability of 0.95 on, so that among teams in which all agents are alike no more than one in twenty has anybody named; coached for a gap that is not theirs: two sessions or more, a gap above margin, and a probability of 0.05 or less (give the weeks before the sessions: a gap that they closed is gone afterwards); NULL: nothing is established. own_se NULL: no finding.';
