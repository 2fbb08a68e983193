"""Outputs for pairs of nodes in graphs from which edges are removed."""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import shortest_path

from skattn._batch import PairCollator
from skattn._batch._candidates import Candidates, edge_candidates
from skattn._batch._copies import COPY_SIZE, evaluate_copies
from skattn._training import AttentionNet, default_modes, pair_outputs
from skattn._training._finite import check_outputs
from skattn.graph import Graph
from skattn.graph._answer_graph import AnswerGraph
from skattn.graph._field import AdjacencyRows, Extent, walk_all
from skattn.graph._labels import as_index
from skattn.graph._link_context import LinkContext

STRUCTURAL_HOPS = 2
"""Hops from a pair within which edges have a part in its structural features."""


@dataclass(frozen=True, eq=False)
class PreparedPairs:
    """Pairs of fitted nodes, as the input of an explanation."""

    X: Any
    """As passed by the user."""
    pairs: NDArray[np.int64]
    """(n_pairs, 2) positions of source and target."""
    features: NDArray[np.float32]
    """(n_pairs, n_row_features) standardised features of the rows."""
    context: LinkContext
    """The context of the fit."""

    has_many_graphs: ClassVar[bool] = False
    nodes: ClassVar[None] = None
    """The view is the whole graph."""

    @cached_property
    def view(self) -> Graph:
        """The graph of the fitted links with its names; targets are the sources."""
        graph, labels = self.context.graph, self.context.names.labels
        nodes = None if labels is None else as_index(labels)
        return graph._replaced(nodes=nodes)[self.pairs[:, 0]]


@dataclass(frozen=True, eq=False)
class PairGraph(AnswerGraph):
    """Part of a graph that determines the answer for a pair."""

    ends: tuple[int, int] = (0, 1)
    """Positions of source and target in `nodes`."""
    row: int = 0
    """Number of the pair."""


@dataclass(frozen=True, eq=False)
class PairRemoval:
    """A fitted network and pairs, in a graph of which edges can be removed.

    Each pair is answered as in a prediction: a known link without the tenth of the
    known links to which it belongs. An edge is removed in both directions, also from
    the structural features of the pair.
    """

    prepared: PreparedPairs
    """The pairs."""
    net: AttentionNet
    """The fitted network."""
    collator: PairCollator
    """Conversion of pairs to batches."""
    extent: Extent | None
    """Hops of the network's layers; None if a node depends on all others."""

    is_directed: ClassVar[bool] = False
    uses_labels: ClassVar[bool] = False
    has_gradients: ClassVar[bool] = False
    """Structural features are no differentiable functions of the edges."""

    def candidates(self, of, rows=None, baseline=None):
        """List the edges that each pair depends on, see `Removal.candidates`."""
        numbers = range(len(self.prepared.pairs)) if rows is None else rows
        return edge_candidates([self._around(row) for row in numbers], directed=False)

    @default_modes()
    def outputs(self, candidates, kept, *, max_size=COPY_SIZE):
        """Compute the outputs of pairs without some edges, see `Removal.outputs`."""
        self.net.move_to(self.collator.device)
        self.net._set_training(False)
        found = []
        for each, rows in zip(candidates, kept, strict=True):
            (outputs,) = evaluate_copies(
                [each],
                [rows],
                partial(self._evaluate, each.answer),
                has_degree_features=False,
                max_size=1 if self.extent is None else max_size,
            )
            check_outputs(outputs)
            found.append(outputs)
        return found

    def gated(self, candidates, *, partial=False):
        """Refuse gradients."""
        raise ValueError(
            "explanations of pairs have no gradients: common neighbours and walks "
            "change in steps. Use method='occlusion' or 'shapley'."
        )

    def size_of_copies(self, candidates: Candidates) -> int:
        """Return the nodes and edges of copies without each candidate."""
        return len(candidates) * candidates.size

    def nearest(self, candidates: Candidates, n: int) -> NDArray[np.int64]:
        """Return the n edges on the shortest paths between both nodes, ascending.

        Of paths of one length, those of nodes with few edges come first.
        """
        answer = candidates.answer
        assert isinstance(answer, PairGraph)
        adjacency = answer.graph.adjacency
        hops = shortest_path(
            adjacency, directed=False, unweighted=True, indices=answer.ends
        )
        a, b = candidates.ends.T
        length = np.minimum(hops[0, a] + hops[1, b], hops[0, b] + hops[1, a])
        degree = np.diff(adjacency.indptr).astype(np.float64)
        return np.sort(np.lexsort((degree[a] * degree[b], length))[:n])

    def _around(self, row: int) -> PairGraph:
        """Cut out the part of the graph that a pair depends on."""
        graph = self._graphs[row]
        pair = self.prepared.pairs[row]
        if self.extent is None:
            nodes = np.arange(graph.n_nodes)
            return PairGraph(graph, nodes, None, ends=tuple(pair.tolist()), row=row)
        n_hops = max(self.extent.radius, STRUCTURAL_HOPS)
        rows, position = AdjacencyRows(graph.adjacency), np.zeros(graph.n_nodes, int)
        found = walk_all(rows, pair, n_hops, position)
        entries, features = found.edges.entries, graph.edge_features
        part = Graph._trusted(
            found.adjacency(rows.weights(entries)),
            np.empty((len(found.nodes), 0), np.float32),
            None if features is None else features[entries],
            None,
        )
        return PairGraph(part, found.nodes, None, row=row)

    @cached_property
    def _graphs(self) -> list[Graph]:
        """Return the graph in which each pair is predicted."""
        context = self.prepared.context
        parts = context.folds(self.prepared.pairs).tolist()
        nothing = np.empty((context.n_nodes, 0), np.float32)
        graphs = {
            part: context.without_fold(part)._replaced(X=nothing) for part in set(parts)
        }
        return [graphs[part] for part in parts]

    def _evaluate(self, answer, copies):
        """Compute the outputs of copies of a pair's graph, (n_copies, n_outputs)."""
        whole, starts = copies.collection.whole, copies.collection.node_ptr[:-1]
        context = replace(
            self.collator.context,
            graph=whole,
            features=self.collator.context.features[copies.origin],
        )
        features = self.collator.features[copies.origin]
        collator = replace(self.collator, context=context, features=features)
        pairs = starts[:, None] + np.array(answer.ends)
        rows = np.repeat(self.prepared.features[[answer.row]], len(pairs), axis=0)
        return pair_outputs(self.net, collator, whole, pairs, rows)
