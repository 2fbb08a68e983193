import warnings

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from skattn import Graph, GraphAttentionClassifier
from skattn.graph import knn_graph, sequence_graphs
from skattn.preprocessing import SequenceGraph

X, Y = np.arange(12.0).reshape(6, 2), [0, 1] * 3
WIDE = np.arange(30.0).reshape(3, 1, 10)


def classifier():
    return GraphAttentionClassifier(n_neighbors=8, max_epochs=1, hidden_dim=4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: knn_graph(X, 9), "n_neighbors=9"),
        (lambda: classifier().fit(X, Y), "n_neighbors=8"),
        (lambda: cross_val_score(classifier(), X, Y, cv=2), "n_neighbors=8"),
        (lambda: sequence_graphs(WIDE), "last axis"),
        (lambda: SequenceGraph().fit(WIDE), "last axis"),
        (lambda: classifier().fit(WIDE, [0, 1, 0]), "last axis"),
        (lambda: Graph.from_edges([(0, 1), (0, 1)], nodes=2), "repeat an edge"),
        (
            lambda: Graph.from_edges([(0, 1), (1, 0)], nodes=2, directed=False),
            "other direction",
        ),
    ],
)
def test_warnings_point_to_the_line_of_the_user(call, message):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    (found, *_) = [each for each in caught if message in str(each.message)]
    assert found.filename == __file__
