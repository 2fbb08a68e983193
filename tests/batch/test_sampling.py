import hashlib

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch.testing import assert_close

from skattn._batch import GraphBatch, NeighborSampler, collate
from skattn.graph import Graph
from skattn.graph._standardization import Standardization
from skattn.nn import AttentionNetwork, BlockSpec, NetworkSpec
from skattn.ops import Edges, Gat, GraphStructure, SparseMatrix, edge_attention

# 0 -> 1, 2, 3; 1 -> 0, 4; 2 -> 2 (a stored loop), 4; 3 alone; 4 -> 5; 5 -> 0
ADJACENCY = np.zeros((6, 6))
for receiver, senders in {0: [1, 2, 3], 1: [0, 4], 2: [2, 4], 4: [5], 5: [0]}.items():
    ADJACENCY[receiver, senders] = 1
X = np.arange(12.0).reshape(6, 2)
ALL = 100


def batch_of(adjacency=ADJACENCY, x=X, **options):
    return collate(Graph(adjacency, x, **options))


def sampled(fanout, targets, seed=0, whole=None):
    return NeighborSampler(whole or batch_of(), fanout).sample(np.array(targets), seed)


def numbers_of(batch):
    """Numbers of a batch's nodes in the full graph, from their features."""
    return (batch.x[:, 0] / 2).long().tolist()


def drawn_senders(batch):
    """Senders of each receiver, by their numbers in the full graph."""
    edges, nodes = batch.structure.edges, numbers_of(batch)
    rows = edges.senders.split(edges.indptr.diff().tolist())
    return {nodes[k]: [nodes[j] for j in row.tolist()] for k, row in enumerate(rows)}


def heavy_graph(seed=0, n=300, **options):
    """Degrees from 0 to about 100, some stored loops."""
    rng = np.random.default_rng(seed)
    share = rng.random(n)[:, None] ** 3 / 2
    adjacency = sp.csr_array((rng.random((n, n)) < share).astype(float))
    return Graph(adjacency, rng.standard_normal((n, 4)), **options)


def test_nodes_are_ordered_by_hops():
    batch = sampled((ALL, ALL), [1])
    assert numbers_of(batch)[:1] == [1]
    assert sorted(numbers_of(batch)[1:3]) == [0, 4]
    assert sorted(numbers_of(batch)[3:]) == [2, 3, 5]
    assert batch.structure.reach == (1, 3, 6)
    assert drawn_senders(batch) == {1: [0, 1, 4], 0: [0, 1, 2, 3], 4: [4, 5]}
    assert batch.structure.edges.n_senders == 6


def test_features_of_sampled_nodes_are_standardised():
    scaling = Standardization((1.0, 2.0), (2.0, 4.0))
    plain = sampled((2, 2), [0, 4])
    sampler = NeighborSampler(batch_of(), (2, 2), scaling)
    found = sampler.sample(np.array([0, 4]), 0)
    assert_close(found.x, (plain.x - torch.tensor([1.0, 2])) / torch.tensor([2.0, 4]))
    assert sampler.whole.x.tolist() == X.tolist()


def test_features_are_taken_from_a_copy_on_the_device(monkeypatch):
    expected = sampled((2,), [0, 3])
    monkeypatch.setattr(
        "skattn._batch._device_rows.stays", lambda n_bytes, device: True
    )
    sampler = NeighborSampler(batch_of(), (2,))
    copy = sampler._features_on(torch.device("meta"))  # whose numbers cannot be read
    assert (copy.device.type, copy.shape) == ("meta", X.shape)
    assert sampler._features_on(torch.device("meta")) is copy
    batch = sampler.sample(np.array([0, 3]), seed=0)
    assert batch.x.equal(expected.x)
    assert sampler.sample(np.array([0, 3]), 0, "meta").x.shape == expected.x.shape


def test_fanout_senders_are_drawn_and_the_self_loop_is_kept():
    for seed in range(20):
        senders = drawn_senders(sampled((2,), [0, 1, 2, 3], seed))
        assert len(senders[0]) == 3
        assert senders[0] == sorted({0, *senders[0]})
        assert set(senders[0]) <= {0, 1, 2, 3}
        assert senders[1] == [0, 1, 4]
        assert senders[2] == [2, 4]
        assert senders[3] == [3]


def test_all_sets_of_senders_are_equally_likely():
    star = np.zeros((6, 6))
    star[2, [0, 1, 3, 4, 5]] = 1  # the self-loop is between the senders
    sampler = NeighborSampler(batch_of(star), (2,))
    counts = {}
    for seed in range(3000):
        row = drawn_senders(sampler.sample(np.array([2]), seed))[2]
        assert 2 in row
        counts[tuple(row)] = counts.get(tuple(row), 0) + 1
    assert len(counts) == 10
    assert max(abs(count - 300) for count in counts.values()) < 100  # 6 sigma


