"""Is the step that holds the gap ranked first, and its share right?  Planted centres go through a workspace as rows."""

import argparse
import os
import sys
import tempfile

import numpy as np
import pandas as pd

from verdict import copy, sql

TYPES, STEPS, AGENTS = 6, 7, 24
PARTS = ["stored_contact", "repeat_contact", "step_by_agent", "handle_target",
         "constraint_measure", "escalation_floor", "constraint_map"]
WAYS = ["wait", "hold", "approval", "gap", "rework", "slow"]

# what each figure has to keep to: (lowest, highest)
LIMITS = {"first": (0.95, 1), "bias": (-0.02, 0.02), "bias_by_spread": (-0.5, 0.5)}


class World:
    """One centre: base work, waiting that the target has room for, and a gap of which one step in one type carries a share."""

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


def prepare(rng, ws):
    """A workspace with people and a handle time metric; its contacts come and go."""
    sql(f"SELECT coachdiag.create_workspace('{ws}');\n"
        f"INSERT INTO {ws}.metric VALUES ('handle time', false, 300, 10, 's', 'identity');\n"
        f"INSERT INTO {ws}.agent SELECT a, date '2023-01-01' FROM generate_series(0, {AGENTS - 1}) a;\n"
        f"INSERT INTO {ws}.assignment (agent_id, team, valid_from) SELECT a, 'team ' || a % 2, date '2023-01-01' FROM generate_series(0, {AGENTS - 1}) a;\n"
        f"CALL coachdiag.refresh('{ws}');")


def judge(ws, world, folder):
    """Rank and share of the planted step."""
    contact, event = world.rows()
    targets = "".join(f"INSERT INTO {ws}.agent_metric (agent_id, metric, period, value, volume, contact_type, target) "
                      f"SELECT a, 'handle time', date '2025-01-06', {contact['handle_seconds'][contact['contact_type'] == f'type {k}'].mean()}, {world.volume[k]}, "
                      f"'type {k}', {world.target[k]} FROM generate_series(0, {AGENTS - 1}) a;\n" for k in range(TYPES))
    out = sql(f"SET client_min_messages = error; TRUNCATE {ws}.contact, {ws}.contact_event, {ws}.agent_metric;\n{targets}"
              + copy(folder, f"{ws}.contact", list(contact.columns), contact)
              + copy(folder, f"{ws}.contact_event", ["contact_id", "step", "started_at", "ended_at", "kind"], event)
              + f"SELECT coachdiag.refresh_periods('{ws}', NULL) \\g /dev/null\nSELECT coachdiag.refresh_metrics('{ws}') \\g /dev/null\n"
              + f"SELECT coachdiag.refresh_panels('{ws}', NULL, 2) \\g /dev/null\n"
              + "".join(f"SELECT coachdiag.refresh_part('{ws}', '{p}') \\g /dev/null\n" for p in PARTS)
              + f"SELECT rank, share FROM {ws}.constraint_map WHERE contact_type = 'type {world.place[0]}' AND step = 'step {world.place[1]}';")
    rank, share = out.strip().split("\n")[-1].split("|")
    return int(rank), float(share)


def main():
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--worlds", type=int, default=60, help="of each share")
    ask.add_argument("--shares", type=float, nargs="+", default=[0.1, 0.2, 0.3, 0.45, 0.6])
    ask.add_argument("--seed", type=int, default=11)
    asked = ask.parse_args()
    rng = np.random.default_rng(asked.seed)
    prepare(rng, "worlds")
    bad = False
    print(f"{'share':>6} {'worlds':>6} {'first':>6} {'mean':>7} {'bias':>7} {'spread':>7}  bias by way of losing time")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for share in asked.shares:
            got = []
            for _ in range(asked.worlds):
                world = World(rng, share)
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
    sys.exit(bad)


if __name__ == "__main__":
    main()
