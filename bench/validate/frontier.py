"""Could anybody get more out of the same figures?  On centres of the second simulator (floor.py).

The verdict: p_structural beside two learners that are given every figure the workspace shows about a team, and the truth
of all other centres.  The effect: coaching_effect beside two oracles and a forest.  The oracles shrink the same
raw_improvement: the normal one knows the mean and variance of the true effects of the centre's metric and does what is
best where effects are normal; the full one knows all true effects, though not whose they are.  The forest is taught the
true effects of all other centres, by the figures of the effect or by all.  What the learners reach can be had from the
figures, by who knows the simulator; what they don't reach, more centres might teach them (--seeds).  All is in units of
smallest_effect; which teams count: held_out.py."""

import argparse

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

import floor
import held_out
import study
import verdict

SEEDS = range(41, 53)       # six normal and six hard centres, on which nothing was fitted
LOW, HIGH = 0.35, 0.65      # p_structural below which a gap is called behavioural, above which structural
LEARNERS = {
    "forest": RandomForestClassifier(400, min_samples_leaf=3, max_features=0.3, random_state=1),
    "boosting": HistGradientBoostingClassifier(max_iter=120, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=15,
                                               l2_regularization=1, random_state=1),
}
EFFECT_FOREST = RandomForestRegressor(200, min_samples_leaf=5, max_features=0.3, random_state=1)
FORESTS = {"effect forest": r"^effect\.", "full forest": r"\."}       # and the figures that each is given
# "right" is not that of held_out, where mixed teams and those without a gap count, too
VERDICT_AIMS = {part: {mark: aims[mark] for mark in ("auc", "brier", "swapped")}
                for part, aims in [("normal", verdict.AIMS), ("hard", verdict.AIMS_HARD)]}
EFFECT_AIMS = {"normal": study.LIMITS, "hard": study.LIMITS}

EFFECT = """(SELECT e.unit AS team, m.metric, e.* FROM {ws}.stored_metric m
    CROSS JOIN LATERAL (SELECT array_agg(h.team ORDER BY h.team) AS teams, array_agg(h.panel ORDER BY h.team) AS panels
        FROM {ws}.stored_history h WHERE h.metric = m.metric) a
    CROSS JOIN LATERAL coachdiag.coaching_effect(a.teams, a.panels, m.higher_is_better, m.scale, m.smallest_effect) e) e"""
TEST = "(SELECT * FROM {{ws}}.indicators WHERE test = '{}') t"
INTERVAL = "estimate ci_low ci_high"
FIGURES = {     # where from, figures in the metric's unit, others
    "gap": ("{ws}.gap_dispersion", "mean_gap mean_low mean_high within_sd between_sd between_low between_high predict_low predict_high",
            "agents observations icc i_squared reliability share_short share_low share_high f_p"),
    "settled": ("{ws}.structural_score", "mean_gap mean_low mean_high settled_gap settled_low settled_high gap_before gap_after", ""),
    "effect": (EFFECT, "improvement ci_low ci_high sd doubt raw_improvement raw_se naive_improvement null_improvement "
               "smallest_detectable placebo",
               "raw_df sessions n_coached n_control naive_share_improved null_share_improved p_value placebo_p overlap"),
    "alike": (TEST.format("consistent_gap"), "", INTERVAL + " n"),
    "experienced": (TEST.format("experienced_same_gap"), INTERVAL, "n"),
    "types": (TEST.format("contact_type_or_step"), "", INTERVAL + " n"),
    "idle": (TEST.format("coaching_without_effect"), INTERVAL, "n"),
    "waiting": (TEST.format("decide_or_wait"), "", INTERVAL),
}


def figures(ws):
    """Every figure by team and metric, as in "effect.raw_se"."""
    parts = []
    for name, (source, scaled, plain) in FIGURES.items():
        scaled, plain = scaled.split(), plain.split()
        part = verdict.table(f"SELECT team, metric, {', '.join(scaled + plain)} FROM {source.format(ws=ws)}")
        part[scaled] = part[scaled].div(part.metric.map(floor.SMALLEST), axis=0)
        parts.append(part.set_index(["team", "metric"]).add_prefix(name + "."))
    return pd.concat(parts, axis=1)


def examine(seed):
    """Truth, p_structural and figures of one centre."""
    centre, ws = floor.Centre(seed), f"f{seed}"
    held_out.load(ws, centre)
    answers = held_out.results(ws)[["team", "metric", "p_structural"]]
    d = centre.truth().merge(answers, on=["team", "metric"], how="left").merge(figures(ws), on=["team", "metric"], how="left")
    verdict.sql(f"SET client_min_messages = error; SELECT coachdiag.drop_workspace('{ws}');")
    return d.assign(truth=d.truth.where(d.debatable == ""), seed=seed, part="hard" if centre.variant.hard else "normal")


def taught(model, d, truth, which=r"\.", method="predict"):
    """What a model says of the figures of each centre, taught by the truth of the others."""
    x = d.filter(regex=which).clip(-1e6, 1e6).fillna(-1e6)      # missing is lowest: trees only ask for the order
    return cross_val_predict(model, x, truth, groups=d.seed, cv=LeaveOneGroupOut(), method=method)


def with_learners(d):
    """The teams that are structural or behavioural, and what each learner makes of them."""
    d = d[d.truth.isin(["structural", "behavioural"])]
    d = d.assign(structural=d.truth == "structural", p_structural=d.p_structural.fillna(0.5))
    return d.assign(**{name: taught(model, d, d.structural, method="predict_proba")[:, 1] for name, model in LEARNERS.items()})


