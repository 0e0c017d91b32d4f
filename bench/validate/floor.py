"""A second simulator of contact centres, written without knowledge of the rule and of world.py and gaps.py.

Badness is in units of the smallest worthwhile effect, positive worse. Seed s is a centre of variant (s - 1) mod 10 + 1.
The order of the random draws is part of the study: a change of it makes other centres of the same seeds."""

import argparse
import datetime
import os
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

METRICS = ["handle_time", "fcr", "quality"]
UNIT = {"handle_time": 0.05, "fcr": 0.03, "quality": 3.0}           # one smallest effect on the scale of work
SMALLEST = {"handle_time": 20.0, "fcr": 0.03, "quality": 3.0}       # the same in the metric's unit
LEARNING = {"handle_time": 7.0, "fcr": 3.2, "quality": 2.8}         # how far below the plateau a new hire starts
SHOCK_SD = np.array([0.7, 0.4, 0.4])
TYPE_NAMES = ["billing", "moves", "faults", "cancel", "payments", "orders", "complaints", "meter"]
TRIGGERS = ["metric_outlier", "routine", "quality_fail", None]
TOPICS = ["tool use", "call control", "empathy", "probing", "closing"]
HORIZON = 4     # weeks after a session
JUDGED = 52     # the last weeks, of which the truth is told

# what each kind of team and metric is, and the right verdict of it
KINDS = {
    "a": ("some lack skill", "behavioural"),
    "b": ("all lack skill", "behavioural"),
    "c": ("all short, coaching idle", "structural"),
    "d": ("short in a type or two", "structural"),
    "e": ("short in types, never coached", "structural"),
    "f": ("hard contacts routed", "structural"),
    "g": ("some lack skill, poor coach", "behavioural"),
    "h": ("no gap", "no_gap"),
    "i": ("skill and types", "mixed"),
    "j": ("all short, never coached", "cannot_tell"),
    "s": ("a step blocks all, never coached", "structural"),
}


@dataclass(frozen=True)
class Variant:
    """What a centre records, and how it works."""

    hard: bool = False              # teams of 5 to 8 with few contacts
    weeks: int = 52
    per_week: int = 1               # 5: daily rows
    types: int = 5                  # 0: totals only
    one_coach: bool = False         # else two or three coaches a team, of a pool of the programme
    contacts: bool = False          # contact and contact_event
    type_targets: bool = True       # else one target for all types
    natural: float = 0.0            # spread of the types' natural difficulty, where targets don't allow for it
    text: bool = False              # text ids
    monday: bool = True             # else weeks start on Sundays
    unset: str = ""                 # the metric without a smallest_effect
    hire_dates: bool = True
    routine: bool = False           # most coaching is a round robin
    fades: bool = True              # else coaching lasts
    teams: tuple = (44, 54)


VARIANTS = [
    Variant(),
    Variant(one_coach=True, contacts=True, weeks=56, types=6, text=True, teams=(40, 46)),
    Variant(per_week=5, types=3, teams=(40, 42), text=True),
    Variant(weeks=60, type_targets=False, natural=1.5, monday=False),
    Variant(weeks=54, type_targets=False, types=0, hire_dates=False, text=True),
    Variant(types=8, unset="quality", routine=True, fades=False, teams=(40, 46)),
    Variant(hard=True, teams=(48, 58)),
    Variant(hard=True, one_coach=True, contacts=True, types=4, teams=(46, 52)),
    Variant(hard=True, weeks=60, type_targets=False, natural=1.2, types=4, teams=(48, 56), monday=False),
    Variant(hard=True, per_week=5, types=3, text=True, teams=(44, 48), fades=False),
]


