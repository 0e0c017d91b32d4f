-- Refreshes by the clock, where pg_cron is there.

CREATE FUNCTION coachdiag.is_cron(schedule text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT schedule ~ '^@(reboot|hourly|daily|midnight|weekly|monthly|yearly|annually)$' OR schedule ~ '^[1-5]?[0-9] seconds?$' AND schedule !~ '^0+ '
		OR cardinality(f.fields) = 5 AND (
			SELECT bool_and((p.part ~ '^\*(/0?[1-9]|/[1-9][0-9])?$' OR p.part = '$' AND r.field = 3
				OR p.part ~ '^[0-9]{1,2}(-[0-9]{1,2})?(/0?[1-9]|/[1-9][0-9])?$' AND n.low BETWEEN r.low AND r.high AND n.high BETWEEN n.low AND r.high
				OR p.part ~* r.names) IS TRUE)
			FROM (VALUES (1, 0, 59, '^$'), (2, 0, 23, '^$'), (3, 1, 31, '^$'), (4, 1, 12, '^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))?$'),
					(5, 0, 7, '^(sun|mon|tue|wed|thu|fri|sat)(-(sun|mon|tue|wed|thu|fri|sat))?$')) r (field, low, high, names)
				CROSS JOIN LATERAL unnest(string_to_array(f.fields[r.field], ',')) p (part)
				CROSS JOIN LATERAL (SELECT substring(p.part FROM '^([0-9]{1,2})')::int AS low, coalesce(substring(p.part FROM '-([0-9]{1,2})'), substring(p.part FROM '^([0-9]{1,2})'))::int AS high) n)
	FROM (SELECT regexp_split_to_array(btrim(schedule), '[ \t]+') AS fields) f
$$;
COMMENT ON FUNCTION coachdiag.is_cron(text) IS
'Internal: whether a text is a cron expression as pg_cron and crontab know them: five fields of numbers, ranges, lists and steps, names of months and weekdays, or @daily and the like; of pg_cron alone $ (last day of the month) and n seconds.';

CREATE FUNCTION coachdiag.crontab_line(ws text, schedule text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	-- One line, whatever the name: a line break in it is written as an escape.
	SELECT format('%s PGOPTIONS=''-c client_min_messages=warning'' psql -X -q -d %s -c "%s"', schedule, quote_ident(current_database()), replace(regexp_replace(c.call, '([\\"$`])', '\\\1', 'g'), '%', '\%'))
	FROM (SELECT format('CALL coachdiag.refresh(%s)', CASE WHEN ws !~ '[\n\r]' THEN quote_literal(ws)
		ELSE 'E''' || replace(replace(replace(replace(ws, '\', '\\'), '''', ''''''), chr(10), '\n'), chr(13), '\r') || '''' END) AS call) c
$$;
COMMENT ON FUNCTION coachdiag.crontab_line(text, text) IS
'Internal: a line for a crontab that refreshes a workspace of this database and says nothing (mails nothing) but warnings and errors.';

CREATE FUNCTION coachdiag.has_cron() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
		RETURN false;
	ELSIF NOT has_schema_privilege('cron', 'USAGE') THEN
		RAISE EXCEPTION 'you may not use pg_cron in this database'
			USING ERRCODE = 'insufficient_privilege', HINT = format('Have a superuser run GRANT USAGE ON SCHEMA cron TO %I;', current_user);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION coachdiag.has_cron() IS
'Internal: whether pg_cron is created in this database. Error: it is, and you may not use it (42501).';

CREATE FUNCTION coachdiag.require_cron(ws text, schedule text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	call CONSTANT text := format('CALL coachdiag.refresh(%L)', ws);
	-- Null, too, for who may not read it.
	cron_database CONSTANT text := (SELECT s.setting FROM pg_settings s WHERE s.name = 'cron.database_name');
BEGIN
	PERFORM coachdiag.require_owner(ws);
	IF coachdiag.is_cron(schedule) IS NOT TRUE THEN
		RAISE EXCEPTION 'invalid schedule: %', coalesce(quote_literal(schedule), 'null')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Five fields: minute (0 to 59), hour (0 to 23), day of the month, month, weekday (0 to 7). ''15 5 * * *'' is 05:15 each day.';
	ELSIF coachdiag.has_cron() THEN
		RETURN;
	ELSIF cron_database IS NOT NULL AND cron_database <> current_database() THEN
		RAISE EXCEPTION 'pg_cron of this server works from database "%", not from this one', cron_database
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('Run there: SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);',
				coachdiag.job_name(ws), schedule, call, current_database(), current_user);
	ELSIF cron_database IS NOT NULL THEN
		RAISE EXCEPTION 'extension pg_cron is not created in this database'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Have a superuser run CREATE EXTENSION pg_cron here, and grant you USAGE on schema cron.';
	END IF;
	RAISE EXCEPTION 'pg_cron is not installed on this server'
		USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format(CASE WHEN schedule ~ '[$]|second' THEN 'Any scheduler will do. A crontab knows neither seconds nor the last day of the month; each day: %s'
			ELSE 'Any scheduler will do, such as this line in a crontab: %s' END, coachdiag.crontab_line(ws, CASE WHEN schedule ~ '[$]|second' THEN '15 5 * * *' ELSE schedule END));
END
$$;
COMMENT ON FUNCTION coachdiag.require_cron(text, text) IS
'Internal: an error for who may not refresh the workspace, for what is no cron expression, and one that says what to run instead where pg_cron cannot be used from here.';

CREATE FUNCTION coachdiag.job_name(ws text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT format('coachdiag %s.%s', current_database(), ws) $$;
COMMENT ON FUNCTION coachdiag.job_name(text) IS 'Internal: what the job of pg_cron is called that refreshes a workspace.';

CREATE FUNCTION coachdiag.schedule(ws text, schedule text DEFAULT '15 5 * * *') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	job bigint;
BEGIN
	PERFORM coachdiag.require_cron(ws, schedule);
	EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job USING coachdiag.job_name(ws), schedule, format('CALL coachdiag.refresh(%L)', ws);
	RETURN job;
END
$$;
COMMENT ON FUNCTION coachdiag.schedule(text, text) IS
'Has pg_cron refresh a workspace by the clock, as you. schedule: a cron expression in the time zone of pg_cron (GMT unless cron.timezone says otherwise), the default at 05:15 each day; an earlier schedule of the workspace is replaced. Returns the number of the job. '
'Errors: no such workspace (3F000); not its owner, who alone can refresh it, or no right to use pg_cron (42501); pg_cron is not there, or works from another database (55000), with the line to run instead; not a cron expression (22023).';

CREATE FUNCTION coachdiag.unschedule(ws text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	job bigint;
BEGIN
	IF NOT coachdiag.has_cron() THEN
		RETURN false;
	END IF;
	EXECUTE 'SELECT jobid FROM cron.job WHERE jobname = $1 AND username = current_user' INTO job USING coachdiag.job_name(ws);
	IF job IS NULL THEN
		RETURN false;
	END IF;
	EXECUTE 'SELECT cron.unschedule($1::bigint)' USING job;
	RETURN true;
END
$$;
COMMENT ON FUNCTION coachdiag.unschedule(text) IS
'Ends what coachdiag.schedule began, of yours. Returns whether there was such a job. The workspace need not exist any more. Error: no right to use pg_cron (42501).';

CREATE FUNCTION coachdiag.schedules()
RETURNS TABLE (workspace text, schedule text, active boolean, job bigint, owner text, last_start timestamptz, last_end timestamptz, last_status text, last_message text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT coachdiag.has_cron() THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE $query$
		SELECT substr(j.jobname, 1 + length(coachdiag.job_name(''))), j.schedule, j.active, j.jobid, j.username::text, d.start_time, d.end_time, d.status, d.return_message
		FROM cron.job j
			LEFT JOIN LATERAL (SELECT * FROM cron.job_run_details r WHERE r.jobid = j.jobid ORDER BY r.runid DESC LIMIT 1) d ON true
		WHERE starts_with(j.jobname, coachdiag.job_name(''))
		ORDER BY 1
	$query$;
END
$$;
COMMENT ON FUNCTION coachdiag.schedules() IS
'The refreshes that pg_cron runs in this database, with how the last run ended: last_status succeeded, failed or running, last_message the error. After a failed run the last good results stay. Without pg_cron: no row; view coachdiag.last_refresh tells how refreshes ended in any case. Error: no right to use pg_cron (42501).';
