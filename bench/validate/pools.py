"""A fourth simulator of contact centres, written without knowledge of the rule and of the other simulators.

Badness is in units of smallest_effect, which differs by centre; 0 is the target, positive worse. Odd seeds are normal
centres, even ones hard: teams of 5 to 9, a third of the contacts and evaluations. A hundred teams in programmes of 4 to
35; a programme's coaches are a pool that its teams share, or each team has its own, or both.

- a session gives what its coach and its agent are worth, new hires a third more; at once, over three weeks or fading
- one coach in six of a pool is poor and gives nothing at all, whichever team and metric
- short for the process: everywhere, in contact types, in a type that is routed to a few, by a step that takes time
- lack of skill: some of a team or all, and for all work or for contact types only
- coaches go by the last week, by ten, by both, in turn, by spells that the data don't show, or coach whoever is beyond a
  threshold; each team and metric in its own way, from the start or months later
- values: gamma, binomial and heavy-tailed; season, random walks and passing shocks of teams, absences, learning, transfers
- centres differ in scales, targets by type or one for all, hire dates (all, some, none), text ids, quality with types or
  without, sessions in the week that was seen or in the next, contacts with their steps

The order of the random draws is part of the study: a change of it makes other centres of the same seeds."""

from typing import NamedTuple

import numpy as np
import pandas as pd

import pools_rows
from pools_plan import KINDS, METRICS, Coaches, Planner, Variant

HORIZON = 4     # weeks after a session
JUDGED = 52     # the last weeks, of which the truth is told


class People:
    """Agents: team by week (-1: not there), hire, presence, volume and mix of contacts; routes hard contacts."""

    def __init__(self, rng, variant, mixes, plans):
        self.rng, self.weeks = rng, variant.weeks
        self.spells = [spell for team in range(variant.teams) for spell in self.draw_team(team, variant)]
        self.hired = np.array([hired for hired, _ in self.spells])
        self.home = np.array([stays[0][0] for _, stays in self.spells])
        self.team = np.full((len(self.spells), self.weeks), -1)
        for agent, (_, stays) in enumerate(self.spells):
            for team, start, end in stays:
                self.team[agent, start:end] = team
        self.volume = np.clip(np.exp(rng.normal(0, 0.35, len(self.home))), 0.35, 2.2)
        self.present = (self.team >= 0) & ~self.absences()
        self.mix = np.clip([rng.dirichlet(mixes[team] * 60) for team in self.home], 0.01, None)
        self.members = [np.flatnonzero(self.home == team) for team in range(variant.teams)]
        for team in range(variant.teams):
            self.route(team, [plans[metric][team] for metric in METRICS if plans[metric][team].kind == "routing"])
        self.mix /= self.mix.sum(1, keepdims=True)
        self.tenure = np.arange(self.weeks) - self.hired[:, None]

    def draw_team(self, team, variant):
        """Week of hire and stays (team, start, end) of who sits on each seat; a joiner follows a leaver."""
        rng = self.rng
        size = int(rng.integers(5, 10) if variant.hard else rng.integers(6, 19))
        new = 0.7 if rng.random() < 0.06 else 0.18      # share of agents in their first year
        for _ in range(size):
            hired = -int(rng.integers(1, 45) if rng.random() < new else rng.integers(52, 500))
            start = 0
            while True:
                end = min(self.weeks, start + int(rng.geometric(1 - np.exp(-0.28 / 52))))
                yield hired, self.transfer(team, start, end, variant.teams)
                start = end + int(rng.integers(0, 6))
                if start >= self.weeks - 6:
                    break
                hired = start

    def transfer(self, team, start, end, teams):
        """One in thirty of those who stay moves to another team."""
        if end == self.weeks and self.rng.random() < 0.03 and start < self.weeks - 20:
            moved = int(self.rng.integers(start + 10, self.weeks - 8))
            return [(team, start, moved), (int(self.rng.integers(teams)), moved, end)]
        return [(team, start, end)]

    def absences(self):
        """Weeks off, and a long absence of some."""
        rng = self.rng
        absent = rng.random(self.team.shape) < 0.07
        for agent in np.flatnonzero(rng.random(len(absent)) < 0.04):
            start = int(rng.integers(0, self.weeks))
            absent[agent, start:start + int(rng.integers(4, 10))] = True
        return absent

    def route(self, team, plans):
        """A few agents of the team get most of a hard type, the same for all metrics."""
        if not plans:
            return
        rng, mine, hard = self.rng, self.members[team], plans[0].which[0]
        few = rng.choice(mine, max(2, round(len(mine) * rng.uniform(0.2, 0.35))), replace=False)
        share = np.where(np.isin(mine, few), rng.uniform(0.5, 0.8, len(mine)), rng.uniform(0.03, 0.1, len(mine)))
        rest = np.where(np.arange(self.mix.shape[1]) == hard, 0, self.mix[mine])
        self.mix[mine] = rest / rest.sum(1, keepdims=True) * (1 - share[:, None])
        self.mix[mine, hard] = share
        for plan in plans:
            plan.which = (hard,)
            plan.types[:] = 0
            plan.types[hard] = min(rng.uniform(2, 3.5) / share.mean(), 12)


