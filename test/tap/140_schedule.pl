# Refreshes by the clock with a real pg_cron, what they change told to who listens, and watched from another session.
use strict;
use warnings;
use Coachdiag;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $share = `$ENV{PG_CONFIG} --sharedir`;
chomp $share;
plan skip_all => 'pg_cron is not installed' unless -f "$share/extension/pg_cron.control";

my $node = new_node('schedule');
$node->safe_psql('postgres', 'CREATE EXTENSION coachdiag');
$node->safe_psql('postgres', q{SELECT coachdiag.create_workspace('ops')});
my (undef, undef, $error) = $node->psql('postgres', q{SELECT coachdiag.schedule('ops')});
like($error, qr/pg_cron is not installed on this server.*HINT: .*15 5 \* \* \* PGOPTIONS='-c client_min_messages=warning' psql -X -q -d postgres -c "CALL coachdiag.refresh\('ops'\)"/s,
	'without pg_cron the error holds a line for a crontab');
is($node->safe_psql('postgres', 'SELECT count(*) FROM coachdiag.schedules()'), 0, 'and nothing is scheduled');
is($node->safe_psql('postgres', q{SELECT coachdiag.unschedule('ops')}), 'f', 'nor is there anything to end');

$node->safe_psql('postgres', 'CREATE DATABASE warehouse');
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_cron'
cron.database_name = 'warehouse'
cron.use_background_workers = on
max_worker_processes = 20
CONF
$node->restart;
(undef, undef, $error) = $node->psql('postgres', q{SELECT coachdiag.schedule('ops', '0 4 * * 1')});
like($error, qr/works from database "warehouse".*HINT: .*cron\.schedule_in_database\('coachdiag postgres\.ops', '0 4 \* \* 1', 'CALL coachdiag\.refresh\(''ops''\)', 'postgres', '\w+'\)/s,
	'where pg_cron works from another database, the error holds the line to run there');

$node->safe_psql('warehouse', 'CREATE EXTENSION coachdiag');
$node->safe_psql('warehouse', <<'SQL');
SELECT coachdiag.create_workspace('Client 7''s');
INSERT INTO "Client 7's".metric VALUES ('quality', true, 80, 2);
INSERT INTO "Client 7's".assignment SELECT a, 'blue', '2024-01-01' FROM generate_series(1, 8) a;
INSERT INTO "Client 7's".agent_metric SELECT a, 'quality', date '2024-01-01' + 7 * w, 81 + a % 3 + (5 * w + 3 * a) % 7 / 3.0 FROM generate_series(1, 8) a, generate_series(0, 25) w;
SQL
(undef, undef, $error) = $node->psql('warehouse', q{SELECT coachdiag.schedule('Client 7''s')});
like($error, qr/not created in this database.*HINT: .*CREATE EXTENSION pg_cron/s, 'where it only has to be created, the error says so');
$node->safe_psql('warehouse', 'CREATE EXTENSION pg_cron');
(undef, undef, $error) = $node->psql('warehouse', q{SELECT coachdiag.schedule('nobody')});
like($error, qr/there is no workspace "nobody"/, 'a workspace is needed');
(undef, undef, $error) = $node->psql('warehouse', q{SELECT coachdiag.schedule('Client 7''s', 'now and then')});
like($error, qr/invalid schedule/, 'and a cron expression');

$node->safe_psql('warehouse', 'CREATE ROLE keeper; GRANT CREATE ON DATABASE warehouse TO keeper; GRANT USAGE ON SCHEMA cron TO keeper');
is($node->safe_psql('warehouse', q{SET ROLE keeper; SELECT coachdiag.create_workspace('own'); SELECT coachdiag.schedule('own') > 0; SELECT coachdiag.unschedule('own'); SELECT coachdiag.drop_workspace('own')}),
	"\nt\nt\n", 'who is no superuser can schedule a workspace');
