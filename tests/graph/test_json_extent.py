import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skattn.graph import _json_extent
from skattn.graph._json_extent import json_extent

TEXT = st.text('a"\\[]{},:\n1é', max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda values: st.lists(values) | st.dictionaries(TEXT, values),
    max_leaves=20,
)


def depth(value):
    if not isinstance(value, list | dict):
        return 0
    entries = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, entries), default=0)


@given(VALUES, st.sampled_from([1, 2, 7, 1 << 11]))
@settings(deadline=None)
def test_the_depth_is_that_of_the_values(value, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_json_extent, "_BYTES_PER_BLOCK", block)
        assert json_extent(json.dumps(value).encode()).depth == depth(value)


def test_bytes_of_a_written_out_value():
    text = b'{"a": [1, "b,[{"]}'
    # a dict with an entry, a list, a comma, a number, one text besides the key
    assert json_extent(text) == (2, 18 + 184 + 16 + 88 + 9 + 28 + 49)


@pytest.mark.parametrize(
    "entry",
    ["[]", "{}", "0.1", "1000", '"ab"', '{"a":1}', "[[]]", '{"":{}}', '{"list":[]}'],
)
def test_values_take_no_more_than_the_bound(entry):
    text = f"[{','.join([entry] * 1000)}]".encode()
    assert memory_of(text) <= json_extent(text).n_bytes


def test_keys_of_a_large_dict_take_no_more_than_the_bound():
    text = json.dumps({f"k{i}": 0 for i in range(1000)}).encode()
    assert memory_of(text) <= json_extent(text).n_bytes


def test_memory_does_not_grow_with_the_text():
    text = b'["a", 1]' * 100_000
    tracemalloc.start()
    json_extent(text)
    assert tracemalloc.get_traced_memory()[1] < 1 << 17
    tracemalloc.stop()


@pytest.mark.parametrize("text", [b"", b'"', b'"\\', b"[[", b"\\" * 5000])
def test_unfinished_json_has_bounds(text):
    assert json_extent(text).depth == text.count(b"[")


def memory_of(text):
    """Bytes that the parsed values take, of those that are not shared."""
    tracemalloc.start()
    value = json.loads(text)
    found = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del value
    return found
