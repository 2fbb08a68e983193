"""Inspection of fitted estimators: attention and readout weights."""

from skattn.inspection._attention import attention_weights, readout_weights
from skattn.inspection._attention_display import AttentionDisplay

__all__ = ["AttentionDisplay", "attention_weights", "readout_weights"]
