/*
 * process.c
 *		Adding paths to a process, merging processes.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "process/process.h"

static const uint32 item_size[PROCESS_PARTS] = {
	[PROCESS_LABELS] = sizeof(ProcessLabel),
	[PROCESS_LINKS] = sizeof(ProcessLink),
	[PROCESS_VARIANTS] = sizeof(ProcessVariant),
	[PROCESS_GAPS] = sizeof(double),
	[PROCESS_GAP_LINKS] = sizeof(uint32),
	[PROCESS_CODES] = sizeof(uint32),
	[PROCESS_POOL] = 1,
	[PROCESS_LABEL_SLOTS] = sizeof(uint32),
	[PROCESS_LINK_SLOTS] = sizeof(uint32),
	[PROCESS_VARIANT_SLOTS] = sizeof(uint32),
};

/* What a new process has room for, but for the slots. */
static const uint32 first_room[PROCESS_LABEL_SLOTS] = {
	[PROCESS_LABELS] = 16,
	[PROCESS_LINKS] = 32,
	[PROCESS_VARIANTS] = 8,
	[PROCESS_GAPS] = 64,
	[PROCESS_GAP_LINKS] = 64,
	[PROCESS_CODES] = 64,
	[PROCESS_POOL] = 256,
};

/* ---- room ---- */

/* Slots that keep so many entries at most half full; a power of two. */
static uint64
slots_for(uint64 entries)
{
	uint64		slots = 8;

	while (slots < 2 * entries)
		slots *= 2;
	return slots;
}

/* An empty process with that room; the room of slots follows from it. */
static Process *
create_with_room(uint64 *room)
{
	uint64		at[PROCESS_PARTS];
	uint64		size = MAXALIGN(sizeof(Process));
	Process    *p;

	for (int i = 0; i < 3; i++)
		room[PROCESS_LABEL_SLOTS + i] = slots_for(room[PROCESS_LABELS + i]);
	for (int i = 0; i < PROCESS_PARTS; i++)
	{
		at[i] = size;
		size += MAXALIGN(room[i] * item_size[i]);
	}
	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("process is too large: more than 1 GB"),
				 errhint("Make one per contact type, or of fewer months.")));
	p = palloc(size);
	memset(p, 0, sizeof(Process));
	SET_VARSIZE(p, size);
	p->version = PROCESS_VERSION;
	p->stride = 1;
	for (int i = 0; i < PROCESS_PARTS; i++)
	{
		p->at[i] = at[i];
		p->room[i] = room[i];
	}
	for (int i = PROCESS_LABEL_SLOTS; i < PROCESS_PARTS; i++)
		memset(process_part(p, i), 0, room[i] * sizeof(uint32));
	return p;
}

Process *
process_create(void)
{
	uint64		room[PROCESS_PARTS];

	for (int i = 0; i < PROCESS_LABEL_SLOTS; i++)
		room[i] = first_room[i];
	return create_with_room(room);
}

static uint32
hash_text(PathLabel text)
{
	return hash_bytes((const unsigned char *) text.data, text.length);
}

static inline uint32
hash_link(uint32 kind, uint32 from, uint32 to)
{
	return murmurhash32((from * 0x9E3779B1u) ^ (to * 0x85EBCA77u) ^ kind);
}

/* The slots of labels, links or variants. */
static inline uint32 *
slots_of(const Process *p, ProcessPart part)
{
	return process_part(p, part - PROCESS_LABELS + PROCESS_LABEL_SLOTS);
}

static inline uint32
slot_mask(const Process *p, ProcessPart part)
{
	return p->room[part - PROCESS_LABELS + PROCESS_LABEL_SLOTS] - 1;
}

/* Put an entry that is known to be new into the first free slot. */
static void
fill_slot(Process *p, ProcessPart part, uint32 hash, uint32 entry)
{
	uint32	   *slots = slots_of(p, part);
	uint32		mask = slot_mask(p, part);
	uint32		i = hash & mask;

	while (slots[i] != 0)
		i = (i + 1) & mask;
	slots[i] = entry + 1;
}

static void
fill_all_slots(Process *p)
{
	const ProcessLink *links = process_part(p, PROCESS_LINKS);
	const ProcessVariant *variants = process_part(p, PROCESS_VARIANTS);

	for (uint32 i = 0; i < p->used[PROCESS_LABELS]; i++)
		fill_slot(p, PROCESS_LABELS, hash_text(process_label(p, i)), i);
	for (uint32 i = 0; i < p->used[PROCESS_LINKS]; i++)
		fill_slot(p, PROCESS_LINKS, hash_link(links[i].kind, links[i].from, links[i].to), i);
	for (uint32 i = 0; i < p->used[PROCESS_VARIANTS]; i++)
		fill_slot(p, PROCESS_VARIANTS, variants[i].hash, i);
}

