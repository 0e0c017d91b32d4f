/*
 * contact_types.c
 *		Gaps by agent and contact type, from a panel.
 */
#include "sqlfn/sqlfn.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "panel/panel_log.h"
#include "sqlfn/answers.h"
#include "sqlfn/contact_types.h"
#include "sqlfn/type_targets.h"

CD_FUNCTION(cd_contact_type_gaps);

/* Cells that say something about the gap. */
bool
cell_has_gap(const PanelCell *cell)
{
	return cell->gap.n > 0 && panel_cell_has_target(cell);
}

ContactTypes
contact_types_of(const Panel *p)
{
	ContactTypes		types;

	types.number = palloc0(Max(p->labels, 1) * sizeof(int));
	types.label = palloc(Max(p->labels, 1) * sizeof(int32));
	types.count = 0;
	for (uint32 i = 0; i < p->cells; i++)
		if (panel_cells(p)[i].contact_type != PANEL_NO_LABEL)
			types.number[panel_cells(p)[i].contact_type] = 1;
	for (uint32 i = 0; i < p->labels; i++)
	{
		if (types.number[i])
			types.label[types.count] = i;
		types.number[i] = types.number[i] ? (int) types.count++ : -1;
	}
	return types;
}

/* What is usual for a contact type in the teams of a metric. */
typedef struct Usual
{
	double		gap;			/* beyond that of the usual team's mean contact, or of the mean type */
	double		se;
	double		share;			/* of contacts */
	bool		tells_mix;		/* all three are known */
} Usual;

static double
usual_number(const JsonbValue *found)
{
	if (found == NULL || found->type != jbvNumeric)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("usual must hold a number for each contact type"),
				 errhint("For example {\"refund\": 12.5}, or with standard error and share {\"refund\": [12.5, 2, 0.3]}; "
						 "leave types out that are not known.")));
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(found->val.numeric)));
}

static Usual
read_usual(const JsonbValue *of_type)
{
	JsonbContainer *all;

	if (of_type->type != jbvBinary || !JsonContainerIsArray(of_type->val.binary.data))
		return (Usual) {.gap = usual_number(of_type)};
	all = of_type->val.binary.data;
	return (Usual) {
		.gap = usual_number(getIthJsonbValueFromContainer(all, 0)),
		.se = usual_number(getIthJsonbValueFromContainer(all, 1)),
		.share = usual_number(getIthJsonbValueFromContainer(all, 2)),
		.tells_mix = true
	};
}

/* Zeros where it is not known. */
static Usual
usual_of(const Jsonb *usual, PanelString type)
{
	JsonbContainer *types = unconstify(JsonbContainer *, &usual->root);
	JsonbValue	found;

	if (getKeyJsonValueFromContainer(types, type.data, type.length, &found) == NULL)
		return (Usual) {0};
	return read_usual(&found);
}

/* Of types that the panel doesn't have as well: an error that shows only once it has would surprise. */
static void
check_usual(const Jsonb *usual)
{
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, &usual->root));
	JsonbValue	v;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
		if (token == WJB_VALUE)
			read_usual(&v);
}

/* The gap of an agent in a type so far, a new one where there is none. */
static uint32
find_gap(TypeGaps *out, int *at, int agent, int type)
{
	if (at[type] < 0 || out->gaps[at[type]].agent != agent)
	{
		at[type] = out->count++;
		out->gaps[at[type]] = (CdTypeGap) {.agent = agent, .type = type};
	}
	return at[type];
}

static void
add_to_gap(TypeGaps *out, CdTypeGap *gap, const PanelCell *cell)
{
	gap->weight += cell->gap.weight;
	gap->gap += (cell->gap.mean - gap->gap) * (cell->gap.weight / gap->weight);
	out->lowest = fmin(out->lowest, cell->target);
	out->highest = fmax(out->highest, cell->target);
}

