"""Values of a generator's parameters that can be "auto"."""

import numpy as np
import pytest

from skattn import AttentionGraphGenerator
from skattn.estimators._generator_defaults import choose_growth


def chosen(sizes, **parameters):
    return choose_growth(AttentionGraphGenerator(**parameters), np.array(sizes))


def test_values_that_are_given_are_taken():
    choice = chosen(
        [9] * 50, max_epochs=7, batch_size=3, steps_per_graph=5, max_nodes=11
    )
    assert (choice.max_epochs, choice.batch_size) == (7, 3)
    assert (choice.n_steps, choice.max_nodes) == (5, 11)


@pytest.mark.parametrize(
    ("size", "n_graphs", "max_epochs"),
    [(12, 50, 400), (12, 400, 62), (9, 10_000, 20), (500, 32, 38)],
)
def test_training_is_as_long_as_graphs_are_few_and_small(size, n_graphs, max_epochs):
    assert chosen([size] * n_graphs).max_epochs == max_epochs


def test_batches_of_large_graphs_are_small():
    assert chosen([12] * 9).batch_size == 64
    assert chosen([500] * 9).batch_size == 2
    assert chosen([100_000] * 9).batch_size == 1


def test_samples_may_be_twice_as_large_as_the_largest_graph():
    assert chosen([3, 8, 5]).max_nodes == 16
