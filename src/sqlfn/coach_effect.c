/*
 * coach_effect.c
 *		What each coach's sessions did, and the coaches' places in their program.
 */
#include "sqlfn/row.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "panel/panel_coaches.h"
#include "sqlfn/effect_question.h"
#include "stats/effect_coach.h"
#include "stats/logmean.h"

CD_FUNCTION(cd_coach_effect);
CD_FUNCTION(cd_panel_without_sessions);

/* A name of a program and the panel that it was given for. */
typedef struct Program
{
	const text *name;			/* NULL: none */
	uint32		panel;
} Program;

static int
compare_programs(const void *a, const void *b)
{
	const text *x = ((const Program *) a)->name;
	const text *y = ((const Program *) b)->name;
	PanelString s;
	PanelString t;

	if (x == NULL || y == NULL)
		return (x == NULL) - (y == NULL);
	s = (PanelString) {VARDATA_ANY(x), VARSIZE_ANY_EXHDR(x)};
	t = (PanelString) {VARDATA_ANY(y), VARSIZE_ANY_EXHDR(y)};
	return panel_compare_text(s, t);
}

/* Number the programs, which the units are named by; first receives a panel of each. */
static int32 *
number_programs(const EffectRequest *r, uint32 *first)
{
	Program    *program = palloc(Max(r->count, 1) * sizeof(Program));
	int32	   *number = palloc(Max(r->count, 1) * sizeof(int32));
	int32		last = -1;

	for (uint32 t = 0; t < r->count; t++)
	{
		program[t].name = r->unnamed[t] ? NULL : DatumGetTextPP(r->unit[t]);
		program[t].panel = t;
	}
	qsort(program, r->count, sizeof(Program), compare_programs);
	for (uint32 i = 0; i < r->count; i++)
	{
		if (i == 0 || compare_programs(&program[i], &program[i - 1]) != 0)
			first[++last] = program[i].panel;
		number[program[i].panel] = last;
	}
	return number;
}

/* For each coach the mean level of the teams coached, by sessions: levels are logarithms of it. */
static double *
coach_levels(const EffectRequest *r, const PanelCoaches *coaches)
{
	CdLogMean  *mean = palloc0(Max(coaches->count, 1) * sizeof(CdLogMean));
	double	   *level = palloc0(Max(coaches->count, 1) * sizeof(double));

	for (uint32 i = 0; i < coaches->doses; i++)
	{
		const CdCoachDose *d = &coaches->dose[i];
		double		of_team = r->series.team[r->series.rows[d->row].team].coached;

		if (!isnan(of_team))
			cd_log_mean_add(&mean[d->coach], of_team, d->sessions);
	}
	for (uint32 c = 0; c < coaches->count; c++)
		level[c] = mean[c].log;
	pfree(mean);
	return level;
}

/* What all coaches did, each over all teams and in each team alone. */
typedef struct Answers
{
	CdCoach    *coach;
	CdCoachPart *part;			/* by coach */
	size_t		parts;
} Answers;

static int
compare_parts(const void *a, const void *b)
{
	const CdCoachPart *x = a;
	const CdCoachPart *y = b;

	if (x->coach != y->coach)
		return x->coach < y->coach ? -1 : 1;
	return (x->team > y->team) - (x->team < y->team);
}

/* Estimate all coaches together. */
static Answers
estimate(const EffectRequest *r, const PanelCoaches *coaches)
{
	Answers		out = {.coach = palloc0(Max(coaches->count, 1) * sizeof(CdCoach))};
	CdArena		room = {0};
	CdArena		arena = {0};
	CdCoachPlan plan;
	CdEffectCommon common;
	CdStatus	status;

	for (uint32 c = 0; c < coaches->count; c++)
		out.coach[c].group = coaches->coach[c].program;
	room.size = cd_coach_plan_size(r->series.count, r->count, coaches->doses, coaches->count);
	room.base = palloc_extended(room.size, MCXT_ALLOC_HUGE);
	status = cd_coach_plan(r->series.rows, r->series.count, r->count, coaches->dose, coaches->doses,
						   out.coach, coaches->count, &room, &plan);
	cd_ereport_status(status, "coach_effect");
	out.parts = plan.list_of[plan.teams];
	out.part = palloc_extended(Max(out.parts, 1) * sizeof(CdCoachPart), MCXT_ALLOC_HUGE);
	arena.size = cd_effect_coach_size(&plan, r->series.periods);
	arena.base = palloc_extended(arena.size, MCXT_ALLOC_HUGE);
	status = cd_effect_coach(&plan, &r->question.options, &arena, out.coach, out.part, &common);
	cd_ereport_status(status, "coach_effect");
	qsort(out.part, out.parts, sizeof(CdCoachPart), compare_parts);
	pfree(arena.base);
	pfree(room.base);
	return out;
}

static const char *
status_of(const CdCoach *c)
{
	if (c->status != CD_OK)
		return "not assessed";
	if (!c->ranked)
		return "too few to rank";
	return c->rank.low == 1 && c->rank.high == c->peers ? "not told apart" : "ranked";
}

/* Why, in words. */
static const char *
reason_of(const CdCoach *c)
{
	const char *alone = c->shared > 0 ? "" :
		"; no other coach in the same teams: what is the coach's and what is the team's can't be told apart";

	if (c->status != CD_OK)
		return "nobody to compare the coached agents with, or too few periods";
	if (c->sessions < CD_COACH_LEAST_SESSIONS || c->agents < CD_COACH_LEAST_AGENTS)
		return psprintf("sessions: %g, agents: %g; ranking needs %d and %d", c->sessions, c->agents,
						CD_COACH_LEAST_SESSIONS, CD_COACH_LEAST_AGENTS);
	if (!c->ranked)
		return "no other coach of the program has enough sessions";
	if (c->rank.outlier != 0)
		return psprintf("clearly %s the mean of the program's %g coaches%s",
						c->rank.outlier > 0 ? "above" : "below", c->peers, alone);
	if (c->rank.low == 1 && c->rank.high == c->peers)
		return psprintf("could be anywhere among the program's %g coaches%s", c->peers, alone);
	return psprintf("among %g coaches of the program%s", c->peers, alone);
}

