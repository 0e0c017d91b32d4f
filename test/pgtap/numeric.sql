-- Published numbers of small data sets, typed here with their source, so that they are tested everywhere.
BEGIN;
SELECT plan(82);

-- So many significant digits agree; a published 0 is met exactly.
CREATE FUNCTION pg_temp.agrees(value float8, published float8, digits int, name text) RETURNS text LANGUAGE sql AS $$
	SELECT ok(value = published OR abs(value - published) <= 10.0 ^ -digits * abs(published), name)
		|| CASE WHEN value = published OR abs(value - published) <= 10.0 ^ -digits * abs(published) THEN ''
			ELSE E'\n' || diag(format('computed %s, published %s', value, published)) END
$$;

-- NIST StRD, univariate: certified means and standard deviations. Minimum digits: the limit of doubles.
CREATE TEMP TABLE univariate AS
SELECT 'NumAcc1' AS name, unnest(ARRAY[10000001, 10000003, 10000002])::float8 AS y
UNION ALL
SELECT 'Mavro', (200000 + unnest(ARRAY[180, 170, 180, 190, 180, 170, 150, 140, 150, 150, 170, 180, 180, 190, 190, 210, 200, 160,
	140, 130, 130, 150, 150, 160, 150, 140, 130, 140, 150, 140, 150, 160, 150, 160, 190, 200,
	200, 210, 220, 230, 240, 250, 270, 260, 260, 260, 270, 260, 250, 240])) / 100000.0::float8
UNION ALL
SELECT 'NumAcc' || n, (base + CASE WHEN i = 0 THEN 2 WHEN i % 2 = 1 THEN 1 ELSE 3 END) / 10.0::float8
FROM (VALUES (2, 10), (3, 10000000), (4, 100000000)) s(n, base), generate_series(0, 1000) i;

CREATE TEMP TABLE moments AS
SELECT name, (d).* FROM (SELECT name, coachdiag.gap_dispersion(y, 0, 1::bigint) AS d FROM univariate GROUP BY name) s;

SELECT is(observations, n::bigint, format('NIST StRD %s: n', name)) FROM moments JOIN (VALUES
	('Mavro', 50), ('NumAcc1', 3), ('NumAcc2', 1001), ('NumAcc3', 1001), ('NumAcc4', 1001)) v(name, n) USING (name);
SELECT pg_temp.agrees(mean_gap, mean, 15, format('NIST StRD %s: mean', name)) FROM moments JOIN (VALUES
	('Mavro', 2.001856), ('NumAcc1', 10000002), ('NumAcc2', 1.2), ('NumAcc3', 1000000.2), ('NumAcc4', 10000000.2)) v(name, mean) USING (name);
SELECT pg_temp.agrees(within_sd, sd, digits, format('NIST StRD %s: standard deviation', name)) FROM moments JOIN (VALUES
	('Mavro', 0.000429123454003053, 12), ('NumAcc1', 1, 14), ('NumAcc2', 0.1, 14), ('NumAcc3', 0.1, 9), ('NumAcc4', 0.1, 8)) v(name, sd, digits) USING (name);

-- Travel times in six rails: Devore (2000), in Pinheiro & Bates (2000), Mixed-Effects Models in S and S-PLUS, 1.1.
CREATE TEMP TABLE rail AS
SELECT ((i - 1) / 3 + 1)::bigint AS rail, travel::float8
FROM unnest(ARRAY[55, 53, 54, 26, 37, 32, 78, 91, 85, 92, 100, 96, 49, 51, 50, 80, 85, 83]) WITH ORDINALITY t(travel, i);

-- Yield of dyestuff in six batches, and a simulated set without spread: Davies & Goldsmith (1972), Box & Tiao (1973).
CREATE TEMP TABLE dyestuff AS
SELECT chr(65 + ((i - 1) / 5)::int) AS batch, yield::float8
FROM unnest(ARRAY[1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495, 1595, 1550, 1605, 1510, 1560,
	1445, 1440, 1595, 1465, 1545, 1595, 1630, 1515, 1635, 1625, 1520, 1455, 1450, 1480, 1445]) WITH ORDINALITY t(yield, i);
CREATE TEMP TABLE dyestuff2 AS
SELECT chr(65 + ((i - 1) / 5)::int) AS batch, yield::float8
FROM unnest(ARRAY[7.298, 3.846, 2.434, 9.566, 7.990, 5.220, 6.556, 0.608, 11.788, -0.892, 0.110, 10.386, 13.434, 5.510, 8.166,
	2.212, 4.852, 7.092, 9.288, 4.980, 0.282, 9.014, 4.458, 9.446, 7.198, 1.722, 4.782, 8.106, 0.758, 3.758]) WITH ORDINALITY t(yield, i);

CREATE TEMP TABLE oneway AS
SELECT 'Rail' AS name, (coachdiag.gap_dispersion(travel, 0, rail)).* FROM rail
UNION ALL SELECT 'Dyestuff', (coachdiag.gap_dispersion(yield, 0, batch)).* FROM dyestuff
UNION ALL SELECT 'Dyestuff2', (coachdiag.gap_dispersion(yield, 0, batch)).* FROM dyestuff2;

