"""Graph encoder: a stack of attention blocks."""

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Generator, Tensor, nn

from skattn.nn._block import AttentionBlock
from skattn.nn._block_spec import BlockSpec, without_attention
from skattn.nn._chunks import MAX_EDGES, check_chunks, chunks, gather, in_chunks
from skattn.nn._convolution import with_degree
from skattn.nn._init import Resettable
from skattn.nn._jumping_knowledge import Combination, JumpingKnowledge
from skattn.nn._label_attention import LabelAttention
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure


class GraphEncoder(Resettable):
    """Graph encoder: a stack of attention blocks.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    widths : sequence of int
        Output width of every block; each divisible by ``spec.n_heads``.
    spec : BlockSpec
        Options of the blocks.
    input_dropout : float, optional
        Dropout on the node features; ``spec.dropout`` if not given.
    jumping : {"concat", "attention"}, optional
        Combination of the outputs of all blocks, by
        :class:`~skattn.nn.JumpingKnowledge`; the last output alone if not given.
    n_feature_layers : int, default=0
        Number of leading blocks without message passing.
    n_label_columns : int, default=0
        Number of columns of ``structure.labels``: a :class:`~skattn.nn.LabelAttention`
        beside the last block appends the known labels of other nodes to the codes.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import BlockSpec, GraphEncoder
    >>> from skattn.ops import Edges
    >>> edges = Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2)
    >>> encoder = GraphEncoder(4, [16, 8], BlockSpec(n_heads=2))
    >>> encoder(torch.randn(2, 4), edges).shape
    torch.Size([2, 8])
    """

    def __init__(
        self,
        in_features: int,
        widths: Sequence[int],
        spec: BlockSpec,
        *,
        input_dropout: float | None = None,
        jumping: Combination | None = None,
        n_feature_layers: int = 0,
        n_label_columns: int = 0,
    ) -> None:
        super().__init__()
        ends = [in_features, *widths]
        self.blocks = nn.ModuleList(
            AttentionBlock(
                ends[k],
                ends[k + 1],
                without_attention(spec) if k < n_feature_layers else spec,
                input_dropout=input_dropout if k == 0 else None,
            )
            for k in range(len(widths))
        )
        self.jumping = JumpingKnowledge(widths, jumping) if jumping and widths else None
        self.labels: LabelAttention | None = None
        if n_label_columns and widths:
            head_dim = ends[-1] // spec.n_heads
            self.labels = LabelAttention(
                ends[-2], head_dim, n_label_columns, n_heads=spec.n_heads
            )
        self.out_features = ends[-1] + self.n_label_features

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor | SparseMatrix:
        """Encode all nodes.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.
        generator : torch.Generator, optional
            Generator of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_nodes, out_features)
            Codes of the nodes; for a sampled graph, of the nodes that the following
            layers need. ``x`` itself if there are no blocks.
        """
        structure = as_structure(structure)
        layers: list[Tensor] = []
        last, known = len(self.blocks) - 1, None
        for k, block in enumerate(self.blocks):
            if self.labels is not None and k == last:
                known = self.labels(x, structure.layer(k), generator=generator)
            x = h = block(x, structure.layer(k), generator=generator)
            if self.jumping is not None:
                layers.append(h)
        if self.jumping is not None:
            x = self.jumping([layer[: len(x)] for layer in layers])
        return _side_by_side(x, known)

    @property
    def n_label_features(self) -> int:
        """Number of columns of the codes, the last ones, that hold labels of others."""
        return 0 if self.labels is None else self.labels.out_features

    @property
    def takes_chunks(self) -> bool:
        """Whether :meth:`forward_in_chunks` is possible: not with global attention."""
        return all(block.global_attention is None for block in self._blocks)

    @property
    def _blocks(self) -> list[AttentionBlock]:
        return list(cast("Iterable[AttentionBlock]", self.blocks))

    @torch.no_grad()
    def forward_in_chunks(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        max_edges: int = MAX_EDGES,
    ) -> Tensor | SparseMatrix:
        """Encode all nodes in chunks of receivers, to save memory.

        Same result as :meth:`forward` in evaluation mode, without gradients. Layers are
        computed one after the other: only input, output and projections of one layer
        are held for all nodes.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.
        max_edges : int
            Maximum number of edges of a chunk, if no single receiver has more.

        Returns
        -------
        Tensor of shape (n_nodes, out_features)
            Codes of the nodes, as :meth:`forward`.

        Raises
        ------
        ValueError
            If the module is in training mode or has global attention.
        """
        check_chunks(self, max_edges)
        structure = as_structure(structure)
        layers: list[Tensor] = []
        if any(block.convolution is not None for block in self._blocks):
            structure = with_degree(structure)
        layer, last, known = structure, len(self.blocks) - 1, None
        for k, block in enumerate(self._blocks):
            layer = structure.layer(k)
            if self.labels is not None and k == last:
                known = in_chunks(self.labels, x, layer, max_edges)
            x = h = in_chunks(block, x, layer, max_edges)
            if self.jumping is not None:
                layers.append(h)
        if self.jumping is not None:
            parts = (
                (rows, self.jumping([each[rows] for each in layers]))
                for rows, _ in chunks(layer, max_edges)
            )
            x = gather(parts, len(x))
        return _side_by_side(x, known)

    def attention_weights(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
    ) -> tuple[list[Tensor], Tensor | SparseMatrix]:
        """Compute the attention weights of all blocks, and the codes of the nodes.

        Without dropout.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.

        Returns
        -------
        weights : list of Tensor of shape (n_edges, n_heads)
            Weights per block with attention, of the heads that attend along the edges.
        codes : Tensor of shape (n_nodes, widths[-1])
            Output of :meth:`forward`, without the labels of other nodes.
        """
        structure = as_structure(structure)
        found, layers = [], []
        for block in self._blocks:
            x, weights = block.forward_with_weights(x, structure)
            layers.append(x)
            if weights is not None:
                found.append(weights)
        return found, x if self.jumping is None else self.jumping(layers)


def _side_by_side(
    codes: Tensor | SparseMatrix, known: Tensor | None
) -> Tensor | SparseMatrix:
    """Append the labels of other nodes to codes, if there are any."""
    if known is None:
        return codes
    return torch.cat([cast("Tensor", codes), known], 1)
