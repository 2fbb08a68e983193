"""Graphs in files: saved, loaded, memory-mapped, pickled by file name."""

import os
from operator import getitem
from typing import Any, Self, SupportsIndex

from skattn.graph._storage import load_graph, save_graph
from skattn.graph._target_view import TargetView


class FileBacked(TargetView):
    """Base class of `Graph`, with methods for files; arrays may be memory-mapped."""

    _file: tuple[str, str] | None
    """Name and stamp of the file that the arrays are mapped from, or None."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to a file without pickle: plain arrays and JSON.

        Features may be an array of numbers, a sparse matrix (stored as CSR) or a
        DataFrame of numeric columns; labels, index and column names may be numbers,
        dates or text. A view is written whole, with its targets.

        Parameters
        ----------
        path : str or os.PathLike
            The file; an existing one is replaced once the new one is complete.

        Raises
        ------
        TypeError
            If features or labels cannot be stored, such as columns of objects.

        See Also
        --------
        Graph.load : Reads or maps the file.
        """
        save_graph(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, mmap: bool = True) -> Self:
        """Read a graph that :meth:`save` wrote, or map it into memory.

        Parameters
        ----------
        path : str or os.PathLike
            The file.
        mmap : bool, default=True
            Whether the arrays are read-only memory maps: the system reads pages of the
            file at their first use, drops them when memory is short, and shares them
            between processes. The file must not be written to in place; to replace it
            by `save` is safe. Labels of text are always read. False: everything is
            read and compared with the checksums in the file.

        Returns
        -------
        Graph
            The saved graph. A mapped graph is pickled as the name of its file.

        Raises
        ------
        ValueError
            If the file is damaged, of another version or not of a graph. Of mapped
            arrays the sizes are checked, not the values.

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
        (*whole, targets), stamp = load_graph(path, mmap=mmap)
        graph = cls._trusted(*whole)
        if mmap:
            object.__setattr__(graph, "_file", (os.path.abspath(path), stamp))
        return graph if targets is None else graph[targets]

    @classmethod
    def _load_again(cls, path: str, stamp: str) -> Self:
        """Map the file of a pickled graph, if unchanged."""
        graph = cls.load(path).base
        if graph._file != (os.path.abspath(path), stamp):
            raise ValueError(
                f"{path!r} must still be the file that the pickled graph was mapped "
                "from, but it was replaced. Load the new one, or keep files that "
                "pickles refer to; pickles of Graph.load(path, mmap=False) stand alone."
            )
        return graph

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """Pickle; a mapped graph as the name of its file."""
        if self.base._file is None:
            return super().__reduce_ex__(protocol)
        if self.is_view:
            return getitem, (self.base, self.targets)
        return self._load_again, self._file

    @classmethod
    def _trusted(cls, *parts: Any) -> Self:
        """Return a graph of parts that were checked before."""
        raise NotImplementedError