/* Twice as much while small, half as much again when large; `extra` fits in any case. */
static uint64
grown(uint64 room, uint64 used, uint64 extra)
{
	if (used + extra <= room)
		return used > room / 4 * 3 ? room + room / 2 : room;
	return Max(used + extra, room + (room < 1 << 20 ? room : room / 2));
}

/* Make sure that so many more items of each part (but slots) fit. */
static Process *
reserve(Process *p, const uint64 *extra)
{
	uint64		room[PROCESS_PARTS];
	Process    *copy;
	bool		fits = true;

	for (int i = 0; i < PROCESS_LABEL_SLOTS; i++)
		fits &= p->used[i] + extra[i] <= p->room[i];
	if (likely(fits))
		return p;
	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < PROCESS_LABEL_SLOTS; i++)
		room[i] = grown(p->room[i], p->used[i], extra[i]);
	copy = create_with_room(room);
	copy->paths = p->paths;
	copy->events = p->events;
	copy->stride = p->stride;
	for (int i = 0; i < PROCESS_LABEL_SLOTS; i++)
	{
		copy->used[i] = p->used[i];
		memcpy(process_part(copy, i), process_part(p, i), (Size) p->used[i] * item_size[i]);
	}
	fill_all_slots(copy);
	return copy;
}

/* ---- entries, where there is room for them ---- */

static uint32
put_label(Process *p, PathLabel text)
{
	uint32		hash = hash_text(text);
	uint32	   *slots = slots_of(p, PROCESS_LABELS);
	uint32		mask = slot_mask(p, PROCESS_LABELS);
	ProcessLabel *label;

	for (uint32 i = hash & mask; slots[i] != 0; i = (i + 1) & mask)
	{
		PathLabel	other = process_label(p, slots[i] - 1);

		if (other.length == text.length && memcmp(other.data, text.data, text.length) == 0)
			return slots[i] - 1;
	}
	label = (ProcessLabel *) process_part(p, PROCESS_LABELS) + p->used[PROCESS_LABELS];
	label->offset = p->used[PROCESS_POOL];
	label->length = text.length;
	memcpy((char *) process_part(p, PROCESS_POOL) + label->offset, text.data, text.length);
	p->used[PROCESS_POOL] += text.length;
	fill_slot(p, PROCESS_LABELS, hash, p->used[PROCESS_LABELS]);
	return p->used[PROCESS_LABELS]++;
}

static uint32
put_link(Process *p, ProcessLinkKind kind, uint32 from, uint32 to)
{
	ProcessLink *links = process_part(p, PROCESS_LINKS);
	uint32		hash = hash_link(kind, from, to);
	uint32	   *slots = slots_of(p, PROCESS_LINKS);
	uint32		mask = slot_mask(p, PROCESS_LINKS);
	ProcessLink new = {.kind = kind, .from = from, .to = to};

	for (uint32 i = hash & mask; slots[i] != 0; i = (i + 1) & mask)
	{
		const ProcessLink *link = &links[slots[i] - 1];

		if (link->from == from && link->to == to && link->kind == kind)
			return slots[i] - 1;
	}
	links[p->used[PROCESS_LINKS]] = new;
	fill_slot(p, PROCESS_LINKS, hash, p->used[PROCESS_LINKS]);
	return p->used[PROCESS_LINKS]++;
}

/* The variant whose codes have just been put behind those in use. */
static ProcessVariant *
put_variant(Process *p, uint32 count)
{
	ProcessVariant *variants = process_part(p, PROCESS_VARIANTS);
	uint32	   *codes = process_part(p, PROCESS_CODES);
	uint32		first = p->used[PROCESS_CODES];
	uint32		hash = hash_bytes((unsigned char *) (codes + first), count * sizeof(uint32));
	uint32	   *slots = slots_of(p, PROCESS_VARIANTS);
	uint32		mask = slot_mask(p, PROCESS_VARIANTS);
	ProcessVariant new = {.first_code = first, .codes = count, .hash = hash};

	for (uint32 i = hash & mask; slots[i] != 0; i = (i + 1) & mask)
	{
		ProcessVariant *v = &variants[slots[i] - 1];

		if (v->hash == hash && v->codes == count &&
			memcmp(codes + v->first_code, codes + first, count * sizeof(uint32)) == 0)
			return v;
	}
	p->used[PROCESS_CODES] += count;
	variants[p->used[PROCESS_VARIANTS]] = new;
	fill_slot(p, PROCESS_VARIANTS, hash, p->used[PROCESS_VARIANTS]);
	return &variants[p->used[PROCESS_VARIANTS]++];
}

