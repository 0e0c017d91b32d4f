# The same rows give the same answer to 1e-12, whatever their order, the plan, and the way they were merged.
use strict;
use warnings;
use Coachdiag;
use Test::More;

my $tolerance = 1e-12;
my $node = new_node('invariance');

# Units of 2 to 40 agents, weights that aren't whole numbers, NULLs on every argument.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION coachdiag;
SELECT setseed(0.42);
CREATE TABLE work AS
SELECT id, 1 + id % 6 AS unit, agent, 'agent ' || agent AS name, period, contact_type,
	CASE WHEN random() > 0.02 THEN 300 + 25 * sin(agent) + 8 * (random() + random() - 1) + 5 * (contact_type = 'billing')::int END AS value,
	CASE WHEN random() > 0.02 THEN 280.0 + 10 * (contact_type = 'billing')::int END AS target,
	CASE WHEN random() > 0.02 THEN 0.5 + 4 * random() END AS weight,
	CASE WHEN random() < 0.1 THEN 1.0 END AS sessions, CASE WHEN random() < 0.1 THEN 30 * random() END AS minutes,
	CASE WHEN random() < 0.5 THEN 'COACH' || agent % 4 END AS coach, date '2023-01-01' + (7 * agent)::int AS hired_on
FROM (SELECT id, CASE WHEN random() > 0.02 THEN floor(random() ^ 2 * (ARRAY[2, 3, 8, 12, 20, 40])[1 + id % 6])::bigint END AS agent,
	CASE WHEN random() > 0.02 THEN date '2025-01-06' + 7 * floor(26 * random())::int END AS period,
	(ARRAY['billing', 'moves', NULL])[1 + floor(3 * random())::int] AS contact_type FROM generate_series(1, 12000) id) s;
ALTER TABLE work SET (parallel_workers = 4);

CREATE TABLE work_parts (LIKE work) PARTITION BY RANGE (id);
CREATE TABLE work_one PARTITION OF work_parts FOR VALUES FROM (1) TO (2);
CREATE TABLE work_few PARTITION OF work_parts FOR VALUES FROM (2) TO (60);
CREATE TABLE work_most PARTITION OF work_parts FOR VALUES FROM (60) TO (12001);
CREATE TABLE work_none PARTITION OF work_parts FOR VALUES FROM (12001) TO (12002);
CREATE TABLE work_null PARTITION OF work_parts FOR VALUES FROM (12002) TO (13000);
INSERT INTO work_parts SELECT * FROM work;
INSERT INTO work_parts (id, unit) SELECT 12002 + i, 1 + i % 6 FROM generate_series(1, 100) i;

ANALYZE;

-- Without statistics, so that the planner thinks them worth several workers.
CREATE TABLE nothing (LIKE work) WITH (parallel_workers = 4, autovacuum_enabled = off);
CREATE TABLE blank (LIKE work) WITH (parallel_workers = 4, autovacuum_enabled = off);
INSERT INTO blank (id) SELECT generate_series(1, 1000);
SQL

# What is asked of a table, one row a unit: every aggregate here, and every number of its result.
my $columns = 'value, target, agent, period, weight, contact_type, sessions, minutes, coach, hired_on';
my $by_cell = 'ORDER BY unit, c.agent, c.period, c.contact_type, c.coach, c.target';
my $by_name = $columns =~ s/agent/name/r;
my %question = (
	'gap_dispersion of rows' => 'coachdiag.gap_dispersion(value, target, agent, weight%s)',
	'gap_dispersion of rows, text agents' => 'coachdiag.gap_dispersion(value, target, name, weight%s)',
	'gap_dispersion of rows, without weight' => 'coachdiag.gap_dispersion(value, target, agent%s)',
	'gap_dispersion of a panel' => "coachdiag.gap_dispersion(coachdiag.panel($columns%s), true)",
	'heterogeneity' => 'coachdiag.heterogeneity(value, weight%s)',
	'heterogeneity by DL' => "coachdiag.heterogeneity(value, weight, 'DL'%s)",
);

my $serial = 'SET max_parallel_workers_per_gather = 0;';
my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather =';
my $partition_wise = "$serial SET enable_partitionwise_aggregate = on;";

sub ask
{
	my ($question, $from, $order) = @_;
	my $call = sprintf $question{$question}, $order ? " ORDER BY $order" : '';
	return "SELECT unit, ($call).* FROM $from GROUP BY unit ORDER BY unit";
}

sub plan_of
{
	my ($settings, $query) = @_;
	return $node->safe_psql('postgres', "$settings EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $query");
}

