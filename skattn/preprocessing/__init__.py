"""Transformers around graphs."""

from skattn.preprocessing._node_transformer import NodeTransformer

__all__ = ["NodeTransformer"]
