"""coaching_effect takes how agents differ for evidence: what does that do where it tells, tells nothing, or misleads?

Centres of 24 teams of eight, coached by who did worst in the week before.  All are short of target by 3 alike, or half of the team
by 6; in half of the teams a session lifts its agent by 1 for six weeks, in the others it does nothing.  Which those are: where
agents differ (tells), any (nothing), where all are alike (misleads).  With and without smallest_effect, in units of it.
"Alone": bias of what teams show by themselves, by whether their agents are alike."""

import argparse
import sys
import tempfile

import numpy as np
import pandas as pd

import study
import verdict

TEAMS, AGENTS, WEEKS, LASTS = 24, 8, 40, 6
WORLDS = {"tells": lambda apart, rng: apart, "nothing": lambda apart, rng: rng.permutation(apart), "misleads": lambda apart, rng: ~apart}
NOISE = 5.0             # of a week

ASK = """SELECT c.centre, w.evidence, e.unit, e.improvement, e.ci_low, e.ci_high, e.raw_improvement
    FROM (SELECT centre, array_agg(team::text ORDER BY team) AS units, array_agg(panel ORDER BY team) AS panels FROM (
            SELECT centre, team, coachdiag.panel(value, 0, agent, date '2024-01-01' + 7 * week, 1, NULL, sessions, NULL, NULL::text, NULL::date) AS panel
            FROM likeness GROUP BY centre, team) p GROUP BY centre) c
    CROSS JOIN (VALUES ('sessions', NULL::float8), ('and spread', 1)) w (evidence, smallest)
    CROSS JOIN LATERAL coachdiag.coaching_effect(c.units, c.panels, true, smallest_effect => w.smallest) e"""

# of the error with the evidence over that without, and what intervals hold
LIMITS = {"tells: RMSE": (0, 0.9), "nothing: RMSE": (0, 1.05), "misleads: RMSE": (0, 1.3),
          "tells: coverage": (0.93, 1), "nothing: coverage": (0.93, 1), "misleads: coverage": (0.85, 1),
          "tells: alike": (-0.25, 0.25), "misleads: alike": (-0.25, 0.25), "nothing: false": (0, 0.05), "misleads: false": (0, 0.1)}

def team(rng, apart, works):
    """An agent's weeks: value and sessions."""
    level = np.where(np.arange(AGENTS) % 2 == 0, -6.0, 0.0) if apart else np.full(AGENTS, -3.0)
    level = level + 0.5 * rng.standard_normal(AGENTS)
    value, sessions = np.zeros((AGENTS, WEEKS)), np.zeros((AGENTS, WEEKS))
    for week in range(WEEKS):
        lift = works * sessions[:, max(week - LASTS, 0):week].sum(axis=1)
        value[:, week] = level + lift + rng.standard_normal() + NOISE * rng.standard_normal(AGENTS)
        if week:
            order = np.argsort(value[:, week - 1] - level * rng.uniform(0, 1))
            sessions[order[:2], week] = rng.random(2) < 0.7
    return value, sessions

def centre(seed, world):
    """Rows of the centre, and what a session does by team."""
    rng = np.random.default_rng([seed, list(WORLDS).index(world)])
    apart = np.arange(TEAMS) % 2 == 0
    works = WORLDS[world](apart, rng)
    rows = []
    for number in range(TEAMS):
        value, sessions = team(rng, apart[number], works[number])
        agent, week = np.indices(value.shape)
        rows.append(pd.DataFrame({"centre": seed, "team": 100 + number, "agent": 100 * number + agent.ravel(), "week": week.ravel(),
                                  "value": value.ravel(), "sessions": sessions.ravel()}))
    return pd.concat(rows), pd.DataFrame({"centre": seed, "unit": 100 + np.arange(TEAMS), "apart": apart, "truth": works * 1.0})

def examine(world, seeds):
    """What is said of each team, with the truth, by evidence."""
    rows, truth = zip(*(centre(seed, world) for seed in seeds))
    d = pd.concat(rows)
    with tempfile.TemporaryDirectory() as folder:
        verdict.sql("DROP TABLE IF EXISTS likeness; CREATE TABLE likeness (centre int, team int, agent bigint, week int, value float8, sessions float8);\n"
                    + verdict.copy(folder, "likeness", list(d), d))
    return verdict.table(ASK).merge(pd.concat(truth), on=["centre", "unit"])

def marks(d):
    error, alone = d.improvement - d.truth, d.raw_improvement - d.truth
    return pd.Series({
        "RMSE": np.sqrt((error ** 2).mean()), "bias": error.mean(), "alike, alone": alone[~d.apart].mean(), "apart, alone": alone[d.apart].mean(), "rank": d.improvement.corr(d.truth, method="spearman"),
        "coverage": d.truth.between(d.ci_low, d.ci_high).mean(), "width": (d.ci_high - d.ci_low).mean(),
        "power": (d.ci_low > 0)[d.truth > 0].mean(), "false": (d.ci_low > 0)[d.truth == 0].mean()})

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 21)))
    seeds, table = parser.parse_args().seeds, {}
    for world in WORLDS:
        for evidence, d in examine(world, seeds).groupby("evidence", sort=False):
            table[world, evidence] = marks(d)
    table = pd.DataFrame(table).T
    print(f"{len(seeds)} centres of {TEAMS} teams each, in half of which a session gives 1")
    print(table.round(3).to_string())
    found = {}
    for world in WORLDS:
        with_it, without = table.loc[(world, "and spread")], table.loc[(world, "sessions")]
        found |= {f"{world}: alike": without["alike, alone"], f"{world}: RMSE": with_it.RMSE / without.RMSE, f"{world}: coverage": with_it.coverage, f"{world}: false": with_it.false}
    print()
    return 0 if study.held_to(found, LIMITS) else 1

if __name__ == "__main__":
    sys.exit(main())
