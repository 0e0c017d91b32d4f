"""A change of process against known truth: size, coverage and width, signs and recurrence, and why not something simpler.

Usage: python3 bench/validate/interventions.py [--only size|signs|series] [--runs N] [--seed N] [--small]; needs numpy.
"""

import argparse
import ctypes
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import engine

SERIES_BYTES = 1 << 20
COMPARISONS = ["none", "teams", "difference", "past"]
RECURRENCES = ["cannot tell", "held", "recurred"]
FIELDS = ["improvement", "low", "high", "p", "before", "level", "level_low", "level_high", "slope", "slope_low",
          "slope_high", "autocorrelation", "periods_to_80", "share", "share_low", "share_high", "variation_ratio",
          "variation_p", "placebo_p", "placebos"]
MORE = ["agents", "periods_before", "periods_after", "controls", "sessions_before", "sessions_after"]
RESULT = np.dtype([("comparison", "i4")] + [(name, "f8") for name in FIELDS] + [("recurrence", "i4")]
                  + [(name, "f8") for name in MORE], align=True)


class Options(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int32) for name in ("before_to", "after_from", "before", "after")] + [
        ("level", ctypes.c_double)]


class Series(ctypes.Structure):
    _fields_ = [("n", ctypes.c_size_t), ("columns", ctypes.c_size_t)] + [
        (name, ctypes.c_void_p) for name in ("y", "x", "weight", "at")]


class Fit(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("coefficient", "covariance", "residual")] + [
        (name, ctypes.c_double) for name in ("rss", "df", "autocorrelation", "log_likelihood")]


class Contrast(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in ("estimate", "low", "high", "p", "autocorrelation")]


def build():
    """All estimators as one shared object."""
    target = pathlib.Path(tempfile.mkdtemp(prefix="coachdiag-validate-")) / "stats.so"
    gsl = subprocess.check_output(["pkg-config", "--cflags", "--libs", "gsl"], text=True).split()
    subprocess.check_call(["cc", "-std=c11", "-D_XOPEN_SOURCE=700", "-O2", "-fPIC", "-shared", "-ffp-contract=off",
                           f"-I{engine.ROOT}/src", "-o", target, *sorted((engine.ROOT / "src/stats").glob("*.c")), *gsl, "-lm"])
    library = ctypes.CDLL(str(target))
    library.cd_intervention_size.restype = ctypes.c_size_t
    library.cd_intervention_size.argtypes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
    library.cd_intervention.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t] + [ctypes.c_void_p] * 4
    return library


def autoregressive(rng, phi, sd, teams, periods):
    """A series for each team, stationary from the start."""
    shock = rng.normal(0, sd, (teams, periods))
    for k in range(1, periods):
        shock[:, k] = phi * shock[:, k - 1] + np.sqrt(1 - phi * phi) * shock[:, k]
    return shock


def make_world(rng, controls, side, phi, season=0.0, shift=0.0, ramp=1, shrink=0.0, fades=None, uneven=0.0):
    """Rows of one centre; its first team is touched in period `side`. Returns rows and what truly happened to that team.

    Agents: noise 1 a period, their own level 0.8, one in five comes or goes. Teams: shocks of 0.4, sizes from 6 to 20.
    """
    periods = 2 * side
    teams = controls + 1
    shock = autoregressive(rng, phi, 0.4, teams, periods)
    turn = season * np.sin(rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(periods) / 52)
    rows, truth = [], np.zeros(0)
    for team in range(teams):
        agents = rng.integers(6, 21)
        level = rng.normal(0, 0.8, (agents, 1))
        noise = autoregressive(rng, 0.2, 1.0, agents, periods)
        value = level + noise + shock[team] + turn
        seen = np.ones((agents, periods), bool)
        for a in np.flatnonzero(rng.random(agents) < 0.2):
            cut = rng.integers(0, periods)
            seen[a, slice(None, cut) if rng.random() < 0.5 else slice(cut, None)] = False
        if team == 0:
            since = np.arange(periods) - side + 1
            grown = np.clip(since / ramp, 0, 1) * (since > 0)
            if fades is not None:
                grown[side + fades:] = 0
            own = shift + rng.normal(0, uneven, (agents, 1))
            value = value + grown * own - shrink * level * (since > 0)
            both = seen[:, :side].any(1) & seen[:, side:].any(1)
            truth = own[both].mean() * grown[side:side + 26].mean()
        who, when = np.nonzero(seen)
        block = np.zeros(len(who), engine.ROW)
        block["team"], block["agent"], block["period"] = team, who, when
        block["value"], block["weight"], block["tenure"] = value[seen], rng.uniform(10, 30, len(who)), np.nan
        rows.append(block)
    return np.concatenate(rows), truth