SELECT pg_temp.agrees(mean_gap, mean, 12, name || ': mean') FROM oneway JOIN (VALUES ('Rail', 66.5), ('Dyestuff', 1527.5), ('Dyestuff2', 5.6656)) v(name, mean) USING (name);
SELECT pg_temp.agrees(between_variance, variance, 10, name || ': variance between, REML') FROM oneway JOIN (VALUES
	('Rail', 615.311111111111), ('Dyestuff', 1764.05), ('Dyestuff2', 0)) v(name, variance) USING (name);
SELECT pg_temp.agrees(within_sd ^ 2, variance, 10, name || ': residual variance, REML') FROM oneway JOIN (VALUES
	('Rail', 97 / 6.0), ('Dyestuff', 2451.25), ('Dyestuff2', 13.3460993066667 * 30 / 29)) v(name, variance) USING (name);
SELECT pg_temp.agrees(f, published, 10, name || ': F') FROM oneway JOIN (VALUES
	('Rail', 115.181443298969), ('Dyestuff', 11271.5 / 2451.25), ('Dyestuff2', 1 / 1.7928629506916)) v(name, published) USING (name);
SELECT pg_temp.agrees(f_p, published, 10, name || ': p of F') FROM oneway JOIN (VALUES
	('Dyestuff', 0.00439753126830609), ('Dyestuff2', 0.731099230636925)) v(name, published) USING (name);
SELECT pg_temp.agrees(icc, published, 10, name || ': intraclass correlation') FROM oneway JOIN (VALUES
	('Rail', 615.311111111111 / (615.311111111111 + 97 / 6.0)), ('Dyestuff', 0.418487414893366), ('Dyestuff2', 0)) v(name, published) USING (name);
SELECT is(method, expected, name || ': method') FROM oneway JOIN (VALUES ('Rail', 'REML'), ('Dyestuff', 'REML'), ('Dyestuff2', 'REML, boundary')) v(name, expected) USING (name);
-- With equal groups the interval of the mean is that of the group means: t of 5 degrees of freedom is 2.570581835636314.
SELECT pg_temp.agrees(mean_high - mean_gap, 2.570581835636314 * sqrt(9310.5 / 5 / 18), 10, 'Rail: half width of the interval of the mean') FROM oneway WHERE name = 'Rail';
SELECT pg_temp.agrees(mean_gap - mean_low, 2.570581835636314 * sqrt(11271.5 / 30), 10, 'Dyestuff: half width of the interval of the mean') FROM oneway WHERE name = 'Dyestuff';

-- Vaccination against tuberculosis, 13 trials, log relative risk: Colditz et al. (1994); values by metafor (Viechtbauer 2010).
CREATE TEMP TABLE bcg AS
SELECT trial, ln(tpos::float8 / (tpos + tneg) / (cpos::float8 / (cpos + cneg))) AS y,
	sqrt(1.0 / tpos - 1.0 / (tpos + tneg) + 1.0 / cpos - 1.0 / (cpos + cneg)) AS se
FROM (VALUES (1, 4, 119, 11, 128), (2, 6, 300, 29, 274), (3, 3, 228, 11, 209), (4, 62, 13536, 248, 12619), (5, 33, 5036, 47, 5761),
	(6, 180, 1361, 372, 1079), (7, 8, 2537, 10, 619), (8, 505, 87886, 499, 87892), (9, 29, 7470, 45, 7232), (10, 17, 1699, 65, 1600),
	(11, 186, 50448, 141, 27197), (12, 5, 2493, 3, 2338), (13, 27, 16886, 29, 17825)) t(trial, tpos, tneg, cpos, cneg);

-- Coaching for a school test in eight schools: Rubin (1981).
CREATE TEMP TABLE schools AS
SELECT chr(64 + i::int) AS school, y, se FROM unnest(ARRAY[28, 8, -3, 7, -1, 1, 18, 12]::float8[], ARRAY[15, 10, 16, 11, 9, 11, 10, 18]::float8[]) WITH ORDINALITY t(y, se, i);

CREATE TEMP TABLE pooled AS
SELECT 'BCG' AS name, fit, h.* FROM unnest(ARRAY['REML', 'DL', 'ML', 'SJ', 'FE']) fit, LATERAL (SELECT (coachdiag.heterogeneity(y, se, fit)).* FROM bcg) h
UNION ALL
SELECT 'Eight schools', fit, h.* FROM unnest(ARRAY['REML', 'DL', 'PM', 'HE', 'SJ', 'FE']) fit, LATERAL (SELECT (coachdiag.heterogeneity(y, se, fit)).* FROM schools) h;

SELECT is(k, expected, name || ': units') FROM pooled JOIN (VALUES ('BCG', 13), ('Eight schools', 8)) v(name, expected) USING (name) WHERE fit = 'REML';
SELECT pg_temp.agrees(between_variance, published, digits, format('%s: between variance by %s', name, fit)) FROM pooled JOIN (VALUES
	('BCG', 'REML', 0.313243258136797, 8), ('BCG', 'ML', 0.280028137269249, 8), ('BCG', 'SJ', 0.345515701598207, 10), ('BCG', 'FE', 0, 15),
	('Eight schools', 'REML', 0, 15), ('Eight schools', 'DL', 0, 15), ('Eight schools', 'PM', 0, 15), ('Eight schools', 'HE', 0, 15),
	('Eight schools', 'SJ', 38.6122432436259, 10)) v(name, fit, published, digits) USING (name, fit);
