"""Regression of numbers of pairs."""

from typing import ClassVar

from sklearn.base import RegressorMixin

from skattn.estimators._link_base import LinkEstimator
from skattn.estimators._link_labels import number_labels


class AttentionLinkRegressor(RegressorMixin, LinkEstimator):
    """Graph attention network that predicts numbers of pairs, such as ratings.

    The network is that of :class:`~skattn.AttentionLinkPredictor`. Every row of X is a
    link, and its standardised number is a feature of its edge in the graph, so that
    known numbers predict those of other pairs. Read more in the
    :doc:`user guide </guide/links>`.

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
    directed : bool or "auto", default="auto"
        Whether links have a direction, so that (a, b) and (b, a) are different pairs.
        "auto": True if X is a graph, or `graph` has edges, that are not symmetric; for
        a table of pairs alone False.
    bipartite : bool or "auto", default="auto"
        Whether sources and targets are nodes of two kinds, such as users and items. If
        True and `graph` is None, equal names in both columns are different nodes: user
        1 is not item 1. "auto": True if no node is in both columns. Nodes that are in
        no pair of ``fit`` are of neither kind and not recommended.
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
        methods of ``estimator``. None: minus the squared error.
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
    AttentionLinkPredictor : Prediction of links, and of classes of links.
    GraphAttentionRegressor : Numbers of nodes, graphs or rows.

    Examples
    --------
    >>> from skattn import AttentionLinkRegressor
    >>> pairs = [("ann", "tea"), ("ann", "milk"), ("bob", "tea"), ("bob", "juice")]
    >>> reg = AttentionLinkRegressor(max_epochs=5, random_state=0)
    >>> reg.fit(pairs, [5.0, 2.0, 4.0, 1.0]).predict([("bob", "milk")]).shape
    (1,)
    """

    _recommended: ClassVar[str] = "prediction"

    def __init__(
        self,
        *,
        graph=None,
        source=None,
        target=None,
        directed="auto",
        bipartite="auto",
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
        self.directed = directed
        self.bipartite = bipartite
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

    def _read_labels(self, y, named):
        return number_labels(y, len(named)), 0

    def _link_values(self, outputs):
        """Compute the predicted numbers, for recommendations."""
        if outputs.shape[1] > 1:
            raise ValueError(
                "recommend ranks partners by one number, but the estimator was fitted "
                f"to {outputs.shape[1]} columns of y. Fit it to one of them."
            )
        return self._label_encoding_.predict(outputs)
