# Bounds of a panel: many agents, ten years of days and many contact types in one group are answered, in the size documented.
use strict;
use warnings;
use Coachdiag;
use Test::More;

my $node = new_node('bounds');
$node->safe_psql('postgres', 'CREATE EXTENSION coachdiag');

for my $shape ([ 12, 3652, 1, '10 years of days' ], [ 12, 52, 500, '500 contact types' ], [ 2000, 52, 1, '2,000 agents by week' ])
{
	my ($agents, $periods, $types, $what) = @$shape;
	my $made = $node->safe_psql('postgres', <<"SQL");
SELECT coachdiag.agents(p), coachdiag.periods(p), cardinality(coachdiag.contact_types(p)), coachdiag.observations(p),
	coachdiag.memory_size(p) - 72 * $agents * $periods * $types BETWEEN 0 AND 56 + 16 * $agents + 8 * $types + 8 * $types,
	(coachdiag.gap_dispersion(p)).agents, p OPERATOR(coachdiag.=) coachdiag.panel_in(coachdiag.panel_out(p))
FROM (SELECT coachdiag.panel(300 + sin(a + d), 300, a::bigint, date '2016-01-01' + d, 1, 'type ' || lpad(t::text, 3, '0'), NULL, NULL, NULL, NULL) AS p
	FROM generate_series(1, $agents) a, generate_series(1, $periods) d, generate_series(1, $types) t) s
SQL
	is($made, join('|', $agents, $periods, $types, $agents * $periods * $types, 't', $agents, 't'), "$what in one panel");
}

$node->stop;
done_testing();
