"""A stack of attention blocks."""

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Generator, Tensor, nn

from skattn.nn._block import AttentionBlock, BlockSpec
from skattn.nn._chunks import MAX_EDGES, check_chunks, chunks, gather
from skattn.nn._convolution import with_degree
from skattn.nn._hops import HopAttention
from skattn.nn._jumping_knowledge import Combination, JumpingKnowledge
from skattn.nn._reset import Composite
from skattn.ops import Edges, GraphStructure, SparseMatrix, as_structure


class GraphEncoder(Composite):
    """Blocks of attention, one after the other.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    widths : sequence of int
        Width of every block's output; each divisible by ``spec.n_heads``.
    spec : BlockSpec
        What the blocks are made of.
    input_dropout : float, optional
        Dropout on the node features; ``spec.dropout`` if not given.
    jumping : {"concat", "attention"}, optional
        How the blocks' outputs are combined for every node; the last one's alone
        counts if not given.
    n_feature_layers : int, default=0
        In how many of the first blocks nodes see only themselves.

    Shape
    -----
    - Input: ``(n_nodes, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n_nodes, widths[-1])``; of a sampled graph, whose structure has a
      ``reach``, only the nodes that layers behind the blocks ask about
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
    ) -> None:
        super().__init__()
        ends = [in_features, *widths]
        self.blocks = nn.ModuleList(
            AttentionBlock(
                ends[k],
                ends[k + 1],
                spec.without_attention() if k < n_feature_layers else spec,
                input_dropout=input_dropout if k == 0 else None,
            )
            for k in range(len(widths))
        )
        self.jumping = JumpingKnowledge(widths, jumping) if jumping and widths else None
        self.out_features = ends[-1]

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor | SparseMatrix:
        """Encode every node.

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
        Tensor of shape (n_nodes, widths[-1])
            The encoding; ``x`` itself if there are no blocks.
        """
        structure = as_structure(structure)
        layers: list[Tensor] = []
        for k, block in enumerate(self.blocks):
            x = h = block(x, structure.layer(k), generator=generator)
            if self.jumping is not None:
                layers.append(h)
        if self.jumping is None:
            return x
        out: Tensor = self.jumping([layer[: len(x)] for layer in layers])
        return out

    @property
    def takes_chunks(self) -> bool:
        """Whether :meth:`forward_in_chunks` is possible: without global attention."""
        blocks = cast("Iterable[AttentionBlock]", self.blocks)
        return all(block.global_attention is None for block in blocks)

    @torch.no_grad()
    def forward_in_chunks(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        max_edges: int = MAX_EDGES,
    ) -> Tensor | SparseMatrix:
        """Encode every node, layer by layer, some receivers at a time.

        What :meth:`forward` returns in evaluation, without gradients and in less
        memory: of a layer's input, output and what nodes send there is one row per
        node, of everything else only what a chunk needs.

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
        Tensor of shape (n_nodes, widths[-1])
            The encoding; ``x`` itself if there are no blocks.

        Raises
        ------
        ValueError
            If the module is in training or has global attention.
        """
        check_chunks(self, max_edges)
        structure = as_structure(structure)
        layers: list[Tensor] = []
        blocks = list(cast("Iterable[AttentionBlock]", self.blocks))
        if any(block.convolution is not None for block in blocks):
            structure = with_degree(structure)
        for block in blocks:
            x = h = _in_chunks(block, x, structure, max_edges)
            if self.jumping is not None:
                layers.append(h)
        if self.jumping is None:
            return x
        parts = (
            (rows, self.jumping([layer[rows] for layer in layers]))
            for rows, _ in chunks(structure, max_edges)
        )
        return gather(parts, len(x))

    def attention_weights(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
    ) -> tuple[list[Tensor], Tensor | SparseMatrix]:
        """Compute what every layer looks at, and the encoding.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Who attends to whom; with edge features if and only if the spec has
            ``n_edge_features``.

        Returns
        -------
        weights : list of Tensor of shape (n_edges, n_heads)
            One entry per block that attends, of its heads along the edges.
        x : Tensor of shape (n_nodes, widths[-1])
            What :meth:`forward` returns.
        """
        weights, layers = [], []
        for block in cast("Iterable[AttentionBlock]", self.blocks):
            if isinstance(block.attention, HopAttention):
                weights.append(block.attention.attention_weights(x, structure))
            x = block(x, structure)
            layers.append(x)
        return weights, x if self.jumping is None else self.jumping(layers)


def _in_chunks(
    block: AttentionBlock,
    x: Tensor | SparseMatrix,
    structure: GraphStructure,
    max_edges: int,
) -> Tensor:
    sent = block.send(x)
    parts = (
        (rows, block.receive(x, rows, sent, part))
        for rows, part in chunks(structure, max_edges)
    )
    return gather(parts, len(x))
