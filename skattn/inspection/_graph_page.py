"""Interactive HTML page of a graph, in one file that needs no network.

The page is `_page/graph.html` with its style and script. A Content-Security-Policy
permits these two, by their hashes, and no request.
"""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from skattn.inspection._graph_picture import Edges, GraphPicture

MOST_16_BIT = 2**16
"""Number of nodes up to which their positions are written as 16 bits."""
FRAME_HEIGHT = 560
"""Height of the page in a notebook, in pixels."""


def graph_page(picture: GraphPicture) -> str:
    """Return the HTML page of a picture."""
    style, script = _part("graph.css"), _part("graph.js")
    return Template(_part("graph.html")).substitute(
        policy=_policy(style, script),
        title=escape(picture.title),
        remark=escape(picture.left_out()),
        style=style,
        script=script,
        data=_json(_data(picture)),
    )


def notebook_frame(page: str, title: str) -> str:
    """Return HTML that shows a page in a notebook, apart from the notebook's own."""
    return (
        f'<iframe srcdoc="{escape(page)}" title="{escape(title)}" '
        f'sandbox="allow-scripts" width="100%" height="{FRAME_HEIGHT}" '
        'style="border: 0"></iframe>'
    )


@cache
def _part(name: str) -> str:
    """Return the text of a file of the page."""
    return files("skattn.inspection").joinpath("_page", name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Return the policy that permits this style and script, and nothing else."""
    rules = ["default-src 'none'", "base-uri 'none'", "form-action 'none'"]
    for kind, text in [("style", style), ("script", script)]:
        digest = b64encode(sha256(text.encode()).digest()).decode()
        rules.append(f"{kind}-src 'sha256-{digest}'")
    return "; ".join(rules)


def _json(data: dict[str, Any]) -> str:
    """Return JSON in which no text can end the script element around it."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c")


def _data(picture: GraphPicture) -> dict[str, Any]:
    """Return the input of the script; arrays are little-endian bytes in base 64."""
    colors, n_nodes = picture.colors, picture.n_nodes
    counts = np.bincount(picture.edges.receivers, minlength=n_nodes)
    index = "<u2" if n_nodes <= MOST_16_BIT else "<u4"
    return {
        "places": _packed(np.rint(65535 * picture.places), "<u2"),
        "starts": _packed(np.concatenate([[0], np.cumsum(counts)]), "<u4"),
        "senders": _packed(picture.edges.senders, index),
        **_scores(picture.edges),
        "signed": picture.is_signed,
        "colours": _packed(colors.codes, "u1"),
        "palette": colors.palette,
        "legend": colors.legend,
        "names": picture.names,
        "notes": picture.notes,
        "target": -1 if picture.target is None else int(picture.target),
    }


def _scores(edges: Edges) -> dict[str, Any]:
    """Return scores as 16 bits and the score of one unit; arrows if there are any."""
    one_way = _packed(edges.one_way, "u1") if edges.one_way.any() else None
    if edges.scores is None:
        return {"scores": None, "unit": 0, "one_way": one_way}
    unit = float(np.abs(edges.scores).max(initial=0)) / 32767 or 1.0
    scores = _packed(np.rint(edges.scores / unit), "<i2")
    return {"scores": scores, "unit": unit, "one_way": one_way}


def _packed(values: NDArray[Any], dtype: DTypeLike) -> str:
    return b64encode(np.ascontiguousarray(values, dtype).tobytes()).decode()
