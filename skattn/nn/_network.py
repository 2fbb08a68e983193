"""What an estimator trains: an encoder and an output for every node."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Generator, Tensor, nn

from skattn.nn._attention import edge_inputs
from skattn.nn._block_spec import BlockSpec, make_attention, make_residual
from skattn.nn._chunks import MAX_EDGES, chunks, gather, refuse_readout
from skattn.nn._encoder import GraphEncoder
from skattn.nn._init import Resettable
from skattn.nn._jumping_knowledge import Combination
from skattn.nn._linear import Linear
from skattn.nn._periodic import PeriodicEmbedding
from skattn.nn._readout import AttentionReadout, Readout, make_readout
from skattn.nn._rows import drop, take_rows
from skattn.ops import Edges, GraphStructure, SparseMatrix, as_structure

Output = Literal["linear", "attention"]
FeatureEmbedding = Literal["periodic"]


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """The shape of a network, apart from its input and output widths."""

    block: BlockSpec
    """What the blocks are made of."""
    n_layers: int = 2
    """Number of layers, an attending output among them."""
    n_feature_layers: int = 0
    """In how many of the first layers nodes see only themselves."""
    hidden_dim: int = 64
    """Total width of a hidden layer."""
    input_dropout: float | None = None
    """Dropout on the node features; ``block.dropout`` if None."""
    output: Output = "linear"
    """Whether the last hidden layer is mapped to the outputs or attends into them."""
    output_heads: int = 1
    """Heads of an attending output; their mean counts."""
    feature_embedding: FeatureEmbedding | None = None
    """What node features become before the first layer; None: nothing else."""
    jumping: Combination | None = None
    """How the hidden layers' outputs are combined; None: the last one's counts."""
    readout: Readout | None = None
    """How a graph's nodes become one vector; None: every node has outputs."""


