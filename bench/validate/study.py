"""The effect of coaching against known truth: bias, RMSE, coverage and power, beside the usual practices."""

import argparse
import sys
import warnings

import numpy as np

import engine
import world

NOTHING = ["nothing", "type_bound"]
RELIABILITIES = [0.15, 0.3, 0.5, 0.7, 0.8, 0.9]

# what each figure has to keep to: (lowest, highest)
LIMITS = {
    "bias": (-0.06, 0.06), "worst_kind": (0, 0.15), "rmse": (0, 0.25), "coverage": (0.93, 0.98),
    "width": (0, 1.0), "power": (0.65, 1), "rank": (0.65, 1), "false_effective": (0, 0.07), "answered": (1, 1),
}
LIMITS_HARD = dict(LIMITS, bias=(-0.09, 0.09), worst_kind=(0, 0.25), rmse=(0, 0.3), power=(0.55, 1))
LIMITS_ZERO = {"mean": (-0.05, 0.05), "false_effective": (0, 0.05), "naive_share": (0.6, 0.88),
               "share_error": (-0.02, 0.02)}


def two_way(rows):
    """Plain two-way fixed effects of one team: sessions in the last four weeks, agent and week dummies."""
    seen = np.isfinite(rows["value"])
    if seen.sum() < 20 or rows["sessions"].sum() == 0:
        return np.nan
    agents, i = np.unique(rows["agent"], return_inverse=True)
    t = rows["period"] - rows["period"].min()
    held = np.zeros((len(agents), t.max() + 1))
    np.add.at(held, (i, t), rows["sessions"])
    total = np.cumsum(np.pad(held, ((0, 0), (5, 0))), axis=1)
    dose = (total[:, 4:-1] - total[:, :-5])[i, t][seen]
    i, t = i[seen], t[seen]
    design = np.zeros((len(i), 1 + len(agents) + t.max() + 1))
    design[:, 0] = dose
    design[np.arange(len(i)), 1 + i] = 1
    design[np.arange(len(i)), 1 + len(agents) + t] = 1
    return np.linalg.lstsq(design, rows["value"][seen], rcond=None)[0][0]


def ranks(x):
    return np.argsort(np.argsort(x)).astype(float)


def figures(results):
    """Marks over metrics and centres; results: (kind, truth, estimates) for each."""
    kind = np.concatenate([r[0] for r in results])
    truth = np.concatenate([r[1] for r in results])
    out = np.concatenate([r[2] for r in results])
    coached = np.isfinite(truth)
    answered = coached & (out["status"] == 0)
    error = out["effect"] - truth
    low, high = out["low"], out["high"]
    kinds = {k: error[answered & (kind == k)].mean() for k in world.KINDS if (answered & (kind == k)).any()}
    nothing = answered & np.isin(kind, NOTHING)
    rank = [np.corrcoef(ranks(r[2]["effect"][np.isfinite(r[1])]), ranks(r[1][np.isfinite(r[1])]))[0, 1]
            for r in results]
    marks = {
        "bias": error[answered].mean(), "worst_kind": max(abs(v) for v in kinds.values()),
        "rmse": np.sqrt((error[answered] ** 2).mean()),
        "coverage": ((low <= truth) & (truth <= high))[answered].mean(),
        "width": (high - low)[answered].mean(), "power": (low > 0)[answered & (truth > 0.5)].mean(),
        "rank": np.mean(rank), "false_effective": (low > 0)[nothing].mean(),
        "answered": answered.sum() / coached.sum(),
    }
    return marks, kinds


def held_to(marks, limits):
    """Print marks with their limits; True when all are kept."""
    good = True
    for name, (low, high) in limits.items():
        kept = low <= marks[name] <= high
        good &= bool(kept)
        print(f"  {name:16s} {marks[name]:8.3f}   {low:g} .. {high:g}   {'kept' if kept else 'MISSED'}")
    return good


def rivals(label, estimate, truth):
    ok = np.isfinite(estimate) & np.isfinite(truth)
    error = (estimate - truth)[ok]
    print(f"  {label:32s} bias {error.mean():+.3f}   RMSE {np.sqrt((error ** 2).mean()):.3f}")


