import numpy as np
import pytest
import scipy.sparse
import torch

from skattn._batch import GraphBlock, NeighborSampler, collate
from skattn._training import (
    FullGraph,
    GraphBatches,
    Labels,
    MaskedReconstruction,
    SampledBatches,
    Supervised,
    predict,
    train,
)
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.nn import BlockSpec, NetworkSpec

CPU = torch.device("cpu")


@pytest.fixture
def collection():
    """5 graphs; graph g is a path of g + 1 nodes with feature g."""
    return GraphCollection.of(
        [Graph(np.diag(np.ones(g), 1), np.full((g + 1, 2), float(g))) for g in range(5)]
    )


@pytest.fixture
def source(collection):
    labels = Labels(torch.arange(5) % 2, torch.arange(5.0))
    block = GraphBlock.of(collection)
    return GraphBatches(block, np.arange(5), labels, batch_size=2, device=CPU)


def graphs_of(batch):
    """Numbers of the graphs in a batch, from their features."""
    starts = batch.structure.node_ptr[:-1]
    return batch.x[starts, 0].long().tolist()


def test_a_single_graph_is_one_batch():
    batch = collate(Graph(np.eye(3), np.ones((3, 2))))
    labels = Labels(torch.zeros(3), torch.ones(3))
    source = FullGraph(batch, labels)
    assert list(source.epoch(torch.Generator())) == [(batch, labels)]
    assert (source.n_features, source.size, source.device) == (2, (3, 6, 3), CPU)


def test_entries_of_sparse_features_are_the_stored_ones():
    X = scipy.sparse.csr_array(np.eye(3))
    batch = collate(Graph(np.ones((3, 3)), X))
    assert FullGraph(batch, None).size == (3, 3, 9)


def test_the_size_of_a_batch_is_that_of_average_graphs(source):
    assert source.size == (2 * 15 / 5, 2 * 30 / 5, 2 * 25 / 5)


def test_batches_come_in_order_without_a_generator(source):
    pairs = list(source.epoch(None))
    assert [graphs_of(batch) for batch, _ in pairs] == [[0, 1], [2, 3, 4]]
    assert [labels.weight.tolist() for _, labels in pairs] == [[0, 1], [2, 3, 4]]


def test_a_generator_shuffles_graphs_with_their_labels(source):
    generator = torch.Generator().manual_seed(1)
    orders = []
    for _ in range(4):
        pairs = list(source.epoch(generator))
        orders.append([g for batch, _ in pairs for g in graphs_of(batch)])
        answers = [int(w) for _, labels in pairs for w in labels.weight]
        assert answers == orders[-1]
        assert sorted(orders[-1]) == [0, 1, 2, 3, 4]
    assert len(set(map(tuple, orders))) > 1


def test_some_of_the_graphs_may_be_targets(collection):
    block = GraphBlock.of(collection)
    source = GraphBatches(block, np.array([4, 1]), None, batch_size=1, device=CPU)
    pairs = list(source.epoch(None))
    assert [graphs_of(batch) for batch, _ in pairs] == [[4], [1]]
    assert [labels for _, labels in pairs] == [None, None]


def test_outputs_of_several_batches_are_in_the_order_of_the_graphs(source, training):
    spec = NetworkSpec(
        block=BlockSpec(n_heads=2), n_layers=2, hidden_dim=8, readout="sum"
    )
    net = train(
        Supervised(spec, 2, "cross_entropy"),
        (source, None),
        training(max_epochs=2),
        generator=torch.Generator().manual_seed(0),
    )
    together = predict(net, source)
    assert together.shape == (5, 2)
    for g in range(5):
        one = GraphBatches(source.block, np.array([g]), None, 1, CPU)
        np.testing.assert_allclose(predict(net, one)[0], together[g], rtol=1e-4)


@pytest.fixture
def large():
    """60 nodes with 6 senders each of their own class."""
    rng = np.random.default_rng(0)
    side = np.arange(60) % 2
    adjacency = np.zeros((60, 60))
    for i in range(60):
        same = np.flatnonzero((side == side[i]) & (np.arange(60) != i))
        adjacency[i, rng.choice(same, 6, replace=False)] = 1
    X = np.stack([np.arange(60.0), 2.0 * side - 1 + rng.standard_normal(60)], 1)
    return Graph(adjacency, X)