@pytest.mark.parametrize("size", [3, 30])  # Floyd's algorithm; selection sampling
def test_all_senders_are_equally_likely_by_both_algorithms(size):
    n = 61
    star = np.zeros((n, n))
    star[7, np.arange(n) != 7] = 1
    sampler = NeighborSampler(batch_of(star, 2.0 * np.arange(n)[:, None]), (size,))
    counts, n_seeds = np.zeros(n), 2000
    for seed in range(n_seeds):
        nodes = numbers_of(sampler.sample(np.array([7]), seed))
        assert len(set(nodes)) == len(nodes) == size + 1
        counts[nodes] += 1
    share = size / (n - 1)
    sigma = np.sqrt(n_seeds * share * (1 - share))
    others = np.delete(counts, 7)
    assert counts[7] == n_seeds
    assert abs(others - n_seeds * share).max() < 5 * sigma


def test_a_sampled_sender_represents_those_not_drawn():
    first = sampled((2,), [0]).structure.edge_data.log_weight
    assert_close(first.exp(), torch.tensor([1.0, 1.5, 1.5]))  # 2 of 3
    second = sampled((ALL, 1), [5]).structure  # 5, 0 for it, one of 3 for 0
    assert_close(second.edge_data.log_weight.exp(), torch.tensor([1.0, 1.0, 1.0, 3.0]))


def test_a_drawn_senders_weight_is_multiplied():
    star = np.zeros((4, 4))
    star[0] = [5, 2, 2, 2]
    batch = sampled((1,), [0], whole=batch_of(star, X[:4]))
    assert_close(batch.structure.edge_data.log_weight.exp(), torch.tensor([5.0, 6.0]))


def test_weights_are_unchanged_if_all_senders_are_drawn():
    assert sampled((3, 3), [0]).structure.edge_data.log_weight is None
    weighted = sampled((3,), [1], whole=batch_of(ADJACENCY * 3))
    assert_close(
        weighted.structure.edge_data.log_weight.exp(), torch.tensor([3.0, 3.0, 3.0])
    )


def test_sums_over_senders_are_unbiased():
    whole = collate(heavy_graph())
    receiver = int(whole.structure.edges.indptr.diff().argmax())
    score = torch.randn(300, generator=torch.Generator().manual_seed(0))
    sampler, n_seeds = NeighborSampler(whole, (5,)), 3000

    def sums(batch, row):
        """Numerator and denominator of the softmax over one row."""
        edges = batch.structure.edges
        part = slice(int(edges.indptr[row]), int(edges.indptr[row + 1]))
        log_weight = batch.structure.edge_data.log_weight
        numbers = (batch.x[edges.senders[part].long(), None] == whole.x).all(2).int()
        senders = numbers.argmax(1)
        weight = score[senders].exp()
        if log_weight is not None:
            weight = weight * log_weight[part].exp()
        return torch.stack([(weight * whole.x[senders, 0]).sum(), weight.sum()])

    draws = torch.stack(
        [sums(sampler.sample(np.array([receiver]), s), 0) for s in range(n_seeds)]
    )
    error = (draws.mean(0) - sums(whole, receiver)).abs()
    assert (error < 4 * draws.std(0) / n_seeds**0.5).all()
    assert (draws.std(0) > 0.1).all()


def test_weights_after_the_softmax_are_those_of_multiplied_senders():
    batch = sampled((1,), [0])
    zeros = torch.zeros(2, 1)
    out = edge_attention(
        batch.structure.edges,
        Gat(zeros[:1], zeros),
        torch.tensor([[[0.0]], [[1.0]]]),
        bias=batch.structure.edge_data.log_weight[:, None],
    )
    assert_close(out, torch.tensor([[[3 / 4]]]))  # one of three, beside the receiver


def test_targets_may_repeat_and_come_in_any_order():
    batch = sampled((1,), [4, 3, 4, 0])
    assert numbers_of(batch.with_targets(batch.targets))[:3] == [0, 3, 4]
    nodes = torch.tensor(numbers_of(batch))
    assert nodes[batch.targets].tolist() == [4, 3, 4, 0]
    assert len(batch) == 4


