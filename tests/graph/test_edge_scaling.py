import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skattn import Graph
from skattn.graph import _edge_scaling
from skattn.graph._collection import GraphCollection
from skattn.graph._edge_scaling import EdgeScaling

RING = np.roll(np.eye(4), 1, axis=1)


def ring(*columns):
    return Graph(RING, edge_features=np.column_stack(columns))


def test_numbers_are_standardised():
    graph = ring([1.0, 3.0, 5.0, 7.0])
    scaling = EdgeScaling.of(graph)
    assert scaling.mean == (4.0,)
    assert_allclose(scaling.scale, [np.sqrt(5)])
    scaled = scaling.apply(graph.edge_features)
    assert_allclose(scaled.ravel(), np.array([-3, -1, 1, 3]) / np.sqrt(5), rtol=1e-6)
    assert scaled.dtype == np.float32
    assert_array_equal(graph.edge_features.ravel(), [1, 3, 5, 7])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([0, 1, 1, 0], [0, 1, 1, 0]),
        ([0, 5, 5, 0], [0, 1, 1, 0]),
        ([0, -2, 0, 0], [0, -1, 0, 0]),
        ([7, 7, 7, 7], [1, 1, 1, 1]),
        ([0, 0, 0, 0], [0, 0, 0, 0]),
    ],
)
def test_indicators_keep_their_zeros(column, expected):
    scaling = EdgeScaling.of(ring(column, [1, 2, 3, 4]))
    features = ring(column, [1, 2, 3, 4]).edge_features
    assert_array_equal(scaling.apply(features)[:, 0], expected)


def test_indicators_of_zero_and_one_are_not_copied():
    features = ring([0, 1, 1, 0], [1, 1, 1, 1]).edge_features
    assert EdgeScaling.of(ring([0, 1, 1, 0], [1, 1, 1, 1])).apply(features) is features


@pytest.mark.parametrize("unit", [1e-38, 1e-3, 1000.0, 1e37])
@pytest.mark.parametrize("offset", [0.0, 4.0])
def test_unit_and_offset_do_not_matter(unit, offset):
    column = np.array([0.5, 1.0, 2.0, 7.0])
    expected = (column - column.mean()) / column.std()
    graph = ring(unit * (column + offset))
    scaled = EdgeScaling.of(graph).apply(graph.edge_features)
    assert_allclose(scaled.ravel(), expected, rtol=1e-5)


def test_result_does_not_depend_on_the_block_size(monkeypatch):
    features = np.random.default_rng(0).normal(3, 2, size=(36, 2))
    graph = Graph(np.ones((6, 6)), edge_features=features)
    whole = EdgeScaling.of(graph)
    monkeypatch.setattr(_edge_scaling, "_ROWS_PER_BLOCK", 5)
    parts = EdgeScaling.of(graph)
    assert_allclose(parts.mean, whole.mean)
    assert_allclose(parts.scale, whole.scale)
    assert_array_equal(
        parts.apply(graph.edge_features), whole.apply(graph.edge_features)
    )


def test_target_graphs_of_a_collection_alone_count():
    graphs = [ring([1, 2, 3, k]) for k in (4.0, 1e6, 8.0)]
    scaling = EdgeScaling.of(GraphCollection.of(graphs)[[2, 0, 0]])
    assert_allclose(scaling.mean, [np.mean([1, 2, 3, 4, 1, 2, 3, 8])])


def test_graphs_without_edge_features_or_edges_have_none_or_no_scaling():
    assert EdgeScaling.of(Graph(RING)) is None
    empty = EdgeScaling.of(Graph(np.zeros((2, 2)), edge_features=np.empty((0, 2))))
    assert empty == EdgeScaling((0.0, 0.0), (1.0, 1.0))


@pytest.mark.parametrize("scale", [(0.0,), (-1.0,), (np.nan,), (np.inf,)])
def test_scales_must_be_positive(scale):
    with pytest.raises(ValueError, match="positive"):
        EdgeScaling((0.0,), scale)
