"""Do team mates learn from the coached?  Teams as the units that are coached, against known truth.

Programmes of 12 teams of 8 to 12 agents over a year: agents' lasting levels and passing shocks, teams' shocks, a
season, joiners who learn, coaches who react to an agent's bad week and, where said, to the team's. A session adds 1
over the next four weeks to its agent, and `spill` shared out over the team mates. Needs numpy.

Usage: python3 bench/validate/spillover.py [--runs N] [--seed N]"""

import argparse
import sys

import numpy as np

import engine

TEAMS, WEEKS, FADE = 12, 52, 0.9
OWN = 1 / np.mean(FADE ** np.arange(4))      # at once, for a mean of 1 over four weeks
SIZE, COVERED, BIAS = 0.05, 0.90, 0.2       # bias: of a session's own effect


def programme(rng, spill, team_trigger):
    """Rows of one programme, in units of the metric."""
    agents = rng.integers(8, 13, TEAMS)
    team = np.repeat(np.arange(TEAMS), agents)
    n = len(team)
    level, shock, team_shock = rng.normal(0, 1.5, n), np.zeros(n), np.zeros(TEAMS)
    since = np.where(rng.random(n) < 0.25, rng.integers(0, WEEKS, n), -200)     # joiners; the others are long there
    own, mates = np.zeros(n), np.zeros(n)
    out = []
    for week in range(WEEKS):
        here = since <= week
        shock = 0.5 * shock + rng.normal(0, 0.7, n)
        team_shock = 0.6 * team_shock + rng.normal(0, 0.5, TEAMS)
        tenure = week - since
        value = (level + shock + team_shock[team] + np.sin(week / 8) - 3 * np.exp(-np.maximum(tenure, 0) / 10)
                 + OWN * own + spill * OWN * mates + rng.normal(0, 1.5, n))
        mean = np.bincount(team[here], value[here], TEAMS) / np.bincount(team[here], minlength=TEAMS)
        chance = 0.08 * np.exp(-0.6 * (value - mean[team]) - team_trigger * (mean - mean.mean())[team])
        held = here & (rng.random(n) < np.minimum(chance, 0.9))
        rows = np.zeros(here.sum(), engine.ROW)
        rows["team"], rows["agent"], rows["period"] = team[here], np.flatnonzero(here), week
        rows["value"], rows["weight"], rows["sessions"] = value[here], 1, held[here]
        rows["tenure"] = tenure[here]
        out.append(rows)
        total = np.bincount(team, held, TEAMS)[team]
        own = FADE * own + held
        mates = FADE * mates + (total - held) / np.maximum(np.bincount(team[here], minlength=TEAMS)[team] - 1, 1)
    return np.sort(np.concatenate(out), order=["team", "agent", "period"])


def answer(library, rows):
    """Within teams, between teams, and the difference with its interval."""
    teams, common = engine.estimate(library, rows, TEAMS)
    within = engine.combine(library, teams)
    between = engine.estimate(library, engine.team_rows(library, rows), 1, pool=False)[0]
    return within["effect"][0], between["effect"][0], *engine.spillover(library, between, within)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    library, good = engine.build(), True
    print(f"{arguments.runs} programmes each; a session adds 1 to its agent and spill to the team mates together\n")
    print("| spill | coaches react to the team | coaching_effect | other_teams | spillover | sd | covered | shown |")
    print("|---|---|---|---|---|---|---|---|")
    for team_trigger in (0.0, 1.0):
        for spill in (0.0, 0.5, 1.0):
            rng = np.random.default_rng([arguments.seed, int(10 * spill), int(team_trigger)])
            found = np.array([answer(library, programme(rng, spill, team_trigger)) for _ in range(arguments.runs)])
            within, between, change, low, high = found.T[:5]
            covered, shown = np.mean((low <= spill) & (spill <= high)), np.mean((low > 0) | (high < 0))
            error = 2.5 * np.sqrt(0.05 * 0.95 / arguments.runs)
            kept = COVERED - error <= covered and abs(change.mean() - spill) < BIAS + 2.5 * change.std() / np.sqrt(arguments.runs)
            good &= kept and (spill > 0 or shown <= SIZE + error)
            print(f"| {spill} | {'yes' if team_trigger else 'no'} | {within.mean():.2f} | {between.mean():.2f} | {change.mean():.2f} "
                  f"| {change.std():.2f} | {100 * covered:.0f} % | {100 * shown:.0f} % |{'' if kept else ' MISSED'}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
