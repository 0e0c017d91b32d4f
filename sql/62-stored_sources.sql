-- Stored copies of the small sources, in the contract's columns: what the views about coaches and programmes read.

CREATE FUNCTION coachdiag.stored_source_ddl(source text, extra text DEFAULT '') RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('CREATE TABLE @.%I (%s%s);', 'stored_' || source,
			string_agg(format('%I %s', c.column_name, CASE c.type WHEN 'id' THEN 'text' ELSE c.type END), ', ' ORDER BY c.column_no)
				FILTER (WHERE c.column_no > 0), extra)
		|| string_agg(CASE WHEN c.column_no = 0
				THEN format('COMMENT ON TABLE @.%I IS %L;', 'stored_' || source, c.comment || ' As of the last refresh; doubles left out.')
				ELSE format('COMMENT ON COLUMN @.%I.%I IS %L;', 'stored_' || source, c.column_name, c.comment) END, E'\n')
	FROM coachdiag.contract() c
	WHERE c.relation = source
$$;

COMMENT ON FUNCTION coachdiag.stored_source_ddl(text, text) IS
'Internal: the statements that make the stored copy of a contract relation; ids are kept as text. extra: further columns.';

CREATE FUNCTION coachdiag.refresh_stored_source(ws text, source text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	columns text;
	keys text;
BEGIN
	SELECT string_agg(quote_ident(c.column_name) || CASE c.type WHEN 'id' THEN '::text' ELSE '' END, ', ' ORDER BY c.column_no),
		string_agg(quote_ident(c.column_name), ', ' ORDER BY c.column_no) FILTER (WHERE c.key)
	INTO columns, keys
	FROM coachdiag.contract() c WHERE c.relation = source AND c.column_no > 0;
	RETURN coachdiag.fill_part(ws, 'stored_' || source, format('SELECT DISTINCT ON (%s) %s FROM (%s) s ORDER BY %s, s::text',
		keys, columns, coachdiag.source(ws, source), keys));
END
$$;

COMMENT ON FUNCTION coachdiag.refresh_stored_source(text, text) IS
'Internal: copies a contract relation into its stored table, one row per key. Returns the rows written.';

CREATE FUNCTION coachdiag.fill_copy(ws text, part text, query text, columns text, days text) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coachdiag.fill_part(ws, part, query, noted => format($query$
		INSERT INTO %1$I.changed_period
		SELECT 'agent_metric', lower(r), upper(r)
		FROM (
			WITH other AS (
				SELECT %2$s FROM (SELECT (content).*, surplus FROM difference) d GROUP BY %2$s HAVING sum(surplus) <> 0
			)
			SELECT unnest(range_agg(daterange(first, until))) AS r FROM (%3$s) c (first, until) WHERE first < until
		) n
	$query$, ws, columns, days))
$$;
COMMENT ON FUNCTION coachdiag.fill_copy(text, text, text, text, text) IS
'Internal: coachdiag.fill_part for a copy that panels are made of: notes in changed_period, in the same statement, of which days they have to be made again. columns: those that panels take; days: a query for first day and end over CTE other, the rows that in these columns are new or gone.';

CREATE FUNCTION coachdiag.stored_session_sql(ws text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		SELECT h.*, h.held AND (%1$s) AS dose
		FROM (
			SELECT s.*, s.held_at IS NOT NULL AND coalesce(s.status, 'held') = 'held' AND s.held_at <= now() AS held
			FROM (
				SELECT DISTINCT ON (session_id, agent_id, metric) %2$s, day
				FROM (SELECT *, (coalesce(held_at, scheduled_at) AT TIME ZONE %3$L)::date AS day FROM (%4$s) c) r
				-- What waits, or is still to come, puts out no row that counts already.
				WHERE (day < %5$L) IS NOT FALSE
				-- A row that counts as dose comes before a later one that doesn't, as in session_row_sql.
				ORDER BY session_id, agent_id, metric, (held_at > now()) IS TRUE, (%1$s) DESC, held_at DESC NULLS LAST, duration_minutes, coach_id, r::text
			) s
		) h
	$query$, coachdiag.counts_as_dose_sql(), (SELECT string_agg(quote_ident(c.column_name) || CASE c.type WHEN 'id' THEN '::text' ELSE '' END, ', ' ORDER BY c.column_no)
			FROM coachdiag.contract() c WHERE c.relation = 'coaching_session' AND c.column_no > 0),
		coachdiag.time_zone(ws), coachdiag.source(ws, 'coaching_session'), coachdiag.waits_from(ws))
$$;
COMMENT ON FUNCTION coachdiag.stored_session_sql(text) IS
'Internal: a query for every session of a workspace, held or not, once per session, agent and metric, with its day and whether it was held and is a dose; but those of the week that is not over, and later ones.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES
(10, 'stored_source_column', 'table', $part$
	CREATE TABLE @.stored_source_column (relation text, column_name text, present boolean NOT NULL, PRIMARY KEY (relation, column_name));
	COMMENT ON TABLE @.stored_source_column IS 'Which columns of the contract the sources had at the last refresh: what is missing is not assessed.';
	COMMENT ON COLUMN @.stored_source_column.relation IS 'Relation of the contract.';
	COMMENT ON COLUMN @.stored_source_column.column_name IS 'Column of it.';
	COMMENT ON COLUMN @.stored_source_column.present IS 'Whether it was there.';
$part$, $q$SELECT coachdiag.fill_part($1, 'stored_source_column', format('SELECT relation, column_name, source_type IS NOT NULL FROM coachdiag.source_column(%L)', $1))$q$,
	ARRAY(SELECT c.relation FROM coachdiag.contract() c WHERE c.column_no = 0)),
(20, 'stored_membership', 'table', $part$
	CREATE TABLE @.stored_membership (agent_id text, team text NOT NULL, valid_from date, valid_to date NOT NULL, PRIMARY KEY (agent_id, valid_from));
	CREATE INDEX ON @.stored_membership (team);
	COMMENT ON TABLE @.stored_membership IS 'Who was in which team when, without overlaps, as of the last refresh: where assignments overlap the one that began last is in force.';
	COMMENT ON COLUMN @.stored_membership.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.stored_membership.team IS 'Team.';
	COMMENT ON COLUMN @.stored_membership.valid_from IS 'First day in the team.';
	COMMENT ON COLUMN @.stored_membership.valid_to IS 'First day no longer in the team; infinity: still there.';
$part$, $q$SELECT coachdiag.fill_copy($1, 'stored_membership', format('SELECT agent_id::text, team, valid_from, valid_to FROM (%s) m WHERE team IS NOT NULL', coachdiag.membership_sql($1)),
	'agent_id, team, valid_from, valid_to', 'SELECT valid_from, valid_to FROM other')$q$, '{assignment}'),
(30, 'stored_agent', 'table', coachdiag.stored_source_ddl('agent'), $q$SELECT coachdiag.fill_part($1, 'stored_agent', format('SELECT agent_id::text, hired_on, left_on FROM (%s) a', coachdiag.agent_sql($1)))$q$, '{agent}'),
(35, 'stored_tenure', 'table', $part$
	CREATE TABLE @.stored_tenure (agent_id text PRIMARY KEY, hired_on date, left_on date);
	COMMENT ON TABLE @.stored_tenure IS 'Since when each agent with a team has been there, as of the last refresh: what panels take tenure from.';
	COMMENT ON COLUMN @.stored_tenure.agent_id IS 'Agent.';
	COMMENT ON COLUMN @.stored_tenure.hired_on IS 'Day hired; where it is not given, the first day in a team, if others were there before; null: not known.';
	COMMENT ON COLUMN @.stored_tenure.left_on IS 'Last day; null: not known to have left.';
$part$, $q$SELECT coachdiag.fill_copy($1, 'stored_tenure', coachdiag.tenure_sql(format('SELECT * FROM %I.stored_membership', $1), format('SELECT * FROM %I.stored_agent', $1)),
	'agent_id, hired_on', format('SELECT m.valid_from, m.valid_to FROM other JOIN %I.stored_membership m USING (agent_id)', $1))$q$, '{stored_agent,stored_membership}'),
(40, 'stored_coach', 'table', coachdiag.stored_source_ddl('coach'), $q$SELECT coachdiag.refresh_stored_source($1, 'coach')$q$, '{coach}'),
(45, 'stored_coach_week', 'table', coachdiag.stored_source_ddl('coach_week'), $q$SELECT coachdiag.refresh_stored_source($1, 'coach_week')$q$, '{coach_week}'),
(50, 'stored_agent_week', 'table', coachdiag.stored_source_ddl('agent_week'), $q$SELECT coachdiag.refresh_stored_source($1, 'agent_week')$q$, '{agent_week}'),
(55, 'stored_documented_step', 'table', coachdiag.stored_source_ddl('documented_step'), $q$SELECT coachdiag.refresh_stored_source($1, 'documented_step')$q$, '{documented_step}'),
(60, 'stored_intervention', 'table', coachdiag.stored_source_ddl('intervention'), $q$SELECT coachdiag.refresh_stored_source($1, 'intervention')$q$, '{intervention}'),
(70, 'stored_coaching_session', 'table', coachdiag.stored_source_ddl('coaching_session', ', day date, held boolean NOT NULL, dose boolean NOT NULL, team text') || $part$
	CREATE INDEX ON @.stored_coaching_session (agent_id, day);
	CREATE INDEX ON @.stored_coaching_session (coach_id, day);
	COMMENT ON COLUMN @.stored_coaching_session.day IS 'Day it was held, or else was to be held, in the time zone of the workspace; null: neither given.';
	COMMENT ON COLUMN @.stored_coaching_session.team IS 'Team of the agent on that day; null: in none.';
	COMMENT ON COLUMN @.stored_coaching_session.held IS 'Whether it was held.';
	COMMENT ON COLUMN @.stored_coaching_session.dose IS 'Whether it counts as coaching dose: held, something to coach, not recognition alone.';
$part$, $q$SELECT coachdiag.fill_copy($1, 'stored_coaching_session', format(
	'SELECT s.*, m.team FROM (%s) s LEFT JOIN %I.stored_membership m ON m.agent_id = s.agent_id AND m.valid_from <= s.day AND s.day < m.valid_to',
	coachdiag.stored_session_sql($1), $1), 'session_id, agent_id, coach_id, metric, duration_minutes, day, dose', 'SELECT day, day + 1 FROM other')$q$, '{coaching_session,settings,stored_membership}');
