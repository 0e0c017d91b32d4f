-- The process in a workspace: contacts with their paths, stored once per refresh, and the views over them.

CREATE FUNCTION coachdiag.contact_path_sql(ws text, from_day date DEFAULT NULL, late text[] DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	-- A day earlier, for events that began before their contact.
	SELECT format($query$
		SELECT contact_id, coachdiag.contact_path(step, started_at, CASE WHEN ended_at >= started_at AND ended_at < '9999-12-31 00:00+00' THEN ended_at END,
			CASE WHEN kind IN ('work', 'wait', 'hold', 'approval', 'transfer', 'escalation', 'resolution_identified', 'resolution_authorised', 'resolved')
				THEN kind END, %3$s) AS path
		FROM (%1$s) e
		WHERE contact_id IS NOT NULL AND octet_length(step) <= 1024 AND (started_at >= %2$s%6$s) AND started_at >= '0001-01-02 00:00+00' AND started_at < least('9999-12-31 00:00+00', %4$L::timestamp AT TIME ZONE %5$L)
		GROUP BY contact_id
	$query$, coachdiag.source(ws, 'contact_event'), CASE WHEN from_day IS NULL THEN quote_literal('0001-01-02 00:00+00') ELSE format('%L::timestamp AT TIME ZONE %L', from_day - 1, coachdiag.time_zone(ws)) END,
		(SELECT CASE c.type WHEN 'text' THEN 'CASE WHEN octet_length(agent_id) <= 1024 THEN agent_id END' ELSE 'agent_id' END
		FROM coachdiag.source_column(ws) c WHERE c.relation = 'contact_event' AND c.column_name = 'agent_id'), coachdiag.waits_from(ws), coachdiag.time_zone(ws), CASE WHEN late <> '{}' THEN format(' OR contact_id = ANY (%L)', late) END)
$$;
COMMENT ON FUNCTION coachdiag.contact_path_sql(text, date, text[]) IS
'Internal: a query for the path of each contact with events since the day before from_day (null: all); of the contacts in late all events are read. An end before the start, a kind unknown to the contract and an agent beyond 1024 bytes are read as null; '
'events without step or start, with a step beyond 1024 bytes (check_sources names them), and of the week that is not over are left out.';

CREATE FUNCTION coachdiag.build_contacts(ws text, from_day date DEFAULT NULL, late text[] DEFAULT '{}')
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
			CASE WHEN c.handle_seconds >= 0 THEN c.handle_seconds END,
			c.resolved, c.transferred, c.escalated, c.csat, c.complaint, p.path
		FROM (
			SELECT DISTINCT ON (contact_id) *
			FROM (%2$s) s
			WHERE contact_id IS NOT NULL AND started_at >= '0001-01-02 00:00+00' AND started_at < '9999-12-31 00:00+00' AND ((started_at AT TIME ZONE %1$L)::date >= %3$L%6$s) AND (started_at AT TIME ZONE %1$L)::date < %5$L
			ORDER BY contact_id, started_at, agent_id
		) c
			LEFT JOIN (%4$s) p ON p.contact_id = c.contact_id
	$query$, coachdiag.time_zone(ws), coachdiag.source(ws, 'contact'), coalesce(from_day, '-infinity'), coachdiag.contact_path_sql(ws, from_day, late), coachdiag.waits_from(ws),
		CASE WHEN late <> '{}' THEN format(' OR contact_id = ANY (%L)', late) END);
END
$$;
COMMENT ON FUNCTION coachdiag.build_contacts(text, date, text[]) IS
'Internal: the contacts of a workspace with their paths, one row each, in one grouped scan of contact and one of contact_event. '
'from_day: contacts started earlier are left out, but for those in late, as are those of the week that is not over. Works within maintenance_work_mem.';

