"""Reasoning over knowledge graphs: accuracy and time at the defaults.

    python -m benchmarks.reasoning [umls kinship wn18rr grail-wn18rr-v1] --seeds 0 1
    python -m benchmarks.reasoning wn18rr --validation --params "{'max_epochs': 24}"
    python -m benchmarks.reasoning umls-questions --seeds 0 1 2
    python -m benchmarks.reasoning umls-paths --seeds 0

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
the ten best of each question. "random" questions follow training facts, whether a fact
is missing or not; "incomplete" are those among them, or among all questions of one hop
with a known answer, that do have another one.

``umls-paths`` explains 60 answers of test questions that have rank 1, by the reasoner
without factorization: the decrease of their log-probability without the facts of the
best path, of the path with the greatest product of attention weights, and of a random
one as long as the best.
"""

import argparse
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
from benchmarks._reasoning_paths import deletions
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


def rows(
    name: str, seed: int, params: dict, *, validation: bool
) -> Iterator[tuple[str, tuple[float, ...], float]]:
    """Yield the label, the scores and the CPU seconds of every model of a set."""
    arrays = load(name)
    train, valid, test = facts_of(arrays)
    asked = (valid, test) if validation else (test, valid)
    options = {"random_state": seed} | params
    start = time.process_time()
    reasoner = AttentionReasoner(**options)
    reasoner.fit(train[:, :2], train[:, 2], X_val=valid[:, :2], y_val=valid[:, 2])
    seconds = time.process_time() - start
    label = "defaults"
    if reasoner._factorization_ is not None:
        label = f"both, weight {reasoner.factorization_weight_}"
        module = reasoner._factorization_.module
    yield label, summary(reasoner, *asked), seconds
    if reasoner._factorization_ is not None:
        reasoner._factorization_ = Factorization(module, 1.0)
        yield "complex", summary(reasoner, *asked), float("nan")
        start = time.process_time()
        reasoner = AttentionReasoner(**options | {"factorization": False})
        reasoner.fit(train[:, :2], train[:, 2], X_val=valid[:, :2], y_val=valid[:, 2])
        seconds = time.process_time() - start
        yield "paths", summary(reasoner, *asked), seconds
    if "train_ind" in arrays:
        train, valid, test = facts_of(arrays, "_ind")
        asked = (valid, test) if validation else (test, valid)
        moved = reasoner.with_facts(train[:, :2], train[:, 2])
        yield "inductive", summary(moved, *asked), float("nan")


def question_rows(name, seed=0, n=1000, n_random=1000):
    """Yield the label, rank and calibration of each kind of questions."""
    train, valid, test = facts_of(load(name))
    reasoner = AttentionReasoner(random_state=seed)
    reasoner.fit(train[:, :2], train[:, 2], X_val=valid[:, :2], y_val=valid[:, 2])
    column_of = {entity: k for k, entity in enumerate(reasoner.classes_.tolist())}
    for needs_test in (True, False):
        rng = np.random.default_rng(seed)
        source = Source(train, valid, test, rng, needs_test=needs_test)
        for kind in ("two_hops", "conjunctions"):
            asked = getattr(source, kind)(n if needs_test else n_random)
            label = kind if needs_test else f"random {kind}"
            questions = [each.question for each in asked]
            truth = reasoner.predict_truth(questions)
            plain = np.array(list(plain_truth(reasoner, questions)))
            yield f"{label}, truth", *_judged(truth, asked, column_of)
            yield f"{label}, softmax", *_judged(plain, asked, column_of)
            if not needs_test:
                yield f"{label}, incomplete", *_incomplete(truth, asked, column_of)
    asked = source.one_hop()
    truth = reasoner.predict_truth([each.question for each in asked])
    yield "one_hop, truth", *_judged(truth, asked, column_of)
    yield "one_hop, incomplete", *_incomplete(truth, asked, column_of)


def _incomplete(truth, asked, column_of):
    """Judge the questions that have an answer which is not known."""
    rows = [k for k, each in enumerate(asked) if each.every - each.known]
    return _judged(truth[rows], [asked[k] for k in rows], column_of)


def _judged(truth, asked, column_of):
    """Return the mean reciprocal rank, and the calibration of candidates.

    That is the calibration error of all, of the ten best of each question, and their
    mean truth and share of true ones.
    """
    pairs = list(zip(truth, asked, strict=True))
    ranks = [reciprocal_rank(t, a, column_of) for t, a in pairs if a.hard]
    every, best = (_candidates(pairs, column_of, n_best) for n_best in (None, 10))
    errors = calibration_error(*every), calibration_error(*best)
    return np.mean(ranks or [np.nan]), *errors, best[0].mean(), best[1].mean()


def _candidates(pairs, column_of, n_best):
    """Return the truths of the candidates of all questions, and whether they hold."""
    found = [candidates(truth, asked, column_of, n_best) for truth, asked in pairs]
    return [np.concatenate(part) for part in zip(*found, strict=True)]


def print_paths(name, seed, params, n=60):
    """Print the losses of log p without each path: mean, median, standard error."""
    train, valid, test = facts_of(load(name))
    reasoner = AttentionReasoner(random_state=seed, factorization=False, **params)
    reasoner.fit(train[:, :2], train[:, 2], X_val=valid[:, :2], y_val=valid[:, 2])
    for label, lost in deletions(reasoner, *both_ways(test), n, seed).items():
        error = lost.std(ddof=1) / np.sqrt(len(lost))
        print(
            f"  {label:30} {lost.mean():6.3f} {np.median(lost):6.3f} {error:6.3f}",
            flush=True,
        )


def print_rows(name, seed, params, *, validation):
    """Print a row per model."""
    print(f"  {'':30} {'MRR':>6} {'H@1':>6} {'H@10':>6} {'CPU s':>6}")
    for label, scores, seconds in rows(name, seed, params, validation=validation):
        numbers = " ".join(f"{score:6.3f}" for score in scores)
        print(f"  {label:30} {numbers} {seconds:6.0f}", flush=True)


def print_questions(name, seed, n_random):
    """Print a row per kind of questions and composition."""
    print("  MRR, calibration error of all, of the ten best, their truth, share true")
    for label, *numbers in question_rows(name, seed, n_random=n_random):
        text = " ".join(f"{number:6.3f}" for number in numbers)
        print(f"  {label:30} {text}", flush=True)


def main():
    """Print a row per set, seed and model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--n-random", type=int, default=1000)
    parser.add_argument(
        "--validation", action="store_true", help="rank validation facts, not test"
    )
    parser.add_argument("--params", default="{}", help="a dict of parameters")
    args = parser.parse_args()
    params = eval(args.params)  # of a developer's command line
    for name in args.sets:
        for seed in args.seeds:
            print(f"{name}, seed {seed}", flush=True)
            if name.endswith("-questions"):
                print_questions(name.removesuffix("-questions"), seed, args.n_random)
            elif name.endswith("-paths"):
                print_paths(name.removesuffix("-paths"), seed, params)
            else:
                print_rows(name, seed, params, validation=args.validation)


if __name__ == "__main__":
    main()
