"""Prediction heads: from the codes of targets to outputs."""

from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._readout import AttentionReadout
from skattn.nn._rows import drop
from skattn.ops import Edges, GraphStructure


class NodeHead(Resettable):
    """Prediction head for nodes: dropout and a linear map of their codes.

    Parameters
    ----------
    width : int
        Width of the codes.
    n_outputs : int
        Width of the outputs.
    dropout : float, default=0.0
        Dropout on the codes.

    Shape
    -----
    - Input: ``(n_targets, width)``
    - Output: ``(n_targets, n_outputs)``
    """

    def __init__(self, width: int, n_outputs: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.linear = Linear(width, n_outputs)

    def forward(self, codes: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Compute one row of outputs per row of codes.

        Parameters
        ----------
        codes : Tensor of shape (n_targets, width)
            Codes of the targets.
        generator : torch.Generator, optional
            Source of the dropout mask; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_targets, n_outputs)
            The outputs.
        """
        active = self.dropout if self.training else 0.0
        outputs: Tensor = self.linear(drop(codes, active, generator))
        return outputs


class GraphHead(Resettable):
    """Prediction head for graphs: a readout, dropout and a linear map.

    Parameters
    ----------
    readout : Module
        Maps ``(codes of nodes, structure)`` to one code per graph; applied by the
        network's ``encode``, before target graphs are selected.
    width : int
        Width of the codes.
    n_outputs : int
        Width of the outputs.
    dropout : float, default=0.0
        Dropout on the graphs' codes.

    Shape
    -----
    - Input: ``(n_targets, width)``
    - Output: ``(n_targets, n_outputs)``
    """

    def __init__(
        self, readout: nn.Module, width: int, n_outputs: int, *, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.readout = readout
        self.per_graph = NodeHead(width, n_outputs, dropout=dropout)

    def forward(self, codes: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Compute one row of outputs per row of codes.

        Parameters
        ----------
        codes : Tensor of shape (n_targets, width)
            Codes of the target graphs.
        generator : torch.Generator, optional
            Source of the dropout mask; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_targets, n_outputs)
            The outputs.
        """
        outputs: Tensor = self.per_graph(codes, generator=generator)
        return outputs

    def readout_weights(
        self, codes: Tensor, structure: GraphStructure | Edges
    ) -> Tensor:
        """Compute the attention weights of the readout.

        Parameters
        ----------
        codes : Tensor of shape (n_nodes, width)
            Codes of the nodes.
        structure : GraphStructure or Edges
            The graphs that the nodes belong to.

        Returns
        -------
        Tensor of shape (n_nodes, n_heads)
            Weights; those of one graph's nodes sum to 1 per head.

        Raises
        ------
        ValueError
            If the readout is not ``"attention"``.
        """
        if not isinstance(self.readout, AttentionReadout):
            raise ValueError(
                'readout must be "attention" for nodes to have weights, got '
                f"{self.readout!r}."
            )
        return self.readout.attention_weights(codes, structure)


class AttendedHead(nn.Module):
    """Identity head after an output attention, whose codes are the outputs.

    Shape
    -----
    - Input: ``(n_targets, n_outputs)``
    - Output: the same
    """

    def forward(self, codes: Tensor, **_options: object) -> Tensor:
        """Return the codes.

        Parameters
        ----------
        codes : Tensor of shape (n_targets, n_outputs)
            Codes of the targets.
        **_options : object
            Options of other heads; ignored.

        Returns
        -------
        Tensor of shape (n_targets, n_outputs)
            The same tensor.
        """
        return codes
