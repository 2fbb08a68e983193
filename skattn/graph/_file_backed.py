"""Methods that save, load and memory-map graphs."""

import os
from operator import getitem
from typing import Any, NamedTuple, Self, SupportsIndex

from skattn.graph._storage import load_graph, save_graph
from skattn.graph._target_view import TargetView


class MappedFile(NamedTuple):
    """A file that was checked and mapped."""

    path: str
    stamp: str
    """Unique id of its content."""
    status: tuple[int, ...]
    """Device, inode, size and time of the last change when it was checked."""


class FileBacked(TargetView):
    """Base class of `Graph` with methods for files."""

    _file: MappedFile | None
    """The memory-mapped file, or None."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the graph to a file of plain arrays and JSON, without pickle.

        Features may be an array of numbers, a sparse matrix (stored as CSR) or a
        DataFrame of numeric columns. Node labels, index and column names may be
        numbers, dates or text. Of a view, all nodes and the targets are saved.

        Parameters
        ----------
        path : str or os.PathLike
            Name of the file. An existing file is replaced when the new one is complete;
            its permissions are kept, and of a symbolic link, the target is replaced.

        Raises
        ------
        TypeError
            If features or labels cannot be stored, such as columns of objects.
        OSError
            If the file cannot be written.

        See Also
        --------
        skattn.Graph.load : Load the file.
        """
        save_graph(self, path)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, mmap: bool = True, verify: bool = True
    ) -> Self:
        """Load a graph from a file that :meth:`save` wrote.

        Parameters
        ----------
        path : str or os.PathLike
            Name of the file.
        mmap : bool, default=True
            Whether to memory-map the arrays, read-only: pages are read on first use and
            shared between processes, so the graph may exceed the memory. A mapped file
            must not be modified, but ``save`` may replace it. If False, all arrays are
            read into memory.
        verify : bool, default=True
            Whether to compare the checksums of all arrays, for which a file to be
            mapped is read once, in blocks. If False, the values of features are not
            read before they are used. Edges, weights, labels, targets and the indices
            of sparse features are checked in any case.

        Returns
        -------
        Graph
            The saved graph or view. Pickles of a mapped graph hold the name of its
            file instead of the arrays.

        Raises
        ------
        ValueError
            If the file is damaged, of another version or not of a graph.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from skattn import Graph
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "pair.graph")
        ...     Graph([[0, 1], [1, 0]]).save(path)
        ...     Graph.load(path)
        Graph(n_nodes=2, n_edges=2, n_features=0)
        """
        return cls._load(path, mmap=mmap, verify=verify)

    @classmethod
    def _load(cls, path: str | os.PathLike[str], *, mmap: bool, **checks: bool) -> Self:
        """Load a graph; `checks` are arguments of `load_graph`."""
        status = _status(path)
        stored, stamp = load_graph(path, mmap=mmap, **checks)
        others = {"descriptors": stored.descriptors, "types": stored.types}
        graph = cls._trusted(*stored[:4], **others)
        if mmap:
            file = MappedFile(os.path.abspath(path), stamp, status)
            object.__setattr__(graph, "_file", file)
        return graph if stored.targets is None else graph[stored.targets]

    @classmethod
    def _load_again(cls, path: str, stamp: str, status: tuple[int, ...]) -> Self:
        """Map the file of a pickled graph; raise ValueError if it was replaced.

        The file is checked again only if its status has changed.
        """
        same = _status(path) == status
        graph = cls._load(path, mmap=True, verify=not same, trusted=same).base
        if graph._file is None or graph._file[:2] != (os.path.abspath(path), stamp):
            raise ValueError(
                f"{path!r} must still be the file that the pickled graph was mapped "
                "from, but it was replaced. Load the new file, or pickle "
                "Graph.load(path, mmap=False), which does not depend on the file."
            )
        return graph

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Pickle a mapped graph as the name of its file, others as usual."""
        if self.base._file is None:
            return super().__reduce_ex__(protocol)
        if self.is_view:
            return getitem, (self.base, self.targets)
        return self._load_again, self._file

    @classmethod
    def _trusted(cls, *parts: Any, **named: Any) -> Self:
        """Build a graph from parts that were validated before."""
        raise NotImplementedError


def _status(path: str | os.PathLike[str]) -> tuple[int, ...]:
    """Return device, inode, size and time of the last change of a file."""
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
