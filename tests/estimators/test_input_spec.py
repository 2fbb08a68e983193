import numpy as np
import torch

from skattn import Graph
from skattn.estimators._input_spec import InputSpec

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def batches_of(views, hops=()):
    spec = InputSpec(hops, None, 0, None)
    sources = spec.sources(
        [(view, None) for view in views], batch_size="auto", device=torch.device("cpu")
    )
    return [source.batch for source in sources]


def test_views_of_one_graph_share_its_tensors():
    graph = Graph([[0, 2, 0], [0, 0, 0], [4, 0, 0]], X)
    other = Graph([[0, 1, 1], [1, 1, 0], [0, 0, 0]], X)
    first, third, second = batches_of([graph[[0]], other, graph[[2, 1]]])
    assert first.x is second.x
    assert first.structure is second.structure
    assert (first.targets.tolist(), second.targets.tolist()) == ([0], [2, 1])
    assert third.structure.edges is not first.structure.edges
    assert third.targets.tolist() == [0, 1, 2]


def test_views_share_their_hops():
    graph = Graph([[0, 1, 1], [1, 1, 0], [0, 0, 0]], X)
    first, second = batches_of([graph[[0]], graph[[1]]], hops=(2,))
    assert first.structure.hops.keys() == {2}
    assert first.structure.hops[2] is second.structure.hops[2]
