"""Conversion of sequences to graphs of their time steps."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import index_dtype
from skattn.graph._arguments import as_count, check_choice
from skattn.graph._available_memory import available_memory
from skattn.graph._graph import Graph
from skattn.graph._ragged_range import ragged_range
from skattn.graph._sequence_arrays import (
    Sequences,
    read_sequences,
    warn_of_channels_first,
)

CONNECTIONS = ("chain", "window", "causal", "complete")
BYTES_PER_EDGE = 20
"""Peak of `_band_matrix`, which exceeds that of a union of its results."""

# Four wavelengths, 6 to 6000 steps, which need few columns.
POSITION_FEATURES = tuple(
    f"position_{wave}_{i}" for i in range(4) for wave in ("sin", "cos")
)
"""Names of the positional encoding's columns, appended to the features."""


def sequence_graphs(
    sequences: Any,
    *,
    connect: str = "complete",
    window: int | None = None,
    position: str | None = "sinusoidal",
    axis: int = 1,
) -> list[Graph]:
    """Convert sequences to graphs of their time steps.

    Node t of a graph is step t of the sequence. Every step attends to itself and to the
    steps selected by ``connect``.

    Parameters
    ----------
    sequences : list of array-like or DataFrame, or array-like of 3 dimensions
        Arrays (n_steps, n_features), which may differ in length, or one array
        (n_sequences, n_steps, n_features). Steps at the end that are NaN in every
        column are padding and removed; other NaN are kept.
    connect : {"chain", "window", "causal", "complete"}, default="complete"
        Senders of a step besides itself. "chain": the two adjacent steps. "window":
        steps at most ``window`` away. "causal": earlier steps, at most ``window`` if it
        is set. "complete": all steps, as in the Transformer.
    window : int or None, default=None
        Number of steps, at least 1; required for "window", optional for "causal", not
        used for "chain" and "complete".
    position : {"sinusoidal"} or None, default="sinusoidal"
        Positional encoding. "sinusoidal": 8 columns, sine and cosine of ``t / 10**i``
        for i = 0, 1, 2, 3 (Vaswani et al. 2017), are appended to the features. None:
        no encoding.
    axis : {1, 2}, default=1
        Time axis of a three-dimensional array. 2 means (n_sequences, n_features,
        n_steps), as in aeon and sktime; sequences in a list are then (n_features,
        n_steps).

    Returns
    -------
    list of Graph
        One graph per sequence; ``position`` adds 8 features.

    Raises
    ------
    TypeError
        If the sequences differ in type or are not numeric, or ``window`` is no whole
        number.
    ValueError
        If a parameter is invalid, there is no sequence, or one is not two-dimensional,
        is all NaN or differs from the first in the number or names of its features.
    MemoryError
        If the edges of a long sequence do not fit into memory.

    Warns
    -----
    UserWarning
        If the arrays look like (n_features, n_steps): all have one step and several
        features, or at least four times as many features as steps, where adjacent
        features correlate as adjacent times do.

    See Also
    --------
    skattn.preprocessing.SequenceGraph : The corresponding transformer.

    References
    ----------
    Vaswani et al., "Attention is all you need", NeurIPS 2017.

    Examples
    --------
    >>> from skattn.graph import sequence_graphs
    >>> graphs = sequence_graphs([[[5.0], [6.0], [7.0]], [[8.0]]], connect="causal")
    >>> graphs
    [Graph(n_nodes=3, n_edges=6, n_features=9),
     Graph(n_nodes=1, n_edges=1, n_features=9)]
    >>> graphs[0].adjacency.toarray()
    array([[1., 0., 0.],
           [1., 1., 0.],
           [1., 1., 1.]], dtype=float32)
    """
    read = read_sequences(sequences, axis)
    if axis == 1:
        warn_of_channels_first(read)
    return graphs_of_steps(read, connect=connect, window=window, position=position)


