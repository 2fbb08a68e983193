"""Recognition of the nodes of a fit in a later graph."""

import hashlib
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from skattn.graph import Graph
from skattn.graph._named_parts import names_of

Nodes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NodeIdentity:
    """Labels of fitted nodes, or the fingerprint of a graph without labels."""

    nodes: Nodes
    """(n_nodes,) positions in the graph of the fit."""
    labels: Any
    """pandas Index (n_nodes,), or None without labels."""
    fingerprint: bytes
    """Hash of the adjacency of the fit."""

    @classmethod
    def of(cls, graph: Graph, nodes: Nodes) -> "NodeIdentity":
        """Return the identity of some nodes of a graph."""
        labels = names_of(graph)
        labels = None if labels is None else labels[nodes]
        return cls(nodes, labels, _fingerprint(graph))

    def find(self, graph: Graph) -> Nodes:
        """Return the positions of the nodes in another graph, -1 for missing ones.

        Raises ValueError if the graph has no labels and other edges than that of the
        fit, or none of the labels.
        """
        labels = names_of(graph)
        if self.labels is not None and labels is not None:
            positions: Nodes = labels.get_indexer(self.labels).astype(np.int64)
            if (positions >= 0).any():
                return positions
        elif _fingerprint(graph) == self.fingerprint:
            return self.nodes
        raise ValueError(
            "With known answers, X must be the graph of fit or a graph with some of "
            f"its node labels, got {graph!r} with other nodes. Set answers=None for "
            "graphs without known answers, or label the nodes of both with nodes=."
        )


def _fingerprint(graph: Graph) -> bytes:
    """Return a hash of the edges of a graph, without weights, computed once."""
    whole = graph.base
    if whole not in _FINGERPRINTS:
        found = hashlib.blake2b(digest_size=16)
        for part in (whole.adjacency.indptr, whole.adjacency.indices):
            found.update(np.ascontiguousarray(part).data)
        _FINGERPRINTS[whole] = found.digest()
    return _FINGERPRINTS[whole]


_FINGERPRINTS: WeakKeyDictionary[Graph, bytes] = WeakKeyDictionary()
