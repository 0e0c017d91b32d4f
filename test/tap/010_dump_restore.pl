# Stored panels survive pg_dump and COPY, in text and in binary form, to the last digit.
use strict;
use warnings;
use Coachdiag;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('dump');
my $dir = PostgreSQL::Test::Utils::tempdir;

create_panels($node, 'source');
$node->safe_psql('source', <<'SQL');
CREATE MATERIALIZED VIEW merged AS SELECT coachdiag.rollup(p) AS p FROM panels WHERE id IN (2, 5);
CREATE INDEX ON panels (coachdiag.observations(p));
SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric (metric, higher_is_better, target) VALUES ('handle_time', false, 300);
INSERT INTO ops.assignment (agent_id, team, valid_from) SELECT g, 'Billing A', '2024-12-01' FROM generate_series(1, 12) g;
INSERT INTO ops.agent_metric (agent_id, metric, period, value, volume)
SELECT g, 'handle_time', date '2025-01-06' + 7 * w, 330 + g + sin(w), 50 FROM generate_series(1, 12) g, generate_series(0, 11) w;
CALL coachdiag.refresh('ops');
SQL
my $diagnosis = diagnosis('source');
like($diagnosis, qr/Billing A/, 'a workspace has its diagnosis');
my $content = content_of($node, 'source');
like($content, qr/^1:null 2:[0-9a-f]{32} .* 6:[0-9a-f]{32}$/, 'the panels are there');

sub same_after_restore
{
	my ($database, $how) = @_;
	is(content_of($node, $database), $content, "$how: same panels");
	is(merged($database), merged('source'), "$how: same materialised roll-up");
	is($node->safe_psql($database, 'SELECT coachdiag.agents(p) FROM panels WHERE id = 5'), 20000, "$how: panels can be opened");
	is(diagnosis($database), $diagnosis, "$how: the workspace shows the same diagnosis");
	$node->safe_psql($database, q{CALL coachdiag.refresh('ops')});
	is(diagnosis($database), $diagnosis, "$how: and the same again after a refresh");
	return;
}

sub diagnosis
{
	my ($database) = @_;
	return $node->safe_psql($database, 'SELECT team, metric, verdict, mean_gap FROM ops.diagnosis ORDER BY 1, 2');
}

sub merged
{
	my ($database) = @_;
	return $node->safe_psql($database, 'SELECT md5(coachdiag.panel_send(p)) FROM merged');
}

$node->command_ok([ 'pg_dump', '-d', $node->connstr('source'), '-f', "$dir/plain.sql" ], 'pg_dump as a script');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('plain'), '-f', "$dir/plain.sql" ], 'the script runs');
same_after_restore('plain', 'script');

$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr('source'), '-f', "$dir/custom.dump" ], 'pg_dump as an archive');
$node->safe_psql('postgres', 'CREATE DATABASE custom');
$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('custom'), "$dir/custom.dump" ], 'the archive restores');
same_after_restore('custom', 'archive');

$node->command_ok([ 'pg_dump', '-s', '-d', $node->connstr('source'), '-f', "$dir/schema.sql" ], 'pg_dump without data');
$node->safe_psql('postgres', 'CREATE DATABASE bare');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('bare'), '-f', "$dir/schema.sql" ], 'the script runs');
for my $relation (qw(metric assignment agent_metric))
{
	$node->safe_psql('source', "COPY ops.$relation TO '$dir/$relation'");
	$node->safe_psql('bare', "COPY ops.$relation FROM '$dir/$relation'");
}
$node->safe_psql('bare', q{CALL coachdiag.refresh('ops')});
is(diagnosis('bare'), $diagnosis, 'a copy without data, filled again: the same diagnosis after a refresh');
$node->safe_psql('bare', q{CALL coachdiag.refresh('ops')});
is(diagnosis('bare'), $diagnosis, 'and after the next');

for my $format (qw(text csv binary))
{
	$node->safe_psql('source', "COPY panels TO '$dir/panels.$format' (FORMAT $format)");
	$node->safe_psql('postgres', "CREATE DATABASE copy_$format");
	$node->safe_psql("copy_$format", <<"SQL");
CREATE EXTENSION coachdiag;
CREATE TABLE panels (id int PRIMARY KEY, p coachdiag.panel);
COPY panels FROM '$dir/panels.$format' (FORMAT $format);
SQL
	is(content_of($node, "copy_$format"), $content, "COPY $format: same panels");
}

done_testing();
