"""Initial weights from a fitted embedder."""

from sklearn.frozen import FrozenEstimator

from skattn.estimators._embedder import AttentionEmbedder
from skattn.estimators._encoder_config import EncoderConfig

SHARED = ("attention", "n_layers", "n_heads", "hidden_dim", "residual", "norm")
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
    "global_attention",
    "positional",
    "positional_dim",
)
"""Parameters of `EncoderConfig` that must equal the embedder's."""


def pretrained_weights(estimator, config, n_features):
    """Return the initial weights of a training.

    Parameters
    ----------
    estimator : GraphAttentionClassifier or GraphAttentionRegressor
        With the parameter ``pretrained``.
    config : EncoderConfig
        Its encoder's configuration.
    n_features : int
        Width of the network's input.

    Returns
    -------
    dict of str to Tensor
        By their names in the network.

    Raises
    ------
    TypeError
        If it is no embedder.
    ValueError
        If it is not fitted, or its encoder is not the estimator's.
    """
    embedder = estimator.pretrained
    if isinstance(embedder, FrozenEstimator):
        embedder = embedder.estimator
    if not isinstance(embedder, AttentionEmbedder):
        raise TypeError(
            "pretrained must be a fitted AttentionEmbedder, got "
            f"{type(embedder).__name__}."
        )
    if not hasattr(embedder, "net_"):
        raise ValueError(
            "pretrained must be fitted before it starts a training, got an "
            "AttentionEmbedder that is not. Fit it; where the estimator is cloned, in "
            "a search or a cross-validation, pass FrozenEstimator(embedder) of "
            "sklearn.frozen, which keeps its weights."
        )
    _check_same(estimator, config, embedder, n_features)
    weights = embedder.net_.module_.encoder_state()
    return {f"encoder.{name}": weight for name, weight in weights.items()}


def _check_same(estimator, config, embedder, n_features):
    here = _encoder_params(estimator, config)
    there = _encoder_params(embedder, embedder.encoder or EncoderConfig())
    here["n_features"] = n_features
    there["n_features"] = embedder.net_.module_.in_features
    differ = [name for name in here if here[name] != there[name]]
    if differ:
        raise ValueError(
            "the encoder must be that of the pretrained embedder, but "
            + ", ".join(f"{k} is {here[k]!r} and not {there[k]!r}" for k in differ)
            + ". Set them alike."
        )


def _encoder_params(estimator, config):
    return {name: getattr(estimator, name) for name in SHARED} | {
        f"encoder__{name}": getattr(config, name) for name in SHARED_CONFIG
    }
