"""What is planted in a centre of outsourcer.py: how it and its programmes work, who coaches whom, the cause and size of
each team's gap.

Badness is in units of smallest_effect, positive worse."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

END = pd.Timestamp("2026-11-16")        # a Monday, the last week
METRICS = ["aht", "fcr", "quality"]
HORIZON = 4     # weeks after a session


class Kind(NamedTuple):
    """What a team and metric can be; shares of such teams, and where the coach is poor."""

    name: str
    verdict: str
    share: float = 0.0
    poor: float = 0.0
    typed: bool = False         # only where contact types are known
    lacking: str = ""           # who lacks skill: some or all


KINDS = {
    "no_gap": Kind("no gap", "no_gap", 16, 15),
    "skill_some": Kind("some lack skill", "behavioural", 15, lacking="some"),
    "some_never": Kind("some lack skill, never coached", "behavioural", 5, lacking="some"),
    "skill_all": Kind("all lack skill", "behavioural", 11, lacking="all"),
    "struct_all": Kind("all short, coaching idle", "structural", 15, 15),
    "struct_type": Kind("short in types", "structural", 9, typed=True),
    "type_never": Kind("short in types, never coached", "structural", 5, 5, typed=True),
    "skill_type": Kind("all lack skill for types", "behavioural", 4, typed=True, lacking="all"),
    "routing": Kind("a bad type routed", "structural", 3, typed=True),
    "routing_none": Kind("a hard type routed, no gap", "no_gap", 3, typed=True),
    "mixed": Kind("skill and types", "mixed", 7, typed=True, lacking="some"),
    "undecidable": Kind("all short, never coached", "cannot_tell", 7, 5),
    "poor_some": Kind("some lack skill, poor coach", "behavioural", 0, 30, lacking="some"),
    "poor_all": Kind("all lack skill, poor coach", "behavioural", 0, 30, lacking="all"),
}
NEVER = ("some_never", "type_never", "undecidable")     # coached


class Variant:
    """How a centre works, and what it records."""

    def __init__(self, rng, seed):
        self.hard, turn, u = seed % 2 == 0, (seed + 1) // 2, rng.uniform
        self.weeks = int(rng.integers(50, 55))
        self.start = END - pd.Timedelta(days=7 * (self.weeks - 1) + int(rng.random() < 0.25))    # or weeks from Sunday
        self.report = rng.random() < 0.5            # coaches see last week's, else the week itself
        self.steps = turn % 3 == 1
        self.no_hire_date = [0, 0, 0.3, 1][rng.integers(4)]     # share of agents
        ranges = [(22, 45), (10, 22), (0.8, 1.8)] if self.hard else [(60, 120), (25, 60), (1.5, 3.5)]
        self.volume = {metric: u(*each) for metric, each in zip(METRICS, ranges)}      # of an agent's week
        self.spread, self.score_sd = u(0.6, 1.0), u(8, 12)      # of single handle times, relative, and of scores
        self.target = {"aht": round(u(300, 520)), "fcr": round(u(0.66, 0.78), 2), "quality": round(u(80, 88))}
        self.draw_smallest(rng)
        self.attrition = u(0.15, 0.5)       # a year
        self.spell_sd, self.carry = u(0.4, 0.9, 3), u(0.3, 0.7, 3)

    def draw_smallest(self, rng):
        """Smallest effects: the noise of an agent's week is one or two of them, hard two or three."""
        fcr = self.target["fcr"]
        sd = {"aht": self.spread * self.target["aht"], "fcr": np.sqrt(fcr * (1 - fcr)), "quality": self.score_sd}
        ratio = rng.uniform(1.8, 3.0, 3) if self.hard else rng.uniform(0.9, 2.0, 3)
        aht, fcr, quality = (sd[metric] / np.sqrt(self.volume[metric]) / part for metric, part in zip(METRICS, ratio))
        self.smallest = {"aht": max(8, round(aht)), "fcr": max(0.02, round(fcr, 3)),
                         "quality": max(1.5, round(quality * 2) / 2)}

    def value(self, metric, badness, natural):
        """Expected value at a badness, for types of a natural difficulty."""
        target, smallest = self.target[metric], self.smallest[metric]
        if metric == "aht":
            return target * natural * np.exp(np.clip(badness * smallest / target, -2, 1.6))
        if metric == "fcr":
            usual = np.log(target / (1 - target)) + natural
            return 1 / (1 + np.exp(badness * smallest / (target * (1 - target)) - usual))
        return np.clip(target - badness * smallest, 20, 99.5)


