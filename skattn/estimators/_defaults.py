"""Default values that depend on the data, and the network and training they give.

How they were chosen: docs/defaults.md.
"""

from dataclasses import dataclass, replace
from typing import Any

from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._label_encoding import LabelKind
from skattn.estimators._setting import Setting, Sizes
from skattn.graph._context import RowKind
from skattn.graph._patches import PatchOptions
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
    degree_scaling: bool = False
    """Whether the output of each attention is scaled by log degrees."""
    weight_decay: float = 5e-3
    """Weight decay."""
    max_epochs: int = 500
    """Maximum number of epochs."""
    smallest_batch: int = 128
    """Smallest number of graphs or sequences in a training batch."""
    most_batches: int = 128
    """Number of batches of an epoch above which they are larger, up to `MAX_BATCH`."""
    smoothing: int = 0
    """Number of times that codes are averaged over neighbours after the layers."""
    max_patches: int | None = None
    """Maximum number of patches of a sequence; None for single steps."""
    n_segments: int = 0
    """Number of segments of a sequence whose means are descriptors."""
    n_feature_layers: int = 0
    """Number of leading layers without message passing, if there are more layers."""
    n_layers: int | None = None
    """Number of layers; None for that of the estimator."""


_GRAPHS = Defaults(norm="batch", convolution="gcn", weight_decay=1e-5, max_epochs=100)
_SEQUENCES = replace(
    _GRAPHS,
    convolution=None,
    n_feature_layers=1,
    max_patches=32,
    n_segments=50,
)
_PAIRS = Defaults(
    "relu",
    dropout=0.5,
    input_dropout=0.5,
    n_feature_layers=1,
    weight_decay=1e-4,
    max_epochs=100,
)

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
    ("nodes", "classes"): Defaults(degree_scaling=True),
    ("nodes", "numbers"): Defaults("silu", degree_scaling=True),
    ("nodes", None): Defaults(residual=False, norm=None, smoothing=2),
    ("graphs", "classes"): replace(_GRAPHS, max_epochs=50, smallest_batch=32),
    ("graphs", "numbers"): _GRAPHS,
    ("graphs", None): Defaults(),
    ("sequences", "classes"): replace(_SEQUENCES, smallest_batch=16, most_batches=8),
    ("sequences", "numbers"): _SEQUENCES,
    ("sequences", None): Defaults(),
    ("pairs", "classes"): _PAIRS,
    ("pairs", "numbers"): _PAIRS,
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
WIDE_DEPTH = 2
"""Number of layers with more features than examples, on nodes with classes whose
neighbours are not known to differ: as in the GAT paper on citation graphs."""
WIDE_DECAY = 0.02
"""Weight decay there."""
WIDE_SMOOTHING = 2
"""Number of averages of the predictions over neighbours there."""
NARROW_DEPTH = 5
"""Number of layers with many examples per feature, on nodes with classes."""
NARROW_DECAY = 2.5
"""Weight decay times labels there, up to the decay of fewer labels.

The penalty of a prior that does not depend on their number, beside a mean loss."""
NARROW_INPUT_DROPOUT = 0.1
"""Dropout on the node features there."""


FEW_TYPES = 8
"""Number of edge types up to which each has a free matrix."""
BASES = 30
"""Number of basis matrices of more types, as in the paper of the relational GCN."""
DECAY_PER_NOISE = 0.05
"""Weight decay of a classifier of a table whose nearest neighbours agree by chance.

In proportion to the errors of the nearest neighbour: noise must not be learned."""
NOISE_DECAYS = 0.001, 0.05
"""Minimum and maximum of that weight decay."""


_ENCODER_VALUES = (
    "activation", "jumping", "only_last_attends", "residual", "norm", "convolution",
    "gated_convolution", "degree_scaling", "max_patches", "n_feature_layers",
)  # fmt: skip
"""Values that must be those of the embedder that initialises an encoder."""


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
    """Number of times that an embedder averages codes over neighbours; the network of
    a classifier has its own."""
    patch_options: PatchOptions | None = None
    """Options of the patches of sequences; None for other rows."""


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
    is_sampled = params.fanout is not None
    defaults = _defaults(setting, sizes, is_sampled=is_sampled)
    if sizes.n_nodes == 1:
        defaults = replace(defaults, norm="layer")
    typed = sizes.n_edge_types > 0 and config.typing is not None
    n_relations = sizes.n_edge_types + 1 if typed else 0  # with added self-loops
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
        degree_scaling=_unless_auto(config.degree_scaling, defaults.degree_scaling),
        global_attention=config.global_attention,
        n_edge_types=n_relations,
        typing="vector" if config.typing == "vector" else "matrix",
        n_bases=_n_bases(config, sizes) if typed else None,
    )
    n_layers = _n_layers(params, config, defaults)
    n_feature_layers = min(defaults.n_feature_layers, n_layers - 1)
    if defaults.only_last_attends:
        n_feature_layers = n_layers - 1
    network = NetworkSpec(
        block=block,
        n_layers=n_layers,
        n_feature_layers=_unless_auto(config.n_feature_layers, n_feature_layers),
        hidden_dim=params.hidden_dim,
        input_dropout=_unless_auto(config.input_dropout, defaults.input_dropout),
        output=config.output,
        output_heads=config.output_heads,
        feature_embedding=config.feature_embedding,
        jumping=_unless_auto(config.jumping, defaults.jumping),
        readout=params.readout if setting.rows in ("graphs", "sequences") else None,
        n_descriptors=sizes.n_descriptors,
        n_label_columns=sizes.n_label_columns,
        smoothing=_network_smoothing(params, config, setting, sizes, defaults),
    )
    return Choice(
        network,
        weight_decay=_unless_auto(params.weight_decay, defaults.weight_decay),
        max_epochs=_unless_auto(params.max_epochs, defaults.max_epochs),
        smoothing=_unless_auto(
            getattr(params, "smoothing", "auto"), defaults.smoothing
        ),
        patch_options=(
            patch_options(config, setting) if setting.rows == "sequences" else None
        ),
    )


