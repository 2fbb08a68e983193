"""Available memory of the machine."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")


def available_memory() -> int | None:
    """Return the memory that is available to this process, in bytes.

    On Linux the system's MemAvailable or, if that is less, the rest of a control
    group's limit (a container, a batch job); None where it is not known.
    """
    return min([*_system_bytes(ROOT), *_control_group_bytes(ROOT)], default=None)


def _system_bytes(root: Path) -> Iterator[int]:
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _control_group_bytes(root: Path) -> Iterator[int]:
    """Yield the available bytes of the process's control group and of its parents."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(top):
                yield from _bytes_left_in(folder, *names)


def _bytes_left_in(folder: Path, limit_name: str, used_name: str) -> Iterator[int]:
    """Yield a control group's limit minus its use, without evictable cached files."""
    limit, used = (_lines(folder / name) for name in (limit_name, used_name))
    if not limit or not used or limit[0] == "max":
        return
    stat = dict(line.split() for line in _lines(folder / "memory.stat"))
    cached = sum(int(stat.get(f"{kind}_file", 0)) for kind in ("active", "inactive"))
    yield max(int(limit[0]) - max(int(used[0]) - cached, 0), 0)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