class Programs:
    """Their contact types with mix and natural difficulty, and how they live; types that one hasn't have no share."""

    MOST = 7    # types

    def __init__(self, rng, variant, count):
        self.rng, self.variant, self.count, u = rng, variant, count, rng.uniform
        self.types = rng.integers(4, 8, count)
        self.typed, self.type_targets = rng.random(count) < 0.6, rng.random(count) < 0.5
        self.typed[0] = True
        self.mix = np.zeros((count, self.MOST))
        self.natural = {metric: np.full((count, self.MOST), float(metric == "aht")) for metric in METRICS}
        for number, types in enumerate(self.types):
            self.draw_types(number, types)
        self.rate = u(0.05, 0.16, count)                                # sessions by agent and week
        self.new_first = np.where(rng.random(count) < 0.4, 2.5, 1.0)    # chance of new hires beside others
        self.site = rng.integers(0, 3, count)
        self.learning, self.learns = u(1.5, 4.5, (count, 3)), u(6, 14, count)
        self.happens = np.array([self.draw_season() for _ in range(count)])

    def draw_types(self, number, types):
        """The differences average out over the programme's mix."""
        rng, target = self.rng, self.variant.target["fcr"]
        mix = rng.dirichlet(np.full(types, 5.0)) * 0.85 + 0.15 / types
        longer, easier = np.exp(rng.normal(0, 0.35, types)), rng.normal(0, 0.45, types)
        for _ in range(20):
            easier -= (self.variant.value("fcr", 0, easier) @ mix - target) / (target * (1 - target))
        self.mix[number, :types] = mix
        self.natural["aht"][number, :types] = longer / (longer @ mix)
        self.natural["fcr"][number, :types] = easier

    def draw_season(self):
        """By metric and week; in three of five programmes five weeks are bad for all."""
        rng, weeks = self.rng, self.variant.weeks
        wave = rng.uniform(0, 0.7) * np.sin(2 * np.pi * np.arange(weeks) / 52 + rng.uniform(0, 6.28))
        if rng.random() < 0.6:
            start = int(rng.integers(5, weeks - 6))
            wave[start:start + 5] += rng.uniform(0.5, 1.5)
        return wave + rng.normal(0, 0.15, (3, weeks))


class Coaches:
    """By team: the coach and who helps out, how often; what each coach is worth."""

    def __init__(self, rng, program):
        teams = len(program)
        self.main, self.others, self.worth = np.zeros(teams, int), [[] for _ in range(teams)], []
        self.lent = rng.uniform(0.12, 0.4, teams)
        for number in np.unique(program):
            self.staff(rng, rng.permutation(np.flatnonzero(program == number)))
        self.worth = np.array(self.worth)
        self.poor = self.worth[self.main] == 0      # teams

    def staff(self, rng, teams):
        """A programme's teams, one to three to a coach."""
        first, rest = len(self.worth), teams
        while len(rest):
            count = int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
            self.main[rest[:count]], rest = len(self.worth), rest[count:]
            self.worth.append(0.0 if rng.random() < 0.11 else rng.uniform(0.8, 1.2))
        for team in teams:
            helpers = rng.integers(1, 3) if self.worth[self.main[team]] == 0 else rng.choice(3, p=[0.25, 0.5, 0.25])
            pool = [coach for coach in range(first, len(self.worth)) if coach != self.main[team]]
            self.others[team] = list(rng.choice(pool, min(helpers, len(pool)), replace=False)) if pool else []

    def of(self, rng, team):
        """Who holds a session."""
        others = self.others[team]
        return int(rng.choice(others)) if others and rng.random() < self.lent[team] else self.main[team]


@dataclass
class Plan:
    """What is planted in a team and metric, and how it is coached."""

    kind: str
    types: np.ndarray                   # all are short, by contact type
    reach: np.ndarray                   # how much skill counts, by contact type
    talent: float                       # plain differences between agents
    common: float = 0.0                 # all are short, everywhere
    share: float = 0.0                  # of agents who lack skill
    lacking: tuple = (0.0, 0.0)         # how much
    gain: float = 0.0                   # of a first session
    keeps: float = 1.0                  # of a gain, from week to week
    rate: float = 0.0                   # sessions by agent and week
    rises: bool = False                 # they become more over the year
    trigger: str = ""
    slope: float = 1.0                  # how strictly the trigger is followed
    waits: bool = False                 # the process shows in contact_event
    routed: int = -1                    # the type that goes to a few agents


