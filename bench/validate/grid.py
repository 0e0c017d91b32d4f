"""The effect of coaching, one thing varied at a time: where it holds, and what other designs say of the same sessions."""

import argparse
import sys
import warnings
from dataclasses import dataclass, replace

import numpy as np

import engine

HORIZON = 4
AUTOREGRESSION = 0.5
DESIGNS = ["ancova_trials", "gap_difference", "before_after"]


@dataclass(frozen=True)
class World:
    """Units: standard deviation of an agent's period, levels included."""

    agents: int = 12
    weeks: int = 52
    reliability: float = 0.5    # share of the variance that is lasting
    selection: float = 1.5      # log odds of a session per sd of a bad last week
    effect: float = 0.3         # per session, mean of the horizon
    half_life: float = 6        # weeks
    never: float = 0.2          # share of agents never coached
    spread: float = 0.5         # of the effect between teams, relative


VARIED = {
    "agents": [6, 10, 20], "weeks": [26, 52, 104], "reliability": [0.15, 0.3, 0.5, 0.7, 0.9],
    "selection": [0, 1.5, 3, 6], "effect": [0, 0.15, 0.3, 0.6], "half_life": [2, 6, np.inf], "never": [0, 0.3, 0.6],
}
SMALL = {"agents": [6], "reliability": [0.15, 0.9], "selection": [0], "effect": [0, 0.6]}


def heavy(rng, shape):
    return rng.standard_t(5, shape) * np.sqrt(3 / 5)


def simulate(rng, w, teams):
    """Rows, and each team's true effect: sessions add up, so it is what a session was made to give."""
    truth = w.effect * np.maximum(1 + w.spread * rng.standard_normal(teams), 0)
    fade = 0.5 ** (1 / w.half_life)
    gain = truth / np.mean([fade ** k for k in range(HORIZON)])
    shape = (teams, w.agents)
    level = np.sqrt(w.reliability) * rng.standard_normal(shape)
    rest = np.sqrt(1 - w.reliability)
    eligible = rng.random(shape) >= w.never
    week_effect = 0.4 * heavy(rng, (teams, w.weeks)) + 0.3 * np.sin(2 * np.pi * np.arange(w.weeks) / 52)
    week_effect += np.cumsum(0.05 * rng.standard_normal((teams, w.weeks)), axis=1)
    value, sessions = np.zeros((*shape, w.weeks)), np.zeros((*shape, w.weeks))
    weight = rng.gamma(8, 1 / 8, (*shape, w.weeks))
    shock, stock = heavy(rng, shape), np.zeros(shape)
    score = rng.standard_normal(shape)
    for t in range(w.weeks):
        odds = np.exp(np.clip(-w.selection * score, -8, 8)) * eligible
        chance = np.minimum(odds / np.maximum(odds.sum(1, keepdims=True), 1e-9) * w.agents / 8, 0.9)
        sessions[:, :, t] = rng.random(shape) < chance
        shock = AUTOREGRESSION * shock + np.sqrt(1 - AUTOREGRESSION ** 2) * heavy(rng, shape)
        noise = heavy(rng, shape) / np.sqrt(weight[:, :, t])
        own = level + rest * (np.sqrt(0.4) * shock + np.sqrt(0.6) * noise)
        value[:, :, t] = own + week_effect[:, t, None] + stock
        stock = fade * stock + gain[:, None] * sessions[:, :, t]
        score = (value[:, :, t] - value[:, :, t].mean(1, keepdims=True))
    rows = np.zeros(value.size, engine.ROW)
    g, i, t = np.indices(value.shape)
    rows["team"], rows["agent"], rows["period"] = g.ravel(), (g * w.agents + i).ravel(), t.ravel()
    rows["value"], rows["weight"], rows["sessions"] = value.ravel(), weight.ravel(), sessions.ravel()
    rows["tenure"] = np.nan
    return rows, np.where(sessions[:, :, :-1].sum((1, 2)) > 0, truth, np.nan)


