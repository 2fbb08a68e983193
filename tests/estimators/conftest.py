import numpy as np
import pandas as pd
import pytest

from skattn import AttentionEmbedder, Graph, GraphAttentionClassifier


@pytest.fixture
def table():
    """40 rows, 3 features and classes that the first feature decides."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 3))
    return X, (X[:, 0] > 0).astype(int)


@pytest.fixture
def adjacency():
    """40 nodes with about four senders each, directed."""
    rng = np.random.default_rng(4)
    dense = (rng.random((40, 40)) < 0.1).astype(float)
    np.fill_diagonal(dense, 0)
    return dense


@pytest.fixture
def graph(table, adjacency):
    return Graph(adjacency, table[0])


@pytest.fixture
def y(table):
    return table[1]


@pytest.fixture
def small():
    """A function: make an estimator, a classifier by default, that trains quickly."""

    def make(cls=GraphAttentionClassifier, **params):
        return cls(**{"max_epochs": 3, "hidden_dim": 8, "random_state": 0} | params)

    return make


# ---- a fit on every kind of input -------------------------------------------------

PATH = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
PAIR = np.array([[0, 1], [1, 0]])


def on_table(small):
    X = np.arange(10.0).reshape(10, 1)
    clf = small(n_neighbors=2).fit(X, np.arange(10) % 2)
    facts = {"n_nodes": 10, "n_edges": 20, "n_features": 1, "n_train": 10}
    return clf, "a table", {"kind": "table"} | facts


def on_adjacency(small):
    clf = small().fit(np.eye(3), [0, 1, 1], adjacency=PATH)
    facts = {"n_nodes": 3, "n_edges": 4, "n_features": 3, "n_train": 3}
    return clf, "a table with adjacency=", {"kind": "adjacency"} | facts


def on_targets_of_a_graph(small):
    clf = small().fit(Graph(PATH, np.eye(3))[:2], [0, 1])
    facts = {"n_nodes": 3, "n_edges": 4, "n_features": 3, "n_train": 2}
    return clf, "a Graph", {"kind": "graph"} | facts


def on_graph_without_features(small):
    clf = small().fit(Graph(PATH), [0, 1, 0])
    facts = {"n_nodes": 3, "n_edges": 4, "n_features": 0, "n_train": 3}
    return clf, "a Graph", {"kind": "graph"} | facts


def on_edge_features(small):
    graph = Graph.from_edges([(0, 1), (1, 0)], np.eye(2), edge_features=np.ones((2, 5)))
    clf = small().fit(graph, [0, 1])
    facts = {"n_nodes": 2, "n_edges": 2, "n_features": 2, "n_train": 2}
    return clf, "a Graph", {"kind": "graph", "n_edge_features": 5} | facts


def on_named(small):
    graph = Graph(PATH, nodes=pd.Index(["a", "b", "c"], name="city"))
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=["b", "a"])
    clf = small(graph=graph).fit(frame, [0, 1])
    facts = {"n_nodes": 2, "n_edges": 2, "n_features": 1, "n_train": 2}
    return clf, "a DataFrame joined to graph=", {"kind": "named"} | facts


def on_graphs(small):
    clf = small().fit([Graph(PATH), Graph(PAIR), Graph(PAIR)], [0, 1, 1])
    facts = {"n_graphs": 3, "n_nodes": 7, "n_edges": 8, "n_features": 0, "n_train": 3}
    return clf, "a list of graphs", {"kind": "graphs"} | facts


def on_sequences(small):
    clf = small().fit([np.ones((2, 4)), np.zeros((3, 4))], [0, 1])
    facts = {"n_graphs": 2, "n_nodes": 5, "n_edges": 13, "n_features": 4, "n_train": 2}
    facts |= {"n_descriptors": 12, "patch_stride": 1, "patch_length": 8}
    return clf, "a list of sequences", {"kind": "sequences"} | facts


def embedder_on_a_graph(small):
    fitted = small(AttentionEmbedder).fit(Graph(PATH, np.eye(3))[:2])
    facts = {"n_nodes": 3, "n_edges": 4, "n_features": 3}
    return fitted, "a Graph", {"kind": "graph"} | facts


KINDS = [
    on_table,
    on_adjacency,
    on_targets_of_a_graph,
    on_graph_without_features,
    on_edge_features,
    on_named,
    on_graphs,
    on_sequences,
    embedder_on_a_graph,
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def each_kind(request):
    """A function of `small`: fit on a kind of input, see `fit_on_each_kind`."""
    return request.param


@pytest.fixture
def fit_on_each_kind(each_kind, small):
    """A fitted estimator, the description of its input and the summary of that."""
    estimator, description, facts = each_kind(small)
    defaults = {"n_graphs": 1, "n_edge_features": 0}
    if "n_train" in facts:
        defaults["n_validation"] = 0
    return estimator, description, defaults | facts
