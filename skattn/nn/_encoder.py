"""A stack of attention blocks."""

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
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure


class GraphEncoder(Resettable):
    """A stack of attention blocks.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    widths : sequence of int
        Width of every block's output; each divisible by ``spec.n_heads``.
    spec : BlockSpec
        Options of the blocks.
    input_dropout : float, optional
        Dropout on the node features; ``spec.dropout`` if not given.
    jumping : {"concat", "attention"}, optional
        Combination of the blocks' outputs, see :class:`JumpingKnowledge`; the output
        of the last block if not given.
    n_feature_layers : int, default=0
        Number of leading blocks without message passing.

    Shape
    -----
    - Input: ``(n_nodes, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n_nodes, widths[-1])``; of a sampled graph, whose structure has a
      ``reach``, only the nodes that the following layers need
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
                without_attention(spec) if k < n_feature_layers else spec,
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
        """Encode all nodes.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data; with edge features if and only if the spec has
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
        """Encode all nodes, layer by layer, in chunks of receivers.

        Equals :meth:`forward` in evaluation, without gradients and in less memory: only
        a layer's input, output and projections have a row for every node.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            As in :meth:`forward`; all nodes are receivers.
        max_edges : int
            Edges of a chunk; more if a receiver has more.

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
        if any(block.convolution is not None for block in self._blocks):
            structure = with_degree(structure)
        for block in self._blocks:
            x = h = in_chunks(block, x, structure, max_edges)
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
        """Compute the attention weights of all layers, and the encoding, in evaluation.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            As in :meth:`forward`.

        Returns
        -------
        weights : list of Tensor of shape (n_edges, n_heads)
            One entry per block that attends, of its heads along the edges.
        x : Tensor of shape (n_nodes, widths[-1])
            Output of :meth:`forward`.
        """
        structure = as_structure(structure)
        found, layers = [], []
        for block in self._blocks:
            x, weights = block.forward_with_weights(x, structure)
            layers.append(x)
            if weights is not None:
                found.append(weights)
        return found, x if self.jumping is None else self.jumping(layers)
