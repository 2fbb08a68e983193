import numpy as np
import scipy.sparse
import torch
from torch import nn

from skattn._batch import collate
from skattn._training import FullGraph
from skattn._training._microbatches import MIN_GRAPHS_PER_PART
from skattn._training._work import (
    MAX_PARTS,
    MIN_ROWS_PER_COLUMN,
    WORK_PER_EDGE_COLUMN,
    WORK_PER_PART,
    count_parts,
    work_of,
)
from skattn.graph import Graph


def source_of(X, n_neighbors):
    n = X.shape[0]
    near = sum(np.roll(np.eye(n), k, axis=0) for k in range(n_neighbors))
    return FullGraph(collate(Graph(near, X)), None)


def test_work_is_that_of_the_largest_product():
    module = nn.ParameterList([torch.ones(30, 8), torch.ones(8, 5), torch.ones(5)])
    dense = np.ones((20, 30))
    assert work_of(module, source_of(dense, 1)) == 20 * 30 * 8
    sparse = scipy.sparse.random_array((20, 30), density=0.5, rng=0, format="csr")
    assert work_of(module, source_of(sparse, 1)) == sparse.nnz * 8 == 300 * 8
    nearly_empty = scipy.sparse.csr_array(np.eye(20, 30))
    assert work_of(module, source_of(nearly_empty, 1)) == WORK_PER_EDGE_COLUMN * 20 * 8


def test_work_is_that_of_the_edges_where_they_are_many():
    module = nn.ParameterList([torch.ones(2, 8)])
    assert (
        work_of(module, source_of(np.ones((20, 2)), 20))
        == WORK_PER_EDGE_COLUMN * 400 * 8
    )
    assert work_of(nn.Identity(), source_of(np.ones((20, 2)), 20)) == 0


def test_the_number_of_microbatches_follows_the_work():
    module = nn.Linear(100, 60)
    many = 1e6, 1000, 10  # nodes, graphs, nodes of the largest
    counts = [
        count_parts(module, n, *many)
        for n in (0.0, 1.99 * WORK_PER_PART, 2.0 * WORK_PER_PART)
    ]
    assert counts == [1, 1, 2]
    assert count_parts(module, 1e12, *many) == MAX_PARTS


def test_few_or_large_graphs_or_wide_weights_are_not_divided():
    module = nn.Linear(100, 60)  # 100 wide
    assert count_parts(module, 1e12, 1e6, 7, 10) == 1
    assert count_parts(module, 1e12, 1e6, 3 * MIN_GRAPHS_PER_PART, 10) == 3
    assert count_parts(module, 1e12, 1e6, 1000, 6e5) == 1
    assert count_parts(module, 1e12, 1e6, 1000, 5e5) == 2
    assert count_parts(module, 1e12, 2 * MIN_ROWS_PER_COLUMN * 100 - 1, 1000, 1) == 1
    assert count_parts(module, 1e12, 2 * MIN_ROWS_PER_COLUMN * 100, 1000, 1) == 2
