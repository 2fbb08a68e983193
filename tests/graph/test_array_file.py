import json
import os
import tracemalloc
import zlib

import numpy as np
import pytest

from skattn.graph._array_file import (
    NotAnArrayFileError,
    pages_dropped,
    read_arrays,
    write_arrays,
)

ARRAYS = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.array(["b", "longer", "ü"]),
    np.empty((0, 4), np.int64),
    np.array([True, False]),
    np.array(["2020-01-01"], "M8[s]"),
    np.arange(20.0).reshape(4, 5).T[::2],
    np.array(7),
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.arrays"
    write_arrays(path, {"of": ["six", None, 1.5]}, ARRAYS)
    return path


@pytest.mark.parametrize("mmap", [True, False])
def test_arrays_are_read_as_written(path, mmap):
    head, arrays = read_arrays(path, mmap=mmap)
    assert head == {"of": ["six", None, 1.5]}
    for came, went in zip(arrays, ARRAYS, strict=True):
        assert came.dtype == went.dtype
        np.testing.assert_array_equal(came, went)


def test_mapped_arrays_are_read_only_maps_that_know_their_file(path):
    _, arrays = read_arrays(path, mmap=True)
    for array in arrays:
        if array.size:
            assert isinstance(array, np.memmap)
            assert array.filename == str(path)
            assert not array.flags.writeable
            assert array.ctypes.data % 64 == 0


def test_arrays_larger_than_a_block_are_written_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr("skattn.graph._array_file._BYTES_PER_BLOCK", 100)
    array = np.arange(1000).reshape(100, 10)[:, ::3]
    write_arrays(tmp_path / "a", None, [array, array[:, 0]])
    _, (whole, first) = read_arrays(tmp_path / "a", mmap=False)
    np.testing.assert_array_equal(whole, array)
    np.testing.assert_array_equal(first, array[:, 0])


def test_a_failed_write_leaves_no_temporary_file(path):
    before = path.read_bytes()
    with pytest.raises(TypeError, match="dtype object"):
        write_arrays(path, {}, [np.arange(3), np.array([None])])
    with pytest.raises(TypeError, match="JSON"):
        write_arrays(path, {1j}, [])
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_write_that_is_interrupted_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()

    def stop(_fd):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_arrays(path, {}, [np.arange(3)])
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_the_file_may_be_replaced_by_arrays_that_are_mapped_from_it(path):
    head, arrays = read_arrays(path, mmap=True)
    write_arrays(path, head, arrays[::-1])
    for came, went in zip(read_arrays(path, mmap=True)[1], ARRAYS[::-1], strict=True):
        np.testing.assert_array_equal(came, went)
    np.testing.assert_array_equal(arrays[0], ARRAYS[0])


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("keep", [0, 3, 39, 40, 100, -1])
def test_a_truncated_file_is_refused(path, keep, mmap):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(NotAnArrayFileError):
        read_arrays(path, mmap=mmap)


def test_a_file_that_grew_is_refused(path):
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(NotAnArrayFileError, match=r"has \d+ bytes and must have"):
        read_arrays(path, mmap=True)


def test_a_damaged_header_is_refused(path):
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"six"', b'"sex"'))
    with pytest.raises(NotAnArrayFileError, match="header does not match its checksum"):
        read_arrays(path, mmap=True)


def test_a_damaged_array_is_refused_when_it_is_read(path):
    content = bytearray(path.read_bytes())
    content[70] ^= 1
    path.write_bytes(content)
    with pytest.raises(NotAnArrayFileError, match="array does not match its checksum"):
        read_arrays(path, mmap=False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"offset": 1 << 40},
        {"offset": -8},
        {"shape": [1 << 40]},
        {"shape": [-1]},
        {"dtype": "|O"},
        {"dtype": "nonsense"},
        {"dtype": "<U0"},
        {"dtype": "<U999999999"},
        {"dtype": "i4,i4"},
        {"dtype": ["<i8"]},
        {"shape": None},
        {"shape": [3.0]},
        {"shape": [True]},
        {"shape": [1 << 70]},
        {"shape": [1 << 40, 0]},
        {"shape": [0, 1 << 62, 1 << 62]},
        {"shape": [1 << 62] * 30_000},
        {"shape": [1] * 65},
        {"offset": 40},
        {"offset": 0},
        {"offset": 64.0},
        {"crc32": 1},
        {"crc32": None},
    ],
)
@pytest.mark.parametrize("mmap", [True, False])
def test_a_header_with_wrong_entries_is_refused(tmp_path, monkeypatch, wrong, mmap):
    dumps = json.dumps

    def with_wrong_entry(content):
        content["arrays"][0] |= wrong
        return dumps(content)

    monkeypatch.setattr(json, "dumps", with_wrong_entry)
    write_arrays(tmp_path / "a", {}, [np.arange(3)])
    with pytest.raises(NotAnArrayFileError):
        read_arrays(tmp_path / "a", mmap=mmap)


