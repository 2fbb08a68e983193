import threading
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from skattn._batch import collate
from skattn.datasets import make_dictionary_lookup
from skattn.nn import AttentionNetwork, BlockSpec, NetworkSpec
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix

EDGES = Edges.from_csr([0, 2, 4, 6], [0, 1, 1, 2, 2, 0], n_senders=3)
X = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]])
SPARSE_X = SparseMatrix(
    Edges.from_csr([0, 2, 4, 5], [0, 1, 0, 1, 0], n_senders=2),
    torch.tensor([1.0, 2.0, 3.0, -1.0, 0.5]),
)


def spec_of(*, n_layers=2, hidden_dim=4, output="linear", input_dropout=None, **block):
    heads, readout = block.pop("output_heads", 1), block.pop("readout", None)
    jumping, embedding = block.pop("jumping", None), block.pop("embedding", None)
    return NetworkSpec(
        block=BlockSpec(**{"n_heads": 2} | block),
        n_layers=n_layers,
        hidden_dim=hidden_dim,
        output=output,
        output_heads=heads,
        input_dropout=input_dropout,
        readout=readout,
        feature_embedding=embedding,
        jumping=jumping,
    )


def made(seed=0, **options):
    network = AttentionNetwork(2, 3, spec_of(**options))
    network.reset_parameters(torch.Generator().manual_seed(seed))
    return network


@pytest.mark.parametrize("n_layers", [1, 3])
def test_linear_output_maps_the_encoding(n_layers):
    network = made(n_layers=n_layers)
    assert len(network.encoder.blocks) == n_layers
    assert network.attention is None
    h = network.encoder(X, EDGES)
    linear = network.head.linear
    assert_close(network(X, EDGES), h @ linear.weight + linear.bias)


@pytest.mark.parametrize("n_layers", [1, 3])
@pytest.mark.parametrize("residual", [True, False])
def test_output_attention_is_the_last_layer(n_layers, residual):
    network = made(
        n_layers=n_layers, output="attention", output_heads=5, residual=residual
    )
    assert len(network.encoder.blocks) == n_layers - 1
    attention, skip = network.attention.attention, network.attention.skip
    assert attention.combine == "mean"
    assert attention.n_heads == 5
    h = network.encoder(X, EDGES)
    expected = attention(h, EDGES)
    if residual:
        expected = expected + h @ (skip.weight * skip.gate)
    else:
        assert skip is None
    out = network(X, EDGES)
    assert out.shape == (3, 3)
    assert_close(out, expected)


def test_every_layer_sees_weights_and_edge_features():
    network = made(output="attention", n_edge_features=1, residual=False)
    features = torch.tensor([[1.0], [0], [2], [0], [3], [0]])
    weights = torch.tensor([1.0, 2, 3, 4, 5, 6])
    structure = GraphStructure(EDGES, EdgeData(weights.log(), features))
    h = network.encoder(X, structure)
    expected = network.attention.attention(h, structure)
    assert_close(network(X, structure), expected)


@pytest.mark.parametrize("output", ["linear", "attention"])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_sparse_features_equal_dense_ones(output, n_layers):
    network = made(output=output, n_layers=n_layers)
    assert_close(network(SPARSE_X, EDGES), network(X, EDGES))


@pytest.mark.parametrize("output", ["linear", "attention"])
def test_weights_come_layer_by_layer(output):
    network = made(n_layers=3, output=output, output_heads=5).eval()
    weights = network.attention_weights(X, EDGES)
    heads = [2, 2, 2] if output == "linear" else [2, 2, 5]
    assert [w.shape for w in weights] == [(6, n) for n in heads]
    for layer in weights:
        assert_close(layer.view(3, 2, -1).sum(1), torch.ones(3, layer.shape[1]))
    (first,) = network.encoder.blocks[0].attention.groups
    assert torch.equal(weights[0], first.attention_weights(X, EDGES))
    if output == "attention":
        h = network.encoder(X, EDGES)
        of_output = network.attention.attention.attention_weights(h, EDGES)
        assert_close(weights[2], of_output)


@pytest.mark.parametrize(
    ("options", "n_parameters"),
    [
        # two layers of gatv2 (2 W, a, bias), residual W and gates, norm; linear map
        ({}, 2 * 8 + 4 + 4 + 12 + 8 + 2 * 16 + 4 + 4 + 20 + 8 + 12 + 3),
        # as in the GAT paper: W, a_q and a_k, bias; no more
        (
            {"score": "gat", "output": "attention", "residual": False, "norm": None},
            8 + 8 + 4 + 12 + 6 + 3,
        ),
        ({"n_layers": 1, "output": "attention", "residual": False}, 2 * 6 + 3 + 3),
    ],
)
def test_network_has_no_parameter_that_it_does_not_use(options, n_parameters):
    network = made(**options)
    assert sum(p.numel() for p in network.parameters()) == n_parameters
    (network(X, EDGES) * X[:, :1]).sum().backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize("n_layers", [1, 2])
