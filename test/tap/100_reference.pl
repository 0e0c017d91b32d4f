# The SQL functions against published values: NIST StRD, one-way mixed models, rates, meta-analysis.
use strict;
use warnings;
use Coachdiag;
use POSIX qw(erfc);
use Reference;
use Test::More;

reference_dir();

# Which columns of a dataset's file are agent and value, and which rows count; $1 is the match.
my @samples = (
	[ qr/^NIST (?:Lew|Lottery|Mavro|Michelso|NumAcc\d|PiDigits)$/, "'all'", 'y' ],
	[ qr/^NIST (?:AtmWtAg|SiRstv|SmLs\d\d)$/, 'treatment', 'y' ],
	[ qr/^NIST handbook GEAR$/, 'batch', 'diameter' ],
	[ qr/^lme4 Dyestuff2?$/, '"Batch"', '"Yield"' ],
	[ qr/^nlme Rail$/, '"Rail"', 'travel' ],
	[ qr/^multilevel bh1996 (HRS|LEAD|WBEING)$/, '"GRP"', '"$1"' ],
	[ qr/^mlmRev Exam /, 'school', 'normexam' ],
	[ qr/^PwC .*\)$/, 'agent', 'resolved' ],
	[ qr/^PwC .* (satisfaction|talk_s|speed_of_answer_s)$/, 'agent', '$1', "answered = '1'" ],
	[ qr/^BPIC 2012 work items \(real bank agents\)$/, 'resource', 'ln(dur_s::float8)', 'dur_s::float8 >= 10 AND dur_s::float8 < 14400' ],
);

# Which columns are unit, estimate and its variance.
my @estimates = (
	[ qr/^(?:dat\.|Eight schools)/, 'id', 'yi', 'vi' ],
	[ qr/^BPIC 2012 offer calls/, 'resource', 'yi', 'vi' ],
	[ qr/^ServiceNow SLA rate/, 'resolved_by', 'ln(x::float8 / (n::float8 - x::float8))', '1 / x::float8 + 1 / (n::float8 - x::float8)' ],
);

# Answers from table oneway: the columns of gap_dispersion, and what follows from them and the cells.
my $one_way = qr/ \| [\w()]+~1\+\(1\|\w+\)$/;
my @sample_answers = (
	[ qr/^(?:n|N|calls|rows after filter)$/, 'observations' ],
	[ qr/^k groups$/, 'agents' ],
	[ qr/^resolved$/, 'total' ],
	[ qr/^mean$/, 'mean_gap' ],
	[ qr/^mean (talk_s) \(answered\)$/, q{(SELECT total / observations FROM oneway o WHERE o.dataset = oneway.dataset || ' $1')} ],
	[ qr/^(?:sd \(n-1\)|residual sd)$/, 'sqrt(msw)' ],
	[ qr/^df between$/, 'agents - 1' ],
	[ qr/^df within$/, 'observations - agents' ],
	[ qr/^SS between$/, 'f * msw * (agents - 1)' ],
	[ qr/^SS within$/, 'msw * (observations - agents)' ],
	[ qr/^(?:MS between|MSB)$/, 'f * msw' ],
	[ qr/^(?:MS within|MSW)$/, 'msw' ],
	[ qr/^(?:one-way ANOVA )?F$/, 'f' ],
	[ qr/^F p-value$/, 'f_p' ],
	[ qr/^R2$/, 'f * (agents - 1) / (f * (agents - 1) + observations - agents)' ],
	[ qr/^n0\b/, 'n0' ],
	[ qr/^sigma2_between \(ANOVA, untruncated\)$/, '(f - 1) * msw / n0' ],
	[ qr/^var between \(ANOVA, truncated at 0\)$/, 'greatest(f - 1, 0) * msw / n0' ],
	[ qr/^ICC\(1\)$/, '(f - 1) / (f + n0 - 1)' ],
	[ qr/^ICC1 multilevel package/, '(f - 1) / (f + observations / agents::float8 - 1)' ],
	[ qr/^(?:ICC\(2\) = 1-1\/F|ICC2 multilevel package|reliability of a group mean ICC\(2\))$/, '1 - 1 / f' ],
	[ qr/^REML (?:var\(Residual\)$one_way|residual variance \(printed\)$)/, 'within_sd ^ 2' ],
	[ qr/^REML residual sd \(printed\)$/, 'within_sd' ],
	[ qr/^REML var\(\w+\)(?:$one_way| \(printed, boundary\)$)/, 'between_variance' ],
	[ qr/^REML coef \(Intercept\)$one_way/, 'mean_gap' ],
	[ qr/^REML se \(Intercept\)$one_way/, 'gls_se' ],
	[ qr/^REML BLUP \w+=(\S+) \(Intercept\)$one_way/, q{(SELECT effect FROM blup b WHERE b.dataset = oneway.dataset AND agent = '$1')} ],
	[ qr/^REML BLUP cond\. sd \w+=(\S+) \(Intercept\)$one_way/, q{(SELECT sd FROM blup b WHERE b.dataset = oneway.dataset AND agent = '$1')} ],
	[ qr/^Wilson 95% (lower|upper) (\w+)$/, q{(SELECT rate_$1 FROM wilson w WHERE w.dataset = oneway.dataset AND agent = '$2')} ],
);

