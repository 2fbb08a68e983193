"""The part of an estimator's parameters that few people need."""

from numbers import Integral, Real
from typing import ClassVar

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions


class Encoder(BaseEstimator):
    """A recipe for the encoder of an estimator.

    A recipe holds parameters and no weights, so that ``clone`` carries nothing
    across folds; a search reaches them as ``encoder__activation`` and so on.

    Parameters
    ----------
    activation : {"elu", "gelu", "relu", "silu"}, default="elu"
        What follows the normalisation in every layer.
    feed_forward : int, default=0
        Hidden width of a feed-forward network behind each attention, as a multiple
        of ``hidden_dim``; 0 for none.
    input_dropout : float or None, default=None
        Probability that an entry of the node features is dropped in training; the
        estimator's ``dropout`` if None.
    output : {"linear", "attention"}, default="linear"
        Whether the outputs are a linear map of the last layer, or the last of the
        ``n_layers`` attends into them, as in the GAT paper.
    output_heads : int, default=1
        Heads of an attending output; their mean counts.

    Examples
    --------
    >>> from skattn import Encoder, GraphAttentionClassifier
    >>> clf = GraphAttentionClassifier(encoder=Encoder(output="attention"))
    >>> clf.set_params(encoder__activation="relu").encoder
    Encoder(activation='relu', output='attention')
    """

    _parameter_constraints: ClassVar[dict] = {
        "activation": [StrOptions({"elu", "gelu", "relu", "silu"})],
        "feed_forward": [Interval(Integral, 0, None, closed="left")],
        "input_dropout": [Interval(Real, 0, 1, closed="left"), None],
        "output": [StrOptions({"linear", "attention"})],
        "output_heads": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        activation="elu",
        feed_forward=0,
        input_dropout=None,
        output="linear",
        output_heads=1,
    ):
        self.activation = activation
        self.feed_forward = feed_forward
        self.input_dropout = input_dropout
        self.output = output
        self.output_heads = output_heads