def test_a_nodes_senders_do_not_depend_on_the_other_targets():
    sampler = NeighborSampler(collate(heavy_graph()), (4,))

    def row_of(node, targets):
        batch = sampler.sample(np.array(targets), seed=5)
        edges, place = batch.structure.edges, targets.index(node)
        row = int(batch.targets[place])
        return batch.x[edges.senders[edges.indptr[row] : edges.indptr[row + 1]].long()]

    assert torch.equal(row_of(7, [7]), row_of(7, [200, 7, 3]))


def test_different_seeds_draw_different_senders():
    found = {tuple(drawn_senders(sampled((1,), [0], seed))[0]) for seed in range(30)}
    assert found == {(0, 1), (0, 2), (0, 3)}
    assert drawn_senders(sampled((1,), [0], 2**62)) == drawn_senders(
        sampled((1,), [0], 2**62)
    )


def test_isolated_nodes_have_only_themselves():
    batch = sampled((2, 2), [3])
    assert numbers_of(batch) == [3]
    assert batch.structure.reach == (1, 1, 1)
    assert drawn_senders(batch) == {3: [3]}


def test_no_targets_are_an_empty_batch():
    batch = sampled((2, 2), [])
    assert len(batch) == len(batch.x) == batch.structure.edges.n_edges == 0
    assert batch.structure.reach == (0, 0, 0)


def test_edge_features_follow_their_edges():
    n_edges = np.count_nonzero(ADJACENCY)
    receivers, senders = np.nonzero(ADJACENCY)
    features = np.stack([receivers, senders], 1) + 1.0  # an added loop has zeros
    batch = sampled((2, 2), [0, 1], whole=batch_of(edge_features=features))
    assert n_edges == len(features)
    pairs = [(i, j) for i, row in drawn_senders(batch).items() for j in row]
    expected = [[i + 1.0, j + 1.0] if ADJACENCY[i, j] else [0.0, 0.0] for i, j in pairs]
    assert batch.structure.edge_data.features.tolist() == expected


def test_parallel_edges_are_senders_of_their_own():
    adjacency = sp.coo_array(
        (np.ones(5), ([0, 0, 0, 0, 1], [0, 0, 1, 1, 1])), shape=(2, 2)
    )
    features = np.arange(1.0, 6)[:, None]
    whole = batch_of(adjacency, X[:2], edge_features=features)
    found = set()
    for seed in range(20):
        batch = sampled((1,), [0], seed, whole)
        found.add(tuple(batch.structure.edge_data.features[:, 0].tolist()))
        assert_close(
            batch.structure.edge_data.log_weight.exp(), torch.tensor([1.0, 1.0, 2.0])
        )
    assert found == {(1.0, 2.0, 3.0), (1.0, 2.0, 4.0)}  # both loops, one of the others


def test_sparse_features_are_cut_by_rows():
    sparse = batch_of(x=sp.csr_array(X))
    batch, dense = sampled((2,), [4, 0], whole=sparse), sampled((2,), [4, 0])
    assert isinstance(batch.x, SparseMatrix)
    assert batch.x.shape == tuple(dense.x.shape)
    found = sp.csr_array(
        (batch.x.values, batch.x.edges.senders, batch.x.edges.indptr), dense.x.shape
    )
    assert found.toarray().tolist() == dense.x.tolist()


@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_degrees_are_those_of_the_full_graph(weight):
    batch = sampled((1, 1), [0], whole=batch_of(weight * ADJACENCY))
    loops = 1 - np.diag(ADJACENCY)
    degrees = weight * (ADJACENCY.sum(1) + loops)
    expected = torch.tensor(degrees[numbers_of(batch)])
    assert_close(batch.structure.degree.double(), expected)


@pytest.mark.parametrize("weight", [1, 0.25])
def test_numbers_of_senders_are_those_of_the_full_graph(weight):
    batch = sampled((1, 1), [0, 4], whole=batch_of(weight * ADJACENCY))
    counts = ADJACENCY.sum(1) + 1 - np.diag(ADJACENCY)  # with self-loops
    assert batch.structure.sender_counts.tolist() == counts[numbers_of(batch)].tolist()


