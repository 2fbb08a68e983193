"""Attention to the known labels of other nodes."""

import torch
from torch import Generator, Tensor

from skattn.nn._linear import Linear
from skattn.nn._operator import NodeOperator
from skattn.nn._rows import take_rows
from skattn.ops import Dot, GraphStructure, NodeLabels, SparseMatrix, edge_attention

HIDDEN = 0.5
"""Share of the receivers from which all labels are hidden in a training step.

So that a network does not rely on labels alone, and knows receivers without any."""


class LabelAttention(NodeOperator[Tensor]):
    """Attention of every receiver to the known labels of its senders.

    ``out[i, h] = sum_j softmax_j(q_i . k_j / sqrt(head_dim)) y_j`` over the labelled
    senders ``j`` of receiver ``i``, except nodes of its own identity; zeros without
    any. ``y_j`` is a row of ``structure.labels.values``, such as the indicators of a
    class; ``q`` and ``k`` are projections of the nodes' features. Edge weights are
    used as in :class:`~skattn.nn.GraphAttention`.

    Labels as inputs are an idea of masked label prediction (Shi et al. 2021) and of
    retrieval for tables (Gorishniy et al. 2024). Where this layer is the last message
    passing of a network, no label returns to its own node.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    head_dim : int
        Width of the queries and keys of one head.
    n_columns : int
        Number of columns of the labels.
    n_heads : int, default=1
        Number of heads.

    References
    ----------
    Shi et al., "Masked Label Prediction: Unified Message Passing Model for
    Semi-Supervised Classification", IJCAI 2021.

    Gorishniy et al., "TabR: Tabular Deep Learning Meets Nearest Neighbors", ICLR 2024.

    Examples
    --------
    Both nodes attend to each other and themselves; the label of node 1 is known.

    >>> import torch
    >>> from skattn.nn import LabelAttention
    >>> from skattn.ops import Edges, GraphStructure, NodeLabels
    >>> edges = Edges.from_csr([0, 2, 4], [0, 1, 0, 1], n_senders=2)
    >>> labels = NodeLabels.of(
    ...     edges,
    ...     values=torch.tensor([[0.0], [5.0]]),
    ...     known=torch.tensor([False, True]),
    ...     identity=torch.arange(2),
    ... )
    >>> attention = LabelAttention(4, 8, n_columns=1).eval()
    >>> attention(torch.randn(2, 4), GraphStructure(edges, labels=labels)).tolist()
    [[5.0], [0.0]]
    """

    def __init__(
        self, in_features: int, head_dim: int, n_columns: int, *, n_heads: int = 1
    ) -> None:
        super().__init__()
        self.n_columns, self.n_heads = n_columns, n_heads
        self.query = Linear(in_features, n_heads * head_dim, bias=False)
        self.key = Linear(in_features, n_heads * head_dim, bias=False)

    @property
    def out_features(self) -> int:
        """Width of the output."""
        return self.n_heads * self.n_columns

    def send(self, x: Tensor | SparseMatrix, _generator: Generator | None, /) -> Tensor:
        """Compute the keys, (n_nodes, n_heads, head_dim)."""
        return self._heads(self.key(x))

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: Tensor,
        structure: GraphStructure,
        generator: Generator | None,
        /,
    ) -> Tensor:
        """Average the labels of the senders of a range of receivers."""
        labels = self._checked(structure.labels)
        log_weight, bias = structure.edge_data.log_weight, None
        if log_weight is not None:
            bias = log_weight[labels.entries][:, None].expand(-1, self.n_heads)
        score = Dot(self._heads(self.query(take_rows(x, receivers))), sent)
        values = labels.values[:, None].expand(-1, self.n_heads, -1)
        out = edge_attention(labels.edges, score, values, bias=bias).flatten(1)
        if not self.training:
            return out
        shown = torch.rand(len(out), 1, generator=generator) >= HIDDEN
        return out * shown.to(out.device)

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(len(x), self.n_heads, -1)

    def _checked(self, labels: NodeLabels | None) -> NodeLabels:
        n_columns = None if labels is None else labels.values.shape[1]
        if labels is None or n_columns != self.n_columns:
            raise ValueError(
                f"structure.labels must have {self.n_columns} columns, as the module "
                f"was made for, got {n_columns}."
            )
        return labels

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return f"n_columns={self.n_columns}, n_heads={self.n_heads}"
