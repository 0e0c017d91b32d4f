# Refreshes beside others: a second one, readers, a cancelled one, a dropped workspace, a source replaced.
use strict;
use warnings;
use Coachdiag;
use IPC::Run;
use Test::More;

my $node = new_node('isolation');
my $refresh = q{CALL coachdiag.refresh('ops')};

# Another session, which runs what it is given and says so.
sub session
{
	my %s = (in => '', out => '', err => '');
	$s{run} = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=0', '-d', $node->connstr('postgres') ],
		'<', \$s{in}, '>', \$s{out}, '2>', \$s{err}, IPC::Run::timeout(300));
	return \%s;
}

sub send_sql
{
	my ($s, $sql) = @_;
	$s->{in} .= "$sql;\n";
	$s->{run}->pump_nb;
	return;
}

sub done
{
	my ($s) = @_;
	send_sql($s, q{\echo done});
	$s->{run}->pump until $s->{out} =~ /done/;
	$s->{out} =~ s/done\n//;
	return;
}

sub finish
{
	my ($s) = @_;
	$s->{in} .= "\\q\n";
	$s->{run}->finish;
	return;
}

# A refresh that has written its panels and then waits, because another session holds a table that it comes to later.
sub stalled_refresh
{
	my ($holder) = @_;
	send_sql($holder, 'BEGIN; LOCK TABLE ops.session_effect IN SHARE ROW EXCLUSIVE MODE');
	done($holder);
	my $worker = session();
	send_sql($worker, $refresh);
	ok($node->poll_query_until('postgres', q{SELECT coalesce(max(step), '') FROM coachdiag.progress}, 'session_effect'), 'a refresh is under way');
	return $worker;
}

sub waits_for
{
	my ($lock, $what) = @_;
	return ok($node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM pg_locks WHERE $lock AND NOT granted)"), $what);
}

sub value { return $node->safe_psql('postgres', "SET statement_timeout = '60s'; $_[0]"); }

my $add_coach = q{INSERT INTO ops.coach SELECT coalesce(max(coach_id), 0) + 1 FROM ops.coach};
my $worse = q{UPDATE ops.agent_metric SET value = value - 1};
my $results = q{SELECT md5(string_agg(s::text, ' ' ORDER BY s::text)) FROM (SELECT team, metric, month, panel::text, NULL::float8 FROM ops.stored_panel
	UNION ALL SELECT team, metric, NULL, verdict, mean_gap FROM ops.diagnosis UNION ALL SELECT team, metric, NULL, '', mean_gap FROM ops.gap_dispersion) s};
my $agree = q{SELECT bool_and(abs(d.mean_gap - g.mean_gap) < 1e-6 AND abs(g.mean_gap - (80 - x.mean)) < 1e-6) FROM ops.diagnosis d JOIN ops.gap_dispersion g USING (team, metric)
	JOIN (SELECT p.team, sum(c.mean) / count(*) AS mean FROM ops.stored_panel p, coachdiag.cells(p.panel) c GROUP BY p.team) x USING (team)};

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION coachdiag;
SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric VALUES ('quality', true, 80, 2);
INSERT INTO ops.assignment SELECT a, 'team ' || a % 2, '2024-01-01' FROM generate_series(1, 8) a;
INSERT INTO ops.agent_metric SELECT a, 'quality', date '2024-01-01' + 7 * w, 71 + a % 3 + (5 * w + 3 * a) % 7 / 3.0 FROM generate_series(1, 8) a, generate_series(0, 25) w;
INSERT INTO ops.coach VALUES (901);
SELECT coachdiag.track_changes('ops');
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('ops');
SQL

# Readers see the old set whole, then the new; a second refresh waits its turn.

my $holder = session();
my $before = value($results);
is(value($agree), 't', 'panels and results belong together');
value("$worse; $add_coach");
my $first = stalled_refresh($holder);
is(value($results), $before, 'readers see the old set, whole, and do not wait');
is(value($agree), 't', 'panels and results of it belong together');
my $second = session();
send_sql($second, $refresh);
waits_for(q{locktype = 'advisory'}, 'a second refresh waits for the first');
value($worse);
send_sql($holder, 'COMMIT');
finish($first);
finish($second);
like($second->{err}, qr/NOTICE: +workspace "ops" is being refreshed or dropped by another session: waiting/, 'and says so');
unlike("$first->{err}$second->{err}", qr/ERROR/, 'both end well');
isnt(value($results), $before, 'then readers see the new set');
is(value($agree), 't', 'whole');
my $after = value($results);
value(q{CALL coachdiag.refresh('ops', rebuild => true)});
is(value($results), $after, 'which is that of a rebuild, with what came in meanwhile');

