"""Isomorphism of labelled graphs: colour refinement, then an exact search.

Colours are hashes that two isomorphic graphs have in common, so different multisets of
colours prove that graphs differ. Graphs with equal ones are compared by
individualisation and refinement: a node gets a colour of its own, and one node of the
other graph after the other gets the same, until all colours are distinct and are
checked as a mapping (McKay and Piperno, "Practical graph isomorphism II", Journal of
Symbolic Computation 60, 2014).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skattn.metrics._color_kernels import mixed_all, neighbour_keys, refined
from skattn.metrics._labelled_graphs import LabelledGraphs

Colors = NDArray[np.uint64]


def isomorphism_classes(graphs: LabelledGraphs) -> NDArray[np.int64]:
    """Return the position of the first graph that each graph is isomorphic to."""
    stable = _stable(graphs, mixed_all(graphs.node_codes))
    colors = mixed_all(stable + _ranks_of_twins(graphs, stable))
    first = graphs.node_ptr[:-1]
    keys = zip(np.add.reduceat(colors, first).tolist(), graphs.sizes, strict=True)
    classes = np.arange(len(graphs.sizes))
    known: dict[tuple[int, int], list[int]] = {}
    for number, key in enumerate(keys):
        firsts = known.setdefault(key, [])
        for other in firsts:
            if _Pair.of(graphs, number, other, colors).is_isomorphic():
                classes[number] = other
                break
        else:
            firsts.append(number)
    return classes


def _stable(graphs: LabelledGraphs, colors: Colors) -> Colors:
    """Refine colours until no node is separated from another one any more."""
    n_colors = 0
    parts = graphs.indptr, graphs.indices, graphs.edge_codes
    while (n_found := len(np.unique(colors))) > n_colors:
        n_colors = n_found
        colors = refined(*parts, colors)
    return colors


def _ranks_of_twins(graphs: LabelledGraphs, colors: Colors) -> NDArray[np.uint64]:
    """Return numbers from 0 of the nodes with equal neighbours, which can be exchanged.

    It saves the search one level for each of them, such as the leaves of a star.
    """
    keys = neighbour_keys(graphs.indptr, graphs.indices, graphs.edge_codes)
    graph_of_node = np.repeat(np.arange(len(graphs.sizes)), graphs.sizes)
    columns = colors, keys, graph_of_node
    order = np.lexsort(columns)
    begins = np.ones(len(order), bool)
    begins[1:] = np.any([np.diff(column[order]) != 0 for column in columns], axis=0)
    starts = np.flatnonzero(begins)
    lengths = np.diff([*starts, len(order)])
    ranks = np.empty(len(order), np.uint64)
    ranks[order] = np.arange(len(order)) - np.repeat(starts, lengths)
    return ranks


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two graphs of equal size with colours; both may be the same one."""

    both: LabelledGraphs
    """Their disjoint union."""
    colors: Colors
    """(2, n_nodes) colours of the nodes of each."""

    @classmethod
    def of(cls, graphs: LabelledGraphs, a: int, b: int, colors: Colors) -> "_Pair":
        nodes = [slice(*graphs.node_ptr[g : g + 2]) for g in (a, b)]
        return cls(graphs.take([a, b]), np.stack([colors[part] for part in nodes]))

    def is_isomorphic(self) -> bool:
        """Return whether a mapping of the nodes keeps all edges, labels and colours."""
        refined = self.refined()
        return refined is not None and refined._has_mapping()

    def refined(self) -> "_Pair | None":
        """Return the pair with stable colours, None if they differ in number."""
        colors = _stable(self.both, self.colors.ravel()).reshape(self.colors.shape)
        first, second = np.sort(colors, axis=1)
        return _Pair(self.both, colors) if np.array_equal(first, second) else None

    def _has_mapping(self) -> bool:
        cell = _smallest_cell(self.colors[0])
        if cell is None:
            return self._is_mapping(*np.argsort(self.colors, axis=1))
        node = int(np.flatnonzero(self.colors[0] == cell)[0])
        failed: list[int] = []
        for other in np.flatnonzero(self.colors[1] == cell).tolist():
            refined = self._marked((0, node), (1, other)).refined()
            if refined is None or self._is_like_one(failed, other):
                continue
            if refined._has_mapping():
                return True
            failed.append(other)
        return False

    def _is_like_one(self, failed: list[int], node: int) -> bool:
        """Return whether an automorphism of the second graph maps a failed node to one.

        The node would fail, too.
        """
        return any(
            self._marked((1, past), (1, node)).is_isomorphic() for past in failed
        )

    def _marked(self, one: tuple[int, int], other: tuple[int, int]) -> "_Pair":
        """Return the graphs of two nodes (graph, node), which get one new colour."""
        numbers = [one[0], other[0]]
        colors = self.colors[numbers]
        new = mixed_all(~colors[:1, one[1]])[0]
        colors[0, one[1]], colors[1, other[1]] = new, new
        both = self.both if numbers == [0, 1] else self.both.take(numbers)
        return _Pair(both, colors)

    def _is_mapping(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> bool:
        """Return whether nodes with equal positions in two orders are equal."""
        codes = self.both.node_codes.reshape(2, -1)
        if not np.array_equal(codes[0, first], codes[1, second]):
            return False
        edges = self.both.entries(0, np.argsort(first))
        return np.array_equal(edges, self.both.entries(1, np.argsort(second)))


def _smallest_cell(colors: Colors) -> np.uint64 | None:
    """Return the colour of the fewest nodes, at least two; None if all differ."""
    values, counts = np.unique(colors, return_counts=True)
    if len(values) == len(colors):
        return None
    cell: np.uint64 = values[np.where(counts > 1, counts, len(colors) + 1).argmin()]
    return cell
