"""Coaches of known quality: does the ranking follow it, are equals left equal, do rank intervals hold?"""

import argparse
import ctypes
import sys
import warnings

import numpy as np

import engine
import world

DOSE = np.dtype([("row", "u8"), ("coach", "i4"), ("sessions", "f8")], align=True)
RANK = np.dtype([(name, "f8") for name in ("expected", "low", "high", "above")] + [("outlier", "i4")], align=True)
BEFORE_RANK = ["sessions", "agents", "teams", "shared", "naive", "naive_share", "null", "null_share", "usual", "raw", "raw_se",
               "effect", "low", "high", "sd", "doubt", "above", "allowance", "shortfall", "masked", "group_mean", "group_spread", "peers"]
COACH = np.dtype([("group", "i4")] + [(name, "f8") for name in BEFORE_RANK] + [("ranked", "?")]
                 + [(name, "f8") for name in ("apart", "apart_low", "apart_high", "place")] + [("rank", RANK), ("status", "i4")],
                 align=True)
PART = np.dtype([("team", "u8"), ("coach", "i4"), ("sessions", "f8"), ("effect", "f8"), ("se", "f8")], align=True)

# In units of the smallest worthwhile effect, as the metrics of world.py: agents, weeks, new hires' learning.
AGENT_SD, SHOCK_SD, TEAM_SD, PERSISTENCE, LEARNING = 2.0, 0.8, 0.6, 0.5, 3.5
NOISE_SD = {"contacts": 1.9, "evaluations": 2.3}
POLICIES = {"random": 0.225, "bad week": 0.225, "bad month": 0.225, "always the weak": 0.225, "good week": 0.1}
CHOSEN = [name for name in POLICIES if name != "random"]
OPPOSED = {"random": 0.3, "bad week": 0.35, "bad month": 0, "always the weak": 0, "good week": 0.35}
SMALL = 4                       # centres of each kind in the sample for every day
slack = 0.0                     # standard errors that a mean may lie beyond its limit: 2 in that sample
KIND_COACHES = 12               # of a programme, in the study of kinds of session
QUALITIES = {
    "differing": lambda rng, k: np.maximum(rng.normal(0.6, 0.45, k), 0),
    "a few stars": lambda rng, k: np.where(rng.random(k) < 0.2, rng.uniform(0.8, 1.5, k), rng.uniform(0, 0.3, k)),
    "equal": lambda rng, k: np.full(k, 0.5),
    "equal, none": lambda rng, k: np.zeros(k),
}


class Plan(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "rows", "n", "teams", "dose", "doses", "coaches", "dose_of", "list_of", "list", "order", "position", "block",
        "block_of", "blocks", "team_rows", "agent_rows")]


