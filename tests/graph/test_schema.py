import numpy as np
import pytest

from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._schema import GraphSchema

PAIR = [[0, 1], [1, 0]]


def pair(n_features, n_edge_features):
    X = np.ones((2, n_features)) if n_features else None
    edges = np.ones((2, n_edge_features)) if n_edge_features else None
    return Graph(PAIR, X, edge_features=edges)


def test_schema_counts_features_of_graphs_views_and_collections():
    graph = pair(3, 2)
    expected = GraphSchema(n_features=3, n_edge_features=2)
    assert GraphSchema.of(graph) == expected
    assert GraphSchema.of(graph[[1]]) == expected
    assert GraphSchema.of(GraphCollection.of([graph, graph])) == expected
    assert GraphSchema.of(pair(0, 0)) == GraphSchema(0, 0)


def test_a_graph_like_the_fitted_one_is_accepted():
    schema = GraphSchema.of(pair(3, 2))
    schema.check(Graph([[0]], [[1, 2, 3]], edge_features=np.empty((0, 2))))
    schema.check(GraphCollection.of([pair(3, 2)])[[0]])


@pytest.mark.parametrize(
    ("fitted", "later", "message"),
    [
        ((3, 2), (3, 1), "must have 2 edge features, as at fit, got 1.*edge_features"),
        ((3, 0), (3, 2), "must have 0 edge features, as at fit, got 2.*edge_features"),
        ((3, 2), (4, 2), "must have 3 features, as at fit, got 4.*columns of X"),
        ((3, 2), (4, 1), "must have 3 features, as at fit, got 4"),
    ],
)
def test_another_number_of_features_is_refused(fitted, later, message):
    schema = GraphSchema.of(pair(*fitted))
    with pytest.raises(ValueError, match=message):
        schema.check(pair(*later))


def test_difference_names_the_first_count_that_differs():
    schema = GraphSchema(3, 2)
    assert schema.difference(GraphSchema(3, 2)) is None
    assert schema.difference(GraphSchema(1, 5)) == ("feature", 3, 1)
    assert schema.difference(GraphSchema(3, 5)) == ("edge feature", 2, 5)
