"""The estimator under test: src/stats compiled as a shared object and called through ctypes."""

import ctypes
import pathlib
import subprocess
import tempfile

import numpy as np

import world

SKIPPED = 3         # exit status of a study whose data are not at hand
ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = np.dtype([("team", "i4"), ("agent", "i4"), ("period", "i4"), ("value", "f8"), ("weight", "f8"),
                ("sessions", "f8"), ("tenure", "f8")], align=True)
RESULT = ["effect", "low", "high", "sd", "doubt", "above", "p", "raw", "raw_se", "df", "smallest_detectable", "naive",
          "naive_share", "null", "null_share", "placebo", "placebo_se", "placebo_p", "sessions", "coached",
          "control", "overlap", "agents", "observations", "allowance", "shortfall", "masked"]
TEAM = np.dtype([(name, "f8") for name in RESULT] + [("pooled", "?"), ("own", "?"), ("status", "i4")], align=True)
COMMON = np.dtype([(name, "f8") for name in ("level", "shock", "persistence", "fixed")] + [("before", "i4"),
                  ("inflation", "f8"), ("pooled", "?"), ("carried", "?")], align=True)


LEADS, LAGS = 8, 12
POINT = np.dtype([("lag", "i4")] + [(name, "f8") for name in ("seen", "sessions", "effect", "se", "low", "high",
                                                                "band_low", "band_high")], align=True)
PATH = np.dtype([("point", POINT, (LEADS + 1 + LAGS,)), ("half_life", "f8"), ("half_life_low", "f8"),
                 ("half_life_high", "f8")], align=True)


class Options(ctypes.Structure):
    _fields_ = [("horizon", ctypes.c_int), ("level", ctypes.c_double), ("pool", ctypes.c_bool), ("placebo", ctypes.c_bool),
                ("hint", ctypes.c_void_p)]


class TrialOptions(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("method", "bound", "horizon", "before")] + [("level", ctypes.c_double)]


TRIAL_METHODS = {"before_after": 0, "gap_difference": 1, "ancova_trials": 2}


class Trials(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in ("estimate", "se", "df", "low", "high", "p", "sessions", "compared",
                "clusters")] + [("by_team", ctypes.c_bool)] + [(name, ctypes.c_double) for name in (
                    "measured", "compared_measured")]


class Arena(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t), ("used", ctypes.c_size_t)]


class Spillover(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in ("effect", "low", "high", "p")]


def same_layout(name, here):
    """C that compiles only while a structure here, of numpy or ctypes, lies in memory as that of C does."""
    if isinstance(here, np.dtype):
        size, offsets = here.itemsize, {field: here.fields[field][1] for field in here.names}
    else:
        size, offsets = ctypes.sizeof(here), {field: getattr(here, field).offset for field, *_ in here._fields_}
    facts = [f"sizeof({name}) == {size}"] + [f"offsetof({name}, {field}) == {at}" for field, at in offsets.items()]
    return "".join(f'_Static_assert({fact}, "bench/validate: {name}");\n' for fact in facts)


STRUCTURES = {
    "stats/effect_teams.h": {"CdEffectRow": ROW, "CdEffect": TEAM, "CdEffectCommon": COMMON, "CdEffectPath": PATH,
                             "CdEffectOptions": Options, "CdSpillover": Spillover, "CdArena": Arena},
    "stats/trials.h": {"CdTrialOptions": TrialOptions, "CdTrials": Trials}}


def build(more=(), structures=None):
    """Compile the estimators into a temporary shared object, with more sources and more structures of a header if asked."""
    others = ["learning", "period_effects", "prior", "linear", "pool", "rank", "regression", "solve", "status", "trials", *more]
    sources = sorted((ROOT / "src/stats").glob("effect*.c")) + [ROOT / f"src/stats/{name}.c" for name in others]
    gsl = subprocess.check_output(["pkg-config", "--cflags", "--libs", "gsl"], text=True).split()
    with tempfile.TemporaryDirectory(prefix="coachdiag-validate-") as name:
        folder = pathlib.Path(name)
        target, layouts = folder / "stats.so", folder / "layouts.c"
        layouts.write_text("".join(f'#include "{header}"\n' + "".join(same_layout(*pair) for pair in here.items())
                                   for header, here in {**STRUCTURES, **(structures or {})}.items()))
        subprocess.check_call(["cc", "-std=c11", "-D_XOPEN_SOURCE=700", "-O2", "-fPIC", "-shared", "-ffp-contract=off",
                               f"-I{ROOT}/src", "-o", target, layouts, *sources, *gsl, "-lm"])
        return load(target)     # once loaded, it needs no file


