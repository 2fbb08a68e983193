"""Conditions of generated graphs: classes or numbers, all of them optional."""

from dataclasses import dataclass

import numpy as np

from skattn.estimators._label_encoding import Classes, Numbers
from skattn.estimators._label_reader import ClassReader, NumberReader
from skattn.graph._labels import listing
from skattn.graph._unknown_labels import read_labels

MAX_CLASSES = 128
"""Maximum number of classes."""
_UNKNOWN = float("nan")


@dataclass(frozen=True)
class Conditions:
    """Encoding of y as columns of the nodes of a context.

    Classes are one-hot, numbers are standardised, each beside a column of 1; a row of
    zeros is an unknown condition.
    """

    encoding: Classes | Numbers

    @classmethod
    def learn(cls, y, n_graphs) -> "Conditions":
        """Learn classes or numbers from the y of a fit; NaN is unknown.

        Floating-point numbers and tables of several columns are numbers, all else are
        classes.
        """
        values, known = read_labels(y, _UNKNOWN)
        _check_length(values, n_graphs, "y", "graph")
        is_table = values.ndim == 2 and values.shape[1] > 1
        is_number = values.dtype.kind == "f" or is_table
        reader = NumberReader(_UNKNOWN) if is_number else ClassReader(_UNKNOWN, None)
        values, known = reader.read(y)
        encoding = reader.learn(values, known, None).encoding
        if isinstance(encoding, Classes) and encoding.n_outputs > MAX_CLASSES:
            raise ValueError(
                f"y may have {MAX_CLASSES} classes, got {encoding.n_outputs}. Convert "
                "numbers to float, which are conditions by their value: "
                "y.astype(float)."
            )
        return cls(encoding)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        n = self.encoding.n_outputs
        return n if isinstance(self.encoding, Classes) else 2 * n

    def columns(self, y, n_graphs, name="y", rows="graph"):
        """Return the columns (n_graphs, n_columns), float32; zeros if y is None.

        One value, or one row of several numbers, is that of all graphs.
        """
        out = np.zeros((n_graphs, self.n_columns), np.float32)
        if y is None:
            return out
        values, known = self._read(y, n_graphs, name, rows)
        encoded = self.encoding.encode(values, known)
        if isinstance(self.encoding, Classes):
            out[np.flatnonzero(known), encoded[known]] = 1
            return out
        return np.hstack([encoded, known.reshape(encoded.shape)]).astype(np.float32)

    def _read(self, y, n_graphs, name, rows):
        """Return the values of all graphs, and which are known."""
        if np.ndim(y) == 0:
            y = [y] * n_graphs
        elif not self._is_flat and np.ndim(y) == 1:
            y = np.tile(np.asarray(y), (n_graphs, 1))
        values, known = read_labels(y, _UNKNOWN)
        _check_length(values, n_graphs, name, rows)
        if isinstance(self.encoding, Classes):
            if values.ndim == 2 and values.shape[1] == 1:
                values, known = values[:, 0], known[:, 0]
            _check_classes(values[known], self.encoding.classes, name)
            return values, known
        if not known.any():
            shape = n_graphs, self.encoding.n_outputs
            return np.zeros(shape), np.zeros(shape, bool)
        values, known = NumberReader(_UNKNOWN).read(y)
        n_columns = 1 if values.ndim == 1 else values.shape[1]
        if n_columns != self.encoding.n_outputs:
            raise ValueError(
                f"{name} must have as many numbers per graph as in fit "
                f"({self.encoding.n_outputs}), got {n_columns}."
            )
        return values, known

    @property
    def _is_flat(self):
        return isinstance(self.encoding, Classes) or self.encoding.is_1d


def _check_length(values, n, name, rows):
    if values.ndim == 0 or len(values) != n:
        raise ValueError(
            f"{name} must have one value per {rows} ({n}), got shape {values.shape}."
        )


def _check_classes(values, classes, name):
    known = set(classes.tolist())
    unknown = [value for value in values.tolist() if value not in known]
    if unknown:
        raise ValueError(
            f"{name} must hold classes of fit ({listing(classes.tolist())}), got "
            f"{listing(sorted(set(unknown), key=str))}. Fit again with such graphs, or "
            "use NaN for an unknown class."
        )
