"""Is the step that holds the gap ranked first, and its share right, in handle time and in resolution; do agents decide or wait?  Planted centres go through a workspace as rows.

Usage: python3 bench/validate/constraints.py [--only steps|outcomes|decide] [--worlds N] [--shares S ...] [--teams N] [--seed N]; needs numpy, pandas and a server with the extension.
"""

import argparse
import os
import sys
import tempfile

import numpy as np
import pandas as pd

from verdict import copy, sql

TYPES, STEPS, AGENTS = 6, 7, 24
WAYS = ["wait", "hold", "approval", "gap", "rework", "slow"]

# what each figure has to keep to: (lowest, highest)
LIMITS = {"first": (0.95, 1), "bias": (-0.02, 0.02), "bias_by_spread": (-0.5, 0.5)}


class World:
    """One centre: base work, waiting that the target has room for, and a gap of which one step in one type carries a share."""

    view, answer = "constraint_map", "true"
    parts = ["stored_history", "stored_contact", "repeat_contact", "step_by_agent", "handle_target", "constraint_measure", "escalation_floor", "constraint_map"]

    def __init__(self, rng, share):
        self.rng, self.share = rng, share
        self.volume = np.maximum(rng.dirichlet(np.full(TYPES, 4)) * 6000, 250).astype(int)
        self.work = rng.uniform(20, 90, STEPS) * np.exp(rng.normal(0, 0.1, (TYPES, STEPS)))
        self.usual_wait = rng.uniform(5, 30, STEPS) * (rng.random(STEPS) < 0.4) * rng.integers(0, 2)
        self.target = (self.work + self.usual_wait).sum(axis=1)
        self.place = rng.integers(TYPES), rng.integers(STEPS)
        self.way = WAYS[rng.integers(len(WAYS))]
        if self.way == "gap":
            self.place = self.place[0], max(self.place[1], 1)      # nothing is seen before the first event
        self.extra, self.slow = self.plant()

    def plant(self):
        """Seconds per contact that are lost at each step, and the slowness of all work."""
        rng, whole = self.rng, 0.25 * (self.volume * self.target).sum()
        elsewhere = rng.random((TYPES, STEPS)) * (rng.random((TYPES, STEPS)) < 0.3)
        elsewhere[self.place] = 0
        people = rng.uniform(0, 0.3)
        left = (1 - self.share) * whole
        part = elsewhere / max(elsewhere.sum(), 1e-9) * left * (1 - people)
        part = np.minimum(part, 0.7 * self.share * whole)     # nothing else is as large
        part[self.place] = self.share * whole
        slow = 1 + (whole - part.sum()) / (self.volume[:, None] * self.work).sum()
        return part / self.volume[:, None], slow

    def rows(self):
        """contact and contact_event."""
        rng = self.rng
        kind = np.repeat(np.arange(TYPES), self.volume)
        n = len(kind)
        agent = rng.integers(AGENTS, size=n)
        pace = np.exp(rng.normal(0, 0.15, AGENTS))
        pace /= pace.mean()
        noise = rng.gamma(4, 1 / 4, (n, STEPS))
        work = self.work[kind] * self.slow * pace[agent][:, None] * noise
        wait = (self.usual_wait + self.extra[kind]) * rng.gamma(1, 1, (n, STEPS))
        again = np.zeros(n)
        mine = kind == self.place[0]
        if self.way in ("rework", "slow"):
            lost = self.extra[self.place] * rng.gamma(2, 1 / 2, n)
            wait[mine, self.place[1]] = self.usual_wait[self.place[1]] * rng.gamma(1, 1, mine.sum())
            if self.way == "slow":
                work[mine, self.place[1]] += lost[mine]
            else:
                again[mine] = lost[mine]
        events, clock = [], np.zeros(n)
        start = np.datetime64("2025-01-06T06:00:00") + (rng.integers(0, 170, n) * 86400 + rng.integers(0, 36000, n)).astype("timedelta64[s]")

        def add(which, step, name, seconds):
            events.append(pd.DataFrame({"contact_id": which, "step": step, "kind": name, "from": clock[which], "to": clock[which] + seconds[which]}))
            clock[which] += seconds[which]

        everyone = np.arange(n)
        for s in range(STEPS):
            waits = everyone[wait[:, s] > 0]
            planted = mine[waits] & (s == self.place[1])
            gap = waits[planted & (self.way == "gap")]
            clock[gap] += wait[gap, s]
            for name, which in [(self.way if self.way in ("wait", "hold", "approval") else "wait", waits[planted & (self.way != "gap")]),
                                ("wait", waits[~planted])]:
                add(which, f"step {s}", name, wait[:, s])
            add(everyone, f"step {s}", "work", work[:, s])
        add(everyone[again > 0], f"step {self.place[1]}", "work", again)
        contact = pd.DataFrame({"contact_id": everyone, "agent_id": agent, "started_at": start, "contact_type": [f"type {k}" for k in kind],
                                "handle_seconds": clock, "resolved": True})
        event = pd.concat(events)
        at = start[event["contact_id"]]
        for name in ("from", "to"):
            event[name] = at + (event[name] * 1e6).astype("int64").to_numpy().astype("timedelta64[us]")
        return contact, event.rename(columns={"from": "started_at", "to": "ended_at"})

    def metric(self, contact):
        """Rows of agent_metric: the mean of each contact type, and its target."""
        by = contact.groupby("contact_type")["handle_seconds"].mean()
        rows = [(a, by[f"type {k}"], self.volume[k], f"type {k}", self.target[k]) for a in range(AGENTS) for k in range(TYPES)]
        return pd.DataFrame(rows, columns=["agent_id", "value", "volume", "contact_type", "target"]).assign(metric="handle time", period="2025-01-06")


