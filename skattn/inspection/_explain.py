"""Explanations of the answers of an estimator."""

from numbers import Integral
from typing import Any, get_args

import numpy as np
from sklearn.utils import check_random_state

from skattn._training import default_modes
from skattn.graph._arguments import check_choice
from skattn.inspection._attention_paths import attention, rollout
from skattn.inspection._baseline import in_users_units
from skattn.inspection._explanation import Explanation
from skattn.inspection._methods import REMOVALS, Method, Scored, shapley
from skattn.inspection._places import Places
from skattn.inspection._question import Question, ask

METHODS = get_args(Method)
LOOKS = {"rollout": rollout, "attention": attention}
"""Methods that follow attention weights."""


@default_modes()
def explain(  # noqa: PLR0913
    estimator,
    X,
    *,
    classes=None,
    of="auto",
    method="auto",
    baseline="mean",
    adjacency=None,
    n_samples=256,
    random_state=None,
):
    """Explain answers by the edges, nodes or features that they depend on.

    The score of an edge is what the answer loses without it: positive if the edge
    speaks for the answer. Answers are log odds of a class, ``log(p / (1 - p))``, or
    numbers in the units of y. A removed edge is gone from the graph: its receiver
    attends to the other senders instead, and degrees and encodings are computed anew.

    Parameters
    ----------
    estimator : estimator of skattn, Pipeline or search
        Fitted classifier, regressor, embedder, link predictor or link regressor, a
        pipeline that ends in one, or a fitted search over either.
    X : Graph, list of Graph, sequences, or table of shape (n_rows, n_features)
        Input, as for ``estimator.predict``. The answers of its rows are explained:
        ``graph[[3, 7]]`` explains those of two nodes. For a link predictor or
        regressor, pairs of nodes: candidates are edges, which are removed in both
        directions, from message passing and from the structural features of the pair;
        methods are "auto", "occlusion" and "shapley".
    classes : label, or array-like of shape (n_rows,), optional
        Class to explain, one for all rows or one each; the predicted class if not
        given. For regressors with several outputs, multilabel classifiers and embedders
        the number of the output.
    of : {"auto", "edges", "nodes", "features"}, default="auto"
        The candidates: edges; the features of nodes; or columns of the features. "auto"
        is "nodes" for a list of graphs with features and for sequences, else "edges".
    method : {"auto", "occlusion", "gradient", "integrated_gradients", "shapley", \
            "rollout", "attention"}, default="auto"
        How scores are computed:

        * "occlusion": each candidate is removed alone;
        * "auto": the same; in large neighbourhoods only the 64 candidates with the
          largest gradients are removed, and 64 edges of the answer's own node; the
          other scores are gradients (``explanation.exact`` tells them apart). k-hop
          neighbourhoods and encodings are constant in these. For pairs, the 64 edges on
          the shortest paths between both nodes are removed, and the other scores are 0
          (not exact);
        * "gradient": derivative with respect to a factor of each candidate (1: present,
          0: removed), in one backward pass for many answers;
        * "integrated_gradients": mean of these derivatives while all factors go from 0
          to 1; the scores add up to the answer minus the answer without any
          (Sundararajan et al. 2017);
        * "shapley": Shapley values by regression on random subsets of the candidates
          (KernelSHAP, Lundberg and Lee 2017), which add up too; for redundant
          candidates, each of which alone changes nothing;
        * "attention", "rollout": mean attention weights, and their products along paths
          (Abnar and Zuidema 2020). They tell where the network looks, not why it
          answers as it does: compare them with a removal before you rely on them.
    baseline : {"mean", "zero"} or array-like of shape (n_columns,), default="mean"
        Features of a removed node, or values of a removed column: the means over the
        training nodes, zeros, or given values in the units of X. A categorical feature
        has a column of 0 and 1 per category; the mean is then the share. In a pipeline
        on a table, given values are one row of the pipeline's input, to which its steps
        are applied; "mean" and "zero" are taken after these steps, on the input of the
        estimator.
    adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
        Adjacency, as for ``estimator.predict``.
    n_samples : int, default=256
        Number of coalitions of "shapley", per answer.
    random_state : int, RandomState instance or None, default=None
        Source of the random coalitions of "shapley". Other methods are deterministic.

    Returns
    -------
    Explanation
        Scores in the rows, columns and names of X.

    Raises
    ------
    TypeError
        If `estimator` is not an estimator of skattn, a pipeline or a search of one.
    ValueError
        If X differs from that of ``fit``, a class or method does not exist, no
        candidate has a part in an answer, or a method has no exact answer to the
        question.
    NotFittedError
        If the estimator is not fitted.

    See Also
    --------
    attention_weights : The attention weights of every layer and head.
    fidelity : How an answer changes without and with only the best candidates.

    Examples
    --------
    >>> from skattn import GraphAttentionClassifier
    >>> from skattn.datasets import load_karate_club
    >>> from skattn.inspection import explain
    >>> club = load_karate_club()
    >>> clf = GraphAttentionClassifier(max_epochs=5, random_state=0)
    >>> clf = clf.fit(club.graph, club.target)
    >>> explanation = explain(clf, club.graph[[16]])
    >>> explanation.of, len(explanation), explanation.scores[0].shape
    ('edges', 1, (34, 34))
    """
    check_choice(method, METHODS, "method")
    question = ask(
        estimator,
        X,
        classes=classes,
        of=of,
        baseline=baseline,
        adjacency=adjacency,
        whole=method in LOOKS,
    )
    if method in LOOKS:
        if question.of != "edges":
            raise ValueError(
                f"method={method!r} needs of='edges', which carry attention weights, "
                f"got of={question.of!r}. Use method='occlusion'."
            )
        scored = LOOKS[method](question)
    elif method == "shapley":
        _check_samples(n_samples, question.candidates)
        scored = shapley(question, n_samples, check_random_state(random_state))
    else:
        scored = REMOVALS[method](question)
    return _explanation(question, scored, "occlusion" if method == "auto" else method)


def _explanation(question: Question, scored: list[Scored], method: str) -> Explanation:
    """Return the scores in the user's rows and names."""
    places = Places.of(question)
    rows = range(len(scored))
    return Explanation(
        of=question.of,
        method=method,
        unit=question.answers.unit,
        classes=question.answers.labels,
        answer=question.full,
        without=np.array([each.without for each in scored]),
        baseline=in_users_units(question.steps, question.prepared, question.row),
        _row=question.row,
        _evidence=tuple(places.evidence(row, scored[row]) for row in rows),
        _names=tuple(map(places.names, rows)),
        _parts=tuple(map(places.part, rows)),
    )


def _check_samples(n_samples: Any, candidates: Any) -> None:
    most = max(map(len, candidates))
    if not isinstance(n_samples, Integral) or n_samples < max(most, 2):
        raise ValueError(
            f"n_samples must be a whole number of at least {max(most, 2)}, the number "
            f"of candidates, got {n_samples!r}. Increase it, or use method='occlusion'."
        )
