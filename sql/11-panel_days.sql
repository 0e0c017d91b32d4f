-- The part of a panel that lies in a set of days.

CREATE FUNCTION coachdiag.period_range(coachdiag.panel, days datemultirange) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_period_multirange' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.period_range(coachdiag.panel, datemultirange) IS
'The cells whose period is one of the days. Cells without a period are left out. NULL panel or days: NULL. What it leaves out is period_range(panel, ''{(,)}'' - days): the two roll up to the panel again, to the last digit, where every cell has a period.';
