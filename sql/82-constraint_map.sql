-- Where the process holds the gap: steps of a contact, the gap shared out over steps, observation.

CREATE FUNCTION coachdiag.path_steps(
		path coachdiag.path,
		OUT step text, OUT visits integer, OUT working_seconds double precision, OUT rework_seconds double precision,
		OUT waiting_seconds double precision, OUT latency_seconds double precision, OUT transfers integer, OUT escalations integer)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_path_steps' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 ROWS 8;
COMMENT ON FUNCTION coachdiag.path_steps(coachdiag.path) IS
'What each step of a contact took, a row per different step. visits: its events. working_seconds: at work in it, for the first time or going on with it after no more than a wait; rework_seconds: at work in it again after another step, or over again. '
'waiting_seconds: in events of kind wait, hold or approval of the step, and before each of its events while nothing went on. latency_seconds: its part of the decision latency (coachdiag.path_measures). '
'transfers, escalations: made while in it (in their own step where none came before). Events that overlap each count in full. NULL where it needs what no event has: kinds (latency, transfers, escalations), kinds or ends (times). No rows for NULL.';

-- The steps of many contacts

CREATE TYPE coachdiag.step_totals;

CREATE FUNCTION coachdiag.step_totals_in(cstring) RETURNS coachdiag.step_totals
	AS 'MODULE_PATHNAME', 'cd_step_totals_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.step_totals_in(cstring) IS
'Text input of coachdiag.step_totals: an error, since totals are made by their aggregate only.';

CREATE FUNCTION coachdiag.step_totals_out(coachdiag.step_totals) RETURNS cstring
	AS 'MODULE_PATHNAME', 'cd_step_totals_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.step_totals_out(coachdiag.step_totals) IS
'Text output of coachdiag.step_totals: how many steps are in them; cannot be read back.';

