"""Time of neighbour sampling compared with that of a training step.

    python -m benchmarks.sampling --steps 10

169 thousand nodes, 2.5 million edges with heavy-tailed degrees, 128 features, two
layers of 4 heads x 64, 1024 targets with ``fanout=(15, 10)``. Sampling includes making
the tensors of the batch; a step is forward, backward and Adam.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from torch.nn import functional

from benchmarks._measure import heavy_tailed_graph, spread
from skattn._batch import NeighborSampler, collate
from skattn.graph import Graph
from skattn.nn import AttentionNetwork, BlockSpec, NetworkSpec

_FANOUT, _TARGETS, _FEATURES, _CLASSES = (15, 10), 1024, 128, 10
_SCORES = ("gat", "gatv2", "dot")


def _sampler(n_nodes: int) -> NeighborSampler:
    adjacency = heavy_tailed_graph(n_nodes)
    X = np.random.default_rng(0).standard_normal((n_nodes, _FEATURES), np.float32)
    return NeighborSampler(collate(Graph(adjacency, X)), _FANOUT)


def _measure(
    score: str, sampler: NeighborSampler, n_steps: int
) -> tuple[list[float], list[float]]:
    """Return the seconds of sampling and of training, for `n_steps` steps."""
    spec = NetworkSpec(block=BlockSpec(score=score), n_layers=2, hidden_dim=256)
    network = AttentionNetwork(_FEATURES, _CLASSES, spec)
    network.reset_parameters(torch.Generator().manual_seed(0))
    adam = torch.optim.Adam(network.parameters(), fused=True)
    rng, n_nodes = np.random.default_rng(1), len(sampler.whole.x)
    sampling, steps = [], []
    for seed in range(n_steps + 2):  # the first two compile
        targets = rng.choice(n_nodes, _TARGETS, replace=False)
        y = torch.from_numpy(rng.integers(0, _CLASSES, _TARGETS))
        start = time.perf_counter()
        batch = sampler.sample(targets, seed)
        between = time.perf_counter()
        adam.zero_grad()
        outputs = network(**batch.inputs)[batch.targets]
        functional.cross_entropy(outputs, y).backward()
        adam.step()
        sampling.append(between - start)
        steps.append(time.perf_counter() - between)
    return sampling[2:], steps[2:]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--scores", nargs="+", default=list(_SCORES), choices=_SCORES)
    parser.add_argument("--n-nodes", type=int, default=169_000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sampler = _sampler(options.n_nodes)
    print("| score | sampling, ms | step, ms | sampling / step, % | targets a second |")
    print("|---|---|---|---|---|")
    for score in options.scores:
        sampling, steps = _measure(score, sampler, options.steps)
        pairs = list(zip(sampling, steps, strict=True))
        columns = (
            spread([1e3 * s for s in sampling]),
            spread([1e3 * s for s in steps]),
            spread([100 * a / b for a, b in pairs]),
            spread([_TARGETS / (a + b) for a, b in pairs], 0),
        )
        print(f"| {score} | {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    main()
