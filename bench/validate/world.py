"""Worlds of known truth: contact centres with coached teams, simulated without regard to any estimator."""

import argparse
import csv
import datetime
import os
from dataclasses import dataclass

import numpy as np

# share, and range of the mean effect of a session in units of the smallest worthwhile effect
KINDS = {
    "works": (0.20, 0.6, 1.6),
    "skill": (0.10, 0.6, 1.5),
    "mixed": (0.10, 0.3, 0.9),
    "poor_coach": (0.12, 0.0, 0.15),
    "nothing": (0.14, 0.0, 0.0),
    "type_bound": (0.10, 0.0, 0.0),
    "routing": (0.07, 0.0, 0.1),
    "no_gap": (0.07, 0.0, 0.8),
    "all_coached": (0.06, 0.0, 1.3),
    "never": (0.04, 0.0, 0.0),
}
TRIGGERS = ["spell1", "spell4", "chronic", "mixed", "private", "random"]


@dataclass
class Metric:
    """Everything in units of smallest (agent_sd, shock_sd), noise from the volume."""

    name: str
    higher_is_better: bool
    scale: str
    target: float
    smallest: float
    agent_sd: float
    shock_sd: float
    week_sd: float
    volume: float
    learning: float


METRICS = [
    Metric("handle_time", False, "log", 300.0, 0.05, 2.2, 0.8, 0.6, 90.0, 4.0),
    Metric("fcr", True, "proportion", 0.72, 0.03, 1.6, 0.6, 0.5, 60.0, 3.0),
    Metric("quality", True, "identity", 85.0, 3.0, 1.7, 0.7, 0.5, 2.5, 3.0),
]
CONTACT_CV = 0.9
EVALUATION_SD = 11.0
TYPES = 5
AGENT_SPREAD = (0.2, 0.6)   # of the effect between agents of a team, relative


@dataclass
class People:
    """Who sits where and when; agents are rows, weeks columns."""

    program: np.ndarray
    team: np.ndarray
    first: np.ndarray
    last: np.ndarray
    tenure0: np.ndarray
    weeks: int


@dataclass
class Study:
    """One metric in one centre: what is seen, and the truth."""

    metric: Metric
    people: People
    value: np.ndarray       # agent x week x type, as recorded; nan where nothing was
    volume: np.ndarray      # agent x week x type
    sessions: np.ndarray    # agent x week
    tenure: np.ndarray      # agent x week, weeks
    kind: np.ndarray        # per team
    effect: np.ndarray      # per team: the estimand, units of smallest; nan without sessions
    trigger: np.ndarray     # per team: what makes the coach act
    half_life: np.ndarray   # per team, weeks
    saturates: np.ndarray   # per team: further sessions add less


def make_people(rng, teams, hard, programs=4):
    weeks = int(rng.integers(52, 61))
    low, high = (5, 9) if hard else (6, 19)
    size = rng.integers(low, high, teams)
    leave = np.log(1 / 0.72) / 52
    rows = []
    for team in range(teams):
        program = team % programs
        for _ in range(size[team]):
            start, tenure = 0, int(rng.exponential(90))
            while start < weeks:
                length = 1 + int(rng.geometric(leave if tenure > 26 else 2 * leave))
                rows.append((program, team, start, min(start + length, weeks), tenure))
                start += length + int(rng.integers(0, 4))
                tenure = 0
    table = np.array(rows)
    return People(*table.T, weeks)


def agent_levels(rng, people, metric, kinds):
    """Normal within most teams, two humps in some."""
    agents = len(people.team)
    humps = rng.random(len(kinds)) < np.where(np.isin(kinds, ["works", "mixed"]), 0.5, 0.1)
    spread = metric.agent_sd * rng.uniform(0.6, 1.3, len(kinds))
    tight = np.isin(kinds, ["nothing", "skill", "type_bound"])
    spread[tight] *= rng.uniform(0.25, 0.6, tight.sum())
    level = rng.standard_normal(agents)
    low = rng.random(agents) < 0.4
    two = np.where(low, -1.2, 0.8) + 0.35 * rng.standard_normal(agents)
    return np.where(humps[people.team], two, level) * spread[people.team]


