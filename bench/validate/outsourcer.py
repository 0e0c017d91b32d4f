"""A fifth simulator of contact centres, an outsourcer's, written without knowledge of the rule and of the others.

A hundred teams in programmes of a few to dozens of teams. Each has contact types of its own and learns, is coached and
lives through its season in its own way; some know their types and some of these have targets by type, the others one
target over types of natural differences. Badness is in units of smallest_effect, which differs by centre; 0 is the target,
positive worse. Odd seeds are normal centres, even ones hard: teams of 5 to 9, fewer contacts, twice the noise.

- coaches have one to three teams each and help out in others; one in nine is poor and gives nothing at all
- a session gives the less, the more of the skill is there already; fades with half-lives of 3 to 10 weeks or lasts
- short for the process: everywhere, in contact types, in a type that is routed to a few; the wait for an approval shows
- lack of skill: some or all of a team, or all in a contact type; routing of what is hard by nature, without any gap
- coaches see the week itself or a report of the last one, and go by it, by twelve weeks, in turn, by what the data don't
  show, or by one of these a week; in some programmes new hires first
- values: lognormal, binomial and half points; learning, heavy-tailed spells, shocks of teams, transfers, absences, churn

The order of the random draws is part of the study: a change of it makes other centres of the same seeds."""

from typing import NamedTuple

import numpy as np
import pandas as pd

import outsourcer_rows
from outsourcer_plan import HORIZON, KINDS, METRICS, Coaches, Planner, Programs, Variant

SIGN = {"aht": 1, "fcr": -1, "quality": -1}     # of a value above the target


class People:
    """Agents: team by week (-1: not there), hire, presence, pace, mix of contacts, what they lack and are worth."""

    def __init__(self, rng, variant, programs, program, plans):
        self.rng, self.variant, self.programs, self.program, self.plans = rng, variant, programs, program, plans
        self.teams, self.hired, self.mixes, self.lacks = [], [], [], []
        for team, size in enumerate(rng.integers(5, 10, len(program)) if variant.hard else rng.integers(6, 19, len(program))):
            self.settle(team, size)
        agent = 0
        while agent < len(self.teams):
            self.live(agent)
            agent += 1
        self.team, self.hired, self.mix = np.array(self.teams), np.array(self.hired), np.array(self.mixes)
        self.lacking = dict(zip(METRICS, np.array(self.lacks).T))
        self.first = (self.team >= 0).argmax(1)
        self.home = self.team[np.arange(agent), self.first]
        self.present = (self.team >= 0) & ~self.absences()
        self.pace = np.exp(rng.normal(0, 0.25, agent)) * np.where(rng.random(agent) < 0.15, 0.55, 1)
        self.responds, self.learns = np.exp(rng.normal(0, 0.3, agent)), np.exp(rng.normal(0, 0.4, agent))
        self.tenure = np.arange(variant.weeks) - self.hired[:, None]
        self.contacts = self.draw_contacts()

    def join(self, team, start, hired):
        """A new agent."""
        rng, mix = self.rng, self.programs.mix[self.program[team]]
        self.teams.append(np.where(np.arange(self.variant.weeks) >= start, team, -1))
        self.hired.append(hired)
        types = mix > 0
        self.mixes.append(np.zeros(len(mix)))
        self.mixes[-1][types] = rng.dirichlet(mix[types] * 60)
        self.lacks.append([rng.uniform(*self.plans[metric][team].lacking) * (rng.random() < self.plans[metric][team].share)
                           for metric in METRICS])

    def settle(self, team, size):
        """Those of the start; the share who lack skill is exact, and the hard type is routed."""
        rng, first = self.rng, len(self.teams)
        for _ in range(size):
            tenure = int(rng.integers(0, 26) if rng.random() < 0.12 else 26 + rng.exponential(110))
            self.join(team, 0, -tenure)
        for j, metric in enumerate(METRICS):
            plan = self.plans[metric][team]
            if KINDS[plan.kind].lacking == "some":
                count = int(np.clip(round(plan.share * size), 1, size - 1))
                for place, agent in enumerate(first + rng.permutation(size)):
                    self.lacks[agent][j] = rng.uniform(*plan.lacking) if place < count else 0.0
            if plan.routed >= 0:
                self.route(first + rng.permutation(size), plan.routed, self.programs.mix[self.program[team], plan.routed])

    def route(self, members, hard, share):
        """A few agents get four fifths of a type."""
        size = len(members)
        few = max(1, int(round(size * self.rng.uniform(0.2, 0.35))))
        most = min(0.85, share * size * 0.8 / few)
        least = max(0.01, (share * size - most * few) / (size - few))
        for place, agent in enumerate(members):
            part, mix = most if place < few else least, self.mixes[agent]
            mix[hard] = 0
            mix *= (1 - part) / mix.sum()
            mix[hard] = part

    def live(self, agent):
        """Leaves, to be followed by another within weeks, or moves to another team of the programme."""
        rng, weeks, stays, hired = self.rng, self.variant.weeks, self.teams[agent], self.hired[agent]
        chance = rng.random((weeks, 2))
        for week in range(int((stays >= 0).argmax()) + 1, weeks):
            team = stays[week]
            if chance[week, 0] < self.variant.attrition / 52 * (2.2 if week - hired < 26 else 0.85):
                stays[week:] = -1
                start = week + int(rng.integers(1, 6))
                if start < weeks - 3:
                    self.join(team, start, start)
                return
            if chance[week, 1] < 0.06 / 52 and week < weeks - 4:
                near = np.flatnonzero((self.program == self.program[team]) & (np.arange(len(self.program)) != team))
                if len(near):
                    stays[week:] = rng.choice(near)

    def absences(self):
        """One to three weeks at a time."""
        rng, absent = self.rng, np.zeros(self.team.shape, bool)
        for agent, week in zip(*np.nonzero(rng.random(self.team.shape) < 0.025)):
            absent[agent, week:week + int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))] = True
        return absent

    def draw_contacts(self):
        """By agent, week and type; less than three are none."""
        rng = self.rng
        mean = self.variant.volume["aht"] * self.pace[:, None] * rng.uniform(0.7, 1.25, self.team.shape)
        total = rng.poisson(np.where(self.present, mean, 0))
        total[total < 3] = 0
        return rng.multinomial(total, (self.mix / self.mix.sum(1, keepdims=True))[:, None, :])


