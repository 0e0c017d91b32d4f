"""A third simulator of contact centres, written without knowledge of the rule and of the other simulators.

Badness is in units of smallest_effect, 0 is the target, positive worse. Odd seeds are normal centres, even ones hard:
teams of 6 to 9, noisier values. Centres differ in how they work and in what they record, too (Variant).

- structural: what is short is short with whoever takes the contact, and coaching moves it by exactly nothing
- behavioural: agents differ (some are far short, or a skewed spread), or all lack a skill that coaching moves
- a session gives the less, the more of the skill is there already (up to 85 % of what was lacking), and fades
- a poor coach, shared by teams, gives a tenth of what a good one gives, at most
- coaches see raw values, and may react to a mere spell, or to one that the data don't show
- the effect of a session: the mean over the next four weeks worked, with it minus without it, all others as they were

Profile "bound" is an adversary: gaps and effects are smaller, agents differ more where all are short, the skill may be
lacking for a contact type or two only, a step of the process may be to blame and shows in contact_event, teams of which
nothing can be told have a few sessions, and some centres know totals only.

The order of the random draws is part of the study: a change of it makes other centres of the same seeds."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

START = pd.Timestamp("2025-09-29")      # a Monday
METRICS = {     # target, higher is better, unit
    "aht": (420.0, False, "s"), "fcr": (0.72, True, "share"), "qa": (84.0, True, "points")}
SMALLEST = {"aht": 18.0, "fcr": 0.03, "qa": 3.0}
CONTACTS = {"aht": 180, "fcr": 120, "qa": 8}        # that have a value, by agent and week
TRIGGERS = ["last week", "last month", "both", "private", "lasting", "last week"]       # what coaches react to


class Kind(NamedTuple):
    """What a team and metric can be; shares of such teams by profile."""

    name: str
    verdict: str
    plain: float = 0.0
    bound: float = 0.0
    lacking: str = ""           # who lacks skill: some or all
    short: str = ""             # where all are short for another reason: everywhere, types or routed
    one_type: bool = False      # the skill is that for a contact type or two
    poor: bool = False          # of those who coach, at least one is poor
    coached: float = 1.0        # share that is coached at all
    dose: float = 1.0           # sessions beside other coached teams


KINDS = {
    "on_target": Kind("no gap", "no_gap", 0.15, 0.15, coached=0.5, dose=0.6),
    "some": Kind("some lack skill", "behavioural", 0.18, 0.135, "some", coached=0.8),
    "some_type": Kind("some lack skill for a type", "behavioural", 0, 0.045, "some", one_type=True, coached=0.8),
    "all": Kind("all lack skill", "behavioural", 0.12, 0.096, "all", dose=1.1),
    "all_type": Kind("all lack skill for a type", "behavioural", 0, 0.024, "all", one_type=True, dose=1.1),
    "poor_some": Kind("some lack skill, poor coach", "behavioural", 0.06, 0.045, "some", poor=True),
    "poor_type": Kind("for a type, poor coach", "behavioural", 0, 0.015, "some", one_type=True, poor=True),
    "poor_all": Kind("all lack skill, also a poor coach", "behavioural", 0.03, 0.03, "all", poor=True, dose=1.2),
    "everywhere": Kind("all short, coaching idle", "structural", 0.11, 0.11, short="everywhere", dose=1.1),
    "types": Kind("short in a type or two", "structural", 0.10, 0.10, short="types"),
    "types_never": Kind("short in types, never coached", "structural", 0.07, 0.07, short="types", coached=0),
    "routed": Kind("hard contacts routed", "structural", 0.06, 0.06, short="routed", coached=0.7),
    "step": Kind("a step delays all", "structural", short="everywhere", coached=0.3),
    "mixed": Kind("skill, and all short", "mixed", 0.0175, 0.0175, "some", "everywhere"),
    "mixed_types": Kind("skill and types", "mixed", 0.0525, 0.0525, "some", "types"),
    "nobody_knows": Kind("all short, next to no coaching", "cannot_tell", 0.05, 0.05, short="everywhere", dose=0.06),
}
WITHOUT_TYPES = {"some_type": "some", "all_type": "all", "poor_type": "poor_some", "mixed_types": "mixed",
                 "types": None, "types_never": None, "routed": None}


@dataclass(frozen=True)
class Profile:
    """Ranges of what is planted."""

    name: str = "plain"
    talent: tuple = (0.4, 0.75)         # plain differences between agents
    common: tuple = (1.8, 4)            # all short everywhere
    types: tuple = (1.5, 3)             # mean gap of a team short in types
    routed: tuple = (4, 6)              # gap in the types that are routed
    skill: tuple = (3, 5)               # lacking to all
    weak: tuple = (3, 5.5)              # lacking to some
    share: tuple = (0.3, 0.65)          # of agents to whom it is lacking
    mixed_common: tuple = (1.5, 2.2)
    mixed_types: tuple = (1.3, 2.2)
    gain: tuple = (1.0, 2.2)            # of a first session where some lack skill
    gain_all: tuple = (0.9, 1.9)        # where all do
    few: float = 0.0                    # share of the teams of which nothing can be told that have a few sessions


PROFILES = {
    "plain": Profile(),
    "bound": Profile("bound", talent=(0.55, 0.95), common=(1.3, 3), types=(1.1, 2.2), routed=(3, 5), skill=(2.2, 4),
                     weak=(2.2, 4.5), share=(0.25, 0.8), mixed_common=(1.3, 2), mixed_types=(1.0, 1.8),
                     gain=(0.8, 1.8), gain_all=(0.7, 1.5), few=0.3),
}


class Variant:
    """How a centre works, and what it records."""

    def __init__(self, rng, seed, profile):
        self.hard, turn = seed % 2 == 0, seed // 2
        self.teams, self.weeks = int(rng.integers(25, 41)), int(rng.integers(40, 61))
        self.types = int(rng.integers(4, 8))
        self.metrics = list(METRICS) if rng.random() < 0.6 else list(rng.permutation(list(METRICS))[:2])
        self.days = 5 if turn % 4 == 2 else 1               # rows a week
        if self.days > 1:
            self.teams, self.metrics = min(self.teams, 26), self.metrics[:2]
        self.trigger = TRIGGERS[(turn + self.hard) % 6]
        self.strength = rng.choice([1, 2, 3, 5])            # of the coaches' reaction
        self.prompt = rng.random() < 0.5                    # sessions in the week that was seen, else in the next
        self.fade = 0.5 ** (1 / rng.choice([6, 10, 16, 26]))
        self.heavy_tails = rng.random() < 0.4
        self.type_targets = (turn + self.hard) % 2 == 1     # else one for all types, which are then much alike
        self.type_sd = 1.5 if self.type_targets else 0.6 if turn % 5 == 3 else 0.25
        self.new_hires_lack = rng.random() < 0.5            # skill, twice as often as others
        self.spillover = 0.03 if turn % 6 == 4 else 0.0     # share of an agent's gain that each mate has, too
        self.log_aht = rng.random() < 0.5
        self.knows_types = profile.name == "plain" or turn % 6 > 0
        self.knows_steps = profile.name == "bound" and turn % 3 == 1
        self.to_blame = rng.random(self.teams) < 0.1 * self.knows_steps     # teams with a step that delays all


def wave(rng, sd, rho, shape):
    """Autoregressive along the last axis."""
    z = rng.standard_normal(shape)
    for t in range(1, shape[-1]):
        z[..., t] = rho * z[..., t - 1] + np.sqrt(1 - rho ** 2) * z[..., t]
    return sd * z


class People:
    """Agents by spell in a team: weeks of hire and leaving, presence, mix of contacts, share of full time."""

    def __init__(self, rng, variant):
        spells = [spell for team in range(variant.teams)
                  for _ in range(int(rng.integers(6, 10) if variant.hard else rng.integers(9, 19)))
                  for spell in self.seat(rng, team, variant.weeks)]
        self.team, self.hired, self.left = np.array([s for s in spells if s[2] > max(s[1], 0) + 3]).T
        self.members = [np.flatnonzero(self.team == team) for team in range(variant.teams)]
        agents, weeks = len(self.team), np.arange(variant.weeks)
        self.tenure = weeks - self.hired[:, None]
        self.present = (self.tenure >= 0) & (weeks < self.left[:, None]) & (rng.random(self.tenure.shape) > 0.07)
        for team in np.flatnonzero(rng.random(variant.teams) < 0.2):        # a week without data
            self.present[self.members[team], rng.integers(variant.weeks)] = False
        self.time = np.where(rng.random(agents) < 0.2, rng.uniform(0.4, 0.7, agents), 1)
        self.time *= np.exp(0.15 * rng.standard_normal(agents))
        self.draw_mix(rng, variant)

    def seat(self, rng, team, weeks):
        """Who sits on a seat, one after another; new hires leave twice as soon."""
        hired = -rng.exponential(90) - 1 if rng.random() > 0.15 else -rng.uniform(1, 26)
        while True:
            left = max(hired, 0) + rng.exponential(52 / (0.7 if hired > -26 else 0.35))
            yield team, int(np.floor(hired)), int(left) if left < weeks - 1 else weeks
            if left >= weeks - 5:
                return
            hired = int(left) + int(rng.integers(1, 5))

    def draw_mix(self, rng, variant):
        """Shares of the contact types by agent and week; in half of the centres they drift."""
        by_team, by_agent = (variant.teams, 1, variant.types), (len(self.team), 1, variant.types)
        logit = np.log(rng.dirichlet(np.full(variant.types, 6.0))) + 0.35 * rng.standard_normal(by_team)[self.team]
        slope = rng.choice([0, 0.5]) * rng.standard_normal(by_team)[self.team]
        time = np.arange(variant.weeks)[:, None] / variant.weeks - 0.5
        mix = np.exp(logit + 0.2 * rng.standard_normal(by_agent) + slope * time)
        self.mix = mix / mix.sum(2, keepdims=True)


@dataclass
class Plan:
    """What is planted in a team and metric."""

    kind: str
    lacking: np.ndarray                 # skill, by agent
    types: np.ndarray                   # all are short, by contact type
    common: float = 0.0                 # the same, everywhere
    only: np.ndarray = None             # the types that the skill is for; None: all
    routed: np.ndarray = None           # agents who get most of the hard contacts; None: nobody does
    gain: float = 0.0                   # of a first session
    rate: float = 0.0                   # sessions by agent and week
    ramp: bool = False                  # they become more over the year


class Planner:
    """Draws the plans of one metric."""

    def __init__(self, rng, variant, profile, people, typed):
        self.rng, self.variant, self.profile, self.people = rng, variant, profile, people
        shares = {kind: 0.0 for kind in KINDS}
        for kind in KINDS:
            known = kind if typed else WITHOUT_TYPES.get(kind, kind)
            if known:
                shares[known] += getattr(KINDS[kind], profile.name)
        self.shares = np.array(list(shares.values())) / sum(shares.values())

    def plan(self, team, metric):
        """A team's plan; the step that is to blame delays, but doesn't spoil the quality."""
        kind = self.rng.choice(list(KINDS), p=self.shares)
        if self.variant.to_blame[team]:
            kind = "on_target" if metric == "qa" else "step"
        members = self.people.members[team]
        plan = Plan(kind, np.zeros(len(members)), np.zeros(self.variant.types), ramp=self.rng.random() < 0.4)
        self.draw_coaching(plan, KINDS[kind])
        self.draw_skill(plan, KINDS[kind], members)
        self.draw_common(plan, KINDS[kind], members)
        return plan

    def draw_coaching(self, plan, kind):
        """How much there is, and what it gives to those who lack skill."""
        rng = self.rng
        coached = self.profile.few if plan.kind == "nobody_knows" else kind.coached
        if rng.random() < coached:
            plan.rate = rng.uniform(0.06, 0.13) * kind.dose * (1.4 if self.variant.hard else 1)
        if kind.lacking:
            plan.gain = rng.uniform(*(self.profile.gain_all if kind.lacking == "all" else self.profile.gain))
        elif plan.kind == "on_target" and rng.random() < 0.33:
            plan.gain = 0.8

    def draw_skill(self, plan, kind, members):
        """What agents lack."""
        rng, profile, size = self.rng, self.profile, len(members)
        if kind.lacking == "all":
            plan.lacking[:] = rng.uniform(*profile.skill)
        elif kind.lacking == "some" and not kind.short and rng.random() < 0.33:
            spread = rng.gamma(0.9, 2.6, size)
            plan.lacking = np.where(spread < 0.5, 0, spread)
        elif kind.lacking == "some":
            share = rng.uniform(*((0.3, 0.5) if kind.short else profile.share))
            odds = np.where(self.people.hired[members] > -26, 1.0 + self.variant.new_hires_lack, 1.0)
            count = int(np.clip(np.round(share * size), 2, size - 2))
            weak = rng.choice(size, count, replace=False, p=odds / odds.sum())
            plan.lacking[weak] = rng.uniform(*profile.weak, count)
        if kind.one_type:
            plan.only = self.some_types(members)

    def draw_common(self, plan, kind, members):
        """What all are short of."""
        rng, profile, mixed = self.rng, self.profile, kind.verdict == "mixed"
        if plan.kind == "on_target":
            plan.common = -rng.uniform(0.1, 0.4)
        elif kind.short == "everywhere":
            plan.common = rng.uniform(*(profile.mixed_common if mixed else profile.common))
        elif kind.short == "types":
            chosen = self.some_types(members)
            gap = rng.uniform(*(profile.mixed_types if mixed else profile.types))
            plan.types[chosen] = gap / self.people.mix[members][:, :, chosen].sum(2).mean()
        elif kind.short == "routed":
            plan.types[self.some_types(members)] = rng.uniform(*profile.routed)
            plan.routed = rng.random(len(members)) < rng.uniform(0.33, 0.5)
            plan.routed[rng.choice(len(members), 3, replace=False)] = [True, True, False]

    def some_types(self, members):
        """One or two contact types, with 20 to 50 % of a team's contacts where possible; as a mask."""
        share = self.people.mix[members].mean((0, 1))
        for _ in range(50):
            chosen = np.zeros(len(share), bool)
            chosen[self.rng.choice(len(share), self.rng.choice([1, 2]), replace=False)] = True
            if 0.2 <= share[chosen].sum() <= 0.5:
                break
        return chosen


