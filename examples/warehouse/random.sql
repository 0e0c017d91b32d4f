-- Repeatable draws: a pure function of (key, seed), so that neither plan, row order nor server version matters.

CREATE FUNCTION pg_temp.u(key text) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((hashtextextended(key, :seed) & 4503599627370495)::float8 + 0.5::float8) / 4503599627370496::float8;
COMMENT ON FUNCTION pg_temp.u(text) IS 'Uniform draw in (0, 1) belonging to this key';

CREATE FUNCTION pg_temp.z(key text) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sqrt(-2 * ln(pg_temp.u(key || '/r'))) * cosd(360 * pg_temp.u(key || '/a'));
COMMENT ON FUNCTION pg_temp.z(text) IS 'Standard normal draw belonging to this key (Box and Muller 1958)';

CREATE FUNCTION pg_temp.logistic(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1 / (1 + exp(-x));

CREATE FUNCTION pg_temp.clamp(x float8, low float8, high float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(low, least(high, x));

CREATE FUNCTION pg_temp.monday(week int) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date '2025-01-06' + 7 * (week - 1);
COMMENT ON FUNCTION pg_temp.monday(int) IS 'First day of a week; week 52 starts on 2025-12-29';