def heavy(rng, freedom, shape):
    """Draws of Student's t with variance 1."""
    return rng.standard_t(freedom, shape) / np.sqrt(freedom / (freedom - 2))


def carried(rng, sd, carry, freedom, shape):
    """Autoregressive along the last axis; sd by row."""
    x, out = rng.normal(0, sd, shape[0]), np.empty(shape)
    for t in range(shape[1]):
        x = carry * x + sd * np.sqrt(1 - carry ** 2) * heavy(rng, freedom, shape[0])
        out[:, t] = x
    return out


class Session(NamedTuple):
    """gives: added to the stock; part: share of what is lacking that a first session would give."""

    agent: int
    week: int
    team: int
    coach: int
    status: str
    praise: bool
    gives: float
    part: float


class Work:
    """One metric over the weeks: what is planted, worked, recorded, seen by coaches, coached and gained."""

    def __init__(self, rng, variant, programs, coaches, people, metric, plans, team_sd):
        self.rng, self.variant, self.programs, self.coaches, self.people = rng, variant, programs, coaches, people
        self.metric, self.plans, self.rows, self.sessions = metric, plans, [], []
        self.smallest, self.target, self.lacking = variant.smallest[metric], variant.target[metric], people.lacking[metric]
        shape, j = people.team.shape, METRICS.index(metric)
        by_team = ("common", "gain", "keeps")
        self.common, self.gain, self.keeps = (np.array([getattr(plan, name) for plan in plans]) for name in by_team)
        self.types, self.reach = np.array([plan.types for plan in plans]), np.array([plan.reach for plan in plans])
        self.talent = rng.normal(0, 1, shape[0]) * np.array([plan.talent for plan in plans])[people.home]
        self.spell = carried(rng, np.full(shape[0], variant.spell_sd[j]), variant.carry[j], 4, shape)
        self.plain = self.draw_plain(j, carried(rng, team_sd, 0.75, 5, (len(plans), shape[1])))
        self.natural = programs.natural[metric][people.program]         # by team and type
        self.types_known = programs.typed[people.program] & (metric != "quality")
        self.targets = variant.value(metric, np.zeros(self.natural.shape), self.natural)
        self.targets[~(self.types_known & programs.type_targets[people.program])] = self.target
        self.gained, self.stock, self.last = np.zeros(shape[0]), np.zeros(shape), np.full(shape[0], -10)
        self.seen, self.true, self.weight = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, 0.01)
        for week in range(variant.weeks):
            self.live(week)

    def draw_plain(self, j, shocks):
        """Badness without types and skill, by agent and week."""
        people, programs = self.people, self.programs
        team, week = np.maximum(people.team, 0), np.arange(self.variant.weeks)
        program = people.program[team]
        learning = programs.learning[program, j] * people.learns[:, None] * np.exp(-people.tenure / programs.learns[program])
        return (self.common[team] + self.talent[:, None] + learning + programs.happens[program, j, week]
                + shocks[team, week] + self.spell)

    def live(self, week):
        """A week is coached by last week's report, worked and recorded; or coached by what it was itself."""
        added = np.zeros(len(self.gained))
        if self.variant.report:
            added = self.coach(week, week - 1)
        self.stock[:, week] = self.gained + 0.4 * added
        self.work(week)
        if not self.variant.report:
            added = self.coach(week, week)
        team = self.people.team[:, week]
        self.gained = np.where(team >= 0, self.gained * self.keeps[team] + added, self.gained)

    def badness(self, agent, week):
        """By contact type."""
        team = self.people.team[agent, week]
        short = self.lacking[agent] - self.stock[agent, week]
        return self.plain[agent, week][:, None] + self.types[team] + self.reach[team] * short[:, None]

    def work(self, week):
        """Values of those who are there, what is expected of them, and what the coaches see."""
        people, n = self.people, self.people.contacts[:, week]
        here = np.flatnonzero(n.sum(1))
        team, mix, badness = people.team[here, week], people.mix[here], self.badness(here, week)
        if self.metric == "quality":
            badness = (badness * mix).sum(1, keepdims=True)
        mean = self.variant.value(self.metric, badness, self.natural[team] if self.metric != "quality" else 0)
        target = self.targets[team] if self.metric != "quality" else np.full((len(here), 1), float(self.target))
        value, n = self.measure(mean, n[here])
        part = mix if self.metric != "quality" else 1
        self.true[here, week] = (SIGN[self.metric] * (mean - target) * part).sum(1) / self.smallest
        total = n.sum(1)
        some = total > 0
        beside = (SIGN[self.metric] * (value - target) * n).sum(1)[some] / total[some]
        self.seen[here[some], week], self.weight[here[some], week] = beside, total[some]
        self.record(week, here, value, n, self.types_known[team])

    def measure(self, mean, contacts):
        """Values by agent and contact type, and what they rest on."""
        rng, v = self.rng, self.variant
        if self.metric == "aht":
            variance = np.log1p(v.spread ** 2 / np.maximum(contacts, 1))
            value = mean * np.exp(rng.normal(0, 1, mean.shape) * np.sqrt(variance) - variance / 2)
            return value * np.where(rng.random((len(mean), 1)) < 0.01, rng.uniform(1.2, 1.8, (len(mean), 1)), 1), contacts
        if self.metric == "fcr":
            n = rng.binomial(contacts, min(1, v.volume["fcr"] / v.volume["aht"]))
            return rng.binomial(n, np.clip(mean, 0.01, 0.99)) / np.maximum(n, 1), n
        n = rng.poisson(v.volume["quality"], mean.shape)
        value = mean + rng.normal(0, v.score_sd, mean.shape) / np.sqrt(np.maximum(n, 1))
        value += np.where(rng.random(mean.shape) < 0.1, 2 * heavy(rng, 3, mean.shape), 0)
        return np.clip(np.round(value * 2) / 2, 0, 100), n

    def record(self, week, here, value, n, known):
        """Rows, by contact type where it is known."""
        agent, kind = np.nonzero(n * known[:, None])
        self.rows.append((here[agent], np.full(len(agent), week), kind, value[agent, kind], n[agent, kind]))
        total = n.sum(1)
        rest = (total > 0) & ~known
        mean = (value * n).sum(1)[rest] / total[rest]
        self.rows.append((here[rest], np.full(rest.sum(), week), np.full(rest.sum(), -1), mean, total[rest]))

    def coach(self, week, known):
        """The sessions of a week by what is known of the weeks until then; what each agent gains."""
        added, people = np.zeros(len(self.gained)), self.people
        for team, plan in enumerate(self.plans):
            if not plan.rate:
                continue
            mine = np.flatnonzero((people.team[:, week] == team) & people.present[:, week])
            pace = plan.rate * (0.5 + week / self.variant.weeks if plan.rises else 1)
            number = min(self.rng.poisson(pace * len(mine)), len(mine))
            if number:
                new = np.where(people.tenure[mine, week] < 12, self.programs.new_first[people.program[team]], 1)
                chance = np.exp(plan.slope * self.look(plan, mine, week, known)) * new
                for agent in self.rng.choice(mine, number, replace=False, p=chance / chance.sum()):
                    added[agent] += self.hold(agent, week, team)
        return added

    def look(self, plan, mine, week, known):
        """How much agents are in need, as the coaches see it."""
        trigger = plan.trigger if plan.trigger != "any" else self.rng.choice(["bad_week", "chronic", "turns", "private"])
        if known < 0:
            return np.zeros(len(mine))
        if trigger == "turns":
            waited = np.minimum(week - self.last[mine], 20) * 0.6
            return waited - waited.mean()
        if trigger == "private":
            x = self.spell[mine, week] + self.rng.normal(0, 0.4 * self.variant.spell_sd[METRICS.index(self.metric)], len(mine))
        elif trigger == "bad_week":
            x = self.seen[mine, known]
        else:
            past = self.seen[mine, max(0, known - 11):known + 1]
            count = np.isfinite(past).sum(1)
            x = np.where(count, np.nansum(past, 1) / np.maximum(count, 1), np.nan)
        x = np.where(np.isnan(x), np.nanmean(x) if np.isfinite(x).any() else 0, x)
        return (x - x.mean()) / (x.std() or 1) * (1.3 if trigger == "chronic" else 1)

    def hold(self, agent, week, team):
        """One session, or one that is cancelled or only praise; what it gives."""
        rng, chance, status = self.rng, self.rng.random(), "held"
        coach, gives, part = self.coaches.of(rng, team), 0.0, 0.0
        if chance < 0.07:
            status = str(rng.choice(["cancelled", "no_show", "rescheduled"]))
        self.last[agent] = week
        lacking = self.lacking[agent]
        if 0.07 <= chance <= 0.97 and lacking > 0 and self.gain[team] > 0:
            first = min(self.gain[team] * self.coaches.worth[coach] * self.people.responds[agent], 0.9 * lacking)
            gives, part = first * max(0, 1 - self.gained[agent] / lacking), first / lacking
        self.sessions.append(Session(agent, week, team, coach, status, chance > 0.97, gives, part))
        return gives

    def held(self):
        """The sessions that were coaching."""
        return [s for s in self.sessions if s.status == "held" and not s.praise]

    def effects(self):
        """Team and effect of the sessions that were followed by a week in the same team: with each minus without it."""
        held, names = self.held(), ("agent", "week", "team", "gives", "part")
        agent, week, team, gives, part = (np.array([getattr(s, name) for s in held]) for name in names)
        parts = np.zeros(self.stock.shape)
        np.add.at(parts, (agent, week), part)
        total, count, same = np.zeros(len(held)), np.zeros(len(held)), np.ones(len(held), bool)
        for after in range(1, HORIZON + 1):
            then = np.minimum(week + after, self.variant.weeks - 1)
            same &= (then == week + after) & (self.people.team[agent, then] == team)
            total[same] += self.worth(agent[same], then[same], gives[same])
            count += same
            gives = gives * (self.keeps[team] - parts[agent, then])
        return team[count > 0], (total / np.maximum(count, 1))[count > 0]

    def worth(self, agent, week, gain):
        """What a gain changes, in smallest effects."""
        team, mix, badness = self.people.team[agent, week], self.people.mix[agent], self.badness(agent, week)
        without = badness + self.reach[team] * gain[:, None]
        if self.metric == "quality":
            badness, without = ((x * mix).sum(1, keepdims=True) for x in (badness, without))
            natural, mix = 0, 1
        else:
            natural = self.natural[team]
        change = self.variant.value(self.metric, without, natural) - self.variant.value(self.metric, badness, natural)
        return SIGN[self.metric] * (change * mix).sum(1) / self.smallest

    def truth(self):
        """By team."""
        team, effect = self.effects()
        sessions = np.bincount([s.team for s in self.held()], minlength=len(self.plans))
        return [self.truth_row(number, plan, sessions[number], effect[team == number])
                for number, plan in enumerate(self.plans)]

    def truth_row(self, team, plan, sessions, effects):
        """Truth of a team."""
        here = (self.people.team == team) & np.isfinite(self.true)
        weight, short = self.weight * here, np.where(here, self.lacking[:, None] - self.stock, 0)
        gap = (np.where(here, self.true, 0) * weight).sum() / max(weight.sum(), 1e-9)
        lack = here & (self.lacking > 1)[:, None]
        mixes = self.people.mix[(self.people.team == team).any(1)]
        parts = {"types": (mixes @ plan.types).mean(), "skill": (short * weight).sum() / max(weight.sum(), 1e-9),
                 "share": lack.sum() / max(here.sum(), 1), "depth": short[lack].mean() if lack.any() else 0,
                 "agents": here.sum() / self.variant.weeks}
        effect = effects.mean() if len(effects) else np.nan
        return {"team": f"T{team:03d}", "metric": self.metric, "kind": plan.kind, "truth": KINDS[plan.kind].verdict,
                "accept": "cannot_tell" if plan.kind == "poor_all" else "",
                "debatable": debatable(plan.kind, gap, sessions, effect, parts), "gap": gap, "sessions": int(sessions),
                "effect": effect}


