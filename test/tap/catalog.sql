-- What the catalogs say about the extension's objects, one line each; names in place of OIDs.
WITH member AS (
	SELECT d.classid, d.objid, i.type || ' ' || i.identity AS object,
		coalesce(pg_catalog.obj_description(d.objid, d.classid::regclass::name), '') AS comment
	FROM pg_catalog.pg_depend d
		JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_extension'::regclass,
		pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
	WHERE d.deptype = 'e' AND e.extname = 'coachdiag'
), definition AS (
	SELECT 'pg_catalog.pg_proc'::regclass AS classid, oid AS objid,
		concat_ws(' ', prorettype::regtype, pg_catalog.pg_get_function_arguments(oid), pg_catalog.pg_get_function_result(oid), prolang,
			procost, prorows, prosupport, prokind, prosecdef, proleakproof, proisstrict, proretset, provolatile, proparallel,
			prosrc, probin, pg_catalog.pg_get_function_sqlbody(oid), proconfig, proacl) AS text
	FROM pg_catalog.pg_proc
	UNION ALL
	SELECT 'pg_catalog.pg_proc'::regclass, aggfnoid,
		concat_ws(' ', aggkind, aggnumdirectargs, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn,
			aggminvtransfn, aggmfinalfn, aggfinalextra, aggfinalmodify, aggsortop::regoperator, aggtranstype::regtype, aggtransspace,
			agginitval)
	FROM pg_catalog.pg_aggregate
	UNION ALL
	SELECT 'pg_catalog.pg_type'::regclass, oid,
		concat_ws(' ', typlen, typbyval, typtype, typcategory, typispreferred, typdelim, typinput, typoutput, typreceive, typsend,
			typmodin, typmodout, typanalyze, typsubscript, typalign, typstorage, typnotnull, typcollation::regcollation, typdefault, typacl)
	FROM pg_catalog.pg_type
	UNION ALL
	SELECT 'pg_catalog.pg_type'::regclass, typ.oid, concat_ws(' ', attnum, attname, pg_catalog.format_type(atttypid, atttypmod), attnotnull)
	FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_type typ ON typ.typrelid = attrelid
	WHERE attnum > 0 AND NOT attisdropped
	UNION ALL
	SELECT 'pg_catalog.pg_class'::regclass, oid, concat_ws(' ', relkind, reloptions, relacl, pg_catalog.pg_get_viewdef(oid))
	FROM pg_catalog.pg_class
	WHERE relkind = 'v'
	UNION ALL
	SELECT 'pg_catalog.pg_class'::regclass, conrelid, concat_ws(' ', conname, pg_catalog.pg_get_constraintdef(oid))
	FROM pg_catalog.pg_constraint
	WHERE conrelid <> 0
	UNION ALL
	SELECT 'pg_catalog.pg_class'::regclass, indrelid, pg_catalog.pg_get_indexdef(indexrelid)
	FROM pg_catalog.pg_index
	UNION ALL
	SELECT 'pg_catalog.pg_operator'::regclass, oid,
		concat_ws(' ', oprcanmerge, oprcanhash, oprresult::regtype, oprcom::regoperator, oprnegate::regoperator, oprcode, oprrest, oprjoin)
	FROM pg_catalog.pg_operator
	UNION ALL
	SELECT 'pg_catalog.pg_cast'::regclass, oid, concat_ws(' ', castfunc::regprocedure, castcontext, castmethod)
	FROM pg_catalog.pg_cast
	UNION ALL
	SELECT 'pg_catalog.pg_opclass'::regclass, oid, concat_ws(' ', opcdefault, opcintype::regtype, opckeytype::regtype)
	FROM pg_catalog.pg_opclass
	UNION ALL
	SELECT 'pg_catalog.pg_opfamily'::regclass, amopfamily, concat_ws(' ', amopstrategy, amopopr::regoperator, amoppurpose)
	FROM pg_catalog.pg_amop
	UNION ALL
	SELECT 'pg_catalog.pg_opfamily'::regclass, amprocfamily, concat_ws(' ', amprocnum, amproc::regprocedure)
	FROM pg_catalog.pg_amproc
)
SELECT concat_ws(E'\n\t', m.object, nullif('comment: ' || m.comment, 'comment: '), string_agg(d.text, E'\n\t' ORDER BY d.text COLLATE "C"))
FROM member m LEFT JOIN definition d USING (classid, objid)
GROUP BY m.object, m.comment
ORDER BY m.object COLLATE "C";
