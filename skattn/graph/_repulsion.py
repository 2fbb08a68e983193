"""Repulsion of the nodes of a layout: mass times mass / distance of each pair."""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Vectors = NDArray[np.float64]
"""Points or forces of shape (n_nodes, 2)."""

MOST_PAIRED = 400
"""Number of nodes up to which the forces of all pairs are computed."""
POINTS_PER_NODE = 4
MOST_POINTS = 512
"""Maximum number of mesh points along one axis."""
SOFTENING = 0.3
"""Distance below which the force of a pair falls; on a mesh it is half a cell."""


def repulsion_of(masses: NDArray[np.float64]) -> Callable[[Vectors], Vectors]:
    """Return the function that computes forces from positions, for these masses."""
    if len(masses) > MOST_PAIRED:
        return Mesh(masses).forces
    products = masses[:, None] * masses

    def forces(places: Vectors) -> Vectors:
        x, y = (c[:, None] - c for c in places.T)
        shares = products / (x**2 + y**2 + SOFTENING**2)
        return np.column_stack([(x * shares).sum(axis=1), (y * shares).sum(axis=1)])

    return forces


class Mesh:
    """Square mesh over all nodes, on which forces are a convolution of masses."""

    def __init__(self, masses: NDArray[np.float64]) -> None:
        self.masses = masses
        self.side = int(min(MOST_POINTS, np.sqrt(POINTS_PER_NODE * len(masses))))
        # twice the size: a convolution by Fourier transforms is periodic
        n = fft.next_fast_len(2 * self.side - 1, real=True)
        self.padded = n, n
        gaps = np.arange(n, dtype=np.float32)
        gaps[self.side :] -= n
        shares = 1 / (gaps[:, None] ** 2 + gaps**2 + np.float32(0.25))
        self.kernels = [fft.rfft2(gaps[:, None] * shares), fft.rfft2(gaps * shares)]

    def forces(self, places: Vectors) -> Vectors:
        """Spread masses to the corners of their cells, and read forces from there."""
        cell_width = max(np.ptp(places, axis=0).max() / (self.side - 1.001), 1e-9)
        corners = list(self._corners((places - places.min(axis=0)) / cell_width))
        density = np.zeros(self.side**2)
        for corner, share in corners:
            density += np.bincount(corner, share * self.masses, self.side**2)
        fields = self._fields(density.reshape(self.side, self.side))
        sums = [sum(share * f[corner] for corner, share in corners) for f in fields]
        forces: Vectors = np.column_stack(sums) * (self.masses / cell_width)[:, None]
        return forces

    def _corners(self, at: Vectors) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """Yield the mesh point (n_nodes,) of each corner and its share of the node."""
        cells = at.astype(np.int64)
        inside = at - cells
        for right, top in product((0, 1), (0, 1)):
            x, y = cells[:, 0] + right, cells[:, 1] + top
            shares = np.abs(1 - np.array([right, top]) - inside)
            yield x * self.side + y, shares[:, 0] * shares[:, 1]

    def _fields(self, density: Vectors) -> list[NDArray[np.float32]]:
        """Return the two components (n_points,) of the forces on masses of 1."""
        spectrum = fft.rfft2(density.astype(np.float32), self.padded)
        inner = slice(self.side), slice(self.side)
        fields = (fft.irfft2(spectrum * k, self.padded)[inner] for k in self.kernels)
        return [field.ravel() for field in fields]
