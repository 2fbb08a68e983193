"""Inspection of fitted estimators and graphs: attention weights and pictures."""

from skattn.inspection._attention import attention_weights, readout_weights
from skattn.inspection._attention_display import AttentionDisplay
from skattn.inspection._embedding_display import EmbeddingDisplay
from skattn.inspection._graph_display import GraphDisplay

__all__ = [
    "AttentionDisplay",
    "EmbeddingDisplay",
    "GraphDisplay",
    "attention_weights",
    "readout_weights",
]
