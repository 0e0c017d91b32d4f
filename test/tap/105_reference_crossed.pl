# crossed_variance and crossed_effects against crossed models of R's lme4, real centres among them.
use strict;
use warnings;
use Coachdiag;
use Reference;
use Test::More;

reference_dir();

# Agent, contact type and value; which rows count; is the model with the interaction?
my @samples = (
	[ qr/^lme4 Penicillin/, 'plate', 'sample', 'diameter' ],
	[ qr/^lme4 Pastes/, 'batch', 'sample', 'strength' ],
	[ qr/^BPIC 2012 work items \(real bank agents\)$/, 'resource', 'activity', 'ln(dur_s::float8)', 'dur_s::float8 >= 10 AND dur_s::float8 < 14400', 1 ],
	[ qr/^PwC .* satisfaction$/, 'agent', 'topic', 'satisfaction', "answered = '1'" ],
	[ qr/^ServiceNow incidents by resolver/, 'resolved_by', 'category', 'ln(hours::float8)', "hours::float8 > 0 AND resolved_by <> '' AND resolved_by <> '?' AND category <> '' AND category <> '?'" ],
);

# Which rows are about two crossed factors without covariates: the model behind the bar, or shares of its variances.
my $crossed = qr/ \| \S+~1\+\(1\|(\w+)\)\+\(1\|(\w+)\)(?:\+\(1\|\1:\2\))?$/;

# Where lme4's search stopped 5e-6 short of the optimum: Newton's method with the exact derivatives, to 1e-13 of the slope.
my %exact_root = (
	E4152 => 0.323868768400305,
	E4156 => 0.476460963491088,
	E4160 => 0.219667846108779,
	E4163 => 0.0326946217079216,
	E4165 => 0.667133709727113,
);

my @left = (
	[ qr/criterion/, 'not shown in SQL: test/unit/test_crossed.c compares it with the likelihood written out' ],
	[ qr/cond\. sd/, 'not shown in SQL, where se has the error of the mean, too: test/unit/test_crossed.c' ],
	[ qr/BLUP ra=/, 'of agent and contact type together: not shown in SQL, test/unit/test_crossed.c' ],
);

my $node = new_node('reference_crossed');
my @rows = grep { $_->{quantity} =~ $crossed || $_->{area} eq 'variance shares' } load_expected($node, q(file <> ''));
load_data();

for my $row (@rows)
{
	my $answer = answer_to($row);
	$answer ? check_row($row, $node->safe_psql('postgres', $answer), published => $exact_root{ $row->{id} }) : leave_row($row, \@left);
}
report();
is(matched('variance components'), 6, 'variances were compared');
done_testing();

sub sample_of
{
	my ($dataset) = @_;
	my ($sample) = grep { $dataset =~ $_->[0] } @samples;
	return $sample;
}

# Tables source and effect: the answers of each dataset.
sub load_data
{
	my %file = map { $_->{dataset} => $_->{file} } @rows;

	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE unit (dataset text, interaction boolean, p coachdiag.panel);
SQL
	for my $dataset (sort keys %file)
	{
		my $sample = sample_of($dataset) or next;
		my (undef, $agent, $type, $value, $where, $interaction) = @$sample;
		load_file($node, $file{$dataset}, "INSERT INTO unit SELECT '$dataset', " . ($interaction ? 'true' : 'false')
			. ", coachdiag.panel(($value)::float8, 0, $agent, NULL::date, 1, $type, NULL, NULL, NULL, NULL) FROM raw WHERE " . ($where // 'true'));
	}
	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE source AS SELECT dataset, v.* FROM unit, coachdiag.crossed_variance(p, interaction) v;
CREATE TABLE effect AS SELECT dataset, e.* FROM unit, coachdiag.crossed_effects(p, interaction) e;
SQL
	return;
}

# SQL that answers a row; nothing when there is none.
sub answer_to
{
	my ($row) = @_;
	my ($quantity, $dataset) = @{$row}{qw(quantity dataset)};
	my $sample = sample_of($dataset) or return;
	my %source = ($sample->[1] => 'agent', $sample->[2] => 'contact type', ra => 'agent on contact type', Residual => 'rest');
	my %kind = ($sample->[1] => 'agent', $sample->[2] => 'contact type');

	return if $quantity =~ /cond\. sd/;
	return "SELECT variance FROM source WHERE dataset = '$dataset' AND source = '$source{$1}'" if $quantity =~ /^REML var\((\w+)\)/ && $source{$1};
	return "SELECT share FROM source WHERE dataset = '$dataset' AND source = '$source{$1}'" if $quantity =~ /^share of total variance var\((\w+)\)$/ && $source{$1};
	return "SELECT effect FROM effect WHERE dataset = '$dataset' AND kind = 'all'" if $quantity =~ /^REML coef \(Intercept\)/;
	return "SELECT se FROM effect WHERE dataset = '$dataset' AND kind = 'all'" if $quantity =~ /^REML se \(Intercept\)/;
	return "SELECT effect FROM effect WHERE dataset = '$dataset' AND kind = '$kind{$1}' AND item = '$2'" if $quantity =~ /^REML BLUP (\w+)=(.+) \(Intercept\)/ && $kind{$1};
	return;
}
