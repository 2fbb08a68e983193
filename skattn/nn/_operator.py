"""Node operators: layers that compute new node features, in two steps."""

from typing import Generic, TypeVar

from torch import Generator, Tensor

from skattn.nn._init import Resettable
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure

SentT = TypeVar("SentT")


class NodeOperator(Resettable, Generic[SentT]):
    """Base class of layers that compute receivers' features from those of all nodes.

    Attention, convolution and row-wise linear maps differ in two methods:
    :meth:`send` computes once per node the tensors that all its receivers share,
    :meth:`receive` computes new features of a range of receivers from them. A layer is
    thus evaluated for all receivers at once or, in less memory, range by range.

    Shape
    -----
    - Input: ``(n_nodes, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n_receivers, out_features)``
    """

    def __init__(self) -> None:
        super().__init__()

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute the receivers' new features.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges, edge data and node ranges of the graphs; receivers are all nodes or
            the first.
        generator : torch.Generator, optional
            Source of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            The new features.

        Raises
        ------
        ValueError
            If the structure lacks edges or edge data that the operator needs, or shapes
            do not fit.
        """
        structure = as_structure(structure)
        receivers = slice(0, structure.edges.n_receivers)
        sent = self.send(x, generator)
        return self.receive(x, receivers, sent, structure, generator)

    def send(self, x: Tensor | SparseMatrix, generator: Generator | None, /) -> SentT:
        """Compute the projections of all nodes, shared by their receivers.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        generator : torch.Generator or None
            Source of the dropout masks; torch's global one if None.

        Returns
        -------
        object
            Tensors with one row per node, for :meth:`receive`.
        """
        raise NotImplementedError

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: SentT,
        structure: GraphStructure,
        generator: Generator | None,
        /,
    ) -> Tensor:
        """Compute the new features of a range of receivers.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        receivers : slice
            Range of the nodes that receive.
        sent : object
            Output of :meth:`send`.
        structure : GraphStructure
            Edges of these receivers.
        generator : torch.Generator or None
            Source of the dropout masks; torch's global one if None.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            Their new features.
        """
        raise NotImplementedError

    def forward_with_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure
    ) -> tuple[Tensor, Tensor | None]:
        """Compute the receivers' new features and the attention weights.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure
            As in :meth:`forward`.

        Returns
        -------
        out : Tensor of shape (n_receivers, out_features)
            Output of :meth:`forward`.
        weights : Tensor of shape (n_edges, n_heads) or None
            Weights of the heads that attend along the edges; None for operators without
            attention.
        """
        out: Tensor = self(x, structure)
        return out, None
