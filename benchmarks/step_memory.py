"""Estimated and measured peak memory of a training step, for several shapes.

``python -m benchmarks.step_memory`` prints the table; with a NUMBER it measures one
line, which is done in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import scipy.sparse as sp
import torch

from benchmarks._measure import heavy_tailed_graph, memory, reset_peak
from skattn import Graph
from skattn._batch import collate
from skattn._training import (
    FullGraph,
    Labels,
    Supervised,
    Training,
    estimate_step_bytes,
    train,
)
from skattn.nn import BlockSpec, NetworkSpec

N_OUTPUTS = 10
SHAPES = [  # nodes, degree, features, stored features per node or 0, block, network
    (50_000, 4, 64, 0, {"score": "gat"}, {}),
    (50_000, 4, 64, 0, {"score": "gatv2"}, {}),
    (50_000, 4, 64, 0, {"score": "dot"}, {}),
    (20_000, 100, 32, 0, {"score": "gat"}, {"n_layers": 1}),
    (20_000, 100, 32, 0, {"score": "gatv2", "n_heads": 1}, {"hidden_dim": 32}),
    (20_000, 100, 500, 0, {"score": "dot", "n_heads": 8}, {"n_layers": 4}),
    (150_000, 14, 128, 0, {"score": "gat"}, {"hidden_dim": 256}),
    (150_000, 14, 128, 0, {"score": "gatv2"}, {"hidden_dim": 256}),
    (150_000, 14, 128, 0, {"score": "dot"}, {"hidden_dim": 256}),
    (40_000, 10, 4000, 40, {"score": "gatv2", "dropout": 0.5}, {}),
    (40_000, 10, 100_000, 100, {"score": "gat", "n_heads": 8}, {"hidden_dim": 128}),
    (60_000, 10, 2000, 0, {"score": "gatv2", "dropout": 0.2}, {"n_layers": 3}),
    (
        60_000,
        20,
        64,
        0,
        {"convolution": "gcn", "gated_convolution": True},
        {"n_layers": 3},
    ),
    (60_000, 20, 64, 0, {"feed_forward": 2, "activation": "gelu"}, {"n_layers": 3}),
    (60_000, 20, 64, 0, {"norm": "batch"}, {"jumping": "concat", "n_layers": 3}),
    (60_000, 20, 64, 0, {"attention_dropout": 0.3}, {"jumping": "attention"}),
    (60_000, 20, 64, 0, {"n_edge_features": 4}, {"output": "attention"}),
    (60_000, 20, 64, 0, {"score": "gat", "residual": False}, {"readout": "attention"}),
    (60_000, 20, 64, 0, {"hops": (1, 2)}, {"n_layers": 2}),
]


def source_of(number: int) -> tuple[FullGraph, NetworkSpec]:
    """Make the batch source and network spec of a shape."""
    n_nodes, degree, n_features, n_stored, block, network = SHAPES[number]
    rng = np.random.default_rng(0)
    hops = block.get("hops", ())
    adjacency = heavy_tailed_graph(n_nodes, degree) if not hops else ring(n_nodes)
    if n_stored:
        X = sp.random_array(
            (n_nodes, n_features),
            density=n_stored / n_features,
            format="csr",
            dtype=np.float32,
            rng=rng,
        )
    else:
        X = rng.standard_normal((n_nodes, n_features), np.float32)
    k = block.get("n_edge_features")
    edge_features = rng.standard_normal((adjacency.nnz, k)) if k else None
    batch = collate(Graph(adjacency, X, edge_features=edge_features), hops=hops)
    n_targets = n_nodes
    if network.get("readout"):
        batch, n_targets = batch.with_targets(torch.arange(1)), 1
    y = torch.from_numpy(rng.integers(0, N_OUTPUTS, n_targets))
    labels = Labels(y, torch.ones(n_targets))
    return FullGraph(batch, labels), NetworkSpec(
        block=BlockSpec(**block), **{"n_layers": 2} | network
    )


def ring(n_nodes: int) -> sp.csr_array:
    """Make a graph in which each node attends to the ten before it."""
    return sp.diags_array(
        [1.0] * 10, offsets=range(-1, -11, -1), shape=(n_nodes, n_nodes), format="csr"
    )


def measure(number: int) -> tuple[float, float]:
    """Return estimated and measured peak in addition to the inputs, in MB."""
    source, spec = source_of(number)
    few = collate(Graph(sp.eye_array(300), np.ones((300, 2), np.float32)))
    small = FullGraph(few, Labels(torch.zeros(300, dtype=torch.int64), torch.ones(300)))
    run(small, NetworkSpec(block=BlockSpec(score=spec.block.score)))  # imports, code
    objective = Supervised(spec, N_OUTPUTS, "cross_entropy")
    estimate = estimate_step_bytes(objective, source.batch, source.labels) / 2**20
    start = memory("VmRSS")
    reset_peak()
    run(source, spec)
    return estimate, memory("VmHWM") - start


def run(source: FullGraph, spec: NetworkSpec) -> None:
    """Train for two steps; the optimizer's memory is in use in the second."""
    objective = Supervised(spec, N_OUTPUTS, "cross_entropy")
    training = Training(
        learning_rate=0.005, weight_decay=5e-4, max_epochs=2, patience=None
    )
    train(objective, (source, None), training, generator=torch.Generator())


def main() -> None:
    """Print the table."""
    print(f"{'shape':90} {'estimate':>9} {'measured':>9} MB  ratio")
    for number, shape in enumerate(SHAPES):
        command = [sys.executable, "-m", "benchmarks.step_memory", str(number)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        estimate, truth = map(float, answer.stdout.split())
        text = " ".join(map(str, shape))
        print(f"{text:90} {estimate:9.0f} {truth:9.0f}     {estimate / truth:.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(*measure(int(sys.argv[1])))
    else:
        main()
