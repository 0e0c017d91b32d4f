-- The path of a contact: type, aggregate over events, what it says.

CREATE TYPE coachdiag.path;

CREATE FUNCTION coachdiag.path_in(cstring) RETURNS coachdiag.path
	AS 'MODULE_PATHNAME', 'cd_path_in' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.path_in(cstring) IS
'Text input of coachdiag.path: a JSON array of events with step, start and where known end, kind, agent. Everything is checked before use; error 22P02 with what is wrong. '
'Events that start together stay in the order given.';

CREATE FUNCTION coachdiag.path_out(coachdiag.path) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cd_path_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.path_out(coachdiag.path) IS
'Text output of coachdiag.path: a JSON array of its events in order, times in UTC; reads back to the same path.';

CREATE FUNCTION coachdiag.path_recv(internal) RETURNS coachdiag.path
	AS 'MODULE_PATHNAME', 'cd_path_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.path_recv(internal) IS
'Binary input of coachdiag.path (network byte order, format version first). Everything is checked before use.';

CREATE FUNCTION coachdiag.path_send(coachdiag.path) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cd_path_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.path_send(coachdiag.path) IS
'Binary output of coachdiag.path (network byte order, format version first).';

CREATE TYPE coachdiag.path (
	INPUT = coachdiag.path_in,
	OUTPUT = coachdiag.path_out,
	RECEIVE = coachdiag.path_recv,
	SEND = coachdiag.path_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE coachdiag.path IS
'The path of one contact: its events in order, each with step, start and where known end, kind and agent. Made by coachdiag.contact_path(...); read by coachdiag.path_measures, coachdiag.variant, coachdiag.path_events.';

-- Equality

CREATE FUNCTION coachdiag.path_eq(coachdiag.path, coachdiag.path) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cd_path_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.path_eq(coachdiag.path, coachdiag.path) IS
'True when two paths consist of the same events in the same order.';

CREATE FUNCTION coachdiag.path_ne(coachdiag.path, coachdiag.path) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cd_path_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.path_ne(coachdiag.path, coachdiag.path) IS
'True when two paths differ in any event or in the order.';

CREATE FUNCTION coachdiag.path_hash(coachdiag.path) RETURNS integer
	AS 'MODULE_PATHNAME', 'cd_path_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.path_hash(coachdiag.path) IS
'Hash of a path, equal for equal paths.';

CREATE OPERATOR coachdiag.= (
	LEFTARG = coachdiag.path, RIGHTARG = coachdiag.path, FUNCTION = coachdiag.path_eq,
	COMMUTATOR = OPERATOR(coachdiag.=), NEGATOR = OPERATOR(coachdiag.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR coachdiag.= (coachdiag.path, coachdiag.path) IS 'same events in the same order';

CREATE OPERATOR coachdiag.<> (
	LEFTARG = coachdiag.path, RIGHTARG = coachdiag.path, FUNCTION = coachdiag.path_ne,
	COMMUTATOR = OPERATOR(coachdiag.<>), NEGATOR = OPERATOR(coachdiag.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR coachdiag.<> (coachdiag.path, coachdiag.path) IS 'any event or the order differs';

CREATE OPERATOR CLASS coachdiag.path_hash_ops DEFAULT FOR TYPE coachdiag.path USING hash AS
	OPERATOR 1 coachdiag.= (coachdiag.path, coachdiag.path),
	FUNCTION 1 coachdiag.path_hash(coachdiag.path);
COMMENT ON OPERATOR CLASS coachdiag.path_hash_ops USING hash IS
'Equality of paths, so that they can be grouped.';
COMMENT ON OPERATOR FAMILY coachdiag.path_hash_ops USING hash IS
'Equality of paths.';

-- The aggregate: events to a path

CREATE FUNCTION coachdiag.path_accum(coachdiag.path, step text, started_at timestamptz, ended_at timestamptz, kind text, agent bigint)
	RETURNS coachdiag.path AS 'MODULE_PATHNAME', 'cd_path_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.path_accum(coachdiag.path, step text, started_at timestamptz, ended_at timestamptz, kind text, agent text)
	RETURNS coachdiag.path AS 'MODULE_PATHNAME', 'cd_path_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.path_accum(coachdiag.path, step text, started_at timestamptz, ended_at timestamptz, kind text, agent bigint, number bigint)
	RETURNS coachdiag.path AS 'MODULE_PATHNAME', 'cd_path_accum_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.path_accum(coachdiag.path, step text, started_at timestamptz, ended_at timestamptz, kind text, agent text, number bigint)
	RETURNS coachdiag.path AS 'MODULE_PATHNAME', 'cd_path_accum_text' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION coachdiag.path_merge(coachdiag.path, coachdiag.path)
	RETURNS coachdiag.path AS 'MODULE_PATHNAME', 'cd_path_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.path_merge(coachdiag.path, coachdiag.path) IS
'Combine function of coachdiag.contact_path(...). Not to be called on its own.';
CREATE FUNCTION coachdiag.path_final(coachdiag.path)
	RETURNS coachdiag.path AS 'MODULE_PATHNAME', 'cd_path_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.path_final(coachdiag.path) IS
'Final function of coachdiag.contact_path(...): puts the events in order.';

CREATE AGGREGATE coachdiag.contact_path(step text, started_at timestamptz, ended_at timestamptz, kind text, agent bigint) (
	SFUNC = coachdiag.path_accum, STYPE = coachdiag.path, SSPACE = 528,
	FINALFUNC = coachdiag.path_final, COMBINEFUNC = coachdiag.path_merge, PARALLEL = SAFE);
CREATE AGGREGATE coachdiag.contact_path(step text, started_at timestamptz, ended_at timestamptz, kind text, agent text) (
	SFUNC = coachdiag.path_accum, STYPE = coachdiag.path, SSPACE = 528,
	FINALFUNC = coachdiag.path_final, COMBINEFUNC = coachdiag.path_merge, PARALLEL = SAFE);
CREATE AGGREGATE coachdiag.contact_path(step text, started_at timestamptz, ended_at timestamptz, kind text, agent bigint, number bigint) (
	SFUNC = coachdiag.path_accum, STYPE = coachdiag.path, SSPACE = 528,
	FINALFUNC = coachdiag.path_final, COMBINEFUNC = coachdiag.path_merge, PARALLEL = SAFE);
CREATE AGGREGATE coachdiag.contact_path(step text, started_at timestamptz, ended_at timestamptz, kind text, agent text, number bigint) (
	SFUNC = coachdiag.path_accum, STYPE = coachdiag.path, SSPACE = 528,
	FINALFUNC = coachdiag.path_final, COMBINEFUNC = coachdiag.path_merge, PARALLEL = SAFE);

DO $comments$
DECLARE
	f regprocedure;
	is_aggregate boolean;
BEGIN
	FOR f, is_aggregate IN SELECT p.oid::pg_catalog.regprocedure, p.prokind OPERATOR(pg_catalog.=) 'a' FROM pg_catalog.pg_proc p
		WHERE p.pronamespace OPERATOR(pg_catalog.=) 'coachdiag'::pg_catalog.regnamespace AND p.proname IN ('path_accum', 'contact_path')
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON %s %s IS %L', CASE WHEN is_aggregate THEN 'AGGREGATE' ELSE 'FUNCTION' END, f,
			CASE WHEN is_aggregate THEN
'Aggregate: the events of one contact to its path; GROUP BY contact_id. Events come in any order and are put in that of their start; of those that start together '
'the lower number comes first, then the one that ends first (no end: as if over at once), then by kind (none, work, wait, hold, approval, transfer, escalation, '
'resolution_identified, resolution_authorised, resolved), step and agent. ended_at NULL: unknown; kind NULL: unknown; agent NULL: nobody, or unknown. '
'Rows without step or start are left out; NULL for no rows. Errors: an unknown kind, a time outside the years 1 to 9999, an end before the start, '
'a step or agent beyond 1024 bytes, more than 65535 different ones, more than 16777216 events.'
			ELSE 'Transition function of coachdiag.contact_path(...): adds one event to the state, in place. Not to be called on its own.' END);
	END LOOP;
END
$comments$;

-- What a path says

CREATE FUNCTION coachdiag.path_measures(
		path coachdiag.path, resolved boolean DEFAULT NULL,
		OUT started_at timestamptz, OUT ended_at timestamptz, OUT duration_seconds double precision,
		OUT events integer, OUT steps integer, OUT rework integer,
		OUT agents integer, OUT handoffs integer, OUT ping_pongs integer, OUT transfers integer, OUT escalations integer,
		OUT working_seconds double precision, OUT waiting_seconds double precision,
		OUT latency_seconds double precision, OUT latency_basis text, OUT breakdown text, OUT breakdown_step text)
	RETURNS record AS 'MODULE_PATHNAME', 'cd_path_measures' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.path_measures(coachdiag.path, boolean) IS
'What a path says of its contact. resolved: whether the contact was resolved (NULL: not known). started_at, ended_at: first start, last end. events; steps: different ones; rework: events of a step that was there before. '
'agents: different ones; handoffs: changes of agent, events without one left out; ping_pongs: handoffs back to the agent before (A, B, A). transfers, escalations: events of that kind. '
'working_seconds: time in which an event of kind work (or of no kind, with an end) went on; waiting_seconds: all other time, but for that after an event of no kind and no end, which is neither. '
'An event of kind work, wait, hold or approval without an end lasts until the next one starts. '
'latency_seconds: from the first resolution_identified to the first resolution_authorised after it (latency_basis authorised); to the end of the contact where that never came, a lower bound (open); '
'where no resolution was identified, the time in wait, hold and approval (proxy). breakdown: whether the agent was deciding or waiting (in wait, hold or approval, or between identified and authorised) '
'at the first transfer or escalation, or at the end of a contact known not to be resolved (and without an event of kind resolved); breakdown_step: the step they were in; NULL: none. '
'NULL where it needs what no event has: agents (handoffs, ping_pongs), kinds (transfers, escalations, latency, breakdown), kinds or ends (working, waiting). NULL for NULL.';

CREATE FUNCTION coachdiag.variant(path coachdiag.path) RETURNS text[]
	AS 'MODULE_PATHNAME', 'cd_path_variant' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION coachdiag.variant(coachdiag.path) IS
'The steps of a path in order: its variant. NULL for NULL.';

CREATE FUNCTION coachdiag.variant_hash(path coachdiag.path) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cd_path_variant_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION coachdiag.variant_hash(coachdiag.path) IS
'A number that paths of the same variant share, to group by; depends on the byte order of the machine. NULL for NULL.';

CREATE FUNCTION coachdiag.path_events(
		path coachdiag.path,
		OUT n integer, OUT step text, OUT kind text, OUT agent text, OUT started_at timestamptz, OUT ended_at timestamptz,
		OUT seconds double precision, OUT gap_seconds double precision, OUT waiting boolean, OUT latency_seconds double precision,
		OUT repeated boolean, OUT handoff boolean)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_path_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 ROWS 10;
COMMENT ON FUNCTION coachdiag.path_events(coachdiag.path) IS
'The events of a path in order (n from 1), as rows. seconds: how long it lasted (a state without an end: until the next event). gap_seconds: time before it in which nothing went on. '
'waiting: of kind wait, hold or approval (NULL: no kind). latency_seconds: the part of the contact''s decision latency (coachdiag.path_measures) that falls on it and the gap before it. '
'repeated: the step was there before. handoff: the agent is another than the last one known. No rows for NULL.';

-- The process of many contacts

CREATE TYPE coachdiag.process;

CREATE FUNCTION coachdiag.process_in(cstring) RETURNS coachdiag.process
	AS 'MODULE_PATHNAME', 'cd_process_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.process_in(cstring) IS
'Text input of coachdiag.process: an error, since a process is made by its aggregate only.';

CREATE FUNCTION coachdiag.process_out(coachdiag.process) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cd_process_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.process_out(coachdiag.process) IS
'Text output of coachdiag.process: how much is in it; cannot be read back.';

CREATE TYPE coachdiag.process (
	INPUT = coachdiag.process_in,
	OUTPUT = coachdiag.process_out,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE coachdiag.process IS
'Many paths as one process: which step follows which and after how long, who hands over to whom, the variants. Lives within a query: keep the paths, not the process. '
'Made by coachdiag.process(path); read by coachdiag.process_map, process_handoffs, process_variants, process_conformance.';

CREATE FUNCTION coachdiag.process_accum(coachdiag.process, path coachdiag.path)
	RETURNS coachdiag.process AS 'MODULE_PATHNAME', 'cd_process_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.process_accum(coachdiag.process, coachdiag.path) IS
'Transition function of coachdiag.process(path): adds one path to the state, in place. Not to be called on its own.';
CREATE FUNCTION coachdiag.process_accum(coachdiag.process, path coachdiag.path, value double precision)
	RETURNS coachdiag.process AS 'MODULE_PATHNAME', 'cd_process_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.process_accum(coachdiag.process, coachdiag.path, double precision) IS
'Transition function of coachdiag.process(path, value): adds one path to the state, in place. Not to be called on its own.';
CREATE FUNCTION coachdiag.process_merge(coachdiag.process, coachdiag.process)
	RETURNS coachdiag.process AS 'MODULE_PATHNAME', 'cd_process_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION coachdiag.process_merge(coachdiag.process, coachdiag.process) IS
'Combine function of coachdiag.process(...). Not to be called on its own.';

CREATE AGGREGATE coachdiag.process(path coachdiag.path) (
	SFUNC = coachdiag.process_accum, STYPE = coachdiag.process, SSPACE = 65536,
	COMBINEFUNC = coachdiag.process_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE coachdiag.process(coachdiag.path) IS
'Aggregate: paths to a process; GROUP BY contact type. NULL paths and paths without events are left out; NULL for none. About 12 bytes for each of the first 4 million times between two steps. Error: beyond 1 GB of variants.';
CREATE AGGREGATE coachdiag.process(path coachdiag.path, value double precision) (
	SFUNC = coachdiag.process_accum, STYPE = coachdiag.process, SSPACE = 65536,
	COMBINEFUNC = coachdiag.process_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE coachdiag.process(coachdiag.path, double precision) IS
'Aggregate: paths to a process, with a value of each contact (handle time, resolved as 0 or 1), by which coachdiag.process_fitness compares contacts that follow the document with those that don''t. '
'NULL value: path counted without one. NaN or infinity: error. Else as coachdiag.process(path).';

CREATE FUNCTION coachdiag.process_links(process coachdiag.process, handoffs boolean,
		OUT "from" text, OUT "to" text, OUT times bigint, OUT contacts bigint, OUT returns bigint,
		OUT mean_seconds double precision, OUT median_seconds double precision, OUT p90_seconds double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_process_links' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION coachdiag.process_links(coachdiag.process, boolean) IS
'Internal: the links of a process, between steps or (handoffs) agents; see coachdiag.process_map and coachdiag.process_handoffs.';

CREATE FUNCTION coachdiag.process_map(process coachdiag.process,
		OUT from_step text, OUT to_step text, OUT times bigint, OUT contacts bigint, OUT returns bigint,
		OUT mean_seconds double precision, OUT median_seconds double precision, OUT p90_seconds double precision)
	RETURNS SETOF record LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	SELECT l."from", l."to", l.times, l.contacts, l.returns, l.mean_seconds, l.median_seconds, l.p90_seconds FROM coachdiag.process_links(process, false) l;
END;
COMMENT ON FUNCTION coachdiag.process_map(coachdiag.process) IS
'The directly-follows graph of a process: a row per pair of steps of which the second came right after the first. from_step NULL: to_step is where contacts start; to_step NULL: from_step is where they end. '
'times: how often; contacts: in how many; from_step = to_step: a self loop; returns: times the pair was followed by from_step again (a loop of two). '
'mean, median and 90th percentile (interpolated; beyond 4 million times between two steps, of an even part of each pair''s) of the seconds from the end of the first (its start, where it has no end) to the start of the second; negative where they overlap; NULL at start and end. No rows for NULL.';

CREATE FUNCTION coachdiag.process_handoffs(process coachdiag.process,
		OUT from_agent text, OUT to_agent text, OUT times bigint, OUT contacts bigint, OUT ping_pongs bigint,
		OUT mean_seconds double precision, OUT median_seconds double precision, OUT p90_seconds double precision)
	RETURNS SETOF record LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT l."from", l."to", l.times, l.contacts, l.returns, l.mean_seconds, l.median_seconds, l.p90_seconds FROM coachdiag.process_links(process, true) l;
END;
COMMENT ON FUNCTION coachdiag.process_handoffs(coachdiag.process) IS
'Who hands over to whom: a row per pair of agents of which the second came next, events without an agent left out. times, contacts as in coachdiag.process_map; ping_pongs: times it went straight back (A, B, A). '
'Seconds from the end of the last event of the first to the start of the next event of the second. No rows for NULL.';

CREATE FUNCTION coachdiag.process_variants(process coachdiag.process,
		OUT steps text[], OUT contacts bigint, OUT n bigint, OUT mean double precision, OUT m2 double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_process_variants' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION coachdiag.process_variants(coachdiag.process) IS
'The variants of a process, most frequent first: steps in order, contacts; n, mean and sum of squared deviations (m2) of the values given to coachdiag.process(path, value), NULL where there are none. No rows for NULL.';

-- Against the document

CREATE FUNCTION coachdiag.alignment(variant text[], step text[], next_step text[],
		OUT fitness double precision, OUT cost integer, OUT skipped text[], OUT worked_around text[], OUT undocumented text[], OUT misplaced text[])
	RETURNS record AS 'MODULE_PATHNAME', 'cd_alignment' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION coachdiag.alignment(text[], text[], text[]) IS
'The steps of a contact (coachdiag.variant) against a documented process: the explanation with the fewest events inserted and documented steps skipped (optimal alignment; Adriansyah, van Dongen & van der Aalst 2011). '
'step, next_step: the rows of documented_step, side by side. The process begins at steps that follow no other (all, if there is none) and ends at those without next_step, or with a NULL one. '
'cost: inserted + skipped. fitness: 1 - cost / (events + steps of the shortest documented way): 1 follows the document, higher is better. skipped: documented steps left out, in order; worked_around: those of them with an undocumented step in their place; '
'undocumented: events of steps that no document knows; misplaced: events of documented steps out of order or repeated. NULL for NULL, where no documented way leads from a first to a last step, or beyond 50 million events times steps. '
'Error: arrays of different length.';

CREATE FUNCTION coachdiag.process_conformance(process coachdiag.process, step text[], next_step text[],
		OUT process_step text, OUT documented boolean, OUT contacts bigint, OUT visits bigint, OUT contacts_skipping bigint,
		OUT skipped bigint, OUT worked_around bigint, OUT undocumented bigint, OUT misplaced bigint)
	RETURNS SETOF record LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 100
BEGIN ATOMIC
	WITH variant AS MATERIALIZED (
		SELECT v.steps, v.contacts, a.skipped, a.worked_around, a.undocumented, a.misplaced
		FROM coachdiag.process_variants(process) v CROSS JOIN LATERAL coachdiag.alignment(v.steps, step, next_step) a
	), seen AS (
		SELECT v.contacts, u.what, u.name, pg_catalog.count(*) AS times
		FROM variant v CROSS JOIN LATERAL (
			SELECT 'visit' AS what, s.name FROM pg_catalog.unnest(v.steps) s(name)
			UNION ALL SELECT 'skipped', s.name FROM pg_catalog.unnest(v.skipped) s(name)
			UNION ALL SELECT 'worked_around', s.name FROM pg_catalog.unnest(v.worked_around) s(name)
			UNION ALL SELECT 'undocumented', s.name FROM pg_catalog.unnest(v.undocumented) s(name)
			UNION ALL SELECT 'misplaced', s.name FROM pg_catalog.unnest(v.misplaced) s(name)) u
		GROUP BY v.steps, v.contacts, u.what, u.name
	), document AS (
		SELECT d.name FROM pg_catalog.unnest(step) d(name) WHERE d.name IS NOT NULL
		UNION SELECT d.name FROM pg_catalog.unnest(next_step) d(name) WHERE d.name IS NOT NULL
	)
	SELECT coalesce(d.name, s.name), d.name IS NOT NULL,
		coalesce(pg_catalog.sum(s.contacts) FILTER (WHERE s.what = 'visit'), 0)::bigint,
		coalesce(pg_catalog.sum(s.contacts * s.times) FILTER (WHERE s.what = 'visit'), 0)::bigint,
		coalesce(pg_catalog.sum(s.contacts) FILTER (WHERE s.what = 'skipped'), 0)::bigint,
		coalesce(pg_catalog.sum(s.contacts * s.times) FILTER (WHERE s.what = 'skipped'), 0)::bigint,
		coalesce(pg_catalog.sum(s.contacts * s.times) FILTER (WHERE s.what = 'worked_around'), 0)::bigint,
		coalesce(pg_catalog.sum(s.contacts * s.times) FILTER (WHERE s.what = 'undocumented'), 0)::bigint,
		coalesce(pg_catalog.sum(s.contacts * s.times) FILTER (WHERE s.what = 'misplaced'), 0)::bigint
	FROM seen s FULL JOIN document d ON d.name = s.name
	GROUP BY d.name, s.name
	ORDER BY 1;
END;
COMMENT ON FUNCTION coachdiag.process_conformance(coachdiag.process, text[], text[]) IS
'A process against the document, a row per step of either. step, next_step: the rows of documented_step, side by side. contacts: with that step; visits: times it was taken. contacts_skipping, skipped: contacts that left it out, times it was; '
'worked_around: times an undocumented step stood in its place; undocumented: visits to a step that no document knows; misplaced: visits to a documented step out of order or repeated. By coachdiag.alignment of each variant; '
'variants without alignment count as visits only. No rows for NULL.';

CREATE FUNCTION coachdiag.mean_difference(n double precision, mean double precision, m2 double precision,
		other_n double precision, other_mean double precision, other_m2 double precision,
		OUT difference double precision, OUT low double precision, OUT high double precision)
	RETURNS record LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT other_mean - mean, i.low, i.high
	FROM (SELECT nullif(greatest(m2, 0) / nullif(n - 1, 0) / n, 'NaN') AS a, nullif(greatest(other_m2, 0) / nullif(other_n - 1, 0) / other_n, 'NaN') AS b) e
		CROSS JOIN LATERAL (SELECT (e.a + e.b) ^ 2 / nullif(e.a ^ 2 / (n - 1) + e.b ^ 2 / (other_n - 1), 0) AS df) d
		LEFT JOIN LATERAL coachdiag.t_interval(other_mean - mean, pg_catalog.sqrt(e.a + e.b), d.df) i ON d.df > 0;
END;
COMMENT ON FUNCTION coachdiag.mean_difference(double precision, double precision, double precision, double precision, double precision, double precision) IS
'The second mean less the first, with its 95 % interval (Welch 1947); n, mean, m2: values, their mean and sum of squared deviations, for either side. Interval NULL where a side has fewer than two values or neither varies.';

CREATE FUNCTION coachdiag.process_fitness(process coachdiag.process, step text[], next_step text[],
		OUT contacts bigint, OUT conforming bigint, OUT fitness double precision, OUT variants bigint,
		OUT conforming_mean double precision, OUT deviating_mean double precision,
		OUT difference double precision, OUT difference_low double precision, OUT difference_high double precision)
	RETURNS record LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	WITH variant AS MATERIALIZED (
		SELECT v.contacts, nullif(v.n, 0)::double precision AS n, v.mean, v.m2, a.fitness, a.cost = 0 AS conforms
		FROM coachdiag.process_variants(process) v CROSS JOIN LATERAL coachdiag.alignment(v.steps, step, next_step) a
	), side AS (
		SELECT v.conforms, pg_catalog.sum(v.n) AS n, pg_catalog.sum(v.n * v.mean) / pg_catalog.sum(v.n) AS mean,
			pg_catalog.sum(v.m2) + pg_catalog.sum(v.n * v.mean ^ 2) - pg_catalog.sum(v.n * v.mean) ^ 2 / pg_catalog.sum(v.n) AS m2
		FROM variant v GROUP BY v.conforms
	)
	SELECT t.*, c.mean, d.mean, m.difference, m.low, m.high
	FROM (SELECT coalesce(pg_catalog.sum(v.contacts), 0)::bigint, coalesce(pg_catalog.sum(v.contacts) FILTER (WHERE v.conforms), 0)::bigint,
			pg_catalog.sum(v.contacts * v.fitness) / pg_catalog.sum(v.contacts) FILTER (WHERE v.fitness IS NOT NULL), pg_catalog.count(*)
		FROM variant v) t
		LEFT JOIN side c ON c.conforms LEFT JOIN side d ON NOT d.conforms
		CROSS JOIN LATERAL coachdiag.mean_difference(c.n, c.mean, c.m2, d.n, d.mean, d.m2) m;
END;
COMMENT ON FUNCTION coachdiag.process_fitness(coachdiag.process, text[], text[]) IS
'How well a process follows the document, in one row: contacts, those that follow it to the letter (conforming), mean fitness (1 is best; coachdiag.alignment), variants. '
'With values (coachdiag.process(path, value)): their mean on conforming and on deviating contacts, the difference (deviating - conforming, units of the value) and its 95 % interval (Welch), over contacts, which '
'differ in more than the path: a lead, not an effect. NULL where a side has fewer than two values or none varies.';
