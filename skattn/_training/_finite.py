"""Checks that outputs, weights and losses are finite."""

import math

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from skattn._training._net import AttentionNet
from skattn.graph._labels import row_listing
from skattn.graph._warning import warn

DIVERGED = 1000.0
"""Final training loss, relative to the first one (at least 1), of a diverged training;
all losses are about 1 for constant outputs."""
CAUSE = (
    "Features that are far beyond those of fit, such as a fill value, overflow: "
    "replace them (SimpleImputer) or scale them (StandardScaler, NodeTransformer)."
)


def check_outputs(outputs: np.ndarray) -> None:
    """Raise ValueError if an output (n_rows, n_outputs) is not finite."""
    bad = np.flatnonzero(~np.isfinite(outputs).all(1))
    if len(bad) == 0:
        return
    raise ValueError(
        f"the network's outputs must be finite, but are NaN or infinite for {len(bad)} "
        f"of {len(outputs)} rows of X (positions {row_listing(bad)}). {CAUSE} Features "
        "of nodes in the neighbourhood count too."
    )


def check_attention(weights: Tensor) -> Tensor:
    """Return attention weights; raise ValueError if one is not finite."""
    bad = int((~torch.isfinite(weights)).sum())
    if bad:
        raise ValueError(
            f"attention weights must be finite, but {bad} of {weights.numel()} are NaN "
            f"or infinite. {CAUSE}"
        )
    return weights


def check_trained(net: AttentionNet) -> None:
    """Check the weights and the losses at the end of a training.

    Raises
    ------
    ValueError
        If a weight is not finite, or no validation loss is.
    KeyboardInterrupt
        If a weight is not finite and the user interrupted the training.

    Warns
    -----
    ConvergenceWarning
        If the training loss grew to thousands of times its start.
    """
    if not len(net.history):
        return
    bad = [
        name
        for name, weight in net.module_.state_dict().items()
        if not torch.isfinite(weight).all()
    ]
    if bad and net.interrupted_:
        raise KeyboardInterrupt
    if bad:
        raise ValueError(
            "the weights of the network must stay finite, but are NaN or infinite "
            f"after epoch {len(net.history)} ({bad[0]} and {len(bad) - 1} more). Scale "
            "the features (StandardScaler, NodeTransformer) or decrease learning_rate."
        )
    _check_validation(net)
    if not net.interrupted_:
        _warn_if_diverged(net)


def _check_validation(net: AttentionNet) -> None:
    losses = [epoch.get("valid_loss", 0.0) for epoch in net.history]
    if not any(map(math.isfinite, losses)):
        raise ValueError(
            f"the validation loss must be finite in some epoch, but was {losses[-1]} "
            f"in the last of {len(losses)}. {CAUSE}"
        )


def _warn_if_diverged(net: AttentionNet) -> None:
    start = net.history[0]["batches"][0]["train_loss"]
    end = net.history[-1]["train_loss"]
    if end > DIVERGED * max(start, 1.0):
        warn(
            f"the training diverged: its loss grew from {start:.3g} to {end:.3g}. "
            "Decrease learning_rate, or scale the features (StandardScaler, "
            "NodeTransformer).",
            ConvergenceWarning,
        )
