"""Default values that depend on the data, and the network and training they give.

How they were chosen: docs/defaults.md.
"""

from dataclasses import dataclass, replace
from typing import Any

from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._label_encoding import LabelKind
from skattn.graph._context import RowKind
from skattn.nn import BlockSpec, NetworkSpec
from skattn.nn._hops import as_hops


@dataclass(frozen=True)
class Defaults:
    """Values of "auto" parameters."""

    activation: str = "elu"
    """Activation of every layer."""
    dropout: float = 0.2
    """Dropout on the input of every layer."""
    input_dropout: float = 0.0
    """Dropout on the node features."""
    jumping: str | None = None
    """Jumping knowledge."""
    only_last_attends: bool = False
    """Whether only the last layer attends and the others are row-wise linear."""
    residual: bool = True
    """Whether a linear map of a layer's input is added to its output."""
    residual_start: float = 1.0
    """Initial residual gate (LayerScale)."""
    norm: str | None = "layer"
    """Normalisation of every layer."""
    convolution: str | None = None
    """Graph convolution beside the attention."""
    gated_convolution: bool = False
    """Whether a gate weighs attention and convolution."""
    weight_decay: float = 5e-3
    """Weight decay."""
    max_epochs: int = 500
    """Maximum number of epochs."""
    smoothing: int = 0
    """Number of times that an embedder averages codes over neighbours."""


_GRAPHS = Defaults(norm="batch", convolution="gcn", weight_decay=1e-5, max_epochs=100)

DEFAULTS: dict[tuple[RowKind, LabelKind | None], Defaults] = {
    ("table", "classes"): Defaults(
        "gelu",
        dropout=0.3,
        input_dropout=0.1,
        jumping="concat",
        only_last_attends=True,
        norm=None,
        weight_decay=0.02,
        max_epochs=200,
    ),
    ("table", "numbers"): Defaults(
        "gelu", dropout=0.3, only_last_attends=True, norm=None, max_epochs=300
    ),
    ("table", None): Defaults(dropout=0.5),
    ("nodes", "classes"): Defaults(),
    ("nodes", "numbers"): Defaults("silu"),
    ("nodes", None): Defaults(residual=False, norm=None, smoothing=2),
    ("graphs", "classes"): _GRAPHS,
    ("graphs", "numbers"): _GRAPHS,
    ("graphs", None): Defaults(),
}
"""Defaults by kind of rows and kind of labels (None for the embedder)."""

WIDE_DROPOUT = 0.5
"""Dropout with more features than examples."""
WIDE_INPUT_DROPOUT: dict[tuple[RowKind, LabelKind | None], float] = {
    ("nodes", "classes"): 0.9,
    ("nodes", "numbers"): 0.9,
}
"""Dropout on the node features with more features than examples; else `WIDE_DROPOUT`.

It may be high for nodes of a graph because neighbours have features in common."""
MANY_FEATURES = 100
"""Number of features from which an embedder of nodes drops half of them.

Many features, such as words, are redundant; of a few columns information is lost."""
MANY_DROPOUT = 0.5
"""Dropout on the node features of an embedder with many of them."""
WIDE_RESIDUAL_GATE = 0.1
"""Initial residual gate with more features than examples.

Small, because a network could memorise the rows by their own features."""
HETEROPHILOUS = 0.2
"""Adjusted homophily below which wide features have a full residual gate and a gated
convolution, which separate a node from its neighbours."""


DECAY_PER_NOISE = 0.05
"""Weight decay of a classifier of a table whose nearest neighbours agree by chance.

In proportion to the errors of the nearest neighbour: noise must not be learned."""
NOISE_DECAYS = 0.001, 0.05
"""Minimum and maximum of that weight decay."""


_ENCODER_VALUES = (
    "activation", "jumping", "only_last_attends", "residual", "norm", "convolution",
    "gated_convolution",
)  # fmt: skip
"""Values that must be those of the embedder that initialises an encoder."""


@dataclass(frozen=True)
class Setting:
    """Facts of a fit that select an entry of `DEFAULTS`."""

    rows: RowKind
    """Kind of the rows."""
    label_kind: LabelKind | None
    """Kind of the labels; None for the embedder."""
    pretrained: bool = False
    """Whether a fitted embedder initialises the encoder."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of a fit."""

    n_features: int
    """Width of the network's input."""
    n_edge_features: int
    """Width of the edge features."""
    n_nodes: int
    """Number of nodes of the training graph or graphs."""
    n_examples: int
    """Number of labelled rows, or of nodes to reconstruct."""
    homophily: float | None = None
    """Adjusted homophily of the labelled nodes of one graph; None if it is unknown."""
    n_descriptors: int = 0
    """Number of descriptors of a graph."""
    nearest_homophily: float | None = None
    """Adjusted homophily of the nearest rows of a table with classes; None: unknown."""

    @property
    def noise(self) -> float | None:
        """Error of the nearest neighbour, 1 for chance; None if it is unknown."""
        return None if self.nearest_homophily is None else 1 - self.nearest_homophily

    @property
    def wide(self) -> bool:
        """Whether features outnumber examples."""
        return self.n_features > self.n_examples

    @property
    def heterophilous(self) -> bool:
        """Whether neighbours are known to share few labels."""
        return self.homophily is not None and self.homophily < HETEROPHILOUS


