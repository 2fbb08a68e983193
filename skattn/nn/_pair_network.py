"""Network of pairs: an encoder of nodes and a decoder of pairs."""

from typing import cast

import torch
from torch import Generator, Tensor

from skattn.nn._activation import Activation
from skattn.nn._activation import activation as activation_of
from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._network import AttentionNetwork, NetworkSpec
from skattn.nn._norm import BatchNorm
from skattn.nn._rows import drop


class PairHead(Resettable):
    """Decoder of pairs: a hidden layer on the product of codes and on pair features.

    Parameters
    ----------
    width : int
        Width of the code of a node.
    n_pair_features : int
        Number of features of a pair, which are batch-normalised.
    n_outputs : int
        Width of the output.
    hidden_dim : int
        Width of the hidden layer.
    activation : str
        Activation of the hidden layer.
    dropout : float, default=0.0
        Dropout of the hidden layer.
    ordered : bool, default=False
        Whether source and target have linear maps of their own, so that the output for
        the reverse of a pair differs.
    """

    def __init__(
        self,
        width: int,
        n_pair_features: int,
        n_outputs: int,
        hidden_dim: int,
        *,
        activation: Activation,
        dropout: float = 0.0,
        ordered: bool = False,
    ) -> None:
        super().__init__()
        self.ordered, self.dropout = ordered, dropout
        if ordered:
            self.source, self.target = Linear(width, width), Linear(width, width)
        self.norm = BatchNorm(n_pair_features)
        self.expand = Linear(width + 1 + n_pair_features, hidden_dim)
        self.contract = Linear(hidden_dim, n_outputs)
        self.activation = activation_of(activation)

    def forward(
        self, codes: Tensor, features: Tensor, *, generator: Generator | None = None
    ) -> Tensor:
        """Compute the outputs of pairs.

        Parameters
        ----------
        codes : Tensor of shape (n_pairs, 2, width)
            Codes of the source and the target of each pair.
        features : Tensor of shape (n_pairs, n_pair_features)
            Features of the pairs.
        generator : torch.Generator, optional
            Generator of the dropout mask; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_pairs, n_outputs)
            The outputs.
        """
        source, target = codes.unbind(1)
        if self.ordered:
            source, target = self.source(source), self.target(target)
        product = source * target
        scale = product.shape[1] ** -0.5
        joined = [
            product,
            product.sum(1, keepdim=True) * scale,
            self.norm(features),
        ]
        hidden = self.activation(self.expand(torch.cat(joined, 1)))
        if self.training and self.dropout:
            hidden = cast("Tensor", drop(hidden, self.dropout, generator))
        outputs: Tensor = self.contract(hidden)
        return outputs


class PairNetwork(AttentionNetwork):
    """Graph attention network of pairs of nodes.

    :meth:`encode` computes the codes of nodes, and ``head`` the outputs of pairs from
    the codes of both nodes and from the features of the pairs.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    n_pair_features : int
        Number of features of a pair.
    n_outputs : int
        Width of the output.
    spec : NetworkSpec
        Configuration of the network, without readout and output attention.
    ordered : bool, default=False
        Whether the output for the reverse of a pair differs.

    Raises
    ------
    ValueError
        If the spec has a readout, descriptors or ``output="attention"``.
    """

    head: PairHead  # type: ignore[assignment]

    def __init__(
        self,
        in_features: int,
        n_pair_features: int,
        n_outputs: int,
        spec: NetworkSpec,
        *,
        ordered: bool = False,
    ) -> None:
        if spec.readout is not None or spec.output != "linear":
            raise ValueError(
                'a network of pairs must have output="linear" and no readout, got '
                f"output={spec.output!r} and readout={spec.readout!r}."
            )
        super().__init__(in_features, n_outputs, spec)
        self.head = PairHead(
            self.encoder.out_features,
            n_pair_features,
            n_outputs,
            spec.hidden_dim,
            activation=spec.block.activation,
            dropout=spec.block.dropout,
            ordered=ordered,
        )
