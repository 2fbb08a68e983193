"""Prediction heads: from the codes of targets to outputs."""

from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._rows import drop


class LinearHead(Resettable):
    """Dropout and a linear map of the codes of target nodes or graphs.

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


class IdentityHead(nn.Module):
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
