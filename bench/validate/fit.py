"""The fit of p_structural's coefficients (src/stats/structural_probability.c) to centres of all simulators.

What p_structural rests on is taken of each centre from the workspace's views, and the formula is evaluated here with the
coefficients of the C files, which must give p_structural of the view. Teams of which it doesn't are left out and counted:
hardly anybody has been there for long (the formula is halved), a gap that is the mix of contacts, no smallest_effect.

The fit minimises the log score and twice the Brier score, and keeps what can't be told between 0.22 and 0.78; each
simulator's normal and hard centres count as much as any other's, however many teams they have. A mild pull to round
starting values keeps what the centres say little about where it is. Beside the marks of the coefficients in C and of
those fitted to all stand, for each simulator, those of a fit to the others. Blind and bound are one simulator here."""

import argparse
import os
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize

import gaps
import held_out
import verdict

SOURCE = Path(__file__).resolve().parents[2] / "src" / "stats"
CENTRES = {     # seeds that the fit takes, none of them in the studies' defaults; of "gaps" those above 80 are hard
    "gaps": [61, 62, 91, 92, 93], "floor": range(31, 41), "blind": range(25, 29), "bound": range(25, 31),
    "pools": range(1, 10), "outsourcer": range(1, 10)}
FAMILY = {"bound": "blind"}     # the same simulator
GAPS_TEAMS, GAPS_HARD = 60, 80
LOW, HIGH = 0.25, 0.75          # p_structural below which a gap is called behavioural, above which structural
OUT_OF_STEP = 0.02              # share of teams, from which on the formula here is not that of the C file

START = {       # of the fit; the others are taken as they are in C
    "SPREAD_ALIKE": -1.0, "SPREAD_ALIKE_SD": 0.33, "SPREAD_APART": 1.0, "SPREAD_APART_SD": 0.28,
    "EFFECT_IDLE": -0.14, "EFFECT_IDLE_SD": 0.06, "EFFECT_WORKS": 1.05, "EFFECT_WORKS_SD": 0.3,
    "PRIOR_STRUCTURAL": 0.28, "PRIOR_SKILL": 0.16, "PRIOR_WORKS": 0.55, "TYPE_SCORE": 4.0}
SHARES = [name for name in START if name.startswith("PRIOR")]
POSITIVE = [name for name in START if name.endswith("_SD")] + ["TYPE_SCORE"]
PULL = 0.05

NUMBERS = ["p_structural", "smallest_effect", "gap_now", "spread", "spread_high", "type_share", "told_sessions", "improvement",
           "ci_low", "ci_high", "own_improvement", "own_se", "own_doubt", "idle_coach", "waiting_share", "waiting_low", "waiting_high",
           "usual_spread"]

FIGURES = """
    SELECT s.team, s.metric, s.p_structural, m.smallest_effect, s.settled_gap AS gap_now, alike.estimate AS spread,
        alike.ci_high AS spread_high, CASE WHEN types.state = 'structural' THEN types.estimate END AS type_share,
        e.sessions * s.on_topic AS told_sessions, CASE WHEN e.own THEN e.improvement / s.on_topic END AS improvement,
        CASE WHEN e.own THEN e.ci_low / s.on_topic END AS ci_low, CASE WHEN e.own THEN e.ci_high / s.on_topic END AS ci_high,
        CASE WHEN e.own THEN e.own_improvement / s.on_topic END AS own_improvement, CASE WHEN e.own THEN e.own_se / s.on_topic END AS own_se,
        CASE WHEN e.own THEN e.own_doubt / s.on_topic END AS own_doubt, s.idle_coach,
        w.waiting_share, w.waiting_low, w.waiting_high, s.usual_spread
    FROM (SELECT *, 1 - other_metric AS on_topic FROM {ws}.structural_score) s
    JOIN {ws}.stored_metric m USING (metric)
    JOIN {ws}.indicators alike ON (alike.team, alike.metric, alike.test) = (s.team, s.metric, 'consistent_gap')
    JOIN {ws}.indicators types ON (types.team, types.metric, types.test) = (s.team, s.metric, 'contact_type_or_step')
    LEFT JOIN {ws}.recent_coaching_effect e ON (e.team, e.metric) = (s.team, s.metric)
    LEFT JOIN {ws}.decide_or_wait w ON (w.team, w.metric) = (s.team, s.metric) AND w.state <> 'unknown'"""