# Cancelled in the middle: nothing has changed, nothing is lost, and it can be run again.

value("$worse; $add_coach");
my $cancelled = stalled_refresh($holder);
value('SELECT pg_cancel_backend(pid) FROM coachdiag.progress');
finish($cancelled);
like($cancelled->{err}, qr/ERROR: +canceling statement due to user request/, 'a refresh can be cancelled');
send_sql($holder, 'COMMIT');
done($holder);
is(value($results), $after, 'the last good results stay');
isnt(value('SELECT count(*) FROM ops.changed_period'), 0, 'with what there is to do');
value($refresh);
isnt(value($results), $after, 'the next refresh does it');
my $resumed = value($results);
value(q{CALL coachdiag.refresh('ops', rebuild => true)});
is(value($results), $resumed, 'as a rebuild would');

# A session logged for an earlier week after the log was copied.

value("INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric) VALUES (1, 1, 901, '2024-02-14 10:00+00', 'quality'); $add_coach");
my $between = stalled_refresh($holder);
value(q{INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, metric) VALUES (2, 2, 901, '2024-05-15 10:00+00', 'quality')});
send_sql($holder, 'COMMIT');
finish($between);
value($refresh);
my $late_session = value($results);
value(q{CALL coachdiag.refresh('ops', rebuild => true)});
is(value($results), $late_session, 'what came in between is in the panels after the next refresh');

value("DELETE FROM ops.coaching_session; $refresh");

# A loader that empties one source after another: neither is in the way of the other for good.

my $loader = session();
send_sql($loader, 'BEGIN; TRUNCATE ops.coach_week');
done($loader);
my $behind = session();
send_sql($behind, "$add_coach; $refresh");
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}), 'a refresh waits for a source that is being emptied, and holds none');
send_sql($loader, 'TRUNCATE ops.coach; COMMIT');
finish($loader);
finish($behind);
unlike("$loader->{err}$behind->{err}", qr/ERROR/, 'both end well');

# A long history in portions, of which the second waits before it ends: readers, a second refresh, who sets the day on which to look, a session ended.

value(<<'SQL');
CREATE FUNCTION public.wait_for_gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_catalog.pg_advisory_xact_lock_shared(7); RETURN NULL; END';
CREATE TRIGGER gate AFTER INSERT ON ops.refresh_log FOR EACH ROW WHEN (NEW.run = 2 AND NEW.step = 'diagnosis') EXECUTE FUNCTION public.wait_for_gate();
UPDATE ops.settings SET diagnosis_months = 1200;
INSERT INTO ops.agent_metric SELECT a, 'quality', date '2024-01-01' + 7 * w, 71 + a % 3 + (5 * w + 3 * a) % 7 / 3.0 FROM generate_series(1, 8) a, generate_series(26, 103) w;
CALL coachdiag.refresh('ops');
SQL
my $at_once = value($results);
my $unread = q{TRUNCATE ops.stored_panel, ops.stored_period, ops.stored_metric, ops.refresh_log, ops.change_log; INSERT INTO ops.changed_period VALUES ('agent_metric', NULL)};
my $in_portions = q{CALL coachdiag.refresh('ops', portion => 300)};
value($unread);
send_sql($holder, 'SELECT pg_advisory_lock(7)');
done($holder);
my $ended = session();
send_sql($ended, $in_portions);
waits_for(q{locktype = 'advisory' AND objid = 7}, 'the second portion is under way');
is(value('SELECT max(run) FROM ops.refresh_log'), 1, 'the first is committed');
is(value($agree), 't', 'panels and results of it belong together');
is(value('SELECT portions_left, (SELECT as_of IS NULL FROM ops.settings) FROM coachdiag.progress'), '1|t', 'progress counts what is left, the day on which to look is as it was');
my $next = session();
send_sql($next, $in_portions);
waits_for(q{locktype = 'advisory' AND objid <> 7}, 'another refresh waits for the portion');
my $chooser = session();
send_sql($chooser, q{UPDATE ops.settings SET as_of = '2026-01-05'});
waits_for(q{locktype = 'transactionid'}, 'and so does who sets that day');
value('SELECT pg_terminate_backend(pid) FROM coachdiag.progress');
$ended->{run}->finish;
like($ended->{err}, qr/terminating connection/, 'a session can be ended');
send_sql($holder, 'SELECT pg_advisory_unlock(7)');
done($holder);
finish($_) for ($chooser, $next);
unlike("$chooser->{err}$next->{err}", qr/ERROR/, 'the others end well');
like($next->{err}, qr/as of 2025-\d\d-\d\d, portions left after this one: 1/, 'the one that waited goes on after the first portion');
is(value('SELECT max(run) FROM ops.refresh_log'), 3, 'and does the rest');
is(value($results), $at_once, 'with the results that one refresh has');
is(value('SELECT as_of FROM ops.settings'), '2026-01-05', 'the day that was set stays');

