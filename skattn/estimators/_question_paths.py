"""Paths that support the answers of questions of several hops and of conjunctions."""

from skattn.estimators._answer_paths import Path
from skattn.estimators._question_truth import is_one_hop


def question_paths(truth, question, answers, n_paths, paths_of_fact) -> list:
    """Return the paths of each answer of an encoded question, best first.

    A path is a way to the answer on which a fact that is not known is replaced by its
    best path; ways on which one has no path are left out.

    Parameters
    ----------
    truth : QuestionTruth
        Truth of the facts.
    question : Question
        The question, by number.
    answers : array of int
        Entities.
    n_paths : int
        Number of paths of each answer, at most.
    paths_of_fact : callable
        Function of source, relation, answer and a number, that returns the paths of a
        fact; that of a known fact is the fact.
    """
    if is_one_hop(question):
        (relation,) = question.relations
        return [
            paths_of_fact(question.start, relation, answer, n_paths)
            for answer in answers.tolist()
        ]
    found = []
    for answer in answers.tolist():
        ways = truth.ways(question, answer, n_paths) if n_paths else []
        paths = [_joined(way, paths_of_fact) for way in ways]
        found.append([path for path in paths if path])
    return found


def _joined(way, paths_of_fact) -> Path:
    """Return the paths of the facts of a way, one after the other; [] without."""
    paths = [paths_of_fact(*fact, 1) for fact in way]
    return [edge for path in paths for edge in path[0]] if all(paths) else []
