/*
 * exact_sum.h: a sum that is rounded once, so that the order of its terms makes no difference. What a sum lacks to be
 * exact is kept in further numbers (Shewchuk 1997, Adaptive precision floating-point arithmetic).
 */
#ifndef CD_EXACT_SUM_H
#define CD_EXACT_SUM_H

#include <math.h>

/*
 * Add x, finite, to parts[0 .. room - 1], whose sum stays exact: they rise in size and don't overlap, apart from zeros.
 * Returns what found no room (0: everything did), which goes above them; infinite: overflow, and the parts are lost.
 */
static inline double
cd_exact_add(double *parts, int room, double x)
{
	int			used = 0;

	for (int i = 0; i < room; i++)
	{
		double		part = parts[i];
		double		sum = x + part;
		double		lost = fabs(x) < fabs(part) ? x - (sum - part) : part - (sum - x);

		parts[i] = 0;
		if (lost != 0)
			parts[used++] = lost;
		x = sum;
	}
	if (used == room || isinf(x))
		return x;
	parts[used] = x;
	return 0;
}

/* The sum of the parts, rounded to the nearest, of two as near to the even one. */
static inline double
cd_exact_round(const double *parts, int room)
{
	double		sum = 0;
	double		lost = 0;
	int			i = room - 1;

	while (i >= 0 && lost == 0)
	{
		double		last = sum;

		sum = last + parts[i];
		lost = parts[i--] - (sum - last);
	}
	while (i >= 0 && parts[i] == 0)
		i--;
	/* Half-way, as far as this part goes: the next one decides. */
	if (i >= 0 && (lost < 0) == (parts[i] < 0) && sum + 2 * lost - sum == 2 * lost)
		sum += 2 * lost;
	return sum;
}

#endif
