"""Samples and scores of a fitted generator."""

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from sklearn.utils import check_random_state

from skattn._batch import LabelledGraphs
from skattn._compat_sklearn import _check_feature_names
from skattn._training import (
    Grower,
    GrowthTrace,
    draw_starts,
    log_p_bound,
    resolve_device,
    trace_growth,
)
from skattn.estimators._generator_input import encode, read_graphs
from skattn.graph import Graph
from skattn.graph._undirected import are_connected
from skattn.graph._warning import warn


class Regrowth(NamedTuple):
    """Steps in which a given graph grows."""

    order: np.ndarray
    """(n_nodes,) int64: node that each step adds."""
    log_q: float
    """Log-probability of the order by its law."""
    trace: GrowthTrace
    """Probabilities and attention weights; nodes are positions in the order."""


def sample_graphs(estimator, n_samples, *, y, start, temperature, random_state):
    """Draw graphs from a fitted generator, see its method ``sample``."""
    device = resolve_device(estimator.device, strict=False)
    _check_numbers(n_samples, temperature)
    conditions = conditions_of(estimator, y, n_samples, "sample")
    rng = check_random_state(random_state)
    seed = int(rng.randint(np.iinfo(np.int32).max))
    objective, module = estimator.net_.objective, estimator.net_.module_
    starts, orders = LabelledGraphs.empty(n_samples), None
    if start is not None:
        given = _read_starts(estimator, start, n_samples)
        starts, orders = draw_starts(objective, module, given, conditions, device, rng)
    grower = Grower(
        objective,
        module.to(device).eval(),
        device,
        estimator.max_nodes_,
        float(temperature),
    )
    generator = torch.Generator().manual_seed(seed)
    grown = grower.grow(starts, conditions, generator)
    if grown.n_cut:
        warn(
            f"{grown.n_cut} of {n_samples} samples were cut at {estimator.max_nodes_} "
            "nodes. Increase max_nodes and fit again, or train for more epochs."
        )
    table = estimator._label_table_
    graphs = [_as_graph(graph, table) for graph in grown.graphs]
    if orders is None:
        return graphs
    firsts = np.split(orders, np.cumsum(starts.sizes)[:-1])
    return [_restored(*pair) for pair in zip(graphs, firsts, strict=True)]


def score_graphs(estimator, X, *, y, n_orders, random_state):
    """Bound the log-probabilities of graphs, see the method ``score_samples``."""
    _check_count("n_orders", n_orders)
    graphs, possible = _read_scored(estimator, X)
    conditions = conditions_of(estimator, y, len(graphs), "score_samples")
    kept = np.flatnonzero(possible)
    found = np.full(len(possible), -np.inf)
    if not len(kept):
        return found
    found[kept] = log_p_bound(
        estimator.net_.objective,
        estimator.net_.module_,
        graphs.take(kept),
        conditions[kept],
        resolve_device(estimator.device, strict=False),
        seeds=_order_seeds(estimator, random_state, n_orders),
    )
    return found


def grow_again(estimator, graph, *, y, random_state):
    """Compute the steps in which one graph grows, in an order that is drawn.

    It is the first order of `score_graphs` with the same random state.
    """
    graphs, possible = _read_scored(estimator, [graph])
    conditions = conditions_of(estimator, y, 1, "growth_attention")
    if not possible[0]:
        raise ValueError(
            "graph must be one that the generator can draw, with labels of fit (rows "
            "of node_labels_ and edge_labels_) and connected if connected_ is True; "
            "got one of probability 0. Fit on graphs like it."
        )
    device = resolve_device(estimator.device, strict=False)
    objective, module = estimator.net_.objective, estimator.net_.module_.to(device)
    (seed,) = _order_seeds(estimator, random_state, 1)
    ordered = graphs.ordered(objective.order, seed)
    trace = trace_growth(objective, module.eval(), ordered.graphs, conditions, device)
    return Regrowth(ordered.nodes, float(ordered.log_q[0]), trace)


