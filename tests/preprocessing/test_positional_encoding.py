import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline

from skattn import Graph, GraphAttentionClassifier
from skattn.graph import positional_encoding
from skattn.preprocessing import PositionalEncoding

TRIANGLE = 1 - np.eye(3)
PATH = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]])
KINDS = ("random_walk", "laplacian", "degree")


def two_graphs(X=None):
    if X is None:
        return [Graph(TRIANGLE), Graph(PATH)]
    return [Graph(TRIANGLE, X(3)), Graph(PATH, X(4))]


@pytest.mark.parametrize("kind", KINDS)
def test_columns_follow_the_features(kind):
    graph = Graph(PATH, np.arange(8.0).reshape(4, 2))
    out = PositionalEncoding(kind, 3).fit_transform(graph)
    expected = positional_encoding(graph.adjacency, kind, 3)
    assert_array_equal(out.X[:, :2], graph.X)
    assert_array_equal(out.X[:, 2:], expected)
    assert out.adjacency is graph.adjacency


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_are_encoded_independently(kind):
    graphs = two_graphs(lambda n: np.ones((n, 1)))
    step = PositionalEncoding(kind, 4)
    out = step.fit_transform(graphs)
    assert isinstance(out, list)
    for graph, given in zip(out, graphs, strict=True):
        assert_allclose(graph.X, step.transform(given).X, atol=1e-7)
        assert graph.adjacency is given.adjacency


@pytest.mark.parametrize("container", [tuple, "object array"])
def test_any_sequence_of_graphs_gives_a_list(container):
    graphs = two_graphs()
    holder = np.empty(2, dtype=object)
    holder[:] = graphs
    out = PositionalEncoding().fit_transform(
        holder if container == "object array" else tuple(graphs)
    )
    assert [graph.n_nodes for graph in out] == [3, 4]


def test_graphs_without_features_get_the_encoding_alone():
    step = PositionalEncoding("degree", 4)
    first, second = step.fit_transform(two_graphs())
    assert step.n_features_in_ == 0
    assert_array_equal(first.X, [[0, 0, 1, 0]] * 3)
    assert_array_equal(second.X.argmax(axis=1), [1, 2, 2, 1])
    names = ["degree_0", "degree_1", "degree_2", "degree_3"]
    assert list(step.get_feature_names_out()) == names


def test_views_keep_their_targets():
    graph = Graph(PATH, np.ones((4, 1)))
    out = PositionalEncoding(n_components=2).fit_transform(graph[[3, 1]])
    assert out.is_view
    assert_array_equal(out.targets, [3, 1])
    assert out.X.shape == (4, 3)


def test_labels_and_edge_features_are_kept():
    graph = Graph(PATH, edge_features=np.arange(6), nodes=list("abcd"))
    (out,) = PositionalEncoding().fit_transform([graph])
    assert out.edge_features is graph.edge_features
    assert out.nodes is graph.nodes


def test_sparse_features_stay_sparse():
    graphs = two_graphs(lambda n: sp.csr_array(np.eye(n, 2)))
    alone = PositionalEncoding("degree", 3).fit_transform(graphs[0]).X
    assert sp.issparse(alone)
    for out in PositionalEncoding("degree", 3).fit_transform(graphs):
        assert sp.issparse(out.X)
        assert out.X.shape[1] == 5


def test_frames_stay_frames_with_named_columns():
    def frame(n):
        return pd.DataFrame({"kind": list("pqrs")[:n], "size": np.arange(n)})

    step = PositionalEncoding(n_components=2)
    for out in step.fit_transform(two_graphs(frame)):
        assert list(out.X["kind"]) == list("pqrs")[: out.n_nodes]
        assert list(out.X.columns) == list(step.get_feature_names_out())
    names = ["kind", "size", "random_walk_1", "random_walk_2"]
    assert list(step.get_feature_names_out()) == names


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_keep_their_precision(dtype):
    graph = Graph(PATH, np.ones((4, 1), dtype=dtype))
    assert PositionalEncoding().fit_transform(graph).X.dtype == dtype


def test_another_number_of_features_is_an_error():
    step = PositionalEncoding().fit(Graph(PATH, np.ones((4, 2))))
    for X, n_features in ((np.ones((4, 3)), 3), (None, 0)):
        message = f"X has {n_features} features, but PositionalEncoding is expecting 2"
        with pytest.raises(ValueError, match=message):
            step.transform([Graph(PATH, X)])
    message = "X has 1 features, but PositionalEncoding is expecting 0"
    with pytest.raises(ValueError, match=message):
        PositionalEncoding().fit(Graph(PATH)).transform(Graph(PATH, np.ones((4, 1))))


def test_inconsistent_graphs_are_an_error():
    mixed = [Graph(PATH, np.ones((4, 1))), Graph(TRIANGLE)]
    with pytest.raises(ValueError, match="graph 1 has"):
        PositionalEncoding().fit(mixed)


def test_a_view_in_a_list_is_an_error_with_the_remedy():
    with pytest.raises(ValueError, match=r"graph 0 is a view .*subgraph\(\)"):
        PositionalEncoding().fit([Graph(PATH)[:2]])


@pytest.mark.parametrize("X", [np.ones((3, 2)), [[1.0, 2.0]], None, "graph"])
def test_other_types_are_an_error(X):
    with pytest.raises(TypeError, match="needs X to be a Graph or a list of graphs"):
        PositionalEncoding().fit(X)


def test_an_empty_list_is_an_error():
    with pytest.raises(ValueError, match="at least one graph"):
        PositionalEncoding().fit([])


def test_parameters_are_validated_by_fit():
    with pytest.raises(ValueError, match="'kind' parameter"):
        PositionalEncoding("sinusoidal").fit(Graph(PATH))
    with pytest.raises(ValueError, match="'n_components' parameter"):
        PositionalEncoding(n_components=0).fit(Graph(PATH))


def test_random_walks_let_a_model_distinguish_hexagons_from_triangles():
    ring = np.roll(np.eye(6), 1, axis=1)
    hexagon = Graph(ring + ring.T, np.ones((6, 1)))
    triangles = Graph(np.kron(np.eye(2), TRIANGLE), np.ones((6, 1)))
    X, y = [hexagon, triangles] * 8, [0, 1] * 8
    classifier = GraphAttentionClassifier(
        hidden_dim=8, max_epochs=60, early_stopping=False, random_state=0
    )
    assert classifier.fit(X, y).score(X, y) == 0.5
    pipeline = make_pipeline(PositionalEncoding(n_components=4), classifier)
    assert pipeline.fit(X, y).score(X, y) == 1
