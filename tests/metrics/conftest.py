import numpy as np
import pytest

from skattn import Graph


@pytest.fixture
def random_graphs():
    """Return a function that draws graphs of 1 to 9 nodes with any density."""

    def draw(n_graphs, seed=0):
        rng = np.random.default_rng(seed)
        graphs = []
        for _ in range(n_graphs):
            n_nodes = rng.integers(1, 10)
            upper = np.triu(rng.random((n_nodes, n_nodes)) < rng.random(), 1)
            graphs.append(Graph((upper | upper.T).astype(float)))
        return graphs

    return draw


@pytest.fixture
def renumbered():
    """Return a function that numbers the nodes of a graph at random."""

    def renumber(graph, seed=0):
        order = np.random.default_rng(seed).permutation(graph.n_nodes)
        return graph.subgraph(order)

    return renumber