class AttentionNetwork(Resettable):
    """An encoder, and one row of outputs for every node or every graph.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    n_outputs : int
        Width of the output: classes, labels or regression targets.
    spec : NetworkSpec
        What is between.

    Shape
    -----
    - Input: ``(n_nodes, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n_nodes, n_outputs)``; with a readout ``(n_graphs, n_outputs)``; of a
      sampled graph, whose structure has a ``reach``, one row per node asked about

    Raises
    ------
    ValueError
        If a readout is asked for and an output that attends as well.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import AttentionNetwork, BlockSpec, NetworkSpec
    >>> from skattn.ops import Edges
    >>> network = AttentionNetwork(4, 3, NetworkSpec(block=BlockSpec()))
    >>> edges = Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2)
    >>> network(torch.randn(2, 4), edges).shape
    torch.Size([2, 3])
    """

    def __init__(self, in_features: int, n_outputs: int, spec: NetworkSpec) -> None:
        super().__init__()
        attends = spec.output == "attention"
        if attends and spec.readout is not None:
            raise ValueError(
                'output must be "linear" where graphs are read out, got output='
                f'"attention" and readout={spec.readout!r}: a graph has no senders to '
                "attend to. Leave one of them out."
            )
        n_blocks = spec.n_layers - attends
        input_dropout = spec.input_dropout
        self.embedding: PeriodicEmbedding | None = None
        if spec.feature_embedding is not None:
            self.embedding = PeriodicEmbedding(in_features)
            in_features = self.embedding.out_features
        self.encoder = GraphEncoder(
            in_features,
            [spec.hidden_dim] * n_blocks,
            spec.block,
            input_dropout=input_dropout,
            jumping=spec.jumping,
            n_feature_layers=spec.n_feature_layers,
        )
        width = self.encoder.out_features
        self.readout = (
            None
            if spec.readout is None
            else make_readout(spec.readout, width, spec.block)
        )
        self.dropout = spec.block.dropout
        if n_blocks == 0 and input_dropout is not None:
            self.dropout = input_dropout
        self.attention = (
            make_attention(
                spec.block, width, n_outputs, n_heads=spec.output_heads, combine="mean"
            )
            if attends
            else None
        )
        self.linear: nn.Module | None = None
        if not attends:
            self.linear = Linear(width, n_outputs)
        else:
            self.linear = make_residual(spec.block, width, n_outputs)

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute every node's outputs, or every graph's if there is a readout.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Who attends to whom; with edge features if and only if the spec has
            ``n_edge_features``.
        generator : torch.Generator, optional
            Source of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_nodes, n_outputs) or (n_graphs, n_outputs)
            The outputs.
        """
        structure = as_structure(structure)
        x = self.encoder(self._embed(x), structure, generator=generator)
        if self.readout is not None:
            x = self.readout(x, structure, generator=generator)
        x = drop(x, self.dropout if self.training else 0.0, generator)
        if self.attention is None:
            return self._finish(x, None)
        given = edge_inputs(structure.layer(len(self.encoder.blocks)))
        attended = self.attention(x, **given, generator=generator)
        return self._finish(take_rows(x, slice(0, len(attended))), attended)

    def _embed(self, x: Tensor | SparseMatrix) -> Tensor | SparseMatrix:
        return x if self.embedding is None else self.embedding(x)

    def _finish(self, x: Tensor | SparseMatrix, attended: Tensor | None) -> Tensor:
        parts = [] if attended is None else [attended]
        if self.linear is not None:
            parts.append(self.linear(x))
        out: Tensor = sum(parts[1:], parts[0])
        return out

    @property
    def takes_chunks(self) -> bool:
        """Whether :meth:`forward_in_chunks` is possible."""
        return self.readout is None and self.encoder.takes_chunks

    @torch.no_grad()
    def forward_in_chunks(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        max_edges: int = MAX_EDGES,
    ) -> Tensor:
        """Compute every node's outputs, layer by layer, some receivers at a time.

        What :meth:`forward` returns in evaluation, without gradients and in less
        memory, see :meth:`GraphEncoder.forward_in_chunks`.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            As in :meth:`forward`; all nodes are receivers.
        max_edges : int
            Edges that are worked on at a time; more if a receiver has more.

        Returns
        -------
        Tensor of shape (n_nodes, n_outputs)
            The outputs.

        Raises
        ------
        ValueError
            If the network is in training, or has global attention or a readout.
        """
        if self.readout is not None:
            refuse_readout()
        structure = as_structure(structure)
        x = self._embed(x)
        x = self.encoder.forward_in_chunks(x, structure, max_edges=max_edges)
        attention = self.attention
        sent = None if attention is None else attention.send(x, None)

        def finish(rows: slice, part: GraphStructure) -> Tensor:
            attended = None
            if attention is not None and sent is not None:
                given = edge_inputs(part)
                attended = attention.receive(x, rows, sent, given, None)
            return self._finish(take_rows(x, rows), attended)

        parts = (
            (rows, finish(rows, part)) for rows, part in chunks(structure, max_edges)
        )
        return gather(parts, len(x))

    def attention_weights(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
    ) -> list[Tensor]:
        """Compute what every layer looks at.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Who attends to whom; with edge features if and only if the spec has
            ``n_edge_features``.

        Returns
        -------
        list of Tensor of shape (n_edges, n_heads)
            One entry per attention layer, an attending output among them; of a layer
            that looks several hops far, the heads that attend along the edges.
        """
        structure = as_structure(structure)
        weights, x = self.encoder.attention_weights(self._embed(x), structure)
        if self.attention is not None:
            given = edge_inputs(structure)
            weights.append(self.attention.attention_weights(x, **given))
        return weights

    def readout_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure | Edges
    ) -> Tensor:
        """Compute how much every node counts in its graph's vector.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            As in :meth:`forward`.

        Returns
        -------
        Tensor of shape (n_nodes, n_heads)
            Weights of the readout; those of one graph's nodes sum to 1 per head.

        Raises
        ------
        ValueError
            If the network's readout is not ``"attention"``.
        """
        if not isinstance(self.readout, AttentionReadout):
            raise ValueError(
                'readout must be "attention" for nodes to have weights, got '
                f"{self.readout!r}."
            )
        encoded: Tensor = self.encoder(self._embed(x), structure)
        return self.readout.attention_weights(encoded, structure)