# ---- resolution ----------------------------------------------------------------------------------------

class Outcome:
    """One centre that leaves a tenth unresolved, as its target allows, and a gap beyond that of which one step in one type carries a share:
    contacts stop there, are escalated there, or come to their end unresolved all the same."""

    view, answer = "constraint_outcome", "metric = 'fcr'"
    parts = ["stored_history", "stored_contact", "handle_target", "constraint_outcome"]
    WAYS = ["stops", "escalated", "goes on"]
    RESOLVED, GAP = 0.9, 0.08

    def __init__(self, rng, share):
        self.rng = rng
        self.volume = np.maximum(rng.dirichlet(np.full(TYPES, 20)) * 8000, 900).astype(int)
        self.taken = np.where(rng.random((TYPES, STEPS)) < 0.5, 1, rng.uniform(0.5, 0.7, (TYPES, STEPS)))
        self.taken[:, [0, -1]] = 1                                  # everybody begins and ends alike
        self.place = rng.integers(TYPES), rng.integers(1, STEPS - 1)
        self.way = self.WAYS[rng.integers(3)]
        if self.way == "goes on":
            self.taken[self.place] = 0.7                            # nothing tells of a step that all of a type take
        whole = self.GAP * self.volume.sum()
        elsewhere = rng.random((TYPES, STEPS)) * (rng.random((TYPES, STEPS)) < 0.3)
        elsewhere[self.place] = elsewhere[:, 0] = elsewhere[:, -1] = 0
        lost = np.minimum(elsewhere / max(elsewhere.sum(), 1e-9) * rng.uniform(0.5, 1) * (1 - share) * whole, 0.7 * share * whole)
        lost[self.place] = share * whole
        self.failing = np.minimum(lost / self.RESOLVED / (self.volume[:, None] * self.taken), 0.95)
        self.people = (whole - lost.sum()) / self.RESOLVED / self.volume.sum()

    def rows(self):
        """contact, and contact_event with a step a minute."""
        rng = self.rng
        kind = np.repeat(np.arange(TYPES), self.volume)
        n = len(kind)
        agent = rng.integers(AGENTS, size=n)
        talent = rng.gamma(2, 1 / 2, AGENTS)
        taken = rng.random((n, STEPS)) < self.taken[kind]
        causes = np.column_stack([taken * self.failing[kind], self.people * (talent / talent.mean())[agent]]).cumsum(axis=1)
        cause = (rng.random(n)[:, None] * np.maximum(causes[:, -1:], 1) > causes).sum(axis=1)      # at most one each: a step, the person, none
        resolved = (rng.random(n) < self.RESOLVED) & (cause > STEPS)
        on, events = np.ones(n, bool), []
        start = np.datetime64("2025-01-06T06:00:00") + (rng.integers(0, 170, n) * 86400 + rng.integers(0, 36000, n)).astype("timedelta64[s]")

        def add(which, step, name, minute):
            events.append(pd.DataFrame({"contact_id": np.flatnonzero(which), "step": step, "kind": name, "started_at": start[which] + np.timedelta64(minute, "m")}))

        for s in range(STEPS):
            add(on & taken[:, s], f"step {s}", "work", 3 * s)
            mine = (kind == self.place[0]) & (s == self.place[1])
            gone = on & (cause == s) & ~(mine & (self.way == "goes on"))
            up = gone & mine & (self.way == "escalated")
            add(up, "escalate", "escalation", 3 * s + 1)
            add(up, "next level", "work", 3 * s + 2)
            on &= ~gone
        add(resolved, "done", "resolved", 3 * STEPS)
        return pd.DataFrame({"contact_id": np.arange(n), "agent_id": agent, "started_at": start, "contact_type": [f"type {k}" for k in kind], "resolved": resolved}), pd.concat(events)

    def metric(self, contact):
        """Rows of agent_metric: the share resolved, by contact type."""
        by = contact.groupby(["agent_id", "contact_type"])["resolved"]
        rows = pd.DataFrame({"value": by.mean(), "volume": by.size()}).reset_index()
        return rows.assign(metric="fcr", period="2025-01-06", target=self.RESOLVED)