def estimate(library, rows, teams, side):
    """The answer for the team that was touched."""
    options = Options(side, side, 26, 26, 0.95)
    room = np.zeros(library.cd_intervention_size(len(rows), teams, ctypes.byref(options)) + 64, np.uint8)
    arena = engine.Arena((room.ctypes.data + 15) // 16 * 16, len(room) - 16, 0)
    touched = np.zeros(teams, bool)
    touched[0] = True
    result = np.zeros(teams + 1, RESULT)
    status = library.cd_intervention(rows.ctypes.data, len(rows), teams, touched.ctypes.data, ctypes.byref(options),
                                     ctypes.byref(arena), result.ctypes.data)
    if status != 0:
        raise RuntimeError(f"status {status}")
    return result[0]


def table(title, head, rows):
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(str(x) for x in row)} |")


def size_and_coverage(library, rng, runs):
    """Placebo dates and true shifts, by what there is to compare with."""
    rows, sizes = [], {}
    for controls in (0, 2, 4, 8, 20):
        for side in (10, 15, 30):
            for season in (0.0, 0.4):
                cells = []
                for phi in (0.0, 0.3, 0.6):
                    null, hit, width = [], [], []
                    for _ in range(runs):
                        world, _truth = make_world(rng, controls, side, phi, season)
                        e = estimate(library, world, controls + 1, side)
                        null.append(e["p"] < 0.05)
                        world, truth = make_world(rng, controls, side, phi, season, shift=1.0, uneven=0.3)
                        e = estimate(library, world, controls + 1, side)
                        hit.append(e["low"] <= truth <= e["high"])
                        width.append(e["high"] - e["low"])
                    cells.append(f"{100 * np.mean(null):.1f} / {100 * np.mean(hit):.1f} / {np.median(width):.2f}")
                    sizes.setdefault((controls, phi), []).append((np.mean(null), np.mean(hit), np.median(width)))
                rows.append([COMPARISONS[e["comparison"]], controls, "yes" if season else "no", 2 * side, *cells])
        sys.stdout.flush()
    table(f"Size at 5 % where nothing happened, coverage of 95 % at a true shift of 1, median width; {runs} runs each, in %",
          ["compared with", "controls", "season", "weeks", "phi 0", "phi 0.3", "phi 0.6"], rows)
    return {name: (*np.mean(x, axis=0), len(x)) for name, x in sizes.items()}


def signs(library, rng, runs):
    """Time, share, variation and recurrence of changes of known make, beside 8 teams, 30 weeks either side."""
    makes = {
        "nothing": {}, "fix": dict(shift=1.5, shrink=0.4), "fix, spread stays": dict(shift=1.5),
        "slow: 10 weeks": dict(shift=1.5, ramp=10, shrink=0.4), "lost after 15 weeks": dict(shift=1.5, fades=15),
    }
    rows = []
    for name, make in makes.items():
        found = np.array([estimate(library, make_world(rng, 8, 30, 0.3, 0.4, **make)[0], 9, 30) for _ in range(runs)], RESULT)
        shown = found["low"] > 0
        rows.append([name, f"{100 * shown.mean():.0f}",
                     f"{np.nanmedian(found['periods_to_80'][shown]):.0f}" if shown.mean() > 0.2 else "",
                     f"{np.nanmedian(found['share']):.2f}", f"{np.nanmedian(found['variation_ratio']):.2f}",
                     f"{100 * np.mean((found['variation_p'] < 0.1) & (found['variation_ratio'] < 1)):.0f}",
                     f"{100 * np.mean(found['placebo_p'] < 0.1):.0f}",
                     *(f"{100 * np.mean(found['recurrence'][shown] == r):.0f}" if shown.mean() > 0.2 else "" for r in (1, 2))])
    table(f"Signs, 8 controls, 60 weeks, season, phi 0.3; {runs} runs each",
          ["made", "improvement shown, %", "periods to 80 %, median", "share improved, median", "variation ratio, median",
           "variation shown to fall, %", "placebo p < 0.1, %", "held, % of shown", "recurred, % of shown"], rows)