def patch_options(config: EncoderConfig, setting: Setting) -> PatchOptions:
    """Resolve the options of the patches of sequences, before their sizes are known."""
    defaults = _of_setting(setting)
    return PatchOptions(
        _unless_auto(config.max_patches, defaults.max_patches),
        _unless_auto(config.n_segments, defaults.n_segments),
    )


def _of_setting(setting: Setting) -> Defaults:
    """Look up the defaults; values of a pretrained encoder are the embedder's."""
    found = DEFAULTS[setting.rows, setting.label_kind]
    if not setting.pretrained:
        return found
    embedder = DEFAULTS[setting.rows, None]
    return replace(found, **{name: getattr(embedder, name) for name in _ENCODER_VALUES})


def uses_label_inputs(
    params: Any, config: EncoderConfig, rows: RowKind, n_features: int
) -> bool:
    """Return whether known labels of other rows are inputs of the network.

    `n_features` is the number of features of X, 0 for a graph without any.
    """
    default = rows == "nodes" and n_features == 0 and config.output == "linear"
    default = default and getattr(params, "smoothing", "auto") in ("auto", 0)
    return bool(_unless_auto(params.label_inputs, default))


def _defaults(setting: Setting, sizes: Sizes, *, is_sampled: bool) -> Defaults:
    """Look up the defaults; adapt them to wide and to narrow features."""
    key = setting.rows, setting.label_kind
    found = _of_setting(setting)
    if sizes.noise is not None:
        low, high = NOISE_DECAYS
        decay = min(max(DECAY_PER_NOISE * sizes.noise, low), high)
        found = replace(found, weight_decay=decay)
    if not setting.pretrained and sizes.wide and sizes.heterophilous:
        found = replace(found, convolution="gcn", gated_convolution=True)
    if key == ("nodes", None) and sizes.n_features >= MANY_FEATURES:
        found = replace(found, input_dropout=MANY_DROPOUT)
    if sizes.wide and setting.rows != "sequences":
        found = replace(
            found,
            dropout=WIDE_DROPOUT,
            input_dropout=WIDE_INPUT_DROPOUT.get(key, WIDE_DROPOUT),
            residual_start=1.0 if sizes.heterophilous else WIDE_RESIDUAL_GATE,
            degree_scaling=False,
        )
        is_free = not (setting.pretrained or sizes.heterophilous)
        if is_free and key == ("nodes", "classes"):
            found = replace(
                found,
                n_layers=WIDE_DEPTH,
                weight_decay=WIDE_DECAY,
                smoothing=WIDE_SMOOTHING,
            )
    may_be_deep = not (setting.pretrained or is_sampled)
    if may_be_deep and sizes.narrow and key == ("nodes", "classes"):
        found = replace(
            found,
            n_layers=NARROW_DEPTH,
            norm="batch",
            weight_decay=min(found.weight_decay, NARROW_DECAY / sizes.n_examples),
            input_dropout=NARROW_INPUT_DROPOUT,
        )
    return found


def _network_smoothing(
    params: Any,
    config: EncoderConfig,
    setting: Setting,
    sizes: Sizes,
    defaults: Defaults,
) -> int:
    """Resolve the smoothing of predictions; an embedder has its own."""
    if setting.label_kind is None:
        return 0
    is_usual = params.fanout is None and config.output == "linear"
    default = defaults.smoothing if is_usual and not sizes.n_label_columns else 0
    return int(_unless_auto(getattr(params, "smoothing", 0), default))


def _n_layers(params: Any, config: EncoderConfig, defaults: Defaults) -> int:
    """Resolve the number of layers; values given per layer keep the estimator's."""
    is_free = params.n_layers == "auto" and params.fanout is None
    if defaults.n_layers and is_free and config.n_feature_layers == "auto":
        return defaults.n_layers
    depth: int = params._depth
    return depth


def _n_bases(config: EncoderConfig, sizes: Sizes) -> int | None:
    """Resolve the number of basis matrices of the edge types."""
    if config.typing == "vector":
        return None
    default = BASES if sizes.n_edge_types > FEW_TYPES else None
    found: int | None = _unless_auto(config.n_bases, default)
    return found


def _unless_auto(value: Any, default: Any) -> Any:
    return default if value == "auto" else value
