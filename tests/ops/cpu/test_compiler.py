"""Loops of compiled code, and invalidation of the kernel cache."""

import gc
import subprocess
import sys
from contextlib import nullcontext

import pytest
from numba import njit

from skattn.ops._cpu._compiler import _without_collecting, loop


@njit
def _turns(start, stop, step):
    last, n = -1, 0
    for k in loop(start, stop, step):
        last, n = k, n + 1
    return last, n


@pytest.mark.parametrize(
    "bounds", [(0, 5, 1), (0, 5, 2), (3, 4, 8), (0, 0, 1), (4, 2, 1), (-3, 9, 4)]
)
def test_loop_counts_as_range_does(bounds):
    turns = list(range(*bounds))
    assert _turns(*bounds) == (turns[-1] if turns else -1, len(turns))


def test_loop_takes_bounds_as_range_does():
    @njit
    def count():
        n = 0
        for _ in loop(3):
            n += 1
        for _ in loop(3, 7):
            n += 10
        return n

    assert count() == 43
    assert list(loop(3, 7)) == [3, 4, 5, 6]


_KERNEL = """
from imported import number
from skattn.ops._cpu._compiler import kernel

@kernel
def answer():
    return number()

print(answer(), sum(answer.stats.cache_hits.values()))
"""
_IMPORTED = """
from skattn.ops._cpu._compiler import inlined

@inlined
def number():
    return {}
"""


@pytest.mark.slow
def test_kernels_are_compiled_again_when_their_imports_are_edited(tmp_path):
    (tmp_path / "kernels.py").write_text(_KERNEL)

    def run(number):
        (tmp_path / "imported.py").write_text(_IMPORTED.format(number))
        command = [sys.executable, "-B", str(tmp_path / "kernels.py")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert run(1) == ["1", "0"]
    assert run(1) == ["1", "1"]
    assert run(2) == ["2", "0"]
    assert run(1) == ["1", "1"]


@pytest.mark.slow
def test_cache_that_names_a_removed_class_is_rewritten(tmp_path):
    (tmp_path / "kernels.py").write_text(
        """
from imported import record
from skattn.ops._cpu._compiler import kernel

@kernel
def answer(record):
    return record.number

print(answer(record), sum(answer.stats.cache_hits.values()))
"""
    )

    def run(name):
        (tmp_path / "imported.py").write_text(
            "from collections import namedtuple\n"
            f"{name} = namedtuple({name!r}, 'number')\n"
            f"record = {name}(3)\n"
        )
        command = [sys.executable, "-B", str(tmp_path / "kernels.py")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert run("Old") == ["3", "0"]
    assert run("New") == ["3", "0"]
    assert run("New") == ["3", "1"]


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_garbage_collection_is_paused_during_compilation(enabled, fails):
    found = []

    def compile_for(signature):
        found.append(gc.isenabled())
        if fails:
            raise TypeError(signature)
        return signature

    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(TypeError) if fails else nullcontext():
            assert _without_collecting(compile_for)("signature") == "signature"
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()
    assert found == [False]
