# Whatever is handed to the type path is a good path or a clean error; a path is the same through text and binary.
use strict;
use warnings;
use utf8;
use Coachdiag;
use Encode qw(decode encode);
use Test::More;

my $seed = $ENV{COACHDIAG_SEED} // 20260105;
my $mutations = 1500;
srand $seed;
note "COACHDIAG_SEED=$seed";

my $node = new_node('hostile_path');
my $dir = PostgreSQL::Test::Utils::tempdir;
sub ask { return $node->safe_psql('postgres', encode('UTF-8', $_[0])) }

ask(<<'SQL');
CREATE EXTENSION coachdiag;
CREATE TABLE seeds AS
SELECT c AS id, coachdiag.contact_path((ARRAY['identify', E'"q\\uote', 'é'])[1 + i % (1 + c)], timestamptz '2026-01-05 08:00+00' + i * c * interval '1.000001 s',
	CASE WHEN i % 2 = 0 THEN timestamptz '2026-01-05 08:00+00' + (i * c + i) * interval '1.000001 s' END,
	(ARRAY[NULL, 'work', 'hold', 'escalation', 'resolution_identified', 'resolved'])[1 + i % 6], (ARRAY['A1', NULL, ''])[1 + i % 3]) AS p
FROM generate_series(0, 2) c, generate_series(0, 8) i GROUP BY c
UNION ALL SELECT 3, '[]' UNION ALL SELECT 4, '[{"step": "", "start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59.999999Z"}]';
CREATE TABLE outcome (source text, state text, message text);
CREATE TABLE accepted (p coachdiag.path);

CREATE FUNCTION attempt(source text, statement text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	INSERT INTO outcome VALUES (source, 'accepted');
EXCEPTION WHEN OTHERS THEN
	INSERT INTO outcome VALUES (source, SQLSTATE, SQLERRM);
END
$$;
SQL

# Text: words exchanged, doubled, lost.
my @words = ('{', '}', '[', ']', ',', ':', '"', '\\', '\\u0000', 'null', '1', '"now"', '"infinity"', '"-infinity"', '"10000-01-01"', '"2026-02-30"', '"start"', '"end"', '"step"', '"kind"',
	'"agent"', '"work"', '"chat"', '""', '"' . 'x' x 1025 . '"');
my @texts = split /\x1e/, ask(q{SELECT string_agg(p::text, E'\x1e' ORDER BY id) FROM seeds});
$_ = decode('UTF-8', s/\n\z//r) for @texts;
sub mutated_text
{
	my @part = split /("[^"]*"|[^"])/, $texts[ rand @texts ];
	for (0 .. int rand 2)
	{
		my $at = int rand @part;
		my $how = int rand 4;
		if ($how == 0) { $part[$at] = $words[ rand @words ] }
		elsif ($how == 1) { splice @part, $at, 1 + int rand 3 }
		elsif ($how == 2) { splice @part, $at, 0, $words[ rand @words ] }
		else { $part[$at] = $part[ rand @part ] }
	}
	return join '', @part;
}
my $script = join '', map { "SELECT attempt('text', format('INSERT INTO accepted VALUES (%L)', \$input\$$_\$input\$));\n" } map { mutated_text() } 1 .. $mutations;
ask("BEGIN;\n\\o /dev/null\n$script COMMIT");
judge('text', qr/^(22P02|22P05|22007|22008|22009|22023)$/);

# Binary: bytes and numbers changed, parts cut out or doubled, inside a sound COPY file.
my @binaries = map { pack 'H*', $_ } split /\n/, ask(q{SELECT encode(coachdiag.path_send(p), 'hex') FROM seeds ORDER BY id});
my @numbers = map { pack 'N', $_ } 0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x10000;
sub mutated_binary
{
	my $bytes = $binaries[ rand @binaries ];
	for (0 .. int rand 2)
	{
		my $at = int rand length $bytes;
		my $how = int rand 5;
		if ($how == 0) { substr($bytes, $at, 1) ^= chr(1 << int rand 8) }
		elsif ($how == 1) { my $number = $numbers[ rand @numbers ]; substr($bytes, $at, length $number) = $number }
		elsif ($how == 2) { substr($bytes, $at, 1 + int rand 40) = '' }
		elsif ($how == 3) { substr($bytes, $at, 0) = substr $bytes, int rand length $bytes, 1 + int rand 40 }
		else { $bytes = substr $bytes, 0, $at }
		$bytes = "\0" if $bytes eq '';
	}
	return $bytes;
}
$script = '';
for my $i (1 .. $mutations)
{
	open my $file, '>:raw', "$dir/$i" or die "$dir/$i: $!";
	print $file "PGCOPY\n\xff\r\n\0" . pack('N N n N/a n', 0, 0, 1, mutated_binary(), 0xffff);
	close $file;
	$script .= "SELECT attempt('binary', 'COPY accepted FROM ''$dir/$i'' (FORMAT binary)');\n";
}
ask("BEGIN;\n\\o /dev/null\n$script COMMIT");
judge('binary', qr/^(22P03|08P01|22021|22023)$/);

# What came through is a path like any other.
is(ask('SELECT count(*) FROM accepted WHERE p::text::coachdiag.path OPERATOR(coachdiag.<>) p'), 0, 'accepted paths are the same through text');
ask("CREATE TABLE kept AS SELECT row_number() OVER (ORDER BY p::text) AS id, p FROM accepted; COPY kept TO '$dir/all' (FORMAT binary); CREATE TABLE again (LIKE kept); COPY again FROM '$dir/all' (FORMAT binary)");
is(ask('SELECT count(*) FROM again JOIN kept USING (id) WHERE again.p OPERATOR(coachdiag.<>) kept.p'), 0, 'accepted paths are the same through binary');
is(ask(<<'SQL'), ask('SELECT count(*) FROM accepted'), 'every function takes them');
SELECT count(*) FROM accepted, coachdiag.path_measures(p, false), LATERAL (SELECT count(*) FROM coachdiag.path_events(p)) e, LATERAL (SELECT coachdiag.variant_hash(p), coachdiag.path_hash(p)) h,
	LATERAL (SELECT fitness FROM coachdiag.alignment(coachdiag.variant(p), ARRAY['identify', 'é'], ARRAY['é', NULL])) a;
SQL
isnt(ask('SELECT count(*) FROM (SELECT coachdiag.process(p) AS p FROM accepted) s, coachdiag.process_map(p), coachdiag.process_handoffs(p)'), '0', 'and so does a process');

unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP|server process .* was terminated/, 'no process crashed');
done_testing();

# Only errors of that kind, and enough of both outcomes for the attempts to mean something.
sub judge
{
	my ($source, $clean) = @_;
	my %count = map { split /\|/ } split /\n/, ask("SELECT state, count(*) FROM outcome WHERE source = '$source' GROUP BY state");
	my $accepted = delete $count{accepted} // 0;

	note "$source: accepted $accepted, " . join ', ', map { "$_ $count{$_}" } sort keys %count;
	cmp_ok($accepted, '>=', 50, "$source: some are accepted");
	cmp_ok($mutations - $accepted, '>=', 100, "$source: some are refused");
	is_deeply([ grep { $_ !~ $clean } sort keys %count ], [], "$source: every error is of the right kind")
		or diag ask("SELECT DISTINCT ON (state) state, message FROM outcome WHERE source = '$source' AND state <> 'accepted'");
	return;
}