def alone(library, rows, teams):
    """Each team's estimate and interval without the others."""
    parts = [rows[rows["team"] == g].copy() for g in range(teams)]
    for part in parts:
        part["team"] = 0
    return np.concatenate([engine.estimate(library, part, 1)[0] for part in parts])


def study(library, rng, w, teams, runs):
    """Marks of one world."""
    pooled, single, truth, others = [], [], [], {name: [] for name in DESIGNS}
    for _ in range(runs):
        rows, true = simulate(rng, w, teams)
        out, common = engine.estimate(library, rows, teams)
        pooled.append(out)
        single.append(alone(library, rows, teams))
        truth.append(true)
        share = np.bincount(rows["team"], rows["sessions"], teams)
        mean = np.nansum(share * true) / share[np.isfinite(true)].sum()
        for name in DESIGNS:
            others[name].append(engine.trials(library, rows, name, int(common["before"])).estimate - mean)
    pooled, single, truth = map(np.concatenate, (pooled, single, truth))
    ok = np.isfinite(truth) & (pooled["status"] == 0) & (single["status"] == 0)
    error = (pooled["effect"] - truth)[ok]
    naive = (pooled["naive"] - truth)[ok]

    def covered(out):
        return ((out["low"] <= truth) & (truth <= out["high"]))[ok].mean()

    return {
        "naive": naive.mean(), "naive_rmse": np.sqrt((naive ** 2).mean()),
        "share": single["naive_share"][ok].mean(), "null_share": single["null_share"][ok].mean(),
        **{name: np.mean(v) for name, v in others.items()},
        "bias": error.mean(), "rmse": np.sqrt((error ** 2).mean()),
        "coverage": covered(pooled), "own_bias": (single["effect"] - truth)[ok].mean(), "own_coverage": covered(single),
        "above": (pooled["low"] > 0)[ok].mean(), "own_above": (single["low"] > 0)[ok].mean(), "answered": ok.mean(),
    }


def held(w, m):
    """Whether a world keeps to what is promised: bias, error and coverage."""
    good = abs(m["bias"]) <= max(0.1 * abs(m["naive"]), 0.03) and m["rmse"] <= max(0.25 * m["naive_rmse"], 0.06)
    good &= 0.92 <= m["coverage"] and 0.92 <= m["own_coverage"]
    if w.effect == 0:
        good &= m["above"] <= 0.05 and m["own_above"] <= 0.05
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a few worlds, for continuous integration")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--teams", type=int, default=40)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=list(VARIED), help="what to vary")
    arguments = parser.parse_args()
    varied = SMALL if arguments.small else VARIED
    arguments.runs = 2 if arguments.small else arguments.runs
    warnings.simplefilter("ignore", RuntimeWarning)
    library = engine.build()
    base = World()
    print(f"base: {base}\n{arguments.runs} x {arguments.teams} teams each; in sd of a period; 'own': without the other teams")
    print(f"{'':18s}| before and after      | other designs: bias | coaching_effect\n"
          f"{'':18s}|  bias  better (null)  | ancova     gap      |  bias   RMSE  cover above0 | own bias  cover above0")
    good = True
    for factor in (f for f in arguments.only if f in varied):
        for value in varied[factor]:
            world = replace(base, **{factor: value})
            m = study(library, np.random.default_rng([arguments.seed, list(VARIED).index(factor)]), world,
                      arguments.teams, arguments.runs)
            kept = held(world, m)
            good &= kept
            print(f"{factor:11s} {value:5g} | {m['naive']:+.3f}  {m['share']:.3f} ({m['null_share']:.3f}) | "
                  f"{m['ancova_trials']:+.3f}   {m['gap_difference']:+.3f}    | {m['bias']:+.3f} {m['rmse']:.3f}  "
                  f"{m['coverage']:.3f} {m['above']:.3f} | {m['own_bias']:+.3f}  {m['own_coverage']:.3f} {m['own_above']:.3f}  "
                  f"{'kept' if kept else 'MISSED'}")
    print("\nall limits kept" if good else "\nsome limits MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
