"""Does the diagnosis tell structural from behavioural gaps?  Planted centres go through a workspace as rows."""

import argparse
import datetime
import io
import os
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd

import gaps
import study
import world

START = datetime.date(2024, 1, 1)

# what each mark is to be within, in normal and in hard centres
AIMS = {"auc": (0.975, 1), "brier": (0, 0.05), "right": (0.88, 1), "swapped": (0, 0.03), "false alarm": (0, 0.05),
        "open left open": (1, 1), "open p in .2-.8": (1, 1)}
AIMS_HARD = dict(AIMS, auc=(0.95, 1), brier=(0, 0.08), right=(0.78, 1), swapped=(0, 0.06))


def day(weeks):
    return START + datetime.timedelta(weeks=int(weeks))


def sql(text):
    """Run statements on the server of the environment; returns what they print."""
    run = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], input=text, text=True, capture_output=True)
    if run.returncode:
        sys.exit(run.stderr)
    return run.stdout


def copy(folder, table, columns, frame):
    path = os.path.join(folder, table.replace(".", "_") + ".csv")
    frame[columns].to_csv(path, index=False, header=False)
    return f"\\copy {table} ({','.join(columns)}) FROM '{path}' CSV\n"


def metric_rows(study, plan, by_type):
    """agent_metric: one row per agent, week and contact type; targets by type or one for all."""
    metric = study.metric
    who, when, kind = np.nonzero((study.volume > 0) & np.isfinite(study.value))
    shift = plan.difficulty[kind] * metric.smallest
    target = metric.target * np.exp(shift) if metric.scale == "log" else metric.target - shift
    return pd.DataFrame({
        "agent_id": who, "metric": metric.name, "period": np.array([day(w) for w in range(study.people.weeks)])[when],
        "value": study.value[who, when, kind], "volume": study.volume[who, when, kind],
        "contact_type": np.array([f"T{k}" for k in range(world.TYPES)])[kind], "target": target if by_type else np.nan})


def session_rows(study):
    who, when = np.nonzero(study.sessions)
    return pd.DataFrame({
        "agent_id": who, "coach_id": 900000 + study.people.team[who], "metric": study.metric.name, "status": "held",
        "held_at": [f"{day(w) + datetime.timedelta(days=2)} 10:00+00" for w in when], "duration_minutes": 30})


def load(ws, centre, by_type):
    people = centre[0][0].people
    smallest = [s.metric.smallest * (s.metric.target if s.metric.scale == "log" else 1) for s, _ in centre]
    metric = pd.DataFrame([{"metric": s.metric.name, "higher_is_better": s.metric.higher_is_better, "target": s.metric.target,
                            "smallest_effect": e, "scale": s.metric.scale} for (s, _), e in zip(centre, smallest)])
    agent = pd.DataFrame({
        "agent_id": np.arange(len(people.team)), "hired_on": [day(f - t) for f, t in zip(people.first, people.tenure0)],
        "team": [f"T{t:03}" for t in people.team], "valid_from": [day(f) for f in people.first],
        "valid_to": [day(w) for w in people.last], "program": [f"P{p}" for p in people.program]})
    sessions = pd.concat([session_rows(s) for s, _ in centre], ignore_index=True)
    sessions["session_id"] = np.arange(len(sessions))
    coach = pd.DataFrame({"coach_id": np.unique(sessions["coach_id"])})
    facts = pd.concat([metric_rows(s, p, by_type) for s, p in centre], ignore_index=True)
    with tempfile.TemporaryDirectory() as folder:
        sql(f"SET client_min_messages = error; SELECT coachdiag.create_workspace('{ws}');\n"
            + copy(folder, f"{ws}.metric", list(metric), metric)
            + copy(folder, f"{ws}.agent", ["agent_id", "hired_on"], agent)
            + copy(folder, f"{ws}.assignment", ["agent_id", "team", "valid_from", "valid_to", "program"], agent)
            + copy(folder, f"{ws}.coach", ["coach_id"], coach)
            + copy(folder, f"{ws}.coaching_session", list(sessions), sessions)
            + copy(folder, f"{ws}.agent_metric", list(facts), facts)
            + f"CALL coachdiag.refresh('{ws}');")


def truths(seed, hard, centre):
    rows = []
    for study, plan in centre:
        gap = plan.team_gap(study.people.team)
        for team, kind in enumerate(plan.kind):
            rows.append((seed, hard, f"T{team:03}", study.metric.name, kind, study.effect[team], gap[team],
                         gaps.truth_of(kind, study.effect[team], gap[team])))
    return pd.DataFrame(rows, columns=["seed", "hard", "team", "metric", "kind", "effect", "gap", "truth"])


