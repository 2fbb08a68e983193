import numpy as np
import pytest

from skattn.graph._array_file import read_arrays, write_arrays
from skattn.graph._packing import PLAIN, Part
from skattn.graph._record_file import read_record, write_record


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a"


@pytest.mark.parametrize("mmap", [True, False])
def test_a_state_is_read_with_the_id_of_its_file(path, mmap):
    state = {"a": np.arange(3), "b": ("text", None)}
    write_record(path, "Owner", state)
    again, stamp = read_record(path, "Owner", mmap=mmap)
    assert again["b"] == ("text", None)
    assert again["a"].tolist() == [0, 1, 2]
    assert isinstance(again["a"], np.memmap) == mmap
    write_record(path, "Owner", state)
    assert read_record(path, "Owner")[1] != stamp


def test_a_file_of_another_class_names_the_class_that_opens_it(path):
    write_record(path, "Other", 1)
    with pytest.raises(
        ValueError, match=r"Owner\.save wrote.*Open it with Other\.load"
    ):
        read_record(path, "Owner")


def test_an_unknown_class_is_an_error(path):
    parts = PLAIN | {"complex": Part(complex, lambda z: (z.real, z.imag), complex)}
    write_record(path, "Owner", 1j, parts)
    assert read_record(path, "Owner", parts)[0] == 1j
    with pytest.raises(ValueError, match="damaged or something else: 'complex'"):
        read_record(path, "Owner")


@pytest.mark.parametrize("missing", ["owner", "version", "stamp", "state"])
def test_a_header_without_an_entry_is_an_error(path, missing):
    write_record(path, "Owner", 1)
    head, arrays = read_arrays(path, mmap=False)
    del head[missing]
    write_arrays(path, head, arrays)
    with pytest.raises(ValueError, match=r"Owner\.save wrote; it is damaged"):
        read_record(path, "Owner")


@pytest.mark.parametrize(
    ("entry", "value"),
    [("owner", 1), ("owner", None), ("version", True), ("version", 1.0), ("stamp", 5)],
)
def test_an_entry_of_the_header_of_another_type_is_an_error(path, entry, value):
    write_record(path, "Owner", 1)
    head, arrays = read_arrays(path, mmap=False)
    write_arrays(path, head | {entry: value}, arrays)
    with pytest.raises(ValueError, match=r"Owner\.save wrote; it is damaged"):
        read_record(path, "Owner")


def test_a_value_that_contains_itself_is_not_written(path):
    state = []
    state.append(state)
    with pytest.raises(TypeError, match="must not hold values that contain themselves"):
        write_record(path, "Owner", state)
    assert not path.exists()
