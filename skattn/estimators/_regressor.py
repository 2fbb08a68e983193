"""Regressor of nodes, rows, graphs and sequences."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from skattn.estimators._label_reader import NumberReader
from skattn.estimators._predictor import GraphAttentionPredictor


class GraphAttentionRegressor(RegressorMixin, GraphAttentionPredictor):
    """Graph attention network for regression on nodes, rows, graphs or sequences.

    The network and the input are those of :class:`GraphAttentionClassifier`, with the
    squared error in place of the softmax. y is standardised for training; predictions
    are in the units of y.

    Parameters
    ----------
    graph : Graph or None, default=None
        Graph that the rows of a DataFrame join by node label: the labels are the
        DataFrame's index, or the column with the name of ``graph.nodes``.
    unlabeled : float or None, default=None
        Value that marks an unknown entry of y, such as NaN; it is excluded from the
        loss. None: all entries are known.
    n_neighbors : int, default=8
        Number of nearest neighbours in the k-NN graph of a plain table.
    attention : {"gatv2", "gat", "dot"}, default="gatv2"
        Score of an edge, see :class:`~skattn.nn.GraphAttention`.
    n_layers : int, default=3
        Number of layers, which is the receptive field in hops. On a plain table, whose
        k-NN graph holds no information beyond the features, only the last layer
        attends, see ``n_feature_layers`` of :class:`EncoderConfig`.
    n_heads : int, default=4
        Number of attention heads in each layer.
    hidden_dim : int, default=64
        Total width of a layer over all heads; divisible by ``n_heads``.
    residual : bool, default=True
        Whether to add a linear map of a layer's input to its output.
    norm : {"layer", "batch"} or None, default="layer"
        Normalisation of each layer's output.
    dropout : float or "auto", default="auto"
        Dropout on the input of each layer. "auto": 0.5 on a plain table or with more
        features than examples; 0.2 elsewhere. Unless ``input_dropout`` of
        :class:`EncoderConfig` is set, dropout on the node features is the same with
        more features than examples ("auto": 0.9 for nodes of one graph), else 0.
    attention_dropout : float, default=0.0
        Dropout on the attention weights (after the softmax).
    readout : {"attention", "mean", "sum", "max", "hierarchical"}, default="attention"
        Pooling of a graph's nodes to one vector, where X is a list of graphs or
        sequences. "attention": a learned query per head attends to the nodes;
        "hierarchical": self-attention graph pooling (Lee et al. 2019), see
        :class:`~skattn.nn.HierarchicalReadout`.
    encoder : EncoderConfig or None, default=None
        Further options of the encoder: activation, feed-forward networks, jumping
        knowledge, hops, the output layer.
    pretrained : AttentionEmbedder or None, default=None
        Fitted embedder with the same encoder parameters, whose weights initialise the
        encoder. In a search or a cross-validation pass ``FrozenEstimator(embedder)``,
        which ``clone`` keeps fitted. :meth:`save` does not store it.
    learning_rate : float, default=0.005
        Step size of the optimizer (Adam). Without early stopping it falls to zero in
        the last 30 % of the epochs, and the last epoch's weights are kept; a
        :class:`skorch.callbacks.LRScheduler` in ``net_params`` replaces that schedule.
    weight_decay : float, default=5e-3
        L2 penalty on all parameters; ignored by an optimizer in ``net_params`` that
        has none.
    max_epochs : int, default=500
        Maximum number of epochs; on a single graph an epoch is one training step.
    batch_size : int or "auto", default="auto"
        Examples per training step: graphs or sequences of a list, "auto" for 128; or,
        with ``fanout``, target nodes of one graph, "auto" for 1024.
    fanout : sequence of int or None, default=None
        Neighbour sampling for training on one large graph (Hamilton et al. 2017):
        number of senders drawn for every target, then for each of these, and so on, one
        number per layer. Validation and prediction use all neighbours. None: training
        uses all neighbours, in one batch.
    early_stopping : "auto", bool or float, default="auto"
        Whether to stop when validation no longer improves, and keep the best epoch's
        weights. A float is the fraction of labelled rows to hold out; True is 0.1.
        "auto": True if ``X_val`` is given, or with at least 2000 labelled rows.
    scoring : str, callable or None, default=None
        Validation score; the epoch with the highest one is the best. A name as in
        :func:`sklearn.metrics.get_scorer`, or ``scorer(estimator, X, y)``, whose X may
        only be passed on to the estimator. None: minus the squared error. Rows with
        unknown entries are left out; rows are weighted by ``sample_weight``.
    n_iter_no_change : int, default=50
        Number of epochs without a better validation score or a lower validation loss
        after which to stop.
    net_params : dict or None, default=None
        Arguments of the underlying :class:`skorch.NeuralNet`, such as optimizer and
        callbacks. Its ``y`` are records of labels and weights: skorch's EpochScoring
        needs a ``target_extractor`` (``lambda labels: labels.y.numpy(force=True)``) and
        a function of raw outputs.
    device : str or torch.device, default="auto"
        "auto", "cpu", "cuda", "cuda:1", "mps". If it is not available, ``fit`` fails;
        a fitted model predicts on the CPU, with a warning.
    random_state : int, RandomState or None, default=None
        Seed of the initial weights, the held-out rows and dropout.
    verbose : int, default=0
        Verbosity: 0 is silent, otherwise one line is printed per epoch.

    Attributes
    ----------
    n_features_in_ : int
        Number of features; 0 for a graph without features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Feature names, if X has column names.
    input_summary_ : dict of str to object
        Input of ``fit``. ``kind``: "table", "adjacency", "graph", "named" (rows joined
        to ``graph``), "graphs" or "sequences". ``n_graphs``, ``n_nodes``, ``n_edges``
        (without added self-loops), ``n_features``, ``n_edge_features``. ``n_train`` and
        ``n_validation``: labelled rows in training and in validation.
    resolved_params_ : dict of str to object
        Values that ``fit`` used for the parameters that can be "auto", and for
        ``input_dropout``; those of the encoder as ``encoder__activation`` and so on.
        ``batch_size`` is None if a training step is computed on the whole graph.
    n_iter_ : int
        Number of epochs run.
    loss_curve_ : list of float
        Training loss of each epoch, in units of standardised y.
    validation_curve_ : list of float or None
        Validation loss of each epoch, if there was validation.
    net_ : AttentionNet
        The trained skorch net; ``net_.module_`` is the torch module.

    See Also
    --------
    GraphAttentionClassifier : Graph attention network for classification.
    AttentionEmbedder : Features for other models, learned without labels.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skattn import GraphAttentionRegressor
    >>> X, y = make_friedman1(random_state=0)
    >>> reg = GraphAttentionRegressor(max_epochs=50, random_state=0).fit(X, y)
    >>> reg.predict(X).shape
    (100,)
    """

    _label_reader = NumberReader

    def __init__(
        self,
        *,
        graph=None,
        unlabeled=None,
        n_neighbors=8,
        attention="gatv2",
        n_layers=3,
        n_heads=4,
        hidden_dim=64,
        residual=True,
        norm="layer",
        dropout="auto",
        attention_dropout=0.0,
        readout="attention",
        encoder=None,
        pretrained=None,
        learning_rate=0.005,
        weight_decay=5e-3,
        max_epochs=500,
        batch_size="auto",
        fanout=None,
        early_stopping="auto",
        scoring=None,
        n_iter_no_change=50,
        net_params=None,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.graph = graph
        self.unlabeled = unlabeled
        self.n_neighbors = n_neighbors
        self.attention = attention
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.hidden_dim = hidden_dim
        self.residual = residual
        self.norm = norm
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.readout = readout
        self.encoder = encoder
        self.pretrained = pretrained
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.fanout = fanout
        self.early_stopping = early_stopping
        self.scoring = scoring
        self.n_iter_no_change = n_iter_no_change
        self.net_params = net_params
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def score(self, X, y, sample_weight=None, *, adjacency=None):
        """Compute R², the coefficient of determination.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            As for :meth:`predict`.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Values; rows with an ``unlabeled`` entry are left out.
        sample_weight : array-like of shape (n_rows,), optional
            Weights of the rows.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            As for :meth:`predict`.

        Returns
        -------
        float
            R², averaged over the outputs; 1 is best.
        """
        predicted = self.predict(X, adjacency=adjacency)
        y, known = NumberReader.of(self).read(y)
        rows = known.reshape(len(known), -1).all(1)
        weight = None if sample_weight is None else np.asarray(sample_weight)[rows]
        return r2_score(y[rows], predicted[rows], sample_weight=weight)
