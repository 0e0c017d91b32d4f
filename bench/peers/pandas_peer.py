"""The peer of bench/peers.sh in Python, pandas: python3 pandas_peer.py ROWS.csv ANSWERS.csv"""
import sys
import time

import pandas as pd

start = time.perf_counter()
fact = pd.read_csv(sys.argv[1], names=["team", "metric", "agent", "value", "target"])
ready = time.perf_counter()

fact["gap"] = fact["value"] - fact["target"]
agents = fact.groupby(["team", "metric", "agent"], sort=False).gap.agg(["size", "mean", "var"]).reset_index()
n, mean = agents["size"], agents["mean"]
agents["n2"], agents["nm"], agents["inner"] = n**2, n * mean, (n - 1) * agents["var"]
teams = agents.groupby(["team", "metric"]).agg(k=("size", "size"), n=("size", "sum"), n2=("n2", "sum"), nm=("nm", "sum"), inner=("inner", "sum"))
centre = (teams.nm / teams.n).rename("centre")
agents = agents.join(centre, on=["team", "metric"])
agents["outer"] = n * (agents["mean"] - agents["centre"]) ** 2
ms = agents.groupby(["team", "metric"]).outer.sum() / (teams.k - 1)
within = teams.inner / (teams.n - teams.k)
answer = pd.DataFrame({"between": (ms - within) / ((teams.n - teams.n2 / teams.n) / (teams.k - 1)), "within": within, "f": ms / within})
done = time.perf_counter()

print(f"read {1000 * (ready - start):.0f}\ncompute {1000 * (done - ready):.0f}")
answer.to_csv(sys.argv[2], header=False)
