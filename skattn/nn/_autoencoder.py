"""Masked autoencoder: features are reconstructed from the neighbourhood (GraphMAE)."""

from typing import cast

import torch
from torch import Generator, Tensor

from skattn.nn._block_spec import make_attention
from skattn.nn._chunks import MAX_EDGES, refuse_readout
from skattn.nn._encoder import GraphEncoder
from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._masking import Mask, dense_rows, draw_mask, mask_features
from skattn.nn._network import NetworkSpec
from skattn.nn._readout import PoolReadout
from skattn.nn._segments import Pool
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure

NORM_FLOOR = 1e-3
"""Added to the norm of a reconstruction, which is near zero at first for a masked node
without neighbours: a cosine's gradient is one over the norm."""


class MaskedAutoencoder(Resettable):
    """An encoder trained to reconstruct masked node features from the neighbourhood.

    GraphMAE (Hou et al. 2022, section 3.2): some nodes are masked; the encoder makes
    codes of the remaining features; a linear map leads into the decoder's space, where
    the codes of masked nodes are set to zero once more; the decoder, one attention,
    reconstructs every masked node's features from its neighbours' codes. Training
    minimises the scaled cosine error ``(1 - cos(reconstruction, features)) ** gamma``
    (equation 2).

    A masked node's features are zero and an added input column, zero for all others,
    is one: the row of weights that this column meets is the paper's mask token. A
    fraction of the masked nodes has features of another node instead.

    The decoder's attention averages codes of ``n_components`` columns, and the average
    is mapped to the features after that, for masked nodes only: ``W sum_j w_ij z_j`` is
    the paper's ``sum_j w_ij W z_j`` without wide rows per edge. It has a linear map of
    its own before ``W``, one more than the paper's (benchmarks/README.md).

    Parameters
    ----------
    in_features : int
        Width of the node features.
    spec : NetworkSpec
        The shape of the encoder: ``n_layers`` blocks of width ``hidden_dim``. Its
        ``output`` is not used; with its ``readout``, one of "mean", "sum" and "max",
        ``encode`` embeds graphs instead of nodes.
    n_components : int
        Width of the embedding. Where it is not ``spec.hidden_dim``, a linear map leads
        to it, so that the encoder is that of a network of the same spec.
    mask_fraction : float, default=0.5
        Fraction of the nodes that is masked; one node at least.
    replace_fraction : float, default=0.05
        Fraction of the masked nodes that gets another node's features.
    gamma : float, default=3.0
        The error's power, at least 1: larger values weigh easy nodes less.

    Shape
    -----
    - Input: ``(n_nodes, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n_masked,)``

    Notes
    -----
    The cosine with a row of zeros is 0, so such a node's error is 1 for any
    reconstruction.
    A single feature has a sign and no direction; with ``in_features=1`` the error is
    the square of the difference.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import BlockSpec, MaskedAutoencoder, NetworkSpec
    >>> from skattn.ops import Edges
    >>> edges = Edges.from_csr([0, 2, 4, 6], [0, 1, 1, 2, 2, 0], n_senders=3)
    >>> spec = NetworkSpec(block=BlockSpec())
    >>> autoencoder = MaskedAutoencoder(4, spec, n_components=8, mask_fraction=0.7)
    >>> x = torch.randn(3, 4)
    >>> autoencoder(x, edges).shape, autoencoder.encode(x, edges).shape
    (torch.Size([2]), torch.Size([3, 8]))
    """

    def __init__(
        self,
        in_features: int,
        spec: NetworkSpec,
        *,
        n_components: int,
        mask_fraction: float = 0.5,
        replace_fraction: float = 0.05,
        gamma: float = 3.0,
    ) -> None:
        super().__init__()
        _check_options(n_components, mask_fraction, replace_fraction, gamma)
        self.in_features, self.n_components = in_features, n_components
        self.spec, self.gamma = spec, gamma
        self.mask_fraction, self.replace_fraction = mask_fraction, replace_fraction
        self.encoder = self._make_encoder(in_features + 1)
        width = self.encoder.out_features
        self.project = Linear(width, n_components) if width != n_components else None
        self.to_decoder = Linear(n_components, n_components, bias=False)
        self.decoder = make_attention(spec.block, n_components, n_components, n_heads=1)
        self.reconstruct = Linear(n_components, in_features)
        # a pooling has no weights, which nothing here would train
        self.readout = (
            None if spec.readout is None else PoolReadout(cast("Pool", spec.readout))
        )

    def _make_encoder(self, in_features: int) -> GraphEncoder:
        return GraphEncoder(
            in_features,
            [self.spec.hidden_dim] * self.spec.n_layers,
            self.spec.block,
            input_dropout=self.spec.input_dropout,
            jumping=self.spec.jumping,
            n_feature_layers=self.spec.n_feature_layers,
        )

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Mask some nodes and compute the errors of their reconstructions.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges from receivers to senders; with edge features if and only if the spec
            has ``n_edge_features``.
        generator : torch.Generator, optional
            Source of the mask, of replacements and of dropout masks; torch's global one
            if not given.

        Returns
        -------
        Tensor of shape (n_masked,)
            One error per masked node; of a sampled graph, whose structure has a
            ``reach``, per masked target. The decoder is a layer too: such a graph
            reaches one hop further than the encoder has layers.

        Raises
        ------
        ValueError
            If the shapes do not fit.
        """
        self._check_input(x)
        structure = as_structure(structure)
        mask = draw_mask(
            len(x), self.mask_fraction, self.replace_fraction, generator
        ).to(structure.edges.indptr.device)
        code = self._codes(mask_features(x, mask), structure, generator)
        made, nodes = self._reconstruct(code, mask, structure, generator)
        return self._error(made, dense_rows(x, nodes))

    def _codes(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure,
        generator: Generator | None,
    ) -> Tensor:
        code: Tensor = self.encoder(x, structure, generator=generator)
        return code if self.project is None else self.project(code)

    def _reconstruct(
        self,
        code: Tensor,
        mask: Mask,
        structure: GraphStructure,
        generator: Generator | None,
    ) -> tuple[Tensor, Tensor]:
        """Reconstruct features of masked nodes; return them and the nodes."""
        layer = structure.layer(self.spec.n_layers)
        hidden = nodes = mask.nodes
        if structure.reach:  # there are rows of the first nodes only
            hidden = nodes[nodes < layer.edges.n_senders]
            nodes = nodes[nodes < layer.edges.n_receivers]
        code = self.to_decoder(code).index_fill(0, hidden, 0.0)
        attended = self.decoder(code, layer, generator=generator)
        return self.reconstruct(attended.index_select(0, nodes)), nodes

    def _error(self, made: Tensor, true: Tensor) -> Tensor:
        if self.in_features == 1:
            return (made - true).square().sum(1)
        return (1 - cosine(made, true)).clamp(min=0).pow(self.gamma)

    def encode(
        self, x: Tensor | SparseMatrix, structure: GraphStructure | Edges
    ) -> Tensor:
        """Embed all nodes, or all graphs if there is a readout, without a mask.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            As in :meth:`forward`.

        Returns
        -------
        Tensor of shape (n_nodes, n_components) or (n_graphs, n_components)
            The embedding.
        """
        self._check_input(x)
        code = self._codes(mask_features(x, None), as_structure(structure), None)
        if self.readout is None:
            return code
        pooled: Tensor = self.readout(code, structure)
        return pooled

    @property
    def takes_chunks(self) -> bool:
        """Whether :meth:`encode_in_chunks` is possible."""
        return self.readout is None and self.encoder.takes_chunks

    @torch.no_grad()
    def encode_in_chunks(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        max_edges: int = MAX_EDGES,
    ) -> Tensor:
        """Embed all nodes, layer by layer, in chunks of receivers.

        The result of :meth:`encode` in evaluation, without gradients and in less
        memory, see :meth:`GraphEncoder.forward_in_chunks`.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            As in :meth:`forward`; all nodes are receivers.
        max_edges : int
            Edges in a chunk; more if a single receiver has more.

        Returns
        -------
        Tensor of shape (n_nodes, n_components)
            The embedding.

        Raises
        ------
        ValueError
            If the module is in training, or has global attention or a readout.
        """
        self._check_input(x)
        if self.readout is not None:
            refuse_readout()
        code = self.encoder.forward_in_chunks(
            mask_features(x, None), structure, max_edges=max_edges
        )
        return cast("Tensor", code if self.project is None else self.project(code))

    def attention_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure | Edges
    ) -> list[Tensor]:
        """Compute the attention weights of the encoder, without a mask.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            As in :meth:`forward`.

        Returns
        -------
        list of Tensor of shape (n_edges, n_heads)
            One entry per layer: the heads that attend along the edges.
        """
        self._check_input(x)
        return self.encoder.attention_weights(mask_features(x, None), structure)[0]

    def encoder_state(self) -> dict[str, Tensor]:
        """Return the state dict of the encoder, for a network of the same spec.

        Returns
        -------
        dict of str to Tensor
            The state of ``AttentionNetwork(in_features, n_outputs, spec).encoder`` with
            a linear output: all but the row that is the mask token.
        """
        with torch.device("meta"):
            plain = self._make_encoder(self.in_features).state_dict()
        state = self.encoder.state_dict()
        return {
            name: state[name][: len(weight)] if weight.dim() else state[name]
            for name, weight in plain.items()
        }

    def _check_input(self, x: Tensor | SparseMatrix) -> None:
        if x.shape[1:] != (self.in_features,):
            raise ValueError(
                f"x must have in_features={self.in_features} columns, got shape "
                f"{tuple(x.shape)}."
            )


def cosine(made: Tensor, true: Tensor) -> Tensor:
    """Return the cosine of each pair of rows; 0 where the true one is zero."""
    norm = (made.square().sum(1) + NORM_FLOOR**2).sqrt()
    size = true.square().sum(1).sqrt().clamp(min=1e-12)
    return (made * (true / size[:, None])).sum(1) / norm


def _check_options(
    n_components: int, mask_fraction: float, replace_fraction: float, gamma: float
) -> None:
    if n_components < 1:
        raise ValueError(f"n_components must be at least 1, got {n_components}.")
    if not 0 < mask_fraction <= 1 or not 0 <= replace_fraction <= 1:
        raise ValueError(
            "mask_fraction must lie in (0, 1] and replace_fraction in [0, 1], got "
            f"{mask_fraction} and {replace_fraction}."
        )
    if gamma < 1:
        raise ValueError(
            f"gamma must be at least 1, got {gamma}; below that, the error's slope is "
            "infinite where it is zero."
        )
