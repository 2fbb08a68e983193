"""Metrics of link prediction, of reasoning over triples and of generated graphs."""

from skattn.metrics._generation_report import GenerationReport, generation_report
from skattn.metrics._graph_mmd import graph_mmd
from skattn.metrics._graph_statistics import graph_statistics
from skattn.metrics._novelty import is_novel, is_unique
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
    "GenerationReport",
    "average_precision_at_k",
    "average_precision_at_k_scorer",
    "filtered_ranks",
    "generation_report",
    "graph_mmd",
    "graph_statistics",
    "hits_at_k",
    "hits_at_k_scorer",
    "is_novel",
    "is_unique",
    "mean_reciprocal_rank",
    "mean_reciprocal_rank_scorer",
]