# Answers from table pooled: the columns of heterogeneity by method, which is $1 (REML where there is none).
my $method = qr/(REML|DL|PM|ML|HE|SJ|FE)/;
my @estimate_answers = (
	[ qr/^()k$/, 'k' ],
	[ qr/^$method tau2(?: \(printed\))?$/, 'between_variance' ],
	[ qr/^$method mean$/, 'mean' ],
	[ qr/^$method se$/, 'plain_se' ],
	[ qr/^$method Knapp-Hartung se$/, 'se' ],
	[ qr/^$method Knapp-Hartung CI lower$/, 'mean_low' ],
	[ qr/^$method Knapp-Hartung CI upper$/, 'mean_high' ],
	[ qr/^$method I2 percent$/, '100 * i_squared' ],
	[ qr/^$method H2$/, '1 / (1 - i_squared)' ],
	[ qr/^()Q$/, 'q' ],
	[ qr/^()Q (?:p-value|p)$/, 'q_p' ],
	[ qr/^()Q-profile tau2 CI lower$/, 'between_low' ],
	[ qr/^()Q-profile tau2 CI upper$/, 'between_high' ],
	[ qr/^$method PI lower \(Higgins t, k-2\)$/, 'predict_low' ],
	[ qr/^$method PI upper \(Higgins t, k-2\)$/, 'predict_high' ],
	[ qr/^$method PI lower \(normal\)$/, 'mean - 1.959963984540054 * sqrt(plain_se ^ 2 + between_variance)' ],
	[ qr/^$method PI upper \(normal\)$/, 'mean + 1.959963984540054 * sqrt(plain_se ^ 2 + between_variance)' ],
	[ qr/^$method exp\(CI lower\) \(printed\)$/, 'exp(mean - 1.959963984540054 * plain_se)' ],
	[ qr/^$method exp\(CI upper\) \(printed\)$/, 'exp(mean + 1.959963984540054 * plain_se)' ],
	[ qr/^$method P\(random unit effect < 0\)$/, 'mean / sqrt(between_variance)', sub { erfc($_[0] / sqrt 2) / 2 } ],
	[ qr/^$method BLUP (?:unit id=|agent )(\S+)$/, q{(SELECT shrunk FROM shrunken s WHERE s.dataset = pooled.dataset AND unit = '$2')} ],
	[ qr/^$method BLUP se unit id=(\S+)$/, q{(SELECT sqrt(between_variance * share + (share * plain_se) ^ 2)
		FROM (SELECT variance / (variance + between_variance) AS share FROM estimate e WHERE e.dataset = pooled.dataset AND unit = '$2') s)} ],
);

# What this release's SQL does not answer within the areas it does answer.
my @left = (
	[ qr/autocorrelation|Kruskal|Levene|Bartlett/, 'other tests: later' ],
	[ qr/criterion|^ML (?:var|coef|se)|se\(tau2\)|Knapp-Hartung p$/, 'not shown in SQL: unit tests of src/stats' ],
	[ qr/ICC\(1\) exact/, 'interval of a ratio of variances: gap_dispersion has those of the variances' ],
	[ qr/GLMM|^AGQ|^Laplace/, 'rates by maximum likelihood: unit tests of src/stats' ],
	[ qr/James-Stein|^JS /, 'another estimator' ],
	[ qr/ \| |lme4|printed/, 'models beyond one way: 105_reference_crossed.pl, or no function' ],
);

