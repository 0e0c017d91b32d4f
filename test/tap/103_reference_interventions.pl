# Interrupted series against reference values: R (stats, sandwich, nlme, lmtest, strucchange, car), statsmodels.
use strict;
use warnings;
use Coachdiag;
use Reference;
use Test::More;

reference_dir();

# Areas that are about change over time.
my %areas = map { $_ => 1 } 'ITS OLS', 'ITS Newey-West', 'ITS GLS AR(1)', 'ITS ARIMA', 'ITS GLM', 'ITS diagnostics',
	'structural break', 'variance change', 'placebo';

my @months = map { [ "factor(month)$_", "(month::int = $_)::int" ] } 2 .. 12;
my @twice = map { my $k = $_; map { [ "$_$k", "$_(2 * pi() * $k * month::int / 12)" ] } qw(sin cos) } 1, 2;

# A model as its quantity names it: file, outcome, period, terms and their columns, which rows.
my %models = (
	'rate~time+smokban' => [ 'its_sicily.csv', 'aces::float8 / stdpop::float8 * 1e5', 'time::int',
		[ [ '(Intercept)', 1 ], [ 'time', 'time::int' ], [ 'smokban', 'smokban::int' ] ] ],
	'rate~time+smokban+(time-36)*smokban' => [ 'its_sicily.csv', 'aces::float8 / stdpop::float8 * 1e5', 'time::int',
		[ [ '(Intercept)', 1 ], [ 'time', 'time::int' ], [ 'smokban', 'smokban::int' ],
			[ 'I((time - 36) * smokban)', '(time::int - 36) * smokban::int' ] ] ],
	'rate~time+smokban+2 harmonics' => [ 'its_sicily.csv', 'aces::float8 / stdpop::float8 * 1e5', 'time::int',
		[ [ '(Intercept)', 1 ], [ 'time', 'time::int' ], [ 'smokban', 'smokban::int' ], @twice ] ],
	'log(drivers)~t+law+factor(month)' => [ 'its_seatbelts.csv', 'ln(drivers::float8)', 't::int',
		[ [ '(Intercept)', 1 ], [ 't', 't::int' ], [ 'law', 'law::int' ], @months ] ],
	'log(drivers)~t+law+log(PetrolPrice)+log(kms)+factor(month)' => [ 'its_seatbelts.csv', 'ln(drivers::float8)', 't::int',
		[ [ '(Intercept)', 1 ], [ 't', 't::int' ], [ 'law', 'law::int' ],
			[ 'log(PetrolPrice)', 'ln("PetrolPrice"::float8)' ], [ 'log(kms)', 'ln(kms::float8)' ], @months ] ],
	'California' => [ 'its_cigsales.csv', 'cigsale::float8', 'year::int',
		[ [ '(Intercept)', 1 ], [ 't', 'year::int - 1970' ], [ 'x', '(year::int >= 1989)::int' ],
			[ 'xt', 'greatest(year::int - 1989, 0)' ] ], q(statename = 'California') ],
	'California, slopes apart' => [ 'its_cigsales.csv', 'cigsale::float8', 'year::int',
		[ [ '(Intercept)', 1 ], [ 'before', '(year::int < 1989)::int * (year::int - 1970)' ], [ 'x', '(year::int >= 1989)::int' ],
			[ 'after', '(year::int >= 1989)::int * (year::int - 1970)' ] ], q(statename = 'California') ],
	'flow~x' => [ 'its_nile.csv', 'flow::float8', 'year::int', [ [ '(Intercept)', 1 ], [ 'x', '(year::int >= 1899)::int' ] ] ],
);

