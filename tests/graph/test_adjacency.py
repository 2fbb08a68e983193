import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from skattn.graph import Graph

DENSE = np.array([[0, 2, 0], [1, 0, 3], [0, 0, 1]])
FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]


def as_format(dense, form, kind="array"):
    made = getattr(sparse, f"coo_{kind}")(dense)
    return made.asformat(form)


def assert_canonical(adjacency):
    assert isinstance(adjacency, sparse.csr_array)
    assert adjacency.data.dtype == np.float32
    assert adjacency.indices.dtype == adjacency.indptr.dtype == np.int32
    assert adjacency.has_sorted_indices
    assert adjacency.data.all()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8, bool])
def test_every_sparse_format_becomes_the_same_csr(form, kind, dtype):
    given_ = as_format(DENSE.astype(dtype), form, kind)
    adjacency = Graph(given_).adjacency
    assert_canonical(adjacency)
    np.testing.assert_array_equal(adjacency.toarray(), DENSE.astype(dtype))


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_index_types_become_int32(form, dtype):
    given_ = as_format(DENSE, form)
    given_.indices, given_.indptr = (
        given_.indices.astype(dtype),
        given_.indptr.astype(dtype),
    )
    adjacency = Graph(given_).adjacency
    assert_canonical(adjacency)
    np.testing.assert_array_equal(adjacency.toarray(), DENSE)
    assert given_.indices.dtype == dtype


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("make", [np.asarray, np.matrix, np.ndarray.tolist])
def test_dense_matrices_become_csr(make):
    adjacency = Graph(make(DENSE)).adjacency
    assert_canonical(adjacency)
    np.testing.assert_array_equal(adjacency.toarray(), DENSE)


def test_object_numbers_are_read_as_numbers():
    np.testing.assert_array_equal(
        Graph(DENSE.astype(object)).adjacency.toarray(), DENSE
    )


def test_canonical_float32_arrays_are_shared():
    given_ = sparse.csr_array(DENSE.astype(np.float32))
    assert np.shares_memory(Graph(given_).adjacency.data, given_.data)


def test_stored_zeros_are_removed_and_the_input_is_unchanged():
    data = np.array([5, 0, 1], dtype=np.float32)
    given_ = sparse.csr_array((data, [1, 0, 1], [0, 1, 3]), shape=(2, 2))
    assert Graph(given_).n_edges == 2
    assert given_.nnz == 3
    np.testing.assert_array_equal(given_.data, [5, 0, 1])


@pytest.mark.parametrize("form", ["coo", "csr", "csc"])
@pytest.mark.parametrize(("values", "total"), [([True, True], 2), ([1.5, 2.0], 3.5)])
def test_duplicates_are_summed_and_the_input_is_unchanged(form, values, total):
    values = np.array(values)
    if form == "coo":
        given_ = sparse.coo_array((values, ([0, 0], [1, 1])), shape=(2, 2))
    else:
        make = {"csr": sparse.csr_array, "csc": sparse.csc_array}[form]
        parts = [1, 1], [0, 2, 2]
        given_ = make((values, *parts), shape=(2, 2))
    graph = Graph(given_)
    assert graph.n_edges == 1
    assert graph.adjacency.data[0] == total
    assert given_.nnz == 2


def test_unsorted_rows_are_sorted_in_a_copy():
    given_ = sparse.csr_array(
        (np.float32([3, 1]), np.int32([2, 0]), np.int32([0, 2, 2, 2])), shape=(3, 3)
    )
    np.testing.assert_array_equal(Graph(given_).adjacency.indices, [0, 2])
    np.testing.assert_array_equal(given_.indices, [2, 0])


def test_padding_after_the_last_entry_is_ignored():
    given_ = sparse.csr_array(DENSE.astype(float))
    given_.data = np.append(given_.data, -7.0)
    given_.indices = np.append(given_.indices, np.int32(99))
    np.testing.assert_array_equal(Graph(given_).adjacency.toarray(), DENSE)


