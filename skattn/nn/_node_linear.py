"""What takes the place of attention where nodes see only themselves."""

from torch import Generator, Tensor

from skattn.nn._attention import Sent
from skattn.nn._linear import Linear, take_rows
from skattn.nn._reset import Composite
from skattn.ops import Edges, GraphStructure, SparseMatrix, as_structure


class NodeLinear(Composite):
    """A linear map of every receiver's own row; nobody is attended to.

    It is called as :class:`HopAttention` is.

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
    >>> from skattn.nn import NodeLinear
    >>> from skattn.ops import Edges
    >>> edges = Edges.from_csr([0, 2], [0, 1], n_senders=2)
    >>> NodeLinear(4, 8)(torch.randn(2, 4), edges).shape
    torch.Size([1, 8])
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.map = Linear(in_features, out_features)

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,  # noqa: ARG002
    ) -> Tensor:
        """Map the receivers' rows.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Says how many of the first nodes receive.
        generator : torch.Generator, optional
            Not needed: nothing is dropped.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            Their new features.
        """
        structure = as_structure(structure)
        return self.receive(x, slice(0, structure.edges.n_receivers), [], structure)

    def send(self, x: Tensor | SparseMatrix) -> list[Sent]:  # noqa: ARG002
        """Prepare nothing: no receiver needs anybody else.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.

        Returns
        -------
        list of Sent
            Empty.
        """
        return []

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: list[Sent],  # noqa: ARG002
        structure: GraphStructure,  # noqa: ARG002
    ) -> Tensor:
        """Map some of the rows.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        receivers : slice
            Which of the nodes receive.
        sent : list of Sent
            Empty.
        structure : GraphStructure
            Not needed.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            Their new features.
        """
        out: Tensor = self.map(take_rows(x, receivers))
        return out
