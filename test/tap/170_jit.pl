# No query of a new workspace or of a refresh is compiled: of a small centre compiling took three times as long as all the rest.
use strict;
use warnings;
use Coachdiag;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('jit');
plan skip_all => 'this server has no JIT' if $node->safe_psql('postgres', 'SET jit = on; SELECT pg_jit_available()') ne 't';

$node->append_conf('postgresql.conf', <<'CONF');
jit = on
session_preload_libraries = auto_explain
auto_explain.log_min_duration = 0
auto_explain.log_analyze = on
auto_explain.log_timing = off
auto_explain.log_nested_statements = on
CONF
$node->restart;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION coachdiag;
SELECT coachdiag.create_workspace('ops');
INSERT INTO ops.metric (metric, higher_is_better, target, smallest_effect) VALUES ('aht', false, 300, 10);
INSERT INTO ops.assignment (agent_id, team, valid_from) SELECT a, 'team ' || a % 2, date '2022-01-03' FROM generate_series(1, 8) a;
INSERT INTO ops.agent_metric (agent_id, metric, period, value) SELECT a, 'aht', date '2024-01-01' + 7 * w, 300 + 10 * a + (7 * w + 3 * a) % 11
FROM generate_series(1, 8) a, generate_series(0, 25) w;
INSERT INTO ops.coaching_session (session_id, agent_id, coach_id, held_at, status, metric)
SELECT 100 * a + w, a, 901, timestamptz '2024-01-03 10:00+00' + w * interval '7 days', 'held', 'aht' FROM generate_series(1, 8) a, generate_series(0, 25, 4) w;
CALL coachdiag.refresh('ops');
CALL coachdiag.refresh('ops');
SQL
$node->safe_psql('postgres', 'SET jit_above_cost = 0; SELECT count(*) FROM ops.diagnosis');
my @plans = split /(?=duration: [\d.]+ ms  plan:)/, slurp_file($node->logfile);
my @with = grep { /^\s*JIT:/m } @plans;
my @refresh = grep { !/FROM ops\.diagnosis$/m } @with;

cmp_ok(scalar @plans, '>', 200, 'the plans of a refresh are seen');
cmp_ok(scalar @with, '>', scalar @refresh, 'and so it would be if one were compiled');
is(join("\n", map { substr $_, 0, 300 } @refresh), '', 'none is');
done_testing();
