#!/usr/bin/perl
# Runs the tests of one suite, all of which speak TAP, and adds the suite's counts to the tally.
#
#   tools/run-tap.pl SUITE [command ...] -- test ...
#
# As many tests run beside each other as there are processors, at most 4 (COACHDIAG_JOBS: another number), first
# those that test/longest.txt names, so that no long one runs alone at the end.
#
# The counts are assertions.  A test that dies, runs fewer assertions than planned or none at all, and a
# suite without tests, count as failures.  Skipped and to-do assertions are no passes.
use strict;
use warnings;
use List::Util 'min';
use TAP::Harness;

my $suite = shift @ARGV;
my @command;
push @command, shift @ARGV while @ARGV && $ARGV[0] ne '--';
shift @ARGV;

my ($passed, $failed, $skipped) = (0, 0, 0);
if (@ARGV)
{
	my @tests = longest_first(@ARGV);
	my $harness = TAP::Harness->new(
		{
			exec => sub { [ @command, $_[1] ] },
			failures => 1,
			jobs => $ENV{COACHDIAG_JOBS} // min(`nproc` || 1, 4),
			timer => 1,
			verbosity => $ENV{TEST_VERBOSE} ? 1 : 0,
		});
	my %comments;
	$harness->callback(
		made_parser => sub {
			my ($parser, $job) = @_;
			$parser->callback(comment => sub { push @{ $comments{$job->[1]} }, $_[0]->as_string });
		});
	my $results = $harness->runtests(@tests);
	count($_) for $results->parsers;
	for my $test (grep { $comments{$_} && ($results->parsers($_))[0]->has_problems } @tests)
	{
		print join("\n", "What $test said:", @{ $comments{$test} }), "\n";
	}
}
else
{
	print "no tests in suite $suite\n";
	$failed = 1;
}

open my $tally, '>>', $ENV{COACHDIAG_TALLY} // '/dev/stdout' or die "cannot write the tally: $!";
print $tally "$suite $passed $failed $skipped\n";
exit($failed > 0);

sub longest_first
{
	my %place;
	open my $list, '<', 'test/longest.txt' or die "cannot read test/longest.txt: $!";
	while (my $test = <$list>)
	{
		chomp $test;
		die "test/longest.txt names $test, which is not there\n" unless -e $test;
		$place{$test} = $.;
	}
	close $list;
	return sort { ($place{$a} // 1e9) <=> ($place{$b} // 1e9) } @_;
}

sub count
{
	my ($parser) = @_;
	my %not_passed = map { $_ => 1 } $parser->skipped, $parser->todo;
	my $failures = $parser->failed;
	my $missing = ($parser->tests_planned // 0) - ($parser->tests_run // 0);

	$skipped += keys %not_passed;
	$skipped++ if $parser->skip_all;
	$passed += grep { !$not_passed{$_} } $parser->passed;
	$failures += $missing if $missing > 0;
	$failures = 1 if !$failures && ($parser->has_problems || !($parser->tests_run || $parser->skip_all));
	$failed += $failures;
}