CREATE FUNCTION coachdiag.refresh_stored_contact(ws text, from_day date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	late text[];
	written bigint;
BEGIN
	-- What goes on in earlier contacts.
	IF from_day IS NOT NULL THEN
		EXECUTE format('SELECT array_agg(c.contact_id) FROM %I.stored_contact c WHERE c.day < $1 AND c.contact_id IN (SELECT e.contact_id::text FROM (%s) e WHERE e.started_at >= $1::timestamp AT TIME ZONE %L)',
			ws, coachdiag.source(ws, 'contact_event'), coachdiag.time_zone(ws)) INTO late USING from_day;
	END IF;
	late := coalesce(late, '{}');
	EXECUTE format('DELETE FROM %I.stored_contact WHERE $1 IS NULL OR day >= $1 OR contact_id = ANY ($2)', ws) USING from_day, late;
	EXECUTE format($query$
		INSERT INTO %1$I.stored_contact
		SELECT c.contact_id, c.agent_id, t.team, c.contact_type, c.customer_id, c.started_at, c.day,
			c.handle_seconds, c.resolved, c.transferred, c.escalated, c.csat, c.complaint,
			coachdiag.variant_hash(c.path), m.events, m.rework, m.agents, m.handoffs, m.ping_pongs, m.transfers, m.escalations, m.duration_seconds,
			m.working_seconds, m.waiting_seconds, m.latency_seconds, m.latency_basis, m.breakdown, m.breakdown_step, c.path
		FROM coachdiag.build_contacts($1, $2, $3) c
			LEFT JOIN %1$I.stored_membership t ON t.agent_id = c.agent_id AND t.valid_from <= c.day AND c.day < t.valid_to
			LEFT JOIN LATERAL coachdiag.path_measures(c.path, c.resolved) m ON true
		ON CONFLICT DO NOTHING
	$query$, ws) USING ws, from_day, late;
	GET DIAGNOSTICS written = ROW_COUNT;
	-- Assignments may have changed for earlier days, too.
	EXECUTE format($query$
		UPDATE %1$I.stored_contact c SET team = t.team
		FROM %1$I.stored_contact o LEFT JOIN %1$I.stored_membership t ON t.agent_id = o.agent_id AND t.valid_from <= o.day AND o.day < t.valid_to
		WHERE o.contact_id = c.contact_id AND c.day < $1 AND c.team IS DISTINCT FROM t.team
	$query$, ws) USING from_day;
	RETURN written;
END
$$;
COMMENT ON FUNCTION coachdiag.refresh_stored_contact(text, date) IS
'Internal: fills stored_contact; from_day: contacts started earlier without events since then stay as they are, but for the team (null: all are read again). Returns the contacts read.';

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl, refresh_with, reads) VALUES
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
	COMMENT ON COLUMN @.stored_contact.handle_seconds IS 'Handle time as the source has it; null: not given, negative, not finite or beyond 1e30.';
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
$part$, 'SELECT coachdiag.refresh_stored_contact($1, $2)', '{contact,contact_event,settings,stored_membership}');

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES
(510, 'recent_contact', 'view', $part$
	CREATE VIEW @.recent_contact AS
	SELECT c.* FROM @.stored_contact c
	WHERE c.day >= (SELECT date_trunc('month', max(l.day)::timestamp) - (s.diagnosis_months - 1) * interval '1 month' FROM @.stored_contact l, @.settings s GROUP BY s.diagnosis_months);
	COMMENT ON VIEW @.recent_contact IS 'The contacts of the months that the diagnosis looks at (settings.diagnosis_months, up to the last month with contacts).';
$part$ || (
	-- The columns are those of stored_contact, and so are their comments.
	SELECT pg_catalog.string_agg(pg_catalog.replace(c.comment[1], '@.stored_contact.', '@.recent_contact.'), E'\n' ORDER BY c.n)
	FROM coachdiag.workspace_part p
	CROSS JOIN LATERAL pg_catalog.regexp_matches(p.ddl, 'COMMENT ON COLUMN [^\n]*', 'g') WITH ORDINALITY c (comment, n)
	WHERE p.name = 'stored_contact')),

