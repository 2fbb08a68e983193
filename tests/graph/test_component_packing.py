import numpy as np
from numpy.testing import assert_allclose
from scipy.spatial.distance import pdist

from skattn.graph._component_packing import packed


def test_longest_axis_of_a_component_becomes_horizontal():
    line = np.outer([0.0, 1, 3], [3.0, 4])
    places = packed(line, np.zeros(3, int))
    assert_allclose(places[:, 1], 0.5, atol=1e-9)
    assert_allclose(np.sort(places[:, 0]), [0, 1 / 3, 1], atol=1e-9)


def test_shapes_are_kept():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(20, 2))
    places = packed(points, np.zeros(20, int))
    ratio = pdist(places) / pdist(points)
    assert_allclose(ratio, ratio[0])


def test_components_are_in_rows_the_highest_at_the_top():
    # a square of side 10 and eight isolated nodes, all at the origin
    square = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])
    points = np.concatenate([square, np.zeros((8, 2))])
    components = np.array([0] * 4 + list(range(1, 9)))
    places = packed(points, components)
    lonely = places[4:]
    assert pdist(lonely).min() > 0.05
    beside = lonely[:, 0] > places[:4, 0].max()
    below = lonely[:, 1] < places[:4, 1].min()
    assert (beside | below).all()
    assert below.any()


def test_one_place_is_the_middle():
    assert_allclose(packed(np.array([[7.0, 7]]), np.zeros(1, int)), [[0.5, 0.5]])
