"""Node operators: layers with the two steps send and receive."""

from typing import Generic, TypeVar

from torch import Generator, Tensor

from skattn.nn._init import Resettable
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure

SentT = TypeVar("SentT")


class NodeOperator(Resettable, Generic[SentT]):
    """Base class of message passing layers with the two steps send and receive.

    Subclasses define ``send``, which computes the projections of all nodes, and
    ``receive``, which computes new features of a range of receivers from them. Such a
    layer can be evaluated for all receivers at once or, to save memory, in chunks.
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
        """Compute new features of the receivers.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges, edge data and node ranges. The receivers are all nodes or the first
            ones.
        generator : torch.Generator, optional
            Generator of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            New features.

        Raises
        ------
        ValueError
            If shapes do not match, or required edge data are missing.
        """
        structure = as_structure(structure)
        receivers = slice(0, structure.edges.n_receivers)
        sent = self.send(x, generator)
        return self.receive(x, receivers, sent, structure, generator)

    def send(self, x: Tensor | SparseMatrix, generator: Generator | None, /) -> SentT:
        """Compute the projections of all nodes.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        generator : torch.Generator or None
            Generator of the dropout masks; torch's global one if None.

        Returns
        -------
        object
            Tensors with one row per node, as ``receive`` takes them.
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
        """Compute new features of a range of receivers.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        receivers : slice
            Range of the receivers.
        sent : object
            Output of ``send``.
        structure : GraphStructure
            Edges and edge data of these receivers.
        generator : torch.Generator or None
            Generator of the dropout masks; torch's global one if None.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            New features.
        """
        raise NotImplementedError

    def forward_with_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure
    ) -> tuple[Tensor, Tensor | None]:
        """Compute new features of the receivers, and attention weights.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure
            Edges, edge data and node ranges.

        Returns
        -------
        out : Tensor of shape (n_receivers, out_features)
            New features.
        weights : Tensor of shape (n_edges, n_heads) or None
            Weights of the heads that attend along the edges; None without attention.
        """
        out: Tensor = self(x, structure)
        return out, None
