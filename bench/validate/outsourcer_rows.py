"""A centre of outsourcer.py as the rows that a customer would deliver."""

import numpy as np
import pandas as pd

import delivery

FORMATS = {"aht": (False, "s", "log"), "fcr": (True, None, "proportion"), "quality": (True, "points", "identity")}
CONTACT_WEEKS = 30      # the last
TOPICS = ["probing", "structure", "ownership", "knowledge"]


def relations(centre):
    """By name; draws contacts."""
    out = {"metric": metric_rows(centre), "agent_metric": value_rows(centre), "assignment": assignment_rows(centre),
           "agent": agent_rows(centre), "coaching_session": session_rows(centre), "coach": coach_rows(centre)}
    if centre.variant.steps:
        out["contact"], out["contact_event"] = contact_rows(centre)
    return out


def type_names(program, kind):
    """Every programme has its own."""
    return np.array([f"p{p}_k{k}" if k >= 0 else None for p, k in zip(program, kind)], object)


def metric_rows(centre):
    """Targets and smallest effects."""
    v = centre.variant
    return pd.DataFrame([(metric, higher, v.target[metric], v.smallest[metric], unit, scale)
                         for metric, (higher, unit, scale) in FORMATS.items()],
                        columns=["metric", "higher_is_better", "target", "smallest_effect", "unit", "scale"])


def value_rows(centre):
    """agent_metric; targets by type where the programme has them."""
    return pd.concat([values(centre, work) for work in centre.work.values()], ignore_index=True)


def values(centre, work):
    """Those of a metric."""
    agent, week, kind, value, n = map(np.concatenate, zip(*work.rows))
    team = centre.people.team[agent, week]
    program = centre.people.program[team]
    known = (kind >= 0) & centre.programs.type_targets[program]
    target = np.round(work.targets[team, np.maximum(kind, 0)], 1 if work.metric == "aht" else 3)
    return pd.DataFrame({
        "agent_id": agent + 1001, "metric": work.metric, "period": delivery.dates(centre.variant.start, 7 * week),
        "value": np.round(value, 4), "volume": n, "contact_type": type_names(program, kind),
        "target": np.where(known, target, np.nan)})


def assignment_rows(centre):
    """One row for each stay of an agent in a team; those of the start have been there for long."""
    rows, weeks, start = [], centre.variant.weeks, centre.variant.start
    for agent, team in enumerate(centre.people.team):
        ends = np.append(np.flatnonzero(np.diff(team)) + 1, weeks)
        rows += [(agent, team[first], first, end) for first, end in zip(np.append(0, ends), ends) if team[first] >= 0]
    agent, team, first, end = np.array(rows).T
    program = centre.people.program[team]
    return pd.DataFrame({
        "agent_id": agent + 1001, "team": [f"T{t:03d}" for t in team],
        "valid_from": delivery.dates(start, np.where(first > 0, 7 * first, -300)),
        "valid_to": delivery.dates(start, 7 * end).where(end < weeks), "supervisor": [f"sup{c}" for c in centre.coaches.main[team]],
        "site": [f"S{s}" for s in centre.programs.site[program]], "program": [f"P{p}" for p in program]})


def agent_rows(centre):
    """Days of hire, as far as they are known, and of leaving."""
    people, v = centre.people, centre.variant
    gone = people.team[:, -1] < 0
    end = v.weeks - (people.team[:, ::-1] >= 0).argmax(1)
    known = centre.rng.random(len(end)) >= v.no_hire_date
    return pd.DataFrame({"agent_id": 1001 + np.arange(len(end)),
                         "hired_on": delivery.dates(v.start, 7 * people.hired).where(known),
                         "left_on": delivery.dates(v.start, 7 * end - 3).where(gone)})


def session_rows(centre):
    """Held, cancelled and moved; those that follow a week's values are at its end."""
    rng, v = centre.rng, centre.variant
    rows = pd.DataFrame([(s.agent, s.coach, s.week, s.status, s.praise, metric)
                         for metric, work in centre.work.items() for s in work.sessions],
                        columns=["agent", "coach", "week", "status", "praise", "metric"])
    rows = rows.sort_values("week", kind="stable", ignore_index=True)
    size = len(rows)
    day = delivery.dates(v.start, 7 * rows.week + rng.integers(0 if v.report else 3, 5, size)).dt.strftime("%Y-%m-%d")
    at = day + [f" {hour:02d}:00+00" for hour in rng.integers(9, 17, size)]
    return pd.DataFrame({
        "session_id": 1 + np.arange(size), "agent_id": rows.agent + 1001, "coach_id": rows.coach + 100,
        "held_at": at.where(rows.status == "held"), "scheduled_at": at, "status": rows.status, "metric": rows.metric,
        "duration_minutes": rng.choice([15, 20, 30, 45], size), "kind": "scheduled", "recognition": rows.praise,
        "behaviour": np.where(rows.praise, None, rng.choice(TOPICS, size))})


