import numpy as np
import pytest

from skattn._batch import LabelledGraphs, Structure


@pytest.fixture
def senders_of():
    """Return a function that lists the senders of each receiver."""

    def rows(edges):
        counts = edges.indptr.diff().tolist()
        return [row.tolist() for row in edges.senders.split(counts)]

    return rows


@pytest.fixture
def labelled():
    """Return a function that makes graphs of matrices of edge labels."""

    def make(*adjacencies, node_labels=None):
        ptr = np.cumsum([0, *map(len, adjacencies)])
        rows = [np.array(row) for matrix in adjacencies for row in matrix]
        indices = [np.flatnonzero(row) for row in rows]
        structure = Structure(
            ptr,
            np.cumsum([0, *map(len, indices)]),
            np.concatenate(indices).astype(np.int32),
        )
        nodes = np.zeros(ptr[-1], np.int64) if node_labels is None else node_labels
        edges = np.concatenate([r[k] for r, k in zip(rows, indices, strict=True)])
        return LabelledGraphs(structure, np.asarray(nodes), edges.astype(np.int64))

    return make
