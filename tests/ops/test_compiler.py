"""Loops in compiled code, and how the cache of compiled code learns of edits."""

import os

import pytest
from numba import njit

from skattn.ops._cpu._compiler import loop, see_edits


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


def test_kernels_are_as_young_as_what_they_import(tmp_path):
    kernels, imported = tmp_path / "kernels.py", tmp_path / "imported.py"
    for file, age in ((kernels, 1_000), (imported, 2_000)):
        file.touch()
        os.utime(file, (age, age))
    see_edits(str(kernels))
    assert kernels.stat().st_mtime > 2_000


def test_kernels_that_are_youngest_are_left_alone(tmp_path):
    kernels, imported = tmp_path / "kernels.py", tmp_path / "imported.py"
    for file, age in ((kernels, 3_000), (imported, 2_000)):
        file.touch()
        os.utime(file, (age, age))
    see_edits(str(kernels))
    assert kernels.stat().st_mtime == 3_000


def test_kernels_that_may_not_be_touched_are_left_alone(tmp_path, monkeypatch):
    (tmp_path / "kernels.py").touch()
    os.utime(tmp_path / "kernels.py", (1_000, 1_000))
    (tmp_path / "imported.py").touch()

    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr(os, "utime", refuse)
    see_edits(str(tmp_path / "kernels.py"))
    assert (tmp_path / "kernels.py").stat().st_mtime == 1_000
