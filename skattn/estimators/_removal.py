"""Outputs of a fitted network for an input from which parts are removed."""

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skattn._batch._affected import Affected
from skattn._batch._candidates import (
    edge_candidates,
    feature_candidates,
    is_directed,
    node_candidates,
)
from skattn._batch._copies import COPY_SIZE, by_distance, evaluate_copies
from skattn._batch._gates import GatedBatch, gated_batch
from skattn._training import AttentionNet, Objective, default_modes
from skattn._training._finite import CAUSE
from skattn.estimators._input_spec import InputSpec
from skattn.graph import Graph
from skattn.graph._answer_graph import answer_graphs
from skattn.graph._collection import GraphCollection
from skattn.graph._standardization import Standardization
from skattn.nn._convolution import with_degree
from skattn.nn._rows import take_rows

SHARED_FROM = 1 << 14
"""Nodes and edges of whole copies from which sharing nodes takes less time."""


@dataclass(frozen=True, eq=False)
class Removal:
    """A fitted network and a prepared input, of which edges or nodes can be removed.

    An estimator makes it: ``estimator._removal(estimator._prepare(X, adjacency))``.
    """

    view: Graph | GraphCollection
    """Graphs with checked features, not standardised; the targets are the rows of X."""
    spec: InputSpec
    """Conversion of views to batches."""
    net: AttentionNet
    """The fitted network and its objective."""
    device: torch.device
    """Device of the batches."""
    has_degree_features: bool
    """Whether the features of the view are computed from degrees."""
    feature_of: NDArray[np.int64] | None = None
    """(n_columns,) feature of each column of the view; None if they are the same."""
    nodes: NDArray[np.int64] | None = None
    """(n_nodes,) positions of the view's nodes in the whole graph; None if the same."""

    has_gradients: ClassVar[bool] = True
    """Whether outputs have gradients, at least partial ones."""

    def candidates(self, of, rows=None, baseline=None):
        """List the candidates for removal of each answer.

        Parameters
        ----------
        of : {"edges", "nodes", "features"}
            Edges (in an undirected graph both directions at once), the features of
            nodes, which become the baseline, or features of all nodes at once.
        rows : ndarray of shape (n_answers,), int, or None, default=None
            Positions of the rows of X to explain; None for all.
        baseline : ndarray of shape (n_features,) or None, default=None
            Removed features, in the units of X; not for "edges".

        Returns
        -------
        list of Candidates
            One per answer, with the part of the graph that the answer depends on.

        Raises
        ------
        ValueError
            If features are sparse and the baseline is not zero.
        """
        view = self.view if rows is None else self.view[rows]
        answers = answer_graphs(view, self._extent)
        if of == "edges":
            scaling = self._early_scaling(of)
            if scaling is not None:
                answers = _standardized(answers, scaling)
            return edge_candidates(answers, directed=self.is_directed)
        if of == "nodes":
            return node_candidates(answers, baseline)
        columns = np.arange(len(baseline))
        feature_of = columns if self.feature_of is None else self.feature_of
        return feature_candidates(answers, baseline, feature_of)

    @default_modes()
    def outputs(self, candidates, kept, *, max_size=COPY_SIZE):
        """Compute the outputs of answers without the candidates that are not kept.

        Exact for every network: edges are removed from the graph of the user.

        Parameters
        ----------
        candidates : list of Candidates
            From :meth:`candidates`, or some of them.
        kept : list of ndarray of shape (n_copies, n_candidates), bool, or `WithoutEach`
            For each answer, the candidates that each of its copies keeps.
        max_size : int
            Maximum number of nodes and edges of a batch of copies, if no single copy
            has more. The outputs do not depend on it.

        Returns
        -------
        list of ndarray of shape (n_copies, n_outputs), float32
            Outputs of the network for the copies of each answer.

        Raises
        ------
        ValueError
            If an output is not finite.
        """
        self.net.move_to(self.device)
        of = candidates[0].of if candidates else None
        found = evaluate_copies(
            candidates,
            kept,
            lambda copies: self._evaluate(copies, of),
            has_degree_features=self.has_degree_features,
            affected_by=self._affected_by,
            max_size=max_size,
        )
        if not all(np.isfinite(outputs).all() for outputs in found):
            raise ValueError(
                "the network's outputs must be finite, but are NaN or infinite for "
                f"some of the graphs, whole or without an edge or a node. {CAUSE}"
            )
        return found

    @default_modes()
    def gated(self, candidates, *, partial=False):
        """Make the outputs of answers a differentiable function of gates.

        Parameters
        ----------
        candidates : list of Candidates
            From :meth:`candidates`, or some of them, possibly repeated.
        partial : bool, default=False
            Whether k-hop neighbourhoods and positional encodings may remain those of
            the whole graph, which suffices for a ranking, instead of an error.

        Returns
        -------
        GatedOutputs
            Equal to :meth:`outputs` where gates are 0 or 1, with `label_inputs` where
            they are 1; its gradients are exact (for a fixed selection of nodes by
            ``readout="max"`` or "hierarchical"). It is one batch: many answers need
            several calls.

        Raises
        ------
        ValueError
            If candidates are edges and the outputs depend on them in steps, so that
            there is no gradient: with ``hops`` beyond 1 or a positional encoding.
        """
        scaling, of = None, candidates[0].of
        if of == "edges":
            if not partial:
                self._check_smooth()
            if self.has_degree_features:
                scaling = self.spec.feature_scaling or Standardization.identity(2)
        batch = gated_batch(
            candidates,
            lambda copies: self._batch(copies, of),
            degree_scaling=scaling,
        )
        return GatedOutputs(batch, self.net.objective, self._frozen_module)

    def _check_smooth(self):
        if not self._steps:
            return
        raise ValueError(
            "outputs must be differentiable functions of the edges to have gradients, "
            f"which they are not with {' and '.join(self._steps)}. Use "
            'method="occlusion", which removes the edges, or of="features".'
        )

    @property
    def uses_labels(self):
        """Whether known labels are inputs: outputs then jump as a gate becomes 0.

        A receiver whose last labelled sender is removed has zeros instead of a label.
        """
        return self.spec.label_inputs is not None

    @cached_property
    def _steps(self):
        """Return the options by which outputs depend on edges in steps."""
        steps = [f"hops={k}" for k in self.spec.hops if k > 1]
        if self.spec.positional is not None:
            steps.append(f"positional={self.spec.positional!r}")
        return steps

    @cached_property
    def is_directed(self):
        """Whether an edge of the view has no edge in the other direction."""
        graph = self.view if isinstance(self.view, Graph) else self.view.whole
        return is_directed(graph.adjacency)

    @cached_property
    def _extent(self):
        """Return the hops that an answer depends on, None for its whole graph."""
        extent = self.spec.extent(self.net.objective)
        if extent is None or not isinstance(self.view, Graph):
            return None
        uses_weights = extent.uses_degrees or extent.sums_weights
        if uses_weights and self.view.is_weighted and self.is_directed:
            return None  # a node without senders takes the mean weight of its receivers
        degrees = extent.uses_degrees or self.has_degree_features
        return replace(extent, uses_degrees=degrees)

    def size_of_copies(self, candidates):
        """Return the nodes and edges that copies without each candidate add."""
        affected = self._affected_by(candidates)
        if affected is None:
            return len(candidates) * candidates.size
        return int(affected.size_of_each.sum())

    def _affected_by(self, candidates):
        """Return the nodes that removals affect, None if copies share no others."""
        extent = self._extent
        if candidates.of == "features" or extent is None or max(extent.hops) > 1:
            return None
        if len(candidates) * candidates.size < SHARED_FROM:
            return None
        if candidates not in self._affected:
            n_hops = int(extent.distances[-1])
            self._affected[candidates] = Affected.of(
                candidates, n_hops, changes_inputs=extent.uses_degrees
            )
        return self._affected[candidates]

    @cached_property
    def _affected(self):
        """Affected nodes by candidates, while these are in use."""
        return WeakKeyDictionary()

    def _early_scaling(self, of):
        """Return the standardisation of features before they are copied, or None.

        Without an edge they are the same, unless they are computed from degrees.
        """
        if of == "edges" and not self.has_degree_features:
            return self.spec.feature_scaling
        return None

    def _evaluate(self, copies, of):
        batch = completed(self._batch(copies, of), self.net.objective)
        return self.net.evaluation_step((batch, None))

    def _batch(self, copies, of):
        spec = self.spec
        if self._early_scaling(of) is not None:
            spec = replace(spec, feature_scaling=None)
        batch = spec.batch(copies.collection, copies.targets)
        if copies.distance is not None:
            batch = by_distance(batch, copies.distance, self._extent.distances)
        if self.spec.label_inputs is not None:
            known = [part[copies.origin] for part in self._known_labels]
            batch = self.spec.label_inputs.added(batch, *known)
        return batch.to(self.device)

    @cached_property
    def _known_labels(self):
        """Return the label and the identity of every node of the view."""
        assert self.spec.label_inputs is not None
        return self.spec.label_inputs.in_graph(self.view, self.nodes)

    @cached_property
    def _frozen_module(self):
        """Return a copy of the network without gradients of its weights."""
        module = deepcopy(self.net.module_).to(self.device).eval()
        return module.requires_grad_(requires_grad=False)


