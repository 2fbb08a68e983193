import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from skattn import Graph
from skattn._batch import GraphBlock, NeighborSampler, collate
from skattn._training import (
    FullGraph,
    GraphBatches,
    Labels,
    MaskedReconstruction,
    SampledBatches,
    Supervised,
    _memory,
    check_memory,
    estimate_step_bytes,
)
from skattn._training._stand_ins import stand_ins
from skattn.graph._collection import GraphCollection
from skattn.nn import BlockSpec, NetworkSpec

CPU = torch.device("cpu")


def batch_of(n_nodes, degree, X):
    ring = sp.diags_array(
        np.ones(degree, np.float32), offsets=range(degree), shape=(n_nodes, n_nodes)
    )
    return collate(Graph(ring, X))


def spec_of(block=None, **network):
    return NetworkSpec(block=BlockSpec(**block or {}), **network)


def classes(*args, **network):
    return Supervised(spec_of(*args, **network), 3, "cross_entropy")


def labels_of(batch):
    y = torch.zeros(len(batch), dtype=torch.int64)
    return Labels(y, torch.ones(len(batch)))


def estimate(objective, batch, device=None):
    return estimate_step_bytes(objective, batch, labels_of(batch), device)


def whole(batch):
    return FullGraph(batch, labels_of(batch))


@pytest.fixture
def batch():
    return batch_of(1000, 5, np.ones((1000, 8), np.float32))


# ---- measured --------------------------------------------------------------------

TRUTH = """
import sys
import numpy as np, scipy.sparse as sp, torch
from pathlib import Path
from skattn import Graph
from skattn._batch import collate
from skattn.nn import BlockSpec, NetworkSpec
from skattn._training import (
    FullGraph, Labels, Supervised, Training, estimate_step_bytes, train
)

n_nodes, degree, n_features, stored, block, network = eval(sys.argv[1])

def source(n_nodes, X):
    rng = np.random.default_rng(0)
    degrees = np.full(n_nodes, degree)
    adjacency = sp.csr_array(
        (
            np.ones(n_nodes * degree, np.float32),
            rng.integers(0, n_nodes, n_nodes * degree),
            np.r_[0, np.cumsum(degrees)],
        ),
        shape=(n_nodes, n_nodes),
    )
    y = torch.zeros(n_nodes, dtype=torch.int64)
    return FullGraph(collate(Graph(adjacency, X)), Labels(y, torch.ones(n_nodes)))

def features(n_nodes):
    if not stored:
        return np.ones((n_nodes, n_features), np.float32)
    places = np.arange(n_nodes * stored) * 7 % n_features
    data = np.ones(len(places), np.float32)
    indptr = np.arange(n_nodes + 1) * stored
    return sp.csr_array((data, places, indptr), shape=(n_nodes, n_features))

def run(source):
    training = Training(
        learning_rate=0.005, weight_decay=5e-4, max_epochs=2, patience=None
    )
    train(objective, (source, None), training, generator=torch.Generator())

def memory(key):
    status = Path("/proc/self/status").read_text()
    return int(status.split(key + ":")[1].split()[0]) * 1024

spec = NetworkSpec(block=BlockSpec(**block), **network)
objective = Supervised(spec, 10, "cross_entropy")
run(source(200, features(200)))  # imports and compiled code
large = source(n_nodes, features(n_nodes))
estimate = estimate_step_bytes(objective, large.batch, large.labels)
start = memory("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
run(large)
print(estimate, memory("VmHWM") - start)
"""
SHAPES = [  # nodes, degree, features, stored features per node or 0, block, network
    (40_000, 10, 64, 0, {"score": "gat"}, {"n_layers": 3, "hidden_dim": 128}),
    (70_000, 5, 2000, 20, {"score": "dot"}, {"n_layers": 1, "hidden_dim": 128}),
]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc")
def test_the_estimate_is_within_a_factor_of_1_3_of_the_measured_peak():
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", TRUTH, repr(shape)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        for shape in SHAPES
    ]
    for shape, worker in zip(SHAPES, workers, strict=True):
        estimated, truth = map(int, worker.communicate()[0].split())
        assert truth > 200e6, shape
        assert 1 / 1.3 < estimated / truth < 1.3, (shape, estimated, truth)