def load(path):
    library = ctypes.CDLL(str(path))
    library.cd_effect_size.restype = ctypes.c_size_t
    library.cd_effect_size.argtypes = [ctypes.c_size_t] * 3 + [ctypes.c_bool]
    library.cd_effect_limit.restype = ctypes.c_double
    library.cd_effect_limit.argtypes = [ctypes.c_double] * 3
    for name in ("cd_trials_size", "cd_learning_size", "cd_learning_places", "cd_effect_team_rows_size"):
        getattr(library, name).restype = ctypes.c_size_t
    return library


def rows_of(study, value, weight):
    """The rows that the warehouse would feed: one for each agent and week with work or a session."""
    seen = np.isfinite(value) & (weight > 0)
    who, when = np.nonzero(seen | (study.sessions > 0))
    rows = np.zeros(len(who), ROW)
    rows["team"] = study.people.team[who]
    rows["agent"] = who
    rows["period"] = when
    rows["value"] = np.where(seen, value, np.nan)[who, when]
    rows["weight"] = weight[who, when]
    rows["sessions"] = study.sessions[who, when]
    rows["tenure"] = study.tenure[who, when]
    return np.sort(rows, order=["team", "agent", "period"])


def address(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def estimate(library, rows, teams, horizon=4, level=0.95, pool=True, paths=False):
    """Results per team and what the teams share; with paths, those of the teams and of all together as well."""
    rows = np.ascontiguousarray(rows)
    out = np.zeros(teams, TEAM)
    common = np.zeros(1, COMMON)
    periods = int(rows["period"].max() - rows["period"].min()) + 1
    size = library.cd_effect_size(len(rows), teams, periods, paths)
    memory = np.empty(size + 64, np.uint8)
    base = (memory.ctypes.data + 63) // 64 * 64
    arena = Arena(base, size, 0)
    options = Options(horizon, level, pool, True)
    path = np.zeros(teams + 1, PATH)
    status = library.cd_effect(address(rows), ctypes.c_size_t(len(rows)), ctypes.c_size_t(teams), ctypes.byref(options),
                               ctypes.byref(arena), address(out), address(common), address(path) if paths else None)
    if status != 0:
        raise RuntimeError(f"cd_effect: status {status}")
    return (out, common[0], path) if paths else (out, common[0])


def combine(library, teams):
    """The effect over all teams."""
    teams, out = np.ascontiguousarray(teams), np.zeros(1, TEAM)
    status = library.cd_effect_combine(address(teams), ctypes.c_size_t(len(teams)), ctypes.c_double(0.95), address(out))
    if status != 0:
        raise RuntimeError(f"cd_effect_combine: status {status}")
    return out


def team_rows(library, rows):
    """Teams as agents of one team, what tenure adds taken out."""
    rows = np.ascontiguousarray(rows)
    at, n = address(rows), ctypes.c_size_t(len(rows))
    periods = ctypes.c_size_t(int(rows["period"].max() - rows["period"].min()) + 1)
    place = np.empty(periods.value, np.int32)
    places = ctypes.c_size_t(library.cd_learning_places(at, n, periods, address(place)))
    size = max(library.cd_learning_size(n, places), library.cd_effect_team_rows_size(periods))
    memory, learning = np.empty(size + 64, np.uint8), np.zeros(2)
    out, count = np.zeros(len(rows), ROW), ctypes.c_size_t()
    arena = Arena((memory.ctypes.data + 63) // 64 * 64, size, 0)
    status = library.cd_learning(at, n, address(place), places, ctypes.byref(arena), address(learning))
    arena.used = 0
    status |= library.cd_effect_team_rows(at, n, address(learning), ctypes.byref(arena), address(out), ctypes.byref(count))
    if status != 0:
        raise RuntimeError("cd_effect_team_rows")
    return out[:count.value]


def spillover(library, between, within):
    """Estimate, interval and p."""
    library.cd_spillover.restype = Spillover
    s = library.cd_spillover(address(between), address(within), ctypes.c_double(0.95))
    return s.effect, s.low, s.high, s.p


def trials(library, rows, method, before=0, horizon=4, level=0.95):
    """One of the other designs, over all teams together."""
    rows = np.ascontiguousarray(rows)
    at = address(rows)
    size = library.cd_trials_size(at, ctypes.c_size_t(len(rows)))
    memory = np.empty(size + 64, np.uint8)
    arena = Arena((memory.ctypes.data + 63) // 64 * 64, size, 0)
    options = TrialOptions(TRIAL_METHODS[method], 0, horizon, before, level)
    out = Trials()
    library.cd_trials(at, ctypes.c_size_t(len(rows)), ctypes.byref(options), ctypes.byref(arena), ctypes.byref(out))
    return out


def run(library, study, **options):
    return estimate(library, rows_of(study, *world.adjusted(study)), study.people.team.max() + 1, **options)
