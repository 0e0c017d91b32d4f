"""Agents who differ by nature, more than in any other simulator: are they taken for some who can and some who can't?

Centres as in idle_coaches.py, each team with a coach of its own; talent: standard deviation between agents, the same in
all teams.  All is in units of smallest_effect."""

import argparse
import sys

import numpy as np
import pandas as pd

import idle_coaches
import study
import verdict

# short of all, of some; may coaching work; coach, helper; sessions an agent and week
KINDS = {
    "process": (3, 0, False, "own", None, 0.15),
    "process, never coached": (3, 0, False, "own", None, 0),
    "all lack skill": (3, 0, True, "own", None, 0.15),
    "some lack skill": (-0.3, 5, True, "own", None, 0.15),
    "no gap": (-0.5, 0, False, "own", None, 0.15),
}
TEAMS = {"process": 8, "process, never coached": 6, "all lack skill": 6, "some lack skill": 6, "no gap": 12}
TALENT = [0.6, 1.2, 2.0, 3.0]

# shares of teams, at every talent
LIMITS = {
    "process: behavioural": (0, 0.06), "skill: structural": (0, 0.06), "no gap: alarms": (0, 0.05),
    "never coached: cannot_tell": (0.9, 1), "never coached: p from .2 to .8": (0.9, 1),
}


def examine(seed, talent):
    """Verdicts on one centre."""
    rng, ws = np.random.default_rng([seed, int(10 * talent)]), f"n{seed}_{int(10 * talent)}"
    kinds = [kind for kind, teams in TEAMS.items() for _ in range(teams)]
    plan = {kind: story[:5] for kind, story in KINDS.items()}
    teams = [idle_coaches.Team(rng, kind, 0, number, plan, talent, KINDS[kind][5]) for number, kind in enumerate(kinds)]
    idle_coaches.load(ws, teams, True)
    d = verdict.table(f"SELECT team, verdict, p_structural FROM {ws}.diagnosis")
    verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.drop_workspace('{ws}');")
    return d.assign(kind=d.team.map({f"T{t.team:03}": t.kind for t in teams}), talent=talent)


def marks(d):
    """Shares of teams."""
    process, never, fine = d[d.kind == "process"], d[d.kind == "process, never coached"], d[d.kind == "no gap"]
    skill = d[d.kind.isin(["all lack skill", "some lack skill"])]
    return {
        "process: behavioural": (process.verdict == "behavioural").mean(), "skill: structural": (skill.verdict == "structural").mean(),
        "no gap: alarms": fine.verdict.isin(["structural", "behavioural", "mixed"]).mean(),
        "never coached: cannot_tell": (never.verdict == "cannot_tell").mean(),
        "never coached: p from .2 to .8": never.p_structural.between(0.2, 0.8).mean()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 6)))
    seeds, good = parser.parse_args().seeds, True
    for talent in TALENT:
        d = pd.concat([examine(seed, talent) for seed in seeds], ignore_index=True)
        d["kind"] = pd.Categorical(d.kind, list(KINDS))
        print(f"\nagents differ by {talent} smallest effects")
        print(pd.crosstab(d.kind, d.verdict).join(d.groupby("kind", observed=True).p_structural.median().round(2)).to_string())
        print()
        good &= study.held_to(marks(d), LIMITS)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
