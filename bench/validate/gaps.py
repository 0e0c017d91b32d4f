"""Plants the gap, and who or what causes it, in the worlds of world.py: the truth that a verdict is to find."""

import contextlib
from dataclasses import dataclass

import numpy as np

import world

# Shares of the kinds of team; undecidable: everyone short alike, never coached, no type to blame
SHARES = {
    "works": 0.16, "skill": 0.11, "mixed": 0.10, "poor_coach": 0.11, "nothing": 0.14, "type_bound": 0.10,
    "routing": 0.08, "no_gap": 0.08, "all_coached": 0.04, "never": 0.08,
}
TRUTH = {
    "works": "behavioural", "skill": "behavioural", "poor_coach": "behavioural", "mixed": "mixed",
    "nothing": "structural", "type_bound": "structural", "routing": "structural", "never": "structural",
    "no_gap": "no_gap", "undecidable": "cannot_tell",
}
BUILT_IN = {"nothing": 3.0, "skill": 3.0, "mixed": 3.0}    # shortfall that world.py gives a kind of itself, else 0.5
TYPE_SHARE = 1 / world.TYPES


@dataclass
class Plan:
    """Shortfall by agent and contact type (positive: worse), in units of smallest."""

    kind: np.ndarray
    shortfall: np.ndarray
    bound: np.ndarray                   # per agent: what world.py adds in the last type
    difficulty: np.ndarray = None       # by type, the same everywhere
    total: np.ndarray = 0.0             # of the true gap, with effort, learning and coaching, over weeks of work
    weeks: np.ndarray = 0.0

    def watch(self, latent, volume):
        """Remember how hard the types are, and what the true gap has come to."""
        plain = np.flatnonzero(self.bound == 0)[0]
        step = (latent[plain, 0] - latent[plain, -1]) / (world.TYPES - 1)
        self.difficulty = step * (np.arange(world.TYPES) - 1.5)
        core = latent[:, 0] + self.difficulty[0]
        here = volume.sum(axis=1) > 0
        mix = volume / np.maximum(volume.sum(axis=1, keepdims=True), 1)
        gap = -core + ((self.shortfall - self.shortfall.mean(axis=1, keepdims=True) + self.extra()) * mix).sum(axis=1)
        self.total = self.total + np.where(here, gap, 0)
        self.weeks = self.weeks + here

    def extra(self):
        return self.bound[:, None] * (np.arange(world.TYPES) == world.TYPES - 1)

    def team_gap(self, team):
        """Mean true gap of each team, over agents."""
        has = self.weeks > 0
        n = np.bincount(team[has], minlength=len(self.kind))
        return np.bincount(team[has], (self.total[has] / self.weeks[has]), len(self.kind)) / np.maximum(n, 1)


def behavioural(rng, agents, tenure):
    """Some fall short and others don't: two humps, a broad spread, or new hires."""
    shape = rng.choice(["humps", "spread", "new"], p=[0.5, 0.3, 0.2])
    deep = rng.uniform(3.0, 6.0)
    if shape == "spread":
        gap = rng.uniform(1.2, 2.5)
        return gap + gap * rng.uniform(0.9, 1.4) * rng.standard_normal(agents)
    low = tenure < 52 if shape == "new" else rng.random(agents) < rng.uniform(0.35, 0.65)
    if low.all() or not low.any():
        low = np.arange(agents) % 2 == 0
    return np.where(low, deep, rng.uniform(-0.8, 0.2)) + rng.uniform(0.3, 0.6) * rng.standard_normal(agents)


def alike(rng, agents, gap):
    return gap + rng.uniform(0.10, 0.28) * gap * rng.standard_normal(agents)


def in_type(rng, agents, which, depth):
    """Nobody reaches the target in one contact type; elsewhere all do."""
    out = np.zeros((agents, world.TYPES))
    out[:, which] = depth
    return out + rng.uniform(-1.0, -0.2) + rng.uniform(0.2, 0.6) * rng.standard_normal(agents)[:, None]


def shortfall(rng, kind, agents, tenure):
    wide = np.ones(world.TYPES)
    if kind in ("works", "poor_coach"):
        return np.outer(behavioural(rng, agents, tenure), wide)
    if kind == "no_gap":
        return np.outer(rng.uniform(-2.2, -0.8) + rng.uniform(0.2, 0.6) * rng.standard_normal(agents), wide)
    if kind == "mixed":
        return np.outer(behavioural(rng, agents, tenure), wide) + in_type(rng, agents, rng.integers(world.TYPES), rng.uniform(8, 12))
    if kind in ("type_bound", "never"):
        return in_type(rng, agents, rng.integers(world.TYPES), rng.uniform(10, 16))
    if kind == "routing":
        return in_type(rng, agents, world.TYPES - 1, rng.uniform(6, 10))
    return np.outer(alike(rng, agents, rng.uniform(2.5, 5.0)), wide)


def plan_of(rng, people, kinds):
    """kinds as world.py drew them; the plan's kinds tell the undecidable of those never coached."""
    named = kinds.astype("U12")
    named[(kinds == "never") & (rng.random(len(kinds)) < 0.5)] = "undecidable"
    out = np.zeros((len(people.team), world.TYPES))
    for team, kind in enumerate(named):
        who = people.team == team
        out[who] = shortfall(rng, kind, who.sum(), people.tenure0[who])
        out[who] -= BUILT_IN.get(kind, 0.5)
        if kind == "type_bound":
            out[who, -1] -= 5.0
    return Plan(named, out, np.where((kinds == "type_bound")[people.team], 5.0, 0.0))


@contextlib.contextmanager
def planted(seed):
    """world.simulate with planned gaps instead of its own; yields the list that the plans are put on."""
    rng = np.random.default_rng([seed, 77])
    plans = []
    plain = {name: getattr(world, name) for name in ("KINDS", "agent_levels", "observe")}

    def agent_levels(_, people, metric, kinds):
        plans.append(plan_of(rng, people, kinds))
        return -plans[-1].shortfall.mean(axis=1)

    def observe(noise, metric, latent, volume):
        plans[-1].watch(latent, volume)
        off = plans[-1].shortfall - plans[-1].shortfall.mean(axis=1, keepdims=True)
        return plain["observe"](noise, metric, latent - off, volume)

    world.KINDS = {k: (SHARES[k], *plain["KINDS"][k][1:]) for k in SHARES}
    world.agent_levels, world.observe = agent_levels, observe
    try:
        yield plans
    finally:
        for name, value in plain.items():
            setattr(world, name, value)


def truth_of(kind, effect, gap):
    """What the right verdict is; None where the world itself leaves it open (coaching has closed the gap by now)."""
    if kind == "all_coached":
        kind = "skill" if effect > 0.3 else "nothing" if effect < 0.1 else "open"
    if TRUTH.get(kind, "no_gap") != "no_gap" and gap < 1:
        return None
    if kind == "no_gap" and gap > 0.5:
        return None
    return TRUTH.get(kind)


def centre(seed, teams, hard=False):
    """One centre: per metric the study and its plan."""
    with planted(seed) as plans:
        studies = world.centre(seed, teams, hard)
    return list(zip(studies, plans))