class Plan:
    """What is planted in each team: contact types, cause and size of the gaps, coaches and their habits."""

    def __init__(self, rng, variant):
        self.types = max(variant.types, 1)
        self.teams = int(rng.integers(*variant.teams))
        self.programs = max(3, self.teams // 10)
        self.program = np.arange(self.teams) % self.programs
        self.draw_types(rng, variant)
        self.draw_poor(rng)
        self.draw_kinds(rng, variant)
        self.draw_gaps(rng)
        self.draw_habits(rng, variant)
        self.draw_coaches(rng, variant)

    def draw_types(self, rng, variant):
        """Level and natural difficulty of the contact types, which average out over the mix of the teams."""
        types = self.types
        self.type_mean = np.exp(rng.normal(0, 0.35, types))
        self.type_mean *= 400 / self.type_mean.mean()
        self.type_fcr = np.clip(rng.normal(0.72, 0.05, types), 0.6, 0.82)
        self.type_quality = np.full(types, 82.0)
        if not variant.type_targets:
            self.type_mean[:], self.type_fcr[:] = 400, 0.72
        self.natural = {m: rng.normal(0, variant.natural, types) for m in METRICS}
        self.mix = rng.dirichlet(np.full(types, 4.0), self.teams) if types > 1 else np.ones((self.teams, 1))
        for metric in METRICS:
            self.natural[metric] -= (self.mix.mean(0) * self.natural[metric]).sum()

    def draw_poor(self, rng):
        """One or two teams of each programme have a poor coach."""
        self.poor = np.zeros(self.teams, bool)
        for program in range(self.programs):
            members = np.flatnonzero(self.program == program)
            self.poor[rng.choice(members, 2 if len(members) >= 10 else 1, replace=False)] = True

    def draw_kinds(self, rng, variant):
        """The cause of the gap of each team and metric; a third of the metrics share the first one's."""
        pool, poor = list("aaaaaaabbbbcccccdddddeeefffhhhhhhiiijj"), list("ggggggchd")
        if variant.types == 0:
            pool = [kind for kind in pool if kind not in "efi"] + list("jj")
        if variant.contacts:
            pool += ["s", "s"]
        self.kind = np.empty((self.teams, 3), object)
        for team in range(self.teams):
            source = poor if self.poor[team] else pool
            first = rng.choice(source)
            for j in range(3):
                kind = first if rng.random() < 0.35 and j else rng.choice(source)
                while kind == "s" and j:
                    kind = rng.choice(source)
                self.kind[team, j] = "c" if variant.types == 0 and kind == "d" else kind
        self.routed = (self.kind == "f").any(axis=1) & (self.types > 1)

    def draw_gaps(self, rng):
        """Gap of the whole team and in types; share of agents who lack skill, and how much."""
        shape = (self.teams, 3)
        self.gap, self.lacking, self.depth = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.type_gap = np.zeros((*shape, self.types))
        self.hard_type = rng.integers(0, self.types, self.teams)
        self.blocked = [[] for _ in range(self.teams)]      # types whose handle time a step prolongs
        for team in range(self.teams):
            if self.routed[team]:
                self.make_rare(rng, team)
            for j in range(3):
                self.draw_gap(rng, team, j)

    def make_rare(self, rng, team):
        """The hard type is about a fifth of a routed team's contacts."""
        mix, hard = self.mix[team], self.hard_type[team]
        mix[hard] = rng.uniform(0.15, 0.25)
        rest = np.arange(self.types) != hard
        mix[rest] *= (1 - mix[hard]) / mix[rest].sum()

    def draw_gap(self, rng, team, j):
        """Size of one gap, by its cause."""
        kind, at = self.kind[team, j], (team, j)
        self.gap[at] = rng.normal(-0.1, 0.25)
        if kind in "ag":
            self.lacking[at], self.depth[at] = rng.uniform(0.3, 0.65), rng.uniform(2.5, 5.0)
            if kind == "g" and rng.random() < 0.2:
                self.lacking[at] = 0.85
        elif kind == "b":
            self.lacking[at], self.depth[at] = 1, rng.uniform(2.0, 4.2)
        elif kind in "csj":
            self.gap[at] += rng.uniform(1.4, 3.4)
        elif kind in "dei":
            self.draw_type_gap(rng, team, j)
        elif kind == "f":
            self.type_gap[team, j, self.hard_type[team]] = rng.uniform(5, 8)
        elif kind == "h":
            self.gap[at] = rng.normal(-0.4, 0.25)
        if kind in "cs" and j == 0:
            self.blocked[team] = list(range(self.types))

    def draw_type_gap(self, rng, team, j):
        """Everybody short in one or two types; in mixed teams some lack skill as well."""
        kind = self.kind[team, j]
        share = rng.uniform(0.8, 1.6) if kind == "i" else rng.uniform(0.9, 2.4)
        count = 1 if self.types < 5 or rng.random() < 0.6 else 2
        which = rng.choice(self.types, count, replace=False)
        if self.mix[team, which].sum() < 0.12:
            which = np.array([self.mix[team].argmax()])
        self.type_gap[team, j, which] = min(share / self.mix[team, which].sum(), 8)
        if j == 0:
            self.blocked[team] = list(which)
        if kind == "i":
            self.lacking[team, j], self.depth[team, j] = rng.uniform(0.35, 0.6), rng.uniform(2.2, 4)

    def draw_habits(self, rng, variant):
        """When a team is coached, how much of what is missing a session gives, and how long that lasts."""
        teams = self.teams
        styles = (["routine"] * 6 + ["worst", "burst"] if variant.routine else
                  ["worst", "worst", "worst4", "chronic", "routine", "burst", "private"])
        self.style = rng.choice(styles, teams)
        self.rate = rng.uniform(0.06, 0.18, (teams, 3))
        self.from_week = np.where(rng.random(teams) < 0.25, rng.integers(10, 22, teams), rng.integers(2, 6, teams))
        for at in np.ndindex(teams, 3):
            kind = self.kind[at]
            if kind in "ejs" or (kind == "h" and rng.random() < 0.4) or (kind == "a" and rng.random() < 0.1):
                self.rate[at] = 0
        self.general = np.where((self.rate > 0).all(1) & (rng.random(teams) < 0.4), 0.04, 0)
        self.share = rng.uniform(0.3, 0.75, (teams, 3))
        half = (rng.choice([4, 6, 8, 12, np.inf], teams, p=[0.15, 0.25, 0.25, 0.2, 0.15]) if variant.fades else
                rng.choice([12, 26, np.inf], teams))
        self.fade = np.where(np.isinf(half), 1.0, 0.5 ** (1 / half))
        self.share[np.isinf(half)] *= 0.7
        self.ramp = rng.choice([1.0, 0.7, 0.4], teams)      # share of the pending gain that arrives each week
        self.windows = [[(start, start + int(rng.integers(5, 10))) for start in rng.integers(4, variant.weeks - 8, 3)]
                        for _ in range(teams)]
        self.group = (self.style == "burst") & (rng.random(teams) < 0.5)

    def draw_coaches(self, rng, variant):
        """Coaches of each team and their shares of its sessions; every programme has one who helps out."""
        self.skill, self.coaches, self.coach_share = [], [], []
        floating = [self.hire(rng) for _ in range(self.programs)]
        pool = {program: [self.hire(rng) for _ in range(max(4, self.teams // self.programs))]
                for program in range(self.programs)}
        poor = {}
        for team in range(self.teams):
            program = self.program[team]
            if self.poor[team]:
                poor[team] = self.hire(rng, poor=True)
                share = rng.choice([1.0, 0.9, 0.75])
                coaches, shares = [poor[team], floating[program]], [share, 1 - share]
            elif variant.one_coach:
                coaches, shares = [self.hire(rng), floating[program]], [0.85, 0.15]
            else:
                count = rng.integers(2, 4)
                coaches = list(rng.choice(pool[program], count, replace=False))
                shares = list(rng.dirichlet(np.full(count, 3)))
            self.coaches.append(coaches)
            self.coach_share.append(shares)
        self.lend_poor(rng, variant, poor)

    def hire(self, rng, poor=False):
        """Number of a new coach; a poor one gives next to nothing."""
        self.skill.append(rng.uniform(0, 0.08) if poor else rng.uniform(0.7, 1.3))
        return len(self.skill) - 1

    def lend_poor(self, rng, variant, poor):
        """The poor coach sees agents of a neighbour now and then."""
        for team, coach in poor.items():
            near = [u for u in range(self.teams) if self.program[u] == self.program[team] and not self.poor[u]]
            if near and not variant.one_coach and rng.random() < 0.5:
                neighbour = rng.choice(near)
                self.coaches[neighbour].append(coach)
                self.coach_share[neighbour] = [x * 0.88 for x in self.coach_share[neighbour]] + [0.12]


class People:
    """Spells of agents in teams: arrays over agents, with the team by week (-1: not there)."""

    def __init__(self, rng, variant, plan):
        self.weeks = variant.weeks
        self.draw_spells(rng, variant, plan)
        self.home = np.full((len(self.team), self.weeks), -1)
        for agent, team in enumerate(self.team):
            self.home[agent, max(self.hired[agent], 0):self.left[agent]] = team
        self.transfer(rng, plan)
        self.draw_skill(rng, plan)
        self.draw_work(rng, variant, plan)

    def draw_spells(self, rng, variant, plan):
        """Joiners follow leavers within weeks; new hires leave sooner; hired in weeks, negative before the start."""
        size = rng.integers(5, 9, plan.teams) if variant.hard else rng.integers(8, 21, plan.teams)
        churn = rng.choice([0.15, 0.3, 0.45, 0.7], plan.teams, p=[0.25, 0.4, 0.25, 0.1]) / 52
        spells = []
        for team in range(plan.teams):
            for _ in range(size[team]):
                hired = -int(rng.exponential(75)) - 1
                while True:
                    end = self.draw_leaving(rng, hired, churn[team])
                    spells.append((team, hired, self.weeks if end is None else end))
                    if end is None:
                        break
                    hired = end + int(rng.integers(0, 6))
                    if hired >= self.weeks - 3:
                        break
        self.team, self.hired, self.left = (np.array(column) for column in zip(*spells))

    def draw_leaving(self, rng, hired, churn):
        """Week in which an agent leaves, None: stays."""
        for week in range(max(hired, 0), self.weeks):
            if rng.random() < churn * (2.2 if week - hired < 26 else 0.8):
                return week
        return None

    def transfer(self, rng, plan):
        """One agent in 25 moves to another team of the programme."""
        for agent in np.flatnonzero(rng.random(len(self.team)) < 0.04):
            low, high = max(self.hired[agent], 0) + 8, self.left[agent] - 8
            if high <= low:
                continue
            week, team = int(rng.integers(low, high)), self.team[agent]
            near = np.flatnonzero((plan.program == plan.program[team]) & (np.arange(plan.teams) != team))
            if len(near):
                self.home[agent, week:self.left[agent]] = rng.choice(near)

    def draw_skill(self, rng, plan):
        """Plain differences between agents, and what those who lack skill are short of."""
        shape = (len(self.team), 3)
        spread = rng.uniform(0.5, 1.2, (plan.teams, 3))
        self.base = rng.normal(0, 1, shape) * spread[self.team]
        lacks = rng.random(shape) < plan.lacking[self.team]
        self.deficit = np.where(lacks, plan.depth[self.team] * np.exp(rng.normal(0, 0.2, shape)), 0)
        for team in range(plan.teams):
            mine = np.flatnonzero((self.team == team) & (self.hired < 5))
            for j in range(3):
                if 0 < plan.lacking[team, j] < 0.8:
                    self.see_both(rng, mine, j, plan.depth[team, j])

    def see_both(self, rng, mine, j, depth):
        """Of some who lack skill there are at least two, and at least two who don't."""
        orders = [(True, rng.permutation(mine)), (False, rng.permutation(mine))]
        for want, order in orders:
            short = 2 - ((self.deficit[mine, j] > 0) == want).sum()
            if short > 0:
                others = [a for a in order if (self.deficit[a, j] > 0) != want]
                self.deficit[others[:short], j] = depth if want else 0

    def draw_work(self, rng, variant, plan):
        """Contact mix, volume, and share of the contacts that are surveyed or evaluated."""
        agents, types = len(self.team), plan.types
        closeness = rng.uniform(25, 90)
        self.mix = np.ones((agents, 1))
        if types > 1:
            self.mix = np.vstack([rng.dirichlet(plan.mix[team] * closeness + 0.05) for team in self.team])
            for team in np.flatnonzero(plan.routed):
                self.route(rng, np.flatnonzero(self.team == team), plan.hard_type[team])
        low, high = (30, 80) if variant.hard else (60, 220)
        self.volume = rng.uniform(low, high, plan.teams)[self.team] * np.exp(rng.normal(0, 0.25, agents))
        self.special = rng.normal(0, 0.3, (agents, 3, types))
        self.surveyed = rng.uniform(0.15, 0.35, plan.teams)[self.team]
        low, high = (0.9, 1.4) if variant.hard else (1.2, 2.6)
        self.evaluations = rng.uniform(low, high, plan.teams)[self.team]

    def route(self, rng, mine, hard):
        """A few agents of the team get most of the hard contacts."""
        few = rng.choice(mine, max(1, round(len(mine) * rng.uniform(0.12, 0.25))), replace=False)
        share = np.full(len(mine), 0.05)
        share[np.isin(mine, few)] = rng.uniform(0.5, 0.75)
        rest = np.arange(self.mix.shape[1]) != hard
        for agent, part in zip(mine, share):
            self.mix[agent, rest] *= (1 - part) / self.mix[agent, rest].sum()
            self.mix[agent, hard] = part


@dataclass
class Session:
    """One agent in one session; metric -1: about all of them; day of the week; dose: it teaches."""

    number: int
    agent: int
    metric: int
    coach: int
    status: str
    dose: bool
    kind: str
    week: int
    day: int = None


class Year:
    """What happens: values week by week, sessions chosen by what was seen before, and what each of them did."""

    def __init__(self, rng, variant, plan, people):
        self.rng, self.variant, self.plan, self.people = rng, variant, plan, people
        self.agents, self.periods = len(people.team), variant.weeks * variant.per_week
        shape = (self.agents, 3)
        self.carry = rng.uniform(0.3, 0.6)
        self.shock = rng.normal(0, 1, shape) * SHOCK_SD
        self.team_shock, self.drift = np.zeros((plan.teams, 3)), np.zeros((plan.teams, 3))
        self.season = [(rng.uniform(0.2, 0.6), rng.uniform(0, 6.28)) for _ in METRICS]
        self.draw_presence()
        rng.integers(1, 5, self.agents)     # not used: keeps the centres of the seeds what they were
        self.level = np.full((*shape, self.periods), np.nan, np.float32)    # expected badness without that of types
        self.got, self.pending = np.zeros(shape), np.zeros(shape)
        self.seen = np.full((*shape, variant.weeks), np.nan)
        self.taught = {}                    # agent, metric: [(period, share of what is missing)]
        self.rows, self.sessions, self.number = [], [], 0
        for week in range(variant.weeks):
            self.live(week)
        self.effect = self.true_effects()

    def draw_presence(self):
        """Weeks off, and a long absence of some."""
        rng, weeks = self.rng, self.variant.weeks
        present = rng.random((self.agents, weeks)) > 0.06
        for agent in range(self.agents):
            if rng.random() < 0.12:
                start = int(rng.integers(0, weeks))
                present[agent, start:start + int(rng.integers(2, 6))] = False
        self.present = present & (self.people.home >= 0)

    def live(self, week):
        """One week: shocks, the choice of sessions, values of its periods, what the sessions teach."""
        team = np.maximum(self.people.home[:, week], 0)
        here = self.present[:, week]
        outlier = self.shake()
        booked = self.choose(week, team, here) if week >= 2 else []
        self.set_days(booked)
        bad, volume = np.zeros((self.agents, 3)), np.zeros((self.agents, 3))
        for period in range(week * self.variant.per_week, (week + 1) * self.variant.per_week):
            if period:
                self.settle(team)
            self.work(week, period, team, here, outlier, bad, volume)
            day = period % self.variant.per_week
            for session in booked:
                if self.variant.per_week == 1 or session.day == day:
                    self.teach(session, period, team[session.agent])
        with np.errstate(all="ignore"):
            self.seen[:, :, week] = np.where(volume > 0, bad / volume, np.nan)

    def shake(self):
        """Next shocks of agents and teams; returns the week's outliers."""
        rng, shape = self.rng, self.shock.shape
        fresh = np.sqrt(1 - self.carry ** 2) * rng.standard_t(4, shape) / np.sqrt(2) * SHOCK_SD
        self.shock = self.carry * self.shock + fresh
        self.team_shock = 0.5 * self.team_shock + rng.normal(0, 0.3, self.team_shock.shape)
        self.drift += rng.normal(0, 0.03, self.drift.shape)
        return (rng.random(shape) < 0.01) * rng.normal(2, 1.5, shape)

    def set_days(self, booked):
        """Sessions of an agent about the same metric are on one day of the week."""
        days = {}
        for session in booked:
            session.day = days.setdefault((session.agent, session.metric), int(self.rng.integers(0, 5)))

    def settle(self, team):
        """Part of what was taught takes hold, and part of what had is forgotten."""
        per_week = self.variant.per_week
        arrives = 1 - (1 - self.plan.ramp[team]) ** (1 / per_week)
        move = self.pending * arrives[:, None]
        self.got += move
        self.pending -= move
        self.got *= self.plan.fade[team][:, None] ** (1 / per_week)

    def work(self, week, period, team, here, outlier, bad, volume):
        """Values of the three metrics in one period; adds up what the coach will have seen."""
        contacts = None
        for j, metric in enumerate(METRICS):
            badness = self.badness(week, period, team, j, outlier[:, j])
            if contacts is None:
                contacts = self.spread(here, self.people.volume)
            value, count, shown = self.observe(metric, badness, contacts, here)
            ok = (count > 0) & here[:, None]
            agent, kind = np.nonzero(ok)
            j_column, period_column = np.full(len(agent), j), np.full(len(agent), period)
            self.rows.append((j_column, period_column, agent, kind, value[agent, kind], count[agent, kind]))
            bad[:, j] += np.where(ok, shown * count, 0).sum(1)
            volume[:, j] += np.where(ok, count, 0).sum(1)

    def badness(self, week, period, team, j, outlier):
        """By agent and type: what is expected, kept for the truth, and the chances of the period."""
        plan, people = self.plan, self.people
        learning = LEARNING[METRICS[j]] * np.exp(-np.maximum(week - people.hired, 0) / 9.0)
        missing = people.deficit[:, j] * (1 - np.clip(self.got[:, j], 0, 1))
        expected = plan.gap[team, j] + people.base[:, j] + missing + learning
        self.level[:, j, period] = expected
        noise = self.rng.normal(0, 0.4, self.agents) if self.variant.per_week > 1 else 0
        height, phase = self.season[j]
        own = (expected + self.shock[:, j] + outlier + self.team_shock[team, j] + self.drift[team, j] + noise
               + height * np.sin(phase + week / 52 * 6.28))
        return own[:, None] + plan.type_gap[team, j] + plan.natural[METRICS[j]] + people.special[:, j]

    def spread(self, here, weekly):
        """A period's share of a weekly number, over the contact types of each agent."""
        total = self.rng.poisson(np.where(here, weekly / self.variant.per_week, 0))
        return self.rng.multinomial(total, self.people.mix / self.people.mix.sum(1, keepdims=True))

    def observe(self, metric, badness, contacts, here):
        """Recorded values by agent and type, what they rest on, and the badness that they show."""
        rng, plan, unit = self.rng, self.plan, UNIT[metric]
        if metric == "handle_time":
            error = rng.standard_t(6, contacts.shape) / 1.22 * 0.9 / np.sqrt(np.maximum(contacts, 1))
            value = plan.type_mean * np.exp(unit * badness) * np.exp(np.where(contacts > 0, error, 0))
            return value, contacts, np.log(value / plan.type_mean) / unit
        if metric == "fcr":
            count = rng.binomial(contacts, self.people.surveyed[:, None])
            value = rng.binomial(count, np.clip(plan.type_fcr - unit * badness, 0.02, 0.98)) / np.maximum(count, 1)
            return value, count, (plan.type_fcr - value) / unit
        count = self.spread(here, self.people.evaluations)
        error = (rng.gamma(4, 1, count.shape) - 4) / 2
        value = np.clip(plan.type_quality - unit * badness - 10 * error / np.sqrt(np.maximum(count, 1)), 0, 100)
        return value, count, (plan.type_quality - value) / unit

    def choose(self, week, team, here):
        """The week's sessions, by what was seen up to the week before."""
        plan, past, out = self.plan, self.seen[:, :, :week], []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)     # agents of whom nothing was seen
            looks = {"burst": np.nanmean(past[:, :, -4:], 2), "chronic": np.nanmean(past, 2)}
        looks["worst4"] = looks["burst"]
        for t in range(plan.teams):
            mine = np.flatnonzero((team == t) & here)
            if week < plan.from_week[t] or not len(mine):
                continue
            look = looks.get(plan.style[t], past[:, :, -1])[mine]
            for j in list(range(3)) + ([-1] if plan.general[t] else []):
                rate = plan.general[t] if j < 0 else plan.rate[t, j]
                if rate:
                    chance = self.chances(week, t, j, rate, mine, look[:, max(j, 0)])
                    pick = mine[self.rng.random(len(mine)) < np.minimum(chance, 0.95)]
                    out += self.book(week, t, j, pick)
        return out

    def chances(self, week, t, j, rate, mine, look):
        """Chance of a session of each agent in the style of the team; look: badness as its coaches see it."""
        style = self.plan.style[t]
        if style == "routine":      # a round robin with slips
            return np.where((mine + 3 * j + week) % max(2, round(1 / rate)) == 0, 0.85, 0.02)
        if j < 0:
            return np.full(len(mine), rate)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            score = np.nan_to_num((look - np.nanmean(look)) / (np.nanstd(look) + 1e-9))
        if style == "burst":
            on = any(start <= week < end for start, end in self.plan.windows[t])
            return np.where(score > -0.3, 2.6 * rate, 0.8 * rate) if on else np.full(len(mine), 0.25 * rate)
        if style == "private":
            score = 0.6 * score + 0.8 * self.shock[mine, j] / SHOCK_SD[j]
        return 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) - 0.5 + 1.3 * score)))

    def book(self, week, t, j, pick):
        """Sessions of the picked agents, some in a group; not all are held, and not all that are teach."""
        rng, plan, out, number = self.rng, self.plan, [], None
        together = plan.group[t] and len(pick) >= 4 and rng.random() < 0.4
        for agent in pick:
            status = "held" if rng.random() < 0.84 else rng.choice(["cancelled", "no_show", "rescheduled"])
            if not together or number is None:
                self.number += 1
                number, coach = self.number, int(rng.choice(plan.coaches[t], p=plan.coach_share[t]))
            kind = "group" if together else "real_time" if rng.random() < 0.15 else "scheduled"
            dose = status == "held"
            if dose and rng.random() < 0.03:
                dose, status = False, "recognition"
            elif dose and rng.random() < 0.02:
                dose, status = False, "not_coachable"
            out.append(Session(number, agent, j, coach, status, dose, kind, week))
        return out

    def teach(self, session, period, team):
        """What a session gives takes hold from the next period on."""
        self.sessions.append(session)
        if not session.dose:
            return
        agent, strength = session.agent, self.plan.skill[session.coach]
        for j in [session.metric] if session.metric >= 0 else range(3):
            gives = (strength * self.plan.share[team, j] * (0.6 if session.metric < 0 else 1)
                     * (0.7 if session.kind == "group" else 1))
            gives = min(gives, 0.9)
            self.taught.setdefault((agent, j), []).append((period, gives))
            self.pending[agent, j] += gives * max(0, 1 - self.got[agent, j] - self.pending[agent, j])

    def true_effects(self):
        """By team and metric, of each session of the judged year: (mean effect over the horizon, agent)."""
        out = {}
        for (agent, j), taught in self.taught.items():
            sessions = {}
            for period, gives in sorted(taught):
                sessions.setdefault(period, []).append(gives)
            for period, effect in self.without_each(agent, j, sessions):
                if period // self.variant.per_week >= self.variant.weeks - JUDGED:
                    team = self.people.home[agent, period // self.variant.per_week]
                    out.setdefault((team, j), []).append((effect, agent))
        return out

    def without_each(self, agent, j, sessions):
        """Each session taken away in turn: its period, and the mean loss over the periods after it."""
        per_week, state, before = self.variant.per_week, (0.0, 0.0), 0
        end = min(self.periods, self.people.left[agent] * per_week)
        for period in sorted(sessions):
            _, state = self.path(agent, sessions, state, before, period)
            before, stop = period, min(period + HORIZON * per_week + 1, end)
            after = np.arange(period + 1, stop)
            after = after[self.present[agent, after // per_week]]
            if not len(after):
                continue
            full, _ = self.path(agent, sessions, state, period, stop)
            for n in range(len(sessions[period])):
                less, _ = self.path(agent, sessions, state, period, stop, (period, n))
                lost = (np.clip(full, 0, 1) - np.clip(less, 0, 1))[after - period]
                yield period, self.in_units(agent, j, period, after, self.people.deficit[agent, j] * lost)

    def path(self, agent, sessions, state, start, stop, skip=None):
        """Share of what was missing that is there, by period, and the state (there, pending) at the end."""
        per_week, out = self.variant.per_week, []
        there, pending = state
        for period in range(start, stop):
            team = self.people.home[agent, period // per_week]
            arrives, fade = 1 - (1 - self.plan.ramp[team]) ** (1 / per_week), self.plan.fade[team] ** (1 / per_week)
            if period:
                there, pending = (there + pending * arrives) * fade, pending * (1 - arrives)
            out.append(there)
            for n, gives in enumerate(sessions.get(period, [])):
                if (period, n) != skip:
                    pending += gives * max(0, 1 - there - pending)
        return np.array(out), (there, pending)

    def in_units(self, agent, j, period, after, less):
        """Mean improvement in the metric's unit, less badness being given by period; handle time at the agent's mix."""
        metric = METRICS[j]
        if metric != "handle_time":
            return np.mean(less) * UNIT[metric]
        team = self.people.home[agent, period // self.variant.per_week]
        shift = np.exp(0.05 * (self.plan.type_gap[team, 0] + self.plan.natural["handle_time"]))
        seconds = (self.people.mix[agent] * self.plan.type_mean * shift).sum()
        level = self.level[agent, j, after]
        return np.mean(seconds * (np.exp(0.05 * (level + less)) - np.exp(0.05 * level)))


class Centre:
    """A centre of a seed, and its relations as a customer would deliver them."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(7_000_003 * seed + 17)
        self.variant = VARIANTS[(seed - 1) % len(VARIANTS)]
        self.plan = Plan(self.rng, self.variant)
        self.people = People(self.rng, self.variant, self.plan)
        self.year = Year(self.rng, self.variant, self.plan, self.people)
        text = self.variant.text
        self.agent = [f"A{i:05d}" if text else 10001 + i for i in range(self.year.agents)]
        self.coach = [f"COACH{i:03d}" if text else 501 + i for i in range(len(self.plan.skill))]
        self.team = [f"T{i:02d}" for i in range(self.plan.teams)]
        self.smallest = SMALLEST

    def day(self, week, day=0):
        """Date of a day of a week of the centre."""
        start = datetime.date(2024, 3, 4) if self.variant.monday else datetime.date(2024, 3, 3)
        return start + datetime.timedelta(days=7 * int(week) + int(day))

    def workday(self, week, day):
        """Monday is day 0."""
        return self.day(week, day + (0 if self.variant.monday else 1))

    def relations(self):
        """Rows of the workspace's relations by name; once only, since contacts are drawn here."""
        out = {"metric": self.metric_rows(), "agent_metric": self.value_rows(), "assignment": self.assignment_rows()}
        if self.variant.hire_dates:
            out["agent"] = self.agent_rows()
        out["coaching_session"] = self.session_rows()
        out["coach"] = pd.DataFrame([(coach, "2022-05-01", "2022-07-01" if n % 3 else None)
                                     for n, coach in enumerate(self.coach)],
                                    columns=["coach_id", "promoted_on", "trained_on"])
        if self.variant.contacts:
            out["contact"], out["contact_event"] = self.contact_rows()
        return out

    def metric_rows(self):
        """Targets and smallest effects."""
        columns = ["metric", "higher_is_better", "target", "smallest_effect", "unit", "scale"]
        quality = None if self.variant.unset == "quality" else 3
        return pd.DataFrame([("handle_time", False, 400, 20, "s", "log"),
                             ("fcr", True, 0.72, 0.03, "share", "proportion"),
                             ("quality", True, 82, quality, "points", "identity")], columns=columns)

    def value_rows(self):
        """agent_metric, in no order; contact types and their targets where the centre has them."""
        metric, period, agent, kind, value, volume = [np.concatenate(column) for column in zip(*self.year.rows)]
        per_week, plan = self.variant.per_week, self.plan
        dates = [(self.workday(t // per_week, t % per_week) if per_week > 1 else self.day(t)).isoformat()
                 for t in range(self.year.periods)]
        out = pd.DataFrame({"agent_id": np.array(self.agent)[agent], "metric": np.array(METRICS)[metric],
                            "period": np.array(dates)[period], "value": np.round(value, 4), "volume": volume})
        if self.variant.types:
            out["contact_type"] = np.array(TYPE_NAMES)[kind]
            if self.variant.type_targets:
                target = np.vstack([plan.type_mean.round(1), plan.type_fcr.round(3), plan.type_quality])
                out["target"] = target[metric, kind]
        return out.sample(frac=1, random_state=1)

    def assignment_rows(self):
        """One row for each spell of an agent in a team."""
        rows, weeks = [], self.variant.weeks
        for agent, home in enumerate(self.people.home):
            ends = np.append(np.flatnonzero(np.diff(home)) + 1, weeks)
            for start, end in zip(np.append(0, ends), ends):
                team = home[start]
                if team >= 0:
                    until = self.day(end) if end < weeks else None
                    rows.append((self.agent[agent], self.team[team], self.day(start), until,
                                 f"SUP{team:02d}", f"S{team % 2}", f"P{self.plan.program[team]}"))
        columns = ["agent_id", "team", "valid_from", "valid_to", "supervisor", "site", "program"]
        return pd.DataFrame(rows, columns=columns)

    def agent_rows(self):
        """Hire dates, and the last day of those who left."""
        people = self.people
        return pd.DataFrame([(self.agent[i], self.day(hired), self.day(left, -1) if left < self.variant.weeks else None)
                             for i, (hired, left) in enumerate(zip(people.hired, people.left))],
                            columns=["agent_id", "hired_on", "left_on"])

    def session_rows(self):
        """coaching_session: what was held and what was not."""
        columns = ["session_id", "agent_id", "coach_id", "held_at", "scheduled_at", "status", "metric",
                   "duration_minutes", "kind", "trigger", "behaviour", "action", "recognition", "agent_rating",
                   "not_coachable_reason"]
        return pd.DataFrame([self.session_row(session) for session in self.year.sessions], columns=columns)

    def session_row(self, session):
        """What a coach would have written down."""
        n = session.number
        at = f"{self.workday(session.week, session.day)} {9 + n % 8:02d}:{n * 7 % 60:02d}:00+00"
        praise = session.status == "recognition"
        held = session.status in ("held", "recognition", "not_coachable")
        return (n, self.agent[session.agent], self.coach[session.coach], at if held else None, at,
                "held" if held else session.status, METRICS[session.metric] if session.metric >= 0 else None,
                10 + n % 4 * 8 if held else None, session.kind, TRIGGERS[n % 4], None if praise else TOPICS[n % 5],
                None if praise else "next call" if n % 3 else None,
                praise if praise else None if n % 2 else False, 3 + n % 3 if held and n % 5 == 0 else None,
                "system issue" if session.status == "not_coachable" else None)

    def contact_rows(self):
        """A sample of the last ten weeks' contacts; a structural handle time shows as waits or approval."""
        contacts, events, rng = [], [], self.rng
        for week in range(self.variant.weeks - 10, self.variant.weeks):
            for agent in np.flatnonzero(self.year.present[:, week]):
                mix = self.people.mix[agent]
                for kind in rng.choice(self.plan.types, rng.poisson(5), p=mix / mix.sum()):
                    self.contact(week, agent, kind, contacts, events)
        return (pd.DataFrame(contacts, columns=["contact_id", "agent_id", "started_at", "contact_type", "customer_id",
                                                "handle_seconds", "resolved", "transferred", "escalated"]),
                pd.DataFrame(events, columns=["contact_id", "step", "started_at", "ended_at", "agent_id", "kind"]))

    def contact(self, week, agent, kind, contacts, events):
        """One contact and its steps."""
        rng, number, team = self.rng, len(contacts) + 1, self.people.home[agent, week]
        badness = (self.year.level[agent, 0, week * self.variant.per_week] + self.plan.type_gap[team, 0, kind]
                   + self.plan.natural["handle_time"][kind])
        seconds = self.plan.type_mean[kind] * np.exp(0.05 * badness) * np.exp(rng.normal(-0.3, 0.75))
        lost = self.lost_share(team, kind)
        start = datetime.datetime.combine(self.workday(week, int(rng.integers(0, 5))), datetime.time(8))
        start += datetime.timedelta(seconds=float(rng.uniform(0, 32000)))
        resolved = rng.random() < 0.7
        contacts.append((number, self.agent[agent], start.isoformat() + "+00", TYPE_NAMES[kind],
                         f"C{int(rng.integers(0, 90000))}", round(seconds, 1), resolved, rng.random() < 0.05,
                         rng.random() < 0.03))
        for step, what, share in self.steps(team, lost):
            end = start + datetime.timedelta(seconds=float(seconds * share))
            events.append((number, step, start.isoformat() + "+00", end.isoformat() + "+00", self.agent[agent], what))
            start = end

    def lost_share(self, team, kind):
        """Share of a contact's time that a step takes which should not be there."""
        plan, cause = self.plan, self.plan.kind[team, 0]
        routed = cause == "f" and kind == plan.hard_type[team]
        if not (kind in plan.blocked[team] and cause in "cdefis" or routed):
            return 0
        gap = plan.gap[team, 0] * (cause in "cs") + plan.type_gap[team, 0, kind]
        return 1 - np.exp(-0.05 * max(gap, 0))

    def steps(self, team, lost):
        """Name, kind and share of the time of a contact's steps."""
        parts = [("identify", "work", 0.15), ("diagnose", "work", 0.35)]
        if lost:
            parts.append(("approval desk", "approval" if team % 2 else "wait", None))
        elif self.rng.random() < 0.06:
            parts.append(("ask colleague", "hold", 0.08))
        parts += [("apply", "work", 0.4), ("wrap up", "work", 0.1)]
        total = sum(share or 0 for _, _, share in parts)
        return [(step, what, lost if share is None else share / total * (1 - lost)) for step, what, share in parts]

    def truth(self):
        """By team and metric: kind, right verdict, why that is debatable, gap of the last year, effect of a session."""
        return pd.DataFrame([self.truth_row(team, j) for team in range(self.plan.teams) for j in range(3)])

    def truth_row(self, team, j):
        """Truth of one team and metric."""
        plan, metric, kind = self.plan, METRICS[j], self.plan.kind[team, j]
        first = max(0, self.variant.weeks - JUDGED)
        inside = (self.people.home[:, first:] == team) & self.year.present[:, first:]
        level = self.year.level[:, j].reshape(self.year.agents, self.variant.weeks, -1).mean(2)[:, first:]
        badness = level + (self.people.mix * (plan.type_gap[team, j] + plan.natural[metric])).sum(1)[:, None]
        quarter = inside.copy()
        quarter[:, :-13] = False
        gap, gap_last = (self.weighted(badness, weeks) for weeks in (inside, quarter))
        effects = self.year.effect.get((team, j), [])
        effect = np.mean([value for value, _ in effects]) / SMALLEST[metric] if effects else np.nan
        return {
            "team": self.team[team], "metric": metric, "kind": kind, "truth": KINDS[kind][1],
            "debatable": self.debatable(team, j, gap, gap_last, len(effects), effect), "gap": round(gap, 3),
            "gap_last": round(gap_last, 3), "agents": int(inside.any(1).sum()), "sessions": len(effects),
            "coached": len({agent for _, agent in effects}), "effect": effect, "style": plan.style[team],
            "q": round(plan.share[team, j], 2), "fade": round(float(plan.fade[team]), 3),
            "p_lack": round(plan.lacking[team, j], 2), "team_gap": round(float(plan.gap[team, j]), 2),
            "poor": bool(plan.poor[team])}

    def weighted(self, badness, weeks):
        """Mean over the weeks that are marked, by volume."""
        weight = self.people.volume[:, None] * weeks
        return (np.where(weeks, badness, 0) * weight).sum() / weight.sum() if weight.sum() else np.nan

    def debatable(self, team, j, gap, gap_last, sessions, effect):
        """Why the kind doesn't settle the verdict; empty where it does. Set before the first run."""
        kind = self.plan.kind[team, j]
        if kind == "h" and gap > 0.5:
            return "gap not nearly zero"
        if kind != "h" and gap < 0.5:
            return "gap nearly zero"
        if kind in "ab" and gap_last < 0.3:
            return "gap closed by coaching"
        if kind == "b" and (sessions < 20 or effect < 0.25):
            return "whole team, coaching barely shows"
        if kind in "cd" and sessions < 10:
            return "hardly coached"
        if kind == "g" and self.plan.lacking[team, j] > 0.8 and max(self.plan.coach_share[team]) > 0.95:
            return "whole team, only the poor coach: nobody can tell"
        if kind == "g" and effect > 0.35:
            return "poor coach with effect"
        return ""


def write_csv(centre, folder):
    """The relations as CSV files, and the truth beside them."""
    os.makedirs(folder, exist_ok=True)
    for name, rows in {**centre.relations(), "truth": centre.truth()}.items():
        rows.to_csv(os.path.join(folder, name + ".csv"), index=False)


def main():
    parser = argparse.ArgumentParser(description="Write a centre of the second simulator as CSV files of a workspace.")
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    write_csv(Centre(arguments.seed), arguments.folder)


if __name__ == "__main__":
    main()