def address(array):
    return array.ctypes.data


def why_not_simpler(library, rng, runs):
    """Size of a step beside a trend in one series of AR(1) errors, by method."""
    rows = []
    for periods in (20, 30, 60):
        for phi in (0.0, 0.3, 0.6):
            x = np.ascontiguousarray(np.column_stack([np.ones(periods), np.arange(periods) >= periods // 2, np.arange(periods)]), float)
            l = np.array([0.0, 1.0, 0.0])
            rejected = np.zeros(4)
            for y in autoregressive(rng, phi, 1.0, runs, periods):
                room = np.zeros(SERIES_BYTES, np.uint8)
                y = np.ascontiguousarray(y)
                series = Series(periods, 3, address(y), address(x), None, None)
                arena = engine.Arena((room.ctypes.data + 15) // 16 * 16, SERIES_BYTES - 16, 0)
                critical = t_quantile(library, periods - 3)
                fit, reml, contrast = Fit(), Fit(), Contrast()
                library.cd_series_ols(ctypes.byref(series), ctypes.byref(arena), ctypes.byref(fit))
                covariance = np.zeros((3, 3))
                lags = ctypes.c_size_t(int(0.75 * periods ** (1 / 3)))
                library.cd_series_newey_west(ctypes.byref(series), ctypes.byref(fit), lags, ctypes.c_bool(True),
                                             ctypes.byref(arena), ctypes.c_void_p(address(covariance)))
                library.cd_series_ar1(ctypes.byref(series), 0, ctypes.byref(arena), ctypes.byref(reml))
                library.cd_series_contrast(ctypes.byref(series), ctypes.c_void_p(address(l)), ctypes.c_double(0.95),
                                           ctypes.byref(arena), ctypes.byref(contrast))
                b, v = at(fit.coefficient, 1), at(fit.covariance, 4)
                rejected += [abs(b) > critical * np.sqrt(v), abs(b) > critical * np.sqrt(covariance[1, 1]),
                             abs(at(reml.coefficient, 1)) > critical * np.sqrt(at(reml.covariance, 4)), contrast.p < 0.05]
            rows.append([periods, phi, *(f"{100 * r / runs:.1f}" for r in rejected)])
    table(f"One series, a step beside a trend: size at 5 %, {runs} runs each, in %",
          ["weeks", "phi", "least squares", "Newey-West", "REML at the best phi", "averaged over phi"], rows)


def at(pointer, i):
    return ctypes.cast(pointer, ctypes.POINTER(ctypes.c_double))[i]


def t_quantile(library, df):
    out = ctypes.c_double()
    library.cd_t_multiplier(ctypes.c_double(0.95), ctypes.c_double(df), ctypes.byref(out))
    return out.value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["size", "signs", "series"])
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="25 runs each")
    options = parser.parse_args()
    runs = 25 if options.small else options.runs
    library = build()
    rng = np.random.default_rng(options.seed)
    means = size_and_coverage(library, rng, runs) if options.only in (None, "size") else {}
    if options.only in (None, "signs"):
        signs(library, rng, runs)
    if options.only in (None, "series"):
        why_not_simpler(library, rng, runs)
    print()
    kept = True
    for (controls, phi), (size, coverage, width, cells) in means.items():
        slack = 2.5 * np.sqrt(0.05 * 0.95 / (runs * cells))
        good = size <= 0.05 + slack and 0.93 - slack <= coverage <= 0.975 + slack
        kept = kept and good
        print(f"{controls} other teams, phi {phi}: size {100 * size:.1f} %, coverage {100 * coverage:.1f} %, width {width:.2f} {'kept' if good else 'MISSED'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
