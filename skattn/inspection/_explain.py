"""What the answers of an estimator depend on."""

from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skattn._training import default_modes, predict
from skattn.graph import Graph
from skattn.graph._arguments import check_choice
from skattn.inspection._answers import answers_of
from skattn.inspection._attention import prepared_input
from skattn.inspection._attention_paths import attention, rollout
from skattn.inspection._explanation import Evidence, Explanation
from skattn.inspection._methods import REMOVALS, Method, Of, Question, shapley
from skattn.inspection._names import Places
from skattn.inspection._steps import Steps

METHODS = get_args(Method)
OF = ("auto", *get_args(Of))
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
    """Explain answers by what they depend on: edges, nodes or features.

    The score of an edge is what the answer loses without it: positive if the edge
    speaks for the answer. Answers are log odds of a class, ``log(p / (1 - p))``, or
    numbers in the units of y. A removed edge is gone from the graph: its receiver
    attends to the other senders instead, and degrees and encodings are computed anew.

    Parameters
    ----------
    estimator : estimator of skattn, Pipeline or search
        Fitted classifier, regressor or embedder, a pipeline that ends in one, or a
        fitted search over either.
    X : Graph, list of Graph, sequences, or table of shape (n_rows, n_features)
        Input, as for ``estimator.predict``. The answers of its rows are explained:
        ``graph[[3, 7]]`` explains those of two nodes.
    classes : label, or array-like of shape (n_rows,), optional
        Class to explain, one for all rows or one each; the predicted class if not
        given. For regressors with several outputs, multilabel classifiers and embedders
        the number of the output.
    of : {"auto", "edges", "nodes", "features"}, default="auto"
        Edges; the features of nodes; or columns of the features. "auto" is "nodes" for
        a list of graphs and sequences (atoms, steps), else "edges".
    method : {"auto", "occlusion", "gradient", "integrated_gradients", "shapley", \
            "rollout", "attention"}, default="auto"
        How scores are computed:

        * "occlusion": each candidate is removed alone;
        * "auto": the same; in large neighbourhoods only the 64 candidates with the
          largest gradients are removed, and the other scores are gradients
          (``explanation.exact`` tells them apart);
        * "gradient": derivative by a gate on each candidate, in one backward pass for
          many answers;
        * "integrated_gradients": mean of the gradients from no candidate to all; the
          scores add up to the answer minus the answer without any (Sundararajan et al.
          2017);
        * "shapley": shares by regression on random coalitions (Lundberg and Lee 2017),
          for candidates that stand in for each other, each of which alone changes
          nothing;
        * "attention", "rollout": mean attention weights, and their products along paths
          (Abnar and Zuidema 2020). They tell where the network looks, not why it
          answers as it does: compare them with a removal before you rely on them.
    baseline : {"mean", "zero"} or array-like of shape (n_features,), default="mean"
        Features of a removed node, or values of a removed column: the means over the
        training nodes, zeros, or given ones in the units of X.
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
    check_choice(of, OF, "of")
    check_choice(method, METHODS, "method")
    steps = Steps.of(estimator)
    model = steps.estimator
    prepared = prepared_input(model, steps.transform(X), adjacency)
    if of == "auto":
        of = "nodes" if prepared.has_many_graphs else "edges"
    outputs = predict(model.net_, prepared.source)
    answers = answers_of(model, outputs, classes)
    removal = model._removal(prepared)
    row = None if of == "edges" else _baseline(model, baseline)
    candidates = removal.candidates(of, baseline=row)
    _check_candidates(candidates, of)
    full = _values(answers, outputs)
    question = Question(removal, candidates, answers, full)
    if method in LOOKS:
        scored = LOOKS[method](model, prepared, question)
    elif method == "shapley":
        _check_samples(n_samples, candidates)
        scored = shapley(question, n_samples, check_random_state(random_state))
    else:
        scored = REMOVALS[method](question)
    places = Places.of(model, steps, prepared)
    return Explanation(
        of=of,
        method="occlusion" if method == "auto" else method,
        unit=answers.unit,
        classes=answers.labels,
        answer=full,
        without=np.array([each.without for each in scored]),
        _evidence=tuple(
            Evidence(places.ends(row, each, of), found.scores, found.exact)
            for row, (each, found) in enumerate(zip(candidates, scored, strict=True))
        ),
        _names=tuple(places.names(row) for row in range(len(full))),
        _graphs=tuple(places.graph(row) for row in range(len(full))),
    )
