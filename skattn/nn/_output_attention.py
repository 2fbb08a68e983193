"""Output attention: a last layer that computes the outputs."""

from torch import Generator, Tensor

from skattn.nn._block_spec import BlockSpec, make_attention, make_residual
from skattn.nn._operator import NodeOperator
from skattn.nn._rows import drop, take_rows
from skattn.nn._scores import Sent
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure


class OutputAttention(NodeOperator[Sent]):
    """Output layer: dropout, attention with averaged heads, and a linear residual."""

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
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute the outputs of all receivers."""
        x = drop(x, self.dropout if self.training else 0.0, generator)
        structure = as_structure(structure)
        attended: Tensor = self.attention(x, structure, generator=generator)
        return self._add_skip(take_rows(x, slice(0, len(attended))), attended)

    def send(self, x: Tensor | SparseMatrix, generator: Generator | None, /) -> Sent:
        """Compute the projections of the attention."""
        return self.attention.send(x, generator)

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: Sent,
        structure: GraphStructure,
        generator: Generator | None,
        /,
    ) -> Tensor:
        """Compute the outputs of a range of receivers."""
        attended = self.attention.receive(x, receivers, sent, structure, generator)
        return self._add_skip(take_rows(x, receivers), attended)

    def _add_skip(self, x: Tensor | SparseMatrix, attended: Tensor) -> Tensor:
        return attended if self.skip is None else attended + self.skip(x)

    def forward_with_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure
    ) -> tuple[Tensor, Tensor | None]:
        """Compute outputs and attention weights, with shared projections."""
        attended, weights = self.attention.forward_with_weights(x, structure)
        return self._add_skip(take_rows(x, slice(0, len(attended))), attended), weights
