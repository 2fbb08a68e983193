import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._collection import GraphCollection

PAIR = np.array([[0, 1], [1, 0]])
CHAIN = np.array([[0, 2, 0], [0, 0, 3], [0, 0, 0]])


def table(n_rows, n_columns=2):
    return np.arange(n_rows * n_columns, dtype=float).reshape(n_rows, n_columns)


@pytest.fixture
def collection():
    return GraphCollection.of([Graph(PAIR), Graph([[0]]), Graph(CHAIN)])


def test_graphs_form_a_disjoint_union(collection):
    expected = np.zeros((6, 6))
    expected[:2, :2] = PAIR
    expected[3:, 3:] = CHAIN
    np.testing.assert_array_equal(collection.whole.adjacency.toarray(), expected)
    np.testing.assert_array_equal(collection.node_ptr, [0, 2, 3, 6])
    assert collection.node_ptr.dtype == np.int64
    assert collection.whole.adjacency.indices.dtype == np.int32
    assert not collection.whole.is_view
    assert (collection.n_graphs, collection.n_nodes, collection.n_edges) == (3, 6, 4)


def test_all_graphs_are_targets_at_first(collection):
    np.testing.assert_array_equal(collection.targets, [0, 1, 2])
    assert len(collection) == 3
    assert collection.base is collection
    assert not collection.is_view


@pytest.mark.parametrize(
    ("key", "targets"),
    [
        (np.array([2, 0]), [2, 0]),
        ([1, 1], [1, 1]),
        (slice(1, None), [1, 2]),
        (np.array([True, False, True]), [0, 2]),
        (np.arange(0), []),
    ],
)
def test_slice_has_other_targets_on_the_same_arrays(collection, key, targets):
    view = collection[key]
    np.testing.assert_array_equal(view.targets, targets)
    assert view.targets.dtype == np.int64
    assert view.whole is collection.whole
    assert view.node_ptr is collection.node_ptr
    assert view.base is collection
    assert view.is_view
    assert (len(view), view.n_graphs) == (len(targets), 3)


def test_slice_of_a_slice_counts_its_targets(collection):
    view = collection[[2, 0]][[1]]
    np.testing.assert_array_equal(view.targets, [0])
    assert view.base is collection


def test_index_out_of_range_raises_index_error(collection):
    with pytest.raises(IndexError):
        collection[3]
    with pytest.raises(TypeError):
        iter(collection)


def test_edge_features_and_parallel_edges_keep_their_order():
    entries = sparse.coo_array((np.ones(2), ([0, 0], [1, 1])), shape=(2, 2))
    first = Graph(entries, edge_features=[1, 2])
    second = Graph(PAIR, edge_features=[3, 4])
    collection = GraphCollection.of([first, second])
    np.testing.assert_array_equal(collection.whole.edge_features.ravel(), [1, 2, 3, 4])
    np.testing.assert_array_equal(collection.whole.adjacency.indptr, [0, 2, 2, 3, 4])
    np.testing.assert_array_equal(collection.whole.adjacency.indices, [1, 1, 3, 2])
    assert collection.n_edge_features == 1


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_features_keep_their_type(make):
    graphs = [Graph(PAIR, make(table(2))), Graph([[0]], make(table(1)))]
    whole = GraphCollection.of(graphs).whole
    assert type(whole.X) is type(graphs[0].X)
    dense = whole.X.toarray() if sparse.issparse(whole.X) else np.asarray(whole.X)
    np.testing.assert_array_equal(dense, [[0, 1], [2, 3], [0, 1]])


def test_labels_are_ignored():
    labelled = Graph(PAIR, nodes=["a", "b"])
    collection = GraphCollection.of([labelled, Graph([[0]]), labelled])
    assert collection.whole.nodes is None


def test_graphs_without_edges_are_valid():
    collection = GraphCollection.of([Graph([[0]]), Graph([[0]])])
    assert (collection.n_nodes, collection.n_edges) == (2, 0)
    np.testing.assert_array_equal(collection.whole.adjacency.indptr, [0, 0, 0])


def test_view_of_all_nodes_is_the_graph():
    assert GraphCollection.of([Graph(PAIR)[[1, 0]]]).n_nodes == 2


def test_given_arrays_are_not_modified():
    graph = Graph(CHAIN, table(3))
    before = graph.adjacency.indices.copy()
    GraphCollection.of([graph, graph])
    np.testing.assert_array_equal(graph.adjacency.indices, before)


@pytest.mark.parametrize("make", [tuple, list, iter])
def test_any_sequence_of_graphs_is_valid(make):
    assert GraphCollection.of(make([Graph(PAIR), Graph(PAIR)])).n_graphs == 2


