import copy
import gc
import pickle
import sys
import weakref
from collections.abc import Iterable
from dataclasses import FrozenInstanceError

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skattn.graph import Graph

PATH = [[0, 2, 0, 0], [2, 0, 3, 0], [0, 3, 0, 4], [0, 0, 4, 0]]
X = np.arange(8.0).reshape(4, 2)


def test_graph_counts_nodes_edges_and_features(graph):
    assert (graph.n_nodes, graph.n_edges, graph.n_features) == (4, 6, 2)
    assert (graph.shape, len(graph), graph.n_edge_features) == ((4, 2), 4, 0)
    assert graph.base is graph
    assert not graph.is_view
    assert graph.is_weighted
    assert graph.targets.dtype == np.int64


def test_weights_of_one_are_unweighted():
    assert not Graph([[0, 1], [1, 0]]).is_weighted


def test_graph_is_immutable(graph):
    with pytest.raises(FrozenInstanceError):
        graph.X = None


@pytest.mark.parametrize(
    ("key", "targets"),
    [
        (2, [2]),
        (-1, [3]),
        (np.int64(1), [1]),
        (slice(1, 3), [1, 2]),
        (slice(None, None, -2), [3, 1]),
        ([3, 0, 3], [3, 0, 3]),
        ((np.array([1, 2]), ...), [1, 2]),
        ((np.array([1, 2]), slice(None)), [1, 2]),
        (np.array([True, False, False, True]), [0, 3]),
        ([False, True, False, False], [1]),
        (pd.Series([2, 3]), [2, 3]),
        (np.array([1], dtype=np.uint8), [1]),
        ([], []),
        (..., [0, 1, 2, 3]),
    ],
)
def test_every_index_gives_a_view_on_the_same_arrays(graph, key, targets):
    view = graph[key]
    np.testing.assert_array_equal(view.targets, targets)
    assert view.targets.dtype == np.int64
    assert view.is_view
    assert view.base is graph
    assert view.adjacency is graph.adjacency
    assert view.X is graph.X
    assert view.nodes is graph.nodes
    assert view.shape == (len(targets), 2)


@pytest.mark.parametrize("key", [4, -5, [0, 4]])
def test_positions_out_of_range_are_an_index_error(graph, key):
    with pytest.raises(
        IndexError, match="Rows of a Graph must be within its 4 targets"
    ):
        graph[key]


@pytest.mark.parametrize("key", ["a", ["a", "b"], [0.5], [[0], [1]], None])
def test_other_keys_are_refused_with_the_valid_ones(graph, key):
    with pytest.raises(IndexError, match=r"an integer, a slice, a mask.*get_indexer"):
        graph[key]


@pytest.mark.parametrize("key", [(slice(None), 0), (0, ..., slice(None))])
def test_columns_cannot_be_sliced(graph, key):
    with pytest.raises(IndexError, match="must be sliced by rows alone"):
        graph[key]


def test_mask_has_one_entry_per_target(graph):
    with pytest.raises(IndexError):
        graph[np.ones(3, dtype=bool)]


@settings(max_examples=50, deadline=None)
@given(
    first=st.lists(st.integers(-4, 3), max_size=6),
    second=st.slices(6),
)
def test_view_of_a_view_slices_its_targets(first, second):
    graph = Graph(PATH)
    expected = np.arange(4)[np.array(first, dtype=int)][second]
    np.testing.assert_array_equal(graph[first][second].targets, expected)
    assert graph[first][second].base is graph


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_subgraph_takes_the_same_nodes_of_every_array(data):
    n_nodes = data.draw(st.integers(1, 6))
    row = st.lists(st.integers(0, 2), min_size=n_nodes, max_size=n_nodes)
    dense = np.array(data.draw(st.lists(row, min_size=n_nodes, max_size=n_nodes)))
    order = data.draw(st.permutations(range(n_nodes)))
    nodes = np.array(order[: data.draw(st.integers(0, n_nodes))], dtype=int)
    numbered = np.arange(1, 1 + np.count_nonzero(dense))
    edges = np.zeros_like(dense)
    edges[dense != 0] = numbered
    graph = Graph(dense, np.eye(n_nodes), edge_features=numbered, nodes=range(n_nodes))
    part = graph.subgraph(nodes)
    np.testing.assert_array_equal(part.adjacency.toarray(), dense[np.ix_(nodes, nodes)])
    cut = edges[np.ix_(nodes, nodes)]
    np.testing.assert_array_equal(part.edge_features.ravel(), cut[cut != 0])
    np.testing.assert_array_equal(part.X, np.eye(n_nodes)[nodes])
    np.testing.assert_array_equal(part.nodes, nodes)
    assert part.adjacency.has_sorted_indices
    assert not part.is_view


def test_subgraph_of_a_view_holds_its_targets_once(graph):
    part = graph[[2, 0, 2, 1]].subgraph()
    assert list(part.nodes) == ["c", "a", "b"]
    assert part.nodes.name == "site"
    np.testing.assert_array_equal(
        part.adjacency.toarray(), [[0, 0, 3], [0, 0, 2], [3, 2, 0]]
    )


