"""Truth of facts: a calibrated map from the scores of a reasoner to probabilities."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logsumexp

from skattn.estimators._knowledge import Asked, Factorization, Knowledge, scores_of
from skattn.graph._triples import Codes, KnownAnswers, with_inverses

N_QUESTIONS = 500
"""Maximum number of questions of each kind from which a map is learned."""
N_CANDIDATES = 100
"""Best candidates of a question, and random others, from which a map is learned."""
MISSING = 0.1
"""Number of true facts that are assumed to be missing, per known fact, or as many as
are hidden if these are more."""
_LOWEST = -30.0
_START = np.array([1.0, 1.0, 1.0, 0.0, 0.0])
"""Map without hidden facts: the odds are the probability of the answer times 1 + the
number of known answers (Bai et al. 2023 scale by this number)."""
_STRENGTH = 1.0
"""Strength of the prior that draws the coefficients to `_START`."""


@dataclass(frozen=True)
class TruthMap:
    """Logistic map from the scores of a question to the truth of its answers.

    The log odds are linear in the log-probability of the entity among those that are no
    known answer, the log of the total of those, the log of 1 + the number of known
    answers, and whether there are none.
    """

    among_new: float = 1.0
    new: float = 1.0
    n_known: float = 1.0
    none_known: float = 0.0
    offset: float = 0.0

    def __call__(self, scores: np.ndarray, known: Codes) -> np.ndarray:
        """Compute the truth of all entities (n_entities,); known answers have 1."""
        truth = np.ones(len(scores))
        new = np.ones(len(scores), bool)
        new[known] = False
        if new.any():
            coefficients = np.array([*vars(self).values()])
            truth[new] = expit(_features(scores, new) @ coefficients)
        return truth


@dataclass(frozen=True)
class Truth:
    """Maps of the paths alone, and of the paths with a factorization."""

    paths: TruthMap
    mixed: TruthMap | None
    """None without a factorization."""

    def map_for(self, factorization: Factorization | None) -> TruthMap:
        """Return the map of scores with a factorization, or without (None)."""
        return self.paths if factorization is None or not self.mixed else self.mixed


def _features(scores: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Compute the features of the new answers of a question, (n_new, 5)."""
    total = logsumexp(scores[new])
    share = max(total - logsumexp(scores), _LOWEST)
    n_known = len(scores) - new.sum()
    rest = np.tile([share, np.log1p(n_known), not n_known, 1.0], (new.sum(), 1))
    return np.column_stack([np.maximum(scores[new] - total, _LOWEST), rest])


@dataclass(frozen=True, eq=False)
class Sample:
    """Candidate answers of sampled questions."""

    features: np.ndarray
    """(n_candidates, 5)."""
    is_hidden: np.ndarray
    """(n_candidates,): whether the candidate is a hidden answer."""
    weights: np.ndarray
    """(n_candidates,): number of candidates that each stands for."""


def calibrate(
    module, context: Knowledge, hidden: Codes, factorization, rng, device
) -> Truth:
    """Learn the truth maps of a trained reasoner from facts that are hidden from it.

    Parameters
    ----------
    module : PathReasoner
        The network.
    context : Knowledge
        Known facts, without the hidden ones.
    hidden : array of shape (n_facts, 3)
        Facts (head, relation, tail) that are not in the context.
    factorization : Factorization or None
        Factorization that was not trained on the hidden facts.
    rng : RandomState
        Source of the sampled questions and candidates.
    device : torch.device
        Device of the network.
    """
    answers = KnownAnswers.of(hidden, context.n_relations)
    asked, weights = _sample_questions(context, hidden, rng)
    n_missing = max(len(hidden), MISSING * (len(hidden) + len(context.triples)))
    share = len(hidden) / max(len(hidden) + n_missing, 1)
    maps = []
    for other in [None] if factorization is None else [None, factorization]:
        scored = scores_of(module, context, other, asked, device)
        samples = [
            _candidates(row, context, answers, question, weight, rng)
            for part, scores in scored
            for row, question, weight in zip(
                scores, asked.distinct[part], weights[part], strict=True
            )
        ]
        maps.append(_learned_map([s for s in samples if s is not None], share))
    return Truth(maps[0], maps[1] if factorization is not None else None)


