"""Methods that save, load and memory-map graphs."""

import os
from operator import getitem
from typing import Any, Self, SupportsIndex

from skattn.graph._storage import load_graph, save_graph
from skattn.graph._target_view import TargetView


class FileBacked(TargetView):
    """Base class of `Graph` with methods for files."""

    _file: tuple[str, str] | None
    """Name and unique id of the memory-mapped file, or None."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the graph to a file of plain arrays and JSON, without pickle.

        Features may be an array of numbers, a sparse matrix (stored as CSR) or a
        DataFrame of numeric columns. Node labels, index and column names may be
        numbers, dates or text. Of a view, all nodes and the targets are saved.

        Parameters
        ----------
        path : str or os.PathLike
            Name of the file. An existing file is replaced when the new one is complete.

        Raises
        ------
        TypeError
            If features or labels cannot be stored, such as columns of objects.

        See Also
        --------
        skattn.Graph.load : Load the file.
        """
        save_graph(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, mmap: bool = True) -> Self:
        """Load a graph from a file that :meth:`save` wrote.

        Parameters
        ----------
        path : str or os.PathLike
            Name of the file.
        mmap : bool, default=True
            Whether to memory-map the arrays, read-only: pages are read on first use and
            shared between processes, so the graph may exceed the memory. A mapped file
            must not be modified, but ``save`` may replace it. If False, all arrays are
            read and their checksums compared.

        Returns
        -------
        Graph
            The saved graph or view. Pickles of a mapped graph hold the name of its
            file instead of the arrays.

        Raises
        ------
        ValueError
            If the file is damaged, of another version or not of a graph. Values of
            mapped arrays are not checked.

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
        """Map the file of a pickled graph; raise ValueError if it was replaced."""
        graph = cls.load(path).base
        if graph._file != (os.path.abspath(path), stamp):
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
    def _trusted(cls, *parts: Any) -> Self:
        """Build a graph from parts that were validated before."""
        raise NotImplementedError
