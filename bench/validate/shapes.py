"""The mean effect of a session over four weeks, whatever its shape: at once or late, gone at once, fading, lasting or reverting."""

import argparse
import sys
import warnings

import numpy as np

import engine

TRUTH = 0.5             # mean over the horizon, in sd of a period's noise
BIAS = 0.1              # of it, at most; twice that for a spike of one week
COVERAGE = 0.93         # of the interval of each team's own figure, at least
SHAPES = {              # weeks after a session, any height
    "fades, half-life 4": 0.5 ** (np.arange(80) / 4),
    "fades, half-life 12": 0.5 ** (np.arange(80) / 12),
    "lasts": np.ones(80),
    "4 weeks, then nothing": np.ones(4),
    "6 weeks, then nothing": np.ones(6),
    "first week only": np.ones(1),
    "from week 3 on": np.r_[0, 0, np.ones(80)],
    "weeks 3 to 8": np.r_[0, 0, np.ones(6)],
    "builds up over 8 weeks": np.r_[np.arange(1, 9) / 8, np.ones(80)],
    "4 weeks good, 4 below before": np.r_[np.ones(4), -0.5 * np.ones(4)],
}
SMALL = ["fades, half-life 4", "4 weeks, then nothing", "first week only", "builds up over 8 weeks", "4 weeks good, 4 below before"]


def simulate(rng, shape, worst, teams=20, agents=12, weeks=52, per_week=0.1):
    """Rows; worst: log odds of a session per sd of a bad week."""
    effect = TRUTH * shape / np.r_[shape, np.zeros(4)][:4].mean()
    level = rng.normal(0, 0.5, (teams, agents, 1))
    value = level + rng.normal(0, 0.3, (teams, 1, weeks)) + rng.normal(0, 1, (teams, agents, weeks))
    sessions = np.zeros_like(value)
    for t in range(weeks):
        odds = np.exp(-worst * (value[:, :, t] - value[:, :, t].mean(1, keepdims=True)))
        sessions[:, :, t] = rng.random((teams, agents)) < np.minimum(per_week * odds / odds.mean(1, keepdims=True), 0.9)
        after = effect[: weeks - t - 1]
        value[:, :, t + 1: t + 1 + len(after)] += sessions[:, :, t, None] * after
    rows = np.zeros(value.size, engine.ROW)
    g, i, t = np.indices(value.shape)
    rows["team"], rows["agent"], rows["period"] = g.ravel(), (g * agents + i).ravel(), t.ravel()
    rows["value"], rows["weight"], rows["sessions"] = value.ravel(), 1, sessions.ravel()
    rows["tenure"] = np.nan
    return rows, teams


def line(library, rng, shape, worst, runs):
    out = np.concatenate([engine.estimate(library, *simulate(rng, SHAPES[shape], worst))[0] for _ in range(runs)])
    error = out["effect"] - TRUTH
    covered = ((out["low"] <= TRUTH) & (out["high"] >= TRUTH)).mean()
    raw = out["raw"] - TRUTH
    raw_covered = (abs(raw) <= 1.96 * np.hypot(out["raw_se"], out["doubt"])).mean()
    allowed = BIAS * TRUTH * (2 if shape == "first week only" else 1)
    kept = abs(error.mean()) <= allowed and raw_covered >= COVERAGE - 2.5 * np.sqrt(0.05 * 0.95 / len(out))
    print(f"| {shape} | {'yes' if worst else 'no'} | {error.mean():+.3f} | {np.sqrt((error ** 2).mean()):.3f} | {covered:.3f} "
          f"| {raw.mean():+.3f} | {np.sqrt((raw ** 2).mean()):.3f} | {raw_covered:.3f} |{'' if kept else ' MISSED'}", flush=True)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="some shapes, for continuous integration")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    library = engine.build()
    runs = 3 if arguments.small else arguments.runs
    print(f"{runs} centres of 20 teams each, true mean of four weeks {TRUTH} sd of a period's noise\n"
          "| what a session does | worst coached | bias | RMSE | covered | bias of raw | RMSE | covered |\n|---|---|---|---|---|---|---|---|")
    good = True
    for i, worst in enumerate([0.0, 1.0]):
        for j, shape in enumerate(SMALL if arguments.small else SHAPES):
            good &= bool(line(library, np.random.default_rng([arguments.seed, i, j]), shape, worst, runs))
    print("\nall limits kept" if good else "\nsome limits MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