def debatable(kind, gap, gap_last):
    """Why the kind doesn't settle the verdict; empty where it does. Set before the first run."""
    if kind == "on_target":
        return "gap not nearly zero" if gap > 0.4 else ""
    return "gap nearly zero" if gap < 0.75 else "gap nearly closed" if gap_last < 0.4 else ""


class Work:
    """One metric over the weeks: what is planted, recorded, seen by coaches, coached and gained."""

    def __init__(self, rng, variant, profile, people, metric):
        self.rng, self.variant, self.profile, self.people, self.metric = rng, variant, profile, people, metric
        self.rows, self.sessions = [], []
        self.target, self.higher, _ = METRICS[metric]
        self.smallest = SMALLEST[metric]
        self.contacts = CONTACTS[metric] * (0.6 if variant.hard else 1)
        self.noise = rng.uniform(1.55, 2.1) if variant.hard else rng.uniform(1.1, 1.55)     # of an agent's week
        self.rates = metric == "fcr" and rng.random() < 0.6
        self.scale = "proportion" if self.rates else "log" if metric == "aht" and variant.log_aht else "identity"
        self.typed = variant.knows_types and (metric != "qa" or rng.random() < 0.6)
        planner = Planner(rng, variant, profile, people, self.typed)
        self.plans = [planner.plan(team, metric) for team in range(variant.teams)]
        self.draw_levels()
        self.draw_passing()
        self.start_coaching()
        for week in range(variant.weeks):
            self.live(week)

    def by_agent(self, name):
        """What the plan of an agent's team says, to each agent."""
        return np.array([getattr(plan, name) for plan in self.plans])[self.people.team]

    def draw_levels(self):
        """Lasting badness by agent and by contact type, and the natural differences of the types."""
        rng, people, shape = self.rng, self.people, (len(self.people.team), self.variant.types)
        self.mix, self.lacking, self.lump = people.mix.copy(), np.zeros(shape[0]), np.zeros(shape)
        for members, plan in zip(people.members, self.plans):
            self.lacking[members] = plan.lacking
            if plan.routed is not None:
                self.route(members, plan)
            if plan.only is not None:       # the same mean, all of it in these types
                share = self.mix[members][:, :, plan.only].sum(2).mean(1, keepdims=True)
                self.lump[members] = np.where(plan.only, 1 / share, 0) - 1
        talent = rng.uniform(*self.profile.talent) * rng.standard_normal(shape[0])
        self.fixed = self.by_agent("common") + self.lacking + talent
        self.by_type = self.by_agent("types") + 0.25 * rng.standard_normal(shape)
        natural = self.variant.type_sd * rng.standard_normal(shape[1])
        self.natural = natural - natural @ people.mix.mean((0, 1)) if self.typed else np.zeros(1)

    def route(self, members, plan):
        """Some agents get most of the hard contacts, the others few."""
        size, hard = len(members), plan.types > 0
        want = np.where(plan.routed, self.rng.uniform(0.6, 0.85, size), self.rng.uniform(0.05, 0.15, size))
        want, mix = want[:, None, None], self.mix[members]
        now = mix[:, :, hard].sum(2, keepdims=True)
        self.mix[members] = np.where(hard, mix * want / now, mix * (1 - want) / (1 - now))

    def draw_passing(self):
        """Spells, season, what happens to a team, and learning curves of new hires."""
        rng, team, weeks = self.rng, self.people.team, np.arange(self.variant.weeks)
        by_team = (self.variant.teams, len(weeks))
        self.spell = wave(rng, rng.uniform(0.3, 0.6), rng.uniform(0.2, 0.65), (len(team), len(weeks)))
        season = rng.uniform(0.2, 0.8) * np.sin(2 * np.pi * (weeks / 52 + rng.random()))
        drift = rng.choice([0, 0.05]) * np.cumsum(rng.standard_normal(by_team), 1)
        happens = wave(rng, rng.uniform(0.2, 0.6), 0.4, by_team) + drift - drift.mean(1, keepdims=True)
        self.learning = rng.uniform(1.2, 2.5) * np.exp(-np.maximum(self.people.tenure, 0) / rng.uniform(5, 10))
        self.learning[self.people.hired < -52] = 0
        self.passing = self.spell + season - season.mean() + happens[team]

    def start_coaching(self):
        """What a session can give to whom; nothing was held, gained or seen yet."""
        shape, lacks = self.people.present.shape, self.lacking > 0
        self.gain = self.by_agent("gain") * np.where(lacks, np.minimum(1, self.lacking / 2.5), 0.25)
        self.ceiling = np.where(lacks, np.maximum(0.85 * self.lacking, 1), 1)
        self.stock = np.zeros((shape[0], shape[1] + 1))     # of gains, at the start of a week
        self.given, self.held = np.zeros(shape), np.zeros(shape, bool)
        self.seen, self.last = np.full(shape, np.nan), np.full(shape[0], -99)

    def live(self, week):
        """A week is worked and recorded, then coached."""
        here = np.flatnonzero(self.people.present[:, week])
        badness, mix = self.badness(here, week), self.mix[here, week]
        mean = self.contacts * self.people.time[here][:, None, None] * mix[:, None, :] / self.variant.days
        volume = self.rng.poisson(mean, (len(here), self.variant.days, self.variant.types))
        if not self.typed:
            volume, badness = volume.sum(2, keepdims=True), (badness * mix).sum(1, keepdims=True)
        measured = self.measure(badness[:, None, :] + self.natural, volume)
        self.record(here, week, measured, volume)
        self.stock[:, week + 1] = self.variant.fade * self.stock[:, week]
        known = week if self.variant.prompt else week - 1
        if known >= 3:
            self.choose(week, known)
            self.coach(week)

    def badness(self, here, week):
        """Of those who are here, by contact type."""
        stock = self.stock[:, week]
        mates = np.bincount(self.people.team, stock)[self.people.team]
        mean = self.fixed + self.learning[:, week] + self.passing[:, week] - stock - self.variant.spillover * mates
        return (mean[:, None] + self.by_type + self.lump * (self.lacking - stock)[:, None])[here]

    def measure(self, badness, volume):
        """Badness with the noise of few contacts."""
        n = np.maximum(volume, 1)
        if self.rates:
            share = np.clip(self.target - self.smallest * badness, 0.03, 0.98)
            return (self.target - self.rng.binomial(volume, share) / n) / self.smallest
        heavy, shape = self.variant.heavy_tails, volume.shape
        error = self.rng.standard_t(4, shape) / np.sqrt(2) if heavy else self.rng.standard_normal(shape)
        return badness + self.noise * np.sqrt(self.contacts / n) * error

    def in_metric(self, badness):
        """Badness as a value of the metric."""
        if self.scale == "log":
            return self.target * np.exp(self.smallest / self.target * badness)
        return self.target + (-self.smallest if self.higher else self.smallest) * badness

    def record(self, here, week, measured, volume):
        """Rows, and what the coaches see."""
        agent, day, kind = np.nonzero(volume)
        self.rows.append(pd.DataFrame({
            "agent": here[agent], "metric": self.metric, "day": 7 * week + day, "type": kind if self.typed else -1,
            "value": self.in_metric(measured[agent, day, kind]), "volume": volume[agent, day, kind],
            "target": self.in_metric(self.natural[kind]) if self.typed and self.variant.type_targets else np.nan}))
        beside = measured - self.natural * self.variant.type_targets
        total = volume.sum((1, 2))
        self.seen[here[total > 0], week] = ((beside * volume).sum((1, 2)) / np.maximum(total, 1))[total > 0]

    def score(self, known):
        """How bad agents look to the coaches; NaN: they have not been seen."""
        back = {"last month": 4, "both": 2, "lasting": known + 1}.get(self.variant.trigger, 1)
        recent = pd.DataFrame(self.seen[:, known + 1 - back:known + 1]).mean(axis=1).to_numpy()
        if self.variant.trigger == "both":
            recent = 0.5 * recent + 0.5 * pd.DataFrame(self.seen[:, :known + 1]).mean(axis=1).to_numpy()
        return recent

    def choose(self, week, known):
        """Who has a session: the worst, more or less, nobody twice in three weeks."""
        rng, score = self.rng, self.score(known)
        free = self.people.present[:, week] & np.isfinite(score) & (week - self.last > 2)
        for members, plan in zip(self.people.members, self.plans):
            able = members[free[members]]
            pace = plan.rate * (0.4 + 1.2 * week / self.variant.weeks if plan.ramp else 1)
            number = min(rng.poisson(pace * self.people.present[members, week].sum()), len(able))
            if number == 0 or len(able) < 3:
                continue
            bad = (score[able] - score[able].mean()) / (score[able].std() + 1e-9)
            if self.variant.trigger == "private":
                bad = 0.5 * bad + 0.7 * self.spell[able, known] / self.spell.std()
            chosen = able[np.argsort(-self.variant.strength * bad - rng.gumbel(size=len(able)))[:number]]
            self.held[chosen, week], self.last[chosen] = True, week

    def coach(self, week):
        """The sessions of a week; half of those of a whole team that has a poor coach are a neighbour's coach's."""
        rng, now = self.rng, np.flatnonzero(self.held[:, week])
        kinds = [KINDS[self.plans[team].kind] for team in self.people.team[now]]
        share = np.array([kind.poor * (0.5 if kind.lacking == "all" else 1.0) for kind in kinds])
        poor = rng.random(len(now)) < share
        gain = self.gain[now] * np.where(poor, rng.uniform(0, 0.1, len(now)), 1)
        self.given[now, week] = gain * np.exp(0.15 * rng.standard_normal(len(now)))
        missing = np.maximum(0, 1 - self.stock[now, week] / self.ceiling[now])
        self.stock[now, week + 1] += self.given[now, week] * missing
        good = 500 + (self.people.team[now] + (share > 0)) % self.variant.teams
        self.sessions.append(pd.DataFrame({
            "agent": now, "week": week, "metric": self.metric, "coach_id": np.where(poor, 900 + now % 2, good)}))

    def level(self):
        """Badness without what passes, by agent and week."""
        own = self.fixed[:, None] + self.learning - self.stock[:, :-1]
        return own + (self.by_type[:, None, :] * self.mix).sum(2)

    def effects(self):
        """Agent and effect of each session."""
        agent, week = np.nonzero(self.held)
        level, fade = self.level(), self.variant.fade
        without = fade * self.stock[agent, week]
        total, count = np.zeros(len(agent)), np.zeros(len(agent))
        for after in range(1, 5):
            then = np.minimum(week + after, self.variant.weeks - 1)
            works = (then == week + after) & self.people.present[agent, then]
            total += np.where(works, self.improvement(level[agent, then], self.stock[agent, then] - without), 0)
            count += works
            without = fade * without + self.given[agent, then] * np.maximum(0, 1 - without / self.ceiling[agent])
        return agent[count > 0], (total / np.maximum(count, 1))[count > 0]

    def improvement(self, level, gain):
        """What a gain is worth on the metric's scale, in smallest effects."""
        if self.scale != "log":
            return gain
        step = self.smallest / self.target
        return (np.exp(step * (level + gain)) - np.exp(step * level)) / step

    def truth(self):
        """By team: kind, right verdict, why that is debatable, gap, sessions and their effect."""
        agent, effect = self.effects()
        team = self.people.team[agent]
        mates = np.array([self.stock[members, :-1].sum(0) for members in self.people.members])[self.people.team]
        level = self.level() - self.variant.spillover * mates
        weight = self.people.present * self.people.time[:, None]
        return [self.truth_row(number, level[members], weight[members], effect[team == number])
                for number, members in enumerate(self.people.members)]

    def truth_row(self, team, level, weight, effects):
        """Truth of a team."""
        kind = self.plans[team].kind
        gap, gap_last = ((level * weight)[:, -weeks:].sum() / weight[:, -weeks:].sum() for weeks in (52, 13))
        return {"team": f"T{team:02d}", "metric": self.metric, "kind": kind, "truth": KINDS[kind].verdict,
                "debatable": debatable(kind, gap, gap_last), "gap": gap, "gap_last": gap_last,
                "sessions": len(effects), "effect": effects.mean() if len(effects) else np.nan}