class Session(NamedTuple):
    """team: the agent's when it was held; given: what it gave in the weeks of the horizon."""

    team: int
    agent: int
    week: int
    coach: int
    day: int
    given: np.ndarray


class Work:
    """One metric over the weeks: what is planted, worked, recorded, seen by coaches, coached and gained."""

    def __init__(self, rng, variant, people, coaches, metric, plans, mixes, calls):
        self.rng, self.variant, self.people, self.coaches, self.metric = rng, variant, people, coaches, metric
        self.plans, self.calls, self.rows, self.sessions = plans, calls, [], []
        self.smallest, self.sign = variant.smallest[metric], 1 if metric == "handle_time" else -1
        self.natural = variant.natural[metric]
        self.draw_passing()
        self.draw_levels(mixes)
        self.start()
        for week in range(variant.weeks):
            self.live(week)

    def draw_passing(self):
        """Season, what happens to teams, spells of agents and learning curves of new hires."""
        rng, people, weeks = self.rng, self.people, self.variant.weeks
        wave = rng.uniform(0.3, 0.9) * np.sin(2 * np.pi * (np.arange(weeks) / 52 + rng.random()))
        self.season = wave + np.convolve(rng.normal(0, 0.25, weeks + 2), [0.3, 0.4, 0.3], "valid")
        teams = self.variant.teams
        self.happens = rng.normal(0, 0.3, (teams, weeks)) + np.cumsum(rng.normal(0, 0.035, (teams, weeks)), 1)
        for team in np.repeat(np.arange(teams), rng.poisson(1.2, teams)):
            start = int(rng.integers(0, weeks - 3))
            self.happens[team, start:start + int(rng.integers(2, 7))] += rng.choice([-1, 1]) * rng.uniform(0.7, 1.8)
        sd, carry = rng.uniform(0.7, 1.1) if self.variant.hard else rng.uniform(0.4, 0.8), rng.uniform(0.3, 0.75)
        fresh = rng.standard_t(4, people.team.shape) / np.sqrt(2) * sd * np.sqrt(1 - carry ** 2)
        self.spell = np.zeros(people.team.shape)
        self.spell[:, 0] = rng.normal(0, sd, len(fresh))
        for week in range(1, weeks):
            self.spell[:, week] = carry * self.spell[:, week - 1] + fresh[:, week]
        height, pace = rng.uniform(2.5, 5), rng.uniform(5, 12)
        self.learning = np.where(people.tenure >= 0, height * np.exp(-np.maximum(people.tenure, 0) / pace), 0)

    def draw_levels(self, mixes):
        """Lasting badness of teams, agents and contact types, and the types that a gain is about."""
        rng, people, plans = self.rng, self.people, self.plans
        self.common, self.types = np.array([plan.common for plan in plans]), np.array([plan.types for plan in plans])
        self.own = rng.normal(0, 1, len(people.home)) * np.array([plan.talent for plan in plans])[people.home]
        self.type_lacking = np.zeros((len(people.home), self.variant.types))
        self.reach = np.ones((self.variant.teams, self.variant.types))
        for team, plan in enumerate(plans):
            kind, mine = KINDS[plan.kind], people.members[team]
            if plan.share:
                self.draw_some(plan, kind, mine)
            elif plan.kind == "skill_all":      # it is each agent's own, not the team's
                self.common[team] = 0
                self.own[mine] += plan.common * rng.uniform(0.9, 1.1, len(mine))
            if kind.by_type:
                which = list(plan.which)
                self.reach[team] = np.isin(np.arange(self.variant.types), which) / max(mixes[team][which].sum(), 0.1)

    def draw_some(self, plan, kind, mine):
        """Skill that some of a team lack; otherwise they differ less."""
        rng = self.rng
        count = int(np.clip(round(plan.share * len(mine)), 2, len(mine) - 2))
        short = rng.choice(mine, count, replace=False)
        self.own[mine] *= 0.7
        if kind.by_type:
            for k in plan.which:
                self.type_lacking[short, k] = plan.depth * rng.uniform(0.7, 1.3, count)
        else:
            self.own[short] += rng.uniform(3, 7, count)

    def start(self):
        """Nothing was held, gained or seen yet."""
        shape = self.people.team.shape
        self.stock = np.zeros((shape[0], shape[1] + 1))     # of gains, at the start of a week
        self.last, self.due, self.threshold = np.full(shape[0], -9), np.zeros(self.variant.teams), {}
        self.seen, self.settled, self.passing, self.worth = (np.full(shape, np.nan) for _ in range(4))
        self.badness = np.zeros((*shape, self.variant.types), np.float32)

    def live(self, week):
        """A week is worked and recorded, then coached."""
        here = np.flatnonzero(self.people.present[:, week])
        team, mix = self.people.team[here, week], self.people.mix[here]
        reach, happens = self.reach[team], self.happens[team, week] + self.season[week]
        settled = ((self.common[team] + self.own[here])[:, None] + self.types[team] + self.type_lacking[here]
                   - self.stock[here, week][:, None] * reach)
        badness = settled + (happens + self.learning[here, week] + self.spell[here, week])[:, None]
        self.settled[here, week] = (mix * settled).sum(1)
        self.passing[here, week] = happens
        self.badness[here, week] = badness
        steep = np.exp(self.variant.step * (badness + self.natural)) if self.metric == "handle_time" else 1
        self.worth[here, week] = (mix * steep * reach).sum(1)
        self.record(here, week, *self.measure(here, week, badness + self.natural))
        past = self.seen[:, max(0, week - 9):week + 1]
        self.lately = np.nansum(past, 1) / np.maximum(np.isfinite(past).sum(1), 1)
        if week < self.variant.weeks - 1:
            for t, plan in enumerate(self.plans):
                if plan.coached and week >= plan.first:
                    self.coach(week, t, plan, here[team == t])

    def measure(self, here, week, badness):
        """Values by agent and contact type, and what they rest on."""
        rng, variant, mean = self.rng, self.variant, self.variant.value(self.metric, badness)
        if self.metric == "handle_time":
            n = self.calls[here, week]
            shape = np.maximum(n, 0.01) / variant.spread ** 2
            value = mean * rng.gamma(shape, 1) / shape
            return np.where(rng.random(n.shape) < 0.01, value * np.exp(rng.exponential(0.4, n.shape)), value), n
        if self.metric == "fcr":
            n = rng.binomial(self.calls[here, week], 0.7)
            return rng.binomial(n, mean) / np.maximum(n, 1), n
        n = rng.poisson(variant.evaluations * np.clip(self.people.volume[here], 0.6, 1.5)[:, None] * self.people.mix[here])
        error = variant.score_sd * rng.standard_t(6, n.shape) / 1.22 / np.sqrt(np.maximum(n, 1))
        return np.clip(mean + error, 5, 100), n

    def targets(self):
        """Of the contact types."""
        return self.variant.value(self.metric, self.natural)

    def record(self, here, week, value, n):
        """Rows, and what the coaches see: means beside the target."""
        total = n.sum(1)
        target = self.targets() if self.variant.type_targets else self.variant.base[self.metric]
        some = total > 0
        beside = ((value - target) * n).sum(1)[some] / total[some]
        self.seen[here[some], week] = self.sign * beside / self.smallest
        if self.variant.typed[self.metric]:
            agent, kind = np.nonzero(n)
            self.rows.append((here[agent], np.full(len(agent), week), kind, value[agent, kind], n[agent, kind]))
        else:
            mean = (value * n).sum(1)[some] / total[some]
            self.rows.append((here[some], np.full(some.sum(), week), np.full(some.sum(), -1), mean, total[some]))

    def coach(self, week, team, plan, mine):
        """The sessions that a team's week leads to; nobody has two within two weeks."""
        mine = mine[week - self.last[mine] >= 2]
        if len(mine) < 2:
            return
        of_team = self.people.team[:, week] == team
        self.due[team] += plan.dose * of_team.sum() / (self.variant.weeks - plan.first)
        chosen = self.choose(week, team, plan, mine, of_team)
        self.due[team] -= len(chosen)
        for agent in chosen:
            self.hold(week + self.variant.next_week, team, plan, agent)

    def choose(self, week, team, plan, mine, of_team):
        """Who has a session, by what the coaches look at."""
        rng, last = self.rng, np.nan_to_num(self.seen[mine, week])
        if plan.trigger == "threshold":
            if team not in self.threshold or week % 8 == 0:
                share = np.clip(plan.dose / (self.variant.weeks - plan.first) * 1.1, 0.02, 0.5)
                past = self.seen[of_team, max(0, week - 12):week + 1]
                self.threshold[team] = np.nanquantile(past, 1 - share) if np.isfinite(past).any() else 0
            return mine[last > self.threshold[team]]
        due = self.due[team]
        number = min(rng.poisson(max(due, 0)) if due < 1 else int(due + rng.random()), len(mine) - 1)
        if number <= 0:
            return mine[:0]
        if plan.trigger == "turns":
            return mine[np.argsort(self.last[mine] + rng.random(len(mine)))[:number]]
        chance = np.exp(self.look(week, plan, mine, last))
        return rng.choice(mine, number, replace=False, p=chance / chance.sum())

    def look(self, week, plan, mine, last):
        """How bad agents look to the coaches."""
        def standard(x):
            return (x - x.mean()) / (x.std() + 1e-9)
        if plan.trigger == "private":
            return 1.4 * standard(self.spell[mine, week] + self.rng.normal(0, 0.4, len(mine)))
        if plan.trigger == "bad_week":
            return 1.3 * standard(last)
        level = standard(self.lately[mine])
        return 1.3 * level if plan.trigger == "chronic" else 0.8 * standard(last) + 0.8 * level

    def hold(self, week, team, plan, agent):
        """One session, and what it gives from then on."""
        rng, weeks = self.rng, self.variant.weeks
        if week >= weeks or self.people.team[agent, week] != team:
            return
        self.last[agent] = week
        coach = int(rng.choice(self.coaches.of_team[team], p=self.coaches.share[team]))
        new = 1.3 if self.people.tenure[agent, week] < 26 else 1.0
        gain = plan.gain * self.coaches.worth[coach] * np.exp(rng.normal(-0.03, 0.25)) * new
        after = np.arange(1, max(weeks - week, HORIZON) + 1)
        if plan.shape == "last":
            course = np.ones(len(after))
        elif plan.shape == "fade":
            course = 0.5 ** ((after - 1) / plan.half_life)
        else:
            course = np.minimum(after / 3, 1) * 0.5 ** (np.maximum(after - 3, 0) / (2 * plan.half_life))
        given = gain * course / course[:HORIZON].mean()
        self.stock[agent, week + 1:] += given[:weeks - week]
        if self.variant.next_week:
            self.stock[agent, week] += 0.4 * given[0]
        day = int(rng.integers(0, 4)) if self.variant.next_week else 4 if rng.random() < 0.8 else 3
        self.sessions.append(Session(team, agent, week, coach, day, given[:HORIZON]))

    def effects(self):
        """By team: sessions, mean effect over the horizon of weeks worked, coached agents, share by poor coaches."""
        rows = []
        for s in self.sessions:
            worth = self.worth[s.agent, s.week + 1:s.week + 1 + HORIZON]
            effect = worth * s.given[:len(worth)]
            rows.append((s.team, s.agent, effect[np.isfinite(effect)].mean() if np.isfinite(effect).any() else np.nan,
                         self.coaches.worth[s.coach] == 0))
        d = pd.DataFrame(rows, columns=["team", "agent", "effect", "poor"]).groupby("team").agg(
            sessions=("agent", "size"), coached=("agent", "nunique"), effect=("effect", "mean"), poor=("poor", "mean"))
        d = d.reindex(range(self.variant.teams))
        return d.assign(sessions=d.sessions.fillna(0).astype(int), coached=d.coached.fillna(0))

    def gaps(self):
        """By team over the judged year: gap, gap as it passes, what learning adds, spread of agents, their number."""
        people, rows = self.people, []
        for team in range(self.variant.teams):
            mine = (people.team[:, -JUDGED:] == team) & np.isfinite(self.settled[:, -JUDGED:])
            weight, level = people.volume[:, None] * mine, np.where(mine, self.settled[:, -JUDGED:], 0)
            passing, learning = (np.where(mine, x[:, -JUDGED:], 0) for x in (self.passing, self.learning))
            weeks = mine.sum(1)
            long = level.sum(1)[weeks >= 12] / weeks[weeks >= 12]
            rows.append((*((x * weight).sum() / max(weight.sum(), 1e-9) for x in (level, level + passing, learning)),
                         long.std(ddof=1) if len(long) > 2 else 0.0, len(long)))
        return pd.DataFrame(rows, columns=["gap", "mean_gap", "learning", "spread", "long"])