(1500, 'process_map', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.process_map AS
	SELECT p.contact_type, m.*
	FROM (SELECT c.contact_type, coachdiag.process(c.path) AS process FROM @.recent_contact c GROUP BY c.contact_type) p
	CROSS JOIN LATERAL coachdiag.process_map(p.process) m;
	CREATE UNIQUE INDEX ON @.process_map (contact_type, from_step, to_step) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.process_map IS 'The real process of each contact type: which step directly follows which, how often and after how long. See function coachdiag.process_map.';
	COMMENT ON COLUMN @.process_map.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.process_map.from_step IS 'Step; null: the contact starts.';
	COMMENT ON COLUMN @.process_map.to_step IS 'The step right after it; null: the contact ends. The same step: it is repeated.';
	COMMENT ON COLUMN @.process_map.times IS 'How often.';
	COMMENT ON COLUMN @.process_map.contacts IS 'In how many contacts.';
	COMMENT ON COLUMN @.process_map.returns IS 'How often from_step came again right after: a loop of two.';
	COMMENT ON COLUMN @.process_map.mean_seconds IS 'Mean seconds from the end of the one to the start of the other.';
	COMMENT ON COLUMN @.process_map.median_seconds IS 'Their median.';
	COMMENT ON COLUMN @.process_map.p90_seconds IS 'Their 90th percentile.';
$part$),

(1505, 'process_handoff', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.process_handoff AS
	SELECT p.contact_type, h.*
	FROM (SELECT c.contact_type, coachdiag.process(c.path) AS process FROM @.recent_contact c WHERE c.handoffs > 0 GROUP BY c.contact_type) p
	CROSS JOIN LATERAL coachdiag.process_handoffs(p.process) h;
	CREATE UNIQUE INDEX ON @.process_handoff (contact_type, from_agent, to_agent) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.process_handoff IS 'Who hands over to whom in each contact type, and how often it goes straight back. See function coachdiag.process_handoffs.';
	COMMENT ON COLUMN @.process_handoff.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.process_handoff.from_agent IS 'Agent (or party) who had it.';
	COMMENT ON COLUMN @.process_handoff.to_agent IS 'Agent (or party) who had it next.';
	COMMENT ON COLUMN @.process_handoff.times IS 'How often.';
	COMMENT ON COLUMN @.process_handoff.contacts IS 'In how many contacts.';
	COMMENT ON COLUMN @.process_handoff.ping_pongs IS 'How often it went straight back.';
	COMMENT ON COLUMN @.process_handoff.mean_seconds IS 'Mean seconds from the end of the last event of the one to the start of the next of the other.';
	COMMENT ON COLUMN @.process_handoff.median_seconds IS 'Their median.';
	COMMENT ON COLUMN @.process_handoff.p90_seconds IS 'Their 90th percentile.';
$part$),

