"""Multi-head graph attention with a linear map per edge type."""

from typing import Any, cast

from torch import Generator, Tensor, einsum

from skattn.nn._attention import GraphAttention
from skattn.nn._rows import matmul, new_seed, take_rows
from skattn.nn._scores import Sent
from skattn.ops import (
    Dot,
    Edges,
    Gat,
    GatV2,
    GraphStructure,
    Score,
    SparseMatrix,
    dropout,
    pair_matmul,
    relation_pairs,
)


class EdgeTypeAttention(GraphAttention):
    """Base of attention with weights per edge type."""

    n_edge_types: int

    def _check_input(self, x: Tensor | SparseMatrix, structure: GraphStructure) -> None:
        super()._check_input(x, structure)
        types, n_edges = structure.edge_data.types, structure.edges.n_edges
        if types is None or types.shape != (n_edges,):
            raise ValueError(
                f"edge_data.types must have shape ({n_edges},), one type per edge, "
                f"got {None if types is None else tuple(types.shape)}."
            )

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return f"{super().extra_repr()}, n_edge_types={self.n_edge_types}"


class TypedAttention(EdgeTypeAttention):
    """Multi-head graph attention with a linear map per edge type.

    As :class:`~skattn.nn.GraphAttention`, where keys and values of a sender ``j`` are
    ``W_r x_j`` with a matrix for the type ``r`` of the edge, as in HGT (Hu et al. 2020,
    whose query is that of the receiver's type), the relational GCN (Schlichtkrull et
    al. 2018) and relational GAT (Busbridge et al. 2019, "across-relation"). Queries do
    not depend on the type. With ``n_bases``, the matrices are sums of basis matrices,
    ``W_r = sum_b c_rb V_b`` (Schlichtkrull et al. 2018, equation 3).

    The projections are computed for the (type, sender) pairs that occur, never per
    edge.

    Parameters
    ----------
    in_features, head_dim : int
        Width of the node features and of one head.
    n_edge_types : int
        Number of edge types; that of each edge is in ``edge_data.types``.
    n_bases : int or None, default=None
        Number of basis matrices; None for a free matrix per type.
    **options : object
        Further parameters of :class:`~skattn.nn.GraphAttention`. ``share_weights``:
        whether keys and values share one matrix per type (always for "gat", "gatv2").

    Examples
    --------
    Node 0 attends to node 1 by types 0 and 1, node 1 to itself by type 0.

    >>> import torch
    >>> from skattn.nn import TypedAttention
    >>> from skattn.ops import EdgeData, Edges, GraphStructure
    >>> edges = Edges.from_csr([0, 2, 3], [1, 1, 1], n_senders=2)
    >>> structure = GraphStructure(edges, EdgeData(types=torch.tensor([0, 1, 0])))
    >>> attention = TypedAttention(4, 8, n_edge_types=2, n_heads=2)
    >>> attention(torch.randn(2, 4), structure).shape
    torch.Size([2, 16])
    """

    query: Tensor
    attention: Tensor
    attention_key: Tensor

    def __init__(
        self,
        in_features: int,
        head_dim: int,
        *,
        n_edge_types: int,
        n_bases: int | None = None,
        **options: Any,
    ) -> None:
        if n_edge_types < 1 or (n_bases is not None and n_bases < 1):
            raise ValueError(
                "n_edge_types must be at least 1, and n_bases at least 1 or None, got "
                f"{n_edge_types} and {n_bases}."
            )
        self.n_edge_types, self.n_bases = n_edge_types, n_bases  # for the shapes
        super().__init__(in_features, head_dim, **options)

    def _weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the weights, without those of edge features."""
        n_types, n_bases = self.n_edge_types, self.n_bases
        heads, square = self._shapes()
        shapes: dict[str, tuple[int, ...]] = {}
        names = ["value"]
        if self.score == "dot" and not self.share_weights:
            names.append("key")
        for name in names:
            shapes[name] = (n_bases or n_types, *square)
            if n_bases is not None:
                shapes[f"{name}_coefficients"] = n_types, n_bases
        if self.score == "gat":  # a . W x of a receiver is a linear map to its heads
            return shapes | {
                "query": (self.in_features, self.n_heads),
                "attention_key": heads,
            }
        shapes["query"] = square
        return shapes if self.score == "dot" else shapes | {"attention": heads}

    def send(self, _x: Tensor | SparseMatrix, _generator: Generator | None, /) -> Sent:
        """Return nothing: messages depend on the types of the edges."""
        return cast("Sent", None)

    def _project(self, x: Tensor | SparseMatrix) -> Sent:
        """Return nothing, as `send`."""
        return self.send(x, None)

    def _scored(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        _sent: Sent | None,
        structure: GraphStructure,
        generator: Generator | None = None,
    ) -> tuple[Score, Tensor, Edges]:
        """Return scores, values, and the edges from pairs."""
        types = structure.edge_data.types
        assert types is not None
        pairs = relation_pairs(structure.edges, types, self.n_edge_types)
        value = self._heads(pair_matmul(x, pairs, self._matrices("value")))
        key = value
        if hasattr(self, "key"):
            key = self._heads(pair_matmul(x, pairs, self._matrices("key")))
        query = matmul(take_rows(x, receivers), self.query)
        score = self._score_of(query, key)
        if self.training and self.value_dropout:
            value = dropout(value, self.value_dropout, new_seed(generator))
        return score, value, pairs.edges

    def _score_of(self, query: Tensor, key: Tensor) -> Score:
        if self.score == "gat":
            of_pairs = (key * self.attention_key).sum(-1)
            return Gat(query, of_pairs, self.negative_slope)
        if self.score == "dot":
            return Dot(self._heads(query), key)
        return GatV2(self._heads(query), key, self.attention, self.negative_slope)

    def _matrices(self, name: str) -> Tensor:
        """Return the matrix of each type, (n_edge_types, in_features, width)."""
        weight: Tensor = getattr(self, name)
        if self.n_bases is None:
            return weight
        return einsum("rb,bif->rif", getattr(self, f"{name}_coefficients"), weight)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        text = super().extra_repr()
        return text if self.n_bases is None else f"{text}, n_bases={self.n_bases}"