def known_as(plan, effects):
    """The kind, where poor coaches make it another one."""
    kind, all_of_them = KINDS[plan.kind], KINDS[plan.kind].lacking == "all"
    if not kind.lacking or not effects.sessions or effects.poor <= 0.25:
        return plan.kind
    if effects.poor > 0.85:
        return "poor_both" if kind.short else "poor_all" if all_of_them else "poor_some"
    return plan.kind if kind.short else "shared_all" if all_of_them else "shared_some"


class Centre:
    """A centre of a seed, and its relations as a customer would deliver them."""

    def __init__(self, seed, teams=100):
        self.rng = rng = np.random.default_rng([seed, 20261123])
        self.variant = variant = Variant(rng, seed, teams)
        self.coaches = Coaches(rng, variant)
        self.mixes = np.clip([rng.dirichlet(variant.mix * 40) for _ in range(teams)], 0.04, None)
        self.mixes /= self.mixes.sum(1, keepdims=True)
        planners = {metric: Planner(rng, variant, metric) for metric in METRICS}
        self.plans = {metric: [planners[metric].plan(mix) for mix in self.mixes] for metric in METRICS}
        self.people = people = People(rng, variant, self.mixes, self.plans)
        calls = rng.poisson(variant.calls * (people.present * people.volume[:, None])[:, :, None] * people.mix[:, None, :])
        self.work = {metric: Work(rng, variant, people, self.coaches, metric, self.plans[metric], self.mixes, calls)
                     for metric in METRICS}
        self.smallest = variant.smallest

    def truth(self):
        """By team and metric: kind, right verdict, what else is accepted, why that is debatable, gap, effect."""
        told = self.told_elsewhere()
        rows = []
        for metric, work in self.work.items():
            effects, gaps = work.effects(), work.gaps()
            for team, plan in enumerate(work.plans):
                effect, gap = effects.iloc[team], gaps.iloc[team]
                kind = known_as(plan, effect)
                verdict = KINDS[plan.kind].verdict
                rows.append({
                    "team": f"T{team:03d}", "metric": metric, "kind": kind, "truth": verdict,
                    "accept": "cannot_tell" if kind == "poor_all" else "",
                    "debatable": self.debatable(kind, plan, team, metric, effect, gap, told),
                    "gap": gap.gap, "sessions": int(effect.sessions), "effect": effect.effect})
        return pd.DataFrame(rows)

    def told_elsewhere(self):
        """Of each poor coach, the teams and metrics in which a dozen sessions could have worked, but for the coach."""
        sessions = pd.DataFrame([(s.coach, s.team, metric) for metric, work in self.work.items() for s in work.sessions
                                 if self.coaches.worth[s.coach] == 0 and KINDS[work.plans[s.team].kind].lacking],
                                columns=["coach", "team", "metric"])
        counts = sessions.value_counts()
        return {coach: set(zip(d.team, d.metric)) for coach, d in counts[counts >= 12].reset_index().groupby("coach")}

    def debatable(self, kind, plan, team, metric, effect, gap, told):
        """Why the kind doesn't settle the verdict; empty where it does. Set before the first run."""
        none = plan.kind == "no_gap"
        part = (self.mixes[team] * plan.types).sum()
        others = [told.get(coach, set()) - {(team, metric)} for coach in self.coaches.of_team[team]]
        shift = ((self.mixes[team] - self.variant.mix) * self.variant.natural[metric]).sum()
        alike = KINDS[plan.kind].verdict in ("structural", "cannot_tell") and plan.kind != "routing"
        reasons = [
            (plan.kind == "both_common", "common part could be lack of skill"),
            (not none and gap.gap < 1.3, "gap nearly zero"),
            (none and max(gap.gap, gap.mean_gap) > 0.6, "drift made a gap"),
            (none and gap.learning > 0.5, "new hires make a gap"),
            (gap.long < 5, "hardly anybody stayed"),
            (kind in ("struct_all", "skill_all", "typeskill_all", "shared_all")
             and (effect.sessions < 15 or effect.coached < 4), "hardly coached"),
            (kind in ("skill_all", "typeskill_all", "shared_all") and effect.effect < 0.4, "coaching barely shows"),
            (kind in ("skill_some", "some_never", "typeskill_some", "poor_some", "shared_some") and gap.spread < 1.2,
             "agents hardly differ"),
            (alike and gap.spread > 0.4 * gap.gap, "agents differ by chance"),
            (kind == "both" and min(part, gap.spread) < 1.2, "one part too small"),
            (kind == "poor_all" and max(map(len, others)) < 2, "the poor coach is seen nowhere else"),
            (kind == "poor_both", "both with a poor coach"),
            (not self.variant.type_targets and metric != "quality" and abs(shift) > 1, "mix of contacts shifts the gap")]
        return next((reason for holds, reason in reasons if holds), "")

    def relations(self):
        """Rows of the workspace's relations by name; once only, since contacts are drawn here."""
        return pools_rows.relations(self)
