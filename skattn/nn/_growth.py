"""Network of growing graphs: the next node, and its row of edges."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy, silu

from skattn.nn._block_spec import BlockSpec
from skattn.nn._encoder import GraphEncoder
from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._row_chain import RowChain
from skattn.nn._scores import ScoreName
from skattn.ops import GraphStructure, GrowthSteps


@dataclass(frozen=True, kw_only=True)
class GrowthSpec:
    """Sizes of a growth network.

    Examples
    --------
    >>> from skattn.nn import GrowthSpec
    >>> GrowthSpec(n_labels=2, n_edge_labels=1).n_features
    7
    """

    n_labels: int
    """Number of labels of nodes."""
    n_edge_labels: int
    """Number of labels of edges."""
    n_conditions: int = 0
    """Number of columns of a graph's condition."""
    score: ScoreName = "gatv2"
    """Score function: "gatv2", "gat" or "dot"."""
    n_layers: int = 4
    """Number of attention blocks."""
    n_heads: int = 4
    """Number of heads."""
    hidden_dim: int = 64
    """Width of the codes."""
    dropout: float = 0.1
    """Dropout on the input of every block but the first."""
    must_link: bool = False
    """Whether every node but the first has an edge to an earlier one."""

    @property
    def n_features(self) -> int:
        """Number of columns of a context's nodes."""
        return self.n_labels + self.n_edge_labels + 4 + self.n_conditions


class GrowthNetwork(Resettable):
    """Distribution of the next node of a growing graph, given the nodes so far.

    A context is the graph so far and a new node that attends to all old ones and they
    to it. The code of the new node gives the probabilities of its label, or of the end
    of the graph; a :class:`~skattn.nn.RowChain` those of its edges.

    Parameters
    ----------
    spec : GrowthSpec
        Sizes.

    References
    ----------
    You et al., "GraphRNN: Generating Realistic Graphs with Deep Auto-regressive
    Models", ICML 2018; Liao et al., "Efficient Graph Generation with Graph Recurrent
    Attention Networks", NeurIPS 2019.
    """

    def __init__(self, spec: GrowthSpec) -> None:
        super().__init__()
        width = spec.hidden_dim
        block = BlockSpec(
            score=spec.score,
            n_heads=spec.n_heads,
            n_edge_features=spec.n_edge_labels + 3,
            feed_forward=2,
            dropout=spec.dropout,
            activation="silu",
        )
        self.encoder = GraphEncoder(
            spec.n_features, [width] * spec.n_layers, block, input_dropout=0.0
        )
        self.label_hidden = Linear(width, width)
        self.label_output = Linear(width, spec.n_labels + 1)
        self.chain = RowChain(
            width, spec.n_labels, spec.n_edge_labels, must_link=spec.must_link
        )

    def encode(
        self, x: Tensor, structure: GraphStructure, generator: Generator | None = None
    ) -> Tensor:
        """Compute the codes of all nodes of the contexts.

        Parameters
        ----------
        x : Tensor of shape (n_nodes, n_features)
            Columns of the nodes.
        structure : GraphStructure
            Edges, with one-hot edge features.
        generator : torch.Generator, optional
            Generator of the dropout masks.

        Returns
        -------
        Tensor of shape (n_nodes, hidden_dim)
            Codes.
        """
        codes: Tensor = self.encoder(x, structure, generator=generator)
        return codes

    def label_logits(self, codes: Tensor, steps: GrowthSteps) -> Tensor:
        """Compute the logits of the labels of the new nodes.

        Parameters
        ----------
        codes : Tensor of shape (n_nodes, hidden_dim)
            Codes of all nodes.
        steps : GrowthSteps
            The new nodes.

        Returns
        -------
        Tensor of shape (n_contexts, n_labels + 1)
            Logits; the last column is the end of the graph, impossible before the first
            node.
        """
        hidden = silu(self.label_hidden(codes[steps.new]))
        logits: Tensor = self.label_output(hidden)
        is_end = torch.arange(logits.shape[1], device=logits.device)
        impossible = steps.is_first[:, None] & (is_end == logits.shape[1] - 1)
        return logits.masked_fill(impossible, -torch.inf)

    def forward(
        self,
        x: Tensor,
        structure: GraphStructure,
        steps: GrowthSteps,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute the log-probability of every step.

        Parameters
        ----------
        x : Tensor of shape (n_nodes, n_features)
            Columns of the nodes.
        structure : GraphStructure
            Edges, with one-hot edge features.
        steps : GrowthSteps
            Labels and edges of the new nodes.
        generator : torch.Generator, optional
            Generator of the dropout masks.

        Returns
        -------
        Tensor of shape (n_contexts,)
            Logarithms of the probabilities of label and row, in nats.
        """
        codes = self.encode(x, structure, generator)
        logits = self.label_logits(codes, steps)
        of_label = -cross_entropy(logits, steps.label, reduction="none")
        log_p: Tensor = of_label + self.chain(codes, steps)
        return log_p