/* One coach's parts, as arrays: places of the panels, and what the sessions there did. */
static void
fill_parts(const EffectRequest *r, const CdCoachPart *part, int count, CdRow *row)
{
	Datum	   *place = palloc(Max(count, 1) * sizeof(Datum));
	double	   *sessions = palloc(Max(count, 1) * sizeof(double));
	double	   *effect = palloc(Max(count, 1) * sizeof(double));
	double	   *se = palloc(Max(count, 1) * sizeof(double));

	for (int i = 0; i < count; i++)
	{
		double		level = r->series.team[part[i].team].coached;

		place[i] = Int32GetDatum(r->places[part[i].team] + 1);
		sessions[i] = part[i].sessions;
		effect[i] = effect_to_units(&r->question, part[i].effect, level);
		se[i] = effect_spread_to_units(&r->question, part[i].effect, part[i].se, level);
	}
	cd_put(row, PointerGetDatum(construct_array(place, count, INT4OID, sizeof(int32), true, TYPALIGN_INT)), true);
	cd_put_numbers(row, sessions, count);
	cd_put_numbers(row, effect, count);
	cd_put_numbers(row, se, count);
}

/* What follows the name, up to the parts. */
static void
fill_result(const EffectQuestion *q, const CdCoach *c, double level, CdRow *row)
{
	const double before_after[] = {
		effect_to_units(q, c->naive, level), c->naive_share, effect_to_units(q, c->null, level), c->null_share,
		effect_to_units(q, c->raw, level), effect_spread_to_units(q, c->raw, c->raw_se, level),
		effect_to_units(q, c->effect, level), effect_to_units(q, c->low, level), effect_to_units(q, c->high, level),
		effect_spread_to_units(q, c->effect, c->sd, level), effect_spread_to_units(q, c->effect, c->doubt, level), c->above
	};
	const CdEffect effect = {
		.effect = c->effect, .low = c->low, .high = c->high, .sd = c->sd, .own = true, .status = c->status,
		.allowance = c->allowance, .shortfall = c->shortfall, .masked = c->masked
	};

	cd_put_number(row, c->sessions);
	cd_put_count(row, c->agents);
	cd_put_count(row, c->teams);
	cd_put_count(row, c->shared);
	for (int i = 0; i < (int) lengthof(before_after); i++)
		cd_put_number(row, before_after[i]);
	cd_put_text(row, effect_conclusion(q, &effect, level));
	cd_put_number(row, effect_to_units(q, c->group_mean, level));
	cd_put_number(row, effect_spread_to_units(q, c->group_mean, c->group_spread, level));
	cd_put_count(row, c->ranked ? c->peers : NAN);
	cd_put_count(row, c->place);
	cd_put_count(row, c->rank.low);
	cd_put_count(row, c->rank.high);
	cd_put_number(row, c->rank.expected);
	cd_put_number(row, c->rank.above);
	cd_put_text(row, c->rank.outlier > 0 ? "above" : c->rank.outlier < 0 ? "below" : NULL);
	cd_put_text(row, status_of(c));
	cd_put_text(row, reason_of(c));
	cd_put_number(row, effect_to_units(q, c->apart, level));
	cd_put_number(row, effect_to_units(q, c->apart_low, level));
	cd_put_number(row, effect_to_units(q, c->apart_high, level));
}

Datum
cd_coach_effect(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EffectRequest r;
	uint32	   *first;
	PanelCoaches coaches;
	Answers		answers;
	CdCoachPart *part;
	double	   *level;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	r = effect_request(fcinfo);
	effect_check_periods("coach_effect", &r.series);
	first = palloc(Max(r.count, 1) * sizeof(uint32));
	coaches = panel_coaches(r.panels, r.count, &r.series, number_programs(&r, first));
	if (coaches.count == 0)
		return (Datum) 0;
	answers = estimate(&r, &coaches);
	part = answers.part;
	level = coach_levels(&r, &coaches);
	for (uint32 c = 0; c < coaches.count; c++)
	{
		const PanelCoach *coach = &coaches.coach[c];
		uint32		named = first[coach->program];
		CdRow		row = {0};
		int			parts = 0;

		CHECK_FOR_INTERRUPTS();
		cd_put(&row, r.unit[named], !r.unnamed[named]);
		cd_put(&row, PointerGetDatum(cstring_to_text_with_len(coach->name.data, coach->name.length)), true);
		fill_result(&r.question, &answers.coach[c], level[c], &row);
		while (part + parts < answers.part + answers.parts && part[parts].coach == (int32) c)
			parts++;
		fill_parts(&r, part, parts, &row);
		part += parts;
		cd_store_row(result, &row);
	}
	return (Datum) 0;
}

static bool
has_values(const Panel *p, const PanelCell *cell, const void *arg)
{
	return cell->gap.n > 0;
}

Datum
cd_panel_without_sessions(PG_FUNCTION_ARGS)
{
	Panel	   *p = panel_select(PG_GETARG_PANEL_P(0), has_values, NULL);

	for (uint32 i = 0; i < p->cells; i++)
	{
		panel_cells(p)[i].sessions = 0;
		panel_cells(p)[i].minutes = 0;
	}
	PG_RETURN_PANEL_P(p);
}