def contact_mix(rng, people, kinds):
    """Shares of contact types by agent and week; routing feeds some agents the hard ones."""
    agents = len(people.team)
    base = rng.standard_normal((4, TYPES)) * 0.5
    own = rng.standard_normal((agents, TYPES)) * 0.25
    routed = (kinds == "routing")[people.team] & (rng.random(agents) < 0.4)
    own[routed, -1] += 2.0
    wobble = np.zeros((agents, people.weeks, TYPES))
    step = rng.standard_normal((agents, people.weeks, TYPES)) * 0.12
    for t in range(1, people.weeks):
        wobble[:, t] = 0.9 * wobble[:, t - 1] + step[:, t]
    logit = base[people.program][:, None] + own[:, None] + wobble
    share = np.exp(logit)
    return share / share.sum(axis=2, keepdims=True)


def heavy(rng, shape, df=4.0):
    return rng.standard_t(df, shape) * np.sqrt((df - 2) / df)


def observe(rng, metric, latent, volume):
    """Recorded value of cells from latent performance (units of smallest, higher better)."""
    n = np.maximum(volume, 1)
    if metric.scale == "log":
        mean = metric.target * np.exp(-latent * metric.smallest)
        sd = np.sqrt(np.log1p(CONTACT_CV ** 2 / n))
        value = mean * np.exp(sd * heavy(rng, latent.shape, 6) - sd ** 2 / 2)
    elif metric.scale == "proportion":
        p = np.clip(metric.target + latent * metric.smallest, 0.02, 0.98)
        value = rng.binomial(n.astype(int), p) / n
    else:
        mean = metric.target + latent * metric.smallest
        noise = rng.gamma(4.0, 1.0, latent.shape)
        value = mean - EVALUATION_SD / np.sqrt(n) * (noise - 4.0) / 2.0
    return np.where(volume > 0, value, np.nan)


def oriented(metric, value):
    """On the scale of analysis, higher better, units of smallest."""
    if metric.scale == "log":
        return -np.log(value / metric.target) / metric.smallest
    return (value - metric.target) / metric.smallest


def trigger_score(rng, trigger, seen, level, shock, t, origin):
    """How badly off each agent looks to the coach (higher: sooner coached), standardised later."""
    past = seen[:, : t + 1 - origin]
    if past.shape[1] == 0:
        return rng.standard_normal(len(level))
    with np.errstate(invalid="ignore"), np.testing.suppress_warnings() as quiet:
        quiet.filter(RuntimeWarning)
        last = past[:, -1]
        last4 = np.nanmean(past[:, -4:], axis=1)
        long = np.nanmean(past, axis=1)
    last, last4, long = (np.nan_to_num(v) for v in (last, last4, long))
    noise = rng.standard_normal(len(level))
    scores = {
        "spell1": -last,
        "spell4": -last4,
        "chronic": -(0.5 * long + 0.5 * level),
        "mixed": -(last + last4 + long) / 3,
        "private": -(last + 2.0 * shock + level),
        "random": noise,
    }
    return np.choose([TRIGGERS.index(x) for x in trigger], [scores[x] for x in TRIGGERS])


def team_scale(value, team, here, teams):
    """Centre and scale within team."""
    n = np.maximum(np.bincount(team[here], minlength=teams), 1)
    mean = np.bincount(team[here], value[here], teams) / n
    dev = value - mean[team]
    sd = np.sqrt(np.bincount(team[here], dev[here] ** 2, teams) / n) + 1e-9
    return dev / sd[team]


