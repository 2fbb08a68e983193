import numpy as np
import pytest
import torch

from skattn.batch import GraphBlock, collate
from skattn.graph import Graph, GraphCollection
from skattn.nn import BlockSpec, NetworkSpec
from skattn.training import BlockTask, Goal, Task, Training, predict, train

CPU = torch.device("cpu")


@pytest.fixture
def collection():
    """5 graphs; graph g is a path of g + 1 nodes whose feature is g."""
    return GraphCollection.of(
        [Graph(np.diag(np.ones(g), 1), np.full((g + 1, 2), float(g))) for g in range(5)]
    )


@pytest.fixture
def task(collection):
    goal = Goal(torch.arange(5) % 2, torch.arange(5.0))
    block = GraphBlock.of(collection)
    return BlockTask(block, np.arange(5), goal, batch_size=2, device=CPU)


def graphs_of(batch):
    """The numbers of the graphs in a batch, read off their features."""
    starts = batch.structure.node_ptr[:-1]
    return batch.x[starts, 0].long().tolist()


def test_a_graph_as_a_whole_is_one_batch():
    batch = collate(Graph(np.eye(3), np.ones((3, 2))))
    goal = Goal(torch.zeros(3), torch.ones(3))
    task = Task(batch, goal)
    assert list(task.epoch(torch.Generator())) == [(batch, goal)]
    assert (task.n_features, task.device) == (2, CPU)


def test_batches_come_in_order_without_a_generator(task):
    pairs = list(task.epoch(None))
    assert [graphs_of(batch) for batch, _ in pairs] == [[0, 1], [2, 3, 4]]
    assert [goal.weight.tolist() for _, goal in pairs] == [[0, 1], [2, 3, 4]]


def test_a_generator_shuffles_graphs_and_answers_alike(task):
    generator = torch.Generator().manual_seed(1)
    orders = []
    for _ in range(4):
        pairs = list(task.epoch(generator))
        orders.append([g for batch, _ in pairs for g in graphs_of(batch)])
        answers = [int(w) for _, goal in pairs for w in goal.weight]
        assert answers == orders[-1]
        assert sorted(orders[-1]) == [0, 1, 2, 3, 4]
    assert len(set(map(tuple, orders))) > 1


def test_some_of_the_graphs_are_asked_about(collection):
    block = GraphBlock.of(collection)
    task = BlockTask(block, np.array([4, 1]), None, batch_size=1, device=CPU)
    pairs = list(task.epoch(None))
    assert [graphs_of(batch) for batch, _ in pairs] == [[4], [1]]
    assert [goal for _, goal in pairs] == [None, None]


def test_outputs_of_several_batches_are_in_the_order_of_the_graphs(task, collection):
    spec = NetworkSpec(block=BlockSpec(n_heads=2), hidden_dim=8, readout="sum")
    net = train(
        spec,
        (task, None),
        Training(loss="cross_entropy", max_epochs=2),
        n_outputs=2,
        generator=torch.Generator().manual_seed(0),
    )
    together = predict(net, task)
    assert together.shape == (5, 2)
    for g in range(5):
        one = BlockTask(task.block, np.array([g]), None, 1, CPU)
        np.testing.assert_allclose(predict(net, one)[0], together[g], rtol=1e-4)