/* Cells of a canonical panel come agent by agent. */
TypeGaps
type_gaps_of(const Panel *p, const ContactTypes *types, bool higher_is_better, CdScale scale)
{
	TypeGaps	out = {.lowest = NAN, .highest = NAN};
	int		   *at = palloc(Max(types->count, 1) * sizeof(int));
	double		unit = (higher_is_better ? -1 : 1) * panel_gap_unit(p, scale);

	out.gaps = palloc_extended(Max(p->cells, 1) * sizeof(CdTypeGap), MCXT_ALLOC_HUGE);
	memset(at, -1, Max(types->count, 1) * sizeof(int));
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		CHECK_FOR_INTERRUPTS();
		if (!cell_has_gap(cell))
			continue;
		out.volume += cell->gap.weight;
		if (cell->contact_type == PANEL_NO_LABEL)
			continue;
		add_to_gap(&out, &out.gaps[find_gap(&out, at, cell->agent, types->number[cell->contact_type])], cell);
	}
	for (uint32 k = 0; k < out.count; k++)
		out.gaps[k].gap *= unit;
	pfree(at);
	return out;
}

void
type_gaps_less_usual(TypeGaps *gaps, const Panel *p, const ContactTypes *types, const Jsonb *usual)
{
	double	   *share = palloc0(Max(types->count, 1) * sizeof(double));
	Usual	   *of = palloc(Max(types->count, 1) * sizeof(Usual));

	check_usual(usual);
	for (uint32 t = 0; t < types->count; t++)
		of[t] = usual_of(usual, panel_label(p, types->label[t]));
	for (uint32 k = 0; k < gaps->count; k++)
	{
		CdTypeGap  *g = &gaps->gaps[k];

		g->gap -= of[g->type].gap;
		share[g->type] += g->weight / gaps->volume;
	}
	for (uint32 t = 0; t < types->count; t++)
	{
		if (!of[t].tells_mix)
			continue;
		gaps->mix += share[t] * of[t].gap;
		gaps->mix_se = hypot(gaps->mix_se, (share[t] - of[t].share) * of[t].se);
	}
	pfree(share);
	pfree(of);
}

static Datum
name_of(const Panel *p, const ContactTypes *types, int type)
{
	PanelString name = panel_label(p, types->label[type]);

	return PointerGetDatum(cstring_to_text_with_len(name.data, name.length));
}

/* Gap, volume and targets of each contact type of a panel. */
Datum
cd_contact_type_gaps(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Panel *p;
	ContactTypes		types;
	TypeGaps	gaps;
	CdTypeGap  *sum;
	int		   *first;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_canonical(PG_GETARG_PANEL_P(0));
	types = contact_types_of(p);
	gaps = type_gaps_of(p, &types, PG_ARGISNULL(1) || PG_GETARG_BOOL(1), cd_get_scale(fcinfo, 2));
	sum = palloc0(Max(types.count, 1) * sizeof(CdTypeGap));
	first = types_by_target(p, &types);
	for (uint32 k = 0; k < gaps.count; k++)
	{
		CdTypeGap  *s = &sum[gaps.gaps[k].type];

		s->weight += gaps.gaps[k].weight;
		s->gap += (gaps.gaps[k].gap - s->gap) * (gaps.gaps[k].weight / s->weight);
	}
	for (uint32 t = 0; t < types.count; t++)
	{
		Datum		values[6] = {name_of(p, &types, t)};
		bool		nulls[6] = {0};

		if (sum[t].weight <= 0)
			continue;
		cd_set_float8(values, nulls, 1, sum[t].weight);
		cd_set_float8(values, nulls, 2, sum[t].gap);
		cd_set_float8(values, nulls, 3, gaps.lowest);
		cd_set_float8(values, nulls, 4, gaps.highest);
		nulls[5] = first[t] == NO_SHARED_TARGET;
		if (!nulls[5])
			values[5] = name_of(p, &types, first[t]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
