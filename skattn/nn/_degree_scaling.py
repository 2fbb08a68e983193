"""Scaling of features by the logarithm of the degree."""

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable
from skattn.ops import GraphStructure


class DegreeScaling(Resettable):
    """Scaling by the logarithm of the degree, ``h_i + log(1 + d_i) (s h_i + b)``.

    ``d_i`` is the number of senders of receiver ``i``, and ``s`` and ``b`` are learned
    per column. An average over the senders, such as attention, does not depend on their
    number. The amplification by degrees of Corso et al. 2020 ("Principal Neighbourhood
    Aggregation", section 3) lets it count. ``s`` and ``b`` start at 0, the identity.

    Parameters
    ----------
    width : int
        Number of columns.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import DegreeScaling
    >>> from skattn.ops import Edges, GraphStructure
    >>> structure = GraphStructure(Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2))
    >>> DegreeScaling(8)(torch.randn(2, 8), structure, slice(0, 2)).shape
    torch.Size([2, 8])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.empty(width))
        self.shift = nn.Parameter(torch.empty(width))
        self.reset_parameters()

    def reset_parameters(self, _generator: Generator | None = None) -> None:
        """Set all weights to 0."""
        nn.init.zeros_(self.scale)
        nn.init.zeros_(self.shift)

    def forward(self, h: Tensor, structure: GraphStructure, receivers: slice) -> Tensor:
        """Scale the features of a range of receivers.

        Parameters
        ----------
        h : Tensor of shape (n_receivers, width)
            Features of the receivers.
        structure : GraphStructure
            Edges of these receivers.
        receivers : slice
            Their range among all nodes.

        Returns
        -------
        Tensor of shape (n_receivers, width)
            Scaled features.
        """
        counts = structure.sender_counts
        degree = structure.edges.indptr.diff() if counts is None else counts[receivers]
        log_degree = degree.to(h.dtype).log1p()[:, None]
        return h + log_degree * torch.addcmul(self.shift, h, self.scale)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return str(len(self.scale))