# Rows of areas in which nothing is answered here.
my @later = ([ qr/./, 'areas of other tests, or of none' ]);

# NIST's sd, F and what follows from them: the digits that doubles can carry (107.8681 is already off by 1e-14).
my $from_squares = qr/^(?:sd|SS|MS|F|R2|residual sd|sigma2_between|ICC|reliability)\b/;
my @nist_digits = (
	[ qr/NumAcc3/, 9 ], [ qr/NumAcc4/, 8 ], [ qr/Michelso|Mavro/, 12 ],
	[ qr/SmLs0[456]/, 9 ], [ qr/SmLs0[789]/, 3 ], [ qr/AtmWtAg/, 8 ], [ qr/SiRstv: ICC/, 11 ], [ qr/SiRstv/, 12 ], [ qr/^NIST (?!handbook)/, 14 ],
);

# Values that metafor's default tolerance, or its search limit of 100, cut short; here with tol = 1e-14, tau2.max = 1e5.
my %exact_root = (
	E0656 => 270.367162256186,
	E4198 => 0.275903455694953,
	E4199 => 0.666699324341592,
	E4207 => 0.0982624758155266,
);

my $node = new_node('reference');
my @rows = load_expected($node, q(file <> ''));
load_data();
compute();

my %answer = map { $_->{id} => scalar answer_to($_) } @rows;
my %computed = map { split /\|/, $_, 2 } split /\n/, $node->safe_psql('postgres',
	join "\nUNION ALL ", map { "SELECT '$_', ($answer{$_}[0])::float8" } grep { $answer{$_} } sort keys %answer);

check($_) for grep { $answer{ $_->{id} } } @rows;
leave_row($_, defined matched($_->{area}) ? \@left : \@later) for grep { !$answer{ $_->{id} } } @rows;
report();
done_testing();