# ---- worlds of either kind -----------------------------------------------------------------------------

def prepare(ws):
    """A workspace with people and two metrics; its contacts come and go."""
    sql(f"SELECT coachdiag.create_workspace('{ws}');\n"
        f"INSERT INTO {ws}.metric VALUES ('handle time', false, 300, 10, 's', 'identity'), ('fcr', true, 0.9, 0.02, 'share', 'proportion');\n"
        f"INSERT INTO {ws}.agent SELECT a, date '2023-01-01' FROM generate_series(0, {AGENTS - 1}) a;\n"
        f"INSERT INTO {ws}.assignment (agent_id, team, valid_from) SELECT a, 'team ' || a % 2, date '2023-01-01' FROM generate_series(0, {AGENTS - 1}) a;\n"
        f"CALL coachdiag.refresh('{ws}');")


def judge(ws, world, folder):
    """Rank and share of the planted step."""
    contact, event = world.rows()
    metric = world.metric(contact)
    out = sql(f"SET client_min_messages = error; TRUNCATE {ws}.contact, {ws}.contact_event, {ws}.agent_metric;\n"
              + "".join(copy(folder, f"{ws}.{name}", list(rows.columns), rows) for name, rows in (("contact", contact), ("contact_event", event), ("agent_metric", metric)))
              + f"SELECT coachdiag.refresh_periods('{ws}', NULL) \\g /dev/null\nSELECT coachdiag.refresh_metrics('{ws}') \\g /dev/null\n"
              + f"SELECT coachdiag.refresh_panels('{ws}', NULL, 2) \\g /dev/null\n"
              + "".join(f"SELECT coachdiag.refresh_part('{ws}', '{p}') \\g /dev/null\n" for p in world.parts)
              + f"SELECT rank, share FROM {ws}.{world.view} WHERE {world.answer} AND contact_type = 'type {world.place[0]}' AND step = 'step {world.place[1]}';")
    rank, share = out.strip().split("\n")[-1].split("|")
    return int(rank), float(share)


def steps(asked, rng, kind):
    """Rank and share of planted steps; whether any figure leaves its limits."""
    bad = False
    print(f"{kind.view}\n{'share':>6} {'worlds':>6} {'first':>6} {'mean':>7} {'bias':>7} {'spread':>7}  bias by way of losing time, or contacts")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for share in asked.shares:
            got = []
            for _ in range(asked.worlds):
                world = kind(rng, share)
                got.append((world.way, *judge("worlds", world, folder)))
            got = pd.DataFrame(got, columns=["way", "rank", "share"])
            error = got["share"] - share
            first, bias, spread = (got["rank"] == 1).mean(), error.mean(), error.std()
            print(f"{share:6.2f} {len(got):6d} {first:6.3f} {got['share'].mean():7.4f} {bias:+7.4f} {spread:7.4f}  "
                  + " ".join(f"{w} {e:+.3f}" for w, e in error.groupby(got["way"]).mean().items()), flush=True)
            keeps = {"bias": bias, "bias_by_spread": bias / spread} | ({"first": first} if share >= 0.3 else {})
            for name, figure in keeps.items():
                low, high = LIMITS[name]
                if not low <= figure <= high:
                    print(f"       {name} {figure:.3f} is not within {low} to {high}")
                    bad = True
    return bad


# ---- deciding or waiting: a team is a world ------------------------------------------------------------