@pytest.mark.parametrize("form", ["coo", "csr", "csc"])
def test_edge_features_follow_their_entries(form):
    stored = as_format(DENSE, form)
    entries = stored.tocoo()
    features = 10 * entries.row + entries.col
    graph = Graph(stored, edge_features=features)
    np.testing.assert_array_equal(graph.edge_features[:, 0], [1, 10, 12, 22])
    np.testing.assert_array_equal(graph.adjacency.toarray(), DENSE)


@pytest.mark.parametrize("form", ["bsr", "dok", "lil"])
def test_edge_features_count_the_entries_of_every_format(form):
    graph = Graph(as_format(DENSE, form), edge_features=np.ones((4, 2)))
    assert graph.edge_features.shape == (4, 2)


def test_edge_features_of_a_dense_matrix_go_row_by_row():
    graph = Graph(DENSE, edge_features=[[1], [2], [3], [4]])
    np.testing.assert_array_equal(graph.edge_features.ravel(), [1, 2, 3, 4])
    np.testing.assert_array_equal(graph.adjacency.indices, [1, 0, 2, 2])


def test_parallel_edges_stay_in_their_order_with_edge_features():
    entries = sparse.coo_array((np.ones(4), ([1, 0, 0, 0], [0, 1, 0, 1])), shape=(2, 2))
    graph = Graph(entries, edge_features=[7, 5, 4, 6])
    np.testing.assert_array_equal(graph.adjacency.indices, [0, 1, 1, 0])
    np.testing.assert_array_equal(graph.edge_features.ravel(), [4, 5, 6, 7])


def test_edge_features_of_a_stored_zero_are_dropped():
    entries = sparse.coo_array(([1.0, 0.0], ([0, 1], [1, 0])), shape=(2, 2))
    graph = Graph(entries, edge_features=[8, 9])
    np.testing.assert_array_equal(graph.edge_features, [[8]])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_order_of_entries_does_not_matter(data):
    n_nodes = data.draw(st.integers(1, 5))
    ends = st.tuples(st.integers(0, n_nodes - 1), st.integers(0, n_nodes - 1))
    edges = data.draw(st.lists(ends, unique=True, max_size=12))
    order = data.draw(st.permutations(range(len(edges))))
    receivers, senders = np.array(edges, dtype=int).reshape(-1, 2).T
    number = np.arange(1.0, len(edges) + 1)

    def build(picked):
        picked = np.array(picked, dtype=int)
        at = (receivers[picked], senders[picked])
        entries = sparse.coo_array((number[picked], at), shape=(n_nodes, n_nodes))
        return Graph(entries, edge_features=number[picked])

    first, second = build(range(len(edges))), build(order)
    np.testing.assert_array_equal(first.adjacency.indices, second.adjacency.indices)
    np.testing.assert_array_equal(first.adjacency.indptr, second.adjacency.indptr)
    np.testing.assert_array_equal(first.edge_features, second.edge_features)
    np.testing.assert_array_equal(first.edge_features[:, 0], first.adjacency.data)


def test_row_sliced_adjacency_is_advised_to_slice_the_graph():
    with pytest.raises(
        ValueError, match=r"got \(2, 3\).*Graph\(adjacency, X\)\[rows\]"
    ):
        Graph(sparse.csr_array(DENSE)[:2], np.ones((2, 1)))


def test_adjacency_that_is_not_square_is_refused_without_features():
    with pytest.raises(ValueError, match=r"must be square.*got \(2, 3\)"):
        Graph(DENSE[:2])


