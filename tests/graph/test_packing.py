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