class Planner:
    """Draws the plans of the teams."""

    def __init__(self, rng, variant, programs, coaches):
        self.rng, self.variant, self.programs, self.coaches = rng, variant, programs, coaches

    def team(self, team, program):
        """Plans by metric; one type is routed at most."""
        plans = {}
        for metric in METRICS:
            routed = any(plan.routed >= 0 for plan in plans.values())
            plans[metric] = self.plan(metric, program, self.coaches.poor[team], routed)
        return plans

    def chances(self, typed, type_targets, poor, routed):
        """Of the kinds."""
        def weight(name, kind):
            if kind.typed and not typed or routed and name.startswith("routing") or name == "routing_none" and type_targets:
                return 0
            return kind.poor if poor else kind.share
        weights = np.array([weight(name, kind) for name, kind in KINDS.items()], float)
        return weights / weights.sum()

    def plan(self, metric, program, poor, routed):
        """One team and metric."""
        rng, u, programs = self.rng, self.rng.uniform, self.programs
        typed = programs.typed[program] and metric != "quality"
        name = str(rng.choice(list(KINDS), p=self.chances(typed, programs.type_targets[program], poor, routed)))
        plan = Plan(name, np.zeros(programs.MOST), np.ones(programs.MOST), u(0.4, 1.2 if name == "struct_all" else 0.9))
        plan.rate = programs.rate[program] * u(0.6, 1.5) * (name not in NEVER)
        plan.waits, plan.rises, plan.slope = rng.random() < 0.6, rng.random() < 0.2, u(0.8, 1.8)
        plan.trigger = str(rng.choice(["bad_week", "chronic", "turns", "private", "any"], p=[0.3, 0.25, 0.15, 0.12, 0.18]))
        half_life = u(3, 10)
        plan.keeps = 0.5 ** (1 / half_life) if rng.random() < 0.65 else 1.0
        self.draw_gap(plan, metric, program)
        plan.gain /= np.mean(plan.keeps ** np.arange(HORIZON))      # so far the mean over the horizon
        return plan

    def draw_gap(self, plan, metric, program):
        """Size and cause."""
        rng, u, kind = self.rng, self.rng.uniform, KINDS[plan.kind]
        if plan.kind == "no_gap":
            self.draw_none(plan)
        elif plan.kind in ("struct_all", "undecidable"):
            plan.common = u(2.3, 6.5 if plan.kind == "struct_all" else 6)
        elif plan.kind == "routing_none":
            plan.common, natural = u(-0.9, 0), self.programs.natural[metric][program, :self.programs.types[program]]
            plan.routed = int(np.argmax(natural) if metric == "aht" else np.argmin(natural))
        elif kind.typed:
            self.draw_types(plan, program)
        elif kind.lacking == "all":
            middle = (u(2.5, 4) + u(4.5, 7)) / 2
            plan.common, plan.share, plan.lacking, plan.gain = u(-0.3, 0.3), 1, (middle - 0.9, middle + 0.9), u(0.5, 1.7)
        else:
            plan.common, plan.share, plan.lacking, plan.gain = u(-0.3, 0.4), u(0.35, 0.65), (3.5, 6.5), 1.2 * u(0.5, 1.7)

    def draw_none(self, plan):
        """On target; in two of five such teams there is something to learn all the same, a third is not coached."""
        rng, u = self.rng, self.rng.uniform
        plan.common = u(-1.3, 0.1)
        if rng.random() < 0.4:
            plan.common, plan.share, plan.lacking, plan.gain = plan.common - 2.5, 1, (2, 3), u(0.2, 0.8)
        if rng.random() < 0.35:
            plan.rate = 0.0

    def draw_types(self, plan, program):
        """Short in one or two types, or what takes a quarter of the contacts."""
        rng, u, mix = self.rng, self.rng.uniform, self.programs.mix[program, :self.programs.types[program]]
        order, count = rng.permutation(len(mix)), int(rng.choice([1, 2], p=[0.65, 0.35]))
        if plan.kind == "routing":
            order, count = order[:1], 1
            plan.routed = int(order[0])
        while mix[order[:count]].sum() < 0.25 and count < len(order):
            count += 1
        which = order[:count]
        share = mix[which].sum()
        gap = min(u(1.8, 4), 8 * share)
        plan.common = u(-0.4, 0.3)
        if plan.kind == "skill_type":
            plan.share, plan.lacking, plan.gain = 1, (gap - 0.4, gap + 0.4), u(0.4, 1.2)
            plan.reach[:] = 0
            plan.reach[which] = 1 / share
        else:
            plan.types[which] = np.clip(gap / share, 3, 9)
        if plan.kind == "mixed":
            plan.share, plan.lacking, plan.gain = u(0.35, 0.6), (4, 7), 1.2 * u(0.5, 1.7)
