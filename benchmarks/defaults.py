"""Scores of candidate defaults over a suite of sets, beside simple baselines.

    python -m benchmarks.defaults --out results.jsonl [--quick] [--sets SET ...]
        [--methods METHOD ...] [--params JSON --name NAME] [--stages STAGE ...]
    python -m benchmarks.defaults --table results.jsonl [--reference METHOD]

Every result is a JSON line of the file; what is there already is not measured again, so
that the suite runs in pieces and in several processes (``--part 0/2``). The stage
"development" is scored on validation rows or in inner folds and chooses defaults; the
stage "test" is only reported. A METHOD is a candidate (a key of `CANDIDATES`) or a
baseline. ``--quick``: few seeds and folds, and parts of the large sets.

A value of ``--params`` that is an object under "encoder" becomes an EncoderConfig;
``"scale": false`` gives features as they are.
"""

import argparse
import json
import subprocess
import time
import warnings
from pathlib import Path

import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import skattn
from benchmarks._suite_baselines import boosting, forest, linear, perceptron
from benchmarks._suite_lists import LIST_TASKS
from benchmarks._suite_nodes import NODE_TASKS
from benchmarks._suite_pyg import gat, gcn, gin
from benchmarks._suite_report import append, key, read, table
from benchmarks._suite_tables import FULL_TABLE_TASKS, OUTSIDE_TASKS, TABLE_TASKS
from benchmarks._suite_task import measure, probabilities, take
from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.datasets import make_communities
from skattn.preprocessing import NodeTransformer

CANDIDATES = {
    "default": {},
    "weight decay 1e-5": {"weight_decay": 1e-5},
    "weight decay 5e-2": {"weight_decay": 5e-2},
    "no residual": {"residual": False},
    "batch norm": {"norm": "batch"},
    "molecule recipe": {
        "norm": "batch",
        "dropout": 0.1,
        "learning_rate": 0.002,
        "weight_decay": 1e-5,
        "max_epochs": 150,
        "encoder": {"positional": "random_walk", "convolution": "gcn"},
    },
    "convolution": {"encoder": {"convolution": "gcn"}},
    "mean readout": {"readout": "mean"},
    "sum readout": {"readout": "sum"},
    "held-out stopping": {"early_stopping": True},
}
"""Parameters that differ from the estimators' defaults."""
BASELINES = {
    "linear": (
        linear,
        {"nodes", "embedding", "graphs", "molecules", "sequences", "table"},
    ),
    "forest": (forest, {"nodes", "graphs", "molecules", "sequences", "table"}),
    "boosting": (boosting, {"table"}),
    "mlp": (perceptron, {"table"}),
    "pyg": ({"nodes": gcn, "graphs": gin, "molecules": gin}, None),
    "pyg gat": ({"nodes": gat}, None),
}
"""Baselines and the kinds of sets that they are for."""
TASKS = NODE_TASKS | LIST_TASKS | TABLE_TASKS
"""The suite, quick or full."""
ALL_TASKS = TASKS | FULL_TABLE_TASKS | OUTSIDE_TASKS


def candidate(params):
    """Return the method that fits an estimator with these parameters."""
    params = dict(params)
    scale = params.pop("scale", True)
    if isinstance(params.get("encoder"), dict):
        params["encoder"] = EncoderConfig(**params["encoder"])

    def fit(task, run):
        if task.kind == "embedding":
            return embedding(task, run, params)
        kind = GraphAttentionClassifier if task.n_classes else GraphAttentionRegressor
        X, y = standardised(task, run) if scale and task.scaled else task.X, task.y
        model = kind(**params, random_state=run.seed)
        validation = {}
        if run.val is not None:
            validation = {"X_val": take(X, run.val), "y_val": y[run.val]}
        model.fit(take(X, run.train), y[run.train], **validation)
        return lambda rows: probabilities(model, take(X, rows), task.n_classes)

    return fit


def embedding(task, run, params):
    """Embed all nodes, once per seed, and fit a logistic regression of the codes."""
    codes = task.extra.setdefault("codes", {})
    if run.seed not in codes:
        known = AttentionEmbedder().get_params(deep=False)
        params = {name: value for name, value in params.items() if name in known}
        embedder = AttentionEmbedder(**params, random_state=run.seed)
        codes[run.seed] = embedder.fit_transform(task.X)
    X, C = codes[run.seed], task.extra["penalties"][run.name]
    model = LogisticRegression(C=C, max_iter=2000).fit(X[run.train], task.y[run.train])
    return lambda rows: probabilities(model, X[rows], task.n_classes)


