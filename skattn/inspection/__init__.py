"""Inspection of fitted estimators: explanations of answers, attention weights."""

from skattn.inspection._attention import attention_weights, readout_weights
from skattn.inspection._attention_display import AttentionDisplay
from skattn.inspection._explain import explain
from skattn.inspection._explanation import Explanation
from skattn.inspection._explanation_display import ExplanationDisplay
from skattn.inspection._fidelity import agreement, fidelity

__all__ = [
    "AttentionDisplay",
    "Explanation",
    "ExplanationDisplay",
    "agreement",
    "attention_weights",
    "explain",
    "fidelity",
    "readout_weights",
]
