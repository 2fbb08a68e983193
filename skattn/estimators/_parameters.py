"""What the parameters of an estimator must be, taken together."""

from skattn._batch import is_fanout
from skattn._training import RESERVED
from skattn.nn._head_dim import head_dim_of

LISTS = ("graphs", "sequences")
"""Kinds of input whose targets are whole graphs."""


def check_parameters(estimator, recipe):
    """Judge what can be judged before X is looked at.

    Parameters
    ----------
    estimator : GraphAttentionEstimator
        Its parameters are valid one by one.
    recipe : EncoderConfig
        Its encoder's recipe.

    Raises
    ------
    ValueError
        If they do not go together.
    """
    head_dim_of("hidden_dim", estimator.hidden_dim, estimator.n_heads)
    recipe.check(estimator.n_heads)
    if (
        recipe.n_feature_layers != "auto"
        and recipe.n_feature_layers >= estimator.n_layers
    ):
        raise ValueError(
            "n_feature_layers counts layers without attention and must be less than "
            f"n_layers={estimator.n_layers}, got {recipe.n_feature_layers}. Raise "
            'n_layers, or set n_feature_layers="auto".'
        )
    if estimator.fanout is not None:
        _check_fanout(list(estimator.fanout), estimator._n_attentions, recipe)
    _check_net_params(estimator.net_params or {})


def check_kind(estimator, recipe, kind):
    """Judge what depends on the kind of X.

    Parameters
    ----------
    estimator : GraphAttentionEstimator
        Its parameters passed ``check_parameters``.
    recipe : EncoderConfig
        Its encoder's recipe.
    kind : str
        The kind of the context.

    Raises
    ------
    ValueError
        If a parameter has no meaning for this kind.
    """
    if recipe.global_attention and kind in ("table", "named"):
        raise ValueError(
            "global_attention=True lets all nodes of a graph see each other, but "
            "rows of a table must not see other rows that are only asked about; "
            "pass a Graph, adjacency= or a list of graphs, or set it to False."
        )
    if kind in LISTS:
        if estimator.fanout is not None:
            raise ValueError(
                "fanout samples the neighbours in one large graph, got it with a list, "
                "whose graphs are taken whole. Set fanout=None."
            )
    elif estimator.batch_size != "auto" and estimator.fanout is None:
        raise ValueError(
            "batch_size counts the graphs of a list that make a batch; of one graph it "
            f"counts targets and needs fanout, got batch_size={estimator.batch_size} "
            "and fanout=None. Say how many senders are drawn in each layer, such as "
            f'fanout={_some_fanout(estimator._n_attentions)}, or set batch_size="auto".'
        )


def _check_fanout(sizes, n_attentions, recipe):
    if len(sizes) != n_attentions or not is_fanout(sizes):
        raise ValueError(
            f"fanout must be {n_attentions} positive integers, one for each attention "
            "in a row: n_layers of them, and an embedder's decoder; got "
            f"{tuple(sizes)}. Such as fanout={_some_fanout(n_attentions)}: how many "
            "senders are drawn for a target, then for each of these, and so on."
        )
    if recipe.global_attention or recipe.hop_numbers != (1,):
        raise ValueError(
            "fanout samples senders one hop away, got an encoder with "
            f"global_attention={recipe.global_attention} and hops={recipe.hops!r}. "
            "Leave these out, or set fanout=None."
        )


def _some_fanout(length):
    return (15, 10, 5, *(5,) * length)[:length]


def _check_net_params(net_params):
    taken = sorted(name for name in net_params if name.split("__")[0] in RESERVED)
    if taken:
        raise ValueError(
            f"net_params must leave {taken} to the estimator; it is for skorch's "
            "optimizer, callbacks and the like."
        )
    callbacks = net_params.get("callbacks")
    if not isinstance(callbacks, list | None):
        raise ValueError(
            f"net_params['callbacks'] must be a list, got {callbacks!r}. Put a "
            "single callback into one."
        )
