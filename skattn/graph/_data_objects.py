"""Objects that hold no rows, and the function that converts each to a graph."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

CONVERSION_ERRORS = (
    AttributeError,
    BufferError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Errors of numpy, pandas, polars and torch in conversions to arrays."""
_REMEDIES: tuple[tuple[Any, str], ...] = (
    (
        (str, bytes),
        "Read a file first, for example with pandas.read_csv; convert SMILES with "
        "skattn.preprocessing.MoleculeGraph.",
    ),
    (
        Mapping,
        "Use pandas.DataFrame(X) for a dict of columns, list(X.values()) of rows.",
    ),
    (AbstractSet, "A set has no order. Use a list."),
    (Iterator, "Use list(X)."),
)
"""Advice for objects of these types."""
_EXPECTED = "an array, a DataFrame, a Graph, or a list of graphs, sequences or rows"


def check_data(X: Any, name: str = "X") -> None:
    """Raise TypeError unless an object can hold rows of numbers or graphs."""
    remedy = remedy_for(X)
    if remedy is not None:
        raise TypeError(f"{name} must be {_EXPECTED}, got {type_name(X)}. {remedy}")
    check_not_masked(X, name)


def check_not_masked(values: Any, name: str) -> None:
    """Raise ValueError if entries of a numpy array are masked."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(
            f"{name} must be without masked entries, got a mask of "
            f"{np.count_nonzero(np.ma.getmaskarray(values))} of them. Use "
            "filled(value) to replace them, such as by NaN before an imputer."
        )


def as_array(values: Any, name: str, rows: str, dtype: Any = None) -> NDArray[Any]:
    """Return values as an array; raise TypeError or ValueError if they form none.

    `rows` describes the entries along the first axis, such as "one row per node".
    """
    check_not_masked(values, name)
    try:
        return np.asarray(values, dtype=dtype)
    except CONVERSION_ERRORS as error:
        kind = ValueError if type(error) is ValueError else TypeError
        raise kind(
            f"{name} must be an array, {rows}, with rows of equal length, got "
            f"{type_name(values)} that forms none ({_text(error)}). Fill missing "
            "entries with NaN; use detach().cpu().numpy() of a tensor."
        ) from error


def _text(error: Exception) -> str:
    return str(error).split(". ")[0] or type(error).__name__


def check_list(graphs: Any, name: str, entries: str, remedy: str) -> None:
    """Raise TypeError unless an object is an iterable of `entries`."""
    try:
        iter(graphs)
        is_list = not isinstance(graphs, str | bytes | Mapping | set)
    except (NotImplementedError, TypeError):
        is_list = False
    is_list = is_list and not hasattr(graphs, "tocsr")
    if not is_list:
        got = type_name(graphs)
        raise TypeError(f"{name} must be a list of {entries}, got {got}. {remedy}")


def type_name(value: Any) -> str:
    """Return the type of an object with its library, such as "networkx Graph"."""
    if value is None:
        return "None"
    library, name = type(value).__module__.partition(".")[0], type(value).__name__
    return name if library in ("builtins", "skattn") else f"{library} {name}"


def foreign_graph_remedy(graph: Any) -> str | None:
    """Return the advice for a graph of another library, None for other objects."""
    if hasattr(graph, "adj") and hasattr(graph, "is_directed"):
        return (
            "Use Graph.from_networkx(g) for a networkx graph, and "
            "skattn.graph.graphs_from_networkx(graphs) for a list of them."
        )
    if type_name(graph).startswith("torch_geometric "):
        return "Use skattn.graph.graphs_from_pyg([data]) for graphs of PyG."
    return None


def remedy_for(X: Any) -> str | None:
    """Return the advice for an object that holds no rows, None for one that can."""
    foreign = foreign_graph_remedy(X)
    if foreign is not None or hasattr(X, "shape"):
        return foreign
    for kinds, remedy in _REMEDIES:
        if isinstance(X, kinds):
            return remedy
    if hasattr(X, "collect") and hasattr(X, "collect_schema"):
        return "Use X.collect() for a polars LazyFrame."
    if isinstance(X, Number | type) or not _is_collection(X):
        return (
            "Create a graph with Graph(adjacency, X), Graph.from_edges or "
            "Graph.from_networkx."
        )
    return None


def _is_collection(X: Any) -> bool:
    is_array = hasattr(X, "__array__") or hasattr(X, "__array_interface__")
    return is_array or (hasattr(X, "__len__") and hasattr(X, "__getitem__"))
