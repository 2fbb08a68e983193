"""Log-probabilities of graphs under a growth network."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch

from skattn._batch import GrowthBatch, LabelledGraphs, all_steps, make_contexts
from skattn._training._growth import Growth
from skattn._training._parts import map_parts
from skattn.nn import GrowthNetwork

Result = TypeVar("Result")

MAX_NODES = 1 << 14
"""Number of nodes of the contexts that are computed at once."""
START_ORDERS = 16
"""Number of orders of a given part of a graph, of which one is drawn."""


def ordered_log_p(
    objective: Growth,
    module: GrowthNetwork,
    graphs: LabelledGraphs,
    conditions: np.ndarray,
    device: torch.device,
    *,
    with_end: bool = True,
) -> np.ndarray:
    """Compute the log-probability of ordered graphs, node after node, (n_graphs,).

    Without the end, it is that of all graphs that begin so. The module is in evaluation
    mode, on the device.
    """
    steps = all_steps(graphs)
    if not with_end:
        steps = steps[steps[:, 1] < graphs.sizes[steps[:, 0]]]

    def log_p_of(batch: GrowthBatch, _part: slice) -> np.ndarray:
        log_p: np.ndarray = (
            module(batch.x, batch.structure, batch.steps).cpu().double().numpy()
        )
        return log_p

    found = map_contexts(log_p_of, objective, graphs, steps, conditions, device)
    return np.bincount(steps[:, 0], np.concatenate(found), len(graphs))


def map_contexts(
    work: Callable[[GrowthBatch, slice], Result],
    objective: Growth,
    graphs: LabelledGraphs,
    steps: np.ndarray,
    conditions: np.ndarray,
    device: torch.device,
) -> list[Result]:
    """Call ``work(batch, part)`` for the contexts of steps, a part at a time.

    `steps` (n_steps, 2) are as for `make_contexts`; a part is a range of them.
    """
    parts = list(_parts(steps[:, 1] + 1))

    @torch.no_grad()
    def work_on(k: int) -> Result:
        numbers, local = np.unique(steps[parts[k], 0], return_inverse=True)
        batch = make_contexts(
            graphs.take(numbers),
            np.column_stack([local, steps[parts[k], 1]]),
            objective.columns,
            order=objective.order,
            conditions=conditions[numbers],
        )
        return work(batch.to(device), parts[k])

    n_threads = torch.get_num_threads() if device.type == "cpu" else 1
    return map_parts(range(len(parts)), work_on, n_threads)


def _parts(sizes: np.ndarray) -> Iterator[slice]:
    """Yield ranges of contexts of at most `MAX_NODES` nodes, or of one context."""
    ends, first = np.cumsum(sizes), 0
    while first < len(sizes):
        done = ends[first] - sizes[first]
        last = max(int(np.searchsorted(ends, done + MAX_NODES, "right")), first + 1)
        yield slice(first, last)
        first = last


def draw_starts(
    objective: Growth,
    module: GrowthNetwork,
    graphs: LabelledGraphs,
    conditions: np.ndarray,
    device: torch.device,
    rng: np.random.RandomState,
) -> tuple[LabelledGraphs, np.ndarray]:
    """Draw an order for each graph, given that others begin with it.

    One of `START_ORDERS` orders of the law q is drawn by its weight p / q. Returned are
    the ordered graphs, and the number of each node in its graph before.
    """
    module = module.to(device).eval()
    drawn = [
        graphs.ordered(objective.order, int(seed))
        for seed in rng.randint(np.iinfo(np.int32).max, size=START_ORDERS)
    ]
    weights = [
        ordered_log_p(objective, module, o.graphs, conditions, device, with_end=False)
        - o.log_q
        for o in drawn
    ]
    noise = rng.gumbel(size=(START_ORDERS, len(graphs)))
    best = (np.array(weights) + noise).argmax(0)
    ordered = [drawn[k].graphs.take(np.array([g])) for g, k in enumerate(best)]
    ptr = graphs.structure.node_ptr
    nodes = [drawn[k].nodes[ptr[g] : ptr[g + 1]] for g, k in enumerate(best)]
    return LabelledGraphs.union(ordered), np.concatenate(nodes)


def log_p_bound(
    objective: Growth,
    module: GrowthNetwork,
    graphs: LabelledGraphs,
    conditions: np.ndarray,
    device: torch.device,
    *,
    seeds: list[int],
) -> np.ndarray:
    """Bound the log-probability of numbered graphs from below, (n_graphs,) float64.

    ``log p(G) = log E_q[p(G in order π) / q(π)] - log n!`` for random numbers of the
    nodes; the expectation is estimated by one order π per seed, with the order's law q
    (Burda et al. 2016: a lower bound in expectation).
    """
    module = module.to(device).eval()
    ratios = np.empty((len(seeds), len(graphs)))
    for row, seed in zip(ratios, seeds, strict=True):
        ordered, _, log_q = graphs.ordered(objective.order, seed)
        row[:] = ordered_log_p(objective, module, ordered, conditions, device) - log_q
    log_mean = np.logaddexp.reduce(ratios, 0) - np.log(len(seeds))
    return log_mean - _log_factorial(graphs.sizes)


def _log_factorial(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, sizes.max() + 1)))])[
        sizes
    ]
