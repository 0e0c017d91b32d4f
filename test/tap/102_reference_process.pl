# The process functions against established process-mining tools on public logs: counts, variants, times, alignments.
use strict;
use warnings;
use Coachdiag;
use Reference;
use Test::More;

my $reference = reference_dir();

my $areas = join ', ', map { "'$_'" } 'DFG', 'log', 'handoffs', 'rework', 'documented vs real', 'token replay', 'alignments', 'latency', 'push to front', 'service';

# Which columns of a log's file are step and support team, where they aren't activity and none; and the log in which a time stamp
# contradicts the order of events: which step follows which is then asked of the log's own order, how long it took of the stamps.
my %columns = (
	'pm_bpic2012.csv.gz' => { step => q{activity || '+' || lifecycle} },
	'pm_teleclaims.csv.gz' => { step => q{activity || '+' || lifecycle} },
	'pm_bpic2013_closed.csv' => { team => 'org_involved' },
	'pm_bpic2013_incidents.csv.gz' => { team => 'org_group' },
	'pm_servicenow_incidents.csv.gz' => { contradicts => 1 },
);

# Documented sequences, by the short form in which quantities name them.
my %documented = (
	'register>thorough>check>decide>reject' => 'register request,examine thoroughly,check ticket,decide,reject request',
	'Create>Send>Notify>Penalty>Collection' => 'Create Fine,Send Fine,Insert Fine Notification,Add penalty,Send for Credit Collection',
	'Assign>Take in charge>Resolve>Closed' => 'Assign seriousness,Take in charge ticket,Resolve ticket,Closed',
);

