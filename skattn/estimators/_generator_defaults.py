"""Values of a generator's parameters that can be "auto"."""

from dataclasses import dataclass

import numpy as np

ALL_STEPS_UP_TO = 32
"""Number of steps of a graph in an epoch, for larger graphs drawn anew each time."""
MAX_BATCH = 64
"""Maximum number of graphs in a batch."""
NODES_PER_BATCH = 1 << 14
"""Nodes of the contexts of a batch, on average."""
N_GRAPHS = 25_000
"""Training graphs in all, each counted in every epoch; as far as `EPOCHS` allows."""
N_NODES = 10_000_000
"""Nodes of the contexts of a training, which large graphs reach with fewer epochs."""
EPOCHS = (20, 400)
"""Minimum and maximum number of epochs."""
MARGIN = 2
"""Maximum number of nodes of a sample, as a multiple of the largest training graph."""


@dataclass(frozen=True)
class GrowthChoice:
    """Values that a fit uses."""

    batch_size: int
    """Graphs in a batch."""
    n_steps: int
    """Maximum number of steps of a graph in an epoch."""
    max_nodes: int
    """Maximum number of nodes of a sample."""
    max_epochs: int
    """Number of epochs."""
    weight_decay: float
    """Weight decay."""


def choose_growth(params, sizes: np.ndarray) -> GrowthChoice:
    """Choose the values of the parameters that are "auto".

    `sizes` are the numbers of nodes of the training graphs.
    """
    n_steps = _given(params.steps_per_graph, ALL_STEPS_UP_TO)
    nodes = (np.minimum(sizes + 1, n_steps) * (sizes + 2) / 2).mean()
    batch_size = max(min(MAX_BATCH, int(NODES_PER_BATCH / nodes)), 1)
    low, high = EPOCHS
    n_graphs = min(N_GRAPHS, int(N_NODES / nodes))
    max_epochs = min(max(n_graphs // len(sizes), low), high)
    return GrowthChoice(
        batch_size=_given(params.batch_size, batch_size),
        n_steps=n_steps,
        max_nodes=_given(params.max_nodes, MARGIN * int(sizes.max())),
        max_epochs=_given(params.max_epochs, max_epochs),
        weight_decay=params.weight_decay,
    )


def _given(value, auto):
    return auto if isinstance(value, str) else int(value)