@dataclass(frozen=True)
class Choice:
    """Values of a fit: the network, and the training that depends on the data."""

    network: NetworkSpec
    """The network."""
    weight_decay: float
    """Weight decay."""
    max_epochs: int
    """Maximum number of epochs."""
    smoothing: int = 0
    """Number of times that an embedder averages codes over neighbours."""


def choose(
    params: Any, config: EncoderConfig, setting: Setting, sizes: Sizes
) -> Choice:
    """Resolve all "auto" values of an estimator's parameters.

    Raises
    ------
    ValueError
        If batch normalisation has only one node.
    """
    if params.norm == "batch" and sizes.n_nodes == 1:
        raise ValueError(
            'norm="batch" needs more than one node to estimate a variance, got 1 '
            'sample. Use norm="layer" or None.'
        )
    defaults = _defaults(setting, sizes)
    if sizes.n_nodes == 1:
        defaults = replace(defaults, norm="layer")
    block = BlockSpec(
        score=params.attention,
        n_heads=params.n_heads,
        share_weights=config.share_weights,
        n_edge_features=sizes.n_edge_features,
        residual=_unless_auto(params.residual, defaults.residual),
        residual_start=defaults.residual_start,
        norm=_unless_auto(params.norm, defaults.norm),
        activation=_unless_auto(config.activation, defaults.activation),
        feed_forward=config.feed_forward,
        dropout=_unless_auto(params.dropout, defaults.dropout),
        attention_dropout=params.attention_dropout,
        value_dropout=config.value_dropout,
        hops=as_hops(config.hops),
        convolution=_unless_auto(config.convolution, defaults.convolution),
        gated_convolution=_unless_auto(
            config.gated_convolution, defaults.gated_convolution
        ),
        global_attention=config.global_attention,
    )
    n_feature_layers = params._depth - 1 if defaults.only_last_attends else 0
    network = NetworkSpec(
        block=block,
        n_layers=params._depth,
        n_feature_layers=_unless_auto(config.n_feature_layers, n_feature_layers),
        hidden_dim=params.hidden_dim,
        input_dropout=_unless_auto(config.input_dropout, defaults.input_dropout),
        output=config.output,
        output_heads=config.output_heads,
        feature_embedding=config.feature_embedding,
        jumping=_unless_auto(config.jumping, defaults.jumping),
        readout=params.readout if setting.rows == "graphs" else None,
        n_descriptors=sizes.n_descriptors,
    )
    return Choice(
        network,
        weight_decay=_unless_auto(params.weight_decay, defaults.weight_decay),
        max_epochs=_unless_auto(params.max_epochs, defaults.max_epochs),
        smoothing=_unless_auto(
            getattr(params, "smoothing", "auto"), defaults.smoothing
        ),
    )


def _defaults(setting: Setting, sizes: Sizes) -> Defaults:
    """Look up the defaults; adapt them to wide features and pretrained encoders."""
    key = setting.rows, setting.label_kind
    found = DEFAULTS[key]
    if sizes.noise is not None:
        low, high = NOISE_DECAYS
        decay = min(max(DECAY_PER_NOISE * sizes.noise, low), high)
        found = replace(found, weight_decay=decay)
    if setting.pretrained:
        embedder = DEFAULTS[setting.rows, None]
        found = replace(
            found, **{name: getattr(embedder, name) for name in _ENCODER_VALUES}
        )
    elif sizes.wide and sizes.heterophilous:
        found = replace(found, convolution="gcn", gated_convolution=True)
    if key == ("nodes", None) and sizes.n_features >= MANY_FEATURES:
        found = replace(found, input_dropout=MANY_DROPOUT)
    if sizes.wide:
        found = replace(
            found,
            dropout=WIDE_DROPOUT,
            input_dropout=WIDE_INPUT_DROPOUT.get(key, WIDE_DROPOUT),
            residual_start=1.0 if sizes.heterophilous else WIDE_RESIDUAL_GATE,
        )
    return found


def _unless_auto(value: Any, default: Any) -> Any:
    return default if value == "auto" else value
