"""Tensors of a call of edge attention, as the backends with kernels take them."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

from skattn.ops._scores import Score

__all__ = ["Tensors"]


class Tensors(NamedTuple):
    """Differentiable tensors of a call, or one flag per tensor."""

    query: Any
    """(n_receivers, H, D); (n_receivers, H) for "gat"."""
    key: Any
    """(n_senders, H, D); (n_senders, H) for "gat"."""
    attention: Any
    """(H, D) for "gatv2", else None."""
    value: Any
    """(n_senders, H, C); None if it is the key."""
    bias: Any
    """(n_edges, H) or None."""
    edge_features: Any
    """(n_edges, K) or None."""
    offset: Any
    """(H, C) or None."""
    key_vectors: Any = None
    """(n_types, H, D), (n_types, H) for "gat"; None for edges without types."""
    value_vectors: Any = None
    """(n_types, H, C); None without types, or if value and vectors are the key's."""

    @classmethod
    def of(
        cls,
        score: Score,
        value: Tensor,
        bias: Tensor | None,
        edge_features: Tensor | None,
        offset: Tensor | None,
        vectors: tuple[Tensor | None, Tensor | None] = (None, None),
    ) -> Tensors:
        """Collect the tensors of a call with a score of the kernels."""
        query, key, *attention = score.tensors
        of_key, of_value = vectors
        is_shared = value is key and of_key is of_value
        return cls(
            query,
            key,
            attention[0] if attention else None,
            None if is_shared else value,
            bias,
            edge_features,
            offset,
            of_key,
            None if is_shared else of_value,
        )

    def contiguous(self) -> Tensors:
        """Return contiguous tensors."""
        return Tensors(*(None if x is None else x.contiguous() for x in self))
