/*
 * logsum.h: sum of the logarithms of many positive numbers, at the cost of one logarithm.
 */
#ifndef CD_LOGSUM_H
#define CD_LOGSUM_H

#include <math.h>

/* The product of the numbers, as mantissa and power of 2. */
typedef struct CdLogSum
{
	double		mantissa;
	double		exponent;
} CdLogSum;

#define CD_LOG_SUM_EMPTY {1.0, 0.0}

/* x must be positive and finite. */
static inline void
cd_log_sum_add(CdLogSum *s, double x)
{
	int			power;

	s->mantissa *= frexp(x, &power);
	s->exponent += power;
	if (s->mantissa < 0x1p-900)
	{
		s->mantissa = frexp(s->mantissa, &power);
		s->exponent += power;
	}
}

static inline double
cd_log_sum(const CdLogSum *s)
{
	return log(s->mantissa) + s->exponent * 0.69314718055994530942;
}

#endif
