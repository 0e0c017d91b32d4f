/*
 * type_means.c
 *		What contact types of a panel amount to, over all agents and periods.
 */
#include "sqlfn/agent_rows.h"

#include "miscadmin.h"

CD_FUNCTION(cd_type_means);

typedef struct TypeMean
{
	double		weight;
	double		total;
	double		target_weight;	/* of the cells that have a target */
	double		target_total;
	double		targets;
} TypeMean;

static void
add_cell(TypeMean *type, const PanelCell *cell)
{
	double		total = cell->gap.weight * panel_cell_value(cell);

	type->weight += cell->gap.weight;
	type->total += total;
	if (!panel_cell_has_target(cell))
		return;
	type->target_weight += cell->gap.weight;
	type->target_total += total;
	type->targets += cell->gap.weight * cell->target;
}

static void
put_type(ReturnSetInfo *result, const Panel *p, int32 label, const TypeMean *type)
{
	CdRow		row = {0};

	if (!(type->weight > 0))
		return;
	cd_put_label(&row, p, label);
	cd_put_number(&row, type->weight);
	cd_put_number(&row, type->total / type->weight);
	cd_put_number(&row, type->target_weight);
	cd_put_number(&row, type->target_total / type->target_weight);
	cd_put_number(&row, type->targets / type->target_weight);
	cd_store_row(result, &row);
}

/* panel */
Datum
cd_type_means(PG_FUNCTION_ARGS)
{
	const Panel *p;
	TypeMean   *types;
	TypeMean	untyped = {0};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	p = panel_canonical(PG_GETARG_PANEL_P(0));
	types = palloc0(Max(p->labels, 1) * sizeof(TypeMean));
	for (uint32 i = 0; i < p->cells; i++)
	{
		const PanelCell *cell = &panel_cells(p)[i];

		CHECK_FOR_INTERRUPTS();
		if (cell->gap.weight > 0)
			add_cell(cell->contact_type == PANEL_NO_LABEL ? &untyped : &types[cell->contact_type], cell);
	}
	for (uint32 label = 0; label < p->labels; label++)
		put_type((ReturnSetInfo *) fcinfo->resultinfo, p, (int32) label, &types[label]);
	put_type((ReturnSetInfo *) fcinfo->resultinfo, p, PANEL_NO_LABEL, &untyped);
	return (Datum) 0;
}
