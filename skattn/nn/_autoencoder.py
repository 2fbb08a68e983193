"""Masked autoencoder of node features (GraphMAE)."""

from typing import cast

import torch
from torch import Generator, Tensor
from torch.nn.functional import normalize

from skattn.nn._block_spec import make_attention
from skattn.nn._chunks import MAX_EDGES, refuse_readout
from skattn.nn._encoder import GraphEncoder
from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._masking import Mask, dense_rows, draw_mask, mask_features
from skattn.nn._network import NetworkSpec
from skattn.nn._readout import PoolReadout
from skattn.nn._segments import Pool
from skattn.nn._smoothing import check_smoothing, smooth
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure

NORM_FLOOR = 1e-3
"""Added to the norm of a reconstruction: bounds the gradient of the cosine."""


class MaskedAutoencoder(Resettable):
    """Masked autoencoder that reconstructs node features (GraphMAE).

    After Hou et al. 2022, section 3.2. The features of some nodes are masked, and the
    encoder embeds all nodes. The embeddings of the masked nodes are then set to zero,
    and the decoder, one attention layer, reconstructs the masked features from the
    neighbourhood. :meth:`forward` returns the scaled cosine errors ``(1 -
    cos(reconstruction, features)) ** gamma`` (equation 2), the loss to minimise;
    :meth:`encode` returns embeddings.

    The features of masked nodes are replaced by a learned mask token or, for a fraction
    of them, by the features of another node. The decoder averages embeddings, with one
    linear map more than the paper's, and projects the average to the features.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    spec : NetworkSpec
        Configuration of the encoder: ``n_layers`` blocks of width ``hidden_dim``. The
        field ``output`` is ignored. With ``readout`` "mean", "sum" or "max",
        :meth:`encode` embeds graphs instead of nodes.
    n_components : int
        Width of the embedding; if different from ``spec.hidden_dim``, a linear map is
        added after the encoder.
    mask_fraction : float, default=0.5
        Fraction of the nodes to mask, at least one node.
    replace_fraction : float, default=0.05
        Fraction of the masked nodes that get the features of another node.
    gamma : float, default=3.0
        Exponent of the error, at least 1; larger values weigh small errors less.
    smoothing : int, default=0
        Number of times that :meth:`encode` replaces the code of each node by the mean
        over its senders, weighted by the edge weights.
    unit_norm : bool, default=False
        Whether :meth:`encode` divides the embedding of each node by its Euclidean norm.

    Notes
    -----
    Features are reconstructed as differences from the buffer ``center``, zeros unless
    loaded: the mean of the features, so that the cosine does not reward what all nodes
    have in common. The error of a node whose features equal it is 1. With
    ``in_features=1``, where the cosine is only a sign, the error is the squared
    difference.

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

    center: Tensor

    def __init__(
        self,
        in_features: int,
        spec: NetworkSpec,
        *,
        n_components: int,
        mask_fraction: float = 0.5,
        replace_fraction: float = 0.05,
        gamma: float = 3.0,
        smoothing: int = 0,
        unit_norm: bool = False,
    ) -> None:
        super().__init__()
        _check_options(n_components, mask_fraction, replace_fraction, gamma)
        check_smoothing(smoothing)
        if spec.smoothing:
            raise ValueError(
                "the spec of an autoencoder must have smoothing=0, got "
                f"{spec.smoothing}. Use the autoencoder's own smoothing."
            )
        self.in_features, self.n_components = in_features, n_components
        self.spec, self.gamma = spec, gamma
        self.mask_fraction, self.replace_fraction = mask_fraction, replace_fraction
        self.smoothing, self.unit_norm = smoothing, unit_norm
        self.register_buffer("center", torch.zeros(in_features))
        self.encoder = self._make_encoder(in_features + 1)
        width = self.encoder.out_features
        self.project = Linear(width, n_components) if width != n_components else None
        self.to_decoder = Linear(n_components, n_components, bias=False)
        self.decoder = make_attention(spec.block, n_components, n_components, n_heads=1)
        self.reconstruct = Linear(n_components, in_features)
        # pooling without weights: the loss would not train them
        self.readout = (
            None if spec.readout is None else PoolReadout(cast("Pool", spec.readout))
        )

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw all weights; ``center`` becomes zero.

        Parameters
        ----------
        generator : torch.Generator, optional
            Generator of the weights; torch's global one if not given.
        """
        super().reset_parameters(generator)
        self.center.zero_()

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
        """Mask some nodes and compute their reconstruction errors.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data. A sampled graph needs one hop per encoder layer and one
            for the decoder.
        generator : torch.Generator, optional
            Generator of the mask, the replaced features and the dropout masks; torch's
            global one if not given.

        Returns
        -------
        Tensor of shape (n_masked,)
            Error of every masked node; for a sampled graph, of every masked target.

        Raises
        ------
        ValueError
            If shapes do not match.
        """
        self._check_input(x)
        structure = as_structure(structure)
        mask = draw_mask(
            len(x), self.mask_fraction, self.replace_fraction, generator
        ).to(structure.edges.indptr.device)
        code = self._codes(mask_features(x, mask), structure, generator)
        reconstruction, nodes = self._reconstruct(code, mask, structure, generator)
        return self._error(reconstruction, dense_rows(x, nodes) - self.center)

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
        """Return reconstructed features of masked nodes, and these nodes."""
        layer = structure.layer(self.spec.n_layers)
        hidden = nodes = mask.nodes
        if structure.reach:  # codes are those of the first nodes only
            hidden = nodes[nodes < layer.edges.n_senders]
            nodes = nodes[nodes < layer.edges.n_receivers]
        code = self.to_decoder(code).index_fill(0, hidden, 0.0)
        attended = self.decoder(code, layer, generator=generator)
        return self.reconstruct(attended.index_select(0, nodes)), nodes

    def _error(self, reconstruction: Tensor, features: Tensor) -> Tensor:
        if self.in_features == 1:
            return (reconstruction - features).square().sum(1)
        return (1 - cosine(reconstruction, features)).clamp(min=0).pow(self.gamma)

    def encode(
        self, x: Tensor | SparseMatrix, structure: GraphStructure | Edges
    ) -> Tensor:
        """Embed all nodes, or all graphs if there is a readout, without masking.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.

        Returns
        -------
        Tensor of shape (n_nodes, n_components) or (n_graphs, n_components)
            The embedding.
        """
        self._check_input(x)
        structure = as_structure(structure)
        code = self._codes(mask_features(x, None), structure, None)
        code = smooth(code, structure, self.smoothing, first_layer=self.spec.n_layers)
        if self.readout is not None:
            code = self.readout(code, structure)
        return self._scaled(code)

    def _scaled(self, code: Tensor) -> Tensor:
        return normalize(code) if self.unit_norm else code

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
        """Embed all nodes in chunks of receivers, to save memory.

        Same result as :meth:`encode`, without gradients; see
        :meth:`skattn.nn.GraphEncoder.forward_in_chunks`.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.
        max_edges : int
            Maximum number of edges of a chunk, if no single receiver has more.

        Returns
        -------
        Tensor of shape (n_nodes, n_components)
            The embedding.

        Raises
        ------
        ValueError
            If the module is in training mode, or has global attention or a readout.
        """
        self._check_input(x)
        if self.readout is not None:
            refuse_readout()
        structure = as_structure(structure)
        code = self.encoder.forward_in_chunks(
            mask_features(x, None), structure, max_edges=max_edges
        )
        code = cast("Tensor", code if self.project is None else self.project(code))
        code = smooth(
            code,
            structure,
            self.smoothing,
            first_layer=self.spec.n_layers,
            max_edges=max_edges,
        )
        return self._scaled(code)

    def attention_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure | Edges
    ) -> list[Tensor]:
        """Compute the attention weights of the encoder, without masking.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.

        Returns
        -------
        list of Tensor of shape (n_edges, n_heads)
            Weights per layer, of the heads that attend along the edges.
        """
        self._check_input(x)
        return self.encoder.attention_weights(mask_features(x, None), structure)[0]

    def encoder_state(self) -> dict[str, Tensor]:
        """Return the state dict of the encoder without the mask token.

        Returns
        -------
        dict of str to Tensor
            State dict for ``AttentionNetwork(in_features, n_outputs, spec).encoder``,
            if its ``spec.output`` is "linear".
        """
        with torch.device("meta"):
            plain = self._make_encoder(self.in_features).state_dict()
        state = self.encoder.state_dict()
        return {
            name: state[name][tuple(map(slice, weight.shape))]
            for name, weight in plain.items()
        }

    def _check_input(self, x: Tensor | SparseMatrix) -> None:
        if x.shape[1:] != (self.in_features,):
            raise ValueError(
                f"x must have in_features={self.in_features} columns, got shape "
                f"{tuple(x.shape)}."
            )


def cosine(reconstruction: Tensor, features: Tensor) -> Tensor:
    """Return the cosine of each pair of rows; 0 where the features are zero."""
    norm = (reconstruction.square().sum(1) + NORM_FLOOR**2).sqrt()
    size = features.square().sum(1).sqrt().clamp(min=1e-12)
    return (reconstruction * (features / size[:, None])).sum(1) / norm


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
            f"gamma must be at least 1, got {gamma}. Smaller values have infinite "
            "gradients."
        )