$node->safe_psql('warehouse', q{CREATE ROLE other; GRANT CREATE ON DATABASE warehouse TO other; SET ROLE other; SELECT coachdiag.create_workspace('others')});
for my $call (q{schedule('others')}, q{unschedule('others')}, 'schedules()')
{
	(undef, undef, $error) = $node->psql('warehouse', "SET ROLE other; SELECT coachdiag.$call");
	like($error, qr/you may not use pg_cron.*HINT: .*GRANT USAGE ON SCHEMA cron TO other;/s, "who may not use pg_cron is told so: $call");
}
(undef, undef, $error) = $node->psql('warehouse', q{SELECT coachdiag.schedule('others')});
like($error, qr/belongs to other: a superuser refreshes it as that role.*HINT: .*SET ROLE other/s, 'a superuser schedules the workspace of another as that role');
$node->safe_psql('warehouse', q{SET ROLE other; SELECT coachdiag.drop_workspace('others')});
my $job = $node->safe_psql('warehouse', q{SELECT coachdiag.schedule('Client 7''s')});
my $at_start = $node->safe_psql('warehouse', q{SELECT coachdiag.schedule('Client 7''s', '@reboot')});
is($at_start, $job, 'a new schedule replaces the old one');
is($node->safe_psql('warehouse', q{SELECT workspace, schedule, active, last_status IS NULL FROM coachdiag.schedules()}), q{Client 7's|@reboot|t|t}, 'which is listed');

(undef, undef, $error) = $node->psql('warehouse', q{SELECT coachdiag.schedule('Client 7''s', '30 seconds')});
ok($error eq '' || $error =~ /invalid schedule/, 'what this pg_cron does not know it refuses at once');
$node->safe_psql('warehouse', q{SELECT coachdiag.schedule('Client 7''s', '@reboot')});

# @reboot is the one schedule that does not have to be waited for.
$node->restart;
my $ended = q{SELECT last_status || ' ' || count(*) OVER () FROM coachdiag.schedules() WHERE last_end IS NOT NULL};
ok($node->poll_query_until('warehouse', $ended, 'succeeded 1'), 'pg_cron has run the refresh');
is($node->safe_psql('warehouse', q{SELECT team, metric, verdict FROM "Client 7's".diagnosis}), 'blue|quality|no_gap', 'and the results are there');

# A run that fails is seen, and the last good results stay.
$node->safe_psql('warehouse', q{ALTER TABLE "Client 7's".assignment RENAME TO put_away});
$node->restart;
ok($node->poll_query_until('warehouse', q{SELECT coalesce(last_status, '') FROM coachdiag.schedules()}, 'failed'), 'a failed run is seen');
like($node->safe_psql('warehouse', 'SELECT last_message FROM coachdiag.schedules()'), qr/has no relation "assignment"/, 'with its error');
like($node->safe_psql('warehouse', q{SELECT workspace, last_status, last_message, last_success < last_end FROM coachdiag.last_refresh}),
	qr/^Client 7's\|failed\|.*has no relation "assignment"\|t$/, 'and without pg_cron, too');
is($node->safe_psql('warehouse', q{SELECT team, metric, verdict FROM "Client 7's".diagnosis}), 'blue|quality|no_gap', 'and the last good results stay');
$node->safe_psql('warehouse', q{ALTER TABLE "Client 7's".put_away RENAME TO assignment});
is($node->safe_psql('warehouse', q{SELECT coachdiag.unschedule('Client 7''s')}), 't', 'a schedule can be ended');
is($node->safe_psql('warehouse', q{SELECT count(*) FROM coachdiag.schedules()}), 0, 'and is then gone');

# A scheduled refresh commits in portions.

$node->safe_psql('warehouse', <<'SQL');
SELECT coachdiag.track_changes('Client 7''s');
TRUNCATE "Client 7's".stored_panel, "Client 7's".stored_period, "Client 7's".stored_metric, "Client 7's".refresh_log;
SELECT cron.schedule('portions', '@reboot', $$CALL coachdiag.refresh('Client 7''s', portion => 50)$$);
SQL
$node->restart;
ok($node->poll_query_until('warehouse', q{SELECT coalesce(max(d.status), '') FROM cron.job_run_details d JOIN cron.job USING (jobid) WHERE jobname = 'portions'}, 'succeeded'), 'pg_cron has run a refresh in portions');
cmp_ok($node->safe_psql('warehouse', q{SELECT count(DISTINCT run) FROM "Client 7's".refresh_log}), '>', 2, 'each committed');
$node->safe_psql('warehouse', q{SELECT cron.unschedule('portions'), coachdiag.untrack_changes('Client 7''s')});

# What changed

my $refresh = q{CALL coachdiag.refresh('Client 7''s')};
my $told = $node->safe_psql('warehouse', qq{LISTEN coachdiag; $refresh; SELECT 1});
unlike($told, qr/notification/, 'with nothing changed nobody is told');
is($node->safe_psql('warehouse', q{SELECT count(*) FROM coachdiag.changes('Client 7''s')}), 0, 'and no change is listed');
$node->safe_psql('warehouse', q{UPDATE "Client 7's".metric SET target = 95});
$told = $node->safe_psql('warehouse', "LISTEN coachdiag;\n$refresh;\nSELECT 1;");
like($told, qr/Asynchronous notification "coachdiag" with payload "\{.*"what": "verdict".*"before": "no_gap"/, 'a verdict that changed is told to who listens');
is($node->safe_psql('warehouse', q{SELECT what, team, metric, before, after IS DISTINCT FROM 'no_gap' FROM coachdiag.changes('Client 7''s') WHERE what = 'verdict'}),
	'verdict|blue|quality|no_gap|t', 'and listed');
$node->safe_psql('warehouse', $refresh);
is($node->safe_psql('warehouse', q{SELECT count(*) FROM coachdiag.changes('Client 7''s')}), 0, 'until the next refresh');
is($node->safe_psql('warehouse', q{SELECT count(*) FROM coachdiag.changes('Client 7''s', '2000-01-01') WHERE what = 'verdict'}), 1, 'and longer for who asks since when');

# A change of process whose improvement comes undone: half a year of lower handle times, then it is as before.
$node->safe_psql('warehouse', <<'SQL');
INSERT INTO "Client 7's".metric VALUES ('time', false, 250, 5, 's');
INSERT INTO "Client 7's".intervention VALUES ('I1', '2024-07-01', 'system_improvement', 'time');
INSERT INTO "Client 7's".agent_metric SELECT a, 'time', date '2024-01-01' + 7 * w, CASE WHEN w BETWEEN 26 AND 45 THEN 250 ELSE 300 END + (7 * w + 3 * a) % 11 FROM generate_series(1, 8) a, generate_series(0, 45) w;
SQL
$node->safe_psql('warehouse', $refresh);
is($node->safe_psql('warehouse', q{SELECT recurrence FROM "Client 7's".intervention_effect WHERE team IS NULL}), 'held', 'an intervention holds');
$node->safe_psql('warehouse', <<'SQL');
INSERT INTO "Client 7's".agent_metric SELECT a, 'time', date '2024-01-01' + 7 * w, 298 + (7 * w + 3 * a) % 11 FROM generate_series(1, 8) a, generate_series(46, 75) w;
SQL
$told = $node->safe_psql('warehouse', "LISTEN coachdiag;\n$refresh;\nSELECT 1;");
is($node->safe_psql('warehouse', q{SELECT team IS NULL, metric, intervention, before, after, alert FROM coachdiag.changes('Client 7''s') WHERE what = 'intervention'}),
	't|time|I1|held|recurred|t', 'and has come undone: an alert');
like($told, qr/"what": "intervention".*"intervention": "I1"|"intervention": "I1".*"what": "intervention"/, 'told to who listens');

# A refresh that waits for a lock is watched from another session.

my ($in, $out, $err) = ('', '', '');
my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('warehouse') ], '<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(60));
$in .= qq{BEGIN; LOCK TABLE "Client 7's".stored_coach; SELECT 'locked';\n};
$holder->pump until $out =~ /locked/;
my ($in2, $out2, $err2) = ('', '', '');
my $worker = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('warehouse'), '-c', $refresh, '-c', 'SHOW application_name' ], '<', \$in2, '>', \$out2, '2>', \$err2, IPC::Run::timeout(60));
ok($node->poll_query_until('warehouse', q{SELECT coalesce(max(step), '') FROM coachdiag.progress}, 'stored_coach'), 'progress names the step that a refresh is at');
is($node->safe_psql('warehouse', q{SELECT workspace, done > 0, done < total, started < now(), rate > 0, estimated_end > now() - interval '1 minute' FROM coachdiag.progress}),
	q{Client 7's|t|t|t|t|t}, 'how far it is and when it will have ended');
$in .= "COMMIT;\n\\q\n";
$holder->finish;
$worker->finish;
like($out2, qr/^140_schedule\.pl$/m, 'and the session is called what it was before');
is($node->safe_psql('warehouse', 'SELECT count(*) FROM coachdiag.progress'), 0, 'then there is nothing to watch');

# A step that takes long: what the last time took is what is left.
$node->safe_psql('warehouse', <<"SQL");
ALTER TABLE "Client 7's".documented_step RENAME TO steps;
CREATE VIEW "Client 7's".documented_step AS SELECT s.* FROM "Client 7's".steps s, (SELECT pg_sleep(6) OFFSET 0) slow;
INSERT INTO "Client 7's".steps VALUES ('moves', 'look', 'talk');
$refresh;
INSERT INTO "Client 7's".steps VALUES ('moves', 'talk', NULL);
SQL
$worker = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('warehouse'), '-c', $refresh ], '<', \$in2, '>', \$out2, '2>', \$err2, IPC::Run::timeout(120));
ok($node->poll_query_until('warehouse', q{SELECT coalesce(max(step), '') FROM coachdiag.progress}, 'stored_documented_step'), 'a slow step');
my ($left, $rate) = split /\|/, $node->safe_psql('warehouse', q{SELECT extract(epoch FROM estimated_end - clock_timestamp()), rate / (60 * done / extract(epoch FROM clock_timestamp() - started)) FROM coachdiag.progress});
my $then = time;
$worker->finish;
my $took = time - $then;
ok($left > $took / 3 - 1 && $left < 3 * $took + 3, "takes about as long as the estimate says") or diag("estimated $left s, took $took s");
ok($rate > 0.9 && $rate < 1.1, 'rate is steps a minute');

$node->stop;
done_testing();
