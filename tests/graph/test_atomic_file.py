import os
import signal
import stat
import subprocess
import sys

import pytest

from skattn.graph import _atomic_file
from skattn.graph._atomic_file import replacing


@pytest.fixture(params=["unnamed", "named"])
def system(request, monkeypatch):
    """Whether the system has files without a name."""
    if request.param == "named":
        monkeypatch.setattr(_atomic_file, "_open_unnamed", lambda folder: None)
    return request.param


def write(path, content=b"new"):
    with replacing(path) as file:
        file.write(content)


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path, system):
    path = tmp_path / "a"
    path.write_bytes(b"old, longer")
    path.chmod(0o640)
    write(path)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a"]


def test_a_new_file_has_the_permissions_of_any_other(tmp_path, system):
    before = os.umask(0o027)
    try:
        write(tmp_path / "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize("exists", [True, False])
def test_of_a_symbolic_link_the_target_is_replaced(tmp_path, system, exists):
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "target"
    if exists:
        target.write_bytes(b"old")
    (tmp_path / "link").symlink_to("folder/target")
    (tmp_path / "second").symlink_to("link")
    write(tmp_path / "second")
    assert os.readlink(tmp_path / "second") == "link"
    assert os.readlink(tmp_path / "link") == "folder/target"
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "[*]?"])
def test_every_name_that_a_file_system_allows_is_taken(tmp_path, system, name):
    for content in (b"1", b"2"):
        write(tmp_path / name, content)
    assert (tmp_path / name).read_bytes() == b"2"
    assert os.listdir(tmp_path) == [name]


def test_a_block_that_raises_leaves_the_old_file(tmp_path, system):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(TypeError):
        write(tmp_path / "a", "no bytes")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


KILLED = """
import os, signal, sys
from skattn.graph import _atomic_file
if sys.argv[2] == "named":
    _atomic_file._open_unnamed = lambda folder: None
with _atomic_file.replacing(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_no_other_file(tmp_path, system):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    ended = subprocess.run([sys.executable, "-c", KILLED, path, system], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    left = set(os.listdir(tmp_path)) - {"a"}
    assert len(left) == (system == "named")
    write(tmp_path / "b")  # a file of another name
    assert left <= set(os.listdir(tmp_path))
    write(path)
    assert set(os.listdir(tmp_path)) == {"a", "b"}


def test_two_replacements_of_one_file_do_not_disturb_each_other(tmp_path, system):
    path = tmp_path / "a"
    with replacing(path) as first:
        with replacing(path) as second:
            second.write(b"second")
        assert path.read_bytes() == b"second"
        first.write(b"first")
    assert path.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["a"]


def test_folders_and_devices_are_not_replaced(tmp_path, system):
    with pytest.raises(IsADirectoryError):
        write(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="must be a regular file"):
        write(tmp_path / "pipe")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "nowhere" / "a")
