import pytest
import scipy.sparse as sp
import torch
from torch.testing import assert_close

from skattn.nn import (
    AttentionNetwork,
    BlockSpec,
    GraphEncoder,
    MaskedAutoencoder,
    NetworkSpec,
)
from skattn.nn._chunks import chunks
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix

# 0 attends to 0 and 1; 1 to all; 2 to itself; 3 to none
EDGES = Edges.from_csr([0, 2, 6, 7, 7], [0, 1, 0, 1, 2, 3, 2], n_senders=4)


def draw(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def graph(n=60, *, n_edge_features=0, hops=()):
    """A random graph with self-loops and random k-hop neighbourhoods."""

    def edges(seed):
        full = (draw(n, n, seed=seed) < 0.15) | torch.eye(n, dtype=torch.bool)
        matrix = sp.csr_array(full.numpy())
        return Edges.from_csr(matrix.indptr, matrix.indices, n_senders=n)

    near = edges(1)
    return GraphStructure(
        near,
        EdgeData(
            draw(near.n_edges, seed=2).log(),
            draw(near.n_edges, n_edge_features) if n_edge_features else None,
        ),
        hops={k: edges(k) for k in hops},
    )


def cut(structure, max_edges):
    return [(rows.start, rows.stop) for rows, _ in chunks(structure, max_edges)]


def test_chunks_have_at_most_max_edges():
    structure = GraphStructure(EDGES)
    assert cut(structure, 7) == cut(structure, 100) == [(0, 4)]
    assert cut(structure, 6) == [(0, 2), (2, 4)]
    assert cut(structure, 5) == [(0, 1), (1, 4)]
    assert cut(structure, 3) == [(0, 1), (1, 2), (2, 4)]  # 1 has 4 edges
    assert cut(structure, 1) == [(0, 1), (1, 2), (2, 4)]


def test_a_chunk_has_all_senders_of_its_receivers():
    (_, first), (_, second) = chunks(GraphStructure(EDGES), 6)
    assert first.edges.senders.tolist() == [0, 1, 0, 1, 2, 3]
    assert second.edges.indptr.tolist() == [0, 1, 1]
    assert first.edges.n_senders == second.edges.n_senders == 4


def test_wider_neighbourhoods_count():
    far = Edges.from_csr([0, 4, 8, 12, 16], list(range(4)) * 4, n_senders=4)
    assert cut(GraphStructure(EDGES, hops={2: far}), 14) == [(0, 2), (2, 4)]


def test_an_empty_graph_is_one_empty_chunk():
    assert cut(GraphStructure(Edges.from_csr([0], [], n_senders=0)), 5) == [(0, 0)]


@pytest.mark.parametrize("max_edges", [1, 100, 10**6])
@pytest.mark.parametrize(
    ("block", "network"),
    [
        ({"score": "gat"}, {"output": "attention"}),
        ({"score": "gatv2", "norm": "batch"}, {"jumping": "attention"}),
        ({"score": "dot", "feed_forward": 2}, {"jumping": "concat"}),
        ({"score": "dot", "share_weights": True}, {"output": "attention"}),
        ({"hops": (1, 2), "convolution": "gcn"}, {"n_layers": 3}),
        ({"convolution": "mean", "gated_convolution": True}, {"output": "attention"}),
        ({"residual": False, "norm": None}, {"n_layers": 0}),
        ({"n_edge_features": 2}, {"output": "attention", "output_heads": 2}),
        ({"score": "gat"}, {"feature_embedding": "periodic"}),
        ({"degree_scaling": True}, {"jumping": "concat"}),
        ({"dropout": 0.5, "attention_dropout": 0.5, "value_dropout": 0.5}, {}),
    ],
)
def test_chunks_equal_the_whole_graph(block, network, max_edges):
    spec = NetworkSpec(block=BlockSpec(**{"n_heads": 2} | block), **network)
    model = AttentionNetwork(5, 3, spec).eval()
    structure = graph(n_edge_features=spec.block.n_edge_features, hops=(2,))
    x = draw(60, 5)
    codes = model.encode_in_chunks(x, structure, max_edges=max_edges)
    out = model.head(codes).detach()
    assert_close(out, model(x, structure), rtol=1e-4, atol=1e-5)
    assert not codes.requires_grad


def test_sparse_features_are_taken_in_chunks():
    spec = NetworkSpec(block=BlockSpec(n_heads=2))
    model, structure = AttentionNetwork(5, 3, spec).eval(), graph()
    dense = sp.csr_array(draw(60, 5).numpy() * (draw(60, 5, seed=4).numpy() < 0.5))
    entries = Edges.from_csr(dense.indptr, dense.indices, n_senders=5)
    x = SparseMatrix(entries, torch.from_numpy(dense.data))
    out = model.encode_in_chunks(x, structure, max_edges=100)
    assert_close(out, model.encode(x, structure), rtol=1e-4, atol=1e-5)


def test_encoder_is_evaluated_in_chunks():
    encoder = GraphEncoder(5, [4, 6], BlockSpec(n_heads=2)).eval()
    x, structure = draw(60, 5), graph()
    out = encoder.forward_in_chunks(x, structure, max_edges=50)
    assert_close(out, encoder(x, structure), rtol=1e-4, atol=1e-5)


def test_encoder_without_blocks_gives_the_input_itself():
    x = draw(4, 5)
    encoder = GraphEncoder(5, [], BlockSpec()).eval()
    assert encoder.forward_in_chunks(x, EDGES) is x


@pytest.mark.parametrize("n_components", [3, 64])
def test_autoencoder_embeds_in_chunks(n_components):
    spec = NetworkSpec(block=BlockSpec(n_heads=2))
    model = MaskedAutoencoder(5, spec, n_components=n_components).eval()
    x, structure = draw(60, 5), graph()
    out = model.encode_in_chunks(x, structure, max_edges=50)
    assert_close(out, model.encode(x, structure), rtol=1e-4, atol=1e-5)


def test_an_empty_graph_has_no_outputs():
    model = AttentionNetwork(5, 3, NetworkSpec(block=BlockSpec())).eval()
    edges = Edges.from_csr([0], [], n_senders=0)
    codes = model.encode_in_chunks(torch.empty(0, 5), edges)
    assert model.head(codes).shape == (0, 3)


def test_chunks_need_evaluation_mode():
    model = AttentionNetwork(5, 3, NetworkSpec(block=BlockSpec()))
    with pytest.raises(ValueError, match=r"in evaluation.*eval\(\) first"):
        model.encode_in_chunks(draw(4, 5), EDGES)


def test_max_edges_below_one_is_refused():
    model = AttentionNetwork(5, 3, NetworkSpec(block=BlockSpec())).eval()
    with pytest.raises(ValueError, match="max_edges must be at least 1, got 0"):
        model.encode_in_chunks(draw(4, 5), EDGES, max_edges=0)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            NetworkSpec(block=BlockSpec(global_attention=True)),
            "all nodes of a graph at once, got a part",
        ),
        (
            NetworkSpec(block=BlockSpec(), readout="mean"),
            "needs a network without readout",
        ),
    ],
)
def test_operators_that_need_all_nodes_at_once_are_refused(spec, message):
    model = AttentionNetwork(5, 3, spec).eval()
    autoencoder = MaskedAutoencoder(5, spec, n_components=3).eval()
    assert not model.takes_chunks
    assert not autoencoder.takes_chunks
    with pytest.raises(ValueError, match=message):
        model.encode_in_chunks(draw(4, 5), EDGES)
    with pytest.raises(ValueError, match=message):
        autoencoder.encode_in_chunks(draw(4, 5), EDGES)


