/*
 * log_bias.h: how far the logarithm of a mean of few contacts lies below the logarithm of what it is the mean of.
 * To second order that is half its variance, and so falls with its weight; whether the values at hand were made
 * that way they tell themselves, by whether they are lower where their weight is.
 */
#ifndef CD_LOG_BIAS_H
#define CD_LOG_BIAS_H

/* Values of one agent and contact type: sums, by weight. */
typedef struct CdLogGroup
{
	double		n;
	double		w;
	double		x;				/* x: rows over weight */
	double		v;
	double		xx;
	double		xv;
	double		vv;
} CdLogGroup;

/* Over the groups: sums of squares and products within them. */
typedef struct CdLogBias
{
	double		df;
	double		xx;
	double		xv;
	double		vv;
} CdLogBias;

/* The logarithm of a mean of rows that have that weight together. */
void		cd_log_group_add(CdLogGroup *g, double value, double rows, double weight);
void		cd_log_bias_add(CdLogBias *b, const CdLogGroup *g);

/*
 * By how much the logarithm of a row of weight 1 is too low: between 0 and half the variance, any value in between as likely
 * beforehand (posterior mean).  NaN: nothing varies.
 */
double		cd_log_bias(const CdLogBias *b);

#endif
