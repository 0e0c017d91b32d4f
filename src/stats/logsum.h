/*
 * logsum.h: sum of the logarithms of many positive numbers, at the cost of one logarithm.
 */
#ifndef CD_LOGSUM_H
#define CD_LOGSUM_H

#include <math.h>

/* The product of the numbers, as a factor within bounds and a power of 2. */
typedef struct CdLogSum
{
	double		mantissa;
	double		exponent;
} CdLogSum;

#define CD_LOG_SUM_EMPTY {1.0, 0.0}

/* Move the powers of 2 of a number that is out of bounds to the exponent. */
static inline double
cd_log_sum_bound(CdLogSum *s, double x)
{
	int			power;

	if (x > 0x1p-500 && x < 0x1p500)
		return x;
	x = frexp(x, &power);
	s->exponent += power;
	return x;
}

/* x must be positive and finite. */
static inline void
cd_log_sum_add(CdLogSum *s, double x)
{
	double		product = s->mantissa * x;

	if (product > 0x1p-500 && product < 0x1p500)
		s->mantissa = product;
	else
		s->mantissa = cd_log_sum_bound(s, s->mantissa) * cd_log_sum_bound(s, x);
}

static inline double
cd_log_sum(const CdLogSum *s)
{
	return log(s->mantissa) + s->exponent * 0.69314718055994530942;
}

#endif