(1510, 'process_variant', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.process_variant AS
	WITH variant AS (
		SELECT c.contact_type, c.variant, count(*) AS contacts, min(c.contact_id) AS example,
			count(c.handle_seconds) AS handle_n, coachdiag.exact_avg(c.handle_seconds) AS handle_mean, var_pop(c.handle_seconds ORDER BY c.handle_seconds) * count(c.handle_seconds) AS handle_m2,
			count(c.resolved) AS resolved_n, avg(c.resolved::int)::double precision AS resolved_mean
		FROM @.recent_contact c
		WHERE c.path IS NOT NULL
		GROUP BY c.contact_type, c.variant
	), document AS (
		SELECT d.contact_type, array_agg(d.step ORDER BY d.step, d.next_step) AS step, array_agg(d.next_step ORDER BY d.step, d.next_step) AS next_step
		FROM @.stored_documented_step d
		GROUP BY d.contact_type
	)
	SELECT v.contact_type, v.variant, row_number() OVER (PARTITION BY v.contact_type ORDER BY v.contacts DESC, v.variant) AS rank,
		v.contacts, v.contacts / sum(v.contacts) OVER (PARTITION BY v.contact_type) AS share, coachdiag.variant(e.path) AS steps, s.steps AS compared, v.example,
		a.cost = 0 AS conforms, a.fitness, a.cost, a.skipped, a.worked_around, a.undocumented, a.misplaced,
		v.handle_n, v.handle_mean, v.handle_m2, v.resolved_n, v.resolved_mean
	FROM variant v
	JOIN @.stored_contact e ON e.contact_id = v.example
	LEFT JOIN document d ON d.contact_type = v.contact_type
	LEFT JOIN LATERAL (
		SELECT coalesce(array_agg(s.step ORDER BY s.n), '{}') AS steps
		FROM coachdiag.path_events(e.path) s
		WHERE s.kind NOT IN ('resolution_identified', 'resolution_authorised', 'resolved') OR s.kind IS NULL OR s.step = ANY (d.step) OR s.step = ANY (d.next_step)
	) s ON d.step IS NOT NULL
	LEFT JOIN LATERAL coachdiag.alignment(s.steps, d.step, d.next_step) a ON true;
	CREATE UNIQUE INDEX ON @.process_variant (contact_type, variant) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.process_variant IS 'The variants of each contact type, most frequent first, held against the documented process (null where that is not documented). The most frequent ways of deviating: WHERE NOT conforms ORDER BY rank. '
		'Events that only mark what is known (resolution_identified, resolution_authorised, resolved) are held against the document only where it names them. See function coachdiag.alignment.';
	COMMENT ON COLUMN @.process_variant.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.process_variant.variant IS 'Hash of its steps, as in stored_contact.';
	COMMENT ON COLUMN @.process_variant.rank IS 'By frequency within the contact type, from 1.';
	COMMENT ON COLUMN @.process_variant.contacts IS 'Contacts that went this way.';
	COMMENT ON COLUMN @.process_variant.share IS 'Of those of the contact type, 0 to 1.';
	COMMENT ON COLUMN @.process_variant.steps IS 'Its steps in order.';
	COMMENT ON COLUMN @.process_variant.compared IS 'Those that are held against the document; null: not documented.';
	COMMENT ON COLUMN @.process_variant.example IS 'A contact that went this way.';
	COMMENT ON COLUMN @.process_variant.conforms IS 'Whether it follows the document to the letter.';
	COMMENT ON COLUMN @.process_variant.fitness IS 'How well it follows the document: 1 fully, lower is worse.';
	COMMENT ON COLUMN @.process_variant.cost IS 'Events inserted and documented steps skipped.';
	COMMENT ON COLUMN @.process_variant.skipped IS 'Documented steps left out.';
	COMMENT ON COLUMN @.process_variant.worked_around IS 'Those of them with an undocumented step in their place.';
	COMMENT ON COLUMN @.process_variant.undocumented IS 'Events of steps that no document knows.';
	COMMENT ON COLUMN @.process_variant.misplaced IS 'Events of documented steps out of order or repeated.';
	COMMENT ON COLUMN @.process_variant.handle_n IS 'Contacts with a handle time.';
	COMMENT ON COLUMN @.process_variant.handle_mean IS 'Their mean handle time in seconds.';
	COMMENT ON COLUMN @.process_variant.handle_m2 IS 'Sum of squared deviations from it.';
	COMMENT ON COLUMN @.process_variant.resolved_n IS 'Contacts of which it is known whether they were resolved.';
	COMMENT ON COLUMN @.process_variant.resolved_mean IS 'Share of them resolved.';
$part$),

