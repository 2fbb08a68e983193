"""Fit of a reasoner: facts, training of the paths, factorization."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state

from skattn._batch import QuestionTable
from skattn._training import (
    PathReasoning,
    QuestionBatches,
    Training,
    agreed_seed,
    check_same_fit,
    resolve_device,
    train,
    train_factorization,
)
from skattn.estimators._answer_ranks import FactRows, mixed_ranks
from skattn.estimators._column_names import check_columns
from skattn.estimators._knowledge import Factorization, Knowledge, to_device
from skattn.estimators._parameters import _check_net_params
from skattn.estimators._reasoner_defaults import (
    QUESTIONS_PER_EPOCH,
    ReasonerSizes,
    choose_reasoner,
)
from skattn.estimators._truth import Truth, TruthMap, calibrate
from skattn.graph import Graph
from skattn.graph._triples import (
    Codes,
    Vocabulary,
    directed,
    read_columns,
    read_names,
    with_inverses,
)
from skattn.graph._warning import warn
from skattn.nn import PathSpec

WEIGHTS = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
"""Candidate weights of the factorization."""
HELD_OUT = 0.1, 500
"""Share of the facts, and their maximum, that are held out to choose the weight."""
_FACT = ("head", "relation", "tail")
_ALREADY_LINKED = 0.02
"""Share of validation pairs with another link below which pairs are new."""


@dataclass(frozen=True, eq=False)
class Split:
    """Facts of a fit, and those that are held out of the training."""

    triples: Codes
    """(n_facts, 3): all facts."""
    training: Codes
    """Facts that are trained on."""
    held_out: Codes
    """Facts of validation, or held out."""


def read_knowledge(X, y, graph=None, relations: Vocabulary | None = None) -> Knowledge:
    """Return the distinct facts of the rows (head, relation) of X and tails y.

    `relations` is a vocabulary whose relations are the only ones, and keep their
    numbers.

    Raises
    ------
    TypeError
        If X or `graph` is no table of names.
    ValueError
        If X does not have two columns, y another length, or names are invalid.
    """
    heads, kinds = read_columns(X, "X", _FACT[:2])
    tails = read_names(y, "y")
    if len(tails) != len(heads):
        raise ValueError(
            f"y must have one tail per row of X ({len(heads)}), got {len(tails)}."
        )
    more: list[list[Any]] = [[], [], []]
    if graph is not None:
        facts = graph.to_triples() if isinstance(graph, Graph) else graph
        more = read_columns(facts, "graph", _FACT)
        _warn_of_twins(zip(heads, kinds, tails, strict=True), more)
    heads, kinds, tails = heads + more[0], kinds + more[1], tails + more[2]
    if not heads:
        raise ValueError("X must have at least one fact, got 0 rows (0 samples).")
    vocabulary = Vocabulary.of(heads + tails, kinds)
    if relations is not None:
        relations.encode_relations(kinds)  # raises for unknown ones
        vocabulary = Vocabulary(vocabulary.entities, relations.relations)
    codes = (
        vocabulary.encode(heads),
        vocabulary.encode_relations(kinds),
        vocabulary.encode(tails),
    )
    return Knowledge(vocabulary, np.unique(np.column_stack(codes), axis=0))


def _warn_of_twins(rows, more):
    n_twins = len(set(rows) & set(zip(*more, strict=True)))
    if n_twins:
        warn(
            f"{n_twins} rows of X are also facts of graph=. In a cross-validation they "
            "stay in the context when they are held out. Remove them from graph=."
        )


def fit_reasoner(attempt, X, y, X_val, y_val):
    """Set the learned attributes of an attempt; return its net."""
    _check_net_params(attempt.net_params or {})
    check_columns(attempt, X, reset=True)
    device = resolve_device(attempt.device, strict=True)
    knowledge = read_knowledge(X, y, attempt.graph)
    rng = check_random_state(attempt.random_state)
    seed = agreed_seed(attempt, int(rng.randint(np.iinfo(np.int32).max)))
    if attempt.random_state is None:
        rng = check_random_state(seed)  # the same in processes that share the fit
    validation = _read_validation(knowledge, X_val, y_val)
    choice = choose_reasoner(
        attempt,
        _sizes(knowledge),
        pairs_are_new=_are_new(validation, knowledge.triples),
    )
    split = _split(knowledge, validation, rng, hold_out=choice.factorization)
    check_same_fit(the_facts=split, the_network=choice)
    generator = torch.Generator().manual_seed(seed)
    trained = Knowledge(knowledge.vocabulary, split.training)
    net = _train_paths(attempt, trained, choice, generator, device)
    attempt.net_, attempt.n_iter_ = net, len(net.history)
    attempt.loss_curve_ = net.history[:, "train_loss"] if len(net.history) else []
    attempt.n_features_in_, attempt.classes_ = 2, knowledge.vocabulary.entities
    attempt.relations_ = knowledge.vocabulary.relations
    attempt._knowledge_, attempt._choice_ = knowledge, choice
    attempt._factorization_, attempt._truth_ = None, Truth(TruthMap(), None)
    if not net.interrupted_:
        _finish(attempt, split, rng, generator, device)
    return net


def _sizes(knowledge):
    triples = with_inverses(knowledge.triples, knowledge.n_relations)
    questions = np.unique(triples[:, 0] * 2 * knowledge.n_relations + triples[:, 1])
    n_relations = 2 * knowledge.n_relations
    return ReasonerSizes(
        knowledge.n_entities, n_relations, len(triples), len(questions)
    )


def _read_validation(knowledge, X_val, y_val):
    """Return the validation facts of known entities, (n_facts, 3); None without."""
    if (X_val is None) != (y_val is None):
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(
            f"X_val and y_val must be given together, got no {missing}. Pass both, or "
            "none."
        )
    if X_val is None:
        return None
    heads, relations = read_columns(X_val, "X_val", _FACT[:2])
    tails = read_names(y_val, "y_val")
    if len(tails) != len(heads):
        raise ValueError(
            f"y_val must have one answer per row of X_val ({len(heads)}), got "
            f"{len(tails)}."
        )
    vocabulary = knowledge.vocabulary
    rows = np.column_stack(
        [
            vocabulary.encode(heads),
            vocabulary.encode_relations(relations, "X_val"),
            vocabulary.encode(tails),
        ]
    )
    is_known = (rows[:, [0, 2]] >= 0).all(1)
    if not is_known.all():
        warn(
            f"{(~is_known).sum()} of {len(rows)} rows of X_val are left out: they have "
            "an entity that is in no fact of the fit."
        )
    rows = rows[is_known]
    return np.unique(directed(rows, knowledge.n_relations), axis=0)


def _are_new(validation, triples):
    """Return whether validation facts link pairs that no training fact links."""
    if validation is None or not len(validation):
        return False
    return _linked(validation, triples).mean() < _ALREADY_LINKED


def _linked(rows, triples):
    """Return which facts have ends that another fact links, in either direction."""
    n = max(rows.max(), triples.max()) + 1
    low, high = (f(triples[:, 0], triples[:, 2]) for f in (np.minimum, np.maximum))
    own = np.minimum(rows[:, 0], rows[:, 2]) * n + np.maximum(rows[:, 0], rows[:, 2])
    return np.isin(own, low * n + high)


def _split(knowledge, validation, rng, *, hold_out):
    triples = knowledge.triples
    if validation is not None:
        return Split(triples, triples, validation)
    if not hold_out:
        return Split(triples, triples, triples[:0])
    held, kept = _drawn(triples, rng)
    return Split(triples, kept, held)


def _drawn(triples, rng):
    """Draw some facts; return them, and the others in order."""
    share, most = HELD_OUT
    n_held = min(int(share * len(triples)), most)
    order = rng.permutation(len(triples))
    return triples[order[:n_held]], triples[np.sort(order[n_held:])]


def _train_paths(attempt, knowledge, choice, generator, device):
    spec = PathSpec(
        n_relations=2 * knowledge.n_relations,
        n_layers=choice.n_layers,
        hidden_dim=attempt.hidden_dim,
        dropout=attempt.dropout,
        edge_budget=choice.edge_budget,
        question_messages=choice.question_messages,
    )
    facts = to_device(knowledge.facts, device)
    source = QuestionBatches(
        facts,
        QuestionTable.of_facts(facts),
        attempt.batch_size,
        QUESTIONS_PER_EPOCH,
        choice.hide_pairs,
    )
    training = Training(
        learning_rate=attempt.learning_rate,
        weight_decay=attempt.weight_decay,
        max_epochs=choice.max_epochs,
        patience=None,
        verbose=int(attempt.verbose),
        net_params=attempt.net_params or {},
    )
    return train(PathReasoning(spec), (source, None), training, generator=generator)


def _finish(attempt, split, rng, generator, device):
    """Set the factorization and the calibration of a trained attempt."""
    knowledge, module = attempt._knowledge_, attempt.net_.module_
    trained = Knowledge(knowledge.vocabulary, split.training)
    factorization = None
    if attempt._choice_.factorization and len(split.held_out):
        factorization = _factorize(module, trained, split.held_out, generator, device)
    hidden, context = split.held_out, trained
    if not len(hidden):
        hidden, kept = _drawn(split.training, rng)
        context = Knowledge(knowledge.vocabulary, kept)
    attempt._truth_ = calibrate(module, context, hidden, factorization, rng, device)
    if factorization is not None and len(split.training) < len(split.triples):
        factors = _factors(knowledge, generator, device)
        factorization = Factorization(factors, factorization.weight)
    attempt._factorization_ = factorization


def _factors(knowledge, generator, device):
    """Fit ComplEx."""
    sizes = knowledge.n_entities, 2 * knowledge.n_relations
    rows = torch.from_numpy(with_inverses(knowledge.triples, knowledge.n_relations))
    return train_factorization(rows.to(device), sizes, generator)


def _factorize(module, trained, held_out, generator, device):
    """Fit ComplEx and choose its weight on held-out facts; return None for weight 0."""
    factors = _factors(trained, generator, device)
    asked = FactRows.of(held_out, trained)
    ranks = mixed_ranks(module, trained, factors, asked, WEIGHTS, device)
    weight = WEIGHTS[int((1 / ranks).mean(1).argmax())]
    return Factorization(factors, weight) if weight else None