def verdict_marks(d, who):
    p, y = d[who], d.structural
    return {"auc": verdict.auc(p, y), "brier": ((p - y) ** 2).mean(), "swapped": np.where(y, p < LOW, p > HIGH).mean(),
            "right": np.where(y, p > HIGH, p < LOW).mean()}


def normal_oracle(d):
    """Effect and interval of each team of a centre and metric, from the mean and variance of the true effects."""
    mean, between, noise = d.effect.mean(), d.effect.var(ddof=0), d["effect.raw_se"] ** 2
    keep = between / (between + noise)
    half = 1.96 * np.sqrt(keep * noise)
    effect = mean + keep * (d["effect.raw_improvement"] - mean)
    return effect, effect - half, effect + half


def full_oracle(d):
    """The same from all true effects, each of them as likely to be any team's."""
    true = np.sort(d.effect)
    raw, se = d[["effect.raw_improvement", "effect.raw_se"]].to_numpy().T[:, :, None]
    likely = np.exp(-((raw - true) / se) ** 2 / 2)
    likely /= likely.sum(axis=1, keepdims=True)
    below = likely.cumsum(axis=1)
    return likely @ true, true[(below < 0.025).sum(axis=1)], true[(below < 0.975).sum(axis=1)]


def with_rivals(d):
    """The coached teams, and what is said of the effect on each: by whom, ends of the interval in who_low and who_high."""
    d = d[d["effect.improvement"].notna() & (d.sessions >= held_out.COACHED)].copy()
    d[["coaching_effect", "coaching_effect_low", "coaching_effect_high"]] = d[["effect.improvement", "effect.ci_low", "effect.ci_high"]]
    for name, which in FORESTS.items():
        d[name] = taught(EFFECT_FOREST, d, d.effect, which)
    for _, rows in d.groupby(["seed", "metric"]):
        for name, oracle in [("normal oracle", normal_oracle), ("full oracle", full_oracle)]:
            for end, values in zip(["", "_low", "_high"], oracle(rows)):
                d.loc[rows.index, name + end] = values
    return d


def effect_marks(d, who):
    marks = {"rmse": np.sqrt(((d[who] - d.effect) ** 2).mean()), "rank": d[who].corr(d.effect, method="spearman")}
    if who + "_low" in d:
        low, high = d[who + "_low"], d[who + "_high"]
        marks |= {"coverage": d.effect.between(low, high).mean(), "width": (high - low).mean(),
                  "power": (low > 0)[d.effect > 0.5].mean()}
    return marks


def table(d, marks, answers, aims):
    """Print the marks of each answer, a star at those that miss their aim; returns by aim who keeps it."""
    keep = {}
    print(f"{'':16}{'aimed at':>14}" + "".join(f"{who:>18}" for who in answers))
    for part, rows in d.groupby("part", sort=False):
        marked = {who: marks(rows, who) for who in answers}
        for mark, values in pd.DataFrame(marked, index=list(marked[answers[0]])).iterrows():
            aim = aims[part].get(mark)
            kept = values.isna() | values.between(*aim or (-np.inf, np.inf))
            cells = [f"{value:16.3f} {' ' if good else '*'}" for value, good in zip(values, kept)]
            print((f"{part + ' ' + mark:16}" + (f"{aim[0]:g} .. {aim[1]:g}" if aim else "").rjust(14)
                   + "".join(cells).replace("nan", "  -")).rstrip())
            keep[f"{part} {mark}"] = kept[values.notna()]
    return keep


def missed(keep, ours):
    """In words: which aims are missed, and who reaches them."""
    aims = [f"{aim} (reached by {', '.join(kept.index[kept]) or 'nobody'})" for aim, kept in keep.items() if not kept[ours]]
    return f"{ours} misses {', '.join(aims) or 'no aim'}"


def gain(d, ours, other, truth):
    """In words: how much smaller the other's squared error is, over centres, and whether that is more than chance."""
    by_centre = ((d[ours] - d[truth]) ** 2 - (d[other] - d[truth]) ** 2).groupby(d.seed).mean()
    mean, half = by_centre.mean(), student.ppf(0.975, len(by_centre) - 1) * by_centre.sem()
    return (f"{other} takes {mean:.3f} off its mean squared error of {((d[ours] - d[truth]) ** 2).mean():.3f} (95 % interval "
            f"over centres {mean - half:.3f} to {mean + half:.3f}): "
            + ("there is more in those figures" if mean > half else "that there is more in those figures is not shown"))


def report_verdict(d):
    d = with_learners(d)
    print(f"Verdict of {len(d)} teams x metrics that are structural or behavioural; swapped and right at {LOW} and {HIGH}")
    keep = table(d, verdict_marks, ["p_structural", *LEARNERS], VERDICT_AIMS)
    best = min(LEARNERS, key=lambda who: ((d[who] - d.structural) ** 2).mean())
    print(f"Meaning: {missed(keep, 'p_structural')}; {gain(d, 'p_structural', best, 'structural')}.")


def report_effect(d):
    d = with_rivals(d)
    print(f"\nEffect of coaching of {len(d)} coached teams x metrics")
    keep = table(d, effect_marks, ["coaching_effect", "normal oracle", "full oracle", *FORESTS], EFFECT_AIMS)
    print(f"Meaning: {missed(keep, 'coaching_effect')}; "
          + "; ".join(gain(d, "coaching_effect", forest, "effect") for forest in FORESTS) + ".")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="centres, two at least")
    d = pd.concat([examine(seed) for seed in parser.parse_args().seeds], ignore_index=True)
    print(f"seeds {sorted(d.seed.unique().tolist())}; *: misses the aim of held_out\n")
    d = d.sort_values("part", ascending=False, kind="stable")       # normal before hard
    report_verdict(d)
    report_effect(d)


if __name__ == "__main__":
    main()
