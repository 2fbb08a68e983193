"""Embeddings by masked reconstruction."""

from functools import partial
from numbers import Integral, Real
from typing import ClassVar

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import (
    Interval,
    StrOptions,
    _fit_context,
    _get_output_config,
    with_callbacks,
)
from skattn.estimators._base import REQUESTED, GraphAttentionEstimator
from skattn.estimators._encoder_config import MAX_WIDTH
from skattn.estimators._reconstruction import (
    plan_reconstruction,
    without_descriptors,
)
from skattn.estimators._transaction import fit
from skattn.graph._alignment import has_index
from skattn.nn._smoothing import MAX_SMOOTHING


class AttentionEmbedder(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, GraphAttentionEstimator
):
    """Masked graph autoencoder that embeds nodes, rows, graphs or sequences.

    The embedding is learned without labels (GraphMAE, Hou et al. 2022). A training step
    masks the features of some nodes, encodes the graph, masks the codes of the same
    nodes again, and reconstructs their features by one more attention layer, the
    decoder; the loss is the scaled cosine error. ``transform`` returns the codes of the
    unmasked graph: one row per target node or, if X is a list, per graph. Codes of
    the nodes of one graph are averaged over neighbours (``smoothing``) and have norm 1:
    linear models need no scaler, and penalties of usual size. Descriptors of graphs are
    not used. Read more in the :doc:`user guide </guide/embeddings>`.

    Parameters
    ----------
    n_components : int, default=64
        Width of the embedding. If it differs from ``hidden_dim``, a linear map of the
        last layer's output is added.
    mask_fraction : float, default=0.5
        Fraction of the nodes whose features are masked in a training step, between 0
        and 1.
    graph : Graph or None, default=None
        Graph that the rows of a DataFrame join by node label. The labels of the rows
        are the index or the column with the name of ``graph.nodes``, else an index of
        text.
    n_neighbors : int, default=8
        Number of nearest neighbours of each row in the k-NN graph of a plain table; not
        used with a given graph.
    standardize : "auto" or bool, default="auto"
        Whether to standardise node and edge features with mean and standard deviation
        of the training rows, nodes, graphs or sequences. Columns of 0 and 1 are not
        changed; columns that are mostly 0 or have one value beside 0 are divided by the
        root mean square of what is not 0. "auto": dense features; True: sparse ones,
        too, without centring; False: none. Neighbours in a plain table are those of the
        features as given.
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
        Number of attention layers: an output depends on the ``n_layers``-hop
        neighbourhood of its node. "auto": 2.
    n_heads : int, default=4
        Number of attention heads of each layer.
    hidden_dim : int, default=64
        Output width of each layer, all heads together; a multiple of ``n_heads``.
    residual : bool or "auto", default="auto"
        Whether to add a linear map of a layer's input to its output. "auto": not for
        nodes of one graph.
    norm : {"auto", "layer", "batch"} or None, default="auto"
        Normalisation of each layer's output. "auto": None for nodes of one graph,
        "layer" elsewhere.
    dropout : float or "auto", default="auto"
        Dropout probability of each layer's input. "auto": 0.5 on a plain table or with
        more features than nodes, 0.2 elsewhere. For the node features see
        ``input_dropout`` of :class:`~skattn.EncoderConfig`.
    attention_dropout : float, default=0.0
        Dropout probability of the attention weights (after the softmax); 0.6 in the GAT
        paper.
    smoothing : int or "auto", default="auto"
        Number of times that ``transform`` replaces the code of each node by the mean
        over the node and its neighbours, weighted by the edge weights, at most 100; an
        embedding then depends on as many hops more. "auto": 2 for nodes of one graph, 0
        elsewhere. Use 0 if neighbours are seldom alike.
    readout : {"mean", "sum", "max"}, default="mean"
        Pooling of a graph's nodes to one vector, if X is a list of graphs or sequences.
    encoder : EncoderConfig or None, default=None
        Further parameters of the network: activation, feed-forward networks, jumping
        knowledge, hops, convolution, positional encoding. ``output`` is not used;
        ``feature_embedding`` must be None.
    learning_rate : float, default=0.003
        Learning rate of the optimizer (Adam). It falls to 0 over the last 30 % of the
        epochs, unless ``net_params`` has a :class:`skorch.callbacks.LRScheduler`.
    weight_decay : float, default=2e-4
        L2 penalty on all parameters. Ignored if the optimizer in ``net_params`` has
        none.
    max_epochs : int, default=150
        Number of epochs (passes over the data). On a single graph without ``fanout`` an
        epoch is one training step.
    batch_size : int or "auto", default="auto"
        Number of graphs or sequences per batch if X is a list ("auto": 128), or of
        target nodes per batch with ``fanout`` ("auto": 1024). Decrease it if a training
        step does not fit into memory.
    fanout : sequence of int or None, default=None
        Neighbour sampling, for training on a graph that is too large for full-batch
        steps (Hamilton et al. 2017): number of senders sampled per node, by distance
        from the targets; one number per layer and one for the decoder, such as
        ``(15, 10, 5)``. ``transform`` uses all neighbours. None: no sampling.
    net_params : dict or None, default=None
        Further arguments of the :class:`skorch.NeuralNet`, such as ``optimizer`` and
        ``callbacks``.
    device : str or torch.device, default="auto"
        Device: "cpu", "cuda", "cuda:1", "mps", or "auto" for the first available one of
        CUDA, MPS and the CPU. If it is not available, ``fit`` raises an error and a
        fitted model transforms on the CPU, with a warning.
    random_state : int, RandomState or None, default=None
        Seed of all random numbers: initial weights, masks, batches, dropout.
    verbose : int, default=0
        Verbosity: 0 is silent, otherwise one line is printed per epoch.

    Attributes
    ----------
    n_features_in_ : int
        Number of features; 0 for a graph without features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Feature names, if X has column names.
    input_summary_ : dict of str to object
        Input of ``fit``. ``kind``: "table", "adjacency", "graph", "named" (rows joined
        to ``graph``), "graphs" or "sequences". ``n_graphs``, ``n_nodes``, ``n_edges``
        (without added self-loops), ``n_features``, ``n_edge_features``; of sequences
        ``patch_stride`` and ``patch_length``.
    resolved_params_ : dict of str to object
        Values that ``fit`` used for the parameters that can be "auto", and for
        ``input_dropout``; those of the encoder as ``encoder__activation`` and so on.
        ``batch_size`` is None if a training step is computed on the whole graph.
    n_iter_ : int
        Number of epochs run.
    loss_curve_ : list of float
        Training loss of each epoch.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the torch module.

    See Also
    --------
    GraphAttentionClassifier : Its parameter ``pretrained`` takes a fitted embedder.
    GraphAttentionRegressor : Its parameter ``pretrained`` takes a fitted embedder.
    skattn.inspection.EmbeddingDisplay : Picture of an embedding.
    skattn.preprocessing.NeighborFeatures : Statistics of neighbours, without training.

    Notes
    -----
    ``fit`` uses all nodes of its input: the targets of a view and their context alike.
    ``adjacency[i, j] != 0`` means that node ``i`` (the receiver) attends to node ``j``
    (the sender). Missing self-loops are added.

    References
    ----------
    Hou et al., "GraphMAE: Self-Supervised Masked Graph Autoencoders", KDD 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skattn import AttentionEmbedder
    >>> X, y = load_iris(return_X_y=True)
    >>> embedder = AttentionEmbedder(n_components=8, max_epochs=20, random_state=0)
    >>> embedder.fit_transform(X).shape
    (150, 8)
    >>> model = make_pipeline(embedder, LogisticRegression()).fit(X, y)
    """

    __metadata_request__fit = REQUESTED
    __metadata_request__transform = REQUESTED

    _AUTO_DEPTH: ClassVar[int] = 2

    _parameter_constraints: ClassVar[dict] = {
        **GraphAttentionEstimator._parameter_constraints,
        "n_components": [Interval(Integral, 1, MAX_WIDTH, closed="both")],
        "mask_fraction": [Interval(Real, 0, 1, closed="neither")],
        "readout": [StrOptions({"mean", "sum", "max"})],
        "smoothing": [
            StrOptions({"auto"}),
            Interval(Integral, 0, MAX_SMOOTHING, closed="both"),
        ],
    }

    def __init__(
        self,
        *,
        n_components=64,
        mask_fraction=0.5,
        graph=None,
        n_neighbors=8,
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
        readout="mean",
        encoder=None,
        learning_rate=0.003,
        weight_decay=2e-4,
        max_epochs=150,
        batch_size="auto",
        fanout=None,
        net_params=None,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.mask_fraction = mask_fraction
        self.graph = graph
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
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.fanout = fanout
        self.net_params = net_params
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # always float32
        return tags

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, adjacency=None):
        """Learn to reconstruct masked features from the neighbourhood.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            A graph, a list of graphs or of sequences, or a table. The rows of a table
            are the nodes of ``adjacency`` if it is given; else they join the parameter
            ``graph`` by node label if it is set; else a k-NN graph is made.
        y : None
            Ignored.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            Graph of the rows: row ``i`` attends to row ``j`` where
            ``adjacency[i, j] != 0``.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If the input is invalid; an earlier fit is then kept.
        MemoryError
            If a training step needs more memory than is available.
        KeyboardInterrupt
            If the user interrupts the training; the current weights are kept.
        """
        plan = partial(plan_reconstruction, X=X, adjacency=adjacency)
        return fit(self, plan, X=X, y=y, adjacency=adjacency)

    def transform(self, X, *, adjacency=None):
        """Compute the embeddings of rows, target nodes, graphs or sequences.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            The same kind of input as in ``fit``. New rows of a table attend to the
            fitted rows only; graphs and sequences are independent of each other.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            Adjacency over these rows; required if and only if ``fit`` was given one.

        Returns
        -------
        ndarray of shape (n_rows, n_components), float32
            One embedding per row, target node, graph or sequence. With pandas output
            (``set_output``), the index is that of X or holds the labels of the nodes.

        Raises
        ------
        ValueError
            If the input differs from that of ``fit`` in kind or in its features, or an
        output is not finite because features are too large.
        NotFittedError
            If called before ``fit``.
        """
        outputs = self._outputs(X, adjacency)
        if has_index(X) or _get_output_config("transform", self)["dense"] != "pandas":
            return outputs
        names = self._context_.row_names(X, adjacency)
        return outputs if names.labels is None else names.index_rows(outputs)

    def fit_transform(self, X, y=None, *, adjacency=None):
        """Fit, then transform the same input.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            As for :meth:`fit`.
        y : None
            Ignored.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            As for :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_components), float32
            Embeddings, as returned by ``fit(X).transform(X)``.
        """
        return self.fit(X, y, adjacency=adjacency).transform(X, adjacency=adjacency)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns of an embedding.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Compared with the names of ``fit``; those of X, with or without the column
            that names the nodes of ``graph``.

        Returns
        -------
        ndarray of str of shape (n_components,)
            ``attentionembedder0``, ``attentionembedder1``, ...

        Raises
        ------
        ValueError
            If ``input_features`` differ from those of ``fit``.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        if input_features is not None:
            key = self._context_.key_column
            input_features = [name for name in input_features if name != key]
        return super().get_feature_names_out(input_features)

    def _prepare(self, X, adjacency=None):
        return super()._prepare(without_descriptors(X), adjacency)

    def _prepare_part(self, X, adjacency=None):
        return super()._prepare_part(without_descriptors(X), adjacency)

    def _outputs(self, X, adjacency):
        return super()._outputs(without_descriptors(X), adjacency)

    @property
    def _n_features_out(self):
        return self.n_components

    @property
    def _n_attentions(self):
        return self._depth + 1  # the decoder is one
