-- coaching_effect_alternatives: what other designs say, beside coaching_effect.

CREATE FUNCTION coachdiag.coaching_effect_alternatives(panels coachdiag.panel[], higher_is_better boolean DEFAULT true, scale text DEFAULT 'identity', horizon integer DEFAULT 4,
		OUT method text, OUT improvement double precision, OUT ci_low double precision, OUT ci_high double precision, OUT p_value double precision,
		OUT null_improvement double precision, OUT sessions double precision, OUT compared double precision, OUT clusters text)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_coaching_effect_alternatives' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000 ROWS 6;
COMMENT ON FUNCTION coachdiag.coaching_effect_alternatives(coachdiag.panel[], boolean, text, integer) IS
'The effect of a session over all panels together (one per team), by coaching_effect and by the designs that reviewers ask about, a row each; metric units, positive is better, 95 % intervals. Decide by coaching_effect: each of the others has a bias that it does not have. '
'ancova_trials: each period of a team in which somebody was coached is a trial; level over the horizon given the last value, the last four, all before and earlier sessions, scaled by dose; biased down where coaches pick lasting weakness. '
'gap_difference: difference in differences from the periods -11 to -4, which leave the trigger out; biased down where bad spells last, unbiased where coaches pick lasting weakness: with ancova_trials it often brackets the truth (Angrist & Pischke 2009, 5.4). '
'before_after: mean of the horizon less the period before, nobody to compare with: what the field reports; null_improvement beside it is what these sessions would have shown had coaching done nothing. Staggered adoption: coachdiag.staggered_effect. '
'other_teams (four teams and more): teams as the units, a team''s mean beside the other teams'' in the same period, and sessions per agent: what a session for each agent would do to a team, what team mates learn from each other included. spillover: that less coaching_effect, which is what team mates gain from it; above zero: coaching_effect understates. Its interval is wide with few teams. '
'sessions: in the trials used (agents without a session in the eight periods before; before_after: all). compared: agents'' periods compared with. Standard errors: CR2 with Satterthwaite degrees of freedom (Bell & McCaffrey 2002; Pustejovsky & Tipton 2018) over agents, or over teams (8 and more) where that is larger: clusters. '
'NULL panels are left out; none: no row. NULL columns: not available. Errors 22023: unknown scale, horizon out of range.';
