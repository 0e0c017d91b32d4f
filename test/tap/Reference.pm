# What the tests against reference values share: the folder of the values, its rows and files, and what is left out.
package Reference;
use strict;
use warnings;
use Exporter 'import';
use Test::More;

our @EXPORT = qw(reference_dir load_expected load_file reason_left);

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

# Why a row has no answer: of the patterns of quantities, each with its reason, the first that fits. A row must have one.
sub reason_left
{
	my ($row, $patterns) = @_;
	my ($reason) = map { $_->[1] } grep { $row->{quantity} =~ $_->[0] } @$patterns;
	ok(0, "$row->{id} $row->{dataset}: $row->{quantity} has an answer or a reason") if !$reason;
	return $reason // 'no reason';
}

1;
