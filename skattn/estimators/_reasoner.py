"""Reasoner over the facts of a knowledge graph."""

from copy import copy
from numbers import Integral, Real
from typing import ClassVar

from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import (
    Interval,
    StrOptions,
    _fit_context,
)
from skattn._training import confirm_end, default_modes, shared_work
from skattn.estimators._base import GraphAttentionEstimator
from skattn.estimators._reasoner_base import ReasonerBase
from skattn.estimators._reasoner_fit import fit_reasoner, read_knowledge
from skattn.estimators._reasoner_rows import moved_factorization
from skattn.estimators._transaction import _commit, _unfitted_copy
from skattn.graph import Graph

_SHARED = {
    name: GraphAttentionEstimator._parameter_constraints[name]
    for name in ("n_layers", "hidden_dim", "learning_rate", "max_epochs", "net_params",
                 "device", "random_state", "verbose")
}  # fmt: skip


class AttentionReasoner(ReasonerBase):
    """Attention along paths for the completion of a knowledge graph.

    A row of X is a question (head, relation), and y is its answer, the tail. The fitted
    rows are the facts of the knowledge graph. A question is answered by relational
    message passing from its head, whose attention weights depend on the relations of
    the edge and of the question (:class:`~skattn.nn.PathReasoner`). In training, the
    fact of a question and its inverse are hidden from it. "^" before the name of a
    relation asks for heads: ``("paris", "^capital")``. Questions of several hops and
    conjunctions are made by :class:`skattn.graph.Question`. On small graphs, the scores
    are averaged with those of a tensor factorization (ComplEx). Read more in the
    :doc:`user guide </guide/reasoning>`.

    Parameters
    ----------
    graph : array-like of shape (n_facts, 3), Graph or None, default=None
        Further facts (head, relation, tail), or a graph with the relations as edge
        types. In a cross-validation, they are known in every fold.
    n_layers : int or "auto", default="auto"
        Number of layers of message passing, the length of the longest path. "auto": 3
        if entities have 20 edges or more on average, else 5.
    hidden_dim : int, default=32
        Width of the states of reached entities.
    dropout : float, default=0.1
        Dropout on the update of the states.
    edge_budget : int, "auto" or None, default="auto"
        Maximum number of edges that a question follows in one layer: only the entities
        with the highest scores send messages. None: no limit. "auto": None up to 16384
        facts, else 2000.
    question_messages : bool or "auto", default="auto"
        Whether the messages along an edge, and not only their weights, depend on the
        relation of the question. "auto": True with 20 edges per entity or more and at
        most 100 relations.
    hide : {"triple", "pair", "auto"}, default="auto"
        Facts hidden from a training question: "triple", that of the answer;
        "pair", all between head and tail, for data whose test facts link pairs that no
        training fact links. "auto": "pair" if fewer than 2 % of the facts of ``X_val``
        have another link in X, else "triple".
    factorization : bool or "auto", default="auto"
        Whether the log-probabilities of ComplEx (Lacroix et al. 2018) are averaged with
        those of the paths. Its settings are fixed, and its weight is the best
        on ``X_val``, or else on a tenth of the facts, at most 500, that are held out of
        the training of both models. "auto": True if the number of entities times the
        number of facts is at most 5e7.
    learning_rate : float, default=0.005
        Learning rate of the optimizer (Adam). It falls to 0 over the last 30 % of
        ``max_epochs``.
    weight_decay : float, default=0.0
        L2 penalty on all parameters.
    max_epochs : int or "auto", default="auto"
        Number of epochs of at most 2000 questions each. "auto": 30000 questions in all,
        or 75 % of the distinct ones if they are more; at least 10 and at most 50
        epochs.
    batch_size : int, default=32
        Number of questions in a training batch.
    net_params : dict or None, default=None
        Further arguments of the :class:`skorch.NeuralNet`, such as ``callbacks``.
    device : str or torch.device, default="auto"
        Device: "cpu", "cuda", "cuda:1", "mps", or "auto" for the first available one of
        CUDA, MPS and the CPU.
    random_state : int, RandomState or None, default=None
        Seed of all random numbers: initial weights, held-out facts, batches, dropout.
    verbose : int, default=0
        Verbosity: 0 is silent, otherwise one line is printed per epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_entities,)
        Names of the entities, which are the possible answers.
    relations_ : ndarray of shape (n_relations,)
        Names of the relations, without inverses.
    factorization_weight_ : float
        Weight of ComplEx in the average: 0 for the paths alone, 1 for ComplEx alone.
    n_features_in_ : int
        2, the number of columns of X.
    feature_names_in_ : ndarray of shape (2,)
        Names of the columns of X, if it has any.
    n_iter_ : int
        Number of epochs run.
    loss_curve_ : list of float
        Training loss of each epoch.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the :class:`~skattn.nn.PathReasoner`.

    See Also
    --------
    AttentionLinkPredictor : Links of one kind.
    skattn.graph.Question : Questions of several hops, and conjunctions.
    skattn.Graph.from_triples : A graph of facts, for the prediction of its nodes.
    skattn.metrics.mean_reciprocal_rank_scorer : Scorer for searches.
    skattn.nn.PathReasoner : The network.

    Notes
    -----
    The truth of answers (:meth:`predict_truth`) is a logistic map of the scores. It is
    learned on facts that are hidden from the model: those of ``X_val``, else those held
    out for the weight of ComplEx, else a tenth of the facts, at most 500. Other
    entities may be true answers as well (Elkan and Noto 2008): a tenth of the facts is
    assumed to be missing, or as many as are hidden.

    In a cross-validation the facts of a test fold are not in the graph; those of
    ``graph``, and mirror images (tail, relation, head) in other folds, are. Labels are
    entities, too many and too rare to stratify: use ``KFold(5, shuffle=True)``.

    References
    ----------
    Zhu et al., "Neural Bellman-Ford Networks", NeurIPS 2021; Zhang and Yao, "Knowledge
    Graph Reasoning with Relational Digraph", WWW 2022; Lacroix, Usunier and Obozinski,
    "Canonical Tensor Decomposition for Knowledge Base Completion", ICML 2018;
    Arakelyan et al., "Complex Query Answering with Neural Link Predictors", ICLR 2021
    (composition); Bai et al., "Answering Complex Logical Queries on Knowledge Graphs
    via Query Computation Tree Optimization", ICML 2023; Elkan and Noto, "Learning
    Classifiers from Only Positive and Unlabeled Data", KDD 2008 (truth).

    Examples
    --------
    >>> from skattn import AttentionReasoner
    >>> facts = [("ann", "mother", "eve"), ("eve", "mother", "ida"),
    ...          ("ann", "grandmother", "ida"), ("bob", "mother", "eva"),
    ...          ("eva", "mother", "lea"), ("bob", "grandmother", "lea"),
    ...          ("tom", "mother", "amy"), ("amy", "mother", "sue")]
    >>> X, y = [fact[:2] for fact in facts], [fact[2] for fact in facts]
    >>> reasoner = AttentionReasoner(factorization=False, random_state=0).fit(X, y)
    >>> reasoner.predict([("tom", "grandmother")])
    array(['sue'], dtype='<U3')
    """  # fmt: skip

    _learned_attributes: ClassVar[frozenset[str]] = frozenset(
        {
            "classes_", "relations_", "n_features_in_", "feature_names_in_", "net_",
            "n_iter_", "loss_curve_", "_knowledge_", "_choice_", "_factorization_",
            "_truth_",
        }
    )  # fmt: skip
    _parameter_constraints: ClassVar[dict] = {
        **_SHARED,
        "graph": ["array-like", Graph, None],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "edge_budget": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
            None,
        ],
        "question_messages": ["boolean", StrOptions({"auto"})],
        "hide": [StrOptions({"triple", "pair", "auto"})],
        "factorization": ["boolean", StrOptions({"auto"})],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        graph=None,
        n_layers="auto",
        hidden_dim=32,
        dropout=0.1,
        edge_budget="auto",
        question_messages="auto",
        hide="auto",
        factorization="auto",
        learning_rate=0.005,
        weight_decay=0.0,
        max_epochs="auto",
        batch_size=32,
        net_params=None,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.graph = graph
        self.n_layers = n_layers
        self.hidden_dim = hidden_dim
        self.dropout = dropout
        self.edge_budget = edge_budget
        self.question_messages = question_messages
        self.hide = hide
        self.factorization = factorization
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.net_params = net_params
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    @property
    def factorization_weight_(self):
        """Weight of ComplEx beside the paths."""
        check_is_fitted(self)
        return 0.0 if self._factorization_ is None else self._factorization_.weight

    @default_modes()
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, *, X_val=None, y_val=None):
        """Fit to facts: rows (head, relation) and tails.

        Parameters
        ----------
        X : array-like of shape (n_facts, 2)
            Heads and relations by name, text or numbers.
        y : array-like of shape (n_facts,)
            Tails by name.
        X_val : array-like of shape (n_validation, 2), optional
            Validation questions, which choose the weight of ComplEx and
            ``hide="auto"``, and from which truth is learned. They are not facts of the
            knowledge graph, and do not end the training early.
        y_val : array-like of shape (n_validation,), optional
            Their answers.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If X is no table.
        ValueError
            If X does not have two columns, a name is missing, or the name of a relation
            begins with "^"; an earlier fit is then kept.
        KeyboardInterrupt
            If the user interrupts the training; the current weights are kept.
        """
        with shared_work():
            attempt = _unfitted_copy(self)
            net = fit_reasoner(attempt, X, y, X_val, y_val)
            confirm_end()
            if not net.interrupted_ or len(net.history):
                _commit(self, attempt)
            if net.interrupted_:
                raise KeyboardInterrupt
        return self

    @default_modes()
    def with_facts(self, X, y):
        """Return a fitted copy over other facts, with the same relations.

        Parameters
        ----------
        X : array-like of shape (n_facts, 2)
            Heads, also new ones, and relations of ``fit``.
        y : array-like of shape (n_facts,)
            Tails, also new ones.

        Returns
        -------
        AttentionReasoner
            Copy whose knowledge graph has these facts only; its ``classes_`` are their
            entities. ComplEx joins if all of them had facts at ``fit``.

        Raises
        ------
        ValueError
            If a relation is not one of ``fit``.
        """
        check_is_fitted(self)
        knowledge = read_knowledge(X, y, relations=self._knowledge_.vocabulary)
        moved = copy(self)
        moved._factorization_ = moved_factorization(
            self._factorization_, self._knowledge_.vocabulary, knowledge.vocabulary
        )
        moved._knowledge_ = knowledge
        moved.classes_ = knowledge.vocabulary.entities
        return moved
