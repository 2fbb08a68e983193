"""Linear map of each node, in place of attention."""

from torch import Generator, Tensor

from skattn.nn._linear import Linear
from skattn.nn._operator import NodeOperator
from skattn.nn._rows import take_rows
from skattn.ops import GraphStructure, SparseMatrix


class NodeLinear(NodeOperator[None]):
    """Linear map of each receiver's own features, without message passing."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.map = Linear(in_features, out_features)

    def send(self, _x: Tensor | SparseMatrix, _generator: Generator | None, /) -> None:
        """Return None: nothing is sent."""

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        _sent: None,
        _structure: GraphStructure,
        _generator: Generator | None,
        /,
    ) -> Tensor:
        """Map the features of the receivers."""
        out: Tensor = self.map(take_rows(x, receivers))
        return out
