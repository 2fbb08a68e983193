"""Base class of readouts."""

from torch import Generator, Tensor

from skattn.nn._init import Resettable
from skattn.ops import Edges, GraphStructure
from skattn.ops._structure import as_structure


class GraphReadout(Resettable):
    """Base class of layers that pool the nodes of every graph to one vector.

    Shape
    -----
    - Input: ``(n_nodes, width)``
    - Output: ``(n_graphs, width)``
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
            Source of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_graphs, width)
            One vector per graph; of a graph without nodes zeros, or their image under
            a linear map.
        """
        return self.pool(x, as_structure(structure), generator)

    def pool(
        self, x: Tensor, structure: GraphStructure, generator: Generator | None, /
    ) -> Tensor:
        """Pool the nodes of every graph; the method that subclasses implement.

        Parameters
        ----------
        x : Tensor of shape (n_nodes, width)
            Node features.
        structure : GraphStructure
            Node ranges of the graphs, edges and edge data.
        generator : torch.Generator or None
            Source of the dropout masks; torch's global one if None.

        Returns
        -------
        Tensor of shape (n_graphs, width)
            One vector per graph.
        """
        raise NotImplementedError
