"""Base class of readouts."""

from torch import Generator, Tensor

from skattn.nn._init import Resettable
from skattn.ops import Edges, GraphStructure
from skattn.ops._structure import as_structure


class GraphReadout(Resettable):
    """Base class of readouts, which pool the nodes of every graph to one vector.

    Subclasses define ``pool``.
    """

    def __init__(self) -> None:
        super().__init__()

    def forward(
        self,
        x: Tensor,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Pool the nodes of every graph.

        Parameters
        ----------
        x : Tensor of shape (n_nodes, width)
            Node features.
        structure : GraphStructure or Edges
            Node ranges of the graphs, edges and edge data.
        generator : torch.Generator, optional
            Generator of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_graphs, width)
            One vector per graph. Graphs without nodes are pooled to zeros, before
            linear maps.
        """
        return self.pool(x, as_structure(structure), generator)

    def pool(
        self, x: Tensor, structure: GraphStructure, generator: Generator | None, /
    ) -> Tensor:
        """Pool the nodes of every graph; implemented by subclasses.

        Parameters
        ----------
        x : Tensor of shape (n_nodes, width)
            Node features.
        structure : GraphStructure
            Node ranges of the graphs, edges and edge data.
        generator : torch.Generator or None
            Generator of the dropout masks; torch's global one if None.

        Returns
        -------
        Tensor of shape (n_graphs, width)
            One vector per graph.
        """
        raise NotImplementedError
