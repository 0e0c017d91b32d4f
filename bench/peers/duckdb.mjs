// The peer of bench/peers.sh in DuckDB: node duckdb.mjs MODULES ROWS.csv ANSWERS.csv
import { createRequire } from 'node:module';

const [modules, rows, answers] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(`${modules}/`)('@duckdb/node-api');
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const run = (sql) => connection.run(sql);
const tell = (what, start) => console.log(what, Math.round(performance.now() - start));

const answer = `CREATE OR REPLACE TEMP TABLE answer AS
WITH agents AS (
	SELECT team, metric, agent, count(*) AS n, avg(value - target) AS mean, var_samp(value - target) AS v FROM fact GROUP BY ALL
), teams AS (
	SELECT team, metric, count(*) AS k, sum(n * mean) / sum(n) AS mean, sum((n - 1) * v) / (sum(n) - count(*)) AS within,
		(sum(n) - sum(n * n) / sum(n)) / (count(*) - 1) AS n0 FROM agents GROUP BY ALL
), outer_ms AS (
	SELECT t.team, t.metric, t.within, t.n0, sum(a.n * (a.mean - t.mean) ** 2) / (t.k - 1) AS ms
	FROM teams t JOIN agents a USING (team, metric) GROUP BY t.team, t.metric, t.k, t.within, t.n0
)
SELECT team, metric, (ms - within) / n0 AS between_variance, within, ms / within AS f FROM outer_ms`;

let start = performance.now();
await run(`CREATE TABLE fact AS SELECT * FROM read_csv('${rows}', header = false,
	columns = {team: 'INTEGER', metric: 'INTEGER', agent: 'BIGINT', value: 'DOUBLE', target: 'DOUBLE'})`);
tell('read', start);
await run(answer);
start = performance.now();
await run(answer);
tell('compute', start);
await run('SET threads TO 1');
start = performance.now();
await run(answer);
tell('one_thread', start);
await run(`COPY answer TO '${answers}' (FORMAT csv, HEADER false)`);
process.exit(0);
