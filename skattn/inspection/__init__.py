"""Inspection of fitted estimators."""

from skattn.inspection._attention import attention_weights, readout_weights
from skattn.inspection._attention_display import AttentionDisplay

__all__ = ["AttentionDisplay", "attention_weights", "readout_weights"]
