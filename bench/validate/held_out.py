"""Is the verdict right on centres of a simulator that was written without knowledge of the rule (floor.py)?

Each centre goes through a workspace as rows; diagnosis and coaching_effect are compared with the truth, normal and hard
centres (teams of 5 to 8, less contacts) apart. Seeds 1 to 10 were used for fitting p_structural, 11 to 30 have been looked
at; 31 to 40 are ten fresh centres, one of each variant, on which nothing was fitted.

Debatable teams x metrics have no right verdict and are left out of the marks of the verdict, not of those of the
effect. The rules were set before the first run (gap: mean of the judged year, effect: of a session; both are the truth,
in units of smallest_effect):
- no gap was planted, but it is above 0.5; or one was, and it is below 0.5
- agents lack skill (some or all of a team), and the gap of the last quarter is below 0.3: coaching has closed it
- all of a team lack skill, and fewer than 20 sessions were held or a session moves less than 0.25: it barely shows
- short for a cause that coaching can't reach, though coached, with fewer than 10 sessions
- most of a team lack skill and only the poor coach saw them: nobody can tell
- the poor coach has an effect above 0.35"""

import argparse
import sys
import tempfile

import numpy as np
import pandas as pd

import floor
import study
import verdict

AIMS = {"auc": (0.975, 1), "brier": (0, 0.05), "right": (0.88, 1), "swapped": (0, 0.03), "false alarm": (0, 0.05),
        "open left open": (1, 1), "open p in .2-.8": (1, 1)}
AIMS_HARD = dict(AIMS, auc=(0.95, 1), brier=(0, 0.08), right=(0.78, 1), swapped=(0, 0.06))
COACHED = 10            # sessions from which a team counts as coached
GROUPS = {"a": "works", "b": "works", "i": "works", "g": "poor coach"}     # else coaching does nothing


def load(ws, centre):
    """The centre's relations into a new workspace, refreshed."""
    id_type = "text" if centre.variant.text else "bigint"
    relations = centre.relations().items()
    with tempfile.TemporaryDirectory() as folder:
        verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.create_workspace('{ws}', '{id_type}');\n"
                    + "".join(verdict.copy(folder, f"{ws}.{name}", list(rows), rows) for name, rows in relations)
                    + f"UPDATE {ws}.settings SET time_zone = 'UTC';\nCALL coachdiag.refresh('{ws}');")


def results(ws):
    """Verdict and effect of coaching by team and metric."""
    return verdict.table(f"""SELECT d.team, d.metric, d.verdict, d.p_structural, e.improvement, e.ci_low, e.ci_high,
        e.naive_improvement, e.conclusion FROM {ws}.diagnosis d
        LEFT JOIN {ws}.coaching_effect e ON e.level = 'team' AND (e.team, e.metric) = (d.team, d.metric)""")


def examine(seed):
    """Truth and answers of one centre, effects in units of smallest_effect."""
    centre, ws = floor.Centre(seed), f"h{seed}"
    load(ws, centre)
    d = centre.truth().merge(results(ws), on=["team", "metric"], how="left")
    d = d.merge(verdict.four_signs(ws), on=["team", "metric"], how="left")
    verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.drop_workspace('{ws}');")
    unit = d.metric.map(floor.SMALLEST)
    for column in ["improvement", "ci_low", "ci_high", "naive_improvement"]:
        d[column] /= unit
    d["truth"] = d.truth.where(d.debatable == "")
    d["group"] = d.kind.map(GROUPS).fillna("nothing")
    d["kind"] = d.kind.map(lambda kind: floor.KINDS[kind][0])
    return d.assign(seed=seed, hard=centre.variant.hard)


def effect_marks(d):
    """Of the effect of coaching, over coached teams; aims: those of study.py."""
    coached = d[d.sessions >= COACHED]
    c = coached[coached.improvement.notna()]
    error, effective = c.improvement - c.effect, c.conclusion == "effective"
    return {
        "bias": error.mean(), "worst_kind": error.groupby(c.group).mean().abs().max(),
        "rmse": np.sqrt((error ** 2).mean()), "coverage": c.effect.between(c.ci_low, c.ci_high).mean(),
        "width": (c.ci_high - c.ci_low).mean(), "power": (c.ci_low > 0)[c.effect > 0.5].mean(),
        "rank": c.improvement.corr(c.effect, method="spearman"),
        "false_effective": effective[c.effect.abs() < 0.1].mean(), "answered": len(c) / len(coached)}


def report(d, aims):
    """Marks beside their aims, and where the answers were; True when all aims are met."""
    seeds = sorted(d.seed.unique().tolist())
    print(f"seeds {seeds}: {len(d)} teams x metrics, {d.truth.notna().sum()} with a right verdict")
    good = study.held_to(verdict.marks(d), aims)
    print("four signs on plain figures: " + ", ".join(f"{k} {v:.3f}" for k, v in verdict.plain_marks(d).items() if k != "teams"))
    coached = d[(d.sessions >= COACHED) & d.improvement.notna()]
    print(f"\nEffect of coaching, {len(coached)} coached teams x metrics, in units of smallest_effect")
    study.rivals("4 weeks after - week before", coached.naive_improvement, coached.effect)
    good &= study.held_to(effect_marks(d), study.LIMITS)
    print()
    verdict.reliability(d)
    print()
    verdict.by_kind(d)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(31, 41)))
    parser.add_argument("--csv", help="write team by team results here")
    arguments = parser.parse_args()
    d = pd.concat([examine(seed) for seed in arguments.seeds], ignore_index=True)
    if arguments.csv:
        d.to_csv(arguments.csv, index=False)
    good = True
    for name, part, aims in [("normal", d[~d.hard], AIMS), ("hard", d[d.hard], AIMS_HARD)]:
        if len(part):
            print(f"\n{name} centres, ", end="")
            good &= report(part, aims)
    print("\nall aims met" if good else "\nsome aims MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