def table(query):
    return pd.read_csv(io.StringIO(sql(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)")))


FOUR_SIGNS = """
    WITH agent AS (
        SELECT p.team, p.metric, p.smallest_effect, c.agent, c.contact_type, c.weight, p.scale, c.target,
            (CASE WHEN p.higher_is_better THEN -1 ELSE 1 END) * (c.mean - c.target) * CASE p.scale WHEN 'log' THEN exp(c.target) ELSE 1 END AS gap,
            c.period - c.hired_on >= 365 AS experienced
        FROM {ws}.team_panel p, coachdiag.cells(p.panel) c WHERE c.weight > 0 AND c.target IS NOT NULL
    ), team AS (
        SELECT team, metric, min(smallest_effect) AS unit, sum(gap * weight) / sum(weight) AS gap,
            sum(gap * weight) FILTER (WHERE experienced) / nullif(sum(weight) FILTER (WHERE experienced), 0) AS gap_experienced
        FROM agent GROUP BY team, metric
    ), spread AS (
        SELECT team, metric, stddev(gap) AS sd FROM (
            SELECT team, metric, agent, sum(gap * weight) / sum(weight) AS gap FROM agent GROUP BY team, metric, agent) a
        GROUP BY team, metric
    ), worst AS (
        SELECT team, metric, max(gap) AS gap FROM (
            SELECT team, metric, contact_type, sum(gap * weight) / sum(weight) AS gap FROM agent GROUP BY team, metric, contact_type) t
        GROUP BY team, metric
    )
    SELECT t.team, t.metric, t.gap <= coalesce(t.unit, 0) AS none, (s.sd < 0.5 * t.gap)::int + (coalesce(e.sessions >= 3 * e.n_coached
        AND e.naive_share_improved < 0.5, false))::int + coalesce(t.gap_experienced > 0.5 * t.gap, false)::int + (w.gap > 1.5 * t.gap)::int AS signs
    FROM team t JOIN spread s USING (team, metric) JOIN worst w USING (team, metric)
    LEFT JOIN {ws}.coaching_effect e ON e.level = 'team' AND e.team = t.team AND e.metric = t.metric"""


def four_signs(ws):
    """What a spreadsheet would say: four signs on plain means, spreads and "followed by improvement"; more than two: structural."""
    d = table(FOUR_SIGNS.format(ws=ws))
    none = d.none.isin([True, "t"])
    d["plain_verdict"] = np.where(none, "no_gap", np.where(d.signs > 2, "structural", "behavioural"))
    d["plain_p"] = np.where(none, np.nan, d.signs / 4)
    return d[["team", "metric", "plain_verdict", "plain_p"]]


SETTLING = """
    WITH early AS (
        SELECT p.team, p.metric, p.panel, p.higher_is_better, p.scale, p.smallest_effect, f.first, t.test, t.more_weeks
        FROM {ws}.team_panel p, coachdiag.first_period(p.panel) f (first),
            coachdiag.structural_tests(coachdiag.period_range(p.panel, first, first + {start} * 7), p.higher_is_better, p.scale,
                p.smallest_effect, NULL, NULL, NULL, NULL, NULL) t
        WHERE t.state = 'unknown' AND t.test IN ('consistent_gap', 'contact_type_or_step', 'experienced_same_gap')
            AND t.reason NOT LIKE 'not assessed%' AND {start} + coalesce(t.more_weeks, {wait}) <= 50
    )
    SELECT e.test, e.more_weeks IS NOT NULL AS advised, coalesce(e.more_weeks, {wait}) AS weeks, later.state <> 'unknown' AS settled
    FROM early e, coachdiag.structural_tests(coachdiag.period_range(e.panel, e.first, e.first + 7 * ({start} + coalesce(e.more_weeks, {wait}))),
        e.higher_is_better, e.scale, e.smallest_effect, NULL, NULL, NULL, NULL, NULL) later
    WHERE later.test = e.test"""


def settling(ws, start=14, wait=12):
    """Tests unknown after start weeks: are they settled after as many more as was said, or else after wait?"""
    return table(SETTLING.format(ws=ws, start=start, wait=wait))


def examine(seed, teams, hard):
    """Every second centre has one target for all contact types."""
    centre = gaps.centre(seed, teams, hard)
    ws = f"v{seed}"
    load(ws, centre, by_type=seed % 2 == 0)
    d = truths(seed, hard, centre).merge(table(f"SELECT * FROM {ws}.diagnosis"), on=["team", "metric"])
    return d.merge(four_signs(ws), on=["team", "metric"]), settling(ws)


def auc(p, positive):
    a, b = p[positive].to_numpy()[:, None], p[~positive].to_numpy()[None, :]
    return ((a > b) + 0.5 * (a == b)).mean()


def also_accepted(d):
    """Another verdict that is accepted where the truth is debatable by nature; empty: none."""
    return d.accept if "accept" in d else pd.Series("", d.index)


def one_answer(d):
    """Structural and behavioural teams of which nothing else is accepted: what p_structural is held against."""
    return d[d.truth.isin(["structural", "behavioural"]) & (also_accepted(d) == "")]


def marks(d):
    known = d[d.truth.isin(["structural", "behavioural"])]
    asked = one_answer(d)
    p, y = asked.p_structural.fillna(0.5), asked.truth == "structural"
    decided = d[d.truth.isin(["structural", "behavioural", "mixed", "no_gap"])]
    right = (decided.verdict == decided.truth) | (decided.verdict == also_accepted(decided))
    swap = ((known.truth == "structural") & (known.verdict == "behavioural")) | ((known.truth == "behavioural") & (known.verdict == "structural"))
    none = d[d.truth == "no_gap"]
    open_ = d[d.truth == "cannot_tell"]
    return {
        "teams": len(d), "auc": auc(p, y), "brier": ((p - y) ** 2).mean(), "right": right.mean(),
        "swapped": swap.mean(), "false alarm": none.verdict.isin(["structural", "behavioural", "mixed"]).mean(),
        "open left open": (open_.verdict == "cannot_tell").mean(), "open p in .2-.8": open_.p_structural.between(0.2, 0.8).mean()}


def plain_marks(d):
    """The same for the four signs on plain figures."""
    return marks(d.assign(verdict=d.plain_verdict, p_structural=d.plain_p))


def dots(row, width=40):
    """said as o and was as x on a line from 0 to 1."""
    line = ["."] * (width + 1)
    line[round(row.said * width)], line[round(row.was * width)] = "o", "x"
    return "".join(line)


def reliability(d):
    """Of the teams given a probability, how many were structural; as a table and a plot."""
    print("Reliability of p_structural (o: said, x: was)")
    known = one_answer(d)
    bins = pd.cut(known.p_structural, np.linspace(0, 1, 11), include_lowest=True)
    out = known.assign(y=known.truth == "structural").groupby(bins, observed=True).agg(
        teams=("y", "size"), said=("p_structural", "mean"), was=("y", "mean"))
    print(out.assign(plot=out.apply(dots, axis=1)).round(3).to_string())


def by_kind(d):
    print("Verdict by kind")
    print(pd.crosstab([d.truth.fillna("open"), d.kind], d.verdict).to_string())


def report(d, later):
    """All tables; True when all aims are met."""
    parts = [(name, part) for name, part in [("normal", d[~d.hard]), ("hard", d[d.hard])] if len(part)]
    print(pd.DataFrame({**{name: marks(part) for name, part in parts},
                        **{f"four signs, {name}": plain_marks(part) for name, part in parts}}).round(3).to_string())
    print()
    reliability(d)
    print("\nUnknown after 14 weeks: settled after the weeks that were said, or after 12 where none were")
    print(later.groupby(["test", "advised"]).agg(tests=("settled", "size"), weeks=("weeks", "median"), settled=("settled", "mean")).round(2).to_string())
    print()
    by_kind(d)
    good = True
    for name, part in parts:
        print(f"\n{name} centres")
        good &= study.held_to(marks(part), AIMS_HARD if name == "hard" else AIMS)
    print("\nall aims met" if good else "\nsome aims MISSED")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[11, 12, 13])
    parser.add_argument("--hard", type=int, nargs="*", default=[21, 22])
    parser.add_argument("--teams", type=int, default=60)
    parser.add_argument("--csv", help="write team by team results here")
    args = parser.parse_args()
    runs = [examine(seed, args.teams, hard) for hard, seeds in [(False, args.seeds), (True, args.hard)] for seed in seeds]
    d, later = [pd.concat(part, ignore_index=True) for part in zip(*runs)]
    if args.csv:
        d.to_csv(args.csv, index=False)
    return 0 if report(d, later.replace({"t": True, "f": False})) else 1


if __name__ == "__main__":
    sys.exit(main())