# How a quantity is answered: a pattern, and from its groups the model, and an expression over it.
my $adjust = qr{(no df adj|n/\(n-k\))};
my @quantities = (
	[ qr/^OLS se (.+) \| (.+)$/, sub { regression($_[1], "'ols'", 'se', $_[0]) } ],
	[ qr/^coef (.+) \| (.+)$/, sub { regression($_[1], "'ols'", 'estimate', $_[0]) } ],
	[ qr/^NW se lag=(\d+) $adjust (.+) \| (.+)$/,
		sub { regression($_[3], "'newey_west', $_[0], adjusted => " . ($_[1] eq 'no df adj' ? 'false' : 'true'), 'se', $_[2]) } ],
	[ qr/^statsmodels HAC lag=(\d) use_correction se (.+)$/, sub { regression('California', "'newey_west', $_[0]", 'se', $_[1]) } ],
	[ qr/^post-trend NW\((\d)\) se California$/, sub { regression('California, slopes apart', "'newey_west', $_[0]", 'se', 'after') } ],
	[ qr/^(ML|REML) (coef|se) (.+) \| (.+)$/,
		sub { regression($_[3], $_[0] eq 'ML' ? "'ml'" : "'reml'", $_[1] eq 'se' ? 'se' : 'estimate', $_[2]) } ],
	[ qr/^arima\(1,0,0\) ML coef ar1 \| (.+)$/, sub { regression($_[0], "'ml'", 'autocorrelation', '(Intercept)') } ],
	[ qr/^arima\(1,0,0\) ML coef (t|xt) \| (.+)$/, sub { regression($_[1], "'ml'", 'estimate', $_[0]) } ],
	[ qr/^Durbin-Watson \| (.+)$/, sub { diagnostic($_[0], 'durbin_watson') } ],
	[ qr/^Ljung-Box Q lag (\d+) of residuals \| (.+)$/, sub { diagnostic($_[1], 'ljung_box', $_[0]) } ],
	[ qr/^Breusch-Godfrey\(1\) LM \| (.+)$/, sub { diagnostic($_[0], 'breusch_godfrey') } ],
	[ qr/^automatic bandwidth .* \| (.+)$/, sub { diagnostic($_[0], 'bandwidth') } ],
	[ qr/^rank of California slope change among 39 states/, sub { 'SELECT rank FROM slope_change WHERE state = $$California$$' } ],
	[ qr/^optimal single break year/, sub { 'SELECT year - 1 FROM break ORDER BY rss LIMIT 1' } ],
	[ qr/^Brown-Forsythe F pre vs post 1899$/, sub { spread(q(SELECT y, x[2] AS phase FROM design WHERE model = 'flow~x')) } ],
	[ qr/^Brown-Forsythe F of ITS residuals pre vs post \((.+)\)$/,
		sub { spread("SELECT y, x[3] AS phase FROM residual WHERE model = '$_[0]'") } ],
);

# What is not answered, and why.
my @left = (
	[ qr/\| (?:quasi-)?Poisson|^RR /, 'counts by a Poisson regression: the metrics of a workspace are means with volumes' ],
	[ qr/^variance ratio/, 'F interval of two independent samples: agents before and after are the same people (Pitman-Morgan)' ],
);

my $node = new_node('reference_interventions');
my @rows = grep { $areas{ $_->{area} } } load_expected($node, 'true');
load_data();

my %answer = map { $_->{id} => scalar answer_to($_) } @rows;
my %computed = map { split /\|/, $_, 2 } split /\n/, $node->safe_psql('postgres',
	join "\nUNION ALL ", map { "SELECT '$_', ($answer{$_})::float8" } grep { $answer{$_} } sort keys %answer);

for my $row (@rows)
{
	if ($answer{ $row->{id} }) { check_row($row, $computed{ $row->{id} }, printed => 1) }
	else { leave_row($row, \@left) }
}
report();
done_testing();

