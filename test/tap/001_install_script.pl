# The install script says what every function is, and holds nothing that an attacker could prepare for.
use strict;
use warnings;
use Test::More;

my $script = join '', map { slurp($_) } sort glob "$ENV{TESTDIR}/sql/[0-9]*-*.sql";

like($script, qr/^(--[^\n]*\n)*\\echo Use "CREATE EXTENSION coachdiag" to load this file\. \\quit\n/,
	'the script does nothing when it is run by hand');

my @functions = statements($script, qr/CREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION/);
cmp_ok(scalar @functions, '>', 10, 'functions are found');

my @unlabelled = grep { !/\b(IMMUTABLE|STABLE|VOLATILE)\b/ || !/\bPARALLEL\s*=?\s*(SAFE|RESTRICTED|UNSAFE)\b/ } @functions;
is(names(@unlabelled), '', 'every function states its volatility and parallel safety');

my @routines = (@functions, statements($script, qr/CREATE\s+(?:OR\s+REPLACE\s+)?PROCEDURE/));
is(names(grep { /\bSECURITY\s+DEFINER\b/ } @routines), '', 'no routine is SECURITY DEFINER');
is(names(grep { /\bOR\s+REPLACE\b/ } @routines), '', 'no routine replaces one that is already there');
is(names(grep { !/^CREATE\s+\w+\s+coachdiag\./ } @routines), '', 'every routine names its schema');

done_testing();

# The statements that begin so, up to their semicolon, without quoted bodies.
sub statements
{
	my ($text, $start) = @_;
	$text =~ s/\$(\w*)\$.*?\$\1\$/BODY/gs;
	$text =~ s/^\s*--.*$//mg;
	return $text =~ /^($start[^;]*);/mg;
}

sub names
{
	return join "\n", map { s/\s+/ /gr =~ s/\).*/)/r } @_;
}

sub slurp
{
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!";
	local $/;
	return scalar <$file>;
}
