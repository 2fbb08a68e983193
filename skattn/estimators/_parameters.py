"""Checks of an estimator's parameters against each other and against X."""

from collections.abc import Iterable

from skattn._batch import is_fanout
from skattn._training import RESERVED, is_callback
from skattn.estimators._encoder_config import EncoderConfig
from skattn.nn._head_dim import head_dim_of
from skattn.nn._hops import as_hops


def check_parameters(estimator):
    """Check parameters that do not depend on X; return the encoder's configuration."""
    head_dim_of("hidden_dim", estimator.hidden_dim, estimator.n_heads)
    _check_net_params(estimator.net_params or {})
    config = EncoderConfig() if estimator.encoder is None else estimator.encoder
    config.check(n_heads=estimator.n_heads, n_layers=estimator._depth)
    if _wants_labels(estimator) and config.output == "attention":
        raise ValueError(
            'label_inputs=True needs an encoder with output="linear", got output='
            '"attention". Leave output out, or set label_inputs=False.'
        )
    if _wants_labels(estimator) and _wants_smoothing(estimator):
        raise ValueError(
            "label_inputs=True needs smoothing=0, which would return labels to their "
            f"own nodes; got smoothing={estimator.smoothing}. Set one of them to "
            '"auto", or leave it out.'
        )
    if estimator.fanout is not None:
        _check_fanout(estimator.fanout, estimator._n_attentions, config)
    return config


def check_context(estimator, config, context):
    """Raise ValueError for parameters that do not apply to this kind of X."""
    if config.global_attention and context.new_rows_join:
        raise ValueError(
            "global_attention=True makes all nodes of a graph attend to each other, "
            "but new rows of a table must attend to fitted rows only. Pass a Graph, "
            "adjacency= or a list of graphs, or set it to False."
        )
    if context.has_many_graphs:
        if _wants_labels(estimator):
            raise ValueError(
                "label_inputs=True makes the known labels of neighbours inputs, but "
                "graphs of a list have no neighbours; got a list of graphs or "
                'sequences. Set label_inputs="auto" or False.'
            )
        if hasattr(estimator, "label_inputs") and _wants_smoothing(estimator):
            raise ValueError(
                "smoothing averages the predictions of neighbours, but graphs of a "
                f"list have none; got smoothing={estimator.smoothing} and a list of "
                'graphs or sequences. Set smoothing="auto" or 0.'
            )
        if estimator.fanout is not None:
            raise ValueError(
                "fanout samples neighbours in one large graph, got a list of graphs or "
                "sequences. Set fanout=None."
            )
    elif estimator.batch_size != "auto" and estimator.fanout is None:
        raise ValueError(
            "batch_size on a single graph needs fanout (neighbour sampling), got "
            f"batch_size={estimator.batch_size} and fanout=None. Set the number of "
            "senders sampled in each layer, such as fanout="
            f'{_example_fanout(estimator._n_attentions)}, or set batch_size="auto".'
        )


def _wants_labels(estimator):
    """Return whether known labels must be inputs; embedders have none."""
    value = getattr(estimator, "label_inputs", False)
    return value != "auto" and bool(value)


def _wants_smoothing(estimator):
    """Return whether predictions or embeddings must be averaged over neighbours."""
    value = getattr(estimator, "smoothing", 0)
    return value != "auto" and value > 0


def _check_fanout(fanout, n_attentions, config):
    many = isinstance(fanout, Iterable) and getattr(fanout, "ndim", 1) > 0
    sizes = list(fanout) if many else [fanout]
    if len(sizes) != n_attentions or not is_fanout(sizes):
        raise ValueError(
            f"fanout must be {n_attentions} positive integers, one for each attention "
            "layer (n_layers, and one for the decoder of an embedder), got "
            f"{tuple(sizes)}. Use for example fanout={_example_fanout(n_attentions)}, "
            "the number of senders sampled per node, by distance from the targets."
        )
    if config.global_attention or as_hops(config.hops) != (1,):
        raise ValueError(
            "fanout needs hops=1 and global_attention=False, got an encoder with "
            f"global_attention={config.global_attention} and hops={config.hops!r}. "
            "Leave these out, or set fanout=None."
        )


def _example_fanout(length):
    return (15, 10, 5, *(5,) * length)[:length]


def _check_net_params(net_params):
    taken = sorted(name for name in net_params if name.split("__")[0] in RESERVED)
    if taken:
        raise ValueError(
            f"net_params must not contain {taken}, which the estimator sets. Use it "
            "for optimizer, callbacks and other arguments of skorch.NeuralNet."
        )
    callbacks = net_params.get("callbacks")
    if not isinstance(callbacks, list | None):
        raise ValueError(
            f"net_params['callbacks'] must be a list, got {callbacks!r}. Put a "
            "single callback into a list."
        )
    for number, callback in enumerate(callbacks or []):
        if not is_callback(callback):
            raise ValueError(
                "net_params['callbacks'] must hold skorch callbacks or pairs (name, "
                f"callback), got {callback!r} at position {number}."
            )
