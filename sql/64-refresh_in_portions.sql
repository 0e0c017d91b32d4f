-- A long history read in portions that commit, each a refresh as of an earlier day.

CREATE FUNCTION coachdiag.next_portion(ws text, rows bigint, OUT day date, OUT portions_left bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	read boolean;
	last_period date;
	to_read numeric;
BEGIN
	EXECUTE format('SELECT EXISTS (SELECT FROM %I.stored_period)', ws) INTO read;
	EXECUTE format($query$
		SELECT min(period) FILTER (WHERE so_far >= $1 AND so_far < total), max(total) FROM (
			SELECT period, sum(p.rows) OVER (ORDER BY period) AS so_far, sum(p.rows) OVER () AS total
			FROM (%s) p LEFT JOIN %I.stored_metric m USING (metric)
			WHERE period < least(%L, date '9999-01-01') AND (period >= m.waits_from OR NOT $2)
		) p
	$query$, CASE WHEN read THEN format('SELECT * FROM %I.stored_period', ws) ELSE coachdiag.period_sql(ws) END, ws, coachdiag.waits_from(ws))
	INTO last_period, to_read USING rows, read;
	-- A month and a week later it is over on every grid.
	day := nullif(least(last_period + 37, coachdiag.as_of(ws)), coachdiag.as_of(ws));
	portions_left := ceil(to_read / rows) - 1;
END
$$;

COMMENT ON FUNCTION coachdiag.next_portion(text, bigint) IS
'Internal: the day as of which about so many rows more of agent_metric are over than the stored panels hold (null: fewer are left), and about how many portions are left after that one.';

CREATE FUNCTION coachdiag.refresh_portion(ws text, rows bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET datestyle = ISO
AS $$
DECLARE
	day date;
	chosen date;
	portions_left bigint;
BEGIN
	IF (rows > 0) IS NOT TRUE THEN
		RAISE EXCEPTION 'rows must be above 0' USING ERRCODE = 'invalid_parameter_value', HINT = 'It is how many rows of agent_metric are read between two commits.';
	END IF;
	PERFORM coachdiag.require_owner(ws);
	PERFORM coachdiag.lock_workspace(ws);
	IF NOT coachdiag.changes_are_tracked(ws) THEN
		RAISE EXCEPTION 'changes of relation "agent_metric" of workspace "%" are not noted, so each portion would read again what earlier ones did', ws
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('SELECT coachdiag.track_changes(%L) first, or CALL coachdiag.refresh(%L), which reads it once.', ws, ws);
	END IF;
	EXECUTE format('SELECT as_of FROM %I.settings FOR UPDATE', ws) INTO chosen;
	SELECT n.day, n.portions_left INTO day, portions_left FROM coachdiag.next_portion(ws, rows) n;
	PERFORM set_config('coachdiag.portions_left', CASE WHEN day IS NULL THEN 0 ELSE portions_left END::text, true);
	IF day IS NULL THEN
		RETURN false;
	END IF;
	RAISE NOTICE 'as of %, portions left after this one: %', day, portions_left;
	EXECUTE format('UPDATE %I.settings SET as_of = $1', ws) USING day;
	CALL coachdiag.refresh(ws);
	EXECUTE format('UPDATE %I.settings SET as_of = $1', ws) USING chosen;
	RETURN true;
END
$$;

COMMENT ON FUNCTION coachdiag.refresh_portion(text, bigint) IS
'Internal: refreshes a workspace as of the day by which about so many rows more of agent_metric are over, and leaves settings.as_of as it was; false, and nothing is done, where fewer are left. '
'Errors: as of coachdiag.refresh; rows not above 0; agent_metric not tracked (55000).';

CREATE FUNCTION coachdiag.can_commit() RETURNS boolean
AS 'MODULE_PATHNAME', 'cd_can_commit' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION coachdiag.can_commit() IS
'Internal: whether the plpgsql procedure that asks can COMMIT: it is called by itself, not inside a transaction or function.';

-- No SET clause: with one it could not commit.
CREATE PROCEDURE coachdiag.refresh_in_portions(ws text, rows bigint DEFAULT 10000000)
LANGUAGE plpgsql
AS $$
BEGIN
	IF NOT coachdiag.can_commit() THEN
		RAISE EXCEPTION 'refresh_in_portions commits, so it cannot be called inside a transaction or a function'
			USING ERRCODE = 'invalid_transaction_termination',
				HINT = pg_catalog.format('CALL it by itself, not between BEGIN and COMMIT (in psql with AUTOCOMMIT on); or CALL coachdiag.refresh(%L), which is one transaction.', ws);
	END IF;
	COMMIT;
	WHILE coachdiag.refresh_portion(ws, rows) LOOP
		COMMIT;
	END LOOP;
	CALL coachdiag.refresh(ws);
END
$$;

COMMENT ON PROCEDURE coachdiag.refresh_in_portions(text, bigint) IS
'Refreshes a workspace whose history is long in portions, oldest first, and commits after each, so that an interrupted run loses one portion and the next call goes on from there. '
'Each portion is a refresh as of an earlier day (settings.as_of): readers see results that agree with each other, of a history that grows. What results is that of coachdiag.refresh(ws). '
'rows: about how many rows of agent_metric are read between two commits; each commit costs estimates over the history so far. '
'Errors: as of coachdiag.refresh; rows not above 0; agent_metric not tracked (55000, coachdiag.track_changes); called inside a transaction or function (2D000).';
