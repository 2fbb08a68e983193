"""History and summary of epochs with little overhead."""

import math
import time

import numpy as np
import torch
from skorch.callbacks import Callback
from skorch.history import History
from torch import Tensor


class EpochHistory(History):
    """History that returns an epoch without copying the list of all epochs."""

    def __getitem__(self, i):
        if isinstance(i, int):
            return list.__getitem__(self, i)
        return super().__getitem__(i)


NUMBERS = ("train_loss", "valid_loss", "valid_score")
"""Names of the numbers of a batch, which are tensors until they are read."""


def read_numbers(batches):
    """Replace the tensors in the history of some batches by numbers, in one copy."""
    places = [
        (batch, name)
        for batch in batches
        for name in NUMBERS
        if isinstance(batch.get(name), Tensor)
    ]
    if places:
        numbers = torch.stack([batch[name] for batch, name in places])
        for (batch, name), number in zip(places, numbers.tolist(), strict=True):
            batch[name] = number


class EpochSummary(Callback):
    """Mean losses and score of an epoch, its duration, and flags of the best so far.

    It replaces skorch's ``EpochTimer`` and ``PassthroughScoring``, which take longer.
    """

    _SUMMARIES = (  # quantity, its batch sizes, whether greater is better
        ("train_loss", "train_batch_size", False),
        ("valid_loss", "valid_batch_size", False),
        ("valid_score", "valid_batch_size", True),
    )

    def on_train_begin(self, net, **kwargs):
        """Reset the state of an earlier training."""
        self.best_ = {}

    def on_epoch_begin(self, net, **kwargs):
        """Start the clock."""
        self.start_ = time.time()

    def on_epoch_end(self, net, **kwargs):
        """Write the summary to the history."""
        epoch = net.history[-1]
        epoch["dur"] = time.time() - self.start_
        for name, size, grows in self._SUMMARIES:
            batches = [batch for batch in epoch["batches"] if name in batch]
            if not batches:
                continue
            mean = _mean([(batch[name], batch[size]) for batch in batches])
            best = self.best_.get(name, -math.inf if grows else math.inf)
            is_best = mean > best if grows else mean < best
            if is_best:
                self.best_[name] = mean
            epoch[name], epoch[f"{name}_best"] = mean, is_best


def _mean(pairs):
    """Return the mean of (number, size) pairs, weighted by size."""
    if len(pairs) == 1:
        return pairs[0][0]
    numbers, sizes = zip(*pairs, strict=True)
    return float(np.average(numbers, weights=sizes))
