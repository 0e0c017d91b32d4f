/*
 * close.h: what the unit tests share: comparison to a number of digits, small data sets.
 */
#ifndef CD_CLOSE_H
#define CD_CLOSE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <gsl/gsl_errno.h>

#include "stats/moments.h"
#include "stats/status.h"

/* Relative to the expected value, absolute where that is 0. */
#define assert_close(actual, expected, tolerance) do { \
		double		a_ = (actual); \
		double		e_ = (expected); \
		double		s_ = e_ == 0.0 ? 1.0 : fabs(e_); \
		if (!(fabs(a_ - e_) <= (tolerance) * s_)) \
			fail_msg("%s is %.17g, expected %.17g (off by %.2g)", #actual, a_, e_, fabs(a_ - e_) / s_); \
	} while (0)

#define assert_between(actual, low, high) do { \
		double		a_ = (actual); \
		if (!(a_ >= (low) && a_ <= (high))) \
			fail_msg("%s is %.17g, expected from %g to %g", #actual, a_, (double) (low), (double) (high)); \
	} while (0)

#define assert_nan(actual) assert_true(isnan(actual))
#define assert_ok(status) assert_string_equal(cd_status_text(status), cd_status_text(CD_OK))

/* Moments of equally weighted values. */
static inline CdMoments
moments_of(const double *values, size_t n)
{
	CdMoments	m = {0};

	for (size_t i = 0; i < n; i++)
		cd_moments_add(&m, values[i], 1.0);
	return m;
}

/* Moments of consecutive groups of equal size. */
static inline void
moments_of_groups(const double *values, size_t groups, size_t size, CdMoments *out)
{
	for (size_t g = 0; g < groups; g++)
		out[g] = moments_of(values + g * size, size);
}

/* Uniform on (0, 1): a small generator of our own, so that a seed means the same everywhere. */
static inline double
uniform(uint64_t *state)
{
	*state += UINT64_C(0x9E3779B97F4A7C15);
	uint64_t	z = *state;

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return ((double) ((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

/* Standard normal (Box-Muller). */
static inline double
normal(uint64_t *state)
{
	double		r = sqrt(-2.0 * log(uniform(state)));

	return r * cos(6.283185307179586 * uniform(state));
}

/* lme4 Dyestuff: yield of 6 batches, 5 samples each (Davies & Goldsmith 1972). */
static const double dyestuff[30] = {
	1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495, 1595, 1550, 1605, 1510, 1560,
	1445, 1440, 1595, 1465, 1545, 1595, 1630, 1515, 1635, 1625, 1520, 1455, 1450, 1480, 1445
};

/* lme4 Dyestuff2: simulated by Box & Tiao (1973); between-batch variance estimated at 0. */
static const double dyestuff2[30] = {
	7.298, 3.846, 2.434, 9.566, 7.99, 5.22, 6.556, 0.608, 11.788, -0.892, 0.11, 10.386, 13.434,
	5.51, 8.166, 2.212, 4.852, 7.092, 9.288, 4.98, 0.282, 9.014, 4.458, 9.446, 7.198, 1.722,
	4.782, 8.106, 0.758, 3.758
};

/* nlme Rail: travel time on 6 rails, 3 each (Devore 2000). */
static const double rail[18] = {
	55, 53, 54, 26, 37, 32, 78, 91, 85, 92, 100, 96, 49, 51, 50, 80, 85, 83
};

#endif