def graphs_of_steps(
    sequences: Sequences,
    *,
    connect: str = "complete",
    window: int | None = None,
    position: str | None = None,
) -> list[Graph]:
    """Return one graph per sequence; arguments are those of `sequence_graphs`."""
    before, after = _attention_span(connect, window)
    check_choice(position, ("sinusoidal", None), "position")
    _check_memory({len(steps) for steps in sequences.steps}, before, after)

    @cache  # sequences of equal length share these arrays
    def shared(n_steps: int) -> tuple[Any, ...]:
        adjacency = _band_matrix(n_steps, before, after)
        return adjacency, position_columns(n_steps), np.arange(n_steps)

    graphs = []
    for X in sequences.steps:
        adjacency, columns, targets = shared(len(X))
        if position is not None:
            X = np.concatenate([X, columns.astype(X.dtype)], axis=1)
        graphs.append(Graph._trusted(adjacency, X, None, None, targets))
    return graphs


def position_columns(n_steps: int) -> NDArray[np.float32]:
    """Return the columns ``sin(t / 10**i), cos(t / 10**i)`` for i = 0 .. 3."""
    n_columns = len(POSITION_FEATURES)
    rates = 10_000.0 ** (-np.arange(0, n_columns, 2) / n_columns)
    angles = np.arange(n_steps)[:, None] * rates
    columns = np.stack([np.sin(angles), np.cos(angles)], axis=2)
    return columns.reshape(n_steps, n_columns).astype(np.float32)


def _attention_span(connect: str, window: int | None) -> tuple[int | None, int | None]:
    """Return the numbers of earlier and later steps to attend to; None means all."""
    check_choice(connect, CONNECTIONS, "connect")
    if connect in ("window", "causal") and window is not None:
        window = as_count(window, "window")
    if connect == "window" and window is None:
        raise ValueError(
            "connect='window' needs window=, the number of senders on each side, got "
            "None. Use connect='complete' to attend to all steps."
        )
    return {
        "chain": (1, 1),
        "window": (window, window),
        "causal": (window, 0),
        "complete": (None, None),
    }[connect]


def check_complete_memory(n_nodes: Iterable[int]) -> None:
    """Raise MemoryError if complete graphs of these sizes do not fit into memory."""
    _check_memory(list(n_nodes), None, None)


def _check_memory(
    lengths: Iterable[int], before: int | None, after: int | None
) -> None:
    """Raise MemoryError if graphs of sequences of these lengths do not fit."""
    n_edges = sum(_n_edges(n_steps, before, after) for n_steps in lengths)
    left = available_memory()
    if left is not None and n_edges * BYTES_PER_EDGE > left:
        raise MemoryError(
            "The graphs of the sequences must fit into memory, but their "
            f"{n_edges:.3g} edges (largest graph: {max(lengths)} steps or patches) "
            f"need about {n_edges * BYTES_PER_EDGE / 1e9:.1f} GB where "
            f"{left / 1e9:.1f} GB are left. Use few patches, "
            "encoder=EncoderConfig(max_patches=64), attend to near steps alone, "
            "make_pipeline(SequenceGraph(connect='window', window=16), estimator), or "
            "shorten the sequences."
        )


def _n_edges(n_steps: int, before: int | None, after: int | None) -> int:
    """Return the number of entries of a band matrix."""
    missing = [n_steps - 1 - side for side in (before, after) if side is not None]
    return n_steps**2 - sum(most * (most + 1) // 2 for most in missing if most > 0)


def _band_matrix(
    n_steps: int, before: int | None, after: int | None
) -> sparse.csr_array:
    """Return a band matrix with the given numbers of lower and upper diagonals."""
    steps = np.arange(n_steps)
    before, after = (min(n_steps, n_steps if n is None else n) for n in (before, after))
    first = np.maximum(steps - before, 0)
    last = np.minimum(steps + after, n_steps - 1)
    lengths = last - first + 1
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    index = index_dtype(indptr[-1])
    return sparse.csr_array(
        (
            np.ones(indptr[-1], dtype=np.float32),
            ragged_range(first, lengths).astype(index),
            indptr.astype(index),
        ),
        shape=(n_steps, n_steps),
    )
