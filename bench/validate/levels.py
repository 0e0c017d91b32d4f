"""The effect over many teams, and whether useless coaching of the lastingly weak is called harmful, or useful coaching nothing, against known truth."""

import argparse
import sys
import warnings
from dataclasses import dataclass, replace

import numpy as np

import engine
import grid

COVERAGE = 0.93         # at least
FALSE_EFFECTIVE = 0.05  # at most, where nothing works
FALSE_HARMFUL = 0.05    # the same
WIDTH = 1.5             # half of the interval at most so many times 1.96 sd of the error, where sessions follow nothing
FALSE_NOTHING = 0.05    # no_effect, where a session gives just the smallest effect
NOTHING_SHOWN = 0.6     # of the teams of which it would be said without shortfall, where sessions do nothing, at least
HARM_SHOWN = 0.9        # of programmes in which a session costs 0.4, at least

# teams of a programme, and what is unlike grid.World; sd of an agent's period
FEW = dict(agents=8, weeks=26, never=0, selection=0)
PROGRAMMES = [
    (2, FEW), (4, FEW), (8, FEW), (8, dict(FEW, spread=0)), (12, dict(FEW, effect=0)), (40, dict(FEW, spread=0)),
    (40, dict(FEW, effect=0)), (12, dict(effect=0)), (12, dict(spread=0)), (40, dict(effect=0, weeks=26)), (40, {}),
]
SMALL_PROGRAMMES = [(4, FEW), (8, dict(FEW, spread=0)), (12, dict(FEW, effect=0))]


@dataclass(frozen=True)
class Weakness:
    """Coaches know how weak an agent is for good; the last periods say nothing to them. In sd of a period."""

    level: float = 0.5          # of agents' lasting levels, sd
    known: float = 1.5          # log odds of a session per sd of a lower level
    per_week: float = 0.1       # sessions of an agent
    weeks: int = 52
    teams: int = 12
    agents: int = 10
    effect: float = 0.0         # of a session on the period after it; a tenth is lost each period


WEAKNESS = [Weakness(), Weakness(known=0.75), Weakness(known=3), Weakness(weeks=26), Weakness(level=0.4, weeks=26),
            Weakness(level=0.8), Weakness(per_week=0.25), Weakness(level=0.4, per_week=0.25), Weakness(teams=40), Weakness(teams=1)]
HARM = [Weakness(effect=-0.5), Weakness(effect=-0.5, known=0), Weakness(effect=-0.5, per_week=0.25, level=0.4)]
USEFUL = [Weakness(effect=0.3), Weakness(effect=0.3, weeks=26), Weakness(effect=0.3, weeks=26, known=3), Weakness(effect=0.3, weeks=26, per_week=0.25),
          Weakness(effect=0.2, per_week=0.25), Weakness(effect=0.2, level=0.3, weeks=26, per_week=0.25), Weakness(effect=0.3, known=0)]
SMALL_USEFUL = [Weakness(effect=0.3, weeks=26, per_week=0.25)]
SMALL_WEAKNESS = [Weakness(), Weakness(level=0.4, per_week=0.25)]


def over_teams(library, rng, world, teams):
    """Error, half of the interval, whether it lies above 0, of the mean over the teams of one programme."""
    rows, truth = grid.simulate(rng, world, teams)
    out, _ = engine.estimate(library, rows, teams)
    own = out["own"] & np.isfinite(truth)
    all_teams = engine.combine(library, out)[0]
    error = all_teams["effect"] - np.average(truth[own], weights=out["sessions"][own])
    return error, (all_teams["high"] - all_teams["low"]) / 2, all_teams["low"] > 0


def programmes(library, seed, worlds, runs):
    print(f"mean over the teams of a programme, {runs} programmes each; in sd of a period\n"
          "| teams | agents | weeks | worst coached | effect | between teams | bias | sd of the error | half of the interval "
          "| covered | false effective |\n|---|---|---|---|---|---|---|---|---|---|---|")
    good = True
    for i, (teams, changes) in enumerate(worlds):
        world = replace(grid.World(), **changes)
        rng = np.random.default_rng([seed, i])
        error, half, above = np.array([over_teams(library, rng, world, teams) for _ in range(runs)], float).T
        covered, false = (abs(error) <= half).mean(), above.mean() if world.effect == 0 else np.nan
        kept = covered >= COVERAGE - 2.5 * np.sqrt(0.05 * 0.95 / runs)
        kept &= not false > FALSE_EFFECTIVE + 2.5 * np.sqrt(0.05 * 0.95 / runs)
        kept &= world.selection > 0 or teams < 8 or half.mean() <= WIDTH * 1.96 * error.std()
        good &= bool(kept)
        print(f"| {teams} | {world.agents} | {world.weeks} | {'yes' if world.selection else 'no'} | {world.effect} "
              f"| {world.effect * world.spread:.2f} | {error.mean():+.3f} | {error.std():.3f} | {half.mean():.3f} | {covered:.3f} "
              f"| {'' if np.isnan(false) else f'{false:.3f}'} |{'' if kept else ' MISSED'}", flush=True)
    return good