KINDS = ["waits", "system", "behaviour", "habit", "asks"]      # the first two are structural
WEEKS, BASE = 26, np.array([300, 390, 240])
RESOLVED, MISSED = 0.94, 0.04                         # target, and what goes wrong anyway
SMALLEST = {"handle time": 10, "resolved": 0.02}      # effects worth having

# what the rule has to keep to: share of teams that are told wrong, by what is true of them
WRONG_MOST = 0.05


class Team:
    """One team.  waits: an approval that nobody may give holds everybody up; system: everybody works longer;
    behaviour: some agents work longer than others need to; habit: all do, more or less; asks: some ask where others decide."""

    def __init__(self, rng, number, kind):
        self.rng, self.number, self.kind = rng, number, kind
        n = self.agents = rng.integers(8, 17)
        self.usual = rng.choice([0, rng.uniform(0.02, 0.1)]) * BASE
        self.target = BASE + self.usual
        self.gap = rng.uniform(0.12, 0.35) * self.target.mean()
        self.failing = rng.uniform(0.06, 0.2)
        self.waiting = {"waits": rng.uniform(0.6, 1), "system": rng.uniform(0, 0.2), "behaviour": rng.uniform(0, 0.25),
                        "habit": rng.uniform(0, 0.25), "asks": rng.uniform(0.5, 0.9)}[kind]
        self.own = self.spread(n) if kind not in KINDS[:2] else np.exp(rng.normal(0, 0.05, n))
        self.pace = np.exp(rng.normal(0, rng.uniform(0.04, 0.1), n))
        self.pace /= self.pace.mean()

    def spread(self, n):
        """What each agent has of the team's gap: from a fifth to two fifths have next to nothing, but for a habit."""
        own = self.rng.gamma(4, 1 / 4, n)
        if self.kind != "habit":
            own[self.rng.permutation(n)[:max(round(n * self.rng.uniform(0.2, 0.4)), 1)]] *= 0.05
        return own / own.mean()

    def contacts(self):
        rng = self.rng
        each = rng.poisson(6, (self.agents, WEEKS))
        who, when = (np.repeat(x.ravel(), each.ravel()) for x in np.indices(each.shape))
        mix = rng.dirichlet([6, 6, 6], self.agents).cumsum(axis=1)
        kind = (rng.random(len(who))[:, None] > mix[who][:, :2]).sum(axis=1)
        n = len(who)
        failed = rng.random(n) < self.failing * self.own[who]
        missed = ~failed & (rng.random(n) < MISSED)
        held_up = {"waits": 0.95, "system": 0.1, "behaviour": 0.15, "habit": 0.15, "asks": 0.8}[self.kind]
        pending = np.where(failed, rng.random(n) < held_up, rng.random(n) < 0.5) & (failed | missed)
        asked = pending | (rng.random(n) < 0.4)
        lost = self.gap * self.own[who]
        c = pd.DataFrame({"agent": who, "week": when, "kind": kind, "passed_on": failed | missed, "pending": pending})
        c["work"] = (BASE[kind] * self.pace[who] + lost * (1 - self.waiting)) * rng.gamma(5, 1 / 5, n)
        c["usual"] = self.usual[kind] * rng.exponential(1, n)
        c["approval"] = np.where(asked, lost * self.waiting / asked.mean() * rng.exponential(1, n), 0)
        return c

    def reaches(self):
        """Whether any agent truly is within the smallest effect, by metric."""
        time = BASE.mean() * (self.pace - 1) + self.gap * self.own
        failed = self.failing * self.own
        unresolved = failed + (1 - failed) * MISSED - (1 - RESOLVED)
        return {"handle time": (time <= SMALLEST["handle time"]).any(), "resolved": (unresolved <= SMALLEST["resolved"]).any()}


