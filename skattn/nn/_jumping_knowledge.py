"""Jumping knowledge: combination of the outputs of several layers."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable, glorot_
from skattn.nn._linear import Linear

Combination = Literal["concat", "attention"]


class JumpingKnowledge(Resettable):
    """Jumping knowledge: combination of the outputs of all layers, per node.

    After Xu et al. 2018, section 4. ``"concat"`` concatenates the outputs and maps them
    linearly to the width of the last one. ``"attention"`` computes the weighted sum
    ``sum_l softmax_l(a_l . h_il + b_l) h_il`` of the layers ``l`` for every node ``i``;
    a linear score replaces the LSTM of the paper.

    Parameters
    ----------
    widths : sequence of int
        Output widths of the layers; equal for ``"attention"``.
    combination : {"concat", "attention"}
        Concatenation or weighted sum.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import JumpingKnowledge
    >>> jumping = JumpingKnowledge([16, 8], "concat")
    >>> jumping([torch.randn(5, 16), torch.randn(5, 8)]).shape
    torch.Size([5, 8])
    """

    def __init__(self, widths: Sequence[int], combination: Combination) -> None:
        super().__init__()
        if combination not in get_args(Combination):
            raise ValueError(
                f"jumping must be None or one of {get_args(Combination)}, got "
                f"{combination!r}."
            )
        if combination == "attention" and len(set(widths)) > 1:
            raise ValueError(
                'widths must be the same for all layers with jumping="attention", '
                f'got {list(widths)}. Use jumping="concat".'
            )
        self.combination = combination
        self.linear = None
        if combination == "concat":
            self.linear = Linear(sum(widths), widths[-1])
        else:
            self.score = nn.Parameter(torch.empty(len(widths), widths[-1]))
            self.bias = nn.Parameter(torch.empty(len(widths)))
        self.reset_parameters()

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Initialise all weights at random."""
        if self.linear is not None:
            self.linear.reset_parameters(generator)
        else:
            glorot_(self.score, self.score.shape[1] + 1, generator)
            nn.init.zeros_(self.bias)

    def forward(self, layers: Sequence[Tensor]) -> Tensor:
        """Combine the outputs of all layers.

        Parameters
        ----------
        layers : sequence of Tensor of shape (n_nodes, widths[l])
            Output of each layer.

        Returns
        -------
        Tensor of shape (n_nodes, widths[-1])
            One row per node.
        """
        if self.linear is not None:
            out: Tensor = self.linear(torch.cat(list(layers), 1))
            return out
        stacked = torch.stack(list(layers), 1)  # (n, L, C)
        weights = ((stacked * self.score).sum(2) + self.bias).softmax(1)  # (n, L)
        return torch.einsum("nl,nlc->nc", weights, stacked)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return repr(self.combination)
