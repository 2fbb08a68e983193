import pytest
import torch

from skattn.ops import EdgeData, Edges, GraphStructure

# Scope "session": hypothesis requires fixtures shared by all examples of a test.


@pytest.fixture(scope="session")
def rows():
    """Function that draws random rows."""

    def draw(n, k=3, *, seed=1, dtype=torch.float64):
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(n, k, generator=generator, dtype=dtype)

    return draw


@pytest.fixture(scope="session")
def edges_of():
    """Function that makes edges from the senders of every receiver."""

    def make(senders):
        starts = torch.tensor([0, *(len(row) for row in senders)]).cumsum(0)
        flat = [j for row in senders for j in row]
        return Edges.from_csr(starts, flat, n_senders=len(senders))

    return make


@pytest.fixture(scope="session")
def structure_of(edges_of):
    """Function that makes a structure from lists of senders and sizes of graphs."""

    def make(senders, log_weight=None, features=None, *, sizes=None):
        node_ptr = None if sizes is None else torch.tensor([0, *sizes]).cumsum(0)
        data = EdgeData(log_weight, features)
        return GraphStructure(edges_of(senders), data, node_ptr=node_ptr)

    return make


@pytest.fixture(scope="session")
def graphs_of(structure_of):
    """Function that makes graphs of given sizes, with self-loops only."""

    def make(sizes):
        return structure_of([[i] for i in range(sum(sizes))], sizes=sizes)

    return make
