"""Attention of a generator in the steps in which a graph grows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn._training import default_modes
from skattn.graph import Graph
from skattn.graph._adjacency import entry_rows
from skattn.inspection._shown_graph import check_index
from skattn.inspection._steps import Steps


@dataclass(frozen=True, eq=False, repr=False)
class GrowthAttention:
    """Attention weights and probabilities of the steps in which a graph grows.

    Made by :func:`growth_attention`. Step t adds the node ``order[t]`` and its edges to
    nodes of earlier steps; the last step ends the graph. ``len(growth)`` is the number
    of steps, one more than that of nodes. Nodes and edges are those of `graph`.

    Attributes
    ----------
    graph : Graph
        The graph.
    order : ndarray of shape (n_nodes,), int64
        Node that each step adds.
    log_q : float
        Log-probability of this order by the generator's rule, its parameter ``order``.
    labels : ndarray of shape (n_steps,), int64
        Label of each new node, a row of ``generator.node_labels_``; the number of
        labels for the end.
    label_probabilities : ndarray of shape (n_steps, n_labels + 1), float64
        Probabilities of the labels, in the last column of the end.
    edge_probabilities : ndarray of shape (n_steps, n_nodes, n_edge_labels + 1), float64
        Probabilities of the labels of the edge from the new node to each older one,
        given the row's edges before it: 0 for no edge, k + 1 for row k of
        ``generator.edge_labels_``. NaN for nodes to which the order allows no edge.
    log_p_labels : ndarray of shape (n_steps,), float64
        Log-probability of each label, in nats.
    log_p_edges : ndarray of shape (n_steps,), float64
        Log-probability of the edges of each new node, in nats.
    weights : ndarray of shape (n_steps, n_layers, n_heads, n_nodes + 1), float32
        Attention weights of the new node on the nodes so far and, in the last column,
        on itself; 0 for later nodes. A row sums to 1.
    edge_weights : ndarray of shape (n_steps, n_layers, n_heads, n_edges), float32
        Attention weights along the edges so far, in the order of ``graph.adjacency``:
        the row attends to the column; 0 for later edges. The other weights of a
        receiver are on itself and on the new node.
    is_molecule : bool
        Whether the pipeline makes SMILES of graphs, so that RDKit draws the steps.

    See Also
    --------
    growth_attention : Compute it.
    GrowthAttentionDisplay : Picture of it.
    """

    graph: Graph
    order: NDArray[np.int64]
    log_q: float
    labels: NDArray[np.int64]
    label_probabilities: NDArray[np.float64]
    edge_probabilities: NDArray[np.float64]
    log_p_labels: NDArray[np.float64]
    log_p_edges: NDArray[np.float64]
    weights: NDArray[np.float32]
    edge_weights: NDArray[np.float32]
    is_molecule: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def log_p(self) -> NDArray[np.float64]:
        """Log-probability of each step, (n_steps,), in nats.

        The sum is that of the graph in this order.
        """
        return self.log_p_labels + self.log_p_edges

    def averaged(
        self, layer: int | None = None, head: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Average attention weights over layers and heads.

        Parameters
        ----------
        layer : int, optional
            Index of a layer; by default the mean of all.
        head : int, optional
            Index of a head; by default the mean of all.

        Returns
        -------
        nodes : ndarray of shape (n_steps, n_nodes + 1), float64
            As `weights`.
        edges : ndarray of shape (n_steps, n_edges), float64
            As `edge_weights`.

        Raises
        ------
        ValueError
            If there is no such layer or head.
        """
        _, n_layers, n_heads, _ = self.weights.shape
        chosen = [slice(None), slice(None)]
        for axis, (name, index, n) in enumerate(
            (("layer", layer, n_layers), ("head", head, n_heads))
        ):
            if index is not None:
                number = check_index(name, index, -n, n) % n
                chosen[axis] = slice(number, number + 1)
        of_nodes, of_edges = (
            values[:, chosen[0], chosen[1]].mean((1, 2), dtype=np.float64)
            for values in (self.weights, self.edge_weights)
        )
        return of_nodes, of_edges

    def to_frame(self, layer: int | None = None, head: int | None = None) -> Any:
        """Return a table of the older nodes of every step.

        Parameters
        ----------
        layer : int, optional
            Index of a layer; by default the mean of all.
        head : int, optional
            Index of a head; by default the mean of all.

        Returns
        -------
        DataFrame
            A row per step and older node, with the columns ``step``, ``new_node``
            (missing for the end), ``node``, ``weight`` (the new node's attention weight
            on the older one), ``edge_probability`` (NaN where the order allows no edge)
            and ``is_edge``; nodes by name if the graph has names.

        Raises
        ------
        ImportError
            If pandas is not installed.
        ValueError
            If there is no such layer or head.
        """
        import pandas as pd

        steps, older = self._older()
        weights, _ = self.averaged(layer, head)
        names = np.array([*self.names, None], object)
        added = np.append(self.order, -1)[steps]  # the end: no name, no edges
        is_edge = self.graph.adjacency.toarray().astype(bool)[added, older]
        return pd.DataFrame(
            {
                "step": steps,
                "new_node": names[added],
                "node": names[older],
                "weight": weights[steps, older],
                "edge_probability": 1 - self.edge_probabilities[steps, older, 0],
                "is_edge": is_edge & (added >= 0),
            }
        )

    def _older(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return step and node for every node that is older than a step."""
        steps, positions = np.tril_indices(len(self), -1)
        return steps, self.order[positions]

    @property
    def names(self) -> NDArray[Any]:
        """Names of the nodes, or their numbers, (n_nodes,)."""
        nodes = self.graph.nodes
        names = range(self.graph.n_nodes) if nodes is None else nodes
        return np.fromiter(names, object, self.graph.n_nodes)

    def __repr__(self) -> str:
        return (
            f"GrowthAttention(n_steps={len(self)}, log_p={self.log_p.sum():.1f}, "
            f"log_q={self.log_q:.1f})"
        )


@default_modes()
def growth_attention(generator, graph, y=None, *, random_state=None):
    """Compute the attention of a generator in the steps in which a graph grows.

    The nodes of the graph are put in an order that is drawn by the generator's rule,
    and added one after the other. In every step the new node attends to all nodes so
    far, and they attend to it and to their neighbours.

    Parameters
    ----------
    generator : AttentionGraphGenerator, Pipeline or search
        Fitted generator, a pipeline that ends in one, or a fitted search over either.
    graph : Graph, or a row of the input of the pipeline
        Graph with the columns of ``fit``, such as a sample; a SMILES for a pipeline
        that begins with ``MoleculeGraph(derived=False)``.
    y : object, optional
        Condition of the graph; none if not given.
    random_state : int, RandomState or None, default=None
        Seed of the order; None: always the same one. It is the first order of
        ``generator.score_samples([graph], random_state=random_state)``.

    Returns
    -------
    GrowthAttention
        Attention weights and probabilities of every step.

    Raises
    ------
    TypeError
        If `generator` is no generator, pipeline or search of one, or `graph` no Graph.
    ValueError
        If the graph is directed or weighted, has other columns, has a label that no
        graph of ``fit`` has, or is not connected where all of ``fit`` were; if y is an
        unknown class, or ``fit`` was given none.
    NotFittedError
        If the generator is not fitted.

    See Also
    --------
    GrowthAttentionDisplay : Picture of the result.
    attention_weights : Attention weights of other estimators.

    Notes
    -----
    The arrays hold all pairs of steps and nodes: their size grows with the square of
    the number of nodes.

    Examples
    --------
    >>> import numpy as np
    >>> from skattn import AttentionGraphGenerator, Graph
    >>> from skattn.inspection import growth_attention
    >>> def path(n):
    ...     return Graph(np.eye(n, k=1) + np.eye(n, k=-1))
    >>> paths = [path(4 + k % 3) for k in range(60)]
    >>> generator = AttentionGraphGenerator(max_epochs=5, random_state=0).fit(paths)
    >>> growth = growth_attention(generator, path(4), random_state=0)
    >>> len(growth), growth.weights.shape
    (5, (5, 4, 4, 5))
    >>> score = growth.log_p.sum() - growth.log_q - np.log(24)  # 4! numberings
    >>> (bound,) = generator.score_samples([path(4)], n_orders=1, random_state=0)
    >>> bool(np.isclose(score, bound))
    True
    """
    steps = Steps.of_generator(generator)
    one = steps.row(graph)
    order, log_q, trace = steps.estimator._grow_again(one, y, random_state)
    position = np.argsort(order)
    return GrowthAttention(
        graph=one,
        order=order,
        log_q=log_q,
        labels=trace.labels,
        label_probabilities=trace.label_probabilities,
        edge_probabilities=trace.edge_probabilities[:, position],
        log_p_labels=trace.log_p_labels,
        log_p_edges=trace.log_p_edges,
        weights=trace.weights[..., np.append(position, len(order))],
        edge_weights=trace.edge_weights[..., _entries(one.adjacency, position)],
        is_molecule=steps.makes_molecules,
    )


def _entries(adjacency: sp.csr_array, position: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each entry in the matrix with rows and columns in order."""
    n_nodes = len(position)
    rows = position[entry_rows(adjacency)]
    keys = rows * n_nodes + position[adjacency.indices]
    return np.argsort(np.argsort(keys))
