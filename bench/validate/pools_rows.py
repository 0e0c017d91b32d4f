"""A centre of pools.py as the rows that a customer would deliver."""

import numpy as np
import pandas as pd

import delivery

END = pd.Timestamp("2026-01-05")        # a Monday, after the last week
FORMATS = {"handle_time": (False, "s", 1), "fcr": (True, "%", 5), "quality": (True, "points", 2)}     # digits of values
TYPE_NAMES = ["billing", "address", "fault", "cancel", "refund", "order"]
CONTACT_WEEKS = 8       # the last


def relations(centre):
    """By name; draws contacts."""
    out = {"metric": metric_rows(centre), "agent_metric": value_rows(centre), "assignment": assignment_rows(centre)}
    if centre.variant.hire_dates != "none":
        out["agent"] = agent_rows(centre)
    out["coaching_session"] = session_rows(centre)
    if centre.variant.steps:
        out["contact"], out["contact_event"] = contact_rows(centre)
    return out


def day(centre, days):
    """Dates of days since the first week's Monday."""
    return delivery.dates(END - pd.Timedelta(weeks=centre.variant.weeks), days)


def agent_id(centre, agents):
    """Ids of agents."""
    return np.array([f"ag-{i:05d}" for i in agents]) if centre.variant.text else np.asarray(agents) + 1000


def coach_id(centre, coaches):
    """Ids of coaches."""
    return np.array([f"co-{i:04d}" for i in coaches]) if centre.variant.text else np.asarray(coaches) + 900000


def type_names(kinds):
    """Names of contact types; -1 is none."""
    return np.array([*TYPE_NAMES, None], object)[kinds]


def metric_rows(centre):
    """Targets and smallest effects."""
    v = centre.variant
    return pd.DataFrame([(metric, higher, round(v.base[metric], 4), round(v.smallest[metric], 4), unit, v.scale[metric])
                         for metric, (higher, unit, _) in FORMATS.items()],
                        columns=["metric", "higher_is_better", "target", "smallest_effect", "unit", "scale"])


def value_rows(centre):
    """agent_metric; targets by type where the centre has them."""
    return pd.concat([values(centre, work) for work in centre.work.values()], ignore_index=True)


def values(centre, work):
    """Those of a metric."""
    agent, week, kind, value, n = map(np.concatenate, zip(*work.rows))
    known, digits = (kind >= 0) & centre.variant.type_targets, FORMATS[work.metric][2]
    return pd.DataFrame({
        "agent_id": agent_id(centre, agent), "metric": work.metric, "period": day(centre, 7 * week),
        "value": np.round(value, digits), "volume": n, "contact_type": type_names(kind),
        "target": np.where(known, np.round(work.targets(), digits)[kind], np.nan)})


def assignment_rows(centre):
    """One row for each stay of an agent in a team; without hire dates those of the start have been there longer."""
    rows, weeks = [], centre.variant.weeks
    for agent, (hired, stays) in enumerate(centre.people.spells):
        before = -400 if centre.variant.hire_dates == "none" else min(0, 7 * hired)
        rows += [(agent, team, 7 * start if start else before, 7 * end) for team, start, end in stays]
    agent, team, start, end = np.array(rows).T
    return pd.DataFrame({
        "agent_id": agent_id(centre, agent), "team": [f"T{t:03d}" for t in team], "valid_from": day(centre, start),
        "valid_to": day(centre, end).where(end < 7 * weeks), "supervisor": [f"sup{t}" for t in team],
        "site": [f"S{s}" for s in centre.coaches.site[team]], "program": [f"P{p}" for p in centre.coaches.program[team]]})


def agent_rows(centre):
    """Hire dates, in some centres of three in five only, and the last day of those who left."""
    end = np.array([stays[-1][2] for _, stays in centre.people.spells])
    known = centre.rng.random(len(end)) > 0.4 * (centre.variant.hire_dates == "some")
    return pd.DataFrame({"agent_id": agent_id(centre, range(len(end))),
                         "hired_on": day(centre, 7 * centre.people.hired).where(known),
                         "left_on": day(centre, 7 * end - 1).where(end < centre.variant.weeks)})


