"""Objective and batches of growing graphs."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import torch
from skorch.callbacks import GradientNormClipping
from torch import Generator, Tensor, nn

from skattn._batch import (
    GrowthBatch,
    GrowthColumns,
    LabelledGraphs,
    Order,
    all_steps,
    batches,
    drawn_steps,
    make_contexts,
)
from skattn._training._batch_source import Size
from skattn._training._parts import Parts
from skattn._training._threads import one_thread
from skattn._training._work import MAX_PARTS
from skattn.nn import GrowthNetwork, GrowthSpec

DROPPED = 0.1
"""Share of the training graphs whose condition is hidden, so that it is optional."""
_FIXED_SEED = 20260101
"""Seed of the orders of validation, equal in every epoch."""


NODES_PER_PART = 4096
"""Nodes of a part of a batch: two parts of 3000 take 10 % longer than one of 6000."""
MAX_NORM = 1.0
"""Maximum norm of the gradients of a training step."""


def clip_gradients() -> GradientNormClipping:
    """Return the callback that limits the norm of the gradients."""
    return GradientNormClipping(MAX_NORM)


@dataclass(frozen=True)
class Growth:
    """Objective of growing graphs: minus the log-probability of graph and order."""

    spec: GrowthSpec
    """Sizes of the network."""
    order: Order
    """Law of the order in which nodes are added."""

    @property
    def hops(self) -> tuple[int, ...]:
        """Hops of each layer."""
        return (1,) * self.spec.n_layers

    @property
    def columns(self) -> GrowthColumns:
        """Numbers of labels and conditions of a context."""
        spec = self.spec
        return GrowthColumns(spec.n_labels, spec.n_edge_labels, spec.n_conditions)

    def module(self, n_features: int) -> GrowthNetwork:
        """Make the network; its number of features follows from the labels."""
        return GrowthNetwork(self.spec)

    def loss(
        self,
        module: GrowthNetwork,
        batch: GrowthBatch,
        labels: None,
        generator: Generator | None,
    ) -> tuple[Tensor, Tensor]:
        """Compute the mean loss of the graphs of a batch, in nats."""
        log_p = module(batch.x, batch.structure, batch.steps, generator)
        return -(log_p * batch.weight).sum() / len(batch), log_p

    def validate(
        self, module: GrowthNetwork, batch: GrowthBatch, labels: None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Compute loss, score (minus the loss) and outputs of a validation batch."""
        with one_thread():  # no sum depends on the number of threads
            loss, log_p = self.loss(module, batch, labels, None)
        return loss, -loss, log_p

    def outputs(self, module: GrowthNetwork, batch: GrowthBatch) -> Tensor:
        """Compute the log-probabilities of the steps in evaluation mode."""
        module.eval()
        log_p: Tensor = module(batch.x, batch.structure, batch.steps)
        return log_p


@dataclass(frozen=True, eq=False)
class GrowthParts(Parts):
    """Training batch of growing graphs, divided for threads."""

    source: "GrowthBatches"
    """Source of the contexts."""
    numbers: list[np.ndarray]
    """Graph numbers of each part."""
    seeds: list[int]
    """Seed of each part's generator."""
    n_threads: int
    """Maximum number of threads."""

    def __len__(self) -> int:
        return sum(map(len, self.numbers))

    def make(self, k: int, generator: Generator) -> tuple[GrowthBatch, None]:
        """Draw the contexts of a part; the loss is divided by the whole batch."""
        batch = self.source.make(self.numbers[k], generator)
        return replace(batch, n_graphs=len(self)), None


@dataclass(frozen=True, eq=False)
class GrowthBatches:
    """Contexts of graphs in new orders, which are drawn anew in every epoch."""

    graphs: LabelledGraphs
    """All graphs."""
    conditions: np.ndarray
    """(n_graphs, n_conditions) float32."""
    objective: Growth
    """The objective, which has the order and the columns."""
    batch_size: int
    """Number of graphs in a batch."""
    n_steps: int
    """Maximum number of steps of a graph in an epoch, drawn at random."""
    device: torch.device = field(default=torch.device("cpu"))
    """Device of the batches."""
    n_parts: int = 1
    """Number of parts of a training batch on the CPU."""
    n_threads: int = 1
    """Maximum number of threads for them."""

    has_constant_size: ClassVar[bool] = False
    remedy: ClassVar[str] = "Decrease batch_size or steps_per_graph"

    def __len__(self) -> int:
        return len(self.graphs)

    @property
    def n_features(self) -> int:
        """Number of columns of a context's nodes."""
        return self.objective.spec.n_features

    @property
    def whole(self) -> GrowthBatch:
        """Contexts of all graphs in one batch."""
        return self.make(np.arange(len(self)), None)

    @property
    def size(self) -> Size:
        """Mean numbers of nodes, feature values and edges of a batch."""
        sizes = self.graphs.sizes
        share = np.minimum(1, self.n_steps / (sizes + 1))
        n_edges = np.diff(self.graphs.structure.indptr[self.graphs.structure.node_ptr])
        nodes = share * (sizes + 1) * (sizes + 2) / 2
        edges = 3 * nodes + share * (sizes + 1) * n_edges / 3
        rows, links = (
            float(x.mean()) * min(self.batch_size, len(self)) for x in (nodes, edges)
        )
        return Size(rows, rows * self.n_features, links)

    @property
    def batch_content(self) -> str:
        """Description of a batch for error messages."""
        return f"{self.batch_size} graphs"

    def epoch(
        self, generator: Generator | None
    ) -> Iterator[tuple[GrowthBatch | GrowthParts, None]]:
        """Iterate over the batches of an epoch."""
        for numbers in batches(len(self), self.batch_size, generator):
            if generator is None or self.device.type != "cpu":
                yield self.make(numbers, generator).to(self.device), None
                continue
            parts = np.array_split(numbers, min(self.n_parts, len(numbers)))
            seeds = torch.randint(2**62, (len(parts),), generator=generator).tolist()
            yield GrowthParts(self, parts, seeds, self.n_threads), None

    def largest_batch(self) -> None:
        """Return None: the steps of a batch are drawn."""

    def with_microbatches(self, module: nn.Module, work: float) -> "GrowthBatches":
        """Divide training batches on the CPU into parts for threads."""
        n_parts = min(max(int(self.size.rows / NODES_PER_PART), 1), MAX_PARTS)
        # torch's anomaly detection hangs in several threads
        n_threads = 1 if torch.is_anomaly_enabled() else torch.get_num_threads()
        return replace(self, n_parts=n_parts, n_threads=n_threads)

    def make(self, numbers: np.ndarray, generator: Generator | None) -> GrowthBatch:
        """Make the contexts of some graphs; without a generator, always the same."""
        seeds, conditions = (_FIXED_SEED, _FIXED_SEED), self.conditions[numbers]
        if generator is not None:
            drawn = torch.randint(2**62, (2,), generator=generator).tolist()
            seeds = drawn[0], drawn[1]
            if conditions.shape[1]:
                kept = torch.rand(len(numbers), generator=generator) >= DROPPED
                conditions = conditions * kept.numpy()[:, None]
        order = self.objective.order
        graphs = self.graphs.take(numbers).ordered(order, seeds[0]).graphs
        if graphs.sizes.max() < self.n_steps:
            steps, weight = all_steps(graphs), None
        else:
            steps, weight = drawn_steps(graphs, self.n_steps, seeds[1])
        return make_contexts(
            graphs,
            steps,
            self.objective.columns,
            order=order,
            conditions=conditions,
            weight=weight,
        )
