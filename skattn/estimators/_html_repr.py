"""Tables of a fit in the HTML repr of an estimator."""

from numbers import Integral, Real

from skattn._compat_sklearn import ReprRow, ReprTable
from skattn.estimators._encoder_config import EncoderConfig


def fit_tables(estimator):
    """Make the tables of a fit.

    Parameters
    ----------
    estimator : GraphAttentionEstimator
        A fitted estimator.

    Returns
    -------
    dict of str to ReprTable
        By the fitted attribute that a table shows.
    """
    summary = estimator.input_summary_
    params = estimator.resolved_params_
    title = f"Fitted on {estimator._context_.description}"
    return {
        "input_summary_": ReprTable(
            title, [ReprRow(name, _text(value)) for name, value in summary.items()]
        ),
        "resolved_params_": ReprTable(
            'Values of parameters that can be "auto"',
            [_parameter_row(estimator, *item) for item in params.items()],
        ),
    }


def _parameter_row(estimator, name, value):
    inside, _, of_encoder = name.partition("__")
    text = _text(value)
    if name == "batch_size" and value is None:
        text = "the whole graph"
    if of_encoder:
        return ReprRow(name, text, EncoderConfig(), of_encoder)
    return ReprRow(name, text, estimator, inside)


def _text(value):
    """Return the text of a plain value: short floats, digits of integers in groups."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return repr(value)
    return f"{value:,}" if isinstance(value, Integral) else f"{value:.4g}"