def test_features_are_dropped_at_the_input_rate_wherever_they_enter(n_layers):
    network = made(n_layers=n_layers, output="attention", input_dropout=0.0).train()
    block = made(
        n_layers=n_layers, output="attention", input_dropout=0.0, dropout=0.9
    ).train()
    same = torch.equal(network(X, EDGES), block(X, EDGES))
    assert same == (n_layers == 1)  # with two layers, the hidden one is dropped


@pytest.mark.parametrize("output", ["linear", "attention"])
def test_dropout_comes_from_the_generator_alone(output):
    network = made(
        output=output, dropout=0.4, attention_dropout=0.4, feed_forward=1
    ).train()
    state = torch.get_rng_state()

    def run(seed):
        return network(X, EDGES, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
    assert torch.equal(torch.get_rng_state(), state)
    network.eval()
    assert torch.equal(run(1), run(2))


ALL_PARTS = {
    "n_edge_features": 2,
    "norm": "batch",
    "feed_forward": 2,
    "output": "attention",
}


@pytest.mark.parametrize(
    "options",
    [
        {},
        ALL_PARTS,
        ALL_PARTS | {"score": "gat"},
        {"score": "dot"},
        {"readout": "attention", "jumping": "attention", "hops": (1, 2)},
        {"convolution": "gcn", "gated_convolution": True, "global_attention": True},
        {"readout": "hierarchical", "n_edge_features": 1, "jumping": "concat"},
        {"embedding": "periodic"},
        {"degree_scaling": True},
    ],
)
def test_resetting_sets_every_weight_and_leaves_torchs_generator_alone(options):
    with torch.device("meta"):
        bare = AttentionNetwork(2, 3, spec_of(**options))
    networks = [bare.to_empty(device="cpu"), made(seed=1, **options)]
    for tensor in bare.state_dict().values():
        tensor.fill_(float("nan") if tensor.is_floating_point() else 9)
    state = torch.get_rng_state()
    for network in networks:
        network.reset_parameters(torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), state)
    ours, fresh = (network.state_dict() for network in networks)
    for name, tensor in ours.items():
        assert torch.equal(tensor, fresh[name]), name
        assert tensor.isfinite().all(), name


def test_other_generators_give_other_weights():
    one, other = (made(seed=seed).head.linear.weight for seed in (0, 1))
    assert not torch.equal(one, other)


def test_without_a_generator_weights_come_from_torchs_own():
    state = torch.get_rng_state()
    first = AttentionNetwork(2, 3, spec_of()).head.linear.weight
    torch.set_rng_state(state)
    assert torch.equal(AttentionNetwork(2, 3, spec_of()).head.linear.weight, first)


