"""The part of an estimator's parameters that few people need."""

from numbers import Integral, Real
from typing import ClassVar

from sklearn.base import BaseEstimator

from skattn._compat_sklearn import Interval, StrOptions
from skattn.nn._hops import as_hops, check_hops


class EncoderConfig(BaseEstimator):
    """A recipe for the encoder of an estimator.

    A recipe holds parameters and no weights, so that ``clone`` carries nothing
    across folds; a search reaches them as ``encoder__activation`` and so on.

    Parameters
    ----------
    activation : {"auto", "elu", "gelu", "relu", "silu"}, default="auto"
        What follows the normalisation in every layer. "auto": "elu"; but where
        `pretrained` is None, "gelu" where a classifier or regressor makes the graph
        from a plain table, and "silu" where a regressor learns numbers of the nodes of
        one graph.
    share_weights : bool, default=False
        Whether one linear map makes query, key and value of a node, as it does for
        ``attention="gat"`` anyway, see :class:`~skattn.nn.GraphAttention`: half the
        weights of ``"gatv2"``, a third of those of ``"dot"``.
    feed_forward : int, default=0
        Hidden width of a feed-forward network behind each attention, as a multiple
        of ``hidden_dim``; 0 for none.
    input_dropout : float or None, default=None
        Probability that an entry of the node features is dropped in training. None:
        0, unless there are more features than examples; then that of the layers. With
        ``dropout="auto"`` it is then 0.9 where a classifier or regressor learns on one
        graph, and 0.1 instead of 0 where a classifier learns from a plain table.
    value_dropout : float, default=0.0
        Probability that an entry of what a node sends is dropped in training, whatever
        the scores saw; 0.6 in the code of the GAT paper.
    output : {"linear", "attention"}, default="linear"
        Whether the outputs are a linear map of the last layer, or the last of the
        ``n_layers`` attends into them, as in the GAT paper.
    output_heads : int, default=1
        Heads of an attending output; their mean counts.
    feature_embedding : {"periodic"} or None, default=None
        What joins the node features before the first layer. "periodic": waves of
        learned frequencies for every column, see
        :class:`~skattn.nn.PeriodicEmbedding`; for coordinates, and for columns along
        which answers change back and forth. Features must then be dense.
    jumping : {"auto", "concat", "attention"} or None, default="auto"
        Whether the outputs of all layers are combined per node, so that one model sees
        several scales: side by side through a linear map, or by a learned weight per
        node and layer (Xu et al. 2018). None: the last layer's output counts. "auto":
        "concat" where a classifier makes the graph from a plain table and `pretrained`
        is None, else None.
    hops : int or tuple of int, default=1
        How far heads see. A tuple such as ``(1, 2, 3)`` divides the heads into as many
        groups, each of which attends to all nodes within so many hops; ``n_heads``
        must be divisible by its length. Beyond one hop edge weights and edge features
        do not count.
    convolution : {"mean", "gcn"} or None, default=None
        A convolution beside the attention in every layer: the mean of the senders, or
        their sum normalised by degrees (Kipf and Welling 2017).
    gated_convolution : bool, default=False
        Whether a learned gate, per node and column, weighs attention against the
        convolution, instead of adding both.
    global_attention : bool, default=False
        Whether every node also attends to all nodes of its graph in every layer, as in
        GraphGPS (Rampasek et al. 2022). Quadratic in the size of a graph; not for
        rows that join a graph one by one, which must not see each other.
    n_feature_layers : int or "auto", default="auto"
        In how many of the first ``n_layers`` layers a node sees only itself: a linear
        map takes the place of attention. "auto": in all but the last where a classifier
        or regressor makes the graph from a plain table and `pretrained` is None, else
        in none.
    positional : {"random_walk", "laplacian", "degree"} or None, default=None
        Encoding of where a node lies in its graph, appended to the node features, see
        :class:`~skattn.preprocessing.PositionalEncoding`.
    positional_dim : int, default=16
        Number of its columns.

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
            Heads of the hidden layers.
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
