"""An attending output: the last layer attends into the outputs."""

import torch
from torch import Generator, Tensor

from skattn.nn._block_spec import BlockSpec, make_attention, make_residual
from skattn.nn._chunks import MAX_EDGES, chunks, gather
from skattn.nn._edge_inputs import edge_inputs
from skattn.nn._init import Resettable
from skattn.nn._rows import drop, take_rows
from skattn.ops import GraphStructure, SparseMatrix


class OutputAttention(Resettable):
    """Dropout, an attention whose heads are averaged, and a linear residual.

    Parameters
    ----------
    width : int
        Width of the codes.
    n_outputs : int
        Width of the outputs.
    spec : BlockSpec
        Options of the attention and the residual.
    n_heads : int
        Number of heads.
    dropout : float
        Dropout on the codes.

    Shape
    -----
    - Input: ``(n_nodes, width)``, dense or sparse
    - Output: ``(n_receivers, n_outputs)``
    """

    def __init__(
        self,
        width: int,
        n_outputs: int,
        spec: BlockSpec,
        *,
        n_heads: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.attention = make_attention(
            spec, width, n_outputs, n_heads=n_heads, combine="mean"
        )
        self.skip = make_residual(spec, width, n_outputs)

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute the outputs of all receivers."""
        x = drop(x, self.dropout if self.training else 0.0, generator)
        inputs = edge_inputs(structure)
        attended: Tensor = self.attention(x, **inputs, generator=generator)
        return self._add_skip(take_rows(x, slice(0, len(attended))), attended)

    def _add_skip(self, x: Tensor | SparseMatrix, attended: Tensor) -> Tensor:
        return attended if self.skip is None else attended + self.skip(x)

    @torch.no_grad()
    def forward_in_chunks(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure,
        *,
        max_edges: int = MAX_EDGES,
    ) -> Tensor:
        """Compute the outputs some receivers at a time, in evaluation."""
        sent = self.attention.send(x, None)
        parts = (
            (
                rows,
                self._add_skip(
                    take_rows(x, rows),
                    self.attention.receive(x, rows, sent, edge_inputs(part), None),
                ),
            )
            for rows, part in chunks(structure, max_edges)
        )
        return gather(parts, len(x))

    def attention_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure
    ) -> Tensor:
        """Compute the weights of every edge, (n_edges, n_heads)."""
        return self.attention.attention_weights(x, **edge_inputs(structure))
