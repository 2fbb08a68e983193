import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skattn import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._descriptor_scaling import DescriptorScaling


def collection(*rows, names=None):
    rows = [
        row if names is None else dict(zip(names, row, strict=True)) for row in rows
    ]
    return GraphCollection.of([Graph([[0]], descriptors=row) for row in rows])


def test_descriptors_are_standardised():
    graphs = collection([1, -2], [3, 2], [5, 6], [7, 10])
    scaling = DescriptorScaling.of(graphs)
    assert scaling.mean == (4.0, 4.0)
    assert_allclose(scaling.scale, [np.sqrt(5), np.sqrt(20)])
    scaled = scaling.apply(graphs.descriptors)
    assert_allclose(scaled[:, 0], np.array([-3, -1, 1, 3]) / np.sqrt(5), rtol=1e-6)
    assert scaled.dtype == np.float32


def test_target_graphs_alone_count():
    graphs = collection([1], [1e6], [3])
    assert DescriptorScaling.of(graphs[[2, 0, 0]]).mean == (2.0,)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e20, -1e300])
def test_constants_become_zero_whatever_comes_later(constant):
    scaling = DescriptorScaling.of(collection(*[[constant]] * 3))
    later = collection([constant], [5.0]).descriptors
    assert_array_equal(scaling.apply(later), [[0], [0]])


def test_constants_up_to_rounding_become_zero():
    scaling = DescriptorScaling.of(collection([0.1 + 0.2], [0.3], [0.3]))
    assert scaling.scale == (0.0,)


@pytest.mark.parametrize("unit", [1e-300, 1e-6, 1e6, 1e300])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_unit_and_offset_do_not_matter(unit, offset):
    column = np.array([0.5, 1.0, 2.0, 7.0])
    expected = (column - column.mean()) / column.std()
    graphs = collection(*(unit * (column + offset))[:, None])
    scaled = DescriptorScaling.of(graphs).apply(graphs.descriptors)
    assert_allclose(scaled.ravel(), expected, rtol=1e-5)


def test_missing_values_become_the_mean_of_the_known_ones():
    graphs = collection([1.0, np.nan], [3.0, np.nan], [np.nan, np.nan])
    scaling = DescriptorScaling.of(graphs)
    assert (scaling.mean, scaling.scale) == ((2.0, 0.0), (1.0, 0.0))
    assert_allclose(scaling.apply(graphs.descriptors), [[-1, 0], [1, 0], [0, 0]])


def test_descriptors_are_aligned_by_name():
    scaling = DescriptorScaling.of(collection([0, 0], [2, 20], names=["a", "b"]))
    swapped = collection([20, 2], names=["b", "a"]).descriptors
    assert_allclose(scaling.apply(swapped), [[1, 1]])
    unnamed = collection([2, 20]).descriptors
    assert_allclose(scaling.apply(unnamed), [[1, 1]])


def test_other_names_are_an_error():
    scaling = DescriptorScaling.of(collection([0, 0], [2, 20], names=["a", "b"]))
    other = collection([1, 2], names=["a", "c"]).descriptors
    with pytest.raises(ValueError, match=r"graph 0 .*fit \('a', 'b'\), got.*'c'"):
        scaling.apply(other)


def test_graphs_without_descriptors_have_no_scaling():
    assert DescriptorScaling.of(collection(None)) is None


@pytest.mark.parametrize(
    "parts",
    [
        (None, (0.0,), (-1.0,)),
        (None, (0.0,), (np.inf,)),
        (None, (np.nan,), (1.0,)),
        (None, (0.0,), (1.0, 1.0)),
        (("a", "b"), (0.0,), (1.0,)),
        (("a", "a"), (0.0, 0.0), (1.0, 1.0)),
    ],
)
def test_inconsistent_parts_are_refused(parts):
    with pytest.raises(ValueError, match=r"must be|inhomogeneous"):
        DescriptorScaling(*parts)


# ---- segments of sequences ---------------------------------------------------


def test_segment_means_are_about_as_large_as_one_number_together():
    graphs = collection([1, -2], [3, 2], [5, 6], [7, 10])
    scaled = DescriptorScaling.of_segments(graphs).apply(graphs.descriptors)
    assert_allclose(scaled[:, 0] * np.sqrt(2), np.array([-3, -1, 1, 3]) / np.sqrt(5))
    assert_allclose((scaled**2).sum(axis=1).mean(), 1, rtol=1e-6)


def test_segment_means_beyond_five_deviations_are_clipped():
    graphs = collection([-1.0] * 4, [1.0] * 4)
    scaling = DescriptorScaling.of_segments(graphs)
    later = collection([1e9] * 4, [4.9, -4.9, 5.1, -5.1]).descriptors
    expected = np.array([[5] * 4, [4.9, -4.9, 5, -5]]) / 2
    assert_allclose(scaling.apply(later), expected, rtol=1e-6)


def test_graphs_without_segments_have_no_scaling():
    assert DescriptorScaling.of_segments(collection(None)) is None


def test_of_no_graph_values_stay_as_they_are():
    graphs = [Graph([[0]], descriptors=[k, 2.0 * k]) for k in range(3)]
    scaling = DescriptorScaling.of(GraphCollection.of(graphs)[[]])
    assert (scaling.mean, scaling.scale) == ((0.0, 0.0), (1.0, 1.0))
