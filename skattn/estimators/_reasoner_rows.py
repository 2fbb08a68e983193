"""Questions of a fitted reasoner, by number."""

import numpy as np
import torch

from skattn.estimators._knowledge import Factorization
from skattn.graph import Question
from skattn.graph._data_objects import type_name
from skattn.graph._labels import listing
from skattn.graph._triples import directed, read_columns, read_names
from skattn.graph._warning import warn
from skattn.nn import ComplEx


def read_questions(knowledge, X):
    """Return the sources and relations of X, by number.

    Raises
    ------
    ValueError
        If a head or a relation is unknown.
    """
    heads, relations = read_columns(X, "X", ("head", "relation"))
    sources = knowledge.vocabulary.encode(heads)
    kinds = knowledge.vocabulary.encode_relations(relations)
    _check_entities([heads[row] for row in np.flatnonzero(sources < 0)])
    return sources, kinds


def encode_questions(knowledge, questions):
    """Return questions (`skattn.graph.Question`) with numbers in place of names.

    Raises
    ------
    ValueError
        If an entity or a relation is unknown.
    """
    code_of = knowledge.vocabulary.code_of
    _check_entities(
        [
            unknown[0]
            for question in questions
            if (unknown := [e for e in question.entities if e not in code_of])
        ]
    )
    return [_encode(knowledge.vocabulary, question) for question in questions]


def _encode(vocabulary, question):
    """Return a question of known entities with numbers in place of names."""
    codes = vocabulary.encode_relations(question.relations).tolist()
    if question.parts:
        start = tuple(_encode(vocabulary, part) for part in question.parts)
    else:
        start = vocabulary.code_of[question.start]
    return Question(start, *codes)


def _check_entities(unknown):
    """Raise ValueError if there are unknown entities, one per row."""
    if unknown:
        raise ValueError(
            "entities of X must be in at least one fact, and of the same type as in "
            f"fit, got unknown ones in {_rows_of(len(unknown))} "
            f"({listing(sorted(set(unknown), key=str))}). Call with_facts(X, y) with "
            "all facts, the old ones and some about these entities."
        )


def read_rows(knowledge, X, y, known):
    """Return rows (source, relation, answer) by number, and further known facts.

    Unknown entities are -1; a warning counts their rows.
    """
    rows = _rows(knowledge, X, y, "X", "y")
    n_unknown = int((rows[:, [0, 2]] < 0).any(1).sum())
    if n_unknown:
        warn(
            f"{n_unknown} of {len(rows)} rows have an entity that is in no fact; their "
            f"rank is {knowledge.n_entities + 1}. Call with_facts(X, y) with all "
            "facts, the old ones and some about these entities."
        )
    others = rows[:0]
    if known is not None:
        if not isinstance(known, tuple | list) or len(known) != 2:
            raise ValueError(
                "known must be a pair of questions and their answers, got "
                f"{type_name(known)}. Pass known=(X_val, y_val)."
            )
        others = _rows(knowledge, known[0], known[1], "X of known", "y of known")
        others = others[(others[:, [0, 2]] >= 0).all(1)]
    return rows, directed(others, knowledge.n_relations)


def _rows(knowledge, X, y, X_name, y_name):
    heads, relations = read_columns(X, X_name, ("head", "relation"))
    tails = read_names(y, y_name)
    if len(heads) != len(tails):
        raise ValueError(
            f"{y_name} must have one entity per row ({len(heads)}), got {len(tails)}."
        )
    vocabulary = knowledge.vocabulary
    kinds = vocabulary.encode_relations(relations, X_name)
    ends = vocabulary.encode(heads), vocabulary.encode(tails)
    return np.column_stack([ends[0], kinds, ends[1]])


def _rows_of(n):
    return "1 row" if n == 1 else f"{n} rows"


def moved_factorization(factorization, fitted, vocabulary):
    """Return a factorization for other entities; None unless all had facts at fit."""
    if factorization is None:
        return None
    rows = fitted.encode(vocabulary.entities.tolist())
    if (rows < 0).any():
        return None
    old = factorization.module
    new = ComplEx(len(rows), len(old.relations), old.entities.shape[1] // 2)
    with torch.no_grad():
        new.entities.copy_(old.entities[torch.from_numpy(rows)])
        new.relations.copy_(old.relations)
    return Factorization(new, factorization.weight)
