import pytest
import torch

from skattn.ops import Dot, Edges, Gat, GatV2

KINDS = ("gat", "gatv2", "dot")


@pytest.fixture
def edges():
    """0 attends to itself and 1; 1 to 2, twice; 2 to none; 3 to all but itself."""
    return Edges.from_csr([0, 2, 4, 4, 7], [0, 1, 2, 2, 0, 1, 2], n_senders=4)


@pytest.fixture
def make_call():
    """Function that draws the tensors of a call, by name."""

    def make(edges, kind, n_heads=2, head_dim=8, n_edge_features=0, seed=0):
        rng = torch.Generator().manual_seed(seed)

        def draw(*shape):
            return torch.randn(*shape, generator=rng)

        width = () if kind == "gat" else (head_dim,)
        tensors = {
            "query": draw(edges.n_receivers, n_heads, *width),
            "key": draw(edges.n_senders, n_heads, *width),
            "value": draw(edges.n_senders, n_heads, head_dim),
            "bias": draw(edges.n_edges, n_heads),
            "edge_features": draw(edges.n_edges, n_edge_features),
            "offset": draw(n_heads, head_dim),
        }
        if kind == "gatv2":
            tensors["attention"] = draw(n_heads, head_dim)
        return tensors

    return make


@pytest.fixture
def make_score():
    """Function that makes a score of a kind from tensors by name."""

    def make(kind, tensors):
        if kind == "gatv2":
            return GatV2(tensors["query"], tensors["key"], tensors["attention"])
        return {"gat": Gat, "dot": Dot}[kind](tensors["query"], tensors["key"])

    return make