def test_adjacency_of_other_rows_names_both_numbers():
    with pytest.raises(ValueError, match=r"one row per row of X \(5\), got \(3, 3\)"):
        Graph(DENSE, np.ones((5, 2)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match=r"must be finite.*edge_features="):
        Graph(np.where(DENSE == 2, value, DENSE))


@pytest.mark.parametrize("value", [1e300, 10**39])
def test_weights_beyond_float32_are_refused_with_the_remedy(value):
    with pytest.raises(ValueError, match=r"at most 3.4e38.*got 1e\+?3.*divide all"):
        Graph(np.where(DENSE == 2, float(value), DENSE))


def test_duplicates_that_overflow_are_refused():
    pair = sparse.coo_array(([2e38, 2e38], ([0, 0], [1, 1])), shape=(2, 2))
    with pytest.raises(ValueError, match=r"at most 3.4e38.*sum of duplicates"):
        Graph(pair)


@pytest.mark.parametrize("unit", [1e-31, 1e-50, 1e-320])
def test_weights_that_would_lose_their_digits_are_refused(unit):
    with pytest.raises(ValueError, match=r"largest .* at least 1e-30.*multiply all"):
        Graph(DENSE * unit)


def test_tiny_weights_beside_larger_ones_and_negative_zeros_are_no_edges():
    graph = Graph([[-0.0, 1.0], [1e-60, 1.0]])
    np.testing.assert_array_equal(graph.adjacency.toarray(), [[0, 1], [0, 1]])
    assert graph.n_edges == 2


def test_negative_weights_suggest_edge_features():
    with pytest.raises(ValueError, match=r"not be negative, got 1.*edge_features="):
        Graph(np.where(DENSE == 2, -2, DENSE))


def test_complex_weights_are_refused():
    with pytest.raises(ValueError, match="real numbers, got complex"):
        Graph(DENSE.astype(complex))


@pytest.mark.parametrize("wrong", ["karate", b"karate", {0: [1]}, {(0, 1)}])
def test_strings_and_dicts_are_refused(wrong):
    with pytest.raises(TypeError, match=r"must be a square matrix.*from_edges"):
        Graph(wrong)


def test_networkx_graph_names_its_constructor():
    with pytest.raises(TypeError, match="from_networkx"):
        Graph(nx.path_graph(3))


@pytest.mark.parametrize("wrong", [None, 3, [1, 2], np.ones((2, 2, 2))])
def test_adjacency_has_two_dimensions(wrong):
    with pytest.raises(ValueError, match="one row and one column per node"):
        Graph(wrong)


def test_labels_as_weights_are_refused():
    with pytest.raises(TypeError, match="must be numbers"):
        Graph([["a", "b"], ["c", "d"]])


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("index", [7, -1, 2**40])
def test_indices_past_the_last_node_are_refused(form, index):
    adjacency = as_format(DENSE, form)
    adjacency.indices = adjacency.indices.astype(np.int64)
    adjacency.indices[1] = index
    with pytest.raises(ValueError, match=r"indices must lie in 0 \.\. 2"):
        Graph(adjacency)


def test_decreasing_indptr_is_refused():
    adjacency = sparse.csr_array(DENSE)
    adjacency.indptr[1] = 4
    with pytest.raises(ValueError, match="not decrease"):
        Graph(adjacency)


@pytest.mark.parametrize("wrong", [np.ones(3), np.ones((5, 2)), np.ones((4, 1, 1))])
def test_edge_features_have_one_row_per_entry(wrong):
    with pytest.raises(ValueError, match=r"one row per stored entry .*\(4\)"):
        Graph(DENSE, edge_features=wrong)


def test_edge_features_are_finite_numbers():
    with pytest.raises(ValueError, match="edge_features must be finite"):
        Graph(DENSE, edge_features=[1, 2, np.nan, 4])
    with pytest.raises(TypeError, match="OneHotEncoder"):
        Graph(DENSE, edge_features=["a", "b", "c", "d"])


def test_empty_graphs_are_valid():
    assert Graph(np.zeros((0, 0))).shape == (0, 0)
    assert Graph(sparse.csr_array((4, 4))).n_edges == 0