def session_rows(centre):
    """What was held; and a twelfth as much that was cancelled, only praise, or about what can't be coached."""
    rng, trigger = centre.rng, {"turns": "routine", "private": "request"}
    held = pd.DataFrame([(s.agent, s.coach, 7 * s.week + s.day, metric, trigger.get(work.plans[s.team].trigger, "metric_outlier"))
                         for metric, work in centre.work.items() for s in work.sessions],
                        columns=["agent", "coach", "day", "metric", "trigger"])
    other = held.iloc[rng.integers(0, len(held), len(held) // 12)].assign(trigger="routine")
    what = np.append(np.full(len(held), ""), rng.choice(["cancelled", "praise", "blocked"], len(other)))
    rows = pd.concat([held, other], ignore_index=True)
    date = day(centre, rows.day).dt.strftime("%Y-%m-%d")
    hour = np.append(rng.integers(9, 17, len(held)), np.full(len(other), 10))
    return pd.DataFrame({
        "session_id": 1 + np.arange(len(rows)), "agent_id": agent_id(centre, rows.agent), "coach_id": coach_id(centre, rows.coach),
        "held_at": (date + [f" {h:02d}:00+00" for h in hour]).where(what != "cancelled"), "scheduled_at": date + " 09:00+00",
        "status": np.where(what == "cancelled", "cancelled", "held"), "metric": rows.metric,
        "duration_minutes": rng.choice([15, 20, 30, 45], len(rows)), "kind": "scheduled", "trigger": rows.trigger,
        "recognition": what == "praise", "not_coachable_reason": np.where(what == "blocked", "system issue", None)})


def draw_contacts(centre):
    """Agent, week and contact type of five contacts a week."""
    weeks, mix = centre.variant.weeks, centre.people.mix
    agent, week = np.nonzero(centre.people.present[:, weeks - CONTACT_WEEKS:])
    agent, week = np.repeat(agent, 5), np.repeat(week, 5) + weeks - CONTACT_WEEKS
    below = (centre.rng.random((len(agent), 1)) > mix[agent].cumsum(1)).sum(1)
    return agent, week, np.minimum(below, mix.shape[1] - 1)


def causes(plans, everywhere):
    """By team and contact type: badness that shows as waits or handing on."""
    return np.array([plan.waits * (plan.types + plan.common * (plan.kind in everywhere)) for plan in plans])


def contact_rows(centre):
    """Contacts and their steps: a third wait a little, and where a step is to blame those that it delays."""
    rng, v = centre.rng, centre.variant
    agent, week, kind = draw_contacts(centre)
    team, size = centre.people.team[agent, week], len(agent)
    everywhere = ("struct_all", "wait_never")
    slow, failing = (causes(centre.plans[metric], everywhere)[team, kind] for metric in ("handle_time", "fcr"))
    badness = {metric: centre.work[metric].badness[agent, week, kind] + v.natural[metric][kind] for metric in ("handle_time", "fcr")}
    usual = v.value("handle_time", badness["handle_time"])
    delay = usual - v.value("handle_time", badness["handle_time"] - slow)
    work = usual - delay
    wait = (delay + np.where(rng.random(size) < 0.35, 0.3 * work, 0)) * rng.lognormal(-0.18, 0.6, size)
    work *= 0.895 * rng.lognormal(-v.spread ** 2 / 2.6, v.spread * 0.9, size)
    resolves = v.value("fcr", badness["fcr"])
    resolved = rng.random(size) < resolves
    blocked = np.minimum(1, v.smallest["fcr"] * failing / (1 - resolves))
    handed_on = ~resolved & (rng.random(size) < 0.15 + 0.8 * blocked)
    escalated = handed_on & (rng.random(size) < 0.5)
    seconds = pd.to_timedelta(8 * 3600 + rng.integers(0, 36000, size), "s")
    start = (day(centre, 7 * week + rng.integers(0, 5, size)) + seconds).to_numpy()
    contact = pd.DataFrame({
        "contact_id": 1 + np.arange(size), "agent_id": agent_id(centre, agent), "started_at": delivery.stamp(start),
        "contact_type": type_names(kind), "customer_id": rng.integers(1, 400000, size),
        "handle_seconds": np.round(work + wait, 1), "resolved": resolved, "transferred": handed_on & ~escalated,
        "escalated": escalated})
    return contact, event_rows(rng, contact, start, work, wait)


def event_rows(rng, contact, start, work, wait):
    """Steps of the contacts; who waits does so for one of two desks, under one of two names."""
    size = len(work)
    every, waits, desk, approval = np.ones(size, bool), wait > 0, rng.random(size) < 0.5, rng.random(size) < 0.5
    diagnosed, waited, end = 0.6 * work, 0.6 * work + wait, work + wait
    back = ~(contact.resolved | contact.transferred | contact.escalated)
    pauses = [(step, what, diagnosed, waited, waits & at & how)
              for step, at in [("backoffice_check", desk), ("supervisor_ok", ~desk)]
              for what, how in [("approval", approval), ("wait", ~approval)]]
    return delivery.event_rows(contact, start, [
        ("greet", "work", 0 * work, 0.15 * work, every), ("diagnose", "work", 0.15 * work, diagnosed, every),
        ("identified", "resolution_identified", diagnosed, diagnosed, every), *pauses,
        ("authorised", "resolution_authorised", waited, waited, every), ("wrap", "work", waited, end, every),
        ("handover", "escalation", end, end, contact.escalated), ("handover", "transfer", end, end, contact.transferred),
        ("close", "resolved", end, end, contact.resolved), ("callback", "work", end, end + 1, back)])