def decide_rows(teams):
    """contact, contact_event and agent_metric of all teams."""
    found = []
    for team in teams:
        c = team.contacts()
        c.insert(0, "team", team.number)
        c["target"] = team.target[c["kind"]]
        found.append(c)
    c = pd.concat(found, ignore_index=True)
    rng = teams[0].rng
    c["id"] = c.index
    c["at"] = np.datetime64("2025-01-06T08:00") + (c["week"] * 7 * 86400 + rng.integers(0, 5, len(c)) * 86400 + rng.integers(0, 36000, len(c))).to_numpy().astype("timedelta64[s]")
    c["agent_id"] = c["team"] * 100 + c["agent"]
    c["contact_type"] = "T" + c["team"].astype(str) + "." + c["kind"].astype(str)
    clock, events = np.zeros(len(c)), []

    def add(which, step, kind, seconds):
        at = c["at"].to_numpy()[which]
        events.append(pd.DataFrame({"contact_id": c["id"][which], "step": step, "kind": kind, "started_at": at + (clock[which] * 1e6).astype("timedelta64[us]"),
                                    "ended_at": at + ((clock + seconds)[which] * 1e6).astype("timedelta64[us]")}))
        clock[which] += seconds[which]

    everyone, none = np.ones(len(c), bool), np.zeros(len(c))
    asked, pending, passed = (c["approval"] > 0).to_numpy(), c["pending"].to_numpy(), c["passed_on"].to_numpy()
    add(everyone, "identify", "work", 0.2 * c["work"].to_numpy())
    add((c["usual"] > 0).to_numpy(), "look up", "hold", c["usual"].to_numpy())
    add(everyone, "diagnose", "work", 0.6 * c["work"].to_numpy() * np.where(pending, 1.4 / 1.2, 1))
    add(asked, "approve", "approval", c["approval"].to_numpy())
    add(~pending, "apply", "work", 0.2 * c["work"].to_numpy())
    add(passed, "escalate", "escalation", none)
    c["handle_seconds"], c["resolved"] = clock, ~passed
    by = c.groupby(["agent_id", "week", "contact_type"])
    time = by.agg(value=("handle_seconds", "mean"), volume=("id", "size"), target=("target", "first")).reset_index().assign(metric="handle time")
    solved = by.agg(value=("resolved", "mean"), volume=("id", "size")).reset_index().assign(metric="resolved", target=RESOLVED)
    metric = pd.concat([time, solved])
    metric["period"] = np.datetime64("2025-01-06") + (metric["week"] * 7).to_numpy().astype("timedelta64[D]")
    return c.rename(columns={"id": "contact_id", "at": "started_at"}), pd.concat(events), metric


