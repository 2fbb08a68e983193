"""Keys of pairs of nodes: one integer per pair."""

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.int64]
"""(n_pairs, 2) positions of the source and the target of each pair."""


def pair_keys(pairs: Pairs, n_nodes: int, *, directed: bool) -> NDArray[np.int64]:
    """Return a key per pair; without direction, that of the reverse pair is equal."""
    first, second = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
    if not directed:
        first, second = np.minimum(first, second), np.maximum(first, second)
    return first * n_nodes + second


def contains(
    ascending: NDArray[np.int64], keys: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return whether keys are among ascending ones."""
    if not len(ascending):
        return np.zeros(len(keys), bool)
    at = np.searchsorted(ascending, keys)
    at[at == len(ascending)] = 0
    found: NDArray[np.bool_] = ascending[at] == keys
    return found


def first_of_each(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the position of the first pair of each key, ascending."""
    _, first = np.unique(keys, return_index=True)
    return np.sort(first)
