"""Ranking metrics of link prediction and of reasoning over triples, and scorers."""

from skattn.metrics._ranking import (
    average_precision_at_k,
    filtered_ranks,
    hits_at_k,
    mean_reciprocal_rank,
)
from skattn.metrics._scorers import (
    average_precision_at_k_scorer,
    hits_at_k_scorer,
    mean_reciprocal_rank_scorer,
)

__all__ = [
    "average_precision_at_k",
    "average_precision_at_k_scorer",
    "filtered_ranks",
    "hits_at_k",
    "hits_at_k_scorer",
    "mean_reciprocal_rank",
    "mean_reciprocal_rank_scorer",
]
