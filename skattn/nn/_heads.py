"""Prediction heads: maps from the codes of targets to outputs."""

from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._rows import drop


class LinearHead(Resettable):
    """Dropout and a linear map of the codes of target nodes or graphs."""

    def __init__(self, width: int, n_outputs: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.linear = Linear(width, n_outputs)

    def forward(self, codes: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Map codes (n_targets, width) to outputs (n_targets, n_outputs)."""
        active = self.dropout if self.training else 0.0
        outputs: Tensor = self.linear(drop(codes, active, generator))
        return outputs


class IdentityHead(nn.Module):
    """Identity head after an output attention, which computes the outputs."""

    def forward(self, codes: Tensor, **_options: object) -> Tensor:
        """Return the codes; options of other heads are ignored."""
        return codes