def coach_rows(centre):
    """All were promoted and trained together."""
    return pd.DataFrame({"coach_id": 100 + np.arange(len(centre.coaches.worth)), "promoted_on": "2022-03-01",
                         "trained_on": "2022-06-01"})


def draw_contacts(centre):
    """Agent, week and contact type of three contacts a week, more or less."""
    people, weeks = centre.people, centre.variant.weeks
    agent, week = np.nonzero(people.present[:, weeks - CONTACT_WEEKS:])
    count = centre.rng.poisson(3, len(agent))
    agent, week = np.repeat(agent, count), np.repeat(week, count) + weeks - CONTACT_WEEKS
    below = people.mix[agent].cumsum(1)
    return agent, week, (centre.rng.random((len(agent), 1)) * below[:, -1:] > below).sum(1)


def structural(work, team, kind):
    """Badness that the process is the cause of, and whether it shows in the contacts."""
    common = np.array([plan.common * (plan.kind == "struct_all") for plan in work.plans])
    cause = common[team] + work.types[team, kind]
    return cause, np.array([plan.waits for plan in work.plans])[team] & (cause > 1)


def contact_rows(centre):
    """Contacts and their steps; a structural gap shows as waits for an approval, or as handing on."""
    rng, v = centre.rng, centre.variant
    agent, week, kind = draw_contacts(centre)
    team, size = centre.people.team[agent, week], len(agent)
    aht, fcr = centre.work["aht"], centre.work["fcr"]
    row = np.arange(size)
    slow, failing = aht.badness(agent, week)[row, kind], fcr.badness(agent, week)[row, kind]
    (delay, delays), (_, blocks) = structural(aht, team, kind), structural(fcr, team, kind)
    natural = aht.natural[team, kind]
    mean, free = v.value("aht", slow, natural), v.value("aht", slow - delay, natural)
    sd = np.sqrt(np.log1p(v.spread ** 2))
    handle = mean * np.exp(rng.normal(0, sd, size) - sd ** 2 / 2)
    waited = np.where(delays, np.minimum(handle * (1 - free / mean) * rng.uniform(0.6, 1.4, size), 0.85 * handle), 0)
    resolved = rng.random(size) < v.value("fcr", failing, fcr.natural[team, kind])
    blocked = ~resolved & blocks & (rng.random(size) < 0.75)
    transferred = blocked & (rng.random(size) < 0.6)
    transferred |= rng.random(size) < np.where(resolved, 0.03, 0.12)
    escalated = blocked & ~transferred | (rng.random(size) < 0.02)
    seconds = pd.to_timedelta(8 * 3600 + rng.integers(0, 8 * 3600, size), "s")
    start = (delivery.dates(v.start, 7 * week + rng.integers(0, 5, size)) + seconds).to_numpy()
    contact = pd.DataFrame({
        "contact_id": 1 + row, "agent_id": agent + 1001, "started_at": delivery.stamp(start),
        "contact_type": type_names(centre.people.program[team], kind),
        "customer_id": [f"c{c}" for c in rng.integers(0, 200000, size)], "handle_seconds": np.round(handle, 1),
        "resolved": resolved, "transferred": transferred, "escalated": escalated})
    own = handle - waited
    hold = own * rng.beta(1.2, 12, size)
    approval = waited + np.where(blocked & (waited == 0), 0.25 * own * rng.uniform(0.5, 1.5, size), 0)
    return contact, event_rows(contact, start, hold, approval, np.maximum(1, handle - hold - approval))


def event_rows(contact, start, hold, approval, work):
    """Steps of the contacts; work is what is neither held nor waited for."""
    found = 0.25 * work + hold
    solved, every = found + 0.5 * work, np.ones(len(work), bool)
    approved, waits = solved + np.where(approval > 1, approval, 0), approval > 1
    end = approved + 0.25 * work
    return delivery.event_rows(contact, start, [
        ("identify", "work", 0 * work, 0.25 * work, every), ("look_up", "hold", 0.25 * work, found, every),
        ("handle", "work", found, solved, every), ("solution", "resolution_identified", solved, solved, waits),
        ("await_approval", "approval", solved, approved, waits), ("go_ahead", "resolution_authorised", approved, approved, waits),
        ("wrap_up", "work", approved, end, every), ("hand_over", "transfer", end, end, contact.transferred),
        ("escalate", "escalation", end, end, contact.escalated), ("resolved", "resolved", end, end, contact.resolved)])
