import numpy as np
import pytest

from skattn.graph._patches import Patching, PatchOptions


def ramp(n_steps, n_features=1):
    return np.arange(float(n_steps * n_features)).reshape(n_steps, n_features)


def test_without_patches_nodes_are_steps():
    patching = Patching.of([3, 5], 2, PatchOptions())
    X = ramp(5, 2)
    assert patching.patches(X) is X
    assert patching.n_patches(5) == 5


def test_patches_overlap_and_repeat_the_ends():
    patching = Patching(stride=2, length=4)
    expected = [[0, 0, 1, 2], [1, 2, 3, 4], [3, 4, 4, 4]]
    np.testing.assert_array_equal(patching.patches(ramp(5)), expected)
    assert patching.n_patches(5) == 3


def test_columns_of_a_patch_are_the_steps_of_one_feature_after_another():
    expected = [[0, 2, 1, 3], [4, 4, 5, 5]]
    patches = Patching(stride=2, length=2).patches(ramp(3, 2))
    np.testing.assert_array_equal(patches, expected)


@pytest.mark.parametrize("stride", [1, 2, 3, 7])
@pytest.mark.parametrize("n_steps", [1, 2, 6, 7, 20])
def test_a_patch_of_any_sequence_has_the_steps_around_it(stride, n_steps):
    patching = Patching(stride, stride + 4)
    patches = patching.patches(ramp(n_steps))
    assert patches.shape == (patching.n_patches(n_steps), stride + 4)
    for k, patch in enumerate(patches):
        steps = np.arange(k * stride - 2, k * stride + stride + 2)
        np.testing.assert_array_equal(patch, steps.clip(0, n_steps - 1))


@pytest.mark.parametrize("longest", [1, 63, 64, 65, 128, 1000])
def test_the_longest_sequence_has_at_most_so_many_patches(longest):
    patching = Patching.of([3, longest, 2], 1, PatchOptions(max_patches=64))
    assert 1 <= patching.n_patches(longest) <= 64
    assert patching.stride == 1 or patching.n_patches(longest) > 32
    assert patching.stride <= patching.length


def test_segments_of_equal_length_share_a_step_between_them():
    means = Patching(n_segments=2).segment_means(np.array([[1.0], [2.0], [6.0]]))
    np.testing.assert_allclose(means, [(1 + 2 / 2) / 1.5, (2 / 2 + 6) / 1.5])


def test_one_segment_is_the_mean_and_one_per_step_the_sequence():
    X = ramp(4, 2)
    np.testing.assert_allclose(Patching(n_segments=1).segment_means(X), X.mean(axis=0))
    np.testing.assert_allclose(Patching(n_segments=4).segment_means(X), X.T.ravel())


def test_more_segments_than_steps_repeat_steps():
    means = Patching(n_segments=4).segment_means(np.array([[1.0], [3.0]]))
    np.testing.assert_allclose(means, [1, 1, 3, 3])


def test_segments_are_no_more_than_the_steps_of_the_longest_sequence():
    assert Patching.of([2, 4], 1, PatchOptions(n_segments=9)).n_segments == 4
    assert Patching.of([20, 4], 1, PatchOptions(n_segments=9)).n_segments == 9


@pytest.mark.parametrize("wrong", [(0, 1, 0), (3, 2, 0), (1, 1, -1)])
def test_a_stride_beyond_the_length_is_refused(wrong):
    with pytest.raises(ValueError, match="stride of at least 1 and no greater length"):
        Patching(*wrong)
