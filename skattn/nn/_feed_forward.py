"""Feed-forward network of a block."""

from torch import Generator, Tensor

from skattn.nn._activation import activation
from skattn.nn._block_spec import BlockSpec
from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._norm import make_norm
from skattn.nn._rows import drop


class FeedForward(Resettable):
    """Pre-norm feed-forward residual ``x + W_2 activation(W_1 norm(x))``."""

    def __init__(self, width: int, spec: BlockSpec) -> None:
        super().__init__()
        self.norm = make_norm(spec.norm, width)
        self.expand = Linear(width, width * spec.feed_forward)
        self.contract = Linear(width * spec.feed_forward, width)
        self.activation = activation(spec.activation)
        self.dropout = spec.dropout

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Compute ``x + W_2 activation(W_1 norm(x))``."""
        h = self.activation(self.expand(self.norm(x)))
        p = self.dropout if self.training else 0.0
        out: Tensor = x + self.contract(drop(h, p, generator))
        return out
