import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skattn.graph import Graph


@pytest.fixture
def round_trip(tmp_path):
    """Function that saves a graph to ``a.graph`` and loads it."""

    def reopened(graph, **options):
        graph.save(tmp_path / "a.graph")
        return Graph.load(tmp_path / "a.graph", **options)

    return reopened


@pytest.fixture(params=[True, False], ids=["mapped", "read"])
def mmap(request):
    """Whether a file is memory-mapped."""
    return request.param


class _Check:
    """Check of features, as an estimator's; ``seen`` collects its arguments."""

    def __init__(self):
        self.seen = []

    def __call__(self, features, *, keep_precision=False):
        self.seen.append(features)
        if features is None:
            return None
        if sparse.issparse(features):
            return sparse.csr_array(features, dtype=np.float32)
        return np.asarray(features, np.float64 if keep_precision else np.float32)


@pytest.fixture
def check():
    return _Check()


@pytest.fixture
def senders():
    """Function that returns the single feature of each sender of a target."""

    def of(view, position):
        base = view.base
        node = view.targets[position]
        return base.X[base.adjacency[[node]].indices].ravel().tolist()

    return of


@pytest.fixture
def graph():
    """A path of four nodes, a to d, with weights 2, 3 and 4 and two features."""
    path = [[0, 2, 0, 0], [2, 0, 3, 0], [0, 3, 0, 4], [0, 0, 4, 0]]
    nodes = pd.Index(list("abcd"), name="site")
    return Graph(path, np.arange(8.0).reshape(4, 2), nodes=nodes)