def centres(library, seeds, limits, **options):
    """Whole centres, three metrics each."""
    results, plain = [], []
    for seed in seeds:
        for study in world.centre(seed, **options):
            rows = engine.rows_of(study, *world.adjusted(study))
            teams = len(study.kind)
            out, _ = engine.estimate(library, rows, teams)
            results.append((study.kind, study.effect, out))
            cut = np.searchsorted(rows["team"], np.arange(teams + 1))
            plain.append([two_way(rows[cut[g]:cut[g + 1]]) for g in range(teams)])
    truth = np.concatenate([r[1] for r in results])
    out = np.concatenate([r[2] for r in results])
    marks, kinds = figures(results)
    print(f"\ncentres of seeds {list(seeds)} {options or ''}: {np.isfinite(truth).sum()} coached teams x metrics, "
          "in units of the smallest worthwhile effect")
    rivals("4 weeks after - week before", out["naive"], truth)
    rivals("two-way fixed effects", np.concatenate(plain), truth)
    rivals("team's own estimate", out["raw"], truth)
    rivals("coaching_effect", out["effect"], truth)
    print("  bias by kind: " + ", ".join(f"{k} {v:+.2f}" for k, v in kinds.items()))
    placebo = out["placebo_p"][np.isfinite(out["placebo_p"])]
    print(f"  placebo below 5 %: {(placebo < 0.05).mean():.3f} of {len(placebo)}")
    return held_to(marks, limits)


def worst_fifth(rng, reliability, teams, agents=15, weeks=40, late=0):
    """Levels and noise only; the worst fifth of each week is coached, to no effect."""
    level = np.sqrt(reliability) * rng.standard_normal((teams, agents, 1))
    value = level + np.sqrt(1 - reliability) * rng.standard_normal((teams, agents, weeks))
    sessions = np.zeros_like(value)
    for t in range(late, weeks):
        worst = np.argsort(value[:, :, t - late], axis=1)[:, : max(agents // 5, 1)]
        np.put_along_axis(sessions[:, :, t], worst, 1, axis=1)
    rows = np.zeros(value.size, engine.ROW)
    g, i, t = np.indices(value.shape)
    rows["team"], rows["agent"], rows["period"] = g.ravel(), (g * agents + i).ravel(), t.ravel()
    rows["value"], rows["weight"], rows["sessions"] = value.ravel(), 1, sessions.ravel()
    rows["tenure"] = np.nan
    return rows


def zero_effect(library, seed, teams, pool):
    """True effect zero, at every reliability; in sd of a period."""
    print(f"\nzero effect, worst fifth coached, {teams} teams "
          + ("pooled" if pool else "each on its own") + ", in sd of a period")
    good = True
    for reliability in RELIABILITIES:
        rows = worst_fifth(np.random.default_rng(seed), reliability, teams)
        if pool:
            out = engine.estimate(library, rows, teams)[0]
        else:
            parts = [rows[rows["team"] == g].copy() for g in range(teams)]
            for part in parts:
                part["team"] = 0
            out = np.concatenate([engine.estimate(library, part, 1)[0] for part in parts])
        marks = {"mean": out["effect"].mean(), "false_effective": (out["low"] > 0).mean(),
                 "naive_share": out["naive_share"].mean(),
                 "share_error": out["null_share"].mean() - out["naive_share"].mean()}
        kept = all(low <= marks[k] <= high for k, (low, high) in LIMITS_ZERO.items())
        good &= kept
        print(f"  reliability {reliability:4.2f}: naive {out['naive'].mean():+.2f}, share improved "
              f"{marks['naive_share']:.3f} (expected without effect {out['null_share'].mean():.3f}), "
              f"effect {marks['mean']:+.3f}, false effective {marks['false_effective']:.3f}  "
              f"{'kept' if kept else 'MISSED'}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="under a minute, for continuous integration")
    parser.add_argument("--seed", type=int, default=101)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    library = engine.build()
    count, hard, teams = (2, 2, 20) if arguments.small else (8, 6, 100)
    seed = arguments.seed
    good = centres(library, range(seed, seed + count), LIMITS)
    good &= centres(library, range(seed + 50, seed + 50 + hard), LIMITS_HARD, hard=True)
    good &= zero_effect(library, seed, teams, True)
    good &= zero_effect(library, seed, teams, False)
    print("\nall limits kept" if good else "\nsome limits MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