def simulate(rng, w):
    """Rows of teams whose coaches go by what agents are worth for good."""
    shape = (w.teams, w.agents)
    level, rest = w.level * rng.standard_normal(shape), np.sqrt(1 - w.level ** 2)
    odds = np.exp(-w.known * level / w.level)
    chance = np.minimum(w.per_week * odds / odds.mean(1, keepdims=True), 0.9)
    value, sessions = np.zeros((*shape, w.weeks)), np.zeros((*shape, w.weeks))
    shock, stock = rng.standard_normal(shape), np.zeros(shape)
    for t in range(w.weeks):
        shock = 0.5 * shock + np.sqrt(0.75) * rng.standard_normal(shape)
        own = np.sqrt(0.4) * shock + np.sqrt(0.6) * rng.standard_normal(shape)
        value[:, :, t] = level + rest * own + 0.3 * rng.standard_normal((w.teams, 1)) + stock
        sessions[:, :, t] = rng.random(shape) < chance
        stock = 0.9 * stock + w.effect * sessions[:, :, t]
    rows = np.zeros(value.size, engine.ROW)
    g, i, t = np.indices(value.shape)
    rows["team"], rows["agent"], rows["period"] = g.ravel(), (g * w.agents + i).ravel(), t.ravel()
    rows["value"], rows["weight"], rows["sessions"] = value.ravel(), 1, sessions.ravel()
    rows["tenure"] = np.nan
    return rows


def verdicts(library, rng, w):
    """Estimate over all teams; shares of programmes and teams whose interval lies below 0, and that are called harmful."""
    rows = simulate(rng, w)
    out, _ = engine.estimate(library, rows, w.teams)
    every = engine.combine(library, out)[0]
    own = out[out["own"]]
    return (every["effect"], every["allowance"], every["high"] < 0, every["high"] + every["allowance"] < 0,
            (own["high"] < 0).mean(), (own["high"] + own["allowance"] < 0).mean())


def weakness(library, seed, worlds, runs):
    print(f"\nwho is coached is weak for good, {runs} programmes each; in sd of a period\n"
          "| teams | weeks | sd of levels | log odds per sd | sessions a week | effect | estimate | allowance "
          "| programmes below 0 | called harmful | teams below 0 | called harmful |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
    good = True
    for i, w in enumerate(worlds):
        rng = np.random.default_rng([seed, 100 + i])
        m = np.array([verdicts(library, rng, w) for _ in range(runs)], float).mean(0)
        error = 2.5 * np.sqrt(0.05 * 0.95 / runs)
        kept = m[3] >= HARM_SHOWN if w.effect < 0 else m[3] <= FALSE_HARMFUL + error and m[5] <= FALSE_HARMFUL + error / np.sqrt(w.teams)
        good &= bool(kept)
        print(f"| {w.teams} | {w.weeks} | {w.level} | {w.known} | {w.per_week} | {w.effect} | {m[0]:+.3f} | {m[1]:.3f} "
              f"| {100 * m[2]:.0f} % | {100 * m[3]:.0f} % | {100 * m[4]:.0f} % | {100 * m[5]:.0f} % |{'' if kept else ' MISSED'}", flush=True)
    return good


def nothing_said(library, rng, w, smallest):
    """Estimate less truth, shortfall, and teams of which no_effect would be said without it, and is."""
    out, _ = engine.estimate(library, simulate(rng, w), w.teams)
    own = out[out["own"]]
    shortfall = np.maximum(own["shortfall"] + own["masked"] * smallest, 0)
    low, high = (np.array([library.cd_effect_limit(e, side * s, 0.9) for e, s in zip(own["effect"], own["sd"])]) for side in (-1.645, 1.645))
    said = (low > -smallest) & ~(own["low"] > 0)
    return (own["effect"].mean() - mean_effect(w), shortfall.mean(), (said & (high < smallest)).mean(), (said & (high + shortfall < smallest)).mean())


def mean_effect(w):
    """Of a session, over the four periods after it."""
    return w.effect * (1 - 0.9 ** 4) / 0.4


def usefulness(library, seed, worlds, runs):
    print(f"\nthe same, a session gives just the smallest effect; last two columns: it gives nothing; {runs} programmes each; in sd of a period\n"
          "| weeks | sd of levels | log odds per sd | sessions a week | effect | bias | shortfall | no_effect without it | no_effect "
          "| idle: without it | no_effect |\n|---|---|---|---|---|---|---|---|---|---|---|")
    good = True
    for i, w in enumerate(worlds):
        m, idle = (np.array([nothing_said(library, rng, world, mean_effect(w)) for _ in range(runs)]).mean(0)
                   for world, rng in ((w, np.random.default_rng([seed, 200 + i])), (replace(w, effect=0.0), np.random.default_rng([seed, 300 + i]))))
        kept = m[3] <= FALSE_NOTHING + 2.5 * np.sqrt(0.05 * 0.95 / runs / w.teams)
        kept &= idle[3] >= NOTHING_SHOWN * idle[2]
        good &= bool(kept)
        print(f"| {w.weeks} | {w.level} | {w.known} | {w.per_week} | {w.effect} | {m[0]:+.3f} | {m[1]:.3f} | {100 * m[2]:.0f} % | {100 * m[3]:.0f} % "
              f"| {100 * idle[2]:.0f} % | {100 * idle[3]:.0f} % |{'' if kept else ' MISSED'}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a few worlds, for continuous integration")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=200)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    library, small = engine.build(), arguments.small
    runs = 60 if small else arguments.runs
    good = programmes(library, arguments.seed, SMALL_PROGRAMMES if small else PROGRAMMES, runs)
    good &= weakness(library, arguments.seed, SMALL_WEAKNESS if small else WEAKNESS + HARM, max(runs // 5, 20))
    good &= usefulness(library, arguments.seed, SMALL_USEFUL if small else USEFUL, max(runs // 5, 20))
    print("\nall limits kept" if good else "\nsome limits MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