# Two sessions that take turns, while readers look on.

value("$unread; DROP TRIGGER gate ON ops.refresh_log");
my @turns = (session(), session());
send_sql($_, $in_portions) for @turns;
my %seen;
do { $seen{ value($agree) }++ } while (value(q{SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ^@ 'CALL coachdiag'}) > 0);
finish($_) for @turns;
unlike("$turns[0]{err}$turns[1]{err}", qr/ERROR/, 'two refreshes in portions end well');
like("$turns[0]{err}$turns[1]{err}", qr/portions left.*portions left/s, 'and there were portions');
ok(!$seen{f}, 'whatever readers see belongs together') or diag(explain(\%seen));
is(value($results), $at_once, 'with the same results');
value("UPDATE ops.settings SET as_of = NULL; $refresh");

# A source replaced by a view, one that was read already and one that wasn't.

value("$worse; $add_coach; CREATE SCHEMA dw; CREATE TABLE dw.fact AS SELECT * FROM ops.agent_metric; CREATE TABLE dw.coach AS SELECT * FROM ops.coach WHERE coach_id > 901");
my $third = stalled_refresh($holder);
my $owner = session();
send_sql($owner, 'BEGIN; DROP TABLE ops.agent_metric; CREATE VIEW ops.agent_metric AS SELECT agent_id, metric, period, value + 1 AS value FROM dw.fact;'
	. ' DROP TABLE ops.coach; CREATE VIEW ops.coach AS SELECT coach_id FROM dw.coach; COMMIT');
waits_for(q{relation = 'ops.agent_metric'::regclass}, 'who replaces a source that a refresh has read waits for it');
send_sql($holder, 'COMMIT');
finish($third);
finish($owner);
unlike("$third->{err}$owner->{err}", qr/ERROR/, 'both end well');
is(value($agree), 't', 'results are those of the table');
my $of_table = value($results);
value($refresh);
isnt(value($results), $of_table, 'and at the next refresh those of the view');
is(value('SELECT count(*) FROM ops.stored_coach'), value('SELECT count(*) FROM dw.coach'), 'all of it');

# Dropped while it is refreshed, and while another refresh waits.

value('INSERT INTO dw.coach SELECT max(coach_id) + 1 FROM dw.coach');
my $fourth = stalled_refresh($holder);
my $dropper = session();
send_sql($dropper, q{SELECT coachdiag.drop_workspace('ops')});
waits_for(q{locktype = 'advisory'}, 'a drop waits for the refresh');
my $late = session();
send_sql($late, $refresh);
ok($node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}), 'and another refresh for the drop');
send_sql($holder, 'COMMIT');
finish($_) for ($fourth, $dropper, $late, $holder);
unlike("$fourth->{err}$dropper->{err}", qr/ERROR/, 'refresh and drop end well');
like($late->{err}, qr/ERROR: +there is no workspace "ops"/, 'who waited is told that it is gone');
is(value('SELECT count(*) FROM coachdiag.workspace'), 0, 'and it is');

$node->stop;
done_testing();
