"""Teams whose gap opens, closes or changes its cause midway, lately or little by little: is the verdict of today?  Beside teams where nothing changes.

Each centre goes through a workspace as rows.  All is in units of smallest_effect; who did worst is coached more often."""

import argparse
import sys
import tempfile

import numpy as np
import pandas as pd

import study
import verdict

AGENTS, WEEKS, FADE, COPIES = 10, 52, 0.85, 3
MIDWAY, LATE = (16, 37), (45, 49)   # weeks between which a team may change
WORKS = 0                       # fades; else the part of what all lack that a session takes away for good
# short of all, of every other agent, what coaching does
PROCESS, SKILL, NONE = (4, 0, None), (-0.3, 6, WORKS), (-0.8, 0, WORKS)
LEARNT, HALF_LEARNT = (4, 0, 0.2), (4, 0, 0.07)
# right verdict, before the change, since, when
KINDS = {
    "no gap, process broke": ("structural", NONE, PROCESS, MIDWAY),
    "coaching worked, process broke": ("structural", (0.5, 0, WORKS), PROCESS, MIDWAY),
    "process, mended": ("no_gap", PROCESS, NONE, MIDWAY),
    "no gap, half lack skill": ("behavioural", NONE, SKILL, MIDWAY),
    "skill, those left": ("no_gap", SKILL, NONE, MIDWAY),
    "lately: process broke": ("structural", NONE, PROCESS, LATE),
    "slowly: learnt": ("no_gap", LEARNT, LEARNT, MIDWAY),
    "slowly: half learnt": ("behavioural", HALF_LEARNT, HALF_LEARNT, MIDWAY),
    "steady: process": ("structural", PROCESS, PROCESS, MIDWAY),
    "steady: skill": ("behavioural", SKILL, SKILL, MIDWAY),
    "steady: none": ("no_gap", NONE, NONE, MIDWAY),
}
CAUSES = ["structural", "behavioural"]

# what shares of teams are to be within
LIMITS = {"midway: right": (0.85, 1), "midway: swapped": (0, 0.03), "midway: gap closed, acted on": (0, 0.05),
          "lately: left alone": (0, 0.2), "slowly: told to stop": (0, 0.05),
          "steady: right": (0.9, 1), "steady: judged by a part": (0, 0.05)}


class Team:
    """Values and sessions of a team."""

    def __init__(self, rng, kind, team, talent=0.5, rate=0.2):
        _, *times, when = KINDS[kind]
        self.kind, self.team, self.values, self.sessions = kind, team, [], []
        change = rng.integers(*when)
        talent = talent * rng.standard_normal(AGENTS)
        gain = rng.uniform(0.7, 1.6) / np.mean(FADE ** np.arange(4))
        stock, spell, common, lacking = np.zeros(AGENTS), np.zeros(AGENTS), 0.0, np.ones(AGENTS)
        for week in range(WEEKS):
            short, some, works = times[int(week >= change)]
            spell, common = 0.5 * spell + 0.5 * rng.standard_normal(AGENTS), 0.7 * common + 0.35 * rng.standard_normal()
            value = talent - short * lacking - some * (np.arange(AGENTS) % 2) + stock + spell + common + 1.2 * rng.standard_normal(AGENTS)
            self.values.append(80 + value)
            bad = np.exp(-0.7 * (value - value.mean()) / value.std())
            coached = rng.random(AGENTS) < np.minimum(rate * bad / bad.mean(), 0.9)
            stock = (FADE * stock + coached * gain) * (works == WORKS)
            lacking = lacking * (1 - coached * (works or 0))
            self.sessions += [(a, week) for a in np.flatnonzero(coached)]


def load(ws, teams):
    """The centre's relations into a new workspace, refreshed."""
    day = [verdict.day(w) for w in range(WEEKS)]
    facts = pd.DataFrame([(1000 * t.team + a, "qa", day[w], v, 12) for t in teams for w, row in enumerate(t.values) for a, v in enumerate(row)],
                         columns=["agent_id", "metric", "period", "value", "volume"])
    sessions = pd.DataFrame([(1000 * t.team + a, 100 + t.team, "qa", "held", f"{day[w]} 10:00+00") for t in teams for a, w in t.sessions],
                            columns=["agent_id", "coach_id", "metric", "status", "held_at"])
    sessions["session_id"] = np.arange(len(sessions))
    agents = pd.DataFrame([(1000 * t.team + a, f"T{t.team:03}", "2018-01-01") for t in teams for a in range(AGENTS)], columns=["agent_id", "team", "valid_from"])
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
    """Verdicts on one centre."""
    rng = np.random.default_rng(seed)
    teams = [Team(rng, kind, number) for number, kind in enumerate(list(KINDS) * COPIES)]
    ws = f"c{seed}"
    load(ws, teams)
    d = verdict.table("SELECT team, verdict, changed_on IS NOT NULL AS seen, reason LIKE '%are of the time since%' AS parted, "
                      f"next_step ~ '^(Stop|Hold back|Don''t (start|count))' AS stop FROM {ws}.structural_score")
    verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.drop_workspace('{ws}');")
    d["kind"] = d.team.map({f"T{t.team:03}": t.kind for t in teams})
    d[["seen", "parted", "stop"]] = d[["seen", "parted", "stop"]].isin([True, "t"])
    return d.assign(seed=seed, truth=d.kind.map(lambda kind: KINDS[kind][0]), when=d.kind.str.extract("(lately|slowly|steady):", expand=False).fillna("midway"))


def marks(d):
    midway, lately, slowly, steady = (d[d.when == when] for when in ("midway", "lately", "slowly", "steady"))
    cause, closed = midway[midway.truth.isin(CAUSES)], midway[midway.truth == "no_gap"]
    return {
        "midway: right": (midway.verdict == midway.truth).mean(),
        "midway: swapped": (cause.verdict.isin(CAUSES) & (cause.verdict != cause.truth)).mean(),
        "midway: gap closed, acted on": closed.verdict.isin(CAUSES + ["mixed"]).mean(),
        "lately: left alone": (lately.verdict == "no_gap").mean(), "slowly: told to stop": slowly.stop.mean(),
        "steady: right": (steady.verdict == steady.truth).mean(), "steady: judged by a part": steady.parted.mean()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 21)))
    d = pd.concat([examine(seed) for seed in parser.parse_args().seeds], ignore_index=True)
    d["kind"] = pd.Categorical(d.kind, list(KINDS))
    table = pd.crosstab(d.kind, d.verdict)
    print(table.join(d.groupby("kind", observed=True)[["seen", "parted", "stop"]].sum()).to_string())
    print()
    return 0 if study.held_to(marks(d), LIMITS) else 1


if __name__ == "__main__":
    sys.exit(main())
