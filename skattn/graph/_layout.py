"""Positions of the nodes of a graph in the plane, for pictures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from sklearn.utils import check_random_state

from skattn.graph._adjacency import entry_rows
from skattn.graph._coarsening import Level, finest_level, levels
from skattn.graph._component_packing import packed
from skattn.graph._graph import Graph
from skattn.graph._repulsion import repulsion_of

Points = NDArray[np.float64]
"""Points or vectors of shape (n_nodes, 2)."""

N_STEPS, N_STEPS_OF_MANY = 80, 40
"""Steps on a level of up to `FEW` nodes, and of more."""
FEW = 2000
GRAVITY = 0.03
"""Attraction of a mass by the origin: a background that balances the repulsion."""
DAMPING = 0.5
"""Fraction of the way to the equilibrium of a node that a step goes."""
LENGTHS_EVERY = 4
"""Steps after which the lengths of edges are computed again."""
N_SPREADS = 6
"""Steps that move apart the nearest nodes."""


def layout(
    adjacency: Any, *, random_state: int | np.random.RandomState | None = None
) -> Points:
    """Compute positions of the nodes in the plane, for pictures.

    A multilevel force-directed layout: edges attract their ends, all nodes repel each
    other. 100 000 nodes with three edges each take some seconds on one core.

    Parameters
    ----------
    adjacency : Graph, or sparse or dense matrix of shape (n_nodes, n_nodes)
        A graph in one or several components. Directions of edges and self-loops are
        ignored; an edge weight counts relative to the others of the same node.
    random_state : int, RandomState instance or None, default=None
        Random state of ties and of small displacements. None is the same as 0, so that
        every call returns the same positions, at any number of threads.

    Returns
    -------
    ndarray of shape (n_nodes, 2)
        Positions in [0, 1], of one scale: the longer side of the drawing is 1. The
        longest axis of each component is horizontal, and the components are in rows,
        the highest at the top.

    Raises
    ------
    TypeError
        If the adjacency is not a numeric matrix.
    ValueError
        If it is not square, or a weight is negative or not finite.

    See Also
    --------
    skattn.inspection.GraphDisplay : Picture of a graph.

    Notes
    -----
    As in ForceAtlas2 (Jacomy et al. 2014) two nodes repel each other by 1 / distance,
    which is computed on a mesh by fast Fourier transforms. Each node is attracted by
    its neighbours with equal total force whatever its degree, long edges with less
    force than their length, so that communities are separate. As in sfdp (Hu 2005),
    the graph is coarsened by matchings, and each level starts from the layout of the
    next coarser one.

    References
    ----------
    Hu, "Efficient, high-quality force-directed graph drawing", Mathematica Journal
    10(1), 2005.

    Jacomy, Venturini, Heymann and Bastian, "ForceAtlas2, a continuous graph layout
    algorithm for handy network visualization designed for the Gephi software", PLoS
    ONE 9(6), 2014.

    Examples
    --------
    >>> from skattn.graph import layout
    >>> path = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    >>> layout(path).round(1)
    array([[0. , 0.5],
           [0.5, 0.5],
           [1. , 0.5]])
    """
    graph = adjacency if isinstance(adjacency, Graph) else Graph(adjacency)
    rng = check_random_state(0 if random_state is None else random_state)
    if graph.n_nodes == 0:
        return np.zeros((0, 2))
    finest = finest_level(graph.adjacency)
    _, components = connected_components(finest.weights, directed=False)
    return packed(_drawn(finest, rng), components)


def _drawn(finest: Level, rng: np.random.RandomState) -> Points:
    """Return the positions of all components, each correct in itself."""
    *finer, coarsest = levels(finest, rng)
    places, masses = _spiral(coarsest.masses), coarsest.masses
    for level in reversed(finer):
        radius = np.sqrt(masses[level.members])[:, None]  # of the merged nodes
        shift = rng.uniform(-0.5, 0.5, (len(radius), 2)) * radius
        places = _relaxed(level, places[level.members] + shift)
        masses = level.masses
    return _spread(places, rng)


def _spiral(masses: NDArray[np.float64]) -> Points:
    """Place points on a sunflower spiral, heavy ones inside, each with its area."""
    order = np.argsort(-masses, kind="stable")
    areas = masses[order]
    radius = np.sqrt(np.cumsum(areas) - areas)
    angle = np.arange(len(masses)) * np.pi * (3 - np.sqrt(5))
    places = np.empty((len(masses), 2))
    places[order] = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return places


def _relaxed(level: Level, places: Points) -> Points:
    """Move all nodes towards their equilibrium, by steps that become shorter."""
    n_steps = N_STEPS if len(places) <= FEW else N_STEPS_OF_MANY
    radius = np.sqrt(level.masses)
    repulsion = repulsion_of(level.masses)
    for step in range(n_steps):
        if step % LENGTHS_EVERY == 0:
            springs = _springs(level.weights, places)
            stiffness = springs.sum(axis=1) + GRAVITY * level.masses
        pull = springs @ places - stiffness[:, None] * places
        push = repulsion(places)
        scale = _best_scale(places, pull, push)
        move = DAMPING * (scale * pull + push / scale) / stiffness[:, None]
        longest = 2 * (1 - step / n_steps) * radius
        shorter = longest / np.maximum(np.hypot(*move.T), longest)
        places = scale * places + shorter[:, None] * move
    return places


def _springs(weights: sparse.csr_array, places: Points) -> sparse.csr_array:
    """Return the stiffness of each edge, less if it is longer than the median."""
    x, y = (c[entry_rows(weights)] - c[weights.indices] for c in places.T)
    squares = x**2 + y**2
    typical = np.median(squares) if len(squares) else 1.0
    data = weights.data / np.sqrt(1 + squares / max(typical, 1e-9))
    return sparse.csr_array((data, weights.indices, weights.indptr), weights.shape)


def _best_scale(places: Points, pull: Points, push: Points) -> float:
    """Return the factor of the positions at which attraction and repulsion balance."""
    inward, outward = -np.sum(pull * places), np.sum(push * places)
    if inward <= 0 or outward <= 0:
        return 1.0
    return float(np.clip(np.sqrt(outward / inward), 0.5, 2))


def _spread(places: Points, rng: np.random.RandomState) -> Points:
    """Move nodes apart that would be drawn on top of each other."""
    n_nodes = len(places)
    area = 2 * np.pi * np.sum(np.var(places, axis=0))  # of a disc with this variance
    apart = 0.4 * np.sqrt(area / n_nodes)
    places = places + rng.uniform(-1e-3, 1e-3, places.shape) * apart
    n_nearest = min(4, n_nodes)
    for _ in range(N_SPREADS if n_nodes > 1 else 0):
        gaps, nearest = cKDTree(places).query(places, n_nearest)
        missing = np.maximum(apart - gaps[:, 1:], 0) / np.maximum(gaps[:, 1:], 1e-9)
        away = places[:, None] - places[nearest[:, 1:]]
        places = places + 0.5 * np.sum(missing[..., None] * away, axis=1)
    return places
