"""Is the verdict right on centres of simulators that were written without knowledge of the rule (floor.py, blind.py)?

Each centre goes through a workspace as rows; diagnosis and coaching_effect are compared with the truth, normal and hard
centres apart. Seeds 1 to 10 of the floor and 1 to 12 of a draft of the bound were used for fitting p_structural, 11 to 40 and 1 to 24
have been looked at; nothing was fitted on those that are the default.

Debatable teams x metrics have no right verdict and are left out of the marks of the verdict, not of those of the
effect. The rules were set before the first run (gap: mean of the judged year, effect: of a session; both are the truth,
in units of smallest_effect). Floor:
- no gap was planted, but it is above 0.5; or one was, and it is below 0.5
- agents lack skill (some or all of a team), and the gap of the last quarter is below 0.3: coaching has closed it
- all of a team lack skill, and fewer than 20 sessions were held or a session moves less than 0.25: it barely shows
- short for a cause that coaching can't reach, though coached, with fewer than 10 sessions
- most of a team lack skill and only the poor coach saw them: nobody can tell
- the poor coach has an effect above 0.35
Blind and bound:
- no gap was planted, but it is above 0.4; or one was, and it is below 0.75, or below 0.4 in the last quarter"""

import argparse
import sys
import tempfile
from functools import partial

import numpy as np
import pandas as pd

import blind
import floor
import study
import verdict

COACHED = 10            # sessions from which a team counts as coached
SIMULATORS = {          # module, centre of a seed, seeds
    "floor": (floor, floor.Centre, range(41, 51)),
    "blind": (blind, blind.Centre, range(41, 53)),
    "bound": (blind, partial(blind.Centre, profile="bound"), range(41, 53)),
}


def load(ws, centre):
    """The centre's relations into a new workspace, refreshed."""
    relations = centre.relations()
    id_type = "bigint" if relations["assignment"].agent_id.dtype.kind == "i" else "text"
    with tempfile.TemporaryDirectory() as folder:
        verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.create_workspace('{ws}', '{id_type}');\n"
                    + "".join(verdict.copy(folder, f"{ws}.{name}", list(d), d) for name, d in relations.items())
                    + f"UPDATE {ws}.settings SET time_zone = 'UTC';\nCALL coachdiag.refresh('{ws}');")


def results(ws):
    """Verdict and effect of coaching by team and metric."""
    return verdict.table(f"""SELECT d.team, d.metric, d.verdict, d.p_structural, e.improvement, e.ci_low, e.ci_high,
        e.naive_improvement, e.conclusion FROM {ws}.diagnosis d
        LEFT JOIN {ws}.coaching_effect e ON e.level = 'team' AND (e.team, e.metric) = (d.team, d.metric)""")


def group(name, truth):
    """What coaching does in a kind of team."""
    return "poor coach" if "poor coach" in name else "works" if truth in ("behavioural", "mixed") else "nothing"


def examine(simulator, seed):
    """Truth and answers of one centre, effects in units of smallest_effect."""
    module, make, _ = SIMULATORS[simulator]
    centre, ws = make(seed), f"h{seed}"
    load(ws, centre)
    d = centre.truth().merge(results(ws), on=["team", "metric"], how="left")
    d = d.merge(verdict.four_signs(ws), on=["team", "metric"], how="left")
    verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.drop_workspace('{ws}');")
    unit = d.metric.map(module.SMALLEST)
    for column in ["improvement", "ci_low", "ci_high", "naive_improvement"]:
        d[column] /= unit
    d["kind"] = d.kind.map(lambda kind: module.KINDS[kind][0])
    d["group"] = list(map(group, d.kind, d.truth))
    d["truth"] = d.truth.where(d.debatable == "")
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
    plain = verdict.plain_marks(d)
    print("four signs on plain figures: " + ", ".join(f"{k} {v:.3f}" for k, v in plain.items() if k != "teams"))
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
    parser.add_argument("--simulator", choices=SIMULATORS, default="floor")
    parser.add_argument("--seeds", type=int, nargs="+", help="instead of ten or twelve on which nothing was fitted")
    parser.add_argument("--csv", help="write team by team results here")
    arguments = parser.parse_args()
    seeds = arguments.seeds or SIMULATORS[arguments.simulator][2]
    d = pd.concat([examine(arguments.simulator, seed) for seed in seeds], ignore_index=True)
    if arguments.csv:
        d.to_csv(arguments.csv, index=False)
    good = True
    for name, part, aims in [("normal", d[~d.hard], verdict.AIMS), ("hard", d[d.hard], verdict.AIMS_HARD)]:
        if len(part):
            print(f"\n{name} centres, ", end="")
            good &= report(part, aims)
    print("\nall aims met" if good else "\nsome aims MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
