"""Resolution of ``batch_size="auto"`` in training."""

from typing import Any

from skattn.estimators._defaults import DEFAULTS
from skattn.estimators._setting import Setting

MAX_BATCH = 128
"""Greatest number of graphs or sequences in a training batch for "auto"."""
PAIR_STEPS = 8
"""Number of training steps of an epoch of pairs: the edges of a step's pairs leave the
graph, of which most must remain."""


def training_batch_size(params: Any, setting: Setting, n_rows: int) -> int | str:
    """Resolve the batch size of graphs and sequences; return others as they are.

    `n_rows` is the number of labelled graphs or sequences.
    """
    given: int | str = params.batch_size
    if given != "auto" or setting.rows not in ("graphs", "sequences"):
        return given
    found = DEFAULTS[setting.rows, setting.label_kind]
    return min(max(n_rows // found.most_batches, found.smallest_batch), MAX_BATCH)


def pair_batch_size(given: int | str, n_rows: int) -> int:
    """Resolve the number of labelled pairs of a training step."""
    if given != "auto":
        return int(given)
    return max(-(-n_rows // PAIR_STEPS), 1)
