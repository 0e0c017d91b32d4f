-- gap_sources: whose or what's gap it is. Parts that add up to the whole.

CREATE FUNCTION coachdiag.agent_parts(panel coachdiag.panel, scale text DEFAULT 'identity',
		OUT agent text, OUT contact_type text, OUT tenure text, OUT weight double precision, OUT target double precision, OUT over_target double precision)
	RETURNS SETOF record AS 'MODULE_PATHNAME', 'cd_agent_parts' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 100;
COMMENT ON FUNCTION coachdiag.agent_parts(coachdiag.panel, text) IS
'What the agents of a panel did by contact type (NULL: none given) and tenure at the start of the period (under 3 months, 3 to 6 months, 6 to 12 months, over a year; unknown): a row for each that has values with a target. weight: volume; target and over_target: means of target, and of value less target, in metric units. scale: identity, log (the panel holds ln(value) and ln(target): over_target is linear around each cell''s own target), proportion. NULL panel: no row. Error 22023: unknown scale.';

CREATE FUNCTION coachdiag.gap_sources(panel coachdiag.panel, higher_is_better boolean DEFAULT NULL, scale text DEFAULT 'identity', margin double precision DEFAULT 0,
		OUT kind text, OUT item text, OUT volume_share double precision, OUT gap double precision, OUT contribution double precision,
		OUT own double precision, OUT mix double precision, OUT unmatched double precision, OUT agents integer,
		OUT share_short double precision, OUT share_low double precision, OUT share_high double precision)
	RETURNS SETOF record LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	direction constant double precision := CASE WHEN higher_is_better THEN -1 ELSE 1 END;
	short double precision;
	steepness double precision := 1;
