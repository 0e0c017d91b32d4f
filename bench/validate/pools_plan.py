"""What is planted in a centre of pools.py: how it works, who coaches whom, the cause and size of each team's gap.

Badness is in units of smallest_effect, positive worse."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

METRICS = ["handle_time", "fcr", "quality"]


class Kind(NamedTuple):
    """What a team and metric can be; share: of such teams, 0 where who coaches makes it another kind."""

    name: str
    verdict: str
    share: float = 0.0
    lacking: str = ""           # who lacks skill: some or all
    short: str = ""             # where all are short for another reason: everywhere, types or routed
    by_type: bool = False       # the skill is one for some contact types
    never: bool = False         # coached
    step: bool = False          # a step takes time, which contact_event shows


KINDS = {
    "skill_some": Kind("some lack skill", "behavioural", 17, "some"),
    "skill_all": Kind("all lack skill", "behavioural", 11, "all"),
    "struct_all": Kind("all short, coaching idle", "structural", 14, short="everywhere"),
    "types_coached": Kind("short in a type or two", "structural", 9, short="types"),
    "types_never": Kind("short in types, never coached", "structural", 5, short="types", never=True),
    "typeskill_all": Kind("all lack skill for a type", "behavioural", 4, "all", by_type=True),
    "typeskill_some": Kind("some lack skill for a type", "behavioural", 4, "some", by_type=True),
    "routing": Kind("hard contacts routed", "structural", 5, short="routed"),
    "no_gap": Kind("no gap", "no_gap", 13),
    "both": Kind("skill and types", "mixed", 6, "some", "types"),
    "undecidable": Kind("all short, never coached", "cannot_tell", 6, short="everywhere", never=True),
    "some_never": Kind("some lack skill, never coached", "behavioural", 3, "some", never=True),
    "both_common": Kind("skill, and all short", "behavioural", 2, "some", "everywhere"),
    "wait_never": Kind("a step delays all, never coached", "structural", 4, short="everywhere", never=True, step=True),
    "poor_some": Kind("some lack skill, poor coach", "behavioural"),
    "poor_all": Kind("all lack skill, poor coach", "behavioural"),
    "poor_both": Kind("skill and more, poor coach", "mixed"),
    "shared_some": Kind("some lack skill, also a poor coach", "behavioural"),
    "shared_all": Kind("all lack skill, also a poor coach", "behavioural"),
}


class Variant:
    """How a centre works, and what it records."""

    def __init__(self, rng, seed, teams):
        self.hard, turn, u = seed % 2 == 0, (seed + 1) // 2, rng.uniform
        self.teams, self.weeks = teams, int(rng.choice([48, 52, 52, 56, 60]))
        self.scale = {"handle_time": ["log", "identity", "log"][turn % 3], "fcr": "proportion", "quality": "identity"}
        self.type_targets, self.text = turn % 2 == 1, turn % 5 == 4
        self.hire_dates = ["all", "some", "none", "all"][turn % 4]
        self.steps, self.next_week = turn % 3 == 1, (turn // 2 + turn) % 2 == 1
        self.typed = {"handle_time": True, "fcr": True, "quality": turn // 2 % 2 == 1}
        self.types = int(rng.integers(3, 7))
        self.base = {"handle_time": u(280, 480), "fcr": u(0.66, 0.78), "quality": u(82, 87)}
        self.step = u(0.035, 0.06)      # one smallest effect of handle time, as a share
        self.smallest = {"handle_time": self.base["handle_time"] * self.step, "fcr": u(0.025, 0.04), "quality": u(2, 3.5)}
        self.calls, self.evaluations = (u(25, 50), u(0.8, 1.5)) if self.hard else (u(80, 160), u(1.5, 4))   # a week
        self.spread, self.score_sd = u(0.7, 1.0), u(8, 11)      # of single handle times and scores
        self.draw_natural(rng)

    def draw_natural(self, rng):
        """Usual mix of contact types, and their natural differences, which average out over it."""
        self.mix = np.clip(rng.dirichlet(np.full(self.types, 6.0)), 0.06, None)
        self.mix /= self.mix.sum()
        sd = {"handle_time": 0.3 / self.step, "fcr": 2.5, "quality": 1.0}
        self.natural = {metric: rng.normal(0, sd[metric], self.types) for metric in METRICS}
        handle_time = self.natural["handle_time"]
        handle_time -= np.log((self.mix * np.exp(self.step * handle_time)).sum()) / self.step
        for metric in METRICS[1:]:
            self.natural[metric] -= (self.mix * self.natural[metric]).sum()

    def value(self, metric, badness):
        """Expected value at a badness beside the target of all types."""
        if metric == "handle_time":
            return self.base[metric] * np.exp(self.step * badness)
        value = self.base[metric] - self.smallest[metric] * badness
        return np.clip(value, 0.02, 0.98) if metric == "fcr" else value


class Coaches:
    """Programmes of teams, coaches by team with their shares of the sessions, and what each coach is worth."""

    def __init__(self, rng, variant):
        self.rng, self.worth, self.of_team, self.share = rng, [], [], []
        sizes = []
        while sum(sizes) < variant.teams:
            sizes.append(int(rng.choice([4, 7, 12, 20, 35])))
        sizes[-1] -= sum(sizes) - variant.teams
        self.program = np.repeat(np.arange(len(sizes)), sizes)
        self.site = np.concatenate([(number * 7 + np.arange(size) // 9) % 4 for number, size in enumerate(sizes)])
        for size in sizes:
            self.staff(size)
        self.worth = np.array(self.worth)

    def hire(self, poor):
        """Number of a new coach."""
        self.worth.append(0.0 if poor else float(np.clip(self.rng.normal(1, 0.15), 0.6, 1.4)))
        return len(self.worth) - 1

    def staff(self, size):
        """The coaches of a programme's teams."""
        rng, mode = self.rng, self.rng.choice(["own", "pool", "pool", "mixed"])
        if size < 6 and mode == "pool":
            mode = "own"
        coaches = max(3, round(size / 3))
        poor = max(1 if size >= 8 else 0, int(rng.binomial(coaches, 0.17)))
        pool = [self.hire(number < poor) for number in range(coaches)] if mode != "own" else []
        turn = rng.permutation(np.repeat(pool, -(-size // coaches))) if pool else []
        for team in range(size):
            self.of_team.append(self.choose(mode, pool, int(turn[team]) if pool else None))
            self.share.append(rng.dirichlet(np.full(len(self.of_team[-1]), 5.0)))

    def choose(self, mode, pool, coach):
        """One team's coaches."""
        if mode == "own":
            return [self.hire(self.rng.random() < 0.08)]
        if mode == "mixed":
            return [self.hire(self.rng.random() < 0.06), coach]
        if self.rng.random() < 0.3:
            return [coach, int(self.rng.choice([other for other in pool if other != coach]))]
        return [coach]


@dataclass
class Plan:
    """What is planted in a team and metric, and how it is coached."""

    kind: str
    talent: float                       # plain differences between agents
    types: np.ndarray                   # all are short, by contact type
    common: float = 0.0                 # the same, everywhere
    share: float = 0.0                  # of agents to whom skill is lacking; all: 0
    which: tuple = ()                   # contact types that it is about
    depth: float = 0.0                  # skill that is lacking for these to some
    gain: float = 0.0                   # mean of a session over the horizon
    shape: str = "last"
    half_life: float = 0.0
    coached: bool = True
    dose: float = 0.0                   # sessions by agent over the year
    trigger: str = "turns"
    first: int = 0                      # week of coaching
    waits: bool = False                 # the process shows in contact_event


class Planner:
    """Draws the plans of a metric."""

    def __init__(self, rng, variant, metric):
        self.rng, self.variant, self.deepest = rng, variant, 14 if metric == "handle_time" else 11
        typed, steps = variant.typed[metric], variant.steps and metric == "handle_time"
        shares = [kind.share * (typed or not (kind.by_type or kind.short in ("types", "routed"))) * (steps or not kind.step)
                  for kind in KINDS.values()]
        self.shares = np.array(shares) / sum(shares)

    def plan(self, mix):
        """A team's plan."""
        rng, u, name = self.rng, self.rng.uniform, str(self.rng.choice(list(KINDS), p=self.shares))
        kind = KINDS[name]
        plan = Plan(name, u(0.35, 1 if name == "no_gap" else 0.9), np.zeros(len(mix)))
        if kind.by_type or kind.short in ("types", "routed"):
            self.draw_types(plan, kind, mix)
        elif name == "no_gap":
            plan.common = u(-1.2, 0.2)
        elif kind.short or kind.lacking == "all":
            plan.common = u(2, 4) if kind.lacking == "some" else u(2.5, 6)
        if kind.lacking == "some":
            plan.share = u(0.35, 0.65)
        if kind.lacking:
            plan.gain = u(0.5, 1.6) if rng.random() < 0.8 else u(0.2, 0.5)
        elif name == "no_gap" and rng.random() < 0.3:
            plan.gain = u(0, 0.4)
        self.draw_habits(plan, kind)
        return plan

    def draw_types(self, plan, kind, mix):
        """One or two contact types of more than a tenth of the contacts, and how short the team is in them."""
        rng = self.rng
        count = 1 if len(mix) < 4 or rng.random() < 0.6 else 2
        plan.which = tuple(k for k in rng.permutation(len(mix)) if mix[k] > 0.1)[:count]
        share, gap = mix[list(plan.which)].sum(), rng.uniform(2, 4.5)
        if kind.short or kind.lacking == "all":
            plan.types[list(plan.which)] = min(gap / share, self.deepest)
        plan.depth = min(gap * 1.6 / share, self.deepest)
        plan.common = rng.uniform(-0.3, 0.4)

    def draw_habits(self, plan, kind):
        """How lasting gains are, when and by what a team is coached, whether a step is why it is short."""
        rng, u = self.rng, self.rng.uniform
        plan.shape, plan.half_life = str(rng.choice(["last", "fade", "fade", "ramp"])), u(3, 9)
        plan.coached = not kind.never and not (plan.kind == "no_gap" and rng.random() < 0.35)
        plan.dose = float(np.clip(np.exp(rng.normal(np.log(3.0 if self.variant.hard else 4.2), 0.5)), 1, 12))
        plan.trigger = str(rng.choice(["bad_week", "bad_week", "chronic", "turns", "private", "threshold", "mixed"]))
        if plan.kind == "no_gap" and plan.trigger == "threshold":
            plan.trigger = "turns"
        plan.first = int(rng.choice([0, 0, 4, 12, 20]))
        plan.waits = kind.step or (kind.verdict == "structural" and rng.random() < 0.55)
