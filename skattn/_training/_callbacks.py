"""Callbacks: divergence, early stopping, validation scores, reports."""

import math

import torch
from skorch.callbacks import Callback

WORST = (-math.inf, -math.inf)
"""Score and minus the loss before any epoch."""
SCORE_DIGITS = 5
"""Decimals of a score that count: float32 means are no more precise, and rows of
negligible weight must not choose the epoch."""


class StopTraining(KeyboardInterrupt):
    """The end of a training by a callback; skorch ends it at any KeyboardInterrupt."""


class StopIfDiverged(Callback):
    """Raise ValueError when the training loss is no longer finite."""

    def on_epoch_end(self, net, **kwargs):
        """Check the epoch's training loss."""
        loss = net.history[-1]["train_loss"]
        if not math.isfinite(loss):
            raise ValueError(
                f"the training loss must stay finite, but became {loss} in epoch "
                f"{len(net.history)}. Scale the features (StandardScaler, "
                "NodeTransformer) or lower learning_rate."
            )


class ScoreValidation(Callback):
    """Replace an epoch's validation score by one of all validation outputs.

    Parameters
    ----------
    score : callable
        Takes the outputs (n_targets, n_outputs) as an array; more is better.
    """

    def __init__(self, score):
        self.score = score

    def on_train_begin(self, net, **kwargs):
        """Reset the state of an earlier training."""
        self.best_ = -math.inf

    def on_epoch_begin(self, net, **kwargs):
        """Reset the outputs of the last epoch."""
        self.outputs_ = []

    def on_batch_end(self, net, batch=None, *, training=False, y_pred=None, **kwargs):
        """Collect a validation batch's outputs."""
        if not training:
            self.outputs_.append(y_pred)

    def on_epoch_end(self, net, **kwargs):
        """Write to the history."""
        score = float(self.score(torch.cat(self.outputs_).cpu().numpy()))
        epoch = net.history[-1]
        epoch["valid_score"], epoch["valid_score_best"] = score, score > self.best_
        self.best_ = max(self.best_, score)


class KeepBest(Callback):
    """End with the best epoch's weights, and count the epochs without progress.

    As in the GAT paper an epoch counts as progress if the validation loss or the
    validation score is the best so far. The best epoch has the highest score and,
    among equals, the lowest loss.

    Parameters
    ----------
    digits : int or None, default=SCORE_DIGITS
        Decimals of the score that count; None for all.
    """

    def __init__(self, digits=SCORE_DIGITS):
        self.digits = digits

    def on_train_begin(self, net, **kwargs):
        """Reset the state of an earlier training."""
        self.best_ = self.peaks_ = WORST
        self.weights_ = None
        self.idle_ = 0

    def on_epoch_end(self, net, **kwargs):
        """Keep the weights of the best epoch so far."""
        epoch = net.history[-1]
        now = self._key(epoch["valid_score"], epoch["valid_loss"])
        self.idle_ = 0 if any(map(float.__gt__, now, self.peaks_)) else self.idle_ + 1
        self.peaks_ = tuple(map(max, now, self.peaks_))
        if now > self.best_:
            self.best_ = now
            state = net.module_.state_dict()
            self.weights_ = {name: tensor.clone() for name, tensor in state.items()}

    def _key(self, score, loss):
        """Return the key of an epoch, greater is better: score, then minus the loss."""
        if not math.isfinite(loss):
            return WORST  # outputs that are no numbers, even if they hit a class
        if not math.isfinite(score):
            return -math.inf, -loss
        return score if self.digits is None else round(score, self.digits), -loss

    def on_train_end(self, net, **kwargs):
        """Put the best weights back."""
        if self.weights_ is not None:
            net.module_.load_state_dict(self.weights_)
            self.weights_ = None


class StopIfIdle(Callback):
    """Stop a training that no longer improves.

    Parameters
    ----------
    progress : KeepBest
        Counts the epochs without progress.
    patience : int
        How many of them end the training.
    """

    def __init__(self, progress, patience):
        self.progress = progress
        self.patience = patience

    def on_epoch_end(self, net, **kwargs):
        """Stop if patience is over."""
        if self.progress.idle_ >= self.patience:
            raise StopTraining


class TaskReport(Callback):
    """Report every epoch to scikit-learn's callbacks.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        The context of the running ``fit``.
    task : dict
        The arguments of ``call_on_fit_task_begin`` and ``call_on_fit_task_end``,
        but for the fitted attributes.
    attributes : callable
        Makes the fitted attributes, as if training ended now.
    """

    def __init__(self, context, task, attributes):
        self.context = context
        self.task = task
        self.attributes = attributes

    def on_epoch_begin(self, net, **kwargs):
        """Open a scikit-learn task."""
        self.epoch_ = self.context.subcontext(task_name="epoch")
        self.epoch_.call_on_fit_task_begin(**self.task)

    def on_epoch_end(self, net, **kwargs):
        """Close the task; stop if a callback requests it."""
        stop = self.epoch_.call_on_fit_task_end(
            **self.task, reconstruction_attributes=lambda: self.attributes(net)
        )
        if stop:
            raise StopTraining
