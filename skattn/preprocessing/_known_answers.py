"""Known answers of fitted rows as inputs of their neighbours."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.preprocessing._answer_columns import AnswerColumns
from skattn.preprocessing._hop_statistics import over_hops, walk_counts

Nodes = NDArray[np.int64]
Floats = NDArray[np.float64]

SEED = 0
"""Seed of the folds, which are the same at every fit of as many nodes."""


@dataclass(frozen=True, eq=False)
class KnownAnswers:
    """Answers of distinct nodes; those of one fold are hidden from each other."""

    nodes: Nodes
    """(n_nodes,) positions of the nodes."""
    values: Floats
    """(n_nodes, n_columns), 0 where unknown."""
    known: Floats
    """(n_nodes, n_columns), 1 where known, else 0."""
    fold: Nodes
    """(n_nodes,) fold of each node, -1 for nodes without an answer."""
    labels: tuple[str, ...]
    """(n_columns,) ends of the columns' names."""
    are_classes: bool
    """Whether the columns are indicators of the classes of one output."""

    @classmethod
    def of(cls, columns: AnswerColumns, nodes: Nodes, cv: int) -> "KnownAnswers":
        """Return the answers of the nodes of rows, in ascending order of the nodes.

        A node with several rows has the mean of their answers.
        """
        distinct, at = np.unique(nodes, return_inverse=True)
        counts = _sums(at, columns.known, len(distinct))
        sums = _sums(at, columns.values, len(distinct))
        fold = np.random.default_rng(SEED).permutation(len(distinct)) % cv
        return cls(
            distinct,
            sums / np.maximum(counts, 1),
            (counts > 0).astype(np.float64),
            fold,
            columns.labels,
            columns.are_classes,
        )

    def at(self, nodes: Nodes) -> "KnownAnswers":
        """Return the answers of other nodes, by position."""
        found = np.searchsorted(self.nodes, nodes)
        found[found == len(self.nodes)] = 0
        has_answer = self.nodes[found] == nodes
        return replace(
            self,
            nodes=nodes,
            values=np.where(has_answer[:, None], self.values[found], 0.0),
            known=np.where(has_answer[:, None], self.known[found], 0.0),
            fold=np.where(has_answer, self.fold[found], -1),
        )

    def moved_to(self, positions: Nodes) -> "KnownAnswers":
        """Return the answers with other positions of the nodes, -1 for missing ones."""
        if positions is self.nodes:
            return self
        order = np.argsort(positions)[np.count_nonzero(positions < 0) :]
        return replace(
            self,
            nodes=positions[order],
            values=self.values[order],
            known=self.known[order],
            fold=self.fold[order],
        )

    def prior(self, fold: int) -> Floats:
        """Return mean and deviation of the answers outside a fold, (2, n_columns)."""
        weight = self.known * (self.fold != fold)[:, None]
        total = np.maximum(weight.sum(axis=0), 1)
        mean = (weight * self.values).sum(axis=0) / total
        variance = (weight * (self.values - mean) ** 2).sum(axis=0) / total
        return np.stack([mean, np.sqrt(variance)])

    def statistics(
        self, whole: "KnownAnswers", adjacency: sparse.csr_array, rows: Nodes, hops: int
    ) -> Floats:
        """Return statistics of neighbours' answers, (n_rows, n_columns_out).

        Parameters
        ----------
        whole : KnownAnswers
            The answers of all nodes, from which the `prior` is.
        adjacency : csr_array of shape (n_nodes, n_nodes)
            Edges between the nodes.
        rows : ndarray of shape (n_rows,), int64
            Rows of `nodes`. Their statistics do not depend on answers of their fold.
        hops : int
            Number of hops.
        """
        out = np.empty((len(rows), len(self.names(hops))))
        for fold in np.unique(self.fold[rows]):
            of_fold = np.flatnonzero(self.fold[rows] == fold)
            visible = replace(self, known=self.known * (self.fold != fold)[:, None])
            blocks = visible._blocks(adjacency, rows[of_fold], hops, whole.prior(fold))
            out[of_fold] = np.hstack(list(blocks))
        return out

    def names(self, hops: int) -> list[str]:
        """Return the names of the columns of `statistics`."""
        names = []
        for hop in range(1, hops + 1):
            for statistic in ["share"] if self.are_classes else ["mean", "std"]:
                names += [f"answer_{statistic}{hop}{end}" for end in self.labels]
            ends = ("",) if self.are_classes else self.labels
            names += [f"answer_count{hop}{end}" for end in ends]
        return names

    def _blocks(
        self, adjacency: sparse.csr_array, rows: Nodes, hops: int, prior: Floats
    ) -> Iterator[Floats]:
        """Iterate over the columns of some rows; the prior stands for no answer."""
        values = np.where(self.known > 0, self.values, np.nan)
        ends = self.known[:, :1] if self.are_classes else self.known
        counts = walk_counts(adjacency, ends, hops)
        statistics = ("mean",) if self.are_classes else ("mean", "std")
        of_hops = over_hops(adjacency, values, hops, statistics)
        for count, found in zip(counts, of_hops, strict=True):
            missing = found.mass[rows] == 0
            yield np.where(missing, prior[0], found.mean[rows])
            if not self.are_classes:
                yield np.where(missing, prior[1], found.column("std")[rows])
            yield count[rows]


def _sums(at: Nodes, values: Any, n_groups: int) -> Floats:
    """Return the sums of rows (n, n_columns) by group."""
    parts = np.ones(len(at)), (at, np.arange(len(at)))
    return sparse.csr_array(parts, shape=(n_groups, len(at))) @ values
