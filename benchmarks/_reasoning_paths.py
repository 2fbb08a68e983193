"""Deletion of paths: loss of an answer without the facts of a path."""

from dataclasses import replace
from itertools import islice

import numpy as np
import torch

from skattn.estimators._answer_paths import answer_steps, best_paths
from skattn.estimators._knowledge import Asked, Knowledge, scores_of

MAX_DRAWS = 200
"""Random paths that are drawn until one has the wanted length."""
SMALLEST = 1e-12
"""Smallest attention weight of which a logarithm is taken."""
CPU = torch.device("cpu")


def log_p(module, knowledge, question, answer):
    """Return the log-probability of an answer of a question (source, relation)."""
    source, relation = np.array(question)[:, None]
    asked = Asked.of(source, relation, np.array([-1]))
    ((_, scores),) = scores_of(module, knowledge, None, asked, CPU)
    return float(scores[0, answer])


def without(knowledge, path):
    """Return the knowledge without the facts of a path of edges by number."""
    n = knowledge.n_relations
    gone = [(t, r - n, h) if r >= n else (h, r, t) for h, r, t in path]
    is_gone = (knowledge.triples[:, None] == np.array(gone)).all(-1).any(-1)
    return Knowledge(knowledge.vocabulary, knowledge.triples[~is_gone])


def paths_of(module, knowledge, question, answer, rng):
    """Return the best path of an answer, that of attention alone, and a random one.

    The best path has the greatest sum of attention weight times gradient, that of
    attention the greatest product of weights, and the random one the length of the
    best.
    """
    (steps,) = answer_steps(module, knowledge, question, [answer], CPU)
    ends = question[0], answer, knowledge.n_entities

    def best(gains_of):
        scored = [replace(step, gains=gains_of(step)) for step in steps]
        return next(best_paths(scored, *ends), None)

    found = {
        "best": best(lambda step: step.gains),
        "attention": best(lambda step: np.log(np.maximum(step.weights, SMALLEST))),
    }
    if None in found.values():
        return None
    for _ in range(MAX_DRAWS):
        drawn = best(lambda step: rng.normal(size=len(step.gains)))
        if drawn is not None and len(drawn) == len(found["best"]):
            return found | {"random": drawn}
    return None


def deletions(reasoner, X, y, n, seed):
    """Return the losses of log p without each path, for n right new answers.

    Parameters
    ----------
    reasoner : AttentionReasoner
        Fitted without a factorization.
    X, y : array-like
        Test questions and their answers.
    n : int
        Number of answers of rank 1 that are explained.
    seed : int
        Seed of the answers and of the random paths.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        Decrease of the log-probability, by the name of the path.
    """
    rng = np.random.default_rng(seed)
    right = rng.permutation(np.flatnonzero(reasoner.ranks(X, y) == 1))
    found = (_lost(reasoner, *X[row], y[row], rng) for row in right)
    lost = list(islice((each for each in found if each is not None), n))
    return {name: np.array([each[name] for each in lost]) for name in lost[0]}


def _lost(reasoner, head, relation, tail, rng):
    """Return the loss of one answer without each path; None if it has no paths."""
    knowledge, module = reasoner._knowledge_, reasoner.net_.module_
    source, answer = knowledge.vocabulary.encode([head, tail]).tolist()
    (kind,) = knowledge.vocabulary.encode_relations([relation]).tolist()
    question = source, kind
    paths = paths_of(module, knowledge, question, answer, rng)
    if paths is None:
        return None
    full = log_p(module, knowledge, question, answer)
    return {
        name: full - log_p(module, without(knowledge, path), question, answer)
        for name, path in paths.items()
    }
