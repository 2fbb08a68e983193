"""Conversion of sequences to graphs of their time steps."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import index_dtype
from skattn.graph._graph import Graph
from skattn.graph._ragged_range import ragged_range

CONNECTIONS = ("chain", "window", "causal", "complete")

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
        If the sequences differ in type or are not numeric.
    ValueError
        If a parameter is invalid, there is no sequence, or one is not two-dimensional,
        is all NaN or differs from the first in the number of features.

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
    before, after = _attention_span(connect, window)
    if position not in ("sinusoidal", None):
        raise ValueError(f"position must be 'sinusoidal' or None, got {position!r}.")
    steps = read_sequences(sequences, axis)

    @cache  # sequences of equal length share these arrays
    def shared(n_steps: int) -> tuple[Any, ...]:
        adjacency = _band_matrix(n_steps, before, after)
        return adjacency, position_columns(n_steps), np.arange(n_steps)

    graphs = []
    for X in steps:
        adjacency, columns, targets = shared(len(X))
        if position is not None:
            X = np.concatenate([X, columns.astype(X.dtype)], axis=1)
        graphs.append(Graph._trusted(adjacency, X, None, None, targets))
    return graphs


def read_sequences(X: Any, axis: int = 1) -> list[NDArray[Any]]:
    """Return one float array (n_steps, n_features) per sequence, without padding.

    Arguments and exceptions are those of `sequence_graphs`; float32 stays float32.
    """
    if axis not in (1, 2):
        raise ValueError(
            "axis must be 1 for (n_sequences, n_steps, n_features) or 2 for "
            f"(n_sequences, n_features, n_steps), got {axis!r}."
        )
    sequences = [
        _without_padding(steps.T if axis == 2 else steps, number)
        for number, steps in enumerate(_sequence_arrays(X))
    ]
    if not sequences:
        raise ValueError("There must be at least one sequence, got none.")
    _check_widths(sequences, axis)
    return sequences


def position_columns(n_steps: int) -> NDArray[np.float32]:
    """Return the columns ``sin(t / 10**i), cos(t / 10**i)`` for i = 0 .. 3."""
    n_columns = len(POSITION_FEATURES)
    rates = 10_000.0 ** (-np.arange(0, n_columns, 2) / n_columns)
    angles = np.arange(n_steps)[:, None] * rates
    columns = np.stack([np.sin(angles), np.cos(angles)], axis=2)
    return columns.reshape(n_steps, n_columns).astype(np.float32)


def _attention_span(connect: str, window: int | None) -> tuple[int | None, int | None]:
    """Return the numbers of earlier and later steps to attend to; None means all."""
    if connect not in CONNECTIONS:
        raise ValueError(f"connect must be one of {CONNECTIONS}, got {connect!r}.")
    uses_window = connect in ("window", "causal") and window is not None
    if uses_window and not (isinstance(window, int | np.integer) and window >= 1):
        raise ValueError(f"window must be an int of at least 1, got {window!r}.")
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


def _band_matrix(
    n_steps: int, before: int | None, after: int | None
) -> sparse.csr_array:
    """Return a band matrix with the given numbers of lower and upper diagonals."""
    steps = np.arange(n_steps)
    first = np.maximum(steps - (n_steps if before is None else before), 0)
    last = np.minimum(steps + (n_steps if after is None else after), n_steps - 1)
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


def _sequence_arrays(X: Any) -> Iterator[NDArray[Any]]:
    """Yield each sequence as a two-dimensional array of floats."""
    if not isinstance(X, list | tuple):
        X = np.asarray(X)
    if isinstance(X, np.ndarray) and X.ndim not in (1, 3):
        raise ValueError(
            "Sequences in one array must have three dimensions, (n_sequences, n_steps, "
            f"n_features), got shape {X.shape}. Use [X] for a single sequence, "
            "X[:, :, None] if every row is a sequence of one feature."
        )
    if isinstance(X, np.ndarray) and X.ndim == 3:
        yield from _as_floats(X, "X")
        return
    columns = None
    for number, entry in enumerate(X):
        steps = _as_floats(_two_dimensional(entry, number), f"Sequence {number}")
        if hasattr(entry, "columns"):
            columns = _same_columns(columns, list(entry.columns), number)
        yield steps


def _two_dimensional(entry: Any, number: int) -> Any:
    if isinstance(entry, Graph):
        raise TypeError(
            "Sequences must be arrays or DataFrames of shape (n_steps, n_features), "
            f"got a Graph at position {number}. Do not convert graphs."
        )
    if not hasattr(entry, "shape"):
        try:
            entry = np.asarray(entry)
        except ValueError as error:
            raise ValueError(
                f"Sequence {number} must have rows of equal length, one row per step, "
                "got different lengths. Fill missing values with NaN."
            ) from error
    if len(entry.shape) != 2 or entry.shape[1] == 0:
        raise ValueError(
            "A sequence must have two dimensions, one row per step and at least one "
            f"column, got shape {tuple(entry.shape)} at position {number}. Use "
            "x.reshape(-1, 1) for a sequence of one feature."
        )
    return entry


def _as_floats(values: Any, name: str) -> NDArray[Any]:
    dtype = np.float32 if getattr(values, "dtype", None) == np.float32 else np.float64
    try:
        if hasattr(values, "iloc"):  # pandas.NA is not a float
            return np.asarray(values.to_numpy(dtype=dtype, na_value=np.nan))
        return np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name} must hold numbers, got {type(values).__name__} with other "
            "entries. Encode categories first; convert sparse matrices to dense ones."
        ) from error


def _same_columns(columns: list[Any] | None, these: list[Any], number: int) -> Any:
    if columns is not None and columns != these:
        raise ValueError(
            "Sequences must have the same columns in the same order, got "
            f"{columns} and, at position {number}, {these}. Use frame[columns]."
        )
    return these


def _without_padding(steps: NDArray[Any], number: int) -> NDArray[Any]:
    """Return the steps without trailing ones that are NaN in every column."""
    if len(steps) and not np.isnan(steps[-1]).all():
        return steps
    measured = np.flatnonzero(~np.isnan(steps).all(axis=1))
    if len(measured) == 0:
        raise ValueError(
            f"A sequence must have at least one step that is not all NaN, got none at "
            f"position {number} (shape {steps.shape}). Remove it and its label."
        )
    return steps[: measured[-1] + 1]


def _check_widths(sequences: list[NDArray[Any]], axis: int) -> None:
    width = sequences[0].shape[1]
    for number, steps in enumerate(sequences):
        if steps.shape[1] != width:
            order = "(n_steps, n_features)" if axis == 1 else "(n_features, n_steps)"
            raise ValueError(
                f"Sequences must have as many features as the first one ({width}), got "
                f"{steps.shape[1]} at position {number}. They are read as {order}; "
                "set axis= for the other order."
            )
