"""Configuration of the encoder."""

from numbers import Integral, Real
from typing import ClassVar

from sklearn.base import BaseEstimator

from skattn._compat_sklearn import DocumentedMixin, Interval, StrOptions
from skattn.nn._hops import as_hops, check_hops

MAX_LAYERS = 1000
MAX_WIDTH = 1_000_000
"""Bounds of sizes, far beyond useful ones, of which networks are still built."""


class EncoderConfig(DocumentedMixin, BaseEstimator):
    """Configuration of the encoder: less common parameters of an estimator.

    Pass it as ``encoder=EncoderConfig(...)`` to a classifier, regressor, embedder or
    link estimator. It holds no weights. Searches address its parameters as
    ``encoder__activation`` and so on, also if ``encoder`` is None.

    Parameters
    ----------
    activation : {"auto", "elu", "gelu", "relu", "silu"}, default="auto"
        Activation of each layer, after the normalisation. "auto": "gelu" for
        classification and regression of a plain table, "silu" for regression on the
        nodes of one graph, else "elu"; with ``pretrained`` it is "elu".
    share_weights : bool, default=False
        Whether query, key and value share one linear map, which reduces the number of
        weights: to half with ``attention="gatv2"``, to a third with "dot". With "gat"
        they are always shared. See :class:`~skattn.nn.GraphAttention`.
    feed_forward : int, default=0
        Hidden width of a feed-forward network after each attention, as in transformers,
        in multiples of ``hidden_dim``. 0: no feed-forward networks.
    input_dropout : float or "auto", default="auto"
        Dropout probability of the node features. "auto": with more features than
        labelled rows 0.9 for classification and regression of the nodes of one graph
        and 0.5 elsewhere; otherwise 0.1 for classification of a plain table, and of the
        nodes of one graph with at least 20 labels per feature (without ``fanout`` and
        ``pretrained``), 0.5 for an embedding of the nodes of one graph with at least
        100 features, 0.5 for pairs, and 0 elsewhere. It does not depend on ``dropout``
        of the estimator.
    value_dropout : float, default=0.0
        Dropout probability of the values, which leaves the attention scores unchanged;
        0.6 in the code of the GAT paper.
    output : {"linear", "attention"}, default="linear"
        Output layer. "linear": a linear layer after the ``n_layers`` layers;
        "attention": the last of the ``n_layers`` layers, as in the GAT paper.
    output_heads : int, default=1
        Number of heads of ``output="attention"``; their outputs are averaged.
    feature_embedding : {"periodic"} or None, default=None
        Embedding of the node features before the first layer. "periodic": sines of
        learned frequencies for each column, see :class:`~skattn.nn.PeriodicEmbedding`;
        for coordinates and other columns along which labels oscillate. Requires dense
        features; not for :class:`~skattn.AttentionEmbedder`.
    jumping : {"auto", "concat", "attention"} or None, default="auto"
        Jumping knowledge: combination of the outputs of all layers (Xu et al. 2018).
        "concat": a linear map of their concatenation; "attention": their average, with
        learned weights per node; None: the output of the last layer alone. "auto":
        "concat" for classification of a plain table without ``pretrained``, else None.
    hops : int or tuple of int, default=1
        Number of hops over which heads attend: to all nodes within that distance. A
        tuple such as ``(1, 2, 3)`` divides the heads into groups of equal size, one for
        each number of hops; ``n_heads`` must be divisible by its length. Edge weights
        and edge features are used by groups with one hop only.
    convolution : {"auto", "mean", "gcn", "sum"} or None, default="auto"
        Graph convolution added to the attention in each layer. "mean": the mean of the
        senders; "gcn": their sum, normalised by degrees (Kipf and Welling 2017); "sum":
        their sum, which counts neighbours (Xu et al. 2019). "auto": "gcn" for
        classification and regression of graphs, and for classification of the nodes of
        one graph if features outnumber labelled nodes and neighbours seldom share a
        class (adjusted homophily below 0.2, Platonov et al. 2023); else None.
    gated_convolution : bool or "auto", default="auto"
        Whether attention and convolution are weighted by a learned gate per node and
        channel; if not, they are added. "auto": True for the nodes of one
        graph for which ``convolution="auto"`` is "gcn", else False.
    degree_scaling : bool or "auto", default="auto"
        Whether to add a learned multiple of each attention's output times ``log(1 +
        number of senders)`` to it (Corso et al. 2020): attention is an average, which
        cannot count neighbours. "auto": True for classification and regression of
        the nodes of one graph without ``pretrained`` if there are no more features than
        labelled nodes, else False.
    global_attention : bool, default=False
        Whether each layer adds full attention between all nodes of a graph, as in
        GraphGPS (Rampasek et al. 2022). Time is quadratic in the number of nodes. Not
        for plain tables and rows that join ``graph``, which must not attend to each
        other.
    n_feature_layers : int or "auto", default="auto"
        Number of leading layers without message passing: row-wise linear layers in
        place of attention. Less than ``n_layers``. "auto": without ``pretrained``,
        ``n_layers - 1`` for classification and regression of a plain table and 1 for
        those of sequences; else 0.
    positional : {"random_walk", "laplacian", "degree"} or None, default=None
        Positional encoding, appended to the node features. See
        :class:`~skattn.preprocessing.PositionalEncoding`.
    positional_dim : int, default=16
        Number of columns of the positional encoding.
    max_patches : int, "auto" or None, default="auto"
        Maximum number of patches of the longest training sequence. The nodes of a
        sequence are overlapping patches of consecutive steps, so that a linear map of
        the features is a convolution (Nie et al. 2023), and long sequences have few
        nodes. None: single steps. "auto": 32 for classification and regression without
        ``pretrained``, else None. Not used for graphs, whose nodes are given, such as
        those of :class:`~skattn.preprocessing.SequenceGraph`.
    n_segments : int or "auto", default="auto"
        Number of equal segments of a sequence whose means (piecewise aggregate
        approximation, Keogh et al. 2001) join the readout before the output layer. It
        is reduced to the length of the longest training sequence, and so that all
        features have at most 1000 means. 0: none. "auto": 50 for classification and
        regression, 0 for an :class:`~skattn.AttentionEmbedder`, which allows no others.
    typing : {"auto", "matrix", "vector"} or None, default="auto"
        Use of the edge types of a graph. "matrix": a linear map of keys and values per
        type, as in relational GCN, relational GAT and the heterogeneous graph
        transformer, see :class:`~skattn.nn.TypedAttention`. "vector": a vector per type
        that joins keys and values, for hundreds or thousands of types, see
        :class:`~skattn.nn.TypeVectorAttention`. None: types are not used. "auto":
        "matrix" for graphs with edge types.
    n_bases : int, "auto" or None, default="auto"
        Number of basis matrices of which the maps of ``typing="matrix"`` are sums
        (Schlichtkrull et al. 2018), for many types with few edges each. None: a free
        matrix per type. "auto": 30 with more than 8 types, else None.
    neighbor_search : {"auto", "exact", "approximate"}, default="auto"
        Search for the neighbours of the rows of a plain table, see
        :func:`~skattn.graph.knn_graph`. "auto": "exact", but "approximate" for a dense
        table of at least 100 000 rows and 8 columns if pynndescent is installed.

    See Also
    --------
    GraphAttentionClassifier : Graph attention network for classification.
    GraphAttentionRegressor : Graph attention network for regression.
    AttentionEmbedder : Features for other models, learned without labels.
    AttentionLinkPredictor : Prediction of links.

    References
    ----------
    Xu et al., "Representation Learning on Graphs with Jumping Knowledge Networks",
    ICML 2018.

    Kipf and Welling, "Semi-Supervised Classification with Graph Convolutional
    Networks", ICLR 2017.

    Nie et al., "A Time Series is Worth 64 Words: Long-term Forecasting with
    Transformers", ICLR 2023.

    Keogh et al., "Dimensionality Reduction for Fast Similarity Search in Large Time
    Series Databases", Knowledge and Information Systems 3, 2001.

    Platonov et al., "Characterizing Graph Datasets for Node Classification:
    Homophily-Heterophily Dichotomy and Beyond", NeurIPS 2023.

    Corso et al., "Principal Neighbourhood Aggregation for Graph Nets", NeurIPS 2020.

    Schlichtkrull et al., "Modeling Relational Data with Graph Convolutional Networks",
    ESWC 2018.

    Hu et al., "Heterogeneous Graph Transformer", WWW 2020.

    Rampasek et al., "Recipe for a General, Powerful, Scalable Graph Transformer",
    NeurIPS 2022.

    Examples
    --------
    >>> from skattn import EncoderConfig, GraphAttentionClassifier
    >>> clf = GraphAttentionClassifier(encoder=EncoderConfig(output="attention"))
    >>> clf.set_params(encoder__activation="relu").encoder
    EncoderConfig(activation='relu', output='attention')
    """

    _parameter_constraints: ClassVar[dict] = {
        "activation": [StrOptions({"auto", "elu", "gelu", "relu", "silu"})],
        "share_weights": ["boolean"],
        "feed_forward": [Interval(Integral, 0, MAX_WIDTH, closed="both")],
        "input_dropout": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "value_dropout": [Interval(Real, 0, 1, closed="left")],
        "output": [StrOptions({"linear", "attention"})],
        "output_heads": [Interval(Integral, 1, MAX_WIDTH, closed="both")],
        "feature_embedding": [StrOptions({"periodic"}), None],
        "jumping": [StrOptions({"auto", "concat", "attention"}), None],
        "hops": [Interval(Integral, 1, None, closed="left"), tuple],
        "convolution": [StrOptions({"auto", "mean", "gcn", "sum"}), None],
        "gated_convolution": ["boolean", StrOptions({"auto"})],
        "degree_scaling": ["boolean", StrOptions({"auto"})],
        "global_attention": ["boolean"],
        "n_feature_layers": [
            Interval(Integral, 0, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "positional": [StrOptions({"random_walk", "laplacian", "degree"}), None],
        "positional_dim": [Interval(Integral, 1, MAX_WIDTH, closed="both")],
        "max_patches": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
            None,
        ],
        "n_segments": [
            Interval(Integral, 0, MAX_WIDTH, closed="both"),
            StrOptions({"auto"}),
        ],
        "typing": [StrOptions({"auto", "matrix", "vector"}), None],
        "n_bases": [
            Interval(Integral, 1, MAX_WIDTH, closed="both"),
            StrOptions({"auto"}),
            None,
        ],
        "neighbor_search": [StrOptions({"auto", "exact", "approximate"})],
    }

    def __init__(
        self,
        *,
        activation="auto",
        share_weights=False,
        feed_forward=0,
        input_dropout="auto",
        value_dropout=0.0,
        output="linear",
        output_heads=1,
        feature_embedding=None,
        jumping="auto",
        hops=1,
        convolution="auto",
        gated_convolution="auto",
        degree_scaling="auto",
        global_attention=False,
        n_feature_layers="auto",
        positional=None,
        positional_dim=16,
        max_patches="auto",
        n_segments="auto",
        typing="auto",
        n_bases="auto",
        neighbor_search="auto",
    ):
        self.activation = activation
        self.share_weights = share_weights
        self.feed_forward = feed_forward
        self.input_dropout = input_dropout
        self.value_dropout = value_dropout
        self.output = output
        self.output_heads = output_heads
        self.feature_embedding = feature_embedding
        self.jumping = jumping
        self.hops = hops
        self.convolution = convolution
        self.gated_convolution = gated_convolution
        self.degree_scaling = degree_scaling
        self.global_attention = global_attention
        self.n_feature_layers = n_feature_layers
        self.positional = positional
        self.positional_dim = positional_dim
        self.max_patches = max_patches
        self.n_segments = n_segments
        self.typing = typing
        self.n_bases = n_bases
        self.neighbor_search = neighbor_search

    def check(self, *, n_heads, n_layers):
        """Check the parameters.

        Parameters
        ----------
        n_heads : int
            Number of heads of the hidden layers.
        n_layers : int
            Number of layers.

        Raises
        ------
        ValueError
            If a parameter is out of its range.
        """
        self._validate_params()
        if self.n_feature_layers != "auto" and self.n_feature_layers >= n_layers:
            raise ValueError(
                "n_feature_layers counts layers without attention and must be less "
                f"than n_layers={n_layers}, got {self.n_feature_layers}. Raise "
                'n_layers, or set n_feature_layers="auto".'
            )
        check_hops(as_hops(self.hops), n_heads)
