# What the tests of engines share: rows that every aggregate can be asked about, the aggregates, and answers compared.
package Engines;
use strict;
use warnings;
use Exporter 'import';

our @EXPORT = qw(create_fact aggregates alike need_extension fill_workspace workspace_answer source_problems);

# Table fact: a column for each name of an argument; 12 teams of 9 agents, so that facts by agent split teams.
my $fact = <<'SQL';
CREATE TABLE fact AS
SELECT r.*, l.panel, c.path FROM (
	SELECT id, 1 + id % 12 AS team, a AS agent, 'A' || a AS name, date '2025-01-06' + 7 * w AS period,
		300 + 25 * sin(a) + 40 * abs(sin(17 * id)) + 5 * (id % 2) AS value, 310::float8 AS target, 1 + id % 5 / 4.0::float8 AS weight,
		(ARRAY['billing', 'moves'])[1 + id % 2] AS contact_type, (sin(a + 5 * w) > 0.9)::int::float8 AS sessions, 30 * (sin(a + 5 * w) > 0.9)::int::float8 AS minutes,
		'COACH0' || a % 4 AS coach, date '2022-01-03' + (17 * a)::int AS hired_on, false AS higher_is_better, 5::float8 AS smallest_effect,
		date '2025-06-02' AS started_on, sin(id) AS estimate, 0.2 + abs(cos(id)) AS se, 'DL'::text AS method,
		(1 + id % 370)::float8 AS "time", id % 3 > 0 AS event, (id % 2 * (id % 370) / 2)::float8 AS entry, 1 + (a % 3)::int AS group_no,
		ARRAY[sin(id), cos(3 * id), a % 2] AS covariates, (a % 2)::int AS stratum, a::int AS cluster, 'efron'::text AS ties,
		ARRAY[sin(id), cos(id)]::real[] AS "values", id % 5 = 0 AS repeated,
		'step ' || id % 6 AS step, timestamptz '2025-01-06 08:00+00' + id * interval '1 minute' AS started_at,
		timestamptz '2025-01-06 08:00+00' + (id + id % 7) * interval '1 minute' AS ended_at, (ARRAY['work', 'wait', 'hold', NULL])[1 + id % 4] AS kind, id::bigint AS number
	FROM (SELECT id, (id / 12 % 9 + 100 * (1 + id % 12))::bigint AS a, id / 108 % 30 AS w FROM generate_series(0, 6479) id) i
) r
CROSS JOIN LATERAL (SELECT coachdiag.panel(v, t, a, p, w) AS panel FROM (SELECT r.value, r.target, r.agent, r.period, r.weight) x (v, t, a, p, w)) l
CROSS JOIN LATERAL (SELECT coachdiag.contact_path('step ' || (r.id + i) % (3 + r.id % 3), r.started_at + i * interval '90 seconds', NULL, NULL, r.agent)
	AS path FROM generate_series(1, 2 + r.id % 4) i) c;
SQL

sub create_fact
{
	my ($node, $database) = @_;
	$node->safe_psql($database, "CREATE EXTENSION IF NOT EXISTS coachdiag; $fact ANALYZE fact");
	return;
}

# Every aggregate of coachdiag as a call over the columns of fact, by its signature.
sub aggregates
{
	my ($node, $database) = @_;
	my $calls = $node->safe_psql($database, <<'SQL');
SELECT p.oid::regprocedure, CASE WHEN p.proname = 'concatenated' THEN 'coachdiag.quantiles(' ELSE '' END || p.oid::regproc || '(' || string_agg(quote_ident(
	CASE WHEN t.type = 'coachdiag.panel'::regtype THEN 'panel' WHEN p.proargnames[t.n] = 'agent' AND t.type = 'text'::regtype THEN 'name' ELSE p.proargnames[t.n] END),
	', ' ORDER BY t.n) || ')' || CASE WHEN p.proname = 'concatenated' THEN ', ''{0.1,0.5,0.9}'')' ELSE '' END	-- in no order to rely on
FROM pg_aggregate g JOIN pg_proc p ON p.oid = g.aggfnoid, unnest(p.proargtypes) WITH ORDINALITY t (type, n)
WHERE p.pronamespace = 'coachdiag'::regnamespace
GROUP BY p.oid
SQL
	return map { split /\|/ } split /\n/, $calls;
}

# Two answers are the same: numbers to 1e-9, relative, all between them exactly.
sub alike
{
	my ($got, $want) = @_;
	my $number = qr/((?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w:]))/;
	my @got = split $number, $got;
	my @want = split $number, $want;
	return @got == @want && !grep { !alike_parts($got[$_], $want[$_]) } 0 .. $#got;
}

sub alike_parts
{
	my ($got, $want) = @_;
	return 1 if $got eq $want;
	return 0 if grep { !/^-?\d+(\.\d+)?(e[-+]?\d+)?$/ } $got, $want;
	return abs($got - $want) <= 1e-9 * (abs($want) + 1e-6);
}

# A workspace whose sources are views over a table like fact, refreshed.
sub fill_workspace
{
	my ($node, $workspace, $source) = @_;
	$node->safe_psql('postgres', <<"SQL");
SET client_min_messages = error;
SELECT coachdiag.create_workspace('$workspace');
INSERT INTO $workspace.metric VALUES ('handle_time', false, 310, 5, 's', 'log');
INSERT INTO $workspace.assignment SELECT DISTINCT agent, 'team ' || agent / 100, date '2024-01-01' FROM fact;
DROP TABLE $workspace.agent_metric, $workspace.coaching_session, $workspace.agent, $workspace.contact, $workspace.contact_event;
CREATE VIEW $workspace.agent_metric AS
SELECT agent::text AS agent_id, 'handle_time' AS metric, period, value, weight AS volume, contact_type FROM $source;
CREATE VIEW $workspace.coaching_session AS
SELECT id::text AS session_id, agent::text AS agent_id, coach AS coach_id, period::timestamptz AS held_at FROM $source WHERE sessions > 0;
CREATE VIEW $workspace.agent AS SELECT DISTINCT agent::text AS agent_id, hired_on FROM $source;
CREATE VIEW $workspace.contact AS
SELECT id AS contact_id, agent::text AS agent_id, started_at, contact_type, value AS handle_seconds FROM $source WHERE id % 3 = 0;
CREATE VIEW $workspace.contact_event AS
SELECT id - id % 3 AS contact_id, agent::text AS agent_id, step, started_at, ended_at, kind FROM $source;
CALL coachdiag.refresh('$workspace');
SQL
	return;
}

# The rows of a result view, all columns.
sub workspace_answer
{
	my ($node, $workspace, $view) = @_;
	return $node->safe_psql('postgres', "SELECT * FROM $workspace.$view v ORDER BY v::text");
}

# What check_sources finds.
sub source_problems
{
	my ($node, $workspace) = @_;
	return $node->safe_psql('postgres', "SELECT * FROM coachdiag.check_sources('$workspace') p ORDER BY p::text");
}

# Restarts a server with an extension preloaded and creates it; without it, says why nothing can be tested.
sub need_extension
{
	my ($node, $extension, @settings) = @_;
	return "$extension is not installed for this server"
		if $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = '$extension'") == 0;
	$node->append_conf('postgresql.conf', join("\n", "shared_preload_libraries = '$extension'", @settings, ''));
	$node->restart;
	$node->safe_psql('postgres', "SET client_min_messages = error; CREATE EXTENSION $extension");
	return;
}

1;
