/*
 * arena.h: memory that the caller owns and an estimator takes from, front to back.
 */
#ifndef CD_ARENA_H
#define CD_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define CD_ARENA_ALIGN 16

/* base must be aligned as malloc aligns; to free is to set used back. */
typedef struct CdArena
{
	void	   *base;
	size_t		size;
	size_t		used;
} CdArena;

/* Bytes that one request takes; SIZE_MAX when it does not fit a size_t. */
static inline size_t
cd_arena_bytes(size_t count, size_t size)
{
	if (size != 0 && count > (SIZE_MAX - CD_ARENA_ALIGN) / size)
		return SIZE_MAX;
	return (count * size + CD_ARENA_ALIGN - 1) / CD_ARENA_ALIGN * CD_ARENA_ALIGN;
}

/* Sum of two sizes, SIZE_MAX when it overflows. */
static inline size_t
cd_arena_sum(size_t a, size_t b)
{
	return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

/* Uninitialised room for count items of size bytes; NULL when the arena is too small. */
static inline void *
cd_arena_take(CdArena *arena, size_t count, size_t size)
{
	size_t		bytes = cd_arena_bytes(count, size);
	void	   *taken;

	if (bytes > arena->size - arena->used)
		return NULL;
	taken = (char *) arena->base + arena->used;
	arena->used += bytes;
	return taken;
}

#endif