class Centre:
    """A centre of a seed, and its relations as a customer would deliver them."""

    def __init__(self, seed, profile="plain"):
        self.rng = np.random.default_rng([seed, 20261122])
        self.variant = Variant(self.rng, seed, PROFILES[profile])
        self.people = People(self.rng, self.variant)
        self.work = {metric: Work(self.rng, self.variant, PROFILES[profile], self.people, metric)
                     for metric in self.variant.metrics}
        self.smallest = SMALLEST
        self.type_names = np.array([f"Type {chr(65 + k)}" for k in range(self.variant.types)] + [None])

    def truth(self):
        """By team and metric."""
        return pd.DataFrame([row for work in self.work.values() for row in work.truth()])

    def relations(self):
        """Rows of the workspace's relations by name; once only, since contacts are drawn here."""
        out = {"metric": self.metric_rows(), "agent_metric": self.value_rows(), "agent": self.agent_rows(),
               "assignment": self.assignment_rows(), "coaching_session": self.session_rows()}
        out["coach"] = out["coaching_session"][["coach_id"]].drop_duplicates()
        if self.variant.knows_steps:
            out["contact"], out["contact_event"] = self.contact_rows()
        return out

    def day(self, days):
        """Dates of days since the start."""
        return pd.Series(START + pd.to_timedelta(np.asarray(days), "D"))

    def metric_rows(self):
        """Targets and smallest effects."""
        rows = [(*METRICS[metric], metric, SMALLEST[metric], work.scale) for metric, work in self.work.items()]
        return pd.DataFrame(rows, columns=["target", "higher_is_better", "unit", "metric", "smallest_effect", "scale"])

    def value_rows(self):
        """agent_metric."""
        rows = pd.concat([week for work in self.work.values() for week in work.rows], ignore_index=True)
        return pd.DataFrame({
            "agent_id": rows.agent + 1000, "metric": rows.metric, "period": self.day(rows.day), "value": rows.value,
            "volume": rows.volume, "contact_type": self.type_names[rows.type], "target": rows.target})

    def agent_rows(self):
        """Days of hire and leaving."""
        people = self.people
        hired, left = self.day(7 * people.hired), self.day(7 * people.left)
        return pd.DataFrame({"agent_id": 1000 + np.arange(len(hired)), "hired_on": hired,
                             "left_on": left.where(people.left < self.variant.weeks)})

    def assignment_rows(self):
        """Every agent stays in the team."""
        rows, team, teams = self.agent_rows(), self.people.team, self.variant.teams
        return pd.DataFrame({
            "agent_id": rows.agent_id, "team": [f"T{t:02d}" for t in team], "valid_from": rows.hired_on,
            "valid_to": rows.left_on, "supervisor": [f"SUP{t:02d}" for t in team],
            "site": [f"S{t % 2}" for t in team], "program": [f"P{t * 2 // teams}" for t in team]})

    def session_rows(self):
        """What was held, and a tenth as much that was not."""
        rng, variant = self.rng, self.variant
        held = pd.concat([week for work in self.work.values() for week in work.sessions], ignore_index=True)
        held["at"] = self.day(7 * held.week + (4 if variant.prompt or variant.days > 1 else 1)) + pd.Timedelta(hours=15)
        lost = held.sample(frac=0.1, random_state=1)
        lost["at"] += pd.Timedelta(days=int(rng.integers(7, 15)))
        status = ["held"] * len(held) + list(rng.choice(["cancelled", "no_show"], len(lost)))
        rows = pd.concat([held, lost], ignore_index=True)
        at = rows["at"].dt.strftime("%Y-%m-%d %H:%M+00")
        return pd.DataFrame({
            "session_id": 1 + np.arange(len(rows)), "agent_id": rows.agent + 1000, "coach_id": rows.coach_id,
            "held_at": at.where(np.array(status) == "held"), "scheduled_at": at, "status": status,
            "metric": rows.metric, "duration_minutes": rng.choice([15, 20, 30, 45], len(rows)), "kind": "scheduled",
            "trigger": rng.choice(["metric_outlier", "routine"], len(rows), p=[0.7, 0.3])})

    def contact_rows(self):
        """Forty contacts an agent and their steps; where a step is to blame, two in three wait for an approval."""
        rng = self.rng
        agent, start = self.draw_contacts()
        blamed = self.variant.to_blame[self.people.team[agent]]
        waits = rng.random(len(agent)) < np.where(blamed, 0.65, 0.06)
        seconds, delay = self.handle_time(agent, blamed)
        wait = np.where(waits, rng.gamma(4, np.where(blamed, delay / 0.65, 60) / 4), 0)
        work = np.maximum(seconds - np.where(blamed, delay, 4), 60) * rng.gamma(4, 0.25, len(agent))
        contact = pd.DataFrame({
            "contact_id": 1 + np.arange(len(agent)), "agent_id": agent + 1000,
            "started_at": self.stamp(start, np.zeros(len(agent))),
            "contact_type": self.type_names[rng.integers(0, self.variant.types, len(agent))],
            "handle_seconds": np.round(work + wait, 1), "resolved": rng.random(len(agent)) < np.where(waits, 0.5, 0.8),
            "transferred": False, "escalated": waits & (rng.random(len(agent)) < 0.5)})
        return contact, self.event_rows(contact, start, work, wait)

    def draw_contacts(self):
        """Agents and starts of contacts in the last half year."""
        rng, people, weeks = self.rng, self.people, self.variant.weeks
        first = np.maximum(np.maximum(people.hired, 0), weeks - 26)
        agent = np.repeat(np.flatnonzero(people.left > first + 1), 40)
        week = rng.integers(first[agent], people.left[agent])
        seconds = pd.to_timedelta(rng.integers(8 * 3600, 17 * 3600, len(agent)), "s")
        return agent, self.day(7 * week + rng.integers(0, 5, len(agent))) + seconds

    def handle_time(self, agent, blamed):
        """Mean seconds of an agent's contacts, and those that the step takes of them."""
        if "aht" not in self.work:
            return np.full(len(agent), METRICS["aht"][0]), np.full(len(agent), 80.0)
        work = self.work["aht"]
        seconds = work.target + work.smallest * (work.fixed + work.by_type.mean(1))
        return seconds[agent], np.where(blamed, work.smallest * work.by_agent("common")[agent], 0)

    def stamp(self, start, seconds):
        """Times a while after the start."""
        return (start + pd.to_timedelta(np.round(seconds, 1), "s")).dt.strftime("%Y-%m-%d %H:%M:%S.%f+00")

    def event_rows(self, contact, start, work, wait):
        """Steps of the contacts."""
        diagnosed, approved, end = 0.6 * work, 0.6 * work + wait, work + wait
        every, waits = np.ones(len(work), bool), wait > 0
        steps = [("identify customer", "work", 0 * work, 0.2 * work, every),
                 ("find resolution", "work", 0.2 * work, diagnosed, every),
                 ("resolution identified", "resolution_identified", diagnosed, diagnosed, every),
                 ("approval by back office", "approval", diagnosed, approved, waits),
                 ("resolution authorised", "resolution_authorised", approved, approved, waits),
                 ("deliver", "work", approved, end, every),
                 ("resolved", "resolved", end, end, contact.resolved)]
        return pd.concat([
            pd.DataFrame({"contact_id": contact.contact_id, "step": step, "started_at": self.stamp(start, since),
                          "ended_at": self.stamp(start, until), "agent_id": contact.agent_id, "kind": what})[which]
            for step, what, since, until, which in steps], ignore_index=True)
