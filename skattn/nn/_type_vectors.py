"""Multi-head graph attention with a vector per edge type."""

from typing import Any

from torch import Generator, Tensor

from skattn.nn._scores import Sent
from skattn.nn._typed_attention import EdgeTypeAttention
from skattn.ops import GraphStructure, Score, SparseMatrix, TypedEdges


class TypeVectorAttention(EdgeTypeAttention):
    """Multi-head graph attention with a vector per edge type.

    As :class:`~skattn.nn.GraphAttention`, where the vector ``t_r`` of the type ``r`` of
    an edge joins the projection of its sender: ``W x_j + t_r``, in the score and in the
    message. A type translates its senders as a relation does in CompGCN (Vashishth et
    al. 2020, "sub", whose relation vectors have the other sign) and in the attention of
    Nathani et al. 2019. The score "dot" has a vector for keys and one for values.

    For many types: a type has ``n_heads * head_dim`` weights, and no tensor has a row
    per edge.

    Parameters
    ----------
    in_features, head_dim : int
        Width of the node features and of one head.
    n_edge_types : int
        Number of edge types; that of each edge is in ``edge_data.types``.
    **options : object
        Further parameters of :class:`~skattn.nn.GraphAttention`. ``share_weights``:
        also whether keys and values share one vector per type (always for "gat",
        "gatv2").

    Notes
    -----
    Kernels for the CPU and for CUDA devices add the vectors for a few edges at a time.

    References
    ----------
    Vashishth et al., "Composition-based Multi-Relational Graph Convolutional Networks",
    ICLR 2020; Nathani et al., "Learning Attention-based Embeddings for Relation
    Prediction in Knowledge Graphs", ACL 2019.

    Examples
    --------
    Node 0 attends to node 1 by types 0 and 1, node 1 to itself by type 0.

    >>> import torch
    >>> from skattn.nn import TypeVectorAttention
    >>> from skattn.ops import EdgeData, Edges, GraphStructure
    >>> edges = Edges.from_csr([0, 2, 3], [1, 1, 1], n_senders=2)
    >>> structure = GraphStructure(edges, EdgeData(types=torch.tensor([0, 1, 0])))
    >>> attention = TypeVectorAttention(4, 8, n_edge_types=2, n_heads=2)
    >>> attention(torch.randn(2, 4), structure).shape
    torch.Size([2, 16])
    """

    type_value: Tensor
    type_key: Tensor
    attention_key: Tensor

    def __init__(
        self, in_features: int, head_dim: int, *, n_edge_types: int, **options: Any
    ) -> None:
        if n_edge_types < 1:
            raise ValueError(f"n_edge_types must be at least 1, got {n_edge_types}.")
        self.n_edge_types = n_edge_types  # for the shapes
        super().__init__(in_features, head_dim, **options)

    def _weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the weights, without those of edge features."""
        shapes = super()._weight_shapes()
        names = ["type_value"]
        if self.score == "dot" and not self.share_weights:
            names.append("type_key")
        shape = self.n_edge_types, self.n_heads, self.head_dim
        return shapes | dict.fromkeys(names, shape)

    def _scored(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: Sent,
        structure: GraphStructure,
        _generator: Generator | None = None,
    ) -> tuple[Score, Tensor, TypedEdges]:
        """Return scores and values of the senders, and the edges with vectors."""
        types, key = structure.edge_data.types, self.type_value
        assert types is not None
        if self.score == "gat":
            key = (key * self.attention_key).sum(-1)
        elif hasattr(self, "type_key"):
            key = self.type_key
        edges = TypedEdges(structure.edges, types, key, self.type_value)
        return self._score(x, receivers, sent), sent.value, edges