# Both queries give the same rows: numbers to the tolerance, all else exactly.
sub same
{
	my ($name, $got, $want, $limit) = @_;
	my @got = rows_of($got);
	my @want = rows_of($want);
	my @differ = grep { !same_row($got[$_], $want[$_], $limit // $tolerance) } 0 .. ($#got > $#want ? $#got : $#want);

	return ok(@want > 0 && !@differ, $name)
		|| diag(map { "got  $_->[0]\nwant $_->[1]\n" } map { [ $got[$_] // '(no row)', $want[$_] // '(no row)' ] } @differ ? $differ[0] : 0);
}

sub rows_of
{
	my ($query) = @_;
	return split /\n/, $node->safe_psql('postgres', $query);
}

sub same_row
{
	my ($got, $want, $limit) = @_;
	return 0 if !defined $got || !defined $want;
	my @got = split /\|/, $got, -1;
	my @want = split /\|/, $want, -1;
	return @got == @want && !grep { !same_value($got[$_], $want[$_], $limit) } 0 .. $#got;
}

sub same_value
{
	my ($got, $want, $limit) = @_;
	return 1 if $got eq $want;
	return 0 if grep { !/^-?\d+(\.\d+)?(e[-+]\d+)?$/ } $got, $want;
	my $size = abs($got) > abs($want) ? abs $got : abs $want;
	return abs($got - $want) <= $limit * $size;
}

my %asked = map { $_ => "$serial " . ask($_, 'work') } sort keys %question;
for my $question (sort keys %question)
{
	my $want = $asked{$question};
	my @values = split /\|/, (rows_of($want))[5], -1;
	cmp_ok(scalar(grep { $_ ne '' } @values), '>=', 14, "$question: there are numbers to compare");

	same("$question: rows in the order of $_", "$serial " . ask($question, 'work', $_), $want)
		for 'id DESC', 'md5(id::text)', 'value, id', 'agent, id', 'weight DESC NULLS LAST';

	for my $workers (1, 2, 4)
	{
		my $query = ask($question, 'work');
		my $plan = plan_of("$parallel $workers;", $query);
		like($plan, qr/Partial (Hash|Group)?Aggregate/, "$question: partial aggregates under $workers workers");
		like($plan, qr/Workers Launched: $workers/, "$question: $workers workers at work");
		same("$question: $workers workers", "$parallel $workers; $query", $want);
	}

	my $query = ask($question, 'work_parts');
	like(plan_of($partition_wise, $query), qr/Append.*Partial (Hash|Group)?Aggregate/s, "$question: partial aggregates under Append");
	same("$question: partition-wise, one partition with one row, one with none, one with only NULLs", "$partition_wise $query", $want);
	same("$question: partition-wise and in parallel", "$partition_wise $parallel 4; $query", $want);

	same("$question: spilled to disk", "$serial SET work_mem = '64kB'; SET enable_sort = off; SET hash_mem_multiplier = 1; " . ask($question, 'work'), $want);
}

# Stored panels: any parts, any order of merging.
for my $parts (1, 2, 3, 7, 64)
{
	$node->safe_psql('postgres', <<"SQL");
DROP TABLE IF EXISTS stored;
CREATE TABLE stored AS SELECT unit, abs(hashint4(id)) % $parts AS part, coachdiag.panel($columns) AS p, coachdiag.panel($by_name) AS named FROM work GROUP BY 1, 2;
ALTER TABLE stored SET (parallel_workers = 2);
ANALYZE stored;
SQL
	for my $order ('part', 'part DESC', 'md5(part::text)')
	{
		my $cells = "coachdiag.cells((SELECT coachdiag.rollup(%s ORDER BY $order) FROM stored WHERE stored.unit = units.unit))";
		my $units = 'generate_series(1, 6) units(unit)';
		my $d = "(coachdiag.gap_dispersion(coachdiag.rollup(%s ORDER BY $order)%s)).*";

		same("stored, $parts parts, $order: the panel has the cells of the whole",
			"SELECT unit, c.* FROM $units, " . sprintf($cells, 'p') . ' c ' . $by_cell,
			"$serial SELECT unit, c.* FROM (SELECT unit, coachdiag.panel($columns) AS p FROM work GROUP BY unit) s, coachdiag.cells(p) c $by_cell");
		same("stored, $parts parts, $order: as in one step", 'SELECT unit, ' . sprintf($d, 'p', '') . ' FROM stored GROUP BY unit ORDER BY unit', $asked{'gap_dispersion of rows'});
		same("stored, $parts parts, $order: text agents", 'SELECT unit, ' . sprintf($d, 'named', '') . ' FROM stored GROUP BY unit ORDER BY unit', $asked{'gap_dispersion of rows, text agents'});
		same("stored, $parts parts, $order: oriented", 'SELECT unit, ' . sprintf($d, 'p', ', true') . ' FROM stored GROUP BY unit ORDER BY unit', $asked{'gap_dispersion of a panel'});
	}
	my $rollup = 'SELECT unit, (coachdiag.gap_dispersion(coachdiag.rollup(p))).* FROM stored GROUP BY unit ORDER BY unit';
	same("stored, $parts parts: merged in parallel", "$parallel 2; $rollup", $asked{'gap_dispersion of rows'});
}
same('panels of panels', <<'SQL', $asked{'gap_dispersion of rows'});
SELECT unit, (coachdiag.gap_dispersion(coachdiag.rollup(p))).* FROM (SELECT unit, coachdiag.rollup(p ORDER BY part) AS p FROM stored GROUP BY unit, part % 5) s GROUP BY unit ORDER BY unit
SQL
same('NULL panels between the others', <<'SQL', $asked{'gap_dispersion of rows'});
SELECT unit, (coachdiag.gap_dispersion(coachdiag.rollup(p ORDER BY part))).* FROM (SELECT * FROM stored UNION ALL SELECT unit, -1 + 70 * i, NULL, NULL FROM stored, generate_series(0, 1) i) s GROUP BY unit ORDER BY unit
SQL
like(plan_of("$parallel 2;", 'SELECT coachdiag.rollup(p) FROM stored'), qr/Workers Launched: 2.*Partial Aggregate/s, 'rollup runs in parallel');

# A row with NULL where it counts is as if it were not there.
same("gap_dispersion: rows with NULL $_ don't count",
	"$serial SELECT unit, (coachdiag.gap_dispersion(" . join(', ', map { $_ } nulled($_)) . ')).* FROM work GROUP BY unit ORDER BY unit',
	"$serial SELECT unit, (coachdiag.gap_dispersion(value, target, agent, weight)).* FROM work WHERE id % 7 <> 0 GROUP BY unit ORDER BY unit")
	for qw(value target agent weight);
same("panel: a row with NULL $_ brings only its dose",
	"$serial SELECT unit, c.* FROM (SELECT unit, coachdiag.panel(" . join(', ', (nulled($_))[ 0 .. 2 ], 'period', (nulled($_))[3]) . ") AS p FROM work GROUP BY unit) s, coachdiag.cells(p) c $by_cell",
	"$serial SELECT unit, c.* FROM (SELECT unit, coachdiag.panel(value, target, agent, period, weight) AS p FROM work WHERE id % 7 <> 0 GROUP BY unit) s, coachdiag.cells(p) c $by_cell")
	for qw(value agent weight);
same("heterogeneity: rows with NULL $_ don't count",
	"$serial SELECT unit, (coachdiag.heterogeneity(" . join(', ', (nulled($_))[ 0, 3 ]) . ')).* FROM work GROUP BY unit ORDER BY unit',
	"$serial SELECT unit, (coachdiag.heterogeneity(value, weight)).* FROM work WHERE id % 7 <> 0 GROUP BY unit ORDER BY unit")
	for qw(value weight);

# The arguments value, target, agent, weight, with NULL for one of them in every seventh row.
sub nulled
{
	my ($argument) = @_;
	return map { $_ eq $argument ? "CASE WHEN id % 7 <> 0 THEN $_ END" : $_ } qw(value target agent weight);
}

# Nothing to add up.
for my $question (sort keys %question)
{
	my $call = sprintf $question{$question}, '';
	for my $none ('nothing', 'work WHERE coalesce(value, 1) < -abs(id)', 'blank')
	{
		my $query = "SELECT $call IS NULL, count(*) FROM $none";
		like(plan_of("$parallel 4;", $query), qr/Workers Launched: 4.*Partial Aggregate/s, "$question from $none: a parallel plan");
		like($node->safe_psql('postgres', "$parallel 4; $query"), qr/^t\|\d+$/, "$question from $none: NULL");
	}
	is($node->safe_psql('postgres', "$parallel 4; SELECT unit, $call FROM nothing GROUP BY unit"), '', "$question: no group, no row");
}

# Grouping sets, FILTER, windows.
my $gap = 'coachdiag.gap_dispersion(value, target, agent, weight)';
my $panel = "coachdiag.gap_dispersion(coachdiag.panel($columns))";
same("$_: grouping sets", <<"SQL", <<"SQL") for $gap, $panel;
$serial SELECT unit, contact_type, grouping(unit, contact_type) AS level, ($_).* FROM work GROUP BY GROUPING SETS ((unit, contact_type), (unit), ()) ORDER BY 1, 2, 3
SQL
$serial SELECT unit, contact_type, 0 AS level, ($_).* FROM work GROUP BY unit, contact_type
UNION ALL SELECT unit, NULL, 1, ($_).* FROM work GROUP BY unit UNION ALL SELECT NULL, NULL, 3, ($_).* FROM work ORDER BY 1, 2, 3
SQL
same('gap_dispersion: FILTER is as WHERE',
	"$serial SELECT unit, (g).* FROM (SELECT unit, $gap FILTER (WHERE value > 300) AS g FROM work GROUP BY unit) s ORDER BY unit",
	"$serial SELECT unit, ($gap).* FROM work WHERE value > 300 GROUP BY unit ORDER BY unit");
same('panel: FILTER is as WHERE',
	"$serial SELECT unit, (coachdiag.gap_dispersion(p)).* FROM (SELECT unit, coachdiag.panel($columns) FILTER (WHERE value > 300) AS p FROM work GROUP BY unit) s ORDER BY unit",
	"$serial SELECT unit, (coachdiag.gap_dispersion(coachdiag.panel($columns))).* FROM work WHERE value > 300 GROUP BY unit ORDER BY unit");

my %frame = (
	'UNBOUNDED PRECEDING AND CURRENT ROW' => 'b.id <= a.id',
	'30 PRECEDING AND 10 FOLLOWING' => 'b.id BETWEEN a.id - 30 AND a.id + 10',
	'CURRENT ROW AND UNBOUNDED FOLLOWING' => 'b.id >= a.id',
	'5 FOLLOWING AND 9 FOLLOWING' => 'b.id BETWEEN a.id + 5 AND a.id + 9',
);
for my $frame (sort keys %frame)
{
	my $few = '(SELECT * FROM work WHERE id <= 100)';
	same("gap_dispersion: over ROWS BETWEEN $frame",
		"$serial SELECT id, (g).* FROM (SELECT id, $gap OVER (ORDER BY id ROWS BETWEEN $frame) AS g FROM $few w) s ORDER BY id",
		"$serial SELECT id, (g).* FROM $few a, LATERAL (SELECT coachdiag.gap_dispersion(b.value, b.target, b.agent, b.weight) AS g FROM $few b WHERE $frame{$frame}) s ORDER BY id");
}

# Several aggregates over the same arguments, in one query as alone.
same('panel and gap_dispersion side by side: as alone',
	"$serial SELECT unit, (g).*, (d).* FROM (SELECT unit, $gap AS g, coachdiag.gap_dispersion(coachdiag.rollup(q), true) AS d FROM (SELECT unit, value, target, agent, weight, NULL::coachdiag.panel AS q FROM work"
	. " UNION ALL SELECT unit, NULL, NULL, NULL, NULL, coachdiag.panel($columns) FROM work GROUP BY unit) s GROUP BY unit) t ORDER BY unit",
	"$serial SELECT unit, (g).*, (d).* FROM (SELECT unit, $gap AS g, coachdiag.gap_dispersion(coachdiag.panel($columns), true) AS d FROM work GROUP BY unit) t ORDER BY unit");
for my $twice ("$parallel 4;", $serial)
{
	same("the state that two aggregates share is changed by neither" . ($twice eq $serial ? '' : ', in parallel'),
		"$twice SELECT unit, (g).* FROM (SELECT unit, coachdiag.gap_dispersion(coachdiag.panel(value, target, agent, period)) AS first, $gap AS g,"
		. " coachdiag.gap_dispersion(coachdiag.panel(value, target, agent, period), true) AS last FROM work GROUP BY unit) s ORDER BY unit",
		$asked{'gap_dispersion of rows'});
	same("one state, two final functions" . ($twice eq $serial ? '' : ', in parallel'),
		"$twice SELECT unit, coachdiag.observations(p), (g).* FROM (SELECT unit, coachdiag.panel(value, target, agent, NULL) AS p, coachdiag.gap_dispersion(value, target, agent) AS g FROM work GROUP BY unit) s ORDER BY unit",
		"$serial SELECT unit, (SELECT count(*) FROM work w WHERE w.unit = s.unit AND value IS NOT NULL AND agent IS NOT NULL), (g).* FROM (SELECT unit, coachdiag.gap_dispersion(value, target, agent) AS g FROM work GROUP BY unit) s ORDER BY unit");
}

# Other units of measurement: gaps go with the scale, variances with its square, shares and tests stay.
my $shares = 'agents, observations, icc, i_squared, reliability, consistency, share_short, share_low, share_high, f, f_p, method';
my @gaps = qw(mean_gap mean_low mean_high within_sd between_sd between_low between_high predict_low predict_high);
sub scaled
{
	my ($value, $target, $scale) = @_;
	my $gaps = join ', ', map { "$_ / $scale" } @gaps;
	return "$serial SELECT unit, $shares, $gaps, between_variance / $scale ^ 2 FROM (SELECT unit, (coachdiag.gap_dispersion($value, $target, agent, weight)).* FROM work GROUP BY unit) s ORDER BY unit";
}
same('64 times the unit of measurement', scaled('64 * value', '64 * target', 64), scaled('value', 'target', 1));
same('another unit of measurement', scaled('value / 60', 'target / 60', '(1 / 60.0::float8)'), scaled('value', 'target', 1), 1e-9);
same('values and targets shifted alike', scaled('value + 4096', 'target + 4096', 1), scaled('value', 'target', 1), 1e-9);

my $noise = 'within_sd / sqrt(%s), ' . join(', ', grep { $_ ne 'within_sd' } @gaps) . ', between_variance, i_squared, reliability, f, f_p';
same('all weights times 4: only the noise of a value of weight 1 is another',
	sprintf("$serial SELECT unit, $noise FROM (SELECT unit, (coachdiag.gap_dispersion(value, target, agent, weight * 4)).* FROM work GROUP BY unit) s ORDER BY unit", 4),
	sprintf("$serial SELECT unit, $noise FROM (SELECT unit, ($gap).* FROM work GROUP BY unit) s ORDER BY unit", 1));

same('the mirror image of values and targets', mirrored('-value, -target', 'false'), mirrored('value, target', 'true'));
sub mirrored
{
	my ($values, $higher_is_better) = @_;
	return "$serial SELECT unit, (coachdiag.gap_dispersion(coachdiag.panel($values, agent, NULL, weight), $higher_is_better)).* FROM work GROUP BY unit ORDER BY unit";
}

# All rows twice: the same means, twice the squares, and F by its degrees of freedom.
my $both = '(SELECT * FROM work UNION ALL SELECT * FROM work) w';
same('all rows twice: the cells',
	"$serial SELECT unit, agent, c.period, contact_type, coach, observations, weight, mean, m2, target, sessions, minutes FROM (SELECT unit, coachdiag.panel($columns) AS p FROM $both GROUP BY unit) s, coachdiag.cells(p) c $by_cell",
	"$serial SELECT unit, agent, c.period, contact_type, coach, 2 * observations, 2 * weight, mean, 2 * m2, target, 2 * sessions, 2 * minutes FROM (SELECT unit, coachdiag.panel($columns) AS p FROM work GROUP BY unit) s, coachdiag.cells(p) c $by_cell");
same('all rows twice: F',
	"$serial SELECT unit, agents, observations, f FROM (SELECT unit, (coachdiag.gap_dispersion(value, target, agent, weight)).* FROM $both GROUP BY unit) s ORDER BY unit",
	"$serial SELECT unit, agents, 2 * observations, f * (2 * observations - agents) / (observations - agents) FROM (SELECT unit, ($gap).* FROM work GROUP BY unit) s ORDER BY unit");

# Values dealt out at random carry nothing of the agents.
is($node->safe_psql('postgres', <<'SQL'), 't|t|t', 'values dealt out at random: no spread between agents is left');
WITH dealt AS (SELECT v.value, w.agent FROM (SELECT value, row_number() OVER (ORDER BY md5(id::text)) AS n FROM work WHERE unit = 6 AND value IS NOT NULL) v
	JOIN (SELECT agent, row_number() OVER (ORDER BY id) AS n FROM work WHERE unit = 6 AND value IS NOT NULL) w USING (n)),
d AS (SELECT (coachdiag.gap_dispersion(value, 280, agent)).* FROM dealt),
real AS (SELECT (coachdiag.gap_dispersion(value, 280, agent)).* FROM work WHERE unit = 6)
SELECT d.between_sd < 0.1 * real.between_sd, real.between_low > 10, d.f_p > 0.001 FROM d, real
SQL

done_testing();
