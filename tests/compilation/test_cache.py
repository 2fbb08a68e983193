"""Cache of compiled functions: damaged files, full folders, forks."""

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager

import numba
import pytest

from skattn._compilation import _cache, cached_jit


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Folder of the cache; numba makes a subfolder in it."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


def doubled(x):
    return x + x


def compiled():
    """Return the function as a new process has it."""
    return cached_jit()(doubled)


def n_hits(dispatcher):
    return sum(dispatcher.stats.cache_hits.values())


def entries(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_code_is_loaded_from_the_disk(folder):
    assert compiled()(3) == 6
    again = compiled()
    assert again(3) == 6
    assert n_hits(again) == 1


def test_every_signature_has_a_file(folder):
    first, second = compiled(), compiled()
    assert first(3) == 6
    assert second(1.5) == 3.0
    assert len(entries(folder)) == 2
    third = compiled()
    assert (third(3), third(1.5), n_hits(third)) == (6, 3.0, 2)


def empty(path):
    path.write_bytes(b"")


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [empty, truncate, flip_a_bit])
def test_damaged_file_is_replaced(folder, damage):
    compiled()(3)
    (path,) = entries(folder)
    damage(path)
    assert [compiled()(3), compiled()(3)] == [6, 6]
    assert entries(folder) == [path]
    again = compiled()
    again(3)
    assert n_hits(again) == 1


def test_code_of_another_signature_is_not_called(folder):
    compiled()(3)
    (of_integers,) = entries(folder)
    compiled()(1.5)
    (of_floats,) = set(entries(folder)) - {of_integers}
    of_floats.write_bytes(of_integers.read_bytes())
    again = compiled()
    assert again(1.5) == 3.0
    assert n_hits(again) == 0


def test_folder_in_place_of_a_file_is_no_entry(folder):
    compiled()(3)
    (path,) = entries(folder)
    path.unlink()
    path.mkdir()
    with pytest.warns(UserWarning, match="Compiled kernels cannot be saved"):
        assert compiled()(3) == 6
    assert entries(folder) == []


def test_full_disk_is_a_warning(folder, monkeypatch):
    def write_bytes(path, content):
        path.open("wb").close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_cache.Path, "write_bytes", write_bytes)
    with pytest.warns(UserWarning, match=r"No space left.*NUMBA_CACHE_DIR"):
        assert compiled()(3) == 6
    assert entries(folder) == []


def test_interrupted_write_leaves_no_file(folder, monkeypatch):
    def write_bytes(path, content):
        path.open("wb").close()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(_cache.Path, "write_bytes", write_bytes)
        function = compiled()
        with pytest.raises(KeyboardInterrupt):
            function(3)
    assert entries(folder) == []
    assert function(3) == 6


@contextmanager
def handling(handler):
    """Handle interrupts in this way within the block."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_during_a_compilation_is_raised_after_it(folder, monkeypatch):
    write_bytes = _cache.Path.write_bytes

    def interrupted(path, content):
        signal.raise_signal(signal.SIGINT)
        write_bytes(path, content)

    handler = signal.default_int_handler  # a shell's background ignores the signal
    function = compiled()
    with monkeypatch.context() as patched, handling(handler):
        patched.setattr(_cache.Path, "write_bytes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            function(3)
        assert signal.getsignal(signal.SIGINT) is handler
    assert len(entries(folder)) == 1
    assert function(3) == 6


def test_without_a_folder_functions_are_compiled_with_a_warning(monkeypatch):
    monkeypatch.setattr(_cache.FunctionCache._impl_class, "_locator_classes", [])
    function = compiled()
    with pytest.warns(UserWarning, match="Compiled kernels cannot be saved"):
        assert function(3) == 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_fork_during_a_compilation_leaves_the_child_able_to_compile():
    code = """
        import os, threading, time
        from skattn._compilation import cached_jit
        from skattn._compat_numba import compiler_lock
        compiling = threading.Event()

        def compile_long():
            with compiler_lock:
                compiling.set()
                time.sleep(0.3)

        other = threading.Thread(target=compile_long)
        other.start()
        compiling.wait()
        child = os.fork()
        if child == 0:
            with compiler_lock:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        other.join()
        with compiler_lock:
            print(status)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.stdout == "0\n", done.stderr
