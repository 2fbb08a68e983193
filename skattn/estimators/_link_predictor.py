"""Link prediction."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.base import ClassifierMixin

from skattn._compat_sklearn import Interval, StrOptions
from skattn.estimators._link_base import LinkEstimator
from skattn.estimators._link_labels import class_labels


class AttentionLinkPredictor(ClassifierMixin, LinkEstimator):
    """Graph attention network that predicts links between pairs of nodes.

    The rows of X are pairs of nodes. The links among the rows of ``fit`` are the edges
    of the graph in which nodes attend to each other, together with the edges of
    `graph`; held-out rows of a cross-validation are not part of it. In a training step,
    the edges of its pairs are hidden, in both directions. A decoder combines the codes
    of both nodes with structural features of the pair: common neighbours, their
    Adamic-Adar and resource allocation sums, short random walks, degrees and the cosine
    of the node features. Read more in the :doc:`user guide </guide/links>`.

    Parameters
    ----------
    graph : Graph or None, default=None
        Nodes, their features, and edges other than the links of X. Pairs name its nodes
        by label, or by position if it has no labels. None: the nodes are those that the
        pairs of ``fit`` name, without features. Rows of ``fit`` that are edges of
        `graph`, too, raise a warning: held-out rows would remain in the graph. Remove
        these edges with :func:`skattn.graph.links`.
    source : str, int or None, default=None
        Column of X with the source of each pair, by name or, in an array, by position.
        None: the first column. Columns that are neither source nor target are features
        of the pair.
    target : str, int or None, default=None
        Column of X with the target of each pair. None: the second column.
    non_link : object, default=0
        Class of y that marks pairs without a link, which are no edges of the graph.
        None: every row is a link, and y its class.
    directed : bool or "auto", default="auto"
        Whether links have a direction, so that (a, b) and (b, a) are different pairs.
        "auto": True if X is a graph, or `graph` has edges, that are not symmetric; for
        a table of pairs alone False.
    bipartite : bool or "auto", default="auto"
        Whether sources and targets are nodes of two kinds, such as users and items. If
        True and `graph` is None, equal names in both columns are different nodes: user
        1 is not item 1. "auto": True if no node is in both columns. Nodes that are in
        no pair of ``fit`` are of neither kind and not recommended.
    n_negatives : int or "auto", default="auto"
        Number of non-links that are drawn at random for each link, anew in every
        training step. "auto": 1, but 0 if y marks non-links or `non_link` is None.
    negative_sampling : {"uniform", "source", "degree"}, default="uniform"
        Distribution of drawn non-links. "uniform": both nodes at random; "source":
        another target for the source of a link, for rankings of partners; "degree":
        nodes in proportion to their number of links.
    standardize : "auto" or bool, default="auto"
        Whether to standardise node features with mean and standard deviation of the
        nodes. "auto": dense features; True: sparse ones, too, without centring; False:
        none.
    attention : {"gatv2", "gat", "dot"}, default="gat"
        Attention score of an edge, see :class:`~skattn.nn.GraphAttention`.
    n_layers : int or "auto", default="auto"
        Number of layers. "auto": 3, of which the first is linear, without message
        passing (``n_feature_layers`` of :class:`~skattn.EncoderConfig`).
    n_heads : int, default=4
        Number of attention heads of each layer.
    hidden_dim : int, default=64
        Output width of each layer, all heads together; a multiple of ``n_heads``.
    residual : bool or "auto", default="auto"
        Whether to add a linear map of a layer's input to its output. "auto": True.
    norm : {"auto", "layer", "batch"} or None, default="auto"
        Normalisation of each layer's output. "auto": "layer".
    dropout : float or "auto", default="auto"
        Dropout probability of each layer's input and of the decoder. "auto": 0.5.
    attention_dropout : float, default=0.0
        Dropout probability of the attention weights (after the softmax).
    encoder : EncoderConfig or None, default=None
        Further parameters of the network: activation, feed-forward networks, jumping
        knowledge, hops, convolution. ``output`` must be "linear" and ``positional``
        None.
    learning_rate : float, default=0.005
        Learning rate of the optimizer (Adam). It falls to 0 over the last 30 % of the
        epochs, unless ``net_params`` has a :class:`skorch.callbacks.LRScheduler`.
    weight_decay : float or "auto", default="auto"
        L2 penalty on all parameters. "auto": 1e-4.
    max_epochs : int or "auto", default="auto"
        Number of epochs (passes over the pairs). "auto": 100.
    batch_size : int or "auto", default="auto"
        Number of pairs in a training step, in which their edges are hidden. "auto": an
        eighth of them. Each step encodes the whole graph.
    early_stopping : "auto" or bool, default="auto"
        Whether to stop when validation on ``X_val`` no longer improves, and to keep the
        weights of the best epoch. "auto": True with ``X_val``. True requires ``X_val``.
        False: the weights of the last epoch are kept.
    scoring : str, callable or None, default=None
        Validation score that selects the best epoch; greater is better. Name of a
        scorer, or callable ``scorer(estimator, X, y)`` that only passes its X to
        methods of ``estimator``. None: accuracy.
    n_iter_no_change : int, default=50
        Number of consecutive epochs with neither a better validation score nor a lower
        validation loss after which training stops.
    net_params : dict or None, default=None
        Further arguments of the :class:`skorch.NeuralNet`, such as ``optimizer`` and
        ``callbacks``.
    device : str or torch.device, default="auto"
        Device: "cpu", "cuda", "cuda:1", "mps", or "auto" for the first available one of
        CUDA, MPS and the CPU. If it is not available, ``fit`` raises an error and a
        fitted model predicts on the CPU, with a warning.
    random_state : int, RandomState or None, default=None
        Seed of all random numbers: initial weights, batches, non-links, dropout.
    verbose : int, default=0
        Verbosity: 0 is silent, otherwise one line is printed per epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Classes; ``[0, 1]`` if ``fit`` was not given y.
    n_features_in_ : int
        Number of columns of X: source, target, and features of the pairs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names, if X has any.
    input_summary_ : dict of str to object
        Sizes of the input of ``fit``: ``n_nodes``, ``n_edges`` (both directions of
        every link), ``n_edge_features`` (labels of links and features of pairs),
        ``n_train`` and ``n_validation`` pairs.
    resolved_params_ : dict of str to object
        Values that ``fit`` used for the parameters that can be "auto".
    n_iter_ : int
        Number of epochs run.
    loss_curve_ : list of float
        Training loss of each epoch.
    validation_curve_ : list of float or None
        Validation loss of each epoch; None without ``X_val``.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the torch module.

    See Also
    --------
    AttentionLinkRegressor : Numbers of pairs, such as ratings.
    AttentionReasoner : Links of many relations: triples of a knowledge graph.
    skattn.graph.links : Links and non-links of a graph, for cross-validation.
    skattn.metrics.mean_reciprocal_rank_scorer : Scorer of rankings.

    Notes
    -----
    Known links are divided into ten parts, and those of one part are predicted in the
    graph without this part. The parts do not depend on the other rows of a prediction.

    References
    ----------
    Velickovic et al., "Graph Attention Networks", ICLR 2018.

    Liben-Nowell and Kleinberg, "The Link-Prediction Problem for Social Networks", CIKM
    2003.

    Wang, Yang and Zhang, "Neural Common Neighbor with Completion for Link Prediction",
    ICLR 2024.

    Examples
    --------
    >>> from skattn import AttentionLinkPredictor
    >>> from skattn.datasets import make_communities
    >>> from skattn.graph import links
    >>> graph, _ = make_communities(random_state=0)
    >>> pairs, y, nodes = links(graph, random_state=0)
    >>> clf = AttentionLinkPredictor(graph=nodes, max_epochs=5, random_state=0)
    >>> clf.fit(pairs[::2], y[::2]).predict_proba(pairs[1::2]).shape == (len(y) // 2, 2)
    True
    """

    _recommended: ClassVar[str] = "probability"

    _parameter_constraints: ClassVar[dict] = {
        **LinkEstimator._parameter_constraints,
        "non_link": "no_validation",
        "n_negatives": [
            StrOptions({"auto"}),
            Interval(Integral, 0, None, closed="left"),
        ],
        "negative_sampling": [StrOptions({"uniform", "source", "degree"})],
    }

    def __init__(
        self,
        *,
        graph=None,
        source=None,
        target=None,
        non_link=0,
        directed="auto",
        bipartite="auto",
        n_negatives="auto",
        negative_sampling="uniform",
        standardize="auto",
        attention="gat",
        n_layers="auto",
        n_heads=4,
        hidden_dim=64,
        residual="auto",
        norm="auto",
        dropout="auto",
        attention_dropout=0.0,
        encoder=None,
        learning_rate=0.005,
        weight_decay="auto",
        max_epochs="auto",
        batch_size="auto",
        early_stopping="auto",
        scoring=None,
        n_iter_no_change=50,
        net_params=None,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.graph = graph
        self.source = source
        self.target = target
        self.non_link = non_link
        self.directed = directed
        self.bipartite = bipartite
        self.n_negatives = n_negatives
        self.negative_sampling = negative_sampling
        self.standardize = standardize
        self.attention = attention
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.hidden_dim = hidden_dim
        self.residual = residual
        self.norm = norm
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.encoder = encoder
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.scoring = scoring
        self.n_iter_no_change = n_iter_no_change
        self.net_params = net_params
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @property
    def classes_(self):
        """Classes, of shape (n_classes,)."""
        if not hasattr(self, "_label_encoding_"):
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute 'classes_' before fit"
            )
        return self._label_encoding_.classes

    def predict_proba(self, X):
        """Predict the probability of every class.

        Parameters
        ----------
        X : array-like of shape (n_pairs, `n_features_in_`)
            Pairs of nodes of the fit, linked or not, with their features.

        Returns
        -------
        ndarray of shape (n_pairs, n_classes)
            One column per entry of ``classes_``; rows sum to 1. Probabilities of links
            are those among as many non-links as in training.
        """
        outputs = self._outputs(X)
        return self._label_encoding_.probability(outputs)

    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of every class.

        Parameters
        ----------
        X : array-like of shape (n_pairs, `n_features_in_`)
            Pairs of nodes of the fit, linked or not, with their features.

        Returns
        -------
        ndarray of shape (n_pairs, n_classes)
            Logarithms of :meth:`predict_proba`.
        """
        outputs = self._outputs(X)
        return self._label_encoding_.log_probability(outputs)

    def score(self, X, y=None, sample_weight=None):
        """Compute the accuracy of the predicted classes.

        Parameters
        ----------
        X : array-like of shape (n_pairs, `n_features_in_`)
            Pairs of nodes of the fit, linked or not, with their features.
        y : array-like of shape (n_pairs,)
            Their classes.
        sample_weight : array-like of shape (n_pairs,), optional
            Weights of the pairs.

        Returns
        -------
        float
            Share of correct classes.

        Raises
        ------
        ValueError
            If y is None, as in a cross-validation of links alone.
        """
        if y is None:
            raise ValueError(
                "score needs y, got None: links alone have one class. Pass pairs with "
                "and without links, such as those of skattn.graph.links."
            )
        return super().score(X, y, sample_weight)

    def decision_function(self, X):
        """Compute the log odds of the second of two classes, or scores of all classes.

        Parameters
        ----------
        X : array-like of shape (n_pairs, `n_features_in_`)
            Pairs of nodes of the fit, linked or not, with their features.

        Returns
        -------
        ndarray of shape (n_pairs,) or (n_pairs, n_classes)
            Log odds of ``classes_[1]`` if there are two classes; else one score per
            class.
        """
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    def _read_labels(self, y, named):
        return class_labels(y, len(named), self.non_link, self.n_negatives)

    def _link_values(self, outputs):
        """Compute the probability of a link, for recommendations."""
        is_link = self.classes_ != self.non_link
        if self.non_link is None or is_link.all():
            raise ValueError(
                "recommend needs a class of non-links, got "
                f"non_link={self.non_link!r} and the classes {self.classes_.tolist()}. "
                "Fit with non_link= and n_negatives=."
            )
        probability = self._label_encoding_.probability(outputs)
        return np.asarray(probability[:, is_link].sum(1))