CREATE TYPE coachdiag.step_totals (
	INPUT = coachdiag.step_totals_in,
	OUTPUT = coachdiag.step_totals_out,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE coachdiag.step_totals IS
'What each step took over many contacts. Lives within a query: keep the paths, not the totals. Made by coachdiag.step_totals(path, repeated); read by coachdiag.step_rows.';

CREATE FUNCTION coachdiag.step_totals_accum(coachdiag.step_totals, path coachdiag.path, repeated boolean)
	RETURNS coachdiag.step_totals AS 'MODULE_PATHNAME', 'cd_step_totals_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION coachdiag.step_totals_accum(coachdiag.step_totals, coachdiag.path, boolean) IS
'Transition function of coachdiag.step_totals(path, repeated): adds one path to the state, in place. Not to be called on its own.';
CREATE FUNCTION coachdiag.step_totals_merge(coachdiag.step_totals, coachdiag.step_totals)
	RETURNS coachdiag.step_totals AS 'MODULE_PATHNAME', 'cd_step_totals_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION coachdiag.step_totals_merge(coachdiag.step_totals, coachdiag.step_totals) IS
'Combine function of coachdiag.step_totals(path, repeated). Not to be called on its own.';

CREATE AGGREGATE coachdiag.step_totals(path coachdiag.path, repeated boolean) (
	SFUNC = coachdiag.step_totals_accum, STYPE = coachdiag.step_totals, SSPACE = 4096,
	COMBINEFUNC = coachdiag.step_totals_merge, PARALLEL = SAFE);
COMMENT ON AGGREGATE coachdiag.step_totals(coachdiag.path, boolean) IS
'Aggregate: what each step of these paths took; GROUP BY contact type, team, agent. repeated: whether the customer came back after the contact (NULL: not known). NULL paths are left out; NULL for none. '
'About 150 bytes a step, and 8 for each decision latency above zero. Error: beyond 1 GB.';

CREATE FUNCTION coachdiag.step_rows(totals coachdiag.step_totals,
		OUT step text, OUT contacts bigint, OUT visits bigint,
		OUT timed bigint, OUT working_seconds double precision, OUT rework_seconds double precision, OUT waiting_seconds double precision,
		OUT waiting_s1 double precision, OUT waiting_s2 double precision,
		OUT of_kind bigint, OUT latency_s1 double precision, OUT latency_s2 double precision, OUT latencies real[],
		OUT transferred bigint, OUT escalated bigint, OUT followed bigint, OUT repeated bigint)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_step_totals_rows' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 10;
COMMENT ON FUNCTION coachdiag.step_rows(coachdiag.step_totals) IS
'The steps of coachdiag.step_totals(path, repeated), a row each: contacts with the step and its events (visits); sums over contacts of what coachdiag.path_steps says. timed: contacts whose times are known, seconds summed over them; '
'waiting_s1, waiting_s2: sum of ln(1 + waiting seconds) and of its square. of_kind: contacts whose events have kinds; latency_s1, latency_s2 as for waiting; latencies: the decision latencies above zero, seconds, ascending; '
'transferred, escalated: contacts, while in the step. followed: contacts of which repeated is known; repeated: those that were. Sums NULL where no contact is known. No rows for NULL.';

CREATE FUNCTION coachdiag.concatenated_accum(state real[], "values" real[]) RETURNS real[]
	AS 'MODULE_PATHNAME', 'cd_concatenated_accum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.concatenated_accum(real[], real[]) IS
'Transition and combine function of coachdiag.concatenated(real[]): adds the elements to the state, in place. Not to be called on its own.';
CREATE FUNCTION coachdiag.concatenated_final(state real[]) RETURNS real[]
	AS 'MODULE_PATHNAME', 'cd_concatenated_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION coachdiag.concatenated_final(real[]) IS
'Final function of coachdiag.concatenated(real[]).';
CREATE AGGREGATE coachdiag.concatenated("values" real[]) (
	SFUNC = coachdiag.concatenated_accum, STYPE = real[], SSPACE = 512,
	FINALFUNC = coachdiag.concatenated_final, COMBINEFUNC = coachdiag.concatenated_accum, PARALLEL = SAFE);
COMMENT ON AGGREGATE coachdiag.concatenated(real[]) IS
'Aggregate: the elements of all arrays in one, in no order to rely on; for coachdiag.quantiles. NULL arrays are left out; NULL for none. Errors: NULL among the elements; beyond 1 GB.';

CREATE FUNCTION coachdiag.quantiles("values" real[], probabilities double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'cd_quantiles' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION coachdiag.quantiles(real[], double precision[]) IS
'Quantiles of the elements of an array, interpolated as percentile_cont does, one for each probability. NULL for NULL or no element. Errors: NULL, NaN or infinity among the elements; a probability not between 0 and 1.';

CREATE FUNCTION coachdiag.agent_mean_gaps(panel coachdiag.panel, higher_is_better boolean, scale text DEFAULT 'identity',
		OUT agent text, OUT gap double precision, OUT se double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_agent_mean_gaps' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000 ROWS 20;
COMMENT ON FUNCTION coachdiag.agent_mean_gaps(coachdiag.panel, boolean, text) IS
'How far each agent of a panel is from the target, contact mix taken out (coachdiag.without_mix): gap, metric units (log: at the mean of the panel''s targets, by volume), positive is worse; se: its standard error, from how agents'' own periods vary by volume, pooled over the agents; NULL: no agent has two periods, or nothing varies. higher_is_better: NULL = false; scale: identity, log (panels hold ln(value)), proportion. '
'Cells without target or period are left out, and agents without others. NULL panel: no row. Error 22023: unknown scale.';

CREATE FUNCTION coachdiag.frontier(panel coachdiag.panel, higher_is_better boolean, scale text DEFAULT 'identity', margin double precision DEFAULT 0,
		OUT agents integer, OUT best_agent text, OUT best_gap double precision, OUT best_low double precision, OUT best_high double precision,
		OUT reach_probability double precision)
	RETURNS record LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH shrunken AS (
		SELECT g.agent, coachdiag.shrink(g.gap, g.se) OVER () AS s FROM coachdiag.agent_mean_gaps(panel, higher_is_better, scale) g
	), known AS (
		SELECT k.agent, (k.s).estimate AS gap, (k.s).se AS se, CASE WHEN (k.s).estimate > margin THEN 1 - i.p_value / 2 ELSE i.p_value / 2 END AS short
		FROM shrunken k CROSS JOIN LATERAL coachdiag.t_interval((k.s).estimate - margin, (k.s).se, 1e6) i
		WHERE (k.s).se > 0
	), best AS (
		SELECT k.* FROM known k ORDER BY k.gap, k.agent LIMIT 1
	)
	SELECT pg_catalog.count(*)::integer, b.agent, b.gap, b.gap - 1.959963984540054 * b.se, b.gap + 1.959963984540054 * b.se,
		1 - pg_catalog.exp(greatest(coachdiag.exact_sum(pg_catalog.ln(greatest(k.short, 1e-12))), -700))
	FROM known k CROSS JOIN best b
	GROUP BY b.agent, b.gap, b.se;
END;
COMMENT ON FUNCTION coachdiag.frontier(coachdiag.panel, boolean, text, double precision) IS
'Does anyone reach the target inside the system, and what is the best that this process allows? Agents'' mean gaps with contact mix taken out (coachdiag.without_mix), noise from their own periods, shrunken (coachdiag.shrink) so that luck is no frontier. '
'agents: how many have one. best_agent, best_gap (best_low, best_high: 95 %): the best of them, metric units, positive is worse than target. reach_probability: that at least one agent''s true gap is margin (metric units) or less. '
'higher_is_better, scale, margin: as in coachdiag.gap_dispersion. No row''s worth of agents with two periods and a target: all NULL.';

CREATE FUNCTION coachdiag.decide_or_wait(handed_on boolean, agents integer, breakdowns bigint, waiting_share double precision, waiting_low double precision, waiting_high double precision,
		reach_probability double precision, mean_low double precision, usual_share double precision DEFAULT NULL, OUT state text, OUT reason text)
	RETURNS record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	frontier constant text := CASE WHEN reach_probability >= 0.75 THEN 'somebody reaches the target'
		WHEN reach_probability <= 0.25 THEN 'nobody reaches the target' ELSE 'whether anybody reaches the target is not known' END;
	share constant text := CASE WHEN handed_on THEN format('the agent was waiting in %s %% of %s contacts handed on',
			round(100 * (waiting_share + coalesce(usual_share, 0) * (1 - waiting_share))::numeric), breakdowns) || coalesce(format(' (%s %% is usual)', round(100 * usual_share::numeric)), '')
		ELSE format('waiting beyond what is usual makes %s %% of the time beyond target in %s contacts', round(100 * least(greatest(waiting_share, 0), 1)::numeric), breakdowns) END;
BEGIN
	state := 'unknown';
	IF breakdowns IS NULL OR breakdowns = 0 THEN
		reason := 'not assessed: needs contact_event with kinds, ' || CASE WHEN handed_on THEN 'and contacts transferred or escalated in it' ELSE 'contact.handle_seconds and a target' END;
	ELSIF mean_low IS NULL OR mean_low <= 0 THEN
		reason := 'no gap that could be told from zero';
	ELSIF usual_share >= 1 THEN
		reason := 'the agent was waiting in all other contacts, too';
	ELSIF agents < 3 OR breakdowns < 20 OR waiting_low IS NULL THEN
		reason := CASE WHEN waiting_share IS NULL THEN 'no time beyond target in the contacts' ELSE format('only %s contacts of %s agents tell', breakdowns, agents) END;
	ELSIF usual_share IS NOT NULL AND waiting_low <= 0 THEN
		reason := share || ': no more than usual, as far as can be told';
	ELSIF waiting_low > 0.5 AND (reach_probability < 0.75) IS NOT FALSE THEN
		state := 'structural'; reason := share || ', and ' || frontier;
	ELSIF waiting_high < 0.5 AND reach_probability >= 0.75 THEN
		state := 'behavioural'; reason := share || ', and ' || frontier;
	ELSIF waiting_low > 0.5 OR waiting_high < 0.5 THEN
		reason := share || ', but ' || frontier;
	ELSE
		reason := share || ': whether mostly deciding or waiting is not known precisely enough';
	END IF;
END
$function$;
COMMENT ON FUNCTION coachdiag.decide_or_wait(boolean, integer, bigint, double precision, double precision, double precision, double precision, double precision, double precision) IS
'At the breakdown, was the agent deciding or waiting, and does anyone reach the target inside the system? handed_on: whether judged by contacts transferred or escalated, or by time beyond target. '
'breakdowns, agents: contacts that tell, and whose they are; waiting_share (waiting_low, waiting_high: 95 %): part of them, or of the time beyond target, in which the agent was waiting, beyond what is usual; usual_share: of contacts, where waiting is no reason to hand on (NULL: not known); '
'reach_probability: of coachdiag.frontier; mean_low: lower end of the mean gap, positive is worse. structural: waiting surely makes more than half, unless somebody reaches the target (probability 0.75 and more). '
'behavioural: waiting surely makes less than half and somebody reaches it. unknown: anything else, fewer than 20 contacts or 3 agents, or no gap. reason: in words.';

-- Observation

CREATE FUNCTION coachdiag.note_at(kind text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE kind
		WHEN 'wait' THEN 'who or what are they waiting for, and how long?'
		WHEN 'hold' THEN 'why is the customer put on hold, and who or what is asked?'
		WHEN 'approval' THEN 'who decides, how long does it take, is it granted as asked, and could the agent have decided?'
		WHEN 'transfer' THEN 'what could the agent not do, and who takes it on?'
		WHEN 'escalation' THEN 'what authority was missing, and what does the next level do that the agent could not?'
		WHEN 'resolution_identified' THEN 'note the time: the agent knows the resolution.'
		WHEN 'resolution_authorised' THEN 'note the time: the agent may deliver it.'
		WHEN 'resolved' THEN 'is the customer''s need met, or only the question asked?'
		ELSE 'does the agent have the information, the authority and a system that works? Note every workaround.'
	END;
END;
COMMENT ON FUNCTION coachdiag.note_at(text) IS
'What an observer should note at an event of this kind (contact_event.kind; NULL or work: at work), in plain words.';

CREATE FUNCTION coachdiag.compare_observation(ws text, contact_type text, observed jsonb)
	RETURNS TABLE (step text, observed_contacts bigint, documented boolean, log_contacts bigint, log_share double precision, finding text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	IF to_regclass(format('%I.step_by_agent', ws)) IS NULL THEN
		RAISE EXCEPTION 'there is no workspace "%"', ws USING ERRCODE = 'invalid_schema_name', HINT = 'SELECT coachdiag.create_workspace(name) makes one.';
	ELSIF observed IS NULL THEN
		RETURN;
	ELSIF jsonb_typeof(observed) <> 'array' OR EXISTS (
		SELECT FROM jsonb_array_elements(observed) c
		WHERE jsonb_typeof(c) <> 'array' OR EXISTS (
			SELECT FROM jsonb_array_elements(CASE jsonb_typeof(c) WHEN 'array' THEN c ELSE '[]' END) s WHERE coalesce(s ->> 'step', s #>> '{}', '') = '' OR jsonb_typeof(s) NOT IN ('string', 'object')))
	THEN
		RAISE EXCEPTION 'observed is not an array of contacts, each an array of steps' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'For example: [["identify", "supervisor_approval", "apply"], [{"step": "identify"}, {"step": "apply"}]].';
	END IF;
	RETURN QUERY EXECUTE format($query$
		WITH seen AS (
			SELECT s.step, count(DISTINCT c.n) AS contacts
			FROM jsonb_array_elements($2) WITH ORDINALITY c (steps, n)
			CROSS JOIN LATERAL (SELECT CASE jsonb_typeof(e) WHEN 'object' THEN e ->> 'step' ELSE e #>> '{}' END AS step FROM jsonb_array_elements(c.steps) e) s
			GROUP BY s.step
		), document AS (
			SELECT d.step FROM %1$I.stored_documented_step d WHERE d.contact_type IS NOT DISTINCT FROM $1 AND d.step IS NOT NULL
			UNION SELECT d.next_step FROM %1$I.stored_documented_step d WHERE d.contact_type IS NOT DISTINCT FROM $1 AND d.next_step IS NOT NULL
		), log AS (
			SELECT l.step, sum(l.contacts)::bigint AS contacts FROM %1$I.step_by_agent l WHERE l.contact_type IS NOT DISTINCT FROM $1 GROUP BY l.step
		), total AS (
			SELECT (SELECT count(*) FROM %1$I.recent_contact c WHERE c.contact_type IS NOT DISTINCT FROM $1 AND c.events > 0) AS logged,
				(SELECT count(*) FROM document) AS documented, jsonb_array_length($2) AS observed
		), step AS (
			SELECT step FROM seen UNION SELECT step FROM document UNION SELECT step FROM log
		), row AS (
			SELECT s.step, coalesce(o.contacts, 0) AS seen, CASE WHEN t.documented > 0 THEN d.step IS NOT NULL END AS documented,
				CASE WHEN t.logged > 0 THEN coalesce(l.contacts, 0) END AS logged, coalesce(l.contacts, 0) / nullif(t.logged, 0)::double precision AS share, t.observed
			FROM step s CROSS JOIN total t LEFT JOIN seen o USING (step) LEFT JOIN document d USING (step) LEFT JOIN log l USING (step)
		)
		SELECT r.step, r.seen, r.documented, r.logged, r.share, CASE
			WHEN r.seen > 0 THEN concat_ws(', ', 'observed', CASE WHEN NOT r.documented THEN 'in no document' END, CASE WHEN r.logged = 0 THEN 'not known to the event log' END)
			WHEN r.share > 0 AND (r.share >= 1 OR r.observed * ln(1 - r.share) < ln(0.05)) THEN concat_ws(', ', 'in the event log but not observed, though it should have been', CASE WHEN NOT r.documented THEN 'in no document' END)
			WHEN r.share > 0 THEN concat_ws(', ', 'in the event log but not observed: too rare to have to be', CASE WHEN NOT r.documented THEN 'in no document' END)
			ELSE concat_ws(', ', 'documented but not observed', CASE WHEN r.logged = 0 THEN 'nor in the event log' END) END
		FROM row r
		ORDER BY r.seen > 0 DESC, r.share DESC NULLS LAST, r.step
	$query$, ws) USING contact_type, observed;
END
$function$;
COMMENT ON FUNCTION coachdiag.compare_observation(text, text, jsonb) IS
'What observers recorded of contacts of one type against the documented process and the event log of the workspace, as of its last refresh, a row per step of any of them. observed: an array of contacts, each an array of steps, in the words of the log (text, or an object with "step"). '
'observed_contacts: contacts in which it was seen. documented: NULL where the type has no document. log_contacts, log_share: contacts of the type with it in the months of the diagnosis; NULL where the log has none of the type. '
'finding: in words; a step of the log is missed when so many contacts without it would have been a chance of less than 1 in 20. observed NULL: no rows. Errors: no such workspace (3F000), observed not of that shape (22023).';

CREATE FUNCTION coachdiag.compare_observation(ws text, contact_type text, observed text[])
	RETURNS TABLE (step text, observed_contacts bigint, documented boolean, log_contacts bigint, log_share double precision, finding text)
	LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
	SELECT c.* FROM coachdiag.compare_observation(ws, contact_type, CASE WHEN observed IS NOT NULL THEN pg_catalog.jsonb_build_array(pg_catalog.to_jsonb(pg_catalog.array_remove(observed, NULL))) END) c;
END;
COMMENT ON FUNCTION coachdiag.compare_observation(text, text, text[]) IS
'The same for one observed contact: its steps. See coachdiag.compare_observation(text, text, jsonb).';
