"""Initial weights from a fitted embedder."""

from dataclasses import replace

from sklearn.frozen import FrozenEstimator

from skattn.estimators._embedder import AttentionEmbedder
from skattn.estimators._encoder_config import EncoderConfig
from skattn.graph._schema import GraphSchema

SHARED = (
    "attention",
    "n_heads",
    "hidden_dim",
    "residual",
    "norm",
    "standardize",
)
"""Parameters of an estimator that must equal those of its pretrained embedder."""
SHARED_CONFIG = (
    "activation",
    "feed_forward",
    "feature_embedding",
    "jumping",
    "n_feature_layers",
    "hops",
    "convolution",
    "gated_convolution",
    "degree_scaling",
    "global_attention",
    "positional",
    "positional_dim",
    "max_patches",
    "typing",
    "n_bases",
)
"""Parameters of `EncoderConfig` that must equal the embedder's."""


def pretrained_weights(estimator, config, n_features):
    """Return the encoder weights of the pretrained embedder, by name in the network.

    Raises
    ------
    TypeError
        If ``pretrained`` is not an embedder.
    ValueError
        If it is not fitted, or its encoder parameters differ from the estimator's.
    """
    if estimator.pretrained is None:
        return None
    embedder = _thawed(estimator.pretrained)
    if not isinstance(embedder, AttentionEmbedder):
        raise TypeError(
            "pretrained must be a fitted AttentionEmbedder, got "
            f"{type(embedder).__name__}."
        )
    if not hasattr(embedder, "net_"):
        raise ValueError(
            "pretrained must be a fitted AttentionEmbedder, got an unfitted one. Fit "
            "it first. In a search or a cross-validation, where estimators are "
            "cloned, pass sklearn.frozen.FrozenEstimator(embedder)."
        )
    _check_same(estimator, config, embedder, n_features)
    weights = embedder.net_.module_.encoder_state()
    return {f"encoder.{name}": weight for name, weight in weights.items()}


def pretrained_input(estimator, view):
    """Return the `InputSpec` of the embedder, with its standardisation of features.

    None without an embedder, or if the view has other numbers of features.
    """
    embedder = _thawed(estimator.pretrained)
    schema = replace(GraphSchema.of(view), n_descriptors=0)  # it takes none
    same = getattr(embedder, "_schema_", None) == schema
    return embedder._input_spec_ if same else None


def pretrained_encoding(estimator):
    """Return the `FeatureEncoding` of the embedder, None without any."""
    return getattr(_thawed(estimator.pretrained), "_feature_encoding_", None)


def _thawed(embedder):
    return embedder.estimator if isinstance(embedder, FrozenEstimator) else embedder


def _check_same(estimator, config, embedder, n_features):
    here = _encoder_params(estimator, config)
    there = _encoder_params(embedder, embedder.encoder or EncoderConfig())
    here |= {"n_features": n_features, "n_layers": estimator._depth}
    in_features = embedder.net_.module_.in_features
    there |= {"n_features": in_features, "n_layers": embedder._depth}
    for params, each in ((here, estimator), (there, embedder)):
        params["n_edge_features"] = each._schema_.n_edge_features
        params["edge_types"] = each._schema_.edge_types
    differ = [name for name in here if here[name] != there[name]]
    if differ:
        raise ValueError(
            "the encoder parameters must equal those of the pretrained embedder, but "
            + ", ".join(f"{k} is {here[k]!r} and not {there[k]!r}" for k in differ)
            + ". Set them to the same values."
        )


def _encoder_params(estimator, config):
    return {name: getattr(estimator, name) for name in SHARED} | {
        f"encoder__{name}": getattr(config, name) for name in SHARED_CONFIG
    }
