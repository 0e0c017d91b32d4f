-- Parts of a workspace are refreshed by position: what a part reads has been refreshed before it.
\set QUIET on
SET client_min_messages = error;
SELECT plan(5);

SELECT lives_ok($$SELECT coachdiag.create_workspace('ops')$$, 'views read only what is made before them');

SELECT is_empty($$
	SELECT p.name, n.name FROM coachdiag.workspace_part p CROSS JOIN unnest(p.reads) n (name) WHERE n.name NOT IN (SELECT coachdiag.workspace_relation())
$$, 'what a table is said to read is there');

SELECT is_empty($$
	SELECT name FROM coachdiag.workspace_part WHERE kind = 'table' AND reads IS NULL AND NOT owner_fills
$$, 'every table that refresh fills says what it reads');

SELECT is_empty($$
	SELECT p.name, r.name FROM coachdiag.workspace_part p CROSS JOIN unnest(p.reads) n (name) JOIN coachdiag.workspace_part r ON r.name = n.name
	WHERE r.position >= p.position
$$, 'a table reads only parts of an earlier position');

SELECT is_empty($$
	SELECT p.name, r.name
	FROM coachdiag.part_reads('ops') o JOIN coachdiag.workspace_part p ON p.name = o.part CROSS JOIN unnest(o.reads) n (name) JOIN coachdiag.workspace_part r ON r.name = n.name
	WHERE r.position >= p.position
$$, 'and so does everything that is stored, through views too');

SELECT * FROM finish();
