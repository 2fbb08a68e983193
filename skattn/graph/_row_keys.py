"""Indexing of graphs by positions, slices and masks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._data_objects import as_array


def _row_key(key: Any) -> Any:
    """Return the key of ``graph[key]`` as a slice or an integer or boolean array."""
    if isinstance(key, tuple):
        rest = key[1:]
        if len(rest) > 1 or any(not _takes_all(part) for part in rest):
            raise IndexError(
                "A Graph must be sliced by rows alone, graph[rows] or graph[rows, "
                f"...], got {len(key)} indices. Use graph.with_features(...) for other "
                "columns."
            )
        key = key[0] if key else slice(None)
    if key is Ellipsis:
        return slice(None)
    return key if isinstance(key, slice) else _as_index(key)


def _takes_all(part: Any) -> bool:
    return part is Ellipsis or (isinstance(part, slice) and part == slice(None))


def _as_index(key: Any) -> NDArray[Any]:
    index = np.atleast_1d(as_array(key, "Rows of a Graph", "positions or a mask"))
    if index.size == 0 and index.dtype.kind == "f":
        index = index.astype(np.int64)
    if index.ndim != 1 or index.dtype.kind not in "iub":
        raise IndexError(
            "A Graph must be sliced by an integer, a slice, a mask or a list of "
            f"positions, got {type(key).__name__} of dtype {index.dtype} with "
            f"{np.ndim(key)} dimension(s). Convert labels to positions with "
            "graph.nodes.get_indexer(labels)."
        )
    return index


def rows_at(targets: NDArray[np.int64], key: Any) -> NDArray[np.int64]:
    """Return the targets of ``graph[key]``."""
    index = _row_key(key)
    try:
        found: NDArray[np.int64] = targets[index]
        return found
    except IndexError as error:
        raise IndexError(_outside(index, len(targets))) from error


def _outside(index: NDArray[Any], n_targets: int) -> str:
    """Return the message for positions or a mask beyond the targets."""
    if index.dtype == bool:
        return (
            f"A mask of a Graph must have one entry per target ({n_targets}), got "
            f"{len(index)}."
        )
    return (
        f"Rows of a Graph must be within its {n_targets} targets, got positions from "
        f"{index.min()} to {index.max()}. Rows of a view are counted from 0."
    )


def unique_positions(nodes: Any, n_nodes: int) -> NDArray[np.int64]:
    """Return checked positions in ``0 .. n_nodes - 1``, without duplicates."""
    positions = rows_at(np.arange(n_nodes), _as_index(nodes))
    if len(np.unique(positions)) < len(positions):
        raise ValueError(
            "subgraph(nodes) must name each node once, got "
            f"{len(positions)} positions of {len(np.unique(positions))} nodes. Use "
            "graph[rows] for a view with repeated targets."
        )
    return positions


def distinct(positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each position once, in order of appearance."""
    _, first = np.unique(positions, return_index=True)
    return positions[np.sort(first)]
