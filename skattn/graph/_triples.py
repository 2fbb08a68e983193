"""Facts (head, relation, tail) and questions (head, relation) by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._data_objects import as_array, type_name
from skattn.graph._labels import listing
from skattn.graph._name_table import (
    check_names,
    columns_of,
    is_text_or_number,
    plain,
)

INVERSE = "^"
"""Mark before the name of a relation that asks for its heads."""

Codes = NDArray[np.int64]


def read_columns(X: Any, name: str, columns: tuple[str, ...]) -> list[list[Any]]:
    """Return the columns of a table of names as lists.

    Raises
    ------
    TypeError
        If `X` is no table.
    ValueError
        If it has another number of columns, or a name is missing.
    """
    titles = f"{', '.join(columns[:-1])} and {columns[-1]}"
    what = f"a table of names with the columns {titles}"
    found = list(columns_of(X, name, what, len(columns)).values())
    if len(found) != len(columns):
        raise ValueError(
            f"{name} must have {len(columns)} columns, {titles}, got {len(found)}. The "
            "tails of facts are y."
        )
    for title, column in zip(columns, found, strict=True):
        check_names(column, f"{title} of {name}")
    return found


def read_names(values: Any, name: str) -> list[Any]:
    """Return an array of names as a list; raise ValueError if one is missing."""
    if values is None:
        raise ValueError(f"{name} must have one entity per row, got None. Pass it.")
    array = as_array(values, name, "one entity per row", object)
    if array.ndim != 1:
        got = f"shape {array.shape}" if array.ndim else type_name(values)
        raise ValueError(
            f"{name} must have one dimension, one entity per row, got {got}. Pass one "
            "column."
        )
    names = list(map(plain, array.tolist()))
    check_names(names, name)
    return names


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Names of the entities and relations of a knowledge graph, sorted."""

    entities: NDArray[Any]
    """(n_entities,)."""
    relations: NDArray[Any]
    """(n_relations,), without inverses."""

    @classmethod
    def of(cls, entities: Iterable[Any], relations: Iterable[Any]) -> "Vocabulary":
        """Make the vocabulary of some names.

        Raises
        ------
        ValueError
            If names are not all text or all numbers, or a relation begins with "^".
        """
        found = cls(_sorted(entities, "entities"), _sorted(relations, "relations"))
        inverse = [r for r in found.relations.tolist() if str(r).startswith(INVERSE)]
        if inverse:
            raise ValueError(
                f"relations of facts must not begin with {INVERSE!r}, which marks the "
                f"inverse of a relation in questions, got {listing(inverse)}. Leave "
                "inverse facts out, the model adds them; rename other relations."
            )
        return found

    @cached_property
    def code_of(self) -> dict[Any, int]:
        """Number of each entity, by name."""
        return {name: code for code, name in enumerate(self.entities.tolist())}

    @cached_property
    def relation_code_of(self) -> dict[Any, int]:
        """Number of each relation and, from the number of relations on, its inverse."""
        names = self.relations.tolist()
        inverses = [f"{INVERSE}{name}" for name in names]
        return {name: code for code, name in enumerate([*names, *inverses])}

    def __getstate__(self) -> dict[str, Any]:
        """Return the names only."""
        return {"entities": self.entities, "relations": self.relations}

    def encode(self, names: Sequence[Any]) -> Codes:
        """Return the numbers of entities, -1 for unknown ones."""
        return np.array([self.code_of.get(name, -1) for name in names], np.int64)

    def encode_relations(self, names: Sequence[Any], name: str = "X") -> Codes:
        """Return the numbers of relations and of inverses, "^" before the name.

        `name` is that of the argument in messages.

        Raises
        ------
        ValueError
            If a relation is unknown.
        """
        unknown = sorted(set(names) - self.relation_code_of.keys(), key=str)
        if unknown:
            raise ValueError(
                f"relations of {name} must be among those of fit "
                f"({listing(self.relations.tolist())}), with {INVERSE!r} before the "
                f"name to ask for heads, got {listing(unknown)}. Leave these rows out, "
                "or fit with facts of these relations."
            )
        code_of = self.relation_code_of
        return np.array([code_of[name] for name in names], np.int64)

    def relation_name(self, code: int) -> Any:
        """Return the name of a relation, with "^" if it is an inverse."""
        n = len(self.relations)
        name = self.relations[code % n].item() if n else None
        return name if code < n else f"{INVERSE}{name}"


def _sorted(names: Iterable[Any], what: str) -> NDArray[Any]:
    """Return distinct names in order, an array of text or of numbers."""
    distinct = set(names)
    are_text = {isinstance(name, str) for name in distinct}
    if len(are_text) < 2 and all(map(is_text_or_number, distinct)):
        ordered = sorted(distinct)
        found = np.array(ordered) if ordered else np.array([], "<U1")
        # others have no array of their own: numbers beyond 64 bits, text with NUL
        if found.dtype.kind in "Uiuf" and found.tolist() == ordered:
            return found
    raise ValueError(
        f"{what} must be all text or all numbers, got {listing(list(distinct))}. "
        "Convert them, for example with astype(str)."
    )


def with_inverses(triples: Codes, n_relations: int) -> Codes:
    """Return facts (n_facts, 3) followed by their inverses."""
    heads, relations, tails = triples.T
    inverses = np.column_stack([tails, relations + n_relations, heads])
    return np.concatenate([triples, inverses])


@dataclass(frozen=True, eq=False)
class KnownAnswers:
    """Answers of every question, from facts and their inverses."""

    keys: Codes
    """(n_facts * 2,): number of the question (source, relation), in order."""
    answers: Codes
    """(n_facts * 2,)."""
    n_relations: int
    """Number of relations, inverses included."""

    @classmethod
    def of(cls, triples: Codes, n_relations: int) -> "KnownAnswers":
        """Collect the answers in facts (n_facts, 3) and their inverses.

        `n_relations` does not count inverses.
        """
        sources, relations, answers = with_inverses(triples, n_relations).T
        keys = sources * 2 * n_relations + relations
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], answers[order], 2 * n_relations)

    def __call__(self, source: int, relation: int) -> Codes:
        """Return the known answers of a question."""
        key = source * self.n_relations + relation
        low, high = np.searchsorted(self.keys, [key, key + 1])
        return self.answers[low:high]


def directed(triples: Codes, n_relations: int) -> Codes:
    """Return facts (n_facts, 3) in which inverse relations are turned round."""
    heads, relations, tails = triples.T
    is_inverse = relations >= n_relations
    return np.column_stack(
        [
            np.where(is_inverse, tails, heads),
            np.where(is_inverse, relations - n_relations, relations),
            np.where(is_inverse, heads, tails),
        ]
    )