def standardised(task, run):
    """Standardise features from the training rows."""
    scaler = StandardScaler()
    if task.kind != "table":
        scaler = NodeTransformer(scaler)
    return scaler.fit(take(task.X, run.train)).transform(task.X)


def method_for(name, kind, params):
    """Return the function (task, run) of a method, or None on another kind of set."""
    if name not in BASELINES:
        return candidate(params)
    function, kinds = BASELINES[name]
    if isinstance(function, dict):
        return function.get(kind)
    return function if kind in kinds else None


def measure_all(options, methods):
    """Measure the missing results, a method of a set at a time."""
    part, n_parts = map(int, options.part.split("/"))
    jobs = [(name, method) for name in options.sets for method in methods]
    for name, method in jobs[part::n_parts]:
        try:
            measure_set(name, method, methods[method], options)
        except Exception as error:  # noqa: BLE001 - other sets are still measured
            print(f"{name}, {method}: {type(error).__name__}: {error}", flush=True)


def measure_set(name, method, params, options):
    """Append the results of one method on one set."""
    task = ALL_TASKS[name](options.quick)
    function = method_for(method, task.kind, params)
    if function is None:
        return
    for run in task.runs:
        known = {"set": name, "method": method, "split": run.name, "seed": run.seed}
        known |= {"quick": options.quick, "label": options.label}
        done = {key(r) for r in read([options.out])}
        stages = [s for s in options.stages if key(known | {"stage": s}) not in done]
        if not any(stage in run.scored for stage in stages):
            continue
        start = time.perf_counter()
        for stage, score, loss, seconds in measure(task, run, function, stages):
            result = {"stage": stage, "score": score, "log_loss": loss}
            append(options.out, known | result | {"seconds": round(seconds, 2)})
            print(
                f"{name}, {method}, {run.name}, {stage}: {score:.4f}, "
                f"{seconds:.1f} CPU s, {time.perf_counter() - start:.1f} s",
                flush=True,
            )


def warm_up():
    """Load the kernels, so that the first fit is timed like the others."""
    graph, y = make_communities(random_state=0)
    GraphAttentionClassifier(max_epochs=2, random_state=0).fit(graph, y)


def commit():
    """Name the commit of the checkout that holds the measured package."""
    command = [
        "git",
        "-C",
        Path(skattn.__file__).parent,
        "rev-parse",
        "--short",
        "HEAD",
    ]
    try:
        return subprocess.run(
            command, check=True, capture_output=True, text=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--out", help="file of results, JSON lines")
    add("--quick", action="store_true", help="few seeds and folds, parts of large sets")
    add("--sets", nargs="+", choices=ALL_TASKS, default=None, metavar="SET")
    add("--methods", nargs="+", default=None, metavar="METHOD")
    add("--params", type=json.loads, default=None, help="a candidate's parameters")
    add("--name", help="the name of --params; default: its JSON text")
    add("--stages", nargs="+", default=["development", "test"])
    add("--part", default="0/1", help="i/n: the i-th of n parts of the work")
    add("--label", default=None, help="version; default: the commit")
    add("--table", nargs="+", metavar="FILE", help="print the table of these results")
    add("--reference", help="method to which the others are compared in the table")
    add("--list", action="store_true", help="print sets, candidates and baselines")
    return parser.parse_args()


def named_methods(options):
    """Map the names of methods to parameters; None for baselines."""
    if options.params is not None:
        return {options.name or json.dumps(options.params): options.params}
    names = options.methods or ["default", *BASELINES]
    unknown = [n for n in names if n not in CANDIDATES and n not in BASELINES]
    if unknown:
        raise SystemExit(f"Methods must be among those of --list, got {unknown}.")
    return {name: CANDIDATES.get(name) for name in names}


def main():
    """Measure, or print the table of the results on file."""
    options = arguments()
    if options.list:
        print("sets:", *ALL_TASKS)
        print("candidates:", *CANDIDATES, sep="\n  ")
        print("baselines:", *BASELINES, sep="\n  ")
    elif options.table:
        results = read(options.table)
        for stage in options.stages:
            for value in ("score", "log_loss"):
                chosen = options.methods, options.reference, value
                print(*table(results, stage, *chosen), "", sep="\n")
    else:
        if options.out is None:
            raise SystemExit("--out must name the file of results.")
        full = list(TASKS) if options.quick else [*TASKS, *FULL_TABLE_TASKS]
        options.sets = options.sets or full
        options.label = options.label or commit()
        torch.set_num_threads(1)
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        warm_up()
        measure_all(options, named_methods(options))


if __name__ == "__main__":
    main()
