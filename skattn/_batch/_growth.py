"""Contexts of growing graphs: the nodes so far, and a new one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch import _growth_kernels as kernels
from skattn._batch._labelled_graphs import ORDERS, LabelledGraphs, Order
from skattn.ops import EdgeData, Edges, GraphStructure, GrowthSteps


@dataclass(frozen=True)
class GrowthColumns:
    """Numbers of labels and conditions, which determine the columns of a context."""

    n_labels: int
    """Number of labels of nodes."""
    n_edge_labels: int
    """Number of labels of edges."""
    n_conditions: int = 0
    """Number of columns of a graph's condition."""


@dataclass(frozen=True, eq=False)
class GrowthBatch:
    """Contexts of growing graphs, as a disjoint union of small graphs.

    The context of step t has the first t nodes of a graph, the edges among them, and a
    new node, the last, which attends to all of them and they to it. Its length is the
    number of graphs.
    """

    x: Tensor
    """(n_context_nodes, n_features) float32: one-hot labels and "new"; degree per edge
    label; log(1 + age); log(1 + t); whether it is a candidate; the condition."""
    structure: GraphStructure
    """Edges with one-hot features: edge labels, self-loop, new to old, old to new."""
    steps: GrowthSteps
    """New nodes and rows of edges."""
    graph: Tensor
    """(n_contexts,) int64: graph of each context."""
    weight: Tensor
    """(n_contexts,) float32: weight of each context in the loss."""
    n_graphs: int
    """Number of graphs, by which the loss is divided."""

    def __len__(self) -> int:
        return self.n_graphs

    def to(self, device: torch.device) -> GrowthBatch:
        """Copy to a device; tensors already there are shared."""
        return GrowthBatch(
            self.x.to(device),
            self.structure.to(device),
            self.steps.to(device),
            self.graph.to(device),
            self.weight.to(device),
            self.n_graphs,
        )


def all_steps(graphs: LabelledGraphs) -> NDArray[np.int64]:
    """Return all steps (graph, t), t from 0 to the number of nodes, (n_steps, 2)."""
    counts = graphs.sizes + 1
    numbers = np.repeat(np.arange(len(graphs)), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return np.column_stack([numbers, np.arange(len(numbers)) - first])


def last_steps(graphs: LabelledGraphs) -> NDArray[np.int64]:
    """Return the step that adds a node to each graph, (n_graphs, 2)."""
    return np.column_stack([np.arange(len(graphs)), graphs.sizes])


def drawn_steps(
    graphs: LabelledGraphs, n_steps: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Draw at most `n_steps` steps of each graph; return them and their weights.

    The weighted sum over the steps has the expectation of the sum over all steps.
    """
    steps = all_steps(graphs)
    keys = np.random.default_rng(seed).random(len(steps))
    by_key = np.lexsort((keys, steps[:, 0]))
    counts = graphs.sizes + 1
    rank = np.arange(len(steps)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = np.sort(by_key[rank < n_steps])
    weight = counts / np.minimum(counts, n_steps)
    return steps[chosen], weight[steps[chosen, 0]].astype(np.float32)


def make_contexts(
    graphs: LabelledGraphs,
    steps: NDArray[np.int64],
    columns: GrowthColumns,
    *,
    order: Order,
    conditions: NDArray[np.float32] | None = None,
    weight: NDArray[np.float32] | None = None,
    ends_open: bool = False,
) -> GrowthBatch:
    """Make the contexts of some steps of ordered graphs.

    Parameters
    ----------
    graphs : LabelledGraphs
        Ordered graphs.
    steps : ndarray of shape (n_contexts, 2), int64
        Graph and number of old nodes of each context, sorted by graph.
    columns : GrowthColumns
        Numbers of labels and conditions.
    order : {"bfs", "dfs", "uniform"}
        Law of the order, which decides the candidates.
    conditions : ndarray of shape (n_graphs, n_conditions), float32, optional
        Condition of each graph.
    weight : ndarray of shape (n_contexts,), float32, optional
        Weights; 1 if not given.
    ends_open : bool, default=False
        Whether the context after the last node of a graph has candidates.
    """
    n, kind, structure = len(steps), ORDERS[order], graphs.structure
    if conditions is None:
        conditions = np.zeros((len(graphs), columns.n_conditions), np.float32)
    ptrs = node_ptr, edge_ptr, row_ptr = [np.empty(n + 1, np.int64) for _ in range(3)]
    kernels.count_contexts(kind, structure, steps, ends_open, *ptrs)
    width = columns.n_labels + columns.n_edge_labels + 4 + columns.n_conditions
    x = np.zeros((node_ptr[-1], width), np.float32)
    candidates, edge = (np.zeros(row_ptr[-1], np.int64) for _ in range(2))
    indptr = np.empty(node_ptr[-1] + 1, np.int64)
    senders = np.empty(edge_ptr[-1], np.int32)
    features = np.zeros((edge_ptr[-1], columns.n_edge_labels + 3), np.float32)
    kernels.fill_contexts(
        kind,
        structure,
        (graphs.node_labels, graphs.edge_labels),
        conditions,
        steps,
        (node_ptr, edge_ptr, row_ptr),
        (x, candidates, edge),
        (indptr, senders, features),
    )
    tensor = torch.from_numpy
    edges = Edges(tensor(indptr), tensor(senders), len(x))
    return GrowthBatch(
        x=tensor(x),
        structure=GraphStructure(
            edges, EdgeData(features=tensor(features)), node_ptr=tensor(node_ptr)
        ),
        steps=GrowthSteps(
            new=tensor(node_ptr[1:] - 1),
            label=tensor(_next_labels(graphs, steps, columns.n_labels)),
            row_ptr=tensor(row_ptr),
            candidates=tensor(candidates),
            edge=tensor(edge),
        ),
        graph=tensor(np.ascontiguousarray(steps[:, 0])),
        weight=torch.ones(n) if weight is None else tensor(weight),
        n_graphs=len(graphs),
    )


def _next_labels(
    graphs: LabelledGraphs, steps: NDArray[np.int64], n_labels: int
) -> NDArray[np.int64]:
    """Return the label of the node that each step adds, `n_labels` after the last."""
    nodes = graphs.structure.node_ptr[steps[:, 0]] + steps[:, 1]
    is_end = steps[:, 1] == graphs.sizes[steps[:, 0]]
    labels = np.append(graphs.node_labels, n_labels)
    return np.where(is_end, n_labels, labels[np.minimum(nodes, len(labels) - 1)])
