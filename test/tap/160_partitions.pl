# Native partitions: every aggregate is taken partition by partition, and answers as over one table.
use strict;
use warnings;
use Coachdiag;
use Engines;
use Test::More;

my $node = new_node('partitions');
create_fact($node, 'postgres');
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE by_team (LIKE fact) PARTITION BY HASH (team);
CREATE TABLE by_month (LIKE fact) PARTITION BY RANGE (period);
SELECT format('CREATE TABLE by_team_%s PARTITION OF by_team FOR VALUES WITH (MODULUS 3, REMAINDER %s)', i, i) FROM generate_series(0, 2) i \gexec
SELECT format('CREATE TABLE by_month_%s PARTITION OF by_month FOR VALUES FROM (%L) TO (%L)', i, date '2025-01-01' + i * 90, date '2025-01-01' + i * 90 + 90) FROM generate_series(0, 2) i \gexec
INSERT INTO by_team SELECT * FROM fact;
INSERT INTO by_month SELECT * FROM fact;
ANALYZE;
SQL

my $on = 'SET enable_partitionwise_aggregate = on; SET max_parallel_workers_per_gather = 0;';
my %call = aggregates($node, 'postgres');

# The last contacts of each team: a path is made for one contact, so of few events.
my $some = 'WHERE id >= 6000';

sub plan_of
{
	my ($query) = @_;
	return $node->safe_psql('postgres', "$on EXPLAIN (COSTS OFF) $query");
}

for my $name (sort keys %call)
{
	my $grouped = "SELECT team, $call{$name} FROM %s $some GROUP BY team ORDER BY team";
	my $plan = plan_of(sprintf $grouped, 'by_team');
	my @aggregates = $plan =~ /(?<!Partial )(?<!Finalize )(?:Hash|Group)Aggregate/g;
	is(scalar @aggregates, 3, "$name: by the key of the partitions, each by itself") or diag($plan);

	my @queries = ([ 'by team, partitions by team', $grouped, 'by_team' ], [ 'by team, partitions by month', $grouped, 'by_month' ],
		[ 'all teams, partitions by month', "SELECT $call{$name} FROM %s $some", 'by_month' ]);
	for my $query (@queries)
	{
		my ($what, $sql, $table) = @$query;
		my $got = $node->safe_psql('postgres', $on . sprintf $sql, $table);
		my $want = $node->safe_psql('postgres', sprintf $sql, 'fact');
		ok($want ne '' && alike($got, $want), "$name, $what: as over one table") or diag("got  $got\nwant $want");
	}
	like(plan_of("SELECT $call{$name} FROM by_month"), qr/Finalize Aggregate.*Append(.*Partial Aggregate){2}/s, "$name: partial aggregates under Append");
}

$node->stop;
done_testing();
