# TimescaleDB, where it is installed: hypertables and time_bucket; chunks one by one and continuous aggregates where its licence has them.
use strict;
use warnings;
use Coachdiag;
use Engines;
use Test::More;

my $node = new_node('timescaledb');
my $missing = need_extension($node, 'timescaledb', 'timescaledb.telemetry_level = off', 'timescaledb.max_background_workers = 4');
plan skip_all => $missing if $missing;
my $licence = $node->safe_psql('postgres', 'SHOW timescaledb.license');
note 'TimescaleDB ' . $node->safe_psql('postgres', "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'") . ", licence $licence";

create_fact($node, 'postgres');
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE hyper (LIKE fact);
ALTER TABLE hyper ALTER period SET NOT NULL;
SELECT create_hypertable('hyper', 'period', chunk_time_interval => interval '28 days');
INSERT INTO hyper SELECT * FROM fact;
ANALYZE;
SQL
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM show_chunks('hyper')"), '>=', 7, 'a chunk for each four weeks');

my $some = 'WHERE id >= 6000';

sub same
{
	my ($what, $query, $plain) = @_;
	my ($got, $want) = map { $node->safe_psql('postgres', $_) } $query, $plain;
	return ok($want ne '' && alike($got, $want), $what) || diag("got  $got\nwant $want");
}

# Every aggregate, by team and bucket of time.
my %call = aggregates($node, 'postgres');
for my $name (sort keys %call)
{
	my $query = "SELECT team, time_bucket('4 weeks', period) AS bucket, $call{$name} FROM %s $some GROUP BY 1, 2 ORDER BY 1, 2";
	same("$name by team and bucket: as over one table", sprintf($query, 'hyper'), sprintf($query, 'fact'));
}

# Each worker its chunks, a state merged; under the community licence each chunk a state, without workers too.
my $panel = 'coachdiag.panel(value, target, agent, period, weight, contact_type, sessions, minutes, coach, hired_on)';
my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;';
my $chunks = 'SET max_parallel_workers_per_gather = 0;';
for my $call ($panel, 'coachdiag.gap_dispersion(value, target, agent, weight)', 'coachdiag.kaplan_meier("time", event)')
{
	my $plan = $node->safe_psql('postgres', "$parallel EXPLAIN (COSTS OFF) SELECT $call FROM hyper");
	like($plan, qr/Finalize Aggregate.*Gather.*Partial Aggregate.*_hyper_/s, "$call: partial aggregates in parallel");
	same("$call, in parallel: as over one table", "$parallel SELECT $call FROM hyper", "SELECT $call FROM fact");
  SKIP:
	{
		skip "under the licence of this TimescaleDB ($licence) chunks are not aggregated one by one", 2 unless $licence eq 'timescale';
		like($node->safe_psql('postgres', "$chunks EXPLAIN (COSTS OFF) SELECT $call FROM hyper"),
			qr/Finalize Aggregate.*Append(.*Partial Aggregate.*_hyper_){2}/s, "$call: partial aggregates a chunk");
		same("$call, chunk by chunk: as over one table", "$chunks SELECT $call FROM hyper", "SELECT $call FROM fact");
	}
}

# A panel a bucket, rolled up, is the panel of all rows.
same('panels by bucket, rolled up', "SELECT team, coachdiag.rollup(p) FROM (SELECT team, time_bucket('4 weeks', period), $panel AS p FROM hyper GROUP BY 1, 2) s GROUP BY 1 ORDER BY 1",
	"SELECT team, $panel FROM fact GROUP BY 1 ORDER BY 1");

# A workspace whose sources are views over hypertables gives the diagnoses of one over tables.
fill_workspace($node, 'plain', 'fact');
fill_workspace($node, 'timed', 'hyper');
for my $view ('team_panel', 'gap_dispersion', 'coaching_effect', 'diagnosis', 'recent_contact', 'step_by_agent', 'process_map')
{
	my $want = workspace_answer($node, 'plain', $view);
	ok($want ne '' && alike(workspace_answer($node, 'timed', $view), $want), "workspace over a hypertable: $view");
}
my $problems = source_problems($node, 'plain');
ok($problems ne '' && alike(source_problems($node, 'timed'), $problems), 'workspace over a hypertable: what check_sources finds');

SKIP:
{
	skip "the licence of this TimescaleDB ($licence) has no continuous aggregates", 5 unless $licence eq 'timescale';

	$node->safe_psql('postgres', $_) for (<<"SQL",
CREATE MATERIALIZED VIEW monthly WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT team, time_bucket('4 weeks', period) AS bucket, $panel AS panel FROM hyper GROUP BY 1, 2 WITH NO DATA
SQL
		"CALL refresh_continuous_aggregate('monthly', NULL, '2025-06-01')");
	my $of_rows = "SELECT team, coachdiag.gap_dispersion(value, target, agent, weight) FROM hyper GROUP BY 1 ORDER BY 1";
	my $of_panels = 'SELECT team, coachdiag.gap_dispersion(coachdiag.rollup(panel)) FROM monthly GROUP BY 1 ORDER BY 1';
	like($node->safe_psql('postgres', "EXPLAIN (COSTS OFF) $of_panels"), qr/_materialized_hypertable_.*_hyper_/s, 'stored panels, and rows that are newer');
	same('a continuous aggregate of panels, rolled up in real time: as over the rows', $of_panels, $of_rows);

	$node->safe_psql('postgres', "INSERT INTO hyper SELECT * FROM fact WHERE team = 3 AND period >= '2025-06-01'; INSERT INTO hyper SELECT * FROM fact WHERE team = 5 AND period < '2025-02-01'");
	isnt($node->safe_psql('postgres', $of_panels), $node->safe_psql('postgres', $of_rows), 'late rows count from the next refresh on');
	$node->safe_psql('postgres', "CALL refresh_continuous_aggregate('monthly', NULL, '2025-06-01')");
	same('new rows and late ones, after the refresh', $of_panels, $of_rows);

	$node->safe_psql('postgres', "CREATE MATERIALIZED VIEW yearly WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
		SELECT team, time_bucket('52 weeks', bucket) AS bucket, coachdiag.rollup(panel) AS panel FROM monthly GROUP BY 1, 2");
	same('a continuous aggregate over a continuous aggregate', 'SELECT team, coachdiag.gap_dispersion(coachdiag.rollup(panel)) FROM yearly GROUP BY 1 ORDER BY 1', $of_rows);
}

$node->stop;
done_testing();
