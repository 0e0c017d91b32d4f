# Whatever is handed to the type, and to functions that anybody can call, is a good value or a clean error.
use strict;
use warnings;
use utf8;
use Coachdiag;
use Encode qw(decode encode);
use Test::More;

my $seed = $ENV{COACHDIAG_SEED} // 20250106;
my $mutations = 3000;
srand $seed;
note "COACHDIAG_SEED=$seed";

my $node = new_node('hostile');
my $dir = PostgreSQL::Test::Utils::tempdir;
create_panels($node, 'hostile');
sub ask { return $node->safe_psql('hostile', $_[0]) }

# Small panels of every shape: what mutations start from.
ask(<<'SQL');
CREATE TABLE seeds AS
SELECT row_number() OVER () AS id, p FROM (
	SELECT coachdiag.panel(i / 7.0, 1, (i % 3)::bigint, date '2025-01-06' + 7 * (i % 4)) AS p FROM generate_series(1, 30) i
	UNION ALL SELECT coachdiag.panel(i, CASE WHEN i % 2 = 0 THEN i / 3.0 END, E'"q\\uote é ' || i % 4, NULL, i, (ARRAY['billing', '', NULL])[1 + i % 3], i % 2, i, 'C' || i % 2, date '2020-02-29' + i)
		FROM generate_series(1, 30) i
	UNION ALL SELECT coachdiag.panel(i % 2, 0, -9223372036854775807 + i % 3, date '0001-01-01' + i, i) FROM generate_series(1, 20) i
	UNION ALL SELECT coachdiag.panel(1e150 * i, -1e-300, (i % 2)::text, date '9999-12-31') FROM generate_series(1, 3) i
	UNION ALL SELECT coachdiag.contact_type(coachdiag.panel(1, 1, 1::bigint, NULL), 'none')) s;

CREATE TABLE attempt (id serial, source text, input text);
CREATE TABLE outcome (source text, state text, message text, input text);
CREATE TABLE accepted (source text, p coachdiag.panel);

-- Everything that reads a panel; the number of different errors is none of these functions' business, their kind is.
CREATE FUNCTION exercise(p coachdiag.panel) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM coachdiag.agents(p), coachdiag.periods(p), coachdiag.first_period(p), coachdiag.last_period(p), coachdiag.contact_types(p),
		coachdiag.memory_size(p), coachdiag.panel_hash(p), coachdiag.panel_send(p), count(*) FROM coachdiag.cells(p);
	PERFORM coachdiag.observations(p);
	PERFORM coachdiag.agents(coachdiag.rollup(q)) FROM (VALUES (p), (p), (coachdiag.tenure_range(p, 0, 400)), (coachdiag.period_range(p, '2025-01-10', NULL))) v(q);
	PERFORM coachdiag.gap_dispersion(p, h, s) FROM unnest(ARRAY[NULL, true, false]) h, unnest(ARRAY['identity', 'log']) s;
	PERFORM coachdiag.gap_dispersion(p, true, 'proportion');
END
$$;