def decide(asked, rng):
    """States of decide_or_wait by what is true; whether any agent reaches the target against the probability given."""
    teams = [Team(rng, k, KINDS[k % len(KINDS)]) for k in range(asked.teams)]
    contact, event, metric = decide_rows(teams)
    agents = contact[["agent_id", "team"]].drop_duplicates()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        out = sql("SET client_min_messages = error;\nSELECT coachdiag.create_workspace('deciding') \\g /dev/null\n"
                  f"INSERT INTO deciding.metric VALUES ('handle time', false, 300, {SMALLEST['handle time']}, 's', 'identity'),\n"
                  f"('resolved', true, {RESOLVED}, {SMALLEST['resolved']}, 'share', 'proportion');\n"
                  + copy(folder, "deciding.agent", ["agent_id", "hired_on"], agents.assign(hired_on="2023-01-01"))
                  + copy(folder, "deciding.assignment", ["agent_id", "team", "valid_from"], agents.assign(valid_from="2023-01-01"))
                  + copy(folder, "deciding.contact", ["contact_id", "agent_id", "started_at", "contact_type", "handle_seconds", "resolved"], contact)
                  + copy(folder, "deciding.contact_event", ["contact_id", "step", "started_at", "ended_at", "kind"], event)
                  + copy(folder, "deciding.agent_metric", ["agent_id", "metric", "period", "value", "volume", "contact_type", "target"], metric)
                  + "SELECT coachdiag.refresh_periods('deciding', NULL) \\g /dev/null\nSELECT coachdiag.refresh_metrics('deciding') \\g /dev/null\n"
                  "SELECT coachdiag.refresh_panels('deciding', NULL, 2) \\g /dev/null\n"
                  "SELECT format('SELECT coachdiag.refresh_part(%L, %L)', 'deciding', name) FROM coachdiag.workspace_part\n"
                  "WHERE kind <> 'view' AND (position <= 200 OR position BETWEEN 500 AND 580 OR position BETWEEN 1590 AND 1600) ORDER BY position \\gexec\n"
                  "SELECT 'team', team, metric, state, waiting_share, waiting_low, waiting_high, reach_probability FROM deciding.decide_or_wait;\n"
                  "SELECT 'floor', substr(contact_type, 2), sum(escalation_floor * contacts) / sum(escalation_share * contacts), bool_or(authority_gap) FROM ("
                  "SELECT *, row_number() OVER (PARTITION BY contact_type ORDER BY escalation_share * contacts DESC) AS n FROM deciding.constraint_map WHERE escalation_floor IS NOT NULL) m "
                  "WHERE n = 1 GROUP BY 2;")
    rows = [line.split("|") for line in out.strip().split("\n")]
    got = pd.DataFrame([r[1:] for r in rows if r[0] == "team"], columns=["team", "metric", "state", "share", "low", "high", "reach"]).replace("", None)
    got = got.astype({"team": int, "share": float, "low": float, "high": float, "reach": float})
    got["kind"] = [teams[t].kind for t in got["team"]]
    got["reaches"] = [teams[t].reaches()[m] for t, m in zip(got["team"], got["metric"])]
    got["truth"] = np.where(got["kind"].isin(KINDS[:2]), "structural", "behavioural")
    if asked.keep:
        got.to_csv(asked.keep, index=False)
    print("\ndeciding or waiting: share of teams by state\n\n| metric | what is true | teams | structural | behavioural | unknown |\n|---|---|---|---|---|---|")
    for (metric, kind), g in got.groupby(["metric", "kind"], sort=False):
        print(f"| {metric} | {kind} | {len(g)} | " + " | ".join(f"{(g['state'] == s).mean():.2f}" for s in ("structural", "behavioural", "unknown")) + " |")
    bad = False
    for (metric, truth), g in got.groupby(["metric", "truth"]):
        wrong = (~g["state"].isin([truth, "unknown"])).mean()
        bad = bad or wrong > WRONG_MOST
        print(f"{metric}, {truth}: {wrong:.3f} told wrong" + ("" if wrong <= WRONG_MOST else " MISSED"))
    print("\nthe frontier\n\n| metric | probability given | teams | mean | somebody does |\n|---|---|---|---|---|")
    for (metric, band), g in got.dropna(subset="reach").groupby(["metric", pd.cut(got["reach"], [-1, 0.05, 0.25, 0.75, 0.95, 1])], observed=True):
        print(f"| {metric} | {band.left:.2f} to {band.right:.2f} | {len(g)} | {g['reach'].mean():.2f} | {g['reaches'].mean():.2f} |")
    got["frontier"] = np.select([got["reach"] <= 0.25, got["reach"] >= 0.75, got["reach"].notna()], ["nobody", "somebody", "unclear"], "not known")
    print("\nlikelihood ratios, structural to behavioural; half a team added to each count\n\n| metric | evidence | structural | behavioural | ratio |\n|---|---|---|---|---|")
    for metric, g in got.groupby("metric"):
        for name, found in [(f"state {s}", g["state"] == s) for s in ("structural", "behavioural", "unknown")] + [
                (f"frontier: {s}", g["frontier"] == s) for s in ("nobody", "somebody", "unclear")] + [
                ("state unknown, frontier: nobody", (g["state"] == "unknown") & (g["frontier"] == "nobody"))]:
            a, b = found[g["truth"] == "structural"].sum(), found[g["truth"] == "behavioural"].sum()
            print(f"| {metric} | {name} | {a} | {b} | {(a + 0.5) / (b + 0.5):.2f} |")
    floor = pd.DataFrame([r[1:] for r in rows if r[0] == "floor"], columns=["type", "of_escalations", "authority"]).astype({"of_escalations": float})
    floor["kind"] = [teams[int(t.split(".")[0])].kind for t in floor["type"]]
    print("\nescalations that the best tenured agents have too\n\n| what is true | contact types | part of all, median | authority gap |\n|---|---|---|---|")
    for kind, g in floor.groupby("kind"):
        print(f"| {kind} | {len(g)} | {g['of_escalations'].median():.2f} | {(g['authority'] == 't').mean():.2f} |")
    return bad


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--only", choices=["steps", "outcomes", "decide"])
    ask.add_argument("--teams", type=int, default=250, help="that decide or wait")
    ask.add_argument("--keep", help="file for what was found of each of them")
    ask.add_argument("--worlds", type=int, default=60, help="of each share")
    ask.add_argument("--shares", type=float, nargs="+", default=[0.1, 0.2, 0.3, 0.45, 0.6])
    ask.add_argument("--seed", type=int, default=11)
    asked = ask.parse_args()
    bad = False
    if asked.only != "decide":
        prepare("worlds")
        for name, kind in (("steps", World), ("outcomes", Outcome)):
            if asked.only in (None, name):
                bad = steps(asked, np.random.default_rng(asked.seed), kind) or bad
    if asked.only in (None, "decide"):
        bad = decide(asked, np.random.default_rng(asked.seed)) or bad
    sys.exit(int(bad))


if __name__ == "__main__":
    main()
