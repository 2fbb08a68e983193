"""Graphs become tensors."""

from skattn.batch._batch import GraphBatch
from skattn.batch._collate import collate, collate_views

__all__ = ["GraphBatch", "collate", "collate_views"]
