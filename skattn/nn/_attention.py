"""Multi-head graph attention."""

from typing import Literal, get_args

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import glorot_
from skattn.nn._operator import NodeOperator
from skattn.nn._rows import matmul, new_seed
from skattn.nn._scores import SCORES, ScoreName, Sent
from skattn.ops import (
    EdgeData,
    Edges,
    GraphStructure,
    Score,
    SparseMatrix,
    TypedEdges,
    attention_weights,
    dropout,
    edge_attention,
)
from skattn.ops._structure import as_structure

Combine = Literal["concat", "mean"]


class GraphAttention(NodeOperator[Sent]):
    """Multi-head graph attention of every receiver over its senders.

    ``out[i, h] = sum_j softmax_j(score[i, j, h]) value[j, h] + bias[h]``, summed over
    the senders ``j`` of receiver ``i``. The scores are

    - ``"dot"``: ``q_i . k_j / sqrt(head_dim)`` (Vaswani et al. 2017, equation 1);
    - ``"gat"``: ``LeakyReLU(a_q . W x_i + a_k . W x_j)`` (Velickovic et al. 2018,
      equations 1 to 5), which ranks senders in the same order for all receivers;
    - ``"gatv2"``: ``a . LeakyReLU(W_q x_i + W_k x_j)`` (Brody et al. 2022,
      equation 7), which ranks senders in an order that depends on the receiver.

    The logarithms of edge weights, if there are any, are added to the scores. The
    output has ``n_heads * head_dim`` columns, or ``head_dim`` if heads are averaged.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    head_dim : int
        Width of one head.
    n_heads : int, default=1
        Number of heads.
    score : {"gatv2", "gat", "dot"}, default="gatv2"
        Score function.
    combine : {"concat", "mean"}, default="concat"
        Whether the outputs of the heads are concatenated or averaged.
    n_edge_features : int, default=0
        Number of edge features. A projection of them is added to the scores, another
        one to the values.
    bias : bool, default=True
        Whether to add a learned bias to the output.
    dropout : float, default=0.0
        Dropout on the attention weights (after the softmax).
    value_dropout : float, default=0.0
        Dropout on the values.
    share_weights : bool, default=False
        Whether query, key and value share one weight matrix (always, for ``"gat"``).
        ``"dot"`` is then the symmetric scaled dot product of Kim and Oh 2021.

    Notes
    -----
    The class attribute ``negative_slope``, 0.2 as in both papers, is the slope of the
    LeakyReLU for negative input.

    Examples
    --------
    Node 0 attends to nodes 0 and 1; node 1 attends to itself.

    >>> import torch
    >>> from skattn.nn import GraphAttention
    >>> from skattn.ops import Edges
    >>> edges = Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2)
    >>> attention = GraphAttention(4, 8, n_heads=2)
    >>> attention(torch.randn(2, 4), edges).shape
    torch.Size([2, 16])
    """

    negative_slope = 0.2
    value: Tensor

    def __init__(  # noqa: PLR0913  (options of a layer)
        self,
        in_features: int,
        head_dim: int,
        *,
        n_heads: int = 1,
        score: ScoreName = "gatv2",
        combine: Combine = "concat",
        n_edge_features: int = 0,
        bias: bool = True,
        dropout: float = 0.0,
        value_dropout: float = 0.0,
        share_weights: bool = False,
    ) -> None:
        super().__init__()
        _check_choice("score", score, tuple(SCORES))
        _check_choice("combine", combine, get_args(Combine))
        if min(in_features, head_dim, n_heads) < 1:
            raise ValueError(
                "in_features, head_dim and n_heads must be at least 1, got "
                f"{in_features}, {head_dim} and {n_heads}."
            )
        self.in_features, self.head_dim, self.n_heads = in_features, head_dim, n_heads
        self.score, self.combine, self.n_edge_features = score, combine, n_edge_features
        self.dropout, self.value_dropout = dropout, value_dropout
        self.share_weights = share_weights
        width = n_heads * head_dim

        def new(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.empty(shape))

        for name, shape in self._weight_shapes().items():
            setattr(self, name, new(*shape))
        if n_edge_features:
            self.edge_score = new(n_edge_features, n_heads)
            self.edge_value = new(n_heads, n_edge_features, head_dim)
        out_features = width if combine == "concat" else head_dim
        self.bias = new(out_features) if bias else None
        self.reset_parameters()

    def _shapes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the shapes of a vector per head, and of a projection."""
        heads = self.n_heads, self.head_dim
        return heads, (self.in_features, self.n_heads * self.head_dim)

    def _weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the weights, without those of edge features."""
        return {"value": self._shapes()[1], **SCORES[self.score].weights(self)}

    @property
    def out_features(self) -> int:
        """Width of the output."""
        return self.head_dim * (self.n_heads if self.combine == "concat" else 1)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw all weights and set the bias to zero."""
        for name, parameter in self.named_parameters(recurse=False):
            if name == "bias":
                nn.init.zeros_(parameter)
            elif name.startswith("attention"):  # one vector per head: head_dim -> 1
                glorot_(parameter, self.head_dim + 1, generator)
            elif name.startswith("type_"):  # a map of one-hot types
                n_types = parameter.shape[0]
                glorot_(parameter, n_types + parameter[0].numel(), generator)
            elif name.endswith("_coefficients"):  # their squares add up to 1
                glorot_(parameter, 2 * parameter.shape[1], generator)
            else:
                glorot_(parameter, sum(parameter.shape[-2:]), generator)

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute new features of the receivers.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data. The receivers are all nodes or the first ones. Edge
            features are required if and only if ``n_edge_features > 0``.
        generator : torch.Generator, optional
            Generator of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            New features.

        Raises
        ------
        ValueError
            If shapes do not match.
        """
        structure = as_structure(structure)
        self._check_input(x, structure)
        return super().forward(x, structure, generator=generator)

    def send(self, x: Tensor | SparseMatrix, generator: Generator | None, /) -> Sent:
        """Compute keys and values, with dropout on the values."""
        sent = self._project(x)
        if not self.training or not self.value_dropout:
            return sent
        value = dropout(sent.value, self.value_dropout, new_seed(generator))
        return sent._replace(value=value)

    def _project(self, x: Tensor | SparseMatrix) -> Sent:
        value = self._heads(matmul(x, self.value))  # (n, H, C)
        return SCORES[self.score].send(self, x, value)

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: Sent,
        structure: GraphStructure,
        generator: Generator | None,
        /,
    ) -> Tensor:
        """Compute scores and average the values by their softmax."""
        score, value, edges = self._scored(x, receivers, sent, structure, generator)
        return self._aggregate(edges, score, value, structure.edge_data, generator)

    def _scored(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: Sent,
        structure: GraphStructure,
        _generator: Generator | None = None,
    ) -> tuple[Score, Tensor, Edges | TypedEdges]:
        """Return scores and values of the senders, and the edges from these."""
        return self._score(x, receivers, sent), sent.value, structure.edges

    def _aggregate(
        self,
        edges: Edges | TypedEdges,
        score: Score,
        value: Tensor,
        data: EdgeData,
        generator: Generator | None,
    ) -> Tensor:
        edge_features, bias = data.features, self.bias
        mean = self.combine == "mean"
        active = self.training and self.dropout > 0
        out = edge_attention(
            edges,
            score,
            value,
            bias=self._edge_bias(data),
            edge_features=edge_features,
            offset=None if mean or bias is None else self._heads(bias),
            dropout=self.dropout if active else 0.0,
            seed=new_seed(generator) if active else 0,
        )  # (n_receivers, H, C + K)
        if edge_features is not None:
            out = self._with_edge_values(out)  # (n, H, C)
        if not mean:
            return out.flatten(1)
        out = out.mean(1)
        return out if bias is None else out + bias

    def forward_with_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure
    ) -> tuple[Tensor, Tensor]:
        """Compute new features and attention weights, with shared projections."""
        self._check_input(x, structure)
        receivers = slice(0, structure.edges.n_receivers)
        score, value, edges = self._scored(x, receivers, self.send(x, None), structure)
        data = structure.edge_data
        out = self._aggregate(edges, score, value, data, None)
        return out, attention_weights(edges, score, bias=self._edge_bias(data))

    def attention_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure | Edges
    ) -> Tensor:
        """Compute the attention weights of all edges.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.

        Returns
        -------
        Tensor of shape (n_edges, n_heads)
            For each head, the weights of one receiver's edges sum to 1.

        Raises
        ------
        ValueError
            If shapes do not match.
        """
        structure = as_structure(structure)
        self._check_input(x, structure)
        receivers = slice(0, structure.edges.n_receivers)
        score, _, edges = self._scored(x, receivers, self._project(x), structure)
        bias = self._edge_bias(structure.edge_data)
        return attention_weights(edges, score, bias=bias)

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.n_heads, self.head_dim)

    def _score(self, x: Tensor | SparseMatrix, receivers: slice, sent: Sent) -> Score:
        return SCORES[self.score].score(self, x, receivers, sent)

    def _edge_bias(self, data: EdgeData) -> Tensor | None:
        log_weight = data.log_weight
        if data.features is None:
            if log_weight is None:
                return None
            return log_weight[:, None].expand(-1, self.n_heads)
        bias: Tensor = data.features @ self.edge_score  # (E, H)
        return bias if log_weight is None else bias + log_weight[:, None]

    def _with_edge_values(self, out: Tensor) -> Tensor:
        value, edge = out.split([self.head_dim, self.n_edge_features], dim=2)
        with_edges: Tensor = value + torch.einsum("nhk,hkc->nhc", edge, self.edge_value)
        return with_edges

    def _check_input(self, x: Tensor | SparseMatrix, structure: GraphStructure) -> None:
        edges, data = structure.edges, structure.edge_data
        if edges.n_receivers > edges.n_senders:
            raise ValueError(
                "the receivers must be the first nodes among the senders, got "
                f"{edges.n_receivers} receivers and {edges.n_senders} senders. For "
                "two sets of nodes use ops.edge_attention."
            )
        if x.shape != (edges.n_senders, self.in_features):
            raise ValueError(
                "x must have one row per node and in_features columns, shape "
                f"({edges.n_senders}, {self.in_features}), got {tuple(x.shape)}."
            )
        if data.log_weight is not None and data.log_weight.shape != (edges.n_edges,):
            raise ValueError(
                "log_weight must have one number per edge, of shape "
                f"({edges.n_edges},), got {tuple(data.log_weight.shape)}."
            )
        needed = (edges.n_edges, self.n_edge_features) if self.n_edge_features else None
        given = None if data.features is None else tuple(data.features.shape)
        if given != needed:
            rule = f"have shape {needed}, one row per edge" if needed else "be None"
            raise ValueError(
                f"edge_features must {rule}, because the module was made with "
                f"n_edge_features={self.n_edge_features}; got {given}."
            )

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return (
            f"{self.in_features}, {self.head_dim}, n_heads={self.n_heads}, "
            f"score={self.score!r}, combine={self.combine!r}"
        )


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {choices}, got {value!r}.")