def constants():
    """Coefficients of the C files by name; OF_REMOVED is effect_doubt.c's."""
    out = {}
    for name in ("structural_model.h", "structural_probability.c", "effect_doubt.c"):
        found = re.findall(r"^#define (\w+) (-?[\d.]+)\s", (SOURCE / name).read_text(), re.MULTILINE)
        out.update({key: float(value) for key, value in found})
    return out


def planted(simulator, seed):
    """A centre in a new workspace; its name and truth."""
    seed = int(seed)
    ws = f"fit_{simulator}_{seed}"
    if simulator != "gaps":
        centre = held_out.SIMULATORS[simulator][1](seed)
        held_out.load(ws, centre)
        truth = centre.truth()
        return ws, truth.assign(hard=centre.variant.hard, truth=truth.truth.where(truth.debatable == ""))
    centre = gaps.centre(seed, GAPS_TEAMS, seed > GAPS_HARD)
    verdict.load(ws, centre, by_type=seed % 2 == 0)
    return ws, verdict.truths(seed, seed > GAPS_HARD, centre)


def figures(simulator, seed, c):
    """Truth and figures of one centre's gaps, whether the formula gives p_structural, and how large the doubt is now."""
    ws, truth = planted(simulator, seed)
    d = truth.merge(verdict.table(FIGURES.format(ws=ws)), on=["team", "metric"])
    verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.drop_workspace('{ws}');")
    d = d[d.p_structural.notna()]
    d = d.assign(simulator=simulator, seed=seed, doubt=c["OF_REMOVED"], accept=verdict.also_accepted(d),
                 in_formula=abs(probability(d, c) - d.p_structural) < 1e-6)
    return d[["simulator", "seed", "hard", "team", "metric", "kind", "truth", "accept", "in_formula", "doubt"] + NUMBERS]


def kept(simulator, seed, c, folder):
    """The same, from a folder where they are there already, and into it."""
    path = folder and os.path.join(folder, f"{simulator}_{seed}.csv")
    if not folder or not os.path.exists(path):
        d = figures(simulator, seed, c)
        if not folder:
            return d
        os.makedirs(folder, exist_ok=True)
        d.to_csv(path, index=False)
    return pd.read_csv(path, keep_default_na=False, na_values={column: [""] for column in NUMBERS + ["truth"]})


def likelihood(x, se, mean, sd):
    """Of a score with an error of its own; 1 where it is missing."""
    total = np.hypot(sd, se)
    return np.where(np.isnan(x), 1.0, np.exp(-0.5 * ((x - mean) / total) ** 2) / total)


def effect_evidence(d, c):
    """Is it known, and how likely is it, if coaching could do nothing and if it could?"""
    own = (d.own_se > 0).to_numpy()
    error = np.where(own, np.hypot(d.own_se, d.own_doubt.fillna(0)), (d.ci_high - d.ci_low) / 3.92) / d.smallest_effect
    effect = np.where(own, d.own_improvement, d.improvement) / d.smallest_effect
    known = ((d.told_sessions >= (1 - 1e-9) * c["CD_FEWEST_SESSIONS"]) & (error > 0) & np.isfinite(effect)).to_numpy()
    error, effect = np.where(known, error, 1.0), np.where(known, effect, np.nan)
    idle = likelihood(np.maximum(effect, c["EFFECT_IDLE"]), error, c["EFFECT_IDLE"], c["EFFECT_IDLE_SD"])
    works = likelihood(np.minimum(effect, c["EFFECT_WORKS"]), error, c["EFFECT_WORKS"], c["EFFECT_WORKS_SD"])
    return known, idle, works + d.idle_coach.fillna(0).to_numpy() * np.maximum(idle - works, 0)