BEGIN
	-- On the log scale a gap is a share of the target. Taken as a straight line to the mean share, shares add up in metric units.
	IF scale = 'log' THEN
		SELECT least(greatest(coachdiag.exact_sum(p.weight * p.over_target) / coachdiag.exact_sum(p.weight * p.target), -100), 100) INTO short FROM coachdiag.agent_parts(panel, scale) p;
		steepness := CASE WHEN abs(short) > 1e-6 THEN (exp(short) - 1) / short ELSE 1 END;
	END IF;

	RETURN QUERY
	WITH part AS MATERIALIZED (
		SELECT p.agent, p.contact_type, p.tenure, p.weight, p.weight * direction * steepness * p.over_target AS total FROM coachdiag.agent_parts(panel, scale) p
	), whole AS (
		SELECT coachdiag.exact_sum(c.weight) AS weight, coachdiag.exact_sum(c.total) / coachdiag.exact_sum(c.weight) AS gap FROM part c
	), by_type AS (
		SELECT c.contact_type, coachdiag.exact_sum(c.weight) AS weight, coachdiag.exact_sum(c.weight) / w.weight AS share,
			coachdiag.exact_sum(c.total) / coachdiag.exact_sum(c.weight) AS gap, count(DISTINCT c.agent) = 1 AS one_agent
		FROM part c, whole w GROUP BY c.contact_type, w.weight
	), by_agent_type AS (
		SELECT c.agent, c.contact_type, coachdiag.exact_sum(c.weight) AS weight, coachdiag.exact_sum(c.total) / coachdiag.exact_sum(c.weight) AS gap FROM part c GROUP BY 1, 2
	), by_agent AS (
		SELECT a.agent, coachdiag.exact_sum(a.weight) AS weight, coachdiag.exact_sum(a.weight * a.gap) / coachdiag.exact_sum(a.weight) AS gap FROM by_agent_type a GROUP BY 1
	), versus AS (
		-- Against all others: in a team's mean is the agent, too, who would look as slow as the contacts are that hardly anybody else takes.
		SELECT g.agent, g.gap - w.gap AS beyond, a.agent IS NOT NULL AS takes, coalesce(a.weight, 0) / g.weight AS share, a.gap,
			(t.weight - coalesce(a.weight, 0)) / nullif(w.weight - g.weight, 0) AS others_share,
			CASE WHEN w.weight <= g.weight THEN NULL WHEN a.agent IS NULL THEN t.gap WHEN NOT t.one_agent THEN (t.weight * t.gap - a.weight * a.gap) / nullif(t.weight - a.weight, 0) END AS others,
			(w.weight * w.gap - g.weight * g.gap) / nullif(w.weight - g.weight, 0) AS all_others, 1 - g.weight / w.weight AS rest
		FROM by_agent g CROSS JOIN by_type t CROSS JOIN whole w
		LEFT JOIN by_agent_type a ON a.agent = g.agent AND a.contact_type IS NOT DISTINCT FROM t.contact_type
	), standardised AS (
		-- Rates are taken from the mean gap, so that each type can be counted by itself: the differences of the shares add up to 0.
		SELECT c.agent, CASE WHEN c.shares_types THEN c.own END AS own, CASE WHEN c.shares_types THEN c.mix END AS mix,
			CASE WHEN c.shares_types THEN coalesce(c.unmatched, 0) ELSE c.beyond END AS unmatched
		FROM (
			SELECT v.agent, v.beyond, coalesce(bool_or(v.takes AND v.others IS NOT NULL), false) AS shares_types,
				v.rest * coachdiag.exact_sum(CASE WHEN v.takes THEN v.share * (v.gap - v.others) ELSE 0 END) FILTER (WHERE v.others IS NOT NULL) AS own,
				v.rest * coachdiag.exact_sum((v.share - v.others_share) * (v.others - v.all_others)) FILTER (WHERE v.others IS NOT NULL) AS mix,
				v.rest * coachdiag.exact_sum(v.share * (v.gap - v.all_others)) FILTER (WHERE v.others IS NULL) AS unmatched
			FROM versus v GROUP BY v.agent, v.beyond, v.rest) c
	)
	SELECT 'agent', g.agent, g.weight / w.weight, g.gap, g.weight / w.weight * g.gap, k.own, k.mix, k.unmatched, 1, NULL::double precision, NULL::double precision, NULL::double precision
	FROM by_agent g JOIN standardised k USING (agent) CROSS JOIN whole w
	UNION ALL
	SELECT 'contact type', t.contact_type, t.share, t.gap, t.share * t.gap, NULL, NULL, NULL, d.agents, d.share_short, d.share_low, d.share_high
	FROM by_type t CROSS JOIN LATERAL coachdiag.gap_dispersion(coachdiag.contact_type(panel, t.contact_type), coalesce(higher_is_better, false), scale, margin) d
	UNION ALL
	SELECT 'tenure', c.tenure, coachdiag.exact_sum(c.weight) / w.weight, coachdiag.exact_sum(c.total) / coachdiag.exact_sum(c.weight), coachdiag.exact_sum(c.total) / w.weight, NULL, NULL, NULL,
		count(DISTINCT c.agent)::integer, NULL, NULL, NULL
	FROM part c CROSS JOIN whole w GROUP BY c.tenure, w.weight;
END
$function$;
COMMENT ON FUNCTION coachdiag.gap_sources(coachdiag.panel, boolean, text, double precision) IS
'Whose or what''s gap it is: one row for each agent, contact type (NULL: none given) and tenure band. volume_share and gap: the item''s share of the volume and its mean gap; contribution: their product. Within each kind the contributions add up to the mean gap of the volume, exactly. '
'Agents: gap = mean gap of the panel + own + mix + unmatched (indirect standardisation against all others, times their share of the volume, so that it adds up): own is what the agent does otherwise than the others on the contacts that the agent takes, mix what the others'' gaps on them make of being routed other contacts. '
'unmatched: what comes from contact types that nobody else takes, where the agent can''t be told from the type; own and mix NULL: the agent takes no others, and all of it is unmatched. '
'Contact types: share_short (share_low, share_high): share of agents truly short by more than margin on this type; near 1: it is everybody. Oriented so that positive is worse when higher_is_better is given, value - target when it is NULL; in metric units. On scale log each contact''s share is turned into units at its own target, so that long contacts count by their length, and linear up to the mean share: where all contacts are as much too slow that is what coachdiag.gap_dispersion says, which turns the mean share of all contacts back at the mean target; where only the short or the long ones are it is less or more. Raw means: an agent with few contacts has a noisy gap. '
'Errors: unknown scale, margin negative or not finite (22023), values so large that their sums are not (22003). '
'A panel without values that have a target: no rows.';
