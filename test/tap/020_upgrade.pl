# A released version, upgraded, has the same catalog as a fresh installation of the current one.
# Released install scripts are kept in sql/released, the scripts between versions in sql/upgrade.
use strict;
use warnings;
use Coachdiag;
use File::Copy qw(copy);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('upgrade');
my ($current) = slurp_file(extension_dir() . '/coachdiag.control') =~ /^default_version = '(.*)'/m;

my $fresh = catalog_of('fresh', 'CREATE EXTENSION coachdiag');
like($fresh, qr/^function coachdiag\.agents\(coachdiag\.panel\)/m, 'the catalog of a fresh installation is read');

# The comparison must see what upgrade scripts forget.
my %forgotten = (
	cost => 'ALTER FUNCTION coachdiag.agents(coachdiag.panel) COST 77',
	comment => q{COMMENT ON FUNCTION coachdiag.agents(coachdiag.panel) IS 'another'},
	'parallel label' => 'ALTER FUNCTION coachdiag.agents(coachdiag.panel) PARALLEL UNSAFE',
	object => 'ALTER EXTENSION coachdiag DROP FUNCTION coachdiag.agents(coachdiag.panel)',
	storage => 'ALTER TYPE coachdiag.panel SET (STORAGE = external)',
	privilege => 'REVOKE EXECUTE ON FUNCTION coachdiag.agents(coachdiag.panel) FROM PUBLIC',
);
my $n = 0;
for my $what (sort keys %forgotten)
{
	isnt(catalog_of('changed' . ++$n, "CREATE EXTENSION coachdiag; $forgotten{$what}"), $fresh, "a different $what is noticed");
}

for my $script (sort glob "$ENV{TESTDIR}/sql/released/coachdiag--*.sql")
{
	my ($old) = $script =~ /coachdiag--(.*)\.sql$/;
	next if $old eq $current;
	copy($script, extension_dir()) or die "$script: $!";
	my $database = 'from_' . $old =~ tr/./_/r;
	my $upgraded = catalog_of($database, "CREATE EXTENSION coachdiag VERSION '$old'; " .
		"CREATE TABLE kept AS SELECT coachdiag.panel(g, 1, g::bigint, date '2025-01-06') AS p FROM generate_series(1, 9) g; " .
		'ALTER EXTENSION coachdiag UPDATE');
	is($upgraded, $fresh, "$old upgraded to $current is $current");
	is($node->safe_psql($database, 'SELECT coachdiag.agents(p) FROM kept'), 9, "panels stored under $old are read by $current");
}

done_testing();

# Everything the catalogs say about the extension after some commands in a new database.
sub catalog_of
{
	my ($database, $commands) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, $commands);
	return $node->safe_psql($database, slurp_file("$ENV{TESTDIR}/tap/catalog.sql"));
}
