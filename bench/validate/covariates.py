"""The estimators with covariates, which SQL has no argument for, against the published values: staggered adoption and two periods."""

import csv
import ctypes
import math
import re
import sys
from collections import defaultdict

import numpy as np

import engine
import published

METHODS = {"dr": 0, "reg": 1, "ipw": 2}
TILTED = 3
TYPES = {"simple": 0, "group": 1, "calendar": 2, "dynamic": 3}
SIZE, DOUBLE, POINTER = ctypes.c_size_t, ctypes.c_double, ctypes.c_void_p
GROUP_TIME = np.dtype([(name, "f8") for name in ("group", "time", "base", "effect", "se")] + [("treated", "u8"), ("control", "u8")])
ROW = np.dtype([(name, "f8") for name in ("key", "effect", "se")])


class Panel(ctypes.Structure):
    _fields_ = [(n, SIZE) for n in ("units", "periods", "covariates")] + [
        (n, POINTER) for n in ("time", "start", "outcome", "covariate", "weight", "cluster")]


class Options(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int) for n in ("control", "base", "method")] + [("anticipation", DOUBLE)]


class Staggered(ctypes.Structure):
    _fields_ = [(n, SIZE) for n in ("n", "groups", "cells", "periods")] + [("panel", POINTER), ("options", Options)] + [
        (n, POINTER) for n in ("unit", "group", "share", "cell", "influence", "sums")]


class AggregateOptions(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int)] + [(n, DOUBLE) for n in ("balance", "from", "to")]


class Aggregate(ctypes.Structure):
    _fields_ = [("effect", DOUBLE), ("se", DOUBLE), ("influence", POINTER), ("rows", SIZE), ("row", POINTER), ("row_influence", POINTER)]


class Data(ctypes.Structure):
    _fields_ = [("n", SIZE), ("covariates", SIZE)] + [(n, POINTER) for n in ("treated", "change", "covariate", "weight")]


STRUCTURES = {"stats/staggered.h": {
    "CdStaggeredPanel": Panel, "CdStaggeredOptions": Options, "CdStaggered": Staggered, "CdAggregateOptions": AggregateOptions,
    "CdAggregate": Aggregate, "CdDidData": Data, "CdGroupTime": GROUP_TIME, "CdAggregateRow": ROW}}


