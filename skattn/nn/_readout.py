"""Readouts: pooling of the nodes of a graph to one vector."""

import math
from typing import Literal, get_args

import torch
from torch import Generator, Tensor, nn

from skattn.nn._block_spec import BlockSpec
from skattn.nn._graph_readout import GraphReadout
from skattn.nn._head_dim import head_dim_of
from skattn.nn._hierarchical import HierarchicalReadout
from skattn.nn._init import glorot_
from skattn.nn._linear import Linear
from skattn.nn._rows import matmul, new_seed
from skattn.nn._segments import Pool, graph_edges, reduce_graphs
from skattn.ops import Edges, GraphStructure, Pooling, edge_attention
from skattn.ops import attention_weights as weights_of
from skattn.ops._structure import as_structure

Readout = Literal["attention", "mean", "sum", "max", "hierarchical"]


def make_readout(name: Readout, width: int, spec: BlockSpec) -> GraphReadout:
    """Make a readout from (n_nodes, width) to (n_graphs, width)."""
    if name == "attention":
        return AttentionReadout(
            width, n_heads=spec.n_heads, dropout=spec.attention_dropout
        )
    if name == "hierarchical":
        return HierarchicalReadout(width, spec)
    if name not in get_args(Readout):
        raise ValueError(f"readout must be one of {get_args(Readout)}, got {name!r}.")
    return PoolReadout(name)


class PoolReadout(GraphReadout):
    """Mean, sum or maximum pooling over the nodes of each graph.

    Parameters
    ----------
    how : {"mean", "sum", "max"}
        Reduction over the nodes.

    Notes
    -----
    Only the sum distinguishes graphs in which the same features occur in the same
    proportions (Xu et al. 2019, "How powerful are graph neural networks?", section
    5.3).

    Examples
    --------
    Two graphs: nodes 0 and 1, and node 2.

    >>> import torch
    >>> from skattn.nn import PoolReadout
    >>> from skattn.ops import Edges, GraphStructure
    >>> edges = Edges.from_csr([0, 1, 2, 3], [0, 1, 2], n_senders=3)
    >>> structure = GraphStructure(edges, node_ptr=torch.tensor([0, 2, 3]))
    >>> PoolReadout("mean")(torch.tensor([[1.0], [2.0], [5.0]]), structure).tolist()
    [[1.5], [5.0]]
    """

    def __init__(self, how: Pool) -> None:
        super().__init__()
        self.how = how

    def pool(
        self, x: Tensor, structure: GraphStructure, _generator: Generator | None, /
    ) -> Tensor:
        """Reduce the nodes of every graph."""
        return reduce_graphs(x, structure, self.how)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return repr(self.how)


class AttentionReadout(GraphReadout):
    """Attention pooling: one learned query per head attends to all nodes of a graph.

    ``out[g, h] = sum_i softmax_i(q_h . x_i / sqrt(width)) (W x_i + b)[h]``, summed over
    the nodes ``i`` of graph ``g``. This is the pooling by multi-head attention of Lee
    et al. 2019 ("Set Transformer", section 3.2) with one seed vector. Keys are not
    projected, since a projection could be merged into the learned queries.

    Parameters
    ----------
    width : int
        Width of the node features and of the output; divisible by ``n_heads``.
    n_heads : int, default=1
        Number of heads.
    dropout : float, default=0.0
        Dropout on the attention weights (after the softmax).

    Examples
    --------
    Two graphs: nodes 0 and 1, and node 2.

    >>> import torch
    >>> from skattn.nn import AttentionReadout
    >>> from skattn.ops import Edges, GraphStructure
    >>> edges = Edges.from_csr([0, 1, 2, 3], [0, 1, 2], n_senders=3)
    >>> structure = GraphStructure(edges, node_ptr=torch.tensor([0, 2, 3]))
    >>> AttentionReadout(8, n_heads=2)(torch.randn(3, 8), structure).shape
    torch.Size([2, 8])
    """

    def __init__(self, width: int, *, n_heads: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        head_dim_of("width", width, n_heads)
        self.n_heads, self.dropout = n_heads, dropout
        self.query = nn.Parameter(torch.empty(width, n_heads))
        self.value = Linear(width, width)
        self.reset_parameters()

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Initialise all weights at random."""
        # unit variance; the score divides by sqrt(width)
        glorot_(self.query, 2, generator)
        self.value.reset_parameters(generator)

    def pool(
        self, x: Tensor, structure: GraphStructure, generator: Generator | None, /
    ) -> Tensor:
        """Average the values of the nodes by their attention weights."""
        value = self.value(x).unflatten(1, (self.n_heads, -1))  # (n, H, C)
        active = self.training and self.dropout > 0
        out = edge_attention(
            graph_edges(structure),
            self._score(x),
            value,
            dropout=self.dropout if active else 0.0,
            seed=new_seed(generator) if active else 0,
        )  # (n_graphs, H, C)
        return out.flatten(1)

    def attention_weights(self, x: Tensor, structure: GraphStructure | Edges) -> Tensor:
        """Compute the attention weights of the nodes.

        Parameters
        ----------
        x : Tensor of shape (n_nodes, width)
            Node features.
        structure : GraphStructure or Edges
            Node ranges of the graphs.

        Returns
        -------
        Tensor of shape (n_nodes, n_heads)
            For each head, the weights of one graph's nodes sum to 1.
        """
        structure = as_structure(structure)
        return weights_of(graph_edges(structure), self._score(x))

    def _score(self, x: Tensor) -> Pooling:
        return Pooling(matmul(x, self.query / math.sqrt(len(self.query))))  # (n, H)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return f"{len(self.query)}, n_heads={self.n_heads}"
