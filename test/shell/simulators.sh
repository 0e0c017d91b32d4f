#!/bin/bash
# What the studies of validity rest on: the formula of bench/validate/fit.py is that of the extension, centres can be
# made of the simulators whose size can be chosen, and a verdict that is accepted beside the right one counts.
set -u
cd "$(dirname "$0")/../.." || exit

if [ -z "${IN_SERVER:-}" ]; then
	IN_SERVER=1 exec tools/with-server.sh -- bash "$0"
fi

for python in "${PYTHON:-python3}" /usr/bin/python3; do
	"$python" -c "import numpy, pandas, scipy" 2>/dev/null && break
	python=
done
if [ -z "$python" ]; then
	echo "1..0 # SKIP no python3 with numpy, pandas and scipy"
	exit
fi

psql -Xqc "CREATE EXTENSION coachdiag"
export PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=bench/validate
"$python" - <<'PYTHON'
import numpy as np
import pandas as pd

import fit
import outsourcer
import pools
import verdict

ARGUMENTS = ["spread", "type_share", "improvement", "ci_low", "ci_high", "smallest_effect", "false", "spread_high", "gap_now",
             "waiting_share", "waiting_low", "waiting_high", "idle_coach", "usual_spread"]
tests = 0


def ok(good, what):
    global tests
    tests += 1
    print(f"{'ok' if good else 'not ok'} {tests} - {what}", flush=True)


def cases(rng, size):
    """What p_structural may be told, some of it unknown."""
    d = pd.DataFrame({"spread": rng.exponential(0.5, size), "type_share": rng.uniform(0, 1, size), "improvement": rng.normal(2, 4, size),
                      "smallest_effect": rng.uniform(0.5, 5, size), "gap_now": rng.uniform(0, 30, size),
                      "waiting_share": rng.uniform(0, 1, size), "idle_coach": rng.uniform(0, 1, size)})
    d["usual_spread"] = d.smallest_effect * rng.uniform(0, 4, size)
    d["spread_high"] = d.spread * rng.uniform(1.1, 3, size)
    half = rng.exponential(3, size) + 0.1
    d["ci_low"], d["ci_high"] = d.improvement - half, d.improvement + half
    d["waiting_low"], d["waiting_high"] = 0.7 * d.waiting_share, d.waiting_share + 0.2
    for unknown in (["type_share"], ["improvement", "ci_low", "ci_high"], ["waiting_share", "waiting_low", "waiting_high"], ["gap_now"],
                    ["spread_high"], ["idle_coach"], ["usual_spread"], ["spread", "spread_high"]):
        d.loc[rng.random(size) < 0.3, unknown] = np.nan
    return d.assign(told_sessions=100, own_improvement=np.nan, own_se=np.nan, own_doubt=np.nan)


def asked(d):
    """p_structural of the extension."""
    rows = [", ".join("NULL" if value != value else value if value == "false" else repr(float(value)) for value in row)
            for row in d.assign(false="false")[ARGUMENTS].itertuples(index=False)]
    return np.array(verdict.sql("".join(f"SELECT coachdiag.p_structural({row});\n" for row in rows)).split(), float)


d = cases(np.random.default_rng(1), 500)
ok(abs(fit.probability(d, fit.constants()) - asked(d)).max() < 1e-9, "the formula of fit.py is that of p_structural")

for simulator in (pools, outsourcer):
    for seed in range(1, 5):
        centre = simulator.Centre(seed, teams=8)
        truth, relations = centre.truth(), centre.relations()
        columns = verdict.sql("SELECT coachdiag.create_workspace('w');" + "".join(
            f"SELECT '{name} ' || string_agg(attname, ' ') FROM pg_attribute WHERE attrelid = 'w.{name}'::regclass AND attnum > 0;\n" for name in relations)
            + "SELECT coachdiag.drop_workspace('w');").splitlines()
        there = {words[0]: set(words[1:]) for words in map(str.split, columns) if words}
        name = f"{simulator.__name__} {seed}"
        ok(all(set(rows) <= there[relation] for relation, rows in relations.items()), f"{name}: every column is one of the contract")
        ok(set(truth.team) == set(relations["assignment"].team) and len(truth) == 24 and centre.variant.hard == (seed % 2 == 0)
           and set(truth.kind) <= set(simulator.KINDS) and set(truth.metric) == set(centre.smallest), f"{name}: a truth for every team and metric")
        held = relations["coaching_session"].query("status == 'held'")
        ok(truth.sessions.sum() <= len(held) and (truth.effect.notna() <= (truth.sessions > 0)).all(), f"{name}: effects of sessions that were held")

d = pd.DataFrame({"truth": ["structural", "behavioural", "behavioural"], "verdict": ["structural", "cannot_tell", "behavioural"],
                  "p_structural": [0.9, 0.6, 0.1], "accept": ["", "cannot_tell", ""]})
ok(verdict.marks(d)["right"] == 1, "what is accepted counts as right")
ok(abs(verdict.marks(d)["brier"] - 0.01) < 1e-12, "and is not asked for a probability")
ok(abs(verdict.marks(d.drop(columns="accept"))["right"] - 2 / 3) < 1e-12, "without the column only the truth is right")
print(f"1..{tests}")
PYTHON
