"""Arrangement of the drawn components of a graph in a square."""

import numpy as np
from numpy.typing import NDArray

GAP = 2.0
"""Space between components; an isolated node would have about this much."""


def packed(
    places: NDArray[np.float64], components: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Turn and move each component, and scale all of them together to [0, 1].

    Parameters
    ----------
    places : ndarray of shape (n_nodes, 2)
        Positions, each component correct in itself.
    components : ndarray of shape (n_nodes,)
        Number of each node's component, from 0.
    """
    n_components = int(components.max()) + 1
    places = _turned(places, components, n_components)
    low = np.full((n_components, 2), np.inf)
    high = -low
    np.minimum.at(low, components, places)
    np.maximum.at(high, components, places)
    places = places + (_corners(high - low + GAP) - low)[components]
    bottom, top = places.min(axis=0), places.max(axis=0)
    width = (top - bottom).max() or 1.0
    scaled: NDArray[np.float64] = 0.5 + (places - (bottom + top) / 2) / width
    return np.clip(scaled, 0, 1)  # rounding


def _turned(
    places: NDArray[np.float64], components: NDArray[np.integer], n_components: int
) -> NDArray[np.float64]:
    """Turn the direction of the largest variance of each component to the x axis."""

    def means(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(components, values, n_components) / sizes

    sizes = np.bincount(components, minlength=n_components)
    x, y = (c - means(c)[components] for c in places.T)
    angle = np.arctan2(2 * means(x * y), means(x * x) - means(y * y))[components] / 2
    cos, sin = np.cos(angle), np.sin(angle)
    return np.column_stack([cos * x + sin * y, cos * y - sin * x])


def _corners(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Place rectangles in rows, the highest first; return their lower left corners."""
    order = np.lexsort((-sizes[:, 0], -sizes[:, 1]))
    area = np.sum(sizes[:, 0] * sizes[:, 1])
    row_width = max(sizes[:, 0].max(), 1.1 * np.sqrt(area))
    corners = np.empty_like(sizes)
    x, y, row_height = np.inf, 0.0, 0.0
    for k, (width, height) in zip(order, sizes[order].tolist(), strict=True):
        if x + width > row_width:
            x, y, row_height = 0.0, y - row_height, height
        corners[k] = x, y - height
        x += width
    return corners
