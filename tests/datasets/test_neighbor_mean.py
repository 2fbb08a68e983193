import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from skattn.datasets import make_neighbor_mean


def test_target_is_the_mean_first_feature_of_the_senders():
    graph, y = make_neighbor_mean(20, 3, random_state=0)
    for i in range(20):
        senders = graph.adjacency.indices[graph.adjacency.indptr[i] :][:3]
        assert y[i] == pytest.approx(graph.X[senders, 0].mean())


def test_every_node_has_its_senders_and_is_none_of_them():
    graph, _ = make_neighbor_mean(20, 3, random_state=0)
    assert (np.diff(graph.adjacency.indptr) == 3).all()
    assert graph.adjacency.diagonal().sum() == 0


def test_own_features_do_not_determine_the_target():
    graph, y = make_neighbor_mean(2000, random_state=0)
    assert LinearRegression().fit(graph.X, y).score(graph.X, y) < 0.02


def test_noise_has_the_given_deviation():
    graph, y = make_neighbor_mean(2000, noise=2.0, random_state=0)
    rest = y - graph.adjacency @ graph.X[:, 0] / 4
    assert rest.std() == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize("n_neighbors", [0, 5])
def test_too_few_other_nodes_are_an_error(n_neighbors):
    with pytest.raises(ValueError, match=r"between 1 and n_nodes - 1 \(4\)"):
        make_neighbor_mean(5, n_neighbors)
