"""Periodic embedding of numeric features."""

import math

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable
from skattn.ops import SparseMatrix

FREQUENCY_STD = 0.15
"""Standard deviation of the initial frequencies."""


class PeriodicEmbedding(Resettable):
    """Periodic embedding of numeric features, ``[x, sin(2π f x + p)]``.

    With learned frequencies ``f`` and phases ``p``. It helps networks to learn
    functions of high frequency (Gorishniy et al. 2022, "On embeddings for numerical
    features in tabular deep learning", equation 5, which has a sine and a cosine per
    frequency instead of a phase).

    The initial frequencies suit standardised features.

    Parameters
    ----------
    in_features : int
        Number of features.
    n_waves : int, default=4
        Number of sines per feature.
    generator : torch.Generator, optional
        Generator of the initial weights; torch's global one if not given.

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

    def __init__(
        self, in_features: int, *, n_waves: int = 4, generator: Generator | None = None
    ) -> None:
        super().__init__()
        self.out_features = in_features * (1 + n_waves)
        self.frequency = nn.Parameter(torch.empty(in_features, n_waves))
        self.phase = nn.Parameter(torch.empty(in_features, n_waves))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw frequencies and phases."""
        nn.init.normal_(self.frequency, std=FREQUENCY_STD, generator=generator)
        nn.init.uniform_(self.phase, 0.0, 2 * math.pi, generator=generator)

    def forward(self, x: Tensor | SparseMatrix) -> Tensor:
        """Append the sines of every feature.

        Parameters
        ----------
        x : Tensor of shape (n, in_features)
            Features.

        Returns
        -------
        Tensor of shape (n, in_features * (1 + n_waves))
            The features, the sines of the first feature, of the second, and so on.
        """
        if not isinstance(x, Tensor):
            raise TypeError(
                "x must be dense for a periodic embedding, got a SparseMatrix. Make x "
                "dense, or use no feature embedding."
            )
        turns = 2 * math.pi * self.frequency  # (F, K)
        angle = torch.addcmul(self.phase, x[:, :, None], turns)
        return torch.cat([x, angle.sin().flatten(1)], 1)  # (n, F + F K)
