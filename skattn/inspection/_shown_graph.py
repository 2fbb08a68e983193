"""Graph that a display shows a part of."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from skattn.graph import Graph
from skattn.graph._labels import as_labels, listing
from skattn.inspection._attention import matrices

Kind = Literal["ego", "bars", "heatmap"]
MOST_NODES = 2000
"""Number of nodes up to which a heat map is drawn: it is dense."""


@dataclass(frozen=True, eq=False)
class ShownGraph:
    """Attention matrices of a graph and its nodes' names."""

    layers: list[list[sp.csr_array]]
    """Matrices of shape (n_nodes, n_nodes) per layer and head."""
    receiver: int | None
    """Position of the receiver, or None for all nodes."""
    unit: str
    """Noun for a node."""
    labels: Any = None
    """pandas Index of node labels, or None."""
    n_fitted: int | None = None
    """Number of fitted rows, which come first, of a plain table; else None."""

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return int(self.layers[0][0].shape[0])

    @property
    def kind(self) -> Kind:
        """Default kind of the picture."""
        if self.n_fitted is not None:
            return "bars"
        return "heatmap" if self.receiver is None else "ego"

    @property
    def name_of_receiver(self) -> str:
        """Name of the receiver with its noun."""
        if self.n_fitted is not None and self.receiver is not None:
            return f"row {self.receiver - self.n_fitted}"
        return f"{self.unit} {self.name(self.receiver)}"

    def name(self, node: Any) -> str:
        """Return the name of the node at a position."""
        if self.n_fitted is not None:
            return "itself" if node >= self.n_fitted else f"fitted row {node}"
        return str(node if self.labels is None else self.labels[node])

    def position(self, node: Any) -> int:
        """Return the position of a node: of its label if there are labels."""
        if self.n_fitted is not None:
            raise ValueError(
                "node= needs a graph or a sequence, got a plain table and "
                f"node={node!r}. Choose a row of X with row=."
            )
        if self.labels is None:
            return check_index("node", node, 0, self.n_nodes)
        if node not in self.labels:
            raise ValueError(
                "node must be a label of the graph, such as "
                f"{listing(self.labels)}, got {node!r}."
            )
        return int(self.labels.get_loc(node))

    def check_kind(self, kind: Kind) -> None:
        """Raise ValueError if there is no such picture."""
        if kind != "heatmap":
            self._check_receiver(kind)
        elif self.n_fitted is not None:
            raise ValueError(
                "kind='heatmap' needs a graph or a sequence, got a plain table. Use "
                "kind='bars'."
            )
        elif self.n_nodes > MOST_NODES:
            raise ValueError(
                f"kind='heatmap' needs a graph of at most {MOST_NODES} nodes, got "
                f"{self.n_nodes}. Choose a node with node= and kind='ego'."
            )

    def _check_receiver(self, kind: Kind) -> None:
        if self.receiver is None:
            raise ValueError(
                f"kind={kind!r} needs one receiver, got a whole graph or sequence. "
                "Choose one of its nodes with node=."
            )
        start, end = self.layers[0][0].indptr[self.receiver :][:2]
        if start == end:
            raise ValueError(
                "node must be evaluated: a node of a fitted or a requested row, got "
                f"{self.name(self.receiver)!r}. Add its row to X."
            )

    def matrix(self, layer: Any, head: Any) -> tuple[sp.csr_array, str]:
        """Return the matrix of a head, or the mean of all, and its title."""
        n_layers = len(self.layers)
        layer = check_index("layer", layer, -n_layers, n_layers) % n_layers
        heads = self.layers[layer]
        n_heads = len(heads)
        title = f"layer {layer + 1} of {n_layers}"
        if head is None:
            mean = sum(heads[1:], start=heads[0]) / n_heads
            return sp.csr_array(mean), f"{title}, mean of {n_heads} heads"
        head = check_index("head", head, -n_heads, n_heads) % n_heads
        return heads[head], f"{title}, head {head + 1} of {n_heads}"


def shown_graph(estimator, prepared, row) -> ShownGraph:
    """Return the graph of a row of X; the row's own node is the receiver."""
    view = prepared.view
    row = check_index("row", row, 0, len(view))
    layers = matrices(estimator, prepared)
    if prepared.has_many_graphs:
        graph = prepared.X[row]
        if isinstance(graph, Graph):
            return ShownGraph(layers[row], None, "node", graph.nodes)
        return ShownGraph(
            layers[row], None, "step", _first_steps(layers[row], prepared)
        )
    receiver = int(view.targets[row])
    if prepared.context.rows == "table":
        n_fitted = prepared.context.n_rows
        square = [[_below(n_fitted, head) for head in heads] for heads in layers]
        return ShownGraph(square, receiver, "row", n_fitted=n_fitted)
    joined = getattr(prepared.context, "graph", None)
    if joined is None:
        return ShownGraph(layers, receiver, "node", view.nodes)
    labels = joined.nodes  # the matrices are over the whole graph
    receiver = int(labels.get_loc(view.nodes[receiver]))
    return ShownGraph(layers, receiver, "node", labels)


def _first_steps(layers, prepared) -> Any:
    """Return the first steps of the patches of a sequence; None if all are nodes."""
    stride = prepared.context.patching.stride
    if stride == 1:
        return None
    n_patches = layers[0][0].shape[0]
    return as_labels(stride * np.arange(n_patches), n_patches)


def neighbourhood(
    matrix: sp.csr_array, receiver: int, hops: int, n_senders: int
) -> tuple[list[int], sp.csr_array]:
    """Return the nodes within some hops, breadth first, and the weights among them.

    Each receiver keeps itself and the senders with the largest weights; the rows of
    nodes at the last hop are empty.
    """
    numbers = {receiver: 0}
    edges: list[tuple[int, int, float]] = []
    ring = [receiver]
    for _ in range(hops):
        first = len(numbers)
        for node in ring:
            senders, weights = matrix[[node]].indices, matrix[[node]].data
            order = np.lexsort([-weights, senders != node])[: n_senders + 1]
            for sender in order:
                number = numbers.setdefault(int(senders[sender]), len(numbers))
                edges.append((numbers[node], number, weights[sender]))
        ring = list(numbers)[first:]
    receivers, senders, weights = map(np.array, zip(*edges, strict=True))
    shape = (len(numbers), len(numbers))
    return list(numbers), sp.csr_array((weights, (receivers, senders)), shape)


def check_index(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return an int in low .. high - 1, or raise ValueError."""
    is_int = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if is_int and low <= value and (high is None or value < high):
        return int(value)
    limits = f"of at least {low}" if high is None else f"in {low} .. {high - 1}"
    raise ValueError(f"{name} must be an int {limits}, got {value!r}.")


def _below(n_rows: int, matrix: sp.csr_array) -> sp.csr_array:
    """Make a matrix square by adding empty rows at the top."""
    indptr = np.concatenate([np.zeros(n_rows, matrix.indptr.dtype), matrix.indptr])
    n_nodes = matrix.shape[1]
    return sp.csr_array((matrix.data, matrix.indices, indptr), (n_nodes, n_nodes))