def simulate(rng, metric, people, hard=False, timing=None):
    teams = people.team.max() + 1
    agents, weeks = len(people.team), people.weeks
    names = list(KINDS)
    kind = rng.choice(names, teams, p=[KINDS[k][0] for k in names])
    effect = np.array([rng.uniform(KINDS[k][1], KINDS[k][2]) for k in kind])
    trigger = rng.choice(TRIGGERS, teams)
    slope = rng.uniform(0.6, 1.8, teams)
    slope[trigger == "random"] = 0
    rate = rng.uniform(1.0, 2.0, teams) / 4.33
    rate[kind == "never"] = 0
    rate[kind == "all_coached"] *= 1.5
    launch = np.where(rng.random(teams) < 0.3, rng.integers(0, 20, teams), 0)
    half = np.where(rng.random(teams) < 0.2, np.inf, rng.uniform(4, 10, teams))
    saturate = (rng.random(teams) < 0.2) | np.isinf(half)
    origin = {"end": 0, "start": 1}[timing or rng.choice(["end", "start"])]

    level = agent_levels(rng, people, metric, kind)
    own = np.maximum(1 + rng.uniform(*AGENT_SPREAD, teams)[people.team] * rng.standard_normal(agents), 0)
    noise_up = 1.5 if hard else 1.0
    rho = rng.uniform(0.2, 0.7)
    shocks = metric.shock_sd * rng.uniform(0.7, 1.4, teams)[people.team] * noise_up
    season = 0.6 * np.sin(2 * np.pi * (np.arange(weeks) / 52 + rng.random()))
    team_week = metric.week_sd * heavy(rng, (teams, weeks)) + season
    drift = np.cumsum(rng.standard_normal((teams, weeks)) * 0.15, axis=1)
    team_week += drift * (rng.random(teams) < 0.3)[:, None]
    team_week += (rng.standard_normal(teams) * 0.8)[:, None]
    team_week -= np.where(np.isin(kind, ["nothing", "skill", "mixed"]), 3.0, 0.5)[:, None]
    week = np.arange(weeks)
    active = (week >= people.first[:, None]) & (week < people.last[:, None])
    tenure = people.tenure0[:, None] + np.maximum(week - people.first[:, None], 0)
    pace = rng.uniform(8, 16, teams)[people.team][:, None]
    curve = -metric.learning * rng.uniform(0.6, 1.4, (agents, 1)) * np.exp(-tenure / pace)
    share = contact_mix(rng, people, kind)
    size = metric.volume * np.exp(0.35 * rng.standard_normal(agents)) / noise_up
    load = size[:, None] * np.exp(0.15 * rng.standard_normal((agents, weeks)))
    absent = rng.random((agents, weeks)) < 0.06
    volume = rng.poisson(load[:, :, None] * share) * (active & ~absent)[:, :, None]
    difficulty = np.linspace(-1.5, 2.5, TYPES) * rng.uniform(0.6, 1.2)
    bound = np.where((kind == "type_bound")[people.team][:, None] & (np.arange(TYPES) == TYPES - 1), 5.0, 0)

    fade = 0.5 ** (1 / half)
    gain = effect / np.mean([fade ** k for k in range(4)], axis=0)
    kernel = gain[people.team] * own
    decay = fade[people.team]
    cap = np.where(saturate, 4.0 * np.maximum(np.abs(gain), 0.1), 1e6)[people.team]
    stock = np.zeros((agents, weeks + 1))
    sessions = np.zeros((agents, weeks), int)
    shock = np.zeros(agents)
    seen = np.full((agents, weeks), np.nan)
    value = np.full((agents, weeks, TYPES), np.nan)
    for t in range(weeks):
        fresh = shocks * heavy(rng, agents)
        shock = np.where(t <= people.first, fresh, rho * shock + np.sqrt(1 - rho ** 2) * fresh)
        lift = cap * (1 - np.exp(-stock[:, t] / cap))
        core = level + shock + lift + curve[:, t] + team_week[people.team, t]
        value[:, t] = observe(rng, metric, core[:, None] - difficulty - bound, volume[:, t])
        total = volume[:, t].sum(axis=1)
        raw = np.nansum(np.nan_to_num(value[:, t]) * volume[:, t], axis=1) / np.maximum(total, 1)
        seen[:, t] = np.where(total > 0, oriented(metric, np.where(total > 0, raw, metric.target)), np.nan)
        score = team_scale(trigger_score(rng, trigger[people.team], seen, level, shock, t, origin),
                           people.team, active[:, t], teams)
        chance = np.exp(slope[people.team] * np.clip(score, -3, 3)) * active[:, t]
        mean = np.bincount(people.team, chance, teams) / np.maximum(np.bincount(people.team, active[:, t], teams), 1)
        p = (rate * (t >= launch))[people.team] * chance / np.maximum(mean, 1e-9)[people.team]
        sessions[:, t] = rng.random(agents) < np.minimum(p, 0.9)
        stock[:, t + 1] = decay * stock[:, t] + kernel * sessions[:, t]
    ceiling = (0.98 - metric.target) / metric.smallest if metric.scale == "proportion" else np.inf
    room = np.maximum(ceiling - (level[:, None] + curve + team_week[people.team]), 0)
    truth = true_effect(people, sessions, stock, cap, kernel, decay, active, room)
    return Study(metric, people, value, volume, sessions, np.where(active, tenure, 0), kind, truth,
                 trigger, half, saturate)