def test_object_array_of_graphs_is_valid():
    holder = np.empty(2, dtype=object)
    holder[:] = [Graph(PAIR), Graph(CHAIN)]
    assert GraphCollection.of(holder).n_nodes == 5


def test_other_features_keep_the_targets(collection):
    whole = collection.with_features(table(6, 4))
    assert (whole.n_features, whole.base) == (4, whole)
    view = collection[[2]].with_features(table(6, 4))
    np.testing.assert_array_equal(view.targets, [2])
    assert view.base.n_features == 4
    np.testing.assert_array_equal(view.base.targets, [0, 1, 2])
    with pytest.raises(ValueError, match=r"one row per node .*\(6\), got 2"):
        collection.with_features(table(2))


def test_repr_counts(collection):
    assert repr(collection[[0]]) == (
        "GraphCollection(n_graphs=3, n_nodes=6, n_edges=4, n_features=0, n_targets=1)"
    )


def test_collection_pickles(collection):
    back = pickle.loads(pickle.dumps(collection[[1]]))
    np.testing.assert_array_equal(back.targets, [1])
    assert back.base.n_graphs == 3


DISAGREE = [
    (Graph(PAIR, table(2, 5)), "graph 2 has 5 features where graph 0 has 2 features"),
    (Graph(PAIR, table(2, 1)), "graph 2 has 1 feature where graph 0 has 2"),
    (Graph(PAIR), "graph 2 has no features where graph 0 has 2"),
    (
        Graph(PAIR, sparse.csr_array(table(2))),
        "graph 2 has a sparse matrix of features where graph 0 has an array of",
    ),
    (
        Graph(PAIR, table(2), edge_features=table(2, 3)),
        "graph 2 has 3 edge features where graph 0 has no edge features",
    ),
]


@pytest.mark.parametrize(("other", "message"), DISAGREE)
def test_first_graph_that_differs_is_named(other, message):
    alike = Graph(PAIR, table(2))
    with pytest.raises(ValueError, match=message):
        GraphCollection.of([alike, alike, other, other])


def test_no_features_differ_from_no_columns():
    nothing = Graph(PAIR, np.empty((2, 0)))
    with pytest.raises(ValueError, match=r"graph 1 has no features where .* an array"):
        GraphCollection.of([nothing, Graph(PAIR)])
    with_edges = Graph(PAIR, edge_features=np.empty((2, 0)))
    with pytest.raises(ValueError, match=r"graph 1 has edge .* graph 0 has no edge"):
        GraphCollection.of([Graph(PAIR), with_edges])


def test_first_column_that_differs_is_named():
    frames = [
        pd.DataFrame(table(2), columns=names) for names in (list("ab"), list("ac"))
    ]
    with pytest.raises(ValueError, match=r"graph 1 has a column 'c' where .* 'b'"):
        GraphCollection.of([Graph(PAIR, frame) for frame in frames])


def test_view_of_some_nodes_is_refused_with_a_remedy():
    with pytest.raises(ValueError, match=r"graph 1 is a view .* 1 of its 3 .*subgraph"):
        GraphCollection.of([Graph(PAIR), Graph(CHAIN)[[2]]])


@pytest.mark.parametrize("wrong", [None, PAIR, "CCO"])
def test_other_types_are_named_by_their_position(wrong):
    name = type(wrong).__name__
    with pytest.raises(TypeError, match=f"got {name} at position 1"):
        GraphCollection.of([Graph(PAIR), wrong])


def test_empty_list_single_graph_and_empty_graph_are_refused():
    with pytest.raises(ValueError, match="at least one graph, got an empty list"):
        GraphCollection.of([])
    with pytest.raises(TypeError, match=r"list: \[graph\]"):
        GraphCollection.of(Graph(PAIR))
    with pytest.raises(ValueError, match="graph 1 has none"):
        GraphCollection.of([Graph(PAIR), Graph(np.zeros((0, 0)))])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 99))
def test_every_block_equals_its_graph(sizes, seed):
    rng = np.random.default_rng(seed)
    graphs = [
        Graph(rng.random((n, n)) * (rng.random((n, n)) < 0.5), rng.random((n, 2)))
        for n in sizes
    ]
    collection = GraphCollection.of(graphs)
    assert collection.n_edges == sum(graph.n_edges for graph in graphs)
    for number, graph in enumerate(graphs):
        rows = slice(*collection.node_ptr[number : number + 2])
        block = collection.whole.adjacency[rows, rows]
        np.testing.assert_array_equal(block.toarray(), graph.adjacency.toarray())
        np.testing.assert_array_equal(collection.whole.X[rows], graph.X)
