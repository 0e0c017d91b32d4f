# The owner of a database installs and uses coachdiag without being superuser; others don't install it.
use strict;
use warnings;
use Coachdiag;
use Test::More;

my $node = new_node('trusted');
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE coachdiag_owner LOGIN;
CREATE ROLE coachdiag_visitor LOGIN;
CREATE DATABASE warehouse OWNER coachdiag_owner;
SQL

my (undef, undef, $refusal) = $node->psql('warehouse', 'CREATE EXTENSION coachdiag', extra_params => [ '-U', 'coachdiag_visitor' ]);
like($refusal, qr/permission denied/, 'somebody else cannot install it');

$node->safe_psql('warehouse', 'CREATE EXTENSION coachdiag', extra_params => [ '-U', 'coachdiag_owner' ]);
is($node->safe_psql('warehouse', q{SELECT pg_get_userbyid(extowner) FROM pg_extension WHERE extname = 'coachdiag'}),
	'coachdiag_owner', 'the owner of the database can');

my $agents = q{SELECT coachdiag.agents(coachdiag.panel(g, 1, g::bigint, date '2025-01-06')) FROM generate_series(1, 9) g};
is($node->safe_psql('warehouse', $agents, extra_params => [ '-U', 'coachdiag_owner' ]), 9, 'and use it');

$node->safe_psql('warehouse', 'GRANT USAGE ON SCHEMA coachdiag TO coachdiag_visitor', extra_params => [ '-U', 'coachdiag_owner' ]);
is($node->safe_psql('warehouse', $agents, extra_params => [ '-U', 'coachdiag_visitor' ]), 9, 'and let others use it');

$node->safe_psql('warehouse', 'DROP EXTENSION coachdiag', extra_params => [ '-U', 'coachdiag_owner' ]);
is($node->safe_psql('warehouse', q{SELECT count(*) FROM pg_extension WHERE extname = 'coachdiag'}), 0, 'and remove it');
is($node->safe_psql('warehouse', q{SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'coachdiag'}),
	0, 'nothing is left of it');

done_testing();