(1520, 'process_conformance', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.process_conformance AS
	WITH seen AS (
		SELECT v.contact_type, u.step, u.what, sum(v.contacts) AS contacts, sum(v.contacts * u.times) AS times
		FROM @.process_variant v
		CROSS JOIN LATERAL (
			SELECT w.what, s.step, count(*) AS times
			FROM (VALUES ('visit', v.steps), ('skipped', v.skipped), ('worked_around', v.worked_around), ('undocumented', v.undocumented), ('misplaced', v.misplaced)) w (what, steps)
			CROSS JOIN LATERAL unnest(w.steps) s (step)
			GROUP BY w.what, s.step
		) u
		GROUP BY v.contact_type, u.step, u.what
	), real AS (
		SELECT s.contact_type, s.step, sum(s.contacts) FILTER (WHERE s.what = 'visit') AS contacts, sum(s.times) FILTER (WHERE s.what = 'visit') AS visits,
			sum(s.contacts) FILTER (WHERE s.what = 'skipped') AS contacts_skipping, sum(s.times) FILTER (WHERE s.what = 'skipped') AS skipped,
			sum(s.times) FILTER (WHERE s.what = 'worked_around') AS worked_around, sum(s.times) FILTER (WHERE s.what = 'undocumented') AS undocumented,
			sum(s.times) FILTER (WHERE s.what = 'misplaced') AS misplaced
		FROM seen s GROUP BY s.contact_type, s.step
	), document AS (
		SELECT contact_type, step FROM @.stored_documented_step WHERE step IS NOT NULL
		UNION SELECT contact_type, next_step FROM @.stored_documented_step WHERE next_step IS NOT NULL
	), type AS (
		SELECT v.contact_type, sum(v.contacts) AS contacts, bool_or(v.cost IS NOT NULL) AS assessed FROM @.process_variant v GROUP BY v.contact_type
	), after AS (
		SELECT v.contact_type, s.step, sum(v.contacts) AS times
		FROM @.process_variant v
		CROSS JOIN LATERAL (SELECT u.step, lead(u.step) OVER (ORDER BY u.n) AS next_step FROM unnest(v.compared) WITH ORDINALITY u (step, n)) s
		WHERE s.next_step IS NOT NULL
			AND NOT EXISTS (SELECT FROM @.stored_documented_step d WHERE d.contact_type = v.contact_type AND d.step = s.step AND d.next_step = s.next_step)
		GROUP BY v.contact_type, s.step
	)
	SELECT t.contact_type, x.step, CASE WHEN t.assessed THEN x.documented END AS documented, t.contacts AS of_contacts,
		coalesce(r.contacts, 0)::bigint AS contacts, coalesce(r.visits, 0)::bigint AS visits,
		CASE WHEN t.assessed THEN coalesce(r.contacts_skipping, 0) END::bigint AS contacts_skipping,
		CASE WHEN t.assessed THEN coalesce(r.skipped, 0) END::bigint AS skipped,
		CASE WHEN t.assessed THEN coalesce(r.worked_around, 0) END::bigint AS worked_around,
		CASE WHEN t.assessed THEN coalesce(r.undocumented, 0) END::bigint AS undocumented,
		CASE WHEN t.assessed THEN coalesce(r.misplaced, 0) END::bigint AS misplaced,
		CASE WHEN t.assessed THEN coalesce(a.times, 0) END::bigint AS undocumented_next,
		CASE WHEN t.assessed THEN 'assessed' ELSE 'not assessed: needs documented_step for this contact type' END AS status
	FROM type t
	JOIN LATERAL (
		SELECT coalesce(s.step, d.step) AS step, d.step IS NOT NULL AS documented
		FROM (SELECT q.step FROM real q WHERE q.contact_type IS NOT DISTINCT FROM t.contact_type) s
		FULL JOIN (SELECT q.step FROM document q WHERE q.contact_type = t.contact_type) d ON d.step = s.step
	) x ON true
	LEFT JOIN real r ON r.contact_type IS NOT DISTINCT FROM t.contact_type AND r.step = x.step
	LEFT JOIN after a ON a.contact_type = t.contact_type AND a.step = x.step;
	CREATE UNIQUE INDEX ON @.process_conformance (contact_type, step) NULLS NOT DISTINCT;
	COMMENT ON MATERIALIZED VIEW @.process_conformance IS 'The real process against the documented one, a row per contact type and step of either: steps skipped, steps nobody documented, how often. Counts come from the optimal alignment of each variant (process_variant); null where the contact type is not documented.';
	COMMENT ON COLUMN @.process_conformance.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.process_conformance.step IS 'Step.';
	COMMENT ON COLUMN @.process_conformance.documented IS 'Whether the document of the contact type knows it.';
	COMMENT ON COLUMN @.process_conformance.of_contacts IS 'Contacts of the type.';
	COMMENT ON COLUMN @.process_conformance.contacts IS 'Those of them with the step.';
	COMMENT ON COLUMN @.process_conformance.visits IS 'How often it was taken.';
	COMMENT ON COLUMN @.process_conformance.contacts_skipping IS 'Contacts that left it out where the document has it.';
	COMMENT ON COLUMN @.process_conformance.skipped IS 'How often it was left out.';
	COMMENT ON COLUMN @.process_conformance.worked_around IS 'How often of those an undocumented step stood in its place.';
	COMMENT ON COLUMN @.process_conformance.undocumented IS 'Visits that no document knows of.';
	COMMENT ON COLUMN @.process_conformance.misplaced IS 'Visits out of order or repeated.';
	COMMENT ON COLUMN @.process_conformance.undocumented_next IS 'How often a step came right after it that the document does not have there.';
	COMMENT ON COLUMN @.process_conformance.status IS 'assessed, or what is missing.';
$part$),

