-- The panel: type, I/O, equality, aggregates, accessors, filters.

CREATE TYPE coachdiag.panel;

CREATE FUNCTION coachdiag.panel_in(cstring) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.panel_in(cstring) IS
'Text input of coachdiag.panel. Everything is checked before use; error 22P02 with what is wrong.';

CREATE FUNCTION coachdiag.panel_out(coachdiag.panel) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cd_panel_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.panel_out(coachdiag.panel) IS
'Text output of coachdiag.panel: canonical (same content, same text) and exact (shortest digits that read back to the same numbers).';

CREATE FUNCTION coachdiag.panel_recv(internal) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.panel_recv(internal) IS
'Binary input of coachdiag.panel (network byte order, format version first). Everything is checked before use.';

CREATE FUNCTION coachdiag.panel_send(coachdiag.panel) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cd_panel_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.panel_send(coachdiag.panel) IS
'Binary output of coachdiag.panel (network byte order, format version first); canonical and exact.';

CREATE TYPE coachdiag.panel (
	INPUT = coachdiag.panel_in,
	OUTPUT = coachdiag.panel_out,
	RECEIVE = coachdiag.panel_recv,
	SEND = coachdiag.panel_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE coachdiag.panel IS
'What one diagnosis unit (say one team and one metric) looks like: cells keyed by agent, period, contact type and coach, each with count, weight, mean and sum of squares of the gap (value - target), the target, and the coaching dose (sessions, minutes); and each agent''s tenure origin. Made by coachdiag.panel(...), merged by coachdiag.rollup(panel), opened by coachdiag.cells(panel).';

-- Equality

CREATE FUNCTION coachdiag.panel_eq(coachdiag.panel, coachdiag.panel) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cd_panel_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.panel_eq(coachdiag.panel, coachdiag.panel) IS
'True when two panels hold the same cells with exactly the same numbers. Panels of the same rows added in another order may differ in the last digits.';

CREATE FUNCTION coachdiag.panel_ne(coachdiag.panel, coachdiag.panel) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cd_panel_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.panel_ne(coachdiag.panel, coachdiag.panel) IS
'True when two panels differ in any cell or number.';

CREATE FUNCTION coachdiag.panel_hash(coachdiag.panel) RETURNS integer
	AS 'MODULE_PATHNAME', 'cd_panel_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.panel_hash(coachdiag.panel) IS
'Hash of a panel, equal for equal panels.';

CREATE OPERATOR coachdiag.= (
	LEFTARG = coachdiag.panel, RIGHTARG = coachdiag.panel, FUNCTION = coachdiag.panel_eq,
	COMMUTATOR = OPERATOR(coachdiag.=), NEGATOR = OPERATOR(coachdiag.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR coachdiag.= (coachdiag.panel, coachdiag.panel) IS 'same cells, exactly the same numbers';

CREATE OPERATOR coachdiag.<> (
	LEFTARG = coachdiag.panel, RIGHTARG = coachdiag.panel, FUNCTION = coachdiag.panel_ne,
	COMMUTATOR = OPERATOR(coachdiag.<>), NEGATOR = OPERATOR(coachdiag.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR coachdiag.<> (coachdiag.panel, coachdiag.panel) IS 'any cell or number differs';

CREATE OPERATOR CLASS coachdiag.panel_hash_ops DEFAULT FOR TYPE coachdiag.panel USING hash AS
	OPERATOR 1 coachdiag.= (coachdiag.panel, coachdiag.panel),
	FUNCTION 1 coachdiag.panel_hash(coachdiag.panel);
COMMENT ON OPERATOR CLASS coachdiag.panel_hash_ops USING hash IS
'Equality of panels, so that they can be grouped, compared with IS DISTINCT FROM and used in continuous aggregates.';
COMMENT ON OPERATOR FAMILY coachdiag.panel_hash_ops USING hash IS
'Equality of panels.';

-- Aggregates: rows to a panel

CREATE FUNCTION coachdiag.panel_accum(coachdiag.panel, value double precision, target double precision, agent bigint, period date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_panel_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.panel_accum(coachdiag.panel, value double precision, target double precision, agent text, period date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_panel_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.panel_accum(coachdiag.panel, value double precision, target double precision, agent bigint, period date, weight double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_panel_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.panel_accum(coachdiag.panel, value double precision, target double precision, agent text, period date, weight double precision)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_panel_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.panel_accum(coachdiag.panel, value double precision, target double precision, agent bigint, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_panel_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION coachdiag.panel_accum(coachdiag.panel, value double precision, target double precision, agent text, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_panel_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
CREATE FUNCTION coachdiag.panel_merge(coachdiag.panel, coachdiag.panel)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_panel_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;
CREATE FUNCTION coachdiag.panel_merge_agents(coachdiag.panel, coachdiag.panel)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_panel_merge_agents' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
CREATE FUNCTION coachdiag.panel_final(coachdiag.panel)
	RETURNS coachdiag.panel AS 'MODULE_PATHNAME', 'cd_panel_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 50;

DO $comments$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::pg_catalog.regprocedure FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'coachdiag'::pg_catalog.regnamespace AND p.proname = 'panel_accum'
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON FUNCTION %s IS %L', f,
			'Transition function of coachdiag.panel(...): adds one row to the state, in place. Not to be called on its own.');
	END LOOP;
END
$comments$;
COMMENT ON FUNCTION coachdiag.panel_merge(coachdiag.panel, coachdiag.panel) IS
'Combine function of the aggregates over panels and transition function of coachdiag.rollup(panel). Not to be called on its own.';
COMMENT ON FUNCTION coachdiag.panel_merge_agents(coachdiag.panel, coachdiag.panel) IS
'Transition function of coachdiag.rollup_agents(panel). Not to be called on its own.';
COMMENT ON FUNCTION coachdiag.panel_final(coachdiag.panel) IS
'Final function of coachdiag.panel(...), coachdiag.rollup(panel) and coachdiag.rollup_agents(panel): the canonical panel.';

CREATE AGGREGATE coachdiag.panel(value double precision, target double precision, agent bigint, period date) (
	SFUNC = coachdiag.panel_accum, STYPE = coachdiag.panel, SSPACE = 16384,
	FINALFUNC = coachdiag.panel_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.panel(value double precision, target double precision, agent text, period date) (
	SFUNC = coachdiag.panel_accum, STYPE = coachdiag.panel, SSPACE = 16384,
	FINALFUNC = coachdiag.panel_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.panel(value double precision, target double precision, agent bigint, period date, weight double precision) (
	SFUNC = coachdiag.panel_accum, STYPE = coachdiag.panel, SSPACE = 16384,
	FINALFUNC = coachdiag.panel_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.panel(value double precision, target double precision, agent text, period date, weight double precision) (
	SFUNC = coachdiag.panel_accum, STYPE = coachdiag.panel, SSPACE = 16384,
	FINALFUNC = coachdiag.panel_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.panel(value double precision, target double precision, agent bigint, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date) (
	SFUNC = coachdiag.panel_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.panel_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.panel(value double precision, target double precision, agent text, period date, weight double precision,
		contact_type text, sessions double precision, minutes double precision, coach text, hired_on date) (
	SFUNC = coachdiag.panel_accum, STYPE = coachdiag.panel, SSPACE = 32768,
	FINALFUNC = coachdiag.panel_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.rollup(coachdiag.panel) (
	SFUNC = coachdiag.panel_merge, STYPE = coachdiag.panel, SSPACE = 65536,
	FINALFUNC = coachdiag.panel_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);
CREATE AGGREGATE coachdiag.rollup_agents(coachdiag.panel) (
	SFUNC = coachdiag.panel_merge_agents, STYPE = coachdiag.panel, SSPACE = 2048,
	FINALFUNC = coachdiag.panel_final, COMBINEFUNC = coachdiag.panel_merge, PARALLEL = SAFE
);

DO $comments$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::pg_catalog.regprocedure FROM pg_catalog.pg_proc p
		WHERE p.pronamespace = 'coachdiag'::pg_catalog.regnamespace AND p.proname = 'panel'
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON AGGREGATE %s IS %L', f,
			'The panel of a set of rows. value: the metric, in its own units; target: what it should be, NULL if there is none; agent: bigint or text; period: day or week start; '
			'weight: how many contacts or evaluations stand behind value (1 where not given); contact_type; sessions, minutes: coaching received in the period; coach: by whom; hired_on: tenure origin (the earliest counts). '
			'A row with NULL agent is not used; with NULL value, or with NULL or zero weight, it brings only its sessions and minutes. Rows with and without a target are kept in cells of their own. '
			'Errors: value or target NaN or infinite, weight, sessions or minutes negative, NaN or infinite, a period outside the years 1 to 9999 (22003, 22008), an id longer than 1024 bytes (22001), more than 1 GB (54000). '
			'No row that counts: NULL. Mergeable: parallel, partition-wise, distributed. Moments by West (1979), merged by Chan, Golub & LeVeque (1983).');
	END LOOP;
END
$comments$;
COMMENT ON AGGREGATE coachdiag.rollup(coachdiag.panel) IS
'Merges panels: cells of the same agent, period, contact type and coach add up. NULL panels are skipped; no panel: NULL. Error 42804 when bigint and text agents meet, 54000 beyond 1 GB.';
COMMENT ON AGGREGATE coachdiag.rollup_agents(coachdiag.panel) IS
'Merges panels into what each agent did altogether: as coachdiag.rollup(panel) without periods, contact types and coaches, so smaller and faster. coachdiag.gap_dispersion gives the same for it as for rollup; what looks at time or contact types needs rollup, and so does scale log where contact types have targets of their own (of an agent''s only the mean logarithm is left). NULL panels are skipped; no panel: NULL. Errors as rollup.';

-- Accessors

CREATE FUNCTION coachdiag.agents(coachdiag.panel) RETURNS integer
	AS 'MODULE_PATHNAME', 'cd_panel_agents' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.agents(coachdiag.panel) IS
'Number of different agents in a panel, those with only coaching and no value included. NULL for NULL.';

CREATE FUNCTION coachdiag.periods(coachdiag.panel) RETURNS integer
	AS 'MODULE_PATHNAME', 'cd_panel_periods' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.periods(coachdiag.panel) IS
'Number of different periods in a panel; rows without a period don''t count. NULL for NULL.';

CREATE FUNCTION coachdiag.observations(coachdiag.panel) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cd_panel_observations' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.observations(coachdiag.panel) IS
'Number of rows with a value that went into a panel. NULL for NULL.';

CREATE FUNCTION coachdiag.first_period(coachdiag.panel) RETURNS date
	AS 'MODULE_PATHNAME', 'cd_panel_first_period' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.first_period(coachdiag.panel) IS
'Earliest period in a panel; NULL when no cell has a period.';

CREATE FUNCTION coachdiag.last_period(coachdiag.panel) RETURNS date
	AS 'MODULE_PATHNAME', 'cd_panel_last_period' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.last_period(coachdiag.panel) IS
'Latest period in a panel; NULL when no cell has a period.';

CREATE FUNCTION coachdiag.contact_types(coachdiag.panel) RETURNS text[]
	AS 'MODULE_PATHNAME', 'cd_panel_contact_types' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.contact_types(coachdiag.panel) IS
'The different contact types in a panel, in bytewise order; an empty array when no cell has one. NULL for NULL.';

CREATE FUNCTION coachdiag.memory_size(coachdiag.panel) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cd_panel_memory_size' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.memory_size(coachdiag.panel) IS
'Bytes that a panel takes in memory: 72 a cell, 16 an agent, 8 a label, and its texts. Stored it takes less: see pg_column_size. NULL for NULL.';

CREATE FUNCTION coachdiag.cells(coachdiag.panel,
		OUT agent text, OUT period date, OUT contact_type text, OUT coach text,
		OUT observations bigint, OUT weight double precision, OUT mean double precision, OUT m2 double precision,
		OUT target double precision, OUT sessions double precision, OUT minutes double precision, OUT hired_on date)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_panel_cells' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 500;
COMMENT ON FUNCTION coachdiag.cells(coachdiag.panel) IS
'The cells of a panel as rows, in the order of agent, period, contact type and coach. mean: weighted mean of the values (NULL in a cell that holds only coaching); m2: weighted sum of squared deviations of value - target from its mean; target: weighted mean target, NULL where there was none. NULL: no rows.';

CREATE FUNCTION coachdiag.type_means(coachdiag.panel,
		OUT contact_type text, OUT weight double precision, OUT mean double precision,
		OUT targeted_weight double precision, OUT targeted_mean double precision, OUT target double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_type_means' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION coachdiag.type_means(coachdiag.panel) IS
'What each contact type of a panel amounts to, over all agents and periods: one row per type that has values, and one for those without (contact_type NULL). weight: volume; mean: weighted mean of the values, on the scale of the panel. targeted_weight, targeted_mean: of the cells that have a target; target: its weighted mean (NULL: none has). NULL: no rows.';

CREATE FUNCTION coachdiag.metric_units(value double precision, scale text) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN scale = 'log' AND value IS NOT NULL THEN pg_catalog.exp(least(greatest(value, -300), 300)) ELSE value END;
END;
COMMENT ON FUNCTION coachdiag.metric_units(double precision, text) IS
'A value or a target on the scale of a panel in metric units: exp(value) on scale log (within e^-300 and e^300, so that nothing overflows), else as it is. Of one contact type or less: the mean over types of unlike length is that of these, not of their logarithms.';

-- Filters: a panel of a part of the cells

CREATE FUNCTION coachdiag.period_range(coachdiag.panel, from_date date, before_date date) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_period_range' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.period_range(coachdiag.panel, date, date) IS
'The cells with from_date <= period < before_date; NULL leaves that end open. Cells without a period are left out. NULL panel: NULL.';

CREATE FUNCTION coachdiag.contact_type(coachdiag.panel, contact_type text) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_contact_type' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.contact_type(coachdiag.panel, text) IS
'The cells of one contact type; with NULL, those that have none. Compared byte by byte. NULL panel: NULL.';

CREATE FUNCTION coachdiag.tenure_range(coachdiag.panel, from_days integer, before_days integer) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_tenure_range' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.tenure_range(coachdiag.panel, integer, integer) IS
'The cells of agents who had from_days <= tenure < before_days (days since hired_on at the start of the period); NULL leaves that end open. Cells without a period or of agents without a known hired_on are left out. NULL panel: NULL.';

CREATE FUNCTION coachdiag.log_bias(panels coachdiag.panel[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'cd_log_bias_panels' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5000;
COMMENT ON FUNCTION coachdiag.log_bias(coachdiag.panel[]) IS
'By how much the logarithm of a row of weight 1 is too low, over panels of logarithms (scale log) of one metric, a team each; for others it falls with their weight, which should be the number of contacts. The logarithm of a mean of n contacts lies half its variance below that of what it is the mean of (delta method), so that handle times look the shorter the finer the rows. '
'Whether values were made that way they tell: the slope, within agents and contact types, of the value on rows over weight, by weight (least squares), taken as lying anywhere between 0 and half the variance beforehand; so it is never more, and half of that where weights don''t vary. NULL panels are left out; none, or nothing varies: NULL.';

CREATE FUNCTION coachdiag.without_log_bias(coachdiag.panel, bias double precision) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_without_log_bias' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION coachdiag.without_log_bias(coachdiag.panel, double precision) IS
'A panel of logarithms with their bias taken out: bias, from coachdiag.log_bias, times rows over weight of each cell (1/2 at most) is added to its value. Then gaps are those of the means that were recorded, whether rows are weeks, days or contact types. NULL: NULL. Error (22023): bias negative or not finite.';

CREATE FUNCTION coachdiag.without_mix(coachdiag.panel) RETURNS coachdiag.panel
	AS 'MODULE_PATHNAME', 'cd_panel_without_mix' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION coachdiag.without_mix(coachdiag.panel) IS
'The panel with what each contact type adds to the gap taken away (weighted least squares within agents'' periods), so that agents who were routed the hard contacts can be compared with the others. What leaves the gap goes to the target: values stay. The mean gap of the panel stays; of logarithms as a share, which coachdiag.gap_dispersion turns back at the mean of the targets so moved (coachdiag.structural_score and agent_mean_gaps at those given). Cells without a target or a period are not touched. NULL: NULL.';
