"""Recommendation: the most likely partners of nodes."""

from functools import partial

import numpy as np

from skattn._training import default_modes
from skattn.graph._arguments import as_count, check_choice, check_flag
from skattn.graph._data_objects import type_name
from skattn.graph._frames import import_pandas
from skattn.graph._labels import listing
from skattn.graph._name_table import check_names, list_of
from skattn.graph._node_names import name_array

N_PAIRS = 1 << 21
"""Number of pairs that are predicted at once."""


@default_modes()
def recommend(estimator, nodes, k, *, side, include_known):
    """Make a DataFrame of the k best partners of each node."""
    pd = import_pandas(
        "recommend returns a DataFrame and", "Without it, use predict on pairs."
    )
    k = as_count(k, "k")
    check_choice(side, ("source", "target"), "side")
    check_flag(include_known, "include_known")
    names = estimator._context_.names
    positions = _positions(nodes, names, side)
    _check_side(estimator._context_, positions, side)
    candidates = _candidates(estimator._context_, side)
    step = max(1, N_PAIRS // max(len(candidates), 1))
    best = partial(
        _best, estimator, estimator._pair_prediction(), candidates, k, side,
        include_known,
    )  # fmt: skip
    blocks = [
        best(positions[start : start + step])
        for start in range(0, len(positions), step)
    ]
    node, partner, value, known = (np.concatenate(c) for c in zip(*blocks, strict=True))
    return pd.DataFrame(
        {
            "node": names.names(node),
            "partner": names.names(partner),
            estimator._recommended: value,
            "known": known,
        }
    )


def _positions(nodes, names, side):
    """Return the positions of named nodes."""
    listed = list_of(nodes)
    if listed is None:
        raise ValueError(
            f"nodes must be a list of nodes, got {type_name(nodes)}. Pass a list, such "
            "as [node]."
        )
    check_names(listed, "nodes")
    given = name_array(listed)
    positions = names.positions(given, side)
    if not len(given) or (positions < 0).any():
        unknown = given[positions < 0].tolist()
        raise ValueError(
            "nodes must be known nodes, at least one, got "
            f"{listing(unknown) or 'none'} as {side}s."
        )
    return positions


def _check_side(context, positions, side):
    """Raise ValueError for nodes of the other of two kinds."""
    if context.sides is None:
        return
    others = positions[~context.sides[0 if side == "source" else 1][positions]]
    if len(others):
        names = listing(context.names.names(others).tolist(), 3)
        other = "target" if side == "source" else "source"
        raise ValueError(
            f"nodes must be {side}s of the pairs of fit, got {names}. Set "
            f"side={other!r} for {other}s; a node without a fitted pair is of no kind."
        )


def _candidates(context, side):
    """Return the nodes that can be partners."""
    if context.sides is None:
        return np.arange(context.n_nodes)
    return np.flatnonzero(context.sides[1 if side == "source" else 0])


def _best(estimator, outputs_of, candidates, k, side, include_known, positions):
    """Return node, partner, prediction and known of the best pairs of some nodes."""
    node = np.repeat(positions, len(candidates))
    partner = np.tile(candidates, len(positions))
    pairs = np.stack([node, partner] if side == "source" else [partner, node], 1)
    known = estimator._context_.are_links(pairs)
    possible = (node != partner) & (include_known | ~known)
    value = np.full(len(pairs), -np.inf)
    if possible.any():
        asked = pairs[possible]
        outputs = outputs_of(asked, np.empty((len(asked), 0), np.float32))
        value[possible] = estimator._link_values(outputs)
    order = np.argsort(-value.reshape(len(positions), -1), axis=1, kind="stable")
    best = (order[:, :k] + np.arange(len(positions))[:, None] * len(candidates)).ravel()
    best = best[possible[best]]
    return node[best], partner[best], value[best], known[best]
