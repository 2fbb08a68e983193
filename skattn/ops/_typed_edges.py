"""Edges with types, and a vector per type that joins the keys and values of senders."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from skattn.ops._edges import Edges
from skattn.ops._scores import QueryKeyScore, Score, check_shape

__all__ = ["TypedEdges"]


@dataclass(frozen=True, eq=False)
class TypedEdges:
    """Edges with types, and a vector per type that joins key and value of the sender.

    Passed to :func:`~skattn.ops.edge_attention` as its edges, an edge of type ``r``
    from sender ``j`` has the key ``k_j + key[r]`` and the value ``v_j + value[r]``,
    where ``k`` and ``v`` are those of the call. The compiled kernels add them for a few
    edges at a time (on the CPU, up to 32): no tensor has a row per edge, except on the
    reference backend. A relation translates senders in this way in CompGCN (Vashishth
    et al. 2020) and in Nathani et al. 2019.

    The constructor does not validate its arguments; ``edge_attention`` does.

    References
    ----------
    Vashishth et al., "Composition-based Multi-Relational Graph Convolutional Networks",
    ICLR 2020; Nathani et al., "Learning Attention-based Embeddings for Relation
    Prediction in Knowledge Graphs", ACL 2019.

    Examples
    --------
    Node 0 attends to node 1 by types 0 and 1, node 1 to itself by type 0.

    >>> import torch
    >>> from skattn.ops import Dot, Edges, TypedEdges, edge_attention
    >>> edges = Edges.from_csr([0, 2, 3], [1, 1, 1], n_senders=2)
    >>> vectors = torch.tensor([[[0.0]], [[4.0]]])  # of 2 types, for 1 head
    >>> typed = TypedEdges(edges, torch.tensor([0, 1, 0]), vectors, vectors)
    >>> zero = torch.zeros(2, 1, 1)
    >>> edge_attention(typed, Dot(zero, zero), torch.ones(2, 1, 1)).squeeze()
    tensor([3., 1.])
    """

    edges: Edges
    """Senders of every receiver."""
    types: Tensor
    """(n_edges,): type of each edge, from 0; integers."""
    key: Tensor
    """(n_types, n_heads, head_dim); (n_types, n_heads) for ``Gat``."""
    value: Tensor
    """(n_types, n_heads, head_dim). The tensor ``key`` itself, if the values are the
    keys too, saves the memory of a gradient."""

    @property
    def n_types(self) -> int:
        """Number of types."""
        return self.key.shape[0]

    def check(self, score: Score, value: Tensor) -> None:
        """Raise ValueError unless types and vectors match score and values.

        Parameters
        ----------
        score : Score
            Score of the senders, with a query and a key.
        value : Tensor of shape (n_senders, n_heads, head_dim)
            Values of the senders.
        """
        if not isinstance(score, QueryKeyScore):
            raise ValueError(
                "the score of typed edges must be Dot, Gat or GatV2, whose keys the "
                f"vectors join, got {type(score).__name__}. Pass edges without types."
            )
        check_shape("types", self.types, (self.edges.n_edges,))
        check_shape("key of types", self.key, (self.n_types, *score.key.shape[1:]))
        check_shape("value of types", self.value, (self.n_types, *value.shape[1:]))
        self._check_range()

    def _check_range(self) -> None:
        known = vars(self.edges).get("_types")  # checked once, used by every layer
        if known is not None and known[0] is self.types and known[1] == self.n_types:
            return
        types = self.types
        if types.numel() and not types.is_meta:
            low, high = torch.stack(types.aminmax()).tolist()  # one wait for the device
            if low < 0 or high >= self.n_types:
                raise ValueError(
                    f"types must lie in 0 .. {self.n_types - 1}, got numbers from "
                    f"{low} to {high}. Pass a vector for each of all types."
                )
        vars(self.edges)["_types"] = types, self.n_types

    def per_edge(self, score: Score, value: Tensor) -> tuple[Edges, Score, Tensor]:
        """Return the edges with a sender each, and their score and values.

        Parameters
        ----------
        score : Score
            Score of the senders.
        value : Tensor of shape (n_senders, n_heads, head_dim)
            Values of the senders.

        Returns
        -------
        edges : Edges
            The edges, whose senders are the edges.
        score : Score
            Score with a key per edge.
        value : Tensor of shape (n_edges, n_heads, head_dim)
            Value of each edge.
        """
        edges, types = self.edges, self.types.long()
        numbers = torch.arange(edges.n_edges, device=edges.senders.device)
        assert isinstance(score, QueryKeyScore)
        key = score.key[edges.senders] + self.key[types]
        return (
            Edges(edges.indptr, numbers, edges.n_edges),
            replace(score, key=key),
            value[edges.senders] + self.value[types],
        )
