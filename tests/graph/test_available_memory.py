import pytest

from skattn.graph import _available_memory

GB = 1 << 30


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that writes system files of Linux."""
    monkeypatch.setattr(_available_memory, "ROOT", tmp_path)

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    write(proc__meminfo="MemTotal: 99 kB\nMemAvailable:    8388608 kB\n")
    return write


def left():
    return _available_memory.available_memory()


def group(folder, limit, used, cached=0):
    return {
        f"{folder}__memory.max": f"{limit}\n",
        f"{folder}__memory.current": f"{used}\n",
        f"{folder}__memory.stat": f"anon 5\nactive_file {cached}\ninactive_file 1\n",
    }


def test_available_memory_is_that_of_the_system(machine):
    assert left() == 8 * GB


def test_available_memory_is_unknown_without_system_files(tmp_path, monkeypatch):
    monkeypatch.setattr(_available_memory, "ROOT", tmp_path)
    assert left() is None


def test_a_container_limits_memory_except_cached_files(machine):
    machine(proc__self__cgroup="0::/\n")
    machine(**group("sys__fs__cgroup", 4 * GB, 3 * GB, cached=GB - 1))
    assert left() == 2 * GB


def test_a_group_without_a_limit_does_not_limit_memory(machine):
    machine(proc__self__cgroup="0::/job\n")
    machine(**group("sys__fs__cgroup__job", "max", 3 * GB))
    assert left() == 8 * GB


def test_the_tightest_of_nested_groups_limits_memory(machine):
    machine(proc__self__cgroup="0::/job/step\n")
    machine(**group("sys__fs__cgroup__job__step", 6 * GB, GB, cached=-1))
    machine(**group("sys__fs__cgroup__job", 6 * GB, 2 * GB, cached=-1))
    assert left() == 4 * GB


def test_a_group_above_its_limit_has_no_memory(machine):
    machine(proc__self__cgroup="0::/\n")
    machine(**group("sys__fs__cgroup", GB, 2 * GB))
    assert left() == 0


def test_groups_of_version_one_limit_memory(machine):
    machine(
        proc__self__cgroup="5:cpu,cpuacct:/x\n4:memory:/job\n",
        **{"sys__fs__cgroup__memory__job__memory.limit_in_bytes": str(3 * GB)},
        **{"sys__fs__cgroup__memory__job__memory.usage_in_bytes": str(GB)},
    )
    assert left() == 2 * GB
