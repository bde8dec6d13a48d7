"""Prints the most GPUs, in thousandths, that pods could get on every n-th node, by a linear program solved by HiGHS.

Usage: gpu_bound.py NODES.csv PODS.csv N

Equal nodes are one class and equal pods another; a variable says how many pods of one class stand on all nodes of one
class, in fractions. vCPU, memory and devices are shared by all nodes of a class as if they were one, so every packing
is a solution and the optimum is an upper bound. That a share stands on one device is kept in part, by dual feasible
functions (Lueker, 1983; Fekete and Schepers, 2001): what a device holds never adds up to more than 1 under any of them.
"""

import csv
import os
import sys
from collections import Counter
from math import floor

import highspy

# More than the rounding of the solver's answer, far less than a pod.
TOLERANCE = 1e-6


def read(path, kind):
    with open(path, newline="") as file:
        return [kind(row) for row in csv.DictReader(file)]


def node(row):
    return int(row["cpu_milli"]), int(row["memory_mib"]), int(row["gpu"]), row["model"]


def pod(row):
    count = int(row["num_gpu"])
    share = 1000 if count > 1 else int(row["gpu_milli"]) if count else 0
    models = tuple(sorted(filter(None, row["gpu_spec"].split("|")))) if count else ()
    return int(row["cpu_milli"]), int(row["memory_mib"]), count, share, models


def threshold(least):
    """A share above 1 - least fills a device, one below least counts nothing."""
    return lambda share: 1 if share > 1000 - least else share / 1000 if share >= least else 0


def rounded(parts):
    """A share counts as whole parts, rounded down, where it does not divide evenly."""

    def weight(share):
        scaled = (parts + 1) * share
        return share / 1000 if scaled % 1000 == 0 else floor(scaled / 1000) / parts

    return weight


WEIGHTS = [lambda share: share / 1000] + [threshold(x) for x in range(50, 501, 50)] + [rounded(n) for n in range(1, 8)]


def fits(pod, node):
    cpu, memory, count, _, models = pod
    return (
        cpu <= node[0] and memory <= node[1] and count <= node[2] and (not models or node[3] in models)
    )


def bound(nodes, pods):
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    columns = {}
    for g in nodes:
        for k in pods:
            if fits(k, g):
                columns[g, k] = len(columns)
                highs.addVar(0, pods[k])
                highs.changeColCost(columns[g, k], -k[2] * k[3])

    def limit(most, entries):
        entries = [(columns[key], weight) for key, weight in entries if key in columns and weight]
        highs.addRow(-highspy.kHighsInf, most, len(entries), [c for c, _ in entries], [w for _, w in entries])

    for k, count in pods.items():
        limit(count, [((g, k), 1) for g in nodes])
    for g, count in nodes.items():
        limit(count * g[0], [((g, k), k[0]) for k in pods])
        limit(count * g[1], [((g, k), k[1]) for k in pods])
        for weight in WEIGHTS:
            limit(count * g[2], [((g, k), k[2] * weight(k[3])) for k in pods if k[2]])
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        sys.exit(f"HiGHS found no optimum: {highs.modelStatusToString(highs.getModelStatus())}")
    return -highs.getObjectiveValue() * (1 + TOLERANCE)


if __name__ == "__main__":
    nodes_path, pods_path, every = sys.argv[1], sys.argv[2], int(sys.argv[3])
    # HiGHS greets on standard output, which is for the answer.
    answer = os.dup(1)
    os.dup2(2, 1)
    most = floor(bound(Counter(read(nodes_path, node)[::every]), Counter(read(pods_path, pod))))
    os.write(answer, f"{most}\n".encode())
