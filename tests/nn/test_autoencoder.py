from dataclasses import replace
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from skattn.nn import AttentionNetwork, BlockSpec, MaskedAutoencoder, NetworkSpec
from skattn.nn._autoencoder import cosine
from skattn.nn._masking import draw_mask, mask_features
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix

# a ring of six, all attend to themselves too
RING = [sorted([i, (i + 1) % 6, (i - 1) % 6]) for i in range(6)]


EDGES = Edges.from_csr(range(0, 19, 3), [j for row in RING for j in row], n_senders=6)


@pytest.fixture(scope="session")
def rows(rows):
    return partial(rows, dtype=torch.float32)


def made(in_features=3, *, block=None, jumping=None, n_components=4, **options):
    spec = NetworkSpec(
        block=BlockSpec(**{"n_heads": 2} | (block or {})),
        n_layers=2,
        hidden_dim=4,
        jumping=jumping,
    )
    autoencoder = MaskedAutoencoder(
        in_features, spec, n_components=n_components, **options
    )
    autoencoder.reset_parameters(torch.Generator().manual_seed(0))
    return autoencoder


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_errors_follow_the_paper_step_by_step(rows):
    autoencoder, x = made(replace_fraction=0.4, gamma=2.0), rows(6)
    mask = draw_mask(6, 0.5, 0.4, seeded())
    assert (len(mask.replaced), len(mask.hidden)) == (1, 2)
    seen = torch.cat([x, torch.zeros(6, 1)], 1)
    seen[mask.hidden] = torch.tensor([0.0, 0, 0, 1])
    seen[mask.replaced, :3] = x[mask.donors]
    code = autoencoder.encoder(seen, EDGES) @ autoencoder.to_decoder.weight
    code[mask.nodes] = 0
    rebuilt = autoencoder.reconstruct(autoencoder.decoder(code, EDGES))[mask.nodes]
    true = x[mask.nodes]
    expected = (1 - torch.cosine_similarity(rebuilt, true)) ** 2
    error = autoencoder(x, EDGES, generator=seeded())
    assert_close(error, expected, rtol=1e-3, atol=1e-4)  # the floor under the norm


def test_features_of_a_masked_node_enter_its_error_only_as_target(rows):
    autoencoder, x = made(replace_fraction=0.0, mask_fraction=0.5), rows(6)
    nodes = draw_mask(6, 0.5, 0.0, seeded()).nodes
    longer = x.clone()
    longer[nodes] *= 3  # the same directions
    assert_close(
        autoencoder(longer, EDGES, generator=seeded()),
        autoencoder(x, EDGES, generator=seeded()),
    )


def test_cosine_by_hand():
    rebuilt = torch.tensor([[3.0, 4], [3, 4], [-3, -4], [1, 2], [0, 0]])
    true = torch.tensor([[6.0, 8], [4, -3], [30, 40], [0, 0], [1, 0]])
    expected = torch.tensor([1.0, 0, -1, 0, 0])
    assert_close(cosine(rebuilt, true), expected, atol=1e-6, rtol=0)


def test_zeros_give_an_error_of_one_and_finite_gradients():
    autoencoder = made(mask_fraction=1.0)
    x = torch.zeros(6, 3)
    error = autoencoder(x, EDGES, generator=seeded())
    assert_close(error, torch.ones(6))
    error.sum().backward()
    assert all(p.grad.isfinite().all() for p in autoencoder.parameters())


def test_nodes_without_senders_have_bounded_gradients(rows):
    """With all nodes masked, every initial reconstruction is a bias of zero."""
    autoencoder = made(mask_fraction=1.0, replace_fraction=0.0)
    autoencoder(rows(6), EDGES, generator=seeded()).mean().backward()
    slope = autoencoder.reconstruct.bias.grad.norm()
    assert slope <= 3000  # gamma over the norm's floor


def test_a_single_feature_has_a_squared_error(rows):
    autoencoder, x = made(1), rows(6, 1)
    mask = draw_mask(6, 0.5, 0.05, seeded())
    code = (
        autoencoder.encoder(mask_features(x, mask), EDGES)
        @ autoencoder.to_decoder.weight
    )
    code = code.index_fill(0, mask.nodes, 0.0)
    rebuilt = autoencoder.reconstruct(autoencoder.decoder(code, EDGES))
    expected = (rebuilt - x)[mask.nodes, 0] ** 2
    assert_close(autoencoder(x, EDGES, generator=seeded()), expected)


def test_embedding_masks_nothing(rows):
    autoencoder, x = made().eval(), rows(6)
    expected = autoencoder.encoder(torch.cat([x, torch.zeros(6, 1)], 1), EDGES)
    assert autoencoder.project is None
    assert torch.equal(autoencoder.encode(x, EDGES), expected)


