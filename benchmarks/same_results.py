"""Compare the results of two checkouts bit for bit.

``python -m benchmarks.same_results OLD NEW`` fits small cases of every kind of input
with each checkout and compares predictions, loss curves, weights, and predictions after
``save`` and ``load``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

import skattn
from skattn import (
    AttentionEmbedder,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.inspection import attention_weights

EPOCHS = 6


def _data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5)).astype(np.float32)
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    dense = np.triu(rng.random((60, 60)) < 0.08, 1)
    return X, y, sp.csr_array((dense | dense.T).astype(np.float32))


def _graphs(n_edge_features: int = 0):
    rng = np.random.default_rng(1)
    graphs = []
    for n_nodes in rng.integers(3, 9, 40):
        dense = np.triu(rng.random((n_nodes, n_nodes)) < 0.6, 1)
        adjacency = sp.csr_array((dense | dense.T).astype(np.float32))
        options = {}
        if n_edge_features:
            shape = adjacency.nnz, n_edge_features
            options = {"edge_features": rng.normal(size=shape).astype(np.float32)}
        X = rng.normal(size=(n_nodes, 4)).astype(np.float32)
        graphs.append(Graph(adjacency, X, **options))
    return graphs, np.array([graph.adjacency.nnz > 12 for graph in graphs]).astype(int)


def _encoder(**options):
    old = getattr(skattn, "Encoder", None)
    if old is None:
        return skattn.EncoderConfig(**options)
    names = {
        "convolution": "mixing",
        "gated_convolution": "gated_mixing",
        "n_feature_layers": "alone",
    }
    return old(**{names.get(name, name): value for name, value in options.items()})


def _fitted(estimator, *args, **kwargs):
    return estimator.set_params(random_state=0).fit(*args, **kwargs)


def _classifier(**options):
    return GraphAttentionClassifier(max_epochs=EPOCHS, hidden_dim=16, **options)


def _regressor(**options):
    return GraphAttentionRegressor(max_epochs=EPOCHS, hidden_dim=16, **options)


def _embedder(**options):
    return AttentionEmbedder(
        max_epochs=EPOCHS, hidden_dim=16, n_components=6, **options
    )


def _tables() -> Iterator[tuple]:
    X, y, A = _data()
    yield "table, classes", _fitted(_classifier(), X, y), (X + 0.1,), {}
    yield "table, numbers", _fitted(_regressor(), X, X[:, :2]), (X + 0.1,), {}
    yield "table, embedded", _fitted(_embedder(), X), (X + 0.1,), {}
    wide = np.hstack([X, np.random.default_rng(2).normal(size=(60, 80))])
    yield "wide table", _fitted(_classifier(), wide, y), (wide,), {}
    joined = _fitted(_regressor(), X, y, adjacency=A)
    yield "table and adjacency", joined, (X,), {"adjacency": A}
    stopped = _classifier(dropout=0.0, early_stopping=0.2, class_weight="balanced")
    yield "early stopping", _fitted(stopped, X, y), (X,), {}
    stopped = _classifier(early_stopping=0.2)
    yield "early stopping, dropout", _fitted(stopped, X, y), (X,), {}
    labels = np.stack([y, 1 - y, y], 1)
    yield "several labels", _fitted(_classifier(), X, labels), (X,), {}


def _nodes() -> Iterator[tuple]:
    X, y, A = _data()
    graph = Graph(A, X)
    train = np.arange(40)
    yield "nodes, classes", _fitted(_classifier(), graph[train], y[train]), (graph,), {}
    yield (
        "nodes, numbers",
        _fitted(_regressor(), graph[train], X[train, 0]),
        (graph,),
        {},
    )
    yield "nodes, embedded", _fitted(_embedder(), graph), (graph,), {}
    some = np.arange(0, 60, 2)
    scattered = _fitted(_classifier(), graph[some], y[some])
    yield "scattered targets, dropout", scattered, (graph,), {}
    bare = Graph(A)
    yield "nodes without features", _fitted(_classifier(), bare, y), (bare,), {}
    sampled = _classifier(dropout=0.0, fanout=(4, 3, 2), batch_size=16)
    yield "sampled neighbours", _fitted(sampled, graph, y), (graph,), {}
    sampled = _classifier(fanout=(4, 3, 2), batch_size=16)
    yield "sampled neighbours, dropout", _fitted(sampled, graph, y), (graph,), {}
    embedder = _fitted(_embedder(), graph)
    started = _classifier(pretrained=embedder)
    yield "pretrained", _fitted(started, graph, y), (graph,), {}
    words = Graph(A, sp.random_array((60, 90), density=0.1, rng=3, format="csr"))
    yield "sparse features", _fitted(_classifier(), words, y), (words,), {}
    for attention in ("dot", "gat"):
        scored = _classifier(attention=attention, attention_dropout=0.2)
        yield f"score {attention}", _fitted(scored, graph, y), (graph,), {}


def _configs() -> Iterator[tuple]:
    X, y, A = _data()
    graph = Graph(A, X)
    configs = {
        "hops": {"hops": (1, 2), "jumping": "concat"},
        "convolution": {"convolution": "gcn", "gated_convolution": True},
        "attending output": {"output": "attention", "output_heads": 2},
        "global attention": {"global_attention": True, "feed_forward": 2},
        "positions": {"positional": "random_walk", "positional_dim": 4},
        "feature layers": {"n_feature_layers": 1, "jumping": "attention"},
        "waves": {"feature_embedding": "periodic", "share_weights": True},
    }
    for name, config in configs.items():
        made = _classifier(encoder=_encoder(**config), dropout=0.0)
        yield f"config: {name}", _fitted(made, graph, y), (graph,), {}


def _lists() -> Iterator[tuple]:
    graphs, y = _graphs()
    yield (
        "graphs, classes",
        _fitted(_classifier(batch_size=16), graphs, y),
        (graphs,),
        {},
    )
    featured, y = _graphs(3)
    yield "edge features", _fitted(_regressor(), featured, y), (featured,), {}
    yield "graphs, embedded", _fitted(_embedder(), graphs), (graphs,), {}
    for readout in ("mean", "max", "hierarchical"):
        read = _classifier(readout=readout, batch_size=16)
        yield f"readout {readout}", _fitted(read, graphs, y), (graphs,), {}
    rng = np.random.default_rng(4)
    steps = [rng.normal(size=(n, 3)).astype(np.float32) for n in rng.integers(3, 9, 30)]
    y = np.array([len(one) for one in steps])
    yield "sequences", _fitted(_regressor(), steps, y), (steps,), {}


def _named() -> Iterator[tuple]:
    X, y, A = _data()
    names = [f"n{number}" for number in range(60)]
    graph = Graph(A, nodes=names)
    table = pd.DataFrame(X, index=names)
    fitted = _fitted(_classifier(graph=graph), table[:40], y[:40])
    yield "rows join by name", fitted, (table[40:],), {}


def _predictions(estimator, X, kwargs) -> dict[str, np.ndarray]:
    method = "transform" if hasattr(estimator, "transform") else "predict"
    found = {method: np.asarray(getattr(estimator, method)(*X, **kwargs))}
    if hasattr(estimator, "predict_proba"):
        found["predict_proba"] = estimator.predict_proba(*X, **kwargs)
    return found


def _attention(estimator, X, kwargs) -> dict[str, np.ndarray]:
    weights = attention_weights(estimator, *X, **kwargs)
    while isinstance(weights[0], list):
        weights = [matrix for part in weights for matrix in part]
    flat = np.concatenate([matrix.toarray().ravel() for matrix in weights])
    return {"attention": flat}


def _arrays(estimator, X, kwargs) -> dict[str, np.ndarray]:
    found = _predictions(estimator, X, kwargs)
    found["loss"] = np.array(estimator.loss_curve_)
    for number, weight in enumerate(estimator.net_.module_.state_dict().values()):
        found[f"weight {number}"] = weight.numpy()
    found |= _attention(estimator, X, kwargs)
    if hasattr(estimator, "pretrained"):
        estimator.set_params(pretrained=None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "estimator.skattn")
        estimator.save(path)
        again = _predictions(type(estimator).load(path), X, kwargs)
    return found | {f"{name}, loaded": array for name, array in again.items()}


def record(path: Path) -> None:
    """Write the results of the imported skattn to a file."""
    groups: list[Callable] = [_tables, _nodes, _configs, _lists, _named]
    found = {}
    for group in groups:
        for case, estimator, X, kwargs in group():
            for name, array in _arrays(estimator, X, kwargs).items():
                found[f"{case}: {name}"] = array
    np.savez(path, **found)


def _results(checkout: Path, folder: Path) -> dict[str, np.ndarray]:
    path = folder / f"{len(list(folder.iterdir()))}.npz"
    subprocess.run(
        [sys.executable, __file__, "--record", path],
        env=os.environ | {"PYTHONPATH": str(checkout.resolve())},
        check=True,
    )
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def _case(name: str) -> str:
    return name.rsplit(": ", 1)[0]


def _difference(old: np.ndarray | None, new: np.ndarray | None) -> float:
    """Return the largest difference; infinity for arrays that cannot be subtracted."""
    if old is None or new is None or old.shape != new.shape:
        return np.inf
    if np.array_equal(old, new):
        return 0.0
    if old.dtype.kind not in "fiu":
        return np.inf
    return float(np.abs(old - new).max())


def compare(old: dict[str, np.ndarray], new: dict[str, np.ndarray]) -> int:
    """Print the cases with different arrays and return their number."""
    differ: dict[str, float] = {}
    for name in old | new:
        difference = _difference(old.get(name), new.get(name))
        if difference:
            differ[_case(name)] = max(differ.get(_case(name), 0), difference)
    for case, difference in differ.items():
        print(f"{case}: largest difference {difference:.1e}")
    n_cases = len({_case(name) for name in old | new})
    print(f"{n_cases - len(differ)} of {n_cases} cases are equal bit for bit")
    return len(differ)


def main() -> None:
    """Compare two checkouts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, metavar="CHECKOUT")
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.record:
        record(options.record)
        return
    if len(options.checkouts) != 2:
        parser.error("two checkouts are required: OLD NEW")
    with tempfile.TemporaryDirectory() as folder:
        old, new = (_results(path, Path(folder)) for path in options.checkouts)
    sys.exit(compare(old, new) > 0)


if __name__ == "__main__":
    main()
