-- The process in a workspace: contacts with their paths, stored once per refresh, and the views over them.

CREATE FUNCTION coachdiag.contact_path_sql(ws text, from_day date DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	-- A day earlier, for events that began before their contact.
	SELECT format($query$
		SELECT contact_id, coachdiag.contact_path(step, started_at, CASE WHEN ended_at >= started_at AND ended_at < '10000-01-01' THEN ended_at END,
			CASE WHEN kind IN ('work', 'wait', 'hold', 'approval', 'transfer', 'escalation', 'resolution_identified', 'resolution_authorised', 'resolved')
				THEN kind END, %3$s) AS path
		FROM (%1$s) e
		WHERE contact_id IS NOT NULL AND octet_length(step) <= 1024 AND started_at >= %2$L AND started_at < '10000-01-01'
		GROUP BY contact_id
	$query$, coachdiag.source(ws, 'contact_event'), coalesce((from_day - 1)::text, '0001-01-01'),
		(SELECT CASE c.type WHEN 'text' THEN 'CASE WHEN octet_length(agent_id) <= 1024 THEN agent_id END' ELSE 'agent_id' END
		FROM coachdiag.source_column(ws) c WHERE c.relation = 'contact_event' AND c.column_name = 'agent_id'))
$$;
COMMENT ON FUNCTION coachdiag.contact_path_sql(text, date) IS
'Internal: a query for the path of each contact with events since the day before from_day (null: all). An end before the start, a kind unknown to the contract and an agent beyond 1024 bytes are read as null; '
'events without step or start, or with a step beyond 1024 bytes, are left out: check_sources names them.';

CREATE FUNCTION coachdiag.build_contacts(ws text, from_day date DEFAULT NULL)
RETURNS TABLE (contact_id text, agent_id text, contact_type text, customer_id text, started_at timestamptz, day date,
	handle_seconds double precision, resolved boolean, transferred boolean, escalated boolean, csat double precision, complaint boolean, path coachdiag.path)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '64MB'
AS $$
BEGIN
	-- As in build_panels: the memory of maintenance, and RETURN QUERY for a parallel plan.
	PERFORM set_config('work_mem', current_setting('maintenance_work_mem'), true);
	RETURN QUERY EXECUTE format($query$
		SELECT c.contact_id::text, c.agent_id::text, c.contact_type, c.customer_id, c.started_at, (c.started_at AT TIME ZONE %1$L)::date,
			CASE WHEN c.handle_seconds >= 0 AND c.handle_seconds < 'Infinity' THEN c.handle_seconds END,
			c.resolved, c.transferred, c.escalated, CASE WHEN c.csat > '-Infinity' AND c.csat < 'Infinity' THEN c.csat END, c.complaint, p.path
		FROM (
			SELECT DISTINCT ON (contact_id) *
			FROM (%2$s) s
			WHERE contact_id IS NOT NULL AND isfinite(started_at) AND (started_at AT TIME ZONE %1$L)::date >= %3$L
			ORDER BY contact_id, started_at, agent_id
		) c
			LEFT JOIN (%4$s) p ON p.contact_id = c.contact_id
	$query$, coachdiag.time_zone(ws), coachdiag.source(ws, 'contact'), coalesce(from_day, '-infinity'), coachdiag.contact_path_sql(ws, from_day));
END
$$;
COMMENT ON FUNCTION coachdiag.build_contacts(text, date) IS
'Internal: the contacts of a workspace with their paths, one row each, in one grouped scan of contact and one of contact_event. '
'from_day: contacts started earlier are left out. Works within maintenance_work_mem.';

CREATE FUNCTION coachdiag.refresh_stored_contact(ws text, from_day date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	written bigint;
BEGIN
	EXECUTE format('DELETE FROM %I.stored_contact WHERE $1 IS NULL OR day >= $1', ws) USING from_day;
	EXECUTE format($query$
		INSERT INTO %1$I.stored_contact
		SELECT c.contact_id, c.agent_id, t.team, c.contact_type, c.customer_id, c.started_at, c.day,
			c.handle_seconds, c.resolved, c.transferred, c.escalated, c.csat, c.complaint,
			coachdiag.variant_hash(c.path), m.events, m.rework, m.agents, m.handoffs, m.ping_pongs, m.transfers, m.escalations, m.duration_seconds,
			m.working_seconds, m.waiting_seconds, m.latency_seconds, m.latency_basis, m.breakdown, m.breakdown_step, c.path
		FROM coachdiag.build_contacts($1, $2) c
			LEFT JOIN %1$I.stored_membership t ON t.agent_id = c.agent_id AND t.valid_from <= c.day AND c.day < t.valid_to
			LEFT JOIN LATERAL coachdiag.path_measures(c.path, c.resolved) m ON true
		ON CONFLICT DO NOTHING
	$query$, ws) USING ws, from_day;
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$$;
COMMENT ON FUNCTION coachdiag.refresh_stored_contact(text, date) IS
'Internal: fills stored_contact; from_day: contacts started earlier stay as they are (null: all are read again). Returns the rows written.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with) VALUES
(500, 'stored_contact', 'table', $part$
	CREATE TABLE @.stored_contact (
		contact_id text PRIMARY KEY, agent_id text, team text, contact_type text, customer_id text, started_at timestamptz NOT NULL, day date NOT NULL,
		handle_seconds double precision, resolved boolean, transferred boolean, escalated boolean, csat double precision, complaint boolean,
		variant bigint, events integer, rework integer, agents integer, handoffs integer, ping_pongs integer, transfers integer, escalations integer,
		duration_seconds double precision, working_seconds double precision, waiting_seconds double precision,
		latency_seconds double precision, latency_basis text, breakdown text, breakdown_step text, path coachdiag.path);
	CREATE INDEX ON @.stored_contact (day);
	CREATE INDEX ON @.stored_contact (contact_type, day);
	CREATE INDEX ON @.stored_contact (customer_id, started_at) WHERE customer_id IS NOT NULL;
	COMMENT ON TABLE @.stored_contact IS 'Contacts as of the last refresh, one row each, with the path that their events make; what path and columns after complaint say is null where there are no events.';
	COMMENT ON COLUMN @.stored_contact.contact_id IS 'Contact.';
	COMMENT ON COLUMN @.stored_contact.agent_id IS 'Agent who handled it; null: nobody.';
	COMMENT ON COLUMN @.stored_contact.team IS 'Team of that agent on the day; null: in none.';
	COMMENT ON COLUMN @.stored_contact.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.stored_contact.customer_id IS 'Customer; null: not given.';
	COMMENT ON COLUMN @.stored_contact.started_at IS 'When it started.';
	COMMENT ON COLUMN @.stored_contact.day IS 'Day of that in the time zone of the workspace.';
	COMMENT ON COLUMN @.stored_contact.handle_seconds IS 'Handle time as the source has it; null: not given, negative or not finite.';
	COMMENT ON COLUMN @.stored_contact.resolved IS 'Whether it was resolved, by the contact relation.';
	COMMENT ON COLUMN @.stored_contact.transferred IS 'Whether it was transferred, by the contact relation.';
	COMMENT ON COLUMN @.stored_contact.escalated IS 'Whether it was escalated, by the contact relation.';
	COMMENT ON COLUMN @.stored_contact.csat IS 'Satisfaction that the customer gave.';
	COMMENT ON COLUMN @.stored_contact.complaint IS 'Whether a complaint followed.';
	COMMENT ON COLUMN @.stored_contact.variant IS 'Hash of the steps in order: contacts of the same variant share it.';
	COMMENT ON COLUMN @.stored_contact.events IS 'Events.';
	COMMENT ON COLUMN @.stored_contact.rework IS 'Events of a step that was there before.';
	COMMENT ON COLUMN @.stored_contact.agents IS 'Different agents in its events.';
	COMMENT ON COLUMN @.stored_contact.handoffs IS 'Changes of agent; null: no event has one.';
	COMMENT ON COLUMN @.stored_contact.ping_pongs IS 'Handoffs back to the agent before (A, B, A).';
	COMMENT ON COLUMN @.stored_contact.transfers IS 'Events of kind transfer; null: no event has a kind.';
	COMMENT ON COLUMN @.stored_contact.escalations IS 'Events of kind escalation; null: no event has a kind.';
	COMMENT ON COLUMN @.stored_contact.duration_seconds IS 'From the first event to the end of the last.';
	COMMENT ON COLUMN @.stored_contact.working_seconds IS 'Time of it with work going on.';
	COMMENT ON COLUMN @.stored_contact.waiting_seconds IS 'Time of it waiting: all other, as far as it is known.';
	COMMENT ON COLUMN @.stored_contact.latency_seconds IS 'Decision latency: from knowing the resolution to being authorised to deliver it.';
	COMMENT ON COLUMN @.stored_contact.latency_basis IS 'authorised: observed; open: never authorised, so at least this long; proxy: time in wait, hold and approval; null: no kinds.';
	COMMENT ON COLUMN @.stored_contact.breakdown IS 'Whether the agent was deciding or waiting where it left their hands (transfer, escalation) or ended unresolved; null: neither, or not known.';
	COMMENT ON COLUMN @.stored_contact.breakdown_step IS 'The step that they were in.';
	COMMENT ON COLUMN @.stored_contact.path IS 'Its events: SELECT e.* FROM stored_contact c, coachdiag.path_events(c.path) e.';
$part$, 'SELECT coachdiag.refresh_stored_contact($1, $2)');