@dataclass(frozen=True, eq=False)
class GatedOutputs:
    """Outputs of answers as a differentiable function of the gates of candidates."""

    batch: GatedBatch
    objective: Objective
    module: nn.Module
    """In evaluation mode; its weights have no gradients."""

    @property
    def ptr(self) -> NDArray[np.int64]:
        """Gates of each answer, (n_answers + 1,): from ``ptr[k]`` to ``ptr[k + 1]``."""
        return self.batch.ptr

    @default_modes()
    def __call__(self, gates: Tensor) -> Tensor:
        """Compute the outputs of answers.

        Parameters
        ----------
        gates : Tensor of shape (n_gates,), float32
            Numbers in [0, 1]. The gradient with respect to the gate of an edge is NaN
            at 0.

        Returns
        -------
        Tensor of shape (n_answers, n_outputs)
            Outputs of the network, differentiable with respect to the gates.
        """
        gates = gates.to(next(self.module.parameters()).device)
        batch = completed(self.batch.at(gates), self.objective)
        return self.objective.outputs(self.module, batch)


def completed(batch, objective):
    """Return a batch of cut graphs with the degrees of its nodes, if they are needed.

    Of the farthest nodes, which only have a part in degrees, the features are left out.
    """
    structure = batch.structure
    if not structure.reach:
        return batch
    if objective.spec.uses_degrees:
        structure = with_degree(structure)
    x = take_rows(batch.x, slice(0, structure.reach[-1]))
    return replace(batch, x=x, structure=structure)


def _standardized(answers, scaling):
    """Standardise the features of answers' graphs, of shared ones once."""
    graphs = {id(each.graph): each.graph for each in answers}
    scaled = {
        key: graph._replaced(X=scaling.apply(graph.X)) for key, graph in graphs.items()
    }
    return [replace(each, graph=scaled[id(each.graph)]) for each in answers]
