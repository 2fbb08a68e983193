import numpy as np
import pytest

from skattn import Graph
from skattn.graph import _non_links, links
from skattn.graph._non_links import NonLinks

PATH = Graph([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]], np.eye(4))


def test_a_symmetric_edge_is_one_pair_and_non_links_are_drawn():
    found = links(PATH, random_state=0)
    assert found.pairs[:3].tolist() == [[0, 1], [1, 2], [2, 3]]
    assert sorted(map(tuple, found.pairs[3:].tolist())) == [(0, 2), (0, 3), (1, 3)]
    assert found.y.tolist() == [1, 1, 1, 0, 0, 0]
    assert (found.graph.n_edges, found.graph.n_features) == (0, 4)


def test_names_and_directions_are_kept():
    graph = Graph([[1, 1, 0], [0, 0, 1], [0, 0, 0]], nodes=["a", "b", "c"])
    found = links(graph, negatives=0)
    assert found.pairs.tolist() == [["a", "b"], ["b", "c"]]
    assert list(found.graph.nodes) == ["a", "b", "c"]


def test_too_many_non_links_and_graphs_without_edges_are_errors():
    with pytest.raises(ValueError, match="must be 9 pairs without a link, got 3"):
        links(PATH, negatives=3)
    with pytest.raises(ValueError, match="must have edges"):
        links(Graph([[1, 0], [0, 0]]))
    with pytest.raises(TypeError, match="must be a Graph"):
        links([[0, 1], [1, 0]])


def test_the_seed_decides_the_draw():
    a, b, c = (links(PATH, negatives=1, random_state=s).pairs for s in (0, 0, 1))
    assert np.array_equal(a, b)
    assert len(c) == len(a)


@pytest.mark.parametrize("how", ["uniform", "source", "degree"])
@pytest.mark.parametrize("directed", [False, True])
def test_drawn_pairs_are_no_links(how, directed):
    rng = np.random.default_rng(0)
    pairs = np.array([[0, 1], [1, 2], [5, 4], [7, 0]])
    low, high = np.sort(pairs, 1).T
    keys = pairs[:, 0] * 10 + pairs[:, 1] if directed else low * 10 + high
    drawn, of = NonLinks(10, pairs, np.sort(keys), directed).draw(pairs, 20, how, rng)
    assert of.tolist() == np.repeat(np.arange(4), 20).tolist()
    assert (drawn[:, 0] != drawn[:, 1]).all()
    taken = set(map(tuple, pairs.tolist()))
    if not directed:
        taken |= {(v, u) for u, v in taken}
    assert taken.isdisjoint(map(tuple, drawn.tolist()))
    if how == "degree":
        assert set(drawn.ravel()) <= {0, 1, 2, 4, 5, 7}
    if how == "source" and directed:
        assert set(drawn[:, 0]) == {0, 1, 5, 7}


def test_a_complete_graph_has_nothing_to_draw():
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    others = NonLinks(3, pairs, np.array([1, 2, 5]), directed=False)
    drawn, of = others.draw(pairs, 2, "uniform", np.random.default_rng(0))
    assert len(drawn) == len(of) == 0


def test_sides_of_a_bipartite_graph_are_kept():
    sides = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1]], bool)
    pairs = np.array([[0, 2]])
    others = NonLinks(5, pairs, np.array([2]), directed=False, sides=sides)
    for how in ("uniform", "source", "degree"):
        drawn, _ = others.draw(pairs, 50, how, np.random.default_rng(0))
        assert set(drawn[:, 0]) <= {0, 1}
        assert set(drawn[:, 1]) <= {2, 3, 4}
    assert len(others.choose(5, np.random.default_rng(0))) == 5


@pytest.mark.parametrize("listed", [0, 1000])
def test_choices_in_dense_graphs_end(listed, monkeypatch):
    monkeypatch.setattr(_non_links, "MAX_LISTED", listed)
    dense = np.ones((20, 20)) - np.eye(20)
    dense[3, 7] = dense[7, 3] = dense[2, 5] = dense[5, 2] = 0
    pairs = links(Graph(dense), negatives=0).pairs
    others = NonLinks(20, pairs, np.sort(pairs[:, 0] * 20 + pairs[:, 1]), False)
    found = others.choose(2, np.random.default_rng(0))
    assert {tuple(sorted(pair)) for pair in found.tolist()} == {(3, 7), (2, 5)}
    with pytest.raises(ValueError, match="must be 188 pairs without a link, got 2"):
        links(Graph(dense))


def bipartite(users, items, links_of):
    """Return a graph of users and items, without direction."""
    adjacency = np.zeros((6, 6))
    for user, item in links_of:
        adjacency[users[user], items[item]] = adjacency[items[item], users[user]] = 1
    return Graph(adjacency)


BOUGHT = [(0, 0), (0, 1), (1, 1), (2, 2)]
"""Purchases of three users; user 2 alone has bought item 2."""


def test_non_links_of_a_bipartite_graph_lead_from_one_kind_to_the_other():
    found = links(bipartite([0, 1, 2], [3, 4, 5], BOUGHT), random_state=0)
    assert (found.pairs[:, 0] < 3).all()
    assert (found.pairs[:, 1] >= 3).all()
    drawn = set(map(tuple, found.pairs[4:].tolist()))
    assert len(drawn) == 4
    assert drawn.isdisjoint({(0, 3), (0, 4), (1, 4), (2, 5)})
    with pytest.raises(ValueError, match="must be 8 pairs without a link, got 5"):
        links(bipartite([0, 1, 2], [3, 4, 5], BOUGHT), negatives=2)


def test_the_kinds_of_mixed_nodes_are_found_if_they_are_asked_for():
    ring = np.roll(np.eye(8), 1, 0)
    mixed = Graph(ring + ring.T)
    assert not (links(mixed, random_state=0).pairs.sum(1) % 2).all()
    found = links(mixed, bipartite=True, random_state=0)
    assert (found.pairs % 2 == [0, 1]).all()
    assert len(np.unique(found.pairs, axis=0)) == 16
    free = links(bipartite([0, 1, 2], [3, 4, 5], BOUGHT), bipartite=False, negatives=2)
    assert (free.pairs[4:] < 3).all(1).any()


def test_graphs_of_one_kind_of_nodes_are_refused_if_two_are_asked_for():
    triangle = Graph(np.ones((3, 3)) - np.eye(3))
    with pytest.raises(ValueError, match=r"cycle of odd length\. Set bipartite"):
        links(triangle, bipartite=True)
    chain = Graph([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    with pytest.raises(ValueError, match=r"1 nodes .* in both directions .* node 1"):
        links(chain, bipartite=True)
    with pytest.raises(TypeError, match="bipartite must be"):
        links(triangle, bipartite="yes")


def test_the_number_of_free_pairs():
    taken = np.array([1, 2 * 5 + 3, 4 * 5 + 0])
    assert NonLinks(5, taken, taken, directed=True).n_free == 17
    assert NonLinks(5, taken, taken[:2], directed=False).n_free == 8
    sides = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 1]], bool)
    # 0 1 is within a side, 0 4 between
    known = np.array([1, 4])
    assert NonLinks(5, known, known, directed=False, sides=sides).n_free == 5
