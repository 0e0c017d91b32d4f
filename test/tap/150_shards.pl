# Shards by postgres_fdw: grouped aggregates run where the rows are, and the answers are those of one table.
use strict;
use warnings;
use Coachdiag;
use Engines;
use Test::More;

my $node = new_node('shards');
my $port = $node->port;
my $host = $node->host;
my @shards = (1, 2, 3);

my $make = <<'SQL';
CREATE EXTENSION coachdiag;
CREATE TABLE fact (team int, agent bigint, week date, value float8, target float8, sessions float8, kind text);
SQL
my $rows = q{SELECT t, 100 * t + a, date '2025-01-06' + 7 * w, 80 + a % 4 + 3 * sin(17 * a + 7 * w + t), 83, (sin(a + 5 * w) > 0.9)::int, 'type ' || w % 2
	FROM generate_series(1, 12) t, generate_series(1, 9) a, generate_series(0, 39) w};

$node->safe_psql('postgres', $make . "INSERT INTO fact $rows; CREATE EXTENSION postgres_fdw; CREATE TABLE spread (LIKE fact) PARTITION BY LIST (team)");
for my $shard (@shards)
{
	my $teams = join(', ', grep { $_ % 3 == $shard % 3 } 1 .. 12);

	$node->safe_psql('postgres', "CREATE DATABASE shard$shard");
	$node->safe_psql("shard$shard", $make . "INSERT INTO fact SELECT * FROM ($rows) r (team) WHERE team IN ($teams); ANALYZE fact");
	$node->safe_psql('postgres', <<"SQL");
CREATE SERVER shard$shard FOREIGN DATA WRAPPER postgres_fdw
	OPTIONS (host '$host', port '$port', dbname 'shard$shard', extensions 'coachdiag', use_remote_estimate 'true', async_capable 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER shard$shard;
CREATE FOREIGN TABLE fact$shard PARTITION OF spread FOR VALUES IN ($teams) SERVER shard$shard OPTIONS (table_name 'fact');
SQL
}
$node->safe_psql('postgres', 'ANALYZE fact; ANALYZE spread');

my $on = 'SET enable_partitionwise_aggregate = on;';
# A text constant alone would keep it here: postgres_fdw sends a collation only with a column.
my $panel = 'coachdiag.panel(value, target, agent, week, 1, kind, sessions, NULL, NULL::text, NULL::date)';

# Each query over the shards and over one table; rounded, since rows are met in another order.
my %queries = (
	'gap_dispersion by team' => [ 'SELECT team, round((d).mean_gap::numeric, 9), round((d).between_sd::numeric, 9), round((d).share_short::numeric, 7)
		FROM (SELECT team, coachdiag.gap_dispersion(value, target, agent) AS d FROM %s GROUP BY team) g ORDER BY team', 'gap_dispersion(value, target, agent)' ],
	'panel by team' => [ "SELECT team, p::text FROM (SELECT team, $panel AS p FROM %s GROUP BY team) g ORDER BY team", 'coachdiag.panel(value, target, agent' ],
	'rollup of panels by team' => [ "SELECT round((coachdiag.gap_dispersion(coachdiag.rollup(p))).between_sd::numeric, 9)
		FROM (SELECT team, $panel AS p FROM %s GROUP BY team) g", 'coachdiag.panel(value, target, agent' ],
	'coaching_effect by team' => [ 'SELECT team, round((e).improvement::numeric, 7), (e).sessions
		FROM (SELECT team, coachdiag.coaching_effect(value, agent, week, sessions) AS e FROM %s GROUP BY team) g ORDER BY team', 'coaching_effect(value, agent, week, sessions)' ]);

for my $name (sort keys %queries)
{
	my ($query, $remote) = @{ $queries{$name} };
	my $plan = $node->safe_psql('postgres', "$on EXPLAIN (VERBOSE, COSTS OFF) " . sprintf($query, 'spread'));
	my @sent = $plan =~ /Remote SQL: SELECT [^\n]*\Q$remote\E[^\n]*GROUP BY/g;

	is(scalar @sent, 3, "$name: each shard aggregates its own rows") or diag($plan);
	is($node->safe_psql('postgres', $on . sprintf($query, 'spread')), $node->safe_psql('postgres', sprintf($query, 'fact')),
		"$name: the answer is that of one table");
}

# Without the option the rows are fetched, and the answer is the same.
$node->safe_psql('postgres', "ALTER SERVER shard$_ OPTIONS (DROP extensions)") for @shards;
my ($query) = @{ $queries{'panel by team'} };
unlike($node->safe_psql('postgres', "$on EXPLAIN (VERBOSE, COSTS OFF) " . sprintf($query, 'spread')), qr/Remote SQL:[^\n]*coachdiag/, 'without extensions nothing is pushed down');
is($node->safe_psql('postgres', $on . sprintf($query, 'spread')), $node->safe_psql('postgres', sprintf($query, 'fact')), 'and the answer is the same');

# Every aggregate there is, over facts that have a column for each argument.
$node->safe_psql('postgres', 'DROP TABLE spread, fact');
create_fact($node, 'postgres');
$node->safe_psql('postgres', 'CREATE TABLE spread (LIKE fact) PARTITION BY LIST (team)');
for my $shard (@shards)
{
	my $teams = join(', ', grep { $_ % 3 == $shard % 3 } 1 .. 12);

	$node->safe_psql("shard$shard", 'DROP TABLE fact');
	create_fact($node, "shard$shard");
	$node->safe_psql("shard$shard", "DELETE FROM fact WHERE team NOT IN ($teams); ANALYZE fact");
	$node->safe_psql('postgres', "ALTER SERVER shard$shard OPTIONS (ADD extensions 'coachdiag', ADD fdw_tuple_cost '100');
		CREATE FOREIGN TABLE fact$shard PARTITION OF spread FOR VALUES IN ($teams) SERVER shard$shard OPTIONS (table_name 'fact')");
}
$node->safe_psql('postgres', 'ANALYZE spread');
my $arrays_belong = $node->safe_psql('postgres', "SELECT count(*) FROM pg_depend
	WHERE classid = 'pg_type'::regclass AND objid = 'coachdiag.survival_step[]'::regtype AND deptype = 'e'");
my %call = aggregates($node, 'postgres');
for my $name (sort keys %call)
{
	my ($function) = $name =~ /^(.*?)\(/;
	my $query = "SELECT team, $call{$name} FROM %s WHERE id >= 6000 GROUP BY team ORDER BY team";

	# What answers with a value that has no form to travel in, and what is made of it.
	my $made = { 'coachdiag.process' => 'coachdiag.process_map', 'coachdiag.step_totals' => 'coachdiag.step_rows' }->{$function};
	if ($made)
	{
		my (undef, undef, $error) = $node->psql('postgres', $on . sprintf $query, 'spread');
		like($error, qr/coachdiag.\w+ cannot be read in/, "$name has no form to travel in");
		$query = "SELECT s.team, m.* FROM (SELECT team, $call{$name} AS p FROM (SELECT team, path, value, repeated FROM %s WHERE id >= 6000 OFFSET 0) r GROUP BY team) s, LATERAL $made(s.p) m ORDER BY 1, 2, 3";
	}
	else
	{
		my $plan = $node->safe_psql('postgres', "$on EXPLAIN (VERBOSE, COSTS OFF) " . sprintf $query, 'spread');
		my @sent = $plan =~ /Remote SQL: SELECT [^\n]*\Q$function\E\([^\n]*GROUP BY/g;
		# An array type is no member of an extension before PostgreSQL 17, so what returns one is made here.
		is(scalar @sent, $function eq 'coachdiag.kaplan_meier' && !$arrays_belong ? 0 : 3, "$name: on each shard") or diag($plan);
	}
	my $got = $node->safe_psql('postgres', $on . sprintf $query, 'spread');
	my $want = $node->safe_psql('postgres', sprintf $query, 'fact');
	ok($want ne '' && alike($got, $want), "$name: as of one table") or diag("got  $got\nwant $want");
}

# Panels kept on the shards, merged here.
my $kept = 'coachdiag.panel(value, target, agent, period, 1, contact_type, sessions, NULL, NULL::text, NULL::date)';
$node->safe_psql("shard$_", "CREATE TABLE kept AS SELECT team, $kept AS panel FROM fact GROUP BY team") for @shards;
$node->safe_psql('postgres', "CREATE FOREIGN TABLE kept$_ (team int, panel coachdiag.panel) SERVER shard$_") for @shards;
$node->safe_psql('postgres', "ALTER FOREIGN TABLE kept$_ OPTIONS (ADD table_name 'kept')") for @shards;
is($node->safe_psql('postgres', 'SELECT md5(coachdiag.rollup(panel)::text) FROM (SELECT * FROM kept1 UNION ALL SELECT * FROM kept2 UNION ALL SELECT * FROM kept3) k'),
	$node->safe_psql('postgres', "SELECT md5(coachdiag.rollup(p)::text) FROM (SELECT $kept AS p FROM fact GROUP BY team) k"),
	'panels that are kept on shards travel as they are');

$node->stop;
done_testing();
