"""Inspection of fitted estimators: attention and readout weights."""

from skattn.inspection._attention import attention_weights, readout_weights

__all__ = ["attention_weights", "readout_weights"]
