import networkx as nx
import numpy as np
import pytest

from skattn.datasets import load_karate_club


@pytest.fixture(scope="module")
def club():
    return load_karate_club()


def test_the_club_has_34_members_and_78_edges(club):
    assert club.graph.n_nodes == 34
    assert club.graph.n_edges == 2 * 78
    assert not club.graph.is_weighted
    assert club.graph.adjacency.diagonal().sum() == 0


def test_edges_are_undirected(club):
    assert (club.graph.adjacency != club.graph.adjacency.T).nnz == 0


def test_edges_are_those_of_networkx(club):
    theirs = nx.to_scipy_sparse_array(nx.karate_club_graph(), weight=None)
    assert (club.graph.adjacency != theirs).nnz == 0


def test_clubs_are_those_of_networkx(club):
    theirs = [side for _, side in nx.karate_club_graph().nodes(data="club")]
    assert club.target_names[club.target].tolist() == theirs


def test_instructor_and_administrator_are_in_different_clubs(club):
    assert club.target[0] == 0
    assert club.target[33] == 1
    assert np.bincount(club.target).tolist() == [17, 17]


def test_the_club_has_no_features(club):
    assert club.graph.X is None
    assert club.feature_names == []
    assert "Zachary" in club.DESCR
