"""A whole team coached by a coach whose sessions do nothing anywhere: is the process blamed, and is it still where it is why?

Each centre goes through two workspaces: shared, with its coaches; own, where each team's sessions are by a coach of its
own, so that nothing is known of the coaches from other teams.  All is in units of smallest_effect."""

import argparse
import sys
import tempfile

import numpy as np
import pandas as pd

import study
import verdict

AGENTS, WEEKS, FADE = 10, 52, 0.85
# short of all, of some; may coaching work; coach, helper with a third of the sessions (poor, good, own: of no other team)
KINDS = {
    "all lack skill, poor coach": (4, 0, True, "poor", None),
    "some lack skill, poor coach": (-0.3, 5, True, "poor", None),
    "all lack skill, poor helper": (4, 0, True, "own", "poor"),
    "some lack skill, poor helper": (-0.3, 5, True, "own", "poor"),
    "all lack skill, good helper": (4, 0, True, "own", "good"),
    "process": (4, 0, False, "good", None),
    "process, poor helper": (4, 0, False, "good", "poor"),
    "process, own coach": (4, 0, False, "own", None),
    "all lack skill, own poor coach": (4, 0, True, "own poor", None),
}
PROCESS = ["process", "process, poor helper", "process, own coach"]

# what each share of teams is to be within
LIMITS = {
    "poor coach, seen elsewhere: structural": (0, 0.05), "poor coach, seen elsewhere: cannot_tell": (0.9, 1),
    "process: structural": (0.95, 1), "p_structural of the process over poor coach": (0.9, 1),
}
COPIES = 2                      # teams of each kind in a centre; the poor and the good coach are of one copy


def coach_of(who, copy, team):
    """Number of a coach: shared by the teams of a copy, or of this team alone."""
    return {"poor": 900 + copy, "good": 950 + copy}.get(who, 100 + team)


class Team:
    """Values and sessions of a team; those who did worst are coached more often."""

    def __init__(self, rng, kind, copy, team, plan=KINDS, talent=0.6, rate=0.2):
        short, some, can, coach, helper = plan[kind]
        level = talent * rng.standard_normal(AGENTS) - short - some * (np.arange(AGENTS) % 2)
        gain = rng.uniform(0.7, 1.6) / np.mean(FADE ** np.arange(4))
        stock, spell, common = np.zeros(AGENTS), np.zeros(AGENTS), 0.0
        self.kind, self.team, self.values, self.sessions = kind, team, [], []
        for week in range(WEEKS):
            spell, common = 0.5 * spell + 0.5 * rng.standard_normal(AGENTS), 0.7 * common + 0.4 * rng.standard_normal()
            value = 80 + level + stock + spell + common + 1.2 * rng.standard_normal(AGENTS)
            self.values.append(value)
            bad = -(value - value.mean()) / value.std()
            coached = rng.random(AGENTS) < np.minimum(rate * np.exp(0.7 * bad) / np.exp(0.7 * bad).mean(), 0.9)
            helped = rng.random(AGENTS) < (1 / 3 if helper else 0)
            who = np.where(helped, helper, coach)
            works = can & ~np.isin(who, ["poor", "own poor"])
            stock = FADE * stock + coached * works * gain
            self.sessions += [(a, week, coach_of(who[a], copy, team)) for a in np.flatnonzero(coached)]


def load(ws, teams, own):
    """The centre's relations into a new workspace, refreshed."""
    first = {t.team: 1000 * t.team for t in teams}
    day = [verdict.day(w) for w in range(WEEKS)]
    facts = pd.DataFrame([(first[t.team] + a, "qa", day[w], v, 12) for t in teams for w, row in enumerate(t.values) for a, v in enumerate(row)],
                         columns=["agent_id", "metric", "period", "value", "volume"])
    sessions = pd.DataFrame([(first[t.team] + a, 100 + t.team if own else c, "qa", "held", f"{day[w]} 10:00+00") for t in teams for a, w, c in t.sessions],
                            columns=["agent_id", "coach_id", "metric", "status", "held_at"])
    sessions["session_id"] = np.arange(len(sessions))
    agents = pd.DataFrame([(first[t.team] + a, f"T{t.team:03}", "2018-01-01") for t in teams for a in range(AGENTS)], columns=["agent_id", "team", "valid_from"])
    agents["hired_on"], agents["program"] = agents["valid_from"], "north"
    with tempfile.TemporaryDirectory() as folder:
        verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.create_workspace('{ws}');\n"
                    f"INSERT INTO {ws}.metric (metric, higher_is_better, target, smallest_effect) VALUES ('qa', true, 80, 1);\n"
                    + verdict.copy(folder, f"{ws}.agent", ["agent_id", "hired_on"], agents)
                    + verdict.copy(folder, f"{ws}.assignment", ["agent_id", "team", "valid_from", "program"], agents)
                    + verdict.copy(folder, f"{ws}.coaching_session", list(sessions), sessions)
                    + verdict.copy(folder, f"{ws}.agent_metric", list(facts), facts)
                    + f"CALL coachdiag.refresh('{ws}');")


def examine(seed):
    """Verdicts on one centre, in both workspaces."""
    rng = np.random.default_rng(seed)
    plan = [(kind, copy) for copy in range(COPIES) for kind in KINDS]
    teams = [Team(rng, kind, copy, number) for number, (kind, copy) in enumerate(plan)]
    kinds, parts = {f"T{t.team:03}": t.kind for t in teams}, []
    for coaches in ("shared", "own"):
        ws = f"i{seed}{coaches}"
        load(ws, teams, coaches == "own")
        parts.append(verdict.table(f"SELECT team, verdict, p_structural FROM {ws}.diagnosis").assign(coaches=coaches))
        verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.drop_workspace('{ws}');")
    d = pd.concat(parts, ignore_index=True)
    return d.assign(kind=d.team.map(kinds), seed=seed)


def marks(d):
    """Shares of teams; how often p_structural is higher for the process, where the coaches are seen elsewhere."""
    shared = d[d.coaches == "shared"]
    poor, process = shared[shared.kind == "all lack skill, poor coach"], d[d.kind.isin(PROCESS)]
    p = shared.p_structural[shared.kind.isin(PROCESS)].to_numpy()[:, None] - poor.p_structural.to_numpy()[None, :]
    return {
        "poor coach, seen elsewhere: structural": (poor.verdict == "structural").mean(),
        "poor coach, seen elsewhere: cannot_tell": (poor.verdict == "cannot_tell").mean(),
        "process: structural": (process.verdict == "structural").mean(),
        "p_structural of the process over poor coach": ((p > 0) + 0.5 * (p == 0)).mean()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 21)))
    d = pd.concat([examine(seed) for seed in parser.parse_args().seeds], ignore_index=True)
    d["kind"] = pd.Categorical(d.kind, list(KINDS))
    print(pd.crosstab([d.kind, d.coaches], d.verdict).join(d.groupby(["kind", "coaches"], observed=True).p_structural.mean().round(2)).to_string())
    print()
    return 0 if study.held_to(marks(d), LIMITS) else 1


if __name__ == "__main__":
    sys.exit(main())
