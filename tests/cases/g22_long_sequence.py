"""Remedy for one recording of 100 thousand steps, straight into fit."""

import numpy as np
from case import check

from skattn import GraphAttentionClassifier

try:
    GraphAttentionClassifier(max_epochs=1).fit([np.zeros((100_000, 1))] * 2, [0, 1])
    check(True)
except (MemoryError, ValueError) as e:
    check(
        "SequenceGraph" in str(e) or "window" in str(e),
        f"{type(e).__name__}: {str(e)[:120]}",
    )
