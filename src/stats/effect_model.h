/*
 * effect_model.h: the parts of the coaching effect's estimator: columns of a team's design,
 * the filter that turns each into surprises, and the normal equations of those.
 */
#ifndef CD_EFFECT_MODEL_H
#define CD_EFFECT_MODEL_H

#include "stats/effect.h"

#define CD_EFFECT_COLUMNS 24	/* at most, the outcome included */
#define CD_EFFECT_NEW_WEEKS 6.0	/* pace of a new hire's first and later learning */
#define CD_EFFECT_LEARNING_WEEKS 20.0
#define CD_EFFECT_NONE SIZE_MAX
#define CD_EFFECT_LANES 4		/* agents abreast in effect_lanes.c */
#define CD_EFFECT_TABLE 2

/* One observed agent-period that had company in its team's period; in order of period. */
typedef struct CdEffectObs
{
	int32_t		period;
	uint32_t	slot;			/* of the agent, from 0 within the team */
	size_t		row;
	double		thin;			/* mean volume of the team over this volume */
} CdEffectObs;

/* What is known of an agent: variances, and gains of the last observation. */
typedef struct CdEffectBelief
{
	bool		seen;
	int32_t		period;
	double		level;
	double		cross;
	double		shock;
	double		gain_level;
	double		gain_shock;
} CdEffectBelief;

/* The filter's memory of a team: slots of agents. */
typedef struct CdEffectMemory
{
	size_t		slots;
	CdEffectBelief *belief;		/* slots */
	double	   *level;			/* slots x columns */
	double	   *shock;			/* slots x columns */
	double	   *weight;			/* slots */
} CdEffectMemory;

typedef struct CdEffectTeam
{
	size_t		first_row;
	size_t		rows;
	size_t		first;			/* observation */
	size_t		n;
	size_t		agents;
	double		free;			/* observations less one for each period */
	size_t		periods;		/* from its first observation to its last */
	size_t		blocks;			/* of CD_EFFECT_LANES agents, 0: too sparse for a table */
} CdEffectTeam;

/* Variances relative to a period's noise at average volume. */
typedef struct CdEffectNoise
{
	double		level;
	double		shock;
	double		persistence;
	double		fixed;
} CdEffectNoise;

/* An agent's sessions before a period: of one period ago, two, ... up to two horizons; older ones, fading and all. */
typedef struct CdEffectStock
{
	double		recent[2 * CD_EFFECT_HORIZON_MAX];
	double		fading;
	double		lasting;
} CdEffectStock;

/* Writes the columns of one row, the outcome's apart; agent's rows are from .. to - 1. */
typedef struct CdEffectDesign CdEffectDesign;

typedef void (*CdEffectFill) (const CdEffectDesign *design, const CdEffectRow *rows, size_t from,
							  size_t to, size_t at, const CdEffectStock *stock, double *column);

struct CdEffectDesign
{
	int			columns;		/* the outcome included */
	int			horizon;
	int			before;
	double		left;			/* of an older session after one more period, if it fades */
	CdEffectFill fill;
};

/* Everything about one metric. */
typedef struct CdEffectPanel
{
	const CdEffectRow *rows;
	size_t		n_rows;
	CdEffectTeam *team;
	size_t		teams;
	CdEffectObs *obs;
	size_t	   *obs_of;			/* row to observation, or CD_EFFECT_NONE */
	size_t		agents;			/* of the largest team */
	int32_t		first_period;
	size_t		periods;
	double	   *by_period;		/* periods x 3 */
} CdEffectPanel;

/* Bytes of arena that cd_effect_panel takes. */
size_t		cd_effect_panel_size(size_t rows, size_t teams, size_t periods);

/* Check the rows, find the teams and the observations. */
CdStatus	cd_effect_panel(const CdEffectRow *rows, size_t n, size_t teams, CdArena *arena,
							CdEffectPanel *panel);

/* Columns of a team: z is n x columns. */
void		cd_effect_design(const CdEffectPanel *panel, size_t team, const CdEffectDesign *design,
							 double *z);

/*
 * Surprises of a team, each over its own sd and free of what all had in common in its period.
 * Returns the log determinant of their variance.
 */
double		cd_effect_filter(const CdEffectObs *obs, size_t n, const double *z, int columns,
							 const CdEffectNoise *noise, const CdEffectMemory *memory,
							 double *surprise);

/* States of a team's agents while effect_lanes.c walks through its periods. */
typedef struct CdEffectLanes CdEffectLanes;

size_t		cd_effect_lanes_size(size_t agents);

/* Whether a team becomes a table, and its shape; a table has at most CD_EFFECT_TABLE cells an observation. */
void		cd_effect_lanes_shape(const CdEffectObs *obs, CdEffectTeam *team);

/* Fill a team's table. */
void		cd_effect_lanes_fill(const CdEffectObs *obs, const CdEffectTeam *team, const double *outcome,
								 double *value, double *thin);

/* Sum of the squared surprises of a table, and the log determinant of their variance. */
double		cd_effect_lanes_square(const CdEffectTeam *team, const double *value, const double *thin,
								   const CdEffectNoise *noise, CdEffectLanes *state,
								   double *log_determinant);

/* Cross products of the surprises. */
void		cd_effect_normal(const double *surprise, size_t n, int columns, double *m);

/* The main design: see effect_design.c. */
enum
{
	CD_EFFECT_OUTCOME,
	CD_EFFECT_DOSE,
	CD_EFFECT_TILT,				/* sessions of the last horizon, the fresh against the others */
	CD_EFFECT_NEXT,				/* sessions of the horizon before the last */
	CD_EFFECT_FADING,			/* older ones */
	CD_EFFECT_LASTING,
	CD_EFFECT_NEW,
	CD_EFFECT_LEARNING,
	CD_EFFECT_SAME,				/* in a design with before = 1 */
	CD_EFFECT_AHEAD				/* in the placebo's design */
};
CdEffectDesign cd_effect_main_design(int horizon, int before);

/* Sessions by age some periods on, a row's own sessions added first. */
void		cd_effect_age(const CdEffectDesign *design, double sessions, int32_t periods, CdEffectStock *stock);

#endif
