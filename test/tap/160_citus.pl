# Citus, where it is installed: every aggregate over distributed facts runs on the workers, and answers as on one node.
use strict;
use warnings;
use Coachdiag;
use Engines;
use Test::More;

my ($coordinator, @workers) = map {
	my $node = new_node($_);
	my $missing = need_extension($node, 'citus', 'citus.enable_statistics_collection = off');
	plan skip_all => $missing if $missing;
	$node;
} qw(coordinator worker1 worker2);
my @address = map { "'" . $_->host . "', " . $_->port } $coordinator, @workers;
$coordinator->safe_psql('postgres', "SELECT citus_set_coordinator_host($address[0]); SELECT citus_add_node($address[1]); SELECT citus_add_node($address[2])");
note $coordinator->safe_psql('postgres', 'SELECT citus_version()');

create_fact($coordinator, 'postgres');
is($_->safe_psql('postgres', "SELECT extversion <> '' FROM pg_extension WHERE extname = 'coachdiag'"), 't', $_->name . ': CREATE EXTENSION has come from the coordinator')
	for @workers;
$coordinator->safe_psql('postgres', <<'SQL');
SET citus.shard_count = 4;
CREATE TABLE by_team (LIKE fact);
CREATE TABLE by_agent (LIKE fact);
SELECT create_distributed_table('by_team', 'team'), create_distributed_table('by_agent', 'agent', colocate_with => 'none');
INSERT INTO by_team SELECT * FROM fact;
INSERT INTO by_agent SELECT * FROM fact;
SQL
is($coordinator->safe_psql('postgres', 'SELECT count(DISTINCT nodeport) FROM citus_shards WHERE shard_size > 0'), 2, 'both workers hold rows');

my %call = aggregates($coordinator, 'postgres');
my $some = 'WHERE id >= 6000';

# What a worker is asked, and whether the answers are those of one table.
sub runs_on_workers
{
	my ($what, $query, $table, $asked) = @_;
	my $plan = $coordinator->safe_psql('postgres', 'EXPLAIN (VERBOSE, COSTS OFF) ' . sprintf $query, $table);
	my ($task) = $plan =~ /Query: (SELECT [^\n]*)/;
	like($task, $asked, "$what: on the workers") or diag($plan);

	my $got = $coordinator->safe_psql('postgres', sprintf $query, $table);
	my $want = $coordinator->safe_psql('postgres', sprintf $query, 'fact');
	ok($want ne '' && alike($got, $want), "$what: as on one node") or diag("got  $got\nwant $want");
	return;
}

# What has no form to travel in: what is made of it does, or the paths it is made of.
my %made = ('coachdiag.process' => 'coachdiag.process_map', 'coachdiag.step_totals' => 'coachdiag.step_rows');
for my $name (grep { /^(.*?)\(/ && $made{$1} } sort keys %call)
{
	my $call = delete $call{$name};
	my ($function) = $name =~ /^(.*?)\(/;
	my $grouped = "SELECT s.team, m.* FROM (SELECT team, $call AS p FROM %s GROUP BY team) s, LATERAL $made{$function}(s.p) m ORDER BY 1, 2, 3";
	my (undef, undef, $error) = $coordinator->psql('postgres', "SELECT $call FROM by_team");
	like($error, qr/\Q$function\E cannot be read in/, "$name of all teams: refused");
	runs_on_workers("what $made{$function} makes of $name by team, facts by team", $grouped, 'by_team', qr/\Q$function\E\(.*GROUP BY by_team.team/);

	my $all = "SELECT $made{$function}($call) FROM (SELECT path, value, repeated FROM %s OFFSET 0) r ORDER BY 1";
	my ($got, $want) = map { $coordinator->safe_psql('postgres', sprintf $all, $_) } 'by_team', 'fact';
	ok($want ne '' && alike($got, $want), "the same of $name of all teams, of paths that come from the workers: as on one node");
}

for my $name (sort keys %call)
{
	my ($function) = $name =~ /^(.*?)\(/;
	my $grouped = "SELECT team, $call{$name} FROM %s $some GROUP BY team ORDER BY team";
	runs_on_workers("$name by team, facts by team", $grouped, 'by_team', qr/^SELECT team, (?:coachdiag\.\w+\()?\Q$function\E\(.*GROUP BY team/);
	runs_on_workers("$name by team, facts by agent", $grouped, 'by_agent', qr/worker_partial_agg\('\Q$function\E\(.*GROUP BY/);
	runs_on_workers("$name of all teams", "SELECT $call{$name} FROM %s $some", 'by_team', qr/worker_partial_agg\('\Q$function\E\(/);
}

# A workspace on the coordinator, its sources views over distributed facts: the workers build the panels of a refresh.
fill_workspace($coordinator, 'plain', 'fact');
my @before = map { -s $_->logfile } @workers;
fill_workspace($coordinator, 'spread', 'by_agent');
for my $n (0, 1)
{
	my $log = PostgreSQL::Test::Utils::slurp_file($workers[$n]->logfile, $before[$n]);
	like($log, qr/worker_partial_agg\('coachdiag\.panel\(/, $workers[$n]->name . ': panels of its own rows');
}
for my $view ('team_panel', 'gap_dispersion', 'coaching_effect', 'diagnosis', 'recent_contact', 'step_by_agent', 'process_map')
{
	my $want = workspace_answer($coordinator, 'plain', $view);
	ok($want ne '' && alike(workspace_answer($coordinator, 'spread', $view), $want), "workspace over distributed facts: $view");
}
my $problems = source_problems($coordinator, 'plain');
ok($problems ne '' && alike(source_problems($coordinator, 'spread'), $problems), 'workspace over distributed facts: what check_sources finds');
$coordinator->safe_psql('postgres', "SET client_min_messages = error; SELECT create_reference_table('spread.metric'); CALL coachdiag.refresh('spread', rebuild => true)");
ok(alike(workspace_answer($coordinator, 'spread', $_), workspace_answer($coordinator, 'plain', $_)), "and metrics in a reference table, all built again: $_") for 'team_panel', 'diagnosis';

$_->stop for $coordinator, @workers;
done_testing();