def test_degrees_of_huge_weights_do_not_overflow():
    batch = sampled((1, 1), [0], whole=batch_of(2e38 * ADJACENCY))
    degrees = 2e38 * (ADJACENCY.sum(1) + 1 - np.diag(ADJACENCY))
    expected = torch.tensor(degrees[numbers_of(batch)])
    assert_close(batch.structure.degree, expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize("output", ["linear", "attention"])
@pytest.mark.parametrize(
    "options",
    [
        {"score": "gat", "norm": "batch", "convolution": "mean"},
        {
            "score": "gatv2",
            "convolution": "gcn",
            "feed_forward": 1,
            "share_weights": True,
        },
        {
            "score": "dot",
            "gated_convolution": True,
            "convolution": "gcn",
            "residual": False,
        },
    ],
    ids=lambda options: options["score"],
)
def test_drawing_all_senders_equals_the_full_graph(options, output):
    graph = heavy_graph()
    features = np.random.default_rng(1).random((graph.n_edges, 2))
    whole = collate(heavy_graph(edge_features=features))
    block = BlockSpec(n_heads=2, n_edge_features=2, **options)
    spec = NetworkSpec(
        block=block, n_layers=2, hidden_dim=8, output=output, jumping="concat"
    )
    network = AttentionNetwork(4, 3, spec).eval()
    targets = np.array([5, 17, 5, 123])
    batch = NeighborSampler(whole, (300, 300)).sample(targets, seed=0)
    out = network(**batch.inputs)
    assert out.shape == (3, 3)
    expected = network(**whole.inputs)[torch.from_numpy(targets)]
    assert_close(out[batch.targets], expected, rtol=1e-4, atol=1e-5)


def test_gradients_reach_all_weights_of_a_network():
    block = BlockSpec(n_heads=2, dropout=0.2, attention_dropout=0.1, convolution="mean")
    network = AttentionNetwork(4, 3, NetworkSpec(block=block, n_layers=2, hidden_dim=8))
    batch = NeighborSampler(collate(heavy_graph()), (3, 2)).sample(
        np.arange(50), seed=0
    )
    network(**batch.inputs)[batch.targets].square().sum().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in network.parameters())


def test_more_layers_than_fanouts_are_refused():
    network = AttentionNetwork(2, 1, NetworkSpec(block=BlockSpec(), n_layers=3))
    with pytest.raises(ValueError, match="one number per layer"):
        network(**sampled((2, 2), [0]).inputs)


def test_threads_do_not_change_the_drawn_neighbours():
    sampler = NeighborSampler(collate(heavy_graph(n=1500)), (10, 5))
    n_threads, digests = torch.get_num_threads(), set()
    try:
        for number in (1, 2, 4):
            torch.set_num_threads(number)
            batch = sampler.sample(np.arange(1500), seed=3)
            edges = batch.structure.edges
            parts = (
                batch.x,
                edges.indptr,
                edges.senders,
                batch.structure.edge_data.log_weight,
            )
            content = b"".join(part.numpy().tobytes() for part in parts)
            digests.add(hashlib.sha256(content).hexdigest())
    finally:
        torch.set_num_threads(n_threads)
    assert len(digests) == 1


def test_tensors_have_the_types_of_the_kernels():
    structure = sampled((1, 1), [0]).structure
    assert structure.edges.indptr.dtype == torch.int64
    assert structure.edges.senders.dtype == torch.int32
    assert (
        structure.edge_data.log_weight.dtype == structure.degree.dtype == torch.float32
    )


def test_wide_numbers_of_senders_are_read():
    edges = Edges(torch.tensor([0, 2, 3]), torch.tensor([0, 1, 1]), 2)  # int64
    whole = GraphBatch(torch.eye(2), GraphStructure(edges), torch.arange(2))
    batch = sampled((5,), [0], whole=whole)
    assert batch.x.tolist() == [[1, 0], [0, 1]]


def test_device_is_passed_on():
    batch = NeighborSampler(batch_of(), (2,)).sample(np.array([0]), 0, "meta")
    parts = (batch.x, batch.structure.edges.senders, batch.structure.degree)
    assert {part.device.type for part in (*parts, batch.targets)} == {"meta"}


@pytest.mark.parametrize("fanout", [(), (0,), (3, -1), (2.5,), (None,), (True,)])
def test_impossible_fanouts_are_refused(fanout):
    with pytest.raises(
        ValueError, match=r"one positive integer per layer.*\(15, 10\); got"
    ):
        NeighborSampler(batch_of(), fanout)


def test_fanouts_beyond_all_integers_draw_all_senders():
    every, many = (
        NeighborSampler(batch_of(), (size,)).sample(np.array([0]), 0)
        for size in (10**30, 100)
    )
    assert torch.equal(every.structure.edges.senders, many.structure.edges.senders)


def test_hops_are_refused():
    whole = collate(Graph(ADJACENCY, X), hops=(2,))
    with pytest.raises(ValueError, match=r"needs hops=\(1,\).*hops=\[2\]"):
        NeighborSampler(whole, (2,))


@pytest.mark.parametrize("targets", [[6], [-1], [0, 9]])
def test_unknown_targets_are_refused(targets):
    with pytest.raises(IndexError, match="must lie between 0 and 5, got numbers from"):
        sampled((1,), targets)