def test_subgraph_takes_a_mask(graph):
    assert list(graph.subgraph([True, False, False, True]).nodes) == ["a", "d"]


def test_subgraph_keeps_parallel_edges_in_order():
    at = ([0, 0, 1], [1, 1, 0])
    entries = sparse.coo_array((np.ones(3), at), shape=(3, 3))
    part = Graph(entries, edge_features=[1, 2, 3]).subgraph([1, 0])
    np.testing.assert_array_equal(part.edge_features.ravel(), [3, 1, 2])
    np.testing.assert_array_equal(part.adjacency.indices, [1, 0, 0])


def test_subgraph_names_a_node_once(graph):
    with pytest.raises(ValueError, match="each node once, got 3 positions of 2"):
        graph.subgraph([1, 1, 2])
    with pytest.raises(IndexError):
        graph.subgraph([7])


def test_with_features_keeps_the_view(graph):
    view = graph[[2, 1]].with_features(np.ones((4, 3)))
    assert view.shape == (2, 3)
    assert view.base.shape == (4, 3)
    assert view.adjacency is graph.adjacency
    assert not graph.with_features(None).is_view


def test_array_of_a_graph_is_refused_with_the_remedy(graph):
    with pytest.raises(ValueError, match=r"edges would be lost.*NodeTransformer"):
        np.asarray(graph)


def test_object_array_holds_the_graph_itself(graph):
    holder = np.asarray(graph, dtype=object)
    assert holder.shape == ()
    assert holder[()] is graph
    assert np.array([graph, graph[:2]], dtype=object).shape == (2,)


def test_graph_is_not_iterable(graph):
    assert not isinstance(graph, Iterable)
    with pytest.raises(TypeError):
        iter(graph)


def test_size_counts_the_arrays():
    n_nodes = 1000
    graph = Graph(sparse.eye_array(n_nodes), np.zeros((n_nodes, 50)))
    arrays = 4 * (3 * n_nodes + 1) + 8 * 51 * n_nodes
    assert arrays <= sys.getsizeof(graph) <= arrays + 500
    frame = Graph(sparse.eye_array(n_nodes), pd.DataFrame(np.zeros((n_nodes, 50))))
    assert sys.getsizeof(frame) >= arrays
    assert sys.getsizeof(Graph(PATH, sparse.csr_array(X))) > sys.getsizeof(Graph(PATH))


def test_repr_is_one_line(graph):
    assert repr(graph[:1]) == "Graph(n_nodes=4, n_edges=6, n_features=2, n_targets=1)"
    edges = Graph([[1]], edge_features=[[1, 2]])
    assert repr(edges) == (
        "Graph(n_nodes=1, n_edges=1, n_features=0, n_edge_features=2)"
    )


def test_copies_are_the_graph_itself(graph):
    assert copy.copy(graph) is graph
    assert copy.deepcopy({"g": graph})["g"] is graph


def test_graph_can_be_weakly_referenced_and_is_equal_to_itself_alone(graph):
    other = Graph(PATH, X)
    reference = weakref.ref(other)
    assert graph != other
    del other
    gc.collect()
    assert reference() is None


def test_pickled_view_is_the_same_view(graph):
    view = pickle.loads(pickle.dumps(graph[[2, 0]]))
    np.testing.assert_array_equal(view.targets, [2, 0])
    np.testing.assert_array_equal(view.adjacency.toarray(), PATH)
    assert view.base.adjacency is view.adjacency
    assert view.nodes.name == "site"


def test_read_only_memory_maps_work(graph, tmp_path):
    joblib.dump(graph, tmp_path / "graph")
    mapped = joblib.load(tmp_path / "graph", mmap_mode="r")
    assert isinstance(mapped.adjacency.data, np.memmap)
    part = mapped[[2, 0]].subgraph([1, 2, 0])
    np.testing.assert_array_equal(
        part.adjacency.toarray(), [[0, 3, 2], [3, 0, 0], [2, 0, 0]]
    )
    again = Graph(mapped.adjacency, mapped.X)
    np.testing.assert_array_equal(again.adjacency.toarray(), PATH)


@pytest.mark.parametrize("rows", [[3], [-4], [0, 2**40]])
def test_a_subgraph_of_positions_out_of_range_is_an_index_error(rows):
    graph = Graph(np.eye(3))
    with pytest.raises(IndexError, match=r"Rows of a Graph .* its 3 targets, got"):
        graph.subgraph(rows)


def test_a_mask_has_one_entry_per_target():
    with pytest.raises(IndexError, match=r"one entry per target \(3\), got 2"):
        Graph(np.eye(3))[[True, False]]


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i4", "g"])
def test_adjacencies_of_any_byte_order_are_read(dtype):
    graph = Graph(np.array([[0, 2], [1, 0]], dtype=dtype))
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 2], [1, 0]])
