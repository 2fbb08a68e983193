import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import validate_data

from skattn import AttentionEmbedder, EncoderConfig, Graph, GraphAttentionRegressor
from skattn._training import FullGraph, GraphBatches, predict
from skattn.estimators import _input
from skattn.estimators._input import check_features
from skattn.graph import _field

# 0 attends to 1 and 2, 1 to 0, 2 to 3, 3 to itself, 4 to 0, 5 to no node
ADJACENCY = np.zeros((6, 6))
ADJACENCY[[0, 0, 1, 2, 3, 4], [1, 2, 0, 3, 3, 0]] = 1
X = np.array([[0.0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]])
Y = np.array([0.0, 1, 2, 3, 4, 5])
GRAPH = Graph(ADJACENCY, X)
FRAME = pd.DataFrame(X, columns=["a", "b"], index=pd.Index(list("uvwxyz"), name="id"))


@pytest.fixture
def table(small):
    return small(GraphAttentionRegressor, n_neighbors=2).fit(X, Y)


@pytest.fixture
def graph(small):
    return small(GraphAttentionRegressor).fit(GRAPH[:4], Y[:4])


@pytest.fixture
def named(small):
    """Estimator fitted on the nodes u, v and x of a graph in another order."""
    graph = Graph(ADJACENCY, nodes=pd.Index(list("zyxwvu"), name="id"))
    return small(GraphAttentionRegressor, graph=graph).fit(
        FRAME.loc[["u", "x", "v"]], Y[:3]
    )


@pytest.fixture
def graphs(small):
    return small(GraphAttentionRegressor).fit([GRAPH, GRAPH.subgraph([0, 1])], Y[:2])


LATER = {
    "table": X[:2] + 0.5,
    "graph": GRAPH[[5, 0]],
    "named": FRAME.loc[["w", "u"]],
    "graphs": [GRAPH.subgraph([2, 3]), GRAPH, GRAPH.subgraph([4])],
}


@pytest.mark.parametrize("kind", LATER)
def test_predictions_are_those_of_the_prepared_source(kind, request):
    reg, later = request.getfixturevalue(kind), LATER[kind]
    outputs = predict(reg.net_, reg._prepare(later).source)
    assert outputs.shape == (len(later), 1)
    np.testing.assert_array_equal(
        reg._label_encoding_.predict(outputs), reg.predict(later)
    )


@pytest.mark.parametrize("whole_below", [0, 1 << 14])
@pytest.mark.parametrize("kind", LATER)
def test_a_prediction_checks_its_features_once(kind, whole_below, request, monkeypatch):
    reg, checked = request.getfixturevalue(kind), []

    def counted(estimator, features, **options):
        checked.append(features)
        return validate_data(estimator, features, **options)

    monkeypatch.setattr(_input, "validate_data", counted)
    monkeypatch.setattr(_field, "WHOLE_BELOW", whole_below)
    reg.predict(LATER[kind])
    assert len(checked) == 1


def test_an_embedding_is_the_networks_output_of_the_prepared_source(small):
    embedder = small(AttentionEmbedder, n_components=3).fit(GRAPH)
    outputs = predict(embedder.net_, embedder._prepare(GRAPH[[4, 1]]).source)
    np.testing.assert_array_equal(outputs, embedder.transform(GRAPH[[4, 1]]))


def test_new_rows_of_a_table_come_after_the_fitted_ones(table):
    prepared = table._prepare(LATER["table"])
    assert not prepared.has_many_graphs
    placed = prepared.placer()(sparse.csr_array(np.arange(64.0).reshape(8, 8)))
    np.testing.assert_array_equal(placed.toarray(), np.arange(48.0, 64).reshape(2, 8))
    assert prepared.view.n_nodes == 8
    np.testing.assert_array_equal(prepared.view.X[:6], X)
    np.testing.assert_array_equal(prepared.view.X[6:], LATER["table"])
    np.testing.assert_array_equal(prepared.view.targets, [6, 7])
    assert isinstance(prepared.source, FullGraph)
    assert prepared.source.batch.targets.tolist() == [6, 7]
    assert prepared.view.adjacency[[6, 7]].indices.max() < 6


def test_a_slice_of_a_graph_keeps_all_its_nodes(graph):
    prepared = graph._prepare(LATER["graph"])
    assert not prepared.has_many_graphs
    matrix = sparse.csr_array(np.eye(prepared.view.n_nodes))
    assert prepared.placer()(matrix) is matrix
    np.testing.assert_array_equal(prepared.view.adjacency.toarray(), ADJACENCY)
    assert prepared.view.X.dtype == np.float32
    np.testing.assert_array_equal(prepared.view.targets, [5, 0])
    assert prepared.source.batch.targets.tolist() == [5, 0]


