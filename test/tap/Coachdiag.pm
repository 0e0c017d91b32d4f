# What the server-level tests share: a server, sample panels, and the content of a table in one value.
package Coachdiag;
use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(new_node create_panels content_of extension_dir);

# A running server; the staged extension is visible to it through TEMP_CONFIG.
sub new_node
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->start;
	return $node;
}

# The folder the server reads the extension's control file and scripts from.
sub extension_dir
{
	my $share = `$ENV{PG_CONFIG} --sharedir`;
	chomp $share;
	return "$ENV{TESTDIR}/stage$share/extension";
}

# Table panels in a database: panels of every shape, from none to one that is stored out of line.
sub create_panels
{
	my ($node, $database) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, <<'SQL');
CREATE EXTENSION coachdiag;
CREATE TABLE panels (id int PRIMARY KEY, p coachdiag.panel);
INSERT INTO panels VALUES (1, NULL);
INSERT INTO panels
SELECT 2, coachdiag.panel(sin(g) / 3, 0.1, (g % 7)::bigint, date '2025-01-06' + 7 * (g % 11)) FROM generate_series(1, 500) g;
INSERT INTO panels
SELECT 3, coachdiag.panel(300 + 1e-9 * g, NULL, 'A' || lpad((g % 5)::text, 4, '0'), date '2025-01-06' + 7 * (g % 11), g % 13)
FROM generate_series(1, 500) g;
INSERT INTO panels
SELECT 4, coachdiag.panel(CASE WHEN g % 4 > 0 THEN exp(g % 30) END, 1e100, E'tab\t"quote''\\ {,} é' || g % 3, date '2024-12-30' + g % 5,
	g / 7.0, (ARRAY['billing', '', NULL])[1 + g % 3], g % 2, 12.5 * (g % 2), (ARRAY['COACH01', 'COACH 2'])[1 + g % 2], date '2020-02-29' + g % 3)
FROM generate_series(1, 500) g;
INSERT INTO panels
SELECT 5, coachdiag.panel(1.0 / g, 1, g::bigint, date '2025-01-06') FROM generate_series(1, 20000) g;
INSERT INTO panels SELECT 6, coachdiag.panel(-0.0, 0, 1::bigint, NULL::date);
SQL
	return;
}

# Every number of table panels, from the canonical binary form.
sub content_of
{
	my ($node, $database) = @_;
	return $node->safe_psql($database,
		q{SELECT string_agg(id || ':' || coalesce(md5(coachdiag.panel_send(p)), 'null'), ' ' ORDER BY id) FROM panels});
}

1;
