"""Single-head layer of the GAT paper over an adjacency matrix."""

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable, glorot_
from skattn.nn._rows import new_seed
from skattn.ops import Edges, Gat, edge_attention


class GraphAttentionLayer(Resettable):
    """Single-head graph attention over an adjacency matrix (GAT).

    Velickovic et al. 2018, equations 1 to 4: scores ``e_ij = LeakyReLU_alpha(a^T [W h_i
    || W h_j])``, a softmax over the ``j`` with ``adj[i, j] > 0``, dropout on the
    weights, and ``h'_i = ELU(sum_j w_ij W h_j)``. For other options see
    :class:`~skattn.nn.GraphAttention`.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    out_features : int
        Width of the new node features.
    dropout : float
        Dropout on the attention weights (after the softmax).
    alpha : float
        Slope of the LeakyReLU for negative input.
    concat : bool, default=True
        Whether to apply the final ELU, as for heads that are concatenated.

    Notes
    -----
    The output of a node without positive entries in its row of ``adj`` is zero. Values
    of ``adj`` other than their signs are not used.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import GraphAttentionLayer
    >>> layer = GraphAttentionLayer(3, 2, dropout=0.0, alpha=0.2)
    >>> layer(torch.randn(4, 3), torch.eye(4)).shape
    torch.Size([4, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        dropout: float,
        alpha: float,
        concat: bool = True,  # noqa: FBT001, FBT002 - the well-known signature
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.dropout, self.alpha, self.concat = dropout, alpha, concat
        self.W = nn.Parameter(torch.empty(in_features, out_features))
        self.a = nn.Parameter(torch.empty(2 * out_features, 1))
        self.reset_parameters()

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw both weights."""
        glorot_(self.W, self.in_features + self.out_features, generator)
        glorot_(self.a, 2 * self.out_features + 1, generator)

    def forward(self, h: Tensor, adj: Tensor) -> Tensor:
        """Compute new features; node ``i`` attends to ``j`` if ``adj[i, j] > 0``.

        Parameters
        ----------
        h : Tensor of shape (n, in_features)
            Node features.
        adj : Tensor of shape (n, n)
            Adjacency matrix, dense or in a sparse layout of torch.

        Returns
        -------
        Tensor of shape (n, out_features)
            New node features.
        """
        n = len(h)
        if h.shape != (n, self.in_features) or adj.shape != (n, n):
            raise ValueError(
                f"h must be (n, {self.in_features}) and adj (n, n), got "
                f"{tuple(h.shape)} and {tuple(adj.shape)}."
            )
        value = h @ self.W  # (n, out_features)
        query, key = self.a.split(self.out_features)
        out = edge_attention(
            _positive_entries(adj),
            Gat(value @ query, value @ key, self.alpha),
            value[:, None],
            dropout=self.dropout if self.training else 0.0,
            seed=new_seed(None) if self.training and self.dropout else 0,
        )[:, 0]
        return nn.functional.elu(out) if self.concat else out

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return f"{self.in_features}, {self.out_features}, concat={self.concat}"


def _positive_entries(adj: Tensor) -> Edges:
    if adj.layout is torch.strided:
        receivers, senders = (adj > 0).nonzero().unbind(1)
    else:
        entries = adj.to_sparse_coo().coalesce()  # sorted by row
        receivers, senders = entries.indices()[:, entries.values() > 0]
    degrees = torch.bincount(receivers, minlength=len(adj))
    indptr = torch.cat([degrees.new_zeros(1), degrees.cumsum(0)])
    return Edges.from_csr(indptr, senders, n_senders=len(adj))
