-- A long history read in portions that commit, each a refresh as of an earlier day.

CREATE FUNCTION coachdiag.can_commit() RETURNS boolean
AS 'MODULE_PATHNAME', 'cd_can_commit' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION coachdiag.can_commit() IS
'Internal: whether the plpgsql procedure that asks can COMMIT: it is called by itself, not inside a transaction or function.';

CREATE FUNCTION coachdiag.unread_sql(ws text, line date) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	noted boolean;
BEGIN
	EXECUTE format($query$
		SELECT EXISTS (SELECT FROM %I.changed_period WHERE relation = 'agent_metric' AND until IS NULL AND (period IS NULL OR (period >= %L) IS NOT FALSE))
	$query$, ws, line) INTO noted;
	RETURN CASE WHEN noted THEN coachdiag.period_sql(ws, datemultirange(daterange(line, NULL))) ELSE format('SELECT metric, period, rows FROM %I.stored_period', ws) END;
END
$$;

COMMENT ON FUNCTION coachdiag.unread_sql(text, date) IS
'Internal: a query for how many rows each metric has in each period from a day on (null: ever): of the source where it has changed there since the last refresh, or else as that counted them, with periods before the day.';

CREATE FUNCTION coachdiag.next_portion(ws text, portion bigint, OUT day date, OUT portions_left bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	as_of CONSTANT date := coachdiag.as_of(ws);
	line date;
BEGIN
	EXECUTE format('SELECT min(waits_from) FROM %I.stored_metric', ws) INTO line;
	-- A month and a week after its first day a period is over on every grid; so a nightly refresh need not count.
	IF portion IS NULL OR line + 37 > as_of OR NOT coachdiag.changes_are_tracked(ws) THEN
		RETURN;
	END IF;
	EXECUTE format($query$
		SELECT min(period) FILTER (WHERE so_far >= $1 AND so_far < total AND period + 37 < %L) + 37, ceil(max(total) / $1) - 1 FROM (
			SELECT p.period, sum(p.rows) OVER (ORDER BY p.period) AS so_far, sum(p.rows) OVER () AS total
			FROM (%s) p JOIN (%s) l USING (metric) LEFT JOIN %I.stored_metric m USING (metric)
			WHERE p.period < least(%L, date '9999-01-01') AND (p.period >= coalesce(m.waits_from, %L)) IS NOT FALSE
		) p
	$query$, as_of, coachdiag.unread_sql(ws, line), coachdiag.metric_sql(ws), ws, coachdiag.waits_from(ws), line)
	INTO day, portions_left USING portion;
END
$$;

COMMENT ON FUNCTION coachdiag.next_portion(text, bigint) IS
'Internal: the day as of which about so many rows more of agent_metric are over than the stored panels hold, and about how many portions are left after that one. Day null: fewer are left, portion is null, or changes of agent_metric are not noted, so that each portion would read again what earlier ones did.';

CREATE FUNCTION coachdiag.look_as_of(ws text, day date) RETURNS date
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	chosen date;
BEGIN
	EXECUTE format('SELECT as_of FROM %I.settings FOR UPDATE', ws) INTO chosen;
	EXECUTE format('UPDATE %I.settings SET as_of = $1', ws) USING day;
	RETURN chosen;
END
$$;

COMMENT ON FUNCTION coachdiag.look_as_of(text, date) IS
'Internal: sets settings.as_of of a workspace; returns what it was.';

CREATE FUNCTION coachdiag.tell_long_read(ws text, portion bigint, waited jsonb, alone boolean) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tracked CONSTANT boolean := coachdiag.changes_are_tracked(ws);
	line CONSTANT date := (SELECT min((value #>> '{}')::date) FROM jsonb_each(waited) WHERE tracked);
	rows bigint;
BEGIN
	IF tracked AND alone THEN
		RETURN;
	END IF;
	EXECUTE format('SELECT sum(p.rows) FROM %I.stored_period p JOIN %I.stored_metric m USING (metric) WHERE p.period < least(m.waits_from, %L) AND (p.period >= %L) IS NOT FALSE',
		ws, ws, coachdiag.as_of(ws) - 37, line) INTO rows;
	IF rows > portion THEN
		RAISE NOTICE 'workspace "%": % rows of agent_metric are read in one transaction; one that is interrupted reads them again', ws, rows
			USING HINT = CASE WHEN tracked THEN format('CALL coachdiag.refresh(%L) by itself, not inside a transaction or function, commits every %s rows and goes on from there.', ws, portion)
				ELSE format('SELECT coachdiag.track_changes(%L): then a refresh reads what has changed, and commits every %s rows if that is a long history.', ws, portion) END;
	END IF;
END
$$;

COMMENT ON FUNCTION coachdiag.tell_long_read(text, bigint, jsonb, boolean) IS
'Internal: a notice where a refresh reads more than a portion in one transaction only because changes are not noted, or because it is not called by itself (alone). Needs stored_period up to date. waited: coachdiag.waiting at the last refresh.';
