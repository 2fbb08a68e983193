import numpy as np
import pytest
import torch

from skattn._batch import GraphBlock
from skattn._training import GraphBatches
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection


@pytest.mark.parametrize("n", [1, 8, 9, 10])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_shares_have_the_batches_of_the_whole(n, count):
    """A single remaining graph joins the batch before, in both."""
    graphs = [Graph(np.eye(2), np.full((2, 1), float(k))) for k in range(n)]
    block = GraphBlock.of(GraphCollection.of(graphs))
    whole = GraphBatches(block, np.arange(n), None, 4, torch.device("cpu"))

    def batches(source):
        return [batch.x[::2, 0].tolist() for batch, _ in source.epoch(None)]

    shares = [whole.share(rank, count) for rank in range(count)]
    assert [batch for share in shares for batch in batches(share)] == batches(whole)
    assert sum(map(len, shares)) == n
