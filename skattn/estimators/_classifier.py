"""Classifier of nodes, rows, graphs and sequences."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score

from skattn._compat_sklearn import Interval, StrOptions
from skattn.estimators._label_reader import ClassReader, check_like_predicted
from skattn.estimators._predictor import GraphAttentionPredictor
from skattn.graph._unknown_labels import check_mark
from skattn.nn._smoothing import MAX_SMOOTHING


class GraphAttentionClassifier(ClassifierMixin, GraphAttentionPredictor):
    """Graph attention network that classifies nodes, rows, graphs or sequences.

    The network consists of multi-head attention layers over the edges of a graph, each
    with a linear residual, normalisation and dropout, and a linear output layer. The
    input of ``fit`` determines the graph:

    * ``fit(X, y)`` with a plain table: the k-NN graph of its rows;
    * ``fit(X, y, adjacency=A)``: the graph with this adjacency over the rows;
    * ``fit(G[train], y[train])`` with a :class:`~skattn.Graph`: all of ``G``; the
      selected nodes are the targets, the others are context;
    * ``fit(df, y)`` with the parameter ``graph``: that graph; the rows of the DataFrame
      join its nodes by label;
    * ``fit(graphs, y)`` with a list of graphs: one label per graph, after a readout of
      its nodes;
    * ``fit(sequences, y)`` with a list of arrays (n_steps, n_features) or an array
      (n_sequences, n_steps, n_features): one label per sequence, whose patches all
      attend to each other; for other edges see
      :class:`~skattn.preprocessing.SequenceGraph`.

    Read more in the :doc:`user guide </guide/index>`.

    Parameters
    ----------
    graph : Graph or None, default=None
        Graph that the rows of a DataFrame join by node label. The labels of the rows
        are the index or the column with the name of ``graph.nodes``, else an index of
        text.
    unlabeled : object, default=None
        Value in y that marks an unknown label, such as -1 or NaN; NaN stands for any
        missing value (None, NaN, NA, NaT). It is excluded from the loss and from the
        classes; the row stays in the graph. Masked entries are unknown too. None: all
        labels are known.
    label_inputs : "auto" or bool, default="auto"
        Whether the known labels of other rows are inputs: those of the labelled rows of
        ``fit`` that a row attends to, never its own and never one that is held out, see
        the :doc:`user guide </guide/known_labels>`. "auto": True for the nodes of a
        graph without features, else False. Not for lists of graphs and sequences.
    n_neighbors : int, default=15
        Number of nearest neighbours of each row in the k-NN graph of a plain table; not
        used with a given graph.
    standardize : "auto" or bool, default="auto"
        Whether to standardise node features, edge features and descriptors with mean
        and standard deviation of the training rows, nodes, graphs or sequences. Of
        features, columns of 0 and 1 are not changed; columns that are mostly 0 or have
        one value beside 0 are divided by the root mean square of what is not 0. "auto":
        dense features; True: sparse ones, too, without centring; False: none.
        Neighbours in a plain table are those of the features as given.
    categorical_features : array-like or None, default="from_dtype"
        Categorical features of a dense X: positions, column names or a boolean mask.
        "from_dtype": columns of a DataFrame with categories or text; None: no feature.
        Each category, at most 255 per feature, becomes a column of 0 and 1, and so do
        missing categories; one that ``fit`` did not see has 0 in all of them. A missing
        number is replaced by the mean, and a column of 0 and 1 is added that indicates
        it if ``fit`` saw any. With categorical features, neighbours in a plain table
        are those of standardised features.
    attention : {"gatv2", "gat", "dot"}, default="gatv2"
        Attention score of an edge: of GATv2 (Brody et al. 2022), of GAT (Velickovic et
        al. 2018), which ranks senders alike for all receivers, or the scaled dot
        product. See :class:`~skattn.nn.GraphAttention`.
    n_layers : int or "auto", default="auto"
        Number of layers: an output depends on the ``n_layers``-hop neighbourhood of its
        node. "auto": that of ``pretrained``; without it 3, except for the nodes of one
        graph without ``fanout``: 5 with at least 20 labels per feature, 2 with more
        features than labels, unless neighbours are known to differ in class. On a plain
        table only the last layer attends (:class:`~skattn.EncoderConfig`).
    n_heads : int, default=4
        Number of attention heads of each layer.
    hidden_dim : int, default=64
        Output width of each layer, all heads together; a multiple of ``n_heads``.
    residual : bool or "auto", default="auto"
        Whether to add a linear map of a layer's input to its output. "auto": True; with
        ``pretrained`` that of the embedder, as for ``norm``.
    norm : {"auto", "layer", "batch"} or None, default="auto"
        Normalisation of each layer's output. "auto": None on a plain table, "layer" for
        nodes with fewer than 20 labels per feature or with ``fanout``, else "batch".
    dropout : float or "auto", default="auto"
        Dropout probability of each layer's input. "auto": 0.5 with more features than
        labelled rows, otherwise 0.3 on a plain table and 0.2 elsewhere. For the node
        features see ``input_dropout`` of :class:`~skattn.EncoderConfig`.
    attention_dropout : float, default=0.0
        Dropout probability of the attention weights (after the softmax); 0.6 in the GAT
        paper.
    smoothing : int or "auto", default="auto"
        Number of times, at most 100, that outputs are averaged over neighbours after
        the training, see the :ref:`user guide <smoothed-predictions>`. "auto": 2 for
        the nodes of one graph with more features than labels, unless neighbours are
        known to differ in class, or with ``pretrained``, ``fanout``, known labels as
        inputs or ``output="attention"``; else 0.
    readout : {"attention", "mean", "sum", "max", "hierarchical"}, default="attention"
        Pooling of a graph's nodes to one vector, if X is a list of graphs or sequences.
        "attention": a weighted mean, with learned attention weights per head.
        "hierarchical": self-attention graph pooling (Lee et al. 2019), see
        :class:`~skattn.nn.HierarchicalReadout`.
    encoder : EncoderConfig or None, default=None
        Further parameters of the network: activation, feed-forward networks, jumping
        knowledge, hops, convolution, positional encoding, output layer.
    pretrained : AttentionEmbedder or None, default=None
        Fitted embedder with the same encoder parameters, whose weights initialise the
        encoder. In a search or a cross-validation, where estimators are cloned, pass
        ``FrozenEstimator(embedder)``. :meth:`save` does not store it.
    learning_rate : float, default=0.005
        Learning rate of the optimizer (Adam). It falls to 0 over the last 30 % of
        ``max_epochs``, unless ``net_params`` has a
        :class:`skorch.callbacks.LRScheduler`.
    weight_decay : float or "auto", default="auto"
        L2 penalty on all parameters. "auto": on a plain table 0.001 to 0.05, in
        proportion to how often the nearest row has another class (0.02 if that is
        unknown); 1e-5 for graphs and sequences; 0.005 for the nodes of one graph, less
        with more than 500 labels if at least 20 per feature, 0.02 with more features
        than labels (see :doc:`/defaults`). Ignored if the optimizer has none.
    max_epochs : int or "auto", default="auto"
        Maximum number of epochs (passes over the data). On a single graph without
        ``fanout`` an epoch is one training step. "auto": 200 on a plain table, 50 for
        graphs and sequences, 500 for the nodes of one graph.
    batch_size : int or "auto", default="auto"
        Number of graphs or sequences per training batch if X is a list ("auto": 32
        graphs, more from 4224 graphs on, or an eighth of the sequences, within 16 and
        128), or of target nodes per batch with ``fanout`` ("auto": 1024). Decrease it
        if a training step does not fit into memory.
    fanout : sequence of int or None, default=None
        Neighbour sampling, for training on a graph that is too large for full-batch
        steps (Hamilton et al. 2017): number of senders sampled per node, by distance
        from the targets; one number per layer, such as ``(15, 10, 5)``. Validation and
        prediction use all neighbours. None: no sampling.
    early_stopping : "auto", bool or float, default="auto"
        Whether to stop when validation no longer improves, and to keep the weights of
        the best epoch. The validation data are ``X_val``, or else a held-out fraction
        of the labelled rows: this float, or 0.1 for True. "auto": True with ``X_val``
        or with at least 2000 labelled rows and 10 of every class. False: the weights of
        the last epoch are kept.
    scoring : str, callable or None, default=None
        Validation score that selects the best epoch; greater is better. Name of a
        scorer, or callable ``scorer(estimator, X, y)`` that only passes its X to
        methods of ``estimator``. None: accuracy. Rows with unknown labels are left out;
        ``sample_weight`` is used, ``class_weight`` is not.
    n_iter_no_change : int, default=50
        Number of consecutive epochs with neither a better validation score nor a lower
        validation loss after which training stops.
    net_params : dict or None, default=None
        Further arguments of the :class:`skorch.NeuralNet`, such as ``optimizer`` and
        ``callbacks``, see the :doc:`user guide </guide/torch_and_skorch>`.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn; also used in the validation loss.
    device : str or torch.device, default="auto"
        Device: "cpu", "cuda", "cuda:1", "mps", or "auto" for the first available one of
        CUDA, MPS and the CPU. If it is not available, ``fit`` raises an error and a
        fitted model predicts on the CPU, with a warning.
    random_state : int, RandomState or None, default=None
        Seed of all random numbers: initial weights, held-out rows, batches, dropout.
    verbose : int, default=0
        Verbosity: 0 is silent, otherwise one line is printed per epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels; column numbers if y is an indicator matrix.
    n_features_in_ : int
        Number of features; 0 for a graph without features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Feature names, if X has column names.
    input_summary_ : dict of str to object
        Input of ``fit``. ``kind``: "table", "adjacency", "graph", "named" (rows joined
        to ``graph``), "graphs" or "sequences". ``n_graphs``, ``n_nodes``, ``n_edges``
        (without added self-loops), ``n_features``, ``n_edge_features``,
        ``n_descriptors`` if graphs have any, or the number of segment means of a
        sequence; ``patch_stride``, the steps from one node of a sequence to the next,
        and ``patch_length``. ``n_train`` and ``n_validation``: labelled rows in
        training and in validation.
    resolved_params_ : dict of str to object
        Values that ``fit`` used for "auto", also for ``encoder__activation`` and so on;
        ``batch_size`` is None if a training step is computed on the whole graph.
    n_iter_ : int
        Number of epochs run.
    loss_curve_ : list of float
        Training loss of each epoch.
    validation_curve_ : list of float or None
        Validation loss of each epoch; None without validation.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the torch module.

    See Also
    --------
    GraphAttentionRegressor : Graph attention network for regression.
    AttentionEmbedder : Features for other models, learned without labels.
    AttentionLinkPredictor : Prediction of links between nodes.
    skattn.inspection.explain : Explanation of predictions.

    Notes
    -----
    ``adjacency[i, j] != 0`` means that node ``i`` (the receiver) attends to node ``j``
    (the sender). Missing self-loops are added. For the choice of the default values see
    :doc:`/defaults`.

    References
    ----------
    Velickovic et al., "Graph Attention Networks", ICLR 2018.

    Brody, Alon and Yahav, "How Attentive are Graph Attention Networks?", ICLR 2022.

    Hamilton, Ying and Leskovec, "Inductive Representation Learning on Large Graphs",
    NeurIPS 2017.

    Examples
    --------
    Classify the rows of a table:

    >>> from sklearn.datasets import load_iris
    >>> from skattn import GraphAttentionClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = GraphAttentionClassifier(max_epochs=50, random_state=0).fit(X, y)
    >>> clf.predict(X[:2])
    array([0, 0])

    Classify the nodes of a graph, a tenth of them labelled:

    >>> from skattn.datasets import make_communities
    >>> graph, y = make_communities(random_state=0)
    >>> clf = GraphAttentionClassifier(max_epochs=50, random_state=0)
    >>> clf.fit(graph[::10], y[::10]).score(graph[1::10], y[1::10])
    1.0
    """

    _label_reader = ClassReader

    _parameter_constraints: ClassVar[dict] = {
        **GraphAttentionPredictor._parameter_constraints,
        "smoothing": [
            Interval(Integral, 0, MAX_SMOOTHING, closed="both"),
            StrOptions({"auto"}),
        ],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        *,
        graph=None,
        unlabeled=None,
        label_inputs="auto",
        n_neighbors=15,
        standardize="auto",
        categorical_features="from_dtype",
        attention="gatv2",
        n_layers="auto",
        n_heads=4,
        hidden_dim=64,
        residual="auto",
        norm="auto",
        dropout="auto",
        attention_dropout=0.0,
        smoothing="auto",
        readout="attention",
        encoder=None,
        pretrained=None,
        learning_rate=0.005,
        weight_decay="auto",
        max_epochs="auto",
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
        self.label_inputs = label_inputs
        self.n_neighbors = n_neighbors
        self.standardize = standardize
        self.categorical_features = categorical_features
        self.attention = attention
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.hidden_dim = hidden_dim
        self.residual = residual
        self.norm = norm
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.smoothing = smoothing
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
        if not hasattr(self, "_label_encoding_"):
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute 'classes_' before fit"
            )
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
            One column per entry of ``classes_``. Rows sum to 1; if y is an indicator
            matrix, columns are independent probabilities.
        """
        outputs = self._outputs(X, adjacency)
        return self._label_encoding_.probability(outputs)

    def predict_log_proba(self, X, *, adjacency=None):
        """Predict the logarithm of the probability of every class.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            As for :meth:`predict`.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            As for :meth:`predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Logarithms of :meth:`predict_proba`, finite for probabilities that round
            to 0.
        """
        outputs = self._outputs(X, adjacency)
        return self._label_encoding_.log_probability(outputs)

    def score(self, X, y, sample_weight=None, *, adjacency=None):
        """Compute the accuracy of the predictions.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            As for :meth:`predict`.
        y : array-like of shape (n_rows,) or (n_rows, n_labels)
            True labels; unknown ones (``unlabeled``, masked) are left out.
        sample_weight : array-like of shape (n_rows,), optional
            Weights of the rows.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            As for :meth:`predict`.

        Returns
        -------
        float
            Fraction of correct rows. A row of an indicator matrix is correct if all its
            known labels are.
        """
        predicted = self.predict(X, adjacency=adjacency)
        given = {"y": y, "sample_weight": sample_weight}
        y, sample_weight = self._context_.align(X, adjacency, **given)
        y, known = ClassReader.of(self).read(y)
        check_mark(y, known, self.unlabeled, self.classes_)
        check_like_predicted(y, predicted)
        if y.ndim == 2:
            y = np.where(known, y, predicted)  # an unknown label is never wrong
            known = known.any(1)
        weight = None if sample_weight is None else np.asarray(sample_weight)[known]
        return accuracy_score(y[known], predicted[known], sample_weight=weight)