def test_rows_that_join_by_name_have_their_positions_in_the_users_graph(named):
    prepared = named._prepare(LATER["named"])
    assert not prepared.has_many_graphs
    # of z, y, x, w, v and u neither z nor y was fitted or requested
    placed = prepared.placer()(sparse.csr_array(np.ones((4, 4)))).toarray()
    expected = np.zeros((6, 6))
    expected[2:, 2:] = 1
    np.testing.assert_array_equal(placed, expected)
    np.testing.assert_array_equal(prepared.view.nodes, list("xwvu"))
    np.testing.assert_array_equal(prepared.view.X, X[[3, 2, 1, 0]])
    np.testing.assert_array_equal(prepared.view.targets, [1, 3])
    assert prepared.source.batch.targets.tolist() == [1, 3]


def test_a_list_is_a_collection_whose_rows_are_its_graphs(graphs):
    prepared = graphs._prepare(LATER["graphs"])
    assert prepared.has_many_graphs
    np.testing.assert_array_equal(prepared.view.node_ptr, [0, 2, 8, 9])
    np.testing.assert_array_equal(prepared.view.targets, [0, 1, 2])
    np.testing.assert_array_equal(prepared.view.whole.X, X[[2, 3, *range(6), 4]])
    assert isinstance(prepared.source, GraphBatches)
    assert prepared.source.numbers.tolist() == [0, 1, 2]


def test_an_adjacency_makes_a_graph_of_the_new_rows_alone(small):
    reg = small(GraphAttentionRegressor).fit(X, Y, adjacency=ADJACENCY)
    prepared = reg._prepare(X[:2], ADJACENCY[:2, :2])
    assert not prepared.has_many_graphs
    matrix = sparse.csr_array(np.eye(prepared.view.n_nodes))
    assert prepared.placer()(matrix) is matrix
    np.testing.assert_array_equal(prepared.view.adjacency.toarray(), [[0, 1], [1, 0]])
    np.testing.assert_array_equal(prepared.view.targets, [0, 1])


def test_graphs_come_in_batches_of_the_estimators_batch_size(graphs):
    graphs.batch_size = 2
    source = graphs._prepare([*LATER["graphs"], GRAPH]).source
    assert [len(batch.x) for batch, _ in source.epoch(None)] == [8, 7]


def test_nothing_is_prepared_before_fit():
    with pytest.raises(NotFittedError):
        GraphAttentionRegressor()._prepare(X)


def test_prepared_edges_have_the_features_of_fit(graph):
    other = Graph(GRAPH.adjacency, X, edge_features=np.ones((6, 2)))
    with pytest.raises(ValueError, match="edge features"):
        graph._prepare(other)


def test_checked_features_are_float32_and_remembered():
    reg = GraphAttentionRegressor()
    checked = check_features(reg, FRAME, reset=True)
    assert (checked.dtype, checked.shape) == (np.float32, (6, 2))
    assert reg.n_features_in_ == 2
    assert reg.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="X has 1 features"):
        check_features(reg, FRAME[["a"]].to_numpy(), reset=False)


def test_a_graph_without_features_has_zero_of_them_at_predict_too():
    reg = GraphAttentionRegressor()
    assert check_features(reg, None, reset=True) is None
    assert reg.n_features_in_ == 0
    assert check_features(reg, None, reset=False) is None
    check_features(reg, X, reset=True)
    with pytest.raises(ValueError, match=r"0 features.*expecting 2.*a graph with"):
        check_features(reg, None, reset=False)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([[5.1e6, 5.1e6 + 0.02]], np.float64),
        ([[0.1, 1.0]], np.float64),
        ([[0.5, 2.0]], np.float32),
        (np.array([[0.1, 1.0]], np.float32), np.float32),
        (np.array([[1, 2**24 + 1]]), np.float64),
        (np.array([[True, False]]), np.float32),
    ],
)
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_precision_is_kept_where_float32_would_round(values, dtype, make):
    if make is sparse.csr_array:
        values = np.asarray(values)
    given = make(values)
    checked = check_features(
        GraphAttentionRegressor(), given, reset=True, keep_precision=True
    )
    assert checked.dtype == dtype
    dense = checked.toarray() if sparse.issparse(checked) else checked
    np.testing.assert_array_equal(dense, np.asarray(values, np.float64))
    assert check_features(GraphAttentionRegressor(), given, reset=True).dtype == (
        np.float32
    )


def test_values_that_float32_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="too large for dtype\\('float32'\\)"):
        check_features(
            GraphAttentionRegressor(), [[1e39, 0.1]], reset=True, keep_precision=True
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fitted_rows_do_not_change_with_the_callers_array(small, dtype):
    given = (X + 0.1).astype(dtype)
    reg = small(GraphAttentionRegressor, n_neighbors=2).fit(given, Y)
    before = reg.predict(X)
    given[:] = 0
    np.testing.assert_array_equal(reg.predict(X), before)


def test_the_configuration_chooses_the_neighbour_search(small):
    encoder = EncoderConfig(neighbor_search="exact")
    reg = small(GraphAttentionRegressor, n_neighbors=2, encoder=encoder).fit(X, Y)
    assert reg._context_.search.method == "exact"
    encoder = EncoderConfig(neighbor_search="fast")
    with pytest.raises(ValueError, match="'neighbor_search' parameter"):
        small(GraphAttentionRegressor, encoder=encoder).fit(X, Y)
