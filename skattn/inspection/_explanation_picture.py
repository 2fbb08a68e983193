"""Drawing of explanations with matplotlib."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph import layout
from skattn.inspection._molecule_picture import molecule_image
from skattn.inspection._pyplot import axes

FOR, AGAINST = "#c0392b", "#2471a3"
"""Colours of positive and negative scores."""
GREY = "0.75"
MAX_NAMES = 40
"""Number of nodes up to which all have their names in the picture."""


def draw(explanation: Any, ax: Any, *, k: int, title: str | None) -> Any:
    """Draw the explanation of one answer; return the axes."""
    _, names = explanation._single("plot")
    ax = axes(ax)
    if explanation.of == "features" or names.n_fitted is not None:
        _bars(explanation, ax, k)
    elif explanation.of == "edges":
        _edges(explanation, ax, k)
    elif names.recording is not None:
        _steps(explanation, ax)
    elif names.molecule is not None:
        _molecule(explanation, ax)
    else:
        _nodes(explanation, ax, k)
    known = explanation._headline()
    ax.set_title(known if title is None else title, fontsize="medium")
    return ax


def _bars(explanation: Any, ax: Any, k: int) -> None:
    """Draw a bar for each of the largest scores, the own share first."""
    top = explanation.top(k)
    labels = [str(each[-2]) for each in top]
    values = [each[-1] for each in top]
    own = float(explanation.without[0])
    if np.isfinite(own) and explanation.of == "edges":
        labels, values = ["itself", *labels], [own, *values]
    colours = [FOR if value > 0 else AGAINST for value in values]
    ax.barh(range(len(values)), values, color=colours, tick_label=labels)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.invert_yaxis()
    ax.set_xlabel(explanation.unit)


def _edges(explanation: Any, ax: Any, k: int) -> None:
    """Draw the best edges in colour, other edges between their nodes in grey."""
    evidence, names = explanation._single("plot")
    chosen = evidence.best(k)
    ends = evidence.ends[chosen]
    nodes = np.unique(ends)
    nodes = np.union1d(nodes, names.targets).astype(np.int64)
    adjacency = explanation._parts[0].subgraph(nodes).adjacency
    at = layout(adjacency, random_state=0)
    _lines(ax, at, _pairs(adjacency), colour=GREY, width=0.8)
    scores = evidence.scores[chosen]
    size = np.abs(scores).max(initial=0) or 1.0
    for end, score in zip(np.searchsorted(nodes, ends), scores, strict=True):
        colour = FOR if score > 0 else AGAINST
        width = 0.8 + 3.2 * abs(score) / size
        _lines(ax, at, end[None], colour=colour, width=width, above=2)
    is_target = np.isin(nodes, names.targets)
    fill = np.where(is_target, "black", "white")
    ax.scatter(*at.T, s=60, c=fill, edgecolors="black", zorder=3)
    _write(ax, at, [str(names.node(int(node))) for node in nodes])
    ax.set_axis_off()


def _nodes(explanation: Any, ax: Any, k: int) -> None:
    """Draw a graph, its nodes in the colours of their scores."""
    evidence, names = explanation._single("plot")
    nodes = np.unique(evidence.ends)
    adjacency = explanation._parts[0].subgraph(nodes).adjacency
    scores = explanation.scores[0][nodes]
    size = np.abs(scores).max(initial=0) or 1.0
    at = layout(adjacency, random_state=0)
    _lines(ax, at, _pairs(adjacency), colour=GREY, width=1.2)
    shown = ax.scatter(
        *at.T, s=120, c=scores, cmap="RdBu_r", vmin=-size, vmax=size,
        edgecolors="black", zorder=3,
    )  # fmt: skip
    ax.figure.colorbar(shown, ax=ax, label=explanation.unit)
    named = evidence.ends[evidence.best(k), 0]
    if len(nodes) <= MAX_NAMES:
        named = nodes
    is_named = np.isin(nodes, named)
    texts = [str(names.node(int(node))) for node in nodes[is_named]]
    _write(ax, at[is_named], texts)
    ax.set_axis_off()


def _molecule(explanation: Any, ax: Any) -> None:
    """Draw a molecule, its atoms in the tints of their scores."""
    molecule = explanation._names[0].molecule
    ax.imshow(molecule_image(molecule, explanation.scores[0]))
    ax.set_axis_off()


def _steps(explanation: Any, ax: Any) -> None:
    """Draw the channels of a sequence over a strip of the steps' scores."""
    names = explanation._names[0]
    scores = explanation.scores[0]
    size = np.abs(scores).max(initial=0) or 1.0
    recording = names.recording
    low, high = np.nanmin(recording.values), np.nanmax(recording.values)
    extent = (-0.5, len(scores) - 0.5, low, high if high > low else low + 1)
    shown = ax.imshow(
        scores[None], aspect="auto", extent=extent, cmap="RdBu_r", vmin=-size,
        vmax=size, alpha=0.6,
    )  # fmt: skip
    for name, channel in zip(recording.channels, recording.values.T, strict=True):
        ax.plot(channel, linewidth=1, label=str(name))
    if len(recording.channels) > 1:
        ax.legend(title="channel", fontsize="small")
    ax.set(xlabel="step", ylabel="value")
    ax.figure.colorbar(shown, ax=ax, label=explanation.unit)


def _pairs(adjacency: sp.csr_array) -> NDArray[np.int64]:
    """Return each pair of connected nodes once, (n_pairs, 2)."""
    entries = sp.coo_array(adjacency)
    ends = np.sort(np.stack(entries.coords, 1), axis=1)
    ends = ends[ends[:, 0] != ends[:, 1]]
    return np.unique(ends, axis=0).astype(np.int64)


def _lines(
    ax: Any, at: NDArray[Any], pairs: NDArray[Any], *, colour: str, width: float,
    above: int = 1,
) -> None:  # fmt: skip
    from matplotlib.collections import LineCollection

    lines = LineCollection(at[pairs], colors=colour, linewidths=width, zorder=above)
    ax.add_collection(lines)


def _write(ax: Any, at: NDArray[Any], texts: list[str]) -> None:
    for place, text in zip(at, texts, strict=True):
        ax.annotate(
            text, place, (5, 5), textcoords="offset points", fontsize="small", zorder=4
        )
