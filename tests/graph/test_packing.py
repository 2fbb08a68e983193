import json

import numpy as np
import pytest
import scipy.sparse as sp

from skattn.graph._packing import PLAIN, Arrays, Part, pack, unpack


def round_trip(value, parts=PLAIN):
    arrays = Arrays()
    text = json.dumps(pack(value, parts, arrays, "value"))
    return unpack(json.loads(text), parts, Arrays(arrays))


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 0.5, "ü", [], [1, [2]], (1, ("a",)), {"a": {1: None}, (1, 2): 3}],
)
def test_plain_values_keep_their_classes(value):
    again = round_trip(value)
    assert again == value
    assert type(again) is type(value)


def test_numpy_scalars_become_python_numbers():
    assert round_trip([np.int64(2), np.bool_(True)]) == [2, True]


def test_arrays_are_listed_once():
    arrays, shared = Arrays(), np.arange(3)
    packed = pack([shared, {"again": shared}], PLAIN, arrays, "value")
    assert len(arrays) == 1
    again = unpack(packed, PLAIN, Arrays(arrays))
    assert again[0] is shared
    assert again[1]["again"] is shared


def test_arrays_of_objects_are_packed_entry_by_entry():
    again = round_trip(np.array(["a", 1, None], dtype=object))
    assert again.dtype == object
    assert again.tolist() == ["a", 1, None]


@pytest.mark.parametrize("make", [sp.csr_array, sp.csr_matrix])
def test_sparse_matrices_keep_entries_order_and_class(make):
    parts = ([1.0, 2.0, 4.0], [1, 0, 1], [0, 3, 3])  # unsorted, one entry twice
    matrix = make(parts, shape=(2, 2))
    again = round_trip(matrix)
    assert type(again) is type(matrix)
    assert again.shape == (2, 2)
    assert again.indices.tolist() == [1, 0, 1]
    assert again.data.tolist() == [1, 2, 4]
    assert not again.has_sorted_indices
    again.sum_duplicates()
    assert again.toarray().tolist() == [[2, 5], [0, 0]]


@pytest.mark.parametrize(
    ("indices", "indptr"),
    [([0, 2], [0, 1, 2]), ([0, -1], [0, 1, 2]), ([0, 1], [0, 3, 2])],
)
def test_indices_beyond_the_matrix_are_refused(indices, indptr):
    arrays = [np.ones(2), np.array(indices), np.array(indptr)]
    packed = {"csr": [*({"array": k} for k in range(3)), 2, False]}
    with pytest.raises(ValueError, match=r"adjacency\.ind"):
        unpack(packed, PLAIN, Arrays(arrays))


def test_other_classes_need_a_part():
    with pytest.raises(TypeError, match=r"'a' must be made of numbers.*got complex"):
        pack({"a": [1j]}, PLAIN, Arrays(), "value")
    parts = PLAIN | {"complex": Part(complex, lambda z: (z.real, z.imag), complex)}
    assert round_trip({"a": [1j]}, parts) == {"a": [1j]}


def test_an_array_is_stored_again_for_every_two_references():
    arrays, shared = Arrays(), np.arange(3)
    packed = pack([shared] * 5, PLAIN, arrays, "value")
    assert len(arrays) == 3
    again = unpack(packed, PLAIN, Arrays(arrays))
    assert [array.tolist() for array in again] == [[0, 1, 2]] * 5


@pytest.mark.parametrize("position", [1, -1, True, None, 0.0, "0", 10**20])
def test_positions_of_other_arrays_are_refused(position):
    with pytest.raises(ValueError, match="has no array"):
        unpack({"array": position}, PLAIN, Arrays([np.arange(3)]))


def test_an_array_that_is_used_too_often_is_refused():
    with pytest.raises(ValueError, match="uses an array more than 2 times"):
        unpack({"list": [{"array": 0}] * 3}, PLAIN, Arrays([np.arange(3)]))


def test_arrays_of_objects_keep_their_shape():
    again = round_trip(np.array([["a", 1], [None, 2.5]], dtype=object))
    assert again.tolist() == [["a", 1], [None, 2.5]]
    assert round_trip(np.empty((0, 2), dtype=object)).shape == (0, 2)


def test_an_array_in_an_array_of_objects_is_one_object():
    packed = {"objects": [{"tuple": [2]}, {"array": 0}, {"array": 0}]}
    again = unpack(packed, PLAIN, Arrays([np.zeros(10**6, np.int8)]))
    assert again.shape == (2,)


def test_indices_of_other_dtypes_are_stored_as_int64():
    matrix = sp.csr_array([[0, 2], [0, 0]])
    matrix.indices = matrix.indices.astype(np.uint8)
    again = round_trip(matrix)
    assert again.indices.dtype == again.indptr.dtype == np.int64
    assert again.toarray().tolist() == [[0, 2], [0, 0]]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (([1.0], [0], [0, 1], -1), "columns"),
        (([1.0], [0], [0, 1], 1 << 70), "columns"),
        (([1.0], [0], [0, 1], 2.0), "columns"),
        (([1.0, 2.0], [0], [0, 1], 2), "2 values and 1 indices"),
        (([1.0], [0], [0, 2], 2), "for 2 edges"),
        (([[1.0]], [[0]], [0, 1], 2), "one-dimensional"),
        (([1.0], [0], [0, 2**31 - 1, -(2**31), 1], 2), "indptr"),
    ],
)
def test_wrong_sparse_matrices_are_refused(parts, message):
    data, indices, indptr, n_columns = parts
    arrays = Arrays(
        [np.array(data), np.array(indices, np.int32), np.array(indptr, np.int32)]
    )
    packed = {"csr": [*({"array": k} for k in range(3)), n_columns, False]}
    with pytest.raises(ValueError, match=message):
        unpack(packed, PLAIN, arrays)