/* Keep one gap in `stride` of a link, where there is room for it. */
static void
keep_gap(Process *p, uint32 number, double gap, int64 stride)
{
	ProcessLink *link = (ProcessLink *) process_part(p, PROCESS_LINKS) + number;

	if (link->passed++ % stride != 0)
		return;
	((double *) process_part(p, PROCESS_GAPS))[p->used[PROCESS_GAPS]++] = gap;
	((uint32 *) process_part(p, PROCESS_GAP_LINKS))[p->used[PROCESS_GAP_LINKS]++] = number;
}

static void
put_gap(Process *p, uint32 number, double gap)
{
	ProcessLink *link = (ProcessLink *) process_part(p, PROCESS_LINKS) + number;

	link->gaps++;
	link->gap_sum += gap;
	keep_gap(p, number, gap, p->stride);
}

/* Too many, and thinning would help: each link keeps one at least. */
static bool
too_many_gaps(uint64 gaps, uint64 links)
{
	return gaps > PROCESS_MAX_GAPS && gaps > 2 * links;
}

/* Let go of every second gap of each link. */
static void
thin_gaps(Process *p)
{
	const double *gaps = process_part(p, PROCESS_GAPS);
	const uint32 *gap_links = process_part(p, PROCESS_GAP_LINKS);
	ProcessLink *links = process_part(p, PROCESS_LINKS);
	uint32		n = p->used[PROCESS_GAPS];

	CHECK_FOR_INTERRUPTS();
	for (uint32 i = 0; i < p->used[PROCESS_LINKS]; i++)
		links[i].passed = 0;
	p->used[PROCESS_GAPS] = p->used[PROCESS_GAP_LINKS] = 0;
	for (uint32 i = 0; i < n; i++)
		keep_gap(p, gap_links[i], gaps[i], 2);
	p->stride *= 2;
	for (uint32 i = 0; i < p->used[PROCESS_LINKS]; i++)
		links[i].passed = 0;
}

/* ---- paths ---- */

/* One passage of a link by the path that is being added. */
static uint32
pass_link(Process *p, ProcessLinkKind kind, uint32 from, uint32 to)
{
	uint32		number = put_link(p, kind, from, to);
	ProcessLink *link = (ProcessLink *) process_part(p, PROCESS_LINKS) + number;

	link->times++;
	link->contacts += link->last_path != p->paths;
	link->last_path = p->paths;
	return number;
}

static void
count_return(Process *p, uint32 link)
{
	((ProcessLink *) process_part(p, PROCESS_LINKS))[link].returns++;
}

/* Which step follows which; the steps' labels go behind the codes in use. */
static void
add_steps(Process *p, const Path *path, const uint32 *labels)
{
	uint32	   *codes = (uint32 *) process_part(p, PROCESS_CODES) + p->used[PROCESS_CODES];
	const PathEvent *events = path_events(path);
	uint32		last_link = 0;

	for (uint32 i = 0; i < path->events; i++)
	{
		codes[i] = labels[events[i].step];
		if (i == 0)
		{
			pass_link(p, PROCESS_STEPS, PROCESS_NO_LABEL, codes[i]);
			continue;
		}
		if (i > 1 && codes[i] == codes[i - 2] && codes[i] != codes[i - 1])
			count_return(p, last_link);
		last_link = pass_link(p, PROCESS_STEPS, codes[i - 1], codes[i]);
		put_gap(p, last_link, events[i].start - path_event_end(&events[i - 1]));
	}
	pass_link(p, PROCESS_STEPS, codes[path->events - 1], PROCESS_NO_LABEL);
}

/* Who hands over to whom; events of nobody left out. */
static void
add_handoffs(Process *p, const Path *path, const uint32 *labels)
{
	const PathEvent *last = NULL;
	uint16		before = PATH_NO_LABEL;
	uint32		last_link = 0;

	for (uint32 i = 0; i < path->events; i++)
	{
		const PathEvent *e = &path_events(path)[i];

		if (e->agent == PATH_NO_LABEL)
			continue;
		if (last != NULL && e->agent != last->agent)
		{
			if (e->agent == before)
				count_return(p, last_link);
			before = last->agent;
			last_link = pass_link(p, PROCESS_AGENTS, labels[before], labels[e->agent]);
			put_gap(p, last_link, e->start - path_event_end(last));
		}
		last = e;
	}
}