def arena(size):
    """Room, and the array that must live as long."""
    memory = np.empty(size + 64, np.uint8)
    return engine.Arena((memory.ctypes.data + 63) // 64 * 64, size, 0), memory


def array_at(pointer, dtype, count):
    return np.frombuffer((ctypes.c_char * (dtype.itemsize * count)).from_address(pointer), dtype).copy() if count else np.zeros(0, dtype)


class Study:
    """One fit of the minimum-wage panel."""

    def __init__(self, library, rows, control, base, method):
        self.library = library
        units, years = sorted({r["countyreal"] for r in rows}), sorted({float(r["year"]) for r in rows})
        at = {u: i for i, u in enumerate(units)}
        self.time, self.start, self.lpop = np.array(years), np.full(len(units), np.inf), np.zeros((len(units), 1))
        self.outcome = np.full((len(units), len(years)), np.nan)
        for r in rows:
            i = at[r["countyreal"]]
            first = float(r["first.treat"])
            self.start[i], self.lpop[i, 0] = first if first > 0 else np.inf, float(r["lpop"])
            self.outcome[i, years.index(float(r["year"]))] = float(r["lemp"])
        a = engine.address
        self.panel = Panel(len(units), len(years), 1, a(self.time), a(self.start), a(self.outcome), a(self.lpop), None, None)
        self.fit, options = Staggered(), Options(control == "notyettreated", base == "universal", METHODS[method], 0)
        self.arena, self.memory = arena(library.cd_staggered_size(ctypes.byref(self.panel)))
        if library.cd_staggered(ctypes.byref(self.panel), ctypes.byref(options), ctypes.byref(self.arena), ctypes.byref(self.fit)):
            raise RuntimeError("cd_staggered")
        self.cells = {(c["group"], c["time"]): c for c in array_at(self.fit.cell, GROUP_TIME, self.fit.cells)}

    def aggregate(self, kind, balance):
        """Overall, and each row by key."""
        room, memory = arena(self.library.cd_staggered_aggregate_size(ctypes.byref(self.fit), TYPES[kind]))
        out = Aggregate()
        options = AggregateOptions(TYPES[kind], balance, -np.inf, np.inf)
        if self.library.cd_staggered_aggregate(ctypes.byref(self.fit), ctypes.byref(options), ctypes.byref(room), ctypes.byref(out)):
            raise RuntimeError("cd_staggered_aggregate")
        rows = {r["key"]: r for r in array_at(out.row, ROW, out.rows)}
        return {"effect": out.effect, "se": out.se}, rows

    def pretest(self):
        room, memory = arena(self.library.cd_staggered_pretest_size(ctypes.byref(self.fit)))
        out = [DOUBLE() for _ in range(3)]
        if self.library.cd_staggered_pretest(ctypes.byref(self.fit), ctypes.byref(room), *map(ctypes.byref, out)):
            raise RuntimeError("cd_staggered_pretest")
        return out[2].value

    def answer(self, quantity):
        if quantity == "Wald pre-trend p":
            return self.pretest()
        if m := re.fullmatch(r"(se )?ATT\((\d+),(\d+)\)", quantity):
            return self.cells[float(m[2]), float(m[3])]["se" if m[1] else "effect"]
        m = re.fullmatch(r"(simple|dynamic|group|calendar) (?:balance_e=(\d+) )?(overall|-?\d+) (ATT|se)", quantity)
        overall, rows = self.aggregate(m[1], float(m[2]) if m[2] else np.nan)
        return (overall if m[3] == "overall" else rows[float(m[3])])["se" if m[4] == "se" else "effect"]


def two_periods(library, people, method):
    """Effect and standard error, change of earnings 1975 to 1978."""
    names = ["age", "educ", "black", "married", "nodegree", "hisp", "re74"]
    x = np.array([[published.number(p[n]) for n in names] for p in people])
    treated = np.array([p["experimental"] == "1" for p in people], np.uint8)
    change = np.array([p["1978"] - p["1975"] for p in people])
    a = engine.address
    data = Data(len(people), len(names), a(treated), a(change), a(x), None)
    scratch = np.zeros(library.cd_did_scratch(SIZE(len(people)), SIZE(len(names))))
    influence, effect = np.zeros(len(people)), DOUBLE()
    if library.cd_did(ctypes.byref(data), method, a(scratch), ctypes.byref(effect), a(influence)):
        raise RuntimeError("cd_did")
    return effect.value, influence.std(ddof=1) / math.sqrt(len(people))


def training_answers(library, path):
    """Each quantity's answer, as expected.csv names them."""
    people = {}
    for row in published.read(path, "drdid_nsw_cps_long.csv"):
        people.setdefault(row["id"], dict(row))[row["year"]] = published.number(row["re"])
    people = list(people.values())
    subset = [p for p in people if p["doc_subset"] == "1"]
    answers = {}
    for name, method, rows, which in [("doubly robust (traditional)", 0, people, "all rows"), ("outcome regression", 1, people, "all rows"),
                                      ("IPW Hajek", 2, people, "all rows"), ("doubly robust (improved)", TILTED, subset, "doc_subset=1")]:
        answers[f"ATT {name} | {which}"], answers[f"se {name} | {which}"] = two_periods(library, rows, method)
    return answers


# Standard errors of the overall average that did 2.1.2 gets wrong (test/tap/101_reference_effects.pl): known by what they are of.
def is_defect(quantity):
    return quantity.startswith("group overall se")


def compare(values):
    """Print how many of each kind agree, and those that don't; True when all do."""
    good, groups = True, defaultdict(list)
    for row, kind, ours in values:
        theirs = float(row["value"])
        digits = 7 if row["digits"] == "exact" else int(row["digits"])
        decimals = len(row["value"].partition(".")[2])
        same = abs(ours - theirs) <= max(abs(theirs) * 10.0 ** -digits, 0.5 * 10.0 ** -decimals if decimals < digits else 0)
        groups[kind].append(same)
        if not same:
            print(f"  {row['id']} {row['quantity']}: computed {ours:.12g}, published {theirs:.12g}, {digits} digits")
    for kind, same in groups.items():
        good &= all(same)
        print(f"  {kind}: {sum(same)} of {len(same)} values  {'kept' if all(same) else 'MISSED'}")
    return good


def main():
    path = published.folder()
    if path is None:
        print("covariates: skipped, COACHDIAG_REFERENCE names no folder with expected.csv and data/")
        return engine.SKIPPED
    library = engine.build(["did", "staggered"], STRUCTURES)
    for name in ("cd_staggered_size", "cd_staggered_aggregate_size", "cd_staggered_pretest_size", "cd_did_scratch"):
        getattr(library, name).restype = SIZE
    rows, studies, values = published.read(path, "did_mpdta.csv"), {}, []
    training = training_answers(library, path)
    for row in published.read(path, "../expected.csv"):
        if row["area"] == "2x2 DiD with covariates":
            values.append((row, "job training, two periods", training[row["quantity"]]))
        m = re.fullmatch(r"(.*) (nevertreated|notyettreated)\|x=lpop\|base=(\w+)(?:\|(reg|ipw))?", row["quantity"])
        if m is None or is_defect(m[1]):
            continue
        which = m[2], m[3], m[4] or "dr"
        if which not in studies:
            studies[which] = Study(library, rows, *which)
        values.append((row, "minimum wage, " + ", ".join(which), studies[which].answer(m[1])))
    return 0 if compare(values) and values else 1


if __name__ == "__main__":
    sys.exit(main())
