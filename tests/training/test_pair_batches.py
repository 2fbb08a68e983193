import numpy as np
import pytest
import torch

from skattn._batch import PairCollator
from skattn._training import Negatives, PairBatches
from skattn.graph._link_context import LinkContext
from skattn.graph._link_edges import LinkEdges
from skattn.graph._node_names import NodeNames
from skattn.graph._non_links import NonLinks

PAIRS = np.array([[i, (i + 1) % 12] for i in range(12)])
"""A ring of twelve nodes."""


@pytest.fixture
def collator():
    edges = LinkEdges.of_links(12, PAIRS, None, directed=False)
    context = LinkContext.of(edges, None, NodeNames(12, None), None)
    return PairCollator(context, context.features, (1,), None, torch.device("cpu"))


@pytest.fixture
def source(collator):
    links = collator.context.link_keys
    negatives = Negatives(NonLinks(12, PAIRS, links, directed=False), 2, "uniform", 0)
    y, is_link = np.ones(12, np.int64), np.ones(12, bool)
    rows = np.arange(12, dtype=np.float32)[:, None]
    return PairBatches(collator, PAIRS, rows, y, is_link, negatives, batch_size=4)


def test_a_batch_has_links_and_drawn_non_links(source):
    found = list(source.epoch(torch.Generator().manual_seed(0)))
    assert len(found) == 3
    for batch, labels in found:
        assert labels.y.tolist() == [1] * 4 + [0] * 8
        assert batch.features.shape == (12, 9)
        # a drawn pair has the row features of its link
        row = batch.features[:, 8].tolist()
        assert row[:4] == batch.targets[:4, 0].tolist()
        assert row[4:] == np.repeat(row[:4], 2).tolist()
        # 24 entries and 12 self-loops, without 4 links in both directions
        assert batch.structure.edges.n_edges == 36 - 8
    links = np.concatenate([batch.targets[:4].numpy() for batch, _ in found])
    assert sorted(map(tuple, links.tolist())) == sorted(map(tuple, PAIRS.tolist()))


def test_each_epoch_draws_anew_and_without_a_generator_the_same(source):
    generator = torch.Generator().manual_seed(0)
    drawn = [next(source.epoch(generator))[0].targets for _ in range(2)]
    assert not torch.equal(*drawn)
    fixed = [next(source.epoch(None))[0].targets for _ in range(2)]
    assert torch.equal(*fixed)


def test_batches_move_with_their_features(source):
    batch, _ = next(source.epoch(None))
    assert batch.to(torch.device("meta")).features.device.type == "meta"