SELECT pg_temp.agrees(mean, published, digits, format('%s: mean by %s', name, fit)) FROM pooled JOIN (VALUES
	('BCG', 'FE', -0.430285163654258, 10), ('BCG', 'ML', -0.711199135473906, 8), ('BCG', 'SJ', -0.717248592557212, 10),
	('Eight schools', 'FE', 7.68561672495604, 10), ('Eight schools', 'REML', 7.68561672495604, 10), ('Eight schools', 'SJ', 7.9191861084317, 10)) v(name, fit, published, digits) USING (name, fit);
SELECT pg_temp.agrees(se, published, digits, format('%s: standard error by %s and Knapp-Hartung', name, fit)) FROM pooled JOIN (VALUES
	('BCG', 'REML', 0.18079174409276, 7), ('BCG', 'DL', 0.180696628335451, 10)) v(name, fit, published, digits) USING (name, fit);
SELECT pg_temp.agrees(mean_low, low, 9, name || ': mean from') FROM pooled JOIN (VALUES ('Eight schools', -0.210035371857895)) v(name, low) USING (name) WHERE fit = 'REML';
SELECT pg_temp.agrees(mean_high, high, 9, name || ': mean to') FROM pooled JOIN (VALUES ('Eight schools', 15.58126882177)) v(name, high) USING (name) WHERE fit = 'REML';
SELECT pg_temp.agrees(between_low, low, 6, name || ': between variance from') FROM pooled JOIN (VALUES ('BCG', 0.119718361140946), ('Eight schools', 0)) v(name, low) USING (name) WHERE fit = 'REML';
SELECT pg_temp.agrees(between_high, high, 6, name || ': between variance to') FROM pooled JOIN (VALUES ('BCG', 1.11147908405981), ('Eight schools', 270.367162256186)) v(name, high) USING (name) WHERE fit = 'REML';
SELECT pg_temp.agrees(q_p, p, 10, name || ': p of Q') FROM pooled JOIN (VALUES ('BCG', 1.99676459092487e-26), ('Eight schools', 0.695659166635196)) v(name, p) USING (name) WHERE fit = 'REML';
SELECT pg_temp.agrees(1 / (1 - i_squared), h2, 7, name || ': 1 / (1 - I2)') FROM pooled JOIN (VALUES ('BCG', 12.8557582353169), ('Eight schools', 1)) v(name, h2) USING (name) WHERE fit = 'REML';
SELECT pg_temp.agrees(predict_low, low, 7, format('BCG: new trial from, by %s', fit)) FROM pooled JOIN (VALUES ('REML', -2.0083759069229), ('DL', -1.99883849575161)) v(fit, low) USING (fit) WHERE name = 'BCG';
SELECT pg_temp.agrees(predict_high, high, 7, format('BCG: new trial to, by %s', fit)) FROM pooled JOIN (VALUES ('REML', 0.579311222607248), ('DL', 0.570604051605855)) v(fit, high) USING (fit) WHERE name = 'BCG';

SELECT pg_temp.agrees((s.shrunk).estimate, published, 7, format('BCG: shrunken estimate of trial %s', trial))
FROM (SELECT trial, coachdiag.shrink(y, se) OVER () AS shrunk FROM bcg) s JOIN (VALUES (2, -1.25170598030161), (13, -0.146743069858398)) v(trial, published) USING (trial);
SELECT pg_temp.agrees((s.shrunk).estimate, 7.68561672495604, 10, format('Eight schools: shrunken estimate of school %s', school))
FROM (SELECT school, coachdiag.shrink(y, se) OVER () AS shrunk FROM schools) s WHERE school IN ('A', 'H');

-- Rates with Wilson's interval: Newcombe (1998), Statistics in Medicine 17, 857, table I (four decimals).
CREATE TEMP TABLE wilson AS
SELECT x, n, coachdiag.gap_dispersion(p, NULL, 'proportion') AS d FROM (
	SELECT x, n, coachdiag.panel((i <= x)::int, 0, 1::bigint, NULL) AS p
	FROM (VALUES (81, 263), (15, 148), (0, 20), (1, 29)) t(x, n), generate_series(1, n) i GROUP BY x, n) s;
SELECT is(round((d).mean_low::numeric, 4), low, format('Wilson: %s of %s, from', x, n)) FROM wilson JOIN (VALUES (81, 0.2553), (15, 0.0624), (0, 0.0000), (1, 0.0061)) v(x, low) USING (x);
SELECT is(round((d).mean_high::numeric, 4), high, format('Wilson: %s of %s, to', x, n)) FROM wilson JOIN (VALUES (81, 0.3662), (15, 0.1605), (0, 0.1611), (1, 0.1718)) v(x, high) USING (x);

SELECT * FROM finish();
ROLLBACK;
