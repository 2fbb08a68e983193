"""Colours of nodes by their labels, without matplotlib."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._unknown_labels import read_labels
from skattn.metrics._labelled_graphs import LabelledGraphs

CLASS_COLORS = (
    *("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"),
    *("#ee8866", "#44bb99", "#bbcc33", "#77aadd", "#ffaabb", "#aaaa00"),
)
"""Colours of classes, distinct to colour-blind readers (Tol 2021); further classes
begin again."""
PLAIN = "#4477aa"
"""Colour of nodes without labels."""
UNKNOWN = "#c8c8c8"
"""Colour of nodes whose label is not known, where others are."""
SCALE = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
"""Points of viridis, between which numbers are interpolated."""
N_SHADES = 64
MOST_CLASSES = 20
"""Number of different integers up to which they are classes, and of legend entries."""
MOST_COLUMNS = 4
"""Number of features up to which a label is written with all of them."""


@dataclass(frozen=True, eq=False)
class NodeColors:
    """Colours of nodes, and their legend."""

    codes: NDArray[np.uint8]
    """(n_nodes,) position of each colour in `palette`."""
    palette: list[str]
    """Colours as hexadecimal numbers, up to 256."""
    legend: list[tuple[str, str]] = field(default_factory=list)
    """Texts and colours."""
    texts: list[str] | None = None
    """(n_nodes,) label of each node, "" where it is not known; None without labels."""

    @property
    def of_nodes(self) -> list[str]:
        """Colour (n_nodes,) of each node."""
        return [self.palette[code] for code in self.codes]


def plain_colors(n_nodes: int) -> NodeColors:
    """Return one colour for all nodes."""
    return NodeColors(np.zeros(n_nodes, np.uint8), [PLAIN])


def label_colors(y: Any, rows: NDArray[np.int64], n_nodes: int) -> NodeColors:
    """Return colours by labels of some nodes: classes or numbers.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Classes or numbers; missing values are unknown.
    rows : ndarray of shape (n_rows,)
        Positions of the labelled nodes.
    n_nodes : int
        Number of all nodes.
    """
    values, known = read_labels(y, float("nan"))
    if values.ndim == 2 and values.shape[1] == 1:
        values, known = values[:, 0], known[:, 0]
    if values.shape != (len(rows),):
        raise ValueError(
            "y must have one label per row (target node, table row or graph), shape "
            f"({len(rows)},), got shape {values.shape}. Choose one column of y, and "
            "the rows of X."
        )
    values, rows = values[known], rows[known]
    colors = _of_numbers if _are_numbers(values) else _of_classes
    return colors(values, rows, n_nodes)


def feature_colors(graphs: list[Graph]) -> NodeColors:
    """Return a colour per distinct row of node features, one for all without any."""
    codes = LabelledGraphs.of(graphs).node_codes
    if graphs[0].X is None:
        return plain_colors(len(codes))
    labels = [f"label {code}" for code in codes]
    if graphs[0].n_features <= MOST_COLUMNS:
        dense = (g.X.toarray() if sparse.issparse(g.X) else g.X for g in graphs)
        rows = (row for X in dense for row in np.asarray(X).tolist())
        labels = [", ".join(map(_feature_text, row)) for row in rows]
    return label_colors(labels, np.arange(len(codes)), len(codes))


def _feature_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _are_numbers(values: NDArray[Any]) -> bool:
    if values.dtype.kind not in "iuf":
        return False
    return len(np.unique(values)) > MOST_CLASSES or bool(np.any(values % 1))


def _of_classes(
    values: NDArray[Any], rows: NDArray[np.int64], n_nodes: int
) -> NodeColors:
    names = values if values.dtype.kind in "iufb" else values.astype(str)
    classes, numbers = np.unique(names, return_inverse=True)
    n_colors = min(len(classes), len(CLASS_COLORS))
    palette = [*CLASS_COLORS[:n_colors], UNKNOWN]
    codes = np.full(n_nodes, n_colors, np.uint8)
    codes[rows] = numbers % max(n_colors, 1)
    shown = [_text(name) for name in classes[:MOST_CLASSES]]
    legend = [(name, palette[k % n_colors]) for k, name in enumerate(shown)]
    if len(classes) > MOST_CLASSES:
        legend.append((f"and {len(classes) - MOST_CLASSES} more", UNKNOWN))
    return NodeColors(codes, palette, legend, _texts(classes[numbers], rows, n_nodes))


def _of_numbers(
    values: NDArray[Any], rows: NDArray[np.int64], n_nodes: int
) -> NodeColors:
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    share = np.clip((values.astype(float) - low) / ((high - low) or 1.0), 0, 1)
    codes = np.full(n_nodes, N_SHADES, np.uint8)
    codes[rows] = np.rint(share * (N_SHADES - 1))
    palette = [*_shades(), UNKNOWN]
    ticks = np.linspace(low, high, 5)
    at = np.rint(np.linspace(0, N_SHADES - 1, 5)).astype(int)
    legend = [(_text(t), palette[k]) for t, k in zip(ticks, at, strict=True)]
    return NodeColors(codes, palette, legend, _texts(values, rows, n_nodes))


def _shades() -> list[str]:
    """Return the colours of the scale for numbers."""
    points = [[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in SCALE]
    at, known = np.linspace(0, 1, N_SHADES), np.linspace(0, 1, len(SCALE))
    channels = [np.interp(at, known, channel) for channel in np.transpose(points)]
    return ["#{:02x}{:02x}{:02x}".format(*c) for c in np.rint(channels).astype(int).T]


def _texts(values: NDArray[Any], rows: NDArray[np.int64], n_nodes: int) -> list[str]:
    texts = [""] * n_nodes
    for row, value in zip(rows.tolist(), values.tolist(), strict=True):
        texts[row] = _text(value)
    return texts


def _text(value: Any) -> str:
    """Return a short text of a class or number."""
    if isinstance(value, float | np.floating):
        return f"{float(value):.4g}"
    return str(value)
