from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from skattn._batch import GraphBlock, collate
from skattn._training import FullGraph, GraphBatches, _buffers
from skattn._training._buffers import reuse_large_buffers
from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.ops import _buffers as kept

MODULE = nn.Sequential(nn.Linear(2, 5, bias=False), nn.Linear(5, 3))
GRAPH = Graph(np.eye(4), np.zeros((4, 2)))
WHOLE = FullGraph(collate(GRAPH), None)


def are_kept(source):
    with reuse_large_buffers(MODULE, source):
        return kept._KEPT.get() is not None


@pytest.mark.parametrize(("large", "expected"), [(20, True), (21, False)])
def test_the_size_of_the_widest_tensor_decides(large, expected, monkeypatch):
    monkeypatch.setattr(_buffers, "REUSE_FROM_NUMBERS", large)
    assert are_kept(WHOLE) == expected


def test_batches_differ_in_size(monkeypatch):
    monkeypatch.setattr(_buffers, "REUSE_FROM_NUMBERS", 1)
    block = GraphBlock.of(GraphCollection.of([GRAPH] * 3))
    assert not are_kept(GraphBatches(block, np.arange(3), None, 2, torch.device("cpu")))


def test_memory_is_not_reused_on_a_gpu(monkeypatch):
    monkeypatch.setattr(_buffers, "REUSE_FROM_NUMBERS", 1)
    targets = WHOLE.batch.targets.to("meta")
    assert not are_kept(FullGraph(replace(WHOLE.batch, targets=targets), None))
