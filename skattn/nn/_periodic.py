"""A periodic embedding of numeric columns."""

import math

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable
from skattn.ops import SparseMatrix

FREQUENCY_STD = 0.15
"""Standard deviation of the initial frequencies, in periods per standard deviation of a
column."""


class PeriodicEmbedding(Resettable):
    """Periodic embedding ``[x, sin(2π f z + p)]``, with ``z = (x - center) / scale``.

    Functions with a high frequency along a column are learned faster from sines of
    learned frequencies ``f`` and phases ``p`` (Gorishniy et al. 2022, "On embeddings
    for numerical features in tabular deep learning", section 3.3, equation 5, which has
    a sine and a cosine of each frequency in place of phases).

    The buffers ``center`` and ``scale`` are 0 and 1 unless loaded. Those of
    :meth:`standardization` make frequencies independent of the unit of a column.

    Parameters
    ----------
    in_features : int
        Number of columns.
    n_waves : int, default=4
        Number of sines per column.
    generator : torch.Generator, optional
        Source of the initial weights; torch's global one if not given.

    Shape
    -----
    - Input: ``(n, in_features)``
    - Output: ``(n, in_features * (1 + n_waves))``, the input first

    Raises
    ------
    TypeError
        If the input is sparse.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import PeriodicEmbedding
    >>> embedding = PeriodicEmbedding(3)
    >>> embedding(torch.randn(2, 3)).shape, embedding.out_features
    (torch.Size([2, 15]), 15)
    """

    center: Tensor
    scale: Tensor

    def __init__(
        self, in_features: int, *, n_waves: int = 4, generator: Generator | None = None
    ) -> None:
        super().__init__()
        self.out_features = in_features * (1 + n_waves)
        self.frequency = nn.Parameter(torch.empty(in_features, n_waves))
        self.phase = nn.Parameter(torch.empty(in_features, n_waves))
        self.register_buffer("center", torch.empty(in_features))
        self.register_buffer("scale", torch.empty(in_features))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw frequencies and phases; set center to 0 and scale to 1."""
        nn.init.normal_(self.frequency, std=FREQUENCY_STD, generator=generator)
        nn.init.uniform_(self.phase, 0.0, 2 * math.pi, generator=generator)
        nn.init.zeros_(self.center)
        nn.init.ones_(self.scale)

    def forward(self, x: Tensor | SparseMatrix) -> Tensor:
        """Append the sines of every number.

        Parameters
        ----------
        x : Tensor of shape (n, in_features)
            Rows of numbers.

        Returns
        -------
        Tensor of shape (n, in_features * (1 + n_waves))
            The rows, and the sines of the first column, of the second, ...
        """
        x = _dense(x)
        turns = self.frequency * (2 * math.pi / self.scale[:, None])  # (F, K)
        angle = torch.addcmul(self.phase, (x - self.center)[:, :, None], turns)
        return torch.cat([x, angle.sin().flatten(1)], 1)  # (n, F + F K)

    @staticmethod
    def standardization(x: Tensor | SparseMatrix) -> dict[str, Tensor]:
        """Compute mean and standard deviation of columns.

        Parameters
        ----------
        x : Tensor of shape (n, in_features)
            Rows of numbers.

        Returns
        -------
        dict of str to Tensor of shape (in_features,)
            ``center`` and ``scale``, as in a state_dict; the scale of a constant column
            is 1.

        Raises
        ------
        TypeError
            If the rows are sparse.
        """
        x = _dense(x)
        scale, center = torch.std_mean(x.double(), 0, correction=0)
        scale[scale <= 1e-6 * center.abs()] = 1.0
        return {"center": center.float(), "scale": scale.float()}


def _dense(x: Tensor | SparseMatrix) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(
            "numbers must be dense for a periodic embedding, got sparse rows. Make "
            "them dense, or leave the embedding out."
        )
    return x