def test_global_attention_among_some_nodes_is_refused():
    model = AttentionNetwork(5, 3, NetworkSpec(block=BlockSpec(global_attention=True)))
    edges = Edges.from_csr([0, 2, 4], [0, 1, 1, 2], n_senders=3)
    with pytest.raises(ValueError, match="all nodes of a graph at once, got a part"):
        model(draw(3, 5), GraphStructure(edges, reach=(1, 2, 3)))


@pytest.mark.parametrize("output", ["linear", "attention"])
@pytest.mark.parametrize("jumping", [None, "concat"])
def test_chunks_compute_the_receivers_that_later_layers_need(output, jumping):
    # 0 and 1 attend to themselves and 2 to 3, 2 and 3 to themselves and 4
    edges = Edges.from_csr(
        [0, 3, 6, 8, 10, 10], [0, 2, 3, 1, 2, 3, 2, 4, 3, 4], n_senders=5
    )
    structure = GraphStructure(edges, reach=(2, 4, 5, 5))
    spec = NetworkSpec(
        block=BlockSpec(n_heads=2, convolution="mean"),
        n_layers=3,
        n_feature_layers=1,
        hidden_dim=4,
        output=output,
        jumping=jumping,
    )
    network = AttentionNetwork(3, 2, spec).eval()
    x = draw(5, 3)
    codes = network.encode_in_chunks(x, structure, max_edges=4)
    assert len(codes) == 2
    assert_close(codes, network.encode(x, structure))
