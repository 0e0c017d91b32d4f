"""Two published samples whose true effect is zero and whose subjects were picked at their worst."""

import csv
import os
import subprocess
import sys

import numpy as np

import engine

ROOT = engine.ROOT


def folder():
    """Where the collection of published data is, or None."""
    run = subprocess.run([ROOT / "tools/reference-dir.sh"], capture_output=True, text=True)
    path = os.path.join(run.stdout.strip(), "data")
    return path if run.returncode == 0 and os.path.isdir(path) else None


def read(path, name):
    with open(os.path.join(path, name), newline="") as file:
        return list(csv.DictReader(file))


def number(text):
    return float(text) if text not in ("", "NA") else np.nan


def rows_of(series, sessions):
    """One team; a subject is an agent."""
    rows = [(0, i, t, v, 1, sessions[i][t], np.nan) for i, s in enumerate(series) for t, v in enumerate(s)]
    return np.array(rows, engine.ROW)


def headache(path):
    """Untreated controls of the acupuncture trial: the worst quarter at the start, followed for a year; fewer is better."""
    people = [p for p in read(path, "rtm_acupuncture.csv") if p["group"] == "0" and p["pk5"] not in ("", "NA")]
    series = [[-number(p[k]) for k in ("pk1", "pk2", "pk5")] for p in people]
    worst = np.quantile([s[0] for s in series], 0.25)
    return rows_of(series, [[s[0] <= worst, 0, 0] for s in series]), 2


def training(path):
    """Job training: applicants who were drawn out of the programme, against a population survey; earnings."""
    people = {}
    for row in read(path, "drdid_nsw_cps_long.csv"):
        people.setdefault(row["id"], dict(row))[row["year"]] = number(row["re"])
    people = [p for p in people.values() if p["re74"] not in ("", "NA")]
    series = [[number(p["re74"]), p["1975"], p["1978"]] for p in people]
    return rows_of(series, [[0, p["experimental"] == "1", 0] for p in people]), 1


def show(name, library, rows, horizon):
    """What before and after says, and what coaching_effect does."""
    out = engine.estimate(library, rows, 1, horizon=horizon)[0][0]
    print(f"{name}: {len(set(rows['agent']))} subjects, {out['sessions']:.0f} picked")
    print(f"  before and after {out['naive']:+.1f}, {100 * out['naive_share']:.0f} % improved")
    if out["status"] == 0:
        print(f"  expected without effect {out['null']:+.1f}, {100 * out['null_share']:.0f} %")
        print(f"  coaching_effect  {out['effect']:+.1f} ({out['low']:+.1f} to {out['high']:+.1f})")
    else:
        print("  coaching_effect  cannot tell: three periods don't separate level, luck and noise")
    return out


def main():
    path = folder()
    if path is None:
        print("published: skipped, COACHDIAG_REFERENCE names no folder with expected.csv and data/")
        return engine.SKIPPED
    library = engine.build()
    out = show("headache score", library, *headache(path))
    good = out["naive"] > 5 and (out["status"] != 0 or out["low"] < 0 < out["high"])
    print(f"  nothing claimed, where before and after does  {'kept' if good else 'MISSED'}")
    out = show("job training, yearly earnings in dollars", library, *training(path))
    silent = out["status"] != 0 or out["low"] < 0 < out["high"]
    print(f"  nothing claimed  {'kept' if silent else 'MISSED'}")
    return 0 if good and silent else 1


if __name__ == "__main__":
    sys.exit(main())
