# What the tests against reference values share: the folder of the values, its rows and files, when a value agrees with one,
# and what is left out.
package Reference;
use strict;
use warnings;
use Exporter 'import';
use Test::More;

our @EXPORT = qw(reference_dir load_expected load_file check_row leave_row matched report);

# How many rows of each area agree; of each reason and area have no answer.
my (%matched, %left);

# COACHDIAG_REFERENCE names the folder that holds the values (expected.csv) and the data they belong to; without it all is skipped.
sub reference_dir
{
	my $folder = $ENV{COACHDIAG_REFERENCE} // '';
	plan skip_all => 'no reference values here: COACHDIAG_REFERENCE names no folder with expected.csv and data/'
		unless -r "$folder/expected.csv" && -d "$folder/data";
	return $folder;
}

# Creates the extension and table expected; the rows that meet an SQL condition, as hashes by column.
sub load_expected
{
	my ($node, $condition) = @_;
	my $folder = reference_dir();
	my @columns = qw(id dataset file area quantity value digits);
	my $list = join q{ || E'\t' || }, map { "coalesce($_, '')" } @columns;
	my $lines = $node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION coachdiag;
CREATE TABLE expected (id text, dataset text, file text, area text, quantity text, value text, digits text, source text, how text);
\\copy expected FROM '$folder/expected.csv' CSV HEADER
SELECT $list FROM expected WHERE $condition ORDER BY id;
SQL
	return map { my %row; @row{@columns} = split /\t/, $_, -1; \%row } split /\n/, $lines;
}

# A file of the folder as a table of texts called raw, and what to do with it.
sub load_file
{
	my ($node, $file, $sql) = @_;
	my $folder = reference_dir();
	my $read = $file =~ /\.gz$/ ? 'gzip -dc' : 'cat';
	my $header = `$read "$folder/$file"` =~ s/\r?\n.*//sr;
	my $columns = join ', ', map { "$_ text" } split /,/, $header;
	$node->safe_psql('postgres', "CREATE TEMP TABLE raw ($columns);\n\\copy raw FROM PROGRAM '$read \"$folder/$file\"' CSV HEADER\n$sql");
	return;
}

# A row's value against what was computed. Options: published and digits in the place of the row's own; printed: true where
# half a unit of the last digit will do if no more digits were printed than are asked for; within: an error that is known of.
sub check_row
{
	my ($row, $value, %options) = @_;
	my $published = $options{published} // $row->{value};
	my $digits = $options{digits} // $row->{digits};
	my $tolerance = $options{within} // tolerance($published, $digits, $options{printed});
	my $same = $value ne '' && abs($value - $published) <= $tolerance;

	ok($same, "$row->{id} $row->{dataset}: $row->{quantity}")
		or diag "computed $value, published $published, $digits digits";
	$matched{ $row->{area} } += $same ? 1 : 0;
	return $same;
}

# How far a value may be off. Exact is as many digits as a number of 15 has when it is read.
sub tolerance
{
	my ($published, $digits, $printed) = @_;
	my $relative = abs($published) * ($digits eq 'exact' ? 5e-16 : 10**-$digits);
	my $unit = $printed && $digits ne 'exact' ? half_a_unit($published, $digits) : 0;
	return $unit > $relative ? $unit : $relative;
}

# Half a unit of the last digit of a number that was printed with no more digits than asked for, else 0.
sub half_a_unit
{
	my ($published, $digits) = @_;
	my ($mantissa, $exponent) = $published =~ /^-?([\d.]+)(?:[eE]([-+]?\d+))?$/;
	my $decimals = $mantissa =~ /\.(\d*)/ ? length $1 : 0;
	my $significant = length($mantissa =~ s/\.//r =~ s/^0+//r);
	return $significant > $digits ? 0 : 0.5 * 10**(($exponent // 0) - $decimals);
}

# A row without an answer: the reason is that of the first pattern of quantities that fits. A row must have one.
sub leave_row
{
	my ($row, $patterns) = @_;
	my ($reason) = map { $_->[1] } grep { $row->{quantity} =~ $_->[0] } @$patterns;
	ok(0, "$row->{id} $row->{dataset}: $row->{quantity} has an answer or a reason") if !$reason;
	$left{ $reason // 'no reason' }{ $row->{area} }++;
	return;
}

# How many rows of an area agree; undefined where none was compared.
sub matched
{
	my ($area) = @_;
	return $matched{$area};
}

sub report
{
	diag 'values matched: ' . counts(\%matched);
	diag "left, $_: " . counts($left{$_}) for sort keys %left;
	return;
}

sub counts
{
	my ($count) = @_;
	my $total = 0;
	$total += $_ for values %$count;
	return "$total (" . join(', ', map { "$_ $count->{$_}" } sort keys %$count) . ')';
}

1;
