"""Inspection of fitted estimators and graphs: explanations, attention, pictures."""

from skattn.inspection._attention import attention_weights, readout_weights
from skattn.inspection._attention_display import AttentionDisplay
from skattn.inspection._embedding_display import EmbeddingDisplay
from skattn.inspection._explain import explain
from skattn.inspection._explanation import Explanation
from skattn.inspection._explanation_display import ExplanationDisplay
from skattn.inspection._fidelity import agreement, fidelity
from skattn.inspection._graph_display import GraphDisplay
from skattn.inspection._graph_samples_display import GraphSamplesDisplay
from skattn.inspection._growth_attention import GrowthAttention, growth_attention
from skattn.inspection._growth_display import GrowthAttentionDisplay

__all__ = [
    "AttentionDisplay",
    "EmbeddingDisplay",
    "Explanation",
    "ExplanationDisplay",
    "GraphDisplay",
    "GraphSamplesDisplay",
    "GrowthAttention",
    "GrowthAttentionDisplay",
    "agreement",
    "attention_weights",
    "explain",
    "fidelity",
    "growth_attention",
    "readout_weights",
]