def address(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def memory(size):
    room = np.empty(size + 64, np.uint8)
    return room, engine.Arena((room.ctypes.data + 63) // 64 * 64, size, 0)


def estimate(library, rows, dose, group, teams, horizon=4, level=0.95):
    """Each coach's result; group: of each coach."""
    rows, dose = np.ascontiguousarray(rows), np.ascontiguousarray(dose)
    out = np.zeros(len(group), COACH)
    out["group"] = group
    common = np.zeros(1, engine.COMMON)
    plan = Plan()
    size = ctypes.c_size_t
    library.cd_coach_plan_size.restype = library.cd_effect_coach_size.restype = size
    keep, arena = memory(library.cd_coach_plan_size(size(len(rows)), size(teams), size(len(dose)), size(len(out))))
    status = library.cd_coach_plan(address(rows), size(len(rows)), size(teams), address(dose), size(len(dose)),
                                   address(out), size(len(out)), ctypes.byref(arena), ctypes.byref(plan))
    if status != 0:
        raise RuntimeError(f"cd_coach_plan: status {status}")
    periods = int(rows["period"].max() - rows["period"].min()) + 1
    keep_too, arena = memory(library.cd_effect_coach_size(ctypes.byref(plan), size(periods)))
    options = engine.Options(horizon, level, True)
    parts = np.zeros(len(dose), PART)
    status = library.cd_effect_coach(ctypes.byref(plan), ctypes.byref(options), ctypes.byref(arena), address(out),
                                     address(parts), address(common))
    if status != 0:
        raise RuntimeError(f"cd_effect_coach: status {status}")
    return out


def layout(rng, programs, coaches, shared):
    """Teams of each coach: one of their own, or two, each shared with another coach of the programme."""
    pairs = []
    for p in range(programs):
        own = p * coaches + np.arange(coaches)
        for i in range(coaches):
            pairs.append((p * coaches + i, own[i]))
            if shared:
                pairs.append((p * coaches + i, own[(i + 1) % coaches]))
    return pairs


def simulate(rng, quality, policy, pairs, weeks=56, worth=None):
    """Rows, doses and true effects; pairs: (team, coach). Policy of each coach by number.
    worth: instead of coaches tell kinds of session apart, each worth so many times the coach's quality."""
    noise_sd = NOISE_SD[rng.choice(list(NOISE_SD))]
    coaches = len(quality)
    teams = max(t for t, _ in pairs) + 1
    size = rng.integers(6, 19, teams)
    team = np.repeat(np.arange(teams), size)
    agents = len(team)
    who = [np.array([c for t, c in pairs if t == g]) for g in range(teams)]
    half = rng.uniform(4, 10, teams)
    fade = (0.5 ** (1 / half))[team]
    gain = 4 / (1 + fade + fade ** 2 + fade ** 3)
    rate = rng.uniform(1.0, 2.0, coaches) / 4.33
    slope = rng.uniform(0.8, 1.8, coaches) * (policy > 0)
    level = AGENT_SD * rng.standard_normal(agents) - rng.uniform(0, 4, teams)[team]     # hard teams and easy ones
    own = np.maximum(1 + 0.4 * rng.standard_normal(agents), 0)
    volume = np.exp(0.35 * rng.standard_normal(agents))
    new = rng.random(agents) < rng.uniform(0, 0.5, teams)[team]
    tenure = np.where(new, rng.integers(0, 12, agents), rng.integers(26, 200, agents))
    pace = rng.uniform(8, 16, teams)[team]
    drift = TEAM_SD * rng.standard_normal((teams, weeks))
    present = rng.random((agents, weeks)) > 0.06
    shock = SHOCK_SD * rng.standard_normal(agents)
    value = np.full((agents, weeks), np.nan)
    stock = np.zeros(agents)
    given = np.zeros((agents, weeks), int) - 1
    kind = np.zeros((agents, weeks), int)
    for t in range(weeks):
        shock = PERSISTENCE * shock + np.sqrt(1 - PERSISTENCE ** 2) * SHOCK_SD * rng.standard_normal(agents)
        noise = noise_sd / np.sqrt(volume) * rng.standard_normal(agents)
        learnt = -LEARNING * np.exp(-(tenure + t) / pace)
        value[:, t] = np.where(present[:, t], level + learnt + shock + stock + drift[team, t] + noise, np.nan)
        stock *= fade
        with np.errstate(invalid="ignore"):
            month = np.nanmean(value[:, max(t - 3, 0):t + 1], axis=1)
            always = (np.nanmean(value[:, :t + 1], axis=1) + level) / 2
        looks = np.array([np.zeros(agents), value[:, t], month, always, -value[:, t]])
        for g in range(teams):
            here = np.flatnonzero((team == g) & present[:, t])
            if len(here) < 3:
                continue
            # The team's coaches take turns by week, so that each has agents who are not theirs that week.
            coach = who[g][rng.integers(len(who[g]))]
            score = -np.nan_to_num(looks[policy[coach], here])
            score = (score - score.mean()) / (score.std() + 1e-9)
            chance = np.exp(slope[coach] * np.clip(score, -3, 3))
            picked = here[rng.random(len(here)) < np.minimum(rate[coach] * chance / chance.mean(), 0.9)]
            given[picked, t] = coach
            if worth is not None:
                # The worse the week, the longer the session.
                bad = np.nan_to_num(-(value[picked, t] - level[picked])) / SHOCK_SD
                kind[picked, t] = np.digitize(0.2 * bad + rng.standard_normal(len(picked)), (-0.6, 0.6))
            size_of = 1 if worth is None else np.asarray(worth)[kind[picked, t]]
            stock[picked] += size_of * quality[coach] * gain[picked] * own[picked]
    seen = np.isfinite(value)
    a, t = np.nonzero(seen | (given >= 0))
    rows = np.zeros(len(a), engine.ROW)
    rows["team"], rows["agent"], rows["period"] = team[a], a, t
    rows["value"], rows["weight"], rows["tenure"] = value[a, t], volume[a], tenure[a] + t
    rows["sessions"] = given[a, t] >= 0
    order = np.lexsort((rows["period"], rows["agent"], rows["team"]))
    rows, coach = rows[order], given[a, t][order]
    dose = np.zeros((coach >= 0).sum(), DOSE)
    dose["row"], dose["coach"], dose["sessions"] = np.flatnonzero(coach >= 0), coach[coach >= 0], 1
    if worth is not None:
        of = kind[a, t][order][coach >= 0]
        quality = quality[dose["coach"], None] * np.asarray(worth)
        programme = dose["coach"] // KIND_COACHES
        dose["coach"] = programme * len(worth) + of
        true = quality[coach[coach >= 0], of] * own[rows["agent"]][coach >= 0]
        count = np.bincount(dose["coach"], minlength=(programme.max() + 1) * len(worth))
        return rows, dose, teams, np.bincount(dose["coach"], true, len(count)) / np.maximum(count, 1)
    count = np.bincount(coach[coach >= 0], minlength=coaches)
    truth = quality * np.bincount(coach[coach >= 0], own[rows["agent"]][coach >= 0], coaches) / np.maximum(count, 1)
    return rows, dose, teams, truth


def correlation(x, y):
    return np.corrcoef(np.argsort(np.argsort(x)), np.argsort(np.argsort(y)))[0, 1]


def true_ranks(truth, group):
    """1 is best, within the group."""
    better = (truth[None, :] > truth[:, None]) & (group[None, :] == group[:, None])
    return 1 + better.sum(axis=1)


def study(library, seeds, quality, shared, policies, programs=4, coaches=12):
    """Marks over centres of one kind: a list for each, of one number a programme."""
    marks = {k: [] for k in ("rank", "rank_naive", "flagged", "any", "right", "covered", "all", "wide", "interval",
                             "naive", "error", "square", *CHOSEN)}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        k = programs * coaches
        group = np.repeat(np.arange(programs), coaches)
        policy = rng.choice(len(policies), k, p=list(policies.values()))
        rows, dose, teams, truth = simulate(rng, QUALITIES[quality](rng, k), policy,
                                            layout(rng, programs, coaches, shared))
        # Sample effects of equals differ by who was coached; as coaches they are equal.
        equal = quality.startswith("equal")
        out = estimate(library, rows, dose, group, teams)
        place = true_ranks(truth, group)
        inside = (out["rank"]["low"] <= place) & (place <= out["rank"]["high"])
        holds = (out["low"] <= truth) & (truth <= out["high"])
        error = out["effect"] - truth
        flag = out["rank"]["outlier"]
        for p in range(programs):
            here = group == p
            marks["any"].append((flag[here] != 0).any())
            marks["flagged"].append((flag[here] != 0).mean())
            marks["covered"].append(inside[here].mean())
            marks["all"].append(inside[here].all())
            marks["interval"].append(holds[here].mean())
            marks["wide"].append(np.mean((out["rank"]["high"] - out["rank"]["low"])[here]) / (coaches - 1))
            marks["error"].append(error[here].mean())
            marks["square"].append((error[here] ** 2).mean())
            if not equal:
                marks["rank"].append(correlation(out["effect"][here], truth[here]))
                marks["rank_naive"].append(correlation(out["naive_share"][here], truth[here]))
            if (flag[here] != 0).any():
                side = np.sign(truth[here] - truth[here].mean())
                marks["right"].append((side == flag[here])[flag[here] != 0].mean())
            by = {name: here & (policy == n) for n, name in enumerate(policies)}
            if not by["random"].any():
                continue
            for name in CHOSEN:
                if by[name].any():
                    marks[name].append(error[by[name]].mean() - error[by["random"]].mean())
            if by["bad week"].any():
                marks["naive"].append(out["naive_share"][by["bad week"]].mean() - out["naive_share"][by["random"]].mean())
    return marks


def kinds(library, seeds, worth, programs=4):
    """Sessions of several kinds: programmes in which any is named, in which the right ones are, in which a wrong one is; intervals."""
    k = len(worth)
    group = np.repeat(np.arange(programs), k)
    marks = {name: [] for name in ("any", "right", "wrong", "apart", "interval")}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        coaches = programs * KIND_COACHES
        policy = rng.choice(len(POLICIES), coaches, p=list(POLICIES.values()))
        rows, dose, teams, truth = simulate(rng, np.full(coaches, 0.6), policy, layout(rng, programs, KIND_COACHES, False), worth=worth)
        out = estimate(library, rows, dose, group, teams)
        apart = truth - (np.bincount(group, truth)[group] - truth) / (k - 1)
        side = np.sign(np.asarray(worth) - np.mean(worth))
        for p in range(programs):
            here = group == p
            flag = out["rank"]["outlier"][here]
            marks["any"].append((flag != 0).any())
            marks["right"].append((flag == side)[side != 0].any())
            marks["wrong"].append((flag * side < 0).any())
            marks["apart"].append(((out["apart_low"] <= apart) & (apart <= out["apart_high"]))[here].mean())
            marks["interval"].append(((out["low"] <= truth) & (truth <= out["high"]))[here].mean())
    return marks


def report_kinds(library, seeds):
    """Whether sessions of three kinds, as by length, are told apart where they differ, and only there."""
    alike, differing = kinds(library, seeds, (1, 1, 1)), kinds(library, seeds, (0.4, 1, 1.6))
    print("\nsessions of three kinds, the longer given after the worse weeks")
    good = held_to("equals: programmes with any kind named", alike["any"], 0, 0.05)
    good &= held_to("one kind worth four of another: found", differing["right"], 0.5, 1)
    good &= held_to("named on the wrong side", differing["wrong"], 0, 0.02)
    for name, marks in (("equal", alike), ("differing", differing)):
        good &= held_to(f"difference's interval holds it, {name}", marks["apart"], 0.93, 1)
        good &= held_to(f"effect's interval holds it, {name}", marks["interval"], 0.93, 1)
    return good


def supervised(library, seeds):
    """Centres of world.py, where each team has a coach of its own: rank correlations by programme, and whether intervals hold."""
    ranks, held = [], []
    for seed in seeds:
        for centre in world.centre(seed):
            rows = engine.rows_of(centre, *world.adjusted(centre))
            held_rows = np.flatnonzero(rows["sessions"] > 0)
            dose = np.zeros(len(held_rows), DOSE)
            dose["row"], dose["coach"], dose["sessions"] = held_rows, rows["team"][held_rows], rows["sessions"][held_rows]
            teams = len(centre.kind)
            group = np.arange(teams) % 4
            out = estimate(library, rows, dose, group, teams)
            for p in range(4):
                here = (group == p) & np.isfinite(centre.effect) & out["ranked"]
                truth = centre.effect[here]
                ranks.append((correlation(out["effect"][here], truth), correlation(out["naive_share"][here], truth)))
                best = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
                last = len(truth) - (truth[None, :] < truth[:, None]).sum(axis=1)
                held += list((out["rank"]["low"][here] <= last) & (best <= out["rank"]["high"][here]))
    return np.mean(ranks, axis=0), np.mean(held)


def allowance(values, limit):
    """What chance may do to a mean over so few programmes; of a share, to one that keeps its limit just so."""
    one_or_none = np.isin(values, (0, 1)).all()
    return slack * np.sqrt((limit * (1 - limit) if one_or_none else np.var(values)) / np.size(values))


def held_to(name, values, low, high=None):
    """Whether the mean of the programmes' values is within its limits."""
    mean = np.mean(values)
    kept = mean >= low - allowance(values, low) and (high is None or mean <= high + allowance(values, high))
    print(f"  {name:48s} {mean:8.3f}   {low:g} .. {'' if high is None else f'{high:g}'}   {'kept' if kept else 'MISSED'}")
    return bool(kept)


def ratio(x, y):
    """The ratio of two means, as a mean: one number a programme (linearised)."""
    r = np.mean(x) / np.mean(y)
    return r + (np.asarray(x) - r * np.asarray(y)) / np.mean(y)


def report(library, seeds, quality, shared, policies=POLICIES):
    """Marks of one kind of centre, and whether its limits are kept."""
    m = study(library, seeds, quality, shared, policies)
    print(f"\ncoaches {quality}; " + ("teams shared by two coaches" if shared else "a team for each coach")
          + ("; as many choose after good weeks as after bad" if policies is OPPOSED else "")
          + f"; bias {np.mean(m['error']):+.3f}, RMSE {np.sqrt(np.mean(m['square'])):.3f}, "
          f"programmes whose whole table holds {np.mean(m['all']):.2f}, "
          f"rank intervals span {np.mean(m['wide']):.2f} of the table, {np.mean(m['flagged']):.2f} named outliers")
    good = held_to("effect's interval holds the truth", m["interval"], 0.93, 1)
    if not quality.startswith("equal"):
        good &= held_to("rank interval holds the true rank", m["covered"], 0.93, 1)
        good &= held_to("rank correlation", m["rank"], 0.7, 1)
        good &= held_to("named outliers on the right side", m["right"], 0.95, 1)
        print(f"  rank correlation of the naive share {np.mean(m['rank_naive']):.3f}")
    print(f"  choosing after bad weeks, against at random: naive share {np.mean(m['naive']):+.2f}")
    for name in CHOSEN:
        if m[name]:
            good &= held_to(f"  gain by choosing: {name}", m[name], -0.1, 0.1)
    return m, good


def main():
    global slack
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=301)
    parser.add_argument("--centres", type=int, default=12, help="of each kind")
    parser.add_argument("--small", action="store_true", help="a sample for every day, within two standard errors of the limits")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    library = engine.build(structures={"stats/effect_coach.h": {"CdCoachDose": DOSE, "CdCoach": COACH, "CdCoachPart": PART, "CdCoachPlan": Plan}})
    seeds = range(arguments.seed, arguments.seed + (SMALL if arguments.small else arguments.centres))
    slack = 2.0 if arguments.small else 0.0
    marks, good = {}, True
    for quality in ("differing", "equal") if arguments.small else QUALITIES:
        for shared in (quality == "equal",) if arguments.small else (False, True):
            marks[quality, shared], kept = report(library, seeds, quality, shared)
            good &= kept
    for shared in () if arguments.small else (False, True):
        good &= report(library, seeds, "differing", shared, OPPOSED)[1]

    def together(name, equal):
        return np.concatenate([m[name] for (quality, _), m in marks.items() if quality.startswith("equal") == equal])
    print("\nall kinds together")
    good &= held_to("rank correlation over that of the naive share", ratio(together("rank", False), together("rank_naive", False)), 2)
    good &= held_to("equals: programmes with any coach named", together("any", True), 0, 0.05)
    good &= held_to("equals: coaches named", together("flagged", True), 0, 0.05)
    good &= report_kinds(library, seeds)
    if not arguments.small:
        (improvement, naive), inside = supervised(library, seeds[: max(len(seeds) // 4, 1)])
        print(f"\ncentres of the effect's own study, a coach for each team: rank correlation {improvement:.3f}, of the naive share {naive:.3f}")
        good &= held_to("rank correlation over that of the naive share", improvement / naive, 1.8)
        good &= held_to("rank interval holds the true rank", inside, 0.93, 1)
    print("\nall limits kept" if good else "\nsome limits MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
