-- Every object of the extension is on the stored list (make inventory), has a comment, and is safely defined.
BEGIN;
SELECT plan(7);

\set QUIET on
\ir members.psql
CREATE TEMP TABLE inventory (object text);
\copy inventory FROM 'test/pgtap/inventory.txt'

CREATE TEMP VIEW member_functions AS
SELECT m.object, p.*, l.lanname
FROM member_objects m
	JOIN pg_catalog.pg_proc p ON m.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = m.objid
	JOIN pg_catalog.pg_language l ON l.oid = p.prolang;

SELECT isnt_empty('TABLE members', 'the extension has objects');

SELECT is_empty('SELECT object FROM members EXCEPT SELECT object FROM inventory',
	'no object is missing on the list, and no label has changed');

SELECT is_empty('SELECT object FROM inventory EXCEPT SELECT object FROM members',
	'no object of the list is missing in the extension');

SELECT is_empty($$
	SELECT object FROM member_objects WHERE coalesce(pg_catalog.obj_description(objid, classid::regclass::name), '') !~ '\S'
$$, 'every object has a comment');

SELECT is_empty('SELECT object FROM member_functions WHERE prosecdef', 'no function is SECURITY DEFINER');

SELECT is_empty($$
	SELECT object FROM member_functions
	-- What commits cannot; it holds calls only, by their full names.
	WHERE lanname = 'plpgsql' AND object <> 'procedure coachdiag.refresh(pg_catalog.text,pg_catalog.date,boolean,bigint)'
		AND NOT coalesce(proconfig, '{}') && ARRAY['search_path=pg_catalog, pg_temp', 'search_path=pg_catalog, coachdiag, pg_temp']
$$, 'every plpgsql function pins its search_path');

SELECT is_empty($$
	SELECT f.object FROM member_functions f JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = f.oid
	WHERE a.aggcombinefn <> 0 AND f.proparallel <> 's'
$$, 'every aggregate that can be combined is parallel safe');

SELECT * FROM finish();
ROLLBACK;
