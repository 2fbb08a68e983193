"""A fit that needs more memory than available is refused before training."""

import numpy as np
import pytest

from skattn import Graph, GraphAttentionClassifier
from skattn._training import _memory


@pytest.fixture
def graph():
    return Graph(np.ones((50, 50)), np.ones((50, 2)))


def test_too_little_memory_is_an_error_with_the_remedy(graph, monkeypatch):
    y = np.arange(50) % 2
    clf = GraphAttentionClassifier(max_epochs=2).fit(graph, y)
    before = dict(vars(clf))
    monkeypatch.setattr(_memory, "available_bytes", lambda device: 1000)
    with pytest.raises(MemoryError, match=r"needs about .* GB .*batch_size"):
        clf.fit(graph, y)
    assert vars(clf) == before


def test_unknown_memory_refuses_nothing(graph, monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda device: None)
    clf = GraphAttentionClassifier(max_epochs=2).fit(graph, np.arange(50) % 2)
    assert clf.n_iter_ == 2
