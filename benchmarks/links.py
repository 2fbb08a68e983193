"""Link prediction beside heuristics and gradient boosting on structural features.

    python -m benchmarks.links cora polblogs --seeds 0 1 2 3 4
    python -m benchmarks.links cora --seeds 0 --validation

85 % of the edges are training rows, 5 % validation and 10 % test rows; as many
non-links are drawn for each part, the same for all methods. No validation or test edge
is in a graph. Hits@100 is the share of links that score above the 100th non-link. Times
are CPU seconds. The LightGBM row needs lightgbm.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks import _data
from skattn import AttentionLinkPredictor, Graph
from skattn.graph._links import without_edges
from skattn.graph._pair_features import PairFeatures, unit_rows
from skattn.metrics import hits_at_k

HEURISTICS = ["common neighbours", "Adamic-Adar", "resource allocation"]
METHODS = [*HEURISTICS, "degree product", "walks of 3 steps", "cosine", "LightGBM"]
FLOORS = {"cora": (0.95, 0.955, 0.92), "polblogs": (0.0, 0.0, 0.0)}
"""Least AUC, average precision and Hits@100 of the estimator, means of the seeds; it
must also exceed all other methods."""


def cora():
    """Load Cora with row-normalised words."""
    return _data.cora()[0]


def polblogs():
    """Load the political blogs that have a link, without features."""
    adjacency = _data.matrix(_data.load("polblogs"), "adj")
    adjacency = adjacency.maximum(adjacency.T).tocsr()
    adjacency.setdiag(0)
    adjacency.eliminate_zeros()
    return Graph(adjacency).subgraph(np.flatnonzero(adjacency.sum(1) > 0))


@dataclass(frozen=True, eq=False)
class Split:
    """Links and non-links of a graph in three parts."""

    nodes: Graph
    train: np.ndarray
    asked: np.ndarray
    y: np.ndarray
    is_link: sp.csr_array

    @classmethod
    def of(cls, graph, seed, *, validation):
        """Split the edges of a graph at random; hold one part out."""
        upper = sp.triu(graph.adjacency, 1).tocoo()
        rng = np.random.default_rng(seed)
        links = rng.permutation(np.stack([upper.row, upper.col], 1).astype(np.int64))
        n_test, n_valid = len(links) // 10, len(links) // 20
        test, valid, train = np.split(links, [n_test, n_test + n_valid])
        is_link = pattern(links, graph.n_nodes)
        rng = np.random.default_rng(1000 + seed)
        others = [non_links(is_link, len(part), rng) for part in (valid, test)]
        held_out, drawn = (valid, others[0]) if validation else (test, others[1])
        y = np.repeat([1, 0], [len(held_out), len(drawn)])
        asked = np.concatenate([held_out, drawn])
        return cls(without_edges(graph), train, asked, y, is_link)

    def measure(self, score):
        """Compute AUC, average precision and Hits@100 of the held-out pairs."""
        auc, ap = roc_auc_score(self.y, score), average_precision_score(self.y, score)
        return auc, ap, hits_at_k(self.y, score, k=100)


def pattern(links, n):
    """Make a symmetric 0/1 matrix of links."""
    ends = np.concatenate([links, links[:, ::-1]]).T
    return sp.csr_array((np.ones(len(ends[0]), np.float32), tuple(ends)), shape=(n, n))


def non_links(is_link, k, rng):
    """Draw k pairs of nodes without a link."""
    found = np.empty((0, 2), np.int64)
    while len(found) < k:
        drawn = rng.integers(0, is_link.shape[0], (2 * k, 2))
        free = (drawn[:, 0] != drawn[:, 1]) & (is_link[drawn[:, 0], drawn[:, 1]] == 0)
        found = np.concatenate([found, drawn[free]])
    return found[:k]


def features(split, links, pairs):
    """Compute the structural features of pairs in the graph of some links."""
    X = split.nodes.X
    rows = None if X is None else unit_rows(X)
    return PairFeatures.of(pattern(links, split.nodes.n_nodes), None, rows)(pairs)


def heuristics(split):
    """Yield the scores of single features of the held-out pairs."""
    found = features(split, split.train, split.asked)
    yield from zip(HEURISTICS, found.T[:3], strict=True)
    yield "degree product", found[:, 6] * found[:, 7]
    yield "walks of 3 steps", found[:, 3] + found[:, 4]
    if split.nodes.X is not None:
        yield "cosine", found[:, 8]


def lightgbm(split, seed):
    """Fit gradient boosting to features in graphs without a fifth of the links each."""
    from lightgbm import LGBMClassifier  # noqa: PLC0415  (may be missing)

    rng = np.random.default_rng(seed)
    fold = np.arange(len(split.train)) % 5
    X, y = [], []
    for k in range(5):
        links = split.train[fold == k]
        pairs = np.concatenate([links, non_links(split.is_link, len(links), rng)])
        X.append(features(split, split.train[fold != k], pairs))
        y.append(np.repeat([1, 0], len(links)))
    model = LGBMClassifier(
        n_estimators=200, learning_rate=0.05, num_leaves=15, n_jobs=1, verbose=-1
    ).fit(np.concatenate(X), np.concatenate(y))
    asked = features(split, split.train, split.asked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.predict_proba(asked)[:, 1]


def attention(split, seed, params):
    """Fit the link predictor to the training links."""
    model = AttentionLinkPredictor(graph=split.nodes, random_state=seed, **params)
    return model.fit(split.train).predict_proba(split.asked)[:, 1]


def timed(function, *args):
    """Return a result and the CPU seconds that it took."""
    start = time.process_time()
    return function(*args), time.process_time() - start


def run(name, seed, params, *, validation, only):
    """Yield (method, AUC, average precision, Hits@100, CPU seconds) of one seed."""
    split = Split.of(globals()[name](), seed, validation=validation)
    if not only:
        for method, score in heuristics(split):
            yield method, *split.measure(score), 0.0
        try:
            score, seconds = timed(lightgbm, split, seed)
            yield "LightGBM", *split.measure(score), seconds
        except ImportError:
            print("no lightgbm: its row is left out")
    score, seconds = timed(attention, split, seed, params)
    yield "AttentionLinkPredictor", *split.measure(score), seconds


def main():
    """Print a table per data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=list(FLOORS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("--only", action="store_true", help="the estimator alone")
    parser.add_argument("--params", default="{}", help="a dict of parameters")
    args = parser.parse_args()
    params = eval(args.params)  # of a developer's command line
    for name in args.sets:
        rows = {}
        for seed in args.seeds:
            found = run(name, seed, params, validation=args.validation, only=args.only)
            for method, *values in found:
                rows.setdefault(method, []).append(values)
        print(f"\n{name}: AUC, AP, Hits@100, CPU s; mean of seeds {args.seeds}")
        means = {method: np.mean(values, 0) for method, values in rows.items()}
        for method, values in means.items():
            spread = np.std(rows[method], 0)[:3]
            print(
                f"{method:24s}",
                *(f"{v:.4f} ±{s:.4f}" for v, s in zip(values[:3], spread, strict=True)),
                f"{values[3]:7.1f}",
            )
        report(name, means)


def report(name, means):
    """Print whether the estimator is above the floors and all other methods."""
    ours = means.pop("AttentionLinkPredictor")[:3]
    least = np.max([FLOORS[name], *(values[:3] for values in means.values())], 0)
    verdict = "holds" if (ours >= least).all() else "DOES NOT HOLD"
    print("floors", *(f"{value:.4f}" for value in least), verdict)


if __name__ == "__main__":
    main()