def test_embeddings_are_means_over_neighbours_of_norm_one(rows):
    plain, x = made().eval(), rows(6)
    smoothed = made(smoothing=2, unit_norm=True).eval()
    smoothed.load_state_dict(plain.state_dict())
    mean = torch.zeros(6, 6)
    for i, ring in enumerate(RING):
        mean[i, ring] = 1 / 3
    codes = mean @ (mean @ plain.encode(x, EDGES))
    expected = codes / codes.norm(dim=1, keepdim=True)
    assert_close(smoothed.encode(x, EDGES), expected)
    for max_edges in (3, 7):
        found = smoothed.encode_in_chunks(x, EDGES, max_edges=max_edges)
        assert_close(found, expected)


def test_smoothing_and_norm_do_not_change_the_training(rows):
    x = rows(6)
    assert torch.equal(
        made(smoothing=2, unit_norm=True)(x, EDGES, generator=seeded()),
        made()(x, EDGES, generator=seeded()),
    )


def test_the_pooled_codes_are_smoothed_ones(rows):
    spec = NetworkSpec(block=BlockSpec(n_heads=2), hidden_dim=4, readout="max")
    pooled = MaskedAutoencoder(3, spec, n_components=4, smoothing=1).eval()
    nodes = MaskedAutoencoder(
        3, replace(spec, readout=None), n_components=4, smoothing=1
    ).eval()
    nodes.load_state_dict(pooled.state_dict())
    structure, x = GraphStructure(EDGES, node_ptr=torch.tensor([0, 6])), rows(6)
    expected = nodes.encode(x, EDGES).amax(0, keepdim=True)
    assert_close(pooled.encode(x, structure), expected)


def test_the_smoothing_of_a_network_is_refused():
    spec = replace(made().spec, smoothing=1)
    with pytest.raises(ValueError, match="must have smoothing=0, got 1"):
        MaskedAutoencoder(3, spec, n_components=4)


@pytest.mark.parametrize("smoothing", [-1, 101])
def test_smoothing_has_limits(smoothing):
    with pytest.raises(ValueError, match=f"between 0 and 100, got {smoothing}"):
        made(smoothing=smoothing)


def test_features_are_reconstructed_from_their_center(rows):
    autoencoder, x = made(replace_fraction=0.0), rows(6)
    before = autoencoder(x, EDGES, generator=seeded())
    center = torch.tensor([1.0, -2.0, 0.5])
    autoencoder.center.copy_(center)
    mask = draw_mask(6, 0.5, 0.0, seeded())
    code = autoencoder.encoder(mask_features(x, mask), EDGES)
    code = (code @ autoencoder.to_decoder.weight).index_fill(0, mask.nodes, 0.0)
    rebuilt = autoencoder.reconstruct(autoencoder.decoder(code, EDGES))[mask.nodes]
    expected = (1 - cosine(rebuilt, x[mask.nodes] - center)) ** 3
    found = autoencoder(x, EDGES, generator=seeded())
    assert_close(found, expected)
    assert not torch.allclose(found, before)


def test_other_widths_are_mapped_from_the_encoding(rows):
    autoencoder, x = made(n_components=3).eval(), rows(6)
    encoding = autoencoder.encoder(torch.cat([x, torch.zeros(6, 1)], 1), EDGES)
    assert_close(autoencoder.encode(x, EDGES), autoencoder.project(encoding))
    assert autoencoder(x, EDGES).shape == (3,)


def test_sparse_features_equal_dense_ones(rows):
    x = rows(6).relu()
    where = x.nonzero()
    starts = torch.tensor([0, *(x != 0).sum(1)]).cumsum(0)
    sparse = SparseMatrix(Edges.from_csr(starts, where[:, 1], n_senders=3), x[x != 0])
    autoencoder = made(replace_fraction=0.4)
    assert_close(autoencoder.encode(sparse, EDGES), autoencoder.encode(x, EDGES))
    assert_close(
        autoencoder(sparse, EDGES, generator=seeded()),
        autoencoder(x, EDGES, generator=seeded()),
    )


def test_weights_and_edge_features_reach_encoder_and_decoder(rows):
    autoencoder, x = made(block={"n_edge_features": 1}), rows(6)
    features = torch.zeros(18, 1)
    plain = GraphStructure(EDGES, EdgeData(features=features))
    for data in (
        EdgeData(features=features + torch.arange(18.0)[:, None]),
        EdgeData(features=features, log_weight=torch.arange(18.0)),
    ):
        other = GraphStructure(EDGES, data)
        for run in (autoencoder.encode, lambda *a: autoencoder(*a, generator=seeded())):
            assert not torch.allclose(run(x, other), run(x, plain))
    autoencoder(x, plain, generator=seeded()).sum().backward()
    assert autoencoder.decoder.edge_value.grad is not None


def test_all_randomness_comes_from_the_generator(rows):
    autoencoder = made(block={"dropout": 0.3, "attention_dropout": 0.3}).train()
    x, state = rows(6), torch.get_rng_state()

    def run(seed):
        return autoencoder(x, EDGES, generator=seeded(seed))

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
    assert torch.equal(torch.get_rng_state(), state)


