"""Callbacks: divergence, validation scores, early stopping, reports."""

import math

import torch
from skorch.callbacks import Callback

WORST = (-math.inf, -math.inf)
"""Score and negative loss before the first epoch."""
SCORE_DIGITS = 5
"""Decimals of a score that are compared: float32 means are no more precise, and rows
of negligible weight must not decide."""


class StopTraining(KeyboardInterrupt):
    """Raised by a callback to stop training; skorch catches KeyboardInterrupt."""


class StopIfDiverged(Callback):
    """Raise ValueError when the training loss is no longer finite."""

    def on_epoch_end(self, net, **kwargs):
        """Check the epoch's training loss."""
        loss = net.history[-1]["train_loss"]
        if not math.isfinite(loss):
            raise ValueError(
                f"the training loss must stay finite, but became {loss} in epoch "
                f"{len(net.history)}. Scale the features (StandardScaler, "
                "NodeTransformer) or decrease learning_rate."
            )


class ScoreValidation(Callback):
    """Callback that scores the outputs of all validation batches in every epoch.

    Parameters
    ----------
    score : callable
        Function of the outputs (n_targets, n_outputs); greater is better.
    """

    def __init__(self, score):
        self.score = score

    def on_train_begin(self, net, **kwargs):
        """Reset the state of an earlier training."""
        self.best_ = -math.inf

    def on_epoch_begin(self, net, **kwargs):
        """Discard the outputs of the last epoch."""
        self.outputs_ = []

    def on_batch_end(self, net, batch=None, *, training=False, y_pred=None, **kwargs):
        """Collect the outputs of a validation batch."""
        if not training:
            self.outputs_.append(y_pred)

    def on_epoch_end(self, net, **kwargs):
        """Write the score to the history."""
        score = float(self.score(torch.cat(self.outputs_).cpu().numpy()))
        epoch = net.history[-1]
        epoch["valid_score"], epoch["valid_score_best"] = score, score > self.best_
        self.best_ = max(self.best_, score)


class KeepBest(Callback):
    """Restore the weights of the best epoch, and count the epochs without progress.

    The best epoch has the highest validation score and, among equal ones, the lowest
    loss. An epoch is progress if its score or its loss is the best so far, as in the
    code of the GAT paper.

    Parameters
    ----------
    digits : int or None, default=SCORE_DIGITS
        Decimals of the score that are compared; None for all.
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
        """Return the (score, negative loss) by which epochs are compared."""
        if not math.isfinite(loss):
            return WORST  # NaN outputs may still have the right argmax
        if not math.isfinite(score):
            return -math.inf, -loss
        return score if self.digits is None else round(score, self.digits), -loss

    def on_train_end(self, net, **kwargs):
        """Restore the best weights."""
        if self.weights_ is not None:
            net.module_.load_state_dict(self.weights_)
            self.weights_ = None


class StopIfIdle(Callback):
    """Stop training after ``patience`` epochs without progress (see `KeepBest`)."""

    def __init__(self, progress, patience):
        self.progress = progress
        self.patience = patience

    def on_epoch_end(self, net, **kwargs):
        """Stop if there was no progress for too long."""
        if self.progress.idle_ >= self.patience:
            raise StopTraining


class TaskReport(Callback):
    """Report each epoch to scikit-learn's callbacks.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        Context of the running ``fit``.
    task : dict
        Arguments of ``call_on_fit_task_begin`` and ``call_on_fit_task_end``.
    attributes : callable
        Function of the net that returns the fitted attributes after this epoch.
    """

    def __init__(self, context, task, attributes):
        self.context = context
        self.task = task
        self.attributes = attributes

    def on_epoch_begin(self, net, **kwargs):
        """Report the start of an epoch to scikit-learn's callbacks."""
        self.epoch_ = self.context.subcontext(task_name="epoch")
        self.epoch_.call_on_fit_task_begin(**self.task)

    def on_epoch_end(self, net, **kwargs):
        """End the task; stop if a callback requests it."""
        stop = self.epoch_.call_on_fit_task_end(
            **self.task, reconstruction_attributes=lambda: self.attributes(net)
        )
        if stop:
            raise StopTraining
