"""Partial pooling alone: do the intervals hold, however many teams there are and however their effects are spread?"""

import ctypes
import sys

import numpy as np

import engine

POINTS = 161
SE, DF = 0.053, 10      # of an estimate; degrees of freedom of its standard error
LOWEST = 0.90           # coverage that is asked of every cell


class Posterior(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in ("mean", "sd", "low", "high", "above")]


SPREADS = {
    "all alike": lambda rng, k: np.full(k, 0.3),
    "narrow": lambda rng, k: 0.3 + 0.05 * rng.standard_normal(k),
    "spread": lambda rng, k: np.maximum(0.3 + 0.15 * rng.standard_normal(k), 0),
    "two groups": lambda rng, k: np.where(rng.random(k) < 0.5, 0, 0.3),
    "wide": lambda rng, k: 0.3 * rng.standard_normal(k),
}


def pointer(x):
    return x.ctypes.data_as(ctypes.c_void_p)


def study(library, rng, k, draw, runs):
    """Coverage, RMSE and mean width over units."""
    covered, square, width = 0, 0.0, 0.0
    prior, scratch = np.zeros(2 * POINTS), np.zeros(k * POINTS)
    for _ in range(runs):
        truth = draw(rng, k)
        estimate = truth + SE * rng.standard_normal(k)
        se, df = SE * np.sqrt(rng.chisquare(DF, k) / DF), np.full(k, float(DF))
        library.cd_prior_fit(pointer(estimate), pointer(se), pointer(df), ctypes.c_size_t(k), pointer(scratch), pointer(prior))
        for i in range(k):
            p = Posterior()
            library.cd_prior_posterior(pointer(prior), *map(ctypes.c_double, (estimate[i], se[i], DF, 0.95)), ctypes.byref(p))
            covered += p.low <= truth[i] <= p.high
            square += (p.mean - truth[i]) ** 2
            width += p.high - p.low
    n = runs * k
    return covered / n, np.sqrt(square / n), width / n


def main():
    library = engine.build()
    rng = np.random.default_rng(5)
    good = True
    print(f"units with standard error {SE} on {DF} degrees of freedom: coverage of 95 % intervals (RMSE, mean width)")
    print(f"{'units':>5s}  " + "  ".join(f"{name:^22s}" for name in SPREADS))
    for k in (8, 12, 20, 40, 100):
        cells = [study(library, rng, k, draw, max(4000 // k, 20)) for draw in SPREADS.values()]
        good &= all(c[0] >= LOWEST for c in cells)
        print(f"{k:5d}  " + "  ".join(f"{c[0]:.3f} ({c[1]:.3f}, {c[2]:.3f})   " for c in cells))
    print(f"\nat least {LOWEST} everywhere  {'kept' if good else 'MISSED'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