def true_effect(people, sessions, stock, cap, kernel, decay, active, room, horizon=4):
    """Each session taken away in turn: mean loss over the following weeks, mean over a team's sessions."""
    teams = people.team.max() + 1
    who, when = np.nonzero(sessions)
    loss = np.zeros(len(who))
    count = np.zeros(len(who))
    weeks = sessions.shape[1]
    for lag in range(1, horizon + 1):
        t = when + lag
        ok = t < weeks
        t = np.minimum(t, weeks - 1)
        ok &= active[who, t]
        full = stock[who, t]
        less = full - kernel[who] * decay[who] ** (lag - 1)
        lift = [np.minimum(cap[who] * (1 - np.exp(-s / cap[who])), room[who, t]) for s in (less, full)]
        change = lift[1] - lift[0]
        loss += np.where(ok, change, 0)
        count += ok
    has = count > 0
    n = np.bincount(people.team[who[has]], minlength=teams)
    total = np.bincount(people.team[who[has]], loss[has] / count[has], teams)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def centre(seed, teams=100, hard=False, timing=None):
    """One centre: people, and a study for each metric."""
    rng = np.random.default_rng(seed)
    people = make_people(rng, teams, hard)
    return [simulate(rng, metric, people, hard, timing) for metric in METRICS]


def adjusted(study):
    """Agent-week means on the scale of analysis, freed of contact mix; and their weights."""
    y = oriented(study.metric, np.where(study.volume > 0, study.value, study.metric.target))
    if study.metric.scale == "log":
        y = np.maximum(y, -40)
    w = study.volume.astype(float)
    group = study.people.team
    teams = group.max() + 1
    sums = np.zeros((teams, TYPES))
    mass = np.zeros((teams, TYPES))
    np.add.at(sums, group, (w * y).sum(axis=1))
    np.add.at(mass, group, w.sum(axis=1))
    rest = y - (sums / np.maximum(mass, 1))[group][:, None, :]
    total = w.sum(axis=2)
    out = (rest * w).sum(axis=2) / np.maximum(total, 1)
    return np.where(total > 0, out, np.nan), total


def write_csv(studies, folder, monday=datetime.date(2024, 1, 1)):
    """The centre as relations of a workspace, one file each, and the truth beside them."""
    os.makedirs(folder, exist_ok=True)
    people = studies[0].people
    agents = range(len(people.team))
    week = [(monday + datetime.timedelta(weeks=t)).isoformat() for t in range(people.weeks + 1)]

    def table(name, columns, rows):
        with open(os.path.join(folder, name + ".csv"), "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(columns)
            out.writerows(rows)

    table("metric", ["metric", "higher_is_better", "target", "smallest_effect", "scale"],
          [(m.name, m.higher_is_better, m.target, m.smallest * (m.target if m.scale == "log" else 1), m.scale)
           for m in (s.metric for s in studies)])
    table("agent", ["agent_id", "hired_on", "left_on"],
          [(a, monday + datetime.timedelta(weeks=int(people.first[a] - people.tenure0[a])),
            week[people.last[a]] if people.last[a] < people.weeks else "") for a in agents])
    table("assignment", ["agent_id", "team", "valid_from", "valid_to", "site", "program"],
          [(a, f"T{people.team[a]:03d}", week[people.first[a]], week[people.last[a]],
            f"S{people.team[a] % 2}", f"P{people.program[a]}") for a in agents])
    table("agent_metric", ["agent_id", "metric", "period", "value", "volume", "contact_type"],
          [(a, s.metric.name, week[t], repr(float(s.value[a, t, j])), int(s.volume[a, t, j]), f"type {j}")
           for s in studies for a, t, j in zip(*np.nonzero(s.volume))])
    held = [(s.metric.name, a, t) for s in studies for a, t in zip(*np.nonzero(s.sessions))]
    table("coaching_session", ["session_id", "agent_id", "coach_id", "held_at", "status", "metric", "duration_minutes"],
          [(i, a, f"COACH{people.team[a]:03d}", week[t] + " 12:00:00+00", "held", name, 30)
           for i, (name, a, t) in enumerate(held)])
    table("truth", ["team", "metric", "kind", "effect"],
          [(f"T{g:03d}", s.metric.name, s.kind[g], s.effect[g]) for s in studies for g in range(len(s.kind))])


def main():
    parser = argparse.ArgumentParser(description="Write a simulated centre as CSV files of a workspace.")
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--teams", type=int, default=100)
    parser.add_argument("--hard", action="store_true", help="small, noisy teams")
    arguments = parser.parse_args()
    write_csv(centre(arguments.seed, arguments.teams, arguments.hard), arguments.folder)


if __name__ == "__main__":
    main()
