-- Queries over the sources, as text: built once per refresh, read by refresh and check_sources alike.

CREATE FUNCTION coachdiag.in_days(expression text, days datemultirange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN days IS NULL THEN 'true' ELSE coalesce('(' || string_agg(concat_ws(' AND ',
		CASE WHEN NOT lower_inf(d) THEN format('%s >= %L', expression, lower(d)) END,
		CASE WHEN NOT upper_inf(d) THEN format('%s < %L', expression, upper(d)) END,
		CASE WHEN lower_inf(d) AND upper_inf(d) THEN 'true' END), ' OR ') || ')', 'false') END
	FROM unnest(days) d
$$;

COMMENT ON FUNCTION coachdiag.in_days(text, datemultirange) IS
'Internal: a condition that a date expression lies in some of the days (null: all), such that an index on it can be used.';

CREATE FUNCTION coachdiag.in_days(expression text, days datemultirange, metric text, whole text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN days IS NULL OR whole = '{}' THEN c.condition ELSE format('(%s OR %s = ANY (%L))', c.condition, metric, whole) END
	FROM (SELECT coachdiag.in_days(expression, days) AS condition) c
$$;

COMMENT ON FUNCTION coachdiag.in_days(text, datemultirange, text, text[]) IS
'Internal: the same, or that a metric expression is one of whole: metrics of which all days are meant.';

CREATE FUNCTION coachdiag.metric_sql(ws text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		SELECT DISTINCT ON (metric) metric, higher_is_better, unit, coalesce(scale, 'identity') AS scale,
			CASE WHEN target BETWEEN -1e30 AND 1e30 THEN target END AS target,
			CASE WHEN smallest_effect > 0 AND smallest_effect <= 1e30 THEN smallest_effect END AS smallest_effect
		FROM (%s) m
		WHERE octet_length(metric) <= 1024
		ORDER BY metric, target, scale, higher_is_better, smallest_effect, unit
	$query$, coachdiag.source(ws, 'metric'))
$$;

COMMENT ON FUNCTION coachdiag.metric_sql(text) IS
'Internal: a query for the metrics of a workspace, one row each: scale filled, numbers that cannot be meant as null.';

CREATE FUNCTION coachdiag.agent_sql(ws text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		SELECT agent_id, min(hired_on) FILTER (WHERE hired_on BETWEEN '0001-01-01' AND '9999-12-31') AS hired_on,
			CASE WHEN count(left_on) = count(*) THEN max(left_on) END AS left_on
		FROM (%s) a
		WHERE agent_id IS NOT NULL
		GROUP BY agent_id
	$query$, coachdiag.source(ws, 'agent'))
$$;

COMMENT ON FUNCTION coachdiag.agent_sql(text) IS
'Internal: a query for the agents of a workspace, one row each: first hired, last left.';

CREATE FUNCTION coachdiag.membership_sql(ws text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	-- NOT MATERIALIZED: a scan of a materialised CTE would keep the joins above it out of parallel plans.
	SELECT format($query$
		WITH assigned AS NOT MATERIALIZED (
			SELECT agent_id, team, valid_from, coalesce(valid_to, 'infinity') AS valid_to
			FROM (%s) a
			WHERE octet_length(agent_id::text) <= 1024 AND octet_length(team) <= 1024 AND valid_from < coalesce(valid_to, 'infinity')
		), marked AS NOT MATERIALIZED (
			SELECT a.*, lag(team) OVER latest_last IS DISTINCT FROM team
				OR lag(valid_to) OVER latest_last IS DISTINCT FROM valid_from AS starts
			FROM assigned a
			WINDOW latest_last AS (PARTITION BY agent_id ORDER BY valid_from, team DESC)
		), stay AS NOT MATERIALIZED (
			SELECT agent_id, team, min(valid_from) AS valid_from, max(valid_to) AS valid_to
			FROM (SELECT m.*, count(*) FILTER (WHERE starts) OVER (PARTITION BY agent_id ORDER BY valid_from, team DESC) AS stay_no
				FROM marked m) n
			GROUP BY agent_id, stay_no, team
		), edge AS NOT MATERIALIZED (
			SELECT agent_id, day, lead(day) OVER (PARTITION BY agent_id ORDER BY day) AS next_day
			FROM (SELECT agent_id, valid_from AS day FROM stay UNION SELECT agent_id, valid_to FROM stay) e
		)
		SELECT DISTINCT ON (e.agent_id, e.day) e.agent_id, s.team, e.day AS valid_from, e.next_day AS valid_to
		FROM edge e JOIN stay s ON s.agent_id = e.agent_id AND s.valid_from <= e.day AND e.day < s.valid_to
		ORDER BY e.agent_id, e.day, s.valid_from DESC, s.team
	$query$, coachdiag.source(ws, 'assignment'))
$$;

COMMENT ON FUNCTION coachdiag.membership_sql(text) IS
'Internal: a query for who was in which team when, without overlaps: where assignments overlap the one that began last is in force, '
'of several that began together the first by name of the team.';

CREATE FUNCTION coachdiag.tenure_sql(members text, agents text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		SELECT f.agent_id, coalesce(a.hired_on,
			CASE WHEN f.day > min(f.day) OVER () + 28 AND count(*) OVER (PARTITION BY f.day) <= greatest(3, count(*) OVER () / 10) THEN f.day END) AS hired_on, a.left_on
		FROM (SELECT agent_id, min(valid_from) AS day FROM (%s) m WHERE team IS NOT NULL AND isfinite(valid_from) GROUP BY agent_id) f
		LEFT JOIN (%s) a ON a.agent_id = f.agent_id
	$query$, members, agents)
$$;

COMMENT ON FUNCTION coachdiag.tenure_sql(text, text) IS
'Internal: a query for when the tenure of each agent with a team starts: hired_on, or else the first assignment where it began later than the others (four weeks after the first of all; not on a day on which more than a tenth of the agents begin, which is the start of a record and not of work).';

CREATE FUNCTION coachdiag.agent_type(ws text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$ SELECT c.type FROM coachdiag.source_column(ws, 'agent') c WHERE c.column_name = 'agent_id' $$;

COMMENT ON FUNCTION coachdiag.agent_type(text) IS
'Internal: the type that agent ids of a workspace are read as, bigint or text; copies hold them as text.';

CREATE FUNCTION coachdiag.staff_sql(ws text, as_stored boolean, OUT members text, OUT tenure text)
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN as_stored THEN format('SELECT agent_id::%s, team, valid_from, valid_to FROM %I.stored_membership', coachdiag.agent_type(ws), ws) ELSE m.query END,
		CASE WHEN as_stored THEN format('SELECT agent_id::%s, hired_on, left_on FROM %I.stored_tenure', coachdiag.agent_type(ws), ws) ELSE coachdiag.tenure_sql(m.query, coachdiag.agent_sql(ws)) END
	FROM (SELECT CASE WHEN NOT as_stored THEN coachdiag.membership_sql(ws) END AS query) m
$$;

COMMENT ON FUNCTION coachdiag.staff_sql(text, boolean) IS
'Internal: queries for who was in which team when (members) and since when agents have been there (tenure), ids as the sources have them. as_stored: as of the copies; false: as the sources have it now.';

-- Periods and their grid

CREATE FUNCTION coachdiag.period_sql(ws text, days datemultirange DEFAULT NULL, whole text[] DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('SELECT metric, period, count(*) AS rows FROM (%s) r WHERE metric IS NOT NULL AND octet_length(metric) <= 1024
		AND period BETWEEN ''0001-01-01'' AND ''9999-12-31'' AND %s GROUP BY metric, period', coachdiag.source(ws, 'agent_metric'), coachdiag.in_days('period', days, 'metric', whole))
$$;

COMMENT ON FUNCTION coachdiag.period_sql(text, datemultirange, text[]) IS
'Internal: a query for how many rows each metric has in each period. days: only periods in them; whole: of these metrics all.';

CREATE FUNCTION coachdiag.grid_sql(periods text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	-- Two thirds of the rows decide, so that a few stray dates don't turn weeks into days.
	SELECT format($query$
		SELECT metric, g.step AS period_step, CASE g.step WHEN 'week' THEN w.weekday END AS week_start
		FROM (
			SELECT metric, sum(rows) AS rows, max(rows) AS most, sum(firsts) AS firsts, sum(periods) AS periods,
				(array_agg(weekday ORDER BY rows DESC, weekday))[1] AS weekday
			FROM (
				SELECT metric, extract(isodow FROM period)::int AS weekday, sum(rows) AS rows, count(*) AS periods,
					coalesce(sum(rows) FILTER (WHERE extract(day FROM period) = 1), 0) AS firsts
				FROM (%s) p
				GROUP BY 1, 2
			) d
			GROUP BY metric
		) w
			CROSS JOIN LATERAL (SELECT CASE WHEN periods > 1 AND 3 * firsts >= 2 * rows THEN 'month'
				WHEN 3 * most >= 2 * rows THEN 'week' ELSE 'day' END AS step) g
	$query$, periods)
$$;

COMMENT ON FUNCTION coachdiag.grid_sql(text) IS
'Internal: a query for the period grid of each metric: month where two thirds of its rows are on first days of months, week where two '
'thirds are on one weekday, else day. periods: a query for metric, period and rows.';

CREATE FUNCTION coachdiag.period_start(day date, period_step text, week_start integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE period_step WHEN 'month' THEN pg_catalog.date_trunc('month', day::timestamp)::date
	WHEN 'week' THEN day - (extract(isodow FROM day)::integer - week_start + 7) % 7 ELSE day END;
COMMENT ON FUNCTION coachdiag.period_start(date, text, integer) IS
'The first day of the period that a day falls in, on the grid of a metric: period_step day, week or month; week_start: weekday on which weeks start, 1 Monday to 7 Sunday. NULL day or unknown grid: the day itself.';

-- Rows as panels take them, and why some are left out

CREATE FUNCTION coachdiag.metric_row_sql(ws text, as_stored boolean, days datemultirange DEFAULT NULL, whole text[] DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		SELECT r.agent_id, r.metric, r.period, r.contact_type, t.team, a.hired_on, a.left_on, coalesce(r.volume, 1) AS weight,
			CASE WHEN m.scale = 'log' AND r.value > 0 THEN ln(r.value) ELSE r.value END AS value,
			CASE m.scale
				WHEN 'log' THEN CASE WHEN g.target > 0 AND g.target <= 1e30 THEN ln(g.target) END
				WHEN 'proportion' THEN CASE WHEN g.target BETWEEN 0 AND 1 THEN g.target END
				ELSE CASE WHEN g.target BETWEEN -1e30 AND 1e30 THEN g.target END
			END AS target,
			CASE
				WHEN r.agent_id IS NULL OR r.metric IS NULL OR r.period IS NULL THEN 'agent, metric or period missing'
				WHEN r.period NOT BETWEEN '0001-01-01' AND '9999-12-31' THEN 'period outside the years 1 to 9999'
				WHEN m.metric IS NULL THEN 'metric unknown'
				WHEN r.value IS NULL OR r.volume = 0 THEN 'nothing measured'
				WHEN r.value NOT BETWEEN -1e30 AND 1e30 THEN 'value not a finite number, or beyond 1e30'
				WHEN r.volume NOT BETWEEN 0 AND 1e15 THEN 'volume negative, not a finite number, or beyond 1e15'
				WHEN m.scale = 'log' AND r.value <= 0 THEN 'value not above 0 on a log scale'
				WHEN m.scale = 'proportion' AND r.value NOT BETWEEN 0 AND 1 THEN 'proportion outside 0 to 1'
				WHEN m.scale NOT IN ('identity', 'log', 'proportion') THEN 'scale of the metric unknown'
				WHEN t.team IS NULL THEN 'agent in no team at that time'
				WHEN octet_length(r.contact_type) > 1024 THEN 'contact type longer than 1024 bytes'
				WHEN r.period >= coalesce(w.waits_from, %L) THEN 'period not over yet'
			END AS reason
		FROM (%s) r
			LEFT JOIN (%s) m ON m.metric = r.metric
			LEFT JOIN %I.stored_metric w ON w.metric = r.metric
			LEFT JOIN (%s) t ON t.agent_id = r.agent_id AND t.valid_from <= r.period AND r.period < t.valid_to
			LEFT JOIN (%s) a ON a.agent_id = r.agent_id
			CROSS JOIN LATERAL (SELECT coalesce(r.target, m.target) AS target) g
		WHERE %s
	$query$, coachdiag.waits_from(ws), coachdiag.source(ws, 'agent_metric'), coachdiag.metric_sql(ws), ws, s.members, s.tenure, coachdiag.in_days('r.period', days, 'r.metric', whole))
	FROM coachdiag.staff_sql(ws, as_stored) s
$$;

COMMENT ON FUNCTION coachdiag.metric_row_sql(text, boolean, datemultirange, text[]) IS
'Internal: a query for the rows of agent_metric as panels take them: team in force at the period, value and target on the scale of the '
'metric, volume as weight; and reason: why a row is left out (null: it is used). as_stored: teams and tenure as in coachdiag.staff_sql; days: only rows whose period lies in them; whole: of these metrics all rows.';

CREATE FUNCTION coachdiag.counts_as_dose_sql() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT $query$held_at IS NOT NULL AND (status IN ('planned', 'cancelled', 'rescheduled', 'no_show')) IS NOT TRUE AND not_coachable_reason IS NULL
		AND NOT (coalesce(recognition, false) AND behaviour IS NULL AND sub_behaviour IS NULL AND action IS NULL)$query$
$$;

COMMENT ON FUNCTION coachdiag.counts_as_dose_sql() IS
'Internal: the condition by which a row of coaching_session counts as coaching dose, if its status is one that the contract knows: held, something to coach, not recognition alone.';

CREATE FUNCTION coachdiag.session_row_sql(ws text, as_stored boolean, days datemultirange DEFAULT NULL, whole text[] DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		SELECT s.session_id, s.agent_id, s.metric, s.day, t.team, a.hired_on, a.left_on,
			CASE
				WHEN s.agent_id IS NULL THEN 'session: agent missing'
				WHEN s.status NOT IN ('held', 'planned', 'cancelled', 'rescheduled', 'no_show') THEN 'session: status unknown'
				WHEN s.day > %L THEN 'session: held in the future'
				WHEN s.metric IS NOT NULL AND m.metric IS NULL THEN 'session: metric unknown'
				WHEN t.team IS NULL THEN 'session: agent in no team at that time'
				WHEN octet_length(s.coach_id::text) > 1024 THEN 'session: coach longer than 1024 bytes'
				WHEN s.day >= %L THEN 'session: week not over yet'
			END AS reason
		FROM (
			SELECT DISTINCT ON (session_id, agent_id, metric) *, (held_at AT TIME ZONE %L)::date AS day
			FROM (%s) r
			WHERE %s
				AND %s
			ORDER BY session_id, agent_id, metric, (held_at AT TIME ZONE %L)::date >= %L, held_at DESC, duration_minutes, coach_id, r::text
		) s
			LEFT JOIN (%s) m ON m.metric = s.metric
			LEFT JOIN (%s) t ON t.agent_id = s.agent_id AND t.valid_from <= s.day AND s.day < t.valid_to
			LEFT JOIN (%s) a ON a.agent_id = s.agent_id
		WHERE %s
	-- The latest of a session's rows that are over counts, so none from before the days can put another one out.
	$query$, coachdiag.today(ws), coachdiag.waits_from(ws), z.zone, coachdiag.source(ws, 'coaching_session'), coachdiag.counts_as_dose_sql(),
		coachdiag.in_days(format('(held_at AT TIME ZONE %L)::date', z.zone), datemultirange(daterange(lower(days), NULL)), 'metric', whole),
		z.zone, least(coachdiag.waits_from(ws), coachdiag.today(ws) + 1),
		coachdiag.metric_sql(ws), f.members, f.tenure, coachdiag.in_days('s.day', days, 's.metric', whole))
	FROM (SELECT coachdiag.time_zone(ws) AS zone) z CROSS JOIN coachdiag.staff_sql(ws, as_stored) f
$$;

COMMENT ON FUNCTION coachdiag.session_row_sql(text, boolean, datemultirange, text[]) IS
'Internal: a query for the sessions that count as coaching dose, once per session, agent and metric: held, something to coach, not '
'recognition alone; with the day, the team in force on it, and reason: why a session is left out (null: it is used). '
'as_stored: teams and tenure as in coachdiag.staff_sql; days: only sessions of these days; whole: of these metrics all.';

CREATE FUNCTION coachdiag.dose_row_sql(ws text, days datemultirange DEFAULT NULL, whole text[] DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format($query$
		SELECT s.team, m.metric, p.period, s.agent_id::%4$s, s.coach_id AS coach, coalesce(s.kind, 'scheduled') AS kind, CASE WHEN s.duration_minutes >= 0 THEN s.duration_minutes END AS minutes, a.hired_on
		FROM %1$I.stored_coaching_session s
			JOIN %1$I.stored_metric m ON m.metric = coalesce(s.metric, m.metric) AND m.scale IN ('identity', 'log', 'proportion')
			LEFT JOIN %1$I.stored_tenure a ON a.agent_id = s.agent_id
			CROSS JOIN LATERAL (SELECT coachdiag.period_start(s.day, m.period_step, m.week_start) AS period) p
		WHERE s.dose AND s.team IS NOT NULL AND (octet_length(s.coach_id) > 1024) IS NOT TRUE AND p.period < m.waits_from AND %2$s AND %3$s
	$query$, ws, coachdiag.in_days('s.day', CASE WHEN days IS NOT NULL THEN coalesce((SELECT range_agg(daterange(lower(d), upper(d) + 31)) FROM unnest(days) d), '{}') END, 'm.metric', whole),
		coachdiag.in_days('p.period', days, 'm.metric', whole), coachdiag.agent_type(ws))
$$;

COMMENT ON FUNCTION coachdiag.dose_row_sql(text, datemultirange, text[]) IS
'Internal: a query for coaching dose: each session that counts, for each metric that it was about, at the metric''s own period. '
'days: periods that begin outside them are left out, but for the metrics in whole, as are those that are not over. Needs the copies of the sources and stored_metric up to date.';

CREATE FUNCTION coachdiag.left_out()
RETURNS TABLE (reason text, harmless boolean, what_to_do text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
		('agent, metric or period missing', false, 'Leave such rows out of the source, or fill them.'),
		('period outside the years 1 to 9999', false, 'Correct the date; infinite dates are no periods.'),
		('metric unknown', false, 'Add the metric to relation metric, or correct its name (case matters).'),
		('scale of the metric unknown', false, 'Use identity, log or proportion in metric.scale.'),
		('nothing measured', true, 'Nothing: rows without value or with volume 0 carry no information.'),
		('value not a finite number, or beyond 1e30', false, 'Give no row where nothing was measured; look for divisions by zero in the source.'),
		('volume negative, not a finite number, or beyond 1e15', false, 'Volume counts contacts or evaluations; correct the source.'),
		('value not above 0 on a log scale', false, 'Correct the value, or use another scale for the metric.'),
		('proportion outside 0 to 1', false, 'Give fractions, not percent: value / 100.0; or use scale identity.'),
		('agent in no team at that time', false, 'Complete assignment: valid_from on or before the first day of the period, no holes.'),
		('contact type longer than 1024 bytes', false, 'Use a shorter name, for example its md5().'),
		('period not over yet', true, 'Nothing: such rows come in when their period (of metrics by day: their week) is over; see settings.as_of.'),
		('session: agent missing', false, 'Fill agent_id; a group session needs a row per participant.'),
		('session: held in the future', false, 'Leave held_at null until the session was held; planned sessions have scheduled_at.'),
		('session: status unknown', false, 'Map it to one of: planned, held, cancelled, rescheduled, no_show.'),
		('session: metric unknown', false, 'Map the topic to a metric of relation metric; null where the session was about all of them.'),
		('session: agent in no team at that time', false, 'Complete assignment, or correct the agent or the date of the session.'),
		('session: coach longer than 1024 bytes', false, 'Use a shorter id, for example its md5().'),
		('session: week not over yet', true, 'Nothing: such sessions come in when their week is over; see settings.as_of.')
$$;

COMMENT ON FUNCTION coachdiag.left_out() IS
'Why refresh leaves source rows out. harmless: not counted in its warning. what_to_do: how to have them used.';