# A query for each quantity over the tables of compute(); $1, $2, ... are the groups of the match, D is the dataset.
my $map = 'FROM map WHERE dataset = D';
my $measures = 'FROM path WHERE dataset = D';
my $events = 'FROM event WHERE dataset = D';
my $document = 'FROM fitness WHERE dataset = D';
my @answers = (
	[ qr/^cases(?: \(printed\))?$/, "SELECT count(*) $measures" ],
	[ qr/^events(?: \(printed\))?$/, "SELECT count(started_at) + count(ended_at) $events" ],
	[ qr/^activity instances \(printed\)$/, "SELECT sum(events) $measures" ],
	[ qr/^activities(?: \(printed\))?$/, "SELECT count(DISTINCT step) $events" ],
	[ qr/^resources$/, "SELECT count(DISTINCT agent) $events" ],
	[ qr/^(?:traces \()?variants(?:\) \(printed\)| \(file order\))?$/, 'SELECT count(*) FROM variant WHERE dataset = D' ],
	[ qr/^most frequent variant: cases$/, 'SELECT max(contacts) FROM variant WHERE dataset = D' ],
	[ qr/^variants needed to cover 80% of cases$/, 'SELECT 1 + count(*) FILTER (WHERE covered < 0.8) FROM (
		SELECT sum(contacts) OVER (ORDER BY contacts DESC, steps) / sum(contacts) OVER () AS covered FROM variant WHERE dataset = D) v' ],
	[ qr/^instances (.*)$/, "SELECT count(*) $events AND step = '\$1'" ],
	[ qr/^repeat executions/, "SELECT sum(rework) $measures" ],
	[ qr/^cases with any repeated activity$/, "SELECT count(*) $measures AND rework > 0" ],

	[ qr/^throughput mean/, "SELECT avg(duration_seconds) $measures" ],
	[ qr/^throughput median/, "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_seconds) $measures" ],
	[ qr/^throughput p90/, "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY duration_seconds) $measures" ],
	[ qr/^(?:gap|waiting \(complete->start\) mean \(s\)) (.*) -> (.*?)(?: (mean|median) \(s\))?$/,
		sub { "SELECT " . ($_[2] // 'mean') . "_seconds $map AND from_step = '$_[0]' AND to_step = '$_[1]'" } ],
	[ qr/^processing time median \(s\) (.*)$/, "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) $events AND step = '\$1'" ],
	[ qr/^queued waits: count$/, "SELECT sum(times) $map AND from_step ~ '^Queued' AND to_step IS NOT NULL" ],
	[ qr/^queued wait mean/, "SELECT sum(times * mean_seconds) / sum(times) $map AND from_step ~ '^Queued' AND to_step IS NOT NULL" ],
	[ qr/^queued wait median/, "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) $events AND step ~ '^Queued' AND NOT last" ],
	[ qr/^share of total case time spent in Queued$/, "SELECT sum(seconds) FILTER (WHERE step ~ '^Queued') / sum(seconds) $events" ],
	[ qr/^first (.*) to first (.*): share within 60 min/, "SELECT avg((second <= first + interval '1 hour')::int) FROM (
		SELECT min(started_at) FILTER (WHERE step = '\$1') AS first, min(started_at) FILTER (WHERE step = '\$2') AS second $events GROUP BY contact) c" ],

	[ qr/^distinct directly-follows edges$/, "SELECT count(*) $map AND from_step IS NOT NULL AND to_step IS NOT NULL" ],
	[ qr/^self-loop transitions$/, "SELECT coalesce(sum(times), 0) $map AND from_step = to_step" ],
	[ qr/^start (.*)$/, "SELECT times $map AND from_step IS NULL AND to_step = '\$1'" ],
	[ qr/^end (.*)$/, "SELECT times $map AND to_step IS NULL AND from_step = '\$1'" ],

	[ qr/^handoffs (?:between|\()/, "SELECT coalesce(sum(handoffs), 0) $measures" ],
	[ qr/^mean handoffs per case$/, "SELECT avg(handoffs) $measures" ],
	[ qr/^cases touched by one resource only$/, "SELECT count(*) $measures AND agents = 1" ],
	[ qr/^cases with at least one ping-pong$/, "SELECT count(*) $measures AND ping_pongs > 0" ],
	[ qr/^ping-pong triples/, "SELECT sum(ping_pongs) $measures" ],
	[ qr/^most frequent handoff (.*) -> (.*)$/, "SELECT times FROM handoff WHERE dataset = D AND from_agent = '\$1' AND to_agent = '\$2'
		AND times = (SELECT max(times) FROM handoff WHERE dataset = D)" ],
	[ qr/^mean gap \(s\) of transitions with a handoff$/, "SELECT avg(gap) $events AND agent <> last_agent" ],
	[ qr/^mean gap \(s\) of transitions without a handoff$/, "SELECT avg(gap) $events AND agent = last_agent" ],
	[ qr/^median gap \(s\) with a handoff$/, "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) $events AND agent <> last_agent" ],
	[ qr/^median gap \(s\) without a handoff$/, "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) $events AND agent = last_agent" ],
	[ qr/^cases with support-team ping-pong$/, "SELECT count(*) FROM path WHERE dataset = D || ' by team' AND ping_pongs > 0" ],
	[ qr/^cases reaching 3rd line$/, "SELECT count(DISTINCT contact) FROM event WHERE dataset = D || ' by team' AND agent ~ '3rd'" ],
	[ qr/^cases handled by 1st-line support teams only$/, "SELECT count(*) FROM (
		SELECT FROM event WHERE dataset = D || ' by team' GROUP BY contact HAVING NOT bool_or(coalesce(agent, '') ~ '2nd|3rd')) c" ],

	[ qr/^cases that follow the documented sequence exactly/, "SELECT conforming $document" ],
	[ qr/^(?:mean trace fitness|averageFitness \| sequence net)/, "SELECT fitness $document" ],
	[ qr/^percFitTraces \| sequence net/, "SELECT 100.0 * conforming / contacts $document" ],
	[ qr/^mean alignment cost/, 'SELECT (sum(skipped) + sum(undocumented) + sum(misplaced)) / min(cases)::float8 FROM conformance WHERE dataset = D' ],
	[ qr/^documented steps skipped/, 'SELECT sum(skipped) FROM conformance WHERE dataset = D' ],
	[ qr/^undocumented steps inserted/, 'SELECT sum(undocumented) + sum(misplaced) FROM conformance WHERE dataset = D' ],
	[ qr/^observed directly-follows transitions not in the documented sequence/, "SELECT sum(times) $map AND NOT documented" ],
	[ qr/^share of them/, "SELECT sum(times) FILTER (WHERE NOT documented) / sum(times) $map AND from_step IS NOT NULL AND to_step IS NOT NULL" ],

	# Last, since other quantities have arrows too.
	[ qr/^(.*) -> (.*)$/, "SELECT times $map AND from_step = '\$1' AND to_step = '\$2'" ],
);

# What is not answered.
my @left = (
	[ qr/\| (?:running-example\.pnml|roadtraffic\.pnml|alpha miner|inductive miner)/, 'a Petri net, discovered or shipped: coachdiag compares with a documented graph of steps' ],
	[ qr/average_trace_fitness|ETC precision/, 'token replay, precision: coachdiag aligns' ],
	[ qr/reassignment_count/, 'a column of the log, not of its process' ],
);

my $node = new_node('reference_process');
my @rows = load_expected($node, "file LIKE 'data/pm\\_%' AND area IN ($areas)");
load_logs();
compute();

my @answered = map { my $query = answer_to($_); $query ? [ $_, $query ] : () } @rows;
my %computed = map { split /\|/, $_, 2 } split /\n/, $node->safe_psql('postgres',
	join "\n", map { "SELECT '$_->[0]{id}', ($_->[1])::float8;" } @answered);
check_row($_->[0], $computed{ $_->[0]{id} }) for @answered;
leave_row($_, \@left) for grep { !exists $computed{ $_->{id} } } @rows;
report();
done_testing();

# Table path: the logs' cases, by resource; where there are support teams, also by these.
sub load_logs
{
	my %file = map { $_->{dataset} => $_->{file} =~ s/^data\///r } @rows;
	$node->safe_psql('postgres', 'CREATE TABLE path (dataset text, contact text, path coachdiag.path)');
	load_log($_, $file{$_}) for sort keys %file;
	return;
}

sub load_log
{
	my ($dataset, $file) = @_;
	my $read = $file =~ /\.gz$/ ? 'gzip -dc' : 'cat';
	my $header = `$read "$reference/data/$file"` =~ s/\r?\n.*//sr;
	my $columns = join ', ', map { "$_ text" } split /,/, $header;
	my $step = $columns{$file}{step} // 'activity';
	my $team = $columns{$file}{team};
	# Where starts and completions are paired, an activity instance is one event.
	my $from = $header =~ /instance_id/ ? q{(SELECT case_id, activity, resource, min(ts) AS ts, max(ts) AS ended_at, min(seq::bigint) AS seq
		FROM raw GROUP BY case_id, activity, resource, instance_id) r} : '(SELECT *, NULL AS ended_at, max(ts) OVER (PARTITION BY case_id ORDER BY seq::bigint) AS latest FROM raw) r';
	my $insert = sub {
		my ($name, $start, $agent) = @_;
		return ";\nINSERT INTO path SELECT '$name', case_id, coachdiag.contact_path($step, $start\::timestamptz, ended_at::timestamptz, NULL, $agent\::text, seq::bigint)
			FROM $from GROUP BY case_id";
	};
	$node->safe_psql('postgres', "CREATE TEMP TABLE raw ($columns);\n\\copy raw FROM PROGRAM '$read \"$reference/data/$file\"' CSV HEADER\nSELECT"
		. $insert->($dataset, 'ts', 'resource')
		. ($team ? $insert->("$dataset by team", 'ts', $team) : '')
		. ($columns{$file}{contradicts} ? $insert->("$dataset in log order", 'latest', 'resource') : ''));
	return;
}

sub compute
{
	my $documents = join ",\n", map { "('$_', '{$documented{$_}}'::text[])" } sort keys %documented;
	$node->safe_psql('postgres', <<"SQL");
SET jit = off;
ALTER TABLE path RENAME TO log;
CREATE TABLE path AS SELECT dataset, contact, m.* FROM log, coachdiag.path_measures(path) m;
CREATE TABLE event AS
SELECT dataset, contact, e.*, n = max(n) OVER c AS last, lag(agent) OVER o AS last_agent,
	extract(epoch FROM started_at - coalesce(lag(ended_at) OVER o, lag(started_at) OVER o))::float8 AS gap
FROM log, coachdiag.path_events(path) e WINDOW c AS (PARTITION BY dataset, contact), o AS (PARTITION BY dataset, contact ORDER BY n);
CREATE INDEX ON event (dataset, step);
ANALYZE event;
CREATE TABLE process AS SELECT dataset, coachdiag.process(path) AS process FROM log GROUP BY dataset;
CREATE TABLE variant AS SELECT dataset, v.* FROM process, coachdiag.process_variants(process) v;
CREATE TABLE handoff AS SELECT dataset, h.* FROM process, coachdiag.process_handoffs(process) h;
CREATE TABLE document AS
SELECT DISTINCT dataset, steps, steps[2:] || NULL::text AS next_steps
FROM expected JOIN (VALUES $documents) d (short, steps) ON quantity LIKE '% | ' || short OR quantity LIKE '%net of ' || short;
CREATE TABLE map AS
SELECT p.dataset, m.*, from_step IS NULL OR to_step IS NULL
	OR EXISTS (SELECT FROM document d, generate_subscripts(d.steps, 1) i WHERE d.dataset = p.dataset AND d.steps[i] = from_step AND d.next_steps[i] = to_step) AS documented
FROM process p, coachdiag.process_map(process) m;
CREATE TABLE fitness AS SELECT dataset, f.* FROM process JOIN document USING (dataset), coachdiag.process_fitness(process, steps, next_steps) f;
CREATE TABLE conformance AS
SELECT dataset, c.*, (SELECT count(*) FROM path WHERE path.dataset = process.dataset) AS cases
FROM process JOIN document USING (dataset), coachdiag.process_conformance(process, steps, next_steps) c;
SQL
	return;
}

# The query that answers a row; nothing when there is none.
sub answer_to
{
	my ($row) = @_;
	my $dataset = $row->{dataset};
	return if grep { $row->{quantity} =~ $_->[0] } @left;
	$dataset .= ' in log order' if $row->{area} =~ /^(?:DFG|handoffs)$/ && $columns{ $row->{file} =~ s/^data\///r }{contradicts};
	for my $answer (@answers)
	{
		my @groups = $row->{quantity} =~ $answer->[0] or next;
		my $query = ref $answer->[1] ? $answer->[1]->(@groups) : $answer->[1] =~ s/\$(\d)/$groups[$1 - 1]/gr;
		return $query =~ s/\bD\b/'$dataset'/gr;
	}
	return;
}
