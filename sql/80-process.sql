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
'Equality of paths, so that they can be grouped and compared with IS DISTINCT FROM.';
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
'at the first transfer or escalation, or at the end of a contact known not to be resolved; breakdown_step: the step they were in; NULL: none. '
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