# ---- estimates ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "network"),
    [
        ({"score": "gat"}, {}),
        ({"convolution": "gcn", "gated_convolution": True}, {"jumping": "concat"}),
        ({"global_attention": True}, {"jumping": "attention"}),
        ({"feed_forward": 2, "norm": "batch"}, {"output": "attention"}),
        ({"dropout": 0.3, "attention_dropout": 0.3}, {"readout": "attention"}),
        ({"global_attention": True}, {"readout": "hierarchical"}),
        ({}, {"readout": "max"}),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_every_network_has_an_estimate_that_grows_with_the_graph(
    block, network, device
):
    n_bytes = []
    for n_nodes in (2000, 4000):
        batch = batch_of(n_nodes, 5, np.ones((n_nodes, 8), np.float32))
        needed = estimate(classes(block, **network), batch, torch.device(device))
        n_bytes.append(needed - _memory.FIRST_STEP)
    assert 1.7 < n_bytes[1] / n_bytes[0] < 2.1


@pytest.mark.parametrize("sparse", [True, False])
def test_an_autoencoder_has_an_estimate(sparse):
    X = np.ones((1000, 300), np.float32)
    batch = batch_of(1000, 5, sp.csr_array(X) if sparse else X)
    masked = MaskedReconstruction(spec_of(), n_components=8, mask_fraction=0.5)
    reconstruction = estimate_step_bytes(masked, batch, None)
    of_masked_half = 500 * 300 * 4
    assert reconstruction - estimate(classes(), batch) > of_masked_half


def test_a_device_that_materialises_messages_needs_more(batch):
    cpu, mps = (
        estimate(classes(), batch, torch.device(name)) for name in ("cpu", "mps")
    )
    assert mps > cpu + 2 * 5000 * 64 * 4


def test_global_attention_needs_more_memory_for_many_graphs():
    graph = Graph(np.ones((50, 50)), np.ones((50, 4), np.float32))
    many = GraphBlock.of(GraphCollection.of([graph] * 20)).whole
    one = many.structure.__class__(many.structure.edges)
    one = many.__class__(many.x, one, torch.arange(1))
    objective = classes({"global_attention": True}, readout="mean")
    assert estimate(objective, many) > estimate(objective, one)


def test_an_estimate_changes_neither_module_nor_batch(batch):
    with torch.device("meta"):
        module = classes({"global_attention": True}, readout="hierarchical").module(8)
    with stand_ins(module):
        assert any("forward" in vars(part) for part in module.modules())
    assert all("forward" not in vars(part) for part in module.modules())
    estimate(classes(), batch)
    assert batch.x.device.type == "cpu"


def test_the_device_of_new_tensors_does_not_matter(batch):
    objective, labels = classes({"dropout": 0.3}), labels_of(batch)
    expected = estimate_step_bytes(objective, batch, labels)
    with torch.device("meta"):
        assert estimate_step_bytes(objective, batch, labels) == expected


# ---- refusals --------------------------------------------------------------------


@pytest.fixture
def memory_left(monkeypatch):
    """Return a function that sets the available memory."""

    def put(n_bytes):
        monkeypatch.setattr(_memory, "available_bytes", lambda _device: n_bytes)

    return put


def test_a_step_that_does_not_fit_is_refused_with_a_remedy(batch, memory_left):
    memory_left(int(15e6))
    message = (
        r"step on the whole graph must fit into memory, but needs about 0\.0 GB beside "
        r"the data; cpu has 0\.0 GB available\. .*\(batch_size=512 and fanout, "
    )
    with pytest.raises(MemoryError, match=message):
        check_memory(classes(), whole(batch))


def test_a_step_that_fits_is_accepted(batch, memory_left):
    needed = estimate(classes(), batch)
    memory_left(needed)
    check_memory(classes(), whole(batch))
    memory_left(needed - 1)
    with pytest.raises(MemoryError):
        check_memory(classes(), whole(batch))


def test_nothing_is_refused_if_available_memory_is_unknown(batch, memory_left):
    memory_left(None)
    check_memory(classes(), whole(batch))


def test_a_small_step_is_not_estimated(batch, memory_left, monkeypatch):
    monkeypatch.setattr(_memory, "estimate_step_bytes", None)
    memory_left(64 << 30)
    check_memory(classes(), whole(batch))


def test_the_largest_batch_of_graphs_is_checked(memory_left):
    graphs = [Graph(np.ones((n, n)), np.ones((n, 4), np.float32)) for n in (9, 80, 70)]
    block = GraphBlock.of(GraphCollection.of(graphs))
    labels = Labels(torch.zeros(4, dtype=torch.int64), torch.ones(4))
    source = GraphBatches(block, np.array([0, 2, 1, 0]), labels, 2, CPU)
    objective = classes(readout="mean")
    needed = estimate(objective, block.cut(np.array([1, 2])))
    memory_left(needed)
    check_memory(objective, source)
    memory_left(needed - 1)
    with (
        torch.device("meta"),
        pytest.raises(MemoryError, match=r"on 2 graphs must.*Decrease batch_size"),
    ):
        check_memory(objective, source)


def test_batches_of_sampled_neighbours_are_not_checked(batch, memory_left):
    memory_left(1)
    sampler = NeighborSampler(batch, (2, 2))
    source = SampledBatches(sampler, np.arange(1000), labels_of(batch), 10, CPU)
    check_memory(classes(), source)


def test_a_source_defines_its_largest_batch_and_remedy(batch, memory_left):
    class Pairs:
        device = CPU
        batch_content = "7 pairs"
        remedy = "Set batch_size to fewer pairs"

        def largest_batch(self):
            return batch, labels_of(batch)

    memory_left(1)
    with pytest.raises(MemoryError, match=r"on 7 pairs must.*fewer pairs, or decrease"):
        check_memory(classes(), Pairs())
