-- What sessions were about: agent skill, system constraint or quality artefact; and who was coached on what, by level and month.

CREATE FUNCTION coachdiag.topic_keyword()
RETURNS TABLE (keyword text, aims_at text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT k.keyword, 'system_constraint'
	FROM unnest('{system issue,system problem,system error,system down,system slow,slow system,system limitation,outage,downtime,latency,crash,access right,no access,missing access,
		permission,authority,authorisation,authorization,approval,policy,workaround,routing,skilling,misrouted,queue,staffing,workload,complex call,complex contact,
		missing information,not enough information,knowledge base,escalation was appropriate,told to escalate,tool issue,tool problem,process gap,process issue}'::text[]) AS k(keyword)
	UNION ALL
	SELECT k.keyword, 'quality_artefact'
	FROM unnest('{script,greeting,verbiage,scorecard,scoring,evaluation form,quality form,checklist,calibration,required phrase,mandatory phrase,branding,tone of voice rule}'::text[]) AS k(keyword)
$$;
COMMENT ON FUNCTION coachdiag.topic_keyword() IS
'Words by which sessions are sorted, in not_coachable_reason, or else in behaviour, sub_behaviour and trigger: system_constraint (authority, tool, information, access), quality_artefact (a criterion of the scoring). A workspace adds its own in its table topic_keyword.';

CREATE FUNCTION coachdiag.topic_words(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT ' ' || pg_catalog.btrim(pg_catalog.regexp_replace(pg_catalog.lower($1), '[^[:alnum:]]+', ' ', 'g')) || ' ';
END;
COMMENT ON FUNCTION coachdiag.topic_words(text) IS 'Internal: a text as lower-case words with single spaces between and around them. NULL: NULL.';

INSERT INTO coachdiag.workspace_part (position, name, kind, owner_fills, ddl) VALUES (1125, 'topic_keyword', 'table', true, $part$
	CREATE TABLE @.topic_keyword (keyword text PRIMARY KEY, aims_at text NOT NULL CHECK (aims_at IN ('agent_skill', 'system_constraint', 'quality_artefact')));
	COMMENT ON TABLE @.topic_keyword IS 'Words of your own to sort sessions by, over those of coachdiag.topic_keyword(); fill it as you like, refresh leaves it alone.';
	COMMENT ON COLUMN @.topic_keyword.keyword IS 'Word or words; matched at the start of a word, whatever the case; of several that match the longest counts.';
	COMMENT ON COLUMN @.topic_keyword.aims_at IS 'agent_skill, system_constraint or quality_artefact.';
$part$);

INSERT INTO coachdiag.workspace_part (position, name, kind, ddl) VALUES (1130, 'session_topics', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.session_topics AS
	WITH keyword AS (
		SELECT DISTINCT ON (w.words) w.words, w.aims_at
		FROM (
			SELECT rtrim(coachdiag.topic_words(k.keyword)) AS words, k.aims_at, 1 AS rank FROM @.topic_keyword k
			UNION ALL SELECT rtrim(coachdiag.topic_words(d.keyword)), d.aims_at, 2 FROM coachdiag.topic_keyword() d
		) w WHERE w.words <> '' ORDER BY w.words, w.rank, w.aims_at
	), cell AS MATERIALIZED (
		SELECT l.program, l.site, l.team, l.agent_id, l.metric, l.behaviour, l.sub_behaviour, l.trigger, l.action IS NOT NULL AS has_action, l.not_coachable_reason,
			count(*) AS sessions, coachdiag.exact_sum(l.minutes) AS minutes
		FROM @.coaching_log l WHERE l.held
		GROUP BY l.program, l.site, l.team, l.agent_id, l.metric, l.behaviour, l.sub_behaviour, l.trigger, l.action IS NOT NULL, l.not_coachable_reason
	), wording AS (
		SELECT DISTINCT coalesce(c.not_coachable_reason, concat_ws(' / ', c.behaviour, c.sub_behaviour, c.trigger)) AS wording FROM cell c
	), sorted AS MATERIALIZED (
		SELECT DISTINCT ON (w.wording) w.wording, k.aims_at
		FROM (SELECT x.wording, coachdiag.topic_words(x.wording) AS words FROM wording x OFFSET 0) w
		JOIN keyword k ON strpos(w.words, k.words) > 0
		ORDER BY w.wording, length(k.words) DESC, k.words
	), topic AS (
		SELECT c.program, c.site, c.team, c.agent_id, coalesce(c.behaviour, c.metric, 'not given') AS topic, c.sessions, c.minutes, c.not_coachable_reason IS NOT NULL AS not_coachable,
			coalesce(s.aims_at, CASE WHEN c.not_coachable_reason IS NOT NULL THEN 'system_constraint'
				WHEN coalesce(c.behaviour, c.sub_behaviour) IS NOT NULL OR c.has_action THEN 'agent_skill' ELSE 'unclear' END) AS aims_at
		FROM cell c
		LEFT JOIN sorted s ON s.wording = coalesce(c.not_coachable_reason, concat_ws(' / ', c.behaviour, c.sub_behaviour, c.trigger))
	), agent AS (
		SELECT t.program, t.site, t.team, t.topic, t.agent_id,
			sum(t.sessions) AS sessions, coachdiag.exact_sum(t.minutes) AS minutes,
			coalesce(sum(t.sessions) FILTER (WHERE t.aims_at = 'agent_skill'), 0) AS agent_skill,
			coalesce(sum(t.sessions) FILTER (WHERE t.aims_at = 'system_constraint'), 0) AS system_constraint,
			coalesce(sum(t.sessions) FILTER (WHERE t.aims_at = 'quality_artefact'), 0) AS quality_artefact,
			coalesce(sum(t.sessions) FILTER (WHERE t.aims_at = 'unclear'), 0) AS unclear,
			coalesce(sum(t.sessions) FILTER (WHERE t.not_coachable), 0) AS not_coachable,
			coachdiag.exact_sum(t.minutes) FILTER (WHERE t.aims_at IN ('system_constraint', 'quality_artefact')) AS minutes_outside,
			coachdiag.exact_sum(t.minutes) FILTER (WHERE t.aims_at <> 'unclear') AS minutes_sorted
		FROM topic t
		GROUP BY GROUPING SETS ((t.program, t.site, t.team, t.topic, t.agent_id), (t.program, t.site, t.team, t.agent_id))
	), total AS (
		SELECT a.program, a.site, a.team, a.topic, sum(a.sessions)::bigint AS sessions, coachdiag.exact_sum(a.minutes) AS minutes,
			sum(a.agent_skill)::bigint AS agent_skill, sum(a.system_constraint)::bigint AS system_constraint, sum(a.quality_artefact)::bigint AS quality_artefact,
			sum(a.unclear)::bigint AS unclear, sum(a.not_coachable)::bigint AS not_coachable, coalesce(coachdiag.exact_sum(a.minutes_outside), 0 * coachdiag.exact_sum(a.minutes_sorted)) AS minutes_outside, coachdiag.exact_sum(a.minutes_sorted) AS minutes_sorted,
			sum(o.outside) AS hits, sum(o.sorted) AS trials, sum(o.outside ^ 2) AS hits_squared, sum(o.outside * o.sorted) AS cross_product, sum(o.sorted ^ 2) AS trials_squared,
			count(*) FILTER (WHERE o.sorted > 0) AS agents
		FROM agent a
		CROSS JOIN LATERAL (SELECT (a.system_constraint + a.quality_artefact)::double precision AS outside, (a.sessions - a.unclear)::double precision AS sorted) o
		GROUP BY a.program, a.site, a.team, a.topic
	)
	SELECT t.program, t.site, t.team, t.topic, t.sessions, t.minutes, t.agent_skill, t.system_constraint, t.quality_artefact, t.unclear, t.not_coachable,
		t.minutes_outside, t.minutes_outside / nullif(t.minutes_sorted, 0) AS outside_share,
		t.hits / nullif(t.trials, 0) AS outside_sessions_share, i.low AS ci_low, i.high AS ci_high
	FROM total t
	LEFT JOIN LATERAL coachdiag.ratio_interval(t.hits, nullif(t.trials, 0), t.hits_squared, t.cross_product, t.trials_squared, t.agents, true) i ON true;
	CREATE UNIQUE INDEX ON @.session_topics (team, topic);
	COMMENT ON MATERIALIZED VIEW @.session_topics IS 'What sessions that were held were about, by team and topic (topic null: the team''s total): how many aim at agent skill, at a system constraint or at a quality artefact, and the share of coaching minutes outside the agents'' control. Sorted by words, see coachdiag.topic_keyword().';
	COMMENT ON COLUMN @.session_topics.program IS 'Program of the team; null: not given.';
	COMMENT ON COLUMN @.session_topics.site IS 'Site of the team; null: not given.';
	COMMENT ON COLUMN @.session_topics.team IS 'Team.';
	COMMENT ON COLUMN @.session_topics.topic IS 'Behaviour worked on, else the metric, else "not given"; null: all topics.';
	COMMENT ON COLUMN @.session_topics.sessions IS 'Rows of the log: sessions, agents and metrics.';
	COMMENT ON COLUMN @.session_topics.minutes IS 'Agents'' minutes; null: no length given.';
	COMMENT ON COLUMN @.session_topics.agent_skill IS 'Sessions on a named behaviour or with an agreed action, in words that name nothing outside the agents'' control.';
	COMMENT ON COLUMN @.session_topics.system_constraint IS 'Sessions with a not_coachable_reason (unless its words say otherwise), or in words that name a constraint.';
	COMMENT ON COLUMN @.session_topics.quality_artefact IS 'Sessions in words that name a criterion of the scoring.';
	COMMENT ON COLUMN @.session_topics.unclear IS 'Sessions that name neither behaviour nor action nor reason.';
	COMMENT ON COLUMN @.session_topics.not_coachable IS 'Sessions with a not_coachable_reason: direct evidence of a cause outside the agent.';
	COMMENT ON COLUMN @.session_topics.minutes_outside IS 'Minutes aimed at system constraints and quality artefacts.';
	COMMENT ON COLUMN @.session_topics.outside_share IS 'Share of the minutes aimed outside the agents'' control; sessions that are unclear or without length left out.';
	COMMENT ON COLUMN @.session_topics.outside_sessions_share IS 'The same share of sessions.';
	COMMENT ON COLUMN @.session_topics.ci_low IS 'Of outside_sessions_share, 95 %, agents varying independently (coachdiag.ratio_interval); null: fewer than two agents.';
	COMMENT ON COLUMN @.session_topics.ci_high IS 'See ci_low.';
$part$), (1140, 'coaching_activity', 'materialized view', $part$
	CREATE MATERIALIZED VIEW @.coaching_activity AS
	WITH agent AS (
		SELECT l.program, l.site, l.team, l.coach_id, l.agent_id, l.month, count(*) FILTER (WHERE l.first_row) AS sessions, coachdiag.exact_sum(l.minutes) AS minutes, coachdiag.exact_sum(l.coach_minutes) AS coach_minutes,
			count(*) AS rows, count(l.action) AS with_action, count(*) FILTER (WHERE l.recognition) AS recognised,
			count(*) FILTER (WHERE l.follow_up_due <= u.day) AS due, count(*) FILTER (WHERE l.follow_up_due <= u.day AND l.followed_up_on IS NOT NULL) AS followed_up
		FROM @.coaching_log l
		CROSS JOIN (SELECT max(h.day) AS day FROM @.coaching_log h WHERE h.held) u
		WHERE l.held
		GROUP BY l.program, l.site, l.team, l.coach_id, l.agent_id, l.month
	), subject AS (
		SELECT l.program, l.site, l.team, l.coach_id, l.month, coalesce(l.behaviour, l.metric) AS topic, count(*) AS rows
		FROM @.coaching_log l WHERE l.held AND coalesce(l.behaviour, l.metric) IS NOT NULL
		GROUP BY l.program, l.site, l.team, l.coach_id, l.month, coalesce(l.behaviour, l.metric)
	), total AS (
		SELECT v.level, v.name, a.month, sum(a.sessions)::bigint AS sessions, count(DISTINCT a.agent_id) AS agents, coachdiag.exact_sum(a.minutes) AS minutes, coachdiag.exact_sum(a.coach_minutes) AS coach_minutes,
			sum(a.rows) AS rows, sum(a.with_action) AS with_action, sum(a.recognised) AS recognised, sum(a.due) AS due, sum(a.followed_up) AS followed_up
		FROM agent a
		CROSS JOIN LATERAL (VALUES ('team', a.team), ('site', a.site), ('program', a.program), ('coach', a.coach_id), ('all', '')) v (level, name)
		WHERE v.name IS NOT NULL
		GROUP BY v.level, v.name, a.month
	), topic AS (
		SELECT r.level, r.name, r.month, array_agg(r.topic ORDER BY r.rank) AS topics
		FROM (
			SELECT v.level, v.name, s.month, s.topic, row_number() OVER (PARTITION BY v.level, v.name, s.month ORDER BY sum(s.rows) DESC, s.topic) AS rank
			FROM subject s
			CROSS JOIN LATERAL (VALUES ('team', s.team), ('site', s.site), ('program', s.program), ('coach', s.coach_id), ('all', '')) v (level, name)
			WHERE v.name IS NOT NULL
			GROUP BY v.level, v.name, s.month, s.topic
		) r WHERE r.rank <= 3 GROUP BY r.level, r.name, r.month
	)
	SELECT t.level, nullif(t.name, '') AS name, t.month, t.sessions, t.agents, t.sessions::double precision / t.agents AS sessions_per_agent, t.minutes, t.coach_minutes, p.topics,
		CASE WHEN h.action THEN (t.with_action / t.rows)::double precision END AS action_share, CASE WHEN h.recognition THEN (t.recognised / t.rows)::double precision END AS recognition_share,
		CASE WHEN h.follow_up THEN t.due::bigint END AS follow_ups_due, CASE WHEN h.follow_up THEN (t.followed_up / nullif(t.due, 0))::double precision END AS follow_through
	FROM total t
	CROSS JOIN (
		SELECT bool_or(c.present AND c.column_name = 'action') AS action, bool_or(c.present AND c.column_name = 'recognition') AS recognition,
			bool_or(c.present AND c.column_name = 'follow_up_due') AND bool_or(c.present AND c.column_name = 'followed_up_at') AS follow_up
		FROM @.stored_source_column c WHERE c.relation = 'coaching_session'
	) h
	LEFT JOIN topic p ON p.level = t.level AND p.name = t.name AND p.month = t.month;
	CREATE UNIQUE INDEX ON @.coaching_activity (level, name, month);
	COMMENT ON MATERIALIZED VIEW @.coaching_activity IS 'Who was coached, how often and on what: sessions held, by level (team, site, program, coach, all) and month.';
	COMMENT ON COLUMN @.coaching_activity.level IS 'team, site, program, coach or all.';
	COMMENT ON COLUMN @.coaching_activity.name IS 'Team, site, program or coach; null on level all.';
	COMMENT ON COLUMN @.coaching_activity.month IS 'First day of the month.';
	COMMENT ON COLUMN @.coaching_activity.sessions IS 'Sessions held, once per agent who took part.';
	COMMENT ON COLUMN @.coaching_activity.agents IS 'Agents coached.';
	COMMENT ON COLUMN @.coaching_activity.sessions_per_agent IS 'sessions / agents.';
	COMMENT ON COLUMN @.coaching_activity.minutes IS 'Agents'' minutes; null: no length given.';
	COMMENT ON COLUMN @.coaching_activity.coach_minutes IS 'Coaches'' minutes: a group session counts once.';
	COMMENT ON COLUMN @.coaching_activity.topics IS 'The up to three topics (behaviour, else metric) coached most, most first.';
	COMMENT ON COLUMN @.coaching_activity.action_share IS 'Share of the log''s rows with an agreed action; null: needs coaching_session.action.';
	COMMENT ON COLUMN @.coaching_activity.recognition_share IS 'Share of the log''s rows that recognise progress; null: needs coaching_session.recognition.';
	COMMENT ON COLUMN @.coaching_activity.follow_ups_due IS 'Follow-ups promised in sessions of the month, and due by the last day with a session; null: needs coaching_session.follow_up_due and followed_up_at.';
	COMMENT ON COLUMN @.coaching_activity.follow_through IS 'Share of these that took place, late or not; null: none due.';
$part$);