def spread_evidence(d, c):
    """How likely a spread as estimated is of agents who are alike, and of some who can and some who can't."""
    ratio = np.log(np.maximum(d.spread, c["SPREAD_FLOOR"]))
    wide = np.clip((np.log(np.maximum(d.spread_high, c["SPREAD_FLOOR"])) - ratio) / 1.96, 0.05, 1.5)
    error = wide.where(d.spread_high.notna(), c["SPREAD_ERROR"]).to_numpy()
    gap = (d.gap_now / d.smallest_effect).where(lambda gap: np.isfinite(gap), c["USUAL_GAP"]).clip(lower=1)
    usual = (d.usual_spread / d.smallest_effect).fillna(0)
    natural = np.maximum(usual ** 2 - c["ORDINARY_SPREAD"] ** 2, 0) / gap
    alike, differ = (0.5 * np.log(np.exp(2 * c[story]) + natural) for story in ("SPREAD_ALIKE", "SPREAD_APART"))
    apart = np.clip(ratio + 0.5 * np.log(gap), alike, differ).where(d.spread.notna()).to_numpy()
    return likelihood(apart, error, alike, c["SPREAD_ALIKE_SD"]), likelihood(apart, error, differ, c["SPREAD_APART_SD"])


def rest_score(d, c, known, idle, works):
    """Bayes' rule over the stories, as a logit."""
    alike, differ = spread_evidence(d, c)
    some = differ * (c["PRIOR_WORKS"] * works + (1 - c["PRIOR_WORKS"]) * idle)
    behavioural = (1 - c["PRIOR_STRUCTURAL"]) * (c["PRIOR_SKILL"] * alike * works + (1 - c["PRIOR_SKILL"]) * some)
    return np.log(c["PRIOR_STRUCTURAL"] * alike * idle / behavioural) / np.where(known, 1, 2)


def waiting_score(d, c):
    """What waiting says, as a logit."""
    share, error = d.waiting_share.to_numpy(), ((d.waiting_high - d.waiting_low) / 3.92).to_numpy()
    waits, decides = (likelihood(share, error, c[name], c["WAITING_SD"]) for name in ("WAITS", "DECIDES"))
    structural, behavioural = (c[name] * waits + (1 - c[name]) * decides for name in ("WAITING_STRUCTURAL", "WAITING_BEHAVIOURAL"))
    return np.where(np.isnan(share) | np.isnan(error), 0, np.log(structural / behavioural))


def probability(d, c):
    """p_structural."""
    known, idle, works = effect_evidence(d, c)
    types = np.clip(d.type_share.fillna(0).to_numpy() / 0.5, 0, 1)
    with np.errstate(all="ignore"):     # infinite where an effect is beyond doubt
        rest = rest_score(d, c, known, idle, works)
        type_score = c["TYPE_SCORE"] - np.fmax(np.log(works / idle), 0)
        score = rest + types * np.fmax(type_score - rest, 0) + waiting_score(d, c)
        doubt = c["CD_STRUCTURAL_DOUBT"]
        return doubt + (1 - 2 * doubt) / (1 + np.exp(-score))


def groups(d):
    """Normal and hard centres of each simulator: their name, whether structural is known and so, who can't be told."""
    known = d.index.isin(verdict.one_answer(d).index)
    for name in sorted(d.group.unique()):
        here = (d.group == name).to_numpy()
        yield name, here & known, here & (d.truth == "cannot_tell").to_numpy()


def log_score(p, y):
    return -np.log(np.where(y, p, 1 - p)).mean()


def loss(p, parts, y):
    """What the fit minimises; parts: groups()."""
    total = 0.0
    for _, known, open_ in parts:
        total += log_score(p[known], y[known]) + 2 * ((p[known] - y[known]) ** 2).mean()
        if open_.any():
            total += 0.5 * (4 * np.maximum(abs(p[open_] - 0.5) - 0.28, 0)).mean()
    return total / len(parts)


def to_line(c):
    """Coefficients as numbers without limits."""
    return np.array([np.log(c[k] / (1 - c[k])) if k in SHARES else np.log(c[k]) if k in POSITIVE else c[k] for k in START])


