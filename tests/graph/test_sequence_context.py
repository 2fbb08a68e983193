import numpy as np
import pandas as pd
import pytest

from skattn.graph import sequence_graphs
from skattn.graph._collection import GraphCollection
from skattn.graph._patches import PatchOptions
from skattn.graph._resolve import resolve
from skattn.graph._schema import GraphSchema

PATCHED = PatchOptions(max_patches=3, n_segments=2)


def steps(*lengths, width=2):
    return [np.ones((length, width)) for length in lengths]


def test_sequences_are_converted_as_by_sequence_graphs(check):
    X = [np.arange(6.0).reshape(3, 2), np.array([[6.0, 7.0]])]
    context = resolve(X, check=check)
    assert (context.kind, context.n_rows) == ("sequences", 2)
    train, held_out = context.split(np.array([1]), np.array([0]))
    expected = GraphCollection.of(sequence_graphs(X)).whole
    np.testing.assert_array_equal(
        train.whole.adjacency.toarray(), expected.adjacency.toarray()
    )
    np.testing.assert_allclose(train.whole.X, expected.X, rtol=1e-6)
    np.testing.assert_array_equal(train.node_ptr, [0, 3, 4])
    np.testing.assert_array_equal(train.targets, [1])
    assert train.base is held_out.base


def test_positional_encoding_is_not_checked(check):
    context = resolve(steps(3, 3), check=check)
    assert [seen.shape[1] for seen in check.seen] == [2]
    assert context.split(np.arange(2), None)[0].whole.X.shape[1] == 2 + 8


@pytest.mark.parametrize(
    "X", [np.ones((2, 3, 2)), [pd.DataFrame(np.ones((3, 2)))] * 2, steps(3, 3)]
)
def test_sequences_of_every_form_are_the_same(check, X):
    view, _ = resolve(X, check=check).split(np.arange(2), None)
    expected = GraphCollection.of(sequence_graphs(steps(3, 3))).whole
    np.testing.assert_allclose(view.whole.X, expected.X, rtol=1e-6)


def test_sequences_at_prediction_may_differ_in_length_not_in_width(check):
    fitted = resolve(steps(3, 3), check=check).fitted()
    later = fitted.join(steps(7, 1), check=check)
    np.testing.assert_array_equal(later.node_ptr, [0, 7, 8])
    with pytest.raises(ValueError, match=r"2 features, as at fit, got 5.*axis=2"):
        fitted.join(steps(3, width=5), check=check)


def test_patches_are_nodes_and_segment_means_descriptors(check):
    X = [np.arange(6.0)[:, None], np.arange(4.0)[:, None]]
    context = resolve(X, patch_options=PATCHED, check=check)
    view, _ = context.split(np.arange(2), None)
    np.testing.assert_array_equal(view.node_ptr, [0, 3, 5])
    assert view.n_edges == 3 * 3 + 2 * 2
    length = context.patching.length
    expected = np.arange(2 - length // 2, 2 + length // 2) + 1  # around steps 2 and 3
    np.testing.assert_array_equal(view.whole.X[1, :length], expected.clip(0, 5))
    np.testing.assert_allclose(
        view.whole.X[:, length:].T, [[-2 / 3, 0, 2 / 3, -0.5, 0.5]]
    )
    np.testing.assert_allclose(view.descriptors.values, [[1, 4], [0.5, 2.5]])


def test_patches_at_prediction_are_those_of_the_fit(check):
    fitted = resolve(steps(6, 6), patch_options=PATCHED, check=check).fitted()
    later = fitted.join(steps(13, 1), check=check)
    np.testing.assert_array_equal(later.node_ptr, [0, 7, 8])
    assert later.n_descriptors == 2 * 2


def test_features_are_checked_before_they_are_divided(check):
    resolve(steps(6, 5), patch_options=PATCHED, check=check)
    assert [seen.shape for seen in check.seen] == [(11, 2)]


def test_a_context_that_does_not_fit_its_schema_is_refused(check):
    context = resolve(steps(6, 6), patch_options=PATCHED, check=check)
    view, _ = context.split(np.arange(2), None)
    schema = GraphSchema.of(view)
    context.check_fitted(2, schema)
    with pytest.raises(ValueError, match="sequences of 2 features"):
        context.check_fitted(3, schema)
    with pytest.raises(ValueError, match="patches of 8 steps, 2 segments"):
        context.check_fitted(2, GraphSchema(17, 0, 3))
