"""Sequences as arrays of floats, and the names of their columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._data_objects import (
    as_array,
    check_data,
    remedy_for,
    type_name,
)
from skattn.graph._frames import is_frame, named_table
from skattn.graph._graph import Graph
from skattn.graph._numbers import as_floats
from skattn.graph._warning import warn


@dataclass(frozen=True, eq=False)
class Sequences:
    """Sequences as arrays, and the frame that names their features."""

    steps: list[NDArray[Any]]
    """Arrays of shape (n_steps, n_features), without padding."""
    frame: Any
    """First DataFrame among the sequences, or None."""

    @property
    def n_features(self) -> int:
        """Number of features of a step."""
        return int(self.steps[0].shape[1])

    @property
    def table(self) -> Any:
        """The steps of all sequences, (n_steps, n_features), with column names."""
        return named_table(np.concatenate(self.steps), self.frame)


def read_sequences(X: Any, axis: int = 1) -> Sequences:
    """Read sequences as float arrays (n_steps, n_features), without padding.

    Arguments and exceptions are those of `sequence_graphs`; float32 stays float32.
    """
    if not isinstance(axis, int | np.integer) or axis not in (1, 2):
        raise ValueError(
            "axis must be 1 for (n_sequences, n_steps, n_features) or 2 for "
            f"(n_sequences, n_features, n_steps), got {axis!r}."
        )
    check_data(X)
    frames: list[Any] = []
    steps = [
        _without_padding(steps.T if axis == 2 else steps, number)
        for number, steps in enumerate(_sequence_arrays(X, axis, frames))
    ]
    if not steps:
        raise ValueError("There must be at least one sequence, got none.")
    _check_widths(steps, axis)
    return Sequences(steps, frames[0] if frames else None)


def warn_of_channels_first(sequences: Sequences) -> None:
    """Warn if the arrays look like (n_features, n_steps).

    That is, if every sequence has one step of several features, or if there are at
    least four times as many features as steps and adjacent features correlate (.5 or
    more over the first hundred sequences), as adjacent times do. Columns of DataFrames
    are features.
    """
    if sequences.frame is None and _look_transposed(sequences):
        n_steps, n_features = sequences.steps[0].shape
        warn(
            f"Sequences are read as (n_steps, n_features), here {n_steps} step(s) of "
            f"{n_features} features, but look like (n_features, n_steps). If the last "
            "axis is time, use np.swapaxes(X, 1, 2), or "
            "skattn.preprocessing.SequenceGraph(axis=2) before the estimator.",
        )


def _look_transposed(sequences: Sequences) -> bool:
    longest = max(len(steps) for steps in sequences.steps)
    n_features = sequences.n_features
    if longest == 1:
        return n_features > 1
    if n_features < 4 * longest:
        return False
    rows = np.concatenate(sequences.steps[:100])
    return _lag_one_correlation(np.nan_to_num(rows)) >= 0.5


def _lag_one_correlation(rows: NDArray[Any]) -> float:
    """Return the correlation of adjacent entries of rows, each minus its mean."""
    with np.errstate(all="ignore"):
        scaled = rows / np.abs(rows).max(axis=1, keepdims=True)
        centred = np.nan_to_num(scaled - scaled.mean(axis=1, keepdims=True))
        before, after = centred[:, :-1], centred[:, 1:]
        norm = np.sqrt((before**2).sum() * (after**2).sum())
        return float((before * after).sum() / norm) if norm > 0 else 0.0


def _sequence_arrays(X: Any, axis: int, frames: list[Any]) -> Iterator[NDArray[Any]]:
    """Yield each sequence as an array of floats; append the first frame to `frames`."""
    if not isinstance(X, list | tuple):
        X = as_array(X, "X", "one per sequence")
    if isinstance(X, np.ndarray) and X.ndim not in (1, 3):
        raise ValueError(
            "Sequences in one array must have three dimensions, (n_sequences, n_steps, "
            f"n_features), got shape {X.shape}. Use [X] for a single sequence, "
            "X[:, :, None] if every row is a sequence of one feature."
        )
    if isinstance(X, np.ndarray) and X.ndim == 3:
        yield from as_floats(X, "X")
        return
    for number, entry in enumerate(X):
        steps = as_floats(_two_dimensional(entry, number), f"Sequence {number}")
        if is_frame(entry) and axis == 1:
            _append_frame(frames, entry, number)
        yield steps


def _two_dimensional(entry: Any, number: int) -> Any:
    if isinstance(entry, Graph):
        raise TypeError(
            "Sequences must be arrays or DataFrames of shape (n_steps, n_features), "
            f"got a Graph at position {number}. Do not convert graphs."
        )
    remedy = None if isinstance(entry, Number) else remedy_for(entry)
    if remedy is not None:
        raise TypeError(
            "Sequences must be arrays or DataFrames of shape (n_steps, n_features), "
            f"got {type_name(entry)} at position {number}. {remedy}"
        )
    if not hasattr(entry, "shape"):
        entry = as_array(entry, f"Sequence {number}", "one row per step")
    if len(entry.shape) != 2 or entry.shape[1] == 0:
        raise ValueError(
            "A sequence must have two dimensions, one row per step and at least one "
            f"column, got shape {tuple(entry.shape)} at position {number}. Use "
            "x.reshape(-1, 1) for a sequence of one feature."
        )
    return entry


def _append_frame(frames: list[Any], frame: Any, number: int) -> None:
    """Append the first frame; raise ValueError if another has other columns."""
    if not frames:
        frames.append(frame)
    columns, these = list(frames[0].columns), list(frame.columns)
    if columns != these:
        raise ValueError(
            "Sequences must have the same columns in the same order, got "
            f"{columns} and, at position {number}, {these}. Use frame[columns]."
        )


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