def from_line(x, c):
    """The coefficients again, among the others."""
    return {**c, **{k: 1 / (1 + np.exp(-v)) if k in SHARES else np.exp(v) if k in POSITIVE else v for k, v in zip(START, x)}}


def fit(d, c):
    """Coefficients for these teams."""
    start, y = to_line(START), (d.truth == "structural").to_numpy()
    parts = [part for part in groups(d) if part[1].any()]

    def worse(x):
        return loss(probability(d, from_line(x, c)), parts, y) + PULL * ((x - start) ** 2).mean()
    best = minimize(worse, start, method="Powell", options={"maxiter": 5, "xtol": 1e-2, "ftol": 1e-4})
    return from_line(best.x, c)


def marks(d, p):
    """By simulator, normal and hard centres apart, and their mean."""
    rows, y = {}, (d.truth == "structural").to_numpy()
    for name, known, open_ in groups(d):
        q, is_so = p[known], y[known]
        rows[name] = {
            "teams": known.sum(), "auc": verdict.auc(pd.Series(q), pd.Series(is_so)) if 0 < is_so.sum() < len(q) else np.nan,
            "brier": ((q - is_so) ** 2).mean(), "log score": log_score(q, is_so), "swapped": np.where(is_so, q < LOW, q > HIGH).mean(),
            "right": np.where(is_so, q > HIGH, q < LOW).mean(),
            "open p in .2-.8": ((p[open_] >= 0.2) & (p[open_] <= 0.8)).mean() if open_.any() else np.nan}
    out = pd.DataFrame(rows).T
    out.loc["mean"] = out.mean()
    return out[list(rows[name])]


def report(title, d, p):
    print(f"\n{title}")
    print(marks(d, p).round(3).to_string())


def gathered(centres, folder, c):
    """The teams of which the formula gives p_structural; False as well, when of many it doesn't."""
    d = pd.concat([kept(*name.split("_"), c, folder) for name in centres], ignore_index=True)
    print(f"{len(d)} teams x metrics with a gap, of {d.seed.groupby(d.simulator).nunique().to_dict()} centres: the formula gives "
          f"p_structural of {d.in_formula.sum()}, the others are left out")
    in_step = 1 - d[d.smallest_effect.notna()].in_formula.mean() <= OUT_OF_STEP
    d = d[d.in_formula].reset_index(drop=True)
    return d.assign(own_doubt=d.own_doubt * c["OF_REMOVED"] / d.doubt, group=d.simulator + np.where(d.hard, " hard", " normal")), in_step


def without_each(d, c):
    """Coefficients fitted to all simulators but one, by its name, and what they make of that one."""
    family, fitted, p = d.simulator.replace(FAMILY), {}, np.full(len(d), np.nan)
    for name in family.unique():
        there = (family == name).to_numpy()
        fitted[f"without {name}"] = fit(d[~there].reset_index(drop=True), c)
        p[there] = probability(d[there], fitted[f"without {name}"])
    return fitted, p


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--centres", nargs="+", metavar="SIMULATOR_SEED", help="instead of all, as in floor_31")
    parser.add_argument("--features", metavar="FOLDER", help="keep the figures of each centre here, and take those that are there, "
                        "which holds as long as only coefficients and the size of the doubt are changed")
    arguments = parser.parse_args()
    centres = arguments.centres or [f"{simulator}_{seed}" for simulator, seeds in CENTRES.items() for seed in seeds]
    c = constants()
    d, in_step = gathered(centres, arguments.features, c)
    report("as in C", d, probability(d, c))
    fitted = {"all": fit(d, c)}
    report("fitted to all", d, probability(d, fitted["all"]))
    if d.simulator.replace(FAMILY).nunique() > 1:
        without, p = without_each(d, c)
        fitted.update(without)
        report("each simulator by a fit to the others", d, p)
    print()
    print(pd.DataFrame({"as in C": c, **fitted}).loc[list(START)].round(3).to_string())
    if not in_step:
        print("\nThe formula is out of step with src/stats/structural_probability.c, or the figures with its views.")
    return 0 if in_step else 1


if __name__ == "__main__":
    sys.exit(main())
