"""Configuration of the encoder: the less common parameters of an estimator."""

from numbers import Integral, Real
from typing import ClassVar

from sklearn.base import BaseEstimator

from skattn._compat_sklearn import DocumentedMixin, Interval, StrOptions
from skattn.nn._hops import as_hops, check_hops


class EncoderConfig(DocumentedMixin, BaseEstimator):
    """Configuration of the encoder of an estimator.

    It holds parameters and no weights, so that ``clone`` carries nothing across folds;
    a search sets them as ``encoder__activation`` and so on.

    Parameters
    ----------
    activation : {"auto", "elu", "gelu", "relu", "silu"}, default="auto"
        Activation after the normalisation of each layer. "auto": "elu"; but where
        ``pretrained`` is None, "gelu" for a classifier or regressor on a plain table
        and "silu" for a regressor on the nodes of one graph.
    share_weights : bool, default=False
        Whether query, key and value share one linear map, as they do for
        ``attention="gat"`` in any case, see :class:`~skattn.nn.GraphAttention`: half
        the weights of ``"gatv2"``, a third of those of ``"dot"``.
    feed_forward : int, default=0
        Hidden width of a feed-forward network after each attention, as a multiple of
        ``hidden_dim``; 0 for none.
    input_dropout : float or None, default=None
        Dropout on the node features. None: the ``dropout`` of the layers with more
        features than examples (with ``dropout="auto"``, 0.9 for a classifier or
        regressor on the nodes of one graph), else 0 (with ``dropout="auto"``, 0.1 for a
        classifier on a plain table).
    value_dropout : float, default=0.0
        Dropout on the values, independent of the scores; 0.6 in the code of the GAT
        paper.
    output : {"linear", "attention"}, default="linear"
        Output layer: "linear" adds a linear map after the ``n_layers`` layers;
        "attention" makes the last of them the output layer, as in the GAT paper.
    output_heads : int, default=1
        Number of heads of ``output="attention"``, which are averaged.
    feature_embedding : {"periodic"} or None, default=None
        Embedding of the node features before the first layer. "periodic": sines of
        learned frequencies for each column, see :class:`~skattn.nn.PeriodicEmbedding`;
        for coordinates, and for columns along which labels oscillate. Features must
        then be dense.
    jumping : {"auto", "concat", "attention"} or None, default="auto"
        Jumping knowledge: combination of the outputs of all layers (Xu et al. 2018).
        "concat": a linear map of their concatenation; "attention": an average with a
        learned weight per node and layer; None: the output of the last layer. "auto":
        "concat" for a classifier on a plain table where ``pretrained`` is None, else
        None.
    hops : int or tuple of int, default=1
        Neighbourhood of the heads in hops. A tuple such as ``(1, 2, 3)`` divides the
        heads into equal groups, each attending to all nodes within that number of hops;
        ``n_heads`` must be divisible by its length. Groups with more than one hop
        ignore edge weights and edge features.
    convolution : {"mean", "gcn"} or None, default=None
        Convolution beside the attention in each layer: "mean" averages the senders;
        "gcn" sums them, normalised by degrees (Kipf and Welling 2017).
    gated_convolution : bool, default=False
        Whether a learned gate per node and channel weighs attention against
        convolution; if not, they are added.
    global_attention : bool, default=False
        Whether each node also attends to all nodes of its graph in each layer, as in
        GraphGPS (Rampasek et al. 2022). Quadratic in the size of a graph; not for rows
        of a table that join a graph, because they must not attend to each other.
    n_feature_layers : int or "auto", default="auto"
        Number of leading layers without message passing, in which a row-wise linear map
        replaces attention; less than ``n_layers``. "auto": ``n_layers - 1`` for a
        classifier or regressor on a plain table where ``pretrained`` is None, else 0.
    positional : {"random_walk", "laplacian", "degree"} or None, default=None
        Positional encoding, appended to the node features, see
        :class:`~skattn.preprocessing.PositionalEncoding`.
    positional_dim : int, default=16
        Number of columns of the positional encoding.

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
        "feed_forward": [Interval(Integral, 0, None, closed="left")],
        "input_dropout": [Interval(Real, 0, 1, closed="left"), None],
        "value_dropout": [Interval(Real, 0, 1, closed="left")],
        "output": [StrOptions({"linear", "attention"})],
        "output_heads": [Interval(Integral, 1, None, closed="left")],
        "feature_embedding": [StrOptions({"periodic"}), None],
        "jumping": [StrOptions({"auto", "concat", "attention"}), None],
        "hops": [Interval(Integral, 1, None, closed="left"), tuple],
        "convolution": [StrOptions({"mean", "gcn"}), None],
        "gated_convolution": ["boolean"],
        "global_attention": ["boolean"],
        "n_feature_layers": [
            Interval(Integral, 0, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "positional": [StrOptions({"random_walk", "laplacian", "degree"}), None],
        "positional_dim": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        activation="auto",
        share_weights=False,
        feed_forward=0,
        input_dropout=None,
        value_dropout=0.0,
        output="linear",
        output_heads=1,
        feature_embedding=None,
        jumping="auto",
        hops=1,
        convolution=None,
        gated_convolution=False,
        global_attention=False,
        n_feature_layers="auto",
        positional=None,
        positional_dim=16,
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
        self.global_attention = global_attention
        self.n_feature_layers = n_feature_layers
        self.positional = positional
        self.positional_dim = positional_dim

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
