"""The classifier."""

from typing import ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score

from skattn._compat_sklearn import StrOptions
from skattn.estimators._label_reader import ClassReader
from skattn.estimators._predictor import GraphAttentionPredictor


class GraphAttentionClassifier(ClassifierMixin, GraphAttentionPredictor):
    """Classify nodes, rows, graphs or sequences by attention over edges.

    Layers of multi-head attention over the edges of a graph, each with a linear
    residual, normalisation and dropout, then a softmax. What the graph is depends on
    what ``fit`` is given: a view of a :class:`~skattn.Graph`, whose nodes are
    classified; a table with ``adjacency=``; a table whose rows join the parameter
    ``graph`` by name; or a plain table, for which nearest neighbours are joined.

    Where X is a list of graphs, each graph is classified as a whole, after a readout of
    its nodes. So is each sequence of a list of arrays (n_steps, n_features), of any
    length, or of one array (n_sequences, n_steps, n_features). All its steps attend to
    each other; :class:`~skattn.preprocessing.SequenceGraph` is the step before that
    joins them otherwise.

    Parameters
    ----------
    graph : Graph or None, default=None
        The graph that the rows of a DataFrame join by name: the index, or a column
        called as the graph's nodes are.
    unlabeled : object, default=None
        The mark of an unknown entry of y, such as -1: it gives no loss and is no
        class. None: every entry is an answer.
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
        where there are more features than examples; else 0.4 where the graph is made
        from a plain table, 0.2 elsewhere. Features that outnumber the examples are
        dropped as well; if this is "auto", those of one graph with 0.9, and of a plain
        table, if they are fewer, with 0.1. `EncoderConfig` may say otherwise with
        ``input_dropout``.
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
        ``X_val`` is given, or if there are 2000 labelled rows, 10 of every class.
    scoring : str, callable or None, default=None
        What validation is judged by: the best epoch has the highest score, and an epoch
        whose score is the best so far is progress, as is one of the lowest loss. A name
        as in :func:`sklearn.metrics.get_scorer`, or ``scorer(estimator, X, y)``, whose
        X is only good for being predicted. None: the accuracy. Rows with unknown
        entries are left out; ``sample_weight`` counts, ``class_weight`` does not.
    n_iter_no_change : int, default=50
        Epochs without progress, in loss and in score, after which to stop.
    net_params : dict or None, default=None
        Arguments for the :class:`skorch.NeuralNet` inside: optimizer, callbacks. The
        net sees batches and goals: skorch's EpochScoring needs a ``target_extractor``
        (``lambda goal: goal.y.numpy(force=True)``) and a function of raw outputs.
    class_weight : dict, list of dict, "balanced" or None, default=None
        How much each class counts, as in scikit-learn; in validation too.
    device : str or torch.device, default="auto"
        "auto", "cpu", "cuda", "cuda:1", "mps". Where it is not there, ``fit`` fails;
        a fitted model predicts on the CPU, with a warning.
    random_state : int, RandomState or None, default=None
        Source of the weights, the held-out rows and dropout.
    verbose : int, default=0
        Whether to print a line an epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels; numbers of the columns if y was an indicator matrix.
    n_features_in_ : int
        Number of features; 0 for a graph without any.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if they had any.
    n_iter_ : int
        Number of epochs run.
    loss_curve_ : list of float
        Training loss of each epoch.
    validation_curve_ : list of float or None
        Validation loss of each epoch, if there was validation.
    net_ : AttentionNet
        The trained skorch net; ``net_.module_`` is the torch module.

    See Also
    --------
    GraphAttentionRegressor : The same for numbers.
    AttentionEmbedder : Features for other models, learned without answers.
    skattn.inspection.attention_weights : What a fitted model looks at.

    References
    ----------
    Velickovic et al., "Graph Attention Networks", ICLR 2018.

    Brody, Alon and Yahav, "How Attentive are Graph Attention Networks?", ICLR 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skattn import GraphAttentionClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = GraphAttentionClassifier(max_epochs=50, random_state=0).fit(X, y)
    >>> clf.predict(X[:2])
    array([0, 0])

    Of a list of graphs every graph has a class:

    >>> from skattn import Graph
    >>> path = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> ring = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    >>> clf = GraphAttentionClassifier(max_epochs=50, random_state=0)
    >>> clf.fit([path, ring], ["path", "ring"]).predict([ring, path])
    array(['ring', 'path'], dtype='<U4')
    """

    _label_reader = ClassReader

    _parameter_constraints: ClassVar[dict] = {
        **GraphAttentionPredictor._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

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
        class_weight=None,
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
        self.class_weight = class_weight
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @property
    def classes_(self):
        """Class labels, of shape (n_classes,)."""
        return self._label_encoding_.classes

    def predict_proba(self, X, *, adjacency=None):
        """Predict the probability of every class.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            As for :meth:`predict`.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            As for :meth:`predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            One column per entry of ``classes_``. Rows sum to 1; if y was an indicator
            matrix, every column is a probability of its own.
        """
        outputs = self._outputs(X, adjacency)
        return self._label_encoding_.probability(outputs)

    def score(self, X, y, sample_weight=None, *, adjacency=None):
        """Compute the accuracy of the predictions.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            As for :meth:`predict`.
        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            The answers; rows that are ``unlabeled`` are left out.
        sample_weight : array-like of shape (n_rows,), optional
            How much each row counts.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            As for :meth:`predict`.

        Returns
        -------
        float
            Fraction of right rows; of an indicator matrix, all known labels of a row
            must be right.
        """
        predicted = self.predict(X, adjacency=adjacency)
        y, known = ClassReader.of(self).read(y)
        if y.ndim == 2:
            y = np.where(known, y, predicted)  # an unknown label is never wrong
            known = known.any(1)
        weight = None if sample_weight is None else np.asarray(sample_weight)[known]
        return accuracy_score(y[known], predicted[known], sample_weight=weight)
