"""Graph attention network: an encoder and a prediction head."""

from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Generator, Tensor, nn

from skattn.nn._block_spec import BlockSpec
from skattn.nn._chunks import MAX_EDGES, in_chunks, refuse_readout
from skattn.nn._encoder import GraphEncoder
from skattn.nn._heads import DescriptorHead, IdentityHead, LinearHead
from skattn.nn._init import Resettable
from skattn.nn._jumping_knowledge import Combination
from skattn.nn._output_attention import OutputAttention
from skattn.nn._periodic import PeriodicEmbedding
from skattn.nn._readout import AttentionReadout, Readout, make_readout
from skattn.nn._smoothing import check_smoothing, smooth
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure

Output = Literal["linear", "attention"]
FeatureEmbedding = Literal["periodic"]


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """Configuration of a network, without its input and output widths.

    Examples
    --------
    >>> from skattn.nn import BlockSpec, NetworkSpec
    >>> NetworkSpec(block=BlockSpec(n_heads=8), n_layers=2, hidden_dim=32).output
    'linear'
    """

    block: BlockSpec
    """Options of the blocks."""
    n_layers: int = 3
    """Number of layers, including an output attention."""
    n_feature_layers: int = 0
    """Number of leading layers without message passing."""
    hidden_dim: int = 64
    """Total width of a hidden layer."""
    input_dropout: float | None = None
    """Dropout on the node features; ``block.dropout`` if None."""
    output: Output = "linear"
    """Output layer: "linear", or "attention" for an output attention."""
    output_heads: int = 1
    """Number of heads of an output attention, which are averaged."""
    feature_embedding: FeatureEmbedding | None = None
    """Embedding of the node features: "periodic" or None."""
    jumping: Combination | None = None
    """Combination of the outputs of hidden layers, "concat" or "attention"; None for
    the last output alone."""
    readout: Readout | None = None
    """Readout of the nodes of a graph: "attention", "mean", "sum", "max" or
    "hierarchical"; None for outputs per node."""
    n_descriptors: int = 0
    """Number of descriptors of each graph, which are appended to the readout."""
    n_label_columns: int = 0
    """Number of columns of the known labels of other nodes, which are appended to the
    codes of nodes; 0 without them."""
    smoothing: int = 0
    """Number of averages of the codes over neighbours, normalised by degrees as in a
    GCN, in evaluation mode alone."""

    @property
    def hops(self) -> tuple[int, ...]:
        """Hops of each layer, 0 for one without message passing, and of smoothing."""
        n_linear = min(self.n_feature_layers, self.n_layers)
        if self.output == "attention":
            n_linear = min(n_linear, self.n_layers - 1)
        far = max(self.block.hops)
        layers = (0,) * n_linear + (far,) * (self.n_layers - n_linear)
        return layers + (1,) * self.smoothing

    @property
    def uses_degrees(self) -> bool:
        """Whether an edge is weighed by the degrees of its nodes."""
        return self.block.convolution == "gcn" or self.smoothing > 0


