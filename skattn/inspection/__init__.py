"""Inspection of fitted estimators."""

from skattn.inspection._attention import attention_weights, readout_weights

__all__ = ["attention_weights", "readout_weights"]