def test_threads_do_not_disturb_each_others_dropout():
    def run(seed):
        network = made(dropout=0.5).train()
        generator = torch.Generator().manual_seed(seed)
        return [network(X, EDGES, generator=generator) for _ in range(20)][-1]

    alone = [run(seed) for seed in range(2)]
    together = [None, None]

    def work(k):
        together[k] = run(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def lookup_accuracy(score, seed, n_steps):
    """Train one layer with one head on the dictionary lookup of Brody et al. 2022."""
    graph, y = make_dictionary_lookup(10, 50, random_state=0)
    batch, answers = collate(graph), torch.from_numpy(y).long()
    block = BlockSpec(score=score, n_heads=1, residual=False, norm=None)
    spec = NetworkSpec(block=block, n_layers=1, hidden_dim=128)
    network = AttentionNetwork(20, 10, spec)
    network.reset_parameters(torch.Generator().manual_seed(seed))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(n_steps):
        optimizer.zero_grad()
        output = network(**batch.inputs)[batch.targets]
        cross_entropy(output, answers).backward()
        optimizer.step()
    output = network(**batch.inputs)[batch.targets]
    return (output.argmax(1) == answers).double().mean().item()


def test_dynamic_attention_learns_to_look_up_a_dictionary():
    assert lookup_accuracy("gatv2", seed=0, n_steps=150) == 1.0


def test_static_attention_cannot_look_up_a_dictionary():
    assert lookup_accuracy("gat", seed=0, n_steps=150) < 0.6


GRAPHS = GraphStructure(EDGES, node_ptr=torch.tensor([0, 3]))


@pytest.mark.parametrize("readout", ["attention", "mean", "sum", "max", "hierarchical"])
def test_readout_gives_one_row_of_outputs_per_graph(readout):
    network = made(readout=readout)
    h = network.readout(network.encoder(X, EDGES), GRAPHS)
    assert_close(network.encode(X, GRAPHS), h)
    linear = network.head.linear
    out = network(X, GRAPHS)
    assert out.shape == (1, 3)
    assert_close(out, h @ linear.weight + linear.bias)


def test_embedding_equals_a_network_of_embedded_features():
    network = made(embedding="periodic", readout="attention").eval()
    plain = AttentionNetwork(10, 3, spec_of(readout="attention")).eval()
    state = network.state_dict()
    plain.load_state_dict({name: state[name] for name in plain.state_dict()})
    waves = network.embedding(X)
    assert waves.shape == (3, 10)
    assert torch.equal(network(X, GRAPHS), plain(waves, GRAPHS))
    assert torch.equal(
        network.readout_weights(X, GRAPHS), plain.readout_weights(waves, GRAPHS)
    )
    both = zip(
        network.attention_weights(X, GRAPHS),
        plain.attention_weights(waves, GRAPHS),
        strict=True,
    )
    assert all(torch.equal(ours, theirs) for ours, theirs in both)


def test_weights_per_edge_are_those_without_the_readout():
    network, plain = made(readout="attention"), made()
    plain.encoder.load_state_dict(network.encoder.state_dict())
    both = zip(
        network.attention_weights(X, GRAPHS),
        plain.attention_weights(X, EDGES),
        strict=True,
    )
    assert all(torch.equal(ours, theirs) for ours, theirs in both)


def test_weights_of_the_readout_are_those_of_its_attention():
    network = made(readout="attention").eval()
    weights = network.readout_weights(X, GRAPHS)
    h = network.encoder(X, GRAPHS)
    assert weights.shape == (3, 2)
    assert_close(weights.sum(0), torch.ones(2))
    assert torch.equal(weights, network.readout.attention_weights(h, GRAPHS))


@pytest.mark.parametrize("readout", [None, "mean", "hierarchical"])
def test_readout_weights_need_an_attention_readout(readout):
    with pytest.raises(ValueError, match='readout must be "attention"'):
        made(readout=readout).readout_weights(X, GRAPHS)


def test_output_attention_with_a_readout_is_an_error():
    with pytest.raises(
        ValueError, match='output must be "linear" for a network with a'
    ):
        made(readout="mean", output="attention")


# two graphs, of two nodes and of one
MULTI_SCALE = {
    "hops": (1, 2),
    "convolution": "gcn",
    "gated_convolution": True,
    "global_attention": True,
    "jumping": "attention",
}
PAIR = GraphStructure(
    Edges.from_csr([0, 2, 4, 5], [0, 1, 0, 1, 2], n_senders=3),
    node_ptr=torch.tensor([0, 2, 3]),
    hops={2: Edges.from_csr([0, 2, 3, 4], [0, 1, 1, 2], n_senders=3)},
)


@pytest.mark.parametrize("readout", ["attention", "hierarchical"])
def test_every_part_of_a_multi_scale_network_is_used(readout):
    network = made(**MULTI_SCALE, readout=readout)
    assert network(X, PAIR).shape == (2, 3)
    (network(X, PAIR) * X[:2, :1]).sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    assert_close(network(SPARSE_X, PAIR), network(X, PAIR))


@pytest.fixture(scope="session")
def two_hops(edges_of):
    """Function that makes graphs of given sizes, with 2-hop neighbourhoods."""

    def make(adjacency, sizes):
        far = (adjacency.float() @ adjacency.float()) > 0
        one, two = (
            edges_of([row.nonzero()[:, 0].tolist() for row in dense])
            for dense in (adjacency, far)
        )
        node_ptr = torch.tensor([0, *sizes]).cumsum(0)
        return GraphStructure(one, node_ptr=node_ptr, hops={2: two})

    return make


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(6)), seed=st.integers(0, 99))
def test_outputs_of_a_graph_depend_neither_on_numbering_nor_on_other_graphs(
    two_hops, order, seed
):
    generator = torch.Generator().manual_seed(seed)
    dense = torch.rand(6, 6, generator=generator).lt(0.3) | torch.eye(6).bool()
    x = torch.randn(9, 2, generator=generator)
    network = made(**MULTI_SCALE, readout="attention").eval()
    both = torch.block_diag(dense.float(), torch.ones(3, 3)).bool()
    alone = dense[list(order)][:, list(order)]
    among_others = network(x, two_hops(both, [6, 3]))
    renumbered = network(x[:6][list(order)], two_hops(alone, [6]))
    assert_close(renumbered[0], among_others[0], rtol=1e-4, atol=1e-5)


