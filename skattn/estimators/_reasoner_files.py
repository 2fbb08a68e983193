"""Files of fitted reasoners, without pickle."""

import numpy as np
import torch

from skattn._training import PathReasoning
from skattn.estimators._file_checks import NET, check_attributes, check_types
from skattn.estimators._fitted_file import (
    TORCH_PARTS,
    read_fitted,
    record_part,
    write_fitted,
)
from skattn.estimators._knowledge import Factorization, Knowledge
from skattn.estimators._reasoner_defaults import ReasonerChoice
from skattn.estimators._truth import Truth, TruthMap
from skattn.graph._packing import PLAIN, Part
from skattn.graph._triples import Vocabulary
from skattn.nn import ComplEx, PathSpec

_NET = NET | {"objective": PathReasoning}
_LEARNED = {
    "classes_": np.ndarray,
    "relations_": np.ndarray,
    "n_features_in_": int,
    "feature_names_in_": np.ndarray,
    "n_iter_": int,
    "loss_curve_": list[float],
    "_knowledge_": Knowledge,
    "_choice_": ReasonerChoice,
    "_factorization_": Factorization | None,
    "_truth_": Truth,
}
"""Types of learned attributes in files, except the net."""


def save_reasoner(estimator, learned, path):
    """Write a fitted reasoner; an existing file is replaced by the complete one."""
    estimator._validate_params()
    params = estimator.get_params(deep=False)
    write_fitted(estimator, params, learned, path, PARTS)


def load_reasoner(cls, path, *, device=None):
    """Read a reasoner of class ``cls``."""
    return read_fitted(cls, path, device, PARTS, _check)


def _check(estimator, state):
    estimator._validate_params()
    check_types(state["net"], _NET)
    check_attributes(state["learned"], estimator, _LEARNED)
    _check_sizes(state["learned"], state["net"]["objective"].spec)


def _check_sizes(learned, spec):
    """Raise ValueError unless the network and the facts have the same names."""
    knowledge, factorization = learned["_knowledge_"], learned["_factorization_"]
    n_entities, n_relations = knowledge.n_entities, 2 * knowledge.n_relations
    if spec.n_relations != n_relations or len(learned["classes_"]) != n_entities:
        raise ValueError("its network is one of other relations or entities")
    if factorization is not None:
        shapes = [len(w) for w in factorization.module.parameters()]
        if shapes != [n_entities, n_relations]:
            raise ValueError("its factorization is one of other entities")


def _make_knowledge(vocabulary, triples):
    """Make checked facts."""
    if not isinstance(vocabulary, Vocabulary) or not isinstance(triples, np.ndarray):
        raise ValueError("it has facts of other types")
    if triples.dtype != np.int64 or triples.ndim != 2 or triples.shape[1] != 3:
        raise ValueError(f"it has facts of shape {triples.shape}")
    n_entities, n_relations = len(vocabulary.entities), len(vocabulary.relations)
    limits = [n_entities, n_relations, n_entities]
    if len(triples) and (triples.min() < 0 or (triples.max(0) >= limits).any()):
        raise ValueError("it has facts about unknown entities or relations")
    return Knowledge(vocabulary, np.unique(triples, axis=0))


def _make_vocabulary(entities, relations):
    for names in (entities, relations):
        if not isinstance(names, np.ndarray) or names.ndim != 1:
            raise ValueError("it has names that are no array")
        if names.dtype.kind == "O" or len(set(names.tolist())) != len(names):
            raise ValueError("it has names that are not distinct")
    return Vocabulary(entities, relations)


def _make_factorization(entities, relations, weight):
    tables = entities, relations
    if not all(isinstance(t, torch.Tensor) and t.dim() == 2 for t in tables):
        raise ValueError("it has a factorization without tables")
    if not all(t.dtype == torch.float32 and t.isfinite().all() for t in tables):
        raise ValueError("it has a factorization that is not finite")
    width = entities.shape[1]
    if width != relations.shape[1] or width % 2 or type(weight) is not float:
        raise ValueError("it has a factorization of unequal widths")
    if not 0 <= weight <= 1:
        raise ValueError(f"it has a factorization of weight {weight}")
    with torch.device("meta"):
        module = ComplEx(len(entities), len(relations), width // 2)
    module.load_state_dict({"entities": entities, "relations": relations}, assign=True)
    return Factorization(module, weight)


RECORDS = PathReasoning, PathSpec, ReasonerChoice, Truth, TruthMap
PARTS = PLAIN | {
    "vocabulary": Part(
        Vocabulary, lambda v: [v.entities, v.relations], _make_vocabulary
    ),
    "knowledge": Part(Knowledge, lambda k: [k.vocabulary, k.triples], _make_knowledge),
    "factorization": Part(
        Factorization,
        lambda f: [f.module.entities.data, f.module.relations.data, float(f.weight)],
        _make_factorization,
    ),
    **TORCH_PARTS,
    **{c.__name__: record_part(c) for c in RECORDS},
}
"""Decomposition of each class in a fitted reasoner, and its inverse."""
