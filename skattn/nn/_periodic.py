"""Periodic embedding of numeric features."""

import math

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable
from skattn.ops import SparseMatrix

FREQUENCY_STD = 0.15
"""Standard deviation of the initial frequencies."""


class PeriodicEmbedding(Resettable):
    """Periodic embedding of numeric features, ``[x, sin(2π f z + p)]``.

    With learned frequencies ``f`` and phases ``p``, and ``z = (x - center) / scale``.
    It helps networks to learn functions of high frequency (Gorishniy et al. 2022, "On
    embeddings for numerical features in tabular deep learning", equation 5, which has a
    sine and a cosine per frequency instead of a phase).

    The buffers ``center`` and ``scale`` are 0 and 1 unless loaded, for example from
    :meth:`standardization`, which makes frequencies independent of units.

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
        x = _dense(x)
        turns = self.frequency * (2 * math.pi / self.scale[:, None])  # (F, K)
        angle = torch.addcmul(self.phase, (x - self.center)[:, :, None], turns)
        return torch.cat([x, angle.sin().flatten(1)], 1)  # (n, F + F K)

    @staticmethod
    def standardization(x: Tensor | SparseMatrix) -> dict[str, Tensor]:
        """Compute mean and standard deviation of every feature.

        Parameters
        ----------
        x : Tensor of shape (n, in_features)
            Features.

        Returns
        -------
        dict of str to Tensor of shape (in_features,)
            The buffers ``center`` and ``scale``; the scale of a constant feature is 1.

        Raises
        ------
        TypeError
            If the input is sparse.
        """
        x = _dense(x)
        scale, center = torch.std_mean(x.double(), 0, correction=0)
        scale[scale <= 1e-6 * center.abs()] = 1.0
        return {"center": center.float(), "scale": scale.float()}


def _dense(x: Tensor | SparseMatrix) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(
            "x must be dense for a periodic embedding, got a SparseMatrix. Make x "
            "dense, or use no feature embedding."
        )
    return x
