"""HTML pages of explanations, each one file that needs no network."""

from html import escape
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph import layout
from skattn.inspection._graph_page import graph_page
from skattn.inspection._graph_picture import GraphPicture, drawn_edges
from skattn.inspection._molecule_picture import molecule_svg
from skattn.inspection._node_colors import PLAIN, NodeColors, plain_colors

FOR, AGAINST = (192, 57, 43), (36, 113, 163)
"""Colours of positive and negative scores, red, green and blue."""
N_SHADES = 31
"""Number of colours from the most negative to the most positive score."""
MAX_BARS = 100
"""Number of candidates with the largest scores that have a bar."""
MAX_EDGES = 20_000
BAR, ROW, NAMES = 280, 18, 240
"""Pixels: length of the longest bar, height of a row, width of the names."""

_STYLE = (
    "body{font:14px sans-serif;margin:1em;color:#222;background:#fff}"
    "text{fill:currentColor;font-size:12px}line{stroke:currentColor}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1b1b1b}}"
)


def explanation_page(explanation: Any) -> str:
    """Return the page of one answer: a graph to explore, or bars."""
    _, names = explanation._single("to_html")
    title = escape(explanation._headline())
    if explanation.of == "nodes" and names.molecule is not None:
        drawing = molecule_svg(names.molecule, explanation.scores[0])
        return _page(title, drawing + _bars(explanation, title))
    if explanation.of != "features" and names.noun == "node":
        return graph_page(_picture(explanation))
    return _page(title, _bars(explanation, title))


def _picture(explanation: Any) -> GraphPicture:
    """Return the nodes and edges of the candidates, with their scores."""
    evidence, names = explanation._single("to_html")
    scores = explanation.scores[0]
    if explanation.of == "edges":
        nodes = np.unique(evidence.ends)
        nodes = np.union1d(nodes, names.targets).astype(np.int64)
        matrix = sp.csr_array(scores[nodes][:, nodes])
        colors = plain_colors(len(nodes))
    else:
        nodes = np.unique(evidence.ends)
        pattern = explanation._parts[0].subgraph(nodes).adjacency
        matrix = sp.csr_array((pattern != 0).astype(np.float64))
        colors = _signed_colors(scores[nodes])
    target = None
    if len(names.targets) == 1:
        target = int(np.searchsorted(nodes, names.targets[0]))
    return GraphPicture(
        layout(sp.csr_array(matrix != 0), random_state=0),
        drawn_edges(matrix, MAX_EDGES),
        [str(names.node(int(node))) for node in nodes],
        colors,
        notes=colors.texts,
        title=explanation._headline(),
        target=target,
    )


def _signed_colors(scores: NDArray[np.float64]) -> NodeColors:
    """Return colours from blue over grey to red by the size of the scores."""
    size = np.abs(scores).max(initial=0) or 1.0
    levels = np.linspace(-1, 1, N_SHADES)
    codes = np.rint((scores / size + 1) / 2 * (N_SHADES - 1)).astype(np.uint8)
    ticks = [(f"{level * size:+.2g}", _shade(level)) for level in (1, 0, -1)]
    texts = [f"{score:+.3g}" for score in scores]
    return NodeColors(codes, [_shade(level) for level in levels], ticks, texts)


def _shade(level: float) -> str:
    """Return the colour of a score from -1 to 1."""
    end = FOR if level > 0 else AGAINST
    mixed = [round(208 + abs(level) * (channel - 208)) for channel in end]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _page(title: str, content: str) -> str:
    """Return a page without a script."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body><p>{title}</p>"
        f"{content}</body></html>"
    )


def _bars(explanation: Any, title: str) -> str:
    """Return a bar per candidate, the largest first."""
    top = explanation.top(MAX_BARS)
    size = max((abs(each[-1]) for each in top), default=0.0) or 1.0
    rows = [
        _bar(k, " <- ".join(map(str, each[:-1])), each[-1], size)
        for k, each in enumerate(top)
    ]
    width, height = NAMES + 2 * BAR + 80, ROW * max(len(top), 1)
    middle = NAMES + BAR
    axis = f'<line x1="{middle}" x2="{middle}" y1="0" y2="{height}"/>'
    return (
        f'<svg role="img" aria-label="{title}" width="{width}" height="{height}">'
        f"{axis}{''.join(rows)}</svg>"
    )


def _bar(row: int, name: str, score: float, size: float) -> str:
    """Return a bar from the middle, its name at the left and its score beside it."""
    length, middle, y = BAR * abs(score) / size, NAMES + BAR, ROW * row
    left = middle if score > 0 else middle - length
    at = (left + length + 4, "start") if score > 0 else (left - 4, "end")
    colour = _shade(np.sign(score)) if score else PLAIN
    return (
        f'<text x="{NAMES - 6}" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{left:.1f}" y="{y + 3}" width="{length:.1f}" height="{ROW - 6}" '
        f'fill="{colour}"/><text x="{at[0]:.1f}" y="{y + 13}" text-anchor="{at[1]}">'
        f"{score:+.3g}</text>"
    )