# Tables sample and estimate: what the datasets hold.
sub load_data
{
	my %file = map { $_->{dataset} => $_->{file} } @rows;
	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE sample (dataset text, agent text, value float8);
CREATE TABLE estimate (dataset text, unit text, estimate float8, variance float8);
SQL
	for my $dataset (sort keys %file)
	{
		my ($sample) = first_match($dataset, @samples);
		my ($estimate) = first_match($dataset, @estimates);
		load_file($node, $file{$dataset}, "INSERT INTO sample SELECT '$dataset', $sample->[0], ($sample->[1])::float8 FROM raw WHERE " . ($sample->[2] // 'true')) if $sample;
		load_file($node, $file{$dataset}, "INSERT INTO estimate SELECT '$dataset', $estimate->[0], ($estimate->[1])::float8, ($estimate->[2])::float8 FROM raw") if $estimate;
	}
	return;
}

# What stands behind the first pattern that matches, with its groups put in.
sub first_match
{
	my ($text, @patterns) = @_;
	for my $pattern (@patterns)
	{
		my ($regex, @rest) = @$pattern;
		my @groups = $text =~ $regex or next;
		return ([ map { ref $_ || !defined $_ ? $_ : s/\$(\d)/$groups[$1 - 1]/gr } @rest ], $groups[0]);
	}
	return;
}

sub compute
{
	$node->safe_psql('postgres', <<'SQL');
-- Rows in file order: of the digits that doubles can carry, the last depends on the order of addition.
SET max_parallel_workers_per_gather = 0;
CREATE TABLE panels AS SELECT dataset, coachdiag.panel(value, 0, agent, NULL) AS p FROM sample GROUP BY dataset;

CREATE TABLE oneway AS
SELECT dataset, d.*, msw, n0, total,
	(SELECT 1 / sqrt(sum(1 / (d.between_variance + d.within_sd ^ 2 / c.weight))) FROM coachdiag.cells(p) c) AS gls_se
FROM panels, coachdiag.gap_dispersion(p) d, LATERAL (
	SELECT sum(m2) / nullif(sum(observations) - count(*), 0) AS msw, sum(weight * mean) AS total,
		(sum(weight) - sum(weight ^ 2) / sum(weight)) / nullif(count(*) - 1, 0) AS n0
	FROM coachdiag.cells(p)) cells;

CREATE TABLE blup AS
SELECT dataset, agent, share * (mean - mean_gap) AS effect, sqrt(share) * within_sd / sqrt(weight) AS sd
FROM panels JOIN oneway USING (dataset), LATERAL coachdiag.cells(p) c, LATERAL (
	SELECT between_variance / (between_variance + within_sd ^ 2 / c.weight) AS share) s;

CREATE TABLE wilson AS
SELECT dataset, agent, (d).mean_low AS rate_lower, (d).mean_high AS rate_upper
FROM (SELECT dataset, agent, coachdiag.gap_dispersion(coachdiag.panel(value, 0, agent, NULL), NULL, 'proportion') AS d
	FROM sample WHERE dataset ~ '^PwC .*\)$' GROUP BY dataset, agent) s;

-- 0/1 rows as estimates: log odds, and with the variance that all agents have under equal rates (Pearson's chi-square)
INSERT INTO estimate
SELECT dataset, agent, ln(x / (n - x)), 1 / x + 1 / (n - x)
FROM (SELECT dataset, agent, sum(value) AS x, count(*) AS n FROM sample WHERE dataset ~ '^PwC .*\)$' GROUP BY dataset, agent) s;
INSERT INTO estimate
SELECT dataset || ' rates', agent, avg(value), rate * (1 - rate) / count(*)
FROM sample, (SELECT avg(value) AS rate FROM sample WHERE dataset ~ '^PwC .*\)$') r WHERE dataset ~ '^PwC .*\)$' GROUP BY dataset, agent, rate;

CREATE TABLE pooled AS
SELECT dataset, fit, (h).*, (SELECT 1 / sqrt(sum(1 / (variance + (h).between_variance))) FROM estimate e WHERE e.dataset = s.dataset) AS plain_se
FROM (SELECT dataset, fit, coachdiag.heterogeneity(estimate, sqrt(variance), fit) AS h
	FROM estimate, unnest(ARRAY['REML', 'DL', 'PM', 'ML', 'HE', 'SJ', 'FE']) fit GROUP BY dataset, fit) s;

CREATE TABLE shrunken AS
SELECT dataset, unit, (s).estimate AS shrunk
FROM (SELECT dataset, unit, coachdiag.shrink(estimate, sqrt(variance)) OVER (PARTITION BY dataset) AS s FROM estimate) e;
SQL
	return;
}

# An SQL expression that answers a row, and what Perl does to its value; nothing when there is none.
sub answer_to
{
	my ($row) = @_;
	my $quantity = $row->{quantity};
	my $dataset = $row->{dataset};

	if (first_match($dataset, @samples) and my ($sample) = first_match($quantity, @sample_answers))
	{
		return [ "SELECT $sample->[0] FROM oneway WHERE dataset = '$dataset'" ];
	}
	$dataset .= ' rates' if $quantity =~ s/^chi2 p$/Q p/;
	return if !first_match($row->{dataset}, @estimates) && $dataset !~ /^PwC/;
	$quantity =~ s/^(?:resolved rate, )?logit,? (?:agents: )?//;
	my ($estimate, $fit) = first_match($quantity, @estimate_answers) or return;
	return if !$estimate;
	$fit ||= 'REML';
	return [ "SELECT $estimate->[0] FROM pooled WHERE dataset = '$dataset' AND fit = '$fit'", $estimate->[1] ];
}

sub check
{
	my ($row) = @_;
	my $value = $computed{ $row->{id} };
	my $after = $answer{ $row->{id} }[1];

	$value = $after->($value) if $after && $value ne '';
	check_row($row, $value, published => $exact_root{ $row->{id} }, digits => digits_of($row), printed => 1);
	return;
}

sub digits_of
{
	my ($row) = @_;
	return $row->{digits} if $row->{digits} eq 'exact' || $row->{quantity} !~ $from_squares;
	my ($limit) = map { $_->[1] } grep { "$row->{dataset}: $row->{quantity}" =~ $_->[0] } @nist_digits;
	return $limit && $limit < $row->{digits} ? $limit : $row->{digits};
}
