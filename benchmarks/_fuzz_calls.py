"""Calls of public functions with small, valid arguments, for `benchmarks.fuzz`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from sklearn.preprocessing import Binarizer
from torch_geometric.data import Data

from skattn import (
    AttentionEmbedder,
    AttentionReasoner,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn import graph as graphs
from skattn import preprocessing as prep
from skattn.inspection import attention_weights

N = 12
_rng = np.random.default_rng(0)
X = _rng.integers(-99, 99, (N, 3)).astype(float)
A = (_rng.random((N, N)) < 0.3) * _rng.integers(1, 5, (N, N)).astype(float)
EDGE_FEATURES = _rng.integers(-9, 9, (np.count_nonzero(A), 2)).astype(float)
EDGES = np.argwhere(A).astype(float)
WEIGHTS = A[A != 0]
Y = np.array([0.0, 1.0] * (N // 2))
ONES = np.ones(N)
NAMES = np.array([f"n{k}" for k in range(N)], dtype=object)
STEPS = _rng.integers(-9, 9, (4, 5, 2)).astype(float)
FACTS = np.array([[name, "r"] for name in NAMES], dtype=object)
TAILS = NAMES[_rng.permutation(N)]
SMILES = ["CCO", "c1ccccc1", "C/C=C/C", "CC(=O)O"]

PARAMS: dict[str, tuple[Any, ...]] = {
    "n_neighbors": (1, 3, 11, 12, 100, np.int64(2)),
    "standardize": ("auto", True, False),
    "attention": ("gat", "gatv2", "dot"),
    "n_layers": (1, 2, 3),
    "n_heads": (1, 2, 3),
    "hidden_dim": (4, 5, 12),
    "residual": (True, False),
    "norm": (None, "batch", "layer"),
    "dropout": (0, 0.5, 0.999, 1.0, "auto"),
    "attention_dropout": (0.0, 0.6),
    "readout": ("mean", "sum", "max", "attention", "hierarchical"),
    "learning_rate": (1e-300, 1e-9, 1.0, 1e30, np.inf),
    "weight_decay": (0, 1.0, 1e30, np.inf),
    "batch_size": (1, 2, 1000, "auto"),
    "fanout": ((2, 2), [1, 1], np.array([2, 3]), (0, 1), (1,)),
    "random_state": (None, 3, np.random.RandomState(0), 2**32),
    "unlabeled": (0, 1, -1, np.nan, "0", pd.NA, None),
    "class_weight": ("balanced", None, {0: 1, 1: 2}, {0: 0, 1: 0}, {0: -1}, {5: 1}),
    "early_stopping": (True, 0.2, 0.9, 1e-9, "auto"),
    "n_iter_no_change": (1, 5),
    "scoring": ("accuracy", "r2", "roc_auc", "neg_log_loss"),
    "mask_fraction": (0.0, 0.5, 1.0),
    "n_components": (1, 3, 8),
    "device": ("cpu", "auto", torch.device("cpu"), "cuda:99", "meta"),
    "encoder__hops": (1, 2, (1, 2), (2, 1), (1, 1), ()),
    "encoder__positional": ("random_walk", "laplacian", "degree"),
    "encoder__positional_dim": (1, 30),
    "encoder__jumping": ("concat", "attention", None),
    "encoder__convolution": ("mean", "gcn"),
    "encoder__global_attention": (True,),
    "encoder__feed_forward": (0, 2),
    "encoder__output": ("attention", "linear"),
    "encoder__feature_embedding": ("periodic",),
    "encoder__neighbor_search": ("exact", "approximate"),
    "encoder__input_dropout": (0.0, 0.9),
    "encoder__n_feature_layers": (0, 1, 2),
    "net_params": ({}, {"callbacks": []}, {"callbacks": [1]}, {"module": 1}),
}
"""Values of parameters; other objects are drawn too."""


class Call(NamedTuple):
    """A call with the arguments of `make`."""

    arguments: dict[str, Any]
    run: Callable[..., list[Any]]
    """Function of the arguments by name, and of `params`, that returns the answers."""
    params: tuple[str, ...] = ()


# ---- calls -----------------------------------------------------------------------


def estimator(cls: type, params: dict[str, Any]) -> Any:
    """Return an estimator that trains quickly."""
    short = {"max_epochs": 1, "hidden_dim": 4, "n_heads": 2, "n_layers": 2}
    made = cls(
        **short, random_state=0, device="cpu", encoder=EncoderConfig(input_dropout=0)
    )
    known = made.get_params()
    return made.set_params(**{k: v for k, v in params.items() if k in known})


def answers(fitted: Any, rows: Any, **adjacency: Any) -> list[Any]:
    """Return the answers of a fitted estimator."""
    if isinstance(fitted, GraphAttentionClassifier):
        fitted.predict(rows, **adjacency)
        return [fitted.predict_proba(rows, **adjacency)]
    if isinstance(fitted, GraphAttentionRegressor):
        return [fitted.predict(rows, **adjacency)]
    return [fitted.transform(rows, **adjacency)]


def fit(
    cls: type, params: Any, rows: Any, y: Any, weight: Any = None, **given: Any
) -> Any:
    """Return a fitted estimator."""
    made = estimator(cls, params)
    if cls is AttentionEmbedder:
        return made.fit(rows, **{k: v for k, v in given.items() if k == "adjacency"})
    return made.fit(rows, y, sample_weight=weight, **given)


def on_table(cls: type) -> Call:
    """Return the call for a fit and a prediction of a table."""

    def run(X, X_new, y, weight, params):
        return answers(fit(cls, params, X, y, weight), X_new)

    return Call({"X": X, "X_new": X, "y": Y, "weight": ONES}, run, tuple(PARAMS))


def on_adjacency(cls: type) -> Call:
    """Return the call for those of a table with an adjacency."""

    def run(X, A, A_new, y, params):
        return answers(fit(cls, params, X, y, adjacency=A), X, adjacency=A_new)

    return Call({"X": X, "A": A, "A_new": A, "y": Y}, run, tuple(PARAMS))


def on_nodes(cls: type) -> Call:
    """Return the call for those of the nodes of a graph, with validation."""

    def run(X, A, E, rows, y, y_val, params):
        G = Graph(A, X, edge_features=E)
        return answers(fit(cls, params, G[rows], y, X_val=G, y_val=y_val), G)

    rows = np.arange(N).astype(np.int64)
    arguments = {"X": X, "A": A, "E": EDGE_FEATURES, "rows": rows, "y": Y, "y_val": Y}
    return Call(arguments, run, tuple(PARAMS))


def on_names(cls: type) -> Call:
    """Return the call for those of rows that join a graph by name."""

    def run(X, A, nodes, keys, y, params):
        G = Graph(A, nodes=nodes)
        frame = X
        shape = np.asarray(keys, dtype=object).shape
        if isinstance(X, np.ndarray) and X.ndim == 2 and shape == X.shape[:1]:
            frame = pd.DataFrame(X, pd.Index(keys, tupleize_cols=False))
        return answers(fit(cls, {**params, "graph": G}, frame, y), frame)

    arguments = {"X": X, "A": A, "nodes": NAMES, "keys": NAMES, "y": Y}
    return Call(arguments, run, tuple(PARAMS))


def on_graphs(cls: type) -> Call:
    """Return the call for those of a list of graphs."""

    def run(X, A, E, y, rest, params):
        many = [Graph(A, X, edge_features=E), *rest] if is_list(rest) else rest
        return answers(fit(cls, params, many, y), many)

    other = Graph(A.T, X, edge_features=EDGE_FEATURES)
    arguments = {"X": X, "A": A, "E": EDGE_FEATURES, "y": Y[:4], "rest": [other] * 3}
    return Call(arguments, run, tuple(PARAMS))


def on_sequences(cls: type, S: Any = STEPS) -> Call:
    """Return the call for those of sequences."""

    def run(S, S_new, y, params):
        return answers(fit(cls, params, S, y), S_new)

    return Call({"S": S, "S_new": S, "y": Y[:4]}, run, tuple(PARAMS))


def on_listed_sequences(cls: type) -> Call:
    """Return the call for those of sequences of different lengths."""
    return on_sequences(cls, [STEPS[k, : 2 + k] for k in range(4)])


def is_list(value: Any) -> bool:
    """Return whether a value is a list of objects."""
    return isinstance(value, list | tuple) or getattr(value, "ndim", 0) == 1


def parts(G: Any) -> list[Any]:
    """Return the arrays of a graph or of graphs."""
    listed = G if isinstance(G, list) else [G]
    arrays = [array for G in listed for array in (G.adjacency.data, G.edge_features)]
    return [array for array in arrays if array is not None]


def function(run: Callable[..., Any], **arguments: Any) -> Call:
    """Return a call of a function of arguments without parameters."""
    return Call(arguments, lambda params, **given: run(**given))  # noqa: ARG005


def networks(value: Any, weight: Any, name: Any) -> list[Any]:
    """Return the arrays of graphs of networkx."""
    g = nx.path_graph(3)
    nx.set_node_attributes(g, {0: 1.0, 1: 2.0, 2: value}, "x")
    nx.set_edge_attributes(g, {(0, 1): 1.0, (1, 2): weight}, "w")
    return parts(Graph.from_networkx(g, node_attributes=["x"], weight=name)) + parts(
        graphs.graphs_from_networkx([g], edge_attributes=["w"])
    )


def pyg(x: Any, edge_index: Any, edge_attr: Any) -> list[Any]:
    """Return the arrays of a graph of PyG."""
    given = (x, edge_index, edge_attr)
    given = [torch.as_tensor(v.copy()) if is_native(v) else v for v in given]
    return parts(graphs.graphs_from_pyg([Data(*given)]))


def is_native(value: Any) -> bool:
    """Return whether torch can convert a value."""
    kind = value.dtype if isinstance(value, np.ndarray) else np.dtype("O")
    return kind.isnative and kind.kind in "biufc" and kind.itemsize <= 8


def folds(X: Any, y: Any, cv: Any, unlabeled: Any, labels_of: Any) -> list[Any]:
    """Return the positions of all folds."""
    splitter = graphs.LabelledFold(cv, unlabeled=unlabeled)
    found = list(splitter.split(X, y, labels_of))
    return [part for pair in found for part in pair]


def transformed(transformer: Any, given: Any) -> list[Any]:
    """Return the arrays of transformed graphs."""
    made = transformer.fit_transform(given)
    return parts(made) + [
        each.X for each in (made if isinstance(made, list) else [made])
    ]


def binarized(X: Any) -> list[Any]:
    """Return the arrays of a graph with 0 and 1 for features."""
    with np.errstate(invalid="ignore"):  # of the sum in scikit-learn's check
        return transformed(prep.NodeTransformer(Binarizer()), Graph(A, X))


def explained(X: Any, A: Any, params: dict[str, Any]) -> list[Any]:
    """Return the attention weights of a fitted model."""
    fitted = fit(GraphAttentionClassifier, params, Graph(A, X), Y)
    return [layer.data for layer in attention_weights(fitted, Graph(A, X))[0]]


def reasoned(X: Any, y: Any, rows: Any, k: Any, paths: Any) -> list[Any]:
    """Return the answers of a reasoner to rows."""
    model = AttentionReasoner(
        n_layers=2, hidden_dim=4, max_epochs=1, random_state=0, device="cpu"
    ).fit(X, y)
    table = model.answer(rows, k, paths=paths)
    return [model.predict_proba(rows), model.predict_truth(rows), table.probability]


def composed(start: Any, first: Any, second: Any, k: Any, paths: Any) -> list[Any]:
    """Return the answers of a reasoner to a conjunction of two hops and one."""
    question = graphs.Question(start, first, second) & graphs.Question(start, first)
    model = AttentionReasoner(
        n_layers=2, hidden_dim=4, max_epochs=1, random_state=0, device="cpu"
    ).fit(FACTS, TAILS)
    table = model.answer(question, k, paths=paths)
    return [model.predict_proba(question), table.probability]


def functions() -> list[Call]:
    """Return the calls of functions."""
    return [
        function(lambda **k: parts(Graph(**k)), adjacency=A, X=X,
                 edge_features=EDGE_FEATURES, nodes=NAMES),
        function(lambda **k: parts(Graph.from_edges(**k)), edges=EDGES, X=X,
                 weights=WEIGHTS, edge_features=EDGE_FEATURES, directed=True,
                 nodes=None),
        function(lambda **k: parts(Graph.from_edges(**k)), edges=EDGES, nodes=N,
                 weights=WEIGHTS, source=None, target=None),
        function(lambda rows: [Graph(A, X)[rows].targets], rows=np.arange(3)),
        function(lambda rows: parts(Graph(A, X).subgraph(rows)), rows=np.arange(3)),
        function(lambda X: [Graph(A, NAMES[:, None]).with_features(X).n_features], X=X),
        function(lambda many: parts(Graph.union(many)), many=[Graph(A, X)] * 3),
        function(lambda **k: parts(graphs.knn_graph(**k)), X=X, n_neighbors=3,
                 metric="euclidean", neighbor_search="exact", n_jobs=None),
        function(lambda **k: parts(graphs.sequence_graphs(**k)), sequences=STEPS,
                 connect="window", window=1, position="sinusoidal", axis=1),
        function(lambda A, k: [graphs.hop_adjacency(A, k).data], A=sp.csr_array(A),
                 k=2),
        function(lambda A: [graphs.add_self_loops(A)[0].data], A=sp.csr_array(A)),
        function(lambda A, kind, n: [graphs.positional_encoding(A, kind, n)],
                 A=sp.csr_array(A), kind="degree", n=3),
        function(lambda A: [graphs.local_order(A)], A=sp.csr_array(A)),
        function(lambda **k: parts(graphs.graphs_from_smiles(**k)), smiles=SMILES,
                 on_invalid="raise"),
        function(networks, value=np.array(2.0), weight=np.array(2.0), name="w"),
        function(pyg, x=X, edge_index=EDGES.T.astype(int), edge_attr=EDGE_FEATURES),
        function(folds, X=X, y=Y, cv=2, unlabeled=-1, labels_of=None),
        function(binarized, X=X),
        function(lambda E: transformed(prep.EdgeTransformer(Binarizer()),
                                       Graph(A, X, edge_features=E)), E=EDGE_FEATURES),
        function(lambda G, kind, n: transformed(prep.PositionalEncoding(kind, n), G),
                 G=Graph(A, X), kind="degree", n=3),
        function(lambda S, **k: list(map(np.nan_to_num, transformed(
            prep.SequenceGraph(**k), S))),  # infinity stays
            S=STEPS, connect="window", window=1, axis=1),
        function(lambda smiles: transformed(prep.MoleculeGraph(), smiles),
                 smiles=SMILES),
        Call({"X": X, "A": A}, explained),
        function(reasoned, X=FACTS, y=TAILS, rows=FACTS[:3], k=2, paths=1),
        function(composed, start="n0", first="r", second="^r", k=2, paths=1),
    ]  # fmt: skip


ESTIMATORS = (GraphAttentionClassifier, GraphAttentionRegressor, AttentionEmbedder)
INPUTS = (on_table, on_adjacency, on_nodes, on_names, on_graphs, on_sequences,
          on_listed_sequences)  # fmt: skip
CALLS = [make(cls) for make in INPUTS for cls in ESTIMATORS] + functions()