@pytest.mark.parametrize("mmap", [True, False])
def test_arrays_that_share_bytes_are_refused(tmp_path, monkeypatch, mmap):
    dumps = json.dumps

    def repeated(content):
        return dumps(content | {"arrays": content["arrays"] * 3000})

    monkeypatch.setattr(json, "dumps", repeated)
    write_arrays(tmp_path / "a", {}, [np.zeros(1 << 17)])  # 1 MB that reads as 3 GB
    tracemalloc.start()
    with pytest.raises(NotAnArrayFileError, match="no float64 array"):
        read_arrays(tmp_path / "a", mmap=mmap)
    assert tracemalloc.get_traced_memory()[1] < 10 * (1 << 20)
    tracemalloc.stop()


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"a":' * 300, b'"\\"' * 50_000])
def test_deep_and_unfinished_headers_are_refused(path, text):
    path.write_bytes(with_header(path.read_bytes(), text))
    with pytest.raises(NotAnArrayFileError):
        read_arrays(path, mmap=False)


@pytest.mark.parametrize(
    "entry",
    ["[]", "{}", "1", '{"a":1}', "[[]]", '{"":{}}', '{"list":[]}', '{"array":0}'],
)
def test_headers_of_more_values_than_the_file_could_hold_are_not_parsed(path, entry):
    text = f'{{"head":[{",".join([entry] * 20_000)}],"arrays":[]}}'.encode()
    path.write_bytes(with_header(path.read_bytes(), text))
    tracemalloc.start()
    with pytest.raises(NotAnArrayFileError, match="lists, dicts and text of"):
        read_arrays(path, mmap=False)
    assert tracemalloc.get_traced_memory()[1] < 4 * path.stat().st_size
    tracemalloc.stop()


def test_headers_with_other_characters_than_ascii_are_refused(path):
    text = '{"head":"\U0001f600","arrays":[]}'.encode()
    path.write_bytes(with_header(path.read_bytes(), text))
    with pytest.raises(NotAnArrayFileError, match="lists, dicts and text of"):
        read_arrays(path, mmap=False)


def test_values_that_could_not_be_read_again_are_not_written(tmp_path):
    with pytest.raises(TypeError, match=r"must be fewer.*joblib\.dump"):
        write_arrays(tmp_path / "a", [[]] * 20_000, [])
    assert not list(tmp_path.iterdir())


def test_many_arrays_share_a_memory_map(tmp_path):
    arrays = [np.full((2, 3), k, np.float32) for k in range(100)]
    write_arrays(tmp_path / "a", None, [*arrays, np.empty((0, 3))])
    _, (*mapped, empty) = read_arrays(tmp_path / "a", mmap=True)
    for came, went in zip(mapped, arrays, strict=True):
        assert isinstance(came, np.memmap)
        assert not came.flags.writeable
        np.testing.assert_array_equal(came, went, strict=True)
    assert empty.shape == (0, 3)
    with pages_dropped(mapped):
        maps = {id(base_of(array)) for array in mapped}
    assert 1 < len(maps) <= 33


def base_of(array):
    while isinstance(array, np.ndarray):
        array = array.base
    return array


@pytest.mark.parametrize(
    "start", [(-1, 0), (0, 0), (16, 0), (1 << 62, 1 << 62), (1 << 63, -(1 << 63))]
)
def test_a_header_that_is_elsewhere_is_refused(path, start):
    content = path.read_bytes()
    head, more = start
    head = min(head, (1 << 63) - 1)
    numbers = np.array([head, max(len(content) - head + more, -(1 << 63))], "<i8")
    path.write_bytes(content[:16] + numbers.tobytes() + content[32:])
    with pytest.raises(NotAnArrayFileError):
        read_arrays(path, mmap=True)


def test_brackets_in_text_are_no_nesting(tmp_path):
    head = {"[" * 500: '\\"' + "{" * 500}
    write_arrays(tmp_path / "a", head, [])
    assert read_arrays(tmp_path / "a", mmap=False)[0] == head


def test_values_that_are_nested_deeply_are_not_written(tmp_path):
    deep = []
    for _ in range(300):
        deep = [deep]
    with pytest.raises(TypeError, match=r"nested less deeply.*got 302 levels"):
        write_arrays(tmp_path / "a", deep, [])
    assert not list(tmp_path.iterdir())


def test_a_damaged_mapped_array_is_refused_if_it_is_verified(path):
    content = bytearray(path.read_bytes())
    content[70] ^= 1
    path.write_bytes(content)
    with pytest.raises(NotAnArrayFileError, match="array does not match its checksum"):
        read_arrays(path, mmap=True)
    read_arrays(path, mmap=True, verify=False)


def with_header(content, text):
    """The file with another header and its checksum."""
    start = np.frombuffer(content[16:40], "<i8").copy()
    start[1:] = len(text), zlib.crc32(text)
    return content[:16] + start.tobytes() + content[40 : start[0]] + text