(1530, 'process_fitness', 'view', $part$
	CREATE VIEW @.process_fitness AS
	WITH side AS (
		SELECT v.contact_type, v.conforms, x.measure, sum(x.n) AS n, coachdiag.exact_sum(x.n * x.mean) / sum(x.n) AS mean,
			coachdiag.exact_sum(x.m2) + coachdiag.exact_sum(x.n * x.mean ^ 2) - coachdiag.exact_sum(x.n * x.mean) ^ 2 / sum(x.n) AS m2
		FROM @.process_variant v
		CROSS JOIN LATERAL (VALUES ('handle_seconds', nullif(v.handle_n, 0)::double precision, v.handle_mean, v.handle_m2),
			('resolved', nullif(v.resolved_n, 0)::double precision, v.resolved_mean, v.resolved_n * v.resolved_mean * (1 - v.resolved_mean))) x (measure, n, mean, m2)
		WHERE v.conforms IS NOT NULL
		GROUP BY v.contact_type, v.conforms, x.measure
	), type AS (
		SELECT v.contact_type, sum(v.contacts)::bigint AS contacts, count(*) AS variants, sum(v.contacts) FILTER (WHERE v.conforms)::bigint AS conforming,
			(coachdiag.exact_sum(v.contacts * v.fitness) / sum(v.contacts) FILTER (WHERE v.fitness IS NOT NULL))::double precision AS fitness, bool_or(v.conforms IS NOT NULL) AS assessed
		FROM @.process_variant v
		GROUP BY v.contact_type
	)
	SELECT t.contact_type, m.measure, t.contacts, t.variants, CASE WHEN t.assessed THEN coalesce(t.conforming, 0) END AS conforming, t.fitness,
		c.mean AS conforming_mean, d.mean AS deviating_mean, x.difference, x.low AS difference_low, x.high AS difference_high,
		CASE WHEN NOT t.assessed THEN 'not assessed: needs documented_step for this contact type'
			WHEN x.difference IS NULL THEN format('not assessed: needs contact.%s on conforming and on deviating contacts', m.measure)
			ELSE 'assessed' END AS status
	FROM type t
	CROSS JOIN (VALUES ('handle_seconds'), ('resolved')) m (measure)
	LEFT JOIN side c ON c.contact_type = t.contact_type AND c.measure = m.measure AND c.conforms
	LEFT JOIN side d ON d.contact_type = t.contact_type AND d.measure = m.measure AND NOT d.conforms
	CROSS JOIN LATERAL coachdiag.mean_difference(c.n, c.mean, c.m2, d.n, d.mean, d.m2) x;
	COMMENT ON VIEW @.process_fitness IS 'How well each contact type follows its document, and how handle time and resolution differ on contacts that deviate from it. Contacts that deviate differ in more than the path: a lead, not an effect.';
	COMMENT ON COLUMN @.process_fitness.contact_type IS 'Contact type; null: not given.';
	COMMENT ON COLUMN @.process_fitness.measure IS 'handle_seconds, or resolved (share, 0 to 1).';
	COMMENT ON COLUMN @.process_fitness.contacts IS 'Contacts of the type with events.';
	COMMENT ON COLUMN @.process_fitness.variants IS 'Different ways they went.';
	COMMENT ON COLUMN @.process_fitness.conforming IS 'Contacts that follow the document to the letter.';
	COMMENT ON COLUMN @.process_fitness.fitness IS 'Mean fitness of its contacts: 1 is full agreement with the document.';
	COMMENT ON COLUMN @.process_fitness.conforming_mean IS 'Mean of the measure on conforming contacts.';
	COMMENT ON COLUMN @.process_fitness.deviating_mean IS 'Mean of the measure on deviating contacts.';
	COMMENT ON COLUMN @.process_fitness.difference IS 'Deviating less conforming.';
	COMMENT ON COLUMN @.process_fitness.difference_low IS 'Lower end of its 95 % interval.';
	COMMENT ON COLUMN @.process_fitness.difference_high IS 'Upper end of it.';
	COMMENT ON COLUMN @.process_fitness.status IS 'assessed, or what is missing.';
$part$);
