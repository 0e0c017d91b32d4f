# Size: many groups, many agents, long ids, memory as predicted, and queries that can be cancelled.
# The limit of 1 GB takes 4 GB of memory and half a minute to reach: tested where COACHDIAG_LARGE is set.
use strict;
use warnings;
use Coachdiag;
use Time::HiRes qw(time);
use Test::More;

my $node = new_node('scale');
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION coachdiag;
CREATE TABLE team AS SELECT i, i % 50000 AS team, (i / 50000 % 3)::bigint AS agent, 300 + 20 * sin(i) AS value FROM generate_series(0, 299999) i;
CREATE TABLE work AS SELECT (i % 200000)::bigint AS agent, 300 + 20 * sin(i % 200000) + cos(i) AS value, ((i::bigint * 7919) % 97 < 30 + i % 40)::int AS solved
FROM generate_series(0, 399999) i;
CREATE TABLE large AS SELECT coachdiag.panel(value, 300, agent, date '2025-01-06') AS p, coachdiag.panel(solved, 0, agent, NULL) AS rates FROM work;
CREATE TABLE state AS SELECT array_agg(x) AS s
FROM (SELECT unnest(ARRAY[0, 1000000]::float8[]) AS x UNION ALL SELECT unnest(ARRAY[sin(i), 1 + abs(cos(i))]) FROM generate_series(1, 1000000) i) u;
ANALYZE;
SQL
my $started = $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');

# 50,000 groups: one answer each, in no more memory than the planner was told of.
is($node->safe_psql('postgres', <<'SQL'), '50000|300000|150000|6|6', '50,000 panels');
SELECT count(*), sum(coachdiag.observations(p)), sum(coachdiag.agents(p)), min(coachdiag.observations(p)), max(coachdiag.observations(p))
FROM (SELECT coachdiag.panel(value, 300, agent, date '2025-01-06') AS p FROM team GROUP BY team) s
SQL
is($node->safe_psql('postgres', <<'SQL'), '50000|150000|t', '50,000 gap dispersions of one value per agent');
SELECT count(*), sum((d).agents), bool_and((d).method = 'not separable' AND (d).mean_low < (d).mean_gap)
FROM (SELECT coachdiag.gap_dispersion(value, 300, agent) AS d FROM team WHERE i < 150000 GROUP BY team OFFSET 0) s
SQL
is($node->safe_psql('postgres', <<'SQL'), '2000|12000|t', '2,000 gap dispersions with spread and noise');
SELECT count(*), sum((d).observations), bool_and((d).between_low <= (d).between_sd AND (d).between_sd <= (d).between_high AND (d).share_short BETWEEN 0 AND 1)
FROM (SELECT coachdiag.gap_dispersion(value, 300, agent) AS d FROM team WHERE team < 2000 GROUP BY team OFFSET 0) s
SQL
for my $aggregate (qw(gap_dispersion panel))
{
	my $call = $aggregate eq 'panel' ? "panel(value, 300, agent, date '2025-01-06')" : 'gap_dispersion(value, 300, agent)';
	my $plan = $node->safe_psql('postgres', "SET max_parallel_workers_per_gather = 0; SET work_mem = '2GB'; SET enable_sort = off;"
		. " EXPLAIN (ANALYZE, TIMING OFF) SELECT coachdiag.$call FROM team WHERE i < 150000 GROUP BY team");
	my ($kilobytes) = $plan =~ /Memory Usage: (\d+)kB/;
	my $predicted = $node->safe_psql('postgres', "SELECT min(aggtransspace) FROM pg_aggregate WHERE aggfnoid::oid::regprocedure::text ~ '^coachdiag.$aggregate\\('");
	cmp_ok($kilobytes * 1024 / 50000, '>', 500, "$aggregate: 50,000 states are in memory");
	cmp_ok($kilobytes * 1024 / 50000, '<', $predicted, "$aggregate: a small state takes no more than the planner is told");
}

# One group of 200,000 agents.
is($node->safe_psql('postgres', 'SELECT coachdiag.agents(p), coachdiag.observations(p), coachdiag.memory_size(p) FROM large'),
	'200000|400000|' . memory_of(200000, 200000, 0, 0), '200,000 agents in one panel, and what it takes');
is($node->safe_psql('postgres', 'SELECT (d).agents, (d).observations, (d).method, (d).between_sd BETWEEN 14 AND 14.3 FROM (SELECT coachdiag.gap_dispersion(value, 300, agent) AS d FROM work OFFSET 0) s'),
	'200000|400000|REML|t', '200,000 agents in one gap dispersion');
is($node->safe_psql('postgres', 'SELECT count(*), sum(observations) FROM large, coachdiag.cells(p)'), '200000|400000', '200,000 cells as rows');
is($node->safe_psql('postgres', 'SELECT p OPERATOR(coachdiag.=) p::text::coachdiag.panel FROM large'), 't', '200,000 agents as text and back');
is($node->safe_psql('postgres', 'SELECT coachdiag.memory_size(coachdiag.rollup(coachdiag.period_range(p, NULL, NULL))) FROM large, generate_series(1, 3)'),
	memory_of(200000, 200000, 0, 0), 'merged with itself it is no larger');