class AttentionNetwork(Resettable):
    """Graph attention network: an encoder and a prediction head.

    :meth:`forward` computes the outputs of all nodes or graphs. For some target nodes,
    call :meth:`encode`, select the codes of the targets, and call ``head`` with them.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    n_outputs : int
        Width of the output, such as the number of classes.
    spec : NetworkSpec
        Configuration of the network.

    Raises
    ------
    ValueError
        If the spec has both a readout and ``output="attention"``, descriptors without a
        readout, labels of other nodes with either, or smoothing with a readout or with
        labels of other nodes.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import AttentionNetwork, BlockSpec, NetworkSpec
    >>> from skattn.ops import Edges
    >>> network = AttentionNetwork(4, 3, NetworkSpec(block=BlockSpec()))
    >>> edges = Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2)
    >>> x = torch.randn(2, 4)
    >>> network(x, edges).shape
    torch.Size([2, 3])
    >>> codes = network.encode(x, edges)
    >>> network.head(codes[[1]]).shape
    torch.Size([1, 3])
    """

    def __init__(self, in_features: int, n_outputs: int, spec: NetworkSpec) -> None:
        super().__init__()
        _check_spec(spec)
        attends = spec.output == "attention"
        self.n_descriptors, self.smoothing = spec.n_descriptors, spec.smoothing
        self.n_layers = spec.n_layers
        n_blocks = spec.n_layers - attends
        self.embedding: PeriodicEmbedding | None = None
        if spec.feature_embedding is not None:
            self.embedding = PeriodicEmbedding(in_features)
            in_features = self.embedding.out_features
        self.encoder = GraphEncoder(
            in_features,
            [spec.hidden_dim] * n_blocks,
            spec.block,
            input_dropout=spec.input_dropout,
            jumping=spec.jumping,
            n_feature_layers=spec.n_feature_layers,
            n_label_columns=spec.n_label_columns,
        )
        width, dropout = self.encoder.out_features, spec.block.dropout
        if n_blocks == 0 and spec.input_dropout is not None:
            dropout = spec.input_dropout
        self.attention: OutputAttention | None = None
        self.readout: nn.Module | None = None
        if spec.readout is not None:
            self.readout = make_readout(spec.readout, width, spec.block)
        self.head: LinearHead | DescriptorHead | IdentityHead
        if attends:
            self.attention = OutputAttention(
                width, n_outputs, spec.block, n_heads=spec.output_heads, dropout=dropout
            )
            self.head = IdentityHead()
        elif spec.n_descriptors:
            self.head = DescriptorHead(
                (width, spec.n_descriptors),
                n_outputs,
                spec.hidden_dim,
                activation=spec.block.activation,
                dropout=dropout,
            )
        else:
            n_appended = self.encoder.n_label_features
            self.head = LinearHead(
                width, n_outputs, dropout=dropout, n_appended=n_appended
            )

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute the outputs of all nodes, or of all graphs if there is a readout.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.
        generator : torch.Generator, optional
            Generator of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_nodes, n_outputs) or (n_graphs, n_outputs)
            The outputs; for a sampled graph, of the target nodes.
        """
        codes = self.encode(x, structure, generator=generator)
        outputs: Tensor = self.head(codes, generator=generator)
        return outputs

    def encode(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute the codes of all nodes or graphs, the input of the head.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.
        generator : torch.Generator, optional
            Generator of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_nodes, width) or (n_graphs, width)
            Code of every node, or of every graph if there is a readout: the pooled
            vector and the descriptors.

        Raises
        ------
        ValueError
            If graphs do not have the number of descriptors of the spec.
        """
        structure = as_structure(structure)
        codes: Tensor = self.encoder(self._embed(x), structure, generator=generator)
        if self.attention is not None:
            last = structure.layer(len(self.encoder.blocks))
            codes = self.attention(codes, last, generator=generator)
        elif self.readout is not None:
            codes = self.readout(codes, structure, generator=generator)
        if not self.training:
            codes = self._smoothed(codes, structure)
        return self._with_descriptors(codes, structure)

    def _smoothed(
        self, codes: Tensor, structure: GraphStructure, max_edges: int | None = None
    ) -> Tensor:
        return smooth(
            codes,
            structure,
            self.smoothing,
            first_layer=self.n_layers,
            convolution="gcn",
            max_edges=max_edges,
        )

    def _with_descriptors(self, codes: Tensor, structure: GraphStructure) -> Tensor:
        rows = structure.descriptors
        found = () if rows is None else tuple(rows.shape)
        if found != ((len(codes), self.n_descriptors) if self.n_descriptors else ()):
            raise ValueError(
                f"structure.descriptors must hold {self.n_descriptors} numbers for "
                f"each of {structure.n_graphs} graphs, got shape {found}."
            )
        return codes if rows is None else torch.cat([codes, rows], 1)

    def _embed(self, x: Tensor | SparseMatrix) -> Tensor | SparseMatrix:
        return x if self.embedding is None else self.embedding(x)

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
        """Compute the codes of all nodes in chunks of receivers, to save memory.

        Same result as :meth:`encode` in evaluation mode, without gradients; see
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
        Tensor of shape (n_nodes, width)
            Code of every node.

        Raises
        ------
        ValueError
            If the network is in training mode, or has global attention or a readout.
        """
        if self.readout is not None:
            refuse_readout()
        structure = as_structure(structure)
        codes = self.encoder.forward_in_chunks(
            self._embed(x), structure, max_edges=max_edges
        )
        if self.attention is not None:
            last = structure.layer(len(self.encoder.blocks))
            codes = in_chunks(self.attention, codes, last, max_edges)
        return self._smoothed(cast("Tensor", codes), structure, max_edges)

    def attention_weights(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
    ) -> list[Tensor]:
        """Compute the attention weights of every layer.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges and edge data.

        Returns
        -------
        list of Tensor of shape (n_edges, n_heads)
            Weights per layer with attention, including an output attention, of the
            heads that attend along the edges.
        """
        structure = as_structure(structure)
        weights, codes = self.encoder.attention_weights(self._embed(x), structure)
        if self.attention is not None:
            _, last = self.attention.forward_with_weights(codes, structure)
            if last is not None:
                weights.append(last)
        return weights

    def readout_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure | Edges
    ) -> Tensor:
        """Compute the attention weights of the readout.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges, edge data and node ranges.

        Returns
        -------
        Tensor of shape (n_nodes, n_heads)
            For each head, the weights of one graph's nodes sum to 1.

        Raises
        ------
        ValueError
            If the readout is not ``"attention"``.
        """
        if not isinstance(self.readout, AttentionReadout):
            raise ValueError(
                'readout must be "attention" to have attention weights, got '
                f"{self.readout!r}."
            )
        codes: Tensor = self.encoder(self._embed(x), structure)
        return self.readout.attention_weights(codes, structure)


def _check_spec(spec: NetworkSpec) -> None:
    """Raise ValueError if parts of a network exclude each other."""
    attends = spec.output == "attention"
    if attends and spec.readout is not None:
        raise ValueError(
            'output must be "linear" for a network with a readout, got output='
            f'"attention" and readout={spec.readout!r}: graphs have no senders to '
            'attend to. Use output="linear" or readout=None.'
        )
    if spec.n_descriptors and spec.readout is None:
        raise ValueError(
            "a network with descriptors must have a readout, which they are "
            f"appended to, got n_descriptors={spec.n_descriptors} and readout=None."
        )
    if spec.n_label_columns and (attends or spec.readout is not None):
        raise ValueError(
            "a network with labels of other nodes must compute an output per node by a "
            f"linear map, got output={spec.output!r} and readout={spec.readout!r}: "
            'another step would return them to their nodes. Use output="linear" and '
            "readout=None."
        )
    check_smoothing(spec.smoothing)
    if spec.smoothing and (spec.n_label_columns or spec.readout is not None):
        raise ValueError(
            "a network with smoothing must compute an output per node without labels "
            f"of other nodes, got readout={spec.readout!r} and n_label_columns="
            f"{spec.n_label_columns}: smoothing would return these to their nodes. Use "
            "smoothing=0."
        )
