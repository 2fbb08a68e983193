"""Patches of sequences: overlapping windows, and means of equal segments."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

MIN_LENGTH = 8
"""Smallest number of steps of a patch."""
MAX_MEANS = 1000
"""Largest number of means of segments, of all features."""


@dataclass(frozen=True)
class PatchOptions:
    """Options of the division of sequences into patches."""

    max_patches: int | None = None
    """Maximum number of patches of a sequence of the fit; None for single steps."""
    n_segments: int = 0
    """Number of segments whose means describe a whole sequence; 0 for none."""


@dataclass(frozen=True)
class Patching:
    """Division of sequences into patches, the nodes of their graphs.

    Patch k is centred on the steps ``k * stride`` to ``(k + 1) * stride - 1`` and
    extends on both sides to ``length`` steps, beyond the ends with the first and the
    last step. A linear map of patches is
    a convolution with this stride (Dosovitskiy et al. 2021; PatchTST, Nie et al. 2023).
    """

    stride: int = 1
    """Steps from one patch to the next."""
    length: int = 1
    """Steps of a patch, at least `stride`."""
    n_segments: int = 0
    """Number of segments whose means describe a whole sequence; 0 for none."""

    def __post_init__(self) -> None:
        if not 1 <= self.stride <= self.length or self.n_segments < 0:
            raise ValueError(
                "patches must have a stride of at least 1 and no greater length, got "
                f"stride={self.stride}, length={self.length}, "
                f"n_segments={self.n_segments}."
            )

    @classmethod
    def of(cls, lengths: Iterable[int], n_features: int, options: PatchOptions) -> Self:
        """Choose stride, length and segments for sequences of these lengths."""
        longest = max(lengths)
        most = max(MAX_MEANS // n_features, 1)
        n_segments = min(options.n_segments, longest, most)
        if options.max_patches is None:
            return cls(n_segments=n_segments)
        stride = -(-longest // options.max_patches)
        return cls(stride, max(2 * stride, MIN_LENGTH), n_segments)

    def n_patches(self, n_steps: int) -> int:
        """Return the number of patches of a sequence."""
        return -(-n_steps // self.stride)

    def patches(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the patches of a sequence, (n_patches, length * n_features)."""
        if self.length == 1:
            return X
        n_patches = self.n_patches(len(X))
        before = (self.length - self.stride) // 2
        after = n_patches * self.stride + self.length - self.stride - before - len(X)
        padded = np.pad(X, ((before, after), (0, 0)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.length, axis=0)
        return windows[:: self.stride][:n_patches].reshape(n_patches, -1)

    def segment_means(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return the means of equal segments, (n_features * n_segments,).

        Piecewise aggregate approximation (Keogh et al. 2001): the segments divide the
        duration equally; a step between two of them counts for both, in parts.
        """
        total = np.cumsum(X, axis=0, dtype=np.float64)
        total = np.concatenate([np.zeros((1, X.shape[1])), total])
        ends = np.linspace(0, len(X), self.n_segments + 1)
        until = [np.interp(ends, np.arange(len(total)), column) for column in total.T]
        return (np.diff(until, axis=1) * (self.n_segments / len(X))).ravel()
