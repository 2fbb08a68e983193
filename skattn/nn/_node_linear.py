"""A row-wise linear map in the place of attention."""

from torch import Generator, Tensor

from skattn.nn._linear import Linear
from skattn.nn._operator import NodeOperator
from skattn.nn._rows import take_rows
from skattn.ops import GraphStructure, SparseMatrix


class NodeLinear(NodeOperator[None]):
    """Row-wise linear map of the receivers' own features, without message passing.

    Parameters
    ----------
    in_features : int
        Width of the input.
    out_features : int
        Width of the output.

    Shape
    -----
    - Input: ``(n_nodes, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n_receivers, out_features)``

    Examples
    --------
    >>> import torch
    >>> from skattn.nn._node_linear import NodeLinear
    >>> from skattn.ops import Edges
    >>> edges = Edges.from_csr([0, 2], [0, 1], n_senders=2)
    >>> NodeLinear(4, 8)(torch.randn(2, 4), edges).shape
    torch.Size([1, 8])
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.map = Linear(in_features, out_features)

    def send(self, _x: Tensor | SparseMatrix, _generator: Generator | None, /) -> None:
        """Return None: receivers share no projections."""

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        _sent: None,
        _structure: GraphStructure,
        _generator: Generator | None,
        /,
    ) -> Tensor:
        """Map the receivers' own rows."""
        out: Tensor = self.map(take_rows(x, receivers))
        return out
