"""Samples of graphs that grow node by node."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from skattn._batch import GrowthBatch, LabelledGraphs, last_steps, make_contexts
from skattn._training._growth import Growth
from skattn._training._parts import map_parts
from skattn.nn import GrowthNetwork
from skattn.ops._draw_rows import choose

MAX_GRAPHS = 128
"""Number of graphs that grow at once."""


@dataclass(frozen=True, eq=False)
class Grown:
    """Graphs that a network grew."""

    graphs: list[LabelledGraphs]
    """One graph each, in the order of the starts."""
    n_cut: int
    """Number of graphs that did not end before the maximum number of nodes."""


@dataclass(frozen=True, eq=False)
class Growing:
    """State of growing graphs."""

    graphs: LabelledGraphs
    """Ordered graphs that are not complete."""
    numbers: np.ndarray
    """(n_graphs,) int64: their positions among all."""
    conditions: np.ndarray
    """(n_graphs, n_conditions) float32."""


@dataclass(frozen=True, eq=False)
class Grower:
    """Sampler of a growth network."""

    objective: Growth
    """The objective of the network."""
    module: GrowthNetwork
    """The network, in evaluation mode on the device."""
    device: torch.device
    """Device of the computation."""
    max_nodes: int
    """Number of nodes at which a graph is cut."""
    temperature: float
    """Number by which all logits are divided."""

    def grow(
        self, starts: LabelledGraphs, conditions: np.ndarray, generator: Generator
    ) -> Grown:
        """Grow graphs from ordered starts, which may be empty.

        Parameters
        ----------
        starts : LabelledGraphs
            Ordered graphs.
        conditions : ndarray of shape (n_graphs, n_conditions), float32
            Condition of each graph.
        generator : torch.Generator
            Source of all random numbers, on the CPU.
        """
        n_parts = -(-len(starts) // MAX_GRAPHS)
        parts = np.array_split(np.arange(len(starts)), n_parts)
        seeds = torch.randint(2**62, (n_parts,), generator=generator).tolist()

        def grow_part(k: int) -> Grown:
            state = starts.take(parts[k]), np.arange(len(parts[k]))
            own = torch.Generator().manual_seed(seeds[k])
            return self._grow(Growing(*state, conditions[parts[k]]), own)

        n_threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        grown = map_parts(range(n_parts), grow_part, n_threads)
        graphs = [graph for part in grown for graph in part.graphs]
        return Grown(graphs, sum(part.n_cut for part in grown))

    @torch.no_grad()
    def _grow(self, state: Growing, generator: Generator) -> Grown:
        """Grow graphs at the same time, until all have ended."""
        found: dict[int, LabelledGraphs] = {}
        n, n_cut = len(state.numbers), 0
        while len(state.numbers):
            state, ended, cut = self._step(state, generator)
            n_cut += cut
            for k, number in enumerate(ended.numbers.tolist()):
                found[number] = ended.graphs.take(np.array([k]))
        return Grown([found[k] for k in range(n)], n_cut)

    def _step(
        self, state: Growing, generator: Generator
    ) -> tuple[Growing, Growing, int]:
        """Add a node to each graph or end it; return both, and the number cut."""
        batch = self._contexts(state)
        codes = self.module.encode(batch.x, batch.structure)
        logits = self.module.label_logits(codes, batch.steps) / self.temperature
        uniform = torch.rand(len(logits), generator=generator).to(self.device)
        labels = choose(logits, uniform)
        ends = (labels == self.objective.spec.n_labels).cpu().numpy()
        is_full = state.graphs.sizes >= self.max_nodes
        kept = np.flatnonzero(~(ends | is_full))
        ended = _taken(state, np.flatnonzero(ends | is_full))
        n_cut = int((is_full & ~ends).sum())
        if not len(kept):
            return _taken(state, kept), ended, n_cut
        rows = torch.from_numpy(kept).to(self.device)
        live = _taken(state, kept)
        graphs = self._with_nodes(batch, codes, live, rows, labels[rows], generator)
        return Growing(graphs, live.numbers, live.conditions), ended, n_cut

    def _contexts(self, state: Growing) -> GrowthBatch:
        return make_contexts(
            state.graphs,
            last_steps(state.graphs),
            self.objective.columns,
            order=self.objective.order,
            conditions=state.conditions,
            ends_open=True,
        ).to(self.device)

    def _with_nodes(
        self,
        batch: GrowthBatch,
        codes: Tensor,
        state: Growing,
        rows: Tensor,
        labels: Tensor,
        generator: Generator,
    ) -> LabelledGraphs:
        """Draw the edges of the new nodes of these rows; return the larger graphs."""
        steps = batch.steps.take(rows, labels)
        uniform = torch.rand(len(steps.candidates), generator=generator)
        edges = self.module.chain.draw(
            codes, steps, uniform.to(self.device), self.temperature
        )
        first_nodes = steps.new.cpu().numpy() - state.graphs.sizes
        row_ptr = steps.row_ptr.cpu().numpy()
        shift = np.repeat(first_nodes, np.diff(row_ptr))
        return state.graphs.with_nodes(
            labels.cpu().numpy(),
            row_ptr,
            steps.candidates.cpu().numpy() - shift,
            edges.cpu().numpy(),
        )


def _taken(state: Growing, rows: np.ndarray) -> Growing:
    return Growing(state.graphs.take(rows), state.numbers[rows], state.conditions[rows])