def test_resetting_sets_every_weight():
    other = made(n_components=3, jumping="attention")
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.fill_(float("nan"))
    other.reset_parameters(seeded())
    fresh = made(n_components=3, jumping="attention").state_dict()
    for name, tensor in other.state_dict().items():
        assert torch.equal(tensor, fresh[name]), name


def test_gradients_are_right(rows):
    autoencoder = made(block={"activation": "gelu"}).double()
    x = rows(6, dtype=torch.float64)
    names = dict(autoencoder.named_parameters())

    def err(*parameters):
        given = dict(zip(names, parameters, strict=True))
        keywords = {"generator": seeded()}
        return torch.func.functional_call(autoencoder, given, (x, EDGES), keywords)

    assert torch.autograd.gradcheck(err, tuple(names.values()), fast_mode=True)


def test_every_parameter_is_used(rows):
    autoencoder = made(n_components=3, jumping="concat", block={"convolution": "mean"})
    autoencoder(rows(6), EDGES, generator=seeded()).sum().backward()
    assert all(p.grad is not None for p in autoencoder.parameters())


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(6)))
def test_numbering_of_the_nodes_does_not_change_the_embedding(edges_of, rows, order):
    number = {node: k for k, node in enumerate(order)}
    renumbered = edges_of([sorted(number[j] for j in RING[node]) for node in order])
    autoencoder, x = made().eval(), rows(6)
    out = autoencoder.encode(x[list(order)], renumbered)
    assert_close(out, autoencoder.encode(x, EDGES)[list(order)], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n_components", [3, 4])
def test_encoder_state_loads_into_a_network_of_the_same_spec(rows, n_components):
    block = {"convolution": "gcn", "global_attention": True, "norm": "batch"}
    autoencoder = made(n_components=n_components, block=block, jumping="concat")
    autoencoder(rows(6, seed=5), EDGES, generator=seeded())  # moves the running means
    network = AttentionNetwork(3, 7, autoencoder.spec)
    network.encoder.load_state_dict(autoencoder.encoder_state())
    x = rows(6)
    expected = autoencoder.eval().encoder(torch.cat([x, torch.zeros(6, 1)], 1), EDGES)
    assert_close(network.eval().encoder(x, EDGES), expected)


def test_weights_of_the_encoder_come_layer_by_layer(rows):
    autoencoder, x = made().eval(), rows(6)
    weights = autoencoder.attention_weights(x, EDGES)
    expected, _ = autoencoder.encoder.attention_weights(
        torch.cat([x, torch.zeros(6, 1)], 1), EDGES
    )
    assert len(weights) == 2
    assert all(torch.equal(a, b) for a, b in zip(weights, expected, strict=True))


def test_features_are_learned_from_neighbours(edges_of):
    """On a ring of equal pairs, a masked node equals its neighbour."""
    x = torch.eye(3).repeat_interleave(2, 0).repeat(4, 1)  # 24 nodes, 12 pairs
    pairs = edges_of([[2 * (i // 2), 2 * (i // 2) + 1] for i in range(24)])
    autoencoder = made(mask_fraction=0.3, replace_fraction=0.0)
    optimizer, generator = torch.optim.Adam(autoencoder.parameters(), 0.01), seeded()
    errors = []
    for _ in range(150):
        optimizer.zero_grad()
        error = autoencoder(x, pairs, generator=generator).mean()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert sum(errors[-20:]) < 0.5 * sum(errors[:20])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask_fraction": 0.0}, r"mask_fraction must lie in \(0, 1\]"),
        ({"mask_fraction": 1.5}, r"mask_fraction must lie in \(0, 1\]"),
        ({"replace_fraction": -0.1}, r"replace_fraction in \[0, 1\]"),
        ({"gamma": 0.5}, "gamma must be at least 1, got 0.5"),
        ({"n_components": 0}, "n_components must be at least 1, got 0"),
    ],
)
def test_options_out_of_range_are_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        made(**options)


def test_features_of_another_width_are_an_error(rows):
    for run in (made(), made().encode, made().attention_weights):
        with pytest.raises(ValueError, match="must have in_features=3 columns"):
            run(rows(6, 4), EDGES)


def test_only_masked_targets_of_a_sampled_graph_have_errors():
    # 0 and 1 are targets; a block and the decoder reach two steps
    edges = Edges.from_csr([0, 2, 4, 6, 7], [0, 2, 1, 3, 2, 4, 3], n_senders=5)
    structure = GraphStructure(edges, reach=(2, 4, 5))
    spec = NetworkSpec(block=BlockSpec(n_heads=2), n_layers=1, hidden_dim=8)
    model = MaskedAutoencoder(3, spec, n_components=4, mask_fraction=1.0)
    assert model(torch.randn(5, 3), structure).shape == (2,)
    with pytest.raises(ValueError, match="one number per layer"):
        model(torch.randn(5, 3), GraphStructure(edges, reach=(4, 5)))


def test_the_center_is_zero_after_a_reset():
    autoencoder = made()
    autoencoder.center.fill_(float("nan"))  # as memory may be that was only allocated
    autoencoder.reset_parameters(seeded())
    assert_close(autoencoder.center, torch.zeros(3))