def debatable(kind, gap, sessions, effect, parts):
    """Why the kind doesn't settle the verdict; empty where it does. Set before the first run."""
    none = KINDS[kind].verdict == "no_gap"
    reasons = [
        (parts["agents"] < 3.5, "tiny team"),
        (none and gap > 0.5, "gap not nearly zero"),
        (not none and gap < 1.2, "gap nearly zero"),
        (kind in ("skill_some", "some_never", "poor_some") and not (0.2 <= parts["share"] <= 0.8 and parts["depth"] >= 2),
         "not some who lack skill"),
        (kind in ("skill_all", "struct_all", "skill_type", "poor_all") and sessions < 15, "hardly coached"),
        (kind in ("skill_all", "skill_type") and not effect >= 0.3, "coaching barely shows"),
        (kind == "mixed" and min(parts["types"], parts["skill"]) < 0.8, "one part too small"),
        (kind in ("struct_type", "type_never", "routing") and parts["types"] < 0.6 * gap, "not mostly types")]
    return next((reason for holds, reason in reasons if holds), "")


class Centre:
    """A centre of a seed."""

    def __init__(self, seed, teams=100):
        self.rng = rng = np.random.default_rng([seed, 20261123, 5])
        self.variant = variant = Variant(rng, seed)
        count = max(2, int(rng.integers(3, 7) * teams / 100 + 0.5))
        program = rng.choice(count, teams, p=rng.dirichlet(np.full(count, 2.0)))
        self.programs = Programs(rng, variant, count)
        self.coaches = Coaches(rng, program)
        planner = Planner(rng, variant, self.programs, self.coaches)
        plans = [planner.team(team, program[team]) for team in range(teams)]
        self.plans = {metric: [each[metric] for each in plans] for metric in METRICS}
        self.people = People(rng, variant, self.programs, program, self.plans)
        team_sd = rng.uniform(0.2, 0.7, teams)
        self.work = {metric: Work(rng, variant, self.programs, self.coaches, self.people, metric, self.plans[metric], team_sd)
                     for metric in METRICS}
        self.smallest = variant.smallest

    def truth(self):
        """By team and metric: kind, right verdict, what else is accepted, why that is debatable, gap, effect."""
        return pd.DataFrame([row for work in self.work.values() for row in work.truth()])

    def relations(self):
        """Rows of the workspace's relations by name; once only, since contacts are drawn here."""
        return outsourcer_rows.relations(self)
