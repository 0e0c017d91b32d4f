-- Days of a panel: the part that lies in some of them, and gathering them into weeks.

CREATE FUNCTION coachdiag.period_range(coachdiag.panel, days datemultirange) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_period_multirange' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.period_range(coachdiag.panel, datemultirange) IS
'The cells whose period is one of the days. Cells without a period are left out. NULL panel or days: NULL. What it leaves out is period_range(panel, ''{(,)}'' - days): the two roll up to the panel again, to the last digit, where every cell has a period.';

CREATE FUNCTION coachdiag.weeks(coachdiag.panel) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_weeks' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION coachdiag.weeks(coachdiag.panel) IS
'The panel with days gathered into weeks: each period becomes the Monday on or before it, and cells that then have all else in common become one, with the moments of both. What looks at weeks anyway (the effect of coaching, trends, agents against their team) reads it several times as fast as the days. Cells without a period stay. NULL: NULL.';