Process *
process_add(Process *p, const Path *path, double value)
{
	uint64		events = path->events;
	uint64		extra[PROCESS_LABEL_SLOTS] = {
		[PROCESS_LABELS] = path->labels,
		[PROCESS_LINKS] = 2 * events + 2,
		[PROCESS_VARIANTS] = 1,
		[PROCESS_GAPS] = 2 * events,
		[PROCESS_GAP_LINKS] = 2 * events,
		[PROCESS_CODES] = events,
		[PROCESS_POOL] = path->pool
	};
	PathLabel  *texts;
	uint32	   *labels;
	ProcessVariant *variant;

	if (events == 0)
		return p;
	if (unlikely(too_many_gaps(p->used[PROCESS_GAPS] + 2 * events, p->used[PROCESS_LINKS])))
		thin_gaps(p);
	p = reserve(p, extra);
	texts = path_labels(path);
	labels = palloc(path->labels * sizeof(uint32));
	for (uint32 i = 0; i < path->labels; i++)
		labels[i] = put_label(p, texts[i]);
	p->paths++;
	p->events += events;
	add_steps(p, path, labels);
	variant = put_variant(p, events);
	variant->contacts++;
	if (!isnan(value))
		cd_moments_add(&variant->value, value, 1);
	add_handoffs(p, path, labels);
	pfree(texts);
	pfree(labels);
	return p;
}

/* ---- merging ---- */

static uint32
translated(const uint32 *labels, uint32 label)
{
	return label == PROCESS_NO_LABEL ? PROCESS_NO_LABEL : labels[label];
}

/* The gaps of `from`, so many of each link's as `into` keeps. */
static void
merge_gaps(Process *into, const Process *from, const uint32 *numbers)
{
	const double *gaps = process_part(from, PROCESS_GAPS);
	const uint32 *gap_links = process_part(from, PROCESS_GAP_LINKS);
	ProcessLink *links = process_part(into, PROCESS_LINKS);

	for (uint32 i = 0; i < into->used[PROCESS_LINKS]; i++)
		links[i].passed = 0;
	for (uint32 i = 0; i < from->used[PROCESS_GAPS]; i++)
		keep_gap(into, numbers[gap_links[i]], gaps[i], into->stride / from->stride);
}

static void
merge_links(Process *into, const Process *from, const uint32 *labels)
{
	const ProcessLink *links = process_part(from, PROCESS_LINKS);
	uint32	   *numbers = palloc(Max(from->used[PROCESS_LINKS], 1) * sizeof(uint32));

	for (uint32 i = 0; i < from->used[PROCESS_LINKS]; i++)
	{
		uint32		number = put_link(into, links[i].kind,
									  translated(labels, links[i].from), translated(labels, links[i].to));
		ProcessLink *link = (ProcessLink *) process_part(into, PROCESS_LINKS) + number;

		numbers[i] = number;
		link->times += links[i].times;
		link->contacts += links[i].contacts;
		link->returns += links[i].returns;
		link->gaps += links[i].gaps;
		link->gap_sum += links[i].gap_sum;
	}
	merge_gaps(into, from, numbers);
	pfree(numbers);
}

static void
merge_variants(Process *into, const Process *from, const uint32 *labels)
{
	const ProcessVariant *variants = process_part(from, PROCESS_VARIANTS);
	const uint32 *codes = process_part(from, PROCESS_CODES);

	for (uint32 i = 0; i < from->used[PROCESS_VARIANTS]; i++)
	{
		uint32	   *copy = (uint32 *) process_part(into, PROCESS_CODES) + into->used[PROCESS_CODES];
		ProcessVariant *variant;

		for (uint32 j = 0; j < variants[i].codes; j++)
			copy[j] = labels[codes[variants[i].first_code + j]];
		variant = put_variant(into, variants[i].codes);
		variant->contacts += variants[i].contacts;
		cd_moments_merge(&variant->value, &variants[i].value);
	}
}

Process *
process_merge(Process *into, const Process *from)
{
	uint64		extra[PROCESS_LABEL_SLOTS];
	uint32	   *labels = palloc(Max(from->used[PROCESS_LABELS], 1) * sizeof(uint32));

	while (into->stride < from->stride ||
		   too_many_gaps(into->used[PROCESS_GAPS] + from->used[PROCESS_GAPS] / (into->stride / from->stride),
						 (uint64) into->used[PROCESS_LINKS] + from->used[PROCESS_LINKS]))
		thin_gaps(into);
	for (int i = 0; i < PROCESS_LABEL_SLOTS; i++)
		extra[i] = from->used[i];
	into = reserve(into, extra);
	for (uint32 i = 0; i < from->used[PROCESS_LABELS]; i++)
		labels[i] = put_label(into, process_label(from, i));
	/* last_path of links counts within one side only: a path is never split between two. */
	into->paths += from->paths;
	into->events += from->events;
	merge_links(into, from, labels);
	merge_variants(into, from, labels);
	pfree(labels);
	return into;
}
