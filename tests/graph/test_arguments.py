import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skattn.graph import (
    Graph,
    graphs_from_smiles,
    hop_adjacency,
    knn_graph,
    positional_encoding,
    sequence_graphs,
)
from skattn.graph._arguments import as_count, check_choice, check_flag

CHAIN = sparse.csr_array(np.diag(np.ones(3), 1))
ODD = [None, "1", 1.5, [1], np.array([1, 2]), pd.NA, 1j, pd.Series([1]), CHAIN, True]


def test_whole_numbers_of_any_type_are_counts():
    assert type(as_count(np.int8(3), "k")) is int


@pytest.mark.parametrize("value", ODD)
def test_other_objects_are_no_counts(value):
    with pytest.raises(TypeError, match="k must be a whole number, got"):
        as_count(value, "k")


def test_a_count_has_a_least_value():
    with pytest.raises(ValueError, match=r"k must be at least 1, got 0\. Use 1\.$"):
        as_count(0, "k", remedy="Use 1.")


@pytest.mark.parametrize("value", [*ODD[1:], "c", {}])
def test_values_that_are_no_choice_are_refused(value):
    check_choice("a", ("a", None), "kind")
    with pytest.raises(ValueError, match=r"kind must be one of \('a', None\), got"):
        check_choice(value, ("a", None), "kind")


@pytest.mark.parametrize("value", [*ODD[:-1], 0, "False"])
def test_only_truth_values_are_flags(value):
    check_flag(np.bool_(True), "directed")
    with pytest.raises(TypeError, match="directed must be True or False, got"):
        check_flag(value, "directed")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda v: hop_adjacency(CHAIN, v), TypeError, "k must be a whole number"),
        (lambda v: knn_graph(CHAIN, v), TypeError, "n_neighbors must be a whole"),
        (lambda v: knn_graph(CHAIN, metric=v), ValueError, "metric must be one of"),
        (lambda v: knn_graph(CHAIN, neighbor_search=v), ValueError, "neighbor_search"),
        (lambda v: positional_encoding(CHAIN, v), ValueError, "kind must be one of"),
        (lambda v: positional_encoding(CHAIN, "degree", v), TypeError, "n_components"),
        (lambda v: sequence_graphs([[[1]]], connect=v), ValueError, "connect must be"),
        (lambda v: sequence_graphs([[[1]]], axis=v), ValueError, "axis must be 1"),
        (lambda v: graphs_from_smiles(["C"], on_invalid=v), ValueError, "on_invalid"),
        (lambda v: Graph.from_edges([], nodes=1, directed=v), TypeError, "directed"),
    ],
)
@pytest.mark.parametrize("value", [[1], np.array([1, 2]), pd.NA, 1.5, pd.Series([1])])
def test_functions_refuse_arguments_of_other_types(call, error, message, value):
    with pytest.raises(error, match=message):
        call(value)


@pytest.mark.parametrize("n_jobs", [0, 2**70, 1.5, "1", [1]])
def test_a_number_of_jobs_is_whole_and_not_0(n_jobs):
    with pytest.raises(ValueError, match="n_jobs must be None or a whole number"):
        knn_graph(np.eye(4), 1, n_jobs=n_jobs)


def test_more_hops_than_nodes_reach_what_all_hops_reach():
    expected = hop_adjacency(CHAIN, 4).toarray()
    np.testing.assert_array_equal(hop_adjacency(CHAIN, 2**70).toarray(), expected)


@pytest.mark.parametrize("kind", ["random_walk", "laplacian", "degree"])
def test_an_encoding_must_fit_into_memory(kind):
    with pytest.raises(ValueError, match=r"4 x n_components numbers fit into memory"):
        positional_encoding(CHAIN, kind, 2**70)


@pytest.mark.parametrize("window", [np.int8(3), 2**70])
def test_a_window_may_be_longer_than_the_sequence(window):
    wide, complete = (
        sequence_graphs([[[1.0], [2.0], [3.0]]], connect=connect, window=window)[0]
        for connect in ("window", "complete")
    )
    assert (wide.adjacency != complete.adjacency).nnz == 0


def test_a_small_type_of_the_window_does_not_overflow():
    (graph,) = sequence_graphs(
        np.ones((1, 40, 1)), connect="window", window=np.int8(20)
    )
    (same,) = sequence_graphs(np.ones((1, 40, 1)), connect="window", window=20)
    assert (graph.adjacency != same.adjacency).nnz == 0