# Table design: the rows of every model; what is derived from them.
sub load_data
{
	$node->safe_psql('postgres', 'CREATE TABLE design (model text, at int, y float8, x float8[])');
	for my $model (sort keys %models)
	{
		my ($file, $y, $at, $terms, $where) = @{ $models{$model} };
		my $x = join ', ', map { $_->[1] } @$terms;
		load_file($node, "data/$file", "INSERT INTO design SELECT '$model', $at, $y, ARRAY[$x]::float8[] FROM raw WHERE " . ($where // 'true'));
	}
	load_file($node, 'data/its_cigsales.csv', <<'SQL');
CREATE TABLE slope_change AS
SELECT state, rank() OVER (ORDER BY estimate)
FROM (SELECT statename AS state, array_agg(cigsale::float8 ORDER BY year::int) AS y,
		array_agg(ARRAY[1, year::int - 1970, (year::int >= 1989)::int, greatest(year::int - 1989, 0)]::float8[] ORDER BY year::int) AS x
	FROM raw GROUP BY statename) s, LATERAL coachdiag.segmented_regression(y, x, 'ols') r
WHERE r.term = 4
SQL
	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE residual AS
SELECT d.model, d.at, d.x, d.y - (SELECT sum(c * e) FROM unnest(d.x, f.b) AS u (c, e)) AS y
FROM design d JOIN (SELECT model, (SELECT array_agg(r.estimate ORDER BY r.term) FROM coachdiag.segmented_regression(y, x, 'ols') r) AS b
	FROM (SELECT model, array_agg(y ORDER BY at) AS y, array_agg(x ORDER BY at) AS x FROM design GROUP BY model) a) f USING (model);

CREATE TABLE break AS
SELECT year, (SELECT r.rss FROM coachdiag.segmented_regression(y, x, 'ols') r LIMIT 1)
FROM (SELECT year, array_agg(y ORDER BY at) AS y, array_agg(ARRAY[1, (at >= year)::int]::float8[] ORDER BY at) AS x
	FROM design, generate_series(1886, 1956) year WHERE model = 'flow~x' GROUP BY year) s;
SQL
	return;
}

# The model that a text names; the text may go on.
sub model_of
{
	my ($text) = @_;
	my ($model) = grep { $text eq $_ || index($text, "$_:") == 0 || index($text, "$_ ") == 0 } sort keys %models;
	return $model;
}

sub regression
{
	my ($text, $arguments, $column, $term) = @_;
	my $model = model_of($text) // return;
	my ($number) = grep { $models{$model}[3][ $_ - 1 ][0] eq $term } 1 .. @{ $models{$model}[3] };
	return unless $number;
	return "SELECT r.$column FROM (SELECT array_agg(y ORDER BY at) AS y, array_agg(x ORDER BY at) AS x FROM design WHERE model = '$model') d, "
		. "LATERAL coachdiag.segmented_regression(y, x, $arguments) r WHERE r.term = $number";
}

sub diagnostic
{
	my ($text, $column, $lags) = @_;
	my $model = model_of($text) // return;
	return "SELECT (coachdiag.segmented_diagnostics(array_agg(y ORDER BY at), array_agg(x ORDER BY at), " . ($lags // 'NULL')
		. ")).$column FROM design WHERE model = '$model'";
}

# Brown & Forsythe: distances from the median of each phase, regressed on phase.
sub spread
{
	my ($values) = @_;
	return "SELECT (r.estimate / r.se) ^ 2 FROM (SELECT array_agg(abs(v.y - m.y)) AS y, array_agg(ARRAY[1, v.phase]) AS x "
		. "FROM ($values) v JOIN (SELECT phase, percentile_cont(0.5) WITHIN GROUP (ORDER BY y) AS y FROM ($values) w GROUP BY phase) m USING (phase)) d, "
		. "LATERAL coachdiag.segmented_regression(y, x, 'ols') r WHERE r.term = 2";
}

# An SQL expression that answers a row; nothing when there is none.
sub answer_to
{
	my ($row) = @_;
	return if grep { $row->{quantity} =~ $_->[0] } @left;
	for my $quantity (@quantities)
	{
		my @groups = $row->{quantity} =~ $quantity->[0] or next;
		return scalar $quantity->[1]->(@groups);
	}
	return;
}