def test_weights_of_a_layer_are_those_of_its_heads_along_the_edges():
    network = made(hops=(2, 1))
    weights = network.attention_weights(X, PAIR)
    assert [w.shape for w in weights] == [(5, 1), (5, 1)]
    near = network.encoder.blocks[0].attention.groups[1]
    assert torch.equal(weights[0], near.attention_weights(X, PAIR.edges))
    (far_only, _) = made(hops=(2,)).attention_weights(X, PAIR)
    assert far_only.shape == (5, 0)


def test_hops_of_the_layers_of_a_spec():
    def hops(n_layers, far=(1,), **options):
        block = BlockSpec(n_heads=4, hops=far)
        return NetworkSpec(block=block, n_layers=n_layers, **options).hops

    assert hops(3) == (1, 1, 1)
    assert hops(3, n_feature_layers=2) == (0, 0, 1)
    assert hops(2, far=(1, 2)) == (2, 2)
    assert hops(2, n_feature_layers=2) == (0, 0)
    assert hops(2, n_feature_layers=2, output="attention") == (0, 1)


def described(spec, descriptors):
    network = AttentionNetwork(2, 3, spec)
    structure = GraphStructure(
        EDGES, node_ptr=torch.tensor([0, 1, 3]), descriptors=descriptors
    )
    return network.eval(), structure


def test_descriptors_end_the_code_of_a_graph():
    spec = replace(spec_of(readout="mean"), n_descriptors=2)
    descriptors = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    network, structure = described(spec, descriptors)
    codes = network.encode(X, structure)
    plain = replace(structure, descriptors=None)
    pooled = network.readout(network.encoder(X, plain), plain)
    assert_close(codes, torch.cat([pooled, descriptors], 1))
    assert_close(network(X, structure), network.head(codes))


@pytest.mark.parametrize("found", [None, torch.ones(2, 1), torch.ones(3, 2)])
def test_other_descriptors_than_those_of_the_spec_are_an_error(found):
    spec = replace(spec_of(readout="mean"), n_descriptors=2)
    network, structure = described(spec, found)
    with pytest.raises(ValueError, match="must hold 2 numbers for each of 2 graphs"):
        network(X, structure)
    if found is not None:
        network, structure = described(spec_of(readout="mean"), found)
        with pytest.raises(ValueError, match="must hold 0 numbers"):
            network(X, structure)


def test_descriptors_need_a_readout():
    with pytest.raises(ValueError, match="must have a readout"):
        AttentionNetwork(2, 3, replace(spec_of(), n_descriptors=1))


# S_ij = a_ij / sqrt(d_i d_j); every node of EDGES has degree 2
AVERAGE = torch.tensor([[0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]])


def smoothed(smoothing, **options):
    spec = replace(spec_of(**options), smoothing=smoothing)
    network = AttentionNetwork(2, 3, spec)
    network.reset_parameters(torch.Generator().manual_seed(0))
    return network


@pytest.mark.parametrize("output", ["linear", "attention"])
def test_outputs_are_averaged_over_neighbours_in_evaluation(output):
    plain = smoothed(0, output=output).eval()(X, EDGES)
    network = smoothed(2, output=output).eval()
    assert_close(network(X, EDGES), AVERAGE @ AVERAGE @ plain)
    chunks = network.encode_in_chunks(X, EDGES, max_edges=2)
    assert_close(network.head(chunks), network(X, EDGES))


def test_training_is_that_of_a_network_without_smoothing():
    def loss(smoothing):
        generator = torch.Generator().manual_seed(1)
        return smoothed(smoothing)(X, EDGES, generator=generator)

    assert_close(loss(2), loss(0), rtol=0, atol=0)


def test_a_spec_counts_the_hops_of_smoothing():
    spec = replace(spec_of(n_layers=2, hops=(1, 2)), smoothing=3)
    assert spec.hops == (2, 2, 1, 1, 1)
    assert spec.uses_degrees
    assert not spec_of().uses_degrees


@pytest.mark.parametrize("option", [{"readout": "mean"}, {"n_label_columns": 2}])
def test_smoothing_is_refused_beside_readouts_and_labels(option):
    spec = replace(spec_of(), smoothing=1, **option)
    with pytest.raises(ValueError, match="a network with smoothing must compute"):
        AttentionNetwork(2, 3, spec)
