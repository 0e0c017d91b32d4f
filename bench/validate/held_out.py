"""Is the verdict right on centres of simulators that were written without knowledge of the rule?

Each centre goes through a workspace as rows; diagnosis and coaching_effect are compared with the truth, normal and hard
centres apart. The simulators: floor.py, blind.py with its profile bound, pools.py and outsourcer.py. Which seeds p_structural was
fitted to, fit.py lists; nothing was fitted on those that are the default.

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
- no gap was planted, but it is above 0.4; or one was, and it is below 0.75, or below 0.4 in the last quarter
Pools:
- no gap was planted, but it is above 0.6 (with what passes, too), or new hires add more than 0.5; or one was, below 1.3
- fewer than five agents stayed for twelve weeks
- all are short or lack skill, and fewer than 15 sessions of four agents were held; or lack it, and a session moves less
  than 0.4
- some lack skill, yet agents are less than 1.2 apart; all are short, yet they are more than 0.4 of the gap apart
- skill and types, one of them less than 1.2; skill and all short (the latter may be lack of skill); both and a poor coach
- all lack skill, and the poor coach had a dozen sessions that could have worked in fewer than two other teams or metrics
- one target for types whose mix adds more than 1 to a team's gap
Outsourcer:
- no gap was planted, but it is above 0.5; or one was, and it is below 1.2
- fewer than 3.5 agents on average
- some lack skill, but in less than a fifth or more than four fifths of the agents' weeks, or by less than 2
- all are short or lack skill, and fewer than 15 sessions were held; or lack it, and a session moves less than 0.3
- skill and types, one of them less than 0.8; short in types that make less than 0.6 of the gap

All of a team lack skill and nobody but a poor coach sees them (pools and outsourcer): behavioural is right, cannot_tell is
accepted (column accept), and p_structural, of which nothing can be asked there, is left out of AUC and Brier."""

import argparse
import sys
import tempfile
from functools import partial

import numpy as np
import pandas as pd

import blind
import floor
import outsourcer
import pools
import study
import verdict

COACHED = 10            # sessions from which a team counts as coached
SIMULATORS = {          # module, centre of a seed, seeds
    "floor": (floor, floor.Centre, range(41, 51)),
    "blind": (blind, blind.Centre, range(41, 53)),
    "bound": (blind, partial(blind.Centre, profile="bound"), range(41, 53)),
    "pools": (pools, pools.Centre, range(41, 47)),
    "outsourcer": (outsourcer, outsourcer.Centre, range(41, 47)),
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
        e.naive_improvement, e.conclusion, e.own_improvement, e.own_se FROM {ws}.diagnosis d
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
    unit = d.metric.map(centre.smallest)
    for column in ["improvement", "ci_low", "ci_high", "naive_improvement", "own_improvement", "own_se"]:
        d[column] /= unit
    d["kind"] = d.kind.map(lambda kind: module.KINDS[kind][0])
    d["group"] = list(map(group, d.kind, d.truth))
    d["truth"] = d.truth.where(d.debatable == "")
    return d.assign(seed=seed, hard=centre.variant.hard)


def effect_marks(d):
    """Of the effect of coaching, over coached teams; aims: those of study.py."""
    coached = d[(d.sessions >= COACHED) & d.effect.notna()]
    c = coached[coached.improvement.notna()]
    error, effective = c.improvement - c.effect, c.conclusion == "effective"
    return {
        "bias": error.mean(), "worst_kind": error.groupby(c.group).mean().abs().max(),
        "rmse": np.sqrt((error ** 2).mean()), "coverage": c.effect.between(c.ci_low, c.ci_high).mean(),
        "width": (c.ci_high - c.ci_low).mean(), "power": (c.ci_low > 0)[c.effect > 0.5].mean(),
        "rank": c.improvement.corr(c.effect, method="spearman"),
        "false_effective": effective[c.effect.abs() < 0.1].mean(), "answered": len(c) / len(coached)}


def own_scatter(d):
    """How far off teams' own estimates are beside what their standard errors say: 1 where sampling is all."""
    square = ((d.own_improvement - d.effect) / d.own_se) ** 2
    little, much = (square[part].mean() for part in (d.effect.abs() < 0.1, d.effect > 0.5))
    print(f"  own estimates, squared error over variance: {little:.2f} where a session gives less than 0.1, {much:.2f} where more than 0.5")


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
    own_scatter(coached)
    good &= study.held_to(effect_marks(d), study.LIMITS)
    print()
    verdict.reliability(d)
    print()
    verdict.by_kind(d)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulator", choices=SIMULATORS, default="floor")
    parser.add_argument("--seeds", type=int, nargs="+", help="instead of those on which nothing was fitted")
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