# The documented size: 72 a cell, 16 an agent, 8 a label, the texts, and a header.
sub memory_of
{
	my ($cells, $agents, $labels, $text) = @_;
	return 56 + 72 * $cells + 16 * $agents + 8 * $labels + $text;
}

for my $shape ([ 1, 1, 0 ], [ 10, 4, 3 ], [ 1000, 26, 7 ], [ 4097, 1, 2 ])
{
	my ($agents, $periods, $types) = @$shape;
	my $type = $types ? "lpad(t::text, 10, 'x')" : 'NULL';
	my $rows = "generate_series(1, $agents) a, generate_series(1, $periods) w, generate_series(1, greatest($types, 1)) t, generate_series(1, 2)";
	my $cells = $agents * $periods * ($types || 1);
	my $rest = ", date '2025-01-06' + 7 * w, 1, $type, NULL, NULL, NULL, NULL";
	is($node->safe_psql('postgres', "SELECT coachdiag.memory_size(coachdiag.panel(a, w, a::bigint $rest)) FROM $rows"),
		memory_of($cells, $agents, $types, 10 * $types), "$agents agents, $periods periods, $types types: the size is as documented");
	is($node->safe_psql('postgres', "SELECT coachdiag.memory_size(coachdiag.panel(a, w, repeat('n', 996) || lpad(a::text, 28, '0') $rest)) FROM $rows WHERE w = 1"),
		memory_of($cells / $periods, $agents, $types, 1024 * $agents + 10 * $types), "$agents agents with ids of 1,024 bytes: the size is as documented");
}
is($node->safe_psql('postgres', <<'SQL'), '3000|t|t', 'agents told apart by the last of 1,024 bytes only, through text and back');
SELECT coachdiag.agents(p), p OPERATOR(coachdiag.=) p::text::coachdiag.panel, (SELECT bool_and(length(agent) = 1024) FROM coachdiag.cells(p))
FROM (SELECT coachdiag.panel(a, 0, repeat('n', 1020) || lpad(a::text, 4, '0'), NULL) AS p FROM generate_series(1, 3000) a) s
SQL

# A query that would run long ends when it is told to, wherever it is.
my %long = (
	'adding rows' => 'SELECT coachdiag.agents(coachdiag.panel(i, 0, (i % 1000)::bigint, NULL)) FROM generate_series(1, 1000000000) i',
	'adding rows, in parallel' => 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SELECT coachdiag.agents(coachdiag.panel(a.value, 0, a.agent, NULL)) FROM work a, work b',
	'merging' => 'SELECT coachdiag.agents(coachdiag.rollup(p)) FROM large, generate_series(1, 1000)',
	'estimating rates of 200,000 agents' => "SELECT coachdiag.gap_dispersion(rates, NULL, 'proportion') FROM large",
	'pooling a million estimates' => 'SELECT count(*) FROM state, generate_series(1, 100) i WHERE (coachdiag.heterogeneity_final(s)).k + i = 0',
	'shrinking a million estimates' => 'SELECT coachdiag.shrink(sin(i), 1 + abs(cos(i))) OVER () FROM generate_series(1, 3000000) i',
	'writing text' => 'SELECT sum(length(p::text)) FROM large, generate_series(1, 1000)',
	'reading text' => 'SELECT count(*) FROM (SELECT p::text AS t FROM large OFFSET 0) s, generate_series(1, 1000) i WHERE coachdiag.agents((t || repeat(chr(32), i))::coachdiag.panel) = 0',
	'reading and writing binary' => 'SELECT sum(length(coachdiag.panel_send(p))) FROM large, generate_series(1, 1000)',
	'opening cells' => 'SELECT count(*) FROM large, generate_series(1, 1000), coachdiag.cells(p)',
	'many groups' => 'SELECT count(*) FROM (SELECT coachdiag.gap_dispersion(value, 300, agent) AS d FROM team GROUP BY team OFFSET 0) s WHERE (d).f < 0',
);
for my $what (sort keys %long)
{
	my $begin = time;
	my (undef, undef, $error) = $node->psql('postgres', "SET statement_timeout = 400; $long{$what}", timeout => 60, timed_out => \my $hangs);
	my $seconds = time - $begin;
	like($error, qr/canceling statement due to statement timeout/, "$what: cancelled");
	cmp_ok($seconds, '<', 2.4, "$what: within 2 seconds");
}

SKIP:
{
	skip 'COACHDIAG_LARGE is not set', 2 unless $ENV{COACHDIAG_LARGE};
	my (undef, undef, $error) = $node->psql('postgres',
		"\\set VERBOSITY verbose\nSELECT coachdiag.agents(coachdiag.panel(1, 1, repeat('x', 1010) || i, NULL)) FROM generate_series(1, 1100000) i");
	like($error, qr/ERROR:  54000: panel is too large/, 'a panel of more than 1 GB is refused');
	like($error, qr/HINT:  Make smaller panels/, 'with what to do about it');
}

is($node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $started, 'the server has been up all the time');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'no process crashed');

done_testing();
