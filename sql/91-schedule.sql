-- Refreshes by the clock, where pg_cron is there.

CREATE FUNCTION coachdiag.require_cron(ws text, schedule text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	call CONSTANT text := format('CALL coachdiag.refresh(%L)', ws);
	-- Null, too, for who may not read it.
	cron_database CONSTANT text := (SELECT s.setting FROM pg_settings s WHERE s.name = 'cron.database_name');
BEGIN
	PERFORM coachdiag.workspace_oid(ws);
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
		RETURN;
	ELSIF cron_database IS NOT NULL AND cron_database <> current_database() THEN
		RAISE EXCEPTION 'pg_cron of this server works from database "%", not from this one', cron_database
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('Run there: SELECT cron.schedule_in_database(%L, %L, %L, %L);',
				coachdiag.job_name(ws), schedule, call, current_database());
	ELSIF cron_database IS NOT NULL THEN
		RAISE EXCEPTION 'extension pg_cron is not created in this database'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Have a superuser run CREATE EXTENSION pg_cron here, and grant you USAGE on schema cron.';
	END IF;
	RAISE EXCEPTION 'pg_cron is not installed on this server'
		USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('Any scheduler will do, such as this line in a crontab: %s psql -X -d %s -c "%s"',
			schedule, quote_ident(current_database()), replace(regexp_replace(call, '([\\"$`])', '\\\1', 'g'), '%', '\%'));
END
$$;
COMMENT ON FUNCTION coachdiag.require_cron(text, text) IS
'Internal: an error that says what to run instead where pg_cron cannot be used from here.';

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
'Errors: no such workspace (3F000); pg_cron is not there, or works from another database (55000), with the line to run instead; not a cron expression (from pg_cron).';

CREATE FUNCTION coachdiag.unschedule(ws text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	job bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
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
'Ends what coachdiag.schedule began, of yours. Returns whether there was such a job. The workspace need not exist any more.';

CREATE FUNCTION coachdiag.schedules()
RETURNS TABLE (workspace text, schedule text, active boolean, job bigint, owner text, last_start timestamptz, last_end timestamptz, last_status text, last_message text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
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
'The refreshes that pg_cron runs in this database, with how the last run ended: last_status succeeded, failed or running, last_message the error. After a failed run the last good results stay. Without pg_cron: no row.';
