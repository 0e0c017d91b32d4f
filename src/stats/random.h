/*
 * random.h: random numbers by counter: the same seed and place give the same number,
 * whatever was drawn before (Salmon et al. 2011; the mixing is that of Steele, Lea &
 * Flood 2014).
 */
#ifndef CD_RANDOM_H
#define CD_RANDOM_H

#include <stdint.h>

static inline uint64_t
cd_random_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* 64 random bits for one item of one draw. */
static inline uint64_t
cd_random_bits(uint64_t seed, uint64_t draw, uint64_t item)
{
	const uint64_t step = UINT64_C(0x9E3779B97F4A7C15);

	return cd_random_mix(cd_random_mix(cd_random_mix(seed + step) + (draw + 1) * step) + (item + 1) * step);
}

/* Uniform on the open interval (0, 1). */
static inline double
cd_random_uniform(uint64_t seed, uint64_t draw, uint64_t item)
{
	return ((double) (cd_random_bits(seed, draw, item) >> 11) + 0.5) / 9007199254740992.0;
}

#endif
