"""Reasoning over knowledge graphs: accuracy and time at the defaults.

    python -m benchmarks.reasoning [umls kinship wn18rr grail-wn18rr-v1]
    python -m benchmarks.reasoning umls-questions

Filtered ranks of test facts among all entities, in both directions, with the mean rank
of ties; known are the facts of training, validation and test. `paths` is the reasoner
with ``factorization=False``, `complex` its tensor factorization alone (where it is
fitted), `both` the estimator at its defaults. Validation facts choose the weight of the
factorization. Inductive sets are fitted on one graph and answer questions about another
whose entities are all new. Seconds are CPU time of the process.

``umls-questions`` asks 1000 questions of two hops and 1000 conjunctions, each with an
answer that needs a test fact: mean reciprocal rank of these answers among entities that
are none, by the truth of the answers and by the plain product of softmaxes, and the
expected calibration error of the truth of candidates that are not known, of all and of
the ten best of each question. Those need no true answer in "random" ones, which follow
training facts.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np

from benchmarks._data import load
from benchmarks._questions import (
    Source,
    calibration_error,
    candidates,
    plain_truth,
    reciprocal_rank,
)
from skattn import AttentionReasoner
from skattn.estimators._knowledge import Factorization

SETS = ("umls", "kinship", "grail-wn18rr-v1", "wn18rr")
PARTS = ("train", "valid", "test")


def facts_of(arrays, suffix=""):
    """Return the facts (head, relation, tail) of each part, by name."""
    entities, relations = arrays["entities"], arrays["relations"]
    parts = [arrays[part + suffix] for part in PARTS]
    return [
        np.column_stack([entities[p[:, 0]], relations[p[:, 1]], entities[p[:, 2]]])
        for p in parts
    ]


def both_ways(facts):
    """Return questions for tails and for heads, and their answers."""
    inverse = np.char.add("^", facts[:, 1])
    X = np.concatenate([facts[:, :2], np.column_stack([facts[:, 2], inverse])])
    return X, np.concatenate([facts[:, 2], facts[:, 0]])


def summary(reasoner, test, known):
    """Return the mean reciprocal rank, Hits@1 and Hits@10."""
    ranks = reasoner.ranks(*both_ways(test), known=both_ways(known))
    return (1 / ranks).mean(), (ranks <= 1).mean(), (ranks <= 10).mean()


def rows(name: str, seed: int = 0) -> Iterator[tuple[str, tuple[float, ...], float]]:
    """Yield the label, the scores and the CPU seconds of every model of a set."""
    arrays = load(name)
    train, valid, test = facts_of(arrays)
    validation = {"X_val": valid[:, :2], "y_val": valid[:, 2]}
    start = time.process_time()
    reasoner = AttentionReasoner(random_state=seed)
    reasoner.fit(train[:, :2], train[:, 2], **validation)
    seconds = time.process_time() - start
    label = "defaults"
    if reasoner._factorization_ is not None:
        label = f"both, weight {reasoner.factorization_weight_}"
        module = reasoner._factorization_.module
    yield label, summary(reasoner, test, valid), seconds
    if reasoner._factorization_ is not None:
        reasoner._factorization_ = Factorization(module, 1.0)
        yield "complex", summary(reasoner, test, valid), float("nan")
        start = time.process_time()
        paths = AttentionReasoner(factorization=False, random_state=seed)
        paths.fit(train[:, :2], train[:, 2], **validation)
        seconds = time.process_time() - start
        yield "paths", summary(paths, test, valid), seconds
        reasoner = paths
    if "train_ind" in arrays:
        train, valid, test = facts_of(arrays, "_ind")
        moved = reasoner.with_facts(train[:, :2], train[:, 2])
        yield "inductive", summary(moved, test, valid), float("nan")


def question_rows(name, seed=0, n=1000):
    """Yield the label, rank and calibration errors of each kind of questions."""
    train, valid, test = facts_of(load(name))
    reasoner = AttentionReasoner(random_state=seed)
    reasoner.fit(train[:, :2], train[:, 2], X_val=valid[:, :2], y_val=valid[:, 2])
    column_of = {entity: k for k, entity in enumerate(reasoner.classes_.tolist())}
    for needs_test in (True, False):
        rng = np.random.default_rng(seed)
        source = Source(train, valid, test, rng, needs_test=needs_test)
        for kind in ("two_hops", "conjunctions"):
            asked = getattr(source, kind)(n)
            questions = [each.question for each in asked]
            start = time.process_time()
            composed = {"truth": reasoner.predict_truth(questions)}
            seconds = time.process_time() - start
            composed["softmax"] = np.array(list(plain_truth(reasoner, questions)))
            for label, truth in composed.items():
                pairs = list(zip(truth, asked, strict=True))
                rank = np.mean(
                    [reciprocal_rank(t, a, column_of) for t, a in pairs if a.hard]
                    or [np.nan]
                )
                errors = [_error(pairs, column_of, best) for best in (None, 10)]
                prefix = "" if needs_test else "random "
                yield f"{prefix}{kind}, {label}", (rank, *errors), seconds


def _error(pairs, column_of, n_best):
    """Return the calibration error over the candidates of all questions."""
    found = [candidates(truth, asked, column_of, n_best) for truth, asked in pairs]
    return calibration_error(
        *(np.concatenate(part) for part in zip(*found, strict=True))
    )


def print_questions(name, seed):
    """Print a row per kind of questions and composition."""
    print(f"{name}, seed {seed}: MRR, calibration error of all, of the ten best, s")
    for label, numbers, seconds in question_rows(name, seed):
        text = " ".join(f"{number:6.3f}" for number in numbers)
        print(f"  {label:30} {text} {seconds:6.1f}", flush=True)


def main(names):
    """Print a row per set and model."""
    for name in [n for n in names if n.endswith("-questions")]:
        for seed in range(3):
            print_questions(name.removesuffix("-questions"), seed)
    if names and all(n.endswith("-questions") for n in names):
        return
    names = [n for n in names if not n.endswith("-questions")]
    print(f"{'set':16} {'model':18} {'MRR':>6} {'H@1':>6} {'H@10':>6} {'CPU s':>6}")
    for name in names or SETS:
        for label, scores, seconds in rows(name):
            numbers = " ".join(f"{score:6.3f}" for score in scores)
            print(f"{name:16} {label:18} {numbers} {seconds:6.0f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