CREATE FUNCTION try_text(source text, input text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	p coachdiag.panel;
	state text := 'accepted';
	message text;
BEGIN
	BEGIN
		p := input::coachdiag.panel;
	EXCEPTION WHEN OTHERS THEN
		state := SQLSTATE;
		message := SQLERRM;
	END;
	INSERT INTO outcome VALUES (source, state, message, input);
	IF state = 'accepted' THEN
		INSERT INTO accepted VALUES (source, p);
	END IF;
END
$$;

CREATE FUNCTION try_file(source text, path text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	state text := 'accepted';
	message text;
BEGIN
	BEGIN
		EXECUTE format('COPY accepted FROM %L (FORMAT binary)', path);
	EXCEPTION WHEN OTHERS THEN
		state := SQLSTATE;
		message := SQLERRM;
	END;
	INSERT INTO outcome VALUES (source, state, message, path);
END
$$;

CREATE FUNCTION try_exercise(source text, p coachdiag.panel) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM exercise(p);
	INSERT INTO outcome VALUES (source, 'accepted');
EXCEPTION WHEN OTHERS THEN
	INSERT INTO outcome VALUES (source, SQLSTATE, SQLERRM, p::text);
END
$$;
SQL

# Text: words exchanged, doubled, lost; bytes changed; numbers at the edge of what is possible.
my @words = ('-', '"', '\\', '""', '"\\', 'NaN', 'nan', 'Infinity', '-inf', '1e308', '-1e308', '1e309', '5e-324', '1e-320', '0', '-0', '-1', '1.5', '0x1p3',
	'2147483647', '2147483648', '-2147483648', '4294967295', '4294967296', '9223372036854775807', '9223372036854775808', '9007199254740993', '1e16',
	'2025-02-29', '0000-01-01', '0001-01-01', '9999-12-31', '10000-01-01', '2025-1-6', '2025-01-06x', '+', '--', 'panel', 'text', 'bigint', "\t", "\r\n", 'é', '漢', "\x01", ' ' x 50, '9' x 60, 'x' x 1025);
my @texts = split /\x1e/, ask(q{SELECT string_agg(p::text, E'\x1e' ORDER BY id) FROM seeds});
$_ = decode('UTF-8', s/\n\z//r) for @texts;

sub mutated_text
{
	my @part = split /( )/, $texts[ rand @texts ];
	for (0 .. int rand 2)
	{
		my $at = int rand @part;
		my $how = int rand 6;
		if ($how == 0) { $part[$at] = $words[ rand @words ] }
		elsif ($how == 1) { @part[ $at, -1 ] = @part[ -1, $at ] }
		elsif ($how == 2) { splice @part, $at, 1 + int rand 3 }
		elsif ($how == 3) { splice @part, $at, 0, $words[ rand @words ], ' ' }
		elsif ($how == 4) { substr($part[$at], int rand(1 + length $part[$at]), int rand 2) = chr(1 + int rand 126) }
		else { $part[$at] = $part[ rand @part ] }
	}
	return join '', @part;
}
my $script = '';
$script .= "SELECT try_text('text', \$input\$$_\$input\$);\n" for grep { !/\$/ } map { mutated_text() } 1 .. $mutations;
ask("BEGIN;\n\\o /dev/null\n" . encode('UTF-8', $script) . 'COMMIT');
judge('text', qr/^(22P02|22003)$/, 100);

# Binary: bytes and numbers of a stored panel changed, parts cut out or doubled, inside a sound COPY file.
my @binaries = map { pack 'H*', $_ } split /\n/, ask(q{SELECT encode(coachdiag.panel_send(p), 'hex') FROM seeds ORDER BY id});
my @numbers = ((map { pack 'N', $_ } 0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x10000), (map { pack 'd>', $_ } 0, -1, 0.5, 9**9**9, -9**9**9, -sin(9**9**9), 1e308, 5e-324, 9007199254740994));

sub mutated_binary
{
	my $bytes = $binaries[ rand @binaries ];
	for (0 .. int rand 2)
	{
		my $at = int rand length $bytes;
		my $how = int rand 6;
		if ($how == 0) { substr($bytes, $at, 1) = chr int rand 256 }
		elsif ($how == 1) { substr($bytes, $at, 1) ^= chr(1 << int rand 8) }
		elsif ($how == 2) { my $number = $numbers[ rand @numbers ]; substr($bytes, $at, length $number) = $number }
		elsif ($how == 3) { substr($bytes, $at, 1 + int rand 80) = '' }
		elsif ($how == 4) { substr($bytes, $at, 0) = substr $bytes, int rand length $bytes, 1 + int rand 80 }
		else { $bytes = substr $bytes, 0, $at }
		$bytes = "\0" if $bytes eq '';
	}
	return $bytes;
}

# A file of COPY in binary format with one row: the source and the panel.
sub copy_file
{
	my ($bytes) = @_;
	return "PGCOPY\n\xff\r\n\0" . pack('N N n N/a N/a n', 0, 0, 2, 'binary', $bytes, 0xffff);
}
$script = '';
for my $i (1 .. $mutations)
{
	open my $file, '>:raw', "$dir/$i" or die "$dir/$i: $!";
	print $file copy_file(mutated_binary());
	close $file;
	$script .= "SELECT try_file('binary', '$dir/$i');\n";
}
ask("BEGIN;\n\\o /dev/null\n$script COMMIT");
judge('binary', qr/^(22P02|22P03|08P01|22021)$/, 100);

# What came through is a panel like any other: it reads back as itself, and every function takes it.
is(ask('SELECT count(*) FROM accepted WHERE p::text::coachdiag.panel OPERATOR(coachdiag.<>) p'), 0, 'accepted panels are the same through text');
ask("COPY (SELECT p FROM accepted ORDER BY p::text) TO '$dir/all' (FORMAT binary); CREATE TABLE again (id serial, p coachdiag.panel); COPY again (p) FROM '$dir/all' (FORMAT binary)");
is(ask('SELECT count(*) FROM again JOIN (SELECT row_number() OVER (ORDER BY p::text) AS id, p FROM accepted) a USING (id) WHERE a.p OPERATOR(coachdiag.<>) again.p OR a.p::text <> again.p::text'),
	0, 'accepted panels are the same through binary');
ask(q{SET statement_timeout = '60s'; SELECT try_exercise('use', p) FROM accepted});
judge('use', qr/^(22003|22023|22000)$/, 100);

# States of heterogeneity made by hand.
ask(<<'SQL');
CREATE FUNCTION try_state(state float8[], other float8[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	statement text;
BEGIN
	FOREACH statement IN ARRAY ARRAY['heterogeneity_final($1)', 'heterogeneity_final($2)', 'heterogeneity_accum($1, 1, 1)', 'heterogeneity_accum($1, 1, 1, ''DL'')',
		'heterogeneity_combine($1, $2)', 'heterogeneity_final(coachdiag.heterogeneity_combine($1, $2))', 'heterogeneity_combine($1, NULL)', 'heterogeneity_combine(NULL, $1)']
	LOOP
		BEGIN
			EXECUTE 'SELECT coachdiag.' || statement USING state, other;
			INSERT INTO outcome VALUES ('state', 'accepted');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO outcome VALUES ('state', SQLSTATE, SQLERRM, format('%s %s %s', statement, state, other));
		END;
	END LOOP;
END
$$;
SQL
my @elements = qw(0 0 0 1 1 2 2 3 4 6 7 -1 0.5 1e9 1e300 -1e300 5e-324 NaN Infinity -Infinity NULL);
sub state_array
{
	my $units = int rand 4;
	my @state = rand() < 0.5 ? (int rand 7, $units, map { $elements[ rand @elements ], 1 + rand } 1 .. $units) : map { $elements[ rand @elements ] } 1 .. int rand 9;
	$state[ rand @state ] = $elements[ rand @elements ] if @state && rand() < 0.5;
	my $bound = rand() < 0.1 && @state ? '[-5:' . (@state - 6) . ']=' : '';
	return rand() < 0.1 && @state ? "'{{" . join(',', @state) . '},{' . join(',', @state) . "}}'" : "'$bound\{" . join(',', @state) . "}'";
}
ask("BEGIN;\n\\o /dev/null\n" . join('', map { 'SELECT try_state(' . state_array() . ', ' . state_array() . ");\n" } 1 .. 500) . 'COMMIT');
judge('state', qr/^(22023|22003|22000)$/, 100);

# A state in an aggregate of somebody else's is checked like any other.
my (undef, undef, $error) = $node->psql('hostile', <<'SQL');
\set VERBOSITY verbose
CREATE AGGREGATE overrun(float8, float8) (SFUNC = coachdiag.heterogeneity_accum, STYPE = float8[], INITCOND = '{0,5000,1,1}');
SELECT overrun(1, 1) FROM generate_series(1, 10);
SQL
like($error, qr/ERROR:  22023/, 'a state that claims more than it holds is refused inside an aggregate, too');

# Arguments that nobody should pass, and what comes of each.
my %calls = (
	"coachdiag.panel_accum(NULL, 1, 1, 1::bigint, NULL)" => '0A000',
	"coachdiag.panel_accum(p, 1, 1, 1::bigint, NULL)" => '0A000',
	"coachdiag.panel_merge(p, p)" => '0A000',
	"coachdiag.panel_merge(NULL, NULL)" => '0A000',
	"coachdiag.gap_accum(p, 1, 1, 1::bigint)" => '0A000',
	"coachdiag.panel_final(p)" => '',
	"coachdiag.panel_final(NULL)" => '',
	"coachdiag.gap_dispersion_final(p)" => '',
	"coachdiag.gap_dispersion_final(NULL)" => '',
	"coachdiag.period_range(p, '-infinity', 'infinity')" => '',
	"coachdiag.period_range(p, 'infinity', '-infinity')" => '',
	"coachdiag.tenure_range(p, -2147483648, 2147483647)" => '',
	"coachdiag.contact_type(p, repeat('x', 10000000))" => '',
	"coachdiag.gap_dispersion(p, true, '')" => '22023',
	"coachdiag.gap_dispersion(p, true, repeat('log', 100000))" => '22023',
	"coachdiag.gap_dispersion(p, NULL, NULL, NULL)" => '',
	"coachdiag.gap_dispersion(p, true, 'log', 1e308)" => '',
	"coachdiag.gap_dispersion(p, true, 'identity', 'NaN')" => '22023',
	"coachdiag.gap_dispersion(p, true, 'identity', 'Infinity')" => '22023',
	"coachdiag.gap_dispersion(p, true, 'identity', -1e-300)" => '22023',
	"coachdiag.gap_dispersion(p, true, 'proportion')" => '22023',
	"coachdiag.heterogeneity(1, 0)" => '22023',
	"coachdiag.heterogeneity(1, -1)" => '22023',
	"coachdiag.heterogeneity('NaN', 1)" => '22003',
	"coachdiag.heterogeneity(1, 'Infinity')" => '22003',
	"coachdiag.heterogeneity(1, 1, 'OLS')" => '22023',
	"coachdiag.shrink(1, 0) OVER ()" => '22023',
	"coachdiag.shrink('NaN', 1) OVER ()" => '22003',
);
for my $call (sort keys %calls)
{
	my (undef, undef, $stderr) = $node->psql('hostile',
		"\\set VERBOSITY verbose\nSELECT $call FROM (SELECT coachdiag.panel(i, 0.5, (i % 3)::bigint, NULL) AS p FROM generate_series(1, 9) i) s");
	is($stderr =~ /ERROR:  (\w{5})/ ? $1 : '', $calls{$call}, $call . ($calls{$call} ? " is refused" : ' is answered'));
}

unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP|server process .* was terminated/, 'no process crashed');
done_testing();

# Only errors of that kind, all with a message, and enough of both outcomes for the attempts to mean something.
sub judge
{
	my ($source, $clean, $enough) = @_;
	my %count = map { split /\|/ } split /\n/, ask("SELECT state, count(*) FROM outcome WHERE source = '$source' GROUP BY state");
	my $accepted = delete $count{accepted} // 0;
	my $refused = 0;
	$refused += $_ for values %count;

	note "$source: accepted $accepted, " . join ', ', map { "$_ $count{$_}" } sort keys %count;
	cmp_ok($accepted, '>=', $enough, "$source: some are accepted");
	cmp_ok($refused, '>=', $source eq 'use' ? 1 : $enough, "$source: some are refused");
	is_deeply([ grep { $_ !~ $clean } sort keys %count ], [], "$source: every error is of the right kind")
		or diag ask("SELECT DISTINCT ON (state) state, message, left(input, 500) FROM outcome WHERE source = '$source' AND state <> 'accepted' AND state !~ '^(22P02|22003|22P03|08P01|22021|22023)'");
	return;
}
