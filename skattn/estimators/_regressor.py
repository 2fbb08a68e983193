"""The regressor."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from skattn.estimators._label_reader import NumberReader
from skattn.estimators._predictor import GraphAttentionPredictor


class GraphAttentionRegressor(RegressorMixin, GraphAttentionPredictor):
    """Predict numbers for nodes, rows, graphs or sequences by attention over edges.

    As :class:`GraphAttentionClassifier`, with the squared error in place of the
    softmax: X is a view of a graph, a table, or a list of graphs or sequences, each
    of which has one answer, or an array (n_sequences, n_steps, n_features). y is
    standardised inside and given back in its own units.

    Parameters
    ----------
    graph : Graph or None, default=None
        The graph that the rows of a DataFrame join by name: the index, or a column
        called as the graph's nodes are.
    unlabeled : float or None, default=None
        The mark of an unknown entry of y, such as NaN: it gives no loss. None: every
        entry is an answer.
    n_neighbors : int, default=8
        Neighbours a row attends to, where the graph is made from a plain table.
    attention : {"gatv2", "gat", "dot"}, default="gatv2"
        How an edge is scored, see :class:`~skattn.nn.GraphAttention`.
    n_layers : int, default=3
        Number of layers. All attend, so that a node sees as many hops away; but where
        the graph is made from a plain table, and says nothing that the features do not,
        only the last does, see the ``n_feature_layers`` of :class:`EncoderConfig`.
    n_heads : int, default=4
        Attentions side by side in each layer.
    hidden_dim : int, default=64
        Total width of a layer; divisible by ``n_heads``.
    residual : bool, default=True
        Whether a linear map of a layer's input joins its output.
    norm : {"layer", "batch"} or None, default="layer"
        What normalises it.
    dropout : float or "auto", default="auto"
        Probability that an entry of a layer's input is dropped in training. "auto": 0.5
        where the graph is made from a plain table, or there are more features than
        examples; 0.2 elsewhere. Features that outnumber the examples are dropped as
        well, on one graph with 0.9 if this is "auto"; ``input_dropout`` of
        `EncoderConfig` overrides it.
    attention_dropout : float, default=0.0
        Probability that a weight is dropped in training.
    readout : {"attention", "mean", "sum", "max", "hierarchical"}, default="attention"
        How the nodes of a graph become one vector, where X is a list: a learned query
        per head attends to the nodes; their mean, sum or largest entries; or, level by
        level, those of the better half (Lee et al. 2019).
    encoder : EncoderConfig or None, default=None
        A recipe for what few need: activation, feed-forward parts, several scales,
        the output.
    pretrained : AttentionEmbedder or None, default=None
        A fitted embedder whose encoder, made with the same parameters, is where
        training starts; as ``FrozenEstimator(embedder)`` it survives being cloned, in a
        search or a cross-validation. A file that :meth:`save` wrote does not hold it.
    learning_rate : float, default=0.005
        Step size of the optimizer (Adam). Without early stopping the last epoch's
        weights count, and steps fall to zero in the last 30 % of the epochs; a
        :class:`skorch.callbacks.LRScheduler` in ``net_params`` replaces that.
    weight_decay : float, default=5e-3
        L2 penalty on all parameters, unless an optimizer in `net_params` has none.
    max_epochs : int, default=500
        Passes over all graphs, at most; on a single graph these are training steps.
    batch_size : int or "auto", default="auto"
        Graphs or sequences of a list in one training step, "auto" for 128; or, with
        ``fanout``, targets of one graph, "auto" for 1024.
    fanout : sequence of int or None, default=None
        For one graph that is too large to train on as a whole: how many senders are
        drawn for every target, then for each of these, and so on, one number per layer
        (Hamilton et al. 2017). Predictions and validation see all neighbours. None:
        training does too, in one batch.
    early_stopping : "auto", bool or float, default="auto"
        Whether to stop when validation no longer improves, and keep the best weights.
        A float is the fraction of labelled rows to hold out; True is 0.1. "auto": if
        ``X_val`` is given, or if there are 2000 labelled rows.
    scoring : str, callable or None, default=None
        What validation is judged by: the best epoch has the highest score, and an epoch
        whose score is the best so far is progress, as is one of the lowest loss. A name
        as in :func:`sklearn.metrics.get_scorer`, or ``scorer(estimator, X, y)``, whose
        X is only good for being predicted. None: minus the squared error. Rows with
        unknown entries are left out; ``sample_weight`` counts.
    n_iter_no_change : int, default=50
        Epochs without progress after which to stop.
    net_params : dict or None, default=None
        Arguments for the :class:`skorch.NeuralNet` inside: optimizer, callbacks. The
        net sees batches and goals: skorch's EpochScoring needs a ``target_extractor``
        (``lambda goal: goal.y.numpy(force=True)``) and a function of raw outputs.
    device : str or torch.device, default="auto"
        "auto", "cpu", "cuda", "cuda:1", "mps". Where it is not there, ``fit`` fails;
        a fitted model predicts on the CPU, with a warning.
    random_state : int, RandomState or None, default=None
        Source of the weights, the held-out rows and dropout.
    verbose : int, default=0
        Whether to print a line an epoch.

    Attributes
    ----------
    n_features_in_ : int
        Number of features; 0 for a graph without any.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if they had any.
    n_iter_ : int
        Number of epochs run.
    loss_curve_ : list of float
        Training loss of each epoch, of standardised y.
    validation_curve_ : list of float or None
        Validation loss of each epoch, if there was validation.
    net_ : AttentionNet
        The trained skorch net; ``net_.module_`` is the torch module.

    See Also
    --------
    GraphAttentionClassifier : The same for classes.
    AttentionEmbedder : Features for other models, learned without answers.

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
        """Compute R², the fraction of the variance that is explained.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            As for :meth:`predict`.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            The answers; rows that hold an ``unlabeled`` entry are left out.
        sample_weight : array-like of shape (n_rows,), optional
            How much each row counts.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            As for :meth:`predict`.

        Returns
        -------
        float
            R², the mean over several outputs; 1 is best.
        """
        predicted = self.predict(X, adjacency=adjacency)
        y, known = NumberReader.of(self).read(y)
        rows = known.reshape(len(known), -1).all(1)
        weight = None if sample_weight is None else np.asarray(sample_weight)[rows]
        return r2_score(y[rows], predicted[rows], sample_weight=weight)
