"""What happens at the end of an epoch."""

import math

from skorch.callbacks import Callback

WORST = (-math.inf, -math.inf)
"""Score and minus the loss before any epoch."""
SCORE_DIGITS = 5
"""Scores that differ behind these digits are equal: a weighted mean in float32 is no
better, and rows of next to no weight shall not choose the epoch."""


class StopIfDiverged(Callback):
    """Give up when the training loss is no longer a finite number."""

    def on_epoch_end(self, net, **kwargs):
        """Look at the epoch's training loss."""
        loss = net.history[-1]["train_loss"]
        if not math.isfinite(loss):
            raise ValueError(
                f"the training loss must stay finite, but became {loss} in epoch "
                f"{len(net.history)}. Scale the features (StandardScaler, "
                "NodeTransformer) or lower learning_rate."
            )


class KeepBest(Callback):
    """End with the best epoch's weights, and count the epochs without progress.

    As in the GAT paper an epoch counts as progress if the validation loss or the
    validation score is the best so far. The best epoch has the highest score and,
    among equals, the lowest loss.
    """

    def on_train_begin(self, net, **kwargs):
        """Forget earlier trainings."""
        self.best_ = self.peaks_ = WORST
        self.weights_ = None
        self.idle_ = 0

    def on_epoch_end(self, net, **kwargs):
        """Keep the weights if they are the best."""
        epoch = net.history[-1]
        loss, score = epoch["valid_loss"], epoch["valid_score"]
        # outputs that are no numbers are no progress, even if they hit a class
        now = (round(score, SCORE_DIGITS), -loss) if math.isfinite(loss) else WORST
        self.idle_ = 0 if any(map(float.__gt__, now, self.peaks_)) else self.idle_ + 1
        self.peaks_ = tuple(map(max, now, self.peaks_))
        if now > self.best_:
            self.best_ = now
            state = net.module_.state_dict()
            self.weights_ = {name: tensor.clone() for name, tensor in state.items()}

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
            raise KeyboardInterrupt  # how a skorch callback ends a training


class TaskReport(Callback):
    """Tell scikit-learn's callbacks about every epoch.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        The context of the running ``fit``.
    about : dict
        The arguments of ``call_on_fit_task_begin`` and ``call_on_fit_task_end``,
        but for the fitted attributes.
    attributes : callable
        Gives the fitted attributes, as if training ended now.
    """

    def __init__(self, context, about, attributes):
        self.context = context
        self.about = about
        self.attributes = attributes

    def on_epoch_begin(self, net, **kwargs):
        """Open a task."""
        self.epoch_ = self.context.subcontext(task_name="epoch")
        self.epoch_.call_on_fit_task_begin(**self.about)

    def on_epoch_end(self, net, **kwargs):
        """Close the task; stop if a callback asks for it."""
        stop = self.epoch_.call_on_fit_task_end(
            **self.about, reconstruction_attributes=lambda: self.attributes(net)
        )
        if stop:
            raise KeyboardInterrupt