def _sample_questions(context, hidden, rng):
    """Sample questions with hidden answers, with known ones only, and without any.

    Returns
    -------
    asked : Asked
        Distinct questions.
    weights : array of shape (n_questions,)
        Number of questions that each stands for.
    """
    n = 2 * context.n_relations
    keys = [_question_keys(f, context.n_relations) for f in (hidden, context.triples)]
    kinds = [keys[0], np.setdiff1d(keys[1], keys[0])]
    chosen = [rng.permutation(kind)[:N_QUESTIONS] for kind in kinds]
    weights = [len(k) / max(len(c), 1) for k, c in zip(kinds, chosen, strict=True)]
    others = rng.randint(context.n_entities * n, size=2 * N_QUESTIONS)
    others = np.setdiff1d(others, np.concatenate(kinds))[:N_QUESTIONS]
    n_others = context.n_entities * n - len(kinds[0]) - len(kinds[1])
    chosen.append(others)
    weights.append(n_others / max(len(others), 1))
    each = np.repeat(weights, [len(c) for c in chosen])
    sources, relations = np.divmod(np.concatenate(chosen), n)
    asked = Asked.of(sources, relations, np.full(len(sources), -1))
    by_question = np.empty(len(each))
    by_question[asked.question_of] = each
    return asked, by_question


def _question_keys(triples, n_relations):
    """Return the distinct questions that facts answer, as numbers."""
    rows = with_inverses(triples, n_relations)
    return np.unique(rows[:, 0] * 2 * n_relations + rows[:, 1])


def _candidates(scores, context, answers, question, weight, rng):
    """Sample candidates of a question: hidden, best, and random ones."""
    source, relation = question[:2].tolist()
    new = np.ones(len(scores), bool)
    new[context.known(source, relation)] = False
    is_hidden = np.zeros(len(scores), bool)
    is_hidden[answers(source, relation)] = True
    if not new.any():
        return None
    features, is_hidden = _features(scores, new), is_hidden[new]
    order = np.lexsort((-features[:, 0], ~is_hidden))
    n_best = max(N_CANDIDATES, int(is_hidden.sum()))
    rest = order[n_best:]
    some = rng.permutation(rest)[:N_CANDIDATES]
    chosen = np.concatenate([order[:n_best], some])
    each = np.full(len(chosen), float(weight))
    each[n_best:] *= len(rest) / max(len(some), 1)
    return Sample(features[chosen], is_hidden[chosen], each)


def _learned_map(samples: list[Sample], share: float) -> TruthMap:
    """Learn a map from samples in which a share of the true candidates is hidden.

    Other candidates may be true as well (Elkan and Noto 2008): the probability of a
    hidden answer is `share` times that of a true one. The map is for a graph to which
    the hidden facts are added: of the true candidates the others remain.
    """
    if not samples:
        return TruthMap()
    X = np.concatenate([s.features for s in samples])
    y = np.concatenate([s.is_hidden for s in samples])
    weights = np.concatenate([s.weights for s in samples])
    if not y.any():
        return TruthMap()

    def loss(w):
        z = X @ w
        q = expit(z)
        value = np.where(y, log_expit(z), np.log1p(-share * q))
        slope = np.where(y, 1 - q, -share * q * (1 - q) / (1 - share * q))
        away = _STRENGTH * (w - _START)
        total = (away * (w - _START)).sum() / 2 - weights @ value
        return total, away - X.T @ (weights * slope)

    bounds = [(0.1, None)] + [(None, None)] * 4  # truth grows with the score
    found = minimize(loss, _START, jac=True, method="L-BFGS-B", bounds=bounds).x
    found[-1] += np.log1p(-share)
    return TruthMap(*found.tolist())