def _read_scored(estimator, X):
    """Return checked graphs with labels, and the mask of those that can be drawn."""
    collection = read_graphs(X)
    estimator._schema_.check(collection)
    if collection.whole.X is not None:
        _check_feature_names(estimator, collection.whole.X, reset=False)
    graphs, possible = encode(collection, estimator._label_table_)
    if estimator.net_.objective.spec.must_link:
        possible &= are_connected(collection.whole.adjacency, collection.node_ptr)
    return graphs, possible


def _order_seeds(estimator, random_state, n_orders):
    """Draw the seeds of orders; without a random state, always the same ones."""
    seed = estimator._score_seed_ if random_state is None else random_state
    rng = check_random_state(seed)
    return rng.randint(np.iinfo(np.int32).max, size=n_orders).tolist()


def conditions_of(estimator, y, n_graphs, method):
    """Return the columns of y; raise ValueError if the fit had no y."""
    if estimator._conditions_ is not None:
        return estimator._conditions_.columns(y, n_graphs)
    if y is not None:
        raise ValueError(
            f"y must be given to fit if it is given to {method}, got it in {method} "
            "alone. Call fit(graphs, y), or leave y out."
        )
    return np.zeros((n_graphs, 0), np.float32)


def _check_count(name, n):
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
        raise ValueError(f"{name} must be an integer from 1, got {n!r}.")


def _check_numbers(n_samples, temperature):
    _check_count("n_samples", n_samples)
    is_number = isinstance(temperature, Real) and not isinstance(temperature, bool)
    if not is_number or not 0 < temperature < np.inf:
        raise ValueError(
            f"temperature must be a positive number, got {temperature!r}. Use 1 for "
            "the fitted distribution, less for more probable graphs."
        )


def _read_starts(estimator, start, n_samples):
    """Return the labelled graph that each sample begins with."""
    collection = read_graphs([start] if isinstance(start, Graph) else start)
    n_starts = collection.n_graphs
    if n_starts not in (1, n_samples):
        raise ValueError(
            f"start must be one graph, or one per sample ({n_samples}), got {n_starts}."
        )
    estimator._schema_.check(collection)
    graphs, known = encode(collection, estimator._label_table_)
    if not known.all():
        raise ValueError(
            "start must have labels of fit, rows of node_labels_ and edge_labels_, got "
            f"others in graph {int(np.argmin(known))}. Fit on graphs with these labels."
        )
    _check_pieces(estimator, collection)
    if graphs.sizes.max() > estimator.max_nodes_:
        raise ValueError(
            f"start may have {estimator.max_nodes_} nodes (max_nodes), got "
            f"{graphs.sizes.max()}. Increase max_nodes and fit again."
        )
    numbers = np.arange(n_samples) if n_starts > 1 else np.zeros(n_samples, np.int64)
    return graphs.take(numbers)


def _check_pieces(estimator, starts):
    """Raise ValueError if a start is not connected, but all samples are."""
    if not estimator.net_.objective.spec.must_link:
        return
    connected = are_connected(starts.whole.adjacency, starts.node_ptr)
    if not connected.all():
        raise ValueError(
            "start must be connected, as all graphs of fit were and samples are, got "
            f"several pieces in graph {int(np.argmin(connected))}. Continue one of the "
            'pieces, or fit with order="uniform".'
        )


def _as_graph(labelled, table):
    """Make a graph of the rows of its labels."""
    n = int(labelled.sizes[0])
    _, indptr, indices = labelled.structure
    parts = np.ones(len(indices), np.float32), indices, indptr.astype(np.int32)
    return Graph._trusted(
        sparse.csr_array(parts, shape=(n, n)),
        table.node_features(labelled.node_labels),
        table.edge_features(labelled.edge_labels),
        None,
    )


def _restored(graph, order):
    """Return a graph with its first nodes in the order of its start again."""
    positions = np.arange(graph.n_nodes)
    positions[order] = np.arange(len(order))
    return graph.subgraph(positions)