@pytest.fixture
def sampled(large):
    targets = np.arange(0, 60, 3)
    labels = Labels(torch.from_numpy(targets % 2), torch.from_numpy(targets).float())
    sampler = NeighborSampler(collate(large), (3, 2))
    return SampledBatches(sampler, targets, labels, batch_size=8, device=CPU)


def targets_of(batch):
    return batch.x[batch.targets, 0].long().tolist()


def test_sampled_batches_contain_their_targets(sampled):
    pairs = list(sampled.epoch(None))
    assert [len(batch) for batch, _ in pairs] == [8, 8, 4]
    assert [g for batch, _ in pairs for g in targets_of(batch)] == list(range(0, 60, 3))
    for batch, labels in pairs:
        assert labels.weight.tolist() == targets_of(batch)
        assert len(batch.structure.reach) == 3
    assert (sampled.n_features, sampled.device) == (2, CPU)


def test_a_generator_shuffles_targets_and_draws_neighbours(sampled):
    def epoch(generator):
        pairs = list(sampled.epoch(generator))
        for batch, labels in pairs:
            assert labels.weight.tolist() == targets_of(batch)
        order = [t for batch, _ in pairs for t in targets_of(batch)]
        return order, [batch.x[:, 0].tolist() for batch, _ in pairs]

    generator = torch.Generator().manual_seed(0)
    first, second = epoch(generator), epoch(generator)
    assert sorted(first[0]) == sorted(second[0]) == list(range(0, 60, 3))
    assert first[0] != second[0]
    assert epoch(torch.Generator().manual_seed(0)) == first


def test_neighbours_differ_from_batch_to_batch(sampled):
    twice = SampledBatches(sampled.sampler, np.array([5, 5]), None, 1, CPU)
    generator = torch.Generator().manual_seed(0)
    drawn = [batch.x[:, 0].tolist() for batch, _ in twice.epoch(generator)]
    assert drawn[0] != drawn[1]
    assert [labels for _, labels in twice.epoch(None)] == [None, None]


def test_training_on_samples_predicts_the_full_graph(sampled, large, training):
    spec = NetworkSpec(block=BlockSpec(n_heads=2), n_layers=2, hidden_dim=8)
    net = train(
        Supervised(spec, 2, "cross_entropy"),
        (sampled, None),
        training(max_epochs=30, learning_rate=0.02),
        generator=torch.Generator().manual_seed(0),
    )
    outputs = predict(net, FullGraph(collate(large), None))
    assert outputs.shape == (60, 2)
    assert (outputs.argmax(1) == np.arange(60) % 2).mean() > 0.9


def test_an_autoencoder_learns_from_samples_that_reach_one_step_further(
    large, training
):
    sampler = NeighborSampler(collate(large), (3, 2, 2))
    spec = NetworkSpec(block=BlockSpec(n_heads=2), n_layers=2, hidden_dim=8)
    net = train(
        MaskedReconstruction(spec, n_components=4, mask_fraction=0.5),
        (SampledBatches(sampler, np.arange(60), None, batch_size=1, device=CPU), None),
        training(max_epochs=2),
        generator=torch.Generator().manual_seed(0),
    )
    assert np.isfinite(net.history[:, "train_loss"]).all()
    assert predict(net, FullGraph(collate(large), None)).shape == (60, 4)


@pytest.mark.parametrize("options", [{}, {"global_attention": True}])
def test_a_large_graph_is_predicted_in_chunks_where_that_is_possible(
    large, options, training, monkeypatch
):
    spec = NetworkSpec(block=BlockSpec(n_heads=2, **options), n_layers=2, hidden_dim=8)
    net = train(
        Supervised(spec, 2, "cross_entropy"),
        (FullGraph(collate(large), Labels(torch.arange(60) % 2, torch.ones(60))), None),
        training(max_epochs=1),
        generator=torch.Generator().manual_seed(0),
    )
    source = FullGraph(collate(large[[3, 50]]), None)
    whole = predict(net, source)
    monkeypatch.setattr("skattn._training._objectives.MAX_EDGES", 100)
    calls = []
    monkeypatch.setattr(
        net.module_,
        "encode_in_chunks",
        lambda max_edges, **inputs: (
            calls.append(max_edges) or net.module_.encode(**inputs)
        ),
    )
    np.testing.assert_allclose(predict(net, source), whole, rtol=1e-4)
    assert calls == ([] if options else [100])
