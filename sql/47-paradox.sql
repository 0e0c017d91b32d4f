-- coaching_paradox: does coaching go on and grow while the metric doesn't move and the gap doesn't close.

CREATE TYPE coachdiag.coaching_paradox_result AS (
	quarter date,
	first_period date,
	last_period date,
	periods integer,
	agents integer,
	dose double precision,
	dose_change double precision,
	dose_low double precision,
	dose_high double precision,
	dose_trend text,
	metric_change double precision,
	metric_low double precision,
	metric_high double precision,
	metric_trend text,
	mean_change double precision,
	gap double precision,
	gap_change double precision,
	gap_low double precision,
	gap_high double precision,
	gap_trend text,
	target_change double precision,
	paradox boolean,
	stage text,
	clear_since date,
	sessions double precision,
	minutes double precision,
	sessions_since double precision,
	minutes_since double precision,
	reason text
);
COMMENT ON TYPE coachdiag.coaching_paradox_result IS
'Result of coachdiag.coaching_paradox. All changes are over the window, by a straight line, with their 95 % interval (_low, _high). quarter: first day of the quarter that the window ends with; NULL: the whole panel. first_period, last_period, periods, agents: what is compared. '
'dose: sessions per agent and month in the last three months of the window; dose_change; dose_trend: rising, falling, steady (surely within half of high_dose), steady_or_falling, steady_or_rising, cannot_tell. '
'metric_change: metric units, positive is better, within agents: who came or left moves nothing; metric_trend: improving, worsening, flat (equivalence: two one-sided tests at 5 % against smallest_effect), flat_or_worsening (surely no improvement worth having), flat_or_improving, cannot_tell. mean_change: that of the team''s plain mean, comers and leavers included. '
'gap: mean distance to the target in the window, metric units, positive is worse; gap_change: positive is widening: target_change (positive is harder) less metric_change; gap_trend: widening, closing, stable (equivalence), stable_or_closing, stable_or_widening, cannot_tell. '
'paradox: true, false, or NULL: cannot tell. stage of the investment trap: none (no paradox), early (clear for less than a quarter that coaching does not help), continuing (longer, coaching as before), escalating (longer, coaching grows), entrenched (two quarters and more), NULL: cannot tell. '
'clear_since: period since which the data have said, month by month up to now, that the metric does not improve by smallest_effect; sessions, minutes: in the window; sessions_since, minutes_since: after clear_since: what coaching has cost since. minutes NULL: none were noted. reason: what decided, in words. NULL: not available.';

CREATE FUNCTION coachdiag.coaching_paradox(panel coachdiag.panel, higher_is_better boolean, scale text DEFAULT 'identity',
		smallest_effect double precision DEFAULT NULL, high_dose double precision DEFAULT 1)
	RETURNS coachdiag.coaching_paradox_result AS 'MODULE_PATHNAME', 'cd_coaching_paradox' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5000;
COMMENT ON FUNCTION coachdiag.coaching_paradox(coachdiag.panel, boolean, text, double precision, double precision) IS
'The coaching paradox of one team and metric (Colville): coaching rises, or goes on at high_dose sessions per agent and month or more without falling, some of it in the last three months; the metric is flat or worse; there is a gap worth closing, and it is not closing. True when all hold, false when one surely does not, NULL when it cannot be told: then reason says why. '
'The metric''s trend is a line through period effects from which the agents'' own levels are taken out, with contact mix taken out too, and (unless too few would be left) agents'' first 26 weeks left out; its interval allows for noise that carries over from period to period, averaged over all autocorrelations by restricted likelihood (Harville 1974; Zellner & Tiao 1964). '
'A description, not an effect: coaching may have held off worse; see coachdiag.coaching_effect. panel: needs periods (weeks; days are gathered into weeks; or months), targets and sessions; at most its last 530 periods are looked at. smallest_effect: smallest change worth having, metric units. scale: identity, log (panels hold ln(value)), proportion. '
'paradox NULL: higher_is_better, smallest_effect, targets or sessions missing; fewer than 16 weeks (6 months) compared; coaching began less than a quarter before the end. NULL panel: NULL. Errors 22023: unknown scale; smallest_effect or high_dose not above 0.';

CREATE FUNCTION coachdiag.coaching_paradox_by_quarter(panel coachdiag.panel, higher_is_better boolean, scale text DEFAULT 'identity',
		smallest_effect double precision DEFAULT NULL, high_dose double precision DEFAULT 1, months integer DEFAULT 12)
	RETURNS SETOF coachdiag.coaching_paradox_result AS 'MODULE_PATHNAME', 'cd_coaching_paradox_by_quarter' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20000 ROWS 5;
COMMENT ON FUNCTION coachdiag.coaching_paradox_by_quarter(coachdiag.panel, boolean, text, double precision, double precision, integer) IS
'As coachdiag.coaching_paradox, a row for each quarter with values, looking back from its end (the last one: from the end of the last month with values) on months (6 to 120) of the panel: since when, and is it getting worse. The last row is the current state. NULL panel, or no values: no rows. Errors 22023: as there, and months out of range.';
