"""Conversion of facts (head, relation, tail) to a graph with edge types, and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._adjacency import entry_rows
from skattn.graph._alignment import has_index
from skattn.graph._arguments import check_flag
from skattn.graph._edge_table import parts_from_edges
from skattn.graph._labels import as_index
from skattn.graph._triples import INVERSE, Vocabulary, read_columns

FACT = ("head", "relation", "tail")
"""Columns of facts."""


def parts_from_triples(
    triples: Any, X: Any, *, nodes: Any, inverses: bool
) -> dict[str, Any]:
    """Return the constructor arguments of a Graph."""
    check_flag(inverses, "inverses")
    heads, relations, tails = read_columns(triples, "triples", FACT)
    Vocabulary.of((), relations)  # checks their names
    facts = list(dict.fromkeys(zip(heads, relations, tails, strict=True)))
    if nodes is None and not has_index(X):
        nodes = _labels(facts)
    ends = [(head, tail) for head, _, tail in facts]
    types = [relation for _, relation, _ in facts]
    if inverses:
        types = [*map(str, types), *(f"{INVERSE}{name}" for name in types)]
        ends += [(tail, head) for head, tail in ends]
    return parts_from_edges(
        ends,
        X,
        nodes=nodes,
        directed=True,
        weights=None,
        edge_features=None,
        edge_types=types,
        source=None,
        target=None,
    )


def _labels(facts: list[tuple[Any, Any, Any]]) -> Any:
    """Return the sorted heads and tails."""
    names = [name for head, _, tail in facts for name in (head, tail)]
    return as_index(Vocabulary.of(names, ()).entities)


def to_triples(graph: Any) -> NDArray[Any]:
    """Return the typed edges of a graph as facts, (n_facts, 3), without inverses."""
    types = graph._types.edges
    if types is None:
        raise ValueError(
            f"to_triples needs a graph with edge types, got {graph!r}. Set them with "
            "graph.with_types(edge_types=...)."
        )
    matrix, names = graph.adjacency, types.values
    ahead = [not str(name).startswith(INVERSE) for name in types.listed]
    kept = np.flatnonzero(np.array([*ahead, False])[types.codes])
    ends = np.stack([entry_rows(matrix)[kept], matrix.indices[kept]], 1)
    facts = np.empty((len(kept), 3), dtype=object)
    labels = graph.nodes
    for column, end in ((0, ends[:, 0]), (2, ends[:, 1])):
        facts[:, column] = (end if labels is None else labels[end]).tolist()
    facts[:, 1] = names[kept].tolist()
    return facts
